#include "serve/export.h"

#include "base/mem.h"
#include "base/words.h"
#include "data/labels/class_folders.h"
#include "data/labels/image_name.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/json.h"
#include "io/png.h"

#include <paydirt/page.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 4097 };

/* An export under way. */
struct export
{
    const struct pd_book *book;
    const int32_t *labels; /* (data->count), or -1 */
    int64_t n;             /* images that have one; in the end, those exported */
    struct pd_buffer *out;
};

int32_t pd_export_label(const struct pd_book *b, uint32_t image)
{
    const struct pd_verdict v = pd_book_verdict(b, image);
    if (v.settled || v.people)
        return pd_verdict_is_final(b, &v) ? v.label : -1;
    return b->asked->answers[image];
}

static enum pd_status collect(const struct pd_book *b, int32_t **labels, int64_t *n, struct pd_error *err)
{
    const uint32_t count = b->asked->data->count;
    int32_t *all = *labels = pd_malloc(count * sizeof *all);
    *n = 0;
    if (!all)
        return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for %u answers", count);
    for (uint32_t i = 0; i < count; i++) {
        all[i] = pd_export_label(b, i);
        *n += all[i] != -1;
    }
    return *n ? PD_OK : pd_fail(err, PD_ERR_MISMATCH, -1, "%s: nothing is answered yet", b->asked->run);
}

/* --- CSV --- */

/* Images are called as their files are by now. Where that is not as the run knows them, pd_answers_read finds
 * them by its names for them, and by their paths. */
void pd_export_rows(const struct pd_book *b, const int32_t *labels, struct pd_buffer *out, int64_t *n)
{
    char name[NAME_SIZE], path[2 * NAME_SIZE];
    const struct pd_dataset *d = b->asked->data;
    *n = 0;
    pd_buffer_printf(out, "image,label%s\n", d->file_names ? ",path,paydirt_image" : "");
    for (uint32_t i = 0; i < d->count; i++) {
        if (labels[i] == -1)
            continue;
        pd_csv_field_path(out, pd_dataset_image_file(d, i, name, sizeof name));
        pd_buffer_append(out, ",", 1);
        pd_csv_field_words(out, pd_book_class_name(b, labels[i]));
        if (d->file_names) {
            pd_buffer_append(out, ",", 1);
            pd_csv_field_path(out, pd_dataset_image_path(d, b->asked->data_folder, i, path, sizeof path));
            pd_buffer_append(out, ",", 1);
            pd_csv_field_path(out, pd_dataset_image_name(d, i, name, sizeof name));
        }
        pd_buffer_append(out, "\n", 1);
        ++*n;
    }
}

static enum pd_status export_csv(struct export *e, struct pd_error *err)
{
    (void)err;
    pd_export_rows(e->book, e->labels, e->out, &e->n);
    return PD_OK;
}

/* --- JSON --- */

static enum pd_status append_json(struct export *e, json_t *value, const char *after, struct pd_error *err)
{
    char *text = NULL;
    const enum pd_status status = pd_json_text(value, JSON_COMPACT, "export", &text, err);
    if (!status)
        pd_buffer_printf(e->out, "%s%s", text, after);
    free(text);
    json_decref(value);
    return status == PD_ERR_USAGE ? pd_fail(err, PD_ERR_UNSUPPORTED, -1, "a name that is not UTF-8") : status;
}

/* A task with its annotation, as Label Studio's own export has it: pd_answers_read takes it back. */
static json_t *task(const struct export *e, uint32_t image, int64_t number)
{
    char name[NAME_SIZE], file[NAME_SIZE];
    const int32_t label = e->labels[image];
    const struct pd_dataset *d = e->book->asked->data;
    pd_dataset_image_name(d, image, name, sizeof name);
    pd_dataset_image_file(d, image, file, sizeof file);
    json_t *result =
        label < 0 ? json_array()
                  : json_pack("[{s:s, s:s, s:s, s:{s:[s]}}]", "from_name", "choice", "to_name", "image",
                              "type", "choices", "value", "choices", pd_book_class_name(e->book, label));
    return json_pack("{s:I, s:{s:s, s:s}, s:[{s:b, s:o}]}", "id", (json_int_t)number, "data", "image", file,
                     "paydirt_image", name, "annotations", "was_cancelled", label < 0, "result", result);
}

static enum pd_status export_label_studio(struct export *e, struct pd_error *err)
{
    enum pd_status status = PD_OK;
    int64_t number = 0;
    pd_buffer_printf(e->out, "[\n");
    for (uint32_t i = 0; i < e->book->asked->data->count && !status; i++)
        if (e->labels[i] != -1) {
            pd_mem_watch();
            number++;
            status = append_json(e, task(e, i, number), number < e->n ? ",\n" : "\n", err);
        }
    pd_buffer_printf(e->out, "]\n");
    return status;
}

/* An image's line in COCO's list: width and height only where its pixels are all that there is of it. */
static json_t *coco_image(const struct export *e, uint32_t image)
{
    char name[NAME_SIZE];
    const struct pd_dataset *d = e->book->asked->data;
    json_t *one = json_pack("{s:I, s:s}", "id", (json_int_t)image, "file_name",
                            pd_dataset_image_file(d, image, name, sizeof name));
    if (!d->image_names) {
        json_object_set_new(one, "width", json_integer(d->width));
        json_object_set_new(one, "height", json_integer(d->height));
    }
    return one;
}

static json_t *coco_annotation(const struct export *e, uint32_t image)
{
    return json_pack("{s:I, s:I, s:i}", "id", (json_int_t)image, "image_id", (json_int_t)image, "category_id",
                     (int)e->labels[image]);
}

static enum pd_status coco_list(struct export *e, json_t *(*one)(const struct export *e, uint32_t image),
                                struct pd_error *err)
{
    enum pd_status status = PD_OK;
    const char *before = "\n";
    e->n = 0; /* an image that was skipped has no place in it */
    for (uint32_t i = 0; i < e->book->asked->data->count && !status; i++)
        if (e->labels[i] >= 0) {
            pd_mem_watch();
            pd_buffer_printf(e->out, "%s", before);
            status = append_json(e, one(e, i), "", err);
            before = ",\n";
            e->n++;
        }
    return status;
}

static enum pd_status export_coco(struct export *e, struct pd_error *err)
{
    pd_mem_watch();
    json_t *categories = json_array();
    for (int i = 0; i < e->book->class_count; i++)
        json_array_append_new(categories,
                              json_pack("{s:i, s:s}", "id", i, "name", e->book->classes[i].shown));
    pd_buffer_printf(e->out, "{\"info\": {\"description\": \"labelled with paydirt\"},\n\"categories\": ");
    enum pd_status status = append_json(e, categories, ",\n\"images\": [", err);
    if (!status)
        status = coco_list(e, coco_image, err);
    pd_buffer_printf(e->out, "],\n\"annotations\": [");
    if (!status)
        status = coco_list(e, coco_annotation, err);
    pd_buffer_printf(e->out, "]}\n");
    return status;
}

/* --- a folder a class --- */

/* Of the names that the page shows. */
static enum pd_status name_folders(const struct export *e, struct pd_class_folders *out,
                                   char note[PD_NOTE_SIZE], struct pd_error *err)
{
    const struct pd_book *b = e->book;
    struct pd_class_names names = {b->class_count, pd_calloc((size_t)b->class_count, sizeof *names.at)};
    bool *made = pd_calloc((size_t)b->class_count, sizeof *made);
    enum pd_status status = names.at && made ? PD_OK : pd_fail_memory(err, b->asked->run);
    for (int i = 0; i < b->class_count && !status; i++)
        memcpy(names.at[i], b->classes[i].shown, PD_CLASS_NAME_SIZE);
    for (uint32_t i = 0; i < b->asked->data->count && !status; i++)
        if (e->labels[i] >= 0)
            made[e->labels[i]] = true;
    if (!status)
        status = pd_class_folders_make(&names, b->class_count, out, err);
    if (!status)
        pd_class_folders_note(out, &names, made, false, note);
    pd_free(made);
    pd_class_names_release(&names);
    return status;
}

/* dir/folder/name, with the parents of name. */
static enum pd_status target(const struct export *e, const char *dir, const char *folder, uint32_t image,
                             char path[3 * NAME_SIZE], struct pd_error *err)
{
    char name[NAME_SIZE], below[NAME_SIZE + 8];
    const struct pd_dataset *d = e->book->asked->data;
    pd_dataset_image_file(d, image, name, sizeof name);
    if (!d->image_names)
        snprintf(below, sizeof below, "%s.png", name);
    else if (!pd_image_path(name, below, sizeof below))
        return pd_fail(err, PD_ERR_IO, -1, "'%.80s': the path is too long", name);
    snprintf(path, 3 * (size_t)NAME_SIZE, "%s/%s/%s", dir, folder, below);
    char *last = strrchr(path, '/');
    *last = '\0';
    const enum pd_status status = pd_make_dirs(path, err);
    *last = '/';
    return status;
}

/* Its bytes as they are; of data without files, its pixels. */
static enum pd_status image_bytes(const struct export *e, uint32_t image, struct pd_buffer *bytes,
                                  struct pd_error *err)
{
    char name[NAME_SIZE], below[NAME_SIZE], path[2 * NAME_SIZE];
    const struct pd_dataset *d = e->book->asked->data;
    const size_t area = (size_t)d->height * (size_t)d->width;
    pd_dataset_image_file(d, image, name, sizeof name);
    if (e->book->asked->data_folder[0] && d->image_names && pd_image_path(name, below, sizeof below)) {
        const enum pd_status status =
            pd_path_join(path, sizeof path, e->book->asked->data_folder, below, err);
        return status ? status : pd_file_read(path, bytes, err);
    }
    uint8_t *rgb = pd_malloc(3 * area);
    if (!rgb)
        return pd_fail_memory(err, name);
    for (size_t i = 0; i < 3 * area; i++)
        rgb[i] = pd_dataset_image(d, image)[(d->channels == 3 ? i % 3 : 0) * area + i / 3];
    const enum pd_status status = pd_png_encode_rgb(bytes, rgb, d->width, d->height, err);
    pd_free(rgb);
    return status;
}

/* Whether the new path is below the folder; NULL: there is none. */
static bool lies_within(const char *path, const char *folder)
{
    char parent[PD_PATH_SIZE], real[PATH_MAX];
    const size_t n = folder ? strlen(folder) : 0;
    snprintf(parent, sizeof parent, "%s", path);
    while (n && !realpath(parent, real)) { /* the nearest parent that is there */
        char *slash = strrchr(parent, '/');
        snprintf(slash ? slash : parent, 2, "%s", slash == parent ? "/" : slash ? "" : ".");
    }
    return n && !strncmp(real, folder, n) && (!real[n] || real[n] == '/');
}

static enum pd_status export_folders(const struct export *e, const char *dir, struct pd_page_exported *out,
                                     struct pd_error *err)
{
    char path[3 * NAME_SIZE];
    struct pd_class_folders folders = {0, NULL};
    if (!pd_is_absent(dir))
        return pd_fail(err, PD_ERR_USAGE, -1, "%s is there already, expected the name of a new folder", dir);
    if (lies_within(dir, e->book->asked->data->folder))
        return pd_fail(
            err, PD_ERR_USAGE, -1,
            "%s lies among the run's own images, whose copies would join it: expected a folder elsewhere",
            dir);
    enum pd_status status = name_folders(e, &folders, out->note, err);
    for (uint32_t i = 0; i < e->book->asked->data->count && !status; i++) {
        struct pd_buffer bytes = PD_BUFFER_INIT;
        if (e->labels[i] < 0)
            continue;
        status = target(e, dir, folders.at[e->labels[i]], i, path, err);
        if (!status)
            status = image_bytes(e, i, &bytes, err);
        if (!status)
            status = pd_file_write_atomic(path, bytes.data, bytes.size, err);
        pd_buffer_release(&bytes);
        out->images += !status;
    }
    pd_class_folders_release(&folders);
    return status;
}

/* --- all of them --- */

static const struct format {
    const char *name, *file, *type;
    enum pd_status (*write)(struct export *e, struct pd_error *err);
} formats[] = {{"csv", "labels.csv", "text/csv; charset=utf-8", export_csv},
               {"label-studio", "label-studio.json", "application/json", export_label_studio},
               {"coco", "coco.json", "application/json", export_coco},
               {"folders", "", "", NULL}};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static const struct format *find_format(const char *name, struct pd_error *err)
{
    const int at = pd_find_word("format", name, &formats[0].name, FORMATS, sizeof formats[0], err);
    return at < 0 ? NULL : &formats[at];
}

static enum pd_status make(const struct pd_book *b, const struct format *f, struct pd_http_reply *reply,
                           int64_t *n, struct pd_error *err)
{
    int32_t *labels = NULL;
    struct export e = {.book = b, .out = &reply->body};
    enum pd_status status = collect(b, &labels, &e.n, err);
    e.labels = labels;
    if (!status)
        status = f->write(&e, err);
    *n = e.n;
    reply->type = f->type;
    snprintf(reply->file, sizeof reply->file, "%s", f->file);
    pd_free(labels);
    return status;
}

enum pd_status pd_export_reply(const struct pd_book *b, const char *name, struct pd_http_reply *reply,
                               struct pd_error *err)
{
    int64_t n;
    const struct format *f = find_format(name, err);
    if (!f || !f->write)
        return f ? pd_fail(err, PD_ERR_USAGE, -1, "a folder a class is written by the program alone")
                 : PD_ERR_USAGE;
    return make(b, f, reply, &n, err);
}

/* Answers that are not to be had yet. */
static void count_left_out(const struct pd_book *b, struct pd_page_exported *out)
{
    for (uint32_t i = 0; i < b->asked->data->count; i++) {
        const struct pd_verdict v = pd_book_verdict(b, i);
        out->disputed += v.disputed;
        out->waiting += pd_verdict_waits(b, &v);
    }
}

static enum pd_status write_file(const struct pd_book *b, const struct format *f, const char *path,
                                 int64_t *n, struct pd_error *err)
{
    struct pd_http_reply reply = {.code = 0};
    enum pd_status status = make(b, f, &reply, n, err);
    if (!status && reply.body.oom)
        status = pd_fail_memory(err, path);
    if (!status)
        status = pd_file_write_atomic(path, reply.body.data, reply.body.size, err);
    pd_buffer_release(&reply.body);
    return status;
}

static enum pd_status write_folders(const struct pd_book *b, const char *path, struct pd_page_exported *out,
                                    struct pd_error *err)
{
    int32_t *labels = NULL;
    int64_t n;
    enum pd_status status = collect(b, &labels, &n, err);
    const struct export e = {.book = b, .labels = labels};
    if (!status)
        status = export_folders(&e, path, out, err);
    pd_free(labels);
    return status;
}

enum pd_status pd_page_export(const char *run, const char *format, const char *path,
                              struct pd_page_exported *out, struct pd_error *err)
{
    struct pd_asked_images asked;
    struct pd_book book;
    const struct format *f = find_format(format, err);
    *out = (struct pd_page_exported){0};
    if (!f)
        return PD_ERR_USAGE;
    enum pd_status status = pd_asked_open(run, NULL, &asked, err);
    if (status)
        return status;
    status = pd_book_open(&asked, false, &book, err);
    if (!status)
        count_left_out(&book, out);
    if (!status)
        status =
            f->write ? write_file(&book, f, path, &out->images, err) : write_folders(&book, path, out, err);
    pd_book_close(&book);
    pd_asked_close(&asked);
    return status;
}

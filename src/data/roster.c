#include "data/roster.h"

#include "base/buffer.h"
#include "base/mem.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/json.h"

#include <csv.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, HEX_SIZE = 2 * PD_DIGEST_SIZE + 1 };
enum { MOST_SUMMARY = 1 << 26, MOST_IMAGES = 1 << 30 }; /* bytes */

static enum pd_status out_of_memory(const struct pd_roster *r, struct pd_error *err)
{
    return pd_fail(err, PD_ERR_MEMORY, -1, "out of memory for the list of %u images", r->count);
}

void pd_roster_release(struct pd_roster *r)
{
    pd_class_names_release(&r->classes);
    pd_free(r->names);
    pd_free(r->labels);
    pd_free(r->digests);
    pd_free(r->text);
    memset(r, 0, sizeof *r);
}

/* --- the fingerprint --- */

static void add(struct sha256_ctx *sha, const void *bytes, size_t size)
{
    sha256_update(sha, size, bytes);
}

static struct pd_digest fingerprint(const struct pd_roster *r)
{
    struct pd_digest out;
    struct sha256_ctx sha;
    sha256_init(&sha);
    for (int k = 0; r->classes.at && k < r->classes.count; k++)
        add(&sha, r->classes.at[k], strlen(r->classes.at[k]) + 1);
    for (uint32_t i = 0; i < r->count; i++) {
        add(&sha, &r->labels[i], sizeof r->labels[i]);
        add(&sha, &r->digests[i], sizeof r->digests[i]);
        if (r->names)
            add(&sha, r->names[i], strlen(r->names[i]) + 1);
    }
    sha256_digest(&sha, sizeof out.bytes, out.bytes);
    return out;
}

/* --- of a data set --- */

static enum pd_status copy_labels(const struct pd_dataset *d, struct pd_roster *r, struct pd_error *err)
{
    r->labels = pd_malloc(r->count * sizeof *r->labels);
    r->names = d->image_names ? pd_malloc(r->count * sizeof *r->names) : NULL;
    if (!r->labels || !r->names != !d->image_names)
        return out_of_memory(r, err);
    memcpy(r->labels, d->labels, r->count * sizeof *r->labels);
    if (r->names)
        memcpy(r->names, d->image_names, r->count * sizeof *r->names);
    return PD_OK;
}

enum pd_status pd_roster_make(const struct pd_dataset *d, struct pd_roster *out, struct pd_error *err)
{
    *out = (struct pd_roster){.count = d->count,
                              .named = d->image_names,
                              .channels = d->channels,
                              .height = d->height,
                              .width = d->width};
    memcpy(out->set, d->name, sizeof out->set);
    enum pd_status status = pd_class_names_copy(d, &out->classes, err);
    if (!status)
        status = copy_labels(d, out, err);
    if (!status)
        status = pd_dataset_digests(d, 0, &out->digests, err);
    if (status)
        pd_roster_release(out);
    else
        out->fingerprint = fingerprint(out);
    return status;
}

/* --- text of a digest --- */

static void to_hex(const struct pd_digest *d, char text[HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < PD_DIGEST_SIZE; i++) {
        text[2 * i] = digits[d->bytes[i] >> 4];
        text[2 * i + 1] = digits[d->bytes[i] & 15];
    }
    text[HEX_SIZE - 1] = '\0';
}

static int value_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool from_hex(const char *text, struct pd_digest *d)
{
    if (!text || strlen(text) != HEX_SIZE - 1)
        return false;
    for (size_t i = 0; i < PD_DIGEST_SIZE; i++) {
        const int high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        d->bytes[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

/* --- writing --- */

static enum pd_status write_summary(const char *folder, const struct pd_roster *r, struct pd_error *err)
{
    char path[PATH_SIZE], hex[HEX_SIZE];
    to_hex(&r->fingerprint, hex);
    pd_mem_watch();
    json_t *names = pd_class_names_json(&r->classes);
    json_t *all = json_pack("{s:s, s:I, s:b, s:i, s:i, s:i, s:i, s:o, s:b, s:s}", "set", r->set, "count",
                            (json_int_t)r->count, "named", r->named, "channels", r->channels, "height",
                            r->height, "width", r->width, "classes", r->classes.count, "class_names",
                            names ? names : json_null(), "images", r->listed, "fingerprint", hex);
    char *text = NULL;
    enum pd_status status = pd_path_join(path, sizeof path, folder, "data.json", err);
    if (!status)
        status = pd_json_text(!names == !r->classes.at ? all : NULL, JSON_INDENT(2), r->set, &text, err);
    if (!status)
        status = pd_file_write_atomic(path, text, strlen(text), err);
    free(text);
    json_decref(all);
    return status;
}

static void write_row(struct pd_csv *csv, const struct pd_roster *r, uint32_t i)
{
    char hex[HEX_SIZE];
    to_hex(&r->digests[i], hex);
    if (r->names)
        pd_csv_text(csv, r->names[i]);
    else
        pd_csv_integer(csv, i);
    if (r->labels[i] < 0)
        pd_csv_text(csv, "");
    else if (r->classes.at)
        pd_csv_text(csv, r->classes.at[r->labels[i]]);
    else
        pd_csv_integer(csv, r->labels[i]);
    pd_csv_text(csv, hex);
    pd_csv_end_row(csv);
}

static enum pd_status write_images(const char *folder, const struct pd_roster *r, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_csv *csv = NULL;
    enum pd_status status = pd_path_join(path, sizeof path, folder, "images.csv", err);
    if (!status)
        status = pd_csv_create(path, &csv, err);
    if (status)
        return status;
    pd_csv_text(csv, "image");
    pd_csv_text(csv, "label");
    pd_csv_text(csv, "digest");
    pd_csv_end_row(csv);
    for (uint32_t i = 0; i < r->count; i++)
        write_row(csv, r, i);
    status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    return status;
}

enum pd_status pd_roster_write(const char *folder, const struct pd_roster *r, struct pd_error *err)
{
    enum pd_status status = r->listed ? write_images(folder, r, err) : PD_OK;
    return status ? status : write_summary(folder, r, err);
}

/* --- reading data.json --- */

bool pd_roster_is_in(const char *folder)
{
    char path[PATH_SIZE];
    return !pd_path_join(path, sizeof path, folder, "data.json", NULL) && !pd_is_absent(path);
}

static enum pd_status take_summary(json_t *all, const char *name, struct pd_roster *r, struct pd_error *err)
{
    const char *set, *hex;
    int named, listed, classes;
    json_int_t count;
    json_t *names;
    json_error_t why;
    if (json_unpack_ex(all, &why, 0, "{s:s, s:I, s:b, s:i, s:i, s:i, s:i, s:o, s:b, s:s}", "set", &set,
                       "count", &count, "named", &named, "channels", &r->channels, "height", &r->height,
                       "width", &r->width, "classes", &classes, "class_names", &names, "images", &listed,
                       "fingerprint", &hex))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: %.200s", name, why.text);
    if (count < 1 || count > UINT32_MAX || classes < 0 || classes > PD_MOST_CLASSES ||
        !from_hex(hex, &r->fingerprint))
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: a number or the fingerprint is out of range", name);
    snprintf(r->set, sizeof r->set, "%s", set);
    r->count = (uint32_t)count;
    r->named = named;
    r->listed = listed;
    return pd_class_names_take(names, classes, name, &r->classes, err);
}

enum pd_status pd_roster_parse(const char *bytes, size_t size, const char *name, struct pd_roster *out,
                               struct pd_error *err)
{
    json_t *all;
    memset(out, 0, sizeof *out);
    enum pd_status status = pd_json_object(bytes, size, name, &all, err);
    if (!status)
        status = take_summary(all, name, out, err);
    json_decref(all);
    if (status)
        pd_roster_release(out);
    return status;
}

/* --- reading images.csv --- */

enum { IMAGE, LABEL, DIGEST, CELLS };

struct table {
    struct pd_roster *r;
    const char *name;
    struct pd_class_finder classes;
    struct pd_buffer text; /* names of the images, each with its NUL */
    uint32_t rows;         /* taken; the header is not one */
    bool header;           /* has been read */
    int column;
    int32_t label;
    struct pd_digest digest;
    enum pd_status status;
    struct pd_error *err;
};

static void refuse(struct table *t, const char *what)
{
    if (!t->status)
        t->status = pd_fail(t->err, PD_ERR_FORMAT, -1, "%s: row %u: %s", t->name, t->rows + 2, what);
}

/* A class's name or, where there are none, its number. */
static bool take_label(struct table *t, const char *text)
{
    char *end;
    const struct pd_class_names *c = &t->r->classes;
    t->label = !*text ? -1 : c->at ? pd_class_named(&t->classes, text) : (int32_t)strtol(text, &end, 10);
    return !*text || (t->label >= 0 && t->label < c->count && (c->at || !*end));
}

static void end_field(void *field, size_t size, void *table)
{
    struct table *t = table;
    const char *text = field;
    const int column = t->column++;
    if (!t->header || t->status || t->rows == t->r->count)
        return;
    if (strlen(text) != size)
        refuse(t, "a zero byte");
    else if (column == IMAGE)
        pd_buffer_append(&t->text, text, size + 1);
    else if (column == LABEL && !take_label(t, text))
        refuse(t, "unknown class");
    else if (column == DIGEST && !from_hex(text, &t->digest))
        refuse(t, "expected a digest of 32 hexadecimal digits");
}

/* Rows beyond the count are of a list that was about to grow. */
static void end_row(int terminator, void *table)
{
    struct table *t = table;
    (void)terminator;
    if (t->header && !t->status && t->rows < t->r->count && t->column != CELLS)
        refuse(t, "expected image,label,digest");
    if (t->header && !t->status && t->rows < t->r->count) {
        t->r->labels[t->rows] = t->label;
        t->r->digests[t->rows++] = t->digest;
    }
    t->header = true;
    t->column = 0;
}

static int not_a_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void run(struct table *t, const char *bytes, size_t size)
{
    struct csv_parser csv;
    csv_init(&csv, CSV_APPEND_NULL);
    csv_set_space_func(&csv, not_a_space);
    csv_set_realloc_func(&csv, pd_realloc);
    csv_set_free_func(&csv, pd_free);
    if (csv_parse(&csv, bytes, size, end_field, end_row, t) != size || csv_fini(&csv, end_field, end_row, t))
        t->status = t->status ? t->status : pd_fail_memory(t->err, t->name);
    csv_free(&csv);
    if (!t->status && t->text.oom)
        t->status = pd_fail_memory(t->err, t->name);
    if (!t->status && t->rows < t->r->count)
        t->status =
            pd_fail(t->err, PD_ERR_FORMAT, -1, "%s: %u images, expected %u", t->name, t->rows, t->r->count);
}

static enum pd_status name_images(struct pd_roster *r, struct pd_error *err)
{
    const char *at = r->text;
    r->names = pd_malloc(r->count * sizeof *r->names);
    if (!r->names)
        return out_of_memory(r, err);
    for (uint32_t i = 0; i < r->count; i++, at += strlen(at) + 1)
        r->names[i] = at;
    return PD_OK;
}

enum pd_status pd_roster_parse_images(const char *bytes, size_t size, const char *name, struct pd_roster *r,
                                      struct pd_error *err)
{
    struct table t = {.r = r, .name = name, .text = PD_BUFFER_INIT, .err = err};
    if (r->count > size / 4) /* a row has at least two commas and a line end; sizes from a file buy nothing */
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: fewer than %u images", name, r->count);
    r->labels = pd_malloc(r->count * sizeof *r->labels);
    r->digests = pd_malloc(r->count * sizeof *r->digests);
    t.status =
        r->labels && r->digests ? pd_class_finder_init(&t.classes, &r->classes, err) : out_of_memory(r, err);
    if (!t.status)
        run(&t, bytes, size);
    pd_class_finder_release(&t.classes);
    r->text = t.text.data;
    if (!t.status && r->named)
        t.status = name_images(r, err);
    const struct pd_digest found = t.status ? r->fingerprint : fingerprint(r);
    if (!t.status && memcmp(&found, &r->fingerprint, sizeof found) != 0)
        t.status = pd_fail(err, PD_ERR_FORMAT, -1, "%s: was changed: its fingerprint does not fit", name);
    return t.status;
}

/* --- files --- */

static enum pd_status read_file(const char *folder, const char *file, size_t most, char path[PATH_SIZE],
                                struct pd_buffer *text, struct pd_error *err)
{
    enum pd_status status = pd_path_join(path, PATH_SIZE, folder, file, err);
    return status ? status : pd_file_read_most(path, most, text, err);
}

enum pd_status pd_roster_read(const char *folder, struct pd_roster *out, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    memset(out, 0, sizeof *out);
    enum pd_status status = read_file(folder, "data.json", MOST_SUMMARY, path, &text, err);
    if (!status)
        status = pd_roster_parse(text.data ? text.data : "", text.size, path, out, err);
    pd_buffer_release(&text);
    return status;
}

enum pd_status pd_roster_read_images(const char *folder, struct pd_roster *r, struct pd_error *err)
{
    char path[PATH_SIZE];
    struct pd_buffer text = PD_BUFFER_INIT;
    enum pd_status status = read_file(folder, "images.csv", MOST_IMAGES, path, &text, err);
    if (!status)
        status = pd_roster_parse_images(text.data ? text.data : "", text.size, path, r, err);
    pd_buffer_release(&text);
    return status;
}

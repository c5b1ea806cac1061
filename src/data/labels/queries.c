/* Queries and answers out: CSV, and tasks for Label Studio. */
#include "data/labels/answers.h"

#include "base/buffer.h"
#include "data/labels/image_name.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/json.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 4097 };

static void write_image(struct pd_csv *csv, const struct pd_dataset *d, uint32_t image)
{
    char name[NAME_SIZE];
    pd_csv_path(csv, pd_dataset_image_name(d, image, name, sizeof name));
}

const char *pd_answer_text(const struct pd_dataset *d, int32_t label, char text[PD_CLASS_NAME_SIZE])
{
    return label == PD_ANSWER_SKIP ? "skip" : pd_dataset_class_name(d, label, text, PD_CLASS_NAME_SIZE);
}

static void write_class(struct pd_csv *csv, const struct pd_dataset *d, int32_t label)
{
    char name[PD_CLASS_NAME_SIZE];
    pd_csv_words(csv, pd_answer_text(d, label, name));
}

static void write_header(struct pd_csv *csv, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pd_csv_text(csv, columns[i]);
    pd_csv_end_row(csv);
}

/* Where the image itself can be looked at; within an archive, what its file is called by now. */
static void write_path(struct pd_csv *csv, const struct pd_dataset *d, const char *folder, uint32_t image)
{
    char path[2 * NAME_SIZE];
    pd_dataset_image_path(d, folder, image, path, sizeof path);
    if (!*path && d->file_names)
        pd_dataset_image_file(d, image, path, sizeof path);
    pd_csv_path(csv, path);
}

static enum pd_status write_answers(const char *path, const struct pd_dataset *d, bool by_now,
                                    const struct pd_answer *answers, size_t count, struct pd_error *err)
{
    static const char *const columns[] = {"image", "label", "path", "paydirt_image"};
    char file[NAME_SIZE];
    struct pd_csv *csv;
    enum pd_status status = pd_csv_create(path, &csv, err);
    if (status)
        return status;
    write_header(csv, columns, by_now ? 4 : 2);
    for (size_t i = 0; i < count; i++) {
        const uint32_t image = answers[i].image;
        if (by_now)
            pd_csv_path(csv, pd_dataset_image_file(d, image, file, sizeof file));
        else
            write_image(csv, d, image);
        write_class(csv, d, answers[i].label);
        if (by_now) {
            write_path(csv, d, d->folder, image);
            write_image(csv, d, image);
        }
        pd_csv_end_row(csv);
    }
    status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    return status;
}

enum pd_status pd_answers_write(const char *path, const struct pd_dataset *dataset,
                                const struct pd_answer *answers, size_t count, struct pd_error *err)
{
    return write_answers(path, dataset, false, answers, count, err);
}

enum pd_status pd_answers_write_by_now(const char *path, const struct pd_dataset *dataset,
                                       const struct pd_answer *answers, size_t count, struct pd_error *err)
{
    return write_answers(path, dataset, dataset->file_names, answers, count, err);
}

static void write_guess(struct pd_csv *csv, const struct pd_dataset *d, const struct pd_query *q)
{
    if (q->guess < 0) {
        pd_csv_text(csv, "");
        pd_csv_text(csv, "");
        return;
    }
    write_class(csv, d, q->guess);
    pd_csv_real(csv, q->guess_p);
}

enum pd_status pd_queries_write_csv(const char *path, const struct pd_dataset *dataset, const char *folder,
                                    const struct pd_query *queries, size_t count, struct pd_error *err)
{
    static const char *const columns[] = {"image", "label", "score", "guess", "guess_p", "number", "path"};
    struct pd_csv *csv;
    enum pd_status status = pd_csv_create(path, &csv, err);
    if (status)
        return status;
    write_header(csv, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < count; i++) {
        write_image(csv, dataset, queries[i].image);
        pd_csv_text(csv, "");
        pd_csv_real(csv, queries[i].score);
        write_guess(csv, dataset, &queries[i]);
        pd_csv_integer(csv, (int64_t)i + 1);
        write_path(csv, dataset, folder, queries[i].image);
        pd_csv_end_row(csv);
    }
    status = pd_csv_commit(csv, err);
    pd_csv_destroy(csv);
    return status;
}

/* The path behind the name, as part of a URL's path or query. */
static void encode(struct pd_buffer *b, const char *name)
{
    char path[NAME_SIZE];
    pd_image_path(name, path, sizeof path);
    for (const char *at = path; *at; at++)
        if (isalnum((unsigned char)*at) || strchr("-._~/", *at))
            pd_buffer_append(b, at, 1);
        else
            pd_buffer_printf(b, "%%%02X", (unsigned char)*at);
}

/* A list of one prediction, or of none. */
static json_t *predictions(const struct pd_dataset *d, const struct pd_query *q)
{
    char guess[PD_CLASS_NAME_SIZE];
    if (q->guess < 0)
        return json_array();
    return json_pack("[{s:s, s:f, s:[{s:s, s:s, s:s, s:{s:[s]}}]}]", "model_version", "paydirt", "score",
                     isfinite(q->guess_p) ? q->guess_p : 0.0, "result", "from_name", "choice", "to_name",
                     "image", "type", "choices", "value", "choices",
                     pd_dataset_class_name(d, q->guess, guess, sizeof guess));
}

/* NULL: a name that JSON cannot hold. */
static json_t *task(const struct pd_dataset *d, const char *url, const struct pd_query *q)
{
    char name[NAME_SIZE], file[NAME_SIZE];
    struct pd_buffer address = PD_BUFFER_INIT;
    pd_dataset_image_name(d, q->image, name, sizeof name);
    if (url)
        pd_buffer_append(&address, url, strlen(url));
    pd_dataset_image_file(d, q->image, file, sizeof file);
    if (url)
        encode(&address, file);
    json_t *packed = address.oom
                         ? NULL
                         : json_pack("{s:{s:s, s:s}, s:o}", "data", "image", url ? address.data : file,
                                     "paydirt_image", name, "predictions", predictions(d, q));
    pd_buffer_release(&address);
    return packed;
}

static enum pd_status append_task(struct pd_atomic_file *f, const struct pd_dataset *d, const char *url,
                                  const struct pd_query *q, bool last, struct pd_error *err)
{
    char name[64], *text;
    pd_mem_watch();
    json_t *t = task(d, url, q);
    enum pd_status status = pd_json_text(t, JSON_REAL_PRECISION(9), f->path, &text, err);
    if (status == PD_ERR_USAGE)
        status =
            pd_fail(err, PD_ERR_UNSUPPORTED, -1, "%s: image '%s' or its class has a name that is not UTF-8",
                    f->path, pd_dataset_image_name(d, q->image, name, sizeof name));
    if (!status)
        status = pd_atomic_file_append(f, text, strlen(text), err);
    if (!status)
        status = pd_atomic_file_append(f, last ? "\n" : ",\n", last ? 1 : 2, err);
    free(text);
    json_decref(t);
    return status;
}

enum pd_status pd_queries_write_label_studio(const char *path, const struct pd_dataset *dataset,
                                             const char *url, const struct pd_query *queries, size_t count,
                                             struct pd_error *err)
{
    struct pd_atomic_file f;
    enum pd_status status = pd_atomic_file_begin(&f, path, err);
    if (!status)
        status = pd_atomic_file_append(&f, "[\n", 2, err);
    for (size_t i = 0; !status && i < count; i++)
        status = append_task(&f, dataset, url, &queries[i], i + 1 == count, err);
    if (!status)
        status = pd_atomic_file_append(&f, "]\n", 2, err);
    if (!status)
        status = pd_atomic_file_commit(&f, err);
    pd_atomic_file_abort(&f);
    return status;
}

static void escape_xml(struct pd_buffer *b, const char *text)
{
    for (; *text; text++)
        if (strchr("<>&\"'", *text) || iscntrl((unsigned char)*text))
            pd_buffer_printf(b, "&#%d;", (unsigned char)*text);
        else
            pd_buffer_append(b, text, 1);
}

enum pd_status pd_label_studio_config(const char *path, const struct pd_dataset *dataset,
                                      struct pd_error *err)
{
    char name[PD_CLASS_NAME_SIZE];
    struct pd_buffer b = PD_BUFFER_INIT;
    pd_buffer_printf(&b, "<View>\n  <Image name=\"image\" value=\"$image\"/>\n"
                         "  <Choices name=\"choice\" toName=\"image\" choice=\"single\">\n");
    for (int c = 0; c < dataset->classes; c++) {
        pd_buffer_printf(&b, "    <Choice value=\"");
        escape_xml(&b, pd_dataset_class_name(dataset, c, name, sizeof name));
        pd_buffer_printf(&b, "\"/>\n");
    }
    pd_buffer_printf(&b, "  </Choices>\n</View>\n");
    enum pd_status status =
        b.oom ? pd_fail_memory(err, path) : pd_file_write_atomic(path, b.data, b.size, err);
    pd_buffer_release(&b);
    return status;
}

/* Samples as a folder of pictures (paydirt/sample.h). */
#include "base/mem.h"
#include "data/labels/class_folders.h"
#include "gan/gan.h"
#include "io/aside.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/png.h"

#include <paydirt/sample.h>
#include <paydirt/select.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum pd_status pd_sample_folder_check(const char *folder, const struct pd_gan *gan, struct pd_error *err)
{
    const int channels = gan->config.channels;
    if (!gan->config.size)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: the run makes points, which are no pictures: paydirt sample writes them as "
                       "arrays",
                       folder);
    if (channels != 1 && channels != 3)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: images of %d channels, expected 1 or 3 for pictures",
                       folder, channels);
    return pd_aside_check(folder, err);
}

struct writer {
    const struct pd_sample_folder *what;
    const struct pd_gan *gan;
    struct pd_aside aside;
    struct pd_class_folders folders;
    struct pd_csv *manifest;
    double *log_p; /* (classes): of a sample */
};

/* --- one sample --- */

/* Nothing has that name yet, and the whole folder is synced at the end. */
static enum pd_status write_new(const char *path, const struct pd_buffer *bytes, struct pd_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return pd_fail_io(err, path, "create", errno);
    enum pd_status status = pd_fd_write(fd, path, bytes->data, bytes->size, err);
    if (close(fd) && !status)
        status = pd_fail_io(err, path, "write", errno);
    return status;
}

static void describe(struct writer *w, int64_t i, int64_t number, const char *file)
{
    const struct pd_sample_folder *what = w->what;
    const struct pd_samples *s = what->samples;
    const int label = s->labels[i];
    char class[PD_CLASS_NAME_SIZE];
    pd_csv_words(w->manifest, file);
    pd_csv_words(w->manifest, pd_gan_class_name(w->gan, label, class, sizeof class));
    pd_csv_integer(w->manifest, label);
    pd_csv_integer(w->manifest, number);
    pd_csv_integer(w->manifest, (int64_t)what->seed);
    if (what->logit)
        pd_csv_real(w->manifest, (double)what->logit[i]);
    else
        pd_csv_text(w->manifest, "");
    if (what->class_logits) {
        pd_class_log_p(1, s->classes, what->class_logits + i * s->classes, w->log_p);
        pd_csv_real(w->manifest, w->log_p[label]);
    } else
        pd_csv_text(w->manifest, "");
    if (what->d)
        pd_csv_real(w->manifest, what->d[i]);
    else
        pd_csv_text(w->manifest, "");
    for (int k = 0; k < s->z_dim; k++)
        pd_csv_real(w->manifest, (double)s->z[i * s->z_dim + k]);
    pd_csv_end_row(w->manifest);
}

/* number: within its class */
static enum pd_status write_sample(struct writer *w, int64_t i, int64_t number, struct pd_error *err)
{
    const struct pd_samples *s = w->what->samples;
    const int64_t *d = s->shape.dim;
    char file[PD_CLASS_FOLDER_SIZE + 64], path[PATH_MAX];
    struct pd_buffer png = PD_BUFFER_INIT;
    snprintf(file, sizeof file, "%s/paydirt-%llu-%05lld.png", w->folders.at[s->labels[i]],
             (unsigned long long)w->what->seed, (long long)number);
    enum pd_status status = pd_path_join(path, sizeof path, w->aside.temp, file, err);
    if (!status)
        status = pd_png_encode_image(&png, s->images + i * d[1] * d[2] * d[3], d[1], d[2], d[3], err);
    if (!status)
        status = write_new(path, &png, err);
    pd_buffer_release(&png);
    if (!status)
        describe(w, i, number, file);
    return status;
}

/* --- all --- */

static enum pd_status make_folders(const struct writer *w, struct pd_error *err)
{
    char path[PATH_MAX];
    enum pd_status status = PD_OK;
    for (int c = 0; c < w->folders.count && !status; c++) {
        status = pd_path_join(path, sizeof path, w->aside.temp, w->folders.at[c], err);
        if (!status && mkdir(path, 0777))
            status = pd_fail_io(err, path, "make folder", errno);
    }
    return status;
}

static enum pd_status begin_manifest(struct writer *w, struct pd_error *err)
{
    static const char *const columns[] = {"file", "class", "label",       "number",
                                          "seed", "logit", "log_p_class", "d"};
    char path[PATH_MAX], name[32];
    enum pd_status status = pd_path_join(path, sizeof path, w->aside.temp, "manifest.csv", err);
    if (!status)
        status = pd_csv_create(path, &w->manifest, err);
    for (size_t i = 0; !status && i < sizeof columns / sizeof columns[0]; i++)
        pd_csv_text(w->manifest, columns[i]);
    for (int k = 0; !status && k < w->what->samples->z_dim; k++) {
        snprintf(name, sizeof name, "z_%d", k);
        pd_csv_text(w->manifest, name);
    }
    if (!status)
        pd_csv_end_row(w->manifest);
    return status;
}

static enum pd_status write_samples(struct writer *w, struct pd_error *err)
{
    const struct pd_samples *s = w->what->samples;
    const struct pd_data_watch *watch = w->what->watch;
    int64_t *numbers = pd_calloc((size_t)s->classes, sizeof *numbers);
    enum pd_status status = numbers ? PD_OK : pd_fail_memory(err, w->aside.path);
    for (int64_t i = 0; i < s->count && !status; i++) {
        if (watch && watch->decoding &&
            watch->decoding(watch->context, "images", (uint64_t)i, (uint64_t)s->count))
            status = pd_fail(err, PD_ERR_INTERRUPTED, -1, "%s: interrupted, nothing is kept", w->aside.path);
        else
            status = write_sample(w, i, numbers[s->labels[i]]++, err);
    }
    pd_free(numbers);
    return status;
}

static enum pd_status write_all(struct writer *w, struct pd_error *err)
{
    enum pd_status status = make_folders(w, err);
    if (!status)
        status = begin_manifest(w, err);
    if (!status)
        status = write_samples(w, err);
    if (!status)
        status = pd_csv_commit(w->manifest, err);
    pd_csv_destroy(w->manifest);
    return status ? status : pd_aside_commit(&w->aside, err);
}

enum pd_status pd_samples_write_folder(const char *folder, const struct pd_sample_folder *what,
                                       const struct pd_gan *gan, char note[PD_NOTE_SIZE],
                                       struct pd_error *err)
{
    const int classes = gan->config.classes;
    struct writer w = {.what = what, .gan = gan};
    enum pd_status status = pd_sample_folder_check(folder, gan, err);
    if (!status && !what->samples->z)
        status = pd_fail(err, PD_ERR_MISMATCH, -1, "%s: samples whose noise is not known", folder);
    if (!status)
        status = pd_class_folders_make(&gan->classes, classes, &w.folders, err);
    if (status)
        return status;
    w.log_p = pd_calloc((size_t)classes, sizeof *w.log_p);
    status = w.log_p ? pd_aside_begin(&w.aside, folder, err) : pd_fail_memory(err, folder);
    if (!status) {
        status = write_all(&w, err);
        pd_aside_abort(&w.aside);
    }
    pd_class_folders_note(&w.folders, &gan->classes, NULL, true, note);
    pd_class_folders_release(&w.folders);
    pd_free(w.log_p);
    return status;
}

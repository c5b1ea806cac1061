/* Any bytes as a file of features or of their statistics: refused with words, or finite numbers that the
 * metrics take. */
#include <paydirt/features.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIDTH_MOST = 16, ROWS_MOST = 64 }; /* of what is measured */

/* A file without a disc, which is written over every time. */
static const char *as_file(const uint8_t *data, size_t size)
{
    static char path[64];
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("features", 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, (off_t)size) || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    return path;
}

static void check(enum pd_status status, const struct pd_error *err)
{
    if (status && !err->message[0])
        abort();
}

static void measure(struct pd_feature_file *f)
{
    struct pd_error err = {.message = ""};
    struct pd_density_coverage dc;
    double distance = 0;
    if (f->width > WIDTH_MOST || f->count > ROWS_MOST)
        return;
    const struct pd_feature_work work = {.threads = 1};
    enum pd_status status = pd_feature_file_moments(f, &work, &err);
    check(status, &err);
    if (!status)
        check(pd_frechet(f->width, f->mean, f->covariance, f->mean, f->covariance, &work, &distance, &err),
              &err);
    if (!f->set.values)
        return;
    status = pd_density_coverage(&f->set, &f->set, 1, &work, &dc, &err);
    check(status, &err);
    if (!status && !(dc.coverage >= 0 && dc.coverage <= 1 && dc.density >= 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_feature_file f;
    struct pd_error err = {.message = ""};
    if (!size)
        return 0;
    const enum pd_status status = pd_feature_file_read(as_file(data, size), &f, &err);
    check(status, &err);
    for (int64_t i = 0; !status && f.set.values && i < f.count * f.width; i++)
        if (!isfinite(f.set.values[i]))
            abort();
    if (!status && (f.width < 1 || (f.set.values ? f.count < 1 : !f.mean || !f.covariance)))
        abort();
    if (!status)
        measure(&f);
    pd_feature_file_release(&f);
    return 0;
}

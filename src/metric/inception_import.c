/* Files of Inception's weights as people have them, into a safetensors file. */
#include "metric/inception.h"

#include "base/mem.h"
#include "io/file.h"
#include "io/safetensors.h"
#include "io/sha256.h"
#include "io/torch_file.h"

#include <string.h>

enum { TENSORS_MOST = 512, FILE_MOST = 1 << 30 };

/* What pytorch-fid and torch-fidelity publish: 95,628,359 bytes. */
static const char published[] = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2";

/* A file of either kind. */
struct file {
    const char *path;
    struct pd_buffer bytes;
    struct pd_torch *torch;
    struct pd_safetensors *st;
};

static void release(struct file *f)
{
    pd_torch_destroy(f->torch);
    pd_safetensors_destroy(f->st);
    pd_buffer_release(&f->bytes);
}

static enum pd_status open_file(struct file *f, struct pd_error *err)
{
    enum pd_status status = pd_file_read_most(f->path, FILE_MOST, &f->bytes, err);
    if (status)
        return status;
    if (pd_torch_looks_like(f->bytes.data, f->bytes.size))
        return pd_torch_parse(f->bytes.data, f->bytes.size, f->path, &f->torch, err);
    status = pd_safetensors_parse(f->bytes.data, f->bytes.size, f->path, &f->st, err);
    return status == PD_ERR_FORMAT
               ? pd_fail(err, status, -1, "%s: neither what torch.save writes nor safetensors, or truncated",
                         f->path)
               : status;
}

static size_t count_of(const struct file *f)
{
    return f->torch ? pd_torch_count(f->torch) : pd_safetensors_count(f->st);
}

static const struct pd_io_array *array_at(const struct file *f, size_t i)
{
    return f->torch ? pd_torch_at(f->torch, i) : pd_safetensors_at(f->st, i);
}

/* --- does the file hold what it should? --- */

static enum pd_status find(const struct file *f, const struct pd_inception_tensor *t, struct pd_io_array *out,
                           struct pd_error *err)
{
    const struct pd_io_array *found = NULL;
    for (size_t i = 0; i < count_of(f); i++)
        if (!strcmp(array_at(f, i)->name, t->name) && found)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: two tensors '%s'", f->path, t->name);
        else if (!strcmp(array_at(f, i)->name, t->name))
            found = array_at(f, i);
    if (!found)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: no tensor '%s': these are not Inception-2015's weights",
                       f->path, t->name);
    if (found->dtype != PD_IO_F32)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: tensor '%s' is %s, expected float32", f->path, t->name,
                       pd_io_dtype_words(found->dtype));
    bool same = found->rank == t->rank;
    for (int i = 0; same && i < t->rank; i++)
        same = found->dims[i] == t->dims[i];
    char a[96], b[96];
    pd_io_shape_text(a, sizeof a, found->rank, found->dims);
    pd_io_shape_text(b, sizeof b, t->rank, t->dims);
    if (!same)
        return pd_fail(err, PD_ERR_MISMATCH, -1,
                       "%s: tensor '%s' has shape %s, expected %s: these are not Inception-2015's weights",
                       f->path, t->name, a, b);
    *out = *found;
    out->name = t->name;
    return PD_OK;
}

/* Beyond them a file has counters alone. */
static enum pd_status check_others(const struct file *f, const struct pd_inception_tensor *tensors, int n,
                                   struct pd_error *err)
{
    for (size_t i = 0; i < count_of(f); i++) {
        const char *name = array_at(f, i)->name, *dot = strrchr(name, '.');
        bool known = dot && !strcmp(dot, ".num_batches_tracked");
        for (int k = 0; k < n && !known; k++)
            known = !strcmp(tensors[k].name, name);
        if (!known)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: tensor '%.100s', which Inception-2015 has not",
                           f->path, name);
    }
    return PD_OK;
}

/* --- out again --- */

static void sum_file(const struct pd_buffer *bytes, char hex[65])
{
    struct sha256_ctx sum;
    sha256_init(&sum);
    sha256_update(&sum, bytes->size, (const uint8_t *)bytes->data);
    pd_sha256_hex(&sum, hex);
}

static enum pd_status convert(const struct file *f, const char *to, struct pd_inception_import *out,
                              struct pd_error *err)
{
    struct pd_inception_tensor *tensors = pd_calloc(TENSORS_MOST, sizeof *tensors);
    struct pd_io_array *arrays = pd_calloc(TENSORS_MOST, sizeof *arrays);
    const int n = tensors && arrays ? pd_inception_tensors(tensors, TENSORS_MOST) : -1;
    enum pd_status status = n > 0 ? PD_OK : pd_fail(err, PD_ERR_MEMORY, -1, "%s: out of memory", f->path);
    for (int i = 0; i < n && !status; i++)
        status = find(f, &tensors[i], &arrays[i], err);
    if (!status)
        status = check_others(f, tensors, n, err);
    if (!status)
        status = pd_inception_check(arrays, n, f->path, out->checksum, err);
    sum_file(&f->bytes, out->source);
    out->tensors = n;
    out->published = !strcmp(out->source, published);
    const struct pd_st_meta meta[] = {{"network", "inception-2015-12-05"}, {"source_sha256", out->source}};
    if (!status)
        status = pd_safetensors_write(to, arrays, (size_t)n, meta, 2, err);
    pd_free(tensors);
    pd_free(arrays);
    return status;
}

enum pd_status pd_inception_import(const char *from, const char *to, struct pd_inception_import *out,
                                   struct pd_error *err)
{
    struct file f = {.path = from};
    *out = (struct pd_inception_import){.tensors = 0};
    enum pd_status status = open_file(&f, err);
    if (!status)
        status = convert(&f, to, out, err);
    release(&f);
    return status;
}

/* For tests: files in the layout of torch.save, of any float32 tensors, before and since PyTorch 1.6. */
#ifndef PD_TEST_TORCH_MAKER_H
#define PD_TEST_TORCH_MAKER_H

#include "base/buffer.h"
#include "io/array.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

static inline void put_text(struct pd_buffer *b, const char *text)
{
    const uint32_t n = (uint32_t)strlen(text);
    pd_buffer_append(b, "X", 1);
    pd_buffer_append(b, &n, 4);
    pd_buffer_append(b, text, n);
}

static inline void put_int(struct pd_buffer *b, int64_t value)
{
    const int32_t n = (int32_t)value;
    pd_buffer_append(b, "J", 1);
    pd_buffer_append(b, &n, 4);
}

static inline void put_key(char key[16], int i)
{
    snprintf(key, 16, "%d", i);
}

/* One tensor: its storage, 0, sizes, strides, False, OrderedDict(). */
static inline void put_tensor(struct pd_buffer *b, const struct pd_io_array *a, int i, bool old)
{
    char key[16];
    int64_t strides[PD_IO_MAX_RANK], n = 1;
    for (int k = a->rank - 1; k >= 0; n *= a->dims[k--])
        strides[k] = n;
    put_key(key, i);
    put_text(b, a->name);
    pd_buffer_printf(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_text(b, "storage");
    pd_buffer_printf(b, "ctorch\nFloatStorage\n");
    put_text(b, key);
    put_text(b, "cpu");
    put_int(b, n);
    pd_buffer_printf(b, old ? "NtQK" : "tQK");
    pd_buffer_append(b, "\0(", 2);
    for (int k = 0; k < a->rank; k++)
        put_int(b, a->dims[k]);
    pd_buffer_append(b, "t(", 2);
    for (int k = 0; k < a->rank; k++)
        put_int(b, strides[k]);
    pd_buffer_printf(b, "t\x89"
                        "ccollections\nOrderedDict\n)RtR");
}

static inline void put_state_dict(struct pd_buffer *b, const struct pd_io_array *arrays, int n, bool old)
{
    pd_buffer_printf(b, "\x80\2ccollections\nOrderedDict\n)R(");
    for (int i = 0; i < n; i++)
        put_tensor(b, &arrays[i], i, old);
    pd_buffer_printf(b, "u}");
    put_text(b, "_metadata");
    pd_buffer_printf(b, "ccollections\nOrderedDict\n)Rsb.");
}

/* As before 1.6; out is the caller's. */
static inline void torch_make_row(struct pd_buffer *out, const struct pd_io_array *arrays, int n)
{
    static const char start[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.";
    char key[16];
    pd_buffer_append(out, start, sizeof start - 1);
    pd_buffer_printf(out, "\x80\2}");
    put_text(out, "little_endian");
    pd_buffer_printf(out, "\x88s.");
    put_state_dict(out, arrays, n, true);
    pd_buffer_printf(out, "\x80\2](");
    for (int i = 0; i < n; i++) {
        put_key(key, i);
        put_text(out, key);
    }
    pd_buffer_printf(out, "e.");
    for (int i = 0; i < n; i++) {
        const int64_t count = pd_io_array_count(&arrays[i]);
        pd_buffer_append(out, &count, sizeof count);
        pd_buffer_append(out, arrays[i].data, (size_t)count * sizeof(float));
    }
}

static inline void zip_entry(zip_t *zip, const char *name, const void *bytes, size_t size, bool packed)
{
    const zip_int64_t at =
        zip_file_add(zip, name, zip_source_buffer(zip, bytes, size, 0), ZIP_FL_OVERWRITE | ZIP_FL_ENC_UTF_8);
    if (at < 0 || zip_set_file_compression(zip, (zip_uint64_t)at, packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0))
        abort();
}

/* As since 1.6, with that pickle. */
static inline void torch_make_zip(const char *path, const struct pd_buffer *pickle,
                                  const struct pd_io_array *arrays, int n, bool packed)
{
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    zip_entry(zip, "archive/data.pkl", pickle->data, pickle->size, packed);
    zip_entry(zip, "archive/byteorder", "little", 6, packed);
    for (int i = 0; i < n; i++) {
        char name[64];
        snprintf(name, sizeof name, "archive/data/%d", i);
        zip_entry(zip, name, arrays[i].data, (size_t)pd_io_array_count(&arrays[i]) * sizeof(float), packed);
    }
    zip_entry(zip, "archive/version", "3\n", 2, packed);
    if (zip_close(zip))
        abort();
}

#endif

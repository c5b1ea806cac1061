/* Any bytes as what torch.save writes: refused with words, or every number of every tensor can be read. The
 * first byte says what they are: a file, or the pickle of a dict in either layout (so that the fuzzer need
 * not find a checksum). */
#include "touch.h"

#include "base/buffer.h"
#include "io/torch_file.h"
#include "io/torch_pickle.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_file(const uint8_t *data, size_t size)
{
    struct pd_torch *t;
    struct pd_error err = {.message = ""};
    if (pd_torch_parse(data, size, "input", &t, &err)) {
        if (t || !err.message[0])
            abort();
        return;
    }
    for (size_t i = 0; i < pd_torch_count(t); i++)
        touch(pd_torch_at(t, i));
    pd_torch_destroy(t);
}

static void parse_pickle(const uint8_t *data, size_t size)
{
    struct pd_torch_pickle p = {.dict = 0};
    struct pd_error err = {.message = ""};
    size_t at = 0;
    if (pd_torch_pickle_read(data, size, &at, "input", &p, &err) && !err.message[0])
        abort();
    for (int i = 0; i < p.n_tensors; i++) {
        int64_t n = 1;
        for (int k = 0; k < p.tensors[i].rank; k++)
            n *= p.tensors[i].dims[k];
        if (p.tensors[i].storage >= p.n_storages ||
            p.tensors[i].offset + n > p.storages[p.tensors[i].storage].count)
            abort();
    }
    pd_torch_pickle_release(&p);
}

/* Behind the start of a file from before 1.6. */
static void parse_row(const uint8_t *data, size_t size)
{
    static const char start[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}"
                                "X\15\0\0\0little_endian\x88s.";
    struct pd_buffer file = {.size = 0};
    pd_buffer_append(&file, start, sizeof start - 1);
    pd_buffer_append(&file, data, size);
    parse_file((const uint8_t *)file.data, file.size);
    pd_buffer_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size && data[0] == 0)
        parse_pickle(data + 1, size - 1);
    else if (size && data[0] == 1)
        parse_row(data + 1, size - 1);
    else
        parse_file(data, size);
    return 0;
}

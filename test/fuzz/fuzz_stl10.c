/* Any bytes as each of STL-10's files. The first two say how many images there should be, and their stored
 * side.
 */
#include "data/readers/stl10.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_words(enum pd_status status, const struct pd_error *err)
{
    if (status && (status != err->status || !err->message[0]))
        abort();
}

static void check_images(const uint8_t *data, size_t size, uint32_t count, int side)
{
    struct pd_stream *s;
    struct pd_error err = {.status = PD_OK};
    const size_t stored = (size_t)count * 3 * (size_t)side * (size_t)side;
    uint8_t *pixels = malloc(stored ? stored : 1);
    if (!pixels || pd_stream_open_memory(data, size, "fuzz", &s, NULL))
        abort();
    enum pd_status status = pd_stl10_images(s, count, side, pixels, &err);
    expect_words(status, &err);
    if (!status && size != (size_t)count * PD_STL10_IMAGE && (size < 2 || data[0] != 0x1f))
        abort();
    pd_stream_close(s);
    free(pixels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char names[PD_STL10_CLASSES][PD_CLASS_NAME_SIZE];
    int32_t labels[256];
    struct pd_error err = {.status = PD_OK};
    if (size < 2)
        return 0;
    const uint32_t count = data[0];
    const int side = 8 + data[1] % 120;
    check_images(data + 2, size - 2, count % 3, side);
    enum pd_status status = pd_stl10_labels(data + 2, size - 2, "fuzz", count, labels, &err);
    expect_words(status, &err);
    for (uint32_t i = 0; !status && i < count; i++)
        if (labels[i] < 0 || labels[i] >= PD_STL10_CLASSES)
            abort();
    status = pd_stl10_class_names((const char *)data + 2, size - 2, "fuzz", names, &err);
    expect_words(status, &err);
    for (int i = 0; !status && i < PD_STL10_CLASSES; i++)
        if (!names[i][0])
            abort();
    return 0;
}

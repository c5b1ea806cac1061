/* The card's memory, and the ways to it. */
#include "backend/cuda/cuda.h"

#include <string.h>

enum { HALF_BYTES = 4 << 20 };

/* Zeroed. Where there is none: NULL, and why. */
void *cuda_allocate(struct pd_backend *base, size_t bytes)
{
    struct cuda *b = (struct cuda *)base;
    unsigned long long address = 0;
    const size_t size = bytes ? bytes : 1;
    if (cuda_check(b, b->api.cuCtxSetCurrent(b->context), "memory", NULL) ||
        cuda_check(b, b->api.cuMemAlloc_v2(&address, size), "memory", NULL))
        return NULL;
    if (!cuda_check(b, b->api.cuMemsetD8Async(address, 0, size, b->stream), "memory", NULL))
        return (void *)(uintptr_t)address;
    b->api.cuMemFree_v2(address);
    return NULL;
}

void cuda_release(struct pd_backend *base, void *address)
{
    struct cuda *b = (struct cuda *)base;
    if (!address || b->api.cuCtxSetCurrent(b->context))
        return;
    b->api.cuStreamSynchronize(b->stream); /* a run may still be using it */
    b->api.cuMemFree_v2(cuda_address(address));
}

/* --- to the card: into pinned memory, over to the card while it may still be running, and where it belongs
 * when the runs before are done --- */

static void half_release(const struct cuda *b, struct cuda_half *h)
{
    if (h->taken)
        b->api.cuEventDestroy_v2(h->taken);
    if (h->copied)
        b->api.cuEventDestroy_v2(h->copied);
    if (h->there)
        b->api.cuMemFree_v2(h->there);
    if (h->pinned)
        b->api.cuMemFreeHost(h->pinned);
    *h = (struct cuda_half){0};
}

static unsigned half_create(struct cuda *b, struct cuda_half *h)
{
    unsigned result = b->api.cuMemHostAlloc(&h->pinned, HALF_BYTES, 0);
    if (!result)
        result = b->api.cuMemAlloc_v2(&h->there, HALF_BYTES);
    if (!result)
        result = b->api.cuEventCreate(&h->copied, CU_EVENT_NO_TIMING);
    if (!result)
        result = b->api.cuEventCreate(&h->taken, CU_EVENT_NO_TIMING);
    if (result)
        half_release(b, h);
    return result;
}

void cuda_halves_release(struct cuda *b)
{
    for (int i = 0; i < CUDA_HALVES; i++)
        half_release(b, &b->half[i]);
}

static unsigned upload_part(struct cuda *b, unsigned long long to, const void *from, size_t bytes)
{
    const struct cuda_api *api = &b->api;
    struct cuda_half *h = &b->half[b->next_half];
    b->next_half = (b->next_half + 1) % CUDA_HALVES;
    unsigned result = h->taken ? api->cuEventSynchronize(h->taken) : half_create(b, h);
    if (result)
        return result;
    memcpy(h->pinned, from, bytes);
    result = api->cuMemcpyHtoDAsync_v2(h->there, h->pinned, bytes, b->copies);
    if (!result)
        result = api->cuEventRecord(h->copied, b->copies);
    if (!result)
        result = api->cuStreamWaitEvent(b->stream, h->copied, 0);
    if (!result)
        result = api->cuMemcpyDtoDAsync_v2(to, h->there, bytes, b->stream);
    return result ? result : api->cuEventRecord(h->taken, b->stream);
}

enum pd_status cuda_upload(struct pd_backend *base, void *address, const void *from, size_t bytes,
                           struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    unsigned result = b->api.cuCtxSetCurrent(b->context);
    for (size_t done = 0; done < bytes && !result; done += HALF_BYTES)
        result = upload_part(b, cuda_address(address) + done, (const char *)from + done,
                             bytes - done < HALF_BYTES ? bytes - done : HALF_BYTES);
    return cuda_check(b, result, "a copy to the card", err);
}

enum pd_status cuda_download(struct pd_backend *base, void *to, const void *address, size_t bytes,
                             struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    unsigned result = b->api.cuCtxSetCurrent(b->context);
    if (!result)
        result = b->api.cuMemcpyDtoHAsync_v2(to, cuda_address(address), bytes, b->stream);
    if (!result)
        result = b->api.cuStreamSynchronize(b->stream);
    return cuda_check(b, result, "a copy from the card", err);
}

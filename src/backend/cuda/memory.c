/* The card's memory, and the ways to it. */
#include "backend/cuda/cuda.h"

#include <string.h>

enum { TRANSFER_BYTES = 4 << 20 };

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

size_t cuda_room(struct pd_backend *base)
{
    struct cuda *b = (struct cuda *)base;
    size_t free = 0, total = 0;
    return b->api.cuCtxSetCurrent(b->context) || b->api.cuMemGetInfo_v2(&free, &total) ? 0 : free;
}

void cuda_release(struct pd_backend *base, void *address)
{
    struct cuda *b = (struct cuda *)base;
    if (!address || b->sums.lost || b->api.cuCtxSetCurrent(b->context))
        return;
    b->api.cuStreamSynchronize(b->stream); /* a run may still be using it */
    b->api.cuMemFree_v2(cuda_address(address));
}

/* --- to the card: into pinned memory, over to the card while it may still be running, and where it belongs
 * when the runs before are done --- */

static void transfer_release(const struct cuda *b, struct cuda_transfer *t)
{
    if (t->taken)
        b->api.cuEventDestroy_v2(t->taken);
    if (t->copied)
        b->api.cuEventDestroy_v2(t->copied);
    if (t->there)
        b->api.cuMemFree_v2(t->there);
    if (t->pinned)
        b->api.cuMemFreeHost(t->pinned);
    *t = (struct cuda_transfer){0};
}

static unsigned transfer_create(struct cuda *b, struct cuda_transfer *t)
{
    unsigned result = b->api.cuMemHostAlloc(&t->pinned, TRANSFER_BYTES, 0);
    if (!result)
        result = b->api.cuMemAlloc_v2(&t->there, TRANSFER_BYTES);
    if (!result)
        result = b->api.cuEventCreate(&t->copied, CU_EVENT_NO_TIMING);
    if (!result)
        result = b->api.cuEventCreate(&t->taken, CU_EVENT_NO_TIMING);
    if (result)
        transfer_release(b, t);
    return result;
}

void cuda_transfers_release(struct cuda *b)
{
    for (int i = 0; i < CUDA_TRANSFERS; i++)
        transfer_release(b, &b->transfer[i]);
}

/* The one that was filled longest ago, when what it held has been taken. */
static enum pd_status take_transfer(struct cuda *b, struct cuda_transfer **t, struct pd_error *err)
{
    *t = &b->transfer[b->next_transfer];
    b->next_transfer = (b->next_transfer + 1) % CUDA_TRANSFERS;
    return (*t)->taken ? cuda_wait(b, (*t)->taken, err)
                       : cuda_check(b, transfer_create(b, *t), "a copy to the card", err);
}

static unsigned send_transfer(const struct cuda *b, const struct cuda_transfer *t, unsigned long long to,
                              size_t bytes)
{
    const struct cuda_api *api = &b->api;
    unsigned result = api->cuMemcpyHtoDAsync_v2(t->there, t->pinned, bytes, b->copies);
    if (!result)
        result = api->cuEventRecord(t->copied, b->copies);
    if (!result)
        result = api->cuStreamWaitEvent(b->stream, t->copied, 0);
    if (!result)
        result = api->cuMemcpyDtoDAsync_v2(to, t->there, bytes, b->stream);
    return result ? result : api->cuEventRecord(t->taken, b->stream);
}

enum pd_status cuda_upload(struct pd_backend *base, void *address, const void *from, size_t bytes,
                           struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    enum pd_status status = cuda_check(b, b->api.cuCtxSetCurrent(b->context), "a copy to the card", err);
    for (size_t done = 0; done < bytes && !status; done += TRANSFER_BYTES) {
        const size_t part = bytes - done < TRANSFER_BYTES ? bytes - done : TRANSFER_BYTES;
        struct cuda_transfer *t;
        status = take_transfer(b, &t, err);
        if (status)
            break;
        memcpy(t->pinned, (const char *)from + done, part);
        status =
            cuda_check(b, send_transfer(b, t, cuda_address(address) + done, part), "a copy to the card", err);
    }
    return status;
}

/* A copy to memory that is not pinned keeps this thread in the driver until it is done; with other ranks it
 * is begun when it need not wait. */
enum pd_status cuda_download(struct pd_backend *base, void *to, const void *address, size_t bytes,
                             struct pd_error *err)
{
    struct cuda *b = (struct cuda *)base;
    unsigned result = b->api.cuCtxSetCurrent(b->context);
    if (!result && b->sums.comm) {
        result = b->api.cuEventRecord(b->end, b->stream);
        const enum pd_status status = result ? PD_OK : cuda_wait(b, b->end, err);
        if (status)
            return status;
    }
    if (!result)
        result = b->api.cuMemcpyDtoHAsync_v2(to, cuda_address(address), bytes, b->stream);
    if (!result)
        result = b->api.cuStreamSynchronize(b->stream);
    return cuda_check(b, result, "a copy from the card", err);
}

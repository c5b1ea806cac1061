#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- what it is told, and what it counts --- */

enum { FUNCTIONS = 128, LOG = 65536 };
#define PLAIN                                                                                                \
    {                                                                                                        \
        .driver = 13000, .cards = 1, .arch = 90, .memory = (size_t)4 << 30                                   \
    }
static struct {
    struct standin_machine machine;
    struct {
        char name[48];
        long calls;
    } counted[FUNCTIONS];
    char fails[48];
    long nth, objects, log_size;
    unsigned code;
    size_t bytes;
    char log[LOG];
} now = {.machine = PLAIN};

static void reset(void)
{
    now.machine = (struct standin_machine)PLAIN;
    memset(now.counted, 0, sizeof now.counted);
    now.fails[0] = now.log[0] = '\0';
    now.log_size = 0;
}

struct standin_machine *standin_machine_now(void)
{
    return &now.machine;
}

static int counted(const char *function)
{
    int i = 0;
    while (now.counted[i].name[0] && strcmp(now.counted[i].name, function) != 0)
        CHECK(++i < FUNCTIONS);
    snprintf(now.counted[i].name, sizeof now.counted[i].name, "%s", function);
    return i;
}

unsigned enter(const char *function)
{
    now.counted[counted(function)].calls++;
    const size_t n = strlen(function);
    if (now.log_size + (long)n + 2 < LOG) {
        memcpy(now.log + now.log_size, function, n);
        memcpy(now.log + now.log_size + n, "\n", 2);
        now.log_size += (long)n + 1;
    }
    if (!now.fails[0] || strcmp(now.fails, function) != 0 || --now.nth)
        return 0;
    now.fails[0] = '\0';
    return now.code;
}

static long calls(const char *function)
{
    return now.counted[counted(function)].calls;
}

static void fail(const char *function, long nth, unsigned code)
{
    snprintf(now.fails, sizeof now.fails, "%s", function);
    now.nth = nth;
    now.code = code;
}

void object_made(void)
{
    now.objects++;
}

void object_gone(void)
{
    CHECK(now.objects > 0);
    now.objects--;
}

static long objects(void)
{
    return now.objects;
}

static size_t bytes(void)
{
    return now.bytes;
}

static const char *last(void)
{
    return now.log;
}

const struct standin_control standin_control = {&now.machine, reset, calls,           fail,
                                                objects,      bytes, module_launches, last};

/* --- the card --- */

unsigned cuInit(unsigned flags)
{
    ENTER("cuInit");
    const char *cards = getenv("PAYDIRT_STANDIN_CARDS"); /* for programs, which tell it nothing */
    CHECK(flags == 0);
    if (cards)
        now.machine.cards = atoi(cards);
    return 0;
}

unsigned cuDriverGetVersion(int *version)
{
    ENTER("cuDriverGetVersion");
    *version = now.machine.driver;
    return 0;
}

unsigned cuGetErrorString(unsigned error, const char **text)
{
    static const struct {
        unsigned error;
        const char *text;
    } all[] = {{1, "invalid argument"},
               {2, "out of memory"},
               {100, "no CUDA-capable device is detected"},
               {700, "an illegal memory access was encountered"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].error == error) {
            *text = all[i].text;
            return 0;
        }
    return 1;
}

unsigned cuDeviceGetCount(int *count)
{
    ENTER("cuDeviceGetCount");
    *count = now.machine.cards;
    return 0;
}

unsigned cuDeviceGet(int *device, int index)
{
    ENTER("cuDeviceGet");
    CHECK(index >= 0 && index < now.machine.cards);
    *device = index;
    return 0;
}

unsigned cuDeviceGetName(char *name, int size, int device)
{
    ENTER("cuDeviceGetName");
    snprintf(name, (size_t)size, "stand-in %d", device);
    return 0;
}

unsigned cuDeviceGetAttribute(int *value, PD_CU_ATTRIBUTE attribute, int device)
{
    ENTER("cuDeviceGetAttribute");
    (void)device;
    CHECK(attribute == CU_ATTRIBUTE_MAJOR || attribute == CU_ATTRIBUTE_MINOR);
    *value = attribute == CU_ATTRIBUTE_MAJOR ? now.machine.arch / 10 : now.machine.arch % 10;
    return 0;
}

unsigned cuDeviceTotalMem_v2(size_t *total, int device)
{
    ENTER("cuDeviceTotalMem");
    (void)device;
    *total = now.machine.memory;
    return 0;
}

unsigned cuMemGetInfo_v2(size_t *left, size_t *total)
{
    ENTER("cuMemGetInfo");
    *total = now.machine.memory;
    *left = now.machine.memory - now.bytes;
    return 0;
}

static char context;
static int taken;

int standin_device(void)
{
    return taken;
}

unsigned cuDevicePrimaryCtxRetain(struct CUctx_st **out, int device)
{
    ENTER("cuDevicePrimaryCtxRetain");
    taken = device;
    *out = (struct CUctx_st *)&context;
    object_made();
    return 0;
}

unsigned cuDevicePrimaryCtxRelease_v2(int device)
{
    ENTER("cuDevicePrimaryCtxRelease");
    (void)device;
    object_gone();
    return 0;
}

unsigned cuCtxSetCurrent(struct CUctx_st *c)
{
    ENTER("cuCtxSetCurrent");
    CHECK(c == (struct CUctx_st *)&context);
    return 0;
}

/* --- its memory --- */

struct block {
    struct block *next;
    char *address;
    size_t bytes, mapped;
    bool pinned;
};
static struct block *blocks;

void memory_open(bool open)
{
    for (const struct block *k = blocks; k; k = k->next)
        if (!k->pinned)
            CHECK(!mprotect(k->address, k->mapped, open ? PROT_READ | PROT_WRITE : PROT_NONE));
}

static struct block **find(const void *address)
{
    struct block **at = &blocks;
    while (*at && !((const char *)address >= (*at)->address &&
                    (const char *)address < (*at)->address + (*at)->bytes))
        at = &(*at)->next;
    return at;
}

/* Dies where not all of it lies in one block of that kind. */
static void check_range(const void *address, size_t size, bool pinned)
{
    const struct block *k = *find(address);
    CHECK(k && k->pinned == pinned && (const char *)address + size <= k->address + k->bytes);
}

void memory_check(const void *address, size_t size)
{
    check_range(address, size, false);
}

static bool is_pinned(const void *address)
{
    const struct block *k = *find(address);
    return k && k->pinned;
}

static void *add_block(size_t size, bool pinned)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct block *k = calloc(1, sizeof *k);
    k->bytes = size;
    k->pinned = pinned;
    k->mapped = (size + page - 1) / page * page;
    k->address = mmap(NULL, k->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(k->address != MAP_FAILED);
    if (!pinned) { /* as a card's: what it held before, at its beginning */
        memset(k->address, 0xA5, k->mapped < 65536 ? k->mapped : 65536);
        CHECK(!mprotect(k->address, k->mapped, PROT_NONE));
    }
    k->next = blocks;
    blocks = k;
    object_made();
    return k->address;
}

static void remove_block(const void *address, bool pinned)
{
    queue_drain();
    struct block **at = find(address), *k = *at;
    CHECK(k && k->address == address && k->pinned == pinned);
    *at = k->next;
    CHECK(!munmap(k->address, k->mapped));
    now.bytes -= pinned ? 0 : k->bytes;
    free(k);
    object_gone();
}

unsigned cuMemAlloc_v2(unsigned long long *address, size_t size)
{
    ENTER("cuMemAlloc");
    no_capture();
    CHECK(size);
    if (size > now.machine.memory || now.bytes > now.machine.memory - size)
        return CU_OUT_OF_MEMORY;
    now.bytes += size;
    *address = (uintptr_t)add_block(size, false);
    return 0;
}

unsigned cuMemFree_v2(unsigned long long address)
{
    ENTER("cuMemFree");
    no_capture();
    remove_block((void *)(uintptr_t)address, false);
    return 0;
}

unsigned cuMemHostAlloc(void **address, size_t size, unsigned flags)
{
    ENTER("cuMemHostAlloc");
    no_capture();
    CHECK(flags == 0);
    *address = add_block(size, true);
    return 0;
}

unsigned cuMemFreeHost(void *address)
{
    ENTER("cuMemFreeHost");
    remove_block(address, true);
    return 0;
}

unsigned cuMemsetD8Async(unsigned long long to, unsigned char value, size_t size, struct CUstream_st *stream)
{
    ENTER("cuMemsetD8Async");
    check_range((void *)(uintptr_t)to, size, false);
    queue_add(stream,
              (struct operation){.kind = SET, .to = (void *)(uintptr_t)to, .value = value, .bytes = size});
    return 0;
}

/* From pageable memory the driver has taken a copy when it returns; from pinned it reads when it comes to it.
 */
unsigned cuMemcpyHtoDAsync_v2(unsigned long long to, const void *from, size_t size,
                              struct CUstream_st *stream)
{
    ENTER("cuMemcpyHtoDAsync");
    struct operation op = {.kind = COPY, .to = (void *)(uintptr_t)to, .from = from, .bytes = size};
    check_range(op.to, size, false);
    if (is_pinned(from))
        check_range(from, size, true);
    else
        op.owned = memcpy(malloc(size), from, size);
    queue_add(stream, op);
    return 0;
}

/* Into pageable memory: it is there when this returns. */
unsigned cuMemcpyDtoHAsync_v2(void *to, unsigned long long from, size_t size, struct CUstream_st *stream)
{
    ENTER("cuMemcpyDtoHAsync");
    check_range((void *)(uintptr_t)from, size, false);
    queue_add(stream,
              (struct operation){.kind = COPY, .to = to, .from = (void *)(uintptr_t)from, .bytes = size});
    if (!is_pinned(to))
        queue_drain();
    return 0;
}

unsigned cuMemcpyDtoDAsync_v2(unsigned long long to, unsigned long long from, size_t size,
                              struct CUstream_st *stream)
{
    ENTER("cuMemcpyDtoDAsync");
    const struct operation op = {
        .kind = COPY, .to = (void *)(uintptr_t)to, .from = (void *)(uintptr_t)from, .bytes = size};
    check_range(op.to, size, false);
    check_range(op.from, size, false);
    queue_add(stream, op);
    return 0;
}

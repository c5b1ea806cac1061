#include "backend/cuda/devices.h"

#include "backend/cuda/libraries.h"
#include "base/threads.h"

#include <paydirt/devices.h>

#include <stdio.h>
#include <string.h>

static const char note[] =
    "cuda has not yet been run on hardware: it is tested on a stand-in of NVIDIA's libraries";

_Static_assert((int)CUDA_LIBRARIES == (int)PD_DEVICE_PARTS, "a part for each library");

/* Of a library that has been opened. */
static void put_version(const struct cuda_api *api, enum cuda_library library, char *text)
{
    int version = 0, major = 0, minor = 0;
    if (library == CUDA_DRIVER && !api->cuDriverGetVersion(&version))
        cuda_version_text(version, text);
    else if (library == CUDA_NVRTC && !api->nvrtcVersion(&major, &minor))
        snprintf(text, 16, "%d.%d", major, minor);
    else if (library == CUDA_CUBLASLT)
        snprintf(text, 16, "%d.%d", (int)(api->cublasLtGetVersion() / 10000),
                 (int)(api->cublasLtGetVersion() / 100 % 100));
    else if (library == CUDA_CUDNN)
        snprintf(text, 16, "%d.%d", (int)(api->cudnnGetVersion() / 10000),
                 (int)(api->cudnnGetVersion() / 100 % 100));
    else if (library == CUDA_NCCL && !api->ncclGetVersion(&version))
        snprintf(text, 16, "%d.%d", version / 10000, version / 100 % 100);
}

static void find_part(struct cuda_api *api, enum cuda_library library, struct pd_device_part *part)
{
    struct pd_error err = {.message = ""};
    *part = (struct pd_device_part){.name = cuda_library_name(library),
                                    .source = cuda_library_source(library),
                                    .for_ranks = library == CUDA_NCCL};
    const enum pd_status status =
        library == CUDA_DRIVER ? cuda_open_driver(api, &err) : cuda_open_library(api, library, &err);
    part->found = !status;
    snprintf(part->why, sizeof part->why, "%s", err.message);
    if (!status)
        put_version(api, library, part->version);
}

/* False: it does not answer. */
static bool find_card(const struct cuda_api *api, int number, struct pd_device_card *card)
{
    int device, major, minor;
    size_t bytes;
    *card = (struct pd_device_card){.gigabytes = 0};
    if (api->cuDeviceGet(&device, number) || api->cuDeviceGetName(card->name, sizeof card->name, device) ||
        api->cuDeviceGetAttribute(&major, CU_ATTRIBUTE_MAJOR, device) ||
        api->cuDeviceGetAttribute(&minor, CU_ATTRIBUTE_MINOR, device) ||
        api->cuDeviceTotalMem_v2(&bytes, device))
        return false;
    snprintf(card->device, sizeof card->device, "cuda:%d", number);
    snprintf(card->capability, sizeof card->capability, "%d.%d", major, minor);
    card->gigabytes = 1e-9 * (double)bytes;
    card->usable = 10 * major + minor >= CUDA_OLDEST_ARCH;
    return true;
}

void pd_devices_find(struct pd_devices *out)
{
    struct cuda_api api = {0};
    int count = 0;
    *out = (struct pd_devices){.threads = pd_threads_available(), .ready = true, .note = note};
    for (int i = 0; i < PD_DEVICE_PARTS; i++) {
        find_part(&api, (enum cuda_library)i, &out->parts[i]);
        out->ready = out->ready && (out->parts[i].found || out->parts[i].for_ranks);
    }
    if (out->parts[CUDA_DRIVER].found && !api.cuDeviceGetCount(&count))
        while (out->card_count < count && out->card_count < PD_DEVICE_CARDS &&
               find_card(&api, out->card_count, &out->cards[out->card_count]))
            out->card_count++;
    out->ready = out->ready && out->card_count && out->cards[0].usable;
    cuda_close(&api);
}

bool cuda_is_ready(void)
{
    struct pd_devices found;
    pd_devices_find(&found);
    return found.ready;
}

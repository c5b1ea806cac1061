#include "backend/cuda/devices.h"

#include "backend/cuda/libraries.h"

bool cuda_is_ready(int device)
{
    struct cuda_api api;
    int count = 0;
    bool ready = !cuda_open_driver(&api, NULL) && !api.cuDeviceGetCount(&count) && device < count;
    for (int i = CUDA_DRIVER + 1; i < CUDA_LIBRARIES && ready; i++)
        ready = !cuda_open_library(&api, (enum cuda_library)i, NULL);
    cuda_close(&api);
    return ready;
}

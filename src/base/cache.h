/* What files that are kept for the next time share: where they lie, and what tells them apart. */
#ifndef PD_BASE_CACHE_H
#define PD_BASE_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* The user's folder of caches, to which *below belongs: "$XDG_CACHE_HOME" and "/paydirt", or "$HOME" and
 * "/.cache/paydirt". NULL or "": neither is set. */
static inline const char *pd_cache_home(const char **below)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    const int set = xdg && *xdg == '/'; /* the standard has relative ones ignored */
    *below = set ? "/paydirt" : "/.cache/paydirt";
    return set ? xdg : getenv("HOME");
}

/* FNV-1a of bytes behind others, whose it was h; of the first PD_HASH_START. */
#define PD_HASH_START 0xcbf29ce484222325u
static inline uint64_t pd_hash(uint64_t h, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
    return h;
}

#endif

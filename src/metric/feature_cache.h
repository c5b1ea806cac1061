/* Features that were computed before, kept in a safetensors file beside their samples:
 *
 *     features  (n, width) float32
 *     logits    (n, classes) float32; they may be missing
 *     metadata  "format": "paydirt features 1", "numbers": SHA-256 of the tensors' bytes, "samples": what
 * they are of, and a key: whatever else decides on the numbers
 */
#ifndef PD_METRIC_FEATURE_CACHE_H
#define PD_METRIC_FEATURE_CACHE_H

#include "io/safetensors.h"

#include <stdbool.h>

struct pd_feature_cache {
    struct pd_safetensors *st;      /* owned; what follows lies in it */
    int64_t n;                      /* >= 1 */
    const float *features, *logits; /* finite; logits may be NULL */
    const char *samples;
};

/* What a file must be. */
struct pd_feature_cache_key {
    int64_t width, classes;
    bool logits;                   /* must be there */
    const struct pd_st_meta *meta; /* (count): must stand in the metadata */
    size_t count;
};

/* Any bytes may come. PD_ERR_MISMATCH: a cache, but damaged, without logits or of another key, which may be
 * written over; PD_ERR_FORMAT, PD_ERR_UNSUPPORTED: no cache; PD_ERR_IO, PD_ERR_MEMORY. */
enum pd_status pd_feature_cache_open(const char *path, const struct pd_feature_cache_key *key,
                                     struct pd_feature_cache *out, struct pd_error *err);
enum pd_status pd_feature_cache_parse(const void *bytes, size_t size, const char *name,
                                      const struct pd_feature_cache_key *key, struct pd_feature_cache *out,
                                      struct pd_error *err);
void pd_feature_cache_close(struct pd_feature_cache *cache);

/* Appears whole or not at all. logits may be NULL. samples: what pd_feature_cache.samples will be. PD_ERR_IO,
 * PD_ERR_MEMORY. */
enum pd_status pd_feature_cache_write(const char *path, const struct pd_feature_cache_key *key,
                                      const char *samples, int64_t n, const float *features,
                                      const float *logits, struct pd_error *err);

#endif

#include "metric/feature_cache.h"

#include "io/sha256.h"

#include <math.h>
#include <string.h>

enum { META_MOST = 16 };

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION /* none is guessed */
enum { SUMS_COUNT = false };
#else
enum { SUMS_COUNT = true };
#endif

static const char format[] = "paydirt features 1";

static void sum_numbers(int64_t n, const struct pd_feature_cache_key *key, const float *features,
                        const float *logits, char hex[PD_SHA256_HEX])
{
    struct sha256_ctx sha;
    sha256_init(&sha);
    sha256_update(&sha, (size_t)(n * key->width) * sizeof *features, (const uint8_t *)features);
    if (logits)
        sha256_update(&sha, (size_t)(n * key->classes) * sizeof *logits, (const uint8_t *)logits);
    pd_sha256_hex(&sha, hex);
}

static bool are_finite(const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* --- reading --- */

static enum pd_status check_meta(const struct pd_safetensors *st, const struct pd_feature_cache_key *key,
                                 const char *name, struct pd_error *err)
{
    const char *is = pd_safetensors_meta(st, "format");
    if (!is || strcmp(is, format) != 0)
        return pd_fail(err, PD_ERR_FORMAT, -1, "%s: holds no features that paydirt has kept", name);
    for (size_t i = 0; i < key->count; i++) {
        const char *value = pd_safetensors_meta(st, key->meta[i].key);
        if (!value || strcmp(value, key->meta[i].value) != 0)
            return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: differs in its %s", name, key->meta[i].key);
    }
    return PD_OK;
}

static enum pd_status check_tensors(struct pd_feature_cache *c, const struct pd_feature_cache_key *key,
                                    const char *name, struct pd_error *err)
{
    const struct pd_io_array *features = pd_safetensors_find(c->st, "features");
    const int64_t n = features && features->rank == 2 ? features->dims[0] : 0;
    const int64_t shapes[][2] = {{n, key->width}, {n, key->classes}};
    char hex[PD_SHA256_HEX];
    const char *numbers = pd_safetensors_meta(c->st, "numbers");
    const bool logits = pd_safetensors_find(c->st, "logits");
    c->samples = pd_safetensors_meta(c->st, "samples");
    if (key->logits && !logits)
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: has no logits", name);
    if (n < 1 || !numbers || !c->samples ||
        pd_safetensors_get(c->st, "features", PD_IO_F32, 2, shapes[0], (const void **)&c->features, NULL) ||
        (logits &&
         pd_safetensors_get(c->st, "logits", PD_IO_F32, 2, shapes[1], (const void **)&c->logits, NULL)))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: is damaged", name);
    c->n = n;
    sum_numbers(n, key, c->features, c->logits, hex);
    if ((SUMS_COUNT && strcmp(hex, numbers) != 0) || !are_finite(c->features, n * key->width) ||
        (logits && !are_finite(c->logits, n * key->classes)))
        return pd_fail(err, PD_ERR_MISMATCH, -1, "%s: is damaged", name);
    return PD_OK;
}

static enum pd_status check(struct pd_feature_cache *c, const struct pd_feature_cache_key *key,
                            const char *name, enum pd_status status, struct pd_error *err)
{
    if (!status)
        status = check_meta(c->st, key, name, err);
    if (!status)
        status = check_tensors(c, key, name, err);
    if (status)
        pd_feature_cache_close(c);
    return status;
}

enum pd_status pd_feature_cache_open(const char *path, const struct pd_feature_cache_key *key,
                                     struct pd_feature_cache *out, struct pd_error *err)
{
    *out = (struct pd_feature_cache){.n = 0};
    return check(out, key, path, pd_safetensors_open(path, &out->st, err), err);
}

enum pd_status pd_feature_cache_parse(const void *bytes, size_t size, const char *name,
                                      const struct pd_feature_cache_key *key, struct pd_feature_cache *out,
                                      struct pd_error *err)
{
    *out = (struct pd_feature_cache){.n = 0};
    return check(out, key, name, pd_safetensors_parse(bytes, size, name, &out->st, err), err);
}

void pd_feature_cache_close(struct pd_feature_cache *c)
{
    pd_safetensors_destroy(c->st);
    *c = (struct pd_feature_cache){.n = 0};
}

/* --- writing --- */

enum pd_status pd_feature_cache_write(const char *path, const struct pd_feature_cache_key *key,
                                      const char *samples, int64_t n, const float *features,
                                      const float *logits, struct pd_error *err)
{
    char numbers[PD_SHA256_HEX];
    const struct pd_io_array tensors[] = {{"features", PD_IO_F32, 2, {n, key->width}, features},
                                          {"logits", PD_IO_F32, 2, {n, key->classes}, logits}};
    struct pd_st_meta meta[META_MOST] = {{"format", format}, {"numbers", numbers}, {"samples", samples}};
    sum_numbers(n, key, features, logits, numbers);
    for (size_t i = 0; i < key->count; i++)
        meta[3 + i] = key->meta[i];
    return pd_safetensors_write(path, tensors, logits ? 2 : 1, meta, 3 + key->count, err);
}

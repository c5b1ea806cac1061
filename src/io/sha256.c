#include "io/sha256.h"

#include <stddef.h>
#include <stdio.h>

void pd_sha256_hex(struct sha256_ctx *sum, char hex[PD_SHA256_HEX])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sum, sizeof digest, digest);
    for (int i = 0; i < SHA256_DIGEST_SIZE; i++)
        snprintf(hex + (ptrdiff_t)2 * i, 3, "%02x", digest[i]);
}

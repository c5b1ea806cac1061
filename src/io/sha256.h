/* A SHA-256 sum as people write it. */
#ifndef PD_IO_SHA256_H
#define PD_IO_SHA256_H

#include <nettle/sha2.h>

enum { PD_SHA256_HEX = 2 * SHA256_DIGEST_SIZE + 1 };

/* Takes the sum, which begins anew: 64 hexadecimal digits and a NUL. */
void pd_sha256_hex(struct sha256_ctx *sum, char hex[PD_SHA256_HEX]);

#endif

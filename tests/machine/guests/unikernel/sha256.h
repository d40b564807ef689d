/* SHA-256 (FIPS 180-4) of bytes in memory, without a library. */
#ifndef UNIKERNEL_SHA256_H
#define UNIKERNEL_SHA256_H

#include <stddef.h>
#include <stdint.h>

void sha256(uint8_t digest[32], const uint8_t *data, size_t len);

#endif

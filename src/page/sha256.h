/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) for the building machine. */
#ifndef PAGE_SHA256_H
#define PAGE_SHA256_H

#include <stddef.h>

#define SHA256_LEN 32

void sha256_of(unsigned char out[SHA256_LEN], const void *data, size_t len);

#endif

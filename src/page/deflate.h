/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compressor for the building machine (RFC 1951). It takes its time: it
 * looks for the parse that costs the fewest bits, not for a quick one. The
 * same input gives the same bytes on every machine, which the gzip programs of
 * different systems do not promise.
 */
#ifndef PAGE_DEFLATE_H
#define PAGE_DEFLATE_H

#include <stddef.h>

/* Longest input, bytes; matches reach back over all of it but for the window's
 * 32 KiB. */
#define DEFLATE_IN_MAX ((size_t)1 << 17)

/* Compresses in[0..n) into one block; returns how many bytes of out it took. 0:
 * more than cap, or n is over DEFLATE_IN_MAX. */
size_t deflate_block(unsigned char *out, size_t cap, const unsigned char *in,
    size_t n);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacks what page/deflate.c packed while the program was built: one block of
 * RFC 1951 with codes of its own, and nothing else. For bytes of the program
 * itself, so that it is small, not quick: a bit at a time.
 */
#ifndef BASE_INFLATE_H
#define BASE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/must.h"

/* Unpacks in[0..in_len) into exactly out_len bytes at out. false: `in` is no
 * such block, is cut short, or stands for more or fewer bytes; what is at out
 * is then of no use. Reads and writes nothing else, whatever `in` holds. */
bool inflate_block(unsigned char *out, size_t out_len, const unsigned char *in,
    size_t in_len);

#endif

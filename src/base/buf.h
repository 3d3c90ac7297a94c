/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only writer with a cap and a sticky failure.
 *
 * Appenders return nothing: the first one that does not fit sets b->failed,
 * later ones do nothing, and the caller tests buf_ok() once before it uses the
 * bytes. A buffer is either fixed (memory of the caller, never grows) or grows
 * inside an arena up to its cap. What was written before a failure stays, but
 * is not a whole answer: do not send it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

struct buf {
	char *p;         /* bytes written so far */
	size_t len;      /* bytes used */
	size_t size;     /* bytes allocated at p */
	size_t cap;      /* most bytes it may ever hold */
	struct arena *a; /* where it grows; NULL: fixed */
	bool failed;     /* something did not fit */
};

/* A buffer over the caller's memory. */
struct buf buf_fixed(char *p, size_t cap);
/* A buffer that grows inside the arena up to cap bytes. */
struct buf buf_in(struct arena *a, size_t cap);
/* Everything fitted. */
bool buf_ok(const struct buf *b) MUST_USE;
/* The bytes so far; valid until the next append. */
struct str buf_str(const struct buf *b);
/* Empties it (not failed any more); the memory stays. */
void buf_clear(struct buf *b);
/* Forgets what was written after `len` bytes; len <= b->len. */
void buf_cut(struct buf *b, size_t len);

void buf_add(struct buf *b, struct str s);
void buf_add_byte(struct buf *b, char c);
/* n copies of c. */
void buf_fill(struct buf *b, char c, size_t n);
void buf_add_u64(struct buf *b, uint64_t v);
void buf_add_i64(struct buf *b, int64_t v);
/* Decimal with at least `width` digits, zero-padded. */
void buf_add_padded(struct buf *b, uint64_t v, unsigned width);
/* Room for `len` bytes: returns where to write them and counts them as
 * written; NULL when they do not fit. */
char *buf_reserve(struct buf *b, size_t len);
/* Appends a sentence: %s takes a `struct str` (by value), %u a uint64_t, %d an
 * int64_t (cast at the call), %% is a percent sign; nothing else. The compiler
 * cannot check these, so keep them for texts that people read. */
void buf_addf(struct buf *b, const char *fmt, ...);
void buf_addv(struct buf *b, const char *fmt, va_list ap);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices of bytes.
 *
 * All text in the program is a `struct str`: a pointer and a length, passed by
 * value, never NUL-terminated, never owning. A slice is valid as long as what
 * it points into: an arena, an input buffer, or the program's own constants.
 * p == NULL means "absent", which most code treats like empty; where the
 * difference matters the function says so.
 *
 * Comparison is by bytes. Case-insensitive functions fold ASCII only, because
 * every case-insensitive name on our wires (header fields, hosts, schemes) is
 * ASCII by its RFC. NUL-terminated strings exist only at the libc border:
 * str_z() makes one in an arena.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"

struct arena;

struct str {
	const char *p; /* first byte; NULL: absent */
	size_t len;    /* bytes */
};

/* A slice of a string literal, without its NUL. STR_INIT is the same for
 * static initialisers. */
#define S(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_INIT(lit) { "" lit, sizeof(lit) - 1 }
#define STR_NONE ((struct str){ NULL, 0 })
/* Arguments for a "%.*s" conversion. */
#define STR_ARG(s) (int)(s).len, (s).p

/* A slice of `len` bytes at p. */
struct str str_of(const char *p, size_t len);
/* A slice of a NUL-terminated string; NULL gives the absent slice. */
struct str str_from_z(const char *z);
/* Copies s and a NUL into the arena. A NUL byte inside s would cut the string
 * at the libc border, so it is refused. NULL: out of memory or NUL inside. */
char *str_z(struct arena *a, struct str s) MUST_USE;
/* Copies s into the arena. Absent slice: out of memory (and a->failed). */
struct str str_dup(struct arena *a, struct str s);
/* Joins n slices into one in the arena; absent when out of memory. */
struct str str_join(struct arena *a, const struct str *parts, size_t n);

bool str_eq(struct str a, struct str b);
/* ASCII case folded. */
bool str_ieq(struct str a, struct str b);
/* Order by unsigned bytes, shorter first: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
/* Sorts in that order, in place. */
void str_sort(struct str *s, size_t n);
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Equal without a data-dependent branch or early exit; the lengths may leak.
 * For tokens, keys and signatures. */
bool str_eq_secret(struct str a, struct str b);

/* Index of the first c or needle at or after `from`; s.len where none is. */
size_t str_find_byte(struct str s, char c, size_t from);
size_t str_find(struct str s, struct str needle, size_t from);
/* Contains needle, ASCII case folded. */
bool str_icontains(struct str s, struct str needle);
/* A pattern in which each '*' stands for any bytes, also for none, matches all
 * of s; everything else counts as itself. Takes pattern.len * s.len steps at
 * most. */
bool str_matches(struct str pattern, struct str s);
/* str_matches() by one of n patterns. */
bool str_matches_any(const struct str *patterns, size_t n, struct str s);
/* Bytes [from, to), both clipped to s.len; empty when from >= to. */
struct str str_sub(struct str s, size_t from, size_t to);
/* Without leading and trailing blanks and tabs (RFC 9110 OWS). */
struct str str_trim(struct str s);
/* Like str_trim, CR and LF too. */
struct str str_trim_ws(struct str s);
/* Cuts at the first `sep`: returns what is before it and moves *rest behind it;
 * without a separator returns all and leaves *rest absent (p == NULL), so
 * `while (rest.p != NULL)` walks every field. */
struct str str_cut(struct str *rest, char sep);

/* Decimal digits only, no sign, no blanks, at least one digit, at most `max`.
 * false: not a number or too large; *out is then unchanged. */
bool str_u64(struct str s, uint64_t max, uint64_t *out) MUST_USE;
/* As str_u64, with an optional leading '-' and the range [min, max]. */
bool str_i64(struct str s, int64_t min, int64_t max, int64_t *out) MUST_USE;

char str_lower_byte(char c);
bool str_is_digit(char c);
bool str_is_alpha(char c);
bool str_is_alnum(char c);

/* Edit distance (insert, delete, replace: 1 each; ASCII case folded) of two
 * names of at most 64 bytes; longer ones give SIZE_MAX. For "did you mean". */
size_t str_distance(struct str a, struct str b);

/* a + b without wrap-around: false when it would not fit. */
bool str_size_add(size_t a, size_t b, size_t *out) MUST_USE;
bool str_size_mul(size_t a, size_t b, size_t *out) MUST_USE;

#endif

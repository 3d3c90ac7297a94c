/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices of bytes: comparison, search, cutting, strict integers. Nothing here
 * allocates except the three functions that take an arena.
 */
#include "base/str.h"

#include <string.h>

#include "base/arena.h"

/* see str.h */
struct str
str_of(const char *p, size_t len)
{
	return (struct str){ p, len };
}

/* see str.h */
struct str
str_from_z(const char *z)
{
	if (z == NULL) {
		return STR_NONE;
	}
	return str_of(z, strlen(z));
}

/* see str.h */
char *
str_z(struct arena *a, struct str s)
{
	char *z;

	if (s.len > 0 && memchr(s.p, '\0', s.len) != NULL) {
		return NULL;
	}
	z = arena_alloc(a, s.len + 1, 1);
	if (z == NULL) {
		return NULL;
	}
	if (s.len > 0) {
		memcpy(z, s.p, s.len);
	}
	z[s.len] = '\0';
	return z;
}

/* see str.h */
struct str
str_dup(struct arena *a, struct str s)
{
	return str_join(a, &s, 1);
}

/* see str.h */
struct str
str_join(struct arena *a, const struct str *parts, size_t n)
{
	size_t len = 0;
	size_t at = 0;
	char *p;

	for (size_t i = 0; i < n; i++) {
		if (!str_size_add(len, parts[i].len, &len)) {
			return STR_NONE;
		}
	}
	p = arena_alloc(a, len, 1);
	if (p == NULL) {
		return STR_NONE;
	}
	for (size_t i = 0; i < n; i++) {
		if (parts[i].len > 0) {
			memcpy(p + at, parts[i].p, parts[i].len);
		}
		at += parts[i].len;
	}
	return str_of(p, len);
}

/* see str.h */
bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* see str.h */
char
str_lower_byte(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char)(c + ('a' - 'A')) : c;
}

/* see str.h */
bool
str_ieq(struct str a, struct str b)
{
	return a.len == b.len && str_istarts(a, b);
}

/* see str.h */
int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0) {
		return c;
	}
	return (a.len > b.len) - (a.len < b.len);
}

/* see str.h */
void
str_sort(struct str *s, size_t n)
{
	/* Shell sort: no recursion, fast enough for 10,000 names. */
	for (size_t gap = n / 2; gap > 0; gap /= 2) {
		for (size_t i = gap; i < n; i++) {
			struct str one = s[i];
			size_t j = i;

			while (j >= gap && str_cmp(s[j - gap], one) > 0) {
				s[j] = s[j - gap];
				j -= gap;
			}
			s[j] = one;
		}
	}
}

/* see str.h */
bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_of(s.p, prefix.len), prefix);
}

/* see str.h */
bool
str_istarts(struct str s, struct str prefix)
{
	if (s.len < prefix.len) {
		return false;
	}
	for (size_t i = 0; i < prefix.len; i++) {
		if (s.p[i] != prefix.p[i] &&
		    str_lower_byte(s.p[i]) != str_lower_byte(prefix.p[i])) {
			return false;
		}
	}
	return true;
}

/* see str.h */
bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	    str_eq(str_sub(s, s.len - suffix.len, s.len), suffix);
}

/* see str.h */
bool
str_eq_secret(struct str a, struct str b)
{
	volatile uint64_t diff = 0;
	size_t i = 0;

	if (a.len != b.len) {
		return false;
	}
	/* Eight at a time: a token is read on every request. */
	for (; a.len - i >= sizeof(uint64_t); i += sizeof(uint64_t)) {
		uint64_t x;
		uint64_t y;

		memcpy(&x, a.p + i, sizeof(x));
		memcpy(&y, b.p + i, sizeof(y));
		diff = diff | (x ^ y);
	}
	for (; i < a.len; i++) {
		diff = diff | (unsigned char)(a.p[i] ^ b.p[i]);
	}
	return diff == 0;
}

/* see str.h */
size_t
str_find_byte(struct str s, char c, size_t from)
{
	const char *hit;

	if (from >= s.len) {
		return s.len;
	}
	hit = memchr(s.p + from, c, s.len - from);
	return hit == NULL ? s.len : (size_t)(hit - s.p);
}

/* see str.h */
size_t
str_find(struct str s, struct str needle, size_t from)
{
	if (needle.len == 0) {
		return from < s.len ? from : s.len;
	}
	for (size_t i = from; i + needle.len <= s.len; i++) {
		i = str_find_byte(s, needle.p[0], i);
		if (i + needle.len > s.len) {
			break;
		}
		if (memcmp(s.p + i, needle.p, needle.len) == 0) {
			return i;
		}
	}
	return s.len;
}

/* see str.h */
bool
str_icontains(struct str s, struct str needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++) {
		if (str_istarts(str_sub(s, i, s.len), needle)) {
			return true;
		}
	}
	return false;
}

/* see str.h */
bool
str_matches(struct str pattern, struct str s)
{
	size_t p = 0, i = 0;
	size_t star = SIZE_MAX; /* behind the last '*'; none yet */
	size_t from = 0;        /* where its bytes end, as tried now */

	while (i < s.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = ++p;
			from = i;
		} else if (p < pattern.len && pattern.p[p] == s.p[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.p[p] == '*') {
		p++;
	}
	return p == pattern.len;
}

/* see str.h */
bool
str_matches_any(const struct str *patterns, size_t n, struct str s)
{
	for (size_t i = 0; i < n; i++) {
		if (str_matches(patterns[i], s)) {
			return true;
		}
	}
	return false;
}

/* see str.h */
struct str
str_sub(struct str s, size_t from, size_t to)
{
	if (to > s.len) {
		to = s.len;
	}
	if (from >= to) {
		/* Stay inside the object: an empty slice at the cut. */
		return str_of(s.p == NULL ? "" : s.p + to, 0);
	}
	return str_of(s.p + from, to - from);
}

static bool
is_blank(char c, bool lines)
{
	return c == ' ' || c == '\t' || (lines && (c == '\r' || c == '\n'));
}

static struct str
trim(struct str s, bool lines)
{
	while (s.len > 0 && is_blank(s.p[0], lines)) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.p[s.len - 1], lines)) {
		s.len--;
	}
	return s;
}

/* see str.h */
struct str
str_trim(struct str s)
{
	return trim(s, false);
}

/* see str.h */
struct str
str_trim_ws(struct str s)
{
	return trim(s, true);
}

/* see str.h */
struct str
str_cut(struct str *rest, char sep)
{
	struct str all = *rest;
	size_t at = str_find_byte(all, sep, 0);

	if (at == all.len) {
		*rest = STR_NONE;
		return all;
	}
	*rest = str_sub(all, at + 1, all.len);
	return str_sub(all, 0, at);
}

/* see str.h */
bool
str_u64(struct str s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.len == 0) {
		return false;
	}
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)((unsigned char)s.p[i]) - '0';

		if (digit > 9 || v > (UINT64_MAX - digit) / 10) {
			return false;
		}
		v = v * 10 + digit;
	}
	if (v > max) {
		return false;
	}
	*out = v;
	return true;
}

/* see str.h */
bool
str_i64(struct str s, int64_t min, int64_t max, int64_t *out)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	uint64_t magnitude;
	int64_t v;

	if (!str_u64(str_sub(s, negative, s.len), (uint64_t)INT64_MAX + 1,
	    &magnitude)) {
		return false;
	}
	if (negative) {
		v = magnitude == (uint64_t)INT64_MAX + 1 ?
		    INT64_MIN : -(int64_t)magnitude;
	} else if (magnitude > (uint64_t)INT64_MAX) {
		return false;
	} else {
		v = (int64_t)magnitude;
	}
	if (v < min || v > max) {
		return false;
	}
	*out = v;
	return true;
}

/* see str.h */
bool
str_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* see str.h */
bool
str_is_alpha(char c)
{
	c = str_lower_byte(c);
	return c >= 'a' && c <= 'z';
}

/* see str.h */
bool
str_is_alnum(char c)
{
	return str_is_digit(c) || str_is_alpha(c);
}

/* see str.h */
size_t
str_distance(struct str a, struct str b)
{
	size_t row[65];

	if (a.len > 64 || b.len > 64) {
		return SIZE_MAX;
	}
	for (size_t j = 0; j <= b.len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = str_lower_byte(a.p[i - 1]) ==
			    str_lower_byte(b.p[j - 1]);
			size_t best = diagonal + !same;

			diagonal = row[j];
			if (row[j] + 1 < best) {
				best = row[j] + 1;
			}
			if (row[j - 1] + 1 < best) {
				best = row[j - 1] + 1;
			}
			row[j] = best;
		}
	}
	return row[b.len];
}

/* see str.h */
bool
str_size_add(size_t a, size_t b, size_t *out)
{
	return !__builtin_add_overflow(a, b, out);
}

/* see str.h */
bool
str_size_mul(size_t a, size_t b, size_t *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

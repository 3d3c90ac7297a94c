/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Append-only writer. Growth doubles, so the copying stays linear; when the
 * buffer's memory is the arena's newest allocation it grows in place.
 */
#include "base/buf.h"

#include <string.h>

#include "base/limits.h"

/* see buf.h */
struct buf
buf_fixed(char *p, size_t cap)
{
	return (struct buf){ .p = p, .size = cap, .cap = cap };
}

/* see buf.h */
struct buf
buf_in(struct arena *a, size_t cap)
{
	return (struct buf){ .a = a, .cap = cap };
}

/* see buf.h */
bool
buf_ok(const struct buf *b)
{
	return !b->failed;
}

/* see buf.h */
struct str
buf_str(const struct buf *b)
{
	return str_of(b->p == NULL ? "" : b->p, b->len);
}

/* see buf.h */
void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

/* see buf.h */
void
buf_cut(struct buf *b, size_t len)
{
	MUST(len <= b->len);
	b->len = len;
}

/* The size of a buffer that has to hold `want` bytes and would like to grow by
 * `more`. */
static size_t
new_size(const struct buf *b, size_t want, size_t more)
{
	size_t size = b->size < BUF_SIZE_MIN ? BUF_SIZE_MIN : b->size + more;

	/* Behind a large piece mostly a few brackets come. */
	size = size < want ? want + BUF_SIZE_MIN : size;
	return size > b->cap ? b->cap : size;
}

/* Makes room for `more` bytes behind the ones written. */
static bool
grow(struct buf *b, size_t more)
{
	size_t want;
	size_t size;
	char *p;

	if (!str_size_add(b->len, more, &want) || want > b->cap) {
		return false;
	}
	if (want <= b->size) {
		return true;
	}
	if (b->a == NULL) {
		return false;
	}
	if (b->p != NULL) {
		size = new_size(b, want, b->size < BUF_DOUBLE_MAX ? b->size :
		    b->size / 4);
		p = arena_regrow(b->a, b->p, b->size, size);
		if (p != NULL) {
			b->p = p;
			b->size = size;
			return true;
		}
	}
	size = new_size(b, want, b->size);
	p = arena_alloc(b->a, size, 1);
	if (p == NULL) {
		return false;
	}
	if (b->p != NULL && b->len > 0) {
		memcpy(p, b->p, b->len);
	}
	b->p = p;
	b->size = size;
	return true;
}

/* Here, so that the compiler can put it into each writer: most calls of a
 * reply end at the first test. size never exceeds cap. */
static inline char *
reserve(struct buf *b, size_t len)
{
	char *at;

	if (b->failed || (len > b->size - b->len && !grow(b, len))) {
		b->failed = true;
		return NULL;
	}
	at = b->p + b->len;
	b->len += len;
	return at;
}

/* see buf.h */
char *
buf_reserve(struct buf *b, size_t len)
{
	return reserve(b, len);
}

/* see buf.h */
void
buf_add(struct buf *b, struct str s)
{
	char *at;

	if (s.len == 0) {
		return;
	}
	at = reserve(b, s.len);
	if (at != NULL) {
		memcpy(at, s.p, s.len);
	}
}

/* see buf.h */
void
buf_add_byte(struct buf *b, char c)
{
	char *at = reserve(b, 1);

	if (at != NULL) {
		*at = c;
	}
}

/* see buf.h */
void
buf_fill(struct buf *b, char c, size_t n)
{
	char *at = reserve(b, n);

	if (at != NULL && n > 0) {
		memset(at, c, n);
	}
}

/* see buf.h */
void
buf_add_padded(struct buf *b, uint64_t v, unsigned width)
{
	char digits[20];
	size_t n = 0;

	do {
		digits[sizeof(digits) - ++n] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	while (n < width && n < sizeof(digits)) {
		digits[sizeof(digits) - ++n] = '0';
	}
	buf_add(b, str_of(digits + sizeof(digits) - n, n));
}

/* see buf.h */
void
buf_add_u64(struct buf *b, uint64_t v)
{
	buf_add_padded(b, v, 1);
}

/* see buf.h */
void
buf_add_i64(struct buf *b, int64_t v)
{
	if (v < 0) {
		buf_add_byte(b, '-');
		buf_add_u64(b, (uint64_t)-(v + 1) + 1);
	} else {
		buf_add_u64(b, (uint64_t)v);
	}
}

/* see buf.h */
void
buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addv(b, fmt, ap);
	va_end(ap);
}

/* see buf.h */
void
buf_addv(struct buf *b, const char *fmt, va_list ap)
{
	for (const char *at = fmt; *at != '\0'; at++) {
		if (*at != '%') {
			size_t n = strcspn(at, "%");

			buf_add(b, str_of(at, n));
			at += n - 1;
			continue;
		}
		at++;
		switch (*at) {
		case 's':
			buf_add(b, va_arg(ap, struct str));
			break;
		case 'u':
			buf_add_u64(b, va_arg(ap, uint64_t));
			break;
		case 'd':
			buf_add_i64(b, va_arg(ap, int64_t));
			break;
		case '%':
			buf_add_byte(b, '%');
			break;
		default:
			MUST_NOT("unknown conversion");
		}
	}
}

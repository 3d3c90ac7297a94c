/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoder of the chunked coding: one state machine for the bytes around the
 * data, and the data itself passed through as slices, never byte by byte.
 */
#include "proto/http1_chunked.h"

#include "base/limits.h"
#include "proto/chars.h"

enum chunk_state {
	CHUNK_SIZE_FIRST, /* the first digit of a size */
	CHUNK_SIZE,       /* more digits, or what ends them */
	CHUNK_BLANK,      /* blanks between size and ';' */
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER,    /* first byte of a trailer or of the last CRLF */
	CHUNK_TRAILER_NAME,
	CHUNK_TRAILER_VALUE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF
};

/* see http1_chunked.h */
void
http1_chunked_init(struct http1_chunked *c, uint64_t body_max)
{
	*c = (struct http1_chunked){ .body_max = body_max };
}

/* The size line is complete. */
static enum err
chunk_begins(struct http1_chunked *c)
{
	c->line_len = 0;
	if (c->left > c->body_max - c->body_len) {
		return ERR_HTTP_BODY_LIMIT;
	}
	c->state = c->left == 0 ? CHUNK_TRAILER : CHUNK_DATA;
	return ERR_OK;
}

/* Takes one byte behind the digits of a size. */
static enum err
chunk_size_ends(struct http1_chunked *c, char b)
{
	if (b == ';') {
		c->state = CHUNK_EXTENSION;
	} else if (b == ' ' || b == '\t') {
		/* Only an extension may follow: "5 \r\n" is not a size. */
		c->state = CHUNK_BLANK;
	} else if (b == '\r' && c->state == CHUNK_SIZE) {
		c->state = CHUNK_SIZE_LF;
	} else {
		return ERR_HTTP_FRAMING;
	}
	return ERR_OK;
}

/* Takes one byte of a size line or of what surrounds the data. */
static enum err
chunk_byte(struct http1_chunked *c, char b) /* long: one state machine */
{
	MUST(c->state != CHUNK_DATA);
	switch ((enum chunk_state)c->state) {
	case CHUNK_SIZE_FIRST:
	case CHUNK_SIZE:
		/* 16 digits fit in 64 bits; leading zeros count too. */
		if (chars_is(b, CHARS_HEX) && c->line_len <= 16) {
			c->left = c->left << 4 | chars_hex(b);
			c->state = CHUNK_SIZE;
			return ERR_OK;
		}
		return c->state == CHUNK_SIZE ? chunk_size_ends(c, b) :
		    ERR_HTTP_FRAMING;
	case CHUNK_BLANK:
		return chunk_size_ends(c, b);
	case CHUNK_EXTENSION:
		if (b == '\r') {
			c->state = CHUNK_SIZE_LF;
			return ERR_OK;
		}
		return chars_is(b, CHARS_VALUE) ? ERR_OK : ERR_HTTP_FRAMING;
	case CHUNK_SIZE_LF:
		return b == '\n' ? chunk_begins(c) : ERR_HTTP_FRAMING;
	case CHUNK_DATA_CR:
		c->state = CHUNK_DATA_LF;
		return b == '\r' ? ERR_OK : ERR_HTTP_FRAMING;
	case CHUNK_DATA_LF:
		c->state = CHUNK_SIZE_FIRST;
		c->line_len = 0;
		return b == '\n' ? ERR_OK : ERR_HTTP_FRAMING;
	case CHUNK_TRAILER:
		c->state = b == '\r' ? CHUNK_END_LF : CHUNK_TRAILER_NAME;
		return b == '\r' || chars_is(b, CHARS_TOKEN) ? ERR_OK :
		    ERR_HTTP_FRAMING;
	case CHUNK_TRAILER_NAME:
		if (b == ':') {
			c->state = CHUNK_TRAILER_VALUE;
			return ERR_OK;
		}
		return chars_is(b, CHARS_TOKEN) ? ERR_OK : ERR_HTTP_FRAMING;
	case CHUNK_TRAILER_VALUE:
		if (b == '\r') {
			c->state = CHUNK_TRAILER_LF;
			return ERR_OK;
		}
		return chars_is(b, CHARS_VALUE) ? ERR_OK : ERR_HTTP_FRAMING;
	case CHUNK_TRAILER_LF:
		c->state = CHUNK_TRAILER;
		return b == '\n' ? ERR_OK : ERR_HTTP_FRAMING;
	case CHUNK_DATA:
	case CHUNK_END_LF:
		break;
	}
	c->done = b == '\n';
	return c->done ? ERR_OK : ERR_HTTP_FRAMING;
}

/* Counts a byte that is not data against the limits. */
static enum err
chunk_overhead(struct http1_chunked *c)
{
	unsigned line_max = c->state >= CHUNK_TRAILER ? HTTP_TRAILER_MAX :
	    HTTP_CHUNK_LINE_MAX;

	c->overhead++;
	c->line_len++;
	if (c->line_len > line_max || c->overhead > HTTP_CHUNK_OVERHEAD_MAX +
	    HTTP_CHUNK_OVERHEAD_RATIO * c->body_len) {
		return ERR_HTTP_FRAMING;
	}
	return ERR_OK;
}

/* see http1_chunked.h */
long
http1_chunked_next(struct http1_chunked *c, struct str in, struct str *data,
    struct fail *f)
{
	size_t i = 0;

	*data = S("");
	while (i < in.len && !c->done && c->err == ERR_OK) {
		if (c->state == CHUNK_DATA) {
			size_t n = in.len - i;

			n = n < c->left ? n : (size_t)c->left;
			*data = str_of(in.p + i, n);
			c->left -= n;
			c->body_len += n;
			if (c->left == 0) {
				c->state = CHUNK_DATA_CR;
			}
			return (long)(i + n);
		}
		c->err = chunk_overhead(c);
		if (c->err == ERR_OK) {
			c->err = chunk_byte(c, in.p[i]);
		}
		if (c->err == ERR_OK) {
			i++;
		}
	}
	if (c->err != ERR_OK) {
		return -(long)fail_set(f, c->err, i, c->err ==
		    ERR_HTTP_FRAMING ? S("the chunked body is malformed") :
		    STR_NONE);
	}
	return (long)i;
}

/* see http1_chunked.h */
long
http1_chunked_feed(struct http1_chunked *c, struct str in, struct buf *out,
    struct fail *f)
{
	size_t used = 0;

	for (;;) {
		struct str data;
		long n = http1_chunked_next(c, str_sub(in, used, in.len),
		    &data, f);

		if (n <= 0) {
			return n < 0 ? n : (long)used;
		}
		used += (size_t)n;
		buf_add(out, data);
		if (!buf_ok(out)) {
			c->err = out->a != NULL && out->a->failed ?
			    ERR_NOMEM : ERR_HTTP_BODY_LIMIT;
			return -(long)fail_set(f, c->err, used, STR_NONE);
		}
	}
}

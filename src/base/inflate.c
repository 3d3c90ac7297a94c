/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 1951 3.2.7 backwards: see inflate.h. Codes of one length are numbers that
 * follow each other, in the order of their symbols, so that a code needs no
 * tree: how many there are of each length, and the symbols in order.
 */
#include "base/inflate.h"

#include <stdint.h>
#include <string.h>

#define CODE_LEN_MAX 15
#define LITERAL_N 288
#define DISTANCE_N 32
#define ORDER_N 19
#define END_OF_BLOCK 256
/* Last of the symbols for lengths, which has no bits behind it. */
#define LENGTH_LAST 28
#define LENGTH_MAX 258

struct reader {
	const unsigned char *in;
	size_t len, at; /* at counts bits */
	bool bad;
};

struct codes {
	uint16_t n[CODE_LEN_MAX + 1]; /* codes of each length */
	uint16_t symbols[LITERAL_N];  /* by length, then by number */
};

static unsigned
bits(struct reader *r, unsigned n)
{
	unsigned v = 0;

	for (unsigned i = 0; i < n; i++, r->at++) {
		if (r->at / 8 >= r->len) {
			r->bad = true;
			return 0;
		}
		v |= (unsigned)(r->in[r->at / 8] >> (r->at % 8) & 1) << i;
	}
	return v;
}

static void
make_codes(struct codes *c, const unsigned char *lens, size_t n)
{
	size_t k = 0;

	memset(c, 0, sizeof(*c));
	for (unsigned len = 1; len <= CODE_LEN_MAX; len++) {
		for (size_t i = 0; i < n; i++) {
			if (lens[i] == len) {
				c->symbols[k++] = (uint16_t)i;
				c->n[len]++;
			}
		}
	}
}

/* The symbol of the next code. */
static unsigned
symbol(struct reader *r, const struct codes *c)
{
	unsigned code = 0; /* counted from the first of this length */
	unsigned at = 0;

	for (unsigned len = 1; len <= CODE_LEN_MAX; len++) {
		code = code << 1 | bits(r, 1);
		if (code < c->n[len]) {
			return c->symbols[at + code];
		}
		code -= c->n[len];
		at += c->n[len];
	}
	r->bad = true;
	return 0;
}

/* Reads the lengths of both codes, which are packed themselves. */
static void
read_codes(struct reader *r, struct codes *literals, struct codes *distances)
{
	static const unsigned char order[ORDER_N] = { 16, 17, 18, 0, 8, 7, 9,
		6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	unsigned char lens[LITERAL_N + DISTANCE_N] = { 0 };
	size_t literal_n = bits(r, 5) + 257;
	size_t n = literal_n + bits(r, 5) + 1;
	size_t order_n = bits(r, 4) + 4;
	size_t i = 0;

	for (size_t k = 0; k < order_n; k++) {
		lens[order[k]] = (unsigned char)bits(r, 3);
	}
	make_codes(literals, lens, ORDER_N);
	memset(lens, 0, sizeof(lens));
	while (i < n && !r->bad) {
		unsigned s = symbol(r, literals);
		unsigned times = s < 16 ? 1 : s == 16 ? 3 + bits(r, 2) :
		    s == 17 ? 3 + bits(r, 3) : 11 + bits(r, 7);

		if (times > n - i || (s == 16 && i == 0)) {
			r->bad = true;
			break;
		}
		if (s >= 16) {
			s = s == 16 ? lens[i - 1] : 0;
		}
		memset(lens + i, (int)s, times);
		i += times;
	}
	make_codes(literals, lens, literal_n);
	make_codes(distances, lens + literal_n, n - literal_n);
}

/* Bytes to repeat, for the symbol that many above END_OF_BLOCK. */
static size_t
length(struct reader *r, unsigned s)
{
	unsigned extra = s < 8 ? 0 : (s >> 2) - 1;

	if (s >= LENGTH_LAST) {
		return LENGTH_MAX;
	}
	return 3 + (s < 8 ? s : (4 + (s & 3)) << extra) + bits(r, extra);
}

/* How far back they are. */
static size_t
distance(struct reader *r, unsigned s)
{
	unsigned extra = s < 4 ? 0 : (s >> 1) - 1;

	return 1 + (s < 4 ? s : (2 + (s & 1)) << extra) + bits(r, extra);
}

/* see inflate.h */
bool
inflate_block(unsigned char *out, size_t out_len, const unsigned char *in,
    size_t in_len)
{
	struct reader r = { .in = in, .len = in_len };
	struct codes literals, distances;
	size_t at = 0;

	if (bits(&r, 3) != 5) { /* the last block, with codes of its own */
		return false;
	}
	read_codes(&r, &literals, &distances);
	while (!r.bad) {
		unsigned s = symbol(&r, &literals);
		size_t len, back;

		if (s == END_OF_BLOCK) {
			return !r.bad && at == out_len;
		}
		if (s < END_OF_BLOCK) {
			if (at == out_len) {
				return false;
			}
			out[at++] = (unsigned char)s;
			continue;
		}
		len = length(&r, s - END_OF_BLOCK - 1);
		back = distance(&r, symbol(&r, &distances));
		if (len > out_len - at || back > at) {
			return false;
		}
		for (; len > 0; len--, at++) {
			out[at] = out[at - back];
		}
	}
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * see deflate.h. One block with codes of its own (RFC 1951 3.2.7).
 *
 * The input is parsed several times. Each time, going through it from the
 * front, every place gets the cheapest way to it that is known: a literal from
 * the place before, or a match, of each length at its nearest distance. Costs
 * are the code lengths that the parse before led to, so that the parses settle;
 * the smallest block is kept.
 */
#include "page/deflate.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WINDOW 32768
#define MATCH_MIN 3
#define MATCH_MAX 258
#define ROUNDS 12
#define HASH_N 65536
#define NOWHERE SIZE_MAX

enum {
	END = 256,
	LITERAL_N = 286, /* literals, END, lengths */
	DISTANCE_N = 30,
	ORDER_N = 19,    /* codes of code lengths */
	CODE_MAX = 15,
	ORDER_MAX = 7
};

/* A code with its extra bits (RFC 1951 3.2.5). */
struct range {
	unsigned short base;
	unsigned char extra;
};

static const struct range lengths[] = {
	{ 3, 0 }, { 4, 0 }, { 5, 0 }, { 6, 0 }, { 7, 0 }, { 8, 0 }, { 9, 0 },
	{ 10, 0 }, { 11, 1 }, { 13, 1 }, { 15, 1 }, { 17, 1 }, { 19, 2 },
	{ 23, 2 }, { 27, 2 }, { 31, 2 }, { 35, 3 }, { 43, 3 }, { 51, 3 },
	{ 59, 3 }, { 67, 4 }, { 83, 4 }, { 99, 4 }, { 115, 4 }, { 131, 5 },
	{ 163, 5 }, { 195, 5 }, { 227, 5 }, { 258, 0 }
};

static const struct range distances[DISTANCE_N] = {
	{ 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 5, 1 }, { 7, 1 }, { 9, 2 },
	{ 13, 2 }, { 17, 3 }, { 25, 3 }, { 33, 4 }, { 49, 4 }, { 65, 5 },
	{ 97, 5 }, { 129, 6 }, { 193, 6 }, { 257, 7 }, { 385, 7 }, { 513, 8 },
	{ 769, 8 }, { 1025, 9 }, { 1537, 9 }, { 2049, 10 }, { 3073, 10 },
	{ 4097, 11 }, { 6145, 11 }, { 8193, 12 }, { 12289, 12 },
	{ 16385, 13 }, { 24577, 13 }
};

#define LENGTH_N (sizeof(lengths) / sizeof(lengths[0]))

/* The order in which the lengths of ORDER codes are sent (3.2.7). */
static const unsigned char order[ORDER_N] = { 16, 17, 18, 0, 8, 7, 9, 6, 10,
	5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };

/* How often each symbol occurs, and how many bits its code has. */
struct model {
	uint32_t literal_n[LITERAL_N], distance_n[DISTANCE_N];
	unsigned char literal_bits[LITERAL_N], distance_bits[DISTANCE_N];
};

/* One step of a parse: a literal (length 1), or a match. */
struct step {
	unsigned short length;
	unsigned short distance;
};

static struct {
	size_t before[DEFLATE_IN_MAX];     /* last place that may have the same
	                                    * three bytes, or NOWHERE */
	uint32_t cost[DEFLATE_IN_MAX + 1]; /* bits of the cheapest way here */
	struct step way[DEFLATE_IN_MAX + 1]; /* its last step */
	struct step parse[DEFLATE_IN_MAX]; /* the whole way, forwards */
	size_t step_n;
} work;

/* The last range whose base is not over the value. */
static size_t
range_of(const struct range *ranges, size_t n, size_t value)
{
	size_t i = n - 1;

	while (ranges[i].base > value) {
		i--;
	}
	return i;
}

static void
link_places(const unsigned char *in, size_t n)
{
	static size_t last[HASH_N];
	size_t i;

	memset(last, 0xff, sizeof(last));
	for (i = 0; i < n; i++) {
		work.before[i] = NOWHERE;
		if (i + MATCH_MIN <= n) {
			size_t key = ((size_t)in[i] << 11 ^
			    (size_t)in[i + 1] << 5 ^ in[i + 2]) % HASH_N;

			work.before[i] = last[key];
			last[key] = i;
		}
	}
}

/* Makes [at + length] cheaper, if this step does. */
static void
try_step(size_t at, uint32_t bits, struct step step)
{
	size_t to = at + step.length;

	if (work.cost[at] + bits < work.cost[to]) {
		work.cost[to] = work.cost[at] + bits;
		work.way[to] = step;
	}
}

static void
try_matches(const unsigned char *in, size_t n, size_t at,
    const struct model *m)
{
	size_t max = n - at < MATCH_MAX ? n - at : MATCH_MAX;
	size_t length = MATCH_MIN - 1;
	size_t from;

	for (from = work.before[at]; from != NOWHERE && length < max &&
	    at - from <= WINDOW; from = work.before[from]) {
		size_t d = range_of(distances, DISTANCE_N, at - from);
		size_t same = length;

		if (memcmp(in + from, in + at, length + 1) != 0) {
			continue;
		}
		while (same < max && in[from + same] == in[at + same]) {
			same++;
		}
		while (length < same) {
			size_t l = range_of(lengths, LENGTH_N, ++length);

			try_step(at, (uint32_t)m->literal_bits[END + 1 + l] +
			    lengths[l].extra + m->distance_bits[d] +
			    distances[d].extra, (struct step){
			    (unsigned short)length,
			    (unsigned short)(at - from - 1) });
		}
	}
}

/* Leaves the cheapest parse in work.parse, and its symbols in m. */
static void
parse(const unsigned char *in, size_t n, struct model *m)
{
	size_t at;
	size_t i;

	memset(work.cost, 0xff, (n + 1) * sizeof(work.cost[0]));
	work.cost[0] = 0;
	for (at = 0; at < n; at++) {
		try_step(at, m->literal_bits[in[at]], (struct step){ 1, 0 });
		try_matches(in, n, at, m);
	}
	memset(m->literal_n, 0, sizeof(m->literal_n));
	memset(m->distance_n, 0, sizeof(m->distance_n));
	m->literal_n[END] = 1;
	work.step_n = 0;
	for (at = n; at > 0; at -= work.way[at].length) {
		work.step_n++;
	}
	i = work.step_n;
	for (at = n; at > 0; at -= work.way[at].length) {
		struct step step = work.way[at];

		work.parse[--i] = step;
		if (step.length == 1) {
			m->literal_n[in[at - 1]]++;
			continue;
		}
		m->literal_n[END + 1 + range_of(lengths, LENGTH_N,
		    step.length)]++;
		m->distance_n[range_of(distances, DISTANCE_N,
		    step.distance + (size_t)1)]++;
	}
}

/* Huffman's code lengths of the counts, the longest at most bits_max. Too long
 * ones are mended by evening out the counts. */
static void
code_lengths(unsigned char *bits, const uint32_t *counts, size_t n,
    unsigned bits_max)
{
	uint32_t weight[2 * LITERAL_N] = { 0 };
	size_t parent[2 * LITERAL_N] = { 0 };
	uint32_t flatten = 0;
	unsigned longest;

	do {
		size_t node_n = n;
		size_t i;

		longest = 0;
		for (i = 0; i < n; i++) {
			weight[i] = counts[i] == 0 ? 0 :
			    counts[i] + flatten;
			parent[i] = NOWHERE;
		}
		for (;;) {
			size_t a = NOWHERE, b = NOWHERE; /* the two lightest */

			for (i = 0; i < node_n; i++) {
				if (weight[i] == 0 || parent[i] != NOWHERE) {
					continue;
				}
				if (a == NOWHERE || weight[i] < weight[a]) {
					b = a;
					a = i;
				} else if (b == NOWHERE ||
				    weight[i] < weight[b]) {
					b = i;
				}
			}
			if (b == NOWHERE) {
				break;
			}
			weight[node_n] = weight[a] + weight[b];
			parent[node_n] = NOWHERE;
			parent[a] = node_n;
			parent[b] = node_n++;
		}
		for (i = 0; i < n; i++) {
			size_t up = i;

			bits[i] = weight[i] > 0 && parent[i] == NOWHERE;
			while (parent[up] != NOWHERE) {
				up = parent[up];
				bits[i]++;
			}
			longest = bits[i] > longest ? bits[i] : longest;
		}
		flatten = 2 * flatten + 1;
	} while (longest > bits_max);
}

/* Canonical codes of the lengths (RFC 1951 3.2.2), first bit lowest. */
static void
make_codes(uint16_t *codes, const unsigned char *bits, size_t n)
{
	unsigned code = 0;
	unsigned len;

	for (len = 1; len <= CODE_MAX; len++) {
		size_t i;

		for (i = 0; i < n; i++) {
			unsigned b;

			if (bits[i] != len) {
				continue;
			}
			codes[i] = 0;
			for (b = 0; b < len; b++) {
				codes[i] = (uint16_t)((unsigned)codes[i] << 1 |
				    (code >> b & 1));
			}
			code++;
		}
		code <<= 1;
	}
}

struct bits {
	unsigned char *out;
	size_t cap;
	size_t bit_n;
};

static void
put(struct bits *b, unsigned value, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++, b->bit_n++) {
		if (b->bit_n / 8 < b->cap) {
			unsigned char *p = &b->out[b->bit_n / 8];

			*p = (unsigned char)((b->bit_n % 8 == 0 ? 0 : *p) |
			    (value >> i & 1) << b->bit_n % 8);
		}
	}
}

/* A run of equal code lengths as one symbol of the ORDER code. */
struct run {
	unsigned char symbol, extra, extra_bits;
};

static size_t
find_runs(struct run *runs, const unsigned char *bits, size_t n)
{
	size_t run_n = 0;
	size_t i = 0;

	while (i < n) {
		size_t same = 1;
		size_t max = bits[i] == 0 ? 138 : 6;

		while (i + same < n && same < max &&
		    bits[i + same] == bits[i]) {
			same++;
		}
		if (bits[i] == 0 && same >= 11) {
			runs[run_n++] = (struct run){ 18,
			    (unsigned char)(same - 11), 7 };
		} else if (bits[i] == 0 && same >= 3) {
			runs[run_n++] = (struct run){ 17,
			    (unsigned char)(same - 3), 3 };
		} else if (same >= 3 && i > 0 && bits[i - 1] == bits[i]) {
			runs[run_n++] = (struct run){ 16,
			    (unsigned char)(same - 3), 2 };
		} else {
			runs[run_n++] = (struct run){ bits[i], 0, 0 };
			same = 1;
		}
		i += same;
	}
	return run_n;
}

/* How many of the lengths have to be sent, least_n at least. */
static size_t
used(const unsigned char *bits, size_t n, size_t least_n)
{
	while (n > least_n && bits[n - 1] == 0) {
		n--;
	}
	return n;
}

static void
put_codes(struct bits *b, const struct model *m)
{
	size_t literal_n = used(m->literal_bits, LITERAL_N, END + 1);
	size_t distance_n = used(m->distance_bits, DISTANCE_N, 1);
	unsigned char all[LITERAL_N + DISTANCE_N];
	struct run runs[LITERAL_N + DISTANCE_N];
	uint32_t counts[ORDER_N] = { 0 };
	unsigned char bits[ORDER_N];
	uint16_t codes[ORDER_N];
	size_t order_n = ORDER_N;
	size_t run_n;
	size_t i;

	memcpy(all, m->literal_bits, literal_n);
	memcpy(all + literal_n, m->distance_bits, distance_n);
	run_n = find_runs(runs, all, literal_n + distance_n);
	for (i = 0; i < run_n; i++) {
		counts[runs[i].symbol]++;
	}
	code_lengths(bits, counts, ORDER_N, ORDER_MAX);
	make_codes(codes, bits, ORDER_N);
	while (order_n > 4 && bits[order[order_n - 1]] == 0) {
		order_n--;
	}
	put(b, (unsigned)literal_n - 257, 5);
	put(b, (unsigned)distance_n - 1, 5);
	put(b, (unsigned)order_n - 4, 4);
	for (i = 0; i < order_n; i++) {
		put(b, bits[order[i]], 3);
	}
	for (i = 0; i < run_n; i++) {
		put(b, codes[runs[i].symbol], bits[runs[i].symbol]);
		put(b, runs[i].extra, runs[i].extra_bits);
	}
}

static size_t
put_block(unsigned char *out, size_t cap, const unsigned char *in,
    const struct model *m)
{
	struct bits b = { out, cap, 0 };
	uint16_t literals[LITERAL_N], distance_codes[DISTANCE_N];
	size_t at = 0;
	size_t i;

	make_codes(literals, m->literal_bits, LITERAL_N);
	make_codes(distance_codes, m->distance_bits, DISTANCE_N);
	put(&b, 1, 1); /* the last block */
	put(&b, 2, 2); /* codes of its own */
	put_codes(&b, m);
	for (i = 0; i < work.step_n; i++) {
		size_t length = work.parse[i].length;
		size_t distance = work.parse[i].distance + (size_t)1;
		size_t l, d;

		if (length == 1) {
			put(&b, literals[in[at]], m->literal_bits[in[at]]);
			at++;
			continue;
		}
		l = range_of(lengths, LENGTH_N, length);
		d = range_of(distances, DISTANCE_N, distance);
		put(&b, literals[END + 1 + l], m->literal_bits[END + 1 + l]);
		put(&b, (unsigned)(length - lengths[l].base),
		    lengths[l].extra);
		put(&b, distance_codes[d], m->distance_bits[d]);
		put(&b, (unsigned)(distance - distances[d].base),
		    distances[d].extra);
		at += length;
	}
	put(&b, literals[END], m->literal_bits[END]);
	return (b.bit_n + 7) / 8;
}

/* see deflate.h */
size_t
deflate_block(unsigned char *out, size_t cap, const unsigned char *in,
    size_t n)
{
	static unsigned char trial[DEFLATE_IN_MAX];
	struct model m;
	size_t best = cap + 1;
	int round;

	if (n > DEFLATE_IN_MAX) {
		return 0;
	}
	memset(m.literal_bits, 8, sizeof(m.literal_bits));
	memset(m.distance_bits, 5, sizeof(m.distance_bits));
	link_places(in, n);
	for (round = 0; round < ROUNDS; round++) {
		size_t len;
		size_t i;

		parse(in, n, &m);
		code_lengths(m.literal_bits, m.literal_n, LITERAL_N, CODE_MAX);
		code_lengths(m.distance_bits, m.distance_n, DISTANCE_N,
		    CODE_MAX);
		len = put_block(trial, sizeof(trial), in, &m);
		if (len < best && len <= sizeof(trial)) {
			best = len;
			memcpy(out, trial, len);
		}
		/* What this parse did without may pay in the next. */
		for (i = 0; i < LITERAL_N; i++) {
			m.literal_bits[i] = m.literal_bits[i] > 0 ?
			    m.literal_bits[i] : 13;
		}
		for (i = 0; i < DISTANCE_N; i++) {
			m.distance_bits[i] = m.distance_bits[i] > 0 ?
			    m.distance_bits[i] : 10;
		}
	}
	return best <= cap ? best : 0;
}

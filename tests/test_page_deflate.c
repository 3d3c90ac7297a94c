/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compressor of the building machine, read back by a decoder that walks
 * codes bit by bit, as RFC 1951 3.2.2 describes them, and shares no table with
 * it.
 */
#include "test.h"

#include "page/deflate.c"

#define OUT_MAX DEFLATE_IN_MAX

static unsigned char in[DEFLATE_IN_MAX + 1];
static unsigned char packed[OUT_MAX];
static unsigned char out[OUT_MAX];

struct reader {
	const unsigned char *p;
	size_t bit_n, at;
	bool bad;
};

static unsigned
take(struct reader *r, unsigned n)
{
	unsigned value = 0;

	for (unsigned i = 0; i < n; i++) {
		if (r->at == r->bit_n) {
			r->bad = true;
			return 0;
		}
		value |= (unsigned)(r->p[r->at / 8] >> r->at % 8 & 1) << i;
		r->at++;
	}
	return value;
}

/* The next symbol of the canonical code with these lengths. */
static unsigned
symbol(struct reader *r, const unsigned char *lens, size_t n)
{
	unsigned code = 0;
	unsigned first = 0;

	for (unsigned len = 1; len <= 15 && !r->bad; len++) {
		unsigned count = 0;

		code = code << 1 | take(r, 1);
		for (size_t i = 0; i < n; i++) {
			if (lens[i] == len && first + count++ == code) {
				return (unsigned)i;
			}
		}
		first = (first + count) << 1;
	}
	r->bad = true;
	return 0;
}

/* RFC 1951 3.2.5 as arithmetic: `group` codes share a number of extra bits,
 * after `plain` codes without any. */
static unsigned
ranged(struct reader *r, unsigned code, unsigned group, unsigned plain)
{
	unsigned extra = code < plain ? 0 : code / group - plain / group + 1;

	return code < plain ? code : ((code % group + group) << extra) +
	    take(r, extra);
}

static void
read_lengths(struct reader *r, unsigned char *lens, unsigned n,
    unsigned order_n)
{
	static const unsigned char places[19] = { 16, 17, 18, 0, 8, 7, 9, 6,
	    10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	unsigned char first[19] = { 0 };
	unsigned i;

	for (i = 0; i < order_n; i++) {
		first[places[i]] = (unsigned char)take(r, 3);
	}
	for (i = 0; i < n && !r->bad;) {
		unsigned s = symbol(r, first, 19);
		unsigned again = s < 16 ? 1 : s == 16 ? 3 + take(r, 2) :
		    s == 17 ? 3 + take(r, 3) : 11 + take(r, 7);
		unsigned char len = s < 16 ? (unsigned char)s :
		    s == 16 && i > 0 ? lens[i - 1] : 0;

		while (again-- > 0 && i < n) {
			lens[i++] = len;
		}
	}
}

/* Length of the text that one final block of len bytes holds, left in out;
 * SIZE_MAX: it is none. */
static size_t
unpack(size_t len)
{
	struct reader r = { packed, len * 8, 0, false };
	unsigned char lens[320] = { 0 };
	size_t n = 0;
	bool head = take(&r, 1) == 1 && take(&r, 2) == 2;
	unsigned literal_n = 257 + take(&r, 5);
	unsigned distance_n = 1 + take(&r, 5);
	unsigned order_n = 4 + take(&r, 4);

	read_lengths(&r, lens, literal_n + distance_n, order_n);
	while (head && !r.bad) {
		unsigned s = symbol(&r, lens, literal_n);
		size_t length, back;

		if (s == 256) {
			return r.at + 7 >= r.bit_n ? n : SIZE_MAX;
		}
		if (s < 256) {
			out[n++] = (unsigned char)s;
			continue;
		}
		length = s == 285 ? 258 : 3 + ranged(&r, s - 257, 4, 8);
		back = 1 + ranged(&r, symbol(&r, lens + literal_n,
		    distance_n), 2, 4);
		while (length-- > 0 && back <= n && n < OUT_MAX) {
			out[n] = out[n - back];
			n++;
		}
	}
	return SIZE_MAX;
}

static bool
comes_back(size_t n, size_t *packed_len)
{
	*packed_len = deflate_block(packed, sizeof(packed), in, n);
	return *packed_len > 0 && unpack(*packed_len) == n &&
	    memcmp(in, out, n) == 0;
}

/* n bytes of noise over some letters. */
static void
noise(unsigned char *p, size_t n, unsigned letters, uint32_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (unsigned char)((seed >> 16) % letters);
	}
}

TEST(nothing_and_little_come_back)
{
	size_t len;

	for (size_t n = 0; n < 40; n++) {
		noise(in, n, 3, (uint32_t)n);
		CHECK(comes_back(n, &len));
	}
}

TEST(every_length_of_a_match_comes_back)
{
	size_t n = 700;
	size_t len;

	/* Each piece ends where the noise that it repeats goes on otherwise,
	 * and begins elsewhere than the piece before. */
	noise(in, n, 256, 7);
	for (size_t length = 3; length <= 270; length++) {
		size_t from = length * 37 % 400;

		memcpy(in + n, in + from, length);
		n += length;
		in[n] = (unsigned char)~in[from + length];
		n++;
	}
	CHECK(comes_back(n, &len));
	/* A piece costs some four bytes. */
	CHECK(len < 700 + 270 * 5);
}

TEST(every_distance_of_a_match_comes_back)
{
	size_t len, apart;

	for (apart = 4; apart < 40000; apart += apart / 3) {
		noise(in, apart + 200, 256, (uint32_t)apart);
		memmove(in + apart, in, 100);
		CHECK(comes_back(apart + 200, &len));
	}
	/* As far as the window reaches, and no further. */
	for (apart = 32767; apart < 32770; apart++) {
		noise(in, apart + 200, 256, (uint32_t)apart);
		memmove(in + apart, in, 200);
		CHECK(comes_back(apart + 200, &len));
		CHECK((len < apart + 150) == (apart <= 32768));
	}
}

TEST(runs_cost_next_to_nothing)
{
	size_t len;

	memset(in, 'x', 20000);
	CHECK(comes_back(20000, &len));
	CHECK(len < 100);
}

TEST(codes_are_never_longer_than_fifteen_bits)
{
	size_t n = 0;
	size_t len;

	/* Counts like Fibonacci's numbers make the longest codes. Two letters
	 * differ from the next ones, so that nothing repeats for long. */
	for (size_t letter = 0, a = 1, b = 1; n + a < 12000; letter++) {
		size_t next = a + b;

		for (size_t i = 0; i < a; i++) {
			in[n++] = (unsigned char)(2 * letter);
		}
		a = b;
		b = next;
	}
	for (size_t i = n; i > 1; i--) {
		size_t j = (i * 2654435761u >> 7) % i;
		unsigned char c = in[i - 1];

		in[i - 1] = in[j];
		in[j] = c;
	}
	CHECK(comes_back(n, &len));
}

TEST(what_does_not_fit_is_said)
{
	noise(in, 1000, 256, 1);
	CHECK_INT(deflate_block(packed, 900, in, 1000), 0);
	CHECK_INT(deflate_block(packed, sizeof(packed), in,
	    DEFLATE_IN_MAX + 1), 0);
}

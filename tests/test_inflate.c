/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacking a block. The block here was packed by zlib, which uses repeats of
 * every kind; what page/deflate.c packs is compared where it is used, in
 * test_roots.c and test_account.c.
 */
#include "base/inflate.h"

#include "base/buf.h"
#include "test.h"

static const unsigned char packed[] = {
	237,147,65,106,67,49,12,68,247,57,133,79,16,190,37,219,223,14,228,18,
	185,193,47,252,210,197,135,44,26,232,245,19,143,118,37,15,122,128,122,
	39,134,25,75,163,209,237,254,147,150,116,255,76,203,37,61,190,246,244,
	177,127,63,102,185,29,199,249,116,123,129,121,86,57,192,99,223,126,161,
	101,86,70,232,152,149,147,112,155,101,33,174,213,89,86,130,93,236,6,
	218,69,63,175,68,110,106,187,19,220,53,243,0,109,151,33,11,246,45,237,
	204,142,173,194,13,212,87,19,236,40,47,24,93,243,88,87,5,245,22,244,
	134,11,147,233,25,141,243,24,190,83,243,74,82,30,68,207,250,222,208,
	187,42,121,203,32,63,180,115,195,184,149,72,35,122,55,100,142,21,10,77,
	252,142,145,27,33,143,230,85,77,111,43,200,119,161,24,186,38,235,13,
	189,51,229,198,233,76,187,228,29,99,87,213,188,163,119,166,213,56,29,
	107,143,83,198,220,53,89,235,124,174,154,206,233,94,115,208,49,119,93,
	155,119,54,47,240,119,39,123,253,127,127,126,79,
};

#define TEXT_LEN 1549

/* What was packed. */
static void
put_text(struct buf *b)
{
	for (int i = 0; i < 40; i++) {
		buf_addf(b, "Row %d of %d: the %s of all.\n",
		    (int64_t)(i * i % 97), (int64_t)i,
		    i % 3 != 0 ? S("least") : S("best"));
	}
	for (int i = 0; i < 300; i++) {
		buf_add_byte(b, '=');
	}
}

TEST(a_block_becomes_what_was_packed)
{
	unsigned char out[TEXT_LEN];
	char want[TEXT_LEN + 1];
	struct buf b = buf_fixed(want, sizeof(want));

	put_text(&b);
	CHECK_INT(b.len, TEXT_LEN);
	CHECK(inflate_block(out, TEXT_LEN, packed, sizeof(packed)));
	CHECK_STR(str_of((const char *)out, TEXT_LEN), buf_str(&b));
}

TEST(another_length_is_refused)
{
	unsigned char out[TEXT_LEN + 1];

	CHECK(!inflate_block(out, TEXT_LEN + 1, packed, sizeof(packed)));
	for (size_t n = 0; n < TEXT_LEN; n++) {
		CHECK(!inflate_block(out, n, packed, sizeof(packed)));
	}
}

TEST(what_is_cut_short_is_refused)
{
	unsigned char out[TEXT_LEN];

	for (size_t n = 0; n < sizeof(packed); n++) {
		CHECK(!inflate_block(out, TEXT_LEN, packed, n));
	}
}

TEST(damage_stays_within_bounds)
{
	unsigned char out[TEXT_LEN];
	unsigned char bad[sizeof(packed)];
	size_t refused_n = 0;

	for (size_t bit = 0; bit < sizeof(packed) * 8; bit++) {
		memcpy(bad, packed, sizeof(bad));
		bad[bit / 8] ^= (unsigned char)(1U << bit % 8);
		refused_n += !inflate_block(out, TEXT_LEN, bad, sizeof(bad));
	}
	CHECK(refused_n > sizeof(packed));
}

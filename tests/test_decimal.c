/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long decimals against numbers that are known or that 128 bits can hold;
 * against the C library through tests/test_num.c.
 */
#include "base/decimal.h"

#include "test.h"

/* "0.125" as "125e0": the digits and the point. */
static struct str
text_of(const struct decimal *x)
{
	static char text[DECIMAL_MAX_N + 16];
	size_t len = 0;

	for (; len < x->n; len++) {
		text[len] = (char)('0' + x->d[len]);
	}
	len += (size_t)snprintf(text + len, 16, "e%d%s", x->point,
	    x->more ? "+" : "");
	return str_of(text, len);
}

static struct decimal
made(uint64_t v, int bits)
{
	struct decimal x;

	decimal_set(&x, v);
	decimal_scale(&x, bits);
	return x;
}

TEST(powers_of_two_are_exact_in_both_directions)
{
	struct decimal x = made(1, -3);

	CHECK_STR(text_of(&x), S("125e0"));
	x = made(1, -10);
	CHECK_STR(text_of(&x), S("9765625e-3"));
	x = made(3, 100);
	CHECK_STR(text_of(&x), S("3802951800684688204490109616128e31"));
	x = made(UINT64_MAX, 0);
	CHECK_STR(text_of(&x), S("18446744073709551615e20"));
	x = made(0, 500);
	CHECK_STR(text_of(&x), S("e0"));
}

TEST(there_and_back_is_the_same)
{
	uint64_t state = 3;

	for (int i = 0; i < 2000; i++) {
		uint64_t v = test_random(&state) >> (test_random(&state) % 64);
		int bits = (int)(test_random(&state) % 900);
		struct decimal x = made(v, bits);

		decimal_scale(&x, -bits);
		CHECK(!x.more);
		CHECK(decimal_whole(&x) == v);
		x = made(v, -bits);
		decimal_scale(&x, bits);
		CHECK(!x.more);
		CHECK(decimal_whole(&x) == v);
	}
}

TEST(what_does_not_fit_is_only_remembered)
{
	struct decimal x = made(1, -1023);

	CHECK_INT(x.n, 716);
	CHECK(!x.more);
	decimal_scale(&x, -1000);
	CHECK(x.n > DECIMAL_MAX_N - 20 && x.n <= DECIMAL_MAX_N);
	CHECK(x.more);
}

TEST(rounding_goes_to_the_nearest_and_from_the_middle_to_even)
{
	static const struct {
		uint64_t v;
		size_t n;
		struct str text;
	} rows[] = {
		{ 125, 2, STR_INIT("12e3") },
		{ 135, 2, STR_INIT("14e3") },
		{ 1251, 2, STR_INIT("13e4") }, { 124, 2, STR_INIT("12e3") },
		{ 999, 2, STR_INIT("1e4") }, { 999, 3, STR_INIT("999e3") },
		{ 1996, 3, STR_INIT("2e4") }, { 70, 5, STR_INIT("7e2") },
	};
	struct decimal x;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		decimal_set(&x, rows[i].v);
		decimal_round(&x, rows[i].n);
		CHECK_STR(text_of(&x), rows[i].text);
	}
	decimal_set(&x, 125);
	x.more = true;
	decimal_round(&x, 2);
	CHECK_INT(x.d[1], 3);
	x = made(1, -1);
	CHECK_INT(decimal_whole(&x), 0);
	x = made(3, -1);
	CHECK_INT(decimal_whole(&x), 2);
	x = made(5, -1);
	CHECK_INT(decimal_whole(&x), 2);
	x = made(1, -9);
	CHECK_INT(decimal_whole(&x), 0);
}

TEST(order_is_that_of_the_numbers)
{
	uint64_t state = 11;

	for (int i = 0; i < 20000; i++) {
		uint64_t v = test_random(&state) >> (test_random(&state) % 64);
		uint64_t w = (i & 1) != 0 ? v / 10 :
		    test_random(&state) >> (test_random(&state) % 64);
		struct decimal a = made(v, -70);
		struct decimal b = made(w, -70);

		int cmp = decimal_cmp(&a, &b);

		CHECK_INT((cmp > 0) - (cmp < 0), (v > w) - (v < w));
	}
}

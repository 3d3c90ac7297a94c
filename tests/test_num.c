/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as text: known answers, and properties against the C library over
 * random bit patterns and random short decimals.
 */
#include "base/num.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/limits.h"
#include "test.h"

static struct str
text_of(double v)
{
	static char text[NUM_TEXT_MAX];

	return str_of(text, num_format(v, text));
}

TEST(known_values_have_their_shortest_text)
{
	CHECK_STR(text_of(0), S("0"));
	CHECK_STR(text_of(-0.0), S("0"));
	CHECK_STR(text_of(1), S("1"));
	CHECK_STR(text_of(-1), S("-1"));
	CHECK_STR(text_of(0.1), S("0.1"));
	CHECK_STR(text_of(0.3), S("0.3"));
	CHECK_STR(text_of(0.1 + 0.2), S("0.30000000000000004"));
	CHECK_STR(text_of(1.0 / 3), S("0.3333333333333333"));
	CHECK_STR(text_of(100), S("100"));
	CHECK_STR(text_of(1234.5678), S("1234.5678"));
	CHECK_STR(text_of(9007199254740992.0), S("9007199254740992"));
	CHECK_STR(text_of(9007199254740991.0), S("9007199254740991"));
	CHECK_STR(text_of(1e15), S("1000000000000000"));
	CHECK_STR(text_of(1e20), S("100000000000000000000"));
	CHECK_STR(text_of(1e21), S("1e21"));
	CHECK_STR(text_of(1.5e300), S("1.5e300"));
	CHECK_STR(text_of(1e-6), S("0.000001"));
	CHECK_STR(text_of(1.25e-6), S("0.00000125"));
	CHECK_STR(text_of(1e-7), S("1e-7"));
	CHECK_STR(text_of(5e-324), S("5e-324"));
	CHECK_STR(text_of(DBL_MAX), S("1.7976931348623157e308"));
	CHECK_STR(text_of(-DBL_MIN), S("-2.2250738585072014e-308"));
	CHECK_STR(text_of(98.76), S("98.76"));
	CHECK_STR(text_of(1699999999.123), S("1699999999.123"));
}

TEST(values_without_text_give_nothing)
{
	char text[NUM_TEXT_MAX];

	CHECK_INT(num_format(INFINITY, text), 0);
	CHECK_INT(num_format(-INFINITY, text), 0);
	CHECK_INT(num_format(NAN, text), 0);
}

/* Formats v, reads it back two ways, and looks for a shorter text. */
static bool
holds(double v)
{
	char z[40];
	double back;
	size_t digit_n = 0;
	struct str s = text_of(v);

	memcpy(z, s.p, s.len);
	z[s.len] = '\0';
	if (s.len == 0 || s.len > NUM_TEXT_MAX || strtod(z, NULL) != v ||
	    !num_parse(s, &back) || back != v) {
		printf("    %a became %s\n", v, z);
		return false;
	}
	for (size_t i = 0; i < s.len && s.p[i] != 'e'; i++) {
		if (str_is_digit(s.p[i]) && (digit_n > 0 || s.p[i] != '0')) {
			digit_n++;
		}
	}
	while (s.len > 0 && s.p[s.len - 1] == '0' &&
	    str_find_byte(s, '.', 0) == s.len) {
		s.len--;
		digit_n--;
	}
	if (digit_n > 1 && digit_n <= 17 && str_find_byte(s, 'e', 0) == s.len) {
		(void)snprintf(z, sizeof(z), "%.*e", (int)digit_n - 2, v);
		if (strtod(z, NULL) == v) {
			printf("    %s is shorter\n", z);
			return false;
		}
	}
	return true;
}

TEST(every_bit_pattern_reads_back)
{
	uint64_t state = 42;

	for (int i = 0; i < 200000; i++) {
		uint64_t bits = test_random(&state);
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v)) {
			CHECK(holds(v));
		}
	}
}

TEST(short_decimals_read_back)
{
	uint64_t state = 7;

	for (int i = 0; i < 200000; i++) {
		uint64_t digits = test_random(&state) >> (test_random(&state)
		    % 60);
		double v = (double)digits;

		for (uint64_t k = test_random(&state) % 30; k > 0; k--) {
			v /= 10;
		}
		CHECK(holds(v));
		CHECK(holds(-v));
	}
}

TEST(reading_agrees_with_the_c_library)
{
	uint64_t state = 99;

	for (int i = 0; i < 200000; i++) {
		char z[64];
		double v;
		int len = snprintf(z, sizeof(z), "%s%" PRIu64 ".%" PRIu64
		    "e%d", (i & 1) != 0 ? "-" : "",
		    test_random(&state) >> (test_random(&state) % 64),
		    test_random(&state) >> (test_random(&state) % 64),
		    (int)(test_random(&state) % 600) - 300);

		CHECK(num_parse(str_of(z, (size_t)len), &v) ==
		    (bool)isfinite(strtod(z, NULL)));
		if (isfinite(strtod(z, NULL))) {
			CHECK(v == strtod(z, NULL));
		}
	}
}

TEST(malformed_numbers_are_refused_where_they_break)
{
	static const struct { struct str s; size_t bad; } rows[] = {
		{ STR_INIT(""), 0 }, { STR_INIT("-"), 1 },
		{ STR_INIT("+1"), 0 }, { STR_INIT("01"), 1 },
		{ STR_INIT("-00"), 2 }, { STR_INIT("1."), 2 },
		{ STR_INIT("1.x"), 2 }, { STR_INIT(".5"), 0 },
		{ STR_INIT("1e"), 2 }, { STR_INIT("1e+"), 3 },
		{ STR_INIT("1e-x"), 3 }, { STR_INIT("x"), 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t bad = 99;
		double v;

		CHECK_INT(num_scan(rows[i].s, &bad), 0);
		CHECK_INT(bad, rows[i].bad);
		CHECK(!num_parse(rows[i].s, &v));
	}
}

TEST(a_number_ends_where_its_grammar_ends)
{
	size_t bad;

	CHECK_INT(num_scan(S("12,3"), &bad), 2);
	CHECK_INT(num_scan(S("0x10"), &bad), 1);
	CHECK_INT(num_scan(S("-1.50e+3]"), &bad), 8);
}

TEST(out_of_range_is_refused_and_underflow_is_zero)
{
	char digits[NUM_PARSE_MAX + 1];
	double v = 1;

	CHECK(!num_parse(S("1e400"), &v));
	CHECK(!num_parse(S("-1e99999999999999999999"), &v));
	CHECK(num_parse(S("1e-99999999999999999999"), &v));
	CHECK(v == 0);
	CHECK(num_parse(S("0e99999"), &v) && v == 0);
	memset(digits, '1', sizeof(digits));
	CHECK(!num_parse(str_of(digits, NUM_PARSE_MAX), &v));
	memset(digits, '0', NUM_PARSE_MAX);
	digits[1] = '.';
	digits[NUM_PARSE_MAX - 1] = '5';
	CHECK(num_parse(str_of(digits, NUM_PARSE_MAX), &v) && v == 0);
	CHECK(!num_parse(str_of(digits, NUM_PARSE_MAX + 1), &v));
}

static bool
whole(struct str s, int64_t *out)
{
	return num_parse_i64(s, INT64_MIN, INT64_MAX, out);
}

TEST(whole_numbers_count_however_they_are_written)
{
	int64_t v;

	CHECK(whole(S("42"), &v) && v == 42);
	CHECK(whole(S("42.0"), &v) && v == 42);
	CHECK(whole(S("42.000e0"), &v) && v == 42);
	CHECK(whole(S("1e3"), &v) && v == 1000);
	CHECK(whole(S("1.5e1"), &v) && v == 15);
	CHECK(whole(S("1500e-2"), &v) && v == 15);
	CHECK(whole(S("-0"), &v) && v == 0);
	CHECK(whole(S("0e-5"), &v) && v == 0);
	CHECK(whole(S("0e99999"), &v) && v == 0);
	CHECK(whole(S("9223372036854775807"), &v) && v == INT64_MAX);
	CHECK(whole(S("-9223372036854775808"), &v) && v == INT64_MIN);
	CHECK(whole(S("9007199254740993"), &v) && v == 9007199254740993);
	CHECK(whole(S("100000000000000000000e-10"), &v) && v == 10000000000);
}

TEST(numbers_that_are_not_whole_or_not_in_range_are_refused)
{
	int64_t v = 5;

	CHECK(!whole(S("42.5"), &v));
	CHECK(!whole(S("1e-1"), &v));
	CHECK(!whole(S("9223372036854775808"), &v));
	CHECK(!whole(S("-9223372036854775809"), &v));
	CHECK(!whole(S("1e19"), &v));
	CHECK(!whole(S("1e999999999"), &v));
	CHECK(!whole(S("18446744073709551616"), &v));
	CHECK(!whole(S(""), &v));
	CHECK(!whole(S("4 2"), &v));
	CHECK(!num_parse_i64(S("11"), 0, 10, &v));
	CHECK(!num_parse_i64(S("-1"), 0, 10, &v));
	CHECK_INT(v, 5);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doubles as text, exactly.
 *
 * Short decimals, which is what measurements mostly are, go a short way in
 * both directions. Reading: a significand below 2^53 and a power of ten up to
 * 10^22 are both exact doubles, so one multiplication or division rounds once
 * and is therefore right (Clinger 1990). Writing: when v * 10^k rounds to a
 * whole m below 10^15 and m / 10^k, by the same argument, is v again, then m
 * with k decimals is the shortest text, because at most 15 digits are unique.
 * What is left goes by way of decimal.h, exact to the last digit: reading
 * brings the decimal between 1/2 and 1 and counts the powers of two, writing
 * looks for the first count of digits, 15 to 17, that stays nearer to v than
 * to its neighbours.
 */
#include "base/num.h"

#include <float.h>
#include <string.h>

#include "base/decimal.h"
#include "base/limits.h"

/* Powers of ten that a double holds exactly. */
static const double exact_powers[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};
#define EXACT_POWER_MAX 22

/* A number taken apart: digits without leading and trailing zeros, and the
 * power of ten of the last one. */
struct parts {
	uint64_t digits; /* significand; valid unless `wide` */
	int64_t power;   /* value = digits * 10^power */
	bool negative;
	bool wide;       /* more digits than 64 bits hold */
};

static size_t
digits_end(struct str s, size_t i)
{
	while (i < s.len && str_is_digit(s.p[i])) {
		i++;
	}
	return i;
}

/* see num.h */
size_t
num_scan(struct str s, size_t *bad)
{
	size_t i = s.len > 0 && s.p[0] == '-';
	size_t end = digits_end(s, i);

	*bad = i;
	if (end == i) {
		return 0;
	}
	if (s.p[i] == '0' && end > i + 1) {
		*bad = i + 1;
		return 0;
	}
	i = end;
	if (i < s.len && s.p[i] == '.') {
		end = digits_end(s, i + 1);
		if (end == i + 1) {
			*bad = end;
			return 0;
		}
		i = end;
	}
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.len && (s.p[i] == '+' || s.p[i] == '-')) {
			i++;
		}
		end = digits_end(s, i);
		if (end == i) {
			*bad = end;
			return 0;
		}
		i = end;
	}
	return i;
}

/* The exponent behind 'e'; far beyond any range it stays where it is. */
static int64_t
exponent_of(struct str s)
{
	bool negative = s.p[0] == '-';
	int64_t v = 0;

	for (size_t i = negative || s.p[0] == '+'; i < s.len; i++) {
		if (v < 1000000) {
			v = v * 10 + (s.p[i] - '0');
		}
	}
	return negative ? -v : v;
}

/* Adds a digit behind d, and first the zeros that were held back. */
static void
push_digit(struct parts *d, unsigned digit, size_t zero_n)
{
	for (size_t i = 0; i <= zero_n && !d->wide; i++) {
		unsigned add = i == zero_n ? digit : 0;

		d->wide = __builtin_mul_overflow(d->digits, (uint64_t)10,
		    &d->digits) || __builtin_add_overflow(d->digits,
		    (uint64_t)add, &d->digits);
	}
}

/* Takes apart a text that num_scan() accepted whole. */
static struct parts
take_apart(struct str s)
{
	struct parts d = { .negative = s.p[0] == '-' };
	size_t zero_n = 0; /* zeros that count only if a digit follows */
	bool fraction = false;
	size_t i;

	for (i = d.negative; i < s.len; i++) {
		char c = s.p[i];

		if (c == '.') {
			fraction = true;
			continue;
		}
		if (!str_is_digit(c)) {
			d.power += exponent_of(str_sub(s, i + 1, s.len));
			break;
		}
		d.power -= fraction;
		if (c == '0') {
			zero_n += d.digits != 0;
			continue;
		}
		push_digit(&d, (unsigned)(c - '0'), zero_n);
		zero_n = 0;
	}
	d.power += (int64_t)zero_n;
	return d;
}

/* All digits of a text that num_scan() accepted whole, without its sign. */
static void
collect(struct str s, struct decimal *x)
{
	bool fraction = false;
	int64_t point = 0;

	x->n = 0;
	x->more = false;
	for (size_t i = s.p[0] == '-'; i < s.len; i++) {
		char c = s.p[i];

		if (c == '.') {
			fraction = true;
			continue;
		}
		if (!str_is_digit(c)) {
			point += exponent_of(str_sub(s, i + 1, s.len));
			break;
		}
		if (c == '0' && x->n == 0) {
			point -= fraction;
			continue;
		}
		point += !fraction;
		x->d[x->n++] = (unsigned char)(c - '0');
	}
	/* A point that far out is as good as any: infinity, or zero. */
	x->point = point > 2000 ? 2000 : point < -2000 ? -2000 : (int)point;
}

/* The double nearest to a number without its sign: a fraction of 53 bits, or
 * fewer where the exponent is at its least, times a power of two. */
static bool
read_exactly(struct str s, double *out)
{
	struct decimal x;
	int exponent = 0;
	uint64_t bits;

	collect(s, &x);
	*out = 0;
	if (x.n == 0 || x.point < -330) {
		return true;
	}
	if (x.point > 310) {
		return false;
	}
	while (x.point > 0 || x.point < 0 || x.d[0] < 5) {
		/* 2^3 < 10 < 2^4: never past [1/2, 1) by much. */
		int step = x.point == 0 ? 1 : -3 * x.point;

		decimal_scale(&x, step);
		exponent -= step;
	}
	if (exponent > DBL_MAX_EXP) {
		return false;
	}
	if (exponent < DBL_MIN_EXP) {
		decimal_scale(&x, exponent - DBL_MIN_EXP);
		exponent = DBL_MIN_EXP;
	}
	decimal_scale(&x, DBL_MANT_DIG);
	bits = decimal_whole(&x);
	/* Rounding up carries into the exponent's bits, as it should. */
	if (bits >= (uint64_t)1 << (DBL_MANT_DIG - 1)) {
		bits += (uint64_t)(exponent - DBL_MIN_EXP) <<
		    (DBL_MANT_DIG - 1);
	}
	memcpy(out, &bits, sizeof(*out));
	return *out - *out == 0;
}

/* see num.h */
bool
num_parse(struct str s, double *out)
{
	size_t bad;
	struct parts d;
	double v;

	if (s.len == 0 || s.len > NUM_PARSE_MAX || num_scan(s, &bad) != s.len) {
		return false;
	}
	d = take_apart(s);
	if (!d.wide && d.digits < ((uint64_t)1 << 53) &&
	    d.power >= -EXACT_POWER_MAX && d.power <= EXACT_POWER_MAX) {
		v = (double)d.digits;
		v = d.power < 0 ? v / exact_powers[-d.power]
		    : v * exact_powers[d.power];
		*out = d.negative ? -v : v;
		return true;
	}
	if (!read_exactly(s, &v)) {
		return false;
	}
	*out = d.negative ? -v : v;
	return true;
}

/* see num.h */
bool
num_parse_i64(struct str s, int64_t min, int64_t max, int64_t *out)
{
	size_t bad;
	struct parts d;
	int64_t v;

	if (s.len == 0 || s.len > NUM_PARSE_MAX || num_scan(s, &bad) != s.len) {
		return false;
	}
	d = take_apart(s);
	if (d.digits == 0) {
		d.power = 0;
	}
	for (; d.power > 0 && !d.wide; d.power--) {
		d.wide = __builtin_mul_overflow(d.digits, (uint64_t)10,
		    &d.digits);
	}
	if (d.wide || d.power < 0 ||
	    d.digits > (uint64_t)INT64_MAX + d.negative) {
		return false;
	}
	v = d.negative ? (int64_t)(0 - d.digits) : (int64_t)d.digits;
	if (v < min || v > max) {
		return false;
	}
	*out = v;
	return true;
}

/* Lays out n digits whose point stands behind digit number `point` (which may
 * be negative or beyond n). Returns the length. */
static size_t
lay_out(char *out, bool negative, const char *digits, int n, int point)
{
	char *p = out;
	int exponent = point - 1;
	bool plain = point > -6 && point <= 21;
	int whole = !plain ? 1 : point;

	if (negative) {
		*p++ = '-';
	}
	if (whole <= 0) {
		*p++ = '0';
		*p++ = '.';
		for (int i = whole; i < 0; i++) {
			*p++ = '0';
		}
	}
	for (int i = 0; i < n || i < whole; i++) {
		if (i == whole && i > 0) {
			*p++ = '.';
		}
		*p++ = i < n ? digits[i] : '0';
	}
	if (!plain) {
		char reversed[4];
		int k = 0;

		*p++ = 'e';
		if (exponent < 0) {
			*p++ = '-';
			exponent = -exponent;
		}
		do {
			reversed[k++] = (char)('0' + exponent % 10);
			exponent /= 10;
		} while (exponent > 0);
		while (k > 0) {
			*p++ = reversed[--k];
		}
	}
	return (size_t)(p - out);
}

/* The digits of m, which is not 0, without trailing zeros; *dropped counts
 * those. */
static int
digits_of(uint64_t m, char digits[static 20], int *dropped)
{
	char reversed[20] = { 0 };
	int n = 0;

	*dropped = 0;
	while (m % 10 == 0) {
		m /= 10;
		++*dropped;
	}
	while (m > 0) {
		reversed[n++] = (char)('0' + m % 10);
		m /= 10;
	}
	for (int i = 0; i < n; i++) {
		digits[i] = reversed[n - 1 - i];
	}
	return n;
}

/* The short way: v > 0 as m / 10^k. */
static bool
short_way(double v, char *out, bool negative, size_t *len)
{
	for (int k = 0; k <= EXACT_POWER_MAX; k++) {
		double scaled = v * exact_powers[k];
		char digits[20];
		uint64_t m;
		int dropped;
		int n;

		if (!(scaled < 1e15)) {
			return false;
		}
		m = (uint64_t)(scaled + 0.5);
		if (m == 0 || (double)m / exact_powers[k] != v) {
			continue;
		}
		n = digits_of(m, digits, &dropped);
		*len = lay_out(out, negative, digits, n, n + dropped - k);
		return true;
	}
	return false;
}

/* The long way: the fewest digits that are nearer to v > 0 than to any other
 * double. Every normal double keeps 15, so a text of fewer appears among those
 * with its zeros cut off; the subnormal ones hold less and start from one
 * digit. In the middle of two doubles the even one is read. */
static size_t
long_way(double v, char *out, bool negative)
{
	struct decimal exact, low, high, x;
	char digits[20];
	uint64_t bits, m;
	int exponent, even;

	memcpy(&bits, &v, sizeof(bits));
	exponent = (int)(bits >> (DBL_MANT_DIG - 1));
	m = bits & (((uint64_t)1 << (DBL_MANT_DIG - 1)) - 1);
	low.n = m == 0 && exponent > 1; /* the one below is half as far */
	if (exponent > 0) {
		m |= (uint64_t)1 << (DBL_MANT_DIG - 1);
	} else {
		exponent = 1;
	}
	exponent -= 1 - DBL_MIN_EXP + DBL_MANT_DIG;
	even = (m & 1) == 0;
	decimal_set(&exact, m);
	decimal_scale(&exact, exponent);
	decimal_set(&high, 2 * m + 1);
	decimal_scale(&high, exponent - 1);
	if (low.n > 0) {
		decimal_set(&low, 4 * m - 1);
		decimal_scale(&low, exponent - 2);
	} else {
		decimal_set(&low, 2 * m - 1);
		decimal_scale(&low, exponent - 1);
	}
	for (size_t n = v < DBL_MIN ? 1 : 15;; n++) {
		x = exact;
		decimal_round(&x, n);
		if (n == 17 || (decimal_cmp(&low, &x) < even &&
		    decimal_cmp(&x, &high) < even)) {
			break;
		}
	}
	for (size_t i = 0; i < x.n; i++) {
		digits[i] = (char)('0' + x.d[i]);
	}
	return lay_out(out, negative, digits, (int)x.n, x.point);
}

/* see num.h */
size_t
num_format(double v, char out[static NUM_TEXT_MAX])
{
	bool negative = v < 0;
	size_t len;

	if (v - v != 0) { /* NaN or an infinity */
		return 0;
	}
	if (v == 0) {
		out[0] = '0';
		return 1;
	}
	v = negative ? -v : v;
	if (!short_way(v, out, negative, &len)) {
		len = long_way(v, out, negative);
	}
	return len;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* see decimal.h */
#include "base/decimal.h"

#include <string.h>

/* Bits of one step: digit and carry stay below 2^60. */
#define STEP 56

static void
trim(struct decimal *x)
{
	while (x->n > 0 && x->d[x->n - 1] == 0) {
		x->n--;
	}
	if (x->n == 0) {
		x->point = 0;
	}
}

/* Puts the digits of `carry` in front. */
static void
prepend(struct decimal *x, uint64_t carry)
{
	size_t front = 0;

	for (uint64_t c = carry; c > 0; c /= 10) {
		front++;
	}
	while (x->n > DECIMAL_MAX_N - front) {
		x->more |= x->d[--x->n] != 0;
	}
	memmove(x->d + front, x->d, x->n);
	x->n += front;
	x->point += (int)front;
	while (front > 0) {
		x->d[--front] = (unsigned char)(carry % 10);
		carry /= 10;
	}
}

static void
multiply(struct decimal *x, unsigned bits)
{
	uint64_t carry = 0;

	for (size_t i = x->n; i > 0; i--) {
		carry += (uint64_t)x->d[i - 1] << bits;
		x->d[i - 1] = (unsigned char)(carry % 10);
		carry /= 10;
	}
	prepend(x, carry);
	trim(x);
}

/* In place: the quotient never has more digits than were read. */
static void
divide(struct decimal *x, unsigned bits)
{
	uint64_t rest = 0;
	size_t to = 0;

	for (size_t i = 0; i < x->n || rest != 0; i++) {
		unsigned char digit;

		rest = rest * 10 + (i < x->n ? x->d[i] : 0);
		digit = (unsigned char)(rest >> bits);
		rest &= ((uint64_t)1 << bits) - 1;
		if (to == 0 && digit == 0) {
			x->point--;
		} else if (to < DECIMAL_MAX_N) {
			x->d[to++] = digit;
		} else {
			x->more |= digit != 0;
		}
	}
	x->n = to;
	trim(x);
}

/* see decimal.h */
void
decimal_set(struct decimal *x, uint64_t v)
{
	x->n = 0;
	x->point = 0;
	x->more = false;
	prepend(x, v);
	trim(x);
}

/* see decimal.h */
void
decimal_scale(struct decimal *x, int bits)
{
	while (bits > 0) {
		int step = bits < STEP ? bits : STEP;

		multiply(x, (unsigned)step);
		bits -= step;
	}
	while (bits < 0) {
		int step = -bits < STEP ? -bits : STEP;

		divide(x, (unsigned)step);
		bits += step;
	}
}

/* Whether the nearest number that ends before digit n is the greater one. */
static bool
rounds_up(const struct decimal *x, size_t n)
{
	if (n >= x->n) {
		return false;
	}
	if (x->d[n] == 5 && n + 1 == x->n && !x->more) {
		return n > 0 && (x->d[n - 1] & 1) != 0;
	}
	return x->d[n] >= 5;
}

/* see decimal.h */
void
decimal_round(struct decimal *x, size_t n)
{
	bool up = rounds_up(x, n);

	x->n = n < x->n ? n : x->n;
	if (up) {
		while (x->n > 0 && x->d[x->n - 1] == 9) {
			x->n--;
		}
		if (x->n == 0) {
			x->d[x->n++] = 0;
			x->point++;
		}
		x->d[x->n - 1]++;
	}
	trim(x);
}

/* see decimal.h */
int
decimal_cmp(const struct decimal *a, const struct decimal *b)
{
	size_t n = a->n < b->n ? a->n : b->n;
	int cmp;

	if (a->n == 0 || b->n == 0) {
		return (a->n > 0) - (b->n > 0);
	}
	if (a->point != b->point) {
		return a->point < b->point ? -1 : 1;
	}
	cmp = memcmp(a->d, b->d, n);
	return cmp != 0 ? cmp : (a->n > b->n) - (a->n < b->n);
}

/* see decimal.h */
uint64_t
decimal_whole(const struct decimal *x)
{
	uint64_t v = 0;

	if (x->point < 0) {
		return 0;
	}
	for (size_t i = 0; i < (size_t)x->point; i++) {
		v = v * 10 + (i < x->n ? x->d[i] : 0);
	}
	return v + rounds_up(x, (size_t)x->point);
}

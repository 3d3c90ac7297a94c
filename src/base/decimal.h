/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimals of many digits, for what num.c cannot do in one rounding.
 *
 * A double is a whole number times a power of two, so as a decimal it is
 * exact, if long (767 digits at most). Multiplying and dividing a decimal by
 * powers of two, as one does on paper, is all it takes to get from one form to
 * the other. What lies behind DECIMAL_MAX_N digits only counts as "more than
 * this", which is enough to round by, because no double and no middle of two
 * of them reaches that far.
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/* 0.d[0]d[1]... * 10^point. The first digit is not 0, nor is the last; zero
 * has no digit. */
struct decimal {
	unsigned char d[DECIMAL_MAX_N]; /* values, not characters */
	size_t n;
	int point;
	bool more;       /* and something behind the last digit */
};

/* The whole number v. */
void decimal_set(struct decimal *x, uint64_t v);
/* Times 2^bits, which may be negative. */
void decimal_scale(struct decimal *x, int bits);
/* To the nearest of n digits, n > 0; of two as near, the even one. */
void decimal_round(struct decimal *x, size_t n);
/* Below 0, 0 or above 0, as a is less than, equal to or greater than b; `more`
 * is not looked at. */
int decimal_cmp(const struct decimal *a, const struct decimal *b);
/* The nearest whole number, as decimal_round() would have it; below 2^64. */
uint64_t decimal_whole(const struct decimal *x);

#endif

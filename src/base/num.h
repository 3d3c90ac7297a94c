/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Floating-point numbers as text and back.
 *
 * The grammar is JSON's (RFC 8259 6): an optional minus, an integer part
 * without leading zeros, an optional fraction, an optional exponent. There is
 * no locale, no hexadecimal form, no "inf" and no "nan". Both directions are
 * exact: formatting gives the shortest text that reads back to the same
 * double, reading gives the double nearest to the text. The C library's own
 * functions for this are not used: they would be 20 KB of the program.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/must.h"
#include "base/str.h"

/* Longest text num_format() writes: sign, 21 digits or 17 digits with point,
 * leading zeros and exponent. */
#define NUM_TEXT_MAX 32

/* Writes the shortest text of v to out and returns its length. Values from
 * 1e-6 to below 1e21 have no exponent; whole values have no fraction; both
 * zeros are "0". 0 is returned for NaN and the infinities: they have no text.
 */
size_t num_format(double v, char out[static NUM_TEXT_MAX]) MUST_USE;

/* Reads the whole of s as one number of the grammar above, at most
 * NUM_PARSE_MAX bytes. false: not a number, too long, or beyond the range of
 * a double. Too small a number is zero. */
bool num_parse(struct str s, double *out) MUST_USE;

/* As num_parse, for whole numbers within [min, max]: "42", "42.0" and "4.2e1"
 * are 42; "42.5" is refused. Exact over all of int64_t. */
bool num_parse_i64(struct str s, int64_t min, int64_t max, int64_t *out)
    MUST_USE;

/* Length of the number that s begins with; what follows it is not looked at,
 * but "01" and "1." are malformed, not a number and a rest. 0: malformed, and
 * *bad is the offset of the first byte that cannot stand where it stands. */
size_t num_scan(struct str s, size_t *bad) MUST_USE;

#endif

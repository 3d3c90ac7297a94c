/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Points in time as text, both ways. All values are milliseconds since
 * 1970-01-01T00:00:00Z in int64_t; all text is UTC unless it carries an
 * offset. Integer maths only: no time zone database, no locale, no clock.
 *
 * The range is 1970-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. Parsers
 * refuse what lies outside, writers clip to it.
 *
 *	iso    date [ ("T"|"t"|" ") hh ":" mm [ ":" ss [ frac ] ] [ zone ] ]
 *	       frac = ("."|",") 1*9DIGIT, zone = "Z" | "z" | ("+"|"-") hh[:]mm;
 *	       without a zone it is UTC; 60 as seconds is the next minute
 *	       (RFC 3339 5.7 allows it on leap seconds)
 *	amz    20260131T235959Z, SigV4's x-amz-date
 *	http   Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110 5.6.7). The two
 *	       obsolete forms are not read: no server we talk to sends them.
 *	epoch  digits: seconds below 100,000,000,000 (fraction allowed),
 *	       milliseconds from there on
 *	when   iso | epoch | "now" | [ "now" ] ("+"|"-") 1*( number unit )
 *	       unit = s m h d w (30s, 15m, 3h, 7d, 2w): "-3h", "now-1d12h"
 */
#ifndef BASE_TIMEFMT_H
#define BASE_TIMEFMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* 9999-12-31T23:59:59.999Z */
#define TIMEFMT_MAX_MS INT64_C(253402300799999)
/* Bytes of an amz-date and of its date part. */
#define TIMEFMT_AMZ_LEN 16U
#define TIMEFMT_AMZ_DATE_LEN 8U

/* A moment in calendar terms, UTC. */
struct timefmt_civil {
	int year;    /* 1970..9999 */
	int month;   /* 1..12 */
	int day;     /* 1..31 */
	int hour;    /* 0..23 */
	int minute;  /* 0..59 */
	int second;  /* 0..59; 60 is read, never written */
	int ms;      /* 0..999 */
	int weekday; /* 0 Sunday..6; written, not read */
};

/* Calendar terms of a moment; one outside the range is clipped. */
struct timefmt_civil timefmt_to_civil(int64_t ms);
/* The moment; false when a field is out of its range (31 February). */
bool timefmt_from_civil(const struct timefmt_civil *c, int64_t *ms) MUST_USE;

/* Parse exactly one time. false: not that form, or out of range; *ms is then
 * unchanged. Digits finer than a millisecond are dropped. */
bool timefmt_parse_iso(struct str s, int64_t *ms) MUST_USE;
bool timefmt_parse_amz(struct str s, int64_t *ms) MUST_USE;
bool timefmt_parse_http(struct str s, int64_t *ms) MUST_USE;
bool timefmt_parse_epoch(struct str s, int64_t *ms) MUST_USE;
/* What a tool argument may say; relative forms count from now_ms. */
bool timefmt_parse_when(struct str s, int64_t now_ms, int64_t *ms) MUST_USE;

/* Append 2026-01-31T23:59:59Z, with .mmm when milliseconds are not zero. */
void timefmt_iso(struct buf *out, int64_t ms);
/* Appends 20260131T235959Z. */
void timefmt_amz(struct buf *out, int64_t ms);
/* Appends Sun, 06 Nov 1994 08:49:37 GMT. */
void timefmt_http(struct buf *out, int64_t ms);

#endif

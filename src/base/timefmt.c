/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Date maths and time formats. Days are counted in a calendar whose year
 * starts on 1 March, so that the leap day comes last and one formula gives
 * the days before a month (the usual civil-from-days method).
 */
#include "base/timefmt.h"

#include "base/must.h"

#define DAY_MS INT64_C(86400000)
/* Days from 0000-03-01 to 1970-01-01. */
#define EPOCH_DAYS 719468

static const struct str month_names[] = {
	STR_INIT("Jan"), STR_INIT("Feb"), STR_INIT("Mar"), STR_INIT("Apr"),
	STR_INIT("May"), STR_INIT("Jun"), STR_INIT("Jul"), STR_INIT("Aug"),
	STR_INIT("Sep"), STR_INIT("Oct"), STR_INIT("Nov"), STR_INIT("Dec")
};

static const struct str weekday_names[] = {
	STR_INIT("Sun"), STR_INIT("Mon"), STR_INIT("Tue"), STR_INIT("Wed"),
	STR_INIT("Thu"), STR_INIT("Fri"), STR_INIT("Sat")
};

/* Days since 1970-01-01 of a valid date. */
static int64_t
days_of(int year, int month, int day)
{
	int y = month <= 2 ? year - 1 : year;
	int m = month <= 2 ? month + 9 : month - 3; /* March is 0 */
	int era = y / 400;
	int of_era = y % 400;
	int of_year = (153 * m + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 -
	    of_era / 100 + of_year - EPOCH_DAYS;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int year, int month)
{
	static const char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* see timefmt.h */
struct timefmt_civil
timefmt_to_civil(int64_t ms)
{
	struct timefmt_civil c;
	int64_t clipped = ms < 0 ? 0 : ms > TIMEFMT_MAX_MS ?
	    TIMEFMT_MAX_MS : ms;
	int days = (int)(clipped / DAY_MS);
	int rest = (int)(clipped % DAY_MS);
	int z = days + EPOCH_DAYS;
	int era = z / 146097;
	int of_era = z % 146097;
	int year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
	    of_era / 146096) / 365;
	int of_year = of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	int m = (5 * of_year + 2) / 153; /* March is 0 */

	c.day = of_year - (153 * m + 2) / 5 + 1;
	c.month = m < 10 ? m + 3 : m - 9;
	c.year = era * 400 + year_of_era + (c.month <= 2);
	c.weekday = (days + 4) % 7; /* 1970-01-01 was a Thursday */
	c.ms = rest % 1000;
	c.second = rest / 1000 % 60;
	c.minute = rest / 60000 % 60;
	c.hour = rest / 3600000;
	return c;
}

/* see timefmt.h */
bool
timefmt_from_civil(const struct timefmt_civil *c, int64_t *ms)
{
	if (c->year < 1970 || c->year > 9999 || c->month < 1 ||
	    c->month > 12 || c->day < 1 ||
	    c->day > month_days(c->year, c->month) || c->hour < 0 ||
	    c->hour > 23 || c->minute < 0 || c->minute > 59 ||
	    c->second < 0 || c->second > 60 || c->ms < 0 || c->ms > 999) {
		return false;
	}
	*ms = days_of(c->year, c->month, c->day) * DAY_MS +
	    c->hour * INT64_C(3600000) + c->minute * INT64_C(60000) +
	    c->second * INT64_C(1000) + c->ms;
	return true;
}

/* A reading position. Every take_ function moves it only on success. */
struct cursor {
	struct str s;
	size_t at;
};

static char
peek(const struct cursor *c)
{
	return c->at < c->s.len ? c->s.p[c->at] : '\0';
}

static bool
take_byte(struct cursor *c, char want)
{
	if (c->at < c->s.len && c->s.p[c->at] == want) {
		c->at++;
		return true;
	}
	return false;
}

/* Exactly n digits. */
static bool
take_digits(struct cursor *c, size_t n, int *out)
{
	uint64_t v;

	if (c->s.len - c->at < n ||
	    !str_u64(str_sub(c->s, c->at, c->at + n), 9999, &v)) {
		return false;
	}
	c->at += n;
	*out = (int)v;
	return true;
}

/* One of n names; the index goes to *out. */
static bool
take_name(struct cursor *c, const struct str *names, int n, int *out)
{
	for (int i = 0; i < n; i++) {
		if (str_starts(str_sub(c->s, c->at, c->s.len), names[i])) {
			c->at += names[i].len;
			*out = i;
			return true;
		}
	}
	return false;
}

/* "." or "," and 1 to 9 digits, as milliseconds. Absent is zero. */
static bool
take_fraction(struct cursor *c, int *ms)
{
	size_t n = 0;

	*ms = 0;
	if (!take_byte(c, '.') && !take_byte(c, ',')) {
		return true;
	}
	while (n < 10 && str_is_digit(peek(c))) {
		if (n < 3) {
			*ms = *ms * 10 + (peek(c) - '0');
		}
		c->at++;
		n++;
	}
	for (size_t i = n; i < 3; i++) {
		*ms *= 10;
	}
	return n >= 1 && n <= 9;
}

/* "Z", "+hh:mm", "+hhmm" or nothing, as minutes east of UTC. */
static bool
take_zone(struct cursor *c, int *minutes)
{
	int hour = 0;
	int minute = 0;
	bool west = peek(c) == '-';

	*minutes = 0;
	if (take_byte(c, 'Z') || take_byte(c, 'z') || c->at == c->s.len) {
		return true;
	}
	if (!take_byte(c, '+') && !take_byte(c, '-')) {
		return false;
	}
	if (!take_digits(c, 2, &hour)) {
		return false;
	}
	(void)take_byte(c, ':');
	if (!take_digits(c, 2, &minute) || hour > 23 || minute > 59) {
		return false;
	}
	*minutes = (hour * 60 + minute) * (west ? -1 : 1);
	return true;
}

/* hh:mm[:ss[.fff]] */
static bool
take_clock(struct cursor *c, struct timefmt_civil *t)
{
	if (!take_digits(c, 2, &t->hour) || !take_byte(c, ':') ||
	    !take_digits(c, 2, &t->minute)) {
		return false;
	}
	if (!take_byte(c, ':')) {
		return true;
	}
	return take_digits(c, 2, &t->second) && take_fraction(c, &t->ms);
}

/* Stores a moment when the whole text was read and it is in range. */
static bool
finish(const struct cursor *c, const struct timefmt_civil *t, int zone_minutes,
    int64_t *ms)
{
	int64_t v;

	if (c->at != c->s.len || !timefmt_from_civil(t, &v)) {
		return false;
	}
	v -= zone_minutes * INT64_C(60000);
	if (v < 0 || v > TIMEFMT_MAX_MS) {
		return false;
	}
	*ms = v;
	return true;
}

/* see timefmt.h */
bool
timefmt_parse_iso(struct str s, int64_t *ms)
{
	struct cursor c = { s, 0 };
	struct timefmt_civil t = { 0 };
	int zone = 0;

	if (!take_digits(&c, 4, &t.year) || !take_byte(&c, '-') ||
	    !take_digits(&c, 2, &t.month) || !take_byte(&c, '-') ||
	    !take_digits(&c, 2, &t.day)) {
		return false;
	}
	if (take_byte(&c, 'T') || take_byte(&c, 't') || take_byte(&c, ' ')) {
		if (!take_clock(&c, &t) || !take_zone(&c, &zone)) {
			return false;
		}
	}
	return finish(&c, &t, zone, ms);
}

/* see timefmt.h */
bool
timefmt_parse_amz(struct str s, int64_t *ms)
{
	struct cursor c = { s, 0 };
	struct timefmt_civil t = { 0 };

	if (!take_digits(&c, 4, &t.year) || !take_digits(&c, 2, &t.month) ||
	    !take_digits(&c, 2, &t.day) || !take_byte(&c, 'T') ||
	    !take_digits(&c, 2, &t.hour) || !take_digits(&c, 2, &t.minute) ||
	    !take_digits(&c, 2, &t.second) || !take_byte(&c, 'Z')) {
		return false;
	}
	return finish(&c, &t, 0, ms);
}

/* see timefmt.h */
bool
timefmt_parse_http(struct str s, int64_t *ms)
{
	struct cursor c = { s, 0 };
	struct timefmt_civil t = { 0 };

	if (!take_name(&c, weekday_names, 7, &t.weekday) ||
	    !take_byte(&c, ',') || !take_byte(&c, ' ') ||
	    !take_digits(&c, 2, &t.day) || !take_byte(&c, ' ') ||
	    !take_name(&c, month_names, 12, &t.month) ||
	    !take_byte(&c, ' ') || !take_digits(&c, 4, &t.year) ||
	    !take_byte(&c, ' ') || !take_clock(&c, &t) || t.ms != 0) {
		return false;
	}
	if (!str_eq(str_sub(c.s, c.at, c.s.len), S(" GMT"))) {
		return false;
	}
	c.at = c.s.len;
	t.month++;
	return finish(&c, &t, 0, ms);
}

/* see timefmt.h */
bool
timefmt_parse_epoch(struct str s, int64_t *ms)
{
	struct cursor c = { s, 0 };
	size_t whole_len = 0;
	uint64_t v;
	int fraction_ms;

	while (whole_len < s.len && str_is_digit(s.p[whole_len])) {
		whole_len++;
	}
	if (!str_u64(str_sub(s, 0, whole_len), TIMEFMT_MAX_MS, &v)) {
		return false;
	}
	if (v >= UINT64_C(100000000000)) {
		*ms = whole_len == s.len ? (int64_t)v : *ms;
		return whole_len == s.len;
	}
	c.at = whole_len;
	if (peek(&c) == ',' || !take_fraction(&c, &fraction_ms) ||
	    c.at != s.len) {
		return false;
	}
	*ms = (int64_t)v * 1000 + fraction_ms;
	return true;
}

/* Milliseconds of a unit letter; 0 for another letter. */
static int64_t
unit_ms(char unit)
{
	switch (unit) {
	case 's':
		return 1000;
	case 'm':
		return 60 * 1000;
	case 'h':
		return 3600 * 1000;
	case 'd':
		return DAY_MS;
	case 'w':
		return 7 * DAY_MS;
	default:
		return 0;
	}
}

/* 1*( number unit ) up to the end of the text. */
static bool
take_span(struct cursor *c, int64_t *span_ms)
{
	int64_t sum = 0;

	do {
		size_t from = c->at;
		uint64_t v;
		int64_t unit;

		while (str_is_digit(peek(c))) {
			c->at++;
		}
		/* Ten digits of weeks and the sum stay far below INT64_MAX. */
		if (!str_u64(str_sub(c->s, from, c->at), 9999999999, &v)) {
			return false;
		}
		unit = unit_ms(peek(c));
		sum += (int64_t)v * unit;
		if (unit == 0 || sum > TIMEFMT_MAX_MS) {
			return false;
		}
		c->at++;
	} while (c->at < c->s.len);
	*span_ms = sum;
	return true;
}

/* see timefmt.h */
bool
timefmt_parse_when(struct str s, int64_t now_ms, int64_t *ms)
{
	static const struct str now_names[] = { STR_INIT("now") };
	struct cursor c = { s, 0 };
	int64_t span;
	int64_t v;
	int which;
	bool back;

	if (take_name(&c, now_names, 1, &which) && c.at == s.len) {
		*ms = now_ms;
		return true;
	}
	back = peek(&c) == '-';
	if (!take_byte(&c, '-') && !take_byte(&c, '+')) {
		return c.at == 0 && (timefmt_parse_iso(s, ms) ||
		    timefmt_parse_epoch(s, ms));
	}
	if (!take_span(&c, &span)) {
		return false;
	}
	v = back ? now_ms - span : now_ms + span;
	if (v < 0 || v > TIMEFMT_MAX_MS) {
		return false;
	}
	*ms = v;
	return true;
}

/* see timefmt.h */
void
timefmt_iso(struct buf *out, int64_t ms)
{
	struct timefmt_civil t = timefmt_to_civil(ms);

	buf_add_padded(out, (uint64_t)t.year, 4);
	buf_add_byte(out, '-');
	buf_add_padded(out, (uint64_t)t.month, 2);
	buf_add_byte(out, '-');
	buf_add_padded(out, (uint64_t)t.day, 2);
	buf_add_byte(out, 'T');
	buf_add_padded(out, (uint64_t)t.hour, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, (uint64_t)t.minute, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, (uint64_t)t.second, 2);
	if (t.ms != 0) {
		buf_add_byte(out, '.');
		buf_add_padded(out, (uint64_t)t.ms, 3);
	}
	buf_add_byte(out, 'Z');
}

/* see timefmt.h */
void
timefmt_amz(struct buf *out, int64_t ms)
{
	struct timefmt_civil t = timefmt_to_civil(ms);

	buf_add_padded(out, (uint64_t)t.year, 4);
	buf_add_padded(out, (uint64_t)t.month, 2);
	buf_add_padded(out, (uint64_t)t.day, 2);
	buf_add_byte(out, 'T');
	buf_add_padded(out, (uint64_t)t.hour, 2);
	buf_add_padded(out, (uint64_t)t.minute, 2);
	buf_add_padded(out, (uint64_t)t.second, 2);
	buf_add_byte(out, 'Z');
}

/* see timefmt.h */
void
timefmt_http(struct buf *out, int64_t ms)
{
	struct timefmt_civil t = timefmt_to_civil(ms);

	buf_add(out, weekday_names[t.weekday]);
	buf_add(out, S(", "));
	buf_add_padded(out, (uint64_t)t.day, 2);
	buf_add_byte(out, ' ');
	buf_add(out, month_names[t.month - 1]);
	buf_add_byte(out, ' ');
	buf_add_padded(out, (uint64_t)t.year, 4);
	buf_add_byte(out, ' ');
	buf_add_padded(out, (uint64_t)t.hour, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, (uint64_t)t.minute, 2);
	buf_add_byte(out, ':');
	buf_add_padded(out, (uint64_t)t.second, 2);
	buf_add(out, S(" GMT"));
}

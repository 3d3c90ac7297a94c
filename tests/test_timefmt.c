/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time texts both ways, the edges of the range, and the relative forms.
 */
#include "test.h"

#include "base/timefmt.h"

static char memory[64];

static struct str
iso(int64_t ms)
{
	struct buf b = buf_fixed(memory, sizeof(memory));

	timefmt_iso(&b, ms);
	return buf_str(&b);
}

static struct str
amz(int64_t ms)
{
	struct buf b = buf_fixed(memory, sizeof(memory));

	timefmt_amz(&b, ms);
	return buf_str(&b);
}

static struct str
http(int64_t ms)
{
	struct buf b = buf_fixed(memory, sizeof(memory));

	timefmt_http(&b, ms);
	return buf_str(&b);
}

/* The parsed value, or -1. */
static int64_t
of_iso(struct str s)
{
	int64_t ms = -7;

	if (!timefmt_parse_iso(test_guarded(s), &ms)) {
		return ms == -7 ? -1 : -2;
	}
	return ms;
}

TEST(moments_are_written_as_rfc_3339)
{
	CHECK_STR(iso(0), S("1970-01-01T00:00:00Z"));
	CHECK_STR(iso(1), S("1970-01-01T00:00:00.001Z"));
	CHECK_STR(iso(951782400000), S("2000-02-29T00:00:00Z"));
	CHECK_STR(iso(1700000000120), S("2023-11-14T22:13:20.120Z"));
	CHECK_STR(iso(TIMEFMT_MAX_MS), S("9999-12-31T23:59:59.999Z"));
}

TEST(moments_outside_the_range_are_clipped_when_written)
{
	CHECK_STR(iso(-1), S("1970-01-01T00:00:00Z"));
	CHECK_STR(iso(INT64_MIN), S("1970-01-01T00:00:00Z"));
	CHECK_STR(iso(INT64_MAX), S("9999-12-31T23:59:59.999Z"));
}

TEST(signatures_and_http_have_their_own_forms)
{
	CHECK_STR(amz(1440938160000), S("20150830T123600Z"));
	CHECK_STR(http(784111777000), S("Sun, 06 Nov 1994 08:49:37 GMT"));
}

TEST(every_iso_form_is_read)
{
	CHECK_INT(of_iso(S("2023-11-14T22:13:20Z")), 1700000000000);
	CHECK_INT(of_iso(S("2023-11-14t22:13:20z")), 1700000000000);
	CHECK_INT(of_iso(S("2023-11-14 22:13:20")), 1700000000000);
	CHECK_INT(of_iso(S("2023-11-14T22:13:20.5Z")), 1700000000500);
	CHECK_INT(of_iso(S("2023-11-14T22:13:20.123456789Z")), 1700000000123);
	CHECK_INT(of_iso(S("2023-11-14T22:13:20,05Z")), 1700000000050);
	CHECK_INT(of_iso(S("2023-11-14T23:13:20+01:00")), 1700000000000);
	CHECK_INT(of_iso(S("2023-11-14T16:43:20-0530")), 1700000000000);
	CHECK_INT(of_iso(S("2023-11-14T22:13Z")), 1699999980000);
	CHECK_INT(of_iso(S("2023-11-14")), 1699920000000);
	CHECK_INT(of_iso(S("2016-12-31T23:59:60Z")), 1483228800000);
	CHECK_INT(of_iso(S("1970-01-01")), 0);
	CHECK_INT(of_iso(S("9999-12-31T23:59:59.999Z")), TIMEFMT_MAX_MS);
}

TEST(what_is_not_a_time_is_refused)
{
	static const struct str bad[] = {
		STR_INIT(""), STR_INIT("2023"), STR_INIT("2023-11"),
		STR_INIT("2023-1-1"), STR_INIT("2023-02-29"),
		STR_INIT("1900-02-29"), STR_INIT("2100-02-29"),
		STR_INIT("2023-13-01"), STR_INIT("2023-00-01"),
		STR_INIT("2023-01-00"), STR_INIT("2023-04-31"),
		STR_INIT("1969-12-31T23:59:59Z"), STR_INIT("10000-01-01"),
		STR_INIT("1970-01-01T00:00:00+00:01"),
		STR_INIT("9999-12-31T23:59:59-00:01"),
		STR_INIT("9999-12-31T23:59:60Z"),
		STR_INIT("2023-11-14T"), STR_INIT("2023-11-14T24:00:00Z"),
		STR_INIT("2023-11-14T22:60:00Z"),
		STR_INIT("2023-11-14T22:13:61Z"),
		STR_INIT("2023-11-14T22:13:20."),
		STR_INIT("2023-11-14T22:13:20.1234567890Z"),
		STR_INIT("2023-11-14T22:13:20+24:00"),
		STR_INIT("2023-11-14T22:13:20+1"),
		STR_INIT("2023-11-14T22:13:20ZZ"),
		STR_INIT("2023-11-14T22:13:20 UTC"),
		STR_INIT(" 2023-11-14"), STR_INIT("2023-11-14 "),
		STR_INIT("+023-11-14"), STR_INIT("2023-11-14T22")
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(of_iso(bad[i]), -1);
	}
}

static int
feed_iso(void *ctx, struct str bytes, bool more, char *log, size_t log_size)
{
	int64_t ms;

	(void)ctx;
	if (more) {
		return 0; /* the whole text decides */
	}
	if (!timefmt_parse_iso(bytes, &ms)) {
		return -1;
	}
	snprintf(log, log_size, "%" PRId64, ms);
	return 1;
}

TEST(iso_times_pass_the_five_ways)
{
	CHECK(test_five_ways(feed_iso, NULL, S("2023-11-14T22:13:20.123Z"),
	    true));
	CHECK(test_five_ways(feed_iso, NULL, S("2023-11-14T22:13:20+05:30"),
	    true));
	CHECK(test_five_ways(feed_iso, NULL, S("2023-11-31T22:13:20+05:30"),
	    true));
}

TEST(every_day_of_four_centuries_round_trips)
{
	int64_t day_ms = 86400000;

	for (int64_t day = 0; day < 400 * 366; day++) {
		int64_t ms = day * day_ms + day % 86400 * 1000 + day % 1000;
		struct timefmt_civil c = timefmt_to_civil(ms);
		int64_t back;

		CHECK(timefmt_from_civil(&c, &back));
		CHECK_INT(back, ms);
		CHECK_INT(c.weekday, (day + 4) % 7);
		CHECK_INT(of_iso(iso(ms)), ms);
	}
}

TEST(amz_dates_are_exact)
{
	int64_t ms = -7;

	CHECK(timefmt_parse_amz(S("20150830T123600Z"), &ms));
	CHECK_INT(ms, 1440938160000);
	CHECK(!timefmt_parse_amz(S("20150830T123600"), &ms));
	CHECK(!timefmt_parse_amz(S("20150830t123600z"), &ms));
	CHECK(!timefmt_parse_amz(S("20150230T123600Z"), &ms));
	CHECK(!timefmt_parse_amz(S("20150830T123600ZZ"), &ms));
	CHECK(!timefmt_parse_amz(S("2015083012:3600Z"), &ms));
	for (size_t i = 0; i < TIMEFMT_AMZ_LEN; i++) {
		CHECK(!timefmt_parse_amz(test_guarded(str_sub(
		    S("20150830T123600Z"), 0, i)), &ms));
	}
}

TEST(http_dates_are_read)
{
	int64_t ms = -7;

	CHECK(timefmt_parse_http(S("Sun, 06 Nov 1994 08:49:37 GMT"), &ms));
	CHECK_INT(ms, 784111777000);
	CHECK(!timefmt_parse_http(S("Sun, 06 Nov 1994 08:49:37 UTC"), &ms));
	CHECK(!timefmt_parse_http(S("Sun, 06 Nov 1994 08:49:37.5 GMT"), &ms));
	CHECK(!timefmt_parse_http(S("Sunday, 06-Nov-94 08:49:37 GMT"), &ms));
	CHECK(!timefmt_parse_http(S("Sun, 06 Nov 1994 08:49:37 GMT "), &ms));
	CHECK(!timefmt_parse_http(S("Sun, 31 Feb 1994 08:49:37 GMT"), &ms));
	CHECK(!timefmt_parse_http(S(""), &ms));
	for (int64_t at = 0; at < INT64_C(4000000000000);
	    at += INT64_C(98765432000)) {
		CHECK(timefmt_parse_http(http(at), &ms));
		CHECK_INT(ms, at);
	}
}

TEST(epoch_times_are_seconds_or_milliseconds)
{
	int64_t ms = -7;

	CHECK(timefmt_parse_epoch(S("1700000000"), &ms));
	CHECK_INT(ms, 1700000000000);
	CHECK(timefmt_parse_epoch(S("1700000000.25"), &ms));
	CHECK_INT(ms, 1700000000250);
	CHECK(timefmt_parse_epoch(S("1700000000123"), &ms));
	CHECK_INT(ms, 1700000000123);
	CHECK(timefmt_parse_epoch(S("0"), &ms));
	CHECK_INT(ms, 0);
	CHECK(!timefmt_parse_epoch(S("-1"), &ms));
	CHECK(!timefmt_parse_epoch(S("1,5"), &ms));
	CHECK(!timefmt_parse_epoch(S("1."), &ms));
	CHECK(!timefmt_parse_epoch(S(".5"), &ms));
	CHECK(!timefmt_parse_epoch(S("1700000000123.5"), &ms));
	CHECK(!timefmt_parse_epoch(S("253402300800000"), &ms));
	CHECK(!timefmt_parse_epoch(S("99999999999999999999"), &ms));
	CHECK_INT(ms, 0);
}

TEST(relative_times_count_from_now)
{
	int64_t now = 1700000000000;
	int64_t ms = -7;

	CHECK(timefmt_parse_when(S("now"), now, &ms));
	CHECK_INT(ms, now);
	CHECK(timefmt_parse_when(S("-3h"), now, &ms));
	CHECK_INT(ms, now - 3 * 3600000);
	CHECK(timefmt_parse_when(S("-15m"), now, &ms));
	CHECK_INT(ms, now - 15 * 60000);
	CHECK(timefmt_parse_when(S("-7d"), now, &ms));
	CHECK_INT(ms, now - 7 * INT64_C(86400000));
	CHECK(timefmt_parse_when(S("now-2h"), now, &ms));
	CHECK_INT(ms, now - 2 * 3600000);
	CHECK(timefmt_parse_when(S("now+30s"), now, &ms));
	CHECK_INT(ms, now + 30000);
	CHECK(timefmt_parse_when(S("-1d12h"), now, &ms));
	CHECK_INT(ms, now - 36 * 3600000);
	CHECK(timefmt_parse_when(S("-2w"), now, &ms));
	CHECK_INT(ms, now - 14 * INT64_C(86400000));
	CHECK(timefmt_parse_when(S("2023-11-14T22:13:20Z"), 0, &ms));
	CHECK_INT(ms, now);
	CHECK(timefmt_parse_when(S("1700000000"), 0, &ms));
	CHECK_INT(ms, now);
}

TEST(broken_relative_times_are_refused)
{
	static const struct str bad[] = {
		STR_INIT(""), STR_INIT("-"), STR_INIT("-3"), STR_INIT("3h"),
		STR_INIT("-h"), STR_INIT("-3H"), STR_INIT("-3y"),
		STR_INIT("now-"), STR_INIT("now 3h"), STR_INIT("nowish"),
		STR_INIT("now2023-11-14"), STR_INIT("now1700000000"),
		STR_INIT("--3h"), STR_INIT("-3h-2m"), STR_INIT("-3h "),
		STR_INIT("-99999999999d"), STR_INIT("+9999999999w"),
		STR_INIT("-9000w"), STR_INIT("yesterday"), STR_INIT("Now")
	};
	int64_t ms = -7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!timefmt_parse_when(test_guarded(bad[i]), 1700000000000,
		    &ms));
	}
	CHECK_INT(ms, -7);
}

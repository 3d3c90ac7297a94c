/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/backtest.c: CloudWatch's evaluation rules, bands, derived thresholds.
 */
#include "test.h"

#include "tools/backtest.h"

static struct arena arena;

static const char *const missing_names[] = { "missing", "ignore", "breaching",
	"notBreaching" };

static struct backtest
run(const char *text, size_t m, size_t n, const char *missing)
{
	struct backtest_rule rule = { .evaluation_n = n, .datapoint_n = m,
	    .missing = backtest_missing_of(str_from_z(missing)) };
	struct backtest out;
	uint8_t slots[200];
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		slots[i] = text[i] == '1' ? BACKTEST_BREACHING :
		    text[i] == '0' ? BACKTEST_WITHIN : BACKTEST_MISSING;
	}
	backtest_run(slots, len, &rule, &out);
	return out;
}

/* Whether the alarm is on at the end: '1' or '0' for each of the four ways to
 * treat missing data. */
static struct str
states(const char *text, size_t m, size_t n)
{
	static char out[5];

	for (size_t i = 0; i < 4; i++) {
		out[i] = run(text, m, n, missing_names[i]).firing ? '1' : '0';
	}
	return str_from_z(out);
}

/* Rows like those of the user guide's tables, from a state of OK. */
TEST(missing_data_is_treated_as_the_user_guide_says)
{
	CHECK_STR(states("0-1-1", 3, 3), S("0000"));
	CHECK_STR(states("----0", 3, 3), S("0000"));
	CHECK_STR(states("-----", 3, 3), S("0010"));
	CHECK_STR(states("011-1", 3, 3), S("1111"));
	CHECK_STR(states("--1--", 3, 3), S("1010"));
	CHECK_STR(states("0-1-1", 2, 3), S("1111"));
	CHECK_STR(states("00101", 2, 3), S("1111"));
	CHECK_STR(states("0-1--", 2, 3), S("0010"));
	CHECK_STR(states("----0", 2, 3), S("0010"));
	CHECK_STR(states("---1-", 2, 3), S("1010"));
	/* Not old enough yet. */
	CHECK_STR(states("----1", 2, 3), S("0010"));
}

TEST(m_of_n_datapoints_fire_once_and_last_until_they_leave_the_window)
{
	struct backtest b = run("0001101000000", 3, 5, "missing");

	CHECK_INT(b.fired_n, 1);
	CHECK_INT(b.alarm_n, 2);
	CHECK_INT(b.longest_n, 2);
	CHECK_INT(b.episode[0].from, 6);
	CHECK_INT(b.episode[0].to, 8);
	CHECK_INT(b.breaching_n, 3);
	CHECK(!b.firing);
	b = run("011011011", 2, 2, "missing");
	CHECK_INT(b.fired_n, 3);
	CHECK_INT(b.alarm_n, 3);
	CHECK(b.firing);
}

TEST(only_the_newest_episodes_are_kept)
{
	struct backtest b = run("10101010101010", 1, 1, "missing");

	CHECK_INT(b.fired_n, 7);
	CHECK_INT(b.episode_n, BACKTEST_EPISODE_MAX_N);
	CHECK_INT(b.episode[0].from, 4);
	CHECK_INT(b.episode[4].from, 12);
	CHECK_INT(b.episode[4].to, 13);
}

TEST(ignore_keeps_an_alarm_through_a_hole_and_missing_ends_it)
{
	CHECK(run("111-------", 3, 3, "ignore").firing);
	CHECK(!run("111-------", 3, 3, "missing").firing);
	CHECK(!run("111-------", 3, 3, "notBreaching").firing);
	CHECK(run("000-------", 3, 3, "breaching").firing);
	CHECK_INT(run("", 1, 1, "missing").fired_n, 0);
}

/* Straight from the rule, slot by slot, where nothing is missing. */
TEST(without_holes_an_alarm_is_a_count_of_the_last_n)
{
	char text[121];
	uint32_t x = 7;

	for (size_t i = 0; i < 120; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = x >> 30 == 0 ? '1' : '0';
	}
	text[120] = '\0';
	for (size_t n = 1; n <= 6; n++) {
		for (size_t m = 1; m <= n; m++) {
			size_t alarm_n = 0;

			for (size_t end = 1; end <= 120; end++) {
				size_t bad = 0;

				for (size_t k = end > n ? end - n : 0;
				    k < end; k++) {
					bad += text[k] == '1';
				}
				alarm_n += bad >= m;
			}
			/* The first slots lack datapoints; they are the same
			 * where missing ones do not breach. */
			CHECK_INT(run(text, m, n, "notBreaching").alarm_n,
			    alarm_n);
		}
	}
}

#define T0 (INT64_C(1795000200) * 1000)
#define POINT_N 4032

static struct stats_point points[POINT_N];

static void
fill(double (*value)(size_t i))
{
	arena_free(&arena);
	arena_init(&arena, (size_t)16 << 20);
	for (size_t i = 0; i < POINT_N; i++) {
		points[i] = (struct stats_point){ T0 + (int64_t)i * 300000,
		    value(i) };
	}
}

static uint32_t
hash(size_t i)
{
	uint32_t x = (uint32_t)i * 2654435761U;

	x ^= x >> 15;
	x *= 2246822519U;
	return (x ^ x >> 13) >> 8;
}

static double
noise(size_t i)
{
	return (double)(hash(i) % 1000) / 1000;
}

static double
level(size_t i)
{
	/* An incident of two hours at the end. */
	return i > POINT_N - 24 ? 900 : 50 + 10 * noise(i);
}

static double
count(size_t i)
{
	return (double)(hash(i) % 5);
}

static double
zero(size_t i)
{
	(void)i;
	return 0;
}

static double
nearly_full(size_t i)
{
	return i % 3 == 0 ? 100 : 98 + noise(i);
}

static double
tiny(size_t i)
{
	return 1e-6 * (3 + noise(i));
}

static double
day(size_t i)
{
	/* A tent with a period of 288 points. */
	size_t at = i % 288;

	return 100 + (double)(at < 144 ? at : 288 - at) + 8 * noise(i) +
	    (i >= 3000 && i < 3012 ? 200 : 0);
}

static bool
derived(const char *comparison, bool percent, double *t)
{
	struct backtest_rule rule = { .evaluation_n = 3, .datapoint_n = 3 };
	struct backtest_grid g = { T0, 300000, POINT_N };
	bool ok;

	return backtest_derive(&arena, &g, points, POINT_N,
	    str_from_z(comparison), &rule, percent, t, &ok) && ok;
}

TEST(a_threshold_lies_beyond_usual_values_and_below_an_incident)
{
	struct backtest_grid g;
	struct backtest_rule rule = { .evaluation_n = 3, .datapoint_n = 3 };
	struct backtest b;
	uint8_t *slots;
	double t = 0;

	fill(level);
	CHECK(derived("GreaterThanThreshold", false, &t));
	CHECK(t > 57 && t < 100);
	g = backtest_grid_of(points, POINT_N, 300000, points[POINT_N - 1].at_ms
	    + 300000);
	CHECK_INT(g.n, POINT_N);
	slots = backtest_static(&arena, &g, points, POINT_N,
	    S("GreaterThanThreshold"), t);
	CHECK(slots != NULL);
	backtest_run(slots, g.n, &rule, &b);
	CHECK_INT(b.fired_n, 1);
	CHECK_INT(b.alarm_n, 21);
	CHECK(b.firing);
	CHECK(derived("LessThanThreshold", false, &t));
	CHECK(t > 0 && t < 53);
}

TEST(thresholds_of_whole_numbers_are_whole_and_never_usual_values)
{
	double t = -1;

	fill(count);
	CHECK(derived("GreaterThanThreshold", false, &t));
	CHECK(t >= 3 && t <= 5 && t <= (double)(int)t);
	CHECK(derived("GreaterThanOrEqualToThreshold", false, &t));
	CHECK(t >= 4 && t <= 6 && t <= (double)(int)t);
	fill(zero);
	/* Nothing ever happened: the first event is news. */
	CHECK(derived("GreaterThanThreshold", false, &t));
	CHECK(t <= 0 && t >= 0);
	CHECK(derived("GreaterThanOrEqualToThreshold", false, &t));
	CHECK(t <= 1 && t >= 1);
	/* Nothing lies below zero. */
	CHECK(!derived("LessThanThreshold", false, &t));
}

TEST(there_is_no_threshold_beyond_what_is_possible)
{
	double t;

	fill(nearly_full);
	CHECK(derived("GreaterThanThreshold", true, &t) == (t < 100));
	CHECK(derived("GreaterThanThreshold", false, &t));
}

TEST(rare_events_are_judged_by_how_rare_they_are)
{
	struct backtest_rule rule = { .evaluation_n = 3, .datapoint_n = 3,
	    .missing = BACKTEST_MISSING_NOT_BREACHING };
	struct backtest_grid g = { T0, 300000, POINT_N };
	size_t n = 0;
	double t = 0;
	bool ok;

	/* One event in ten periods, and thirty bad periods in a row: of the
	 * periods with data that is one in thirteen, of all one in 130. */
	fill(zero);
	for (size_t i = 0; i < POINT_N; i++) {
		if (i % 10 == 0 || (i >= 2000 && i < 2030)) {
			points[n++] = (struct stats_point){
			    T0 + (int64_t)i * 300000,
			    i >= 2000 && i < 2030 ? 80 : 1 };
		}
	}
	CHECK(backtest_derive(&arena, &g, points, n,
	    S("GreaterThanThreshold"), &rule, false, &t, &ok) && ok);
	CHECK(t <= 1 && t >= 1);
}

TEST(small_numbers_keep_their_digits)
{
	double t = 0;

	fill(tiny);
	CHECK(derived("GreaterThanThreshold", false, &t));
	CHECK(t > 3.5e-6 && t < 6e-6);
}

TEST(a_band_follows_the_pattern_and_sees_what_leaves_it)
{
	struct backtest_rule rule = { .evaluation_n = 2, .datapoint_n = 2 };
	struct stats_analysis s;
	struct backtest_band band;
	struct backtest_grid g;
	struct backtest b;
	uint8_t *slots;

	fill(day);
	CHECK(stats_analysis_run(&arena, points, POINT_N, &s));
	CHECK(s.season.period_s > 86000 && s.season.period_s < 87000);
	CHECK(backtest_band_of(&arena, &s, &band));
	CHECK(band.spread[0] > 0.5 && band.spread[0] < 10);
	g = backtest_grid_of(points, POINT_N, 300000, INT64_MAX / 2);
	g.n = POINT_N;
	slots = backtest_outside(&arena, &g, &s, &band, 4, true, true);
	CHECK(slots != NULL);
	backtest_run(slots, g.n, &rule, &b);
	CHECK_INT(b.fired_n, 1);
	CHECK_INT(b.episode[0].from, 3001);
	slots = backtest_outside(&arena, &g, &s, &band, 4, false, true);
	backtest_run(slots, g.n, &rule, &b);
	CHECK_INT(b.fired_n, 0);
}

TEST(the_grid_ends_at_now_unless_the_newest_data_is_on_its_way)
{
	struct stats_point p[] = { { T0, 1 }, { T0 + 300000, 1 } };
	struct backtest_grid g = backtest_grid_of(p, 2, 300000, T0 + 900000);

	CHECK_INT(g.n, 2);
	CHECK_INT(g.start_ms, T0);
	g = backtest_grid_of(p, 2, 300000, T0 + 3000000);
	CHECK_INT(g.n, 10);
	CHECK_INT(backtest_grid_of(p, 0, 300000, T0).n, 0);
	CHECK_INT(backtest_grid_of(p, 2, 300000, T0 - 1).n, 0);
}

TEST(too_little_memory_is_no_threshold)
{
	struct backtest_rule rule = { .evaluation_n = 3, .datapoint_n = 3 };
	struct backtest_grid g = { T0, 300000, POINT_N };
	bool ok = true;
	double t;

	fill(level);
	arena_free(&arena);
	arena_init(&arena, (size_t)20000);
	CHECK(!backtest_derive(&arena, &g, points, POINT_N,
	    S("GreaterThanThreshold"), &rule, false, &t, &ok));
	CHECK(!ok);
}

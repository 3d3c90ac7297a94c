/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_season.c: single patterns, and what is none. How often it is
 * right is measured in test_stats_analysis.c.
 */
#include "test.h"

#include <math.h>

#include "tools/stats_analysis.h"

#define PI 3.14159265358979323846

static struct arena arena;
static struct stats_point points[4032];
static struct stats_analysis a;
static uint64_t state;

static double
noise(void)
{
	double sum = -6;

	for (int i = 0; i < 12; i++) {
		sum += (double)(test_random(&state) >> 11) /
		    9007199254740992.0;
	}
	return sum;
}

static double
wave(double t, double period)
{
	return sin(2 * PI * t / period);
}

/* Two weeks of five minutes. */
static bool
analyse(double (*f)(double t))
{
	state = 77;
	for (size_t i = 0; i < 4032; i++) {
		points[i] = (struct stats_point){ (int64_t)i * 300000,
		    f((double)i * 300) };
	}
	arena_free(&arena);
	arena_init(&arena, (size_t)32 << 20);
	return stats_analysis_run(&arena, points, 4032, &a);
}

static double day(double t) { return wave(t, 86400); }
static double white(double t) { (void)t; return noise(); }
static double seven(double t) { return wave(t, 25200) + noise() / 4; }
static double half(double t) { return wave(t, 43200) + noise() / 4; }
static double both(double t) { return wave(t, 86400) *
    (fmod(t, 604800) < 432000 ? 1 : 0.2) + noise() / 4; }
static double odd(double t) { return (fmod(t, 10020) < 2400) + 5; }

TEST(defect_7_a_daily_sine_is_daily)
{
	CHECK(analyse(day));
	CHECK_INT(a.season.canonical_s, 86400);
	CHECK(a.season.period_s == 86400);
	CHECK(a.season.strength > 0.99);
	CHECK_INT(a.season.part_n, 0);
}

TEST(defect_7_white_noise_does_not_repeat)
{
	CHECK(analyse(white));
	CHECK(a.season.period_s == 0);
	CHECK_INT(a.season.canonical_s, 0);
	CHECK(a.season.pattern == NULL);
}

TEST(a_period_that_is_not_canonical_is_named_too)
{
	CHECK(analyse(seven));
	CHECK_INT(a.season.canonical_s, 0);
	CHECK(fabs(a.season.period_s - 25200) < 100);
	CHECK(analyse(half));
	CHECK_INT(a.season.canonical_s, 86400);
	CHECK(a.season.period_s == 43200);
	CHECK(analyse(odd));
	CHECK(fabs(a.season.period_s - 10020) < 60);
}

TEST(a_week_of_days_is_a_week_and_names_the_day)
{
	CHECK(analyse(both));
	CHECK_INT(a.season.canonical_s, 604800);
	CHECK_INT(a.season.part_n, 1);
	CHECK(a.season.part_s[0] == 86400);
}

TEST(canonical_periods_have_a_tenth_of_room)
{
	CHECK_INT(stats_season_canonical(810), 0);
	CHECK_INT(stats_season_canonical(811), 900);
	CHECK_INT(stats_season_canonical(95039), 86400);
	CHECK_INT(stats_season_canonical(-1), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_trend.c: lines, noise, correlation, outliers.
 */
#include "test.h"

#include <math.h>

#include "tools/stats_analysis.h"

static struct arena arena;
static struct stats_point points[2000];
static struct stats_analysis a;

static bool
analyse(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		points[i].at_ms = (int64_t)i * 3600000;
	}
	arena_free(&arena);
	arena_init(&arena, (size_t)32 << 20);
	return stats_analysis_run(&arena, points, n, &a);
}

TEST(a_line_rises_at_its_slope)
{
	for (size_t i = 0; i < 500; i++) {
		points[i].value = 7 + 0.25 * (double)i;
	}
	CHECK(analyse(500));
	CHECK_INT(a.trend.direction, 1);
	CHECK(fabs(stats_analysis_per_day(&a) - 6) < 1e-6);
	CHECK(a.trend.p_value < 1e-10);
	CHECK_INT(a.changes.n, 0);
	CHECK(a.changes.sloped);
}

TEST(outliers_do_not_turn_a_trend)
{
	for (size_t i = 0; i < 500; i++) {
		points[i].value = i % 50 == 49 ? 1e6 * (i < 250 ? 1 : -1) :
		    -0.1 * (double)i + (double)((i * 7919) % 13);
	}
	CHECK(analyse(500));
	CHECK_INT(a.trend.direction, -1);
	CHECK(fabs(stats_analysis_per_day(&a) + 2.4) < 0.3);
}

TEST(wandering_is_no_trend)
{
	uint64_t state = 99;
	int told = 0;

	for (int turn = 0; turn < 100; turn++) {
		double x = 0;

		for (size_t i = 0; i < 300; i++) {
			x = 0.95 * x + (double)(test_random(&state) >> 11) /
			    9007199254740992.0 - 0.5;
			points[i].value = x;
		}
		CHECK(analyse(300));
		told += a.trend.direction != 0;
	}
	printf("    %d of 100\n", told);
	CHECK(told <= 3);
}

TEST(too_little_is_no_trend)
{
	for (size_t i = 0; i < 4; i++) {
		points[i].value = (double)i;
	}
	CHECK(analyse(4));
	CHECK_INT(a.trend.direction, 0);
	CHECK(a.trend.p_value == 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_change.c: steps, when they were, and what is none.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "tools/stats_analysis.h"

static struct arena arena;
static struct stats_point points[6000];
static struct stats_analysis a;
static uint64_t state = 4;

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

static bool
analyse(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		points[i].at_ms = (int64_t)i * 60000;
	}
	arena_free(&arena);
	arena_init(&arena, (size_t)32 << 20);
	return stats_analysis_run(&arena, points, n, &a);
}

TEST(a_step_is_found_to_the_minute)
{
	for (size_t i = 0; i < 6000; i++) {
		points[i].value = 100 + (i >= 4321 ? 40 : 0) + 3 * noise();
	}
	CHECK(analyse(6000));
	CHECK_INT(a.changes.n, 1);
	CHECK_INT(stats_analysis_time(&a, a.changes.list[0].slot),
	    4321 * 60000);
	CHECK(fabs(stats_analysis_value(&a, a.changes.list[0].before) -
	    100) < 2);
	CHECK(fabs(stats_analysis_value(&a, a.changes.list[0].after) -
	    140) < 2);
}

TEST(up_and_down_again_are_two)
{
	for (size_t i = 0; i < 3000; i++) {
		points[i].value = (i >= 1000 && i < 1700 ? 10 : 0) + noise();
	}
	CHECK(analyse(3000));
	CHECK_INT(a.changes.n, 2);
	CHECK(labs((long)a.changes.list[0].slot - 1000) <= 2);
	CHECK(labs((long)a.changes.list[1].slot - 1700) <= 2);
	CHECK(a.changes.list[1].after < a.changes.list[1].before);
}

TEST(noise_spikes_slopes_and_waves_are_no_steps)
{
	int told = 0;

	for (int turn = 0; turn < 20; turn++) {
		for (size_t i = 0; i < 2880; i++) {
			double x = noise();

			x += turn % 4 == 1 ? (double)i / 100 : 0;
			x += turn % 4 == 2 && i % 500 == 3 ? 50 : 0;
			x += turn % 4 == 3 ? 5 * sin((double)i * 0.1047198) :
			    0;
			points[i].value = x;
		}
		CHECK(analyse(2880));
		told += a.changes.n > 0;
	}
	CHECK(told <= 1);
}

TEST(of_many_steps_the_largest_are_told)
{
	for (size_t i = 0; i < 5200; i++) {
		points[i].value = (i / 200 % 2 ? 10 : 0) *
		    (i > 2600 ? 3 : 1) + noise();
	}
	CHECK(analyse(5200));
	CHECK(a.changes.n <= STATS_CHANGE_MAX_N);
}

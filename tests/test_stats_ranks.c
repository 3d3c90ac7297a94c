/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_ranks.c: known probabilities, ties, correlation.
 */
#include "test.h"

#include <math.h>

#include "tools/stats_ranks.h"

static struct arena arena;
static double x[200], y[200];

static double
test(size_t n, size_t m)
{
	double p = -1;

	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	return stats_ranks_test(&arena, x, n, y, m, &p) ? p : -1;
}

TEST(the_textbook_case_has_its_probability)
{
	/* No neighbours alike: U = 0 of 5 x 5, z = 12 / sqrt(22.9167). */
	static const double a[] = { 3, 1, 5, 2, 4 };

	for (size_t i = 0; i < 5; i++) {
		x[i] = a[i];
		y[i] = a[i] + 10;
	}
	CHECK(fabs(test(5, 5) - 0.012186) < 1e-5);
}

TEST(equal_values_do_not_differ_and_few_are_no_sample)
{
	for (size_t i = 0; i < 50; i++) {
		x[i] = y[i] = 7;
	}
	CHECK(test(50, 50) == 1);
	CHECK(test(4, 50) != test(4, 50));
}

TEST(wandering_stretches_seldom_differ)
{
	uint64_t state = 3;
	int told = 0;

	for (int turn = 0; turn < 300; turn++) {
		double v = 0;

		for (size_t i = 0; i < 120; i++) {
			v = 0.8 * v + (double)(test_random(&state) >> 11) /
			    9007199254740992.0 - 0.5;
			(i < 60 ? x : y)[i % 60] = v;
		}
		told += test(60, 60) < STATS_RANKS_P;
	}
	CHECK(told <= 12);
}

TEST(a_shift_of_one_deviation_differs)
{
	uint64_t state = 9;

	for (size_t i = 0; i < 60; i++) {
		x[i] = (double)(test_random(&state) % 1000);
		y[i] = (double)(test_random(&state) % 1000) + 290;
	}
	CHECK(test(60, 60) < 1e-4);
}

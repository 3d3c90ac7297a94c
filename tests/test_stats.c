/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats.c: order, quantiles, medians, the normal tail, gaps, extremes.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "tools/stats.h"

static struct arena arena;
static struct stats_point points[3000];
static double values[3000];

static void
fresh(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)8 << 20);
}

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

TEST(points_are_sorted_by_time_then_value_with_nan_last)
{
	struct stats_point p[] = { { 2, 1 }, { 1, (double)NAN }, { 1, 5 },
	    { 1, -5 }, { 0, 9 } };

	fresh();
	CHECK(stats_sort(&arena, p, 5));
	CHECK(p[0].value == 9 && p[1].value == -5 && p[2].value == 5);
	CHECK(p[3].value != p[3].value && p[4].at_ms == 2);
	CHECK_INT(stats_find(p, 5, 1), 1);
	CHECK_INT(stats_find(p, 5, 2), 4);
	CHECK_INT(stats_find(p, 5, 3), 5);
	CHECK_INT(stats_find(p, 0, 3), 0);
}

TEST(many_values_are_sorted_as_the_library_sorts_them)
{
	static double want[3000];
	uint64_t state = 11;

	for (size_t n = 1; n < 3000; n += 1 + n / 3) {
		for (size_t i = 0; i < n; i++) {
			uint64_t r = test_random(&state);

			values[i] = ((double)(r >> 20) - 8e12) * (r % 3 == 0 ?
			    1e-300 : r % 3 == 1 ? 1 : 1e280);
			points[i] = (struct stats_point){
			    (int64_t)(r % 977), values[i] };
		}
		memcpy(want, values, n * sizeof(*want));
		qsort(want, n, sizeof(*want), order);
		fresh();
		CHECK(stats_sort_values(&arena, values, n));
		CHECK(memcmp(values, want, n * sizeof(*want)) == 0);
		CHECK(stats_sort(&arena, points, n));
		for (size_t i = 1; i < n; i++) {
			CHECK(points[i - 1].at_ms <= points[i].at_ms);
			values[i] = want[(i * 7919) % n];
		}
		values[0] = want[0];
		for (size_t i = 0; i < n; i++) {
			values[i] = want[n - 1 - i];
		}
		CHECK(stats_median(values, n) == want[(n - 1) / 2]);
	}
}

TEST(quantiles_lie_between_neighbours)
{
	double v[] = { 1, 2, 3, 4 };

	CHECK(stats_quantile(v, 4, 0) == 1);
	CHECK(stats_quantile(v, 4, 0.5) == 2.5);
	CHECK(stats_quantile(v, 4, 1) == 4);
	CHECK(stats_quantile(v, 1, 0.3) == 1);
}

TEST(the_normal_tail_is_that_of_the_tables)
{
	CHECK(fabs(stats_two_sided(0) - 1) < 1e-6);
	CHECK(fabs(stats_two_sided(1.959964) - 0.05) < 1e-6);
	CHECK(fabs(stats_two_sided(-2.575829) - 0.01) < 1e-6);
	CHECK(fabs(stats_two_sided(6) / 1.973175e-9 - 1) < 1e-4);
	CHECK(stats_two_sided(1e9) == 0);
}

TEST(the_longest_gaps_are_listed_longest_first)
{
	struct stats_summary s;
	size_t n = 0;

	for (int64_t i = 0; i < 1000; i++) {
		bool hole = (i > 100 && i < 103) || (i > 200 && i < 260) ||
		    (i > 300 && i < 310) || i == 400 || i == 500 ||
		    (i > 600 && i < 604);

		if (!hole) {
			points[n++] = (struct stats_point){ i * 60000, 1 };
		}
	}
	fresh();
	CHECK(stats_summarize(&arena, points, n, &s));
	CHECK_INT(s.gap_n, 6);
	CHECK_INT(s.gaps[0].missing_n, 59);
	CHECK_INT(s.gaps[0].from_ms, 200 * 60000);
	CHECK_INT(s.gaps[0].to_ms, 260 * 60000);
	CHECK_INT(s.gaps[1].missing_n, 9);
	CHECK_INT(s.gaps[2].missing_n, 3);
	CHECK_INT(s.gaps[3].missing_n, 2);
	CHECK_INT(s.gaps[4].missing_n, 1);
	CHECK_INT(s.missing_n, (int64_t)(1000 - n));
	CHECK(fabs(s.coverage - (double)n / 1000) < 1e-12);
}

TEST(values_of_any_size_are_summed_up)
{
	struct stats_summary s;

	for (size_t i = 0; i < 4; i++) {
		points[i] = (struct stats_point){ (int64_t)i * 60000,
		    i % 2 ? 1e308 : -1e308 };
	}
	fresh();
	CHECK(stats_summarize(&arena, points, 4, &s));
	CHECK(s.mean == 0 && s.std_deviation == 1e308);
	CHECK(s.variation != s.variation);
	for (size_t i = 0; i < 4; i++) {
		points[i].value = 1e-6 * (double)(i + 1);
	}
	CHECK(stats_summarize(&arena, points, 4, &s));
	CHECK(fabs(s.variation - sqrt(1.25) / 2.5) < 1e-12);
	CHECK(stats_summarize(&arena, points, 0, &s));
	CHECK_INT(s.n, 0);
	points[0].value = points[1].value = (double)NAN;
	CHECK(stats_summarize(&arena, points, 2, &s));
	CHECK_INT(s.n, 0);
	CHECK_INT(s.total_n, 2);
}

TEST(rounding_leaves_no_digits_of_its_own)
{
	CHECK(stats_round(2.2799999e-106, 3) == 2.28e-106);
	CHECK(stats_round(-1.6700001e-22, 3) == -1.67e-22);
	CHECK(stats_round(0.020449, 3) == 0.0204);
	CHECK(stats_round(197.99999999999991, 9) == 198);
}

TEST(logarithms_and_powers_are_those_of_the_c_library)
{
	uint64_t state = 21;

	for (int i = 0; i < 100000; i++) {
		double part = (double)(test_random(&state) >> 11) /
		    9007199254740992.0;
		double x = (part - 0.5) * 1390;
		double y = exp((part - 0.5) * 1400);
		double error = stats_exp(x) / exp(x) - 1;

		CHECK(fabs(error) < 1e-15);
		error = stats_log(y) - log(y);
		CHECK(fabs(error) <= 4e-16 * fabs(log(y)));
		y = 0.5 + 2 * part;
		CHECK(fabs(stats_log(y) - log(y)) < 3e-16);
	}
	CHECK(stats_log(1) == 0);
	CHECK(stats_exp(0) == 1);
	CHECK(stats_exp(-1000) == 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two stretches have the same level.
 *
 * The rank sum test (Wilcoxon 1945, Mann and Whitney 1947) with the variance
 * for ties. Neighbouring values of metrics resemble each other, which makes
 * two stretches differ by chance: the variance is enlarged by (1 + r) / (1 - r)
 * with r the correlation of neighbours around a straight line, for the hour of
 * the day moves a level slowly, and its bias mended (after Yue and Wang 2002).
 * If the two do not differ, either tells r; where one holds the beginning of
 * an incident its r is too large, so the smaller one counts.
 */
#include "tools/stats_ranks.h"

#include <math.h>

#include "tools/stats.h"

/* see stats_ranks.h */
const struct str stats_ranks_method = STR_INIT("Mann-Whitney rank sum test, "
    "variance corrected for ties and for the correlation of neighbours; "
    "significant below p = 0.01, or where the level changed within the "
    "window (optimal partitioning)");

/* Correlation of neighbours around their straight line, at most 0.95. */
static double
neighbours(const double *r, size_t n)
{
	double square = 0, product = 0, all = (double)n, c;
	double mean = 0, slope = 0, last = 0, middle = (all - 1) / 2;

	for (size_t i = 0; i < n; i++) {
		mean += r[i] / all;
		slope += r[i] * ((double)i - middle);
	}
	slope /= all * (all * all - 1) / 12;
	for (size_t i = 0; i < n; i++) {
		double d = r[i] - mean - slope * ((double)i - middle);

		square += d * d;
		product += d * last;
		last = d;
	}
	if (!(square > 0)) {
		return 0;
	}
	c = (product / square * all + 2) / (all - 4);
	return c < 0 ? 0 : c > 0.95 ? 0.95 : c;
}

/* see stats_ranks.h */
bool
stats_ranks_test(struct arena *a, const double *x, size_t x_n,
    const double *y, size_t y_n, double *p_value)
{
	size_t n = x_n + y_n;
	double *sorted = ARENA_ARRAY(a, n, double);
	double *ranks = ARENA_ARRAY(a, n, double);
	double all = (double)n, product = (double)x_n * (double)y_n;
	double ties = 0, sum = 0, variance, r, other, z;

	*p_value = (double)NAN;
	if (sorted == NULL || ranks == NULL) {
		return false;
	}
	if (x_n < STATS_RANKS_MIN_N || y_n < STATS_RANKS_MIN_N) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		sorted[i] = i < x_n ? x[i] : y[i - x_n];
	}
	if (!stats_sort_values(a, sorted, n)) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		double v = i < x_n ? x[i] : y[i - x_n];
		size_t lo = stats_lower(sorted, n, v, false);
		size_t hi = stats_lower(sorted, n, v, true);
		double same = (double)(hi - lo);

		ranks[i] = (double)lo + (same + 1) / 2;
		sum += i < x_n ? ranks[i] : 0;
		ties += same * same - 1;
	}
	variance = product / 12 * (all + 1 - ties / (all * (all - 1)));
	r = neighbours(ranks, x_n);
	other = neighbours(ranks + x_n, y_n);
	r = other < r ? other : r;
	variance *= (1 + r) / (1 - r);
	z = fabs(sum - (double)x_n * (all + 1) / 2) - 0.5;
	*p_value = variance > 0 && z > 0 ?
	    stats_two_sided(z / sqrt(variance)) : 1;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a series rises or falls.
 *
 * The slope is Theil's and Sen's (1950, 1968): the median over all pairs of
 * means of at most STATS_BLOCK_MAX_N stretches; outliers do not move it. Its
 * significance is Mann's and Kendall's (1945, 1975) rank test, with the
 * variance for ties, and enlarged for autocorrelation after Hamed and Rao
 * (1998): by the correlation of the ranks of what the slope leaves. Short
 * series hide their correlation from that estimate, so a first-order
 * autoregression with its bias mended (Kendall 1954) is the least
 * that is assumed.
 */
#include "tools/stats_trend.h"

#include <math.h>

#include "base/limits.h"

/* Fewer stretches cannot be significant at STATS_TREND_P. */
#define BLOCK_MIN_N 5

/* Ranks of n values, ties sharing their mean, centered; also the sum of
 * t (t - 1) (2 t + 5) over ties. */
static double
rank(const double *x, size_t n, double *out)
{
	double ties = 0;

	for (size_t i = 0; i < n; i++) {
		double less = 0, same = 0;

		for (size_t k = 0; k < n; k++) {
			less += x[k] < x[i];
			same += x[k] == x[i];
		}
		out[i] = less + (same + 1) / 2 - (double)(n + 1) / 2;
		/* Each tie is met once for each of its members. */
		ties += (same - 1) * (2 * same + 5);
	}
	return ties;
}

static double
correlation(const double *r, size_t n, size_t lag)
{
	double product = 0, square = 0;

	for (size_t i = 0; i < n; i++) {
		square += r[i] * r[i];
		product += i >= lag ? r[i] * r[i - lag] : 0;
	}
	return square > 0 ? product / square : 0;
}

/* By how much correlation enlarges the variance of S. */
static double
inflation(const double *ranks, size_t n)
{
	double all = (double)n;
	double limit = 1.645 / sqrt(all);
	double hamed = 1, ar = 1, power = 1;
	double first = correlation(ranks, n, 1);
	double r = (first * all + 2) / (all - 4 > 1 ? all - 4 : 1);

	for (size_t k = 1; k <= n / 4; k++) {
		double rho = correlation(ranks, n, k);
		double rest = (double)(n - k);

		if (rho < limit) {
			break;
		}
		hamed += 2 * rest * (rest - 1) * (rest - 2) * rho /
		    (all * (all - 1) * (all - 2));
	}
	/* Below its own error the mended one means nothing. */
	r = r < limit ? 0 : r > 0.97 ? 0.97 : r;
	for (size_t k = 1; k < n && power * r > 1e-3; k++) {
		power *= r;
		ar += 2 * (1 - (double)k / all) * power;
	}
	return hamed > ar ? hamed : ar;
}

/* see stats_trend.h */
bool
stats_trend_test(struct arena *a, const struct stats_grid *g,
    const double *v, struct stats_trend *out)
{
	double *mean = ARENA_ARRAY(a, 4 * STATS_BLOCK_MAX_N, double);
	double *slopes = ARENA_ARRAY(a, STATS_BLOCK_MAX_N *
	    STATS_BLOCK_MAX_N / 2, double);
	uint32_t *at = ARENA_ARRAY(a, STATS_BLOCK_MAX_N, uint32_t);
	double *rest, *ranks;
	double s = 0, all, variance, ties, z;
	size_t n, len, pair_n = 0;

	*out = (struct stats_trend){ .p_value = 1 };
	if (mean == NULL || slopes == NULL || at == NULL) {
		return false;
	}
	rest = mean + 2 * STATS_BLOCK_MAX_N;
	ranks = rest + STATS_BLOCK_MAX_N;
	n = stats_grid_blocks(g, v, STATS_BLOCK_MAX_N, mean,
	    mean + STATS_BLOCK_MAX_N, at, &len);
	if (n < BLOCK_MIN_N || !(g->scale > 0)) {
		return true;
	}
	for (size_t i = 0; i < n; i++) {
		/* What differs by rounding only is tied. */
		mean[i] = fabs(mean[i]) < 1e-9 ? 0 : mean[i];
		for (size_t k = 0; k < i; k++) {
			double d = mean[i] - mean[k];

			s += d > 1e-9 ? 1 : d < -1e-9 ? -1 : 0;
			slopes[pair_n++] = d / (double)(at[i] - at[k]);
		}
	}
	out->slope = stats_median(slopes, pair_n);
	ties = rank(mean, n, ranks);
	for (size_t i = 0; i < n; i++) {
		rest[i] = mean[i] - out->slope * at[i];
	}
	(void)rank(rest, n, ranks);
	all = (double)n;
	variance = (all * (all - 1) * (2 * all + 5) - ties) / 18 *
	    inflation(ranks, n);
	z = s > 0 ? s - 1 : s < 0 ? s + 1 : 0;
	if (variance > 0) {
		out->p_value = stats_two_sided(z / sqrt(variance));
	}
	if (out->p_value < STATS_TREND_P) {
		out->direction = s > 0 ? 1 : -1;
	}
	return true;
}

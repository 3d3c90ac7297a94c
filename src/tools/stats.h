/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of measurements as numbers: what a point is, its order, summary
 * statistics, publishing period and gaps. Pure mathematics, no AWS.
 *
 * Points may come in any order, with NaN, infinities, duplicates and values
 * of any size; nothing here overflows or divides by zero on them.
 */
#ifndef TOOLS_STATS_H
#define TOOLS_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct stats_point {
	int64_t at_ms; /* since 1970 */
	double value;
};

/* v with so many significant digits (1 to 15): a probability or a share of
 * 17 digits costs a reader more than it tells. */
double stats_round(double v, int digits);
/* Whether v is neither NaN nor infinite. */
bool stats_finite(double v);
/* Sorts by time, equal times by value (NaN last). Takes n points of scratch
 * from the arena when they are not in order yet; false: out of memory. */
bool stats_sort(struct arena *a, struct stats_point *p, size_t n) MUST_USE;
/* Sorts n finite values; scratch from the arena. false: out of memory. */
bool stats_sort_values(struct arena *a, double *v, size_t n) MUST_USE;
/* The value below which the part q (0..1) of n > 0 sorted values lies, linear
 * between neighbours at q (n - 1). */
double stats_quantile(const double *sorted, size_t n, double q);
/* How many of n sorted values are below v, or, with `or_same`, not above it.
 */
size_t stats_lower(const double *sorted, size_t n, double v, bool or_same);
/* The median of n > 0 finite values, whose order it changes; for an even
 * number the lower one of the two in the middle. Linear time. */
double stats_median(double *v, size_t n);
/* Probability that a standard normal number is farther from zero than z. */
double stats_two_sided(double z);
/* Natural logarithm of a normal number above 0, and e to the power of x; to
 * within a few units of the last place. The C library's bring 7 KB. */
double stats_log(double x);
double stats_exp(double x);
/* First index whose time is at or after at_ms, of sorted points; n: none. */
size_t stats_find(const struct stats_point *p, size_t n, int64_t at_ms);

/* Quantiles that a summary carries. */
#define STATS_QUANTILE_N 8
extern const double stats_quantiles[STATS_QUANTILE_N];
/* Most gaps that a summary lists. */
#define STATS_GAP_MAX_N 5

/* A stretch without data. */
struct stats_gap {
	int64_t from_ms, to_ms; /* the points around it */
	int64_t missing_n;      /* points that would have been in between */
};

struct stats_summary {
	size_t total_n;    /* points given */
	size_t n;          /* of them finite */
	double min, max, mean, median;
	double std_deviation; /* of the population */
	double variation;  /* deviation by the mean's magnitude; NaN when the
	                    * mean is as good as zero */
	double quantiles[STATS_QUANTILE_N];
	double period_s;   /* publishing period; 0: none */
	bool period_snapped; /* it is one of CloudWatch's */
	double density;    /* part of the points that came by the time at which
	                    * all would have without gaps; NaN: no period */
	double coverage;   /* points by points that the span has room for */
	int64_t missing_n; /* points that are not there */
	size_t gap_n;      /* of all gaps */
	struct stats_gap gaps[STATS_GAP_MAX_N]; /* the longest, longest
	                    * first */
	struct stats_point *points; /* the finite ones, sorted */
	double *sorted;    /* their values, rising */
};

/* Sums up points in any order; with n == 0 or nothing finite only the counts
 * are set. false: out of memory. */
bool stats_summarize(struct arena *a, const struct stats_point *p, size_t n,
    struct stats_summary *out) MUST_USE;
/* The publishing period in seconds of sorted points: the most frequent distance
 * of neighbours (of several the one met first), snapped to 1, 5, 10, 30 or a
 * multiple of 60 s when within a tenth of it. 0: fewer than two points, or most
 * of them at one time. */
double stats_period(struct arena *a, const struct stats_point *p, size_t n,
    bool *snapped);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of metrics of which the truth is known, for measuring an analysis.
 *
 * Number i of the collection is always the same series. They cover: nothing
 * that repeats (white and red noise, constants), patterns of 15 minutes, an
 * hour, six hours, a day, a week, and day and week together, in five shapes,
 * 2 to 30 cycles of them, published every 10 s to every hour, noise of 0 to 1
 * times the pattern's deviation, white or autoregressive, rising and falling
 * straight lines, steps, spikes, single long gaps, 1 to 75 % of the points
 * missing, and magnitudes from 1e-6 to 1e12.
 */
#ifndef TESTS_SERIES_MAKER_H
#define TESTS_SERIES_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/stats.h"

#define SERIES_MAKER_MAX_N 20200

struct series_made {
	struct stats_point points[SERIES_MAKER_MAX_N];
	size_t n;
	int64_t season_s;  /* the true period; 0: nothing repeats */
	int trend;         /* 1, -1, 0 */
	bool stepped;      /* a step: a trend of its sign is no error */
	int step;          /* its sign */
	int64_t step_ms;   /* when */
	bool noise_only;   /* nothing but noise: whatever is told is false */
	double noise;      /* by the deviation of the pattern */
	char text[160];    /* what it is, for people */
};

/* Makes number i. Most numbers are of all kinds; noise_only numbers are white
 * or red noise and nothing else. */
void series_maker(uint64_t i, bool noise_only, struct series_made *out);

#endif

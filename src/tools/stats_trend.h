/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a series rises or falls, and how fast.
 */
#ifndef TOOLS_STATS_TREND_H
#define TOOLS_STATS_TREND_H

#include <stdbool.h>

#include "base/arena.h"
#include "tools/stats_grid.h"

/* A trend is told when noise would look like it less often than this. */
#define STATS_TREND_P 0.005

struct stats_trend {
	int direction;     /* 1, -1, 0: none that is significant */
	double slope;      /* per slot of the grid, in its scale */
	double p_value;    /* two-sided; 1 when there is too little data */
};

/* Tests v (values for the points of g, without their seasonal pattern). false:
 * out of memory. */
bool stats_trend_test(struct arena *a, const struct stats_grid *g,
    const double *v, struct stats_trend *out) MUST_USE;

#endif

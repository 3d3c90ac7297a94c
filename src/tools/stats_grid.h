/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series laid on a regular grid, scaled to numbers of common size, so that
 * what follows need not care whether the metric counts bytes or microseconds.
 */
#ifndef TOOLS_STATS_GRID_H
#define TOOLS_STATS_GRID_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "tools/stats.h"

struct stats_grid {
	int64_t start_ms, step_ms;
	size_t n;          /* slots, filled or not */
	size_t m;          /* filled ones */
	uint32_t *slot;    /* numbers of the filled ones, rising */
	double *v;         /* their values: (value - center) / scale, clipped
	                    * where one lies far outside the others */
	double center, scale; /* scale == 0: all values are the same */
};

/* Lays sorted usable points on a grid of period_s; values that meet in a slot
 * are averaged. `sorted` holds the n values in rising order. Grids of more
 * than STATS_GRID_MAX_N slots get slots of several periods. false: out of
 * memory. */
bool stats_grid_make(struct arena *a, const struct stats_point *p, size_t n,
    const double *sorted, double period_s, struct stats_grid *out) MUST_USE;
/* Means of at most block_max consecutive stretches of the grid, of v instead
 * of g->v; at[i] is the first slot of stretch i. Stretches without a value are
 * left out. Returns how many there are, and how many slots one has. */
size_t stats_grid_blocks(const struct stats_grid *g, const double *v,
    size_t block_max, double *mean, double *weight, uint32_t *at,
    size_t *block_len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What repeats in a series, and how long its true period is.
 */
#ifndef TOOLS_STATS_SEASON_H
#define TOOLS_STATS_SEASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "tools/stats_grid.h"

/* Periods that one answer names. */
#define STATS_SEASON_MAX_N 3

struct stats_season {
	double period_s;   /* shortest period that explains as much as any
	                    * longer one; 0: nothing repeats */
	int64_t canonical_s; /* 900, 3600, 21600, 86400 or 604800: the one that
	                    * it is, or one that it divides; 0: none */
	double strength;   /* part of the variance that the pattern explains,
	                    * level shifts and slope set aside: 0..1 */
	double p_value;    /* that noise of this colour looks so regular */
	size_t part_n;     /* further periods that are part of the pattern: */
	double part_s[STATS_SEASON_MAX_N];
	const double *pattern; /* value of the pattern at each of g->m points,
	                    * in the grid's scale, mean 0; NULL: none */
};

/* Scratch of the size of a grid; zero at first, for one grid only. */
struct stats_season_work {
	void *runs;
	double *rest;
};

/* Looks for what repeats in v, values for the points of g (g->v, or what is
 * left of it): one of the canonical periods, or, with `search`, any that the
 * series proposes. false: out of memory. */
bool stats_season_find(struct arena *a, const struct stats_grid *g,
    const double *v, bool search, struct stats_season_work *work,
    struct stats_season *out) MUST_USE;
/* The canonical period within a tenth of that many seconds; 0: none. */
int64_t stats_season_canonical(double seconds);

#endif

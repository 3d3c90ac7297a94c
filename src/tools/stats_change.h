/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the level of a series changed.
 */
#ifndef TOOLS_STATS_CHANGE_H
#define TOOLS_STATS_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/limits.h"
#include "tools/stats_grid.h"

struct stats_change {
	uint32_t slot;       /* first slot of the new level */
	double before, after; /* levels, in the grid's scale */
	double sigmas;       /* the step by the noise of single points */
};

struct stats_changes {
	struct stats_change list[STATS_CHANGE_MAX_N]; /* oldest first */
	size_t n;
	bool more;           /* there were more; the largest are listed */
	bool sloped;         /* a straight line explains the series better
	                      * than steps do: they are steps on that line */
};

/* Finds the changes of level of v (values for the points of g, without their
 * seasonal pattern), which rises by `slope` a slot if it is to be taken for
 * sloped. false: out of memory. */
bool stats_change_find(struct arena *a, const struct stats_grid *g,
    const double *v, double slope, struct stats_changes *out) MUST_USE;
/* v without its changes of level: each point less what its level differs from
 * the first. */
void stats_change_level(const struct stats_grid *g, const double *v,
    const struct stats_changes *changes, double *out);

#endif

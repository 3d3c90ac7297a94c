/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two stretches of a metric have the same level.
 */
#ifndef TOOLS_STATS_RANKS_H
#define TOOLS_STATS_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

/* Fewer values on either side are no sample. */
#define STATS_RANKS_MIN_N 5
/* A difference is told when noise would look like it less often than this. */
#define STATS_RANKS_P 0.01

/* Two-sided probability that x and y, finite values in order of time, differ
 * so much when they do not; NaN when one has fewer than STATS_RANKS_MIN_N.
 * false: out of memory. */
bool stats_ranks_test(struct arena *a, const double *x, size_t x_n,
    const double *y, size_t y_n, double *p_value) MUST_USE;

/* The method by name, for answers. */
extern const struct str stats_ranks_method;

#endif

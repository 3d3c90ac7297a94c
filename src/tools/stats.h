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

/* Whether v is neither NaN nor infinite. */
bool stats_finite(double v);
/* Sorts by time, equal times by value (NaN last). Takes n points of scratch
 * from the arena when they are not in order yet; false: out of memory. */
bool stats_sort(struct arena *a, struct stats_point *p, size_t n) MUST_USE;
/* First index whose time is at or after at_ms, of sorted points; n: none. */
size_t stats_find(const struct stats_point *p, size_t n, int64_t at_ms);

#endif

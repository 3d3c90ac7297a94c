/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that can be said of one series, in the order in which each step
 * needs the one before: summary, seasonal pattern, changes of level, trend.
 */
#ifndef TOOLS_STATS_ANALYSIS_H
#define TOOLS_STATS_ANALYSIS_H

#include "base/arena.h"
#include "base/str.h"
#include "tools/stats.h"
#include "tools/stats_change.h"
#include "tools/stats_grid.h"
#include "tools/stats_season.h"
#include "tools/stats_trend.h"

struct stats_analysis {
	struct stats_summary summary;
	bool usable;       /* two points and a period: the rest is set */
	struct stats_grid grid;
	struct stats_season season;
	struct stats_trend trend;
	struct stats_changes changes;
};

/* Analyses points in any order. false: out of memory. */
bool stats_analysis_run(struct arena *a, const struct stats_point *p, size_t n,
    struct stats_analysis *out) MUST_USE;

/* In the metric's own terms: a level, the trend for a day, a slot's time. */
double stats_analysis_value(const struct stats_analysis *s, double scaled);
/* The level of a change at a slot, its slope included. */
double stats_analysis_level(const struct stats_analysis *s, double scaled,
    uint32_t slot);
double stats_analysis_per_day(const struct stats_analysis *s);
int64_t stats_analysis_time(const struct stats_analysis *s, uint32_t slot);

/* The methods by name, for answers. */
extern const struct str stats_analysis_season_method;
extern const struct str stats_analysis_trend_method;
extern const struct str stats_analysis_change_method;

#endif

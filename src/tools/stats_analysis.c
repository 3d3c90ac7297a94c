/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that can be said of one series.
 *
 * A step can hide a pattern and a pattern looks like steps. So the pattern is
 * sought first, which is blind to the level of each cycle; the steps in what
 * it leaves; and when there were steps, the pattern once more without them.
 * The search for periods of its own comes last, when nothing else was found.
 */
#include "tools/stats_analysis.h"

/* see stats_analysis.h */
const struct str stats_analysis_season_method = STR_INIT("folded at each "
    "candidate period with additive cycles; harmonics tested by F against "
    "red noise; the shortest period that explains 90 % of the best");
const struct str stats_analysis_trend_method = STR_INIT("Theil-Sen slope; "
    "Mann-Kendall test without the seasonal pattern, variance corrected for "
    "ties and autocorrelation (Hamed and Rao)");
const struct str stats_analysis_change_method = STR_INIT("optimal "
    "partitioning without the seasonal pattern, Schwarz penalty on the "
    "long-run variance");

/* Trend and changes in what the pattern leaves; left is scratch. */
static bool
find(struct arena *a, struct stats_analysis *out, double *left)
{
	const struct stats_grid *g = &out->grid;
	const double *pattern = out->season.pattern;

	for (size_t i = 0; i < g->m; i++) {
		left[i] = g->v[i] - (pattern == NULL ? 0 : pattern[i]);
	}
	return stats_trend_test(a, g, left, &out->trend) &&
	    stats_change_find(a, g, left, out->trend.slope, &out->changes);
}

/* see stats_analysis.h */
bool
stats_analysis_run(struct arena *a, const struct stats_point *p, size_t n,
    struct stats_analysis *out)
{
	struct stats_summary *s = &out->summary;
	struct stats_grid *g = &out->grid;
	struct stats_season_work work = { NULL, NULL };
	const double *v;
	double *left;

	*out = (struct stats_analysis){ .usable = false };
	out->season.p_value = out->trend.p_value = 1;
	if (!stats_summarize(a, p, n, s)) {
		return false;
	}
	out->usable = s->n >= 2 && s->period_s > 0;
	if (!out->usable) {
		return true;
	}
	if (!stats_grid_make(a, s->points, s->n, s->sorted, s->period_s, g)) {
		return false;
	}
	left = ARENA_ARRAY(a, g->m, double);
	if (left == NULL || !stats_season_find(a, g, g->v, false, &work,
	    &out->season) || !find(a, out, left)) {
		return false;
	}
	v = g->v;
	if (out->changes.n > 0) {
		stats_change_level(g, g->v, &out->changes, left);
		v = left;
		if (!stats_season_find(a, g, v, false, &work,
		    &out->season)) {
			return false;
		}
	}
	if (out->season.period_s == 0 &&
	    !stats_season_find(a, g, v, true, &work, &out->season)) {
		return false;
	}
	return (v == g->v && out->season.period_s == 0) ||
	    find(a, out, left);
}

/* see stats_analysis.h */
double
stats_analysis_value(const struct stats_analysis *s, double scaled)
{
	return s->grid.center + s->grid.scale * scaled;
}

/* see stats_analysis.h */
double
stats_analysis_level(const struct stats_analysis *s, double scaled,
    uint32_t slot)
{
	return stats_analysis_value(s, scaled + (s->changes.sloped ?
	    s->trend.slope * slot : 0));
}

/* see stats_analysis.h */
double
stats_analysis_per_day(const struct stats_analysis *s)
{
	return s->trend.slope * s->grid.scale * (86400e3 /
	    (double)s->grid.step_ms);
}

/* see stats_analysis.h */
int64_t
stats_analysis_time(const struct stats_analysis *s, uint32_t slot)
{
	return s->grid.start_ms + (int64_t)slot * s->grid.step_ms;
}

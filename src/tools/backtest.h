/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often an alarm would have fired on a series that is there already.
 *
 * Evaluation follows the CloudWatch User Guide ("Configuring how CloudWatch
 * alarms treat missing data"): at every period the alarm looks at the last
 * datapoints, two more than EvaluationPeriods. When at least EvaluationPeriods
 * of these are there, the newest of them are counted and holes do not matter.
 * When there are fewer, missing ones fill up as breaching or as not breaching.
 * Without such a fill the datapoints that are there decide, but for one rule of
 * the guide: nothing besides breaching datapoints, the oldest of them at least
 * DatapointsToAlarm periods old, is an alarm where missing data is missing, and
 * leaves the state as it was where it is ignored. No datapoint at all is
 * INSUFFICIENT_DATA, which counts as not in alarm, or ignored.
 *
 * Not modelled: datapoints that arrive late, sub-minute alarms, percentiles
 * ignored for low sample counts.
 */
#ifndef TOOLS_BACKTEST_H
#define TOOLS_BACKTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "tools/stats.h"
#include "tools/stats_analysis.h"

/* One period of the series. */
enum backtest_slot { BACKTEST_MISSING, BACKTEST_WITHIN, BACKTEST_BREACHING };

/* TreatMissingData. */
enum backtest_missing {
	BACKTEST_MISSING_MISSING,
	BACKTEST_MISSING_IGNORE,
	BACKTEST_MISSING_BREACHING,
	BACKTEST_MISSING_NOT_BREACHING
};

struct backtest_rule {
	size_t evaluation_n;   /* EvaluationPeriods, at least 1 */
	size_t datapoint_n;    /* DatapointsToAlarm, 1..evaluation_n */
	enum backtest_missing missing;
};

/* Times of being in alarm that a result lists. */
#define BACKTEST_EPISODE_MAX_N 5

struct backtest_episode {
	size_t from, to;       /* slots: in alarm at [from, to) */
};

struct backtest {
	size_t slot_n, missing_n, breaching_n; /* periods looked at */
	size_t fired_n;        /* how often it went into ALARM */
	size_t alarm_n;        /* periods in ALARM */
	size_t longest_n;      /* of them on end */
	bool firing;           /* in ALARM at the end */
	size_t episode_n;      /* of those kept, the newest of all */
	struct backtest_episode episode[BACKTEST_EPISODE_MAX_N];
};

/* Runs the alarm over n slots, oldest first. */
void backtest_run(const uint8_t *slots, size_t n,
    const struct backtest_rule *rule, struct backtest *out);

/* "missing", "ignore", "breaching", "notBreaching"; others count as the first,
 * as in CloudWatch. */
enum backtest_missing backtest_missing_of(struct str name);

/* A series on slots of one period. */
struct backtest_grid {
	int64_t start_ms, period_ms;
	size_t n;
};

/* From the first point's period to the one before end_ms; a last datapoint at
 * most three periods before it ends the grid, because newer ones may still be
 * on their way. n == 0: no point. */
struct backtest_grid backtest_grid_of(const struct stats_point *p, size_t n,
    int64_t period_ms, int64_t end_ms);

/* Marks each slot by comparing its datapoint (of sorted ones) as CloudWatch's
 * ComparisonOperator says ("GreaterThanThreshold" and its three siblings).
 * NULL: out of memory. */
uint8_t *backtest_static(struct arena *a, const struct backtest_grid *g,
    const struct stats_point *p, size_t n, struct str comparison,
    double threshold);

/* An expected value for every point of an analysed series, and how far points
 * usually are from it at that time. */
struct backtest_band {
	const double *middle;  /* for each point of the analysis' summary */
	const double *spread;  /* one robust standard deviation */
};

/* Approximates the band of ANOMALY_DETECTION_BAND. Its middle is the seasonal
 * pattern of the series with the running median of what is left over twelve
 * hours; so it follows the level from day to day and an incident of an hour or
 * two does not move it. Its spread is 1.4826 times the median distance from
 * that, for each twenty-fourth of the season, at least half of that over all.
 * CloudWatch learns a model of its own from up to two weeks and adapts it; its
 * band differs in detail. A pattern is not needed. false: out of memory. */
bool backtest_band_of(struct arena *a, const struct stats_analysis *s,
    struct backtest_band *out) MUST_USE;

/* Marks slots outside middle +- width * spread. `above`, `below`: the sides
 * that count. NULL: out of memory. */
uint8_t *backtest_outside(struct arena *a, const struct backtest_grid *g,
    const struct stats_analysis *s, const struct backtest_band *band,
    double width, bool above, bool below);

/* A threshold from the series itself. It is derived from what the alarm acts
 * on: at every period the datapoint_n-th most extreme value of the last
 * evaluation_n periods (the least extreme value of all where there are fewer
 * datapoints). The threshold is the farther one of their 99 % quantile and
 * three interquartile ranges beyond the quartile (Tukey's outer fence), but no
 * farther beyond the most extreme one than a tenth of its distance from the
 * median; so an incident within the window does not set it. Rounded away from
 * the usual values: to whole numbers where all values are, else to three
 * digits. `percent`: 0 to 100 is all there is. The points are finite. false:
 * too few values, or usual values reach to the end of what is possible; *ok is
 * false when memory is out. */
bool backtest_derive(struct arena *a, const struct backtest_grid *g,
    const struct stats_point *p, size_t n, struct str comparison,
    const struct backtest_rule *rule, bool percent, double *threshold,
    bool *ok) MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The method by which another CloudWatch server analyses a series, written from
 * a description of what it does, to stand beside ours in one report. It fills
 * holes by straight lines, clips at the 0.1th percentiles, subtracts a moving
 * mean, takes the period of five whose mean cycle leaves the least variance
 * when that is below 40 %, and tests an ordinary regression by Student's t.
 *
 * Published as it stands, faults included: nothing of it is in the program.
 */
#ifndef TESTS_OTHER_ANALYSIS_H
#define TESTS_OTHER_ANALYSIS_H

#include <stddef.h>
#include <stdint.h>

#include "tools/stats.h"

#define OTHER_PERIOD_N 5

struct other_analysis {
	int64_t season_s;
	int trend;
	double p_value;               /* NaN: no test */
	double strength[OTHER_PERIOD_N]; /* 900, 3600, 21600, 86400, 604800;
	                               * NaN: too short */
	size_t grid_n;
};

/* Analyses sorted finite points; period and density as in stats_summary. */
void other_analysis_run(const struct stats_point *p, size_t n, double period_s,
    double density, struct other_analysis *out);
/* The pieces: strength of a period of p points, and the trend test. */
double other_analysis_strength(const double *x, size_t n, size_t p,
    double *left, size_t *left_n);
int other_analysis_trend(const double *x, size_t n, double *p_value);

#endif

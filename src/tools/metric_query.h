/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure parts of metric queries: the automatic period, statistic names, and the
 * text of a Metrics Insights query.
 */
#ifndef TOOLS_METRIC_QUERY_H
#define TOOLS_METRIC_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/json.h"

/* Longest Expression that GetMetricData takes. */
#define METRIC_QUERY_MAX 2048
/* Pages of one GetMetricData call that are joined: 100,800 points a page. */
#define METRIC_PAGE_MAX 20

/* Seconds between datapoints so that [start, end) holds about `target` of
 * them: whole minutes, at least one, and at least what CloudWatch keeps for
 * data as old as start_ms (300 s from 15 days on, 3600 s from 63 days on). */
int64_t metric_query_period(int64_t start_ms, int64_t end_ms, int64_t now_ms,
    int64_t target);

/* CloudWatch's name of a statistic: AVG, COUNT, MAX, MIN, SUM become Average,
 * SampleCount, ...; others stay. */
struct str metric_query_statistic(struct str name);
/* Whether CloudWatch knows such a statistic: the five names in either form,
 * p/tm/tc/ts/wm with a number of 0 to 100, their (a:b) range forms, PR(a:b),
 * IQM. */
bool metric_query_statistic_ok(struct str name);

/* What a Metrics Insights query is made of; absent slices, NULL: left out. */
struct metric_query {
	struct str statistic;  /* any form; one of the five plain ones */
	struct str metric, namespace;
	const struct json *keys;       /* array of dimension names */
	const struct json *dimensions; /* array of {name, value} */
	struct str group_by;   /* one of keys */
	struct str order_by;   /* AVG, COUNT, MAX, MIN, SUM */
	struct str sort;       /* ASC, DESC; needs order_by */
	int64_t limit;         /* <= 0: none */
};

/* Writes SELECT ... ; ERR_ARGUMENT with a sentence when parts do not fit
 * together or the text is too long. */
enum err metric_query_text(const struct metric_query *q, struct buf *out,
    struct fail *f) MUST_USE;

#endif

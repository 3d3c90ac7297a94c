/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of metrics as numbers: GetMetricData, all pages, sorted points.
 *
 *	struct series_query m = { .namespace = S("AWS/RDS"),
 *	    .metric_name = S("CPUUtilization"), .statistic = S("p99"),
 *	    .dimensions = tool_arg(c, S("dimensions")), .period_s = 60 };
 *	struct series_data s;
 *
 *	ask_begin(&q, c);
 *	err = series_fetch(&q, &m, 1, start_ms, end_ms, &s);
 *
 * For tools that work with the values; get_metric_data passes them on as text
 * and has its own reader.
 */
#ifndef TOOLS_SERIES_H
#define TOOLS_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mcp/tool.h"
#include "proto/json.h"
#include "tools/ask.h"
#include "tools/rows.h"
#include "tools/stats.h"

/* Most series of one fetch: what GetMetricData takes. */
#define SERIES_MAX_N 500

/* What to fetch. */
struct series_query {
	struct str namespace, metric_name;
	struct str statistic;  /* any form that metric_query_statistic knows */
	const struct json *dimensions; /* array of {name, value} or of AWS's
	                        * {Name, Value}; NULL: none */
	int64_t period_s;
	struct str account_id; /* of a source account; absent: the caller's */
	const struct json *own; /* MetricDataQueries as AWS writes them, of an
	                        * alarm on metric math; then the only query,
	                        * and all above but period_s is unused */
	struct str own_id;     /* the one of them that is wanted */
};

/* What came. */
struct series_data {
	struct stats_point *points; /* oldest first, one for each time */
	size_t n;
	size_t odd_n;          /* left out: not a number, or without a time */
	struct str status;     /* StatusCode; "Complete" when AWS says none */
	struct str message;    /* AWS's first word about it; may be absent */
	bool cut;              /* more pages than are read */
};

/* Fetches n series (1..SERIES_MAX_N) of [start_ms, end_ms) with one call, and
 * one more for each further page; out[i] belongs to queries[i]. Points outside
 * the window are dropped. A series that AWS does not mention has n == 0.
 * ERR_ARGUMENT for a statistic that CloudWatch does not know; else the errors
 * of ask_send(). When a later page fails, what came before is given back with
 * `cut` set. Sentences are in the call's fail. */
enum err series_fetch(struct ask *q, const struct series_query *queries,
    size_t n, int64_t start_ms, int64_t end_ms, struct series_data *out)
    MUST_USE;

/* Writes what names a metric in a request: Namespace, MetricName and
 * Dimensions. */
void series_put_metric(struct json_writer *body, const struct series_query *m);
/* Writes the MetricStat member of a request. */
void series_put_stat(struct json_writer *body, const struct series_query *m);
/* ERR_ARGUMENT with a sentence when CloudWatch knows no such statistic. */
enum err series_check_statistic(struct call *c, struct str statistic) MUST_USE;
/* The shortest period in seconds that CloudWatch still has for data that old:
 * 60 for 15 days, 300 for 63 days, then 3600. A minute is kept as slack. */
int64_t series_period_min(int64_t start_ms, int64_t now_ms);

/* The members namespace, metric_name, statistic, period and dimensions. */
void series_show_query(struct rows *rows, const struct series_query *m);
/* The `period` argument when it was given and CloudWatch has data of it that
 * old; else the shortest that it has and that gives at most point_max points.
 */
int64_t series_period(const struct ask *q, int64_t start_ms, int64_t end_ms,
    int64_t point_max);

/* The fields of a `dimensions` parameter. */
#define SERIES_DIMENSION_N 2
extern const struct param series_dimension[SERIES_DIMENSION_N];
/* The parameters that name one metric: namespace, metric_name, dimensions,
 * statistic. */
#define SERIES_PARAMS \
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING, \
	    .required = true, .min = 1, .max = 255 }, \
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING, \
	    .required = true, .min = 1, .max = 255 }, \
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .max = 30, \
	    .fields = series_dimension, .field_n = SERIES_DIMENSION_N }, \
	{ .name = STR_INIT("statistic"), .type = PARAM_STRING, .min = 1, \
	    .max = 64, .fallback = "\"AVG\"" }
/* The parameter of series_period(). */
#define SERIES_PERIOD_PARAM \
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 1, \
	    .max = 86400, .text = STR_INIT("seconds") }
/* The query that these arguments mean. */
struct series_query series_query_of(const struct call *c, int64_t period_s);

#endif

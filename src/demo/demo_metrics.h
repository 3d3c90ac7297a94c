/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metric operations of the demo account, over the rows of series.def.
 *
 * GetMetricData knows metrics with every statistic of account_stat(), metric
 * math (numbers, ids, + - * / and comparisons, parentheses, SUM AVG MIN MAX of
 * one or several, METRICS, ABS CEIL FLOOR, RATE DIFF, FILL, IF, PERIOD,
 * ANOMALY_DETECTION_BAND) and Metrics Insights (SELECT of one statistic, FROM
 * a namespace or SCHEMA, WHERE with = != and AND, GROUP BY, ORDER BY, LIMIT).
 * SEARCH and what else the service knows is refused with its ValidationError.
 * Nothing is stored more finely than a minute: shorter periods answer as 60.
 */
#ifndef DEMO_DEMO_METRICS_H
#define DEMO_DEMO_METRICS_H

#include "demo/demo_answer.h"

demo_answer_fn demo_metrics_list;       /* ListMetrics */
demo_answer_fn demo_metrics_data;       /* GetMetricData */
demo_answer_fn demo_metrics_statistics; /* GetMetricStatistics */

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account's PromQL: its metrics as they look with OTel enrichment.
 *
 *	expr     = number | string | select | call | fold
 *	call     = ( "histogram_avg" | "histogram_sum" | "histogram_count" |
 *	           "abs" | "scalar" ) "(" expr ")"
 *	fold     = ( "sum" | "avg" | "max" | "min" | "count" ) [ by ]
 *	           "(" expr ")" [ by ]
 *	by       = ( "by" | "without" ) "(" [ label *( "," label ) ] ")"
 *	select   = name [ "{" matchers "}" ] | "{" matchers "}"
 *	matchers = [ match *( "," match ) ] [ "," ]
 *	match    = string | label ( "=" | "!=" | "=~" | "!~" ) string
 *	label    = name | string
 *
 * The metrics are histograms of a minute's samples, as AWS gives them: the
 * histogram functions make numbers of them, sum and avg add them up, max and
 * min pass over them. A query has to name its metric, as the service demands.
 * A time shows the last minute with data among the five before it.
 *
 * Everything else (operators between series, ranges such as [5m], offset, rate
 * and the other functions) is refused in Prometheus's form: HTTP 400,
 * {"status":"error","errorType":"bad_data","error":...}.
 */
#ifndef DEMO_DEMO_PROMQL_H
#define DEMO_DEMO_PROMQL_H

#include "demo/demo_answer.h"

/* Steps of one answer and their series together: the most of Prometheus. */
#define DEMO_PROMQL_STEP_MAX_N 11000

/* The operation of a path: "QueryMetrics", "GetSeries" or "GetLabels"; absent:
 * none of the paths under /api/v1. */
struct str demo_promql_operation(struct str path);
/* Answers a GET: writes {"status":"success","data":...} to x->out, or refuses
 * with demo_answer_error(), whose code is Prometheus's errorType. */
void demo_promql(struct answer *x, struct str path, struct str query);

#endif

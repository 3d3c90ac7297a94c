/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics: what the program counted, in the text format of Prometheus
 * 0.0.4, or as OpenMetrics 1.0 for clients that ask for it.
 *
 * Names begin with cloudwatch_mcp_ and are in base units. Labels are names out
 * of this program's own tables (routes, tools, operations), so their number is
 * bounded; counters of what never happened are left out. Written on the loop
 * thread: some hundred lines, well under a millisecond.
 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

#include "visit.h"

enum app_verdict app_metrics_begin(struct visit *v);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of an alarm, as DescribeAlarms sent it, that every tool shows in the
 * same way. Odd members cost themselves only.
 */
#ifndef TOOLS_ALARM_ROW_H
#define TOOLS_ALARM_ROW_H

#include "proto/json.h"

/* The member "statistic": Statistic and ExtendedStatistic are one thing to a
 * reader. Null when the alarm has neither. */
void alarm_row_statistic(struct json_writer *out, const struct json *alarm);
/* The member "metrics" of an alarm on metric math or an anomaly band: id and
 * expression, or the metric, of each. Nothing for other alarms. */
void alarm_row_queries(struct json_writer *out, const struct json *alarm);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm operations of the demo account, over the rows of alarms.def.
 *
 * As in the service: DescribeAlarms and DescribeAlarmHistory answer metric
 * alarms only while AlarmTypes is absent; history goes back 30 days; with
 * ChildrenOfAlarmName or ParentsOfAlarmName only name, ARN and state of each
 * alarm come back. Not here: alarm contributors.
 */
#ifndef DEMO_DEMO_ALARMS_H
#define DEMO_DEMO_ALARMS_H

#include "demo/demo_answer.h"

demo_answer_fn demo_alarms_describe;     /* DescribeAlarms */
demo_answer_fn demo_alarms_history;      /* DescribeAlarmHistory */

/* Dimensions of a series as the wire writes them, member "Dimensions". */
void demo_alarms_put_dimensions(struct answer *x, struct str dims);

#endif

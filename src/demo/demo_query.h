/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights queries of the demo account as AWS runs them: started,
 * polled, stopped. What a query means is demo_insights.h's business.
 *
 * The last DEMO_QUERY_MAX_N queries are remembered. A query is Scheduled for
 * DEMO_QUERY_SCHEDULED_MS and Running until DEMO_QUERY_RUNNING_MS after its
 * start. Its answer is computed when it is asked for, as of its start, so
 * asking again gives the same rows.
 *
 * SOURCE logGroups(namePrefix: ['...']) in front chooses groups by name; its
 * other forms are refused. Only the query language CWLI is spoken.
 */
#ifndef DEMO_DEMO_QUERY_H
#define DEMO_DEMO_QUERY_H

#include "demo/demo_answer.h"

#define DEMO_QUERY_SCHEDULED_MS 120
#define DEMO_QUERY_RUNNING_MS 600

demo_answer_fn demo_query_start;    /* StartQuery */
demo_answer_fn demo_query_results;  /* GetQueryResults */
demo_answer_fn demo_query_stop;     /* StopQuery */
demo_answer_fn demo_query_describe; /* DescribeQueries */

#endif

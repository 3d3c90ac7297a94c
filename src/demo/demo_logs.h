/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CloudWatch Logs operations of the demo account, over journal.h; queries
 * are in demo_query.h.
 *
 * As in the service: pages of at most 1 MB; FilterLogEvents may answer an
 * empty page with a token (it looks at two days a call); GetLogEvents never
 * answers without a forward token, and the same one means the end; groups of
 * the infrequent-access class are read with queries only.
 *
 * FilterLogEvents gives the newest first with startFromHead false. Filter
 * patterns are in demo_pattern.h.
 */
#ifndef DEMO_DEMO_LOGS_H
#define DEMO_DEMO_LOGS_H

#include "demo/demo_answer.h"
#include "demo/journal.h"

demo_answer_fn demo_logs_groups;      /* DescribeLogGroups */
demo_answer_fn demo_logs_streams;     /* DescribeLogStreams */
demo_answer_fn demo_logs_filter;      /* FilterLogEvents */
demo_answer_fn demo_logs_events;      /* GetLogEvents */
demo_answer_fn demo_logs_record;      /* GetLogRecord */
demo_answer_fn demo_logs_definitions; /* DescribeQueryDefinitions */

/* Appends the @ptr of an event: what GetLogRecord takes. */
void demo_logs_add_ptr(struct buf *b, const struct journal_reader *r,
    const struct journal_event *e);
/* The name in a log group name or ARN, with or without its ":*". */
struct str demo_logs_group_name(struct str identifier);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tools that read log events have in common: naming a group to AWS,
 * and messages that are cut where they would crowd out all others.
 */
#ifndef TOOLS_LOG_ROW_H
#define TOOLS_LOG_ROW_H

#include <stddef.h>

#include "base/str.h"
#include "mcp/tool.h"
#include "proto/json.h"
#include "tools/ask.h"
#include "tools/rows.h"

/* The name of a group given as name or ARN, or as "account:name". */
struct str log_row_group_name(struct str group);
/* Member logGroupName, or logGroupIdentifier for an ARN (without its ":*"). */
void log_row_put_group(struct json_writer *body, struct str group);
/* The ARN of a group given as name or ARN, without ":*": names are taken to lie
 * in the call's account and region. Absent: the account is not known, or no
 * memory. Call it after ask_begin(). */
struct str log_row_arn(struct ask *q, struct str group);

/* The most bytes that one message of this answer may take: max_message_bytes,
 * but never more than fits at all. The parameter must exist. */
size_t log_row_max(const struct call *c, const struct rows *r);
/* The part of a message whose JSON text takes at most `max` bytes; cut at a
 * character. */
struct str log_row_cut(struct str message, size_t max);
/* Members "message", and "message_bytes" with the whole length where it was
 * cut. Returns whether it was. */
bool log_row_put_message(struct json_writer *out, struct str message,
    size_t max);

/* What to tell where messages were cut. */
#define LOG_ROW_CUT_HINT "Messages with message_bytes are cut there: raise " \
	"max_message_bytes."

#define LOG_ROW_MESSAGE_PARAM \
	{ .name = STR_INIT("max_message_bytes"), .type = PARAM_INTEGER, \
	    .min = 100, .max = 1000000, .fallback = "2000" }
#define LOG_ROW_GROUP_PARAM \
	{ .name = STR_INIT("log_group_name"), .type = PARAM_STRING, \
	    .required = true, .min = 1, .max = 2048, \
	    .text = STR_INIT("name or ARN") }

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool's way to AWS: which region and profile a call is about, one request
 * after the other, and the origin that every answer names.
 *
 *	struct ask q;
 *	struct json_writer *body;
 *
 *	ask_begin(&q, c);
 *	body = ask_body(&q);
 *	json_put_string(body, S("StateValue"), S("ALARM"));
 *	err = ask_send(&q, ENDPOINT_CLOUDWATCH, S("DescribeAlarms"), &reply);
 *
 * Errors carry their sentence in c->fail. Everything lives in c->arena.
 */
#ifndef TOOLS_ASK_H
#define TOOLS_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/call.h"
#include "base/buf.h"
#include "base/err.h"
#include "mcp/tool.h"
#include "proto/json.h"
#include "tools/rows.h"

struct ask {
	struct call *c;
	struct aws_scope scope;
	struct aws_reply reply;   /* of the last request */
	int64_t now_ms;           /* wall clock at ask_begin() */
	enum err err;             /* of ask_begin(): no request is sent */
	struct buf body;
	struct json_writer writer;
};

/* A scope for the call, not open yet. */
void ask_scope(struct aws_scope *s, struct call *c);
/* Starts with the call's `region` and `profile_name` arguments. When they
 * cannot be used, the first ask_send() says so. */
void ask_begin(struct ask *q, struct call *c);
/* A fresh request body: the object is open already, ask_send() closes it. */
struct json_writer *ask_body(struct ask *q);
/* Sends the body and parses the answer; *reply is an object. */
enum err ask_send(struct ask *q, enum endpoint_service service,
    struct str operation, const struct json **reply) MUST_USE;
/* The same for one of many large answers: it lives in `a`, which is emptied
 * first, and is gone with the next. */
enum err ask_send_in(struct ask *q, struct arena *a,
    enum endpoint_service service, struct str operation,
    const struct json **reply) MUST_USE;
/* The same as a GET, without a body: for CloudWatch's Prometheus-compatible
 * paths. */
enum err ask_get(struct ask *q, enum endpoint_service service,
    struct str operation, const struct aws_get *get,
    const struct json **reply) MUST_USE;
/* Members region, account_id and profile_name of the answer. After a request,
 * because the account is known from its keys; null when nobody says it. */
void ask_origin(struct ask *q, struct json_writer *out);

/* The wall clock's time at which the call started asking. */
int64_t ask_now_ms(const struct ask *q);
/* A PARAM_TIME argument as ms since 1970, relative forms resolved against
 * now; `otherwise` when it was not given. */
int64_t ask_time(const struct ask *q, struct str name, int64_t otherwise);
/* ERR_ARGUMENT with a sentence when start is not before end. */
enum err ask_check_range(const struct ask *q, int64_t start_ms,
    int64_t end_ms) MUST_USE;

/* The arguments that every tool takes; the server's instructions explain them
 * once for all. */
#define ASK_PARAMS \
	{ .name = STR_INIT("region"), .type = PARAM_STRING, .min = 1, \
	    .max = 63 }, \
	{ .name = STR_INIT("profile_name"), .type = PARAM_STRING, .min = 1, \
	    .max = 128 }, \
	ROWS_PARAM
/* Their members in every output schema. An empty schema allows null. */
#define ASK_SCHEMA \
	"\"region\":{\"type\":\"string\"},\"account_id\":{}," \
	"\"profile_name\":{}"

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whoami: whose account and which region the other tools read. Works without
 * arguments, because health checks call it so.
 */
#include "tools/tools.h"

#include "tools/ask.h"

static enum err
run(struct call *c)
{
	struct sts_identity who;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	err = q.err == ERR_OK ? aws_identity(&q.scope, &who) : q.err;
	if (err != ERR_OK) {
		return err;
	}
	json_begin_object(c->out);
	json_put_string_or_null(c->out, S("arn"), who.arn);
	json_put_string_or_null(c->out, S("user_id"), who.user_id);
	json_put_string_or_null(c->out, S("credential_source"),
	    q.scope.source);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param params[] = {
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_whoami = {
	.name = STR_INIT("whoami"),
	.title = STR_INIT("Who am I"),
	.description = STR_INIT("The AWS identity, account and region that "
	    "these tools read, and where the credentials came from."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"arn\":{},"
	    "\"user_id\":{},"
	    "\"credential_source\":{},"
	    ASK_SCHEMA "}}"),
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tool's way to AWS.
 */
#include "tools/ask.h"

#include "base/limits.h"
#include "base/timefmt.h"

/* see ask.h */
void
ask_scope(struct aws_scope *s, struct call *c)
{
	aws_scope_init(s, c->aws, c->arena, c->fail, c->deadline_ms,
	    c->cancel, &c->aws_calls);
	s->number = c->number;
	s->caller = c->aws_caller;
	s->trace = c->trace;
}

/* see ask.h */
void
ask_begin(struct ask *q, struct call *c)
{
	*q = (struct ask){ .c = c };
	q->now_ms = c->sys->now_ms(c->sys->ctx);
	ask_scope(&q->scope, c);
	q->err = aws_scope_open(&q->scope,
	    tool_arg_str(c, S("profile_name")), tool_arg_str(c, S("region")));
	c->region = q->scope.region;
}

/* see ask.h */
struct json_writer *
ask_body(struct ask *q)
{
	q->body = buf_in(q->c->arena, HTTP_BODY_MAX);
	q->writer = json_writer(&q->body);
	json_begin_object(&q->writer);
	return &q->writer;
}

/* see ask.h */
enum err
ask_send(struct ask *q, enum endpoint_service service, struct str operation,
    const struct json **reply)
{
	struct aws_op op = { service, operation };
	enum err err = q->err;

	q->reply = (struct aws_reply){ .json = NULL };
	*reply = NULL;
	json_end_object(&q->writer);
	if (err == ERR_OK && !buf_ok(&q->body)) {
		return fail_set(q->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	if (err == ERR_OK) {
		err = aws_call(&q->scope, &op, buf_str(&q->body), &q->reply);
		*reply = q->reply.json;
	}
	return err;
}

/* see ask.h */
enum err
ask_get(struct ask *q, enum endpoint_service service, struct str operation,
    const struct aws_get *get, const struct json **reply)
{
	struct aws_op op = { service, operation };
	enum err err = q->err;

	q->reply = (struct aws_reply){ .json = NULL };
	*reply = NULL;
	if (err == ERR_OK) {
		err = aws_call_get(&q->scope, &op, get, &q->reply);
		*reply = q->reply.json;
	}
	return err;
}

/* see ask.h */
enum err
ask_send_in(struct ask *q, struct arena *a, enum endpoint_service service,
    struct str operation, const struct json **reply)
{
	struct aws_scope whole = q->scope;
	struct fail *f = q->c->fail;
	enum err err;

	arena_reset(a);
	q->scope.arena = a;
	err = ask_send(q, service, operation, reply);
	/* What the scope learnt, and the sentence, are in the wrong arena. */
	q->scope = whole;
	if (err != ERR_OK && f->what.p != NULL) {
		f->what = str_dup(q->c->arena, f->what);
	}
	return err;
}

/* see ask.h */
void
ask_origin(struct ask *q, struct json_writer *out)
{
	json_put_string_or_null(out, S("region"), q->scope.region);
	q->c->account = aws_account_id(&q->scope);
	json_put_string_or_null(out, S("account_id"), q->c->account);
	json_put_string_or_null(out, S("profile_name"), q->scope.profile);
}

/* see ask.h */
int64_t
ask_now_ms(const struct ask *q)
{
	return q->now_ms;
}

/* see ask.h */
int64_t
ask_time(const struct ask *q, struct str name, int64_t otherwise)
{
	int64_t ms;

	/* The argument was checked against the same grammar. */
	return timefmt_parse_when(tool_arg_str(q->c, name), q->now_ms, &ms) ?
	    ms : otherwise;
}

/* see ask.h */
enum err
ask_check_range(const struct ask *q, int64_t start_ms, int64_t end_ms)
{
	char text[80];
	struct buf b = buf_fixed(text, sizeof(text));
	size_t middle;

	if (start_ms < end_ms) {
		return ERR_OK;
	}
	timefmt_iso(&b, start_ms);
	middle = b.len;
	timefmt_iso(&b, end_ms);
	return fail_setf(q->c->fail, ERR_ARGUMENT, "start_time (%s) must be "
	    "before end_time (%s)", str_sub(buf_str(&b), 0, middle),
	    str_sub(buf_str(&b), middle, b.len));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live_tail: log events as they arrive, for some seconds or up to a number of
 * them.
 *
 * StartLiveTail answers with an event stream (proto/eventstream.h): one
 * sessionStart, then a sessionUpdate each second with up to 500 events, and an
 * exception where the session ends badly. A session has no end of its own that
 * would be waited for: when enough was seen, or the time is over, or the caller
 * is gone, the connection is closed, and AWS ends the session and its cost.
 *
 * What came before a failure is the answer, and `error` says what happened.
 */
#include "tools/tools.h"

#include "proto/eventstream.h"
#include "tools/ask.h"
#include "tools/log_row.h"
#include "tools/query_run.h"
#include "tools/show.h"

/* Groups of one session, and streams or prefixes of one group. */
#define GROUP_MAX_N 10
#define STREAM_MAX_N 100

struct tail {
	struct call *c;
	struct rows rows;
	struct eventstream_reader reader;
	struct arena scratch;   /* one message's tree */
	size_t max, message_max;
	size_t n;               /* events shown */
	bool cut_message;
	bool started;           /* sessionStart came */
	bool sampled;           /* AWS left events out */
	struct str ended;       /* why it is over; absent: it is not */
	struct str error;       /* AWS's words, or ours */
	int64_t from_ms, seconds;
};

static bool
end(struct tail *t, struct str why)
{
	t->ended = why;
	return false;
}

static void
show_event(struct tail *t, const struct json *event)
{
	struct json_writer *out = t->c->out;

	json_begin_object(out);
	show_millis(out, S("timestamp"), json_get(event, S("timestamp")));
	json_put_string(out, S("logGroupName"), log_row_group_name(
	    json_get_str(event, S("logGroupIdentifier"), S(""))));
	show_string(out, S("logStreamName"), event, S("logStreamName"));
	t->cut_message |= log_row_put_message(out, json_get_str(event,
	    S("message"), S("")), t->message_max);
	json_end_object(out);
}

static bool
take_update(struct tail *t, const struct json *update)
{
	const struct json *e = json_at(json_get(update,
	    S("sessionResults")), 0);
	const struct sys *sys = t->c->sys;
	struct buf b = buf_in(&t->scratch, 64);

	t->sampled |= json_get_bool(json_get(update, S("sessionMetadata")),
	    S("sampled"), false);
	for (; e != NULL; e = e->next) {
		if (t->n == t->max) {
			return end(t, S("max_events"));
		}
		show_event(t, e);
		if (!rows_fit(&t->rows)) {
			return end(t, S("max_bytes"));
		}
		t->n++;
	}
	if (t->n == t->max) {
		return end(t, S("max_events"));
	}
	buf_addf(&b, "%u events so far", (uint64_t)t->n);
	t->c->progress(t->c, (double)(sys->mono_ms(sys->ctx) - t->from_ms) /
	    1000, (double)t->seconds, buf_str(&b));
	return true;
}

/* The session failed: AWS says how in the payload or in headers. */
static bool
take_failure(struct tail *t, const struct eventstream_message *m,
    const struct json *payload)
{
	struct buf b = buf_in(t->c->arena, 2048);
	struct str type = eventstream_header(m, S(":exception-type"));
	struct str text = json_get_str(payload, S("message"), json_get_str(
	    payload, S("Message"), eventstream_header(m,
	    S(":error-message"))));

	type = type.len > 0 ? type : eventstream_header(m, S(":error-code"));
	if (str_eq(type, S("SessionTimeoutException"))) {
		buf_add(&b, S("AWS ended the session: it lasts three hours at "
		    "most. "));
	} else if (str_eq(type, S("SessionStreamingException"))) {
		buf_add(&b, S("AWS could not go on with the session; try "
		    "again. "));
	} else {
		buf_addf(&b, "AWS ended the session with %s. ", type.len > 0 ?
		    str_sub(type, 0, 200) : S("an unnamed error"));
	}
	if (text.len > 0) {
		buf_addf(&b, "It said: %s", str_sub(text, 0, 1000));
	}
	t->error = str_trim(buf_str(&b));
	return end(t, S("aws"));
}

/* One message; its payload is read into the scratch arena. */
static bool
take_message(struct tail *t, const struct eventstream_message *m)
{
	struct str kind = eventstream_header(m, S(":message-type"));
	struct str type = eventstream_header(m, S(":event-type"));
	struct json *payload = NULL;
	bool parsed = json_parse(&t->scratch, m->payload, 0, &payload,
	    NULL) == ERR_OK;

	if (str_eq(kind, S("exception")) || str_eq(kind, S("error"))) {
		return take_failure(t, m, payload);
	}
	if (str_eq(type, S("sessionStart"))) {
		t->started = true;
		return true;
	}
	if (!str_eq(type, S("sessionUpdate"))) {
		/* Newer kinds of events, and initial-response. */
		return true;
	}
	if (!parsed) {
		t->error = S("AWS sent an update that is not JSON");
		return end(t, S("aws"));
	}
	t->started = true;
	return take_update(t, payload);
}

/* transport_sink.take */
static bool
take(void *ctx, struct str bytes)
{
	struct tail *t = ctx;

	while (bytes.len > 0) {
		struct eventstream_message m;
		struct fail why;
		bool got, more;
		long n;

		fail_init(&why, t->c->arena);
		n = eventstream_read(&t->reader, bytes, &m, &got, &why);
		if (n <= 0) {
			t->error = fail_text(&why);
			return end(t, S("aws"));
		}
		bytes = str_sub(bytes, (size_t)n, bytes.len);
		if (got) {
			more = take_message(t, &m);
			arena_reset(&t->scratch);
			if (!more) {
				return false;
			}
		}
	}
	return true;
}

/* ---- the request ---- */

static enum err
put_request(struct ask *q, struct json_writer *body)
{
	struct call *c = q->c;
	const struct json *names = tool_arg(c, S("log_stream_names"));
	const struct json *prefixes = tool_arg(c,
	    S("log_stream_name_prefixes"));
	const struct json *groups = tool_arg(c, S("log_group_identifiers"));
	struct str pattern = tool_arg_str(c, S("filter_pattern"));
	bool streams = json_at(names, 0) != NULL ||
	    json_at(prefixes, 0) != NULL;

	if (json_at(groups, 0) == NULL) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("name 1 to 10 log "
		    "groups in log_group_identifiers"));
	}
	if (streams && (groups->n > 1 || (json_at(names, 0) != NULL &&
	    json_at(prefixes, 0) != NULL))) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("AWS takes "
		    "log_stream_names or log_stream_name_prefixes, one of "
		    "them, and with one log group only"));
	}
	json_key(body, S("logGroupIdentifiers"));
	json_begin_array(body);
	for (const struct json *v = groups->child; v != NULL; v = v->next) {
		struct str arn = log_row_arn(q, json_str(v));

		if (arn.p == NULL) {
			return fail_set(c->fail, ERR_ARGUMENT, 0, S("the "
			    "account is not known, so log groups have to be "
			    "given as ARNs (describe_log_groups shows them)"));
		}
		json_string(body, arn);
	}
	json_end_array(body);
	if (json_at(names, 0) != NULL) {
		json_put_value(body, S("logStreamNames"), names);
	}
	if (json_at(prefixes, 0) != NULL) {
		json_put_value(body, S("logStreamNamePrefixes"), prefixes);
	}
	if (pattern.len > 0) {
		json_put_string(body, S("logEventFilterPattern"), pattern);
	}
	return ERR_OK;
}

/* Runs the session. ERR_OK: t->ended says why it is over. */
static enum err
listen(struct ask *q, struct tail *t)
{
	static const struct aws_op op = { ENDPOINT_LOGS_STREAM,
	    STR_INIT("StartLiveTail") };
	struct transport_sink sink = { .ctx = t, .take = take };
	struct call *c = q->c;
	int64_t deadline_ms = q->scope.deadline_ms;
	enum err err;

	json_end_object(&q->writer);
	if (!buf_ok(&q->body)) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	t->from_ms = c->sys->mono_ms(c->sys->ctx);
	q->scope.deadline_ms = query_run_until(c, t->seconds);
	err = aws_call_stream(&q->scope, &op, buf_str(&q->body), &sink,
	    &q->reply);
	q->scope.deadline_ms = deadline_ms;
	if (t->ended.p != NULL && t->error.p != NULL && !t->started) {
		return fail_set(c->fail, ERR_AWS_SERVICE, 0, t->error);
	}
	if (t->ended.p != NULL) {
		return ERR_OK;
	}
	if (err == ERR_CANCELLED || err == ERR_NOMEM || !t->started) {
		return err != ERR_OK ? err : fail_set(c->fail, ERR_AWS_REPLY,
		    0, S("AWS closed the live tail session before it began"));
	}
	t->ended = err == ERR_TIMEOUT ? S("seconds") : S("aws");
	if (err != ERR_TIMEOUT) {
		t->error = err == ERR_OK ? S("AWS closed the session") :
		    str_dup(c->arena, fail_text(c->fail));
	}
	fail_clear(c->fail);
	return ERR_OK;
}

static enum err
run(struct call *c)
{
	struct tail t = { .c = c, .max = (size_t)tool_arg_i64(c,
	    S("max_events")), .seconds = tool_arg_i64(c, S("seconds")) };
	struct json_writer *body;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	if (q.err != ERR_OK) {
		return q.err;
	}
	body = ask_body(&q);
	err = put_request(&q, body);
	if (err != ERR_OK) {
		return err;
	}
	eventstream_reader_init(&t.reader, c->arena);
	arena_init(&t.scratch, JOB_ARENA_CAP);
	if (c->arena->budget != NULL) {
		arena_share(&t.scratch, c->arena->budget);
	}
	rows_init(&t.rows, c);
	rows_reserve(&t.rows, 1500);
	t.message_max = log_row_max(c, &t.rows);
	json_begin_object(c->out);
	rows_begin(&t.rows, S("events"));
	err = listen(&q, &t);
	arena_free(&t.scratch);
	if (err != ERR_OK) {
		return err;
	}
	rows_end(&t.rows);
	json_put_string(c->out, S("ended"), t.ended);
	json_put_double(c->out, S("seconds"), (double)(c->sys->mono_ms(
	    c->sys->ctx) - t.from_ms) / 1000);
	json_put_boolean(c->out, S("sampled"), t.sampled);
	json_put_string_or_null(c->out, S("error"), t.error);
	rows_close(&t.rows, str_eq(t.ended, S("max_events")), t.cut_message ?
	    S("Narrow by filter_pattern. " LOG_ROW_CUT_HINT) :
	    S("Narrow by filter_pattern, or raise max_events."),
	    t.sampled ? S("AWS left events out: more than 500 came in a "
	    "second. Narrow by filter_pattern.") : t.n == 0 ?
	    S("No event came in this time.") : t.cut_message ?
	    S(LOG_ROW_CUT_HINT) : STR_NONE);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param params[] = {
	{ .name = STR_INIT("log_group_identifiers"), .type = PARAM_STRINGS,
	    .required = true, .max = GROUP_MAX_N,
	    .text = STR_INIT("names or ARNs") },
	{ .name = STR_INIT("filter_pattern"), .type = PARAM_STRING,
	    .max = 1024, .text = STR_INIT("as in search_log_events") },
	{ .name = STR_INIT("log_stream_names"), .type = PARAM_STRINGS,
	    .max = STREAM_MAX_N, .text = STR_INIT("with one group only") },
	{ .name = STR_INIT("log_stream_name_prefixes"), .type = PARAM_STRINGS,
	    .max = STREAM_MAX_N },
	{ .name = STR_INIT("seconds"), .type = PARAM_INTEGER, .min = 1,
	    .max = 290, .fallback = "15" },
	{ .name = STR_INIT("max_events"), .type = PARAM_INTEGER, .min = 1,
	    .max = 10000, .fallback = "100" },
	LOG_ROW_MESSAGE_PARAM,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_live_tail = {
	.name = STR_INIT("live_tail"),
	.title = STR_INIT("Live tail"),
	.description = STR_INIT("Waits for new log events and returns them "
	    "after some seconds or events. Costs money per minute."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"events\":{\"type\":\"array\"},"
	    "\"ended\":{\"type\":\"string\"},"
	    "\"seconds\":{\"type\":\"number\"},"
	    "\"sampled\":{\"type\":\"boolean\"},\"error\":{},"
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = run,
};

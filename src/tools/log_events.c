/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_log_events: the events of one stream, page by page in either direction;
 * get_log_record: one event whole, by the @ptr of a query's row.
 *
 * AWS's tokens go to the caller. They belong to a whole page, so a page that is
 * too long for the answer is asked for again with a lower limit: the rows that
 * fit, and the tokens to their both sides. At the end of a stream AWS gives
 * the token back that it was given.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/log_row.h"
#include "tools/show.h"

/* ---- get_log_events ---- */

/* One page, as it is shown. */
struct page {
	const struct json *events;
	struct str forward, backward; /* tokens of its sides */
	bool from_head;               /* its first event is nearest */
	bool cut_message;
};

static enum err
fetch(struct ask *q, int64_t limit, struct page *p)
{
	struct call *c = q->c;
	struct json_writer *body = ask_body(q);
	struct str token = tool_arg_str(c, S("next_token"));
	int64_t none = -1, start_ms, end_ms;
	const struct json *reply;
	enum err err;

	log_row_put_group(body, tool_arg_str(c, S("log_group_name")));
	json_put_string(body, S("logStreamName"),
	    tool_arg_str(c, S("log_stream_name")));
	start_ms = ask_time(q, S("start_time"), none);
	end_ms = ask_time(q, S("end_time"), none);
	if (start_ms >= 0) {
		json_put_integer(body, S("startTime"), start_ms);
	}
	if (end_ms >= 0) {
		json_put_integer(body, S("endTime"), end_ms);
	}
	json_put_boolean(body, S("startFromHead"), p->from_head);
	json_put_integer(body, S("limit"), limit);
	if (token.len > 0) {
		json_put_string(body, S("nextToken"), token);
	}
	err = ask_send(q, ENDPOINT_LOGS, S("GetLogEvents"), &reply);
	if (err != ERR_OK) {
		return err;
	}
	p->events = json_get(reply, S("events"));
	p->forward = json_get_str(reply, S("nextForwardToken"), STR_NONE);
	p->backward = json_get_str(reply, S("nextBackwardToken"), STR_NONE);
	return ERR_OK;
}

static void
show_event(struct json_writer *out, const struct json *event, size_t max,
    struct page *p)
{
	json_begin_object(out);
	show_millis(out, S("timestamp"), json_get(event, S("timestamp")));
	p->cut_message |= log_row_put_message(out, json_get_str(event,
	    S("message"), S("")), max);
	json_end_object(out);
}

/* Writes the events from the near side until no more fit; returns how many. */
static size_t
show_events(struct call *c, struct rows *rows, struct page *p)
{
	size_t n = json_is(p->events, JSON_ARRAY) ? p->events->n : 0;
	const struct json **list = ARENA_ARRAY(c->arena, n + 1,
	    const struct json *);
	size_t max = log_row_max(c, rows), i = 0;

	rows_begin(rows, S("events"));
	for (const struct json *e = json_at(p->events, 0); list != NULL &&
	    e != NULL; e = e->next) {
		list[i++] = e;
	}
	for (i = 0; list != NULL && i < n; i++) {
		show_event(c->out, list[p->from_head ? i : n - 1 - i], max, p);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	return i;
}

/* The answer's page: whole, in the order of time, and short enough. */
static enum err
show_page(struct ask *q, struct rows *rows, struct page *p)
{
	struct call *c = q->c;
	struct json_mark start = json_mark(c->out);
	size_t n = show_events(c, rows, p);
	bool cut = rows->cut;

	if (!cut && p->from_head) {
		return ERR_OK;
	}
	if (cut) {
		enum err err = fetch(q, n > 0 ? (int64_t)n : 1, p);

		if (err != ERR_OK) {
			return err;
		}
	}
	/* What fits is known now; written again from its first event. */
	json_rollback(c->out, &start);
	rows_init(rows, c);
	p->cut_message = false;
	p->from_head = true;
	(void)show_events(c, rows, p);
	rows->cut |= cut;
	return ERR_OK;
}

/* A token is no promise: what is behind it may be nothing, so far. */
static void
close_events(struct call *c, struct rows *rows, const struct page *p,
    bool forward, bool at_end)
{
	struct buf b = buf_in(c->arena, 1024);

	rows_say(rows, false, S("The tokens fit the rows that are shown."),
	    &b);
	if (rows->n == 0 && b.len == 0) {
		buf_add(&b, S("No event of the stream is in this window, or "
		    "behind this token."));
	}
	if (!at_end) {
		buf_addf(&b, "%sEvents %s these, if there are any: give %s as "
		    "next_token, until at_end is true.",
		    b.len > 0 ? S(" ") : S(""),
		    forward ? S("after") : S("before"), forward ?
		    S("next_forward_token") : S("next_backward_token"));
	}
	if (p->cut_message) {
		buf_add(&b, S(" " LOG_ROW_CUT_HINT));
	}
	json_put_boolean(c->out, S("has_more_results"),
	    rows->cut || !at_end);
	json_put_string_or_null(c->out, S("message"), b.len > 0 ?
	    str_trim(buf_str(&b)) : STR_NONE);
}

static enum err
events_run(struct call *c)
{
	struct str token = tool_arg_str(c, S("next_token"));
	int64_t limit = tool_arg_i64(c, S("limit"));
	struct page p = { .from_head = token.len > 0 ?
	    str_starts(token, S("f/")) :
	    tool_arg_bool(c, S("start_from_head")) };
	bool forward = p.from_head, at_end, whole;
	struct rows rows;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	err = fetch(&q, limit, &p);
	if (err != ERR_OK) {
		return err;
	}
	whole = !json_is(p.events, JSON_ARRAY) || p.events->n == 0;
	rows_init(&rows, c);
	json_begin_object(c->out);
	err = show_page(&q, &rows, &p);
	if (err != ERR_OK) {
		return err;
	}
	/* With the same token there is nothing behind it. */
	at_end = forward ? str_eq(p.forward, token) :
	    str_eq(p.backward, token);
	at_end = at_end || (whole && token.len == 0);
	json_put_string_or_null(c->out, S("next_forward_token"), p.forward);
	json_put_string_or_null(c->out, S("next_backward_token"), p.backward);
	json_put_boolean(c->out, S("at_end"), at_end);
	close_events(c, &rows, &p, forward, at_end);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param events_params[] = {
	LOG_ROW_GROUP_PARAM,
	{ .name = STR_INIT("log_stream_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 512 },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .text = STR_INIT("not included") },
	{ .name = STR_INIT("start_from_head"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("oldest first; else the newest page") },
	{ .name = STR_INIT("next_token"), .type = PARAM_STRING, .max = 4096 },
	{ .name = STR_INIT("limit"), .type = PARAM_INTEGER, .min = 1,
	    .max = 10000, .fallback = "100" },
	LOG_ROW_MESSAGE_PARAM,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_log_events = {
	.name = STR_INIT("get_log_events"),
	.title = STR_INIT("Events of a log stream"),
	.description = STR_INIT("Events of one log stream in the order of "
	    "time, to page through in both directions."),
	.params = events_params,
	.param_n = sizeof(events_params) / sizeof(events_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"events\":{\"type\":\"array\"},"
	    "\"next_forward_token\":{},\"next_backward_token\":{},"
	    "\"at_end\":{\"type\":\"boolean\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = events_run,
};

/* ---- get_log_record ---- */

/* A field of a record takes at most a part of the answer; @message, which one
 * asks for, the rest. */
#define FIELD_MAX 2000
/* Names and numbers around the message. */
#define ROW_NAMES 100

/* The fields besides @message, those that fit. */
static void
show_fields(struct call *c, struct rows *rows, const struct json *record)
{
	json_key(c->out, S("log_record"));
	json_begin_object(c->out);
	for (const struct json *v = record->child; v != NULL; v = v->next) {
		if (str_eq(v->key, S("@message")) || v->text.len > FIELD_MAX) {
			rows->cut |= v->text.len > FIELD_MAX &&
			    !str_eq(v->key, S("@message"));
			continue;
		}
		rows_mark(rows);
		json_put_value(c->out, v->key, v);
		if (rows_room(rows) < ROWS_BYTES_MIN / 4) {
			/* The message matters more than the fields that were
			 * found in it. */
			json_rollback(c->out,
			    &rows->level[rows->depth].mark);
			rows->cut = true;
			break;
		}
	}
	json_end_object(c->out);
	rows_mark(rows);
}

static enum err
record_run(struct call *c)
{
	struct json_writer *body;
	const struct json *reply, *record;
	struct str message, rest, part;
	size_t offset = (size_t)tool_arg_i64(c, S("offset"));
	struct rows rows;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	body = ask_body(&q);
	json_put_string(body, S("logRecordPointer"),
	    tool_arg_str(c, S("log_record_pointer")));
	err = ask_send(&q, ENDPOINT_LOGS, S("GetLogRecord"), &reply);
	if (err != ERR_OK) {
		return err;
	}
	record = json_get(reply, S("logRecord"));
	if (!json_is(record, JSON_OBJECT)) {
		return fail_set(c->fail, ERR_AWS_REPLY, 0, S("logs:"
		    "GetLogRecord answered without a logRecord"));
	}
	message = json_get_str(record, S("@message"), S(""));
	if (offset > message.len) {
		return fail_setf(c->fail, ERR_ARGUMENT, "offset is behind the "
		    "end of the message, which has %u bytes",
		    (uint64_t)message.len);
	}
	rest = str_sub(message, offset, message.len);
	rows_init(&rows, c);
	json_begin_object(c->out);
	/* The fields are found in the message: they yield to it. */
	if (rest.len < rows_room(&rows) / 2 && offset == 0) {
		show_fields(c, &rows, record);
	} else {
		rows.cut = rows.cut || record->n > 1;
	}
	part = log_row_cut(rest, rows_room(&rows) - ROW_NAMES);
	json_put_string(c->out, S("log_message"), part);
	json_put_integer(c->out, S("message_bytes"), (int64_t)message.len);
	if (part.len < rest.len) {
		json_put_integer(c->out, S("next_offset"),
		    (int64_t)(offset + part.len));
	} else {
		json_put_value(c->out, S("next_offset"), NULL);
	}
	rows_mark(&rows);
	rows_close(&rows, part.len < rest.len, part.len < rest.len ?
	    S("Give next_offset as offset for the rest of the message.") :
	    S("Fields that are missing are left out for the message."),
	    STR_NONE);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param record_params[] = {
	{ .name = STR_INIT("log_record_pointer"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 8192,
	    .text = STR_INIT("@ptr of a query's row") },
	{ .name = STR_INIT("offset"), .type = PARAM_INTEGER, .min = 0,
	    .max = 100000000, .fallback = "0",
	    .text = STR_INIT("bytes of the message to skip") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_log_record = {
	.name = STR_INIT("get_log_record"),
	.title = STR_INIT("Whole log record"),
	.description = STR_INIT("The whole message and all fields of a row, "
	    "where a query cut it."),
	.params = record_params,
	.param_n = sizeof(record_params) / sizeof(record_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"log_record\":{\"type\":\"object\"},"
	    "\"log_message\":{\"type\":\"string\"},"
	    "\"message_bytes\":{\"type\":\"integer\"},\"next_offset\":{},"
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = record_run,
};

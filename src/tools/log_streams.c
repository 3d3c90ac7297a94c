/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_log_streams: the streams of a log group, by name or by the time of
 * their events.
 *
 * DescribeLogStreams sorts by name or by the last event, but not both, and
 * takes a prefix with names only. A window of time is ours: a stream is in it
 * when its first event is not behind it and its last one not before it. AWS
 * brings the time of the last event up to date with delay (within an hour, the
 * documentation says), so the time of the last ingestion counts as well, and
 * reading by time goes on for that hour beyond the window.
 */
#include "tools/tools.h"

#include "base/timefmt.h"
#include "tools/ask.h"
#include "tools/log_row.h"
#include "tools/show.h"

/* The service's page size limit, and pages that are read: 10,000 streams. */
#define PAGE_LEN 50
#define PAGE_MAX_N 200
#define LAG_MS (INT64_C(3600) * 1000)

/* What to look for. */
struct want {
	bool by_time;        /* newest first */
	bool windowed;
	int64_t start_ms, end_ms;
	size_t max;
	size_t seen_n;       /* streams looked at */
	bool more;
};

static int64_t
millis(const struct json *stream, struct str member)
{
	int64_t ms;

	return json_i64(json_get(stream, member), 0, TIMEFMT_MAX_MS, &ms) ?
	    ms : -1;
}

/* The newest sign of life; -1: none is known. */
static int64_t
last_ms(const struct json *stream)
{
	int64_t event = millis(stream, S("lastEventTimestamp"));
	int64_t ingested = millis(stream, S("lastIngestionTime"));

	return event > ingested ? event : ingested;
}

static bool
in_window(const struct want *w, const struct json *stream)
{
	int64_t last = last_ms(stream);

	return !w->windowed || (last >= w->start_ms && millis(stream,
	    S("firstEventTimestamp")) <= w->end_ms);
}

static void
show_stream(struct json_writer *out, const struct json *stream)
{
	static const struct str times[] = {
		STR_INIT("firstEventTimestamp"),
		STR_INIT("lastEventTimestamp"),
		STR_INIT("lastIngestionTime"), STR_INIT("creationTime"),
	};

	json_begin_object(out);
	show_string(out, S("logStreamName"), stream, S("logStreamName"));
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		show_millis(out, times[i], json_get(stream, times[i]));
	}
	json_end_object(out);
}

static enum err
fetch(struct ask *q, const struct want *w, struct str token,
    const struct json **page)
{
	struct call *c = q->c;
	struct json_writer *body = ask_body(q);
	struct str prefix = tool_arg_str(c, S("log_stream_name_prefix"));

	log_row_put_group(body, tool_arg_str(c, S("log_group_name")));
	if (prefix.len > 0) {
		json_put_string(body, S("logStreamNamePrefix"), prefix);
	}
	json_put_string(body, S("orderBy"), w->by_time ? S("LastEventTime") :
	    S("LogStreamName"));
	json_put_boolean(body, S("descending"), w->by_time);
	json_put_integer(body, S("limit"), !w->windowed && w->max < PAGE_LEN ?
	    (int64_t)w->max + 1 : PAGE_LEN);
	if (token.p != NULL) {
		json_put_string(body, S("nextToken"), token);
	}
	return ask_send(q, ENDPOINT_LOGS, S("DescribeLogStreams"), page);
}

/* Shows what is wanted of a page. false: enough was seen. */
static bool
show_page(struct call *c, struct want *w, struct rows *rows,
    const struct json *page)
{
	const struct json *s = json_at(json_get(page, S("logStreams")), 0);

	for (; s != NULL; s = s->next) {
		int64_t last = last_ms(s);

		w->seen_n++;
		if (w->by_time && w->windowed && last >= 0 &&
		    last < w->start_ms - LAG_MS) {
			return false;
		}
		if (!in_window(w, s)) {
			continue;
		}
		if (rows->n == w->max) {
			w->more = true;
			return false;
		}
		show_stream(c->out, s);
		if (!rows_fit(rows)) {
			return false;
		}
	}
	return true;
}

static enum err
show_streams(struct ask *q, struct want *w, struct rows *rows)
{
	struct str token = STR_NONE;

	rows_begin(rows, S("log_streams"));
	for (size_t n = 0;; n++) {
		struct str before = token;
		const struct json *page;
		enum err err;

		if (n == PAGE_MAX_N) {
			w->more = true;
			break;
		}
		err = fetch(q, w, token, &page);
		if (err != ERR_OK) {
			return err;
		}
		token = json_get_str(page, S("nextToken"), STR_NONE);
		/* A token that stays the same would never end. */
		if (!show_page(q->c, w, rows, page) || token.len == 0 ||
		    str_eq(token, before)) {
			w->more = w->more || (token.len > 0 &&
			    str_eq(token, before));
			break;
		}
		q->c->progress(q->c, (double)w->seen_n, 0,
		    S("listing log streams"));
	}
	rows_end(rows);
	return ERR_OK;
}

static enum err
run(struct call *c)
{
	struct str prefix = tool_arg_str(c, S("log_stream_name_prefix"));
	struct str order = tool_arg_str(c, S("order_by"));
	struct want w = {
		.by_time = order.len > 0 ? str_eq(order, S("LastEventTime")) :
		    prefix.len == 0,
		.windowed = tool_arg_str(c, S("start_time")).len > 0 ||
		    tool_arg_str(c, S("end_time")).len > 0,
		.max = (size_t)tool_arg_i64(c, S("max_items")),
	};
	struct rows rows;
	struct ask q;
	enum err err;

	if (w.by_time && prefix.len > 0) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("AWS cannot sort "
		    "by LastEventTime and take log_stream_name_prefix at the "
		    "same time: leave one out; start_time and end_time work "
		    "with both"));
	}
	ask_begin(&q, c);
	w.end_ms = ask_time(&q, S("end_time"), ask_now_ms(&q));
	w.start_ms = ask_time(&q, S("start_time"), 0);
	err = w.windowed ? ask_check_range(&q, w.start_ms, w.end_ms) : ERR_OK;
	if (err != ERR_OK) {
		return err;
	}
	rows_init(&rows, c);
	json_begin_object(c->out);
	err = show_streams(&q, &w, &rows);
	if (err != ERR_OK) {
		return err;
	}
	rows_close(&rows, w.more, S("Narrow by prefix or time, or raise "
	    "max_items."), rows.n > 0 ? STR_NONE : w.windowed ?
	    S("No stream of the group has events in this window.") :
	    S("The group has no such stream."));
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct str orders[] = {
	STR_INIT("LastEventTime"), STR_INIT("LogStreamName"),
};

static const struct param params[] = {
	LOG_ROW_GROUP_PARAM,
	{ .name = STR_INIT("log_stream_name_prefix"), .type = PARAM_STRING,
	    .max = 512 },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("with events in this window") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME },
	{ .name = STR_INIT("order_by"), .type = PARAM_STRING,
	    .choices = orders, .choice_n = 2,
	    .text = STR_INIT("default LastEventTime, newest first; with a "
	    "prefix LogStreamName") },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 10000, .fallback = "50" },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_filter_log_streams = {
	.name = STR_INIT("filter_log_streams"),
	.title = STR_INIT("Log streams"),
	.description = STR_INIT("Streams of a log group by prefix or by when "
	    "they had events."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"log_streams\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = run,
};

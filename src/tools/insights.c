/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights: run a query and wait for it, fetch the results of one that
 * runs, stop one.
 *
 * A query that outlives max_timeout is left running and its id returned, so
 * that the results can be fetched later. One whose call is cancelled is
 * stopped in AWS, because it costs money and nobody will read it. Failures are
 * errors; a status that is not Complete is named in `message`.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/show.h"

/* Waits between two looks: most queries end within a second or two, long ones
 * need not be asked often (GetQueryResults has a quota of 5 a second). */
#define POLL_FIRST_MS 200
#define POLL_LAST_MS 2000
/* Left of the call's deadline for the answer itself. */
#define ANSWER_MS 1500
/* Pages of results that are joined, 10,000 rows each. */
#define PAGE_MAX 10

static enum err
put_groups(struct call *c, struct json_writer *body)
{
	const struct json *names = tool_arg(c, S("log_group_names"));
	const struct json *ids = tool_arg(c, S("log_group_identifiers"));
	struct str text = tool_arg_str(c, S("query_string"));
	bool source = str_istarts(str_trim_ws(text), S("SOURCE"));

	if (json_at(names, 0) != NULL && json_at(ids, 0) != NULL) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give "
		    "log_group_names or log_group_identifiers, not both"));
	}
	if (json_at(names, 0) != NULL) {
		json_put_value(body, S("logGroupNames"), names);
	} else if (json_at(ids, 0) != NULL) {
		json_put_value(body, S("logGroupIdentifiers"), ids);
	} else if (!source) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("name the log "
		    "groups: log_group_names, log_group_identifiers (ARNs), "
		    "or a SOURCE command in the query; describe_log_groups "
		    "lists them"));
	}
	return ERR_OK;
}

/* AWS says where a query is malformed: two offsets into its text. */
static enum err
explain_malformed(struct ask *q)
{
	const struct json *at = json_path(q->reply.error,
	    S("queryCompileError.location"));
	struct str text = tool_arg_str(q->c, S("query_string"));
	int64_t from, to;

	if (!str_eq(q->reply.code, S("MalformedQueryException")) ||
	    !json_i64(json_get(at, S("startCharOffset")), 0,
	    (int64_t)text.len, &from) || !json_i64(json_get(at,
	    S("endCharOffset")), from, INT64_MAX, &to)) {
		return ERR_AWS_REQUEST;
	}
	fail_clear(q->c->fail);
	return fail_setf(q->c->fail, ERR_AWS_REQUEST, "the query is malformed "
	    "at characters %d to %d, '%s': %s", from, to, str_sub(text,
	    (size_t)from, (size_t)to + 1), q->reply.message);
}

static enum err
start(struct ask *q, struct str *id)
{
	struct call *c = q->c;
	struct json_writer *body = ask_body(q);
	int64_t now_ms = ask_now_ms(q);
	int64_t start_ms = ask_time(q, S("start_time"), now_ms);
	int64_t end_ms = ask_time(q, S("end_time"), now_ms);
	const struct json *reply;
	enum err err = ask_check_range(q, start_ms, end_ms);

	if (err == ERR_OK) {
		err = put_groups(c, body);
	}
	if (err != ERR_OK) {
		return err;
	}
	json_put_integer(body, S("startTime"), start_ms / 1000);
	json_put_integer(body, S("endTime"), end_ms / 1000);
	json_put_string(body, S("queryString"),
	    tool_arg_str(c, S("query_string")));
	if (tool_arg(c, S("limit")) != NULL) {
		json_put_integer(body, S("limit"),
		    tool_arg_i64(c, S("limit")));
	}
	err = ask_send(q, ENDPOINT_LOGS, S("StartQuery"), &reply);
	if (err == ERR_AWS_REQUEST) {
		return explain_malformed(q);
	}
	if (err != ERR_OK) {
		return err;
	}
	*id = json_get_str(reply, S("queryId"), STR_NONE);
	if (id->len == 0) {
		return fail_set(c->fail, ERR_AWS_REPLY, 0, S("logs:StartQuery "
		    "answered without a queryId"));
	}
	return ERR_OK;
}

static enum err
fetch(struct ask *q, struct str id, struct str token,
    const struct json **reply)
{
	struct json_writer *body = ask_body(q);

	json_put_string(body, S("queryId"), id);
	if (token.p != NULL) {
		json_put_string(body, S("nextToken"), token);
	}
	return ask_send(q, ENDPOINT_LOGS, S("GetQueryResults"), reply);
}

/* Stops a query whose caller is gone; nothing can be told to anyone. */
static void
abandon(struct ask *q, struct str id)
{
	struct json_writer *body;
	const struct json *reply;

	fail_clear(q->c->fail);
	/* The raised cancel would end this request too. */
	q->scope.cancel = NULL;
	body = ask_body(q);
	json_put_string(body, S("queryId"), id);
	(void)!ask_send(q, ENDPOINT_LOGS, S("StopQuery"), &reply);
	fail_clear(q->c->fail);
	fail_set(q->c->fail, ERR_CANCELLED, 0, STR_NONE);
}

static bool
is_running(struct str status)
{
	return str_eq(status, S("Scheduled")) || str_eq(status, S("Running"));
}

/* Looks until the query has ended or the time is over; *reply is the last
 * answer. */
static enum err
wait_for(struct ask *q, struct str id, int64_t until_ms,
    const struct json **reply)
{
	const struct sys *sys = q->c->sys;
	int64_t pause_ms = POLL_FIRST_MS;
	int64_t start_ms = sys->mono_ms(sys->ctx);

	for (;;) {
		enum err err = fetch(q, id, STR_NONE, reply);
		int64_t now_ms = sys->mono_ms(sys->ctx);
		struct str status;

		if (err != ERR_OK) {
			return err;
		}
		status = json_get_str(*reply, S("status"), S("Unknown"));
		if (!is_running(status) || now_ms + pause_ms >= until_ms) {
			return ERR_OK;
		}
		q->c->progress(q->c, (double)(now_ms - start_ms) / 1000,
		    (double)(until_ms - start_ms) / 1000,
		    S("the query is running"));
		err = sys->sleep_until(sys->ctx, now_ms + pause_ms,
		    q->c->cancel);
		if (err != ERR_OK) {
			return fail_set(q->c->fail, err, 0, STR_NONE);
		}
		pause_ms = pause_ms * 2 > POLL_LAST_MS ? POLL_LAST_MS :
		    pause_ms * 2;
	}
}

/* One row as {field: value}; of a repeated field the first value stays. */
static void
show_row(struct json_writer *out, const struct json *row)
{
	json_begin_object(out);
	for (const struct json *cell = json_at(row, 0); cell != NULL;
	    cell = cell->next) {
		struct str field = json_get_str(cell, S("field"), S(""));
		const struct json *before = json_at(row, 0);

		while (before != cell && !str_eq(json_get_str(before,
		    S("field"), S("")), field)) {
			before = before->next;
		}
		if (before == cell) {
			show_string(out, field, cell, S("value"));
		}
	}
	json_end_object(out);
}

/* All rows of this page and the pages behind it. */
static enum err
show_rows(struct ask *q, struct str id, const struct json *page,
    struct rows *rows, bool *more)
{
	struct json_writer *out = q->c->out;
	struct str token;

	rows_begin(rows, S("results"));
	for (size_t n = 0;; n++) {
		const struct json *row =
		    json_at(json_get(page, S("results")), 0);
		enum err err;

		for (; row != NULL; row = row->next) {
			show_row(out, row);
			if (!rows_fit(rows)) {
				break;
			}
		}
		token = json_get_str(page, S("nextToken"), STR_NONE);
		*more = token.len > 0;
		if (!*more || rows->cut || n == PAGE_MAX) {
			break;
		}
		err = fetch(q, id, token, &page);
		if (err != ERR_OK) {
			return err;
		}
	}
	rows_end(rows);
	return ERR_OK;
}

static const struct str still_running = STR_INIT("The query is still running "
    "in AWS and costs money until it ends. Fetch it with "
    "get_logs_insight_query_results, or stop it with "
    "cancel_logs_insight_query.");

/* Writes the answer around one GetQueryResults reply. A query that failed is
 * an error that names its status. */
static enum err
show(struct ask *q, struct str id, const struct json *reply,
    struct str shown_status)
{
	struct json_writer *out = q->c->out;
	struct str status = json_get_str(reply, S("status"), S("Unknown"));
	const struct json *statistics = json_get(reply, S("statistics"));
	bool more = false;
	struct rows rows;
	enum err err;

	if (!is_running(status) && !str_eq(status, S("Complete"))) {
		return fail_setf(q->c->fail, ERR_AWS_SERVICE, "the query %s "
		    "ended with status %s; run it again, over a shorter time "
		    "range if it timed out", id, status);
	}
	rows_init(&rows, q->c);
	json_begin_object(out);
	json_put_string(out, S("queryId"), id);
	json_put_string(out, S("status"),
	    shown_status.p != NULL ? shown_status : status);
	json_put_value(out, S("statistics"),
	    json_is(statistics, JSON_OBJECT) ? statistics : NULL);
	err = show_rows(q, id, reply, &rows, &more);
	if (err != ERR_OK) {
		return err;
	}
	rows_close(&rows, more, S("Use limit, stats or fewer fields in the "
	    "query, or get_logs_insight_query_results."),
	    is_running(status) ? still_running : STR_NONE);
	ask_origin(q, out);
	json_end_object(out);
	return ERR_OK;
}

static enum err
execute_run(struct call *c)
{
	const struct json *reply = NULL;
	struct str id = STR_NONE;
	int64_t until_ms;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	until_ms = c->sys->mono_ms(c->sys->ctx) +
	    tool_arg_i64(c, S("max_timeout")) * 1000;
	if (until_ms > c->deadline_ms - ANSWER_MS) {
		until_ms = c->deadline_ms - ANSWER_MS;
	}
	err = start(&q, &id);
	if (err != ERR_OK) {
		return err;
	}
	err = wait_for(&q, id, until_ms, &reply);
	if (err == ERR_CANCELLED) {
		abandon(&q, id);
		return err;
	}
	if (err != ERR_OK) {
		return err;
	}
	if (is_running(json_get_str(reply, S("status"), S("")))) {
		return show(&q, id, reply, S("Polling Timeout"));
	}
	return show(&q, id, reply, STR_NONE);
}

static enum err
results_run(struct call *c)
{
	struct str id = tool_arg_str(c, S("query_id"));
	const struct json *reply;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	err = fetch(&q, id, STR_NONE, &reply);
	return err == ERR_OK ? show(&q, id, reply, STR_NONE) : err;
}

static enum err
cancel_run(struct call *c)
{
	struct json_writer *body;
	const struct json *reply;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	body = ask_body(&q);
	json_put_string(body, S("queryId"), tool_arg_str(c, S("query_id")));
	err = ask_send(&q, ENDPOINT_LOGS, S("StopQuery"), &reply);
	if (err != ERR_OK) {
		return err;
	}
	json_begin_object(c->out);
	json_put_boolean(c->out, S("success"),
	    json_get_bool(reply, S("success"), false));
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param execute_params[] = {
	{ .name = STR_INIT("log_group_names"), .type = PARAM_STRINGS,
	    .max = 50 },
	{ .name = STR_INIT("log_group_identifiers"), .type = PARAM_STRINGS,
	    .max = 50, .text = STR_INIT("ARNs") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .required = true },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .required = true },
	{ .name = STR_INIT("query_string"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 10000,
	    .text = STR_INIT("Logs Insights QL") },
	{ .name = STR_INIT("limit"), .type = PARAM_INTEGER, .min = 1,
	    .max = 100000 },
	{ .name = STR_INIT("max_timeout"), .type = PARAM_INTEGER, .min = 1,
	    .max = 900, .fallback = STR_INIT("30"),
	    .text = STR_INIT("seconds; then only queryId returns") },
	ASK_PARAMS,
};

#define RESULT_SCHEMA \
	"{\"type\":\"object\",\"properties\":{" \
	"\"queryId\":{\"type\":\"string\"}," \
	"\"status\":{\"type\":\"string\"}," \
	"\"statistics\":{}," \
	"\"results\":{\"type\":\"array\"}," \
	ROWS_SCHEMA "," ASK_SCHEMA \
	"}}"

/* see tools.h */
const struct tool tools_execute_log_insights_query = {
	.name = STR_INIT("execute_log_insights_query"),
	.title = STR_INIT("Logs Insights query"),
	.description = STR_INIT("Runs a Logs Insights query and waits for "
	    "it. Costs money per byte scanned: keep the window short. Example: "
	    "fields @timestamp, @message | filter @message like /ERROR/ | "
	    "limit 20"),
	.params = execute_params,
	.param_n = sizeof(execute_params) / sizeof(execute_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_SLOW,
	.output_schema = STR_INIT(RESULT_SCHEMA),
	.run = execute_run,
};

static const struct param id_params[] = {
	{ .name = STR_INIT("query_id"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 256 },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_logs_insight_query_results = {
	.name = STR_INIT("get_logs_insight_query_results"),
	.title = STR_INIT("Logs Insights results"),
	.description = STR_INIT("Results, or the state so far, of a query "
	    "started before in the same region."),
	.params = id_params,
	.param_n = sizeof(id_params) / sizeof(id_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT(RESULT_SCHEMA),
	.run = results_run,
};

/* see tools.h */
const struct tool tools_cancel_logs_insight_query = {
	.name = STR_INIT("cancel_logs_insight_query"),
	.title = STR_INIT("Stop a Logs Insights query"),
	.description = STR_INIT("Stops a running query, so that it scans and "
	    "costs no more."),
	.params = id_params,
	.param_n = sizeof(id_params) / sizeof(id_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"success\":{\"type\":\"boolean\"}," ASK_SCHEMA
	    "}}"),
	.run = cancel_run,
};

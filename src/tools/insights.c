/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights: run a query and wait for it, fetch the results of one that
 * runs, stop one. How queries run is query_run.h's business.
 *
 * A query that outlives max_timeout is left running and its id returned, so
 * that the results can be fetched later. Failures are errors, and so is every
 * status that is neither Complete nor a running one.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/query_run.h"
#include "tools/rows.h"

/* Rows that a query without a limit ends at, and the least bytes of one:
 * {"a":"1"}. */
#define SERVICE_ROW_N 10000
#define ROW_LEN_MIN 8
/* From this length on a message may have been cut by the query. */
#define MESSAGE_LONG 1000

/* Where the query reads: one list of groups, or its own text. */
static enum err
choose_groups(struct call *c, struct query_run *r)
{
	const struct json *names = tool_arg(c, S("log_group_names"));
	const struct json *ids = tool_arg(c, S("log_group_identifiers"));
	bool sql = str_eq(r->language, S("SQL"));
	bool source = str_istarts(str_trim_ws(r->text), S("SOURCE"));
	bool named = json_at(names, 0) != NULL || json_at(ids, 0) != NULL;

	if (json_at(names, 0) != NULL && json_at(ids, 0) != NULL) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give "
		    "log_group_names or log_group_identifiers, not both"));
	}
	if (named && (sql || source)) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, sql ?
		    S("SQL names its log groups in the query (FROM `group`): "
		    "leave log_group_names and log_group_identifiers out") :
		    S("the query chooses its log groups with SOURCE: leave "
		    "log_group_names and log_group_identifiers out"));
	}
	if (!named && !sql && !source) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("name the log "
		    "groups: log_group_names, log_group_identifiers (ARNs), "
		    "or a SOURCE command in the query; describe_log_groups "
		    "lists them"));
	}
	r->identifiers = json_at(ids, 0) != NULL;
	r->groups = r->identifiers ? ids : names;
	return ERR_OK;
}

/* The argument, else SQL for what can be nothing else. */
static struct str
language_of(struct call *c, struct str text)
{
	struct str given = tool_arg_str(c, S("query_language"));

	return given.len > 0 ? given : str_istarts(str_trim_ws(text),
	    S("SELECT ")) ? S("SQL") : STR_NONE;
}

/* What the rows of an answer hold. */
struct shown {
	bool more;      /* rows behind those shown */
	bool long_one;  /* a message that may be cut */
};

/* All rows of this page and the pages behind it. */
static enum err
show_rows(struct query_run *r, struct rows *rows, struct shown *s)
{
	struct json_writer *out = rows->out;
	const struct json *page;
	enum err err = ERR_OK;

	rows_begin(rows, S("results"));
	while (!rows->cut && (err = query_run_page(r, &page)) == ERR_OK &&
	    page != NULL) {
		const struct json *row = json_at(page, 0);

		for (; row != NULL; row = row->next) {
			json_begin_object(out);
			query_run_put_cells(out, row);
			json_end_object(out);
			if (!rows_fit(rows)) {
				break;
			}
			s->long_one = s->long_one || (query_run_cell(row,
			    S("@message")).len >= MESSAGE_LONG &&
			    query_run_cell(row, S("@ptr")).p != NULL);
		}
		s->more = query_run_more(r);
	}
	rows_end(rows);
	return err;
}

/* What to say about a whole answer; about a cut one, what to do. */
static struct str
advice(const struct query_run *r, const struct rows *rows,
    const struct shown *s)
{
	if (r->state != QUERY_RUN_COMPLETE) {
		return S("The query is still running in AWS and costs money "
		    "until it ends. Fetch it with "
		    "get_logs_insight_query_results, or stop it with "
		    "cancel_logs_insight_query.");
	}
	if (s->long_one) {
		return S("Long messages may be cut: get_log_record with a "
		    "row's @ptr gives the whole.");
	}
	if (rows->cut || s->more) {
		return S("Raise limit, or use stats or fewer fields in the "
		    "query.");
	}
	return rows->n > 0 ? STR_NONE : r->matched_n > 0 ? S("No rows.") :
	    S("No record matched: check the filter, the time range and the "
	    "log groups.");
}

/* Writes the answer around a query that is complete or runs on. */
static enum err
show(struct ask *q, struct query_run *r)
{
	struct json_writer *out = q->c->out;
	struct shown shown = { .more = false };
	struct rows rows;
	struct str words;
	enum err err;

	rows_init(&rows, q->c);
	json_begin_object(out);
	json_put_string(out, S("queryId"), r->id);
	json_put_string(out, S("status"), r->state == QUERY_RUN_LATE ?
	    S("Polling Timeout") : r->status);
	if (r->statistics.p != NULL) {
		json_put_raw(out, S("statistics"), r->statistics);
	} else {
		json_put_value(out, S("statistics"), NULL);
	}
	query_run_put_cost(out, r->scanned_bytes);
	err = show_rows(r, &rows, &shown);
	if (err != ERR_OK) {
		return fail_set(q->c->fail, err, 0, fail_text(&r->fail));
	}
	/* As many as were asked for, and more records matched. */
	shown.more = shown.more || (!rows.cut && r->matched_n >
	    (double)rows.n && rows.n >= (uint64_t)(r->limit > 0 ? r->limit :
	    SERVICE_ROW_N));
	words = advice(r, &rows, &shown);
	rows_close(&rows, shown.more, words, words);
	ask_origin(q, out);
	json_end_object(out);
	return ERR_OK;
}

/* Rows to ask for where the caller did not say: the service's own limit, but
 * no more than could be shown, because all have to be held. */
static int64_t
row_limit(struct call *c)
{
	int64_t most = (tool_arg(c, S("max_bytes")) == NULL ?
	    ROWS_BYTES_DEFAULT : tool_arg_i64(c, S("max_bytes"))) /
	    ROW_LEN_MIN + 1;

	return most < SERVICE_ROW_N ? most : SERVICE_ROW_N;
}

static enum err
execute_run(struct call *c)
{
	struct query_run r = { .text = tool_arg_str(c, S("query_string")) };
	struct query_runs all = { .c = c, .runs = &r, .n = 1 };
	int64_t now_ms;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	now_ms = ask_now_ms(&q);
	r.scope = &q.scope;
	r.language = language_of(c, r.text);
	r.start_ms = ask_time(&q, S("start_time"), now_ms);
	r.end_ms = ask_time(&q, S("end_time"), now_ms);
	r.limit = tool_arg(c, S("limit")) == NULL ? row_limit(c) :
	    tool_arg_i64(c, S("limit"));
	all.until_ms = query_run_until(c, tool_arg_i64(c, S("max_timeout")));
	err = q.err != ERR_OK ? q.err :
	    ask_check_range(&q, r.start_ms, r.end_ms);
	if (err == ERR_OK) {
		err = choose_groups(c, &r);
	}
	if (err == ERR_OK) {
		err = query_runs(&all);
	}
	if (err == ERR_OK && r.state == QUERY_RUN_FAILED) {
		err = fail_set(c->fail, r.err, 0, fail_text(&r.fail));
	}
	if (err == ERR_OK) {
		err = show(&q, &r);
	}
	query_run_free(&r);
	return err;
}

static enum err
results_run(struct call *c)
{
	struct query_run r = { .text = STR_NONE };
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	err = q.err != ERR_OK ? q.err : query_run_look(c, &q.scope,
	    tool_arg_str(c, S("query_id")), &r);
	if (err == ERR_OK) {
		err = show(&q, &r);
	}
	query_run_free(&r);
	return err;
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

static const struct str languages[] = {
	STR_INIT("CWLI"), STR_INIT("PPL"), STR_INIT("SQL"),
};

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
	    .text = STR_INIT("may choose groups by itself: SOURCE, or FROM in "
	    "SQL") },
	{ .name = STR_INIT("query_language"), .type = PARAM_STRING,
	    .choices = languages, .choice_n = 3,
	    .text = STR_INIT("default CWLI: Logs Insights QL") },
	{ .name = STR_INIT("limit"), .type = PARAM_INTEGER, .min = 1,
	    .max = 100000 },
	{ .name = STR_INIT("max_timeout"), .type = PARAM_INTEGER, .min = 1,
	    .max = 900, .fallback = "30",
	    .text = STR_INIT("seconds; then only queryId returns") },
	ASK_PARAMS,
};

#define RESULT_SCHEMA \
	"{\"type\":\"object\",\"properties\":{" \
	"\"queryId\":{\"type\":\"string\"}," \
	"\"status\":{\"type\":\"string\"}," \
	"\"statistics\":{}," QUERY_RUN_COST_SCHEMA \
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

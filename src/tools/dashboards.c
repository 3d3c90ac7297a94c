/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_dashboards and get_dashboard: what people of the account look at.
 *
 * A dashboard's body is JSON written by people and programs. Its widgets are
 * shown as what other tools take: metrics with namespace, name, dimensions
 * and statistic, alarms by name, log queries apart from their log groups.
 *
 *	["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", "a", {...}]
 *	[".", ".", ".", "b"]      "." stands for what stood there before
 *	["...", "c"]              "..." for all that stood there before
 *	[{"expression": "m1/m2", "label": "rate", "id": "e1"}]
 *
 * ("Dashboard body structure and syntax" in the CloudWatch API reference.)
 * Where a widget stands and what colours it has is left out; include_body
 * gives the body as it is.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/show.h"

/* Words of one row of `metrics`: namespace, name, 30 dimensions. */
#define WORD_MAX_N 62
/* Pages of a listing; the service's are 1,000 dashboards each. */
#define PAGE_MAX_N 50
/* A widget of a kind we do not know is shown raw up to this. */
#define RAW_MAX 4000

static void
show_entry(struct json_writer *out, const struct json *d)
{
	json_begin_object(out);
	show_string(out, S("dashboard_name"), d, S("DashboardName"));
	show_string(out, S("dashboard_arn"), d, S("DashboardArn"));
	show_seconds(out, S("last_modified"), json_get(d, S("LastModified")));
	show_number(out, S("size_bytes"), d, S("Size"));
	json_end_object(out);
}

static enum err
list_run(struct call *c)
{
	struct str prefix = tool_arg_str(c, S("dashboard_name_prefix"));
	size_t max = (size_t)tool_arg_i64(c, S("max_items"));
	struct str token = STR_NONE;
	bool more = false;
	struct rows rows;
	struct ask q;

	ask_begin(&q, c);
	rows_init(&rows, c);
	json_begin_object(c->out);
	rows_begin(&rows, S("dashboards"));
	for (size_t pages = 0; pages == 0 || more; pages++) {
		struct json_writer *body = ask_body(&q);
		const struct json *page, *d;
		struct str next;
		enum err err;

		if (prefix.len > 0) {
			json_put_string(body, S("DashboardNamePrefix"),
			    prefix);
		}
		if (token.p != NULL) {
			json_put_string(body, S("NextToken"), token);
		}
		err = ask_send(&q, ENDPOINT_CLOUDWATCH, S("ListDashboards"),
		    &page);
		if (err != ERR_OK) {
			return err;
		}
		d = json_at(json_get(page, S("DashboardEntries")), 0);
		for (; d != NULL && rows.n < max; d = d->next) {
			show_entry(c->out, d);
			if (!rows_fit(&rows)) {
				break;
			}
		}
		next = json_get_str(page, S("NextToken"), STR_NONE);
		more = d != NULL || next.len > 0;
		if (d != NULL || rows.n == max || pages == PAGE_MAX_N ||
		    str_eq(next, token)) {
			break;
		}
		token = next;
	}
	rows_end(&rows);
	rows_close(&rows, more, S("Narrow by prefix or raise max_items."),
	    rows.n == 0 ? S("No dashboard matches in this account.") :
	    STR_NONE);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

/* One row of `metrics` with its short forms written out. */
struct line {
	struct str words[WORD_MAX_N];
	size_t n;
	const struct json *options; /* NULL: none */
};

static void
read_line(const struct json *row, const struct line *before, struct line *out)
{
	const struct json *v = json_at(row, 0);
	size_t left = 0;

	*out = (struct line){ .n = 0 };
	for (const struct json *i = v; i != NULL; i = i->next) {
		left += json_is(i, JSON_STRING);
	}
	for (; v != NULL; v = v->next) {
		struct str word = json_str(v);

		if (word.p == NULL) {
			out->options = json_is(v, JSON_OBJECT) ? v :
			    out->options;
			continue;
		}
		left--;
		if (str_eq(word, S("..."))) {
			/* As many as leave the length as it was. */
			while (out->n + left < before->n) {
				out->words[out->n] = before->words[out->n];
				out->n++;
			}
			continue;
		}
		if (out->n == WORD_MAX_N) {
			return;
		}
		out->words[out->n] = str_eq(word, S(".")) &&
		    out->n < before->n ? before->words[out->n] : word;
		out->n++;
	}
}

/* A member of the row's own options, else of the widget. */
static const struct json *
option(const struct line *l, const struct json *widget, struct str key)
{
	const struct json *own = json_get_set(l->options, key);

	return own != NULL ? own : json_get_set(widget, key);
}

static void
show_line(struct json_writer *out, const struct line *l,
    const struct json *widget)
{
	static const struct str extra[][2] = {
		{ STR_INIT("id"), STR_INIT("id") },
		{ STR_INIT("label"), STR_INIT("label") },
		{ STR_INIT("expression"), STR_INIT("expression") },
		{ STR_INIT("account_id"), STR_INIT("accountId") },
		{ STR_INIT("region"), STR_INIT("region") },
	};

	json_begin_object(out);
	if (l->n >= 2) {
		json_put_string(out, S("namespace"), l->words[0]);
		json_put_string(out, S("metric_name"), l->words[1]);
		json_key(out, S("dimensions"));
		json_begin_array(out);
		for (size_t i = 2; i + 1 < l->n; i += 2) {
			json_begin_object(out);
			json_put_string(out, S("name"), l->words[i]);
			json_put_string(out, S("value"), l->words[i + 1]);
			json_end_object(out);
		}
		json_end_array(out);
		json_put_value(out, S("statistic"),
		    option(l, widget, S("stat")));
	}
	json_put_value(out, S("period"), option(l, widget, S("period")));
	for (size_t i = 0; i < sizeof(extra) / sizeof(extra[0]); i++) {
		const struct json *v = json_get_set(l->options, extra[i][1]);

		if (json_is(v, JSON_STRING)) {
			json_put_value(out, extra[i][0], v);
		}
	}
	if (json_is(json_get(l->options, S("visible")), JSON_BOOL) &&
	    !json_get_bool(l->options, S("visible"), true)) {
		json_put_boolean(out, S("visible"), false);
	}
	json_end_object(out);
}

static void
show_metrics(struct rows *rows, const struct json *p)
{
	struct line lines[2] = { { .n = 0 } };
	size_t at = 0;

	rows_begin(rows, S("metrics"));
	for (const struct json *row = json_at(json_get(p, S("metrics")), 0);
	    row != NULL; row = row->next) {
		read_line(row, &lines[at], &lines[1 - at]);
		show_line(rows->out, &lines[1 - at], p);
		if (!rows_fit(rows)) {
			break;
		}
		/* An expression names no metric to repeat. */
		at = lines[1 - at].n > 0 ? 1 - at : at;
	}
	rows_end(rows);
}

/* The names in ARNs "...:alarm:name". */
static void
show_alarms(struct rows *rows, const struct json *arns)
{
	rows_begin(rows, S("alarm_names"));
	for (const struct json *v = json_at(arns, 0); v != NULL;
	    v = v->next) {
		struct str arn = json_str(v);
		size_t at = str_find(arn, S(":alarm:"), 0);

		if (arn.p == NULL) {
			continue;
		}
		json_string(rows->out, at < arn.len ?
		    str_sub(arn, at + 7, arn.len) : arn);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
}

/* Text of any length inside a row: null when it does not fit. */
static void
put_text(struct rows *rows, struct str key, struct str text)
{
	struct json_mark mark = json_mark(rows->out);

	json_put_string_or_null(rows->out, key, text);
	if (rows_room(rows) < ROWS_CLOSING_INNER) {
		json_rollback(rows->out, &mark);
		json_put_value(rows->out, key, NULL);
		rows->cut = true;
	}
}

/* SOURCE 'a' | SOURCE 'b' | query: groups and query apart. */
static void
show_query(struct rows *rows, struct str text)
{
	struct str rest = str_trim_ws(text);

	rows_begin(rows, S("log_group_names"));
	while (str_istarts(rest, S("SOURCE '"))) {
		size_t end = str_find_byte(rest, '\'', 8);

		json_string(rows->out, str_sub(rest, 8, end));
		if (!rows_fit(rows)) {
			break;
		}
		rest = str_trim_ws(str_sub(rest, end + 1, rest.len));
		if (rest.len > 0 && (rest.p[0] == '|' || rest.p[0] == ',')) {
			rest = str_trim_ws(str_sub(rest, 1, rest.len));
		}
	}
	rows_end(rows);
	put_text(rows, S("query_string"), rest);
}

/* Lines drawn across the graph: usually thresholds. */
static void
show_thresholds(struct rows *rows, const struct json *p)
{
	const struct json *v = json_at(json_path(p,
	    S("annotations.horizontal")), 0);

	if (v == NULL) {
		return;
	}
	rows_begin(rows, S("thresholds"));
	for (; v != NULL; v = v->next) {
		json_begin_object(rows->out);
		show_string(rows->out, S("label"), v, S("label"));
		show_number(rows->out, S("value"), v, S("value"));
		json_end_object(rows->out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
}

static void
show_widget(struct rows *rows, const struct json *w)
{
	struct json_writer *out = rows->out;
	const struct json *p = json_get(w, S("properties"));
	struct str type = json_get_str(w, S("type"), STR_NONE);
	const struct json *alarms = json_path(p, S("annotations.alarms"));

	json_begin_object(out);
	json_put_string_or_null(out, S("type"), type);
	show_string(out, S("title"), p, S("title"));
	show_string(out, S("region"), p, S("region"));
	if (json_is(json_get(p, S("metrics")), JSON_ARRAY) &&
	    str_eq(type, S("metric"))) {
		show_metrics(rows, p);
		show_thresholds(rows, p);
	} else if (str_eq(type, S("log"))) {
		show_query(rows, json_get_str(p, S("query"), S("")));
	} else if (str_eq(type, S("alarm"))) {
		alarms = json_get(p, S("alarms"));
	} else if (str_eq(type, S("text"))) {
		put_text(rows, S("markdown"),
		    json_get_str(p, S("markdown"), STR_NONE));
	} else if (p != NULL && alarms == NULL && p->text.len < RAW_MAX) {
		json_put_value(out, S("properties"), p);
	}
	if (alarms != NULL) {
		show_alarms(rows, alarms);
	}
	json_end_object(out);
}

/* The widgets of a body, or what is wrong with it. */
static struct str
show_widgets(struct call *c, struct rows *rows, struct str text)
{
	struct json *body = NULL;
	struct fail f;
	const struct json *widgets, *w;

	fail_init(&f, c->arena);
	if (text.p != NULL && json_parse(c->arena, text, 0, &body, &f) !=
	    ERR_OK) {
		body = NULL;
	}
	widgets = json_get(body, S("widgets"));
	json_put_integer(c->out, S("widget_count"), json_is(widgets,
	    JSON_ARRAY) ? (int64_t)widgets->n : 0);
	rows_begin(rows, S("widgets"));
	for (w = json_at(widgets, 0); w != NULL; w = w->next) {
		show_widget(rows, w);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	rows_mark(rows);
	json_put_value(c->out, S("variables"),
	    json_get_set(body, S("variables")));
	if (!rows_fit(rows)) {
		json_put_value(c->out, S("variables"), NULL);
	}
	return text.p == NULL ? S("AWS gave no body for this dashboard.") :
	    body == NULL ? S("The body is not JSON; include_body shows it.") :
	    widgets == NULL ? S("The body has no widgets.") : STR_NONE;
}

static enum err
get_run(struct call *c)
{
	struct json_writer *out = c->out;
	const struct json *reply;
	struct str text, wrong;
	struct rows rows;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	json_put_string(ask_body(&q), S("DashboardName"),
	    tool_arg_str(c, S("dashboard_name")));
	err = ask_send(&q, ENDPOINT_CLOUDWATCH, S("GetDashboard"), &reply);
	if (err != ERR_OK) {
		return err;
	}
	text = json_get_str(reply, S("DashboardBody"), STR_NONE);
	rows_init(&rows, c);
	json_begin_object(out);
	json_put_string(out, S("dashboard_name"), json_get_str(reply,
	    S("DashboardName"), tool_arg_str(c, S("dashboard_name"))));
	show_string(out, S("dashboard_arn"), reply, S("DashboardArn"));
	if (tool_arg_bool(c, S("include_body"))) {
		/* Asked for: before the widgets, which say the same. */
		rows_mark(&rows);
		json_put_string_or_null(out, S("body"), text);
		if (!rows_fit(&rows)) {
			json_put_value(out, S("body"), NULL);
		}
	}
	wrong = show_widgets(c, &rows, text);
	rows_close(&rows, false, S("A body that does not fit is null. Raise "
	    "max_bytes."), wrong);
	ask_origin(&q, out);
	json_end_object(out);
	return ERR_OK;
}

static const struct param list_params[] = {
	{ .name = STR_INIT("dashboard_name_prefix"), .type = PARAM_STRING,
	    .max = 255 },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 5000, .fallback = "100" },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_list_dashboards = {
	.name = STR_INIT("list_dashboards"),
	.title = STR_INIT("List dashboards"),
	.description = STR_INIT("Names of the account's dashboards: what its "
	    "people look at. get_dashboard shows one."),
	.params = list_params,
	.param_n = sizeof(list_params) / sizeof(list_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"dashboards\":{\"type\":\"array\"}," ROWS_SCHEMA ","
	    ASK_SCHEMA "}}"),
	.run = list_run,
};

static const struct param get_params[] = {
	{ .name = STR_INIT("dashboard_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("include_body"), .type = PARAM_BOOLEAN,
	    .fallback = "false",
	    .text = STR_INIT("the whole JSON too") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_dashboard = {
	.name = STR_INIT("get_dashboard"),
	.title = STR_INIT("Get dashboard"),
	.description = STR_INIT("Widgets of a dashboard: title, metrics with "
	    "dimensions and statistic, thresholds, alarms, log queries with "
	    "their groups, text."),
	.params = get_params,
	.param_n = sizeof(get_params) / sizeof(get_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"dashboard_name\":{\"type\":\"string\"},\"dashboard_arn\":{},"
	    "\"body\":{},\"widget_count\":{\"type\":\"integer\"},"
	    "\"widgets\":{\"type\":\"array\"},\"variables\":{},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = get_run,
};

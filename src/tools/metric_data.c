/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_metric_data: one metric, a Metrics Insights query, or several queries
 * with percentiles, math and other accounts; always GetMetricData, always
 * paged to the end, datapoints oldest first.
 *
 * The period follows from the window and target_datapoints unless one is
 * given, and never below what CloudWatch still keeps at that age: 60 s for 15
 * days, 300 s for 63 days, 3600 s for 455 days (User Guide, metrics
 * retention).
 *
 * Metrics Insights text: identifiers in double quotes, values in single quotes,
 * quotes inside escaped with a backslash (User Guide, Metrics Insights query
 * components).
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/metric_query.h"
#include "tools/show.h"

struct window {
	int64_t start_ms, end_ms;
	int64_t period_s;
};

/* One series of the answer, collected over the pages. */
struct series {
	struct str id, label;
	struct str status;
	const struct json **pages; /* MetricDataResults entries, in order */
	size_t page_n;
	struct series *next;
};

static void
put_dimensions(struct json_writer *body, const struct json *dimensions)
{
	const struct json *d = json_at(dimensions, 0);

	if (d == NULL) {
		return;
	}
	json_key(body, S("Dimensions"));
	json_begin_array(body);
	for (; d != NULL; d = d->next) {
		json_begin_object(body);
		json_put_string(body, S("Name"),
		    json_get_str(d, S("name"), S("")));
		json_put_string(body, S("Value"),
		    json_get_str(d, S("value"), S("")));
		json_end_object(body);
	}
	json_end_array(body);
}

/* MetricStat of a metric, its statistic and period. */
static void
put_metric_stat(struct json_writer *body, struct str namespace,
    struct str name, const struct json *dimensions, int64_t period_s,
    struct str statistic)
{
	json_key(body, S("MetricStat"));
	json_begin_object(body);
	json_key(body, S("Metric"));
	json_begin_object(body);
	json_put_string(body, S("Namespace"), namespace);
	json_put_string(body, S("MetricName"), name);
	put_dimensions(body, dimensions);
	json_end_object(body);
	json_put_integer(body, S("Period"), period_s);
	json_put_string(body, S("Stat"), metric_query_statistic(statistic));
	json_end_object(body);
}

static enum err
put_single(struct call *c, struct json_writer *body, const struct window *w)
{
	struct str statistic = tool_arg_str(c, S("statistic"));

	if (!metric_query_statistic_ok(statistic)) {
		return fail_setf(c->fail, ERR_ARGUMENT, "statistic is '%s'; "
		    "allowed are Average, Sum, Minimum, Maximum, SampleCount "
		    "(or AVG, SUM, MIN, MAX, COUNT), percentiles such as p99, "
		    "and tm90, wm90, tc90, ts90, pr(0:100), iqm", statistic);
	}
	json_begin_object(body);
	json_put_string(body, S("Id"), S("m1"));
	put_metric_stat(body, tool_arg_str(c, S("namespace")),
	    tool_arg_str(c, S("metric_name")), tool_arg(c, S("dimensions")),
	    w->period_s, statistic);
	json_put_boolean(body, S("ReturnData"), true);
	json_end_object(body);
	return ERR_OK;
}

static enum err
put_insights(struct call *c, struct json_writer *body, const struct window *w)
{
	struct buf text = buf_in(c->arena, METRIC_QUERY_MAX);
	struct metric_query q = {
		.statistic = tool_arg_str(c, S("statistic")),
		.metric = tool_arg_str(c, S("metric_name")),
		.namespace = tool_arg_str(c, S("namespace")),
		.keys = tool_arg(c, S("schema_dimension_keys")),
		.dimensions = tool_arg(c, S("dimensions")),
		.group_by = tool_arg_str(c, S("group_by_dimension")),
		.order_by = tool_arg_str(c, S("order_by_statistic")),
		.sort = tool_arg_str(c, S("sort_order")),
		.limit = tool_arg(c, S("limit")) == NULL ? 0 :
		    tool_arg_i64(c, S("limit")),
	};
	enum err err = metric_query_text(&q, &text, c->fail);

	if (err != ERR_OK) {
		return err;
	}
	json_begin_object(body);
	json_put_string(body, S("Id"), S("m1"));
	json_put_string(body, S("Expression"), buf_str(&text));
	json_put_integer(body, S("Period"), w->period_s);
	json_put_boolean(body, S("ReturnData"), true);
	json_end_object(body);
	return ERR_OK;
}

/* One of `queries`: exactly one of metric_stat and expression. */
static enum err
put_query(struct call *c, struct json_writer *body, const struct json *query,
    const struct window *w)
{
	const struct json *stat = json_get_set(query, S("metric_stat"));
	struct str expression = json_get_str(query, S("expression"),
	    STR_NONE);
	struct str id = json_get_str(query, S("id"), S(""));
	struct str label = json_get_str(query, S("label"), STR_NONE);
	struct str account = json_get_str(query, S("account_id"), STR_NONE);
	int64_t period = json_get_i64(query, S("period"),
	    json_get_i64(stat, S("period"), w->period_s));

	if ((stat == NULL) == (expression.p == NULL)) {
		return fail_setf(c->fail, ERR_ARGUMENT, "query '%s' must have "
		    "exactly one of metric_stat and expression", id);
	}
	json_begin_object(body);
	json_put_string(body, S("Id"), id);
	if (stat != NULL) {
		struct str statistic = json_get_str(stat, S("statistic"),
		    S("Average"));

		if (!metric_query_statistic_ok(statistic)) {
			return fail_setf(c->fail, ERR_ARGUMENT, "query '%s': "
			    "'%s' is not a statistic", id, statistic);
		}
		put_metric_stat(body,
		    json_get_str(stat, S("namespace"), S("")),
		    json_get_str(stat, S("metric_name"), S("")),
		    json_get(stat, S("dimensions")), period, statistic);
	} else {
		json_put_string(body, S("Expression"), expression);
		json_put_integer(body, S("Period"), period);
	}
	if (label.len > 0) {
		json_put_string(body, S("Label"), label);
	}
	if (account.len > 0) {
		json_put_string(body, S("AccountId"), account);
	}
	json_put_boolean(body, S("ReturnData"),
	    json_get_bool(query, S("return_data"), true));
	json_end_object(body);
	return ERR_OK;
}

static bool
wants_insights(struct call *c)
{
	static const struct str names[] = {
		STR_INIT("group_by_dimension"), STR_INIT("limit"),
		STR_INIT("sort_order"), STR_INIT("order_by_statistic"),
		STR_INIT("schema_dimension_keys"),
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (json_get_set(c->args, names[i]) != NULL) {
			return true;
		}
	}
	return false;
}

/* The MetricDataQueries member, by the mode that the arguments choose. */
static enum err
put_queries(struct call *c, struct json_writer *body, const struct window *w)
{
	const struct json *query = json_at(tool_arg(c, S("queries")), 0);
	enum err err = ERR_OK;

	if (query == NULL && (tool_arg_str(c, S("namespace")).p == NULL ||
	    tool_arg_str(c, S("metric_name")).p == NULL)) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give namespace "
		    "and metric_name, or queries"));
	}
	json_key(body, S("MetricDataQueries"));
	json_begin_array(body);
	if (query == NULL) {
		err = wants_insights(c) ? put_insights(c, body, w) :
		    put_single(c, body, w);
	}
	for (; query != NULL && err == ERR_OK; query = query->next) {
		err = put_query(c, body, query, w);
	}
	if (err == ERR_OK) {
		json_end_array(body);
	}
	return err; /* after an error the body is left unfinished, unsent */
}

/* The series of that id and label, made when it is new. */
static struct series *
series_of(struct arena *a, struct series **first, const struct json *result)
{
	struct str id = json_get_str(result, S("Id"), S(""));
	struct str label = json_get_str(result, S("Label"), S(""));
	struct series **at = first;
	struct series *s;

	while (*at != NULL && !(str_eq((*at)->id, id) &&
	    str_eq((*at)->label, label))) {
		at = &(*at)->next;
	}
	if (*at != NULL) {
		return *at;
	}
	s = ARENA_NEW(a, struct series);
	if (s != NULL) {
		s->pages = ARENA_ARRAY(a, METRIC_PAGE_MAX,
		    const struct json *);
		s->id = id;
		s->label = label;
		*at = s;
	}
	return s == NULL || s->pages == NULL ? NULL : s;
}

static enum err
fetch(struct ask *q, const struct window *w, struct series **first,
    struct json_writer *messages, bool *cut)
{
	struct call *c = q->c;
	struct str token = STR_NONE;

	for (size_t n = 0; n == 0 || token.len > 0; n++) {
		struct json_writer *body = ask_body(q);
		const struct json *page, *m;
		enum err err = put_queries(c, body, w);

		if (err != ERR_OK) {
			return err;
		}
		if (n == METRIC_PAGE_MAX) {
			*cut = true;
			return ERR_OK;
		}
		json_put_integer(body, S("StartTime"), w->start_ms / 1000);
		json_put_integer(body, S("EndTime"), w->end_ms / 1000);
		json_put_string(body, S("ScanBy"), S("TimestampAscending"));
		if (token.p != NULL) {
			json_put_string(body, S("NextToken"), token);
		}
		err = ask_send(q, ENDPOINT_CLOUDWATCH, S("GetMetricData"),
		    &page);
		if (err != ERR_OK) {
			return err;
		}
		m = json_at(json_get(page, S("MetricDataResults")), 0);
		for (; m != NULL; m = m->next) {
			struct series *s = series_of(c->arena, first, m);

			if (s == NULL) {
				return fail_set(c->fail, ERR_NOMEM, 0,
				    STR_NONE);
			}
			if (s->page_n < METRIC_PAGE_MAX) {
				s->pages[s->page_n++] = m;
			}
			s->status = json_get_str(m, S("StatusCode"),
			    S("Complete"));
		}
		m = json_at(json_get(page, S("Messages")), 0);
		for (; m != NULL; m = m->next) {
			json_string(messages,
			    json_get_str(m, S("Value"), S("")));
		}
		token = json_get_str(page, S("NextToken"), STR_NONE);
		c->progress(c, (double)n + 1, 0, S("reading datapoints"));
	}
	return ERR_OK;
}

/* Datapoints of one page; false when the two lists do not pair up. */
static bool
show_points(struct json_writer *out, const struct json *page)
{
	const struct json *t = json_at(json_get(page, S("Timestamps")), 0);
	const struct json *v = json_at(json_get(page, S("Values")), 0);

	for (; t != NULL && v != NULL; t = t->next, v = v->next) {
		json_begin_object(out);
		show_seconds(out, S("timestamp"), t);
		json_put_value(out, S("value"),
		    json_is(v, JSON_NUMBER) ? v : NULL);
		json_end_object(out);
	}
	return t == NULL && v == NULL;
}

/* An empty answer looks like zero to who reads it in a hurry. */
static const struct str nothing = STR_INIT("No datapoints in this window. "
    "Names and dimensions must match exactly: list_metrics shows them. A "
    "metric that counts events has none while nothing happens.");

static void
show_series(struct json_writer *out, const struct series *s)
{
	bool paired = true;
	size_t n = 0;

	json_begin_object(out);
	json_put_string(out, S("id"), s->id);
	json_put_string(out, S("label"), s->label);
	json_put_string(out, S("statusCode"), s->status);
	json_key(out, S("datapoints"));
	json_begin_array(out);
	for (size_t i = 0; i < s->page_n; i++) {
		paired = show_points(out, s->pages[i]) && paired;
		n += json_get(s->pages[i], S("Timestamps")) == NULL ? 0 :
		    json_get(s->pages[i], S("Timestamps"))->n;
	}
	json_end_array(out);
	json_key(out, S("messages"));
	json_begin_array(out);
	for (size_t i = 0; i < s->page_n; i++) {
		const struct json *m =
		    json_at(json_get(s->pages[i], S("Messages")), 0);

		for (; m != NULL; m = m->next) {
			json_string(out, json_get_str(m, S("Value"), S("")));
		}
	}
	if (!paired) {
		json_string(out, S("AWS sent different numbers of timestamps "
		    "and values; the rest is left out."));
	}
	if (n == 0 && str_eq(s->status, S("Complete"))) {
		json_string(out, nothing);
	}
	json_end_array(out);
	json_end_object(out);
}

static void
show(struct ask *q, const struct window *w, const struct series *first,
    struct str messages, bool cut)
{
	struct json_writer *out = q->c->out;

	json_begin_object(out);
	json_key(out, S("metricDataResults"));
	json_begin_array(out);
	for (const struct series *s = first; s != NULL; s = s->next) {
		show_series(out, s);
	}
	json_end_array(out);
	json_put_raw(out, S("messages"), messages);
	json_put_boolean(out, S("has_more_results"), cut);
	show_time(out, S("start_time"), w->start_ms);
	show_time(out, S("end_time"), w->end_ms);
	json_put_integer(out, S("period"), w->period_s);
	ask_origin(q, out);
	json_end_object(out);
}

static enum err
run(struct call *c)
{
	struct buf text = buf_in(c->arena, 16 * 1024);
	struct json_writer messages = json_writer(&text);
	struct series *first = NULL;
	struct window w;
	struct ask q;
	bool cut = false;
	enum err err;

	ask_begin(&q, c);
	w.end_ms = ask_time(&q, S("end_time"), ask_now_ms(&q));
	w.start_ms = ask_time(&q, S("start_time"),
	    w.end_ms - (int64_t)3 * 3600 * 1000);
	err = ask_check_range(&q, w.start_ms, w.end_ms);
	if (err != ERR_OK) {
		return err;
	}
	w.period_s = tool_arg(c, S("period")) != NULL ?
	    tool_arg_i64(c, S("period")) : metric_query_period(w.start_ms,
	    w.end_ms, ask_now_ms(&q), tool_arg_i64(c, S("target_datapoints")));
	json_begin_array(&messages);
	err = fetch(&q, &w, &first, &messages, &cut);
	if (err != ERR_OK) {
		return err;
	}
	if (first == NULL) {
		json_string(&messages, nothing);
	}
	if (cut) {
		json_string(&messages, S("The answer was cut. Use a longer "
		    "period, a shorter window or fewer queries."));
	}
	json_end_array(&messages);
	if (!buf_ok(&text)) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	show(&q, &w, first, buf_str(&text), cut);
	return ERR_OK;
}

static const struct param dimension[] = {
	{ .name = STR_INIT("name"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 255 },
	{ .name = STR_INIT("value"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 1024 },
};

static const struct param metric_stat[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .max = 30,
	    .fields = dimension, .field_n = 2 },
	{ .name = STR_INIT("statistic"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 64 },
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 1,
	    .max = 86400 },
};

static const struct param query[] = {
	{ .name = STR_INIT("id"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 255, .text = STR_INIT("[a-z]...") },
	{ .name = STR_INIT("metric_stat"), .type = PARAM_OBJECT,
	    .fields = metric_stat, .field_n = 5 },
	{ .name = STR_INIT("expression"), .type = PARAM_STRING, .min = 1,
	    .max = 2048, .text = STR_INIT("math or SELECT") },
	{ .name = STR_INIT("label"), .type = PARAM_STRING, .max = 255 },
	{ .name = STR_INIT("return_data"), .type = PARAM_BOOLEAN,
	    .fallback = STR_INIT("true") },
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 1,
	    .max = 86400 },
	{ .name = STR_INIT("account_id"), .type = PARAM_STRING, .min = 1,
	    .max = 255 },
};

static const struct str orders[] = { STR_INIT("ASC"), STR_INIT("DESC") };
static const struct str order_by[] = {
	STR_INIT("AVG"), STR_INIT("COUNT"), STR_INIT("MAX"), STR_INIT("MIN"),
	STR_INIT("SUM"),
};

static const struct param params[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING, .min = 1,
	    .max = 255 },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING, .min = 1,
	    .max = 255 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .max = 30,
	    .fields = dimension, .field_n = 2,
	    .text = STR_INIT("the exact set, see list_metrics") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 3h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: now") },
	{ .name = STR_INIT("statistic"), .type = PARAM_STRING, .min = 1,
	    .max = 64, .fallback = STR_INIT("\"AVG\""),
	    .text = STR_INIT("AVG SUM MIN MAX COUNT, p99, tm90") },
	{ .name = STR_INIT("target_datapoints"), .type = PARAM_INTEGER,
	    .min = 1, .max = 100800, .fallback = STR_INIT("60"),
	    .text = STR_INIT("sets the period") },
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 1,
	    .max = 86400, .text = STR_INIT("seconds") },
	{ .name = STR_INIT("group_by_dimension"), .type = PARAM_STRING,
	    .min = 1, .max = 255 },
	{ .name = STR_INIT("schema_dimension_keys"), .type = PARAM_STRINGS,
	    .max = 30, .text = STR_INIT("Metrics Insights") },
	{ .name = STR_INIT("limit"), .type = PARAM_INTEGER, .min = 0,
	    .max = 500 },
	{ .name = STR_INIT("sort_order"), .type = PARAM_STRING,
	    .choices = orders, .choice_n = 2 },
	{ .name = STR_INIT("order_by_statistic"), .type = PARAM_STRING,
	    .choices = order_by, .choice_n = 5 },
	{ .name = STR_INIT("queries"), .type = PARAM_OBJECTS, .max = 500,
	    .fields = query, .field_n = 7,
	    .text = STR_INIT("instead of the above: several, math") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_metric_data = {
	.name = STR_INIT("get_metric_data"),
	.title = STR_INIT("Metric data"),
	.description = STR_INIT("Datapoints of one metric, oldest first; "
	    "or of many by Metrics Insights (top N across resources); or "
	    "queries with math, percentiles, other accounts."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"metricDataResults\":{\"type\":\"array\"},"
	    "\"messages\":{\"type\":\"array\"},"
	    "\"period\":{\"type\":\"integer\"}," ASK_SCHEMA
	    "}}"),
	.run = run,
};

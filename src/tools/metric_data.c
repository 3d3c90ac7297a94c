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
#include "tools/series.h"
#include "tools/show.h"

/* What a series' own members take, in datapoints. */
#define SERIES_POINTS 4
/* Bytes of messages that a series can have besides its datapoints. */
#define SERIES_MESSAGES 400

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
	size_t point_n;
	struct pair *pairs;    /* all points, sorted; NULL: the pages are in
	                        * order already, which they nearly always are */
	size_t pair_n;
	struct series *next;
};

/* One datapoint as AWS wrote it. */
struct pair {
	int64_t ms;
	const struct json *time, *value;
};

/* What AWS says about the request as a whole. */
struct note {
	struct str text;
	struct note *next;
};

/* Everything AWS answered. */
struct found {
	struct series *first;
	struct note *notes;
	size_t point_n;
	bool cut;              /* AWS has pages that were not asked for */
};

static enum err
put_single(struct call *c, struct json_writer *body, const struct window *w)
{
	struct series_query m = series_query_of(c, w->period_s);
	enum err err = series_check_statistic(c, m.statistic);

	if (err != ERR_OK) {
		return err;
	}
	json_begin_object(body);
	json_put_string(body, S("Id"), S("m1"));
	series_put_stat(body, &m);
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
		struct series_query m = {
			.namespace = json_get_str(stat, S("namespace"),
			    S("")),
			.metric_name = json_get_str(stat, S("metric_name"),
			    S("")),
			.statistic = json_get_str(stat, S("statistic"),
			    S("Average")),
			.dimensions = json_get(stat, S("dimensions")),
			.period_s = period,
		};

		if (!metric_query_statistic_ok(m.statistic)) {
			return fail_setf(c->fail, ERR_ARGUMENT, "query '%s': "
			    "'%s' is not a statistic", id, m.statistic);
		}
		series_put_stat(body, &m);
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

/* Adds a sentence about the whole answer. */
static enum err
add_note(struct call *c, struct found *found, struct str text)
{
	struct note **tail = &found->notes;

	while (*tail != NULL) {
		tail = &(*tail)->next;
	}
	*tail = ARENA_NEW(c->arena, struct note);
	if (*tail == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	(*tail)->text = text;
	return ERR_OK;
}

/* A further page failed: what came before it is given back, with the reason.
 */
static enum err
give_up(struct call *c, struct found *found, enum err err)
{
	struct buf text = buf_in(c->arena, FAIL_TEXT_MAX);

	if (found->point_n == 0) {
		return err;
	}
	buf_addf(&text, "The rest is missing: %s", fail_text(c->fail));
	fail_clear(c->fail);
	found->cut = true;
	return add_note(c, found, buf_str(&text));
}

/* Adds one page. */
static enum err
collect(struct call *c, const struct json *page, struct found *found)
{
	const struct json *m = json_at(json_get(page, S("MetricDataResults")),
	    0);
	enum err err = ERR_OK;

	for (; m != NULL; m = m->next) {
		struct series *s = series_of(c->arena, &found->first, m);
		const struct json *times = json_get(m, S("Timestamps"));

		if (s == NULL) {
			return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
		}
		if (s->page_n < METRIC_PAGE_MAX) {
			s->pages[s->page_n++] = m;
			s->point_n += times == NULL ? 0 : times->n;
			found->point_n += times == NULL ? 0 : times->n;
		}
		s->status = json_get_str(m, S("StatusCode"), S("Complete"));
	}
	m = json_at(json_get(page, S("Messages")), 0);
	for (; m != NULL && err == ERR_OK; m = m->next) {
		err = add_note(c, found, json_get_str(m, S("Value"), S("")));
	}
	return err;
}

static enum err
fetch(struct ask *q, const struct window *w, struct found *found)
{
	struct call *c = q->c;
	struct str token = STR_NONE;

	for (size_t n = 0; n == 0 || token.len > 0; n++) {
		struct json_writer *body = ask_body(q);
		const struct json *page;
		struct str next;
		enum err err = put_queries(c, body, w);

		if (err != ERR_OK) {
			return err;
		}
		if (n == METRIC_PAGE_MAX) {
			found->cut = true;
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
		if (err == ERR_OK) {
			err = collect(c, page, found);
		}
		if (err != ERR_OK) {
			return give_up(c, found, err);
		}
		next = json_get_str(page, S("NextToken"), STR_NONE);
		if (next.len > 0 && str_eq(next, token)) {
			found->cut = true; /* the same again: no way on */
			return ERR_OK;
		}
		token = next;
		c->progress(c, (double)n + 1, 0, S("reading datapoints"));
	}
	return ERR_OK;
}

/* Points of all pages are in the order of time. */
static bool
in_order(const struct series *s)
{
	int64_t before = INT64_MIN;

	for (size_t i = 0; i < s->page_n; i++) {
		const struct json *t = json_at(json_get(s->pages[i],
		    S("Timestamps")), 0);

		for (; t != NULL; t = t->next) {
			int64_t ms = before;

			(void)show_read_seconds(t, &ms);
			if (ms < before) {
				return false;
			}
			before = ms;
		}
	}
	return true;
}

/* Sorts by time (Shell's method; one series has one point for each time). */
static void
sort_pairs(struct pair *pairs, size_t n)
{
	size_t gap = 1;

	while (gap < n / 3) {
		gap = 3 * gap + 1;
	}
	for (; gap > 0; gap /= 3) {
		for (size_t i = gap; i < n; i++) {
			struct pair pair = pairs[i];
			size_t j = i;

			for (; j >= gap && pairs[j - gap].ms > pair.ms;
			    j -= gap) {
				pairs[j] = pairs[j - gap];
			}
			pairs[j] = pair;
		}
	}
}

/* Puts the points in order where AWS did not. */
static enum err
settle(struct call *c, struct series *s)
{
	if (in_order(s)) {
		return ERR_OK;
	}
	s->pairs = ARENA_ARRAY(c->arena, s->point_n, struct pair);
	if (s->pairs == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (size_t i = 0; i < s->page_n; i++) {
		const struct json *t = json_at(json_get(s->pages[i],
		    S("Timestamps")), 0);
		const struct json *v = json_at(json_get(s->pages[i],
		    S("Values")), 0);

		for (; t != NULL && v != NULL; t = t->next, v = v->next) {
			struct pair *pair = &s->pairs[s->pair_n];

			pair->time = t;
			pair->value = v;
			s->pair_n += show_read_seconds(t, &pair->ms);
		}
	}
	sort_pairs(s->pairs, s->pair_n);
	return ERR_OK;
}

static bool
show_point(struct rows *rows, const struct json *time,
    const struct json *value)
{
	json_begin_object(rows->out);
	show_seconds(rows->out, S("timestamp"), time);
	json_put_value(rows->out, S("value"),
	    json_is(value, JSON_NUMBER) ? value : NULL);
	json_end_object(rows->out);
	return rows_fit(rows);
}

/* Datapoints of one page but the first *skip; false when one did not fit.
 * *paired becomes false when the two lists do not pair up. */
static bool
show_points(struct rows *rows, const struct json *page, size_t *skip,
    bool *paired)
{
	const struct json *t = json_at(json_get(page, S("Timestamps")), 0);
	const struct json *v = json_at(json_get(page, S("Values")), 0);

	for (; t != NULL && v != NULL; t = t->next, v = v->next) {
		if (*skip > 0) {
			--*skip;
			continue;
		}
		if (!show_point(rows, t, v)) {
			return false;
		}
	}
	*paired = *paired && t == NULL && v == NULL;
	return true;
}

/* The member datapoints with at most mine/all of the room. When they do not
 * all fit, the newest are shown: how many that are is tried, because points
 * differ in length. false: AWS sent different numbers of times and values. */
static bool
show_datapoints(struct rows *rows, const struct series *s, size_t mine,
    size_t all)
{
	const struct json_mark before = json_mark(rows->out);
	size_t skip = 0;

	for (size_t try = 1;; try++) {
		size_t left = skip;
		bool paired = true;
		bool whole = true;

		rows_begin_share(rows, S("datapoints"), mine, all);
		rows_reserve(rows, SERIES_MESSAGES);
		for (size_t i = skip; i < s->pair_n && whole; i++) {
			whole = show_point(rows, s->pairs[i].time,
			    s->pairs[i].value);
		}
		for (size_t i = 0; i < s->page_n && s->pairs == NULL && whole;
		    i++) {
			whole = show_points(rows, s->pages[i], &left, &paired);
		}
		rows_end(rows);
		if (whole) {
			return paired;
		}
		json_rollback(rows->out, &before);
		skip = s->point_n - rows->n + try * try;
	}
}

/* An empty answer looks like zero to who reads it in a hurry. */
static const struct str nothing = STR_INIT("No datapoints in this window. "
    "Names and dimensions must match exactly: list_metrics shows them. A "
    "metric that counts events has none while nothing happens.");

static void
show_series(struct rows *rows, const struct series *s, size_t mine, size_t all)
{
	struct json_writer *out = rows->out;
	bool paired;

	json_begin_object(out);
	json_put_string(out, S("id"), s->id);
	json_put_string(out, S("label"), s->label);
	json_put_string(out, S("statusCode"), s->status);
	paired = show_datapoints(rows, s, mine, all);
	rows_begin(rows, S("messages"));
	for (size_t i = 0; i < s->page_n; i++) {
		const struct json *m =
		    json_at(json_get(s->pages[i], S("Messages")), 0);

		for (; m != NULL; m = m->next) {
			json_string(out, json_get_str(m, S("Value"), S("")));
			if (!rows_fit(rows)) {
				break;
			}
		}
	}
	if (!paired) {
		json_string(out, S("AWS sent different numbers of timestamps "
		    "and values; the rest is left out."));
	}
	if (s->point_n == 0 && str_eq(s->status, S("Complete"))) {
		json_string(out, nothing);
	}
	(void)rows_fit(rows);
	rows_end(rows);
	json_end_object(out);
}

/* Each series gets room by its number of points and something for its own
 * members. */
static void
show_all(struct rows *rows, const struct found *found)
{
	size_t left = found->point_n;

	for (const struct series *s = found->first; s != NULL; s = s->next) {
		left += SERIES_POINTS;
	}
	rows_begin_share(rows, S("metricDataResults"), 9, 10);
	for (const struct series *s = found->first; s != NULL; s = s->next) {
		size_t mine = s->point_n + SERIES_POINTS;

		show_series(rows, s, mine, left);
		if (!rows_fit(rows)) {
			break;
		}
		left -= mine;
	}
	rows_end(rows);
}

static void
show(struct ask *q, const struct window *w, const struct found *found)
{
	struct json_writer *out = q->c->out;
	struct buf text = buf_in(q->c->arena, ROWS_CLOSING);
	struct rows rows;

	rows_init(&rows, q->c);
	json_begin_object(out);
	show_all(&rows, found);
	rows_begin(&rows, S("messages"));
	for (const struct note *n = found->notes; n != NULL; n = n->next) {
		json_string(out, n->text);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_say(&rows, found->cut, S("Of each series the newest datapoints "
	    "are shown. Use a longer period, a shorter window or fewer "
	    "queries."), &text);
	if (found->first == NULL) {
		json_string(out, nothing);
	} else if (text.len > 0) {
		json_string(out, buf_str(&text));
	}
	rows_end(&rows);
	json_put_boolean(out, S("has_more_results"), found->cut || rows.cut);
	show_time(out, S("start_time"), w->start_ms);
	show_time(out, S("end_time"), w->end_ms);
	json_put_integer(out, S("period"), w->period_s);
	ask_origin(q, out);
	json_end_object(out);
}

static enum err
run(struct call *c)
{
	struct found found = { .first = NULL };
	struct window w;
	struct ask q;
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
	err = fetch(&q, &w, &found);
	for (struct series *s = found.first; s != NULL && err == ERR_OK;
	    s = s->next) {
		err = settle(c, s);
	}
	if (err == ERR_OK) {
		show(&q, &w, &found);
	}
	return err;
}

static const struct param metric_stat[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .max = 30,
	    .fields = series_dimension, .field_n = SERIES_DIMENSION_N },
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
	    .fallback = "true" },
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
	    .fields = series_dimension, .field_n = SERIES_DIMENSION_N,
	    .text = STR_INIT("exact set: list_metrics") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 3h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: now") },
	{ .name = STR_INIT("statistic"), .type = PARAM_STRING, .min = 1,
	    .max = 64, .fallback = "\"AVG\"",
	    .text = STR_INIT("AVG SUM MIN MAX COUNT, p99, tm90") },
	{ .name = STR_INIT("target_datapoints"), .type = PARAM_INTEGER,
	    .min = 1, .max = 100800, .fallback = "60",
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
	    .text = STR_INIT("instead: several, math") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_metric_data = {
	.name = STR_INIT("get_metric_data"),
	.title = STR_INIT("Metric data"),
	.description = STR_INIT("Datapoints of one metric, oldest first; "
	    "or of many by Metrics Insights (top N); or "
	    "queries with math, percentiles, other accounts."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"metricDataResults\":{\"type\":\"array\"},"
	    "\"messages\":{\"type\":\"array\"},"
	    "\"has_more_results\":{\"type\":\"boolean\"},"
	    "\"start_time\":{},\"end_time\":{},"
	    "\"period\":{\"type\":\"integer\"}," ASK_SCHEMA
	    "}}"),
	.run = run,
};

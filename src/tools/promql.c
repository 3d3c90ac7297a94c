/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudWatch's Prometheus-compatible paths: queries at one time and over a
 * range, series, labels and their values.
 *
 *	GET /api/v1/query, query_range, series, labels, label/<name>/values
 *
 * Results keep Prometheus's form: [{metric, value: [time, "text"]}] or
 * values, since "NaN" and "+Inf" have no JSON numbers; times are RFC 3339. A
 * scalar or a string is one row without labels, so that `result` is always a
 * list of objects. Native histograms, the form in which AWS services' metrics
 * come, are under histogram and histograms.
 *
 * CloudWatch User Guide, "PromQL querying" and "Prometheus-compatible APIs":
 * 500 series, 7 days and 20 s for a query, 10,000 names or series otherwise.
 */
#include "tools/tools.h"

#include "aws/fault.h"
#include "base/num.h"
#include "base/timefmt.h"
#include "proto/url.h"
#include "tools/ask.h"
#include "tools/show.h"

#define LOOK_BACK_MS (INT64_C(3600) * 1000) /* of series without a start */

/* ---- the request ---- */

static void
add_time(struct buf *b, struct str name, int64_t ms)
{
	char text[32];
	struct buf t = buf_fixed(text, sizeof(text));

	timefmt_iso(&t, ms);
	url_form_add(b, name, buf_str(&t));
}

/* Appends a time argument under its own name when it was given. */
static void
add_given_time(struct buf *b, const struct ask *q, struct str name)
{
	if (tool_arg(q->c, name) != NULL) {
		add_time(b, name, ask_time(q, name, 0));
	}
}

/* Each selector is a parameter of its own: joined by commas they would be one
 * that does not parse. */
static void
add_matches(struct buf *b, const struct call *c)
{
	for (const struct json *m = json_at(tool_arg(c, S("match")), 0);
	    m != NULL; m = m->next) {
		url_form_add(b, S("match[]"), json_str(m));
	}
}

/* Milliseconds of "60", "0.5", "1m" or "1h30m"; false: no step. */
static bool
read_step(struct str s, int64_t *ms)
{
	static const struct { char unit[3]; int64_t ms; } units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 },
	};
	int64_t sum = 0;
	double seconds;

	if (num_parse(s, &seconds)) {
		*ms = seconds > 0 && seconds < 1e9 ?
		    (int64_t)(seconds * 1000 + 0.5) : 0;
		return *ms > 0;
	}
	while (s.len > 0) {
		int64_t n, unit = 0;
		size_t digits = 0, letters;

		while (digits < s.len && str_is_digit(s.p[digits])) {
			digits++;
		}
		letters = digits;
		while (letters < s.len && str_is_alpha(s.p[letters])) {
			letters++;
		}
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (str_eq(str_sub(s, digits, letters),
			    str_from_z(units[i].unit))) {
				unit = units[i].ms;
			}
		}
		if (unit == 0 || !str_i64(str_sub(s, 0, digits), 0, 1000000,
		    &n)) {
			return false;
		}
		sum += n * unit;
		if (sum > INT64_C(1000000000000)) {
			return false;
		}
		s = str_sub(s, letters, s.len);
	}
	*ms = sum;
	return sum > 0;
}

/* In seconds, which every reader of the API takes. */
static enum err
add_step(struct buf *b, struct call *c)
{
	struct str given = str_trim(tool_arg_str(c, S("step")));
	char text[32];
	struct buf t = buf_fixed(text, sizeof(text));
	int64_t ms;

	if (!read_step(given, &ms)) {
		return fail_setf(c->fail, ERR_ARGUMENT, "step is '%s'; it has "
		    "to be seconds such as \"60\" or a duration such as "
		    "\"1m\" or \"1h30m\"", given);
	}
	buf_addf(&t, "%d", ms / 1000);
	if (ms % 1000 != 0) {
		buf_add_byte(&t, '.');
		for (int64_t rest = ms % 1000, unit = 100; unit > 0;
		    unit /= 10) {
			buf_add_byte(&t, (char)('0' + rest / unit % 10));
		}
	}
	url_form_add(b, S("step"), buf_str(&t));
	return ERR_OK;
}

/* Start before end, and not more than the service takes between them. */
static enum err
check_range(struct ask *q, int64_t start_ms, int64_t end_ms)
{
	char text[80];
	struct buf b = buf_fixed(text, sizeof(text));
	size_t middle;

	timefmt_iso(&b, start_ms);
	middle = b.len;
	timefmt_iso(&b, end_ms);
	if (start_ms > end_ms) {
		return fail_setf(q->c->fail, ERR_ARGUMENT, "start (%s) must "
		    "not be after end (%s)", str_sub(buf_str(&b), 0, middle),
		    str_sub(buf_str(&b), middle, b.len));
	}
	if (end_ms - start_ms > PROMQL_RANGE_MAX_MS) {
		return fail_setf(q->c->fail, ERR_ARGUMENT, "from %s to %s is "
		    "longer than the 7 days that CloudWatch takes in one "
		    "PromQL query; ask for one week at a time",
		    str_sub(buf_str(&b), 0, middle),
		    str_sub(buf_str(&b), middle, b.len));
	}
	return ERR_OK;
}

/* Appends a name as one segment of a path. '@', which most of CloudWatch's
 * labels begin with, may stand there as it is (RFC 3986 3.3), and then every
 * reader of the signature agrees about it. */
static void
add_segment(struct buf *b, struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (name.p[i] == '@') {
			buf_add_byte(b, '@');
		} else {
			url_encode(b, str_sub(name, i, i + 1));
		}
	}
}

/* ---- the answer ---- */

/* Sends and checks that the answer is a success. *data may be NULL: there is
 * nothing. *reply is the whole. */
static enum err
ask_prom(struct ask *q, struct str operation, struct str path,
    const struct buf *query, const struct json **reply,
    const struct json **data)
{
	struct aws_get get = { path, buf_str(query) };
	struct fail *f = q->c->fail;
	struct str status, type, words;
	enum err err;

	*reply = NULL;
	*data = NULL;
	if (!buf_ok(query)) {
		return q->c->arena->failed ?
		    fail_set(f, ERR_NOMEM, 0, STR_NONE) :
		    fail_setf(f, ERR_ARGUMENT, "the query is too long: its "
		    "parameters take more than %u bytes when encoded for a "
		    "URL. Shorten it, or ask in parts",
		    (uint64_t)PROMQL_QUERY_MAX);
	}
	err = ask_get(q, ENDPOINT_CLOUDWATCH, operation, &get, reply);
	if (err != ERR_OK) {
		return err;
	}
	status = json_get_str(*reply, S("status"), STR_NONE);
	*data = json_get_set(*reply, S("data"));
	if (status.p != NULL && !str_eq(status, S("success"))) {
		/* Prometheus's form of a failure, under HTTP 200. */
		type = json_get_str(*reply, S("errorType"), status);
		words = fault_quote(json_get_str(*reply, S("error"),
		    STR_NONE));
		return fail_setf(f, ERR_AWS_REQUEST, "CloudWatch answered "
		    "the PromQL request in %s with %s%s%s", q->scope.region,
		    fault_quote(type), words.len > 0 ? S(": ") : S(""), words);
	}
	if (status.p == NULL && *data == NULL) {
		return fail_setf(f, ERR_AWS_REPLY, "the answer to the PromQL "
		    "request in %s has neither status nor data",
		    q->scope.region);
	}
	return ERR_OK;
}

/* [time, value]: the value as it came, so that "NaN" stays what it is. */
static void
put_pair(struct json_writer *out, const struct json *pair)
{
	const struct json *value = json_at(pair, 1);
	char text[32];
	struct buf b = buf_fixed(text, sizeof(text));
	int64_t ms;

	json_begin_array(out);
	if (show_read_seconds(json_at(pair, 0), &ms)) {
		timefmt_iso(&b, ms);
		json_string(out, buf_str(&b));
	} else {
		json_null(out);
	}
	if (value != NULL) {
		json_value(out, value);
	} else {
		json_null(out);
	}
	json_end_array(out);
}

/* Writes the points of a series, as many as `mine` of `all` shares of the room
 * hold, and how many were left out. */
static void
put_points(struct rows *rows, struct str key, const struct json *points,
    size_t mine, size_t all)
{
	size_t n = 0;

	if (!json_is(points, JSON_ARRAY)) {
		return;
	}
	rows_begin_share(rows, key, mine, all);
	for (const struct json *p = points->child; p != NULL; p = p->next) {
		put_pair(rows->out, p);
		if (!rows_fit(rows)) {
			break;
		}
		n++;
	}
	rows_end(rows);
	if (n < points->n) {
		json_put_integer(rows->out, S("points_left_out"),
		    (int64_t)(points->n - n));
	}
}

/* Bytes that the labels of a series and what closes it take, about. */
static size_t
labels_len(const struct json *series)
{
	const struct json *metric = json_get(series, S("metric"));

	return (metric == NULL ? 2 : metric->text.len) + 80;
}

static void
put_series(struct rows *rows, const struct json *series, size_t share)
{
	struct json_writer *out = rows->out;
	const struct json *metric = json_get(series, S("metric"));
	const struct json *value = json_get_set(series, S("value"));
	const struct json *histogram = json_get_set(series, S("histogram"));
	size_t room;

	json_begin_object(out);
	json_key(out, S("metric"));
	if (json_is(metric, JSON_OBJECT)) {
		json_value(out, metric);
	} else {
		json_begin_object(out);
		json_end_object(out);
	}
	if (value != NULL) {
		json_key(out, S("value"));
		put_pair(out, value);
	}
	if (histogram != NULL) {
		json_key(out, S("histogram"));
		put_pair(out, histogram);
	}
	room = rows_room(rows);
	room = room > 0 ? room : 1;
	put_points(rows, S("values"), json_get(series, S("values")),
	    share < room ? share : room, room);
	room = rows_room(rows);
	room = room > 0 ? room : 1;
	put_points(rows, S("histograms"), json_get(series, S("histograms")),
	    share < room ? share : room, room);
	json_end_object(out);
}

/* Writes the list `result`. Every series gets an equal part of the room that
 * the labels of all leave for points. Returns how many there were. */
static size_t
put_result(struct rows *rows, const struct json *result)
{
	const struct json *s = json_at(result, 0);
	size_t left_n = 0, left_len = 0;
	size_t all_n;

	for (; s != NULL; s = s->next) {
		if (s->type == JSON_OBJECT) {
			left_n++;
			left_len += labels_len(s);
		}
	}
	all_n = left_n;
	rows_begin(rows, S("result"));
	for (s = json_at(result, 0); s != NULL; s = s->next) {
		size_t room = rows_room(rows), share;

		if (s->type != JSON_OBJECT) {
			continue;
		}
		share = room > left_len && left_n > 0 ?
		    (room - left_len) / left_n : 0;
		left_n--;
		left_len -= labels_len(s);
		put_series(rows, s, (share > PROMQL_POINTS_MIN ? share :
		    PROMQL_POINTS_MIN) + ROWS_CLOSING_INNER);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	return all_n;
}

/* A scalar or string as the only row. */
static void
put_single(struct rows *rows, const struct json *pair)
{
	rows_begin(rows, S("result"));
	json_begin_object(rows->out);
	json_key(rows->out, S("metric"));
	json_begin_object(rows->out);
	json_end_object(rows->out);
	json_key(rows->out, S("value"));
	put_pair(rows->out, pair);
	json_end_object(rows->out);
	(void)!rows_fit(rows);
	rows_end(rows);
}

/* What Prometheus says about an answer that is not quite what was asked for:
 * limits that were met, metrics that look like something else. */
static void
put_warnings(struct rows *rows, const struct json *reply)
{
	const struct json *w = json_at(json_get(reply, S("warnings")), 0);

	if (w == NULL) {
		return;
	}
	rows_begin_share(rows, S("warnings"), 1, 8);
	for (; w != NULL; w = w->next) {
		if (json_is(w, JSON_STRING)) {
			json_string(rows->out, w->text);
			if (!rows_fit(rows)) {
				break;
			}
		}
	}
	rows_end(rows);
}

/* Both kinds of query. */
static enum err
run_query(struct ask *q, struct str path, const struct buf *query,
    struct str otherwise_type)
{
	struct call *c = q->c;
	const struct json *reply, *data, *result;
	struct str type;
	struct rows rows;
	size_t n = 1;
	enum err err = ask_prom(q, S("QueryMetrics"), path, query, &reply,
	    &data);

	if (err != ERR_OK) {
		return err;
	}
	type = json_get_str(data, S("resultType"), otherwise_type);
	result = json_get(data, S("result"));
	rows_init(&rows, c);
	json_begin_object(c->out);
	json_put_string(c->out, S("resultType"), str_sub(type, 0, 64));
	put_warnings(&rows, reply);
	if (str_eq(type, S("scalar")) || str_eq(type, S("string"))) {
		put_single(&rows, result);
	} else {
		n = put_result(&rows, result);
	}
	rows_close(&rows, n >= PROMQL_SERIES_MAX_N, S("CloudWatch gives 500 "
	    "series at most: aggregate (sum by), add matchers, raise step or "
	    "shorten the range."), n == 0 ? S("Nothing matches: no such "
	    "series, or none with data then. Names come from "
	    "get_promql_label_values of __name__; AWS metrics are there only "
	    "with OTel enrichment switched on.") : STR_NONE);
	ask_origin(q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
run_instant(struct call *c)
{
	struct buf query = buf_in(c->arena, PROMQL_QUERY_MAX);
	struct ask q;

	ask_begin(&q, c);
	url_form_add(&query, S("query"), tool_arg_str(c, S("query")));
	add_given_time(&query, &q, S("time"));
	return run_query(&q, S("/api/v1/query"), &query, S("vector"));
}

static enum err
run_range(struct call *c)
{
	struct buf query = buf_in(c->arena, PROMQL_QUERY_MAX);
	int64_t start_ms, end_ms;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	start_ms = ask_time(&q, S("start"), 0);
	end_ms = ask_time(&q, S("end"), 0);
	err = check_range(&q, start_ms, end_ms);
	if (err != ERR_OK) {
		return err;
	}
	url_form_add(&query, S("query"), tool_arg_str(c, S("query")));
	add_time(&query, S("start"), start_ms);
	add_time(&query, S("end"), end_ms);
	err = add_step(&query, c);
	return err != ERR_OK ? err : run_query(&q, S("/api/v1/query_range"),
	    &query, S("matrix"));
}

/* ---- names ---- */

/* The strings of an array, sorted: what else stands in it is left out. */
static enum err
sorted(struct call *c, const struct json *array, struct str **out, size_t *n)
{
	const struct json *v = json_at(array, 0);

	*n = 0;
	*out = ARENA_ARRAY(c->arena, (array == NULL ? 0 : array->n) + 1,
	    struct str);
	if (*out == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	for (; v != NULL; v = v->next) {
		if (v->type == JSON_STRING) {
			(*out)[(*n)++] = v->text;
		}
	}
	str_sort(*out, *n);
	return ERR_OK;
}

/* Closes an answer of names or series. */
static enum err
close_list(struct ask *q, struct rows *rows, size_t n, struct str none)
{
	rows_close(rows, n >= PROMQL_NAME_MAX_N, S("CloudWatch gives 10,000 at "
	    "most: narrow with match."), n == 0 ? none : STR_NONE);
	ask_origin(q, q->c->out);
	json_end_object(q->c->out);
	return ERR_OK;
}

/* A sorted list of strings under `key`. */
static enum err
run_names(struct ask *q, struct str path, struct str key, struct str none)
{
	struct call *c = q->c;
	struct buf query = buf_in(c->arena, PROMQL_QUERY_MAX);
	const struct json *reply, *data;
	struct rows rows;
	struct str *names;
	size_t n;
	enum err err;

	add_matches(&query, c);
	add_given_time(&query, q, S("start"));
	add_given_time(&query, q, S("end"));
	err = ask_prom(q, S("GetLabels"), path, &query, &reply, &data);
	if (err == ERR_OK) {
		err = sorted(c, data, &names, &n);
	}
	if (err != ERR_OK) {
		return err;
	}
	rows_init(&rows, c);
	json_begin_object(c->out);
	put_warnings(&rows, reply);
	rows_begin(&rows, key);
	for (size_t i = 0; i < n; i++) {
		json_string(c->out, names[i]);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_end(&rows);
	return close_list(q, &rows, n, none);
}

static enum err
run_values(struct call *c)
{
	struct str label = tool_arg_str(c, S("label_name"));
	struct buf path = buf_in(c->arena, (size_t)PROMQL_LABEL_MAX * 3 + 64);
	struct ask q;

	ask_begin(&q, c);
	if (str_eq(label, S(".")) || str_eq(label, S(".."))) {
		/* A step in a path, however it is encoded. */
		return fail_setf(c->fail, ERR_ARGUMENT, "label_name is '%s', "
		    "which is no label; get_promql_labels lists them", label);
	}
	buf_add(&path, S("/api/v1/label/"));
	add_segment(&path, label);
	buf_add(&path, S("/values"));
	if (!buf_ok(&path)) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	return run_names(&q, buf_str(&path), S("values"), S("The label has no "
	    "values here; get_promql_labels lists the labels."));
}

static enum err
run_labels(struct call *c)
{
	struct ask q;

	ask_begin(&q, c);
	return run_names(&q, S("/api/v1/labels"), S("labels"), S("There are "
	    "no PromQL metrics here: they come by OTLP, or from AWS services "
	    "with OTel enrichment switched on."));
}

static enum err
run_series(struct call *c)
{
	struct buf query = buf_in(c->arena, PROMQL_QUERY_MAX);
	const struct json *reply, *data;
	int64_t start_ms, end_ms;
	struct rows rows;
	struct ask q;
	size_t n = 0;
	enum err err;

	ask_begin(&q, c);
	end_ms = ask_time(&q, S("end"), ask_now_ms(&q));
	start_ms = ask_time(&q, S("start"), end_ms - LOOK_BACK_MS);
	err = check_range(&q, start_ms, end_ms);
	if (err != ERR_OK) {
		return err;
	}
	add_matches(&query, c);
	/* The service wants both. */
	add_time(&query, S("start"), start_ms);
	add_time(&query, S("end"), end_ms);
	err = ask_prom(&q, S("GetSeries"), S("/api/v1/series"), &query, &reply,
	    &data);
	if (err != ERR_OK) {
		return err;
	}
	rows_init(&rows, c);
	json_begin_object(c->out);
	put_warnings(&rows, reply);
	rows_begin(&rows, S("series"));
	for (const struct json *s = json_at(data, 0); s != NULL; s = s->next) {
		if (s->type != JSON_OBJECT) {
			continue;
		}
		n++;
		json_value(c->out, s);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	rows_end(&rows);
	return close_list(&q, &rows, n, S("No series matches in that time."));
}

/* ---- the rows ---- */

#define QUERY_PARAM { .name = STR_INIT("query"), .type = PARAM_STRING, \
	.required = true, .min = 1, .max = 3000 }
#define MATCH_PARAM(needed) { .name = STR_INIT("match"), \
	.type = PARAM_STRINGS, .required = needed, .min = 1, .max = 20, \
	.text = STR_INIT("selectors; series of any of them") }
#define TIME_PARAM(key, needed) { .name = STR_INIT(key), \
	.type = PARAM_TIME, .required = needed }
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define QUERY_SCHEMA "{\"type\":\"object\",\"properties\":{" \
	"\"resultType\":{\"type\":\"string\"}," \
	"\"result\":{\"type\":\"array\"},\"warnings\":{}," \
	ROWS_SCHEMA "," ASK_SCHEMA "}}"
#define LIST_SCHEMA(key) "{\"type\":\"object\",\"properties\":{" \
	"\"" key "\":{\"type\":\"array\"},\"warnings\":{}," \
	ROWS_SCHEMA "," ASK_SCHEMA "}}"

static const struct param instant_params[] = {
	QUERY_PARAM,
	{ .name = STR_INIT("time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: now") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_execute_promql_query = {
	.name = STR_INIT("execute_promql_query"),
	.title = STR_INIT("PromQL query"),
	.description = STR_INIT("PromQL at one time, over OTLP metrics and AWS "
	    "metrics with OTel enrichment; the latter are histograms: "
	    "histogram_avg({\"CPUUtilization\"}), histogram_sum. A query has "
	    "to name its metric; names and labels with dots or @ stand in "
	    "quotes inside the braces: {\"http.server.duration\","
	    "\"@resource.service.name\"=\"shop\"}. Labels: @resource.x, "
	    "@instrumentation.x, @datapoint.x or bare, @aws.account_id, "
	    "@aws.region, @aws.tag.Key. At most 500 series, 20 s."),
	.params = instant_params,
	.param_n = COUNT(instant_params),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT(QUERY_SCHEMA),
	.run = run_instant,
};

static const struct param range_params[] = {
	QUERY_PARAM,
	TIME_PARAM("start", true),
	TIME_PARAM("end", true),
	{ .name = STR_INIT("step"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 20, .text = STR_INIT("\"60\", \"1m\"") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_execute_promql_range_query = {
	.name = STR_INIT("execute_promql_range_query"),
	.title = STR_INIT("PromQL query over a range"),
	.description = STR_INIT("PromQL over a range of up to 7 days; see "
	    "execute_promql_query. points_left_out: what did not fit into "
	    "max_bytes at the end of a series."),
	.params = range_params,
	.param_n = COUNT(range_params),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT(QUERY_SCHEMA),
	.run = run_range,
};

static const struct param values_params[] = {
	{ .name = STR_INIT("label_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = PROMQL_LABEL_MAX,
	    .text = STR_INIT("__name__: names of metrics") },
	MATCH_PARAM(false),
	TIME_PARAM("start", false),
	TIME_PARAM("end", false),
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_promql_label_values = {
	.name = STR_INIT("get_promql_label_values"),
	.title = STR_INIT("Values of a PromQL label"),
	.description = STR_INIT("Values of one label, sorted; 10,000 at most."),
	.params = values_params,
	.param_n = COUNT(values_params),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT(LIST_SCHEMA("values")),
	.run = run_values,
};

static const struct param series_params[] = {
	MATCH_PARAM(true),
	{ .name = STR_INIT("start"), .type = PARAM_TIME,
	    .text = STR_INIT("default: 1h before end") },
	TIME_PARAM("end", false),
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_promql_series = {
	.name = STR_INIT("get_promql_series"),
	.title = STR_INIT("PromQL series"),
	.description = STR_INIT("Series that match, as their labels; 10,000 at "
	    "most. Each selector has to name a metric."),
	.params = series_params,
	.param_n = COUNT(series_params),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT(LIST_SCHEMA("series")),
	.run = run_series,
};

static const struct param labels_params[] = {
	MATCH_PARAM(false),
	TIME_PARAM("start", false),
	TIME_PARAM("end", false),
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_promql_labels = {
	.name = STR_INIT("get_promql_labels"),
	.title = STR_INIT("PromQL labels"),
	.description = STR_INIT("Names of labels, sorted; 10,000 at most."),
	.params = labels_params,
	.param_n = COUNT(labels_params),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT(LIST_SCHEMA("labels")),
	.run = run_labels,
};

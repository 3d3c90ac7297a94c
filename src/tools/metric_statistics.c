/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_metric_statistics: several statistics of one metric side by side, with
 * its unit, which GetMetricData does not tell.
 *
 * GetMetricStatistics answers at most 1,440 points, in no order, and either up
 * to five plain statistics or up to ten percentiles and their like at a time;
 * when both kinds are asked for, there are two requests and points are put
 * together by time and unit. A metric published in several units has one point
 * for each at the same time.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/metric_query.h"
#include "tools/rows.h"
#include "tools/series.h"
#include "tools/show.h"

/* Points of one answer (API Reference, GetMetricStatistics). */
#define POINT_MAX_N 1440
/* Bytes of a failure that are repeated beside half an answer. */
#define LOST_MAX ((size_t)400)
/* Extended statistics of one request. */
#define EXTENDED_MAX_N 10
#define PLAIN_N 5

/* What AWS said about one time, in one unit. */
struct point {
	int64_t ms;
	struct str unit;
	const struct json *parts[2]; /* datapoint of the plain request and of
	                              * the extended one; NULL: none */
};

struct statistics {
	struct ask q;
	struct series_query metric;
	struct str unit;             /* asked for; absent: any */
	int64_t start_ms, end_ms;
	struct str plain[PLAIN_N];
	struct str extended[EXTENDED_MAX_N];
	size_t plain_n, extended_n;
	struct point *points;
	size_t n, cap;
	size_t odd_n;                /* points without a time */
	bool mixed;                  /* in several units */
	struct str lost;             /* why the second half is missing */
};

/* Whether AWS names it in Statistics; others go to ExtendedStatistics. */
static bool
is_plain(struct str name)
{
	return str_eq(name, S("Average")) || str_eq(name, S("Sum")) ||
	    str_eq(name, S("Minimum")) || str_eq(name, S("Maximum")) ||
	    str_eq(name, S("SampleCount"));
}

static void
add_name(struct str *names, size_t *n, struct str name)
{
	size_t i;

	for (i = 0; i < *n; i++) {
		if (str_eq(names[i], name)) {
			return;
		}
	}
	names[(*n)++] = name;
}

/* The names asked for in two lists, each name once. */
static enum err
read_names(struct call *c, struct statistics *s)
{
	const struct json *name = json_at(tool_arg(c, S("statistics")), 0);

	if (name == NULL) {
		s->plain[s->plain_n++] = S("Average");
	}
	for (; name != NULL; name = name->next) {
		struct str full = metric_query_statistic(json_str(name));
		enum err err = series_check_statistic(c, full);

		if (err != ERR_OK) {
			return err;
		}
		if (is_plain(full)) {
			add_name(s->plain, &s->plain_n, full);
		} else if (s->extended_n == EXTENDED_MAX_N) {
			return fail_set(c->fail, ERR_ARGUMENT, 0, S("at most "
			    "10 percentiles and other extended statistics"));
		} else {
			add_name(s->extended, &s->extended_n, full);
		}
	}
	return ERR_OK;
}

/* The period asked for or one that gives about target_datapoints; never more
 * points than AWS answers. */
static enum err
choose_period(struct call *c, struct statistics *s)
{
	int64_t window_s = (s->end_ms - s->start_ms) / 1000;
	int64_t least = (window_s + POINT_MAX_N - 1) / POINT_MAX_N;

	s->metric.period_s = tool_arg(c, S("period")) != NULL ?
	    tool_arg_i64(c, S("period")) :
	    metric_query_period(s->start_ms, s->end_ms, ask_now_ms(&s->q),
	    tool_arg_i64(c, S("target_datapoints")));
	if (s->metric.period_s >= least) {
		return ERR_OK;
	}
	return fail_setf(c->fail, ERR_ARGUMENT, "period %d would give more "
	    "than 1440 datapoints; use at least %d, or a shorter window",
	    s->metric.period_s, (least + 59) / 60 * 60);
}

static void
put_names(struct json_writer *body, struct str key, const struct str *names,
    size_t n)
{
	size_t i;

	json_key(body, key);
	json_begin_array(body);
	for (i = 0; i < n; i++) {
		json_string(body, names[i]);
	}
	json_end_array(body);
}

/* The point of that time and unit, made when it is new; NULL: no memory. */
static struct point *
point_of(struct statistics *s, int64_t ms, struct str unit, bool look)
{
	size_t i;

	for (i = 0; look && i < s->n; i++) {
		if (s->points[i].ms == ms &&
		    str_eq(s->points[i].unit, unit)) {
			return &s->points[i];
		}
	}
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? POINT_MAX_N : 2 * s->cap;
		struct point *more = ARENA_ARRAY(s->q.c->arena, cap,
		    struct point);

		for (i = 0; more != NULL && i < s->n; i++) {
			more[i] = s->points[i];
		}
		if (more == NULL) {
			return NULL;
		}
		s->points = more;
		s->cap = cap;
	}
	s->mixed = s->mixed || (s->n > 0 && !str_eq(s->points[0].unit, unit));
	s->points[s->n] = (struct point){ .ms = ms, .unit = unit };
	return &s->points[s->n++];
}

/* Asks for one kind of statistics (0: plain, 1: extended). */
static enum err
fetch(struct statistics *s, size_t part)
{
	struct json_writer *body = ask_body(&s->q);
	bool merge = s->n > 0; /* there are points to put together with */
	const struct json *reply, *p;
	enum err err;

	series_put_metric(body, &s->metric);
	json_put_integer(body, S("StartTime"), s->start_ms / 1000);
	json_put_integer(body, S("EndTime"), s->end_ms / 1000);
	json_put_integer(body, S("Period"), s->metric.period_s);
	if (part == 0) {
		put_names(body, S("Statistics"), s->plain, s->plain_n);
	} else {
		put_names(body, S("ExtendedStatistics"), s->extended,
		    s->extended_n);
	}
	if (s->unit.p != NULL) {
		json_put_string(body, S("Unit"), s->unit);
	}
	err = ask_send(&s->q, ENDPOINT_CLOUDWATCH, S("GetMetricStatistics"),
	    &reply);
	if (err != ERR_OK) {
		return err;
	}
	p = json_at(json_get(reply, S("Datapoints")), 0);
	for (; p != NULL; p = p->next) {
		struct point *point;
		int64_t ms;

		if (!show_read_seconds(json_get(p, S("Timestamp")), &ms)) {
			s->odd_n++;
			continue;
		}
		point = point_of(s, ms, json_get_str(p, S("Unit"), STR_NONE),
		    merge);
		if (point == NULL) {
			return fail_set(s->q.c->fail, ERR_NOMEM, 0, STR_NONE);
		}
		point->parts[part] = p;
	}
	return ERR_OK;
}

static int
compare(const struct point *a, const struct point *b)
{
	return a->ms != b->ms ? (a->ms < b->ms ? -1 : 1) :
	    str_cmp(a->unit, b->unit);
}

/* Oldest first (Shell's method; equal points keep any order, and there are
 * none but from an answer that repeats itself). */
static void
sort_points(struct point *points, size_t n)
{
	static const uint16_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };
	size_t g, i, j;

	for (g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (i = gaps[g]; i < n; i++) {
			struct point point = points[i];

			for (j = i; j >= gaps[g] && compare(
			    &points[j - gaps[g]], &point) > 0; j -= gaps[g]) {
				points[j] = points[j - gaps[g]];
			}
			points[j] = point;
		}
	}
}

static void
put_value(struct json_writer *out, struct str name, const struct json *from)
{
	const struct json *value = json_get(from, name);

	json_put_value(out, name, json_is(value, JSON_NUMBER) ? value : NULL);
}

static void
put_point(struct statistics *s, const struct point *p)
{
	struct json_writer *out = s->q.c->out;
	size_t i;

	json_begin_object(out);
	show_time(out, S("timestamp"), p->ms);
	for (i = 0; i < s->plain_n; i++) {
		put_value(out, s->plain[i], p->parts[0]);
	}
	for (i = 0; i < s->extended_n; i++) {
		put_value(out, s->extended[i], json_get(p->parts[1],
		    S("ExtendedStatistics")));
	}
	if (s->mixed) {
		json_put_string_or_null(out, S("unit"), p->unit);
	}
	json_end_object(out);
}

/* The list of points; when they do not all fit, of the newest. How many those
 * are is tried, because points differ in length. */
static void
put_points(struct statistics *s, struct rows *rows)
{
	const struct json_mark before = json_mark(rows->out);
	size_t skip = 0;
	size_t try, i;

	for (try = 1;; try++) {
		bool whole = true;

		rows_begin(rows, S("datapoints"));
		for (i = skip; i < s->n && whole; i++) {
			put_point(s, &s->points[i]);
			whole = rows_fit(rows);
		}
		rows_end(rows);
		if (whole) {
			return;
		}
		json_rollback(rows->out, &before);
		skip = s->n - rows->n + try * try;
		skip = skip < s->n ? skip : s->n;
	}
}

/* What has to be said about the answer besides a cut. */
static void
say(const struct statistics *s, struct buf *text)
{
	int64_t kept = series_period_min(s->start_ms, ask_now_ms(&s->q));

	if (s->n == 0) {
		buf_add(text, S("No datapoints in this window. Names and "
		    "dimensions must match exactly: list_metrics shows them."
		    ));
		if (s->metric.period_s < kept) {
			buf_addf(text, " Data that old is kept at %d s: use "
			    "that period.", kept);
		}
	}
	if (s->mixed) {
		buf_add(text, S("Published in several units: choose one with "
		    "`unit`."));
	}
	if (s->odd_n > 0) {
		buf_addf(text, "%s%u datapoints without a time were left "
		    "out.", text->len > 0 ? S(" ") : S(""),
		    (uint64_t)s->odd_n);
	}
	if (s->lost.p != NULL) {
		buf_addf(text, "%sThe percentiles are missing: %s",
		    text->len > 0 ? S(" ") : S(""),
		    str_sub(s->lost, 0, LOST_MAX));
	}
}

static void
show(struct statistics *s)
{
	struct json_writer *out = s->q.c->out;
	struct buf text = buf_in(s->q.c->arena, ROWS_CLOSING);
	struct rows rows;

	rows_init(&rows, s->q.c);
	json_begin_object(out);
	put_points(s, &rows);
	say(s, &text);
	rows_say(&rows, false, S("The newest datapoints are shown. Use a "
	    "longer period or a shorter window."), &text);
	json_put_boolean(out, S("has_more_results"), rows.cut);
	json_put_string_or_null(out, S("message"),
	    text.len > 0 ? buf_str(&text) : STR_NONE);
	json_put_string_or_null(out, S("unit"), s->n > 0 && !s->mixed ?
	    s->points[0].unit : STR_NONE);
	json_put_integer(out, S("period"), s->metric.period_s);
	show_time(out, S("start_time"), s->start_ms);
	show_time(out, S("end_time"), s->end_ms);
	ask_origin(&s->q, out);
	json_end_object(out);
}

static enum err
run(struct call *c)
{
	struct statistics s = { .metric = {
		.namespace = tool_arg_str(c, S("namespace")),
		.metric_name = tool_arg_str(c, S("metric_name")),
		.dimensions = tool_arg(c, S("dimensions")),
	}, .unit = tool_arg_str(c, S("unit")) };
	enum err err;

	ask_begin(&s.q, c);
	s.end_ms = ask_time(&s.q, S("end_time"), ask_now_ms(&s.q));
	s.start_ms = ask_time(&s.q, S("start_time"),
	    s.end_ms - (int64_t)3 * 3600 * 1000);
	err = ask_check_range(&s.q, s.start_ms, s.end_ms);
	if (err == ERR_OK) {
		err = read_names(c, &s);
	}
	if (err == ERR_OK) {
		err = choose_period(c, &s);
	}
	if (err == ERR_OK && s.plain_n > 0) {
		err = fetch(&s, 0);
	}
	if (err == ERR_OK && s.extended_n > 0) {
		err = fetch(&s, 1);
	}
	if (err != ERR_OK && s.n > 0) {
		s.lost = fail_text(c->fail);
		fail_clear(c->fail);
		err = ERR_OK;
	}
	if (err == ERR_OK) {
		sort_points(s.points, s.n);
		show(&s);
	}
	return err;
}

static const struct param params[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("dimensions"), .type = PARAM_OBJECTS, .max = 30,
	    .fields = series_dimension, .field_n = SERIES_DIMENSION_N },
	{ .name = STR_INIT("statistics"), .type = PARAM_STRINGS, .min = 1,
	    .max = 15, .text = STR_INIT("default Average; also p99 etc.") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 3h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME },
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 1,
	    .max = 2592000, .text = STR_INIT("seconds") },
	{ .name = STR_INIT("target_datapoints"), .type = PARAM_INTEGER,
	    .min = 1, .max = POINT_MAX_N, .fallback = "60" },
	{ .name = STR_INIT("unit"), .type = PARAM_STRING, .min = 1,
	    .max = 64 },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_metric_statistics = {
	.name = STR_INIT("get_metric_statistics"),
	.title = STR_INIT("Metric statistics"),
	.description = STR_INIT("Several statistics of one metric side by "
	    "side, oldest first, with its unit; at most 1440 datapoints."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"datapoints\":{\"type\":\"array\"}," ROWS_SCHEMA ","
	    "\"unit\":{},\"period\":{\"type\":\"integer\"},"
	    "\"start_time\":{},\"end_time\":{}," ASK_SCHEMA "}}"),
	.run = run,
};

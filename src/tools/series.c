/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Series of metrics as numbers.
 *
 * AWS promises neither an order nor that pages do not overlap, so points are
 * sorted and a time counts once. A token that comes back unchanged would page
 * for ever: it ends the reading, as does METRIC_PAGE_MAX.
 */
#include "tools/series.h"

#include "base/timefmt.h"
#include "tools/metric_query.h"
#include "tools/show.h"

#define DAY_MS (INT64_C(86400) * 1000)

/* see series.h */
const struct param series_dimension[SERIES_DIMENSION_N] = {
	{ .name = STR_INIT("name"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 255 },
	{ .name = STR_INIT("value"), .type = PARAM_STRING, .required = true,
	    .min = 1, .max = 1024 },
};

/* see series.h */
struct series_query
series_query_of(const struct call *c, int64_t period_s)
{
	return (struct series_query){
		.namespace = tool_arg_str(c, S("namespace")),
		.metric_name = tool_arg_str(c, S("metric_name")),
		.statistic = tool_arg_str(c, S("statistic")),
		.dimensions = tool_arg(c, S("dimensions")),
		.period_s = period_s,
	};
}

/* see series.h */
int64_t
series_period_min(int64_t start_ms, int64_t now_ms)
{
	int64_t age = now_ms - start_ms - 60000;

	return age > 63 * DAY_MS ? 3600 : age > 15 * DAY_MS ? 300 : 60;
}

/* see series.h */
enum err
series_check_statistic(struct call *c, struct str statistic)
{
	if (metric_query_statistic_ok(statistic)) {
		return ERR_OK;
	}
	return fail_setf(c->fail, ERR_ARGUMENT, "statistic is '%s'; "
	    "allowed are Average, Sum, Minimum, Maximum, SampleCount "
	    "(or AVG, SUM, MIN, MAX, COUNT), percentiles such as p99, "
	    "and tm90, wm90, tc90, ts90, pr(0:100), iqm", statistic);
}

/* see series.h */
int64_t
series_period(const struct ask *q, int64_t start_ms, int64_t end_ms,
    int64_t point_max)
{
	int64_t least = series_period_min(start_ms, ask_now_ms(q));
	int64_t period = metric_query_period(start_ms, end_ms, start_ms,
	    point_max);

	if (tool_arg(q->c, S("period")) != NULL) {
		int64_t wanted = tool_arg_i64(q->c, S("period"));

		/* Seconds are kept for three hours. */
		if (wanted < 60 && ask_now_ms(q) - start_ms <= 3 * 3600000) {
			return wanted;
		}
		period = (wanted + 59) / 60 * 60;
	}
	return period < least ? least : (period + least - 1) / least * least;
}

/* see series.h */
void
series_show_query(struct rows *rows, const struct series_query *m)
{
	struct json_writer *out = rows->out;
	const struct json *d = json_at(m->dimensions, 0);

	json_put_string(out, S("namespace"), m->namespace);
	json_put_string(out, S("metric_name"), m->metric_name);
	json_put_string(out, S("statistic"),
	    metric_query_statistic(m->statistic));
	json_put_integer(out, S("period"), m->period_s);
	rows_begin(rows, S("dimensions"));
	for (; d != NULL; d = d->next) {
		json_value(out, d);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
}

static struct str
either(const struct json *d, struct str ours, struct str theirs)
{
	return json_get_str(d, ours, json_get_str(d, theirs, S("")));
}

/* see series.h */
void
series_put_metric(struct json_writer *body, const struct series_query *m)
{
	const struct json *d = json_at(m->dimensions, 0);

	json_put_string(body, S("Namespace"), m->namespace);
	json_put_string(body, S("MetricName"), m->metric_name);
	if (d == NULL) {
		return;
	}
	json_key(body, S("Dimensions"));
	json_begin_array(body);
	for (; d != NULL; d = d->next) {
		json_begin_object(body);
		json_put_string(body, S("Name"),
		    either(d, S("name"), S("Name")));
		json_put_string(body, S("Value"),
		    either(d, S("value"), S("Value")));
		json_end_object(body);
	}
	json_end_array(body);
}

/* see series.h */
void
series_put_stat(struct json_writer *body, const struct series_query *m)
{
	json_key(body, S("MetricStat"));
	json_begin_object(body);
	json_key(body, S("Metric"));
	json_begin_object(body);
	series_put_metric(body, m);
	json_end_object(body);
	json_put_integer(body, S("Period"), m->period_s);
	json_put_string(body, S("Stat"), metric_query_statistic(m->statistic));
	json_end_object(body);
}

static void
put_queries(struct json_writer *body, const struct series_query *queries,
    size_t n)
{
	json_key(body, S("MetricDataQueries"));
	if (queries[0].own != NULL) {
		json_value(body, queries[0].own);
		return;
	}
	json_begin_array(body);
	for (size_t i = 0; i < n; i++) {
		char text[24];
		struct buf id = buf_fixed(text, sizeof(text));

		json_begin_object(body);
		buf_addf(&id, "s%u", (uint64_t)i);
		json_put_string(body, S("Id"), buf_str(&id));
		series_put_stat(body, &queries[i]);
		if (queries[i].account_id.len > 0) {
			json_put_string(body, S("AccountId"),
			    queries[i].account_id);
		}
		json_put_boolean(body, S("ReturnData"), true);
		json_end_object(body);
	}
	json_end_array(body);
}

/* One request for one page. */
static enum err
ask_page(struct ask *q, const struct series_query *queries, size_t n,
    int64_t start_ms, int64_t end_ms, struct str token,
    const struct json **page)
{
	struct json_writer *body = ask_body(q);

	put_queries(body, queries, n);
	json_put_integer(body, S("StartTime"), start_ms / 1000);
	json_put_integer(body, S("EndTime"), (end_ms + 999) / 1000);
	json_put_string(body, S("ScanBy"), S("TimestampAscending"));
	if (token.p != NULL) {
		json_put_string(body, S("NextToken"), token);
	}
	return ask_send(q, ENDPOINT_CLOUDWATCH, S("GetMetricData"), page);
}

/* The series that a result of AWS belongs to; NULL: none of ours. */
static struct series_data *
series_of(const struct json *result, const struct series_query *queries,
    struct series_data *out, size_t n)
{
	struct str id = json_get_str(result, S("Id"), S(""));
	uint64_t i;

	if (queries[0].own != NULL) {
		return str_eq(id, queries[0].own_id) ? out : NULL;
	}
	if (!str_starts(id, S("s")) ||
	    !str_u64(str_sub(id, 1, id.len), n - 1, &i)) {
		return NULL;
	}
	return &out[i];
}

/* Appends what one page holds of one series. */
static bool
take(struct arena *a, const struct json *result, struct series_data *s,
    int64_t start_ms, int64_t end_ms)
{
	const struct json *times = json_get(result, S("Timestamps"));
	const struct json *t = json_at(times, 0);
	const struct json *v = json_at(json_get(result, S("Values")), 0);
	const struct json *m = json_at(json_get(result, S("Messages")), 0);
	struct stats_point *points = ARENA_ARRAY(a, s->n + (t == NULL ? 0 :
	    times->n), struct stats_point);

	if (points == NULL) {
		return false;
	}
	if (s->n > 0) {
		memcpy(points, s->points, s->n * sizeof(*points));
	}
	s->points = points;
	for (; t != NULL && v != NULL; t = t->next, v = v->next) {
		struct stats_point *p = &points[s->n];

		if (!show_read_seconds(t, &p->at_ms) ||
		    !json_f64(v, &p->value)) {
			s->odd_n++;
		} else if (p->at_ms >= start_ms && p->at_ms < end_ms) {
			s->n++;
		}
	}
	for (; t != NULL; t = t->next) {
		s->odd_n++;
	}
	for (; v != NULL; v = v->next) {
		s->odd_n++;
	}
	s->status = json_get_str(result, S("StatusCode"), S("Complete"));
	if (s->message.p == NULL) {
		s->message = json_get_str(m, S("Value"), STR_NONE);
	}
	return true;
}

static enum err
read_pages(struct ask *q, const struct series_query *queries, size_t n,
    int64_t start_ms, int64_t end_ms, struct series_data *out, bool *cut)
{
	struct call *c = q->c;
	struct str token = STR_NONE;

	for (size_t turn = 0; turn < METRIC_PAGE_MAX; turn++) {
		const struct json *page, *r;
		struct str next;
		enum err err = ask_page(q, queries, n, start_ms, end_ms,
		    token, &page);

		if (err != ERR_OK) {
			*cut = turn > 0;
			return turn > 0 ? ERR_OK : err;
		}
		r = json_at(json_get(page, S("MetricDataResults")), 0);
		for (; r != NULL; r = r->next) {
			struct series_data *s = series_of(r, queries,
			    out, n);

			if (s != NULL && !take(c->arena, r, s, start_ms,
			    end_ms)) {
				return fail_set(c->fail, ERR_NOMEM, 0,
				    STR_NONE);
			}
		}
		next = json_get_str(page, S("NextToken"), STR_NONE);
		if (next.len == 0) {
			return ERR_OK;
		}
		if (token.p != NULL && str_eq(next, token)) {
			break;
		}
		token = next;
	}
	*cut = true;
	return ERR_OK;
}

/* Sorts, and keeps the first point of every time. */
static bool
settle(struct arena *a, struct series_data *s)
{
	size_t n = 0;

	if (!stats_sort(a, s->points, s->n)) {
		return false;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (n == 0 || s->points[i].at_ms != s->points[n - 1].at_ms) {
			s->points[n++] = s->points[i];
		}
	}
	s->n = n;
	return true;
}

/* see series.h */
enum err
series_fetch(struct ask *q, const struct series_query *queries, size_t n,
    int64_t start_ms, int64_t end_ms, struct series_data *out)
{
	bool cut = false;
	enum err err = ERR_OK;

	MUST(n > 0 && n <= SERIES_MAX_N);
	for (size_t i = 0; i < n && err == ERR_OK; i++) {
		out[i] = (struct series_data){ .status = S("Complete") };
		err = queries[i].own != NULL ? ERR_OK :
		    series_check_statistic(q->c, queries[i].statistic);
	}
	if (err == ERR_OK) {
		err = read_pages(q, queries, n, start_ms, end_ms, out, &cut);
	}
	for (size_t i = 0; i < n && err == ERR_OK; i++) {
		out[i].cut = cut || str_eq(out[i].status, S("PartialData"));
		if (!settle(q->c->arena, &out[i])) {
			err = fail_set(q->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
	}
	return err;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListMetrics, GetMetricData and GetMetricStatistics of the demo account. The
 * values come from account.c, expressions from demo_math.c; here are the rules
 * of the requests and the shape of the answers.
 */
#include "demo/demo_metrics.h"

#include "base/num.h"
#include "demo/demo_alarms.h"
#include "demo/demo_math.h"

#define LIST_PAGE_N 500
#define QUERY_MAX_N 500
#define DATAPOINT_MAX_N 100800
#define STATISTICS_MAX_N 1440

/* The dimension filter of ListMetrics: each name present, with that value
 * where one is given. */
static bool
dims_match(const struct json *filter, struct str dims)
{
	const struct json *d = filter == NULL ? NULL : filter->child;

	for (; d != NULL; d = d->next) {
		struct str value = json_get_str(d, S("Value"), STR_NONE);
		struct str have = account_dimension_value(dims,
		    json_get_str(d, S("Name"), S("")));

		if (have.p == NULL || (value.p != NULL &&
		    !str_eq(have, value))) {
			return false;
		}
	}
	return true;
}

/* The dimensions are exactly these. */
static bool
dims_equal(const struct json *given, struct str dims)
{
	struct str name, value, rest = dims;
	size_t n = 0;

	while (account_dimension(&rest, &name, &value)) {
		n++;
	}
	return n == (given == NULL ? 0 : given->n) && dims_match(given, dims);
}

/* see demo_metrics.h */
void
demo_metrics_list(struct answer *x)
{
	struct str namespace = json_get_str(x->in, S("Namespace"), STR_NONE);
	struct str metric = json_get_str(x->in, S("MetricName"), STR_NONE);
	const struct json *dims = json_get_set(x->in, S("Dimensions"));
	struct str active = demo_answer_choice(x, S("RecentlyActive"),
	    S("PT3H"));
	size_t from = demo_answer_page(x, S("NextToken"),
	    S("InvalidParameterValueException"));
	struct account_series s;
	size_t n = 0, i;

	if (dims != NULL && dims->n > 10) {
		demo_answer_error(x, S("ValidationException"),
		    S("1 validation error detected: Value at 'dimensions' "
		    "failed to satisfy constraint: Member must have length "
		    "less than or equal to 10"));
	}
	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("Metrics"));
	json_begin_array(x->out);
	for (i = from; n < LIST_PAGE_N &&
	    account_series(x->account.tables, i, &s); i++) {
		if ((namespace.p != NULL && !str_eq(namespace, s.namespace)) ||
		    (metric.p != NULL && !str_eq(metric, s.metric)) ||
		    !dims_match(dims, s.dims) ||
		    (active.p != NULL && s.effect == 'z')) {
			continue;
		}
		json_begin_object(x->out);
		json_put_string(x->out, S("Namespace"), s.namespace);
		json_put_string(x->out, S("MetricName"), s.metric);
		demo_alarms_put_dimensions(x, s.dims);
		json_end_object(x->out);
		n++;
	}
	json_end_array(x->out);
	if (account_series(x->account.tables, i, &s)) {
		demo_answer_put_page(x, S("NextToken"), i);
	}
	json_end_object(x->out);
}

/* A period as the service accepts it, in minutes; 0 after a refusal. */
static int64_t
period_minutes(struct answer *x, const struct json *v)
{
	int64_t s = 0;

	if (v == NULL || !json_i64(v, 1, 86400 * 366, &s)) {
		demo_answer_error(x, S("ValidationException"),
		    S("The parameter Period is required and must be a "
		    "positive number of seconds."));
		return 0;
	}
	if (s == 1 || s == 5 || s == 10 || s == 20 || s == 30) {
		return 1;
	}
	if (s % 60 != 0) {
		demo_answer_errorf(x, S("ValidationException"),
		    "Period must be 1, 5, 10, 20, 30 or a multiple of 60, "
		    "not %d.", s);
		return 0;
	}
	return s / 60;
}

/* The buckets of [start, end) with that period: at most what there is data
 * for, so that a year in minutes costs no more than the history. */
static struct demo_grid
make_grid(const struct answer *x, int64_t start_ms, int64_t end_ms,
    int64_t minutes)
{
	int64_t now = x->account.now_ms / ACCOUNT_MINUTE_MS;
	int64_t first = start_ms / ACCOUNT_MINUTE_MS;
	int64_t end = (end_ms + ACCOUNT_MINUTE_MS - 1) / ACCOUNT_MINUTE_MS;
	struct demo_grid g = { 0, minutes, 0 };

	if (first < now - ACCOUNT_HISTORY_MIN) {
		first = now - ACCOUNT_HISTORY_MIN;
	}
	end = end > now ? now : end;
	g.start_min = first / minutes * minutes;
	if (end > g.start_min) {
		g.n = (size_t)((end - g.start_min + minutes - 1) / minutes);
	}
	return g;
}

/* Checks the window; false after a refusal. */
static bool
window(struct answer *x, int64_t *start_ms, int64_t *end_ms)
{
	*start_ms = demo_answer_time(x, S("StartTime"), -1);
	*end_ms = demo_answer_time(x, S("EndTime"), -1);
	if (*start_ms < 0 || *end_ms < 0) {
		demo_answer_error(x, S("MissingRequiredParameterException"),
		    S("The parameters StartTime and EndTime are required."));
	} else if (*start_ms >= *end_ms) {
		demo_answer_error(x, S("ValidationException"),
		    S("The parameter StartTime must be less than the "
		    "parameter EndTime."));
	}
	return !demo_answer_failed(x);
}

/* ---- GetMetricData ---- */

static bool
id_ok(struct str id)
{
	if (id.len == 0 || id.len > 255 || id.p[0] < 'a' || id.p[0] > 'z') {
		return false;
	}
	for (size_t i = 1; i < id.len; i++) {
		if (!str_is_alnum(id.p[i]) && id.p[i] != '_') {
			return false;
		}
	}
	return true;
}

/* The form of all queries: ids, one of two kinds each, one SELECT. */
static void
check_queries(struct answer *x, const struct json *queries)
{
	size_t select_n = 0, i = 0, k;

	for (const struct json *q = queries->child; q != NULL;
	    q = q->next, i++) {
		struct str id = json_get_str(q, S("Id"), S(""));
		struct str text = json_get_str(q, S("Expression"), STR_NONE);

		if (!id_ok(id)) {
			demo_answer_errorf(x, S("ValidationException"),
			    "The value '%s' for parameter MetricDataQueries."
			    "member.%u.Id is not matching the expected pattern "
			    "^[a-z][a-zA-Z0-9_]*$.", str_sub(id, 0, 64),
			    (uint64_t)i + 1);
		}
		for (k = 0; k < i; k++) {
			if (str_eq(json_get_str(json_at(queries, k), S("Id"),
			    S("")), id)) {
				demo_answer_errorf(x, S("ValidationException"),
				    "The values for parameter id in "
				    "MetricDataQueries are not unique: %s", id);
			}
		}
		if ((text.p != NULL) ==
		    (json_get_set(q, S("MetricStat")) != NULL)) {
			demo_answer_errorf(x, S("ValidationException"),
			    "Exactly one of MetricStat and Expression must be "
			    "given for %s.", id);
		}
		if (text.len > 2048) {
			demo_answer_error(x, S("ValidationException"),
			    S("Expression is longer than 2048."));
		}
		select_n += text.p != NULL && demo_math_is_insights(text);
	}
	if (select_n > 1) {
		demo_answer_error(x, S("ValidationException"),
		    S("Only one Metrics Insights query is allowed in a "
		    "GetMetricData call."));
	}
}

static bool
eval_metric(struct answer *x, const struct json *stat,
    const struct demo_grid *g, struct demo_value *out)
{
	const struct json *metric = json_get_set(stat, S("Metric"));
	const struct json *dims = json_get_set(metric, S("Dimensions"));
	struct str name = json_get_str(stat, S("Stat"), S(""));
	struct account_series s, none = { 0 };
	struct account_point p = { 0 };
	double v;

	if (!account_stat(&none, &p, name, &v)) {
		demo_answer_errorf(x, S("ValidationException"),
		    "The value '%s' for parameter Stat is not a statistic.",
		    str_sub(name, 0, 64));
		return false;
	}
	out->n = 1;
	out->lines = ARENA_NEW(x->arena, struct demo_line);
	if (out->lines == NULL) {
		return false;
	}
	for (size_t i = 0; account_series(x->account.tables, i, &s); i++) {
		if (str_eq(s.namespace, json_get_str(metric, S("Namespace"),
		    S(""))) && str_eq(s.metric, json_get_str(metric,
		    S("MetricName"), S(""))) && dims_equal(dims, s.dims)) {
			return demo_math_metric(x, g, &s, name, out->lines);
		}
	}
	/* An unknown metric is no error: it has no datapoints. */
	out->lines[0].label = json_get_str(metric, S("MetricName"), S(""));
	out->lines[0].v = ARENA_ARRAY(x->arena, g->n, double);
	for (size_t i = 0; out->lines[0].v != NULL && i < g->n; i++) {
		out->lines[0].v[i] = __builtin_nan("");
	}
	return out->lines[0].v != NULL;
}

/* The period an expression works on: its own, or the longest of the metrics. */
static int64_t
expression_minutes(struct answer *x, const struct json *queries,
    const struct json *q)
{
	const struct json *own = json_get_set(q, S("Period"));
	int64_t minutes = 0;

	if (own != NULL) {
		return period_minutes(x, own);
	}
	for (q = queries->child; q != NULL; q = q->next) {
		const struct json *p = json_path(q, S("MetricStat.Period"));

		if (p != NULL) {
			int64_t m = period_minutes(x, p);

			minutes = m > minutes ? m : minutes;
		}
	}
	return minutes > 0 ? minutes : period_minutes(x, own);
}

/* Every id that the expression names has its value already. */
static bool
ready(struct str text, const struct demo_named *named, size_t n)
{
	for (size_t i = 0; i < text.len;) {
		size_t from = i;

		if (text.p[i] == '"') {
			i = str_find_byte(text, '"', i + 1) + 1;
			continue;
		}
		while (i < text.len && (str_is_alnum(text.p[i]) ||
		    text.p[i] == '_')) {
			i++;
		}
		for (size_t k = 0; k < n && i > from; k++) {
			if (!named[k].done &&
			    str_eq(named[k].id, str_sub(text, from, i))) {
				return false;
			}
		}
		i += i == from;
	}
	return true;
}

/* Evaluates one query; false when it refused the request or has to wait for
 * another one. */
static bool
eval_query(struct answer *x, const struct json *q, struct demo_named *named,
    size_t n, struct demo_named *one)
{
	struct str text = json_get_str(q, S("Expression"), STR_NONE);

	if (text.p == NULL) {
		return eval_metric(x, json_get_set(q, S("MetricStat")),
		    &one->grid, &one->value);
	}
	if (demo_math_is_insights(text)) {
		return demo_math_insights(x, &one->grid, text, &one->value);
	}
	return ready(text, named, n) && demo_math_expression(x, &one->grid,
	    named, n, text, &one->value);
}

/* Evaluates all queries: metrics first, then expressions in rounds for as long
 * as a round brings something new, because one may use a later one. */
static void
eval_queries(struct answer *x, const struct json *queries,
    struct demo_named *named, size_t n)
{
	bool more = true;

	for (unsigned round = 0; more && !demo_answer_failed(x); round++) {
		const struct json *q = queries->child;

		more = round == 0;
		for (size_t i = 0; i < n && !demo_answer_failed(x); i++) {
			if (!named[i].done && named[i].metric == (round == 0) &&
			    eval_query(x, q, named, n, &named[i])) {
				named[i].done = true;
				more = true;
			}
			q = q->next;
		}
	}
	for (size_t i = 0; i < n && !x->arena->failed; i++) {
		if (!named[i].done) {
			demo_answer_errorf(x, S("ValidationException"),
			    "Circular reference in expression %s.",
			    named[i].id);
		}
	}
}

/* Where a page of results begins and how much still fits. */
struct page {
	size_t skip; /* datapoints that earlier pages had */
	size_t left; /* datapoints this page may still take */
	bool cut;    /* something is left for another page */
	bool rising;
};

/* Writes the part of one line that is on this page. */
static void
put_line(struct answer *x, const struct json *q, const struct demo_grid *g,
    const struct demo_line *l, struct page *page)
{
	struct str label = json_get_str(q, S("Label"), STR_NONE);
	size_t total = 0, skip, take, seen = 0;

	for (size_t i = 0; i < g->n; i++) {
		total += !(l->v[i] != l->v[i]);
	}
	skip = page->skip < total ? page->skip : total;
	page->skip -= skip;
	take = total - skip < page->left ? total - skip : page->left;
	if ((total > 0 && take == 0) || (total == 0 && page->skip > 0)) {
		page->cut = page->cut || skip < total;
		return;
	}
	page->left -= take;
	page->cut = page->cut || skip + take < total;
	json_begin_object(x->out);
	json_put_string(x->out, S("Id"), json_get_str(q, S("Id"), S("")));
	json_put_string(x->out, S("Label"), label.p != NULL ? label :
	    l->label.p != NULL ? l->label : json_get_str(q, S("Id"), S("")));
	for (int pass = 0; pass < 2; pass++) {
		json_key(x->out, pass == 0 ? S("Timestamps") : S("Values"));
		json_begin_array(x->out);
		seen = 0;
		for (size_t k = 0; k < g->n; k++) {
			size_t i = page->rising ? k : g->n - 1 - k;

			if (l->v[i] != l->v[i]) {
				continue;
			}
			seen++;
			if (seen <= skip || seen > skip + take) {
				continue;
			}
			if (pass == 1) {
				json_double(x->out, l->v[i]);
			} else {
				demo_answer_add_time(x, (g->start_min +
				    (int64_t)i * g->minutes) *
				    ACCOUNT_MINUTE_MS);
			}
		}
		json_end_array(x->out);
	}
	json_put_string(x->out, S("StatusCode"), skip + take < total ?
	    S("PartialData") : S("Complete"));
	json_end_object(x->out);
}

static void
put_results(struct answer *x, const struct json *queries,
    const struct demo_named *named, struct page page)
{
	const struct json *q = queries->child;
	size_t from = page.skip, max = page.left;

	json_begin_object(x->out);
	json_key(x->out, S("MetricDataResults"));
	json_begin_array(x->out);
	for (size_t i = 0; q != NULL; q = q->next, i++) {
		for (size_t k = 0; k < named[i].value.n &&
		    json_get_bool(q, S("ReturnData"), true); k++) {
			put_line(x, q, &named[i].grid,
			    &named[i].value.lines[k], &page);
		}
	}
	json_end_array(x->out);
	json_key(x->out, S("Messages"));
	json_begin_array(x->out);
	json_end_array(x->out);
	if (page.cut) {
		demo_answer_put_page(x, S("NextToken"), from + max);
	}
	json_end_object(x->out);
}

/* see demo_metrics.h */
void
demo_metrics_data(struct answer *x)
{
	const struct json *queries = json_get_set(x->in,
	    S("MetricDataQueries"));
	struct str scan = demo_answer_choice(x, S("ScanBy"),
	    S("TimestampDescending, TimestampAscending"));
	struct page page = { .rising = str_eq(scan, S("TimestampAscending")) };
	struct demo_named *named;
	int64_t start_ms, end_ms;
	size_t i = 0;

	page.left = (size_t)demo_answer_i64(x, S("MaxDatapoints"), 1,
	    DATAPOINT_MAX_N, DATAPOINT_MAX_N);
	page.skip = demo_answer_page(x, S("NextToken"),
	    S("InvalidNextToken"));
	if (!json_is(queries, JSON_ARRAY) || queries->n == 0 ||
	    queries->n > QUERY_MAX_N) {
		demo_answer_error(x, S("ValidationException"),
		    S("The collection MetricDataQueries must have between 1 "
		    "and 500 members."));
	}
	if (!window(x, &start_ms, &end_ms)) {
		return;
	}
	check_queries(x, queries);
	named = ARENA_ARRAY(x->arena, queries->n, struct demo_named);
	if (demo_answer_failed(x) || named == NULL) {
		return;
	}
	for (const struct json *q = queries->child; q != NULL;
	    q = q->next, i++) {
		int64_t minutes;

		named[i].id = json_get_str(q, S("Id"), S(""));
		named[i].metric = json_get_set(q, S("MetricStat")) != NULL;
		minutes = named[i].metric ? period_minutes(x,
		    json_path(q, S("MetricStat.Period"))) :
		    expression_minutes(x, queries, q);
		if (minutes == 0) {
			return;
		}
		named[i].grid = make_grid(x, start_ms, end_ms, minutes);
	}
	eval_queries(x, queries, named, queries->n);
	if (!demo_answer_failed(x) && !x->arena->failed) {
		put_results(x, queries, named, page);
	}
}

/* ---- GetMetricStatistics ---- */

static void
put_datapoint(struct answer *x, const struct account_series *s,
    const struct account_point *p, int64_t minute)
{
	const struct json *names = json_get_set(x->in, S("Statistics"));
	const struct json *more = json_get_set(x->in, S("ExtendedStatistics"));
	const struct json *n;
	double v;

	json_begin_object(x->out);
	demo_answer_put_time(x, S("Timestamp"), minute * ACCOUNT_MINUTE_MS);
	for (n = names == NULL ? NULL : names->child; n != NULL; n = n->next) {
		if (account_stat(s, p, json_str(n), &v)) {
			json_put_double(x->out, json_str(n), v);
		}
	}
	if (more != NULL) {
		json_key(x->out, S("ExtendedStatistics"));
		json_begin_object(x->out);
		for (n = more->child; n != NULL; n = n->next) {
			if (account_stat(s, p, json_str(n), &v)) {
				json_put_double(x->out, json_str(n), v);
			}
		}
		json_end_object(x->out);
	}
	json_put_string(x->out, S("Unit"), s->unit);
	json_end_object(x->out);
}

/* see demo_metrics.h */
void
demo_metrics_statistics(struct answer *x)
{
	struct str namespace = json_get_str(x->in, S("Namespace"), S(""));
	struct str metric = json_get_str(x->in, S("MetricName"), S(""));
	const struct json *dims = json_get_set(x->in, S("Dimensions"));
	int64_t minutes = period_minutes(x, json_get_set(x->in, S("Period")));
	int64_t start_ms, end_ms;
	struct account_series s;
	struct demo_grid g;

	if (json_get_set(x->in, S("Statistics")) == NULL &&
	    json_get_set(x->in, S("ExtendedStatistics")) == NULL) {
		demo_answer_error(x, S("MissingRequiredParameterException"),
		    S("Must specify either Statistics or "
		    "ExtendedStatistics"));
	}
	if (!window(x, &start_ms, &end_ms) || minutes == 0) {
		return;
	}
	if ((end_ms - start_ms) / (minutes * ACCOUNT_MINUTE_MS) >
	    STATISTICS_MAX_N) {
		demo_answer_errorf(x,
		    S("InvalidParameterCombinationException"),
		    "You have requested up to %d datapoints, which exceeds the "
		    "limit of 1440. You may reduce the datapoints requested by "
		    "increasing Period, or decreasing the time range.",
		    (end_ms - start_ms) / (minutes * ACCOUNT_MINUTE_MS));
		return;
	}
	g = make_grid(x, start_ms, end_ms, minutes);
	json_begin_object(x->out);
	json_put_string(x->out, S("Label"), metric);
	json_key(x->out, S("Datapoints"));
	json_begin_array(x->out);
	for (size_t i = 0; account_series(x->account.tables, i, &s); i++) {
		if (!str_eq(namespace, s.namespace) ||
		    !str_eq(metric, s.metric) || !dims_equal(dims, s.dims)) {
			continue;
		}
		for (size_t k = 0; k < g.n; k++) {
			int64_t at = g.start_min + (int64_t)k * g.minutes;
			struct account_point p = account_window(&x->account,
			    &s, at, g.minutes);

			if (p.n > 0) {
				put_datapoint(x, &s, &p, at);
			}
		}
	}
	json_end_array(x->out);
	json_end_object(x->out);
}

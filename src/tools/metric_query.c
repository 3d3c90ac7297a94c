/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pure parts of metric queries.
 */
#include "tools/metric_query.h"

#define DAY_MS ((int64_t)86400 * 1000)

struct name {
	struct str shorter, longer;
};

static const struct name names[] = {
	{ STR_INIT("AVG"), STR_INIT("Average") },
	{ STR_INIT("COUNT"), STR_INIT("SampleCount") },
	{ STR_INIT("MAX"), STR_INIT("Maximum") },
	{ STR_INIT("MIN"), STR_INIT("Minimum") },
	{ STR_INIT("SUM"), STR_INIT("Sum") },
};

#define NAME_N (sizeof(names) / sizeof(names[0]))

/* see metric_query.h */
int64_t
metric_query_period(int64_t start_ms, int64_t end_ms, int64_t now_ms,
    int64_t target)
{
	int64_t age = now_ms - start_ms;
	int64_t step = age > 63 * DAY_MS ? 3600 : age > 15 * DAY_MS ? 300 : 60;
	int64_t period = (end_ms - start_ms) / 1000 / (target < 1 ? 1 : target);

	if (period < step) {
		return step;
	}
	return (period + step - 1) / step * step;
}

/* see metric_query.h */
struct str
metric_query_statistic(struct str name)
{
	for (size_t i = 0; i < NAME_N; i++) {
		if (str_ieq(name, names[i].shorter) ||
		    str_ieq(name, names[i].longer)) {
			return names[i].longer;
		}
	}
	return name;
}

/* AVG for Average; absent when there is no such name in Metrics Insights. */
static struct str
insights_function(struct str name)
{
	for (size_t i = 0; i < NAME_N; i++) {
		if (str_ieq(name, names[i].shorter) ||
		    str_ieq(name, names[i].longer)) {
			return names[i].shorter;
		}
	}
	return STR_NONE;
}

/* A decimal number, with a fraction of up to ten digits. */
static bool
is_decimal(struct str s)
{
	struct str fraction = s;
	struct str whole = str_cut(&fraction, '.');
	uint64_t v;

	if (!str_u64(whole, UINT32_MAX, &v)) {
		return false;
	}
	return fraction.p == NULL || (fraction.len <= 10 &&
	    str_u64(fraction, UINT64_MAX, &v));
}

/* "a:b" inside parentheses; either side may be empty, each may end in %. */
static bool
is_range(struct str s)
{
	struct str rest = s;
	struct str side[2];

	if (s.len < 3 || s.p[0] != '(' || s.p[s.len - 1] != ')') {
		return false;
	}
	rest = str_sub(s, 1, s.len - 1);
	side[0] = str_cut(&rest, ':');
	side[1] = rest;
	if (rest.p == NULL || side[0].len + side[1].len == 0) {
		return false;
	}
	for (size_t i = 0; i < 2; i++) {
		if (str_ends(side[i], S("%"))) {
			side[i].len--;
		}
		if (side[i].len > 0 && !is_decimal(side[i])) {
			return false;
		}
	}
	return true;
}

/* see metric_query.h */
bool
metric_query_statistic_ok(struct str name)
{
	static const struct str prefixes[] = {
		STR_INIT("tm"), STR_INIT("tc"), STR_INIT("ts"), STR_INIT("wm"),
		STR_INIT("pr"), STR_INIT("p"),
	};

	if (insights_function(name).p != NULL || str_ieq(name, S("iqm"))) {
		return true;
	}
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct str rest = str_sub(name, prefixes[i].len, name.len);
		struct str fraction = rest;
		uint64_t whole;

		if (!str_istarts(name, prefixes[i])) {
			continue;
		}
		if (is_range(rest)) {
			return true;
		}
		return is_decimal(rest) && str_u64(str_cut(&fraction, '.'),
		    100, &whole);
	}
	return false;
}

/* Text between quotes of kind `quote`, the quotes inside escaped. */
static void
add_quoted(struct buf *out, struct str s, char quote)
{
	buf_add_byte(out, quote);
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\'' || s.p[i] == '\\') {
			buf_add_byte(out, '\\');
		}
		buf_add_byte(out, s.p[i]);
	}
	buf_add_byte(out, quote);
}

static bool
has_key(const struct json *keys, struct str name)
{
	const struct json *k = json_at(keys, 0);

	while (k != NULL && !str_eq(json_str(k), name)) {
		k = k->next;
	}
	return k != NULL;
}

static enum err
check(const struct metric_query *q, struct fail *f)
{
	if (insights_function(q->statistic).p == NULL) {
		return fail_setf(f, ERR_ARGUMENT, "statistic is '%s'; Metrics "
		    "Insights knows AVG, COUNT, MAX, MIN and SUM (percentiles: "
		    "use queries)", q->statistic);
	}
	if (q->group_by.p != NULL && !has_key(q->keys, q->group_by)) {
		return fail_setf(f, ERR_ARGUMENT, "group_by_dimension is "
		    "'%s'; it must be one of schema_dimension_keys",
		    q->group_by);
	}
	if (q->sort.p != NULL && q->order_by.p == NULL) {
		return fail_set(f, ERR_ARGUMENT, 0, S("sort_order needs "
		    "order_by_statistic"));
	}
	return ERR_OK;
}

/* see metric_query.h */
enum err
metric_query_text(const struct metric_query *q, struct buf *out,
    struct fail *f)
{
	const struct json *d = json_at(q->dimensions, 0);
	enum err err = check(q, f);

	if (err != ERR_OK) {
		return err;
	}
	buf_addf(out, "SELECT %s(", insights_function(q->statistic));
	add_quoted(out, q->metric, '"');
	buf_add(out, S(") FROM SCHEMA("));
	add_quoted(out, q->namespace, '"');
	for (const struct json *k = json_at(q->keys, 0); k != NULL;
	    k = k->next) {
		buf_add(out, S(", "));
		add_quoted(out, json_str(k), '"');
	}
	buf_add_byte(out, ')');
	for (bool first = true; d != NULL; d = d->next, first = false) {
		buf_add(out, first ? S(" WHERE ") : S(" AND "));
		add_quoted(out, json_get_str(d, S("name"), S("")), '"');
		buf_add_byte(out, '=');
		add_quoted(out, json_get_str(d, S("value"), S("")), '\'');
	}
	if (q->group_by.p != NULL) {
		buf_add(out, S(" GROUP BY "));
		add_quoted(out, q->group_by, '"');
	}
	if (q->order_by.p != NULL) {
		buf_addf(out, " ORDER BY %s()", q->order_by);
	}
	if (q->sort.p != NULL) {
		buf_addf(out, " %s", q->sort);
	}
	if (q->limit > 0) {
		buf_addf(out, " LIMIT %d", q->limit);
	}
	if (!buf_ok(out)) {
		return fail_setf(f, ERR_ARGUMENT, "the Metrics Insights query "
		    "is longer than the %u bytes that AWS takes; use fewer "
		    "dimensions", (uint64_t)METRIC_QUERY_MAX);
	}
	return ERR_OK;
}

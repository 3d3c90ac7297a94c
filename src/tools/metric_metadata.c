/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_metric_metadata and search_metric_metadata: what the built-in table says
 * about metrics. Both answer at once, without AWS.
 *
 * Names of CloudWatch are case-sensitive and a wrong one gives no data without
 * any error, so a name that is not exact is never passed over in silence: it
 * is read as the one that differs in case only, or the nearest ones are shown.
 */
#include "tools/tools.h"

#include "tools/metric_search.h"
#include "tools/rows.h"

/* Rows of a search unless max_items says otherwise. */
#define SEARCH_ROWS_DEFAULT 20

/* "Average,p*" as people write it. */
static void
put_statistics(struct call *c, size_t metric)
{
	struct str rest = metric_table_statistics(metric);
	struct buf b = buf_in(c->arena, METRIC_TABLE_TEXT_MAX);

	while (rest.len > 0) {
		struct str one = str_cut(&rest, ',');

		buf_addf(&b, b.len > 0 ? ", %s" : "%s", one);
	}
	json_put_string_or_null(c->out, S("recommendedStatistics"),
	    b.len > 0 ? buf_str(&b) : STR_NONE);
}

static void
put_sets(struct json_writer *out, size_t metric)
{
	struct str sets = metric_table_sets(metric);
	struct str set;

	json_key(out, S("dimension_sets"));
	json_begin_array(out);
	while (metric_table_next_set(&sets, &set)) {
		json_begin_array(out);
		while (set.len > 0) {
			json_string(out, str_cut(&set, '+'));
		}
		json_end_array(out);
	}
	json_end_array(out);
}

static void
put_names(struct json_writer *out, size_t metric)
{
	json_put_string(out, S("namespace"), metric_table_namespace_name(
	    metric_table_namespace_of(metric)));
	json_put_string(out, S("metric_name"), metric_table_name(metric));
}

static void
put_near(struct rows *rows, struct str key, const size_t *metrics, size_t n)
{
	size_t i;

	rows_begin(rows, key);
	for (i = 0; i < n; i++) {
		json_begin_object(rows->out);
		put_names(rows->out, metrics[i]);
		json_end_object(rows->out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
}

static enum err
put_metric(struct call *c, size_t metric, struct str message)
{
	struct str text = metric_table_text(c->arena, metric);

	if (text.p == NULL) {
		return ERR_NOMEM;
	}
	json_begin_object(c->out);
	json_put_string(c->out, S("description"), text);
	put_statistics(c, metric);
	json_put_string_or_null(c->out, S("unit"), metric_table_unit(metric));
	put_names(c->out, metric);
	put_sets(c->out, metric);
	json_put_integer(c->out, S("recommended_alarms"),
	    (int64_t)metric_table_alarm_n(metric));
	json_put_string_or_null(c->out, S("message"), message);
	json_end_object(c->out);
	return ERR_OK;
}

/* Metrics of exactly that name, but for case, in whatever namespace. */
static size_t
elsewhere(struct str name, size_t *out)
{
	size_t n = 0;
	size_t i;

	for (i = 0; i < metric_table_n(); i++) {
		if (n < METRIC_SEARCH_NEAR_MAX_N &&
		    str_ieq(metric_table_name(i), name)) {
			out[n++] = i;
		}
	}
	return n;
}

/* ". Nearest namespaces: A, B", or nothing. */
static void
say_namespaces(struct buf *b, struct str namespace)
{
	size_t near[METRIC_SEARCH_NEAR_MAX_N];
	size_t n = metric_search_near_namespaces(namespace, near,
	    METRIC_SEARCH_NEAR_MAX_N);
	size_t i;

	for (i = 0; i < n; i++) {
		buf_addf(b, i == 0 ? " Nearest: %s" : ", %s",
		    metric_table_namespace_name(near[i]));
	}
	buf_add(b, n > 0 ? S(".") : S(""));
}

/* Nothing by that name: everything null, and what may have been meant. */
static enum err
put_unknown(struct call *c, struct str namespace, struct str name)
{
	size_t ns = metric_search_namespace(namespace);
	size_t near[METRIC_SEARCH_NEAR_MAX_N];
	size_t near_n = ns == METRIC_TABLE_NONE ? 0 :
	    metric_search_near(ns, name, near, METRIC_SEARCH_NEAR_MAX_N);
	struct buf b = buf_in(c->arena, FAIL_TEXT_MAX);
	struct rows rows;

	if (near_n == 0) {
		near_n = elsewhere(name, near);
	}
	if (near_n == 0) {
		near_n = metric_search_near(METRIC_TABLE_NONE, name, near,
		    METRIC_SEARCH_NEAR_MAX_N);
	}
	if (ns == METRIC_TABLE_NONE) {
		buf_addf(&b, "Nothing is known of namespace '%s'.", namespace);
		say_namespaces(&b, namespace);
	} else {
		buf_addf(&b, "Nothing is known of '%s' in %s.", name,
		    metric_table_namespace_name(ns));
	}
	buf_add(&b, S(" Search by words with search_metric_metadata; "
	    "list_metrics shows what the account has, custom metrics too."));
	rows_init(&rows, c);
	json_begin_object(c->out);
	json_put_string_or_null(c->out, S("description"), STR_NONE);
	json_put_string_or_null(c->out, S("recommendedStatistics"), STR_NONE);
	json_put_string_or_null(c->out, S("unit"), STR_NONE);
	json_put_string(c->out, S("namespace"), namespace);
	json_put_string(c->out, S("metric_name"), name);
	rows_mark(&rows);
	put_near(&rows, S("nearest"), near, near_n);
	json_put_string(c->out, S("message"), buf_str(&b));
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
run_get(struct call *c)
{
	struct str namespace = tool_arg_str(c, S("namespace"));
	struct str name = tool_arg_str(c, S("metric_name"));
	size_t metric = metric_table_find(namespace, name);
	size_t ns;

	if (metric != METRIC_TABLE_NONE) {
		return put_metric(c, metric, STR_NONE);
	}
	ns = metric_search_namespace(namespace);
	if (ns != METRIC_TABLE_NONE) {
		metric = metric_search_folded(ns, name);
	}
	if (metric != METRIC_TABLE_NONE) {
		struct buf b = buf_in(c->arena, FAIL_TEXT_MAX);

		buf_addf(&b, "Read '%s' '%s' as this metric: CloudWatch knows "
		    "only the exact names given here.", namespace, name);
		return put_metric(c, metric, buf_str(&b));
	}
	return put_unknown(c, namespace, name);
}

static const struct param get_params[] = {
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("metric_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	ROWS_PARAM,
};

/* see tools.h */
const struct tool tools_get_metric_metadata = {
	.name = STR_INIT("get_metric_metadata"),
	.title = STR_INIT("Metric metadata"),
	.description = STR_INIT("What an AWS metric means: unit, statistics "
	    "that make sense, dimension sets it is published with. Built in, "
	    "no AWS call."),
	.params = get_params,
	.param_n = sizeof(get_params) / sizeof(get_params[0]),
	.flags = TOOL_LOCAL | TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"description\":{},\"recommendedStatistics\":{},\"unit\":{},"
	    "\"namespace\":{\"type\":\"string\"},"
	    "\"metric_name\":{\"type\":\"string\"},"
	    "\"dimension_sets\":{\"type\":\"array\"},"
	    "\"recommended_alarms\":{\"type\":\"integer\"},"
	    "\"nearest\":{\"type\":\"array\"},\"message\":{}}}"),
	.run = run_get,
};

/* ---- search ---- */

/* Rows [from, to) of what was found. */
struct window {
	size_t from, to, total;
};

static struct window
window(struct call *c, size_t total, size_t otherwise)
{
	size_t from = (size_t)tool_arg_i64(c, S("offset"));
	size_t max = tool_arg(c, S("max_items")) == NULL ? otherwise :
	    (size_t)tool_arg_i64(c, S("max_items"));

	from = from < total ? from : total;
	return (struct window){ .from = from, .total = total,
	    .to = total - from < max ? total : from + max };
}

/* Ends the list and the answer: behind the message so far, how to go on where
 * it was cut. */
static void
end_list(struct rows *rows, struct window w, struct buf *message)
{
	char room[64];
	struct buf hint = buf_fixed(room, sizeof(room));
	bool more = w.to < w.total;

	rows_end(rows);
	buf_addf(&hint, "The next ones: offset=%u.",
	    (uint64_t)(w.from + rows->n));
	rows_say(rows, more, buf_str(&hint), message);
	json_put_integer(rows->out, S("total"), (int64_t)w.total);
	json_put_boolean(rows->out, S("has_more_results"), rows->cut || more);
	json_put_string_or_null(rows->out, S("message"),
	    message->len > 0 ? buf_str(message) : STR_NONE);
	json_end_object(rows->out);
}

/* Without a word and a namespace: which namespaces there are. */
static enum err
list_namespaces(struct call *c)
{
	struct window w = window(c, metric_table_namespace_n(),
	    metric_table_namespace_n());
	struct buf message = buf_in(c->arena, FAIL_TEXT_MAX);
	struct rows rows;
	size_t i;

	rows_init(&rows, c);
	json_begin_object(c->out);
	rows_begin(&rows, S("namespaces"));
	for (i = w.from; i < w.to; i++) {
		json_begin_object(c->out);
		json_put_string(c->out, S("namespace"),
		    metric_table_namespace_name(i));
		json_put_integer(c->out, S("metrics"),
		    (int64_t)metric_table_namespace_metric_n(i));
		json_put_string_or_null(c->out, S("description"),
		    metric_table_namespace_text(c->arena, i));
		json_end_object(c->out);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	end_list(&rows, w, &message);
	return ERR_OK;
}

/* The words that were not searched for as they stood. */
static void
say_how(const struct metric_search *s, struct buf *b)
{
	size_t i;

	for (i = 0; i < s->word_n; i++) {
		if (s->slips[i].p != NULL) {
			buf_addf(b, "%sNo metric has '%s': searched for "
			    "'%s'.", b->len > 0 ? S(" ") : S(""),
			    s->slips[i], s->words[i]);
		}
	}
	if (s->partial && s->n > 0) {
		buf_addf(b, "%sNo metric fits every word; these fit the "
		    "most.", b->len > 0 ? S(" ") : S(""));
	}
}

static enum err
put_hits(struct call *c, const struct metric_search *s)
{
	struct window w = window(c, s->n, SEARCH_ROWS_DEFAULT);
	struct buf message = buf_in(c->arena, FAIL_TEXT_MAX);
	struct rows rows;
	size_t i;

	rows_init(&rows, c);
	json_begin_object(c->out);
	rows_begin(&rows, S("metrics"));
	for (i = w.from; i < w.to; i++) {
		size_t metric = s->hits[i].metric;

		json_begin_object(c->out);
		put_names(c->out, metric);
		json_put_string_or_null(c->out, S("unit"),
		    metric_table_unit(metric));
		json_put_string_or_null(c->out, S("description"),
		    metric_table_text(c->arena, metric));
		json_end_object(c->out);
		if (!rows_fit(&rows)) {
			break;
		}
	}
	say_how(s, &message);
	end_list(&rows, w, &message);
	return ERR_OK;
}

/* Nothing fits, not even with a slip mended. */
static enum err
put_nothing(struct call *c, struct str query, struct str namespace, size_t ns)
{
	size_t near[METRIC_SEARCH_NEAR_MAX_N];
	struct buf b = buf_in(c->arena, FAIL_TEXT_MAX);
	struct rows rows;
	size_t n = 0;

	if (ns == METRIC_TABLE_NONE && namespace.p != NULL) {
		buf_addf(&b, "Nothing is known of namespace '%s'.",
		    namespace);
		say_namespaces(&b, namespace);
	} else {
		n = metric_search_near(ns, query, near,
		    METRIC_SEARCH_NEAR_MAX_N);
		buf_add(&b, S("No metric of the built-in table fits."));
	}
	buf_add(&b, S(" Custom metrics are not in it: list_metrics shows what "
	    "the account has."));
	rows_init(&rows, c);
	json_begin_object(c->out);
	rows_begin(&rows, S("metrics"));
	rows_end(&rows);
	put_near(&rows, S("nearest"), near, n);
	json_put_integer(c->out, S("total"), 0);
	rows_close(&rows, false, STR_NONE, buf_str(&b));
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
run_search(struct call *c)
{
	struct str query = tool_arg_str(c, S("query"));
	struct str namespace = tool_arg_str(c, S("namespace"));
	size_t ns = METRIC_TABLE_NONE;
	struct metric_search s;

	if (namespace.p != NULL) {
		ns = metric_search_namespace(namespace);
		if (ns == METRIC_TABLE_NONE) {
			return put_nothing(c, query, namespace, ns);
		}
	} else if (query.p == NULL) {
		return list_namespaces(c);
	}
	if (metric_search(c->arena, query, ns, &s) != ERR_OK) {
		return ERR_NOMEM;
	}
	return s.n > 0 ? put_hits(c, &s) : put_nothing(c, query, namespace,
	    ns);
}

static const struct param search_params[] = {
	{ .name = STR_INIT("query"), .type = PARAM_STRING, .min = 1,
	    .max = 200, .text = STR_INIT("words; typing errors are mended") },
	{ .name = STR_INIT("namespace"), .type = PARAM_STRING, .min = 1,
	    .max = 255, .text = STR_INIT("neither this nor query: lists the "
	    "namespaces") },
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1,
	    .max = 2000, .text = STR_INIT("default 20") },
	{ .name = STR_INIT("offset"), .type = PARAM_INTEGER, .min = 0,
	    .max = 100000, .fallback = "0" },
	ROWS_PARAM,
};

/* see tools.h */
const struct tool tools_search_metric_metadata = {
	.name = STR_INIT("search_metric_metadata"),
	.title = STR_INIT("Search metric metadata"),
	.description = STR_INIT("Finds AWS metrics by words in name, namespace "
	    "or description, best first. Built in, no AWS call."),
	.params = search_params,
	.param_n = sizeof(search_params) / sizeof(search_params[0]),
	.flags = TOOL_LOCAL | TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"metrics\":{\"type\":\"array\"},"
	    "\"namespaces\":{\"type\":\"array\"},"
	    "\"nearest\":{\"type\":\"array\"},"
	    "\"total\":{\"type\":\"integer\"},"
	    ROWS_SCHEMA "}}"),
	.run = run_search,
};

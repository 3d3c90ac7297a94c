/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_insight_rule_report: Contributor Insights. Without a rule's name the
 * rules are listed; with one its top contributors and its aggregates are
 * shown, with the definition that says what is counted.
 *
 * DescribeInsightRules finds no rule by name, so the definition is looked for
 * in the listing. That is an extra: when it fails, the report still is the
 * answer and `rule_error` says what went wrong.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/show.h"

/* Pages of a listing; the service's are 500 rules each. */
#define PAGE_MAX_N 20
#define PAGE_ROWS 500
/* Longest definition that is shown; the service's limit is 8 KiB. */
#define DEFINITION_MAX 8192
/* Aggregates over so many buckets at most, unless a period is given. */
#define BUCKET_MAX_N 60

static const struct str metrics[] = {
	STR_INIT("UniqueContributors"), STR_INIT("MaxContributorValue"),
	STR_INIT("SampleCount"), STR_INIT("Sum"), STR_INIT("Minimum"),
	STR_INIT("Maximum"), STR_INIT("Average"),
};

#define METRIC_N (sizeof(metrics) / sizeof(metrics[0]))

/* What stands under our names in an answer: aws's, and ours. */
static const struct str shown[METRIC_N] = {
	STR_INIT("unique_contributors"), STR_INIT("max_contributor_value"),
	STR_INIT("sample_count"), STR_INIT("sum"), STR_INIT("minimum"),
	STR_INIT("maximum"), STR_INIT("average"),
};

static void
show_rule(struct call *c, const struct json *rule)
{
	struct json_writer *out = c->out;
	struct str text = json_get_str(rule, S("Definition"), STR_NONE);
	const struct json *managed = json_get(rule, S("ManagedRule"));
	struct json *definition = NULL;

	if (text.len > DEFINITION_MAX || text.p == NULL ||
	    json_parse(c->arena, text, 0, &definition, NULL) != ERR_OK) {
		definition = NULL;
	}
	json_begin_object(out);
	show_string(out, S("rule_name"), rule, S("Name"));
	show_string(out, S("state"), rule, S("State"));
	json_put_boolean(out, S("managed"), json_is(managed, JSON_BOOL) &&
	    managed->boolean);
	json_put_value(out, S("definition"), definition);
	json_end_object(out);
}

/* One page of rules behind the token; *token is then the next one's, absent
 * behind the last and when AWS repeats it. */
static enum err
fetch_page(struct ask *q, struct str *token, const struct json **first)
{
	struct json_writer *body = ask_body(q);
	const struct json *page;
	struct str next;
	enum err err;

	json_put_integer(body, S("MaxResults"), PAGE_ROWS);
	if (token->p != NULL) {
		json_put_string(body, S("NextToken"), *token);
	}
	err = ask_send(q, ENDPOINT_CLOUDWATCH, S("DescribeInsightRules"),
	    &page);
	if (err != ERR_OK) {
		return err;
	}
	*first = json_at(json_get(page, S("InsightRules")), 0);
	next = json_get_str(page, S("NextToken"), STR_NONE);
	*token = next.len == 0 || str_eq(next, *token) ? STR_NONE : next;
	return ERR_OK;
}

static enum err
list_rules(struct ask *q)
{
	struct call *c = q->c;
	struct str token = STR_NONE;
	const struct json *rule = NULL;
	struct rows rows;
	size_t pages = 0;

	rows_init(&rows, c);
	json_begin_object(c->out);
	rows_begin(&rows, S("rules"));
	do {
		enum err err = fetch_page(q, &token, &rule);

		if (err != ERR_OK) {
			return err;
		}
		for (; rule != NULL; rule = rule->next) {
			show_rule(c, rule);
			if (!rows_fit(&rows)) {
				break;
			}
		}
	} while (token.p != NULL && rule == NULL && ++pages < PAGE_MAX_N);
	rows_end(&rows);
	rows_close(&rows, token.p != NULL, S("Name one rule."), rows.n == 0 ?
	    S("This account and region have no Contributor Insights rules.") :
	    S("rule_name shows one's contributors."));
	ask_origin(q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

/* The member `rule`: the rule as the listing has it. */
static enum err
show_wanted(struct ask *q, struct str name, struct rows *rows)
{
	struct json_writer *out = q->c->out;
	struct str token = STR_NONE;
	enum err err = ERR_OK;

	for (size_t pages = 0; pages < PAGE_MAX_N; pages++) {
		const struct json *rule = NULL;

		err = fetch_page(q, &token, &rule);
		while (err == ERR_OK && rule != NULL &&
		    !str_eq(json_get_str(rule, S("Name"), S("")), name)) {
			rule = rule->next;
		}
		if (err == ERR_OK && rule != NULL) {
			json_key(out, S("rule"));
			show_rule(q->c, rule);
			(void)rows_fit(rows);
			return ERR_OK;
		}
		if (err != ERR_OK || token.p == NULL) {
			break;
		}
	}
	if (err == ERR_OK || err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	json_put_string(out, S("rule_error"), fail_text(q->c->fail));
	(void)rows_fit(rows);
	fail_clear(q->c->fail);
	return ERR_OK;
}

static void
show_contributor(struct rows *rows, const struct json *one,
    const struct json *labels)
{
	struct json_writer *out = rows->out;
	size_t i = 0;

	json_begin_object(out);
	json_key(out, S("keys"));
	json_begin_array(out);
	for (const struct json *v = json_at(json_get(one, S("Keys")), 0);
	    v != NULL; v = v->next, i++) {
		json_begin_object(out);
		json_put_string_or_null(out, S("name"),
		    json_str(json_at(labels, i)));
		json_put_string_or_null(out, S("value"), json_str(v));
		json_end_object(out);
	}
	json_end_array(out);
	show_number(out, S("value"), one, S("ApproximateAggregateValue"));
	rows_begin(rows, S("datapoints"));
	for (const struct json *d = json_at(json_get(one, S("Datapoints")),
	    0); d != NULL; d = d->next) {
		json_begin_object(out);
		show_seconds(out, S("timestamp"), json_get(d, S("Timestamp")));
		show_number(out, S("value"), d, S("ApproximateValue"));
		json_end_object(out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	json_end_object(out);
}

static void
show_report(struct call *c, struct rows *rows, const struct json *report)
{
	const struct json *labels = json_get(report, S("KeyLabels"));
	const struct json *v = json_at(json_get(report, S("Contributors")),
	    0);
	struct json_writer *out = c->out;

	show_string(out, S("aggregation_statistic"), report,
	    S("AggregationStatistic"));
	show_number(out, S("aggregate_value"), report, S("AggregateValue"));
	show_number(out, S("approximate_unique_count"), report,
	    S("ApproximateUniqueCount"));
	rows_begin_share(rows, S("contributors"), 3, 4);
	for (; v != NULL; v = v->next) {
		show_contributor(rows, v, labels);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
	rows_begin(rows, S("metric_datapoints"));
	v = json_at(json_get(report, S("MetricDatapoints")), 0);
	for (; v != NULL; v = v->next) {
		json_begin_object(out);
		show_seconds(out, S("timestamp"), json_get(v, S("Timestamp")));
		for (size_t i = 0; i < METRIC_N; i++) {
			if (json_get_set(v, metrics[i]) != NULL) {
				show_number(out, shown[i], v, metrics[i]);
			}
		}
		json_end_object(out);
		if (!rows_fit(rows)) {
			break;
		}
	}
	rows_end(rows);
}

/* A period that gives a readable number of buckets. */
static int64_t
choose_period(int64_t start_ms, int64_t end_ms)
{
	static const int64_t steps[] = { 60, 300, 900, 3600, 6 * 3600 };
	size_t i = 0;

	while (i + 1 < sizeof(steps) / sizeof(steps[0]) &&
	    (end_ms - start_ms) / 1000 / steps[i] > BUCKET_MAX_N) {
		i++;
	}
	return steps[i];
}

static enum err
run(struct call *c)
{
	struct str name = tool_arg_str(c, S("rule_name"));
	int64_t start_ms, end_ms, period;
	const struct json *report, *wanted;
	struct json_writer *body;
	struct rows rows;
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	if (name.p == NULL) {
		return list_rules(&q);
	}
	end_ms = ask_time(&q, S("end_time"), ask_now_ms(&q));
	start_ms = ask_time(&q, S("start_time"), end_ms - 3600000);
	err = ask_check_range(&q, start_ms, end_ms);
	if (err != ERR_OK) {
		return err;
	}
	period = tool_arg(c, S("period")) != NULL ?
	    tool_arg_i64(c, S("period")) : choose_period(start_ms, end_ms);
	body = ask_body(&q);
	json_put_string(body, S("RuleName"), name);
	json_put_integer(body, S("StartTime"), start_ms / 1000);
	json_put_integer(body, S("EndTime"), end_ms / 1000);
	json_put_integer(body, S("Period"), period);
	json_put_integer(body, S("MaxContributorCount"),
	    tool_arg_i64(c, S("max_contributors")));
	json_put_string(body, S("OrderBy"), tool_arg_str(c, S("order_by")));
	wanted = tool_arg(c, S("metrics"));
	if (wanted != NULL) {
		json_put_value(body, S("Metrics"), wanted);
	} else {
		json_put_raw(body, S("Metrics"), S("[\"UniqueContributors\","
		    "\"MaxContributorValue\",\"Sum\"]"));
	}
	err = ask_send(&q, ENDPOINT_CLOUDWATCH, S("GetInsightRuleReport"),
	    &report);
	if (err != ERR_OK) {
		return err;
	}
	rows_init(&rows, c);
	json_begin_object(c->out);
	json_put_string(c->out, S("rule_name"), name);
	show_time(c->out, S("start_time"), start_ms);
	show_time(c->out, S("end_time"), end_ms);
	json_put_integer(c->out, S("period"), period);
	rows_mark(&rows);
	err = show_wanted(&q, name, &rows);
	if (err != ERR_OK) {
		return err;
	}
	show_report(c, &rows, report);
	rows_close(&rows, false, S("Lower max_contributors or raise period."),
	    json_at(json_get(report, S("Contributors")), 0) == NULL ?
	    S("No contributor in this window; a rule counts only from its "
	    "creation on and while it is enabled.") : STR_NONE);
	ask_origin(&q, c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct str orders[] = { STR_INIT("Sum"), STR_INIT("Maximum") };

static const struct param params[] = {
	{ .name = STR_INIT("rule_name"), .type = PARAM_STRING, .min = 1,
	    .max = 128, .text = STR_INIT("without it: the rules") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 1h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: now") },
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 60,
	    .max = 86400, .text = STR_INIT("seconds, of the datapoints") },
	{ .name = STR_INIT("max_contributors"), .type = PARAM_INTEGER,
	    .min = 1, .max = 100, .fallback = "10" },
	{ .name = STR_INIT("order_by"), .type = PARAM_STRING,
	    .choices = orders, .choice_n = 2,
	    .fallback = "\"Sum\"" },
	{ .name = STR_INIT("metrics"), .type = PARAM_STRINGS, .min = 1,
	    .max = METRIC_N, .choices = metrics, .choice_n = METRIC_N },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_insight_rule_report = {
	.name = STR_INIT("get_insight_rule_report"),
	.title = STR_INIT("Contributor Insights"),
	.description = STR_INIT("Who or what contributes most, by a "
	    "Contributor Insights rule: top contributors and aggregates over "
	    "time. Without rule_name it lists the rules."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"rules\":{\"type\":\"array\"},\"rule_name\":{},"
	    "\"start_time\":{},\"end_time\":{},\"period\":{},"
	    "\"rule\":{},\"rule_error\":{},\"aggregation_statistic\":{},"
	    "\"aggregate_value\":{},\"approximate_unique_count\":{},"
	    "\"contributors\":{\"type\":\"array\"},"
	    "\"metric_datapoints\":{\"type\":\"array\"},"
	    ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_active_alarms and describe_alarms: DescribeAlarms of CloudWatch, every
 * alarm type, paged, cut at max_items with a word about what is left.
 *
 * AWS answers metric alarms only unless AlarmTypes says otherwise, so both
 * tools always name the types. A threshold that an alarm does not have
 * (anomaly band, metric math) is null.
 */
#include "tools/tools.h"

#include "tools/ask.h"
#include "tools/show.h"

/* The service's page size limit. */
#define PAGE_MAX 100

/* The lists of a DescribeAlarms answer, in the order they are shown. */
struct kind {
	struct str list;  /* member of AWS's answer */
	struct str shown; /* member of ours */
	struct str type;  /* AWS's name of the alarm type */
};

static const struct kind kinds[] = {
	{ STR_INIT("MetricAlarms"), STR_INIT("metric_alarms"),
	    STR_INIT("MetricAlarm") },
	{ STR_INIT("CompositeAlarms"), STR_INIT("composite_alarms"),
	    STR_INIT("CompositeAlarm") },
	{ STR_INIT("LogAlarms"), STR_INIT("log_alarms"),
	    STR_INIT("LogAlarm") },
};

#define KIND_N (sizeof(kinds) / sizeof(kinds[0]))

/* Alarms collected over the pages, still as AWS sent them. */
struct found {
	const struct json **items[KIND_N];
	size_t n[KIND_N];
	size_t total;
	bool more;            /* AWS has alarms that are not shown */
};

static void
show_common(struct json_writer *out, const struct json *alarm,
    const struct kind *kind)
{
	show_string(out, S("alarm_name"), alarm, S("AlarmName"));
	show_string(out, S("alarm_description"), alarm, S("AlarmDescription"));
	show_string(out, S("state_value"), alarm, S("StateValue"));
	show_string(out, S("state_reason"), alarm, S("StateReason"));
	show_seconds(out, S("state_updated_timestamp"),
	    json_get(alarm, S("StateUpdatedTimestamp")));
	json_put_string(out, S("alarm_type"), kind->type);
}

/* Statistic and ExtendedStatistic are one thing to a reader. */
static void
show_statistic(struct json_writer *out, const struct json *alarm)
{
	struct str plain = json_str(json_get(alarm, S("Statistic")));
	struct str extended = json_str(json_get(alarm, S("ExtendedStatistic")));

	json_put_string_or_null(out, S("statistic"),
	    plain.p != NULL ? plain : extended);
}

/* Metrics[] of a metric-math or anomaly alarm: id, expression or metric. */
static void
show_queries(struct json_writer *out, const struct json *alarm)
{
	const struct json *q = json_at(json_get(alarm, S("Metrics")), 0);

	if (q == NULL) {
		return;
	}
	json_key(out, S("metrics"));
	json_begin_array(out);
	for (; q != NULL; q = q->next) {
		const struct json *stat = json_get(q, S("MetricStat"));
		const struct json *metric = json_get(stat, S("Metric"));

		json_begin_object(out);
		show_string(out, S("id"), q, S("Id"));
		if (stat == NULL) {
			show_string(out, S("expression"), q, S("Expression"));
		} else {
			show_string(out, S("namespace"), metric,
			    S("Namespace"));
			show_string(out, S("metric_name"), metric,
			    S("MetricName"));
			show_dimensions(out, S("dimensions"),
			    json_get(metric, S("Dimensions")));
			show_string(out, S("statistic"), stat, S("Stat"));
			show_number(out, S("period"), stat, S("Period"));
		}
		json_end_object(out);
	}
	json_end_array(out);
}

static void
show_metric(struct json_writer *out, const struct json *alarm)
{
	const struct json *promql = json_path(alarm,
	    S("EvaluationCriteria.PromQLCriteria.Query"));

	show_string(out, S("metric_name"), alarm, S("MetricName"));
	show_string(out, S("namespace"), alarm, S("Namespace"));
	show_dimensions(out, S("dimensions"),
	    json_get(alarm, S("Dimensions")));
	show_statistic(out, alarm);
	show_number(out, S("period"), alarm, S("Period"));
	show_number(out, S("threshold"), alarm, S("Threshold"));
	show_string(out, S("comparison_operator"), alarm,
	    S("ComparisonOperator"));
	show_number(out, S("evaluation_periods"), alarm,
	    S("EvaluationPeriods"));
	show_queries(out, alarm);
	if (json_is(promql, JSON_STRING)) {
		json_put_value(out, S("promql_query"), promql);
	}
}

/* What describe_alarms adds: how the alarm is set up. */
static void
show_setup(struct json_writer *out, const struct json *alarm)
{
	static const struct str actions[][2] = {
		{ STR_INIT("alarm_actions"), STR_INIT("AlarmActions") },
		{ STR_INIT("ok_actions"), STR_INIT("OKActions") },
		{ STR_INIT("insufficient_data_actions"),
		    STR_INIT("InsufficientDataActions") },
	};
	const struct json *enabled = json_get(alarm, S("ActionsEnabled"));

	show_string(out, S("alarm_arn"), alarm, S("AlarmArn"));
	json_put_value(out, S("actions_enabled"),
	    json_is(enabled, JSON_BOOL) ? enabled : NULL);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		show_strings(out, actions[i][0],
		    json_get(alarm, actions[i][1]));
	}
	show_seconds(out, S("configuration_updated_timestamp"),
	    json_get(alarm, S("AlarmConfigurationUpdatedTimestamp")));
	show_seconds(out, S("state_transitioned_timestamp"),
	    json_get(alarm, S("StateTransitionedTimestamp")));
	if (json_get(alarm, S("EvaluationPeriods")) != NULL) {
		show_number(out, S("datapoints_to_alarm"), alarm,
		    S("DatapointsToAlarm"));
		show_string(out, S("treat_missing_data"), alarm,
		    S("TreatMissingData"));
	}
	if (json_get(alarm, S("ActionsSuppressedBy")) != NULL) {
		show_string(out, S("actions_suppressed_by"), alarm,
		    S("ActionsSuppressedBy"));
		show_string(out, S("actions_suppressed_reason"), alarm,
		    S("ActionsSuppressedReason"));
	}
}

static void
show_alarm(struct json_writer *out, const struct json *alarm, size_t kind,
    bool setup)
{
	json_begin_object(out);
	show_common(out, alarm, &kinds[kind]);
	if (kind == 0) {
		show_metric(out, alarm);
	} else if (kind == 1) {
		show_string(out, S("alarm_rule"), alarm, S("AlarmRule"));
	} else {
		show_number(out, S("threshold"), alarm, S("Threshold"));
		show_string(out, S("comparison_operator"), alarm,
		    S("ComparisonOperator"));
		json_put_value(out, S("scheduled_query"),
		    json_get(alarm, S("ScheduledQueryConfiguration")));
	}
	if (setup) {
		show_setup(out, alarm);
	}
	json_end_object(out);
}

/* Adds one page; stops at max alarms. false: there was no room for all. */
static void
collect(struct found *found, const struct json *page, size_t max)
{
	for (size_t k = 0; k < KIND_N; k++) {
		const struct json *alarm =
		    json_at(json_get(page, kinds[k].list), 0);

		for (; alarm != NULL; alarm = alarm->next) {
			if (found->total == max) {
				found->more = true;
				return;
			}
			found->items[k][found->n[k]++] = alarm;
			found->total++;
		}
	}
}

/* Pages through DescribeAlarms with the given filter until max alarms are
 * there or AWS has no more. */
static enum err
fetch(struct ask *q, void (*filter)(struct call *, struct json_writer *),
    size_t max, struct found *found)
{
	struct str token = STR_NONE;

	for (size_t k = 0; k < KIND_N; k++) {
		found->items[k] = ARENA_ARRAY(q->c->arena, max,
		    const struct json *);
		if (found->items[k] == NULL) {
			return fail_set(q->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
	}
	do {
		struct json_writer *body = ask_body(q);
		size_t left = max - found->total;
		const struct json *page;
		enum err err;

		filter(q->c, body);
		/* One more than wanted tells whether there are more. */
		json_put_integer(body, S("MaxRecords"),
		    left < PAGE_MAX ? (int64_t)left + 1 : PAGE_MAX);
		if (token.p != NULL) {
			json_put_string(body, S("NextToken"), token);
		}
		err = ask_send(q, ENDPOINT_CLOUDWATCH, S("DescribeAlarms"),
		    &page);
		if (err != ERR_OK) {
			return err;
		}
		collect(found, page, max);
		token = json_get_str(page, S("NextToken"), STR_NONE);
		q->c->progress(q->c, (double)found->total, 0,
		    S("reading alarms"));
	} while (token.len > 0 && !found->more && found->total < max);
	found->more = found->more || token.len > 0;
	return ERR_OK;
}

static void
show_found(struct ask *q, const struct found *found, bool setup,
    struct str none)
{
	struct json_writer *out = q->c->out;
	size_t left = found->total;
	struct rows rows;

	rows_init(&rows, q->c);
	json_begin_object(out);
	for (size_t k = 0; k < KIND_N; k++) {
		/* Log alarms are new and rare: shown when there are some. */
		if (k == 2 && found->n[k] == 0) {
			continue;
		}
		rows_begin_share(&rows, kinds[k].shown, found->n[k] + 1,
		    left + KIND_N);
		for (size_t i = 0; i < found->n[k]; i++) {
			show_alarm(out, found->items[k][i], k, setup);
			if (!rows_fit(&rows)) {
				break;
			}
		}
		rows_end(&rows);
		left -= found->n[k];
	}
	rows_close(&rows, found->more, S("Raise max_items, or narrow the "
	    "request."), found->total == 0 ? none : STR_NONE);
	ask_origin(q, out);
	json_end_object(out);
}

static void
all_types(struct json_writer *body)
{
	json_key(body, S("AlarmTypes"));
	json_begin_array(body);
	json_string(body, S("CompositeAlarm"));
	json_string(body, S("MetricAlarm"));
	json_end_array(body);
}

static void
active_filter(struct call *c, struct json_writer *body)
{
	(void)c;
	json_put_string(body, S("StateValue"), S("ALARM"));
	all_types(body);
}

static enum err
active_run(struct call *c)
{
	struct found found = { .total = 0 };
	struct ask q;
	enum err err;

	ask_begin(&q, c);
	err = fetch(&q, active_filter,
	    (size_t)tool_arg_i64(c, S("max_items")), &found);
	if (err == ERR_OK) {
		show_found(&q, &found, false,
		    S("No alarm is in ALARM state in this region."));
	}
	return err;
}

static void
describe_filter(struct call *c, struct json_writer *body)
{
	static const struct str strings[][2] = {
		{ STR_INIT("alarm_name_prefix"), STR_INIT("AlarmNamePrefix") },
		{ STR_INIT("state_value"), STR_INIT("StateValue") },
		{ STR_INIT("children_of"), STR_INIT("ChildrenOfAlarmName") },
		{ STR_INIT("parents_of"), STR_INIT("ParentsOfAlarmName") },
	};
	const struct json *names = tool_arg(c, S("alarm_names"));
	const struct json *types = tool_arg(c, S("alarm_types"));

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct str value = tool_arg_str(c, strings[i][0]);

		if (value.p != NULL) {
			json_put_string(body, strings[i][1], value);
		}
	}
	if (names != NULL) {
		json_put_value(body, S("AlarmNames"), names);
	}
	if (types != NULL) {
		json_put_value(body, S("AlarmTypes"), types);
	} else {
		all_types(body);
	}
}

static enum err
describe_run(struct call *c)
{
	struct found found = { .total = 0 };
	struct ask q;
	enum err err;

	if (tool_arg(c, S("alarm_names")) != NULL &&
	    tool_arg_str(c, S("alarm_name_prefix")).p != NULL) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give alarm_names "
		    "or alarm_name_prefix, not both: AWS takes one of them"));
	}
	ask_begin(&q, c);
	err = fetch(&q, describe_filter,
	    (size_t)tool_arg_i64(c, S("max_items")), &found);
	if (err == ERR_OK) {
		show_found(&q, &found, true, S("No alarm matches in this "
		    "region and account."));
	}
	return err;
}

#define MAX_ITEMS \
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1, \
	    .max = 5000, .fallback = STR_INIT("50") }

static const struct param active_params[] = {
	MAX_ITEMS,
	ASK_PARAMS,
};

#define ALARM_LISTS \
	"\"metric_alarms\":{\"type\":\"array\"}," \
	"\"composite_alarms\":{\"type\":\"array\"}," \
	"\"log_alarms\":{\"type\":\"array\"}," \
	ROWS_SCHEMA "," ASK_SCHEMA

/* see tools.h */
const struct tool tools_get_active_alarms = {
	.name = STR_INIT("get_active_alarms"),
	.title = STR_INIT("Active alarms"),
	.description = STR_INIT("Alarms in ALARM state now, metric and "
	    "composite, with reason, threshold and metric. The "
	    "first step of \"what is wrong\"; then get_alarm_history."),
	.params = active_params,
	.param_n = sizeof(active_params) / sizeof(active_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    ALARM_LISTS "}}"),
	.run = active_run,
};

static const struct str states[] = {
	STR_INIT("OK"), STR_INIT("ALARM"), STR_INIT("INSUFFICIENT_DATA"),
};

static const struct str types[] = {
	STR_INIT("MetricAlarm"), STR_INIT("CompositeAlarm"),
	STR_INIT("LogAlarm"),
};

static const struct param describe_params[] = {
	{ .name = STR_INIT("alarm_names"), .type = PARAM_STRINGS, .min = 1,
	    .max = 100 },
	{ .name = STR_INIT("alarm_name_prefix"), .type = PARAM_STRING,
	    .min = 1, .max = 255 },
	{ .name = STR_INIT("state_value"), .type = PARAM_STRING,
	    .choices = states, .choice_n = 3 },
	{ .name = STR_INIT("alarm_types"), .type = PARAM_STRINGS, .min = 1,
	    .max = 3, .choices = types, .choice_n = 3,
	    .text = STR_INIT("default: metric and composite") },
	{ .name = STR_INIT("children_of"), .type = PARAM_STRING, .min = 1,
	    .max = 255, .text = STR_INIT("a composite: its members") },
	{ .name = STR_INIT("parents_of"), .type = PARAM_STRING, .min = 1,
	    .max = 255, .text = STR_INIT("the composites above this") },
	MAX_ITEMS,
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_describe_alarms = {
	.name = STR_INIT("describe_alarms"),
	.title = STR_INIT("Describe alarms"),
	.description = STR_INIT("Alarms in any state with their "
	    "configuration: metric or expression, threshold, evaluation, "
	    "actions."),
	.params = describe_params,
	.param_n = sizeof(describe_params) / sizeof(describe_params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    ALARM_LISTS "}}"),
	.run = describe_run,
};

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

#include "tools/alarm_row.h"
#include "tools/ask.h"
#include "tools/fan.h"
#include "tools/show.h"

/* The service's page size limit, and of names in one request. */
#define PAGE_MAX 100
/* Pages of one call: max_items fit into fifty, and a page may be empty. */
#define PAGE_MAX_N 100
/* Bytes of a failure that are repeated beside what came before it. */
#define LOST_MAX ((size_t)400)

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
	struct str lost;      /* why later pages are missing; absent: they are
	                       * not */
};

/* What is asked for: writes its members into each request. */
struct want {
	void (*put)(const struct want *w, struct json_writer *body);
	struct call *c;
	const struct found *relatives; /* those whose details are wanted */
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

static void
show_metric(struct json_writer *out, const struct json *alarm)
{
	const struct json *promql = json_path(alarm,
	    S("EvaluationCriteria.PromQLCriteria.Query"));

	show_string(out, S("metric_name"), alarm, S("MetricName"));
	show_string(out, S("namespace"), alarm, S("Namespace"));
	show_dimensions(out, S("dimensions"),
	    json_get(alarm, S("Dimensions")));
	alarm_row_statistic(out, alarm);
	show_number(out, S("period"), alarm, S("Period"));
	show_number(out, S("threshold"), alarm, S("Threshold"));
	show_string(out, S("comparison_operator"), alarm,
	    S("ComparisonOperator"));
	show_number(out, S("evaluation_periods"), alarm,
	    S("EvaluationPeriods"));
	alarm_row_queries(out, alarm);
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

/* Its members, into an object that is open. */
static void
show_alarm(struct json_writer *out, const struct json *alarm, size_t kind,
    bool setup)
{
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

/* Asks for one page; *page is NULL when it failed and others came before. */
static enum err
fetch_page(struct ask *q, const struct want *want, size_t max,
    struct found *found, struct str token, const struct json **page)
{
	struct json_writer *body = ask_body(q);
	size_t left = max - found->total;
	enum err err;

	want->put(want, body);
	/* One more than wanted tells whether there are more. */
	json_put_integer(body, S("MaxRecords"),
	    left < PAGE_MAX ? (int64_t)left + 1 : PAGE_MAX);
	if (token.p != NULL) {
		json_put_string(body, S("NextToken"), token);
	}
	err = ask_send(q, ENDPOINT_CLOUDWATCH, S("DescribeAlarms"), page);
	if (err != ERR_OK && found->total > 0) {
		found->lost = fail_text(q->c->fail);
		fail_clear(q->c->fail);
		*page = NULL;
		return ERR_OK;
	}
	return err;
}

/* Pages through DescribeAlarms until max alarms are there or AWS has no more.
 * A token that comes again leads nowhere and ends the reading. */
static enum err
fetch(struct ask *q, const struct want *want, size_t max, struct found *found)
{
	struct str token = STR_NONE;

	for (size_t k = 0; k < KIND_N; k++) {
		found->items[k] = ARENA_ARRAY(q->c->arena, max,
		    const struct json *);
		if (found->items[k] == NULL) {
			return fail_set(q->c->fail, ERR_NOMEM, 0, STR_NONE);
		}
	}
	for (size_t turn = 0; turn < PAGE_MAX_N; turn++) {
		const struct json *page;
		struct str next;
		enum err err = fetch_page(q, want, max, found, token, &page);

		if (err != ERR_OK) {
			return err;
		}
		if (page == NULL) {
			break;
		}
		collect(found, page, max);
		next = json_get_str(page, S("NextToken"), STR_NONE);
		q->c->progress(q->c, (double)found->total, 0,
		    S("reading alarms"));
		if (next.len > 0 && str_eq(next, token)) {
			break;
		}
		token = next;
		if (token.len == 0 || found->more || found->total == max) {
			break;
		}
	}
	found->more = found->more || token.len > 0;
	return ERR_OK;
}

static void
show_found(struct ask *q, const struct found *found, bool setup,
    struct str none)
{
	struct json_writer *out = q->c->out;
	struct buf text = buf_in(q->c->arena, ROWS_CLOSING);
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
			json_begin_object(out);
			show_alarm(out, found->items[k][i], k, setup);
			json_end_object(out);
			if (!rows_fit(&rows)) {
				break;
			}
		}
		rows_end(&rows);
		left -= found->n[k];
	}
	if (found->lost.p != NULL) {
		buf_addf(&text, "The rest is missing: %s",
		    str_sub(found->lost, 0, LOST_MAX));
	} else if (found->total == 0 && !found->more) {
		buf_add(&text, none);
	}
	rows_say(&rows, found->more, S("Raise max_items, or narrow the "
	    "request."), &text);
	json_put_boolean(out, S("has_more_results"), rows.cut || found->more);
	json_put_string_or_null(out, S("message"),
	    text.len > 0 ? buf_str(&text) : STR_NONE);
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
put_active(const struct want *want, struct json_writer *body)
{
	(void)want;
	json_put_string(body, S("StateValue"), S("ALARM"));
	all_types(body);
}

/* ---- many accounts and regions ---- */

/* What fan_read.ctx points to. */
struct many {
	const struct want *want;
	bool setup;
};

static void
put_many(void *ctx, struct json_writer *body, size_t left)
{
	const struct many *many = ctx;

	many->want->put(many->want, body);
	json_put_integer(body, S("MaxRecords"),
	    left < PAGE_MAX ? (int64_t)left + 1 : PAGE_MAX);
}

static void
take_many(const struct fan_read *how, struct fan *fan, struct fan_target *t,
    const struct json *page)
{
	const struct many *many = how->ctx;

	for (unsigned k = 0; k < KIND_N; k++) {
		const struct json *alarm =
		    json_at(json_get(page, kinds[k].list), 0);

		for (; alarm != NULL; alarm = alarm->next) {
			show_alarm(fan_row(fan, t), alarm, k, many->setup);
			if (!fan_keep(fan, how, t, k)) {
				return;
			}
		}
	}
}

/* The same from all that `profiles` and `regions` name. */
static enum err
fetch_many(struct call *c, const struct want *want, bool setup,
    struct str none)
{
	struct many many = { want, setup };
	const struct fan_read how = { .service = ENDPOINT_CLOUDWATCH,
		.operation = S("DescribeAlarms"), .token = S("NextToken"),
		.progress = S("reading alarms"), .ctx = &many,
		.put = put_many, .take = take_many,
		.row_max_n = (size_t)tool_arg_i64(c, S("max_items")) };
	struct str lists[KIND_N];
	struct fan fan;
	enum err err = fan_open(&fan, c);

	for (size_t k = 0; k < KIND_N; k++) {
		lists[k] = kinds[k].shown;
	}
	if (err == ERR_OK) {
		err = fan_read(&fan, &how);
	}
	if (err == ERR_OK) {
		err = fan_show(&fan, lists, KIND_N, how.row_max_n, none);
	}
	fan_free(&fan);
	return err;
}

static enum err
active_run(struct call *c)
{
	const struct want want = { .put = put_active, .c = c };
	struct found found = { .total = 0 };
	struct ask q;
	enum err err;

	if (fan_wanted(c)) {
		return fetch_many(c, &want, false, S("No alarm is in ALARM "
		    "state in any of them."));
	}
	ask_begin(&q, c);
	err = fetch(&q, &want, (size_t)tool_arg_i64(c, S("max_items")),
	    &found);
	if (err == ERR_OK) {
		show_found(&q, &found, false,
		    S("No alarm is in ALARM state in this region."));
	}
	return err;
}

static void
put_argument(struct call *c, struct json_writer *body, struct str name,
    struct str member)
{
	struct str value = tool_arg_str(c, name);

	if (value.p != NULL) {
		json_put_string(body, member, value);
	}
}

/* AlarmTypes and StateValue, which go with everything but relatives. */
static void
put_filters(struct call *c, struct json_writer *body)
{
	const struct json *types = tool_arg(c, S("alarm_types"));

	put_argument(c, body, S("state_value"), S("StateValue"));
	if (types != NULL) {
		json_put_value(body, S("AlarmTypes"), types);
	} else {
		all_types(body);
	}
}

static void
put_describe(const struct want *want, struct json_writer *body)
{
	const struct json *names = tool_arg(want->c, S("alarm_names"));

	put_argument(want->c, body, S("alarm_name_prefix"),
	    S("AlarmNamePrefix"));
	if (names != NULL) {
		json_put_value(body, S("AlarmNames"), names);
	}
	put_filters(want->c, body);
}

/* AWS refuses any other member beside one of these. */
static void
put_relatives(const struct want *want, struct json_writer *body)
{
	put_argument(want->c, body, S("children_of"),
	    S("ChildrenOfAlarmName"));
	put_argument(want->c, body, S("parents_of"), S("ParentsOfAlarmName"));
}

/* The relatives by name: the request for them told hardly more than that. */
static void
put_named(const struct want *want, struct json_writer *body)
{
	const struct found *of = want->relatives;

	json_key(body, S("AlarmNames"));
	json_begin_array(body);
	for (size_t k = 0, n = 0; k < KIND_N; k++) {
		for (size_t i = 0; i < of->n[k] && n < PAGE_MAX; i++) {
			json_string(body, json_get_str(of->items[k][i],
			    S("AlarmName"), S("-")));
			n++;
		}
	}
	json_end_array(body);
	put_filters(want->c, body);
}

/* Children or parents of an alarm, with their details. */
static enum err
fetch_relatives(struct ask *q, size_t max, struct found *found)
{
	struct found relatives = { .total = 0 };
	struct want want = { .put = put_relatives, .c = q->c };
	enum err err = fetch(q, &want, PAGE_MAX, &relatives);

	if (err == ERR_OK && relatives.total > 0) {
		want.put = put_named;
		want.relatives = &relatives;
		err = fetch(q, &want, max, found);
		found->more = found->more || relatives.more;
		found->lost = found->lost.p != NULL ? found->lost :
		    relatives.lost;
	}
	return err;
}

static enum err
describe_run(struct call *c)
{
	static const struct str ways[] = { STR_INIT("alarm_names"),
		STR_INIT("alarm_name_prefix"), STR_INIT("children_of"),
		STR_INIT("parents_of") };
	const struct want want = { .put = put_describe, .c = c };
	size_t max = (size_t)tool_arg_i64(c, S("max_items"));
	struct found found = { .total = 0 };
	size_t way = 0, way_n = 0;
	struct ask q;
	enum err err;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (tool_arg(c, ways[i]) != NULL) {
			way = i;
			way_n++;
		}
	}
	if (way_n > 1) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("give one of "
		    "alarm_names, alarm_name_prefix, children_of and "
		    "parents_of, not both: AWS takes one of them"));
	}
	if (fan_wanted(c)) {
		return way < 2 ? fetch_many(c, &want, true, S("No alarm "
		    "matches in any of them.")) : fail_set(c->fail,
		    ERR_ARGUMENT, 0, S("children_of and parents_of are of one "
		    "account and region: leave profiles and regions out"));
	}
	ask_begin(&q, c);
	err = way >= 2 ? fetch_relatives(&q, max, &found) :
	    fetch(&q, &want, max, &found);
	if (err == ERR_OK) {
		show_found(&q, &found, true, S("No alarm matches in this "
		    "region and account."));
	}
	return err;
}

#define MAX_ITEMS \
	{ .name = STR_INIT("max_items"), .type = PARAM_INTEGER, .min = 1, \
	    .max = 5000, .fallback = "50" }

static const struct param active_params[] = {
	MAX_ITEMS,
	FAN_PARAMS,
	ASK_PARAMS,
};

#define ALARM_LISTS \
	"\"metric_alarms\":{\"type\":\"array\"}," \
	"\"composite_alarms\":{\"type\":\"array\"}," \
	"\"log_alarms\":{\"type\":\"array\"}," \
	FAN_SCHEMA "," \
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
	FAN_PARAMS,
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

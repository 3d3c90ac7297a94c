/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prompts.
 *
 * Texts are templates: {name} is the argument as a JSON string, so that no
 * value can pose as an instruction of ours, and [...] is left out when an
 * argument named in it was not given. Neither nests.
 */
#include "tools/prompts.h"

#include "base/limits.h"
#include "tools/ask.h"
#include "tools/metric_table.h"

/* One prompt's text: what it is arguments and all. */
#define TEXT_MAX ((size_t)16 * 1024)

struct step {
	struct str tool; /* which it belongs to; absent: none */
	struct str text;
};

/* What a prompt says, and when it makes sense. */
struct script {
	struct str tool; /* without it the prompt is not offered */
	const struct step *steps;
	size_t n;
};

#define STEP(tool, text) { STR_INIT(tool), STR_INIT(text) },
#define SAY(text) { { NULL, 0 }, STR_INIT(text) },

static const struct step investigate_steps[] = {
	SAY("Find out why the CloudWatch alarm {alarm_name}[ in region "
	    "{region}] went off, what it affects, and what to do. Use these "
	    "tools in this order, and stop as soon as the cause is certain:")
	STEP("investigate_alarm", "investigate_alarm with alarm_name "
	    "{alarm_name}[, region {region}] gathers most of what follows in "
	    "one call. Go on by hand only where it marks a part as cut or "
	    "leaves a question open.")
	STEP("get_alarm_history", "get_alarm_history with alarm_name "
	    "{alarm_name}[, region {region}]: since when, how often, does it "
	    "flap? For a composite alarm again with include_component_alarms "
	    "true, and go on with the member that went off first. Take start "
	    "and end for the next steps from time_range_suggestions.")
	STEP("describe_alarms", "describe_alarms with alarm_names "
	    "[{alarm_name}][, region {region}]: metric, dimensions, threshold, "
	    "periods, and how missing data counts. Does the alarm measure what "
	    "its name says?")
	STEP("get_metric_metadata", "get_metric_metadata for that namespace "
	    "and metric_name, where it is a metric of AWS: what the value "
	    "means and what a bad one looks like.")
	STEP("get_metric_data", "get_metric_data of that metric with exactly "
	    "its dimensions and statistic, from an hour before to an hour "
	    "after the change; then the metrics beside it that could explain "
	    "it (load, errors, latency, saturation), found with the same "
	    "dimensions.")
	STEP("compare_metric_windows", "compare_metric_windows of that metric: "
	    "is this unusual against the window before and the same day last "
	    "week, and when did it begin?")
	STEP("get_active_alarms", "get_active_alarms[ with region {region}]: "
	    "what else is in alarm, and does it share a dimension or a time?")
	STEP("describe_log_groups", "describe_log_groups with "
	    "log_group_name_pattern: the groups that belong to the alarm's "
	    "dimensions (function, service, cluster, API).")
	STEP("execute_log_insights_query", "execute_log_insights_query on "
	    "those groups in that window, first: filter @message like "
	    "/(?i)error|exception|timeout/ | stats count(*) as n by bin(5m); "
	    "then a few whole messages around the first rise, with limit 20.")
	SAY("Answer with: what happened, with times in UTC; the cause, the "
	    "evidence for it, and how sure you are; what is affected; what to "
	    "do now; and what you could not look at. Do not guess where the "
	    "data says nothing.")
};

static const struct step cost_steps[] = {
	SAY("Explain what a CloudWatch Logs Insights query costs and how to "
	    "make it cheaper. It is charged for the bytes it scans, about "
	    "0.005 USD for each GB, whatever it returns.[ The query: "
	    "{query_string}.][ Log groups: {log_groups}.][ From {start_time}.]"
	    "[ The id of the query, which ran already: {query_id}.][ Region: "
	    "{region}.] Do not run the query to find out.")
	STEP("get_logs_insight_query_results",
	    "[get_logs_insight_query_results with query_id {query_id}: its "
	    "statistics hold the bytes that were scanned; that times the "
	    "price is what it cost. ]Where there is only a text, estimate as "
	    "follows.")
	STEP("describe_log_groups", "describe_log_groups with "
	    "log_group_name_prefix for each group: does it exist, how much is "
	    "stored, for how long is it kept, and is its class "
	    "INFREQUENT_ACCESS?")
	STEP("get_metric_data", "get_metric_data with namespace AWS/Logs, "
	    "metric_name IncomingBytes, statistic Sum and the dimension "
	    "LogGroupName over the same window: the sum is about what the "
	    "query scans in that group.")
	STEP("recommend_indexes_loggroup", "recommend_indexes_loggroup for the "
	    "group: an index on a field that the query compares with = or in "
	    "lets it skip what cannot match.")
	SAY("Answer with: the estimate in GB and USD, for one run and for the "
	    "runs a month if it is on a dashboard; which group and which part "
	    "of the window costs most; and a cheaper form of the query with "
	    "the saving. A filter, limit or stats saves nothing by itself; a "
	    "shorter window, fewer groups and indexed fields do.")
};

static const struct step weekly_steps[] = {
	SAY("Write a report on the health of the last seven days as "
	    "CloudWatch shows it[, for the namespace {namespace}][ in region "
	    "{region}].")
	STEP("get_active_alarms", "get_active_alarms[ with region {region}]: "
	    "what is wrong right now.")
	STEP("describe_alarms", "describe_alarms with max_items 500[, region "
	    "{region}]: alarms without data or without actions[, and those on "
	    "{namespace}].")
	STEP("get_alarm_history", "get_alarm_history with start_time -7d for "
	    "the alarms that matter: how often did each go off, for how long, "
	    "which flap?")
	STEP("list_metrics", "list_metrics[ with namespace {namespace}]: what "
	    "there is, with exact dimensions. Choose the few that show load, "
	    "errors, latency and saturation.")
	STEP("get_metric_metadata", "get_metric_metadata where a metric of AWS "
	    "is not clear, and for the statistics that make sense.")
	STEP("compare_metric_windows", "compare_metric_windows of each: this "
	    "week against the one before, what changed and when it began.")
	STEP("get_metric_data", "get_metric_data of each with start_time -7d "
	    "and period 3600: peaks, trends, gaps.")
	STEP("analyze_metric", "analyze_metric where a trend or a rhythm "
	    "matters for capacity.")
	SAY("Answer with: a verdict in one sentence; incidents of the week "
	    "with start and end in UTC; what got worse and what got better, in "
	    "numbers; risks of the next weeks with the evidence; alarms to "
	    "add, mend or remove. Say what you could not see.")
};

#define N(a) (sizeof(a) / sizeof((a)[0]))

/* In the order of prompts_table. */
static const struct script scripts[] = {
	{ STR_INIT("get_alarm_history"), investigate_steps,
	    N(investigate_steps) },
	{ STR_INIT("execute_log_insights_query"), cost_steps, N(cost_steps) },
	{ STR_INIT("get_metric_data"), weekly_steps, N(weekly_steps) },
};

/* ---- texts ---- */

/* One piece without brackets; false: an argument in it was not given. */
static bool
add_piece(struct buf *out, struct str piece, const struct json *args)
{
	while (piece.len > 0) {
		size_t from = str_find_byte(piece, '{', 0);
		size_t to = str_find_byte(piece, '}', from);
		struct json_writer w = json_writer(out);
		struct str value;

		buf_add(out, str_sub(piece, 0, from));
		if (to == piece.len) {
			break;
		}
		value = json_str(json_get_set(args,
		    str_sub(piece, from + 1, to)));
		if (value.len == 0) {
			return false;
		}
		json_string(&w, value);
		piece = str_sub(piece, to + 1, piece.len);
	}
	return true;
}

/* A bracket that holds a placeholder and nothing else is a JSON array. */
static bool
is_array(struct str inside)
{
	return str_starts(inside, S("{")) &&
	    str_find_byte(inside, '}', 0) + 1 == inside.len;
}

static void
add_text(struct buf *out, struct str text, const struct json *args)
{
	while (text.len > 0) {
		size_t from = str_find_byte(text, '[', 0);
		size_t to = str_find_byte(text, ']', from);
		struct str inside = str_sub(text, from + 1, to);
		size_t before;

		(void)add_piece(out, str_sub(text, 0, from), args);
		if (to == text.len) {
			break;
		}
		before = out->len;
		if (is_array(inside)) {
			buf_add_byte(out, '[');
		}
		if (!add_piece(out, inside, args)) {
			buf_cut(out, before);
		} else if (is_array(inside)) {
			buf_add_byte(out, ']');
		}
		text = str_sub(text, to + 1, text.len);
	}
}

static enum err
write_script(struct call *c, const struct script *s)
{
	struct buf text = buf_in(c->arena, TEXT_MAX);
	uint64_t number = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct step *step = &s->steps[i];

		if (step->tool.p != NULL && tool_find(c->tools, c->tool_n,
		    step->tool) == NULL) {
			continue;
		}
		if (step->tool.p != NULL) {
			buf_addf(&text, "%u. ", ++number);
		}
		add_text(&text, step->text, c->args);
		buf_add_byte(&text, '\n');
	}
	if (!buf_ok(&text)) {
		return fail_set(c->fail, ERR_LIMIT, 0,
		    S("the arguments of the prompt are too long"));
	}
	prompt_text(c->out, S("user"), buf_str(&text));
	return ERR_OK;
}

static enum err
get_investigate(struct call *c)
{
	return write_script(c, &scripts[0]);
}

static enum err
get_cost(struct call *c)
{
	return write_script(c, &scripts[1]);
}

static enum err
get_weekly(struct call *c)
{
	return write_script(c, &scripts[2]);
}

/* ---- completion ---- */

static const struct param ask_params[] = { ASK_PARAMS };
static const struct tool asking = {
	.name = STR_INIT("completion"), .params = ask_params,
	.param_n = sizeof(ask_params) / sizeof(ask_params[0]),
};

/* One page of names from AWS that begin with what was typed. A completion is a
 * courtesy: when AWS cannot be asked there are no candidates. */
static enum err
complete_from(struct completion *c, enum endpoint_service service,
    struct str operation, struct str prefix, const struct str lists[2],
    struct str name)
{
	static const struct json none = { .type = JSON_OBJECT };
	struct call call = *c->call;
	struct json_writer *body;
	const struct json *page;
	struct ask q;
	enum err err;

	call.tool = &asking;
	call.args = json_is(c->context, JSON_OBJECT) ? c->context : &none;
	ask_begin(&q, &call);
	body = ask_body(&q);
	if (c->value.len > 0) {
		json_put_string(body, prefix, c->value);
	}
	err = ask_send(&q, service, operation, &page);
	c->call->aws_calls = call.aws_calls;
	if (err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	fail_clear(c->call->fail);
	for (size_t i = 0; err == ERR_OK && i < 2; i++) {
		const struct json *v = json_at(json_get(page, lists[i]), 0);

		for (; v != NULL; v = v->next) {
			prompt_complete(c, json_get_str(v, name, S("")));
		}
	}
	return ERR_OK;
}

static enum err
complete_alarm(struct completion *c)
{
	static const struct str lists[2] = { STR_INIT("CompositeAlarms"),
	    STR_INIT("MetricAlarms") };

	if (!str_eq(c->argument, S("alarm_name"))) {
		return ERR_OK;
	}
	return complete_from(c, ENDPOINT_CLOUDWATCH, S("DescribeAlarms"),
	    S("AlarmNamePrefix"), lists, S("AlarmName"));
}

static enum err
complete_group(struct completion *c)
{
	static const struct str lists[2] = { STR_INIT("logGroups"),
	    STR_INIT("") };

	if (!str_eq(c->argument, S("log_groups"))) {
		return ERR_OK;
	}
	return complete_from(c, ENDPOINT_LOGS, S("DescribeLogGroups"),
	    S("logGroupNamePrefix"), lists, S("logGroupName"));
}

static enum err
complete_namespace(struct completion *c)
{
	for (size_t i = 0; str_eq(c->argument, S("namespace")) &&
	    i < metric_table_namespace_n(); i++) {
		prompt_complete(c, metric_table_namespace_name(i));
	}
	return ERR_OK;
}

/* ---- the table ---- */

#define ARG(name_, text_) \
	{ .name = STR_INIT(name_), .type = PARAM_STRING, .max = 2000, \
	    .text = STR_INIT(text_) }
#define REGION ARG("region", "where it is, if not in the default region")

static const struct param investigate_args[] = {
	{ .name = STR_INIT("alarm_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255,
	    .text = STR_INIT("exact name") },
	REGION,
};

static const struct param cost_args[] = {
	ARG("query_id", "of a query that ran already; or:"),
	ARG("query_string", "text of the query"),
	ARG("log_groups", "log groups it reads, comma-separated"),
	ARG("start_time", "begin of its window, such as -3h"),
	REGION,
};

static const struct param weekly_args[] = {
	ARG("namespace", "only this one, such as AWS/ECS"),
	REGION,
};

/* see prompts.h */
const struct prompt prompts_table[] = {
	{ .name = STR_INIT("investigate_alarm"),
	    .title = STR_INIT("Investigate an alarm"),
	    .description = STR_INIT("Why an alarm went off: history, metric, "
	    "neighbours, logs."),
	    .args = investigate_args, .arg_n = N(investigate_args),
	    .get = get_investigate, .complete = complete_alarm },
	{ .name = STR_INIT("explain_cost_of_query"),
	    .title = STR_INIT("Explain what a log query costs"),
	    .description = STR_INIT("What a Logs Insights query costs, and a "
	    "cheaper form of it."),
	    .args = cost_args, .arg_n = N(cost_args),
	    .get = get_cost, .complete = complete_group },
	{ .name = STR_INIT("weekly_health_report"),
	    .title = STR_INIT("Weekly health report"),
	    .description = STR_INIT("Alarms and metrics of the last seven "
	    "days."),
	    .args = weekly_args, .arg_n = N(weekly_args), .local = true,
	    .get = get_weekly, .complete = complete_namespace },
};

/* see prompts.h */
const size_t prompts_n = N(prompts_table);

/* see prompts.h */
const struct prompt *
prompts_select(const struct tools_set *set, struct arena *a, size_t *n)
{
	struct prompt *chosen = ARENA_ARRAY(a, N(prompts_table),
	    struct prompt);

	*n = 0;
	for (size_t i = 0; chosen != NULL && i < N(prompts_table); i++) {
		if (tool_find(set->tools, set->n, scripts[i].tool) != NULL) {
			chosen[(*n)++] = prompts_table[i];
		}
	}
	return chosen;
}

/* see prompts.h */
bool
prompts_step(const struct prompt *prompt, size_t i, struct str *tool,
    struct str *text)
{
	const struct script *s = &scripts[prompt - prompts_table];

	if (i >= s->n) {
		return false;
	}
	*tool = s->steps[i].tool;
	*text = s->steps[i].text;
	return true;
}

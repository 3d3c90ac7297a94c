/* SPDX-License-Identifier: Apache-2.0 */
/*
 * investigate_alarm: what one would look at first when an alarm went off, in
 * one call. What it gathers is told in investigate.h.
 *
 * Bounded in time by max_seconds (no part begins behind it, and no request
 * outlives it by more than what an answer takes), in cost by max_scan_bytes and
 * in size by max_bytes. A part that could not be had is named with the reason;
 * only an alarm that cannot be read at all is an error.
 */
#include "tools/investigate.h"

#include "tools/tools.h"

/* Time that one more request should find. */
#define REQUEST_MS 300

/* see investigate.h */
void
investigate_cut(struct investigate *v, enum investigate_part part,
    struct str reason)
{
	struct investigate_note *note = &v->notes[part];

	if (note->status != INVESTIGATE_FAILED &&
	    note->status != INVESTIGATE_CUT) {
		*note = (struct investigate_note){ INVESTIGATE_CUT, reason };
	}
}

/* see investigate.h */
bool
investigate_time(struct investigate *v, enum investigate_part part)
{
	const struct sys *sys = v->c->sys;

	if (sys->mono_ms(sys->ctx) + REQUEST_MS < v->until_ms) {
		return true;
	}
	investigate_cut(v, part, S("max_seconds were over"));
	return false;
}

/* see investigate.h */
enum err
investigate_settle(struct investigate *v, enum investigate_part part,
    enum err err)
{
	struct investigate_note *note = &v->notes[part];

	if (err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	if (err == ERR_TIMEOUT && !investigate_time(v, part)) {
		/* The deadline is ours. */
		fail_clear(v->c->fail);
	} else if (err != ERR_OK) {
		*note = (struct investigate_note){ INVESTIGATE_FAILED,
		    str_dup(v->c->arena, fail_text(v->c->fail)) };
		fail_clear(v->c->fail);
	} else if (note->status == INVESTIGATE_NOT_RUN) {
		note->status = INVESTIGATE_COMPLETE;
	}
	return ERR_OK;
}

/* The parts, in the order in which each can use the ones before. */
static enum err
gather(struct investigate *v)
{
	static const struct {
		enum err (*run)(struct investigate *v);
		struct str words;
	} steps[] = {
		{ investigate_find, STR_INIT("reading the alarm") },
		{ investigate_history, STR_INIT("reading its history") },
		{ investigate_others, STR_INIT("looking for other alarms") },
		{ investigate_metrics, STR_INIT("comparing metrics") },
		{ investigate_groups, STR_INIT("looking for log groups") },
		{ investigate_logs, STR_INIT("querying logs") },
	};
	const size_t n = sizeof(steps) / sizeof(steps[0]);
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && err == ERR_OK; i++) {
		v->c->progress(v->c, (double)i + 0.5, (double)n,
		    steps[i].words);
		err = steps[i].run(v);
	}
	return err;
}

static enum err
run(struct call *c)
{
	const struct sys *sys = c->sys;
	struct investigate *v = ARENA_NEW(c->arena, struct investigate);
	enum err err;

	if (v == NULL) {
		return fail_set(c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	v->c = c;
	v->name = tool_arg_str(c, S("alarm_name"));
	v->until_ms = sys->mono_ms(sys->ctx) +
	    tool_arg_i64(c, S("max_seconds")) * 1000;
	ask_begin(&v->q, c);
	if (v->until_ms < v->q.scope.deadline_ms) {
		v->q.scope.deadline_ms = v->until_ms;
	} else {
		v->until_ms = v->q.scope.deadline_ms;
	}
	err = gather(v);
	if (err == ERR_OK) {
		/* The account's number may still have to be asked for. */
		v->q.scope.deadline_ms = c->deadline_ms;
		err = investigate_show(v);
	}
	for (size_t i = 0; v->queried && i < 2; i++) {
		query_run_free(&v->runs[i]);
	}
	return err;
}

static const struct param params[] = {
	{ .name = STR_INIT("alarm_name"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 255 },
	{ .name = STR_INIT("max_seconds"), .type = PARAM_INTEGER, .min = 3,
	    .max = 110, .fallback = "30" },
	{ .name = STR_INIT("max_scan_bytes"), .type = PARAM_INTEGER,
	    .min = 0, .max = INT64_C(1000000000000),
	    .fallback = "2000000000",
	    .text = STR_INIT("of logs, by estimate (1 GB: 0.005 USD); 0: no "
	    "log query") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_investigate_alarm = {
	.name = STR_INIT("investigate_alarm"),
	.title = STR_INIT("Investigate an alarm"),
	.description = STR_INIT("Why did this alarm go off? In one call: "
	    "history and flapping, its metric (or a composite's components) "
	    "around the change against baselines, what turned first, alarms "
	    "beside it, the log groups that belong, their error patterns and "
	    "changes logged before, and what to ask next. Runs two log "
	    "queries, which cost money."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"alarm\":{\"type\":\"object\"},"
	    "\"summary\":{\"type\":\"array\"},\"turned_first\":{},"
	    "\"parts\":{\"type\":\"array\"},"
	    "\"next_steps\":{\"type\":\"array\"},"
	    "\"history\":{\"type\":\"object\"},"
	    "\"metrics\":{\"type\":\"array\"},"
	    "\"alarms\":{\"type\":\"array\"},"
	    "\"other_alarms\":{\"type\":\"integer\"},"
	    "\"log_groups\":{\"type\":\"array\"},"
	    "\"errors\":{\"type\":\"array\"},"
	    "\"changes\":{\"type\":\"array\"},"
	    QUERY_RUN_COST_SCHEMA ROWS_SCHEMA "," ASK_SCHEMA "}}"),
	.run = run,
};

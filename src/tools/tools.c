/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tool table, and which of its tools are offered.
 */
#include "tools/tools.h"

#include "base/buf.h"
#include "base/limits.h"

/* see tools.h */
const struct tool *const tools_table[] = {
#define TOOL(family, name) &tools_##name,
#include "tools/tools.def"
#undef TOOL
};

#define TOOL_N (sizeof(tools_table) / sizeof(tools_table[0]))

/* see tools.h */
const size_t tools_n = TOOL_N;

/* The family of each, in the same order. */
static const struct str families[TOOL_N] = {
#define TOOL(family, name) STR_INIT(#family),
#include "tools/tools.def"
#undef TOOL
};

/* see tools.h */
const struct str tools_instructions = STR_INIT(
    "Read-only access to AWS CloudWatch alarms, metrics and logs. "
    "For \"what is wrong\" start with get_active_alarms. investigate_alarm "
    "looks into one. The "
    "time_range_suggestions of get_alarm_history say where to look. "
    "Then get_metric_data around that time. "
    "Then execute_log_insights_query on the log groups found with "
    "describe_log_groups. "
    "Find exact metric names and dimensions with list_metrics: a dimension set "
    "must match exactly, and an empty answer usually means that it does not. "
    "Times: ISO 8601 (UTC unless a zone is given), epoch seconds, or relative "
    "such as -3h; answers are RFC 3339 UTC. Keep windows to 1-3 hours. "
    "Log queries cost money per byte scanned. A query still "
    "running returns its queryId for get_logs_insight_query_results. Every "
    "answer names the region and account it came from; region or profile_name "
    "look elsewhere. Answers are cut between rows at max_bytes (60000).");

/* see tools.h */
struct str
tools_family(const struct tool *tool)
{
	for (size_t i = 0; i < TOOL_N; i++) {
		if (tools_table[i] == tool) {
			return families[i];
		}
	}
	return STR_NONE;
}

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

/* Whether the text holds the name as a word of its own. */
static bool
names(struct str text, struct str name)
{
	for (size_t at = str_find(text, name, 0); at < text.len;
	    at = str_find(text, name, at + 1)) {
		size_t end = at + name.len;

		if ((at == 0 || !is_word_byte(text.p[at - 1])) &&
		    (end == text.len || !is_word_byte(text.p[end]))) {
			return true;
		}
	}
	return false;
}

/* see tools.h */
bool
tools_names_other(struct str text, const struct tool *const *tools, size_t n)
{
	for (size_t i = 0; i < TOOL_N; i++) {
		if (tool_find(tools, n, tools_table[i]->name) == NULL &&
		    names(text, tools_table[i]->name)) {
			return true;
		}
	}
	return false;
}

/* The known family or tool nearest to a word; absent when none is near. */
static struct str
nearest_name(struct str word)
{
	struct str hit = tool_nearest(tools_table, TOOL_N, word);
	size_t best = hit.p != NULL ? str_distance(word, hit) :
	    word.len / 3 + 1;

	for (size_t i = 0; i < TOOL_N; i++) {
		size_t distance = str_distance(word, families[i]);

		if (distance < best) {
			best = distance;
			hit = families[i];
		}
	}
	return hit;
}

static enum err
refuse(struct str setting, struct str word, struct arena *a, struct fail *f)
{
	struct buf b = buf_in(a, FAIL_TEXT_MAX / 2);
	struct str hit = nearest_name(word);

	for (size_t i = 0; i < TOOL_N; i++) {
		if (i == 0 || !str_eq(families[i], families[i - 1])) {
			buf_addf(&b, i == 0 ? "%s" : ", %s", families[i]);
		}
	}
	if (hit.p != NULL) {
		return fail_setf(f, ERR_CONFIG, "%s names '%s', which is no "
		    "family and no tool; did you mean '%s'? Families: %s",
		    setting, word, hit, buf_str(&b));
	}
	return fail_setf(f, ERR_CONFIG, "%s names '%s', which is no family and "
	    "no tool. Families: %s; `cloudwatch-mcp tools` lists the tools",
	    setting, word, buf_str(&b));
}

/* Marks what the words of a list name. */
static enum err
mark(struct str list, struct str setting, bool value, bool *marks,
    struct arena *a, struct fail *f)
{
	while (list.len > 0) {
		struct str word = str_trim_ws(str_cut(&list, ','));
		bool known = word.len == 0;

		for (size_t i = 0; i < TOOL_N && word.len > 0; i++) {
			if (str_eq(word, families[i]) ||
			    str_eq(word, tools_table[i]->name)) {
				marks[i] = value;
				known = true;
			}
		}
		if (!known) {
			return refuse(setting, word, a, f);
		}
	}
	return ERR_OK;
}

/* The sentences that name only tools of the set. */
static enum err
instruct(struct tools_set *set, struct arena *a, struct fail *f)
{
	struct buf b = buf_in(a, tools_instructions.len);
	struct str left = tools_instructions;

	while (left.len > 0) {
		size_t end = str_find(left, S(". "), 0);
		struct str sentence = str_sub(left, 0, end + 2);

		left = str_sub(left, sentence.len, left.len);
		if (!tools_names_other(sentence, set->tools, set->n)) {
			buf_add(&b, sentence);
		}
	}
	set->instructions = str_trim_ws(buf_str(&b));
	return buf_ok(&b) ? ERR_OK : fail_set(f, ERR_NOMEM, 0, STR_NONE);
}

/* see tools.h */
enum err
tools_select(struct str allowed, struct str denied, bool opt_in,
    struct arena *a, struct tools_set *out, struct fail *f)
{
	const struct tool **chosen = ARENA_ARRAY(a, TOOL_N,
	    const struct tool *);
	bool marks[TOOL_N];
	enum err err;

	if (chosen == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	*out = (struct tools_set){ .tools = chosen };
	for (size_t i = 0; i < TOOL_N; i++) {
		marks[i] = str_trim_ws(allowed).len == 0;
	}
	err = mark(allowed, S("CLOUDWATCH_MCP_TOOLS (--tools)"), true, marks,
	    a, f);
	if (err == ERR_OK) {
		err = mark(denied, S("CLOUDWATCH_MCP_TOOLS_DENY "
		    "(--tools-deny)"), false, marks, a, f);
	}
	for (size_t i = 0; i < TOOL_N && err == ERR_OK; i++) {
		if (marks[i] && (opt_in ||
		    (tools_table[i]->flags & TOOL_OPT_IN) == 0)) {
			chosen[out->n++] = tools_table[i];
		}
	}
	if (err == ERR_OK && out->n == 0) {
		return fail_set(f, ERR_CONFIG, 0, S("no tool is left to offer; "
		    "see CLOUDWATCH_MCP_TOOLS, CLOUDWATCH_MCP_TOOLS_DENY and "
		    "CLOUDWATCH_MCP_IMAGES"));
	}
	return err == ERR_OK ? instruct(out, a, f) : err;
}

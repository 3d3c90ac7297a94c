/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch-mcp tools [TOOL], tools --markdown
 */
#include "cli/cli.h"

#include "tools/tools.h"

/* Columns of the name in the list. */
#define NAME_WIDTH 34
#define PARAM_WIDTH 38

static struct str
type_name(enum param_type type)
{
	switch (type) {
	case PARAM_STRING:
		return S("string");
	case PARAM_INTEGER:
		return S("integer");
	case PARAM_NUMBER:
		return S("number");
	case PARAM_BOOLEAN:
		return S("boolean");
	case PARAM_TIME:
		return S("time");
	case PARAM_STRINGS:
		return S("strings");
	case PARAM_OBJECTS:
		return S("objects");
	case PARAM_OBJECT:
		return S("object");
	}
	return S("");
}

static void
pad(struct buf *out, size_t used, size_t width)
{
	buf_fill(out, ' ', used < width ? width - used : 1);
}

static void
show_param(struct buf *out, const struct param *p)
{
	size_t start = out->len;

	buf_addf(out, "  %s %s", p->name, type_name(p->type));
	pad(out, out->len - start, PARAM_WIDTH);
	if (p->required) {
		buf_add(out, S("required  "));
	}
	buf_add(out, p->text);
	for (size_t i = 0; i < p->choice_n; i++) {
		buf_add(out, i == 0 ? (p->text.len > 0 ? S("; ") : S("")) :
		    S(" | "));
		buf_add(out, p->choices[i]);
	}
	if (p->fallback != NULL) {
		buf_addf(out, "%sdefault: %s", p->text.len > 0 ||
		    p->choice_n > 0 ? S("; ") : S(""),
		    str_from_z(p->fallback));
	}
	while (out->len > start && out->p[out->len - 1] == ' ') {
		buf_cut(out, out->len - 1);
	}
	buf_add_byte(out, '\n');
}

static int
show_tool(const struct tool *tool, struct buf *out)
{
	buf_addf(out, "%s: %s\n%s\n\n", tool->name, tool->title,
	    tool->description);
	for (size_t i = 0; i < tool->param_n; i++) {
		show_param(out, &tool->params[i]);
	}
	buf_addf(out, "\ncloudwatch-mcp call %s '{...}'\n", tool->name);
	return CLI_OK;
}

/* The description up to its first full stop. */
static struct str
first_sentence(struct str text)
{
	size_t end = str_find(text, S(". "), 0);

	return str_sub(text, 0, end == text.len ? end : end + 1);
}

/* see cli.h */
int
cli_tools(const struct mcp_config *config, struct str name, struct buf *out,
    struct buf *err)
{
	const struct tool *tool = NULL;
	struct str nearest;

	if (name.p == NULL) {
		for (size_t i = 0; i < config->tool_n; i++) {
			tool = config->tools[i];
			buf_add(out, tool->name);
			pad(out, tool->name.len, NAME_WIDTH);
			buf_addf(out, "%s\n",
			    first_sentence(tool->description));
		}
		return CLI_OK;
	}
	tool = tool_find(config->tools, config->tool_n, name);
	if (tool != NULL) {
		return show_tool(tool, out);
	}
	nearest = tool_nearest(config->tools, config->tool_n, name);
	buf_addf(err, "there is no tool '%s'", name);
	if (nearest.p != NULL) {
		buf_addf(err, "; did you mean '%s'?", nearest);
	}
	buf_add_byte(err, '\n');
	return CLI_USAGE;
}

/* ---- Markdown ---- */

/* A cell of a table: no bar ends it. */
static void
add_cell(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == '|') {
			buf_add_byte(out, '\\');
		}
		buf_add_byte(out, text.p[i]);
	}
}

/* Those that all tools share are said once. */
static bool
is_shared(const struct param *p)
{
	return str_eq(p->name, S("region")) ||
	    str_eq(p->name, S("profile_name")) ||
	    str_eq(p->name, S("max_bytes"));
}

static void
markdown_tool(struct buf *out, const struct tool *tool)
{
	bool first = true;

	buf_addf(out, "| `%s` | ", tool->name);
	add_cell(out, tool->description);
	buf_add(out, S(" | "));
	for (size_t i = 0; i < tool->param_n; i++) {
		const struct param *p = &tool->params[i];

		if (is_shared(p)) {
			continue;
		}
		buf_addf(out, p->required ? "%s**`%s`**" : "%s`%s`",
		    first ? S("") : S(", "), p->name);
		if (p->fallback != NULL) {
			buf_add(out, S(" = "));
			add_cell(out, str_from_z(p->fallback));
		}
		first = false;
	}
	buf_add(out, S(" |\n"));
}

/* see cli.h */
void
cli_markdown(const struct mcp_config *config, struct buf *out)
{
	struct str family = STR_NONE;

	buf_add(out, S("Required arguments are bold. Tools that ask AWS also "
	    "take `region`, `profile_name` and `max_bytes` (at most so many "
	    "bytes of answer, cut between rows; 60000).\n"));
	for (size_t i = 0; i < config->tool_n; i++) {
		struct str now = tools_family(config->tools[i]);

		if (!str_eq(now, family)) {
			buf_addf(out, "\n### %s\n\n| tool | what it answers | "
			    "arguments |\n|---|---|---|\n", now);
			family = now;
		}
		markdown_tool(out, config->tools[i]);
	}
}

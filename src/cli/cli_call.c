/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch-mcp call TOOL ['JSON']
 */
#include "cli/cli.h"

#include "base/limits.h"

/* One value with its members a line each. JSON_DEPTH_MAX bounds the walk: the
 * tree was read by our own parser. */
static void
indent(struct buf *out, const struct json *v, unsigned depth)
{
	bool object = v->type == JSON_OBJECT;
	struct json_writer w;

	if ((!object && v->type != JSON_ARRAY) || v->child == NULL) {
		w = json_writer(out);
		json_value(&w, v);
		return;
	}
	buf_add_byte(out, object ? '{' : '[');
	for (const struct json *c = v->child; c != NULL; c = c->next) {
		buf_add_byte(out, '\n');
		buf_fill(out, ' ', (size_t)(depth + 1) * 2);
		if (object) {
			w = json_writer(out);
			json_string(&w, c->key);
			buf_add(out, S(": "));
		}
		indent(out, c, depth + 1);
		if (c->next != NULL) {
			buf_add_byte(out, ',');
		}
	}
	buf_add_byte(out, '\n');
	buf_fill(out, ' ', (size_t)depth * 2);
	buf_add_byte(out, object ? '}' : ']');
}

static int
show_result(struct mcp_message *m, struct buf *out, struct buf *err)
{
	const struct json *data, *text;
	struct json *result;

	if (json_parse(m->arena, m->reply, 0, &result, NULL) != ERR_OK) {
		buf_add(err, S("the result is too large for this command\n"));
		return CLI_FAILED;
	}
	text = json_get(json_at(json_get(result, S("content")), 0),
	    S("text"));
	if (json_get_bool(result, S("isError"), false)) {
		buf_addf(err, "%s\n", json_str(text));
		return CLI_FAILED;
	}
	data = json_get(result, S("structuredContent"));
	indent(out, data != NULL ? data : result, 0);
	buf_add_byte(out, '\n');
	return CLI_OK;
}

/* see cli.h */
int
cli_call(const struct mcp *mcp, struct mcp_message *m, struct str name,
    struct str arguments, struct buf *out, struct buf *err)
{
	struct json *args = NULL;
	struct fail f;

	fail_init(&f, m->arena);
	if (arguments.len > 0 && json_parse(m->arena, arguments,
	    JSON_REJECT_DUPLICATES, &args, &f) != ERR_OK) {
		buf_addf(err, "the arguments are not JSON: %s (at byte %u)\n",
		    fail_text(&f), (uint64_t)f.pos);
		return CLI_USAGE;
	}
	if (args != NULL && !json_is(args, JSON_OBJECT)) {
		buf_add(err, S("the arguments must be a JSON object, such as "
		    "'{\"region\": \"eu-central-1\"}'\n"));
		return CLI_USAGE;
	}
	if (mcp_call_tool(mcp, m, name, args, &f) != ERR_OK) {
		buf_addf(err, "%s\n", fail_text(&f));
		return CLI_USAGE;
	}
	return show_result(m, out, err);
}

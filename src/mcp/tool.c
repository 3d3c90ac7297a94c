/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-up of tools, and typed access to arguments that args_check() accepted.
 * A parameter's default is JSON text, so it is read by the same rules as a
 * value that came; a default that does not fit its type is a programmer error.
 */
#include "mcp/tool.h"

#include "base/num.h"

static const struct param *
param_of(const struct call *c, struct str name)
{
	for (size_t i = 0; i < c->tool->param_n; i++) {
		if (str_eq(c->tool->params[i].name, name)) {
			return &c->tool->params[i];
		}
	}
	MUST_NOT("the tool has no such parameter");
	return NULL;
}

/* see tool.h */
const struct json *
tool_arg(const struct call *c, struct str name)
{
	(void)param_of(c, name);
	return json_get_set(c->args, name);
}

/* see tool.h */
struct str
tool_arg_str(const struct call *c, struct str name)
{
	const struct param *p = param_of(c, name);
	const struct json *v = json_get_set(c->args, name);
	struct str s = str_from_z(p->fallback);

	if (v != NULL) {
		return json_str(v);
	}
	if (s.p == NULL) {
		return STR_NONE;
	}
	/* Defaults are plain words: nothing in them is escaped. */
	MUST(s.len >= 2 && s.p[0] == '"' && s.p[s.len - 1] == '"');
	MUST(str_find_byte(s, '\\', 0) == s.len);
	return str_sub(s, 1, s.len - 1);
}

/* see tool.h */
int64_t
tool_arg_i64(const struct call *c, struct str name)
{
	const struct param *p = param_of(c, name);
	const struct json *v = json_get_set(c->args, name);
	int64_t out = 0;

	if (v != NULL) {
		(void)!json_i64(v, INT64_MIN, INT64_MAX, &out);
	} else if (p->fallback != NULL) {
		MUST(num_parse_i64(str_from_z(p->fallback), INT64_MIN,
		    INT64_MAX, &out));
	}
	return out;
}

/* see tool.h */
double
tool_arg_f64(const struct call *c, struct str name)
{
	const struct param *p = param_of(c, name);
	const struct json *v = json_get_set(c->args, name);
	double out = 0;

	if (v != NULL) {
		(void)!json_f64(v, &out);
	} else if (p->fallback != NULL) {
		MUST(num_parse(str_from_z(p->fallback), &out));
	}
	return out;
}

/* see tool.h */
bool
tool_arg_bool(const struct call *c, struct str name)
{
	const struct param *p = param_of(c, name);

	return json_get_bool(c->args, name,
	    str_eq(str_from_z(p->fallback), S("true")));
}

/* see tool.h */
const struct tool *
tool_find(const struct tool *const *tools, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(tools[i]->name, name)) {
			return tools[i];
		}
	}
	return NULL;
}

/* see tool.h */
struct str
tool_nearest(const struct tool *const *tools, size_t n, struct str name)
{
	size_t best = name.len / 3 + 1;
	struct str hit = STR_NONE;

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(name, tools[i]->name);

		if (d < best) {
			best = d;
			hit = tools[i]->name;
		}
	}
	return hit;
}

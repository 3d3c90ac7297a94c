/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-up of prompts, and the two things their handlers write.
 */
#include "mcp/prompt.h"

/* see prompt.h */
const struct prompt *
prompt_find(const struct prompt *prompts, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(prompts[i].name, name)) {
			return &prompts[i];
		}
	}
	return NULL;
}

/* see prompt.h */
struct str
prompt_nearest(const struct prompt *prompts, size_t n, struct str name)
{
	size_t best = name.len / 3 + 1;
	struct str hit = STR_NONE;

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(name, prompts[i].name);

		if (d < best) {
			best = d;
			hit = prompts[i].name;
		}
	}
	return hit;
}

/* see prompt.h */
void
prompt_text(struct json_writer *w, struct str role, struct str text)
{
	json_begin_object(w);
	json_put_string(w, S("role"), role);
	json_key(w, S("content"));
	json_begin_object(w);
	json_put_string(w, S("type"), S("text"));
	json_put_string(w, S("text"), text);
	json_end_object(w);
	json_end_object(w);
}

/* see prompt.h */
void
prompt_complete(struct completion *c, struct str candidate)
{
	if (!str_istarts(candidate, c->value)) {
		return;
	}
	c->total++;
	if (c->n < MCP_COMPLETION_MAX_N) {
		c->values[c->n++] = candidate;
	}
}

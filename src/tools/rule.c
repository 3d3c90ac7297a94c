/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names in the rule of a composite alarm: one pass over the text that only
 * cares where names can stand.
 */
#include "tools/rule.h"

#include <stdbool.h>

struct names {
	struct str *list;
	size_t n, max;
};

static void
add(struct names *names, struct str name)
{
	size_t arn;

	name = str_trim_ws(name);
	if (str_starts(name, S("arn:"))) {
		arn = str_find(name, S(":alarm:"), 0);
		name = str_sub(name, arn + S(":alarm:").len, name.len);
	}
	for (size_t i = 0; i < names->n; i++) {
		if (str_eq(names->list[i], name)) {
			return;
		}
	}
	if (name.len > 0 && names->n < names->max) {
		names->list[names->n++] = name;
	}
}

/* Position of the first byte at or after `at` that is not white space. */
static size_t
skip_space(struct str s, size_t at)
{
	while (at < s.len && (s.p[at] == ' ' || s.p[at] == '\t' ||
	    s.p[at] == '\n' || s.p[at] == '\r')) {
		at++;
	}
	return at;
}

/* Adds the names from `at`, behind an opening parenthesis, to the closing one;
 * returns the position behind it. */
static size_t
add_list(struct names *names, struct str rule, size_t at)
{
	while (at < rule.len) {
		size_t start;

		at = skip_space(rule, at);
		start = at;
		if (at < rule.len &&
		    (rule.p[at] == '"' || rule.p[at] == '\'')) {
			at = str_find_byte(rule, rule.p[at], at + 1);
			add(names, str_sub(rule, start + 1, at));
			at = skip_space(rule, at + 1);
		} else {
			while (at < rule.len && rule.p[at] != ')' &&
			    rule.p[at] != ',') {
				at++;
			}
			add(names, str_sub(rule, start, at));
		}
		if (at >= rule.len || rule.p[at++] != ',') {
			return at;
		}
	}
	return at;
}

static bool
is_state(struct str word)
{
	return str_eq(word, S("ALARM")) || str_eq(word, S("OK")) ||
	    str_eq(word, S("INSUFFICIENT_DATA"));
}

/* see rule.h */
size_t
rule_names(struct str rule, struct str *names, size_t name_max)
{
	struct names found = { names, 0, name_max };
	struct str word = S("");
	char before = '\0'; /* last byte that was not white space */
	size_t at = 0;

	while (at < rule.len) {
		size_t start = at;

		while (at < rule.len &&
		    (str_is_alpha(rule.p[at]) || rule.p[at] == '_')) {
			at++;
		}
		if (at > start) {
			word = str_sub(rule, start, at);
			before = 'a';
			continue;
		}
		if (rule.p[at] == '(' &&
		    ((before == 'a' && is_state(word)) || before == ',')) {
			at = add_list(&found, rule, at + 1);
			before = ')';
			continue;
		}
		if (skip_space(rule, at) == at) {
			before = rule.p[at];
		}
		at++;
	}
	return found.n;
}

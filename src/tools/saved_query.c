/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Saved Logs Insights queries and their log groups.
 */
#include "tools/saved_query.h"

#include <stdbool.h>

static bool
is_quote(char c)
{
	return c == '"' || c == '\'';
}

static struct str
unquote(struct str s)
{
	s = str_trim_ws(s);
	while (s.len > 0 && is_quote(s.p[0])) {
		s = str_sub(s, 1, s.len);
	}
	while (s.len > 0 && is_quote(s.p[s.len - 1])) {
		s.len--;
	}
	return str_trim_ws(s);
}

/* see saved_query.h */
size_t
saved_query_prefixes(struct str text, struct str *out, size_t max)
{
	size_t at = str_find(text, S("SOURCE"), 0);
	size_t end, open;
	struct str rest;
	size_t n = 0;

	at = str_find(text, S("logGroups("), at);
	end = str_find_byte(text, ')', at);
	at = str_find(text, S("namePrefix"), at);
	open = str_find_byte(text, '[', at);
	if (end == text.len || open >= end) {
		return 0;
	}
	rest = str_sub(text, open + 1, str_find_byte(text, ']', open));
	while (rest.p != NULL && n < max) {
		struct str prefix = unquote(str_cut(&rest, ','));

		if (prefix.len > 0) {
			out[n++] = prefix;
		}
	}
	return n;
}

static bool
belongs(const struct json *names, const struct str *prefixes, size_t prefix_n,
    const struct saved_query_groups *groups)
{
	for (size_t i = 0; i < groups->n; i++) {
		for (const struct json *name = json_at(names, 0); name != NULL;
		    name = name->next) {
			if (str_eq(json_str(name), groups->names[i])) {
				return true;
			}
		}
		for (size_t p = 0; p < prefix_n; p++) {
			if (str_starts(groups->names[i], prefixes[p])) {
				return true;
			}
		}
	}
	return false;
}

/* see saved_query.h */
void
saved_query_show(struct json_writer *out, const struct json *definition,
    const struct saved_query_groups *groups)
{
	struct str prefixes[SAVED_QUERY_PREFIX_MAX];
	struct str text = json_get_str(definition, S("queryString"), S(""));
	struct str language = json_get_str(definition, S("queryLanguage"),
	    STR_NONE);
	const struct json *names = json_get(definition, S("logGroupNames"));
	size_t n = saved_query_prefixes(text, prefixes,
	    SAVED_QUERY_PREFIX_MAX);

	if (!belongs(names, prefixes, n, groups)) {
		return;
	}
	json_begin_object(out);
	json_put_string(out, S("name"),
	    json_get_str(definition, S("name"), S("")));
	json_put_string(out, S("queryString"), text);
	if (language.p != NULL) {
		json_put_string(out, S("queryLanguage"), language);
	}
	json_key(out, S("logGroupNames"));
	json_begin_array(out);
	for (const struct json *v = json_at(names, 0); v != NULL;
	    v = v->next) {
		json_string(out, json_str(v));
	}
	json_end_array(out);
	json_key(out, S("logGroupPrefixes"));
	json_begin_array(out);
	for (size_t i = 0; i < n; i++) {
		json_string(out, prefixes[i]);
	}
	json_end_array(out);
	json_end_object(out);
}

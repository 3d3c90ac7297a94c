/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filter patterns: expressions are brought into postfix order by precedence (a
 * stack of connectives), so that neither reading nor matching recurses.
 */
#include "demo/demo_pattern.h"

#include "base/num.h"
#include "proto/json.h"

/* Work for one message and regular expression. */
#define STEP_MAX 200000

/* ---- reading ---- */

/* Cuts a word or a quoted text off *rest; a word ends at a blank or a stop. */
static struct str
cut_word(struct str *rest, struct str stops)
{
	size_t i = 0;
	struct str word;

	*rest = str_trim(*rest);
	if (rest->len > 0 && rest->p[0] == '"') {
		i = str_find_byte(*rest, '"', 1);
		word = str_sub(*rest, 1, i);
		*rest = str_sub(*rest, i + 1, rest->len);
		return word;
	}
	while (i < rest->len && rest->p[i] != ' ' &&
	    str_find_byte(stops, rest->p[i], 0) == stops.len) {
		i++;
	}
	word = str_sub(*rest, 0, i);
	*rest = str_sub(*rest, i, rest->len);
	return word;
}

/* Cuts `word` off the front of *rest. */
static bool
take(struct str *rest, struct str word)
{
	*rest = str_trim(*rest);
	if (!str_starts(*rest, word)) {
		return false;
	}
	*rest = str_sub(*rest, word.len, rest->len);
	return true;
}

/* name op value */
static bool
read_test(struct str *rest, struct demo_pattern_node *node)
{
	static const char OPS[8][4] = { "!=", "<=", ">=", "=", "<", ">", "IS",
		"NOT" };
	bool quoted;

	*node = (struct demo_pattern_node){ .kind = DEMO_PATTERN_TEST };
	node->name = cut_word(rest, S("=!<>()&|"));
	for (size_t i = 0; i < 8 && node->op.len == 0; i++) {
		if (take(rest, str_from_z(OPS[i]))) {
			node->op = str_from_z(OPS[i]);
		}
	}
	*rest = str_trim(*rest);
	quoted = str_starts(*rest, S("\""));
	node->value = cut_word(rest, S("&|)"));
	return node->name.len > 0 && node->op.len > 0 &&
	    (quoted || node->value.len > 0);
}

/* Moves connectives that bind at least as closely as `kind` to the output. */
static bool
unstack(struct demo_pattern *p, struct demo_pattern_node *stack, size_t *n,
    int kind)
{
	while (*n > 0 && stack[*n - 1].kind != DEMO_PATTERN_OPEN &&
	    (int)stack[*n - 1].kind <= kind) {
		if (p->node_n == DEMO_PATTERN_MAX_N) {
			return false;
		}
		p->nodes[p->node_n++] = stack[--*n];
	}
	return true;
}

static bool
read_expression(struct demo_pattern *p, struct str rest)
{
	struct demo_pattern_node stack[DEMO_PATTERN_MAX_N];
	size_t n = 0;
	bool want = true; /* a test is due */

	for (rest = str_trim(rest); rest.len > 0; rest = str_trim(rest)) {
		int kind = DEMO_PATTERN_OPEN;

		if (n == DEMO_PATTERN_MAX_N || p->node_n ==
		    DEMO_PATTERN_MAX_N) {
			return false;
		}
		if (want && take(&rest, S("("))) {
			stack[n++].kind = DEMO_PATTERN_OPEN;
			continue;
		}
		if (want) {
			want = false;
			if (!read_test(&rest, &p->nodes[p->node_n++])) {
				return false;
			}
			continue;
		}
		if (take(&rest, S(")"))) {
			if (!unstack(p, stack, &n, DEMO_PATTERN_OR) || n == 0) {
				return false;
			}
			n--;
			continue;
		}
		kind = take(&rest, S("&&")) ? DEMO_PATTERN_AND :
		    take(&rest, S("||")) ? DEMO_PATTERN_OR : kind;
		if (kind == DEMO_PATTERN_OPEN ||
		    !unstack(p, stack, &n, kind)) {
			return false;
		}
		stack[n++] = (struct demo_pattern_node){ .kind =
		    kind == DEMO_PATTERN_AND ? DEMO_PATTERN_AND :
		    DEMO_PATTERN_OR };
		want = true;
	}
	return !want && unstack(p, stack, &n, DEMO_PATTERN_OR) && n == 0;
}

/* [a, b = 1, ...] */
static bool
read_fields(struct demo_pattern *p, struct str rest)
{
	p->kind = DEMO_PATTERN_FIELDS;
	while (rest.p != NULL) {
		struct str field = str_trim(str_cut(&rest, ','));
		size_t i = 0;

		if (p->field_n == DEMO_PATTERN_FIELD_MAX_N ||
		    field.len == 0) {
			return false;
		}
		p->fields[p->field_n].from = p->node_n;
		p->fields[p->field_n].rest = str_eq(field, S("..."));
		while (i < field.len && str_find_byte(S("=<>"), field.p[i],
		    0) == 3) {
			i++;
		}
		if (i < field.len && !read_expression(p, field)) {
			return false;
		}
		p->fields[p->field_n++].to = p->node_n;
	}
	return true;
}

/* see demo_pattern.h */
bool
demo_pattern_parse(struct arena *a, struct str text, struct demo_pattern *p)
{
	struct str rest = str_trim_ws(text);
	struct str inner = str_sub(rest, 1, rest.len > 0 ? rest.len - 1 : 0);

	*p = (struct demo_pattern){ .kind = DEMO_PATTERN_WORDS };
	if (str_starts(rest, S("{")) && str_ends(rest, S("}"))) {
		p->kind = DEMO_PATTERN_JSON;
		if (!read_expression(p, inner)) {
			return false;
		}
		for (size_t i = 0; i < p->node_n; i++) {
			if (p->nodes[i].kind == DEMO_PATTERN_TEST &&
			    !str_starts(p->nodes[i].name, S("$."))) {
				return false;
			}
		}
		return true;
	}
	if (str_starts(rest, S("[")) && str_ends(rest, S("]"))) {
		return read_fields(p, inner);
	}
	if (str_starts(rest, S("%"))) {
		p->kind = DEMO_PATTERN_REGEX;
		p->regex = rest.len > 2 && str_ends(rest, S("%")) ?
		    demo_regex_compile(a, inner) : NULL;
		return p->regex != NULL;
	}
	while (rest.len > 0) {
		char sign = rest.p[0] == '?' || rest.p[0] == '-' ? rest.p[0] :
		    '+';

		rest = str_sub(rest, sign != '+', rest.len);
		if (p->word_n == DEMO_PATTERN_MAX_N) {
			return false;
		}
		p->words[p->word_n].sign = sign;
		p->words[p->word_n].text = cut_word(&rest, S(""));
		if (p->words[p->word_n++].text.len == 0) {
			return false;
		}
		rest = str_trim(rest);
	}
	return true;
}

/* ---- matching ---- */

/* A text with '*' at either end. */
static bool
wild_match(struct str value, struct str pattern)
{
	bool head = str_starts(pattern, S("*"));
	bool tail = pattern.len > 1 && str_ends(pattern, S("*"));
	struct str core = str_sub(pattern, head, pattern.len - tail);

	if (head && tail) {
		return str_find(value, core, 0) + core.len <= value.len;
	}
	return head ? str_ends(value, core) : tail ? str_starts(value, core) :
	    str_eq(value, core);
}

/* One test on a JSON member, or on the text of a field (v == NULL). */
static bool
test(const struct demo_pattern_node *t, const struct json *v, struct str text)
{
	double have, want;
	bool less, more;

	if (str_eq(t->op, S("IS"))) {
		return str_ieq(t->value, v == NULL || v->type > JSON_BOOL ?
		    S("") : v->type == JSON_NULL ? S("NULL") : v->boolean ?
		    S("TRUE") : S("FALSE"));
	}
	if (!num_parse(t->value, &want) || !num_parse(text, &have)) {
		bool equal = wild_match(text, t->value);

		return str_eq(t->op, S("=")) ? equal :
		    str_eq(t->op, S("!=")) && !equal;
	}
	less = have < want;
	more = have > want;
	return str_eq(t->op, S("=")) ? !less && !more :
	    str_eq(t->op, S("!=")) ? less || more :
	    str_eq(t->op, S("<")) ? less : str_eq(t->op, S("<=")) ? !more :
	    str_eq(t->op, S(">")) ? more : !less;
}

/* The part [from, to) of the nodes holds for the JSON message, or the field. */
static bool
holds(const struct demo_pattern *p, size_t from, size_t to,
    const struct json *message, struct str field)
{
	bool stack[DEMO_PATTERN_MAX_N] = { false };
	size_t n = 0;

	for (size_t i = from; i < to; i++) {
		const struct demo_pattern_node *t = &p->nodes[i];
		const struct json *v = NULL;

		if (t->kind != DEMO_PATTERN_TEST) {
			MUST(n >= 2);
			n--;
			stack[n - 1] = t->kind == DEMO_PATTERN_AND ?
			    stack[n - 1] && stack[n] : stack[n - 1] || stack[n];
			continue;
		}
		if (message != NULL) {
			v = json_path(message, str_sub(t->name, 2,
			    t->name.len));
			field = v == NULL ? S("") : v->text;
		}
		if (str_eq(t->op, S("NOT"))) {
			stack[n++] = message != NULL && v == NULL;
		} else {
			stack[n++] = (message == NULL || v != NULL) &&
			    test(t, v, field);
		}
	}
	return n == 0 || stack[0];
}

/* Cuts the next field of a message off *rest. */
static struct str
cut_field(struct str *rest)
{
	char first = rest->p[0];
	char last = first == '"' ? '"' : first == '[' ? ']' : ' ';
	size_t from = last != ' ', to = str_find_byte(*rest, last, from);
	struct str field = str_sub(*rest, from, to);

	*rest = str_trim_ws(str_sub(*rest, to + from, rest->len));
	return field;
}

static bool
match_fields(const struct demo_pattern *p, struct str message)
{
	struct str have[DEMO_PATTERN_FIELD_MAX_N * 4];
	struct str rest = str_trim_ws(message);
	size_t n = 0, k = 0, spare;

	while (rest.len > 0 && n < sizeof(have) / sizeof(have[0])) {
		have[n++] = cut_field(&rest);
	}
	/* What "..." takes: all that the other fields leave. */
	spare = n + 1 >= p->field_n ? n + 1 - p->field_n : 0;
	for (size_t i = 0; i < p->field_n; i++) {
		if (p->fields[i].rest) {
			k += spare;
			spare = 0;
			continue;
		}
		if (k == n || !holds(p, p->fields[i].from, p->fields[i].to,
		    NULL, have[k])) {
			return false;
		}
		k++;
	}
	return k == n && rest.len == 0;
}

/* see demo_pattern.h */
bool
demo_pattern_match(const struct demo_pattern *p, struct str message,
    struct arena *scratch)
{
	bool any = false, has_any = false;
	uint64_t steps = STEP_MAX;
	struct json *v = NULL;

	switch (p->kind) {
	case DEMO_PATTERN_JSON:
		arena_reset(scratch);
		return json_parse(scratch, message, 0, &v, NULL) == ERR_OK &&
		    holds(p, 0, p->node_n, v, STR_NONE);
	case DEMO_PATTERN_FIELDS:
		return match_fields(p, message);
	case DEMO_PATTERN_REGEX:
		return demo_regex_search(p->regex, message, &steps);
	default:
		break;
	}
	for (size_t i = 0; i < p->word_n; i++) {
		bool found = str_find(message, p->words[i].text, 0) +
		    p->words[i].text.len <= message.len;

		if (p->words[i].sign == '?') {
			has_any = true;
			any = any || found;
		} else if (found != (p->words[i].sign == '+')) {
			return false;
		}
	}
	return any || !has_any;
}

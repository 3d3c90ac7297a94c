/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recursive descent over a Logs Insights query; depth is bounded by
 * GRAMMAR_DEPTH_MAX. A refusal names the token it could not use.
 */
#include "demo/demo_grammar.h"

#include "base/buf.h"
#include "base/num.h"

enum token_kind {
	TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_REGEX,
	TOKEN_SIGN, TOKEN_BAD
};

struct token {
	enum token_kind kind;
	struct str text; /* without quotes; signs as they stand */
	size_t from, to; /* in the query */
};

struct parser {
	struct arena *a;
	struct str in;
	size_t at;           /* behind `now` */
	size_t before;       /* end of the token before `now` */
	struct token now;
	struct grammar *g;
	struct grammar_command *command;
	struct insights_error *error;
	unsigned depth;
	bool value_due;      /* '/' begins a regex here */
	bool aggregates;     /* inside stats */
	bool failed;
};

static const struct {
	char name[16];
	unsigned char least, most;
} FUNCTIONS[GRAMMAR_F_N] = {
#define F(symbol, name, least, most) { name, least, most },
	GRAMMAR_FUNCTIONS(F)
#undef F
};

static void
fail_at(struct parser *p, const struct token *t, const char *why)
{
	struct buf b = buf_in(p->a, 512);
	uint64_t line = 1, column = 1;

	if (p->failed) {
		return;
	}
	p->failed = true;
	for (size_t i = 0; i < t->from; i++) {
		column = p->in.p[i] == '\n' ? 1 : column + 1;
		line += p->in.p[i] == '\n';
	}
	buf_addf(&b, "%s %s at line %u and position %u", str_from_z(why),
	    t->kind == TOKEN_END ? S("end of query") :
	    str_sub(p->in, t->from, t->to < t->from + 60 ? t->to :
	    t->from + 60), line, column);
	p->error->from = t->from;
	p->error->to = t->to;
	p->error->message = buf_str(&b);
}

static void
unexpected(struct parser *p)
{
	fail_at(p, &p->now, "unexpected symbol found");
}

static bool
name_byte(char c)
{
	return str_is_alnum(c) || c == '_' || c == '@' || c == '.' ||
	    c == '$' || (unsigned char)c >= 0x80;
}

/* Text in quotes, a regex or a name in backquotes; the end is `quote`. */
static void
scan_quoted(struct parser *p, struct token *t, char quote)
{
	size_t i = p->at + 1;

	while (i < p->in.len && p->in.p[i] != quote) {
		i += p->in.p[i] == '\\' && i + 1 < p->in.len ? 2 : 1;
	}
	t->kind = i >= p->in.len ? TOKEN_BAD : quote == '/' ? TOKEN_REGEX :
	    quote == '`' ? TOKEN_NAME : TOKEN_TEXT;
	t->text = str_sub(p->in, p->at + 1, i);
	p->at = i < p->in.len ? i + 1 : p->in.len;
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->in.len && ((unsigned char)p->in.p[p->at] <= ' ' ||
	    p->in.p[p->at] == '#')) {
		p->at = p->in.p[p->at] == '#' ?
		    str_find_byte(p->in, '\n', p->at) : p->at + 1;
	}
}

/* Reads the next token into p->now. */
static void
advance(struct parser *p)
{
	struct token *t = &p->now;
	size_t from;
	char c;

	p->before = t->to;
	skip_blanks(p);
	from = p->at;
	*t = (struct token){ TOKEN_END, S(""), from, from };
	if (from >= p->in.len) {
		return;
	}
	c = p->in.p[from];
	if (c == '"' || c == '\'' || c == '`' || (c == '/' && p->value_due)) {
		scan_quoted(p, t, c);
	} else if (str_is_digit(c)) {
		while (p->at < p->in.len && (str_is_alnum(p->in.p[p->at]) ||
		    p->in.p[p->at] == '.')) {
			p->at++;
		}
		t->kind = TOKEN_NUMBER;
		t->text = str_sub(p->in, from, p->at);
	} else if (name_byte(c)) {
		while (p->at < p->in.len && name_byte(p->in.p[p->at])) {
			p->at++;
		}
		t->kind = TOKEN_NAME;
		t->text = str_sub(p->in, from, p->at);
	} else {
		static const char TWO[4][3] = { "!=", "<=", ">=", "=~" };

		p->at++;
		for (size_t i = 0; i < 4; i++) {
			if (str_starts(str_sub(p->in, from, p->in.len),
			    str_from_z(TWO[i]))) {
				p->at = from + 2;
			}
		}
		t->kind = str_find_byte(S("=!<>+-*/%^(),[]|~"), c, 0) < 17 ?
		    TOKEN_SIGN : TOKEN_BAD;
		t->text = str_sub(p->in, from, p->at);
	}
	t->to = p->at;
	if (t->kind == TOKEN_BAD) {
		unexpected(p);
	}
}

static bool
is_sign(const struct parser *p, struct str sign)
{
	return !p->failed && p->now.kind == TOKEN_SIGN &&
	    str_eq(p->now.text, sign);
}

static bool
is_word(const struct parser *p, struct str word)
{
	return !p->failed && p->now.kind == TOKEN_NAME &&
	    str_ieq(p->now.text, word) && p->in.p[p->now.from] != '`';
}

static bool
take_sign(struct parser *p, struct str sign)
{
	bool yes = is_sign(p, sign);

	if (yes) {
		advance(p);
	}
	return yes;
}

static bool
take_word(struct parser *p, struct str word)
{
	bool yes = is_word(p, word);

	if (yes) {
		advance(p);
	}
	return yes;
}

static void
expect_sign(struct parser *p, struct str sign)
{
	if (!take_sign(p, sign)) {
		unexpected(p);
	}
}

static struct grammar_node *
new_node(struct parser *p, enum grammar_kind kind, size_t arg_n)
{
	struct grammar_node *n = ARENA_NEW(p->a, struct grammar_node);
	struct grammar_node **args = ARENA_ARRAY(p->a, arg_n,
	    struct grammar_node *);

	if (n == NULL || args == NULL) {
		p->failed = true;
		return NULL;
	}
	n->kind = kind;
	n->args = args;
	n->arg_n = arg_n;
	return n;
}

static struct grammar_node *
pair(struct parser *p, enum grammar_kind kind, struct grammar_node *a,
    struct grammar_node *b)
{
	struct grammar_node *n = new_node(p, kind, b == NULL ? 1 : 2);

	if (n != NULL) {
		n->args[0] = a;
		if (b != NULL) {
			n->args[1] = b;
		}
	}
	return n;
}

/* see demo_grammar.h */
unsigned
demo_grammar_name(struct grammar *g, struct str name)
{
	for (size_t i = 0; i < g->name_n; i++) {
		if (str_eq(g->names[i], name)) {
			return (unsigned)i;
		}
	}
	if (g->name_n == GRAMMAR_NAME_MAX_N) {
		return GRAMMAR_NAME_MAX_N;
	}
	g->names[g->name_n] = name;
	return (unsigned)g->name_n++;
}

static unsigned
intern(struct parser *p, struct str name)
{
	unsigned id = demo_grammar_name(p->g, name);

	if (id == GRAMMAR_NAME_MAX_N) {
		fail_at(p, &p->now, "too many field names before");
		return 0;
	}
	return id;
}

static struct grammar_node *parse_expr(struct parser *p);

/* 5m, 30s, 1h, 2d, 1w or a plain number; durations in milliseconds. */
static bool
read_number(struct str text, double *out)
{
	static const struct { char unit[4]; double ms; } UNITS[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 },
		{ "d", 86400000 }, { "w", 604800000 },
	};
	size_t n = text.len;
	double ms = 1;

	while (n > 0 && str_is_alpha(text.p[n - 1])) {
		n--;
	}
	if (n < text.len) {
		ms = 0;
		for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
			if (str_eq(str_sub(text, n, text.len),
			    str_from_z(UNITS[i].unit))) {
				ms = UNITS[i].ms;
			}
		}
	}
	if (ms <= 0 || !num_parse(str_sub(text, 0, n), out)) {
		return false;
	}
	*out *= ms;
	return true;
}

/* A function's arguments, behind its "(". */
static struct grammar_node *
parse_call(struct parser *p, const struct token *name)
{
	struct grammar_node *args[9], *n;
	size_t arg_n = 0;
	unsigned f = 0;

	while (f < GRAMMAR_F_N &&
	    !str_ieq(name->text, str_from_z(FUNCTIONS[f].name))) {
		f++;
	}
	if (f == GRAMMAR_F_N || (f >= GRAMMAR_F_COUNT && !p->aggregates)) {
		fail_at(p, name, "unexpected function found");
		return NULL;
	}
	if (f == GRAMMAR_F_COUNT && take_sign(p, S("*"))) {
		expect_sign(p, S(")"));
	} else {
		while (!p->failed && !is_sign(p, S(")"))) {
			if (arg_n == 9) {
				unexpected(p);
				return NULL;
			}
			args[arg_n++] = parse_expr(p);
			if (!take_sign(p, S(",")) && !is_sign(p, S(")"))) {
				unexpected(p);
			}
		}
		expect_sign(p, S(")"));
	}
	if (!p->failed && (arg_n < FUNCTIONS[f].least ||
	    arg_n > FUNCTIONS[f].most)) {
		fail_at(p, name, "wrong number of arguments for");
	}
	n = p->failed ? NULL : new_node(p, f >= GRAMMAR_F_COUNT ?
	    GRAMMAR_AGGREGATE : GRAMMAR_CALL, arg_n);
	if (n == NULL) {
		return NULL;
	}
	n->id = f;
	for (size_t i = 0; i < arg_n; i++) {
		n->args[i] = args[i];
	}
	if (n->kind == GRAMMAR_AGGREGATE) {
		n->slot = p->command->slot_n++;
		if (n->slot >= GRAMMAR_AGGREGATE_MAX_N) {
			fail_at(p, name, "too many aggregates at");
		}
	}
	return n;
}

static struct grammar_node *
parse_factor(struct parser *p)
{
	struct token t = p->now;
	struct grammar_node *n = NULL;

	if (p->failed || p->depth >= GRAMMAR_DEPTH_MAX) {
		fail_at(p, &t, "nested too deeply:");
		return NULL;
	}
	p->depth++;
	if (take_sign(p, S("-"))) {
		n = pair(p, GRAMMAR_NEGATE, parse_factor(p), NULL);
	} else if (take_sign(p, S("("))) {
		n = parse_expr(p);
		expect_sign(p, S(")"));
	} else if (t.kind == TOKEN_NUMBER) {
		n = new_node(p, GRAMMAR_NUMBER, 0);
		if (n != NULL && !read_number(t.text, &n->number)) {
			unexpected(p);
		}
		advance(p);
	} else if (t.kind == TOKEN_TEXT) {
		n = new_node(p, GRAMMAR_TEXT, 0);
		if (n != NULL) {
			n->text = t.text;
		}
		advance(p);
	} else if (t.kind == TOKEN_NAME) {
		advance(p);
		if (take_sign(p, S("("))) {
			n = parse_call(p, &t);
		} else {
			n = new_node(p, GRAMMAR_NAME, 0);
			if (n != NULL) {
				n->id = intern(p, t.text);
			}
		}
	} else {
		unexpected(p);
	}
	p->depth--;
	return n;
}

static struct grammar_node *
parse_term(struct parser *p)
{
	struct grammar_node *n = parse_factor(p);

	while (is_sign(p, S("*")) || is_sign(p, S("/")) || is_sign(p, S("%"))) {
		enum grammar_kind kind = p->now.text.p[0] == '*' ?
		    GRAMMAR_MUL : p->now.text.p[0] == '/' ? GRAMMAR_DIV :
		    GRAMMAR_MOD;

		advance(p);
		n = pair(p, kind, n, parse_factor(p));
	}
	return n;
}

static struct grammar_node *
parse_sum(struct parser *p)
{
	struct grammar_node *n = parse_term(p);

	while (is_sign(p, S("+")) || is_sign(p, S("-"))) {
		enum grammar_kind kind = p->now.text.p[0] == '+' ?
		    GRAMMAR_ADD : GRAMMAR_SUB;

		advance(p);
		n = pair(p, kind, n, parse_term(p));
	}
	return n;
}

/* The text or regex behind like and =~, which the caller has seen. */
static struct grammar_node *
parse_like(struct parser *p, struct grammar_node *left, bool regex)
{
	struct grammar_node *n = pair(p, GRAMMAR_LIKE, left, NULL);

	p->value_due = true;
	advance(p);
	p->value_due = false;
	if (n == NULL || p->failed) {
		return n;
	}
	if (p->now.kind == TOKEN_REGEX || (regex &&
	    p->now.kind == TOKEN_TEXT)) {
		n->regex = demo_regex_compile(p->a, p->now.text);
		if (n->regex == NULL) {
			fail_at(p, &p->now, "invalid regular expression");
		}
	} else if (p->now.kind == TOKEN_TEXT) {
		n->text = p->now.text;
	} else {
		unexpected(p);
	}
	advance(p);
	return n;
}

static struct grammar_node *
parse_in(struct parser *p, struct grammar_node *left)
{
	struct grammar_node *items[GRAMMAR_ITEM_MAX_N + 1], *n;
	size_t item_n = 1;

	expect_sign(p, S("["));
	while (!p->failed && !is_sign(p, S("]"))) {
		if (item_n > GRAMMAR_ITEM_MAX_N) {
			fail_at(p, &p->now, "too many values at");
			return NULL;
		}
		items[item_n++] = parse_sum(p);
		if (!take_sign(p, S(",")) && !is_sign(p, S("]"))) {
			unexpected(p);
		}
	}
	expect_sign(p, S("]"));
	n = p->failed ? NULL : new_node(p, GRAMMAR_IN, item_n);
	for (size_t i = 1; n != NULL && i < item_n; i++) {
		n->args[i] = items[i];
	}
	if (n != NULL) {
		n->args[0] = left;
	}
	return n;
}

static struct grammar_node *
parse_compare(struct parser *p)
{
	static const struct { char sign[3]; enum grammar_kind kind; } OPS[] = {
		{ "=", GRAMMAR_EQ }, { "!=", GRAMMAR_NE }, { "<", GRAMMAR_LT },
		{ "<=", GRAMMAR_LE }, { ">", GRAMMAR_GT }, { ">=", GRAMMAR_GE },
	};
	struct grammar_node *n = parse_sum(p);
	bool negate;

	for (size_t i = 0; i < sizeof(OPS) / sizeof(OPS[0]); i++) {
		if (take_sign(p, str_from_z(OPS[i].sign))) {
			return pair(p, OPS[i].kind, n, parse_sum(p));
		}
	}
	if (is_sign(p, S("=~"))) {
		return parse_like(p, n, true);
	}
	negate = take_word(p, S("not"));
	if (is_word(p, S("like"))) {
		n = parse_like(p, n, false);
	} else if (take_word(p, S("in"))) {
		n = parse_in(p, n);
	} else if (negate) {
		unexpected(p);
	}
	return negate ? pair(p, GRAMMAR_NOT, n, NULL) : n;
}

static struct grammar_node *
parse_not(struct parser *p)
{
	unsigned n = 0;
	struct grammar_node *node;

	while (take_word(p, S("not"))) {
		n++;
	}
	node = parse_compare(p);
	return n % 2 == 1 ? pair(p, GRAMMAR_NOT, node, NULL) : node;
}

static struct grammar_node *
parse_and(struct parser *p)
{
	struct grammar_node *n = parse_not(p);

	while (take_word(p, S("and"))) {
		n = pair(p, GRAMMAR_AND, n, parse_not(p));
	}
	return n;
}

static struct grammar_node *
parse_expr(struct parser *p)
{
	struct grammar_node *n;

	if (p->failed || p->depth >= GRAMMAR_DEPTH_MAX) {
		fail_at(p, &p->now, "nested too deeply:");
		return NULL;
	}
	p->depth++;
	n = parse_and(p);
	while (take_word(p, S("or"))) {
		n = pair(p, GRAMMAR_OR, n, parse_and(p));
	}
	p->depth--;
	return n;
}

static void
add_item(struct parser *p, struct grammar_item item)
{
	if (p->command->item_n == GRAMMAR_ITEM_MAX_N) {
		fail_at(p, &p->now, "too many fields before");
	}
	if (!p->failed) {
		p->command->items[p->command->item_n++] = item;
	}
}

/* expr [ "as" name ]; without a name its own text is the name. */
static void
parse_item(struct parser *p)
{
	size_t from = p->now.from;
	struct grammar_item item = { .expr = parse_expr(p) };
	struct str name = str_sub(p->in, from, p->before);

	if (p->failed) {
		return;
	}
	if (take_word(p, S("as"))) {
		name = p->now.text;
		if (p->now.kind != TOKEN_NAME && p->now.kind != TOKEN_TEXT) {
			unexpected(p);
			return;
		}
		advance(p);
	}
	if (item.expr != NULL && item.expr->kind == GRAMMAR_NAME &&
	    p->in.p[from] == '`') {
		name = str_eq(name, str_sub(p->in, from, p->before)) ?
		    p->g->names[item.expr->id] : name;
	}
	item.name = intern(p, name);
	add_item(p, item);
}

static void
parse_items(struct parser *p)
{
	do {
		parse_item(p);
	} while (take_sign(p, S(",")));
}

static void
parse_stats(struct parser *p)
{
	size_t first;

	p->aggregates = true;
	parse_items(p);
	p->aggregates = false;
	first = p->command->item_n;
	if (take_word(p, S("by"))) {
		parse_items(p);
	}
	p->command->by_n = p->command->item_n - first;
}

static void
parse_sort(struct parser *p)
{
	do {
		struct grammar_item item = { .expr = parse_expr(p) };

		item.descending = take_word(p, S("desc"));
		if (!item.descending) {
			(void)take_word(p, S("asc"));
		}
		add_item(p, item);
	} while (take_sign(p, S(",")));
}

/* parse @message "a=* b=*" as a, b */
static void
parse_parse(struct parser *p)
{
	struct grammar_item item = { .expr = NULL };
	size_t stars = 0;

	item.expr = new_node(p, GRAMMAR_NAME, 0);
	if (item.expr != NULL && p->now.kind == TOKEN_NAME) {
		item.expr->id = intern(p, p->now.text);
		add_item(p, item);
		advance(p);
	} else if (item.expr != NULL && p->now.kind == TOKEN_TEXT) {
		item.expr->id = intern(p, S("@message"));
		add_item(p, item);
	}
	p->command->glob = p->now.text;
	if (p->now.kind != TOKEN_TEXT) {
		unexpected(p);
		return;
	}
	for (size_t i = 0; i < p->now.text.len; i++) {
		stars += p->now.text.p[i] == '*';
	}
	advance(p);
	if (!take_word(p, S("as"))) {
		unexpected(p);
	}
	do {
		item = (struct grammar_item){ .name = intern(p, p->now.text) };
		if (p->now.kind != TOKEN_NAME) {
			unexpected(p);
			return;
		}
		add_item(p, item);
		advance(p);
	} while (take_sign(p, S(",")));
	if (!p->failed && p->command->item_n - 1 != stars) {
		fail_at(p, &p->now, "the pattern has another number of '*' "
		    "than names before");
	}
}

static void
parse_command(struct parser *p)
{
	static const struct {
		char word[8];
		enum grammar_verb verb;
	} VERBS[] = {
		{ "fields", GRAMMAR_FIELDS }, { "display", GRAMMAR_DISPLAY },
		{ "filter", GRAMMAR_FILTER }, { "parse", GRAMMAR_PARSE },
		{ "stats", GRAMMAR_STATS }, { "sort", GRAMMAR_SORT },
		{ "limit", GRAMMAR_LIMIT }, { "dedup", GRAMMAR_DEDUP },
		{ "pattern", GRAMMAR_PATTERN },
	};
	struct grammar_item item = { .expr = NULL };
	size_t i = 0;

	while (i < 9 && !is_word(p, str_from_z(VERBS[i].word))) {
		i++;
	}
	if (i == 9 || p->g->command_n == GRAMMAR_COMMAND_MAX_N) {
		unexpected(p);
		return;
	}
	p->command = &p->g->commands[p->g->command_n++];
	p->command->verb = VERBS[i].verb;
	advance(p);
	switch (p->command->verb) {
	case GRAMMAR_FILTER:
		item.expr = parse_expr(p);
		add_item(p, item);
		break;
	case GRAMMAR_STATS:
		parse_stats(p);
		break;
	case GRAMMAR_SORT:
		parse_sort(p);
		break;
	case GRAMMAR_PARSE:
		parse_parse(p);
		break;
	case GRAMMAR_LIMIT:
		if (p->now.kind != TOKEN_NUMBER || !str_u64(p->now.text,
		    100000, &p->command->limit) || p->command->limit == 0) {
			unexpected(p);
		}
		advance(p);
		break;
	default:
		parse_items(p);
		break;
	}
}

/* see demo_grammar.h */
bool
demo_grammar_parse(struct arena *a, struct str text, struct grammar *g,
    struct insights_error *error)
{
	struct parser p = { .a = a, .in = text, .g = g, .error = error };

	*error = (struct insights_error){ 0, 0, STR_NONE };
	(void)demo_grammar_name(g, S("@timestamp"));
	(void)demo_grammar_name(g, S("@message"));
	(void)demo_grammar_name(g, S("@ptr"));
	advance(&p);
	do {
		parse_command(&p);
	} while (take_sign(&p, S("|")));
	if (!p.failed && p.now.kind != TOKEN_END) {
		unexpected(&p);
	}
	return !p.failed && !a->failed;
}

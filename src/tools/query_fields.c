/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of a query.
 *
 * Expressions are read flat: each parenthesis opens a frame on a small stack,
 * a frame collects the fields of both sides of the comparison it is in, and
 * the end of the comparison (and, or, ")", "|") says what they were used for.
 */
#include "tools/query_fields.h"

#define DEPTH_MAX 32
/* Fields of one side of a comparison; names that the query makes itself. */
#define SIDE_MAX_N 8
#define MADE_MAX_N 32

enum kind {
	END, WORD, NAME, TEXT, REGEX, NUMBER, OPERATOR, PIPE, COMMA, OPEN,
	CLOSE, LIST_OPEN, LIST_CLOSE, OTHER
};

struct token {
	enum kind kind;
	struct str s; /* NAME, TEXT, REGEX: what is inside */
};

struct reader {
	struct str text;
	size_t at;
	struct token now;       /* the token under way */
	bool value_next;        /* a "/" now begins a regex */
	bool in_parse;
	struct query_fields *out;
	struct str made[MADE_MAX_N];
	size_t made_n;
};

/* ---- tokens ---- */

static bool
starts_word(char c)
{
	return str_is_alpha(c) || c == '_' || c == '@' || c == '$' ||
	    (unsigned char)c >= 0x80;
}

static bool
in_word(char c)
{
	return starts_word(c) || str_is_digit(c) || c == '.';
}

/* Moves behind blanks and comments. */
static void
skip_blank(struct reader *r)
{
	struct str t = r->text;

	while (r->at < t.len) {
		char c = t.p[r->at];
		struct str rest = str_sub(t, r->at, r->at + 2);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			r->at++;
		} else if (c == '#' || str_eq(rest, S("--"))) {
			r->at = str_find_byte(t, '\n', r->at);
		} else if (str_eq(rest, S("/*"))) {
			size_t end = str_find(t, S("*/"), r->at + 2);

			r->at = end < t.len ? end + 2 : t.len;
		} else {
			return;
		}
	}
}

/* Up to the closing quote, escapes passed over; unclosed: to the end. */
static void
quoted(struct reader *r, enum kind kind, char quote)
{
	size_t from = ++r->at;

	while (r->at < r->text.len && r->text.p[r->at] != quote) {
		r->at += r->text.p[r->at] == '\\' && kind != NAME ? 2 : 1;
	}
	r->now = (struct token){ kind, str_sub(r->text, from, r->at) };
	r->at = r->at < r->text.len ? r->at + 1 : r->text.len;
}

static bool
is_word(const struct reader *r, struct str word)
{
	return r->now.kind == WORD && str_ieq(r->now.s, word);
}

static void
operator(struct reader *r)
{
	static const char PAIRS[][3] = { "!=", "<>", "<=", ">=", "=~", "~=",
		"==" };
	struct str two = str_sub(r->text, r->at, r->at + 2);
	size_t len = 1;

	for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
		len = str_eq(two, str_from_z(PAIRS[i])) ? 2 : len;
	}
	r->now = (struct token){ OPERATOR, str_sub(two, 0, len) };
	r->at += len;
}

static enum kind
kind_of(char c)
{
	static const char MARKS[] = "|,()[]";
	static const enum kind KINDS[] = { PIPE, COMMA, OPEN, CLOSE, LIST_OPEN,
		LIST_CLOSE };
	size_t i = str_find_byte(str_from_z(MARKS), c, 0);

	return i < sizeof(KINDS) / sizeof(KINDS[0]) ? KINDS[i] : OTHER;
}

/* Reads the next token into r->now. */
static void
next(struct reader *r)
{
	struct str t = r->text;
	size_t from;
	char c;

	skip_blank(r);
	from = r->at;
	if (from >= t.len) {
		r->at = t.len;
		r->now = (struct token){ END, STR_NONE };
		return;
	}
	c = t.p[from];
	if (c == '`' || c == '\'' || c == '"') {
		quoted(r, c == '`' ? NAME : TEXT, c);
	} else if (c == '/' && (r->in_parse || r->value_next)) {
		quoted(r, REGEX, '/');
	} else if (starts_word(c) || str_is_digit(c)) {
		while (r->at < t.len && in_word(t.p[r->at])) {
			r->at++;
		}
		r->now = (struct token){ str_is_digit(c) ? NUMBER : WORD,
			str_sub(t, from, r->at) };
	} else if (c == '=' || c == '!' || c == '<' || c == '>' || c == '~') {
		operator(r);
	} else {
		r->at++;
		r->now = (struct token){ kind_of(c), str_sub(t, from,
			from + 1) };
	}
	r->value_next = r->now.kind == OPERATOR || r->now.kind == OPEN ||
	    r->now.kind == LIST_OPEN || r->now.kind == COMMA ||
	    is_word(r, S("like"));
}

static bool
at_end(const struct reader *r)
{
	return r->now.kind == END || r->now.kind == PIPE;
}

/* The next byte that is not blank opens a parenthesis: a function's name. */
static bool
is_call(const struct reader *r)
{
	struct str rest = str_trim_ws(str_sub(r->text, r->at, r->text.len));

	return rest.len > 0 && rest.p[0] == '(';
}

static bool
one_of(struct str word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (str_ieq(word, str_from_z(words[i]))) {
			return true;
		}
	}
	return false;
}

/* Words of the languages that can stand where a field can. */
static bool
is_keyword(struct str s)
{
	static const char *const WORDS[] = { "and", "or", "not", "like", "in",
		"is", "null", "true", "false", "between", "as", "asc", "desc",
		"by", "case", "when", "then", "else", "end", "regexp", "rlike",
		"xor", "distinct" };

	return one_of(s, WORDS, sizeof(WORDS) / sizeof(WORDS[0]));
}

/* The token is the name of a field. */
static bool
is_field(const struct reader *r)
{
	return (r->now.kind == NAME && r->now.s.len > 0) ||
	    (r->now.kind == WORD && !is_keyword(r->now.s) && !is_call(r));
}

/* ---- what was found ---- */

static void
make(struct reader *r, struct str name)
{
	if (r->made_n < MADE_MAX_N) {
		r->made[r->made_n++] = name;
	}
}

static void
use(struct reader *r, struct str name, enum query_fields_usage usage)
{
	struct query_fields *out = r->out;

	if (name.len == 0 || name.p[0] == '@') {
		return;
	}
	for (size_t i = 0; i < r->made_n; i++) {
		if (str_eq(r->made[i], name)) {
			return;
		}
	}
	for (size_t i = 0; i < out->n; i++) {
		if (str_eq(out->fields[i].name, name)) {
			if (usage > out->fields[i].usage) {
				out->fields[i].usage = usage;
			}
			return;
		}
	}
	if (out->n < QUERY_FIELDS_MAX_N) {
		out->fields[out->n++] = (struct query_field){ name, usage };
	}
}

/* ---- expressions ---- */

/* One side of a comparison. */
struct side {
	struct str fields[SIDE_MAX_N];
	size_t n;
	bool bare;     /* one field and nothing else */
	bool any;      /* something stands here */
};

enum compare { NONE, EQUALS, IN, OTHER_WAY };

/* What stands between two parentheses. */
struct frame {
	struct side left, right;
	enum compare compare;
	bool negated;      /* the whole frame */
	bool not_next;     /* the comparison under way */
	bool function;
	bool presence;     /* of ispresent(): says nothing of the value */
	bool list;         /* of an "in" */
};

static void
side_add(struct side *s, struct str field)
{
	s->bare = !s->any;
	s->any = true;
	if (s->n < SIDE_MAX_N) {
		s->fields[s->n++] = field;
	}
}

static void
side_other(struct side *s)
{
	s->bare = false;
	s->any = true;
}

static void
side_join(struct side *to, const struct side *from)
{
	bool bare = !to->any && from->bare;

	for (size_t i = 0; i < from->n; i++) {
		side_add(to, from->fields[i]);
	}
	to->bare = bare;
	to->any = true;
}

static struct side *
side_of(struct frame *f)
{
	return f->compare == NONE ? &f->left : &f->right;
}

/* The comparison is over: its fields are used. */
static void
settle(struct reader *r, struct frame *f)
{
	const struct side *l = &f->left, *o = &f->right;
	bool positive = f->negated == f->not_next;
	bool plain = (l->bare && o->n == 0 && o->any) ||
	    (f->compare == EQUALS && o->bare && l->n == 0 && l->any);
	enum query_fields_usage usage = plain && positive &&
	    (f->compare == EQUALS || f->compare == IN) ?
	    QUERY_FIELDS_EQUALITY : QUERY_FIELDS_OTHER;

	for (size_t i = 0; i < l->n; i++) {
		use(r, l->fields[i], usage);
	}
	for (size_t i = 0; i < o->n; i++) {
		use(r, o->fields[i], usage);
	}
	*f = (struct frame){ .negated = f->negated, .function = f->function,
		.presence = f->presence, .list = f->list };
}

/* Ends the innermost frame. In a function, and in parentheses around no
 * comparison, the fields belong to the side around it. */
static void
pop(struct reader *r, struct frame *inner, struct frame *outer)
{
	struct side *to = side_of(outer);

	if (inner->list || inner->presence) {
		side_other(to);
	} else if (inner->compare != NONE) {
		settle(r, inner);
		side_other(to);
	} else {
		side_join(to, &inner->left);
		if (inner->function) {
			to->bare = false;
		}
	}
}

/* A word or sign that compares; false: it is none. */
static bool
compares(struct reader *r, struct frame *f)
{
	static const char *const WORDS[] = { "like", "is", "between", "regexp",
		"rlike" };
	enum compare how = NONE;

	if (r->now.kind == OPERATOR) {
		how = str_eq(r->now.s, S("=")) || str_eq(r->now.s, S("==")) ?
		    EQUALS : OTHER_WAY;
	} else if (is_word(r, S("in"))) {
		how = IN;
	} else if (r->now.kind == WORD && one_of(r->now.s, WORDS,
	    sizeof(WORDS) / sizeof(WORDS[0]))) {
		how = OTHER_WAY;
	}
	if (how != NONE) {
		/* a = b = c is nothing an index serves. */
		f->compare = f->compare == NONE ? how : OTHER_WAY;
	}
	return how != NONE;
}

/* Words that end an expression in SQL. */
static bool
ends_clause(const struct reader *r)
{
	static const char *const WORDS[] = { "group", "order", "limit",
		"having", "union", "from", "where", "select", "offset" };

	return r->now.kind == WORD && one_of(r->now.s, WORDS,
	    sizeof(WORDS) / sizeof(WORDS[0]));
}

/* Opens a frame for a parenthesis or list. */
static struct frame
opened(const struct frame *outer, bool list, struct str function)
{
	struct frame f = { .negated = outer->negated != outer->not_next };

	f.list = list || (outer->compare == IN && function.p == NULL);
	f.function = function.p != NULL;
	f.presence = str_ieq(function, S("ispresent"));
	return f;
}

/* Reads a condition up to its end; r->now is then what ended it. */
static void
condition(struct reader *r, bool sql)
{
	struct frame frames[DEPTH_MAX];
	struct str function = STR_NONE;
	size_t depth = 0;

	frames[0] = (struct frame){ .compare = NONE };
	for (; !at_end(r) && !(sql && ends_clause(r)); next(r)) {
		struct frame *f = &frames[depth];
		struct str called = function;

		function = STR_NONE;
		if (r->now.kind == OPEN || r->now.kind == LIST_OPEN) {
			if (depth + 1 == DEPTH_MAX) {
				break;
			}
			frames[++depth] = opened(f, r->now.kind == LIST_OPEN,
			    called);
		} else if (r->now.kind == CLOSE || r->now.kind == LIST_CLOSE) {
			if (depth > 0) {
				depth--;
				pop(r, f, &frames[depth]);
			}
		} else if (is_word(r, S("and")) || is_word(r, S("or")) ||
		    is_word(r, S("xor")) || (r->now.kind == COMMA &&
		    !f->function && !f->list)) {
			settle(r, f);
		} else if (is_word(r, S("not"))) {
			f->not_next = !f->not_next;
		} else if (compares(r, f)) {
			continue;
		} else if (is_field(r)) {
			side_add(side_of(f), r->now.s);
		} else if (r->now.kind == WORD && is_call(r)) {
			function = r->now.s;
		} else {
			side_other(side_of(f));
		}
	}
	while (depth > 0) {
		depth--;
		pop(r, &frames[depth + 1], &frames[depth]);
	}
	settle(r, &frames[0]);
	/* Too deep: the rest of the command counts for nothing. */
	while (!at_end(r) && !(sql && ends_clause(r))) {
		next(r);
	}
}

/* A list of things to show: fields, functions of fields, "as name". */
static void
display(struct reader *r, bool sql)
{
	for (; !at_end(r) && !(sql && ends_clause(r)); next(r)) {
		if (is_word(r, S("as"))) {
			next(r);
			make(r, r->now.s);
		} else if (is_field(r)) {
			use(r, r->now.s, QUERY_FIELDS_DISPLAY);
		}
		if (at_end(r)) {
			return;
		}
	}
}

/* ---- commands ---- */

static void
skip_command(struct reader *r)
{
	while (!at_end(r)) {
		next(r);
	}
}

/* "sort a desc, b", "sort - a", "ORDER BY a DESC". */
static void
sort(struct reader *r, bool sql)
{
	struct query_fields *out = r->out;
	bool first = true;

	out->sort = STR_NONE;
	out->descending = false;
	for (; !at_end(r) && !(sql && ends_clause(r)); next(r)) {
		if (r->now.kind == OTHER && first && out->sort.p == NULL) {
			out->descending = str_eq(r->now.s, S("-"));
		} else if (r->now.kind == COMMA) {
			first = false;
		} else if (first && is_word(r, S("desc"))) {
			out->descending = true;
		} else if (is_field(r)) {
			if (first && out->sort.p == NULL) {
				out->sort = r->now.s;
			}
			use(r, r->now.s, QUERY_FIELDS_DISPLAY);
		}
	}
}

/* "stats f(x) as n, ... by a, b": what is behind by is shown. */
static void
stats(struct reader *r)
{
	r->out->aggregates = true;
	r->out->sort = STR_NONE;
	while (!at_end(r) && !is_word(r, S("by"))) {
		if (is_word(r, S("as"))) {
			next(r);
			make(r, r->now.s);
		}
		if (!at_end(r)) {
			next(r);
		}
	}
	display(r, false);
}

/* Names in (?<name>...) of a regex. */
static void
made_by_regex(struct reader *r, struct str regex)
{
	size_t at = 0;

	while ((at = str_find(regex, S("(?<"), at)) < regex.len) {
		size_t end = str_find_byte(regex, '>', at);

		make(r, str_sub(regex, at + 3, end));
		at = end;
	}
}

/* "parse field pattern as a, b": makes names, shows nothing. */
static void
parse(struct reader *r)
{
	bool names = false;

	r->in_parse = true;
	for (; !at_end(r); next(r)) {
		if (r->now.kind == REGEX || r->now.kind == TEXT) {
			made_by_regex(r, r->now.s);
		}
		if (names && (r->now.kind == WORD || r->now.kind == NAME)) {
			make(r, r->now.s);
		}
		names = names || is_word(r, S("as"));
	}
	r->in_parse = false;
}

/* "eval a = ..., b = ...": makes a and b. */
static void
eval(struct reader *r)
{
	bool first = true;

	for (; !at_end(r); next(r)) {
		if (first && (r->now.kind == WORD || r->now.kind == NAME)) {
			make(r, r->now.s);
		}
		first = r->now.kind == COMMA;
	}
}

static void
limit(struct reader *r)
{
	uint64_t n = 0;

	if (r->now.kind == NUMBER && str_u64(r->now.s, UINT32_MAX, &n)) {
		r->out->limit = n;
	}
}

enum verb { FILTER, SHOW, STATS, SORT, PARSE, EVAL, LIMIT, PASS, UNKNOWN };

/* One command of CWLI or PPL; r->now is its first token. */
static void
command(struct reader *r)
{
	static const struct {
		char name[12];
		unsigned char verb, cwli, ppl, per_event;
	} COMMANDS[] = {
		{ "filter", FILTER, 1, 1, 1 }, { "where", FILTER, 0, 1, 1 },
		{ "filterindex", FILTER, 1, 1, 1 }, { "fields", SHOW, 1, 1, 1 },
		{ "display", SHOW, 1, 0, 1 }, { "stats", STATS, 1, 1, 0 },
		{ "sort", SORT, 1, 1, 0 }, { "parse", PARSE, 1, 1, 1 },
		{ "eval", EVAL, 0, 1, 1 }, { "limit", LIMIT, 1, 0, 0 },
		{ "head", LIMIT, 0, 1, 0 }, { "source", PASS, 1, 1, 1 },
		{ "unmask", PASS, 1, 0, 1 },
	};
	bool ppl = r->out->language == QUERY_FIELDS_PPL;
	enum verb verb = UNKNOWN;
	bool per_event = false;

	for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(COMMANDS[0]); i++) {
		if (is_word(r, str_from_z(COMMANDS[i].name)) &&
		    (ppl ? COMMANDS[i].ppl : COMMANDS[i].cwli) != 0) {
			verb = (enum verb)COMMANDS[i].verb;
			per_event = COMMANDS[i].per_event != 0;
		}
	}
	if (r->now.kind != END) {
		r->out->rows_only = r->out->rows_only && per_event;
	}
	r->in_parse = verb == PARSE;
	if (!at_end(r)) {
		next(r);
	}
	switch (verb) {
	case FILTER:
		condition(r, false);
		break;
	case SHOW:
		/* PPL: "fields - a" leaves a out. */
		if (!str_eq(r->now.s, S("-"))) {
			display(r, false);
		}
		break;
	case STATS:
		stats(r);
		break;
	case SORT:
		sort(r, false);
		break;
	case PARSE:
		parse(r);
		break;
	case EVAL:
		eval(r);
		break;
	case LIMIT:
		limit(r);
		break;
	case PASS:
	case UNKNOWN:
		break;
	}
	skip_command(r);
}

/* filterIndex('field' = 'value') anywhere in SQL names its field in quotes. */
static void
sql_index(struct reader r)
{
	for (next(&r); r.now.kind != END; next(&r)) {
		if (!is_word(&r, S("filterindex"))) {
			continue;
		}
		next(&r);
		if (r.now.kind == OPEN) {
			next(&r);
		}
		if (r.now.kind == TEXT || r.now.kind == NAME) {
			use(&r, r.now.s, QUERY_FIELDS_EQUALITY);
		}
	}
}

static void
sql(struct reader *r)
{
	r->out->rows_only = false;
	sql_index(*r);
	next(r);
	while (r->now.kind != END) {
		bool group = is_word(r, S("group"));

		if (is_word(r, S("select"))) {
			next(r);
			display(r, true);
		} else if (is_word(r, S("where"))) {
			next(r);
			condition(r, true);
		} else if (group || is_word(r, S("order"))) {
			next(r);
			if (is_word(r, S("by"))) {
				next(r);
			}
			r->out->aggregates = r->out->aggregates || group;
			if (group) {
				display(r, true);
			} else {
				sort(r, true);
			}
		} else {
			bool rows = is_word(r, S("limit"));

			next(r);
			if (rows) {
				limit(r);
			}
		}
		if (r->now.kind == PIPE) {
			next(r);
		}
	}
}

static enum query_fields_language
guess(struct reader r)
{
	bool source, where = false, filter = false;

	next(&r);
	if (is_word(&r, S("select"))) {
		return QUERY_FIELDS_SQL;
	}
	source = is_word(&r, S("source"));
	for (; r.now.kind != END; next(&r)) {
		if (r.now.kind == PIPE) {
			next(&r);
			where = where || is_word(&r, S("where"));
			filter = filter || is_word(&r, S("filter"));
		}
		if (r.now.kind == END) {
			break;
		}
	}
	return where && (source || !filter) ? QUERY_FIELDS_PPL :
	    QUERY_FIELDS_CWLI;
}

/* see query_fields.h */
struct str
query_fields_language_name(enum query_fields_language language)
{
	return language == QUERY_FIELDS_SQL ? S("SQL") :
	    language == QUERY_FIELDS_PPL ? S("PPL") : S("CWLI");
}

/* see query_fields.h */
void
query_fields_parse(struct str text, struct str language,
    struct query_fields *out)
{
	struct reader r = { .text = text, .out = out };

	*out = (struct query_fields){ .rows_only = true };
	out->language = guess(r);
	for (unsigned i = QUERY_FIELDS_CWLI; i <= QUERY_FIELDS_SQL; i++) {
		enum query_fields_language l = (enum query_fields_language)i;

		if (str_eq(language, query_fields_language_name(l))) {
			out->language = l;
		}
	}
	if (out->language == QUERY_FIELDS_SQL) {
		sql(&r);
		return;
	}
	do {
		next(&r);
		command(&r);
	} while (r.now.kind == PIPE);
}

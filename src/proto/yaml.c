/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YAML subset. Lines are read one after the other; between them stand the
 * open containers, each with the column of its entries, and the hole: a value
 * that was not on its line and that a deeper block may fill.
 */
#include "proto/yaml.h"

#include "base/limits.h"
#include "base/must.h"

struct level {
	struct json *node; /* an array or object */
	struct json *last; /* its last child */
	size_t column;     /* where its entries begin */
};

struct reader {
	struct arena *a;
	struct fail *f;
	struct str in;
	size_t line;        /* number of the line being read */
	size_t node_n;
	bool begun;         /* a "---" or an entry was seen */
	struct json *hole;  /* NULL: the last value stood on its line */
	size_t hole_column; /* of the entry that it is the value of */
	bool hole_member;   /* of a key: a list may begin in its own column */
	struct level open[YAML_DEPTH_MAX];
	unsigned depth;
};

static enum err
bad(const struct reader *r, const char *what)
{
	fail_setf(r->f, ERR_SYNTAX, "line %u %s", (uint64_t)r->line,
	    str_from_z(what));
	if (r->f != NULL) {
		r->f->pos = r->line;
	}
	return ERR_SYNTAX;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Nothing but a comment follows, which a blank has to stand before. */
static bool
is_rest_empty(struct str s)
{
	struct str t = str_trim(s);

	return t.len == 0 || (t.p[0] == '#' && t.p > s.p);
}

/* Byte i ends a word: blank, or the end. */
static bool
is_word_end(struct str s, size_t i)
{
	return i >= s.len || is_blank(s.p[i]);
}

/* Adds a child to the innermost container, which becomes the hole. */
static enum err
add_child(struct reader *r, struct str key, struct str at)
{
	struct level *top = &r->open[r->depth - 1];
	struct json *v;

	if (++r->node_n > YAML_NODE_MAX) {
		return fail_set(r->f, ERR_LIMIT, r->line,
		    S("the document has too many values"));
	}
	v = ARENA_NEW(r->a, struct json);
	if (v == NULL) {
		return ERR_NOMEM;
	}
	*v = (struct json){ .type = JSON_NULL, .text = S("null"), .key = key,
	    .pos = (size_t)(at.p - r->in.p) };
	v->key_pos = (uint32_t)v->pos;
	if (top->last == NULL) {
		top->node->child = v;
	} else {
		top->last->next = v;
	}
	top->last = v;
	top->node->n++;
	r->hole = v;
	r->hole_column = top->column;
	r->hole_member = top->node->type == JSON_OBJECT;
	return ERR_OK;
}

/* ---- scalars ---- */

/* The end of the quoted scalar that s begins with, behind its last quote;
 * s.len + 1 when it has none. */
static size_t
quoted_end(struct str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[0] == '"' && s.p[i] == '\\') {
			i++;
		} else if (s.p[i] == s.p[0]) {
			if (s.p[0] == '"' || i + 1 == s.len ||
			    s.p[i + 1] != '\'') {
				return i + 1;
			}
			i++;
		}
	}
	return s.len + 1;
}

/* Text between single quotes, where two of them stand for one. */
static enum err
read_single(struct reader *r, struct str s, struct str *out)
{
	struct buf b;

	*out = str_sub(s, 1, s.len - 1);
	if (str_find_byte(*out, '\'', 0) == out->len) {
		return ERR_OK;
	}
	b = buf_in(r->a, out->len);
	for (size_t i = 0; i < out->len; i++) {
		i += out->p[i] == '\'';
		buf_add_byte(&b, out->p[i]);
	}
	*out = buf_str(&b);
	return buf_ok(&b) ? ERR_OK : ERR_NOMEM;
}

static enum err
read_quoted(struct reader *r, struct str s, struct str *out)
{
	struct json *v;
	enum err err;

	if (s.p[0] == '\'') {
		return read_single(r, s, out);
	}
	/* A quoted scalar on one line is a JSON string but for a raw tab. */
	err = json_parse(r->a, s, 0, &v, NULL);
	if (err == ERR_NOMEM) {
		return err;
	}
	if (err != ERR_OK) {
		return bad(r, "has an escape or a tab between double quotes "
		    "that JSON does not know");
	}
	*out = v->text;
	return ERR_OK;
}

/* What the first byte of a plain scalar says about it; NULL: nothing bad. */
static const char *
forbidden(struct str s)
{
	switch (s.p[0]) {
	case '&':
	case '*':
		return "uses an anchor or alias, which is not read here: "
		    "write the value out, or quote it";
	case '!':
		return "uses a tag, which is not read here: leave it out";
	case '{':
	case '}':
	case '[':
	case ']':
	case ',':
		return "uses flow style ({} or []), which is not read here: "
		    "write an entry a line, or quote it";
	case '|':
	case '>':
		return "begins text over several lines, which is not read "
		    "here: write it on one line";
	case '%':
	case '@':
	case '`':
		return "begins with a character that has to stand in quotes";
	case '?':
	case ':':
	case '-':
		return is_word_end(s, 1) ? "has an indicator where a value "
		    "should be: write an entry a line" : NULL;
	default:
		return NULL;
	}
}

/* Where a plain scalar ends: at a comment. */
static struct str
plain_of(struct str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.p[i] == '#' && is_blank(s.p[i - 1])) {
			s.len = i;
		}
	}
	return str_trim(s);
}

/* The colon behind the key that s begins with; SIZE_MAX: there is none. */
static size_t
find_colon(struct str s)
{
	size_t i = 0;

	if (s.p[0] == '"' || s.p[0] == '\'') {
		i = quoted_end(s);
		while (i < s.len && is_blank(s.p[i])) {
			i++;
		}
		return i < s.len && s.p[i] == ':' && is_word_end(s, i + 1) ?
		    i : SIZE_MAX;
	}
	s = plain_of(s);
	while (i < s.len && !(s.p[i] == ':' && is_word_end(s, i + 1))) {
		i++;
	}
	return i < s.len ? i : SIZE_MAX;
}

/* Fills the hole with the scalar that is the rest of the line. */
static enum err
read_scalar(struct reader *r, struct str s)
{
	struct json *v = r->hole;
	const char *why;

	r->hole = NULL;
	v->pos = (size_t)(s.p - r->in.p);
	v->type = JSON_STRING;
	if (s.p[0] == '"' || s.p[0] == '\'') {
		size_t end = quoted_end(s);

		if (end > s.len) {
			return bad(r, "opens a quote that is not closed on "
			    "it");
		}
		if (!is_rest_empty(str_sub(s, end, s.len))) {
			return bad(r, "has text behind a quoted value");
		}
		return read_quoted(r, str_sub(s, 0, end), &v->text);
	}
	why = forbidden(s);
	if (why != NULL) {
		return bad(r, why);
	}
	v->text = plain_of(s);
	if (find_colon(v->text) != SIZE_MAX) {
		return bad(r, "has \": \" in a value, which therefore has to "
		    "stand in quotes");
	}
	if (str_eq(v->text, S("~")) || str_eq(v->text, S("null"))) {
		v->type = JSON_NULL;
		v->text = S("null");
	}
	return ERR_OK;
}

/* ---- entries ---- */

static enum err
read_key(struct reader *r, struct str s, struct str *key)
{
	const char *why;

	*key = str_trim(s);
	if (s.len > 0 && (s.p[0] == '"' || s.p[0] == '\'')) {
		return read_quoted(r, *key, key);
	}
	why = s.len == 0 ? "has no key in front of its colon" : forbidden(s);
	return why == NULL ? ERR_OK : bad(r, why);
}

/* Ends the innermost container. */
static enum err
close_level(struct reader *r)
{
	const struct json *v = r->open[--r->depth].node;
	const struct json *again = NULL;
	enum err err = v->type == JSON_OBJECT ?
	    json_repeated(r->a, v, &again) : ERR_OK;

	if (err == ERR_OK && again != NULL) {
		r->line = 1;
		for (size_t i = 0; i < again->pos; i++) {
			r->line += r->in.p[i] == '\n';
		}
		return bad(r, "has a key for the second time");
	}
	return err;
}

/* Finds or opens the container that an entry in this column belongs to. */
static enum err
place(struct reader *r, enum json_type type, size_t column)
{
	struct json *hole = r->hole;
	struct level *top;
	enum err err = ERR_OK;

	r->hole = NULL;
	if (hole != NULL && (r->depth == 0 || column > r->hole_column ||
	    (column == r->hole_column && r->hole_member &&
	    type == JSON_ARRAY))) {
		if (r->depth == YAML_DEPTH_MAX) {
			return bad(r, "nests too deep");
		}
		hole->type = type;
		hole->text = STR_NONE;
		r->open[r->depth++] = (struct level){ .node = hole,
		    .column = column };
		return ERR_OK;
	}
	if (r->depth > 0 && column > r->open[r->depth - 1].column) {
		return bad(r, "is indented deeper than what it follows; a "
		    "value stands on one line");
	}
	while (err == ERR_OK && r->depth > 0 &&
	    (r->open[r->depth - 1].column > column ||
	    (r->open[r->depth - 1].node->type == JSON_ARRAY &&
	    type == JSON_OBJECT))) {
		err = close_level(r);
	}
	if (err != ERR_OK) {
		return err;
	}
	top = r->depth == 0 ? NULL : &r->open[r->depth - 1];
	if (top == NULL || top->column != column || top->node->type != type) {
		return bad(r, "fits to no entry above it: its indentation, or "
		    "a list among keys");
	}
	return ERR_OK;
}

static enum err
read_member(struct reader *r, struct str s, size_t column)
{
	size_t colon = find_colon(s);
	struct str key;
	struct str value;
	enum err err;

	if (colon >= s.len) {
		const char *why = forbidden(s);

		return bad(r, why != NULL ? why :
		    "is neither \"key: value\" nor \"- entry\"");
	}
	err = place(r, JSON_OBJECT, column);
	if (err == ERR_OK) {
		err = read_key(r, str_sub(s, 0, colon), &key);
	}
	if (err == ERR_OK) {
		err = add_child(r, key, s);
	}
	value = str_sub(s, colon + 1, s.len);
	if (err == ERR_OK && !is_rest_empty(value)) {
		err = read_scalar(r, str_trim(value));
	}
	return err;
}

/* A line with something on it, without its indentation. */
static enum err
read_entry(struct reader *r, struct str s, size_t column)
{
	struct str rest;
	size_t colon;
	enum err err;

	if (s.p[0] != '-' || !is_word_end(s, 1)) {
		return read_member(r, s, column);
	}
	err = place(r, JSON_ARRAY, column);
	if (err == ERR_OK) {
		err = add_child(r, STR_NONE, s);
	}
	rest = str_sub(s, 1, s.len);
	if (err != ERR_OK || is_rest_empty(rest)) {
		return err;
	}
	rest = str_trim(rest);
	colon = find_colon(rest);
	if (colon >= rest.len) {
		return read_scalar(r, rest);
	}
	if (str_find_byte(str_of(s.p, (size_t)(rest.p - s.p)), '\t', 0) <
	    (size_t)(rest.p - s.p)) {
		return bad(r, "has a tab in its indentation");
	}
	return read_member(r, rest, column + (size_t)(rest.p - s.p));
}

static enum err
read_line(struct reader *r, struct str s)
{
	size_t column = 0;

	while (column < s.len && s.p[column] == ' ') {
		column++;
	}
	if (is_rest_empty(s) || s.p[column] == '#') {
		return ERR_OK;
	}
	if (s.p[column] == '\t') {
		return bad(r, "has a tab in its indentation");
	}
	if (column == 0 && (str_eq(str_sub(s, 0, 3), S("---")) ||
	    str_eq(str_sub(s, 0, 3), S("..."))) && is_word_end(s, 3)) {
		if (r->begun || s.p[0] == '.') {
			return bad(r, "begins another document, and one is "
			    "read");
		}
		r->begun = true;
		return is_rest_empty(str_sub(s, 3, s.len)) ? ERR_OK :
		    bad(r, "has text behind \"---\"");
	}
	r->begun = true;
	return read_entry(r, str_sub(s, column, s.len), column);
}

static enum err
check_bytes(const struct reader *r)
{
	size_t pos;

	if (r->in.len > YAML_FILE_MAX) {
		return fail_set(r->f, ERR_LIMIT, 0, S("the document is too "
		    "large"));
	}
	if (!json_utf8_ok(r->in, &pos)) {
		return fail_set(r->f, ERR_UTF8, pos, STR_NONE);
	}
	return ERR_OK;
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			return true;
		}
	}
	return false;
}

/* see yaml.h */
enum err
yaml_parse(struct arena *a, struct str in, struct json **out, struct fail *f)
{
	struct reader r = { .a = a, .f = f, .in = in };
	struct json *root = ARENA_NEW(a, struct json);
	struct str rest = in;
	enum err err = root == NULL ? ERR_NOMEM : check_bytes(&r);

	*out = NULL;
	if (root != NULL) {
		*root = (struct json){ .type = JSON_NULL, .text = S("null") };
	}
	r.hole = root;
	if (str_starts(rest, S("\xef\xbb\xbf"))) {
		rest = str_sub(rest, 3, rest.len);
	}
	while (err == ERR_OK && rest.p != NULL) {
		struct str line = str_cut(&rest, '\n');

		r.line++;
		if (str_ends(line, S("\r"))) {
			line.len--;
		}
		err = has_control(line) ? bad(&r, "has a control character") :
		    read_line(&r, line);
	}
	while (err == ERR_OK && r.depth > 0) {
		err = close_level(&r);
	}
	*out = err == ERR_OK ? root : NULL;
	return err;
}

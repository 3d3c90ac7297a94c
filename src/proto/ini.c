/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS configuration files. The rules stand in ini.h; each is one function
 * here. The state between lines is what a deeper-indented line would continue.
 */
#include "proto/ini.h"

#include "base/limits.h"

struct reader {
	struct arena *a;
	struct ini *out;
	struct ini_entry **tail;
	struct fail *f;
	struct str section;     /* absent before the first section line */
	struct ini_entry *open; /* property that an indented line continues */
	size_t indent;          /* blanks in front of that property */
	bool nested;            /* its value was empty: lines are nested */
	size_t line;            /* number of the line being read */
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

/* Without a comment that stands behind a blank, and trimmed. */
static struct str
strip_comment(struct str s)
{
	for (size_t i = 1; i < s.len; i++) {
		if ((s.p[i] == '#' || s.p[i] == ';') && is_blank(s.p[i - 1])) {
			s.len = i;
			break;
		}
	}
	return str_trim(s);
}

/* Copies a key with its letters lower-cased; absent: out of memory. */
static struct str
lower(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len, 1);

	if (p == NULL) {
		return STR_NONE;
	}
	for (size_t i = 0; i < s.len; i++) {
		p[i] = str_lower_byte(s.p[i]);
	}
	return str_of(p, s.len);
}

static struct ini_entry *
add_entry(struct reader *r)
{
	struct ini_entry *e = ARENA_NEW(r->a, struct ini_entry);

	if (e != NULL) {
		e->section = r->section;
		e->line = r->line;
		*r->tail = e;
		r->tail = &e->next;
		r->out->entry_n++;
	}
	return e;
}

static enum err
read_section(struct reader *r, struct str s)
{
	size_t end = 1;
	char quote = '\0';
	struct str rest;
	struct ini_entry *e;

	/* A bracket inside quotes belongs to the name. */
	while (end < s.len && (quote != '\0' || s.p[end] != ']')) {
		if (quote != '\0') {
			quote = s.p[end] == quote ? '\0' : quote;
		} else if (s.p[end] == '"' || s.p[end] == '\'') {
			quote = s.p[end];
		}
		end++;
	}
	if (end == s.len) {
		return bad(r, "opens a section with [ that no ] closes");
	}
	rest = str_trim(str_sub(s, end + 1, s.len));
	if (rest.len > 0 && rest.p[0] != '#' && rest.p[0] != ';') {
		return bad(r, "has text behind the ] of its section");
	}
	r->section = str_trim(str_sub(s, 1, end));
	if (r->section.len == 0) {
		return bad(r, "names no section between [ and ]");
	}
	r->open = NULL;
	e = add_entry(r);
	if (e == NULL) {
		return ERR_NOMEM;
	}
	e->value = str_trim(str_sub(rest, 1, rest.len));
	return ERR_OK;
}

/* Splits `key = value` into an entry. *out is the new entry. */
static enum err
read_pair(struct reader *r, struct str s, struct ini_entry **out)
{
	size_t at = 0;
	struct str name;
	struct str value;
	struct ini_entry *e;

	while (at < s.len && s.p[at] != '=' && s.p[at] != ':') {
		at++;
	}
	if (at == s.len) {
		return bad(r, "is neither [section] nor key = value");
	}
	name = str_trim(str_sub(s, 0, at));
	if (name.len == 0) {
		return bad(r, "has a value without a key");
	}
	name = lower(r->a, name);
	if (name.p == NULL) {
		return ERR_NOMEM;
	}
	value = str_sub(s, at + 1, s.len);
	/* A command line may hold a # of its own. */
	value = str_eq(name, S("credential_process")) ? str_trim(value) :
	    strip_comment(value);
	e = add_entry(r);
	if (e == NULL) {
		return ERR_NOMEM;
	}
	e->key = name;
	e->value = value;
	*out = e;
	return ERR_OK;
}

/* A line that belongs to the property above it. */
static enum err
read_more(struct reader *r, struct str s)
{
	struct ini_entry *e;
	enum err err;

	if (!r->nested) {
		/* More text: the value now reaches to the end of this line,
		 * with the line break and the indentation inside it. */
		s = strip_comment(s);
		r->open->value.len =
		    (size_t)(s.p + s.len - r->open->value.p);
		return ERR_OK;
	}
	err = read_pair(r, s, &e);
	if (err == ERR_OK) {
		e->sub = e->key;
		e->key = r->open->key;
	}
	return err;
}

static enum err
read_line(struct reader *r, struct str raw)
{
	struct str s = str_trim(raw);
	size_t indent = (size_t)(s.p - raw.p);
	enum err err;

	if (s.len == 0 || s.p[0] == '#' || s.p[0] == ';') {
		return ERR_OK;
	}
	if (r->open != NULL && indent > r->indent) {
		return read_more(r, s);
	}
	if (s.p[0] == '[') {
		return read_section(r, s);
	}
	if (r->section.p == NULL) {
		return bad(r, "stands before the first [section]");
	}
	err = read_pair(r, s, &r->open);
	if (err == ERR_OK) {
		r->indent = indent;
		r->nested = r->open->value.len == 0;
	}
	return err;
}

/* see ini.h */
enum err
ini_parse(struct arena *a, struct str in, struct ini *out, struct fail *f)
{
	struct reader r = { .a = a, .out = out, .tail = &out->first, .f = f };
	size_t at = 0;

	*out = (struct ini){ 0 };
	if (in.len > INI_FILE_MAX) {
		return fail_setf(f, ERR_LIMIT, "the file has %u bytes; "
		    "at most %u are read", (uint64_t)in.len,
		    (uint64_t)INI_FILE_MAX);
	}
	if (str_starts(in, S("\xef\xbb\xbf"))) {
		at = 3;
	}
	while (at < in.len) {
		size_t end = str_find_byte(in, '\n', at);
		struct str line = str_sub(in, at, end);
		enum err err;

		r.line++;
		at = end + 1;
		if (line.len > INI_LINE_MAX) {
			return bad(&r, "is longer than any setting can be");
		}
		if (str_find_byte(line, '\0', 0) < line.len) {
			return bad(&r, "holds a NUL byte (is the file UTF-16? "
			    "save it as UTF-8)");
		}
		if (str_ends(line, S("\r"))) {
			line.len--;
		}
		err = read_line(&r, line);
		if (err != ERR_OK) {
			return err;
		}
	}
	return ERR_OK;
}

/* see ini.h */
struct str
ini_get(const struct ini *ini, struct str section, struct str key,
    struct str sub)
{
	struct str found = STR_NONE;

	for (const struct ini_entry *e = ini->first; e != NULL; e = e->next) {
		if (e->key.p != NULL && (e->sub.p == NULL) == (sub.p == NULL) &&
		    str_eq(e->key, key) && str_eq(e->sub, sub) &&
		    str_eq(e->section, section)) {
			found = e->value;
		}
	}
	return found;
}

/* see ini.h */
bool
ini_section(struct str section, struct str kind, struct str *name)
{
	struct str rest;

	if (!str_starts(section, kind) || section.len == kind.len ||
	    !is_blank(section.p[kind.len])) {
		return false;
	}
	rest = str_trim(str_sub(section, kind.len, section.len));
	if (rest.len >= 2 && (rest.p[0] == '"' || rest.p[0] == '\'') &&
	    rest.p[rest.len - 1] == rest.p[0]) {
		rest = str_sub(rest, 1, rest.len - 1);
	}
	if (rest.len == 0) {
		return false;
	}
	*name = rest;
	return true;
}

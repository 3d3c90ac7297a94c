/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pass over the document: markup is dispatched by its first characters,
 * the open elements' names stand on a small stack. All text is validated on the
 * way; only when a picked element closes is its text decoded, in a second pass
 * over a range that is known to be well-formed. XML 1.0, sections 2.1 to 4.6.
 */
#include "proto/xml.h"

#include "base/limits.h"

struct reader {
	struct arena *a;
	struct str in;
	size_t at;
	struct str stack[XML_DEPTH_MAX]; /* names of the open elements */
	size_t depth;
	bool rooted;  /* the document element was opened */
	bool leaf;    /* the innermost element has had no child so far */
	size_t inner; /* where the innermost element's content begins */
	struct xml_pick *picks;
	size_t pick_n;
	struct fail *f;
};

static enum err
bad(struct reader *r, size_t pos, const char *what)
{
	return fail_set(r->f, ERR_SYNTAX, pos, str_from_z(what));
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* XML allows no control characters but tab, LF and CR (2.2). */
static bool
is_forbidden(uint32_t c)
{
	return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
	    (c >= 0xd800 && c <= 0xdfff) || c == 0xfffe || c == 0xffff ||
	    c > 0x10ffff;
}

static bool
is_name_byte(char c)
{
	return str_is_alnum(c) || c == '_' || c == '-' || c == '.' ||
	    c == ':' || (unsigned char)c >= 0x80;
}

/* True when the path names exactly the open elements. */
static bool
path_is(const struct reader *r, struct str path)
{
	size_t i = 0;

	while (path.p != NULL) {
		struct str name = str_cut(&path, '/');

		if (i == r->depth || !str_eq(name, r->stack[i])) {
			return false;
		}
		i++;
	}
	return i == r->depth;
}

/* Appends a code point as UTF-8. b may be NULL. */
static void
add_char(struct buf *b, uint32_t c)
{
	if (b == NULL) {
		return;
	}
	if (c < 0x80) {
		buf_add_byte(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_add_byte(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_add_byte(b, (char)(0xe0 | c >> 12));
		} else {
			buf_add_byte(b, (char)(0xf0 | c >> 18));
			buf_add_byte(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_add_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_add_byte(b, (char)(0x80 | (c & 0x3f)));
}

/* The value of a digit in the base, or base itself when it is none. */
static uint32_t
digit_of(char c, uint32_t base)
{
	char l = str_lower_byte(c);

	if (str_is_digit(c)) {
		return (uint32_t)(c - '0');
	}
	if (base == 16 && l >= 'a' && l <= 'f') {
		return (uint32_t)(l - 'a') + 10;
	}
	return base;
}

/* A numeric reference, `name` being what stands behind "&#" (4.1). */
static bool
numeric(struct str name, struct buf *b)
{
	uint32_t base = 10;
	uint32_t c = 0;

	if (str_starts(name, S("x"))) {
		base = 16;
		name = str_sub(name, 1, name.len);
	}
	/* Leading zeros are legal; eight characters hold any code point. */
	if (name.len == 0 || name.len > 8) {
		return false;
	}
	for (size_t i = 0; i < name.len; i++) {
		uint32_t d = digit_of(name.p[i], base);

		if (d == base) {
			return false;
		}
		c = c * base + d;
	}
	if (is_forbidden(c)) {
		return false;
	}
	add_char(b, c);
	return true;
}

/* One reference without its & and ; (4.6). */
static bool
reference(struct str name, struct buf *b)
{
	static const struct {
		struct str name;
		char c;
	} named[] = {
		{ STR_INIT("amp"), '&' }, { STR_INIT("lt"), '<' },
		{ STR_INIT("gt"), '>' }, { STR_INIT("quot"), '"' },
		{ STR_INIT("apos"), '\'' },
	};

	if (str_starts(name, S("#"))) {
		return numeric(str_sub(name, 1, name.len), b);
	}
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (str_eq(name, named[i].name)) {
			add_char(b, (uint32_t)named[i].c);
			return true;
		}
	}
	return false;
}

/* Character data up to `end`: checks it, and decodes it when b is given. */
static enum err
text_run(struct reader *r, size_t from, size_t end, struct buf *b)
{
	for (size_t at = from; at < end; at++) {
		char c = r->in.p[at];
		size_t semi;

		if (is_forbidden((unsigned char)c)) {
			return bad(r, at, "a control character in XML text");
		}
		if (c != '&') {
			if (b != NULL) {
				buf_add_byte(b, c);
			}
			continue;
		}
		semi = str_find_byte(str_sub(r->in, 0, end), ';', at);
		if (semi == end ||
		    !reference(str_sub(r->in, at + 1, semi), b)) {
			return bad(r, at, "an XML reference that is not known");
		}
		at = semi;
	}
	return ERR_OK;
}

/* Where `mark` begins at or behind `from`; in.len: nowhere. */
static size_t
find(const struct reader *r, struct str mark, size_t from)
{
	return str_find(r->in, mark, from);
}

static bool
next_is(const struct reader *r, size_t at, struct str mark)
{
	return str_starts(str_sub(r->in, at, r->in.len), mark);
}

/* Comments, CDATA and processing instructions: the three forms that end at a
 * fixed mark. Returns false when there is none of them at `at`; *end is then
 * unchanged, else behind the form, or SIZE_MAX when it is not closed. For
 * CDATA *text is what is in it. */
static bool
special(const struct reader *r, size_t at, size_t *end, struct str *text)
{
	static const struct {
		struct str open;
		struct str close;
	} forms[] = {
		{ STR_INIT("<!--"), STR_INIT("-->") },
		{ STR_INIT("<?"), STR_INIT("?>") },
		{ STR_INIT("<![CDATA["), STR_INIT("]]>") },
	};

	*text = STR_NONE;
	for (size_t i = 0; i < 3; i++) {
		size_t from = at + forms[i].open.len;
		size_t to;

		if (!next_is(r, at, forms[i].open)) {
			continue;
		}
		to = find(r, forms[i].close, from);
		*end = to == r->in.len ? SIZE_MAX : to + forms[i].close.len;
		if (i == 2 && to < r->in.len) {
			*text = str_sub(r->in, from, to);
		}
		return true;
	}
	return false;
}

/* Decodes the content of a childless element that was read already. */
static enum err
decode(struct reader *r, size_t from, size_t to, struct str *out)
{
	struct buf b = buf_in(r->a, to - from);
	struct str raw = str_sub(r->in, from, to);

	if (str_find_byte(raw, '&', 0) == raw.len &&
	    str_find_byte(raw, '<', 0) == raw.len) {
		*out = raw;
		return ERR_OK;
	}
	while (from < to) {
		size_t end = str_find_byte(str_sub(r->in, 0, to), '<', from);
		struct str cdata;

		if (end == from) {
			MUST(special(r, from, &end, &cdata));
			buf_add(&b, cdata);
		} else {
			MUST(text_run(r, from, end, &b) == ERR_OK);
		}
		from = end;
	}
	*out = buf_str(&b);
	return buf_ok(&b) ? ERR_OK : ERR_NOMEM;
}

/* The innermost element ends; its content ends at `to`. */
static enum err
close_element(struct reader *r, size_t to)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < r->pick_n; i++) {
		struct xml_pick *p = &r->picks[i];

		if (p->text.p == NULL && path_is(r, p->path)) {
			p->text = S("");
			if (r->leaf) {
				err = decode(r, r->inner, to, &p->text);
			}
			break;
		}
	}
	r->depth--;
	r->leaf = false;
	return err;
}

/* Skips attributes up to the > of a start tag: quoted values may hold any
 * character but < (3.1). *at is then at the > or at the / before it. */
static bool
skip_attributes(const struct reader *r, size_t *at)
{
	char quote = '\0';

	for (size_t i = *at; i < r->in.len; i++) {
		char c = r->in.p[i];

		if (c == '<' || is_forbidden((unsigned char)c)) {
			return false;
		}
		if (quote != '\0') {
			quote = c == quote ? '\0' : quote;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '>' || (c == '/' && next_is(r, i, S("/>")))) {
			*at = i;
			return true;
		}
	}
	return false;
}

static struct str
read_name(const struct reader *r, size_t at)
{
	size_t end = at;

	while (end < r->in.len && is_name_byte(r->in.p[end])) {
		end++;
	}
	return str_sub(r->in, at, end);
}

static enum err
open_tag(struct reader *r)
{
	size_t start = r->at;
	struct str name = read_name(r, start + 1);
	size_t at = start + 1 + name.len;

	if (r->depth == 0 && r->rooted) {
		return bad(r, start, "XML goes on behind its document");
	}
	if (r->depth == XML_DEPTH_MAX) {
		return fail_set(r->f, ERR_DEPTH, start,
		    S("XML nested too deeply"));
	}
	if (name.len == 0 || !skip_attributes(r, &at)) {
		return bad(r, start, "a malformed XML tag");
	}
	r->stack[r->depth++] = name;
	r->rooted = true;
	r->leaf = true;
	if (r->in.p[at] == '/') {
		r->at = at + 2;
		r->inner = at;
		return close_element(r, at);
	}
	r->at = at + 1;
	r->inner = r->at;
	return ERR_OK;
}

static enum err
close_tag(struct reader *r)
{
	size_t start = r->at;
	struct str name = read_name(r, start + 2);
	size_t at = start + 2 + name.len;

	while (at < r->in.len && is_space(r->in.p[at])) {
		at++;
	}
	if (at == r->in.len || r->in.p[at] != '>') {
		return bad(r, start, "a malformed XML end tag");
	}
	if (r->depth == 0 || !str_eq(name, r->stack[r->depth - 1])) {
		return bad(r, start, "an XML end tag that closes nothing");
	}
	r->at = at + 1;
	return close_element(r, start);
}

/* Text between markup. Outside of the document element only space may stand. */
static enum err
read_text(struct reader *r)
{
	size_t end = str_find_byte(r->in, '<', r->at);
	enum err err = text_run(r, r->at, end, NULL);

	if (err != ERR_OK) {
		return err;
	}
	if (r->depth == 0 &&
	    str_trim_ws(str_sub(r->in, r->at, end)).len > 0) {
		return bad(r, r->at, "text outside of the XML document");
	}
	r->at = end;
	return ERR_OK;
}

static enum err
read_markup(struct reader *r)
{
	struct str cdata;
	size_t end;

	if (special(r, r->at, &end, &cdata)) {
		if (end == SIZE_MAX) {
			return bad(r, r->at, "XML ends inside of markup");
		}
		if (cdata.p != NULL && r->depth == 0) {
			return bad(r, r->at,
			    "text outside of the XML document");
		}
		for (size_t i = r->at; i < end; i++) {
			if (is_forbidden((unsigned char)r->in.p[i])) {
				return bad(r, i,
				    "a control character in XML text");
			}
		}
		r->at = end;
		return ERR_OK;
	}
	if (next_is(r, r->at, S("<!"))) {
		return bad(r, r->at, "XML with a document type is refused");
	}
	return next_is(r, r->at, S("</")) ? close_tag(r) : open_tag(r);
}

/* see xml.h */
enum err
xml_pick(struct arena *a, struct str in, struct xml_pick *picks, size_t pick_n,
    struct fail *f)
{
	struct reader r = {
		.a = a, .in = in, .picks = picks, .pick_n = pick_n, .f = f
	};

	for (size_t i = 0; i < pick_n; i++) {
		picks[i].text = STR_NONE;
	}
	if (str_starts(in, S("\xef\xbb\xbf"))) {
		r.at = 3;
	}
	while (r.at < in.len) {
		enum err err = in.p[r.at] == '<' ? read_markup(&r) :
		    read_text(&r);

		if (err != ERR_OK) {
			return err;
		}
	}
	if (!r.rooted || r.depth > 0) {
		return bad(&r, in.len, "XML that ends too early");
	}
	return ERR_OK;
}

/* see xml.h */
void
xml_add_text(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		switch (c) {
		case '&':
			buf_add(b, S("&amp;"));
			break;
		case '<':
			buf_add(b, S("&lt;"));
			break;
		case '>':
			buf_add(b, S("&gt;"));
			break;
		case '"':
			buf_add(b, S("&quot;"));
			break;
		case '\'':
			buf_add(b, S("&apos;"));
			break;
		case '\r':
			buf_add(b, S("&#13;"));
			break;
		default:
			if (is_forbidden((unsigned char)c)) {
				buf_add(b, S("\xef\xbf\xbd"));
			} else {
				buf_add_byte(b, c);
			}
			break;
		}
	}
}

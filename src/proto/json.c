/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON reader and writer.
 *
 * The reader is one loop over an explicit stack of open containers: a value
 * starts, ends, and its parent says what may follow. Nodes are taken from the
 * arena in growing blocks, because one allocation each would cost more than
 * parsing them. Strings are scanned eight bytes at a time until a byte that
 * matters (quote, backslash, control, not ASCII); only strings with escapes
 * are copied.
 *
 * Repeated names: small objects compare each new name with those before it;
 * larger ones are sorted once they are complete, so that a hostile object of
 * 100,000 names costs n log n and no hash can be attacked.
 */
#include "proto/json.h"

#include <string.h>

#include "base/limits.h"
#include "base/num.h"

/* Objects up to this many members look for repeated names one by one. */
#define LINEAR_MAX 8U
#define BLOCK_MIN 32U
#define BLOCK_MAX 1024U

/* What a byte means inside a string. */
enum class {
	PLAIN,   /* itself */
	QUOTE,
	ESCAPE,  /* backslash */
	CONTROL, /* below 0x20: must be escaped */
	WIDE     /* 0x80 and above: part of a longer UTF-8 sequence */
};

static const unsigned char classes[256] = {
	[0x00 ... 0x1f] = CONTROL,
	['"'] = QUOTE,
	['\\'] = ESCAPE,
	[0x80 ... 0xff] = WIDE,
};

struct parser {
	const char *start, *p, *end;
	struct arena *a;
	struct fail *f;
	unsigned flags;
	struct json *block; /* nodes not handed out yet */
	uint32_t block_left;
	uint32_t block_n;   /* size of the last block */
	uint32_t node_n;    /* nodes handed out */
};

/* An open container and its last child so far. */
struct level {
	struct json *v, *tail;
};

static enum err
bad_at(struct parser *ps, const char *at, enum err code, struct str what)
{
	(void)fail_set(ps->f, code, (size_t)(at - ps->start), what);
	return code;
}

static enum err
out_of_memory(struct parser *ps)
{
	return bad_at(ps, ps->p, ERR_NOMEM, STR_NONE);
}

static void
skip_space(struct parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\n' ||
	    *ps->p == '\r' || *ps->p == '\t')) {
		ps->p++;
	}
}

/* First byte at or after p that is not PLAIN. */
static const char *
skip_plain(const char *p, const char *end)
{
	const uint64_t ones = 0x0101010101010101U;
	const uint64_t highs = 0x8080808080808080U;

	while (end - p >= 8) {
		uint64_t w, quote, escape;

		/* A byte is zero in x iff its high bit survives in
		 * (x - ones) & ~x, as long as no byte below it borrowed;
		 * false alarms only end the fast loop early. */
		memcpy(&w, p, 8);
		quote = w ^ (ones * '"');
		escape = w ^ (ones * '\\');
		if (((w | (w - ones * 0x20) | (quote - ones) |
		    (escape - ones)) & highs) != 0) {
			break;
		}
		p += 8;
	}
	while (p < end && classes[(unsigned char)*p] == PLAIN) {
		p++;
	}
	return p;
}

/* Length of the well-formed UTF-8 sequence at p (Unicode table 3-7), 0 when
 * there is none. p < end. */
static size_t
utf8_len(const char *at, const char *end)
{
	const unsigned char *p = (const unsigned char *)at;
	size_t len;

	if (p[0] < 0x80) {
		return 1;
	}
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || (size_t)(end - at) < len) {
		return 0;
	}
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) {
		return 0;
	}
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return len;
}

/* see json.h */
bool
json_utf8_ok(struct str s, size_t *pos)
{
	const char *p = s.len == 0 ? "" : s.p;
	const char *end = p + s.len;

	while (p < end) {
		size_t len = utf8_len(p, end);

		if (len == 0) {
			*pos = s.len - (size_t)(end - p);
			return false;
		}
		p += len;
	}
	return true;
}

/* ---- strings ---- */

/* Four hexadecimal digits, or -1. */
static int
hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4) {
		return -1;
	}
	for (int i = 0; i < 4; i++) {
		char c = str_lower_byte(p[i]);

		if (!str_is_digit(c) && (c < 'a' || c > 'f')) {
			return -1;
		}
		v = v * 16 + (str_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	return v;
}

static size_t
put_utf8(char *dst, int c)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* Reads the \u escape at p, with its partner where it has one. Returns the
 * bytes read, 0 on error with *code set. */
static size_t
unicode_escape(const char *p, const char *end, int *out, enum err *code)
{
	int high = hex4(p + 2, end);
	int low;

	*code = ERR_SYNTAX;
	if (high < 0) {
		return 0;
	}
	*out = high;
	if (high < 0xd800 || high > 0xdfff) {
		return 6;
	}
	*code = ERR_SURROGATE;
	if (high > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u') {
		return 0;
	}
	low = hex4(p + 8, end);
	if (low < 0xdc00 || low > 0xdfff) {
		return 0;
	}
	*out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 12;
}

/* Reads the escape at p (a backslash) and writes its 1 to 4 bytes to dst.
 * Returns the bytes read, 0 on error with *code set. */
static size_t
read_escape(const char *p, const char *end, char dst[static 4],
    size_t *dst_len, enum err *code)
{
	static const char from[] = "\"\\/bfnrt";
	static const char to[] = "\"\\/\b\f\n\r\t";
	const char *hit;
	size_t len;
	int c;

	*code = ERR_SYNTAX;
	if (end - p < 2) {
		return 0;
	}
	if (p[1] == 'u') {
		len = unicode_escape(p, end, &c, code);
		if (len > 0) {
			*dst_len = put_utf8(dst, c);
		}
		return len;
	}
	hit = memchr(from, p[1], sizeof(from) - 1);
	if (hit == NULL) {
		return 0;
	}
	dst[0] = to[hit - from];
	*dst_len = 1;
	return 2;
}

/* Checks the string at ps->p (its opening quote) up to the closing quote,
 * which *close gets; *escaped tells whether it has escapes. */
static enum err
scan_string(struct parser *ps, const char **close, bool *escaped)
{
	const char *p = ps->p + 1;

	*escaped = false;
	for (;;) {
		char bytes[4];
		size_t len;
		enum err code;

		p = skip_plain(p, ps->end);
		if (p == ps->end) {
			return bad_at(ps, p, ERR_SYNTAX,
			    S("the text ends inside a string"));
		}
		switch ((enum class)classes[(unsigned char)*p]) {
		case QUOTE:
			*close = p;
			return ERR_OK;
		case ESCAPE:
			*escaped = true;
			len = read_escape(p, ps->end, bytes, &len, &code);
			if (len == 0) {
				return bad_at(ps, p, code,
				    code == ERR_SURROGATE ? STR_NONE :
				    S("no such escape in a string"));
			}
			break;
		case WIDE:
			len = utf8_len(p, ps->end);
			if (len == 0) {
				return bad_at(ps, p, ERR_UTF8, STR_NONE);
			}
			break;
		default:
			return bad_at(ps, p, ERR_SYNTAX,
			    S("a control character must be escaped"));
		}
		p += len;
	}
}

/* Decodes a string that scan_string() accepted. */
static struct str
unescape(struct arena *a, const char *p, const char *end)
{
	/* Every escape is longer than what it stands for. */
	char *dst = arena_alloc(a, (size_t)(end - p), 1);
	size_t at = 0;

	if (dst == NULL) {
		return STR_NONE;
	}
	while (p < end) {
		const char *stop = memchr(p, '\\', (size_t)(end - p));
		size_t run = (size_t)((stop == NULL ? end : stop) - p);
		char bytes[4];
		size_t len = 0;
		enum err code;

		memcpy(dst + at, p, run);
		at += run;
		p += run;
		if (stop != NULL) {
			p += read_escape(p, end, bytes, &len, &code);
			memcpy(dst + at, bytes, len);
			at += len;
		}
	}
	return str_of(dst, at);
}

static enum err
read_string(struct parser *ps, struct str *out)
{
	const char *close = NULL;
	bool escaped = false;
	enum err err = scan_string(ps, &close, &escaped);

	if (err != ERR_OK) {
		return err;
	}
	*out = str_of(ps->p + 1, (size_t)(close - ps->p - 1));
	if (escaped) {
		*out = unescape(ps->a, out->p, close);
		if (out->p == NULL) {
			return out_of_memory(ps);
		}
	}
	ps->p = close + 1;
	return ERR_OK;
}

/* ---- scalars ---- */

static enum err
read_literal(struct parser *ps, struct json *v, struct str word,
    enum json_type type)
{
	struct str rest = str_of(ps->p, (size_t)(ps->end - ps->p));
	size_t i = 0;

	while (i < word.len && i < rest.len && rest.p[i] == word.p[i]) {
		i++;
	}
	if (i < word.len) {
		return bad_at(ps, ps->p + i, ERR_SYNTAX,
		    S("only true, false and null are words"));
	}
	v->type = type;
	v->boolean = word.p[0] == 't';
	v->text = str_of(ps->p, word.len);
	ps->p += word.len;
	return ERR_OK;
}

static enum err
read_number(struct parser *ps, struct json *v)
{
	size_t bad;
	size_t len = num_scan(str_of(ps->p, (size_t)(ps->end - ps->p)), &bad);

	if (len == 0) {
		return bad_at(ps, ps->p + bad, ERR_NUMBER,
		    S("malformed number"));
	}
	if (len > NUM_PARSE_MAX) {
		return bad_at(ps, ps->p, ERR_NUMBER,
		    S("a number of more than 1000 characters"));
	}
	v->type = JSON_NUMBER;
	v->text = str_of(ps->p, len);
	ps->p += len;
	return ERR_OK;
}

static enum err
read_scalar(struct parser *ps, struct json *v)
{
	switch (*ps->p) {
	case '"':
		v->type = JSON_STRING;
		return read_string(ps, &v->text);
	case 't':
		return read_literal(ps, v, S("true"), JSON_BOOL);
	case 'f':
		return read_literal(ps, v, S("false"), JSON_BOOL);
	case 'n':
		return read_literal(ps, v, S("null"), JSON_NULL);
	default:
		if (*ps->p == '-' || str_is_digit(*ps->p)) {
			return read_number(ps, v);
		}
		return bad_at(ps, ps->p, ERR_SYNTAX, S("expected a value"));
	}
}

/* ---- containers ---- */

static struct json *
new_node(struct parser *ps)
{
	if (ps->block_left == 0) {
		ps->block_n = ps->block_n == 0 ? BLOCK_MIN :
		    ps->block_n < BLOCK_MAX ? ps->block_n * 2 : BLOCK_MAX;
		ps->block = ARENA_ARRAY(ps->a, ps->block_n, struct json);
		if (ps->block == NULL) {
			return NULL;
		}
		ps->block_left = ps->block_n;
	}
	ps->block_left--;
	ps->node_n++;
	return ps->block++;
}

static enum err
duplicate(struct parser *ps, const struct json *again)
{
	return bad_at(ps, ps->start + again->key_pos, ERR_DUPLICATE, STR_NONE);
}

/* Order by name, then by place. */
static bool
key_less(const struct json *a, const struct json *b)
{
	int c = str_cmp(a->key, b->key);

	return c != 0 ? c < 0 : a->key_pos < b->key_pos;
}

/* Sorts n pointers; `other` has room for as many. Returns the array that holds
 * the result. Bottom-up merge sort: n log n whatever the input. */
static const struct json **
sort_keys(const struct json **v, const struct json **other, size_t n)
{
	for (size_t width = 1; width < n; width *= 2) {
		const struct json **swap = v;

		for (size_t from = 0; from < n; from += 2 * width) {
			size_t mid = from + width < n ? from + width : n;
			size_t end = mid + width < n ? mid + width : n;
			size_t i = from;
			size_t j = mid;

			for (size_t k = from; k < end; k++) {
				bool left = j == end || (i < mid &&
				    key_less(v[i], v[j]));

				other[k] = left ? v[i++] : v[j++];
			}
		}
		v = other;
		other = swap;
	}
	return v;
}

/* see json.h */
enum err
json_repeated(struct arena *a, const struct json *object,
    const struct json **out)
{
	const struct json **all = ARENA_ARRAY(a, (size_t)object->n * 2,
	    const struct json *);
	const struct json *again = NULL;
	size_t n = 0;

	if (all == NULL) {
		return ERR_NOMEM;
	}
	for (const struct json *v = object->child; v != NULL; v = v->next) {
		all[n++] = v;
	}
	all = sort_keys(all, all + n, n);
	for (size_t i = 1; i < n; i++) {
		if (str_eq(all[i - 1]->key, all[i]->key) &&
		    (again == NULL || all[i]->key_pos < again->key_pos)) {
			again = all[i];
		}
	}
	*out = again;
	return ERR_OK;
}

/* Looks for repeated names in a complete object of many members. */
static enum err
check_many_keys(struct parser *ps, const struct json *object)
{
	const struct json *again;

	if (json_repeated(ps->a, object, &again) != ERR_OK) {
		return out_of_memory(ps);
	}
	return again == NULL ? ERR_OK : duplicate(ps, again);
}

/* Compares the newest member of a small object with those before it. */
static enum err
check_key(struct parser *ps, const struct json *object,
    const struct json *member)
{
	if (object->n > LINEAR_MAX) {
		return ERR_OK;
	}
	for (const struct json *v = object->child; v != member; v = v->next) {
		if (str_eq(v->key, member->key)) {
			return duplicate(ps, member);
		}
	}
	return ERR_OK;
}

static enum err
close_container(struct parser *ps, struct json *v)
{
	ps->p++;
	v->text = str_of(ps->start + v->pos,
	    (size_t)(ps->p - ps->start) - v->pos);
	if (v->type == JSON_OBJECT && v->n > LINEAR_MAX &&
	    (ps->flags & JSON_REJECT_DUPLICATES) != 0) {
		return check_many_keys(ps, v);
	}
	return ERR_OK;
}

/* Reads the name and the colon of v, the newest member of `object`. */
static enum err
read_key(struct parser *ps, const struct json *object, struct json *v)
{
	enum err err;

	if (ps->p == ps->end || *ps->p != '"') {
		return bad_at(ps, ps->p, ERR_SYNTAX,
		    S("expected a member name in quotes"));
	}
	v->key_pos = (uint32_t)(ps->p - ps->start);
	err = read_string(ps, &v->key);
	if (err == ERR_OK && (ps->flags & JSON_REJECT_DUPLICATES) != 0) {
		err = check_key(ps, object, v);
	}
	if (err != ERR_OK) {
		return err;
	}
	skip_space(ps);
	if (ps->p == ps->end || *ps->p != ':') {
		return bad_at(ps, ps->p, ERR_SYNTAX,
		    S("expected ':' behind a member name"));
	}
	ps->p++;
	skip_space(ps);
	return ERR_OK;
}

/* Makes the node of the value at ps->p, hangs it into its parent (NULL at the
 * top) and reads its name. */
static enum err
begin_value(struct parser *ps, struct level *parent, struct json **out)
{
	struct json *v;
	enum err err;

	if (ps->node_n >= JSON_NODE_MAX) {
		return bad_at(ps, ps->p, ERR_LIMIT,
		    S("more values than one document may have"));
	}
	v = new_node(ps);
	if (v == NULL) {
		return out_of_memory(ps);
	}
	if (parent != NULL) {
		if (parent->tail == NULL) {
			parent->v->child = v;
		} else {
			parent->tail->next = v;
		}
		parent->tail = v;
		parent->v->n++;
		if (parent->v->type == JSON_OBJECT) {
			err = read_key(ps, parent->v, v);
			if (err != ERR_OK) {
				return err;
			}
		}
	}
	if (ps->p == ps->end) {
		return bad_at(ps, ps->p, ERR_SYNTAX,
		    S("the text ends where a value is expected"));
	}
	v->pos = (size_t)(ps->p - ps->start);
	*out = v;
	return ERR_OK;
}

/* A value has ended; ps->p is behind it. Closes the containers that end here
 * and skips the comma before the next value. *depth 0: the document ended. */
static enum err
end_value(struct parser *ps, struct level *stack, size_t *depth)
{
	while (*depth > 0) {
		struct json *v = stack[*depth - 1].v;
		bool object = v->type == JSON_OBJECT;
		enum err err;

		skip_space(ps);
		if (ps->p < ps->end && *ps->p == ',') {
			ps->p++;
			skip_space(ps);
			return ERR_OK;
		}
		if (ps->p == ps->end || *ps->p != (object ? '}' : ']')) {
			return bad_at(ps, ps->p, ERR_SYNTAX, object ?
			    S("expected ',' or '}' in an object") :
			    S("expected ',' or ']' in an array"));
		}
		err = close_container(ps, v);
		if (err != ERR_OK) {
			return err;
		}
		--*depth;
	}
	skip_space(ps);
	if (ps->p != ps->end) {
		return bad_at(ps, ps->p, ERR_SYNTAX,
		    S("more text behind the value"));
	}
	return ERR_OK;
}

/* Opens the container at ps->p; *empty when it ends at once. */
static enum err
open_container(struct parser *ps, struct json *v, struct level *stack,
    size_t *depth, bool *empty)
{
	char close = *ps->p == '{' ? '}' : ']';

	if (*depth == JSON_DEPTH_MAX) {
		return bad_at(ps, ps->p, ERR_DEPTH, STR_NONE);
	}
	v->type = close == '}' ? JSON_OBJECT : JSON_ARRAY;
	ps->p++;
	skip_space(ps);
	*empty = ps->p < ps->end && *ps->p == close;
	if (*empty) {
		return close_container(ps, v);
	}
	stack[(*depth)++] = (struct level){ .v = v };
	return ERR_OK;
}

/* see json.h */
enum err
json_parse(struct arena *a, struct str in, unsigned flags, struct json **out,
    struct fail *f)
{
	struct level stack[JSON_DEPTH_MAX];
	struct parser ps = { .start = in.p == NULL ? "" : in.p, .a = a,
	    .f = f, .flags = flags };
	struct json *root = NULL;
	size_t depth = 0;
	enum err err;

	ps.p = ps.start;
	ps.end = ps.start + in.len;
	if (in.len > UINT32_MAX) {
		return bad_at(&ps, ps.p, ERR_LIMIT, STR_NONE);
	}
	skip_space(&ps);
	do {
		bool open = false;
		struct json *v = NULL;

		err = begin_value(&ps, depth == 0 ? NULL : &stack[depth - 1],
		    &v);
		if (err != ERR_OK) {
			return err;
		}
		if (root == NULL) {
			root = v;
		}
		if (*ps.p == '{' || *ps.p == '[') {
			bool empty = false;

			err = open_container(&ps, v, stack, &depth, &empty);
			open = !empty;
		} else {
			err = read_scalar(&ps, v);
		}
		if (err == ERR_OK && !open) {
			err = end_value(&ps, stack, &depth);
		}
		if (err != ERR_OK) {
			return err;
		}
	} while (depth > 0);
	*out = root;
	return ERR_OK;
}

/* ---- reading the tree ---- */

/* see json.h */
const struct json *
json_get(const struct json *v, struct str key)
{
	const struct json *hit = NULL;

	if (!json_is(v, JSON_OBJECT)) {
		return NULL;
	}
	for (v = v->child; v != NULL; v = v->next) {
		if (str_eq(v->key, key)) {
			hit = v;
		}
	}
	return hit;
}

/* see json.h */
const struct json *
json_get_set(const struct json *v, struct str key)
{
	v = json_get(v, key);
	return json_is(v, JSON_NULL) ? NULL : v;
}

/* see json.h */
const struct json *
json_at(const struct json *v, size_t i)
{
	if (!json_is(v, JSON_ARRAY)) {
		return NULL;
	}
	for (v = v->child; v != NULL && i > 0; i--) {
		v = v->next;
	}
	return v;
}

/* see json.h */
const struct json *
json_path(const struct json *v, struct str path)
{
	while (path.p != NULL) {
		v = json_get(v, str_cut(&path, '.'));
	}
	return v;
}

/* see json.h */
bool
json_is(const struct json *v, enum json_type type)
{
	return v != NULL && v->type == type;
}

/* see json.h */
struct str
json_str(const struct json *v)
{
	return json_is(v, JSON_STRING) ? v->text : STR_NONE;
}

/* see json.h */
struct str
json_get_str(const struct json *v, struct str key, struct str otherwise)
{
	v = json_get(v, key);
	return json_is(v, JSON_STRING) ? v->text : otherwise;
}

/* see json.h */
bool
json_get_bool(const struct json *v, struct str key, bool otherwise)
{
	v = json_get(v, key);
	return json_is(v, JSON_BOOL) ? v->boolean : otherwise;
}

/* see json.h */
bool
json_i64(const struct json *v, int64_t min, int64_t max, int64_t *out)
{
	return json_is(v, JSON_NUMBER) &&
	    num_parse_i64(v->text, min, max, out);
}

/* see json.h */
bool
json_f64(const struct json *v, double *out)
{
	return json_is(v, JSON_NUMBER) && num_parse(v->text, out);
}

/* see json.h */
int64_t
json_get_i64(const struct json *v, struct str key, int64_t otherwise)
{
	int64_t out;

	return json_i64(json_get(v, key), INT64_MIN, INT64_MAX, &out) ?
	    out : otherwise;
}

/* see json.h */
struct str
json_raw_text(struct str in, const struct json *v)
{
	size_t end;

	if (v->type != JSON_STRING) {
		return v->text;
	}
	for (end = v->pos + 1; in.p[end] != '"'; end++) {
		end += in.p[end] == '\\';
	}
	return str_sub(in, v->pos, end + 1);
}

/* ---- writer ---- */

static void
put_escaped_byte(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t";
	static const char to[] = "\"\\bfnrt";
	const char *hit = memchr(from, c, sizeof(from) - 1);

	buf_add_byte(b, '\\');
	if (hit != NULL) {
		buf_add_byte(b, to[hit - from]);
		return;
	}
	buf_add(b, S("u00"));
	buf_add_byte(b, hex[c >> 4]);
	buf_add_byte(b, hex[c & 15]);
}

static void
put_string(struct buf *b, struct str s)
{
	const char *p = s.len == 0 ? "" : s.p;
	const char *end = p + s.len;
	const char *run = p; /* start of what is written as it is */

	buf_add_byte(b, '"');
	while (p < end) {
		size_t len = 1;

		p = skip_plain(p, end);
		if (p == end) {
			break;
		}
		if (classes[(unsigned char)*p] == WIDE) {
			len = utf8_len(p, end);
			if (len > 0) {
				p += len;
				continue;
			}
		}
		buf_add(b, str_of(run, (size_t)(p - run)));
		if (len == 0) {
			buf_add(b, S("\xef\xbf\xbd")); /* U+FFFD */
		} else {
			put_escaped_byte(b, (unsigned char)*p);
		}
		run = ++p;
	}
	buf_add(b, str_of(run, (size_t)(end - run)));
	buf_add_byte(b, '"');
}

/* see json.h */
struct json_writer
json_writer(struct buf *b)
{
	return (struct json_writer){ .b = b };
}

/* Comes before each value: the comma, and the check that a value may stand
 * here. */
static void
before_value(struct json_writer *w)
{
	uint64_t bit;

	if (w->keyed) {
		w->keyed = false;
		return;
	}
	if (w->depth == 0) {
		return;
	}
	bit = (uint64_t)1 << (w->depth - 1);
	MUST((w->object & bit) == 0); /* a member needs json_key() first */
	if ((w->comma & bit) != 0) {
		buf_add_byte(w->b, ',');
	}
	w->comma |= bit;
}

static void
begin(struct json_writer *w, bool object)
{
	uint64_t bit;

	before_value(w);
	MUST(w->depth < 64);
	bit = (uint64_t)1 << w->depth++;
	w->comma &= ~bit;
	w->object = object ? w->object | bit : w->object & ~bit;
	buf_add_byte(w->b, object ? '{' : '[');
}

static void
end(struct json_writer *w, bool object)
{
	MUST(w->depth > 0 && !w->keyed);
	w->depth--;
	MUST(((w->object >> w->depth & 1) != 0) == object);
	buf_add_byte(w->b, object ? '}' : ']');
}

/* see json.h */
struct json_mark
json_mark(const struct json_writer *w)
{
	return (struct json_mark){ .writer = *w, .len = w->b->len,
	    .failed = w->b->failed };
}

/* see json.h */
void
json_rollback(struct json_writer *w, const struct json_mark *mark)
{
	MUST(w->b == mark->writer.b && w->depth >= mark->writer.depth);
	buf_cut(w->b, mark->len);
	w->b->failed = mark->failed ||
	    (w->b->a != NULL && w->b->a->failed);
	*w = mark->writer;
}

/* see json.h */
void
json_begin_object(struct json_writer *w)
{
	begin(w, true);
}

/* see json.h */
void
json_end_object(struct json_writer *w)
{
	end(w, true);
}

/* see json.h */
void
json_begin_array(struct json_writer *w)
{
	begin(w, false);
}

/* see json.h */
void
json_end_array(struct json_writer *w)
{
	end(w, false);
}

/* see json.h */
void
json_key(struct json_writer *w, struct str key)
{
	uint64_t bit;

	MUST(w->depth > 0 && !w->keyed);
	bit = (uint64_t)1 << (w->depth - 1);
	MUST((w->object & bit) != 0);
	if ((w->comma & bit) != 0) {
		buf_add_byte(w->b, ',');
	}
	w->comma |= bit;
	put_string(w->b, key);
	buf_add_byte(w->b, ':');
	w->keyed = true;
}

/* see json.h */
void
json_string(struct json_writer *w, struct str s)
{
	before_value(w);
	put_string(w->b, s);
}

/* see json.h */
void
json_integer(struct json_writer *w, int64_t v)
{
	before_value(w);
	buf_add_i64(w->b, v);
}

/* see json.h */
void
json_double(struct json_writer *w, double v)
{
	char text[NUM_TEXT_MAX];
	size_t len = num_format(v, text);

	json_raw(w, len == 0 ? S("null") : str_of(text, len));
}

/* see json.h */
void
json_boolean(struct json_writer *w, bool v)
{
	json_raw(w, v ? S("true") : S("false"));
}

/* see json.h */
void
json_null(struct json_writer *w)
{
	json_raw(w, S("null"));
}

/* see json.h */
void
json_raw(struct json_writer *w, struct str text)
{
	before_value(w);
	buf_add(w->b, text);
}

/* see json.h */
void
json_members(struct json_writer *w, struct str object)
{
	uint64_t bit;

	MUST(w->depth > 0 && !w->keyed && object.len >= 2);
	bit = (uint64_t)1 << (w->depth - 1);
	MUST((w->object & bit) != 0);
	if (object.len == 2) {
		return;
	}
	if ((w->comma & bit) != 0) {
		buf_add_byte(w->b, ',');
	}
	w->comma |= bit;
	buf_add(w->b, str_sub(object, 1, object.len - 1));
}

/* Writes what stands before v: the comma and, in an object, the name. */
static void
put_lead(struct buf *b, const struct json *parent, const struct json *v)
{
	if (v != parent->child) {
		buf_add_byte(b, ',');
	}
	if (parent->type == JSON_OBJECT) {
		put_string(b, v->key);
		buf_add_byte(b, ':');
	}
}

/* see json.h */
void
json_value(struct json_writer *w, const struct json *v)
{
	/* The containers that are open; the parser bounds their number. */
	const struct json *open[JSON_DEPTH_MAX];
	size_t depth = 0;

	before_value(w);
	for (;;) {
		bool object = v->type == JSON_OBJECT;

		if (object || v->type == JSON_ARRAY) {
			buf_add_byte(w->b, object ? '{' : '[');
			if (v->child != NULL) {
				MUST(depth < JSON_DEPTH_MAX);
				open[depth++] = v;
				put_lead(w->b, v, v->child);
				v = v->child;
				continue;
			}
			buf_add_byte(w->b, object ? '}' : ']');
		} else if (v->type == JSON_STRING) {
			put_string(w->b, v->text);
		} else {
			buf_add(w->b, v->text);
		}
		while (depth > 0 && v->next == NULL) {
			v = open[--depth];
			buf_add_byte(w->b, v->type == JSON_OBJECT ? '}' : ']');
		}
		if (depth == 0) {
			return;
		}
		v = v->next;
		put_lead(w->b, open[depth - 1], v);
	}
}

/* see json.h */
void
json_string_or_null(struct json_writer *w, struct str s)
{
	if (s.p == NULL) {
		json_null(w);
	} else {
		json_string(w, s);
	}
}

/* see json.h */
void
json_put_string(struct json_writer *w, struct str key, struct str s)
{
	json_key(w, key);
	json_string(w, s);
}

/* see json.h */
void
json_put_string_or_null(struct json_writer *w, struct str key, struct str s)
{
	json_key(w, key);
	json_string_or_null(w, s);
}

/* see json.h */
void
json_put_integer(struct json_writer *w, struct str key, int64_t v)
{
	json_key(w, key);
	json_integer(w, v);
}

/* see json.h */
void
json_put_double(struct json_writer *w, struct str key, double v)
{
	json_key(w, key);
	json_double(w, v);
}

/* see json.h */
void
json_put_boolean(struct json_writer *w, struct str key, bool v)
{
	json_key(w, key);
	json_boolean(w, v);
}

/* see json.h */
void
json_put_raw(struct json_writer *w, struct str key, struct str text)
{
	json_key(w, key);
	json_raw(w, text);
}

/* see json.h */
void
json_put_value(struct json_writer *w, struct str key, const struct json *v)
{
	json_key(w, key);
	if (v == NULL) {
		json_null(w);
	} else {
		json_value(w, v);
	}
}

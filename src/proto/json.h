/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, RFC 8259: a strict reader into an arena tree, and a writer over buf.
 *
 * The reader accepts exactly the grammar: no comments, no trailing commas, no
 * NaN, no byte order mark, nothing behind the value but white space. Text is
 * checked to be UTF-8 (no overlong forms, no surrogates, at most U+10FFFF);
 * escapes are decoded; a lone escaped surrogate is an error. Numbers keep
 * their raw text, so that 64-bit identifiers and 42.0 survive unchanged.
 * Depth and node count are bounded by limits.h, memory by the arena. The
 * parser does not recurse.
 *
 * Errors carry the byte offset of what was wrong in f->pos and a constant
 * sentence in f->what.
 *
 * The tree is read-only and lives in the arena; strings without escapes are
 * slices of the input, which therefore has to outlive the tree.
 */
#ifndef PROTO_JSON_H
#define PROTO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_type type;
	bool boolean;       /* JSON_BOOL */
	uint32_t n;         /* elements or members */
	uint32_t key_pos;   /* byte offset of the member name's quote */
	size_t pos;         /* byte offset of the value in the input */
	struct str text;    /* string: decoded; number: raw; array, object and
	                     * the rest: the raw text of the whole value */
	struct str key;     /* member name, decoded, when inside an object */
	struct json *child; /* first element or member */
	struct json *next;  /* next sibling; NULL at the end */
};

enum json_flag {
	JSON_REJECT_DUPLICATES = 1 /* a repeated member name is an error;
	                            * otherwise json_get() sees the last one */
};

/* Parses exactly one value. ERR_SYNTAX, ERR_UTF8, ERR_SURROGATE, ERR_NUMBER,
 * ERR_DEPTH, ERR_DUPLICATE, ERR_LIMIT (nodes), ERR_NOMEM. */
enum err json_parse(struct arena *a, struct str in, unsigned flags,
    struct json **out, struct fail *f) MUST_USE;

/* The member of that name; NULL when v is NULL, not an object, or has none.
 * With duplicates allowed the last one counts. */
const struct json *json_get(const struct json *v, struct str key);
/* Like json_get, but a member whose value is null counts as absent. */
const struct json *json_get_set(const struct json *v, struct str key);
/* Element number i of an array, else NULL. */
const struct json *json_at(const struct json *v, size_t i);
/* Follows member names separated by '.', e.g. "error.code". */
const struct json *json_path(const struct json *v, struct str path);
/* Type test that takes NULL. */
bool json_is(const struct json *v, enum json_type type);
/* The text of a string, else the absent slice. */
struct str json_str(const struct json *v);
/* A member that is a string, else `otherwise`. */
struct str json_get_str(const struct json *v, struct str key,
    struct str otherwise);
/* A member that is a boolean, else `otherwise`. */
bool json_get_bool(const struct json *v, struct str key, bool otherwise);
/* An integer within [min, max]. Numbers written with a zero fraction or an
 * exponent count when they are whole (42.0, 1e3). */
bool json_i64(const struct json *v, int64_t min, int64_t max, int64_t *out)
    MUST_USE;
/* A finite double. */
bool json_f64(const struct json *v, double *out) MUST_USE;
/* json_i64 of a member within the full range, else `otherwise`. */
int64_t json_get_i64(const struct json *v, struct str key, int64_t otherwise);

/* The text of a string or number as it stands in the input that v was parsed
 * from, quotes and escapes included: for identifiers that must be echoed
 * unchanged. Other types: v->text. */
struct str json_raw_text(struct str in, const struct json *v);

/* The first member, in the order of the text, whose name another one had
 * before; NULL: none. Takes n log n steps. ERR_NOMEM. */
enum err json_repeated(struct arena *a, const struct json *object,
    const struct json **out) MUST_USE;

/* Checks that s is well-formed UTF-8; *pos is the first bad byte. */
bool json_utf8_ok(struct str s, size_t *pos);

/*
 * Writer. Commas, quotes and escapes are its business; nesting is checked by
 * MUST, because only the program's own code decides it. Output is compact
 * and never holds a raw control character, so a value is always one line.
 * Bytes that are not UTF-8 are replaced by U+FFFD: the output is always valid.
 * A writer nests at most 64 levels; json_value() adds none of its own.
 */
struct json_writer {
	struct buf *b;
	uint64_t comma; /* bit per level: an element was written already */
	uint64_t object; /* bit per level: object, not array */
	unsigned depth;
	bool keyed;     /* a member name was written, its value is due */
};

struct json_writer json_writer(struct buf *b);

/* A place in what was written, to which one can go back as long as the level
 * it lies in is still open: what did not fit is taken back whole. */
struct json_mark {
	struct json_writer writer;
	size_t len;
	bool failed;
};

struct json_mark json_mark(const struct json_writer *w);
/* Forgets everything written since; a failure of the buffer too, unless the
 * arena has no memory left. */
void json_rollback(struct json_writer *w, const struct json_mark *mark);

void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_key(struct json_writer *w, struct str key);
void json_string(struct json_writer *w, struct str s);
void json_integer(struct json_writer *w, int64_t v);
/* Shortest text that reads back to the same double; integers below 2^53
 * without a fraction. NaN and infinities become null. */
void json_double(struct json_writer *w, double v);
void json_boolean(struct json_writer *w, bool v);
void json_null(struct json_writer *w);
/* Text that is JSON already: a number's raw text, a pre-rendered value. */
void json_raw(struct json_writer *w, struct str text);
/* The members of an object that is JSON text already ("{...}", without white
 * space around it), into the object that is open. */
void json_members(struct json_writer *w, struct str object);
/* A whole tree, as it was read (compact). */
void json_value(struct json_writer *w, const struct json *v);
/* A string, or null when the slice is absent (p == NULL). */
void json_string_or_null(struct json_writer *w, struct str s);

/* key and value in one call */
void json_put_string(struct json_writer *w, struct str key, struct str s);
void json_put_string_or_null(struct json_writer *w, struct str key,
    struct str s);
void json_put_integer(struct json_writer *w, struct str key, int64_t v);
void json_put_double(struct json_writer *w, struct str key, double v);
void json_put_boolean(struct json_writer *w, struct str key, bool v);
void json_put_raw(struct json_writer *w, struct str key, struct str text);
/* Writes the tree, or null when v is NULL. */
void json_put_value(struct json_writer *w, struct str key,
    const struct json *v);

#endif

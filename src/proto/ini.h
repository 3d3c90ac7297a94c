/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The syntax of ~/.aws/config and ~/.aws/credentials.
 *
 *	[section]              # comment
 *	key = value            ; comment
 *	services =
 *	  nested = value
 *
 * The two big readers of these files disagree (botocore: Python's
 * configparser; the other SDKs: their own reference); this is the subset on
 * which a file means the same to both, and where only one of them accepts a
 * form, it is accepted:
 *   - lines end in LF or CRLF; a UTF-8 byte order mark is skipped;
 *   - whole-line comments start with # or ; (after blanks);
 *   - a comment behind a section or a value starts with # or ; after a blank,
 *     except in credential_process, whose command may hold one;
 *   - the first = or : separates key and value; keys are lower-cased,
 *     section names are kept as written;
 *   - a line indented deeper than the property above it continues that
 *     property: below an empty value as nested `key = value` (one level),
 *     else as more text of the value, kept as written;
 *   - repeated sections add up, and a repeated key replaces the earlier one.
 * A line that is none of these is an error with its line number, because a
 * property lost in silence is found much later and somewhere else.
 *
 * Values are slices of the input, which has to outlive the result; lower-cased
 * keys live in the arena. Nothing is expanded or unquoted. What the sections
 * mean is the business of aws/profile.
 */
#ifndef PROTO_INI_H
#define PROTO_INI_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* One line that means something, in the order of the file. */
struct ini_entry {
	struct str section; /* text between the brackets, trimmed */
	struct str key;     /* lower-cased; absent: the section line itself */
	struct str sub;     /* nested key, lower-cased; absent: not nested */
	struct str value;   /* trimmed, may be empty; of a section line: the
	                     * comment behind it, without its # or ; */
	size_t line;        /* counted from 1 */
	struct ini_entry *next;
};

struct ini {
	struct ini_entry *first; /* NULL: nothing in it */
	size_t entry_n;          /* entries, section lines included */
};

/* Reads a whole file of at most INI_FILE_MAX bytes with lines of at most
 * INI_LINE_MAX. ERR_LIMIT, ERR_SYNTAX (f->pos is the LINE NUMBER, f->what a
 * sentence that starts with it), ERR_NOMEM. */
enum err ini_parse(struct arena *a, struct str in, struct ini *out,
    struct fail *f) MUST_USE;

/* The value of a key, or of a nested key when sub is given (absent slice: not
 * nested). The last one in the file counts. Absent when there is none. */
struct str ini_get(const struct ini *ini, struct str section, struct str key,
    struct str sub);

/* Splits a section name of two words such as `profile x`: true when it starts
 * with the word `kind` and blanks, and *name is then the rest. A name may
 * stand in double or single quotes, which are taken off. */
bool ini_section(struct str section, struct str kind, struct str *name)
    MUST_USE;

#endif

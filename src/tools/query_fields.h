/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a Logs Insights query says about fields: which ones it filters by and
 * how, which ones it shows, and what shape its answer has. For the advice on
 * field indexes, and to know which queries may be cut into pieces of time.
 *
 * The text is somebody's query, in one of three languages, and need not be
 * well-formed: there is a tokenizer, and no error. What cannot be understood
 * counts for nothing.
 *
 *	token   = word | "`" name "`" | text | regex | number | operator
 *	        | "|" | "," | "(" | ")" | "[" | "]"
 *	word    = ( letter | "_" | "@" | "$" ) *( letter | digit | "_" | "." |
 *	          "@" | "$" )
 *	text    = "'" ... "'" | '"' ... '"'         with backslash escapes
 *	regex   = "/" ... "/"        where a value stands, or in parse
 *	comment = "#" to the end of the line | "--" likewise | slash-star
 *
 *	CWLI    commands between pipes: fields, display, filter, filterIndex,
 *	        stats ... by, sort, parse; others are passed over
 *	PPL     the same, with where for filter, and "sort - f"
 *	SQL     SELECT list, WHERE, GROUP BY, ORDER BY, and filterIndex('f' = x)
 *
 * A field is filtered by equality when it alone is compared with constants by
 * "=" or "in", and nothing negates it: that is what an index can serve. Every
 * other comparison is "other". Names that the query makes itself (as, parse,
 * eval) are no fields of the log, nor are those that begin with "@".
 *
 * Nesting is followed to depth 32, deeper parts count for nothing. Nothing
 * recurses.
 */
#ifndef TOOLS_QUERY_FIELDS_H
#define TOOLS_QUERY_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Fields of one query: people's queries have a dozen. */
#define QUERY_FIELDS_MAX_N 64

enum query_fields_language {
	QUERY_FIELDS_CWLI,
	QUERY_FIELDS_PPL,
	QUERY_FIELDS_SQL
};

/* The most telling use wins: a later value beats an earlier one. */
enum query_fields_usage {
	QUERY_FIELDS_DISPLAY,
	QUERY_FIELDS_OTHER,   /* filtered, but not by equality */
	QUERY_FIELDS_EQUALITY
};

struct query_field {
	struct str name; /* without back quotes; a slice of the query */
	enum query_fields_usage usage;
};

struct query_fields {
	enum query_fields_language language;
	struct query_field fields[QUERY_FIELDS_MAX_N]; /* as they appear */
	size_t n;
	/* Every event becomes at most one row of its own, so that the answers
	 * of two halves of the time are the answer of the whole. */
	bool rows_only;
	struct str sort;     /* field the answer is sorted by; absent: none */
	bool descending;
	uint64_t limit;      /* of the last limit command; 0: none */
	bool aggregates;     /* stats, or GROUP BY */
};

/* Reads the query. `language`: CWLI, PPL or SQL; anything else: guessed. The
 * names point into text. */
void query_fields_parse(struct str text, struct str language,
    struct query_fields *out);

/* "CWLI", "PPL", "SQL". */
struct str query_fields_language_name(enum query_fields_language language);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filter patterns of CloudWatch Logs, as FilterLogEvents and StartLiveTail take
 * them ("Filter pattern syntax" of the user guide):
 *
 *	pattern = *term | "{" expr "}" | "[" field *( "," field ) "]"
 *	        | "%" regex "%"
 *	term    = [ "?" | "-" ] ( word | '"' text '"' )
 *	expr    = and *( "||" and );  and = one *( "&&" one )
 *	one     = "(" expr ")" | name op value | name "IS" word
 *	        | name "NOT" "EXISTS"
 *	op      = "=" | "!=" | "<" | "<=" | ">" | ">="
 *	field   = "..." | name | expr over that name
 *
 * Words and quoted texts must all be there, one of those with "?", none of
 * those with "-". In braces names are paths, "$.a.b", into a JSON message. In
 * brackets a field is what stands between blanks, or in quotation marks or
 * brackets; an event with another number of fields does not match, "..." takes
 * any number. '*' at either end of a value takes anything. IS takes NULL, TRUE
 * and FALSE. Not here: array indexes, a regex within an expression.
 */
#ifndef DEMO_DEMO_PATTERN_H
#define DEMO_DEMO_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"
#include "demo/demo_regex.h"

/* Terms, or terms and connectives of expressions; a longer one is refused. */
#define DEMO_PATTERN_MAX_N 48
/* Fields in brackets. */
#define DEMO_PATTERN_FIELD_MAX_N 24

/* A part of an expression, in postfix order. */
struct demo_pattern_node {
	enum {
		DEMO_PATTERN_TEST, DEMO_PATTERN_AND, DEMO_PATTERN_OR,
		DEMO_PATTERN_OPEN
	} kind;
	struct str name, op, value; /* of a test; ops are IS and NOT, too */
};

struct demo_pattern {
	enum {
		DEMO_PATTERN_WORDS, DEMO_PATTERN_JSON, DEMO_PATTERN_FIELDS,
		DEMO_PATTERN_REGEX
	} kind;
	struct { char sign; struct str text; } words[DEMO_PATTERN_MAX_N];
	size_t word_n;
	struct demo_pattern_node nodes[DEMO_PATTERN_MAX_N];
	size_t node_n;
	struct {
		bool rest;          /* "..." */
		size_t from, to;    /* its part of nodes; none: anything */
	} fields[DEMO_PATTERN_FIELD_MAX_N];
	size_t field_n;
	struct demo_regex *regex;
};

/* Reads a pattern, whose text has to outlive *p. false: it is none. */
bool demo_pattern_parse(struct arena *a, struct str text,
    struct demo_pattern *p) MUST_USE;
/* The message passes. `scratch` is reset each time. */
bool demo_pattern_match(const struct demo_pattern *p, struct str message,
    struct arena *scratch) MUST_USE;

#endif

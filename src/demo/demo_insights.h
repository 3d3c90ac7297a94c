/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subset of the Logs Insights query language, parsed and evaluated without
 * anything around it: events go in newest first, rows come out.
 *
 *	query   = command *( "|" command )            "#" begins a comment
 *	command = "fields" item *( "," item ) | "display" item *( "," item )
 *	        | "filter" expr
 *	        | "parse" name ( text | regex ) [ "as" name *( "," name ) ]
 *	        | "stats" item *( "," item ) [ "by" item *( "," item ) ]
 *	        | "sort" expr [ "asc" | "desc" ] *( "," ... )
 *	        | "limit" number | "dedup" name *( "," name )
 *	        | "pattern" name
 *	item    = expr [ "as" name ]
 *	expr    = and *( "or" and );  and = not *( "and" not );
 *	not     = [ "not" ] compare
 *	compare = sum [ ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) sum
 *	              | [ "not" ] "like" ( text | regex )
 *	              | "=~" ( text | regex )
 *	              | [ "not" ] "in" "[" value *( "," value ) "]" ]
 *	sum     = term *( ( "+" | "-" ) term )
 *	term    = factor *( ( "*" | "/" | "%" ) factor )
 *	factor  = "-" factor | number | text | name | "`" name "`"
 *	        | function "(" ... ")" | "(" expr ")"
 *
 * Functions: abs ceil floor greatest least strlen tolower toupper trim ltrim
 * rtrim concat substr replace strcontains isempty isblank ispresent coalesce
 * bin datefloor dateceil toMillis fromMillis. In stats also: count sum avg min
 * max pct median count_distinct earliest latest stddev.
 *
 * Fields: @timestamp, @ingestionTime, @message, @logStream, @log, @ptr, and
 * whatever a JSON message has, nested names joined by dots. "parse" with text
 * takes '*' as what to keep; with a regex only whether it matches counts, so
 * it is refused. Everything else is refused with the place where it stands, as
 * the service does; the service knows more.
 *
 * Bounds: 64 names, 24 commands, depth 32, 20,000 rows or groups, and a budget
 * of steps for regular expressions. Percentiles come from at most 256 samples
 * a group. Nothing recurses but over the bounded depth of the query.
 */
#ifndef DEMO_DEMO_INSIGHTS_H
#define DEMO_DEMO_INSIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Longest query: the service's own limit. Most rows: two pages of the
 * service, which has ten. */
#define DEMO_INSIGHTS_TEXT_MAX ((size_t)10000)
#define DEMO_INSIGHTS_ROW_MAX_N 20000

struct insights;

/* Why a query cannot be run. */
struct insights_error {
	size_t from, to;    /* bytes of the query */
	struct str message; /* sentence, in the arena */
};

struct insights_event {
	int64_t at_ms, ingested_ms;
	struct str message, stream, group, ptr;
};

/* A cell of a row; absent text: the row has no such field. */
struct insights_table {
	const struct str *names; /* columns in order */
	size_t name_n;
	struct str **rows;       /* row_n rows of name_n cells */
	size_t row_n;
};

/* Reads a query. NULL: *error says why (or the arena is full). The text has to
 * outlive the result. */
struct insights *demo_insights_parse(struct arena *a, struct str text,
    struct insights_error *error) MUST_USE;
/* Takes one event; they come newest first. false: enough, no further event
 * can change the answer (or memory or the budget ran out). */
bool demo_insights_feed(struct insights *q, const struct insights_event *e)
    MUST_USE;
/* Ends the query: at most `limit` rows. Events that passed all filters are
 * counted in *matched_n. false: out of memory or budget. */
bool demo_insights_finish(struct insights *q, size_t limit,
    struct insights_table *out, uint64_t *matched_n) MUST_USE;
/* Gives back what parsing JSON messages took. */
void demo_insights_free(struct insights *q);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists that keep an answer within max_bytes.
 *
 * Every tool takes max_bytes, the most bytes that its result (one JSON object)
 * may have. A row that would go beyond is taken back whole, so an answer is
 * cut between rows and never within a value, and says so:
 *
 *	struct rows rows;
 *
 *	rows_init(&rows, c);
 *	json_begin_object(c->out);
 *	rows_begin(&rows, S("metrics"));
 *	for (...) {
 *		show_metric(c->out, m);
 *		if (!rows_fit(&rows)) {
 *			break;
 *		}
 *	}
 *	rows_end(&rows);
 *	rows_close(&rows, more, S("Raise max_items."), STR_NONE);
 *	ask_origin(&q, c->out);
 *	json_end_object(c->out);
 *
 * Room is kept for what comes behind the lists: ROWS_CLOSING bytes, enough for
 * rows_close(), ask_origin() and a few short members. What is not bounded (a
 * description, an error's sentence) has to be a row, or guarded by
 * rows_mark() and rows_fit() like one. Lists may nest: a row with a list
 * inside begins and ends it in the same way.
 */
#ifndef TOOLS_ROWS_H
#define TOOLS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "mcp/tool.h"
#include "proto/json.h"

/* One open list, or the answer itself. */
struct rows_level {
	size_t limit;          /* bytes the answer may reach in it */
	size_t n;              /* rows that fitted */
	struct json_mark mark; /* behind the last of them */
};

struct rows {
	struct json_writer *out;
	uint64_t max_bytes;
	size_t n;       /* rows kept in the list that is open or ended last */
	bool cut;       /* something did not fit */
	unsigned depth;
	struct rows_level level[ROWS_DEPTH_MAX + 1];
};

/* Starts with the call's max_bytes; before anything is written. */
void rows_init(struct rows *r, struct call *c);
/* Keeps `len` bytes more free for what comes behind the lists. */
void rows_reserve(struct rows *r, size_t len);
/* Opens "key":[ for rows. */
void rows_begin(struct rows *r, struct str key);
/* The same with mine/all of the room that is left, where more lists follow: a
 * long one leaves the others something. 0 < mine <= all. */
void rows_begin_share(struct rows *r, struct str key, size_t mine,
    size_t all);
/* After each row, a value written whole: whether it fits. If not, it is taken
 * back and the answer counts as cut; write no more rows then. */
bool rows_fit(struct rows *r);
/* Closes the list. */
void rows_end(struct rows *r);
/* For something else that may be left out: mark, write whole members or
 * values, and rows_fit() keeps or removes them. */
void rows_mark(struct rows *r);
/* Bytes that still fit into the open list. */
size_t rows_room(const struct rows *r);

/* The members has_more_results and message. `more`: there is something that
 * was not even tried, for example because of max_items. `hint`: a sentence on
 * how to get the rest. `otherwise`: the message of a whole answer; may be
 * absent. */
void rows_close(struct rows *r, bool more, struct str hint,
    struct str otherwise);
/* Only the words about the cut, for tools with a message of their own; nothing
 * when the answer is whole. */
void rows_say(const struct rows *r, bool more, struct str hint,
    struct buf *text);

/* Its argument, part of ASK_PARAMS. The instructions explain it once. */
#define ROWS_PARAM \
	{ .name = STR_INIT("max_bytes"), .type = PARAM_INTEGER, \
	    .min = ROWS_BYTES_MIN, .max = ROWS_BYTES_MAX }
/* The members of rows_close() in an output schema. */
#define ROWS_SCHEMA \
	"\"has_more_results\":{\"type\":\"boolean\"},\"message\":{}"

#endif

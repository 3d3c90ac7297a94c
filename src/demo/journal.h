/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logs of the demo account: which groups there are, and every line any of
 * them holds in any minute.
 *
 * As with the metrics nothing is stored. A group speaks with one voice of
 * voices.def; the hash of (group, minute, number of the event) picks the row
 * and fills in the addresses, identifiers and durations, so reading a window
 * twice gives the same lines, and a line read by its number is the one that
 * was listed. Lines follow the story in account.h: what checkout and its
 * database complain about begins when the metrics turn.
 *
 * Events of one minute come oldest first, at most JOURNAL_MINUTE_MAX_N.
 */
#ifndef DEMO_JOURNAL_H
#define DEMO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "demo/account.h"

/* Most events of a group in a minute: four times the busiest. */
#define JOURNAL_MINUTE_MAX_N 96
/* Rows of one voice. */
#define JOURNAL_ROW_MAX_N 12
/* Longest line: the longest row with all its placeholders filled in. */
#define JOURNAL_LINE_MAX 1024

/* One row of groups.def. */
struct journal_group {
	struct str name;
	bool infrequent;       /* class INFREQUENT_ACCESS */
	int64_t retention_days; /* 0: for ever */
	int64_t stored_len;    /* -1: the service does not say */
	int64_t filter_n;
	struct str key, voice, stream;
	double rate;           /* events in a quiet minute */
	size_t stream_n;
	size_t row;            /* number of its row */
	int64_t created_ms;
};

struct journal_event {
	int64_t at_ms;
	size_t stream;         /* number of its stream */
	struct str message;    /* in the reader, until the next minute */
	uint32_t number;       /* within its minute and group */
};

/* When a row of a voice is said; see voices.def. */
struct journal_row {
	char kind;             /* '/' weights, or k r d */
	int64_t quiet, incident;
	int64_t minute, second;
	struct str text;
};

struct journal_reader {
	const struct account *account;
	struct journal_group group;
	struct journal_row rows[JOURNAL_ROW_MAX_N];
	size_t row_n;
	struct journal_event events[JOURNAL_MINUTE_MAX_N];
	size_t event_n;
	char text[JOURNAL_MINUTE_MAX_N * JOURNAL_LINE_MAX];
	size_t text_len;
};

/* Row number i of groups.def, in order of names; false behind the last. */
bool journal_group(const struct account *a, size_t i,
    struct journal_group *out) MUST_USE;
bool journal_group_find(const struct account *a, struct str name,
    struct journal_group *out) MUST_USE;
/* Appends the name of stream number i. */
void journal_stream(struct buf *b, const struct journal_group *g, size_t i);
/* A reader of one group; NULL: no memory. It is large (100 KB). */
struct journal_reader *journal_open(struct arena *ar, const struct account *a,
    const struct journal_group *g) MUST_USE;
/* Fills r->events with what the group holds of that minute; none in the
 * future, and none older than its retention or the account's history. */
void journal_minute(struct journal_reader *r, int64_t minute);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One question to many accounts and regions: what the arguments `profiles` and
 * `regions` of a tool mean, asking all of them, and one answer.
 *
 *	if (fan_wanted(c)) {
 *		struct fan fan;
 *		const struct fan_read read = { ... };
 *
 *		err = fan_open(&fan, c);
 *		if (err == ERR_OK) {
 *			err = fan_read(&fan, &read);
 *		}
 *		if (err == ERR_OK) {
 *			err = fan_show(&fan, ...);
 *		}
 *		fan_free(&fan);
 *	}
 *
 * A target is one profile in one region. Targets are sorted by profile, then
 * region. Keys are looked up first, profile by profile; then up to
 * EXCHANGE_MANY_MAX targets are asked at a time. Each row is labelled with
 * account_id, region and profile_name. What fails is a row of `failures`, and
 * leaves the rest; an error is only what failed everywhere. Where the rows do
 * not all fit, each target shows as many as the others, as far as it has them.
 */
#ifndef TOOLS_FAN_H
#define TOOLS_FAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/call.h"
#include "base/arena.h"
#include "base/err.h"
#include "mcp/tool.h"
#include "proto/json.h"
#include "tools/rows.h"

/* A row as it goes into the answer. */
struct fan_row {
	struct str text; /* the object as JSON */
	unsigned list;   /* which of the tool's lists it is in */
	bool shown;
	struct fan_row *next;
};

struct fan_target {
	struct aws_scope scope;  /* open, with keys at hand */
	struct str account;      /* absent: nobody says it */
	struct str token;        /* of the next page */
	unsigned page_n;
	bool done;
	bool good;               /* at least one page came */
	bool failed;             /* stands among the failures */
	struct fan_row *first, **tail, *at;
	size_t row_n, len;       /* kept rows and their bytes */
};

struct fan_failure {
	struct str profile, region; /* region absent: all of the profile's */
	struct str code;
	struct str text;
	struct fan_failure *next;
};

struct fan {
	struct call *c;
	struct fan_target *targets;
	size_t n;
	size_t profile_n;        /* that could be used */
	struct fan_failure *first, **tail;
	size_t failure_n;
	enum err err;            /* of the first failure */
	bool more;               /* rows that were not read or kept */
	struct arena kept;       /* of the rows */
	struct buf scratch;      /* the row being written */
	struct json_writer writer;
	int64_t keys_until_ms;   /* monotonic: no keys are looked up behind it,
	                          * or silent accounts leave no time to ask */
	int64_t until_ms;        /* monotonic: time to answer */
};

/* The call has `profiles` or `regions`. */
bool fan_wanted(const struct call *c);
/* Works out the targets and finds their keys. `regions` absent: each profile's
 * own; "*": all that its partition has without opt-in. `profiles` absent: the
 * one of profile_name; patterns stand for those that the call may name.
 * ERR_ARGUMENT: too many targets, or profile_name beside profiles; else the
 * first failure's error where there is nobody to ask; ERR_CANCELLED,
 * ERR_NOMEM. To be freed in every case. */
enum err fan_open(struct fan *fan, struct call *c) MUST_USE;
void fan_free(struct fan *fan);

/* Notes a failure of a target, the first one of each. The sentence may live
 * anywhere. */
void fan_fail(struct fan *fan, struct fan_target *t, enum err err,
    struct str code, struct str text);
/* When nothing came of the call: the first failure as its error. */
enum err fan_error(const struct fan *fan) MUST_USE;

/* How one target is read, page by page, all at the same time. */
struct fan_read {
	enum endpoint_service service;
	struct str operation;
	struct str token;        /* the member that leads to the next page, in
	                          * request and answer */
	struct str progress;     /* what it is called meanwhile */
	void *ctx;
	/* Writes the request, but the token. `left` rows are wanted. */
	void (*put)(void *ctx, struct json_writer *body, size_t left);
	/* Keeps the page's rows: fan_row(), members, fan_keep(). */
	void (*take)(const struct fan_read *how, struct fan *fan,
	    struct fan_target *t, const struct json *page);
	size_t row_max_n;        /* rows of the whole answer */
};

/* Reads all targets. ERR_CANCELLED, ERR_NOMEM, or what all failed with. */
enum err fan_read(struct fan *fan, const struct fan_read *how) MUST_USE;

/* Begins a row of a target: an object that is open, with the labels in it. */
struct json_writer *fan_row(struct fan *fan, const struct fan_target *t);
/* Ends it and keeps it for list number `list`. false: this target has enough
 * rows. */
bool fan_keep(struct fan *fan, const struct fan_read *how,
    struct fan_target *t, unsigned list);
/* The labels account_id, region and profile_name of an open object. */
void fan_put_labels(struct json_writer *out, const struct fan_target *t);

/* Writes the members failures and targets; before the lists. */
void fan_put_failures(struct fan *fan, struct rows *rows);
/* Writes the whole answer: failures, the lists, what was asked. `none`: the
 * message when there are no rows. */
enum err fan_show(struct fan *fan, const struct str *lists, size_t list_n,
    size_t row_max_n, struct str none) MUST_USE;

/* The arguments. */
#define FAN_PARAMS \
	{ .name = STR_INIT("regions"), .type = PARAM_STRINGS, .max = 40, \
	    .text = STR_INIT("[\"*\"]: all") }, \
	{ .name = STR_INIT("profiles"), .type = PARAM_STRINGS, .max = 48, \
	    .text = STR_INIT("several accounts; [\"*\"]: all") }
/* Their members in the output schema. */
#define FAN_SCHEMA \
	"\"failures\":{\"type\":\"array\"},\"targets\":{\"type\":\"object\"}"

#endif

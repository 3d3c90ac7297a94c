/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to the demo account while it is being answered: what the
 * operations in demo_alarms.c, demo_metrics.c and demo_logs.c read and write.
 *
 * An operation writes one JSON object to x->out, or calls demo_answer_error()
 * once, which takes the place of whatever was written. All it allocates lives
 * in x->arena, the caller's, and is gone with the request.
 */
#ifndef DEMO_DEMO_ANSWER_H
#define DEMO_DEMO_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "demo/account.h"
#include "proto/json.h"

struct demo;
struct demo_tail;

struct answer {
	struct demo *demo;
	struct account account;
	struct arena *arena;
	struct str region;     /* of the scope or host: goes into every ARN */
	const struct json *in; /* the request, an object */
	struct json_writer *out;
	int status;            /* 200 until demo_answer_error() */
	struct str code;       /* exception name, absent while all is well */
	struct str message;
	struct demo_tail *tail; /* the answer goes on; see demo_tail.h */
	struct str extra;      /* further members of the error, raw JSON with a
	                        * leading comma; or absent */
};

typedef void demo_answer_fn(struct answer *x);

/* Refuses the request with an exception of the service (HTTP 400). The first
 * refusal stays. The message is not copied. */
void demo_answer_error(struct answer *x, struct str code, struct str message);
/* The same with a sentence by buf_addf()'s rules. */
void demo_answer_errorf(struct answer *x, struct str code, const char *fmt,
    ...);
/* The request was refused. */
bool demo_answer_failed(const struct answer *x) MUST_USE;

/* A moment as CloudWatch's JSON writes it: seconds with milliseconds. */
void demo_answer_add_time(struct answer *x, int64_t ms);
void demo_answer_put_time(struct answer *x, struct str key, int64_t ms);
/* A moment of the request in milliseconds, there a number of seconds;
 * `otherwise` when absent. Refuses what is no number. */
int64_t demo_answer_time(struct answer *x, struct str key, int64_t otherwise);
/* A whole number of the request within [min, max]; `otherwise` when absent.
 * Refuses the rest with the service's validation sentence. */
int64_t demo_answer_i64(struct answer *x, struct str key, int64_t min,
    int64_t max, int64_t otherwise);
/* A string of the request that must be one of the words in `set`, which are
 * separated by ", "; absent when not given. Refuses other words. */
struct str demo_answer_choice(struct answer *x, struct str key,
    struct str set);
/* The JSON array of strings has the word. */
bool demo_answer_lists(const struct json *array, struct str word) MUST_USE;
/* Where this page starts: the number in the token member, 0 without one.
 * Refuses a token this account did not write with `code`. */
size_t demo_answer_page(struct answer *x, struct str key, struct str code);
/* Writes the token of the page that starts at `at`. */
void demo_answer_put_page(struct answer *x, struct str key, size_t at);
/* Appends arn:aws:<service>:<region>:<account>:<rest><name>. */
void demo_answer_arn(const struct answer *x, struct buf *b,
    struct str service, struct str rest, struct str name);
/* Member with such an ARN. */
void demo_answer_put_arn(struct answer *x, struct str key,
    struct str service, struct str rest, struct str name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operating errors as values.
 *
 * `enum err` says what kind of thing went wrong; ERR_OK (0) is success. One
 * catalogue, err.def, gives each kind its JSON-RPC code, HTTP status and a
 * plain sentence, so that logs, replies and documentation cannot drift apart.
 *
 * `struct fail` carries the detail: written once, at the place that knows most
 * (which file, which byte, which host, what to do next), and read at the edge.
 * The first detail wins: later calls on the same struct fail do nothing, so
 * callers may add a fallback without destroying the better sentence below.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

#include "base/must.h"
#include "base/str.h"

struct arena;

enum err {
	ERR_OK = 0,
#define E(symbol, rpc, http, text) ERR_##symbol,
#include "base/err.def"
#undef E
	ERR_N /* number of codes, not an error */
};

struct fail {
	struct arena *a; /* where `what` is formatted; NULL: code only */
	enum err code;   /* ERR_OK while nothing failed */
	size_t pos;      /* byte offset in the input, where it has a meaning */
	struct str what; /* sentence for people; absent: err_text(code) */
};

/* The symbol without ERR_, for logs: "TLS_NAME". */
struct str err_name(enum err e);
/* JSON-RPC error code. */
int err_rpc(enum err e);
/* HTTP status. */
int err_http(enum err e);
/* The catalogue's sentence. */
struct str err_text(enum err e);

/* Starts a detail record whose sentences live in the arena (may be NULL). */
void fail_init(struct fail *f, struct arena *a);
/* Records a failure unless one is recorded already; returns `code`, so that
 * `return fail_set(f, ERR_DNS, 0, S("..."))` reads well. f may be NULL.
 * `what` is not copied: a constant, or memory that outlives f. */
enum err fail_set(struct fail *f, enum err code, size_t pos, struct str what);
/* The same with a sentence made by buf_addf()'s rules in f->a. When the arena
 * is full the catalogue's sentence stands in. */
enum err fail_setf(struct fail *f, enum err code, const char *fmt, ...);
/* Forgets a recorded failure, for the next attempt. */
void fail_clear(struct fail *f);
/* What to show: f->what, else the catalogue's sentence. */
struct str fail_text(const struct fail *f);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pocket CloudWatch: the demo account behind AWS's wire formats.
 *
 * demo_serve() takes one HTTP request and gives one HTTP reply. It stands
 * behind struct transport (--demo: no network, no signature checked but those
 * of callers, which carry a server id) and behind an HTTP server
 * (demo-endpoint: the signature is verified as AWS does, and faults can be
 * injected). Spoken: JSON 1.0 of CloudWatch, JSON 1.1 of
 * CloudWatch Logs, CloudWatch's PromQL paths, the query protocol of STS. The
 * account is the same in every region; the region of the scope or host name
 * goes into the ARNs.
 *
 * Keys of the demo account, accepted where signatures are verified:
 *	AKIDEMOREADER0000001  demo/secret/of/the/reader/key0000000001  may read
 *	AKIDEMODENIED0000001  demo/secret/of/the/denied/key0000000001  may not
 * and the temporary ones that AssumeRole and AssumeRoleWithWebIdentity give
 * out. They open nothing anywhere else.
 *
 * Faults: a list of kind[:number][*times][@Operation], separated by commas.
 *	throttle, 500, 503      that error (":2" is the same as "*2")
 *	slow:<ms>               the reply waits that long
 *	cut:<bytes>             the connection closes after so many body bytes
 *	truncated               half of the body, with a matching length
 *	notjson, oversized      a page of HTML; a body of 13 MiB
 *	missing                 an empty object
 * Without *times a fault stays; without @Operation it hits every request.
 *
 * Paths for tests, never signed: POST /demo/faults with such a list replaces
 * the faults, GET /demo/stats counts requests.
 *
 * A struct demo may be used by several threads: what changes in it (faults,
 * counters, running queries) is guarded by SYS_LOCK_DEMO.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aws/transport.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/sys.h"
#include "proto/http1.h"

#define DEMO_ACCESS_KEY "AKIDEMOREADER0000001"
#define DEMO_SECRET_KEY "demo/secret/of/the/reader/key0000000001"
#define DEMO_DENIED_ACCESS_KEY "AKIDEMODENIED0000001"
#define DEMO_DENIED_SECRET_KEY "demo/secret/of/the/denied/key0000000001"

/* Faults at a time, and Insights queries that are remembered. */
#define DEMO_FAULT_MAX_N 8
#define DEMO_QUERY_MAX_N 64

enum demo_fault_kind {
	DEMO_FAULT_NONE,
	DEMO_FAULT_THROTTLE,
	DEMO_FAULT_500,
	DEMO_FAULT_503,
	DEMO_FAULT_SLOW,
	DEMO_FAULT_CUT,
	DEMO_FAULT_TRUNCATED,
	DEMO_FAULT_NOTJSON,
	DEMO_FAULT_OVERSIZED,
	DEMO_FAULT_MISSING
};

struct demo_fault {
	enum demo_fault_kind kind;
	int64_t number;     /* slow: milliseconds; cut: bytes */
	int64_t left;       /* requests still to hit; -1: all */
	char operation[64]; /* empty: every operation */
	size_t operation_len;
};

struct account_tables;

/* An Insights query that was started. */
struct demo_query {
	uint64_t seq;         /* 0: free slot */
	struct arena arena;   /* holds the slices below */
	struct str text;
	struct str groups;    /* names, each ended by '\n' */
	int64_t start_ms, end_ms, created_ms;
	int64_t limit;
	bool stopped;
};

struct demo {
	const struct sys *sys;
	struct arena arena; /* of the tables */
	const struct account_tables *tables;
	int64_t born_ms;   /* wall clock when it was made: fixes the incident */
	bool verify;       /* check signatures */
	struct str region; /* the only one whose scope is good; absent: any */
	/* guarded by SYS_LOCK_DEMO */
	struct demo_fault faults[DEMO_FAULT_MAX_N];
	size_t fault_n;
	struct demo_query queries[DEMO_QUERY_MAX_N];
	uint64_t query_seq;
	uint64_t request_n, rejected_n;
	uint64_t tail_n;   /* live tail sessions that are open over HTTP */
};

struct demo_tail;

struct demo_request {
	struct str method;
	struct str target;  /* path and query */
	const struct http1_header *headers;
	size_t header_n;
	struct str body;
};

struct demo_reply {
	int status;
	struct http1_header headers[6]; /* without Content-Length */
	size_t header_n;
	struct str body;
	struct demo_tail *tail; /* not NULL: the body goes on every second with
	                   * demo_tail_next(), until the client closes */
	int64_t delay_ms; /* fault: wait so long before sending */
	size_t cut_len;   /* fault: close after so many body bytes, of a body
	                   * announced in full; SIZE_MAX: send all */
};

/* Opens the account at the present time of `sys`, which must outlive d. */
void demo_init(struct demo *d, const struct sys *sys);
/* Gives memory of remembered queries back. */
void demo_free(struct demo *d);
/* Replaces the faults by those of the list; empty: none. ERR_CONFIG with a
 * sentence naming the bad entry; the faults then stay as they were. */
enum err demo_faults(struct demo *d, struct str list, struct fail *f) MUST_USE;
/* Answers one request; always leaves a complete reply, in the arena or
 * constant. With the arena full that is a 503. Does not wait: what delay_ms
 * and cut_len ask for is the caller's to do. */
void demo_serve(struct demo *d, const struct demo_request *r, struct arena *a,
    struct demo_reply *reply);
/* The account as a transport that never touches a network. Faults work there
 * as well: a cut is ERR_CLOSED, a delay waits through sys. */
void demo_transport(struct demo *d, struct transport *out);

#endif

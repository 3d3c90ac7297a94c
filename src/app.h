/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request in, one reply out.
 *
 * A front (net/server for HTTP, net/stdio for standard input) turns bytes into
 * a `struct app_job` and calls two functions: app_begin() on the loop thread,
 * which answers what needs no waiting, and, when that says APP_DEFER,
 * app_run() on a worker thread. Neither ever sees a socket; tests call both
 * directly. The fronts reach the app only through `struct app_calls`, so that
 * net/ links against a three-line app in its own tests.
 *
 * Ownership: a job owns its arena and everything in it. The loop owns the job
 * up to APP_DEFER and again after app_run() returned; in between exactly one
 * worker does. Only `cancel` is touched from both sides.
 */
#ifndef APP_H
#define APP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "base/sys.h"

struct app_legacy;
struct auth;
struct aws;
struct http1_request;
struct mcp;
struct meter;
struct rate;

enum app_front {
	APP_HTTP, /* job->http and body; the reply is an HTTP response */
	APP_STDIO /* body is one line; the reply is whole lines, or empty */
};

enum app_verdict {
	APP_DONE, /* the reply is complete */
	APP_DEFER, /* give the job to a worker: app_run() */
	APP_STREAM /* HTTP: the reply begins an event stream, which ends with
	            * its connection. It stays open without a job; what
	            * other jobs say with `stream` set becomes its events. The
	            * front may refuse it: then `closed` is called at once */
};

struct app_job {
	/* ---- set by the front before app_begin() ---- */
	enum app_front front;
	struct arena arena;  /* this request's memory, capped */
	const struct http1_request *http; /* parsed head, slices in the arena;
	                      * NULL on stdio */
	struct str body;     /* whole body, or the line without its newline */
	uint64_t conn;       /* HTTP: names the connection, not 0; no other one
	                      * ever has the same name */
	struct str peer;     /* address of the client, for the log; or absent */
	bool side;           /* HTTP: it came in by the second listener, the
	                      * one for metrics */
	bool tls;            /* the connection is encrypted up to here */
	bool keep_alive;     /* HTTP: the connection may stay open. false: say
	                      * "Connection: close" in the reply */
	int64_t start_ms;    /* monotonic time at which the request was whole */
	int64_t deadline_ms; /* absolute, monotonic: waiting ends here */
	struct cancel cancel; /* raised when nobody wants the reply any more */

	/* ---- set by the app ---- */
	/* The complete reply, in the arena or constant: both parts leave in one
	 * writev. HTTP: status line to blank line, then the body (already
	 * without one for HEAD). After emit() calls: the rest of the stream.
	 * stdio: whole lines with their newlines in reply_body. */
	struct str reply_head, reply_body;
	bool close_after;    /* HTTP: close once the reply has left; the reply
	                      * must say so. Implied by keep_alive == false */
	/* A client that closes does not cancel the call (legacy era). Set in
	 * app_begin(), or on the worker where it is known no earlier. */
	atomic_bool survives_close;
	bool again;          /* set in app_run() instead of a reply: what comes
	                      * next belongs to the loop thread, which calls
	                      * app_begin() once more with this job (HTTP) */
	struct str rpc_id;   /* set in app_begin() with APP_DEFER: the request's
	                      * id as raw JSON text, the key of cancel_call() */
	struct str stream_head; /* set in app_begin() with APP_DEFER: head of an
	                      * event stream, which the loop may send by
	                      * itself when the job stays silent; absent: it
	                      * may not */
	/* Not 0: what the job says, the reply included, goes to this open
	 * stream (`conn` of the job that began it) as whole events, without a
	 * head; its own request is answered with `answer`, a whole response,
	 * at once. A stream that ends cancels its jobs. Set in app_begin(). */
	uint64_t stream;
	struct str answer;
	/* Who begins the reply: whoever raises it. The loop does it to send
	 * stream_head, the worker before its first emit() and before it leaves
	 * a complete reply. */
	atomic_bool begun;
	void *state;         /* the app's own, between begin and run */

	/* ---- services of the front ---- */
	/* Worker thread only. Hands a copy of `bytes` (at most APP_EMIT_MAX) to
	 * the loop, which sends it in order and before the reply. HTTP: wire
	 * bytes; the first call begins with the response head, the body is
	 * text/event-stream, and every call ends at the end of an event (the
	 * loop may put a keep-alive comment in between, framed as a chunk
	 * unless the request is HTTP/1.0). stdio: whole lines. Waits while the
	 * client is slow. false: the bytes were not taken, because the client
	 * is gone, the job was cancelled or they are too long. */
	bool (*emit)(struct app_job *job, struct str bytes);
	/* Loop thread only, from app_begin(): cancels the oldest call in flight
	 * on the same front whose rpc_id is this raw text; nothing is sent for
	 * it any more. false: there is none. HTTP: of the calls whose `stream`
	 * is the same as this job's, as otherwise closing cancels. */
	bool (*cancel_call)(struct app_job *job, struct str rpc_id);
};

/* What a front needs of the app. */
struct app_calls {
	void *app;
	/* On the loop thread: quick, never waits. */
	enum app_verdict (*begin)(void *app, struct app_job *job);
	/* On a worker thread, after APP_DEFER: may wait until the job's
	 * deadline or its cancel; always leaves a complete reply. */
	void (*run)(void *app, struct app_job *job);
	/* On the loop thread: the stream has ended. NULL where none begins. */
	void (*closed)(void *app, uint64_t stream);
};

/* What is known elsewhere and shown among the metrics. */
struct app_gauges {
	uint64_t accepted_n, refused_n; /* connections so far */
	unsigned conn_n, conn_max;     /* open, and at most */
	unsigned stream_n, stream_max; /* event streams that last */
	unsigned queue_n, queue_max;   /* calls that wait for a worker */
	unsigned running_n, worker_n;
	size_t budget_used, budget_max; /* bytes of all requests */
	uint64_t memory_max;           /* the computed ceiling, bytes */
	uint64_t resident;             /* bytes; 0: not known */
	uint64_t connect_n, reuse_n;   /* connections to AWS: new, kept */
	uint64_t handshake_n, resume_n; /* TLS: all, of them resumed */
	bool keys_ready;               /* AWS credentials are at hand */
	int64_t keys_until_ms;         /* wall clock; 0: they do not end */
};

/* The program below its fronts. Filled by main.c before the first request and
 * read-only from then on, but for the two atomics. */
struct app {
	const struct sys *sys;
	const struct log *log;
	const struct mcp *mcp;
	struct aws *aws;
	struct str name, version;
	struct auth *auth;    /* who may call; NULL: everybody */
	struct rate *rate;    /* how often; NULL: as often as they like */
	struct str public_url; /* of this server, without a path; absent: as
	                       * the request has it */
	int64_t call_ms;      /* longest tool call */
	bool loopback;        /* bound to a loopback address: Host is checked */
	bool page;            /* browsers get the page at / */
	bool demo;            /* the account is the embedded one */
	struct str origins;   /* allowed besides loopback; "*": any */
	struct str hosts;     /* allowed besides loopback; "*": any */
	/* Whether AWS credentials can be resolved; never waits. Appends the
	 * reason when not. */
	bool (*credentials)(void *ctx, struct buf *why);
	void *credentials_ctx;
	atomic_bool draining; /* set by the server: /ready says 503 */
	atomic_uint_fast64_t request_n; /* numbers the requests in the log */
	struct meter *meter;  /* counts; NULL: no metrics */
	bool meter_aside;     /* they are shown on the side listener only */
	bool side_loopback;   /* that is bound to a loopback address */
	/* Fills *out, which is zeroed; loop thread. */
	void (*gauges)(void *ctx, struct app_gauges *out);
	void *gauges_ctx;
	int64_t started_ms;   /* wall clock at start */
	struct app_legacy *legacy; /* sessions of the HTTP+SSE transport; NULL:
	                       * it is off */
	void *session;        /* stdio: struct mcp_session, loop thread only */
};

/* Label of a route, by its number; absent behind the last one, which is for
 * paths that do not exist. */
struct str app_route_path(size_t number);
/* The functions that fronts call. `app` outlives the fronts. */
struct app_calls app_calls(struct app *app);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One inbound HTTP/1.1 connection as a pure state machine: bytes are fed, bytes
 * are taken, and conn_step() says what the owner should do next. No system
 * call, no clock, no allocation but the request's own arena; so a whole
 * keep-alive connection runs inside a test or a fuzzer.
 *
 *	IDLE -> HEAD -> [BODY ->] BUSY -> [STREAM ->] REPLY -> IDLE ...
 *	                        |                          `-> LINGER -> CLOSED
 *	                        `-> STREAM (endless) -----------^
 *
 * One request at a time: bytes of the next one wait in the input buffer, and
 * the kernel's, until the reply has left (pipelining, RFC 9112 9.3.2). Any
 * error in the framing is answered once and ends the connection, because
 * nobody knows any more where the next request begins; the close lingers
 * (RFC 9112 9.6), so that a client that is still sending sees the answer.
 *
 * Memory is lent. The input buffer (HTTP_HEAD_MAX bytes) is needed only while
 * unparsed bytes lie in it: an idle connection has none. The job comes from
 * the owner when a head is complete and goes back when its reply has left.
 * The head is copied once into the job's arena, so whoever runs the job never
 * reads connection memory.
 *
 * conn_step() makes at most one transition per call, so the edges can be
 * watched from outside; an edge that is not in the table of conn.c is a
 * programmer error.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/http1.h"

enum conn_state {
	CONN_IDLE,   /* no byte of the next request has come */
	CONN_HEAD,   /* a part of a head */
	CONN_BODY,   /* head accepted, the body is coming */
	CONN_BUSY,   /* the request is whole, its reply awaited */
	CONN_STREAM, /* a reply has begun, more of it is awaited or leaving */
	CONN_REPLY,  /* the rest of the reply is leaving */
	CONN_LINGER, /* all is sent and our side shut; input is thrown away */
	CONN_CLOSED, /* nothing more may happen: close the descriptor */
	CONN_STATE_N
};

/* What conn_step() asks for. */
enum conn_want {
	CONN_WANT_STEP,     /* call conn_step() again */
	CONN_WANT_READ,     /* receive into conn_space(), conn_received() */
	CONN_WANT_WRITE,    /* send c->out[0..1], conn_sent() */
	CONN_WANT_RUN,      /* run c->job (once), then conn_reply() */
	CONN_WANT_WAIT,     /* nothing: conn_piece() or conn_reply() come */
	CONN_WANT_RECYCLE,  /* the reply left: conn_take_job(), then step */
	CONN_WANT_SHUTDOWN, /* shut the sending side (once), then step */
	CONN_WANT_CLOSE     /* CONN_CLOSED was reached */
};

/* Times of one server, milliseconds; see limits.h for the defaults. */
struct conn_limits {
	int64_t handshake_ms; /* of TLS, before the first byte */
	int64_t head_ms;      /* first byte of a head to its end */
	int64_t body_ms;      /* end of the head to the end of the body */
	int64_t idle_ms;      /* between requests */
	int64_t write_ms;     /* a reply, or a piece of one, that does not
	                       * move; as a whole it gets
	                       * SERVER_WRITE_TURN_MAX_N times that */
	int64_t linger_ms;    /* after the last reply */
	int64_t silent_ms;    /* silence of a job before a stream begins */
	int64_t heartbeat_ms; /* silence of an event stream */
	int64_t call_ms;      /* a job's deadline */
	size_t body_max;      /* bytes, at most HTTP_BODY_MAX */
};

/* The defaults of limits.h. */
extern const struct conn_limits conn_limits_default;

struct conn {
	const struct conn_limits *limits;
	enum conn_state state;
	bool draining;      /* the next request is the last one */
	bool ending;        /* so is the present one, whatever was said */
	bool close;         /* set with the reply: close after it */
	bool peer_closed;   /* the client will send nothing more */
	bool run;           /* CONN_WANT_RUN was given out for this job */
	bool shut;          /* CONN_WANT_SHUTDOWN was given out */
	bool endless;       /* STREAM without a job and a reply: events come */
	bool direct;        /* conn_space() was the body's own memory */
	char *in;           /* lent input buffer of HTTP_HEAD_MAX bytes */
	size_t in_at;       /* bytes of it that are used up */
	size_t in_len;      /* bytes of it that are filled */
	size_t head_seen;   /* bytes of the head that were looked at before */
	struct app_job *job; /* from a complete head until recycled; or NULL */
	struct buf body;    /* the body so far, in the job's arena */
	struct http1_chunked chunked; /* decoder of a chunked body */
	struct str out[2];  /* bytes to send, in order; lengths 0: none */
	int64_t reply_end_ms; /* the client has to have all of `out` by then */
	int64_t deadline_ms; /* call conn_timeout() then; INT64_MAX: never */
	enum err refused;   /* why a request was refused here; the owner looks
	                     * and clears it */
	uint64_t request_n; /* complete requests so far */
};

/* What the owner lends to a step. */
struct conn_spare {
	struct app_job *job; /* with an empty arena; taken when a head is
	                      * complete (c->job == job afterwards) */
	struct http1_request *http; /* belongs to that job: becomes job->http */
	bool busy;           /* no memory left: answer 503 instead */
};

/* A fresh connection. limits must outlive it. */
void conn_init(struct conn *c, const struct conn_limits *limits,
    int64_t now_ms);
/* Nothing of a request has come and is expected by then: where something goes
 * before the first byte. State IDLE. */
void conn_expect(struct conn *c, int64_t deadline_ms);
/* Lends an input buffer of HTTP_HEAD_MAX bytes; c->in must be NULL. */
void conn_lend(struct conn *c, char *in);
/* Takes the input buffer back when nothing in it is needed; else NULL. */
char *conn_unlend(struct conn *c);
/* Goes on as far as possible with what is there. */
enum conn_want conn_step(struct conn *c, const struct conn_spare *spare,
    int64_t now_ms) MUST_USE;

/* Where received bytes go, *len > 0 of them; needs a lent buffer, and has to
 * be followed by conn_received(). NULL: the body found no memory; the
 * connection is answering that, step again. */
char *conn_space(struct conn *c, size_t *len, int64_t now_ms) MUST_USE;
/* n > 0 bytes were put at conn_space(). */
void conn_received(struct conn *c, size_t n, int64_t now_ms);
/* The client closed its sending side. */
void conn_eof(struct conn *c);
/* The connection broke: CONN_CLOSED. c->job stays for the owner. */
void conn_abort(struct conn *c);
/* n bytes of c->out have left. */
void conn_sent(struct conn *c, size_t n, int64_t now_ms);
/* c->deadline_ms has come. */
void conn_timeout(struct conn *c, int64_t now_ms);
/* No further request after the next one, which is told so; with close_idle,
 * none after the present one, and an idle connection closes now. */
void conn_drain(struct conn *c, bool close_idle);

/* Whether conn_piece() may be called: BUSY or STREAM with nothing to send. */
bool conn_piece_ready(const struct conn *c);
/* A piece of an unfinished reply; the bytes live until they are sent. */
void conn_piece(struct conn *c, struct str bytes, int64_t now_ms);
/* c->job's reply is complete; needs conn_piece_ready(). */
void conn_reply(struct conn *c, int64_t now_ms);
/* c->job's reply is the beginning of an event stream that lasts as long as the
 * connection; the job is recycled once it has left. Input is not read any more.
 * State BUSY. */
void conn_stream(struct conn *c, int64_t now_ms);
/* The next bytes of such a stream; needs conn_piece_ready(). */
void conn_event(struct conn *c, const struct str out[static 2],
    int64_t now_ms);
/* Such a stream ends in an orderly way; needs conn_piece_ready(). */
void conn_stream_end(struct conn *c, int64_t now_ms);
/* c->job runs on a worker: when it stays silent and may be answered with an
 * event stream, the connection begins that by itself. State BUSY. */
void conn_deferred(struct conn *c, int64_t now_ms);
/* c->job was run without an answer and is to be run once more. State BUSY,
 * nothing sent yet. */
void conn_again(struct conn *c);
/* Answers the whole request of c->job with an error instead of running it, and
 * keeps the connection when the client wants that. State BUSY. */
void conn_refuse(struct conn *c, enum err e, int64_t now_ms);
/* The job, which leaves the connection; NULL when there is none. */
struct app_job *conn_take_job(struct conn *c);

/* Writes a JSON-RPC error object without a newline: the sentence (the
 * catalogue's where it is long or would need escaping), and an id when rpc_id
 * is present (raw JSON). */
void conn_error_body(struct buf *out, enum err e, struct str sentence,
    struct str rpc_id);
/* Writes a whole HTTP error response with conn_error_body() as body. A 503 gets
 * Retry-After. */
void conn_error_reply(struct buf *out, enum err e, struct str sentence,
    struct str rpc_id, bool is_head, bool keep_alive);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbound connection's state machine.
 *
 * Reading order is the life of a request: conn_received() stores bytes,
 * step_head() finds the end of the head and moves it into the job's arena,
 * step_body() collects the body, the owner runs the job, conn_reply() or
 * conn_piece() give bytes to send, and step_sent() decides what comes after
 * the last of them. enter() is the only place where the state changes.
 *
 * The head is parsed in the input buffer, where it lies, each time a line end
 * came (http1_head_progress()), and its slices then move with the copy.
 */
#include "net/conn.h"

#include <string.h>

#include "base/limits.h"

/* see conn.h */
const struct conn_limits conn_limits_default = {
	.handshake_ms = SERVER_HANDSHAKE_MS,
	.head_ms = SERVER_HEAD_MS,
	.body_ms = SERVER_BODY_MS,
	.idle_ms = SERVER_IDLE_MS,
	.write_ms = SERVER_WRITE_MS,
	.linger_ms = SERVER_LINGER_MS,
	.silent_ms = SERVER_SILENT_MS,
	.heartbeat_ms = SERVER_HEARTBEAT_MS,
	.call_ms = SERVER_CALL_MS,
	.body_max = HTTP_BODY_MAX,
};

/* Longest sentence of an error reply; longer ones are not for the wire. */
#define ERROR_TEXT_MAX 256
/* Body bytes received straight into the arena at a time. */
#define BODY_STEP ((size_t)64 * 1024)

/* The legal edges: bit `to` of row `from`. An error is answered from HEAD, BODY
 * and (by conn_refuse) BUSY; every state but CLOSED may break off. */
#define TO(state) (1U << (state))
static const unsigned edges[CONN_STATE_N] = {
	[CONN_IDLE] = TO(CONN_HEAD) | TO(CONN_CLOSED),
	[CONN_HEAD] = TO(CONN_BODY) | TO(CONN_REPLY) | TO(CONN_CLOSED),
	[CONN_BODY] = TO(CONN_BUSY) | TO(CONN_REPLY) | TO(CONN_CLOSED),
	[CONN_BUSY] = TO(CONN_STREAM) | TO(CONN_REPLY) | TO(CONN_CLOSED),
	[CONN_STREAM] = TO(CONN_REPLY) | TO(CONN_CLOSED),
	[CONN_REPLY] = TO(CONN_IDLE) | TO(CONN_LINGER) | TO(CONN_CLOSED),
	[CONN_LINGER] = TO(CONN_CLOSED),
	[CONN_CLOSED] = 0,
};

static bool
has_out(const struct conn *c)
{
	return c->out[0].len + c->out[1].len > 0;
}

/* When the state the connection is in has lasted too long. */
static int64_t
deadline(const struct conn *c, int64_t now_ms)
{
	int64_t write_ms = now_ms + c->limits->write_ms < c->reply_end_ms ?
	    now_ms + c->limits->write_ms : c->reply_end_ms;

	switch (c->state) {
	case CONN_IDLE:
		return now_ms + c->limits->idle_ms;
	case CONN_HEAD:
		return now_ms + c->limits->head_ms;
	case CONN_BODY:
		return now_ms + c->limits->body_ms;
	case CONN_STREAM:
		return has_out(c) ? write_ms :
		    now_ms + c->limits->heartbeat_ms;
	case CONN_REPLY:
		return write_ms;
	case CONN_LINGER:
		return now_ms + c->limits->linger_ms;
	case CONN_BUSY: /* the job has its own deadline */
	case CONN_CLOSED:
	case CONN_STATE_N:
		break;
	}
	return INT64_MAX;
}

/* State or bytes to send are new ones. */
static void
start_clock(struct conn *c, int64_t now_ms)
{
	c->reply_end_ms = now_ms +
	    c->limits->write_ms * SERVER_WRITE_TURN_MAX_N;
	c->deadline_ms = deadline(c, now_ms);
}

static void
enter(struct conn *c, enum conn_state state, int64_t now_ms)
{
	MUST((edges[c->state] & TO(state)) != 0);
	c->state = state;
	start_clock(c, now_ms);
}

/* see conn.h */
void
conn_init(struct conn *c, const struct conn_limits *limits, int64_t now_ms)
{
	*c = (struct conn){ .limits = limits };
	c->deadline_ms = deadline(c, now_ms);
}

/* see conn.h */
void
conn_expect(struct conn *c, int64_t deadline_ms)
{
	MUST(c->state == CONN_IDLE);
	c->deadline_ms = deadline_ms;
}

/* see conn.h */
void
conn_lend(struct conn *c, char *in)
{
	MUST(c->in == NULL && in != NULL);
	c->in = in;
	c->in_at = 0;
	c->in_len = 0;
}

/* see conn.h */
char *
conn_unlend(struct conn *c)
{
	char *in = c->in;

	if (c->in_at < c->in_len && c->state != CONN_LINGER &&
	    c->state != CONN_CLOSED) {
		return NULL;
	}
	/* An error reply to a head lies in the buffer itself. */
	if (has_out(c) && c->job == NULL && c->state != CONN_CLOSED) {
		return NULL;
	}
	c->in = NULL;
	c->in_at = 0;
	c->in_len = 0;
	return in;
}

/* see conn.h */
void
conn_error_body(struct buf *out, enum err e, struct str sentence,
    struct str rpc_id)
{
	struct str text = sentence.len > ERROR_TEXT_MAX ? err_text(e) :
	    sentence;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
			text = err_text(e);
			break;
		}
	}
	buf_add(out, S("{\"jsonrpc\":\"2.0\""));
	if (rpc_id.len > 0) {
		buf_add(out, S(",\"id\":"));
		buf_add(out, rpc_id);
	}
	buf_add(out, S(",\"error\":{\"code\":"));
	buf_add_i64(out, err_rpc(e));
	buf_add(out, S(",\"message\":\""));
	buf_add(out, text);
	buf_add(out, S("\"}}"));
}

/* see conn.h */
void
conn_error_reply(struct buf *out, enum err e, struct str sentence,
    struct str rpc_id, bool is_head, bool keep_alive)
{
	char space[ERROR_TEXT_MAX + 512];
	struct buf body = buf_fixed(space, sizeof(space));
	int status = err_http(e);

	conn_error_body(&body, e, sentence, rpc_id);
	if (!buf_ok(&body)) {
		/* The id is too long to be repeated here. */
		buf_clear(&body);
		conn_error_body(&body, e, sentence, STR_NONE);
	}
	http1_status_line(out, status);
	http1_field(out, S("Content-Type"), S("application/json"));
	http1_field_u64(out, S("Content-Length"), body.len);
	if (status == 503) {
		http1_field_u64(out, S("Retry-After"), SERVER_RETRY_AFTER_S);
	}
	if (!keep_alive) {
		http1_field(out, S("Connection"), S("close"));
	}
	http1_head_end(out);
	if (!is_head) {
		buf_add(out, buf_str(&body));
	}
}

/* What is said when there is not even memory for an error. */
static const struct str last_resort = STR_INIT(
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Content-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n");

/* Answers the broken request with an error and gives the connection up. What
 * else lies in the input buffer is nobody's request any more. */
static void
answer_error(struct conn *c, enum err e, struct str sentence, int64_t now_ms)
{
	struct buf b;
	bool is_head;

	c->refused = e;
	if (c->job != NULL) {
		b = buf_in(&c->job->arena, HTTP_HEAD_MAX);
		is_head = str_eq(c->job->http->method, S("HEAD"));
	} else {
		struct str in = str_of(c->in + c->in_at, c->in_len - c->in_at);

		is_head = str_starts(in, S("HEAD "));
		b = buf_fixed(c->in, HTTP_HEAD_MAX);
	}
	conn_error_reply(&b, e, sentence, STR_NONE, is_head, false);
	c->out[0] = buf_ok(&b) ? buf_str(&b) : last_resort;
	c->out[1] = S("");
	c->in_at = 0;
	c->in_len = 0;
	c->close = true;
	enter(c, CONN_REPLY, now_ms);
}

/* The job's head is accepted: checks what can be refused before the body. */
static enum conn_want
begin_body(struct conn *c, int64_t now_ms)
{
	const struct http1_request *http = c->job->http;

	if (http->body == HTTP1_BODY_LENGTH &&
	    http->body_len > c->limits->body_max) {
		answer_error(c, ERR_HTTP_BODY_LIMIT,
		    err_text(ERR_HTTP_BODY_LIMIT), now_ms);
		return CONN_WANT_STEP;
	}
	c->body = buf_in(&c->job->arena, c->limits->body_max);
	if (http->body == HTTP1_BODY_CHUNKED) {
		http1_chunked_init(&c->chunked, c->limits->body_max);
	}
	/* RFC 9110 10.1.1: pointless once the body is on its way. */
	if (http->expect_continue && http->minor > 0 &&
	    http->body != HTTP1_BODY_NONE && c->in_at == c->in_len) {
		c->out[0] = S("HTTP/1.1 100 Continue\r\n\r\n");
	}
	enter(c, CONN_BODY, now_ms);
	return CONN_WANT_STEP;
}

static enum conn_want
step_head(struct conn *c, const struct conn_spare *spare, int64_t now_ms)
{
	struct str in = str_of(c->in + c->in_at, c->in_len - c->in_at);
	struct fail f;
	long n;
	char *copy;

	if (!http1_head_progress(in, c->head_seen) &&
	    in.len < HTTP_HEAD_MAX) {
		c->head_seen = in.len;
		return CONN_WANT_READ;
	}
	fail_init(&f, NULL);
	n = http1_request_parse(in, spare->http, &f);
	c->head_seen = in.len;
	if (n == 0 && in.len < HTTP_HEAD_MAX) {
		return CONN_WANT_READ;
	}
	if (n <= 0 || spare->busy) {
		enum err e = n < 0 ? (enum err)-n : n == 0 ?
		    ERR_HTTP_HEAD_LIMIT : ERR_BUSY;

		answer_error(c, e, f.code == e ? fail_text(&f) : err_text(e),
		    now_ms);
		return CONN_WANT_STEP;
	}
	copy = arena_alloc(&spare->job->arena, (size_t)n, 1);
	if (copy == NULL) {
		answer_error(c, ERR_NOMEM, err_text(ERR_NOMEM), now_ms);
		return CONN_WANT_STEP;
	}
	memcpy(copy, in.p, (size_t)n);
	http1_request_move(spare->http, str_sub(in, 0, (size_t)n), copy);
	/* Past this point the request has a job. */
	c->in_at += (size_t)n;
	c->head_seen = 0;
	c->run = false;
	c->job = spare->job;
	c->job->front = APP_HTTP;
	c->job->http = spare->http;
	c->job->start_ms = now_ms;
	return begin_body(c, now_ms);
}

/* Moves what the input buffer holds into the body. > 0: the body is whole. */
static int
take_body(struct conn *c, struct fail *f)
{
	const struct http1_request *http = c->job->http;
	struct str in = str_of(c->in == NULL ? "" : c->in + c->in_at,
	    c->in_len - c->in_at);

	if (http->body == HTTP1_BODY_CHUNKED) {
		long n = http1_chunked_feed(&c->chunked, in, &c->body, f);

		if (n < 0) {
			return (int)n;
		}
		c->in_at += (size_t)n;
		return c->chunked.done;
	}
	if (http->body == HTTP1_BODY_LENGTH) {
		size_t left = (size_t)http->body_len - c->body.len;
		size_t n = in.len < left ? in.len : left;

		buf_add(&c->body, str_sub(in, 0, n));
		if (!buf_ok(&c->body)) {
			return -ERR_NOMEM;
		}
		c->in_at += n;
		return n == left;
	}
	return 1;
}

static enum conn_want
step_body(struct conn *c, const struct conn_spare *spare, int64_t now_ms)
{
	struct fail f;
	int whole;

	if (has_out(c)) {
		return CONN_WANT_WRITE;
	}
	fail_init(&f, NULL);
	whole = take_body(c, &f);
	if (whole == 0 && spare->busy && c->body.len > 0) {
		whole = -ERR_BUSY;
	}
	if (whole < 0) {
		enum err e = (enum err)-whole;

		/* The decoder cannot know why the buffer took no more. */
		if (e == ERR_HTTP_BODY_LIMIT && c->job->arena.failed) {
			e = ERR_NOMEM;
		}
		answer_error(c, e, f.code == e ? fail_text(&f) : err_text(e),
		    now_ms);
		return CONN_WANT_STEP;
	}
	if (whole == 0) {
		return CONN_WANT_READ;
	}
	c->job->body = buf_str(&c->body);
	c->job->keep_alive = c->job->http->keep_alive && !c->draining;
	c->job->start_ms = now_ms;
	c->job->deadline_ms = now_ms + c->limits->call_ms;
	c->request_n++;
	enter(c, CONN_BUSY, now_ms);
	return CONN_WANT_STEP;
}

/* REPLY: bytes to send, the job to give back, or the end of the request. */
static enum conn_want
step_sent(struct conn *c, int64_t now_ms)
{
	if (has_out(c)) {
		return CONN_WANT_WRITE;
	}
	if (c->job != NULL) {
		return CONN_WANT_RECYCLE;
	}
	/* What was told that it may stay does, until idle ones are closed: the
	 * next request may be on its way, and learns that it is the last. */
	if (!c->close && !c->ending) {
		enter(c, CONN_IDLE, now_ms);
	} else if (c->peer_closed) {
		enter(c, CONN_CLOSED, now_ms);
	} else {
		c->in_at = c->in_len;
		enter(c, CONN_LINGER, now_ms);
	}
	return CONN_WANT_STEP;
}

/* see conn.h */
enum conn_want
conn_step(struct conn *c, const struct conn_spare *spare, int64_t now_ms)
{
	switch (c->state) {
	case CONN_IDLE:
		if (c->in_at < c->in_len) {
			c->head_seen = 0;
			enter(c, CONN_HEAD, now_ms);
			return CONN_WANT_STEP;
		}
		if (c->peer_closed) {
			enter(c, CONN_CLOSED, now_ms);
			return CONN_WANT_STEP;
		}
		return CONN_WANT_READ;
	case CONN_HEAD:
	case CONN_BODY: {
		enum conn_want want = c->state == CONN_HEAD ?
		    step_head(c, spare, now_ms) : step_body(c, spare, now_ms);

		/* The rest will never come: there is no request. */
		if (want == CONN_WANT_READ && c->peer_closed) {
			enter(c, CONN_CLOSED, now_ms);
			return CONN_WANT_STEP;
		}
		return want;
	}
	case CONN_BUSY:
		if (!c->run) {
			c->run = true;
			return CONN_WANT_RUN;
		}
		return CONN_WANT_WAIT;
	case CONN_STREAM:
		return has_out(c) ? CONN_WANT_WRITE : c->endless &&
		    c->job != NULL ? CONN_WANT_RECYCLE : CONN_WANT_WAIT;
	case CONN_REPLY:
		return step_sent(c, now_ms);
	case CONN_LINGER:
		if (!c->shut) {
			c->shut = true;
			return CONN_WANT_SHUTDOWN;
		}
		return CONN_WANT_READ;
	case CONN_CLOSED:
	case CONN_STATE_N:
		break;
	}
	return CONN_WANT_CLOSE;
}

/* see conn.h */
char *
conn_space(struct conn *c, size_t *len, int64_t now_ms)
{
	MUST(c->in != NULL);
	c->direct = false;
	if (c->in_at == c->in_len) {
		c->in_at = 0;
		c->in_len = 0;
	}
	if (c->state == CONN_BODY && c->in_len == 0 &&
	    c->job->http->body == HTTP1_BODY_LENGTH) {
		size_t old_len = c->body.len;
		size_t left = (size_t)c->job->http->body_len - old_len;
		char *p;

		*len = left < BODY_STEP ? left : BODY_STEP;
		p = buf_reserve(&c->body, *len);
		if (p == NULL) {
			answer_error(c, ERR_NOMEM, err_text(ERR_NOMEM), now_ms);
			return NULL;
		}
		buf_cut(&c->body, old_len);
		c->direct = true;
		return p;
	}
	if (c->in_at > 0) {
		memmove(c->in, c->in + c->in_at, c->in_len - c->in_at);
		c->in_len -= c->in_at;
		c->in_at = 0;
	}
	*len = HTTP_HEAD_MAX - c->in_len;
	MUST(*len > 0);
	return c->in + c->in_len;
}

/* see conn.h */
void
conn_received(struct conn *c, size_t n, int64_t now_ms)
{
	(void)now_ms;
	if (c->direct) {
		MUST(n <= c->job->http->body_len - c->body.len);
		c->body.len += n;
		c->direct = false;
		return;
	}
	MUST(n <= HTTP_HEAD_MAX - c->in_len);
	if (c->state != CONN_LINGER) {
		c->in_len += n;
	}
}

/* see conn.h */
void
conn_eof(struct conn *c)
{
	c->peer_closed = true;
	if (c->state == CONN_LINGER || c->state == CONN_IDLE) {
		/* Time does not matter in CLOSED. */
		if (c->in_at == c->in_len || c->state == CONN_LINGER) {
			enter(c, CONN_CLOSED, 0);
		}
	}
}

/* see conn.h */
void
conn_abort(struct conn *c)
{
	if (c->state != CONN_CLOSED) {
		enter(c, CONN_CLOSED, 0);
	}
	c->out[0] = S("");
	c->out[1] = S("");
}

/* see conn.h */
void
conn_sent(struct conn *c, size_t n, int64_t now_ms)
{
	for (size_t i = 0; i < 2; i++) {
		size_t part = n < c->out[i].len ? n : c->out[i].len;

		c->out[i] = str_sub(c->out[i], part, c->out[i].len);
		n -= part;
	}
	MUST(n == 0);
	/* A body's time is not lengthened by our 100 Continue. */
	if (c->state != CONN_BODY) {
		c->deadline_ms = deadline(c, now_ms);
	}
}

/* A comment and its blank line, in a chunk of its own where the stream is
 * chunked (HTTP/1.0 has no chunks, and endless streams need none). */
static struct str
comment(const struct conn *c)
{
	return !c->endless && c->job->http->minor > 0 ?
	    S("3\r\n:\n\n\r\n") : S(":\n\n");
}

/* see conn.h */
void
conn_timeout(struct conn *c, int64_t now_ms)
{
	switch (c->state) {
	case CONN_HEAD:
		answer_error(c, ERR_HTTP_SLOW, err_text(ERR_HTTP_SLOW),
		    now_ms);
		break;
	case CONN_BODY:
		c->out[0] = S("");
		answer_error(c, ERR_HTTP_SLOW, err_text(ERR_HTTP_SLOW),
		    now_ms);
		break;
	case CONN_STREAM:
		if (has_out(c)) {
			enter(c, CONN_CLOSED, now_ms);
			break;
		}
		c->out[0] = comment(c);
		start_clock(c, now_ms);
		break;
	case CONN_IDLE:
	case CONN_REPLY:
	case CONN_LINGER:
		enter(c, CONN_CLOSED, now_ms);
		break;
	case CONN_BUSY:
		c->deadline_ms = INT64_MAX;
		/* A worker that came first has something to send. */
		if (!atomic_exchange(&c->job->begun, true)) {
			c->out[0] = c->job->stream_head;
			c->out[1] = comment(c);
			enter(c, CONN_STREAM, now_ms);
		}
		break;
	case CONN_CLOSED:
	case CONN_STATE_N:
		break;
	}
}

/* see conn.h */
void
conn_deferred(struct conn *c, int64_t now_ms)
{
	MUST(c->state == CONN_BUSY);
	if (c->job->stream_head.len > 0) {
		c->deadline_ms = now_ms + c->limits->silent_ms;
	}
}

/* see conn.h */
void
conn_again(struct conn *c)
{
	MUST(c->state == CONN_BUSY && !has_out(c));
	c->run = false;
}

/* see conn.h */
void
conn_drain(struct conn *c, bool close_idle)
{
	c->draining = true;
	c->ending = c->ending || close_idle;
	if (close_idle && c->state == CONN_IDLE && c->in_at == c->in_len) {
		enter(c, CONN_CLOSED, 0);
	}
}

/* see conn.h */
bool
conn_piece_ready(const struct conn *c)
{
	return (c->state == CONN_BUSY || c->state == CONN_STREAM) &&
	    !has_out(c);
}

/* see conn.h */
void
conn_piece(struct conn *c, struct str bytes, int64_t now_ms)
{
	MUST(conn_piece_ready(c) && bytes.len > 0);
	c->out[0] = bytes;
	c->out[1] = S("");
	if (c->state == CONN_BUSY) {
		enter(c, CONN_STREAM, now_ms);
	} else {
		start_clock(c, now_ms);
	}
}

/* see conn.h */
void
conn_stream(struct conn *c, int64_t now_ms)
{
	MUST(c->state == CONN_BUSY && !has_out(c));
	c->out[0] = c->job->reply_head;
	c->out[1] = c->job->reply_body;
	c->endless = true;
	c->close = true;
	c->in_at = c->in_len;
	enter(c, CONN_STREAM, now_ms);
}

/* see conn.h */
void
conn_event(struct conn *c, const struct str out[static 2], int64_t now_ms)
{
	MUST(c->endless && conn_piece_ready(c));
	c->out[0] = out[0];
	c->out[1] = out[1];
	start_clock(c, now_ms);
}

/* see conn.h */
void
conn_stream_end(struct conn *c, int64_t now_ms)
{
	MUST(c->endless && conn_piece_ready(c));
	enter(c, CONN_REPLY, now_ms);
}

/* see conn.h */
void
conn_reply(struct conn *c, int64_t now_ms)
{
	MUST(conn_piece_ready(c));
	if (c->state == CONN_BUSY && c->job->reply_head.len == 0) {
		/* The app left no answer; the client still gets one. */
		conn_refuse(c, ERR_INTERNAL, now_ms);
		return;
	}
	c->out[0] = c->job->reply_head;
	c->out[1] = c->job->reply_body;
	c->close = c->job->close_after || !c->job->keep_alive;
	enter(c, CONN_REPLY, now_ms);
}

/* see conn.h */
void
conn_refuse(struct conn *c, enum err e, int64_t now_ms)
{
	struct buf b = buf_in(&c->job->arena, HTTP_HEAD_MAX);

	MUST(c->state == CONN_BUSY);
	c->refused = e;
	conn_error_reply(&b, e, err_text(e), c->job->rpc_id,
	    str_eq(c->job->http->method, S("HEAD")), c->job->keep_alive);
	c->job->reply_head = buf_str(&b);
	c->job->reply_body = S("");
	if (!buf_ok(&b)) {
		c->job->reply_head = last_resort;
		c->job->close_after = true;
	}
	conn_reply(c, now_ms);
}

/* see conn.h */
struct app_job *
conn_take_job(struct conn *c)
{
	struct app_job *job = c->job;

	c->job = NULL;
	return job;
}

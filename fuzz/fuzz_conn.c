/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole connection: a byte stream, cut as its first byte says. Each whole
 * request gets exactly one reply and a broken one at most one more, the end of
 * input always closes, and the requests that run are the same however the
 * stream is cut. Edges that are not legal are a MUST in conn.c.
 */
#include "base/buf.h"
#include "base/must.h"
#include "net/conn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct result {
	uint64_t hash;           /* of the requests that ran */
	unsigned ran_n, reply_n; /* reply_n without 100 Continue */
	int is_midway;           /* a reply was taken in part */
};

static void
add_hash(struct result *r, struct str s)
{
	for (size_t i = 0; i <= s.len; i++) {
		r->hash = r->hash * 1099511628211U + (i < s.len ?
		    (unsigned char)s.p[i] : 256);
	}
}

/* Takes all bytes to send, as much at a time as `step` says. */
static void
take_out(struct conn *c, struct result *r, size_t step)
{
	struct str out = c->out[0].len > 0 ? c->out[0] : c->out[1];

	/* A body may name the version too: only a start is a head. */
	r->reply_n += !r->is_midway && str_starts(out, S("HTTP/1.1 ")) &&
	    !str_starts(out, S("HTTP/1.1 100 "));
	conn_sent(c, step < out.len ? step : out.len, 0);
	r->is_midway = c->out[0].len + c->out[1].len > 0;
}

/* Runs the request: a path that begins with /s begins a stream that lasts. */
static void
run(struct conn *c, struct app_job *job, struct result *r)
{
	add_hash(r, job->http->method);
	add_hash(r, job->http->path);
	add_hash(r, job->body);
	r->ran_n++;
	job->reply_head = S("HTTP/1.1 204 No Content\r\n\r\n");
	if (str_starts(job->http->path, S("/s"))) {
		job->reply_body = S("event");
		conn_stream(c, 0);
	} else {
		job->reply_body = S("");
		conn_reply(c, 0);
	}
}

/* A stream that lasts says something twice, is silent once, and ends. */
static void
go_on(struct conn *c, unsigned n)
{
	static const struct str event[2] = { STR_INIT("one,"),
	    STR_INIT("two,") };

	MUST(c->endless && c->job == NULL && conn_piece_ready(c));
	if (n < 2) {
		conn_event(c, event, 0);
	} else if (n == 2) {
		conn_timeout(c, 0);
		MUST(str_eq(c->out[0], S(":\n\n")));
	} else {
		conn_stream_end(c, 0);
	}
}

static struct result
play(struct str in, size_t step)
{
	static struct app_job job;
	static struct http1_request http;
	static char space[HTTP_HEAD_MAX];
	struct conn_spare spare = { .job = &job, .http = &http };
	struct result r = { .hash = 7 };
	struct conn c;
	unsigned waited_n = 0;

	arena_init(&job.arena, (size_t)4 << 20);
	conn_init(&c, &conn_limits_default, 0);
	for (;;) {
		enum conn_want want = conn_step(&c, &spare, 0);
		size_t n = 0;
		char *p;

		if (want == CONN_WANT_CLOSE) {
			break;
		} else if (want == CONN_WANT_WRITE) {
			take_out(&c, &r, step + 9);
		} else if (want == CONN_WANT_RUN) {
			run(&c, &job, &r);
		} else if (want == CONN_WANT_WAIT) {
			go_on(&c, waited_n++);
		} else if (want == CONN_WANT_RECYCLE) {
			MUST(conn_take_job(&c) == &job);
			arena_reset(&job.arena);
		} else if (want == CONN_WANT_READ && in.len == 0) {
			conn_eof(&c);
		} else if (want == CONN_WANT_READ) {
			if (c.in == NULL) {
				conn_lend(&c, space);
			}
			p = conn_space(&c, &n, 0);
			n = n < step ? n : step;
			for (size_t i = 0; i < n && i < in.len; i++) {
				p[i] = in.p[i];
			}
			conn_received(&c, n < in.len ? n : in.len, 0);
			in = str_sub(in, n, in.len);
			(void)conn_unlend(&c);
		}
	}
	arena_free(&job.arena);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static char text[65536];
	struct buf b = buf_fixed(text, sizeof(text));
	struct result whole, cut;

	if (len == 0 || len > sizeof(text)) {
		return 0;
	}
	buf_add(&b, str_of((const char *)data + 1, len - 1));
	/* A head is looked at when a line ends: so the last one does. */
	buf_add_byte(&b, '\n');
	whole = play(buf_str(&b), SIZE_MAX / 2);
	cut = play(buf_str(&b), 1 + (size_t)data[0] % 97);
	MUST(whole.hash == cut.hash && whole.ran_n == cut.ran_n);
	MUST(whole.reply_n == cut.reply_n);
	MUST(whole.reply_n - whole.ran_n <= 1);
	return 0;
}

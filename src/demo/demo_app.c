/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account behind the HTTP server. Answers come from the loop thread;
 * one that a fault delays waits on a worker.
 */
#include "demo/demo_app.h"

#include "base/limits.h"
#include "base/timefmt.h"
#include "demo/demo_tail.h"
#include "proto/http1.h"

static void
add_head(struct demo_app *app, struct buf *b, const struct demo_reply *reply)
{
	char text[40];
	struct buf date = buf_fixed(text, sizeof(text));

	timefmt_http(&date, app->sys->now_ms(app->sys->ctx));
	http1_status_line(b, reply->status);
	http1_field(b, S("Date"), buf_str(&date));
	for (size_t i = 0; i < reply->header_n; i++) {
		http1_field(b, reply->headers[i].name,
		    reply->headers[i].value);
	}
}

static void
finish(struct demo_app *app, struct app_job *job,
    const struct demo_reply *reply)
{
	struct buf b = buf_in(&job->arena, HTTP_HEAD_MAX);
	struct str body = reply->body;

	add_head(app, &b, reply);
	http1_field_u64(&b, S("Content-Length"), body.len);
	if (body.len > reply->cut_len) {
		body.len = reply->cut_len;
		job->close_after = true;
	}
	if (!job->keep_alive) {
		http1_field(&b, S("Connection"), S("close"));
	}
	http1_head_end(&b);
	if (!buf_ok(&b)) {
		job->reply_head = S("HTTP/1.1 503 Service Unavailable\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n\r\n");
		job->close_after = true;
		return;
	}
	job->reply_head = buf_str(&b);
	job->reply_body = str_eq(job->http->method, S("HEAD")) ? S("") : body;
}

static enum app_verdict
begin(void *ctx, struct app_job *job)
{
	struct demo_app *app = ctx;
	struct demo_reply *reply = ARENA_NEW(&job->arena, struct demo_reply);
	struct demo_request request = {
		.method = job->http->method,
		.target = job->http->target,
		.headers = job->http->headers,
		.header_n = job->http->header_n,
		.body = job->body,
	};
	struct demo_reply full = { .status = 503, .cut_len = SIZE_MAX };

	if (reply == NULL) {
		finish(app, job, &full);
		return APP_DONE;
	}
	demo_serve(app->demo, &request, &job->arena, reply);
	if (reply->delay_ms > 0 || reply->tail != NULL) {
		job->state = reply;
		return APP_DEFER;
	}
	finish(app, job, reply);
	return APP_DONE;
}

static void
count_tail(const struct demo_app *app, uint64_t by)
{
	const struct sys *sys = app->sys;

	sys->lock(sys->ctx, SYS_LOCK_DEMO);
	app->demo->tail_n += by;
	sys->unlock(sys->ctx, SYS_LOCK_DEMO);
}

/* Sends an answer that goes on, chunk by chunk, until the client closes or the
 * time allowed for a request is over. */
static void
run_tail(struct demo_app *app, struct app_job *job,
    const struct demo_reply *reply)
{
	const struct sys *sys = app->sys;
	struct buf piece = buf_in(&job->arena, HTTP_RESPONSE_MAX);
	struct buf wire = buf_in(&job->arena, APP_EMIT_MAX);
	int64_t next = sys->mono_ms(sys->ctx);

	add_head(app, &wire, reply);
	http1_field(&wire, S("Transfer-Encoding"), S("chunked"));
	http1_field(&wire, S("Connection"), S("close"));
	http1_head_end(&wire);
	job->reply_head = S("0\r\n\r\n");
	job->reply_body = S("");
	job->close_after = true;
	buf_add(&piece, reply->body);
	while (next < job->deadline_ms) {
		/* A quarter of what one emit takes, so that a head and the
		 * frame of a chunk fit as well. */
		for (size_t at = 0; at < piece.len; at += APP_EMIT_MAX / 4) {
			http1_chunk(&wire, str_sub(buf_str(&piece), at,
			    at + APP_EMIT_MAX / 4));
			if (!job->emit(job, buf_str(&wire))) {
				return;
			}
			buf_clear(&wire);
		}
		next += DEMO_TAIL_STEP_MS;
		if (sys->sleep_until(sys->ctx, next, &job->cancel) !=
		    ERR_OK) {
			return;
		}
		buf_clear(&piece);
		demo_tail_next(reply->tail, sys->now_ms(sys->ctx), &piece);
	}
}

static void
run(void *ctx, struct app_job *job)
{
	struct demo_app *app = ctx;
	const struct demo_reply *reply = job->state;
	const struct sys *sys = app->sys;

	/* A client that goes away ends the wait; nobody gets the reply. */
	(void)!sys->sleep_until(sys->ctx,
	    sys->mono_ms(sys->ctx) + reply->delay_ms, &job->cancel);
	if (reply->tail != NULL && !sys_cancelled(&job->cancel)) {
		count_tail(app, 1);
		run_tail(app, job, reply);
		count_tail(app, UINT64_MAX); /* one less */
		return;
	}
	finish(app, job, reply);
}

/* see demo_app.h */
struct app_calls
demo_app_calls(struct demo_app *app)
{
	return (struct app_calls){ .app = app, .begin = begin, .run = run };
}

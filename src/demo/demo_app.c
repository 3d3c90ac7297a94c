/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account behind the HTTP server. Answers come from the loop thread;
 * one that a fault delays waits on a worker.
 */
#include "demo/demo_app.h"

#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/http1.h"

static void
finish(struct demo_app *app, struct app_job *job,
    const struct demo_reply *reply)
{
	struct buf b = buf_in(&job->arena, HTTP_HEAD_MAX);
	struct str body = reply->body;
	char text[40];
	struct buf date = buf_fixed(text, sizeof(text));

	timefmt_http(&date, app->sys->now_ms(app->sys->ctx));
	http1_status_line(&b, reply->status);
	http1_field(&b, S("Date"), buf_str(&date));
	http1_field_u64(&b, S("Content-Length"), body.len);
	for (size_t i = 0; i < reply->header_n; i++) {
		http1_field(&b, reply->headers[i].name,
		    reply->headers[i].value);
	}
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
	if (reply->delay_ms > 0) {
		job->state = reply;
		return APP_DEFER;
	}
	finish(app, job, reply);
	return APP_DONE;
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
	finish(app, job, reply);
}

/* see demo_app.h */
struct app_calls
demo_app_calls(struct demo_app *app)
{
	return (struct app_calls){ .app = app, .begin = begin, .run = run };
}

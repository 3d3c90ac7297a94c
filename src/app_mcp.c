/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What carries MCP messages: POST /mcp with its event streams, the plain shim
 * below it, and the lines of standard input. The protocol itself is mcp/'s;
 * media types and the framing of events are done here.
 */
#include "app_mcp.h"

#include "app_auth.h"
#include "base/limits.h"
#include "mcp/mcp.h"
#include "proto/http1.h"
#include "proto/json.h"
#include "proto/sse.h"

/* ---- POST /mcp ---- */

/* see app_mcp.h */
void
app_mcp_stream_head(struct visit *v, bool chunked, struct buf *b)
{
	bool close_after = v->job->close_after;

	http1_status_line(b, 200);
	http1_field(b, S("Content-Type"), VISIT_STREAM_TYPE);
	http1_field(b, S("Cache-Control"), S("no-cache"));
	http1_field(b, S("X-Accel-Buffering"), S("no"));
	if (chunked) {
		http1_field(b, S("Transfer-Encoding"), S("chunked"));
	} else {
		v->job->close_after = true;
	}
	visit_fields(v, b);
	http1_head_end(b);
	/* Not decided yet: a reply that is no stream has a length. */
	v->job->close_after = close_after;
}

/* Finds out whether the loop has begun an event stream; from now on it will not
 * any more. */
static void
begin_reply(struct visit *v)
{
	if (!v->begun && !v->streaming) {
		v->streaming = atomic_exchange(&v->job->begun, true);
		v->begun = !v->streaming;
	}
}

static void
stream_event(struct visit *v, struct buf *b, struct buf *scratch,
    struct str json)
{
	buf_clear(scratch);
	sse_event(scratch, S("message"), json);
	if (v->job->http->minor > 0) {
		http1_chunk(b, buf_str(scratch));
	} else {
		buf_add(b, buf_str(scratch));
	}
	b->failed = b->failed || scratch->failed;
}

/* A notification of the running call becomes an event; the first one turns the
 * answer into a stream. */
static bool
emit_http(struct mcp_message *m, struct str json)
{
	struct visit *v = m->ctx;
	char event[APP_EMIT_MAX];
	char wire[APP_EMIT_MAX];
	struct buf scratch = buf_fixed(event, sizeof(event));
	struct buf b = buf_fixed(wire, sizeof(wire));

	begin_reply(v);
	if (!v->streaming) {
		buf_add(&b, v->stream_head);
	}
	stream_event(v, &b, &scratch, json);
	if (!buf_ok(&b) || !v->job->emit(v->job, buf_str(&b))) {
		return false;
	}
	v->streaming = true;
	return true;
}

static bool
emit_stdio(struct mcp_message *m, struct str json)
{
	struct visit *v = m->ctx;
	char line[APP_EMIT_MAX];
	struct buf b = buf_fixed(line, sizeof(line));

	buf_add(&b, json);
	buf_add_byte(&b, '\n');
	return buf_ok(&b) && v->job->emit(v->job, buf_str(&b));
}

/* see app_mcp.h */
struct str
app_mcp_with_end(struct visit *v, struct str end)
{
	struct mcp_message *m = &v->message;
	struct str parts[] = { m->reply, end };

	if (m->reply_buf.p == NULL || m->reply_buf.p != m->reply.p) {
		return str_join(&v->job->arena, parts, 2);
	}
	m->reply_buf.cap += end.len;
	buf_add(&m->reply_buf, end);
	return buf_ok(&m->reply_buf) ? buf_str(&m->reply_buf) : STR_NONE;
}

/* The reply of the engine as the end of an event stream. */
static void
finish_stream(struct visit *v)
{
	const struct str before = S("event: message\ndata: ");
	struct app_job *job = v->job;
	struct mcp_message *m = &v->message;
	bool chunked = job->http->minor > 0;
	struct buf b = buf_in(&job->arena, 128);

	job->close_after = job->close_after || !chunked;
	if (m->reply.p == NULL) {
		job->reply_head = chunked ? S("0\r\n\r\n") : S("");
		return;
	}
	if (chunked) {
		http1_chunk_head(&b, before.len + m->reply.len + 2);
	}
	buf_add(&b, before);
	job->reply_body = app_mcp_with_end(v, chunked ? S("\n\n\r\n0\r\n\r\n") :
	    S("\n\n"));
	if (buf_ok(&b) && job->reply_body.p != NULL) {
		job->reply_head = buf_str(&b);
	} else {
		/* The client sees a stream that ends too early. */
		job->reply_body = S("");
		job->close_after = true;
	}
}

static void
finish_mcp(struct visit *v)
{
	struct mcp_message *m = &v->message;

	begin_reply(v);
	if (v->streaming) {
		v->status = 200;
		finish_stream(v);
	} else if (m->reply.p == NULL) {
		(void)visit_reply(v, m->http_status, STR_NONE, S(""),
		    VISIT_NO_FIELD);
	} else {
		(void)visit_json(v, m->http_status, m->reply);
	}
	visit_log(v, m->http_status);
}

static void
audit_one(struct mcp_message *m)
{
	app_auth_audit(m->ctx);
}

/* see app_mcp.h */
void
app_mcp_init(struct visit *v, enum mcp_front front)
{
	struct mcp_message *m = &v->message;

	m->front = front;
	m->arena = &v->job->arena;
	m->sys = v->app->sys;
	m->aws = v->app->aws;
	m->body = v->job->body;
	m->deadline_ms = v->job->deadline_ms;
	m->cancel = &v->job->cancel;
	m->number = v->number;
	m->meter = v->app->meter;
	m->ctx = v;
	m->each = audit_one;
	if (front != MCP_STDIO) {
		(void)!trace_from_headers(v->job->http->headers,
		    v->job->http->header_n, &m->trace);
	}
}

/* The head of the event stream that the answer may become. Who only takes any
 * type does not expect one, so it begins with an event that was asked for. */
static void
prepare_stream(struct visit *v)
{
	struct buf b = buf_in(&v->job->arena, HTTP_HEAD_MAX);

	app_mcp_stream_head(v, v->job->http->minor > 0, &b);
	if (!buf_ok(&b)) {
		v->message.emit = NULL;
		return;
	}
	v->stream_head = buf_str(&b);
	if (visit_accepts(v->job->http, VISIT_STREAM_TYPE, true)) {
		v->job->stream_head = v->stream_head;
	}
}

/* see app_mcp.h */
enum app_verdict
app_mcp_begin(struct visit *v)
{
	const struct http1_request *r = v->job->http;
	struct mcp_message *m = &v->message;
	bool streams = visit_accepts(r, VISIT_STREAM_TYPE, false);

	if (!visit_is_json(r)) {
		return visit_error(v, ERR_HTTP_MEDIA, STR_NONE, VISIT_NO_FIELD);
	}
	if (!streams && !visit_accepts(r, VISIT_JSON_TYPE, false)) {
		return visit_error(v, ERR_HTTP_ACCEPT, STR_NONE,
		    VISIT_NO_FIELD);
	}
	app_mcp_init(v, MCP_HTTP);
	m->headers = r->headers;
	m->header_n = r->header_n;
	if (streams) {
		m->emit = emit_http;
	}
	if (mcp_begin(v->app->mcp, m) == MCP_DEFER) {
		atomic_store(&v->job->survives_close, m->survives_close);
		if (streams && v->stream_head.p == NULL) {
			prepare_stream(v);
		}
		return APP_DEFER;
	}
	finish_mcp(v);
	return APP_DONE;
}

/* see app_mcp.h */
void
app_mcp_hold(struct visit *v)
{
	if (v->route->run == app_mcp_run &&
	    visit_accepts(v->job->http, VISIT_STREAM_TYPE, false)) {
		atomic_store(&v->job->begun, true);
		v->begun = true;
		prepare_stream(v);
	}
}

/* see app_mcp.h */
void
app_mcp_release(struct visit *v)
{
	if (v->begun) {
		v->begun = false;
		atomic_store(&v->job->begun, false);
	}
}

/* see app_mcp.h */
void
app_mcp_run(struct visit *v)
{
	mcp_run(v->app->mcp, &v->message);
	finish_mcp(v);
}

/* ---- the plain shim ---- */

/* see app_mcp.h */
enum app_verdict
app_mcp_shim_begin(struct visit *v)
{
	struct json *body;
	struct fail f;

	fail_init(&f, &v->job->arena);
	if (!visit_is_json(v->job->http)) {
		return visit_error(v, ERR_HTTP_MEDIA, STR_NONE, VISIT_NO_FIELD);
	}
	if (json_parse(&v->job->arena, v->job->body, JSON_REJECT_DUPLICATES,
	    &body, &f) != ERR_OK) {
		return visit_error(v, f.code, fail_text(&f), VISIT_NO_FIELD);
	}
	v->tool = json_get_str(body, S("name"), STR_NONE);
	v->arguments = json_get_set(body, S("arguments"));
	if (v->tool.p == NULL || (v->arguments != NULL &&
	    !json_is(v->arguments, JSON_OBJECT))) {
		return visit_error(v, ERR_SYNTAX, S("the body must be "
		    "{\"name\": \"a tool\", \"arguments\": {...}}"),
		    VISIT_NO_FIELD);
	}
	app_mcp_init(v, MCP_HTTP);
	return APP_DEFER;
}

/* see app_mcp.h */
void
app_mcp_shim_run(struct visit *v)
{
	struct fail f;

	fail_init(&f, &v->job->arena);
	if (mcp_call_tool(v->app->mcp, &v->message, v->tool, v->arguments, &f)
	    == ERR_OK) {
		(void)visit_json(v, 200, v->message.reply);
		visit_log(v, 200);
	} else {
		(void)visit_error(v, ERR_HTTP_NOT_FOUND, fail_text(&f),
		    VISIT_NO_FIELD);
		visit_log(v, 404);
	}
}

/* ---- stdio ---- */

static void
finish_stdio(struct visit *v)
{
	struct app_job *job = v->job;
	struct mcp_message *m = &v->message;

	if (m->reply.p != NULL) {
		/* Without memory there is no answer; the log says so. */
		job->reply_body = app_mcp_with_end(v, S("\n"));
	}
	visit_log(v, m->http_status);
}

/* see app_mcp.h */
enum app_verdict
app_mcp_stdio_begin(struct visit *v)
{
	struct mcp_message *m = &v->message;
	enum mcp_verdict verdict;

	app_mcp_init(v, MCP_STDIO);
	m->session = v->app->session;
	m->emit = emit_stdio;
	verdict = mcp_begin(v->app->mcp, m);
	if (m->cancel_id.p != NULL && v->job->cancel_call != NULL) {
		(void)v->job->cancel_call(v->job, m->cancel_id);
	}
	if (verdict == MCP_DEFER) {
		v->job->rpc_id = m->rpc_id;
		return APP_DEFER;
	}
	finish_stdio(v);
	return APP_DONE;
}

/* see app_mcp.h */
void
app_mcp_stdio_run(struct visit *v)
{
	mcp_run(v->app->mcp, &v->message);
	finish_stdio(v);
}

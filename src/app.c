/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request or stdio line in, one reply out.
 *
 *	POST /mcp             Model Context Protocol, both eras
 *	POST /mcp/tools/call  {"name", "arguments"} -> the tool result
 *	GET  /mcp/tools       the tool list
 *	GET  /health          the process lives
 *	GET  /ready           it may get traffic: credentials, not draining
 *	GET  /                what this is
 *
 * Where authentication is on, /mcp and what is below it are for callers that
 * auth/ knows; that is asked before the method and the body are looked at. The
 * rest stays open: orchestrators and browsers' preflights bring no credentials.
 *
 * HEAD works where GET does, OPTIONS answers browsers' preflights, everything
 * else is 404 or 405 with a JSON error. Steps 1, 3 and 4 of the protocol's
 * ladder are done here (Origin and Host, method, media type); the rest is
 * mcp/'s. DNS rebinding is stopped by the Origin check always, and by the Host
 * check where the server is bound to loopback, because behind a proxy or a
 * Service the Host is whatever the operator chose.
 */
#include "app.h"

#include "auth/auth.h"
#include "base/limits.h"
#include "base/timefmt.h"
#include "mcp/mcp.h"
#include "proto/http1.h"
#include "proto/json.h"
#include "proto/sse.h"
#include "proto/url.h"

/* One request on its way through the app; in the job's arena. */
struct visit {
	struct app *app;
	struct app_job *job;
	const struct route *route;
	struct mcp_message message;
	struct str origin;   /* allowed Origin, echoed; absent: none */
	struct auth_caller caller;
	struct str tool;     /* shim: name of the tool */
	const struct json *arguments; /* shim */
	uint64_t number;     /* in the log */
	bool head;           /* HEAD: no body */
	bool streaming;      /* the head of an event stream has been sent */
	struct str stream_head; /* of that; absent: there may be none */
	bool begun;          /* by us: job->begun was raised here */
};

struct route {
	struct str path;
	struct str method;   /* GET stands for HEAD too */
	bool open;           /* to everybody */
	enum app_verdict (*begin)(struct visit *v);
	void (*run)(struct visit *v);
};

#define JSON_TYPE S("application/json")
#define STREAM_TYPE S("text/event-stream")

/* Fields that every response has, in one place. */
static void
common_fields(struct visit *v, struct buf *b)
{
	const struct sys *sys = v->app->sys;
	char text[40];
	struct buf date = buf_fixed(text, sizeof(text));

	timefmt_http(&date, sys->now_ms(sys->ctx));
	http1_field(b, S("Date"), buf_str(&date));
	http1_field(b, S("X-Content-Type-Options"), S("nosniff"));
	if (v->origin.p != NULL) {
		http1_field(b, S("Access-Control-Allow-Origin"), v->origin);
		http1_field(b, S("Access-Control-Expose-Headers"),
		    S("Mcp-Session-Id, WWW-Authenticate"));
		http1_field(b, S("Vary"), S("Origin"));
	}
	if (!v->job->keep_alive || v->job->close_after) {
		http1_field(b, S("Connection"), S("close"));
	} else if (v->job->http->minor == 0) {
		http1_field(b, S("Connection"), S("keep-alive"));
	}
}

/* Sets the complete reply. type absent: no body. `extra` is one more field. */
static enum app_verdict
reply(struct visit *v, int status, struct str type, struct str body,
    struct http1_header extra)
{
	struct app_job *job = v->job;
	struct buf b = buf_in(&job->arena, HTTP_HEAD_MAX);

	http1_status_line(&b, status);
	if (type.p != NULL) {
		http1_field(&b, S("Content-Type"), type);
	}
	/* RFC 9110 8.6: no Content-Length with 204. */
	if (status != 204) {
		http1_field_u64(&b, S("Content-Length"), body.len);
	}
	common_fields(v, &b);
	if (extra.name.p != NULL) {
		http1_field(&b, extra.name, extra.value);
	}
	http1_head_end(&b);
	if (!buf_ok(&b)) {
		job->reply_head = S("HTTP/1.1 503 Service Unavailable\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n\r\n");
		job->close_after = true;
		return APP_DONE;
	}
	job->reply_head = buf_str(&b);
	job->reply_body = v->head ? S("") : body;
	return APP_DONE;
}

#define NO_FIELD ((struct http1_header){ STR_NONE, STR_NONE })

static enum app_verdict
reply_json(struct visit *v, int status, struct str body)
{
	return reply(v, status, JSON_TYPE, body, NO_FIELD);
}

/* {"error": {"code", "message"}} for everything outside the protocol. */
static enum app_verdict
reply_error(struct visit *v, enum err code, struct str text,
    struct http1_header extra)
{
	struct buf b = buf_in(&v->job->arena, FAIL_TEXT_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_key(&w, S("error"));
	json_begin_object(&w);
	json_put_string(&w, S("code"), err_name(code));
	json_put_string(&w, S("message"), text.p != NULL ? text :
	    err_text(code));
	json_end_object(&w);
	json_end_object(&w);
	return reply(v, err_http(code), JSON_TYPE,
	    buf_ok(&b) ? buf_str(&b) : S("{}"), extra);
}

/* ---- the log ---- */

static void
write_request(const struct visit *v, int status, enum log_level level)
{
	const struct mcp_log *l = &v->message.log;
	const struct sys *sys = v->app->sys;
	struct log_event e;

	if (!log_begin(&e, v->app->log, level, S("request"))) {
		return;
	}
	log_int(&e, S("request_id"), (int64_t)v->number);
	log_str(&e, S("peer"), v->job->peer);
	if (v->route != NULL) {
		log_str(&e, S("path"), v->route->path);
	}
	log_str(&e, S("caller"), v->caller.subject);
	log_str(&e, S("method"), l->method);
	log_str(&e, S("tool"), l->tool);
	log_str(&e, S("region"), l->region);
	log_int(&e, S("status"), status);
	log_int(&e, S("duration_ms"),
	    sys->mono_ms(sys->ctx) - v->job->start_ms);
	log_int(&e, S("aws_calls"), (int64_t)l->aws_calls);
	log_int(&e, S("bytes"), (int64_t)l->reply_len);
	if (l->code != ERR_OK) {
		log_str(&e, S("error"), err_name(l->code));
	}
	log_end(&e);
}

/* The event's line is 4 KB that the build zeroes: only where it is written. */
static void
log_request(const struct visit *v, int status)
{
	enum log_level level = v->message.log.tool.p != NULL ? LOG_INFO :
	    LOG_DEBUG;

	if (log_enabled(v->app->log, level)) {
		write_request(v, status, level);
	}
}

/* ---- Origin, Host, methods, media types ---- */

/* Whether `item` is in a comma-separated list, or the list is "*". */
static bool
listed(struct str list, struct str item)
{
	while (list.p != NULL && list.len > 0) {
		struct str one = str_trim(str_cut(&list, ','));

		if (str_eq(one, S("*")) ||
		    (one.len > 0 && str_ieq(one, item))) {
			return true;
		}
	}
	return false;
}

static bool
origin_allowed(const struct app *app, struct str origin)
{
	size_t scheme = str_find(origin, S("://"), 0);
	struct url u;

	if (listed(app->origins, origin)) {
		return true;
	}
	return scheme < origin.len && url_authority(str_sub(origin, scheme + 3,
	    origin.len), &u) == ERR_OK && url_host_is_loopback(u.host);
}

static bool
host_allowed(const struct app *app, struct str authority)
{
	struct url u;

	if (app->hosts.len == 0 && (!app->loopback || authority.p == NULL)) {
		return true;
	}
	return listed(app->hosts, authority) ||
	    (url_authority(authority, &u) == ERR_OK &&
	    (url_host_is_loopback(u.host) || listed(app->hosts, u.host)));
}

/* Step 1 of the ladder. ERR_OK, or why not. */
static enum err
check_caller(struct visit *v)
{
	const struct http1_request *r = v->job->http;
	struct str origin = http1_header(r->headers, r->header_n, S("Origin"));

	if (http1_header_n(r->headers, r->header_n, S("Origin")) > 1 ||
	    (origin.p != NULL && !origin_allowed(v->app, origin)) ||
	    !host_allowed(v->app, r->authority)) {
		return ERR_HTTP_HOST;
	}
	v->origin = origin;
	return ERR_OK;
}

/* application/json, with or without parameters (RFC 9110 8.3). */
static bool
is_json(const struct http1_request *r)
{
	struct str type = http1_header(r->headers, r->header_n,
	    S("Content-Type"));

	return str_ieq(str_trim(str_cut(&type, ';')), JSON_TYPE);
}

/* Whether an Accept list has this media range; parameters do not matter, but
 * q=0 says no (RFC 9110 12.4.2). by_name: a star does not count. */
static bool
accepts(const struct http1_request *r, struct str type, bool by_name)
{
	bool any = by_name;

	for (size_t i = 0; i < r->header_n; i++) {
		struct str list = r->headers[i].value;

		if (!str_ieq(r->headers[i].name, S("Accept"))) {
			continue;
		}
		any = true;
		while (list.p != NULL) {
			struct str rest = str_cut(&list, ',');
			struct str range = str_trim(str_cut(&rest, ';'));
			struct str q = rest.p == NULL ? S("") : str_trim(rest);
			bool star = !by_name && (str_eq(range, S("*/*")) ||
			    (str_ends(range, S("/*")) && str_istarts(type,
			    str_sub(range, 0, range.len - 1))));

			if ((star || str_ieq(range, type)) &&
			    !str_eq(q, S("q=0"))) {
				return true;
			}
		}
	}
	return !any;
}

/* ---- POST /mcp ---- */

/* Head of an event stream (RFC 9112 7.1; an HTTP/1.0 client reads until the
 * connection closes). */
static void
stream_head(struct visit *v, struct buf *b)
{
	bool close_after = v->job->close_after;

	http1_status_line(b, 200);
	http1_field(b, S("Content-Type"), STREAM_TYPE);
	http1_field(b, S("Cache-Control"), S("no-cache"));
	http1_field(b, S("X-Accel-Buffering"), S("no"));
	if (v->job->http->minor > 0) {
		http1_field(b, S("Transfer-Encoding"), S("chunked"));
	} else {
		v->job->close_after = true;
	}
	common_fields(v, b);
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

/* The reply of the engine, one line, and what ends it on the wire, in place
 * where that can be: replies may be large. Absent: no memory. */
static struct str
with_end(struct visit *v, struct str end)
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
	job->reply_body = with_end(v, chunked ? S("\n\n\r\n0\r\n\r\n") :
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
		finish_stream(v);
	} else if (m->reply.p == NULL) {
		(void)reply(v, m->http_status, STR_NONE, S(""), NO_FIELD);
	} else {
		(void)reply_json(v, m->http_status, m->reply);
	}
	log_request(v, m->http_status);
}

static void
init_message(struct visit *v, enum mcp_front front)
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
	m->ctx = v;
}

/* The head of the event stream that the answer may become. Who only takes any
 * type does not expect one, so it begins with an event that was asked for. */
static void
prepare_stream(struct visit *v)
{
	struct buf b = buf_in(&v->job->arena, HTTP_HEAD_MAX);

	stream_head(v, &b);
	if (!buf_ok(&b)) {
		v->message.emit = NULL;
		return;
	}
	v->stream_head = buf_str(&b);
	if (accepts(v->job->http, STREAM_TYPE, true)) {
		v->job->stream_head = v->stream_head;
	}
}

static enum app_verdict
mcp_begins(struct visit *v)
{
	const struct http1_request *r = v->job->http;
	struct mcp_message *m = &v->message;
	bool streams = accepts(r, STREAM_TYPE, false);

	if (!is_json(r)) {
		return reply_error(v, ERR_HTTP_MEDIA, STR_NONE, NO_FIELD);
	}
	if (!streams && !accepts(r, JSON_TYPE, false)) {
		return reply_error(v, ERR_HTTP_ACCEPT, STR_NONE, NO_FIELD);
	}
	init_message(v, MCP_HTTP);
	m->headers = r->headers;
	m->header_n = r->header_n;
	if (streams) {
		m->emit = emit_http;
	}
	if (mcp_begin(v->app->mcp, m) == MCP_DEFER) {
		v->job->survives_close = m->survives_close;
		if (streams) {
			prepare_stream(v);
		}
		return APP_DEFER;
	}
	finish_mcp(v);
	return APP_DONE;
}

static void
mcp_runs(struct visit *v)
{
	mcp_run(v->app->mcp, &v->message);
	finish_mcp(v);
}

/* ---- the plain shim ---- */

static enum app_verdict
shim_begins(struct visit *v)
{
	struct json *body;
	struct fail f;

	fail_init(&f, &v->job->arena);
	if (!is_json(v->job->http)) {
		return reply_error(v, ERR_HTTP_MEDIA, STR_NONE, NO_FIELD);
	}
	if (json_parse(&v->job->arena, v->job->body, JSON_REJECT_DUPLICATES,
	    &body, &f) != ERR_OK) {
		return reply_error(v, f.code, fail_text(&f), NO_FIELD);
	}
	v->tool = json_get_str(body, S("name"), STR_NONE);
	v->arguments = json_get_set(body, S("arguments"));
	if (v->tool.p == NULL || (v->arguments != NULL &&
	    !json_is(v->arguments, JSON_OBJECT))) {
		return reply_error(v, ERR_SYNTAX, S("the body must be "
		    "{\"name\": \"a tool\", \"arguments\": {...}}"), NO_FIELD);
	}
	init_message(v, MCP_HTTP);
	return APP_DEFER;
}

static void
shim_runs(struct visit *v)
{
	struct fail f;

	fail_init(&f, &v->job->arena);
	if (mcp_call_tool(v->app->mcp, &v->message, v->tool, v->arguments, &f)
	    == ERR_OK) {
		(void)reply_json(v, 200, v->message.reply);
		log_request(v, 200);
	} else {
		(void)reply_error(v, ERR_HTTP_NOT_FOUND, fail_text(&f),
		    NO_FIELD);
		log_request(v, 404);
	}
}

static enum app_verdict
tools_begins(struct visit *v)
{
	return reply_json(v, 200, mcp_tools_json(v->app->mcp));
}

/* ---- for orchestrators and people ---- */

static enum app_verdict
health_begins(struct visit *v)
{
	return reply_json(v, 200, S("{\"status\":\"ok\"}"));
}

static enum app_verdict
ready_begins(struct visit *v)
{
	struct buf why = buf_in(&v->job->arena, FAIL_TEXT_MAX);
	struct buf b = buf_in(&v->job->arena, 2 * FAIL_TEXT_MAX);
	struct json_writer w = json_writer(&b);
	struct str status = S("ready");

	if (atomic_load(&v->app->draining)) {
		status = S("draining");
	} else if (v->app->credentials != NULL &&
	    !v->app->credentials(v->app->credentials_ctx, &why)) {
		status = S("no credentials");
	}
	json_begin_object(&w);
	json_put_string(&w, S("status"), status);
	/* Names files and providers: not for everybody. */
	if (why.len > 0 && v->app->auth == NULL) {
		json_put_string(&w, S("detail"), buf_str(&why));
	}
	json_end_object(&w);
	return reply_json(v, str_eq(status, S("ready")) ? 200 : 503,
	    buf_str(&b));
}

static enum app_verdict
root_begins(struct visit *v)
{
	struct buf b = buf_in(&v->job->arena, 1024);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_put_string(&w, S("name"), v->app->name);
	json_put_string(&w, S("version"), v->app->version);
	json_put_string(&w, S("description"), S("AWS CloudWatch for AI "
	    "assistants over the Model Context Protocol"));
	json_put_string(&w, S("endpoint"), S("/mcp"));
	json_put_string(&w, S("transport"), S("streamable-http"));
	json_put_string(&w, S("tools"), S("/mcp/tools"));
	json_put_string(&w, S("health"), S("/health"));
	json_put_string(&w, S("ready"), S("/ready"));
	json_end_object(&w);
	return reply_json(v, 200, buf_str(&b));
}

static const struct route routes[] = {
	{ STR_INIT("/mcp"), STR_INIT("POST"), false, mcp_begins, mcp_runs },
	{ STR_INIT("/health"), STR_INIT("GET"), true, health_begins, NULL },
	{ STR_INIT("/ready"), STR_INIT("GET"), true, ready_begins, NULL },
	{ STR_INIT("/"), STR_INIT("GET"), true, root_begins, NULL },
	{ STR_INIT("/mcp/tools/call"), STR_INIT("POST"), false,
	    shim_begins, shim_runs },
	{ STR_INIT("/mcp/tools"), STR_INIT("GET"), false, tools_begins,
	    NULL },
};

static const struct route *
find_route(struct str path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (str_eq(routes[i].path, path)) {
			return &routes[i];
		}
	}
	return NULL;
}

static struct str
allowed_methods(const struct route *route)
{
	return str_eq(route->method, S("GET")) ? S("GET, HEAD, OPTIONS") :
	    S("POST, OPTIONS");
}

/* A browser asks before it sends (Fetch standard, CORS preflight). */
static enum app_verdict
preflight(struct visit *v)
{
	struct app_job *job = v->job;
	struct buf b = buf_in(&job->arena, HTTP_HEAD_MAX);

	http1_status_line(&b, 204);
	http1_field(&b, S("Allow"), allowed_methods(v->route));
	if (v->origin.p != NULL) {
		http1_field(&b, S("Access-Control-Allow-Methods"),
		    S("GET, POST, DELETE, OPTIONS"));
		http1_field(&b, S("Access-Control-Allow-Headers"),
		    S("Authorization, Content-Type, Accept, "
		    "MCP-Protocol-Version, Mcp-Session-Id, Last-Event-ID, "
		    "Mcp-Method, Mcp-Name"));
		http1_field(&b, S("Access-Control-Max-Age"), S("600"));
	}
	common_fields(v, &b);
	http1_head_end(&b);
	if (!buf_ok(&b)) {
		return reply_error(v, ERR_NOMEM, STR_NONE, NO_FIELD);
	}
	job->reply_head = buf_str(&b);
	return APP_DONE;
}

/* A request that gets no further than its head; people look for the reason in
 * the log when nothing arrives where it should. */
static enum app_verdict
refuse(struct visit *v, enum err code, struct str text,
    struct http1_header extra)
{
	struct log_event e;

	if (log_begin(&e, v->app->log, LOG_DEBUG, S("refused"))) {
		log_request_id(&e, v->number);
		log_str(&e, S("peer"), v->job->peer);
		log_str(&e, S("method"), v->job->http->method);
		log_str(&e, S("path"), v->job->http->path);
		log_str(&e, S("host"), v->job->http->authority);
		log_str(&e, S("origin"), http1_header(v->job->http->headers,
		    v->job->http->header_n, S("Origin")));
		log_int(&e, S("status"), err_http(code));
		log_str(&e, S("error"), err_name(code));
		log_end(&e);
	}
	return reply_error(v, code, text, extra);
}

/* Whether the caller may go on; else the reply is complete. */
static bool
known_caller(struct visit *v)
{
	struct arena *a = &v->job->arena;
	struct buf challenge = buf_in(a, HTTP_HEAD_MAX);
	struct http1_header field = NO_FIELD;
	struct auth_refusal no;
	enum auth_verdict verdict;

	if (v->app->auth == NULL || v->route->open) {
		return true;
	}
	verdict = auth_check(v->app->auth, v->job->http, v->job->body, a,
	    &v->caller, &no);
	if (verdict == AUTH_OK) {
		return true;
	}
	if (verdict != AUTH_UNAVAILABLE) {
		auth_challenge(v->app->auth, &no, &challenge);
		field = (struct http1_header){ S("WWW-Authenticate"),
		    buf_str(&challenge) };
	}
	(void)refuse(v, auth_err(verdict), no.why, field);
	return false;
}

static enum app_verdict
begin_http(struct visit *v)
{
	const struct http1_request *r = v->job->http;

	v->head = str_eq(r->method, S("HEAD"));
	v->route = find_route(r->path);
	if (check_caller(v) != ERR_OK) {
		return refuse(v, ERR_HTTP_HOST, S("this Host or Origin is "
		    "not allowed; see --allowed-hosts and --allowed-origins"),
		    NO_FIELD);
	}
	if (v->route == NULL) {
		return refuse(v, ERR_HTTP_NOT_FOUND, S("there is nothing "
		    "at this path; the MCP endpoint is /mcp"), NO_FIELD);
	}
	if (str_eq(r->method, S("OPTIONS"))) {
		return preflight(v);
	}
	if (!known_caller(v)) {
		return APP_DONE;
	}
	if (!str_eq(r->method, v->route->method) &&
	    !(v->head && str_eq(v->route->method, S("GET")))) {
		return refuse(v, ERR_HTTP_METHOD, STR_NONE,
		    (struct http1_header){ S("Allow"),
		    allowed_methods(v->route) });
	}
	return v->route->begin(v);
}

/* ---- stdio ---- */

static void
finish_stdio(struct visit *v)
{
	struct app_job *job = v->job;
	struct mcp_message *m = &v->message;

	if (m->reply.p != NULL) {
		/* Without memory there is no answer; the log says so. */
		job->reply_body = with_end(v, S("\n"));
	}
	log_request(v, m->http_status);
}

static enum app_verdict
begin_stdio(struct visit *v)
{
	struct mcp_message *m = &v->message;
	enum mcp_verdict verdict;

	init_message(v, MCP_STDIO);
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

static enum app_verdict
begin(void *ctx, struct app_job *job)
{
	struct app *app = ctx;
	struct visit *v = ARENA_NEW(&job->arena, struct visit);

	if (v == NULL) {
		job->reply_head = job->front == APP_HTTP ?
		    S("HTTP/1.1 503 Service Unavailable\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n\r\n") : S("");
		job->close_after = true;
		return APP_DONE;
	}
	v->app = app;
	v->job = job;
	v->number = atomic_fetch_add(&app->request_n, 1) + 1;
	job->state = v;
	if (job->deadline_ms > job->start_ms + app->call_ms) {
		job->deadline_ms = job->start_ms + app->call_ms;
	}
	return job->front == APP_HTTP ? begin_http(v) : begin_stdio(v);
}

static void
run(void *ctx, struct app_job *job)
{
	struct visit *v = job->state;

	(void)ctx;
	if (job->front == APP_HTTP) {
		v->route->run(v);
	} else {
		mcp_run(v->app->mcp, &v->message);
		finish_stdio(v);
	}
}

/* see app.h */
struct app_calls
app_calls(struct app *app)
{
	return (struct app_calls){ .app = app, .begin = begin, .run = run };
}

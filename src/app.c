/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request or stdio line in, one reply out.
 *
 *	POST /mcp             Model Context Protocol, both eras
 *	POST /mcp/tools/call  {"name", "arguments"} -> the tool result
 *	GET  /mcp/tools       the tool list
 *	GET  /sse             the older HTTP+SSE transport, where it is on
 *	POST /messages        ...and its other half
 *	GET  /health          the process lives
 *	GET  /ready           it may get traffic: credentials, not draining
 *	GET  /metrics         counters, for Prometheus
 *	GET  /                what this is; to browsers, a page to try it
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

#include "app_auth.h"
#include "app_legacy.h"
#include "app_mcp.h"
#include "app_metrics.h"
#include "app_page.h"
#include "base/limits.h"
#include "base/meter.h"
#include "mcp/mcp.h"
#include "proto/http1.h"
#include "proto/json.h"
#include "proto/url.h"
#include "visit.h"

/* ---- Origin, Host, methods, media types ---- */

/* Scheme and authority of a URL (RFC 6454 6.2). */
static struct str
origin_of(struct str url)
{
	size_t scheme = str_find(url, S("://"), 0);

	return str_sub(url, 0, str_find_byte(url, '/', scheme + 3));
}

static bool
origin_allowed(const struct app *app, struct str origin)
{
	size_t scheme = str_find(origin, S("://"), 0);
	struct url u;

	/* Pages of our own, under the address that clients have. */
	if (visit_listed(app->origins, origin) || (app->public_url.len > 0 &&
	    str_ieq(origin, origin_of(app->public_url)))) {
		return true;
	}
	return scheme < origin.len && url_authority(str_sub(origin, scheme + 3,
	    origin.len), &u) == ERR_OK && url_host_is_loopback(u.host);
}

static bool
host_allowed(const struct app *app, bool loopback, struct str authority)
{
	struct url u;

	if (app->hosts.len == 0 && (!loopback || authority.p == NULL)) {
		return true;
	}
	return visit_listed(app->hosts, authority) ||
	    (url_authority(authority, &u) == ERR_OK &&
	    (url_host_is_loopback(u.host) || visit_listed(app->hosts, u.host)));
}

/* Step 1 of the ladder. ERR_OK, or why not. */
static enum err
check_caller(struct visit *v)
{
	const struct http1_request *r = v->job->http;
	struct str origin = http1_header(r->headers, r->header_n, S("Origin"));
	/* Scripts of any page may read where tokens come from (RFC 9728 3). */
	bool anybodys = v->route != NULL && v->route->begin ==
	    app_auth_metadata;

	if (http1_header_n(r->headers, r->header_n, S("Origin")) > 1 ||
	    (origin.p != NULL && !anybodys &&
	    !origin_allowed(v->app, origin)) ||
	    !host_allowed(v->app, v->job->side ? v->app->side_loopback :
	    v->app->loopback, r->authority)) {
		return ERR_HTTP_HOST;
	}
	v->origin = origin;
	return ERR_OK;
}

static enum app_verdict
tools_begins(struct visit *v)
{
	struct str list = mcp_tools_json(v->app->mcp, v->message.gate,
	    &v->job->arena);

	return list.p == NULL ? visit_error(v, ERR_NOMEM, STR_NONE,
	    VISIT_NO_FIELD) : visit_json(v, 200, list);
}

/* ---- for orchestrators and people ---- */

static enum app_verdict
health_begins(struct visit *v)
{
	return visit_json(v, 200, S("{\"status\":\"ok\"}"));
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
	return visit_json(v, str_eq(status, S("ready")) ? 200 : 503,
	    buf_str(&b));
}

static enum app_verdict
root_begins(struct visit *v)
{
	struct buf b = buf_in(&v->job->arena, 1024);
	struct json_writer w = json_writer(&b);

	if (v->app->page && app_page_wanted(v->job->http)) {
		return app_page_begin(v);
	}
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
	if (v->app->demo) {
		json_put_boolean(&w, S("demo"), true);
	}
	json_end_object(&w);
	return visit_reply(v, 200, VISIT_JSON_TYPE, buf_str(&b),
	    v->app->page ? app_page_vary() : VISIT_NO_FIELD);
}

static const struct route routes[] = {
	{ STR_INIT("/mcp"), STR_INIT("POST"), false, app_mcp_begin,
	    app_mcp_run },
	{ STR_INIT("/health"), STR_INIT("GET"), true, health_begins, NULL },
	{ STR_INIT("/ready"), STR_INIT("GET"), true, ready_begins, NULL },
	{ STR_INIT("/"), STR_INIT("GET"), true, root_begins, NULL },
	{ STR_INIT("/mcp/tools/call"), STR_INIT("POST"), false,
	    app_mcp_shim_begin, app_mcp_shim_run },
	{ STR_INIT("/mcp/tools"), STR_INIT("GET"), false, tools_begins,
	    NULL },
	{ STR_INIT("/.well-known/oauth-protected-resource/mcp"),
	    STR_INIT("GET"), true, app_auth_metadata, NULL },
	{ STR_INIT("/.well-known/oauth-protected-resource"),
	    STR_INIT("GET"), true, app_auth_metadata, NULL },
	{ STR_INIT("/metrics"), STR_INIT("GET"), true, app_metrics_begin,
	    NULL },
	{ STR_INIT("/sse"), STR_INIT("GET"), false, app_legacy_begin, NULL },
	{ STR_INIT("/messages"), STR_INIT("POST"), false, app_legacy_message,
	    app_legacy_run },
	{ STR_INIT("/message"), STR_INIT("POST"), false, app_legacy_message,
	    app_legacy_run },
};

#define ROUTE_N (sizeof(routes) / sizeof(routes[0]))

static const struct route *
find_route(struct str path)
{
	for (size_t i = 0; i < ROUTE_N; i++) {
		if (str_eq(routes[i].path, path)) {
			return &routes[i];
		}
	}
	return NULL;
}

_Static_assert(ROUTE_N < METER_ROUTE_N, "a counter for each route and none");

/* Its place in the table; the one behind for paths that do not exist. */
static size_t
route_number(const struct route *route)
{
	return route == NULL ? ROUTE_N : (size_t)(route - routes);
}

/* see app.h */
struct str
app_route_path(size_t number)
{
	return number < ROUTE_N ? routes[number].path :
	    number == ROUTE_N ? S("other") : STR_NONE;
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
		    "Mcp-Method, Mcp-Name, X-AWS-Credentials"));
		http1_field(&b, S("Access-Control-Max-Age"), S("600"));
	}
	visit_fields(v, &b);
	http1_head_end(&b);
	if (!buf_ok(&b)) {
		return visit_error(v, ERR_NOMEM, STR_NONE, VISIT_NO_FIELD);
	}
	job->reply_head = buf_str(&b);
	v->status = 204;
	return APP_DONE;
}

/* A request whose caller is known, or need not be. */
static enum app_verdict
begin_route(struct visit *v)
{
	const struct http1_request *r = v->job->http;

	if (!str_eq(r->method, v->route->method) &&
	    !(v->head && str_eq(v->route->method, S("GET")))) {
		return visit_refuse(v, ERR_HTTP_METHOD, STR_NONE,
		    (struct http1_header){ S("Allow"),
		    allowed_methods(v->route) });
	}
	return v->route->begin(v);
}

static enum app_verdict
begin_http(struct visit *v)
{
	const struct http1_request *r = v->job->http;

	v->head = str_eq(r->method, S("HEAD"));
	v->route = find_route(r->path);
	if (check_caller(v) != ERR_OK) {
		return visit_refuse(v, ERR_HTTP_HOST, S("this Host or Origin "
		    "is not allowed; see --allowed-hosts and "
		    "--allowed-origins"),
		    VISIT_NO_FIELD);
	}
	if (v->job->side && v->route != NULL &&
	    v->route->begin != app_metrics_begin) {
		v->route = NULL;
	}
	if (v->route == NULL) {
		return visit_refuse(v, ERR_HTTP_NOT_FOUND, S("there is nothing "
		    "at this path; the MCP endpoint is /mcp"), VISIT_NO_FIELD);
	}
	if (str_eq(r->method, S("OPTIONS"))) {
		return preflight(v);
	}
	switch (app_auth_check(v)) {
	case APP_AUTH_REFUSED:
		return APP_DONE;
	case APP_AUTH_LATER:
		v->unknown = true;
		app_mcp_hold(v);
		return APP_DEFER;
	case APP_AUTH_OK:
		break;
	}
	return begin_route(v);
}

/* Counts the request when it is answered. What is answered at once takes as
 * long as the engine says, without one more look at the clock. */
static enum app_verdict
count(struct visit *v, enum app_verdict verdict)
{
	if (verdict != APP_DEFER) {
		meter_request(v->app->meter, route_number(v->route),
		    v->job->http->method, v->status,
		    v->message.log.duration_ms);
	}
	return verdict;
}

static enum app_verdict
begin(void *ctx, struct app_job *job)
{
	struct app *app = ctx;
	struct visit *v = job->state;

	if (v != NULL) {
		return count(v, begin_route(v));
	}
	v = ARENA_NEW(&job->arena, struct visit);
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
	return job->front == APP_HTTP ? count(v, begin_http(v)) :
	    app_mcp_stdio_begin(v);
}

static void
run_http(struct visit *v)
{
	if (v->unknown) {
		if (app_auth_wait(v) != APP_AUTH_OK) {
			return;
		}
		v->unknown = false;
		if (app_legacy_is(v->route)) {
			v->job->again = true;
			return;
		}
		if (begin_route(v) == APP_DONE) {
			return;
		}
		app_mcp_release(v);
	}
	v->route->run(v);
}

static void
run(void *ctx, struct app_job *job)
{
	struct visit *v = job->state;

	(void)ctx;
	if (job->front == APP_HTTP) {
		run_http(v);
		if (!job->again) {
			meter_request(v->app->meter, route_number(v->route),
			    job->http->method, v->status,
			    v->app->sys->mono_ms(v->app->sys->ctx) -
			    job->start_ms);
		}
	} else {
		app_mcp_stdio_run(v);
	}
}

static void
closed(void *ctx, uint64_t stream)
{
	struct app *app = ctx;

	app_legacy_closed(app->legacy, stream);
}

/* see app.h */
struct app_calls
app_calls(struct app *app)
{
	return (struct app_calls){ .app = app, .begin = begin, .run = run,
	    .closed = closed };
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sessions are a table with a place for each stream that the server keeps
 * open. An id is the number of its place and the key that lies there, so that
 * finding it takes one comparison, whose time tells nothing about the key.
 */
#include "app_legacy.h"

#include <string.h>

#include "app_mcp.h"
#include "base/enc.h"
#include "base/limits.h"
#include "proto/sse.h"
#include "proto/url.h"

#define KEY_LEN 16
/* Two bytes of place, and the key. */
#define ID_LEN (2 + KEY_LEN)

struct session {
	uint64_t stream;               /* 0: a free place */
	uint8_t key[KEY_LEN];
	uint8_t caller[ENC_SHA256_LEN]; /* who opened it */
};

struct app_legacy {
	struct str prefix;
	struct session sessions[SERVER_STREAM_MAX_N];
};

/* see app_legacy.h */
struct app_legacy *
app_legacy_new(struct arena *a, struct str prefix)
{
	struct app_legacy *l = ARENA_NEW(a, struct app_legacy);

	if (l != NULL) {
		l->prefix = prefix;
	}
	return l;
}

/* What stands for a caller: lengths first, so that no two run together. */
static void
fingerprint(const struct auth_caller *c, uint8_t out[static ENC_SHA256_LEN])
{
	uint64_t head[] = { (uint64_t)c->kind, c->issuer.len };
	struct enc_sha256 h;

	enc_sha256_init(&h);
	enc_sha256_add(&h, str_of((const char *)head, sizeof(head)));
	enc_sha256_add(&h, c->issuer);
	enc_sha256_add(&h, c->subject);
	enc_sha256_out(&h, out);
}

static bool
is_off(struct visit *v)
{
	if (v->app->legacy != NULL) {
		return false;
	}
	(void)visit_error(v, ERR_HTTP_NOT_FOUND, S("the MCP endpoint is /mcp; "
	    "clients of the older HTTP+SSE transport need "
	    "CLOUDWATCH_MCP_LEGACY_SSE=true"), VISIT_NO_FIELD);
	return true;
}

/* see app_legacy.h */
bool
app_legacy_is(const struct route *route)
{
	return route->begin == app_legacy_begin ||
	    route->begin == app_legacy_message;
}

/* ---- the stream ---- */

/* Makes a session of the caller; NULL: all places are taken, or no entropy. */
static struct session *
open_session(struct visit *v)
{
	struct app_legacy *l = v->app->legacy;
	const struct sys *sys = v->app->sys;

	for (size_t i = 0; i < SERVER_STREAM_MAX_N; i++) {
		struct session *s = &l->sessions[i];

		if (s->stream != 0) {
			continue;
		}
		if (sys->random(sys->ctx, s->key, sizeof(s->key)) != ERR_OK) {
			return NULL;
		}
		fingerprint(&v->caller, s->caller);
		s->stream = v->job->conn;
		return s;
	}
	return NULL;
}

/* Writes the event that says where to POST. */
static void
write_endpoint(const struct app_legacy *l, const struct session *s,
    struct buf *b)
{
	size_t place = (size_t)(s - l->sessions);
	uint8_t id[ID_LEN] = { (uint8_t)(place >> 8), (uint8_t)place };

	memcpy(id + 2, s->key, KEY_LEN);
	buf_add(b, S("event: endpoint\ndata: "));
	buf_add(b, l->prefix);
	buf_add(b, S("/messages?sessionId="));
	enc_hex(b, enc_bytes(id, sizeof(id)));
	buf_add(b, S("\n\n"));
}

/* see app_legacy.h */
enum app_verdict
app_legacy_begin(struct visit *v)
{
	struct app_job *job = v->job;
	struct buf head = buf_in(&job->arena, HTTP_HEAD_MAX);
	struct buf event = buf_in(&job->arena, HTTP_HEAD_MAX);
	struct session *s;

	if (is_off(v)) {
		return APP_DONE;
	}
	if (!visit_accepts(job->http, VISIT_STREAM_TYPE, false)) {
		return visit_error(v, ERR_HTTP_ACCEPT, STR_NONE,
		    VISIT_NO_FIELD);
	}
	if (v->head) {
		return visit_reply(v, 200, VISIT_STREAM_TYPE, S(""),
		    VISIT_NO_FIELD);
	}
	s = open_session(v);
	if (s == NULL) {
		return visit_error(v, ERR_BUSY, STR_NONE, (struct http1_header){
		    S("Retry-After"), S("1") });
	}
	job->close_after = true;
	app_mcp_stream_head(v, false, &head);
	write_endpoint(v->app->legacy, s, &event);
	if (!buf_ok(&head) || !buf_ok(&event)) {
		s->stream = 0;
		return visit_error(v, ERR_NOMEM, STR_NONE, VISIT_NO_FIELD);
	}
	job->reply_head = buf_str(&head);
	job->reply_body = buf_str(&event);
	v->status = 200;
	return APP_STREAM;
}

/* see app_legacy.h */
void
app_legacy_closed(struct app_legacy *l, uint64_t stream)
{
	for (size_t i = 0; i < SERVER_STREAM_MAX_N; i++) {
		if (l->sessions[i].stream == stream) {
			enc_wipe(&l->sessions[i], sizeof(l->sessions[i]));
		}
	}
}

/* ---- messages ---- */

/* The stream of the session that the request names and may use; 0: none. */
static uint64_t
find_stream(const struct visit *v)
{
	struct str query = v->job->http->query;
	char text[ID_LEN];
	struct buf id = buf_fixed(text, sizeof(text));
	uint8_t caller[ENC_SHA256_LEN];
	const struct session *s;
	struct url_pair p;
	size_t place;

	while (url_query_next(&query, &p)) {
		if (str_eq(p.name, S("sessionId"))) {
			break;
		}
	}
	if (!str_eq(p.name, S("sessionId")) ||
	    !enc_hex_decode(&id, p.value) || id.len != ID_LEN) {
		return 0;
	}
	place = (size_t)(unsigned char)text[0] << 8 | (unsigned char)text[1];
	if (place >= SERVER_STREAM_MAX_N) {
		return 0;
	}
	s = &v->app->legacy->sessions[place];
	fingerprint(&v->caller, caller);
	return s->stream != 0 &&
	    str_eq_secret(str_of(text + 2, KEY_LEN), enc_bytes(s->key,
	    KEY_LEN)) && memcmp(caller, s->caller, sizeof(caller)) == 0 ?
	    s->stream : 0;
}

/* A notification of the running call. */
static bool
emit(struct mcp_message *m, struct str json)
{
	struct visit *v = m->ctx;
	char event[APP_EMIT_MAX];
	struct buf b = buf_fixed(event, sizeof(event));

	sse_event(&b, S("message"), json);
	return buf_ok(&b) && v->job->emit(v->job, buf_str(&b));
}

/* The reply becomes an event. */
static void
finish(struct visit *v)
{
	struct app_job *job = v->job;

	job->reply_head = S("event: message\ndata: ");
	job->reply_body = app_mcp_with_end(v, S("\n\n"));
	if (job->reply_body.p == NULL) {
		/* The reply itself was smaller by two bytes. */
		job->reply_body = S("{\"jsonrpc\":\"2.0\",\"error\":{"
		    "\"code\":-32603,\"message\":\"out of memory\"}}\n\n");
	}
}

/* The answer to the request itself, where the reply goes to a stream. false: no
 * memory, and the complete reply says so. */
static bool
accept_message(struct visit *v, uint64_t stream)
{
	struct app_job *job = v->job;
	struct str parts[2];

	(void)visit_reply(v, 202, S("text/plain"), S("Accepted"),
	    VISIT_NO_FIELD);
	if (v->status != 202) {
		return false;
	}
	parts[0] = job->reply_head;
	parts[1] = job->reply_body;
	job->answer = str_join(&job->arena, parts, 2);
	if (job->answer.p == NULL) {
		(void)visit_error(v, ERR_NOMEM, STR_NONE, VISIT_NO_FIELD);
		return false;
	}
	job->reply_head = S("");
	job->reply_body = S("");
	job->stream = stream;
	return true;
}

/* Nothing goes to the stream: a notification, or what is no request. */
static enum app_verdict
answer_here(struct visit *v)
{
	const struct mcp_message *m = &v->message;

	visit_log(v, m->http_status);
	return m->reply.p != NULL ? visit_json(v, m->http_status, m->reply) :
	    visit_reply(v, m->http_status, S("text/plain"), S("Accepted"),
	    VISIT_NO_FIELD);
}

/* see app_legacy.h */
enum app_verdict
app_legacy_message(struct visit *v)
{
	struct app_job *job = v->job;
	struct mcp_message *m = &v->message;
	enum mcp_verdict verdict;
	uint64_t stream;

	if (is_off(v)) {
		return APP_DONE;
	}
	if (!visit_is_json(job->http)) {
		return visit_error(v, ERR_HTTP_MEDIA, STR_NONE, VISIT_NO_FIELD);
	}
	stream = find_stream(v);
	if (stream == 0) {
		return visit_error(v, ERR_HTTP_NOT_FOUND, S("there is no such "
		    "session; it ends with its event stream, and GET /sse "
		    "begins a new one"), VISIT_NO_FIELD);
	}
	app_mcp_init(v, MCP_EVENTS);
	m->emit = emit;
	verdict = mcp_begin(v->app->mcp, m);
	if (m->cancel_id.p != NULL) {
		job->stream = stream;
		(void)job->cancel_call(job, m->cancel_id);
		job->stream = 0;
	}
	if (verdict == MCP_DONE && (m->reply.p == NULL ||
	    m->http_status >= 400)) {
		return answer_here(v);
	}
	if (!accept_message(v, stream)) {
		return APP_DONE;
	}
	job->rpc_id = m->rpc_id;
	if (verdict == MCP_DEFER) {
		return APP_DEFER;
	}
	finish(v);
	visit_log(v, 202);
	return APP_DONE;
}

/* see app_legacy.h */
void
app_legacy_run(struct visit *v)
{
	mcp_run(v->app->mcp, &v->message);
	if (v->message.reply.p != NULL) {
		finish(v);
	}
	visit_log(v, 202);
}

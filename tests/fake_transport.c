/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scripted transport; see fake_transport.h.
 */
#include "fake_transport.h"

#include <stdio.h>
#include <string.h>

static void
note(struct fake_transport *t, const struct exchange *x, struct str line)
{
	struct buf b = buf_fixed(t->log, sizeof(t->log));

	b.len = t->log_len;
	buf_addf(&b, "%s\n", line);
	for (size_t i = 0; i < x->header_n; i++) {
		buf_addf(&b, "%s: %s\n", x->headers[i].name,
		    x->headers[i].value);
	}
	buf_addf(&b, "\n%s\n---\n", x->body);
	MUST(buf_ok(&b));
	t->log_len = b.len;
}

static struct fake_reply *
find(struct fake_transport *t, struct str line)
{
	for (size_t i = 0; i < t->reply_n; i++) {
		struct fake_reply *r = &t->replies[i];

		if ((r->forever || r->used_n == 0) && str_find(line,
		    str_from_z(r->match), 0) + strlen(r->match) <= line.len) {
			return r;
		}
	}
	return NULL;
}

static void
pass_time(struct fake_sys *w, int64_t ms)
{
	w->now_ms += ms;
	w->mono_ms += ms;
}

/* Hands the body to the exchange's sink. */
static void
give(struct fake_transport *t, struct exchange *x, const struct fake_reply *r)
{
	struct fake_sys *w = t->world;
	struct str body = x->response_body;
	size_t step = r->piece_len > 0 ? r->piece_len : body.len;

	x->response_body = STR_NONE;
	for (size_t at = 0; at < body.len; at += step) {
		if (at > 0) {
			pass_time(w, r->piece_ms);
		}
		if (w->mono_ms > x->deadline_ms || sys_cancelled(x->cancel)) {
			x->err = fail_set(&x->fail, sys_cancelled(x->cancel) ?
			    ERR_CANCELLED : ERR_TIMEOUT, 0, STR_NONE);
			return;
		}
		x->sink->began = true;
		if (!x->sink->take(x->sink->ctx, str_sub(body, at,
		    at + step))) {
			return;
		}
	}
	if (r->after != ERR_OK) {
		x->err = fail_set(&x->fail, r->after, 0, STR_NONE);
	} else if (r->endless) {
		pass_time(w, x->deadline_ms - w->mono_ms);
		x->err = fail_set(&x->fail, ERR_TIMEOUT, 0, STR_NONE);
	}
}

static void
answer(struct fake_transport *t, struct exchange *x, struct fake_reply *r)
{
	struct fake_sys *w = t->world;
	int64_t end = w->mono_ms + r->ms;

	r->used_n++;
	if (r->hook != NULL) {
		r->hook(r->hook_ctx);
	}
	if (end > x->deadline_ms) {
		w->now_ms += x->deadline_ms - w->mono_ms;
		w->mono_ms = x->deadline_ms;
		x->sent = r->sent || r->err == ERR_OK;
		x->err = fail_set(&x->fail, ERR_TIMEOUT, 0, STR_NONE);
		return;
	}
	w->now_ms += r->ms;
	w->mono_ms = end;
	x->sent = r->sent || r->err == ERR_OK;
	if (r->err != ERR_OK) {
		x->err = fail_set(&x->fail, r->err, 0, STR_NONE);
		return;
	}
	x->status = r->status;
	x->response_body = r->bytes.p != NULL ? r->bytes :
	    str_from_z(r->body);
	if (r->header != NULL) {
		x->response[x->response_n++] = (struct transport_header){
			str_from_z(r->header), str_from_z(r->value)
		};
	}
	if (x->sink != NULL && r->status >= 200 && r->status < 300) {
		give(t, x, r);
	}
}

static void
one(struct fake_transport *t, struct exchange *x)
{
	char text[8192];
	struct buf b = buf_fixed(text, sizeof(text));
	struct fake_reply *r;
	bool v6 = str_find_byte(x->host, ':', 0) < x->host.len;

	buf_addf(&b, "%s %s://%s%s%s", x->method,
	    x->tls ? S("https") : S("http"), v6 ? S("[") : S(""), x->host,
	    v6 ? S("]") : S(""));
	if (x->port != (x->tls ? 443 : 80)) {
		buf_addf(&b, ":%u", (uint64_t)x->port);
	}
	buf_add(&b, x->target);
	MUST(buf_ok(&b));
	note(t, x, buf_str(&b));
	t->request_n++;
	t->direct = x->direct;
	x->err = ERR_OK;
	x->sent = false;
	x->status = 0;
	x->response_n = 0;
	x->response_body = STR_NONE;
	if (sys_cancelled(x->cancel)) {
		x->err = fail_set(&x->fail, ERR_CANCELLED, 0, STR_NONE);
		return;
	}
	r = find(t, buf_str(&b));
	if (r == NULL) {
		t->lost_n++;
		if (!t->quiet) {
			printf("    no reply for %.*s\n",
			    STR_ARG(buf_str(&b)));
		}
		x->err = fail_set(&x->fail, ERR_CONNECT, 0, STR_NONE);
		return;
	}
	answer(t, x, r);
}

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		one(ctx, x[i]);
	}
}

/* see fake_transport.h */
void
fake_transport_init(struct fake_transport *t, struct fake_sys *world)
{
	memset(t, 0, sizeof(*t));
	t->transport.ctx = t;
	t->transport.roundtrip = roundtrip;
	t->world = world;
}

/* see fake_transport.h */
struct fake_reply *
fake_transport_reply(struct fake_transport *t, const char *match, int status,
    const char *body)
{
	struct fake_reply *r;

	MUST(t->reply_n < FAKE_REPLY_MAX);
	r = &t->replies[t->reply_n++];
	*r = (struct fake_reply){
		.match = match, .status = status, .body = body
	};
	return r;
}

/* see fake_transport.h */
struct fake_reply *
fake_transport_fail(struct fake_transport *t, const char *match, enum err err)
{
	struct fake_reply *r = fake_transport_reply(t, match, 0, "");

	r->err = err;
	return r;
}

/* see fake_transport.h */
bool
fake_transport_ok(const struct fake_transport *t)
{
	bool ok = t->quiet || t->lost_n == 0;

	for (size_t i = 0; i < t->reply_n; i++) {
		const struct fake_reply *r = &t->replies[i];

		if (!r->forever && r->used_n == 0) {
			printf("    reply %zu (%s) was never asked for\n", i,
			    r->match);
			ok = false;
		}
	}
	return ok;
}

/* see fake_transport.h */
struct str
fake_transport_log(const struct fake_transport *t)
{
	return str_of(t->log, t->log_len);
}

/* see fake_transport.h */
bool
fake_transport_saw(const struct fake_transport *t, const char *text)
{
	struct str log = fake_transport_log(t);

	return str_find(log, str_from_z(text), 0) + strlen(text) <= log.len;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP exchanges as state machines over connections that are shared.
 *
 * A connection is always in one place: on the free list (closed), on the idle
 * list (open, unused), or with one exchange. The lists, the sessions and the
 * arena are under SYS_LOCK_CLIENT; a connection with an exchange is its alone.
 *
 * Reading order: connections, sessions, the request, the states, the loop.
 */
#include "net/client.h"

#include <stdatomic.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "net/anchors.h"
#include "net/proxy.h"
#include "net/tls.h"
#include "proto/http1.h"
#include "proto/url.h"

/* Longest host name, and its NUL. */
#define HOST_SIZE 256
/* Bytes read at a time behind a head, and the head's own room. */
#define RAW_SIZE (HTTP_HEAD_MAX + (size_t)8 * 1024)
/* A request's head: a session token, a signature and some to spare. */
#define REQUEST_HEAD_MAX ((size_t)32 * 1024)

/* How the peer is reached. */
enum via {
	VIA_NOTHING, /* directly */
	VIA_TUNNEL,  /* https: CONNECT through https_proxy */
	VIA_PROXY    /* http: absolute form through http_proxy */
};

/* What a connection is good for. */
struct key {
	char host[HOST_SIZE]; /* as given, without final dot */
	size_t host_len;
	uint16_t port;
	bool tls;
	enum via via;
};

struct connection {
	struct connection *next; /* of its list */
	struct key key;
	struct stream stream;
	struct tls *tls;         /* made when first needed, kept */
	bool secure;             /* TLS is on */
	bool noted;              /* its handshake was counted and kept */
	int64_t idle_at_ms;      /* when it became idle */
};

struct kept_session {
	char host[HOST_SIZE];
	size_t host_len;
	uint16_t port;
	int64_t at_ms;
	struct tls_session session;
};

struct client {
	const struct sys *sys;
	struct arena *a;
	struct client_config config;
	struct proxy https_proxy;
	struct proxy http_proxy;
	struct anchors anchors;
	struct connection *free;
	struct connection *idle; /* newest first */
	size_t made_n;           /* connections that exist */
	size_t idle_n;
	size_t active_n;
	struct kept_session sessions[CLIENT_SESSION_MAX];
	atomic_uint_fast64_t exchange_n, connect_n, reuse_n, retry_n,
	    handshake_n, resume_n, sent_len, received_len;
};

enum state {
	START,       /* needs a connection */
	TUNNEL_SEND, /* CONNECT leaves */
	TUNNEL_HEAD, /* the proxy's answer comes */
	SEND,        /* the request leaves; connects and shakes hands first */
	HEAD,        /* the response's head comes, interim ones skipped */
	BODY,        /* the body comes */
	DONE         /* x->err is final, no connection is held */
};

/* One exchange under way; in the exchange's arena. */
struct run {
	struct client *client;
	struct exchange *x;
	enum state state;
	unsigned want;          /* events that would help */
	bool ready;             /* worth a step */
	bool fresh;             /* do not reuse a connection again */
	bool reused;            /* c was idle before */
	struct connection *c;
	struct key key;
	int64_t connect_ms;     /* the request must begin to leave by then */
	struct str request;
	struct str tunnel;      /* the CONNECT request */
	size_t out_len;         /* bytes of either that left */
	char *raw;              /* RAW_SIZE bytes: head, then reading space */
	size_t raw_len;
	size_t head_len;
	unsigned interim_n;
	struct http1_response head;
	struct http1_chunked chunked;
	struct buf body;
	size_t body_max;
	size_t body_len;        /* of a body of known length: bytes read */
	bool streams;           /* the body goes to x->sink, not to r->body */
};

/* ---- connections ---- */

static void
lock(struct client *c)
{
	c->sys->lock(c->sys->ctx, SYS_LOCK_CLIENT);
}

static void
unlock(struct client *c)
{
	c->sys->unlock(c->sys->ctx, SYS_LOCK_CLIENT);
}

static int64_t
mono_ms(const struct client *c)
{
	return c->sys->mono_ms(c->sys->ctx);
}

static bool
key_eq(const struct key *a, const struct key *b)
{
	return a->port == b->port && a->tls == b->tls && a->via == b->via &&
	    str_ieq(str_of(a->host, a->host_len),
	        str_of(b->host, b->host_len));
}

static struct str
host_of(const struct run *r)
{
	return str_of(r->key.host, r->key.host_len);
}

/* Closes and puts on the free list; the lock is held. */
static void
discard(struct client *c, struct connection *k)
{
	k->stream.close(k->stream.ctx);
	if (k->secure) {
		tls_wipe(k->tls);
	}
	k->secure = false;
	k->next = c->free;
	c->free = k;
}

/* Unlinks the idle connection that *at points to. */
static struct connection *
unlink_idle(struct client *c, struct connection **at)
{
	struct connection *k = *at;

	*at = k->next;
	c->idle_n--;
	return k;
}

/* Closes idle connections that are too old. */
static void
expire_idle(struct client *c, int64_t now_ms)
{
	struct connection **at = &c->idle;

	while (*at != NULL) {
		if (now_ms - (*at)->idle_at_ms >= CLIENT_IDLE_MS) {
			discard(c, unlink_idle(c, at));
		} else {
			at = &(*at)->next;
		}
	}
}

/* Where the oldest idle connection hangs (of this key, or of any when NULL);
 * *n says how many there are. */
static struct connection **
oldest_idle(struct client *c, const struct key *key, size_t *n)
{
	struct connection **oldest = NULL;

	*n = 0;
	for (struct connection **at = &c->idle; *at != NULL;
	    at = &(*at)->next) {
		if (key == NULL || key_eq(&(*at)->key, key)) {
			oldest = at;
			++*n;
		}
	}
	return oldest;
}

/* An idle connection must be silent: bytes or an end mean it is over. */
static bool
alive(struct connection *k)
{
	char byte;
	long n = k->secure ? tls_read(k->tls, &k->stream, &byte, 1) :
	    k->stream.read(k->stream.ctx, &byte, 1);

	return n == -ERR_AGAIN;
}

/* The newest idle connection for the key that still lives, or NULL. */
static struct connection *
take_idle(struct client *c, const struct key *key)
{
	struct connection **at = &c->idle;

	while (*at != NULL) {
		struct connection *k;

		if (!key_eq(&(*at)->key, key)) {
			at = &(*at)->next;
			continue;
		}
		k = unlink_idle(c, at);
		if (alive(k)) {
			return k;
		}
		discard(c, k);
	}
	return NULL;
}

/* A closed connection to use, with a TLS context if it is to have one: from
 * the free list, a new one, or in place of an idle one. NULL: all are busy, or
 * the arena is full (*nomem). */
static struct connection *
take_free(struct client *c, bool tls, bool *nomem)
{
	struct connection **best = NULL;
	struct connection *k;
	size_t n;

	if (c->free == NULL && c->made_n == c->config.connection_max) {
		struct connection **oldest = oldest_idle(c, NULL, &n);

		if (oldest == NULL) {
			return NULL;
		}
		discard(c, unlink_idle(c, oldest));
	}
	for (struct connection **at = &c->free; *at != NULL;
	    at = &(*at)->next) {
		if (best == NULL || ((*at)->tls != NULL) == tls) {
			best = at;
		}
	}
	if (best != NULL && (((*best)->tls != NULL) == tls ||
	    c->made_n == c->config.connection_max)) {
		k = *best;
		*best = k->next;
	} else {
		k = ARENA_NEW(c->a, struct connection);
		if (k == NULL) {
			*nomem = true;
			return NULL;
		}
		c->made_n++;
	}
	if (tls && k->tls == NULL) {
		k->tls = ARENA_NEW(c->a, struct tls);
		if (k->tls == NULL) {
			*nomem = true;
			k->next = c->free;
			c->free = k;
			return NULL;
		}
	}
	return k;
}

/* Gives r a connection: an open one (r->reused) or a closed one. ERR_AGAIN:
 * none is free now. */
static enum err
acquire(struct run *r)
{
	struct client *c = r->client;
	bool nomem = false;

	lock(c);
	expire_idle(c, mono_ms(c));
	r->c = r->fresh ? NULL : take_idle(c, &r->key);
	r->reused = r->c != NULL;
	if (r->c == NULL) {
		r->c = take_free(c, r->key.tls, &nomem);
	}
	c->active_n += r->c != NULL;
	unlock(c);
	return r->c != NULL ? ERR_OK : nomem ? ERR_NOMEM : ERR_AGAIN;
}

/* Gives the connection back, open for the next exchange or not at all. */
static void
release(struct run *r, bool keep)
{
	struct client *c = r->client;
	struct connection *k = r->c;
	struct connection **oldest;
	size_t n;

	if (k == NULL) {
		return;
	}
	r->c = NULL;
	lock(c);
	c->active_n--;
	if (!keep) {
		discard(c, k);
		unlock(c);
		return;
	}
	if (k->secure) {
		tls_set_fail(k->tls, STR_NONE, NULL);
	}
	oldest = oldest_idle(c, &k->key, &n);
	if (n >= CLIENT_IDLE_HOST_MAX) {
		discard(c, unlink_idle(c, oldest));
	}
	oldest = oldest_idle(c, NULL, &n);
	if (n >= CLIENT_IDLE_MAX) {
		discard(c, unlink_idle(c, oldest));
	}
	k->idle_at_ms = mono_ms(c);
	k->next = c->idle;
	c->idle = k;
	c->idle_n++;
	unlock(c);
}

/* ---- sessions ---- */

static struct kept_session *
find_session(struct client *c, const struct key *key)
{
	for (size_t i = 0; i < CLIENT_SESSION_MAX; i++) {
		struct kept_session *s = &c->sessions[i];

		if (s->session.valid && s->port == key->port &&
		    str_ieq(str_of(s->host, s->host_len),
		        str_of(key->host, key->host_len))) {
			return s;
		}
	}
	return NULL;
}

/* A session for the peer that may be offered; out->valid tells. */
static void
get_session(struct client *c, const struct key *key, struct tls_session *out)
{
	struct kept_session *s;

	out->valid = false;
	lock(c);
	s = find_session(c, key);
	if (s != NULL && mono_ms(c) - s->at_ms < CLIENT_SESSION_MS) {
		*out = s->session;
	}
	unlock(c);
}

/* Keeps the session of a new handshake, in place of the peer's last one or of
 * the oldest. A resumed one keeps its age. */
static void
put_session(struct client *c, const struct key *key, const struct tls *tls)
{
	struct kept_session *s;
	struct tls_session session;

	tls_session_get(tls, &session);
	lock(c);
	s = find_session(c, key);
	for (size_t i = 0; s == NULL && i < CLIENT_SESSION_MAX; i++) {
		if (!c->sessions[i].session.valid) {
			s = &c->sessions[i];
		}
	}
	if (s == NULL) {
		s = &c->sessions[0];
		for (size_t i = 1; i < CLIENT_SESSION_MAX; i++) {
			if (c->sessions[i].at_ms < s->at_ms) {
				s = &c->sessions[i];
			}
		}
	}
	enc_wipe(s, sizeof(*s));
	if (session.valid) {
		memcpy(s->host, key->host, key->host_len);
		s->host_len = key->host_len;
		s->port = key->port;
		s->at_ms = mono_ms(c);
		s->session = session;
	}
	unlock(c);
	enc_wipe(&session, sizeof(session));
}

/* The first byte of a request left: the handshake stands. */
static void
note_handshake(struct run *r)
{
	struct connection *k = r->c;

	if (!k->secure || k->noted) {
		return;
	}
	k->noted = true;
	atomic_fetch_add(&r->client->handshake_n, 1);
	if (k->tls->resumed) {
		atomic_fetch_add(&r->client->resume_n, 1);
	} else {
		put_session(r->client, &k->key, k->tls);
	}
}

/* ---- the request ---- */

static const struct proxy *
proxy_of(const struct run *r)
{
	return r->key.via == VIA_TUNNEL ? &r->client->https_proxy :
	    &r->client->http_proxy;
}

/* Where the request goes and by which way. false: the host is no host. */
static bool
set_key(struct run *r)
{
	const struct exchange *x = r->x;
	const struct client_config *config = &r->client->config;
	const struct proxy *p = x->tls ? &r->client->https_proxy :
	    &r->client->http_proxy;
	struct key *key = &r->key;
	struct str host = x->host;

	if (host.len > 0 && host.p[host.len - 1] == '.') {
		host.len--;
	}
	if (!url_host_ok(host) || host.len >= sizeof(key->host)) {
		return false;
	}
	memcpy(key->host, host.p, host.len);
	key->host_len = host.len;
	key->port = x->port;
	key->tls = x->tls;
	key->via = VIA_NOTHING;
	if (p->host.p != NULL && !x->direct &&
	    !proxy_direct(config->no_proxy, host, x->port)) {
		key->via = x->tls ? VIA_TUNNEL : VIA_PROXY;
	}
	return true;
}

/* "host:port", always with the port; IPv6 in brackets. */
static void
add_authority(struct buf *b, const struct key *key)
{
	struct str host = str_of(key->host, key->host_len);
	unsigned char address[16];
	bool brackets = url_ipv6(host, address);

	buf_add(b, brackets ? S("[") : S(""));
	buf_add(b, host);
	buf_add(b, brackets ? S("]:") : S(":"));
	buf_add_u64(b, key->port);
}

/* The target as a proxy wants it (RFC 9112 3.2.2). */
static struct str
absolute_target(struct run *r)
{
	struct buf b = buf_in(r->x->arena, HTTP_TARGET_MAX + HOST_SIZE + 32);

	buf_add(&b, S("http://"));
	add_authority(&b, &r->key);
	buf_add(&b, r->x->target);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

static bool
has_body_always(struct str method)
{
	return str_eq(method, S("POST")) || str_eq(method, S("PUT")) ||
	    str_eq(method, S("PATCH"));
}

/* Head and body in one piece, so that they leave in one write. */
static bool
make_request(struct run *r)
{
	const struct exchange *x = r->x;
	struct buf b = buf_in(x->arena, REQUEST_HEAD_MAX + x->body.len);
	bool proxy = r->key.via == VIA_PROXY;

	http1_request_line(&b, x->method, proxy ? absolute_target(r) :
	    x->target);
	for (size_t i = 0; i < x->header_n; i++) {
		http1_field(&b, x->headers[i].name, x->headers[i].value);
	}
	if (x->body.len > 0 || has_body_always(x->method)) {
		http1_field_u64(&b, S("Content-Length"), x->body.len);
	}
	if (proxy && proxy_of(r)->authorization.p != NULL) {
		http1_field(&b, S("Proxy-Authorization"),
		    proxy_of(r)->authorization);
	}
	http1_head_end(&b);
	buf_add(&b, x->body);
	r->request = buf_str(&b);
	return buf_ok(&b);
}

static bool
make_tunnel(struct run *r)
{
	struct buf name = buf_in(r->x->arena, HOST_SIZE + 16);
	struct buf b = buf_in(r->x->arena, REQUEST_HEAD_MAX);
	const struct proxy *p = proxy_of(r);

	add_authority(&name, &r->key);
	http1_request_line(&b, S("CONNECT"), buf_str(&name));
	http1_field(&b, S("Host"), buf_str(&name));
	if (p->authorization.p != NULL) {
		http1_field(&b, S("Proxy-Authorization"), p->authorization);
	}
	http1_head_end(&b);
	r->tunnel = buf_str(&b);
	return buf_ok(&name) && buf_ok(&b);
}

/* ---- the states ---- */

/* Ends the exchange with what is in x->fail, or the code alone. */
static void
fail(struct run *r, enum err err)
{
	struct exchange *x = r->x;

	(void)fail_set(&x->fail, err, 0, STR_NONE);
	x->err = err;
	x->response_n = 0;
	release(r, false);
	r->state = DONE;
}

/* Starts again on a fresh connection, once, when a reused one turned out to be
 * closed before any byte of an answer. */
static bool
retry_stale(struct run *r, enum err err)
{
	if (!r->reused || r->raw_len > 0 || r->interim_n > 0 ||
	    (err != ERR_CLOSED && err != ERR_IO)) {
		return false;
	}
	atomic_fetch_add(&r->client->retry_n, 1);
	release(r, false);
	fail_clear(&r->x->fail);
	r->fresh = true;
	r->reused = false;
	r->out_len = 0;
	r->state = START;
	return true;
}

/* A transfer failed: retries, or ends with the best sentence there is. */
static void
broken(struct run *r, enum err err)
{
	struct str host = host_of(r);

	if (retry_stale(r, err)) {
		return;
	}
	if ((err == ERR_CLOSED || err == ERR_IO) &&
	    (r->state == TUNNEL_SEND || r->state == TUNNEL_HEAD)) {
		(void)fail_setf(&r->x->fail, err, "the proxy %s:%u closed the "
		    "connection when asked for %s", proxy_of(r)->host,
		    (uint64_t)proxy_of(r)->port, host);
	} else if (err == ERR_CLOSED || err == ERR_IO) {
		(void)fail_setf(&r->x->fail, err, r->raw_len > 0 ?
		    "%s closed the connection in the middle of its answer" :
		    "%s closed the connection before it answered", host);
	}
	fail(r, err);
}

static long
io_write(struct run *r, struct str s)
{
	struct connection *k = r->c;

	return k->secure ? tls_write(k->tls, &k->stream, s.p, s.len) :
	    k->stream.write(k->stream.ctx, s.p, s.len);
}

static long
io_read(struct run *r, char *dst, size_t len)
{
	struct connection *k = r->c;
	long n = k->secure ? tls_read(k->tls, &k->stream, dst, len) :
	    k->stream.read(k->stream.ctx, dst, len);

	if (n > 0) {
		atomic_fetch_add(&r->client->received_len, (uint64_t)n);
	}
	return n;
}

/* Nothing moves now: notes what to wait for. */
static void
block(struct run *r, unsigned want)
{
	r->want = r->c->secure ? tls_want(r->c->tls) : want;
	r->ready = false;
}

/* Puts TLS on the connection and goes on with the request. */
static void
begin_request(struct run *r)
{
	struct connection *k = r->c;
	struct tls_session session;
	enum err err;

	r->out_len = 0;
	r->raw_len = 0;
	r->state = SEND;
	if (!k->key.tls) {
		return;
	}
	get_session(r->client, &k->key, &session);
	/* From here the context has to be wiped, whatever happens. */
	k->secure = true;
	err = tls_start(k->tls, &r->client->anchors, r->client->sys,
	    str_of(k->key.host, k->key.host_len), &session, &r->x->fail);
	enc_wipe(&session, sizeof(session));
	if (err != ERR_OK) {
		fail(r, err);
	}
}

static void
step_start(struct run *r)
{
	struct client *c = r->client;
	struct connection *k;
	enum err err = acquire(r);

	if (err == ERR_AGAIN) {
		r->ready = false;
		r->want = 0;
		return;
	}
	if (err != ERR_OK) {
		fail(r, err);
		return;
	}
	k = r->c;
	if (r->reused) {
		atomic_fetch_add(&c->reuse_n, 1);
		if (k->secure) {
			tls_set_fail(k->tls, host_of(r), &r->x->fail);
		}
		r->state = SEND;
		return;
	}
	k->key = r->key;
	k->secure = false;
	k->noted = false;
	atomic_fetch_add(&c->connect_n, 1);
	err = r->key.via == VIA_NOTHING ?
	    c->sys->dial(c->sys->ctx, host_of(r), r->key.port, r->connect_ms,
	        &k->stream, &r->x->fail) :
	    c->sys->dial(c->sys->ctx, proxy_of(r)->host, proxy_of(r)->port,
	        r->connect_ms, &k->stream, &r->x->fail);
	if (err != ERR_OK) {
		/* There is no stream to close. */
		lock(c);
		c->active_n--;
		k->next = c->free;
		c->free = k;
		unlock(c);
		r->c = NULL;
		fail(r, err);
	} else if (r->key.via == VIA_TUNNEL) {
		r->out_len = 0;
		r->state = TUNNEL_SEND;
	} else {
		begin_request(r);
	}
}

/* TUNNEL_SEND and SEND: the rest of `what`, then the state `next`. */
static void
step_send(struct run *r, struct str what, enum state next)
{
	struct str rest = str_sub(what, r->out_len, what.len);
	long n = io_write(r, rest);

	if (n == -ERR_AGAIN) {
		block(r, SYS_WRITE);
		return;
	}
	if (n == -ERR_CLOSED && r->state == SEND && r->x->sent &&
	    !r->c->secure) {
		/* It may have refused a large body and said so. */
		r->state = HEAD;
		return;
	}
	if (n < 0) {
		broken(r, (enum err)-n);
		return;
	}
	if (r->state == SEND) {
		r->x->sent = true;
		note_handshake(r);
	}
	atomic_fetch_add(&r->client->sent_len, (uint64_t)n);
	r->out_len += (size_t)n;
	if (r->out_len == what.len) {
		r->state = next;
	}
}

/* Reads more of a head and parses it: > 0 its length, 0 not whole yet or the
 * exchange is over. */
static size_t
read_head(struct run *r, struct str method)
{
	struct fail why;
	size_t from = r->raw_len;
	long n = io_read(r, r->raw + r->raw_len, RAW_SIZE - r->raw_len);

	if (n == -ERR_AGAIN) {
		block(r, SYS_READ);
		return 0;
	}
	if (n <= 0) {
		broken(r, n == 0 ? ERR_CLOSED : (enum err)-n);
		return 0;
	}
	r->raw_len += (size_t)n;
	if (!http1_head_progress(str_of(r->raw, r->raw_len), from)) {
		return 0;
	}
	fail_init(&why, r->x->arena);
	n = http1_response_parse(str_of(r->raw, r->raw_len), method, &r->head,
	    &why);
	if (n < 0) {
		(void)fail_setf(&r->x->fail, (enum err)-n,
		    "the answer of %s is not HTTP/1.1: %s",
		    r->state == TUNNEL_HEAD ? proxy_of(r)->host : host_of(r),
		    fail_text(&why));
		fail(r, (enum err)-n);
		return 0;
	}
	return (size_t)n;
}

static void
step_tunnel_head(struct run *r)
{
	const struct proxy *p = proxy_of(r);
	size_t len = read_head(r, S("CONNECT"));

	if (len == 0) {
		return;
	}
	if (r->head.status < 200 && r->interim_n++ < CLIENT_INTERIM_MAX) {
		memmove(r->raw, r->raw + len, r->raw_len - len);
		r->raw_len -= len;
		return;
	}
	if (r->head.status < 200 || r->head.status > 299) {
		/* The reason phrase of 407 would not get through to the user:
		 * hosts take "Authentication Required" for their own. */
		(void)fail_setf(&r->x->fail, ERR_PROXY, "the proxy %s:%u "
		    "refused to connect to %s: %d%s%s", p->host,
		    (uint64_t)p->port, host_of(r), (int64_t)r->head.status,
		    r->head.status == 407 ? S("; HTTPS_PROXY needs the right "
		    "user and password") : S(" "),
		    r->head.status == 407 ? S("") : r->head.reason);
		fail(r, ERR_PROXY);
		return;
	}
	if (r->raw_len > len) {
		/* Nobody can have spoken yet at the other end. */
		(void)fail_setf(&r->x->fail, ERR_PROXY,
		    "the proxy %s:%u sent data of its own into the tunnel",
		    p->host, (uint64_t)p->port);
		fail(r, ERR_PROXY);
		return;
	}
	r->interim_n = 0;
	begin_request(r);
}

static void
too_large(struct run *r)
{
	(void)fail_setf(&r->x->fail, ERR_LIMIT, "the answer of %s is larger "
	    "than %u bytes; ask for less at a time", host_of(r),
	    (uint64_t)r->body_max);
	fail(r, ERR_LIMIT);
}

/* Gives the sink what came. false: it has enough. */
static bool
hand_over(struct run *r)
{
	struct transport_sink *sink = r->x->sink;
	bool more;

	if (!r->streams || r->body.len == 0) {
		return true;
	}
	sink->began = true;
	more = sink->take(sink->ctx, buf_str(&r->body));
	buf_clear(&r->body);
	return more;
}

/* The whole response is here, or enough of it. `excess`: bytes followed it. */
static void
finish(struct run *r, bool excess)
{
	struct exchange *x = r->x;

	(void)hand_over(r);
	x->status = r->head.status;
	x->response_n = r->head.header_n;
	for (size_t i = 0; i < r->head.header_n; i++) {
		x->response[i].name = r->head.headers[i].name;
		x->response[i].value = r->head.headers[i].value;
	}
	x->response_body = buf_str(&r->body);
	x->err = ERR_OK;
	/* A resumed session shows no certificate. */
	if (r->c->secure) {
		x->certificate_ends_ms = r->c->tls->verify.names.ends_ms;
	}
	release(r, r->head.keep_alive && !excess &&
	    r->head.body != HTTP1_BODY_CLOSE &&
	    r->out_len == r->request.len);
	r->state = DONE;
}

/* Body bytes that came: to their place. `in` starts behind the head. */
static void
take_body(struct run *r, struct str in)
{
	struct fail why;
	size_t left;
	long n;

	switch (r->head.body) {
	case HTTP1_BODY_NONE:
		finish(r, in.len > 0);
		return;
	case HTTP1_BODY_LENGTH:
		left = (size_t)r->head.body_len - r->body_len;
		n = (long)(in.len < left ? in.len : left);
		if (r->streams) {
			buf_add(&r->body, str_sub(in, 0, (size_t)n));
		} else if (n > 0) {
			memcpy(r->body.p + r->body_len, in.p, (size_t)n);
		}
		r->body_len += (size_t)n;
		if (r->body_len == r->head.body_len) {
			finish(r, in.len > left);
		}
		return;
	case HTTP1_BODY_CLOSE:
		buf_add(&r->body, in);
		if (!buf_ok(&r->body)) {
			r->x->arena->failed ? fail(r, ERR_NOMEM) :
			    too_large(r);
		}
		return;
	default:
		fail_init(&why, r->x->arena);
		n = http1_chunked_feed(&r->chunked, in, &r->body, &why);
		if (n == -ERR_HTTP_BODY_LIMIT) {
			r->x->arena->failed ? fail(r, ERR_NOMEM) :
			    too_large(r);
		} else if (n < 0) {
			(void)fail_setf(&r->x->fail, (enum err)-n,
			    "the answer of %s is damaged: %s", host_of(r),
			    fail_text(&why));
			fail(r, (enum err)-n);
		} else if (r->chunked.done) {
			finish(r, (size_t)n < in.len);
		}
	}
}

/* The same, and on to the sink where there is one. */
static void
take_piece(struct run *r, struct str in)
{
	take_body(r, in);
	if (r->state == BODY && !hand_over(r)) {
		finish(r, true);
	}
}

/* A final head came: makes room for the body. */
static void
begin_body(struct run *r)
{
	struct exchange *x = r->x;

	r->streams = x->sink != NULL && r->head.status < 300;
	if (r->streams) {
		/* Never more at a time than is read at a time. */
		r->body = buf_in(x->arena, RAW_SIZE);
		r->body_len = 0;
		r->state = BODY;
		http1_chunked_init(&r->chunked, INT64_MAX);
		take_piece(r, str_of(r->raw + r->head_len,
		    r->raw_len - r->head_len));
		return;
	}
	r->body = buf_in(x->arena, r->body_max);
	r->body_len = 0;
	r->state = BODY;
	if (r->head.body == HTTP1_BODY_LENGTH) {
		if (r->head.body_len > r->body_max) {
			too_large(r);
			return;
		}
		if (r->head.body_len > 0 && buf_reserve(&r->body,
		    (size_t)r->head.body_len) == NULL) {
			fail(r, ERR_NOMEM);
			return;
		}
	}
	http1_chunked_init(&r->chunked, r->body_max);
	take_body(r, str_of(r->raw + r->head_len, r->raw_len - r->head_len));
}

static void
step_head(struct run *r)
{
	size_t len = read_head(r, r->x->method);

	while (len > 0 && r->head.status < 200) {
		struct fail why;
		long n;

		/* 101 would hand the connection to another protocol. */
		if (r->interim_n++ == CLIENT_INTERIM_MAX ||
		    r->head.status == 101) {
			(void)fail_setf(&r->x->fail, ERR_HTTP_SYNTAX,
			    "%s sent only interim answers", host_of(r));
			fail(r, ERR_HTTP_SYNTAX);
			return;
		}
		memmove(r->raw, r->raw + len, r->raw_len - len);
		r->raw_len -= len;
		fail_init(&why, NULL);
		n = r->raw_len == 0 ? 0 : http1_response_parse(
		    str_of(r->raw, r->raw_len), r->x->method, &r->head, &why);
		if (n < 0) {
			fail(r, (enum err)-n);
			return;
		}
		len = (size_t)n;
	}
	if (len > 0) {
		r->head_len = len;
		begin_body(r);
	}
}

static void
step_body(struct run *r)
{
	char *to = r->raw + r->head_len;
	size_t room = RAW_SIZE - r->head_len;
	bool known = r->head.body == HTTP1_BODY_LENGTH && !r->streams;
	long n;

	if (known) {
		/* Straight to its place. */
		to = r->body.p + r->body_len;
		room = (size_t)r->head.body_len - r->body_len;
	}
	n = io_read(r, to, room);
	if (n == -ERR_AGAIN) {
		block(r, SYS_READ);
	} else if (n == 0 && r->head.body == HTTP1_BODY_CLOSE) {
		finish(r, false);
	} else if (n <= 0) {
		broken(r, n == 0 ? ERR_CLOSED : (enum err)-n);
	} else if (known) {
		r->body_len += (size_t)n;
		if (r->body_len == r->head.body_len) {
			finish(r, false);
		}
	} else {
		take_piece(r, str_of(to, (size_t)n));
	}
}

/* Moves on until nothing moves or the exchange is over. */
static void
step(struct run *r)
{
	r->ready = true;
	while (r->ready && r->state != DONE) {
		switch (r->state) {
		case START:
			step_start(r);
			break;
		case TUNNEL_SEND:
			step_send(r, r->tunnel, TUNNEL_HEAD);
			break;
		case TUNNEL_HEAD:
			step_tunnel_head(r);
			break;
		case SEND:
			step_send(r, r->request, HEAD);
			break;
		case HEAD:
			step_head(r);
			break;
		case BODY:
			step_body(r);
			break;
		case DONE:
			break;
		}
	}
}

/* ---- the loop ---- */

/* When this exchange is over if nothing moves. */
static int64_t
deadline_of(const struct run *r)
{
	bool connecting = r->state < SEND ||
	    (r->state == SEND && !r->x->sent);

	return connecting && r->connect_ms < r->x->deadline_ms ?
	    r->connect_ms : r->x->deadline_ms;
}

static void
expire(struct run *r)
{
	struct fail *f = &r->x->fail;

	switch (r->state) {
	case START:
		(void)fail_set(f, ERR_BUSY, 0, S("all outgoing connections "
		    "are in use; try again shortly"));
		fail(r, ERR_BUSY);
		return;
	case TUNNEL_SEND:
	case TUNNEL_HEAD:
		(void)fail_setf(f, ERR_TIMEOUT, "the proxy %s:%u did not "
		    "connect to %s in time", proxy_of(r)->host,
		    (uint64_t)proxy_of(r)->port, host_of(r));
		break;
	case SEND:
		(void)fail_setf(f, ERR_TIMEOUT, r->x->sent ?
		    "%s did not take the request in time" :
		    "no connection with %s in time", host_of(r));
		break;
	default:
		(void)fail_setf(f, ERR_TIMEOUT, r->raw_len > 0 ?
		    "the answer of %s did not end in time" :
		    "%s did not answer in time", host_of(r));
	}
	fail(r, ERR_TIMEOUT);
}

/* Prepares one exchange; NULL when it failed at once. */
static struct run *
begin(struct client *c, struct exchange *x)
{
	struct run *r = ARENA_NEW(x->arena, struct run);
	int64_t now_ms = mono_ms(c);

	atomic_fetch_add(&c->exchange_n, 1);
	x->err = ERR_NOMEM;
	x->status = 0;
	x->response_n = 0;
	x->response_body = STR_NONE;
	x->sent = false;
	fail_init(&x->fail, x->arena);
	if (r == NULL) {
		(void)fail_set(&x->fail, ERR_NOMEM, 0, STR_NONE);
		return NULL;
	}
	r->client = c;
	r->x = x;
	r->ready = true;
	r->body_max = x->body_max > 0 ? x->body_max : HTTP_RESPONSE_MAX;
	r->connect_ms = x->deadline_ms - now_ms > CLIENT_CONNECT_MS ?
	    now_ms + CLIENT_CONNECT_MS : x->deadline_ms;
	if (!set_key(r)) {
		(void)fail_setf(&x->fail, ERR_DNS, "'%s' is not a host name",
		    x->host);
		fail(r, ERR_DNS);
		return NULL;
	}
	r->raw = arena_alloc(x->arena, RAW_SIZE, 1);
	if (!make_request(r) || r->raw == NULL ||
	    (r->key.via == VIA_TUNNEL && !make_tunnel(r))) {
		if (x->arena->failed) {
			fail(r, ERR_NOMEM);
			return NULL;
		}
		(void)fail_set(&x->fail, ERR_HTTP_SYNTAX, 0, S("the request "
		    "has a header or target that HTTP does not allow, or that "
		    "is too long"));
		fail(r, ERR_HTTP_SYNTAX);
		return NULL;
	}
	return r;
}

/* What the loop waits for in one round. */
struct round {
	struct sys_wait waits[EXCHANGE_MANY_MAX];
	struct run *of[EXCHANGE_MANY_MAX]; /* whose wait it is */
	size_t n;
	size_t active_n;
	int64_t until_ms;
	const struct cancel *cancel;
};

/* Steps one exchange and adds what it waits for. */
static void
turn(struct run *r, struct round *round)
{
	struct client *c = r->client;
	int64_t deadline;

	if (r->ready || r->c == NULL) {
		step(r);
	}
	if (r->state != DONE && sys_cancelled(r->x->cancel)) {
		fail(r, ERR_CANCELLED);
	}
	deadline = deadline_of(r);
	if (r->state != DONE && mono_ms(c) >= deadline) {
		/* A dial knows best why it did not end; ask it once. */
		step(r);
		if (r->state != DONE) {
			expire(r);
		}
	}
	if (r->state == DONE) {
		return;
	}
	round->active_n++;
	round->cancel = round->cancel != NULL ? round->cancel : r->x->cancel;
	if (r->c != NULL) {
		round->of[round->n] = r;
		round->waits[round->n++] = (struct sys_wait){ &r->c->stream,
		    r->want, 0 };
	} else if (deadline > mono_ms(c) + CLIENT_SLOT_WAIT_MS) {
		deadline = mono_ms(c) + CLIENT_SLOT_WAIT_MS;
	}
	round->until_ms = deadline < round->until_ms ? deadline :
	    round->until_ms;
}

static void
wait_round(struct client *c, struct round *round)
{
	if (round->n == 0) {
		/* ERR_CANCELLED is seen by the next turn. */
		(void)!c->sys->sleep_until(c->sys->ctx, round->until_ms,
		    round->cancel);
		return;
	}
	if (c->sys->wait(c->sys->ctx, round->waits, round->n, round->until_ms,
	    round->cancel) != ERR_OK) {
		return;
	}
	for (size_t i = 0; i < round->n; i++) {
		round->of[i]->ready = round->waits[i].got != 0;
	}
}

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	struct client *c = ctx;
	struct run *runs[EXCHANGE_MANY_MAX];

	MUST(n > 0 && n <= EXCHANGE_MANY_MAX);
	for (size_t i = 0; i < n; i++) {
		runs[i] = begin(c, x[i]);
	}
	for (;;) {
		struct round round = { .until_ms = INT64_MAX };

		for (size_t i = 0; i < n; i++) {
			if (runs[i] != NULL && runs[i]->state != DONE) {
				turn(runs[i], &round);
			}
		}
		if (round.active_n == 0) {
			return;
		}
		wait_round(c, &round);
	}
}

/* ---- the outside ---- */

/* The first of the names that is set and not empty. */
static struct str
first_env(const struct sys *sys, struct str a, struct str b, struct str *which)
{
	struct str value = sys->env(sys->ctx, a);

	*which = a;
	if (value.len == 0) {
		value = sys->env(sys->ctx, b);
		*which = b;
	}
	return value;
}

/* see client.h */
void
client_config_env(struct client_config *c, const struct sys *sys)
{
	struct str which;

	c->https_proxy = first_env(sys, S("https_proxy"), S("HTTPS_PROXY"),
	    &which);
	c->http_proxy = first_env(sys, S("http_proxy"), S("HTTP_PROXY"),
	    &which);
	c->no_proxy = first_env(sys, S("no_proxy"), S("NO_PROXY"), &which);
	c->ca_file = first_env(sys, S("AWS_CA_BUNDLE"), S("SSL_CERT_FILE"),
	    &which);
	c->ca_name = which;
}

/* see client.h */
enum err
client_new(struct client **out, const struct client_config *config,
    const struct sys *sys, struct arena *a, struct fail *f)
{
	struct client *c = ARENA_NEW(a, struct client);
	enum err err;

	if (c == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	c->sys = sys;
	c->a = a;
	c->config = *config;
	if (c->config.connection_max == 0) {
		c->config.connection_max = CLIENT_CONNECTION_MAX;
	}
	err = proxy_parse(&c->https_proxy, config->https_proxy,
	    S("HTTPS_PROXY"), a, f);
	if (err == ERR_OK) {
		err = proxy_parse(&c->http_proxy, config->http_proxy,
		    S("HTTP_PROXY"), a, f);
	}
	if (err == ERR_OK && config->ca_file.len > 0) {
		err = anchors_load(&c->anchors, a, sys, config->ca_file,
		    config->ca_name, f);
	} else if (err == ERR_OK) {
		err = anchors_builtin(&c->anchors, a);
	}
	if (err == ERR_OK) {
		*out = c;
	}
	return err == ERR_OK ? ERR_OK : fail_set(f, err, 0, STR_NONE);
}

/* see client.h */
size_t
client_memory_max(const struct client_config *config)
{
	size_t n = config->connection_max > 0 ? config->connection_max :
	    CLIENT_CONNECTION_MAX;
	/* A bundle's text while it is read, and what is kept of it. */
	size_t bundle = config->ca_file.len > 0 ? 4 * ANCHORS_FILE_MAX : 0;

	/* Chunks double, so up to half of what is held may be unused. */
	return 2 * (n * (sizeof(struct connection) + sizeof(struct tls)) +
	    sizeof(struct client) + bundle) + ARENA_CHUNK_MIN;
}

/* see client.h */
struct transport
client_transport(struct client *c)
{
	return (struct transport){ c, roundtrip };
}

/* see client.h */
void
client_stats(struct client *c, struct client_stats *out)
{
	*out = (struct client_stats){
		.exchange_n = atomic_load(&c->exchange_n),
		.connect_n = atomic_load(&c->connect_n),
		.reuse_n = atomic_load(&c->reuse_n),
		.retry_n = atomic_load(&c->retry_n),
		.handshake_n = atomic_load(&c->handshake_n),
		.resume_n = atomic_load(&c->resume_n),
		.sent_len = atomic_load(&c->sent_len),
		.received_len = atomic_load(&c->received_len),
	};
	lock(c);
	out->idle_n = c->idle_n;
	out->active_n = c->active_n;
	unlock(c);
}

/* see client.h */
void
client_close(struct client *c)
{
	lock(c);
	MUST(c->active_n == 0);
	while (c->idle != NULL) {
		discard(c, unlink_idle(c, &c->idle));
	}
	enc_wipe(c->sessions, sizeof(c->sessions));
	unlock(c);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets on one side, net/conn and the pool on the other.
 *
 * drive() is the heart: it steps one connection until that needs the kernel to
 * say something, and is called for socket events, timers, news of the pool and
 * turns. Edge-triggered epoll: `readable` and `writable` of a slot remember
 * an edge until the kernel says EAGAIN or moves less than was offered, which
 * on a stream socket means the same (epoll(7)).
 *
 * A client that closes while its call runs shows as EPOLLRDHUP. That may be a
 * half close, so the reply is still tried; the call is cancelled unless the
 * job survives it (app.h).
 */
#include "net/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/meter.h"
#include "net/outbox.h"
#include "proto/cidr.h"
#include "proto/url.h"

/* Input buffers that keep their pages when free. */
#define KEEP_WARM_N 64
/* Connections accepted before other events get their turn. */
#define ACCEPT_MAX_N 64
/* Places of the heap that are searched for an idle connection. */
#define EVICT_LOOK_N 64
/* Descriptors that are not connections: loop, listeners, log, files; and for
 * each worker its wake-up, and its share of sockets to AWS. */
#define FD_RESERVE_N 64
#define FD_WORKER_N (1 + EXCHANGE_MANY_MAX)

#define KEY_LISTEN (UINT64_MAX - 64)

/* An event stream that lasts. */
struct server_stream {
	struct outbox outbox;
	uint32_t next;        /* free list: streams + 1 */
	bool ending;          /* nothing is to come but what is in the outbox */
};

struct server_slot {
	struct conn conn;
	struct loop_timer timer;
	struct pool_piece *piece; /* whose bytes conn.out are; or NULL */
	struct server_stream *stream; /* it is one that lasts; or NULL */
	int fd;
	uint32_t generation;  /* of this slot's connections */
	uint32_t next;        /* free list: slot + 1 */
	uint32_t turn_next;   /* turn list: slot + 1 */
	bool open;
	bool side;            /* accepted by the second listener */
	bool in_turn;
	bool readable;        /* recv() may have something */
	bool writable;        /* send() may take something */
	bool hangup;          /* the client has closed its side */
	bool submitted;       /* conn.job is the pool's */
	bool done;            /* ... and came back with its reply */
	struct server_tls *tls; /* NULL: plain HTTP */
	char peer[INET6_ADDRSTRLEN];
};

/* The TLS of one connection. Whole pages, so that they can be handed back. */
struct server_tls {
	struct tls_server engine;
	const struct tls_identity *id; /* while the handshake runs */
	bool begun;  /* the engine was started: the first byte was of TLS */
	size_t owed; /* bytes of conn.out that are in the engine */
};

#define PAGE_LEN ((size_t)4096)
#define TLS_LEN ((sizeof(struct server_tls) + PAGE_LEN - 1) / PAGE_LEN * \
	PAGE_LEN)
/* The first byte of a TLS connection: a handshake record (RFC 5246 6.2.1). */
#define TLS_FIRST_BYTE 22

/* see server.h */
void
server_config_default(struct server_config *config)
{
	*config = (struct server_config){
		.host = S("127.0.0.1"),
		.port = 3334,
		.side_port = -1,
		.conn_max = SERVER_CONN_DEFAULT_N,
		.pool = pool_config_default,
		.limits = conn_limits_default,
		.drain_ms = SERVER_DRAIN_MS,
		.signals = true,
	};
}

/* see server.h */
uint64_t
server_memory_max(const struct server_config *config)
{
	const struct pool_config *pool = &config->pool;

	return (uint64_t)config->conn_max * (sizeof(struct server_slot) +
	    HTTP_HEAD_MAX + sizeof(struct loop_place) + sizeof(uint32_t) +
	    (config->tls != NULL ? TLS_LEN : 0)) +
	    (config->tls != NULL ? sizeof(struct tls_server_cache) : 0) +
	    (uint64_t)pool->job_n * sizeof(struct pool_job) +
	    (uint64_t)POOL_PIECE_MAX_N * sizeof(struct pool_piece) +
	    SERVER_STREAM_MAX_N * sizeof(struct server_stream) +
	    pool->budget +
	    (uint64_t)pool->worker_n * POOL_STACK_SIZE;
}

/* ---- slots and input buffers ---- */

static uint64_t
slot_key(const struct server *s, const struct server_slot *t)
{
	return (uint64_t)t->generation << 32 | (uint64_t)(t - s->slots);
}

/* Hands memory of a slab back to the system; it reads as zeros afterwards.
 * Where pages are larger than what is given, neighbours would go with it. */
static void
give_pages(const struct server *s, void *p, size_t len)
{
	if (len % s->page_len != 0 || madvise(p, len, MADV_DONTNEED) != 0) {
		enc_wipe(p, len);
	}
}

static void
lend_buffer(struct server *s, struct server_slot *t)
{
	uint32_t i;

	if (t->conn.in != NULL) {
		return;
	}
	/* There are as many as connections, and none has two. */
	i = s->buffer_free_n > 0 ? s->buffer_free[--s->buffer_free_n] :
	    s->buffer_used_n++;
	MUST(i < s->config.conn_max);
	conn_lend(&t->conn, s->buffers + (size_t)i * HTTP_HEAD_MAX);
}

static void
return_buffer(struct server *s, struct server_slot *t)
{
	char *in = conn_unlend(&t->conn);

	if (in == NULL) {
		return;
	}
	if (s->buffer_free_n >= KEEP_WARM_N) {
		give_pages(s, in, HTTP_HEAD_MAX);
	}
	s->buffer_free[s->buffer_free_n++] =
	    (uint32_t)((size_t)(in - s->buffers) / HTTP_HEAD_MAX);
}

static void
put_piece(struct server *s, struct server_slot *t)
{
	if (t->piece != NULL) {
		pool_piece_put(&s->pool, t->piece);
		t->piece = NULL;
	}
}

/* The name of a connection for the app, and back: NULL where it is closed. */
static uint64_t
conn_name(const struct server *s, const struct server_slot *t)
{
	return slot_key(s, t) + 1;
}

static struct server_slot *
named_slot(struct server *s, uint64_t name)
{
	struct server_slot *t = &s->slots[(uint32_t)(name - 1)];

	return t->open && conn_name(s, t) == name ? t : NULL;
}

/* NULL: there are enough of them. */
static struct server_stream *
take_stream(struct server *s)
{
	struct server_stream *m;

	if (s->stream_n >= SERVER_STREAM_MAX_N ||
	    s->stream_n >= s->config.conn_max / 2) {
		return NULL;
	}
	if (s->stream_free != 0) {
		m = &s->streams[s->stream_free - 1];
		s->stream_free = m->next;
	} else {
		m = &s->streams[s->stream_used_n++];
	}
	m->ending = false;
	s->stream_n++;
	return m;
}

static void
close_stream(struct server *s, struct server_slot *t)
{
	struct server_stream *m = t->stream;

	outbox_drop(&m->outbox, &s->pool);
	m->next = s->stream_free;
	s->stream_free = (uint32_t)(m - s->streams) + 1;
	s->stream_n--;
	t->stream = NULL;
	s->calls.closed(s->calls.app, conn_name(s, t));
}

static void end_tls(struct server *s, struct server_slot *t);

static void
close_slot(struct server *s, struct server_slot *t)
{
	struct pool_job *job;

	conn_abort(&t->conn);
	put_piece(s, t);
	if (t->stream != NULL) {
		close_stream(s, t);
	}
	job = (struct pool_job *)conn_take_job(&t->conn);
	if (job != NULL && t->submitted) {
		pool_abandon(&s->pool, job, !job->app.survives_close);
	} else if (job != NULL) {
		pool_put(&s->pool, job);
	}
	return_buffer(s, t);
	loop_timer_stop(&s->loop, &t->timer);
	end_tls(s, t);
	close(t->fd);
	t->fd = -1;
	t->open = false;
	t->generation++;
	t->next = s->slot_free;
	s->slot_free = (uint32_t)(t - s->slots) + 1;
	s->open_n--;
}

/* ---- TLS of one connection ---- */

/* Sends what the engine has to send, as far as the socket takes it. */
static void
flush_tls(struct server_slot *t)
{
	struct tls_server *e = &t->tls->engine;

	while (t->writable) {
		struct str out = tls_server_out(e);
		ssize_t n;

		if (out.len == 0) {
			return;
		}
		do {
			n = send(t->fd, out.p, out.len, MSG_NOSIGNAL);
		} while (n < 0 && errno == EINTR);
		if (n > 0) {
			tls_server_sent(e, (size_t)n);
		} else {
			t->writable = false;
			if (errno != EAGAIN) {
				conn_abort(&t->conn);
			}
		}
	}
}

/* The handshake has ended, one way or the other. */
static void
put_identity(struct server *s, struct server_slot *t)
{
	if (t->tls->id != NULL) {
		tls_keeper_put(s->config.tls, t->tls->id);
		t->tls->id = NULL;
	}
}

/* Says goodbye, as well as one send() can. */
static void
close_tls(struct server_slot *t)
{
	if (t->tls != NULL && t->tls->begun && t->tls->owed == 0 &&
	    tls_server_state(&t->tls->engine) == TLS_SERVER_OPEN) {
		tls_server_close(&t->tls->engine);
		flush_tls(t);
	}
}

static void
end_tls(struct server *s, struct server_slot *t)
{
	if (t->tls == NULL) {
		return;
	}
	close_tls(t);
	if (t->tls->begun) {
		put_identity(s, t);
		tls_server_wipe(&t->tls->engine);
		give_pages(s, t->tls, TLS_LEN);
	}
	t->tls = NULL;
}

static void
log_tls(const struct server *s, const struct server_slot *t)
{
	const struct log *log = s->config.tls->log;
	struct log_event e;

	if (log_begin(&e, log, LOG_DEBUG, S("tls_failed"))) {
		log_str(&e, S("peer"), str_from_z(t->peer));
		log_int(&e, S("code"), tls_server_error(&t->tls->engine));
		log_end(&e);
	}
}

/* Starts the engine, with an empty cache when the key is another one now. */
static void
start_engine(struct server *s, struct server_slot *t)
{
	const struct sys *sys = s->config.tls->sys;
	unsigned char seed[TLS_SERVER_SEED_LEN];

	if (sys->random(sys->ctx, seed, sizeof(seed)) != ERR_OK) {
		conn_abort(&t->conn);
		return;
	}
	t->tls->id = tls_keeper_take(s->config.tls);
	if (s->sessions_of != t->tls->id->number) {
		tls_server_cache_init(s->sessions);
		s->sessions_of = t->tls->id->number;
	}
	tls_server_start(&t->tls->engine, t->tls->id, s->sessions, seed);
	enc_wipe(seed, sizeof(seed));
	t->tls->begun = true;
}

static void
write_address(const struct sockaddr_storage *from,
    char text[static INET6_ADDRSTRLEN])
{
	bool six = from->ss_family == AF_INET6;
	const void *address = six ?
	    (const void *)&((const struct sockaddr_in6 *)
	    (const void *)from)->sin6_addr :
	    (const void *)&((const struct sockaddr_in *)
	    (const void *)from)->sin_addr;
	struct buf b = buf_fixed(text, INET6_ADDRSTRLEN - 1);

	url_put_address(&b, address, six ? 16 : 4);
	text[b.len] = '\0';
}

/* The client is on this machine: nobody sits on the way. */
static bool
is_local(const struct server_slot *t)
{
	struct sockaddr_storage own = { .ss_family = AF_UNSPEC };
	socklen_t own_len = sizeof(own);
	char text[INET6_ADDRSTRLEN] = "";

	if (getsockname(t->fd, (struct sockaddr *)&own, &own_len) == 0) {
		write_address(&own, text);
	}
	return cidr_is_loopback(str_from_z(t->peer)) ||
	    (text[0] != '\0' && strcmp(text, t->peer) == 0);
}

/* Looks at the first byte. A client that does not speak TLS is told so, unless
 * it is on this machine: then it may go on. */
static void
begin_tls(struct server *s, struct server_slot *t)
{
	char space[512];
	struct buf b = buf_fixed(space, sizeof(space));
	unsigned char first = 0;
	ssize_t n;

	do {
		n = recv(t->fd, &first, 1, MSG_PEEK);
	} while (n < 0 && errno == EINTR);
	if (n <= 0) {
		t->readable = false;
		if (n == 0) {
			conn_eof(&t->conn);
		} else if (errno != EAGAIN) {
			conn_abort(&t->conn);
		}
	} else if (first == TLS_FIRST_BYTE) {
		start_engine(s, t);
	} else if (is_local(t)) {
		t->tls = NULL;
		conn_expect(&t->conn, s->loop.now_ms +
		    s->config.limits.idle_ms);
	} else {
		conn_error_reply(&b, ERR_HTTP_SYNTAX, S("this port speaks "
		    "TLS: use https"), STR_NONE, false, false);
		(void)!send(t->fd, b.p, b.len, MSG_NOSIGNAL);
		/* With its request unread the close would take the answer
		 * back. */
		(void)!recv(t->fd, s->small, sizeof(s->small), 0);
		(void)shutdown(t->fd, SHUT_WR);
		conn_abort(&t->conn);
	}
}

/* Notes where the engine has got to. false: it will give no more bytes. */
static bool
look_at_engine(struct server *s, struct server_slot *t)
{
	switch (tls_server_state(&t->tls->engine)) {
	case TLS_SERVER_HANDSHAKE:
		return true;
	case TLS_SERVER_OPEN:
		if (t->tls->id != NULL) {
			put_identity(s, t);
			conn_expect(&t->conn, s->loop.now_ms +
			    s->config.limits.idle_ms);
		}
		return true;
	case TLS_SERVER_CLOSED:
		flush_tls(t);
		t->readable = false;
		conn_eof(&t->conn);
		return false;
	case TLS_SERVER_FAILED:
		break;
	}
	log_tls(s, t);
	flush_tls(t); /* the alert */
	conn_abort(&t->conn);
	return false;
}

/* Plain bytes that are there, to the connection. */
static bool
take_plain(struct server *s, struct server_slot *t)
{
	size_t len;
	char *p;

	if (!tls_server_has_plain(&t->tls->engine)) {
		return false;
	}
	lend_buffer(s, t);
	p = conn_space(&t->conn, &len, s->loop.now_ms);
	if (p != NULL) {
		len = tls_server_read(&t->tls->engine, p, len);
		conn_received(&t->conn, len, s->loop.now_ms);
	}
	return true;
}

/* One recv() into the engine. false: there is nothing for now. */
static bool
feed_engine(struct server_slot *t, unsigned char *p, size_t len)
{
	ssize_t n;

	do {
		n = recv(t->fd, p, len, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		tls_server_received(&t->tls->engine, (size_t)n);
		t->readable = (size_t)n == len || t->hangup;
		return true;
	}
	t->readable = false;
	if (n == 0) {
		conn_eof(&t->conn);
	} else if (errno != EAGAIN) {
		conn_abort(&t->conn);
	}
	return false;
}

/* Goes on until plain bytes came or the socket has no more. false: the kernel
 * has to say something first. */
static bool
receive_tls(struct server *s, struct server_slot *t)
{
	for (unsigned i = 0; i < SERVER_TLS_TURN_MAX_N; i++) {
		unsigned char *p;
		size_t len;

		if (!t->tls->begun) {
			if (!t->readable) {
				return false;
			}
			begin_tls(s, t);
			if (t->tls == NULL || !t->tls->begun) {
				return true;
			}
		}
		flush_tls(t);
		if (!look_at_engine(s, t) || take_plain(s, t)) {
			return true;
		}
		p = tls_server_space(&t->tls->engine, &len);
		if (p == NULL || !t->readable) {
			return false;
		}
		if (!feed_engine(t, p, len)) {
			return true;
		}
	}
	return true;
}

/* Encrypts and sends; the bytes count as sent when their record has left. */
static void
transmit_tls(struct server *s, struct server_slot *t)
{
	struct tls_server *e = &t->tls->engine;
	struct conn *c = &t->conn;
	size_t n;

	flush_tls(t);
	if (t->tls->owed == 0) {
		for (size_t i = 0; i < 2; i++) {
			size_t part = 0;

			do {
				part += n = tls_server_write(e, c->out[i].p +
				    part, c->out[i].len - part);
			} while (n > 0);
			t->tls->owed += part;
			if (part < c->out[i].len) {
				break;
			}
		}
		tls_server_flush(e);
		if (t->tls->owed == 0 && tls_server_out(e).len == 0) {
			conn_abort(c); /* it was closed */
			return;
		}
		flush_tls(t);
	}
	if (tls_server_out(e).len == 0 && c->state != CONN_CLOSED) {
		n = t->tls->owed;
		t->tls->owed = 0;
		if (n > 0) {
			conn_sent(c, n, s->loop.now_ms);
		}
	}
}

/* ---- one connection ---- */

static void
receive(struct server *s, struct server_slot *t)
{
	size_t len;
	ssize_t n;
	char *p;

	lend_buffer(s, t);
	p = conn_space(&t->conn, &len, s->loop.now_ms);
	if (p == NULL) {
		return;
	}
	do {
		n = recv(t->fd, p, len, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		conn_received(&t->conn, (size_t)n, s->loop.now_ms);
		/* After a hang-up the end still has to be read. */
		t->readable = (size_t)n == len || t->hangup;
	} else if (n == 0) {
		t->readable = false;
		conn_eof(&t->conn);
	} else {
		t->readable = false;
		if (errno != EAGAIN) {
			conn_abort(&t->conn);
		}
	}
}

/* Both parts in one system call. A small reply is put together first, in the
 * server's memory: on the stack the build would zero it for each reply. */
static ssize_t
send_out(struct server *s, int fd, const struct str *out)
{
	struct iovec iov[2] = {
		{ (void *)(uintptr_t)out[0].p, out[0].len },
		{ (void *)(uintptr_t)out[1].p, out[1].len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (out[0].len == 0 || out[1].len == 0) {
		const struct str *one = out[0].len > 0 ? &out[0] : &out[1];

		return send(fd, one->p, one->len, MSG_NOSIGNAL);
	}
	if (out[0].len + out[1].len > sizeof(s->small)) {
		return sendmsg(fd, &msg, MSG_NOSIGNAL);
	}
	memcpy(s->small, out[0].p, out[0].len);
	memcpy(s->small + out[0].len, out[1].p, out[1].len);
	return send(fd, s->small, out[0].len + out[1].len, MSG_NOSIGNAL);
}

static void
transmit(struct server *s, struct server_slot *t)
{
	struct conn *c = &t->conn;
	size_t len = c->out[0].len + c->out[1].len;
	ssize_t n;

	do {
		n = send_out(s, t->fd, c->out);
	} while (n < 0 && errno == EINTR);
	if (n >= 0) {
		t->writable = (size_t)n == len;
		conn_sent(c, (size_t)n, s->loop.now_ms);
	} else {
		t->writable = false;
		if (errno != EAGAIN) {
			conn_abort(c);
		}
	}
}

static bool
cancel_call(struct app_job *app, struct str rpc_id)
{
	struct pool *p = ((struct pool_job *)app)->pool;
	struct server *s = (struct server *)(void *)((char *)p -
	    offsetof(struct server, pool));
	struct server_slot *t = named_slot(s, app->stream);

	return t != NULL && t->stream != NULL &&
	    outbox_cancel(&t->stream->outbox, p, rpc_id);
}

/* The reply begins a stream that lasts. */
static void
open_stream(struct server *s, struct server_slot *t)
{
	t->stream = s->draining ? NULL : take_stream(s);
	if (t->stream == NULL) {
		s->calls.closed(s->calls.app, conn_name(s, t));
		conn_refuse(&t->conn, ERR_BUSY, s->loop.now_ms);
		return;
	}
	conn_stream(&t->conn, s->loop.now_ms);
	if (t->hangup) {
		conn_abort(&t->conn);
	}
}

/* Gives the job to the outbox of its stream, to the pool first where it has to
 * be run. false: there is no room. */
static bool
send_to_stream(struct server *s, struct server_slot *to, struct pool_job *job,
    enum app_verdict verdict)
{
	struct outbox *o = &to->stream->outbox;

	if (o->job_n >= SERVER_STREAM_JOB_MAX_N) {
		return false;
	}
	if (verdict == APP_DONE) {
		outbox_add_ready(o, job);
		return true;
	}
	outbox_add_flight(o, job);
	if (!pool_submit(&s->pool, job)) {
		outbox_remove_flight(o, job);
		return false;
	}
	return true;
}

/* Others get a turn before this connection goes on. */
static void
add_turn(struct server *s, struct server_slot *t)
{
	if (!t->in_turn) {
		t->in_turn = true;
		t->turn_next = s->turn_first;
		s->turn_first = (uint32_t)(t - s->slots) + 1;
	}
}

/* The job goes to a stream; another one takes its place for the answer. */
static void
redirect(struct server *s, struct server_slot *t, enum app_verdict verdict)
{
	struct pool_job *job = (struct pool_job *)t->conn.job;
	struct server_slot *to = named_slot(s, job->app.stream);
	struct pool_job *answer = pool_take(&s->pool);
	struct str text = STR_NONE;

	MUST(to != NULL && to->stream != NULL);
	if (answer != NULL) {
		text = str_dup(&answer->app.arena, job->app.answer);
	}
	if (text.p == NULL || !send_to_stream(s, to, job, verdict)) {
		if (answer != NULL) {
			pool_put(&s->pool, answer);
		}
		job->app.stream = 0;
		conn_refuse(&t->conn, ERR_BUSY, s->loop.now_ms);
		return;
	}
	answer->app.reply_head = text;
	answer->app.reply_body = S("");
	answer->app.keep_alive = job->app.keep_alive;
	answer->app.close_after = job->app.close_after;
	t->conn.job = &answer->app;
	conn_reply(&t->conn, s->loop.now_ms);
	add_turn(s, to);
}

/* Runs the request that has become whole, or hands it to the pool. */
static void
run_request(struct server *s, struct server_slot *t)
{
	struct pool_job *job = (struct pool_job *)t->conn.job;
	enum app_verdict verdict;

	s->request_n += job->app.state == NULL;
	job->app.conn = conn_name(s, t);
	job->app.cancel_call = cancel_call;
	verdict = s->calls.begin(s->calls.app, &job->app);
	if (verdict == APP_DEFER) {
		/* The slot may be another client's by the time this is read. */
		job->app.peer = str_dup(&job->app.arena, job->app.peer);
	}
	if (job->app.stream != 0) {
		redirect(s, t, verdict);
		return;
	}
	if (verdict == APP_STREAM) {
		open_stream(s, t);
		return;
	}
	if (verdict == APP_DONE) {
		conn_reply(&t->conn, s->loop.now_ms);
		return;
	}
	t->done = false;
	t->submitted = pool_submit(&s->pool, job);
	if (!t->submitted) {
		conn_refuse(&t->conn, ERR_BUSY, s->loop.now_ms);
		return;
	}
	conn_deferred(&t->conn, s->loop.now_ms);
	if (t->hangup && !job->app.survives_close) {
		pool_cancel(&s->pool, job);
	}
}

/* A lasting stream's next bytes, or its end. false: neither, yet. */
static bool
next_event(struct server *s, struct server_slot *t)
{
	struct server_stream *m = t->stream;
	struct str out[2];

	if (outbox_next(&m->outbox, &s->pool, out)) {
		conn_event(&t->conn, out, s->loop.now_ms);
		return true;
	}
	if (m->ending && m->outbox.job_n == 0) {
		close_stream(s, t);
		conn_stream_end(&t->conn, s->loop.now_ms);
		return true;
	}
	return false;
}

/* A submitted job's next bytes. false: there are none yet. */
static bool
next_piece(struct server *s, struct server_slot *t)
{
	struct pool_job *job = (struct pool_job *)t->conn.job;

	if (t->stream != NULL) {
		return next_event(s, t);
	}
	put_piece(s, t);
	t->piece = pool_piece_take(&s->pool, job);
	if (t->piece != NULL) {
		conn_piece(&t->conn, str_of(t->piece->data, t->piece->len),
		    s->loop.now_ms);
		return true;
	}
	if (t->done && job->app.again) {
		job->app.again = false;
		t->submitted = false;
		conn_again(&t->conn);
		return true;
	}
	if (t->done) {
		t->submitted = false;
		conn_reply(&t->conn, s->loop.now_ms);
		return true;
	}
	return false;
}

/* The head was accepted with the spare job: keep one more at hand. */
static void
claim_spare(struct server *s, struct server_slot *t)
{
	s->spare->app.side = t->side;
	s->spare->app.peer = str_from_z(t->peer);
	s->spare->app.tls = t->tls != NULL;
	s->spare->slot = (uint32_t)(t - s->slots);
	s->spare->generation = t->generation;
	s->spare = pool_take(&s->pool);
	MUST(s->spare != NULL);
}

static enum conn_want
step(struct server *s, struct server_slot *t)
{
	struct conn_spare spare = {
		.job = &s->spare->app,
		.http = &s->spare->http,
		/* The last job is never given away: it parses refusals. */
		.busy = pool_over_budget(&s->pool) ||
		    s->pool.held_n >= s->config.pool.job_n,
	};
	enum conn_want want = conn_step(&t->conn, &spare, s->loop.now_ms);

	if (t->conn.job == &s->spare->app) {
		claim_spare(s, t);
	}
	if (t->conn.refused != ERR_OK) {
		meter_refuse(s->config.meter, t->conn.refused);
		t->conn.refused = ERR_OK;
	}
	return want;
}

static void
recycle(struct server *s, struct server_slot *t)
{
	put_piece(s, t);
	t->done = false;
	pool_put(&s->pool, (struct pool_job *)conn_take_job(&t->conn));
}

/* One want of the connection. false: nothing more to do for now. */
static bool
serve_want(struct server *s, struct server_slot *t, enum conn_want want)
{
	switch (want) {
	case CONN_WANT_STEP:
		return true;
	case CONN_WANT_READ:
		/* What is thrown away need not be decrypted. */
		if (t->tls != NULL && t->conn.state != CONN_LINGER) {
			return receive_tls(s, t);
		}
		if (!t->readable) {
			return false;
		}
		receive(s, t);
		return true;
	case CONN_WANT_WRITE:
		if (!t->writable) {
			return false;
		}
		if (t->tls != NULL) {
			transmit_tls(s, t);
			return true;
		}
		transmit(s, t);
		return true;
	case CONN_WANT_RUN:
		run_request(s, t);
		return true;
	case CONN_WANT_WAIT:
		return next_piece(s, t);
	case CONN_WANT_RECYCLE:
		recycle(s, t);
		return true;
	case CONN_WANT_SHUTDOWN:
		close_tls(t);
		(void)shutdown(t->fd, SHUT_WR);
		return true;
	case CONN_WANT_CLOSE:
		close_slot(s, t);
		return false;
	}
	return false;
}

static void
drive(struct server *s, struct server_slot *t)
{
	unsigned turn_n = 0;

	for (;;) {
		enum conn_want want = step(s, t);

		if (want == CONN_WANT_READ && t->readable &&
		    ++turn_n > SERVER_TURN_MAX_N) {
			add_turn(s, t);
			break;
		}
		if (!serve_want(s, t, want)) {
			break;
		}
	}
	if (!t->open) {
		return;
	}
	return_buffer(s, t);
	if (t->timer.deadline_ms != t->conn.deadline_ms ||
	    t->timer.at == 0) {
		loop_timer_set(&s->loop, &t->timer, t->conn.deadline_ms);
	}
}

/* The client closed (or broke) the connection while its call runs. */
static void
hang_up(struct server *s, struct server_slot *t)
{
	struct pool_job *job = (struct pool_job *)t->conn.job;

	if (!t->hangup && t->submitted && !t->done &&
	    !job->app.survives_close) {
		pool_cancel(&s->pool, job);
	}
	t->hangup = true;
}

static void
on_socket(struct server *s, uint64_t key, uint32_t events)
{
	struct server_slot *t = &s->slots[(uint32_t)key];

	/* An event of a connection that was closed earlier in this batch. */
	if (!t->open || slot_key(s, t) != key) {
		return;
	}
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		t->readable = true;
	}
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
		t->writable = true;
	}
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
		hang_up(s, t);
	}
	/* Both directions are gone: nobody can take the reply. Who listens to a
	 * lasting stream and closes its own side has gone, too. */
	if (((events & (EPOLLHUP | EPOLLERR)) && t->submitted) ||
	    (t->hangup && t->conn.state == CONN_STREAM && t->stream != NULL)) {
		close_slot(s, t);
		return;
	}
	drive(s, t);
}

/* News of a job whose stream may have ended in the meantime. */
static void
on_stream_news(struct server *s, struct pool_job *job, bool done)
{
	struct server_slot *t = named_slot(s, job->app.stream);

	if (t != NULL && t->stream != NULL) {
		if (done) {
			outbox_done(&t->stream->outbox, &s->pool, job);
		}
		drive(s, t);
	} else if (done) {
		pool_put(&s->pool, job);
	}
}

static void
on_news(struct server *s)
{
	struct pool_job *job;
	bool done;

	while ((job = pool_news(&s->pool, &done)) != NULL) {
		struct server_slot *t = &s->slots[job->slot];

		if (job->app.stream != 0) {
			on_stream_news(s, job, done);
		} else if (!job->abandoned) {
			/* A closed connection has abandoned its job. */
			MUST(t->open && job->generation == t->generation);
			t->done = done;
			drive(s, t);
		} else if (done) {
			pool_put(&s->pool, job);
		}
	}
}

static struct server_slot *
slot_of(struct loop_timer *timer)
{
	return (struct server_slot *)(void *)((char *)timer -
	    offsetof(struct server_slot, timer));
}

static void
on_timers(struct server *s)
{
	struct loop_timer *timer;

	while ((timer = loop_due(&s->loop)) != NULL) {
		struct server_slot *t = slot_of(timer);

		conn_timeout(&t->conn, s->loop.now_ms);
		if (t->tls != NULL) {
			t->tls->owed = 0; /* there is another conn.out now */
		}
		drive(s, t);
	}
}

static void
on_turns(struct server *s)
{
	uint32_t i = s->turn_first;

	s->turn_first = 0;
	while (i != 0) {
		struct server_slot *t = &s->slots[i - 1];

		i = t->turn_next;
		t->in_turn = false;
		if (t->open) {
			drive(s, t);
		}
	}
}

/* ---- accepting ---- */

/* Makes room by closing an idle connection near its timeout: those lie near
 * the top of the heap. */
static bool
evict_idle(struct server *s)
{
	for (uint32_t i = 0; i < EVICT_LOOK_N; i++) {
		struct loop_timer *timer = loop_timer_peek(&s->loop, i);
		struct server_slot *t;

		if (timer == NULL) {
			break;
		}
		t = slot_of(timer);
		if (t->conn.state == CONN_IDLE &&
		    t->conn.in_at == t->conn.in_len) {
			close_slot(s, t);
			return true;
		}
	}
	return false;
}

/* Says 503 to a connection that gets no slot, as well as one send() can. */
static void
refuse(struct server *s, int fd)
{
	char space[512];
	struct buf b = buf_fixed(space, sizeof(space));
	ssize_t n;

	s->refused_n++;
	conn_error_reply(&b, ERR_BUSY, err_text(ERR_BUSY), STR_NONE, false,
	    false);
	if (s->tls == NULL) {
		n = send(fd, b.p, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		(void)n;
	}
	(void)shutdown(fd, SHUT_WR);
	close(fd);
}

static void
open_slot(struct server *s, int fd, const struct sockaddr_storage *from,
    bool side)
{
	struct server_slot *t;

	if (s->open_n >= s->config.conn_max && !evict_idle(s)) {
		refuse(s, fd);
		return;
	}
	if (s->slot_free != 0) {
		t = &s->slots[s->slot_free - 1];
		s->slot_free = t->next;
	} else {
		t = &s->slots[s->slot_used_n++];
	}
	conn_init(&t->conn, &s->config.limits, s->loop.now_ms);
	t->conn.draining = s->draining;
	t->fd = fd;
	t->open = true;
	t->side = side;
	t->readable = false;
	t->writable = true;
	t->hangup = false;
	t->submitted = false;
	t->done = false;
	write_address(from, t->peer);
	t->tls = NULL;
	if (s->tls != NULL && !side) {
		t->tls = (struct server_tls *)(void *)((char *)s->tls +
		    (size_t)(t - s->slots) * TLS_LEN);
		t->tls->begun = false;
		t->tls->id = NULL;
		t->tls->owed = 0;
		conn_expect(&t->conn, s->loop.now_ms +
		    s->config.limits.handshake_ms);
	}
	s->open_n++;
	if (loop_add(&s->loop, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
	    slot_key(s, t)) != ERR_OK) {
		close_slot(s, t);
		return;
	}
	loop_timer_set(&s->loop, &t->timer, t->conn.deadline_ms);
}

/* No descriptor is left: gives up the spare one to say so to the client, who
 * would otherwise wait in the backlog while this loop spins. */
static void
accept_without_fds(struct server *s, int listen_fd)
{
	int fd;

	if (s->spare_fd >= 0) {
		close(s->spare_fd);
	}
	fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		refuse(s, fd);
	}
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
on_listen(struct server *s, size_t which)
{
	int listen_fd = s->listen_fds[which];

	for (unsigned i = 0; i < ACCEPT_MAX_N; i++) {
		struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
		socklen_t from_len = sizeof(from);
		int fd = accept4(listen_fd, (struct sockaddr *)&from,
		    &from_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			s->accepted_n++;
			open_slot(s, fd, &from, s->listen_side[which]);
		} else if (errno == EMFILE || errno == ENFILE) {
			accept_without_fds(s, listen_fd);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* ---- draining ---- */

static void
close_listeners(struct server *s)
{
	for (unsigned i = 0; i < s->listen_n; i++) {
		close(s->listen_fds[i]);
	}
	s->listen_n = 0;
}

static void
drain_all(struct server *s, bool close_idle)
{
	for (uint32_t i = 0; i < s->slot_used_n; i++) {
		struct server_slot *t = &s->slots[i];

		if (t->open) {
			conn_drain(&t->conn, close_idle);
			if (t->stream != NULL) {
				t->stream->ending = close_idle;
			}
			drive(s, t);
		}
	}
}

/* How often somebody asked for the end. */
static unsigned
stop_count(struct server *s, bool signalled)
{
	if (signalled && loop_signal(&s->loop) != 0) {
		atomic_fetch_add(&s->stop_n, 1);
	}
	return atomic_load(&s->stop_n);
}

/* Goes on with draining. false: it is over. */
static bool
drain_step(struct server *s, bool signalled, int64_t *wait_ms)
{
	unsigned n = stop_count(s, signalled);
	int64_t now_ms = s->loop.now_ms;

	*wait_ms = -1;
	if (n == 0) {
		return true;
	}
	if (!s->draining) {
		s->draining = true;
		s->stop_ms = now_ms;
		if (s->config.draining != NULL) {
			atomic_store(s->config.draining, true);
		}
		drain_all(s, false);
	}
	if (n > 1) {
		return false;
	}
	if (s->listen_n > 0) {
		*wait_ms = s->stop_ms + s->config.grace_ms - now_ms;
		if (*wait_ms > 0) {
			return true;
		}
		close_listeners(s);
		drain_all(s, true);
	}
	*wait_ms = s->stop_ms + s->config.grace_ms + s->config.drain_ms -
	    now_ms;
	return s->open_n > 0 && *wait_ms > 0;
}

/* see server.h */
bool
server_run(struct server *s)
{
	bool signalled = false;
	int64_t wait_ms;

	while (drain_step(s, signalled, &wait_ms)) {
		size_t n = loop_wait(&s->loop,
		    s->turn_first != 0 ? 0 : wait_ms);
		bool news = false;

		signalled = false;
		for (size_t i = 0; i < n; i++) {
			uint64_t key = s->loop.events[i].data.u64;

			if (key == LOOP_KEY_WAKE) {
				news = true;
			} else if (key == LOOP_KEY_SIGNAL) {
				signalled = true;
			} else if (key >= KEY_LISTEN) {
				on_listen(s, (size_t)(key - KEY_LISTEN));
			} else {
				on_socket(s, key, s->loop.events[i].events);
			}
		}
		if (news) {
			on_news(s);
		}
		on_timers(s);
		on_turns(s);
	}
	return s->open_n == 0;
}

/* see server.h */
void
server_gauges(struct server *s, struct app_gauges *out)
{
	const struct pool_config *pool = &s->config.pool;
	unsigned busy_n = pool_busy_n(&s->pool);

	out->accepted_n = s->accepted_n;
	out->refused_n = s->refused_n;
	out->conn_n = s->open_n;
	out->conn_max = s->config.conn_max;
	out->stream_n = s->stream_n;
	out->stream_max = s->config.conn_max / 2 < SERVER_STREAM_MAX_N ?
	    s->config.conn_max / 2 : SERVER_STREAM_MAX_N;
	out->worker_n = pool->worker_n;
	out->running_n = busy_n < pool->worker_n ? busy_n : pool->worker_n;
	out->queue_n = busy_n - out->running_n;
	out->queue_max = pool->queue_n;
	out->budget_used = atomic_load_explicit(&s->pool.budget.used,
	    memory_order_relaxed);
	out->budget_max = s->pool.budget.max;
}

/* see server.h */
void
server_stop(struct server *s)
{
	atomic_fetch_add(&s->stop_n, 1);
	loop_wake(&s->loop);
}

/* ---- opening and closing ---- */

/* The descriptor limit is raised as far as it goes; connections get what the
 * workers leave. */
static void
limit_conns(struct server_config *config)
{
	rlim_t reserve = FD_RESERVE_N +
	    (rlim_t)config->pool.worker_n * FD_WORKER_N;
	struct rlimit limit;
	rlim_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return;
	}
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_cur > SERVER_CONN_MAX_N + reserve) {
		limit.rlim_cur = SERVER_CONN_MAX_N + reserve;
	}
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
		return;
	}
	most = limit.rlim_cur > 2 * reserve ? limit.rlim_cur - reserve :
	    limit.rlim_cur / 2;
	if (config->conn_max > most) {
		config->conn_max = (unsigned)most;
	}
}

/* Listens on one address; -1 with errno. */
static int
listen_on(const struct addrinfo *ai, bool dual_stack, uint16_t port)
{
	struct sockaddr_storage addr;
	int one = 1;
	int v6_only = !dual_stack;
	int saved;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);

	if (fd < 0) {
		return -1;
	}
	memcpy(&addr, ai->ai_addr, ai->ai_addrlen);
	if (ai->ai_family == AF_INET6) {
		((struct sockaddr_in6 *)(void *)&addr)->sin6_port =
		    htons(port);
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only,
		    sizeof(v6_only));
	} else {
		((struct sockaddr_in *)(void *)&addr)->sin_port = htons(port);
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	/* Accepted sockets inherit it: a reply never waits for an ACK. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&addr, ai->ai_addrlen) == 0 &&
	    listen(fd, SERVER_BACKLOG_N) == 0) {
		return fd;
	}
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static uint16_t
bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} addr;
	socklen_t len = sizeof(addr);

	memset(&addr, 0, sizeof(addr));
	if (getsockname(fd, &addr.any, &len) != 0) {
		return 0;
	}
	return ntohs(addr.any.sa_family == AF_INET6 ? addr.v6.sin6_port :
	    addr.v4.sin_port);
}

/* Resolves a host into *out. */
static enum err
resolve(struct str host, struct addrinfo **out, struct fail *f)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	struct str given = host;
	char name[256];

	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']') {
		host = str_sub(host, 1, host.len - 1);
	}
	if (host.len >= sizeof(name) ||
	    str_find_byte(host, '\0', 0) < host.len) {
		return fail_set(f, ERR_CONFIG, 0,
		    S("the host to listen on is not a host name"));
	}
	if (host.len > 0) {
		memcpy(name, host.p, host.len);
	}
	name[host.len] = '\0';
	if (getaddrinfo(host.len == 0 || str_eq(host, S("*")) ? NULL : name,
	    "0", &hints, out) != 0) {
		return fail_setf(f, ERR_DNS,
		    "the host to listen on, '%s', cannot be resolved", given);
	}
	return ERR_OK;
}

/* Listens on all addresses of a host; *port becomes the one in use. */
static enum err
open_listeners(struct server *s, struct str host, uint16_t *port, bool side,
    struct fail *f)
{
	struct addrinfo *list = NULL;
	bool only_one;
	uint16_t wanted = *port;
	unsigned before_n = s->listen_n;
	int error = 0;
	enum err err = resolve(host, &list, f);

	if (err != ERR_OK || list == NULL) {
		return err;
	}
	only_one = list->ai_next == NULL;
	for (struct addrinfo *ai = list; ai != NULL &&
	    s->listen_n < SERVER_LISTEN_MAX_N; ai = ai->ai_next) {
		int fd = listen_on(ai, only_one, *port);

		if (fd < 0) {
			/* A machine without IPv6 still has the other one. */
			error = errno == EAFNOSUPPORT ||
			    errno == EADDRNOTAVAIL ? error : errno;
			continue;
		}
		s->listen_fds[s->listen_n] = fd;
		s->listen_side[s->listen_n] = side;
		*port = bound_port(fd);
		err = loop_add(&s->loop, fd, EPOLLIN,
		    KEY_LISTEN + s->listen_n++);
		if (err != ERR_OK) {
			break;
		}
	}
	freeaddrinfo(list);
	if (error != 0 || (s->listen_n == before_n && err == ERR_OK)) {
		return fail_setf(f, ERR_CONNECT, error == EADDRINUSE ?
		    "port %u on '%s' is in use by another program" :
		    error == EACCES ?
		    "port %u on '%s' needs more rights than this user has" :
		    "cannot listen on port %u of '%s': no such address here",
		    (uint64_t)wanted, host);
	}
	return err;
}

static void *
map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void
unmap(void *p, size_t len)
{
	if (p != NULL) {
		munmap(p, len);
	}
}

static void
wake_loop(void *ctx)
{
	loop_wake(ctx);
}

/* see server.h */
enum err
server_open(struct server *s, const struct server_config *config,
    struct app_calls calls, struct fail *f)
{
	size_t n;
	enum err err;

	memset(s, 0, sizeof(*s));
	s->page_len = (size_t)sysconf(_SC_PAGESIZE);
	s->config = *config;
	s->calls = calls;
	limit_conns(&s->config);
	if (config->tls != NULL && s->config.conn_max >
	    SERVER_TLS_CONN_MAX_N) {
		s->config.conn_max = SERVER_TLS_CONN_MAX_N;
	}
	n = s->config.conn_max;
	MUST(n > 0);
	err = loop_open(&s->loop, s->config.conn_max, config->signals);
	if (err != ERR_OK) {
		return fail_set(f, err, 0, S("cannot set up the event loop"));
	}
	s->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s->port = s->config.port;
	s->side_port = (uint16_t)s->config.side_port;
	err = open_listeners(s, s->config.host, &s->port, false, f);
	if (err == ERR_OK && s->config.side_port >= 0) {
		err = open_listeners(s, s->config.side_host, &s->side_port,
		    true, f);
	}
	if (err != ERR_OK) {
		goto fail;
	}
	s->slots = map(n * sizeof(*s->slots));
	s->streams = map(SERVER_STREAM_MAX_N * sizeof(*s->streams));
	s->buffers = map(n * HTTP_HEAD_MAX);
	s->buffer_free = map(n * sizeof(*s->buffer_free));
	if (config->tls != NULL) {
		s->tls = map(n * TLS_LEN);
		s->sessions = map(sizeof(*s->sessions));
	}
	if (s->slots == NULL || s->streams == NULL || s->buffers == NULL ||
	    s->buffer_free == NULL ||
	    (config->tls != NULL && (s->tls == NULL || s->sessions == NULL))) {
		err = fail_set(f, ERR_NOMEM, 0,
		    S("no memory for the connections"));
		goto fail;
	}
	err = pool_start(&s->pool, &s->config.pool, calls, wake_loop,
	    &s->loop);
	if (err != ERR_OK) {
		err = fail_set(f, err, 0, S("cannot start the workers"));
		goto fail;
	}
	s->spare = pool_take(&s->pool);
	MUST(s->spare != NULL);
	return ERR_OK;
fail:
	(void)server_close(s);
	return err;
}

/* see server.h */
bool
server_close(struct server *s)
{
	size_t n = s->config.conn_max;

	close_listeners(s);
	if (s->spare != NULL) {
		for (uint32_t i = 0; i < s->slot_used_n; i++) {
			if (s->slots[i].open) {
				close_slot(s, &s->slots[i]);
			}
		}
		s->spare = NULL;
		if (!pool_stop(&s->pool)) {
			return false;
		}
	}
	if (s->spare_fd >= 0) {
		close(s->spare_fd);
	}
	unmap(s->slots, n * sizeof(*s->slots));
	unmap(s->streams, SERVER_STREAM_MAX_N * sizeof(*s->streams));
	unmap(s->buffers, n * HTTP_HEAD_MAX);
	unmap(s->buffer_free, n * sizeof(*s->buffer_free));
	unmap(s->tls, n * TLS_LEN);
	unmap(s->sessions, sizeof(*s->sessions));
	loop_close(&s->loop);
	return true;
}

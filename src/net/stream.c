/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dialing is a state machine that never waits: advance() moves it as far as it
 * goes now. Whoever polls asks for its descriptors and its next moment.
 */
#include "net/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proto/url.h"

enum state {
	LOOKUP,     /* the name is being resolved */
	CONNECTING, /* at least one attempt is open or to be made */
	OPEN,       /* connected: fd */
	FAILED      /* err says why */
};

struct tcp {
	enum state state;
	int fd;                   /* OPEN */
	enum err err;             /* FAILED */
	struct fail *f;           /* detail goes here until OPEN */
	int64_t deadline_ms;
	uint16_t port;
	char host[256];
	size_t host_len;
	struct resolve_ticket *ticket; /* LOOKUP */
	struct resolve_result found;   /* in the order to be tried */
	size_t next;              /* address to try next */
	int64_t next_ms;          /* when, if no attempt fails sooner */
	int attempts[STREAM_ATTEMPT_MAX];
	size_t attempt_n;
	int last_errno;           /* of the attempts that failed */
	struct stream_pool *pool;
	struct tcp *free_next;
};

struct stream_pool {
	pthread_mutex_t lock;
	struct arena *a;
	struct resolve *resolve;
	struct tcp *free;
	size_t n; /* made so far */
};

/* see stream.h */
int64_t
stream_mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* see stream.h */
size_t
stream_size(void)
{
	return sizeof(struct tcp);
}

/* see stream.h */
enum err
stream_pool_new(struct stream_pool **out, struct arena *a)
{
	struct stream_pool *p = ARENA_NEW(a, struct stream_pool);
	enum err err;

	if (p == NULL) {
		return ERR_NOMEM;
	}
	err = resolve_new(&p->resolve, a);
	if (err != ERR_OK) {
		return err;
	}
	p->a = a;
	(void)pthread_mutex_init(&p->lock, NULL);
	*out = p;
	return ERR_OK;
}

static struct tcp *
take(struct stream_pool *p)
{
	struct tcp *t;

	(void)pthread_mutex_lock(&p->lock);
	t = p->free;
	if (t != NULL) {
		p->free = t->free_next;
	} else if (p->n < SYS_STREAM_MAX) {
		t = ARENA_NEW(p->a, struct tcp);
		p->n += t != NULL;
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (t != NULL) {
		memset(t, 0, sizeof(*t));
		t->pool = p;
		t->fd = -1;
	}
	return t;
}

static void
give_back(struct tcp *t)
{
	struct stream_pool *p = t->pool;

	(void)pthread_mutex_lock(&p->lock);
	t->free_next = p->free;
	p->free = t;
	(void)pthread_mutex_unlock(&p->lock);
}

/* ---- dialing ---- */

static struct str
host_of(const struct tcp *t)
{
	return str_of(t->host, t->host_len);
}

static void
drop_ticket(struct tcp *t)
{
	if (t->ticket != NULL) {
		resolve_drop(t->pool->resolve, t->ticket);
		t->ticket = NULL;
	}
}

static void
drop_attempts(struct tcp *t)
{
	while (t->attempt_n > 0) {
		(void)close(t->attempts[--t->attempt_n]);
	}
}

static void
give_up(struct tcp *t, enum err err)
{
	drop_ticket(t);
	drop_attempts(t);
	t->state = FAILED;
	t->err = err;
}

static struct str
errno_reason(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return S("it refuses connections");
	case ENETUNREACH:
		return S("there is no route to its network");
	case EHOSTUNREACH:
		return S("the host cannot be reached");
	case ETIMEDOUT:
		return S("it does not answer");
	case ECONNRESET:
		return S("it reset the connection");
	case EACCES:
	case EPERM:
		return S("a local firewall or sandbox forbids it");
	case EMFILE:
	case ENFILE:
		return S("no file descriptor is left");
	case EADDRNOTAVAIL:
		return S("no local address or port is left for it");
	default:
		return S("the system failed");
	}
}

static void
fail_connect(struct tcp *t)
{
	(void)fail_setf(t->f, ERR_CONNECT, "no connection to %s port %u: %s "
	    "(errno %d; addresses tried: %u)", host_of(t), (uint64_t)t->port,
	    errno_reason(t->last_errno), (int64_t)t->last_errno,
	    (uint64_t)t->next);
	give_up(t, ERR_CONNECT);
}

static void
fail_timeout(struct tcp *t)
{
	if (t->state == LOOKUP) {
		(void)fail_setf(t->f, ERR_TIMEOUT, "looking up %s took too "
		    "long; does this machine reach its DNS server "
		    "(/etc/resolv.conf)?", host_of(t));
	} else {
		(void)fail_setf(t->f, ERR_TIMEOUT, "no connection to %s port "
		    "%u in time: nothing answers; a firewall or a missing "
		    "route, NAT gateway or VPC endpoint looks like this",
		    host_of(t), (uint64_t)t->port);
	}
	give_up(t, ERR_TIMEOUT);
}

/* IPv6 and IPv4 in turn, each in the order of the resolver (RFC 8305 4). */
static void
interleave(struct resolve_result *r)
{
	union resolve_address out[RESOLVE_ADDRESS_MAX];
	size_t at[2] = { 0, 0 };
	size_t n = 0;
	unsigned family = r->n > 0 && r->list[0].any.sa_family == AF_INET;

	/* The resolver's first address stays first: it sorts by what this
	 * machine can reach (RFC 6724). */
	for (size_t misses = 0; n < r->n && misses < 2;) {
		size_t *i = &at[family];

		while (*i < r->n && (r->list[*i].any.sa_family == AF_INET) !=
		    (family == 1)) {
			(*i)++;
		}
		if (*i < r->n) {
			out[n++] = r->list[(*i)++];
			misses = 0;
		} else {
			misses++;
		}
		family ^= 1;
	}
	memcpy(r->list, out, n * sizeof(out[0]));
}

static void
connected(struct tcp *t, int fd)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	for (size_t i = 0; i < t->attempt_n; i++) {
		if (t->attempts[i] != fd) {
			(void)close(t->attempts[i]);
		}
	}
	t->attempt_n = 0;
	t->fd = fd;
	t->f = NULL;
	t->state = OPEN;
}

/* Starts on the next address. */
static void
attempt(struct tcp *t)
{
	union resolve_address to = t->found.list[t->next++];
	socklen_t len = sizeof(to.v6);
	int fd;

	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (fd < 0) {
		t->last_errno = errno;
		return;
	}
	if (to.any.sa_family == AF_INET) {
		to.v4.sin_port = htons(t->port);
		len = sizeof(to.v4);
	} else {
		to.v6.sin6_port = htons(t->port);
	}
	if (connect(fd, &to.any, len) == 0) {
		connected(t, fd);
	} else if (errno == EINPROGRESS || errno == EINTR) {
		t->attempts[t->attempt_n++] = fd;
		t->next_ms = stream_mono_ms() + STREAM_ATTEMPT_MS;
	} else {
		t->last_errno = errno;
		(void)close(fd);
	}
}

/* Looks which attempts have ended. */
static void
check_attempts(struct tcp *t)
{
	for (size_t i = 0; i < t->attempt_n;) {
		struct pollfd p = { t->attempts[i], POLLOUT, 0 };
		int error = 0;
		socklen_t len = sizeof(error);

		if (poll(&p, 1, 0) <= 0 || p.revents == 0) {
			i++;
			continue;
		}
		if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) {
			error = errno;
		}
		if (error == 0) {
			connected(t, p.fd);
			return;
		}
		t->last_errno = error;
		(void)close(p.fd);
		t->attempts[i] = t->attempts[--t->attempt_n];
		t->next_ms = 0;
	}
}

static void
advance_lookup(struct tcp *t)
{
	enum err err = resolve_get(t->pool->resolve, t->ticket, &t->found);

	if (err == ERR_DNS) {
		(void)fail_setf(t->f, ERR_DNS, "the host name %s could not be "
		    "resolved: %s; check the name and this machine's DNS "
		    "(/etc/resolv.conf)", host_of(t),
		    resolve_reason(t->found.error));
		give_up(t, ERR_DNS);
	} else if (err == ERR_OK) {
		drop_ticket(t);
		interleave(&t->found);
		t->state = CONNECTING;
	}
}

/* Moves a dial on; does nothing to OPEN and FAILED. */
static void
advance(struct tcp *t)
{
	if (t->state == LOOKUP) {
		advance_lookup(t);
	}
	if (t->state == CONNECTING) {
		check_attempts(t);
	}
	while (t->state == CONNECTING && t->next < t->found.n &&
	    t->attempt_n < STREAM_ATTEMPT_MAX &&
	    (t->attempt_n == 0 || stream_mono_ms() >= t->next_ms)) {
		attempt(t);
	}
	if (t->state == CONNECTING && t->attempt_n == 0) {
		fail_connect(t);
	}
	if ((t->state == LOOKUP || t->state == CONNECTING) &&
	    stream_mono_ms() >= t->deadline_ms) {
		fail_timeout(t);
	}
}

/* A literal address needs no lookup. */
static bool
literal(struct tcp *t, struct str host)
{
	union resolve_address *to = &t->found.list[0];
	unsigned char v4[4];
	unsigned char v6[16];

	if (url_ipv4(host, v4)) {
		to->v4.sin_family = AF_INET;
		memcpy(&to->v4.sin_addr, v4, sizeof(v4));
	} else if (url_ipv6(host, v6)) {
		to->v6.sin6_family = AF_INET6;
		memcpy(&to->v6.sin6_addr, v6, sizeof(v6));
	} else {
		return false;
	}
	t->found.n = 1;
	return true;
}

/* ---- the stream ---- */

static long
error_of(int error)
{
	switch (error) {
	case EAGAIN:
		return -ERR_AGAIN;
	case ECONNRESET:
	case EPIPE:
	case ECONNABORTED:
		return -ERR_CLOSED;
	case ETIMEDOUT:
		return -ERR_TIMEOUT;
	default:
		return -ERR_IO;
	}
}

/* 0: connected; else what read and write have to answer. */
static long
not_open(struct tcp *t)
{
	advance(t);
	switch (t->state) {
	case OPEN:
		return 0;
	case FAILED:
		return -(long)t->err;
	default:
		return -ERR_AGAIN;
	}
}

static long
tcp_read(void *ctx, char *dst, size_t len)
{
	struct tcp *t = ctx;
	long no = not_open(t);
	ssize_t n;

	if (no != 0) {
		return no;
	}
	do {
		n = recv(t->fd, dst, len, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? error_of(errno) : (long)n;
}

static long
tcp_write(void *ctx, const char *src, size_t len)
{
	struct tcp *t = ctx;
	long no = not_open(t);
	ssize_t n;

	if (no != 0) {
		return no;
	}
	do {
		n = send(t->fd, src, len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? error_of(errno) : (long)n;
}

static void
tcp_close(void *ctx)
{
	struct tcp *t = ctx;

	drop_ticket(t);
	drop_attempts(t);
	if (t->fd >= 0) {
		(void)close(t->fd);
	}
	give_back(t);
}

/* see stream.h */
enum err
stream_dial(struct stream_pool *p, struct str host, uint16_t port,
    int64_t deadline_ms, struct stream *out, struct fail *f)
{
	struct tcp *t;

	if (!url_host_ok(host) || host.len >= sizeof(t->host)) {
		return fail_setf(f, ERR_DNS, "'%s' is not a host name", host);
	}
	t = take(p);
	if (t == NULL) {
		return fail_set(f, ERR_BUSY, 0,
		    S("too many connections are open at the same time"));
	}
	memcpy(t->host, host.p, host.len);
	t->host_len = host.len;
	t->port = port;
	t->deadline_ms = deadline_ms;
	t->f = f;
	if (literal(t, host)) {
		t->state = CONNECTING;
	} else {
		t->state = LOOKUP;
		t->ticket = resolve_ask(p->resolve, host);
		if (t->ticket == NULL) {
			give_back(t);
			return fail_setf(f, ERR_BUSY, "too many host names "
			    "are being looked up; is the DNS server gone? "
			    "(%s)", host);
		}
	}
	*out = (struct stream){ t, tcp_read, tcp_write, tcp_close };
	return ERR_OK;
}

/* ---- waiting ---- */

/* Most descriptors of one wait. */
#define POLL_MAX (EXCHANGE_MANY_MAX * STREAM_ATTEMPT_MAX + 1)

struct poll_set {
	struct pollfd list[POLL_MAX];
	size_t n;
	int64_t until_ms;
};

static void
poll_add(struct poll_set *p, int fd, short events)
{
	MUST(p->n < POLL_MAX);
	p->list[p->n++] = (struct pollfd){ fd, events, 0 };
}

static void
poll_until(struct poll_set *p, int64_t ms)
{
	p->until_ms = ms < p->until_ms ? ms : p->until_ms;
}

/* What has to happen for this stream to go on. */
static void
poll_stream(struct poll_set *p, struct tcp *t, unsigned want)
{
	switch (t->state) {
	case LOOKUP:
		poll_add(p, resolve_fd(t->ticket), POLLIN);
		poll_until(p, t->deadline_ms);
		break;
	case CONNECTING:
		for (size_t i = 0; i < t->attempt_n; i++) {
			poll_add(p, t->attempts[i], POLLOUT);
		}
		if (t->next < t->found.n && t->attempt_n < STREAM_ATTEMPT_MAX) {
			poll_until(p, t->next_ms);
		}
		poll_until(p, t->deadline_ms);
		break;
	default:
		poll_add(p, t->fd, (short)(((want & SYS_READ) ? POLLIN : 0) |
		    ((want & SYS_WRITE) ? POLLOUT : 0)));
	}
}

/* Readiness of the open streams; the others tell by advance(). Walks the same
 * order as the set was made in. */
static bool
collect(const struct poll_set *p, struct sys_wait *w, size_t n)
{
	size_t at = 0;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct tcp *t = w[i].stream->ctx;

		if (t->state == OPEN) {
			short got = p->list[at].revents;

			w[i].got = 0;
			if (got & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) {
				w[i].got |= w[i].want & SYS_READ;
			}
			if (got & (POLLOUT | POLLHUP | POLLERR | POLLNVAL)) {
				w[i].got |= w[i].want & SYS_WRITE;
			}
			any = any || w[i].got != 0;
		}
		at += t->state == CONNECTING ? t->attempt_n : 1;
	}
	return any;
}

/* Dials that have ended since the last look are ready for anything. */
static bool
advance_all(struct sys_wait *w, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		struct tcp *t = w[i].stream->ctx;
		bool dialing = t->state == LOOKUP || t->state == CONNECTING;

		w[i].got = 0;
		if (t->state != OPEN) {
			advance(t);
		}
		if (t->state == FAILED || (dialing && t->state == OPEN)) {
			w[i].got = w[i].want;
			any = true;
		}
	}
	return any;
}

/* Milliseconds for poll(): rounded up by the clock's own granularity. */
static int
poll_ms(int64_t until_ms)
{
	int64_t left = until_ms - stream_mono_ms();

	return left <= 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* see stream.h */
enum err
stream_wait(struct sys_wait *w, size_t n, int64_t deadline_ms,
    const struct cancel *cancel)
{
	bool watch = cancel != NULL && cancel->wake_fd > 0;

	MUST(n <= EXCHANGE_MANY_MAX);
	for (;;) {
		struct poll_set p = { .n = 0, .until_ms = deadline_ms };

		if (sys_cancelled(cancel)) {
			return ERR_CANCELLED;
		}
		if (advance_all(w, n)) {
			return ERR_OK;
		}
		for (size_t i = 0; i < n; i++) {
			poll_stream(&p, w[i].stream->ctx, w[i].want);
		}
		if (watch) {
			poll_add(&p, cancel->wake_fd, POLLIN);
		}
		if (poll(p.list, (nfds_t)p.n, poll_ms(p.until_ms)) > 0) {
			if (watch && p.list[p.n - 1].revents != 0) {
				/* Left over from an earlier job if not raised:
				 * do not look at it again. */
				watch = false;
				continue;
			}
			if (collect(&p, w, n)) {
				return ERR_OK;
			}
		}
		if (stream_mono_ms() >= deadline_ms) {
			return sys_cancelled(cancel) ? ERR_CANCELLED :
			    ERR_TIMEOUT;
		}
	}
}

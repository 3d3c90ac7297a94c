/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resolver's table. An entry is a name with its state; a ticket is a
 * counted reference to one. Everything is under one lock but getaddrinfo()
 * itself, which works on a copy of the name.
 */
#include "net/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state {
	FREE,
	QUEUED,  /* no thread has it yet */
	RUNNING, /* a thread is in getaddrinfo() */
	DONE     /* result stands */
};

struct resolve_ticket {
	enum state state;
	char host[256];
	unsigned ref_n;      /* tickets given out */
	int fd;              /* eventfd while not DONE, or while referenced */
	uint64_t order;      /* age: queued or used, the smaller the older */
	int64_t expires_ms;  /* of a DONE entry, monotonic */
	struct resolve_result result;
};

struct resolve {
	pthread_mutex_t lock;
	uint64_t order;
	unsigned thread_n;
	struct resolve_ticket entries[RESOLVE_CACHE_MAX];
};

static int64_t
mono_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* see resolve.h */
enum err
resolve_new(struct resolve **out, struct arena *a)
{
	struct resolve *r = ARENA_NEW(a, struct resolve);

	if (r == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < RESOLVE_CACHE_MAX; i++) {
		r->entries[i].fd = -1;
	}
	(void)pthread_mutex_init(&r->lock, NULL);
	*out = r;
	return ERR_OK;
}

/* The lookup itself, without the lock. */
static void
look_up(const char *host, struct resolve_result *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;

	memset(out, 0, sizeof(*out));
	out->error = getaddrinfo(host, NULL, &hints, &list);
	if (out->error != 0) {
		return;
	}
	for (struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		if (out->n < RESOLVE_ADDRESS_MAX && i->ai_addr != NULL &&
		    (i->ai_family == AF_INET || i->ai_family == AF_INET6) &&
		    i->ai_addrlen <= sizeof(out->list[0])) {
			memcpy(&out->list[out->n++], i->ai_addr,
			    i->ai_addrlen);
		}
	}
	freeaddrinfo(list);
	if (out->n == 0) {
		out->error = EAI_NONAME;
	}
}

static void
close_fd(struct resolve_ticket *t)
{
	if (t->fd >= 0) {
		(void)close(t->fd);
		t->fd = -1;
	}
}

static void
finish(struct resolve_ticket *t, const struct resolve_result *result)
{
	const uint64_t one = 1;

	t->result = *result;
	t->state = DONE;
	t->expires_ms = mono_ms() +
	    (result->n > 0 ? RESOLVE_KEEP_MS : RESOLVE_FAILED_MS);
	if (t->ref_n == 0) {
		close_fd(t);
	} else {
		/* An eventfd takes a first write always. */
		ssize_t n = write(t->fd, &one, sizeof(one));

		MUST(n == (ssize_t)sizeof(one));
	}
}

static struct resolve_ticket *
next_queued(struct resolve *r)
{
	struct resolve_ticket *best = NULL;

	for (size_t i = 0; i < RESOLVE_CACHE_MAX; i++) {
		struct resolve_ticket *t = &r->entries[i];

		if (t->state == QUEUED &&
		    (best == NULL || t->order < best->order)) {
			best = t;
		}
	}
	return best;
}

static void *
work(void *arg)
{
	struct resolve *r = arg;
	struct resolve_ticket *t;

	(void)pthread_mutex_lock(&r->lock);
	while ((t = next_queued(r)) != NULL) {
		struct resolve_result result;
		char host[sizeof(t->host)];

		t->state = RUNNING;
		memcpy(host, t->host, sizeof(host));
		(void)pthread_mutex_unlock(&r->lock);
		look_up(host, &result);
		(void)pthread_mutex_lock(&r->lock);
		finish(t, &result);
	}
	r->thread_n--;
	(void)pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* One more thread, if allowed. Signals are the main thread's business. */
static void
start_thread(struct resolve *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all;
	sigset_t before;

	if (r->thread_n == RESOLVE_THREAD_MAX) {
		return;
	}
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, RESOLVE_STACK_SIZE);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, &attr, work, r) == 0) {
		r->thread_n++;
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
}

/* An entry to use for a new name: free, else the stalest that nobody holds. */
static struct resolve_ticket *
make_room(struct resolve *r)
{
	struct resolve_ticket *best = NULL;

	for (size_t i = 0; i < RESOLVE_CACHE_MAX; i++) {
		struct resolve_ticket *t = &r->entries[i];

		if (t->state == FREE) {
			return t;
		}
		if (t->state == DONE && t->ref_n == 0 &&
		    (best == NULL || t->order < best->order)) {
			best = t;
		}
	}
	return best;
}

static struct resolve_ticket *
find(struct resolve *r, struct str host)
{
	for (size_t i = 0; i < RESOLVE_CACHE_MAX; i++) {
		struct resolve_ticket *t = &r->entries[i];

		if (t->state != FREE &&
		    str_ieq(str_from_z(t->host), host) &&
		    (t->state != DONE || mono_ms() < t->expires_ms)) {
			return t;
		}
	}
	return NULL;
}

static struct resolve_ticket *
queue(struct resolve *r, struct str host)
{
	struct resolve_ticket *t = make_room(r);
	int fd;

	if (t == NULL || host.len >= sizeof(t->host)) {
		return NULL;
	}
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0) {
		return NULL;
	}
	close_fd(t);
	memset(t, 0, sizeof(*t));
	memcpy(t->host, host.p, host.len);
	t->fd = fd;
	t->state = QUEUED;
	return t;
}

/* see resolve.h */
struct resolve_ticket *
resolve_ask(struct resolve *r, struct str host)
{
	struct resolve_ticket *t;

	(void)pthread_mutex_lock(&r->lock);
	t = find(r, host);
	if (t == NULL) {
		t = queue(r, host);
	}
	if (t != NULL) {
		t->order = ++r->order;
		t->ref_n++;
		if (t->state == QUEUED) {
			start_thread(r);
			if (r->thread_n == 0) {
				t->ref_n--;
				t->state = FREE;
				close_fd(t);
				t = NULL;
			}
		}
	}
	(void)pthread_mutex_unlock(&r->lock);
	return t;
}

/* see resolve.h */
int
resolve_fd(const struct resolve_ticket *t)
{
	return t->fd;
}

/* see resolve.h */
enum err
resolve_get(struct resolve *r, struct resolve_ticket *t,
    struct resolve_result *out)
{
	enum err err = ERR_AGAIN;

	(void)pthread_mutex_lock(&r->lock);
	if (t->state == DONE) {
		*out = t->result;
		err = out->n > 0 ? ERR_OK : ERR_DNS;
	}
	(void)pthread_mutex_unlock(&r->lock);
	return err;
}

/* see resolve.h */
void
resolve_drop(struct resolve *r, struct resolve_ticket *t)
{
	(void)pthread_mutex_lock(&r->lock);
	MUST(t->ref_n > 0);
	if (--t->ref_n == 0 && t->state == DONE) {
		close_fd(t);
	}
	(void)pthread_mutex_unlock(&r->lock);
}

/* see resolve.h */
struct str
resolve_reason(int error)
{
	switch (error) {
	case EAI_NONAME:
		return S("there is no such name");
	case EAI_AGAIN:
		return S("the DNS server does not answer");
	case EAI_FAIL:
		return S("the DNS server refuses or fails");
	case EAI_MEMORY:
		return S("not enough memory for the lookup");
	default:
		return S("the name has no address");
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll, lazy timers, eventfd and signalfd.
 *
 * Heap invariant: a place's key is at most its children's keys, and at most
 * the deadline of its timer. When the smallest key comes up and the deadline
 * is later, the place sinks to where the deadline belongs; only then is the
 * heap touched for a deadline that was put off.
 */
#include "net/loop.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/must.h"

/* see loop.h */
int64_t
loop_clock_ms(void)
{
	struct timespec ts;

	MUST(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static size_t
heap_size(const struct loop *l)
{
	return (size_t)l->timer_max * sizeof(*l->heap);
}

static enum err
open_signals(struct loop *l)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0) {
		return ERR_IO;
	}
	l->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (l->signal_fd < 0) {
		return ERR_IO;
	}
	return loop_add(l, l->signal_fd, EPOLLIN, LOOP_KEY_SIGNAL);
}

/* see loop.h */
enum err
loop_open(struct loop *l, uint32_t timer_max, bool signals)
{
	enum err err = ERR_IO;

	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->signal_fd = -1;
	l->heap_n = 0;
	l->timer_max = timer_max;
	l->now_ms = loop_clock_ms();
	l->heap = mmap(NULL, heap_size(l), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (l->heap == MAP_FAILED) {
		l->heap = NULL;
		err = ERR_NOMEM;
		goto fail;
	}
	if (l->epoll_fd < 0 || l->wake_fd < 0) {
		goto fail;
	}
	/* Edge-triggered: each write is an edge, nobody reads the counter. */
	err = loop_add(l, l->wake_fd, EPOLLIN | EPOLLET, LOOP_KEY_WAKE);
	if (err == ERR_OK && signals) {
		err = open_signals(l);
	}
	if (err == ERR_OK) {
		return ERR_OK;
	}
fail:
	loop_close(l);
	return err;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

/* see loop.h */
void
loop_close(struct loop *l)
{
	close_fd(&l->signal_fd);
	close_fd(&l->wake_fd);
	close_fd(&l->epoll_fd);
	if (l->heap != NULL) {
		munmap(l->heap, heap_size(l));
		l->heap = NULL;
	}
}

/* see loop.h */
enum err
loop_add(struct loop *l, int fd, uint32_t events, uint64_t key)
{
	struct epoll_event e = { .events = events, .data.u64 = key };

	return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0 ? ERR_OK :
	    ERR_IO;
}

/* see loop.h */
void
loop_remove(struct loop *l, int fd)
{
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* see loop.h */
size_t
loop_wait(struct loop *l, int64_t max_ms)
{
	int64_t wait_ms = max_ms;
	int n;

	if (l->heap_n > 0) {
		int64_t left_ms = l->heap[0].key_ms - l->now_ms;

		left_ms = left_ms < 0 ? 0 : left_ms;
		if (wait_ms < 0 || left_ms < wait_ms) {
			wait_ms = left_ms;
		}
	}
	/* An hour is as good as for ever, and fits an int. */
	wait_ms = wait_ms > 3600000 ? 3600000 : wait_ms;
	n = epoll_wait(l->epoll_fd, l->events, LOOP_EVENT_MAX_N, (int)wait_ms);
	l->now_ms = loop_clock_ms();
	MUST(n >= 0 || errno == EINTR);
	return n < 0 ? 0 : (size_t)n;
}

/* see loop.h */
void
loop_wake(struct loop *l)
{
	uint64_t one = 1;
	/* A full counter means that a wake-up is pending already. */
	ssize_t n = write(l->wake_fd, &one, sizeof(one));

	(void)n;
}

/* see loop.h */
int
loop_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (l->signal_fd < 0 ||
	    read(l->signal_fd, &info, sizeof(info)) != sizeof(info)) {
		return 0;
	}
	return (int)info.ssi_signo;
}

/* Puts `place` at index i and tells its timer. */
static void
put(struct loop *l, uint32_t i, struct loop_place place)
{
	l->heap[i] = place;
	place.timer->at = i + 1;
}

static void
rise(struct loop *l, uint32_t i)
{
	struct loop_place place = l->heap[i];

	while (i > 0 && l->heap[(i - 1) / 2].key_ms > place.key_ms) {
		put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(l, i, place);
}

static void
sink(struct loop *l, uint32_t i)
{
	struct loop_place place = l->heap[i];

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= l->heap_n) {
			break;
		}
		if (child + 1 < l->heap_n &&
		    l->heap[child + 1].key_ms < l->heap[child].key_ms) {
			child++;
		}
		if (l->heap[child].key_ms >= place.key_ms) {
			break;
		}
		put(l, i, l->heap[child]);
		i = child;
	}
	put(l, i, place);
}

/* see loop.h */
void
loop_timer_set(struct loop *l, struct loop_timer *t, int64_t deadline_ms)
{
	t->deadline_ms = deadline_ms;
	if (t->at == 0) {
		if (deadline_ms == INT64_MAX) {
			return;
		}
		MUST(l->heap_n < l->timer_max);
		l->heap[l->heap_n] = (struct loop_place){ deadline_ms, t };
		rise(l, l->heap_n++);
	} else if (deadline_ms < l->heap[t->at - 1].key_ms) {
		l->heap[t->at - 1].key_ms = deadline_ms;
		rise(l, t->at - 1);
	}
}

/* see loop.h */
void
loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	uint32_t i = t->at - 1;

	if (t->at == 0) {
		return;
	}
	t->at = 0;
	l->heap_n--;
	if (i < l->heap_n) {
		put(l, i, l->heap[l->heap_n]);
		rise(l, i);
		sink(l, i);
	}
}

/* see loop.h */
struct loop_timer *
loop_due(struct loop *l)
{
	while (l->heap_n > 0 && l->heap[0].key_ms <= l->now_ms) {
		struct loop_timer *t = l->heap[0].timer;

		if (t->deadline_ms <= l->now_ms) {
			loop_timer_stop(l, t);
			return t;
		}
		if (t->deadline_ms == INT64_MAX) {
			loop_timer_stop(l, t);
		} else {
			l->heap[0].key_ms = t->deadline_ms;
			sink(l, 0);
		}
	}
	return NULL;
}

/* see loop.h */
struct loop_timer *
loop_timer_peek(const struct loop *l, uint32_t i)
{
	return i < l->heap_n ? l->heap[i].timer : NULL;
}

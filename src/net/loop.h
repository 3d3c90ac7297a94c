/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop's parts: epoll, timers, a wake-up, and signals as events.
 *
 * The owner calls loop_wait(), looks at the events by their keys, and then asks
 * loop_due() until it returns NULL. Only loop_wake() may be called from
 * another thread.
 *
 * Timers are a binary min-heap over intrusive entries, and lazy: putting a
 * deadline off (what every request on a kept connection does) writes one
 * field; the heap notices when the old time comes. Ten thousand idle
 * connections cost one wake-up each per idle timeout.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base/err.h"

#define LOOP_EVENT_MAX_N 256

struct loop_timer {
	int64_t deadline_ms; /* when it is due; INT64_MAX: not at all */
	uint32_t at;         /* heap place + 1; 0: not in the heap */
};

/* One heap place: the key lies beside the pointer to save cache misses. */
struct loop_place {
	int64_t key_ms; /* at most timer->deadline_ms */
	struct loop_timer *timer;
};

struct loop {
	int epoll_fd;
	int wake_fd;   /* eventfd */
	int signal_fd; /* SIGTERM and SIGINT; -1: not asked for */
	int64_t now_ms; /* monotonic, as of the last loop_wait() */
	struct loop_place *heap; /* timer_max places, touched as used */
	uint32_t heap_n;
	uint32_t timer_max;
	struct epoll_event events[LOOP_EVENT_MAX_N];
};

/* Keys of the loop's own descriptors; the owner's keys stay below. */
#define LOOP_KEY_WAKE UINT64_MAX
#define LOOP_KEY_SIGNAL (UINT64_MAX - 1)

/* Opens everything. With `signals`, SIGTERM and SIGINT are blocked in this
 * thread and all it starts later, and arrive as LOOP_KEY_SIGNAL. ERR_IO. */
enum err loop_open(struct loop *l, uint32_t timer_max, bool signals) MUST_USE;
void loop_close(struct loop *l);
/* Watches fd; `events` as for epoll_ctl(). ERR_IO. */
enum err loop_add(struct loop *l, int fd, uint32_t events, uint64_t key)
    MUST_USE;
/* Stops watching fd without closing it. */
void loop_remove(struct loop *l, int fd);
/* Waits for events, the next timer or at most max_ms (-1: no limit), updates
 * now_ms, and returns how many l->events there are (0 is possible). */
size_t loop_wait(struct loop *l, int64_t max_ms);
/* Makes the loop_wait() that is running, or the next one, return with
 * LOOP_KEY_WAKE. From any thread. */
void loop_wake(struct loop *l);
/* Number of the signal that arrived, 0 for none. */
int loop_signal(struct loop *l);
/* The monotonic clock now. */
int64_t loop_clock_ms(void);

/* Sets a timer, zeroed at first; INT64_MAX: never. Cheap for later times. */
void loop_timer_set(struct loop *l, struct loop_timer *t, int64_t deadline_ms);
/* Takes a timer out; its memory may then go. */
void loop_timer_stop(struct loop *l, struct loop_timer *t);
/* The next timer that is due, out of the heap; NULL when none is. */
struct loop_timer *loop_due(struct loop *l);
/* The timer at heap place i (0: the earliest known time), or NULL. */
struct loop_timer *loop_timer_peek(const struct loop *l, uint32_t i);

#endif

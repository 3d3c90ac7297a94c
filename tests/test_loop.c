/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/loop: the timers against a plain table, with a clock that the test sets,
 * and the wake-up and signals of a real loop.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "net/loop.h"

#define TIMER_N 200

static struct loop loop;
static struct loop_timer timers[TIMER_N];

TEST(timers_come_when_they_are_due_and_only_then)
{
	uint64_t seed = 42;
	unsigned due_n = 0;

	memset(timers, 0, sizeof(timers));
	CHECK(loop_open(&loop, TIMER_N, false) == ERR_OK);
	for (int i = 0; i < TIMER_N; i++) {
		timers[i].deadline_ms = INT64_MAX;
	}
	loop.now_ms = 0;
	for (int round = 0; round < 20000; round++) {
		struct loop_timer *t = &timers[test_random(&seed) % TIMER_N];
		int64_t least_ms = INT64_MAX;
		struct loop_timer *due;

		switch (test_random(&seed) % 8) {
		case 0:
			loop_timer_stop(&loop, t);
			t->deadline_ms = INT64_MAX;
			break;
		case 1:
			loop_timer_set(&loop, t, INT64_MAX);
			break;
		case 2:
			loop.now_ms += (int64_t)(test_random(&seed) % 20);
			break;
		default:
			loop_timer_set(&loop, t, loop.now_ms + 1 +
			    (int64_t)(test_random(&seed) % 500));
			break;
		}
		while ((due = loop_due(&loop)) != NULL) {
			CHECK(due->deadline_ms <= loop.now_ms);
			CHECK_INT(due->at, 0);
			due->deadline_ms = INT64_MAX;
			due_n++;
		}
		/* Nothing that is due was left, and the heap is a heap. */
		for (int i = 0; i < TIMER_N; i++) {
			CHECK(timers[i].deadline_ms > loop.now_ms);
			if (timers[i].deadline_ms < least_ms) {
				least_ms = timers[i].deadline_ms;
			}
		}
		for (uint32_t i = 0; i < loop.heap_n; i++) {
			struct loop_place *p = &loop.heap[i];

			CHECK(loop_timer_peek(&loop, i) == p->timer);
			CHECK_INT(p->timer->at, i + 1);
			CHECK(p->key_ms <= p->timer->deadline_ms);
			CHECK(i == 0 ||
			    loop.heap[(i - 1) / 2].key_ms <= p->key_ms);
		}
		CHECK(least_ms == INT64_MAX ||
		    loop.heap[0].key_ms <= least_ms);
	}
	CHECK(due_n > 1000);
	CHECK(loop_timer_peek(&loop, loop.heap_n) == NULL);
	loop_close(&loop);
}

TEST(a_wait_ends_with_the_next_timer)
{
	struct loop_timer t = { .at = 0 };
	int64_t begin_ms = loop_clock_ms();

	CHECK(loop_open(&loop, 1, false) == ERR_OK);
	loop_timer_set(&loop, &t, begin_ms + 30);
	while (loop_due(&loop) == NULL) {
		CHECK_INT(loop_wait(&loop, -1), 0);
	}
	CHECK(loop.now_ms - begin_ms >= 30);
	CHECK(loop.now_ms - begin_ms < 5000);
	begin_ms = loop_clock_ms();
	CHECK_INT(loop_wait(&loop, 10), 0);
	CHECK(loop_clock_ms() - begin_ms >= 9);
	loop_close(&loop);
}

static void *
wake(void *arg)
{
	loop_wake(arg);
	return NULL;
}

TEST(each_wake_up_is_told_once)
{
	pthread_t thread;

	CHECK(loop_open(&loop, 1, false) == ERR_OK);
	for (int i = 0; i < 3; i++) {
		CHECK(pthread_create(&thread, NULL, wake, &loop) == 0);
		CHECK_INT(loop_wait(&loop, 5000), 1);
		CHECK(loop.events[0].data.u64 == LOOP_KEY_WAKE);
		pthread_join(thread, NULL);
		CHECK_INT(loop_wait(&loop, 0), 0);
	}
	loop_close(&loop);
}

TEST(signals_arrive_as_events)
{
	sigset_t old;

	pthread_sigmask(SIG_BLOCK, NULL, &old);
	CHECK(loop_open(&loop, 1, true) == ERR_OK);
	CHECK_INT(loop_signal(&loop), 0);
	kill(getpid(), SIGTERM);
	CHECK_INT(loop_wait(&loop, 5000), 1);
	CHECK(loop.events[0].data.u64 == LOOP_KEY_SIGNAL);
	CHECK_INT(loop_signal(&loop), SIGTERM);
	CHECK_INT(loop_wait(&loop, 0), 0);
	loop_close(&loop);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

TEST(a_descriptor_is_watched_until_it_is_removed)
{
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK(loop_open(&loop, 1, false) == ERR_OK);
	CHECK(loop_add(&loop, fds[0], EPOLLIN, 77) == ERR_OK);
	CHECK(loop_add(&loop, fds[0], EPOLLIN, 78) == ERR_IO);
	CHECK(write(fds[1], "x", 1) == 1);
	CHECK_INT(loop_wait(&loop, 5000), 1);
	CHECK(loop.events[0].data.u64 == 77);
	loop_remove(&loop, fds[0]);
	CHECK_INT(loop_wait(&loop, 0), 0);
	loop_close(&loop);
	close(fds[0]);
	close(fds[1]);
}

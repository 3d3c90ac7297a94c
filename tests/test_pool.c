/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/pool with real threads. The test thread plays the loop: its wake-up is a
 * semaphore, its app's run() does what the job's body says. Meant to be run
 * under MODE=tsan as well.
 */
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "net/loop.h"
#include "net/pool.h"

static struct pool pool;
static sem_t woken;  /* news are there */
static sem_t gate;   /* lets "wait" jobs go on */
static sem_t inside; /* a job is running */
static atomic_uint ran_n;
static atomic_uint refused_n;

static void
wake(void *ctx)
{
	(void)ctx;
	sem_post(&woken);
}

/* What a job does, by its body. */
static void
run(void *app, struct app_job *job)
{
	(void)app;
	atomic_fetch_add(&ran_n, 1);
	if (str_eq(job->body, S("gate"))) {
		sem_post(&inside);
		while (sem_wait(&gate) != 0) {
			continue;
		}
	} else if (str_eq(job->body, S("cancel"))) {
		/* Like a worker in the middle of a call to AWS. */
		struct pollfd fd = { job->cancel.wake_fd, POLLIN, 0 };

		sem_post(&inside);
		job->reply_head = poll(&fd, 1, 10000) == 1 &&
		    sys_cancelled(&job->cancel) ? S("cancelled") :
		    S("too late");
		return;
	} else if (str_eq(job->body, S("quiet"))) {
		/* Nobody cancelled this one: the wake-up must be silent. */
		struct pollfd fd = { job->cancel.wake_fd, POLLIN, 0 };

		job->reply_head = poll(&fd, 1, 50) == 0 ? S("quiet") :
		    S("woken by another job's cancel");
		return;
	} else if (str_starts(job->body, S("emit"))) {
		char text[16];

		sem_post(&inside);
		for (int i = 0; i < 100; i++) {
			snprintf(text, sizeof(text), "%02d,", i);
			if (!job->emit(job, str_of(text, 3))) {
				atomic_fetch_add(&refused_n, 1);
			}
		}
	} else if (str_eq(job->body, S("long"))) {
		static char text[APP_EMIT_MAX + 1];

		job->reply_head = !job->emit(job, str_of(text, sizeof(text)))
		    && job->emit(job, S("")) ? S("refused") : S("taken");
		return;
	}
	job->reply_head = job->body;
}

static bool
start(unsigned worker_n, unsigned queue_n)
{
	struct pool_config config = {
		.worker_n = worker_n,
		.queue_n = queue_n,
		.job_n = worker_n + queue_n + 8,
		.budget = 1 << 20,
		.arena_cap = 1 << 20,
	};
	struct app_calls calls = { .run = run };

	sem_init(&woken, 0, 0);
	sem_init(&gate, 0, 0);
	sem_init(&inside, 0, 0);
	atomic_store(&ran_n, 0);
	atomic_store(&refused_n, 0);
	return pool_start(&pool, &config, calls, wake, NULL) == ERR_OK;
}

static struct pool_job *
job_of(struct str body)
{
	struct pool_job *job = pool_take(&pool);

	job->app.body = body;
	job->app.deadline_ms = loop_clock_ms() + 10000;
	return job;
}

/* Waits at most five seconds. */
static bool
wait_sem(sem_t *sem)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 5;
	while (sem_timedwait(sem, &until) != 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* The next job that is done, after its wake-up; NULL: none came. */
static struct pool_job *
wait_done(void)
{
	for (;;) {
		bool done;
		struct pool_job *job = pool_news(&pool, &done);

		if (job != NULL && done) {
			return job;
		}
		if (job == NULL && !wait_sem(&woken)) {
			return NULL;
		}
	}
}

TEST(a_job_runs_and_comes_back)
{
	struct pool_job *job;

	CHECK(start(2, 4));
	job = job_of(S("hello"));
	CHECK(pool_submit(&pool, job));
	CHECK(wait_done() == job);
	CHECK_STR(job->app.reply_head, S("hello"));
	CHECK_INT(pool_busy_n(&pool), 0);
	pool_put(&pool, job);
	CHECK(pool_stop(&pool));
}

TEST(a_full_queue_says_no_at_once)
{
	struct pool_job *jobs[4];
	struct pool_job *late;

	CHECK(start(2, 2));
	for (int i = 0; i < 4; i++) {
		jobs[i] = job_of(S("gate"));
		CHECK(pool_submit(&pool, jobs[i]));
	}
	late = job_of(S("late"));
	CHECK(!pool_submit(&pool, late));
	pool_put(&pool, late);
	for (int i = 0; i < 4; i++) {
		sem_post(&gate);
	}
	for (int i = 0; i < 4; i++) {
		struct pool_job *job = wait_done();

		CHECK(job != NULL);
		pool_put(&pool, job);
	}
	late = job_of(S("late"));
	CHECK(pool_submit(&pool, late));
	CHECK(wait_done() == late);
	pool_put(&pool, late);
	CHECK(pool_stop(&pool));
}

TEST(a_cancel_wakes_a_waiting_job_and_not_the_next_one)
{
	struct pool_job *job;

	CHECK(start(1, 4));
	for (int i = 0; i < 20; i++) {
		job = job_of(S("cancel"));
		CHECK(pool_submit(&pool, job));
		if (i % 2 == 0) {
			CHECK(wait_sem(&inside));
		}
		/* Odd rounds: perhaps before it runs. */
		pool_cancel(&pool, job);
		CHECK(wait_done() == job);
		CHECK_STR(job->app.reply_head, S("cancelled"));
		/* Too late is harmless. */
		pool_cancel(&pool, job);
		pool_put(&pool, job);
		if (i % 2 == 1) {
			CHECK(wait_sem(&inside));
		}
	}
	job = job_of(S("quiet"));
	CHECK(pool_submit(&pool, job));
	CHECK(wait_done() == job);
	CHECK_STR(job->app.reply_head, S("quiet"));
	pool_put(&pool, job);
	CHECK(pool_stop(&pool));
}

/* Takes all pieces until the job is done; the text of them in `log`. */
static bool
collect(struct pool_job *want, struct buf *log)
{
	bool done = false;

	while (!done) {
		struct pool_job *job = pool_news(&pool, &done);
		struct pool_piece *piece;

		if (job == NULL && !wait_sem(&woken)) {
			return false;
		}
		if (job != want) {
			continue;
		}
		while ((piece = pool_piece_take(&pool, job)) != NULL) {
			buf_add(log, str_of(piece->data, piece->len));
			pool_piece_put(&pool, piece);
		}
	}
	return true;
}

TEST(emitted_pieces_arrive_in_order_before_the_reply)
{
	static char space[1000];
	struct buf log = buf_fixed(space, sizeof(space));
	struct pool_job *job;

	CHECK(start(2, 4));
	job = job_of(S("emit"));
	CHECK(pool_submit(&pool, job));
	CHECK(collect(job, &log));
	CHECK_INT(log.len, 300);
	for (int i = 0; i < 100; i++) {
		char want[16];

		snprintf(want, sizeof(want), "%02d,", i);
		CHECK_STR(str_of(log.p + 3 * i, 3), str_from_z(want));
	}
	CHECK_INT(job->piece_n, 0);
	pool_put(&pool, job);
	CHECK(pool_stop(&pool));
}

TEST(a_client_that_takes_nothing_stops_only_its_own_job)
{
	struct pool_job *slow, *other;

	CHECK(start(2, 4));
	slow = job_of(S("emit"));
	other = job_of(S("hello"));
	CHECK(pool_submit(&pool, slow));
	CHECK(wait_sem(&inside));
	CHECK(pool_submit(&pool, other));
	CHECK(wait_done() == other);
	pool_put(&pool, other);
	CHECK(atomic_load(&refused_n) == 0);
	/* The client goes away: the rest is refused, and the job ends. */
	pool_abandon(&pool, slow, false);
	CHECK(wait_done() == slow);
	CHECK(atomic_load(&refused_n) >= 100 - POOL_PIECE_JOB_MAX_N);
	CHECK(!sys_cancelled(&slow->app.cancel));
	CHECK(slow->abandoned);
	pool_put(&pool, slow);
	CHECK(pool_stop(&pool));
}

TEST(an_emission_over_its_limit_is_refused)
{
	struct pool_job *job;

	CHECK(start(1, 1));
	job = job_of(S("long"));
	CHECK(pool_submit(&pool, job));
	CHECK(wait_done() == job);
	CHECK_STR(job->app.reply_head, S("refused"));
	pool_put(&pool, job);
	CHECK(pool_stop(&pool));
}

TEST(a_job_waits_for_its_client_no_longer_than_its_deadline)
{
	struct pool_job *job;

	CHECK(start(1, 1));
	job = job_of(S("emit"));
	job->app.deadline_ms = loop_clock_ms() + 20;
	CHECK(pool_submit(&pool, job));
	/* The news of its pieces are not looked at. */
	CHECK(wait_done() == job);
	CHECK(atomic_load(&refused_n) > 0);
	pool_abandon(&pool, job, false);
	pool_put(&pool, job);
	CHECK(pool_stop(&pool));
}

TEST(the_budget_counts_what_jobs_hold)
{
	struct pool_job *job;

	CHECK(start(1, 1));
	CHECK(!pool_over_budget(&pool));
	job = job_of(S(""));
	job->app.arena.cap = 4 << 20;
	CHECK(arena_alloc(&job->app.arena, 900 << 10, 1) != NULL);
	CHECK(pool_over_budget(&pool));
	CHECK(arena_alloc(&job->app.arena, 2 << 20, 1) == NULL);
	pool_put(&pool, job);
	CHECK(!pool_over_budget(&pool));
	CHECK(atomic_load(&pool.budget.used) <= ARENA_KEEP_MAX);
	CHECK(pool_stop(&pool));
}

TEST(jobs_run_out_and_come_back_empty)
{
	struct pool_job *jobs[10];
	struct pool_job *job;

	CHECK(start(1, 1));
	for (int i = 0; i < 10; i++) {
		jobs[i] = pool_take(&pool);
		CHECK(jobs[i] != NULL);
	}
	CHECK(pool_take(&pool) == NULL);
	jobs[3]->app.rpc_id = S("7");
	jobs[3]->app.close_after = true;
	pool_put(&pool, jobs[3]);
	job = pool_take(&pool);
	CHECK(job == jobs[3] && job->app.rpc_id.p == NULL &&
	    !job->app.close_after && job->app.arena.used == 0);
	for (int i = 0; i < 10; i++) {
		pool_put(&pool, jobs[i]);
	}
	CHECK(pool_stop(&pool));
}

TEST(stopping_cancels_what_runs_and_forgets_what_waits)
{
	struct pool_job *jobs[3];

	CHECK(start(1, 2));
	for (int i = 0; i < 3; i++) {
		jobs[i] = job_of(S("cancel"));
		CHECK(pool_submit(&pool, jobs[i]));
	}
	CHECK(wait_sem(&inside));
	CHECK(pool_stop(&pool));
	CHECK_INT(atomic_load(&ran_n), 1);
}

TEST(many_jobs_of_all_kinds_come_back_once)
{
	static const struct str kinds[] = { STR_INIT("a"), STR_INIT("emit"),
	    STR_INIT("cancel"), STR_INIT("b") };
	uint64_t seed = 7;
	unsigned out_n = 0, back_n = 0;

	CHECK(start(4, 16));
	while (back_n < 400) {
		struct pool_job *job = out_n < 400 ? pool_take(&pool) : NULL;
		bool done = false;

		if (job != NULL) {
			job->app.body = kinds[test_random(&seed) % 4];
			job->app.deadline_ms = loop_clock_ms() + 5000;
			if (!pool_submit(&pool, job)) {
				pool_put(&pool, job);
			} else {
				out_n++;
				if (job->app.body.p == kinds[2].p) {
					pool_cancel(&pool, job);
				} else if (test_random(&seed) % 4 == 0) {
					pool_abandon(&pool, job, true);
				}
			}
		}
		job = pool_news(&pool, &done);
		if (job == NULL) {
			if (out_n == 400 || pool_busy_n(&pool) == 20) {
				CHECK(wait_sem(&woken));
			}
			continue;
		}
		for (struct pool_piece *piece = pool_piece_take(&pool, job);
		    piece != NULL; piece = pool_piece_take(&pool, job)) {
			pool_piece_put(&pool, piece);
		}
		if (done) {
			back_n++;
			pool_put(&pool, job);
		}
	}
	CHECK_INT(pool_busy_n(&pool), 0);
	CHECK(atomic_load(&pool.budget.used) <= 100 * ARENA_KEEP_MAX);
	CHECK(pool_stop(&pool));
}

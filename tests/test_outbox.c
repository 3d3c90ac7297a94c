/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/outbox with a real pool, whose workers do as the job's body says. The
 * test thread plays the loop.
 */
#include "test.h"

#include <semaphore.h>

#include "net/loop.h"
#include "net/outbox.h"

static struct pool pool;
static struct outbox box;
static sem_t woken, gate;
static struct str next[2];

static void
wake(void *ctx)
{
	(void)ctx;
	sem_post(&woken);
}

static void
run(void *app, struct app_job *job)
{
	(void)app;
	if (str_starts(job->body, S("emit"))) {
		job->emit(job, S("piece"));
	}
	if (str_ends(job->body, S("wait"))) {
		sem_wait(&gate);
	}
	job->reply_head = S("reply of ");
	job->reply_body = job->body;
}

static bool
start(void)
{
	struct pool_config config = { .worker_n = 2, .queue_n = 4,
	    .job_n = 16, .budget = 1 << 20, .arena_cap = 1 << 20 };
	struct app_calls calls = { .run = run };

	sem_init(&woken, 0, 0);
	sem_init(&gate, 0, 0);
	box = (struct outbox){ .job_n = 0 };
	return pool_start(&pool, &config, calls, wake, NULL) == ERR_OK;
}

static bool
end(void)
{
	bool clean = pool.held_n == 0;

	return pool_stop(&pool) && clean;
}

static struct pool_job *
fly(struct str body)
{
	struct pool_job *job = pool_take(&pool);

	job->app.body = body;
	job->app.rpc_id = body;
	job->app.deadline_ms = loop_clock_ms() + 10000;
	outbox_add_flight(&box, job);
	MUST(pool_submit(&pool, job));
	return job;
}

/* Takes news until `n` jobs are done; those of others are put back. */
static void
land(unsigned n)
{
	struct pool_job *job;
	bool done;

	while (n > 0) {
		sem_wait(&woken);
		while ((job = pool_news(&pool, &done)) != NULL) {
			n -= done;
			if (done && box.job_n > 0) {
				outbox_done(&box, &pool, job);
			} else if (done) {
				pool_put(&pool, job);
			}
		}
	}
}

TEST(a_reply_leaves_once_its_call_is_done)
{
	CHECK(start());
	CHECK(!outbox_next(&box, &pool, next));
	fly(S("one"));
	land(1);
	CHECK(outbox_next(&box, &pool, next));
	CHECK_STR(next[0], S("reply of "));
	CHECK_STR(next[1], S("one"));
	CHECK_INT(box.job_n, 1);
	CHECK(!outbox_next(&box, &pool, next));
	CHECK_INT(box.job_n, 0);
	CHECK(end());
}

TEST(a_piece_comes_before_replies_that_were_ready_earlier)
{
	struct pool_job *job;
	bool done;

	CHECK(start());
	fly(S("emit, wait"));
	sem_wait(&woken);
	while ((job = pool_news(&pool, &done)) != NULL) {
		CHECK(!done);
	}
	job = pool_take(&pool);
	job->app.reply_body = S("local");
	outbox_add_ready(&box, job);
	CHECK(outbox_next(&box, &pool, next));
	CHECK_STR(next[0], S("piece"));
	CHECK(outbox_next(&box, &pool, next));
	CHECK_STR(next[1], S("local"));
	CHECK(!outbox_next(&box, &pool, next));
	sem_post(&gate);
	land(1);
	CHECK(outbox_next(&box, &pool, next));
	CHECK_STR(next[1], S("emit, wait"));
	CHECK(!outbox_next(&box, &pool, next));
	CHECK(end());
}

TEST(a_cancelled_call_says_nothing_more)
{
	CHECK(start());
	fly(S("a wait"));
	CHECK(!outbox_cancel(&box, &pool, S("b wait")));
	CHECK(outbox_cancel(&box, &pool, S("a wait")));
	CHECK(!outbox_cancel(&box, &pool, S("a wait")));
	sem_post(&gate);
	land(1);
	CHECK(!outbox_next(&box, &pool, next));
	CHECK_INT(box.job_n, 0);
	CHECK(end());
}

TEST(a_cancelled_call_waits_for_its_piece_that_is_leaving)
{
	struct pool_job *job;
	bool done;

	CHECK(start());
	fly(S("emit, wait"));
	sem_wait(&woken);
	while ((job = pool_news(&pool, &done)) != NULL) {
		CHECK(!done);
	}
	CHECK(outbox_next(&box, &pool, next));
	CHECK(outbox_cancel(&box, &pool, S("emit, wait")));
	sem_post(&gate);
	land(1);
	CHECK_STR(next[0], S("piece"));
	CHECK_INT(pool.held_n, 1);
	CHECK(!outbox_next(&box, &pool, next));
	CHECK(end());
}

TEST(what_is_dropped_comes_back_to_the_pool)
{
	struct pool_job *job;

	CHECK(start());
	fly(S("emit"));
	land(1);
	job = pool_take(&pool);
	job->app.reply_body = S("local");
	outbox_add_ready(&box, job);
	CHECK(outbox_next(&box, &pool, next));
	job = fly(S("a wait"));
	outbox_drop(&box, &pool);
	CHECK(job->abandoned && sys_cancelled(&job->app.cancel));
	CHECK_INT(box.job_n, 0);
	CHECK_INT(pool.held_n, 1);
	sem_post(&gate);
	land(1);
	CHECK(end());
}

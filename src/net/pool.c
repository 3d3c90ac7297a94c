/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded queue, worker threads, news list, blocks for emitted pieces.
 *
 * One lock guards all lists; it is held for a few pointer writes only. What a
 * local request needs (take, charge, put) is the loop's alone and takes no
 * lock. The loop is woken once per batch of news: news_waked says that it was
 * told and has not looked yet.
 *
 * Cancel without races: a worker's eventfd is written only under the lock and
 * only while its job is RUNNING, and the worker empties it under the lock when
 * the job ends, so the next job never sees an older job's wake-up.
 */
#include "net/pool.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Free jobs that keep memory for the next request. */
#define KEEP_WARM_N 64

/* The sanitizers' frames are several times larger. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_SIZE (POOL_STACK_SIZE * 8)
#else
#define STACK_SIZE POOL_STACK_SIZE
#endif

/* see pool.h */
const struct pool_config pool_config_default = {
	.worker_n = POOL_WORKER_DEFAULT_N,
	.queue_n = POOL_QUEUE_DEFAULT_N,
	.job_n = POOL_JOB_DEFAULT_N,
	.budget = SERVER_BUDGET_DEFAULT,
	.arena_cap = JOB_ARENA_CAP,
};

static void *
map(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* Under the lock: tells the loop about the job. */
static void
add_news(struct pool *p, struct pool_job *job)
{
	if (job->in_news) {
		return;
	}
	job->in_news = true;
	job->news_next = NULL;
	if (p->news_last != NULL) {
		p->news_last->news_next = job;
	} else {
		p->news_first = job;
	}
	p->news_last = job;
	if (!p->news_waked) {
		p->news_waked = true;
		p->wake(p->wake_ctx);
	}
}

/* Under the lock: the queue's first job, or NULL. */
static struct pool_job *
dequeue(struct pool *p)
{
	struct pool_job *job = p->queue_first;

	if (job != NULL) {
		p->queue_first = job->next;
		if (p->queue_first == NULL) {
			p->queue_last = NULL;
		}
		p->queue_n--;
		job->next = NULL;
	}
	return job;
}

/* Under the lock: what a cancel that came too late left behind. */
static void
clear_wake(struct pool_worker *w)
{
	uint64_t count;
	ssize_t n = read(w->wake_fd, &count, sizeof(count));

	(void)n;
}

static void *
worker_main(void *arg)
{
	struct pool_worker *w = arg;
	struct pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct pool_job *job;

		while (p->queue_first == NULL && !p->stopping) {
			pthread_cond_wait(&p->work, &p->lock);
		}
		if (p->stopping) {
			break;
		}
		job = dequeue(p);
		job->stage = POOL_RUNNING;
		job->worker = (unsigned)(w - p->workers);
		job->app.cancel.wake_fd = w->wake_fd;
		w->job = job;
		p->running_n++;
		if (job->app.cancel.raised) {
			uint64_t one = 1;
			ssize_t n = write(w->wake_fd, &one, sizeof(one));

			(void)n;
		}
		pthread_mutex_unlock(&p->lock);
		p->calls.run(p->calls.app, &job->app);
		pthread_mutex_lock(&p->lock);
		if (job->app.cancel.raised) {
			clear_wake(w);
		}
		job->app.cancel.wake_fd = 0;
		job->stage = POOL_DONE;
		w->job = NULL;
		p->running_n--;
		add_news(p, job);
	}
	p->alive_n--;
	pthread_cond_broadcast(&p->space);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Under the lock: a block, or NULL. */
static struct pool_piece *
take_block(struct pool *p)
{
	struct pool_piece *piece = p->piece_free;

	if (piece != NULL) {
		p->piece_free = piece->next;
	} else if (p->piece_used_n < POOL_PIECE_MAX_N) {
		piece = &p->pieces[p->piece_used_n++];
	}
	return piece;
}

/* Under the lock: waits for a block until the job's deadline; NULL: none came,
 * or nobody wants it. */
static struct pool_piece *
wait_block(struct pool *p, struct pool_job *job)
{
	struct timespec until = {
		.tv_sec = (time_t)(job->app.deadline_ms / 1000),
		.tv_nsec = (long)(job->app.deadline_ms % 1000) * 1000000,
	};

	for (;;) {
		struct pool_piece *piece = NULL;

		if (job->abandoned || p->stopping ||
		    sys_cancelled(&job->app.cancel)) {
			return NULL;
		}
		if (job->piece_n < POOL_PIECE_JOB_MAX_N) {
			piece = take_block(p);
		}
		if (piece != NULL) {
			job->piece_n++;
			return piece;
		}
		if (pthread_cond_timedwait(&p->space, &p->lock, &until) != 0) {
			return NULL;
		}
	}
}

/* Under the lock. */
static void
give_block(struct pool *p, struct pool_piece *piece)
{
	piece->job->piece_n--;
	piece->next = p->piece_free;
	p->piece_free = piece;
	pthread_cond_broadcast(&p->space);
}

/* app_job.emit: see app.h */
static bool
emit(struct app_job *app, struct str bytes)
{
	struct pool_job *job = (struct pool_job *)app;
	struct pool *p = job->pool;
	struct pool_piece *piece;

	if (bytes.len == 0) {
		return true;
	}
	if (bytes.len > APP_EMIT_MAX) {
		return false;
	}
	pthread_mutex_lock(&p->lock);
	MUST(job->stage == POOL_RUNNING);
	piece = wait_block(p, job);
	if (piece != NULL) {
		piece->next = NULL;
		piece->job = job;
		piece->len = bytes.len;
		memcpy(piece->data, bytes.p, bytes.len);
		if (job->piece_last != NULL) {
			job->piece_last->next = piece;
		} else {
			job->piece_first = piece;
		}
		job->piece_last = piece;
		add_news(p, job);
	}
	pthread_mutex_unlock(&p->lock);
	return piece != NULL;
}

static enum err
start_worker(struct pool *p, struct pool_worker *w)
{
	pthread_attr_t attr;
	int rc;

	w->pool = p;
	w->job = NULL;
	w->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->wake_fd < 0) {
		return ERR_IO;
	}
	if (pthread_attr_init(&attr) != 0) {
		close(w->wake_fd);
		return ERR_NOMEM;
	}
	pthread_mutex_lock(&p->lock);
	rc = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (rc == 0) {
		rc = pthread_create(&w->thread, &attr, worker_main, w);
	}
	if (rc == 0) {
		p->worker_n++;
		p->alive_n++;
	}
	pthread_mutex_unlock(&p->lock);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		close(w->wake_fd);
		return ERR_NOMEM;
	}
	return ERR_OK;
}

/* see pool.h */
enum err
pool_start(struct pool *p, const struct pool_config *config,
    struct app_calls calls, void (*wake)(void *ctx), void *wake_ctx)
{
	pthread_condattr_t attr;

	MUST(config->worker_n >= 1 && config->worker_n <= POOL_WORKER_MAX_N);
	MUST(config->queue_n >= 1 && config->queue_n <= POOL_QUEUE_MAX_N);
	MUST(config->job_n > config->worker_n + config->queue_n);
	memset(p, 0, sizeof(*p));
	p->config = *config;
	p->budget.max = config->budget;
	p->calls = calls;
	p->wake = wake;
	p->wake_ctx = wake_ctx;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &attr);
	pthread_cond_init(&p->space, &attr);
	pthread_condattr_destroy(&attr);
	p->jobs = map(config->job_n * sizeof(*p->jobs));
	p->pieces = map(POOL_PIECE_MAX_N * sizeof(*p->pieces));
	if (p->jobs == NULL || p->pieces == NULL) {
		(void)pool_stop(p);
		return ERR_NOMEM;
	}
	for (unsigned i = 0; i < config->worker_n; i++) {
		enum err err = start_worker(p, &p->workers[i]);

		if (err != ERR_OK) {
			(void)pool_stop(p);
			return err;
		}
	}
	return ERR_OK;
}

/* Under the lock: raises the cancel of a submitted job. */
static void
raise_cancel(struct pool *p, struct pool_job *job)
{
	uint64_t one = 1;
	ssize_t n;

	atomic_store_explicit(&job->app.cancel.raised, true,
	    memory_order_release);
	if (job->stage == POOL_RUNNING) {
		n = write(p->workers[job->worker].wake_fd, &one, sizeof(one));
		(void)n;
	}
	pthread_cond_broadcast(&p->space);
}

/* Tells the workers to end and waits a while. true: all did. */
static bool
end_workers(struct pool *p)
{
	struct timespec until;
	int rc = 0;
	bool ended;

	MUST(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += POOL_STOP_MS / 1000;
	pthread_mutex_lock(&p->lock);
	p->stopping = true;
	for (unsigned i = 0; i < p->worker_n; i++) {
		if (p->workers[i].job != NULL) {
			raise_cancel(p, p->workers[i].job);
		}
	}
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->space);
	while (p->alive_n > 0 && rc == 0) {
		rc = pthread_cond_timedwait(&p->space, &p->lock, &until);
	}
	ended = p->alive_n == 0;
	pthread_mutex_unlock(&p->lock);
	return ended;
}

/* see pool.h */
bool
pool_stop(struct pool *p)
{
	if (!end_workers(p)) {
		return false;
	}
	for (unsigned i = 0; i < p->worker_n; i++) {
		pthread_join(p->workers[i].thread, NULL);
		close(p->workers[i].wake_fd);
	}
	p->worker_n = 0;
	for (unsigned i = 0; i < p->job_used_n; i++) {
		arena_free(&p->jobs[i].app.arena);
	}
	if (p->jobs != NULL) {
		munmap(p->jobs, p->config.job_n * sizeof(*p->jobs));
	}
	if (p->pieces != NULL) {
		munmap(p->pieces, POOL_PIECE_MAX_N * sizeof(*p->pieces));
	}
	p->jobs = NULL;
	p->pieces = NULL;
	p->job_used_n = 0;
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->space);
	pthread_mutex_destroy(&p->lock);
	return true;
}

/* see pool.h */
struct pool_job *
pool_take(struct pool *p)
{
	struct pool_job *job = p->free_first;
	struct app_job *app;

	if (job != NULL) {
		p->free_first = job->next;
		p->free_n--;
	} else if (p->job_used_n < p->config.job_n) {
		job = &p->jobs[p->job_used_n++];
		job->pool = p;
		arena_init(&job->app.arena, p->config.arena_cap);
		arena_share(&job->app.arena, &p->budget);
	} else {
		return NULL;
	}
	p->held_n++;
	MUST(job->stage == POOL_FREE);
	job->stage = POOL_LOOP;
	job->next = NULL;
	job->abandoned = false;
	app = &job->app;
	app->http = NULL;
	app->body = STR_NONE;
	app->peer = STR_NONE;
	app->keep_alive = false;
	app->close_after = false;
	app->survives_close = false;
	app->stream_head = STR_NONE;
	atomic_store(&app->begun, false);
	app->reply_head = STR_NONE;
	app->reply_body = STR_NONE;
	app->rpc_id = STR_NONE;
	app->conn = 0;
	app->again = false;
	app->side = false;
	app->stream = 0;
	app->answer = STR_NONE;
	app->state = NULL;
	app->emit = emit;
	app->cancel_call = NULL;
	app->deadline_ms = INT64_MAX;
	atomic_store_explicit(&app->cancel.raised, false,
	    memory_order_relaxed);
	app->cancel.wake_fd = 0;
	return job;
}

/* see pool.h */
void
pool_put(struct pool *p, struct pool_job *job)
{
	MUST(job->stage == POOL_LOOP || job->stage == POOL_DONE);
	MUST(job->piece_n == 0 && !job->in_news);
	if (p->free_n < KEEP_WARM_N) {
		arena_reset(&job->app.arena);
	} else {
		arena_free(&job->app.arena);
	}
	job->stage = POOL_FREE;
	job->next = p->free_first;
	p->free_first = job;
	p->free_n++;
	p->held_n--;
}

/* see pool.h */
bool
pool_over_budget(const struct pool *p)
{
	return atomic_load_explicit(
	    (atomic_size_t *)(uintptr_t)&p->budget.used,
	    memory_order_relaxed) > p->budget.max / 4 * 3;
}

/* see pool.h */
bool
pool_submit(struct pool *p, struct pool_job *job)
{
	bool taken;

	MUST(job->stage == POOL_LOOP);
	pthread_mutex_lock(&p->lock);
	/* A free worker is a place in the queue, too: with queue_n == 1 and
	 * two idle workers two calls may come at once. */
	taken = p->queue_n + p->running_n <
	    p->config.queue_n + p->config.worker_n && !p->stopping;
	if (taken) {
		job->stage = POOL_QUEUED;
		job->next = NULL;
		if (p->queue_last != NULL) {
			p->queue_last->next = job;
		} else {
			p->queue_first = job;
		}
		p->queue_last = job;
		p->queue_n++;
		pthread_cond_signal(&p->work);
	}
	pthread_mutex_unlock(&p->lock);
	return taken;
}

/* see pool.h */
void
pool_cancel(struct pool *p, struct pool_job *job)
{
	pthread_mutex_lock(&p->lock);
	raise_cancel(p, job);
	pthread_mutex_unlock(&p->lock);
}

/* Under the lock: forgets the pieces that nobody will send. */
static void
drop_pieces(struct pool *p, struct pool_job *job)
{
	while (job->piece_first != NULL) {
		struct pool_piece *piece = job->piece_first;

		job->piece_first = piece->next;
		give_block(p, piece);
	}
	job->piece_last = NULL;
}

/* see pool.h */
void
pool_abandon(struct pool *p, struct pool_job *job, bool cancel)
{
	pthread_mutex_lock(&p->lock);
	job->abandoned = true;
	drop_pieces(p, job);
	if (cancel) {
		raise_cancel(p, job);
	}
	pthread_cond_broadcast(&p->space);
	pthread_mutex_unlock(&p->lock);
}

/* see pool.h */
struct pool_job *
pool_news(struct pool *p, bool *done)
{
	struct pool_job *job;

	pthread_mutex_lock(&p->lock);
	job = p->news_first;
	if (job != NULL) {
		p->news_first = job->news_next;
		if (p->news_first == NULL) {
			p->news_last = NULL;
		}
		job->in_news = false;
		*done = job->stage == POOL_DONE;
	} else {
		p->news_waked = false;
	}
	pthread_mutex_unlock(&p->lock);
	return job;
}

/* see pool.h */
struct pool_piece *
pool_piece_take(struct pool *p, struct pool_job *job)
{
	struct pool_piece *piece;

	pthread_mutex_lock(&p->lock);
	piece = job->piece_first;
	if (piece != NULL) {
		job->piece_first = piece->next;
		if (job->piece_first == NULL) {
			job->piece_last = NULL;
		}
	}
	pthread_mutex_unlock(&p->lock);
	return piece;
}

/* see pool.h */
void
pool_piece_put(struct pool *p, struct pool_piece *piece)
{
	pthread_mutex_lock(&p->lock);
	give_block(p, piece);
	pthread_mutex_unlock(&p->lock);
}

/* see pool.h */
unsigned
pool_busy_n(struct pool *p)
{
	unsigned n;

	pthread_mutex_lock(&p->lock);
	n = p->queue_n + p->running_n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs and the worker threads that run those that wait for AWS.
 *
 * The loop takes a job, fills it and, when the app defers it, submits it to a
 * bounded queue: full means "no" at once, and the client gets 503. A worker
 * runs it, then puts it on the news list and wakes the loop, which sends the
 * reply. While it runs, a job may emit pieces of its reply; they travel on
 * the same list, in order, in blocks of a fixed stock, so a slow client stops
 * its own job and nobody else's memory.
 *
 * Who owns a job: the loop, but for the time between pool_submit() and the
 * pool_news() that returns it as done; in between one worker. The loop may
 * then call only pool_cancel(), pool_abandon() and the piece functions. A
 * worker never sees a connection; slot and generation are opaque to it.
 *
 * Memory: jobs and blocks are slabs that are touched as used; a free job keeps
 * its arena's first chunk while few are free. The arenas of all jobs
 * share one budget and never hold more; new work is refused from three quarters
 * of it on, so that what runs can end.
 */
#ifndef NET_POOL_H
#define NET_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app.h"
#include "base/err.h"
#include "base/limits.h"
#include "proto/http1.h"

struct pool;
struct pool_piece;

enum pool_stage {
	POOL_FREE,    /* on the free list */
	POOL_LOOP,    /* the loop's */
	POOL_QUEUED,  /* waits for a worker */
	POOL_RUNNING, /* a worker's */
	POOL_DONE     /* run; on the news list or back with the loop */
};

struct pool_job {
	struct app_job app;        /* first: either pointer is both */
	struct http1_request http; /* storage of app.http */
	struct pool *pool;
	struct pool_job *next;     /* free list or queue */
	struct pool_job *news_next; /* news list */
	struct pool_piece *piece_first; /* emitted and not yet taken */
	struct pool_piece *piece_last;
	unsigned piece_n;          /* emitted and not yet sent */
	enum pool_stage stage;     /* under the lock once submitted */
	unsigned worker;           /* while RUNNING */
	bool in_news;              /* is on the news list */
	bool abandoned;            /* nobody wants the reply */
	/* the front's own */
	uint32_t slot;             /* which connection */
	uint32_t generation;       /* which use of that slot */
	struct pool_job *flight_prev, *flight_next; /* stdio: calls in flight */
};

/* A copy of emitted bytes on its way to the client. */
struct pool_piece {
	struct pool_piece *next;
	struct pool_job *job;
	size_t len;
	char data[APP_EMIT_MAX];
};

struct pool_config {
	unsigned worker_n;  /* 1..POOL_WORKER_MAX_N */
	unsigned queue_n;   /* 1..POOL_QUEUE_MAX_N jobs waiting for a worker */
	unsigned job_n;     /* jobs in all; at least worker_n + queue_n + 1 */
	size_t budget;      /* bytes that all jobs together may hold */
	size_t arena_cap;   /* of one job */
};

/* What a front has unless it is told otherwise. */
extern const struct pool_config pool_config_default;

struct pool_worker {
	pthread_t thread;
	int wake_fd;        /* eventfd: the cancel of the job it runs */
	struct pool *pool;
	struct pool_job *job; /* running now, or NULL */
};

struct pool {
	struct pool_config config;
	struct app_calls calls;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* the queue is not empty, or stopping */
	pthread_cond_t space; /* blocks came back, or a job was abandoned */
	struct pool_job *queue_first, *queue_last;
	unsigned queue_n;
	unsigned running_n;
	struct pool_job *news_first, *news_last;
	bool news_waked;      /* the loop was told and has not looked yet */
	bool stopping;
	void (*wake)(void *ctx); /* wakes the loop; any thread */
	void *wake_ctx;
	struct pool_job *jobs;   /* slab of config.job_n */
	unsigned job_used_n;     /* of the slab, ever */
	struct pool_job *free_first;
	unsigned free_n;
	unsigned held_n;         /* jobs taken and not put back */
	struct pool_piece *pieces; /* slab of POOL_PIECE_MAX_N */
	unsigned piece_used_n;
	struct pool_piece *piece_free;
	struct pool_worker workers[POOL_WORKER_MAX_N];
	unsigned worker_n;       /* threads that were started */
	unsigned alive_n;        /* of them, not yet at their end */
	struct arena_budget budget; /* shared by the arenas of all jobs */
};

/* Starts the workers. `wake` is called, from any thread, when news are there.
 * Block signals before (loop_open() does). ERR_NOMEM, ERR_IO. */
enum err pool_start(struct pool *p, const struct pool_config *config,
    struct app_calls calls, void (*wake)(void *ctx), void *wake_ctx) MUST_USE;
/* Cancels what runs, forgets what is queued, and ends the workers. true: all
 * ended within POOL_STOP_MS, everything is freed. false: one is stuck (in name
 * resolution, say); *p and its memory have to stay until the process ends. */
bool pool_stop(struct pool *p);

/* ---- the loop's side ---- */

/* A job with an empty arena, or NULL when all are in use. */
struct pool_job *pool_take(struct pool *p) MUST_USE;
/* Gives a job back that the loop owns. */
void pool_put(struct pool *p, struct pool_job *job);
/* Three quarters of the budget are held: take no new work. */
bool pool_over_budget(const struct pool *p);
/* Hands the job to the workers. false: the queue is full, the job is still the
 * loop's. */
bool pool_submit(struct pool *p, struct pool_job *job) MUST_USE;
/* Raises a submitted job's cancel and wakes what it waits in. It still comes
 * back as done. */
void pool_cancel(struct pool *p, struct pool_job *job);
/* The client of a submitted job is gone: its pieces are dropped, further ones
 * refused; `cancel` raises the cancel, too. It still comes back as done. */
void pool_abandon(struct pool *p, struct pool_job *job, bool cancel);
/* The next job with news, or NULL. *done: it is run and the loop's again, after
 * its pieces; else it has pieces only. */
struct pool_job *pool_news(struct pool *p, bool *done);
/* The job's next piece, which the caller gives back when it is sent; NULL:
 * none. */
struct pool_piece *pool_piece_take(struct pool *p, struct pool_job *job);
void pool_piece_put(struct pool *p, struct pool_piece *piece);
/* Jobs queued and running. */
unsigned pool_busy_n(struct pool *p);

#endif

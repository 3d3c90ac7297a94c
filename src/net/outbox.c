/* SPDX-License-Identifier: Apache-2.0 */
/* see outbox.h */
#include "net/outbox.h"

/* see outbox.h */
void
outbox_add_flight(struct outbox *o, struct pool_job *job)
{
	job->flight_next = NULL;
	job->flight_prev = o->flight_last;
	if (o->flight_last != NULL) {
		o->flight_last->flight_next = job;
	} else {
		o->flight_first = job;
	}
	o->flight_last = job;
	o->job_n++;
}

/* see outbox.h */
void
outbox_remove_flight(struct outbox *o, struct pool_job *job)
{
	if (job->flight_prev != NULL) {
		job->flight_prev->flight_next = job->flight_next;
	} else {
		o->flight_first = job->flight_next;
	}
	if (job->flight_next != NULL) {
		job->flight_next->flight_prev = job->flight_prev;
	} else {
		o->flight_last = job->flight_prev;
	}
	o->job_n--;
}

/* see outbox.h */
void
outbox_add_ready(struct outbox *o, struct pool_job *job)
{
	job->next = NULL;
	if (o->ready_last != NULL) {
		o->ready_last->next = job;
	} else {
		o->ready_first = job;
	}
	o->ready_last = job;
	o->ready_n++;
	o->job_n++;
}

static struct pool_job *
take_ready(struct outbox *o)
{
	struct pool_job *job = o->ready_first;

	if (job != NULL) {
		o->ready_first = job->next;
		if (o->ready_first == NULL) {
			o->ready_last = NULL;
		}
		job->next = NULL;
		o->ready_n--;
	}
	return job;
}

/* see outbox.h */
void
outbox_done(struct outbox *o, struct pool *p, struct pool_job *job)
{
	outbox_remove_flight(o, job);
	if (!job->abandoned && (job->piece_n > 0 ||
	    job->app.reply_head.len + job->app.reply_body.len > 0)) {
		outbox_add_ready(o, job);
	} else if (o->piece != NULL && o->piece->job == job) {
		/* The piece that is just leaving is put first. */
		job->app.reply_head = STR_NONE;
		job->app.reply_body = STR_NONE;
		outbox_add_ready(o, job);
	} else {
		pool_put(p, job);
	}
}

static void
put_last(struct outbox *o, struct pool *p)
{
	if (o->piece != NULL) {
		pool_piece_put(p, o->piece);
		o->piece = NULL;
	}
	if (o->job != NULL) {
		pool_put(p, o->job);
		o->job = NULL;
		o->job_n--;
	}
}

/* see outbox.h */
bool
outbox_next(struct outbox *o, struct pool *p, struct str out[static 2])
{
	out[0] = S("");
	out[1] = S("");
	do {
		put_last(o, p);
		/* Progress first: it is small and somebody waits for it. */
		for (struct pool_job *job = o->flight_first; job != NULL &&
		    o->piece == NULL; job = job->flight_next) {
			o->piece = pool_piece_take(p, job);
		}
		if (o->piece == NULL && o->ready_first != NULL) {
			o->piece = pool_piece_take(p, o->ready_first);
		}
		if (o->piece != NULL) {
			out[0] = str_of(o->piece->data, o->piece->len);
			return true;
		}
		o->job = take_ready(o);
		if (o->job == NULL) {
			return false;
		}
		out[0] = o->job->app.reply_head;
		out[1] = o->job->app.reply_body;
	} while (out[0].len + out[1].len == 0);
	return true;
}

/* see outbox.h */
bool
outbox_cancel(struct outbox *o, struct pool *p, struct str rpc_id)
{
	for (struct pool_job *job = o->flight_first; job != NULL;
	    job = job->flight_next) {
		if (!job->abandoned && str_eq(job->app.rpc_id, rpc_id)) {
			pool_abandon(p, job, true);
			return true;
		}
	}
	return false;
}

/* see outbox.h */
void
outbox_drop(struct outbox *o, struct pool *p)
{
	struct pool_job *job;

	put_last(o, p);
	while ((job = take_ready(o)) != NULL) {
		pool_abandon(p, job, false);
		pool_put(p, job);
	}
	for (job = o->flight_first; job != NULL; job = job->flight_next) {
		pool_abandon(p, job, true);
	}
	*o = (struct outbox){ .job_n = 0 };
}

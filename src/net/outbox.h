/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one stream of messages has to send, and the calls whose answers will
 * travel on it: standard output, or an event stream.
 *
 * Three places hold its jobs: those in flight (at the pool, in the order they
 * came), those ready (with pieces or a reply to send, in the order that became
 * known), and the one whose bytes are leaving. A job can be in flight and ready
 * at once, while it emits pieces. Loop thread only.
 */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include <stdbool.h>

#include "base/str.h"
#include "net/pool.h"

/* Zeroed: empty. */
struct outbox {
	struct pool_job *flight_first, *flight_last;
	struct pool_job *ready_first, *ready_last; /* linked by `next` once the
	                              * pool is through with that field */
	unsigned ready_n;
	unsigned job_n;               /* in all three places */
	struct pool_piece *piece;     /* whose data is leaving; or NULL */
	struct pool_job *job;         /* whose reply is leaving; or NULL */
};

/* The job will be submitted: before that, as it may be back at once. */
void outbox_add_flight(struct outbox *o, struct pool_job *job);
/* ...and it was not. */
void outbox_remove_flight(struct outbox *o, struct pool_job *job);
/* The reply of a job that is the loop's is to be sent. */
void outbox_add_ready(struct outbox *o, struct pool_job *job);
/* A job came back as done. */
void outbox_done(struct outbox *o, struct pool *p, struct pool_job *job);
/* What was given out last has left; gives out the next bytes, not empty. false:
 * there are none. */
bool outbox_next(struct outbox *o, struct pool *p, struct str out[static 2]);
/* Cancels the oldest call in flight with this id; nothing is sent for it any
 * more. false: there is none. */
bool outbox_cancel(struct outbox *o, struct pool *p, struct str rpc_id);
/* Nobody takes the bytes any more: empties the outbox and cancels what is in
 * flight. Those jobs come back as done and abandoned, for pool_put(). */
void outbox_drop(struct outbox *o, struct pool *p);

#endif

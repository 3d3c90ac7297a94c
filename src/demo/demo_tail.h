/* SPDX-License-Identifier: Apache-2.0 */
/*
 * StartLiveTail of the demo account: an event stream that goes on.
 *
 * The first reply holds sessionStart; from then on demo_tail_next() gives one
 * sessionUpdate a second with what the journal says came since, as AWS does,
 * empty ones too. Past 500 events in one update the rest is left out and the
 * update says that it is sampled.
 */
#ifndef DEMO_DEMO_TAIL_H
#define DEMO_DEMO_TAIL_H

#include "base/buf.h"
#include "demo/demo_answer.h"

/* One update a second. */
#define DEMO_TAIL_STEP_MS 1000

struct demo_tail;

/* Writes the first event to x->out's buffer and sets x->tail. */
demo_answer_fn demo_tail_start; /* StartLiveTail */
/* Appends the update of the moment now_ms. */
void demo_tail_next(struct demo_tail *t, int64_t now_ms, struct buf *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests a second, kept under AWS's quotas.
 *
 * CloudWatch and Logs allow so many requests a second for each operation,
 * account and region; above that they throttle everybody who uses the
 * account, not only us. A token bucket for each of these triples lets the
 * first requests pass at once, as many as the quota of one second, and then
 * one after the other a little slower than the quota. Operations that are not
 * in the table are not paced.
 *
 * A bucket is one number, the time at which it will be full again (the
 * generic cell rate algorithm, ITU-T I.371 Annex A): a request moves it on by
 * one interval, and may go when it lies less than one second's worth ahead.
 * So a turn is taken when it is asked for and kept even if the caller gives
 * up waiting for it.
 *
 * Pure: time comes in, the caller holds its lock. Quotas: CloudWatch and
 * CloudWatch Logs service quotas, User Guides; where documents differ by date
 * or region, the lowest. QueryMetrics, GetSeries and GetLabels are what the
 * User Guide calls the PromQL paths; they are paced like the slowest reads of
 * metrics.
 */
#ifndef AWS_PACE_H
#define AWS_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/str.h"

struct pace_bucket {
	uint64_t key;     /* hash of account, region and operation; 0: free */
	int64_t full_us;  /* monotonic; before now: full */
};

/* Zeroed: all buckets full. */
struct pace {
	struct pace_bucket buckets[PACE_BUCKET_N];
};

/* Takes a turn for a request. `account` is anything that stands for one: its
 * id, or the access key where nobody knows it. Returns the monotonic time in
 * ms at which the request may be sent, now_ms at the earliest; -1 when that
 * would be after latest_ms, and then no turn is taken and *turn_ms says when it
 * would have been. percent: of the quota that is used; 0: no pacing. */
int64_t pace_take(struct pace *p, struct str account, struct str region,
    struct str operation, int64_t percent, int64_t now_ms, int64_t latest_ms,
    int64_t *turn_ms);
/* Requests in ten seconds that the quota of an operation allows; 0: not in the
 * table. */
int64_t pace_quota(struct str operation);

#endif

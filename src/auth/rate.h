/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often one caller may ask: a bucket of a minute's calls for each, which
 * fills up again evenly.
 *
 * RATE_SET_N * RATE_WAY_N callers are told apart; where more are active at the
 * same time, the one whose bucket is fullest is forgotten, who loses nothing
 * much by it. SYS_LOCK_AUTH guards the table.
 */
#ifndef AUTH_RATE_H
#define AUTH_RATE_H

#include <stdint.h>

#include "auth/caller.h"
#include "base/arena.h"
#include "base/sys.h"

struct rate;

/* Buckets of `per_minute` (1 to 100,000) calls. NULL: no memory. */
struct rate *rate_new(const struct sys *sys, int64_t per_minute,
    struct arena *a);
/* Takes one call from the bucket of a caller; one that nobody vouches for is
 * known by its address. 0: go on; else milliseconds until there is one. */
int64_t rate_take(struct rate *r, const struct auth_caller *caller,
    struct str peer);

#endif

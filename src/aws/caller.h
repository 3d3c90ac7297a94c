/* SPDX-License-Identifier: Apache-2.0 */
/*
 * On whose behalf AWS is asked, where that is not this server itself: which
 * profiles may be named, and where the keys come from. Filled in by whoever
 * knows callers; the folder aws/ only keeps to it.
 */
#ifndef AWS_CALLER_H
#define AWS_CALLER_H

#include <stddef.h>

#include "aws/keys.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"

struct aws_caller {
	/* Patterns (str_matches()) of the profiles that may be named; NULL:
	 * all that the server allows. */
	const struct str *profiles;
	size_t profile_n;
	/* Finds keys of the caller's own, copied into the arena; may wait until
	 * the deadline. Its error is the call's: the server's own keys are
	 * never used in their place, and no profile can be named. NULL: the
	 * caller reads with the server's keys. */
	enum err (*keys)(void *ctx, int64_t deadline_ms,
	    const struct cancel *cancel, struct arena *a,
	    struct creds_keys *out, struct fail *f);
	/* AWS called these keys expired. May be NULL. */
	void (*drop)(void *ctx, struct str access_key_id);
	void *ctx;
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS as the caller: a caller's token is exchanged at STS for temporary keys of
 * a role (AssumeRoleWithWebIdentity), and the caller's calls run with these
 * alone. The token has to be one that was issued for us and whose audience the
 * role's trust policy names too.
 *
 * Keys are kept for the pair of token and role, never for a person: who comes
 * with another token, or a token that has ended, has no part in them. They are
 * used until USER_ROLE_MARGIN_MS before their end or the token's own end,
 * whichever is first. Several requests with the same token ask STS once. What
 * AWS refused is remembered for USER_ROLE_AGAIN_MS. Old keys are wiped.
 *
 * The session is named after the e-mail address or the subject, so that
 * CloudTrail tells who it was. SYS_LOCK_AUTH guards the table and is held for
 * copying only.
 *
 * AWS STS API Reference, AssumeRoleWithWebIdentity.
 */
#ifndef AUTH_USER_ROLE_H
#define AUTH_USER_ROLE_H

#include <stdint.h>

#include "auth/caller.h"
#include "aws/sts.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/sys.h"

struct user_role;

/* All of it outlives the result. */
struct user_role_setup {
	const struct sys *sys;
	const struct transport *transport;
	const struct log *log;  /* may be NULL */
	struct str role_arn;    /* of callers who have none of their own */
	struct str endpoint;    /* URL of STS */
	struct str region;      /* its signing region */
	int64_t duration_s;     /* of a session: 900 to 43,200; 0: an hour */
};

/* An empty table in `a`; its slots come from memory of its own as they are
 * needed. NULL: no memory. */
struct user_role *user_role_new(const struct user_role_setup *setup,
    struct arena *a);
/* Wipes all keys. No other thread may be inside this file. */
void user_role_free(struct user_role *u);
/* Keys for a caller that came with a token (caller->token), copied into `a`.
 * Waits for STS until the deadline. ERR_AWS_* with a sentence, ERR_BUSY (more
 * callers than fit), ERR_TIMEOUT, ERR_CANCELLED, ERR_NOMEM. */
enum err user_role_keys(struct user_role *u, const struct auth_caller *caller,
    int64_t deadline_ms, const struct cancel *cancel, struct arena *a,
    struct creds_keys *out, struct fail *f) MUST_USE;
/* AWS called these keys expired: the next user_role_keys() exchanges anew. */
void user_role_drop(struct user_role *u, struct str access_key_id);

#endif

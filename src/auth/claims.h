/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verified JWT says about its subject, wherever its issuer put it:
 * groups, scopes, e-mail, times.
 */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/caller.h"
#include "base/arena.h"
#include "proto/json.h"

/* Fills groups (groups, cognito:groups, roles), scopes (scope, scp) and email
 * of *out, which is absent where email_verified says no. At most
 * OIDC_NAME_MAX_N of each are taken. false: no memory. */
bool claims_gather(struct arena *a, const struct json *claims,
    struct auth_caller *out) MUST_USE;
/* NumericDate (RFC 7519 2), which may have a fraction, as milliseconds. */
bool claims_moment(const struct json *v, int64_t *ms) MUST_USE;

#endif

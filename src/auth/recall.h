/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens that were verified lately, and who they stand for, so that a token
 * that is presented again costs a comparison.
 *
 * A token is kept whole and compared byte by byte in constant time, which is
 * cheaper than its digest; one that does not fit into OIDC_TOKEN_TEXT_MAX
 * together with its claims is not kept. The end of its signature picks a set
 * of OIDC_TOKEN_WAY_N; in a full set the one that ends first gives way. All
 * bytes are wiped when they are given up.
 *
 * SYS_LOCK_AUTH guards it and is held for copying and comparing only.
 */
#ifndef AUTH_RECALL_H
#define AUTH_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/caller.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/sys.h"

struct recall;

/* A memory of set_n sets, each token for hold_ms at most and not beyond its
 * own end. NULL: no memory. */
struct recall *recall_new(struct arena *a, const struct sys *sys,
    size_t set_n, int64_t hold_ms);
/* Wipes it. No other thread may be inside this file. */
void recall_free(struct recall *r);

/* Fills *out as it was put, with slices in `a` (kind and issuer as they were)
 * and out->token the token itself. false: not known, or `a` is full. */
bool recall_find(struct recall *r, struct str token, struct arena *a,
    struct auth_caller *out) MUST_USE;
/* who->issuer is not copied and has to outlive r; who->tools and profiles are
 * not kept. */
void recall_put(struct recall *r, struct str token,
    const struct auth_caller *who);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public keys of trusted issuers: discovered, fetched, cached, rotated.
 * The rules are in auth/oidc.h; this is where they are kept.
 *
 * One thread fetches an issuer's keys at a time. Others go on with the keys
 * that are there, and wait only where theirs is not among them. A fetch that
 * fails, or that brings no usable key, changes nothing but its sentence.
 */
#ifndef AUTH_KEYRING_H
#define AUTH_KEYRING_H

#include "auth/jws.h"
#include "auth/oidc.h"

struct keyring;

/* As oidc_new(), of whose setup it looks at everything but audiences, scopes
 * and groups. */
enum err keyring_new(struct arena *a, const struct oidc_setup *setup,
    struct keyring **out, struct fail *f) MUST_USE;

/* Copies the key that issuer i signs with: of that id (absent: the only one
 * that fits) and fitting alg. ERR_MISSING: the issuer has no such key.
 * Otherwise it is not known whether it has: the error of the fetch,
 * ERR_TIMEOUT, ERR_CANCELLED, ERR_NOMEM. */
enum err keyring_find(struct keyring *k, size_t i, const struct jws_alg *alg,
    struct str kid, const struct oidc_want *want, struct jwks_key *out)
    MUST_USE;

/* See oidc_refresh_due() and oidc_state(). */
int64_t keyring_refresh_due(struct keyring *k, const struct cancel *cancel);
void keyring_state(struct keyring *k, size_t i, struct arena *a,
    struct oidc_state *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of JSON Web Tokens (RFC 7518 3): which algorithms there are, and
 * whether one key made one signature.
 *
 * RS256, RS384, RS512, PS256, ES256, ES384. The algorithm has to fit the key:
 * its type, its curve, and the key's own `alg` where it has one, so that no
 * key is ever used for what it was not made for (RFC 8725 3.1). There is no
 * symmetric algorithm in the table, and no "none".
 *
 * Public-key operations over public data: nothing here is secret.
 */
#ifndef AUTH_JWS_H
#define AUTH_JWS_H

#include <stdbool.h>

#include "base/str.h"
#include "proto/jwks.h"

struct jws_alg;

/* The algorithm of that name (case-sensitive); NULL: not accepted. */
const struct jws_alg *jws_alg(struct str name);
/* The key may verify signatures of that algorithm. */
bool jws_fits(const struct jws_alg *alg, const struct jwks_key *key);
/* The key made this signature over these bytes. false as well where the key
 * does not fit or the signature has not exactly the length it must have. */
bool jws_verify(const struct jws_alg *alg, const struct jwks_key *key,
    struct str signed_bytes, struct str signature) MUST_USE;

#endif

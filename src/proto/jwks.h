/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Key Sets (RFC 7517): the public keys of an issuer.
 *
 * Taken are keys that can verify a signature we know: RSA with a modulus of
 * JWKS_RSA_MIN_BITS to JWKS_RSA_MAX_BITS and an odd exponent from 3 on, EC on
 * P-256 and P-384. Every other key of a set is passed over, as RFC 7517 5
 * wants: other types and curves, `use` other than "sig", `key_ops` without
 * "verify", a key id longer than JWKS_KID_MAX, members that are missing.
 * Symmetric keys ("oct") are thereby never taken.
 *
 * Whether a point lies on its curve is checked where it is used (BearSSL).
 * Not supported: certificates (x5c, x5u), Ed25519, P-521.
 */
#ifndef PROTO_JWKS_H
#define PROTO_JWKS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum jwks_type {
	JWKS_RSA,
	JWKS_P256,
	JWKS_P384
};

/* A key by value: nothing in it points anywhere. */
struct jwks_key {
	enum jwks_type type;
	uint8_t kid_len;    /* 0: has none */
	uint8_t alg_len;    /* 0: any algorithm of its type */
	uint8_t e_len;      /* RSA */
	uint16_t n_len;     /* bytes of `n` */
	char kid[JWKS_KID_MAX];
	char alg[8];
	uint8_t e[8];       /* RSA exponent, big endian, no leading zero */
	uint8_t n[JWKS_RSA_MAX_BITS / 8]; /* RSA modulus, as e; EC: the point,
	                     * 04 x y */
};

static inline struct str
jwks_kid(const struct jwks_key *k)
{
	return str_of(k->kid, k->kid_len);
}

/* Reads a set into keys[0..cap); *n are the usable ones, of which those beyond
 * cap are dropped. The tree of the text takes room in the arena. Errors as
 * json_parse(), and ERR_TYPE where there is no array "keys". */
enum err jwks_parse(struct arena *a, struct str text, struct jwks_key *keys,
    size_t cap, size_t *n, struct fail *f) MUST_USE;

#endif

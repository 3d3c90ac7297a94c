/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Tokens as text: a compact JWS (RFC 7515 7.1) into its parts.
 *
 *	token   = header "." payload "." signature     each BASE64URL
 *	header  = JSON object with "alg"; "kid" and "typ" where there are any
 *	payload = JSON object, the claims (RFC 7519)
 *
 * Nothing is verified here. One token has one reading: base64url is strict
 * (no padding, no stray bits, no white space), both objects refuse members
 * that come twice (RFC 7515 4 and RFC 7519 4 allow to), and the length is
 * bounded by JWT_TOKEN_MAX.
 *
 * Not supported: encrypted tokens (JWE), the JSON serialisation, detached and
 * unencoded payloads (RFC 7797).
 */
#ifndef PROTO_JWT_H
#define PROTO_JWT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "proto/json.h"

enum jwt_flag {
	JWT_PADDED = 1 /* parts may carry their '=' (AWS load balancers) */
};

/* Slices of the token and memory of the arena. */
struct jwt {
	struct str signing_input; /* header "." payload, as they came */
	struct str signature;     /* decoded; may be empty (alg "none") */
	const struct json *header;
	const struct json *claims;
	struct str alg;           /* never empty */
	struct str kid;           /* absent when there is none */
	struct str typ;           /* absent when there is none */
};

/* Three parts of base64url characters, the first two not empty: has the form
 * of a JWT, whatever it holds. */
bool jwt_is_compact(struct str token) MUST_USE;

/* ERR_LIMIT (longer than JWT_TOKEN_MAX), ERR_SYNTAX and the other codes of
 * json_parse(), ERR_TYPE (alg, kid or typ is not text), ERR_MISSING (no alg),
 * ERR_NOMEM. *out is whole only on ERR_OK. */
enum err jwt_parse(struct arena *a, struct str token, unsigned flags,
    struct jwt *out, struct fail *f) MUST_USE;

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key sets. What is taken has the bounds of its type; the same set read into
 * less room gives the first of the same keys; each key, written anew, reads
 * back as itself; and no key, however it was chosen, verifies a signature of
 * zeros: that is BearSSL on hostile moduli and points.
 */
#include <string.h>

#include "auth/jws.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/must.h"
#include "proto/json.h"
#include "proto/jwks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define CAP 6

static void
check_bounds(const struct jwks_key *k)
{
	size_t point = k->type == JWKS_P256 ? 65 : 97;

	MUST(k->alg_len <= sizeof(k->alg));
	if (k->type != JWKS_RSA) {
		MUST(k->n_len == point && k->n[0] == 4 && k->e_len == 0);
		return;
	}
	MUST(k->n_len >= JWKS_RSA_MIN_BITS / 8 && k->n_len <= sizeof(k->n));
	MUST(k->n[0] != 0 && k->n[k->n_len - 1] % 2 == 1);
	MUST(k->e_len > 0 && k->e_len <= sizeof(k->e) && k->e[0] != 0);
	MUST(k->e[k->e_len - 1] % 2 == 1 && (k->e_len > 1 || k->e[0] > 1));
}

static void
put(struct arena *a, struct json_writer *w, struct str key, const uint8_t *p,
    size_t len)
{
	struct buf b = buf_in(a, 2048);

	enc_base64url(&b, enc_bytes(p, len));
	json_put_string(w, key, buf_str(&b));
}

/* The key as a set of its own. */
static struct str
write_key(struct arena *a, const struct jwks_key *k)
{
	struct buf b = buf_in(a, 8192);
	struct json_writer w = json_writer(&b);
	size_t half = (size_t)(k->n_len / 2);

	json_begin_object(&w);
	json_key(&w, S("keys"));
	json_begin_array(&w);
	json_begin_object(&w);
	if (k->type == JWKS_RSA) {
		json_put_string(&w, S("kty"), S("RSA"));
		put(a, &w, S("n"), k->n, k->n_len);
		put(a, &w, S("e"), k->e, k->e_len);
	} else {
		json_put_string(&w, S("kty"), S("EC"));
		json_put_string(&w, S("crv"), k->type == JWKS_P256 ?
		    S("P-256") : S("P-384"));
		put(a, &w, S("x"), k->n + 1, half);
		put(a, &w, S("y"), k->n + 1 + half, half);
	}
	json_put_string(&w, S("kid"), jwks_kid(k));
	json_put_string(&w, S("alg"), str_of(k->alg, k->alg_len));
	json_end_object(&w);
	json_end_array(&w);
	json_end_object(&w);
	MUST(buf_ok(&b));
	return buf_str(&b);
}

static void
verify_zeros(const struct jwks_key *k)
{
	static const char zeros[JWKS_RSA_MAX_BITS / 8];
	const struct jws_alg *alg = jws_alg(k->type == JWKS_RSA ? S("RS256") :
	    k->type == JWKS_P256 ? S("ES256") : S("ES384"));
	size_t len = k->type == JWKS_RSA ? k->n_len :
	    k->type == JWKS_P256 ? 64 : 96;

	MUST(alg != NULL);
	MUST(!jws_verify(alg, k, S("signed"), str_of(zeros, len)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct jwks_key keys[CAP], again[CAP];
	struct str in = str_of((const char *)data, len);
	struct arena a;
	size_t n, n2;

	arena_init(&a, JOB_ARENA_CAP);
	if (jwks_parse(&a, in, keys, CAP, &n, NULL) == ERR_OK) {
		MUST(n <= CAP);
		for (size_t cap = 0; cap < n; cap++) {
			MUST(jwks_parse(&a, in, again, cap, &n2, NULL) ==
			    ERR_OK && n2 == cap);
			MUST(memcmp(keys, again, cap * sizeof(keys[0])) == 0);
		}
		for (size_t i = 0; i < n; i++) {
			check_bounds(&keys[i]);
			MUST(jwks_parse(&a, write_key(&a, &keys[i]), again,
			    CAP, &n2, NULL) == ERR_OK && n2 == 1);
			MUST(memcmp(&keys[i], again, sizeof(keys[i])) == 0);
		}
		if (n > 0) {
			verify_zeros(&keys[n - 1]);
		}
	} else {
		MUST(n == 0);
	}
	arena_free(&a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens and key sets. What parses as a token has the form of one, stays
 * within its length, and reads the same when padding is allowed as well; what
 * parses as a set holds keys within their bounds.
 */
#include "base/must.h"
#include "proto/jwks.h"
#include "proto/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct jwks_key keys[4];
	struct str in = str_of((const char *)data, len);
	struct arena a;
	struct jwt j;
	struct jwt again;
	struct fail f;
	size_t n;

	arena_init(&a, JOB_ARENA_CAP);
	fail_init(&f, &a);
	if (jwt_parse(&a, in, 0, &j, &f) == ERR_OK) {
		MUST(jwt_is_compact(in) && len <= JWT_TOKEN_MAX);
		MUST(j.signature.len <= len && j.alg.len > 0);
		MUST(j.signing_input.len < len);
		MUST(jwt_parse(&a, in, JWT_PADDED, &again, &f) == ERR_OK);
		MUST(str_eq(j.signature, again.signature));
	} else {
		(void)!jwt_parse(&a, in, JWT_PADDED, &again, &f);
	}
	if (jwks_parse(&a, in, keys, 4, &n, &f) == ERR_OK) {
		MUST(n <= 4);
		for (size_t i = 0; i < n; i++) {
			MUST(keys[i].n_len > 0);
			MUST(keys[i].n_len <= sizeof(keys[i].n));
			MUST((keys[i].type == JWKS_RSA) ==
			    (keys[i].e_len > 0));
		}
	}
	arena_free(&a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures. The input is a request: lines of method, path, query, then
 * "name:value" headers, an empty line and the body.
 *
 * An arbitrary request never verifies. The same request, signed, verifies; and
 * with any byte of its signed parts changed it does not.
 */
#include "base/limits.h"
#include "base/must.h"
#include "proto/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NOW_MS INT64_C(1440938160000)

static const struct sigv4_keys keys = { .access_key = STR_INIT("AKID"),
    .secret = STR_INIT("a secret that the fuzzer does not know: 8d1f") };
static const struct sigv4_policy policy = { .now_ms = NOW_MS,
    .skew_ms = 900000 };

static enum err
verify(struct arena *a, const struct sigv4_request *r)
{
	struct sigv4_parsed p;
	enum err err = sigv4_parse(a, r, &p, NULL);

	return err != ERR_OK ? err :
	    sigv4_verify(a, r, &p, &keys, &policy, NULL, NULL);
}

/* Flips one bit of one part and expects a refusal. */
static void
flip(struct arena *a, struct sigv4_request *r, struct str *part, size_t at)
{
	struct str good = *part;
	struct str copy = str_dup(a, good);

	if (good.len > 0 && copy.p != NULL) {
		((char *)(uintptr_t)copy.p)[at % good.len] ^= 1;
		*part = copy;
		MUST(verify(a, r) != ERR_OK);
		*part = good;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str rest = str_of((const char *)data, len);
	struct http1_header h[24] = { { S("Host"), S("h") } };
	struct sigv4_request r = { .headers = h, .header_n = 1 };
	struct sigv4_scope scope = { NOW_MS, S("us-east-1"), S("logs") };
	struct sigv4_signed out;
	struct arena a;

	r.method = str_cut(&rest, '\n');
	r.path = str_cut(&rest, '\n');
	r.query = str_cut(&rest, '\n');
	while (rest.p != NULL && r.header_n < 20) {
		struct str line = str_cut(&rest, '\n');

		if (line.len == 0) {
			break;
		}
		h[r.header_n].name = str_cut(&line, ':');
		h[r.header_n++].value = line;
	}
	r.body = rest;
	arena_init(&a, JOB_ARENA_CAP);
	MUST(verify(&a, &r) != ERR_OK);
	r.header_n = 1; /* hostile headers could forbid a good signature */
	if (sigv4_sign(&a, &r, &keys, &scope, &out, NULL) == ERR_OK) {
		for (size_t i = 0; i < out.add_n; i++) {
			h[r.header_n++] = out.add[i];
		}
		if (verify(&a, &r) == ERR_OK) {
			flip(&a, &r, &r.method, len);
			flip(&a, &r, &r.body, len);
			flip(&a, &r, &h[0].value, len);
			flip(&a, &r, &h[1].value, len * 7);
		} else {
			struct str q = r.query;

			/* Only a second signature in the query may object. */
			MUST(str_find(q, S("X-Amz-Signature"), 0) < q.len ||
			    str_find_byte(q, '%', 0) < q.len);
		}
	}
	arena_free(&a);
	return 0;
}

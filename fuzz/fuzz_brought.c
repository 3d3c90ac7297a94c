/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials in a header. What is accepted is temporary, not over, printable,
 * shown with four characters of its key id at most, and reads the same in the
 * other alphabet; what is called a token of this form is base64.
 */
#include "auth/brought.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "base/must.h"
#include "proto/chars.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(struct str text, bool again)
{
	static const struct http1_request none = { .header_n = 0 };
	struct brought_way way = { .tls = true, .now_ms = 1795176000000 };
	struct auth_caller who;
	struct auth_refusal no;
	struct creds_keys k;
	struct arena a;
	struct buf b;
	struct buf url;

	arena_init(&a, JOB_ARENA_CAP);
	if (brought_check(&none, text, &way, &a, &who, &k, &no) == AUTH_OK) {
		MUST(a.secret && k.expires_ms > way.now_ms);
		MUST(str_starts(k.access_key_id, S("ASIA")));
		MUST(chars_skip(k.token.p, k.token.p + k.token.len,
		    CHARS_VISIBLE) == k.token.p + k.token.len);
		MUST(chars_skip(k.secret.p, k.secret.p + k.secret.len,
		    CHARS_VISIBLE) == k.secret.p + k.secret.len);
		MUST(who.subject.len <= 12 + 4 + 4);
		b = buf_in(&a, AUTH_TOKEN_MAX);
		url = buf_in(&a, AUTH_TOKEN_MAX + 4);
		MUST(enc_base64_either_decode(&b, text));
		enc_base64url(&url, buf_str(&b));
		if (!again) {
			check(buf_str(&url), true);
		}
	} else {
		MUST(!again && who.subject.p == NULL && k.secret.p == NULL);
		MUST(no.why.p != NULL || no.verdict == AUTH_MISSING);
	}
	if (brought_is_token(text)) {
		MUST(text.len >= 20 && text.len <= AUTH_TOKEN_MAX);
	}
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct arena a;
	struct buf b;

	/* as it is, and as what the base64 stands for */
	check(str_of((const char *)data, len), false);
	arena_init(&a, JOB_ARENA_CAP);
	b = buf_in(&a, (size_t)64 * 1024);
	enc_base64(&b, str_of((const char *)data, len));
	check(buf_str(&b), false);
	arena_free(&a);
	return 0;
}

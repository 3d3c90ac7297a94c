/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header fields of a request before every way of authentication that there
 * is. Whoever is let in presented the one token or the one gateway's header
 * that is known; nothing is fetched before auth_check() said so, and nothing at
 * all for what cannot be good; asking again gives the same answer; a challenge
 * repeats nothing and is one line of a header.
 */
#include <string.h>

#include "auth/auth.h"
#include "base/limits.h"
#include "base/must.h"
#include "jwt_vectors.h"

#define TOKEN "0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned asked_n;

static int64_t
now(void *ctx)
{
	(void)ctx;
	return 1795176000000;
}

static void
turn(void *ctx, enum sys_lock which)
{
	(void)ctx;
	(void)which;
}

static enum err
read_file(void *ctx, struct str path, struct buf *out)
{
	(void)ctx;
	buf_add(out, str_eq(path, S("/tokens")) ?
	    S("ci:" TOKEN ":alarms:dev-*\n") : S("p:AKIALOCAL1:" TOKEN "\n"));
	return ERR_OK;
}

/* The issuer's keys, to whoever asks. */
static void
answer(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		asked_n++;
		x[i]->err = ERR_OK;
		x[i]->status = 200;
		x[i]->response_n = 0;
		x[i]->response_body = S(JWT_KEYS);
	}
}

static enum err
sleep_until(void *ctx, int64_t mono_ms, const struct cancel *cancel)
{
	(void)ctx;
	(void)mono_ms;
	(void)cancel;
	return ERR_CANCELLED;
}

static enum err
fill(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	memset(dst, 7, len);
	return ERR_OK;
}

static const struct sys world = { .random = fill, .now_ms = now, .mono_ms = now,
    .read_file = read_file, .lock = turn, .unlock = turn,
    .sleep_until = sleep_until };
static const struct transport net = { .roundtrip = answer };

/* All ways at once. */
static struct auth *
open_all(void)
{
	static struct arena a;
	struct auth_setup setup = { .sys = &world,
	    .transport = &net, .issuers = {
	    .issuer = S("https://id.example.com"), .audience = S("cw"),
	    .jwks_uri = S("https://id.example.com/keys") },
	    .token_header = S("X-User-Token"), .tokens_file = S("/tokens"),
	    .sigv4 = { .keys_file = S("/keys") },
	    .sts = { .transport = &net, .server_id = S("fuzz"),
	    .roles = S("arn:aws:iam::111122223333:role/*"),
	    .endpoint = S("https://sts.us-east-1.amazonaws.com") },
	    .proxy = { .networks = S("10.0.0.0/8"),
	    .header = S("X-Forwarded-User") }, .credentials = true };
	struct auth *auth;
	struct fail f;

	arena_init(&a, PROGRAM_ARENA_CAP);
	fail_init(&f, &a);
	MUST(auth_new(&auth, &setup, &a, &f) == ERR_OK && auth != NULL);
	return auth;
}

/* What comes of a refusal is a header's value. */
static void
check_refusal(const struct auth *auth, const struct auth_refusal *no,
    struct arena *a)
{
	struct buf b = buf_in(a, HTTP_HEAD_MAX);

	MUST(no->verdict != AUTH_OK && no->verdict != AUTH_LATER);
	MUST(err_http(auth_err(no->verdict)) >= 400);
	auth_challenge(auth, no, S("https://mcp.example.com"), &b);
	MUST(buf_ok(&b) && b.len > 0);
	for (size_t i = 0; i < b.len; i++) {
		MUST(b.p[i] >= ' ' && b.p[i] <= '~' && b.p[i] != '\\');
	}
}

/* Whether the input could have let that caller in. */
static void
check_caller(const struct auth_caller *c, struct str in)
{
	switch (c->kind) {
	case AUTH_TOKEN:
		MUST(str_find(in, S(TOKEN), 0) < in.len);
		MUST(str_eq(c->subject, S("ci")) && c->tool_n == 1);
		break;
	case AUTH_OIDC:
		MUST(str_eq(c->subject, S("alice")));
		break;
	case AUTH_CREDENTIALS:
		MUST(c->keys != NULL && c->keys->token.len > 0);
		break;
	case AUTH_PROXY:
		MUST(str_icontains(in, S("x-forwarded-user")));
		break;
	case AUTH_NOBODY:
	case AUTH_SIGV4:
	case AUTH_STS:
		MUST(c->kind == AUTH_OIDC); /* nobody signed anything */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str in = str_of((const char *)data, len);
	struct http1_request r;
	struct auth_request q = { .http = &r, .body = S("{}"),
	    .peer = S("10.1.2.3") };
	struct auth_caller c, again;
	struct auth_refusal no = { .verdict = AUTH_OK };
	enum auth_verdict v, w;
	struct arena a;
	struct buf head;
	static struct auth *auth;

	if (auth == NULL) {
		auth = open_all();
	}
	arena_init(&a, JOB_ARENA_CAP);
	asked_n = 0;
	head = buf_in(&a, HTTP_HEAD_MAX);
	buf_add(&head, S("POST /mcp HTTP/1.1\r\nHost: h\r\n"));
	buf_add(&head, in);
	buf_add(&head, S("\r\n\r\n"));
	if (buf_ok(&head) &&
	    http1_request_parse(buf_str(&head), &r, NULL) > 0) {
		v = auth_check(auth, &q, &a, &c, &no);
		MUST(asked_n == 0);
		MUST(auth_check(auth, &q, &a, &again, &no) == v);
		if (v == AUTH_LATER) {
			struct oidc_want want = { .deadline_ms =
			    now(NULL) + AUTH_WAIT_MS };

			w = auth_wait(auth, &q, &want, &a, &c, &no);
			MUST(w != AUTH_LATER && asked_n <= 4);
			v = w;
		}
		if (v == AUTH_OK) {
			check_caller(&c, in);
		} else {
			check_refusal(auth, &no, &a);
		}
	}
	arena_free(&a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens for STS. The first byte says what the rest is, so that the fuzzer does
 * not have to find its way through two or three layers of base64:
 *
 *	u  the URL of a presigned token
 *	j  the JSON of a signed-request token
 *	p  its four parts before base64: method, URL, body, then the JSON of
 *	   the headers, separated by newlines
 *	   anything else, with the rest: the token itself
 *
 * The STS behind it says yes to everything. What a check refuses was never
 * sent, and what is accepted was, once; it went over https to a host of STS in
 * our partition, names no action but GetCallerIdentity, carries our server id,
 * and has every header that its signature covers, none twice. A second check
 * answers the same without sending anything.
 */
#include "auth/sts_in.h"
#include "auth/sts_proof.h"
#include "aws/endpoint.h"
#include "base/buf.h"
#include "base/enc.h"
#include "base/limits.h"
#include "proto/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define ID "cw-test"
/* 2026-11-20T12:00:00Z: when the seeds were signed. */
#define NOW_MS INT64_C(1795176000000)

static struct arena lasting;
static struct arena a;
static struct sts_in *in;
static unsigned sent_n;

static int64_t
now_ms(void *ctx)
{
	(void)ctx;
	return NOW_MS;
}

static enum err
no_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	(void)dst;
	(void)len;
	return ERR_IO;
}

static void
no_lock(void *ctx, enum sys_lock which)
{
	(void)ctx;
	(void)which;
}

/* Nothing waits: there is one thread. */
static struct sys world = { .now_ms = now_ms, .mono_ms = now_ms,
	.random = no_random, .lock = no_lock, .unlock = no_lock };

static struct str
value_of(const struct exchange *x, struct str name, size_t *n)
{
	struct str value = STR_NONE;

	*n = 0;
	for (size_t i = 0; i < x->header_n; i++) {
		if (str_ieq(x->headers[i].name, name)) {
			value = x->headers[i].value;
			++*n;
		}
	}
	return value;
}

static void
check_headers(const struct exchange *x)
{
	size_t n;

	for (size_t i = 0; i < x->header_n; i++) {
		struct str v = x->headers[i].value;

		for (size_t k = 0; k < v.len; k++) {
			MUST(v.p[k] >= ' ' && v.p[k] <= '~');
		}
		(void)value_of(x, x->headers[i].name, &n);
		MUST(n == 1);
	}
	MUST(str_eq(value_of(x, S("Host"), &n), x->host));
	MUST(str_eq(value_of(x, S(STS_PROOF_HEADER), &n), S(ID)));
	MUST(str_eq(value_of(x, S("Accept"), &n), S("application/json")));
}

/* What a verifier on the other side reads. */
static void
check_signature(const struct exchange *x, struct str query)
{
	struct http1_header h[STS_IN_HEADER_MAX_N];
	struct sigv4_request r = { .method = x->method, .path = S("/"),
	    .query = query, .headers = h, .body = x->body };
	struct sigv4_parsed p;
	struct str rest;
	bool id = false;

	for (size_t i = 0; i < x->header_n; i++) {
		h[r.header_n++] = (struct http1_header){ x->headers[i].name,
		    x->headers[i].value };
	}
	MUST(sigv4_parse(&a, &r, &p, NULL) == ERR_OK);
	MUST(p.presigned == str_eq(x->method, S("GET")));
	MUST(str_eq(p.service, S("sts")));
	MUST(p.time_ms >= NOW_MS - STS_IN_AGE_MS);
	rest = p.signed_headers;
	while (rest.p != NULL) {
		struct str name = str_cut(&rest, ';');
		size_t n;

		id = id || str_eq(name, S(STS_PROOF_HEADER));
		(void)value_of(x, name, &n);
		MUST(n == 1 || str_eq(name, S("content-length")));
	}
	MUST(id);
}

static void
roundtrip(void *ctx, struct exchange *const *px, size_t n)
{
	struct exchange *x = px[0];
	struct str query = x->target;
	struct str path = str_cut(&query, '?');
	struct url_pair *pairs;
	size_t pair_n, action_n = 0;

	(void)ctx;
	sent_n++;
	MUST(n == 1 && x->tls && x->port == 443 && str_eq(path, S("/")));
	MUST(endpoint_is_sts(S("us-east-1"), x->host));
	MUST((query.p != NULL) == str_eq(x->method, S("GET")));
	MUST((query.p == NULL) == str_eq(x->method, S("POST")));
	MUST((x->body.len > 0) == (query.p == NULL));
	MUST(url_query_parse(&a, query.p != NULL ? query : x->body, true, 32,
	    &pairs, &pair_n) == ERR_OK);
	for (size_t i = 0; i < pair_n; i++) {
		action_n += str_ieq(pairs[i].name, S("Action"));
	}
	MUST(action_n == 1);
	MUST(str_eq(url_query_get(pairs, pair_n, S("Action")),
	    S("GetCallerIdentity")));
	check_headers(x);
	check_signature(x, query);
	x->err = ERR_OK;
	x->status = 200;
	x->response_body = S("{\"GetCallerIdentityResponse\":{"
	    "\"GetCallerIdentityResult\":{\"Account\":\"123456789012\","
	    "\"Arn\":\"arn:aws:sts::123456789012:assumed-role/R/s\"}}}");
}

static struct transport transport = { NULL, roundtrip };

static void
put(struct json_writer *w, struct str key, struct str s)
{
	struct buf b = buf_in(&a, 2 * s.len + 8);

	enc_base64(&b, s);
	json_put_string(w, key, buf_str(&b));
}

/* The token that the input stands for. */
static struct str
token_of(struct str text)
{
	struct buf b = buf_in(&a, 4 * text.len + 512);
	struct buf token = buf_in(&a, 8 * text.len + 1024);
	struct json_writer w = json_writer(&b);
	char kind = text.len > 0 ? text.p[0] : 0;
	struct str rest = str_sub(text, 1, text.len);

	if (kind != 'u' && kind != 'j' && kind != 'p') {
		return text;
	}
	if (kind == 'p') {
		json_begin_object(&w);
		json_put_string(&w, S("iam_http_request_method"),
		    str_cut(&rest, '\n'));
		put(&w, S("iam_request_url"), str_cut(&rest, '\n'));
		put(&w, S("iam_request_body"), str_cut(&rest, '\n'));
		put(&w, S("iam_request_headers"), rest);
		json_end_object(&w);
		rest = buf_str(&b);
	}
	buf_add(&token, kind == 'u' ? S(STS_PROOF_PRESIGNED) :
	    S(STS_PROOF_REQUEST));
	enc_base64url(&token, rest);
	MUST(buf_ok(&token));
	return buf_str(&token);
}

static void
begin(void)
{
	struct sts_in_setup setup = { .sys = &world,
	    .transport = &transport, .roles = S("account:123456789012"),
	    .server_id = S(ID), .region = S("us-east-1"),
	    .is_sts = endpoint_is_sts };

	if (in == NULL) {
		arena_init(&lasting, PROGRAM_ARENA_CAP);
		MUST(sts_in_new(&setup, &lasting, &in, NULL) == ERR_OK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_in_want want = { .deadline_ms = INT64_MAX };
	struct auth_refusal no, no2;
	struct auth_caller who, who2;
	enum auth_verdict v;
	struct str token;

	begin();
	arena_init(&a, JOB_ARENA_CAP);
	token = token_of(str_of((const char *)data, len));
	sent_n = 0;
	MUST(!sts_in_recall(in, token, &a, &who));
	v = sts_in_check(in, token, &want, &a, &who, &no);
	MUST(v == AUTH_OK || v == AUTH_INVALID || v == AUTH_MALFORMED ||
	    (v == AUTH_MISSING && token.len == 0));
	MUST(sent_n == (v == AUTH_OK));
	MUST(v == AUTH_OK || (no.verdict == v && who.kind == AUTH_NOBODY));
	MUST(v != AUTH_OK || (sts_in_is_ours(token) && str_eq(who.subject,
	    S("arn:aws:iam::123456789012:role/R"))));
	MUST(sts_in_check(in, token, &want, &a, &who2, &no2) == v);
	MUST(str_eq(who.subject, who2.subject) && str_eq(no.why, no2.why));
	MUST(sts_in_recall(in, token, &a, &who2) == (v == AUTH_OK));
	MUST(sent_n == (v == AUTH_OK));
	sts_in_free(in);
	arena_free(&a);
	return 0;
}

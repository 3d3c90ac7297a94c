/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed requests of callers: what AWS's MCP proxy sends is accepted once, and
 * every changed byte is refused.
 */
#include "test.h"

#include "auth/sigv4_in.h"
#include "fake_sys.h"
#include "proto/sigv4.h"

#define KEYS "proxy:AKIALOCAL1:c2VjcmV0+of/sixteen=\n"

static struct fake_sys fake;
static struct arena arena;
static struct sigv4_in *in;
static struct http1_request request;
static struct str body;
static struct roster_entry caller;
static struct auth_refusal refusal;

static bool
start(struct str region, struct str service, struct str host)
{
	struct sigv4_in_setup setup = { .sys = &fake.sys,
	    .keys_file = S("/keys"), .region = region, .service = service,
	    .host = host };

	arena_free(&arena);
	arena_init(&arena, 8 << 20);
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	fake_sys_file(&fake, "/keys", KEYS);
	return sigv4_in_new(&in, &setup, &arena, NULL) == ERR_OK;
}

static void
field(struct str name, struct str value)
{
	request.headers[request.header_n++] =
	    (struct http1_header){ name, value };
}

/* Makes the request of mcp-proxy-for-aws, signed `late_ms` from now. */
static bool
make(struct str secret, int64_t late_ms, struct str token)
{
	struct sigv4_keys keys = { .access_key = S("AKIALOCAL1"),
	    .secret = secret, .token = token };
	struct sigv4_scope scope = { fake.now_ms + late_ms, S("eu-west-1"),
	    S("cloudwatch-mcp") };
	struct sigv4_signed out;
	struct sigv4_request r;

	body = S("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
	request = (struct http1_request){ .method = S("POST"),
	    .path = S("/mcp"), .query = S("a=1"), .minor = 1 };
	field(S("Accept"), S("application/json, text/event-stream"));
	field(S("Accept-Encoding"), S("gzip, deflate"));
	field(S("Content-Length"), S("40"));
	field(S("Content-Type"), S("application/json"));
	field(S("Host"), S("cloudwatch-mcp.example.com"));
	field(S("MCP-Protocol-Version"), S("2025-11-25"));
	r = (struct sigv4_request){ .method = request.method,
	    .path = request.path, .query = request.query,
	    .headers = request.headers, .header_n = request.header_n,
	    .body = body };
	if (sigv4_sign(&arena, &r, &keys, &scope, &out, NULL) != ERR_OK) {
		return false;
	}
	for (size_t i = 0; i < out.add_n; i++) {
		field(out.add[i].name, out.add[i].value);
	}
	field(S("User-Agent"), S("python-httpx"));
	return true;
}

static enum auth_verdict
check(void)
{
	return sigv4_in_check(in, &request, body, &arena, &caller, &refusal);
}

#define SECRET S("c2VjcmV0+of/sixteen=")
#define ANY STR_NONE, STR_NONE, STR_NONE

TEST(what_the_proxy_of_aws_sends_is_accepted)
{
	CHECK(start(ANY));
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK(sigv4_in_is_ours(&request));
	CHECK_INT(check(), AUTH_OK);
	CHECK_STR(caller.label, S("proxy"));
	CHECK(fake_sys_ok(&fake));
}

TEST(a_signature_is_accepted_once)
{
	CHECK(start(ANY));
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK_INT(check(), AUTH_OK);
	CHECK_INT(check(), AUTH_INVALID);
	CHECK_STR(refusal.why, err_text(ERR_SIG_REPLAY));
	fake.now_ms += 299000;
	CHECK_INT(check(), AUTH_INVALID);
	CHECK_STR(refusal.why, err_text(ERR_SIG_REPLAY));
	/* Another second, another signature. */
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK_INT(check(), AUTH_OK);
}

TEST(many_signatures_fit_and_all_are_remembered)
{
	enum { N = 400 };

	CHECK(start(ANY));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < N; i++) {
			CHECK(make(SECRET, (i - N / 2) * INT64_C(1000),
			    STR_NONE));
			CHECK_INT(check(), round == 0 && i >= N / 2 - 300 &&
			    i <= N / 2 + 300 ? AUTH_OK : AUTH_INVALID);
		}
	}
}

static bool
flips_are_refused(struct str *part)
{
	struct str good = *part;
	char copy[512];

	for (size_t i = 0; i < good.len; i++) {
		memcpy(copy, good.p, good.len);
		copy[i] = (char)(copy[i] ^ 1);
		*part = str_of(copy, good.len);
		if (check() == AUTH_OK) {
			printf("byte %zu of %.*s\n", i, STR_ARG(good));
			return false;
		}
	}
	*part = good;
	return true;
}

TEST(every_changed_byte_is_refused)
{
	CHECK(start(ANY));
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK(flips_are_refused(&body));
	CHECK(flips_are_refused(&request.method));
	CHECK(flips_are_refused(&request.path));
	CHECK(flips_are_refused(&request.query));
	for (size_t i = 0; i + 1 < request.header_n; i++) {
		CHECK(flips_are_refused(&request.headers[i].value));
		CHECK(flips_are_refused(&request.headers[i].name));
	}
	/* None of that used the signature up. */
	CHECK_INT(check(), AUTH_OK);
}

TEST(a_body_may_not_be_left_unsigned)
{
	CHECK(start(ANY));
	CHECK(make(SECRET, 0, STR_NONE));
	field(S("x-amz-content-sha256"), S("UNSIGNED-PAYLOAD"));
	CHECK_INT(check(), AUTH_INVALID);
}

TEST(time_scope_key_and_secret_have_to_be_right)
{
	CHECK(start(ANY));
	CHECK(make(SECRET, -301000, STR_NONE));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK_STR(refusal.why, err_text(ERR_SIG_TIME));
	CHECK(make(SECRET, 301000, STR_NONE));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK(make(SECRET, -299000, STR_NONE));
	CHECK_INT(check(), AUTH_OK);
	CHECK(make(S("another-secret-of-16"), 0, STR_NONE));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK_STR(refusal.why, err_text(ERR_SIG_MISMATCH));
	CHECK(make(SECRET, 0, S("a-session-token")));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK_STR(refusal.why, err_text(ERR_SIG_KEY));
	CHECK(start(S("eu-west-1"), S("cloudwatch-mcp"), STR_NONE));
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK_INT(check(), AUTH_OK);
	CHECK(start(S("us-east-1"), STR_NONE, STR_NONE));
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK_STR(refusal.why, err_text(ERR_SIG_SCOPE));
	CHECK(start(STR_NONE, S("mcp"), STR_NONE));
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK(fake_sys_ok(&fake));
}

TEST(the_host_that_callers_sign_can_be_told)
{
	CHECK(start(STR_NONE, STR_NONE, S("cloudwatch-mcp.example.com")));
	CHECK(make(SECRET, 0, STR_NONE));
	request.headers[4].value = S("10.0.0.1:3334");
	CHECK_INT(check(), AUTH_OK);
	CHECK(start(ANY));
	CHECK(make(SECRET, 0, STR_NONE));
	request.headers[4].value = S("10.0.0.1:3334");
	CHECK_INT(check(), AUTH_INVALID);
}

TEST(a_malformed_signature_is_400_and_a_replaced_key_counts)
{
	CHECK(start(ANY));
	CHECK(make(SECRET, 0, STR_NONE));
	request.headers[6].value = S("AWS4-HMAC-SHA256 nothing");
	CHECK(sigv4_in_is_ours(&request));
	CHECK_INT(check(), AUTH_MALFORMED);
	fake_sys_file(&fake, "/keys", "p:AKIALOCAL1:another-secret-of-16\n");
	sigv4_in_refresh(in);
	CHECK(make(SECRET, 0, STR_NONE));
	CHECK_INT(check(), AUTH_INVALID);
	CHECK(make(S("another-secret-of-16"), 0, STR_NONE));
	CHECK_INT(check(), AUTH_OK);
	CHECK_STR(caller.label, S("p"));
}

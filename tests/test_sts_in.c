/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens for STS, good ones and one forged for each rule, against a scripted
 * STS and against the demo account's, which verifies the signature of what it
 * is sent. See auth/sts_in.h.
 */
#include "auth/sts_in.h"

#include <pthread.h>

#include "auth/sts_proof.h"
#include "aws/endpoint.h"
#include "base/enc.h"
#include "base/limits.h"
#include "demo/account.h"
#include "demo/demo.h"
#include "fake_transport.h"
#include "net/sys_linux.h"
#include "sts_maker.h"
#include "test.h"

#define USER "arn:aws:iam::" ACCOUNT_ID ":user/demo-reader"
#define ANSWER(arn) "{\"GetCallerIdentityResponse\":{" \
	"\"GetCallerIdentityResult\":{\"Account\":\"123456789012\"," \
	"\"Arn\":\"" arn "\",\"UserId\":\"AROA:x\"}," \
	"\"ResponseMetadata\":{\"RequestId\":\"r\"}}}"
#define ROLE "arn:aws:iam::123456789012:role/Ops"
#define SESSION "arn:aws:sts::123456789012:assumed-role/Ops/alice@example.com"

struct room {
	struct fake_sys world;
	struct fake_transport net;
	struct demo demo;
	struct transport aws;    /* the demo's */
	struct arena program;
	struct arena a;
	struct log log;
	struct sts_in_setup setup;
	struct sts_in *in;
	struct sts_maker maker;
	struct auth_caller who;
	struct auth_refusal no;
};

static enum err
start(struct room *r, struct fail *f)
{
	fail_init(f, &r->program);
	return sts_in_new(&r->setup, &r->program, &r->in, f);
}

static void
open_room(struct room *r)
{
	fake_sys_init(&r->world);
	fake_transport_init(&r->net, &r->world);
	arena_init(&r->program, PROGRAM_ARENA_CAP);
	arena_init(&r->a, JOB_ARENA_CAP);
	r->log = (struct log){ &r->world.sys, LOG_INFO };
	demo_init(&r->demo, &r->world.sys);
	r->demo.verify = true;
	demo_transport(&r->demo, &r->aws);
	r->setup = (struct sts_in_setup){ .sys = &r->world.sys,
	    .transport = &r->net.transport, .log = &r->log,
	    .roles = S(ROLE ", account:" ACCOUNT_ID),
	    .server_id = S(STS_MAKER_ID), .region = S("us-east-1"),
	    .is_sts = endpoint_is_sts };
	sts_maker_init(&r->maker, &r->a, FAKE_NOW_MS);
}

static void
open_usual(struct room *r)
{
	struct fail f;

	open_room(r);
	MUST(start(r, &f) == ERR_OK);
}

static void
close_room(struct room *r)
{
	sts_in_free(r->in);
	demo_free(&r->demo);
	arena_free(&r->a);
	arena_free(&r->program);
	fake_sys_free(&r->world);
}

static enum auth_verdict
check(struct room *r, struct str token)
{
	struct sts_in_want want = { .deadline_ms = r->world.mono_ms + 20000 };

	return sts_in_check(r->in, token, &want, &r->a, &r->who, &r->no);
}

/* The token is refused with that word in the sentence, and nobody is asked. */
static bool
refused(struct room *r, struct str token, enum auth_verdict v,
    const char *word)
{
	unsigned before = r->net.request_n;
	enum auth_verdict got = check(r, token);

	if (got == v && r->no.verdict == v && r->net.request_n == before &&
	    r->who.kind == AUTH_NOBODY &&
	    str_icontains(r->no.why, str_from_z(word))) {
		return true;
	}
	printf("    verdict %d, asked %u, why: %.*s\n", (int)got,
	    r->net.request_n - before, STR_ARG(r->no.why));
	return false;
}

#define REFUSED(token, v, word) CHECK(refused(&r, token, v, word))

/* The presigned URL with a piece of it replaced. */
static struct str
url_with(struct room *r, const char *from, const char *to)
{
	return sts_maker_presigned(&r->maker, sts_maker_edit(&r->maker,
	    sts_maker_url(&r->maker), str_from_z(from), str_from_z(to)));
}

/* The signed request with a piece of its headers replaced. */
static struct str
headers_with(struct room *r, const char *from, const char *to)
{
	const struct sts_maker *m = &r->maker;

	return sts_maker_request(m, m->method, m->url, m->body,
	    sts_maker_edit(m, sts_maker_headers(m), str_from_z(from),
	    str_from_z(to)));
}

/* ---- good ones ---- */

TEST(both_forms_are_verified_by_the_sts_of_the_demo)
{
	static const char *const hosts[] = { "sts.eu-west-1.amazonaws.com",
		"sts.amazonaws.com", "sts-fips.us-east-2.amazonaws.com",
		"sts.eu-central-1.api.aws" };
	static const char *const regions[] = { "eu-west-1", "us-east-1",
		"us-east-2", "eu-central-1" };
	struct room r;

	open_room(&r);
	r.setup.transport = &r.aws;
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	for (size_t i = 0; i < 8; i++) {
		struct str host = str_from_z(hosts[i / 2]);
		struct str parts[3] = { S("https://"), host, S("/") };

		r.maker.scope.region = str_from_z(regions[i / 2]);
		r.maker.headers[0].value = host;
		r.maker.base = str_join(&r.a, parts, 2);
		r.maker.url = str_join(&r.a, parts, 3);
		CHECK_INT(check(&r, sts_maker_token(&r.maker, i % 2 == 0)),
		    AUTH_OK);
		CHECK_INT(r.who.kind, AUTH_STS);
		CHECK_STR(r.who.subject, S(USER));
		CHECK_STR(r.who.session, S(USER));
		CHECK_STR(r.who.account, S(ACCOUNT_ID));
		CHECK_INT(r.who.expires_ms, FAKE_NOW_MS + 900000);
		CHECK(r.who.token.p == NULL);
	}
	CHECK_INT(r.demo.rejected_n, 0);
	CHECK(fake_sys_ok(&r.world));
	close_room(&r);
}

TEST(what_is_not_signed_as_it_is_sent_is_refused_by_sts)
{
	struct room r;

	open_room(&r);
	r.setup.transport = &r.aws;
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	for (int i = 0; i < 2; i++) {
		/* Signed for another server; the presigned form does not
		 * show what the value was, so only STS can tell. */
		r.maker.headers[1].value = S("cw-other");
		CHECK_INT(check(&r, sts_maker_token(&r.maker, i == 0)),
		    AUTH_INVALID);
		CHECK_INT(r.demo.rejected_n, 1 + (unsigned)i);
		r.maker.headers[1].value = S(STS_MAKER_ID);
		r.maker.keys.secret = S("another");
		CHECK_INT(check(&r, sts_maker_token(&r.maker, i == 0)),
		    AUTH_INVALID);
		CHECK_INT(r.demo.rejected_n, 2 + (unsigned)i);
		r.maker.keys.secret = S(DEMO_SECRET_KEY);
	}
	CHECK_STR(r.no.why, S("AWS does not accept the token: it has expired, "
	    "was changed, or is signed for another server id"));
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	close_room(&r);
}

TEST(a_presigned_token_counts_for_15_minutes_as_at_eks)
{
	struct room r;

	open_room(&r);
	r.setup.transport = &r.aws;
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	r.maker.scope.time_ms -= 14 * 60000;
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	r.maker.scope.time_ms -= 61000;
	REFUSED(sts_maker_token(&r.maker, true), AUTH_INVALID, "15 minutes");
	close_room(&r);
}

TEST(nothing_is_sent_but_what_was_checked)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "GET https://sts.eu-west-1.amazonaws.com"
	    "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm="
	    "AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEMOREADER0000001%2F20261120"
	    "%2Feu-west-1%2Fsts%2Faws4_request&", 200, ANSWER(SESSION));
	fake_transport_reply(&r.net, "POST https://sts.eu-west-1.amazonaws.com"
	    "/", 200, ANSWER(SESSION));
	/* Needless encoding and unsigned headers are gone. */
	CHECK_INT(check(&r, url_with(&r, "Action=Get", "%41ction=%47et")),
	    AUTH_OK);
	CHECK(fake_transport_saw(&r.net, "\nhost: sts.eu-west-1.amazonaws.com"
	    "\naccept: application/json\nx-cloudwatch-mcp-id: cw-test\n"
	    "user-agent: cloudwatch-mcp\n\n\n---\n"));
	CHECK_INT(check(&r, headers_with(&r, "{", "{\"X-Other\":\"1\",")),
	    AUTH_OK);
	CHECK(fake_transport_saw(&r.net, "\nhost: sts.eu-west-1.amazonaws.com"
	    "\naccept: application/json\nx-cloudwatch-mcp-id: cw-test\n"
	    "content-type: application/x-www-form-urlencoded; charset=utf-8\n"
	    "x-amz-date: 20261120T120000Z\nauthorization: AWS4-HMAC-SHA256 "));
	CHECK(fake_transport_saw(&r.net, "\nuser-agent: cloudwatch-mcp\n\n"
	    "Action=GetCallerIdentity&Version=2011-06-15\n---\n"));
	CHECK(!fake_transport_saw(&r.net, "X-Other"));
	CHECK(fake_transport_ok(&r.net));
	CHECK(fake_sys_ok(&r.world));
	close_room(&r);
}

TEST(signed_headers_of_sdks_are_sent_on)
{
	static const char *const names[] = { "amz-sdk-invocation-id",
		"amz-sdk-request", "user-agent", "x-amz-user-agent" };
	struct room r;

	open_room(&r);
	r.setup.transport = &r.aws;
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	for (size_t i = 0; i < 4; i++) {
		r.maker.headers[r.maker.header_n++] = (struct http1_header){
			str_from_z(names[i]), S("attempt=1; max=3") };
	}
	r.maker.headers[r.maker.header_n++] = (struct http1_header){
		S("Accept"), S("application/json") };
	CHECK_INT(check(&r, sts_maker_token(&r.maker, false)), AUTH_OK);
	/* The other order of the form, and the headers as Go writes them. */
	r.maker.body = S("Version=2011-06-15&Action=GetCallerIdentity");
	CHECK_INT(check(&r, headers_with(&r, "\"cw-test\"", "[\"cw-test\"]")),
	    AUTH_OK);
	close_room(&r);
}

TEST(headers_of_which_ours_is_sent_need_not_be_in_the_token)
{
	struct room r;

	open_room(&r);
	r.setup.transport = &r.aws;
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	CHECK_INT(check(&r, headers_with(&r, "\"Host\":\"sts.eu-west-1."
	    "amazonaws.com\",\"x-cloudwatch-mcp-id\":\"cw-test\",", "")),
	    AUTH_OK);
	close_room(&r);
}

TEST(a_content_type_that_is_not_signed_is_ours)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "POST", 200, ANSWER(SESSION));
	r.maker.header_n = 2;
	CHECK_INT(check(&r, headers_with(&r, "{",
	    "{\"content-type\":\"text/html\",")), AUTH_OK);
	CHECK(fake_transport_saw(&r.net, "\ncontent-type: application/"
	    "x-www-form-urlencoded\nauthorization: "));
	CHECK(!fake_transport_saw(&r.net, "text/html"));
	close_room(&r);
}

TEST(the_length_that_the_transport_adds_may_be_signed)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "POST", 200, ANSWER(SESSION));
	CHECK_INT(r.maker.body.len, 43);
	r.maker.headers[r.maker.header_n++] = (struct http1_header){
		S("Content-Length"), S("43") };
	CHECK_INT(check(&r, sts_maker_token(&r.maker, false)), AUTH_OK);
	CHECK(!fake_transport_saw(&r.net, "ontent-length:") &&
	    !fake_transport_saw(&r.net, "ontent-Length:"));
	close_room(&r);
}

TEST(a_session_token_may_be_signed)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "X-Amz-Security-Token=tok%2Fen%2B%3D%3D&",
	    200, ANSWER(SESSION));
	fake_transport_reply(&r.net, "POST", 200, ANSWER(SESSION));
	r.maker.keys.token = S("tok/en+==");
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	CHECK_INT(check(&r, sts_maker_token(&r.maker, false)), AUTH_OK);
	CHECK(fake_transport_saw(&r.net, "x-amz-security-token: tok/en+==\n"));
	CHECK(fake_transport_ok(&r.net));
	close_room(&r);
}

TEST(the_headers_may_be_an_object_themselves)
{
	struct room r;
	struct buf b, token;
	struct str text;

	open_usual(&r);
	fake_transport_reply(&r.net, "POST", 200, ANSWER(SESSION));
	b = buf_in(&r.a, 8192);
	token = buf_in(&r.a, 8192);
	buf_addf(&b, "{\"iam_http_request_method\":\"POST\",\"role\":\"dev\","
	    "\"iam_request_url\":\"%s\",\"iam_request_body\":\"%s\","
	    "\"iam_request_headers\":%s}",
	    S("aHR0cHM6Ly9zdHMuZXUtd2VzdC0xLmFtYXpvbmF3cy5jb20v"),
	    S("QWN0aW9uPUdldENhbGxlcklkZW50aXR5JlZlcnNpb249MjAxMS0wNi0xNQ=="),
	    sts_maker_headers(&r.maker));
	text = buf_str(&b);
	buf_add(&token, S(STS_PROOF_REQUEST));
	enc_base64url(&token, text);
	CHECK_INT(check(&r, buf_str(&token)), AUTH_OK);
	close_room(&r);
}

/* ---- rules of both forms ---- */

TEST(a_token_has_one_of_two_prefixes)
{
	struct room r;

	open_usual(&r);
	CHECK(sts_in_is_ours(S("k8s-aws-v1.")));
	CHECK(sts_in_is_ours(S("aws-sigv4-v1.e30")));
	CHECK(!sts_in_is_ours(S("k8s-aws-v2.x")));
	CHECK(!sts_in_is_ours(S("K8s-aws-v1.x")));
	CHECK(!sts_in_is_ours(STR_NONE));
	CHECK_INT(check(&r, S("")), AUTH_MISSING);
	CHECK_INT(check(&r, STR_NONE), AUTH_MISSING);
	REFUSED(S("eyJ.e30.x"), AUTH_MALFORMED, "neither");
	REFUSED(S("k8s-aws-v1."), AUTH_MALFORMED, "no URL");
	REFUSED(S("k8s-aws-v1.!"), AUTH_MALFORMED, "base64url");
	REFUSED(S("k8s-aws-v1.e3"), AUTH_MALFORMED, "base64url");
	REFUSED(S("aws-sigv4-v1."), AUTH_MALFORMED, "JSON");
	REFUSED(S("aws-sigv4-v1.e30="), AUTH_MALFORMED, "JSON");
	REFUSED(S("aws-sigv4-v1.W10"), AUTH_INVALID, "POST");
	close_room(&r);
}

TEST(a_token_has_bounds)
{
	static char text[STS_IN_TOKEN_MAX + 2];
	struct room r;

	open_usual(&r);
	memset(text, 'A', sizeof(text));
	memcpy(text, STS_PROOF_PRESIGNED, sizeof(STS_PROOF_PRESIGNED) - 1);
	REFUSED(str_of(text, STS_IN_URL_MAX + 1), AUTH_MALFORMED, "4 KiB");
	REFUSED(str_of(text, STS_IN_TOKEN_MAX + 1), AUTH_MALFORMED, "7 KiB");
	memcpy(text, STS_PROOF_REQUEST, sizeof(STS_PROOF_REQUEST) - 1);
	REFUSED(str_of(text, STS_IN_TOKEN_MAX + 1), AUTH_MALFORMED, "7 KiB");
	close_room(&r);
}

/* The same URL in both forms. */
static bool
both_refused(struct room *r, const char *base, const char *host)
{
	struct sts_maker *m = &r->maker;
	struct str parts[2] = { str_from_z(base), S("/") };

	m->base = parts[0];
	m->url = str_join(&r->a, parts, 2);
	m->headers[0].value = str_from_z(host);
	return refused(r, sts_maker_token(m, true), AUTH_INVALID,
	    "address of STS") && refused(r, sts_maker_token(m, false),
	    AUTH_INVALID, "address of STS");
}

TEST(the_url_is_https_and_names_sts_of_our_partition)
{
	static const char *const hosts[] = {
		"evil.example.com", "127.0.0.1", "169.254.169.254",
		"sts.amazonaws.com.evil.example", "sts.evil.amazonaws.com",
		"evil.sts.amazonaws.com", "sts.amazonaws.com.",
		"sts.eu-west-1.amazonaws.com.cn", "iam.amazonaws.com",
		"sts.cn-north-1.amazonaws.com",
		"sts.cn-north-1.amazonaws.com.cn",
		"sts.us-gov-west-1.amazonaws.com", "STS.amazonaws.com",
		"sts.eu-west-1.c2s.ic.gov", "sts", "sts.eu-west-1",
		"sts.eu-west-1.amazonaws.com:8443", "sts-x.amazonaws.com",
		"sts.eu-west-1.s3.amazonaws.com", "sts.xx-yy-1.amazonaws.com",
		"sts-fips.amazonaws.com", "sts.eu-west-1.amazonaws.com:443",
	};
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct str parts[2] = { S("https://"), str_from_z(hosts[i]) };
		char *z = str_z(&r.a, str_join(&r.a, parts, 2));

		if (!both_refused(&r, z, hosts[i])) {
			printf("    %s\n", hosts[i]);
			CHECK(false);
		}
	}
	CHECK(both_refused(&r, "http://sts.eu-west-1.amazonaws.com",
	    "sts.eu-west-1.amazonaws.com"));
	CHECK_INT(r.net.request_n, 0);
	r.maker.base = S("https://me@sts.amazonaws.com");
	REFUSED(sts_maker_token(&r.maker, true), AUTH_MALFORMED, "no URL");
	r.maker.base = S("https://sts.amazonaws.com#");
	REFUSED(sts_maker_token(&r.maker, true), AUTH_MALFORMED, "no URL");
	r.maker.base = S("//sts.amazonaws.com");
	REFUSED(sts_maker_token(&r.maker, true), AUTH_MALFORMED, "no URL");
	close_room(&r);
}

TEST(other_partitions_have_their_own_hosts)
{
	struct room r;

	open_room(&r);
	r.setup.region = S("cn-north-1");
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	CHECK(both_refused(&r, "https://sts.amazonaws.com",
	    "sts.amazonaws.com"));
	CHECK(both_refused(&r, "https://sts.eu-west-1.amazonaws.com",
	    "sts.eu-west-1.amazonaws.com"));
	fake_transport_reply(&r.net, "GET https://sts.cn-northwest-1."
	    "amazonaws.com.cn/?", 200, ANSWER("arn:aws-cn:sts::123456789012:"
	    "assumed-role/R/s"));
	r.maker.base = S("https://sts.cn-northwest-1.amazonaws.com.cn");
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_SCOPE);
	CHECK(fake_transport_ok(&r.net));
	close_room(&r);
}

TEST(a_configured_endpoint_is_the_only_one)
{
	struct room r;

	open_room(&r);
	r.setup.endpoint = S("http://127.0.0.1:9000");
	CHECK_INT(start(&r, &(struct fail){ 0 }), ERR_OK);
	CHECK(both_refused(&r, "https://sts.amazonaws.com",
	    "sts.amazonaws.com"));
	CHECK(both_refused(&r, "https://127.0.0.1:9000", "127.0.0.1:9000"));
	CHECK(both_refused(&r, "http://127.0.0.1:9001", "127.0.0.1:9001"));
	CHECK(both_refused(&r, "http://127.0.0.2:9000", "127.0.0.2:9000"));
	fake_transport_reply(&r.net, "GET http://127.0.0.1:9000/?", 200,
	    ANSWER(SESSION));
	r.maker.base = S("http://127.0.0.1:9000");
	r.maker.headers[0].value = S("127.0.0.1:9000");
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	CHECK(fake_transport_saw(&r.net, "\nhost: 127.0.0.1:9000\n"));
	CHECK(fake_transport_ok(&r.net));
	close_room(&r);
}

TEST(the_path_is_that_of_sts)
{
	struct room r;

	open_usual(&r);
	REFUSED(url_with(&r, ".com/?", ".com/x?"), AUTH_INVALID, "path");
	REFUSED(url_with(&r, ".com/?", ".com//?"), AUTH_INVALID, "path");
	REFUSED(url_with(&r, ".com/?", ".com/%2F?"), AUTH_INVALID, "path");
	r.maker.url = S("https://sts.eu-west-1.amazonaws.com/x");
	REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID, "path");
	/* None at all is the same as "/". */
	fake_transport_reply(&r.net, "GET https://sts.eu-west-1.amazonaws.com"
	    "/?Action", 200, ANSWER(SESSION));
	CHECK_INT(check(&r, url_with(&r, ".com/?", ".com?")), AUTH_OK);
	close_room(&r);
}

TEST(the_time_of_signing_is_between_15_minutes_ago_and_5_ahead)
{
	struct room r;

	for (int i = 0; i < 2; i++) {
		open_usual(&r);
		fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->
		    forever = true;
		r.maker.scope.time_ms = FAKE_NOW_MS - 901000;
		REFUSED(sts_maker_token(&r.maker, i == 0), AUTH_INVALID,
		    "15 minutes");
		r.maker.scope.time_ms = FAKE_NOW_MS + 301000;
		REFUSED(sts_maker_token(&r.maker, i == 0), AUTH_INVALID,
		    "future");
		r.maker.scope.time_ms = FAKE_NOW_MS - 899000;
		CHECK_INT(check(&r, sts_maker_token(&r.maker, i == 0)),
		    AUTH_OK);
		r.maker.scope.time_ms = FAKE_NOW_MS + 299000;
		CHECK_INT(check(&r, sts_maker_token(&r.maker, i == 0)),
		    AUTH_OK);
		close_room(&r);
	}
}

TEST(the_signature_is_for_sts_and_has_its_form)
{
	struct room r;

	open_usual(&r);
	for (int i = 0; i < 2; i++) {
		r.maker.scope.service = S("execute-api");
		REFUSED(sts_maker_token(&r.maker, i == 0), AUTH_MALFORMED,
		    "SigV4");
		r.maker.scope.service = S("sts");
	}
	REFUSED(url_with(&r, "Signature=", "Signature=g"), AUTH_MALFORMED,
	    "SigV4");
	REFUSED(headers_with(&r, "Signature=", "Signature=A"), AUTH_MALFORMED,
	    "SigV4");
	REFUSED(url_with(&r, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
	    AUTH_MALFORMED, "SigV4");
	REFUSED(headers_with(&r, "AWS4-HMAC-SHA256", "Basic"), AUTH_MALFORMED,
	    "SigV4");
	REFUSED(url_with(&r, "20261120%2F", "20261121%2F"), AUTH_MALFORMED,
	    "SigV4");
	REFUSED(url_with(&r, "X-Amz-Date=20261120T12", "X-Amz-Date=12"),
	    AUTH_MALFORMED, "SigV4");
	close_room(&r);
}

TEST(host_and_server_id_have_to_be_signed)
{
	struct room r;

	open_usual(&r);
	REFUSED(url_with(&r, "host%3Bx-cloudwatch-mcp-id", "host"),
	    AUTH_INVALID, "does not sign");
	REFUSED(url_with(&r, "host%3Bx-cloudwatch-mcp-id",
	    "x-cloudwatch-mcp-id"), AUTH_INVALID, "does not sign");
	REFUSED(url_with(&r, "host%3Bx-cloudwatch-mcp-id",
	    "host%3Bx-k8s-aws-id"), AUTH_INVALID, "does not sign");
	REFUSED(url_with(&r, "host%3Bx-cloudwatch-mcp-id",
	    "host%3Bx-cloudwatch-mcp-id%3Bx-more"), AUTH_INVALID, "other "
	    "headers");
	REFUSED(headers_with(&r, "host;x-amz-date;x-cloudwatch-mcp-id",
	    "host;x-amz-date"), AUTH_INVALID, "does not sign");
	REFUSED(headers_with(&r, "content-type;host;", "content-type;"),
	    AUTH_INVALID, "does not sign");
	REFUSED(headers_with(&r, "host;x-amz-date;", "host;"), AUTH_INVALID,
	    "x-amz-date");
	r.maker.keys.token = S("session");
	REFUSED(headers_with(&r, "x-amz-date;x-amz-security-token;",
	    "x-amz-date;"), AUTH_INVALID, "x-amz-security-token");
	/* As the header's name is the point: one letter is another name. */
	r.maker.headers[1].name = S("x-cloudwatch-mcp-i");
	REFUSED(sts_maker_token(&r.maker, true), AUTH_INVALID,
	    "does not sign");
	REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID,
	    "does not sign");
	close_room(&r);
}

/* ---- rules of the presigned form ---- */

TEST(a_url_has_the_nine_parameters_each_once_in_one_case)
{
	static const char *const more[] = { "&X=1", "&Action=GetCallerIdentity",
		"&action=AssumeRole", "&ACTION=x", "&x-amz-expires=1",
		"&X-Amz-Signature=0", "&X-Amz-Date=20261120T120000Z",
		"&Version=2011-06-15", "&version=1", "&RoleArn=x",
		"&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", "&=", "&X-Amz-Foo=" };
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		struct str parts[2] = { sts_maker_url(&r.maker),
			str_from_z(more[i]) };

		REFUSED(sts_maker_presigned(&r.maker, str_join(&r.a, parts,
		    2)), AUTH_INVALID, "parameter");
	}
	REFUSED(url_with(&r, "Action=", "action="), AUTH_INVALID, "parameter");
	REFUSED(url_with(&r, "&X-Amz-Expires=60", ""), AUTH_MALFORMED,
	    "SigV4");
	REFUSED(url_with(&r, "Version", "%zz"), AUTH_MALFORMED, "URL");
	close_room(&r);
}

TEST(a_url_with_very_many_parameters_is_not_read)
{
	struct room r;
	struct buf b;

	open_usual(&r);
	b = buf_in(&r.a, 4096);
	buf_add(&b, sts_maker_url(&r.maker));
	buf_fill(&b, '&', 100); /* nothing between: nothing there */
	for (int i = 0; i < 100; i++) {
		buf_add(&b, S("&a=1"));
	}
	REFUSED(sts_maker_presigned(&r.maker, buf_str(&b)), AUTH_MALFORMED,
	    "query");
	REFUSED(sts_maker_presigned(&r.maker,
	    S("https://sts.amazonaws.com/")), AUTH_INVALID, "GetCallerIdent");
	close_room(&r);
}

TEST(action_and_version_are_those_of_get_caller_identity)
{
	static const char *const queries[] = {
		"Action=AssumeRole&Version=2011-06-15",
		"Action=getcalleridentity&Version=2011-06-15",
		"Action=GetCallerIdentity&Version=2011-06-16",
		"Action=GetCallerIdentity%00&Version=2011-06-15",
		"Action=GetCallerIdentity", "Version=2011-06-15", "Action" };
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		r.maker.query = str_from_z(queries[i]);
		REFUSED(sts_maker_token(&r.maker, true), AUTH_INVALID,
		    "GetCallerIdentity");
		r.maker.body = r.maker.query;
		REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID,
		    "GetCallerIdentity");
	}
	close_room(&r);
}

TEST(expires_is_900_at_most)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->forever = true;
	r.maker.expires_s = 901;
	REFUSED(sts_maker_token(&r.maker, true), AUTH_INVALID, "900");
	r.maker.expires_s = 900;
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	REFUSED(url_with(&r, "Expires=900", "Expires=-1"), AUTH_MALFORMED,
	    "SigV4");
	REFUSED(url_with(&r, "Expires=900", "Expires="), AUTH_MALFORMED,
	    "SigV4");
	close_room(&r);
}

/* ---- rules of the signed request ---- */

TEST(a_request_is_a_post_of_the_form_to_a_url_without_query)
{
	const struct sts_maker *m;
	struct room r;
	struct str good;

	open_usual(&r);
	m = &r.maker;
	good = sts_maker_headers(m);
	REFUSED(sts_maker_request(m, S("GET"), m->url, m->body, good),
	    AUTH_INVALID, "POST");
	REFUSED(sts_maker_request(m, S("post"), m->url, m->body, good),
	    AUTH_INVALID, "POST");
	REFUSED(sts_maker_request(m, m->method, m->url,
	    S("Action=GetCallerIdentity&Version=2011-06-15&Action=x"), good),
	    AUTH_INVALID, "POST");
	REFUSED(sts_maker_request(m, m->method, m->url,
	    S("%41ction=GetCallerIdentity&Version=2011-06-15"), good),
	    AUTH_INVALID, "POST");
	REFUSED(sts_maker_request(m, m->method, m->url, S(""), good),
	    AUTH_INVALID, "POST");
	REFUSED(sts_maker_request(m, m->method,
	    S("https://sts.amazonaws.com/?Action=AssumeRole"), m->body, good),
	    AUTH_INVALID, "query");
	REFUSED(sts_maker_request(m, m->method,
	    S("https://sts.amazonaws.com/?"), m->body, good), AUTH_INVALID,
	    "query");
	REFUSED(sts_maker_request(m, m->method, S(""), m->body, good),
	    AUTH_MALFORMED, "URL");
	close_room(&r);
}

TEST(members_and_headers_come_once)
{
	static const char twice[] = "{\"iam_http_request_method\":\"POST\","
	    "\"iam_http_request_method\":\"POST\"}";
	struct room r;
	struct buf b;

	open_usual(&r);
	b = buf_in(&r.a, 512);
	buf_add(&b, S(STS_PROOF_REQUEST));
	enc_base64url(&b, str_from_z(twice));
	REFUSED(buf_str(&b), AUTH_MALFORMED, "JSON");
	REFUSED(headers_with(&r, "{", "{\"host\":\"a\","), AUTH_MALFORMED,
	    "header");
	REFUSED(headers_with(&r, "{", "{\"HOST\":\"a\","), AUTH_MALFORMED,
	    "header");
	REFUSED(headers_with(&r, "{", "{\"x\":1,"), AUTH_MALFORMED, "header");
	REFUSED(headers_with(&r, "{", "{\"x\":null,"), AUTH_MALFORMED,
	    "header");
	REFUSED(headers_with(&r, "{", "{\"x\":[],"), AUTH_MALFORMED, "header");
	REFUSED(headers_with(&r, "{", "{\"x\":[\"a\",\"b\"],"),
	    AUTH_MALFORMED, "header");
	REFUSED(headers_with(&r, "{", "{\"\":\"a\","), AUTH_MALFORMED,
	    "header");
	REFUSED(headers_with(&r, "{", "{\"a:b\":\"a\","), AUTH_MALFORMED,
	    "header");
	REFUSED(headers_with(&r, "{", "{\"a b\":\"a\","), AUTH_MALFORMED,
	    "header");
	close_room(&r);
}

TEST(header_values_cannot_break_out)
{
	static const char *const values[] = { "20261120T120000Z\\r\\nHost: x",
		"20261120T120000Z\\n", "\\u0000", "\\t", "\xc3\xa9", "\\u007f",
		"\\u000120261120T120000Z" };
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		REFUSED(headers_with(&r, "20261120T120000Z", values[i]),
		    AUTH_MALFORMED, "header");
	}
	close_room(&r);
}

TEST(headers_are_an_object_with_not_too_many_members)
{
	const struct sts_maker *m;
	struct room r;
	struct buf b;

	open_usual(&r);
	m = &r.maker;
	REFUSED(sts_maker_request(m, m->method, m->url, m->body, S("[]")),
	    AUTH_MALFORMED, "JSON object");
	REFUSED(sts_maker_request(m, m->method, m->url, m->body, S("{")),
	    AUTH_MALFORMED, "JSON object");
	REFUSED(sts_maker_request(m, m->method, m->url, m->body, S("{}")),
	    AUTH_MALFORMED, "SigV4");
	b = buf_in(&r.a, 4096);
	buf_add_byte(&b, '{');
	for (unsigned i = 0; i <= STS_IN_HEADER_MAX_N; i++) {
		buf_addf(&b, "%s\"x-%u\":\"\"", i > 0 ? S(",") : S(""),
		    (uint64_t)i);
	}
	buf_add_byte(&b, '}');
	REFUSED(sts_maker_request(m, m->method, m->url, m->body, buf_str(&b)),
	    AUTH_MALFORMED, "too many");
	close_room(&r);
}

TEST(a_signed_header_has_our_value_or_is_one_of_an_sdk)
{
	static const struct http1_header bad[] = {
		{ STR_INIT("content-length"), STR_INIT("44") },
		{ STR_INIT("accept"), STR_INIT("text/xml") },
		{ STR_INIT("transfer-encoding"), STR_INIT("chunked") },
		{ STR_INIT("x-amz-target"), STR_INIT("x") },
		{ STR_INIT("connection"), STR_INIT("close") },
		{ STR_INIT("x-k8s-aws-id"), STR_INIT("cw-test") },
	};
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.maker.headers[3] = bad[i];
		r.maker.header_n = 4;
		REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID,
		    "signs a");
	}
	r.maker.header_n = 3;
	/* Our own value of the server id is what is sent, and checked. */
	r.maker.headers[1].value = S("cw-tesT");
	REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID, "server id");
	r.maker.headers[1].value = S(STS_MAKER_ID);
	r.maker.headers[0].value = S("sts.amazonaws.com");
	REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID, "host");
	r.maker.headers[0].value = S("sts.eu-west-1.amazonaws.com");
	r.maker.headers[2].value = S("application/json");
	REFUSED(sts_maker_token(&r.maker, false), AUTH_INVALID, "signs a");
	r.maker.headers[2].value = S("application/x-www-form-urlencoded");
	REFUSED(headers_with(&r, "content-type;", "amz-sdk-request;"
	    "content-type;"), AUTH_INVALID, "lacks");
	close_room(&r);
}

/* ---- answers ---- */

TEST(a_session_stands_for_its_role)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	CHECK_STR(r.who.subject, S(ROLE));
	CHECK_STR(r.who.session, S(SESSION));
	CHECK_STR(r.who.account, S("123456789012"));
	/* The same from what was kept. */
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	CHECK_STR(r.who.subject, S(ROLE));
	CHECK_STR(r.who.session, S(SESSION));
	CHECK_STR(r.who.account, S("123456789012"));
	CHECK_INT(r.who.expires_ms, FAKE_NOW_MS + 900000);
	CHECK_INT(r.net.request_n, 1);
	CHECK(str_icontains(fake_sys_log(&r.world), S("\"arn\":\"" SESSION)));
	CHECK(str_icontains(fake_sys_log(&r.world), S("\"allowed\":true")));
	close_room(&r);
}

/* Whether a caller with that ARN may come in by those patterns. */
static enum auth_verdict
with_roles(const char *roles, const char *answer)
{
	struct room r;
	enum auth_verdict v;

	open_room(&r);
	r.setup.roles = str_from_z(roles);
	MUST(start(&r, &(struct fail){ 0 }) == ERR_OK);
	fake_transport_reply(&r.net, "", 200, answer);
	v = check(&r, sts_maker_token(&r.maker, true));
	MUST(v == AUTH_OK || (v == AUTH_SCOPE && str_icontains(r.no.why,
	    S("AUTH_STS_ROLES")) && r.no.scope_n == 0 &&
	    r.who.kind == AUTH_NOBODY));
	/* Kept, too. */
	MUST(check(&r, sts_maker_token(&r.maker, true)) == v);
	MUST(r.net.request_n == 1);
	close_room(&r);
	return v;
}

TEST(patterns_match_roles_sessions_and_accounts)
{
#define AT "arn:aws:iam::123456789012:"
	CHECK_INT(with_roles(AT "role/Ops", ANSWER(SESSION)), AUTH_OK);
	CHECK_INT(with_roles(AT "role/O*", ANSWER(SESSION)), AUTH_OK);
	CHECK_INT(with_roles(" , " AT "role/X," AT "*", ANSWER(SESSION)),
	    AUTH_OK);
	CHECK_INT(with_roles(SESSION, ANSWER(SESSION)), AUTH_OK);
	CHECK_INT(with_roles("arn:aws:sts::123456789012:assumed-role/*/"
	    "*@example.com", ANSWER(SESSION)), AUTH_OK);
	CHECK_INT(with_roles("account:123456789012", ANSWER(SESSION)),
	    AUTH_OK);
	CHECK_INT(with_roles("account:123456789013", ANSWER(SESSION)),
	    AUTH_SCOPE);
	CHECK_INT(with_roles(AT "role/Op", ANSWER(SESSION)), AUTH_SCOPE);
	CHECK_INT(with_roles(AT "role/ops", ANSWER(SESSION)), AUTH_SCOPE);
	CHECK_INT(with_roles("arn:aws:sts::123456789012:assumed-role/Ops/bob",
	    ANSWER(SESSION)), AUTH_SCOPE);
	CHECK_INT(with_roles("arn:aws:iam::123456789013:role/Ops",
	    ANSWER(SESSION)), AUTH_SCOPE);
	CHECK_INT(with_roles("arn:aws-cn:iam::123456789012:role/Ops",
	    ANSWER(SESSION)), AUTH_SCOPE);
	CHECK_INT(with_roles(AT "user/*", ANSWER(AT "user/dev/ann")),
	    AUTH_OK);
	CHECK_INT(with_roles(AT "role/*", ANSWER(AT "user/dev/ann")),
	    AUTH_SCOPE);
	CHECK_INT(with_roles(AT "role/*", ANSWER(AT "root")), AUTH_SCOPE);
#undef AT
}

TEST(answers_that_are_none_are_an_outage)
{
	static const char *const bodies[] = { "", "{}", "[]",
		"<GetCallerIdentityResponse/>", "{\"GetCallerIdentityResponse\""
		":{\"GetCallerIdentityResult\":{}}}",
		ANSWER(""), ANSWER("arn:aws:iam::123456789013:user/x"),
		ANSWER("arn:aws:iam::123456789012:"), ANSWER("arn:aws"),
		ANSWER("arn:aws:iam::123456789012:user/a b"),
		ANSWER("urn:aws:iam::123456789012:user/a"),
		"{\"GetCallerIdentityResponse\":{\"GetCallerIdentityResult\""
		":{\"Account\":\"me\",\"Arn\":\"arn:aws:iam::me:user/a\"}}}" };
	struct room r;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		open_usual(&r);
		fake_transport_reply(&r.net, "", 200, bodies[i]);
		CHECK_INT(check(&r, sts_maker_token(&r.maker, true)),
		    AUTH_UNAVAILABLE);
		CHECK(r.no.retry_ms > 0);
		close_room(&r);
	}
}

TEST(an_arn_that_is_too_long_is_none)
{
	static char text[4096];
	struct room r;
	int n;

	open_usual(&r);
	n = snprintf(text, sizeof(text), "%.*s%01100d%s", 118,
	    ANSWER("arn:aws:iam::123456789012:user/"), 0,
	    "\",\"UserId\":\"x\"}}}");
	MUST(n > 1100 && n < (int)sizeof(text));
	fake_transport_reply(&r.net, "", 200, text);
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)),
	    AUTH_UNAVAILABLE);
	close_room(&r);
}

TEST(statuses_of_sts_become_ours)
{
	static const struct { int status; const char *body; } cases[] = {
		{ 403, "" },
		{ 400, "{\"Error\":{\"Code\":\"MissingAction\"}}" },
		{ 401, "" }, { 404, "" },
		{ 429, "" }, { 500, "" }, { 503, "" }, { 408, "" },
		{ 400, "<Code>Throttling</Code>" }, { 302, "" }, { 204, "" },
		{ 403, "{\"Error\":{\"Code\":\"ThrottlingException\"}}" },
		{ 203, ANSWER(SESSION) },
	};
	struct room r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_usual(&r);
		fake_transport_reply(&r.net, "", cases[i].status,
		    cases[i].body);
		CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), i < 4 ?
		    AUTH_INVALID : AUTH_UNAVAILABLE);
		CHECK_INT(r.no.retry_ms, i < 4 ? 0 : STS_IN_DOWN_MS);
		CHECK(r.who.kind == AUTH_NOBODY);
		close_room(&r);
	}
}

TEST(a_redirect_is_not_followed)
{
	struct room r;
	struct fake_reply *reply;

	open_usual(&r);
	reply = fake_transport_reply(&r.net, "", 301, "");
	reply->header = "Location";
	reply->value = "https://sts.amazonaws.com/";
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)),
	    AUTH_UNAVAILABLE);
	CHECK_INT(r.net.request_n, 1);
	close_room(&r);
}

TEST(no_connection_is_an_outage_that_is_logged)
{
	struct room r;

	open_usual(&r);
	fake_transport_fail(&r.net, "", ERR_CONNECT);
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)),
	    AUTH_UNAVAILABLE);
	CHECK_INT(r.no.retry_ms, STS_IN_DOWN_MS);
	CHECK(str_icontains(fake_sys_log(&r.world),
	    S("sts.eu-west-1.amazonaws.com")));
	CHECK(!str_icontains(fake_sys_log(&r.world), S("X-Amz-Signature")));
	close_room(&r);
}

TEST(a_slow_sts_is_given_up_after_5_seconds)
{
	struct room r;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->ms = 6000;
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)),
	    AUTH_UNAVAILABLE);
	CHECK_INT(r.world.mono_ms, 1005000);
	close_room(&r);
}

/* ---- what is kept ---- */

static void
pass(struct room *r, int64_t ms)
{
	r->world.now_ms += ms;
	r->world.mono_ms += ms;
}

TEST(an_answer_is_kept_for_a_minute)
{
	struct room r;
	struct str token;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->forever = true;
	r.maker.expires_s = 900;
	token = sts_maker_token(&r.maker, true);
	CHECK(!sts_in_recall(r.in, token, &r.a, &r.who));
	CHECK_INT(check(&r, token), AUTH_OK);
	pass(&r, 59999);
	CHECK(sts_in_recall(r.in, token, &r.a, &r.who));
	CHECK_STR(r.who.subject, S(ROLE));
	CHECK_INT(check(&r, token), AUTH_OK);
	CHECK_INT(r.net.request_n, 1);
	pass(&r, 1);
	CHECK(!sts_in_recall(r.in, token, &r.a, &r.who));
	CHECK_INT(check(&r, token), AUTH_OK);
	CHECK_INT(r.net.request_n, 2);
	/* The clock on the wall does not make it last. */
	r.world.now_ms -= 120000;
	pass(&r, 60000);
	CHECK(!sts_in_recall(r.in, token, &r.a, &r.who));
	CHECK(fake_sys_ok(&r.world));
	close_room(&r);
}

TEST(an_answer_is_not_kept_beyond_the_end_of_the_signature)
{
	struct room r;
	struct str token;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->forever = true;
	/* The end that the URL states... */
	r.maker.expires_s = 30;
	token = sts_maker_token(&r.maker, true);
	CHECK_INT(check(&r, token), AUTH_OK);
	pass(&r, 29999);
	CHECK(sts_in_recall(r.in, token, &r.a, &r.who));
	pass(&r, 1);
	CHECK(!sts_in_recall(r.in, token, &r.a, &r.who));
	/* ...after which STS is asked anew, and its word counts... */
	CHECK_INT(check(&r, token), AUTH_OK);
	CHECK_INT(r.net.request_n, 2);
	CHECK(sts_in_recall(r.in, token, &r.a, &r.who));
	/* ...and the end that there is, in both forms. */
	for (int i = 0; i < 2; i++) {
		r.maker.scope.time_ms = r.world.now_ms - 870000;
		r.maker.expires_s = 900;
		token = sts_maker_token(&r.maker, i == 0);
		CHECK_INT(check(&r, token), AUTH_OK);
		pass(&r, 29999);
		CHECK(sts_in_recall(r.in, token, &r.a, &r.who));
		pass(&r, 1);
		CHECK(!sts_in_recall(r.in, token, &r.a, &r.who));
	}
	close_room(&r);
}

TEST(a_refusal_of_sts_is_kept_shortly)
{
	struct room r;
	struct str token;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 403, "")->forever = true;
	token = sts_maker_token(&r.maker, true);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(check(&r, token), AUTH_INVALID);
		CHECK(str_starts(r.no.why, S("AWS does not accept")));
		CHECK(!sts_in_recall(r.in, token, &r.a, &r.who));
	}
	CHECK_INT(r.net.request_n, 1);
	pass(&r, STS_IN_DENIED_MS);
	CHECK_INT(check(&r, token), AUTH_INVALID);
	CHECK_INT(r.net.request_n, 2);
	close_room(&r);
}

TEST(an_outage_is_kept_for_two_seconds)
{
	struct room r;
	struct str token;

	open_usual(&r);
	fake_transport_fail(&r.net, "", ERR_CONNECT);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	token = sts_maker_token(&r.maker, true);
	CHECK_INT(check(&r, token), AUTH_UNAVAILABLE);
	CHECK_INT(check(&r, token), AUTH_UNAVAILABLE);
	CHECK_INT(r.no.retry_ms, STS_IN_DOWN_MS);
	CHECK_INT(r.net.request_n, 1);
	pass(&r, 2000);
	CHECK_INT(check(&r, token), AUTH_OK);
	close_room(&r);
}

static struct cancel raised;

static void
raise_cancel(void *ctx)
{
	(void)ctx;
	atomic_store(&raised.raised, true);
}

TEST(that_the_caller_went_away_is_not_kept)
{
	struct sts_in_want want = { .cancel = &raised };
	struct room r;
	struct str token;
	struct fake_reply *reply;

	open_usual(&r);
	want.deadline_ms = r.world.mono_ms + 1000;
	reply = fake_transport_fail(&r.net, "", ERR_CANCELLED);
	reply->hook = raise_cancel;
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	token = sts_maker_token(&r.maker, true);
	CHECK_INT(sts_in_check(r.in, token, &want, &r.a, &r.who, &r.no),
	    AUTH_UNAVAILABLE);
	CHECK_INT(check(&r, token), AUTH_OK);
	atomic_store(&raised.raised, false);
	close_room(&r);
}

TEST(many_tokens_are_kept_and_the_oldest_give_way)
{
	enum { N = 100, MORE = 600 };
	static struct str tokens[MORE];
	struct room r;
	unsigned known = 0;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->forever = true;
	r.maker.expires_s = 900;
	for (int i = 0; i < MORE; i++) {
		r.maker.scope.time_ms = FAKE_NOW_MS - i * INT64_C(1000);
		tokens[i] = sts_maker_token(&r.maker, i % 2 == 0);
		CHECK_INT(check(&r, tokens[i]), AUTH_OK);
		r.net.log_len = 0;
		pass(&r, 1);
		for (int k = 0; i == N - 1 && k < N; k++) {
			known += sts_in_recall(r.in, tokens[k], &r.a, &r.who);
		}
	}
	/* 100 in 128 places by chance: nearly all find one. */
	CHECK(known >= 90);
	known = 0;
	for (int k = 0; k < MORE; k++) {
		known += sts_in_recall(r.in, tokens[k], &r.a, &r.who);
	}
	CHECK(known >= 120 && known <= STS_IN_SET_N * STS_IN_WAY_N);
	CHECK(sts_in_recall(r.in, tokens[MORE - 1], &r.a, &r.who));
	close_room(&r);
}

TEST(a_token_that_differs_in_any_byte_is_another)
{
	struct room r;
	struct str token, copy;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	token = sts_maker_token(&r.maker, true);
	CHECK_INT(check(&r, token), AUTH_OK);
	copy = str_dup(&r.a, token);
	for (size_t i = 0; i < token.len; i++) {
		((char *)(uintptr_t)copy.p)[i] ^= 1;
		CHECK(!sts_in_recall(r.in, copy, &r.a, &r.who));
		((char *)(uintptr_t)copy.p)[i] ^= 1;
		CHECK(!sts_in_recall(r.in, str_sub(token, 0, i), &r.a,
		    &r.who));
	}
	CHECK(sts_in_recall(r.in, copy, &r.a, &r.who));
	close_room(&r);
}

/* ---- questions at a time ---- */

struct nest {
	struct room *r;
	unsigned depth;
	enum auth_verdict verdicts[STS_IN_ASK_MAX_N + 1];
};

/* While STS answers, the same token and another one come in. */
static void
come_in(void *ctx)
{
	struct nest *n = ctx;
	struct room *r = n->r;
	unsigned at = n->depth++;

	if (at <= STS_IN_ASK_MAX_N) {
		r->maker.scope.time_ms -= 1000;
		n->verdicts[at] = check(r, sts_maker_token(&r->maker, true));
	}
}

TEST(only_some_tokens_are_asked_about_at_a_time)
{
	struct nest n;
	struct room r;
	struct fake_reply *reply;

	open_usual(&r);
	n = (struct nest){ .r = &r };
	reply = fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	reply->forever = true;
	reply->hook = come_in;
	reply->hook_ctx = &n;
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	/* One from here and three from within; the fourth is sent away. */
	CHECK_INT(n.depth, STS_IN_ASK_MAX_N);
	CHECK_INT(r.net.request_n, STS_IN_ASK_MAX_N);
	CHECK_INT(n.verdicts[0], AUTH_OK);
	CHECK_INT(n.verdicts[STS_IN_ASK_MAX_N - 2], AUTH_OK);
	CHECK_INT(n.verdicts[STS_IN_ASK_MAX_N - 1], AUTH_UNAVAILABLE);
	/* All turns were given back. */
	n.depth = STS_IN_ASK_MAX_N + 1;
	for (int i = 0; i < 2 * STS_IN_ASK_MAX_N; i++) {
		r.maker.scope.time_ms -= 1000;
		CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	}
	CHECK(fake_sys_ok(&r.world));
	close_room(&r);
}

static void
same_again(void *ctx)
{
	struct nest *n = ctx;
	struct sts_in_want want = {
		.deadline_ms = n->r->world.mono_ms + 100 };

	n->verdicts[0] = sts_in_check(n->r->in, sts_maker_token(&n->r->maker,
	    true), &want, &n->r->a, &n->r->who, &n->r->no);
	n->depth = (unsigned)(n->r->world.mono_ms - 1000000);
}

TEST(the_same_token_waits_no_longer_than_it_may)
{
	struct nest n;
	struct room r;
	struct fake_reply *reply;

	open_usual(&r);
	n = (struct nest){ .r = &r };
	reply = fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	reply->hook = same_again;
	reply->hook_ctx = &n;
	CHECK_INT(check(&r, sts_maker_token(&r.maker, true)), AUTH_OK);
	CHECK_INT(n.verdicts[0], AUTH_UNAVAILABLE);
	CHECK_INT(n.depth, 100);
	CHECK_INT(r.net.request_n, 1);
	close_room(&r);
}

/* Many threads with one token, against a transport that takes 50 ms. */
#define THREAD_N 8

extern char **environ;

static const struct sys *real;
static atomic_uint asked_n;
static struct sts_in *shared;
static struct str shared_token;

static void
slow_roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	(void)n;
	atomic_fetch_add(&asked_n, 1);
	(void)real->sleep_until(real->ctx, real->mono_ms(real->ctx) + 50,
	    NULL);
	x[0]->err = ERR_OK;
	x[0]->status = 200;
	x[0]->response_body = S(ANSWER(SESSION));
}

static void *
one_thread(void *ctx)
{
	struct sts_in_want want = {
		.deadline_ms = real->mono_ms(real->ctx) + 20000 };
	struct auth_caller who;
	struct auth_refusal no;
	struct arena a;
	bool *ok = ctx;

	arena_init(&a, JOB_ARENA_CAP);
	*ok = sts_in_check(shared, shared_token, &want, &a, &who, &no) ==
	    AUTH_OK && str_eq(who.subject, S(ROLE));
	arena_free(&a);
	return NULL;
}

TEST(threads_with_one_token_ask_once)
{
	struct transport slow = { NULL, slow_roundtrip };
	pthread_t threads[THREAD_N];
	bool ok[THREAD_N] = { false };
	struct sys_linux *machine;
	struct room r;
	struct fail f;

	open_room(&r);
	fail_init(&f, &r.program);
	CHECK_INT(sys_linux_new(&machine, &r.program, environ, &f), ERR_OK);
	real = sys_linux_sys(machine);
	r.setup.sys = real;
	r.setup.transport = &slow;
	r.setup.log = NULL;
	CHECK_INT(start(&r, &f), ERR_OK);
	shared = r.in;
	r.maker.scope.time_ms = real->now_ms(real->ctx);
	shared_token = sts_maker_token(&r.maker, false);
	for (size_t i = 0; i < THREAD_N; i++) {
		MUST(pthread_create(&threads[i], NULL, one_thread, &ok[i]) ==
		    0);
	}
	for (size_t i = 0; i < THREAD_N; i++) {
		MUST(pthread_join(threads[i], NULL) == 0);
	}
	for (size_t i = 0; i < THREAD_N; i++) {
		CHECK(ok[i]);
	}
	CHECK_INT(atomic_load(&asked_n), 1);
	close_room(&r);
}

/* ---- settings, memory ---- */

TEST(settings_that_let_in_anybody_are_refused)
{
	static const char *const bad[] = { "", " , ", "*", "arn:*",
		"arn:aws:iam::*:role/Ops", "arn:aws:iam::12345678901*:role/x",
		"arn:*:iam::123456789012:role/x", "arn:x:iam::123456789012:y",
		"arn:aws*:iam::123456789012:role/x",
		"arn:aws:*::123456789012:x",
		"arn:aws:iam::123456789012:", "arn:aws:iam::123456789012",
		"arn:aws:s3::123456789012:x", "account:*", "account:12345",
		"account:1234567890123", "role/Ops", "123456789012",
		"account:123456789012,*" };
	struct room r;
	struct fail f;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		open_room(&r);
		r.setup.roles = str_from_z(bad[i]);
		CHECK_INT(start(&r, &f), ERR_CONFIG);
		CHECK(str_icontains(fail_text(&f), S("AUTH_STS_ROLES")));
		close_room(&r);
	}
}

TEST(a_server_id_and_an_https_endpoint_are_needed)
{
	static const char *const ids[] = { "", "a b", "a\n", "\xc3\xa9" };
	static const char *const urls[] = { "http://sts.example.com", "x",
		"https://u@h/", "https://h/?q" };
	struct room r;
	struct fail f;

	for (size_t i = 0; i < 8; i++) {
		open_room(&r);
		if (i < 4) {
			r.setup.server_id = str_from_z(ids[i]);
		} else {
			r.setup.endpoint = str_from_z(urls[i - 4]);
		}
		CHECK_INT(start(&r, &f), ERR_CONFIG);
		CHECK(i >= 4 || str_icontains(fail_text(&f),
		    S("AUTH_STS_SERVER_ID")));
		close_room(&r);
	}
}

TEST(at_most_256_patterns_are_taken)
{
	struct room r;
	struct fail f;
	struct buf b;

	open_room(&r);
	b = buf_in(&r.a, 32768);
	for (int i = 0; i < STS_IN_ROLE_MAX_N; i++) {
		buf_add(&b, S("account:123456789012,"));
	}
	r.setup.roles = buf_str(&b);
	CHECK_INT(start(&r, &f), ERR_OK);
	buf_add(&b, S("account:123456789012"));
	r.setup.roles = buf_str(&b);
	CHECK_INT(start(&r, &f), ERR_CONFIG);
	close_room(&r);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct room *r = ctx;
	struct sts_in_want want = { .deadline_ms = r->world.mono_ms + 1000 };
	enum auth_verdict v = sts_in_check(r->in, shared_token, &want, a,
	    &r->who, &r->no);

	MUST(v == AUTH_OK || v == AUTH_UNAVAILABLE);
	MUST((v == AUTH_OK) == (r->who.kind == AUTH_STS));
	return v == AUTH_OK;
}

TEST(without_memory_nobody_is_recalled_and_nothing_starts)
{
	static char large[STS_IN_TOKEN_MAX + 1];
	struct sts_in *in;
	struct arena full;
	struct room r;
	struct str token;

	open_usual(&r);
	fake_transport_reply(&r.net, "", 200, ANSWER(SESSION));
	token = sts_maker_token(&r.maker, true);
	CHECK_INT(check(&r, token), AUTH_OK);
	arena_init(&full, JOB_ARENA_CAP);
	full.fail_at = 0;
	CHECK(!sts_in_recall(r.in, token, &full, &r.who));
	arena_free(&full);
	CHECK(!sts_in_recall(r.in, str_of(large, sizeof(large)), &r.a,
	    &r.who));
	for (size_t i = 0; i < 3; i++) {
		arena_init(&full, PROGRAM_ARENA_CAP);
		full.fail_at = i;
		CHECK_INT(sts_in_new(&r.setup, &full, &in, NULL), ERR_NOMEM);
		arena_free(&full);
	}
	CHECK(fake_sys_ok(&r.world));
	close_room(&r);
}

TEST(without_memory_a_token_is_neither_good_nor_bad)
{
	struct room r;

	for (int i = 0; i < 2; i++) {
		open_usual(&r);
		fake_transport_reply(&r.net, "", 200, ANSWER(SESSION))->
		    forever = true;
		shared_token = sts_maker_token(&r.maker, i == 0);
		CHECK(test_fail_sweep(sweep, &r, JOB_ARENA_CAP) > 0);
		CHECK(fake_sys_ok(&r.world));
		close_room(&r);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures at the demo endpoint: what AWS answers to requests that are
 * signed well, badly, late, or not at all, in JSON and in the query protocol.
 */
#include "demo/account.h"
#include "demo_ask.h"
#include "proto/sigv4.h"
#include "proto/xml.h"
#include "test.h"

struct signer {
	struct demo_ask q;
	struct sigv4_keys keys;
	struct sigv4_scope scope;
	struct http1_header headers[8];
	struct demo_request request;
};

static void
signer_init(struct signer *s, bool sts)
{
	memset(s, 0, sizeof(*s));
	demo_ask_init(&s->q);
	s->q.demo.verify = true;
	s->keys = (struct sigv4_keys){ S(DEMO_ACCESS_KEY), S(DEMO_SECRET_KEY),
		STR_NONE, NULL };
	s->scope = (struct sigv4_scope){ FAKE_NOW_MS, S("eu-west-1"),
		sts ? S("sts") : S("logs") };
	s->headers[0] = (struct http1_header){ S("Host"), sts ?
	    S("sts.eu-west-1.amazonaws.com") :
	    S("logs.eu-west-1.amazonaws.com") };
	s->headers[1] = (struct http1_header){ sts ? S("Accept") :
	    S("X-Amz-Target"), sts ? S("text/xml") :
	    S("Logs_20140328.DescribeLogGroups") };
	s->request = (struct demo_request){ S("POST"), S("/"), s->headers, 2,
		sts ? S("Action=GetCallerIdentity&Version=2011-06-15") :
		S("{\"limit\":1}") };
}

/* Adds the signature's headers. */
static bool
sign(struct signer *s)
{
	struct sigv4_request r = { .method = s->request.method, .path = S("/"),
		.headers = s->headers, .header_n = s->request.header_n,
		.body = s->request.body };
	struct sigv4_signed out;

	if (sigv4_sign(&s->q.arena, &r, &s->keys, &s->scope, &out, NULL) !=
	    ERR_OK) {
		return false;
	}
	for (size_t i = 0; i < out.add_n; i++) {
		s->headers[s->request.header_n++] = out.add[i];
	}
	return true;
}

static void
ask(struct signer *s)
{
	struct json *v = NULL;

	demo_serve(&s->q.demo, &s->request, &s->q.arena, &s->q.reply);
	s->q.json = json_parse(&s->q.arena, s->q.reply.body, 0, &v, NULL) ==
	    ERR_OK ? v : NULL;
}

/* Text of an element of an XML answer. */
static struct str
element(struct signer *s, const char *path)
{
	struct xml_pick pick = { str_from_z(path), STR_NONE };

	return xml_pick(&s->q.arena, s->q.reply.body, &pick, 1, NULL) ==
	    ERR_OK ? pick.text : STR_NONE;
}

TEST(a_good_signature_is_accepted)
{
	struct signer s;

	signer_init(&s, false);
	CHECK(sign(&s));
	ask(&s);
	CHECK_INT(s.q.reply.status, 200);
	CHECK_INT(json_get(s.q.json, S("logGroups"))->n, 1);
	demo_ask_free(&s.q);
}

#define REFUSED(s, http, name) do { \
	ask(s); \
	CHECK_INT((s)->q.reply.status, http); \
	CHECK_STR(demo_ask_error(&(s)->q), S(name)); \
} while (0)

TEST(a_get_with_a_query_is_verified_as_well)
{
	struct signer s;
	struct sigv4_request r;
	struct sigv4_signed out;

	for (int i = 0; i < 3; i++) {
		struct str query = S("query=%7B%22DBLoad%22%7D&"
		    "time=1795175000");

		signer_init(&s, false);
		s.scope.service = S("monitoring");
		s.headers[0].value = S("monitoring.eu-west-1.amazonaws.com");
		s.request = (struct demo_request){ S("GET"), S("/api/v1/query"
		    "?query=%7B%22DBLoad%22%7D&time=1795175000"), s.headers, 1,
		    S("") };
		r = (struct sigv4_request){ .method = S("GET"),
		    .path = S("/api/v1/query"), .query = query,
		    .headers = s.headers, .header_n = 1, .body = S("") };
		CHECK_INT(sigv4_sign(&s.q.arena, &r, &s.keys, &s.scope, &out,
		    NULL), ERR_OK);
		for (size_t k = 0; k < out.add_n; k++) {
			s.headers[s.request.header_n++] = out.add[k];
		}
		if (i == 1) {
			s.request.target = S("/api/v1/query?query=%7B%22"
			    "DBLoad%22%7D&time=1795175001");
		}
		if (i == 2) {
			s.request.header_n = 1;
		}
		ask(&s);
		CHECK_INT(s.q.reply.status, i == 0 ? 200 : 400);
		CHECK(i == 0 || str_find(json_get_str(s.q.json, S("__type"),
		    S("")), i == 1 ? S("InvalidSignature") :
		    S("MissingAuthenticationToken"), 0) == 0);
		demo_ask_free(&s.q);
	}
}

TEST(an_unsigned_request_is_told_so)
{
	struct signer s;

	signer_init(&s, false);
	REFUSED(&s, 400, "MissingAuthenticationTokenException");
	demo_ask_free(&s.q);
	signer_init(&s, true);
	ask(&s);
	CHECK_INT(s.q.reply.status, 403);
	CHECK_STR(element(&s, "ErrorResponse/Error/Code"),
	    S("MissingAuthenticationToken"));
	demo_ask_free(&s.q);
}

TEST(an_unknown_key_is_told_so)
{
	struct signer s;

	signer_init(&s, false);
	s.keys.access_key = S("AKIDNOBODY0000000001");
	CHECK(sign(&s));
	REFUSED(&s, 400, "UnrecognizedClientException");
	demo_ask_free(&s.q);
	signer_init(&s, true);
	s.keys.access_key = S("AKIDNOBODY0000000001");
	CHECK(sign(&s));
	ask(&s);
	CHECK_STR(element(&s, "ErrorResponse/Error/Code"),
	    S("InvalidClientTokenId"));
	demo_ask_free(&s.q);
}

TEST(a_wrong_secret_an_altered_body_or_header_do_not_match)
{
	struct signer s;

	signer_init(&s, false);
	s.keys.secret = S("something/else");
	CHECK(sign(&s));
	REFUSED(&s, 400, "InvalidSignatureException");
	CHECK(str_starts(json_get_str(s.q.json, S("message"), S("")),
	    S("The request signature we calculated does not match")));
	demo_ask_free(&s.q);
	signer_init(&s, false);
	CHECK(sign(&s));
	s.request.body = S("{\"limit\":2}");
	REFUSED(&s, 400, "InvalidSignatureException");
	demo_ask_free(&s.q);
	signer_init(&s, false);
	CHECK(sign(&s));
	s.headers[1].value = S("Logs_20140328.DescribeLogStreams");
	REFUSED(&s, 400, "InvalidSignatureException");
	demo_ask_free(&s.q);
}

TEST(an_old_or_future_signature_is_refused_with_both_times)
{
	struct signer s;
	struct str message;

	signer_init(&s, false);
	s.scope.time_ms -= 16 * 60 * 1000;
	CHECK(sign(&s));
	REFUSED(&s, 400, "InvalidSignatureException");
	message = json_get_str(s.q.json, S("message"), S(""));
	CHECK(str_starts(message, S("Signature expired: 20261120T114400Z is "
	    "now earlier than 20261120T114500Z (20261120T120000Z - 15 min.)")));
	demo_ask_free(&s.q);
	signer_init(&s, false);
	s.scope.time_ms += 16 * 60 * 1000;
	CHECK(sign(&s));
	REFUSED(&s, 400, "InvalidSignatureException");
	CHECK(str_starts(json_get_str(s.q.json, S("message"), S("")),
	    S("Signature not yet current: ")));
	demo_ask_free(&s.q);
}

TEST(another_region_or_service_in_the_scope_is_refused)
{
	struct signer s;

	signer_init(&s, false);
	s.scope.region = S("us-east-1");
	CHECK(sign(&s));
	REFUSED(&s, 400, "InvalidSignatureException");
	CHECK(str_find(json_get_str(s.q.json, S("message"), S("")),
	    S("eu-west-1"), 0) < 200);
	demo_ask_free(&s.q);
	signer_init(&s, false);
	s.scope.service = S("monitoring");
	CHECK(sign(&s));
	REFUSED(&s, 400, "InvalidSignatureException");
	demo_ask_free(&s.q);
	signer_init(&s, false);
	s.headers[0].value = S("127.0.0.1:8080");
	s.scope.region = S("nowhere");
	CHECK(sign(&s));
	REFUSED(&s, 400, "InvalidSignatureException");
	demo_ask_free(&s.q);
}

TEST(a_malformed_authorization_is_incomplete)
{
	struct signer s;

	signer_init(&s, false);
	CHECK(sign(&s));
	for (size_t i = 2; i < s.request.header_n; i++) {
		if (str_eq(s.headers[i].name, S("Authorization"))) {
			s.headers[i].value = S("AWS4-HMAC-SHA256 Credential=x");
		}
	}
	REFUSED(&s, 400, "IncompleteSignatureException");
	demo_ask_free(&s.q);
}

TEST(every_flipped_byte_of_a_signed_body_is_noticed)
{
	struct signer s;
	char body[16];

	signer_init(&s, false);
	CHECK(sign(&s));
	for (size_t i = 0; i < 11; i++) {
		memcpy(body, "{\"limit\":1}", 11);
		body[i] ^= 1;
		s.request.body = str_of(body, 11);
		ask(&s);
		CHECK_STR(demo_ask_error(&s.q),
		    S("InvalidSignatureException"));
	}
	demo_ask_free(&s.q);
}

TEST(who_may_nothing_is_told_which_action_and_who_he_is)
{
	struct signer s;

	signer_init(&s, false);
	s.keys = (struct sigv4_keys){ S(DEMO_DENIED_ACCESS_KEY),
		S(DEMO_DENIED_SECRET_KEY), STR_NONE, NULL };
	CHECK(sign(&s));
	REFUSED(&s, 400, "AccessDeniedException");
	CHECK_STR(json_get_str(s.q.json, S("message"), S("")), S("User: "
	    "arn:aws:iam::111122223333:user/demo-denied is not authorized to "
	    "perform: logs:DescribeLogGroups because no identity-based policy "
	    "allows the logs:DescribeLogGroups action"));
	demo_ask_free(&s.q);
}

/* Assumes a role and signs the next request with what came back. */
static bool
assume(struct signer *s)
{
	char copy[3][256];
	const char *names[3] = { "AccessKeyId", "SecretAccessKey",
		"SessionToken" };
	char path[128];
	struct str value[3];

	s->request.body = S("Action=AssumeRole&Version=2011-06-15&RoleArn="
	    "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fteam%2Freader&"
	    "RoleSessionName=me&DurationSeconds=900");
	if (!sign(s)) {
		return false;
	}
	ask(s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "AssumeRoleResponse/"
		    "AssumeRoleResult/Credentials/%s", names[i]);
		value[i] = element(s, path);
		if (value[i].p == NULL || value[i].len >= sizeof(copy[i])) {
			return false;
		}
		value[i] = str_dup(&s->q.arena, value[i]);
	}
	s->keys = (struct sigv4_keys){ value[0], value[1], value[2], NULL };
	s->request.header_n = 2;
	s->request.body = S("Action=GetCallerIdentity&Version=2011-06-15");
	return true;
}

TEST(an_assumed_role_can_sign_until_it_expires)
{
	struct signer s;

	signer_init(&s, true);
	CHECK(assume(&s));
	CHECK(sign(&s));
	ask(&s);
	CHECK_INT(s.q.reply.status, 200);
	CHECK_STR(element(&s, "GetCallerIdentityResponse/"
	    "GetCallerIdentityResult/Arn"),
	    S("arn:aws:sts::111122223333:assumed-role/reader/me"));
	s.q.sys.now_ms += 901 * 1000;
	s.scope.time_ms += 901 * 1000;
	s.request.header_n = 2;
	CHECK(sign(&s));
	ask(&s);
	CHECK_STR(element(&s, "ErrorResponse/Error/Code"), S("ExpiredToken"));
	s.keys.token = S("demo-session.forged.1.a.b");
	s.request.header_n = 2;
	CHECK(sign(&s));
	ask(&s);
	CHECK_STR(element(&s, "ErrorResponse/Error/Code"),
	    S("InvalidClientTokenId"));
	demo_ask_free(&s.q);
}

TEST(a_web_identity_needs_no_signature)
{
	struct signer s;

	signer_init(&s, true);
	s.request.body = S("Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:"
	    "iam::111122223333:role/irsa&RoleSessionName=pod&"
	    "WebIdentityToken=eyJ");
	ask(&s);
	CHECK_INT(s.q.reply.status, 200);
	CHECK(element(&s, "AssumeRoleWithWebIdentityResponse/"
	    "AssumeRoleWithWebIdentityResult/Credentials/SessionToken").len >
	    20);
	s.request.body = S("Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:"
	    "iam::111122223333:role/irsa&RoleSessionName=pod&"
	    "WebIdentityToken=expired");
	ask(&s);
	CHECK_STR(element(&s, "ErrorResponse/Error/Code"),
	    S("ExpiredTokenException"));
	demo_ask_free(&s.q);
}

TEST(a_presigned_identity_is_verified_with_extra_headers)
{
	struct signer s;

	for (int i = 0; i < 5; i++) {
		struct sigv4_request r;
		struct str parts[2] = { S("/?"), STR_NONE };

		signer_init(&s, true);
		s.headers[1] = (struct http1_header){ S("x-server-id"),
			S("one") };
		s.scope.time_ms -= i == 3 ? 14 * 60000 : i == 4 ? 960000 : 0;
		r = (struct sigv4_request){ .method = S("GET"),
		    .path = S("/"), .query = S("Action=GetCallerIdentity&"
		    "Version=2011-06-15"), .headers = s.headers,
		    .header_n = 2 };
		CHECK_INT(sigv4_presign(&s.q.arena, &r, &s.keys, &s.scope, 60,
		    &parts[1], NULL), ERR_OK);
		s.request = (struct demo_request){ S("GET"),
			str_join(&s.q.arena, parts, 2), s.headers, 2, S("") };
		if (i == 1) {
			s.headers[1].value = S("two");
		} else if (i == 2) {
			s.request.header_n = 1;
		}
		ask(&s);
		CHECK_INT(s.q.reply.status, i == 0 || i == 3 ? 200 : 403);
		CHECK(i == 1 || i == 2 || i == 4 || str_eq(element(&s,
		    "GetCallerIdentityResponse/GetCallerIdentityResult/Arn"),
		    S("arn:aws:iam::" ACCOUNT_ID ":user/demo-reader")));
		demo_ask_free(&s.q);
	}
}

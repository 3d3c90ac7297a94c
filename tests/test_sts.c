/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STS: what is sent, what comes back, and what is said when it goes wrong.
 */
#include "test.h"

#include "aws/sts.h"
#include "base/limits.h"
#include "fake_transport.h"

#define ROLE "arn:aws:iam::123456789012:role/observer"
#define HOST "https://sts.eu-west-1.amazonaws.com"

#define KEYS_XML(action) \
	"<" action "Response xmlns=\"https://sts.amazonaws.com/doc/" \
	"2011-06-15/\"><" action "Result><AssumedRoleUser>" \
	"<AssumedRoleId>AROA:x</AssumedRoleId><Arn>" \
	"arn:aws:sts::123456789012:assumed-role/observer/x</Arn>" \
	"</AssumedRoleUser><Credentials>" \
	"<AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>sec/ret+" \
	"</SecretAccessKey><SessionToken>tok==</SessionToken>" \
	"<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials></" \
	action "Result></" action "Response>"

#define ERROR_XML(code, message) \
	"<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">" \
	"<Error><Type>Sender</Type><Code>" code "</Code><Message>" message \
	"</Message></Error><RequestId>1</RequestId></ErrorResponse>"

/* {"iss":"https://oidc.example","sub":"system:serviceaccount:ns:sa",
 *  "aud":["sts.amazonaws.com"]} */
#define TOKEN "e30.eyJpc3MiOiJodHRwczovL29pZGMuZXhhbXBsZSIsInN1YiI6InN5c3Rl" \
	"bTpzZXJ2aWNlYWNjb3VudDpuczpzYSIsImF1ZCI6WyJzdHMuYW1hem9uYXdzLmNv" \
	"bSJdfQ.c2ln"

static struct fake_sys world;
static struct fake_transport net;
static struct arena arena;
static struct fail fail;
static struct sts sts;
static struct sts_role role;
static struct creds_keys out;
static const struct creds_keys base_keys = {
	.access_key_id = STR_INIT("AKIDEXAMPLE"),
	.secret = STR_INIT("wJalrXUtnFEMI"),
	.token = STR_INIT("base-token"),
};

static void
begin(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)4 << 20);
	fail_init(&fail, &arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	sts = (struct sts){
		.sys = &world.sys, .transport = &net.transport,
		.endpoint = S(HOST), .region = S("eu-west-1"),
		.deadline_ms = world.mono_ms + 60000,
	};
	role = (struct sts_role){
		.arn = S(ROLE), .session_name = S("me"),
	};
}

static enum err
assume(void)
{
	return sts_assume_role(&sts, &base_keys, &role, &arena, &out, &fail);
}

static enum err
assume_web(void)
{
	role.token = S(TOKEN);
	return sts_assume_role_web(&sts, &role, &arena, &out, &fail);
}

TEST(assume_role_is_signed_and_decoded)
{
	begin();
	role.external_id = S("ex 1&2");
	role.duration_s = 3600;
	fake_transport_reply(&net, "POST " HOST "/", 200,
	    KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK_STR(out.access_key_id, S("ASIAX"));
	CHECK_STR(out.secret, S("sec/ret+"));
	CHECK_STR(out.token, S("tok=="));
	CHECK_STR(out.account_id, S("123456789012"));
	CHECK_INT(out.expires_ms, FAKE_NOW_MS + 3600000);
	CHECK(fake_transport_saw(&net,
	    "\nHost: sts.eu-west-1.amazonaws.com\n"));
	CHECK(fake_transport_saw(&net, "Authorization: AWS4-HMAC-SHA256 "
	    "Credential=AKIDEXAMPLE/20261120/eu-west-1/sts/aws4_request"));
	CHECK(fake_transport_saw(&net, "base-token"));
	CHECK(fake_transport_saw(&net, "\n\nAction=AssumeRole&Version="
	    "2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole"
	    "%2Fobserver&RoleSessionName=me&DurationSeconds=3600&ExternalId="
	    "ex%201%262\n---"));
	CHECK(fake_transport_ok(&net));
}

TEST(web_identity_is_not_signed)
{
	begin();
	fake_transport_reply(&net, "POST " HOST "/", 200,
	    KEYS_XML("AssumeRoleWithWebIdentity"));
	CHECK_INT(assume_web(), ERR_OK);
	CHECK_STR(out.access_key_id, S("ASIAX"));
	CHECK(!fake_transport_saw(&net, "Authorization"));
	CHECK(fake_transport_saw(&net, "&WebIdentityToken=" TOKEN "\n"));
	CHECK(fake_transport_ok(&net));
}

TEST(caller_identity_is_decoded)
{
	struct sts_identity id;

	begin();
	fake_transport_reply(&net, HOST, 200, "<GetCallerIdentityResponse>"
	    "<GetCallerIdentityResult><Arn>arn:aws:iam::210987654321:user/u"
	    "</Arn><UserId>AIDA</UserId><Account>210987654321</Account>"
	    "</GetCallerIdentityResult></GetCallerIdentityResponse>");
	CHECK_INT(sts_caller_identity(&sts, &base_keys, &arena, &id, &fail),
	    ERR_OK);
	CHECK_STR(id.account, S("210987654321"));
	CHECK_STR(id.arn, S("arn:aws:iam::210987654321:user/u"));
	CHECK_STR(id.user_id, S("AIDA"));
	fake_transport_reply(&net, HOST, 403,
	    ERROR_XML("InvalidClientTokenId", "The token is invalid."));
	CHECK_INT(sts_caller_identity(&sts, &base_keys, &arena, &id, &fail),
	    ERR_AWS_EXPIRED);
	CHECK_STR(fail.what, S("STS call GetCallerIdentity at "
	    "sts.eu-west-1.amazonaws.com failed: InvalidClientTokenId: The "
	    "token is invalid; the access key is deleted or switched off, "
	    "belongs to another partition, or came without its session "
	    "token"));
}

TEST(session_names_are_made_acceptable)
{
	begin();
	role.session_name = S("a b/c@d.e=f");
	fake_transport_reply(&net, HOST, 200, KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK(fake_transport_saw(&net, "RoleSessionName=a-b-c%40d.e%3Df\n"));
	role.session_name = S("x");
	fake_transport_reply(&net, HOST, 200, KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK(fake_transport_saw(&net,
	    "RoleSessionName=cloudwatch-mcp-1795176000\n"));
	role.session_name = S("0123456789012345678901234567890123456789"
	    "012345678901234567890123456789");
	fake_transport_reply(&net, HOST, 200, KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK(fake_transport_saw(&net, "RoleSessionName=01234567890123456789"
	    "01234567890123456789012345678901234567890123\n"));
}

TEST(what_passes_by_itself_is_sent_again)
{
	begin();
	fake_transport_reply(&net, HOST, 503, "busy");
	fake_transport_reply(&net, HOST, 400,
	    ERROR_XML("IDPCommunicationError", "later"));
	fake_transport_reply(&net, HOST, 200,
	    KEYS_XML("AssumeRoleWithWebIdentity"));
	CHECK_INT(assume_web(), ERR_OK);
	CHECK_INT(net.request_n, 3);
	CHECK_INT(world.sleep_n, 2);
	CHECK(fake_transport_ok(&net));
}

TEST(three_failures_are_the_end)
{
	begin();
	fake_transport_fail(&net, HOST, ERR_CONNECT);
	fake_transport_fail(&net, HOST, ERR_TIMEOUT);
	fake_transport_reply(&net, HOST, 500, "<html>no</html>");
	CHECK_INT(assume(), ERR_AWS_SERVICE);
	CHECK_STR(fail.what, S("STS call AssumeRole for " ROLE " at "
	    "sts.eu-west-1.amazonaws.com failed: HTTP status 500"));
	CHECK(fake_transport_ok(&net));
}

TEST(throttling_is_named)
{
	begin();
	fake_transport_reply(&net, HOST, 400,
	    ERROR_XML("Throttling", "Rate exceeded"))->forever = true;
	CHECK_INT(assume(), ERR_AWS_THROTTLED);
	CHECK_INT(net.request_n, 3);
	begin();
	fake_transport_reply(&net, HOST, 429, "")->forever = true;
	CHECK_INT(assume(), ERR_AWS_THROTTLED);
}

TEST(certificate_errors_are_not_repeated)
{
	begin();
	fake_transport_fail(&net, HOST, ERR_TLS_NAME);
	CHECK_INT(assume(), ERR_TLS_NAME);
	CHECK_STR(fail.what, S("STS call AssumeRole for " ROLE " at "
	    "sts.eu-west-1.amazonaws.com failed: the certificate is for "
	    "another host name"));
	CHECK_INT(net.request_n, 1);
}

TEST(attempts_are_bounded_in_time)
{
	begin();
	fake_transport_reply(&net, HOST, 200, "")->ms = 99999;
	fake_transport_reply(&net, HOST, 200, KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK(world.mono_ms - 1000000 >= STS_ATTEMPT_MS);
	CHECK(world.mono_ms - 1000000 <= STS_ATTEMPT_MS + 2000);
}

TEST(no_attempt_begins_behind_the_deadline)
{
	begin();
	sts.deadline_ms = world.mono_ms + 1;
	fake_transport_reply(&net, HOST, 503, "");
	world.random_err = ERR_IO;
	CHECK_INT(assume(), ERR_AWS_SERVICE);
	CHECK_INT(net.request_n, 1);
}

TEST(a_cancel_ends_the_waiting)
{
	struct cancel cancel = { .raised = false };

	begin();
	sts.cancel = &cancel;
	world.cancel_at_wait = &cancel;
	fake_transport_reply(&net, HOST, 503, "");
	CHECK_INT(assume(), ERR_CANCELLED);
	CHECK_INT(net.request_n, 1);
	CHECK_INT(assume(), ERR_CANCELLED);
}

TEST(a_wrong_clock_is_corrected_once)
{
	struct fake_reply *r;

	begin();
	r = fake_transport_reply(&net, HOST, 403, ERROR_XML(
	    "SignatureDoesNotMatch", "Signature expired: 20261120T120000Z is "
	    "now earlier than 20261120T124500Z"));
	r->header = "Date";
	r->value = "Fri, 20 Nov 2026 13:00:00 GMT";
	fake_transport_reply(&net, HOST, 200, KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK(fake_transport_saw(&net, "X-Amz-Date: 20261120T130000Z") ||
	    fake_transport_saw(&net, "x-amz-date: 20261120T130000Z"));
	CHECK(fake_transport_ok(&net));
}

TEST(a_clock_that_stays_wrong_is_told)
{
	struct fake_reply *r;

	begin();
	r = fake_transport_reply(&net, HOST, 400,
	    ERROR_XML("RequestExpired", "Request has expired."));
	r->header = "Date";
	r->value = "Fri, 20 Nov 2026 13:00:00 GMT";
	r->forever = true;
	CHECK_INT(assume(), ERR_AWS_CLOCK);
	CHECK_INT(net.request_n, 2);
	CHECK(str_ends(fail.what, S("RequestExpired: Request has expired; set "
	    "this machine's clock: it differs from AWS's by 3600 s")));
}

/* The call's error and the end of its sentence. */
#define SAYS(call, err, end) do { \
	CHECK_INT(call, err); \
	CHECK_STR(str_sub(fail.what, fail.what.len < S(end).len ? 0 : \
	    fail.what.len - S(end).len, fail.what.len), S(end)); \
} while (0)

TEST(denied_role_names_both_policies)
{
	begin();
	fake_transport_reply(&net, HOST, 403, ERROR_XML("AccessDenied",
	    "User: u is not authorized to perform: sts:AssumeRole"));
	SAYS(assume(), ERR_AWS_ACCESS, "failed: AccessDenied: User: u is not "
	    "authorized to perform: sts:AssumeRole; the role's trust policy "
	    "must allow sts:AssumeRole to this caller (and its external id, "
	    "where it wants one), and the caller's own policy must allow "
	    "sts:AssumeRole on " ROLE);
	CHECK_INT(net.request_n, 1);
}

TEST(denied_web_identity_names_the_claims)
{
	begin();
	fake_transport_reply(&net, HOST, 403, ERROR_XML("AccessDenied",
	    "Not authorized to perform sts:AssumeRoleWithWebIdentity"));
	SAYS(assume_web(), ERR_AWS_ACCESS, "; the role's trust policy must "
	    "allow sts:AssumeRoleWithWebIdentity to the token's OIDC provider, "
	    "with conditions that fit its claims (this token says: iss "
	    "https://oidc.example, sub system:serviceaccount:ns:sa, aud "
	    "sts.amazonaws.com)");
	CHECK(!fake_transport_saw(&net, "c2ln&"));
	CHECK(str_find(fail.what, S(TOKEN), 0) == fail.what.len);
}

TEST(an_unknown_issuer_is_told_to_be_registered)
{
	begin();
	fake_transport_reply(&net, HOST, 400, ERROR_XML("InvalidIdentityToken",
	    "No OpenIDConnect provider found in your account."));
	SAYS(assume_web(), ERR_AWS_ACCESS, "found in your account; register "
	    "the token's issuer as an OIDC identity provider in IAM of account "
	    "123456789012, with the token's audience (this token says: iss "
	    "https://oidc.example, sub system:serviceaccount:ns:sa, aud "
	    "sts.amazonaws.com)");
}

TEST(tokens_that_are_no_jwt_are_said_to_be_none)
{
	begin();
	role.token = S("plain");
	fake_transport_reply(&net, HOST, 400,
	    ERROR_XML("InvalidIdentityToken", "bad"));
	SAYS(sts_assume_role_web(&sts, &role, &arena, &out, &fail),
	    ERR_AWS_ACCESS, " (the token is not a readable JWT)");
}

TEST(expired_tokens_and_keys_are_told_apart)
{
	begin();
	fake_transport_reply(&net, HOST, 400,
	    ERROR_XML("ExpiredTokenException", "Token expired"));
	SAYS(assume_web(), ERR_AWS_EXPIRED,
	    "; whatever writes the token file has to renew it");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 403,
	    ERROR_XML("ExpiredToken", "The security token is expired"));
	SAYS(assume(), ERR_AWS_EXPIRED,
	    "; the keys that sign this call are expired: get new ones");
}

TEST(other_refusals_have_their_advice)
{
	begin();
	fake_transport_reply(&net, HOST, 403,
	    ERROR_XML("SignatureDoesNotMatch", "The request signature"));
	SAYS(assume(), ERR_AWS_EXPIRED, "; the secret access key does not "
	    "belong to the access key id");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 403,
	    ERROR_XML("RegionDisabledException", "off"));
	SAYS(assume(), ERR_AWS_REQUEST, "; switch STS on for eu-west-1 in the "
	    "account settings of IAM, or choose another region");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 400, ERROR_XML("ValidationError",
	    "The requested DurationSeconds exceeds the MaxSessionDuration"));
	SAYS(assume(), ERR_AWS_REQUEST, "; lower duration_seconds, or raise "
	    "the role's maximum session duration");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 400, ERROR_XML("Odd", "thing."));
	SAYS(assume(), ERR_AWS_REQUEST, "failed: Odd: thing");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 400,
	    ERROR_XML("IDPCommunicationError", "no"))->forever = true;
	SAYS(assume_web(), ERR_AWS_SERVICE, "; STS could not reach the token's "
	    "issuer: its discovery and key documents must be public (this "
	    "token says: iss https://oidc.example, sub "
	    "system:serviceaccount:ns:sa, aud sts.amazonaws.com)");
}

TEST(answers_that_make_no_sense_are_told)
{
	begin();
	fake_transport_reply(&net, HOST, 200, "<html>hotel wifi<br></html>");
	SAYS(assume(), ERR_AWS_REPLY, "to AssumeRole is not the XML of STS: "
	    "an XML end tag that closes nothing at byte 20");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 200, "<a/>");
	SAYS(assume(), ERR_AWS_REPLY, "to AssumeRole lacks AssumeRoleResponse/"
	    "AssumeRoleResult/Credentials/AccessKeyId");
	fail_clear(&fail);
	fake_transport_reply(&net, HOST, 200, "<AssumeRoleResponse>"
	    "<AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId>"
	    "<SecretAccessKey>b</SecretAccessKey><SessionToken>c"
	    "</SessionToken><Expiration>soon</Expiration></Credentials>"
	    "</AssumeRoleResult></AssumeRoleResponse>");
	SAYS(assume(), ERR_AWS_REPLY, "has an Expiration that is no time: "
	    "soon");
}

TEST(a_bad_endpoint_is_a_configuration_error)
{
	begin();
	sts.endpoint = S("sts");
	CHECK_INT(assume(), ERR_CONFIG);
	CHECK(str_starts(fail.what, S("the STS endpoint 'sts' is not a URL")));
	fail_clear(&fail);
	sts.endpoint = S("http://127.0.0.1:8080/p/");
	fake_transport_reply(&net, "POST http://127.0.0.1:8080/p/", 200,
	    KEYS_XML("AssumeRole"));
	CHECK_INT(assume(), ERR_OK);
	CHECK(fake_transport_saw(&net, "Host: 127.0.0.1:8080\n"));
}

TEST(the_account_is_taken_from_an_arn)
{
	CHECK_STR(sts_arn_account(S(ROLE)), S("123456789012"));
	CHECK(sts_arn_account(S("arn:aws:iam::1234:role/x")).p == NULL);
	CHECK(sts_arn_account(S("arn:aws:iam")).p == NULL);
	CHECK(sts_arn_account(STR_NONE).p == NULL);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct fail f;
	struct creds_keys k;
	bool web = ctx != NULL;

	fail_init(&f, a);
	fake_transport_init(&net, &world);
	if (web) {
		fake_transport_reply(&net, HOST, 403,
		    ERROR_XML("AccessDenied", "a&amp;b"));
		return sts_assume_role_web(&sts, &role, a, &k, &f) ==
		    ERR_AWS_ACCESS && str_ends(f.what,
		    S("aud sts.amazonaws.com)"));
	}
	fake_transport_reply(&net, HOST, 200, KEYS_XML("AssumeRole"));
	return sts_assume_role(&sts, &base_keys, &role, a, &k, &f) == ERR_OK;
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	begin();
	CHECK(test_fail_sweep(sweep, NULL, (size_t)4 << 20) > 5);
	role.token = S(TOKEN);
	CHECK(test_fail_sweep(sweep, &role, (size_t)4 << 20) > 5);
}

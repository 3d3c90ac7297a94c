/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The places that rest on somebody having signed in elsewhere: IAM Identity
 * Center, `aws login`, and a program that prints keys.
 */
#include "test.h"

#include <bearssl.h>

#include "aws/dpop.h"
#include "aws/provider.h"
#include "base/limits.h"
#include "fake_transport.h"

#define CONFIG "/home/app/.aws/config"
#define CREDENTIALS "/home/app/.aws/credentials"
/* SHA-1 of "corp" and of the start URL below. */
#define TOKEN "/home/app/.aws/sso/cache/" \
	"ee0bfd2552fbd840c02cc48b6e823320543c450f.json"
#define OLD_TOKEN "/home/app/.aws/sso/cache/" \
	"a51746d4aa793ae07b25e90c3a5db96fc7832bd7.json"
#define START "https://corp.awsapps.com/start"
#define SESSION "[sso-session corp]\nsso_region = eu-west-1\n" \
	"sso_start_url = " START "\n"
#define PROFILE "[profile x]\nsso_session = corp\nsso_account_id = " \
	"123456789012\nsso_role_name = Read Only\n"
#define TOKEN_JSON(token, end) "{\"startUrl\":\"" START "\",\"region\":" \
	"\"eu-west-1\",\"accessToken\":\"" token "\",\"expiresAt\":\"" end \
	"\",\"clientId\":\"ci\",\"clientSecret\":\"cs\",\"refreshToken\":" \
	"\"rt\",\"registrationExpiresAt\":\"2026-12-20T00:00:00Z\"}"
/* The clock stands at 2026-11-20T12:00:00Z. */
#define FAR_END "2026-11-20T14:00:00Z"
#define NEAR_END "2026-11-20T12:14:00Z"
#define PAST "2026-11-20T11:59:00UTC"
#define KEYS "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\"," \
	"\"secretAccessKey\":\"s\",\"sessionToken\":\"t\",\"expiration\":" \
	"1795179600000}}"
#define PORTAL "GET https://portal.sso.eu-west-1.amazonaws.com/federation/" \
	"credentials?role_name=Read%20Only&account_id=123456789012"
#define OIDC "POST https://oidc.eu-west-1.amazonaws.com/token"
#define NEW_TOKEN "{\"accessToken\":\"new\",\"expiresIn\":3600," \
	"\"refreshToken\":\"rt2\",\"tokenType\":\"Bearer\"}"

#define USER "arn:aws:iam::123456789012:user/ann"
#define LOGIN "/home/app/.aws/login/cache/143b1fc18f5ca9bb89e81d9a77fe53029e" \
	"237039039ccab734b6fb08284f7780.json"
/* Made for this test, known to everybody. */
#define PEM "-----BEGIN EC PRIVATE KEY-----\\n" \
	"MHcCAQEEIDlkT2/fjnAmr2TMZXCGh/JaOA1BqOLw2JL1GhE3zt+IoAoGCCqGSM49\\n" \
	"AwEHoUQDQgAEvJSLXkkP0DlmngolGXtObL1A0I4ku9vmBiENUNSC+XRR6Qo/wVzC\\n" \
	"Fy7RP2NMz+NTim8xvRJ76O6mkaRgfb6ANA==\\n" \
	"-----END EC PRIVATE KEY-----\\n"
#define LOGIN_JSON(end) "{\"accessToken\":{\"accessKeyId\":\"ASIALOGIN\"," \
	"\"secretAccessKey\":\"s\",\"sessionToken\":\"t\",\"accountId\":" \
	"\"123456789012\",\"expiresAt\":\"" end "\"},\"tokenType\":" \
	"\"urn:aws:params:oauth:token-type:access_token_sigv4\"," \
	"\"refreshToken\":\"rt\",\"clientId\":\"ci\",\"dpopKey\":\"" PEM "\"}"
#define SIGNIN "POST https://eu-west-1.signin.aws.amazon.com/v1/token"
#define NEW_KEYS "{\"accessToken\":{\"accessKeyId\":\"ASIANEW\"," \
	"\"secretAccessKey\":\"s2\",\"sessionToken\":\"t2\"}," \
	"\"expiresIn\":900,\"refreshToken\":\"rt2\"}"

static struct fake_sys world;
static struct fake_transport net;
static struct log logger;
static struct arena arena;
static struct arena notes;
static struct fail fail;
static struct provider_memory memory;
static struct provider_run run;
static struct creds_keys out;

static void
begin(const char *config)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)16 << 20);
	arena_free(&notes);
	arena_init(&notes, (size_t)1 << 20);
	memory = (struct provider_memory){ .a = &notes };
	fail_init(&fail, &arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	fake_sys_env(&world, "HOME", "/home/app");
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	fake_sys_file(&world, CONFIG, config);
	logger = (struct log){ .sys = &world.sys, .level = LOG_DEBUG };
	run = (struct provider_run){
		.sys = &world.sys, .transport = &net.transport,
		.log = &logger, .profile = S("x"), .named = true,
		.memory = &memory, .a = &arena, .f = &fail,
	};
}

static enum err
find(void)
{
	fail_clear(&fail);
	out = (struct creds_keys){ 0 };
	run.deadline_ms = world.mono_ms + 60000;
	return provider_find(&run, &out);
}

static bool
says(const char *text)
{
	size_t n = strlen(text);

	if (str_find(fail.what, str_from_z(text), 0) + n <= fail.what.len) {
		return true;
	}
	printf("    says \"%.*s\"\n", STR_ARG(fail.what));
	return false;
}

static bool
file_has(const char *path, const char *text)
{
	struct str s = fake_sys_file_get(&world, path);

	return str_find(s, str_from_z(text), 0) + strlen(text) <= s.len;
}

static void
lock_file(const char *path)
{
	for (size_t i = 0; i < world.file_n; i++) {
		if (strcmp(world.files[i].path, path) == 0) {
			world.files[i].write_err = ERR_FILE_DENIED;
		}
	}
}

#define FINDS(id, src) do { \
	CHECK_INT(find(), ERR_OK); \
	CHECK_STR(out.access_key_id, S(id)); \
	CHECK_STR(out.source, S(src)); \
	CHECK(fake_transport_ok(&net)); \
	CHECK(fake_sys_ok(&world)); \
} while (0)
#define FAILS(err, text) do { \
	CHECK_INT(find(), err); \
	CHECK(says(text)); \
	CHECK(fake_sys_ok(&world)); \
} while (0)
#define SSO_SOURCE "SSO role Read Only of account 123456789012"

/* ---- IAM Identity Center ---- */

TEST(a_token_of_a_session_gives_keys_of_the_role)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", FAR_END));
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK_INT(out.expires_ms, INT64_C(1795179600000));
	CHECK_STR(out.account_id, S("123456789012"));
	CHECK_STR(out.token, S("t"));
	CHECK(fake_transport_saw(&net, "x-amz-sso_bearer_token: at\n"));
	CHECK(!fake_transport_saw(&net, "Authorization"));
}

TEST(the_older_form_names_its_token_after_the_start_url)
{
	begin("[profile x]\nsso_start_url = " START "\nsso_region = eu-west-1\n"
	    "sso_account_id = 123456789012\nsso_role_name = Read Only\n");
	/* Near its end, but only sessions are renewed. */
	fake_sys_file(&world, OLD_TOKEN, TOKEN_JSON("at", NEAR_END));
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
}

TEST(a_token_near_its_end_is_renewed_and_written_back)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", NEAR_END));
	fake_transport_reply(&net, OIDC, 200, NEW_TOKEN);
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK(fake_transport_saw(&net, "{\"clientId\":\"ci\",\"clientSecret\":"
	    "\"cs\",\"grantType\":\"refresh_token\",\"refreshToken\":\"rt\"}"));
	CHECK(fake_transport_saw(&net, "x-amz-sso_bearer_token: new\n"));
	CHECK(file_has(TOKEN, "\"accessToken\":\"new\""));
	CHECK(file_has(TOKEN, "\"expiresAt\":\"2026-11-20T13:00:00Z\""));
	CHECK(file_has(TOKEN, "\"refreshToken\":\"rt2\""));
	CHECK(file_has(TOKEN, "\"clientSecret\":\"cs\""));
	CHECK(file_has(TOKEN, "\"startUrl\":\"" START "\""));
	/* Neither tokens nor keys get into the log. */
	CHECK(str_find(fake_sys_log(&world), S("rt2"), 0) == world.log_len);
}

TEST(an_expired_token_is_renewed_as_well)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", PAST));
	fake_transport_reply(&net, OIDC, 200, NEW_TOKEN);
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
}

TEST(on_a_read_only_file_system_the_token_is_kept_in_memory)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", NEAR_END));
	lock_file(TOKEN);
	fake_transport_reply(&net, OIDC, 200, NEW_TOKEN);
	fake_transport_reply(&net, PORTAL, 200, KEYS)->forever = true;
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK(file_has(TOKEN, "\"accessToken\":\"at\""));
	/* The next look-up neither reads the old one nor renews again. */
	world.now_ms += 1200000;
	world.mono_ms += 1200000;
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK_INT(net.request_n, 3);
	/* The refresh token of the memory counts, too. */
	world.now_ms += 1800000;
	world.mono_ms += 1800000;
	fake_transport_reply(&net, OIDC, 200, "{\"accessToken\":\"newer\","
	    "\"expiresIn\":3600}");
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK(fake_transport_saw(&net, "\"refreshToken\":\"rt2\""));
	CHECK(fake_transport_saw(&net, "x-amz-sso_bearer_token: newer\n"));
	/* A new sign-in puts the memory aside. */
	fake_sys_file(&world, TOKEN, TOKEN_JSON("other", FAR_END));
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK(fake_transport_saw(&net, "x-amz-sso_bearer_token: other\n"));
}

TEST(a_token_that_cannot_be_renewed_is_used_to_its_end)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", NEAR_END));
	fake_transport_reply(&net, OIDC, 400, "{\"error\":\"invalid_grant\"}");
	fake_transport_reply(&net, PORTAL, 200, KEYS)->forever = true;
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK(str_find(fake_sys_log(&world), S("it is used until its end"),
	    0) < world.log_len);
	/* One try a minute. */
	FINDS("ASIASSO", SSO_SOURCE);
	CHECK_INT(net.request_n, 3);
	/* Then it is over, whatever the monotonic clock says. */
	world.now_ms += 900000;
	FAILS(ERR_AWS_EXPIRED, "profile 'x' signs in through IAM Identity "
	    "Center, and its token expired at " NEAR_END " (" TOKEN "); "
	    "renewing it failed: it was tried less than a minute ago; run `aws "
	    "sso login --profile x` where there is a browser");
	world.mono_ms += 60000;
	fake_transport_reply(&net, OIDC, 400, "{\"error\":\"invalid_grant\","
	    "\"error_description\":\"Invalid refresh token\"}");
	FAILS(ERR_AWS_EXPIRED, "failed: Invalid refresh token; run `aws sso");
}

TEST(a_clock_set_back_does_not_renew)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", FAR_END));
	world.now_ms -= INT64_C(86400000);
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
}

TEST(without_a_registration_nothing_is_renewed)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", PAST));
	world.now_ms += INT64_C(40) * 86400000;
	FAILS(ERR_AWS_EXPIRED, "the registration of the client ended, too");
	CHECK_INT(net.request_n, 0);
}

TEST(answers_without_a_token_are_a_failed_renewal)
{
	static const char *const bodies[] = {
		"", "[]", "{}", "{\"accessToken\":\"n\"}",
		"{\"accessToken\":\"\",\"expiresIn\":5}",
		"{\"accessToken\":\"n\",\"expiresIn\":-5}",
	};

	for (size_t i = 0; i < 6; i++) {
		begin(PROFILE SESSION);
		fake_sys_file(&world, TOKEN, TOKEN_JSON("at", PAST));
		fake_transport_reply(&net, OIDC, 200, bodies[i]);
		FAILS(ERR_AWS_EXPIRED, "; renewing it failed: the answer ");
	}
}

TEST(who_never_signed_in_is_told_how)
{
	begin(PROFILE SESSION);
	FAILS(ERR_CREDENTIALS, "profile 'x' signs in through IAM Identity "
	    "Center, and its token cannot be read: the file does not exist ("
	    TOKEN "); run `aws sso login --profile x` where there is a browser"
	    ", and let this process read that file");
	fake_sys_file(&world, TOKEN, "not json");
	FAILS(ERR_CREDENTIALS, "cannot be read: it is not a JSON object");
	fake_sys_file(&world, TOKEN, "{\"accessToken\":\"a\"}");
	FAILS(ERR_CREDENTIALS, "lacks accessToken or expiresAt");
	fake_sys_env(&world, "HOME", "");
	fake_sys_env(&world, "AWS_CONFIG_FILE", CONFIG);
	FAILS(ERR_CREDENTIALS, "HOME is unset, so its token has no place");
}

TEST(keys_copied_to_the_credentials_file_count_when_nobody_is_signed_in)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, CREDENTIALS, "[x]\naws_access_key_id = COPY\n"
	    "aws_secret_access_key = t\n");
	FINDS("COPY", "profile 'x' in " CREDENTIALS);
	/* Otherwise the order of the chain holds. */
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", FAR_END));
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
}

TEST(settings_that_lack_something_are_named)
{
	begin(PROFILE);
	FAILS(ERR_PROFILE, "profile 'x' says sso_session = corp, but there is "
	    "no [sso-session corp] in " CONFIG);
	begin(PROFILE "[sso-session corp]\n");
	FAILS(ERR_PROFILE, "profile 'x' signs in through IAM Identity Center "
	    "but has no sso_start_url, sso_region; `aws configure sso`");
	begin(PROFILE "sso_region = us-east-1\n" SESSION);
	FAILS(ERR_PROFILE, "profile 'x' and its [sso-session corp] have "
	    "different values for sso_region");
	begin("[profile x]\nsso_start_url = " START "\nsso_region = a/b\n"
	    "sso_account_id = 1\nsso_role_name = R\n");
	FAILS(ERR_PROFILE, "sso_region = a/b, which is no region");
	begin("[profile x]\nsso_session = corp\n" SESSION);
	FAILS(ERR_CREDENTIALS, "(for sso_session it also needs sso_account_id "
	    "and sso_role_name");
}

TEST(what_the_portal_refuses_is_told)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", FAR_END));
	fake_transport_reply(&net, PORTAL, 401, "{\"message\":\"Session token "
	    "not found or invalid\"}");
	FAILS(ERR_AWS_EXPIRED, "its token is not accepted any more (" TOKEN
	    "); run `aws sso login --profile x`");
	fake_transport_reply(&net, PORTAL, 403, "{\"message\":\"No access\"}");
	FAILS(ERR_AWS_ACCESS, "profile 'x': IAM Identity Center gives no keys "
	    "for role Read Only of account 123456789012: No access");
	fake_transport_reply(&net, PORTAL, 200, "{\"roleCredentials\":{}}");
	FAILS(ERR_AWS_REPLY, "holds no keys");
	/* What may get better is tried again. */
	fake_transport_reply(&net, PORTAL, 429, "");
	fake_transport_reply(&net, PORTAL, 503, "");
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
	fake_transport_fail(&net, PORTAL, ERR_DNS);
	fake_transport_fail(&net, PORTAL, ERR_DNS);
	fake_transport_fail(&net, PORTAL, ERR_DNS);
	CHECK_INT(find(), ERR_DNS);
}

TEST(a_role_can_rest_on_a_sign_in)
{
	begin("[profile x]\nrole_arn = arn:aws:iam::1:role/R\nsource_profile = "
	    "s\n[profile s]\nsso_session = corp\nsso_account_id = 123456789012"
	    "\nsso_role_name = Read Only\n" SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", FAR_END));
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	fake_transport_reply(&net, "sts.", 200, "<AssumeRoleResponse>"
	    "<AssumeRoleResult><Credentials><AccessKeyId>R</AccessKeyId>"
	    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
	    "<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials>"
	    "</AssumeRoleResult></AssumeRoleResponse>");
	FINDS("R", "role arn:aws:iam::1:role/R of profile x");
	CHECK(fake_transport_saw(&net, "Credential=ASIASSO/"));
}

TEST(two_look_ups_take_turns_with_one_file)
{
	begin(PROFILE SESSION);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", FAR_END));
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	FINDS("ASIASSO", SSO_SOURCE);
	memory.notes[0]->busy = true;
	FAILS(ERR_TIMEOUT, "another request is still renewing the sign-in");
	CHECK(world.sleep_n > 100);
}

/* ---- aws login ---- */

#define LOGIN_CONFIG "[profile x]\nlogin_session = " USER \
	"\nregion = eu-west-1\n"

TEST(keys_of_aws_login_are_read_from_its_cache)
{
	begin(LOGIN_CONFIG);
	fake_sys_file(&world, LOGIN, LOGIN_JSON("2026-11-20T12:10:00Z"));
	FINDS("ASIALOGIN", "aws login, " USER);
	CHECK_INT(out.expires_ms, world.now_ms + 600000);
	CHECK_STR(out.account_id, S("123456789012"));
	fake_sys_env(&world, "AWS_LOGIN_CACHE_DIRECTORY", "/var/nowhere");
	FAILS(ERR_CREDENTIALS, "profile 'x' uses `aws login`, and its keys "
	    "cannot be read: the file does not exist (/var/nowhere/143b1f");
	CHECK(says("run `aws login --profile x` where there is a browser"));
}

/* The n-th part of the proof that was sent, decoded. */
static struct str
proof_part(unsigned n, struct str *whole)
{
	struct str log = fake_transport_log(&net);
	size_t at = str_find(log, S("DPoP: "), 0) + 6;
	struct str rest = str_sub(log, at, str_find_byte(log, '\n', at));
	struct buf b = buf_in(&arena, 4096);
	struct str part = STR_NONE;

	*whole = rest;
	for (unsigned i = 0; i <= n; i++) {
		part = str_cut(&rest, '.');
	}
	return enc_base64url_decode(&b, part) ? buf_str(&b) : STR_NONE;
}

/* The signature fits the key in the header. */
static bool
proof_holds(void)
{
	struct str whole;
	struct str signature = proof_part(2, &whole);
	struct str header = proof_part(0, &whole);
	struct json *v;
	unsigned char q[65] = { 4 };
	struct buf b = buf_fixed((char *)q + 1, 64);
	br_ec_public_key key = { BR_EC_secp256r1, q, sizeof(q) };
	uint8_t digest[ENC_SHA256_LEN];
	size_t end = whole.len;

	while (whole.p[end - 1] != '.') {
		end--;
	}
	enc_sha256(str_sub(whole, 0, end - 1), digest);
	return json_parse(&arena, header, 0, &v, NULL) == ERR_OK &&
	    str_eq(json_get_str(v, S("typ"), STR_NONE), S("dpop+jwt")) &&
	    enc_base64url_decode(&b, json_str(json_path(v, S("jwk.x")))) &&
	    enc_base64url_decode(&b, json_str(json_path(v, S("jwk.y")))) &&
	    b.len == 64 && br_ecdsa_vrfy_raw_get_default()(
	    br_ec_get_default(), digest, sizeof(digest), &key, signature.p,
	    signature.len) == 1;
}

TEST(keys_of_aws_login_are_renewed_with_a_proof)
{
	struct str whole;
	struct str claims;

	begin(LOGIN_CONFIG);
	fake_sys_file(&world, LOGIN, LOGIN_JSON("2026-11-20T12:04:00Z"));
	fake_transport_reply(&net, SIGNIN, 200, NEW_KEYS);
	FINDS("ASIANEW", "aws login, " USER);
	CHECK_INT(out.expires_ms, world.now_ms + 900000);
	CHECK_STR(out.account_id, S("123456789012"));
	CHECK(file_has(LOGIN, "{\"accessKeyId\":\"ASIANEW\",\"secretAccessKey"
	    "\":\"s2\",\"sessionToken\":\"t2\",\"accountId\":\"123456789012\","
	    "\"expiresAt\":\"2026-11-20T12:15:00Z\"}"));
	CHECK(file_has(LOGIN, "\"refreshToken\":\"rt2\""));
	CHECK(file_has(LOGIN, "\"dpopKey\":\"-----BEGIN"));
	CHECK(fake_transport_saw(&net, "{\"clientId\":\"ci\",\"grantType\":"
	    "\"refresh_token\",\"refreshToken\":\"rt\"}"));
	CHECK(proof_holds());
	claims = proof_part(1, &whole);
	CHECK(str_find(claims, S("\"htm\":\"POST\",\"htu\":\"https://eu-west-1."
	    "signin.aws.amazon.com/v1/token\",\"iat\":1795176000"), 0) <
	    claims.len);
}

TEST(a_login_that_ended_is_told)
{
	begin(LOGIN_CONFIG);
	fake_sys_file(&world, LOGIN, LOGIN_JSON("2026-11-20T11:00:00Z"));
	fake_transport_reply(&net, SIGNIN, 400, "{\"error\":\"TOKEN_EXPIRED\","
	    "\"message\":\"the session is over\"}");
	FAILS(ERR_AWS_EXPIRED, "profile 'x' uses `aws login`, and its keys "
	    "expired at 2026-11-20T11:00:00Z (" LOGIN "); renewing them "
	    "failed: the session is over; run `aws login --profile x`");
	begin(LOGIN_CONFIG);
	fake_sys_file(&world, LOGIN, "{\"accessToken\":{\"accessKeyId\":\"A\","
	    "\"secretAccessKey\":\"s\",\"expiresAt\":\"2026-11-20T11:00:00Z\"}"
	    ",\"refreshToken\":\"r\",\"dpopKey\":\"-----BEGIN\"}");
	FAILS(ERR_AWS_EXPIRED, "dpopKey in the file is no P-256 key");
	fake_sys_file(&world, LOGIN, "{}");
	FAILS(ERR_CREDENTIALS, "the file lacks keys or their end");
}

TEST(keys_that_are_no_p256_keys_sign_nothing)
{
	static const char *const keys[] = {
		"", "PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n*\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
		/* A start that is right and nothing behind it. */
		"-----BEGIN PRIVATE KEY-----\nAgEBBCA=\n-----END",
	};
	struct buf b;

	begin("");
	for (size_t i = 0; i < 5; i++) {
		b = buf_in(&arena, DPOP_MAX);
		CHECK_INT(dpop_proof(&world.sys, str_from_z(keys[i]),
		    S("POST"), S("https://a/"), &b), ERR_SYNTAX);
		CHECK_INT(b.len, 0);
	}
}

/* ---- credential_process ---- */

#define PROCESS "[profile x]\ncredential_process = /bin/get 'a b' --x\n"
#define PRINTED "{\"Version\":1,\"AccessKeyId\":\"PROC\"," \
	"\"SecretAccessKey\":\"s\",\"SessionToken\":\"t\",\"Expiration\":" \
	"\"2026-11-20T13:00:00Z\",\"AccountId\":\"123456789012\"}"

TEST(a_program_prints_keys)
{
	struct fake_run *p;

	begin(PROCESS);
	p = fake_sys_run(&world, "/bin/get", PRINTED, "", 0);
	FINDS("PROC", "program /bin/get");
	CHECK_STR(str_from_z(p->args), S("/bin/get\na b\n--x\n"));
	CHECK_INT(out.expires_ms, world.now_ms + 3600000);
	CHECK_STR(out.token, S("t"));
	CHECK_STR(out.account_id, S("123456789012"));
	p->out = S("{\"Version\":1,\"AccessKeyId\":\"P2\",\"SecretAccessKey\":"
	    "\"s\"}");
	FINDS("P2", "program /bin/get");
	CHECK_INT(out.expires_ms, 0);
	CHECK(out.token.p == NULL);
}

TEST(a_program_that_fails_is_quoted_from_its_end)
{
	struct fake_run *p;

	begin(PROCESS);
	p = fake_sys_run(&world, "/bin/get", PRINTED,
	    "Traceback\n  boom\nlogin first\n", 3);
	FAILS(ERR_CREDENTIALS, "profile 'x' gets its keys from the program "
	    "/bin/get (credential_process), and it ended with status 3: "
	    "Traceback   boom login first");
	CHECK(str_find(fail.what, S("PROC"), 0) == fail.what.len);
	CHECK(str_find(fail.what, S("a b"), 0) == fail.what.len);
	p->errout = STR_NONE;
	FAILS(ERR_CREDENTIALS, "status 3: it said nothing about it");
	p->status = 0;
	p->ms = 100000;
	FAILS(ERR_CREDENTIALS, "it did not end in time and was killed");
}

TEST(a_program_that_is_not_there_is_said_so)
{
	begin(PROCESS);
	FAILS(ERR_CREDENTIALS, "there is no such program (an image made from "
	    "scratch has none");
}

TEST(what_a_program_prints_has_a_form)
{
	static const struct { const char *out, *says; } cases[] = {
		{ "", "is not a JSON object" },
		{ "[1]", "is not a JSON object" },
		{ "{}", "does not say \"Version\": 1" },
		{ "{\"Version\":2}", "does not say \"Version\": 1" },
		{ "{\"Version\":\"1\"}", "does not say \"Version\": 1" },
		{ "{\"Version\":1,\"AccessKeyId\":\"SECRET1\"}", "lacks Acc" },
		{ "{\"Version\":1,\"AccessKeyId\":\"SECRET1\","
		    "\"SecretAccessKey\":\"b\",\"Expiration\":\"soon\"}",
		    "its Expiration is no time" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(PROCESS);
		fake_sys_run(&world, "/bin/get", cases[i].out, "", 0);
		FAILS(ERR_CREDENTIALS, cases[i].says);
		CHECK(str_find(fail.what, S("SECRET1"), 0) == fail.what.len);
	}
	begin(PROCESS);
	fake_sys_run(&world, "/bin/get", "{\"Version\":1,\"AccessKeyId\":\"A\","
	    "\"SecretAccessKey\":\"b\","
	    "\"Expiration\":\"2026-11-20T11:00:00Z\"}",
	    "", 0);
	FAILS(ERR_AWS_EXPIRED, "the keys from program /bin/get expired");
}

TEST(a_command_is_split_like_a_shell_would)
{
	static const struct { const char *text, *words; } cases[] = {
		{ "a", "a|" },
		{ "  a\tb \n c ", "a|b|c|" },
		{ "'a b'c \"d e\"f", "a bc|d ef|" },
		{ "a '' \"\"", "a|||" },
		{ "a\\ b \\'c \\\\", "a b|'c|\\|" },
		{ "\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d|" },
		{ "'a\\b' '\"' \"'\"", "a\\b|\"|'|" },
		{ "a;b $HOME * # x", "a;b|$HOME|*|#|x|" },
	};
	static const char *const bad[] = {
		"", "  ", "'a", "\"a", "a\\", "a \"b\\", "a 'b\\'' c",
	};
	struct str words[SYS_RUN_ARG_MAX];
	size_t n;
	struct str why;

	begin("");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = buf_in(&arena, 256);

		CHECK_INT(provider_words(&arena, str_from_z(cases[i].text),
		    words, &n, &why), ERR_OK);
		for (size_t j = 0; j < n; j++) {
			buf_addf(&b, "%s|", words[j]);
		}
		CHECK_STR(buf_str(&b), str_from_z(cases[i].words));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(provider_words(&arena, str_from_z(bad[i]), words, &n,
		    &why), ERR_SYNTAX);
	}
	begin("[profile x]\ncredential_process = 'open\n");
	FAILS(ERR_PROFILE, "profile 'x' has a credential_process that cannot "
	    "be read: a quote in it is not closed");
}

TEST(a_command_has_a_bounded_number_of_words)
{
	struct buf b;
	struct str words[SYS_RUN_ARG_MAX];
	size_t n;
	struct str why;

	begin("");
	b = buf_in(&arena, 256);
	for (size_t i = 0; i < SYS_RUN_ARG_MAX; i++) {
		buf_add(&b, S("w "));
	}
	CHECK_INT(provider_words(&arena, buf_str(&b), words, &n, &why),
	    ERR_OK);
	CHECK_INT(n, SYS_RUN_ARG_MAX);
	buf_add(&b, S("w"));
	CHECK_INT(provider_words(&arena, buf_str(&b), words, &n, &why),
	    ERR_LIMIT);
}

/* ---- the region of STS ---- */

TEST(without_a_region_the_instance_is_asked_once)
{
	begin("[profile x]\nrole_arn = arn:aws:iam::1:role/R\nsource_profile = "
	    "s\n[profile s]\naws_access_key_id = A\n"
	    "aws_secret_access_key = b\n");
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", NULL);
	fake_transport_reply(&net, "PUT http://169.254.169.254/", 200, "t");
	fake_transport_reply(&net, "/latest/meta-data/placement/region", 200,
	    "eu-north-1");
	fake_transport_reply(&net, "https://sts.eu-north-1.amazonaws.com", 403,
	    "")->forever = true;
	CHECK(find() != ERR_OK);
	CHECK(find() != ERR_OK);
	CHECK(fake_transport_ok(&net));
}

/* ---- memory ---- */

static bool
sweep(struct arena *a, void *ctx)
{
	struct fail f;
	struct provider_run r = run;
	struct creds_keys k;
	enum err err;

	(void)ctx;
	fail_init(&f, a);
	fake_transport_init(&net, &world);
	net.quiet = true;
	fake_transport_reply(&net, OIDC, 200, NEW_TOKEN);
	fake_transport_reply(&net, PORTAL, 200, KEYS);
	fake_transport_reply(&net, SIGNIN, 200, NEW_KEYS);
	fake_sys_file(&world, TOKEN, TOKEN_JSON("at", NEAR_END));
	fake_sys_file(&world, LOGIN, LOGIN_JSON("2026-11-20T12:04:00Z"));
	world.mono_ms += 60000;
	r.deadline_ms = world.mono_ms + 60000;
	r.a = a;
	r.f = &f;
	err = provider_find(&r, &k);
	return err == ERR_OK && !a->failed;
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	begin(PROFILE SESSION);
	CHECK(test_fail_sweep(sweep, NULL, (size_t)16 << 20) > 10);
	CHECK(memory.notes[0] != NULL && !memory.notes[0]->busy);
	begin(LOGIN_CONFIG);
	CHECK(test_fail_sweep(sweep, NULL, (size_t)16 << 20) > 10);
	begin(PROCESS);
	fake_sys_run(&world, "/bin/get", PRINTED, "", 0);
	CHECK(test_fail_sweep(sweep, NULL, (size_t)16 << 20) > 5);
}

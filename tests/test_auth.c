/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call: settings, the Authorization header, refusals. */
#include "test.h"

#include "auth/auth.h"
#include "base/enc.h"
#include "fake_transport.h"
#include "jwt_maker.h"
#include "jwt_vectors.h"

static struct fake_sys fake;
static struct arena arena;
static struct auth *auth;
static struct fail why;
static struct auth_caller caller;
static struct auth_refusal refusal;

static enum err
start(const char *enable, bool tokens)
{
	struct auth_setup setup = { .sys = &fake.sys,
	    .enable = str_from_z(enable) };

	auth_free(auth);
	auth = NULL;
	arena_free(&arena);
	arena_init(&arena, 4 << 20);
	fail_init(&why, &arena);
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	fake_sys_file(&fake, "/t", "ci:0123456789abcdef\n");
	if (tokens) {
		setup.tokens_file = S("/t");
	}
	return auth_new(&auth, &setup, &arena, &why);
}

/* Where the next request comes from, and whether it may wait. */
static bool waits;

static enum auth_verdict
ask(const char *fields)
{
	static struct http1_request r;
	struct auth_request q = { .http = &r, .body = S(""),
	    .peer = S("127.0.0.1") };
	struct oidc_want want = { .deadline_ms = fake.mono_ms + 10000 };
	struct buf b = buf_in(&arena, 65536);

	buf_add(&b, S("POST /mcp HTTP/1.1\r\nHost: h\r\n"));
	buf_add(&b, str_from_z(fields));
	buf_add(&b, S("\r\n"));
	if (http1_request_parse(buf_str(&b), &r, NULL) <= 0) {
		test_fail(__FILE__, __LINE__, fields);
	}
	return waits ? auth_wait(auth, &q, &want, &arena, &caller, &refusal) :
	    auth_check(auth, &q, &arena, &caller, &refusal);
}

static struct str
challenge(void)
{
	struct buf b = buf_in(&arena, 1024);

	auth_challenge(auth, &refusal, S("http://h"), &b);
	return buf_str(&b);
}

TEST(without_settings_everybody_may_call)
{
	CHECK_INT(start(NULL, false), ERR_OK);
	CHECK(auth == NULL);
	CHECK_INT(start("false", true), ERR_OK);
	CHECK(auth == NULL);
	CHECK_INT(start("0", true), ERR_OK);
	CHECK(auth == NULL);
	CHECK_INT(start(NULL, true), ERR_OK);
	CHECK(auth != NULL);
}

TEST(asking_for_authentication_without_a_way_stops_the_start)
{
	CHECK_INT(start("true", false), ERR_CONFIG);
	CHECK(str_icontains(fail_text(&why), S("AUTH_TOKENS_FILE")));
	CHECK_INT(start("maybe", true), ERR_CONFIG);
	CHECK_INT(start("True", true), ERR_OK);
	CHECK(auth != NULL);
}

TEST(a_known_token_names_its_caller)
{
	CHECK_INT(start(NULL, true), ERR_OK);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdef\r\n"), AUTH_OK);
	CHECK_INT(caller.kind, AUTH_TOKEN);
	CHECK_STR(caller.subject, S("ci"));
	CHECK_INT(ask("authorization: bearer  0123456789abcdef\r\n"), AUTH_OK);
}

TEST(no_token_is_challenged_without_an_error)
{
	CHECK_INT(start(NULL, true), ERR_OK);
	CHECK_INT(ask(""), AUTH_MISSING);
	CHECK_STR(challenge(), S("Bearer"));
	CHECK_INT(ask("Authorization: Basic 0123456789abcdef\r\n"),
	    AUTH_MISSING);
	CHECK_INT(ask("Authorization: 0123456789abcdef\r\n"), AUTH_MISSING);
	CHECK_INT(err_http(auth_err(AUTH_MISSING)), 401);
}

TEST(a_wrong_token_is_invalid_and_not_repeated)
{
	CHECK_INT(start(NULL, true), ERR_OK);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdeg\r\n"),
	    AUTH_INVALID);
	CHECK_STR(challenge(), S("Bearer error=\"invalid_token\", "
	    "error_description=\"the token is not known\""));
	CHECK_INT(err_http(auth_err(AUTH_INVALID)), 401);
}

TEST(what_is_no_token_is_malformed)
{
	CHECK_INT(start(NULL, true), ERR_OK);
	CHECK_INT(ask("Authorization: Bearer\r\n"), AUTH_MALFORMED);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdef x\r\n"),
	    AUTH_MALFORMED);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdef, Basic x\r\n"),
	    AUTH_MALFORMED);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdef\r\n"
	    "Authorization: Bearer 0123456789abcdef\r\n"), AUTH_MALFORMED);
	CHECK(str_starts(challenge(), S("Bearer error=\"invalid_request\"")));
	CHECK_INT(err_http(auth_err(AUTH_MALFORMED)), 400);
}

TEST(a_changed_file_counts_after_the_refresh)
{
	CHECK_INT(start(NULL, true), ERR_OK);
	fake_sys_file(&fake, "/t", "ci:fedcba9876543210\n");
	(void)auth_refresh(auth, NULL);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdef\r\n"),
	    AUTH_INVALID);
	CHECK_INT(ask("Authorization: Bearer fedcba9876543210\r\n"), AUTH_OK);
	CHECK(fake_sys_ok(&fake));
}

TEST(keys_alone_ask_for_a_signature)
{
	struct auth_setup setup = { .sys = &fake.sys,
	    .enable = S("true"), .sigv4 = { .keys_file = S("/k") } };

	CHECK_INT(start(NULL, false), ERR_OK);
	fake_sys_file(&fake, "/k", "ci:AKIALOCAL1:0123456789abcdef\n");
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_OK);
	CHECK_INT(ask("Authorization: Bearer 0123456789abcdef\r\n"),
	    AUTH_MISSING);
	CHECK_STR(challenge(), S("AWS4-HMAC-SHA256"));
	CHECK_INT(ask("Authorization: AWS4-HMAC-SHA256 x\r\n"),
	    AUTH_MALFORMED);
}

/* ---- tokens of issuers ---- */

#define ISS "https://id.example.com"
#define HEAD "{\"alg\":\"ES256\",\"kid\":\"p256\"}"
#define CLAIMS(more) "{\"iss\":\"" ISS "\",\"sub\":\"alice\",\"aud\":" \
	"\"cw\",\"exp\":1795179600" more "}"

static struct fake_transport net;

/* An issuer from a file with these rules, beside static tokens. */
static enum err
start_issuer(const char *members, struct auth_setup setup)
{
	static char text[2048];

	(void)start(NULL, false);
	(void)snprintf(text, sizeof(text), "{\"issuers\":[{\"issuer\":\"" ISS
	    "\",\"audiences\":\"cw\",\"jwks_uri\":\"" ISS "/keys\"%s}]}",
	    members);
	fake_sys_file(&fake, "/i", text);
	fake_transport_init(&net, &fake);
	fake_transport_reply(&net, "GET " ISS "/keys", 200, JWT_KEYS)
	    ->forever = true;
	setup.sys = &fake.sys;
	setup.transport = &net.transport;
	setup.issuers.file = S("/i");
	return auth_new(&auth, &setup, &arena, &why);
}

/* Asks with a token of these claims behind this field name. */
static enum auth_verdict
ask_claims(const char *before, const char *claims)
{
	static char text[8192];
	struct str token = jwt_make(&arena, HEAD, claims);

	(void)snprintf(text, sizeof(text), "%s%.*s\r\n", before,
	    STR_ARG(token));
	return ask(text);
}

#define BEARER "Authorization: Bearer "

TEST(a_token_of_an_issuer_is_decided_later_once_and_then_at_once)
{
	CHECK_INT(start_issuer("", (struct auth_setup){ .sys = NULL }),
	    ERR_OK);
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_LATER);
	waits = true;
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_OK);
	waits = false;
	CHECK_STR(caller.subject, S("alice"));
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_OK);
	CHECK_STR(caller.issuer, S(ISS));
	CHECK(caller.tools == NULL && !auth_has_keys(auth, &caller));
	/* Another issuer's is refused without a fetch. */
	CHECK_INT(ask_claims(BEARER, "{\"iss\":\"https://evil\","
	    "\"sub\":\"a\",\"aud\":\"cw\",\"exp\":1795179600}"),
	    AUTH_INVALID);
	CHECK_STR(refusal.why, S("the token's issuer is not trusted here"));
	CHECK_INT(net.request_n, 1);
}

TEST(a_challenge_tells_where_the_metadata_and_which_scopes_are)
{
	CHECK_INT(start_issuer(",\"scopes\":[\"read\",\"list\"]",
	    (struct auth_setup){ .sys = NULL }), ERR_OK);
	CHECK_INT(ask(""), AUTH_MISSING);
	CHECK_STR(challenge(), S("Bearer resource_metadata=\"http://h/"
	    ".well-known/oauth-protected-resource/mcp\", scope=\"read "
	    "list\""));
	waits = true;
	CHECK_INT(ask_claims(BEARER, CLAIMS(",\"scope\":\"read\"")),
	    AUTH_SCOPE);
	waits = false;
	CHECK_STR(challenge(), S("Bearer resource_metadata=\"http://h/"
	    ".well-known/oauth-protected-resource/mcp\", scope=\"read "
	    "list\", error=\"insufficient_scope\", error_description=\"the "
	    "token lacks a scope\""));
	CHECK_INT(err_http(auth_err(AUTH_SCOPE)), 403);
}

TEST(metadata_names_the_resource_and_its_issuers)
{
	struct buf b;

	CHECK_INT(start_issuer(",\"scopes\":[\"read\"]",
	    (struct auth_setup){ .sys = NULL }), ERR_OK);
	b = buf_in(&arena, 4096);
	CHECK(auth_metadata(auth, S("https://mcp.example.com"), &b));
	CHECK_STR(buf_str(&b), S("{\"resource\":\"https://mcp.example.com/mcp"
	    "\",\"authorization_servers\":[\"" ISS "\"],"
	    "\"scopes_supported\":[\"read\"],\"bearer_methods_supported\":"
	    "[\"header\"],\"resource_name\":\"AWS CloudWatch\"}"));
	CHECK_INT(start(NULL, true), ERR_OK);
	CHECK(!auth_metadata(auth, S("https://x"), &b));
}

TEST(rules_of_all_groups_of_a_caller_count_together)
{
	CHECK_INT(start_issuer(",\"allow\":["
	    "{\"group\":\"sre\",\"tools\":[\"alarms\"],\"profiles\":\"a\","
	    "\"role_arn\":\"arn:aws:iam::1:role/S\"},"
	    "{\"group\":\"dev-*\",\"tools\":[\"logs\"],\"profiles\":\"b\","
	    "\"role_arn\":\"arn:aws:iam::1:role/D\"},"
	    "{\"group\":\"root\"}]", (struct auth_setup){ .sys = NULL }),
	    ERR_OK);
	waits = true;
	CHECK_INT(ask_claims(BEARER, CLAIMS(",\"groups\":[\"sre\"]")),
	    AUTH_OK);
	CHECK_INT(caller.tool_n, 1);
	CHECK_STR(caller.tools[0], S("alarms"));
	CHECK_STR(caller.role_arn, S("arn:aws:iam::1:role/S"));
	CHECK(auth_has_keys(auth, &caller));
	CHECK_INT(ask_claims(BEARER, CLAIMS(",\"groups\":[\"dev-1\","
	    "\"sre\"]")), AUTH_OK);
	CHECK_INT(caller.tool_n, 2);
	CHECK_STR(caller.tools[1], S("logs"));
	CHECK_INT(caller.profile_n, 2);
	CHECK_STR(caller.role_arn, S("arn:aws:iam::1:role/S"));
	CHECK_INT(ask_claims(BEARER, CLAIMS(",\"groups\":[\"root\","
	    "\"sre\"]")), AUTH_OK);
	CHECK(caller.tools == NULL && caller.profiles == NULL);
	CHECK_INT(ask_claims(BEARER, CLAIMS(",\"groups\":[\"hr\"]")),
	    AUTH_SCOPE);
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_SCOPE);
	waits = false;
}

TEST(a_header_of_the_operators_choice_is_looked_at_first)
{
	CHECK_INT(start_issuer("", (struct auth_setup){ .token_header =
	    S("X-User-Token") }), ERR_OK);
	waits = true;
	CHECK_INT(ask_claims("Authorization: Bearer nonsense\r\n"
	    "X-User-Token: ", CLAIMS("")), AUTH_OK);
	CHECK_INT(ask_claims("x-user-token: Bearer ", CLAIMS("")), AUTH_OK);
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_OK);
	CHECK_INT(ask_claims("X-User-Token: x\r\nX-User-Token: ", CLAIMS("")),
	    AUTH_MALFORMED);
	CHECK_INT(ask_claims("X-User-Token:  \r\n" BEARER, CLAIMS("")),
	    AUTH_OK);
	/* A bad token there is not made good by another one. */
	CHECK_INT(ask_claims("X-User-Token: nonsense\r\n" BEARER,
	    CLAIMS("")), AUTH_INVALID);
	waits = false;
}

TEST(static_tokens_stand_beside_those_of_issuers)
{
	struct auth_setup setup = { .tokens_file = S("/t") };

	CHECK_INT(start_issuer("", setup), ERR_OK);
	CHECK_INT(ask(BEARER "0123456789abcdef\r\n"), AUTH_OK);
	CHECK_INT(caller.kind, AUTH_TOKEN);
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_LATER);
	CHECK_INT(ask(BEARER "0123456789abcdeX\r\n"), AUTH_INVALID);
}

TEST(a_line_limits_its_caller)
{
	CHECK_INT(start(NULL, true), ERR_OK);
	fake_sys_file(&fake, "/t", "ci:0123456789abcdef:alarms, x:dev-*\n");
	(void)auth_refresh(auth, NULL);
	CHECK_INT(ask(BEARER "0123456789abcdef\r\n"), AUTH_OK);
	CHECK_INT(caller.tool_n, 2);
	CHECK_STR(caller.tools[1], S("x"));
	CHECK_INT(caller.profile_n, 1);
	CHECK_STR(caller.profiles[0], S("dev-*"));
}

/* ---- AWS as the caller ---- */

TEST(a_callers_token_is_exchanged_for_the_role)
{
	struct auth_setup setup = { .tokens_file = S("/t"), .role = {
	    .role_arn = S("arn:aws:iam::1:role/R"),
	    .endpoint = S("https://sts.us-east-1.amazonaws.com"),
	    .region = S("us-east-1"), .transport = &net.transport } };
	struct creds_keys keys;

	CHECK_INT(start_issuer("", setup), ERR_OK);
	fake_transport_reply(&net, "POST https://sts.", 200, "<R><Credentials>"
	    "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s"
	    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
	    "2026-11-20T13:00:00Z</Expiration></Credentials></R>");
	fake_transport_reply(&net, "POST https://sts.", 403, "<ErrorResponse>"
	    "<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
	    "</ErrorResponse>");
	waits = true;
	CHECK_INT(ask_claims(BEARER, CLAIMS("")), AUTH_OK);
	waits = false;
	CHECK(auth_has_keys(auth, &caller));
	if (auth_keys(auth, &caller, fake.mono_ms + 1000, NULL, &arena, &keys,
	    &why) == ERR_OK) {
		CHECK_STR(keys.access_key_id, S("ASIA1"));
		auth_drop_keys(auth, keys.access_key_id);
	}
	/* No falling back to anything when it fails. */
	CHECK_INT(auth_keys(auth, &caller, fake.mono_ms + 1000, NULL, &arena,
	    &keys, &why), ERR_AWS_ACCESS);
	/* A caller without such a token reads as this server. */
	CHECK_INT(ask(BEARER "0123456789abcdef\r\n"), AUTH_OK);
	CHECK(!auth_has_keys(auth, &caller));
}

TEST(settings_that_contradict_each_other_stop_the_start)
{
	struct auth_setup setup = { .sys = &fake.sys, .role = {
	    .role_arn = S("arn:aws:iam::1:role/R") },
	    .tokens_file = S("/t") };

	CHECK_INT(start(NULL, true), ERR_OK);
	fail_init(&why, &arena);
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_CONFIG);
	CHECK(str_icontains(fail_text(&why), S("set AUTH_ISSUER")));
	setup.enable = S("false");
	fail_init(&why, &arena);
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_CONFIG);
	CHECK(str_icontains(fail_text(&why), S("unset one")));
}

TEST(credentials_of_the_caller_are_taken_only_where_switched_on)
{
	static const char text[] = "{\"accessKeyId\":\"ASIAEXAMPLE0000EXMP\","
	    "\"secretAccessKey\":\"0123456789012345678901234567890123456789\","
	    "\"sessionToken\":\"dG9rZW4tdG9rZW4tdG9rZW4=\",\"expiresAt\":"
	    "1795179600000,\"accountId\":\"123456789012\"}";
	struct auth_setup setup = { .sys = &fake.sys, .credentials = true };
	char fields[1024];
	struct creds_keys keys;
	struct buf b;

	CHECK_INT(start(NULL, true), ERR_OK);
	b = buf_fixed(fields, sizeof(fields));
	buf_add(&b, S("X-AWS-Credentials: "));
	enc_base64(&b, str_from_z(text));
	buf_add(&b, S("\r\n"));
	buf_add_byte(&b, '\0');
	CHECK_INT(ask(fields), AUTH_MISSING);
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_OK);
	CHECK_INT(ask(fields), AUTH_OK);
	CHECK_INT(caller.kind, AUTH_CREDENTIALS);
	CHECK(auth_has_keys(auth, &caller));
	CHECK_INT(auth_keys(auth, &caller, 0, NULL, &arena, &keys, &why),
	    ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIAEXAMPLE0000EXMP"));
}

/* ---- gateways ---- */

TEST(a_gateway_names_callers_from_its_network_only)
{
	struct auth_setup setup = { .sys = &fake.sys, .tokens_file = S("/t"),
	    .proxy = { .networks = S("127.0.0.0/8"),
	    .header = S("X-Forwarded-User") } };

	CHECK_INT(start(NULL, false), ERR_OK);
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_OK);
	CHECK_INT(ask("X-Forwarded-User: ann\r\n"), AUTH_OK);
	CHECK_INT(caller.kind, AUTH_PROXY);
	CHECK_STR(caller.subject, S("ann"));
	CHECK_INT(ask(""), AUTH_MISSING);
	/* A token is what the caller says itself, and counts first. */
	CHECK_INT(ask("X-Forwarded-User: ann\r\n"
	    BEARER "0123456789abcdef\r\n"), AUTH_OK);
	CHECK_STR(caller.subject, S("ci"));
	setup.proxy.networks = S("10.0.0.0/8");
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_OK);
	CHECK(ask("X-Forwarded-User: ann\r\n") != AUTH_OK);
	setup.proxy.networks = S("10.0.0.0/33");
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_CONFIG);
}

TEST(tokens_for_sts_have_to_wait_for_it)
{
	struct auth_setup setup = { .sys = &fake.sys, .sts = {
	    .roles = S("arn:aws:iam::111122223333:role/*"),
	    .server_id = S("prod"), .endpoint = S("http://localhost:1"),
	    .transport = &net.transport } };

	CHECK_INT(start(NULL, false), ERR_OK);
	fake_transport_init(&net, &fake);
	fail_init(&why, &arena);
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_OK);
	CHECK_INT(ask(BEARER "k8s-aws-v1.aHR0cHM6Ly94\r\n"), AUTH_LATER);
	CHECK_INT(ask(BEARER "something.else.here\r\n"), AUTH_INVALID);
	CHECK_INT(ask(""), AUTH_MISSING);
	CHECK_STR(challenge(), S("Bearer"));
	waits = true;
	CHECK(ask(BEARER "k8s-aws-v1.aHR0cHM6Ly94\r\n") != AUTH_OK);
	waits = false;
	CHECK_INT(net.request_n, 0);
	setup.sts.server_id = STR_NONE;
	CHECK_INT(auth_new(&auth, &setup, &arena, &why), ERR_CONFIG);
}

/* Each test leaves the last one's for the next: here it ends. */
TEST(what_is_remembered_is_given_back)
{
	CHECK_INT(start(NULL, false), ERR_OK);
	CHECK(auth == NULL);
	auth_free(NULL);
	arena_free(&arena);
	fake_sys_free(&fake);
}

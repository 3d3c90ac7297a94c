/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Headers of a gateway: believed from its networks, absent from elsewhere. The
 * token of the load balancer is good for the second it was made for; what else
 * it may be is tested in test_alb.c.
 */
#include "auth/proxy_in.h"

#include <bearssl.h>

#include "base/enc.h"
#include "base/limits.h"
#include "fake_transport.h"
#include "jwt_vectors.h"
#include "test.h"

#define ARN "arn:aws:elasticloadbalancing:eu-west-1:123456789012:" \
	"loadbalancer/app/front/50dc6c495c0c9188"
#define KID "12345678-90ab-cdef-1234-567890abcdef"
#define PEM "-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMwv7GrxD/H0te20/qM/HDMi/t+gX\n" \
	"GS7IRGm9azRuyT06wz7fFkXws1LTbGUhZS5UmoCZGhZbbrt77zzPkEEJXQ==\n" \
	"-----END PUBLIC KEY-----\n"

static struct fake_sys world;
static struct fake_transport net;
static struct arena program;
static struct arena arena;
static struct proxy_in *in;
static struct http1_request request;
static struct auth_caller who;
static struct auth_refusal no;
static char sentence[512];

static enum err
open_with(struct proxy_in_setup setup)
{
	struct fail f;
	enum err err;

	arena_free(&program);
	arena_free(&arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	arena_init(&program, PROGRAM_ARENA_CAP);
	arena_init(&arena, JOB_ARENA_CAP);
	request = (struct http1_request){ .header_n = 0 };
	setup.alb.sys = &world.sys;
	setup.alb.transport = &net.transport;
	fail_init(&f, &program);
	err = proxy_in_new(&in, &setup, &program, &f);
	snprintf(sentence, sizeof(sentence), "%.*s", STR_ARG(fail_text(&f)));
	return err;
}

/* A gateway in 10.0.0.0/8 and fd00::/8. */
static void
start(void)
{
	MUST(open_with((struct proxy_in_setup){
	    .networks = S("10.0.0.0/8, fd00::/8"), .header = S("X-User"),
	    .email_header = S("X-Email"), .groups_header = S("X-Groups") }) ==
	    ERR_OK && in != NULL);
}

static void
field(const char *name, const char *value)
{
	request.headers[request.header_n++] = (struct http1_header){
	    str_from_z(name), str_from_z(value) };
}

static enum auth_verdict
check(const char *peer)
{
	struct oidc_want want = { .deadline_ms = world.mono_ms + 60000 };

	return proxy_in_check(in, &request, str_from_z(peer), &want, &arena,
	    &who, &no);
}

static bool
why_has(const char *text)
{
	if (!str_icontains(no.why, str_from_z(text))) {
		printf("why: %.*s\n", STR_ARG(no.why));
		return false;
	}
	return true;
}

TEST(a_gateway_names_the_caller)
{
	enum auth_verdict v;

	start();
	field("x-user", "alice");
	field("X-EMAIL", "a@b.c");
	field("X-Groups", "ops, dev,, d\xc3\xa9v ");
	CHECK(proxy_in_is_ours(in, &request, S("10.1.2.3")));
	CHECK(proxy_in_recall(in, &request, S("10.1.2.3"), &arena, &v, &who,
	    &no));
	CHECK_INT(v, AUTH_OK);
	CHECK_INT(check("10.1.2.3"), AUTH_OK);
	CHECK_INT(who.kind, AUTH_PROXY);
	CHECK_STR(who.subject, S("alice"));
	CHECK_STR(who.email, S("a@b.c"));
	CHECK_INT(who.group_n, 3);
	CHECK_STR(who.groups[0], S("ops"));
	CHECK_STR(who.groups[2], S("d\xc3\xa9v"));
	CHECK_INT(who.expires_ms, 0);
	CHECK(who.token.p == NULL && who.issuer.p == NULL);
	CHECK_INT(net.request_n, 0);
}

TEST(only_the_gateways_networks_are_believed)
{
	static const struct {
		const char *peer;
		bool believed;
	} cases[] = {
		{ "10.255.255.255", true }, { "::ffff:10.0.0.1", true },
		{ "fd12::1", true }, { "11.0.0.0", false },
		{ "9.255.255.255", false }, { "fe80::1", false },
		{ "127.0.0.1", false }, { "::1", false }, { "", false },
		{ "10.0.0.1, 10.0.0.2", false }, { "x", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		CHECK_INT(check(cases[i].peer), AUTH_MISSING);
		field("X-User", "alice");
		CHECK_INT(proxy_in_is_ours(in, &request,
		    str_from_z(cases[i].peer)), cases[i].believed);
		CHECK_INT(check(cases[i].peer), cases[i].believed ? AUTH_OK :
		    AUTH_INVALID);
		if (!cases[i].believed) {
			CHECK(why_has("only from the gateway"));
			/* which ones is nobody's business */
			CHECK(!str_icontains(no.why, S("10.")));
			CHECK(who.subject.p == NULL);
		}
	}
}

TEST(without_the_subject_nobody_is_named)
{
	start();
	field("X-Email", "a@b.c");
	field("X-Groups", "ops");
	field("X-Amzn-Oidc-Data", "a.b.c");
	CHECK(!proxy_in_is_ours(in, &request, S("10.0.0.1")));
	CHECK_INT(check("10.0.0.1"), AUTH_MISSING);
	CHECK(no.why.p == NULL);
	field("X-User", "");
	CHECK(!proxy_in_is_ours(in, &request, S("10.0.0.1")));
	CHECK_INT(check("10.0.0.1"), AUTH_MISSING);
}

TEST(a_header_that_comes_twice_is_refused)
{
	static const char *const names[] = { "X-User", "X-Email",
	    "X-Groups" };

	for (size_t i = 0; i < 3; i++) {
		start();
		field("X-User", "alice");
		field(names[i], "x");
		field(names[i], "x");
		CHECK(proxy_in_is_ours(in, &request, S("10.0.0.1")));
		CHECK_INT(check("10.0.0.1"), AUTH_MALFORMED);
		CHECK(why_has("twice"));
		CHECK(who.subject.p == NULL);
	}
	/* an empty one hides none */
	start();
	field("X-User", "");
	field("X-User", "alice");
	CHECK_INT(check("10.0.0.1"), AUTH_MALFORMED);
}

TEST(values_are_printable_and_bounded)
{
	static char at_most[PROXY_VALUE_MAX + 1];
	static char too_long[PROXY_VALUE_MAX + 2];
	static char many[2 * OIDC_NAME_MAX_N + 8];
	static const struct {
		const char *name, *value;
		enum auth_verdict want;
	} cases[] = {
		{ "X-User", "Alice \xe2\x82\xac Smith", AUTH_OK },
		{ "X-User", at_most, AUTH_OK },
		{ "X-User", too_long, AUTH_MALFORMED },
		{ "X-User", "a\tb", AUTH_MALFORMED },
		{ "X-User", "a\x7f", AUTH_MALFORMED },
		{ "X-User", "a\xc2\x9b" "31m", AUTH_MALFORMED },
		{ "X-User", "a\xc2\xa0", AUTH_OK },
		{ "X-User", "a\xff", AUTH_MALFORMED },
		{ "X-User", "a\xc2", AUTH_MALFORMED },
		{ "X-Email", too_long, AUTH_MALFORMED },
		{ "X-Email", "a\tb", AUTH_MALFORMED },
		{ "X-Groups", too_long, AUTH_MALFORMED },
		{ "X-Groups", "ok,a\tb", AUTH_MALFORMED },
		{ "X-Groups", many, AUTH_MALFORMED },
		{ "X-Groups", many + 2, AUTH_OK },
	};

	memset(at_most, 'a', sizeof(at_most) - 1);
	memset(too_long, 'a', sizeof(too_long) - 1);
	for (size_t i = 0; i <= OIDC_NAME_MAX_N; i++) {
		memcpy(many + 2 * i, "g,", 3);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start();
		field(cases[i].name, cases[i].value);
		if (strcmp(cases[i].name, "X-User") != 0) {
			field("X-User", "alice");
		}
		CHECK_INT(check("10.0.0.1"), cases[i].want);
		CHECK((cases[i].want == AUTH_OK) == (who.subject.p != NULL));
	}
}

TEST(a_header_without_a_setting_is_not_looked_at)
{
	CHECK_INT(open_with((struct proxy_in_setup){
	    .networks = S("10.0.0.0/8"), .header = S("X-User") }), ERR_OK);
	field("X-User", "alice");
	field("X-Email", "a");
	field("X-Groups", "b");
	field("X-Groups", "c");
	field("", "d");
	field("", "d");
	CHECK_INT(check("10.0.0.1"), AUTH_OK);
	CHECK(who.email.p == NULL);
	CHECK_INT(who.group_n, 0);
}

/* A token that the load balancer's key signed. */
static const char *
token(void)
{
	static char text[2048];
	static const char head[] = "{\"alg\":\"ES256\",\"kid\":\"" KID
	    "\",\"signer\":\"" ARN "\",\"client\":\"web\","
	    "\"exp\":1795176120}";
	char secret[32];
	struct buf key = buf_fixed(secret, sizeof(secret));
	struct buf t = buf_fixed(text, sizeof(text) - 1);
	uint8_t hash[ENC_SHA256_LEN];
	uint8_t sig[64];
	br_ec_private_key sk = { BR_EC_secp256r1, (unsigned char *)secret,
	    32 };

	MUST(enc_hex_decode(&key, S(JWT_P256_PRIVATE)));
	enc_base64url(&t, str_from_z(head));
	buf_add_byte(&t, '.');
	enc_base64url(&t, S("{\"sub\":\"bob\"}"));
	enc_sha256(buf_str(&t), hash);
	MUST(br_ecdsa_i31_sign_raw(br_ec_get_default(), &br_sha256_vtable,
	    hash, &sk, sig) == 64);
	buf_add_byte(&t, '.');
	enc_base64url(&t, enc_bytes(sig, 64));
	buf_add(&t, S("=="));
	MUST(buf_ok(&t));
	text[t.len] = '\0';
	return text;
}

TEST(a_load_balancer_is_believed_from_everywhere_as_it_signs)
{
	enum auth_verdict v;

	CHECK_INT(open_with((struct proxy_in_setup){
	    .alb = { .arns = S(ARN), .client_id = S("web") } }), ERR_OK);
	fake_transport_reply(&net, KID, 200, PEM);
	CHECK_INT(check("203.0.113.1"), AUTH_MISSING);
	field("X-Amzn-Oidc-Data", token());
	CHECK(proxy_in_is_ours(in, &request, S("203.0.113.1")));
	CHECK(!proxy_in_recall(in, &request, S("203.0.113.1"), &arena, &v,
	    &who, &no));
	CHECK_INT(check("203.0.113.1"), AUTH_OK);
	CHECK_STR(who.subject, S("bob"));
	CHECK_INT(who.kind, AUTH_PROXY);
	CHECK(proxy_in_recall(in, &request, S("203.0.113.2"), &arena, &v,
	    &who, &no));
	CHECK_INT(v, AUTH_OK);
	CHECK_STR(who.subject, S("bob"));
	field("x-amzn-oidc-data", "");
	CHECK_INT(check("203.0.113.1"), AUTH_MALFORMED);
	CHECK(why_has("twice"));
	request.headers[0].value = S("");
	CHECK_INT(check("203.0.113.1"), AUTH_MALFORMED);
	proxy_in_free(in);
}

TEST(where_networks_are_named_they_count_for_the_load_balancer_too)
{
	CHECK_INT(open_with((struct proxy_in_setup){
	    .networks = S("10.0.0.0/8"), .header = S("X-User"),
	    .alb = { .arns = S(ARN) } }), ERR_OK);
	fake_transport_reply(&net, KID, 200, PEM);
	field("X-Amzn-Oidc-Data", token());
	CHECK(!proxy_in_is_ours(in, &request, S("203.0.113.1")));
	CHECK_INT(check("203.0.113.1"), AUTH_INVALID);
	CHECK(why_has("only from the gateway"));
	CHECK_INT(net.request_n, 0);
	CHECK_INT(check("10.0.0.1"), AUTH_OK);
	CHECK_STR(who.subject, S("bob"));
	/* what is signed wins over what is said */
	field("X-User", "mallory");
	CHECK_INT(check("10.0.0.1"), AUTH_OK);
	CHECK_STR(who.subject, S("bob"));
	request.headers[0].value = S("a.b.c");
	CHECK_INT(check("10.0.0.1"), AUTH_MALFORMED);
	request.headers[0].value = S("");
	CHECK_INT(check("10.0.0.1"), AUTH_OK);
	CHECK_STR(who.subject, S("mallory"));
}

TEST(settings_that_cannot_be_used_say_why)
{
	static char many[20 * (PROXY_NETWORK_MAX_N + 1)];
	const struct {
		struct proxy_in_setup setup;
		const char *want;
	} cases[] = {
		{ { .header = S("X-User") }, "networks have to be named" },
		{ { .networks = S("10.0.0.0/8") }, "needs AUTH_PROXY_HEADER" },
		{ { .email_header = S("X-E") }, "need AUTH_PROXY_HEADER" },
		{ { .groups_header = S("X-G"), .alb = { .arns = S(ARN) } },
		    "need AUTH_PROXY_HEADER" },
		{ { .alb = { .client_id = S("web") } }, "need AUTH_ALB_ARN" },
		{ { .alb = { .keys_url = S("https://x") } },
		    "need AUTH_ALB_ARN" },
		{ { .networks = S("10.0.0.0"), .header = S("X User") },
		    "AUTH_PROXY_HEADER is 'X User'" },
		{ { .networks = S("10.0.0.0"), .header = S("X-User"),
		    .email_header = S("X:") }, "AUTH_PROXY_EMAIL_HEADER is" },
		{ { .networks = S("10.0.0.0"), .header = S("X-User"),
		    .groups_header = S("\xc3") },
		    "AUTH_PROXY_GROUPS_HEADER is" },
		{ { .networks = S("10.0.0.0/8,10.0.0.1/8"),
		    .header = S("X-User") }, "'10.0.0.1/8' is not a network" },
		{ { .networks = S(" "), .header = S("X-User") },
		    "'' is not a network" },
		{ { .networks = str_from_z(many), .header = S("X-User") },
		    "more than 64" },
		{ { .alb = { .arns = S("arn") } }, "not the ARN" },
	};

	for (size_t i = 0; i <= PROXY_NETWORK_MAX_N; i++) {
		memcpy(many + 9 * i, "10.0.0.1,", 10);
	}
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct proxy_in_setup setup = cases[i].setup;

		if (setup.networks.p == many) {
			setup.networks = str_from_z(many);
		}
		CHECK_INT(open_with(setup), ERR_CONFIG);
		if (strstr(sentence, cases[i].want) == NULL) {
			test_fail(__FILE__, __LINE__, sentence);
		}
	}
	CHECK_INT(open_with((struct proxy_in_setup){ .header = STR_NONE }),
	    ERR_OK);
	CHECK(in == NULL);
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct oidc_want want = { .deadline_ms = world.mono_ms + 60000 };
	enum auth_verdict v = proxy_in_check(in, &request, S("10.0.0.1"),
	    &want, a, &who, &no);

	(void)ctx;
	MUST(v == AUTH_OK || (v == AUTH_UNAVAILABLE && who.subject.p == NULL));
	return v == AUTH_OK;
}

TEST(without_memory_it_says_so)
{
	start();
	field("X-User", "alice");
	field("X-Groups", "a,b");
	CHECK_INT(test_fail_sweep(scenario, NULL, JOB_ARENA_CAP), 1);
}

static bool
opens(struct arena *a, void *ctx)
{
	struct proxy_in_setup setup = { .networks = S("10.0.0.0/8"),
	    .header = S("X-User"), .alb = { .sys = &world.sys,
	    .arns = S(ARN "," ARN) } };

	(void)ctx;
	return proxy_in_new(&in, &setup, a, NULL) == ERR_OK;
}

TEST(a_start_without_memory_fails)
{
	start();
	CHECK(test_fail_sweep(opens, NULL, PROGRAM_ARENA_CAP) > 4);
}

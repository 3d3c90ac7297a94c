/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of a load balancer, good and forged, against a server of keys made of
 * scripted answers. See auth/alb.h.
 */
#include "auth/alb.h"

#include <bearssl.h>

#include "base/enc.h"
#include "base/limits.h"
#include "fake_transport.h"
#include "jwt_vectors.h"
#include "test.h"

#define ARN "arn:aws:elasticloadbalancing:eu-west-1:123456789012:" \
	"loadbalancer/app/front/50dc6c495c0c9188"
#define ARN2 "arn:aws:elasticloadbalancing:eu-west-1:123456789012:" \
	"loadbalancer/app/other/50dc6c495c0c9199"
#define KID "12345678-90ab-cdef-1234-567890abcdef"
#define KID2 "12345678-90ab-cdef-1234-567890abcde0"
#define URL "GET https://public-keys.auth.elb.eu-west-1.amazonaws.com/" KID
/* The public key of jwt_vectors.h's p256. */
#define PEM "-----BEGIN PUBLIC KEY-----\n" \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMwv7GrxD/H0te20/qM/HDMi/t+gX\n" \
	"GS7IRGm9azRuyT06wz7fFkXws1LTbGUhZS5UmoCZGhZbbrt77zzPkEEJXQ==\n" \
	"-----END PUBLIC KEY-----\n"
#define HEAD_KID(kid) "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"" kid \
	"\",\"signer\":\"" ARN "\",\"iss\":\"https://idp.example\"," \
	"\"client\":\"web\",\"exp\":1795176120}"
#define HEAD HEAD_KID(KID)
#define CLAIMS "{\"sub\":\"alice\",\"email\":\"a@b.c\",\"email_verified\":" \
	"\"true\",\"groups\":[\"ops\",\"dev\"],\"exp\":1795176120," \
	"\"iss\":\"https://idp.example\"}"

static struct fake_sys world;
static struct fake_transport net;
static struct log logger;
static struct arena program;
static struct arena arena;
static struct alb *alb;
static struct auth_caller who;
static struct auth_refusal no;
static char sentence[512];

static enum err
open_with(const char *arns, const char *client, const char *url)
{
	struct alb_setup setup = { .sys = &world.sys,
	    .transport = &net.transport, .log = &logger,
	    .arns = str_from_z(arns), .client_id = str_from_z(client),
	    .keys_url = str_from_z(url) };
	struct fail f;
	enum err err;

	arena_free(&program);
	arena_free(&arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	logger = (struct log){ &world.sys, LOG_DEBUG };
	arena_init(&program, PROGRAM_ARENA_CAP);
	arena_init(&arena, JOB_ARENA_CAP);
	fail_init(&f, &program);
	err = alb_new(&alb, &setup, &program, &f);
	snprintf(sentence, sizeof(sentence), "%.*s", STR_ARG(fail_text(&f)));
	return err;
}

/* The usual one, whose key is always to be had. */
static void
start(void)
{
	MUST(open_with(ARN, NULL, NULL) == ERR_OK);
	fake_transport_reply(&net, URL, 200, PEM)->forever = true;
}

static void
add_part(struct buf *t, struct str s, bool padded)
{
	enc_base64url(t, s);
	while (padded && s.len % 3 != 0 && t->len > 0) {
		buf_add_byte(t, '=');
		s.len++;
	}
}

/* Signs with the private key of p256. */
static struct str
make_with(const char *header, const char *claims, bool padded)
{
	char secret[32];
	struct buf key = buf_fixed(secret, sizeof(secret));
	struct buf t = buf_in(&arena, (size_t)64 * 1024);
	uint8_t hash[ENC_SHA256_LEN];
	uint8_t sig[64];
	br_ec_private_key sk = { BR_EC_secp256r1, (unsigned char *)secret,
	    32 };

	MUST(enc_hex_decode(&key, S(JWT_P256_PRIVATE)));
	add_part(&t, str_from_z(header), padded);
	buf_add_byte(&t, '.');
	add_part(&t, str_from_z(claims), padded);
	enc_sha256(buf_str(&t), hash);
	MUST(br_ecdsa_i31_sign_raw(br_ec_get_default(), &br_sha256_vtable,
	    hash, &sk, sig) == 64);
	buf_add_byte(&t, '.');
	add_part(&t, enc_bytes(sig, 64), padded);
	MUST(buf_ok(&t));
	return buf_str(&t);
}

static struct str
make(const char *header, const char *claims)
{
	return make_with(header, claims, true);
}

static enum auth_verdict
check(struct str token)
{
	struct oidc_want want = { .deadline_ms = world.mono_ms + 60000 };

	return alb_check(alb, token, &want, &arena, &who, &no);
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

static bool
is_alice(void)
{
	return who.kind == AUTH_PROXY && str_eq(who.subject, S("alice")) &&
	    str_eq(who.email, S("a@b.c")) && who.group_n == 2 &&
	    str_eq(who.groups[1], S("dev")) && who.token.p == NULL &&
	    str_eq(who.issuer, S(ARN)) &&
	    who.expires_ms == INT64_C(1795176120000);
}

TEST(what_the_load_balancer_signed_is_believed)
{
	struct str t;

	start();
	t = make(HEAD, CLAIMS);
	CHECK(str_find(t, S("="), 0) < t.len);
	CHECK(!alb_recall(alb, t, &arena, &who));
	CHECK_INT(check(t), AUTH_OK);
	CHECK(is_alice());
	CHECK(alb_recall(alb, t, &arena, &who));
	CHECK(is_alice());
	CHECK_INT(check(make_with(HEAD, CLAIMS, false)), AUTH_OK);
	CHECK_INT(net.request_n, 1);
	CHECK(fake_sys_ok(&world));
	CHECK(!str_icontains(fake_sys_log(&world), S("eyJ")));
	alb_free(alb);
	CHECK(!alb_recall(alb, t, &arena, &who));
}

TEST(a_verified_token_is_remembered_for_a_minute_and_not_beyond_its_end)
{
	struct str t;

	start();
	t = make(HEAD, CLAIMS);
	CHECK_INT(check(t), AUTH_OK);
	world.now_ms += ALB_TOKEN_HOLD_MS - 1;
	CHECK(alb_recall(alb, t, &arena, &who));
	world.now_ms += 1;
	CHECK(!alb_recall(alb, t, &arena, &who));
	CHECK_INT(check(t), AUTH_OK);
	world.now_ms = INT64_C(1795176120000) - 1;
	CHECK(alb_recall(alb, t, &arena, &who));
	world.now_ms += 1;
	CHECK(!alb_recall(alb, t, &arena, &who));
	CHECK_INT(check(t), AUTH_OK); /* leeway */
	CHECK(!alb_recall(alb, t, &arena, &who));
}

#define WITH(alg, signer, kid, more) "{\"alg\":\"" alg "\",\"kid\":\"" kid \
	"\",\"signer\":\"" signer "\",\"client\":\"web\"," \
	"\"exp\":1795176120" more "}"

static const struct {
	const char *header, *claims;
	enum auth_verdict want;
	const char *why;
} rules[] = {
	{ WITH("ES256", ARN, KID, ""), "{\"sub\":\"a\"}", AUTH_OK, "" },
	{ WITH("ES256", ARN, KID, ",\"jku\":\"https://evil.example\""),
	    "{\"sub\":\"a\"}", AUTH_OK, "" },
	{ WITH("none", ARN, KID, ""), CLAIMS, AUTH_INVALID, "algorithm" },
	{ WITH("HS256", ARN, KID, ""), CLAIMS, AUTH_INVALID, "algorithm" },
	{ WITH("ES384", ARN, KID, ""), CLAIMS, AUTH_INVALID, "algorithm" },
	{ WITH("RS256", ARN, KID, ""), CLAIMS, AUTH_INVALID, "algorithm" },
	{ WITH("es256", ARN, KID, ""), CLAIMS, AUTH_INVALID, "algorithm" },
	{ WITH("ES256", ARN, KID, ",\"crit\":[\"exp\"]"), CLAIMS,
	    AUTH_INVALID, "algorithm" },
	{ WITH("ES256", ARN2, KID, ""), CLAIMS, AUTH_INVALID, "not signed by" },
	{ WITH("ES256", ARN " ", KID, ""), CLAIMS, AUTH_INVALID,
	    "not signed by" },
	{ WITH("ES256", "", KID, ""), CLAIMS, AUTH_INVALID, "not signed by" },
	{ "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"exp\":1795176120}",
	    CLAIMS, AUTH_INVALID, "not signed by" },
	{ "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"exp\":1795176120,"
	    "\"signer\":[\"" ARN "\"]}", CLAIMS, AUTH_INVALID,
	    "not signed by" },
	{ WITH("ES256", ARN, "", ""), CLAIMS, AUTH_INVALID, "kid" },
	{ WITH("ES256", ARN, "../../" KID, ""), CLAIMS, AUTH_INVALID, "kid" },
	{ WITH("ES256", ARN, "12345678-90ab-cdef-1234-567890abcd/f", ""),
	    CLAIMS, AUTH_INVALID, "kid" },
	{ WITH("ES256", ARN, "12345678-90ab-cdef-1234-567890abcde", ""),
	    CLAIMS, AUTH_INVALID, "kid" },
	{ WITH("ES256", ARN, "12345678090ab-cdef-1234-567890abcdef", ""),
	    CLAIMS, AUTH_INVALID, "kid" },
	{ WITH("ES256", ARN, "1234567--90ab-cdef-1234-567890abcdef", ""),
	    CLAIMS, AUTH_INVALID, "kid" },
	{ "{\"alg\":\"ES256\",\"signer\":\"" ARN "\",\"exp\":1795176120}",
	    CLAIMS, AUTH_INVALID, "kid" },
	{ HEAD, "{}", AUTH_INVALID, "subject" },
	{ HEAD, "{\"sub\":\"\"}", AUTH_INVALID, "subject" },
	{ HEAD, "{\"sub\":1}", AUTH_INVALID, "subject" },
	{ HEAD, "{\"sub\":\"a\",\"exp\":1795175940}", AUTH_INVALID,
	    "expired" },
	{ HEAD, "{\"sub\":\"a\",\"exp\":\"x\"}", AUTH_INVALID, "(exp)" },
	{ "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"signer\":\"" ARN "\"}",
	    CLAIMS, AUTH_INVALID, "(exp)" },
	{ "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"signer\":\"" ARN "\","
	    "\"exp\":\"1795176120\"}", CLAIMS, AUTH_INVALID, "(exp)" },
	{ "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"signer\":\"" ARN "\","
	    "\"exp\":1795175940}", CLAIMS, AUTH_INVALID, "expired" },
	{ "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"signer\":\"" ARN "\","
	    "\"exp\":1795175941}", CLAIMS, AUTH_OK, "" },
	{ WITH("ES256", ARN, KID, ",\"exp\":1895176120"), CLAIMS,
	    AUTH_MALFORMED, "well-formed" },
	{ HEAD, "{\"sub\":\"a\",\"sub\":\"b\"}", AUTH_MALFORMED,
	    "well-formed" },
	{ HEAD, "[]", AUTH_MALFORMED, "well-formed" },
	{ "{\"kid\":\"" KID "\"}", CLAIMS, AUTH_MALFORMED, "well-formed" },
};

TEST(every_part_of_the_token_has_its_rule)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		start();
		CHECK_INT(check(make(rules[i].header, rules[i].claims)),
		    rules[i].want);
		CHECK(why_has(rules[i].why));
		CHECK_INT(who.kind, rules[i].want == AUTH_OK ? AUTH_PROXY :
		    AUTH_NOBODY);
		/* nothing is fetched for what is wrong anyway */
		CHECK_INT(net.request_n, rules[i].want == AUTH_OK);
	}
	CHECK_INT(check(S("")), AUTH_MALFORMED);
	CHECK_INT(check(S("a.b")), AUTH_MALFORMED);
}

TEST(the_client_has_to_be_ours_where_one_is_set)
{
	CHECK_INT(open_with(ARN, "web", NULL), ERR_OK);
	fake_transport_reply(&net, URL, 200, PEM);
	CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_OK);
	CHECK_INT(open_with(ARN, "app", NULL), ERR_OK);
	CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_INVALID);
	CHECK(why_has("another client"));
	CHECK_INT(check(make("{\"alg\":\"ES256\",\"kid\":\"" KID "\","
	    "\"signer\":\"" ARN "\",\"exp\":1795176120}", CLAIMS)),
	    AUTH_INVALID);
	CHECK(why_has("another client"));
}

TEST(every_altered_byte_of_a_token_is_refused)
{
	struct str good, copy;

	start();
	good = make(HEAD, CLAIMS);
	for (size_t i = 0; i < good.len; i++) {
		for (unsigned bit = 1; bit < 256; bit *= 4) {
			copy = str_dup(&arena, good);
			((char *)(uintptr_t)copy.p)[i] ^= (char)bit;
			if (check(copy) == AUTH_OK) {
				test_fail(__FILE__, __LINE__, "accepted");
				return;
			}
		}
		if (i % 16 == 0) {
			arena_reset(&arena);
			good = make(HEAD, CLAIMS);
		}
	}
}

TEST(a_token_signed_by_somebody_else_is_refused)
{
	struct str t;
	char *end;

	start();
	t = make(HEAD, CLAIMS);
	/* the signature of other claims */
	end = (char *)(uintptr_t)t.p + t.len - 88;
	memcpy(end, make(HEAD, "{\"sub\":\"b\"}").p +
	    make(HEAD, "{\"sub\":\"b\"}").len - 88, 88);
	CHECK_INT(check(t), AUTH_INVALID);
	CHECK(why_has("signature"));
	/* no signature */
	t.len -= 88;
	CHECK_INT(check(t), AUTH_INVALID);
	CHECK(why_has("signature"));
}

TEST(keys_come_from_the_region_of_the_load_balancer)
{
	static const struct {
		const char *arn, *url, *want;
	} cases[] = {
		{ "arn:aws:elasticloadbalancing:ap-south-1:123456789012:"
		    "loadbalancer/app/a/1", NULL,
		    "GET https://public-keys.auth.elb.ap-south-1."
		    "amazonaws.com/" KID "\n" },
		{ "arn:aws-us-gov:elasticloadbalancing:us-gov-west-1:"
		    "123456789012:loadbalancer/app/a/1", NULL,
		    "GET https://s3-us-gov-west-1.amazonaws.com/"
		    "aws-elb-public-keys-prod-us-gov-west-1/" KID "\n" },
		{ "arn:aws-us-gov:elasticloadbalancing:us-gov-east-1:"
		    "123456789012:loadbalancer/app/a/1", NULL,
		    "GET https://s3-us-gov-east-1.amazonaws.com/"
		    "aws-elb-public-keys-prod-us-gov-east-1/" KID "\n" },
		{ "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012:"
		    "loadbalancer/app/a/1", NULL,
		    "GET https://public-keys.auth.elb.cn-north-1."
		    "amazonaws.com.cn/" KID "\n" },
		{ ARN, "https://keys.example/a", "GET https://keys.example/a/"
		    KID "\n" },
		{ ARN, "http://127.0.0.1:8080/", "GET http://127.0.0.1:8080/"
		    KID "\n" },
	};
	char header[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(open_with(cases[i].arn, NULL, cases[i].url),
		    ERR_OK);
		fake_transport_reply(&net, "", 200, PEM);
		snprintf(header, sizeof(header), "{\"alg\":\"ES256\","
		    "\"kid\":\"" KID "\",\"signer\":\"%s\","
		    "\"exp\":1795176120}", cases[i].arn);
		CHECK_INT(check(make(header, CLAIMS)), AUTH_OK);
		if (!fake_transport_saw(&net, cases[i].want)) {
			printf("%s", net.log);
			CHECK(false);
		}
	}
}

TEST(load_balancers_of_one_region_share_their_keys)
{
	CHECK_INT(open_with(ARN2 ", " ARN, NULL, NULL), ERR_OK);
	fake_transport_reply(&net, URL, 200, PEM);
	CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_OK);
	CHECK_INT(check(make(WITH("ES256", ARN2, KID, ""), CLAIMS)), AUTH_OK);
	CHECK_STR(who.issuer, S(ARN2));
	CHECK_INT(net.request_n, 1);
}

TEST(an_unknown_key_is_asked_for_once_in_a_while)
{
	start();
	fake_transport_reply(&net, KID2, 403, "<Error/>")->forever = true;
	CHECK_INT(check(make(HEAD_KID(KID2), CLAIMS)), AUTH_INVALID);
	CHECK(why_has("does not exist"));
	for (int i = 0; i < 3; i++) {
		/* this one is known to be missing, others have to wait */
		CHECK_INT(check(make(HEAD_KID(KID2), CLAIMS)), AUTH_INVALID);
		CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_UNAVAILABLE);
		CHECK_INT(no.retry_ms, ALB_REFETCH_MS);
	}
	CHECK_INT(net.request_n, 1);
	world.mono_ms += ALB_REFETCH_MS;
	CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_OK);
	CHECK_INT(net.request_n, 2);
	world.mono_ms += ALB_REFETCH_MS;
	CHECK_INT(check(make(HEAD_KID(KID2), CLAIMS)), AUTH_INVALID);
	CHECK_INT(net.request_n, 3);
	/* the known key is not touched by all that */
	CHECK_INT(check(make(HEAD, "{\"sub\":\"z\"}")), AUTH_OK);
	CHECK_INT(net.request_n, 3);
	CHECK(fake_sys_ok(&world));
	/* made-up ids do not fill the log */
	CHECK(!str_icontains(fake_sys_log(&world), S("WARNING")));
}

TEST(an_outage_is_503_and_leaves_known_keys)
{
	CHECK_INT(open_with(ARN, NULL, NULL), ERR_OK);
	fake_transport_fail(&net, URL, ERR_CONNECT);
	fake_transport_reply(&net, URL, 503, "");
	fake_transport_reply(&net, URL, 200, "<html>");
	fake_transport_reply(&net, URL, 200, PEM);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_UNAVAILABLE);
		CHECK(why_has("cannot be fetched"));
		world.mono_ms += ALB_REFETCH_MS;
	}
	CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_OK);
	world.mono_ms += INT64_C(864000000);
	CHECK_INT(check(make(HEAD, "{\"sub\":\"z\"}")), AUTH_OK);
	CHECK_INT(net.request_n, 4);
	CHECK(fake_transport_ok(&net));
	CHECK(str_icontains(fake_sys_log(&world), S("not a P-256 key")));
}

TEST(the_key_used_least_lately_gives_way)
{
	char header[512], url[64];

	CHECK_INT(open_with(ARN, NULL, NULL), ERR_OK);
	net.quiet = true;
	fake_transport_reply(&net, "", 200, PEM)->forever = true;
	for (unsigned i = 0; i <= ALB_KEY_MAX_N; i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"ES256\",\"kid\":"
		    "\"12345678-90ab-cdef-1234-567890abcd%02x\",\"signer\":\""
		    ARN "\",\"exp\":1795176120}", i);
		CHECK_INT(check(make(header, CLAIMS)), AUTH_OK);
		/* the first stays in use */
		snprintf(url, sizeof(url), "{\"sub\":\"u%u\"}", i);
		CHECK_INT(check(make("{\"alg\":\"ES256\",\"kid\":"
		    "\"12345678-90ab-cdef-1234-567890abcd00\",\"signer\":\""
		    ARN "\",\"exp\":1795176120}", url)), AUTH_OK);
		world.mono_ms += ALB_REFETCH_MS;
	}
	CHECK_INT(net.request_n, ALB_KEY_MAX_N + 1);
	CHECK_INT(check(make("{\"alg\":\"ES256\",\"kid\":"
	    "\"12345678-90ab-cdef-1234-567890abcd01\",\"signer\":\"" ARN
	    "\",\"exp\":1795176120}", "{\"sub\":\"again\"}")), AUTH_OK);
	CHECK_INT(net.request_n, ALB_KEY_MAX_N + 2);
}

TEST(a_caller_who_hangs_up_leaves_the_key_to_others)
{
	struct cancel cancel = { .raised = true };
	struct oidc_want want = { .deadline_ms = 0, .cancel = &cancel };

	start();
	CHECK_INT(alb_check(alb, make(HEAD, CLAIMS), &want, &arena, &who,
	    &no), AUTH_UNAVAILABLE);
	world.mono_ms += ALB_REFETCH_MS;
	CHECK_INT(check(make(HEAD, CLAIMS)), AUTH_OK);
}

TEST(settings_that_cannot_be_used_say_why)
{
	static const struct {
		const char *arns, *url, *want;
	} cases[] = {
		{ "front", NULL, "'front' is not the ARN" },
		{ ARN ",", NULL, "'' is not the ARN" },
		{ "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
		    "loadbalancer/net/a/1", NULL, "is not the ARN" },
		{ "arn:aws:s3:eu-west-1:123456789012:loadbalancer/app/a/1",
		    NULL, "is not the ARN" },
		{ "arn:aws:elasticloadbalancing::123456789012:"
		    "loadbalancer/app/a/1", NULL, "is not the ARN" },
		{ "arn:aws:elasticloadbalancing:evil.example/:123456789012:"
		    "loadbalancer/app/a/1", NULL, "is not the ARN" },
		{ "arn:aws:elasticloadbalancing:eu-west-1:12345678901x:"
		    "loadbalancer/app/a/1", NULL, "is not the ARN" },
		{ "arn:gcp:elasticloadbalancing:eu-west-1:123456789012:"
		    "loadbalancer/app/a/1", NULL, "is not the ARN" },
		{ ARN, "http://keys.example", "https URL" },
		{ ARN, "keys.example", "https URL" },
		{ ARN, "https://keys.example/?k=", "https URL" },
		{ ARN "," ARN "," ARN "," ARN "," ARN "," ARN "," ARN "," ARN
		    "," ARN "," ARN "," ARN "," ARN "," ARN "," ARN "," ARN
		    "," ARN "," ARN, NULL, "more than 16" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(open_with(cases[i].arns, NULL, cases[i].url),
		    ERR_CONFIG);
		if (strstr(sentence, cases[i].want) == NULL) {
			test_fail(__FILE__, __LINE__, sentence);
		}
	}
}

TEST(a_key_is_a_point_of_p256_in_pem)
{
	static const char *const bad[] = { "",
		"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
		/* another curve, another label, a compressed point */
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQg"
		"DQgAEMwv7GrxD/H0te20/qM/HDMi/t+gXGS7IRGm9azRuyT06wz7fFkXws1"
		"LTbGUhZS5UmoCZGhZbbrt77zzPkEEJXQ==\n-----END PUBLIC KEY----"
		"-\n",
		"-----BEGIN EC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA"
		"EMwv7GrxD/H0te20/qM/HDMi/t+gXGS7IRGm9azRuyT06wz7fFkXws1LTbG"
		"UhZS5UmoCZGhZbbrt77zzPkEEJXQ==\n-----END EC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nMDkwEwYHKoZIzj0CAQYIKoZIzj0DAQc"
		"DIgADMwv7GrxD/H0te20/qM/HDMi/t+gXGS7IRGm9azRuyT0=\n"
		"-----END PUBLIC KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQc"
		"DQgAFMwv7GrxD/H0te20/qM/HDMi/t+gXGS7IRGm9azRuyT06wz7fFkXws1"
		"LTbGUhZS5UmoCZGhZbbrt77zzPkEEJXQ==\n-----END PUBLIC KEY----"
		"-\n",
	};
	uint8_t point[ALB_POINT_LEN];

	CHECK(alb_key_parse(S(PEM), point));
	CHECK_INT(point[0], 4);
	CHECK_INT(point[1], 0x33);
	CHECK_INT(point[64], 0x5d);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!alb_key_parse(test_guarded(str_from_z(bad[i])),
		    point));
	}
}

static int
feed(void *ctx, struct str text, bool more, char *log, size_t log_size)
{
	uint8_t point[ALB_POINT_LEN] = { 0 };
	bool ok = alb_key_parse(text, point);

	(void)ctx;
	snprintf(log, log_size, "%d %02x%02x", ok, point[1], point[64]);
	return ok ? 1 : more ? 0 : -1;
}

TEST(five_ways_to_read_a_key)
{
	CHECK(test_five_ways(feed, NULL, str_sub(S(PEM), 0, sizeof(PEM) - 2),
	    false));
}

static int
feed_token(void *ctx, struct str text, bool more, char *log,
    size_t log_size)
{
	enum auth_verdict v = check(text);

	(void)ctx;
	snprintf(log, log_size, "%d %.*s %.*s", (int)v, STR_ARG(who.subject),
	    STR_ARG(no.why));
	arena_reset(&arena);
	return v == AUTH_OK ? 1 : more ? 0 : -1;
}

TEST(five_ways_to_read_a_token)
{
	static char text[2048];
	struct str t;

	start();
	t = make(HEAD, CLAIMS);
	memcpy(text, t.p, t.len);
	t = str_of(text, t.len);
	while (t.p[t.len - 1] == '=') {
		t.len--; /* padding may be left out */
	}
	CHECK(test_five_ways(feed_token, NULL, t, false));
}

/* Without memory the answer is 503, never "accepted" nor "invalid". */
TEST(memory_that_runs_out_is_not_the_callers_fault)
{
	static char text[2048];
	enum auth_verdict v = AUTH_UNAVAILABLE;
	struct str t;
	size_t i;

	start();
	t = make(HEAD, CLAIMS);
	memcpy(text, t.p, t.len);
	for (i = 0; i < 200 && v != AUTH_OK; i++) {
		arena_reset(&arena);
		arena.fail_at = i;
		v = check(str_of(text, t.len));
		CHECK(v == AUTH_OK || v == AUTH_UNAVAILABLE);
	}
	CHECK_INT(v, AUTH_OK);
	CHECK(i > 3);
	arena.fail_at = 0;
	arena_reset(&arena);
	CHECK(!alb_recall(alb, str_of(text, t.len), &arena, &who));
}

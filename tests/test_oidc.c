/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens, good and forged, against an OpenID provider made of scripted
 * answers that rotates its keys and goes down. See auth/oidc.h.
 */
#include "auth/oidc.h"

#include <bearssl.h>

#include "base/enc.h"
#include "base/limits.h"
#include "fake_transport.h"
#include "jwt_maker.h"
#include "jwt_vectors.h"
#include "test.h"

#define ISS "https://id.example.com"
#define KEYS "https://id.example.com/keys"
#define HEAD "{\"alg\":\"ES256\",\"kid\":\"p256\"}"
#define BASE "\"iss\":\"" ISS "\",\"sub\":\"alice\""
#define FOR_US BASE ",\"aud\":\"cw\",\"exp\":1795179600"

static const struct str audiences[] = { STR_INIT("other"), STR_INIT("cw") };
static const struct str scopes[] = { STR_INIT("read") };
static const struct str groups[] = { STR_INIT("ops"), STR_INIT("sre") };

struct room {
	struct fake_sys world;
	struct fake_transport net;
	struct arena program;
	struct arena a;
	struct oidc_issuer issuer;
	struct oidc_setup setup;
	struct log log;
	struct oidc *oidc;
	struct auth_caller who;
	struct auth_refusal no;
};

static void
open_room(struct room *r, const struct oidc_issuer *issuer)
{
	struct fail f;

	fake_sys_init(&r->world);
	fake_transport_init(&r->net, &r->world);
	arena_init(&r->program, PROGRAM_ARENA_CAP);
	arena_init(&r->a, JOB_ARENA_CAP);
	r->issuer = *issuer;
	r->log = (struct log){ &r->world.sys, LOG_DEBUG };
	r->setup = (struct oidc_setup){ .sys = &r->world.sys,
	    .transport = &r->net.transport, .log = &r->log,
	    .issuers = &r->issuer, .issuer_n = 1 };
	fail_init(&f, &r->program);
	MUST(oidc_new(&r->program, &r->setup, &r->oidc, &f) == ERR_OK);
}

/* The usual issuer, whose keys are always to be had. */
static void
open_usual(struct room *r)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2 };

	open_room(r, &is);
	fake_transport_reply(&r->net, KEYS, 200, JWT_KEYS)->forever = true;
}

static void
close_room(struct room *r)
{
	oidc_free(r->oidc);
	arena_free(&r->a);
	arena_free(&r->program);
	fake_sys_free(&r->world);
}

static enum auth_verdict
check(struct room *r, struct str token)
{
	struct oidc_want want = { .deadline_ms = r->world.mono_ms + 60000 };

	return oidc_check(r->oidc, token, &want, &r->a, &r->who, &r->no);
}

static struct str
make(struct room *r, const char *header, const char *claims)
{
	return jwt_make(&r->a, header, claims);
}

static enum auth_verdict
claims(struct room *r, const char *text)
{
	return check(r, make(r, HEAD, text));
}

static bool
why_has(const struct room *r, const char *text)
{
	if (!str_icontains(r->no.why, str_from_z(text))) {
		printf("why: %.*s\n", STR_ARG(r->no.why));
		return false;
	}
	return true;
}

TEST(tokens_of_openssl_verify_with_every_algorithm)
{
	static const char *const good[] = {
		JWT_RS256_RSA, JWT_RS384_RSA, JWT_RS512_BIG, JWT_PS256_RSA,
		JWT_PS256_ODD, JWT_RS256_ODD, JWT_ES256_P256, JWT_ES384_P384,
	};
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK_INT(check(&r, str_from_z(good[i])), AUTH_OK);
		CHECK_STR(r.who.subject, S("alice"));
		CHECK_STR(r.who.issuer, S(ISS));
		CHECK_INT(r.who.expires_ms, FAKE_NOW_MS + 3600000);
		CHECK_STR(r.who.token, str_from_z(good[i]));
	}
	CHECK_INT(r.net.request_n, 1);
	CHECK_INT(check(&r, S(JWT_PS256_SALT)), AUTH_INVALID);
	CHECK(fake_sys_ok(&r.world));
	close_room(&r);
}

/* Every bit of the text of the signature, and of what is signed. */
static void
flip_all(struct room *r, struct str good)
{
	struct str copy = str_dup(&r->a, good);
	char *p = (char *)(uintptr_t)copy.p;

	for (size_t i = 0; i < good.len; i++) {
		for (unsigned bit = 1; bit < 256; bit *= 4) {
			p[i] = (char)(good.p[i] ^ (char)bit);
			if (check(r, copy) == AUTH_OK) {
				test_fail(__FILE__, __LINE__, "accepted");
				return;
			}
		}
		p[i] = good.p[i];
		arena_reset(&r->a);
		copy = str_dup(&r->a, good);
		p = (char *)(uintptr_t)copy.p;
	}
}

TEST(every_altered_byte_of_a_token_is_refused)
{
	struct room r;

	open_usual(&r);
	flip_all(&r, S(JWT_ES256_P256));
	flip_all(&r, S(JWT_RS256_RSA));
	flip_all(&r, S(JWT_PS256_RSA));
	close_room(&r);
}

TEST(every_truncation_of_a_token_is_refused)
{
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(JWT_RS256_RSA) - 1; i++) {
		CHECK(check(&r, test_guarded(str_sub(S(JWT_RS256_RSA), 0,
		    i))) != AUTH_OK);
	}
	close_room(&r);
}

TEST(a_missing_token_has_no_error)
{
	struct room r;

	open_usual(&r);
	CHECK_INT(check(&r, S("")), AUTH_MISSING);
	CHECK(r.no.why.p == NULL);
	CHECK_INT(check(&r, STR_NONE), AUTH_MISSING);
	close_room(&r);
}

TEST(alg_none_is_refused)
{
	struct room r;
	struct str t;

	open_usual(&r);
	t = make(&r, "{\"alg\":\"none\"}", "{" FOR_US "}");
	CHECK_INT(check(&r, t), AUTH_INVALID);
	while (t.p[t.len - 1] != '.') {
		t.len--;
	}
	CHECK_INT(check(&r, t), AUTH_INVALID);
	CHECK(why_has(&r, "algorithm"));
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"NONE\"}", "{" FOR_US "}")),
	    AUTH_INVALID);
	close_room(&r);
}

TEST(hs256_with_the_public_key_is_refused)
{
	struct room r;
	struct str t;
	struct buf b;
	uint8_t mac[32];

	open_usual(&r);
	t = make(&r, "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", "{" FOR_US "}");
	while (t.p[--t.len] != '.') {
	}
	enc_hmac_sha256(S(JWT_RSA_N), t, mac);
	b = buf_in(&r.a, 4096);
	buf_add(&b, t);
	buf_add_byte(&b, '.');
	enc_base64url(&b, enc_bytes(mac, 32));
	CHECK_INT(check(&r, buf_str(&b)), AUTH_INVALID);
	CHECK(why_has(&r, "algorithm"));
	CHECK_INT(r.net.request_n, 0);
	close_room(&r);
}

TEST(a_key_is_used_only_with_an_algorithm_that_fits)
{
	struct room r;

	open_usual(&r);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"RS256\",\"kid\":\"p256\"}",
	    "{" FOR_US "}")), AUTH_INVALID);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES384\",\"kid\":\"p256\"}",
	    "{" FOR_US "}")), AUTH_INVALID);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\",\"kid\":\"p384\"}",
	    "{" FOR_US "}")), AUTH_INVALID);
	/* without a key id the one P-256 key is meant */
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\"}", "{" FOR_US "}")),
	    AUTH_OK);
	close_room(&r);
}

TEST(keys_inside_the_token_are_not_looked_at)
{
	struct room r;

	open_usual(&r);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\",\"kid\":\"mine\","
	    "\"jku\":\"https://evil.example/keys\",\"jwk\":{\"kty\":\"EC\"},"
	    "\"x5u\":\"https://evil.example\"}", "{" FOR_US "}")),
	    AUTH_INVALID);
	CHECK(!fake_transport_saw(&r.net, "evil"));
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\",\"kid\":\"p256\","
	    "\"jku\":\"https://evil.example/keys\"}", "{" FOR_US "}")),
	    AUTH_OK);
	CHECK(!fake_transport_saw(&r.net, "evil"));
	close_room(&r);
}

TEST(crit_and_tokens_for_other_uses_are_refused)
{
	struct room r;

	open_usual(&r);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}",
	    "{" FOR_US "}")), AUTH_INVALID);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\",\"typ\":"
	    "\"logout+jwt\"}", "{" FOR_US "}")), AUTH_INVALID);
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"ES256\",\"typ\":"
	    "\"application/AT+jwt\"}", "{" FOR_US "}")), AUTH_OK);
	close_room(&r);
}

TEST(malformed_tokens_are_told_from_invalid_ones)
{
	static char big[JWT_TOKEN_MAX + 1];
	struct room r;

	open_usual(&r);
	memset(big, 'a', sizeof(big));
	CHECK_INT(check(&r, str_of(big, sizeof(big))), AUTH_MALFORMED);
	CHECK_INT(check(&r, S("two words")), AUTH_MALFORMED);
	CHECK_INT(check(&r, S("a\"b")), AUTH_MALFORMED);
	CHECK_INT(check(&r, S("opaque-token")), AUTH_INVALID);
	CHECK(why_has(&r, "not a JWT"));
	CHECK_INT(check(&r, S("a.b.c.d.e")), AUTH_INVALID);
	CHECK(why_has(&r, "encrypted"));
	CHECK_INT(claims(&r, "{" FOR_US ",\"aud\":\"cw\"}"), AUTH_MALFORMED);
	CHECK(why_has(&r, "twice"));
	CHECK_INT(check(&r, make(&r, "{\"alg\":\"none\",\"alg\":\"ES256\"}",
	    "{" FOR_US "}")), AUTH_MALFORMED);
	CHECK_INT(claims(&r, "[]"), AUTH_MALFORMED);
	CHECK_INT(check(&r, make(&r, "{\"kid\":\"p256\"}", "{}")),
	    AUTH_MALFORMED);
	CHECK_INT(r.net.request_n, 0);
	close_room(&r);
}

TEST(times_have_a_minute_of_leeway)
{
	static const struct {
		const char *claims;
		enum auth_verdict want;
	} cases[] = {
		{ "\"exp\":1795175941", AUTH_OK },
		{ "\"exp\":1795175940", AUTH_INVALID },
		{ "\"exp\":1795175999.5", AUTH_OK },
		{ "\"exp\":\"1795179600\"", AUTH_INVALID },
		{ "\"exp\":1e308", AUTH_INVALID },
		{ "\"exp\":-1", AUTH_INVALID },
		{ "\"x\":1", AUTH_INVALID },
		{ "\"exp\":1795179600,\"nbf\":1795176060", AUTH_OK },
		{ "\"exp\":1795179600,\"nbf\":1795176061", AUTH_INVALID },
		{ "\"exp\":1795179600,\"iat\":1795176060", AUTH_OK },
		{ "\"exp\":1795179600,\"iat\":1795176061", AUTH_INVALID },
		{ "\"exp\":1795179600,\"iat\":\"now\"", AUTH_INVALID },
	};
	char text[256];
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{" BASE ",\"aud\":\"cw\",%s}",
		    cases[i].claims);
		CHECK_INT(claims(&r, text), cases[i].want);
	}
	close_room(&r);
}

TEST(issuer_audience_and_subject_have_to_be_ours)
{
	static const struct {
		const char *claims;
		enum auth_verdict want;
	} cases[] = {
		{ BASE ",\"aud\":\"cw\"", AUTH_OK },
		{ BASE ",\"aud\":[\"x\",\"cw\"]", AUTH_OK },
		{ BASE ",\"aud\":\"CW\"", AUTH_INVALID },
		{ BASE ",\"aud\":[]", AUTH_INVALID },
		{ BASE ",\"aud\":[[\"cw\"]]", AUTH_INVALID },
		{ BASE, AUTH_INVALID },
		{ BASE ",\"client_id\":\"cw\",\"token_use\":\"access\"",
		    AUTH_OK },
		{ BASE ",\"client_id\":\"cw\",\"token_use\":\"id\"",
		    AUTH_INVALID },
		{ BASE ",\"client_id\":\"cw\"", AUTH_INVALID },
		{ BASE ",\"client_id\":\"no\",\"token_use\":\"access\"",
		    AUTH_INVALID },
		{ BASE ",\"aud\":\"no\",\"client_id\":\"cw\","
		    "\"token_use\":\"access\"", AUTH_INVALID },
		{ "\"iss\":\"" ISS "/\",\"sub\":\"a\",\"aud\":\"cw\"",
		    AUTH_INVALID },
		{ "\"sub\":\"a\",\"aud\":\"cw\"", AUTH_INVALID },
		{ "\"iss\":\"" ISS "\",\"aud\":\"cw\"", AUTH_INVALID },
	};
	char text[256];
	struct room r;

	open_usual(&r);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"exp\":1795179600,%s}",
		    cases[i].claims);
		CHECK_INT(claims(&r, text), cases[i].want);
	}
	close_room(&r);
}

TEST(scopes_and_groups_are_required_and_handed_on)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2,
	    .scopes = scopes, .scope_n = 1, .groups = groups, .group_n = 2 };
	struct room r;
	struct str t;

	open_room(&r, &is);
	fake_transport_reply(&r.net, KEYS, 200, JWT_KEYS)->forever = true;
	CHECK_INT(claims(&r, "{" FOR_US ",\"roles\":[\"ops\"]}"), AUTH_SCOPE);
	CHECK_INT(r.no.scope_n, 1);
	CHECK_INT(claims(&r, "{" FOR_US ",\"scope\":\"reader\","
	    "\"groups\":[\"ops\"]}"), AUTH_SCOPE);
	CHECK_INT(claims(&r, "{" FOR_US ",\"scope\":\"a read b\","
	    "\"groups\":[\"nobody\"]}"), AUTH_SCOPE);
	CHECK_INT(r.no.scope_n, 0);
	CHECK_INT(claims(&r, "{" FOR_US ",\"scp\":\"a read\","
	    "\"roles\":\"sre\"}"), AUTH_OK);
	t = make(&r, HEAD, "{" FOR_US ",\"scp\":[\"a\",\"read\"],"
	    "\"cognito:groups\":[\"x\",\"ops\"],\"email\":\"a@b.c\"}");
	for (int i = 0; i < 2; i++) { /* verified, then remembered */
		CHECK_INT(check(&r, t), AUTH_OK);
		CHECK_INT(r.who.scope_n, 2);
		CHECK_STR(r.who.scopes[1], S("read"));
		CHECK_INT(r.who.group_n, 2);
		CHECK_STR(r.who.groups[1], S("ops"));
		CHECK_STR(r.who.email, S("a@b.c"));
		CHECK_STR(r.who.subject, S("alice"));
	}
	CHECK(oidc_recall(r.oidc, t, &r.a, &r.who));
	close_room(&r);
}

TEST(an_address_nobody_verified_is_no_e_mail)
{
	struct room r;

	open_usual(&r);
	CHECK_INT(claims(&r, "{" FOR_US ",\"email\":\"a@b.c\","
	    "\"email_verified\":false}"), AUTH_OK);
	CHECK(r.who.email.p == NULL);
	CHECK_INT(claims(&r, "{" FOR_US ",\"email\":\"a@b.c\","
	    "\"email_verified\":\"true\"}"), AUTH_OK);
	CHECK_STR(r.who.email, S("a@b.c"));
	close_room(&r);
}

TEST(a_remembered_token_ends_with_its_time)
{
	struct room r;
	struct str t;

	open_usual(&r);
	t = S(JWT_ES256_P256);
	CHECK(!oidc_recall(r.oidc, t, &r.a, &r.who));
	CHECK_INT(check(&r, t), AUTH_OK);
	CHECK(oidc_recall(r.oidc, t, &r.a, &r.who));
	r.world.now_ms += OIDC_TOKEN_HOLD_MS - 1;
	CHECK(oidc_recall(r.oidc, t, &r.a, &r.who));
	r.world.now_ms += 1;
	CHECK(!oidc_recall(r.oidc, t, &r.a, &r.who));
	r.world.now_ms = FAKE_NOW_MS + 3600000 + OIDC_LEEWAY_MS;
	CHECK_INT(check(&r, t), AUTH_INVALID);
	CHECK(why_has(&r, "expired"));
	close_room(&r);
}

TEST(discovery_finds_keys_of_this_very_issuer_only)
{
	struct oidc_issuer is = { .issuer = S(ISS),
	    .audiences = audiences, .audience_n = 2 };
	static const struct {
		const char *doc;
		enum auth_verdict want;
	} cases[] = {
		{ "{\"issuer\":\"" ISS "\",\"jwks_uri\":\"" KEYS "\"}",
		    AUTH_OK },
		{ "{\"issuer\":\"" ISS "/\",\"jwks_uri\":\"" KEYS "\"}",
		    AUTH_UNAVAILABLE },
		{ "{\"issuer\":\"" ISS "\",\"jwks_uri\":"
		    "\"http://id.example.com/keys\"}", AUTH_UNAVAILABLE },
		{ "{\"issuer\":\"" ISS "\"}", AUTH_UNAVAILABLE },
		{ "<html>", AUTH_UNAVAILABLE },
	};
	struct room r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_room(&r, &is);
		r.net.quiet = true;
		fake_transport_reply(&r.net, ISS
		    "/.well-known/openid-configuration", 200, cases[i].doc);
		fake_transport_reply(&r.net, "GET " KEYS, 200, JWT_KEYS);
		CHECK_INT(check(&r, S(JWT_ES256_P256)), cases[i].want);
		close_room(&r);
	}
}

TEST(redirects_are_not_followed)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2 };
	struct room r;
	struct oidc_state state;
	struct fake_reply *a;

	open_room(&r, &is);
	a = fake_transport_reply(&r.net, KEYS, 302, "");
	a->header = "Location";
	a->value = "https://evil.example/keys";
	CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_UNAVAILABLE);
	CHECK_INT(r.net.request_n, 1);
	oidc_state(r.oidc, 0, &r.a, &state);
	CHECK(str_icontains(state.why, S("redirects")));
	close_room(&r);
}

TEST(an_unknown_key_is_asked_for_once_in_ten_seconds)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2 };
	struct room r;

	open_room(&r, &is);
	fake_transport_reply(&r.net, KEYS, 200,
	    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"old\","
	    "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	    "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}");
	fake_transport_reply(&r.net, KEYS, 200, JWT_KEYS);
	for (int i = 0; i < 5; i++) {
		CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_INVALID);
		CHECK(why_has(&r, "key is not one"));
	}
	CHECK_INT(r.net.request_n, 1);
	r.world.mono_ms += OIDC_REFETCH_MS; /* it rotates */
	CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_OK);
	CHECK_INT(r.net.request_n, 2);
	close_room(&r);
}

TEST(keys_outlive_an_outage_and_none_is_503)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2 };
	struct room r;
	struct oidc_state state;

	open_room(&r, &is);
	fake_transport_fail(&r.net, KEYS, ERR_CONNECT);
	fake_transport_reply(&r.net, KEYS, 200, JWT_KEYS);
	CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_UNAVAILABLE);
	CHECK_INT(r.no.retry_ms, OIDC_REFETCH_MS);
	CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_UNAVAILABLE);
	CHECK_INT(r.net.request_n, 1);
	r.world.mono_ms += OIDC_RENEW_MIN_MS;
	CHECK_INT(oidc_refresh_due(r.oidc, NULL), r.world.mono_ms +
	    OIDC_RENEW_MS);
	CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_OK);
	/* down again: renewing fails, the keys stay */
	fake_transport_reply(&r.net, KEYS, 503, "");
	fake_transport_reply(&r.net, KEYS, 200, "{\"keys\":[]}");
	r.world.mono_ms += OIDC_RENEW_MS;
	CHECK_INT(oidc_refresh_due(r.oidc, NULL), r.world.mono_ms +
	    OIDC_RENEW_MIN_MS);
	r.world.mono_ms += OIDC_RENEW_MIN_MS;
	(void)oidc_refresh_due(r.oidc, NULL);
	CHECK_INT(check(&r, S(JWT_ES384_P384)), AUTH_OK);
	oidc_state(r.oidc, 0, &r.a, &state);
	CHECK_INT(state.key_n, 5);
	CHECK_INT(state.err, ERR_MISSING);
	CHECK(fake_transport_ok(&r.net));
	CHECK(fake_sys_ok(&r.world));
	CHECK(!str_icontains(fake_sys_log(&r.world), S("eyJ")));
	close_room(&r);
}

TEST(callers_who_hang_up_do_not_keep_new_keys_away)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2 };
	struct cancel gone = { 0 };
	struct oidc_want want = { .cancel = &gone };
	struct room r;

	open_room(&r, &is);
	atomic_store(&gone.raised, true);
	want.deadline_ms = r.world.mono_ms + 60000;
	fake_transport_reply(&r.net, KEYS, 200, JWT_KEYS);
	CHECK_INT(oidc_check(r.oidc, S(JWT_ES256_P256), &want, &r.a, &r.who,
	    &r.no), AUTH_UNAVAILABLE);
	CHECK_INT(oidc_refresh_due(r.oidc, NULL), r.world.mono_ms +
	    OIDC_RENEW_MS);
	CHECK_INT(check(&r, S(JWT_ES256_P256)), AUTH_OK);
	CHECK_INT(r.net.request_n, 2);
	(void)oidc_refresh_due(r.oidc, NULL);
	CHECK_INT(r.net.request_n, 2);
	close_room(&r);
}

TEST(max_age_makes_renewing_earlier)
{
	struct oidc_issuer is = { .issuer = S(ISS), .jwks_uri = S(KEYS),
	    .audiences = audiences, .audience_n = 2 };
	static const struct {
		const char *control;
		int64_t want_ms;
	} cases[] = {
		{ "public, max-age=600, must-revalidate", 600000 },
		{ "max-age=1", OIDC_RENEW_MIN_MS },
		{ "Max-Age=86400", OIDC_RENEW_MS },
		{ "max-age=99999999999999999999", OIDC_RENEW_MS },
		{ "no-store", OIDC_RENEW_MS },
	};
	struct room r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_reply *a;

		open_room(&r, &is);
		a = fake_transport_reply(&r.net, KEYS, 200, JWT_KEYS);
		a->header = "Cache-Control";
		a->value = cases[i].control;
		CHECK_INT(oidc_refresh_due(r.oidc, NULL), r.world.mono_ms +
		    cases[i].want_ms);
		close_room(&r);
	}
}

TEST(issuers_without_https_are_refused_but_on_loopback)
{
	static const struct {
		const char *issuer;
		enum err want;
	} cases[] = {
		{ "http://id.example.com", ERR_CONFIG },
		{ "http://localhost:8080/realm", ERR_OK },
		{ "https://id.example.com/", ERR_OK },
		{ "id.example.com", ERR_CONFIG },
		{ "https://u:p@id.example.com", ERR_CONFIG },
		{ "", ERR_CONFIG },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct oidc_issuer is = {
			.issuer = str_from_z(cases[i].issuer)
		};
		struct oidc_setup setup = { .issuers = &is, .issuer_n = 1 };
		struct oidc *o;
		struct arena a;
		struct fail f;

		arena_init(&a, PROGRAM_ARENA_CAP);
		fail_init(&f, &a);
		CHECK_INT(oidc_new(&a, &setup, &o, &f), cases[i].want);
		arena_free(&a);
	}
}

TEST(only_tokens_of_a_trusted_issuer_are_ours)
{
	struct room r;

	open_usual(&r);
	CHECK(oidc_is_ours(r.oidc, &r.a, S(JWT_RS256_RSA)));
	CHECK(!oidc_is_ours(r.oidc, &r.a, S("static-token")));
	CHECK(!oidc_is_ours(r.oidc, &r.a, make(&r, HEAD, "{\"iss\":\"x\"}")));
	close_room(&r);
}

/* Without memory the answer is 503, never "accepted" nor "invalid". */
TEST(memory_that_runs_out_is_not_the_callers_fault)
{
	struct room r;
	enum auth_verdict v;

	open_usual(&r);
	CHECK_INT(check(&r, S(JWT_RS256_RSA)), AUTH_OK);
	for (size_t i = 0; i < 200; i++) {
		arena_reset(&r.a);
		r.a.fail_at = i;
		v = check(&r, S(JWT_ES256_P256));
		if (v == AUTH_OK) {
			break;
		}
		CHECK_INT(v, AUTH_UNAVAILABLE);
	}
	CHECK_INT(v, AUTH_OK);
	close_room(&r);
}

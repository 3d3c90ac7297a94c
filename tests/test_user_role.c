/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens for roles: what is exchanged, kept, dropped, and never shared. */
#include "auth/user_role.h"

#include "base/limits.h"
#include "fake_transport.h"
#include "test.h"

#define STS "POST https://sts.eu-west-1.amazonaws.com/"
#define KEYS(id, expires) "<AssumeRoleWithWebIdentityResponse>" \
	"<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>" id \
	"</AccessKeyId><SecretAccessKey>secret-of-" id "</SecretAccessKey>" \
	"<SessionToken>token-of-" id "</SessionToken><Expiration>" expires \
	"</Expiration></Credentials></AssumeRoleWithWebIdentityResult>" \
	"</AssumeRoleWithWebIdentityResponse>"
#define DENIED "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not " \
	"authorized to perform sts:AssumeRoleWithWebIdentity</Message>" \
	"</Error></ErrorResponse>"

static struct fake_sys world;
static struct fake_transport net;
static struct arena program, arena;
static struct user_role *roles;
static struct creds_keys keys;
static struct fail why;

static void
begin(void)
{
	struct user_role_setup setup = { .sys = &world.sys,
	    .transport = &net.transport, .role_arn = S("arn:aws:iam::1:role/R"),
	    .endpoint = S("https://sts.eu-west-1.amazonaws.com"),
	    .region = S("eu-west-1"), .duration_s = 900 };

	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	arena_init(&program, PROGRAM_ARENA_CAP);
	arena_init(&arena, JOB_ARENA_CAP);
	roles = user_role_new(&setup, &program);
	MUST(roles != NULL);
}

static bool
end(void)
{
	bool ok = fake_transport_ok(&net) && fake_sys_ok(&world);

	user_role_free(roles);
	arena_free(&arena);
	arena_free(&program);
	fake_sys_free(&world);
	return ok;
}

static enum err
get(const char *token, const char *role)
{
	struct auth_caller c = { .kind = AUTH_OIDC, .subject = S("u|1"),
	    .email = S("ann@example.com"), .token = str_from_z(token),
	    .role_arn = str_from_z(role),
	    .expires_ms = FAKE_NOW_MS + 7200000 };

	fail_init(&why, &arena);
	return user_role_keys(roles, &c, world.mono_ms + 30000, NULL, &arena,
	    &keys, &why);
}

TEST(a_token_is_exchanged_once_and_the_session_bears_the_callers_name)
{
	begin();
	fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"));
	CHECK_INT(get("tok.en.1", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA1"));
	CHECK_STR(keys.secret, S("secret-of-ASIA1"));
	CHECK(fake_transport_saw(&net, "Action=AssumeRoleWithWebIdentity"));
	CHECK(fake_transport_saw(&net, "RoleSessionName=ann%40example.com"));
	CHECK(fake_transport_saw(&net, "WebIdentityToken=tok.en.1"));
	CHECK(fake_transport_saw(&net, "DurationSeconds=900"));
	CHECK(!fake_transport_saw(&net, "Authorization"));
	keys = (struct creds_keys){ .access_key_id = STR_NONE };
	CHECK_INT(get("tok.en.1", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA1"));
	CHECK_STR(keys.token, S("token-of-ASIA1"));
	CHECK_INT(net.request_n, 1);
	CHECK(end());
}

TEST(another_token_or_role_has_no_part_in_it)
{
	begin();
	fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"));
	fake_transport_reply(&net, STS, 200, KEYS("ASIA2",
	    "2026-11-20T13:00:00Z"));
	fake_transport_reply(&net, STS, 200, KEYS("ASIA3",
	    "2026-11-20T13:00:00Z"));
	CHECK_INT(get("tok.en.1", ""), ERR_OK);
	CHECK_INT(get("tok.en.2", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA2"));
	CHECK_INT(get("tok.en.1", "arn:aws:iam::1:role/Other"), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA3"));
	CHECK(fake_transport_saw(&net, "role%2FOther"));
	CHECK_INT(get("tok.en.1", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA1"));
	CHECK(end());
}

TEST(keys_are_renewed_before_their_end_and_not_beyond_the_tokens)
{
	begin();
	fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"));
	fake_transport_reply(&net, STS, 200, KEYS("ASIA2",
	    "2026-11-20T23:00:00Z"));
	fake_transport_reply(&net, STS, 400, DENIED);
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	world.now_ms = FAKE_NOW_MS + 3600000 - USER_ROLE_MARGIN_MS - 1;
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA1"));
	world.now_ms += 1;
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA2"));
	world.now_ms = FAKE_NOW_MS + 7200000;
	CHECK_INT(get("t.o.k", ""), ERR_AWS_ACCESS);
	CHECK(end());
}

TEST(a_refusal_is_told_remembered_and_tried_again)
{
	begin();
	fake_transport_reply(&net, STS, 403, DENIED);
	fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"));
	CHECK_INT(get("t.o.k", ""), ERR_AWS_ACCESS);
	CHECK(str_icontains(fail_text(&why), S("AssumeRoleWithWebIdentity")));
	CHECK(!str_icontains(fail_text(&why), S("t.o.k")));
	CHECK_INT(get("t.o.k", ""), ERR_AWS_ACCESS);
	CHECK(str_icontains(fail_text(&why), S("AssumeRoleWithWebIdentity")));
	CHECK_INT(net.request_n, 1);
	world.now_ms += USER_ROLE_AGAIN_MS;
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	CHECK(end());
}

TEST(dropped_keys_are_exchanged_anew)
{
	begin();
	fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"));
	fake_transport_reply(&net, STS, 200, KEYS("ASIA2",
	    "2026-11-20T13:00:00Z"));
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	user_role_drop(roles, S("ASIA9"));
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA1"));
	user_role_drop(roles, S("ASIA1"));
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	CHECK_STR(keys.access_key_id, S("ASIA2"));
	CHECK(end());
}

TEST(more_callers_than_fit_push_the_oldest_out)
{
	static char names[USER_ROLE_N + 2][16];

	begin();
	fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"))->forever = true;
	for (int i = 0; i <= USER_ROLE_N; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "t.o.%d", i);
		world.mono_ms++;
		CHECK_INT(get(names[i], ""), ERR_OK);
		arena_reset(&arena);
	}
	CHECK_INT(net.request_n, USER_ROLE_N + 1);
	CHECK_INT(get(names[USER_ROLE_N], ""), ERR_OK);
	CHECK_INT(net.request_n, USER_ROLE_N + 1);
	CHECK_INT(get(names[0], ""), ERR_OK);
	CHECK_INT(net.request_n, USER_ROLE_N + 2);
	CHECK(end());
}

/* A second request with the same token comes while the first one asks. */
static void
second_comes(void *ctx)
{
	struct auth_caller c = { .kind = AUTH_OIDC, .subject = S("u"),
	    .token = S("t.o.k") };
	struct creds_keys k;
	struct fail f;

	(void)ctx;
	fail_init(&f, NULL);
	CHECK_INT(user_role_keys(roles, &c, world.mono_ms + 100, NULL, &arena,
	    &k, &f), ERR_TIMEOUT);
}

TEST(who_comes_with_the_same_token_waits_and_does_not_ask)
{
	struct fake_reply *r;

	begin();
	r = fake_transport_reply(&net, STS, 200, KEYS("ASIA1",
	    "2026-11-20T13:00:00Z"));
	r->hook = second_comes;
	CHECK_INT(get("t.o.k", ""), ERR_OK);
	CHECK_INT(net.request_n, 1);
	CHECK(world.sleep_n >= 5);
	CHECK(end());
}

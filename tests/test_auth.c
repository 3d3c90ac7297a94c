/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call: settings, the Authorization header, refusals. */
#include "test.h"

#include "auth/auth.h"
#include "fake_sys.h"

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

static enum auth_verdict
ask(const char *fields)
{
	static struct http1_request r;
	struct buf b = buf_in(&arena, 65536);

	buf_add(&b, S("POST /mcp HTTP/1.1\r\nHost: h\r\n"));
	buf_add(&b, str_from_z(fields));
	buf_add(&b, S("\r\n"));
	if (http1_request_parse(buf_str(&b), &r, NULL) <= 0) {
		test_fail(__FILE__, __LINE__, fields);
	}
	return auth_check(auth, &r, S(""), &arena, &caller, &refusal);
}

static struct str
challenge(void)
{
	struct buf b = buf_in(&arena, 1024);

	auth_challenge(auth, &refusal, &b);
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
	auth_refresh(auth);
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

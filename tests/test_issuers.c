/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers out of settings and out of a file; what is wrong, in one sentence. */
#include "auth/issuers.h"

#include "fake_sys.h"
#include "test.h"

static struct fake_sys world;
static struct arena arena;
static struct oidc_issuer *issuers;
static size_t issuer_n;
static struct fail why;

static enum err
take(const struct issuers_setup *setup, const char *file)
{
	arena_free(&arena);
	arena_init(&arena, 4 << 20);
	fail_init(&why, &arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	if (file != NULL) {
		fake_sys_file(&world, "/i", file);
	}
	return issuers_read(setup, &world.sys, &arena, &issuers, &issuer_n,
	    &why);
}

static bool
says(const char *text)
{
	bool found = str_icontains(fail_text(&why), str_from_z(text));

	if (!found) {
		printf("    %.*s\n", STR_ARG(fail_text(&why)));
	}
	return found;
}

TEST(without_settings_there_is_none)
{
	struct issuers_setup s = { .issuer = STR_NONE };

	CHECK_INT(take(&s, NULL), ERR_OK);
	CHECK_INT(issuer_n, 0);
}

TEST(both_pairs_of_variables_make_an_issuer)
{
	struct issuers_setup s = { .center_issuer = S("https://c"),
	    .center_client_id = S("app"), .issuer = S("https://i/"),
	    .audience = S("a, b,"), .jwks_uri = S("https://k"),
	    .scopes = S("read"), .groups = S("ops,sre") };

	CHECK_INT(take(&s, NULL), ERR_OK);
	CHECK_INT(issuer_n, 2);
	CHECK_STR(issuers[0].issuer, S("https://c"));
	CHECK_STR(issuers[0].audiences[0], S("app"));
	CHECK(issuers[0].jwks_uri.p == NULL && issuers[0].scope_n == 0);
	CHECK_STR(issuers[1].issuer, S("https://i/"));
	CHECK_INT(issuers[1].audience_n, 2);
	CHECK_STR(issuers[1].audiences[1], S("b"));
	CHECK_STR(issuers[1].jwks_uri, S("https://k"));
	CHECK_INT(issuers[1].scope_n, 1);
	CHECK_INT(issuers[1].group_n, 2);
	CHECK_STR(issuers[1].groups[1], S("sre"));
}

TEST(half_a_pair_stops_the_start)
{
	struct issuers_setup s = { .issuer = S("https://i") };

	CHECK_INT(take(&s, NULL), ERR_CONFIG);
	CHECK(says("AUTH_AUDIENCE is not set"));
	s = (struct issuers_setup){ .scopes = S("read") };
	CHECK_INT(take(&s, NULL), ERR_CONFIG);
	CHECK(says("AUTH_ISSUER is not set"));
	s = (struct issuers_setup){ .center_client_id = S("x") };
	CHECK_INT(take(&s, NULL), ERR_CONFIG);
	CHECK(says("AWS_IDENTITY_CENTER_ISSUER is not set"));
}

TEST(a_list_of_groups_or_scopes_that_names_none_stops_the_start)
{
	struct issuers_setup s = { .issuer = S("https://i"),
	    .audience = S("a"), .groups = S(" , ") };

	CHECK_INT(take(&s, NULL), ERR_CONFIG);
	CHECK(says("AUTH_GROUPS"));
	s.groups = STR_NONE;
	s.scopes = S(",");
	CHECK_INT(take(&s, NULL), ERR_CONFIG);
	CHECK(says("AUTH_SCOPES"));
}

TEST(the_same_issuer_twice_stops_the_start)
{
	struct issuers_setup s = { .center_issuer = S("https://c"),
	    .center_client_id = S("app"), .issuer = S("https://c"),
	    .audience = S("b") };

	CHECK_INT(take(&s, NULL), ERR_CONFIG);
	CHECK(says("https://c is set twice"));
}

TEST(a_file_has_any_number_with_rules)
{
	struct issuers_setup s = { .file = S("/i") };

	CHECK_INT(take(&s, "{\"issuers\":[{\"issuer\":\"https://a\","
	    "\"audiences\":[\"x\",\"y\"],\"jwks_uri\":\"https://k\","
	    "\"scopes\":\"s\",\"groups\":[\"g\"],\"allow\":["
	    "{\"group\":\"sre\",\"tools\":[\"alarms\"],\"profiles\":"
	    "[\"dev-*\"],\"role_arn\":\"arn:r\"},{}]},"
	    "{\"issuer\":\"https://b\",\"audiences\":\"z\"}]}"), ERR_OK);
	CHECK_INT(issuer_n, 2);
	CHECK_INT(issuers[0].audience_n, 2);
	CHECK_STR(issuers[0].scopes[0], S("s"));
	CHECK_INT(issuers[0].grant_n, 2);
	CHECK_STR(issuers[0].grants[0].group, S("sre"));
	CHECK_STR(issuers[0].grants[0].tools[0], S("alarms"));
	CHECK_STR(issuers[0].grants[0].profiles[0], S("dev-*"));
	CHECK_STR(issuers[0].grants[0].role_arn, S("arn:r"));
	CHECK(issuers[0].grants[1].group.p == NULL);
	CHECK_STR(issuers[1].audiences[0], S("z"));
	CHECK_INT(issuers[1].grant_n, 0);
}

TEST(what_is_wrong_with_a_file_is_said_with_its_name)
{
	static const struct { const char *file, *says; } rows[] = {
		{ NULL, "/i: the file does not exist" },
		{ "{", "/i: byte " },
		{ "[]", "/i: the file has to be an object" },
		{ "{}", "/i: it has no \"issuers\"" },
		{ "{\"issuers\":[]}", "/i: it has no \"issuers\"" },
		{ "{\"issuers\":[1]}", "an issuer has to be an object" },
		{ "{\"issuers\":[{\"issuer\":\"a\"}]}", "an issuer needs" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"audience\":\"b\"}]}",
		    "\"audience\" is no member of an issuer" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"audiences\":[1]}]}",
		    "\"audiences\" has to be a list of texts" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"audiences\":\"b\","
		    "\"groups\":[]}]}", "\"groups\" has to be a list of" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"audiences\":\"b\","
		    "\"allow\":[{\"tools\":[]}]}]}",
		    "\"tools\" has to be a list of texts" },
		{ "{\"issuers\":[{\"issuer\":1,\"audiences\":\"b\"}]}",
		    "\"issuer\" has to be a text" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"audiences\":\"b\","
		    "\"allow\":[]}]}", "\"allow\" has to be a list" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"audiences\":\"b\","
		    "\"allow\":[{\"tool\":\"x\"}]}]}",
		    "\"tool\" is no member of a rule" },
		{ "{\"issuers\":[{\"issuer\":\"a\",\"issuer\":\"b\"}]}",
		    "/i: byte " },
	};
	struct issuers_setup s = { .file = S("/i") };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_INT(take(&s, rows[i].file), ERR_CONFIG);
		CHECK(says(rows[i].says));
	}
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct issuers_setup s = { .file = S("/i"), .issuer = S("https://i"),
	    .audience = S("a") };
	struct fail f;

	(void)ctx;
	fail_init(&f, NULL);
	return issuers_read(&s, &world.sys, a, &issuers, &issuer_n, &f) ==
	    ERR_OK;
}

TEST(every_failing_allocation_is_an_orderly_error)
{
	struct issuers_setup s = { .issuer = STR_NONE };

	CHECK_INT(take(&s, "{\"issuers\":[{\"issuer\":\"https://a\","
	    "\"audiences\":\"x\",\"allow\":[{\"group\":\"g\"}]}]}"),
	    ERR_OK);
	CHECK(test_fail_sweep(sweep, NULL, 4 << 20) > 4);
}

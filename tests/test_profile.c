/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles of both files: merging, places, and what is said when one is not
 * there.
 */
#include "test.h"

#include "aws/profile.h"
#include "base/limits.h"
#include "fake_sys.h"

static struct fake_sys world;
static struct arena arena;
static struct profile_set set;
static struct fail fail;

/* An empty world with HOME=/home/app. */
static void
begin(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)16 << 20);
	fail_init(&fail, &arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_sys_env(&world, "HOME", "/home/app");
}

static enum err
load(void)
{
	return profile_load(&world.sys, &arena, &set);
}

#define CONFIG "/home/app/.aws/config"
#define CREDENTIALS "/home/app/.aws/credentials"

TEST(absent_files_are_no_error)
{
	begin();
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(set.config.err, ERR_FILE_MISSING);
	CHECK_STR(set.config.path, S(CONFIG));
	CHECK_STR(set.credentials.path, S(CREDENTIALS));
	CHECK(!profile_exists(&set, S("default")));
	CHECK(profile_get(&set, S("default"), S("region")).p == NULL);
}

TEST(the_credentials_file_wins_key_by_key)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile a]\nregion = eu-west-1\n"
	    "aws_access_key_id = C\n");
	fake_sys_file(&world, CREDENTIALS, "[a]\naws_access_key_id = S\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(profile_get(&set, S("a"), S("region")), S("eu-west-1"));
	CHECK_STR(profile_get(&set, S("a"), S("aws_access_key_id")), S("S"));
	CHECK_STR(profile_get_from(&set, &set.config, S("a"),
	    S("aws_access_key_id")), S("C"));
	CHECK(profile_get_from(&set, &set.credentials, S("a"),
	    S("region")).p == NULL);
}

TEST(profile_default_beats_default)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile default]\nregion = r1\n"
	    "[default]\nregion = r2\noutput = json\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(profile_get(&set, S("default"), S("region")), S("r1"));
	CHECK(profile_get(&set, S("default"), S("output")).p == NULL);
}

TEST(bare_sections_of_the_config_file_are_not_profiles)
{
	begin();
	fake_sys_file(&world, CONFIG, "[a]\nregion = r\n[default]\nx = y\n"
	    "[sso-session b]\nsso_region = q\n");
	CHECK_INT(load(), ERR_OK);
	CHECK(!profile_exists(&set, S("a")));
	CHECK(!profile_exists(&set, S("b")));
	CHECK(profile_exists(&set, S("default")));
	CHECK_STR(profile_section(&set, S("sso-session"), S("b"),
	    S("sso_region"), STR_NONE), S("q"));
	CHECK(profile_section(&set, S("sso-session"), S("c"),
	    S("sso_region"), STR_NONE).p == NULL);
}

TEST(services_sections_have_nested_keys)
{
	begin();
	fake_sys_file(&world, CONFIG, "[services dev]\ncloudwatch =\n"
	    "  endpoint_url = http://h:1\nendpoint_url = x\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(profile_section(&set, S("services"), S("dev"),
	    S("cloudwatch"), S("endpoint_url")), S("http://h:1"));
	CHECK_STR(profile_section(&set, S("services"), S("dev"),
	    S("endpoint_url"), STR_NONE), S("x"));
}

TEST(empty_values_and_nested_keys_count_as_absent)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\nregion =\ns3 =\n  x = y\n");
	CHECK_INT(load(), ERR_OK);
	CHECK(profile_get(&set, S("default"), S("region")).p == NULL);
	CHECK(profile_get(&set, S("default"), S("x")).p == NULL);
}

TEST(names_are_listed_once_and_sorted)
{
	struct str *names;
	size_t n;

	begin();
	fake_sys_file(&world, CONFIG, "[profile zeta]\n[default]\n"
	    "[profile \"a b\"]\n[profile zeta]\n[services s]\n");
	fake_sys_file(&world, CREDENTIALS, "[mid]\n[zeta]\n[default]\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(profile_list(&set, &arena, &names, &n), ERR_OK);
	CHECK_INT(n, 4);
	CHECK_STR(names[0], S("a b"));
	CHECK_STR(names[1], S("default"));
	CHECK_STR(names[2], S("mid"));
	CHECK_STR(names[3], S("zeta"));
}

TEST(variables_move_the_files)
{
	begin();
	fake_sys_env(&world, "AWS_CONFIG_FILE", "~/c/$WHERE-${WHERE}/$NO/${");
	fake_sys_env(&world, "AWS_SHARED_CREDENTIALS_FILE", "/s/$$WHERE$");
	fake_sys_env(&world, "WHERE", "x");
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(set.config.path, S("/home/app/c/x-x/$NO/${"));
	CHECK_STR(set.credentials.path, S("/s/$x$"));
}

TEST(a_home_of_slash_gives_no_double_slash)
{
	begin();
	fake_sys_env(&world, "HOME", "/");
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(set.config.path, S("/.aws/config"));
	CHECK_STR(profile_expand(&world.sys, &arena, S("~")), S(""));
	CHECK_STR(profile_expand(&world.sys, &arena, S("~x")), S("~x"));
}

TEST(without_home_the_files_have_no_place)
{
	begin();
	fake_sys_env(&world, "HOME", "");
	CHECK_INT(load(), ERR_OK);
	CHECK(set.home.p == NULL);
	CHECK(set.config.path.p == NULL);
	CHECK_INT(profile_unknown(&set, &arena, S("saas"), &fail),
	    ERR_PROFILE);
	CHECK_STR(fail.what, S("profile 'saas' is not there; ~/.aws/config "
	    "has no place (HOME unset, AWS_CONFIG_FILE unset); "
	    "~/.aws/credentials has no place (HOME unset, "
	    "AWS_SHARED_CREDENTIALS_FILE unset); put the file there, or set "
	    "AWS_CONFIG_FILE to where it is"));
}

TEST(an_unknown_profile_is_told_with_places_and_names)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\n[profile sandbox]\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(profile_unknown(&set, &arena, S("saas"), &fail),
	    ERR_PROFILE);
	CHECK_STR(fail.what, S("profile 'saas' is not in " CONFIG
	    " (HOME=/home/app, AWS_CONFIG_FILE unset); " CREDENTIALS
	    " does not exist (HOME=/home/app, AWS_SHARED_CREDENTIALS_FILE "
	    "unset); profiles there: default, sandbox"));
}

TEST(both_files_are_named_when_both_were_read)
{
	begin();
	fake_sys_env(&world, "AWS_CONFIG_FILE", "/c");
	fake_sys_file(&world, "/c", "");
	fake_sys_file(&world, CREDENTIALS, "# nothing\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(profile_unknown(&set, &arena, S("x"), &fail), ERR_PROFILE);
	CHECK_STR(fail.what, S("profile 'x' is not in /c (AWS_CONFIG_FILE=/c) "
	    "and not in " CREDENTIALS " (HOME=/home/app, "
	    "AWS_SHARED_CREDENTIALS_FILE unset); no profile is in it"));
}

TEST(many_names_are_cut_short)
{
	char text[4096];
	struct buf b = buf_fixed(text, sizeof(text) - 1);

	begin();
	for (uint64_t i = 0; i < 25; i++) {
		buf_addf(&b, "[profile p%u]\n", 100 + i);
	}
	text[b.len] = '\0';
	fake_sys_file(&world, CONFIG, text);
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(profile_unknown(&set, &arena, S("x"), &fail), ERR_PROFILE);
	CHECK(str_ends(fail.what, S("p118, p119 and 5 more")));
}

TEST(a_file_that_cannot_be_used_says_why)
{
	char text[512];
	struct buf b = buf_fixed(text, sizeof(text));

	begin();
	fake_sys_file(&world, CONFIG, "[default]\nregion = r\nhello\n");
	fake_sys_file_err(&world, CREDENTIALS, ERR_FILE_DENIED);
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(set.config.err, ERR_SYNTAX);
	CHECK_INT(set.credentials.err, ERR_FILE_DENIED);
	CHECK(!profile_exists(&set, S("default")));
	profile_describe(&set, &set.config, &arena, &b);
	CHECK_STR(buf_str(&b), S(CONFIG " cannot be used: line 3 is neither "
	    "[section] nor key = value (HOME=/home/app, "
	    "AWS_CONFIG_FILE unset)"));
	buf_clear(&b);
	profile_describe(&set, &set.credentials, &arena, &b);
	CHECK_STR(buf_str(&b), S(CREDENTIALS " cannot be used: this user may "
	    "not read it (HOME=/home/app, AWS_SHARED_CREDENTIALS_FILE "
	    "unset)"));
}

TEST(other_read_errors_have_sentences_too)
{
	begin();
	fake_sys_file_err(&world, CONFIG, ERR_IO);
	fake_sys_file_err(&world, CREDENTIALS, ERR_LIMIT);
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(set.config.problem, S("reading it failed"));
	CHECK_STR(set.credentials.problem, S("the file is too large"));
}

TEST(a_read_file_is_described_by_its_profiles)
{
	char text[512];
	struct buf b = buf_fixed(text, sizeof(text));

	begin();
	fake_sys_file(&world, CONFIG, "[default]\n[profile b]\n");
	fake_sys_file(&world, CREDENTIALS, "[default]\n");
	CHECK_INT(load(), ERR_OK);
	profile_describe(&set, &set.config, &arena, &b);
	buf_add_byte(&b, '|');
	profile_describe(&set, &set.credentials, &arena, &b);
	CHECK_STR(buf_str(&b), S(CONFIG " holds 2 profiles (HOME=/home/app, "
	    "AWS_CONFIG_FILE unset)|" CREDENTIALS " holds 1 profile "
	    "(HOME=/home/app, AWS_SHARED_CREDENTIALS_FILE unset)"));
}

TEST(the_profile_of_the_environment_is_aws_profile_first)
{
	begin();
	CHECK(profile_from_env(&world.sys).p == NULL);
	fake_sys_env(&world, "AWS_DEFAULT_PROFILE", "d");
	CHECK_STR(profile_from_env(&world.sys), S("d"));
	fake_sys_env(&world, "AWS_PROFILE", "");
	CHECK_STR(profile_from_env(&world.sys), S("d"));
	fake_sys_env(&world, "AWS_PROFILE", "p");
	CHECK_STR(profile_from_env(&world.sys), S("p"));
}

TEST(a_changed_file_is_seen_by_the_next_load)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\nregion = r1\n");
	CHECK_INT(load(), ERR_OK);
	fake_sys_file(&world, CONFIG, "[default]\nregion = r2\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_STR(profile_get(&set, S("default"), S("region")), S("r2"));
}

TEST(five_thousand_profiles_are_read)
{
	static char text[INI_FILE_MAX];
	struct buf b = buf_fixed(text, sizeof(text) - 1);
	struct str *names;
	size_t n;

	begin();
	for (uint64_t i = 0; i < 5000; i++) {
		buf_addf(&b, "[profile account-%u]\nrole_arn = arn:aws:iam::"
		    "123456789012:role/observer\nsource_profile = default\n"
		    "region = eu-central-1\n", i * 7919 % 5000);
	}
	CHECK(buf_ok(&b));
	text[b.len] = '\0';
	fake_sys_file(&world, CONFIG, text);
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(profile_list(&set, &arena, &names, &n), ERR_OK);
	CHECK_INT(n, 5000);
	for (size_t i = 1; i < n; i++) {
		CHECK(str_cmp(names[i - 1], names[i]) < 0);
	}
	CHECK_STR(profile_get(&set, S("account-4999"), S("region")),
	    S("eu-central-1"));
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct profile_set s;
	struct str *names;
	size_t n;

	(void)ctx;
	if (profile_load(&world.sys, a, &s) != ERR_OK ||
	    profile_list(&s, a, &names, &n) != ERR_OK) {
		return false;
	}
	return n == 2;
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\nregion = r1\n");
	fake_sys_file(&world, CREDENTIALS, "[x]\nregion = r1\n");
	CHECK(test_fail_sweep(sweep, NULL, (size_t)16 << 20) > 8);
}

static bool
says(const char *text)
{
	return str_find(fail.what, str_from_z(text), 0) < fail.what.len;
}

#define ACCOUNTS "/etc/aws/accounts.yaml"

TEST(a_list_of_accounts_gives_profiles_and_wins)
{
	begin();
	fake_sys_env(&world, "CLOUDWATCH_MCP_ACCOUNTS_FILE", ACCOUNTS);
	fake_sys_env(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token");
	fake_sys_env(&world, "CLOUDWATCH_MCP_ACCOUNTS_ROLE", "Mine");
	fake_sys_env(&world, "AWS_DEFAULT_REGION", "cn-north-1");
	fake_sys_file(&world, ACCOUNTS, "profiles:\n  b:\n"
	    "    account_id: 111122223333\n  a:\n    account_id: 1\n");
	fake_sys_file(&world, CONFIG, "[profile b] # comment\n"
	    "output = json\nregion = eu-west-1\n[profile c]\n");
	CHECK_INT(load(), ERR_OK);
	CHECK(profile_is_account(&set, S("b")));
	CHECK(!profile_is_account(&set, S("c")));
	CHECK(profile_exists(&set, S("a")));
	CHECK_STR(profile_get(&set, S("b"), S("role_arn")),
	    S("arn:aws-cn:iam::111122223333:role/Mine"));
	CHECK_STR(profile_get(&set, S("b"), S("web_identity_token_file")),
	    S("/var/token"));
	CHECK(profile_get(&set, S("b"), S("region")).p == NULL);
	CHECK(profile_get(&set, S("b"), S("output")).p == NULL);
	CHECK(profile_comment(&set, S("b")).p == NULL);
	CHECK(profile_get(&set, S("a"), S("problem")).len > 0);
	CHECK_INT(profile_unknown(&set, &arena, S("x"), &fail), ERR_PROFILE);
	CHECK(says("profile 'x' is not in " CONFIG));
	CHECK(says(" and not in " ACCOUNTS " (CLOUDWATCH_MCP_ACCOUNTS_FILE="
	    ACCOUNTS "); "));
	CHECK(says("profiles there: a, b, c"));
}

TEST(the_list_of_accounts_is_read_again_and_may_break)
{
	begin();
	fake_sys_env(&world, "AWS_ACCOUNT_ROLES_FILE", ACCOUNTS);
	fake_sys_file(&world, CONFIG, "[profile c]\n");
	CHECK_INT(load(), ERR_OK);
	CHECK_INT(set.accounts.err, ERR_FILE_MISSING);
	fake_sys_file(&world, ACCOUNTS, "profiles:\n  b:\n"
	    "    account_id: 111122223333\n");
	CHECK_INT(load(), ERR_OK);
	CHECK(profile_exists(&set, S("b")));
	fake_sys_file(&world, ACCOUNTS, "profiles:\n  b:\n"
	    "    account_id: &x 111122223333\n");
	CHECK_INT(load(), ERR_OK);
	CHECK(!profile_exists(&set, S("b")));
	CHECK(profile_exists(&set, S("c")));
	CHECK_INT(profile_unknown(&set, &arena, S("b"), &fail), ERR_PROFILE);
	CHECK(says(ACCOUNTS " cannot be used: line 3 uses an anchor or "
	    "alias"));
	fake_sys_file(&world, ACCOUNTS, "profiles: \xff\n");
	CHECK_INT(load(), ERR_OK);
	CHECK(set.accounts.problem.len > 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_profiles: what is in the files, what may be shown of it, and whether it
 * works.
 */
#include "test.h"

#include "demo/demo.h"
#include "tool_room.h"

#define CONFIG "[default]\nregion = eu-west-1\n" \
	"[profile prod] # the shop, production\nregion = eu-west-3\n" \
	"role_arn = arn:aws:iam::222233334444:role/Reader\n" \
	"source_profile = keys\n" \
	"[profile sso]\nsso_session = corp\nsso_account_id = 333344445555\n" \
	"sso_role_name = Reader\ndescription = the sandbox\n" \
	"[sso-session corp]\nsso_start_url = https://x\n" \
	"sso_region = us-east-1\n" \
	"[profile web]\nrole_arn = arn:aws:iam::444455556666:role/Pod\n" \
	"web_identity_token_file = /var/token\n" \
	"[profile tool] ; wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY\n" \
	"credential_process = /bin/keys\n"
#define KEYS "[keys]\naws_access_key_id = " DEMO_ACCESS_KEY "\n" \
	"aws_secret_access_key = " DEMO_SECRET_KEY "\n" \
	"[bad]\naws_access_key_id = AKIDNOBODY\n" \
	"aws_secret_access_key = topsecret\n"

static void
files(const char *config, const char *credentials)
{
	CHECK(tool_room_open());
	fake_sys_file(&room.fake, "/home/app/.aws/config", config);
	fake_sys_file(&room.fake, "/home/app/.aws/credentials", credentials);
}

/* The row of that profile. */
static const struct json *
row(const char *name)
{
	const struct json *v = json_at(json_get(room.data, S("profiles")), 0);

	while (v != NULL && !str_eq(json_get_str(v, S("profile_name"), S("")),
	    str_from_z(name))) {
		v = v->next;
	}
	return v;
}

static struct str
member(const char *name, const char *key)
{
	return json_get_str(row(name), str_from_z(key), STR_NONE);
}

TEST(profiles_are_listed_with_account_region_and_source)
{
	files(CONFIG, KEYS);
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(room.data, S("profiles"))->n, 7);
	CHECK(json_get_bool(row("default"), S("is_default"), false));
	CHECK_STR(member("default", "region"), S("eu-west-1"));
	CHECK_STR(member("default", "source"), S("environment_or_machine"));
	CHECK_STR(member("prod", "account_id"), S("222233334444"));
	CHECK_STR(member("prod", "description"), S("the shop, production"));
	CHECK_STR(member("prod", "source"), S("assume_role"));
	CHECK_STR(member("prod", "source_profile"), S("keys"));
	CHECK_STR(member("sso", "account_id"), S("333344445555"));
	CHECK_STR(member("sso", "source"), S("sso"));
	CHECK_STR(member("sso", "description"), S("the sandbox"));
	CHECK_STR(member("web", "source"), S("web_identity"));
	CHECK_STR(member("web", "account_id"), S("444455556666"));
	CHECK_STR(member("tool", "source"), S("credential_process"));
	CHECK_STR(member("keys", "source"), S("static_keys"));
	CHECK(json_get(row("keys"), S("works")) == NULL);
	CHECK_INT(room.sent_len, 0);
}

TEST(secrets_are_never_shown)
{
	files(CONFIG, KEYS);
	CHECK(tool_room_call("list_profiles", "{\"check\":true}"));
	CHECK(!tool_room_says("demo/secret"));
	CHECK(!tool_room_says("topsecret"));
	CHECK(!tool_room_says("wJalr"));
	CHECK(!tool_room_says("AKID"));
	CHECK(member("tool", "description").p == NULL);
}

TEST(a_check_says_who_each_profile_is_or_why_it_does_not_work)
{
	files(CONFIG, KEYS);
	CHECK(tool_room_call("list_profiles", "{\"check\":true}"));
	CHECK(json_get_bool(row("keys"), S("works"), false));
	CHECK_STR(member("keys", "account_id"), S("111122223333"));
	CHECK(str_starts(member("keys", "arn"), S("arn:aws:")));
	CHECK(!json_get_bool(row("sso"), S("works"), true));
	CHECK(member("sso", "problem").len > 20);
	CHECK(!json_get_bool(row("web"), S("works"), true));
	CHECK(tool_room_call("list_profiles",
	    "{\"check\":true,\"profile_name\":\"keys\"}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 1);
	tool_room_answer("!<ErrorResponse><Error><Code>InvalidClientTokenId"
	    "</Code><Message>The token is invalid</Message></Error>"
	    "</ErrorResponse>");
	tool_room_answer("!{\"Error\":{\"Code\":\"AccessDenied\",\"Message\":"
	    "\"no\"}}");
	CHECK(tool_room_call("list_profiles",
	    "{\"check\":true,\"profile_name\":\"bad\"}"));
	CHECK(!json_get_bool(row("bad"), S("works"), true));
	CHECK(str_find(member("bad", "problem"), S("denied"), 0) <
	    member("bad", "problem").len);
}

TEST(odd_answers_of_sts_are_that_profiles_problem)
{
	static const char *const answers[] = { "{}", "[]", "<html>",
	    "{\"GetCallerIdentityResponse\":null}" };

	for (size_t i = 0; i < 4; i++) {
		files("", KEYS);
		tool_room_answer(answers[i]);
		CHECK(tool_room_call("list_profiles",
		    "{\"check\":true,\"profile_name\":\"keys\"}"));
		CHECK(!room.is_error);
		CHECK(!json_get_bool(row("keys"), S("works"), true));
		CHECK(member("keys", "problem").len > 10);
	}
	files("", KEYS);
	tool_room_answer("{\"GetCallerIdentityResponse\":{"
	    "\"GetCallerIdentityResult\":{\"Arn\":7}}}");
	CHECK(tool_room_call("list_profiles",
	    "{\"check\":true,\"profile_name\":\"keys\"}"));
	CHECK(json_get_bool(row("keys"), S("works"), false));
}

TEST(no_files_empty_files_and_broken_files_are_explained)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 0);
	CHECK(tool_room_says("There are no profiles"));
	CHECK(tool_room_says("/home/app/.aws/config does not exist"));
	files("", "");
	CHECK(tool_room_call("list_profiles", "{\"check\":true}"));
	CHECK(tool_room_says("holds 0 profiles"));
	files("[profile a]\n", "nonsense\n");
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 1);
	CHECK(tool_room_says("cannot be used: line 1"));
	CHECK(tool_room_call("list_profiles", "{\"profile_name\":\"b\"}"));
	CHECK(room.is_error && tool_room_says("profile 'b' is not"));
}

static char many[400000];

static void
many_files(int n)
{
	size_t at = 0;

	for (int i = 0; i < n; i++) {
		at += (size_t)snprintf(many + at, sizeof(many) - at,
		    "[profile p%04d]\nrole_arn = arn:aws:iam::2222%08d:role/R\n"
		    "source_profile = keys\n", i, i);
	}
	files(many, KEYS);
}

TEST(many_profiles_are_cut_at_max_bytes_and_checks_are_bounded)
{
	many_files(2000);
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK(room.text.len <= 60000);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("max_bytes"));
	many_files(150);
	CHECK(tool_room_call("list_profiles",
	    "{\"check\":true,\"max_bytes\":200000}"));
	CHECK(tool_room_says("Not all profiles were checked"));
}

TEST(only_profiles_that_a_call_may_name_are_listed_and_resolved)
{
	files(CONFIG, KEYS);
	room.profiles = S("k*s, web");
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 2);
	CHECK(row("keys") != NULL && row("web") != NULL);
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"keys\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"bad\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_says("profile 'bad' is not one that may be named here "
	    "(CLOUDWATCH_MCP_PROFILES); those that may: keys, web"));
	CHECK(!tool_room_says("sso"));
	/* It exists, and stands for other keys than none does. */
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"default\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("list_profiles", "{\"profile_name\":\"sso\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("whoami", "{}"));
	CHECK(!room.is_error);
}

static enum err
own_keys(void *ctx, int64_t deadline_ms, const struct cancel *cancel,
    struct arena *a, struct creds_keys *out, struct fail *f)
{
	(void)ctx, (void)deadline_ms, (void)cancel, (void)a, (void)f;
	*out = (struct creds_keys){ .access_key_id = S("ASIAOWN"),
	    .secret = S("s"), .token = S("t") };
	return ERR_OK;
}

TEST(a_caller_with_own_keys_sees_nothing_of_the_files)
{
	static const struct aws_caller own = { .keys = own_keys };

	files(CONFIG, KEYS);
	room.caller = &own;
	CHECK(tool_room_call("list_profiles", "{\"check\":true}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 0);
	CHECK(!tool_room_says("sso"));
	CHECK(tool_room_call("list_profiles", "{\"profile_name\":"
	    "\"default\"}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 0);
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"]}"));
	CHECK(room.is_error && !tool_room_says("sso"));
	room.caller = NULL;
}

TEST(a_name_that_is_not_there_reveals_no_others)
{
	files(CONFIG, KEYS);
	room.profiles = S("dev-*");
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"dev-1\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_says("none may be: leave profile_name out"));
	CHECK(!tool_room_says("keys"));
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 0);
	CHECK(tool_room_says("no profiles that a call may name"));
}

TEST(a_profile_that_may_be_named_draws_on_one_that_may_not)
{
	files(CONFIG, KEYS);
	room.profiles = S("prod");
	tool_room_answer("<AssumeRoleResponse><AssumeRoleResult><Credentials>"
	    "<AccessKeyId>ASIAPROD</AccessKeyId><SecretAccessKey>s"
	    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
	    "2030-01-01T00:00:00Z</Expiration></Credentials>"
	    "</AssumeRoleResult></AssumeRoleResponse>");
	tool_room_answer("@DescribeAlarms {}");
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profile_name\":\"prod\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("Action=AssumeRole"));
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profile_name\":\"keys\"}"));
	CHECK(room.is_error);
}

TEST(the_default_profile_may_be_named_where_that_means_naming_none)
{
	files("", KEYS);
	room.profiles = S("prod");
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"default\"}"));
	CHECK(!room.is_error);
	fake_sys_env(&room.fake, "AWS_PROFILE", "keys");
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"default\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"keys\"}"));
	CHECK(room.is_error);
}

static void
list_accounts(const char *text)
{
	files("[profile both]\nregion = us-west-1\n", KEYS);
	room.verify = true;
	fake_sys_env(&room.fake, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "/a.yaml");
	fake_sys_file(&room.fake, "/a.yaml", text);
}

TEST(accounts_of_the_list_are_shown_and_used)
{
	list_accounts("profiles:\n  both:\n    account_id: 012345678901\n"
	    "    region: eu-west-1\n    description: the shop\n"
	    "  sick:\n    account_id: 7\n");
	CHECK(tool_room_call("list_profiles", "{}"));
	CHECK_INT(json_get(room.data, S("profiles"))->n, 4);
	CHECK_STR(member("both", "source"), S("accounts_file"));
	CHECK_STR(member("both", "account_id"), S("012345678901"));
	CHECK_STR(member("both", "region"), S("eu-west-1"));
	CHECK_STR(member("both", "description"), S("the shop"));
	CHECK_STR(member("sick", "source"), S("accounts_file"));
	CHECK(str_starts(member("sick", "problem"), S("its account_id is")));
	CHECK(member("both", "problem").p == NULL);
	CHECK(json_get(room.data, S("files")) == NULL);
	CHECK(tool_room_call("list_profiles", "{\"check\":true}"));
	CHECK(json_get_bool(row("both"), S("works"), false));
	CHECK_STR(member("both", "arn"), S("arn:aws:sts::012345678901:"
	    "assumed-role/EKSMultiAccountMCPRole/cloudwatch-mcp-both"));
	CHECK(!json_get_bool(row("sick"), S("works"), true));
	CHECK(json_get_bool(row("keys"), S("works"), false));
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"both\"}"));
	CHECK_STR(json_get_str(room.data, S("region"), S("")),
	    S("eu-west-1"));
	CHECK_STR(json_get_str(room.data, S("account_id"), S("")),
	    S("012345678901"));
}

TEST(a_changed_list_counts_with_the_next_call)
{
	list_accounts("profiles:\n  a:\n    account_id: 111122224444\n");
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profile_name\":\"a\"}"));
	CHECK_STR(json_get_str(room.data, S("account_id"), S("")),
	    S("111122224444"));
	fake_sys_file(&room.fake, "/a.yaml",
	    "profiles:\n  a:\n    account_id: 555566667777\n");
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profile_name\":\"a\"}"));
	CHECK_STR(json_get_str(room.data, S("account_id"), S("")),
	    S("555566667777"));
	fake_sys_file(&room.fake, "/a.yaml",
	    "profiles:\n  b:\n    account_id: 555566667777\n");
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profile_name\":\"a\"}"));
	CHECK(room.is_error && tool_room_says("profile 'a' is not in"));
}

TEST(a_broken_list_is_explained_and_disturbs_nobody)
{
	list_accounts("profiles: [a]\n");
	CHECK(tool_room_call("list_profiles", "{\"check\":true}"));
	CHECK(tool_room_says("/a.yaml cannot be used: line 1 uses flow "
	    "style"));
	CHECK(json_get_bool(row("keys"), S("works"), false));
	CHECK(tool_room_call("whoami", "{\"profile_name\":\"keys\"}"));
	CHECK(!room.is_error);
}

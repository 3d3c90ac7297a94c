/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credential chain, place by place: what each finds, what each says when
 * it does not, and which one wins.
 */
#include "test.h"

#include "aws/provider.h"
#include "base/limits.h"
#include "fake_transport.h"

#define CONFIG "/home/app/.aws/config"
#define CREDENTIALS "/home/app/.aws/credentials"
#define STS "https://sts.us-east-1.amazonaws.com"

#define KEYS_XML(action, id) \
	"<" action "Response><" action "Result><AssumedRoleUser><Arn>" \
	"arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>" \
	"<Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>s-" id \
	"</SecretAccessKey><SessionToken>t-" id "</SessionToken>" \
	"<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials></" \
	action "Result></" action "Response>"
#define ROLE_XML(id) KEYS_XML("AssumeRole", id)
#define WEB_XML(id) KEYS_XML("AssumeRoleWithWebIdentity", id)
#define DENIED_XML "<ErrorResponse><Error><Code>AccessDenied</Code>" \
	"<Message>no</Message></Error></ErrorResponse>"

#define KEYS_JSON(id, expires) "{\"Code\":\"Success\",\"AccessKeyId\":\"" id \
	"\",\"SecretAccessKey\":\"s-" id "\",\"Token\":\"t-" id "\"," \
	"\"Expiration\":\"" expires "\"}"

static struct fake_sys world;
static struct fake_transport net;
static struct log logger;
static struct arena arena;
static struct fail fail;
static struct provider_run run;
static struct creds_keys out;

/* HOME=/home/app, nothing else; the chain ends before the network. */
static void
begin(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)16 << 20);
	fail_init(&fail, &arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	fake_sys_env(&world, "HOME", "/home/app");
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	logger = (struct log){ .sys = &world.sys, .level = LOG_WARNING };
	out = (struct creds_keys){ 0 };
	run = (struct provider_run){
		.sys = &world.sys, .transport = &net.transport,
		.log = &logger, .profile = S("default"),
		.deadline_ms = world.mono_ms + 60000,
		.a = &arena, .f = &fail,
	};
}

static void
name_profile(const char *name)
{
	run.profile = str_from_z(name);
	run.named = true;
}

static enum err
find(void)
{
	fail_clear(&fail);
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

/* ---- nothing anywhere ---- */

TEST(nothing_anywhere_lists_every_place)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "");
	CHECK_INT(find(), ERR_CREDENTIALS);
	CHECK_STR(fail.what, S("no AWS credentials for profile 'default'. "
	    "Looked at: environment: AWS_ACCESS_KEY_ID is empty; " CONFIG
	    " does not exist (HOME=/home/app, AWS_CONFIG_FILE unset); "
	    CREDENTIALS " does not exist (HOME=/home/app, "
	    "AWS_SHARED_CREDENTIALS_FILE unset); no profile 'default' in them; "
	    "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is unset; container: "
	    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and "
	    "AWS_CONTAINER_CREDENTIALS_FULL_URI are unset; instance metadata: "
	    "AWS_EC2_METADATA_DISABLED is true. Set AWS_ACCESS_KEY_ID and "
	    "AWS_SECRET_ACCESS_KEY, mount the AWS files and point "
	    "AWS_CONFIG_FILE at them, or give the pod, task or instance a "
	    "role"));
}

TEST(an_empty_profile_is_said_to_have_no_keys)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nregion = eu-west-1\n");
	name_profile("x");
	FAILS(ERR_CREDENTIALS, "environment: passed over, because profile 'x' "
	    "was named; " CONFIG " holds 1 profile (HOME=/home/app, "
	    "AWS_CONFIG_FILE unset); ");
	CHECK(says("; profile 'x' has no aws_access_key_id, role_arn or "
	    "web_identity_token_file; container:"));
}

/* ---- environment ---- */

TEST(environment_keys_come_first)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "AKIA1");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s1");
	fake_sys_file(&world, CREDENTIALS, "[default]\naws_access_key_id = f\n"
	    "aws_secret_access_key = g\n");
	FINDS("AKIA1", "environment");
	CHECK_STR(out.secret, S("s1"));
	CHECK(out.token.p == NULL);
	CHECK_INT(out.expires_ms, 0);
}

TEST(the_security_token_comes_before_the_session_token)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_env(&world, "AWS_SESSION_TOKEN", "new");
	fake_sys_env(&world, "AWS_ACCOUNT_ID", "123456789012");
	FINDS("A", "environment");
	CHECK_STR(out.token, S("new"));
	CHECK_STR(out.account_id, S("123456789012"));
	fake_sys_env(&world, "AWS_SECURITY_TOKEN", "old");
	FINDS("A", "environment");
	CHECK_STR(out.token, S("old"));
	fake_sys_env(&world, "AWS_SECURITY_TOKEN", "");
	FINDS("A", "environment");
	CHECK_STR(out.token, S("new"));
}

TEST(half_of_the_environment_keys_stops_the_chain)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	FAILS(ERR_CREDENTIALS, "AWS_ACCESS_KEY_ID is set but "
	    "AWS_SECRET_ACCESS_KEY is unset: set both or neither");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "");
	FAILS(ERR_CREDENTIALS, "AWS_SECRET_ACCESS_KEY is empty");
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	FAILS(ERR_CREDENTIALS, "AWS_ACCESS_KEY_ID is empty (but "
	    "AWS_SECRET_ACCESS_KEY is set); ");
}

TEST(environment_keys_may_expire)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_env(&world, "AWS_CREDENTIAL_EXPIRATION",
	    "2026-11-20T12:30:00Z");
	FINDS("A", "environment");
	CHECK_INT(out.expires_ms, FAKE_NOW_MS + 1800000);
	world.now_ms += 1800000;
	FAILS(ERR_AWS_EXPIRED, "expired at 2026-11-20T12:30:00Z "
	    "(AWS_CREDENTIAL_EXPIRATION); start again with new ones");
	fake_sys_env(&world, "AWS_CREDENTIAL_EXPIRATION", "tomorrow");
	FAILS(ERR_CREDENTIALS, "is no time: 'tomorrow'");
}

TEST(a_named_profile_puts_the_environment_aside)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_file(&world, CREDENTIALS, "[x]\naws_access_key_id = F\n"
	    "aws_secret_access_key = g\n");
	name_profile("x");
	FINDS("F", "profile 'x' in " CREDENTIALS);
	/* AWS_PROFILE does not. */
	run.named = false;
	FINDS("A", "environment");
}

TEST(a_named_default_that_does_not_exist_is_none_named)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	name_profile("default");
	FINDS("A", "environment");
	fake_sys_file(&world, CONFIG, "[default]\naws_access_key_id = D\n"
	    "aws_secret_access_key = e\n");
	name_profile("default");
	FINDS("D", "profile 'default' in " CONFIG);
}

TEST(keys_with_blanks_are_a_copying_mistake)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s\n");
	FAILS(ERR_CREDENTIALS, "the secret access key from environment holds a "
	    "blank or another character that no key has; copy it again");
	CHECK(str_find(fail.what, S("s\n"), 0) == fail.what.len);
}

TEST(keys_of_absurd_length_are_refused)
{
	static char token[4090];

	begin();
	memset(token, 'x', sizeof(token) - 1);
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_env(&world, "AWS_SESSION_TOKEN", token);
	FINDS("A", "environment");
	token[SIGV4_SECRET_MAX + 1] = '\0';
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", token);
	FAILS(ERR_CREDENTIALS, "longer than any key of AWS");
}

/* ---- profile files ---- */

TEST(the_credentials_file_comes_before_the_config_file)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\naws_access_key_id = C\n"
	    "aws_secret_access_key = d\naws_account_id = 123456789012\n");
	FINDS("C", "profile 'default' in " CONFIG);
	CHECK_STR(out.account_id, S("123456789012"));
	fake_sys_file(&world, CREDENTIALS, "[default]\naws_access_key_id = S\n"
	    "aws_secret_access_key = t\naws_session_token = u\n");
	FINDS("S", "profile 'default' in " CREDENTIALS);
	CHECK_STR(out.token, S("u"));
}

TEST(half_of_the_keys_in_a_file_stops_the_chain)
{
	begin();
	fake_sys_file(&world, CREDENTIALS, "[default]\n"
	    "aws_access_key_id = S\n");
	fake_sys_file(&world, CONFIG, "[default]\naws_access_key_id = C\n"
	    "aws_secret_access_key = d\n");
	FAILS(ERR_PROFILE, "profile 'default' in " CREDENTIALS " has "
	    "aws_access_key_id but no aws_secret_access_key");
}

TEST(a_profile_that_is_not_there_is_an_error)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\n[profile sandbox]\n");
	name_profile("saas");
	FAILS(ERR_PROFILE, "profile 'saas' is not in " CONFIG);
	/* The same by AWS_PROFILE, but only behind the environment. */
	run.named = false;
	FAILS(ERR_PROFILE, "profile 'saas' is not in " CONFIG);
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "A");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	FINDS("A", "environment");
}

TEST(a_broken_file_stops_the_chain)
{
	begin();
	fake_sys_file(&world, CONFIG, "[default]\nrubbish\n");
	FAILS(ERR_PROFILE, CONFIG " cannot be used: line 2 is neither "
	    "[section] nor key = value (HOME=/home/app, "
	    "AWS_CONFIG_FILE unset)");
	begin();
	fake_sys_file_err(&world, CREDENTIALS, ERR_IO);
	FAILS(ERR_PROFILE, CREDENTIALS " cannot be used: reading it failed");
}

TEST(a_file_out_of_reach_is_like_none)
{
	begin();
	fake_sys_file_err(&world, CONFIG, ERR_FILE_DENIED);
	FAILS(ERR_CREDENTIALS, CONFIG " cannot be used: this user may not read "
	    "it (HOME=/home/app, AWS_CONFIG_FILE unset); ");
}

/* ---- web identity ---- */

static void
irsa(void)
{
	begin();
	fake_sys_env(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token");
	fake_sys_env(&world, "AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
	fake_sys_file(&world, "/var/token", "to.ke.n1\n");
}

TEST(web_identity_from_the_environment)
{
	irsa();
	fake_sys_env(&world, "AWS_ROLE_SESSION_NAME", "pod");
	fake_sys_env(&world, "AWS_REGION", "eu-west-1");
	fake_transport_reply(&net, "POST https://sts.eu-west-1.amazonaws.com/",
	    200, WEB_XML("W"));
	FINDS("W", "web identity, role arn:aws:iam::1:role/r");
	CHECK_STR(out.token, S("t-W"));
	CHECK_STR(out.account_id, S("123456789012"));
	CHECK_INT(out.expires_ms, FAKE_NOW_MS + 3600000);
	CHECK(fake_transport_saw(&net, "RoleSessionName=pod&"
	    "WebIdentityToken=to.ke.n1\n"));
}

TEST(the_token_file_is_read_every_time)
{
	irsa();
	fake_transport_reply(&net, STS, 200, WEB_XML("W"));
	FINDS("W", "web identity, role arn:aws:iam::1:role/r");
	fake_sys_file(&world, "/var/token", "to.ke.n2");
	fake_transport_reply(&net, STS, 200, WEB_XML("V"));
	FINDS("V", "web identity, role arn:aws:iam::1:role/r");
	CHECK(fake_transport_saw(&net, "WebIdentityToken=to.ke.n2\n"));
}

TEST(web_identity_from_a_profile)
{
	irsa();
	fake_sys_file(&world, CONFIG, "[profile x]\nregion = cn-north-1\n"
	    "role_arn = arn:aws-cn:iam::2:role/q\nrole_session_name = n1\n"
	    "web_identity_token_file = ~/token\n");
	fake_sys_file(&world, "/home/app/token", "other");
	fake_sys_env(&world, "AWS_REGION", "us-east-1");
	name_profile("x");
	fake_transport_reply(&net, "https://sts.cn-north-1.amazonaws.com.cn/",
	    200, WEB_XML("P"));
	FINDS("P", "web identity, role arn:aws-cn:iam::2:role/q");
	CHECK(fake_transport_saw(&net,
	    "RoleSessionName=n1&WebIdentityToken=other\n"));
}

TEST(a_token_without_a_role_is_told)
{
	irsa();
	fake_sys_env(&world, "AWS_ROLE_ARN", "");
	FAILS(ERR_CREDENTIALS, "there is a web identity token file (/var/token)"
	    " but no role for it: set AWS_ROLE_ARN, or role_arn in profile "
	    "'default'");
}

TEST(token_files_that_cannot_be_used_are_told)
{
	irsa();
	fake_sys_file(&world, "/var/token", NULL);
	FAILS(ERR_CREDENTIALS, "the web identity token file /var/token cannot "
	    "be used: it does not exist; is the service account's token "
	    "volume mounted?");
	fake_sys_file_err(&world, "/var/token", ERR_FILE_DENIED);
	FAILS(ERR_CREDENTIALS, "set fsGroup in the pod's securityContext");
	irsa();
	fake_sys_file(&world, "/var/token", " \n");
	FAILS(ERR_CREDENTIALS, "is no token (4 to 20000 characters)");
	irsa();
	fake_sys_file_err(&world, "/var/token", ERR_IO);
	FAILS(ERR_CREDENTIALS, "reading it failed");
	irsa();
	fake_sys_env(&world, "HOME", NULL);
	fake_sys_env(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", "~/t");
	FAILS(ERR_CREDENTIALS, "has no place, because HOME is unset");
}

TEST(a_refused_token_stops_the_chain)
{
	irsa();
	fake_transport_reply(&net, STS, 403, DENIED_XML);
	FAILS(ERR_AWS_ACCESS, "web identity token /var/token: STS call "
	    "AssumeRoleWithWebIdentity for arn:aws:iam::1:role/r at "
	    "sts.us-east-1.amazonaws.com failed: AccessDenied: no; the role's "
	    "trust policy must allow");
	CHECK_INT(net.request_n, 1);
}

TEST(a_bad_region_is_told)
{
	irsa();
	fake_sys_env(&world, "AWS_REGION", "eu.west.1");
	CHECK_INT(find(), ERR_REGION);
	CHECK_INT(net.request_n, 0);
}

/* ---- roles ---- */

TEST(a_role_is_assumed_with_a_source_profile)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "ENV");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_file(&world, CONFIG, "[profile x]\n"
	    "role_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"
	    "external_id = e1\nrole_session_name = me\n"
	    "duration_seconds = 900\nregion = eu-west-1\n[profile base]\n");
	fake_sys_file(&world, CREDENTIALS, "[base]\naws_access_key_id = B\n"
	    "aws_secret_access_key = c\n");
	name_profile("x");
	fake_transport_reply(&net, "https://sts.eu-west-1.amazonaws.com/", 200,
	    ROLE_XML("R"));
	FINDS("R", "role arn:aws:iam::1:role/r of profile x");
	CHECK(fake_transport_saw(&net, "Credential=B/20261120/eu-west-1/sts/"));
	CHECK(fake_transport_saw(&net, "RoleSessionName=me&DurationSeconds="
	    "900&ExternalId=e1\n"));
	CHECK_INT(out.expires_ms, FAKE_NOW_MS + 3600000);
}

TEST(chains_of_roles_are_assumed_from_the_inside_out)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile a]\nrole_arn = arn:A\n"
	    "source_profile = b\n[profile b]\nrole_arn = arn:B\n"
	    "source_profile = c\n[profile c]\nrole_arn = arn:C\n"
	    "source_profile = d\nduration_seconds = long\n"
	    "[profile d]\naws_access_key_id = D\n"
	    "aws_secret_access_key = d\n");
	name_profile("a");
	fake_transport_reply(&net, STS, 200, ROLE_XML("KC"));
	fake_transport_reply(&net, STS, 200, ROLE_XML("KB"));
	fake_transport_reply(&net, STS, 200, ROLE_XML("KA"));
	FINDS("KA", "role arn:A of profile a");
	CHECK(fake_transport_saw(&net, "Credential=D/"));
	CHECK(fake_transport_saw(&net, "Credential=KC/"));
	CHECK(fake_transport_saw(&net, "Credential=KB/"));
	CHECK(!fake_transport_saw(&net, "Credential=KA/"));
	CHECK(!fake_transport_saw(&net, "DurationSeconds"));
}

TEST(a_profile_with_keys_may_be_its_own_source)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = x\naws_access_key_id = K\n"
	    "aws_secret_access_key = l\n");
	name_profile("x");
	fake_transport_reply(&net, STS, 200, ROLE_XML("R"));
	FINDS("R", "role arn:X of profile x");
	CHECK(fake_transport_saw(&net, "Credential=K/"));
}

TEST(a_source_with_keys_is_not_taken_as_a_role)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = y\n[profile y]\nrole_arn = arn:Y\n"
	    "source_profile = z\naws_access_key_id = K\n"
	    "aws_secret_access_key = l\n");
	name_profile("x");
	fake_transport_reply(&net, STS, 200, ROLE_XML("R"));
	FINDS("R", "role arn:X of profile x");
}

TEST(loops_of_source_profiles_are_named)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = y\n[profile y]\nrole_arn = arn:Y\n"
	    "source_profile = z\n[profile z]\nrole_arn = arn:Z\n"
	    "source_profile = y\n[profile s]\nrole_arn = arn:S\n"
	    "source_profile = s\n");
	name_profile("x");
	FAILS(ERR_PROFILE, "the source_profile settings form a loop: y -> z -> "
	    "y; one of them needs keys of its own");
	name_profile("s");
	FAILS(ERR_PROFILE, "form a loop: s -> s;");
	/* Keys excuse a profile that is its own source, not a detour. */
	fake_sys_file(&world, CREDENTIALS, "[x]\naws_access_key_id = K\n"
	    "aws_secret_access_key = l\n");
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = y\n[profile y]\nrole_arn = arn:Y\n"
	    "source_profile = x\n");
	name_profile("x");
	FAILS(ERR_PROFILE, "form a loop: x -> y -> x;");
	CHECK_INT(net.request_n, 0);
}

TEST(role_profiles_need_exactly_one_source)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile n]\nrole_arn = arn:X\n"
	    "[profile b]\nrole_arn = arn:X\nsource_profile = n\n"
	    "credential_source = Environment\n[profile u]\nrole_arn = arn:X\n"
	    "source_profile = gone\n[profile e]\nrole_arn = arn:X\n"
	    "source_profile = empty\n[profile empty]\nregion = r\n");
	name_profile("n");
	FAILS(ERR_PROFILE, "profile 'n' has role_arn but neither "
	    "source_profile, credential_source nor web_identity_token_file");
	name_profile("b");
	FAILS(ERR_PROFILE, "profile 'b' has both source_profile and "
	    "credential_source; keep one");
	name_profile("u");
	FAILS(ERR_PROFILE, "profile 'u': profile 'gone' is not in " CONFIG);
	name_profile("e");
	FAILS(ERR_PROFILE, "profile 'e' names source_profile = empty, which has"
	    " no keys: profile 'empty' has no aws_access_key_id");
}

TEST(mfa_is_refused_with_a_sentence)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = y\nmfa_serial = arn:mfa\n");
	name_profile("x");
	FAILS(ERR_PROFILE, "profile 'x' wants a code from an MFA device "
	    "(mfa_serial = arn:mfa), and nobody can type one here");
}

TEST(a_source_may_be_a_web_identity_profile)
{
	irsa();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = pod\n[profile pod]\nrole_arn = arn:P\n"
	    "web_identity_token_file = /var/other\n");
	fake_sys_file(&world, "/var/other", "other");
	name_profile("x");
	fake_transport_reply(&net, STS, 200, WEB_XML("P"));
	fake_transport_reply(&net, STS, 200, ROLE_XML("R"));
	FINDS("R", "role arn:X of profile x");
	/* Not the pod's variables. */
	CHECK(fake_transport_saw(&net, "WebIdentityToken=other\n"));
	CHECK(fake_transport_saw(&net, "Credential=P/"));
}

TEST(a_source_that_cannot_work_stops_the_chain)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = y\n[profile y]\nsso_account_id = 1\n");
	name_profile("x");
	FAILS(ERR_PROFILE, "profile 'y' signs in through IAM Identity Center "
	    "but has no sso_start_url, sso_region, sso_role_name; `aws ");
}

TEST(credential_source_names_a_place)
{
	begin();
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "ENV");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_file(&world, CONFIG, "[profile e]\nrole_arn = arn:X\n"
	    "credential_source = Environment\n[profile c]\nrole_arn = arn:X\n"
	    "credential_source = EcsContainer\n[profile i]\nrole_arn = arn:X\n"
	    "credential_source = Ec2InstanceMetadata\n[profile w]\n"
	    "role_arn = arn:X\ncredential_source = environment\n");
	name_profile("e");
	fake_transport_reply(&net, STS, 200, ROLE_XML("R"));
	FINDS("R", "role arn:X of profile e");
	CHECK(fake_transport_saw(&net, "Credential=ENV/"));
	name_profile("c");
	FAILS(ERR_CREDENTIALS, "profile 'c' takes its keys from EcsContainer, "
	    "which has none: container: "
	    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
	name_profile("i");
	FAILS(ERR_CREDENTIALS, "takes its keys from Ec2InstanceMetadata, which "
	    "has none: instance metadata: AWS_EC2_METADATA_DISABLED is true");
	name_profile("w");
	FAILS(ERR_PROFILE, "has credential_source = environment; it can be "
	    "Environment, Ec2InstanceMetadata or EcsContainer");
}

TEST(a_refused_role_names_its_profile)
{
	begin();
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = arn:X\n"
	    "source_profile = y\n[profile y]\naws_access_key_id = K\n"
	    "aws_secret_access_key = l\n");
	name_profile("x");
	fake_transport_reply(&net, STS, 403, DENIED_XML);
	FAILS(ERR_AWS_ACCESS, "profile 'x': STS call AssumeRole for arn:X at ");
}

TEST(role_keys_come_before_web_identity)
{
	irsa();
	fake_sys_file(&world, CONFIG, "[default]\nrole_arn = arn:X\n"
	    "source_profile = y\n[profile y]\naws_access_key_id = K\n"
	    "aws_secret_access_key = l\n");
	fake_transport_reply(&net, STS, 200, ROLE_XML("R"));
	FINDS("R", "role arn:X of profile default");
}

TEST(answers_that_expired_already_are_refused)
{
	irsa();
	world.now_ms += 3600000;
	fake_transport_reply(&net, STS, 200, WEB_XML("W"));
	FAILS(ERR_AWS_EXPIRED, "the keys from web identity, role "
	    "arn:aws:iam::1:role/r expired at 2026-11-20T13:00:00Z already");
}

/* ---- container ---- */

#define FAR "2026-11-20T18:00:00Z"

TEST(ecs_gives_keys_by_a_relative_uri)
{
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	    "/v2/credentials/1?x=y");
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	    "http://evil/");
	fake_transport_reply(&net, "GET http://169.254.170.2/v2/credentials/1"
	    "?x=y", 200, KEYS_JSON("E", FAR));
	FINDS("E", "container http://169.254.170.2/v2/credentials/1?x=y");
	CHECK_STR(out.token, S("t-E"));
	CHECK_INT(out.expires_ms, FAKE_NOW_MS + 6 * 3600000);
	CHECK(net.direct);
	CHECK(fake_transport_saw(&net, "\nAccept: application/json\n"));
	CHECK(!fake_transport_saw(&net, "Authorization"));
}

TEST(eks_pod_identity_gives_keys_by_a_full_uri_and_token_file)
{
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	    "http://169.254.170.23/v1/credentials");
	fake_sys_env(&world, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "static");
	fake_sys_env(&world, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/t");
	fake_sys_file(&world, "/t", "pod-token\n");
	fake_transport_reply(&net, "GET http://169.254.170.23/v1/credentials",
	    200, KEYS_JSON("E", FAR));
	FINDS("E", "container http://169.254.170.23/v1/credentials");
	CHECK(fake_transport_saw(&net, "\nAuthorization: pod-token\n"));
	fake_sys_file(&world, "/t", "next");
	fake_transport_reply(&net, "GET http://169.254.170.23/v1/credentials",
	    200, "{\"AccessKeyId\":\"F\",\"SecretAccessKey\":\"g\"}");
	FINDS("F", "container http://169.254.170.23/v1/credentials");
	CHECK(fake_transport_saw(&net, "\nAuthorization: next\n"));
	CHECK(out.token.p == NULL);
	CHECK_INT(out.expires_ms, 0);
}

TEST(only_local_hosts_get_the_container_token)
{
	static const char *const good[] = {
		"http://127.0.0.9:51678/x", "http://localhost/x",
		"http://[::1]/x", "http://[fd00:ec2::23]/x", "https://any/x",
	};

	for (size_t i = 0; i < 5; i++) {
		begin();
		fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		    good[i]);
		fake_sys_env(&world, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "t");
		fake_transport_reply(&net, good[i], 200, KEYS_JSON("E", FAR));
		CHECK_INT(find(), ERR_OK);
		CHECK(fake_transport_saw(&net, "\nAuthorization: t\n"));
	}
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	    "http://169.254.169.254/x");
	FAILS(ERR_CREDENTIALS, "names host '169.254.169.254'; without https "
	    "only loopback addresses, 169.254.170.2, 169.254.170.23 and "
	    "[fd00:ec2::23] are allowed");
	CHECK_INT(net.request_n, 0);
}

TEST(bad_container_settings_stop_the_chain)
{
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	    "@evil/x");
	FAILS(ERR_CREDENTIALS, "does not begin with /: '@evil/x'");
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_FULL_URI", "what");
	FAILS(ERR_CREDENTIALS, "the container credentials URI 'what' is not a "
	    "URL");
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	fake_sys_env(&world, "AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nB: c");
	FAILS(ERR_CREDENTIALS, "holds a line break");
	fake_sys_env(&world, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/no");
	FAILS(ERR_CREDENTIALS, "the container token file /no "
	    "(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) cannot be used: the file "
	    "does not exist");
	CHECK_INT(net.request_n, 0);
}

TEST(the_container_agent_gets_three_tries)
{
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	fake_transport_reply(&net, "/x", 200, "")->ms = 5000;
	fake_transport_reply(&net, "/x", 503, "later");
	fake_transport_reply(&net, "/x", 200, KEYS_JSON("E", FAR));
	FINDS("E", "container http://169.254.170.2/x");
	/* 2 s for the silent one, two pauses of a second. */
	CHECK_INT(world.mono_ms, 1000000 + 2000 + 2000);
}

TEST(a_container_agent_that_fails_stops_the_chain)
{
	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "");
	fake_transport_reply(&net, "/x", 404, "{\"message\":\"gone\"}");
	FAILS(ERR_CREDENTIALS, "the container credentials at "
	    "http://169.254.170.2/x cannot be had: HTTP status 404: "
	    "{\"message\":\"gone\"} (does the task have a role, or the service "
	    "account a pod identity association?)");
	CHECK_INT(net.request_n, 1);
	fake_transport_fail(&net, "/x", ERR_CONNECT)->forever = true;
	FAILS(ERR_CREDENTIALS, "cannot be had: the connection could not be "
	    "made");
	CHECK_INT(net.request_n, 4);
}

TEST(container_answers_without_keys_are_told)
{
	static const struct {
		const char *body, *says;
	} rows[] = {
		{ "hello", "the answer is not JSON" },
		{ "[]", "lacks AccessKeyId or SecretAccessKey" },
		{ "{\"AccessKeyId\":\"a\"}",
		    "lacks AccessKeyId or SecretAccessKey" },
		{ "{\"Code\":\"Sorry\"}", "the answer says Sorry" },
		{ "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\","
		    "\"Expiration\":\"soon\"}", "Expiration that is no time" },
		{ "{\"AccessKeyId\":\"a b\",\"SecretAccessKey\":\"b\"}",
		    "the access key id from container http://169.254.170.2/x "
		    "holds a blank" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin();
		fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
		    "/x");
		fake_transport_reply(&net, "/x", 200, rows[i].body);
		FAILS(ERR_CREDENTIALS, rows[i].says);
	}
}

/* ---- instance metadata ---- */

#define IMDS "http://169.254.169.254/latest/"
#define ROLES IMDS "meta-data/iam/security-credentials/"

static void
instance(void)
{
	begin();
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", NULL);
}

TEST(the_instance_role_is_read_with_a_token)
{
	instance();
	fake_transport_reply(&net, "PUT " IMDS "api/token", 200, "tok1");
	fake_transport_reply(&net, "GET " ROLES, 200, "my.role\n");
	fake_transport_reply(&net, "GET " ROLES "my.role", 200,
	    KEYS_JSON("I", FAR));
	FINDS("I", "instance role my.role");
	CHECK(net.direct);
	CHECK(fake_transport_saw(&net, "PUT " IMDS "api/token\nHost: "
	    "169.254.169.254\nUser-Agent: cloudwatch-mcp\n"
	    "x-aws-ec2-metadata-token-ttl-seconds: 21600\n"));
	CHECK(fake_transport_saw(&net, "my.role\nHost: 169.254.169.254\n"
	    "User-Agent: cloudwatch-mcp\nx-aws-ec2-metadata-token: tok1\n"));
}

TEST(without_an_instance_the_chain_ends)
{
	instance();
	fake_transport_fail(&net, "PUT " IMDS "api/token", ERR_CONNECT);
	FAILS(ERR_CREDENTIALS, "; instance metadata at 169.254.169.254: no "
	    "answer, the connection could not be made. Set ");
	CHECK_INT(net.request_n, 1);
}

TEST(a_silent_token_request_gets_hop_limit_advice)
{
	instance();
	fake_transport_reply(&net, "PUT " IMDS "api/token", 200, "")->ms = 9000;
	fake_transport_reply(&net, "GET " ROLES, 401, "");
	FAILS(ERR_CREDENTIALS, "the role cannot be had: HTTP status 401; in a "
	    "container on EC2 the metadata hop limit has to be 2 (aws ec2 "
	    "modify-instance-metadata-options --http-put-response-hop-limit "
	    "2)");
	CHECK_INT(world.mono_ms, 1000000 + 1000);
}

TEST(version_one_is_the_fall_back)
{
	instance();
	fake_transport_reply(&net, "PUT " IMDS "api/token", 403, "");
	fake_transport_reply(&net, "GET " ROLES, 200, "r");
	fake_transport_reply(&net, "GET " ROLES "r", 200, KEYS_JSON("I", FAR));
	FINDS("I", "instance role r");
	CHECK(!fake_transport_saw(&net, "x-aws-ec2-metadata-token: "));
	instance();
	fake_sys_env(&world, "AWS_EC2_METADATA_V1_DISABLED", "true");
	fake_transport_reply(&net, "PUT " IMDS "api/token", 404, "");
	FAILS(ERR_CREDENTIALS, "no token, and IMDSv1 is switched off: HTTP "
	    "status 404");
}

TEST(metadata_answers_that_make_no_sense_are_told)
{
	instance();
	fake_transport_reply(&net, "PUT", 400, "bad");
	FAILS(ERR_CREDENTIALS, "the token request got HTTP status 400: bad");
	instance();
	fake_transport_reply(&net, "PUT", 200, "a\r\nb");
	FAILS(ERR_CREDENTIALS, "what it calls a token is none");
	instance();
	fake_transport_reply(&net, "PUT", 200, "t");
	fake_transport_reply(&net, "GET", 404, "");
	FAILS(ERR_CREDENTIALS, "the instance has no IAM role");
	instance();
	fake_transport_reply(&net, "PUT", 200, "t");
	fake_transport_reply(&net, "GET", 200, "../../user-data");
	FAILS(ERR_CREDENTIALS, "the instance has no IAM role");
	instance();
	fake_transport_reply(&net, "PUT", 200, "t");
	fake_transport_reply(&net, "GET", 200, "r");
	fake_transport_reply(&net, "GET", 200, "{\"Code\":\"Failed\"}");
	FAILS(ERR_CREDENTIALS, "r: the answer says Failed");
	instance();
	fake_transport_reply(&net, "PUT", 200, "t");
	fake_transport_reply(&net, "GET", 200, "r");
	fake_transport_reply(&net, "GET", 500, "");
	FAILS(ERR_CREDENTIALS, "r: HTTP status 500");
}

TEST(metadata_settings_are_honoured)
{
	instance();
	fake_sys_env(&world, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
	fake_transport_fail(&net, "PUT http://[fd00:ec2::254]/latest/api/token",
	    ERR_CONNECT);
	FAILS(ERR_CREDENTIALS, "instance metadata at fd00:ec2::254: no answer");
	instance();
	fake_sys_env(&world, "AWS_IMDS_USE_IPV6", "true");
	fake_transport_fail(&net, "PUT http://[fd00:ec2::254]/latest/api/token",
	    ERR_CONNECT);
	FAILS(ERR_CREDENTIALS, "instance metadata at fd00:ec2::254: no answer");
	instance();
	fake_sys_file(&world, CONFIG, "[default]\n"
	    "ec2_metadata_service_endpoint = http://127.0.0.1:1338/m/\n"
	    "metadata_service_timeout = 3\nmetadata_service_num_attempts = 2\n"
	    "ec2_metadata_v1_disabled = true\n");
	fake_transport_reply(&net, "PUT http://127.0.0.1:1338/m/latest/api/"
	    "token", 200, "")->ms = 99999;
	fake_transport_reply(&net, "PUT http://127.0.0.1:1338/m/latest/api/"
	    "token", 200, "")->ms = 99999;
	FAILS(ERR_CREDENTIALS, "no token, and IMDSv1 is switched off: the time "
	    "allowed ran out");
	CHECK_INT(world.mono_ms, 1000000 + 6000);
	instance();
	fake_sys_env(&world, "AWS_METADATA_SERVICE_TIMEOUT", "0");
	FAILS(ERR_CONFIG, "AWS_METADATA_SERVICE_TIMEOUT "
	    "(metadata_service_timeout) is '0'; it can be 1 to 60");
	instance();
	fake_sys_env(&world, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many");
	FAILS(ERR_CONFIG, "is 'many'; it can be 1 to 10");
	instance();
	fake_sys_env(&world, "AWS_EC2_METADATA_SERVICE_ENDPOINT", "x");
	FAILS(ERR_CONFIG, "AWS_EC2_METADATA_SERVICE_ENDPOINT 'x' is not a URL");
}

TEST(instance_keys_at_their_end_are_used_on)
{
	instance();
	fake_transport_reply(&net, "PUT", 200, "t");
	fake_transport_reply(&net, "GET", 200, "r");
	fake_transport_reply(&net, "GET", 200,
	    KEYS_JSON("I", "2026-11-20T11:59:00Z"));
	FINDS("I", "instance role r");
	CHECK(out.expires_ms >= FAKE_NOW_MS + 17 * 60000);
	CHECK(out.expires_ms <= FAKE_NOW_MS + 25 * 60000);
	CHECK(str_find(fake_sys_log(&world), S("used on until"), 0) <
	    world.log_len);
}

TEST(a_cancel_ends_the_walk)
{
	struct cancel cancel = { .raised = true };

	instance();
	run.cancel = &cancel;
	CHECK_INT(find(), ERR_CANCELLED);
	begin();
	cancel.raised = false;
	run.cancel = &cancel;
	world.cancel_at_wait = &cancel;
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	fake_transport_reply(&net, "/x", 500, "");
	CHECK_INT(find(), ERR_CANCELLED);
	CHECK_INT(net.request_n, 1);
}

TEST(a_deadline_ends_the_tries)
{
	begin();
	run.deadline_ms = world.mono_ms + 500;
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x");
	fake_transport_reply(&net, "/x", 500, "");
	FAILS(ERR_CREDENTIALS, "HTTP status 500");
	CHECK_INT(net.request_n, 1);
}

/* ---- memory ---- */

static bool
sweep(struct arena *a, void *ctx)
{
	struct fail f;
	struct provider_run r = run;
	struct creds_keys k;
	enum err err;

	fail_init(&f, a);
	fake_transport_init(&net, &world);
	fake_transport_reply(&net, "PUT", 200, "t");
	fake_transport_reply(&net, "GET " ROLES, 200, "r");
	fake_transport_reply(&net, "GET", 200, KEYS_JSON("I", FAR));
	fake_transport_reply(&net, STS, 200, ROLE_XML("A"))->forever = true;
	r.a = a;
	r.f = &f;
	err = provider_find(&r, &k);
	if (ctx != NULL) {
		/* A failed allocation may show as a shorter sentence. */
		return err == ERR_CREDENTIALS && !a->failed;
	}
	return err == ERR_OK && !a->failed;
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	instance();
	CHECK(test_fail_sweep(sweep, NULL, (size_t)16 << 20) > 10);
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	CHECK(test_fail_sweep(sweep, &run, (size_t)16 << 20) > 5);
	begin();
	fake_sys_file(&world, CONFIG, "[profile a]\nrole_arn = arn:A\n"
	    "source_profile = b\n[profile b]\nrole_arn = arn:B\n"
	    "source_profile = c\n[profile c]\naws_access_key_id = D\n"
	    "aws_secret_access_key = d\n");
	name_profile("a");
	CHECK(test_fail_sweep(sweep, NULL, (size_t)16 << 20) > 20);
}

/* ---- the list of accounts ---- */

#define ACCOUNTS "/etc/aws/accounts.yaml"

static void
list_accounts(const char *text)
{
	begin();
	fake_sys_env(&world, "CLOUDWATCH_MCP_ACCOUNTS_FILE", ACCOUNTS);
	fake_sys_file(&world, ACCOUNTS, text);
}

TEST(an_account_of_the_list_is_entered_with_the_pods_token)
{
	list_accounts("profiles:\n  prod:\n    account_id: 123456789012\n"
	    "    region: eu-west-1\n");
	fake_sys_env(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token");
	fake_sys_env(&world, "AWS_ROLE_ARN", "arn:aws:iam::1:role/pods-own");
	fake_sys_env(&world, "AWS_ROLE_SESSION_NAME", "pods-own");
	fake_sys_env(&world, "AWS_REGION", "us-east-2");
	fake_sys_file(&world, "/var/token", "TOKEN");
	/* What the files say of that name does not count. */
	fake_sys_file(&world, CREDENTIALS, "[prod]\naws_access_key_id = C\n"
	    "aws_secret_access_key = d\n");
	name_profile("prod");
	fake_transport_reply(&net, "POST https://sts.eu-west-1.amazonaws.com/",
	    200, WEB_XML("ASIA1"));
	FINDS("ASIA1", "web identity, role arn:aws:iam::123456789012:role/"
	    "EKSMultiAccountMCPRole");
	CHECK(fake_transport_saw(&net, "RoleSessionName=cloudwatch-mcp-prod&"
	    "WebIdentityToken=TOKEN"));
	/* The same by AWS_PROFILE: the pod's own role is another one. */
	run.named = false;
	fake_transport_reply(&net, "POST https://sts.eu-west-1.amazonaws.com/",
	    200, WEB_XML("ASIA2"));
	FINDS("ASIA2", "web identity, role arn:aws:iam::123456789012:role/"
	    "EKSMultiAccountMCPRole");
}

TEST(without_a_token_the_servers_own_keys_take_the_role)
{
	list_accounts("profiles:\n  prod:\n    account_id: 123456789012\n"
	    "    external_id: e1\n");
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "OWN");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	name_profile("prod");
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA1"));
	FINDS("ASIA1", "role arn:aws:iam::123456789012:role/"
	    "EKSMultiAccountMCPRole of profile prod");
	CHECK(fake_transport_saw(&net, "ExternalId=e1"));
	CHECK(fake_transport_saw(&net, "Credential=OWN/"));
	/* --profile is the server's own, before the environment. */
	fake_sys_file(&world, CREDENTIALS, "[base]\naws_access_key_id = B\n"
	    "aws_secret_access_key = d\n");
	run.own = S("base");
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA2"));
	FINDS("ASIA2", "role arn:aws:iam::123456789012:role/"
	    "EKSMultiAccountMCPRole of profile prod");
	CHECK(fake_transport_saw(&net, "Credential=B/"));
	net.log_len = 0;
	/* Its own name in the list is no way back into it. */
	run.own = S("prod");
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA3"));
	FINDS("ASIA3", "role arn:aws:iam::123456789012:role/"
	    "EKSMultiAccountMCPRole of profile prod");
	CHECK(fake_transport_saw(&net, "Credential=OWN/"));
}

TEST(an_account_may_be_called_default)
{
	list_accounts("profiles:\n  default:\n"
	    "    account_id: 123456789012\n");
	name_profile("default");
	FAILS(ERR_CREDENTIALS, "profile 'default': there are no keys to assume "
	    "it with");
	fake_sys_file(&world, CREDENTIALS, "[default]\n"
	    "aws_access_key_id = F\naws_secret_access_key = d\n");
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA1"));
	FINDS("ASIA1", "role arn:aws:iam::123456789012:role/"
	    "EKSMultiAccountMCPRole of profile default");
	CHECK(fake_transport_saw(&net, "Credential=F/"));
}

TEST(an_account_without_any_keys_to_enter_it_says_where_it_looked)
{
	list_accounts("profiles:\n  prod:\n    account_id: 123456789012\n");
	name_profile("prod");
	FAILS(ERR_CREDENTIALS, "profile 'prod': there are no keys to assume it "
	    "with. Looked at: environment: AWS_ACCESS_KEY_ID is unset; ");
}

TEST(a_bad_account_or_list_disturbs_no_other_profile)
{
	list_accounts("profiles:\n  prod:\n    account_id: 12\n");
	fake_sys_file(&world, CREDENTIALS, "[a]\naws_access_key_id = A\n"
	    "aws_secret_access_key = d\n");
	name_profile("prod");
	FAILS(ERR_PROFILE, "profile 'prod' of " ACCOUNTS " cannot be used: its "
	    "account_id is '12', and an account has 12 digits");
	name_profile("a");
	FINDS("A", "profile 'a' in " CREDENTIALS);
	fake_sys_file(&world, ACCOUNTS, "nonsense");
	FINDS("A", "profile 'a' in " CREDENTIALS);
	name_profile("prod");
	FAILS(ERR_PROFILE, "profile 'prod' is not in " CREDENTIALS);
	CHECK(says(ACCOUNTS " cannot be used: line 1 is neither"));
}

TEST(a_role_may_draw_on_an_account_of_the_list)
{
	list_accounts("profiles:\n  prod:\n    account_id: 123456789012\n");
	fake_sys_file(&world, CONFIG, "[profile x]\nrole_arn = "
	    "arn:aws:iam::222233334444:role/X\nsource_profile = prod\n");
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "OWN");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	name_profile("x");
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA1"));
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA2"));
	FINDS("ASIA2", "role arn:aws:iam::222233334444:role/X of profile x");
	fake_sys_env(&world, "AWS_WEB_IDENTITY_TOKEN_FILE", "/var/token");
	fake_sys_file(&world, "/var/token", "TOKEN");
	fake_transport_reply(&net, "POST " STS "/", 200, WEB_XML("ASIA3"));
	fake_transport_reply(&net, "POST " STS "/", 200, ROLE_XML("ASIA4"));
	FINDS("ASIA4", "role arn:aws:iam::222233334444:role/X of profile x");
}

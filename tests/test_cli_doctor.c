/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor against worlds with one thing wrong in each: those that kept real
 * deployments from working, and that it never shows a secret.
 */
#include "cli/cli.h"

#include <stdio.h>

#include "auth/auth.h"
#include "aws/creds.h"
#include "aws/operation.h"
#include "demo/demo.h"
#include "fake_transport.h"
#include "proto/json.h"
#include "test.h"

#define KEYS "[default]\naws_access_key_id = " DEMO_ACCESS_KEY "\n" \
	"aws_secret_access_key = " DEMO_SECRET_KEY "\n"

static struct fake_sys fake;
static struct demo demo;
static struct transport demo_answers;
static struct aws aws;
static struct arena a;
static struct buf out;
static struct auth_setup inbound;
static struct cli_doctor_setup doctor;
static const char *denied; /* the operation that IAM does not allow */
static enum err broken;    /* what every exchange fails with */
static int64_t certificate_ends_ms; /* of AWS's hosts */
static const char *page;   /* the answer of hosts that are not AWS's */

static void
one(struct exchange *x)
{
	if (broken != ERR_OK) {
		x->err = fail_set(&x->fail, broken, 0, STR_NONE);
		return;
	}
	if (str_starts(x->host, S("id."))) {
		x->err = ERR_OK;
		x->status = page == NULL ? 404 : 200;
		x->response_body = str_from_z(page == NULL ||
		    !str_ends(x->target, S("/keys")) ? page == NULL ? "" :
		    page : "{\"keys\":[{}]}");
		return;
	}
	for (size_t i = 0; denied != NULL && i < x->header_n; i++) {
		if (str_eq(x->headers[i].name, S("X-Amz-Target")) &&
		    str_ends(x->headers[i].value, str_from_z(denied))) {
			x->err = ERR_OK;
			x->status = 400;
			x->response_body = S("{\"__type\":"
			    "\"AccessDeniedException\",\"message\":\"no\"}");
			return;
		}
	}
	demo_answers.roundtrip(demo_answers.ctx, &x, 1);
	x->certificate_ends_ms = certificate_ends_ms;
}

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		one(x[i]);
	}
}

static const struct transport transport = { .roundtrip = roundtrip };

/* A world in which all is well. */
static void
world(void)
{
	fake_sys_init(&fake);
	fake_sys_env(&fake, "HOME", "/home/app");
	fake_sys_env(&fake, "AWS_EC2_METADATA_DISABLED", "true");
	fake_sys_file(&fake, "/home/app/.aws/config",
	    "[default]\nregion = eu-central-1\n");
	fake_sys_file(&fake, "/home/app/.aws/credentials", KEYS);
	demo_init(&demo, &fake.sys);
	demo_transport(&demo, &demo_answers);
	aws = (struct aws){ .sys = &fake.sys, .transport = &transport,
	    .user_agent = S("t") };
	inbound = (struct auth_setup){ .sys = &fake.sys,
	    .transport = &transport };
	doctor = (struct cli_doctor_setup){ .inbound = &inbound,
	    .loopback = true };
	denied = NULL;
	page = NULL;
	broken = ERR_OK;
}

static int
examine(bool json)
{
	struct creds_setup setup = { .sys = &fake.sys,
	    .transport = &transport, .profile = aws.profile };
	struct fail f;
	int status = -1;

	arena_free(&a);
	arena_init(&a, (size_t)64 << 20);
	fail_init(&f, &a);
	out = buf_in(&a, (size_t)1 << 20);
	aws.creds = creds_new(&a, &setup);
	if (aws.creds != NULL && aws_init(&aws, &f) == ERR_OK) {
		doctor.json = json;
		status = cli_doctor(&aws, &a, &doctor, &out);
		creds_free(aws.creds);
	}
	demo_free(&demo);
	return status;
}

static void
issuer(const char *url)
{
	inbound.issuers.issuer = str_from_z(url);
	inbound.issuers.audience = S("cw");
}

static bool
says(const char *part)
{
	return str_find(buf_str(&out), str_from_z(part), 0) < out.len;
}

/* Shows the report where a test turned red. */
static bool
finds(const char *part)
{
	bool found = examine(false) == CLI_FAILED && says(part) &&
	    !says(DEMO_SECRET_KEY);

	if (!found) {
		printf("%.*s\n", STR_ARG(buf_str(&out)));
	}
	fake_sys_free(&fake);
	return found;
}

TEST(a_healthy_deployment_passes)
{
	int status;

	world();
	status = examine(false);
	if (status != CLI_OK) {
		printf("%.*s\n", STR_ARG(buf_str(&out)));
	}
	CHECK_INT(status, CLI_OK);
	CHECK(says("ok       region: eu-central-1, from the profile"));
	CHECK(says("ok       identity: arn:aws:"));
	CHECK(says("26 of 26 actions are allowed"));
	CHECK(says("skipped  credentials: environment"));
	CHECK(!says(DEMO_SECRET_KEY));
	CHECK(!says(DEMO_ACCESS_KEY));
	fake_sys_free(&fake);
}

TEST(the_report_is_json_when_asked_for)
{
	struct json *v;

	world();
	CHECK_INT(examine(true), CLI_OK);
	CHECK_INT(json_parse(&a, buf_str(&out), JSON_REJECT_DUPLICATES, &v,
	    NULL), ERR_OK);
	CHECK(json_get(v, S("checks"))->n > 12);
	CHECK_STR(json_get_str(json_at(json_get(v, S("checks")), 0),
	    S("status"), S("")), S("ok"));
	fake_sys_free(&fake);
}

TEST(a_profile_default_that_does_not_exist_is_found)
{
	world();
	fake_sys_file(&fake, "/home/app/.aws/config", "[profile saas]\n");
	fake_sys_file(&fake, "/home/app/.aws/credentials", NULL);
	fake_sys_env(&fake, "AWS_PROFILE", "default");
	CHECK(finds("failed   profile: profile 'default' is not in "
	    "/home/app/.aws/config"));
	CHECK(says("profiles there: saas"));
	CHECK(says("AWS_PROFILE has to go"));
}

TEST(a_profile_missing_from_the_mounted_file_is_found)
{
	world();
	fake_sys_env(&fake, "AWS_PROFILE", "saas");
	CHECK(finds("failed   profile: profile 'saas' is not in"));
	CHECK(says("profiles there: default"));
}

TEST(a_home_that_is_not_where_the_files_are_is_found)
{
	world();
	fake_sys_env(&fake, "HOME", "/");
	CHECK(finds("but there is /home/app/.aws/config"));
	CHECK(says("set HOME=/home/app or AWS_CONFIG_FILE="
	    "/home/app/.aws/config"));
}

TEST(an_optional_secret_that_is_absent_is_found)
{
	world();
	fake_sys_env(&fake, "AWS_SHARED_CREDENTIALS_FILE", "/secret/aws");
	CHECK(finds("failed   files: /secret/aws does not exist"));
	CHECK(says("does the secret exist in this namespace?"));
	world();
	fake_sys_env(&fake, "AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY);
	CHECK(finds("failed   environment: set: AWS_ACCESS_KEY_ID"));
	world();
	fake_sys_env(&fake, "AWS_ACCESS_KEY_ID", "");
	fake_sys_file(&fake, "/home/app/.aws/credentials", NULL);
	CHECK(finds("empty: AWS_ACCESS_KEY_ID"));
}

TEST(an_expired_sso_token_is_found)
{
	world();
	fake_sys_file(&fake, "/home/app/.aws/credentials", NULL);
	fake_sys_file(&fake, "/home/app/.aws/config", "[default]\n"
	    "region = eu-central-1\nsso_start_url = https://x\n"
	    "sso_region = eu-west-1\nsso_account_id = 111122223333\n"
	    "sso_role_name = R\n");
	/* SHA-1 of "https://x" */
	fake_sys_file(&fake, "/home/app/.aws/sso/cache/"
	    "98383e6608d65e46b24bbd92582bc8d916605a21.json",
	    "{\"accessToken\":\"t0ken\",\"expiresAt\":"
	    "\"2026-11-20T11:00:00Z\",\"startUrl\":\"https://x\","
	    "\"region\":\"eu-west-1\"}");
	CHECK(finds("aws sso login"));
	CHECK(says("expired"));
	CHECK(!says("t0ken"));
}

TEST(the_list_of_accounts_is_examined)
{
	int status;

	world();
	fake_sys_env(&fake, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "/etc/a.yaml");
	CHECK(finds("failed   files: /etc/a.yaml does not exist "
	    "(CLOUDWATCH_MCP_ACCOUNTS_FILE=/etc/a.yaml)"));
	world();
	fake_sys_env(&fake, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "/etc/a.yaml");
	fake_sys_file(&fake, "/etc/a.yaml", "profiles:\n  a:\n    x: y\n");
	CHECK(finds("failed   files: profile 'a': it has neither account_id "
	    "nor role_arn"));
	world();
	fake_sys_env(&fake, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "/etc/a.yaml");
	fake_sys_env(&fake, "AWS_PROFILE", "a");
	fake_sys_env(&fake, "AWS_ACCESS_KEY_ID", DEMO_ACCESS_KEY);
	fake_sys_env(&fake, "AWS_SECRET_ACCESS_KEY", DEMO_SECRET_KEY);
	fake_sys_env(&fake, "AWS_REGION", "us-east-2");
	aws.region = S("us-east-2");
	fake_sys_file(&fake, "/etc/a.yaml", "profiles:\n  a:\n"
	    "    account_id: 111122223333\n    region: eu-west-1\n");
	status = examine(false);
	CHECK(says("ok       files: /etc/a.yaml holds 1 profile"));
	CHECK(says("profile: 'a', from AWS_PROFILE, in the list of "
	    "accounts"));
	CHECK(says("region: eu-west-1, from the list of accounts"));
	CHECK_INT(status, CLI_OK);
	fake_sys_free(&fake);
}

TEST(a_hard_wired_region_is_found)
{
	world();
	fake_sys_env(&fake, "AWS_REGION", "us-east-1");
	aws.region = S("us-east-1");
	CHECK(finds("AWS_REGION=us-east-1 stands above the profile's region "
	    "eu-central-1"));
	world();
	fake_sys_file(&fake, "/home/app/.aws/config", "");
	CHECK(finds("nothing names a region, so it is us-east-1"));
}

TEST(each_denied_action_comes_with_its_statement)
{
	world();
	denied = ".DescribeLogGroups";
	CHECK(finds("failed   permissions: logs:DescribeLogGroups is denied"));
	CHECK(says("         -> {\"Effect\": \"Allow\", \"Action\": "
	    "\"logs:DescribeLogGroups\", \"Resource\": \"*\"}"));
	CHECK(says("25 of 26 actions are allowed"));
}

TEST(a_network_that_is_closed_is_found)
{
	world();
	broken = ERR_DNS;
	CHECK(finds("does this pod have DNS"));
	world();
	broken = ERR_CONNECT;
	CHECK(finds("allow egress"));
}

TEST(token_files_are_read_for_expiry_and_audience)
{
	/* {"aud":"sts.amazonaws.com","exp":1700000000} */
	world();
	fake_sys_env(&fake, "AWS_WEB_IDENTITY_TOKEN_FILE", "/t");
	fake_sys_file(&fake, "/t", "e30.eyJhdWQiOiJzdHMuYW1hem9uYXdzLmNvbSIsI"
	    "mV4cCI6MTcwMDAwMDAwMH0.c2ln");
	CHECK(finds("/t expired at 2023-11-14T22:13:20Z"));
	/* {"aud":["x"],"exp":2000000000} */
	world();
	fake_sys_env(&fake, "AWS_WEB_IDENTITY_TOKEN_FILE", "/t");
	fake_sys_file(&fake, "/t",
	    "e30.eyJhdWQiOlsieCJdLCJleHAiOjIwMDAwMDAwMDB9.c2ln");
	CHECK(finds("/t is not for audience sts.amazonaws.com"));
	world();
	fake_sys_env(&fake, "AWS_WEB_IDENTITY_TOKEN_FILE", "/t");
	CHECK(finds("service account's token projected"));
}

TEST(issuers_are_discovered_and_their_keys_counted)
{
	world();
	issuer("https://id.example");
	page = "{\"issuer\":\"https://id.example\",\"jwks_uri\":"
	    "\"https://id.example/keys\"}";
	CHECK_INT(examine(false), CLI_OK);
	CHECK(says("https://id.example: 1 keys at https://id.example/keys"));
	fake_sys_free(&fake);
	world();
	issuer("https://id.example/");
	page = "{\"issuer\":\"https://id.example\"}";
	CHECK(finds("calls itself 'https://id.example'"));
	world();
	issuer("https://id.example");
	CHECK(finds("answers 404, or no JSON"));
}

TEST(a_proxys_password_is_not_shown)
{
	world();
	fake_sys_env(&fake, "HTTPS_PROXY", "http://u:hunter2@proxy:3128");
	CHECK_INT(examine(false), CLI_OK);
	CHECK(says("HTTPS_PROXY=proxy:3128"));
	CHECK(!says("hunter2"));
	fake_sys_free(&fake);
}

TEST(the_owner_of_a_file_that_cannot_be_read_is_shown)
{
	world();
	fake_sys_file_err(&fake, "/home/app/.aws/config", ERR_FILE_DENIED);
	CHECK(finds("(owner 0:0, mode 0600; this process is 1000:1000)"));
}

TEST(settings_of_callers_are_read_as_a_start_would)
{
	world();
	inbound.tokens_file = S("/none");
	CHECK(finds("/none: the file does not exist"));
	world();
	fake_sys_file(&fake, "/t", "ci:0123456789abcdef\n");
	inbound.tokens_file = S("/t");
	CHECK_INT(examine(false), CLI_OK);
	CHECK(says("inbound: /t (owner 1000:1000, mode 0640"));
	CHECK(!says("0123456789abcdef"));
	fake_sys_free(&fake);
	world();
	doctor.loopback = false;
	CHECK_INT(examine(false), CLI_OK);
	CHECK(says("everybody may call"));
	CHECK(says("it listens beyond this machine"));
	fake_sys_free(&fake);
}

TEST(a_public_url_that_leads_elsewhere_is_found)
{
	world();
	issuer("https://id.example");
	inbound.issuers.jwks_uri = S("https://id.example/keys");
	doctor.public_url = S("https://id.example");
	page = "{\"resource\":\"https://other/mcp\"}";
	CHECK(finds("with resource 'https://other/mcp'"));
	world();
	issuer("https://id.example");
	inbound.issuers.jwks_uri = S("https://id.example/keys");
	doctor.public_url = S("https://id.example/");
	page = "{\"resource\":\"https://id.example/mcp\"}";
	CHECK_INT(examine(false), CLI_OK);
	CHECK(says("answers as clients expect"));
	fake_sys_free(&fake);
}

TEST(a_certificate_that_ends_soon_is_worth_a_word)
{
	world();
	certificate_ends_ms = FAKE_NOW_MS + 86400000;
	CHECK_INT(examine(false), CLI_OK);
	CHECK(says("certificate until 2026-11-21T12:00:00Z"));
	CHECK(says("it ends within a week"));
	fake_sys_free(&fake);
	certificate_ends_ms = 0;
}

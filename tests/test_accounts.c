/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of accounts: both forms, what is built from it, and what one bad
 * entry does to the others.
 */
#include "test.h"

#include "aws/accounts.h"
#include "base/buf.h"
#include "base/limits.h"

static struct accounts_defaults defaults;
static char shown[32768];

/* Entries as name|key|value, a line each, or the error. */
static struct str
reads(const char *text)
{
	struct buf b = buf_fixed(shown, sizeof(shown));
	struct arena a;
	struct ini ini;
	struct fail f;
	enum err err;
	size_t n = 0;

	arena_init(&a, (size_t)16 << 20);
	fail_init(&f, &a);
	err = accounts_parse(&a, str_from_z(text), &defaults, &ini, &f);
	for (const struct ini_entry *e = ini.first; err == ERR_OK &&
	    e != NULL; e = e->next) {
		n++;
		if (e->key.p == NULL) {
			buf_addf(&b, "%s\n", e->section);
		} else {
			buf_addf(&b, "%s|%s|%s\n", e->section, e->key,
			    e->value);
		}
	}
	if (err != ERR_OK) {
		buf_addf(&b, "%s: %s", err_name(err), fail_text(&f));
	} else if (n != ini.entry_n) {
		buf_add(&b, S("miscounted"));
	}
	arena_free(&a);
	return buf_str(&b);
}

#define PROD "prod\nprod|role_arn|arn:aws:iam::012345678901:role/" \
	"EKSMultiAccountMCPRole\n" \
	"prod|role_session_name|cloudwatch-mcp-prod\n" \
	"prod|aws_account_id|012345678901\nprod|region|eu-west-1\n" \
	"prod|description|the shop\n"
#define DATA "data\ndata|role_arn|arn:aws:iam::222233334444:role/x/Reader\n" \
	"data|role_session_name|cloudwatch-mcp-data\n" \
	"data|aws_account_id|222233334444\ndata|region|us-east-1\n" \
	"data|external_id|e\n"

TEST(yaml_and_json_say_the_same)
{
	defaults = (struct accounts_defaults){ .role = STR_NONE };
	CHECK_STR(reads("region: eu-west-1\nprofiles:\n  prod:\n"
	    "    account_id: 012345678901\n    description: the shop\n"
	    "  data:\n    role_arn: arn:aws:iam::222233334444:role/x/Reader\n"
	    "    region: us-east-1\n    external_id: e\n    owner: me\n"),
	    S(PROD DATA));
	CHECK_STR(reads(" {\"region\":\"eu-west-1\",\"profiles\":{"
	    "\"prod\":{\"account_id\":\"012345678901\","
	    "\"description\":\"the shop\",\"region\":null},"
	    "\"data\":{\"role_arn\":"
	    "\"arn:aws:iam::222233334444:role/x/Reader\",\"account_id\":"
	    "222233334444,\"region\":\"us-east-1\",\"external_id\":\"e\"}}}"),
	    S(PROD DATA));
}

TEST(the_set_up_scripts_list_is_read_too)
{
	defaults = (struct accounts_defaults){ .role = STR_NONE };
	CHECK_STR(reads("clusters:\n- name: one\n  region: us-east-2\n"
	    "kubernetes:\n  namespace: mcp\niam:\n  role_name: Pod\n"
	    "target_accounts:\n- profile: a\n  account_id: \"111122223333\"\n"
	    "  description: first\n- account_id: 1\n"
	    "profiles:\n  b:\n    account_id: 222233334444\n"),
	    S("b\nb|role_arn|arn:aws:iam::222233334444:role/Pod\n"
	    "b|role_session_name|cloudwatch-mcp-b\n"
	    "b|aws_account_id|222233334444\n"
	    "a\na|role_arn|arn:aws:iam::111122223333:role/Pod\n"
	    "a|role_session_name|cloudwatch-mcp-a\n"
	    "a|aws_account_id|111122223333\na|description|first\n"
	    "target_accounts[2]\ntarget_accounts[2]|problem|entry 2 of "
	    "target_accounts has no profile, which is its name\n"));
}

TEST(settings_decide_role_token_and_partition)
{
	defaults = (struct accounts_defaults){ .role = S("Mine"),
	    .token_file = S("/t"), .region = S("us-gov-west-1") };
	CHECK_STR(reads("iam:\n  role_name: Pod\nprofiles:\n  a:\n"
	    "    account_id: 111122223333\n  c:\n    region: cn-north-1\n"
	    "    account_id: 111122223333\n"),
	    S("a\na|role_arn|arn:aws-us-gov:iam::111122223333:role/Mine\n"
	    "a|role_session_name|cloudwatch-mcp-a\n"
	    "a|aws_account_id|111122223333\na|web_identity_token_file|/t\n"
	    "c\nc|role_arn|arn:aws-cn:iam::111122223333:role/Mine\n"
	    "c|role_session_name|cloudwatch-mcp-c\n"
	    "c|aws_account_id|111122223333\nc|web_identity_token_file|/t\n"
	    "c|region|cn-north-1\n"));
}

TEST(a_bad_entry_has_a_sentence_and_leaves_the_others)
{
	defaults = (struct accounts_defaults){ .role = STR_NONE };
	CHECK_STR(reads("profiles:\n  a:\n  b: x\n  c:\n    region: r\n"
	    "  d:\n    account_id: 12345678901\n"
	    "  e:\n    role_arn: role/x\n"
	    "  f:\n    account_id: 111122223333\n"
	    "    role_arn: arn:aws:iam::222233334444:role/r\n"
	    "  g:\n    account_id: 111122223333\n    region: eu west\n"
	    "  h:\n    account_id: 111122223333\n"),
	    S("a\na|problem|it is no mapping with account_id in it\n"
	    "b\nb|problem|it is no mapping with account_id in it\n"
	    "c\nc|problem|it has neither account_id nor role_arn\n"
	    "d\nd|problem|its account_id is '12345678901', and an account has "
	    "12 digits (in quotes, where the first is 0)\n"
	    "e\ne|problem|its role_arn is 'role/x'; one looks like "
	    "arn:aws:iam::111122223333:role/NAME\n"
	    "f\nf|problem|its role_arn is one of account 222233334444, but its "
	    "account_id is 111122223333\n"
	    "g\ng|problem|its region is 'eu west'; one looks like us-east-1 or "
	    "eu-central-1\n"
	    "h\nh|role_arn|arn:aws:iam::111122223333:role/"
	    "EKSMultiAccountMCPRole\n"
	    "h|role_session_name|cloudwatch-mcp-h\n"
	    "h|aws_account_id|111122223333\n"));
}

TEST(what_is_no_list_of_accounts_is_refused)
{
	static const struct { const char *text, *says; } cases[] = {
		{ "", "SYNTAX: it needs \"profiles:\"" },
		{ "region: x\n", "SYNTAX: it needs \"profiles:\"" },
		{ "profiles: x\n", "SYNTAX: it needs \"profiles:\"" },
		{ "profiles:\n- a\n", "SYNTAX: it needs \"profiles:\"" },
		{ "target_accounts:\n  a: b\n", "SYNTAX: it needs" },
		{ "[1]", "SYNTAX: line 1 uses flow style" },
		{ "{\"profiles\":{}", "SYNTAX: it is not JSON: " },
		{ "{\"profiles\":{\"a\":1,\"a\":2}}",
		    "SYNTAX: it is not JSON: " },
		{ "profiles:\n  a:\n    account_id: 111122223333\n"
		    "target_accounts:\n- profile: a\n",
		    "SYNTAX: it has the profile 'a' twice" },
	};

	defaults = (struct accounts_defaults){ .role = STR_NONE };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str got = reads(cases[i].text);

		CHECK_STR(str_sub(got, 0, strlen(cases[i].says)),
		    str_from_z(cases[i].says));
	}
	CHECK_STR(reads("{\"profiles\":{}}"), S(""));
}

static bool
read_all(struct arena *a, void *ctx)
{
	struct ini ini;

	(void)ctx;
	return accounts_parse(a, S("profiles:\n  a:\n    account_id: 1\n"
	    "  b:\n    account_id: 111122223333\n    region: eu-west-1\n"),
	    &defaults, &ini, NULL) == ERR_OK;
}

TEST(without_memory_it_ends_in_order)
{
	CHECK(test_fail_sweep(read_all, NULL, (size_t)1 << 20) > 10);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints: every partition, FIPS and dual-stack, every place a URL or a
 * region can come from, in order.
 */
#include "test.h"

#include "aws/endpoint.h"
#include "base/limits.h"
#include "fake_sys.h"

static struct fake_sys world;
static struct arena arena;
static struct fail fail;
static struct profile_set set;
static struct endpoint e;

static void
begin(const char *config)
{
	fake_sys_init(&world);
	arena_init(&arena, JOB_ARENA_CAP);
	fail_init(&fail, &arena);
	fake_sys_env(&world, "HOME", "/h");
	fake_sys_file(&world, "/h/.aws/config", config);
	MUST(profile_load(&world.sys, &arena, &set) == ERR_OK);
}

static void
end(void)
{
	arena_free(&arena);
	fake_sys_free(&world);
}

static enum err
resolve(const char *profile, enum endpoint_service service, const char *region)
{
	fail_clear(&fail);
	return endpoint_resolve(&world.sys, &set, str_from_z(profile), service,
	    str_from_z(region), &arena, &e, &fail);
}

static bool
says(const char *text)
{
	struct str t = fail_text(&fail);
	bool found = str_find(t, str_from_z(text), 0) < t.len;

	if (!found) {
		printf("    \"%.*s\"\n", STR_ARG(t));
	}
	return found;
}

TEST(settings_are_judged_at_start)
{
	begin("");
	CHECK_INT(endpoint_check(&world.sys, STR_NONE, &fail), ERR_OK);
	CHECK_INT(endpoint_check(&world.sys, S("eu-west-1"), &fail), ERR_OK);
	CHECK_INT(endpoint_check(&world.sys, S("no region"), &fail),
	    ERR_REGION);
	CHECK(says("--region or AWS_REGION is \"no region\""));
	fail_clear(&fail);
	fake_sys_env(&world, "AWS_ENDPOINT_URL_STS", "https://h:8443/sts");
	CHECK_INT(endpoint_check(&world.sys, STR_NONE, &fail), ERR_OK);
	fake_sys_env(&world, "AWS_ENDPOINT_URL_CLOUDWATCH", "nourl");
	CHECK_INT(endpoint_check(&world.sys, STR_NONE, &fail), ERR_CONFIG);
	CHECK(says("AWS_ENDPOINT_URL_CLOUDWATCH is \"nourl\""));
	fail_clear(&fail);
	fake_sys_env(&world, "AWS_ENDPOINT_URL_CLOUDWATCH", "");
	fake_sys_env(&world, "AWS_ENDPOINT_URL", "http://h?x=1");
	CHECK_INT(endpoint_check(&world.sys, STR_NONE, &fail), ERR_CONFIG);
	end();
}

TEST(every_partition_has_its_hosts)
{
	static const struct { const char *region, *partition, *plain, *fips,
	    *dual; } rows[] = {
		{ "eu-west-1", "aws", "logs.eu-west-1.amazonaws.com",
		    "logs-fips.eu-west-1.amazonaws.com",
		    "logs.eu-west-1.api.aws" },
		{ "us-east-1", "aws", "logs.us-east-1.amazonaws.com",
		    "logs-fips.us-east-1.amazonaws.com",
		    "logs.us-east-1.api.aws" },
		{ "us-gov-west-1", "aws-us-gov",
		    "logs.us-gov-west-1.amazonaws.com",
		    "logs.us-gov-west-1.amazonaws.com",
		    "logs.us-gov-west-1.api.aws" },
		{ "cn-north-1", "aws-cn", "logs.cn-north-1.amazonaws.com.cn",
		    "logs-fips.cn-north-1.amazonaws.com.cn",
		    "logs.cn-north-1.api.amazonwebservices.com.cn" },
		{ "eusc-de-east-1", "aws-eusc",
		    "logs.eusc-de-east-1.amazonaws.eu",
		    "logs-fips.eusc-de-east-1.amazonaws.eu",
		    "logs.eusc-de-east-1.api.amazonwebservices.eu" },
		{ "us-iso-east-1", "aws-iso", "logs.us-iso-east-1.c2s.ic.gov",
		    "logs-fips.us-iso-east-1.c2s.ic.gov",
		    "logs.us-iso-east-1.api.aws.ic.gov" },
		{ "us-isob-east-1", "aws-iso-b",
		    "logs.us-isob-east-1.sc2s.sgov.gov",
		    "logs-fips.us-isob-east-1.sc2s.sgov.gov",
		    "logs.us-isob-east-1.api.aws.scloud" },
		{ "eu-isoe-west-1", "aws-iso-e",
		    "logs.eu-isoe-west-1.cloud.adc-e.uk",
		    "logs-fips.eu-isoe-west-1.cloud.adc-e.uk",
		    "logs.eu-isoe-west-1.api.cloud-aws.adc-e.uk" },
		{ "us-isof-south-1", "aws-iso-f",
		    "logs.us-isof-south-1.csp.hci.ic.gov",
		    "logs-fips.us-isof-south-1.csp.hci.ic.gov",
		    "logs.us-isof-south-1.api.aws.hci.ic.gov" },
		{ "moon-base-1", "aws", "logs.moon-base-1.amazonaws.com",
		    "logs-fips.moon-base-1.amazonaws.com",
		    "logs.moon-base-1.api.aws" }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin("[profile f]\nuse_fips_endpoint = true\n"
		    "[profile d]\nuse_dualstack_endpoint = true\n");
		CHECK_STR(endpoint_partition(str_from_z(rows[i].region)),
		    str_from_z(rows[i].partition));
		CHECK_INT(resolve(NULL, ENDPOINT_LOGS, rows[i].region), ERR_OK);
		CHECK_STR(e.host, str_from_z(rows[i].plain));
		CHECK_STR(e.host_header, e.host);
		CHECK_STR(e.signing_region, str_from_z(rows[i].region));
		CHECK_STR(e.signing_name, S("logs"));
		CHECK(e.tls && e.port == 443 && !e.configured);
		CHECK_INT(resolve("f", ENDPOINT_LOGS, rows[i].region), ERR_OK);
		CHECK_STR(e.host, str_from_z(rows[i].fips));
		CHECK_INT(resolve("d", ENDPOINT_LOGS, rows[i].region), ERR_OK);
		CHECK_STR(e.host, str_from_z(rows[i].dual));
		end();
	}
}

TEST(answers_without_an_end_have_a_host_of_their_own)
{
	begin("[profile f]\nuse_fips_endpoint = true\n");
	CHECK_INT(resolve(NULL, ENDPOINT_LOGS_STREAM, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("stream-logs.eu-west-1.amazonaws.com"));
	CHECK_STR(e.signing_name, S("logs"));
	CHECK_INT(resolve("f", ENDPOINT_LOGS_STREAM, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("stream-logs-fips.eu-west-1.amazonaws.com"));
	fake_sys_env(&world, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
	    "http://127.0.0.1:9/");
	CHECK_INT(resolve(NULL, ENDPOINT_LOGS_STREAM, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("127.0.0.1"));
	end();
}

TEST(every_service_has_its_name)
{
	begin("");
	CHECK_INT(resolve(NULL, ENDPOINT_CLOUDWATCH, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("monitoring.eu-west-1.amazonaws.com"));
	CHECK_STR(e.signing_name, S("monitoring"));
	CHECK_INT(resolve(NULL, ENDPOINT_STS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("sts.eu-west-1.amazonaws.com"));
	CHECK_INT(resolve(NULL, ENDPOINT_SSO_OIDC, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("oidc.eu-west-1.amazonaws.com"));
	CHECK_INT(resolve(NULL, ENDPOINT_SSO, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("portal.sso.eu-west-1.amazonaws.com"));
	CHECK_STR(endpoint_title(ENDPOINT_LOGS), S("CloudWatch Logs"));
	end();
}

TEST(the_environment_beats_the_profile_for_switches)
{
	begin("[default]\nuse_fips_endpoint = true\n");
	fake_sys_env(&world, "AWS_USE_FIPS_ENDPOINT", "false");
	fake_sys_env(&world, "AWS_USE_DUALSTACK_ENDPOINT", "TRUE");
	CHECK_INT(resolve(NULL, ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("logs.eu-west-1.api.aws"));
	fake_sys_env(&world, "AWS_USE_FIPS_ENDPOINT", "yes");
	CHECK_INT(resolve(NULL, ENDPOINT_LOGS, "eu-west-1"), ERR_CONFIG);
	CHECK(says("AWS_USE_FIPS_ENDPOINT is \"yes\"; it has to be true or "
	    "false"));
	end();
	begin("[default]\nuse_dualstack_endpoint = 1\n");
	CHECK_INT(resolve(NULL, ENDPOINT_LOGS, "eu-west-1"), ERR_CONFIG);
	CHECK(says("use_dualstack_endpoint is \"1\""));
	end();
}

TEST(legacy_sts_is_global_and_signed_for_us_east_1)
{
	begin("");
	fake_sys_env(&world, "AWS_STS_REGIONAL_ENDPOINTS", "legacy");
	CHECK_INT(resolve(NULL, ENDPOINT_STS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("sts.amazonaws.com"));
	CHECK_STR(e.signing_region, S("us-east-1"));
	CHECK_INT(resolve(NULL, ENDPOINT_STS, "eu-south-2"), ERR_OK);
	CHECK_STR(e.host, S("sts.eu-south-2.amazonaws.com"));
	CHECK_INT(resolve(NULL, ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("logs.eu-west-1.amazonaws.com"));
	fake_sys_env(&world, "AWS_USE_FIPS_ENDPOINT", "true");
	CHECK_INT(resolve(NULL, ENDPOINT_STS, "us-east-2"), ERR_OK);
	CHECK_STR(e.host, S("sts-fips.us-east-2.amazonaws.com"));
	end();
}

TEST(urls_come_from_four_places_in_order)
{
	begin("[profile p]\nendpoint_url = http://four:4\nservices = s\n"
	    "[services s]\ncloudwatch_logs =\n  endpoint_url = http://three:3\n"
	    "[profile q]\nendpoint_url = http://four:4\n");
	fake_sys_env(&world, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
	    "https://one:1/base/");
	fake_sys_env(&world, "AWS_ENDPOINT_URL", "http://two:2");
	CHECK_INT(resolve("p", ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("one"));
	CHECK_INT(e.port, 1);
	CHECK(e.tls && e.configured);
	CHECK_STR(e.path, S("/base"));
	CHECK_STR(e.host_header, S("one:1"));
	fake_sys_env(&world, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", NULL);
	CHECK_INT(resolve("p", ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("two"));
	CHECK(!e.tls);
	CHECK_STR(e.path, S("/"));
	fake_sys_env(&world, "AWS_ENDPOINT_URL", "");
	CHECK_INT(resolve("p", ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("three"));
	CHECK_INT(resolve("p", ENDPOINT_CLOUDWATCH, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("four"));
	CHECK_INT(resolve("q", ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("four"));
	fake_sys_env(&world, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
	CHECK_INT(resolve("p", ENDPOINT_LOGS, "eu-west-1"), ERR_OK);
	CHECK_STR(e.host, S("logs.eu-west-1.amazonaws.com"));
	end();
}

TEST(bad_urls_and_sections_are_named)
{
	static const char *bad[] = { "localhost:4566", "ftp://x/",
	    "http://user:pw@x/", "http://x/?a=b", "http://", "https://x y/" };

	begin("[profile p]\nservices = nowhere\n");
	CHECK_INT(resolve("p", ENDPOINT_LOGS, "eu-west-1"), ERR_CONFIG);
	CHECK(says("profile 'p' says services = nowhere, but /h/.aws/config "
	    "has no [services nowhere]"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_sys_env(&world, "AWS_ENDPOINT_URL", bad[i]);
		CHECK_INT(resolve(NULL, ENDPOINT_LOGS, "eu-west-1"),
		    ERR_CONFIG);
		CHECK(says("AWS_ENDPOINT_URL is \""));
	}
	end();
}

TEST(a_region_cannot_smuggle_a_host)
{
	static const char a64[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char *bad[] = { "", "a.b", "a/b", "-a", "a-", "a b",
	    "evil.com#", "a@b", "a\nb", "eu_west_1", a64 };

	begin("");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!endpoint_region_ok(str_from_z(bad[i])));
		CHECK_INT(resolve(NULL, ENDPOINT_LOGS, bad[i]), ERR_REGION);
	}
	CHECK(endpoint_region_ok(S("us-east-1")));
	end();
}

TEST(regions_come_from_six_places_in_order)
{
	struct str r;

	begin("[profile p]\nregion = profile-1\n");
	fake_sys_env(&world, "AWS_DEFAULT_REGION", "default-1");
	CHECK_INT(endpoint_region(&world.sys, &set, S("p"), S("arg-1"),
	    S("flag-1"), S("inst-1"), &r, &fail), ERR_OK);
	CHECK_STR(r, S("arg-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, S("p"), S(""), S("flag-1"),
	    S("inst-1"), &r, &fail), ERR_OK);
	CHECK_STR(r, S("flag-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, S("p"), STR_NONE, STR_NONE,
	    S("inst-1"), &r, &fail), ERR_OK);
	CHECK_STR(r, S("default-1"));
	fake_sys_env(&world, "AWS_DEFAULT_REGION", NULL);
	CHECK_INT(endpoint_region(&world.sys, &set, S("p"), STR_NONE, STR_NONE,
	    S("inst-1"), &r, &fail), ERR_OK);
	CHECK_STR(r, S("profile-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, S("q"), STR_NONE, STR_NONE,
	    S("inst-1"), &r, &fail), ERR_OK);
	CHECK_STR(r, S("inst-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, STR_NONE, STR_NONE,
	    STR_NONE, STR_NONE, &r, &fail), ERR_OK);
	CHECK_STR(r, S("us-east-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, STR_NONE, STR_NONE,
	    S("x.y"), STR_NONE, &r, &fail), ERR_REGION);
	CHECK(says("\"x.y\" (from --region or AWS_REGION) is not a region "
	    "name"));
	end();
}

TEST(an_endpoint_reads_back_from_its_url)
{
	static const char *urls[] = { "https://sts.eu-west-1.amazonaws.com",
	    "http://127.0.0.1:4566/base", "http://[::1]:8080" };

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		char m[128];
		struct buf b = buf_fixed(m, sizeof(m));

		begin("");
		fake_sys_env(&world, "AWS_ENDPOINT_URL", urls[i]);
		CHECK_INT(resolve(NULL, ENDPOINT_STS, "eu-west-1"), ERR_OK);
		endpoint_add_url(&b, &e);
		CHECK_STR(buf_str(&b), str_from_z(urls[i]));
		end();
	}
}

TEST(hosts_of_sts_are_those_of_a_partition)
{
	static const struct { const char *region, *host; bool is; } cases[] = {
		{ "us-east-1", "sts.amazonaws.com", true },
		{ "eu-west-1", "sts.us-west-2.amazonaws.com", true },
		{ "eu-west-1", "sts-fips.ca-central-1.amazonaws.com", true },
		{ "eu-west-1", "sts.ap-southeast-7.api.aws", true },
		{ "eu-west-1", "sts-fips.us-east-1.api.aws", true },
		{ "new-one-1", "sts.mx-central-1.amazonaws.com", true },
		{ "us-gov-east-1", "sts.us-gov-west-1.amazonaws.com", true },
		{ "us-iso-east-1", "sts.us-iso-west-1.c2s.ic.gov", true },
		{ "us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov", true },
		{ "eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu", true },
		{ "cn-north-1", "sts.cn-north-1.amazonaws.com.cn", true },
		{ "us-gov-east-1", "sts.amazonaws.com", false },
		{ "us-gov-east-1", "sts.us-east-1.amazonaws.com", false },
		{ "us-east-1", "sts.us-gov-west-1.amazonaws.com", false },
		{ "us-east-1", "sts.us-iso-east-1.amazonaws.com", false },
		{ "cn-north-1", "sts.cn-north-1.amazonaws.com", false },
		{ "cn-north-1", "sts.amazonaws.com.cn", false },
		{ "us-east-1", "sts-fips.amazonaws.com", false },
		{ "us-east-1", "sts.us-east-1.amazonaws.co", false },
		{ "us-east-1", "sts.us-east-1.amazonaws.com.", false },
		{ "us-east-1", "sts.us-east-1.x.amazonaws.com", false },
		{ "us-east-1", "x.sts.us-east-1.amazonaws.com", false },
		{ "us-east-1", "sts.us-east-x.amazonaws.com", false },
		{ "us-east-1", "sts.us-east1.amazonaws.com", false },
		{ "us-east-1", "sts.us-sideways-1.amazonaws.com", false },
		{ "us-east-1", "sts.usa-east-1.amazonaws.com", false },
		{ "us-east-1", "sts.US-east-1.amazonaws.com", false },
		{ "us-east-1", "sts.-east-1.amazonaws.com", false },
		{ "us-east-1", "sts.east-1.amazonaws.com", false },
		{ "us-east-1", "sts.1.amazonaws.com", false },
		{ "us-east-1", "sts..amazonaws.com", false },
		{ "us-east-1", "sts.", false }, { "us-east-1", "sts", false },
		{ "us-east-1", "", false }, { "us-east-1", ".", false },
		{ "us-east-1", "STS.amazonaws.com", false },
		{ "us-east-1", "logs.us-east-1.amazonaws.com", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (endpoint_is_sts(str_from_z(cases[i].region),
		    test_guarded(str_from_z(cases[i].host))) != cases[i].is) {
			printf("    %s\n", cases[i].host);
			CHECK(false);
		}
	}
	CHECK(!endpoint_is_sts(S("us-east-1"), STR_NONE));
}

TEST(the_region_of_a_listed_account_comes_before_the_servers)
{
	struct str r;

	fake_sys_init(&world);
	arena_init(&arena, JOB_ARENA_CAP);
	fail_init(&fail, &arena);
	fake_sys_env(&world, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "/a");
	fake_sys_file(&world, "/a", "region: list-1\nprofiles:\n  p:\n"
	    "    account_id: 111122223333\n");
	CHECK_INT(profile_load(&world.sys, &arena, &set), ERR_OK);
	CHECK_INT(endpoint_region(&world.sys, &set, S("p"), STR_NONE,
	    S("flag-1"), STR_NONE, &r, &fail), ERR_OK);
	CHECK_STR(r, S("list-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, S("p"), S("arg-1"),
	    S("flag-1"), STR_NONE, &r, &fail), ERR_OK);
	CHECK_STR(r, S("arg-1"));
	CHECK_INT(endpoint_region(&world.sys, &set, S("q"), STR_NONE,
	    S("flag-1"), STR_NONE, &r, &fail), ERR_OK);
	CHECK_STR(r, S("flag-1"));
	end();
}

TEST(regions_without_opt_in_are_those_of_a_partition)
{
	static const struct { const char *like; size_t n; } cases[] = {
		{ "eu-west-1", 17 }, { "me-south-1", 17 },
		{ "cn-north-1", 2 }, { "us-gov-east-1", 2 },
		{ "eusc-de-east-1", 1 }, { "us-isob-east-1", 1 },
		{ "us-iso-east-1", 2 }, { "eu-isoe-west-1", 1 },
		{ "us-isof-east-1", 2 },
	};
	struct str r[ENDPOINT_REGION_MAX_N];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str like = str_from_z(cases[i].like);
		size_t n = endpoint_regions(like, r);

		CHECK_INT(n, cases[i].n);
		for (size_t k = 0; k < n; k++) {
			CHECK(endpoint_region_ok(r[k]));
			CHECK_STR(endpoint_partition(r[k]),
			    endpoint_partition(like));
			CHECK(k == 0 || str_cmp(r[k - 1], r[k]) < 0);
		}
	}
}

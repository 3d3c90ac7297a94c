/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call to many accounts and regions: who is asked, how the answers are
 * put together, and what one that fails does to the others.
 */
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "demo/demo.h"
#include "tool_room.h"

#define LIST "region: eu-central-1\nprofiles:\n" \
	"  beta:\n    account_id: 222222222222\n" \
	"  alpha:\n    account_id: 111111111111\n    region: eu-west-1\n"
#define SICK LIST "  sick:\n    account_id: 7\n"

static void
accounts(const char *list)
{
	CHECK(tool_room_open());
	room.verify = true;
	fake_sys_env(&room.fake, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "/a.yaml");
	fake_sys_file(&room.fake, "/a.yaml", list);
}

static void
many_accounts(uint64_t n)
{
	static char list[20000];
	struct buf b = buf_fixed(list, sizeof(list) - 1);

	buf_add(&b, S("profiles:\n"));
	for (uint64_t i = 0; i < n; i++) {
		buf_addf(&b, "  p%u:\n    account_id: 1111222233%u\n",
		    10 + i, 10 + i);
	}
	list[b.len] = '\0';
	accounts(list);
}

static const struct json *
row(const char *list, size_t i)
{
	return json_at(json_get(room.data, str_from_z(list)), i);
}

static size_t
count(const char *list)
{
	const struct json *v = json_get(room.data, str_from_z(list));

	return v == NULL ? SIZE_MAX : v->n;
}

static struct str
cell(const char *list, size_t i, const char *key)
{
	return json_get_str(row(list, i), str_from_z(key), S("-"));
}

static int64_t
target(const char *key)
{
	return json_get_i64(json_get(room.data, S("targets")),
	    str_from_z(key), -1);
}

TEST(alarms_of_several_accounts_and_regions_are_one_answer)
{
	size_t each;

	accounts(LIST);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profile_name\":\"alpha\"}"));
	each = count("metric_alarms");
	CHECK(each > 1 && each != SIZE_MAX);
	CHECK(json_get(room.data, S("failures")) == NULL);
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"],"
	    "\"regions\":[\"us-east-1\",\"eu-west-1\",\"us-east-1\"],"
	    "\"max_items\":500,\"max_bytes\":200000}"));
	CHECK(!room.is_error);
	CHECK_INT(count("metric_alarms"), 4 * each);
	CHECK_INT(count("failures"), 0);
	CHECK_INT(target("asked"), 4);
	CHECK_INT(target("answered"), 4);
	CHECK_INT(target("profiles"), 2);
	/* By profile, then region; in a target as AWS gave them. */
	CHECK_STR(cell("metric_alarms", 0, "profile_name"), S("alpha"));
	CHECK_STR(cell("metric_alarms", 0, "region"), S("eu-west-1"));
	CHECK_STR(cell("metric_alarms", 0, "account_id"), S("111111111111"));
	CHECK_STR(cell("metric_alarms", each, "region"), S("us-east-1"));
	CHECK_STR(cell("metric_alarms", 3 * each, "profile_name"), S("beta"));
	CHECK_STR(cell("metric_alarms", 3 * each, "account_id"),
	    S("222222222222"));
	CHECK(str_eq(cell("metric_alarms", 0, "alarm_name"),
	    cell("metric_alarms", 3 * each, "alarm_name")));
	CHECK(json_get(room.data, S("region")) == NULL);
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}

TEST(without_regions_each_profile_is_asked_in_its_own)
{
	accounts(LIST);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"beta\",\"al*\"]}"));
	CHECK_INT(target("asked"), 2);
	CHECK_STR(cell("metric_alarms", 0, "region"), S("eu-west-1"));
	CHECK_STR(cell("metric_alarms", count("metric_alarms") - 1, "region"),
	    S("eu-central-1"));
	/* One region for all. */
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"*\"],\"region\":\"sa-east-1\"}"));
	CHECK_INT(target("asked"), 2);
	CHECK_STR(cell("metric_alarms", 0, "region"), S("sa-east-1"));
}

TEST(a_star_means_all_regions_of_the_partition)
{
	accounts(LIST);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"regions\":[\"*\",\"me-south-1\"],\"max_bytes\":200000}"));
	CHECK_INT(target("asked"), 18);
	CHECK_INT(target("profiles"), 1);
	CHECK_STR(cell("metric_alarms", 0, "profile_name"), S("default"));
	fake_sys_file(&room.fake, "/a.yaml", "region: us-gov-west-1\n"
	    "profiles:\n  gov:\n    account_id: 333333333333\n");
	CHECK(tool_room_call("get_active_alarms",
	    "{\"regions\":[\"*\"],\"profiles\":[\"gov\"]}"));
	CHECK_INT(target("asked"), 2);
	CHECK_STR(cell("metric_alarms", 0, "region"), S("us-gov-east-1"));
}

TEST(a_broken_account_is_named_and_disturbs_no_other)
{
	accounts(SICK);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"*\",\"gone\",\"x*\"]}"));
	CHECK(!room.is_error);
	CHECK(count("metric_alarms") > 1);
	CHECK_INT(target("asked"), 2);
	CHECK_INT(count("failures"), 3);
	CHECK_STR(cell("failures", 0, "profile_name"), S("x*"));
	CHECK_STR(cell("failures", 1, "profile_name"), S("gone"));
	CHECK_STR(cell("failures", 1, "code"), S("PROFILE"));
	CHECK_STR(cell("failures", 2, "profile_name"), S("sick"));
	CHECK(str_find(cell("failures", 2, "message"), S("account_id is '7'"),
	    0) < cell("failures", 2, "message").len);
	CHECK(tool_room_says("A part failed: see failures."));
}

TEST(a_failing_region_is_named_with_awss_code)
{
	accounts(LIST);
	tool_room_answer("@DescribeAlarms {\"MetricAlarms\":[{\"AlarmName\":"
	    "\"one\"}]}");
	tool_room_answer("@DescribeAlarms !{\"__type\":\"AccessDenied\","
	    "\"message\":\"no\"}");
	tool_room_answer("@DescribeAlarms {\"CompositeAlarms\":[{\"AlarmName\":"
	    "\"three\"}]}");
	CHECK(tool_room_call("describe_alarms", "{\"regions\":[\"eu-west-1\","
	    "\"eu-west-2\",\"eu-west-3\",\"bad region\"]}"));
	CHECK(!room.is_error);
	CHECK_INT(count("metric_alarms"), 1);
	CHECK_STR(cell("metric_alarms", 0, "region"), S("eu-west-1"));
	CHECK_STR(cell("composite_alarms", 0, "alarm_name"), S("three"));
	CHECK_STR(cell("composite_alarms", 0, "region"), S("eu-west-3"));
	CHECK_INT(count("failures"), 2);
	CHECK_STR(cell("failures", 0, "region"), S("bad region"));
	CHECK_STR(cell("failures", 0, "code"), S("REGION"));
	CHECK_STR(cell("failures", 1, "region"), S("eu-west-2"));
	CHECK_STR(cell("failures", 1, "code"), S("AccessDenied"));
	CHECK_INT(target("answered"), 2);
}

TEST(when_all_fail_the_call_does)
{
	accounts("profiles:\n  a:\n    account_id: 7\n  b:\n    x: y\n");
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"a\"]}"));
	CHECK(room.is_error && tool_room_says("profile 'a' of /a.yaml cannot "
	    "be used"));
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"]}"));
	CHECK(room.is_error && tool_room_says("nothing could be read from any "
	    "of the accounts and regions (2 failures). The first, a: "));
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"z*\"]}"));
	CHECK(room.is_error && tool_room_says("no profile that may be named"));
	accounts(LIST);
	tool_room_answer("@DescribeAlarms !{\"__type\":\"AccessDenied\"}");
	tool_room_answer("@DescribeAlarms !{\"__type\":\"AccessDenied\"}");
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"]}"));
	CHECK(room.is_error && tool_room_says("The first, alpha in eu-west-1: "
	    ));
}

TEST(only_profiles_that_may_be_named_are_asked)
{
	accounts(LIST);
	room.profiles = S("b*");
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"*\",\"alpha\"]}"));
	CHECK_INT(target("asked"), 1);
	CHECK_STR(cell("metric_alarms", 0, "profile_name"), S("beta"));
	CHECK_INT(count("failures"), 1);
	CHECK_STR(cell("failures", 0, "profile_name"), S("alpha"));
	CHECK(tool_room_says("is not one that may be named here"));
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"]}"));
	CHECK_INT(count("failures"), 0);
	CHECK(!tool_room_says("alpha"));
}

TEST(arguments_that_make_no_sense_together_are_refused)
{
	accounts(LIST);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"beta\"],\"profile_name\":\"alpha\"}"));
	CHECK(room.is_error && tool_room_says("profile_name or profiles"));
	CHECK(tool_room_call("describe_alarms",
	    "{\"profiles\":[\"beta\"],\"children_of\":\"x\"}"));
	CHECK(room.is_error && tool_room_says("children_of"));
	many_accounts(13);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"*\"],\"regions\":[\"*\"]}"));
	CHECK(room.is_error && tool_room_says("more than 204 accounts and "
	    "regions"));
	CHECK_INT(room.sent_len, 0);
	many_accounts(49);
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"]}"));
	CHECK(room.is_error && tool_room_says("stands for 49 profiles"));
}

TEST(waves_go_round_until_every_target_was_asked)
{
	many_accounts(12);
	CHECK(tool_room_call("get_active_alarms", "{\"profiles\":[\"*\"],"
	    "\"regions\":[\"*\"],\"max_items\":5000,\"max_bytes\":7500000}"));
	CHECK(!room.is_error);
	CHECK_INT(target("asked"), 204);
	CHECK_INT(target("answered"), 204);
	CHECK_INT(room.at_once_n, EXCHANGE_MANY_MAX);
	CHECK_INT(count("failures"), 0);
	CHECK(!json_get_bool(room.data, S("has_more_results"), true));
}

TEST(pages_are_followed_in_each_target_by_itself)
{
	accounts(LIST);
	tool_room_answer("@DescribeAlarms {\"MetricAlarms\":[{\"AlarmName\":"
	    "\"a1\"}],\"NextToken\":\"t1\"}");
	tool_room_answer("@DescribeAlarms {\"MetricAlarms\":[{\"AlarmName\":"
	    "\"b1\"}]}");
	tool_room_answer("@DescribeAlarms {\"MetricAlarms\":[{\"AlarmName\":"
	    "\"a2\"}],\"NextToken\":\"t1\"}");
	CHECK(tool_room_call("describe_alarms",
	    "{\"regions\":[\"eu-west-1\",\"eu-west-2\"]}"));
	CHECK_INT(count("metric_alarms"), 3);
	CHECK_STR(cell("metric_alarms", 1, "alarm_name"), S("a2"));
	CHECK_STR(cell("metric_alarms", 2, "alarm_name"), S("b1"));
	CHECK_INT(count("failures"), 0);
	CHECK(tool_room_sent("\"NextToken\":\"t1\""));
	/* A page that fails leaves those before it. */
	accounts(LIST);
	tool_room_answer("@DescribeAlarms {\"MetricAlarms\":[{\"AlarmName\":"
	    "\"a1\"}],\"NextToken\":\"t1\"}");
	tool_room_answer("@DescribeAlarms !{\"__type\":\"AccessDenied\"}");
	CHECK(tool_room_call("describe_alarms",
	    "{\"regions\":[\"eu-west-1\"]}"));
	CHECK_INT(count("metric_alarms"), 1);
	CHECK_INT(count("failures"), 1);
}

TEST(max_items_and_max_bytes_are_shared_fairly)
{
	accounts(LIST);
	CHECK(tool_room_call("get_active_alarms",
	    "{\"profiles\":[\"*\"],\"max_items\":3}"));
	CHECK_INT(count("metric_alarms") + count("composite_alarms"), 3);
	CHECK_STR(cell("metric_alarms", 0, "profile_name"), S("alpha"));
	CHECK_STR(cell("metric_alarms", 2, "profile_name"), S("beta"));
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("There is more than is shown."));
	CHECK(tool_room_call("describe_alarms",
	    "{\"profiles\":[\"*\"],\"max_items\":500,\"max_bytes\":6000}"));
	CHECK(room.text.len <= 6000);
	CHECK(count("metric_alarms") >= 2);
	CHECK_STR(cell("metric_alarms", 0, "profile_name"), S("alpha"));
	CHECK_STR(cell("metric_alarms", count("metric_alarms") - 1,
	    "profile_name"), S("beta"));
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
}

TEST(log_groups_of_several_accounts_are_one_answer)
{
	accounts(SICK);
	CHECK(tool_room_call("describe_log_groups", "{\"profiles\":[\"*\"],"
	    "\"log_group_name_prefix\":\"/aws/\",\"max_items\":4}"));
	CHECK(!room.is_error);
	CHECK_INT(count("log_group_metadata"), 4);
	CHECK_STR(cell("log_group_metadata", 0, "account_id"),
	    S("111111111111"));
	CHECK_STR(cell("log_group_metadata", 3, "profile_name"), S("beta"));
	CHECK(str_starts(cell("log_group_metadata", 3, "logGroupName"),
	    S("/aws/")));
	CHECK_INT(count("failures"), 1);
	CHECK(json_get(room.data, S("saved_queries")) == NULL);
}

/* A log group that the demo account has. */
static const char *
batch(const char *rest)
{
	static char text[1000];
	static char group[300];

	if (!tool_room_call("describe_log_groups", "{\"max_items\":1}")) {
		return "";
	}
	(void)snprintf(group, sizeof(group), "%.*s", STR_ARG(cell(
	    "log_group_metadata", 0, "logGroupName")));
	(void)snprintf(text, sizeof(text), "{\"log_group_names\":[\"%s\"],"
	    "\"start_time\":\"-1h\",\"end_time\":\"now\",\"query_string\":"
	    "\"fields @timestamp, @message | limit 4\",%s}", group, rest);
	return text;
}

TEST(one_query_runs_in_several_accounts_and_regions)
{
	bool alpha = false, beta = false;

	accounts(SICK);
	CHECK(tool_room_call("execute_cwl_insights_batch", batch(
	    "\"profiles\":[\"*\"],\"regions\":[\"eu-west-1\",\"us-east-1\"],"
	    "\"limit\":100")));
	CHECK(!room.is_error);
	CHECK_INT(target("asked"), 4);
	CHECK_INT(target("answered"), 4);
	CHECK_INT(count("failures"), 1);
	CHECK_STR(cell("failures", 0, "profile_name"), S("sick"));
	CHECK_INT(count("results"), 16);
	for (size_t i = 0; i < 16; i++) {
		alpha |= str_eq(cell("results", i, "_profile"), S("alpha")) &&
		    str_eq(cell("results", i, "_account"), S("111111111111"));
		beta |= str_eq(cell("results", i, "_profile"), S("beta")) &&
		    str_eq(cell("results", i, "_region"), S("us-east-1"));
	}
	CHECK(alpha && beta);
	CHECK(json_get(room.data, S("account_id")) == NULL);
}

TEST(a_query_that_fails_in_one_account_leaves_the_others)
{
	accounts(LIST);
	(void)batch("");
	tool_room_answer("@StartQuery !{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(tool_room_call("execute_cwl_insights_batch",
	    batch("\"profiles\":[\"*\"]")));
	CHECK(!room.is_error);
	CHECK_INT(target("asked"), 2);
	CHECK_INT(target("answered"), 1);
	CHECK_INT(count("failures"), 1);
	CHECK_STR(cell("failures", 0, "profile_name"), S("alpha"));
	CHECK_STR(cell("failures", 0, "code"), S("AccessDeniedException"));
	CHECK_STR(cell("results", 0, "_profile"), S("beta"));
}

TEST(an_account_that_fails_in_many_parts_is_named_once)
{
	static char args[4000];
	struct buf b = buf_fixed(args, sizeof(args) - 1);

	accounts(LIST);
	buf_add(&b, S("{\"profiles\":[\"*\"],\"start_time\":\"-1h\","
	    "\"end_time\":\"now\",\"query_string\":\"limit 4\","
	    "\"log_group_names\":["));
	for (uint64_t i = 0; i < 60; i++) {
		buf_addf(&b, "%s\"/no/such/%u\"", i == 0 ? S("") : S(","), i);
	}
	buf_add(&b, S("]}"));
	args[b.len] = '\0';
	CHECK(tool_room_call("execute_cwl_insights_batch", args));
	CHECK(room.is_error && tool_room_says("(2 failures)"));
}

static size_t
stops_sent(void)
{
	struct str sent = str_of(room.sent, room.sent_len);
	size_t n = 0;

	for (size_t at = 0; (at = str_find(sent, S("{\"queryId\":"), at)) <
	    sent.len; at++) {
		n++;
	}
	return n;
}

TEST(a_cancelled_call_stops_its_queries_in_every_account)
{
	const char *args;

	accounts(LIST);
	args = batch("\"profiles\":[\"*\"]");
	room.sent_len = 0;
	/* Both queries are started, and nobody looked at them yet. */
	room.cancel_at = room.request_n + 2;
	CHECK(!tool_room_call("execute_cwl_insights_batch", args) ||
	    room.is_error);
	CHECK_INT(stops_sent(), 2);
}

TEST(a_query_that_outlives_the_call_is_stopped_with_the_time_that_is_left)
{
	const char *args;

	accounts(LIST);
	args = batch("\"profiles\":[\"alpha\"],\"max_timeout\":900");
	room.sent_len = 0;
	for (size_t i = 0; i < TOOL_ROOM_ANSWER_MAX; i++) {
		tool_room_answer("@GetQueryResults {\"status\":\"Running\"}");
	}
	CHECK(tool_room_call("execute_cwl_insights_batch", args));
	CHECK(room.is_error);
	CHECK(room.answer_at < TOOL_ROOM_ANSWER_MAX);
	/* Each look has the id, too; the last word is the stop. */
	CHECK_INT(stops_sent(), room.answer_at + 1);
}

TEST(without_memory_it_ends_in_order)
{
	for (size_t at = 0; at < 4000; at += at < 300 ? 1 : 17) {
		bool fine;

		accounts(SICK);
		room.fail_at = at;
		fine = tool_room_call("get_active_alarms",
		    "{\"profiles\":[\"*\"],\"regions\":[\"us-east-1\"]}");
		room.fail_at = SIZE_MAX;
		if (fine && !room.is_error) {
			CHECK(count("metric_alarms") > 1);
			CHECK(at > 20);
			return;
		}
	}
	CHECK(false);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PromQL tools against the demo account and odd answers of the service.
 */
#include "test.h"

#include "tool_room.h"

#define CPU "\"query\":\"histogram_avg({\\\"CPUUtilization\\\"})\""
#define DB "\"query\":\"histogram_avg({\\\"DatabaseConnections\\\"," \
	"DBInstanceIdentifier=\\\"checkout-db\\\"})\""
#define ANSWER(data) "{\"status\":\"success\",\"data\":" data "}"

static const struct json *
result(size_t i)
{
	return json_at(json_get(room.data, S("result")), i);
}

static size_t
n_of(const char *key)
{
	const struct json *v = json_get(room.data, str_from_z(key));

	return v == NULL ? SIZE_MAX : v->n;
}

/* The text of a row's value. */
static struct str
value_of(const struct json *row)
{
	return json_str(json_at(json_get(row, S("value")), 1));
}

TEST(an_instant_query_gives_series_with_their_labels)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_query", "{" DB "}"));
	CHECK(!room.is_error);
	CHECK_INT(n_of("result"), 1);
	CHECK_STR(json_get_str(room.data, S("resultType"), S("")),
	    S("vector"));
	CHECK_STR(json_get_str(json_get(result(0), S("metric")),
	    S("DBInstanceIdentifier"), S("")), S("checkout-db"));
	CHECK(str_ends(json_str(json_at(json_get(result(0), S("value")), 0)),
	    S("Z")));
	CHECK(tool_room_sent("/api/v1/query?query=histogram_avg%28%7B%22"));
	CHECK(json_get(room.data, S("region")) != NULL);
}

TEST(raw_aws_metrics_are_histograms_and_say_so)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_query", "{\"query\":"
	    "\"CPUUtilization\"}"));
	CHECK(n_of("result") > 3);
	CHECK(json_get(json_at(json_get(result(0), S("histogram")), 1),
	    S("count")) != NULL);
}

TEST(aggregations_group_by_labels)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_query", "{\"query\":\"max by "
	    "(ClusterName) (histogram_avg({\\\"CPUUtilization\\\","
	    "ServiceName=~\\\"c.*\\\"}))\"}"));
	CHECK_INT(n_of("result"), 1);
	CHECK_INT(json_get(result(0), S("metric"))->n, 1);
	CHECK(tool_room_call("execute_promql_query", "{\"query\":\"count("
	    "CPUUtilization{ServiceName!=\\\"\\\"})\"}"));
	CHECK_STR(value_of(result(0)), S("4"));
}

TEST(a_range_gives_points_and_steps_may_be_durations)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_range_query", "{" DB ",\"start\":"
	    "\"-1h\",\"end\":\"now\",\"step\":\"5m\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get(result(0), S("values"))->n, 13);
	CHECK(tool_room_sent("&step=300"));
	CHECK(tool_room_call("execute_promql_range_query", "{" DB ",\"start\":"
	    "\"-1h\",\"end\":\"now\",\"step\":\"0.5h\"}"));
	CHECK(room.is_error && tool_room_says("1h30m"));
	CHECK(tool_room_call("execute_promql_range_query", "{" DB ",\"start\":"
	    "1794999000,\"end\":\"1794999600\",\"step\":\"1m30s500ms\"}"));
	CHECK(!room.is_error && tool_room_sent("&step=90.500"));
}

TEST(more_than_seven_days_are_refused_with_a_sentence)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_range_query", "{" DB ",\"start\":"
	    "\"-8d\",\"end\":\"now\",\"step\":\"1h\"}"));
	CHECK(room.is_error && tool_room_says("7 days"));
	CHECK_INT(room.request_n, 0);
	CHECK(tool_room_call("execute_promql_range_query", "{" DB ",\"start\":"
	    "\"now\",\"end\":\"-1h\",\"step\":\"1h\"}"));
	CHECK(room.is_error && tool_room_says("must not be after end"));
	CHECK(tool_room_call("execute_promql_range_query", "{" DB ",\"start\":"
	    "\"-7d\",\"end\":\"now\",\"step\":\"1h\"}"));
	CHECK(!room.is_error);
}

TEST(labels_values_and_series_are_listed_and_sorted)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("get_promql_labels", "{}"));
	CHECK(n_of("labels") > 10);
	CHECK_STR(json_str(json_at(json_get(room.data, S("labels")), 0)),
	    S("@aws.account_id"));
	CHECK(tool_room_call("get_promql_label_values",
	    "{\"label_name\":\"DBInstanceIdentifier\"}"));
	CHECK_INT(n_of("values"), 3);
	CHECK_STR(json_str(json_at(json_get(room.data, S("values")), 0)),
	    S("catalog-db"));
	CHECK(tool_room_call("get_promql_label_values",
	    "{\"label_name\":\"@aws.region\"}"));
	CHECK(tool_room_sent("/api/v1/label/@aws.region/values"));
	CHECK_INT(n_of("values"), 1);
	CHECK(tool_room_call("get_promql_series",
	    "{\"match\":\"{\\\"DatabaseConnections\\\"}\"}"));
	CHECK(n_of("series") >= 2);
	CHECK(tool_room_sent("&start=") && tool_room_sent("&end="));
	CHECK(tool_room_call("get_promql_label_values",
	    "{\"label_name\":\"nope\"}"));
	CHECK_INT(n_of("values"), 0);
	CHECK(tool_room_says("get_promql_labels"));
}

TEST(defect_1_the_region_follows_its_order)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_query", "{" DB "}"));
	CHECK_STR(json_get_str(room.data, S("region"), S("")),
	    S("eu-central-1"));
	CHECK(tool_room_call("execute_promql_query", "{" DB ",\"region\":"
	    "\"eu-west-3\"}"));
	CHECK_STR(json_get_str(room.data, S("region"), S("")),
	    S("eu-west-3"));
	CHECK_STR(json_get_str(json_get(result(0), S("metric")),
	    S("@aws.region"), S("")), S("eu-west-3"));
}

TEST(defect_9_scalars_and_strings_are_answered)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_query", "{\"query\":\"42.5\"}"));
	CHECK_STR(json_get_str(room.data, S("resultType"), S("")),
	    S("scalar"));
	CHECK_STR(value_of(result(0)), S("42.5"));
	CHECK(tool_room_call("execute_promql_query", "{\"query\":"
	    "\"'a text'\"}"));
	CHECK_STR(value_of(result(0)), S("a text"));
	CHECK(tool_room_call("execute_promql_query", "{\"query\":"
	    "\"scalar({\\\"CPUUtilization\\\"})\"}"));
	CHECK_STR(value_of(result(0)), S("NaN"));
}

TEST(defect_9_a_4xx_is_not_retried_and_its_explanation_is_shown)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("execute_promql_query", "{\"query\":"
	    "\"rate(CPUUtilization[5m])\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_says("bad_data") && tool_room_says("rate"));
	CHECK_INT(room.request_n, 1);
	tool_room_answer("!{\"status\":\"error\",\"errorType\":\"execution\","
	    "\"error\":\"too many samples\"}");
	CHECK(tool_room_call("execute_promql_query", "{" DB "}"));
	CHECK(tool_room_says("execution") && tool_room_says("too many "
	    "samples"));
	CHECK_INT(room.request_n, 2);
}

TEST(defect_9_matchers_are_parameters_of_their_own)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("get_promql_series", "{\"match\":["
	    "\"{\\\"DBLoad\\\"}\",\"{\\\"Throttles\\\",FunctionName=~"
	    "\\\"o.*\\\"}\"]}"));
	CHECK(tool_room_sent("match%5B%5D=%7B%22DBLoad%22%7D&match%5B%5D="
	    "%7B%22Throttles%22%2CFunctionName%3D~%22o.%2A%22%7D&"));
	CHECK_INT(n_of("series"), 2);
}

TEST(hostile_label_names_stay_one_segment_of_the_path)
{
	static const struct { const char *name, *path; } cases[] = {
		{ "a/b", "/api/v1/label/a%2Fb/values" },
		{ "../query", "/api/v1/label/..%2Fquery/values" },
		{ "a?b#c", "/api/v1/label/a%3Fb%23c/values" },
		{ "%2e%2e", "/api/v1/label/%252e%252e/values" },
		{ "a b\\r\\nHost: x", "/api/v1/label/a%20b%0D%0AHost%3A%20x/"
		    "values" },
		{ "\\u0000", "/api/v1/label/%00/values" },
		{ "\\u00e4", "/api/v1/label/%C3%A4/values" },
	};
	char args[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(tool_room_open());
		snprintf(args, sizeof(args), "{\"label_name\":\"%s\"}",
		    cases[i].name);
		CHECK(tool_room_call("get_promql_label_values", args));
		CHECK(!room.is_error);
		CHECK(tool_room_sent(cases[i].path));
		CHECK_INT(n_of("values"), 0);
	}
	CHECK(tool_room_call("get_promql_label_values",
	    "{\"label_name\":\"..\"}"));
	CHECK(room.is_error && tool_room_says("no label"));
}

TEST(odd_answers_cost_themselves_only)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"data\":{\"result\":[{\"metric\":null,\"value\":"
	    "[1795000000,\"NaN\"]},7,{\"value\":[\"x\",\"+Inf\"]},"
	    "{\"metric\":{\"a\":\"b\"},\"value\":[1e308,\"1e308\"]},"
	    "{\"value\":[]},{\"value\":null},{\"value\":5}]}}");
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK(!room.is_error);
	CHECK_INT(n_of("result"), 6);
	CHECK_STR(value_of(result(0)), S("NaN"));
	CHECK_STR(value_of(result(1)), S("+Inf"));
	CHECK_STR(value_of(result(2)), S("1e308"));
	tool_room_answer(ANSWER("null"));
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK(!room.is_error && tool_room_says("Nothing matches"));
	tool_room_answer(ANSWER("{\"resultType\":\"scalar\",\"result\":null}"));
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK_INT(n_of("result"), 1);
	tool_room_answer(ANSWER("[\"b\",7,null,\"a\"]"));
	CHECK(tool_room_call("get_promql_labels", "{}"));
	CHECK_INT(n_of("labels"), 2);
	CHECK_STR(json_str(json_at(json_get(room.data, S("labels")), 0)),
	    S("a"));
	tool_room_answer(ANSWER("{\"a\":1}"));
	CHECK(tool_room_call("get_promql_series", "{\"match\":\"x\"}"));
	CHECK_INT(n_of("series"), 0);
}

TEST(failures_under_http_200_are_errors)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"status\":\"error\",\"errorType\":\"timeout\","
	    "\"error\":\"query timed out\"}");
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK(room.is_error && tool_room_says("timeout: query timed out"));
	tool_room_answer("{}");
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK(room.is_error && tool_room_says("neither status nor data"));
	tool_room_answer("<html>Proxy</html>");
	CHECK(tool_room_call("get_promql_labels", "{}"));
	CHECK(room.is_error && tool_room_says("not JSON"));
	tool_room_answer("!<html>Proxy</html>");
	CHECK(tool_room_call("get_promql_labels", "{}"));
	CHECK(room.is_error && tool_room_says("not AWS's"));
}

TEST(warnings_are_passed_on)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"status\":\"success\",\"warnings\":[\"results "
	    "truncated due to limit\",3],\"data\":{\"resultType\":\"vector\","
	    "\"result\":[]}}");
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK_INT(n_of("warnings"), 1);
}

static char big[600000];

TEST(a_large_result_is_cut_between_points_fairly)
{
	size_t at = 0;

	at += (size_t)snprintf(big, sizeof(big), "{\"status\":\"success\","
	    "\"data\":{\"resultType\":\"matrix\",\"result\":[");
	for (int s = 0; s < 5; s++) {
		at += (size_t)snprintf(big + at, sizeof(big) - at, "%s{"
		    "\"metric\":{\"s\":\"%d\"},\"values\":[", s ? "," : "", s);
		for (int i = 0; i < 1000; i++) {
			at += (size_t)snprintf(big + at, sizeof(big) - at,
			    "%s[%d,\"1\"]", i ? "," : "", 1795000000 + i);
		}
		at += (size_t)snprintf(big + at, sizeof(big) - at, "]}");
	}
	(void)snprintf(big + at, sizeof(big) - at, "]}}");
	CHECK(tool_room_open());
	tool_room_answer(big);
	CHECK(tool_room_call("execute_promql_range_query", "{" CPU
	    ",\"start\":\"-1h\",\"end\":\"now\",\"step\":\"1s\"}"));
	CHECK_INT(n_of("result"), 5);
	CHECK(room.text.len < 60000);
	for (size_t i = 0; i < 5; i++) {
		const struct json *v = json_get(result(i), S("values"));
		int64_t out;

		CHECK(v->n > 200);
		CHECK(json_i64(json_get(result(i), S("points_left_out")), 1,
		    1000, &out));
		CHECK_INT((int64_t)v->n + out, 1000);
	}
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("raise step"));
}

TEST(five_hundred_series_may_be_a_cut)
{
	size_t at = 0;

	at += (size_t)snprintf(big, sizeof(big), "{\"status\":\"success\","
	    "\"data\":{\"resultType\":\"vector\",\"result\":[");
	for (int s = 0; s < 500; s++) {
		at += (size_t)snprintf(big + at, sizeof(big) - at, "%s{"
		    "\"metric\":{\"s\":\"%d\"},\"value\":[1795000000,\"1\"]}",
		    s ? "," : "", s);
	}
	(void)snprintf(big + at, sizeof(big) - at, "]}}");
	CHECK(tool_room_open());
	tool_room_answer(big);
	CHECK(tool_room_call("execute_promql_query", "{" CPU "}"));
	CHECK_INT(n_of("result"), 500);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_says("500 series at most"));
	tool_room_answer(big);
	CHECK(tool_room_call("execute_promql_query", "{" CPU
	    ",\"max_bytes\":5000}"));
	CHECK(n_of("result") < 100 && room.text.len <= 5000);
}

TEST(a_query_that_no_url_holds_is_refused)
{
	static char args[4096];
	int n;

	CHECK(tool_room_open());
	n = snprintf(args, sizeof(args), "{\"query\":\"");
	memset(args + n, '{', 2900);
	(void)snprintf(args + n + 2900, 16, "\"}");
	CHECK(tool_room_call("execute_promql_query", args));
	CHECK(room.is_error && tool_room_says("too long"));
	CHECK_INT(room.request_n, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyze_log_group: all three parts against the demo account, each part
 * failing by itself, odd answers, and the peer's defects.
 */
#include "test.h"

#include "tool_room.h"

#define ARN "arn:aws:logs:eu-central-1:111122223333:log-group:" \
	"/ecs/shop-prod/checkout"
#define CALL "{\"log_group_arn\":\"" ARN "\",\"start_time\":\"-3h\"," \
	"\"end_time\":\"now\"}"

static const struct json *
part(const char *path)
{
	return json_path(room.data, str_from_z(path));
}

TEST(an_incident_shows_in_all_three_parts)
{
	const struct json *row;

	CHECK(tool_room_open());
	CHECK(tool_room_call("analyze_log_group", CALL));
	CHECK(!room.is_error);
	CHECK_INT(part("log_anomaly_results.anomaly_detectors")->n, 1);
	/* The suppressed one is not there. */
	CHECK_INT(part("log_anomaly_results.anomalies")->n, 2);
	CHECK(part("log_anomaly_results.error")->type == JSON_NULL);
	row = json_at(part("log_anomaly_results.anomalies"), 0);
	CHECK_STR(json_get_str(row, S("priority"), S("")), S("HIGH"));
	CHECK_INT(json_get(row, S("logSamples"))->n, 1);
	CHECK(json_get(row, S("histogram"))->n > 0);
	CHECK(str_ends(json_get(row, S("histogram"))->child->key, S("Z")));
	CHECK_STR(json_get_str(part("top_patterns"), S("status"), S("")),
	    S("Complete"));
	CHECK(part("top_patterns.results")->n > 1);
	row = json_at(part("top_patterns_containing_errors.results"), 0);
	CHECK(json_get_str(row, S("@pattern"), S("")).len > 0);
	CHECK(json_get(row, S("@tokens")) == NULL);
	CHECK(json_get(row, S("@visualization")) == NULL);
}

TEST(anomalies_are_read_while_the_queries_run)
{
	struct str all;
	size_t anomalies;

	CHECK(tool_room_open());
	CHECK(tool_room_call("analyze_log_group", CALL));
	all = str_of(room.sent, room.sent_len);
	anomalies = str_find(all, S("filterLogGroupArn"), 0);
	CHECK(str_find(all, S("queryString"), 0) < anomalies);
	CHECK(str_find(all, S("queryString"), anomalies) == all.len);
	CHECK(str_find(all, S("\"queryId\""), anomalies) < all.len);
}

TEST(anomalies_outside_the_window_are_left_out)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("analyze_log_group", "{\"log_group_arn\":"
	    "\"/ecs/shop-prod/checkout\",\"start_time\":\"-30h\","
	    "\"end_time\":\"-28h\"}"));
	CHECK(!room.is_error);
	CHECK_INT(part("log_anomaly_results.anomalies")->n, 0);
	CHECK(tool_room_sent("\"filterLogGroupArn\":\"" ARN "\""));
}

TEST(defect_2_region_and_profile_reach_every_part)
{
	CHECK(tool_room_open());
	fake_sys_file(&room.fake, "/home/app/.aws/config",
	    "[profile other]\nregion = us-west-2\n");
	fake_sys_file(&room.fake, "/home/app/.aws/credentials",
	    "[other]\naws_access_key_id = AKIDEMOREADER0000001\n"
	    "aws_secret_access_key = demo/secret/of/the/reader/key0000000001"
	    "\n");
	CHECK(tool_room_call("analyze_log_group", "{\"log_group_arn\":\"arn:"
	    "aws:logs:us-west-2:111122223333:log-group:/ecs/shop-prod/checkout"
	    "\",\"start_time\":\"-3h\",\"end_time\":\"now\","
	    "\"profile_name\":\"other\",\"region\":\"us-west-2\"}"));
	CHECK(!room.is_error);
	CHECK_STR(json_get_str(room.data, S("region"), S("")),
	    S("us-west-2"));
	CHECK_STR(json_get_str(room.data, S("profile_name"), S("")),
	    S("other"));
	/* The account shows the region of the request in its ARNs. */
	CHECK_INT(part("log_anomaly_results.anomalies")->n, 2);
	CHECK(tool_room_call("analyze_log_group", "{\"log_group_arn\":\"" ARN
	    "\",\"start_time\":\"-3h\",\"end_time\":\"now\","
	    "\"profile_name\":\"missing\"}"));
	CHECK(room.is_error && tool_room_says("missing"));
	fake_sys_free(&room.fake);
}

TEST(defect_15_a_time_without_a_zone_is_utc)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("analyze_log_group", "{\"log_group_arn\":\"" ARN
	    "\",\"start_time\":\"2026-11-18T09:00:00\","
	    "\"end_time\":\"2026-11-18 11:00\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"startTime\":1794992400,"
	    "\"endTime\":1794999600"));
}

#define NO_ANOMALIES "@ListLogAnomalyDetectors !{\"__type\":" \
	"\"AccessDeniedException\"," \
	"\"message\":\"not allowed\"}"
#define NO_QUERY "@StartQuery !{\"__type\":\"InvalidParameterException\"," \
	"\"message\":\"no patterns here\"}"

TEST(a_failing_part_is_named_and_the_rest_given)
{
	CHECK(tool_room_open());
	tool_room_answer(NO_ANOMALIES);
	CHECK(tool_room_call("analyze_log_group", CALL));
	CHECK(!room.is_error);
	CHECK(str_icontains(json_str(part("log_anomaly_results.error")),
	    S("ListLogAnomalyDetectors")));
	CHECK(part("top_patterns.results")->n > 1);
	CHECK(tool_room_says("A part of the analysis failed"));
	CHECK(tool_room_open());
	tool_room_answer(NO_QUERY);
	CHECK(tool_room_call("analyze_log_group", CALL));
	CHECK(!room.is_error);
	CHECK_STR(json_str(part("top_patterns.status")), S("Error"));
	CHECK(str_icontains(json_str(part("top_patterns.message")),
	    S("no patterns here")));
	CHECK(part("top_patterns_containing_errors.results")->n > 0);
}

TEST(defect_11_nothing_but_failures_is_an_error)
{
	CHECK(tool_room_open());
	tool_room_answer(NO_QUERY);
	tool_room_answer(NO_QUERY);
	tool_room_answer(NO_ANOMALIES);
	CHECK(tool_room_call("analyze_log_group", CALL));
	CHECK(room.is_error && tool_room_says("no patterns here"));
}

TEST(odd_anomalies_cost_themselves_only)
{
	CHECK(tool_room_open());
	tool_room_answer("@ListLogAnomalyDetectors {\"anomalyDetectors\":["
	    "null,{},"
	    "{\"anomalyDetectorArn\":\"arn:d\"}],\"nextToken\":\"t\"}");
	tool_room_answer("@ListLogAnomalyDetectors {\"nextToken\":\"t\"}");
	tool_room_answer("@ListAnomalies {\"anomalies\":[null,{},"
	    "{\"logGroupArnList\":[\"" ARN
	    "\"],\"suppressed\":true},{\"logGroupArnList\":[\"" ARN
	    ":*\"],\"firstSeen\":\"NaN\",\"lastSeen\":null,\"histogram\":[],"
	    "\"logSamples\":[\"text\"]},{\"logGroupArnList\":[\"" ARN "\"],"
	    "\"lastSeen\":1e308,\"histogram\":{\"x\":1,\"1795000000000\":"
	    "null},\"logSamples\":null}]}");
	CHECK(tool_room_call("analyze_log_group", CALL));
	CHECK(!room.is_error);
	CHECK_INT(part("log_anomaly_results.anomaly_detectors")->n, 3);
	CHECK_INT(part("log_anomaly_results.anomalies")->n, 2);
}

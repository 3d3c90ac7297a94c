/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/analyze.c against the demo account and scripted answers.
 */
#include "test.h"

#include "base/timefmt.h"
#include "tool_room.h"

#define CHECKOUT "\"namespace\":\"AWS/ECS\"," \
	"\"metric_name\":\"CPUUtilization\",\"dimensions\":[" \
	"{\"name\":\"ClusterName\",\"value\":\"shop-prod\"}," \
	"{\"name\":\"ServiceName\",\"value\":\"catalog\"}]"

static double
number(const char *path)
{
	double d = -1;

	return json_f64(json_path(room.data, str_from_z(path)), &d) ? d : -1;
}

TEST(the_demo_accounts_load_is_weekly_with_days_in_it)
{
	const struct json *parts;

	CHECK(tool_room_open());
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT "}"));
	CHECK(!room.is_error);
	CHECK_INT(number("seasonality_seconds"), 604800);
	parts = json_path(room.data, S("seasonality.contains_seconds"));
	CHECK(parts != NULL && parts->n == 1);
	CHECK_STR(json_at(parts, 0)->text, S("86400"));
	CHECK_STR(json_get_str(room.data, S("trend"), S("")), S("none"));
	CHECK(number("data_points_found") > 20000);
	CHECK(number("data_quality.publishing_period_seconds") == 60);
	CHECK(number("statistics.mean") > 30);
	CHECK(number("statistics.percentiles.p99") >
	    number("statistics.median"));
	CHECK(number("metric_info.analysis_period_minutes") == 20160);
	CHECK(json_path(room.data, S("trend_test.method")) != NULL);
	CHECK(json_path(room.data, S("seasonality.method")) != NULL);
	CHECK_INT(room.request_n, 1);
	CHECK(tool_room_sent("\"Period\":60"));
}

TEST(defect_2_profile_region_and_statistic_are_honoured)
{
	CHECK(tool_room_open());
	fake_sys_file(&room.fake, "/home/app/.aws/config",
	    "[profile saas]\naws_access_key_id = AKIDEXAMPLE00000DEMO\n"
	    "aws_secret_access_key = x\nregion = eu-west-1\n");
	tool_room_answer("{\"MetricDataResults\":[]}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"profile_name\":\"saas\",\"region\":\"eu-west-1\","
	    "\"statistic\":\"p99.9\"}"));
	CHECK(!room.is_error);
	CHECK_STR(json_get_str(room.data, S("profile_name"), S("")),
	    S("saas"));
	CHECK_STR(json_get_str(room.data, S("region"), S("")),
	    S("eu-west-1"));
	CHECK(tool_room_sent("\"Stat\":\"p99.9\""));
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"profile_name\":\"nowhere\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_says("nowhere"));
	fake_sys_free(&room.fake);
}

TEST(the_period_follows_the_age_of_the_window)
{
	CHECK(tool_room_open());
	tool_room_answer("{}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"start_time\":\"-40d\",\"end_time\":\"-30d\"}"));
	CHECK(tool_room_sent("\"Period\":300"));
	tool_room_answer("{}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"start_time\":\"-90d\",\"period\":60}"));
	CHECK(tool_room_sent("\"Period\":3600"));
	tool_room_answer("{}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"start_time\":\"-1h\",\"period\":5}"));
	CHECK(tool_room_sent("\"Period\":5,"));
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"start_time\":\"-1h\",\"end_time\":\"-2h\"}"));
	CHECK(room.is_error);
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT
	    ",\"statistic\":\"Mean\"}"));
	CHECK(room.is_error);
}

TEST(no_data_is_said_and_only_that)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricDataResults\":[{\"Id\":\"s0\"}]}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT "}"));
	CHECK(!room.is_error);
	CHECK(json_get(room.data, S("data_points_found")) == NULL);
	CHECK(tool_room_says("No metric data"));
	CHECK_INT(json_path(room.data, S("metric_info.dimensions"))->n, 2);
	tool_room_answer("{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1794990000],\"Values\":[1]}]}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT "}"));
	CHECK(tool_room_says("Fewer than two"));
}

TEST(defect_17_odd_points_cost_only_themselves)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1794990060,1794990000,null,1794990120,"
	    "1794990600],\"Values\":[1e308,-1e308,3,\"NaN\",5]}],"
	    "\"NextToken\":\"x\"}");
	tool_room_answer("{\"NextToken\":\"x\"}");
	CHECK(tool_room_call("analyze_metric", "{" CHECKOUT "}"));
	CHECK(!room.is_error);
	CHECK_INT(number("data_points_found"), 3);
	CHECK_INT(number("data_quality.total_points"), 5);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(number("statistics.max") == 1e308);
	CHECK_INT(json_path(room.data, S("data_quality.longest_gaps"))->n, 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contributor Insights as a client gets it.
 */
#include "test.h"
#include "tool_room.h"

#define REPORT "get_insight_rule_report"

static const struct json *
contributor(size_t i)
{
	return json_at(json_get(room.data, S("contributors")), i);
}

TEST(without_a_name_the_rules_are_listed)
{
	const struct json *rules;

	CHECK(tool_room_open());
	CHECK(tool_room_call(REPORT, "{}"));
	rules = json_get(room.data, S("rules"));
	CHECK_INT(rules->n, 4);
	CHECK_STR(json_str(json_path(json_at(rules, 1), S("rule_name"))),
	    S("checkout-errors-by-message"));
	CHECK_STR(json_str(json_at(json_path(json_at(rules, 1),
	    S("definition.Contribution.Keys")), 0)), S("$.msg"));
	CHECK_STR(json_str(json_path(json_at(rules, 3), S("state"))),
	    S("DISABLED"));
}

TEST(a_report_names_the_cause_of_the_errors)
{
	const struct json *top;
	int64_t sum = 0, value;

	CHECK(tool_room_open());
	CHECK(tool_room_call(REPORT, "{\"rule_name\":"
	    "\"checkout-errors-by-message\",\"start_time\":\"-2h\","
	    "\"max_contributors\":1}"));
	CHECK_INT(json_get(room.data, S("contributors"))->n, 1);
	top = contributor(0);
	CHECK_STR(json_str(json_path(json_at(json_get(top, S("keys")), 0),
	    S("name"))), S("$.msg"));
	CHECK(str_starts(json_str(json_path(json_at(json_get(top, S("keys")),
	    0), S("value"))), S("FATAL: remaining connection slots")));
	for (const struct json *d = json_at(json_get(top, S("datapoints")),
	    0); d != NULL; d = d->next) {
		CHECK(json_i64(json_get(d, S("value")), 1, 100000, &value));
		sum += value;
	}
	CHECK_INT(sum, json_get_i64(top, S("value"), 0));
	CHECK_INT(json_get_i64(room.data, S("approximate_unique_count"), 0),
	    2);
	CHECK_INT(json_get_i64(room.data, S("period"), 0), 300);
	CHECK(json_get(json_at(json_get(room.data, S("metric_datapoints")),
	    3), S("unique_contributors")) != NULL);
	CHECK_STR(json_str(json_path(room.data, S("rule.state"))),
	    S("ENABLED"));
}

TEST(a_rule_that_does_not_exist_is_named_and_a_disabled_one_counts_nothing)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(REPORT, "{\"rule_name\":\"none\"}"));
	CHECK(room.is_error && tool_room_says("Rule none does not exist"));
	CHECK(tool_room_call(REPORT, "{\"rule_name\":"
	    "\"payments-declines-by-network\",\"metrics\":[\"SampleCount\"]}"));
	CHECK(!room.is_error && tool_room_says("No contributor"));
	CHECK(tool_room_call(REPORT, "{\"rule_name\":\"x\","
	    "\"start_time\":\"-1h\",\"end_time\":\"-2h\"}"));
	CHECK(room.is_error && tool_room_says("must be before"));
}

TEST(a_report_survives_the_loss_of_its_definition)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"Contributors\":[{\"Keys\":[\"a\",null,7],"
	    "\"ApproximateAggregateValue\":\"NaN\",\"Datapoints\":[{},"
	    "{\"Timestamp\":null,\"ApproximateValue\":1e308}]},null,7],"
	    "\"MetricDatapoints\":[{\"Timestamp\":5,\"Sum\":null,"
	    "\"Maximum\":\"x\"}]}");
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(tool_room_call(REPORT, "{\"rule_name\":\"r\"}"));
	CHECK(!room.is_error);
	CHECK(json_is(json_get(room.data, S("rule_error")), JSON_STRING));
	CHECK_INT(json_get(room.data, S("contributors"))->n, 3);
	CHECK_INT(json_get(contributor(0), S("keys"))->n, 3);
	CHECK(json_is(json_get(contributor(0), S("value")), JSON_NULL));
}

TEST(rules_end_when_the_token_stays)
{
	CHECK(tool_room_open());
	for (int i = 0; i < 2; i++) {
		tool_room_answer("{\"InsightRules\":[{\"Name\":\"a\","
		    "\"Definition\":\"{\"},null],\"NextToken\":\"t\"}");
	}
	CHECK(tool_room_call(REPORT, "{}"));
	CHECK_INT(json_get(room.data, S("rules"))->n, 4);
	CHECK_INT(room.answer_at, 2);
	tool_room_answer("{}");
	CHECK(tool_room_call(REPORT, "{}"));
	CHECK(tool_room_says("no Contributor Insights rules"));
}

TEST(many_contributors_are_cut_between_rows)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call(REPORT, "{\"rule_name\":"
	    "\"checkout-errors-by-version\",\"start_time\":\"-23h\","
	    "\"period\":60,\"max_bytes\":4000}"));
	CHECK(!room.is_error && room.text.len <= 4000);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(contributor(0) != NULL);
}

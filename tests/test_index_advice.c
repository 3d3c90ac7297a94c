/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advice on field indexes: over the demo account's history, and with scripted
 * answers for what it never says.
 */
#include "test.h"

#include "tool_room.h"

#define GROUP "{\"log_group_identifier\":\"/ecs/shop-prod/checkout\"}"
/* 2026-11-18, a few hours before the room's clock. */
#define QUERY(text) "{\"queryString\":\"" text "\",\"logGroupName\":\"g\"," \
	"\"createTime\":1794990000000}"
#define NONE "{}"

static const struct json *
find(const struct json *list, const char *field)
{
	for (const struct json *v = json_at(list, 0); v != NULL; v = v->next) {
		if (str_eq(json_get_str(v, S("field_name"), S("")),
		    str_from_z(field))) {
			return v;
		}
	}
	return NULL;
}

static const struct json *
found(const char *list, const char *field)
{
	return find(json_get(room.data, str_from_z(list)), field);
}

TEST(the_fields_that_queries_filter_by_are_advised)
{
	const struct json *v;

	CHECK(tool_room_open());
	CHECK(tool_room_call("recommend_indexes_loggroup", GROUP));
	CHECK(!room.is_error);
	v = json_at(json_get(room.data, S("recommendations")), 0);
	CHECK_STR(json_get_str(v, S("field_name"), S("")), S("level"));
	CHECK_STR(json_get_str(v, S("action"), S("")), S("CREATE_INDEX"));
	CHECK(json_get_i64(v, S("filter_equality_count"), 0) > 10);
	CHECK(json_path(v, S("score_breakdown.cardinality_score")) != NULL);
	v = found("already_indexed", "orderId");
	CHECK(v != NULL);
	CHECK_STR(json_get_str(v, S("source"), S("")), S("LOG_GROUP"));
	CHECK(found("recommendations", "orderId") == NULL);
	CHECK(found("fields_not_found", "customerTier") != NULL);
	CHECK(found("recommendations", "traceId") == NULL);
	CHECK_INT(json_get_i64(room.data, S("time_range_days"), 0), 30);
	CHECK(json_get_i64(room.data, S("queries_analyzed"), 0) > 90);
	CHECK_INT(json_get_i64(room.data, S("unique_queries"), 0), 6);
	CHECK(tool_room_says("fields_not_found were looked for in the last"));
}

TEST(defect_20_a_field_of_rare_events_is_found)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("recommend_indexes_loggroup", GROUP));
	CHECK(!room.is_error);
	/* Only in the events of the incident, hours ago. */
	CHECK(found("recommendations", "sqlState") != NULL);
	CHECK(found("fields_not_found", "sqlState") == NULL);
}

TEST(an_arn_is_asked_about_as_it_was_given)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("recommend_indexes_loggroup",
	    "{\"log_group_identifier\":\"arn:aws:logs:us-east-1:111122223333:"
	    "log-group:/ecs/shop-prod/checkout:*\"}"));
	CHECK(!room.is_error);
	CHECK(tool_room_sent("\"logGroupName\":\"/ecs/shop-prod/checkout\""));
	CHECK(tool_room_sent("\"logGroupIdentifiers\":[\"arn:aws:logs:us-east"
	    "-1:111122223333:log-group:/ecs/shop-prod/checkout\"]"));
	CHECK_STR(json_get_str(room.data, S("log_group"), S("")),
	    S("/ecs/shop-prod/checkout"));
}

TEST(a_group_that_nobody_queries_has_no_advice)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("recommend_indexes_loggroup",
	    "{\"log_group_identifier\":\"/aws/codebuild/checkout-build\"}"));
	CHECK(!room.is_error);
	CHECK(json_at(json_get(room.data, S("recommendations")), 0) == NULL);
	CHECK(tool_room_says("No query of this log group"));
	CHECK(!tool_room_sent("queryString"));
}

TEST(each_question_that_fails_is_a_warning)
{
	static const char DENIED[] = "!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}";

	CHECK(tool_room_open());
	tool_room_answer("{\"queries\":[" QUERY("filter a = 1") "]}");
	for (unsigned i = 0; i < 6; i++) {
		tool_room_answer(DENIED);
	}
	CHECK(tool_room_call("recommend_indexes_loggroup",
	    "{\"log_group_identifier\":\"g\"}"));
	CHECK(!room.is_error);
	CHECK(found("recommendations", "a") != NULL);
	CHECK(json_path(json_at(json_get(room.data, S("recommendations")), 0),
	    S("score_breakdown"))->n == 5);
	CHECK(tool_room_says("index policies of log groups are not known"));
	CHECK(tool_room_says("the group's fields are not known"));
	CHECK(tool_room_says("the group's size is not known"));
	CHECK(tool_room_says("the values of fields were not counted"));
	CHECK(tool_room_says("\"cardinality_score\":null"));
}

TEST(odd_answers_are_survived)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"queries\":[null,7,{},{\"queryString\":7},"
	    "{\"queryString\":\"filter a = 1\",\"createTime\":\"x\"},"
	    QUERY("filter a = 1") "," QUERY("filter not ((((") "],"
	    "\"nextToken\":\"t\"}");
	tool_room_answer("{\"queries\":[],\"nextToken\":\"t\"}");
	tool_room_answer("{\"indexPolicies\":[null,{\"policyDocument\":"
	    "\"{oops\"},{\"policyDocument\":\"{\\\"Fields\\\":[7,null],"
	    "\\\"FieldsV2\\\":[]}\"}]}");
	tool_room_answer("{\"fieldIndexes\":{\"a\":1}}");
	tool_room_answer("{\"logGroupFields\":[{\"name\":null},7,"
	    "{\"name\":\"a\"}]}");
	tool_room_answer("{\"logGroups\":[null,{\"logGroupName\":\"g\","
	    "\"storedBytes\":1e308,\"creationTime\":-5}]}");
	tool_room_answer("{\"queryId\":\"q\"}");
	tool_room_answer("{\"status\":\"Complete\",\"results\":[[{\"field\":"
	    "\"n0\",\"value\":\"1e308\"}]]}");
	CHECK(tool_room_call("recommend_indexes_loggroup",
	    "{\"log_group_identifier\":\"g\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get_i64(room.data, S("queries_analyzed"), 0), 2);
	CHECK(found("recommendations", "a") != NULL);
	CHECK(tool_room_says("\"cardinality_score\":1,") ||
	    tool_room_says("\"cardinality_score\":1}"));
}

TEST(a_policy_that_was_taken_back_is_no_index)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"queries\":[" QUERY("filter a = 1 and b = 2")
	    "]}");
	tool_room_answer(NONE);
	tool_room_answer("{\"fieldIndexes\":[{\"fieldIndexName\":\"a\","
	    "\"category\":\"INACTIVE\"},{\"fieldIndexName\":\"b\","
	    "\"source\":\"ACCOUNT\"}]}");
	CHECK(tool_room_call("recommend_indexes_loggroup",
	    "{\"log_group_identifier\":\"g\"}"));
	CHECK(!room.is_error);
	CHECK(found("recommendations", "a") != NULL);
	CHECK_STR(json_get_str(found("already_indexed", "b"), S("source"),
	    S("")), S("ACCOUNT"));
}

TEST(an_account_has_its_groups_ranked)
{
	const struct json *list, *v;
	double before = 2;

	CHECK(tool_room_open());
	CHECK(tool_room_call("recommend_indexes_account", "{}"));
	CHECK(!room.is_error);
	list = json_get(room.data, S("log_group_results"));
	CHECK(json_is(list, JSON_ARRAY) && list->n >= 5);
	CHECK_INT(json_get_i64(room.data, S("total_log_groups_analyzed"), 0),
	    list->n);
	CHECK(json_get_i64(room.data, S("total_queries_analyzed"), 0) > 100);
	for (v = list->child; v != NULL; v = v->next) {
		const struct json *best = json_at(json_get(v,
		    S("recommendations")), 0);
		double score = -1;

		CHECK(best == NULL || json_f64(json_get(best, S("score")),
		    &score));
		CHECK(score <= before);
		before = score;
		CHECK(find(json_get(v, S("recommendations")),
		    "orderId") == NULL);
	}
	CHECK(!tool_room_sent("StartQuery") &&
	    !tool_room_sent("\"queryString\""));
}

TEST(an_account_says_when_there_were_more_queries)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("recommend_indexes_account",
	    "{\"max_queries\":20}"));
	CHECK(!room.is_error);
	CHECK(tool_room_says("more queries than max_queries"));
	CHECK(tool_room_call("recommend_indexes_account",
	    "{\"max_queries\":0}"));
	CHECK(!room.is_error);
	CHECK(!tool_room_says("more queries than max_queries"));
}

TEST(a_history_that_ends_in_an_error_is_used_as_far_as_it_goes)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"queries\":[" QUERY("filter a = 1")
	    "],\"nextToken\":\"t\"}");
	tool_room_answer("!{\"__type\":\"InvalidParameterException\","
	    "\"message\":\"the token is old\"}");
	tool_room_answer(NONE);
	tool_room_answer(NONE);
	CHECK(tool_room_call("recommend_indexes_account", "{}"));
	CHECK(!room.is_error);
	CHECK(tool_room_says("only the newest queries could be read"));
	CHECK_INT(json_get(room.data, S("log_group_results"))->n, 1);
}

TEST(a_policy_for_other_groups_indexes_nothing_here)
{
	CHECK(tool_room_open());
	tool_room_answer("{\"queries\":[" QUERY("filter a = 1 and b = 2")
	    "]}");
	tool_room_answer("{\"accountPolicies\":[{\"policyDocument\":"
	    "\"{\\\"Fields\\\":[\\\"a\\\"]}\",\"selectionCriteria\":"
	    "\"LogGroupNamePrefix IN [\\\"/x\\\"]\"},{\"policyDocument\":"
	    "\"{\\\"Fields\\\":[\\\"b\\\"]}\"}]}");
	tool_room_answer(NONE);
	CHECK(tool_room_call("recommend_indexes_account", "{}"));
	CHECK(!room.is_error);
	CHECK(find(json_get(json_at(json_get(room.data,
	    S("log_group_results")), 0), S("recommendations")), "a") != NULL);
	CHECK(find(json_get(json_at(json_get(room.data,
	    S("log_group_results")), 0), S("already_indexed")), "b") != NULL);
}

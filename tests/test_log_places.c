/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From dimensions to names of log groups.
 */
#include "test.h"
#include "tools/log_places.h"

static struct arena arena;
static struct log_place places[16];

/* The places of a namespace with dimensions as AWS writes them. */
static size_t
of(const char *namespace, const char *dimensions)
{
	struct json *v = NULL;

	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	if (json_parse(&arena, str_from_z(dimensions), 0, &v, NULL) !=
	    ERR_OK) {
		v = NULL;
	}
	return log_places(&arena, str_from_z(namespace), v, places, 16);
}

static bool
is(size_t i, enum log_place_kind kind, const char *text)
{
	return places[i].kind == kind &&
	    str_eq(places[i].text, str_from_z(text));
}

TEST(services_that_name_their_groups_are_known)
{
	CHECK(of("AWS/Lambda", "[{\"Name\":\"FunctionName\",\"Value\":\"fn1\"},"
	    "{\"Name\":\"Resource\",\"Value\":\"fn1:PROD\"}]") >= 1);
	CHECK(is(0, LOG_PLACE_EXACT, "/aws/lambda/fn1"));
	CHECK_STR(places[0].dimension, S("FunctionName"));
	CHECK(of("AWS/RDS", "[{\"Name\":\"DBInstanceIdentifier\",\"Value\":"
	    "\"db\"}]") == 1);
	CHECK(is(0, LOG_PLACE_PREFIX, "/aws/rds/instance/db/"));
	CHECK(of("ContainerInsights", "[{\"Name\":\"ClusterName\",\"Value\":"
	    "\"platform\"}]") == 6);
	CHECK(is(0, LOG_PLACE_EXACT,
	    "/aws/containerinsights/platform/application"));
	CHECK(is(4, LOG_PLACE_EXACT, "/aws/eks/platform/cluster"));
	CHECK(of("AWS/ECS", "[{\"Name\":\"ServiceName\",\"Value\":\"web\"},"
	    "{\"Name\":\"ClusterName\",\"Value\":\"prod\"}]") >= 4);
	CHECK(is(0, LOG_PLACE_PREFIX, "/ecs/prod/web"));
	CHECK(of("AWS/States", "[{\"Name\":\"StateMachineArn\",\"Value\":"
	    "\"arn:aws:states:us-east-1:1:stateMachine:ship\"}]") == 3);
	CHECK(is(0, LOG_PLACE_PREFIX, "/aws/vendedlogs/states/ship"));
	CHECK(of("AWS/ApiGateway", "[{\"Name\":\"ApiId\",\"Value\":\"ab12\"},"
	    "{\"Name\":\"Stage\",\"Value\":\"prod\"}]") >= 2);
	CHECK(is(0, LOG_PLACE_EXACT,
	    "API-Gateway-Execution-Logs_ab12/prod"));
}

TEST(a_place_whose_dimension_is_missing_is_left_out)
{
	CHECK_INT(of("AWS/Lambda", "[]"), 0);
	CHECK_INT(of("AWS/Lambda", "null"), 0);
	CHECK_INT(of("AWS/ECS", "[{\"Name\":\"ClusterName\",\"Value\":"
	    "\"prod\"}]"), 2);
	CHECK(is(0, LOG_PLACE_EXACT,
	    "/aws/ecs/containerinsights/prod/performance"));
	CHECK_INT(of("AWS/Lambda", "[{},7,null,{\"Name\":\"FunctionName\"},"
	    "{\"Name\":\"FunctionName\",\"Value\":null}]"), 0);
}

TEST(names_within_load_balancers_and_queues_are_words)
{
	CHECK_INT(of("AWS/ApplicationELB", "[{\"Name\":\"TargetGroup\","
	    "\"Value\":\"targetgroup/checkout/73e2d6bc24d8a067\"},"
	    "{\"Name\":\"LoadBalancer\",\"Value\":\"app/shop/50dc\"}]"), 2);
	CHECK(is(0, LOG_PLACE_SEGMENT, "checkout"));
	CHECK_INT(of("AWS/SQS", "[{\"Name\":\"QueueName\",\"Value\":"
	    "\"orders-retry\"}]"), 1);
	CHECK(log_places_match(&places[0], S("/aws/lambda/orders-retry")));
	CHECK(!log_places_match(&places[0], S("/aws/lambda/orders-retry2")));
	/* An identifier is no name, and a short word is found everywhere. */
	CHECK_INT(of("X", "[{\"Name\":\"A\",\"Value\":\"deadbeef01\"},"
	    "{\"Name\":\"B\",\"Value\":\"eu\"}]"), 0);
	CHECK_INT(of("Shop/Checkout", "[{\"Name\":\"Environment\",\"Value\":"
	    "\"live\"}]"), 3);
	CHECK(is(1, LOG_PLACE_SEGMENT, "Checkout"));
	CHECK(log_places_match(&places[1], S("/ecs/prod/checkout")));
}

TEST(there_are_never_more_places_than_fit)
{
	struct json *v;

	CHECK(of("ContainerInsights", "[{\"Name\":\"ClusterName\",\"Value\":"
	    "\"platform\"}]") > 2);
	CHECK(json_parse(&arena, S("[{\"Name\":\"ClusterName\",\"Value\":"
	    "\"platform\"}]"), 0, &v, NULL) == ERR_OK);
	CHECK_INT(log_places(&arena, S("ContainerInsights"), v, places, 2),
	    2);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights over the demo account: the life of a query, and whether the
 * story can be found with the queries that people write.
 */
#include "demo_ask.h"
#include "demo/demo_query.h"
#include "test.h"

/* The window from two hours before FAKE_NOW_MS to it, in seconds. */
#define WINDOW "\"startTime\":1795168800,\"endTime\":1795176000"

static char query_id[64];

/* Starts a query on a group and keeps its id. */
static bool
start(struct demo_ask *q, const char *group, const char *text)
{
	char body[2048];
	struct str id;

	snprintf(body, sizeof(body), "{\"logGroupNames\":[\"%s\"]," WINDOW
	    ",\"queryString\":\"%s\"}", group, text);
	(void)demo_ask_call(q, true, "StartQuery", body);
	id = json_get_str(q->json, S("queryId"), S(""));
	snprintf(query_id, sizeof(query_id), "%.*s", STR_ARG(id));
	return q->reply.status == 200 && id.len == 36;
}

static const struct json *
ask_id(struct demo_ask *q, const char *operation)
{
	char body[128];

	snprintf(body, sizeof(body), "{\"queryId\":\"%s\"}", query_id);
	return demo_ask_call(q, true, operation, body);
}

/* Runs a query to its end. */
static const struct json *
run(struct demo_ask *q, const char *group, const char *text)
{
	if (!start(q, group, text)) {
		return NULL;
	}
	q->sys.now_ms += 1000;
	return ask_id(q, "GetQueryResults");
}

/* A cell of the answer. */
static struct str
cell(const struct json *v, size_t row, const char *field)
{
	const struct json *c = json_at(json_get(v, S("results")), row);

	for (c = c == NULL ? NULL : c->child; c != NULL; c = c->next) {
		if (str_eq(json_get_str(c, S("field"), S("")),
		    str_from_z(field))) {
			return json_get_str(c, S("value"), S(""));
		}
	}
	return STR_NONE;
}

TEST(a_query_is_scheduled_then_running_then_complete)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	CHECK(start(&q, "/ecs/shop-prod/checkout", "fields @message"));
	v = ask_id(&q, "GetQueryResults");
	CHECK_STR(json_get_str(v, S("status"), S("")), S("Scheduled"));
	q.sys.now_ms += DEMO_QUERY_SCHEDULED_MS;
	v = ask_id(&q, "GetQueryResults");
	CHECK_STR(json_get_str(v, S("status"), S("")), S("Running"));
	q.sys.now_ms += DEMO_QUERY_RUNNING_MS;
	v = ask_id(&q, "GetQueryResults");
	CHECK_STR(json_get_str(v, S("status"), S("")), S("Complete"));
	CHECK(json_get(v, S("results"))->n > 1000);
	CHECK(json_path(v, S("statistics.bytesScanned")) != NULL);
	CHECK(cell(v, 0, "@ptr").len > 10);
	demo_ask_free(&q);
}

TEST(a_stopped_query_is_cancelled_and_a_finished_one_cannot_be_stopped)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	CHECK(start(&q, "/ecs/shop-prod/checkout", "fields @message"));
	v = ask_id(&q, "StopQuery");
	CHECK(json_get_bool(v, S("success"), false));
	q.sys.now_ms += 5000;
	v = ask_id(&q, "GetQueryResults");
	CHECK_STR(json_get_str(v, S("status"), S("")), S("Cancelled"));
	(void)ask_id(&q, "StopQuery");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	v = demo_ask_call(&q, true, "DescribeQueries",
	    "{\"status\":\"Cancelled\"}");
	CHECK_INT(json_get(v, S("queries"))->n, 1);
	demo_ask_free(&q);
}

TEST(the_connection_refusals_of_checkout_are_found)
{
	struct demo_ask q;
	const struct json *v;
	uint64_t n;

	demo_ask_init(&q);
	v = run(&q, "/ecs/shop-prod/checkout", "filter level = 'ERROR' "
	    "| stats count(*) as errors by msg | sort errors desc | limit 1");
	CHECK(v != NULL);
	CHECK(str_starts(cell(v, 0, "msg"),
	    S("FATAL: remaining connection slots")));
	CHECK(str_u64(cell(v, 0, "errors"), 100000, &n) && n > 100);
	v = run(&q, "/ecs/shop-prod/checkout", "stats pct(durationMs, 99) as "
	    "p99 by bin(10m) as t | sort t desc");
	CHECK(str_u64(cell(v, 0, "p99"), 10000, &n) && n > 5000);
	CHECK(str_u64(cell(v, 9, "p99"), 10000, &n) && n < 1000);
	demo_ask_free(&q);
}

TEST(the_killed_pod_is_found)
{
	struct demo_ask q;
	const struct json *v;
	uint64_t n;

	demo_ask_init(&q);
	v = run(&q, "/aws/containerinsights/platform/performance",
	    "filter Type='Container' and container_last_termination_reason="
	    "'OOMKilled' | stats count(*) as kills by "
	    "kubernetes.namespace_name, kubernetes.pod_name");
	CHECK_STR(cell(v, 0, "kubernetes.pod_name"),
	    S("recommender-7c9f8d6b5-x2x4q"));
	CHECK(str_u64(cell(v, 0, "kills"), 10, &n) && n >= 4);
	v = run(&q, "/aws/containerinsights/platform/performance",
	    "filter Type='Pod' | stats max(number_of_container_restarts)-"
	    "min(number_of_container_restarts) as restarts by PodName "
	    "| sort restarts desc | limit 1");
	CHECK_STR(cell(v, 0, "PodName"), S("recommender"));
	demo_ask_free(&q);
}

TEST(source_chooses_groups_by_prefix)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, true, "StartQuery", "{" WINDOW
	    ",\"queryString\":\"SOURCE logGroups(namePrefix: ['/aws/lambda/"
	    "']) | stats count(*) by @log\"}");
	CHECK_INT(q.reply.status, 200);
	snprintf(query_id, sizeof(query_id), "%.*s",
	    STR_ARG(json_get_str(v, S("queryId"), S(""))));
	q.sys.now_ms += 1000;
	v = ask_id(&q, "GetQueryResults");
	CHECK_INT(json_get(v, S("results"))->n, 2);
	demo_ask_free(&q);
}

TEST(malformed_queries_name_the_place)
{
	struct demo_ask q;
	const struct json *v;
	int64_t at;

	demo_ask_init(&q);
	CHECK(!start(&q, "/ecs/shop-prod/checkout", "fields a | explode b"));
	CHECK_INT(q.reply.status, 400);
	CHECK_STR(demo_ask_error(&q), S("MalformedQueryException"));
	v = json_path(q.json, S("queryCompileError.location.startCharOffset"));
	CHECK(json_i64(v, 0, 100, &at) && at == 11);
	v = json_path(q.json, S("queryCompileError.location.endCharOffset"));
	CHECK(json_i64(v, 0, 100, &at) && at == 18);
	CHECK_STR(json_get_str(q.json, S("message"), S("")), S("unexpected "
	    "symbol found explode at line 1 and position 12"));
	demo_ask_free(&q);
}

TEST(unknown_groups_queries_and_wrong_arguments_are_refused)
{
	struct demo_ask q;

	demo_ask_init(&q);
	CHECK(!start(&q, "/nope", "fields a"));
	CHECK_STR(demo_ask_error(&q), S("ResourceNotFoundException"));
	snprintf(query_id, sizeof(query_id), "00000000-0000");
	(void)ask_id(&q, "GetQueryResults");
	CHECK_STR(demo_ask_error(&q), S("ResourceNotFoundException"));
	(void)demo_ask_call(&q, true, "StartQuery", "{" WINDOW
	    ",\"queryString\":\"fields a\"}");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	(void)demo_ask_call(&q, true, "StartQuery", "{\"startTime\":5,"
	    "\"endTime\":4,\"queryString\":\"fields a\"}");
	CHECK_STR(demo_ask_error(&q), S("InvalidParameterException"));
	demo_ask_free(&q);
}

TEST(every_saved_query_can_be_run)
{
	struct demo_ask q;
	const struct json *v, *d;
	char text[10][600], group[10][100];
	size_t n = 0;

	demo_ask_init(&q);
	v = demo_ask_call(&q, true, "DescribeQueryDefinitions", "{}");
	for (d = json_get(v, S("queryDefinitions"))->child; d != NULL && n < 10;
	    d = d->next, n++) {
		struct str s = json_get_str(d, S("queryString"), S(""));
		struct str g = json_str(json_at(json_get(d,
		    S("logGroupNames")), 0));

		snprintf(text[n], sizeof(text[n]), "%.*s", STR_ARG(s));
		snprintf(group[n], sizeof(group[n]), "%.*s", (int)g.len,
		    g.p == NULL ? "" : g.p);
		for (size_t i = 0; text[n][i] != 0; i++) {
			text[n][i] = text[n][i] == '\n' ? ' ' : text[n][i];
		}
	}
	CHECK(n >= 5);
	for (size_t i = 0; i < n; i++) {
		if (group[i][0] == 0) {
			continue;
		}
		v = run(&q, group[i], text[i]);
		CHECK(v != NULL);
		CHECK_STR(json_get_str(v, S("status"), S("")), S("Complete"));
		CHECK(json_get(v, S("results"))->n > 0);
	}
	demo_ask_free(&q);
}

TEST(only_the_newest_queries_are_remembered)
{
	struct demo_ask q;
	char first[64];

	demo_ask_init(&q);
	CHECK(start(&q, "/shop/audit", "fields a"));
	memcpy(first, query_id, sizeof(first));
	for (size_t i = 0; i < DEMO_QUERY_MAX_N; i++) {
		CHECK(start(&q, "/shop/audit", "fields a"));
	}
	memcpy(query_id, first, sizeof(first));
	(void)ask_id(&q, "GetQueryResults");
	CHECK_STR(demo_ask_error(&q), S("ResourceNotFoundException"));
	demo_ask_free(&q);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ListMetrics, GetMetricData with metric math and Metrics Insights, and
 * GetMetricStatistics of the demo account.
 */
#include "demo_ask.h"
#include "test.h"

#define WINDOW "\"StartTime\":1795172400,\"EndTime\":1795176000"
#define CONNECTIONS(id, stat) \
	"{\"Id\":\"" id "\",\"MetricStat\":{\"Metric\":{" \
	"\"Namespace\":\"AWS/RDS\",\"MetricName\":\"DatabaseConnections\"," \
	"\"Dimensions\":[{\"Name\":\"DBInstanceIdentifier\",\"Value\":" \
	"\"checkout-db\"}]},\"Period\":300,\"Stat\":\"" stat "\"}}"

static const struct json *
data(struct demo_ask *q, const char *queries, const char *more)
{
	char body[4096];

	snprintf(body, sizeof(body), "{" WINDOW "%s,\"MetricDataQueries\":[%s]"
	    "}", more, queries);
	return json_get(demo_ask_call(q, false, "GetMetricData", body),
	    S("MetricDataResults"));
}

/* Value number i of result number k. */
static double
value(const struct json *results, size_t k, size_t i)
{
	double v = -1;

	return json_f64(json_at(json_get(json_at(results, k), S("Values")), i),
	    &v) ? v : -1;
}

TEST(metrics_are_listed_by_namespace_name_and_dimension)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, false, "ListMetrics", "{}");
	CHECK(json_get(v, S("Metrics"))->n >= 60);
	CHECK(json_get(v, S("NextToken")) == NULL);
	v = demo_ask_call(&q, false, "ListMetrics", "{\"Dimensions\":[{"
	    "\"Name\":\"DBInstanceIdentifier\",\"Value\":\"catalog-db\"}]}");
	CHECK_INT(json_get(v, S("Metrics"))->n, 4);
	v = demo_ask_call(&q, false, "ListMetrics", "{\"Dimensions\":[{"
	    "\"Name\":\"QueueName\"}],\"Namespace\":\"AWS/SQS\"}");
	CHECK(json_get(v, S("Metrics"))->n >= 4);
	v = demo_ask_call(&q, false, "ListMetrics",
	    "{\"MetricName\":\"Nope\"}");
	CHECK_INT(json_get(v, S("Metrics"))->n, 0);
	(void)demo_ask_call(&q, false, "ListMetrics",
	    "{\"RecentlyActive\":\"PT9H\"}");
	CHECK_INT(q.reply.status, 400);
	demo_ask_free(&q);
}

TEST(data_comes_newest_first_unless_asked_otherwise)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = data(&q, CONNECTIONS("m1", "Maximum"), "");
	CHECK_INT(json_get(json_at(v, 0), S("Values"))->n, 12);
	CHECK(value(v, 0, 0) > 190);
	CHECK(value(v, 0, 11) < 150);
	CHECK_STR(json_get_str(json_at(v, 0), S("StatusCode"), S("")),
	    S("Complete"));
	v = data(&q, CONNECTIONS("m1", "Maximum"),
	    ",\"ScanBy\":\"TimestampAscending\"");
	CHECK(value(v, 0, 0) < 150 && value(v, 0, 11) > 190);
	demo_ask_free(&q);
}

TEST(metric_math_works_on_earlier_and_later_ids)
{
	struct demo_ask q;
	const struct json *v;
	double m;

	demo_ask_init(&q);
	v = data(&q, "{\"Id\":\"e1\",\"Expression\":\"e2 * 2 + 1\"},"
	    "{\"Id\":\"e2\",\"Expression\":\"-(m1 - 200) / 2\"},"
	    CONNECTIONS("m1", "Maximum"), "");
	m = value(v, 2, 0);
	CHECK(m > 190);
	CHECK(value(v, 1, 0) * 2 > 200 - m - 0.001 &&
	    value(v, 1, 0) * 2 < 200 - m + 0.001);
	CHECK(value(v, 0, 0) > 201 - m - 0.001 && value(v, 0, 0) <
	    201 - m + 0.001);
	v = data(&q, CONNECTIONS("m1", "Maximum") "," CONNECTIONS("m2",
	    "Minimum") ",{\"Id\":\"e1\",\"Expression\":\"SUM(METRICS())\"},"
	    "{\"Id\":\"e2\",\"Expression\":\"MAX(m1)\"},"
	    "{\"Id\":\"e3\",\"Expression\":\"IF(m1 > 150, 1, 0)\"},"
	    "{\"Id\":\"e4\",\"Expression\":\"m1 / 0\"},"
	    "{\"Id\":\"e5\",\"Expression\":\"FILL(m1 / 0, 7)\"},"
	    "{\"Id\":\"e6\",\"Expression\":\"PERIOD(m1)\"},"
	    "{\"Id\":\"e7\",\"Expression\":\"ANOMALY_DETECTION_BAND(m1, 2)\"}",
	    "");
	CHECK_INT((int)(value(v, 2, 3) + 0.5), (int)(value(v, 0, 3) +
	    value(v, 1, 3) + 0.5));
	CHECK(value(v, 3, 5) >= value(v, 0, 0));
	CHECK_INT((int)value(v, 4, 0), 1);
	CHECK_INT((int)value(v, 4, 11), 0);
	CHECK_INT(json_get(json_at(v, 5), S("Values"))->n, 0);
	CHECK_INT((int)value(v, 6, 0), 7);
	CHECK_INT((int)value(v, 7, 0), 300);
	CHECK(value(v, 8, 0) < value(v, 9, 0));
	CHECK(value(v, 9, 0) < value(v, 0, 0));
	demo_ask_free(&q);
}

#define REFUSED(queries) do { \
	(void)data(&q, queries, ""); \
	CHECK_INT(q.reply.status, 400); \
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"), \
	    S("ValidationError;Sender")); \
} while (0)

TEST(bad_queries_are_refused_with_the_services_code)
{
	struct demo_ask q;

	demo_ask_init(&q);
	REFUSED("");
	REFUSED("{\"Id\":\"M1\",\"Expression\":\"1\",\"Period\":60}");
	REFUSED(CONNECTIONS("m1", "Mean"));
	REFUSED(CONNECTIONS("m1", "Sum") "," CONNECTIONS("m1", "Sum"));
	REFUSED(CONNECTIONS("m1", "Sum") ",{\"Id\":\"e\",\"Expression\":"
	    "\"nope + 1\"}");
	REFUSED(CONNECTIONS("m1", "Sum") ",{\"Id\":\"e\",\"Expression\":"
	    "\"SEARCH('x', 'Sum', 60)\"}");
	REFUSED(CONNECTIONS("m1", "Sum") ",{\"Id\":\"e\",\"Expression\":"
	    "\"f + m1\"},{\"Id\":\"f\",\"Expression\":\"e + m1\"}");
	REFUSED(CONNECTIONS("m1", "Sum") ",{\"Id\":\"e\",\"Expression\":"
	    "\"((((((((((((((((((1))))))))))))))))))\"}");
	REFUSED(CONNECTIONS("m1", "Sum") ",{\"Id\":\"e\",\"Expression\":"
	    "\"m1 +\"}");
	REFUSED(CONNECTIONS("m1", "Sum") ",{\"Id\":\"e\",\"Expression\":"
	    "\"m1 * 2\",\"Period\":60}");
	demo_ask_free(&q);
}

#define SELECT(text) "{\"Id\":\"s\",\"Expression\":\"" text "\",\"Period\":300}"

TEST(metrics_insights_groups_filters_orders_and_limits)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = data(&q, SELECT("SELECT AVG(CPUUtilization) FROM SCHEMA("
	    "\\\"AWS/ECS\\\", ClusterName, ServiceName) GROUP BY ServiceName "
	    "ORDER BY AVG() DESC LIMIT 2"), "");
	CHECK_INT(v->n, 2);
	CHECK_STR(json_get_str(json_at(v, 0), S("Label"), S("")),
	    S("catalog"));
	CHECK_STR(json_get_str(json_at(v, 1), S("Id"), S("")), S("s"));
	v = data(&q, SELECT("SELECT MAX(DatabaseConnections) FROM "
	    "\\\"AWS/RDS\\\" WHERE DBInstanceIdentifier = 'catalog-db'"), "");
	CHECK_INT(v->n, 1);
	CHECK(value(v, 0, 0) < 120);
	v = data(&q, SELECT("SELECT SUM(Nope) FROM \\\"AWS/RDS\\\""), "");
	CHECK_INT(q.reply.status, 200);
	CHECK_INT(v->n, 0);
	REFUSED(SELECT("SELECT NOPE(x) FROM \\\"AWS/RDS\\\""));
	REFUSED(SELECT("SELECT SUM(x) FROM \\\"AWS/RDS\\\" WHERE"));
	REFUSED(SELECT("SELECT SUM(x) FROM \\\"AWS/RDS\\\"") ",{\"Id\":\"t\","
	    "\"Expression\":\"SELECT SUM(x) FROM y\",\"Period\":60}");
	demo_ask_free(&q);
}

TEST(pages_of_datapoints_put_together_are_all_of_them)
{
	struct demo_ask q;
	const struct json *v;
	char more[128] = ",\"MaxDatapoints\":7";
	size_t n = 0, pages = 0;

	demo_ask_init(&q);
	do {
		struct str token;

		v = data(&q, CONNECTIONS("m1", "Sum") ","
		    CONNECTIONS("m2", "Average"), more);
		CHECK_INT(q.reply.status, 200);
		for (v = v->child; v != NULL; v = v->next) {
			n += json_get(v, S("Values"))->n;
			CHECK(json_get(v, S("Values"))->n <= 7);
		}
		token = json_get_str(q.json, S("NextToken"), S(""));
		snprintf(more, sizeof(more), ",\"MaxDatapoints\":7,"
		    "\"NextToken\":\"%.*s\"", STR_ARG(token));
		pages++;
		if (token.len == 0) {
			break;
		}
	} while (pages < 20);
	CHECK_INT(n, 24);
	CHECK_INT(pages, 4);
	demo_ask_free(&q);
}

TEST(statistics_are_answered_for_one_metric)
{
	struct demo_ask q;
	const struct json *v;

	demo_ask_init(&q);
	v = demo_ask_call(&q, false, "GetMetricStatistics", "{" WINDOW
	    ",\"Namespace\":\"AWS/Lambda\",\"MetricName\":\"Throttles\","
	    "\"Dimensions\":[{\"Name\":\"FunctionName\",\"Value\":"
	    "\"orders-retry\"}],\"Period\":300,\"Statistics\":[\"Sum\"],"
	    "\"ExtendedStatistics\":[\"p90\"]}");
	CHECK_INT(q.reply.status, 200);
	v = json_get(v, S("Datapoints"));
	CHECK(v->n >= 5);
	CHECK(json_path(json_at(v, 0), S("ExtendedStatistics.p90")) != NULL);
	(void)demo_ask_call(&q, false, "GetMetricStatistics", "{"
	    "\"StartTime\":1795000000,\"EndTime\":1795176000,"
	    "\"Namespace\":\"A\",\"MetricName\":\"B\",\"Period\":60,"
	    "\"Statistics\":[\"Sum\"]}");
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"),
	    S("InvalidParameterCombination;Sender"));
	demo_ask_free(&q);
}

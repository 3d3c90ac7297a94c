/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Automatic period, statistic names, Metrics Insights text.
 */
#include "test.h"

#include "tools/metric_query.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define NOW ((int64_t)1755000000 * 1000)

static int64_t
period(int64_t hours, int64_t target)
{
	return metric_query_period(NOW - hours * HOUR_MS, NOW, NOW, target);
}

TEST(the_period_gives_about_the_wanted_number_of_points)
{
	CHECK_INT(period(3, 60), 180);
	CHECK_INT(metric_query_period(NOW - 37800 * 1000, NOW, NOW, 60), 660);
	CHECK_INT(period(24, 60), 1440);
	CHECK_INT(period(7 * 24, 60), 10080);
	CHECK_INT(period(14 * 24, 20160), 60);
	CHECK_INT(metric_query_period(NOW - 3601 * 1000, NOW, NOW, 1), 3660);
}

TEST(the_period_is_never_below_a_minute)
{
	CHECK_INT(metric_query_period(NOW, NOW - HOUR_MS, NOW, 60), 60);
	CHECK_INT(period(1, 100000), 60);
	CHECK_INT(period(1, 0), 3600);
}

TEST(old_data_is_asked_for_in_the_steps_that_cloudwatch_keeps)
{
	int64_t start = NOW - 20 * 24 * HOUR_MS;

	CHECK_INT(metric_query_period(start, start + HOUR_MS, NOW, 60), 300);
	CHECK_INT(metric_query_period(start, start + 7 * HOUR_MS, NOW, 60),
	    600);
	start = NOW - 100 * 24 * HOUR_MS;
	CHECK_INT(metric_query_period(start, start + HOUR_MS, NOW, 60), 3600);
}

TEST(short_statistic_names_become_cloudwatchs)
{
	CHECK_STR(metric_query_statistic(S("AVG")), S("Average"));
	CHECK_STR(metric_query_statistic(S("count")), S("SampleCount"));
	CHECK_STR(metric_query_statistic(S("Maximum")), S("Maximum"));
	CHECK_STR(metric_query_statistic(S("p99.9")), S("p99.9"));
}

TEST(statistics_that_cloudwatch_knows_are_accepted)
{
	CHECK(metric_query_statistic_ok(S("Sum")));
	CHECK(metric_query_statistic_ok(S("p0")));
	CHECK(metric_query_statistic_ok(S("p99.95")));
	CHECK(metric_query_statistic_ok(S("p100")));
	CHECK(metric_query_statistic_ok(S("tm90")));
	CHECK(metric_query_statistic_ok(S("TM(10%:90%)")));
	CHECK(metric_query_statistic_ok(S("PR(:300)")));
	CHECK(metric_query_statistic_ok(S("IQM")));
}

TEST(statistics_that_cloudwatch_does_not_know_are_refused)
{
	CHECK(!metric_query_statistic_ok(S("")));
	CHECK(!metric_query_statistic_ok(S("p")));
	CHECK(!metric_query_statistic_ok(S("p101")));
	CHECK(!metric_query_statistic_ok(S("p9x")));
	CHECK(!metric_query_statistic_ok(S("median")));
	CHECK(!metric_query_statistic_ok(S("TM()")));
	CHECK(!metric_query_statistic_ok(S("PR(:)")));
	CHECK(!metric_query_statistic_ok(S("PR(1:a)")));
}

static struct arena arena;
static struct fail fail;

static const struct json *
parse(const char *text)
{
	struct json *v;

	if (text == NULL || json_parse(&arena, str_from_z(text), 0, &v, NULL)
	    != ERR_OK) {
		return NULL;
	}
	return v;
}

/* The text of a query over AWS/EC2 CPUUtilization, or the error sentence. */
static struct str
text_of(struct metric_query q, const char *keys, const char *dimensions)
{
	struct buf out;

	arena_free(&arena);
	arena_init(&arena, 65536);
	fail_init(&fail, &arena);
	out = buf_in(&arena, METRIC_QUERY_MAX);
	q.keys = parse(keys);
	q.dimensions = parse(dimensions);
	if (q.namespace.p == NULL) {
		q.namespace = S("AWS/EC2");
	}
	if (q.metric.p == NULL) {
		q.metric = S("CPUUtilization");
	}
	if (q.statistic.p == NULL) {
		q.statistic = S("AVG");
	}
	return metric_query_text(&q, &out, &fail) == ERR_OK ? buf_str(&out) :
	    fail_text(&fail);
}

TEST(a_query_groups_orders_and_limits)
{
	CHECK_STR(text_of((struct metric_query){ .group_by = S("InstanceId"),
	    .order_by = S("MAX"), .sort = S("DESC"), .limit = 5 },
	    "[\"InstanceId\"]", NULL), S("SELECT AVG(\"CPUUtilization\") FROM "
	    "SCHEMA(\"AWS/EC2\", \"InstanceId\") GROUP BY \"InstanceId\" "
	    "ORDER BY MAX() DESC LIMIT 5"));
}

TEST(a_limit_of_zero_is_no_limit)
{
	CHECK_STR(text_of((struct metric_query){ .statistic =
	    S("SampleCount") }, NULL, NULL), S("SELECT COUNT("
	    "\"CPUUtilization\") FROM SCHEMA(\"AWS/EC2\")"));
}

TEST(defect_8_quotes_in_names_and_values_are_escaped)
{
	CHECK_STR(text_of((struct metric_query){ .metric = S("By\"tes") },
	    "[\"k\"]", "[{\"name\":\"k\",\"value\":\"b'c\\\\d\"}]"),
	    S("SELECT AVG(\"By\\\"tes\") FROM SCHEMA(\"AWS/EC2\", \"k\") WHERE "
	    "\"k\"='b\\'c\\\\d'"));
}

TEST(several_dimensions_are_joined_with_and)
{
	CHECK_STR(text_of((struct metric_query){ .limit = 1 },
	    "[\"a\",\"b\"]", "[{\"name\":\"a\",\"value\":\"1\"},"
	    "{\"name\":\"b\",\"value\":\"2\"}]"),
	    S("SELECT AVG(\"CPUUtilization\") FROM SCHEMA(\"AWS/EC2\", \"a\", "
	    "\"b\") WHERE \"a\"='1' AND \"b\"='2' LIMIT 1"));
}

TEST(parts_that_do_not_fit_together_are_named)
{
	CHECK_STR(text_of((struct metric_query){ .group_by = S("x") },
	    "[\"y\"]", NULL), S("group_by_dimension is 'x'; it must be one of "
	    "schema_dimension_keys"));
	CHECK_STR(text_of((struct metric_query){ .sort = S("ASC") }, NULL,
	    NULL), S("sort_order needs order_by_statistic"));
	CHECK(str_starts(text_of((struct metric_query){ .statistic =
	    S("p99") }, NULL, NULL), S("statistic is 'p99'; Metrics")));
}

TEST(a_query_that_is_too_long_is_refused)
{
	static char name[3000];

	memset(name, 'n', sizeof(name));
	CHECK(str_starts(text_of((struct metric_query){ .metric =
	    str_of(name, sizeof(name)) }, NULL, NULL),
	    S("the Metrics Insights query is longer")));
}

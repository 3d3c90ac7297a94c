/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_recommended_metric_alarms through the engine: bundled advice by
 * dimensions, thresholds and bands from history, back-tests, odd answers.
 */
#include "test.h"

#include "tool_room.h"

static struct arena arena;
static const struct json *list;

static bool
advise(const char *arguments)
{
	bool ok = tool_room_call("get_recommended_metric_alarms", arguments);

	list = ok ? json_get(room.data, S("recommendations")) : NULL;
	return ok && !room.is_error;
}

static const struct json *
at(size_t i, const char *path)
{
	return json_path(json_at(list, i), str_from_z(path));
}

static struct str
text_at(size_t i, const char *path)
{
	const struct json *v = at(i, path);

	return v == NULL ? S("(absent)") : v->text;
}

static size_t
count(void)
{
	return list == NULL ? 999 : list->n;
}

static const char *
message(void)
{
	return str_z(&arena, json_get_str(room.data, S("message"), S("")));
}

static bool
message_says(const char *part)
{
	return strstr(message(), part) != NULL;
}

static bool
open_room(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)32 << 20);
	return tool_room_open();
}

/* A GetMetricData answer: n series of points every step_s until now. */
static void
answer(size_t series_n, size_t n, int64_t step_s, double (*value)(size_t i))
{
	struct buf b = buf_in(&arena, (size_t)8 << 20);
	struct json_writer w = json_writer(&b);
	int64_t now = room.fake.now_ms / 1000;

	now -= now % step_s;
	json_begin_object(&w);
	json_key(&w, S("MetricDataResults"));
	json_begin_array(&w);
	for (size_t s = 0; s < series_n; s++) {
		char id[3] = { 's', (char)('0' + s), '\0' };

		json_begin_object(&w);
		json_put_string(&w, S("Id"), str_from_z(id));
		json_key(&w, S("Timestamps"));
		json_begin_array(&w);
		for (size_t i = 0; i < n; i++) {
			json_integer(&w, now - (int64_t)(n - i) * step_s);
		}
		json_end_array(&w);
		json_key(&w, S("Values"));
		json_begin_array(&w);
		for (size_t i = 0; i < n; i++) {
			json_double(&w, value(i));
		}
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	tool_room_answer(str_z(&arena, buf_str(&b)));
}

static double
noise(size_t i)
{
	uint32_t x = (uint32_t)i * 2654435761U;

	x ^= x >> 15;
	x *= 2246822519U;
	return (double)((x ^ x >> 13) >> 8 & 1023) / 1024;
}

static double
steady(size_t i)
{
	return 40 + 10 * noise(i);
}

static double
daily(size_t i)
{
	size_t phase = i % 288;

	return 100 + (double)(phase < 144 ? phase : 288 - phase) +
	    10 * noise(i);
}

/* The rows of the peer's cases: which advice fits which dimensions. */
TEST(bundled_advice_is_chosen_by_dimensions)
{
	CHECK(open_room());
	CHECK(advise("{\"namespace\":\"AWS/EC2\",\"derive\":false,"
	    "\"metric_name\":\"CPUUtilization\",\"dimensions\":[{\"name\":"
	    "\"InstanceId\",\"value\":\"i-1\"}]}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "threshold.staticValue"), S("80"));
	CHECK_STR(text_at(0, "threshold.unit"), S("Percent"));
	CHECK_STR(text_at(0, "statistic"), S("Average"));
	CHECK_STR(text_at(0, "period"), S("300"));
	CHECK_STR(text_at(0, "evaluationPeriods"), S("3"));
	CHECK_STR(text_at(0, "datapointsToAlarm"), S("3"));
	CHECK_STR(text_at(0, "comparisonOperator"),
	    S("GreaterThanThreshold"));
	CHECK_STR(text_at(0, "treatMissingData"), S("missing"));
	CHECK_STR(text_at(0, "dimensions"), S("[{\"name\":\"InstanceId\","
	    "\"value\":\"i-1\"}]"));
	CHECK_STR(text_at(0, "back_test"), S("null"));
	CHECK(!tool_room_sent("MetricDataQueries"));
	/* Extra dimensions do not hurt, and stay in the alarm. */
	CHECK(advise("{\"namespace\":\"AWS/EC2\",\"derive\":false,"
	    "\"metric_name\":\"CPUUtilization\",\"dimensions\":[{\"name\":"
	    "\"InstanceId\",\"value\":\"i\"},{\"name\":\"Extra\",\"value\":"
	    "\"x\"}]}"));
	CHECK_INT(count(), 1);
	CHECK_INT(at(0, "dimensions")->n, 2);
	/* Those of the table have to be there. */
	CHECK(advise("{\"namespace\":\"AWS/EC2\",\"derive\":false,"
	    "\"metric_name\":\"CPUUtilization\"}"));
	CHECK_INT(count(), 0);
	CHECK(message_says("dimensions InstanceId"));
	/* A fixed value has to be the same. */
	CHECK(advise("{\"namespace\":\"AWS/CloudFront\",\"derive\":false,"
	    "\"metric_name\":\"5xxErrorRate\",\"dimensions\":[{\"name\":"
	    "\"DistributionId\",\"value\":\"d\"},{\"name\":\"Region\","
	    "\"value\":\"Global\"}]}"));
	CHECK_INT(count(), 1);
	CHECK(advise("{\"namespace\":\"AWS/CloudFront\",\"derive\":false,"
	    "\"metric_name\":\"5xxErrorRate\",\"dimensions\":[{\"name\":"
	    "\"DistributionId\",\"value\":\"d\"},{\"name\":\"Region\","
	    "\"value\":\"eu\"}]}"));
	CHECK_INT(count(), 0);
	/* Names are compared by their bytes. */
	CHECK(advise("{\"namespace\":\"aws/ec2\",\"derive\":false,"
	    "\"metric_name\":\"CPUUtilization\",\"dimensions\":[{\"name\":"
	    "\"InstanceId\",\"value\":\"i\"}]}"));
	CHECK_INT(count(), 0);
}

TEST(one_metric_may_have_several_alarms)
{
	CHECK(open_room());
	CHECK(advise("{\"namespace\":\"AWS/ApiGateway\",\"derive\":false,"
	    "\"metric_name\":\"Count\",\"dimensions\":["
	    "{\"name\":\"ApiName\",\"value\":\"a\"},"
	    "{\"name\":\"Stage\",\"value\":\"s\"}]}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "statistic"), S("SampleCount"));
	CHECK_STR(text_at(0, "treatMissingData"), S("breaching"));
	CHECK(advise("{\"namespace\":\"AWS/ApiGateway\",\"derive\":false,"
	    "\"metric_name\":\"Count\",\"dimensions\":["
	    "{\"name\":\"ApiName\",\"value\":\"a\"},"
	    "{\"name\":\"Stage\",\"value\":\"s\"},"
	    "{\"name\":\"Resource\",\"value\":\"/\"},"
	    "{\"name\":\"Method\",\"value\":\"GET\"}]}"));
	CHECK_INT(count(), 2);
	CHECK(json_path(at(1, "cloudformation_template.Resources"),
	    S("ApiGatewayCountApiNamea2Alarm")) != NULL);
}

TEST(defect_3_no_threshold_is_ever_invented)
{
	static const char *const metrics[][3] = {
		{ "AWS/ElastiCache", "CPUUtilization", "CacheClusterId" },
		{ "AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier" },
		{ "AWS/Lambda", "Errors", "FunctionName" },
		{ "AWS/Lambda", "Duration", "FunctionName" },
		{ "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName" },
	};

	CHECK(open_room());
	for (size_t i = 0; i < 5; i++) {
		char arguments[300];

		(void)snprintf(arguments, sizeof(arguments),
		    "{\"namespace\":\"%s\",\"metric_name\":\"%s\","
		    "\"derive\":false,\"dimensions\":[{\"name\":\"%s\","
		    "\"value\":\"x\"},{\"name\":\"CacheNodeId\",\"value\":"
		    "\"0001\"}]}", metrics[i][0], metrics[i][1],
		    metrics[i][2]);
		CHECK(advise(arguments));
		CHECK_INT(count(), 1);
		CHECK(at(0, "threshold.staticValue") == NULL);
		CHECK(str_starts(text_at(0, "threshold.justification"),
		    S("depends on: ")));
		CHECK_STR(text_at(0, "cloudformation_template.Parameters."
		    "Threshold.Type"), S("Number"));
		CHECK(str_find(text_at(0, "terraform"), S("_threshold\" {"),
		    0) < text_at(0, "terraform").len);
	}
}

TEST(what_depends_on_the_workload_is_derived_from_its_history)
{
	double t;

	CHECK(open_room());
	answer(1, 20000, 60, steady);
	CHECK(advise("{\"namespace\":\"AWS/RDS\",\"metric_name\":"
	    "\"DatabaseConnections\",\"dimensions\":[{\"name\":"
	    "\"DBInstanceIdentifier\",\"value\":\"x\"}]}"));
	CHECK(tool_room_sent("\"Stat\":\"Average\""));
	CHECK(tool_room_sent("\"Period\":60"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "threshold.derived"), S("true"));
	CHECK(json_f64(at(0, "threshold.staticValue"), &t));
	CHECK(t > 45 && t < 55);
	CHECK(str_starts(text_at(0, "threshold.justification"),
	    S("depends on: ")));
	CHECK_STR(text_at(0, "back_test.missing"), S("0"));
	CHECK_STR(text_at(0, "back_test.periods"), S("20000"));
	CHECK(json_path(at(0, "cloudformation_template"), S("Parameters")) ==
	    NULL);
}

TEST(defect_4_an_anomaly_alarm_has_its_dimensions_and_statistic)
{
	CHECK(open_room());
	answer(1, 4032, 300, daily);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":\"Latency\","
	    "\"statistic\":\"p95\",\"dimensions\":[{\"name\":\"Service\","
	    "\"value\":\"a\\\"b\"}]}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "source"), S("history"));
	CHECK_STR(text_at(0, "statistic"), S("p95"));
	CHECK_STR(text_at(0, "threshold.sensitivity"), S("2"));
	CHECK_STR(text_at(0, "comparisonOperator"),
	    S("LessThanLowerOrGreaterThanUpperThreshold"));
	CHECK_STR(text_at(0, "dimensions"),
	    S("[{\"name\":\"Service\",\"value\":\"a\\\"b\"}]"));
	CHECK_STR(text_at(0, "cloudformation_template.Resources.Shop"
	    "LatencyServiceabAnomalyDetector.Properties.Dimensions"),
	    S("[{\"Name\":\"Service\",\"Value\":\"a\\\"b\"}]"));
	CHECK_STR(text_at(0, "cloudformation_template.Resources.Shop"
	    "LatencyServiceabAnomalyDetector.Properties.Stat"), S("p95"));
	CHECK(str_find(text_at(0, "threshold.justification"),
	    S("every 1 day ("), 0) < 100);
	CHECK(str_find(text_at(0, "note"), S("approximation"), 0) < 100);
	CHECK(at(0, "back_test.times_fired") != NULL);
}

TEST(defect_2_statistic_and_dimensions_reach_the_analysis)
{
	CHECK(open_room());
	answer(1, 4032, 300, steady);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":\"Orders\","
	    "\"statistic\":\"SUM\",\"region\":\"eu-west-3\",\"dimensions\":"
	    "[{\"name\":\"Service\",\"value\":\"a\"}]}"));
	CHECK(tool_room_sent("\"Stat\":\"Sum\""));
	CHECK(tool_room_sent("{\"Name\":\"Service\",\"Value\":\"a\"}"));
	CHECK_STR(json_get_str(room.data, S("region"), S("")),
	    S("eu-west-3"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "statistic"), S("Sum"));
	CHECK_STR(text_at(0, "comparisonOperator"),
	    S("GreaterThanThreshold"));
	CHECK_STR(text_at(0, "threshold.derived"), S("true"));
	CHECK_STR(text_at(0, "back_test.times_fired"), S("0"));
	CHECK_STR(text_at(0, "treatMissingData"), S("notBreaching"));
}

TEST(a_statistic_that_the_bundled_advice_lacks_gets_an_alarm_of_its_own)
{
	CHECK(open_room());
	answer(2, 4032, 300, steady);
	CHECK(advise("{\"namespace\":\"AWS/EC2\",\"metric_name\":"
	    "\"CPUUtilization\",\"statistic\":\"p99\",\"dimensions\":["
	    "{\"name\":\"InstanceId\",\"value\":\"i-1\"}]}"));
	CHECK_INT(count(), 2);
	CHECK_STR(text_at(0, "source"), S("bundled"));
	CHECK_STR(text_at(0, "back_test.times_fired"), S("0"));
	CHECK_STR(text_at(1, "source"), S("history"));
	CHECK_STR(text_at(1, "statistic"), S("p99"));
	/* The same statistic under its short name is the bundled one. */
	answer(1, 4032, 300, steady);
	CHECK(advise("{\"namespace\":\"AWS/EC2\",\"metric_name\":"
	    "\"CPUUtilization\",\"statistic\":\"AVG\",\"dimensions\":["
	    "{\"name\":\"InstanceId\",\"value\":\"i-1\"}]}"));
	CHECK_INT(count(), 1);
}

TEST(low_values_are_the_bad_ones_of_what_is_free)
{
	CHECK(open_room());
	answer(1, 4032, 300, steady);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":"
	    "\"FreeDiskBytes\"}"));
	CHECK_STR(text_at(0, "comparisonOperator"), S("LessThanThreshold"));
	CHECK_STR(text_at(0, "statistic"), S("Average"));
	CHECK_STR(text_at(0, "treatMissingData"), S("missing"));
}

TEST(a_metric_of_once_an_hour_gets_an_hour_as_its_period)
{
	CHECK(open_room());
	answer(1, 336, 3600, steady);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":\"Batch\"}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "period"), S("3600"));
	CHECK_STR(text_at(0, "back_test.missing"), S("0"));
}

TEST(history_that_cannot_be_read_costs_only_the_test)
{
	CHECK(open_room());
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(advise("{\"namespace\":\"AWS/EC2\",\"metric_name\":"
	    "\"CPUUtilization\",\"dimensions\":[{\"name\":\"InstanceId\","
	    "\"value\":\"i-1\"}]}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "back_test"), S("null"));
	CHECK(message_says("History could not be read"));
	/* Nothing else is left: then it is an error. */
	tool_room_answer("!{\"__type\":\"AccessDeniedException\","
	    "\"message\":\"no\"}");
	CHECK(!advise("{\"namespace\":\"Shop\",\"metric_name\":\"M\"}"));
	CHECK(room.is_error);
}

TEST(odd_series_end_in_an_answer)
{
	static const char *const odd[] = {
		"{}",
		"{\"MetricDataResults\":[{\"Id\":\"s0\"}]}",
		"{\"MetricDataResults\":[{\"Id\":\"s0\",\"Timestamps\":[1],"
		    "\"Values\":[\"NaN\"]}]}",
		"{\"MetricDataResults\":[{\"Id\":\"s0\",\"Timestamps\":"
		    "[null,1e308],\"Values\":[1e308,null]}]}",
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		CHECK(open_room());
		tool_room_answer(odd[i]);
		CHECK(advise("{\"namespace\":\"AWS/SQS\",\"metric_name\":"
		    "\"ApproximateAgeOfOldestMessage\",\"dimensions\":[{"
		    "\"name\":\"QueueName\",\"value\":\"q\"}]}"));
		CHECK_INT(count(), 1);
		CHECK(at(0, "threshold.staticValue") == NULL);
		CHECK(message_says("no data"));
		tool_room_answer(odd[i]);
		CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":"
		    "\"M\"}"));
		CHECK_INT(count(), 0);
		CHECK(message_says("list_metrics"));
	}
}

static double
huge(size_t i)
{
	return i % 2 == 0 ? 1e308 : -1e308;
}

static double
one(size_t i)
{
	(void)i;
	return 1;
}

TEST(extreme_and_constant_series_end_in_an_answer)
{
	CHECK(open_room());
	answer(1, 4032, 300, huge);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":\"M\"}"));
	answer(1, 4032, 300, one);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":\"M\"}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "threshold.staticValue"), S("1"));
	CHECK_STR(text_at(0, "back_test.times_fired"), S("0"));
	/* Eleven points are no history. */
	answer(1, 11, 300, one);
	CHECK(advise("{\"namespace\":\"Shop\",\"metric_name\":\"M\"}"));
	CHECK_INT(count(), 0);
	CHECK(message_says("too few"));
}

TEST(an_unknown_statistic_is_refused_before_anything_is_asked)
{
	CHECK(open_room());
	CHECK(!advise("{\"namespace\":\"Shop\",\"metric_name\":\"M\","
	    "\"statistic\":\"mean\"}"));
	CHECK(room.is_error);
	CHECK_INT(room.request_n, 0);
}

TEST(the_answer_is_cut_between_alarms_and_templates_go_first)
{
	static const char arguments[] = "{\"namespace\":\"AWS/ApiGateway\","
	    "\"derive\":false,\"max_bytes\":%d,\"metric_name\":\"Count\","
	    "\"dimensions\":[{\"name\":\"ApiName\",\"value\":\"a\"},"
	    "{\"name\":\"Stage\",\"value\":\"s\"},"
	    "{\"name\":\"Resource\",\"value\":\"/\"},"
	    "{\"name\":\"Method\",\"value\":\"GET\"}]}";
	bool whole = false, cut = false;

	CHECK(open_room());
	for (int max = 4000; max < 12000; max += 500) {
		char text[400];
		size_t n;

		(void)snprintf(text, sizeof(text), arguments, max);
		CHECK(advise(text));
		n = count();
		CHECK(n <= 2);
		if (json_get_bool(room.data, S("has_more_results"), true)) {
			CHECK(message_says("max_bytes"));
			cut = cut || (n > 0 && at(n - 1, "terraform") == NULL);
		} else {
			CHECK_INT(n, 2);
			CHECK(at(1, "terraform") != NULL);
			whole = true;
		}
	}
	CHECK(whole && cut);
}

TEST(no_memory_is_an_orderly_error_at_every_allocation)
{
	size_t ok_n = 0;

	for (size_t n = 0; n < 200; n++) {
		CHECK(open_room());
		answer(2, 300, 3600, steady);
		room.fail_at = n;
		/* The account may stay unnamed; nothing else may be missing. */
		if (advise("{\"namespace\":\"AWS/EC2\",\"metric_name\":"
		    "\"CPUUtilization\",\"statistic\":\"p99\","
		    "\"dimensions\":[{\"name\":\"InstanceId\",\"value\":"
		    "\"i-1\"}]}")) {
			CHECK_INT(count(), 2);
			CHECK(str_ends(text_at(1, "terraform"), S("}\n")));
			CHECK(at(1, "threshold.staticValue") != NULL);
			ok_n++;
		}
	}
	CHECK(ok_n > 0 && ok_n < 190);
}

TEST(the_demo_account_has_advice_for_its_incident)
{
	CHECK(open_room());
	CHECK(advise("{\"namespace\":\"AWS/RDS\",\"metric_name\":"
	    "\"DatabaseConnections\",\"dimensions\":[{\"name\":"
	    "\"DBInstanceIdentifier\",\"value\":\"checkout-db\"}]}"));
	CHECK_INT(count(), 1);
	CHECK_STR(text_at(0, "back_test.in_alarm_at_the_end"), S("true"));
	CHECK(advise("{\"namespace\":\"AWS/ApplicationELB\","
	    "\"metric_name\":\"RequestCount\",\"statistic\":\"Sum\","
	    "\"dimensions\":[{\"name\":\"LoadBalancer\",\"value\":"
	    "\"app/shop-prod/50dc6c495c0c9188\"}]}"));
	CHECK_INT(count(), 1);
	CHECK(at(0, "threshold.sensitivity") != NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/series.c: pages, order, odd answers, the request.
 */
#include "test.h"

#include "aws/call.h"
#include "fake_sys.h"
#include "tools/series.h"

#define T0 INT64_C(1795000000)

static struct fake_sys fake;
static struct arena arena;
static struct fail fail;
static struct ask q;
static struct call c;
static struct aws aws;
static const struct creds_keys keys = { .access_key_id = S("AKIDEXAMPLE"),
    .secret = S("wJalrXUtnFEMI") };
static const struct tool tool = { .params = (const struct param[]){
    ASK_PARAMS }, .param_n = 2 };
static const char *answers[40];
static size_t answer_n, answer_at;
static char sent[4096];

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		const char *text = answers[answer_at < answer_n - 1 ?
		    answer_at++ : answer_n - 1];

		(void)snprintf(sent, sizeof(sent), "%.*s",
		    STR_ARG(x[i]->body));
		x[i]->err = ERR_OK;
		x[i]->status = text[0] == '!' ? 400 : 200;
		x[i]->response_n = 0;
		x[i]->response_body = str_from_z(text + (text[0] == '!'));
	}
}

static struct transport transport = { .roundtrip = roundtrip };

static void
progress(struct call *call, double done, double total, struct str message)
{
	(void)call, (void)done, (void)total, (void)message;
}

static bool
open_ask(void)
{
	static const struct json none = { .type = JSON_OBJECT };

	arena_free(&arena);
	arena_init(&arena, (size_t)8 << 20);
	fail_init(&fail, &arena);
	fake_sys_init(&fake);
	aws = (struct aws){ .sys = &fake.sys, .transport = &transport,
	    .keys = &keys, .region = S("eu-central-1"),
	    .user_agent = S("test") };
	c = (struct call){ .tool = &tool, .sys = &fake.sys, .aws = &aws,
	    .arena = &arena, .args = &none, .fail = &fail,
	    .deadline_ms = fake.mono_ms + 60000, .progress = progress };
	answer_n = answer_at = 0;
	if (aws_init(&aws, &fail) != ERR_OK) {
		return false;
	}
	ask_begin(&q, &c);
	return true;
}

static enum err
fetch(size_t n, struct series_data *out)
{
	static const struct series_query m[] = {
		{ .namespace = S("A/B"), .metric_name = S("M"),
		    .statistic = S("AVG"), .period_s = 60 },
		{ .namespace = S("A/B"), .metric_name = S("M"),
		    .statistic = S("p99"), .period_s = 60,
		    .account_id = S("111122223333") },
	};

	return series_fetch(&q, m, n, T0 * 1000, (T0 + 600) * 1000, out);
}

TEST(points_of_all_pages_are_sorted_and_counted_once)
{
	struct series_data s[2];

	CHECK(open_ask());
	answers[answer_n++] = "{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1795000120,1795000000],\"Values\":[3,1],"
	    "\"StatusCode\":\"PartialData\"}],\"NextToken\":\"x\"}";
	answers[answer_n++] = "{\"MetricDataResults\":[{\"Id\":\"s1\","
	    "\"Timestamps\":[1795000060],\"Values\":[9]},{\"Id\":\"s0\","
	    "\"Timestamps\":[1795000060,1795000000],\"Values\":[2,1],"
	    "\"StatusCode\":\"Complete\"}]}";
	CHECK_INT(fetch(2, s), ERR_OK);
	CHECK_INT(s[0].n, 3);
	CHECK(s[0].points[0].value == 1 && s[0].points[2].value == 3);
	CHECK_INT(s[0].points[1].at_ms, (T0 + 60) * 1000);
	CHECK_INT(s[1].n, 1);
	CHECK(!s[0].cut && !s[1].cut);
	CHECK(strstr(sent, "\"AccountId\":\"111122223333\"") != NULL);
	CHECK(strstr(sent, "\"Stat\":\"p99\"") != NULL);
	CHECK(strstr(sent, "\"NextToken\":\"x\"") != NULL);
}

TEST(odd_answers_cost_only_the_odd_points)
{
	struct series_data s[2];

	CHECK(open_ask());
	answers[answer_n++] = "{\"MetricDataResults\":[null,7,{\"Id\":\"zz\"},"
	    "{\"Id\":\"s9\",\"Timestamps\":[1],\"Values\":[1]},"
	    "{\"Id\":\"s0\",\"Timestamps\":[1795000000,1795000060,null,"
	    "1795000180,1795000240,1,1795000300],"
	    "\"Values\":[1,\"NaN\",2,null,1e308,5],"
	    "\"Messages\":[{\"Code\":\"c\",\"Value\":\"why\"}]}]}";
	CHECK_INT(fetch(2, s), ERR_OK);
	CHECK_INT(s[0].n, 2);
	CHECK_INT(s[0].odd_n, 4);
	CHECK(s[0].points[1].value == 1e308);
	CHECK_STR(s[0].message, S("why"));
	CHECK_INT(s[1].n, 0);
	CHECK_STR(s[1].status, S("Complete"));
	answers[answer_n++] = "{}";
	answer_at = 1;
	CHECK_INT(fetch(1, s), ERR_OK);
	CHECK_INT(s[0].n, 0);
}

TEST(a_token_that_never_ends_ends_the_reading)
{
	struct series_data s[1];

	CHECK(open_ask());
	answers[answer_n++] = "{\"MetricDataResults\":[{\"Id\":\"s0\","
	    "\"Timestamps\":[1795000000],\"Values\":[1]}],"
	    "\"NextToken\":\"same\"}";
	CHECK_INT(fetch(1, s), ERR_OK);
	CHECK_INT(s[0].n, 1);
	CHECK(s[0].cut);
	answers[answer_n++] = "!{\"__type\":\"InvalidParameterValue\"}";
	answer_at = 0;
	CHECK_INT(fetch(1, s), ERR_OK);
	CHECK_INT(s[0].n, 1);
	CHECK(s[0].cut);
	CHECK(fetch(1, s) != ERR_OK);
}

TEST(a_statistic_that_does_not_exist_is_refused_before_any_request)
{
	struct series_query m = { .namespace = S("n"), .metric_name = S("m"),
	    .statistic = S("p101"), .period_s = 60 };
	struct series_data s;

	CHECK(open_ask());
	CHECK_INT(series_fetch(&q, &m, 1, 0, 60000, &s), ERR_ARGUMENT);
	CHECK_INT(c.aws_calls, 0);
}

TEST(dimensions_of_either_spelling_are_sent)
{
	struct series_query m = { .namespace = S("n"), .metric_name = S("m"),
	    .statistic = S("SUM"), .period_s = 60 };
	struct json *d;
	struct series_data s;

	CHECK(open_ask());
	answers[answer_n++] = "{}";
	CHECK_INT(json_parse(&arena, S("[{\"name\":\"a\",\"value\":\"b\"},"
	    "{\"Name\":\"c\",\"Value\":\"d\"}]"), 0, &d, NULL), ERR_OK);
	m.dimensions = d;
	CHECK_INT(series_fetch(&q, &m, 1, 0, 60000, &s), ERR_OK);
	CHECK(strstr(sent, "[{\"Name\":\"a\",\"Value\":\"b\"},"
	    "{\"Name\":\"c\",\"Value\":\"d\"}]") != NULL);
	CHECK(strstr(sent, "\"Stat\":\"Sum\"") != NULL);
}

TEST(the_period_follows_what_cloudwatch_keeps)
{
	int64_t day = INT64_C(86400000);

	CHECK_INT(series_period_min(100 * day, 100 * day), 60);
	CHECK_INT(series_period_min(85 * day, 100 * day), 60);
	CHECK_INT(series_period_min(84 * day, 100 * day), 300);
	CHECK_INT(series_period_min(36 * day, 100 * day), 3600);
}

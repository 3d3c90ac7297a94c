/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account's PromQL: what it knows is right, and what it does not know
 * is refused in Prometheus's form.
 */
#include "base/num.h"
#include "demo_ask.h"
#include "proto/url.h"
#include "test.h"

static struct demo_ask q;

/* Asks a path with up to two parameters, and the answer's data. */
static const struct json *
ask(const char *path, const char *query, const char *more)
{
	struct http1_header h = { S("Host"),
	    S("monitoring.eu-west-1.amazonaws.com") };
	struct buf target;
	struct demo_request r = { .method = S("GET"), .headers = &h,
	    .header_n = 1, .body = S("") };
	struct json *v = NULL;

	arena_reset(&q.arena);
	target = buf_in(&q.arena, 4096);
	buf_addf(&target, "/api/v1/%s?%s&%s=", str_from_z(path),
	    str_from_z(more), path[0] == 'q' ? S("query") : S("match%5B%5D"));
	url_encode(&target, str_from_z(query));
	r.target = buf_str(&target);
	demo_serve(&q.demo, &r, &q.arena, &q.reply);
	q.json = json_parse(&q.arena, q.reply.body, JSON_REJECT_DUPLICATES,
	    &v, NULL) == ERR_OK ? v : NULL;
	return json_get(q.json, S("data"));
}

static const struct json *
instant(const char *query)
{
	return json_get(ask("query", query, "x=y"), S("result"));
}

/* The number of row i, by its key. */
static double
number(const struct json *rows, size_t i, const char *key)
{
	const struct json *v = json_at(json_get(json_at(rows, i),
	    str_from_z(key)), 1);
	double out = -1;

	return num_parse(json_str(v), &out) ? out : -1;
}

TEST(matchers_select_series)
{
	static const struct { const char *query; size_t n; } rows[] = {
		{ "DatabaseConnections", 2 },
		{ "{\"DatabaseConnections\"}", 2 },
		{ "{__name__=\"DatabaseConnections\"}", 2 },
		{ "{\"@datapoint.@name\"=\"DatabaseConnections\","
		    "__name__=\"DatabaseConnections\"}", 2 },
		{ "DatabaseConnections{DBInstanceIdentifier='catalog-db'}",
		    1 },
		{ "DatabaseConnections{DBInstanceIdentifier!='catalog-db'}",
		    1 },
		{ "DatabaseConnections{DBInstanceIdentifier=~'.*-db'}", 2 },
		{ "DatabaseConnections{DBInstanceIdentifier=~'db'}", 0 },
		{ "DatabaseConnections{DBInstanceIdentifier!~'ca.*'}", 1 },
		{ "DatabaseConnections{nope='',}", 2 },
		{ "DatabaseConnections{nope!=''}", 0 },
		{ "Nope", 0 },
		{ "CPUUtilization{\"@instrumentation.@name\"="
		    "\"cloudwatch.aws/rds\"}", 2 },
	};

	demo_ask_init(&q);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct json *v = instant(rows[i].query);

		CHECK(v != NULL);
		CHECK_INT(v == NULL ? 99 : v->n, rows[i].n);
	}
	demo_ask_free(&q);
}

TEST(aggregations_agree_with_their_parts)
{
	double a, b;

	demo_ask_init(&q);
	(void)instant("histogram_avg(DatabaseConnections)");
	a = number(json_get(json_get(q.json, S("data")), S("result")), 0,
	    "value");
	b = number(json_get(json_get(q.json, S("data")), S("result")), 1,
	    "value");
	CHECK(a > 0 && b > 0);
	CHECK(number(instant("sum(histogram_avg(DatabaseConnections))"), 0,
	    "value") == a + b);
	CHECK(number(instant("avg(histogram_avg(DatabaseConnections))"), 0,
	    "value") == (a + b) / 2);
	CHECK(number(instant("max(histogram_avg(DatabaseConnections))"), 0,
	    "value") == (a > b ? a : b));
	CHECK(number(instant("min(histogram_avg(DatabaseConnections))"), 0,
	    "value") == (a > b ? b : a));
	CHECK(number(instant("count(DatabaseConnections)"), 0, "value") == 2);
	CHECK(number(instant("histogram_sum(sum by () "
	    "(DatabaseConnections))"), 0, "value") == a + b);
	CHECK(number(instant("histogram_sum(avg(DatabaseConnections))"), 0,
	    "value") == (a + b) / 2);
	CHECK(number(instant("histogram_count(avg(DatabaseConnections))"), 0,
	    "value") == 1);
	CHECK_INT(instant("sum by (DBInstanceIdentifier) "
	    "(DatabaseConnections)")->n, 2);
	CHECK_INT(instant("sum(DatabaseConnections) without "
	    "(DBInstanceIdentifier)")->n, 1);
	CHECK_INT(instant("max(DatabaseConnections)")->n, 0);
	demo_ask_free(&q);
}

TEST(a_range_shows_the_incident)
{
	const struct json *v;

	demo_ask_init(&q);
	v = json_get(ask("query_range", "max(histogram_avg("
	    "DatabaseConnections))", "start=1795165200&end=2026-11-20T12:00:00"
	    "Z&step=300"), S("result"));
	CHECK_INT(v->n, 1);
	v = json_get(json_at(v, 0), S("values"));
	CHECK_INT(v->n, 37);
	CHECK(str_cmp(json_str(json_at(json_at(v, 0), 1)), S("150")) != 0);
	v = json_get(ask("query_range", "DatabaseConnections",
	    "start=1795165200&end=1795168800&step=60"), S("result"));
	CHECK_INT(json_get(json_at(v, 0), S("histograms"))->n, 61);
	demo_ask_free(&q);
}

TEST(what_it_does_not_know_is_refused_in_prometheus_form)
{
	static const char *const rows[] = {
		"", "{", "{}", "{a=\"b\"}", "sum(", "sum(CPUUtilization",
		"CPUUtilization[5m]", "rate(CPUUtilization[5m])",
		"CPUUtilization + 1", "CPUUtilization{a=b}", "1 2", "1x",
		"CPUUtilization{a=\"b}", "{\"a\" \"b\"}", "sum(1)",
		"abs(abs(abs(abs(abs(abs(abs(abs(abs(abs(DBLoad))))))))))",
		"CPUUtilization{a=~\"(\"}", "CPUUtilization{a!\"b\"}",
		"sum by (", "sum by (a", "sum(scalar(DBLoad))", "\"",
		("{a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\","
		    "a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\",a=\"1\"}"),
	};

	demo_ask_init(&q);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(instant(rows[i]) == NULL);
		CHECK_INT(q.reply.status, 400);
		CHECK_STR(json_get_str(q.json, S("status"), S("")),
		    S("error"));
		CHECK_STR(json_get_str(q.json, S("errorType"), S("")),
		    S("bad_data"));
		CHECK(json_get_str(q.json, S("error"), S("")).len > 10);
	}
	CHECK(ask("query_range", "DBLoad", "start=2&end=1&step=1") == NULL);
	CHECK(ask("query_range", "DBLoad", "start=1&end=2&step=0") == NULL);
	CHECK(ask("query_range", "DBLoad", "start=1&end=99999&step=1") ==
	    NULL);
	CHECK(ask("query_range", "1", "start=1&end=2&step=1") == NULL);
	CHECK(ask("query", "DBLoad", "time=x") == NULL);
	CHECK(ask("series", "{a=\"b\"}", "x=y") == NULL);
	CHECK(ask("series", "DBLoad )", "x=y") == NULL);
	demo_ask_free(&q);
}

TEST(every_cut_of_a_query_is_answered_in_order)
{
	static const char text[] = "sum by (\"@aws.region\", a) (histogram_avg("
	    "{\"CPU\\\"Utilization\",ServiceName!~\"c.*|d\"})) ";
	char part[sizeof(text)];

	demo_ask_init(&q);
	for (size_t n = 0; n < sizeof(text); n++) {
		memcpy(part, text, n);
		part[n] = '\0';
		(void)instant(part);
		CHECK(q.json != NULL);
		CHECK(q.reply.status == 200 || q.reply.status == 400);
	}
	CHECK_INT(q.reply.status, 200);
	demo_ask_free(&q);
}

TEST(labels_values_and_series_agree)
{
	const struct json *v;

	demo_ask_init(&q);
	v = ask("labels", "DatabaseConnections", "x=y");
	CHECK_INT(v->n, 5);
	v = ask("label/DBInstanceIdentifier/values", "DatabaseConnections",
	    "x=y");
	CHECK_INT(v->n, 2);
	v = ask("label/__name__/values", "DBLoad", "match[]=Errors");
	CHECK_INT(v->n, 2);
	v = ask("series", "DatabaseConnections", "x=y");
	CHECK_INT(v->n, 2);
	demo_ask_free(&q);
}

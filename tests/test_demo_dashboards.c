/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every dashboard of the demo account is JSON and shows what exists there.
 */
#include "demo/account.h"
#include "demo_ask.h"
#include "test.h"

/* Checks one row of a widget's metrics, if it is written in full. */
static bool
known(const struct demo *d, const struct json *row)
{
	struct str namespace = json_str(json_at(row, 0));
	struct str metric = json_str(json_at(row, 1));
	struct account_series s;

	if (metric.p == NULL || namespace.p[0] == '.') {
		return true;
	}
	for (size_t i = 0; account_series(d->tables, i, &s); i++) {
		if (str_eq(s.namespace, namespace) &&
		    str_eq(s.metric, metric) && str_eq(account_dimension_value(
		    s.dims, json_str(json_at(row, 2))),
		    json_str(json_at(row, 3)))) {
			return true;
		}
	}
	return false;
}

TEST(bodies_are_json_and_name_metrics_and_alarms_that_exist)
{
	const struct json *w, *m;
	struct demo_ask q;
	struct arena a;
	struct json *list, *body;
	const struct json *d;
	char request[128];

	demo_ask_init(&q);
	arena_init(&a, (size_t)1 << 20);
	CHECK(json_parse(&a, str_dup(&a, demo_ask_call(&q, false,
	    "ListDashboards", "{}")->text), 0, &list, NULL) == ERR_OK);
	d = json_at(json_get(list, S("DashboardEntries")), 0);
	for (; d != NULL; d = d->next) {
		struct str name = json_get_str(d, S("DashboardName"),
		    S(""));

		snprintf(request, sizeof(request),
		    "{\"DashboardName\":\"%.*s\"}", STR_ARG(name));
		CHECK(json_parse(&a, str_dup(&a, json_get_str(demo_ask_call(&q,
		    false, "GetDashboard", request), S("DashboardBody"),
		    S(""))), 0, &body, NULL) == ERR_OK);
		w = json_at(json_get(body, S("widgets")), 0);
		CHECK(w != NULL);
		for (; w != NULL; w = w->next) {
			m = json_at(json_path(w, S("properties.metrics")), 0);
			for (; m != NULL; m = m->next) {
				CHECK(known(&q.demo, m));
			}
		}
	}
	(void)demo_ask_call(&q, false, "GetDashboard",
	    "{\"DashboardName\":\"x\"}");
	CHECK_STR(demo_ask_header(&q, "x-amzn-query-error"),
	    S("ResourceNotFound;Sender"));
	arena_free(&a);
	demo_ask_free(&q);
}

TEST(a_rule_refuses_what_the_service_refuses)
{
	struct demo_ask q;

	demo_ask_init(&q);
	(void)demo_ask_call(&q, false, "GetInsightRuleReport",
	    "{\"RuleName\":\"audit-refunds-by-agent\"}");
	CHECK_STR(demo_ask_error(&q), S("com.amazonaws.cloudwatch.v2010_08_01#"
	    "MissingRequiredParameterException"));
	(void)demo_ask_call(&q, false, "GetInsightRuleReport",
	    "{\"RuleName\":\"audit-refunds-by-agent\",\"StartTime\":10,"
	    "\"EndTime\":5,\"Period\":60}");
	CHECK_STR(demo_ask_error(&q), S("com.amazonaws.cloudwatch.v2010_08_01#"
	    "InvalidParameterValueException"));
	CHECK_INT(json_get(demo_ask_call(&q, false, "DescribeInsightRules",
	    "{\"MaxResults\":3}"), S("InsightRules"))->n, 3);
	CHECK_INT(json_get(demo_ask_call(&q, false, "DescribeInsightRules",
	    "{\"MaxResults\":3,\"NextToken\":\"AAAA\"}"), S("__type")) != NULL,
	    1);
	demo_ask_free(&q);
}

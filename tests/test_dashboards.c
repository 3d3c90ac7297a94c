/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dashboards as a client gets them, of the demo account and of odd answers.
 */
#include "test.h"
#include "tool_room.h"

#define BODY(widgets) \
	"{\"DashboardName\":\"d\",\"DashboardBody\":\"{\\\"widgets\\\":[" \
	widgets "]}\"}"

static const struct json *
widget(size_t i)
{
	return json_at(json_get(room.data, S("widgets")), i);
}

static struct str
text_at(const struct json *v, const char *path)
{
	return json_str(json_path(v, str_from_z(path)));
}

TEST(dashboards_are_listed_by_prefix)
{
	const struct json *list;

	CHECK(tool_room_open());
	CHECK(tool_room_call("list_dashboards", "{}"));
	CHECK_INT(json_get(room.data, S("dashboards"))->n, 3);
	CHECK(tool_room_call("list_dashboards",
	    "{\"dashboard_name_prefix\":\"shop-\",\"max_items\":1}"));
	list = json_get(room.data, S("dashboards"));
	CHECK_INT(list->n, 1);
	CHECK_STR(text_at(list->child, "dashboard_name"), S("shop-checkout"));
	CHECK(str_ends(text_at(list->child, "last_modified"), S("Z")));
	CHECK(json_get_i64(list->child, S("size_bytes"), 0) > 500);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK(tool_room_call("list_dashboards",
	    "{\"dashboard_name_prefix\":\"none\"}"));
	CHECK(tool_room_says("No dashboard matches"));
}

TEST(widgets_say_what_other_tools_take)
{
	const struct json *m;

	CHECK(tool_room_open());
	CHECK(tool_room_call("get_dashboard",
	    "{\"dashboard_name\":\"shop-checkout\"}"));
	CHECK_INT(json_get_i64(room.data, S("widget_count"), 0), 6);
	CHECK(str_starts(text_at(widget(0), "markdown"), S("# Checkout\n")));
	CHECK_STR(json_str(json_at(json_get(widget(1), S("alarm_names")), 1)),
	    S("checkout-database"));
	/* "..." repeats the row, with a statistic of its own. */
	m = json_at(json_get(widget(2), S("metrics")), 1);
	CHECK_STR(text_at(m, "metric_name"), S("TargetResponseTime"));
	CHECK_STR(text_at(m, "statistic"), S("p99"));
	CHECK_STR(text_at(json_at(json_get(m, S("dimensions")), 1), "value"),
	    S("app/shop-prod/50dc6c495c0c9188"));
	CHECK_STR(text_at(json_at(json_get(widget(2), S("thresholds")), 0),
	    "label"), S("checkout-latency-p99"));
	/* "." repeats a word; an expression has no metric. */
	m = json_get(widget(3), S("metrics"));
	CHECK_STR(text_at(json_at(m, 0), "expression"), S("100*m1/m2"));
	CHECK_STR(text_at(json_at(m, 2), "namespace"), S("AWS/ApplicationELB"));
	CHECK_STR(text_at(json_at(m, 2), "metric_name"), S("RequestCount"));
	CHECK_INT(json_get(json_at(m, 2), S("dimensions"))->n, 2);
	CHECK(!json_get_bool(json_at(m, 2), S("visible"), true));
	m = json_at(json_get(widget(4), S("metrics")), 1);
	CHECK_STR(text_at(json_at(json_get(m, S("dimensions")), 0), "value"),
	    S("catalog-db"));
	CHECK_STR(text_at(m, "statistic"), S("Maximum"));
	CHECK_INT(json_get(widget(5), S("log_group_names"))->n, 2);
	CHECK(str_starts(text_at(widget(5), "query_string"),
	    S("filter level = 'ERROR' |")));
	CHECK(json_get(room.data, S("body")) == NULL);
}

TEST(a_body_is_given_on_demand_and_a_missing_dashboard_is_named)
{
	CHECK(tool_room_open());
	CHECK(tool_room_call("get_dashboard",
	    "{\"dashboard_name\":\"shop-weekly\",\"include_body\":true}"));
	CHECK(str_starts(text_at(room.data, "body"), S("{\"widgets\":[")));
	CHECK_STR(text_at(widget(1), "type"), S("explorer"));
	CHECK(json_path(widget(1), S("properties.labels")) != NULL);
	CHECK(tool_room_call("get_dashboard", "{\"dashboard_name\":\"no\"}"));
	CHECK(room.is_error && tool_room_says("Dashboard no does not exist"));
}

TEST(a_listing_ends_when_the_token_stays)
{
	CHECK(tool_room_open());
	for (int i = 0; i < 2; i++) {
		tool_room_answer("{\"DashboardEntries\":[{},null,"
		    "{\"DashboardName\":7,\"LastModified\":\"x\","
		    "\"Size\":1e308}],\"NextToken\":\"t\"}");
	}
	CHECK(tool_room_call("list_dashboards", "{}"));
	CHECK_INT(json_get(room.data, S("dashboards"))->n, 6);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	tool_room_answer("{\"NextToken\":\"t\"}");
	tool_room_answer("{\"DashboardEntries\":null}");
	CHECK(tool_room_call("list_dashboards", "{}"));
	CHECK_INT(json_get(room.data, S("dashboards"))->n, 0);
}

TEST(odd_bodies_cost_themselves_only)
{
	CHECK(tool_room_open());
	tool_room_answer("{}");
	CHECK(tool_room_call("get_dashboard", "{\"dashboard_name\":\"d\"}"));
	CHECK(!room.is_error && tool_room_says("no body"));
	tool_room_answer("{\"DashboardBody\":\"{\"}");
	CHECK(tool_room_call("get_dashboard", "{\"dashboard_name\":\"d\","
	    "\"include_body\":true}"));
	CHECK(tool_room_says("not JSON"));
	CHECK_STR(text_at(room.data, "body"), S("{"));
	tool_room_answer("{\"DashboardBody\":\"[1]\"}");
	CHECK(tool_room_call("get_dashboard", "{\"dashboard_name\":\"d\"}"));
	CHECK(tool_room_says("no widgets"));
	tool_room_answer(BODY("7,null,{},{\\\"type\\\":\\\"metric\\\"},"
	    "{\\\"type\\\":\\\"metric\\\",\\\"properties\\\":{\\\"metrics\\\":"
	    "[[\\\"...\\\"],[\\\".\\\",\\\"a\\\"],7,[1,null,{}],[\\\"n\\\"]]}},"
	    "{\\\"type\\\":\\\"log\\\",\\\"properties\\\":{\\\"query\\\":"
	    "\\\"SOURCE 'x\\\"}}"));
	CHECK(tool_room_call("get_dashboard", "{\"dashboard_name\":\"d\"}"));
	CHECK(!room.is_error);
	CHECK_INT(json_get_i64(room.data, S("widget_count"), 0), 6);
	CHECK_INT(json_get(widget(4), S("metrics"))->n, 5);
	CHECK_STR(text_at(widget(5), "query_string"), S(""));
}

TEST(a_long_dashboard_is_cut_between_widgets)
{
	static char body[40000];
	size_t len = (size_t)snprintf(body, sizeof(body),
	    "{\"DashboardBody\":\"{\\\"widgets\\\":[");
	const struct json *w;
	size_t n = 0;

	for (int i = 0; i < 60; i++) {
		len += (size_t)snprintf(body + len, sizeof(body) - len,
		    "{\\\"type\\\":\\\"text\\\",\\\"properties\\\":{"
		    "\\\"markdown\\\":\\\"%0*d\\\"}},", i == 2 ? 20000 : 100,
		    i);
	}
	snprintf(body + len, sizeof(body) - len, "7]}\"}");
	CHECK(tool_room_open());
	tool_room_answer(body);
	CHECK(tool_room_call("get_dashboard", "{\"dashboard_name\":\"d\","
	    "\"max_bytes\":8000}"));
	CHECK(!room.is_error && room.text.len <= 8000);
	CHECK(json_get_bool(room.data, S("has_more_results"), false));
	CHECK_INT(json_get_i64(room.data, S("widget_count"), 0), 61);
	/* One text that is too long does not cost those behind it. */
	for (w = widget(0); w != NULL; w = w->next) {
		n++;
	}
	CHECK(n > 20 && json_is(json_get(widget(2), S("markdown")),
	    JSON_NULL));
	CHECK(text_at(widget(3), "markdown").len == 100);
}

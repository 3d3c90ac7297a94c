/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metric table as resources: pages, both forms of a URI, completion.
 */
#include "tools/metric_resource.h"

#include "test.h"

#include "base/buf.h"
#include "fake_sys.h"
#include "mcp/mcp.h"
#include "proto/url.h"
#include "tools/metric_table.h"

static struct fake_sys fake;
static struct arena start, work;
static struct mcp *mcp;
static const struct json *result, *error;

/* Sends a request with these params as text; false: no reply. */
static bool
request(const char *method, struct str params)
{
	struct mcp_config config = { .name = S("n"), .title = S("t"),
	    .version = S("0"),
	    .resources = metric_resource_fixed,
	    .resource_n = metric_resource_fixed_n,
	    .templates = metric_resource_templates,
	    .template_n = metric_resource_template_n };
	struct mcp_message m;
	struct json *reply;
	struct fail f;
	struct buf b;

	arena_free(&start);
	arena_free(&work);
	arena_init(&start, (size_t)4 << 20);
	arena_init(&work, (size_t)16 << 20);
	fail_init(&f, &work);
	fake_sys_init(&fake);
	b = buf_in(&work, 65536);
	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
	    "\"params\":%s}", str_from_z(method), params);
	m = (struct mcp_message){ .arena = &work, .sys = &fake.sys,
	    .front = MCP_STDIO, .body = buf_str(&b),
	    .deadline_ms = fake.mono_ms + 1000 };
	if (mcp_new(&mcp, &config, &start, &f) != ERR_OK) {
		return false;
	}
	if (mcp_begin(mcp, &m) != MCP_DONE ||
	    json_parse(&work, m.reply, 0, &reply, &f) != ERR_OK) {
		return false;
	}
	result = json_get(reply, S("result"));
	error = json_get(reply, S("error"));
	return true;
}

/* The page behind a URI; absent: none. */
static struct str
page(struct str uri)
{
	char params[4096];

	(void)snprintf(params, sizeof(params), "{\"uri\":\"%.*s\"}",
	    STR_ARG(uri));
	if (!request("resources/read", str_from_z(params))) {
		return STR_NONE;
	}
	return json_get_str(json_at(json_get(result, S("contents")), 0),
	    S("text"), STR_NONE);
}

/* Completes a variable; returns the values as "[...]". */
static struct str
completed(const char *variable, const char *value, const char *context)
{
	char params[1024];

	(void)snprintf(params, sizeof(params), "{\"ref\":{\"type\":"
	    "\"ref/resource\",\"uri\":\"cloudwatch://metrics/{namespace}/"
	    "{metric}\"},\"argument\":{\"name\":\"%s\",\"value\":\"%s\"}%s}",
	    variable, value, context);
	return request("completion/complete", str_from_z(params)) ?
	    json_get(json_get(result, S("completion")), S("values"))->text :
	    STR_NONE;
}

static bool
has(struct str s, const char *part)
{
	return str_find(s, str_from_z(part), 0) < s.len;
}

TEST(the_list_shows_one_resource_and_two_templates)
{
	CHECK(request("resources/list", S("{}")));
	CHECK_INT(json_get(result, S("resources"))->n, 1);
	CHECK(request("resources/templates/list", S("{}")));
	CHECK_INT(json_get(result, S("resourceTemplates"))->n, 2);
	CHECK(!has(result->text, "{a}"));
}

TEST(every_namespace_and_metric_has_its_page)
{
	char bytes[1024];
	struct buf uri = buf_fixed(bytes, sizeof(bytes));
	size_t i;

	CHECK(has(page(S("cloudwatch://metrics")),
	    "[AWS/EC2](cloudwatch://metrics/AWS%2FEC2), "));
	for (i = 0; i < metric_table_namespace_n(); i++) {
		struct str name = metric_table_namespace_name(i);
		struct str text;

		buf_clear(&uri);
		buf_add(&uri, S("cloudwatch://metrics/"));
		url_encode(&uri, name);
		text = page(buf_str(&uri));
		CHECK(str_starts(text, S("# ")));
		CHECK_STR(str_sub(text, 2, 2 + name.len), name);
		buf_clear(&uri);
		buf_addf(&uri, "cloudwatch://metrics/%s", name);
		CHECK(str_eq(str_sub(page(buf_str(&uri)), 2, 2 + name.len),
		    name));
	}
	for (i = 0; i < metric_table_n(); i++) {
		struct str name = metric_table_name(i);
		struct str ns = metric_table_namespace_name(
		    metric_table_namespace_of(i));

		buf_clear(&uri);
		buf_add(&uri, S("cloudwatch://metrics/"));
		url_encode(&uri, ns);
		buf_add_byte(&uri, '/');
		url_encode(&uri, name);
		CHECK_STR(str_sub(page(buf_str(&uri)), 2, 2 + name.len),
		    name);
		if (str_find_byte(name, '%', 0) < name.len) {
			continue; /* cannot stand as it is */
		}
		buf_clear(&uri);
		buf_addf(&uri, "cloudwatch://metrics/%s/%s", ns, name);
		CHECK_STR(str_sub(page(buf_str(&uri)), 2, 2 + name.len),
		    name);
	}
}

TEST(a_metrics_page_tells_all)
{
	struct str text = page(S("cloudwatch://metrics/AWS%2FEC2/"
	    "CPUUtilization"));

	CHECK(has(text, "# CPUUtilization of AWS/EC2\n"));
	CHECK(has(text, "- Unit: Percent\n"));
	CHECK(has(text, "- Dimensions: InstanceId; none; "));
	CHECK(has(text, "## Alarms\n\n- Average GreaterThanThreshold 80 over "
	    "300 s, 3 of 3 datapoints, missing data: missing, dimensions: "
	    "InstanceId. "));
}

TEST(what_is_not_there_is_no_resource)
{
	static const char *const uris[] = {
		"cloudwatch://metrics/", "cloudwatch://metrics/AWS",
		"cloudwatch://metrics/AWS%2FEC2/Nope",
		"cloudwatch://metrics/AWS/EC2/Nope",
		"cloudwatch://metrics/AWS/EC2/CPUUtilization/x/y",
		"cloudwatch://metrics/%", "cloudwatch://metrics/%00",
		"cloudwatch://metrics//", "cloudwatch://metricsx",
	};
	size_t i;

	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		CHECK(page(str_from_z(uris[i])).p == NULL);
		CHECK_INT(json_get_i64(error, S("code"), 0), -32002);
	}
}

TEST(namespaces_complete_with_and_without_their_first_part)
{
	CHECK_STR(completed("namespace", "AWS/EC2", ""), S("[\"AWS/EC2\","
	    "\"AWS/EC2CapacityReservations\",\"AWS/EC2Spot\"]"));
	CHECK_STR(completed("namespace", "lamb", ""),
	    S("[\"AWS/Lambda\",\"LambdaInsights\"]"));
	CHECK(has(completed("namespace", "", ""), "\"CWAgent\""));
	CHECK_STR(completed("namespace", "zz", ""), S("[]"));
}

TEST(metrics_complete_within_the_chosen_namespace)
{
	static const char *const forms[] = { "AWS/SQS", "AWS%2FSQS", "sqs" };
	size_t i;

	for (i = 0; i < 3; i++) {
		char context[128];

		(void)snprintf(context, sizeof(context), ",\"context\":{"
		    "\"arguments\":{\"namespace\":\"%s\"}}", forms[i]);
		CHECK_STR(completed("metric", "approximateage", context),
		    S("[\"ApproximateAgeOfOldestMessage\"]"));
	}
	CHECK_STR(completed("metric", "Approx", ""), S("[]"));
	CHECK_STR(completed("metric", "A", ",\"context\":{\"arguments\":{"
	    "\"namespace\":\"%\"}}"), S("[]"));
}

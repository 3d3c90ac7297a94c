/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searching the metric table: namespaces, names, nearest ones, words.
 */
#include "tools/metric_search.h"

#include "test.h"

static struct arena arena;
static struct metric_search found;

static bool
search(const char *query)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)1 << 20);
	return metric_search(&arena, str_from_z(query), METRIC_TABLE_NONE,
	    &found) == ERR_OK;
}

static struct str
hit(size_t i)
{
	return i < found.n ? metric_table_name(found.hits[i].metric) :
	    STR_NONE;
}

static struct str
namespace_of(const char *given)
{
	size_t ns = metric_search_namespace(str_from_z(given));

	return ns == METRIC_TABLE_NONE ? S("none") :
	    metric_table_namespace_name(ns);
}

TEST(a_namespace_is_known_in_every_form_people_write)
{
	CHECK_STR(namespace_of("AWS/EC2"), S("AWS/EC2"));
	CHECK_STR(namespace_of("aws/ec2"), S("AWS/EC2"));
	CHECK_STR(namespace_of("ec2"), S("AWS/EC2"));
	CHECK_STR(namespace_of("containerinsights"), S("ContainerInsights"));
	CHECK_STR(namespace_of("EC3"), S("none"));
	CHECK_STR(namespace_of(""), S("none"));
}

TEST(a_name_is_found_in_any_case_unless_two_differ_in_case_only)
{
	size_t ec2 = metric_search_namespace(S("AWS/EC2"));
	size_t insights = metric_search_namespace(S("ContainerInsights"));
	size_t exact = metric_table_find(S("ContainerInsights"),
	    S("apiserver_request_total_5xx"));

	CHECK_INT(metric_search_folded(ec2, S("CPUUTILIZATION")),
	    metric_table_find(S("AWS/EC2"), S("CPUUtilization")));
	CHECK(metric_search_folded(ec2, S("Invocations")) ==
	    METRIC_TABLE_NONE);
	CHECK(exact != METRIC_TABLE_NONE);
	CHECK_INT(metric_search_folded(insights,
	    S("apiserver_request_total_5xx")), exact);
}

TEST(the_nearest_come_first)
{
	size_t near[METRIC_SEARCH_NEAR_MAX_N];
	size_t n;

	n = metric_search_near_namespaces(S("AWS/Lamda"), near, 3);
	CHECK(n >= 1 && n <= 3);
	CHECK_STR(metric_table_namespace_name(near[0]), S("AWS/Lambda"));
	n = metric_search_near(METRIC_TABLE_NONE, S("Invocation"), near, 8);
	CHECK(n > 1);
	CHECK_STR(metric_table_name(near[0]), S("Invocations"));
	n = metric_search_near(metric_search_namespace(S("sqs")),
	    S("OldestMessage"), near, 8);
	CHECK(n >= 1);
	CHECK_STR(metric_table_name(near[0]),
	    S("ApproximateAgeOfOldestMessage"));
	CHECK_INT(metric_search_near(METRIC_TABLE_NONE, S("zq"), near, 8), 0);
	CHECK_INT(metric_search_near(METRIC_TABLE_NONE, S(""), near, 8), 0);
}

TEST(every_metric_is_the_first_hit_for_its_own_full_name)
{
	size_t i;

	for (i = 0; i < metric_table_n(); i += 29) {
		char query[300];

		(void)snprintf(query, sizeof(query), "%.*s",
		    STR_ARG(metric_table_name(i)));
		CHECK(search(query));
		CHECK(found.n > 0);
		CHECK(str_ieq(hit(0), metric_table_name(i)));
	}
}

TEST(a_name_is_taken_apart_where_its_case_changes)
{
	CHECK(search("http code target 5xx count"));
	CHECK_STR(hit(0), S("HTTPCode_Target_5XX_Count"));
	CHECK(search("httpcode_elb_5xx"));
	CHECK_STR(hit(0), S("HTTPCode_ELB_5XX"));
	CHECK(search("CPUCreditBalance"));
	CHECK_STR(hit(0), S("CPUCreditBalance"));
	CHECK_INT(found.word_n, 3);
}

TEST(fillers_are_no_words_and_no_words_fit_everything)
{
	CHECK(search("the metric of"));
	CHECK_INT(found.word_n, 0);
	CHECK_INT(found.n, metric_table_n());
	CHECK_INT(found.hits[0].metric, 0);
}

TEST(a_slip_is_replaced_by_the_nearest_word)
{
	CHECK(search("throtled requests"));
	CHECK_STR(found.slips[0], S("throtled"));
	CHECK(str_ieq(found.words[0], S("throttled")));
	CHECK(found.slips[1].p == NULL);
	CHECK(!found.partial);
	/* Two letters are no slip: they might be anything. */
	CHECK(search("qz"));
	CHECK_INT(found.n, 0);
}

static bool
scenario(struct arena *a, void *ctx)
{
	struct metric_search s;
	struct str query = *(struct str *)ctx;

	return metric_search(a, query, METRIC_TABLE_NONE, &s) == ERR_OK;
}

TEST(a_search_without_memory_is_an_orderly_error)
{
	struct str query = S("cpu utilisatoin");

	CHECK(test_fail_sweep(scenario, &query, (size_t)1 << 20) > 0);
}

TEST(a_name_without_its_separators_is_mended_to_the_whole_name)
{
	CHECK(search("httpcodetarget5xxcount"));
	CHECK_STR(found.words[0], S("HTTPCode_Target_5XX_Count"));
	CHECK(found.n >= 1 && !found.partial);
	CHECK_STR(hit(0), S("HTTPCode_Target_5XX_Count"));
}

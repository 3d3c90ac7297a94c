/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which saved Logs Insights queries belong to which log groups.
 */
#include "test.h"

#include "tools/saved_query.h"

static struct arena arena;

static struct str
shown(const char *definition, struct str group)
{
	struct saved_query_groups groups = { &group, 1 };
	struct json *v;
	struct json_writer w;
	struct buf out;

	arena_free(&arena);
	arena_init(&arena, 65536);
	out = buf_in(&arena, 4096);
	w = json_writer(&out);
	if (json_parse(&arena, str_from_z(definition), 0, &v, NULL)
	    != ERR_OK) {
		return S("bad test");
	}
	json_begin_array(&w);
	saved_query_show(&w, v, &groups);
	json_end_array(&w);
	return buf_str(&out);
}

TEST(prefixes_are_read_from_the_source_command)
{
	struct str p[SAVED_QUERY_PREFIX_MAX];

	CHECK_INT(saved_query_prefixes(S("SOURCE logGroups(namePrefix: "
	    "['/aws/lambda', \"/ecs/\"]) | fields @message"), p,
	    SAVED_QUERY_PREFIX_MAX), 2);
	CHECK_STR(p[0], S("/aws/lambda"));
	CHECK_STR(p[1], S("/ecs/"));
	CHECK_INT(saved_query_prefixes(S("fields @message"), p, 16), 0);
	CHECK_INT(saved_query_prefixes(S("SOURCE logGroups(namePrefix: [''"),
	    p, 16), 0);
	CHECK_INT(saved_query_prefixes(S("SOURCE logGroups() | x [a]"), p, 16),
	    0);
}

TEST(a_query_that_names_the_group_belongs)
{
	CHECK_STR(shown("{\"name\":\"n\",\"queryString\":\"q\","
	    "\"logGroupNames\":[\"/a\",\"/b\"]}", S("/b")),
	    S("[{\"name\":\"n\",\"queryString\":\"q\",\"logGroupNames\":"
	    "[\"/a\",\"/b\"],\"logGroupPrefixes\":[]}]"));
}

TEST(a_query_whose_prefix_fits_belongs)
{
	CHECK_STR(shown("{\"name\":\"n\",\"queryString\":\"SOURCE "
	    "logGroups(namePrefix:['/aws/'])\"}", S("/aws/x")),
	    S("[{\"name\":\"n\",\"queryString\":\"SOURCE "
	    "logGroups(namePrefix:['/aws/'])\",\"logGroupNames\":[],"
	    "\"logGroupPrefixes\":[\"/aws/\"]}]"));
}

TEST(other_queries_do_not_belong)
{
	CHECK_STR(shown("{\"name\":\"n\",\"queryString\":\"q\","
	    "\"logGroupNames\":[\"/a\"]}", S("/b")), S("[]"));
	CHECK_STR(shown("{}", S("/b")), S("[]"));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of groups, and messages cut by the size of their JSON text.
 */
#include "test.h"

#include "base/buf.h"
#include "tools/log_row.h"

#define ARN "arn:aws:logs:eu-west-1:111122223333:log-group:/a/b"

TEST(groups_have_one_name_in_all_their_forms)
{
	CHECK_STR(log_row_group_name(S("/a/b")), S("/a/b"));
	CHECK_STR(log_row_group_name(S(ARN)), S("/a/b"));
	CHECK_STR(log_row_group_name(S(ARN ":*")), S("/a/b"));
	CHECK_STR(log_row_group_name(S("111122223333:/a/b")), S("/a/b"));
	CHECK_STR(log_row_group_name(S("abcdefghijkl:m")),
	    S("abcdefghijkl:m"));
}

static struct str
put(struct str group, char *memory, size_t size)
{
	struct buf b = buf_fixed(memory, size);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	log_row_put_group(&w, group);
	json_end_object(&w);
	return buf_str(&b);
}

TEST(arns_are_sent_without_their_asterisk)
{
	char memory[256];

	CHECK_STR(put(S("/a"), memory, 256), S("{\"logGroupName\":\"/a\"}"));
	CHECK_STR(put(S(ARN ":*"), memory, 256),
	    S("{\"logGroupIdentifier\":\"" ARN "\"}"));
}

TEST(messages_are_cut_between_characters_by_their_json_length)
{
	CHECK_STR(log_row_cut(S("hello"), 5), S("hello"));
	CHECK_STR(log_row_cut(S("hello"), 4), S("hell"));
	CHECK_STR(log_row_cut(S("a\"b"), 3), S("a\""));
	CHECK_STR(log_row_cut(S("a\"b"), 2), S("a"));
	CHECK_STR(log_row_cut(S("\t\n\r"), 5), S("\t\n"));
	CHECK_STR(log_row_cut(S("\x01" "b"), 5), S(""));
	CHECK_STR(log_row_cut(S("\x01" "b"), 6), S("\x01"));
	CHECK_STR(log_row_cut(S("a\xe2\x82\xac" "b"), 3), S("a"));
	CHECK_STR(log_row_cut(S("a\xe2\x82\xac" "b"), 4), S("a\xe2\x82\xac"));
	CHECK_STR(log_row_cut(S("\x80\x80\x80"), 2), S(""));
	CHECK_STR(log_row_cut(S(""), 0), S(""));
}

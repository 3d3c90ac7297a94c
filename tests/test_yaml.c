/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The YAML subset: what is read, as JSON, and what is refused, by line.
 */
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "proto/yaml.h"

static int
parse_log(struct str in, char *log, size_t log_size)
{
	struct buf b = buf_fixed(log, log_size - 1);
	struct json_writer w = json_writer(&b);
	struct json *v;
	struct arena a;
	struct fail f;
	enum err err;

	arena_init(&a, (size_t)16 << 20);
	fail_init(&f, &a);
	err = yaml_parse(&a, in, &v, &f);
	if (err == ERR_OK) {
		json_value(&w, v);
	} else {
		buf_addf(&b, "%s: %s", err_name(err), fail_text(&f));
	}
	log[b.len] = '\0';
	arena_free(&a);
	return err == ERR_OK ? 1 : -(int)err;
}

static int
feed(void *ctx, struct str bytes, bool more, char *log, size_t log_size)
{
	(void)ctx;
	return more ? 0 : parse_log(bytes, log, log_size);
}

#define GIVES(in, want) do { \
	char log_[16384]; \
	parse_log(S(in), log_, sizeof(log_)); \
	CHECK_STR(str_from_z(log_), S(want)); \
	CHECK(test_five_ways(feed, NULL, S(in), true)); \
} while (0)

TEST(mappings_nest_by_indentation)
{
	GIVES("region: eu-west-1\nprofiles:\n  prod:\n"
	    "    account_id: 012345678901\n    description: the shop\n"
	    "  dev:\n    account_id: 2\nlast: x",
	    "{\"region\":\"eu-west-1\",\"profiles\":{\"prod\":{"
	    "\"account_id\":\"012345678901\",\"description\":\"the shop\"},"
	    "\"dev\":{\"account_id\":\"2\"}},\"last\":\"x\"}");
}

TEST(a_list_may_stand_in_the_column_of_its_key_or_deeper)
{
	GIVES("a:\n- p: 1\n  q: 2\n- p: 3\nb: 4\n",
	    "{\"a\":[{\"p\":\"1\",\"q\":\"2\"},{\"p\":\"3\"}],\"b\":\"4\"}");
	GIVES("a:\n  -   p: 1\n      q:\n      - r\n      - s\n  - t\nb: 4\n",
	    "{\"a\":[{\"p\":\"1\",\"q\":[\"r\",\"s\"]},\"t\"],\"b\":\"4\"}");
	GIVES("- a\n-\n  b: c\n-\n- d\n", "[\"a\",{\"b\":\"c\"},null,\"d\"]");
	GIVES("-\n  - x\n  - y\n- z\n", "[[\"x\",\"y\"],\"z\"]");
}

TEST(scalars_are_strings_and_nothing_is_null)
{
	GIVES("a: true\nb: 1e3\nc: null\nd: ~\ne:\nf: 'null'\ng: \"\"\n",
	    "{\"a\":\"true\",\"b\":\"1e3\",\"c\":null,\"d\":null,\"e\":null,"
	    "\"f\":\"null\",\"g\":\"\"}");
	GIVES("arn: arn:aws:iam::1:role/x\nt: 12:30\nu: a#b - c, [d]\n"
	    "v: -1\nw: :x\nx: ?y\n",
	    "{\"arn\":\"arn:aws:iam::1:role/x\",\"t\":\"12:30\","
	    "\"u\":\"a#b - c, [d]\",\"v\":\"-1\",\"w\":\":x\","
	    "\"x\":\"?y\"}");
}

TEST(quotes_hold_what_plain_text_may_not)
{
	GIVES("a: 'it''s: #1 '\nb: \"q\\\"\\n\\u00e9 # \\\\\" # c\n"
	    "'c: d' : e\n\"f\\tg\": h\n'': i\n",
	    "{\"a\":\"it's: #1 \",\"b\":\"q\\\"\\n\xc3\xa9 # \\\\\","
	    "\"c: d\":\"e\",\"f\\tg\":\"h\",\"\":\"i\"}");
	GIVES("- \"a: b\"\n- 'c: d'\n- 'e': f\n",
	    "[\"a: b\",\"c: d\",{\"e\":\"f\"}]");
}

TEST(comments_blank_lines_and_the_document_start_are_skipped)
{
	GIVES("\xef\xbb\xbf# c\n\n--- # d\n# e  \na: b # f\n   # g\n\t\n"
	    "c:# h: i\nd: #j\n  e: k\n",
	    "{\"a\":\"b\",\"c:# h\":\"i\",\"d\":{\"e\":\"k\"}}");
	GIVES("a: b\r\nc:\r\n  d: e\r\n",
	    "{\"a\":\"b\",\"c\":{\"d\":\"e\"}}");
	GIVES("", "null");
	GIVES("---\n", "null");
	GIVES("# nothing\n", "null");
}

TEST(what_is_not_read_is_refused_by_line)
{
	GIVES("a: 1\nb: &x 2\n", "SYNTAX: line 2 uses an anchor or alias, "
	    "which is not read here: write the value out, or quote it");
	GIVES("a: *x\n", "SYNTAX: line 1 uses an anchor or alias, which "
	    "is not read here: write the value out, or quote it");
	GIVES("a: !!str 1\n", "SYNTAX: line 1 uses a tag, which is not "
	    "read here: leave it out");
	GIVES("\na: {b: c}\n", "SYNTAX: line 2 uses flow style ({} or []), "
	    "which is not read here: write an entry a line, or quote it");
	GIVES("[a, b]\n", "SYNTAX: line 1 uses flow style ({} or []), "
	    "which is not read here: write an entry a line, or quote it");
	GIVES("a: |\n  b\n", "SYNTAX: line 1 begins text over several "
	    "lines, which is not read here: write it on one line");
	GIVES("a: b\n  c\n", "SYNTAX: line 2 is neither \"key: value\" "
	    "nor \"- entry\"");
	GIVES("a: b\n  c: d\n", "SYNTAX: line 2 is indented deeper than "
	    "what it follows; a value stands on one line");
	GIVES("a:\n\tb: c\n", "SYNTAX: line 2 has a tab in its "
	    "indentation");
	GIVES("-\ta: c\n", "SYNTAX: line 1 has a tab in its "
	    "indentation");
	GIVES("%YAML 1.2\n", "SYNTAX: line 1 begins with a character that "
	    "has to stand in quotes");
	GIVES("a: 1\n---\nb: 2\n", "SYNTAX: line 2 begins another "
	    "document, and one is read");
	GIVES("---\n---\n", "SYNTAX: line 2 begins another document, and "
	    "one is read");
	GIVES("--- a: 1\n", "SYNTAX: line 1 has text behind \"---\"");
	GIVES("? a\n", "SYNTAX: line 1 has an indicator where a value "
	    "should be: write an entry a line");
	GIVES("- - a\n", "SYNTAX: line 1 has an indicator where a value "
	    "should be: write an entry a line");
	GIVES("hello\n", "SYNTAX: line 1 is neither \"key: value\" nor "
	    "\"- entry\"");
}

TEST(mistakes_are_found_where_they_are)
{
	GIVES("a:\n  b: 1\n c: 2\n", "SYNTAX: line 3 fits to no entry "
	    "above it: its indentation, or a list among keys");
	GIVES("a: 1\n- b\n", "SYNTAX: line 2 fits to no entry above it: "
	    "its indentation, or a list among keys");
	GIVES("- b\na: 1\n", "SYNTAX: line 2 fits to no entry above it: "
	    "its indentation, or a list among keys");
	GIVES("a: b: c\n", "SYNTAX: line 1 has \": \" in a value, which "
	    "therefore has to stand in quotes");
	GIVES("a: \"b\n", "SYNTAX: line 1 opens a quote that is not "
	    "closed on it");
	GIVES("a: 'b' c\n", "SYNTAX: line 1 has text behind a quoted "
	    "value");
	GIVES("a: 'b'#c\n", "SYNTAX: line 1 has text behind a quoted "
	    "value");
	GIVES("a: \"\\x41\"\n", "SYNTAX: line 1 has an escape or a tab "
	    "between double quotes that JSON does not know");
	GIVES(": a\n", "SYNTAX: line 1 has no key in front of its colon");
	GIVES("x:\n  a: 1\n  b: 2\n  a: 3\ny: 4\n",
	    "SYNTAX: line 4 has a key for the second time");
	GIVES("a: 1\n\"a\": 2\n",
	    "SYNTAX: line 2 has a key for the second time");
	GIVES("a: \x01\n", "SYNTAX: line 1 has a control character");
	GIVES("a: \r\r\n", "SYNTAX: line 1 has a control character");
}

TEST(bytes_that_are_no_text_are_refused)
{
	char log[256];

	CHECK_INT(parse_log(S("a: \xff\n"), log, sizeof(log)), -ERR_UTF8);
}

static char big[YAML_FILE_MAX + 2];

TEST(limits_hold)
{
	static char log[1024];
	size_t at = 0;

	for (size_t i = 0; i < YAML_NODE_MAX + 1; i++) {
		memcpy(big + at, "- a\n", 4);
		at += 4;
	}
	CHECK_INT(parse_log(str_of(big, at), log, sizeof(log)), -ERR_LIMIT);
	at = 0;
	for (size_t i = 0; i < YAML_DEPTH_MAX; i++) {
		memset(big + at, ' ', i);
		memcpy(big + at + i, "a:\n", 3);
		at += i + 3;
	}
	parse_log(str_of(big, at), log, sizeof(log));
	CHECK(str_starts(str_from_z(log), S("{\"a\":{\"a\":")));
	memset(big + at, ' ', YAML_DEPTH_MAX);
	memcpy(big + at + YAML_DEPTH_MAX, "a:\n", 3);
	at += YAML_DEPTH_MAX + 3;
	CHECK_INT(parse_log(str_of(big, at), log, sizeof(log)), -ERR_SYNTAX);
	CHECK_STR(str_from_z(log), S("SYNTAX: line 17 nests too deep"));
	memset(big, '#', sizeof(big));
	CHECK_INT(parse_log(str_of(big, YAML_FILE_MAX), log, sizeof(log)), 1);
	CHECK_INT(parse_log(str_of(big, YAML_FILE_MAX + 1), log, sizeof(log)),
	    -ERR_LIMIT);
}

static bool
read_all(struct arena *a, void *ctx)
{
	struct json *v;

	(void)ctx;
	return yaml_parse(a, S("a:\n- 'x''y'\n- \"z\\n\"\nb:\n  c: d\n"), &v,
	    NULL) == ERR_OK;
}

TEST(without_memory_it_ends_in_order)
{
	CHECK(test_fail_sweep(read_all, NULL, (size_t)1 << 20) > 5);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS configuration files: what both big readers accept, and what neither
 * does. Expected entries are written as section|key|sub|value|line.
 */
#include "test.h"

#include "base/buf.h"
#include "base/limits.h"
#include "proto/ini.h"

/* Everything the parser said, one entry a line. */
static void
show(const struct ini *ini, struct buf *b)
{
	for (const struct ini_entry *e = ini->first; e != NULL; e = e->next) {
		buf_addf(b, "%s|%s|%s|%s|%u\n", e->section, e->key, e->sub,
		    e->value, (uint64_t)e->line);
	}
}

static int
parse_log(struct str in, char *log, size_t log_size)
{
	struct arena a;
	struct ini ini;
	struct fail f;
	struct buf b = buf_fixed(log, log_size - 1);
	enum err err;

	arena_init(&a, 4 * INI_FILE_MAX);
	fail_init(&f, &a);
	err = ini_parse(&a, in, &ini, &f);
	show(&ini, &b);
	if (err != ERR_OK) {
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
	if (more) {
		return 0;
	}
	return parse_log(bytes, log, log_size);
}

#define GIVES(in, want) do { \
	char log_[16384]; \
	parse_log(S(in), log_, sizeof(log_)); \
	CHECK_STR(str_from_z(log_), S(want)); \
	CHECK(test_five_ways(feed, NULL, S(in), true)); \
} while (0)

TEST(sections_and_pairs_are_read_in_order)
{
	GIVES("[default]\nregion = eu-west-1\n\n[profile a]\nx=1\n",
	    "default||||1\ndefault|region||eu-west-1|2\n"
	    "profile a||||4\nprofile a|x||1|5\n");
}

TEST(an_empty_file_has_no_entries)
{
	GIVES("", "");
	GIVES("\n\n  \n# only a comment\n", "");
}

TEST(keys_are_lower_cased_and_sections_are_not)
{
	GIVES("[Profile A]\nReGion = EU\n",
	    "Profile A||||1\nProfile A|region||EU|2\n");
}

TEST(crlf_and_a_byte_order_mark_are_tolerated)
{
	GIVES("\xef\xbb\xbf[a]\r\nk = v\r\n\r\nl = w\r\n",
	    "a||||1\na|k||v|2\na|l||w|4\n");
}

TEST(a_file_may_end_without_a_line_end)
{
	GIVES("[a]\nk = v", "a||||1\na|k||v|2\n");
}

TEST(comments_are_skipped)
{
	GIVES("# c\n; d\n[a] # e\n  # f\nk = v ; g\nl = w\t# h\n",
	    "a|||e|3\na|k||v|5\na|l||w|6\n");
}

TEST(a_hash_inside_a_word_belongs_to_the_value)
{
	GIVES("[a]\nk = v#w;x\nl =#m\n", "a||||1\na|k||v#w;x|2\na|l||#m|3\n");
}

TEST(a_credential_process_keeps_its_hash)
{
	GIVES("[a]\nCredential_Process = /bin/x 'a #b' ; c\n",
	    "a||||1\na|credential_process||/bin/x 'a #b' ; c|2\n");
}

TEST(values_keep_their_equal_signs)
{
	GIVES("[a]\naws_secret_access_key = a/b+c==\nu: http://h/?a=b\n",
	    "a||||1\na|aws_secret_access_key||a/b+c==|2\n"
	    "a|u||http://h/?a=b|3\n");
}

TEST(indented_lines_below_an_empty_value_are_nested)
{
	GIVES("[services s]\ncloudwatch =\n  endpoint_url = http://h:1\n"
	    "\n  # note\n\tOther = 2\nlogs =\n endpoint_url = x\nplain = y\n",
	    "services s||||1\nservices s|cloudwatch|||2\n"
	    "services s|cloudwatch|endpoint_url|http://h:1|3\n"
	    "services s|cloudwatch|other|2|6\n"
	    "services s|logs|||7\nservices s|logs|endpoint_url|x|8\n"
	    "services s|plain||y|9\n");
}

TEST(an_indented_line_below_a_value_continues_it)
{
	GIVES("[a]\nk = v\n  w # c\nl = x\n",
	    "a||||1\na|k||v\n  w|2\na|l||x|4\n");
}

TEST(a_file_that_is_indented_as_a_whole_is_read)
{
	GIVES("  [a]\n  k = v\n  l =\n    m = n\n  [b]\n  k = w\n",
	    "a||||1\na|k||v|2\na|l|||3\na|l|m|n|4\nb||||5\nb|k||w|6\n");
}

TEST(quoted_section_names_keep_their_brackets)
{
	GIVES("[profile \"a ]b\"]\nk = v\n",
	    "profile \"a ]b\"||||1\nprofile \"a ]b\"|k||v|2\n");
}

TEST(lines_that_mean_nothing_are_named)
{
	GIVES("[a]\nnonsense\n", "a||||1\n"
	    "SYNTAX: line 2 is neither [section] nor key = value");
	GIVES("k = v\n", "SYNTAX: line 1 stands before the first [section]");
	GIVES("[a\n", "SYNTAX: line 1 opens a section with [ that no ] closes");
	GIVES("[ ]\n", "SYNTAX: line 1 names no section between [ and ]");
	GIVES("[a] b\n",
	    "SYNTAX: line 1 has text behind the ] of its section");
	GIVES("[a]\n= v\n", "a||||1\nSYNTAX: line 2 has a value without a key");
	GIVES("[a]\nk =\n  v\n", "a||||1\na|k|||2\n"
	    "SYNTAX: line 3 is neither [section] nor key = value");
}

TEST(a_utf_16_file_is_named_as_such)
{
	char log[256];

	parse_log(S("[\0a\0]\0\n\0"), log, sizeof(log));
	CHECK_STR(str_from_z(log), S("SYNTAX: line 1 holds a NUL byte (is the "
	    "file UTF-16? save it as UTF-8)"));
}

TEST(long_lines_and_long_files_are_refused)
{
	static char big[INI_FILE_MAX + 1];
	char log[256];

	memset(big, '#', sizeof(big));
	parse_log(str_of(big, INI_LINE_MAX), log, sizeof(log));
	CHECK_STR(str_from_z(log), S(""));
	parse_log(str_of(big, INI_LINE_MAX + 1), log, sizeof(log));
	CHECK_STR(str_from_z(log),
	    S("SYNTAX: line 1 is longer than any setting can be"));
	parse_log(str_of(big, sizeof(big)), log, sizeof(log));
	CHECK_STR(str_from_z(log), S("LIMIT: the file has 1048577 bytes; "
	    "at most 1048576 are read"));
}

TEST(an_error_carries_its_line)
{
	struct arena a;
	struct ini ini;
	struct fail f;

	arena_init(&a, 65536);
	fail_init(&f, &a);
	CHECK_INT(ini_parse(&a, S("[a]\n\nx\n"), &ini, &f), ERR_SYNTAX);
	CHECK_INT(f.pos, 3);
	CHECK_INT(ini_parse(&a, S("[a]\n\nx\n"), &ini, NULL), ERR_SYNTAX);
	arena_free(&a);
}

TEST(the_last_of_several_values_counts)
{
	struct arena a;
	struct ini ini;

	arena_init(&a, 65536);
	CHECK_INT(ini_parse(&a, S("[a]\nk = 1\nn =\n m = 5\n[b]\nk = 2\n"
	    "[a]\nk = 3\n"), &ini, NULL), ERR_OK);
	CHECK_INT(ini.entry_n, 8);
	CHECK_STR(ini_get(&ini, S("a"), S("k"), STR_NONE), S("3"));
	CHECK_STR(ini_get(&ini, S("b"), S("k"), STR_NONE), S("2"));
	CHECK_STR(ini_get(&ini, S("a"), S("n"), S("m")), S("5"));
	CHECK(ini_get(&ini, S("a"), S("m"), STR_NONE).p == NULL);
	CHECK(ini_get(&ini, S("a"), S("n"), S("x")).p == NULL);
	CHECK(ini_get(&ini, S("c"), S("k"), STR_NONE).p == NULL);
	CHECK(ini_get(&ini, S("a"), S("n"), STR_NONE).p != NULL);
	arena_free(&a);
}

TEST(section_names_are_split_and_unquoted)
{
	struct str name = STR_NONE;

	CHECK(ini_section(S("profile x"), S("profile"), &name));
	CHECK_STR(name, S("x"));
	CHECK(ini_section(S("profile \t \"a b\""), S("profile"), &name));
	CHECK_STR(name, S("a b"));
	CHECK(ini_section(S("sso-session 'q'"), S("sso-session"), &name));
	CHECK_STR(name, S("q"));
	CHECK(ini_section(S("profile \"x"), S("profile"), &name));
	CHECK_STR(name, S("\"x"));
	CHECK(!ini_section(S("profile"), S("profile"), &name));
	CHECK(!ini_section(S("profilex y"), S("profile"), &name));
	CHECK(!ini_section(S("default"), S("profile"), &name));
	CHECK(!ini_section(S("profile \"\""), S("profile"), &name));
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct ini ini;
	struct fail f;

	(void)ctx;
	fail_init(&f, a);
	return ini_parse(a, S("[a]\nK = v\nn =\n m = 1\n[b]\nx: y\n"), &ini,
	    &f) == ERR_OK;
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	CHECK_INT(test_fail_sweep(sweep, NULL, 1 << 20), 10);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The regular expressions of Logs Insights: what matches, what does not, what
 * is refused, and that nobody can make them slow.
 */
#include "demo/demo_regex.h"
#include "test.h"

/* 1 matches, 0 does not, -1 the pattern is refused. */
static int
try_regex(const char *pattern, const char *text)
{
	struct arena a;
	struct demo_regex *re;
	uint64_t steps = 100000;
	int r = -1;

	arena_init(&a, (size_t)1024 * 1024);
	re = demo_regex_compile(&a, str_from_z(pattern));
	if (re != NULL) {
		r = demo_regex_search(re, test_guarded(str_from_z(text)),
		    &steps);
	}
	arena_free(&a);
	return r;
}

#define MATCHES(pattern, text) CHECK_INT(try_regex(pattern, text), 1)
#define MISSES(pattern, text) CHECK_INT(try_regex(pattern, text), 0)
#define REFUSES(pattern) CHECK_INT(try_regex(pattern, ""), -1)

TEST(plain_text_is_found_anywhere)
{
	MATCHES("abc", "xxabcxx");
	MISSES("abc", "xxabxcx");
	MATCHES("a.c", "a-c");
	MISSES("a.c", "a\nc");
	MATCHES("a\\.c", "a.c");
	MISSES("a\\.c", "abc");
}

TEST(anchors_and_word_borders_hold)
{
	MATCHES("^ab$", "ab");
	MISSES("^ab$", "xab");
	MISSES("^ab$", "abx");
	MATCHES("\\bcat\\b", "a cat!");
	MISSES("\\bcat\\b", "concat");
	MATCHES("^$", "");
}

TEST(repetition_takes_as_often_as_it_says)
{
	MATCHES("^ab*c$", "ac");
	MATCHES("^ab*c$", "abbbc");
	MISSES("^ab+c$", "ac");
	MATCHES("^ab+c$", "abbc");
	MATCHES("^ab?c$", "abc");
	MISSES("^ab?c$", "abbc");
	MATCHES("^a{2,3}$", "aaa");
	MISSES("^a{2,3}$", "aaaa");
	MISSES("^a{2,3}$", "a");
	MATCHES("^(ab){2}$", "abab");
	MATCHES("^a{2,}b$", "aaaab");
	MATCHES("^a{0,2}$", "");
	MATCHES("^(a|b)+?c", "ababc");
	MATCHES("^(x+x+)+y", "xxxxy");
}

TEST(alternatives_and_groups_nest)
{
	MATCHES("^(foo|bar|baz)$", "bar");
	MATCHES("^(foo|bar|baz)$", "baz");
	MISSES("^(foo|bar|baz)$", "ba");
	MATCHES("^(?:a|(b|c)d)e$", "cde");
	MATCHES("^(?<name>x)y$", "xy");
	MATCHES("a||b", "zzz");
}

TEST(classes_hold_bytes_ranges_and_escapes)
{
	MATCHES("^[a-c]+$", "abc");
	MISSES("^[a-c]+$", "abd");
	MATCHES("^[^0-9]+$", "abc");
	MISSES("^[^0-9]+$", "ab1");
	MATCHES("^[]x-]+$", "]x-");
	MATCHES("^\\d{3}-\\w+\\s\\S$", "123-a_1 x");
	MISSES("^\\D$", "1");
	MATCHES("[\\d.]+ms", "took 1.5ms");
	MATCHES("(?i)error [X-Z]", "ERROR y");
}

TEST(malformed_patterns_are_refused)
{
	REFUSES("");
	REFUSES("(");
	REFUSES("a)");
	REFUSES("[a");
	REFUSES("*a");
	REFUSES("a{3,2}");
	REFUSES("a{101}");
	REFUSES("[z-a]");
	REFUSES("a\\");
	REFUSES("(?=a)");
	REFUSES("((((((((((((((((((a))))))))))))))))))");
	REFUSES("(a{50}){50}");
}

TEST(hostile_patterns_use_up_their_steps_and_stop)
{
	char text[2001];
	struct arena a;
	struct demo_regex *re;
	uint64_t steps = 5000;

	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	arena_init(&a, (size_t)1024 * 1024);
	re = demo_regex_compile(&a, S("(a*)*(a|a)*[^a]"));
	CHECK(re != NULL);
	CHECK(!demo_regex_search(re, str_from_z(text), &steps));
	CHECK_INT(steps, 0);
	steps = 10000000;
	CHECK(!demo_regex_search(re, str_from_z(text), &steps));
	CHECK(steps > 9000000);
	arena_free(&a);
}

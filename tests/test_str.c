/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slices: comparison, search, cutting, strict numbers, edit distance.
 */
#include "test.h"

TEST(equality_is_by_bytes_or_by_ascii_case)
{
	CHECK(str_eq(S("a"), S("a")) && !str_eq(S("a"), S("A")));
	CHECK(str_eq(STR_NONE, S("")));
	CHECK(str_ieq(S("Host"), S("hOST")) && !str_ieq(S("a"), S("ab")));
	CHECK(!str_ieq(S("\xc3\x84"), S("\xc3\xa4")));
	CHECK(!str_ieq(S("@"), S("`")));
}

TEST(order_is_by_unsigned_bytes_then_length)
{
	CHECK(str_cmp(S("a"), S("b")) < 0);
	CHECK(str_cmp(S("a"), S("ab")) < 0);
	CHECK(str_cmp(S("\xff"), S("a")) > 0);
	CHECK_INT(str_cmp(S(""), STR_NONE), 0);
}

TEST(secrets_compare_like_other_text)
{
	CHECK(str_eq_secret(S("abc"), S("abc")));
	CHECK(!str_eq_secret(S("abc"), S("abd")));
	CHECK(!str_eq_secret(S("abc"), S("abcd")));
	CHECK(str_eq_secret(S(""), S("")));
}

TEST(prefixes_and_suffixes)
{
	CHECK(str_starts(S("abc"), S("ab")) && !str_starts(S("a"), S("ab")));
	CHECK(str_istarts(S("ABc"), S("ab")) && !str_istarts(S("a"), S("ab")));
	CHECK(str_ends(S("abc"), S("bc")) && !str_ends(S("c"), S("bc")));
	CHECK(str_ends(S("abc"), S("")));
}

TEST(search_gives_the_length_when_there_is_nothing)
{
	struct str s = test_guarded(S("abcabd"));

	CHECK_INT(str_find_byte(s, 'b', 0), 1);
	CHECK_INT(str_find_byte(s, 'b', 2), 4);
	CHECK_INT(str_find_byte(s, 'x', 0), 6);
	CHECK_INT(str_find_byte(s, 'a', 9), 6);
	CHECK_INT(str_find(s, S("abd"), 0), 3);
	CHECK_INT(str_find(s, S("abx"), 0), 6);
	CHECK_INT(str_find(s, S("abcabdx"), 0), 6);
	CHECK_INT(str_find(s, S(""), 2), 2);
	CHECK_INT(str_find(s, S(""), 9), 6);
	CHECK(str_icontains(s, S("CAB")) && !str_icontains(s, S("cb")));
}

TEST(parts_are_clipped_to_the_whole)
{
	CHECK_STR(str_sub(S("abc"), 1, 9), S("bc"));
	CHECK_STR(str_sub(S("abc"), 2, 1), S(""));
	CHECK_STR(str_sub(S("abc"), 9, 12), S(""));
	CHECK_STR(str_sub(STR_NONE, 0, 1), S(""));
}

TEST(trimming_knows_two_kinds_of_blank)
{
	CHECK_STR(str_trim(S(" \ta b\t ")), S("a b"));
	CHECK_STR(str_trim(S(" a\n")), S("a\n"));
	CHECK_STR(str_trim_ws(S("\r\n a\n")), S("a"));
	CHECK_STR(str_trim(S("  ")), S(""));
}

TEST(cutting_walks_every_field)
{
	struct str rest = S("a,,b");

	CHECK_STR(str_cut(&rest, ','), S("a"));
	CHECK_STR(str_cut(&rest, ','), S(""));
	CHECK(rest.p != NULL);
	CHECK_STR(str_cut(&rest, ','), S("b"));
	CHECK(rest.p == NULL);
	rest = S("x,");
	(void)str_cut(&rest, ',');
	CHECK(rest.p != NULL && rest.len == 0);
}

TEST(unsigned_numbers_are_digits_only)
{
	uint64_t v = 5;

	CHECK(str_u64(S("0"), 10, &v) && v == 0);
	CHECK(str_u64(S("007"), 10, &v) && v == 7);
	CHECK(str_u64(S("18446744073709551615"), UINT64_MAX, &v));
	CHECK(v == UINT64_MAX);
	v = 5;
	CHECK(!str_u64(S("18446744073709551616"), UINT64_MAX, &v));
	CHECK(!str_u64(S(""), 10, &v));
	CHECK(!str_u64(S("+1"), 10, &v));
	CHECK(!str_u64(S("1 "), 10, &v));
	CHECK(!str_u64(S("11"), 10, &v));
	CHECK(!str_u64(S("0x1"), 10, &v));
	CHECK(v == 5);
}

TEST(signed_numbers_reach_both_ends)
{
	int64_t v = 5;

	CHECK(str_i64(S("-9223372036854775808"), INT64_MIN, INT64_MAX, &v));
	CHECK(v == INT64_MIN);
	CHECK(str_i64(S("9223372036854775807"), INT64_MIN, INT64_MAX, &v));
	CHECK(v == INT64_MAX);
	CHECK(!str_i64(S("9223372036854775808"), INT64_MIN, INT64_MAX, &v));
	CHECK(!str_i64(S("-"), -1, 1, &v));
	CHECK(!str_i64(S("--1"), -1, 1, &v));
	CHECK(!str_i64(S("2"), -1, 1, &v));
	CHECK(!str_i64(S("-2"), -1, 1, &v));
	CHECK(str_i64(S("-0"), -1, 1, &v) && v == 0);
}

TEST(the_distance_counts_edits)
{
	char long_name[65];

	memset(long_name, 'a', sizeof(long_name));
	CHECK_INT(str_distance(S("kitten"), S("sitting")), 3);
	CHECK_INT(str_distance(S(""), S("abc")), 3);
	CHECK_INT(str_distance(S("Port"), S("port")), 0);
	CHECK_INT(str_distance(S("prot"), S("port")), 2);
	CHECK(str_distance(str_of(long_name, 65), S("a")) == SIZE_MAX);
}

TEST(c_strings_refuse_an_inner_nul)
{
	struct arena a;

	arena_init(&a, 1 << 16);
	CHECK(strcmp(str_z(&a, S("abc")), "abc") == 0);
	CHECK(strcmp(str_z(&a, STR_NONE), "") == 0);
	CHECK(str_z(&a, S("a\0b")) == NULL);
	CHECK(str_from_z(NULL).p == NULL);
	CHECK_STR(str_from_z("x"), S("x"));
	arena_free(&a);
}

static bool
join(struct arena *a, void *ctx)
{
	struct str parts[] = { S("a"), STR_NONE, S("bc") };

	(void)ctx;
	return str_join(a, parts, 3).p != NULL && str_dup(a, S("x")).p != NULL
	    && str_z(a, S("y")) != NULL;
}

TEST(copies_survive_or_fail_in_order)
{
	struct arena a;
	struct str parts[] = { S("a"), STR_NONE, S("bc") };

	CHECK_INT(test_fail_sweep(join, NULL, 1 << 16), 3);
	arena_init(&a, 1 << 16);
	CHECK_STR(str_join(&a, parts, 3), S("abc"));
	CHECK_STR(str_dup(&a, S("dup")), S("dup"));
	arena_free(&a);
}

TEST(sizes_do_not_wrap)
{
	size_t v;

	CHECK(str_size_add(1, 2, &v) && v == 3);
	CHECK(!str_size_add(SIZE_MAX, 1, &v));
	CHECK(str_size_mul(3, 4, &v) && v == 12);
	CHECK(!str_size_mul(SIZE_MAX, 2, &v));
}

TEST(sorting_orders_by_bytes_and_keeps_repetitions)
{
	struct str s[] = { S("b"), S("a"), S("ab"), S(""), S("B"), S("a") };

	str_sort(s, 6);
	CHECK_STR(s[0], S(""));
	CHECK_STR(s[1], S("B"));
	CHECK_STR(s[2], S("a"));
	CHECK_STR(s[3], S("a"));
	CHECK_STR(s[4], S("ab"));
	CHECK_STR(s[5], S("b"));
	str_sort(s, 0);
}

TEST(a_star_stands_for_any_bytes)
{
	struct str list[] = { S("prod-*"), S("dev") };

	CHECK(str_matches(S("*"), S("")));
	CHECK(str_matches(S("*"), S("anything")));
	CHECK(str_matches(S("a*c"), S("ac")));
	CHECK(str_matches(S("a*c"), S("abcbc")));
	CHECK(str_matches(S("*b*"), S("abc")));
	CHECK(str_matches(S("**a**"), S("a")));
	CHECK(!str_matches(S("a*c"), S("abcd")));
	CHECK(!str_matches(S("*b"), S("abc")));
	CHECK(!str_matches(S(""), S("a")));
	CHECK(!str_matches(S("abc"), S("ab")));
	CHECK(!str_matches(S("Abc"), S("abc")));
	CHECK(str_matches_any(list, 2, S("prod-eu")));
	CHECK(str_matches_any(list, 2, S("dev")));
	CHECK(!str_matches_any(list, 2, S("dev2")));
	CHECK(!str_matches_any(list, 0, S("dev")));
}

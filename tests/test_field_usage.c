/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counting uses of fields and weighing them. The numbers are those that the
 * recommender of another server gives for the same counts.
 */
#include "test.h"

#include "tools/field_usage.h"

#define NOW INT64_C(1755000000000)
#define DAY INT64_C(86400000)

static struct arena arena;

static bool
near(double got, double want)
{
	double d = got - want;

	if (d < -1e-9 || d > 1e-9) {
		printf("    is %.12f, wants %.12f\n", got, want);
		return false;
	}
	return true;
}

struct row {
	const char *name;
	uint64_t total_n, equality_n;
	double age_days, cardinality, score;
};

static bool
rank(const struct row *rows, size_t n, const struct field_usage_weights *w,
    double volume)
{
	struct field_usage fields[4];
	struct field_usage_set s = { .fields = fields, .n = n, .cap = 4 };
	bool ok = true;

	for (size_t i = 0; i < n; i++) {
		fields[i] = (struct field_usage){
			.name = str_from_z(rows[i].name),
			.total_n = rows[i].total_n,
			.equality_n = rows[i].equality_n,
			.latest_ms = NOW - (int64_t)(rows[i].age_days * DAY),
			.cardinality = rows[i].cardinality };
	}
	field_usage_rank(&s, w, NOW, volume);
	for (size_t i = 0; i < n; i++) {
		ok = ok && str_eq(fields[i].name, str_from_z(rows[i].name)) &&
		    near(fields[i].score, rows[i].score);
	}
	return ok;
}

TEST(recency_halves_in_a_week)
{
	CHECK(near(field_usage_recency(0), 1));
	CHECK(near(field_usage_recency(-3), 1));
	CHECK(near(field_usage_recency(1), 0.9057427080235485));
	CHECK(near(field_usage_recency(3.5), 0.7071588192872713));
	CHECK(near(field_usage_recency(7), 0.5000735956977677));
	CHECK(near(field_usage_recency(14), 0.25007360111209415));
	CHECK(near(field_usage_recency(30), 0.051303310331919136));
	CHECK(field_usage_recency(1e300) < 1e-9);
}

TEST(scores_are_those_of_the_formula)
{
	static const struct row THREE[] = {
		{ "userId", 10, 8, 0, -1, 0.8 }, { "path", 5, 0, 7, -1, 0.375 },
		{ "svc", 2, 0, 20, -1, 0.2307 } };
	static const struct row KNOWN[] = {
		{ "userId", 10, 8, 0, 1, 0.95 },
		{ "path", 5, 0, 7, 0.5, 0.45 },
		{ "svc", 2, 0, 20, -1, 0.2307 } };
	static const struct row EMPTY[] = {
		{ "userId", 10, 8, 0, -1, 0.65 },
		{ "path", 5, 0, 7, -1, 0.225 },
		{ "svc", 2, 0, 20, -1, 0.0807 } };
	static const struct row LIGHT[] = {
		{ "userId", 10, 8, 0, -1, 0.93 },
		{ "path", 5, 0, 7, -1, 0.325 },
		{ "svc", 2, 0, 20, -1, 0.1145 } };
	static const struct row ONE[] = { { "x", 1, 1, 0, 0.25, 0.8875 } };
	static const struct row TIES[] = {
		{ "a", 4, 2, 1, -1, 0.7109 }, { "b", 4, 2, 1, -1, 0.7109 } };

	CHECK(rank(THREE, 3, &field_usage_full, 1));
	CHECK(rank(KNOWN, 3, &field_usage_full, 1));
	CHECK(rank(EMPTY, 3, &field_usage_full, 0));
	CHECK(rank(LIGHT, 3, &field_usage_light, 0));
	CHECK(rank(ONE, 1, &field_usage_full, 1));
	CHECK(rank(TIES, 2, &field_usage_full, 1));
}

TEST(queries_are_counted_once_for_each_field)
{
	struct field_usage_set s = { .n = 0 };
	const struct field_usage *f;

	arena_init(&arena, 1 << 20);
	CHECK_INT(field_usage_add(&s, &arena, S("filter userId = \"a\""),
	    S("CWLI"), NOW), ERR_OK);
	CHECK_INT(field_usage_add(&s, &arena, S("filter userId = \"a\""),
	    STR_NONE, NOW - DAY), ERR_OK);
	CHECK_INT(field_usage_add(&s, &arena, S("filter eventName = \"x\" and "
	    "zone = 1"), S("WEIRD"), NOW), ERR_OK);
	CHECK_INT(field_usage_add(&s, &arena, S("fields zone, @message"),
	    STR_NONE, NOW), ERR_OK);
	CHECK_INT(s.query_n, 4);
	CHECK_INT(s.unique_n, 3);
	CHECK_INT(s.n, 2);
	f = field_usage_find(&s, S("userId"));
	CHECK(f != NULL && f->total_n == 2 && f->equality_n == 2);
	CHECK_INT(f->latest_ms, NOW);
	f = field_usage_find(&s, S("zone"));
	CHECK(f != NULL && f->total_n == 2 && f->equality_n == 1 &&
	    f->display_n == 1);
	arena_free(&arena);
}

TEST(a_group_is_named_or_given_as_arn)
{
	static const char *const PAIRS[][2] = {
		{ "/aws/lambda/f", "/aws/lambda/f" },
		{ "arn:aws:logs:us-east-1:1:log-group:/aws/lambda/f",
		    "/aws/lambda/f" },
		{ "arn:aws:logs:us-east-1:1:log-group:/aws/lambda/f:*",
		    "/aws/lambda/f" },
		{ "arn:aws-us-gov:logs:us-gov-west-1:1:log-group:/my/log",
		    "/my/log" },
		{ "arn:aws:logs:us-east-1:1:log-group:/a:log-group:b",
		    "arn:aws:logs:us-east-1:1:log-group:/a:log-group:b" },
		{ "arn:aws:s3:::x", "arn:aws:s3:::x" }, { "", "" },
	};

	for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
		CHECK_STR(field_usage_group(str_from_z(PAIRS[i][0])),
		    str_from_z(PAIRS[i][1]));
	}
}

TEST(volume_grows_with_what_is_stored)
{
	CHECK(near(field_usage_volume(-1), 0));
	CHECK(near(field_usage_volume(0), 0));
	CHECK(near(field_usage_volume(1), 0.2));
	CHECK(near(field_usage_volume(1e9), 0.4));
	CHECK(near(field_usage_volume(99e9), 0.6));
	CHECK(near(field_usage_volume(1e308), 1));
}

TEST(fields_are_bounded_and_texts_are_not_lost)
{
	struct field_usage_set s = { .n = 0 };
	char text[64];

	arena_init(&arena, 1 << 22);
	for (unsigned i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof(text), "filter a%u = 1", i);
		CHECK_INT(field_usage_add(&s, &arena, str_from_z(text),
		    STR_NONE, NOW), ERR_OK);
	}
	CHECK_INT(s.n, FIELD_USAGE_MAX_N);
	CHECK_INT(s.unique_n, 1000);
	CHECK(s.full);
	arena_free(&arena);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct field_usage_set s = { .n = 0 };

	(void)ctx;
	for (unsigned i = 0; i < 40; i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "filter a%u = 1", i);
		if (field_usage_add(&s, a, str_from_z(text), STR_NONE,
		    NOW) != ERR_OK) {
			return false;
		}
	}
	return s.n == 40;
}

TEST(memory_that_runs_out_is_an_error)
{
	CHECK(test_fail_sweep(sweep, NULL, 1 << 20) > 0);
}

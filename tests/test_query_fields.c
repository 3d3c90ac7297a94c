/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of queries: what people write in three languages, what other readers
 * of such queries do not understand, and hostile texts.
 */
#include "test.h"

#include "base/buf.h"
#include "tools/query_fields.h"

static struct query_fields q;
static char text[4096];

/* "L name=usage name=usage ..." with L the language's first letter and usage
 * e, o or d, in order of the names. */
static const char *
summary(void)
{
	struct buf b = buf_fixed(text, sizeof(text) - 1);
	bool used[QUERY_FIELDS_MAX_N] = { false };

	buf_add(&b, str_sub(query_fields_language_name(q.language), 0, 1));
	for (size_t k = 0; k < q.n; k++) {
		size_t best = q.n;

		for (size_t i = 0; i < q.n; i++) {
			if (!used[i] && (best == q.n || str_cmp(
			    q.fields[i].name, q.fields[best].name) < 0)) {
				best = i;
			}
		}
		used[best] = true;
		buf_addf(&b, " %s=", q.fields[best].name);
		buf_add_byte(&b, "doe"[q.fields[best].usage]);
	}
	text[b.len] = '\0';
	return text;
}

struct sample {
	const char *query, *want;
};

static void
check(const struct sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct str s = test_guarded(str_from_z(samples[i].query));

		query_fields_parse(s, STR_NONE, &q);
		if (strcmp(summary(), samples[i].want) != 0) {
			printf("    %s\n    is    %s\n    wants %s\n",
			    samples[i].query, summary(), samples[i].want);
			test_fail(__FILE__, __LINE__, "summary");
		}
	}
}

#define CHECK_SAMPLES(s) check(s, sizeof(s) / sizeof((s)[0]))

TEST(common_queries_are_understood)
{
	static const struct sample SAMPLES[] = {
		{ "", "C" },
		{ "filterIndex IPaddress = \"1.2.3.4\"", "C IPaddress=e" },
		{ "filter errorCode like /Timeout/", "C errorCode=o" },
		{ "stats count(*) as cnt by region, bin(5m)", "C region=d" },
		{ "sort duration desc", "C duration=d" },
		{ "filter a != 1 | filter b > 2 | filter c <= 3 | filter d "
		    "not like /x/", "C a=o b=o c=o d=o" },
		{ "fields a, b as c, strlen(d) | limit 5", "C a=d b=d d=d" },
		{ "filter ispresent(foo) and bar = 1", "C bar=e" },
		{ "SELECT Operation, RequestId FROM `LG` WHERE status = 200 "
		    "AND name LIKE '%x%' AND t IN (1,2) ORDER BY duration "
		    "DESC LIMIT 5", "S Operation=d RequestId=d duration=d "
		    "name=o status=e t=e" },
		{ "SELECT a FROM t -- where z = 1", "S a=d" },
		{ "SOURCE `lg` | stats count(*) by y", "C y=d" },
		{ "fields a | filter x = 1 | where y = 2", "C a=d x=e" },
		{ "SOURCE lg | where a = 1 and b = 2 | stats count() by Op | "
		    "head 5", "P Op=d a=e b=e" },
		{ "filter a = 1 | filter a > 2 | fields a", "C a=e" },
		{ "fields a | filter a > 2 | filter a in [1, 2]", "C a=e" },
		{ "filter userIdentity.arn = 'x'", "C userIdentity.arn=e" },
	};

	CHECK_SAMPLES(SAMPLES);
}

TEST(what_other_readers_miss_is_understood)
{
	static const struct sample SAMPLES[] = {
		{ "filter (a = 1)", "C a=e" },
		{ "filter ((a = 1 or b = 2) and (c > 3))", "C a=e b=e c=o" },
		{ "filter not a = 1", "C a=o" },
		{ "filter not (a = 1 and b = 2) and c = 3", "C a=o b=o c=e" },
		{ "filter not (not a = 1)", "C a=e" },
		{ "filter a not in ['x', b]", "C a=o" },
		{ "filter `a-b` = 1", "C a-b=e" },
		{ "sort - f", "C f=d" },
		{ "filter f > 1 and g > 2 and h >= 3", "C f=o g=o h=o" },
		{ "SELECT COUNT(*) AS n, `Op` FROM `LG` WHERE a = 'x' AND b > "
		    "5 GROUP BY `Op` HAVING COUNT(*) > 2", "S Op=d a=e b=o" },
		{ "filter 1 = a", "C a=e" },
		{ "filter a = b", "C a=o b=o" },
		{ "filter tolower(a) = 'x'", "C a=o" },
		{ "filter strcontains(a, 'x')", "C a=o" },
		{ "filter a + b > 3", "C a=o b=o" },
		{ "filter (a) = 1", "C a=e" },
		{ "filter a = 'it\\'s # no -- comment | here' and b = 1",
		    "C a=e b=e" },
		{ "filter a = 1 # and b = 2\n| filter c = 3", "C a=e c=e" },
		{ "filter a /* = 1 | filter b */ = 2", "C a=e" },
		{ "filter msg like /a|b/ and c = 1", "C c=e msg=o" },
		{ "stats sum(x)/count(*) as r by y | filter r = 1", "C y=d" },
		{ "SELECT * FROM g WHERE filterIndex('req' = 'x') AND a = 1",
		    "S a=e req=e" },
		{ "SELECT a FROM g WHERE x BETWEEN 1 AND 5 AND y IS NOT NULL",
		    "S a=d x=o y=o" },
	};

	CHECK_SAMPLES(SAMPLES);
}

TEST(names_that_the_query_makes_are_no_fields)
{
	static const struct sample SAMPLES[] = {
		{ "parse @message 'user=* ' as user | filter user = 1", "C" },
		{ "parse @message /(?<u>x) (?<v>y|z)/ | filter u = 1 and w = 2",
		    "C w=e" },
		{ "fields a as b | filter b = 1", "C a=d" },
		{ "stats count(*) as n by a | sort n desc", "C a=d" },
		{ "SOURCE x | eval k = a + 1 | where k = 2", "P" },
		{ "fields @timestamp, @message | filter @logStream = 'x'",
		    "C" },
	};

	CHECK_SAMPLES(SAMPLES);
}

TEST(a_named_language_is_believed_and_another_word_is_not)
{
	query_fields_parse(S("fields a | where y = 2"), S("CWLI"), &q);
	CHECK(strcmp(summary(), "C a=d") == 0);
	query_fields_parse(S("fields a | where y = 2"), S("WEIRD"), &q);
	CHECK(strcmp(summary(), "P a=d y=e") == 0);
	query_fields_parse(S("fields a"), S("PPL"), &q);
	CHECK_INT(q.language, QUERY_FIELDS_PPL);
}

TEST(only_queries_of_single_events_are_rows)
{
	static const struct {
		const char *query;
		bool rows_only;
	} SAMPLES[] = {
		{ "fields @message | filter a = 1", true },
		{ "SOURCE x | filter a = 1 | parse @message '*' as b", true },
		{ "filter a = 1 | limit 5", false },
		{ "fields a | sort a", false },
		{ "filter a = 1 | stats count(*)", false },
		{ "fields a | dedup a", false },
		{ "pattern @message", false },
		{ "SELECT a FROM b", false },
		{ "fields a | someday_new", false },
	};

	for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
		query_fields_parse(str_from_z(SAMPLES[i].query), STR_NONE, &q);
		CHECK(q.rows_only == SAMPLES[i].rows_only);
	}
}

TEST(the_order_of_the_answer_is_known)
{
	query_fields_parse(S("fields a | sort @timestamp asc, b desc | "
	    "limit 7"), STR_NONE, &q);
	CHECK_STR(q.sort, S("@timestamp"));
	CHECK(!q.descending);
	CHECK_INT(q.limit, 7);
	query_fields_parse(S("sort a desc | stats count(*) by b"), STR_NONE,
	    &q);
	CHECK(q.sort.p == NULL && q.aggregates);
	query_fields_parse(S("SELECT a FROM b GROUP BY a ORDER BY a DESC LIMIT "
	    "9"), STR_NONE, &q);
	CHECK_STR(q.sort, S("a"));
	CHECK(q.descending && q.aggregates);
	CHECK_INT(q.limit, 9);
	query_fields_parse(S("source = x | sort - n"), S("PPL"), &q);
	CHECK_STR(q.sort, S("n"));
	CHECK(q.descending);
}

TEST(hostile_texts_end_and_stay_within_bounds)
{
	static const char *const PIECES[] = { "filter ", "(", "not ", "a = ",
		"'", "\"", "`", "/", "[", "parse x /(?<", "| ", "select ",
		"where ", "in (", "\\", "/*", "#", "as ", "by ", ")", "\xff",
		"1e308 ", "group by ", "like /" };
	static char big[10001];
	uint64_t state = 7;

	for (size_t k = 0; k < sizeof(PIECES) / sizeof(PIECES[0]); k++) {
		size_t len = strlen(PIECES[k]), n = 0;

		while (n + len < sizeof(big)) {
			memcpy(big + n, PIECES[k], len);
			n += len;
		}
		query_fields_parse(test_guarded(str_of(big, n)), STR_NONE, &q);
		CHECK(q.n <= QUERY_FIELDS_MAX_N);
	}
	for (size_t k = 0; k < 3000; k++) {
		size_t n = 0;

		while (n < 300) {
			const char *p = PIECES[test_random(&state) %
			    (sizeof(PIECES) / sizeof(PIECES[0]))];

			memcpy(big + n, p, strlen(p));
			n += strlen(p);
		}
		query_fields_parse(test_guarded(str_of(big, n)), STR_NONE, &q);
	}
}

TEST(more_fields_than_there_is_room_for_are_left_out)
{
	static char big[8000];
	size_t n = (size_t)snprintf(big, sizeof(big), "fields a0");

	for (unsigned i = 1; i < 200; i++) {
		n += (size_t)snprintf(big + n, sizeof(big) - n, ", a%u", i);
	}
	query_fields_parse(str_of(big, n), STR_NONE, &q);
	CHECK_INT(q.n, QUERY_FIELDS_MAX_N);
}

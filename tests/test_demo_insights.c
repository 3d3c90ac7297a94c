/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights queries over a handful of events, newest first. The answer is
 * written as one line: cells by '|', rows by '/'.
 */
#include "base/buf.h"
#include "demo/demo_insights.h"
#include "test.h"

static const char *const EVENTS[] = {
	"{\"level\":\"ERROR\",\"ms\":700,\"k\":{\"pod\":\"a\"},\"ok\":true}",
	"{\"level\":\"INFO\",\"ms\":20,\"k\":{\"pod\":\"b\"}}",
	"{\"level\":\"INFO\",\"ms\":30,\"k\":{\"pod\":\"a\"}}",
	"plain [x] took 15 ms for user 7",
	"plain [y] took 5 ms for user 12",
	"{\"level\":\"WARN\",\"ms\":\"9\"}",
};

#define EVENT_N (sizeof(EVENTS) / sizeof(EVENTS[0]))
/* 2026-11-20 12:00:00 UTC */
#define START_MS INT64_C(1795176000000)

struct run {
	struct arena a;
	struct insights_error error;
	struct buf out;
	uint64_t matched_n;
	char text[4096];
};

/* Runs the query over EVENTS, a minute apart; false: refused. */
static bool
run_query(struct run *r, const char *query)
{
	struct insights *q;
	struct insights_table t;

	arena_init(&r->a, (size_t)4 * 1024 * 1024);
	r->out = buf_fixed(r->text, sizeof(r->text));
	q = demo_insights_parse(&r->a, test_guarded(str_from_z(query)),
	    &r->error);
	if (q == NULL) {
		return false;
	}
	for (size_t i = 0; i < EVENT_N; i++) {
		struct insights_event e = { START_MS - (int64_t)i * 60000,
			START_MS, str_from_z(EVENTS[i]), S("s1"), S("1:g"),
			S("p") };

		if (!demo_insights_feed(q, &e)) {
			break;
		}
	}
	if (demo_insights_finish(q, 100, &t, &r->matched_n)) {
		for (size_t i = 0; i < t.row_n; i++) {
			buf_add(&r->out, i > 0 ? S("/") : S(""));
			for (size_t k = 0; k < t.name_n; k++) {
				buf_add(&r->out, k > 0 ? S("|") : S(""));
				buf_add(&r->out, t.rows[i][k].p == NULL ?
				    S("-") : t.rows[i][k]);
			}
		}
	} else {
		buf_add(&r->out, S("failed"));
	}
	demo_insights_free(q);
	return true;
}

#define ANSWERS(query, want) do { \
	struct run r_; \
	bool ok_ = run_query(&r_, query); \
	struct str got_text_ = buf_str(&r_.out); \
	if (!ok_) { \
		got_text_ = r_.error.message; \
	} \
	if (!str_eq(got_text_, S(want))) { \
		test_fail_str(__FILE__, __LINE__, query, got_text_, S(want)); \
	} \
	arena_free(&r_.a); \
} while (0)

#define REFUSES(query, at, end) do { \
	struct run r_; \
	bool ok_ = run_query(&r_, query); \
	size_t from_ = r_.error.from, to_ = r_.error.to; \
	arena_free(&r_.a); \
	CHECK(!ok_); \
	CHECK_INT(from_, at); \
	CHECK_INT(to_, end); \
} while (0)

TEST(fields_are_found_in_json_messages_by_dotted_names)
{
	ANSWERS("fields level, k.pod, ok | limit 2", "ERROR|a|1|p/INFO|b|-|p");
	ANSWERS("fields `k.pod` as pod | filter ispresent(pod) | limit 1",
	    "a|p");
}

TEST(a_query_without_fields_shows_time_and_message)
{
	ANSWERS("filter @message like /took 5 ms/", "2026-11-20 11:56:00.000|"
	    "plain [y] took 5 ms for user 12|p");
}

TEST(filters_compare_numbers_as_numbers_and_texts_as_texts)
{
	ANSWERS("filter ms > 9 | fields ms", "700|p/20|p/30|p");
	ANSWERS("filter ms <= 20 and level != 'WARN' | fields ms", "20|p");
	ANSWERS("filter level in ['WARN', 'ERROR'] | fields ms", "700|p/9|p");
	ANSWERS("filter level not in ['WARN'] and ispresent(level) "
	    "| fields ms", "700|p/20|p/30|p");
	ANSWERS("filter not (ms = 20 or ms = 30) and ms > 0 | fields ms",
	    "700|p/9|p");
	ANSWERS("filter @message like 'user' | fields strlen(@message) as n",
	    "31|p/31|p");
	ANSWERS("filter @message =~ /(?i)PLAIN \\[[xz]\\]/ | fields @logStream",
	    "s1|p");
	ANSWERS("filter @message not like /\\{/ | fields @log", "1:g|p/1:g|p");
	ANSWERS("filter isempty(level) | fields @message like 'x' as b",
	    "1|p/0|p");
}

TEST(stats_group_by_fields_and_bins)
{
	ANSWERS("stats count(*) by level | sort level",
	    "ERROR|1/INFO|2/WARN|1/-|2");
	ANSWERS("stats count(*) as n, avg(ms), max(ms) - min(ms) as span "
	    "by k.pod | sort n desc, k.pod", "-|3|9|0/a|2|365|670/b|1|20|0");
	ANSWERS("stats count(*) as n by bin(2m) | sort n",
	    "2026-11-20 12:00:00.000|1/2026-11-20 11:54:00.000|1/"
	    "2026-11-20 11:58:00.000|2/2026-11-20 11:56:00.000|2");
	ANSWERS("filter ms > 0 | stats pct(ms, 50), median(ms), sum(ms), "
	    "count_distinct(level), earliest(ms), latest(ms)",
	    "30|30|759|3|9|700");
	ANSWERS("stats count(*)", "6");
	ANSWERS("stats count(*) by level | stats count(*) as levels", "4");
}

TEST(parse_cuts_texts_out_of_messages)
{
	ANSWERS("parse @message 'took * ms for user *' as took, user "
	    "| filter ispresent(took) | stats sum(took) by user | sort user",
	    "7|15/12|5");
	ANSWERS("parse '[*]' as tag | filter tag = 'y' | display tag", "y|p");
}

TEST(dedup_keeps_the_newest_of_each)
{
	ANSWERS("filter ispresent(level) | dedup level | fields ms",
	    "700|p/20|p/9|p");
	ANSWERS("fields ms | sort ms desc | dedup level | limit 2",
	    "700|p/30|p");
}

TEST(patterns_count_messages_that_differ_in_numbers_only)
{
	ANSWERS("filter @message like 'plain' | parse @message '] *' as rest "
	    "| pattern rest", "took <Number-1> ms for user <Number-2>|1|2");
}

TEST(functions_work_on_texts_and_numbers)
{
	ANSWERS("filter level = 'WARN' | fields toupper(tolower(level)) as u, "
	    "concat(level, '-', ms) as c, abs(0 - ms) as a, ceil(ms / 2) as d, "
	    "floor(-1.5) as f, substr(level, 1, 2) as s, ms % 4 as m, "
	    "coalesce(nope, 'else') as e, replace(level, 'A', '4') as r",
	    "WARN|WARN-9|9|5|-2|AR|1|else|W4RN|p");
}

TEST(comments_and_blanks_mean_nothing)
{
	ANSWERS("# everything\nfields ms # one\n| limit 1 # two", "700|p");
}

TEST(what_is_not_known_is_refused_with_its_place)
{
	REFUSES("fields @timestamp | explode x", 20, 27);
	REFUSES("fields", 6, 6);
	REFUSES("stats nope(x)", 6, 10);
	REFUSES("filter a ==", 10, 11);
	REFUSES("filter a like /(/", 14, 17);
	REFUSES("filter a = 'x", 11, 13);
	REFUSES("limit 0", 6, 7);
	REFUSES("fields a | | limit 1", 11, 12);
	REFUSES("filter count(*) > 1", 7, 12);
	REFUSES("", 0, 0);
}

TEST(nesting_is_bounded)
{
	char text[300];

	memset(text, '(', sizeof(text) - 1);
	memcpy(text, "filter ", 7);
	text[sizeof(text) - 1] = '\0';
	{
		struct run r;
		bool ok = run_query(&r, text);

		arena_free(&r.a);
		CHECK(!ok);
	}
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct insights_event e = { START_MS, START_MS, S("{\"a\":1}"), S("s"),
		S("g"), S("p") };
	struct insights_error error;
	struct insights_table t;
	uint64_t n;
	struct insights *q = demo_insights_parse(a, S("filter a > 0 | stats "
	    "count(*), pct(a, 50) by a | sort a"), &error);
	bool ok;

	(void)ctx;
	if (q == NULL) {
		return false;
	}
	ok = demo_insights_feed(q, &e);
	ok = demo_insights_finish(q, 10, &t, &n) && ok && t.row_n == 1;
	demo_insights_free(q);
	return ok;
}

TEST(running_out_of_memory_is_an_orderly_failure)
{
	CHECK(test_fail_sweep(sweep, NULL, (size_t)4 << 20) > 5);
}

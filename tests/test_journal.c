/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account's logs.
 */
#include "base/buf.h"
#include "demo/journal.h"
#include "fake_sys.h"
#include "proto/json.h"
#include "test.h"

static struct arena arena;

static struct account
open_account(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)16 * 1024 * 1024);
	return account_at(account_tables_make(&arena), FAKE_NOW_MS,
	    FAKE_NOW_MS);
}

/* Lines of a group that hold `text` in the minutes [from, to). */
static size_t
count_lines(const struct account *a, const char *group, const char *text,
    int64_t from, int64_t to)
{
	struct journal_group g;
	struct journal_reader *r;
	size_t n = 0;

	if (!journal_group_find(a, str_from_z(group), &g)) {
		return 0;
	}
	r = journal_open(&arena, a, &g);
	for (int64_t m = from; r != NULL && m < to; m++) {
		journal_minute(r, m);
		for (size_t i = 0; i < r->event_n; i++) {
			n += str_find(r->events[i].message, str_from_z(text),
			    0) < r->events[i].message.len;
		}
	}
	return n;
}

TEST(there_are_25_groups_of_both_classes_one_without_stored_bytes)
{
	struct account a = open_account();
	struct journal_group g;
	struct str before = S("");
	size_t n = 0, infrequent = 0, unknown = 0, forever = 0;

	for (; journal_group(&a, n, &g); n++) {
		CHECK(str_cmp(before, g.name) < 0);
		before = g.name;
		infrequent += g.infrequent;
		unknown += g.stored_len < 0;
		forever += g.retention_days == 0;
		CHECK(g.stream_n >= 1 && g.stream_n <= 16);
		CHECK(g.created_ms < a.now_ms);
	}
	CHECK(n >= 25);
	CHECK(infrequent >= 2);
	CHECK_INT(unknown, 1);
	CHECK(forever >= 1);
}

TEST(every_line_is_text_in_order_and_json_where_it_looks_like_it)
{
	struct account a = open_account();
	int64_t now = FAKE_NOW_MS / ACCOUNT_MINUTE_MS;
	struct journal_group g;
	struct arena scratch;
	struct json *v;
	size_t pos, lines = 0;

	arena_init(&scratch, (size_t)1024 * 1024);
	for (size_t i = 0; journal_group(&a, i, &g); i++) {
		struct journal_reader *r = journal_open(&arena, &a, &g);

		for (int64_t m = now - 100; r != NULL && m <= now; m++) {
			journal_minute(r, m);
			CHECK(r->event_n < JOURNAL_MINUTE_MAX_N);
			for (size_t k = 0; k < r->event_n; k++) {
				struct journal_event *e = &r->events[k];

				CHECK(e->at_ms / 60000 == m);
				CHECK(e->at_ms <= a.now_ms);
				CHECK(k == 0 || e->at_ms >= e[-1].at_ms);
				CHECK(json_utf8_ok(e->message, &pos));
				CHECK(e->message.len > 20 &&
				    e->message.len < JOURNAL_LINE_MAX);
				CHECK(str_find_byte(e->message, '%', 0) ==
				    e->message.len || g.voice.p[0] == 'c');
				arena_reset(&scratch);
				CHECK(e->message.p[0] != '{' || json_parse(
				    &scratch, e->message,
				    JSON_REJECT_DUPLICATES, &v, NULL) ==
				    ERR_OK);
				lines++;
			}
		}
	}
	arena_free(&scratch);
	CHECK(lines > 5000);
}

TEST(lines_are_the_same_whenever_they_are_read)
{
	struct account a = open_account();
	struct account b = account_at(a.tables, FAKE_NOW_MS,
	    FAKE_NOW_MS + 3600000);
	int64_t m = FAKE_NOW_MS / ACCOUNT_MINUTE_MS - 30;
	struct journal_group g;
	struct journal_reader *r, *s;

	CHECK(journal_group_find(&a, S("/ecs/shop-prod/checkout"), &g));
	r = journal_open(&arena, &a, &g);
	s = journal_open(&arena, &b, &g);
	CHECK(r != NULL && s != NULL);
	journal_minute(r, m);
	journal_minute(s, m - 5);
	journal_minute(s, m);
	CHECK(r->event_n > 5);
	CHECK_INT(s->event_n, r->event_n);
	for (size_t i = 0; i < r->event_n; i++) {
		CHECK_STR(s->events[i].message, r->events[i].message);
	}
}

TEST(the_story_is_in_the_logs)
{
	struct account a = open_account();
	int64_t t = a.onset_min, kill = t + ACCOUNT_OOM_START +
	    ACCOUNT_OOM_CYCLE - 1;

	CHECK_INT(count_lines(&a, "/ecs/shop-prod/checkout",
	    "remaining connection slots", t - 120, t), 0);
	CHECK(count_lines(&a, "/ecs/shop-prod/checkout",
	    "remaining connection slots", t + 10, t + 40) > 50);
	CHECK(count_lines(&a, "/aws/rds/instance/checkout-db/postgresql",
	    "FATAL", t + 10, t + 40) > 50);
	CHECK_INT(count_lines(&a, "/aws/events/deployments", "db.pool.max",
	    t - 60, t), 1);
	CHECK(count_lines(&a, "/aws/lambda/orders-retry",
	    "TooManyRequestsException", t + 15, t + 40) > 5);
	CHECK_INT(count_lines(&a,
	    "/aws/containerinsights/platform/performance", "OOMKilled",
	    kill, kill + 3 * ACCOUNT_OOM_CYCLE), 3);
	CHECK_INT(count_lines(&a, "/aws/containerinsights/platform/host",
	    "oom-killer", kill, kill + 1), 1);
	CHECK(count_lines(&a, "/aws/containerinsights/platform/application",
	    "recommender starting", kill, kill + 30) >= 1);
	CHECK_INT(count_lines(&a, "/ecs/shop-prod/checkout", "", t + 1000,
	    t + 1060), 0);
	CHECK_INT(count_lines(&a, "/aws/containerinsights/platform/"
	    "performance", "", t - 8 * 1440, t - 8 * 1440 + 9), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account's tables and the story they tell: what the README promises
 * is counted here, and the states of the alarms are checked against the
 * metrics they watch.
 */
#include "demo/account.h"
#include "fake_sys.h"
#include "test.h"

#define HOUR_MS INT64_C(3600000)

static const struct account_tables *
tables(void)
{
	static const struct account_tables *t;
	static struct arena a;

	if (t == NULL) {
		arena_init(&a, (size_t)256 * 1024);
		t = account_tables_make(&a);
		MUST(t != NULL);
	}
	return t;
}

TEST(tables_are_what_their_files_say)
{
	static const char *const texts[ACCOUNT_TABLE_N] = {
		[ACCOUNT_SERIES] =
#include "demo/series.def"
		,
		[ACCOUNT_ALARMS] =
#include "demo/alarms.def"
		,
		[ACCOUNT_GROUPS] =
#include "demo/groups.def"
		,
		[ACCOUNT_VOICES] =
#include "demo/voices.def"
		,
		[ACCOUNT_HISTORY] =
#include "demo/history.def"
		,
		[ACCOUNT_DASHBOARDS] =
#include "demo/dashboards.def"
		,
		[ACCOUNT_DEFINITIONS] =
#include "demo/definitions.def"
		,
		[ACCOUNT_RULES] =
#include "demo/rules.def"
		,
	};

	for (size_t i = 0; i < ACCOUNT_TABLE_N; i++) {
		CHECK(tables()->text[i].len > 100);
		CHECK_STR(tables()->text[i], str_from_z(texts[i]));
	}
}

TEST(tables_need_room)
{
	struct arena a;

	arena_init(&a, 1024);
	CHECK(account_tables_make(&a) == NULL);
	arena_free(&a);
}

TEST(the_account_has_what_is_promised)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	struct account_series s;
	struct account_alarm al;
	size_t series_n = 0, alarm_n = 0, types[128] = { 0 }, states[3] = { 0 };
	int64_t since;

	while (account_series(tables(), series_n, &s)) {
		CHECK(s.namespace.len > 0 && s.metric.len > 0);
		series_n++;
	}
	while (account_alarm(tables(), alarm_n, &al)) {
		types[(unsigned char)al.type]++;
		states[account_alarm_state(&a, &al, &since)]++;
		CHECK(since <= a.now_ms);
		alarm_n++;
	}
	CHECK(series_n >= 60);
	CHECK(alarm_n >= 40);
	CHECK(types['m'] > 20 && types['x'] > 3 && types['c'] > 3 &&
	    types['l'] > 0 && types['q'] > 0);
	CHECK(states[ACCOUNT_OK] > 10 && states[ACCOUNT_ALARM] > 10 &&
	    states[ACCOUNT_INSUFFICIENT_DATA] > 0);
}

TEST(ids_and_names_are_unique)
{
	struct account_series s, t;
	struct account_alarm al, other;

	for (size_t i = 0; account_series(tables(), i, &s); i++) {
		CHECK(account_series_find(tables(), s.id, &t));
		CHECK_STR(t.id, s.id);
		CHECK_STR(t.dims, s.dims);
	}
	for (size_t i = 0; account_alarm(tables(), i, &al); i++) {
		CHECK(account_alarm_find(tables(), al.name, &other));
		CHECK_STR(other.text, al.text);
	}
}

TEST(the_same_minute_has_the_same_value_whenever_it_is_asked)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	struct account later = account_at(tables(), FAKE_NOW_MS,
	    FAKE_NOW_MS + HOUR_MS);
	int64_t minute = FAKE_NOW_MS / ACCOUNT_MINUTE_MS - 500;
	struct account_series s;

	CHECK_INT(a.onset_min, later.onset_min);
	for (size_t i = 0; account_series(tables(), i, &s); i++) {
		for (int64_t m = minute; m < minute + 490; m += 7) {
			struct account_point p = account_minute(&a, &s, m);
			struct account_point q = account_minute(&later, &s, m);

			CHECK(memcmp(&p, &q, sizeof(p)) == 0);
			CHECK(p.n <= 0 || (p.min <= p.max));
		}
	}
}

TEST(the_incident_is_37_to_97_minutes_old_and_moves_after_12_hours)
{
	for (int64_t i = 0; i < 60; i++) {
		int64_t now = FAKE_NOW_MS + i * ACCOUNT_MINUTE_MS;
		struct account a = account_at(tables(), now, now);
		struct account day = account_at(tables(), now,
		    now + 24 * HOUR_MS);
		int64_t age = now / ACCOUNT_MINUTE_MS - a.onset_min;

		CHECK(age >= 37 && age < 97);
		CHECK_INT(day.onset_min - a.onset_min, 1440);
	}
}

/* Mean of a series over an hour. */
static double
hour_mean(const struct account *a, const char *id, int64_t from_min)
{
	struct account_series s;
	struct account_point p;
	double v = 0;

	if (!account_series_find(tables(), str_from_z(id), &s)) {
		return -1;
	}
	p = account_window(a, &s, from_min, 60);
	return account_stat(&s, &p, S("Average"), &v) ? v : -1;
}

TEST(days_are_busier_than_nights_and_weekdays_than_weekends)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	/* FAKE_NOW_MS is a Friday, 12:00. */
	int64_t noon = FAKE_NOW_MS / ACCOUNT_MINUTE_MS;
	double thursday_evening = hour_mean(&a, "ecs-ca-cpu",
	    noon - 1440 + 420);
	double thursday_night = hour_mean(&a, "ecs-ca-cpu", noon - 1440 - 600);
	double sunday_evening = hour_mean(&a, "ecs-ca-cpu", noon - 7200 + 420);

	CHECK(thursday_night > 0);
	CHECK(thursday_evening > thursday_night * 1.5);
	CHECK(thursday_evening > sunday_evening * 1.1);
}

TEST(fourteen_days_of_every_series_can_be_read)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	int64_t now = FAKE_NOW_MS / ACCOUNT_MINUTE_MS;
	struct account_series s;

	for (size_t i = 0; account_series(tables(), i, &s); i++) {
		struct account_point first = account_window(&a, &s,
		    now - 14 * 1440, 1440);
		struct account_point future = account_window(&a, &s, now, 60);

		CHECK(first.n > 0 || s.kind == 's');
		CHECK(future.n <= 0);
	}
}

TEST(the_incident_shows_in_the_metrics)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	int64_t t = a.onset_min;

	CHECK(hour_mean(&a, "db-conn", t - 70) < 130);
	CHECK(hour_mean(&a, "db-conn", t + 10) > 190);
	CHECK(hour_mean(&a, "co-rt", t + 17) >
	    hour_mean(&a, "co-rt", t - 70) * 8);
	CHECK(hour_mean(&a, "ecs-co-cpu", t + 17) <
	    hour_mean(&a, "ecs-co-cpu", t - 70) * 0.6);
	CHECK(hour_mean(&a, "ca-rt", t + 17) < 0.1);
}

TEST(the_killed_pod_fills_its_memory_and_restarts)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	int64_t t = a.onset_min + ACCOUNT_OOM_START;
	struct account_series mem, restarts;
	double before = -1;

	CHECK(account_series_find(tables(), S("rec-cmem"), &mem));
	CHECK(account_series_find(tables(), S("rec-restarts"), &restarts));
	for (int64_t i = 0; i < ACCOUNT_OOM_CYCLE; i++) {
		struct account_point p = account_minute(&a, &mem, t + i);

		CHECK(p.max > before);
		before = p.max;
	}
	CHECK(before > 99);
	CHECK(account_minute(&a, &mem, t + ACCOUNT_OOM_CYCLE).max < 50);
	CHECK_INT((int)account_minute(&a, &restarts, t + 3 *
	    ACCOUNT_OOM_CYCLE).max, 3);
	CHECK_INT((int)account_minute(&a, &restarts, t +
	    ACCOUNT_OOM_BLOCK).max, 0);
}

/* The datapoint breaches the alarm's threshold. */
static bool
breaches(const struct account_alarm *al, double v)
{
	return str_eq(al->op, S(">")) ? v > al->threshold :
	    str_eq(al->op, S(">=")) ? v >= al->threshold :
	    str_eq(al->op, S("<")) ? v < al->threshold : v <= al->threshold;
}

/* What the service would make of the last datapoints. */
static enum account_state
evaluate(const struct account *a, const struct account_alarm *al,
    const struct account_series *s)
{
	int64_t minutes = al->period / 60;
	int64_t end = a->now_ms / ACCOUNT_MINUTE_MS / minutes * minutes;
	int64_t bad = 0, have = 0;

	for (int64_t i = 1; i <= al->of; i++) {
		struct account_point p = account_window(a, s,
		    end - i * minutes, minutes);
		double v;

		if (p.n > 0 && account_stat(s, &p, al->stat, &v)) {
			have++;
			bad += breaches(al, v);
		}
	}
	return have == 0 && str_eq(al->missing, S("m")) ?
	    ACCOUNT_INSUFFICIENT_DATA : bad >= al->need ? ACCOUNT_ALARM :
	    ACCOUNT_OK;
}

TEST(states_of_alarms_agree_with_their_metrics)
{
	/* At every minute of an hour, and later during the incident. */
	for (int64_t i = 0; i < 660; i += i < 60 ? 1 : 37) {
		int64_t now = FAKE_NOW_MS + i * ACCOUNT_MINUTE_MS + 59500;
		struct account a = account_at(tables(),
		    i < 60 ? now : FAKE_NOW_MS, now);
		struct account_series s;
		struct account_alarm al;
		int64_t since;

		for (size_t k = 0; account_alarm(tables(), k, &al); k++) {
			enum account_state want, got;

			if (al.type != 'm' ||
			    !account_series_find(tables(), al.target, &s)) {
				continue;
			}
			want = evaluate(&a, &al, &s);
			got = account_alarm_state(&a, &al, &since);
			if (want != got) {
				test_fail_str(__FILE__, __LINE__,
				    "state", al.name,
				    account_state_name(want));
				printf("    at %d minutes, age %d\n", (int)i,
				    (int)(now / 60000 - a.onset_min));
				return;
			}
		}
	}
}

/* Every change to ALARM of that alarm was right at its moment. */
static bool
went_off_rightly(const struct account *a, const struct account_alarm *al,
    const struct account_series *s)
{
	struct account_change c[300];
	size_t n = account_changes(a, al, c, 300);

	for (size_t k = 0; k < n; k++) {
		struct account then = *a;

		then.now_ms = c[k].at_ms;
		if (c[k].to == ACCOUNT_ALARM &&
		    evaluate(&then, al, s) != ACCOUNT_ALARM) {
			printf("    %d minutes after the onset\n",
			    (int)(c[k].at_ms / 60000 - a->onset_min));
			return false;
		}
	}
	return true;
}

TEST(an_alarm_goes_off_when_its_datapoints_breach)
{
	/* Noise depends on the hour at which the account is opened. */
	for (int64_t i = 0; i < 48; i++) {
		int64_t now = FAKE_NOW_MS + i * 31 * ACCOUNT_MINUTE_MS;
		struct account a = account_at(tables(), now, now);
		struct account_series s;
		struct account_alarm al;

		for (size_t k = 0; account_alarm(tables(), k, &al); k++) {
			if (al.type != 'm' ||
			    !account_series_find(tables(), al.target, &s)) {
				continue;
			}
			if (!went_off_rightly(&a, &al, &s)) {
				test_fail_str(__FILE__, __LINE__, "reason",
				    al.name, S("a breach"));
				return;
			}
		}
	}
}

TEST(a_composite_follows_the_alarm_that_set_it_off)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	struct account_alarm al, child;
	int64_t since, child_since;

	CHECK(account_alarm_find(tables(), S("shop-major-incident"), &al));
	CHECK_INT(account_alarm_state(&a, &al, &since), ACCOUNT_ALARM);
	CHECK(account_alarm_find(tables(), S("checkout-down"), &child));
	CHECK_INT(account_alarm_state(&a, &child, &child_since), ACCOUNT_ALARM);
	CHECK_INT(since, child_since + 1700);
	CHECK(account_alarm_find(tables(), S("checkout-5xx"), &child));
	CHECK_INT(account_alarm_state(&a, &child, &child_since), ACCOUNT_ALARM);
	CHECK_INT(since, child_since + 3 * 1700);
}

TEST(changes_are_in_order_and_alternate)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	struct account_change c[300], few[5];
	struct account_alarm al;

	for (size_t i = 0; account_alarm(tables(), i, &al); i++) {
		size_t n = account_changes(&a, &al, c, 300);
		size_t few_n = account_changes(&a, &al, few, 5);

		CHECK(n >= 1 && n < 300);
		for (size_t k = 0; k < n; k++) {
			CHECK(c[k].at_ms <= a.now_ms);
			CHECK(k == 0 || c[k].at_ms > c[k - 1].at_ms);
			CHECK(k == 0 || c[k].from == c[k - 1].to);
		}
		CHECK_INT(few_n, n < 5 ? n : 5);
		CHECK(memcmp(few, c + n - few_n, few_n * sizeof(c[0])) == 0);
	}
}

TEST(statistics_have_their_order)
{
	struct account a = account_at(tables(), FAKE_NOW_MS, FAKE_NOW_MS);
	int64_t now = FAKE_NOW_MS / ACCOUNT_MINUTE_MS;
	struct account_series s;

	for (size_t i = 0; account_series(tables(), i, &s); i++) {
		struct account_point p = account_window(&a, &s, now - 60, 60);
		double lo, p50, p99, hi, v;

		if (p.n <= 0) {
			continue;
		}
		CHECK(account_stat(&s, &p, S("Minimum"), &lo) &&
		    account_stat(&s, &p, S("p50"), &p50) &&
		    account_stat(&s, &p, S("p99"), &p99) &&
		    account_stat(&s, &p, S("Maximum"), &hi));
		CHECK(lo <= p50 && p50 <= p99 && p99 <= hi);
		CHECK(!account_stat(&s, &p, S("p101"), &v));
		CHECK(!account_stat(&s, &p, S("Mean"), &v));
		CHECK(account_stat(&s, &p, S("tm99"), &v));
	}
}

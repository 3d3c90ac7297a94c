/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request rates under AWS's quotas: the rate holds over any stretch of time,
 * buckets do not disturb each other, and a turn that comes too late costs
 * nothing.
 */
#include "test.h"

#include "aws/pace.h"

static struct pace pace;

static int64_t
take(const char *account, const char *operation, int64_t now_ms)
{
	int64_t turn;

	return pace_take(&pace, str_from_z(account), S("eu-west-1"),
	    str_from_z(operation), 90, now_ms, INT64_MAX, &turn);
}

TEST(no_stretch_of_time_holds_more_than_the_quota_and_one_burst)
{
	static int64_t turns[400];
	int64_t now = 1000000;

	memset(&pace, 0, sizeof(pace));
	/* A crowd, then a steady stream above the rate, then a pause. */
	for (size_t i = 0; i < 400; i++) {
		turns[i] = take("a", "DescribeAlarms", now);
		CHECK(turns[i] >= now);
		now += i > 200 ? 50 : 0;
		now += i == 300 ? 60000 : 0;
	}
	for (size_t i = 0; i < 400; i++) {
		for (size_t k = i; k < 400; k++) {
			int64_t ms = turns[k] - turns[i];

			CHECK(turns[k] >= turns[i]);
			/* 8.1 a second and 9 at once. */
			CHECK((int64_t)(k - i + 1) <= 9 + ms * 81 / 10000 + 1);
		}
	}
}

TEST(the_first_second_is_never_slowed)
{
	memset(&pace, 0, sizeof(pace));
	for (int i = 0; i < 50; i++) {
		CHECK_INT(take("a", "GetMetricData", 77), 77);
	}
	CHECK(take("a", "GetMetricData", 77) > 77);
}

TEST(operations_without_a_quota_in_the_table_are_not_paced)
{
	memset(&pace, 0, sizeof(pace));
	for (int i = 0; i < 10000; i++) {
		CHECK_INT(take("a", "StopQuery", 5), 5);
	}
	CHECK_INT(pace_quota(S("StopQuery")), 0);
	CHECK_INT(pace_quota(S("DescribeAlarms")), 90);
}

TEST(accounts_have_buckets_of_their_own)
{
	memset(&pace, 0, sizeof(pace));
	for (int i = 0; i < 5; i++) {
		CHECK_INT(take("a", "StartQuery", 5), 5);
		CHECK_INT(take("b", "StartQuery", 5), 5);
	}
	CHECK(take("a", "StartQuery", 5) > 5);
	CHECK(take("b", "StartQuery", 5) > 5);
}

TEST(a_turn_that_comes_too_late_is_not_taken)
{
	int64_t turn = 0;

	memset(&pace, 0, sizeof(pace));
	for (int i = 0; i < 5; i++) {
		CHECK_INT(take("a", "StartQuery", 5), 5);
	}
	for (int i = 0; i < 3; i++) {
		CHECK_INT(pace_take(&pace, S("a"), S("eu-west-1"),
		    S("StartQuery"), 90, 5, 100, &turn), -1);
		CHECK_INT(turn, 228);
	}
	CHECK_INT(take("a", "StartQuery", 5), 228);
}

TEST(more_buckets_than_there_are_forget_the_idle_ones)
{
	memset(&pace, 0, sizeof(pace));
	for (int i = 0; i < 2000; i++) {
		char account[16];

		(void)snprintf(account, sizeof(account), "%d", i);
		CHECK_INT(take(account, "StartQuery", 1000 + i),
		    1000 + i);
	}
	for (int i = 0; i < 4; i++) {
		CHECK_INT(take("1999", "StartQuery", 3000), 3000);
	}
	CHECK(take("1999", "StartQuery", 3000) >= 3000);
}

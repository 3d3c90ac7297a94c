/* SPDX-License-Identifier: Apache-2.0 */
/* Counters: what falls where, from several threads too. */
#include "test.h"

#include <pthread.h>

#include "base/meter.h"

static struct meter m;

TEST(a_duration_falls_under_the_first_bound_that_holds_it)
{
	struct meter_times t = { .sum_ms = 0 };

	meter_time(&t, 0);
	meter_time(&t, 5);
	meter_time(&t, 6);
	meter_time(&t, 120000);
	meter_time(&t, 120001);
	meter_time(&t, INT64_MAX / 2);
	CHECK_INT(meter_get(&t.n[0]), 2);
	CHECK_INT(meter_get(&t.n[1]), 1);
	CHECK_INT(meter_get(&t.n[METER_BOUND_N - 1]), 1);
	CHECK_INT(meter_get(&t.n[METER_BOUND_N]), 2);
	CHECK_INT(meter_get(&t.sum_ms), 11 + 240001 + INT64_MAX / 2);
	for (size_t i = 1; i < METER_BOUND_N; i++) {
		CHECK(meter_bounds_ms[i] > meter_bounds_ms[i - 1]);
	}
}

TEST(a_clock_that_went_back_takes_nothing_away)
{
	struct meter_times t = { .sum_ms = 0 };

	meter_time(&t, -7);
	CHECK_INT(meter_get(&t.n[0]), 1);
	CHECK_INT(meter_get(&t.sum_ms), 0);
}

TEST(every_code_has_an_outcome)
{
	CHECK_INT(meter_outcome(ERR_OK), METER_OK);
	CHECK_INT(meter_outcome(ERR_AWS_THROTTLED), METER_THROTTLED);
	CHECK_INT(meter_outcome(ERR_AUTH_RATE), METER_THROTTLED);
	CHECK_INT(meter_outcome(ERR_AWS_ACCESS), METER_DENIED);
	CHECK_INT(meter_outcome(ERR_AWS_EXPIRED), METER_CREDENTIALS);
	CHECK_INT(meter_outcome(ERR_PROFILE), METER_CREDENTIALS);
	CHECK_INT(meter_outcome(ERR_TLS_NAME), METER_UNAVAILABLE);
	CHECK_INT(meter_outcome(ERR_DNS), METER_UNAVAILABLE);
	CHECK_INT(meter_outcome(ERR_AWS_SERVICE), METER_UNAVAILABLE);
	CHECK_INT(meter_outcome(ERR_TIMEOUT), METER_TIMEOUT);
	CHECK_INT(meter_outcome(ERR_CANCELLED), METER_CANCELLED);
	CHECK_INT(meter_outcome(ERR_ARGUMENT), METER_ERROR);
	for (int e = 1; e < ERR_N; e++) {
		CHECK(meter_outcome((enum err)e) != METER_OK);
		CHECK(meter_outcome((enum err)e) < METER_OUTCOME_N);
	}
}

TEST(requests_are_counted_by_route_method_and_class)
{
	m = (struct meter){ .lookups = { 0 } };
	meter_request(&m, 3, S("GET"), 200, 10);
	meter_request(&m, 3, S("POST"), 302, 10);
	meter_request(&m, 3, S("HEAD"), 404, 10);
	meter_request(&m, METER_ROUTE_N - 1, S("GET"), 503, 10);
	meter_request(&m, METER_ROUTE_N, S("GET"), 200, 10);
	meter_request(NULL, 0, S("GET"), 200, 10);
	CHECK_INT(meter_get(&m.requests[3][METER_GET][0]), 1);
	CHECK_INT(meter_get(&m.requests[3][METER_POST][1]), 1);
	CHECK_INT(meter_get(&m.requests[3][METER_OTHER][2]), 1);
	CHECK_INT(meter_get(&m.requests[METER_ROUTE_N - 1][METER_GET][3]), 1);
	CHECK_INT(meter_get(&m.request_times[3].n[1]), 3);
}

TEST(refusals_have_reasons)
{
	m = (struct meter){ .lookups = { 0 } };
	meter_refuse(&m, ERR_BUSY);
	meter_refuse(&m, ERR_NOMEM);
	meter_refuse(&m, ERR_HTTP_SLOW);
	meter_refuse(&m, ERR_HTTP_BODY_LIMIT);
	meter_refuse(&m, ERR_HTTP_HEAD_LIMIT);
	meter_refuse(&m, ERR_HTTP_TARGET_LIMIT);
	meter_refuse(&m, ERR_HTTP_SYNTAX);
	meter_refuse(NULL, ERR_BUSY);
	CHECK_INT(meter_get(&m.refusals[METER_BUSY]), 1);
	CHECK_INT(meter_get(&m.refusals[METER_MEMORY]), 1);
	CHECK_INT(meter_get(&m.refusals[METER_SLOW]), 1);
	CHECK_INT(meter_get(&m.refusals[METER_LARGE]), 3);
	CHECK_INT(meter_get(&m.refusals[METER_MALFORMED]), 1);
}

static void *
many(void *ctx)
{
	(void)ctx;
	for (int i = 0; i < 20000; i++) {
		meter_request(&m, 1, S("POST"), 200, i % 7);
		meter_cache(&m, METER_CACHE_ACCOUNT, i % 2 == 0);
	}
	return NULL;
}

TEST(no_count_is_lost_between_threads)
{
	pthread_t threads[4];

	m = (struct meter){ .lookups = { 0 } };
	for (int i = 0; i < 4; i++) {
		CHECK(pthread_create(&threads[i], NULL, many, NULL) == 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
	}
	CHECK_INT(meter_get(&m.requests[1][METER_POST][0]), 80000);
	CHECK_INT(meter_get(&m.caches[METER_CACHE_ACCOUNT][1]), 40000);
	CHECK_INT(meter_get(&m.caches[METER_CACHE_ACCOUNT][0]), 40000);
}

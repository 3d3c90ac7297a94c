/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running Logs Insights queries against a scripted AWS: several at a time,
 * pages, odd answers, time over, cancel.
 */
#include "test.h"

#include "fake_sys.h"
#include "fake_transport.h"
#include "tools/query_run.h"

static struct fake_sys fake;
static struct fake_transport net;
static struct aws aws;
static struct arena arena;
static struct fail fail;
static struct call c;
static struct aws_scope scope;
static struct cancel cancel;
static unsigned progress_n;
static char progress_text[512];

static const struct creds_keys keys = { .access_key_id = STR_INIT("AKIDA"),
	.secret = STR_INIT("s"), .account_id = STR_INIT("111122223333") };

static void
progress(struct call *call, double done, double total, struct str message)
{
	(void)call;
	(void)done;
	(void)total;
	progress_n++;
	(void)snprintf(progress_text, sizeof(progress_text), "%.*s",
	    STR_ARG(message));
}

static bool
begin_test(void)
{
	arena_free(&arena);
	arena_init(&arena, (size_t)32 << 20);
	fail_init(&fail, &arena);
	fake_sys_init(&fake);
	fake.now_ms = INT64_C(1795000000000);
	fake_sys_env(&fake, "HOME", "/home/app");
	fake_transport_init(&net, &fake);
	aws = (struct aws){ .sys = &fake.sys, .transport = &net.transport,
	    .region = S("eu-central-1"), .user_agent = S("t"),
	    .keys = &keys };
	atomic_store(&cancel.raised, false);
	progress_n = 0;
	c = (struct call){ .sys = &fake.sys, .aws = &aws, .arena = &arena,
	    .fail = &fail, .deadline_ms = fake.mono_ms + 60000,
	    .cancel = &cancel, .progress = progress };
	if (aws_init(&aws, &fail) != ERR_OK) {
		return false;
	}
	aws_scope_init(&scope, &aws, &arena, &fail, c.deadline_ms, &cancel,
	    &c.aws_calls);
	return aws_scope_open(&scope, STR_NONE, STR_NONE) == ERR_OK;
}

static void
say(const char *body)
{
	(void)fake_transport_reply(&net, "", 200, body);
}

static struct query_run
a_query(const char *text)
{
	struct query_run r = { .scope = &scope, .text = str_from_z(text),
		.start_ms = 1000, .end_ms = 61999 };

	return r;
}

#define STARTED "{\"queryId\":\"q-1\"}"
#define RUNNING "{\"status\":\"Running\",\"statistics\":" \
	"{\"bytesScanned\":5e6},\"results\":[]}"
#define COMPLETE "{\"status\":\"Complete\",\"statistics\":{\"bytesScanned\":" \
	"2147483648.0,\"recordsMatched\":2},\"results\":[[{\"field\":\"a\"," \
	"\"value\":\"1\"},{\"field\":\"a\",\"value\":\"2\"}],[]]}"

TEST(a_query_is_started_looked_at_and_read)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };
	const struct json *rows;
	int64_t from_ms;

	CHECK(begin_test());
	from_ms = fake.mono_ms;
	say(STARTED);
	say(RUNNING);
	say(RUNNING);
	say(COMPLETE);
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_COMPLETE);
	CHECK_STR(r.id, S("q-1"));
	CHECK_INT(fake.mono_ms - from_ms, 600);
	CHECK_INT(r.scanned_bytes, 2147483648);
	CHECK(fake_transport_saw(&net, "\"startTime\":1,\"endTime\":61,"));
	CHECK_INT(progress_n, 2);
	CHECK(strstr(progress_text, "5 MB scanned") != NULL);
	CHECK_INT(query_run_page(&r, &rows), ERR_OK);
	CHECK_STR(query_run_cell(json_at(rows, 0), S("a")), S("1"));
	CHECK(query_run_cell(json_at(rows, 1), S("a")).p == NULL);
	CHECK_INT(query_run_page(&r, &rows), ERR_OK);
	CHECK(rows == NULL);
	CHECK(fake_transport_ok(&net));
	query_run_free(&r);
}

/* Other work while queries run: it fails on demand. */
static enum err meanwhile_err;

static enum err
meanwhile(struct query_runs *all)
{
	MUST(all->runs[0].state == QUERY_RUN_STARTED);
	fake.mono_ms += 700;
	return meanwhile_err;
}

TEST(other_work_is_done_once_while_a_query_runs)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1,
		.meanwhile = meanwhile };

	CHECK(begin_test());
	say(STARTED);
	say(RUNNING);
	say(COMPLETE);
	all.until_ms = query_run_until(&c, 30);
	meanwhile_err = ERR_OK;
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_COMPLETE);
	CHECK(all.meanwhile == NULL);
	CHECK(fake_transport_ok(&net));
	query_run_free(&r);
}

TEST(other_work_that_fails_stops_the_queries)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1,
		.meanwhile = meanwhile };

	CHECK(begin_test());
	say(STARTED);
	say(RUNNING);
	say("{\"success\":true}");
	all.until_ms = query_run_until(&c, 30);
	meanwhile_err = ERR_CANCELLED;
	CHECK_INT(query_runs(&all), ERR_CANCELLED);
	CHECK(fake_transport_saw(&net, "Logs_20140328.StopQuery"));
	CHECK(fake_transport_ok(&net));
	query_run_free(&r);
}

TEST(pages_are_read_until_the_token_ends_or_repeats)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };
	const struct json *rows;
	unsigned n = 0;

	CHECK(begin_test());
	say(STARTED);
	say("{\"status\":\"Complete\",\"results\":[[]],\"nextToken\":\"t1\"}");
	say("{\"status\":\"Complete\",\"results\":[],\"nextToken\":\"t2\"}");
	say("{\"status\":\"Complete\",\"nextToken\":\"t2\"}");
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	while (query_run_page(&r, &rows) == ERR_OK && rows != NULL) {
		CHECK(query_run_more(&r));
		n++;
	}
	CHECK_INT(n, 2);
	CHECK(fake_transport_saw(&net, "\"nextToken\":\"t1\""));
	CHECK(fake_transport_saw(&net, "\"nextToken\":\"t2\""));
	CHECK(fake_transport_ok(&net));
	query_run_free(&r);
}

TEST(a_token_for_ever_ends_after_the_services_own_limit)
{
	static const char *const PAGE[2] = {
		"{\"status\":\"Complete\",\"results\":[],\"nextToken\":\"x\"}",
		"{\"status\":\"Complete\",\"results\":[],\"nextToken\":\"y\"}",
	};
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };
	const struct json *rows;
	unsigned n = 0;

	CHECK(begin_test());
	say(STARTED);
	for (unsigned i = 0; i < 20; i++) {
		say(PAGE[i % 2]);
	}
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	while (query_run_page(&r, &rows) == ERR_OK && rows != NULL) {
		n++;
	}
	CHECK_INT(n, QUERY_RUN_PAGE_MAX_N);
	query_run_free(&r);
}

TEST(a_query_whose_time_is_over_runs_on_and_is_not_stopped)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	say(STARTED);
	(void)(fake_transport_reply(&net, "", 200, RUNNING)->forever = true);
	all.until_ms = query_run_until(&c, 5);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_LATE);
	CHECK_STR(r.id, S("q-1"));
	CHECK(!fake_transport_saw(&net, "StopQuery"));
	CHECK_INT(fake.mono_ms, all.until_ms);
	query_run_free(&r);
}

TEST(a_late_query_is_stopped_where_nobody_could_use_its_id)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1,
		.stop_late = true, .each_ms = 1000 };

	CHECK(begin_test());
	say(STARTED);
	(void)(fake_transport_reply(&net, "", 200, RUNNING)->forever = true);
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_LATE);
	CHECK(fake_transport_saw(&net, "StopQuery"));
	query_run_free(&r);
}

static void
raise_cancel(void *ctx)
{
	(void)ctx;
	atomic_store(&cancel.raised, true);
}

TEST(every_query_of_a_cancelled_call_is_stopped_in_aws)
{
	struct query_run runs[3];
	struct query_runs all = { .c = &c, .runs = runs, .n = 3 };
	struct fake_reply *last;
	struct str log;
	unsigned n = 0;

	CHECK(begin_test());
	for (unsigned i = 0; i < 3; i++) {
		runs[i] = a_query("fields a");
		say(STARTED);
	}
	say(RUNNING);
	say(RUNNING);
	last = fake_transport_reply(&net, "", 200, RUNNING);
	last->hook = raise_cancel;
	(void)(fake_transport_reply(&net, "", 200, "{}")->forever = true);
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_CANCELLED);
	CHECK_INT(fail.code, ERR_CANCELLED);
	log = fake_transport_log(&net);
	for (size_t i = 0; (i = str_find(log, S("Logs_20140328.StopQuery"),
	    i)) < log.len; i++) {
		n++;
	}
	CHECK_INT(n, 3);
}

TEST(a_cancel_during_a_look_stops_the_query)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };
	struct fake_reply *look;

	CHECK(begin_test());
	say(STARTED);
	look = fake_transport_fail(&net, "", ERR_CANCELLED);
	look->hook = raise_cancel;
	say("{}");
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_CANCELLED);
	CHECK(fake_transport_saw(&net, "StopQuery"));
	CHECK(fake_transport_ok(&net));
}

TEST(a_query_that_was_being_started_is_stopped_too)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	fake_transport_reply(&net, "", 200, STARTED)->hook = raise_cancel;
	say("{}");
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_CANCELLED);
	CHECK(fake_transport_saw(&net, "StopQuery"));
	CHECK(!fake_transport_saw(&net, "GetQueryResults"));
	CHECK(fake_transport_ok(&net));
}

TEST(a_call_that_is_cancelled_before_starts_nothing)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	raise_cancel(NULL);
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_CANCELLED);
	CHECK_INT(net.request_n, 0);
}

TEST(a_malformed_query_shows_the_piece_by_characters)
{
	struct query_run r = a_query("fields \xc3\xa4 | fieldz x");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	(void)fake_transport_reply(&net, "", 400, "{\"__type\":"
	    "\"MalformedQueryException\",\"message\":\"unexpected symbol\","
	    "\"queryCompileError\":{\"location\":{\"startCharOffset\":11,"
	    "\"endCharOffset\":16}}}");
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_FAILED);
	CHECK_STR(r.fail.what, S("the query is malformed at characters 11 to "
	    "16, 'fieldz': unexpected symbol"));
	query_run_free(&r);
}

TEST(odd_answers_are_errors_and_never_rows)
{
	static const char *const ODD[] = {
		"{}", "{\"status\":null}", "{\"status\":\"Unknown\"}",
		"{\"status\":\"Failed\",\"results\":[[]]}",
		"{\"status\":\"Cancelled\"}", "{\"status\":\"Timeout\"}",
	};

	for (size_t i = 0; i < sizeof(ODD) / sizeof(ODD[0]); i++) {
		struct query_run r = a_query("fields a");
		struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

		CHECK(begin_test());
		say(STARTED);
		say(ODD[i]);
		all.until_ms = query_run_until(&c, 30);
		CHECK_INT(query_runs(&all), ERR_OK);
		CHECK_INT(r.state, QUERY_RUN_FAILED);
		CHECK_INT(r.err, ERR_AWS_SERVICE);
		CHECK(r.timed_out == (i == 5));
		query_run_free(&r);
	}
}

TEST(odd_statistics_cost_nothing)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };
	const struct json *rows;

	CHECK(begin_test());
	say(STARTED);
	say("{\"status\":\"Complete\",\"statistics\":{\"bytesScanned\":1e308,"
	    "\"recordsMatched\":\"NaN\"},\"results\":{}}");
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_COMPLETE);
	CHECK(query_run_price(r.scanned_bytes) > 1e8);
	CHECK(query_run_price(0) < 1e-9);
	CHECK_INT(query_run_price(2147483648.0) * 1e6, 10000);
	CHECK_INT(query_run_page(&r, &rows), ERR_OK);
	CHECK(json_at(rows, 0) == NULL);
	query_run_free(&r);
}

TEST(no_more_than_so_many_run_at_a_time)
{
	struct query_run runs[4];
	struct query_runs all = { .c = &c, .runs = runs, .n = 4,
		.at_once = 2 };
	size_t first, third;
	struct str log;

	CHECK(begin_test());
	for (unsigned i = 0; i < 4; i++) {
		runs[i] = a_query("fields a");
	}
	for (unsigned i = 0; i < 2; i++) {
		say(STARTED);
		say(STARTED);
		say(COMPLETE);
		say(COMPLETE);
	}
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK(fake_transport_ok(&net));
	log = fake_transport_log(&net);
	first = str_find(log, S("GetQueryResults"), 0);
	third = str_find(log, S("StartQuery"), 0);
	third = str_find(log, S("StartQuery"), third + 1);
	third = str_find(log, S("StartQuery"), third + 1);
	CHECK(first < third);
	for (unsigned i = 0; i < 4; i++) {
		CHECK_INT(runs[i].state, QUERY_RUN_COMPLETE);
		query_run_free(&runs[i]);
	}
}

TEST(one_failing_query_leaves_the_others_alone)
{
	struct query_run runs[2];
	struct query_runs all = { .c = &c, .runs = runs, .n = 2 };

	CHECK(begin_test());
	runs[0] = a_query("fields a");
	runs[1] = a_query("fields b");
	(void)fake_transport_reply(&net, "", 400, "{\"__type\":"
	    "\"ResourceNotFoundException\",\"message\":\"no group\"}");
	say(STARTED);
	say(COMPLETE);
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(runs[0].state, QUERY_RUN_FAILED);
	CHECK_STR(runs[0].code, S("ResourceNotFoundException"));
	CHECK_INT(runs[1].state, QUERY_RUN_COMPLETE);
	query_run_free(&runs[0]);
	query_run_free(&runs[1]);
}

TEST(a_look_that_fails_names_the_query)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	say(STARTED);
	(void)fake_transport_reply(&net, "", 400, "{\"__type\":"
	    "\"AccessDeniedException\",\"message\":\"no\"}");
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_FAILED);
	CHECK_INT(r.err, ERR_AWS_ACCESS);
	CHECK(str_find(r.fail.what, S("q-1"), 0) < r.fail.what.len);
	query_run_free(&r);
}

TEST(a_look_that_may_pass_is_repeated)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	aws.attempt_max = 1;
	scope.attempt_max = 1;
	say(STARTED);
	(void)fake_transport_fail(&net, "", ERR_CONNECT);
	(void)fake_transport_reply(&net, "", 503, "");
	say(COMPLETE);
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_COMPLETE);
	query_run_free(&r);
}

TEST(looks_that_fail_again_and_again_end_the_wait)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };

	CHECK(begin_test());
	scope.attempt_max = 1;
	say(STARTED);
	fake_transport_fail(&net, "", ERR_CONNECT)->forever = true;
	all.until_ms = query_run_until(&c, 30);
	CHECK_INT(query_runs(&all), ERR_OK);
	CHECK_INT(r.state, QUERY_RUN_FAILED);
	CHECK(str_find(r.fail.what, S("q-1 may still run"), 0) <
	    r.fail.what.len);
	query_run_free(&r);
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct query_run r = a_query("fields a");
	struct query_runs all = { .c = &c, .runs = &r, .n = 1 };
	const struct json *rows;
	bool ok;

	(void)ctx;
	if (!begin_test()) {
		return false;
	}
	c.arena = a;
	scope.arena = a;
	fail_init(&fail, a);
	say(STARTED);
	say(COMPLETE);
	net.quiet = true;
	all.until_ms = query_run_until(&c, 30);
	ok = query_runs(&all) == ERR_OK && r.state == QUERY_RUN_COMPLETE &&
	    query_run_page(&r, &rows) == ERR_OK && !a->failed;
	query_run_free(&r);
	return ok;
}

TEST(memory_that_runs_out_is_an_orderly_error)
{
	CHECK(test_fail_sweep(sweep, NULL, (size_t)1 << 20) > 0);
}

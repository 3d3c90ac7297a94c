/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of credentials: when it looks up, when it does not, and what
 * others get while one thread is at it. A second reader is a call made from
 * inside the transport.
 */
#include "test.h"

#include "aws/creds.h"
#include "base/meter.h"
#include "base/limits.h"
#include "fake_transport.h"

#define CREDENTIALS "/home/app/.aws/credentials"
#define AGENT "GET http://169.254.170.2/c"
#define MINUTE INT64_C(60000)

static struct fake_sys world;
static struct fake_transport net;
static struct log logger;
static struct arena start;  /* holds the cache */
static struct arena arena;  /* of one reader */
static struct fail fail;
static struct creds *creds;
static struct creds_setup setup;
static struct creds_keys out;

/* A world with static keys "S" in the default profile. */
static void
begin(void)
{
	if (creds != NULL) {
		creds_free(creds);
	}
	arena_free(&start);
	arena_free(&arena);
	arena_init(&start, (size_t)1 << 20);
	arena_init(&arena, (size_t)16 << 20);
	fail_init(&fail, &arena);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fake_transport_init(&net, &world);
	fake_sys_env(&world, "HOME", "/home/app");
	fake_sys_env(&world, "AWS_EC2_METADATA_DISABLED", "true");
	logger = (struct log){ .sys = &world.sys, .level = LOG_INFO };
	setup = (struct creds_setup){
		.sys = &world.sys, .transport = &net.transport, .log = &logger
	};
	creds = creds_new(&start, &setup);
	out = (struct creds_keys){ 0 };
}

static void
static_keys(const char *text)
{
	fake_sys_file(&world, CREDENTIALS, text);
}

#define STATIC(id) "[default]\naws_access_key_id = " id \
	"\naws_secret_access_key = s-" id "\n"

/* The container agent is what gives keys that expire. */
static struct fake_reply *
agent(const char *body)
{
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
	return fake_transport_reply(&net, AGENT, 200, body);
}

#define KEYS(id, expires) "{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":" \
	"\"s-" id "\",\"Token\":\"t-" id "\",\"Expiration\":\"" expires "\"," \
	"\"AccountId\":\"123456789012\"}"

static void
pass(int64_t ms)
{
	world.now_ms += ms;
	world.mono_ms += ms;
}

static enum err
get_profile(const char *name)
{
	struct creds_want want = { .deadline_ms = world.mono_ms + 20000 };

	fail_clear(&fail);
	return creds_get(creds, str_from_z(name), &want, &arena, &out, &fail);
}

static enum err
get(void)
{
	return get_profile(NULL);
}

static bool
has(struct str text, const char *part)
{
	return str_find(text, str_from_z(part), 0) + strlen(part) <= text.len;
}

#define GIVES(id) do { \
	CHECK_INT(get(), ERR_OK); \
	CHECK_STR(out.access_key_id, S(id)); \
	CHECK(fake_sys_ok(&world)); \
} while (0)

/* ---- static keys ---- */

TEST(static_keys_are_kept_for_a_minute)
{
	begin();
	static_keys(STATIC("A"));
	GIVES("A");
	CHECK_STR(out.secret, S("s-A"));
	CHECK(out.token.p == NULL);
	CHECK_STR(out.source, S("profile 'default' in " CREDENTIALS));
	static_keys(STATIC("B"));
	pass(MINUTE - 1);
	GIVES("A");
	pass(1);
	GIVES("B");
}

TEST(static_keys_that_were_taken_away_are_gone)
{
	begin();
	static_keys(STATIC("A"));
	GIVES("A");
	static_keys("[default]\nbroken\n");
	pass(MINUTE);
	CHECK_INT(get(), ERR_PROFILE);
	CHECK(has(fail.what, "line 2 is neither"));
	static_keys(STATIC("A"));
	GIVES("A");
}

TEST(each_profile_has_its_own_keys)
{
	begin();
	static_keys(STATIC("A") "[x]\naws_access_key_id = X\n"
	    "aws_secret_access_key = y\n");
	GIVES("A");
	CHECK_INT(get_profile("x"), ERR_OK);
	CHECK_STR(out.access_key_id, S("X"));
	CHECK_INT(get_profile("z"), ERR_PROFILE);
	CHECK(has(fail.what, "profiles there: default, x"));
	GIVES("A");
	fake_sys_env(&world, "AWS_PROFILE", "x");
	GIVES("X");
}

TEST(the_flag_names_a_profile_and_the_environment_does_not)
{
	begin();
	static_keys(STATIC("A") "[x]\naws_access_key_id = X\n"
	    "aws_secret_access_key = y\n");
	fake_sys_env(&world, "AWS_ACCESS_KEY_ID", "ENV");
	fake_sys_env(&world, "AWS_SECRET_ACCESS_KEY", "s");
	fake_sys_env(&world, "AWS_PROFILE", "x");
	GIVES("ENV");
	setup.profile = S("x");
	creds_free(creds);
	creds = creds_new(&start, &setup);
	GIVES("X");
}

TEST(long_profile_names_are_refused)
{
	char name[CREDS_NAME_MAX + 2];

	begin();
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	CHECK_INT(get_profile(name), ERR_PROFILE);
	CHECK_STR(fail.what, S("a profile name has at most 256 bytes"));
}

TEST(more_profiles_than_fit_push_out_the_oldest)
{
	static char text[65536];
	struct buf b = buf_fixed(text, sizeof(text) - 1);
	char name[16];

	begin();
	for (uint64_t i = 0; i < CREDS_PROFILE_MAX + 10; i++) {
		buf_addf(&b, "[p%u]\naws_access_key_id = K%u\n"
		    "aws_secret_access_key = s\n", i, i);
	}
	text[b.len] = '\0';
	static_keys(text);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < CREDS_PROFILE_MAX + 10; i++) {
			snprintf(name, sizeof(name), "p%d", i);
			pass(1);
			CHECK_INT(get_profile(name), ERR_OK);
			CHECK_STR(str_sub(out.access_key_id, 1, 9),
			    str_from_z(name + 1));
		}
	}
	CHECK(fake_sys_ok(&world));
}

/* ---- keys that expire ---- */

TEST(keys_are_cached_until_they_are_due)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	GIVES("A");
	CHECK_STR(out.token, S("t-A"));
	CHECK_STR(out.account_id, S("123456789012"));
	CHECK_INT(out.expires_ms, FAKE_NOW_MS + 60 * MINUTE);
	pass(49 * MINUTE);
	GIVES("A");
	CHECK_INT(net.request_n, 1);
}

TEST(look_ups_are_counted_and_their_end_is_known)
{
	static struct meter meter;

	begin();
	meter = (struct meter){ .auth = { { 0 } } };
	setup.meter = &meter;
	creds = creds_new(&start, &setup);
	CHECK_INT(creds_expiry(creds), 0);
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	GIVES("A");
	GIVES("A");
	GIVES("A");
	CHECK_INT(creds_expiry(creds), FAKE_NOW_MS + 60 * MINUTE);
	CHECK_INT(meter_get(&meter.lookups[METER_OK]), 1);
	CHECK_INT(meter_get(&meter.caches[METER_CACHE_CREDENTIALS][0]), 1);
	CHECK_INT(meter_get(&meter.caches[METER_CACHE_CREDENTIALS][1]), 2);
}

TEST(without_a_background_thread_readers_renew)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	agent(KEYS("B", "2026-11-20T14:00:00Z"));
	GIVES("A");
	pass(50 * MINUTE);
	GIVES("B");
	CHECK_INT(net.request_n, 2);
}

TEST(with_a_background_thread_readers_do_not)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	(void)creds_refresh_due(creds, NULL);
	GIVES("A");
	pass(55 * MINUTE);
	GIVES("A");
	CHECK_INT(net.request_n, 1);
	/* Unless there is nothing left to use. */
	agent(KEYS("B", "2026-11-20T14:00:00Z"));
	pass(5 * MINUTE - CREDS_MARGIN_MS);
	GIVES("B");
}

TEST(a_failed_renewal_keeps_keys_that_count)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	GIVES("A");
	pass(50 * MINUTE);
	net.quiet = true;
	GIVES("A");
	CHECK_INT(net.request_n, 4);
	CHECK(has(fake_sys_log(&world), "\"level\":\"ERROR\""));
	/* And is not repeated at once. */
	GIVES("A");
	CHECK_INT(net.request_n, 4);
	pass(10 * MINUTE);
	CHECK_INT(get(), ERR_CREDENTIALS);
	CHECK(has(fail.what, "the container credentials at"));
}

TEST(short_lives_are_renewed_in_their_last_quarter)
{
	int64_t next;

	begin();
	agent(KEYS("A", "2026-11-20T12:16:00Z"));
	next = creds_refresh_due(creds, NULL);
	GIVES("A");
	CHECK_INT(net.request_n, 1);
	CHECK(next > world.mono_ms);
	pass(12 * MINUTE - 1);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(net.request_n, 1);
	agent(KEYS("B", "2026-11-20T12:28:00Z"));
	pass(1);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(net.request_n, 2);
	GIVES("B");
}

/* ---- the background thread ---- */

TEST(the_background_thread_renews_a_quarter_of_an_hour_ahead)
{
	begin();
	agent(KEYS("A", "2026-11-20T18:00:00Z"));
	(void)creds_refresh_due(creds, NULL);
	GIVES("A");
	pass(345 * MINUTE - 1);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(net.request_n, 1);
	agent(KEYS("B", "2026-11-21T00:00:00Z"));
	pass(1);
	(void)creds_refresh_due(creds, NULL);
	GIVES("B");
	CHECK_INT(net.request_n, 2);
	CHECK(fake_sys_ok(&world));
}

TEST(the_same_keys_again_are_not_asked_for_on_and_on)
{
	int64_t next;

	begin();
	agent(KEYS("A", "2026-11-20T18:00:00Z"))->forever = true;
	(void)creds_refresh_due(creds, NULL);
	pass(346 * MINUTE);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(net.request_n, 2);
	next = creds_refresh_due(creds, NULL);
	CHECK_INT(net.request_n, 2);
	CHECK(next > world.mono_ms && next <= world.mono_ms + MINUTE);
	pass(MINUTE);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(net.request_n, 3);
}

TEST(early_failures_are_warnings_and_late_ones_errors)
{
	begin();
	agent(KEYS("A", "2026-11-20T18:00:00Z"));
	(void)creds_refresh_due(creds, NULL);
	net.quiet = true;
	pass(346 * MINUTE);
	(void)creds_refresh_due(creds, NULL);
	CHECK(has(fake_sys_log(&world), "\"level\":\"WARNING\""));
	CHECK(!has(fake_sys_log(&world), "\"level\":\"ERROR\""));
	pass(5 * MINUTE);
	(void)creds_refresh_due(creds, NULL);
	CHECK(has(fake_sys_log(&world), "\"level\":\"ERROR\""));
	GIVES("A");
}

TEST(the_background_thread_looks_for_the_default_profile)
{
	int64_t next;

	begin();
	CHECK_INT(creds_ready(creds, &arena, &fail), ERR_AGAIN);
	next = creds_refresh_due(creds, NULL);
	CHECK(next <= world.mono_ms + CREDS_RETRY_SOON_MS);
	fail_clear(&fail);
	CHECK_INT(creds_ready(creds, &arena, &fail), ERR_CREDENTIALS);
	CHECK(has(fail.what, "no AWS credentials for profile 'default'"));
	static_keys(STATIC("A"));
	(void)creds_refresh_due(creds, NULL);
	fail_clear(&fail);
	CHECK_INT(creds_ready(creds, &arena, &fail), ERR_CREDENTIALS);
	pass(CREDS_RETRY_SOON_MS);
	(void)creds_refresh_due(creds, NULL);
	fail_clear(&fail);
	CHECK_INT(creds_ready(creds, &arena, &fail), ERR_OK);
}

TEST(a_standing_failure_is_logged_once)
{
	size_t len;

	begin();
	(void)creds_refresh_due(creds, NULL);
	len = world.log_len;
	CHECK(len > 0);
	pass(MINUTE);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(world.log_len, len);
}

TEST(profiles_nobody_asks_for_are_forgotten)
{
	begin();
	agent(KEYS("A", "2026-11-20T18:00:00Z"))->forever = true;
	fake_sys_file(&world, CREDENTIALS, "[x]\n");
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(get_profile("x"), ERR_OK);
	CHECK_INT(net.request_n, 2);
	pass(61 * MINUTE);
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(get_profile("x"), ERR_OK);
	CHECK_INT(net.request_n, 3);
	/* The default profile stays. */
	GIVES("A");
	CHECK_INT(net.request_n, 3);
}

TEST(a_cancel_ends_the_background_work)
{
	struct cancel cancel = { .raised = true };

	begin();
	fake_sys_env(&world, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
	(void)creds_refresh_due(creds, &cancel);
	CHECK_INT(net.request_n, 1);
	CHECK_INT(creds_ready(creds, &arena, &fail), ERR_AGAIN);
	CHECK(fake_sys_ok(&world));
}

/* ---- several readers ---- */

static struct {
	enum err err;
	struct creds_keys keys;
	struct str what;
	unsigned asked_n;
} second;

/* What another thread would see while the first one looks up. */
static void
second_reader(void *ctx)
{
	struct creds_want want = { .deadline_ms = world.mono_ms + 1000 };
	struct fail f;

	(void)ctx;
	fail_init(&f, &arena);
	second.err = creds_get(creds, STR_NONE, &want, &arena, &second.keys,
	    &f);
	second.what = f.what;
	second.asked_n = net.request_n;
}

TEST(readers_are_not_blocked_while_old_keys_count)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	agent(KEYS("B", "2026-11-20T14:00:00Z"))->hook = second_reader;
	GIVES("A");
	pass(51 * MINUTE);
	GIVES("B");
	CHECK_INT(second.err, ERR_OK);
	CHECK_STR(second.keys.access_key_id, S("A"));
	CHECK_INT(second.asked_n, 2);
	CHECK_INT(world.sleep_n, 0);
}

TEST(readers_without_keys_wait_for_the_one_that_looks_up)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"))->hook = second_reader;
	GIVES("A");
	/* The first one cannot end before the second in one thread. */
	CHECK_INT(second.err, ERR_TIMEOUT);
	CHECK_STR(second.what, S("the time allowed ran out while AWS "
	    "credentials were being looked up"));
	CHECK_INT(second.asked_n, 1);
	CHECK_INT(world.slept_ms, 1000);
}

/* Raises the first reader's cancel. */
static void
raise_cancel(void *ctx)
{
	struct cancel *cancel = ctx;

	atomic_store(&cancel->raised, true);
}

TEST(a_cancelled_look_up_is_nobody_elses_failure)
{
	struct cancel cancel = { .raised = false };
	struct creds_want want = {
		.deadline_ms = INT64_MAX, .cancel = &cancel
	};
	struct fake_reply *r;

	begin();
	r = agent("");
	r->status = 500;
	r->hook = raise_cancel;
	r->hook_ctx = &cancel;
	CHECK_INT(creds_get(creds, STR_NONE, &want, &arena, &out, &fail),
	    ERR_CANCELLED);
	CHECK_INT(creds_ready(creds, &arena, NULL), ERR_AGAIN);
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	GIVES("A");
}

TEST(a_reader_out_of_time_is_told_what_took_so_long)
{
	struct creds_want want;

	begin();
	want = (struct creds_want){ .deadline_ms = world.mono_ms + 1500 };
	agent("")->ms = 99999;
	CHECK_INT(creds_get(creds, STR_NONE, &want, &arena, &out, &fail),
	    ERR_TIMEOUT);
	CHECK(has(fail.what, "the time allowed ran out while AWS credentials "
	    "were being looked up (the container credentials at "));
	CHECK_INT(creds_ready(creds, &arena, NULL), ERR_AGAIN);
}

/* ---- invalid keys ---- */

TEST(invalidated_keys_are_looked_up_again)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	GIVES("A");
	creds_invalidate(creds, STR_NONE, S("OTHER"));
	GIVES("A");
	CHECK_INT(net.request_n, 1);
	agent(KEYS("B", "2026-11-20T13:00:00Z"));
	creds_invalidate(creds, STR_NONE, S("A"));
	CHECK_INT(creds_ready(creds, &arena, NULL), ERR_AGAIN);
	GIVES("B");
	creds_invalidate(creds, S("nobody"), S("A"));
}

TEST(a_clock_that_jumps_ahead_makes_keys_expire)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	agent(KEYS("B", "2026-11-21T13:00:00Z"));
	GIVES("A");
	world.now_ms += 120 * MINUTE;
	GIVES("B");
}

/* ---- memory and secrets ---- */

static bool
holds(const char *p, size_t n, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= n; i++) {
		if (memcmp(p + i, text, len) == 0) {
			return true;
		}
	}
	return false;
}

TEST(keys_never_reach_the_log)
{
	begin();
	agent(KEYS("A", "2026-11-20T13:00:00Z"));
	GIVES("A");
	CHECK(has(fake_sys_log(&world), "\"access_key_id\":\"A\""));
	CHECK(!holds(world.log, world.log_len, "s-A"));
	CHECK(!holds(world.log, world.log_len, "t-A"));
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct creds *c;
	struct creds_want want = { .deadline_ms = INT64_MAX };
	struct creds_keys k;
	struct fail f;
	enum err err;

	(void)ctx;
	fail_init(&f, a);
	c = creds_new(a, &setup);
	if (c == NULL) {
		return false;
	}
	err = creds_get(c, STR_NONE, &want, a, &k, &f);
	creds_free(c);
	return err == ERR_OK && str_eq(k.access_key_id, S("A"));
}

TEST(every_failed_allocation_is_an_orderly_error)
{
	enum err err = ERR_NOMEM;

	begin();
	static_keys(STATIC("A"));
	CHECK(test_fail_sweep(sweep, NULL, (size_t)4 << 20) >= 4);
	/* The same inside of the look-up. */
	for (setup.fail_at = 1; setup.fail_at < 1000; setup.fail_at++) {
		creds_free(creds);
		creds = creds_new(&start, &setup);
		err = get();
		CHECK(fake_sys_ok(&world));
		if (err == ERR_OK) {
			break;
		}
	}
	CHECK_INT(err, ERR_OK);
	CHECK(setup.fail_at > 8);
	creds_free(creds);
	creds = NULL;
	arena_free(&start);
	arena_free(&arena);
	fake_sys_free(&world);
}

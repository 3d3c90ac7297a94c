/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Name lookups in threads of their own. Only "localhost" and literals are
 * asked for, and a name that never exists, so no network is needed.
 */
#include "net/resolve.h"

#include <netdb.h>
#include <poll.h>
#include <time.h>

#include "test.h"

static struct arena arena;
static struct resolve *resolver;

/* One resolver for all tests: a lookup that was given up may still run. */
static bool
begin(void)
{
	if (resolver != NULL) {
		return true;
	}
	arena_init(&arena, 1 << 20);
	return resolve_new(&resolver, &arena) == ERR_OK;
}

/* Asks until there is room: lookups that were given up have to end. */
static struct resolve_ticket *
ask_soon(struct str host)
{
	struct resolve_ticket *t = resolve_ask(resolver, host);

	for (int i = 0; t == NULL && i < 2000; i++) {
		(void)poll(NULL, 0, 1);
		t = resolve_ask(resolver, host);
	}
	return t;
}

/* Waits for an answer, at most five seconds. */
static enum err
answer(struct resolve_ticket *t, struct resolve_result *out)
{
	struct pollfd p = { resolve_fd(t), POLLIN, 0 };
	enum err err = resolve_get(resolver, t, out);

	if (err == ERR_AGAIN && poll(&p, 1, 5000) == 1) {
		err = resolve_get(resolver, t, out);
	}
	return err;
}

TEST(loopback_is_found_and_then_known)
{
	struct resolve_result r;
	struct resolve_ticket *t;

	CHECK(begin());
	t = resolve_ask(resolver, S("localhost"));
	CHECK(t != NULL);
	CHECK_INT(answer(t, &r), ERR_OK);
	CHECK(r.n > 0);
	resolve_drop(resolver, t);
	/* From the cache: at once, without a descriptor, in any case. */
	t = resolve_ask(resolver, S("LOCALHOST"));
	CHECK(t != NULL);
	CHECK_INT(resolve_fd(t), -1);
	CHECK_INT(resolve_get(resolver, t, &r), ERR_OK);
	CHECK(r.list[0].any.sa_family == AF_INET ||
	    r.list[0].any.sa_family == AF_INET6);
	resolve_drop(resolver, t);
}

TEST(askers_of_one_name_share_one_lookup)
{
	struct resolve_ticket *t[16];
	struct resolve_result r;

	CHECK(begin());
	for (size_t i = 0; i < 16; i++) {
		t[i] = resolve_ask(resolver, S("127.0.0.1"));
		CHECK(t[i] != NULL && t[i] == t[0]);
	}
	for (size_t i = 0; i < 16; i++) {
		CHECK_INT(answer(t[i], &r), ERR_OK);
		CHECK_INT(r.n, 1);
		resolve_drop(resolver, t[i]);
	}
}

TEST(who_gives_up_leaves_the_table_usable)
{
	struct resolve_ticket *t;
	struct resolve_result r;
	char name[32];

	CHECK(begin());
	/* More names than the table has places, dropped at once. */
	for (int i = 0; i < 3 * RESOLVE_CACHE_MAX; i++) {
		int n = snprintf(name, sizeof(name), "127.0.%d.%d", i / 200,
		    i % 200 + 1);

		t = resolve_ask(resolver, str_of(name, (size_t)n));
		if (t != NULL && i % 2 == 0) {
			CHECK_INT(answer(t, &r), ERR_OK);
		}
		if (t != NULL) {
			resolve_drop(resolver, t);
		}
	}
	t = ask_soon(S("127.0.0.9"));
	CHECK(t != NULL);
	CHECK_INT(answer(t, &r), ERR_OK);
	resolve_drop(resolver, t);
}

TEST(table_full_of_held_names_says_no)
{
	struct resolve_ticket *t[RESOLVE_CACHE_MAX];
	struct resolve_result r;
	char name[32];

	CHECK(begin());
	for (int i = 0; i < RESOLVE_CACHE_MAX; i++) {
		int n = snprintf(name, sizeof(name), "127.0.0.%d", i + 1);

		t[i] = ask_soon(str_of(name, (size_t)n));
		CHECK(t[i] != NULL);
	}
	CHECK(resolve_ask(resolver, S("127.9.1.1")) == NULL);
	for (int i = 0; i < RESOLVE_CACHE_MAX; i++) {
		CHECK_INT(answer(t[i], &r), ERR_OK);
		resolve_drop(resolver, t[i]);
	}
	t[0] = ask_soon(S("127.9.1.1"));
	CHECK(t[0] != NULL);
	CHECK_INT(answer(t[0], &r), ERR_OK);
	resolve_drop(resolver, t[0]);
}

TEST(name_that_is_too_long_is_refused)
{
	static char name[300];

	CHECK(begin());
	memset(name, 'a', sizeof(name));
	CHECK(resolve_ask(resolver, str_of(name, sizeof(name))) == NULL);
}

TEST(every_error_has_a_sentence)
{
	static const int errors[] = { EAI_NONAME, EAI_AGAIN, EAI_FAIL,
	    EAI_MEMORY, EAI_FAMILY };

	for (size_t i = 0; i < 5; i++) {
		CHECK(resolve_reason(errors[i]).len > 10);
	}
}

TEST(small_arena_is_an_orderly_error)
{
	struct resolve *none;
	struct arena a;

	arena_init(&a, 100);
	CHECK_INT(resolve_new(&none, &a), ERR_NOMEM);
	arena_free(&a);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* How often a caller may ask. */
#include "auth/rate.h"

#include <stdio.h>

#include "base/limits.h"
#include "fake_sys.h"
#include "test.h"

static struct fake_sys world;
static struct arena arena;

static struct rate *
begin(int64_t per_minute)
{
	arena_free(&arena);
	arena_init(&arena, 1 << 20);
	fake_sys_free(&world);
	fake_sys_init(&world);
	return rate_new(&world.sys, per_minute, &arena);
}

static int64_t
take(struct rate *r, enum auth_kind kind, const char *subject,
    const char *peer)
{
	struct auth_caller c = { .kind = kind,
	    .subject = str_from_z(subject) };

	return rate_take(r, &c, str_from_z(peer));
}

TEST(a_minutes_calls_may_come_at_once_and_then_one_by_one)
{
	struct rate *r = begin(6);

	for (int i = 0; i < 6; i++) {
		CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 0);
	}
	CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 10000);
	world.mono_ms += 9999;
	CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 1);
	world.mono_ms += 1;
	CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 0);
	CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 10000);
	world.mono_ms += 3600000;
	for (int i = 0; i < 6; i++) {
		CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 0);
	}
	CHECK(take(r, AUTH_TOKEN, "a", "p") > 0);
	CHECK(fake_sys_ok(&world));
}

TEST(callers_are_told_apart_by_kind_issuer_and_subject)
{
	struct rate *r = begin(1);
	struct auth_caller c = { .kind = AUTH_OIDC, .subject = S("a"),
	    .issuer = S("https://x") };

	CHECK_INT(take(r, AUTH_TOKEN, "a", "p"), 0);
	CHECK_INT(take(r, AUTH_SIGV4, "a", "p"), 0);
	CHECK_INT(take(r, AUTH_TOKEN, "b", "p"), 0);
	CHECK_INT(rate_take(r, &c, S("p")), 0);
	c.issuer = S("https://y");
	CHECK_INT(rate_take(r, &c, S("p")), 0);
	CHECK(rate_take(r, &c, S("other")) > 0);
}

TEST(nobody_is_known_by_the_address)
{
	struct rate *r = begin(1);

	CHECK_INT(take(r, AUTH_NOBODY, "", "10.0.0.1"), 0);
	CHECK_INT(take(r, AUTH_NOBODY, "", "10.0.0.2"), 0);
	CHECK(take(r, AUTH_NOBODY, "", "10.0.0.1") > 0);
}

/* Whoever brings credentials says who it is, and nobody has looked. */
TEST(credentials_of_ones_own_count_for_the_address)
{
	struct rate *r = begin(1);

	CHECK_INT(take(r, AUTH_CREDENTIALS, "1/...AAAA", "10.0.0.1"), 0);
	CHECK(take(r, AUTH_CREDENTIALS, "1/...BBBB", "10.0.0.1") > 0);
	CHECK_INT(take(r, AUTH_CREDENTIALS, "1/...AAAA", "10.0.0.2"), 0);
}

TEST(more_callers_than_fit_are_never_refused_for_it)
{
	struct rate *r = begin(1);
	char name[32];

	for (int i = 0; i < 4 * RATE_SET_N * RATE_WAY_N; i++) {
		(void)snprintf(name, sizeof(name), "caller-%d", i);
		CHECK_INT(take(r, AUTH_TOKEN, name, ""), 0);
	}
}

TEST(no_memory_is_no_table)
{
	struct arena a;

	arena_init(&a, 64);
	CHECK(rate_new(&world.sys, 1, &a) == NULL);
	arena_free(&a);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Files of callers: what is read, what is refused, and how they change. */
#include "test.h"

#include "auth/roster.h"
#include "fake_sys.h"

#define FILE_NAME "/etc/callers"
#define ONE "# callers\n\n ci : 0123456789abcdef \r\nholmes:fedcba9876543210\n"

static struct fake_sys fake;
static struct arena arena;
static struct roster *roster;
static struct log log_to;
static struct fail why;

static enum err
start(enum roster_kind kind, const char *text)
{
	arena_free(&arena);
	arena_init(&arena, 4 << 20);
	fail_init(&why, &arena);
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	log_to = (struct log){ &fake.sys, LOG_INFO };
	fake_sys_file(&fake, FILE_NAME, text);
	return roster_new(&roster, kind, S(FILE_NAME), &fake.sys, &log_to,
	    &arena, &why);
}

static bool
knows(const char *what)
{
	struct roster_entry entry;

	return roster_find(roster, str_from_z(what), &arena, &entry);
}

static bool
logged(const char *text)
{
	struct str l = fake_sys_log(&fake);

	return str_find(l, str_from_z(text), 0) < l.len;
}

TEST(a_token_is_found_with_its_label)
{
	struct roster_entry entry;

	CHECK_INT(start(ROSTER_TOKENS, ONE), ERR_OK);
	CHECK(roster_find(roster, S("0123456789abcdef"), &arena, &entry));
	CHECK_STR(entry.label, S("ci"));
	CHECK(entry.secret.p == NULL);
	CHECK(roster_find(roster, S("fedcba9876543210"), &arena, &entry));
	CHECK_STR(entry.label, S("holmes"));
	CHECK(fake_sys_ok(&fake));
}

TEST(a_part_of_a_token_or_its_label_finds_nothing)
{
	char token[] = "0123456789abcdef";

	CHECK_INT(start(ROSTER_TOKENS, ONE), ERR_OK);
	CHECK(!knows(""));
	CHECK(!knows("ci"));
	CHECK(!knows("0123456789abcde"));
	CHECK(!knows("0123456789abcdef "));
	CHECK(!knows("0123456789ABCDEF"));
	for (size_t i = 0; i < sizeof(token) - 1; i++) {
		token[i] ^= 1;
		CHECK(!knows(token));
		token[i] ^= 1;
	}
	CHECK(knows(token));
}

TEST(a_key_is_found_by_its_id_and_gives_its_secret)
{
	struct roster_entry entry;

	CHECK_INT(start(ROSTER_KEYS, "ci:AKIALOCAL1:c2VjcmV0+of/sixteen=\n"),
	    ERR_OK);
	CHECK(roster_find(roster, S("AKIALOCAL1"), &arena, &entry));
	CHECK_STR(entry.label, S("ci"));
	CHECK_STR(entry.secret, S("c2VjcmV0+of/sixteen="));
	CHECK(!knows("c2VjcmV0+of/sixteen="));
}

TEST(a_mistake_is_told_by_its_line_and_without_the_secret)
{
	static const struct {
		enum roster_kind kind;
		const char *text, *want;
	} rows[] = {
		{ ROSTER_TOKENS, "a:0123456789abcdef\nno colon here\n",
		    "/etc/callers: line 2 begins with no label" },
		{ ROSTER_TOKENS, "a b:0123456789abcdef", "line 1 begins" },
		{ ROSTER_TOKENS, "a:secret-sixteen-b", "" },
		{ ROSTER_TOKENS, "a:secret-sixteen-", "line 1 has no secret" },
		{ ROSTER_TOKENS, "a:0123456789 bcdef", "line 1 has no secret" },
		{ ROSTER_TOKENS, "a:0123456789abcdef:logs:dev:x",
		    "line 1 has too many fields" },
		{ ROSTER_TOKENS, "a:0123456789abcdef:logs:dev", "" },
		{ ROSTER_TOKENS, "a:0123456789abcdef\nb:0123456789abcdef",
		    "line 2 repeats" },
		{ ROSTER_TOKENS, "a:0123456789abcdef\na:fedcba9876543210", "" },
		{ ROSTER_KEYS, "a:AKI:0123456789abcdef",
		    "line 1 has no access key" },
		{ ROSTER_KEYS, "a:0123456789abcdef", "line 1 has no secret" },
		{ ROSTER_KEYS, "a:AKIA:0123456789abcdef\n"
		    "b:AKIA:fedcba9876543210", "line 2 repeats" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str want = str_from_z(rows[i].want);
		enum err err = start(rows[i].kind, rows[i].text);

		CHECK_INT(err, want.len == 0 ? ERR_OK : ERR_CONFIG);
		CHECK(want.len == 0 || str_find(fail_text(&why), want, 0) <
		    fail_text(&why).len);
		CHECK(!str_icontains(fail_text(&why), S("0123456789")));
		CHECK(!str_icontains(fail_text(&why), S("secret-")));
	}
}

TEST(a_file_that_is_not_there_stops_the_start)
{
	CHECK_INT(start(ROSTER_TOKENS, NULL), ERR_CONFIG);
	CHECK_STR(fail_text(&why),
	    S("/etc/callers: the file does not exist"));
}

TEST(a_changed_file_counts_after_the_next_look)
{
	CHECK_INT(start(ROSTER_TOKENS, ONE), ERR_OK);
	roster_refresh(roster);
	CHECK(!logged("callers"));
	fake_sys_file(&fake, FILE_NAME, "ci:another-secret-16");
	CHECK(knows("0123456789abcdef"));
	roster_refresh(roster);
	CHECK(!knows("0123456789abcdef"));
	CHECK(knows("another-secret-16"));
	CHECK(logged("\"level\":\"INFO\""));
	CHECK(!logged("another-secret-16"));
	fake_sys_file(&fake, FILE_NAME, "");
	roster_refresh(roster);
	CHECK(!knows("another-secret-16"));
	CHECK(!knows(""));
	CHECK(fake_sys_ok(&fake));
}

TEST(a_broken_file_is_told_once_and_the_old_one_counts)
{
	size_t len;

	CHECK_INT(start(ROSTER_TOKENS, ONE), ERR_OK);
	fake_sys_file(&fake, FILE_NAME, "ci:short");
	roster_refresh(roster);
	CHECK(logged("line 1 has no secret"));
	CHECK(knows("0123456789abcdef"));
	len = fake.log_len;
	roster_refresh(roster);
	CHECK_INT(fake.log_len, len);
	fake_sys_file_err(&fake, FILE_NAME, ERR_FILE_DENIED);
	roster_refresh(roster);
	CHECK(fake.log_len > len);
	CHECK(knows("0123456789abcdef"));
	fake_sys_file(&fake, FILE_NAME, ONE);
	roster_refresh(roster);
	CHECK(knows("fedcba9876543210"));
}

static bool
sweep(struct arena *a, void *ctx)
{
	struct fail f;
	struct roster_entry entry;

	(void)ctx;
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	fake_sys_file(&fake, FILE_NAME, ONE);
	fail_init(&f, a);
	return roster_new(&roster, ROSTER_TOKENS, S(FILE_NAME), &fake.sys,
	    NULL, a, &f) == ERR_OK && roster_find(roster,
	    S("0123456789abcdef"), a, &entry);
}

TEST(running_out_of_memory_is_orderly)
{
	CHECK(test_fail_sweep(sweep, NULL, 4 << 20) > 1);
}

TEST(a_line_may_limit_its_caller)
{
	static const struct { const char *text; struct str tools, profiles; }
	    rows[] = {
		{ "a:0123456789abcdef", STR_INIT(""), STR_INIT("") },
		{ "a:0123456789abcdef:", STR_INIT(""), STR_INIT("") },
		{ "a:0123456789abcdef: logs, x ", STR_INIT("logs, x"),
		    STR_INIT("") },
		{ "a:0123456789abcdef::dev-*", STR_INIT(""),
		    STR_INIT("dev-*") },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_sys world;
		struct roster_entry e;
		struct arena a;
		struct roster *r;
		struct fail f;

		fake_sys_init(&world);
		arena_init(&a, 1 << 20);
		fail_init(&f, &a);
		fake_sys_file(&world, "/r", rows[i].text);
		CHECK_INT(roster_new(&r, ROSTER_TOKENS, S("/r"), &world.sys,
		    NULL, &a, &f), ERR_OK);
		CHECK(roster_find(r, S("0123456789abcdef"), &a, &e));
		CHECK_STR(e.label, S("a"));
		CHECK_STR(e.tools, rows[i].tools);
		CHECK_STR(e.profiles, rows[i].profiles);
		arena_free(&a);
		fake_sys_free(&world);
	}
}

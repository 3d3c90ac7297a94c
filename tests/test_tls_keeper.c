/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A renewed certificate takes over, a broken one does not, and keys live as
 * long as a handshake needs them.
 */
#include "net/tls_keeper.h"

#include "fake_sys.h"
#include "test.h"
#include "tls_certs.h"

static struct fake_sys world;
static struct log logger;
static struct arena arena;
static struct tls_keeper keeper;
static char sentence[512];

static void
put(const struct tls_certs *certs)
{
	fake_sys_file(&world, "/c.pem", certs->chain);
	fake_sys_file(&world, "/k.pem", certs->key);
}

static enum err
start(const struct tls_certs *certs)
{
	struct fail f;
	enum err err;

	tls_keeper_close(&keeper);
	arena_free(&arena);
	arena_init(&arena, 65536);
	fake_sys_free(&world);
	fake_sys_init(&world);
	logger = (struct log){ &world.sys, LOG_INFO };
	if (certs != NULL) {
		put(certs);
	}
	fail_init(&f, &arena);
	err = tls_keeper_open(&keeper, &world.sys, &logger, S("/c.pem"),
	    S("/k.pem"), &f);
	snprintf(sentence, sizeof(sentence), "%.*s", STR_ARG(fail_text(&f)));
	return err;
}

/* Lines in the log so far. */
static size_t
line_n(void)
{
	struct str log = fake_sys_log(&world);
	size_t n = 0;

	for (size_t i = 0; i < log.len; i++) {
		n += log.p[i] == '\n' ? 1 : 0;
	}
	return n;
}

static int
type_now(void)
{
	const struct tls_identity *id = tls_keeper_take(&keeper);
	int type = id->key_type;

	tls_keeper_put(&keeper, id);
	return type;
}

TEST(a_start_without_files_says_which)
{
	CHECK_INT(start(NULL), ERR_CONFIG);
	CHECK(strstr(sentence, "/c.pem cannot be read") != NULL);
	CHECK_INT(start(&tls_certs_good_ec), ERR_OK);
	CHECK(fake_sys_ok(&world));
}

TEST(a_renewed_pair_takes_over)
{
	unsigned number;

	CHECK_INT(start(&tls_certs_good_ec), ERR_OK);
	number = keeper.ids[keeper.current].number;
	tls_keeper_refresh(&keeper);
	CHECK_INT(type_now(), BR_KEYTYPE_EC);
	CHECK_INT(line_n(), 0);
	CHECK_INT(keeper.ids[keeper.current].number, number);
	put(&tls_certs_good_rsa);
	tls_keeper_refresh(&keeper);
	CHECK_INT(type_now(), BR_KEYTYPE_RSA);
	CHECK_INT(line_n(), 1);
	CHECK(keeper.ids[keeper.current].number != number);
	tls_keeper_refresh(&keeper);
	CHECK_INT(line_n(), 1);
	CHECK(!str_icontains(fake_sys_log(&world), S("BEGIN")));
	CHECK(fake_sys_ok(&world));
}

TEST(a_broken_pair_is_said_once_and_the_old_one_stays)
{
	CHECK_INT(start(&tls_certs_good_ec), ERR_OK);
	/* half of a renewal */
	fake_sys_file(&world, "/c.pem", tls_certs_good_rsa.chain);
	for (int i = 0; i < 3; i++) {
		tls_keeper_refresh(&keeper);
		CHECK_INT(type_now(), BR_KEYTYPE_EC);
		CHECK_INT(line_n(), 1);
	}
	CHECK(str_icontains(fake_sys_log(&world), S("is not that of")));
	/* and the other half */
	fake_sys_file(&world, "/k.pem", tls_certs_good_rsa.key);
	tls_keeper_refresh(&keeper);
	CHECK_INT(type_now(), BR_KEYTYPE_RSA);
	CHECK_INT(line_n(), 2);
	/* a file that is gone for a moment */
	fake_sys_file(&world, "/k.pem", NULL);
	tls_keeper_refresh(&keeper);
	tls_keeper_refresh(&keeper);
	CHECK_INT(type_now(), BR_KEYTYPE_RSA);
	CHECK_INT(line_n(), 3);
	put(&tls_certs_good_ec);
	tls_keeper_refresh(&keeper);
	CHECK_INT(type_now(), BR_KEYTYPE_EC);
}

TEST(a_replaced_key_lives_until_its_last_handshake_ends)
{
	const struct tls_identity *old, *again;

	CHECK_INT(start(&tls_certs_good_ec), ERR_OK);
	old = tls_keeper_take(&keeper);
	again = tls_keeper_take(&keeper);
	CHECK(old == again);
	put(&tls_certs_good_rsa);
	tls_keeper_refresh(&keeper);
	CHECK(old->arena.held > 0);
	tls_keeper_put(&keeper, again);
	CHECK(old->arena.held > 0);
	tls_keeper_put(&keeper, old);
	CHECK_INT(old->arena.held, 0);
	/* the one in force is kept without a handshake */
	CHECK_INT(type_now(), BR_KEYTYPE_RSA);
	CHECK_INT(type_now(), BR_KEYTYPE_RSA);
}

TEST(with_every_place_taken_the_renewal_waits)
{
	const struct tls_identity *used[TLS_IDENTITY_MAX_N];

	CHECK_INT(start(&tls_certs_good_ec), ERR_OK);
	for (size_t i = 0; i < TLS_IDENTITY_MAX_N; i++) {
		used[i] = tls_keeper_take(&keeper);
		put(i % 2 == 0 ? &tls_certs_good_rsa : &tls_certs_good_ec);
		tls_keeper_refresh(&keeper);
	}
	/* the last change found no place */
	CHECK(tls_keeper_take(&keeper) == used[TLS_IDENTITY_MAX_N - 1]);
	CHECK_INT(type_now(), BR_KEYTYPE_RSA);
	tls_keeper_put(&keeper, used[1]);
	tls_keeper_refresh(&keeper);
	CHECK_INT(type_now(), BR_KEYTYPE_EC);
	CHECK(fake_sys_ok(&world));
}

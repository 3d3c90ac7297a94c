/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error catalogue and the detail record.
 */
#include "test.h"

#include "base/err.h"
#include "base/limits.h"

TEST(every_error_has_a_name_a_sentence_and_codes)
{
	for (int e = 1; e < ERR_N; e++) {
		enum err err = (enum err)e;
		int rpc = err_rpc(err);

		CHECK(err_name(err).len > 0);
		CHECK(err_text(err).len > 8);
		CHECK(err_http(err) == 200 || (err_http(err) >= 400 &&
		    err_http(err) < 600));
		CHECK(rpc == -32700 || (rpc >= -32603 && rpc <= -32600) ||
		    (rpc >= -32022 && rpc <= -32020) || rpc == -32002);
	}
	CHECK_STR(err_name(ERR_TLS_NAME), S("TLS_NAME"));
}

TEST(sentences_avoid_words_that_clients_take_for_an_authorisation_problem)
{
	for (int e = 1; e < ERR_N; e++) {
		struct str text = err_text((enum err)e);

		CHECK(!str_icontains(text, S("unauthorized")));
		CHECK(!str_icontains(text, S("rate limit")));
		CHECK(!str_icontains(text, S("401")));
		CHECK(!str_icontains(text, S("429")));
	}
}

TEST(the_first_detail_wins)
{
	struct arena a;
	struct fail f;

	arena_init(&a, 1 << 16);
	fail_init(&f, &a);
	CHECK_INT(fail_set(&f, ERR_DNS, 7, S("first")), ERR_DNS);
	CHECK_INT(fail_setf(&f, ERR_TLS, "second"), ERR_TLS);
	CHECK_INT(f.code, ERR_DNS);
	CHECK_INT(f.pos, 7);
	CHECK_STR(fail_text(&f), S("first"));
	fail_clear(&f);
	CHECK_INT(f.code, ERR_OK);
	(void)fail_setf(&f, ERR_TLS, "host %s", S("h"));
	CHECK_STR(fail_text(&f), S("host h"));
	arena_free(&a);
}

TEST(without_memory_the_catalogue_speaks)
{
	struct arena a;
	struct fail f;

	fail_init(&f, NULL);
	(void)fail_setf(&f, ERR_DNS, "host %s", S("h"));
	CHECK_STR(fail_text(&f), err_text(ERR_DNS));
	arena_init(&a, 0);
	fail_init(&f, &a);
	(void)fail_setf(&f, ERR_DNS, "host %s", S("h"));
	CHECK_STR(fail_text(&f), err_text(ERR_DNS));
	CHECK_INT(fail_set(NULL, ERR_DNS, 0, S("x")), ERR_DNS);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health command over a transport that answers from memory, and the
 * demo's banner.
 */
#include "test.h"

#include "cli/cli.h"
#include "fake_sys.h"

static int status;
static enum err err;
static struct exchange seen;

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	(void)n;
	seen = *x[0];
	x[0]->err = err;
	x[0]->status = status;
	if (err != ERR_OK) {
		fail_set(&x[0]->fail, err, 0, S("refused"));
	}
}

static int
health(struct str host, char *text, size_t size)
{
	struct transport t = { .roundtrip = roundtrip };
	static struct fake_sys fake;
	struct buf b = buf_fixed(text, size - 1);
	struct arena a;
	int code;

	fake_sys_init(&fake);
	arena_init(&a, 65536);
	code = cli_health(&t, &fake.sys, &a, host, 3334, &b, &b);
	text[b.len] = '\0';
	arena_free(&a);
	fake_sys_free(&fake);
	return code;
}

TEST(a_server_that_answers_is_healthy)
{
	char text[256];

	err = ERR_OK;
	status = 200;
	CHECK_INT(health(S("127.0.0.1"), text, sizeof(text)), CLI_OK);
	CHECK_STR(str_from_z(text), S("ok\n"));
	CHECK_STR(seen.target, S("/health"));
	CHECK(seen.direct);
	CHECK_INT(seen.port, 3334);
}

TEST(an_unspecified_address_means_this_machine)
{
	char text[256];

	err = ERR_OK;
	status = 200;
	CHECK_INT(health(S("0.0.0.0"), text, sizeof(text)), CLI_OK);
	CHECK_STR(seen.host, S("127.0.0.1"));
	CHECK_INT(health(S("::"), text, sizeof(text)), CLI_OK);
	CHECK_STR(seen.host, S("::1"));
}

TEST(no_answer_and_other_statuses_are_failures)
{
	char text[256];

	err = ERR_CONNECT;
	CHECK_INT(health(S("127.0.0.1"), text, sizeof(text)), CLI_FAILED);
	CHECK_STR(str_from_z(text),
	    S("no answer from 127.0.0.1 port 3334: refused\n"));
	err = ERR_OK;
	status = 503;
	CHECK_INT(health(S("127.0.0.1"), text, sizeof(text)), CLI_FAILED);
}

TEST(the_banner_names_the_url_and_fits_one_screen)
{
	struct arena a;
	struct buf out;
	size_t lines = 0;
	struct str rest;

	arena_init(&a, 65536);
	out = buf_in(&a, 8192);
	cli_banner(&out, S("::1"), 3334);
	rest = buf_str(&out);
	CHECK(str_find(rest, S("http://[::1]:3334/mcp"), 0) < rest.len);
	while (rest.p != NULL) {
		CHECK(str_cut(&rest, '\n').len <= 80);
		lines++;
	}
	CHECK(lines <= 25);
	/* Nobody can type the address that means all of them. */
	out = buf_in(&a, 8192);
	cli_banner(&out, S("0.0.0.0"), 3334);
	rest = buf_str(&out);
	CHECK(str_find(rest, S("http://127.0.0.1:3334/mcp"), 0) < rest.len);
	CHECK_INT(str_find(rest, S("0.0.0.0"), 0), rest.len);
	arena_free(&a);
}

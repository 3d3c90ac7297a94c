/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets tokens in that others made: auth/sts_in before the STS of the demo
 * account, which verifies the signature of what it is sent. One line in, one
 * JSON object out. See botocore_sts.py.
 *
 *	sts_probe SERVER_ID ROLES
 *	in   "assume" ROLE-ARN SESSION, or a token
 *	out  {"xml": STS's answer}, or {"verdict": 0 (good) or another,
 *	     "subject", "session", "account", "why"}
 */
#include <stdio.h>

#include "auth/sts_in.h"
#include "aws/endpoint.h"
#include "demo/demo.h"
#include "net/sys_linux.h"
#include "proto/json.h"
#include "proto/url.h"

extern char **environ;

static const struct sys *sys;
static struct demo demo;
static struct transport sts;

/* Temporary keys of a role, for whoever asks: as the demo account does. */
static void
assume(struct arena *a, struct str role, struct str session,
    struct json_writer *w)
{
	const struct transport_header host = { S("host"),
		S("sts.amazonaws.com") };
	struct buf form = buf_in(a, 4096);
	struct exchange x = { .arena = a, .method = S("POST"),
		.target = S("/"), .headers = &host, .header_n = 1,
		.deadline_ms = INT64_MAX };
	struct exchange *px = &x;

	url_form_add(&form, S("Action"), S("AssumeRoleWithWebIdentity"));
	url_form_add(&form, S("RoleArn"), role);
	url_form_add(&form, S("RoleSessionName"), session);
	url_form_add(&form, S("WebIdentityToken"), S("any"));
	x.body = buf_str(&form);
	sts.roundtrip(sts.ctx, &px, 1);
	json_put_string(w, S("xml"), x.response_body);
}

static void
check(struct sts_in *in, struct arena *a, struct str token,
    struct json_writer *w)
{
	struct sts_in_want want = {
		.deadline_ms = sys->mono_ms(sys->ctx) + 5000 };
	struct auth_caller who;
	struct auth_refusal no;

	json_put_integer(w, S("verdict"), sts_in_check(in, token, &want, a,
	    &who, &no));
	json_put_string_or_null(w, S("subject"), who.subject);
	json_put_string_or_null(w, S("session"), who.session);
	json_put_string_or_null(w, S("account"), who.account);
	json_put_string_or_null(w, S("why"), no.why);
}

static void
serve(struct sts_in *in)
{
	static char line[65536];
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct buf b = buf_in(&a, HTTP_BODY_MAX);
		struct json_writer w = json_writer(&b);
		struct str rest = str_trim_ws(str_from_z(line));
		struct str whole = rest;
		bool keys = str_eq(str_cut(&rest, ' '), S("assume"));
		struct str role = str_cut(&rest, ' ');

		json_begin_object(&w);
		if (keys) {
			assume(&a, role, rest, &w);
		} else {
			check(in, &a, whole, &w);
		}
		json_end_object(&w);
		MUST(buf_ok(&b));
		printf("%.*s\n", STR_ARG(buf_str(&b)));
		(void)fflush(stdout);
		arena_reset(&a);
	}
	arena_free(&a);
}

int
main(int argc, char **argv)
{
	struct sts_in_setup setup = { .region = S("us-east-1"),
		.is_sts = endpoint_is_sts, .transport = &sts };
	struct sys_linux *machine;
	struct sts_in *in;
	struct arena lasting;
	struct fail f;

	arena_init(&lasting, PROGRAM_ARENA_CAP);
	fail_init(&f, &lasting);
	if (argc != 3 || sys_linux_new(&machine, &lasting, environ, &f) !=
	    ERR_OK) {
		(void)fprintf(stderr, "usage: sts_probe SERVER_ID ROLES\n");
		return 2;
	}
	sys = sys_linux_sys(machine);
	demo_init(&demo, sys);
	demo.verify = true;
	demo_transport(&demo, &sts);
	setup.sys = sys;
	setup.server_id = str_from_z(argv[1]);
	setup.roles = str_from_z(argv[2]);
	if (sts_in_new(&setup, &lasting, &in, &f) != ERR_OK) {
		(void)fprintf(stderr, "%.*s\n", STR_ARG(fail_text(&f)));
		return 1;
	}
	serve(in);
	sts_in_free(in);
	demo_free(&demo);
	arena_free(&lasting);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs texts that the program unpacks when it needs them (base/inflate.h):
 *
 *	bundle roots   build/gen/roots_pack.h: the trust anchors of net/roots.c
 *	bundle demo    build/gen/demo_pack.h: the tables of the demo account
 *
 * Runs on the machine that builds; its output depends on the sources alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/account.h"
#include "net/roots.h"
#include "page/deflate.h"

static unsigned char text[DEFLATE_IN_MAX];
static size_t text_len;

static _Noreturn void
die(const char *what)
{
	(void)fprintf(stderr, "bundle: %s\n", what);
	_Exit(1);
}

static void
add(const void *bytes, size_t len)
{
	if (len > sizeof(text) - text_len) {
		die("too long");
	}
	memcpy(text + text_len, bytes, len);
	text_len += len;
}

static void
print_bytes(const char *name, const unsigned char *bytes, size_t len)
{
	size_t i;

	(void)printf("\nstatic const unsigned char %s[] = {", name);
	for (i = 0; i < len; i++) {
		(void)printf("%s%d,", i % 16 == 0 ? "\n\t" : "", bytes[i]);
	}
	(void)printf("\n};\n");
}

/* The text so far, as NAME_packed[] and NAME_LEN. */
static void
print_text(const char *name, const char *constant)
{
	static unsigned char packed[DEFLATE_IN_MAX];
	size_t len = deflate_block(packed, sizeof(packed), text, text_len);

	if (len == 0) {
		die("does not pack");
	}
	print_bytes(name, packed, len);
	(void)printf("#define %s %zu\n", constant, text_len);
}

/* Keys are noise and stay as they are. All else of a root becomes text: its
 * row, bytes as anchors.c reads them, the name, the exponent. */
static void
print_roots(void)
{
	static unsigned char keys[DEFLATE_IN_MAX];
	size_t keys_len = 0;
	size_t i;

	if (roots_len > sizeof(keys)) {
		die("too many roots");
	}
	for (i = 0; i < roots_n; i++) {
		const struct roots_row *r = &roots_rows[i];
		const unsigned char *at = roots_blob + r->at;
		const unsigned char row[] = {
			(unsigned char)(r->name_len >> 8),
			(unsigned char)r->name_len,
			(unsigned char)(r->key_len >> 8),
			(unsigned char)r->key_len, r->exponent_len, r->curve,
		};

		add(row, sizeof(row));
		add(at, r->name_len);
		add(at + r->name_len + r->key_len, r->exponent_len);
		memcpy(keys + keys_len, at + r->name_len, r->key_len);
		keys_len += r->key_len;
	}
	(void)printf("\n#define ROOTS_N %zu\n", roots_n);
	print_bytes("roots_keys", keys, keys_len);
	print_text("roots_packed", "ROOTS_LEN");
}

/* In the order of enum account_table, each ended by its zero. */
static void
print_demo(void)
{
	static const char series[] =
#include "demo/series.def"
	;
	static const char alarms[] =
#include "demo/alarms.def"
	;
	static const char groups[] =
#include "demo/groups.def"
	;
	static const char voices[] =
#include "demo/voices.def"
	;
	static const char history[] =
#include "demo/history.def"
	;
	static const char dashboards[] =
#include "demo/dashboards.def"
	;
	static const char definitions[] =
#include "demo/definitions.def"
	;
	static const char rules[] =
#include "demo/rules.def"
	;

	add(series, sizeof(series));
	add(alarms, sizeof(alarms));
	add(groups, sizeof(groups));
	add(voices, sizeof(voices));
	add(history, sizeof(history));
	add(dashboards, sizeof(dashboards));
	add(definitions, sizeof(definitions));
	add(rules, sizeof(rules));
	print_text("demo_packed", "DEMO_LEN");
}

int
main(int argc, char **argv)
{
	(void)printf("/* SPDX-License-Identifier: Apache-2.0 */\n"
	    "/* Made by page/bundle/bundle.c. */\n");
	if (argc == 2 && strcmp(argv[1], "roots") == 0) {
		print_roots();
	} else if (argc == 2 && strcmp(argv[1], "demo") == 0) {
		print_demo();
	} else {
		die("what?");
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties: every slice lies inside the input, lines only grow, the value of
 * a key is that of its last entry, and the same file with CRLF for LF, or with
 * comments and empty lines behind it, has the same entries.
 */
#include "base/buf.h"
#include "proto/ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same(const struct ini *x, const struct ini *y)
{
	const struct ini_entry *e = y->first;

	MUST(x->entry_n == y->entry_n);
	for (const struct ini_entry *d = x->first; d != NULL; d = d->next) {
		MUST(str_eq(d->section, e->section));
		MUST(str_eq(d->key, e->key) && str_eq(d->sub, e->sub));
		MUST(d->line == e->line);
		MUST(str_find_byte(d->value, '\n', 0) < d->value.len ||
		    str_eq(d->value, e->value));
		e = e->next;
	}
}

/* ini_get() finds the last entry of that name: looked for the other way. */
static void
last_counts(const struct ini *x)
{
	for (const struct ini_entry *e = x->first; e != NULL; e = e->next) {
		struct str want = e->value;

		if (e->key.p == NULL) {
			continue;
		}
		for (const struct ini_entry *d = e->next; d != NULL;
		    d = d->next) {
			if (d->key.p != NULL && str_eq(d->section,
			    e->section) && str_eq(d->key, e->key) &&
			    (d->sub.p == NULL) == (e->sub.p == NULL) &&
			    str_eq(d->sub, e->sub)) {
				want = d->value;
			}
		}
		MUST(str_eq(ini_get(x, e->section, e->key, e->sub), want));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_of((const char *)data, size);
	struct arena a;
	struct ini lf;
	struct ini crlf;
	struct buf b;
	size_t line = 0;
	enum err err;

	if (size > 65536 || str_find_byte(in, '\r', 0) < size) {
		return 0;
	}
	arena_init(&a, (size_t)64 << 20);
	err = ini_parse(&a, in, &lf, NULL);
	for (const struct ini_entry *e = lf.first; e != NULL; e = e->next) {
		MUST(e->line >= line);
		line = e->line;
		MUST(e->value.len == 0 || (e->value.p >= in.p &&
		    e->value.p + e->value.len <= in.p + in.len));
		MUST(e->key.p == NULL || e->key.len > 0);
	}
	b = buf_in(&a, 2 * size + 1);
	for (size_t i = 0; i < size; i++) {
		buf_add(&b, in.p[i] == '\n' ? S("\r\n") :
		    str_sub(in, i, i + 1));
	}
	MUST(buf_ok(&b));
	if (err == ERR_OK &&
	    ini_parse(&a, buf_str(&b), &crlf, NULL) == ERR_OK) {
		same(&lf, &crlf);
	}
	if (err == ERR_OK && lf.entry_n < 256) {
		struct str parts[2] = { in, S("\n# x = y\n\n; [z]\n") };

		last_counts(&lf);
		MUST(ini_parse(&a, str_join(&a, parts, 2), &crlf, NULL) ==
		    ERR_OK);
		same(&lf, &crlf);
	}
	arena_free(&a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties: every profile begins with its own line, comes once, and has
 * either a problem and nothing else, or the ARN of a role in the account that
 * it names; the entries are as many as it is said.
 */
#include "aws/accounts.h"
#include "aws/sts.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The profile that begins with e; returns what follows. */
static const struct ini_entry *
check_profile(const struct ini_entry *e, size_t *n)
{
	struct str name = e->section;
	struct str arn = STR_NONE, id = STR_NONE;
	bool problem = false;
	size_t own = 0;

	MUST(e->key.p == NULL);
	for (e = e->next; e != NULL && e->key.p != NULL; e = e->next) {
		MUST(str_eq(e->section, name));
		own++;
		if (str_eq(e->key, S("problem"))) {
			problem = true;
		} else if (str_eq(e->key, S("role_arn"))) {
			arn = e->value;
		} else if (str_eq(e->key, S("aws_account_id"))) {
			id = e->value;
		}
	}
	MUST(problem ? own == 1 : own >= 3);
	MUST(problem || (id.len == 12 && str_starts(arn, S("arn:")) &&
	    str_eq(sts_arn_account(arn), id)));
	*n += own + 1;
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct accounts_defaults defaults = {
		.token_file = size % 2 == 0 ? STR_NONE : S("/t"),
	};
	struct arena a;
	struct ini ini;
	size_t n = 0;

	arena_init(&a, (size_t)64 << 20);
	if (accounts_parse(&a, str_of((const char *)data, size), &defaults,
	    &ini, NULL) == ERR_OK) {
		const struct ini_entry *e = ini.first;

		while (e != NULL) {
			e = check_profile(e, &n);
		}
		MUST(n == ini.entry_n);
	}
	arena_free(&a);
	return 0;
}

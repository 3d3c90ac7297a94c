/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a branch or an address depend on a secret? Secrets are marked as
 * undefined memory, for which memcheck complains whenever the program decides
 * something by them (the method of A. Langley's ctgrind). Run it with
 *
 *	valgrind --error-exitcode=1 secret NAME
 *
 * where NAME is a row below; "leak" is one that has to fail. Lengths of tokens
 * are no secrets, nor is whether one was found.
 */
#include <string.h>
#include <valgrind/memcheck.h>

#include "base/arena.h"
#include "base/enc.h"
#include "base/str.h"

#define TOKEN "0123456789abcdef0123456789abcdef"

static struct arena arena;

/* A copy that nothing may be decided by. */
static struct str
secret(struct str s)
{
	struct str copy = str_dup(&arena, s);

	(void)VALGRIND_MAKE_MEM_UNDEFINED(copy.p, copy.len);
	return copy;
}

/* The outcome may be known. */
static int
told(bool v)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(&v, sizeof(v));
	return v ? 1 : 0;
}

static int
compare(void)
{
	return told(str_eq_secret(secret(S(TOKEN)), S(TOKEN))) == 1 &&
	    told(str_eq_secret(secret(S(TOKEN)), secret(S("x" TOKEN))))
	    == 0;
}

/* A presented token is looked up by its digest, which is computed and compared
 * with all others without looking at it. */
static int
digest(void)
{
	uint8_t id[ENC_SHA256_LEN], other[ENC_SHA256_LEN];

	enc_sha256(secret(S(TOKEN)), id);
	enc_sha256(S(TOKEN), other);
	return told(str_eq_secret(enc_bytes(id, sizeof(id)),
	    enc_bytes(other, sizeof(other))));
}

static int
leak(void)
{
	return str_eq(secret(S(TOKEN)), S(TOKEN)) ? 1 : 2;
}

static const struct {
	const char *name;
	int (*run)(void);
} rows[] = {
	{ "compare", compare },
	{ "digest", digest },
	{ "leak", leak },
};

int
main(int argc, char **argv)
{
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; argc == 2 &&
	    i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(argv[1], rows[i].name) == 0) {
			return rows[i].run() == 1 ? 0 : 3;
		}
	}
	return 2;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two AWS files as a whole: the input is ~/.aws/config, a line "--", and
 * ~/.aws/credentials.
 *
 * Whatever stands in them, loading ends with a set. The names in its list are
 * sorted, each there once; each exists, and a name that is not in it does not.
 * A value comes from one of the two files, as it stands there. The sentence
 * about an unknown profile is always written.
 */
#include "aws/profile.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct str config;
static struct str credentials;

static struct str
env(void *ctx, struct str name)
{
	(void)ctx;
	return str_eq(name, S("HOME")) ? S("/h") : STR_NONE;
}

static enum err
read_file(void *ctx, struct str path, struct buf *out)
{
	(void)ctx;
	buf_add(out, str_ends(path, S("credentials")) ? credentials : config);
	return buf_ok(out) ? ERR_OK : ERR_LIMIT;
}

/* The value is empty, or lines of one of the files. */
static void
check_value(struct str v)
{
	struct str rest = v;

	while (rest.p != NULL) {
		struct str line = str_trim_ws(str_cut(&rest, '\n'));

		MUST(line.len == 0 || str_find(config, line, 0) < config.len ||
		    str_find(credentials, line, 0) < credentials.len);
	}
}

static void
check_set(const struct profile_set *set, struct arena *a)
{
	static const struct str keys[] = { STR_INIT("role_arn"),
	    STR_INIT("region"), STR_INIT("source_profile"),
	    STR_INIT("credential_process"), STR_INIT("aws_access_key_id") };
	struct fail f;
	struct str *names;
	size_t n;

	if (profile_list(set, a, &names, &n) != ERR_OK) {
		return; /* the arena is full */
	}
	for (size_t i = 0; i < n; i++) {
		MUST(i == 0 || str_cmp(names[i - 1], names[i]) < 0);
		MUST(profile_exists(set, names[i]));
		check_value(profile_comment(set, names[i]));
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			check_value(profile_get(set, names[i], keys[k]));
		}
	}
	check_value(profile_section(set, S("sso-session"), S("s"),
	    S("sso_start_url"), STR_NONE));
	check_value(profile_section(set, S("services"), S("s"), S("sts"),
	    S("endpoint_url")));
	MUST(!profile_exists(set, S("a name, that\nnobody has")));
	fail_init(&f, a);
	MUST(profile_unknown(set, a, S("x"), &f) == ERR_PROFILE);
	MUST(fail_text(&f).len > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sys sys = { .env = env, .read_file = read_file };
	struct str in = str_of((const char *)data, len);
	size_t cut = str_find(in, S("\n--\n"), 0);
	struct profile_set set;
	struct arena a;

	config = str_sub(in, 0, cut);
	credentials = str_sub(in, cut + 4, len);
	arena_init(&a, JOB_ARENA_CAP);
	if (profile_load(&sys, &a, &set) == ERR_OK) {
		check_set(&set, &a);
	} else {
		MUST(a.failed);
	}
	arena_free(&a);
	return 0;
}

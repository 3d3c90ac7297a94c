/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of credentials under many threads at once: the real locks, a
 * transport that is slow to give keys, and clocks that the test moves.
 * What it is for shows under a thread sanitizer (make MODE=tsan unit).
 */
#include "test.h"

#include <pthread.h>

#include "aws/creds.h"
#include "base/timefmt.h"
#include "net/sys_linux.h"

#define READER_N 1000
#define LIFE_MS INT64_C(3600000)

extern char **environ;

static const struct sys *real;
static struct sys sys;
static _Atomic int64_t offset_ms; /* of both clocks */
static atomic_bool hold;          /* the transport waits while this is set */
static atomic_uint asked_n;       /* requests for keys */
static atomic_uint inside_n;      /* of them now */
static atomic_uint most_n;
static struct creds *creds;

static int64_t
now_ms(void *ctx)
{
	return real->now_ms(ctx) + offset_ms;
}

static int64_t
mono_ms(void *ctx)
{
	return real->mono_ms(ctx) + offset_ms;
}

static enum err
sleep_until(void *ctx, int64_t until_ms, const struct cancel *cancel)
{
	return real->sleep_until(ctx, until_ms - offset_ms, cancel);
}

static struct str
env(void *ctx, struct str name)
{
	(void)ctx;
	return str_eq(name, S("AWS_CONTAINER_CREDENTIALS_FULL_URI")) ?
	    S("http://127.0.0.1/keys") : STR_NONE;
}

static enum err
read_file(void *ctx, struct str path, struct buf *out)
{
	(void)ctx;
	(void)path;
	(void)out;
	return ERR_FILE_MISSING;
}

/* Numbered keys, an hour long, after 50 ms. */
static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	struct buf b = buf_in(x[0]->arena, 512);
	unsigned inside = atomic_fetch_add(&inside_n, 1) + 1;
	uint64_t number = atomic_fetch_add(&asked_n, 1) + 1;

	(void)ctx;
	(void)n;
	if (inside > atomic_load(&most_n)) {
		atomic_store(&most_n, inside);
	}
	do {
		(void)sleep_until(sys.ctx, mono_ms(sys.ctx) + 50, NULL);
	} while (atomic_load(&hold));
	buf_addf(&b, "{\"AccessKeyId\":\"A%u\",\"SecretAccessKey\":\"s%u\","
	    "\"Token\":\"t%u\",\"Expiration\":\"", number, number, number);
	timefmt_iso(&b, now_ms(sys.ctx) + LIFE_MS);
	buf_add(&b, S("\"}"));
	x[0]->err = ERR_OK;
	x[0]->status = 200;
	x[0]->response_body = buf_str(&b);
	(void)atomic_fetch_sub(&inside_n, 1);
}

static const struct transport transport = { NULL, roundtrip };

static bool
begin(struct arena *a)
{
	static struct sys_linux *s;
	struct creds_setup setup = { .sys = &sys, .transport = &transport };
	struct fail f;

	arena_init(a, (size_t)8 << 20);
	fail_init(&f, NULL);
	if (sys_linux_new(&s, a, environ, &f) != ERR_OK) {
		return false;
	}
	real = sys_linux_sys(s);
	sys = *real;
	sys.now_ms = now_ms;
	sys.mono_ms = mono_ms;
	sys.sleep_until = sleep_until;
	sys.env = env;
	sys.read_file = read_file;
	asked_n = 0;
	most_n = 0;
	offset_ms = 0;
	creds = creds_new(a, &setup);
	return creds != NULL;
}

struct reader {
	pthread_t thread;
	bool ok; /* whole keys of one generation came */
};

static void *
read_keys(void *arg)
{
	struct reader *r = arg;
	struct creds_want want = {
		.deadline_ms = sys.mono_ms(sys.ctx) + 30000,
	};
	struct creds_keys k;
	struct arena a;
	struct fail f;

	arena_init(&a, (size_t)64 << 10);
	fail_init(&f, &a);
	r->ok = creds_get(creds, STR_NONE, &want, &a, &k, &f) == ERR_OK &&
	    k.access_key_id.len > 1 && str_eq(str_sub(k.access_key_id, 1, 9),
	    str_sub(k.secret, 1, 9)) && str_eq(str_sub(k.secret, 1, 9),
	    str_sub(k.token, 1, 9));
	arena_free(&a);
	return NULL;
}

/* Starts the readers, waits for them; how many got keys. */
static unsigned
read_all(void)
{
	static struct reader readers[READER_N];
	pthread_attr_t attr;
	unsigned ok = 0;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, (size_t)128 << 10);
	for (size_t i = 0; i < READER_N; i++) {
		MUST(pthread_create(&readers[i].thread, &attr, read_keys,
		    &readers[i]) == 0);
	}
	for (size_t i = 0; i < READER_N; i++) {
		(void)pthread_join(readers[i].thread, NULL);
		ok += readers[i].ok;
	}
	(void)pthread_attr_destroy(&attr);
	return ok;
}

static void *
renew(void *arg)
{
	(void)arg;
	(void)creds_refresh_due(creds, NULL);
	return NULL;
}

TEST(a_thousand_readers_wait_for_one_look_up)
{
	struct arena a;

	CHECK(begin(&a));
	CHECK_INT(read_all(), READER_N);
	CHECK_INT(asked_n, 1);
	creds_free(creds);
	arena_free(&a);
}

TEST(a_thousand_readers_go_on_while_one_thread_renews)
{
	struct arena a;
	pthread_t thread;

	CHECK(begin(&a));
	(void)creds_refresh_due(creds, NULL);
	CHECK_INT(asked_n, 1);
	/* Nine minutes to go, and the answer does not come. */
	offset_ms += LIFE_MS - 540000;
	hold = true;
	CHECK(pthread_create(&thread, NULL, renew, NULL) == 0);
	while (atomic_load(&inside_n) == 0) {
		(void)sleep_until(sys.ctx, mono_ms(sys.ctx) + 1, NULL);
	}
	CHECK_INT(read_all(), READER_N);
	CHECK_INT(inside_n, 1);
	hold = false;
	(void)pthread_join(thread, NULL);
	CHECK_INT(asked_n, 2);
	creds_free(creds);
	arena_free(&a);
}

TEST(a_thousand_readers_of_expired_keys_wait_for_one_renewal)
{
	struct arena a;
	pthread_t thread;

	CHECK(begin(&a));
	(void)creds_refresh_due(creds, NULL);
	offset_ms += LIFE_MS + 1000;
	CHECK(pthread_create(&thread, NULL, renew, NULL) == 0);
	CHECK_INT(read_all(), READER_N);
	(void)pthread_join(thread, NULL);
	CHECK_INT(most_n, 1);
	CHECK_INT(asked_n, 2);
	creds_free(creds);
	arena_free(&a);
}

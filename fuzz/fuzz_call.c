/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of AWS. The first byte picks a status, the second what stands in a
 * header, the rest is the body. Whatever comes, the call ends with a tree or
 * with a sentence; and a body that is not a JSON object never gives a tree.
 */
#include "aws/call.h"
#include "base/limits.h"
#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int64_t mono; /* moves when the call sleeps */
static struct str body;
static int status;
static struct transport_header header;

static void
answer(void *ctx, struct exchange *const *x, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		x[i]->err = ERR_OK;
		x[i]->status = status;
		x[i]->response[0] = header;
		x[i]->response_n = 1;
		x[i]->response_body = body;
	}
}

static int64_t
now_ms(void *ctx)
{
	(void)ctx;
	return INT64_C(1795176000000) + mono;
}

static int64_t
mono_ms(void *ctx)
{
	(void)ctx;
	return mono;
}

static enum err
no_random(void *ctx, void *dst, size_t len)
{
	(void)ctx;
	(void)dst;
	(void)len;
	return ERR_IO;
}

static enum err
sleep_until(void *ctx, int64_t ms, const struct cancel *cancel)
{
	(void)ctx;
	(void)cancel;
	mono = ms;
	return ERR_OK;
}

static struct str
no_env(void *ctx, struct str name)
{
	(void)ctx;
	(void)name;
	return STR_NONE;
}

static enum err
no_file(void *ctx, struct str path, struct buf *out)
{
	(void)ctx;
	(void)path;
	(void)out;
	return ERR_FILE_MISSING;
}

static void
no_lock(void *ctx, enum sys_lock which)
{
	(void)ctx;
	(void)which;
}

static const struct sys sys = { .now_ms = now_ms, .mono_ms = mono_ms,
    .random = no_random, .sleep_until = sleep_until, .env = no_env,
    .read_file = no_file, .lock = no_lock, .unlock = no_lock };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const int statuses[] = { 200, 400, 403, 500, 503, 429, 301,
	    204 };
	static const struct str names[] = { STR_INIT("x-amzn-errortype"),
	    STR_INIT("x-amzn-query-error"), STR_INIT("date"),
	    STR_INIT("retry-after") };
	static const struct transport transport = { NULL, answer };
	static const struct creds_keys keys = { .access_key_id =
	    STR_INIT("A"), .secret = STR_INIT("s") };
	static const struct aws_op op = { ENDPOINT_LOGS,
	    STR_INIT("GetLogEvents") };
	struct aws aws = { .sys = &sys, .transport = &transport,
	    .keys = &keys, .user_agent = S("u") };
	struct aws_scope scope;
	struct aws_reply reply;
	struct arena a;
	struct fail f;
	enum err err;

	if (len < 2) {
		return 0;
	}
	status = statuses[data[0] % 8];
	header.name = names[data[1] % 4];
	body = str_of((const char *)data + 2, len - 2);
	header.value = str_sub(body, 0, str_find_byte(body, '\n', 0));
	arena_init(&a, JOB_ARENA_CAP);
	fail_init(&f, &a);
	MUST(aws_init(&aws, &f) == ERR_OK);
	aws_scope_init(&scope, &aws, &a, &f, mono + 60000, NULL, NULL);
	MUST(aws_scope_open(&scope, STR_NONE, STR_NONE) == ERR_OK);
	err = aws_call(&scope, &op, S("{}"), &reply);
	MUST((err == ERR_OK) == (f.code == ERR_OK));
	MUST(err == ERR_OK ? json_is(reply.json, JSON_OBJECT) :
	    fail_text(&f).len > 0 && reply.json == NULL);
	arena_free(&a);
	return 0;
}

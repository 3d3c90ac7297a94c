/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PromQL queries at one time, over a range and as selectors of series. Each is
 * refused with a type and a sentence, or answered with JSON, the same twice.
 */
#include "base/buf.h"
#include "base/must.h"
#include "demo/demo_promql.h"
#include "proto/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Unpacked once for all runs. */
static const struct account_tables *
tables(void)
{
	static const struct account_tables *t;
	static struct arena lasting;

	if (t == NULL) {
		arena_init(&lasting, 256 * 1024);
		t = account_tables_make(&lasting);
		MUST(t != NULL);
	}
	return t;
}

static struct str
ask(struct arena *a, struct str path, struct str key, struct str text)
{
	struct buf out = buf_in(a, 4 << 20), query = buf_in(a, 64 * 1024);
	struct json_writer w = json_writer(&out);
	struct answer x = { .arena = a, .region = S("eu-west-1"), .out = &w,
	    .status = 200, .account = account_at(tables(),
	    1795176000000, 1795176000000) };
	struct json *v;

	url_form_add(&query, key, text);
	buf_add(&query, S("&start=1795172400&end=1795176000&step=600"));
	if (!buf_ok(&query)) {
		return S("too long");
	}
	demo_promql(&x, path, buf_str(&query));
	if (demo_answer_failed(&x)) {
		MUST(x.code.len > 0 && x.message.len > 0);
		return x.message;
	}
	MUST(a->failed || json_parse(a, buf_str(&out), 0, &v, NULL) ==
	    ERR_OK || !buf_ok(&out));
	return buf_str(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct str paths[] = { STR_INIT("/api/v1/query"),
	    STR_INIT("/api/v1/query_range"), STR_INIT("/api/v1/series") };
	struct str text = str_of((const char *)data, len);

	for (size_t i = 0; i < 3; i++) {
		struct str key = i == 2 ? S("match[]") : S("query");
		struct arena a;
		struct str once;

		arena_init(&a, 64 << 20);
		once = ask(&a, paths[i], key, text);
		MUST(a.failed || str_eq(once, ask(&a, paths[i], key, text)) ||
		    a.failed);
		arena_free(&a);
	}
	return 0;
}

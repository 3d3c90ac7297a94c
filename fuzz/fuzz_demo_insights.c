/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logs Insights queries. A refusal names a place inside the query and a
 * sentence; an accepted query gives the same table twice; every cell is text.
 */
#include <string.h>

#include "base/buf.h"
#include "base/must.h"
#include "demo/demo_insights.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const MESSAGES[] = {
	"{\"level\":\"ERROR\",\"ms\":700,\"k\":{\"pod\":\"a\"},\"ok\":true}",
	"plain [x] took 15 ms for user 7", "", "{\"level\":", "\xff*%\n",
	"{\"level\":\"INFO\",\"ms\":1e308,\"k\":[1,2]}",
};

/* Runs the query over MESSAGES and writes all cells to out. */
static void
run(struct arena *a, struct str query, struct buf *out)
{
	struct insights_error e;
	struct insights_table t;
	struct insights *q = demo_insights_parse(a, query, &e);
	uint64_t n;

	if (q == NULL) {
		MUST(e.from <= e.to && e.to <= query.len);
		MUST(e.message.len > 0 || a->failed);
		return;
	}
	for (size_t i = 0; i < sizeof(MESSAGES) / sizeof(MESSAGES[0]); i++) {
		struct insights_event ev = { 1795176000000 - (int64_t)i * 1000,
			1795176000000, str_from_z(MESSAGES[i]), S("s"), S("g"),
			S("p") };

		if (!demo_insights_feed(q, &ev)) {
			break;
		}
	}
	if (demo_insights_finish(q, 50, &t, &n)) {
		MUST(t.row_n <= 50 && t.name_n <= 64 && n <= 6);
		for (size_t i = 0; i < t.row_n * t.name_n; i++) {
			buf_add(out, t.rows[i / t.name_n][i % t.name_n]);
			buf_add_byte(out, '|');
		}
	}
	demo_insights_free(q);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str query = str_of((const char *)data, len);
	struct buf once, twice;
	struct arena a;

	arena_init(&a, 16 << 20);
	once = buf_in(&a, 1 << 20);
	twice = buf_in(&a, 1 << 20);
	run(&a, query, &once);
	run(&a, query, &twice);
	MUST(a.failed || str_eq(buf_str(&once), buf_str(&twice)));
	arena_free(&a);
	return 0;
}

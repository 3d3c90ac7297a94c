/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams. The events are the same however the stream is cut; an event
 * that was read can be written and reads back the same.
 */
#include <string.h>

#include "base/must.h"
#include "proto/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define DATA_MAX 4096

/* Lists the events, and writes those that a server could send to `written`. */
static long
read_all(struct arena *a, struct str in, size_t step, struct buf *log,
    struct buf *written)
{
	struct sse_reader r;
	size_t used = 0;

	sse_reader_init(&r, a, DATA_MAX);
	while (used < in.len) {
		struct sse_event e;
		bool got;
		long n = sse_read(&r, str_sub(in, used, used + step), &e, &got);

		if (n < 0) {
			return n;
		}
		MUST(n > 0 && ((size_t)n == step || got ||
		    used + (size_t)n == in.len));
		used += (size_t)n;
		if (got) {
			buf_addf(log, "%u:%s%u:%s", (uint64_t)e.name.len,
			    e.name, (uint64_t)e.data.len, e.data);
			sse_event(written, e.name, e.data);
		}
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str in = str_of((const char *)data, len);
	struct buf whole, part, again, written, ignored;
	struct arena a;
	long r;

	arena_init(&a, 64 << 20);
	whole = buf_in(&a, 4 << 20);
	part = again = written = ignored = whole;
	r = read_all(&a, in, len + 1, &whole, &written);
	MUST(read_all(&a, in, 1 + len % 7, &part, &ignored) == r);
	MUST(str_eq(buf_str(&whole), buf_str(&part)));
	MUST(buf_ok(&written));
	MUST(read_all(&a, buf_str(&written), 5, &again, &ignored) == 0);
	MUST(str_eq(buf_str(&whole), buf_str(&again)));
	arena_free(&a);
	return 0;
}

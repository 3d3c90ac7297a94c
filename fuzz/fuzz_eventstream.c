/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS event streams. The messages are the same however the stream is cut; the
 * string headers and payload of a message that was read can be written and read
 * back the same. Input that begins with 'w' is made a payload, since fuzzers
 * do not guess checksums.
 */
#include <string.h>

#include "base/must.h"
#include "proto/eventstream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Lists the messages, and writes them again to `written`. */
static long
read_all(struct arena *a, struct str in, size_t step, struct buf *log,
    struct buf *written)
{
	struct eventstream_reader r;
	size_t used = 0;

	eventstream_reader_init(&r, a);
	while (used < in.len) {
		struct eventstream_message m;
		struct eventstream_pair pair = { .name = S(":event-type") };
		bool got;
		long n = eventstream_read(&r, str_sub(in, used, used + step),
		    &m, &got, NULL);

		if (n < 0) {
			return n;
		}
		MUST(n > 0 && ((size_t)n == step || got ||
		    used + (size_t)n == in.len));
		used += (size_t)n;
		if (got) {
			pair.value = eventstream_header(&m, pair.name);
			MUST(pair.value.len <= UINT16_MAX);
			buf_addf(log, "%u:%s%u:%s", (uint64_t)pair.value.len,
			    pair.value, (uint64_t)m.payload.len, m.payload);
			pair.value = str_sub(pair.value, 0, INT16_MAX);
			eventstream_write(written, &pair, 1, m.payload);
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
	if (len > 2 && data[0] == 'w') {
		struct eventstream_pair pair = { S(":event-type"),
		    str_sub(in, 2, (size_t)2 + data[1]) };

		eventstream_write(&ignored, &pair, 1, in);
		eventstream_write(&ignored, &pair, 1, S(""));
		in = buf_str(&ignored);
		ignored = whole;
	}
	r = read_all(&a, in, in.len + 1, &whole, &written);
	MUST(read_all(&a, in, 1 + len % 7, &part, &ignored) == r);
	MUST(str_eq(buf_str(&whole), buf_str(&part)));
	MUST(buf_ok(&written));
	MUST(read_all(&a, buf_str(&written), 5, &again, &ignored) == 0);
	MUST(str_eq(buf_str(&whole), buf_str(&again)));
	arena_free(&a);
	return 0;
}

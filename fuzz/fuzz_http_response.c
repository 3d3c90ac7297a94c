/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP responses with chunked bodies. The first byte chooses the method and how
 * the body is cut. Prefixes of the head agree with the whole; the body decodes
 * to the same bytes and leaves the same rest however it is cut, is never longer
 * than what it came in, and survives being chunked again.
 */
#include <string.h>

#include "base/must.h"
#include "proto/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define BODY_MAX 65536

/* Decodes at most `step` bytes at a time; bytes used, or minus an error. */
static long
decode(struct str in, size_t step, struct buf *out)
{
	struct http1_chunked c;
	size_t used = 0;

	http1_chunked_init(&c, BODY_MAX);
	while (used < in.len && !c.done) {
		long n = http1_chunked_feed(&c, str_sub(in, used, used + step),
		    out, NULL);

		if (n <= 0) {
			return n;
		}
		used += (size_t)n;
	}
	MUST(c.body_len == out->len && out->len <= used);
	return c.done ? (long)used : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct str methods[] = { STR_INIT("GET"),
		STR_INIT("POST"), STR_INIT("HEAD"), STR_INIT("CONNECT") };
	static struct http1_response r;
	static char whole[BODY_MAX], part[BODY_MAX], text[BODY_MAX + 32];
	struct buf a = buf_fixed(whole, sizeof(whole));
	struct buf b = buf_fixed(part, sizeof(part));
	struct buf t = buf_fixed(text, sizeof(text));
	struct str method = methods[len > 0 ? data[0] & 3 : 0];
	size_t step = len > 0 ? 1 + (data[0] >> 2) : 1;
	struct str in = str_sub(str_of((const char *)data, len), 1, BODY_MAX);
	long n = http1_response_parse(in, method, &r, NULL);
	long got = 0;

	MUST(n <= (long)in.len);
	for (size_t i = 0; i <= in.len && got == 0; i += 1 + in.len / 256) {
		got = http1_response_parse(str_sub(in, 0, i), method, &r,
		    NULL);
	}
	MUST(got == 0 || got == n);
	/* Without a head the whole input is taken for a body. */
	in = str_sub(in, n > 0 ? (size_t)n : 0, in.len);
	n = decode(in, in.len + 1, &a);
	MUST(decode(in, step, &b) == n && str_eq(buf_str(&a), buf_str(&b)));
	if (n > 0) {
		http1_chunk(&t, buf_str(&a));
		http1_chunk_end(&t);
		buf_clear(&b);
		MUST(decode(buf_str(&t), step, &b) == (long)t.len);
		MUST(str_eq(buf_str(&a), buf_str(&b)));
	}
	return 0;
}

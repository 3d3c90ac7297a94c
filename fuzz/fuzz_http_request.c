/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP request heads. What is consumed lies in the input; the first answer on
 * growing prefixes is the answer on the whole; an accepted head still says the
 * same after it has been moved, and after it has been written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "proto/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool
same(const struct http1_request *a, const struct http1_request *b)
{
	bool equal = str_eq(a->method, b->method) && a->body == b->body &&
	    str_eq(a->path, b->path) && str_eq(a->query, b->query) &&
	    str_eq(a->authority, b->authority) && a->minor == b->minor &&
	    a->body_len == b->body_len && a->keep_alive == b->keep_alive &&
	    a->expect_continue == b->expect_continue &&
	    a->header_n == b->header_n;

	for (size_t i = 0; equal && i < a->header_n; i++) {
		equal = str_eq(a->headers[i].name, b->headers[i].name) &&
		    str_eq(a->headers[i].value, b->headers[i].value);
	}
	return equal;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct http1_request r, again;
	static char text[2 * HTTP_HEAD_MAX];
	struct str in = str_of((const char *)data, len);
	long n = http1_request_parse(in, &r, NULL);
	struct buf b = buf_fixed(text, sizeof(text));
	long got = 0;

	MUST(n <= (long)len);
	for (size_t i = 0; i <= len && got == 0; i += 1 + len / 256) {
		got = http1_request_parse(str_sub(in, 0, i), &again, NULL);
	}
	MUST(got == 0 || got == n);
	if (n <= 0) {
		return 0;
	}
	again = r;
	buf_add(&b, str_sub(in, 0, (size_t)n));
	http1_request_move(&again, str_sub(in, 0, (size_t)n), text);
	MUST(same(&r, &again));
	buf_clear(&b);
	http1_request_line(&b, r.method, r.target);
	b.p[b.len - 3] = (char)('0' + r.minor);
	for (size_t i = 0; i < r.header_n; i++) {
		http1_field(&b, r.headers[i].name, r.headers[i].value);
	}
	http1_head_end(&b);
	MUST(buf_ok(&b));
	if (b.len <= HTTP_HEAD_MAX) {
		MUST(http1_request_parse(buf_str(&b), &again, NULL) ==
		    (long)b.len);
		MUST(same(&r, &again));
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: whatever parses is a fixed point of parse and write, stays within the
 * limits of depth and memory, and every error has a position inside the text.
 * Writing any bytes as a string gives text that parses.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/limits.h"
#include "proto/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct str
write_out(struct arena *a, const struct json *v)
{
	struct buf b = buf_in(a, HTTP_BODY_MAX * 8);
	struct json_writer w = json_writer(&b);

	json_value(&w, v);
	if (!buf_ok(&b)) {
		abort();
	}
	return buf_str(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned flags = len > 0 && (data[0] & 1) != 0 ?
	    JSON_REJECT_DUPLICATES : 0;
	struct str in = str_of((const char *)data, len);
	struct arena a;
	struct fail f;
	struct json *v;
	struct buf b;
	struct json_writer w;

	arena_init(&a, (size_t)64 * 1024 * 1024);
	fail_init(&f, &a);
	if (json_parse(&a, in, flags, &v, &f) == ERR_OK) {
		struct str once = write_out(&a, v);

		if (json_parse(&a, once, flags, &v, &f) != ERR_OK ||
		    !str_eq(write_out(&a, v), once)) {
			abort();
		}
	} else if (f.pos > len) {
		abort();
	}
	b = buf_in(&a, HTTP_BODY_MAX * 8);
	w = json_writer(&b);
	json_string(&w, in);
	fail_clear(&f);
	if (json_parse(&a, buf_str(&b), flags, &v, &f) != ERR_OK) {
		abort();
	}
	arena_free(&a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time texts. Whatever is accepted lies in the range, and writing it and
 * reading it again gives the same moment.
 */
#include "base/must.h"
#include "base/timefmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef bool parse_fn(struct str s, int64_t *ms);

static void
check(struct str in, parse_fn *parse, void (*write)(struct buf *, int64_t),
    int64_t unit_ms)
{
	char text[64];
	struct buf b = buf_fixed(text, sizeof(text));
	int64_t ms;
	int64_t back;

	if (!parse(in, &ms)) {
		return;
	}
	MUST(ms >= 0 && ms <= TIMEFMT_MAX_MS);
	write(&b, ms);
	MUST(buf_ok(&b) && parse(buf_str(&b), &back));
	MUST(back == ms / unit_ms * unit_ms);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str in = str_of((const char *)data, len);
	int64_t ms;

	check(in, timefmt_parse_iso, timefmt_iso, 1);
	check(in, timefmt_parse_amz, timefmt_amz, 1000);
	check(in, timefmt_parse_http, timefmt_http, 1000);
	if (timefmt_parse_when(in, 1700000000000, &ms)) {
		MUST(ms >= 0 && ms <= TIMEFMT_MAX_MS);
	}
	if (timefmt_parse_epoch(in, &ms)) {
		MUST(ms >= 0 && ms <= TIMEFMT_MAX_MS);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trace context: first line traceparent, the rest tracestate. What is taken is
 * written as version 00 and reads the same; what is passed on can stand in a
 * header field.
 */
#include "base/limits.h"
#include "base/must.h"
#include "proto/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str state = str_of((const char *)data, len);
	struct str parent = str_cut(&state, '\n');
	char text[TRACE_PARENT_LEN];
	struct buf b = buf_fixed(text, sizeof(text));
	struct trace t, again;

	if (!trace_parse(parent, state, &t)) {
		MUST(t.id.p == NULL && t.state.p == NULL);
		return 0;
	}
	MUST(t.id.len == TRACE_ID_LEN && t.span.len == TRACE_SPAN_LEN);
	MUST(t.state.len <= TRACE_STATE_MAX);
	for (size_t i = 0; i < t.state.len; i++) {
		MUST(t.state.p[i] >= 0x20 && t.state.p[i] <= 0x7e);
	}
	trace_write(&b, &t, t.span);
	MUST(buf_ok(&b) && b.len == TRACE_PARENT_LEN);
	MUST(trace_parse(buf_str(&b), STR_NONE, &again));
	MUST(str_eq(t.id, again.id) && str_eq(t.span, again.span));
	MUST(t.flags == again.flags);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* see trace.h */
#include "proto/trace.h"

#include "base/limits.h"
#include "proto/chars.h"

/* n lower-case hexadecimal digits at p. *zero: all of them are '0'. */
static bool
is_hex(const char *p, size_t n, bool *zero)
{
	*zero = true;
	for (size_t i = 0; i < n; i++) {
		if (!chars_is(p[i], CHARS_HEX) ||
		    str_lower_byte(p[i]) != p[i]) {
			return false;
		}
		*zero = *zero && p[i] == '0';
	}
	return true;
}

static bool
is_state(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < 0x20 || s.p[i] > 0x7e) {
			return false;
		}
	}
	return s.len > 0 && s.len <= TRACE_STATE_MAX;
}

/* see trace.h */
bool
trace_parse(struct str parent, struct str state, struct trace *out)
{
	/* Where the digits begin, how many there are, whether 0 will do. */
	static const struct { unsigned char at, n; bool zero_ok; } parts[] = {
		{ 0, 2, true }, { 3, TRACE_ID_LEN, false },
		{ 36, TRACE_SPAN_LEN, false }, { 53, 2, true },
	};

	*out = (struct trace){ .flags = 0 };
	if (parent.p == NULL || parent.len < TRACE_PARENT_LEN ||
	    (parent.len > TRACE_PARENT_LEN &&
	    (str_starts(parent, S("00")) ||
	    parent.p[TRACE_PARENT_LEN] != '-')) ||
	    str_starts(parent, S("ff"))) {
		return false;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		bool zero;

		if ((i > 0 && parent.p[parts[i].at - 1] != '-') ||
		    !is_hex(parent.p + parts[i].at, parts[i].n, &zero) ||
		    (zero && !parts[i].zero_ok)) {
			return false;
		}
	}
	out->id = str_sub(parent, 3, 3 + TRACE_ID_LEN);
	out->span = str_sub(parent, 36, 36 + TRACE_SPAN_LEN);
	out->flags = chars_hex(parent.p[54]) & (TRACE_SAMPLED | TRACE_RANDOM);
	out->state = is_state(state) ? state : STR_NONE;
	return true;
}

/* see trace.h */
bool
trace_from_headers(const struct http1_header *headers, size_t n,
    struct trace *out)
{
	struct str parent = http1_header(headers, n, S("traceparent"));
	struct str state = STR_NONE;

	if (parent.p != NULL &&
	    http1_header_n(headers, n, S("tracestate")) == 1) {
		state = http1_header(headers, n, S("tracestate"));
	}
	if (parent.p != NULL &&
	    http1_header_n(headers, n, S("traceparent")) > 1) {
		parent = STR_NONE;
	}
	return trace_parse(parent, state, out);
}

/* see trace.h */
void
trace_write(struct buf *b, const struct trace *t, struct str span)
{
	buf_add(b, S("00-"));
	buf_add(b, t->id);
	buf_add_byte(b, '-');
	buf_add(b, span);
	buf_add(b, S("-0"));
	buf_add_byte(b, (char)('0' + t->flags));
}

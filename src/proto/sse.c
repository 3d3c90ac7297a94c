/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event streams: a writer, and a reader that is a byte-driven line splitter in
 * front of the field rules of the standard.
 */
#include "proto/sse.h"

#include "base/limits.h"

/* ---- writing ---- */

/* Index of the first CR or LF at or after `from`, or s.len. */
static size_t
line_end(struct str s, size_t from)
{
	while (from < s.len && s.p[from] != '\n' && s.p[from] != '\r') {
		from++;
	}
	return from;
}

/* Appends text that has to stay on one line. */
static void
add_one_line(struct buf *b, struct str s)
{
	if (line_end(s, 0) < s.len) {
		b->failed = true;
		return;
	}
	buf_add(b, s);
}

/* see sse.h */
void
sse_event(struct buf *b, struct str name, struct str data)
{
	size_t from = 0;

	if (name.len > 0) {
		buf_add(b, S("event: "));
		add_one_line(b, name);
		buf_add_byte(b, '\n');
	}
	for (;;) {
		size_t end = line_end(data, from);

		buf_add(b, S("data: "));
		buf_add(b, str_sub(data, from, end));
		buf_add_byte(b, '\n');
		if (end == data.len) {
			break;
		}
		from = end + 1;
		if (data.p[end] == '\r' && from < data.len &&
		    data.p[from] == '\n') {
			from++;
		}
	}
	buf_add_byte(b, '\n');
}

/* see sse.h */
void
sse_comment(struct buf *b, struct str text)
{
	buf_add(b, S(": "));
	add_one_line(b, text);
	buf_add(b, S("\n\n"));
}

/* ---- reading ---- */

/* see sse.h */
void
sse_reader_init(struct sse_reader *r, struct arena *a, size_t data_max)
{
	*r = (struct sse_reader){
		.line = buf_in(a, SSE_LINE_MAX),
		.data = buf_in(a, data_max),
		.name = buf_in(a, SSE_LINE_MAX),
		.id = buf_in(a, SSE_LINE_MAX),
	};
}

static void
replace(struct buf *b, struct str s)
{
	buf_clear(b);
	buf_add(b, s);
}

/* Applies one line that is neither empty nor a comment. */
static void
take_field(struct sse_reader *r, struct str line)
{
	struct str value = line;
	struct str field = str_cut(&value, ':');

	if (value.p == NULL) {
		value = S(""); /* a line without a colon is a bare name */
	}
	if (str_starts(value, S(" "))) {
		value = str_sub(value, 1, value.len);
	}
	if (str_eq(field, S("data"))) {
		if (r->has_data) {
			buf_add_byte(&r->data, '\n');
		}
		buf_add(&r->data, value);
		r->has_data = true;
	} else if (str_eq(field, S("event"))) {
		replace(&r->name, value);
	} else if (str_eq(field, S("id"))) {
		/* The standard: an id with a NUL is ignored. */
		if (str_find_byte(value, '\0', 0) == value.len) {
			replace(&r->id, value);
		}
	} else if (str_eq(field, S("retry"))) {
		uint64_t ms;

		if (str_u64(value, UINT64_MAX, &ms)) {
			r->retry_ms = ms;
		}
	}
	/* Any other field is ignored, says the standard. */
}

/* Applies a complete line; true when it completes an event. */
static bool
take_line(struct sse_reader *r, struct sse_event *out)
{
	struct str line = buf_str(&r->line);

	if (!r->started) {
		r->started = true;
		if (str_starts(line, S("\xef\xbb\xbf"))) {
			line = str_sub(line, 3, line.len);
		}
	}
	if (line.len > 0) {
		if (line.p[0] != ':') {
			take_field(r, line);
		}
		return false;
	}
	if (!r->has_data) {
		/* An event without data is not one; its name is forgotten. */
		buf_clear(&r->name);
		return false;
	}
	out->name = r->name.len > 0 ? buf_str(&r->name) : S("message");
	out->data = buf_str(&r->data);
	out->id = buf_str(&r->id);
	r->delivered = true;
	return true;
}

/* see sse.h */
long
sse_read(struct sse_reader *r, struct str in, struct sse_event *out, bool *got)
{
	size_t i = 0;

	*got = false;
	if (r->delivered) {
		r->delivered = false;
		r->has_data = false;
		buf_clear(&r->data);
		buf_clear(&r->name);
	}
	while (i < in.len && !*got) {
		size_t end;

		if (r->after_cr) {
			r->after_cr = false;
			if (in.p[i] == '\n') {
				i++;
				continue;
			}
		}
		end = line_end(in, i);
		buf_add(&r->line, str_sub(in, i, end));
		i = end;
		if (end < in.len) {
			r->after_cr = in.p[end] == '\r';
			i++;
			*got = buf_ok(&r->line) && take_line(r, out);
			r->line.len = 0;
		}
		if (!buf_ok(&r->line) || !buf_ok(&r->data) ||
		    !buf_ok(&r->name) || !buf_ok(&r->id)) {
			*got = false;
			return r->line.a->failed ? -ERR_NOMEM : -ERR_LIMIT;
		}
	}
	return (long)i;
}

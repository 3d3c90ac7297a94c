/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS event streams: bytes are gathered until a message is whole, then checked
 * in one go. Messages are small (a second of log events), so nothing is gained
 * by handing out parts of them.
 */
#include "proto/eventstream.h"

#include "base/limits.h"

#define PRELUDE_LEN 12U /* two lengths and their CRC */
#define CRC_LEN 4U
#define STRING_TYPE 7

/* ---- numbers ---- */

/* CRC-32, reflected polynomial 0xedb88320, four bits at a time. */
static uint32_t
crc32(struct str s)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
	};
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < s.len; i++) {
		crc ^= (unsigned char)s.p[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

/* The big-endian number in the n bytes at `at`, which are there. */
static uint32_t
number(struct str s, size_t at, size_t n)
{
	uint32_t v = 0;

	for (size_t i = 0; i < n; i++) {
		v = v << 8 | (unsigned char)s.p[at + i];
	}
	return v;
}

static void
add_number(struct buf *b, size_t v, size_t n)
{
	while (n-- > 0) {
		buf_add_byte(b, (char)(v >> (8 * n) & 255));
	}
}

/* ---- headers ---- */

/* One header as it stands in a message. */
struct header {
	struct str name;
	unsigned type;
	struct str value;
};

/* Cuts the first header off *rest; false: malformed. */
static bool
cut_header(struct str *rest, struct header *h)
{
	static const unsigned char lens[] = { 0, 0, 1, 2, 4, 8, 2, 2, 8, 16 };
	size_t at = 1, len;

	at += rest->len > 0 ? number(*rest, 0, 1) : 0;
	if (at == 1 || at >= rest->len) {
		return false;
	}
	h->name = str_sub(*rest, 1, at);
	h->type = number(*rest, at++, 1);
	if (h->type >= sizeof(lens)) {
		return false;
	}
	len = lens[h->type];
	if (h->type == 6 || h->type == STRING_TYPE) {
		if (rest->len - at < 2) {
			return false;
		}
		len = number(*rest, at, 2);
		at += 2;
	}
	if (rest->len - at < len) {
		return false;
	}
	h->value = str_sub(*rest, at, at + len);
	*rest = str_sub(*rest, at + len, rest->len);
	return true;
}

/* see eventstream.h */
struct str
eventstream_header(const struct eventstream_message *m, struct str name)
{
	struct str rest = m->headers;
	struct header h;

	while (rest.len > 0 && cut_header(&rest, &h)) {
		if (str_eq(h.name, name)) {
			return h.type == STRING_TYPE ? h.value : STR_NONE;
		}
	}
	return STR_NONE;
}

/* ---- reading ---- */

/* see eventstream.h */
void
eventstream_reader_init(struct eventstream_reader *r, struct arena *a)
{
	*r = (struct eventstream_reader){
		.message = buf_in(a, EVENTSTREAM_MESSAGE_MAX),
	};
}

/* The prelude is here: what it says, or why it cannot be. */
static enum err
read_prelude(struct eventstream_reader *r, struct fail *f)
{
	struct str in = buf_str(&r->message);
	size_t total = number(in, 0, 4), headers = number(in, 4, 4);

	if (number(in, 8, CRC_LEN) != crc32(str_sub(in, 0, 8))) {
		return fail_set(f, ERR_SYNTAX, 8, S("the checksum of an event "
		    "message's prelude is wrong"));
	}
	if (total > EVENTSTREAM_MESSAGE_MAX) {
		return fail_set(f, ERR_LIMIT, 0, S("an event message is "
		    "longer than allowed"));
	}
	if (total < PRELUDE_LEN + CRC_LEN ||
	    headers > total - PRELUDE_LEN - CRC_LEN) {
		return fail_set(f, ERR_SYNTAX, 0, S("the lengths of an event "
		    "message contradict each other"));
	}
	r->total_len = total;
	return ERR_OK;
}

/* A message is whole. */
static enum err
read_message(const struct eventstream_reader *r,
    struct eventstream_message *out, struct fail *f)
{
	struct str in = buf_str(&r->message), rest;
	size_t end = in.len - CRC_LEN;
	size_t middle = PRELUDE_LEN + number(in, 4, 4);
	struct header h;

	if (number(in, end, CRC_LEN) != crc32(str_sub(in, 0, end))) {
		return fail_set(f, ERR_SYNTAX, end, S("the checksum of an "
		    "event message is wrong"));
	}
	rest = str_sub(in, PRELUDE_LEN, middle);
	out->headers = rest;
	out->payload = str_sub(in, middle, end);
	while (rest.len > 0) {
		if (!cut_header(&rest, &h)) {
			return fail_set(f, ERR_SYNTAX, middle - rest.len,
			    S("a header of an event message is malformed"));
		}
	}
	return ERR_OK;
}

/* see eventstream.h */
long
eventstream_read(struct eventstream_reader *r, struct str in,
    struct eventstream_message *out, bool *got, struct fail *f)
{
	size_t used = 0;

	*got = false;
	if (r->delivered) {
		buf_clear(&r->message);
		r->total_len = 0;
		r->delivered = false;
	}
	while (r->err == ERR_OK && used < in.len && !r->delivered) {
		size_t want = r->total_len > 0 ? r->total_len : PRELUDE_LEN;
		struct str part = str_sub(in, used, used + want -
		    r->message.len);

		buf_add(&r->message, part);
		used += part.len;
		if (!buf_ok(&r->message)) {
			r->err = ERR_NOMEM;
		} else if (r->message.len == want && r->total_len == 0) {
			r->err = read_prelude(r, f);
		} else if (r->message.len == want) {
			r->err = read_message(r, out, f);
			*got = r->delivered = r->err == ERR_OK;
		}
	}
	return r->err == ERR_OK ? (long)used : -(long)r->err;
}

/* see eventstream.h */
bool
eventstream_inside(const struct eventstream_reader *r)
{
	return r->message.len > 0 && !r->delivered;
}

/* ---- writing ---- */

/* see eventstream.h */
void
eventstream_write(struct buf *b, const struct eventstream_pair *pairs,
    size_t n, struct str payload)
{
	size_t from = b->len, headers = 0, total;

	for (size_t i = 0; i < n; i++) {
		if (pairs[i].name.len == 0 || pairs[i].name.len > 255 ||
		    pairs[i].value.len > INT16_MAX) {
			b->failed = true;
			return;
		}
		headers += pairs[i].name.len + pairs[i].value.len + 4;
	}
	total = PRELUDE_LEN + headers + payload.len + CRC_LEN;
	if (total > EVENTSTREAM_MESSAGE_MAX) {
		b->failed = true;
		return;
	}
	add_number(b, total, 4);
	add_number(b, headers, 4);
	if (buf_ok(b)) {
		add_number(b, crc32(str_sub(buf_str(b), from, b->len)),
		    CRC_LEN);
	}
	for (size_t i = 0; i < n; i++) {
		add_number(b, pairs[i].name.len, 1);
		buf_add(b, pairs[i].name);
		add_number(b, STRING_TYPE, 1);
		add_number(b, pairs[i].value.len, 2);
		buf_add(b, pairs[i].value);
	}
	buf_add(b, payload);
	if (buf_ok(b)) {
		add_number(b, crc32(str_sub(buf_str(b), from, b->len)),
		    CRC_LEN);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS event streams: published messages are read, what is written reads back,
 * and the messages are the same however the bytes are cut.
 */
#include "test.h"

#include "base/limits.h"
#include "proto/eventstream.h"

/* Lists the messages as "[type|payload]"; how it ended is the result. */
static int
feed(void *ctx, struct str bytes, bool more, char *log, size_t log_size)
{
	struct buf b = buf_fixed(log, log_size - 1);
	struct eventstream_reader r;
	struct arena a;
	size_t used = 0, step = *(const size_t *)ctx;
	int result = 1;

	(void)more;
	arena_init(&a, 1 << 20);
	eventstream_reader_init(&r, &a);
	while (used < bytes.len && result > 0) {
		struct eventstream_message m;
		struct fail f;
		bool got;
		long n;

		fail_init(&f, &a);
		n = eventstream_read(&r, str_sub(bytes, used, used + step),
		    &m, &got, &f);
		if (n <= 0) {
			buf_addf(&b, "%s", fail_text(&f));
			result = (int)n;
			break;
		}
		used += (size_t)n;
		if (got) {
			buf_addf(&b, "[%s|%s]", eventstream_header(&m,
			    S(":event-type")), m.payload);
		}
	}
	if (result > 0 && (eventstream_inside(&r) || bytes.len == 0)) {
		result = 0;
	}
	arena_free(&a);
	b.p[b.len] = '\0';
	return result;
}

/* All five ways, in pieces of several sizes. */
static bool
reads(struct str stream, const char *want, int result)
{
	char log[512];

	for (size_t step = 1; step <= stream.len + 1; step += 1 + step / 3) {
		if (feed(&step, test_guarded(stream), false, log,
		    sizeof(log)) != result ||
		    !str_eq(str_from_z(log), str_from_z(want))) {
			printf("    step %zu: %s\n", step, log);
			return false;
		}
	}
	return true;
}

static bool
five_ways(struct str stream, bool prefix_ok)
{
	size_t steps[] = { 1, 5, SIZE_MAX / 2 };

	for (size_t i = 0; i < 3; i++) {
		if (!test_five_ways(feed, &steps[i], stream, prefix_ok)) {
			return false;
		}
	}
	return true;
}

static struct str
two_messages(char *memory, size_t size)
{
	static const struct eventstream_pair pairs[] = {
		{ STR_INIT(":message-type"), STR_INIT("event") },
		{ STR_INIT(":event-type"), STR_INIT("sessionUpdate") },
	};
	struct buf b = buf_fixed(memory, size);

	eventstream_write(&b, pairs, 2, S("{\"a\":1}"));
	eventstream_write(&b, pairs, 1, S(""));
	MUST(buf_ok(&b));
	return buf_str(&b);
}

/* The published test vectors of the encoding ("empty_message" and
 * "int32_header", whose header has type 4). */
#define EMPTY "\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff"
#define INT32 "\0\0\0\x2d\0\0\0\x10\x41\xc4\x24\xb8" "\x0a" "event-type" \
	"\x04\0\0\xa0\x0c" "{'foo':'bar'}" "\x36\xf4\x80\xa0"

TEST(published_messages_are_read)
{
	CHECK(reads(S(EMPTY), "[|]", 1));
	CHECK(reads(S(INT32), "[|{'foo':'bar'}]", 1));
	CHECK(reads(S(EMPTY INT32 EMPTY), "[|][|{'foo':'bar'}][|]", 1));
	CHECK(five_ways(S(INT32), false));
}

TEST(the_published_empty_message_is_written)
{
	char memory[64];
	struct buf b = buf_fixed(memory, sizeof(memory));

	eventstream_write(&b, NULL, 0, STR_NONE);
	CHECK_STR(buf_str(&b), S(EMPTY));
}

TEST(what_is_written_reads_back)
{
	char memory[256];
	struct str s = two_messages(memory, sizeof(memory));

	CHECK(reads(s, "[sessionUpdate|{\"a\":1}][|]", 1));
	CHECK(five_ways(s, true));
}

TEST(every_flipped_byte_is_noticed)
{
	char memory[256], log[512];
	struct str s = two_messages(memory, sizeof(memory));

	for (size_t i = 0; i < s.len; i++) {
		size_t step = SIZE_MAX / 2;

		for (unsigned bit = 0; bit < 8; bit++) {
			memory[i] = (char)(memory[i] ^ (1 << bit));
			CHECK(feed(&step, s, false, log, sizeof(log)) < 0);
			memory[i] = (char)(memory[i] ^ (1 << bit));
		}
	}
}

/* A message of these headers' bytes with right checksums: written with one
 * string header, whose bytes are then replaced. */
static int
with_headers(struct str headers, char *log, size_t log_size)
{
	char memory[512], text[256];
	struct buf b = buf_fixed(memory, sizeof(memory));
	struct eventstream_pair pair = { S("x"), str_of(text,
	    headers.len - 5) };
	uint32_t crc = 0xffffffff;
	size_t step = SIZE_MAX / 2;

	memset(text, 'x', sizeof(text));
	eventstream_write(&b, &pair, 1, S(""));
	MUST(buf_ok(&b) && b.len == headers.len + 16);
	memcpy(memory + 12, headers.p, headers.len);
	for (size_t i = 0; i < b.len - 4; i++) {
		crc ^= (unsigned char)memory[i];
		for (unsigned k = 0; k < 8; k++) {
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
		}
	}
	for (unsigned i = 0; i < 4; i++) {
		memory[b.len - 4 + i] = (char)(~crc >> (24 - 8 * i) & 255);
	}
	return feed(&step, buf_str(&b), false, log, log_size);
}

TEST(all_types_of_headers_are_skipped_over)
{
	char log[512];

	CHECK_INT(with_headers(S("\1a\0" "\1b\1" "\1c\2x" "\1d\3xx" "\1e\4xxxx"
	    "\1f\5xxxxxxxx" "\1g\6\0\2xx" "\1h\x08xxxxxxxx"
	    "\1i\x09xxxxxxxxxxxxxxxx" "\x0b:event-type\7\0\2ok"
	    "\x0b:event-type\7\0\2no"), log, sizeof(log)), 1);
	CHECK_STR(str_from_z(log), S("[ok|]"));
	/* The name with another type is no string. */
	CHECK_INT(with_headers(S("\x0b:event-type\6\0\2ok"), log,
	    sizeof(log)), 1);
	CHECK_STR(str_from_z(log), S("[|]"));
}

TEST(malformed_headers_are_refused)
{
	static const struct str bad[] = {
		STR_INIT("\0\0\1a\0\1b\0"),     /* no name */
		STR_INIT("\1a\x0a\1b\0\1c\0"),  /* no such type */
		STR_INIT("\1a\0\1b\0\1c"),      /* no type */
		STR_INIT("\1a\0\1b\7\0"),       /* half a length */
		STR_INIT("\1a\0\1b\7\0\1"),     /* no value */
		STR_INIT("\1a\0\1b\4xxx"),      /* a short value */
		STR_INIT("\1a\0\x09" "bbbb"),   /* a short name */
	};
	char log[512];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(with_headers(bad[i], log, sizeof(log)), -ERR_SYNTAX);
	}
}

TEST(lengths_are_checked_before_anything_is_kept)
{
	/* 3 GB; less than the frame itself; headers beyond the message. */
	CHECK(reads(S("\xbf\xff\xff\xff\0\0\0\0\xd6\x62\x3d\x12"),
	    "an event message is longer than allowed", -ERR_LIMIT));
	CHECK(reads(S("\0\0\0\x0f\0\0\0\0\xe7\x72\x48\xb8"),
	    "the lengths of an event message contradict each other",
	    -ERR_SYNTAX));
	CHECK(reads(S("\0\0\0\x10\0\0\0\1\x72\xc5\x78\x7d"),
	    "the lengths of an event message contradict each other",
	    -ERR_SYNTAX));
	CHECK(reads(S("\0\0\0\x10\0\0\0\0\0\0\0\0"),
	    "the checksum of an event message's prelude is wrong",
	    -ERR_SYNTAX));
}

TEST(too_long_names_and_values_are_not_written)
{
	static char big[40000];
	char memory[64];
	struct buf b = buf_fixed(memory, sizeof(memory));
	struct eventstream_pair pair = { S("x"), str_of(big, sizeof(big)) };

	eventstream_write(&b, &pair, 1, S(""));
	CHECK(!buf_ok(&b));
	buf_clear(&b);
	pair = (struct eventstream_pair){ str_of(big, 256), S("") };
	eventstream_write(&b, &pair, 1, S(""));
	CHECK(!buf_ok(&b));
	buf_clear(&b);
	pair.name = S("");
	eventstream_write(&b, &pair, 1, S(""));
	CHECK(!buf_ok(&b));
	buf_clear(&b);
	eventstream_write(&b, NULL, 0, str_of(big, sizeof(big)));
	CHECK(!buf_ok(&b));
}

static bool
sweep(struct arena *a, void *ctx)
{
	const struct str *s = ctx;
	struct eventstream_reader r;
	struct eventstream_message m;
	bool got;

	eventstream_reader_init(&r, a);
	return eventstream_read(&r, *s, &m, &got, NULL) > 0 && got;
}

TEST(no_memory_is_an_orderly_error)
{
	char memory[256];
	struct str s = two_messages(memory, sizeof(memory));

	CHECK(test_fail_sweep(sweep, &s, 1 << 20) > 0);
}

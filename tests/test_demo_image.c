/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo account's images are whole PNG files, and refusals are AWS's.
 */
#include "base/enc.h"
#include "demo_ask.h"
#include "test.h"

static uint32_t
be32(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

/* CRC-32 by the polynomial's definition, most significant bit last. */
static uint32_t
crc(const char *p, size_t len)
{
	uint32_t v = ~0U;

	for (size_t i = 0; i < len * 8; i++) {
		uint32_t bit = ((uint8_t)p[i / 8] >> (i % 8) & 1) ^ (v & 1);

		v = v >> 1 ^ (bit != 0 ? 0xedb88320U : 0);
	}
	return ~v;
}

#define WIDGET "{\\\"metrics\\\":[[\\\"AWS/RDS\\\"," \
	"\\\"DatabaseConnections\\\",\\\"DBInstanceIdentifier\\\"," \
	"\\\"checkout-db\\\",{\\\"stat\\\":\\\"Maximum\\\"}]],"

TEST(chunks_are_whole_and_the_stream_has_all_rows)
{
	static char room[2000000];
	struct buf png = buf_fixed(room, sizeof(room));
	struct demo_ask q;
	size_t at = 8, rows = 0, n = 0;

	demo_ask_init(&q);
	CHECK(enc_base64_decode(&png, json_get_str(demo_ask_call(&q, false,
	    "GetMetricWidgetImage", "{\"MetricWidget\":\"" WIDGET
	    "\\\"width\\\":1100,\\\"height\\\":500}\"}"),
	    S("MetricWidgetImage"), S(""))));
	CHECK(str_starts(buf_str(&png), S("\x89PNG\r\n\x1a\n")));
	while (at + 12 <= png.len) {
		size_t len = be32(png.p + at);
		const char *data = png.p + at + 8;

		CHECK(at + 12 + len <= png.len);
		CHECK_INT(be32(data + len), crc(png.p + at + 4, len + 4));
		if (memcmp(png.p + at + 4, "IDAT", 4) == 0) {
			for (size_t k = 2; k + 4 < len;) {
				size_t part = (uint8_t)data[k + 1] |
				    (size_t)(uint8_t)data[k + 2] << 8;

				rows += part;
				k += 5 + part;
			}
		}
		at += 12 + len;
		n++;
	}
	CHECK_INT(at, png.len);
	CHECK_INT(n, 4);
	/* A filter byte and 275 bytes of pixels a row. */
	CHECK_INT(rows, 500 * 276);
	demo_ask_free(&q);
}

TEST(what_is_no_widget_is_refused)
{
	struct demo_ask q;

	demo_ask_init(&q);
	for (int i = 0; i < 3; i++) {
		static const char *const bodies[] = { "{}",
			"{\"MetricWidget\":\"{}\"}", "{\"MetricWidget\":\""
			WIDGET "\\\"width\\\":9000}\"}" };

		(void)demo_ask_call(&q, false, "GetMetricWidgetImage",
		    bodies[i]);
		CHECK(str_ends(demo_ask_error(&q), S("#ValidationException")));
	}
	demo_ask_free(&q);
}

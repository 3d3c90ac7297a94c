/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PNG encoder of a few lines, and a line to draw with it.
 */
#include "demo/demo_image.h"

#include "base/enc.h"
#include "base/timefmt.h"

#include <string.h>

#define SIDE_MAX 2000
/* A stored block of deflate holds at most this. */
#define STORED_MAX 65535

/* Colours of the palette. */
enum { WHITE, GRID, LINE, THRESHOLD };
static const uint8_t PALETTE[12] = { 0xff, 0xff, 0xff, 0xdd, 0xdd, 0xdd,
	0x1f, 0x77, 0xb4, 0xd6, 0x27, 0x28 };

struct canvas {
	size_t width, height, row_len; /* bytes of a row, filter byte too */
	uint8_t *rows;
};

static void
dot(struct canvas *c, size_t x, size_t y, unsigned colour)
{
	if (x < c->width && y < c->height) {
		uint8_t *p = &c->rows[y * c->row_len + 1 + x / 4];
		unsigned shift = 6 - 2 * (unsigned)(x % 4);

		*p = (uint8_t)((*p & ~(3U << shift)) | colour << shift);
	}
}

static void
add_be32(struct buf *b, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		buf_add_byte(b, (char)(v >> shift & 0xff));
	}
}

/* CRC-32 of ISO 3309, bit by bit: images here are small. */
static uint32_t
crc(struct str s)
{
	uint32_t v = 0xffffffff;

	for (size_t i = 0; i < s.len; i++) {
		v ^= (uint8_t)s.p[i];
		for (int k = 0; k < 8; k++) {
			v = v >> 1 ^ (v & 1 ? 0xedb88320U : 0);
		}
	}
	return ~v;
}

/* Length, type, data, CRC over type and data. */
static void
add_chunk(struct buf *b, struct str type, struct str data)
{
	size_t at;

	add_be32(b, (uint32_t)data.len);
	at = b->len;
	buf_add(b, type);
	buf_add(b, data);
	if (buf_ok(b)) {
		add_be32(b, crc(str_sub(buf_str(b), at, b->len)));
	}
}

/* The rows as a zlib stream of stored blocks. */
static void
add_stored(struct buf *b, struct str data)
{
	uint32_t low = 1, high = 0;

	buf_add(b, S("\x78\x01"));
	for (size_t at = 0; at < data.len; at += STORED_MAX) {
		struct str part = str_sub(data, at, at + STORED_MAX);

		buf_add_byte(b, at + part.len == data.len);
		buf_add_byte(b, (char)(part.len & 0xff));
		buf_add_byte(b, (char)(part.len >> 8));
		buf_add_byte(b, (char)(~part.len & 0xff));
		buf_add_byte(b, (char)(~part.len >> 8 & 0xff));
		buf_add(b, part);
	}
	for (size_t i = 0; i < data.len; i++) {
		low = (low + (uint8_t)data.p[i]) % 65521;
		high = (high + low) % 65521;
	}
	add_be32(b, high << 16 | low);
}

static struct str
encode(struct arena *a, const struct canvas *c)
{
	size_t len = c->row_len * c->height;
	struct buf png = buf_in(a, len * 2 + 4096);
	struct buf part = buf_in(a, len * 2 + 4096);

	buf_add(&png, S("\x89PNG\r\n\x1a\n"));
	add_be32(&part, (uint32_t)c->width);
	add_be32(&part, (uint32_t)c->height);
	/* Two bits a pixel, palette; deflate, adaptive, not interlaced. */
	buf_add(&part, S("\2\3\0\0\0"));
	add_chunk(&png, S("IHDR"), buf_str(&part));
	add_chunk(&png, S("PLTE"), enc_bytes(PALETTE, sizeof(PALETTE)));
	buf_clear(&part);
	add_stored(&part, enc_bytes(c->rows, len));
	add_chunk(&png, S("IDAT"), buf_str(&part));
	add_chunk(&png, S("IEND"), S(""));
	return buf_ok(&png) && buf_ok(&part) ? buf_str(&png) : STR_NONE;
}

/* What the widget asks for. */
struct widget {
	struct account_series series;
	bool known;
	struct str stat;
	int64_t start_min, end_min, period_min;
	double threshold;
	bool has_threshold;
};

/* Finds the series that a row of `metrics` names. */
static void
find_series(const struct answer *x, const struct json *row, struct widget *w)
{
	struct str namespace = json_str(json_at(row, 0));
	struct str metric = json_str(json_at(row, 1));

	for (size_t i = 0; !w->known && account_series(
	    x->account.tables, i, &w->series); i++) {
		struct str rest = w->series.dims, name, value;
		size_t n = 0;
		bool same = str_eq(w->series.namespace, namespace) &&
		    str_eq(w->series.metric, metric);

		while (account_dimension(&rest, &name, &value)) {
			n++;
		}
		for (size_t k = 2; json_is(json_at(row, k), JSON_STRING);
		    k += 2, n--) {
			same = same && n > 0 && str_eq(account_dimension_value(
			    w->series.dims, json_str(json_at(row, k))),
			    json_str(json_at(row, k + 1)));
		}
		w->known = same && n == 0;
	}
}

static bool
read_widget(struct answer *x, const struct json *v, struct widget *w)
{
	const struct json *row = json_at(json_get(v, S("metrics")), 0);
	const struct json *last = row == NULL ? NULL : row->child;
	int64_t start, end;
	int64_t period = json_get_i64(v, S("period"), 60);

	if (row == NULL || row->type != JSON_ARRAY) {
		demo_answer_error(x, S("ValidationException"),
		    S("The field MetricWidget must have metrics."));
		return false;
	}
	while (last != NULL && last->next != NULL) {
		last = last->next;
	}
	w->stat = json_get_str(last, S("stat"), json_get_str(v, S("stat"),
	    S("Average")));
	if (!timefmt_parse_iso(json_get_str(v, S("start"), S("")), &start) ||
	    !timefmt_parse_iso(json_get_str(v, S("end"), S("")), &end)) {
		/* As relative times, which this account does not read. */
		end = x->account.now_ms;
		start = end - 180 * ACCOUNT_MINUTE_MS;
	}
	w->period_min = period < 60 ? 1 : period > 86400 ? 1440 : period / 60;
	w->start_min = start / ACCOUNT_MINUTE_MS;
	w->end_min = end / ACCOUNT_MINUTE_MS;
	if (w->start_min >= w->end_min ||
	    w->end_min - w->start_min > ACCOUNT_HISTORY_MIN) {
		w->start_min = w->end_min - 180;
	}
	w->has_threshold = json_f64(json_get(json_at(json_path(v,
	    S("annotations.horizontal")), 0), S("value")), &w->threshold);
	find_series(x, row, w);
	return true;
}

static size_t
height_of(const struct canvas *c, double v, double low, double high)
{
	double part = high > low ? (v - low) / (high - low) : 0.5;

	return (size_t)((double)(c->height - 5) * (1 - part)) + 2;
}

static void
draw(const struct answer *x, const struct widget *w, struct canvas *c)
{
	double low = w->has_threshold ? w->threshold : 0;
	double high = w->has_threshold ? w->threshold : 0;
	int64_t span = w->end_min - w->start_min;
	size_t before = 0;

	low = low > 0 ? 0 : low;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; pass == 1 && i < c->width; i++) {
			dot(c, i, height_of(c, 0, low, high), GRID);
			if (w->has_threshold) {
				dot(c, i, height_of(c, w->threshold, low,
				    high), THRESHOLD);
			}
		}
		before = c->height;
		for (size_t i = 0; w->known && i < c->width; i++) {
			int64_t m = w->start_min + span * (int64_t)i /
			    (int64_t)c->width;
			struct account_point p = account_window(&x->account,
			    &w->series, m / w->period_min * w->period_min,
			    w->period_min);
			double v;
			size_t y;

			if (p.n <= 0 || !account_stat(&w->series, &p, w->stat,
			    &v)) {
				before = c->height;
				continue;
			}
			low = v < low ? v : low;
			high = v > high ? v : high;
			y = height_of(c, v, low, high);
			/* Up or down from where the line was. */
			for (size_t k = before == c->height ? y : before;
			    pass == 1; k += k < y ? 1 : (size_t)-1) {
				dot(c, i, k, LINE);
				if (k == y) {
					break;
				}
			}
			before = y;
		}
	}
}

/* see demo_image.h */
void
demo_image_draw(struct answer *x)
{
	struct str text = json_get_str(x->in, S("MetricWidget"), S(""));
	struct str format = json_get_str(x->in, S("OutputFormat"), S("png"));
	struct widget w = { .known = false };
	struct canvas c;
	struct json *v = NULL;
	struct buf base64;
	struct str png;
	int64_t width, height;

	if (!str_eq(format, S("png")) || json_parse(x->arena, text, 0, &v,
	    NULL) != ERR_OK) {
		demo_answer_error(x, S("ValidationException"),
		    S("The field MetricWidget must be a JSON object, and "
		    "OutputFormat png."));
		return;
	}
	if (!read_widget(x, v, &w)) {
		return;
	}
	width = json_get_i64(v, S("width"), 600);
	height = json_get_i64(v, S("height"), 400);
	if (width < 1 || width > SIDE_MAX || height < 10 ||
	    height > SIDE_MAX) {
		demo_answer_error(x, S("ValidationException"),
		    S("Width and height must be at most 2000."));
		return;
	}
	c = (struct canvas){ .width = (size_t)width,
	    .height = (size_t)height, .row_len = 1 + ((size_t)width + 3) / 4 };
	c.rows = ARENA_ARRAY(x->arena, c.row_len * c.height, uint8_t);
	if (c.rows == NULL) {
		return;
	}
	draw(x, &w, &c);
	png = encode(x->arena, &c);
	base64 = buf_in(x->arena, png.len * 2 + 16);
	enc_base64(&base64, png);
	json_begin_object(x->out);
	json_put_string(x->out, S("MetricWidgetImage"), buf_str(&base64));
	json_end_object(x->out);
}

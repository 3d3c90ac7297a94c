/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series as a line of block characters.
 */
#include "tools/spark.h"

#define HEIGHT_N 8

/* see spark.h */
struct spark_scale
spark_scale_of(const struct stats_point *p, size_t n)
{
	struct spark_scale s = { 0, 0 };
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		double v = p[i].value;

		if (!stats_finite(v)) {
			continue;
		}
		s.min = !any || v < s.min ? v : s.min;
		s.max = !any || v > s.max ? v : s.max;
		any = true;
	}
	return s;
}

/* 0..7. Halved first: the distance of two doubles can be infinite. */
static unsigned
height(double v, struct spark_scale s)
{
	double range = s.max / 2 - s.min / 2;
	double part = range > 0 ? (v / 2 - s.min / 2) / range : 0;

	return !(part > 0) ? 0 : part >= 1 ? HEIGHT_N - 1 :
	    (unsigned)(part * HEIGHT_N);
}

/* see spark.h */
void
spark_draw(struct buf *out, const struct stats_point *p, size_t n,
    int64_t start_ms, int64_t end_ms, int64_t period_ms, size_t width,
    struct spark_scale scale)
{
	int64_t span = end_ms - start_ms;
	int64_t columns = width < 1 ? 1 : width > SPARK_WIDTH_MAX ?
	    SPARK_WIDTH_MAX : (int64_t)width;
	size_t i = stats_find(p, n, start_ms);

	if (span <= 0) {
		return;
	}
	if (period_ms > 0 && (span + period_ms - 1) / period_ms < columns) {
		columns = (span + period_ms - 1) / period_ms;
	}
	for (int64_t k = 0; k < columns; k++) {
		int64_t end = k + 1 == columns ? end_ms : start_ms + span /
		    columns * (k + 1) + span % columns * (k + 1) / columns;
		double mean = 0;
		double count = 0;

		for (; i < n && p[i].at_ms < end; i++) {
			if (stats_finite(p[i].value)) {
				count++;
				mean += p[i].value / count - mean / count;
			}
		}
		if (count > 0) {
			buf_add(out, S("\xe2\x96"));
			buf_add_byte(out, (char)(0x81 + height(mean, scale)));
		} else {
			buf_add(out, S("\xc2\xb7"));
		}
	}
}

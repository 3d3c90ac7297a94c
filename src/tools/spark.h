/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A series as a line of block characters, for people and models alike.
 *
 *	U+2581..U+2588  eight heights between the least and the greatest value
 *	U+00B7          no data in that part of the window
 *
 * The line has no scale: who draws it says what the least and the greatest
 * value are.
 */
#ifndef TOOLS_SPARK_H
#define TOOLS_SPARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "tools/stats.h"

/* Widest line: a terminal's row with room for a label. */
#define SPARK_WIDTH_MAX 60
/* Bytes of the widest line. */
#define SPARK_LEN_MAX ((size_t)3 * SPARK_WIDTH_MAX)

/* Heights that several lines share. */
struct spark_scale {
	double min, max;
};

/* Least and greatest finite value of the points; both 0 when there is none. */
struct spark_scale spark_scale_of(const struct stats_point *p, size_t n);
/* Draws sorted points of [start_ms, end_ms) in `width` columns (1 to
 * SPARK_WIDTH_MAX, clipped): each the mean of its part of the window, with
 * fewer columns when the window holds fewer periods. period_ms: of the
 * points; 0: not known. Values beyond the scale get its ends; a scale without
 * extent draws the lowest height. */
void spark_draw(struct buf *out, const struct stats_point *p, size_t n,
    int64_t start_ms, int64_t end_ms, int64_t period_ms, size_t width,
    struct spark_scale scale);

#endif

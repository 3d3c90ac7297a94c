/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/spark.c: heights, gaps, width, odd values.
 */
#include "test.h"

#include <math.h>

#include "tools/spark.h"

static char text[512];

static struct str
draw(const struct stats_point *p, size_t n, int64_t end_ms, int64_t period,
    size_t width)
{
	struct buf b = buf_fixed(text, sizeof(text));

	spark_draw(&b, p, n, 0, end_ms, period, width, spark_scale_of(p, n));
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

TEST(a_rising_series_climbs_through_all_heights)
{
	struct stats_point p[8];

	for (int i = 0; i < 8; i++) {
		p[i] = (struct stats_point){ i * 60000, i };
	}
	CHECK_STR(draw(p, 8, 480000, 60000, 8), S("▁▂▃▄▅▆▇█"));
	CHECK_STR(draw(p, 8, 480000, 60000, 60), S("▁▂▃▄▅▆▇█"));
	CHECK_STR(draw(p, 8, 480000, 60000, 2), S("▂▇"));
}

TEST(a_gap_is_visible)
{
	struct stats_point p[] = { { 0, 1 }, { 180000, 3 } };

	CHECK_STR(draw(p, 2, 240000, 60000, 4), S("▁··█"));
	CHECK_STR(draw(p, 0, 240000, 60000, 4), S("····"));
}

TEST(a_constant_series_is_flat_and_odd_values_are_no_data)
{
	struct stats_point p[] = { { 0, 5 }, { 1, (double)NAN },
	    { 2, (double)INFINITY }, { 3, 5 } };
	struct stats_point wide[] = { { 0, -1e308 }, { 1, 1e308 } };

	CHECK_STR(draw(p, 4, 4, 1, 4), S("▁··▁"));
	CHECK_STR(draw(wide, 2, 2, 1, 2), S("▁█"));
}

TEST(the_width_is_bounded_and_an_empty_window_is_empty)
{
	static struct stats_point p[1000];

	for (int i = 0; i < 1000; i++) {
		p[i] = (struct stats_point){ i, i };
	}
	CHECK_INT(draw(p, 1000, 1000, 1, 5000).len, SPARK_LEN_MAX);
	CHECK_INT(draw(p, 1000, 1000, 0, 0).len, 3);
	CHECK_INT(draw(p, 1000, 0, 1, 10).len, 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_grid.c: slots, scale, spikes, stretches.
 */
#include "test.h"

#include <math.h>

#include "base/limits.h"
#include "tools/stats_grid.h"

static struct arena arena;
static struct stats_point points[1000];
static struct stats_grid grid;

static bool
lay(size_t n, double period_s)
{
	struct stats_summary s;

	arena_free(&arena);
	arena_init(&arena, (size_t)16 << 20);
	return stats_summarize(&arena, points, n, &s) &&
	    stats_grid_make(&arena, s.points, s.n, s.sorted, period_s, &grid);
}

TEST(points_get_the_nearest_slot_and_share_it_as_their_mean)
{
	points[0] = (struct stats_point){ 1000, 1 };
	points[1] = (struct stats_point){ 61900, 2 };
	points[2] = (struct stats_point){ 62100, 4 };
	points[3] = (struct stats_point){ 241000, 9 };
	CHECK(lay(4, 60));
	CHECK_INT(grid.m, 3);
	CHECK_INT(grid.n, 5);
	CHECK_INT(grid.slot[1], 1);
	CHECK_INT(grid.slot[2], 4);
	CHECK(fabs(grid.center + grid.scale * grid.v[1] - 3) < 1e-12);
}

TEST(a_spike_is_clipped_and_a_constant_has_no_scale)
{
	for (size_t i = 0; i < 1000; i++) {
		points[i] = (struct stats_point){ (int64_t)i * 60000,
		    i == 500 ? 1e9 : (double)(i % 100) };
	}
	CHECK(lay(1000, 60));
	CHECK(grid.v[500] < 10);
	for (size_t i = 0; i < 1000; i++) {
		points[i].value = 0.1 + (i % 2 == 0 ? 1e-17 : 0);
	}
	CHECK(lay(1000, 60));
	CHECK(grid.scale == 0);
}

TEST(a_span_of_ages_gets_wider_slots)
{
	points[0] = (struct stats_point){ 0, 1 };
	points[1] = (struct stats_point){ INT64_C(253402300799999), 2 };
	CHECK(lay(2, 1));
	CHECK(grid.n <= STATS_GRID_MAX_N);
	CHECK_INT(grid.m, 2);
}

TEST(stretches_hold_the_means_of_what_is_there)
{
	double mean[10], weight[10];
	uint32_t at[10];
	size_t len;

	for (size_t i = 0; i < 100; i++) {
		points[i] = (struct stats_point){ (int64_t)(i < 50 ? i :
		    i + 100) * 60000, (double)i };
	}
	CHECK(lay(100, 60));
	CHECK_INT(stats_grid_blocks(&grid, grid.v, 10, mean, weight, at,
	    &len), 6);
	CHECK_INT(len, 20);
	CHECK_INT(at[2], 40);
	CHECK_INT(at[3], 140);
	CHECK_INT((int)weight[2], 10);
	CHECK(fabs(grid.center + grid.scale * mean[0] - 9.5) < 1e-9);
}

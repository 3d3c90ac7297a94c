/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/stats_fft.c against the definitions.
 */
#include "test.h"

#include <math.h>

#include "tools/stats_fft.h"

#define PI 3.14159265358979323846

static double re[64], im[64], wr[32], wi[32], x[64], y[64];

static double
random_part(uint64_t *state)
{
	return (double)(test_random(state) >> 11) / 9007199254740992.0 - 0.5;
}

TEST(a_part_of_a_turn_has_its_cosine_and_sine)
{
	for (int i = 0; i <= 1440; i++) {
		double part = i / 720.0, c, s;

		stats_fft_turn(part, &c, &s);
		CHECK(fabs(c - cos(2 * PI * part)) < 2e-15);
		CHECK(fabs(s - sin(2 * PI * part)) < 2e-15);
	}
}

TEST(the_transform_is_its_definition)
{
	uint64_t state = 5;

	for (size_t n = 2; n <= 64; n *= 2) {
		for (size_t i = 0; i < n; i++) {
			re[i] = x[i] = random_part(&state);
			im[i] = y[i] = random_part(&state);
		}
		stats_fft_factors(wr, wi, n);
		stats_fft(re, im, n, wr, wi);
		for (size_t k = 0; k < n; k++) {
			double r = 0, m = 0;

			for (size_t i = 0; i < n; i++) {
				double w = -2 * PI * (double)(i * k) /
				    (double)n;

				r += x[i] * cos(w) - y[i] * sin(w);
				m += x[i] * sin(w) + y[i] * cos(w);
			}
			CHECK(fabs(r - re[k]) < 1e-12);
			CHECK(fabs(m - im[k]) < 1e-12);
		}
	}
}

TEST(autocorrelation_counts_only_pairs_that_exist)
{
	static double mask[50];
	struct arena a;
	const double *r;
	uint64_t state = 6;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < 50; i++) {
		mask[i] = test_random(&state) % 3 > 0;
		x[i] = mask[i] * random_part(&state);
	}
	r = stats_fft_autocorrelation(&a, x, mask, 50, 26, 5);
	CHECK(r != NULL);
	for (size_t k = 0; k < 26; k++) {
		double sum = 0, n = 0, square = 0, m = 0;

		for (size_t i = 0; i < 50; i++) {
			square += x[i] * x[i];
			m += mask[i];
			if (i + k < 50) {
				sum += x[i] * x[i + k];
				n += mask[i] * mask[i + k];
			}
		}
		CHECK(fabs(r[k] - (n < 4.5 ? 0 : sum / n / (square / m))) <
		    1e-12);
	}
	a.fail_at = a.alloc_n;
	CHECK(stats_fft_autocorrelation(&a, x, mask, 50, 26, 5) == NULL);
	arena_free(&a);
}

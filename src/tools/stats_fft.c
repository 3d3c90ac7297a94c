/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The discrete Fourier transform, radix 2, decimation in time (Cooley and
 * Tukey 1965), and autocorrelation as the transform of the power spectrum
 * (Wiener and Khinchin). Series and mask share one transform as its real and
 * its imaginary part; so do the two spectra on the way back, because both
 * are even.
 */
#include "tools/stats_fft.h"

#include <stdint.h>

#define PI 3.14159265358979323846

/* see stats_fft.h */
void
stats_fft_turn(double part, double *c, double *s)
{
	size_t quarter = (size_t)(part * 4);
	double x = part * 4 - (double)quarter;
	bool mirror = x > 0.5;
	double square, term = 1;

	x = PI / 2 * (mirror ? 1 - x : x);
	square = x * x;
	*c = 1;
	*s = 1;
	/* Taylor's series: at 45 degrees the eighth terms are below 1e-16. */
	for (int n = 2; n < 18; n += 2) {
		term *= -square / (n * (n - 1));
		*c += term;
		*s += term / (n + 1);
	}
	*s *= x;
	/* Mirrored at 45 degrees they change places; a quarter further, too,
	 * and then the cosine is negative. */
	for (size_t swap_n = quarter % 4 + mirror; swap_n > 0; swap_n--) {
		double old = *c;

		*c = mirror ? *s : -*s;
		*s = old;
		mirror = false;
	}
}

/* see stats_fft.h */
void
stats_fft_factors(double *wr, double *wi, size_t n)
{
	wr[0] = 1;
	wi[0] = 0;
	/* Doubling keeps the error at the logarithm of n roundings. */
	for (size_t half = 1; half < n / 2; half *= 2) {
		double c, s;

		stats_fft_turn((double)half / (double)n, &c, &s);
		s = -s;
		for (size_t k = 0; k < half; k++) {
			wr[half + k] = wr[k] * c - wi[k] * s;
			wi[half + k] = wr[k] * s + wi[k] * c;
		}
	}
}

static void
reverse_bits(double *re, double *im, size_t n)
{
	size_t j = 0;

	for (size_t i = 1; i < n; i++) {
		size_t bit = n / 2;

		while (j & bit) {
			j ^= bit;
			bit /= 2;
		}
		j ^= bit;
		if (i < j) {
			double r = re[i], m = im[i];

			re[i] = re[j];
			im[i] = im[j];
			re[j] = r;
			im[j] = m;
		}
	}
}

/* The first two passes at once: their factors are 1 and -i. */
static void
quarters(double *re, double *im, size_t n)
{
	for (size_t i = 0; i < n; i += 4) {
		double ar = re[i] + re[i + 1], ai = im[i] + im[i + 1];
		double br = re[i] - re[i + 1], bi = im[i] - im[i + 1];
		double cr = re[i + 2] + re[i + 3], ci = im[i + 2] + im[i + 3];
		double dr = re[i + 2] - re[i + 3], di = im[i + 2] - im[i + 3];

		re[i] = ar + cr;
		im[i] = ai + ci;
		re[i + 1] = br + di;
		im[i + 1] = bi - dr;
		re[i + 2] = ar - cr;
		im[i + 2] = ai - ci;
		re[i + 3] = br - di;
		im[i + 3] = bi + dr;
	}
}

/* see stats_fft.h */
void
stats_fft(double *re, double *im, size_t n, const double *wr,
    const double *wi)
{
	size_t half = 1;

	reverse_bits(re, im, n);
	if (n >= 4) {
		quarters(re, im, n);
		half = 4;
	}
	for (; half < n; half *= 2) {
		size_t step = n / 2 / half;

		for (size_t at = 0; at < n; at += 2 * half) {
			for (size_t k = 0; k < half; k++) {
				size_t p = at + k;
				size_t q = p + half;
				double c = wr[k * step], s = wi[k * step];
				double r = re[q] * c - im[q] * s;
				double m = re[q] * s + im[q] * c;

				re[q] = re[p] - r;
				im[q] = im[p] - m;
				re[p] += r;
				im[p] += m;
			}
		}
	}
}

/* Power spectra of series and mask out of their shared transform: the real
 * one is the even part of X, the other one the odd part. */
static void
split_power(double *re, double *im, size_t n)
{
	for (size_t k = 0; k <= n / 2; k++) {
		size_t j = (n - k) & (n - 1);
		double xr = (re[k] + re[j]) / 2, xi = (im[k] - im[j]) / 2;
		double mr = (im[k] + im[j]) / 2, mi = (re[j] - re[k]) / 2;
		double x = xr * xr + xi * xi;
		double m = mr * mr + mi * mi;

		re[k] = re[j] = x;
		im[k] = im[j] = m;
	}
}

/* see stats_fft.h */
const double *
stats_fft_autocorrelation(struct arena *a, const double *x,
    const double *mask, size_t n, size_t lag_n, double pair_min)
{
	size_t size = 2;
	double *re, *im, *wr, *wi;
	double variance;

	while (size < n + lag_n) {
		size *= 2;
	}
	re = ARENA_ARRAY(a, size, double);
	im = ARENA_ARRAY(a, size, double);
	wr = ARENA_ARRAY(a, size / 2, double);
	wi = ARENA_ARRAY(a, size / 2, double);
	if (re == NULL || im == NULL || wr == NULL || wi == NULL) {
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		re[i] = x[i];
		im[i] = mask[i];
	}
	stats_fft_factors(wr, wi, size);
	stats_fft(re, im, size, wr, wi);
	split_power(re, im, size);
	stats_fft(re, im, size, wr, wi);
	variance = im[0] > 0 ? re[0] / im[0] : 0;
	for (size_t k = 0; k < lag_n; k++) {
		bool ok = im[k] / (double)size >= pair_min && variance > 0;

		re[k] = ok ? re[k] / im[k] / variance : 0;
	}
	return re;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The discrete Fourier transform, and autocorrelation by it.
 */
#ifndef TOOLS_STATS_FFT_H
#define TOOLS_STATS_FFT_H

#include <stddef.h>

#include "base/arena.h"

/* Cosine and sine of a part of a whole turn, from 0 to some turns, to within
 * two units of the last place of 1. The C library's would bring 7 KB for angles
 * of any size. */
void stats_fft_turn(double part, double *c, double *s);
/* Transforms n complex numbers in place, n a power of two: X[k] = sum of
 * x[j] exp(-2 pi i j k / n). wr, wi: n / 2 factors of stats_fft_factors(). */
void stats_fft(double *re, double *im, size_t n, const double *wr,
    const double *wi);
/* Fills the n / 2 factors exp(-2 pi i k / n) of a transform of n. */
void stats_fft_factors(double *wr, double *wi, size_t n);
/* Autocorrelation of x with holes: out[k] for k < lag_n is the mean of
 * x[i] x[i + k] over the pairs of which both exist, divided by out[0]; 0 where
 * fewer than pair_min pairs do. x holds 0 where mask is 0 and should have mean
 * 0. Takes about 64 bytes of scratch for every number. NULL: out of memory. */
const double *stats_fft_autocorrelation(struct arena *a, const double *x,
    const double *mask, size_t n, size_t lag_n, double pair_min) MUST_USE;

#endif

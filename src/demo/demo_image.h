/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GetMetricWidgetImage of the demo account: a small but real PNG. Drawn are
 * the first metric of the widget and its first horizontal line, without text.
 * The image is stored, not compressed, with two bits a pixel (PNG, third
 * edition; RFC 1950, RFC 1951 3.2.4).
 */
#ifndef DEMO_DEMO_IMAGE_H
#define DEMO_DEMO_IMAGE_H

#include "demo/demo_answer.h"

demo_answer_fn demo_image_draw; /* GetMetricWidgetImage */

#endif

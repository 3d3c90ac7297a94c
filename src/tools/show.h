/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How AWS values look in every tool's answer: times in RFC 3339 UTC, dimensions
 * as name and value, null for what AWS did not say. A missing or odd member of
 * an AWS answer costs that member only, never the listing it stands in.
 */
#ifndef TOOLS_SHOW_H
#define TOOLS_SHOW_H

#include <stdint.h>

#include "base/str.h"
#include "proto/json.h"

/* Milliseconds since 1970 as a string member. */
void show_time(struct json_writer *out, struct str key, int64_t ms);
/* An AWS time given in seconds (a JSON number, fractions allowed). */
void show_seconds(struct json_writer *out, struct str key,
    const struct json *seconds);
/* An AWS time given in milliseconds. */
void show_millis(struct json_writer *out, struct str key,
    const struct json *millis);
/* Reads an AWS time in seconds as milliseconds; false when it is none. */
bool show_read_seconds(const struct json *seconds, int64_t *ms);
/* A string member of an AWS object under our name; null when missing. */
void show_string(struct json_writer *out, struct str key,
    const struct json *aws, struct str member);
/* A number member of an AWS object under our name; null when missing. */
void show_number(struct json_writer *out, struct str key,
    const struct json *aws, struct str member);
/* [{Name, Value}] of AWS as [{"name","value"}]; [] when missing. */
void show_dimensions(struct json_writer *out, struct str key,
    const struct json *dimensions);
/* Strings of an array under key; [] when missing. */
void show_strings(struct json_writer *out, struct str key,
    const struct json *strings);

#endif

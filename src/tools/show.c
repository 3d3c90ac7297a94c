/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AWS values in our answers.
 */
#include "tools/show.h"

#include "base/timefmt.h"

/* see show.h */
void
show_time(struct json_writer *out, struct str key, int64_t ms)
{
	char text[32];
	struct buf b = buf_fixed(text, sizeof(text));

	timefmt_iso(&b, ms);
	json_put_string(out, key, buf_str(&b));
}

/* see show.h */
bool
show_read_seconds(const struct json *seconds, int64_t *ms)
{
	double value;

	if (!json_f64(seconds, &value) || value < 0 ||
	    value > (double)TIMEFMT_MAX_MS / 1000) {
		return false;
	}
	*ms = (int64_t)(value * 1000 + 0.5);
	return true;
}

/* see show.h */
void
show_seconds(struct json_writer *out, struct str key,
    const struct json *seconds)
{
	int64_t ms;

	if (show_read_seconds(seconds, &ms)) {
		show_time(out, key, ms);
	} else {
		json_put_value(out, key, NULL);
	}
}

/* see show.h */
void
show_millis(struct json_writer *out, struct str key,
    const struct json *millis)
{
	int64_t ms;

	if (json_i64(millis, 0, TIMEFMT_MAX_MS, &ms)) {
		show_time(out, key, ms);
	} else {
		json_put_value(out, key, NULL);
	}
}

/* see show.h */
void
show_string(struct json_writer *out, struct str key, const struct json *aws,
    struct str member)
{
	json_put_string_or_null(out, key, json_str(json_get(aws, member)));
}

/* see show.h */
void
show_number(struct json_writer *out, struct str key, const struct json *aws,
    struct str member)
{
	const struct json *v = json_get(aws, member);

	json_put_value(out, key, json_is(v, JSON_NUMBER) ? v : NULL);
}

/* see show.h */
void
show_dimensions(struct json_writer *out, struct str key,
    const struct json *dimensions)
{
	json_key(out, key);
	json_begin_array(out);
	for (const struct json *d = json_at(dimensions, 0); d != NULL;
	    d = d->next) {
		json_begin_object(out);
		show_string(out, S("name"), d, S("Name"));
		show_string(out, S("value"), d, S("Value"));
		json_end_object(out);
	}
	json_end_array(out);
}

/* see show.h */
void
show_strings(struct json_writer *out, struct str key,
    const struct json *strings)
{
	json_key(out, key);
	json_begin_array(out);
	for (const struct json *v = json_at(strings, 0); v != NULL;
	    v = v->next) {
		struct str s = json_str(v);

		if (s.p != NULL) {
			json_string(out, s);
		}
	}
	json_end_array(out);
}

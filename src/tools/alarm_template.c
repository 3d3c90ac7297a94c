/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An alarm as text that creates it.
 *
 * HCL strings (Terraform language, "Strings and Templates"): backslash, quote
 * and control characters are escaped, and the "${" and "%{" that would begin a
 * template are doubled.
 */
#include "tools/alarm_template.h"

/* Room for a key and what is put behind it. */
#define KEY_SIZE (ALARM_TEMPLATE_KEY_MAX + 1)
/* CloudFormation's suffix that leaves room for "AnomalyDetector". */
#define SUFFIX_MAX ((size_t)40)

/* First and last of ranges of letters beyond ASCII, as code points: Latin,
 * Greek, Cyrillic, Armenian to Thai, kana, Han, Hangul. */
static const uint32_t letters[][2] = {
	{ 0xC0, 0xD6 }, { 0xD8, 0xF6 }, { 0xF8, 0x2AF }, { 0x370, 0x373 },
	{ 0x386, 0x386 }, { 0x388, 0x481 }, { 0x48A, 0x556 },
	{ 0x561, 0x587 }, { 0x5D0, 0x5EA }, { 0x620, 0x64A },
	{ 0x904, 0x939 }, { 0xE01, 0xE30 }, { 0x1E00, 0x1FBC },
	{ 0x3041, 0x3096 }, { 0x30A1, 0x30FA }, { 0x3400, 0x4DBF },
	{ 0x4E00, 0x9FFF }, { 0xAC00, 0xD7A3 },
};

/* Bytes of the letter or digit that s begins with; *skip is how many to pass
 * over when it is none. */
static size_t
letter_len(struct str s, size_t *skip)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC0 ? 2 : 1;
	uint32_t code = p[0] & (len == 2 ? 0x1FU : 0x0FU);

	*skip = 1;
	if (len == 1 || len > s.len) {
		return str_is_alnum(s.p[0]) ? 1 : 0;
	}
	*skip = len;
	for (size_t i = 1; i < len; i++) {
		code = code << 6 | (p[i] & 0x3FU);
	}
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (len < 4 && code >= letters[i][0] && code <= letters[i][1]) {
			return len;
		}
	}
	return 0;
}

/* see alarm_template.h */
void
alarm_template_sanitise(struct buf *out, struct str text)
{
	size_t start = out->len;

	for (size_t at = 0; at < text.len;) {
		size_t skip;
		size_t len = letter_len(str_sub(text, at, text.len), &skip);

		if (len > 0 && out->len == start && len == 1 &&
		    str_is_digit(text.p[at])) {
			buf_add(out, S("Resource"));
		}
		if (out->len - start + len > ALARM_TEMPLATE_KEY_MAX) {
			return;
		}
		buf_add(out, str_sub(text, at, at + len));
		at += skip;
	}
	if (out->len == start) {
		buf_add(out, S("Resource"));
	}
}

static struct str
either(const struct json *d, struct str ours, struct str theirs)
{
	return json_get_str(d, ours, json_get_str(d, theirs, S("")));
}

static struct str
dimension_name(const struct json *d)
{
	return either(d, S("name"), S("Name"));
}

static struct str
dimension_value(const struct json *d)
{
	return either(d, S("value"), S("Value"));
}

/* see alarm_template.h */
void
alarm_template_key(struct buf *out, struct str namespace,
    struct str metric_name, const struct json *dimensions)
{
	const struct json *d = json_at(dimensions, 0);
	char text[4 * KEY_SIZE];
	struct buf b = buf_fixed(text, sizeof(text));

	for (size_t at = 0; at < namespace.len;) {
		size_t next = str_find(namespace, S("AWS/"), at);

		buf_add(&b, str_sub(namespace, at, next));
		at = next + 4;
	}
	buf_add(&b, str_sub(metric_name, 0, KEY_SIZE));
	buf_add(&b, str_sub(dimension_name(d), 0, KEY_SIZE));
	buf_add(&b, str_sub(dimension_value(d), 0, KEY_SIZE));
	alarm_template_sanitise(out, buf_str(&b));
}

/* The key, shortened so that a suffix fits, and the number. */
static struct str
key_of(const struct alarm_template *t, char text[static KEY_SIZE])
{
	struct buf b = buf_fixed(text, KEY_SIZE);

	alarm_template_key(&b, t->namespace, t->metric_name, t->dimensions);
	if (b.len > ALARM_TEMPLATE_KEY_MAX - SUFFIX_MAX) {
		size_t len = ALARM_TEMPLATE_KEY_MAX - SUFFIX_MAX;

		/* Not within a character. */
		while ((text[len] & 0xC0) == 0x80) {
			len--;
		}
		buf_cut(&b, len);
	}
	if (t->number > 1) {
		buf_add_u64(&b, t->number);
	}
	return buf_str(&b);
}

static bool
is_plain(struct str statistic)
{
	static const struct str plain[] = { STR_INIT("Average"),
		STR_INIT("Sum"), STR_INIT("Minimum"), STR_INIT("Maximum"),
		STR_INIT("SampleCount") };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (str_eq(statistic, plain[i])) {
			return true;
		}
	}
	return false;
}

/* ---- CloudFormation ---- */

static void
put_dimensions(struct json_writer *out, const struct alarm_template *t)
{
	const struct json *d = json_at(t->dimensions, 0);

	json_key(out, S("Dimensions"));
	json_begin_array(out);
	for (; d != NULL; d = d->next) {
		json_begin_object(out);
		json_put_string(out, S("Name"), dimension_name(d));
		json_put_string(out, S("Value"), dimension_value(d));
		json_end_object(out);
	}
	json_end_array(out);
}

static void
put_metric(struct json_writer *out, const struct alarm_template *t)
{
	json_put_string(out, S("MetricName"), t->metric_name);
	json_put_string(out, S("Namespace"), t->namespace);
}

/* Opens "<key><suffix>":{"Type":type. */
static void
begin_resource(struct json_writer *out, struct str key, struct str suffix,
    struct str type)
{
	char text[ALARM_TEMPLATE_KEY_MAX + 1];
	struct buf b = buf_fixed(text, sizeof(text));

	buf_add(&b, key);
	buf_add(&b, suffix);
	json_key(out, buf_str(&b));
	json_begin_object(out);
	json_put_string(out, S("Type"), type);
}

static void
put_detector(struct json_writer *out, const struct alarm_template *t,
    struct str key)
{
	begin_resource(out, key, S("AnomalyDetector"),
	    S("AWS::CloudWatch::AnomalyDetector"));
	json_key(out, S("Properties"));
	json_begin_object(out);
	put_metric(out, t);
	json_put_string(out, S("Stat"), t->statistic);
	put_dimensions(out, t);
	json_end_object(out);
	json_end_object(out);
}

static struct str
band_text(const struct alarm_template *t, struct buf *b)
{
	buf_addf(b, "ANOMALY_DETECTION_BAND(m1, %s)",
	    str_sub(t->sensitivity, 0, 32));
	return buf_str(b);
}

static void
put_band(struct json_writer *out, const struct alarm_template *t)
{
	char text[80];
	struct buf b = buf_fixed(text, sizeof(text));

	json_key(out, S("Metrics"));
	json_begin_array(out);
	json_begin_object(out);
	json_put_string(out, S("Expression"), band_text(t, &b));
	json_put_string(out, S("Id"), S("ad1"));
	json_end_object(out);
	json_begin_object(out);
	json_put_string(out, S("Id"), S("m1"));
	json_key(out, S("MetricStat"));
	json_begin_object(out);
	json_key(out, S("Metric"));
	json_begin_object(out);
	put_metric(out, t);
	put_dimensions(out, t);
	json_end_object(out);
	json_put_string(out, S("Stat"), t->statistic);
	json_put_integer(out, S("Period"), t->period_s);
	json_end_object(out);
	json_end_object(out);
	json_end_array(out);
}

static void
put_static(struct json_writer *out, const struct alarm_template *t)
{
	put_metric(out, t);
	put_dimensions(out, t);
	json_put_string(out, is_plain(t->statistic) ? S("Statistic") :
	    S("ExtendedStatistic"), t->statistic);
	json_put_integer(out, S("Period"), t->period_s);
	if (t->threshold.p != NULL) {
		json_put_raw(out, S("Threshold"), t->threshold);
	} else {
		json_key(out, S("Threshold"));
		json_begin_object(out);
		json_put_string(out, S("Ref"), S("Threshold"));
		json_end_object(out);
	}
}

static void
put_parameter(struct json_writer *out, const struct alarm_template *t)
{
	json_key(out, S("Parameters"));
	json_begin_object(out);
	json_key(out, S("Threshold"));
	json_begin_object(out);
	json_put_string(out, S("Type"), S("Number"));
	if (t->depends.len > 0) {
		json_put_string(out, S("Description"), t->depends);
	}
	json_end_object(out);
	json_end_object(out);
}

/* see alarm_template.h */
void
alarm_template_cloudformation(struct json_writer *out,
    const struct alarm_template *t)
{
	char text[KEY_SIZE];
	struct str key = key_of(t, text);
	bool band = t->sensitivity.p != NULL;

	json_begin_object(out);
	json_put_string(out, S("AWSTemplateFormatVersion"), S("2010-09-09"));
	json_put_string(out, S("Description"), band ?
	    S("CloudWatch Alarms and Anomaly Detectors") :
	    S("CloudWatch Alarms"));
	if (!band && t->threshold.p == NULL) {
		put_parameter(out, t);
	}
	json_key(out, S("Resources"));
	json_begin_object(out);
	if (band) {
		put_detector(out, t, key);
	}
	begin_resource(out, key, S("Alarm"), S("AWS::CloudWatch::Alarm"));
	if (band) {
		char name[ALARM_TEMPLATE_KEY_MAX + 1];
		struct buf b = buf_fixed(name, sizeof(name));

		buf_addf(&b, "%sAnomalyDetector", key);
		json_put_string(out, S("DependsOn"), buf_str(&b));
	}
	json_key(out, S("Properties"));
	json_begin_object(out);
	json_put_string(out, S("AlarmDescription"), t->description);
	if (band) {
		put_band(out, t);
	} else {
		put_static(out, t);
	}
	json_put_integer(out, S("EvaluationPeriods"), t->evaluation_n);
	json_put_integer(out, S("DatapointsToAlarm"), t->datapoint_n);
	if (band) {
		json_put_string(out, S("ThresholdMetricId"), S("ad1"));
	}
	json_put_string(out, S("ComparisonOperator"), t->comparison);
	json_put_string(out, S("TreatMissingData"), t->missing_data);
	json_end_object(out);
	json_end_object(out);
	json_end_object(out);
	json_end_object(out);
}

/* ---- Terraform ---- */

static void
put_hcl(struct buf *out, struct str s)
{
	static const char hex[] = "0123456789abcdef";

	buf_add_byte(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool next = i + 1 < s.len && s.p[i + 1] == '{';

		if (c == '"' || c == '\\') {
			buf_add_byte(out, '\\');
			buf_add_byte(out, c);
		} else if (c == '\n') {
			buf_add(out, S("\\n"));
		} else if ((unsigned char)c < 0x20 || c == 0x7f) {
			buf_add(out, S("\\u00"));
			buf_add_byte(out, hex[(unsigned char)c >> 4]);
			buf_add_byte(out, hex[c & 15]);
		} else {
			if ((c == '$' || c == '%') && next) {
				buf_add_byte(out, c);
			}
			buf_add_byte(out, c);
		}
	}
	buf_add_byte(out, '"');
}

/* "<indent>name = "; names stand in columns as terraform fmt wants them. */
static void
put_name(struct buf *out, size_t indent, struct str name, size_t width)
{
	buf_fill(out, ' ', indent);
	buf_add(out, name);
	buf_fill(out, ' ', width > name.len ? width - name.len : 0);
	buf_add(out, S(" = "));
}

static void
put_text(struct buf *out, size_t indent, struct str name, size_t width,
    struct str value)
{
	put_name(out, indent, name, width);
	put_hcl(out, value);
	buf_add_byte(out, '\n');
}

static void
put_number(struct buf *out, size_t indent, struct str name, size_t width,
    int64_t value)
{
	put_name(out, indent, name, width);
	buf_add_i64(out, value);
	buf_add_byte(out, '\n');
}

static void
put_hcl_dimensions(struct buf *out, size_t indent,
    const struct alarm_template *t)
{
	const struct json *d = json_at(t->dimensions, 0);

	if (d == NULL) {
		return;
	}
	buf_fill(out, ' ', indent);
	buf_add(out, S("dimensions = {\n"));
	for (; d != NULL; d = d->next) {
		buf_fill(out, ' ', indent + 2);
		put_hcl(out, dimension_name(d));
		buf_add(out, S(" = "));
		put_hcl(out, dimension_value(d));
		buf_add_byte(out, '\n');
	}
	buf_fill(out, ' ', indent);
	buf_add(out, S("}\n"));
}

static void
put_hcl_band(struct buf *out, const struct alarm_template *t)
{
	char text[80];
	struct buf b = buf_fixed(text, sizeof(text));

	buf_add(out, S("\n  metric_query {\n"));
	put_text(out, 4, S("id"), 11, S("ad1"));
	put_text(out, 4, S("expression"), 11, band_text(t, &b));
	put_text(out, 4, S("label"), 11, S("expected"));
	buf_add(out, S("    return_data = true\n  }\n\n  metric_query {\n"));
	put_text(out, 4, S("id"), 11, S("m1"));
	buf_add(out, S("    return_data = true\n\n    metric {\n"));
	put_text(out, 6, S("namespace"), 11, t->namespace);
	put_text(out, 6, S("metric_name"), 11, t->metric_name);
	put_text(out, 6, S("stat"), 11, t->statistic);
	put_number(out, 6, S("period"), 11, t->period_s);
	put_hcl_dimensions(out, 6, t);
	buf_add(out, S("    }\n  }\n"));
}

static void
put_hcl_static(struct buf *out, const struct alarm_template *t, struct str key)
{
	put_text(out, 2, S("namespace"), 19, t->namespace);
	put_text(out, 2, S("metric_name"), 19, t->metric_name);
	put_text(out, 2, is_plain(t->statistic) ? S("statistic") :
	    S("extended_statistic"), 19, t->statistic);
	put_number(out, 2, S("period"), 19, t->period_s);
	put_name(out, 2, S("threshold"), 19);
	if (t->threshold.p != NULL) {
		buf_addf(out, "%s\n", t->threshold);
	} else {
		buf_addf(out, "var.%s_threshold\n", key);
	}
	put_hcl_dimensions(out, 2, t);
}

/* see alarm_template.h */
void
alarm_template_terraform(struct buf *out, const struct alarm_template *t)
{
	char text[KEY_SIZE];
	struct str key = key_of(t, text);
	bool band = t->sensitivity.p != NULL;

	if (!band && t->threshold.p == NULL) {
		buf_addf(out, "variable \"%s_threshold\" {\n", key);
		buf_add(out, S("  type        = number\n"));
		put_text(out, 2, S("description"), 11, t->depends.len > 0 ?
		    t->depends : S("threshold of the alarm"));
		buf_add(out, S("}\n\n"));
	}
	buf_addf(out, "resource \"aws_cloudwatch_metric_alarm\" \"%s\" {\n",
	    key);
	put_text(out, 2, S("alarm_name"), 19, key);
	put_text(out, 2, S("alarm_description"), 19, t->description);
	put_text(out, 2, S("comparison_operator"), 19, t->comparison);
	put_number(out, 2, S("evaluation_periods"), 19, t->evaluation_n);
	put_number(out, 2, S("datapoints_to_alarm"), 19, t->datapoint_n);
	put_text(out, 2, S("treat_missing_data"), 19, t->missing_data);
	if (band) {
		put_text(out, 2, S("threshold_metric_id"), 19, S("ad1"));
		put_hcl_band(out, t);
	} else {
		put_hcl_static(out, t, key);
	}
	buf_add(out, S("}\n"));
}

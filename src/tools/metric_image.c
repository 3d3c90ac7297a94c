/* SPDX-License-Identifier: Apache-2.0 */
/*
 * get_metric_image: a graph as CloudWatch draws it, for people and models that
 * see, with the same series in words beside it for those that do not.
 *
 * An image costs a model far more than the numbers, so the tool is offered
 * only where the operator asks for it (see tools_select()). The result has two
 * content blocks, image/png and text; the text is also structuredContent. Each
 * half may fail by itself and the other still is an answer.
 */
#include "tools/tools.h"

#include "base/enc.h"
#include "base/limits.h"
#include "tools/ask.h"
#include "tools/metric_query.h"
#include "tools/series.h"
#include "tools/show.h"
#include "tools/spark.h"
#include "tools/stats.h"

/* Datapoints of the graph unless a period is given: one for two pixels. */
#define POINTS_WANTED 300
/* How every PNG begins, in base64 (its eight bytes of signature). */
#define PNG_BEGIN "iVBORw0KGgo"
/* Bytes of the text: members of bounded length and 30 dimensions. */
#define TEXT_MAX ((size_t)128 * 1024)

struct image {
	struct call *c;
	struct ask q;
	struct series_query metric;
	int64_t start_ms, end_ms;
	struct str png;          /* base64; absent: there is none */
	struct str png_error;    /* absent: none */
	struct str series_error;
	struct series_data series;
};

/* The graph as CloudWatch is asked for it ("GetMetricWidgetImage: metric
 * widget structure and syntax" in its API reference). */
static void
put_widget(const struct image *m, struct json_writer *w)
{
	const struct json *d = json_at(m->metric.dimensions, 0);

	json_begin_object(w);
	json_key(w, S("metrics"));
	json_begin_array(w);
	json_begin_array(w);
	json_string(w, m->metric.namespace);
	json_string(w, m->metric.metric_name);
	for (; d != NULL; d = d->next) {
		json_string(w, json_get_str(d, S("name"), S("")));
		json_string(w, json_get_str(d, S("value"), S("")));
	}
	json_begin_object(w);
	json_put_string(w, S("stat"),
	    metric_query_statistic(m->metric.statistic));
	json_end_object(w);
	json_end_array(w);
	json_end_array(w);
	json_put_integer(w, S("period"), m->metric.period_s);
	show_time(w, S("start"), m->start_ms);
	show_time(w, S("end"), m->end_ms);
	json_put_integer(w, S("width"), tool_arg_i64(m->c, S("width")));
	json_put_integer(w, S("height"), tool_arg_i64(m->c, S("height")));
	json_put_string(w, S("timezone"), S("+0000"));
	if (tool_arg(m->c, S("threshold")) != NULL) {
		json_key(w, S("annotations"));
		json_begin_object(w);
		json_key(w, S("horizontal"));
		json_begin_array(w);
		json_begin_object(w);
		json_put_string(w, S("label"), S("threshold"));
		json_put_double(w, S("value"),
		    tool_arg_f64(m->c, S("threshold")));
		json_end_object(w);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_object(w);
}

/* What failed as a sentence of its own; an error that ends the call stays. */
static enum err
keep(struct image *m, enum err err, struct str *why)
{
	if (err == ERR_OK || err == ERR_CANCELLED || err == ERR_NOMEM) {
		return err;
	}
	*why = str_dup(m->c->arena, fail_text(m->c->fail));
	fail_clear(m->c->fail);
	return ERR_OK;
}

static enum err
fetch_image(struct image *m)
{
	struct buf widget = buf_in(m->c->arena, HTTP_BODY_MAX / 4);
	struct json_writer w = json_writer(&widget);
	struct json_writer *body;
	const struct json *reply;
	struct str png;
	enum err err;

	put_widget(m, &w);
	body = ask_body(&m->q);
	json_put_string(body, S("MetricWidget"), buf_str(&widget));
	err = ask_send(&m->q, ENDPOINT_CLOUDWATCH, S("GetMetricWidgetImage"),
	    &reply);
	if (err != ERR_OK) {
		return keep(m, err, &m->png_error);
	}
	png = json_get_str(reply, S("MetricWidgetImage"), S(""));
	if (!str_starts(png, S(PNG_BEGIN))) {
		m->png_error = S("CloudWatch's answer holds no PNG image");
	} else if (png.len > METRIC_IMAGE_MAX) {
		m->png_error = S("the image is larger than 1 MiB; ask for a "
		    "smaller width and height");
	} else {
		m->png = png;
	}
	return ERR_OK;
}

static void
put_series(struct json_writer *w, const struct image *m)
{
	const struct series_data *s = &m->series;
	struct spark_scale scale = spark_scale_of(s->points, s->n);
	char line[SPARK_LEN_MAX];
	struct buf spark = buf_fixed(line, sizeof(line));
	double sum = 0;

	json_put_integer(w, S("datapoints"), (int64_t)s->n);
	for (size_t i = 0; i < s->n; i++) {
		sum += s->points[i].value / (double)s->n;
	}
	spark_draw(&spark, s->points, s->n, m->start_ms, m->end_ms,
	    m->metric.period_s * 1000, SPARK_WIDTH_MAX, scale);
	if (s->n == 0) {
		return;
	}
	json_put_double(w, S("min"), scale.min);
	json_put_double(w, S("max"), scale.max);
	json_put_double(w, S("mean"), stats_round(sum, 9));
	json_put_double(w, S("last"), s->points[s->n - 1].value);
	show_time(w, S("last_time"), s->points[s->n - 1].at_ms);
	json_put_string(w, S("sparkline"), buf_str(&spark));
}

/* The graph in words. */
static void
put_text(struct image *m, struct json_writer *w)
{
	json_begin_object(w);
	json_put_string(w, S("namespace"), m->metric.namespace);
	json_put_string(w, S("metric_name"), m->metric.metric_name);
	json_key(w, S("dimensions"));
	if (m->metric.dimensions != NULL) {
		json_value(w, m->metric.dimensions);
	} else {
		json_raw(w, S("[]"));
	}
	json_put_string(w, S("statistic"),
	    metric_query_statistic(m->metric.statistic));
	json_put_integer(w, S("period"), m->metric.period_s);
	show_time(w, S("start_time"), m->start_ms);
	show_time(w, S("end_time"), m->end_ms);
	if (m->series_error.p != NULL) {
		json_put_string(w, S("series_error"), m->series_error);
	} else {
		put_series(w, m);
	}
	if (m->png_error.p != NULL) {
		json_put_string(w, S("image_error"), m->png_error);
	} else {
		json_put_integer(w, S("image_bytes"),
		    (int64_t)(m->png.len / 4 * 3));
	}
	json_put_string_or_null(w, S("message"), m->series_error.p == NULL &&
	    m->series.n == 0 ? S("No datapoints: check the dimensions "
	    "(list_metrics) and the window.") : STR_NONE);
	ask_origin(&m->q, w);
	json_end_object(w);
}

static enum err
write_result(struct image *m)
{
	struct json_writer *out = m->c->out;
	struct buf text = buf_in(m->c->arena, TEXT_MAX);
	struct json_writer w = json_writer(&text);

	put_text(m, &w);
	if (!buf_ok(&text)) {
		return fail_set(m->c->fail, ERR_NOMEM, 0, STR_NONE);
	}
	json_begin_object(out);
	json_key(out, S("content"));
	json_begin_array(out);
	if (m->png.p != NULL) {
		json_begin_object(out);
		json_put_string(out, S("type"), S("image"));
		json_put_string(out, S("data"), m->png);
		json_put_string(out, S("mimeType"), S("image/png"));
		json_end_object(out);
	}
	json_begin_object(out);
	json_put_string(out, S("type"), S("text"));
	json_put_string(out, S("text"), buf_str(&text));
	json_end_object(out);
	json_end_array(out);
	json_put_raw(out, S("structuredContent"), buf_str(&text));
	json_end_object(out);
	return ERR_OK;
}

static enum err
run(struct call *c)
{
	struct image m = { .c = c };
	enum err err;

	ask_begin(&m.q, c);
	m.end_ms = ask_time(&m.q, S("end_time"), ask_now_ms(&m.q));
	m.start_ms = ask_time(&m.q, S("start_time"),
	    m.end_ms - INT64_C(3) * 3600 * 1000);
	m.metric = series_query_of(c, tool_arg(c, S("period")) != NULL ?
	    tool_arg_i64(c, S("period")) : metric_query_period(m.start_ms,
	    m.end_ms, ask_now_ms(&m.q), POINTS_WANTED));
	err = ask_check_range(&m.q, m.start_ms, m.end_ms);
	if (err == ERR_OK) {
		err = series_check_statistic(c, m.metric.statistic);
	}
	if (err == ERR_OK) {
		err = fetch_image(&m);
	}
	if (err == ERR_OK) {
		err = keep(&m, series_fetch(&m.q, &m.metric, 1, m.start_ms,
		    m.end_ms, &m.series), &m.series_error);
	}
	if (err == ERR_OK && m.series_error.p != NULL && m.png.p == NULL) {
		return fail_set(c->fail, ERR_AWS_SERVICE, 0, m.png_error);
	}
	return err == ERR_OK ? write_result(&m) : err;
}

static const struct param params[] = {
	SERIES_PARAMS,
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: end - 3h") },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .text = STR_INIT("default: now") },
	{ .name = STR_INIT("period"), .type = PARAM_INTEGER, .min = 1,
	    .max = 86400 },
	{ .name = STR_INIT("threshold"), .type = PARAM_NUMBER,
	    .text = STR_INIT("draws a line there") },
	{ .name = STR_INIT("width"), .type = PARAM_INTEGER, .min = 100,
	    .max = 2000, .fallback = "600" },
	{ .name = STR_INIT("height"), .type = PARAM_INTEGER, .min = 60,
	    .max = 2000, .fallback = "300" },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_get_metric_image = {
	.name = STR_INIT("get_metric_image"),
	.title = STR_INIT("Metric image"),
	.description = STR_INIT("A graph of one metric as PNG, drawn by "
	    "CloudWatch, with least, greatest and last value beside it. Only "
	    "offered with CLOUDWATCH_MCP_IMAGES=true."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_IDEMPOTENT | TOOL_RAW_RESULT |
	    TOOL_OPT_IN,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"namespace\":{},\"metric_name\":{},"
	    "\"dimensions\":{\"type\":\"array\"},\"statistic\":{},"
	    "\"period\":{},\"start_time\":{},\"end_time\":{},"
	    "\"series_error\":{},\"datapoints\":{},\"min\":{},\"max\":{},"
	    "\"mean\":{},\"last\":{},\"last_time\":{},\"sparkline\":{},"
	    "\"image_error\":{},\"image_bytes\":{},\"message\":{},"
	    ASK_SCHEMA "}}"),
	.run = run,
};

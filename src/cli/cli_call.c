/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch-mcp call TOOL ['JSON']
 */
#include "cli/cli.h"

#include "base/limits.h"
#include "base/timefmt.h"
#include "mcp/args.h"
#include "tools/spark.h"

/* ---- progress ---- */

/* One notifications/progress of the call as a line: what is done and how far
 * it is. A line that cannot be read is not worth a word. */
static bool
show_progress(struct mcp_message *m, struct str json)
{
	const struct cli_terminal *terminal = m->ctx;
	char text[CLI_STATUS_MAX];
	struct buf b = buf_fixed(text, sizeof(text));
	const struct json *params;
	struct json *v;
	double done, total;

	if (json_parse(m->arena, json, 0, &v, NULL) != ERR_OK) {
		return true;
	}
	params = json_get(v, S("params"));
	if (!json_f64(json_get(params, S("progress")), &done)) {
		return true;
	}
	buf_addf(&b, "%s: %d", args_short(json_get_str(params, S("message"),
	    S("working"))), (int64_t)done);
	if (json_f64(json_get(params, S("total")), &total)) {
		buf_addf(&b, " of %d", (int64_t)total);
	}
	terminal->status(terminal->ctx, buf_str(&b));
	return true;
}

/* ---- series ---- */

/* The points of a list of {timestamp, value or a statistic's name}; how many
 * there are goes to *n. NULL: it is no such list. */
static struct stats_point *
read_points(struct arena *a, const struct json *list, size_t *n)
{
	struct stats_point *points = ARENA_ARRAY(a, list->n,
	    struct stats_point);

	*n = 0;
	for (const struct json *v = list->child; v != NULL; v = v->next) {
		const struct json *number = json_get(v, S("value"));

		if (number == NULL) {
			for (number = v->child; number != NULL &&
			    number->type != JSON_NUMBER;) {
				number = number->next;
			}
		}
		if (points != NULL && json_f64(number, &points[*n].value) &&
		    timefmt_parse_iso(json_get_str(v, S("timestamp"),
		    STR_NONE), &points[*n].at_ms)) {
			++*n;
		}
	}
	return *n > 1 ? points : NULL;
}

static void
draw(struct buf *out, struct str label, struct stats_point *p, size_t n)
{
	struct spark_scale scale = spark_scale_of(p, n);
	int64_t period_ms = INT64_MAX;
	struct json_writer w;

	for (size_t i = 1; i < n; i++) {
		int64_t gap = p[i].at_ms - p[i - 1].at_ms;

		period_ms = gap > 0 && gap < period_ms ? gap : period_ms;
	}
	if (period_ms == INT64_MAX) {
		return;
	}
	buf_addf(out, "%s\n  ", label);
	spark_draw(out, p, n, p[0].at_ms, p[n - 1].at_ms + period_ms,
	    period_ms, SPARK_WIDTH_MAX, scale);
	buf_add(out, S("  "));
	w = json_writer(out);
	json_double(&w, scale.min);
	buf_add(out, S(" to "));
	w = json_writer(out);
	json_double(&w, scale.max);
	buf_add_byte(out, '\n');
}

/* Draws every list named datapoints. JSON_DEPTH_MAX bounds the walk. */
static void
draw_all(struct arena *a, struct buf *out, const struct json *v)
{
	const struct json *list = json_get(v, S("datapoints"));
	struct stats_point *points;
	size_t n;

	if (json_is(list, JSON_ARRAY)) {
		points = read_points(a, list, &n);
		if (points != NULL && stats_sort(a, points, n)) {
			draw(out, json_get_str(v, S("label"), S("series")),
			    points, n);
		}
		return;
	}
	for (const struct json *c = v->child; c != NULL; c = c->next) {
		draw_all(a, out, c);
	}
}

/* ---- the result ---- */

/* One value with its members a line each. JSON_DEPTH_MAX bounds the walk: the
 * tree was read by our own parser. */
static void
indent(struct buf *out, const struct json *v, unsigned depth)
{
	bool object = v->type == JSON_OBJECT;
	struct json_writer w;

	if ((!object && v->type != JSON_ARRAY) || v->child == NULL) {
		w = json_writer(out);
		json_value(&w, v);
		return;
	}
	buf_add_byte(out, object ? '{' : '[');
	for (const struct json *c = v->child; c != NULL; c = c->next) {
		buf_add_byte(out, '\n');
		buf_fill(out, ' ', (size_t)(depth + 1) * 2);
		if (object) {
			w = json_writer(out);
			json_string(&w, c->key);
			buf_add(out, S(": "));
		}
		indent(out, c, depth + 1);
		if (c->next != NULL) {
			buf_add_byte(out, ',');
		}
	}
	buf_add_byte(out, '\n');
	buf_fill(out, ' ', (size_t)depth * 2);
	buf_add_byte(out, object ? '}' : ']');
}

static int
show_result(struct mcp_message *m, bool drawn, struct buf *out,
    struct buf *err)
{
	const struct json *data, *text;
	struct json *result;

	if (json_parse(m->arena, m->reply, 0, &result, NULL) != ERR_OK) {
		buf_add(err, S("the result is too large for this command\n"));
		return CLI_FAILED;
	}
	text = json_get(json_at(json_get(result, S("content")), 0),
	    S("text"));
	if (json_get_bool(result, S("isError"), false)) {
		buf_addf(err, "%s\n", json_str(text));
		return CLI_FAILED;
	}
	data = json_get(result, S("structuredContent"));
	indent(out, data != NULL ? data : result, 0);
	buf_add_byte(out, '\n');
	if (drawn && data != NULL) {
		draw_all(m->arena, out, data);
	}
	return CLI_OK;
}

/* see cli.h */
int
cli_call(const struct mcp *mcp, struct mcp_message *m, struct str name,
    struct str arguments, struct cli_terminal *terminal,
    struct buf *out, struct buf *err)
{
	struct json *args = NULL;
	enum err e;
	struct fail f;

	fail_init(&f, m->arena);
	if (arguments.len > 0 && json_parse(m->arena, arguments,
	    JSON_REJECT_DUPLICATES, &args, &f) != ERR_OK) {
		buf_addf(err, "the arguments are not JSON: %s (at byte %u)\n",
		    fail_text(&f), (uint64_t)f.pos);
		return CLI_USAGE;
	}
	if (args != NULL && !json_is(args, JSON_OBJECT)) {
		buf_add(err, S("the arguments must be a JSON object, such as "
		    "'{\"region\": \"eu-central-1\"}'\n"));
		return CLI_USAGE;
	}
	if (terminal->status != NULL) {
		m->emit = show_progress;
		m->ctx = terminal;
	}
	e = mcp_call_tool(mcp, m, name, args, &f);
	if (terminal->status != NULL) {
		terminal->status(terminal->ctx, S(""));
	}
	if (e != ERR_OK) {
		buf_addf(err, "%s\n", fail_text(&f));
		return CLI_USAGE;
	}
	return show_result(m, terminal->draw, out, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyze_log_group: what is unusual in a log group, in one call: anomalies
 * that its detectors found, its most frequent patterns, and those of the lines
 * that speak of errors.
 *
 * The queries run at the same time and the anomalies are read meanwhile, all
 * with the region and the profile of the call. Each part may fail by itself and
 * then says why; the call fails when all of them do. An anomaly belongs to the
 * answer when it was seen in the window, is not suppressed and names the group.
 */
#include "tools/tools.h"

#include "base/timefmt.h"
#include "tools/ask.h"
#include "tools/log_row.h"
#include "tools/query_run.h"
#include "tools/show.h"

/* Rows of each query. */
#define PATTERN_N 5
/* Pages of detectors and of one detector's anomalies, 50 each. */
#define PAGE_MAX_N 20
/* A message or pattern in the answer. */
#define TEXT_MAX 1000
/* Buckets of one histogram: the newest ones. */
#define BUCKET_MAX_N 24

#define PATTERN_TAIL "pattern @message | sort @sampleCount desc | limit 5"

static const struct str queries[] = {
	STR_INIT(PATTERN_TAIL),
	STR_INIT("fields @timestamp, @message | filter @message like "
	    "/(?i)(error|exception|fail|timeout|fatal)/ | " PATTERN_TAIL),
};

struct analysis {
	struct call *c;
	struct ask q;
	struct rows rows;
	struct str arn;
	int64_t start_ms, end_ms;
	const struct json *pages[PAGE_MAX_N * 2]; /* of detectors, then of
	                          * anomalies */
	size_t detector_page_n, page_n;
	struct str error;        /* of the anomalies; absent: none */
	bool more;               /* pages were left */
};

/* ---- anomalies ---- */

/* Reads pages of a listing until there is no new token. */
static enum err
read_pages(struct analysis *a, struct str operation, struct str member,
    struct str value, size_t max)
{
	struct str token = STR_NONE, before;

	do {
		struct json_writer *body = ask_body(&a->q);
		const struct json *page;
		enum err err;

		if (a->page_n == max) {
			a->more = true;
			return ERR_OK;
		}
		before = token;
		json_put_string(body, member, value);
		json_put_integer(body, S("limit"), 50);
		if (str_eq(operation, S("ListAnomalies"))) {
			json_put_string(body, S("suppressionState"),
			    S("UNSUPPRESSED"));
		}
		if (token.p != NULL) {
			json_put_string(body, S("nextToken"), token);
		}
		err = ask_send(&a->q, ENDPOINT_LOGS, operation, &page);
		if (err != ERR_OK) {
			return err;
		}
		a->pages[a->page_n++] = page;
		token = json_get_str(page, S("nextToken"), STR_NONE);
	} while (token.len > 0 && !str_eq(token, before));
	return ERR_OK;
}

/* query_runs.meanwhile. ERR_CANCELLED, ERR_NOMEM end the call; the rest goes to
 * a->error. */
static enum err
read_anomalies(struct query_runs *all)
{
	struct analysis *a = all->ctx;
	enum err err;

	a->c->progress(a->c, 0, 0, S("reading anomalies"));
	err = read_pages(a, S("ListLogAnomalyDetectors"),
	    S("filterLogGroupArn"), a->arn, PAGE_MAX_N);

	a->detector_page_n = a->page_n;
	for (size_t i = 0; err == ERR_OK && i < a->detector_page_n; i++) {
		const struct json *d = json_at(json_get(a->pages[i],
		    S("anomalyDetectors")), 0);

		for (; err == ERR_OK && d != NULL; d = d->next) {
			struct str arn = json_get_str(d,
			    S("anomalyDetectorArn"), S(""));

			if (arn.len > 0) {
				err = read_pages(a, S("ListAnomalies"),
				    S("anomalyDetectorArn"), arn,
				    2 * PAGE_MAX_N);
			}
		}
	}
	if (err != ERR_OK && err != ERR_CANCELLED && err != ERR_NOMEM) {
		a->error = str_dup(a->c->arena, fail_text(a->c->fail));
		fail_clear(a->c->fail);
		err = ERR_OK;
	}
	return err;
}

static bool
names_group(const struct json *anomaly, struct str arn)
{
	const struct json *v = json_at(json_get(anomaly,
	    S("logGroupArnList")), 0);

	for (; v != NULL; v = v->next) {
		struct str s = json_str(v);

		if (str_eq(str_ends(s, S(":*")) ? str_sub(s, 0, s.len - 2) : s,
		    arn)) {
			return true;
		}
	}
	return false;
}

/* Seen in the window; a time that AWS does not say does not exclude. */
static bool
belongs(const struct analysis *a, const struct json *anomaly)
{
	int64_t first, last;

	if (json_get_bool(anomaly, S("suppressed"), false) ||
	    !names_group(anomaly, a->arn)) {
		return false;
	}
	if (json_i64(json_get(anomaly, S("firstSeen")), 0, TIMEFMT_MAX_MS,
	    &first) && first > a->end_ms) {
		return false;
	}
	return !json_i64(json_get(anomaly, S("lastSeen")), 0, TIMEFMT_MAX_MS,
	    &last) || last >= a->start_ms;
}

static void
put_text(struct json_writer *out, struct str key, const struct json *object,
    struct str member)
{
	struct str text = json_str(json_get(object, member));

	json_put_string_or_null(out, key, log_row_cut(text, TEXT_MAX));
}

/* The first of some log samples, as a list of one. Samples are objects, or
 * strings. */
static void
put_sample(struct json_writer *out, struct str key, const struct json *samples)
{
	const struct json *s = json_at(samples, 0);

	json_key(out, key);
	json_begin_array(out);
	if (json_is(s, JSON_OBJECT)) {
		json_begin_object(out);
		show_millis(out, S("timestamp"), json_get(s, S("timestamp")));
		put_text(out, S("message"), s, S("message"));
		json_end_object(out);
	} else if (json_is(s, JSON_STRING)) {
		json_string(out, log_row_cut(s->text, TEXT_MAX));
	}
	json_end_array(out);
}

/* {time: count}, the last buckets of it. */
static void
put_histogram(struct json_writer *out, const struct json *histogram)
{
	size_t skip = json_is(histogram, JSON_OBJECT) &&
	    histogram->n > BUCKET_MAX_N ? histogram->n - BUCKET_MAX_N : 0;
	const struct json *v = json_is(histogram, JSON_OBJECT) ?
	    histogram->child : NULL;

	json_key(out, S("histogram"));
	json_begin_object(out);
	for (; v != NULL; v = v->next) {
		char text[32];
		struct buf b = buf_fixed(text, sizeof(text));
		int64_t at_ms;

		if (skip > 0) {
			skip--;
			continue;
		}
		if (str_i64(v->key, 0, TIMEFMT_MAX_MS, &at_ms)) {
			timefmt_iso(&b, at_ms);
			json_put_value(out, buf_str(&b), v);
		}
	}
	json_end_object(out);
}

static void
show_anomaly(struct json_writer *out, const struct json *v)
{
	static const struct str texts[] = {
		STR_INIT("anomalyDetectorArn"), STR_INIT("description"),
		STR_INIT("priority"), STR_INIT("patternRegex"),
		STR_INIT("patternString"),
	};

	json_begin_object(out);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put_text(out, texts[i], v, texts[i]);
	}
	show_strings(out, S("logGroupArnList"), json_get(v,
	    S("logGroupArnList")));
	show_millis(out, S("firstSeen"), json_get(v, S("firstSeen")));
	show_millis(out, S("lastSeen"), json_get(v, S("lastSeen")));
	put_sample(out, S("logSamples"), json_get(v, S("logSamples")));
	put_histogram(out, json_get(v, S("histogram")));
	json_end_object(out);
}

static void
show_detector(struct json_writer *out, const struct json *v)
{
	static const struct str members[] = {
		STR_INIT("anomalyDetectorArn"), STR_INIT("detectorName"),
		STR_INIT("anomalyDetectorStatus"),
	};

	json_begin_object(out);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		put_text(out, members[i], v, members[i]);
	}
	json_end_object(out);
}

static void
show_anomalies(struct analysis *a)
{
	struct json_writer *out = a->c->out;
	bool fits = true;

	json_key(out, S("log_anomaly_results"));
	json_begin_object(out);
	rows_begin_share(&a->rows, S("anomaly_detectors"), 1, 8);
	for (size_t i = 0; i < a->detector_page_n && fits; i++) {
		const struct json *d = json_at(json_get(a->pages[i],
		    S("anomalyDetectors")), 0);

		for (; d != NULL && fits; d = d->next) {
			show_detector(out, d);
			fits = rows_fit(&a->rows);
		}
	}
	rows_end(&a->rows);
	rows_begin_share(&a->rows, S("anomalies"), 1, 2);
	fits = true;
	for (size_t i = a->detector_page_n; i < a->page_n && fits; i++) {
		const struct json *v = json_at(json_get(a->pages[i],
		    S("anomalies")), 0);

		for (; v != NULL && fits; v = v->next) {
			if (belongs(a, v)) {
				show_anomaly(out, v);
				fits = rows_fit(&a->rows);
			}
		}
	}
	rows_end(&a->rows);
	json_put_string_or_null(out, S("error"), a->error.p == NULL ?
	    STR_NONE : log_row_cut(a->error, TEXT_MAX));
	json_end_object(out);
}

/* ---- patterns ---- */

/* A row of a pattern query: without what is for drawing, with one sample. */
static void
show_pattern(struct analysis *a, const struct json *row)
{
	struct json_writer *out = a->c->out;

	json_begin_object(out);
	for (const struct json *cell = json_at(row, 0); cell != NULL;
	    cell = cell->next) {
		struct str field = json_get_str(cell, S("field"), S(""));
		struct str value = json_get_str(cell, S("value"), S(""));
		struct json *samples = NULL;

		if (str_eq(field, S("@tokens")) ||
		    str_eq(field, S("@visualization"))) {
			continue;
		}
		if (!str_eq(field, S("@logSamples"))) {
			json_put_string(out, field, log_row_cut(value,
			    TEXT_MAX));
			continue;
		}
		if (json_parse(a->c->arena, value, 0, &samples, NULL) !=
		    ERR_OK) {
			samples = NULL;
		}
		put_sample(out, field, samples);
	}
	json_end_object(out);
}

static struct str
query_words(const struct query_run *r)
{
	return r->state == QUERY_RUN_FAILED ? log_row_cut(fail_text(&r->fail),
	    TEXT_MAX) : r->state == QUERY_RUN_LATE ? S("The query is still "
	    "running in AWS. Fetch it with get_logs_insight_query_results.") :
	    STR_NONE;
}

/* One query's part of the answer, in the peer's form. */
static enum err
show_patterns(struct analysis *a, struct str key, struct query_run *r,
    size_t share)
{
	struct json_writer *out = a->c->out;
	bool fits = true;
	enum err err = ERR_OK;

	json_key(out, key);
	json_begin_object(out);
	json_put_string(out, S("queryId"), r->id.p != NULL ? r->id : S(""));
	json_put_string(out, S("status"), r->state == QUERY_RUN_COMPLETE ?
	    r->status : r->state == QUERY_RUN_LATE ? S("Polling Timeout") :
	    S("Error"));
	if (r->statistics.p != NULL) {
		json_put_raw(out, S("statistics"), r->statistics);
	}
	json_put_string_or_null(out, S("message"), query_words(r));
	rows_begin_share(&a->rows, S("results"), 1, share);
	while (r->state == QUERY_RUN_COMPLETE && fits) {
		const struct json *rows, *row;

		err = query_run_page(r, &rows);
		if (err != ERR_OK || rows == NULL) {
			break;
		}
		for (row = json_at(rows, 0); row != NULL && fits;
		    row = row->next) {
			show_pattern(a, row);
			fits = rows_fit(&a->rows);
		}
	}
	rows_end(&a->rows);
	json_end_object(out);
	return err == ERR_CANCELLED || err == ERR_NOMEM ?
	    fail_set(a->c->fail, err, 0, STR_NONE) : ERR_OK;
}

/* ---- the tool ---- */

static enum err
show(struct analysis *a, struct query_run runs[static 2])
{
	struct json_writer *out = a->c->out;
	bool failed = runs[0].state == QUERY_RUN_FAILED ||
	    runs[1].state == QUERY_RUN_FAILED || a->error.p != NULL;
	enum err err;

	rows_init(&a->rows, a->c);
	rows_reserve(&a->rows, 1000);
	json_begin_object(out);
	show_anomalies(a);
	err = show_patterns(a, S("top_patterns"), &runs[0], 2);
	if (err == ERR_OK) {
		err = show_patterns(a, S("top_patterns_containing_errors"),
		    &runs[1], 1);
	}
	if (err != ERR_OK) {
		return err;
	}
	query_run_put_cost(out, runs[0].scanned_bytes +
	    runs[1].scanned_bytes);
	rows_close(&a->rows, a->more, S("Shorten the window."), failed ?
	    S("A part of the analysis failed; its error or message says "
	    "why.") : STR_NONE);
	ask_origin(&a->q, out);
	json_end_object(out);
	return ERR_OK;
}

static enum err
work(struct analysis *a, struct query_run runs[static 2])
{
	struct call *c = a->c;
	struct query_runs all = { .c = c, .runs = runs, .n = 2, .cap = 2,
		.ctx = a, .meanwhile = read_anomalies };
	struct str group = tool_arg_str(c, S("log_group_arn"));
	struct buf b = buf_in(c->arena, 4096);
	struct json_writer w = json_writer(&b);
	struct json *groups;
	enum err err;

	a->arn = log_row_arn(&a->q, group);
	if (a->arn.p == NULL) {
		return fail_set(c->fail, ERR_ARGUMENT, 0, S("the account is "
		    "not known, so the log group has to be given as ARN"));
	}
	json_begin_array(&w);
	json_string(&w, a->arn);
	json_end_array(&w);
	err = buf_ok(&b) ? json_parse(c->arena, buf_str(&b), 0, &groups,
	    c->fail) : ERR_NOMEM;
	if (err != ERR_OK) {
		return fail_set(c->fail, err, 0, STR_NONE);
	}
	for (size_t i = 0; i < 2; i++) {
		runs[i] = (struct query_run){ .scope = &a->q.scope,
		    .text = queries[i], .groups = groups, .identifiers = true,
		    .start_ms = a->start_ms, .end_ms = a->end_ms,
		    .limit = PATTERN_N };
	}
	all.until_ms = query_run_until(c, tool_arg_i64(c, S("max_timeout")));
	err = query_runs(&all);
	if (err == ERR_OK && all.meanwhile != NULL) {
		/* No query could be started, so nothing was waited for. */
		err = read_anomalies(&all);
	}
	if (err == ERR_OK && a->error.p != NULL &&
	    runs[0].state == QUERY_RUN_FAILED &&
	    runs[1].state == QUERY_RUN_FAILED) {
		return fail_set(c->fail, runs[0].err, 0, str_dup(c->arena,
		    fail_text(&runs[0].fail)));
	}
	return err == ERR_OK ? show(a, runs) : err;
}

static enum err
run(struct call *c)
{
	struct analysis a = { .c = c };
	struct query_run runs[2] = { { .text = STR_NONE },
		{ .text = STR_NONE } };
	int64_t now_ms;
	enum err err;

	ask_begin(&a.q, c);
	now_ms = ask_now_ms(&a.q);
	a.start_ms = ask_time(&a.q, S("start_time"), now_ms);
	a.end_ms = ask_time(&a.q, S("end_time"), now_ms);
	err = a.q.err != ERR_OK ? a.q.err :
	    ask_check_range(&a.q, a.start_ms, a.end_ms);
	if (err == ERR_OK) {
		err = work(&a, runs);
	}
	for (size_t i = 0; i < 2; i++) {
		query_run_free(&runs[i]);
	}
	return err;
}

static const struct param params[] = {
	{ .name = STR_INIT("log_group_arn"), .type = PARAM_STRING,
	    .required = true, .min = 1, .max = 2048,
	    .text = STR_INIT("ARN or name") },
	{ .name = STR_INIT("start_time"), .type = PARAM_TIME,
	    .required = true },
	{ .name = STR_INIT("end_time"), .type = PARAM_TIME,
	    .required = true },
	{ .name = STR_INIT("max_timeout"), .type = PARAM_INTEGER, .min = 1,
	    .max = 290, .fallback = "30",
	    .text = STR_INIT("seconds") },
	ASK_PARAMS,
};

/* see tools.h */
const struct tool tools_analyze_log_group = {
	.name = STR_INIT("analyze_log_group"),
	.title = STR_INIT("Log group analysis"),
	.description = STR_INIT("Anomalies, most frequent patterns and "
	    "patterns of error lines of one log group in a window. Runs two "
	    "queries, which cost money per byte scanned."),
	.params = params,
	.param_n = sizeof(params) / sizeof(params[0]),
	.flags = TOOL_READ_ONLY | TOOL_SLOW,
	.output_schema = STR_INIT("{\"type\":\"object\",\"properties\":{"
	    "\"log_anomaly_results\":{\"type\":\"object\"},"
	    "\"top_patterns\":{\"type\":\"object\"},"
	    "\"top_patterns_containing_errors\":{\"type\":\"object\"},"
	    QUERY_RUN_COST_SCHEMA
	    ROWS_SCHEMA "," ASK_SCHEMA
	    "}}"),
	.run = run,
};

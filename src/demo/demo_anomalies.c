/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log anomalies from a table of lines that are new with the incident.
 */
#include "demo/demo_anomalies.h"

#include "demo/demo_logs.h"
#include "demo/journal.h"

#define SAMPLE_MAX_N 5
#define BUCKET_MIN 5
#define BUCKET_MAX_N 288
#define ID_PREFIX "0000a11e-0000-4000-8000-00000000000"

/* One detector; its number is its place. */
static const struct { char group[40], name[24]; } DETECTORS[] = {
	{ "/ecs/shop-prod/checkout", "checkout-anomalies" },
	{ "/aws/lambda/orders-retry", "orders-retry-anomalies" },
};
#define DETECTOR_N (sizeof(DETECTORS) / sizeof(DETECTORS[0]))

/* One anomaly: a line with this text is an event of it. */
static const struct {
	size_t detector;
	bool suppressed;
	char priority[8], text[48], pattern[160];
} ANOMALIES[] = {
	{ 0, false, "HIGH", "remaining connection slots",
	    "{\"time\":\"<*>\",\"level\":\"ERROR\",\"service\":\"checkout\","
	    "\"version\":\"<*>\",\"traceId\":\"<*>\",\"msg\":\"FATAL: "
	    "remaining connection slots are reserved <*>" },
	{ 0, false, "MEDIUM", "pool exhausted",
	    "{\"time\":\"<*>\",\"level\":\"WARN\",\"service\":\"checkout\","
	    "\"version\":\"<*>\",\"traceId\":\"<*>\",\"msg\":"
	    "\"pool exhausted\"<*>" },
	{ 0, true, "MEDIUM", "no connection from pool",
	    "{\"time\":\"<*>\",\"level\":\"ERROR\",\"service\":\"checkout\","
	    "\"version\":\"<*>\",\"traceId\":\"<*>\",\"msg\":"
	    "\"order failed\"<*>" },
	{ 1, false, "HIGH", "Reserved concurrency",
	    "<*> <*> WARN TooManyRequestsException: Rate Exceeded. Reserved "
	    "concurrency 50 is used up, batch of <*> messages returned <*>" },
};
#define ANOMALY_N (sizeof(ANOMALIES) / sizeof(ANOMALIES[0]))

static void
add_detector_arn(const struct answer *x, struct buf *b, size_t i)
{
	demo_answer_arn(x, b, S("logs"), S("anomaly-detector:" ID_PREFIX),
	    i == 0 ? S("1") : S("2"));
}

static void
put_group_list(struct answer *x, size_t detector)
{
	struct buf arn = buf_in(x->arena, 512);

	demo_answer_arn(x, &arn, S("logs"), S("log-group:"),
	    str_from_z(DETECTORS[detector].group));
	json_key(x->out, S("logGroupArnList"));
	json_begin_array(x->out);
	json_string(x->out, buf_str(&arn));
	json_end_array(x->out);
}

/* see demo_anomalies.h */
void
demo_anomalies_detectors(struct answer *x)
{
	struct str arn = json_get_str(x->in, S("filterLogGroupArn"), STR_NONE);
	size_t max = (size_t)demo_answer_i64(x, S("limit"), 1, 50, 50);
	size_t i = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	size_t n = 0;

	if (demo_answer_failed(x)) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("anomalyDetectors"));
	json_begin_array(x->out);
	for (; i < DETECTOR_N && n < max; i++) {
		struct buf own = buf_in(x->arena, 256);

		if (arn.p != NULL && !str_eq(demo_logs_group_name(arn),
		    str_from_z(DETECTORS[i].group))) {
			continue;
		}
		n++;
		add_detector_arn(x, &own, i);
		json_begin_object(x->out);
		json_put_string(x->out, S("anomalyDetectorArn"),
		    buf_str(&own));
		json_put_string(x->out, S("detectorName"),
		    str_from_z(DETECTORS[i].name));
		put_group_list(x, i);
		json_put_string(x->out, S("evaluationFrequency"),
		    S("FIVE_MIN"));
		json_put_string(x->out, S("anomalyDetectorStatus"),
		    S("ANALYZING"));
		json_put_integer(x->out, S("creationTimeStamp"),
		    (x->account.onset_min - 90 * 1440) * ACCOUNT_MINUTE_MS);
		json_put_integer(x->out, S("anomalyVisibilityTime"), 21);
		json_end_object(x->out);
	}
	json_end_array(x->out);
	if (i < DETECTOR_N) {
		demo_answer_put_page(x, S("nextToken"), i);
	}
	json_end_object(x->out);
}

/* What the journal holds of one anomaly. */
struct finding {
	int64_t first_ms, last_ms;
	size_t n;
	uint32_t buckets[BUCKET_MAX_N];
	struct { int64_t at_ms; struct str message; } samples[SAMPLE_MAX_N];
};

static bool
find(struct answer *x, size_t i, struct finding *f)
{
	struct str text = str_from_z(ANOMALIES[i].text);
	int64_t from = x->account.onset_min;
	struct journal_reader *r;
	struct journal_group g;

	*f = (struct finding){ .n = 0 };
	if (!journal_group_find(&x->account, str_from_z(
	    DETECTORS[ANOMALIES[i].detector].group), &g)) {
		return false;
	}
	r = journal_open(x->arena, &x->account, &g);
	for (int64_t m = from; r != NULL && m <= x->account.now_ms /
	    ACCOUNT_MINUTE_MS; m++) {
		journal_minute(r, m);
		for (size_t k = 0; k < r->event_n; k++) {
			const struct journal_event *e = &r->events[k];

			if (str_find(e->message, text, 0) ==
			    e->message.len) {
				continue;
			}
			if (f->n < SAMPLE_MAX_N) {
				f->samples[f->n].at_ms = e->at_ms;
				f->samples[f->n].message = str_dup(x->arena,
				    e->message);
			}
			f->first_ms = f->n == 0 ? e->at_ms : f->first_ms;
			f->last_ms = e->at_ms;
			f->n++;
			if ((m - from) / BUCKET_MIN < BUCKET_MAX_N) {
				f->buckets[(m - from) / BUCKET_MIN]++;
			}
		}
	}
	return f->n > 0;
}

static void
put_anomaly(struct answer *x, size_t i, const struct finding *f)
{
	struct buf b = buf_in(x->arena, 2048);
	struct json_writer *out = x->out;
	struct str rest = str_from_z(ANOMALIES[i].pattern);

	json_begin_object(out);
	buf_addf(&b, "%u", (uint64_t)(100 + i));
	json_put_string(out, S("anomalyId"), buf_str(&b));
	json_put_string(out, S("patternId"), buf_str(&b));
	buf_clear(&b);
	add_detector_arn(x, &b, ANOMALIES[i].detector);
	json_put_string(out, S("anomalyDetectorArn"), buf_str(&b));
	put_group_list(x, ANOMALIES[i].detector);
	json_put_string(out, S("patternString"), rest);
	buf_clear(&b);
	while (rest.len > 0) {
		if (str_starts(rest, S("<*>"))) {
			buf_add(&b, S(".*"));
			rest = str_sub(rest, 3, rest.len);
			continue;
		}
		if (str_find_byte(S("\\.{}[]()*+?|^$"), rest.p[0], 0) < 14) {
			buf_add_byte(&b, '\\');
		}
		buf_add_byte(&b, rest.p[0]);
		rest = str_sub(rest, 1, rest.len);
	}
	json_put_string(out, S("patternRegex"), buf_str(&b));
	json_put_string(out, S("priority"),
	    str_from_z(ANOMALIES[i].priority));
	json_put_integer(out, S("firstSeen"), f->first_ms);
	json_put_integer(out, S("lastSeen"), f->last_ms);
	buf_clear(&b);
	buf_addf(&b, "%u occurrences of a pattern not seen in the two weeks "
	    "before", (uint64_t)f->n);
	json_put_string(out, S("description"), buf_str(&b));
	json_put_boolean(out, S("active"), true);
	json_put_string(out, S("state"), S("Active"));
	json_put_boolean(out, S("suppressed"), ANOMALIES[i].suppressed);
	json_key(out, S("histogram"));
	json_begin_object(out);
	for (int64_t k = 0; k < BUCKET_MAX_N; k++) {
		if (f->buckets[k] > 0) {
			buf_clear(&b);
			buf_add_i64(&b, (x->account.onset_min + k *
			    BUCKET_MIN) * ACCOUNT_MINUTE_MS);
			json_put_integer(out, buf_str(&b), f->buckets[k]);
		}
	}
	json_end_object(out);
	json_key(out, S("logSamples"));
	json_begin_array(out);
	for (size_t k = 0; k < SAMPLE_MAX_N && k < f->n; k++) {
		json_begin_object(out);
		json_put_integer(out, S("timestamp"), f->samples[k].at_ms);
		json_put_string(out, S("message"), f->samples[k].message);
		json_end_object(out);
	}
	json_end_array(out);
	json_key(out, S("patternTokens"));
	json_begin_array(out);
	json_end_array(out);
	json_end_object(out);
}

/* see demo_anomalies.h */
void
demo_anomalies_list(struct answer *x)
{
	struct str arn = json_get_str(x->in, S("anomalyDetectorArn"),
	    STR_NONE);
	struct str state = demo_answer_choice(x, S("suppressionState"),
	    S("SUPPRESSED, UNSUPPRESSED"));
	size_t max = (size_t)demo_answer_i64(x, S("limit"), 1, 50, 50);
	size_t i = demo_answer_page(x, S("nextToken"),
	    S("InvalidParameterException"));
	struct finding *f = ARENA_NEW(x->arena, struct finding);
	bool known = arn.p == NULL;
	size_t n = 0;

	for (size_t k = 0; k < DETECTOR_N; k++) {
		struct buf own = buf_in(x->arena, 256);

		add_detector_arn(x, &own, k);
		known = known || str_eq(buf_str(&own), arn);
	}
	if (!known) {
		demo_answer_error(x, S("ResourceNotFoundException"),
		    S("The specified anomaly detector does not exist."));
	}
	if (demo_answer_failed(x) || f == NULL) {
		return;
	}
	json_begin_object(x->out);
	json_key(x->out, S("anomalies"));
	json_begin_array(x->out);
	for (; i < ANOMALY_N && n < max; i++) {
		struct buf own = buf_in(x->arena, 256);

		add_detector_arn(x, &own, ANOMALIES[i].detector);
		if ((arn.p != NULL && !str_eq(buf_str(&own), arn)) ||
		    (state.p != NULL && ANOMALIES[i].suppressed !=
		    str_eq(state, S("SUPPRESSED"))) || !find(x, i, f)) {
			continue;
		}
		put_anomaly(x, i, f);
		n++;
	}
	json_end_array(x->out);
	if (i < ANOMALY_N) {
		demo_answer_put_page(x, S("nextToken"), i);
	}
	json_end_object(x->out);
}

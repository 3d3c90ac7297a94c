/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an HTTP request in AWS's wire format to its reply: which protocol and
 * operation, who asks, the operation itself, and the faults that tests inject
 * on top. The operations are in demo_alarms.c, demo_metrics.c, demo_logs.c,
 * demo_query.c and demo_sts.c.
 */
#include "demo/demo.h"

#include "demo/account.h"
#include "demo/demo_alarms.h"
#include "demo/demo_anomalies.h"
#include "demo/demo_answer.h"
#include "demo/demo_image.h"
#include "demo/demo_index.h"
#include "demo/demo_dashboards.h"
#include "demo/demo_logs.h"
#include "demo/demo_metrics.h"
#include "demo/demo_promql.h"
#include "demo/demo_query.h"
#include "demo/demo_rules.h"
#include "demo/demo_sts.h"
#include "demo/demo_tail.h"
#include "demo/demo_verify.h"
#include "proto/json.h"

#include <string.h>

#define METRICS_TARGET "GraniteServiceVersion20100801."
#define LOGS_TARGET "Logs_20140328."
/* Body of the fault "oversized": above what a client may accept. */
#define OVERSIZED_LEN ((size_t)13 * 1024 * 1024)
#define DELAY_MAX_MS 120000
/* Memory for the tables of the account, which take 40 KB. */
#define TABLES_CAP ((size_t)128 * 1024)

/* An operation of a JSON service. */
struct operation {
	char name[32];
	demo_answer_fn *run;
};

static const struct operation METRICS_OPERATIONS[] = {
	{ "DescribeAlarmHistory", demo_alarms_history },
	{ "DescribeAlarms", demo_alarms_describe },
	{ "DescribeInsightRules", demo_rules_describe },
	{ "GetDashboard", demo_dashboards_get },
	{ "GetInsightRuleReport", demo_rules_report },
	{ "GetMetricData", demo_metrics_data },
	{ "GetMetricWidgetImage", demo_image_draw },
	{ "GetMetricStatistics", demo_metrics_statistics },
	{ "ListDashboards", demo_dashboards_list },
	{ "ListMetrics", demo_metrics_list },
};

static const struct operation LOGS_OPERATIONS[] = {
	{ "DescribeAccountPolicies", demo_index_account },
	{ "DescribeFieldIndexes", demo_index_list },
	{ "DescribeIndexPolicies", demo_index_policies },
	{ "DescribeLogGroups", demo_logs_groups },
	{ "DescribeLogStreams", demo_logs_streams },
	{ "DescribeQueries", demo_query_describe },
	{ "DescribeQueryDefinitions", demo_logs_definitions },
	{ "FilterLogEvents", demo_logs_filter },
	{ "GetLogEvents", demo_logs_events },
	{ "GetLogGroupFields", demo_index_fields },
	{ "GetLogRecord", demo_logs_record },
	{ "GetQueryResults", demo_query_results },
	{ "ListAnomalies", demo_anomalies_list },
	{ "ListLogAnomalyDetectors", demo_anomalies_detectors },
	{ "StartLiveTail", demo_tail_start },
	{ "StartQuery", demo_query_start },
	{ "StopQuery", demo_query_stop },
};

enum protocol {
	PROTOCOL_JSON_1_0,
	PROTOCOL_JSON_1_1,
	PROTOCOL_QUERY,
	PROTOCOL_PROM
};

/* One request on its way through this file. */
struct serve {
	struct demo *demo;
	const struct demo_request *request;
	struct arena *arena;
	struct demo_reply *reply;
	enum protocol protocol;
	struct str operation;
	struct str form;       /* STS: parameters, from body or query */
	struct str request_id;
	int64_t now_ms;
	struct demo_caller caller;
	struct demo_fault fault;
};

/* see demo.h */
void
demo_init(struct demo *d, const struct sys *sys)
{
	memset(d, 0, sizeof(*d));
	d->sys = sys;
	d->born_ms = sys->now_ms(sys->ctx);
	arena_init(&d->arena, TABLES_CAP);
	d->tables = account_tables_make(&d->arena);
	MUST(d->tables != NULL);
	for (size_t i = 0; i < DEMO_QUERY_MAX_N; i++) {
		arena_init(&d->queries[i].arena, ARENA_CHUNK_MIN * 8);
	}
}

/* see demo.h */
void
demo_free(struct demo *d)
{
	arena_free(&d->arena);
	for (size_t i = 0; i < DEMO_QUERY_MAX_N; i++) {
		arena_free(&d->queries[i].arena);
	}
}

static struct str
header(const struct demo_request *r, struct str name)
{
	for (size_t i = 0; i < r->header_n; i++) {
		if (str_ieq(r->headers[i].name, name)) {
			return r->headers[i].value;
		}
	}
	return STR_NONE;
}

static void
add_header(struct demo_reply *reply, struct str name, struct str value)
{
	MUST(reply->header_n < sizeof(reply->headers) /
	    sizeof(reply->headers[0]));
	reply->headers[reply->header_n++] = (struct http1_header){ name,
	    value };
}

/* ---- faults ---- */

static const struct { char name[12]; enum demo_fault_kind kind; } FAULTS[] = {
	{ "throttle", DEMO_FAULT_THROTTLE }, { "500", DEMO_FAULT_500 },
	{ "503", DEMO_FAULT_503 }, { "slow", DEMO_FAULT_SLOW },
	{ "cut", DEMO_FAULT_CUT }, { "truncated", DEMO_FAULT_TRUNCATED },
	{ "notjson", DEMO_FAULT_NOTJSON },
	{ "oversized", DEMO_FAULT_OVERSIZED },
	{ "missing", DEMO_FAULT_MISSING },
};

/* Reads kind[:number][*times][@Operation]. */
static bool
parse_fault(struct str text, struct demo_fault *out)
{
	struct str operation = text;
	struct str times = str_cut(&operation, '@');
	struct str number = str_cut(&times, '*');
	struct str kind = str_cut(&number, ':');
	bool counted;

	*out = (struct demo_fault){ .left = -1 };
	for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
		if (str_eq(kind, str_from_z(FAULTS[i].name))) {
			out->kind = FAULTS[i].kind;
		}
	}
	counted = out->kind != DEMO_FAULT_SLOW && out->kind != DEMO_FAULT_CUT;
	if (out->kind == DEMO_FAULT_NONE || (number.p != NULL &&
	    !str_i64(number, 0, DELAY_MAX_MS, &out->number)) ||
	    (times.p != NULL && !str_i64(times, 0, INT32_MAX, &out->left)) ||
	    operation.len > sizeof(out->operation)) {
		return false;
	}
	if (counted && number.p != NULL && times.p == NULL) {
		out->left = out->number;
	}
	if (operation.len > 0) {
		memcpy(out->operation, operation.p, operation.len);
	}
	out->operation_len = operation.len;
	return counted || number.p != NULL;
}

/* see demo.h */
enum err
demo_faults(struct demo *d, struct str list, struct fail *f)
{
	struct demo_fault faults[DEMO_FAULT_MAX_N] = { 0 };
	struct str rest = str_trim_ws(list);
	size_t n = 0;

	while (rest.p != NULL && rest.len > 0) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (n == DEMO_FAULT_MAX_N) {
			return fail_set(f, ERR_CONFIG, 0,
			    S("more than 8 faults at a time"));
		}
		if (!parse_fault(one, &faults[n])) {
			return fail_setf(f, ERR_CONFIG, "'%s' is not a fault: "
			    "kind[:number][*times][@Operation], where kind is "
			    "throttle, 500, 503, slow:<ms>, cut:<bytes>, "
			    "truncated, notjson, oversized or missing", one);
		}
		n++;
	}
	d->sys->lock(d->sys->ctx, SYS_LOCK_DEMO);
	memcpy(d->faults, faults, n * sizeof(faults[0]));
	d->fault_n = n;
	d->sys->unlock(d->sys->ctx, SYS_LOCK_DEMO);
	return ERR_OK;
}

/* Counts the request and picks the first fault that means it. */
static void
take_fault(struct serve *s)
{
	struct demo *d = s->demo;
	struct buf b = buf_in(s->arena, 64);
	uint64_t seq, h;

	d->sys->lock(d->sys->ctx, SYS_LOCK_DEMO);
	seq = ++d->request_n;
	for (size_t i = 0; i < d->fault_n; i++) {
		struct demo_fault *fault = &d->faults[i];
		struct str name = str_of(fault->operation,
		    fault->operation_len);

		if (fault->left != 0 && (name.len == 0 ||
		    str_eq(name, s->operation))) {
			fault->left -= fault->left > 0;
			s->fault = *fault;
			break;
		}
	}
	d->sys->unlock(d->sys->ctx, SYS_LOCK_DEMO);
	for (unsigned i = 0; i < 32; i++) {
		h = account_hash((uint64_t)d->born_ms + seq, i / 16);
		buf_add(&b, i == 8 || i == 12 || i == 16 || i == 20 ? S("-") :
		    S(""));
		buf_add_byte(&b, "0123456789abcdef"[(h >> (i % 16 * 4)) & 15]);
	}
	s->request_id = buf_str(&b);
}

/* ---- replies ---- */

static struct str
media_type(enum protocol p)
{
	return p == PROTOCOL_JSON_1_0 ? S("application/x-amz-json-1.0") :
	    p == PROTOCOL_JSON_1_1 ? S("application/x-amz-json-1.1") :
	    p == PROTOCOL_PROM ? S("application/json") : S("text/xml");
}

static void
finish(struct serve *s, int status, struct str type, struct str body)
{
	s->reply->status = status;
	s->reply->body = body;
	add_header(s->reply, S("Content-Type"), type);
	add_header(s->reply, S("x-amzn-RequestId"), s->request_id);
}

/* The code that CloudWatch's older query protocol has for an exception: what
 * x-amzn-query-error carries. */
static struct str
query_code(struct str name)
{
	static const struct { char name[40]; char code[32]; } CODES[] = {
		{ "ValidationException", "ValidationError" },
		{ "ThrottlingException", "Throttling" },
		{ "MissingRequiredParameterException", "MissingParameter" },
		{ "InternalServiceFault", "InternalServiceError" },
		{ "DashboardNotFoundError", "ResourceNotFound" },
	};

	for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
		if (str_eq(name, str_from_z(CODES[i].name))) {
			return str_from_z(CODES[i].code);
		}
	}
	return str_starts(name, S("InvalidParameter")) &&
	    str_ends(name, S("Exception")) ?
	    str_sub(name, 0, name.len - 9) : name;
}

/* Answers with an error in the protocol's own shape. */
static void
finish_error(struct serve *s, int status, struct str code, struct str message,
    struct str extra)
{
	struct buf b = buf_in(s->arena, HTTP_BODY_MAX);
	struct buf legacy = buf_in(s->arena, 256);
	struct json_writer w = json_writer(&b);

	if (s->protocol == PROTOCOL_QUERY) {
		demo_sts_error(&b, code, message, s->request_id);
		finish(s, status, S("text/xml"), buf_str(&b));
		return;
	}
	buf_add(&b, S("{\"__type\":"));
	if (s->protocol == PROTOCOL_JSON_1_0) {
		buf_add(&legacy, S("com.amazonaws.cloudwatch.v2010_08_01#"));
	}
	buf_add(&legacy, code);
	json_string(&w, buf_str(&legacy));
	if (message.p != NULL) {
		buf_add(&b, S(",\"message\":"));
		w = json_writer(&b);
		json_string(&w, message);
	}
	buf_add(&b, extra);
	buf_add_byte(&b, '}');
	finish(s, status, media_type(s->protocol), buf_str(&b));
	if (s->protocol == PROTOCOL_JSON_1_0) {
		buf_clear(&legacy);
		buf_addf(&legacy, "%s;%s", query_code(code), status < 500 ?
		    S("Sender") : S("Receiver"));
		/* buf_clear keeps the memory, and json_string copied it. */
		add_header(s->reply, S("x-amzn-query-error"),
		    buf_str(&legacy));
	}
}

/* ---- the request ---- */

/* monitoring.eu-west-1.amazonaws.com -> eu-west-1; absent for other hosts. */
static struct str
host_region(struct str host)
{
	struct str rest = host, label;

	(void)str_cut(&rest, '.');
	if (rest.p == NULL || str_find(host, S(".amazonaws."), 0) == host.len) {
		return STR_NONE;
	}
	label = str_cut(&rest, '.');
	return str_eq(label, S("amazonaws")) ? S("us-east-1") : label;
}

/* Protocol and operation of the request; false when it is none of ours. */
static bool
classify(struct serve *s)
{
	const struct demo_request *r = s->request;
	struct str target = header(r, S("X-Amz-Target"));
	struct str query = r->target;
	struct str path = str_cut(&query, '?');

	if (target.p == NULL && str_eq(r->method, S("GET")) &&
	    demo_promql_operation(path).p != NULL) {
		s->protocol = PROTOCOL_PROM;
		s->operation = demo_promql_operation(path);
		return true;
	}
	if (str_starts(target, S(METRICS_TARGET))) {
		s->protocol = PROTOCOL_JSON_1_0;
		s->operation = str_sub(target, sizeof(METRICS_TARGET) - 1,
		    target.len);
		return true;
	}
	if (str_starts(target, S(LOGS_TARGET))) {
		s->protocol = PROTOCOL_JSON_1_1;
		s->operation = str_sub(target, sizeof(LOGS_TARGET) - 1,
		    target.len);
		return true;
	}
	if (target.p != NULL) {
		s->protocol = PROTOCOL_JSON_1_1;
		s->operation = S("");
		return true;
	}
	s->protocol = PROTOCOL_QUERY;
	s->form = str_eq(r->method, S("POST")) ? r->body : query;
	s->operation = demo_sts_action(s->arena, s->form);
	return s->operation.p != NULL;
}

/* True when the caller may go on; otherwise the reply is complete. */
static bool
admit(struct serve *s, struct str *region)
{
	struct demo *d = s->demo;
	struct demo_verify want = { .now_ms = s->now_ms,
		.query = s->protocol == PROTOCOL_QUERY };
	struct demo_denial denial = { .status = 400 };

	*region = host_region(header(s->request, S("Host")));
	s->caller = (struct demo_caller){ .access_key = S(DEMO_ACCESS_KEY) };
	/* Who signs for the server id of a server proves by it who it is. */
	if (!d->verify && header(s->request,
	    S("x-cloudwatch-mcp-id")).p == NULL) {
		struct str scope = demo_verify_region(s->arena, s->request);

		*region = region->p != NULL ? *region : scope.p != NULL ?
		    scope : S("us-east-1");
		return true;
	}
	/* The only operation that proves who asks by its own token. */
	if (want.query &&
	    str_eq(s->operation, S("AssumeRoleWithWebIdentity"))) {
		return true;
	}
	want.service = want.query ? S("sts") :
	    s->protocol == PROTOCOL_JSON_1_1 ? S("logs") : S("monitoring");
	want.region = d->region.p != NULL ? d->region : *region;
	if (demo_verify(s->arena, s->request, &want, &s->caller, &denial)) {
		*region = want.region.p != NULL ? want.region :
		    demo_verify_region(s->arena, s->request);
		return true;
	}
	d->sys->lock(d->sys->ctx, SYS_LOCK_DEMO);
	d->rejected_n++;
	d->sys->unlock(d->sys->ctx, SYS_LOCK_DEMO);
	finish_error(s, denial.status, denial.code, denial.message, STR_NONE);
	return false;
}

/* A caller without rights gets the sentence that names action and identity. */
static void
deny_access(struct serve *s)
{
	struct buf b = buf_in(s->arena, 1024), arn = buf_in(s->arena, 256);
	bool prom = s->protocol == PROTOCOL_PROM;
	struct str service = s->protocol == PROTOCOL_QUERY ? S("sts") :
	    s->protocol == PROTOCOL_JSON_1_1 ? S("logs") : S("cloudwatch");
	/* The PromQL paths go by the actions of other operations. */
	struct str action = !prom ? s->operation : str_eq(s->operation,
	    S("QueryMetrics")) ? S("GetMetricData") : S("ListMetrics");

	demo_sts_arn(&arn, &s->caller);
	buf_addf(&b, "User: %s is not authorized to perform: %s:%s because no "
	    "identity-based policy allows the %s:%s action", buf_str(&arn),
	    service, action, service, action);
	finish_error(s, prom || s->protocol == PROTOCOL_QUERY ? 403 : 400,
	    s->protocol == PROTOCOL_JSON_1_1 ? S("AccessDeniedException") :
	    S("AccessDenied"), buf_str(&b), STR_NONE);
}

static demo_answer_fn *
find_operation(const struct serve *s)
{
	bool metrics = s->protocol == PROTOCOL_JSON_1_0;
	const struct operation *table = metrics ? METRICS_OPERATIONS :
	    LOGS_OPERATIONS;
	size_t n = metrics ?
	    sizeof(METRICS_OPERATIONS) / sizeof(METRICS_OPERATIONS[0]) :
	    sizeof(LOGS_OPERATIONS) / sizeof(LOGS_OPERATIONS[0]);

	for (size_t i = 0; i < n; i++) {
		if (str_eq(s->operation, str_from_z(table[i].name))) {
			return table[i].run;
		}
	}
	return NULL;
}

/* Runs an operation of a JSON service. */
static void
run_json(struct serve *s, struct str region)
{
	struct buf body = buf_in(s->arena, HTTP_RESPONSE_MAX);
	struct json_writer w = json_writer(&body);
	struct answer x = { .demo = s->demo, .arena = s->arena,
		.region = region, .out = &w, .status = 200 };
	demo_answer_fn *run = find_operation(s);
	struct json *in;
	struct fail f;

	if (run == NULL) {
		finish_error(s, 400, S("UnknownOperationException"), STR_NONE,
		    STR_NONE);
		return;
	}
	fail_init(&f, s->arena);
	if (json_parse(s->arena, s->request->body, 0, &in, &f) != ERR_OK ||
	    in->type != JSON_OBJECT) {
		finish_error(s, 400, S("SerializationException"),
		    fail_text(&f), STR_NONE);
		return;
	}
	x.in = in;
	x.account = account_at(s->demo->tables, s->demo->born_ms,
	    s->now_ms);
	run(&x);
	if (demo_answer_failed(&x)) {
		finish_error(s, x.status, x.code, x.message, x.extra);
	} else {
		finish(s, 200, x.tail != NULL ?
		    S("application/vnd.amazon.eventstream") :
		    media_type(s->protocol), buf_str(&body));
		s->reply->tail = x.tail;
		s->reply->status = buf_ok(&body) && !s->arena->failed ? 200 :
		    503;
	}
}

/* Runs one of the Prometheus-compatible paths. */
static void
run_prom(struct serve *s, struct str region)
{
	struct buf body = buf_in(s->arena, HTTP_RESPONSE_MAX);
	struct json_writer w = json_writer(&body);
	struct answer x = { .demo = s->demo, .arena = s->arena,
		.region = region, .out = &w, .status = 200 };
	struct str query = s->request->target;
	struct str path = str_cut(&query, '?');

	x.account = account_at(s->demo->tables, s->demo->born_ms,
	    s->now_ms);
	demo_promql(&x, path, query);
	if (demo_answer_failed(&x)) {
		buf_clear(&body);
		w = json_writer(&body);
		json_begin_object(&w);
		json_put_string(&w, S("status"), S("error"));
		json_put_string(&w, S("errorType"), x.code);
		json_put_string(&w, S("error"), x.message);
		json_end_object(&w);
	}
	finish(s, x.status, media_type(s->protocol), buf_str(&body));
	s->reply->status = buf_ok(&body) && !s->arena->failed ? x.status : 503;
}

/* CloudWatch also has a query protocol, which older SDKs and AWS CLIs speak.
 * The account does not: say that, not that STS got a bad scope. */
static bool
refuse_xml(struct serve *s)
{
	if (s->protocol != PROTOCOL_QUERY || str_find(s->form,
	    S("Version=2010-08-01"), 0) == s->form.len) {
		return false;
	}
	finish_error(s, 400, S("InvalidAction"), S("The demo account speaks "
	    "CloudWatch's JSON protocol, not its query protocol"), STR_NONE);
	return true;
}

/* POST /demo/faults and GET /demo/stats. */
static bool
serve_control(struct serve *s)
{
	const struct demo_request *r = s->request;
	struct buf b = buf_in(s->arena, 1024);
	struct fail f;

	fail_init(&f, s->arena);
	s->request_id = S("control");
	if (str_eq(r->target, S("/demo/faults")) &&
	    str_eq(r->method, S("POST"))) {
		bool ok = demo_faults(s->demo, r->body, &f) == ERR_OK;

		finish(s, ok ? 200 : 400, S("text/plain"), ok ? S("ok\n") :
		    fail_text(&f));
		return true;
	}
	if (str_eq(r->target, S("/demo/stats"))) {
		s->demo->sys->lock(s->demo->sys->ctx, SYS_LOCK_DEMO);
		buf_addf(&b, "{\"requests\":%u,\"rejected\":%u,"
		    "\"live_tails\":%u}", s->demo->request_n,
		    s->demo->rejected_n, s->demo->tail_n);
		s->demo->sys->unlock(s->demo->sys->ctx, SYS_LOCK_DEMO);
		finish(s, 200, S("application/json"), buf_str(&b));
		return true;
	}
	return false;
}

/* A fault that stands in for the answer; false: answer, then spoil it. */
static bool
serve_fault(struct serve *s)
{
	char *page;

	switch (s->fault.kind) {
	case DEMO_FAULT_THROTTLE:
		finish_error(s, 400, s->protocol == PROTOCOL_QUERY ?
		    S("Throttling") : S("ThrottlingException"),
		    S("Rate exceeded"), STR_NONE);
		return true;
	case DEMO_FAULT_500:
		finish_error(s, 500, s->protocol == PROTOCOL_JSON_1_0 ?
		    S("InternalServiceFault") : S("InternalFailure"),
		    STR_NONE, STR_NONE);
		return true;
	case DEMO_FAULT_503:
		finish_error(s, 503, S("ServiceUnavailableException"),
		    S("The service cannot complete the request."), STR_NONE);
		return true;
	case DEMO_FAULT_NOTJSON:
		finish(s, 200, S("text/html"), S("<html><body><h1>Proxy "
		    "maintenance</h1></body></html>\n"));
		return true;
	case DEMO_FAULT_MISSING:
		finish(s, 200, media_type(s->protocol),
		    s->protocol == PROTOCOL_QUERY ?
		    S("<GetCallerIdentityResponse/>") : S("{}"));
		return true;
	case DEMO_FAULT_OVERSIZED:
		page = arena_alloc(s->arena, OVERSIZED_LEN, 1);
		if (page != NULL) {
			memset(page, ' ', OVERSIZED_LEN);
		}
		finish(s, 200, media_type(s->protocol), page == NULL ?
		    S("") : str_of(page, OVERSIZED_LEN));
		return true;
	default:
		return false;
	}
}

/* see demo.h */
void
demo_serve(struct demo *d, const struct demo_request *r, struct arena *a,
    struct demo_reply *reply)
{
	struct serve s = { .demo = d, .request = r, .arena = a,
		.reply = reply, .now_ms = d->sys->now_ms(d->sys->ctx) };
	struct str region = S("us-east-1");
	struct buf body = buf_in(a, HTTP_BODY_MAX);

	*reply = (struct demo_reply){ .cut_len = SIZE_MAX };
	if (serve_control(&s)) {
		return;
	}
	if (!classify(&s)) {
		s.request_id = S("none");
		finish(&s, 404, S("application/json"),
		    S("{\"message\":\"no AWS operation is named here\"}"));
		return;
	}
	take_fault(&s);
	if (serve_fault(&s) || refuse_xml(&s)) {
		/* That was the answer. */
	} else if (admit(&s, &region)) {
		if (s.caller.denied &&
		    !str_eq(s.operation, S("GetCallerIdentity"))) {
			deny_access(&s);
		} else if (s.protocol == PROTOCOL_PROM) {
			run_prom(&s, region);
		} else if (s.protocol != PROTOCOL_QUERY) {
			run_json(&s, region);
		} else {
			bool json = str_eq(header(r, S("Accept")),
			    S("application/json"));
			int status = demo_sts(a, s.form, json, &s.caller,
			    s.now_ms, s.request_id, &body);

			finish(&s, status, json ? S("application/json") :
			    S("text/xml"), buf_str(&body));
		}
	}
	reply->delay_ms = s.fault.kind == DEMO_FAULT_SLOW ? s.fault.number : 0;
	if (s.fault.kind == DEMO_FAULT_CUT) {
		reply->cut_len = (size_t)s.fault.number;
	} else if (s.fault.kind == DEMO_FAULT_TRUNCATED) {
		reply->body.len /= 2;
	}
	if (a->failed) {
		reply->status = 503;
		reply->header_n = 0;
		reply->tail = NULL;
		reply->body = S("{\"message\":\"out of memory\"}");
	}
}

/* ---- as a transport ---- */

/* Feeds the sink an answer that goes on. */
static enum err
feed_sink(struct demo *d, struct exchange *x, const struct demo_reply *reply)
{
	const struct sys *sys = d->sys;
	struct buf piece = buf_in(x->arena, HTTP_RESPONSE_MAX);
	enum err err = ERR_OK;

	buf_add(&piece, reply->body);
	while (err == ERR_OK) {
		int64_t next = sys->mono_ms(sys->ctx) + DEMO_TAIL_STEP_MS;

		x->sink->began = true;
		if (!x->sink->take(x->sink->ctx, buf_str(&piece)) ||
		    reply->tail == NULL) {
			return ERR_OK;
		}
		err = sys->sleep_until(sys->ctx, next < x->deadline_ms ? next :
		    x->deadline_ms, x->cancel);
		if (err == ERR_OK && next >= x->deadline_ms) {
			err = ERR_TIMEOUT;
		}
		buf_clear(&piece);
		demo_tail_next(reply->tail, sys->now_ms(sys->ctx), &piece);
	}
	return fail_set(&x->fail, err, 0, STR_NONE);
}

static enum err
exchange(struct demo *d, struct exchange *x)
{
	struct http1_header headers[HTTP_HEADER_MAX_N + 1];
	const size_t header_n = x->header_n;
	struct demo_request r = { x->method, x->target, headers, header_n,
		x->body };
	struct buf length = buf_in(x->arena, 24);
	size_t max = x->body_max == 0 ? HTTP_RESPONSE_MAX : x->body_max;
	struct demo_reply reply;
	enum err err;

	fail_init(&x->fail, x->arena);
	if (header_n > HTTP_HEADER_MAX_N) {
		return fail_set(&x->fail, ERR_LIMIT, 0, STR_NONE);
	}
	for (size_t i = 0; i < header_n; i++) {
		headers[i] = (struct http1_header){ x->headers[i].name,
		    x->headers[i].value };
	}
	/* What a transport adds: it may be signed. */
	if (x->body.len > 0) {
		buf_add_u64(&length, x->body.len);
		headers[r.header_n++] = (struct http1_header){
			S("Content-Length"), buf_str(&length) };
	}
	demo_serve(d, &r, x->arena, &reply);
	x->sent = true;
	if (reply.delay_ms > 0) {
		int64_t until = d->sys->mono_ms(d->sys->ctx) + reply.delay_ms;
		bool late = until > x->deadline_ms;

		err = d->sys->sleep_until(d->sys->ctx, late ? x->deadline_ms :
		    until, x->cancel);
		if (err != ERR_OK || late) {
			return fail_set(&x->fail, err != ERR_OK ? err :
			    ERR_TIMEOUT, 0, STR_NONE);
		}
	}
	if (reply.cut_len < reply.body.len) {
		return fail_set(&x->fail, ERR_CLOSED, 0, STR_NONE);
	}
	if (reply.body.len > max) {
		return fail_set(&x->fail, ERR_HTTP_BODY_LIMIT, 0, STR_NONE);
	}
	x->status = reply.status;
	x->response_n = reply.header_n;
	for (size_t i = 0; i < reply.header_n; i++) {
		x->response[i] = (struct transport_header){
		    reply.headers[i].name, reply.headers[i].value };
	}
	if (x->sink != NULL && reply.status < 300) {
		return feed_sink(d, x, &reply);
	}
	x->response_body = reply.body;
	return ERR_OK;
}

static void
roundtrip(void *ctx, struct exchange *const *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		x[i]->err = exchange(ctx, x[i]);
	}
}

/* see demo.h */
void
demo_transport(struct demo *d, struct transport *out)
{
	out->ctx = d;
	out->roundtrip = roundtrip;
}

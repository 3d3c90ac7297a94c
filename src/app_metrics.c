/* SPDX-License-Identifier: Apache-2.0 */
/* see app_metrics.h */
#include "app_metrics.h"

#include "app_auth.h"
#include "aws/operation.h"
#include "base/limits.h"
#include "base/meter.h"

/* Labels of one sample: at most three pairs of name and value. */
#define LABEL_N 3

struct page {
	struct buf b;
	bool open_metrics;
	struct str name;     /* of the family being written */
	struct str labels[LABEL_N][2];
	size_t label_n;
};

static const struct str outcomes[METER_OUTCOME_N] = {
	[METER_OK] = STR_INIT("ok"),
	[METER_ERROR] = STR_INIT("error"),
	[METER_DENIED] = STR_INIT("denied"),
	[METER_CREDENTIALS] = STR_INIT("credentials"),
	[METER_THROTTLED] = STR_INIT("throttled"),
	[METER_TIMEOUT] = STR_INIT("timeout"),
	[METER_UNAVAILABLE] = STR_INIT("unavailable"),
	[METER_CANCELLED] = STR_INIT("cancelled"),
};

static const struct str methods[METER_METHOD_N] = {
	[METER_GET] = STR_INIT("GET"),
	[METER_POST] = STR_INIT("POST"),
	[METER_OTHER] = STR_INIT("other"),
};

static const struct str classes[METER_CLASS_N] = {
	STR_INIT("2xx"), STR_INIT("3xx"), STR_INIT("4xx"), STR_INIT("5xx"),
};

static const struct str refusals[METER_REFUSAL_N] = {
	[METER_BUSY] = STR_INIT("busy"),
	[METER_MEMORY] = STR_INIT("memory"),
	[METER_SLOW] = STR_INIT("timeout"),
	[METER_LARGE] = STR_INIT("too_large"),
	[METER_MALFORMED] = STR_INIT("malformed"),
};

static const struct str caches[METER_CACHE_N] = {
	[METER_CACHE_CREDENTIALS] = STR_INIT("credentials"),
	[METER_CACHE_SIGNING_KEY] = STR_INIT("signing_key"),
	[METER_CACHE_ACCOUNT] = STR_INIT("account"),
	[METER_CACHE_CALLER] = STR_INIT("caller"),
};

static const struct str verdicts[] = {
	[AUTH_OK] = STR_INIT("ok"),
	[AUTH_MISSING] = STR_INIT("missing"),
	[AUTH_INVALID] = STR_INIT("invalid"),
	[AUTH_SCOPE] = STR_INIT("denied"),
	[AUTH_MALFORMED] = STR_INIT("malformed"),
	[AUTH_UNAVAILABLE] = STR_INIT("unavailable"),
};

static const struct str services[] = {
	[ENDPOINT_CLOUDWATCH] = STR_INIT("monitoring"),
	[ENDPOINT_LOGS] = STR_INIT("logs"),
	[ENDPOINT_STS] = STR_INIT("sts"),
};

/* ---- the format ---- */

/* Begins a family. Counters have their names without _total. */
static void
family(struct page *p, const char *name, const char *type, const char *help)
{
	struct str suffix = !p->open_metrics && str_eq(str_from_z(type),
	    S("counter")) ? S("_total") : S("");
	struct str prefix = str_starts(str_from_z(name), S("process_")) ?
	    S("") : S("cloudwatch_mcp_");

	p->name = str_from_z(name);
	p->label_n = 0;
	buf_addf(&p->b, "# HELP %s%s%s %s\n# TYPE %s%s%s %s\n", prefix,
	    p->name, suffix, str_from_z(help), prefix, p->name, suffix,
	    str_from_z(type));
}

static void
label(struct page *p, const char *name, struct str value)
{
	MUST(p->label_n < LABEL_N);
	p->labels[p->label_n][0] = str_from_z(name);
	p->labels[p->label_n++][1] = value;
}

/* A value between quotes. */
static void
add_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\') {
			buf_add_byte(b, '\\');
		}
		if (s.p[i] == '\n') {
			buf_add(b, S("\\n"));
		} else {
			buf_add_byte(b, s.p[i]);
		}
	}
}

/* Name and labels of one sample; `le` is one more label where it is present. */
static void
add_series(struct page *p, struct str suffix, struct str le)
{
	struct buf *b = &p->b;

	if (!str_starts(p->name, S("process_"))) {
		buf_add(b, S("cloudwatch_mcp_"));
	}
	buf_add(b, p->name);
	buf_add(b, suffix);
	for (size_t i = 0; i < p->label_n; i++) {
		buf_add(b, i == 0 ? S("{") : S(","));
		buf_add(b, p->labels[i][0]);
		buf_add(b, S("=\""));
		add_escaped(b, p->labels[i][1]);
		buf_add_byte(b, '"');
	}
	if (le.p != NULL) {
		buf_addf(b, p->label_n == 0 ? "{le=\"%s\"" : ",le=\"%s\"",
		    le);
	}
	buf_add(b, p->label_n > 0 || le.p != NULL ? S("} ") : S(" "));
}

/* Milliseconds as seconds, in the one form that OpenMetrics has for `le`: 0.1,
 * 1.0. */
static void
add_seconds(struct buf *b, uint64_t ms)
{
	uint64_t part = ms % 1000;
	unsigned width = 3;

	while (width > 1 && part % 10 == 0) {
		part /= 10;
		width--;
	}
	buf_add_u64(b, ms / 1000);
	buf_add_byte(b, '.');
	buf_add_padded(b, part, width);
}

static void
gauge(struct page *p, uint64_t value)
{
	add_series(p, S(""), STR_NONE);
	buf_add_u64(&p->b, value);
	buf_add_byte(&p->b, '\n');
	p->label_n = 0;
}

static void
counter(struct page *p, uint64_t value)
{
	add_series(p, S("_total"), STR_NONE);
	buf_add_u64(&p->b, value);
	buf_add_byte(&p->b, '\n');
	p->label_n = 0;
}

/* The same where something happened. */
static void
counter_if(struct page *p, const meter_n *n)
{
	uint64_t value = meter_get(n);

	if (value > 0) {
		counter(p, value);
	}
	p->label_n = 0;
}

/* Where something happened. */
static void
histogram_if(struct page *p, const struct meter_times *t)
{
	uint64_t n[METER_BOUND_N + 1];
	uint64_t all = 0;

	for (size_t i = 0; i <= METER_BOUND_N; i++) {
		all += meter_get(&t->n[i]);
		n[i] = all;
	}
	for (size_t i = 0; all > 0 && i <= METER_BOUND_N; i++) {
		char text[24];
		struct buf le = buf_fixed(text, sizeof(text));

		if (i < METER_BOUND_N) {
			add_seconds(&le, meter_bounds_ms[i]);
		} else {
			buf_add(&le, S("+Inf"));
		}
		add_series(p, S("_bucket"), buf_str(&le));
		buf_add_u64(&p->b, n[i]);
		buf_add_byte(&p->b, '\n');
	}
	if (all > 0) {
		add_series(p, S("_sum"), STR_NONE);
		add_seconds(&p->b, meter_get(&t->sum_ms));
		buf_add_byte(&p->b, '\n');
		add_series(p, S("_count"), STR_NONE);
		buf_add_u64(&p->b, all);
		buf_add_byte(&p->b, '\n');
	}
	p->label_n = 0;
}

/* ---- what is written ---- */

static void
write_http(struct page *p, const struct meter *m)
{
	family(p, "http_requests", "counter", "Requests answered, by route.");
	for (size_t i = 0; app_route_path(i).p != NULL; i++) {
		for (size_t k = 0; k < METER_METHOD_N * METER_CLASS_N; k++) {
			label(p, "route", app_route_path(i));
			label(p, "method", methods[k / METER_CLASS_N]);
			label(p, "code", classes[k % METER_CLASS_N]);
			counter_if(p, &m->requests[i][k / METER_CLASS_N]
			    [k % METER_CLASS_N]);
		}
	}
	family(p, "http_request_duration_seconds", "histogram",
	    "From the whole request to its reply.");
	for (size_t i = 0; app_route_path(i).p != NULL; i++) {
		label(p, "route", app_route_path(i));
		histogram_if(p, &m->request_times[i]);
	}
	family(p, "http_refused", "counter", "Requests refused before any "
	    "route: malformed, too slow, no room.");
	for (size_t i = 0; i < METER_REFUSAL_N; i++) {
		label(p, "reason", refusals[i]);
		counter(p, meter_get(&m->refusals[i]));
	}
	family(p, "auth_requests", "counter", "Requests by what their caller "
	    "was known by, and the verdict.");
	for (size_t i = 0; i <= AUTH_CREDENTIALS; i++) {
		for (size_t k = 0; k <= AUTH_UNAVAILABLE; k++) {
			label(p, "kind", app_auth_kind((enum auth_kind)i));
			label(p, "outcome", verdicts[k]);
			counter_if(p, &m->auth[i][k]);
		}
	}
}

static void
write_tools(struct page *p, const struct meter *m,
    const struct mcp_config *config)
{
	size_t n = config->tool_n < METER_TOOL_N ? config->tool_n :
	    METER_TOOL_N;

	family(p, "tool_calls", "counter", "Calls of tools, by outcome.");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < METER_OUTCOME_N; k++) {
			label(p, "tool", config->tools[i]->name);
			label(p, "outcome", outcomes[k]);
			counter_if(p, &m->tools[i].outcomes[k]);
		}
	}
	family(p, "tool_call_duration_seconds", "histogram",
	    "How long tools ran, without waiting for a worker.");
	for (size_t i = 0; i < n; i++) {
		label(p, "tool", config->tools[i]->name);
		histogram_if(p, &m->tools[i].times);
	}
}

static void
label_operation(struct page *p, size_t i)
{
	label(p, "service", services[operation_list[i].service]);
	label(p, "operation", operation_list[i].name);
}

/* One family of counters with an operation each. */
static void
write_operations(struct page *p, const struct meter *m, size_t offset)
{
	for (size_t i = 0; i < operation_n; i++) {
		label_operation(p, i);
		counter_if(p, (const meter_n *)(const void *)
		    ((const char *)&m->operations[i] + offset));
	}
}

static void
write_aws(struct page *p, const struct meter *m)
{
	family(p, "aws_calls", "counter", "Calls of AWS, repeats included in "
	    "their call, by outcome.");
	for (size_t i = 0; i < operation_n; i++) {
		for (size_t k = 0; k < METER_OUTCOME_N; k++) {
			label_operation(p, i);
			label(p, "outcome", outcomes[k]);
			counter_if(p, &m->operations[i].outcomes[k]);
		}
	}
	family(p, "aws_call_duration_seconds", "histogram",
	    "How long calls of AWS took, with repeats and pauses.");
	for (size_t i = 0; i < operation_n; i++) {
		label_operation(p, i);
		histogram_if(p, &m->operations[i].times);
	}
	family(p, "aws_retries", "counter", "Requests that were repeated.");
	write_operations(p, m, offsetof(struct meter_operation, retries));
	family(p, "aws_throttles", "counter", "Answers of AWS that said to "
	    "slow down.");
	write_operations(p, m, offsetof(struct meter_operation, throttles));
	family(p, "aws_paced", "counter", "Requests held back to stay under "
	    "AWS's quotas.");
	write_operations(p, m, offsetof(struct meter_operation, paced));
	family(p, "credential_lookups", "counter", "Look-ups of AWS "
	    "credentials, by outcome.");
	for (size_t i = 0; i < METER_OUTCOME_N; i++) {
		label(p, "outcome", outcomes[i]);
		counter_if(p, &m->lookups[i]);
	}
}

static void
write_cache(struct page *p, struct str name, uint64_t hits, uint64_t misses)
{
	label(p, "cache", name);
	label(p, "result", S("hit"));
	counter(p, hits);
	label(p, "cache", name);
	label(p, "result", S("miss"));
	counter(p, misses);
}

static void
write_caches(struct page *p, const struct meter *m,
    const struct app_gauges *g)
{
	family(p, "cache_requests", "counter", "Questions to caches.");
	for (size_t i = 0; i < METER_CACHE_N; i++) {
		write_cache(p, caches[i], meter_get(&m->caches[i][1]),
		    meter_get(&m->caches[i][0]));
	}
	write_cache(p, S("connection"), g->reuse_n, g->connect_n);
	write_cache(p, S("tls_session"), g->resume_n,
	    g->handshake_n - g->resume_n);
}

static void
one_gauge(struct page *p, const char *name, const char *help, uint64_t value)
{
	family(p, name, "gauge", help);
	gauge(p, value);
}

static void
one_counter(struct page *p, const char *name, const char *help,
    uint64_t value)
{
	family(p, name, "counter", help);
	counter(p, value);
}

static void
write_front(struct page *p, const struct app_gauges *g)
{
	one_gauge(p, "queue_length", "Calls that wait for a worker.",
	    g->queue_n);
	one_gauge(p, "queue_capacity", "Calls that may wait.", g->queue_max);
	one_gauge(p, "workers_busy", "Workers with a call.", g->running_n);
	one_gauge(p, "workers", "Workers.", g->worker_n);
	one_gauge(p, "memory_used_bytes", "Held by all requests.",
	    g->budget_used);
	one_gauge(p, "memory_budget_bytes", "What they may hold.",
	    g->budget_max);
	one_gauge(p, "memory_ceiling_bytes", "The most memory of the whole "
	    "process, as computed at start.", g->memory_max);
	one_gauge(p, "connections", "Client connections open.", g->conn_n);
	one_gauge(p, "connections_max", "Client connections at most.",
	    g->conn_max);
	one_counter(p, "connections_accepted", "Client connections taken.",
	    g->accepted_n);
	one_counter(p, "connections_refused", "Client connections answered "
	    "with 503.", g->refused_n);
	one_gauge(p, "streams", "Event streams of the HTTP+SSE transport.",
	    g->stream_n);
	one_gauge(p, "streams_max", "Such streams at most.", g->stream_max);
}

static void
write_state(struct page *p, const struct app *app, const struct app_gauges *g)
{
	family(p, "build_info", "gauge", "Always 1.");
	label(p, "version", app->version);
	gauge(p, 1);
	one_gauge(p, "draining", "1 from SIGTERM on.",
	    atomic_load(&app->draining));
	one_gauge(p, "credentials_ready", "1 while AWS credentials are at "
	    "hand.", g->keys_ready);
	if (g->keys_until_ms > 0) {
		one_gauge(p, "credentials_expiry_timestamp_seconds",
		    "When those of the default profile end; absent where they "
		    "do not.", (uint64_t)g->keys_until_ms / 1000);
	}
	if (g->resident > 0) {
		one_gauge(p, "process_resident_memory_bytes",
		    "Resident memory size in bytes.", g->resident);
	}
	one_gauge(p, "process_start_time_seconds", "Start time of the process "
	    "since unix epoch in seconds.", (uint64_t)app->started_ms / 1000);
}

/* see app_metrics.h */
enum app_verdict
app_metrics_begin(struct visit *v)
{
	const struct app *app = v->app;
	struct app_gauges g = { .accepted_n = 0 };
	struct page p = { .b = buf_in(&v->job->arena, METRICS_PAGE_MAX) };

	if (app->meter == NULL || (app->meter_aside && !v->job->side)) {
		return visit_error(v, ERR_HTTP_NOT_FOUND, app->meter == NULL ?
		    S("metrics are switched off") : S("metrics have a port of "
		    "their own"), VISIT_NO_FIELD);
	}
	p.open_metrics = visit_accepts(v->job->http,
	    S("application/openmetrics-text"), true);
	if (app->gauges != NULL) {
		app->gauges(app->gauges_ctx, &g);
	}
	write_state(&p, app, &g);
	write_front(&p, &g);
	write_http(&p, app->meter);
	write_tools(&p, app->meter, mcp_config(app->mcp));
	write_aws(&p, app->meter);
	write_caches(&p, app->meter, &g);
	if (p.open_metrics) {
		buf_add(&p.b, S("# EOF\n"));
	}
	if (!buf_ok(&p.b)) {
		return visit_error(v, ERR_NOMEM, STR_NONE, VISIT_NO_FIELD);
	}
	return visit_reply(v, 200, p.open_metrics ?
	    S("application/openmetrics-text; version=1.0.0; charset=utf-8") :
	    S("text/plain; version=0.0.4; charset=utf-8"), buf_str(&p.b),
	    VISIT_NO_FIELD);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* see visit.h */
#include "visit.h"

#include "app_auth.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/timefmt.h"
#include "proto/json.h"

/* see visit.h */
void
visit_fields(struct visit *v, struct buf *b)
{
	const struct sys *sys = v->app->sys;
	char text[40];
	struct buf date = buf_fixed(text, sizeof(text));

	timefmt_http(&date, sys->now_ms(sys->ctx));
	http1_field(b, S("Date"), buf_str(&date));
	http1_field(b, S("X-Content-Type-Options"), S("nosniff"));
	if (v->origin.p != NULL) {
		http1_field(b, S("Access-Control-Allow-Origin"), v->origin);
		http1_field(b, S("Access-Control-Expose-Headers"),
		    S("Mcp-Session-Id, WWW-Authenticate"));
		http1_field(b, S("Vary"), S("Origin"));
	}
	if (atomic_load(&v->app->draining)) {
		v->job->close_after = true;
	}
	if (!v->job->keep_alive || v->job->close_after) {
		http1_field(b, S("Connection"), S("close"));
	} else if (v->job->http->minor == 0) {
		http1_field(b, S("Connection"), S("keep-alive"));
	}
}

/* see visit.h */
enum app_verdict
visit_reply(struct visit *v, int status, struct str type, struct str body,
    struct http1_header extra)
{
	struct app_job *job = v->job;
	struct buf b = buf_in(&job->arena, HTTP_HEAD_MAX);

	http1_status_line(&b, status);
	if (type.p != NULL) {
		http1_field(&b, S("Content-Type"), type);
	}
	/* RFC 9110 8.6: no Content-Length with 204. */
	if (status != 204) {
		http1_field_u64(&b, S("Content-Length"), body.len);
	}
	visit_fields(v, &b);
	if (extra.name.p != NULL) {
		http1_field(&b, extra.name, extra.value);
	}
	http1_head_end(&b);
	v->status = buf_ok(&b) ? status : 503;
	if (!buf_ok(&b)) {
		job->reply_head = S("HTTP/1.1 503 Service Unavailable\r\n"
		    "Content-Length: 0\r\nConnection: close\r\n\r\n");
		job->close_after = true;
		return APP_DONE;
	}
	job->reply_head = buf_str(&b);
	job->reply_body = v->head ? S("") : body;
	return APP_DONE;
}

/* see visit.h */
enum app_verdict
visit_json(struct visit *v, int status, struct str body)
{
	return visit_reply(v, status, VISIT_JSON_TYPE, body, VISIT_NO_FIELD);
}

/* see visit.h */
enum app_verdict
visit_error(struct visit *v, enum err code, struct str text,
    struct http1_header extra)
{
	struct buf b = buf_in(&v->job->arena, FAIL_TEXT_MAX);
	struct json_writer w = json_writer(&b);

	json_begin_object(&w);
	json_key(&w, S("error"));
	json_begin_object(&w);
	json_put_string(&w, S("code"), err_name(code));
	json_put_string(&w, S("message"), text.p != NULL ? text :
	    err_text(code));
	json_end_object(&w);
	json_end_object(&w);
	return visit_reply(v, err_http(code), VISIT_JSON_TYPE,
	    buf_ok(&b) ? buf_str(&b) : S("{}"), extra);
}

/* see visit.h */
enum app_verdict
visit_refuse(struct visit *v, enum err code, struct str text,
    struct http1_header extra)
{
	struct log_event e;

	if (log_begin(&e, v->app->log, LOG_DEBUG, S("refused"))) {
		log_request_id(&e, v->number);
		log_str(&e, S("peer"), v->job->peer);
		log_str(&e, S("method"), v->job->http->method);
		log_str(&e, S("path"), v->job->http->path);
		log_str(&e, S("host"), v->job->http->authority);
		log_str(&e, S("origin"), http1_header(v->job->http->headers,
		    v->job->http->header_n, S("Origin")));
		log_int(&e, S("status"), err_http(code));
		log_str(&e, S("error"), err_name(code));
		log_end(&e);
	}
	return visit_error(v, code, text, extra);
}

/* ---- the log ---- */

static void
write_request(const struct visit *v, int status, enum log_level level)
{
	const struct mcp_log *l = &v->message.log;
	const struct sys *sys = v->app->sys;
	struct log_event e;

	if (!log_begin(&e, v->app->log, level, S("request"))) {
		return;
	}
	log_int(&e, S("request_id"), (int64_t)v->number);
	log_str(&e, S("peer"), v->job->peer);
	if (v->route != NULL) {
		log_str(&e, S("path"), v->route->path);
	}
	log_str(&e, S("caller"), v->caller.subject);
	log_str(&e, S("trace_id"), v->message.trace.id);
	log_str(&e, S("span_id"), v->message.trace.span);
	log_str(&e, S("method"), l->method);
	log_str(&e, S("tool"), l->tool);
	log_str(&e, S("region"), l->region);
	log_int(&e, S("status"), status);
	log_int(&e, S("duration_ms"),
	    sys->mono_ms(sys->ctx) - v->job->start_ms);
	log_int(&e, S("aws_calls"), (int64_t)l->aws_calls);
	log_int(&e, S("bytes"), (int64_t)l->reply_len);
	if (l->code != ERR_OK) {
		log_str(&e, S("error"), err_name(l->code));
	}
	log_end(&e);
}

/* see visit.h */
void
visit_log(const struct visit *v, int status)
{
	enum log_level level = v->message.log.tool.p != NULL ? LOG_INFO :
	    LOG_DEBUG;

	if (log_enabled(v->app->log, level)) {
		write_request(v, status, level);
	}
	/* The calls of a batch have their own lines. */
	if (v->message.log.tool.p != NULL && !v->message.batch) {
		app_auth_audit(v);
	}
}

/* see visit.h */
bool
visit_is_json(const struct http1_request *r)
{
	struct str type = http1_header(r->headers, r->header_n,
	    S("Content-Type"));

	return str_ieq(str_trim(str_cut(&type, ';')), VISIT_JSON_TYPE);
}

/* see visit.h */
bool
visit_accepts(const struct http1_request *r, struct str type, bool by_name)
{
	bool any = by_name;

	for (size_t i = 0; i < r->header_n; i++) {
		struct str list = r->headers[i].value;

		if (!str_ieq(r->headers[i].name, S("Accept"))) {
			continue;
		}
		any = true;
		while (list.p != NULL) {
			struct str rest = str_cut(&list, ',');
			struct str range = str_trim(str_cut(&rest, ';'));
			struct str q = rest.p == NULL ? S("") : str_trim(rest);
			bool star = !by_name && (str_eq(range, S("*/*")) ||
			    (str_ends(range, S("/*")) && str_istarts(type,
			    str_sub(range, 0, range.len - 1))));

			if ((star || str_ieq(range, type)) &&
			    !str_eq(q, S("q=0"))) {
				return true;
			}
		}
	}
	return !any;
}

/* see visit.h */
bool
visit_listed(struct str list, struct str item)
{
	while (list.p != NULL && list.len > 0) {
		struct str one = str_trim(str_cut(&list, ','));

		if (str_eq(one, S("*")) ||
		    (one.len > 0 && str_ieq(one, item))) {
			return true;
		}
	}
	return false;
}

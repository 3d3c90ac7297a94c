/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See demo_ask.h.
 */
#include "demo_ask.h"

/* see demo_ask.h */
void
demo_ask_init(struct demo_ask *q)
{
	fake_sys_init(&q->sys);
	demo_init(&q->demo, &q->sys.sys);
	arena_init(&q->arena, JOB_ARENA_CAP);
}

/* see demo_ask.h */
void
demo_ask_free(struct demo_ask *q)
{
	demo_free(&q->demo);
	arena_free(&q->arena);
	fake_sys_free(&q->sys);
}

/* see demo_ask.h */
const struct json *
demo_ask_call(struct demo_ask *q, bool logs, const char *operation,
    const char *body)
{
	struct buf target = buf_in(&q->arena, 256);
	struct http1_header h[2];
	struct demo_request r = { .method = S("POST"), .target = S("/"),
		.headers = h, .header_n = 2, .body = str_from_z(body) };
	struct json *v = NULL;

	arena_reset(&q->arena);
	target = buf_in(&q->arena, 256);
	buf_addf(&target, "%s%s", logs ? S("Logs_20140328.") :
	    S("GraniteServiceVersion20100801."), str_from_z(operation));
	h[0] = (struct http1_header){ S("Host"), logs ?
	    S("logs.eu-west-1.amazonaws.com") :
	    S("monitoring.eu-west-1.amazonaws.com") };
	h[1] = (struct http1_header){ S("X-Amz-Target"), buf_str(&target) };
	demo_serve(&q->demo, &r, &q->arena, &q->reply);
	q->json = NULL;
	if (json_parse(&q->arena, q->reply.body, JSON_REJECT_DUPLICATES, &v,
	    NULL) == ERR_OK) {
		q->json = v;
	}
	return q->json;
}

/* see demo_ask.h */
struct str
demo_ask_header(const struct demo_ask *q, const char *name)
{
	for (size_t i = 0; i < q->reply.header_n; i++) {
		if (str_ieq(q->reply.headers[i].name, str_from_z(name))) {
			return q->reply.headers[i].value;
		}
	}
	return STR_NONE;
}

/* see demo_ask.h */
struct str
demo_ask_error(const struct demo_ask *q)
{
	return json_get_str(q->json, S("__type"), STR_NONE);
}

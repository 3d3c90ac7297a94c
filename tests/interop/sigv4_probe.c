/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs what it is told on standard input, for comparison with botocore: one
 * JSON object a line in, one a line out. See botocore_sigv4.py.
 *
 *	in   method, path, query, headers [[name, value]], body, access_key,
 *	     secret, token (may be null), time (amz-date), region, service,
 *	     expires (0: Authorization header)
 *	out  {"authorization": ...} or {"query": ...}
 */
#include <stdio.h>

#include "base/limits.h"
#include "base/timefmt.h"
#include "proto/json.h"
#include "proto/sigv4.h"

static struct str
text(const struct json *v, struct str key)
{
	return json_get_str(v, key, STR_NONE);
}

/* Signs and writes the answer. */
static enum err
sign(struct arena *a, const struct sigv4_request *r,
    const struct sigv4_keys *keys, const struct sigv4_scope *scope,
    int64_t expires_s, struct json_writer *w)
{
	struct sigv4_signed out;
	struct str query;
	enum err err;

	json_begin_object(w);
	if (expires_s > 0) {
		err = sigv4_presign(a, r, keys, scope, expires_s, &query,
		    NULL);
		json_put_string(w, S("query"), query);
	} else {
		err = sigv4_sign(a, r, keys, scope, &out, NULL);
		json_put_string(w, S("authorization"), out.add[0].value);
		json_put_string(w, S("canonical"), out.canonical);
	}
	json_end_object(w);
	return err;
}

/* Answers one line; false: the line is not a request. */
static bool
answer(struct arena *a, struct str line, struct json_writer *w)
{
	struct http1_header h[32];
	struct sigv4_request r = { .headers = h };
	struct sigv4_scope scope;
	struct sigv4_keys keys;
	struct json *v;

	if (json_parse(a, line, 0, &v, NULL) != ERR_OK) {
		return false;
	}
	r.method = text(v, S("method"));
	r.path = text(v, S("path"));
	r.query = text(v, S("query"));
	r.body = text(v, S("body"));
	for (const struct json *i = json_at(json_get(v, S("headers")), 0);
	    i != NULL && r.header_n < 32; i = i->next) {
		h[r.header_n].name = json_str(json_at(i, 0));
		h[r.header_n++].value = json_str(json_at(i, 1));
	}
	keys = (struct sigv4_keys){ text(v, S("access_key")),
	    text(v, S("secret")), text(v, S("token")), NULL };
	scope = (struct sigv4_scope){ 0, text(v, S("region")),
	    text(v, S("service")) };
	return timefmt_parse_amz(text(v, S("time")), &scope.time_ms) &&
	    sign(a, &r, &keys, &scope, json_get_i64(v, S("expires"), 0), w) ==
	    ERR_OK;
}

int
main(void)
{
	static char line[65536];
	struct arena a;

	arena_init(&a, JOB_ARENA_CAP);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct buf b = buf_in(&a, HTTP_BODY_MAX);
		struct json_writer w = json_writer(&b);

		if (!answer(&a, str_trim_ws(str_from_z(line)), &w) ||
		    !buf_ok(&b)) {
			(void)fprintf(stderr, "cannot sign: %s", line);
			return 1;
		}
		printf("%.*s\n", STR_ARG(buf_str(&b)));
		arena_reset(&a);
	}
	arena_free(&a);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* see key_get.h */
#include "auth/key_get.h"

#include "base/buf.h"
#include "base/limits.h"

/* see key_get.h */
bool
key_get_is_safe(struct str uri, struct url *u)
{
	return uri.len <= OIDC_URI_MAX && url_parse(uri, u, NULL) == ERR_OK &&
	    u->userinfo.p == NULL &&
	    (u->tls || url_host_is_loopback(u->host));
}

/* Seconds of Cache-Control's max-age, as milliseconds within bounds. */
static int64_t
hold(struct str control)
{
	struct str name = S("max-age=");
	uint64_t s = 0;
	size_t digits = 0;

	for (size_t i = 0; i + name.len < control.len; i++) {
		struct str rest = str_sub(control, i, control.len);

		if (!str_istarts(rest, name)) {
			continue;
		}
		rest = str_sub(rest, name.len, rest.len);
		while (digits < rest.len && str_is_digit(rest.p[digits])) {
			digits++;
		}
		if (!str_u64(str_sub(rest, 0, digits), OIDC_RENEW_MS / 1000,
		    &s)) {
			break;
		}
		return (int64_t)s * 1000 < OIDC_RENEW_MIN_MS ?
		    OIDC_RENEW_MIN_MS : (int64_t)s * 1000;
	}
	return OIDC_RENEW_MS;
}

/* see key_get.h */
enum err
key_get(struct key_get *g, struct str uri, struct str *body)
{
	struct buf host = buf_in(g->a, HTTP_TARGET_MAX);
	struct transport_header headers[2];
	struct exchange x;
	struct exchange *px = &x;
	struct url u;

	g->status = 0;
	if (!key_get_is_safe(uri, &u)) {
		return fail_setf(g->f, ERR_CONFIG, "'%s' cannot be a source "
		    "of signing keys: it has to be an https URL", uri);
	}
	url_add_host(&host, &u);
	headers[0] = (struct transport_header){ S("Host"), buf_str(&host) };
	headers[1] = (struct transport_header){ S("User-Agent"),
	    S("cloudwatch-mcp") };
	x = (struct exchange){
		.arena = g->a, .tls = u.tls, .host = u.host, .port = u.port,
		.method = S("GET"), .target = u.path,
		.headers = headers, .header_n = 2,
		.body_max = g->body_max, .deadline_ms = g->deadline_ms,
		.cancel = g->cancel,
	};
	if (u.query.p != NULL) {
		struct str parts[3] = { u.path, S("?"), u.query };

		x.target = str_join(g->a, parts, 3);
	}
	fail_init(&x.fail, g->a);
	if (g->a->failed) {
		return ERR_NOMEM;
	}
	g->transport->roundtrip(g->transport->ctx, &px, 1);
	if (x.err != ERR_OK) {
		return fail_setf(g->f, x.err, "%s: %s", uri,
		    fail_text(&x.fail));
	}
	g->status = x.status;
	if (x.status != 200) {
		return fail_setf(g->f, ERR_CLOSED, "%s answered with status "
		    "%u%s", uri, (uint64_t)x.status, x.status >= 300 &&
		    x.status < 400 ? S("; redirects are not followed") :
		    S(""));
	}
	g->hold_ms = hold(transport_response_header(&x, S("Cache-Control")));
	*body = x.response_body;
	return ERR_OK;
}

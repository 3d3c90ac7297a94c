/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudwatch-mcp health: what a container's health check runs, because a
 * scratch image has no shell and no curl.
 */
#include "cli/cli.h"

/* A live server answers in microseconds; orchestrators allow a few seconds. */
#define TIMEOUT_MS 3000

static struct str
reachable(struct str host)
{
	if (host.len == 0 || str_eq(host, S("0.0.0.0")) ||
	    str_eq(host, S("*"))) {
		return S("127.0.0.1");
	}
	return str_eq(host, S("::")) ? S("::1") : host;
}

/* see cli.h */
int
cli_health(const struct transport *transport, const struct sys *sys,
    struct arena *a, struct str host, uint16_t port, struct buf *out,
    struct buf *err)
{
	struct transport_header headers[] = {
		/* The server's Host check knows this name on any address. */
		{ S("Host"), S("localhost") },
	};
	struct exchange x = {
		.arena = a,
		.direct = true,
		.host = reachable(host),
		.port = port,
		.method = S("GET"),
		.target = S("/health"),
		.headers = headers,
		.header_n = 1,
		.deadline_ms = sys->mono_ms(sys->ctx) + TIMEOUT_MS,
	};
	struct exchange *list = &x;

	fail_init(&x.fail, a);
	transport->roundtrip(transport->ctx, &list, 1);
	if (x.err != ERR_OK) {
		buf_addf(err, "no answer from %s port %u: %s\n", x.host,
		    (uint64_t)port, fail_text(&x.fail));
		return CLI_FAILED;
	}
	if (x.status != 200) {
		buf_addf(err, "%s port %u answered with status %d\n", x.host,
		    (uint64_t)port, (int64_t)x.status);
		return CLI_FAILED;
	}
	buf_add(out, S("ok\n"));
	return CLI_OK;
}

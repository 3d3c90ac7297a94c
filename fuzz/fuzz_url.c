/* SPDX-License-Identifier: Apache-2.0 */
/*
 * URLs. An accepted URL written from its parts splits into the same parts; an
 * accepted host is accepted inside a URL; encoding undoes decoding; normalising
 * a path twice is normalising it once.
 */
#include <string.h>

#include "base/must.h"
#include "proto/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Writes u and splits the text again. */
static void
check_url(struct arena *a, const struct url *u)
{
	struct buf b = buf_in(a, 1 << 20);
	struct url again;

	buf_add(&b, u->tls ? S("https://") : S("http://"));
	buf_add(&b, u->userinfo);
	buf_add(&b, u->userinfo.p != NULL ? S("@") : S(""));
	url_add_host(&b, u);
	buf_add(&b, u->path);
	buf_add(&b, u->query.p != NULL ? S("?") : S(""));
	buf_add(&b, u->query);
	MUST(url_parse(buf_str(&b), &again, NULL) == ERR_OK);
	MUST(again.tls == u->tls && again.ipv6 == u->ipv6 &&
	    again.port == u->port && str_eq(again.userinfo, u->userinfo) &&
	    str_eq(again.host, u->host) && str_eq(again.path, u->path) &&
	    str_eq(again.query, u->query) && url_host_ok(u->host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct str in = str_of((const char *)data, len);
	struct url_pair *pairs;
	struct buf once, twice;
	struct arena a;
	struct url u;
	struct str plain;
	size_t n;

	arena_init(&a, 16 << 20);
	once = buf_in(&a, 1 << 20);
	twice = buf_in(&a, 1 << 20);
	if (url_parse(in, &u, NULL) == ERR_OK) {
		check_url(&a, &u);
	}
	MUST(!url_host_is_loopback(in) || url_host_ok(in));
	if (url_decode(&a, in, (len & 1) != 0, &plain) == ERR_OK) {
		MUST(plain.len <= len);
		url_encode(&once, plain);
		MUST(url_decode(&a, buf_str(&once), true, &in) == ERR_OK);
		MUST(str_eq(in, plain));
		in = str_of((const char *)data, len);
	}
	if (url_query_parse(&a, in, true, 1000, &pairs, &n) == ERR_OK) {
		MUST(n <= len);
	}
	buf_clear(&once);
	url_path_normalise(&once, in);
	url_path_normalise(&twice, buf_str(&once));
	MUST(buf_ok(&once) && str_eq(buf_str(&once), buf_str(&twice)));
	MUST(once.p[0] == '/' && once.len <= len + 1);
	arena_free(&a);
	return 0;
}

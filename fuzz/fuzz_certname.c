/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of certificates: any bytes, in pieces of any size, give one result;
 * what is not well-formed matches nothing; a host matches in any case.
 */
#include <string.h>

#include "base/must.h"
#include "net/certname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct certname
read_all(const uint8_t *data, size_t len, struct str host, size_t step)
{
	struct certname c;

	certname_init(&c, host);
	while (len > 0) {
		size_t n = step < len ? step : len;

		certname_feed(&c, data, n);
		data += n;
		len -= n;
	}
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct str hosts[] = { STR_INIT("good.test"),
	    STR_INIT("GOOD.test."), STR_INIT("10.0.0.1"),
	    STR_INIT("fd00::1"), STR_INIT("x.wild.test") };
	bool matched[5];

	for (size_t i = 0; i < 5; i++) {
		struct certname whole = read_all(data, len, hosts[i], len + 1);

		for (size_t step = 1; step < 40; step += 7) {
			struct certname c = read_all(data, len, hosts[i],
			    step);

			MUST(c.matched == whole.matched);
			MUST(c.broken == whole.broken);
			MUST(str_eq(certname_seen(&c),
			    certname_seen(&whole)));
		}
		MUST(!whole.matched || (whole.has_names && !whole.broken));
		matched[i] = whole.matched;
	}
	MUST(matched[0] == matched[1]);
	return 0;
}

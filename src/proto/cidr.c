/* SPDX-License-Identifier: Apache-2.0 */
/* see cidr.h */
#include "proto/cidr.h"

#include <string.h>

#include "proto/url.h"

#define MAPPED_BITS 96U /* of ::ffff:0:0/96 */

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

/* Reads an address; *v4: it was written as one of IPv4. */
static bool
address_parse(struct str s, unsigned char out[static 16], bool *v4)
{
	*v4 = url_ipv4(s, out + sizeof(mapped));
	if (*v4) {
		memcpy(out, mapped, sizeof(mapped));
	}
	return *v4 || url_ipv6(s, out);
}

/* Both have the same first bits. */
static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned rest = bits % 8;

	return memcmp(a, b, bits / 8) == 0 && (rest == 0 ||
	    ((a[bits / 8] ^ b[bits / 8]) >> (8 - rest)) == 0);
}

/* see cidr.h */
bool
cidr_parse(struct str s, struct cidr *out)
{
	struct str rest = s;
	struct str text = str_cut(&rest, '/');
	struct cidr c = { .bits = 128 };
	uint64_t bits;
	bool v4;

	if (!address_parse(text, c.address, &v4)) {
		return false;
	}
	if (rest.p != NULL) {
		if ((rest.len > 1 && rest.p[0] == '0') ||
		    !str_u64(rest, v4 ? 32 : 128, &bits)) {
			return false;
		}
		c.bits = (unsigned)bits + (v4 ? MAPPED_BITS : 0);
	}
	for (unsigned i = c.bits; i < 128; i++) {
		if ((c.address[i / 8] >> (7 - i % 8) & 1) != 0) {
			return false;
		}
	}
	*out = c;
	return true;
}

/* see cidr.h */
bool
cidr_has(const struct cidr *c, struct str address)
{
	unsigned char a[16];
	bool v4;

	return address_parse(address, a, &v4) &&
	    (c->bits >= MAPPED_BITS || !same_bits(a, mapped, MAPPED_BITS)) &&
	    same_bits(a, c->address, c->bits);
}

/* see cidr.h */
bool
cidr_is_loopback(struct str address)
{
	static const struct cidr four = { .address = { [10] = 0xff,
	    [11] = 0xff, [12] = 127 }, .bits = MAPPED_BITS + 8 };
	static const struct cidr six = { .address = { [15] = 1 },
	    .bits = 128 };

	return cidr_has(&four, address) || cidr_has(&six, address);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cidr.h"

#include "test.h"

TEST(networks_are_read_strictly)
{
	static const char *const good[] = { "10.0.0.0/8", "0.0.0.0/0",
	    "192.0.2.1/32", "192.0.2.1", "::/0", "fd00::/8", "::1",
	    "2001:db8::/127", "::ffff:10.0.0.0/104" };
	static const char *const bad[] = { "", "/", "/8", "10.0.0.0/",
	    "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8",
	    "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0/8", "10.0.0.0/8 ",
	    " 10.0.0.0/8", "010.0.0.0/8", "fd00::/129", "fd00::1/8",
	    "[::1]/128", "fe80::1%eth0", "localhost", "*",
	    "10.0.0.0/4294967304", "::ffff:10.0.0.0/8" };
	struct cidr c;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(cidr_parse(test_guarded(str_from_z(good[i])), &c));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (cidr_parse(test_guarded(str_from_z(bad[i])), &c)) {
			test_fail(__FILE__, __LINE__, bad[i]);
		}
	}
}

TEST(an_address_is_inside_or_not)
{
	static const struct {
		const char *network, *address;
		bool inside;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.0/8", "9.255.255.255", false },
		{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
		{ "10.0.0.0/8", "::ffff:a01:203", true },
		{ "10.0.0.0/8", "::10.1.2.3", false },
		{ "192.0.2.128/25", "192.0.2.128", true },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "::1", false },
		{ "::/0", "::1", true },
		{ "::/0", "10.0.0.1", false },
		{ "::/0", "::ffff:10.0.0.1", false },
		{ "::ffff:10.0.0.0/104", "10.9.9.9", true },
		{ "::ffff:0.0.0.0/96", "10.9.9.9", true },
		{ "fd00::/8", "fdff::1", true },
		{ "fd00::/8", "fe00::1", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "10.0.0.0/8", "", false },
		{ "10.0.0.0/8", "10.0.0.1 ", false },
		{ "10.0.0.0/8", "10.0.0.1%eth0", false },
		{ "0.0.0.0/0", "host", false },
	};
	struct cidr c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(cidr_parse(str_from_z(cases[i].network), &c));
		if (cidr_has(&c, str_from_z(cases[i].address)) !=
		    cases[i].inside) {
			test_fail(__FILE__, __LINE__, cases[i].address);
		}
	}
}

/* Each prefix against a walk over single bits. */
TEST(every_prefix_length_counts_its_bits)
{
	for (unsigned bits = 0; bits <= 32; bits++) {
		for (unsigned flip = 0; flip < 32; flip++) {
			uint32_t base = 0xAC1F37C5U;
			uint32_t net = bits == 0 ? 0 :
			    base & ~(uint32_t)((UINT64_C(1) << (32 - bits)) -
			    1);
			uint32_t other = base ^ (uint32_t)1 << (31 - flip);
			char text[32], address[32];
			struct cidr c;

			snprintf(text, sizeof(text), "%u.%u.%u.%u/%u",
			    net >> 24, net >> 16 & 255, net >> 8 & 255,
			    net & 255, bits);
			snprintf(address, sizeof(address), "%u.%u.%u.%u",
			    other >> 24, other >> 16 & 255, other >> 8 & 255,
			    other & 255);
			CHECK(cidr_parse(str_from_z(text), &c));
			CHECK_INT(cidr_has(&c, str_from_z(address)),
			    flip >= bits);
		}
	}
}

TEST(loopback_is_told)
{
	CHECK(cidr_is_loopback(S("127.0.0.1")));
	CHECK(cidr_is_loopback(S("127.255.255.255")));
	CHECK(cidr_is_loopback(S("::1")));
	CHECK(cidr_is_loopback(S("::ffff:127.0.0.1")));
	CHECK(!cidr_is_loopback(S("126.255.255.255")));
	CHECK(!cidr_is_loopback(S("128.0.0.0")));
	CHECK(!cidr_is_loopback(S("::")));
	CHECK(!cidr_is_loopback(S("localhost")));
	CHECK(!cidr_is_loopback(STR_NONE));
}

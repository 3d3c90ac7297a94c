/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of bytes of the HTTP and URL grammars, as one table: a byte has a
 * class when its entry has the bit. Scanners walk it without branching on the
 * byte, which is what makes the request parser fast.
 *
 * Bytes are taken as `char` and looked up as unsigned, so text above 0x7f needs
 * no care at the call.
 */
#ifndef PROTO_CHARS_H
#define PROTO_CHARS_H

#include <stdbool.h>

/* tchar: methods and field names (RFC 9110 5.6.2). */
#define CHARS_TOKEN 0x01U
/* field-content: visible, obs-text, blank, tab (RFC 9110 5.5). */
#define CHARS_VALUE 0x02U
/* unreserved, sub-delims, ':', '@' and '/': path and query of a URL except
 * '%' and '?', which mean something there (RFC 3986 3.3, 3.4). */
#define CHARS_URL 0x04U
/* unreserved (RFC 3986 2.3). */
#define CHARS_UNRESERVED 0x08U
/* Hexadecimal digits of both cases. */
#define CHARS_HEX 0x10U
/* Letters, digits, '-' and '_': a label of a host name. */
#define CHARS_LABEL 0x20U
#define CHARS_DIGIT 0x40U
/* Visible ASCII, 0x21 to 0x7e. */
#define CHARS_VISIBLE 0x80U

extern const unsigned char chars_class[256];

/* Whether c is in the class (or in one of several). */
static inline bool
chars_is(char c, unsigned class)
{
	return (chars_class[(unsigned char)c] & class) != 0;
}

/* The first byte at or after p that is not in the class, or end. */
static inline const char *
chars_skip(const char *p, const char *end, unsigned class)
{
	while (p < end && chars_is(*p, class)) {
		p++;
	}
	return p;
}

/* Value of a hexadecimal digit; c has to be one. */
static inline unsigned
chars_hex(char c)
{
	return chars_is(c, CHARS_DIGIT) ? (unsigned)(c - '0') :
	    (unsigned)((c | 0x20) - 'a' + 10);
}

#endif

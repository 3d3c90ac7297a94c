/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 heads, body framing, head writer.
 *
 *	HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ body ]
 *	request-line = method SP request-target SP HTTP-version
 *	status-line  = HTTP-version SP status-code SP [ reason-phrase ]
 *	field-line   = field-name ":" OWS field-value OWS
 *
 * The head parser walks the bytes once, from left to right, and reports the
 * first error it meets; a rule about the whole head (Host present, one kind of
 * framing) is applied at its end. So an answer on a prefix never contradicts
 * the answer on more bytes. Each step returns STEP_DONE, 0 (need more) or minus
 * an enum err, and moves s->p only past what it accepted.
 */
#include "proto/http1.h"

#include <string.h>

#include "proto/chars.h"
#include "proto/url.h"

#define STEP_DONE 1

/* The bytes being parsed. */
struct scan {
	const char *base;
	const char *p;   /* next byte */
	const char *end;
	bool clipped;    /* end is the limit, not the end of what arrived */
	struct fail *f;
};

/* What the fields say about framing and the connection. */
struct framing {
	bool has_length;
	uint64_t length;
	bool chunked;
	bool close;      /* Connection: close */
	bool keep;       /* Connection: keep-alive */
	bool expect;     /* Expect: 100-continue */
	bool has_host;
	struct str host;
};

static long
refuse(const struct scan *s, const char *at, enum err code, struct str what)
{
	return -(long)fail_set(s->f, code, (size_t)(at - s->base), what);
}

/* The bytes ran out. */
static long
need_more(const struct scan *s)
{
	if (s->clipped) {
		return refuse(s, s->end, ERR_HTTP_HEAD_LIMIT,
		    S("the head of the message is too large"));
	}
	return 0;
}

static struct scan
scan_of(struct str bytes, struct fail *f)
{
	bool clipped = bytes.len >= HTTP_HEAD_MAX;
	const char *p = bytes.p == NULL ? "" : bytes.p;

	return (struct scan){
		.base = p,
		.p = p,
		.end = p + (clipped ? HTTP_HEAD_MAX : bytes.len),
		.clipped = clipped,
		.f = f,
	};
}

/* Passes CRLF. RFC 9112 2.2 lets a recipient take a bare LF for a line end;
 * we do not, because the next hop may not. */
static long
line_end(struct scan *s)
{
	if (s->p == s->end) {
		return need_more(s);
	}
	if (*s->p != '\r') {
		return refuse(s, s->p, ERR_HTTP_SYNTAX, *s->p == '\n' ?
		    S("a line ends with a bare LF") :
		    S("a byte that is not allowed here"));
	}
	if (s->p + 1 == s->end) {
		return need_more(s);
	}
	if (s->p[1] != '\n') {
		return refuse(s, s->p, ERR_HTTP_SYNTAX,
		    S("a CR is not followed by LF"));
	}
	s->p += 2;
	return STEP_DONE;
}

/* Passes one SP: the start lines are separated by exactly one (RFC 9112 3). */
static long
one_space(struct scan *s)
{
	if (s->p == s->end) {
		return need_more(s);
	}
	if (*s->p != ' ') {
		return refuse(s, s->p, ERR_HTTP_SYNTAX,
		    S("a single blank is expected here"));
	}
	s->p++;
	return STEP_DONE;
}

/* Passes "HTTP/1.0" or "HTTP/1.1" (RFC 9112 2.3, case-sensitive). */
static long
version(struct scan *s, unsigned *minor)
{
	static const char pattern[] = "HTTP/0.0";
	const char *at = s->p;

	for (size_t i = 0; i < sizeof(pattern) - 1; i++) {
		if (at + i == s->end) {
			return need_more(s);
		}
		if (at[i] != pattern[i] && (pattern[i] != '0' ||
		    !chars_is(at[i], CHARS_DIGIT))) {
			return refuse(s, at + i, ERR_HTTP_SYNTAX,
			    S("the HTTP version is malformed"));
		}
	}
	if (at[5] != '1' || at[7] > '1') {
		return refuse(s, at, ERR_HTTP_VERSION, STR_NONE);
	}
	*minor = (unsigned)(at[7] - '0');
	s->p = at + 8;
	return STEP_DONE;
}

/* ---- fields ---- */

/* RFC 9112 6.1: chunked has to be the last coding and stand once, else nobody
 * knows where the message ends; other codings before it are merely unknown. */
static long
note_coding(const struct scan *s, struct str value, struct framing *fr)
{
	struct str rest = value;
	struct str last = STR_NONE;
	size_t chunked_n = 0;

	if (fr->chunked) {
		return refuse(s, value.p, ERR_HTTP_FRAMING,
		    S("Transfer-Encoding is given twice"));
	}
	if (str_ieq(value, S("chunked"))) {
		fr->chunked = true;
		return STEP_DONE;
	}
	while (rest.p != NULL) {
		last = str_trim(str_cut(&rest, ','));
		chunked_n += str_ieq(last, S("chunked"));
	}
	if (chunked_n != 1 || !str_ieq(last, S("chunked"))) {
		return refuse(s, value.p, ERR_HTTP_FRAMING,
		    S("chunked is not the final transfer coding"));
	}
	return refuse(s, value.p, ERR_HTTP_CODING, STR_NONE);
}

/* RFC 9110 8.6. Repeated values are refused even when they agree: RFC 9112 6.3
 * allows it, and a peer that sends two is broken or hostile. */
static long
note_length(const struct scan *s, struct str value, struct framing *fr)
{
	if (fr->has_length) {
		return refuse(s, value.p, ERR_HTTP_FRAMING,
		    S("Content-Length is given twice"));
	}
	if (!str_u64(value, INT64_MAX, &fr->length)) {
		return refuse(s, value.p, ERR_HTTP_FRAMING,
		    S("Content-Length is not a number of bytes"));
	}
	fr->has_length = true;
	return STEP_DONE;
}

/* RFC 9112 3.2: one Host, and a valid one. */
static long
note_host(const struct scan *s, struct str value, struct framing *fr)
{
	struct url u;

	if (fr->has_host) {
		return refuse(s, value.p, ERR_HTTP_SYNTAX,
		    S("Host is given twice"));
	}
	if (url_authority(value, &u) != ERR_OK) {
		return refuse(s, value.p, ERR_HTTP_SYNTAX,
		    S("Host is not a host name or address with a port"));
	}
	fr->has_host = true;
	fr->host = value;
	return STEP_DONE;
}

/* RFC 9112 9.3, 9.6: a list of options, of which two matter here. */
static void
note_connection(struct str value, struct framing *fr)
{
	struct str rest = value;

	while (rest.p != NULL) {
		struct str option = str_trim(str_cut(&rest, ','));

		fr->close = fr->close || str_ieq(option, S("close"));
		fr->keep = fr->keep || str_ieq(option, S("keep-alive"));
	}
}

/* Looks whether the field concerns framing; the length decides first, so that
 * other fields cost one comparison. */
static long
note_field(const struct scan *s, const struct http1_header *h, bool request,
    struct framing *fr)
{
	switch (h->name.len) {
	case 4:
		if (request && str_ieq(h->name, S("Host"))) {
			return note_host(s, h->value, fr);
		}
		break;
	case 6:
		if (str_ieq(h->name, S("Expect"))) {
			/* RFC 9110 10.1.1: other expectations MAY get 417;
			 * they are ignored here. */
			fr->expect = fr->expect ||
			    str_ieq(h->value, S("100-continue"));
		}
		break;
	case 10:
		if (str_ieq(h->name, S("Connection"))) {
			note_connection(h->value, fr);
		}
		break;
	case 14:
		if (str_ieq(h->name, S("Content-Length"))) {
			return note_length(s, h->value, fr);
		}
		break;
	case 17:
		if (str_ieq(h->name, S("Transfer-Encoding"))) {
			return note_coding(s, h->value, fr);
		}
		break;
	default:
		break;
	}
	return STEP_DONE;
}

/* Says what is wrong where a field name should begin or go on. */
static long
refuse_name(const struct scan *s, bool first)
{
	if (*s->p == ' ' || *s->p == '\t') {
		return refuse(s, s->p, ERR_HTTP_SYNTAX, first ?
		    /* RFC 9112 5.2: obs-fold */
		    S("a header line is folded") :
		    /* RFC 9112 5.1: MUST be rejected */
		    S("a blank stands before the colon of a header"));
	}
	return refuse(s, s->p, ERR_HTTP_SYNTAX, *s->p == '\n' ?
	    S("a line ends with a bare LF") :
	    S("a header name is malformed"));
}

/* The first byte at or after p that a field value cannot hold, or end. Values
 * are most of a head, so eight bytes are tested at once: subtracting 0x20 from
 * each sets the high bit of those below it, and likewise for 0x7f made zero. A
 * borrow can only raise a false alarm, and the exact loop decides then. */
static const char *
skip_value(const char *p, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);

	while (end - p >= 8) {
		uint64_t w;
		uint64_t x;

		memcpy(&w, p, sizeof(w));
		x = w ^ ones * 0x7f;
		if ((((w - ones * 0x20) & ~w) | ((x - ones) & ~x)) &
		    ones * 0x80) {
			break;
		}
		p += 8;
	}
	return chars_skip(p, end, CHARS_VALUE);
}

/* Passes one field line. */
static long
field_line(struct scan *s, struct http1_header *h)
{
	const char *from = s->p;
	const char *last;

	s->p = chars_skip(from, s->end, CHARS_TOKEN);
	if (s->p == s->end) {
		return need_more(s);
	}
	if (*s->p != ':' || s->p == from) {
		return refuse_name(s, s->p == from);
	}
	h->name = str_of(from, (size_t)(s->p - from));
	s->p++;
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t')) {
		s->p++;
	}
	from = s->p;
	s->p = skip_value(from, s->end);
	last = s->p;
	while (last > from && (last[-1] == ' ' || last[-1] == '\t')) {
		last--;
	}
	h->value = str_of(from, (size_t)(last - from));
	return line_end(s);
}

/* Passes all field lines and the empty line behind them. */
static long
fields(struct scan *s, bool request, struct http1_header *headers,
    size_t *header_n, struct framing *fr)
{
	size_t n = 0;
	long r;

	while (s->p < s->end && *s->p != '\r') {
		if (n == HTTP_HEADER_MAX_N) {
			return refuse(s, s->p, ERR_HTTP_HEAD_LIMIT,
			    S("the message has too many headers"));
		}
		r = field_line(s, &headers[n]);
		if (r <= 0) {
			return r;
		}
		r = note_field(s, &headers[n], request, fr);
		if (r <= 0) {
			return r;
		}
		n++;
	}
	*header_n = n;
	r = line_end(s);
	if (r <= 0) {
		return r;
	}
	if (fr->has_length && fr->chunked) {
		/* RFC 9112 6.3 item 3: an attempt at smuggling. */
		return refuse(s, s->p, ERR_HTTP_FRAMING,
		    S("Content-Length and Transfer-Encoding are both given"));
	}
	return STEP_DONE;
}

/* RFC 9112 9.3: what the connection is good for after this message. */
static bool
keep_alive(unsigned minor, const struct framing *fr)
{
	return !fr->close && (minor > 0 || fr->keep);
}

/* ---- requests ---- */

/* Passes the bytes of a request target without looking at its form. Sets
 * *question and *bracket to the first '?' and the last '[' or ']'. */
static long
target_bytes(struct scan *s, const char **question, const char **bracket)
{
	const char *from = s->p;
	const char *p = from;
	const char *end = s->end;

	if ((size_t)(end - from) > HTTP_TARGET_MAX) {
		end = from + HTTP_TARGET_MAX + 1;
	}
	*question = NULL;
	*bracket = NULL;
	for (;;) {
		p = chars_skip(p, end, CHARS_URL);
		if (p == end) {
			break;
		}
		if (*p == '%') {
			const char *hex = p + 1;

			p = (size_t)(end - p) < 3 ? end : p + 3;
			hex = chars_skip(hex, p, CHARS_HEX);
			if (hex < p) {
				return refuse(s, hex, ERR_HTTP_SYNTAX,
				    S("a '%' in the target has no two hex "
				    "digits behind it"));
			}
		} else if (*p == '?') {
			*question = *question == NULL ? p : *question;
			p++;
		} else if (*p == '[' || *p == ']') {
			*bracket = p++;
		} else {
			break;
		}
	}
	if ((size_t)(p - from) > HTTP_TARGET_MAX) {
		return refuse(s, p, ERR_HTTP_TARGET_LIMIT, STR_NONE);
	}
	s->p = p;
	if (p == end) {
		return need_more(s);
	}
	if (p == from || *p != ' ') {
		return refuse(s, p, ERR_HTTP_SYNTAX,
		    S("the request target is malformed"));
	}
	return STEP_DONE;
}

/* Splits an absolute-form target (RFC 9112 3.2.2) behind its "scheme://". */
static long
absolute_form(const struct scan *s, struct str rest, struct http1_request *out)
{
	size_t n = 0;
	struct url u;

	while (n < rest.len && rest.p[n] != '/' && rest.p[n] != '?') {
		n++;
	}
	out->authority = str_sub(rest, 0, n);
	/* RFC 9110 4.2.4: user information is an error; url_authority() knows
	 * no '@'. */
	if (url_authority(out->authority, &u) != ERR_OK) {
		return refuse(s, rest.p, ERR_HTTP_SYNTAX,
		    S("the host of the request target is not valid"));
	}
	out->query = str_sub(rest, n, rest.len);
	out->path = str_cut(&out->query, '?');
	if (out->path.len == 0) {
		out->path = S("/"); /* RFC 9110 4.2.3 */
	}
	return STEP_DONE;
}

/* Finds the form of the target (RFC 9112 3.2) and its parts. */
static long
target_form(const struct scan *s, const char *question, const char *bracket,
    struct http1_request *out)
{
	struct str target = out->target;
	long r = STEP_DONE;

	out->authority = STR_NONE;
	out->query = STR_NONE;
	if (str_eq(out->method, S("CONNECT"))) {
		return refuse(s, target.p, ERR_HTTP_METHOD,
		    S("this server is not a proxy"));
	}
	if (target.p[0] == '/') {
		out->path = target;
		if (question != NULL) {
			const char *end = target.p + target.len;

			out->path.len = (size_t)(question - target.p);
			out->query = str_of(question + 1,
			    (size_t)(end - question - 1));
		}
	} else if (str_istarts(target, S("http://"))) {
		r = absolute_form(s, str_sub(target, 7, target.len), out);
	} else if (str_istarts(target, S("https://"))) {
		r = absolute_form(s, str_sub(target, 8, target.len), out);
	} else if (str_eq(target, S("*")) &&
	    str_eq(out->method, S("OPTIONS"))) {
		out->path = target;
	} else {
		return refuse(s, target.p, ERR_HTTP_SYNTAX,
		    S("the request target is malformed"));
	}
	/* Brackets belong to IPv6 addresses only (RFC 3986 3.2.2). */
	if (r > 0 && bracket != NULL && (out->authority.p == NULL ||
	    bracket >= out->authority.p + out->authority.len)) {
		return refuse(s, bracket, ERR_HTTP_SYNTAX,
		    S("a bracket in the target has to be percent-encoded"));
	}
	return r;
}

/* Passes the request line. */
static long
request_line(struct scan *s, struct http1_request *out)
{
	const char *from = s->p;
	const char *question;
	const char *bracket;
	long r;

	s->p = chars_skip(from, s->end, CHARS_TOKEN);
	if (s->p == from && s->p < s->end) {
		return refuse(s, s->p, ERR_HTTP_SYNTAX,
		    S("the method is malformed"));
	}
	out->method = str_of(from, (size_t)(s->p - from));
	if ((r = one_space(s)) <= 0) {
		return r;
	}
	from = s->p;
	if ((r = target_bytes(s, &question, &bracket)) <= 0) {
		return r;
	}
	out->target = str_of(from, (size_t)(s->p - from));
	s->p++; /* target_bytes() stopped at a blank */
	if ((r = version(s, &out->minor)) <= 0 || (r = line_end(s)) <= 0) {
		return r;
	}
	return target_form(s, question, bracket, out);
}

/* see http1.h */
long
http1_request_parse(struct str bytes, struct http1_request *out,
    struct fail *f)
{
	struct framing fr = { .has_length = false };
	struct scan s = scan_of(bytes, f);
	long r;

	/* RFC 9112 2.2: old clients send an extra CRLF behind a body. */
	if (s.p < s.end && *s.p == '\r' && (r = line_end(&s)) <= 0) {
		return r;
	}
	if ((r = request_line(&s, out)) <= 0 || (r = fields(&s, true,
	    out->headers, &out->header_n, &fr)) <= 0) {
		return r;
	}
	if (out->minor > 0 && !fr.has_host) {
		return refuse(&s, s.p, ERR_HTTP_SYNTAX,
		    S("Host is missing"));
	}
	if (out->minor == 0 && fr.chunked) {
		/* RFC 9112 6.1: HTTP/1.0 has no transfer codings. */
		return refuse(&s, s.p, ERR_HTTP_FRAMING,
		    S("Transfer-Encoding on HTTP/1.0"));
	}
	/* Past this point nothing fails. */
	if (out->authority.p == NULL) {
		out->authority = fr.host;
	}
	out->body = fr.chunked ? HTTP1_BODY_CHUNKED :
	    fr.has_length ? HTTP1_BODY_LENGTH : HTTP1_BODY_NONE;
	out->body_len = fr.has_length ? fr.length : 0;
	out->keep_alive = keep_alive(out->minor, &fr);
	/* RFC 9110 10.1.1: ignored on HTTP/1.0, and without content. */
	out->expect_continue = fr.expect && out->minor > 0 &&
	    (fr.chunked || out->body_len > 0);
	return s.p - s.base;
}

/* ---- responses ---- */

/* Passes the status line. */
static long
status_line(struct scan *s, struct http1_response *out)
{
	const char *from;
	long r;

	if ((r = version(s, &out->minor)) <= 0 || (r = one_space(s)) <= 0) {
		return r;
	}
	out->status = 0;
	for (size_t i = 0; i < 3; i++, s->p++) {
		if (s->p == s->end) {
			return need_more(s);
		}
		if (!chars_is(*s->p, CHARS_DIGIT) ||
		    (i == 0 && (*s->p < '1' || *s->p > '5'))) {
			return refuse(s, s->p, ERR_HTTP_SYNTAX,
			    S("the status code is malformed"));
		}
		out->status = out->status * 10 + (*s->p - '0');
	}
	out->reason = S("");
	if (s->p == s->end || *s->p == '\r') {
		/* RFC 9112 4 demands the blank; servers forget it when the
		 * phrase is empty, and nothing depends on it. */
		return line_end(s);
	}
	if ((r = one_space(s)) <= 0) {
		return r;
	}
	from = s->p;
	s->p = chars_skip(from, s->end, CHARS_VALUE);
	out->reason = str_of(from, (size_t)(s->p - from));
	return line_end(s);
}

/* RFC 9112 6.3, in its order. */
static long
response_body(const struct scan *s, struct str method,
    const struct framing *fr, struct http1_response *out)
{
	bool interim = out->status < 200;

	out->body = HTTP1_BODY_NONE;
	out->body_len = 0;
	if ((interim || out->status == 204) &&
	    (fr->chunked || fr->length > 0)) {
		/* RFC 9110 8.6, RFC 9112 6.1: must not be sent. What follows
		 * may or may not be a body: nobody can tell. */
		return refuse(s, s->p, ERR_HTTP_FRAMING,
		    S("a response that has no body announces one"));
	}
	if (out->status == 101) {
		return refuse(s, s->p, ERR_HTTP_SYNTAX,
		    S("the server switches protocols unasked"));
	}
	if (interim || out->status == 204 || out->status == 304 ||
	    str_eq(method, S("HEAD")) ||
	    (str_eq(method, S("CONNECT")) && out->status < 300)) {
		return STEP_DONE;
	}
	if (fr->chunked) {
		if (out->minor == 0) {
			return refuse(s, s->p, ERR_HTTP_FRAMING,
			    S("Transfer-Encoding on HTTP/1.0"));
		}
		out->body = HTTP1_BODY_CHUNKED;
	} else if (fr->has_length) {
		out->body = HTTP1_BODY_LENGTH;
		out->body_len = fr->length;
	} else {
		out->body = HTTP1_BODY_CLOSE;
		out->keep_alive = false;
	}
	return STEP_DONE;
}

/* see http1.h */
long
http1_response_parse(struct str bytes, struct str method,
    struct http1_response *out, struct fail *f)
{
	struct framing fr = { .has_length = false };
	struct scan s = scan_of(bytes, f);
	long r;

	if ((r = status_line(&s, out)) <= 0 || (r = fields(&s, false,
	    out->headers, &out->header_n, &fr)) <= 0) {
		return r;
	}
	out->keep_alive = keep_alive(out->minor, &fr);
	if ((r = response_body(&s, method, &fr, out)) <= 0) {
		return r;
	}
	return s.p - s.base;
}

/* ---- what both share ---- */

/* see http1.h */
bool
http1_head_progress(struct str bytes, size_t from)
{
	return from == 0 || bytes.len >= HTTP_HEAD_MAX ||
	    str_find_byte(bytes, '\n', from) < bytes.len;
}

static void
move(struct str *s, struct str from, const char *to)
{
	uintptr_t base = (uintptr_t)from.p;
	uintptr_t at = (uintptr_t)s->p;

	/* Not a constant, not absent. */
	if (at >= base && at - base < from.len) {
		s->p = to + (at - base);
	}
}

/* see http1.h */
void
http1_request_move(struct http1_request *r, struct str from, const char *to)
{
	move(&r->method, from, to);
	move(&r->target, from, to);
	move(&r->path, from, to);
	move(&r->query, from, to);
	move(&r->authority, from, to);
	for (size_t i = 0; i < r->header_n; i++) {
		move(&r->headers[i].name, from, to);
		move(&r->headers[i].value, from, to);
	}
}

/* see http1.h */
struct str
http1_header(const struct http1_header *headers, size_t header_n,
    struct str name)
{
	for (size_t i = 0; i < header_n; i++) {
		if (str_ieq(headers[i].name, name)) {
			return headers[i].value;
		}
	}
	return STR_NONE;
}

/* see http1.h */
size_t
http1_header_n(const struct http1_header *headers, size_t header_n,
    struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < header_n; i++) {
		n += str_ieq(headers[i].name, name);
	}
	return n;
}

/* see http1.h */
bool
http1_header_has(const struct http1_header *headers, size_t header_n,
    struct str name, struct str token)
{
	for (size_t i = 0; i < header_n; i++) {
		struct str rest = headers[i].value;

		if (!str_ieq(headers[i].name, name)) {
			continue;
		}
		while (rest.p != NULL) {
			if (str_ieq(str_trim(str_cut(&rest, ',')), token)) {
				return true;
			}
		}
	}
	return false;
}

/* ---- writing ---- */

/* see http1.h */
struct str
http1_status_text(int status)
{
	switch (status) {
#define X(code, text) case code: return S(text);
	HTTP1_STATUS_LIST(X)
#undef X
	default:
		return S("");
	}
}

/* see http1.h */
void
http1_status_line(struct buf *b, int status)
{
	buf_add(b, S("HTTP/1.1 "));
	buf_add_padded(b, (uint64_t)status, 3);
	buf_add_byte(b, ' ');
	buf_add(b, http1_status_text(status));
	buf_add(b, S("\r\n"));
}

/* Appends s, or fails the buffer when a byte is outside the class. */
static void
add_checked(struct buf *b, struct str s, unsigned class)
{
	if (s.len > 0) {
		const char *end = s.p + s.len;

		b->failed = b->failed || chars_skip(s.p, end, class) != end;
	}
	buf_add(b, s);
}

/* Also not empty. */
static void
add_required(struct buf *b, struct str s, unsigned class)
{
	if (s.len == 0) {
		b->failed = true;
	}
	add_checked(b, s, class);
}

/* see http1.h */
void
http1_request_line(struct buf *b, struct str method, struct str target)
{
	add_required(b, method, CHARS_TOKEN);
	buf_add_byte(b, ' ');
	add_required(b, target, CHARS_VISIBLE);
	buf_add(b, S(" HTTP/1.1\r\n"));
}

/* see http1.h */
void
http1_field(struct buf *b, struct str name, struct str value)
{
	add_required(b, name, CHARS_TOKEN);
	buf_add(b, S(": "));
	add_checked(b, value, CHARS_VALUE);
	buf_add(b, S("\r\n"));
}

/* see http1.h */
void
http1_field_u64(struct buf *b, struct str name, uint64_t value)
{
	add_required(b, name, CHARS_TOKEN);
	buf_add(b, S(": "));
	buf_add_u64(b, value);
	buf_add(b, S("\r\n"));
}

/* see http1.h */
void
http1_head_end(struct buf *b)
{
	buf_add(b, S("\r\n"));
}

/* see http1.h */
void
http1_chunk_head(struct buf *b, uint64_t len)
{
	char digits[16];
	size_t n = 0;

	do {
		digits[sizeof(digits) - ++n] = "0123456789abcdef"[len & 15];
		len >>= 4;
	} while (len != 0);
	buf_add(b, str_of(digits + sizeof(digits) - n, n));
	buf_add(b, S("\r\n"));
}

/* see http1.h */
void
http1_chunk(struct buf *b, struct str data)
{
	if (data.len > 0) {
		http1_chunk_head(b, data.len);
		buf_add(b, data);
		buf_add(b, S("\r\n"));
	}
}

/* see http1.h */
void
http1_chunk_end(struct buf *b)
{
	buf_add(b, S("0\r\n\r\n"));
}

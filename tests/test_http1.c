/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 heads and the head writer.
 *
 * Every vector runs the five ways of test.h, and besides: on growing prefixes
 * the first answer that is not "need more" has to be the answer on the whole.
 * The shapes that smuggle requests have one named test each.
 */
#include "test.h"

#include <stdlib.h>

#include "base/err.h"
#include "proto/http1.h"

/* ---- running a vector ---- */

static struct http1_request request;
static struct http1_response response;

/* Everything a parser says, as text. */
static void
log_headers(struct buf *b, const struct http1_header *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_addf(b, "\n%s=%s", headers[i].name, headers[i].value);
	}
	buf_add_byte(b, '\0');
}

static int
feed_request(void *ctx, struct str bytes, bool more, char *log,
    size_t log_size)
{
	struct buf b = buf_fixed(log, log_size);
	struct http1_request *r = &request;
	struct fail f;
	long n;

	(void)ctx;
	(void)more;
	fail_init(&f, NULL);
	n = http1_request_parse(bytes, r, &f);
	if (n < 0) {
		buf_addf(&b, "%s at %u%s", err_name(f.code), (uint64_t)f.pos,
		    str_of("", 1));
	} else if (n > 0) {
		buf_addf(&b, "%d %s|%s|%s|%s|%s minor %u body %u %u",
		    (int64_t)n, r->method, r->target, r->path, r->query,
		    r->authority, (uint64_t)r->minor, (uint64_t)r->body,
		    r->body_len);
		buf_addf(&b, " keep %u expect %u", (uint64_t)r->keep_alive,
		    (uint64_t)r->expect_continue);
		log_headers(&b, r->headers, r->header_n);
	}
	return (int)n;
}

static int
feed_response(void *ctx, struct str bytes, bool more, char *log,
    size_t log_size)
{
	struct buf b = buf_fixed(log, log_size);
	struct http1_response *r = &response;
	struct fail f;
	long n;

	(void)more;
	fail_init(&f, NULL);
	n = http1_response_parse(bytes, str_from_z(ctx), r, &f);
	if (n < 0) {
		buf_addf(&b, "%s at %u%s", err_name(f.code), (uint64_t)f.pos,
		    str_of("", 1));
	} else if (n > 0) {
		buf_addf(&b, "%d %d %s minor %u body %u %u keep %u",
		    (int64_t)n, (int64_t)r->status, r->reason,
		    (uint64_t)r->minor, (uint64_t)r->body, r->body_len,
		    (uint64_t)r->keep_alive);
		log_headers(&b, r->headers, r->header_n);
	}
	return (int)n;
}

/* The first answer on growing prefixes is the answer on the whole. */
static bool
steady(test_feed_fn feed, void *ctx, struct str s)
{
	static char whole[65536];
	static char part[65536];
	int want;
	int got = 0;

	whole[0] = part[0] = '\0';
	want = feed(ctx, s, false, whole, sizeof(whole));
	for (size_t n = 0; n <= s.len && got == 0; n++) {
		got = feed(ctx, str_sub(s, 0, n), true, part, sizeof(part));
	}
	if (got != want || strcmp(whole, part) != 0) {
		printf("    whole: %s\n    first: %s\n", whole, part);
		return false;
	}
	return true;
}

/* Parses into `request`; true when exactly the whole input is its head. */
static bool
accepted(struct str s)
{
	return steady(feed_request, NULL, s) &&
	    test_five_ways(feed_request, NULL, s, false) &&
	    http1_request_parse(s, &request, NULL) == (long)s.len;
}

static bool
refused(struct str s, enum err code)
{
	struct fail f;
	long n;

	fail_init(&f, NULL);
	n = http1_request_parse(s, &request, &f);
	if (n != -(long)code || f.code != code || f.pos > s.len) {
		printf("    answer %ld at %zu\n", n, f.pos);
		return false;
	}
	return http1_request_parse(s, &request, NULL) == n &&
	    steady(feed_request, NULL, s) &&
	    test_five_ways(feed_request, NULL, s, false);
}

static bool
response_accepted(const char *method, struct str s)
{
	void *ctx = (void *)(uintptr_t)method;

	return steady(feed_response, ctx, s) &&
	    test_five_ways(feed_response, ctx, s, false) &&
	    http1_response_parse(s, str_from_z(method), &response, NULL) ==
	    (long)s.len;
}

static bool
response_refused(const char *method, struct str s, enum err code)
{
	void *ctx = (void *)(uintptr_t)method;
	long n = http1_response_parse(s, str_from_z(method), &response, NULL);

	if (n != -(long)code) {
		printf("    answer %ld\n", n);
		return false;
	}
	return steady(feed_response, ctx, s) &&
	    test_five_ways(feed_response, ctx, s, false);
}

#define REFUSED(id, code, text) \
	TEST(id) { CHECK(refused(S(text), ERR_##code)); }
#define RESPONSE_REFUSED(id, method, code, text) \
	TEST(id) { CHECK(response_refused(method, S(text), ERR_##code)); }

/* ---- requests that are good ---- */

TEST(a_typical_request_gives_all_its_parts)
{
	CHECK(accepted(S("POST /mcp?a=1&b=%2F?c HTTP/1.1\r\n"
	    "Host: localhost:3334\r\nAccept:application/json,\t*/*  \r\n"
	    "Content-Length: 017\r\nX-Empty:\r\nX-Blank: \t \r\n\r\n")));
	CHECK_STR(request.method, S("POST"));
	CHECK_STR(request.target, S("/mcp?a=1&b=%2F?c"));
	CHECK_STR(request.path, S("/mcp"));
	CHECK_STR(request.query, S("a=1&b=%2F?c"));
	CHECK_STR(request.authority, S("localhost:3334"));
	CHECK_INT(request.minor, 1);
	CHECK_INT(request.body, HTTP1_BODY_LENGTH);
	CHECK_INT(request.body_len, 17);
	CHECK(request.keep_alive);
	CHECK(!request.expect_continue);
	CHECK_INT(request.header_n, 5);
	CHECK_STR(request.headers[1].name, S("Accept"));
	CHECK_STR(request.headers[1].value, S("application/json,\t*/*"));
	CHECK_STR(request.headers[3].value, S(""));
	CHECK_STR(request.headers[4].value, S(""));
}

TEST(what_follows_the_head_is_left_alone)
{
	struct str s = S("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b");

	CHECK_INT(http1_request_parse(s, &request, NULL), s.len - 6);
	CHECK_INT(request.body, HTTP1_BODY_NONE);
	CHECK(test_five_ways(feed_request, NULL, s, true));
}

TEST(a_query_may_be_empty_or_absent)
{
	CHECK(accepted(S("GET /? HTTP/1.1\r\nHost: a\r\n\r\n")));
	CHECK_STR(request.query, S(""));
	CHECK(request.query.p != NULL);
	CHECK(accepted(S("GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
	CHECK(request.query.p == NULL);
}

TEST(bytes_above_ascii_are_allowed_in_values)
{
	CHECK(accepted(S("GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa9\xff\r\n"
	    "\r\n")));
	CHECK_STR(request.headers[1].value, S("\xc3\xa9\xff"));
}

TEST(one_empty_line_before_the_request_is_skipped)
{
	struct str s = S("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");

	CHECK(accepted(s));
	CHECK_STR(request.method, S("GET"));
}

TEST(absolute_form_names_the_host_and_overrides_host)
{
	CHECK(accepted(S("GET http://real.example:81/a?q HTTP/1.1\r\n"
	    "Host: other\r\n\r\n")));
	CHECK_STR(request.authority, S("real.example:81"));
	CHECK_STR(request.path, S("/a"));
	CHECK_STR(request.query, S("q"));
	CHECK(accepted(S("GET HTTPS://[::1] HTTP/1.1\r\nHost: a\r\n\r\n")));
	CHECK_STR(request.authority, S("[::1]"));
	CHECK_STR(request.path, S("/"));
	CHECK(request.query.p == NULL);
	CHECK(accepted(S("GET http://h?x HTTP/1.1\r\nHost: a\r\n\r\n")));
	CHECK_STR(request.path, S("/"));
	CHECK_STR(request.query, S("x"));
}

TEST(asterisk_is_a_target_of_options)
{
	CHECK(accepted(S("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")));
	CHECK_STR(request.path, S("*"));
	CHECK_STR(request.authority, S("a"));
}

TEST(chunked_is_recognised_in_any_case)
{
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\n"
	    "transfer-ENCODING: ChunkeD\r\n\r\n")));
	CHECK_INT(request.body, HTTP1_BODY_CHUNKED);
	CHECK_INT(request.body_len, 0);
}

TEST(http_1_0_closes_unless_asked_to_keep)
{
	CHECK(accepted(S("GET / HTTP/1.0\r\n\r\n")));
	CHECK(!request.keep_alive);
	CHECK(request.authority.p == NULL);
	CHECK_INT(request.minor, 0);
	CHECK(accepted(S("GET / HTTP/1.0\r\nConnection: a, Keep-Alive\r\n"
	    "\r\n")));
	CHECK(request.keep_alive);
	CHECK(accepted(S("GET / HTTP/1.0\r\nConnection: keep-alive\r\n"
	    "Connection: x,close\r\nHost: h\r\n\r\n")));
	CHECK(!request.keep_alive);
	CHECK_STR(request.authority, S("h"));
}

TEST(http_1_1_keeps_unless_asked_to_close)
{
	CHECK(accepted(S("GET / HTTP/1.1\r\nHost: a\r\n"
	    "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n")));
	CHECK(request.keep_alive);
	CHECK(accepted(S("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n"
	    "\r\n")));
	CHECK(!request.keep_alive);
	CHECK(accepted(S("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	    "Connection: keep-alive, close\r\n\r\n")));
	CHECK(!request.keep_alive);
}

TEST(expect_continue_counts_only_with_a_body_on_1_1)
{
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Expect: 100-Continue\r\n\r\n")));
	CHECK(request.expect_continue);
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue"
	    "\r\nTransfer-Encoding: chunked\r\n\r\n")));
	CHECK(request.expect_continue);
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
	    "Expect: 100-continue\r\n\r\n")));
	CHECK(!request.expect_continue);
	CHECK(accepted(S("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Expect: 100-continue\r\n\r\n")));
	CHECK(!request.expect_continue);
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Expect: 100-continue\r\nExpect: a-miracle\r\n\r\n")));
	CHECK(request.expect_continue);
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
	    "Expect: a-miracle\r\nServer: x\r\nUser-Agent: y\r\n\r\n")));
	CHECK(!request.expect_continue);
}

TEST(names_as_long_as_framing_names_are_ordinary)
{
	CHECK(accepted(S("GET / HTTP/1.1\r\nHost: a\r\nFrom: x\r\n"
	    "Accept: y\r\nUser-Agent: z\r\nAccept-Charset: 1\r\n"
	    "Transfer-Encodinh: gzip\r\n\r\n")));
	CHECK_INT(request.body, HTTP1_BODY_NONE);
	CHECK_INT(request.header_n, 6);
}

TEST(the_largest_content_length_is_taken)
{
	CHECK(accepted(S("POST / HTTP/1.1\r\nHost: a\r\n"
	    "Content-Length: 9223372036854775807\r\n\r\n")));
	CHECK(request.body_len == INT64_MAX);
}

TEST(absent_input_needs_more)
{
	CHECK_INT(http1_request_parse(STR_NONE, &request, NULL), 0);
	CHECK_INT(http1_response_parse(STR_NONE, S("GET"), &response, NULL), 0);
}

/* ---- smuggling shapes and other malformed requests ---- */

#define GOOD "GET / HTTP/1.1\r\nHost: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"

/* RFC 9112 2.2: line ends */
REFUSED(bare_lf_after_the_request_line, HTTP_SYNTAX,
    "GET / HTTP/1.1\nHost: a\r\n\r\n")
REFUSED(bare_lf_after_a_field, HTTP_SYNTAX,
    "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n")
REFUSED(bare_lf_as_the_empty_line, HTTP_SYNTAX, GOOD "\n")
REFUSED(bare_lf_before_the_request, HTTP_SYNTAX, "\n" GOOD "\r\n")
REFUSED(two_empty_lines_before_the_request, HTTP_SYNTAX,
    "\r\n\r\n" GOOD "\r\n")
REFUSED(bare_cr_after_the_request_line, HTTP_SYNTAX,
    "GET / HTTP/1.1\rHost: a\r\n\r\n")
REFUSED(bare_cr_inside_a_value, HTTP_SYNTAX, GOOD "X: a\rY: b\r\n\r\n")
REFUSED(bare_cr_as_the_empty_line, HTTP_SYNTAX, GOOD "\rGET")
REFUSED(cr_cr_lf, HTTP_SYNTAX, GOOD "X: a\r\r\n\r\n")
REFUSED(bare_cr_before_the_request, HTTP_SYNTAX, "\rGET / HTTP/1.1\r\n\r\n")

/* RFC 9112 3: request line */
REFUSED(no_method, HTTP_SYNTAX, " / HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(method_that_is_not_a_token, HTTP_SYNTAX,
    "G(T / HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(method_above_ascii, HTTP_SYNTAX,
    "\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(a_tls_hello, HTTP_SYNTAX, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03")
REFUSED(tab_behind_the_method, HTTP_SYNTAX,
    "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(two_blanks_behind_the_method, HTTP_SYNTAX,
    "GET  / HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(two_blanks_behind_the_target, HTTP_SYNTAX,
    "GET /  HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(tab_behind_the_target, HTTP_SYNTAX,
    "GET /\tHTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(blank_behind_the_version, HTTP_SYNTAX,
    "GET / HTTP/1.1 \r\nHost: a\r\n\r\n")
REFUSED(no_version_as_in_http_0_9, HTTP_SYNTAX, "GET /\r\n\r\n")
REFUSED(no_target, HTTP_SYNTAX, "GET HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(lower_case_version, HTTP_SYNTAX,
    "GET / http/1.1\r\nHost: a\r\n\r\n")
REFUSED(version_with_two_digits, HTTP_SYNTAX,
    "GET / HTTP/1.10\r\nHost: a\r\n\r\n")
REFUSED(version_with_a_letter, HTTP_SYNTAX,
    "GET / HTTP/1.x\r\nHost: a\r\n\r\n")
REFUSED(version_1_2, HTTP_VERSION, "GET / HTTP/1.2\r\nHost: a\r\n\r\n")
REFUSED(version_0_9, HTTP_VERSION, "GET / HTTP/0.9\r\nHost: a\r\n\r\n")
REFUSED(http_2_preface, HTTP_VERSION, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

/* RFC 9112 3.2: target */
REFUSED(nul_in_the_target, HTTP_SYNTAX,
    "GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(byte_above_ascii_in_the_target, HTTP_SYNTAX,
    "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(fragment_in_the_target, HTTP_SYNTAX,
    "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(backslash_in_the_target, HTTP_SYNTAX,
    "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(quote_in_the_query, HTTP_SYNTAX,
    "GET /?\"x HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(bracket_in_the_query, HTTP_SYNTAX,
    "GET /?a[]=1 HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(bracket_in_the_path_of_an_absolute_form, HTTP_SYNTAX,
    "GET http://[::1]/] HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(percent_without_hex, HTTP_SYNTAX,
    "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(percent_with_only_the_second_hex, HTTP_SYNTAX,
    "GET /%z4 HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(percent_with_one_hex, HTTP_SYNTAX,
    "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(percent_at_the_end_of_the_target, HTTP_SYNTAX,
    "GET /% HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(target_without_a_slash, HTTP_SYNTAX,
    "GET mcp HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(asterisk_for_another_method, HTTP_SYNTAX,
    "GET * HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(asterisk_with_more_behind, HTTP_SYNTAX,
    "OPTIONS *a HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(connect, HTTP_METHOD, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(absolute_form_with_another_scheme, HTTP_SYNTAX,
    "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(absolute_form_without_a_host, HTTP_SYNTAX,
    "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(absolute_form_with_user_information, HTTP_SYNTAX,
    "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n")
REFUSED(absolute_form_with_a_bad_port, HTTP_SYNTAX,
    "GET https://a:99999/ HTTP/1.1\r\nHost: a\r\n\r\n")

/* RFC 9112 5: fields */
REFUSED(obs_fold_by_a_blank, HTTP_SYNTAX, GOOD "X: a\r\n b\r\n\r\n")
REFUSED(obs_fold_by_a_tab, HTTP_SYNTAX, GOOD "X: a\r\n\tb\r\n\r\n")
REFUSED(blank_before_the_first_field, HTTP_SYNTAX,
    "GET / HTTP/1.1\r\n Host: a\r\n\r\n")
REFUSED(blank_before_the_colon, HTTP_SYNTAX,
    POST "Content-Length : 5\r\n\r\n")
REFUSED(tab_before_the_colon, HTTP_SYNTAX,
    POST "Transfer-Encoding\t: chunked\r\n\r\n")
REFUSED(field_without_a_colon, HTTP_SYNTAX, GOOD "X\r\n\r\n")
REFUSED(field_without_a_colon_and_bare_lf, HTTP_SYNTAX, GOOD "X\n\r\n")
REFUSED(field_without_a_name, HTTP_SYNTAX, GOOD ": a\r\n\r\n")
REFUSED(field_name_with_a_slash, HTTP_SYNTAX, GOOD "X/Y: a\r\n\r\n")
REFUSED(field_name_with_a_nul, HTTP_SYNTAX, GOOD "X\0Y: a\r\n\r\n")
REFUSED(field_name_above_ascii, HTTP_SYNTAX, GOOD "X\xa0: a\r\n\r\n")
REFUSED(nul_in_a_value, HTTP_SYNTAX, GOOD "X: a\0b\r\n\r\n")
REFUSED(vertical_tab_around_a_value, HTTP_SYNTAX,
    POST "Transfer-Encoding: \vchunked\r\n\r\n")
REFUSED(delete_in_a_value, HTTP_SYNTAX, GOOD "X: a\x7f\r\n\r\n")

/* RFC 9112 3.2: Host */
REFUSED(host_missing_on_1_1, HTTP_SYNTAX, "GET / HTTP/1.1\r\n\r\n")
REFUSED(host_missing_on_1_1_with_absolute_form, HTTP_SYNTAX,
    "GET http://a/ HTTP/1.1\r\n\r\n")
REFUSED(host_twice, HTTP_SYNTAX, GOOD "Host: a\r\n\r\n")
REFUSED(host_twice_on_1_0, HTTP_SYNTAX,
    "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n")
REFUSED(host_empty, HTTP_SYNTAX, "GET / HTTP/1.1\r\nHost:\r\n\r\n")
REFUSED(host_with_two_names, HTTP_SYNTAX,
    "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")
REFUSED(host_with_a_path, HTTP_SYNTAX,
    "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")
REFUSED(host_with_user_information, HTTP_SYNTAX,
    "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n")
REFUSED(host_with_an_empty_port, HTTP_SYNTAX,
    "GET / HTTP/1.1\r\nHost: a:\r\n\r\n")

/* RFC 9112 6.3: framing */
REFUSED(content_length_and_chunked, HTTP_FRAMING,
    POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
REFUSED(chunked_and_content_length, HTTP_FRAMING,
    POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n")
REFUSED(content_length_zero_and_chunked, HTTP_FRAMING,
    POST "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n")
REFUSED(two_content_lengths, HTTP_FRAMING,
    POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n")
REFUSED(two_equal_content_lengths, HTTP_FRAMING,
    POST "Content-Length: 5\r\ncontent-length: 5\r\n\r\n")
REFUSED(content_length_list, HTTP_FRAMING,
    POST "Content-Length: 5, 5\r\n\r\n")
REFUSED(content_length_with_plus, HTTP_FRAMING,
    POST "Content-Length: +5\r\n\r\n")
REFUSED(content_length_with_minus, HTTP_FRAMING,
    POST "Content-Length: -5\r\n\r\n")
REFUSED(content_length_in_hex, HTTP_FRAMING,
    POST "Content-Length: 0x5\r\n\r\n")
REFUSED(content_length_empty, HTTP_FRAMING, POST "Content-Length: \r\n\r\n")
REFUSED(content_length_with_a_blank, HTTP_FRAMING,
    POST "Content-Length: 1 0\r\n\r\n")
REFUSED(content_length_of_2_to_the_63, HTTP_FRAMING,
    POST "Content-Length: 9223372036854775808\r\n\r\n")
REFUSED(content_length_of_2_to_the_64, HTTP_FRAMING,
    POST "Content-Length: 18446744073709551616\r\n\r\n")
REFUSED(two_transfer_encodings, HTTP_FRAMING, POST
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n")
REFUSED(second_transfer_encoding_of_another_kind, HTTP_FRAMING, POST
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n")
REFUSED(chunked_twice_in_one_list, HTTP_FRAMING,
    POST "Transfer-Encoding: chunked, chunked\r\n\r\n")
REFUSED(chunked_not_last, HTTP_FRAMING,
    POST "Transfer-Encoding: chunked, identity\r\n\r\n")
REFUSED(coding_without_chunked, HTTP_FRAMING,
    POST "Transfer-Encoding: gzip\r\n\r\n")
REFUSED(coding_that_looks_like_chunked, HTTP_FRAMING,
    POST "Transfer-Encoding: xchunked\r\n\r\n")
REFUSED(quoted_chunked, HTTP_FRAMING,
    POST "Transfer-Encoding: \"chunked\"\r\n\r\n")
REFUSED(chunked_with_a_parameter, HTTP_FRAMING,
    POST "Transfer-Encoding: chunked;q=1\r\n\r\n")
REFUSED(transfer_encoding_empty, HTTP_FRAMING,
    POST "Transfer-Encoding:\r\n\r\n")
REFUSED(transfer_encoding_on_1_0, HTTP_FRAMING,
    "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
REFUSED(coding_before_chunked_is_not_implemented_by_rfc_9112_6_1, HTTP_CODING,
    POST "Transfer-Encoding: gzip, chunked\r\n\r\n")

TEST(a_refusal_says_where_and_why)
{
	static const struct { struct str in, why; size_t pos; } rows[] = {
		{ STR_INIT(GOOD "X : y\r\n\r\n"),
		    STR_INIT("a blank stands before the colon of a header"),
		    sizeof(GOOD) },
		{ STR_INIT(GOOD "X\t: y\r\n\r\n"),
		    STR_INIT("a blank stands before the colon of a header"),
		    sizeof(GOOD) },
		{ STR_INIT(GOOD "\tX: y\r\n\r\n"),
		    STR_INIT("a header line is folded"), sizeof(GOOD) - 1 },
		{ STR_INIT(GOOD "\n"),
		    STR_INIT("a line ends with a bare LF"), sizeof(GOOD) - 1 },
		{ STR_INIT(GOOD "X: y\n"),
		    STR_INIT("a line ends with a bare LF"), sizeof(GOOD) + 3 },
		{ STR_INIT(GOOD "X: y\x01"),
		    STR_INIT("a byte that is not allowed here"),
		    sizeof(GOOD) + 3 },
		{ STR_INIT(GOOD "X: y\rz"),
		    STR_INIT("a CR is not followed by LF"),
		    sizeof(GOOD) + 3 },
		{ STR_INIT(GOOD "@: y\r\n"),
		    STR_INIT("a header name is malformed"), sizeof(GOOD) - 1 },
		{ STR_INIT("GET /%4z"), STR_INIT("a '%' in the target has no "
		    "two hex digits behind it"), 7 },
		{ STR_INIT("GET / HTTP/1.2"), STR_INIT("only HTTP/1.0 and "
		    "HTTP/1.1 are spoken here"), 6 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fail f;

		fail_init(&f, NULL);
		CHECK(http1_request_parse(rows[i].in, &request, &f) < 0);
		CHECK_STR(fail_text(&f), rows[i].why);
		CHECK_INT(f.pos, rows[i].pos);
	}
}

TEST(every_control_byte_is_refused_in_each_part_of_a_request)
{
	static const char *const forms[] = {
		"GE?T / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /? HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.?\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHo?st: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: a?b\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		for (int c = 0; c < 0x80; c++) {
			char s[64];
			size_t n = strlen(forms[i]);

			if (c == '\t' || (c >= 0x20 && c < 0x7f)) {
				continue;
			}
			memcpy(s, forms[i], n);
			*strchr(s, '?') = (char)c;
			CHECK(http1_request_parse(str_of(s, n), &request,
			    NULL) < 0);
		}
	}
}

TEST(every_byte_is_judged_alike_at_every_place_of_a_value)
{
	struct str form = S(GOOD "X: 0123456789abcdefghi\r\n\r\n");
	char s[64];

	for (size_t at = 0; at < 19; at++) {
		for (int c = 0; c < 256; c++) {
			bool good = c == '\t' || (c >= 0x20 && c != 0x7f);
			long n;

			memcpy(s, form.p, form.len);
			s[sizeof(GOOD) - 1 + 3 + at] = (char)c;
			n = http1_request_parse(str_of(s, form.len), &request,
			    NULL);
			CHECK_INT(n, good ? (long)form.len :
			    -(long)ERR_HTTP_SYNTAX);
		}
	}
}

/* ---- limits ---- */

/* A request whose head is exactly n bytes long, in static memory. */
static struct str
head_of(size_t n)
{
	static char big[3 * 8192];
	struct buf b = buf_fixed(big, sizeof(big));

	buf_add(&b, S(GOOD "X: "));
	buf_fill(&b, 'y', n - b.len - 4);
	buf_add(&b, S("\r\n\r\n"));
	MUST(buf_ok(&b) && b.len == n);
	return buf_str(&b);
}

TEST(a_head_of_exactly_the_limit_is_accepted)
{
	struct str s = head_of(HTTP_HEAD_MAX);

	CHECK_INT(http1_request_parse(test_guarded(s), &request, NULL),
	    HTTP_HEAD_MAX);
	CHECK_INT(http1_request_parse(str_sub(s, 0, s.len - 1), &request, NULL),
	    0);
}

TEST(a_head_above_the_limit_is_refused_as_soon_as_it_is_known)
{
	struct str s = head_of(HTTP_HEAD_MAX + 1);
	struct fail f;

	fail_init(&f, NULL);
	CHECK_INT(http1_request_parse(s, &request, &f), -ERR_HTTP_HEAD_LIMIT);
	CHECK_INT(f.pos, HTTP_HEAD_MAX);
	CHECK_INT(http1_request_parse(str_sub(s, 0, HTTP_HEAD_MAX), &request,
	    NULL), -ERR_HTTP_HEAD_LIMIT);
	CHECK_INT(http1_request_parse(str_sub(s, 0, HTTP_HEAD_MAX - 1),
	    &request, NULL), 0);
}

TEST(a_response_head_above_the_limit_is_refused)
{
	static char big[HTTP_HEAD_MAX];

	memset(big, 'a', sizeof(big));
	memcpy(big, "HTTP/1.1 200 ", 13);
	CHECK_INT(http1_response_parse(str_of(big, sizeof(big)), S("GET"),
	    &response, NULL), -ERR_HTTP_HEAD_LIMIT);
}

TEST(headers_beyond_the_limit_are_refused)
{
	char big[4096];

	for (size_t n = HTTP_HEADER_MAX_N - 1; n <= HTTP_HEADER_MAX_N; n++) {
		struct buf b = buf_fixed(big, sizeof(big));
		long want;

		buf_add(&b, S(GOOD));
		for (size_t i = 0; i < n; i++) {
			buf_add(&b, S("X: y\r\n"));
		}
		buf_add(&b, S("\r\n"));
		want = n == HTTP_HEADER_MAX_N - 1 ? (long)b.len :
		    -(long)ERR_HTTP_HEAD_LIMIT;
		CHECK(buf_ok(&b));
		CHECK_INT(http1_request_parse(buf_str(&b), &request, NULL),
		    want);
		CHECK(steady(feed_request, NULL, buf_str(&b)));
	}
}

/* "GET <target of n bytes> HTTP/1.1..." whose last bytes are `tail`. */
static struct str
target_of(size_t n, struct str tail)
{
	static char big[HTTP_HEAD_MAX];
	struct buf b = buf_fixed(big, sizeof(big));

	buf_add(&b, S("GET /"));
	buf_fill(&b, 'a', n - 1 - tail.len);
	buf_add(&b, tail);
	buf_add(&b, S(" HTTP/1.1\r\nHost: a\r\n\r\n"));
	return buf_str(&b);
}

TEST(a_target_of_exactly_the_limit_is_accepted)
{
	struct str s = target_of(HTTP_TARGET_MAX, S("%41"));

	CHECK_INT(http1_request_parse(s, &request, NULL), s.len);
	CHECK(steady(feed_request, NULL, s));
}

TEST(a_target_above_the_limit_is_refused_before_it_ends)
{
	for (size_t n = HTTP_TARGET_MAX + 1; n < HTTP_TARGET_MAX + 4; n++) {
		struct str s = target_of(n, S("%41"));

		CHECK_INT(http1_request_parse(s, &request, NULL),
		    -ERR_HTTP_TARGET_LIMIT);
		CHECK_INT(http1_request_parse(str_sub(s, 0,
		    4 + HTTP_TARGET_MAX + 1), &request, NULL),
		    -ERR_HTTP_TARGET_LIMIT);
		CHECK(steady(feed_request, NULL, s));
	}
}

TEST(progress_is_asked_for_at_the_start_at_line_ends_and_at_the_limit)
{
	struct str s = S("GET / HTTP/1.1\r\nHost");

	CHECK(http1_head_progress(s, 0));
	CHECK(http1_head_progress(s, 15));
	CHECK(!http1_head_progress(s, 16));
	CHECK(!http1_head_progress(s, s.len));
	CHECK(http1_head_progress(head_of(HTTP_HEAD_MAX), HTTP_HEAD_MAX));
}

/* ---- responses ---- */

TEST(a_typical_response_gives_all_its_parts)
{
	CHECK(response_accepted("POST", S("HTTP/1.1 200 OK fine\r\n"
	    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n")));
	CHECK_INT(response.status, 200);
	CHECK_STR(response.reason, S("OK fine"));
	CHECK_INT(response.body, HTTP1_BODY_LENGTH);
	CHECK_INT(response.body_len, 2);
	CHECK(response.keep_alive);
	CHECK_INT(response.header_n, 2);
}

TEST(a_reason_may_be_empty_or_absent)
{
	CHECK(response_accepted("GET", S("HTTP/1.1 404 \r\n\r\n")));
	CHECK_STR(response.reason, S(""));
	CHECK(response_accepted("GET", S("HTTP/1.1 404\r\n\r\n")));
	CHECK_STR(response.reason, S(""));
	CHECK_INT(response.status, 404);
}

TEST(without_length_the_body_ends_with_the_connection)
{
	CHECK(response_accepted("GET", S("HTTP/1.1 200 OK\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_CLOSE);
	CHECK(!response.keep_alive);
}

TEST(a_chunked_response_is_recognised)
{
	CHECK(response_accepted("GET", S("HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_CHUNKED);
	CHECK(!response.keep_alive);
}

TEST(head_204_304_and_interim_responses_have_no_body)
{
	CHECK(response_accepted("HEAD", S("HTTP/1.1 200 OK\r\n"
	    "Content-Length: 99\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response.keep_alive);
	CHECK(response_accepted("HEAD", S("HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response_accepted("GET", S("HTTP/1.1 304 Not Modified\r\n"
	    "Content-Length: 99\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response_accepted("GET", S("HTTP/1.1 204 No Content\r\n"
	    "Content-Length: 0\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response_accepted("GET", S("HTTP/1.1 100 Continue\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response.keep_alive);
}

TEST(a_tunnel_begins_behind_a_successful_connect)
{
	CHECK(response_accepted("CONNECT", S("HTTP/1.1 200 OK\r\n"
	    "Content-Length: 5\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response_accepted("CONNECT", S("HTTP/1.0 200 Connection "
	    "established\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_NONE);
	CHECK(response_accepted("CONNECT", S("HTTP/1.1 300 Which\r\n"
	    "Content-Length: 5\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_LENGTH);
	CHECK(response_accepted("CONNECT", S("HTTP/1.1 407 Auth\r\n"
	    "Content-Length: 5\r\n\r\n")));
	CHECK_INT(response.body, HTTP1_BODY_LENGTH);
}

TEST(http_1_0_responses_keep_only_when_they_say_so)
{
	CHECK(response_accepted("GET", S("HTTP/1.0 200 OK\r\n"
	    "Content-Length: 0\r\n\r\n")));
	CHECK(!response.keep_alive);
	CHECK(response_accepted("GET", S("HTTP/1.0 200 OK\r\n"
	    "Content-Length: 0\r\nConnection: keep-alive\r\n\r\n")));
	CHECK(response.keep_alive);
}

TEST(every_status_from_100_to_599_is_read)
{
	for (int status = 100; status < 600; status++) {
		char memory[64];
		struct buf b = buf_fixed(memory, sizeof(memory));

		http1_status_line(&b, status);
		http1_head_end(&b);
		CHECK_INT(http1_response_parse(buf_str(&b), S("GET"),
		    &response, NULL), status == 101 ? -(long)ERR_HTTP_SYNTAX :
		    (long)b.len);
		CHECK_INT(response.status, status);
		CHECK_INT(response.body, status < 200 || status == 204 ||
		    status == 304 ? HTTP1_BODY_NONE : HTTP1_BODY_CLOSE);
	}
}

TEST(host_in_a_response_means_nothing)
{
	CHECK(response_accepted("GET", S("HTTP/1.1 200 OK\r\nHost: ,\r\n"
	    "Host: ,\r\nContent-Length: 0\r\n\r\n")));
}

#define OK200 "HTTP/1.1 200 OK\r\n"

RESPONSE_REFUSED(response_with_a_bad_version, "GET", HTTP_SYNTAX,
    "HTPP/1.1 200 OK\r\n\r\n")
RESPONSE_REFUSED(response_of_http_2, "GET", HTTP_VERSION,
    "HTTP/2.0 200 OK\r\n\r\n")
RESPONSE_REFUSED(response_with_two_blanks, "GET", HTTP_SYNTAX,
    "HTTP/1.1  200 OK\r\n\r\n")
RESPONSE_REFUSED(response_status_of_two_digits, "GET", HTTP_SYNTAX,
    "HTTP/1.1 20 OK\r\n\r\n")
RESPONSE_REFUSED(response_status_with_a_letter, "GET", HTTP_SYNTAX,
    "HTTP/1.1 2x0 OK\r\n\r\n")
RESPONSE_REFUSED(response_status_of_four_digits, "GET", HTTP_SYNTAX,
    "HTTP/1.1 2000 OK\r\n\r\n")
RESPONSE_REFUSED(response_status_below_100, "GET", HTTP_SYNTAX,
    "HTTP/1.1 099 OK\r\n\r\n")
RESPONSE_REFUSED(response_status_above_599, "GET", HTTP_SYNTAX,
    "HTTP/1.1 600 OK\r\n\r\n")
RESPONSE_REFUSED(response_reason_with_a_control_byte, "GET", HTTP_SYNTAX,
    "HTTP/1.1 200 O\x01K\r\n\r\n")
RESPONSE_REFUSED(response_with_bare_lf, "GET", HTTP_SYNTAX,
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n")
RESPONSE_REFUSED(response_with_bare_lf_and_no_reason, "GET", HTTP_SYNTAX,
    "HTTP/1.1 200\n\n")
RESPONSE_REFUSED(response_with_obs_fold, "GET", HTTP_SYNTAX,
    OK200 "X: a\r\n b\r\n\r\n")
RESPONSE_REFUSED(response_with_an_empty_line_before, "GET", HTTP_SYNTAX,
    "\r\n" OK200 "\r\n")
RESPONSE_REFUSED(response_with_two_lengths, "GET", HTTP_FRAMING,
    OK200 "Content-Length: 5\r\nContent-Length: 5\r\n\r\n")
RESPONSE_REFUSED(response_with_length_and_chunked, "GET", HTTP_FRAMING,
    OK200 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n")
RESPONSE_REFUSED(response_with_gzip_coding, "GET", HTTP_CODING,
    OK200 "Transfer-Encoding: gzip, chunked\r\n\r\n")
RESPONSE_REFUSED(response_chunked_on_1_0, "GET", HTTP_FRAMING,
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
RESPONSE_REFUSED(response_204_with_a_body, "GET", HTTP_FRAMING,
    "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n")
RESPONSE_REFUSED(response_204_with_chunks, "GET", HTTP_FRAMING,
    "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n")
RESPONSE_REFUSED(response_100_with_a_body, "GET", HTTP_FRAMING,
    "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n")
RESPONSE_REFUSED(response_101_unasked, "GET", HTTP_SYNTAX,
    "HTTP/1.1 101 Switching\r\n\r\n")

/* ---- looking up, moving ---- */

TEST(headers_are_found_by_name_in_any_case)
{
	CHECK(accepted(S(GOOD "Accept: x\r\naccept: y\r\nEmpty:\r\n\r\n")));
	CHECK_STR(http1_header(request.headers, request.header_n, S("ACCEPT")),
	    S("x"));
	CHECK_INT(http1_header_n(request.headers, request.header_n,
	    S("Accept")), 2);
	CHECK(http1_header(request.headers, request.header_n, S("empty")).p !=
	    NULL);
	CHECK(http1_header(request.headers, request.header_n, S("other")).p ==
	    NULL);
	CHECK_INT(http1_header_n(request.headers, request.header_n,
	    S("other")), 0);
}

TEST(headers_of_an_earlier_message_are_not_found)
{
	struct http1_header headers[2] = {
		{ S("A"), S("1") }, { S("B"), S("2") },
	};

	CHECK(http1_header(headers, 1, S("B")).p == NULL);
	CHECK_INT(http1_header_n(headers, 1, S("B")), 0);
	CHECK(!http1_header_has(headers, 1, S("B"), S("2")));
	CHECK(http1_header_has(headers, 2, S("B"), S("2")));
}

TEST(list_members_are_found_over_all_lines)
{
	CHECK(accepted(S(GOOD "Vary: a , b\r\nX: q\r\nvary: ,c\r\n\r\n")));
	CHECK(http1_header_has(request.headers, request.header_n, S("Vary"),
	    S("B")));
	CHECK(http1_header_has(request.headers, request.header_n, S("Vary"),
	    S("c")));
	CHECK(!http1_header_has(request.headers, request.header_n, S("Vary"),
	    S("q")));
	CHECK(!http1_header_has(request.headers, request.header_n, S("Y"),
	    S("q")));
}

TEST(a_moved_request_points_into_the_copy_only)
{
	struct str s = S("GET http://h?x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
	static char first[128];
	static char second[128];
	static char want[65536];
	static char got[65536];

	memcpy(first, s.p, s.len);
	memcpy(second, s.p, s.len);
	feed_request(NULL, s, false, want, sizeof(want));
	CHECK(http1_request_parse(str_of(first, s.len), &request, NULL) > 0);
	http1_request_move(&request, str_of(first, s.len), second);
	memset(first, '#', sizeof(first));
	CHECK_STR(request.method, S("GET"));
	CHECK_STR(request.target, S("http://h?x"));
	CHECK_STR(request.path, S("/"));
	CHECK_STR(request.query, S("x"));
	CHECK_STR(request.authority, S("h"));
	CHECK_STR(request.headers[1].name, S("X"));
	CHECK_STR(request.headers[1].value, S("y"));
	CHECK(request.method.p == second);
	got[0] = '\0';
	feed_request(NULL, str_of(second, s.len), false, got, sizeof(got));
	CHECK(strcmp(want, got) == 0);
	/* Absent stays absent. */
	CHECK(accepted(S("GET / HTTP/1.0\r\n\r\n")));
	http1_request_move(&request, S("nothing"), second);
	CHECK(request.query.p == NULL && request.authority.p == NULL);
	/* What lies behind the moved bytes stays where it is. */
	CHECK(http1_request_parse(str_of(second, s.len), &request, NULL) > 0);
	http1_request_move(&request, str_of(second, 4), first);
	CHECK(request.method.p == first);
	CHECK(request.target.p == second + 4);
}

/* ---- writing ---- */

TEST(a_written_response_reads_back)
{
	char memory[512];
	struct buf b = buf_fixed(memory, sizeof(memory));

	http1_status_line(&b, 202);
	http1_field(&b, S("Content-Type"), S("application/json"));
	http1_field(&b, S("X-Empty"), S(""));
	http1_field(&b, S("X-None"), STR_NONE);
	http1_field(&b, S("X-Text"), S("a b\tc \xc3\xa9!"));
	http1_field_u64(&b, S("Content-Length"), UINT64_C(1) << 40);
	http1_head_end(&b);
	CHECK(buf_ok(&b));
	CHECK(response_accepted("GET", buf_str(&b)));
	CHECK_INT(response.status, 202);
	CHECK_STR(response.reason, S("Accepted"));
	CHECK(response.body_len == UINT64_C(1) << 40);
	CHECK_INT(response.header_n, 5);
	CHECK_STR(response.headers[3].value, S("a b\tc \xc3\xa9!"));
}

TEST(a_written_request_reads_back)
{
	char memory[512];
	struct buf b = buf_fixed(memory, sizeof(memory));

	http1_request_line(&b, S("POST"), S("/a?b=%20"));
	http1_field(&b, S("Host"), S("monitoring.eu-west-1.amazonaws.com"));
	http1_head_end(&b);
	CHECK(buf_ok(&b));
	CHECK(accepted(buf_str(&b)));
	CHECK_STR(request.target, S("/a?b=%20"));
}

TEST(a_header_cannot_be_injected)
{
	static const struct { struct str name, value; } bad[] = {
		{ STR_INIT("X"), STR_INIT("a\r\nY: b") },
		{ STR_INIT("X"), STR_INIT("a\nY: b") },
		{ STR_INIT("X"), STR_INIT("a\rY: b") },
		{ STR_INIT("X"), STR_INIT("a\0b") },
		{ STR_INIT("X"), STR_INIT("a\x7f") },
		{ STR_INIT("X: a\r\nY"), STR_INIT("b") },
		{ STR_INIT("X "), STR_INIT("b") },
		{ STR_INIT("X("), STR_INIT("b") },
		{ STR_INIT(""), STR_INIT("b") },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char memory[64];
		struct buf b = buf_fixed(memory, sizeof(memory));

		http1_field(&b, bad[i].name, bad[i].value);
		CHECK(!buf_ok(&b));
		buf_clear(&b);
		http1_field_u64(&b, bad[i].name, 1);
		CHECK(buf_ok(&b) == str_eq(bad[i].name, S("X")));
	}
}

TEST(a_request_line_cannot_be_split)
{
	static const struct { struct str method, target; } bad[] = {
		{ STR_INIT("GET"), STR_INIT("/ HTTP/1.1\r\nX: y") },
		{ STR_INIT("GET"), STR_INIT("/a b") },
		{ STR_INIT("GET"), STR_INIT("/\xc3\xa9") },
		{ STR_INIT("GET"), STR_INIT("") },
		{ STR_INIT("G T"), STR_INIT("/") },
		{ STR_INIT("G(T"), STR_INIT("/") },
		{ STR_INIT(""), STR_INIT("/") },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char memory[64];
		struct buf b = buf_fixed(memory, sizeof(memory));

		http1_request_line(&b, bad[i].method, bad[i].target);
		CHECK(!buf_ok(&b));
	}
}

TEST(chunks_are_written_with_their_size_in_hex)
{
	char memory[64];
	struct buf b = buf_fixed(memory, sizeof(memory));

	http1_chunk(&b, S("hello, world!!!!!"));
	http1_chunk(&b, S(""));
	http1_chunk_head(&b, UINT64_MAX);
	http1_chunk_end(&b);
	CHECK_STR(buf_str(&b),
	    S("11\r\nhello, world!!!!!\r\nffffffffffffffff\r\n0\r\n\r\n"));
}

TEST(every_status_of_the_error_catalogue_has_a_phrase)
{
	for (int e = 0; e < ERR_N; e++) {
		CHECK(http1_status_text(err_http((enum err)e)).len > 0);
	}
	CHECK_STR(http1_status_text(431),
	    S("Request Header Fields Too Large"));
	CHECK_STR(http1_status_text(299), S(""));
#define X(code, text) CHECK_STR(http1_status_text(code), S(text));
	HTTP1_STATUS_LIST(X)
#undef X
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who gets the page at /, with which fields. What is in it is looked at by
 * tests/e2e/test_page.py, and by a browser in tests/page.
 */
#include "test.h"

#include "app.h"
#include "app_page.h"
#include "fake_sys.h"
#include "gen/page_pack.h"
#include "proto/http1.h"

#define GET "GET / HTTP/1.1\r\nHost: localhost\r\n"
#define BROWSER GET "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n" \
	"Accept-Encoding: gzip, deflate, br\r\n"

static struct fake_sys fake;
static struct log log_to;
static struct app app;
static struct app_job job;
static struct http1_request request;

static void
begin_test(void)
{
	fake_sys_free(&fake);
	fake_sys_init(&fake);
	log_to = (struct log){ &fake.sys, LOG_ERROR };
	app = (struct app){ .sys = &fake.sys, .log = &log_to,
	    .name = S("cloudwatch-mcp"), .version = S("9.9"),
	    .call_ms = 60000, .loopback = true, .page = true };
}

static bool
send(const char *head)
{
	struct app_calls calls = app_calls(&app);
	struct buf text;

	arena_free(&job.arena);
	job = (struct app_job){ .front = APP_HTTP, .keep_alive = true,
	    .start_ms = fake.mono_ms, .deadline_ms = fake.mono_ms + 1000 };
	arena_init(&job.arena, 1 << 20);
	text = buf_in(&job.arena, 4096);
	buf_add(&text, str_from_z(head));
	buf_add(&text, S("\r\n"));
	if (http1_request_parse(buf_str(&text), &request, NULL) <= 0) {
		return false;
	}
	job.http = &request;
	return calls.begin(calls.app, &job) == APP_DONE;
}

static bool
head_has(const char *text)
{
	return str_find(job.reply_head, str_from_z(text), 0) <
	    job.reply_head.len;
}

/* The page itself, whole. */
static bool
is_page(void)
{
	return str_starts(job.reply_head, S("HTTP/1.1 200 OK\r\n")) &&
	    head_has("Content-Encoding: gzip\r\n") &&
	    job.reply_body.len == sizeof(page_pack_bytes);
}

static bool
is_json(void)
{
	return head_has("Content-Type: application/json\r\n") &&
	    str_starts(job.reply_body, S("{\"name\":\"cloudwatch-mcp\""));
}

TEST(a_browser_gets_the_page)
{
	begin_test();
	CHECK(send(BROWSER));
	CHECK(is_page());
	CHECK(head_has("Content-Type: text/html; charset=utf-8\r\n"));
	CHECK(head_has("Vary: Accept, Accept-Encoding\r\n"));
	CHECK(head_has("ETag: " PAGE_PACK_TAG "\r\n"));
	CHECK(head_has("Cache-Control: no-cache\r\n"));
	CHECK(head_has("X-Content-Type-Options: nosniff\r\n"));
	CHECK(head_has("Referrer-Policy: no-referrer\r\n"));
}

TEST(the_policy_allows_the_one_script_and_nothing_else)
{
	begin_test();
	CHECK(send(BROWSER));
	CHECK(head_has("Content-Security-Policy: default-src 'none'; "
	    "script-src " PAGE_PACK_SCRIPT "; style-src " PAGE_PACK_STYLE ";"));
	CHECK(head_has("; form-action 'none'; frame-ancestors 'none'; "));
	CHECK(!head_has("unsafe"));
	CHECK(!head_has("http:"));
	CHECK(!head_has("*"));
}

TEST(programs_get_json_that_says_it_depends_on_what_they_take)
{
	begin_test();
	CHECK(send(GET));
	CHECK(is_json());
	CHECK(head_has("Vary: Accept, Accept-Encoding\r\n"));
	CHECK(send(GET "Accept: */*\r\nAccept-Encoding: gzip\r\n"));
	CHECK(is_json());
	CHECK(send(GET "Accept: application/json\r\n"
	    "Accept-Encoding: gzip\r\n"));
	CHECK(is_json());
	CHECK(send(GET "Accept: text/html;q=0\r\nAccept-Encoding: gzip\r\n"));
	CHECK(is_json());
}

TEST(who_does_not_take_gzip_gets_json)
{
	static const char *const encodings[] = {
		"", "Accept-Encoding: identity\r\n",
		"Accept-Encoding: gzip;q=0\r\n",
		"Accept-Encoding: br, gzip ; q=0.000\r\n",
		"Accept-Encoding: *;q=0.0\r\n", "Accept-Encoding:\r\n",
		"Accept-Encoding: x-gzip2, ,\r\n",
	};

	begin_test();
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		char head[256];

		(void)snprintf(head, sizeof(head), GET
		    "Accept: text/html\r\n%s", encodings[i]);
		CHECK(send(head));
		CHECK(is_json());
	}
}

TEST(gzip_is_found_wherever_it_stands)
{
	static const char *const encodings[] = {
		"br, GZIP", "deflate,gzip;q=0.001", "*", "identity;q=0, *;q=1",
		"deflate\r\nAccept-Encoding: gzip",
	};

	begin_test();
	for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
		char head[256];

		(void)snprintf(head, sizeof(head), GET "Accept: text/html\r\n"
		    "Accept-Encoding: %s\r\n", encodings[i]);
		CHECK(send(head));
		CHECK(is_page());
	}
}

TEST(who_has_the_page_already_is_told_so)
{
	begin_test();
	CHECK(send(BROWSER "If-None-Match: \"x\", W/" PAGE_PACK_TAG "\r\n"));
	CHECK(str_starts(job.reply_head, S("HTTP/1.1 304 Not Modified\r\n")));
	CHECK_INT(job.reply_body.len, 0);
	CHECK(!head_has("Content-Length"));
	CHECK(head_has("ETag: " PAGE_PACK_TAG "\r\n"));
	CHECK(head_has("Vary: Accept, Accept-Encoding\r\n"));
	CHECK(send(BROWSER "If-None-Match: \"x\"\r\n"));
	CHECK(is_page());
}

TEST(head_tells_the_length_and_has_no_body)
{
	char length[64];

	begin_test();
	CHECK(send("HEAD / HTTP/1.1\r\nHost: localhost\r\n"
	    "Accept: text/html\r\nAccept-Encoding: gzip\r\n"));
	(void)snprintf(length, sizeof(length), "Content-Length: %zu\r\n",
	    sizeof(page_pack_bytes));
	CHECK(head_has(length));
	CHECK_INT(job.reply_body.len, 0);
}

TEST(without_the_page_a_browser_gets_json)
{
	begin_test();
	app.page = false;
	CHECK(send(BROWSER));
	CHECK(is_json());
	CHECK(!head_has("Vary"));
}

TEST(a_foreign_host_gets_no_page)
{
	begin_test();
	CHECK(send("GET / HTTP/1.1\r\nHost: evil.example\r\n"
	    "Accept: text/html\r\nAccept-Encoding: gzip\r\n"));
	CHECK(str_starts(job.reply_head, S("HTTP/1.1 403 ")));
}

TEST(only_the_demo_account_is_called_one)
{
	begin_test();
	CHECK(send(GET));
	CHECK(str_find(job.reply_body, S("demo"), 0) == job.reply_body.len);
	app.demo = true;
	CHECK(send(GET));
	CHECK(str_ends(job.reply_body, S(",\"demo\":true}")));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net/conn as a pure function: bytes of a whole connection in, requests run
 * and bytes sent out. Every transition of every test is counted, and the last
 * test compares what was seen with the table of legal edges.
 */
#include "test.h"

#include "base/limits.h"
#include "net/conn.h"

#define LOG_MAX 65536

/* The legal edges, written down a second time: rows from, columns to. */
static const char *const legal[CONN_STATE_N] = {
	/*               I H B R S W L C   (R: BUSY, W: REPLY) */
	[CONN_IDLE] =   ".H.....C",
	[CONN_HEAD] =   "..B..W.C",
	[CONN_BODY] =   "...R.W.C",
	[CONN_BUSY] =   "....SW.C",
	[CONN_STREAM] = ".....W.C",
	[CONN_REPLY] =  "I.....LC",
	[CONN_LINGER] = ".......C",
	[CONN_CLOSED] = "........",
};
static unsigned seen[CONN_STATE_N][CONN_STATE_N];

/* A connection with its owner: lends, runs, collects. */
struct rig {
	struct conn conn;
	struct app_job job;
	struct http1_request http;
	char in[HTTP_HEAD_MAX];
	char log[LOG_MAX];  /* "METHOD path body|" of each request run */
	size_t log_len;
	char out[LOG_MAX];  /* bytes sent */
	size_t out_len;
	int64_t now_ms;
	size_t write_max;   /* bytes one write takes; 0: none */
	bool busy;          /* no memory for new requests */
	bool defer;         /* do not answer */
	bool shut;
	bool closed;
	enum conn_state before;
};

static struct rig rig;

static void
note_edge(struct rig *r)
{
	enum conn_state from = r->before;
	enum conn_state to = r->conn.state;

	r->before = to;
	if (from == to) {
		return;
	}
	seen[from][to]++;
	if (legal[from][to] == '.') {
		printf("    illegal edge %d -> %d\n", (int)from, (int)to);
		test_fail(__FILE__, __LINE__, "edge is legal");
	}
}

static struct rig *
rig_start(void)
{
	struct rig *r = &rig;

	arena_free(&r->job.arena);
	memset(r, 0, sizeof(*r));
	arena_init(&r->job.arena, JOB_ARENA_CAP);
	r->now_ms = 1000;
	r->write_max = SIZE_MAX;
	conn_init(&r->conn, &conn_limits_default, r->now_ms);
	return r;
}

static void
append(char *to, size_t *len, struct str s)
{
	if (s.len > LOG_MAX - 1 - *len) {
		test_fail(__FILE__, __LINE__, "the log is full");
		return;
	}
	if (s.len > 0) {
		memcpy(to + *len, s.p, s.len);
	}
	*len += s.len;
	to[*len] = '\0';
}

static void
run(struct rig *r)
{
	struct app_job *job = r->conn.job;

	append(r->log, &r->log_len, job->http->method);
	append(r->log, &r->log_len, S(" "));
	append(r->log, &r->log_len, job->http->path);
	append(r->log, &r->log_len, S(" "));
	append(r->log, &r->log_len, str_sub(job->body, 0, 64));
	append(r->log, &r->log_len, S("|"));
	if (r->defer) {
		return;
	}
	job->reply_head = S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
	job->reply_body = str_eq(job->http->method, S("HEAD")) ? S("") :
	    S("ok");
	job->close_after = false;
	conn_reply(&r->conn, r->now_ms);
}

static void
send_some(struct rig *r)
{
	size_t i = r->conn.out[0].len > 0 ? 0 : 1;
	struct str s = str_sub(r->conn.out[i], 0, r->write_max);

	append(r->out, &r->out_len, s);
	conn_sent(&r->conn, s.len, r->now_ms);
	note_edge(r);
}

/* Steps until the connection waits for something, and returns for what. */
static enum conn_want
settle(struct rig *r)
{
	for (int i = 0; i < 100000; i++) {
		struct conn_spare spare = { &r->job, &r->http, r->busy };
		enum conn_want want = conn_step(&r->conn, &spare, r->now_ms);

		note_edge(r);
		switch (want) {
		case CONN_WANT_STEP:
			break;
		case CONN_WANT_RUN:
			run(r);
			note_edge(r);
			break;
		case CONN_WANT_WRITE:
			if (r->write_max == 0) {
				return want;
			}
			send_some(r);
			break;
		case CONN_WANT_RECYCLE:
			conn_take_job(&r->conn);
			arena_reset(&r->job.arena);
			break;
		case CONN_WANT_SHUTDOWN:
			if (r->shut) {
				test_fail(__FILE__, __LINE__, "shut once");
			}
			r->shut = true;
			break;
		case CONN_WANT_READ:
		case CONN_WANT_WAIT:
			(void)conn_unlend(&r->conn);
			return want;
		case CONN_WANT_CLOSE:
			r->closed = true;
			return want;
		}
	}
	test_fail(__FILE__, __LINE__, "the connection comes to rest");
	return CONN_WANT_CLOSE;
}

/* Feeds bytes, at most `step` at a time, as long as they are wanted. Returns
 * how many were taken. */
static size_t
feed_by(struct rig *r, struct str bytes, size_t step)
{
	size_t at = 0;
	enum conn_want want = settle(r);

	while (at < bytes.len && want == CONN_WANT_READ) {
		size_t len;
		char *p;

		if (r->conn.in == NULL) {
			conn_lend(&r->conn, r->in);
		}
		p = conn_space(&r->conn, &len, r->now_ms);
		note_edge(r);
		if (p != NULL) {
			len = len < step ? len : step;
			len = len < bytes.len - at ? len : bytes.len - at;
			memcpy(p, bytes.p + at, len);
			conn_received(&r->conn, len, r->now_ms);
			note_edge(r);
			at += len;
		}
		want = settle(r);
	}
	return at;
}

static size_t
feed(struct rig *r, struct str bytes)
{
	return feed_by(r, bytes, SIZE_MAX);
}

static void
end_of_input(struct rig *r)
{
	conn_eof(&r->conn);
	note_edge(r);
	settle(r);
}

static struct str
out(const struct rig *r)
{
	return str_of(r->out, r->out_len);
}

static struct str
ran(const struct rig *r)
{
	return str_of(r->log, r->log_len);
}

/* Status of the last response that was sent, 0 for none. */
static int
last_status(const struct rig *r)
{
	struct str s = out(r);
	int status = 0;

	for (size_t i = str_find(s, S("HTTP/1.1 "), 0); i < s.len;
	    i = str_find(s, S("HTTP/1.1 "), i + 1)) {
		uint64_t v = 0;

		if (str_u64(str_sub(s, i + 9, i + 12), 599, &v)) {
			status = (int)v;
		}
	}
	return status;
}

#define HOST "Host: h\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\n" HOST "\r\n"
#define EVIL GET("/evil")
#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

TEST(a_request_is_answered_and_the_connection_is_kept)
{
	struct rig *r = rig_start();

	feed(r, S("POST /mcp HTTP/1.1\r\n" HOST
	    "Content-Length: 5\r\n\r\nhello"));
	CHECK_STR(ran(r), S("POST /mcp hello|"));
	CHECK_STR(out(r), S(OK));
	CHECK(r->conn.state == CONN_IDLE && r->conn.in == NULL);
	feed(r, S(GET("/a")));
	CHECK_STR(ran(r), S("POST /mcp hello|GET /a |"));
	CHECK_INT(r->conn.request_n, 2);
}

TEST(pipelined_requests_are_answered_one_by_one_in_order)
{
	struct rig *r = rig_start();

	feed(r, S(GET("/1") "POST /2 HTTP/1.1\r\n" HOST
	    "Content-Length: 3\r\n\r\nabc"
	    "POST /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "2\r\nde\r\n1\r\nf\r\n0\r\n\r\n" GET("/4")));
	CHECK_STR(ran(r), S("GET /1 |POST /2 abc|POST /3 def|GET /4 |"));
	CHECK_STR(out(r), S(OK OK OK OK));
}

TEST(bytes_of_the_next_request_wait_while_one_runs)
{
	struct rig *r = rig_start();
	size_t n;

	r->defer = true;
	n = feed(r, S(GET("/1") GET("/2")));
	CHECK_INT(n, 2 * (sizeof(GET("/1")) - 1));
	CHECK_STR(ran(r), S("GET /1 |"));
	CHECK(r->conn.state == CONN_BUSY && r->conn.in != NULL);
	CHECK_INT(r->conn.deadline_ms, INT64_MAX);
	r->defer = false;
	run(r);
	r->log_len = 0;
	note_edge(r);
	settle(r);
	CHECK_STR(ran(r), S("GET /2 |"));
	CHECK_STR(out(r), S(OK OK));
}

/* A stream, what must have run, and the status of the last answer. */
struct stream_case {
	struct str in, ran;
	int status;
};

#define CASE(in, ran, status) { STR_INIT(in), STR_INIT(ran), status }
static const struct stream_case cases[] = {
	/* good */
	CASE(GET("/"), "GET / |", 200),
	CASE("\r\n" GET("/"), "GET / |", 200),
	CASE("GET / HTTP/1.0\r\n\r\n", "GET / |", 200),
	CASE("POST /p HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n" GET("/2"),
	    "POST /p |GET /2 |", 200),
	CASE("POST /p HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n" GET("/2"),
	    "POST /p abc|GET /2 |", 200),
	CASE(GET("/1") "GET /2 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
	    GET("/3"), "GET /1 |GET /2 |", 200),
	/* two opinions about where the body ends (RFC 9112 6.3, 11.2) */
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	    "Content-Length: 4\r\n\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n"
	    "Content-Length: 5\r\n\r\nabcd" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length: 4\r\n"
	    "Content-Length: 4\r\n\r\nabcd" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length: 4, 4\r\n\r\nabcd"
	    EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\nabcd" EVIL,
	    "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x4\r\n\r\nabcd"
	    EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Content-Length : 4\r\n\r\nabcd" EVIL,
	    "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST
	    "Content-Length: 99999999999999999999999\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n"
	    "0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n"
	    "\r\n0\r\n\r\n" EVIL, "", 501),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, "
	    "identity\r\n\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\x0b" "chunked\r\n"
	    "\r\n0\r\n\r\n" EVIL, "", 400),
	/* line ends that another reader may see elsewhere */
	CASE("GET / HTTP/1.1\n" HOST "\r\n" EVIL, "", 400),
	CASE("GET / HTTP/1.1\r\nHost: h\n\r\n" EVIL, "", 400),
	CASE("GET / HTTP/1.1\r\nHost: h\r\n\n" EVIL, "", 400),
	CASE("GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n" EVIL, "", 400),
	CASE("GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n" EVIL, "", 400),
	CASE("GET / HTTP/1.1\r\n" HOST "A\r\n\r\n" EVIL, "", 400),
	/* chunks */
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "2\nab\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "2\r\nabc\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "-1\r\nabc\r\n0\r\n\r\n" EVIL, "", 400),
	CASE("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "fffffffffffffffff\r\nabc\r\n0\r\n\r\n" EVIL, "", 400),
	/* who is asked, and how */
	CASE("GET / HTTP/1.1\r\n\r\n" EVIL, "", 400),
	CASE("GET / HTTP/1.1\r\n" HOST HOST "\r\n" EVIL, "", 400),
	CASE("GET / HTTP/2.0\r\n" HOST "\r\n" EVIL, "", 505),
	CASE("GET  / HTTP/1.1\r\n" HOST "\r\n" EVIL, "", 400),
	CASE("CONNECT h:1 HTTP/1.1\r\n" HOST "\r\n" EVIL, "", 405),
	/* one good, then a bad one: the first stands */
	CASE(GET("/1") "GET / HTTP/1.1\n" HOST "\r\n" EVIL, "GET /1 |", 400),
};

TEST(no_smuggled_request_runs)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_start();

		feed(r, cases[i].in);
		CHECK_STR(ran(r), cases[i].ran);
		CHECK_INT(last_status(r), cases[i].status);
		if (cases[i].status >= 400) {
			CHECK(r->shut && r->conn.state == CONN_LINGER);
			CHECK(str_icontains(out(r), S("Connection: close")));
			CHECK(str_icontains(out(r), S("{\"jsonrpc\":\"2.0\","
			    "\"error\":{\"code\":")));
		}
		end_of_input(r);
		CHECK(r->closed);
	}
}

TEST(a_stream_gives_the_same_answers_however_it_is_cut)
{
	static char want_log[LOG_MAX];
	static char want_out[LOG_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str in = cases[i].in;
		struct rig *r = rig_start();

		feed(r, in);
		memcpy(want_log, r->log, r->log_len + 1);
		memcpy(want_out, r->out, r->out_len + 1);
		r = rig_start();
		feed_by(r, in, 1);
		CHECK_STR(ran(r), str_from_z(want_log));
		CHECK_STR(out(r), str_from_z(want_out));
		for (size_t n = 1; n < in.len; n++) {
			r = rig_start();
			if (feed(r, test_guarded(str_sub(in, 0, n))) < n) {
				continue;
			}
			feed(r, test_guarded(str_sub(in, n, in.len)));
			CHECK_STR(ran(r), str_from_z(want_log));
			CHECK_STR(out(r), str_from_z(want_out));
		}
	}
}

TEST(a_truncated_stream_runs_nothing_that_was_not_whole)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t n = 0; n < cases[i].in.len; n++) {
			struct rig *r = rig_start();

			feed(r, str_sub(cases[i].in, 0, n));
			CHECK(str_starts(cases[i].ran, ran(r)));
			end_of_input(r);
			CHECK(r->closed);
			CHECK(str_starts(cases[i].ran, ran(r)));
		}
	}
}

TEST(writes_of_one_byte_give_the_same_bytes)
{
	struct rig *r = rig_start();

	r->write_max = 1;
	feed(r, S(GET("/1") GET("/2") "GET /\r\n"));
	CHECK(str_starts(out(r), S(OK OK "HTTP/1.1 400 ")));
}

TEST(a_client_that_expects_it_is_told_to_continue)
{
	struct rig *r = rig_start();

	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
	    "Expect: 100-continue\r\n\r\n"));
	CHECK_STR(out(r), S("HTTP/1.1 100 Continue\r\n\r\n"));
	feed(r, S("hi"));
	CHECK_STR(ran(r), S("POST / hi|"));
	CHECK_STR(out(r), S("HTTP/1.1 100 Continue\r\n\r\n" OK));
	/* The body is there already: nothing to invite. */
	r = rig_start();
	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n"
	    "Expect: 100-continue\r\n\r\nhi"));
	CHECK_STR(out(r), S(OK));
	/* HTTP/1.0 does not know it. */
	r = rig_start();
	feed(r, S("POST / HTTP/1.0\r\nContent-Length: 2\r\n"
	    "Expect: 100-continue\r\n\r\n"));
	CHECK_STR(out(r), S(""));
}

TEST(a_body_over_the_limit_is_refused_before_it_is_read)
{
	struct rig *r = rig_start();

	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n"
	    "Expect: 100-continue\r\n\r\n"));
	CHECK_INT(last_status(r), 413);
	CHECK_STR(ran(r), S(""));
	CHECK(r->conn.state == CONN_LINGER);
	/* Lingering: what still comes is thrown away, then the end closes. */
	feed(r, S("xxxxxxxxxxxxxxxxx" EVIL));
	CHECK_STR(ran(r), S(""));
	CHECK(!r->closed);
	end_of_input(r);
	CHECK(r->closed);
}

TEST(a_chunked_body_over_the_limit_is_refused)
{
	struct rig *r = rig_start();
	struct conn_limits limits = conn_limits_default;

	limits.body_max = 8;
	r->conn.limits = &limits;
	feed(r, S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	    "\r\n8\r\n12345678\r\n1\r\n9\r\n0\r\n\r\n"));
	CHECK_INT(last_status(r), 413);
	CHECK_STR(ran(r), S(""));
}

TEST(the_longest_body_arrives_whole)
{
	static char body[HTTP_BODY_MAX];
	struct rig *r = rig_start();

	for (size_t i = 0; i < sizeof(body); i++) {
		body[i] = (char)('a' + i % 23);
	}
	r->defer = true;
	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n"
	    "\r\nab"));
	/* The rest is received straight into the arena, in odd pieces. */
	feed_by(r, str_of(body + 2, sizeof(body) - 3), 7777);
	CHECK(r->conn.state == CONN_BODY);
	r->log_len = 0;
	CHECK_INT(feed(r, str_of(body + sizeof(body) - 1, 1)), 1);
	CHECK(r->conn.job != NULL);
	CHECK_STR(r->conn.job->body, str_of(body, sizeof(body)));
}

TEST(a_head_over_the_limit_gets_431)
{
	static char head[HTTP_HEAD_MAX + 100];
	struct buf b = buf_fixed(head, sizeof(head));
	struct rig *r = rig_start();

	buf_add(&b, S("GET / HTTP/1.1\r\n" HOST "A: "));
	buf_fill(&b, 'x', HTTP_HEAD_MAX);
	feed(r, buf_str(&b));
	CHECK_INT(last_status(r), 431);
	CHECK(r->conn.state == CONN_LINGER);
}

TEST(an_error_to_head_has_no_body)
{
	struct rig *r = rig_start();

	feed(r, S("HEAD / HTTP/1.1\r\nA\r\n\r\n"));
	CHECK_INT(last_status(r), 400);
	CHECK(str_ends(out(r), S("\r\n\r\n")));
	r = rig_start();
	feed(r, S("HEAD / HTTP/1.1\r\n" HOST "Content-Length: 9999999\r\n"
	    "\r\n"));
	CHECK_INT(last_status(r), 413);
	CHECK(str_ends(out(r), S("\r\n\r\n")));
}

TEST(a_slow_head_gets_408)
{
	struct rig *r = rig_start();

	feed(r, S("GET / HT"));
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_HEAD_MS);
	/* More bytes do not buy more time. */
	r->now_ms += 5000;
	feed(r, S("TP/1.1\r\n"));
	CHECK_INT(r->conn.deadline_ms, 1000 + SERVER_HEAD_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	settle(r);
	CHECK_INT(last_status(r), 408);
	CHECK(r->conn.state == CONN_LINGER);
}

TEST(a_slow_body_gets_408)
{
	struct rig *r = rig_start();

	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc"));
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_BODY_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	settle(r);
	CHECK_INT(last_status(r), 408);
	CHECK_STR(ran(r), S(""));
	/* The same before a byte of it, with the 100 still unsent. */
	r = rig_start();
	r->write_max = 0;
	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n"
	    "Expect: 100-continue\r\n\r\n"));
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	r->write_max = SIZE_MAX;
	settle(r);
	CHECK(str_starts(out(r), S("HTTP/1.1 408 ")));
}

TEST(idle_stalled_and_lingering_connections_are_closed)
{
	struct rig *r = rig_start();

	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_IDLE_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
	r = rig_start();
	r->write_max = 0;
	feed(r, S(GET("/")));
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_WRITE_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
	r = rig_start();
	feed(r, S("bad\r\n\r\n"));
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_LINGER_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
}

TEST(a_reply_that_moves_gets_more_time)
{
	struct rig *r = rig_start();

	r->write_max = 0;
	feed(r, S(GET("/")));
	r->now_ms += 20000;
	conn_sent(&r->conn, 1, r->now_ms);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_WRITE_MS);
}

TEST(a_reply_that_only_trickles_is_given_up)
{
	struct rig *r = rig_start();
	int64_t start_ms = r->now_ms;
	unsigned n = 0;

	r->write_max = 0;
	feed(r, S(GET("/")));
	while (r->now_ms < r->conn.deadline_ms && n < 20) {
		r->now_ms += SERVER_WRITE_MS - 1;
		conn_sent(&r->conn, 1, r->now_ms);
		n++;
	}
	CHECK_INT(r->conn.deadline_ms, start_ms +
	    SERVER_WRITE_MS * SERVER_WRITE_TURN_MAX_N);
	CHECK(n < 20);
	conn_timeout(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
}

TEST(a_stream_of_pieces_gets_heartbeats_and_an_end)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	CHECK(conn_piece_ready(&r->conn));
	conn_piece(&r->conn, S("HTTP/1.1 200 OK\r\n\r\nfirst,"), r->now_ms);
	note_edge(r);
	CHECK(!conn_piece_ready(&r->conn));
	CHECK(settle(r) == CONN_WANT_WAIT);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_HEARTBEAT_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_WAIT);
	conn_piece(&r->conn, S("second,"), r->now_ms);
	CHECK(settle(r) == CONN_WANT_WAIT);
	r->conn.job->reply_head = STR_NONE;
	r->conn.job->reply_body = S("end");
	conn_reply(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_READ);
	CHECK_STR(out(r), S("HTTP/1.1 200 OK\r\n\r\nfirst,3\r\n:\n\n\r\n"
	    "second,end"));
	CHECK(r->conn.state == CONN_IDLE);
}

TEST(a_job_that_stays_silent_is_answered_with_a_stream)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	r->conn.job->stream_head = S("HTTP/1.1 200 OK\r\n\r\n");
	atomic_store(&r->conn.job->begun, false);
	conn_deferred(&r->conn, r->now_ms);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_SILENT_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	CHECK(atomic_load(&r->conn.job->begun));
	CHECK(settle(r) == CONN_WANT_WAIT);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_HEARTBEAT_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	CHECK(settle(r) == CONN_WANT_WAIT);
	r->conn.job->reply_head = S("event,end");
	conn_reply(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_READ);
	CHECK_STR(out(r), S("HTTP/1.1 200 OK\r\n\r\n3\r\n:\n\n\r\n"
	    "3\r\n:\n\n\r\nevent,end"));
}

TEST(a_job_whose_worker_came_first_begins_its_reply_itself)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	r->conn.job->stream_head = S("head");
	atomic_store(&r->conn.job->begun, true);
	conn_deferred(&r->conn, r->now_ms);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	CHECK(r->conn.state == CONN_BUSY);
	CHECK(r->conn.deadline_ms == INT64_MAX);
	CHECK_INT(out(r).len, 0);
}

TEST(a_silent_job_of_a_client_without_streams_is_waited_for)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	r->conn.job->stream_head = STR_NONE;
	conn_deferred(&r->conn, r->now_ms);
	CHECK(r->conn.deadline_ms == INT64_MAX);
}

TEST(a_heartbeat_on_http_1_0_is_not_a_chunk)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S("GET / HTTP/1.0\r\n\r\n"));
	conn_piece(&r->conn, S("head,"), r->now_ms);
	note_edge(r);
	settle(r);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	settle(r);
	CHECK_STR(out(r), S("head,:\n\n"));
}

TEST(a_stream_whose_client_takes_nothing_is_closed)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	r->write_max = 0;
	conn_piece(&r->conn, S("first"), r->now_ms);
	note_edge(r);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_WRITE_MS);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
	CHECK(conn_take_job(&r->conn) == &r->job);
}

/* ---- streams that last ---- */

static struct rig *
lasting_stream(void)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/") GET("/next")));
	r->conn.job->reply_head = S("head,");
	r->conn.job->reply_body = S("first,");
	conn_stream(&r->conn, r->now_ms);
	note_edge(r);
	return r;
}

TEST(a_lasting_stream_gives_its_job_and_buffer_back)
{
	struct rig *r = lasting_stream();
	const struct str event[2] = { S("event,"), S("body,") };

	CHECK(settle(r) == CONN_WANT_WAIT);
	CHECK(r->conn.job == NULL);
	CHECK(conn_unlend(&r->conn) != NULL || r->conn.in == NULL);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_HEARTBEAT_MS);
	conn_event(&r->conn, event, r->now_ms);
	CHECK_INT(r->conn.deadline_ms, r->now_ms + SERVER_WRITE_MS);
	CHECK(settle(r) == CONN_WANT_WAIT);
	conn_timeout(&r->conn, r->conn.deadline_ms);
	CHECK(settle(r) == CONN_WANT_WAIT);
	CHECK_STR(out(r), S("head,first,event,body,:\n\n"));
	CHECK(r->conn.state == CONN_STREAM);
}

TEST(a_lasting_stream_ends_with_its_connection)
{
	struct rig *r = lasting_stream();

	CHECK(settle(r) == CONN_WANT_WAIT);
	conn_stream_end(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_READ);
	CHECK(r->conn.state == CONN_LINGER);
	conn_eof(&r->conn);
	CHECK(settle(r) == CONN_WANT_CLOSE);
}

TEST(an_event_that_only_trickles_ends_the_stream)
{
	struct rig *r = lasting_stream();
	const struct str event[2] = { S("0123456789abcdefghij"), S("") };
	int64_t start_ms;

	CHECK(settle(r) == CONN_WANT_WAIT);
	start_ms = r->now_ms;
	r->write_max = 0;
	conn_event(&r->conn, event, r->now_ms);
	for (unsigned n = 0; n < 15; n++) {
		r->now_ms += SERVER_WRITE_MS - 1;
		conn_sent(&r->conn, 1, r->now_ms);
	}
	CHECK_INT(r->conn.deadline_ms, start_ms +
	    SERVER_WRITE_MS * SERVER_WRITE_TURN_MAX_N);
	conn_timeout(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
}

TEST(a_call_that_is_refused_keeps_the_connection)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	r->conn.job->rpc_id = S("\"x\"");
	conn_refuse(&r->conn, ERR_BUSY, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_READ);
	CHECK_INT(last_status(r), 503);
	CHECK(str_icontains(out(r), S("Retry-After: 1\r\n")));
	CHECK(str_icontains(out(r), S("\"id\":\"x\",\"error\"")));
	CHECK(!str_icontains(out(r), S("Connection: close")));
	CHECK(r->conn.state == CONN_IDLE);
}

TEST(without_memory_for_more_a_request_gets_503)
{
	struct rig *r = rig_start();

	r->busy = true;
	feed(r, S(GET("/")));
	CHECK_INT(last_status(r), 503);
	CHECK_STR(ran(r), S(""));
	CHECK(r->conn.job == NULL && r->conn.state == CONN_LINGER);
	/* In the middle of a body, too. */
	r = rig_start();
	feed(r, S("POST / HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nab"));
	r->busy = true;
	feed(r, S("cd"));
	CHECK_INT(last_status(r), 503);
	CHECK_STR(ran(r), S(""));
}

TEST(an_app_without_an_answer_still_answers)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	conn_reply(&r->conn, r->now_ms);
	note_edge(r);
	settle(r);
	CHECK_INT(last_status(r), 500);
}

TEST(a_long_id_does_not_break_an_error_reply)
{
	static char id[5000];
	static char space[HTTP_HEAD_MAX];
	struct buf b = buf_fixed(space, sizeof(space));

	memset(id, '7', sizeof(id));
	conn_error_reply(&b, ERR_BUSY, S("so \"much\""),
	    str_of(id, sizeof(id)), false, true);
	CHECK(buf_ok(&b));
	CHECK(str_ends(buf_str(&b), S("{\"jsonrpc\":\"2.0\",\"error\":{"
	    "\"code\":-32603,\"message\":\"all workers are busy; try again "
	    "shortly\"}}")));
}

TEST(draining_ends_a_connection_after_its_request)
{
	struct rig *r = rig_start();

	feed(r, S("GET / HT"));
	conn_drain(&r->conn, true);
	CHECK(r->conn.state == CONN_HEAD);
	feed(r, S("TP/1.1\r\n" HOST "\r\n" EVIL));
	CHECK_STR(ran(r), S("GET / |"));
	CHECK(r->conn.state == CONN_LINGER);
	/* An idle one closes, now or with its next request. */
	r = rig_start();
	conn_drain(&r->conn, false);
	CHECK(r->conn.state == CONN_IDLE);
	feed(r, S(GET("/") EVIL));
	CHECK_STR(ran(r), S("GET / |"));
	r = rig_start();
	conn_drain(&r->conn, true);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_CLOSE);
}

TEST(a_promise_to_stay_is_kept_until_idle_connections_close)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	conn_drain(&r->conn, false);
	conn_reply(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_READ);
	CHECK(r->conn.state == CONN_IDLE);
	feed(r, S(GET("/")));
	CHECK(!r->conn.job->keep_alive);
	r = rig_start();
	r->defer = true;
	feed(r, S(GET("/")));
	conn_drain(&r->conn, true);
	conn_reply(&r->conn, r->now_ms);
	note_edge(r);
	CHECK(settle(r) == CONN_WANT_READ);
	CHECK(r->conn.state == CONN_LINGER);
}

TEST(the_job_learns_whether_the_connection_stays)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/")));
	CHECK(r->conn.job->keep_alive);
	CHECK_INT(r->conn.job->deadline_ms, r->now_ms + SERVER_CALL_MS);
	r = rig_start();
	r->defer = true;
	feed(r, S("GET / HTTP/1.0\r\n\r\n"));
	CHECK(!r->conn.job->keep_alive);
	r = rig_start();
	r->defer = true;
	conn_drain(&r->conn, false);
	feed(r, S(GET("/")));
	CHECK(!r->conn.job->keep_alive);
}

TEST(a_client_that_only_closed_its_side_gets_its_answers)
{
	struct rig *r = rig_start();

	r->defer = true;
	feed(r, S(GET("/1") GET("/2")));
	conn_eof(&r->conn);
	r->defer = false;
	run(r);
	note_edge(r);
	settle(r);
	CHECK_STR(out(r), S(OK OK));
	CHECK(r->closed);
	/* After an answer that closes there is nobody to linger for. */
	r = rig_start();
	r->defer = true;
	feed(r, S("GET / HTTP/1.0\r\n\r\n"));
	conn_eof(&r->conn);
	r->defer = false;
	run(r);
	note_edge(r);
	settle(r);
	CHECK(r->closed && !r->shut);
}

TEST(a_broken_connection_closes_in_every_state)
{
	static const char *const prefix[] = { "", "GET", "POST / HTTP/1.1\r\n"
	    HOST "Content-Length: 3\r\n\r\na", GET("/"), GET("/"), GET("/"),
	    "bad\r\n\r\n" };

	for (size_t i = 0; i < 7; i++) {
		struct rig *r = rig_start();

		r->defer = true;
		feed(r, str_from_z(prefix[i]));
		if (i >= 4 && i < 6) {
			r->write_max = 0;
			conn_piece(&r->conn, S("x"), r->now_ms);
			note_edge(r);
		}
		if (i == 5) {
			conn_sent(&r->conn, 1, r->now_ms);
			r->conn.job->reply_body = S("y");
			conn_reply(&r->conn, r->now_ms);
			note_edge(r);
		}
		CHECK_INT(r->conn.state, i);
		conn_abort(&r->conn);
		note_edge(r);
		CHECK(settle(r) == CONN_WANT_CLOSE);
		conn_abort(&r->conn);
		CHECK(settle(r) == CONN_WANT_CLOSE);
	}
}

TEST(a_closed_connection_gives_its_buffer_back)
{
	struct rig *r = rig_start();

	feed(r, S("GET / HT"));
	CHECK(r->conn.in == r->in && conn_unlend(&r->conn) == NULL);
	conn_abort(&r->conn);
	note_edge(r);
	CHECK(conn_unlend(&r->conn) == r->in && r->conn.in == NULL);
}

/* Allocation number fail_at fails: there is an orderly 503, or success. */
TEST(every_failing_allocation_is_answered)
{
	size_t fail_at;

	for (fail_at = 0; fail_at < 100; fail_at++) {
		struct rig *r = rig_start();

		r->job.arena.fail_at = fail_at;
		feed(r, S("POST / HTTP/1.1\r\n" HOST
		    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
		if (last_status(r) == 200) {
			break;
		}
		CHECK_INT(last_status(r), 503);
		CHECK(r->conn.state == CONN_LINGER);
		r = rig_start();
		r->job.arena.fail_at = fail_at;
		feed_by(r, S("POST / HTTP/1.1\r\n" HOST
		    "Content-Length: 3\r\n\r\nabc"), 50);
		CHECK(last_status(r) == 503 || last_status(r) == 200);
	}
	CHECK(fail_at > 0 && fail_at < 100);
}

TEST(every_legal_edge_was_walked_and_no_other)
{
	/* Some tests count on running in a row: run alone this says nothing. */
	if (seen[CONN_REPLY][CONN_IDLE] == 0) {
		return;
	}
	for (int from = 0; from < CONN_STATE_N; from++) {
		for (int to = 0; to < CONN_STATE_N; to++) {
			if ((legal[from][to] != '.') != (seen[from][to] > 0)) {
				printf("    edge %d -> %d\n", from, to);
			}
			CHECK_INT(seen[from][to] > 0, legal[from][to] != '.');
		}
	}
}

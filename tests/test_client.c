/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP exchanges over scripted peers and over TLS to a server in the same
 * process: framing, reuse, retries, proxies, deadlines, cancel, many at once.
 */
#include "net/client.h"

#include <string.h>

#include "net/tls.h"
#include "tls_peer.h"
#include "test.h"

static struct fake_sys f;
static struct arena client_arena;
static struct arena arena;
static struct client *client;
static struct exchange x;
static struct exchange many[EXCHANGE_MANY_MAX];
static struct tls_peer *servers[8];
static size_t server_n;

static void
begin_with(const struct client_config *config)
{
	struct fail why;

	arena_init(&client_arena, client_memory_max(config));
	arena_init(&arena, 8 << 20);
	fail_init(&why, &arena);
	if (client_new(&client, config, &f.sys, &client_arena, &why) !=
	    ERR_OK) {
		printf("%.*s\n", STR_ARG(fail_text(&why)));
		must_fail(__FILE__, __LINE__, "client_new");
	}
}

/* Environment, files and peers first, then the client. */
static void
begin(void)
{
	struct client_config config = { .connection_max = 0 };

	fake_sys_file(&f, "/ca.pem", tls_certs_root_ec.chain);
	fake_sys_env(&f, "SSL_CERT_FILE", "/ca.pem");
	client_config_env(&config, &f.sys);
	begin_with(&config);
}

static void
set_up(void)
{
	fake_sys_init(&f);
	server_n = 0;
}

static bool
end(void)
{
	bool ok = fake_sys_ok(&f);

	client_close(client);
	for (size_t i = 0; i < f.peer_n; i++) {
		/* The plain side of a TLS peer is never dialed. */
		if (f.peers[i].open && f.peers[i].host[0] != '(') {
			printf("connection %zu was not closed\n", i);
			ok = false;
		}
	}
	for (size_t i = 0; i < server_n; i++) {
		tls_peer_free(servers[i]);
	}
	fake_sys_free(&f);
	arena_free(&client_arena);
	arena_free(&arena);
	return ok;
}

static struct exchange *
get(struct exchange *e, const char *host, uint16_t port, const char *path)
{
	static struct transport_header headers[1];

	headers[0].name = S("Host");
	headers[0].value = S("h");
	memset(e, 0, sizeof(*e));
	e->arena = &arena;
	e->host = str_from_z(host);
	e->port = port;
	e->method = S("GET");
	e->target = str_from_z(path);
	e->headers = headers;
	e->header_n = 1;
	e->deadline_ms = f.mono_ms + 30000;
	return e;
}

static enum err
go(struct exchange *e)
{
	struct transport t = client_transport(client);

	t.roundtrip(t.ctx, &e, 1);
	return e->err;
}

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define GET_A "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"

static struct fake_peer *
ok_peer(const char *host, uint16_t port)
{
	struct fake_peer *p = fake_sys_peer(&f, host, port);

	fake_peer_request(p);
	fake_peer_reply(p, OK_REPLY);
	return p;
}

static struct tls_peer *
tls_server(const char *host, const struct tls_certs *certs)
{
	struct tls_peer *t = tls_peer_new(&f, host, 443, certs);

	MUST(server_n < 8);
	servers[server_n++] = t;
	return t;
}

TEST(simple_exchange_gives_status_headers_and_body)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "a.test", 80);
	fake_peer_expect(p, GET_A);
	fake_peer_reply(p, "HTTP/1.1 404 Not Found\r\nX-A: 1\r\n"
	    "Content-Length: 5\r\n\r\nhello");
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	CHECK_INT(x.status, 404);
	CHECK_STR(x.response_body, S("hello"));
	CHECK_STR(transport_response_header(&x, S("x-a")), S("1"));
	CHECK(x.sent);
	CHECK(end());
}

TEST(body_is_sent_with_its_length)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "a.test", 80);
	fake_peer_expect(p, "POST / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 3\r\n\r\nabc");
	fake_peer_reply(p, OK_REPLY);
	p = fake_sys_peer(&f, "b.test", 80);
	fake_peer_expect(p, "PUT / HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 0\r\n\r\n");
	fake_peer_reply(p, OK_REPLY);
	begin();
	get(&x, "a.test", 80, "/");
	x.method = S("POST");
	x.body = S("abc");
	CHECK_INT(go(&x), ERR_OK);
	get(&x, "b.test", 80, "/");
	x.method = S("PUT");
	CHECK_INT(go(&x), ERR_OK);
	CHECK(end());
}

/* One exchange whose answer is `reply` and then the end of the stream. */
static enum err
answer(const char *reply, size_t read_max)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "a.test", 80);
	fake_peer_request(p);
	fake_peer_reply(p, reply);
	fake_peer_close(p);
	p->read_max = read_max;
	p->again = read_max > 0;
	begin();
	return go(get(&x, "a.test", 80, "/"));
}

TEST(every_framing_is_read_whole_and_byte_by_byte)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\nhello world",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nL: x\r\n"
		"\r\nHTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
	};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		for (size_t n = 0; n < 3; n++) {
			CHECK_INT(answer(replies[i], n), ERR_OK);
			CHECK_INT(x.status, 200);
			CHECK_STR(x.response_body, S("hello world"));
			CHECK(end());
		}
	}
}

TEST(answer_cut_anywhere_is_an_error)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		for (size_t n = 0; n < strlen(replies[i]); n++) {
			char cut[200] = { 0 };

			memcpy(cut, replies[i], n);
			CHECK_INT(answer(cut, 0), ERR_CLOSED);
			CHECK(str_icontains(x.fail.what, S("a.test closed")));
			CHECK(end());
		}
	}
}

TEST(answers_that_are_not_http_name_the_host)
{
	CHECK_INT(answer("SSH-2.0-OpenSSH\r\n\r\n", 0), ERR_HTTP_SYNTAX);
	CHECK(str_icontains(x.fail.what, S("the answer of a.test is not")));
	CHECK(end());
	CHECK_INT(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "\r\nzz\r\n", 0), ERR_HTTP_FRAMING);
	CHECK(str_icontains(x.fail.what, S("damaged")));
	CHECK(end());
	CHECK_INT(answer("HTTP/1.1 101 Switching\r\n\r\n", 0),
	    ERR_HTTP_SYNTAX);
	CHECK(end());
}

TEST(endless_interim_answers_are_refused)
{
	static char reply[2000];

	reply[0] = '\0';
	for (int i = 0; i < 20; i++) {
		memcpy(reply + strlen(reply), "HTTP/1.1 102 P\r\n\r\n", 19);
	}
	CHECK_INT(answer(reply, 0), ERR_HTTP_SYNTAX);
	CHECK(end());
}

TEST(answers_over_the_limit_are_refused_in_every_framing)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
		("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"b\r\nhello world\r\n0\r\n\r\n"),
		"HTTP/1.0 200 OK\r\n\r\nhello world",
	};

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		for (size_t max = 10; max < 12; max++) {
			set_up();
			struct fake_peer *p = fake_sys_peer(&f, "a.test", 80);

			fake_peer_request(p);
			fake_peer_reply(p, replies[i]);
			fake_peer_close(p);
			begin();
			get(&x, "a.test", 80, "/");
			x.body_max = max;
			CHECK_INT(go(&x), max == 10 ? ERR_LIMIT : ERR_OK);
			CHECK(end());
		}
	}
}

TEST(connection_is_kept_and_used_again)
{
	struct client_stats st;
	struct fake_peer *p;

	set_up();
	p = ok_peer("a.test", 80);
	fake_peer_request(p);
	fake_peer_reply(p, OK_REPLY);
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	CHECK_INT(go(get(&x, "A.test.", 80, "/a")), ERR_OK);
	client_stats(client, &st);
	CHECK_INT(st.connect_n, 1);
	CHECK_INT(st.reuse_n, 1);
	CHECK_INT(st.idle_n, 1);
	CHECK_INT(st.active_n, 0);
	CHECK(end());
}

TEST(connection_that_must_close_is_not_kept)
{
	static const char *const replies[] = {
		("HTTP/1.1 200 OK\r\nConnection: close\r\n"
		"Content-Length: 0\r\n\r\n"),
		"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nexcess",
		"HTTP/1.1 204 No Content\r\n\r\nexcess",
	};
	struct client_stats st;

	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		CHECK_INT(answer(replies[i], 0), ERR_OK);
		client_stats(client, &st);
		CHECK_INT(st.idle_n, 0);
		CHECK(end());
	}
}

TEST(idle_connection_that_the_server_closed_is_not_used)
{
	struct client_stats st;

	set_up();
	fake_peer_close(ok_peer("a.test", 80));
	ok_peer("a.test", 80);
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	client_stats(client, &st);
	CHECK_INT(st.connect_n, 2);
	CHECK_INT(st.retry_n, 0);
	CHECK(end());
}

TEST(request_on_a_stale_connection_is_sent_once_more)
{
	struct client_stats st;
	struct fake_peer *p;

	set_up();
	p = ok_peer("a.test", 80);
	fake_peer_request(p);
	fake_peer_close(p); /* dies when the second request is in */
	p = ok_peer("a.test", 80);
	fake_peer_request(p);
	fake_peer_reset(p);
	p = fake_sys_peer(&f, "a.test", 80);
	fake_peer_request(p);
	fake_peer_reset(p); /* a fresh one that fails is not retried */
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	client_stats(client, &st);
	CHECK_INT(st.retry_n, 1);
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_IO);
	CHECK(x.sent);
	client_stats(client, &st);
	CHECK_INT(st.retry_n, 2);
	CHECK_INT(st.connect_n, 3);
	CHECK(end());
}

TEST(answer_that_began_is_never_asked_for_again)
{
	struct fake_peer *p;

	set_up();
	p = ok_peer("a.test", 80);
	fake_peer_request(p);
	fake_peer_reply(p, "H");
	fake_peer_close(p);
	ok_peer("a.test", 80);
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_CLOSED);
	CHECK(end());
}

TEST(old_idle_connections_are_closed)
{
	struct client_stats st;

	set_up();
	ok_peer("a.test", 80);
	ok_peer("b.test", 80);
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/a")), ERR_OK);
	f.mono_ms += CLIENT_IDLE_MS;
	CHECK_INT(go(get(&x, "b.test", 80, "/a")), ERR_OK);
	client_stats(client, &st);
	CHECK_INT(st.idle_n, 1);
	CHECK(!f.peers[0].open && f.peers[1].open);
	CHECK(end());
}

TEST(deadline_ends_each_state_with_its_own_sentence)
{
	struct fake_peer *p;

	set_up();
	p = ok_peer("slow.test", 80);
	p->connect_ms = 60000;
	p = fake_sys_peer(&f, "mute.test", 80);
	fake_peer_request(p);
	fake_peer_stall(p, 60000);
	p = fake_sys_peer(&f, "half.test", 80);
	fake_peer_request(p);
	fake_peer_reply(p, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
	fake_peer_stall(p, 60000);
	begin();
	CHECK_INT(go(get(&x, "slow.test", 80, "/")), ERR_TIMEOUT);
	CHECK_STR(x.fail.what, S("no connection with slow.test in time"));
	CHECK(!x.sent);
	CHECK_INT(f.mono_ms, 1000000 + CLIENT_CONNECT_MS);
	CHECK_INT(go(get(&x, "mute.test", 80, "/")), ERR_TIMEOUT);
	CHECK_STR(x.fail.what, S("mute.test did not answer in time"));
	CHECK(x.sent);
	CHECK_INT(f.mono_ms, 1000000 + CLIENT_CONNECT_MS + 30000);
	CHECK_INT(go(get(&x, "half.test", 80, "/")), ERR_TIMEOUT);
	CHECK_STR(x.fail.what,
	    S("the answer of half.test did not end in time"));
	CHECK(end());
}

TEST(cancel_ends_the_exchange)
{
	struct cancel cancel = { .wake_fd = 0 };
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "mute.test", 80);
	fake_peer_request(p);
	fake_peer_stall(p, 60000);
	begin();
	get(&x, "mute.test", 80, "/");
	x.cancel = &cancel;
	f.cancel_at_wait = &cancel;
	CHECK_INT(go(&x), ERR_CANCELLED);
	CHECK(end());
}

/* What a sink was given; it has enough after so many bytes. */
static struct taken {
	char text[256];
	size_t len, enough;
	unsigned call_n;
} taken;

static bool
take(void *ctx, struct str bytes)
{
	(void)ctx;
	MUST(bytes.len > 0 && taken.len + bytes.len < sizeof(taken.text));
	memcpy(taken.text + taken.len, bytes.p, bytes.len);
	taken.len += bytes.len;
	taken.call_n++;
	return taken.len < taken.enough;
}

static struct transport_sink sink = { .take = take };

/* An exchange whose body goes to the sink. */
static enum err
stream(const char *reply, size_t read_max, size_t enough)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "a.test", 80);
	fake_peer_request(p);
	fake_peer_reply(p, reply);
	fake_peer_stall(p, 60000);
	p->read_max = read_max;
	begin();
	taken = (struct taken){ .enough = enough };
	sink.began = false;
	get(&x, "a.test", 80, "/");
	x.sink = &sink;
	x.body_max = 4;
	return go(&x);
}

TEST(a_sink_gets_the_body_as_it_comes_in_every_framing)
{
	static const char *const replies[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: 1\r\n\r\n",
	};

	for (size_t i = 0; i < 2; i++) {
		for (size_t n = 0; n < 3; n++) {
			struct client_stats st;

			CHECK_INT(stream(replies[i], n, SIZE_MAX), ERR_OK);
			CHECK_INT(x.status, 200);
			CHECK(x.response_body.len == 0 && sink.began);
			CHECK_STR(str_of(taken.text, taken.len),
			    S("hello world"));
			CHECK(n != 1 || taken.call_n == 11);
			client_stats(client, &st);
			CHECK_INT(st.idle_n, 1);
			CHECK(end());
		}
	}
}

TEST(a_sink_that_has_enough_ends_the_exchange_and_closes_the_connection)
{
	struct client_stats st;

	CHECK_INT(stream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n5\r\nhello\r\n6\r\n world\r\n", 1, 7), ERR_OK);
	CHECK_STR(str_of(taken.text, taken.len), S("hello w"));
	client_stats(client, &st);
	CHECK_INT(st.idle_n, 0);
	CHECK_INT(f.mono_ms, 1000000);
	CHECK(end());
}

TEST(the_deadline_ends_a_stream_that_has_no_end)
{
	CHECK_INT(stream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n5\r\nhello\r\n", 0, SIZE_MAX), ERR_TIMEOUT);
	CHECK_STR(str_of(taken.text, taken.len), S("hello"));
	CHECK(sink.began);
	CHECK_INT(f.mono_ms, 1000000 + 30000);
	CHECK(end());
}

TEST(an_error_answer_is_kept_although_there_is_a_sink)
{
	CHECK_INT(stream("HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\nhell",
	    0, SIZE_MAX), ERR_OK);
	CHECK_STR(x.response_body, S("hell"));
	CHECK(taken.len == 0 && !sink.began);
	CHECK(end());
}

TEST(dial_failures_keep_their_detail)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "a.test", 80);
	p->connect_err = ERR_DNS;
	begin();
	CHECK_INT(go(get(&x, "a.test", 80, "/")), ERR_DNS);
	CHECK_STR(x.fail.what, S("scripted connect failure"));
	CHECK_INT(go(get(&x, "none.test", 80, "/")), ERR_CONNECT);
	CHECK_INT(go(get(&x, "no host", 80, "/")), ERR_DNS);
	CHECK(end());
}

TEST(header_injection_is_refused)
{
	struct transport_header bad[] = { { S("A"), S("b\r\nC: d") } };

	set_up();
	begin();
	get(&x, "a.test", 80, "/");
	x.headers = bad;
	CHECK_INT(go(&x), ERR_HTTP_SYNTAX);
	get(&x, "a.test", 80, "/ HTTP/1.1\r\nX: ");
	CHECK_INT(go(&x), ERR_HTTP_SYNTAX);
	CHECK_INT(f.dial_n, 0);
	CHECK(end());
}

TEST(sixteen_exchanges_take_as_long_as_the_slowest)
{
	struct transport t;
	struct exchange *list[EXCHANGE_MANY_MAX];
	static char hosts[EXCHANGE_MANY_MAX][16];

	set_up();
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		struct fake_peer *p;

		(void)snprintf(hosts[i], sizeof(hosts[i]), "h%zu.test", i);
		p = fake_sys_peer(&f, hosts[i], 80);
		p->connect_ms = 100;
		fake_peer_request(p);
		fake_peer_stall(p, 1000 + (int64_t)i);
		if (i == 5) {
			fake_peer_reset(p);
		} else {
			fake_peer_reply(p, OK_REPLY);
		}
	}
	begin();
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		list[i] = get(&many[i], hosts[i], 80, "/");
	}
	t = client_transport(client);
	t.roundtrip(t.ctx, list, EXCHANGE_MANY_MAX);
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		CHECK_INT(many[i].err, i == 5 ? ERR_IO : ERR_OK);
	}
	CHECK_INT(f.mono_ms, 1000000 + 100 + 1000 + 15);
	CHECK(end());
}

TEST(calls_without_a_connection_slot_wait_for_one)
{
	struct client_config config = { .connection_max = 2 };
	struct exchange *list[4];
	struct transport t;

	set_up();
	for (size_t i = 0; i < 4; i++) {
		struct fake_peer *p = fake_sys_peer(&f, "a.test", 80);

		fake_peer_request(p);
		fake_peer_stall(p, 500);
		fake_peer_reply(p, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
		    "Content-Length: 0\r\n\r\n");
	}
	begin_with(&config);
	for (size_t i = 0; i < 4; i++) {
		list[i] = get(&many[i], "a.test", 80, "/");
	}
	t = client_transport(client);
	t.roundtrip(t.ctx, list, 4);
	for (size_t i = 0; i < 4; i++) {
		CHECK_INT(many[i].err, ERR_OK);
	}
	CHECK(f.mono_ms >= 1001000 && f.mono_ms < 1001100);
	CHECK(end());
}

TEST(idle_connections_give_way_and_are_bounded)
{
	struct client_config config = { .connection_max = 3 };
	struct client_stats st;
	static char hosts[5][16];

	set_up();
	for (size_t i = 0; i < 5; i++) {
		(void)snprintf(hosts[i], sizeof(hosts[i]), "h%zu.test", i);
		ok_peer(hosts[i], 80);
	}
	begin_with(&config);
	for (size_t i = 0; i < 5; i++) {
		CHECK_INT(go(get(&x, hosts[i], 80, "/")), ERR_OK);
	}
	client_stats(client, &st);
	CHECK_INT(st.idle_n, 3);
	CHECK(!f.peers[0].open && !f.peers[1].open && f.peers[4].open);
	CHECK(end());
}

TEST(idle_connections_of_one_host_are_bounded)
{
	struct exchange *list[EXCHANGE_MANY_MAX];
	struct client_stats st;
	struct transport t;

	set_up();
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		ok_peer("a.test", 80);
	}
	begin();
	for (size_t i = 0; i < EXCHANGE_MANY_MAX; i++) {
		list[i] = get(&many[i], "a.test", 80, "/");
		/* All at once, so that none is reused. */
		f.peers[i].connect_ms = 10;
	}
	t = client_transport(client);
	t.roundtrip(t.ctx, list, EXCHANGE_MANY_MAX);
	client_stats(client, &st);
	CHECK_INT(st.connect_n, EXCHANGE_MANY_MAX);
	CHECK_INT(st.idle_n, CLIENT_IDLE_HOST_MAX);
	CHECK(end());
}

/* ---- TLS ---- */

TEST(https_is_verified_kept_and_resumed)
{
	static struct tls_peer_cache cache;
	struct client_stats st;

	set_up();
	tls_peer_cache_init(&cache);
	for (size_t i = 0; i < 2; i++) {
		struct tls_peer *t = tls_server("good.test",
		    &tls_certs_good_ec);

		tls_peer_set_cache(t, &cache);
		for (size_t j = 0; j < 2; j++) {
			fake_peer_request(t->inner);
			fake_peer_reply(t->inner, OK_REPLY);
		}
	}
	begin();
	for (size_t i = 0; i < 4; i++) {
		get(&x, "good.test", 443, "/a");
		x.tls = true;
		CHECK_INT(go(&x), ERR_OK);
		CHECK_STR(x.response_body, S("ok"));
		if (i == 1) {
			f.mono_ms += CLIENT_IDLE_MS;
		}
	}
	client_stats(client, &st);
	CHECK_INT(st.connect_n, 2);
	CHECK_INT(st.handshake_n, 2);
	CHECK_INT(st.resume_n, 1);
	CHECK_INT(st.reuse_n, 2);
	CHECK(end());
}

TEST(plain_connection_is_never_used_for_https_or_another_port)
{
	struct client_stats st;
	struct tls_peer *t;

	set_up();
	ok_peer("good.test", 443);
	t = tls_server("good.test", &tls_certs_good_ec);
	fake_peer_request(t->inner);
	fake_peer_reply(t->inner, OK_REPLY);
	ok_peer("good.test", 444);
	begin();
	CHECK_INT(go(get(&x, "good.test", 443, "/a")), ERR_OK);
	get(&x, "good.test", 443, "/a");
	x.tls = true;
	CHECK_INT(go(&x), ERR_OK);
	CHECK_INT(go(get(&x, "good.test", 444, "/a")), ERR_OK);
	client_stats(client, &st);
	CHECK_INT(st.connect_n, 3);
	CHECK_INT(st.idle_n, 3);
	CHECK_INT(st.handshake_n, 1);
	CHECK(end());
}

TEST(bad_certificates_end_the_exchange_before_anything_is_sent)
{
	static const struct {
		const struct tls_certs *certs;
		enum err err;
	} rows[] = {
		{ &tls_certs_expired, ERR_TLS_EXPIRED },
		{ &tls_certs_other, ERR_TLS_NAME },
		{ &tls_certs_cn_only, ERR_TLS_NAME },
		{ &tls_certs_good_rsa, ERR_TLS_UNTRUSTED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_peer *t;

		set_up();
		t = tls_server("good.test", rows[i].certs);
		begin();
		get(&x, "good.test", 443, "/a");
		x.tls = true;
		CHECK_INT(go(&x), rows[i].err);
		CHECK(!x.sent);
		CHECK_INT(fake_peer_got(t->inner).len, 0);
		CHECK(end());
	}
}

TEST(https_answer_cut_without_close_notify_is_an_error)
{
	for (int abrupt = 0; abrupt < 2; abrupt++) {
		struct tls_peer *t;

		set_up();
		t = tls_server("good.test", &tls_certs_good_ec);
		fake_peer_request(t->inner);
		fake_peer_reply(t->inner, "HTTP/1.0 200 OK\r\n\r\nabc");
		fake_peer_close(t->inner);
		t->abrupt = abrupt == 1;
		begin();
		get(&x, "good.test", 443, "/a");
		x.tls = true;
		CHECK_INT(go(&x), abrupt ? ERR_CLOSED : ERR_OK);
		CHECK(end());
	}
}

TEST(stale_https_connection_is_replaced)
{
	struct client_stats st;
	struct tls_peer *t;

	set_up();
	t = tls_server("good.test", &tls_certs_good_ec);
	fake_peer_request(t->inner);
	fake_peer_reply(t->inner, OK_REPLY);
	fake_peer_request(t->inner);
	fake_peer_close(t->inner);
	t = tls_server("good.test", &tls_certs_good_ec);
	fake_peer_request(t->inner);
	fake_peer_reply(t->inner, OK_REPLY);
	begin();
	for (size_t i = 0; i < 2; i++) {
		get(&x, "good.test", 443, "/a");
		x.tls = true;
		CHECK_INT(go(&x), ERR_OK);
	}
	client_stats(client, &st);
	CHECK_INT(st.retry_n, 1);
	CHECK(end());
}

/* ---- proxies ---- */

static void
begin_behind_proxy(void)
{
	fake_sys_env(&f, "HTTPS_PROXY", "http://us%40er:pass@proxy.test:3128");
	fake_sys_env(&f, "http_proxy", "proxy.test:3128");
	fake_sys_env(&f, "NO_PROXY", "localhost, .inside.test,10.0.0.0/8");
	begin();
}

#define CONNECT_GOOD "CONNECT good.test:443 HTTP/1.1\r\n" \
	"Host: good.test:443\r\n" \
	"Proxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n\r\n"

TEST(http_goes_to_the_proxy_in_absolute_form)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "proxy.test", 3128);
	fake_peer_expect(p, "GET http://a.test:8080/a HTTP/1.1\r\n"
	    "Host: h\r\n\r\n");
	fake_peer_reply(p, OK_REPLY);
	begin_behind_proxy();
	CHECK_INT(go(get(&x, "a.test", 8080, "/a")), ERR_OK);
	CHECK(end());
}

TEST(direct_hosts_do_not_see_the_proxy)
{
	static const char *const hosts[] = { "localhost", "x.inside.test",
	    "10.1.2.3", "169.254.169.254", "fd00:ec2::254" };

	set_up();
	for (size_t i = 0; i < 5; i++) {
		ok_peer(hosts[i], 80);
	}
	ok_peer("a.test", 80);
	begin_behind_proxy();
	for (size_t i = 0; i < 5; i++) {
		CHECK_INT(go(get(&x, hosts[i], 80, "/")), ERR_OK);
	}
	get(&x, "a.test", 80, "/");
	x.direct = true;
	CHECK_INT(go(&x), ERR_OK);
	CHECK(end());
}

TEST(https_goes_through_a_tunnel)
{
	struct fake_peer *p;
	struct tls_peer *t;

	set_up();
	/* The proxy's answer is plain; then its bytes are the server's. */
	t = tls_server("unused.test", &tls_certs_good_ec);
	fake_peer_request(t->inner);
	fake_peer_reply(t->inner, OK_REPLY);
	p = fake_sys_peer(&f, "proxy.test", 3128);
	fake_peer_expect(p, CONNECT_GOOD);
	fake_peer_reply(p, "HTTP/1.1 200 Connection established\r\n\r\n");
	fake_peer_live(p, t->outer);
	begin_behind_proxy();
	get(&x, "good.test", 443, "/a");
	x.tls = true;
	CHECK_INT(go(&x), ERR_OK);
	CHECK_STR(x.response_body, S("ok"));
	CHECK(end());
}

TEST(refusals_of_the_proxy_are_named)
{
	static const struct {
		const char *reply;
		const char *text;
		enum err err;
	} rows[] = {
		{ "HTTP/1.1 407 Proxy Authentication Required\r\n"
		  "Content-Length: 0\r\n\r\n",
		  "407; HTTPS_PROXY needs", ERR_PROXY },
		{ "HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden",
		  ERR_PROXY },
		{ "HTTP/1.1 200 OK\r\n\r\nhello", "of its own", ERR_PROXY },
		{ "nonsense\r\n\r\n", "proxy.test", ERR_HTTP_SYNTAX },
		{ "", "the proxy proxy.test:", ERR_CLOSED },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_peer *p;

		set_up();
		p = fake_sys_peer(&f, "proxy.test", 3128);
		fake_peer_expect(p, CONNECT_GOOD);
		fake_peer_reply(p, rows[i].reply);
		fake_peer_close(p);
		begin_behind_proxy();
		get(&x, "good.test", 443, "/a");
		x.tls = true;
		CHECK_INT(go(&x), rows[i].err);
		CHECK(str_icontains(x.fail.what, str_from_z(rows[i].text)));
		CHECK(!x.sent);
		CHECK(end());
	}
}

TEST(silent_proxy_times_out_with_its_name)
{
	struct fake_peer *p;

	set_up();
	p = fake_sys_peer(&f, "proxy.test", 3128);
	fake_peer_expect(p, CONNECT_GOOD);
	fake_peer_stall(p, 60000);
	begin_behind_proxy();
	get(&x, "good.test", 443, "/a");
	x.tls = true;
	CHECK_INT(go(&x), ERR_TIMEOUT);
	CHECK_STR(x.fail.what,
	    S("the proxy proxy.test:3128 did not connect to good.test in "
	    "time"));
	CHECK(end());
}

/* ---- settings and memory ---- */

TEST(bad_settings_stop_the_start)
{
	struct client_config config = { .https_proxy = S("socks5://h:1") };
	struct client *c;
	struct fail why;
	struct arena a;

	fake_sys_init(&f);
	arena_init(&a, 8 << 20);
	fail_init(&why, &a);
	CHECK_INT(client_new(&c, &config, &f.sys, &a, &why), ERR_CONFIG);
	CHECK(str_starts(why.what, S("HTTPS_PROXY")));
	config = (struct client_config){ .ca_file = S("/none.pem"),
	    .ca_name = S("AWS_CA_BUNDLE") };
	fail_clear(&why);
	CHECK_INT(client_new(&c, &config, &f.sys, &a, &why), ERR_CONFIG);
	CHECK(str_starts(why.what, S("AWS_CA_BUNDLE: /none.pem")));
	arena_free(&a);
	fake_sys_free(&f);
}

/* A https exchange in which allocation number N of its arena fails. */
static bool
exchange_in(struct arena *a, void *ctx)
{
	struct tls_peer *t;
	enum err err;

	(void)ctx;
	set_up();
	t = tls_server("good.test", &tls_certs_good_ec);
	fake_peer_request(t->inner);
	fake_peer_reply(t->inner, "HTTP/1.1 200 OK\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
	begin();
	get(&x, "good.test", 443, "/a");
	x.tls = true;
	x.arena = a;
	err = go(&x);
	MUST(end());
	MUST(err == ERR_OK || err == ERR_NOMEM);
	return err == ERR_OK;
}

TEST(every_failing_allocation_is_an_orderly_error)
{
	CHECK(test_fail_sweep(exchange_in, NULL, 1 << 20) > 2);
}

TEST(memory_stays_under_the_printed_ceiling)
{
	struct client_config config = { .connection_max = 4 };
	struct exchange *list[4];
	struct transport t;

	set_up();
	for (size_t i = 0; i < 4; i++) {
		struct tls_peer *s = tls_server("good.test",
		    &tls_certs_good_ec);

		s->outer->connect_ms = 10; /* all at once */
		fake_peer_request(s->inner);
		fake_peer_reply(s->inner, OK_REPLY);
	}
	fake_sys_file(&f, "/ca.pem", tls_certs_root_ec.chain);
	config.ca_file = S("/ca.pem");
	config.ca_name = S("AWS_CA_BUNDLE");
	begin_with(&config);
	for (size_t i = 0; i < 4; i++) {
		list[i] = get(&many[i], "good.test", 443, "/");
		list[i]->tls = true;
	}
	t = client_transport(client);
	t.roundtrip(t.ctx, list, 4);
	for (size_t i = 0; i < 4; i++) {
		CHECK_INT(many[i].err, ERR_OK);
	}
	CHECK(!client_arena.failed);
	CHECK(end());
}

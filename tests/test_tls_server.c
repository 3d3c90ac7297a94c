/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's engine against our own client (net/tls.h) and against
 * BearSSL's with other settings, both in memory: what one sends is kept in a
 * pipe until the other takes it.
 */
#include "net/tls_server.h"

#include "base/enc.h"
#include "fake_sys.h"
#include "net/anchors.h"
#include "net/tls.h"
#include "test.h"
#include "tls_certs.h"

#define PIPE_LEN ((size_t)1 << 20)

/* Bytes on their way. */
struct pipe {
	char bytes[PIPE_LEN];
	size_t from, to;
};

static struct fake_sys world;
static struct arena arena;
static struct anchors anchors;
static struct tls_identity id;
static struct tls_server_cache cache;
static struct tls_server server;
static struct tls client;
static struct fail fail;
static struct pipe up, down; /* to the server, to the client */
static size_t step_max;      /* bytes moved at a time */
static size_t flip_at;       /* byte of `up` to alter; SIZE_MAX: none */

static long
client_read(void *ctx, char *dst, size_t len)
{
	size_t have = down.to - down.from;

	(void)ctx;
	len = len < have ? len : have;
	len = len < step_max ? len : step_max;
	if (len == 0) {
		return -ERR_AGAIN;
	}
	memcpy(dst, down.bytes + down.from, len);
	down.from += len;
	return (long)len;
}

static long
client_write(void *ctx, const char *src, size_t len)
{
	(void)ctx;
	MUST(len <= PIPE_LEN - up.to);
	memcpy(up.bytes + up.to, src, len);
	if (flip_at >= up.to && flip_at < up.to + len) {
		up.bytes[flip_at] ^= 4;
	}
	up.to += len;
	return (long)len;
}

static void
client_close(void *ctx)
{
	(void)ctx;
}

static struct stream wire = { NULL, client_read, client_write,
    client_close };

/* What the server does when its socket has events; takes what is in `up`. */
static void
serve(void)
{
	for (;;) {
		struct str out = tls_server_out(&server);
		unsigned char *p;
		size_t len;
		bool moved = false;

		if (out.len > 0) {
			size_t n = out.len < step_max ? out.len : step_max;

			MUST(n <= PIPE_LEN - down.to);
			memcpy(down.bytes + down.to, out.p, n);
			down.to += n;
			tls_server_sent(&server, n);
			moved = true;
		}
		p = tls_server_space(&server, &len);
		if (p != NULL && up.from < up.to) {
			size_t n = up.to - up.from;

			n = n < len ? n : len;
			n = n < step_max ? n : step_max;
			memcpy(p, up.bytes + up.from, n);
			up.from += n;
			tls_server_received(&server, n);
			moved = true;
		}
		if (!moved) {
			return;
		}
	}
}

static void
start_with(const struct tls_certs *certs, const struct tls_certs *root,
    const struct tls_session *session)
{
	static uint64_t turn; /* no two handshakes draw the same */
	unsigned char seed[TLS_SERVER_SEED_LEN];

	arena_free(&arena);
	arena_free(&id.arena);
	arena_init(&arena, (size_t)4 << 20);
	arena_init(&id.arena, TLS_IDENTITY_CAP);
	fake_sys_free(&world);
	fake_sys_init(&world);
	fail_init(&fail, &arena);
	MUST(anchors_pem(&anchors, &arena, str_from_z(root->chain), S("root"),
	    S("test"), &fail) == ERR_OK);
	MUST(tls_identity_read(&id, str_from_z(certs->chain), S("c"),
	    str_from_z(certs->key), S("k"), &fail) == ERR_OK);
	up.from = up.to = down.from = down.to = 0;
	step_max = SIZE_MAX;
	flip_at = SIZE_MAX;
	world.seed += ++turn;
	MUST(world.sys.random(world.sys.ctx, seed, sizeof(seed)) == ERR_OK);
	tls_server_start(&server, &id, &cache, seed);
	MUST(tls_start(&client, &anchors, &world.sys, S("good.test"), session,
	    &fail) == ERR_OK);
}

static void
start(const struct tls_certs *certs, const struct tls_certs *root)
{
	tls_server_cache_init(&cache);
	start_with(certs, root, NULL);
}

/* Until both sides have nothing to do. What the client says at the end. */
static long
hello(const char *text)
{
	long n = -ERR_AGAIN;

	for (int i = 0; i < 20000 && n == -ERR_AGAIN; i++) {
		n = tls_write(&client, &wire, text, strlen(text));
		serve();
	}
	(void)!tls_flush(&client, &wire);
	serve();
	return n;
}

static struct str
take_plain(void)
{
	static char text[65536];
	size_t at = 0;
	size_t n;

	do {
		n = tls_server_read(&server, text + at, sizeof(text) - at);
		at += n;
		serve();
	} while (n > 0);
	return str_of(text, at);
}

/* The server says something that is as long as it likes. */
static struct str
answer(const char *text, size_t len)
{
	static char got[65536];
	size_t at = 0;
	size_t sent = 0;

	for (int i = 0; i < 200000 && at < len; i++) {
		long n;

		if (sent < len) {
			sent += tls_server_write(&server, text + sent,
			    len - sent);
		}
		if (sent == len) {
			tls_server_flush(&server);
		}
		serve();
		n = tls_read(&client, &wire, got + at, sizeof(got) - at);
		at += n > 0 ? (size_t)n : 0;
	}
	return str_of(got, at);
}

TEST(both_kinds_of_keys_shake_hands_and_carry_bytes)
{
	static char big[40000];

	for (size_t i = 0; i < sizeof(big); i++) {
		big[i] = (char)(i * 13);
	}
	for (int rsa = 0; rsa < 2; rsa++) {
		start(rsa ? &tls_certs_good_rsa : &tls_certs_good_ec, rsa ?
		    &tls_certs_root_rsa : &tls_certs_root_ec);
		CHECK_INT(tls_server_state(&server), TLS_SERVER_HANDSHAKE);
		CHECK_INT(hello("GET /"), 5);
		CHECK_INT(tls_server_state(&server), TLS_SERVER_OPEN);
		CHECK(tls_server_has_plain(&server));
		CHECK_STR(take_plain(), S("GET /"));
		CHECK(!tls_server_has_plain(&server));
		CHECK_STR(answer(big, sizeof(big)), str_of(big, sizeof(big)));
		CHECK(!client.resumed);
		tls_server_wipe(&server);
	}
}

TEST(bytes_may_come_one_at_a_time)
{
	static const size_t steps[] = { 1, 7, 100 };

	for (size_t i = 0; i < 3; i++) {
		start(&tls_certs_good_ec, &tls_certs_root_ec);
		step_max = steps[i];
		CHECK_INT(hello("hello"), 5);
		CHECK_STR(take_plain(), S("hello"));
		CHECK_STR(answer("bye", 3), S("bye"));
	}
}

TEST(large_records_of_a_client_are_read)
{
	static char big[16384];

	memset(big, 'x', sizeof(big) - 1);
	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK(hello(big) > 10000);
	CHECK(take_plain().len > 10000);
}

TEST(a_session_is_resumed_until_the_cache_is_emptied)
{
	struct tls_session session;

	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK_INT(hello("a"), 1);
	tls_session_get(&client, &session);
	CHECK(session.valid);
	start_with(&tls_certs_good_ec, &tls_certs_root_ec, &session);
	CHECK_INT(hello("b"), 1);
	CHECK(client.resumed);
	CHECK_STR(take_plain(), S("b"));
	CHECK_INT(tls_server_state(&server), TLS_SERVER_OPEN);
	tls_server_cache_init(&cache);
	start_with(&tls_certs_good_ec, &tls_certs_root_ec, &session);
	CHECK_INT(hello("c"), 1);
	CHECK(!client.resumed);
}

TEST(the_sessions_remembered_are_bounded)
{
	struct tls_session first, last;

	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK_INT(hello("a"), 1);
	tls_session_get(&client, &first);
	for (size_t i = 0; i < SERVER_TLS_SESSIONS_LEN / 100; i++) {
		br_ssl_session_parameters p = first.p;

		memcpy(p.session_id, &i, sizeof(i));
		cache.lru.vtable->save(&cache.lru.vtable, &server.server, &p);
	}
	CHECK_INT(hello("a"), 1);
	tls_session_get(&client, &last);
	start_with(&tls_certs_good_ec, &tls_certs_root_ec, &first);
	CHECK_INT(hello("b"), 1);
	CHECK(!client.resumed);
}

TEST(the_end_is_said_in_both_directions)
{
	char byte;

	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK_INT(hello("x"), 1);
	/* unread bytes do not keep it from closing */
	tls_server_close(&server);
	serve();
	CHECK_INT(tls_read(&client, &wire, &byte, 1), 0);
	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK_INT(hello("x"), 1);
	CHECK_STR(take_plain(), S("x"));
	br_ssl_engine_close(&client.client.eng);
	(void)!tls_flush(&client, &wire);
	serve();
	CHECK_INT(tls_server_state(&server), TLS_SERVER_CLOSED);
	CHECK_INT(tls_server_error(&server), 0);
	CHECK_INT(tls_server_write(&server, "y", 1), 0);
}

TEST(what_is_not_tls_fails)
{
	static const struct str texts[] = {
		STR_INIT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		STR_INIT("\x16\x03\x01\x00\x05hello"),
		STR_INIT("\x15\x03\x03\x00\x02\x02\x28"),
		STR_INIT("\x17\x03\x03\x00\x01x"),
		STR_INIT("\x16\x03\x01\xff\xff"),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		start(&tls_certs_good_ec, &tls_certs_root_ec);
		(void)client_write(NULL, texts[i].p, texts[i].len);
		serve();
		CHECK_INT(tls_server_state(&server), TLS_SERVER_FAILED);
		CHECK(tls_server_error(&server) != 0);
		CHECK_INT(tls_server_write(&server, "y", 1), 0);
		CHECK(!tls_server_has_plain(&server));
	}
}

TEST(no_altered_byte_of_a_client_is_accepted)
{
	size_t len;

	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK_INT(hello("secret"), 6);
	len = up.to;
	for (size_t i = 0; i < len; i++) {
		tls_server_cache_init(&cache);
		start_with(&tls_certs_good_ec, &tls_certs_root_ec, NULL);
		flip_at = i;
		(void)hello("secret");
		if (tls_server_has_plain(&server)) {
			/* the version of the first record: its bytes are
			 * not under the handshake's digest */
			CHECK(i < 5);
			CHECK_STR(take_plain(), S("secret"));
		}
		i += i > 40 && i + 60 < len ? 9 : 0; /* time */
	}
}

/* A client of BearSSL's with one suite and one version. */
static bool
shakes(uint16_t suite, unsigned version)
{
	static br_ssl_client_context c;
	static br_x509_minimal_context x;
	static unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
	unsigned char seed[TLS_SERVER_SEED_LEN] = { 1 };
	unsigned char *p;
	size_t len;

	start(&tls_certs_good_ec, &tls_certs_root_ec);
	br_ssl_client_init_full(&c, &x, anchors.list, anchors.n);
	br_x509_minimal_set_time(&x, 719528 + 20777, 0);
	br_ssl_engine_set_versions(&c.eng, version, version);
	br_ssl_engine_set_suites(&c.eng, &suite, 1);
	br_ssl_engine_set_buffer(&c.eng, buffer, sizeof(buffer), 1);
	br_ssl_engine_inject_entropy(&c.eng, seed, sizeof(seed));
	MUST(br_ssl_client_reset(&c, "good.test", 0));
	for (int i = 0; i < 1000; i++) {
		p = br_ssl_engine_sendrec_buf(&c.eng, &len);
		if (p != NULL) {
			(void)client_write(NULL, (char *)p, len);
			br_ssl_engine_sendrec_ack(&c.eng, len);
		}
		serve();
		p = br_ssl_engine_recvrec_buf(&c.eng, &len);
		if (p != NULL && down.from < down.to) {
			long n = client_read(NULL, (char *)p, len);

			br_ssl_engine_recvrec_ack(&c.eng, (size_t)n);
		}
	}
	return tls_server_state(&server) == TLS_SERVER_OPEN;
}

TEST(only_strong_suites_of_tls_1_2_are_spoken)
{
	static const uint16_t good[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	static const uint16_t bad[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
		BR_TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA,
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
		BR_TLS_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256,
		/* of the other kind of key */
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CHECK(shakes(good[i], BR_TLS12));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK(!shakes(bad[i], BR_TLS12));
		CHECK_INT(tls_server_state(&server), TLS_SERVER_FAILED);
	}
	CHECK(!shakes(BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, BR_TLS11));
	CHECK(!shakes(BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, BR_TLS10));
}

TEST(wiping_leaves_no_secret)
{
	const unsigned char *p = (const unsigned char *)&server.server;
	unsigned sum = 0;

	start(&tls_certs_good_ec, &tls_certs_root_ec);
	CHECK_INT(hello("x"), 1);
	tls_server_wipe(&server);
	for (size_t i = 0; i < sizeof(server.server); i++) {
		sum += p[i];
	}
	CHECK_INT(sum, 0);
}

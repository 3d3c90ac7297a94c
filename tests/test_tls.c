/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS against a server in the same process: chains, names, dates, faults of
 * the wire, resumption. Nothing waits; the loops below end or fail.
 */
#include "net/tls.h"

#include <string.h>

#include "tls_peer.h"
#include "test.h"

/* One client and one server, joined. */
struct pair {
	struct fake_sys f;
	struct arena a;
	struct anchors anchors;
	struct tls_peer *peer;
	struct stream s;
	struct tls tls;
	struct fail fail;
};

static struct pair pair;

static void
begin(const struct tls_certs *root, const struct tls_certs *server)
{
	struct pair *p = &pair;
	struct fail f;

	fake_sys_init(&p->f);
	arena_init(&p->a, 1 << 20);
	fail_init(&p->fail, &p->a);
	fail_init(&f, &p->a);
	MUST(anchors_pem(&p->anchors, &p->a, str_from_z(root->chain),
	    S("roots.pem"), S("AWS_CA_BUNDLE"), &f) == ERR_OK);
	p->peer = tls_peer_new(&p->f, "peer", 443, server);
}

/* Dials and starts TLS with the host name. */
static enum err
connect_as(const char *host, const struct tls_session *session)
{
	struct pair *p = &pair;

	MUST(p->f.sys.dial(&p->f, S("peer"), 443, INT64_MAX, &p->s, NULL) ==
	    ERR_OK);
	return tls_start(&p->tls, &p->anchors, &p->f.sys, str_from_z(host),
	    session, &p->fail);
}

static void
end(void)
{
	tls_peer_free(pair.peer);
	fake_sys_free(&pair.f);
	arena_free(&pair.a);
}

/* Waits as the client would; false when nothing more will come. */
static bool
wait_for(unsigned want)
{
	struct sys_wait w = { &pair.s, want, 0 };

	return pair.f.sys.wait(&pair.f, &w, 1, pair.f.mono_ms + 1000, NULL) ==
	    ERR_OK;
}

static enum err
send_all(struct str s)
{
	while (s.len > 0) {
		long n = tls_write(&pair.tls, &pair.s, s.p, s.len);

		if (n == -ERR_AGAIN) {
			if (!wait_for(tls_want(&pair.tls))) {
				return ERR_TIMEOUT;
			}
			continue;
		}
		if (n < 0) {
			return (enum err)-n;
		}
		s = str_sub(s, (size_t)n, s.len);
	}
	return ERR_OK;
}

/* Reads to the end of the stream. */
static enum err
read_all(struct buf *out)
{
	for (;;) {
		char chunk[5000];
		long n = tls_read(&pair.tls, &pair.s, chunk, sizeof(chunk));

		if (n == -ERR_AGAIN) {
			if (!wait_for(tls_want(&pair.tls))) {
				return ERR_TIMEOUT;
			}
			continue;
		}
		if (n <= 0) {
			return (enum err)-n;
		}
		buf_add(out, str_of(chunk, (size_t)n));
	}
}

/* "ping" out, "pong" back. */
static enum err
ping(void)
{
	char text[64];
	struct buf got = buf_fixed(text, sizeof(text));
	enum err err = send_all(S("ping"));

	if (err == ERR_OK) {
		err = read_all(&got);
	}
	if (err == ERR_OK && !str_eq(buf_str(&got), S("pong"))) {
		err = ERR_INTERNAL;
	}
	return err;
}

static void
play_pong(void)
{
	fake_peer_expect(pair.peer->inner, "ping");
	fake_peer_reply(pair.peer->inner, "pong");
	fake_peer_close(pair.peer->inner);
}

/* A whole connection: what ping() says to this server as this host. */
static enum err
attempt(const struct tls_certs *root, const struct tls_certs *server,
    const char *host)
{
	enum err err;

	begin(root, server);
	play_pong();
	err = connect_as(host, NULL);
	return err == ERR_OK ? ping() : err;
}

TEST(good_elliptic_curve_chain_is_accepted)
{
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_good_ec, "good.test"),
	    ERR_OK);
	CHECK(pair.tls.established && !pair.tls.resumed);
	CHECK(fake_sys_ok(&pair.f));
	end();
}

TEST(good_rsa_chain_is_accepted)
{
	CHECK_INT(attempt(&tls_certs_root_rsa, &tls_certs_good_rsa,
	    "good.test"), ERR_OK);
	end();
}

TEST(case_final_dot_wildcard_and_addresses_match)
{
	static const char *const hosts[] = { "GOOD.test", "good.test.",
	    "a.wild.test", "10.0.0.1", "fd00::1", "fd00:0::0:1" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_good_ec,
		    hosts[i]), ERR_OK);
		end();
	}
}

TEST(wrong_hosts_are_refused_with_the_names_of_the_certificate)
{
	static const char *const hosts[] = { "other.test", "a.b.wild.test",
	    "wild.test", "10.0.0.2", "fd00::2", "xgood.test" };

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_good_ec,
		    hosts[i]), ERR_TLS_NAME);
		CHECK(str_find(pair.fail.what, S("good.test, *.wild.test"), 0)
		    < pair.fail.what.len);
		CHECK(str_find(pair.fail.what, str_from_z(hosts[i]), 0) <
		    pair.fail.what.len);
		end();
	}
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_other, "good.test"),
	    ERR_TLS_NAME);
	end();
}

TEST(common_name_alone_is_refused)
{
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_cn_only, "good.test"),
	    ERR_TLS_NAME);
	CHECK(str_find(pair.fail.what, S("common name"), 0) <
	    pair.fail.what.len);
	end();
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_email, "good.test"),
	    ERR_TLS_NAME);
	end();
}

TEST(expired_and_future_certificates_name_the_clock)
{
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_expired, "good.test"),
	    ERR_TLS_EXPIRED);
	CHECK(str_find(pair.fail.what, S("2026-11-20T12:00:00Z"), 0) <
	    pair.fail.what.len);
	end();
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_future, "good.test"),
	    ERR_TLS_EXPIRED);
	end();
	/* The same good chain with a clock at the epoch, and before it. */
	for (int64_t now = -5; now < 10; now += 5) {
		begin(&tls_certs_root_ec, &tls_certs_good_ec);
		play_pong();
		pair.f.now_ms = now;
		CHECK_INT(connect_as("good.test", NULL), ERR_OK);
		CHECK_INT(ping(), ERR_TLS_EXPIRED);
		end();
	}
}

TEST(unknown_root_names_the_bundle_setting)
{
	CHECK_INT(attempt(&tls_certs_root_rsa, &tls_certs_good_ec,
	    "good.test"), ERR_TLS_UNTRUSTED);
	CHECK(str_find(pair.fail.what, S("AWS_CA_BUNDLE"), 0) <
	    pair.fail.what.len);
	CHECK(str_find(pair.fail.what, S("roots.pem"), 0) <
	    pair.fail.what.len);
	end();
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_self, "good.test"),
	    ERR_TLS_UNTRUSTED);
	end();
}

TEST(weak_key_and_signature_by_a_non_ca_are_refused)
{
	CHECK_INT(attempt(&tls_certs_root_rsa, &tls_certs_weak, "good.test"),
	    ERR_TLS_UNTRUSTED);
	CHECK(str_find(pair.fail.what, S("2048 bits"), 0) <
	    pair.fail.what.len);
	end();
	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_under_fake,
	    "good.test"), ERR_TLS_UNTRUSTED);
	end();
}

TEST(self_signed_certificate_in_the_bundle_is_trusted_as_itself)
{
	CHECK_INT(attempt(&tls_certs_self, &tls_certs_self, "good.test"),
	    ERR_OK);
	end();
	/* The name counts even for a certificate that is trusted directly. */
	CHECK_INT(attempt(&tls_certs_self, &tls_certs_self, "evil.test"),
	    ERR_TLS_NAME);
	end();
}

TEST(old_protocol_version_is_refused)
{
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	tls_peer_set_version(pair.peer, BR_TLS11);
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(ping(), ERR_TLS);
	CHECK(str_find(pair.fail.what, S("TLS 1.2"), 0) < pair.fail.what.len);
	end();
}

TEST(host_that_cannot_be_one_is_refused_at_the_start)
{
	static const char *const hosts[] = { "", "a b", "good.test\n", "-",
	    "a..b" };

	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		fail_clear(&pair.fail);
		CHECK_INT(tls_start(&pair.tls, &pair.anchors, &pair.f.sys,
		    str_from_z(hosts[i]), NULL, &pair.fail), ERR_TLS);
		CHECK_INT(-tls_read(&pair.tls, &pair.s, &pair, 1), ERR_TLS);
	}
	end();
}

TEST(no_entropy_means_no_handshake)
{
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	pair.f.random_err = ERR_IO;
	CHECK_INT(connect_as("good.test", NULL), ERR_IO);
	CHECK_INT(-tls_write(&pair.tls, &pair.s, "x", 1), ERR_IO);
	end();
}

/* How many bytes the server sends for one whole ping. */
static size_t
server_bytes(void)
{
	size_t n;

	MUST(attempt(&tls_certs_root_ec, &tls_certs_good_ec, "good.test") ==
	    ERR_OK);
	n = pair.peer->sent_len;
	end();
	return n;
}

TEST(stream_cut_anywhere_is_an_error_and_never_a_short_answer)
{
	size_t all = server_bytes();

	for (size_t cut = 0; cut < all; cut += cut < all - 80 ? 13 : 1) {
		begin(&tls_certs_root_ec, &tls_certs_good_ec);
		play_pong();
		pair.peer->cut_at = cut;
		CHECK_INT(connect_as("good.test", NULL), ERR_OK);
		CHECK_INT(ping(), ERR_CLOSED);
		CHECK(pair.fail.what.p != NULL);
		end();
	}
}

TEST(any_altered_byte_is_an_error)
{
	size_t all = server_bytes();

	for (size_t at = 0; at < all; at += at < all - 100 ? 17 : 1) {
		enum err err;

		begin(&tls_certs_root_ec, &tls_certs_good_ec);
		play_pong();
		pair.peer->flip_at = at;
		CHECK_INT(connect_as("good.test", NULL), ERR_OK);
		err = ping();
		CHECK(err == ERR_TLS || err == ERR_TLS_UNTRUSTED ||
		    err == ERR_TLS_NAME || err == ERR_TIMEOUT ||
		    err == ERR_CLOSED || err == ERR_TLS_EXPIRED);
		CHECK(err == ERR_TIMEOUT || pair.fail.what.p != NULL);
		end();
	}
}

TEST(missing_close_notify_is_a_cut_answer)
{
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	play_pong();
	pair.peer->abrupt = true;
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(ping(), ERR_CLOSED);
	CHECK(str_find(pair.fail.what, S("in the middle"), 0) <
	    pair.fail.what.len);
	end();
}

TEST(short_reads_writes_and_spurious_wake_ups_change_nothing)
{
	for (size_t n = 1; n < 8; n++) {
		begin(&tls_certs_root_ec, &tls_certs_good_ec);
		play_pong();
		pair.peer->outer->read_max = n;
		pair.peer->outer->write_max = 8 - n;
		pair.peer->outer->again = true;
		CHECK_INT(connect_as("good.test", NULL), ERR_OK);
		CHECK_INT(ping(), ERR_OK);
		end();
	}
}

TEST(silent_server_leaves_the_client_waiting_to_read)
{
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	fake_peer_stall(pair.peer->inner, 5000);
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(send_all(S("ping")), ERR_OK);
	CHECK_INT(-tls_read(&pair.tls, &pair.s, pair.f.log, 1), ERR_AGAIN);
	CHECK_INT(tls_want(&pair.tls), SYS_READ);
	CHECK_INT(tls_flush(&pair.tls, &pair.s), ERR_OK);
	end();
}

TEST(large_data_passes_both_ways)
{
	static char big[100000];
	static char out[100000];
	struct buf got = buf_fixed(out, sizeof(out));
	uint64_t seed = 5;

	for (size_t i = 0; i < sizeof(big); i++) {
		big[i] = (char)test_random(&seed);
	}
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	pair.peer->inner->steps[0] = (struct fake_step){ FAKE_EXPECT,
	    str_of(big, sizeof(big)), 0 };
	pair.peer->inner->step_n = 1;
	fake_peer_reply_str(pair.peer->inner, str_of(big, sizeof(big)));
	fake_peer_close(pair.peer->inner);
	pair.peer->outer->write_max = 3000;
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(send_all(str_of(big, sizeof(big))), ERR_OK);
	CHECK_INT(read_all(&got), ERR_OK);
	CHECK(str_eq(buf_str(&got), str_of(big, sizeof(big))));
	CHECK(fake_sys_ok(&pair.f));
	end();
}

TEST(session_is_resumed_by_its_id)
{
	static struct tls_peer_cache cache;
	struct tls_session session;
	struct tls_peer *first;
	size_t full;

	tls_peer_cache_init(&cache);
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	tls_peer_set_cache(pair.peer, &cache);
	play_pong();
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(ping(), ERR_OK);
	tls_session_get(&pair.tls, &session);
	CHECK(session.valid);
	full = pair.peer->sent_len;
	first = pair.peer;
	pair.peer = tls_peer_new(&pair.f, "peer", 443, &tls_certs_good_ec);
	tls_peer_set_cache(pair.peer, &cache);
	play_pong();
	CHECK_INT(connect_as("good.test", &session), ERR_OK);
	CHECK_INT(ping(), ERR_OK);
	CHECK(pair.tls.resumed);
	CHECK(pair.peer->sent_len < full / 2);
	tls_peer_free(first);
	end();
	/* A server that forgot it makes a full handshake. */
	tls_peer_cache_init(&cache);
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	tls_peer_set_cache(pair.peer, &cache);
	play_pong();
	CHECK_INT(connect_as("good.test", &session), ERR_OK);
	CHECK_INT(ping(), ERR_OK);
	CHECK(pair.tls.established && !pair.tls.resumed);
	end();
}

TEST(alert_before_a_closed_stream_is_what_is_reported)
{
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	tls_peer_set_version(pair.peer, BR_TLS10);
	pair.peer->outer->write_max = 50; /* the refusal comes half-way */
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(ping(), ERR_TLS);
	end();
}

TEST(write_after_the_end_is_closed)
{
	begin(&tls_certs_root_ec, &tls_certs_good_ec);
	play_pong();
	CHECK_INT(connect_as("good.test", NULL), ERR_OK);
	CHECK_INT(ping(), ERR_OK);
	CHECK_INT(-tls_write(&pair.tls, &pair.s, "x", 1), ERR_CLOSED);
	CHECK_INT(tls_flush(&pair.tls, &pair.s), ERR_CLOSED);
	end();
}

TEST(wiping_leaves_nothing)
{
	static const struct tls zero;

	CHECK_INT(attempt(&tls_certs_root_ec, &tls_certs_good_ec, "good.test"),
	    ERR_OK);
	tls_wipe(&pair.tls);
	CHECK(memcmp(&pair.tls, &zero, sizeof(zero)) == 0);
	CHECK(sizeof(struct tls) < 43 * 1024);
	end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* see tls_server.h */
#include "net/tls_server.h"

#include <string.h>

#include "base/enc.h"
#include "net/tls.h"

/* see tls_server.h */
void
tls_server_cache_init(struct tls_server_cache *c)
{
	enc_wipe(c->store, sizeof(c->store));
	br_ssl_session_cache_lru_init(&c->lru, c->store, sizeof(c->store));
}

static void
set_up_engine(struct tls_server *t)
{
	br_ssl_engine_context *eng = &t->server.eng;

	br_ssl_server_zero(&t->server);
	br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION |
	    BR_OPT_ENFORCE_SERVER_PREFERENCES);
	tls_set_suites(eng);
	br_ssl_engine_set_default_ec(eng);
	br_ssl_engine_set_default_aes_gcm(eng);
	br_ssl_engine_set_default_chapol(eng);
	br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
	br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
	t->protocol = "http/1.1";
	br_ssl_engine_set_protocol_names(eng, &t->protocol, 1);
	br_ssl_engine_set_buffers_bidi(eng, t->in, sizeof(t->in), t->out,
	    sizeof(t->out));
}

/* see tls_server.h */
void
tls_server_start(struct tls_server *t, const struct tls_identity *id,
    struct tls_server_cache *cache,
    const unsigned char seed[static TLS_SERVER_SEED_LEN])
{
	t->established = false;
	set_up_engine(t);
	if (id->key_type == BR_KEYTYPE_RSA) {
		br_ssl_server_set_single_rsa(&t->server, id->chain,
		    id->chain_n, &id->rsa, BR_KEYTYPE_SIGN, NULL,
		    br_rsa_pkcs1_sign_get_default());
	} else {
		br_ssl_server_set_single_ec(&t->server, id->chain,
		    id->chain_n, &id->ec, BR_KEYTYPE_SIGN, 0,
		    br_ec_get_default(), br_ecdsa_sign_asn1_get_default());
	}
	br_ssl_server_set_cache(&t->server, &cache->lru.vtable);
	br_ssl_engine_inject_entropy(&t->server.eng, seed,
	    TLS_SERVER_SEED_LEN);
	/* It need not look for a source of its own, see net/tls.c. */
	t->server.eng.rng_os_rand_done = 1;
	MUST(br_ssl_server_reset(&t->server) == 1);
}

/* see tls_server.h */
enum tls_server_state
tls_server_state(const struct tls_server *t)
{
	const br_ssl_engine_context *eng = &t->server.eng;

	if (br_ssl_engine_last_error(eng) != 0) {
		return TLS_SERVER_FAILED;
	}
	if (br_ssl_engine_current_state(eng) == BR_SSL_CLOSED) {
		return TLS_SERVER_CLOSED;
	}
	return t->established ? TLS_SERVER_OPEN : TLS_SERVER_HANDSHAKE;
}

/* see tls_server.h */
int
tls_server_error(const struct tls_server *t)
{
	return br_ssl_engine_last_error(&t->server.eng);
}

/* see tls_server.h */
unsigned char *
tls_server_space(struct tls_server *t, size_t *len)
{
	return br_ssl_engine_recvrec_buf(&t->server.eng, len);
}

/* see tls_server.h */
void
tls_server_received(struct tls_server *t, size_t n)
{
	br_ssl_engine_recvrec_ack(&t->server.eng, n);
	if (!t->established) {
		/* Application data may flow: the handshake is done. */
		t->established = (br_ssl_engine_current_state(
		    &t->server.eng) & (BR_SSL_SENDAPP | BR_SSL_RECVAPP)) != 0;
	}
}

/* see tls_server.h */
struct str
tls_server_out(const struct tls_server *t)
{
	size_t len = 0;
	const unsigned char *p = br_ssl_engine_sendrec_buf(&t->server.eng,
	    &len);

	return p == NULL ? S("") : str_of((const char *)p, len);
}

/* see tls_server.h */
void
tls_server_sent(struct tls_server *t, size_t n)
{
	br_ssl_engine_sendrec_ack(&t->server.eng, n);
	if (!t->established) {
		/* Where a session is resumed, or the last flight is ours. */
		t->established = (br_ssl_engine_current_state(
		    &t->server.eng) & (BR_SSL_SENDAPP | BR_SSL_RECVAPP)) != 0;
	}
}

/* see tls_server.h */
size_t
tls_server_read(struct tls_server *t, char *dst, size_t len)
{
	size_t have;
	const unsigned char *p = br_ssl_engine_recvapp_buf(&t->server.eng,
	    &have);

	if (p == NULL) {
		return 0;
	}
	len = len < have ? len : have;
	memcpy(dst, p, len);
	br_ssl_engine_recvapp_ack(&t->server.eng, len);
	return len;
}

/* see tls_server.h */
bool
tls_server_has_plain(const struct tls_server *t)
{
	size_t len;

	return br_ssl_engine_recvapp_buf(&t->server.eng, &len) != NULL;
}

/* see tls_server.h */
size_t
tls_server_write(struct tls_server *t, const char *src, size_t len)
{
	size_t room;
	unsigned char *p = br_ssl_engine_sendapp_buf(&t->server.eng, &room);

	if (p == NULL || len == 0) {
		return 0;
	}
	len = len < room ? len : room;
	memcpy(p, src, len);
	br_ssl_engine_sendapp_ack(&t->server.eng, len);
	return len;
}

/* see tls_server.h */
void
tls_server_flush(struct tls_server *t)
{
	br_ssl_engine_flush(&t->server.eng, 0);
}

/* see tls_server.h */
void
tls_server_close(struct tls_server *t)
{
	br_ssl_engine_context *eng = &t->server.eng;
	size_t len;

	/* Unread bytes would keep the engine from closing (BearSSL commit
	 * 946f5ba). */
	while (br_ssl_engine_recvapp_buf(eng, &len) != NULL) {
		br_ssl_engine_recvapp_ack(eng, len);
	}
	br_ssl_engine_close(eng);
}

/* see tls_server.h */
void
tls_server_wipe(struct tls_server *t)
{
	enc_wipe(&t->server, sizeof(t->server));
}

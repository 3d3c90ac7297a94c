/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BearSSL's server engine as a peer; see tls_peer.h.
 */
#include "tls_peer.h"

#include <stdlib.h>
#include <string.h>

/* ---- PEM ---- */

struct pem {
	char *p;
	size_t len;
};

static void
pem_collect(void *ctx, const void *src, size_t len)
{
	struct pem *pem = ctx;

	pem->p = realloc(pem->p, pem->len + len);
	MUST(pem->p != NULL);
	memcpy(pem->p + pem->len, src, len);
	pem->len += len;
}

/* Decodes every object of a PEM text and hands it over. */
static void
pem_each(const char *text, void (*each)(void *ctx, struct pem pem), void *ctx)
{
	br_pem_decoder_context decoder;
	struct pem pem = { NULL, 0 };
	size_t len = strlen(text);

	br_pem_decoder_init(&decoder);
	while (len > 0) {
		size_t n = br_pem_decoder_push(&decoder, text, len);

		text += n;
		len -= n;
		switch (br_pem_decoder_event(&decoder)) {
		case BR_PEM_BEGIN_OBJ:
			pem = (struct pem){ NULL, 0 };
			br_pem_decoder_setdest(&decoder, pem_collect, &pem);
			break;
		case BR_PEM_END_OBJ:
			each(ctx, pem);
			break;
		default:
			break;
		}
	}
}

static void
add_certificate(void *ctx, struct pem pem)
{
	struct tls_peer *t = ctx;

	MUST(t->chain_n < TLS_PEER_CHAIN_MAX);
	t->chain[t->chain_n].data = (unsigned char *)pem.p;
	t->chain[t->chain_n++].data_len = pem.len;
}

static void
set_key(void *ctx, struct pem pem)
{
	struct tls_peer *t = ctx;

	br_skey_decoder_init(&t->key);
	br_skey_decoder_push(&t->key, pem.p, pem.len);
	MUST(br_skey_decoder_last_error(&t->key) == 0);
	free(pem.p);
}

/* ---- the engine between the two sides ---- */

/* Moves plain text both ways as far as it goes. */
static void
pump(struct tls_peer *t)
{
	br_ssl_engine_context *eng = &t->server.eng;
	unsigned char *p;
	size_t len;
	long n;

	while ((p = br_ssl_engine_recvapp_buf(eng, &len)) != NULL) {
		n = t->plain.write(t->plain.ctx, (char *)p, len);
		if (n <= 0) {
			break;
		}
		br_ssl_engine_recvapp_ack(eng, (size_t)n);
	}
	while (!t->plain_ended &&
	    (p = br_ssl_engine_sendapp_buf(eng, &len)) != NULL) {
		n = t->plain.read(t->plain.ctx, (char *)p, len);
		if (n == -ERR_AGAIN) {
			break;
		}
		if (n <= 0) {
			t->plain_ended = true;
			t->abrupt = t->abrupt || n < 0;
			if (!t->abrupt) {
				br_ssl_engine_close(eng);
			}
			break;
		}
		br_ssl_engine_sendapp_ack(eng, (size_t)n);
		br_ssl_engine_flush(eng, 0);
	}
}

static long
server_read(void *ctx, char *dst, size_t len)
{
	struct tls_peer *t = ctx;
	br_ssl_engine_context *eng = &t->server.eng;
	unsigned char *p;
	size_t have;

	pump(t);
	if (t->sent_len >= t->cut_at) {
		return 0;
	}
	p = br_ssl_engine_sendrec_buf(eng, &have);
	if (p == NULL) {
		return br_ssl_engine_current_state(eng) == BR_SSL_CLOSED ||
		    t->plain_ended ? 0 : -ERR_AGAIN;
	}
	len = have < len ? have : len;
	len = t->cut_at - t->sent_len < len ? t->cut_at - t->sent_len : len;
	memcpy(dst, p, len);
	if (t->flip_at >= t->sent_len && t->flip_at < t->sent_len + len) {
		dst[t->flip_at - t->sent_len] ^= 1;
	}
	br_ssl_engine_sendrec_ack(eng, len);
	t->sent_len += len;
	return (long)len;
}

static long
server_write(void *ctx, const char *src, size_t len)
{
	struct tls_peer *t = ctx;
	br_ssl_engine_context *eng = &t->server.eng;
	unsigned char *p;
	size_t room;

	pump(t);
	p = br_ssl_engine_recvrec_buf(eng, &room);
	if (p == NULL) {
		/* A peer that is gone: an alert may wait to be read. */
		return br_ssl_engine_current_state(eng) == BR_SSL_CLOSED ?
		    -ERR_CLOSED : -ERR_AGAIN;
	}
	len = room < len ? room : len;
	memcpy(p, src, len);
	br_ssl_engine_recvrec_ack(eng, len);
	pump(t);
	return (long)len;
}

static void
server_close(void *ctx)
{
	(void)ctx;
}

static unsigned
server_events(void *ctx, int64_t *next_ms)
{
	struct tls_peer *t = ctx;
	br_ssl_engine_context *eng = &t->server.eng;
	unsigned events = 0;
	size_t len;

	pump(t);
	if (t->sent_len >= t->cut_at || t->plain_ended ||
	    br_ssl_engine_sendrec_buf(eng, &len) != NULL ||
	    br_ssl_engine_current_state(eng) == BR_SSL_CLOSED) {
		events |= SYS_READ;
	}
	if (br_ssl_engine_recvrec_buf(eng, &len) != NULL ||
	    br_ssl_engine_current_state(eng) == BR_SSL_CLOSED) {
		events |= SYS_WRITE;
	}
	if ((events & SYS_READ) == 0) {
		(void)fake_peer_events(t->inner, next_ms);
	}
	return events;
}

/* ---- what tests call ---- */

/* see tls_peer.h */
struct tls_peer *
tls_peer_new(struct fake_sys *f, const char *host, uint16_t port,
    const struct tls_certs *certs)
{
	static uint64_t seed[4]; /* no two servers are alike */
	struct tls_peer *t = calloc(1, sizeof(*t));
	br_ssl_engine_context *eng;

	MUST(t != NULL);
	eng = &t->server.eng;
	pem_each(certs->chain, add_certificate, t);
	pem_each(certs->key, set_key, t);
	if (br_skey_decoder_key_type(&t->key) == BR_KEYTYPE_EC) {
		br_ssl_server_init_full_ec(&t->server, t->chain, t->chain_n,
		    BR_KEYTYPE_EC, br_skey_decoder_get_ec(&t->key));
	} else {
		br_ssl_server_init_full_rsa(&t->server, t->chain, t->chain_n,
		    br_skey_decoder_get_rsa(&t->key));
	}
	br_ssl_engine_set_buffer(eng, t->buffer, sizeof(t->buffer), 1);
	br_ssl_engine_inject_entropy(eng, seed, sizeof(seed));
	seed[0]++;
	eng->rng_os_rand_done = 1;
	t->cut_at = SIZE_MAX;
	t->flip_at = SIZE_MAX;
	t->stream = (struct stream){ t, server_read, server_write,
	    server_close };
	t->outer = fake_sys_peer(f, host, port);
	t->outer->live = &t->stream;
	t->outer->live_events = server_events;
	t->inner = fake_sys_peer(f, "(inside TLS)", 0);
	t->plain = fake_peer_stream(t->inner);
	MUST(br_ssl_server_reset(&t->server));
	return t;
}

/* see tls_peer.h */
void
tls_peer_cache_init(struct tls_peer_cache *c)
{
	br_ssl_session_cache_lru_init(&c->lru, c->store, sizeof(c->store));
}

/* see tls_peer.h */
void
tls_peer_set_cache(struct tls_peer *t, struct tls_peer_cache *c)
{
	br_ssl_server_set_cache(&t->server, &c->lru.vtable);
}

/* see tls_peer.h */
void
tls_peer_set_version(struct tls_peer *t, unsigned version)
{
	br_ssl_engine_set_versions(&t->server.eng, BR_TLS10, version);
	MUST(br_ssl_server_reset(&t->server));
}

/* see tls_peer.h */
void
tls_peer_free(struct tls_peer *t)
{
	for (size_t i = 0; i < t->chain_n; i++) {
		free(t->chain[i].data);
	}
	free(t);
}

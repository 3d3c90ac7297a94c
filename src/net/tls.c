/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BearSSL's client engine driven without waiting.
 *
 * The engine has four byte ports: records out and in (towards the stream) and
 * application data out and in (towards us). Every call moves bytes from port to
 * port until it has what it was asked for, or the stream says "not now".
 *
 * A failed write is kept until the input is used up: a server that refuses a
 * handshake sends an alert and closes, and the alert is the better story.
 */
#include "net/tls.h"

#include <string.h>

#include "base/enc.h"
#include "base/timefmt.h"
#include "proto/url.h"

/* Bytes of entropy for one handshake: the security level of the suites. */
#define ENTROPY_LEN 32
/* Smallest RSA key in a chain (CA/Browser Forum 6.1.5). */
#define RSA_LEN_MIN (2048 / 8)
/* Days from the year 0 to 1970, as BearSSL counts. */
#define DAYS_TO_1970 719528
/* RFC 6066 3; BearSSL has no name for it. */
#define ALERT_UNRECOGNIZED_NAME 112
#define DAY_MS ((int64_t)86400 * 1000)

/* ---- certificates: BearSSL's engine and our look at the names ---- */

static struct tls_verify *
verify_of(const br_x509_class **ctx)
{
	return (struct tls_verify *)(void *)ctx;
}

static void
start_chain(const br_x509_class **ctx, const char *server_name)
{
	struct tls_verify *v = verify_of(ctx);

	v->cert_n = 0;
	v->minimal.vtable->start_chain(&v->minimal.vtable, server_name);
}

static void
start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct tls_verify *v = verify_of(ctx);

	v->minimal.vtable->start_cert(&v->minimal.vtable, length);
}

static void
append(const br_x509_class **ctx, const unsigned char *p, size_t len)
{
	struct tls_verify *v = verify_of(ctx);

	if (v->cert_n == 0) {
		certname_feed(&v->names, p, len);
	}
	v->minimal.vtable->append(&v->minimal.vtable, p, len);
}

static void
end_cert(const br_x509_class **ctx)
{
	struct tls_verify *v = verify_of(ctx);

	v->cert_n++;
	v->minimal.vtable->end_cert(&v->minimal.vtable);
}

/* Good only when both say so. */
static unsigned
end_chain(const br_x509_class **ctx)
{
	struct tls_verify *v = verify_of(ctx);
	unsigned err = v->minimal.vtable->end_chain(&v->minimal.vtable);

	if (err == 0 && !v->names.matched) {
		return BR_ERR_X509_BAD_SERVER_NAME;
	}
	return err;
}

static const br_x509_pkey *
get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct tls_verify *v = (const void *)ctx;

	return v->minimal.vtable->get_pkey(&v->minimal.vtable, usages);
}

static const br_x509_class verify_class = {
	sizeof(struct tls_verify),
	start_chain,
	start_cert,
	append,
	end_cert,
	end_chain,
	get_pkey
};

/* ---- set-up ---- */

/* see tls.h */
void
tls_set_suites(br_ssl_engine_context *eng)
{
	static const uint16_t aes_first[] = {
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	};
	/* Without AES instructions the constant-time AES runs at a quarter of
	 * ChaCha20's speed. */
	static const uint16_t chacha_first[] = {
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	};

	br_ssl_engine_set_suites(eng, br_aes_x86ni_ctr_get_vtable() != NULL ?
	    aes_first : chacha_first,
	    sizeof(aes_first) / sizeof(aes_first[0]));
}

static void
set_up_engine(struct tls *t)
{
	br_ssl_engine_context *eng = &t->client.eng;
	br_x509_minimal_context *x509 = &t->verify.minimal;

	br_ssl_client_zero(&t->client);
	br_ssl_engine_set_versions(eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_add_flags(eng, BR_OPT_NO_RENEGOTIATION);
	tls_set_suites(eng);
	br_ssl_engine_set_default_rsavrfy(eng);
	br_ssl_engine_set_default_ecdsa(eng);
	br_ssl_engine_set_default_aes_gcm(eng);
	br_ssl_engine_set_default_chapol(eng);
	br_ssl_engine_set_prf_sha256(eng, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(eng, &br_tls12_sha384_prf);
	br_x509_minimal_init(x509, &br_sha256_vtable, t->anchors->list,
	    t->anchors->n);
	br_x509_minimal_set_rsa(x509, br_ssl_engine_get_rsavrfy(eng));
	br_x509_minimal_set_ecdsa(x509, br_ssl_engine_get_ec(eng),
	    br_ssl_engine_get_ecdsa(eng));
	br_x509_minimal_set_minrsa(x509, RSA_LEN_MIN);
	/* No MD5 or SHA-1: not in signatures of certificates either. */
	br_ssl_engine_set_hash(eng, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(eng, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(eng, br_sha512_ID, &br_sha512_vtable);
	br_x509_minimal_set_hash(x509, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_hash(x509, br_sha384_ID, &br_sha384_vtable);
	br_x509_minimal_set_hash(x509, br_sha512_ID, &br_sha512_vtable);
	t->verify.vtable = &verify_class;
	br_ssl_engine_set_x509(eng, &t->verify.vtable);
	br_ssl_engine_set_buffers_bidi(eng, t->in, sizeof(t->in), t->out,
	    sizeof(t->out));
}

/* The clock for the chain. Before 1970 nothing was signed: day 0 makes every
 * certificate "not yet valid", which is the right sentence. */
static void
set_time(struct tls *t)
{
	int64_t ms = t->now_ms < 0 ? 0 : t->now_ms;

	br_x509_minimal_set_time(&t->verify.minimal,
	    (uint32_t)(ms / DAY_MS + DAYS_TO_1970),
	    (uint32_t)(ms % DAY_MS / 1000));
}

static enum err
set_entropy(struct tls *t, const struct sys *sys)
{
	unsigned char seed[ENTROPY_LEN];

	if (sys->random(sys->ctx, seed, sizeof(seed)) != ERR_OK) {
		return fail_set(t->f, ERR_IO, 0,
		    S("the kernel gives no entropy for TLS"));
	}
	br_ssl_engine_inject_entropy(&t->client.eng, seed, sizeof(seed));
	enc_wipe(seed, sizeof(seed));
	/* The engine would look for a system source of its own, a file that
	 * is not there in an empty image. It has enough: say it did. */
	t->client.eng.rng_os_rand_done = 1;
	return ERR_OK;
}

/* see tls.h */
enum err
tls_start(struct tls *t, const struct anchors *anchors, const struct sys *sys,
    struct str host, const struct tls_session *session, struct fail *f)
{
	char name[256];
	enum err err;

	t->anchors = anchors;
	t->host = host;
	t->f = f;
	t->now_ms = sys->now_ms(sys->ctx);
	t->established = t->resumed = false;
	t->err = ERR_OK;
	t->stage_from = t->stage_len = 0;
	t->offered_id_len = 0;
	if (host.len >= sizeof(name) || !url_host_ok(host)) {
		return t->err = fail_setf(f, ERR_TLS,
		    "'%s' cannot be the name of a TLS server", host);
	}
	set_up_engine(t);
	set_time(t);
	certname_init(&t->verify.names, host);
	err = set_entropy(t, sys);
	if (err != ERR_OK) {
		return t->err = err;
	}
	if (session != NULL && session->valid) {
		br_ssl_engine_set_session_parameters(&t->client.eng,
		    &session->p);
		t->offered_id_len = session->p.session_id_len;
		memcpy(t->offered_id, session->p.session_id,
		    sizeof(t->offered_id));
	}
	/* Server name indication is for names only (RFC 6066 3); the address
	 * is checked by certname. */
	host = t->verify.names.host;
	memcpy(name, host.p, host.len);
	name[t->verify.names.address_len > 0 ? 0 : host.len] = '\0';
	if (!br_ssl_client_reset(&t->client, name, t->offered_id_len > 0)) {
		return t->err = fail_set(f, ERR_TLS, 0, STR_NONE);
	}
	return ERR_OK;
}

/* ---- errors ---- */

/* What BearSSL's numbers mean, where the cause is worth more than a number. */
static struct str
reason(int code)
{
	switch (code) {
	case BR_ERR_UNSUPPORTED_VERSION:
	case BR_ERR_RECV_FATAL_ALERT + BR_ALERT_PROTOCOL_VERSION:
		return S("the server does not speak TLS 1.2");
	case BR_ERR_BAD_VERSION:
		return S("the answer is not TLS; is this an https port?");
	case BR_ERR_BAD_MAC:
		return S("a record was altered on its way");
	case BR_ERR_BAD_SIGNATURE:
	case BR_ERR_BAD_FINISHED:
		return S("the server does not hold the key of its certificate");
	case BR_ERR_BAD_CIPHER_SUITE:
	case BR_ERR_RECV_FATAL_ALERT + BR_ALERT_HANDSHAKE_FAILURE:
	case BR_ERR_RECV_FATAL_ALERT + BR_ALERT_INSUFFICIENT_SECURITY:
		return S("no TLS version and cipher suite in common; "
		    "TLS 1.2 with ECDHE and AES-GCM or ChaCha20 is needed");
	case BR_ERR_RECV_FATAL_ALERT + ALERT_UNRECOGNIZED_NAME:
		return S("the server does not serve this host name");
	case BR_ERR_X509_BAD_SIGNATURE:
		return S("a signature in the certificate chain is wrong");
	case BR_ERR_X509_WEAK_PUBLIC_KEY:
		return S("an RSA key in the chain has less than 2048 bits");
	case BR_ERR_X509_UNSUPPORTED:
		return S("a certificate uses an algorithm that is too old or "
		    "unknown");
	case BR_ERR_X509_CRITICAL_EXTENSION:
		return S("a certificate has a critical extension that is not "
		    "known here");
	case BR_ERR_X509_DN_MISMATCH:
		return S("the certificates do not form a chain");
	case BR_ERR_X509_NOT_CA:
		return S("a certificate in the chain is not a CA's");
	case BR_ERR_X509_EMPTY_CHAIN:
		return S("the server sent no certificate");
	default:
		if (code >= BR_ERR_RECV_FATAL_ALERT &&
		    code < BR_ERR_SEND_FATAL_ALERT) {
			return S("the server refused with an alert");
		}
		if (code >= BR_ERR_X509_INVALID_VALUE &&
		    code <= BR_ERR_X509_NOT_TRUSTED) {
			return S("a certificate is malformed");
		}
		return S("the server broke the protocol");
	}
}

static enum err
describe_expired(struct tls *t)
{
	char text[64];
	struct buf now = buf_fixed(text, sizeof(text));

	timefmt_iso(&now, t->now_ms - t->now_ms % 1000);
	return fail_setf(t->f, ERR_TLS_EXPIRED, "the certificate of %s is "
	    "expired or not yet valid; this machine's clock says %s, correct "
	    "it if that is wrong", t->host, buf_str(&now));
}

static enum err
describe_name(struct tls *t)
{
	const struct certname *names = &t->verify.names;

	if (!names->has_names) {
		return fail_setf(t->f, ERR_TLS_NAME, "the certificate of %s "
		    "names no host in subjectAltName; a common name alone is "
		    "not accepted", t->host);
	}
	return fail_setf(t->f, ERR_TLS_NAME,
	    "the certificate of %s is for other hosts: %s", t->host,
	    certname_seen(names));
}

/* The engine has failed: what to say. */
static enum err
describe(struct tls *t)
{
	int code = br_ssl_engine_last_error(&t->client.eng);

	switch (code) {
	case BR_ERR_X509_EXPIRED:
		return describe_expired(t);
	case BR_ERR_X509_BAD_SERVER_NAME:
		return describe_name(t);
	case BR_ERR_X509_NOT_TRUSTED:
		return fail_setf(t->f, ERR_TLS_UNTRUSTED, "the certificate of "
		    "%s is signed by an authority that is not in %s; for a "
		    "private CA or an inspecting proxy set AWS_CA_BUNDLE to "
		    "its PEM file", t->host, t->anchors->source);
	default:
		return fail_setf(t->f, code > BR_ERR_X509_OK &&
		    code < BR_ERR_X509_NOT_TRUSTED ? ERR_TLS_UNTRUSTED :
		    ERR_TLS, "TLS with %s failed: %s (code %d)", t->host,
		    reason(code), (int64_t)code);
	}
}

/* Latches the failure of the stream or, with ERR_OK, of the engine. */
static long
failed(struct tls *t, enum err err)
{
	if (t->err == ERR_OK) {
		t->err = err == ERR_OK ? describe(t) : err;
		if (err == ERR_CLOSED) {
			(void)fail_setf(t->f, err, t->established ?
			    "%s closed the connection in the middle of TLS" :
			    "%s closed the connection during the TLS "
			    "handshake", t->host);
		}
	}
	return -(long)t->err;
}

/* ---- moving bytes ---- */

/* Takes small records out of the engine, so that several leave in one write. */
static void
fill_stage(struct tls *t)
{
	br_ssl_engine_context *eng = &t->client.eng;
	const unsigned char *p;
	size_t len;

	while ((p = br_ssl_engine_sendrec_buf(eng, &len)) != NULL &&
	    len <= sizeof(t->stage) - t->stage_len) {
		memcpy(t->stage + t->stage_len, p, len);
		t->stage_len += len;
		br_ssl_engine_sendrec_ack(eng, len);
	}
}

/* Sends all records: ERR_OK when none is left, ERR_AGAIN, or the stream's. */
static enum err
pump_out(struct tls *t, struct stream *s)
{
	br_ssl_engine_context *eng = &t->client.eng;

	for (;;) {
		const unsigned char *p;
		size_t len;
		long n;

		if (t->stage_from == t->stage_len) {
			t->stage_from = t->stage_len = 0;
			fill_stage(t);
		}
		if (t->stage_len > 0) {
			n = s->write(s->ctx, (char *)t->stage + t->stage_from,
			    t->stage_len - t->stage_from);
			if (n < 0) {
				return (enum err)-n;
			}
			t->stage_from += (size_t)n;
			continue;
		}
		p = br_ssl_engine_sendrec_buf(eng, &len);
		if (p == NULL) {
			return ERR_OK;
		}
		n = s->write(s->ctx, (const char *)p, len);
		if (n < 0) {
			return (enum err)-n;
		}
		br_ssl_engine_sendrec_ack(eng, (size_t)n);
	}
}

/* Reads a part of a record: ERR_OK when bytes moved, ERR_AGAIN when there are
 * none or nothing is wanted, ERR_CLOSED at the end, or the stream's error. */
static enum err
pump_in(struct tls *t, struct stream *s)
{
	br_ssl_engine_context *eng = &t->client.eng;
	unsigned char *p;
	size_t len;
	long n;

	p = br_ssl_engine_recvrec_buf(eng, &len);
	if (p == NULL) {
		return ERR_AGAIN;
	}
	n = s->read(s->ctx, (char *)p, len);
	if (n <= 0) {
		return n == 0 ? ERR_CLOSED : (enum err)-n;
	}
	br_ssl_engine_recvrec_ack(eng, (size_t)n);
	return ERR_OK;
}

/* Notes the end of a handshake. */
static void
note_established(struct tls *t)
{
	br_ssl_session_parameters p;

	if (t->established) {
		return;
	}
	t->established = true;
	br_ssl_engine_get_session_parameters(&t->client.eng, &p);
	t->resumed = t->offered_id_len > 0 &&
	    p.session_id_len == t->offered_id_len &&
	    memcmp(p.session_id, t->offered_id, t->offered_id_len) == 0;
	enc_wipe(&p, sizeof(p));
}

static bool
engine_closed(const struct tls *t)
{
	return br_ssl_engine_current_state(&t->client.eng) == BR_SSL_CLOSED;
}

/* One round of the wire: out, then in. ERR_OK: something moved, look again;
 * ERR_AGAIN: nothing more to do now; else final. */
static enum err
turn(struct tls *t, struct stream *s)
{
	enum err out = pump_out(t, s);
	enum err in;

	if (engine_closed(t)) {
		return ERR_OK;
	}
	in = pump_in(t, s);
	if (out != ERR_OK && out != ERR_AGAIN) {
		/* Read what is still there before giving up. */
		return in == ERR_OK ? ERR_OK : out;
	}
	return in;
}

/* see tls.h */
long
tls_write(struct tls *t, struct stream *s, const void *src, size_t len)
{
	br_ssl_engine_context *eng = &t->client.eng;

	MUST(len > 0);
	while (t->err == ERR_OK) {
		unsigned char *p;
		size_t room;
		enum err err;

		if (engine_closed(t)) {
			return failed(t, br_ssl_engine_last_error(eng) == 0 ?
			    ERR_CLOSED : ERR_OK);
		}
		fill_stage(t);
		p = br_ssl_engine_sendapp_buf(eng, &room);
		if (p != NULL) {
			note_established(t);
			len = len < room ? len : room;
			memcpy(p, src, len);
			br_ssl_engine_sendapp_ack(eng, len);
			br_ssl_engine_flush(eng, 0);
			err = pump_out(t, s);
			if (err != ERR_OK && err != ERR_AGAIN) {
				return failed(t, err);
			}
			return (long)len;
		}
		err = turn(t, s);
		if (err == ERR_AGAIN) {
			return -ERR_AGAIN;
		}
		if (err != ERR_OK) {
			return failed(t, err);
		}
	}
	return -(long)t->err;
}

/* see tls.h */
enum err
tls_flush(struct tls *t, struct stream *s)
{
	enum err err;

	if (t->err != ERR_OK) {
		return t->err;
	}
	err = pump_out(t, s);
	return err == ERR_OK || err == ERR_AGAIN ? err :
	    (enum err)-failed(t, err);
}

/* see tls.h */
long
tls_read(struct tls *t, struct stream *s, void *dst, size_t len)
{
	br_ssl_engine_context *eng = &t->client.eng;

	MUST(len > 0);
	while (t->err == ERR_OK) {
		const unsigned char *p;
		size_t have;
		enum err err;

		p = br_ssl_engine_recvapp_buf(eng, &have);
		if (p != NULL) {
			len = len < have ? len : have;
			memcpy(dst, p, len);
			br_ssl_engine_recvapp_ack(eng, len);
			return (long)len;
		}
		if (engine_closed(t)) {
			return br_ssl_engine_last_error(eng) == 0 ? 0 :
			    failed(t, ERR_OK);
		}
		err = turn(t, s);
		if (err == ERR_AGAIN) {
			return -ERR_AGAIN;
		}
		if (err != ERR_OK) {
			return failed(t, err);
		}
	}
	return -(long)t->err;
}

/* see tls.h */
unsigned
tls_want(const struct tls *t)
{
	const br_ssl_engine_context *eng = &t->client.eng;
	unsigned want = 0;
	size_t len;

	if (t->stage_len > 0 ||
	    br_ssl_engine_sendrec_buf(eng, &len) != NULL) {
		want |= SYS_WRITE;
	}
	if (br_ssl_engine_recvrec_buf(eng, &len) != NULL || want == 0) {
		want |= SYS_READ;
	}
	return want;
}

/* see tls.h */
void
tls_set_fail(struct tls *t, struct str host, struct fail *f)
{
	t->host = host;
	t->f = f;
}

/* see tls.h */
void
tls_session_get(const struct tls *t, struct tls_session *out)
{
	br_ssl_engine_get_session_parameters(&t->client.eng, &out->p);
	out->valid = t->established && out->p.session_id_len > 0;
}

/* see tls.h */
void
tls_wipe(struct tls *t)
{
	enc_wipe(t, sizeof(*t));
}

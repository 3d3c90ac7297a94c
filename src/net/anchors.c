/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trust anchors from the compiled-in table and from PEM text. The text is not
 * read by the library's incremental decoder, which takes a tenth of a second
 * for a full bundle: that would be most of the start. What is kept of each
 * certificate (name and key) is copied into the arena.
 */
#include "net/anchors.h"

#include <string.h>

#include "base/buf.h"
#include "base/inflate.h"
#include "base/limits.h"
#include "gen/roots_pack.h"
#include "proto/pem.h"

/* Most bytes of one certificate: the largest root known has 2 KB. */
#define CERTIFICATE_MAX ((size_t)32 * 1024)
/* What precedes a root's name: the lengths of name and key, 2 bytes each, that
 * of the exponent, and the curve (bundle.c). */
#define ROW_LEN 6

/* BearSSL's structures want bytes that are not const and never writes them. */
static unsigned char *
bytes(const unsigned char *p)
{
	return (unsigned char *)(uintptr_t)p;
}

/* One root of `at`, which is moved behind it, with its key at *key, too. */
static void
unpack(br_x509_trust_anchor *ta, unsigned char **at, const unsigned char **key)
{
	const unsigned char *row = *at;
	size_t name_len = (size_t)row[0] << 8 | row[1];
	size_t key_len = (size_t)row[2] << 8 | row[3];
	unsigned char *name = *at + ROW_LEN;

	ta->dn.data = name;
	ta->dn.len = name_len;
	ta->flags = BR_X509_TA_CA;
	if (row[5] != 0) {
		ta->pkey.key_type = BR_KEYTYPE_EC;
		ta->pkey.key.ec.curve = row[5];
		ta->pkey.key.ec.q = bytes(*key);
		ta->pkey.key.ec.qlen = key_len;
	} else {
		ta->pkey.key_type = BR_KEYTYPE_RSA;
		ta->pkey.key.rsa.n = bytes(*key);
		ta->pkey.key.rsa.nlen = key_len;
		ta->pkey.key.rsa.e = name + name_len;
		ta->pkey.key.rsa.elen = row[4];
	}
	*at = name + name_len + row[4];
	*key += key_len;
}

/* see anchors.h */
enum err
anchors_builtin(struct anchors *out, struct arena *a)
{
	br_x509_trust_anchor *list = ARENA_ARRAY(a, ROOTS_N,
	    br_x509_trust_anchor);
	unsigned char *at = arena_alloc(a, ROOTS_LEN, 1);
	const unsigned char *key = roots_keys;

	if (list == NULL || at == NULL) {
		return ERR_NOMEM;
	}
	MUST(inflate_block(at, ROOTS_LEN, roots_packed, sizeof(roots_packed)));
	for (size_t i = 0; i < ROOTS_N; i++) {
		unpack(&list[i], &at, &key);
	}
	*out = (struct anchors){ list, ROOTS_N, S("the built-in roots") };
	return ERR_OK;
}

/* What anchors_pem() carries through the decoders' callbacks. */
struct reading {
	struct buf der;  /* the certificate being collected */
	struct buf name; /* its subject */
};

static void
collect_name(void *ctx, const void *p, size_t len)
{
	buf_add(&((struct reading *)ctx)->name, str_of(p, len));
}

static unsigned char *
copy(struct arena *a, const unsigned char *p, size_t len)
{
	unsigned char *to = arena_alloc(a, len, 1);

	if (to != NULL) {
		memcpy(to, p, len);
	}
	return to;
}

/* Copies a decoded key; false when the arena is full. */
static bool
copy_key(br_x509_pkey *to, const br_x509_pkey *from, struct arena *a)
{
	to->key_type = from->key_type;
	if (from->key_type == BR_KEYTYPE_RSA) {
		to->key.rsa.n = copy(a, from->key.rsa.n, from->key.rsa.nlen);
		to->key.rsa.nlen = from->key.rsa.nlen;
		to->key.rsa.e = copy(a, from->key.rsa.e, from->key.rsa.elen);
		to->key.rsa.elen = from->key.rsa.elen;
		return to->key.rsa.n != NULL && to->key.rsa.e != NULL;
	}
	to->key.ec.curve = from->key.ec.curve;
	to->key.ec.q = copy(a, from->key.ec.q, from->key.ec.qlen);
	to->key.ec.qlen = from->key.ec.qlen;
	return to->key.ec.q != NULL;
}

/* Turns the collected certificate into *ta. ERR_OK, ERR_TYPE for a kind of key
 * that is of no use here, ERR_SYNTAX, ERR_NOMEM. */
static enum err
decode(struct reading *r, br_x509_trust_anchor *ta, struct arena *a)
{
	br_x509_decoder_context decoder;
	const br_x509_pkey *key;

	if (!buf_ok(&r->der)) {
		return r->der.len + 1 < r->der.cap ? ERR_NOMEM : ERR_SYNTAX;
	}
	buf_clear(&r->name);
	br_x509_decoder_init(&decoder, collect_name, r);
	if (r->der.len > 0) {
		br_x509_decoder_push(&decoder, r->der.p, r->der.len);
	}
	key = br_x509_decoder_get_pkey(&decoder);
	if (key == NULL) {
		return br_x509_decoder_last_error(&decoder) ==
		    BR_ERR_X509_UNSUPPORTED ? ERR_TYPE : ERR_SYNTAX;
	}
	if (!buf_ok(&r->name)) {
		return ERR_NOMEM;
	}
	ta->flags = br_x509_decoder_isCA(&decoder) ? BR_X509_TA_CA : 0;
	ta->dn.len = r->name.len;
	ta->dn.data = copy(a, (const unsigned char *)r->name.p, r->name.len);
	if (ta->dn.data == NULL || !copy_key(&ta->pkey, key, a)) {
		return ERR_NOMEM;
	}
	return ERR_OK;
}

/* A bundle being read. */
struct pem_state {
	struct reading reading;
	br_x509_trust_anchor *list;
	size_t n;         /* anchors made */
	size_t object_n;  /* certificates seen */
};

static bool
is_certificate(struct str label)
{
	return str_eq(label, S("CERTIFICATE")) ||
	    str_eq(label, S("X509 CERTIFICATE"));
}

/* Takes one certificate. */
static enum err
take(struct pem_state *s, const struct pem *o, struct arena *a)
{
	enum err err;

	if (s->n == ANCHORS_MAX) {
		return ERR_LIMIT;
	}
	buf_clear(&s->reading.der);
	if (!pem_decode(o, &s->reading.der)) {
		return a->failed ? ERR_NOMEM : ERR_SYNTAX;
	}
	err = decode(&s->reading, &s->list[s->n], a);
	s->n += err == ERR_OK;
	return err == ERR_TYPE ? ERR_OK : err;
}

/* Takes every certificate of the text. */
static enum err
take_all(struct pem_state *s, struct str rest, struct arena *a)
{
	struct pem o;
	enum err err = ERR_OK;

	while (err == ERR_OK) {
		enum err next = pem_next(&rest, &o);

		if (next == ERR_MISSING) {
			break;
		}
		if (is_certificate(o.label)) {
			s->object_n++;
			err = next == ERR_OK ? take(s, &o, a) : next;
		}
	}
	return err;
}

static enum err
refuse(const struct pem_state *s, enum err err, struct str file,
    struct str setting, struct fail *f)
{
	switch (err) {
	case ERR_NOMEM:
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	case ERR_LIMIT:
		return fail_setf(f, ERR_CONFIG,
		    "%s: %s has more than %u certificates", setting, file,
		    (uint64_t)ANCHORS_MAX);
	default:
		return fail_setf(f, ERR_CONFIG,
		    "%s: certificate number %u in %s is damaged; export the "
		    "file again as PEM", setting, (uint64_t)s->object_n, file);
	}
}

/* see anchors.h */
enum err
anchors_pem(struct anchors *out, struct arena *a, struct str pem,
    struct str file, struct str setting, struct fail *f)
{
	struct pem_state s = { .n = 0 };
	enum err err;

	s.list = ARENA_ARRAY(a, ANCHORS_MAX, br_x509_trust_anchor);
	if (s.list == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	s.reading.der = buf_in(a, CERTIFICATE_MAX);
	s.reading.name = buf_in(a, CERTIFICATE_MAX);
	err = take_all(&s, pem, a);
	if (err != ERR_OK) {
		return refuse(&s, err, file, setting, f);
	}
	if (s.n == 0) {
		return fail_setf(f, ERR_CONFIG, "%s: there is no certificate "
		    "in %s; it has to be PEM text with BEGIN CERTIFICATE "
		    "lines", setting, file);
	}
	*out = (struct anchors){ s.list, s.n, file };
	return ERR_OK;
}

/* see anchors.h */
enum err
anchors_load(struct anchors *out, struct arena *a, const struct sys *sys,
    struct str file, struct str setting, struct fail *f)
{
	struct buf text = buf_in(a, ANCHORS_FILE_MAX);
	enum err err = sys->read_file(sys->ctx, file, &text);

	switch (err) {
	case ERR_OK:
		return anchors_pem(out, a, buf_str(&text), file, setting, f);
	case ERR_NOMEM:
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	case ERR_LIMIT:
		return fail_setf(f, ERR_CONFIG, "%s: %s is larger than a CA "
		    "bundle can be (%u bytes)", setting, file,
		    (uint64_t)ANCHORS_FILE_MAX);
	default:
		return fail_setf(f, ERR_CONFIG, "%s: %s cannot be read: %s",
		    setting, file, err_text(err));
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DPoP proof (RFC 9449 4.2): a JWT that shows possession of a P-256 key,
 * signed with ES256 (RFC 7518 3.4) and bound to one method and URL. Signing
 * draws no entropy (RFC 6979); the identifier of the proof does.
 */
#ifndef AWS_DPOP_H
#define AWS_DPOP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/sys.h"

/* Appends the proof to out, whose arena holds what is needed in between. pem:
 * "EC PRIVATE KEY" (SEC 1) or "PRIVATE KEY" (PKCS 8), unencrypted.
 * ERR_SYNTAX: it is no such key; ERR_NOMEM, ERR_IO (entropy). */
enum err dpop_proof(const struct sys *sys, struct str pem, struct str method,
    struct str url, struct buf *out) MUST_USE;

#endif

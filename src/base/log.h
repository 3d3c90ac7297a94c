/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: one JSON object a line, on the sink of struct sys.
 *
 *	struct log_event e;
 *
 *	if (log_begin(&e, log, LOG_INFO, S("tool"))) {
 *		log_str(&e, S("tool"), name);
 *		log_int(&e, S("duration_ms"), took_ms);
 *		log_end(&e);
 *	}
 *
 * Every line starts with time, level and event. An event lives on the
 * caller's stack; nothing is allocated and nothing can fail: what does not
 * fit is left out whole and the line says "cut":true. Lines are pure ASCII:
 * control characters and bytes from 0x80 on are written as \u00xx, one for
 * each byte, so a line is valid JSON whatever was passed, and a forged line
 * break stays inside its string.
 *
 * Never pass: secret keys, session tokens, signatures, Authorization or
 * x-amz-security-token values, bearer tokens, web-identity tokens, request or
 * response bodies, and URLs that may carry a signature. Access key ids may be
 * logged. Canonical requests go through sigv4_redact() first.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/sys.h"

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG,
	LOG_AUDIT /* who did what: written at every level, never set as one */
};

/* Where to and from which level on. Read-only after start. */
struct log {
	const struct sys *sys; /* NULL: nothing is logged */
	enum log_level level;  /* the least important level written */
};

/* One line being made. */
struct log_event {
	const struct log *log;
	struct buf b;
	bool cut; /* a field did not fit */
	char line[LOG_LINE_MAX];
};

/* The level a setting names (any case); false: none of the four. */
bool log_level_parse(struct str s, enum log_level *out) MUST_USE;
/* ERROR, WARNING, INFO, DEBUG or AUDIT. */
struct str log_level_name(enum log_level level);
/* A line of that level would be written. log may be NULL. */
bool log_enabled(const struct log *log, enum log_level level);

/* Starts a line; false when the level is off, then do not touch *e. */
bool log_begin(struct log_event *e, const struct log *log,
    enum log_level level, struct str event) MUST_USE;
/* Fields. An absent slice is left out. Strings over LOG_VALUE_MAX bytes are
 * shortened and end with "...". */
void log_str(struct log_event *e, struct str key, struct str value);
void log_int(struct log_event *e, struct str key, int64_t value);
/* "request_id", which ties together the lines of one request; 0: none. */
void log_request_id(struct log_event *e, uint64_t number);
void log_bool(struct log_event *e, struct str key, bool value);
/* Writes the line. */
void log_end(struct log_event *e);

/* A whole event with one text field named "message". */
void log_say(const struct log *log, enum log_level level, struct str event,
    struct str message);

#endif

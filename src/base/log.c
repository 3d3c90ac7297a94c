/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log. The buffer keeps LOG_TAIL bytes back for the end of the line, so a
 * line that overflowed can still say so and close.
 */
#include "base/log.h"

#include "base/must.h"
#include "base/timefmt.h"

#define LOG_TAIL (sizeof(",\"cut\":true}") - 1)

static const struct str level_names[] = {
	STR_INIT("ERROR"), STR_INIT("WARNING"), STR_INIT("INFO"),
	STR_INIT("DEBUG"), STR_INIT("AUDIT")
};

/* see log.h */
bool
log_level_parse(struct str s, enum log_level *out)
{
	for (unsigned i = 0; i < 4; i++) {
		if (str_ieq(s, level_names[i])) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* see log.h */
struct str
log_level_name(enum log_level level)
{
	MUST((unsigned)level < 5);
	return level_names[level];
}

/* see log.h */
bool
log_enabled(const struct log *log, enum log_level level)
{
	return log != NULL && log->sys != NULL &&
	    (level <= log->level || level == LOG_AUDIT);
}

static void
add_escaped(struct buf *b, struct str s)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = s.len > LOG_VALUE_MAX ? LOG_VALUE_MAX : s.len;

	buf_add_byte(b, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned c = (unsigned char)s.p[i];

		if (c == '"' || c == '\\') {
			buf_add_byte(b, '\\');
			buf_add_byte(b, (char)c);
		} else if (c == '\n') {
			buf_add(b, S("\\n"));
		} else if (c < 0x20 || c >= 0x7f) {
			buf_add(b, S("\\u00"));
			buf_add_byte(b, digits[c >> 4]);
			buf_add_byte(b, digits[c & 15]);
		} else {
			buf_add_byte(b, (char)c);
		}
	}
	if (len < s.len) {
		buf_add(b, S("..."));
	}
	buf_add_byte(b, '"');
}

/* Takes a field back that did not fit whole. */
static void
settle(struct log_event *e, size_t before)
{
	if (!buf_ok(&e->b)) {
		e->b.failed = false;
		buf_cut(&e->b, before);
		e->cut = true;
	}
}

static void
add_key(struct log_event *e, struct str key)
{
	buf_add_byte(&e->b, ',');
	add_escaped(&e->b, key);
	buf_add_byte(&e->b, ':');
}

/* see log.h */
bool
log_begin(struct log_event *e, const struct log *log, enum log_level level,
    struct str event)
{
	if (!log_enabled(log, level)) {
		return false;
	}
	e->log = log;
	e->cut = false;
	e->b = buf_fixed(e->line, sizeof(e->line) - LOG_TAIL);
	buf_add(&e->b, S("{\"time\":\""));
	timefmt_iso(&e->b, log->sys->now_ms(log->sys->ctx));
	buf_add(&e->b, S("\",\"level\":\""));
	buf_add(&e->b, log_level_name(level));
	buf_add_byte(&e->b, '"');
	log_str(e, S("event"), event);
	return true;
}

/* see log.h */
void
log_str(struct log_event *e, struct str key, struct str value)
{
	size_t before = e->b.len;

	if (value.p == NULL) {
		return;
	}
	add_key(e, key);
	add_escaped(&e->b, value);
	settle(e, before);
}

/* see log.h */
void
log_int(struct log_event *e, struct str key, int64_t value)
{
	size_t before = e->b.len;

	add_key(e, key);
	buf_add_i64(&e->b, value);
	settle(e, before);
}

/* see log.h */
void
log_request_id(struct log_event *e, uint64_t number)
{
	if (number > 0) {
		log_int(e, S("request_id"), (int64_t)number);
	}
}

/* see log.h */
void
log_bool(struct log_event *e, struct str key, bool value)
{
	size_t before = e->b.len;

	add_key(e, key);
	buf_add(&e->b, value ? S("true") : S("false"));
	settle(e, before);
}

/* see log.h */
void
log_end(struct log_event *e)
{
	const struct sys *sys = e->log->sys;

	e->b.cap = sizeof(e->line);
	e->b.size = sizeof(e->line);
	if (e->cut) {
		buf_add(&e->b, S(",\"cut\":true"));
	}
	buf_add_byte(&e->b, '}');
	sys->log(sys->ctx, buf_str(&e->b));
}

/* see log.h */
void
log_say(const struct log *log, enum log_level level, struct str event,
    struct str message)
{
	struct log_event e;

	if (log_begin(&e, log, level, event)) {
		log_str(&e, S("message"), message);
		log_end(&e);
	}
}

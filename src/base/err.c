/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue of err.def as tables, and the detail record.
 */
#include "base/err.h"

#include <stdarg.h>

#include "base/buf.h"
#include "base/limits.h"

struct row {
	int rpc;
	int http;
	struct str name;
	struct str text;
};

static const struct row *
row_of(enum err e)
{
	static const struct row rows[] = {
		{ 0, 200, STR_INIT("OK"), STR_INIT("ok") },
#define E(symbol, rpc, http, text) \
		{ rpc, http, STR_INIT(#symbol), STR_INIT(text) },
#include "base/err.def"
#undef E
	};

	MUST((unsigned)e < sizeof(rows) / sizeof(rows[0]));
	return &rows[e];
}

/* see err.h */
struct str
err_name(enum err e)
{
	return row_of(e)->name;
}

/* see err.h */
int
err_rpc(enum err e)
{
	return row_of(e)->rpc;
}

/* see err.h */
int
err_http(enum err e)
{
	return row_of(e)->http;
}

/* see err.h */
struct str
err_text(enum err e)
{
	return row_of(e)->text;
}

/* see err.h */
void
fail_init(struct fail *f, struct arena *a)
{
	*f = (struct fail){ .a = a };
}

/* see err.h */
enum err
fail_set(struct fail *f, enum err code, size_t pos, struct str what)
{
	if (f != NULL && f->code == ERR_OK) {
		f->code = code;
		f->pos = pos;
		f->what = what;
	}
	return code;
}

/* see err.h */
enum err
fail_setf(struct fail *f, enum err code, const char *fmt, ...)
{
	va_list ap;
	struct buf b;

	if (f == NULL || f->code != ERR_OK) {
		return code;
	}
	if (f->a == NULL) {
		return fail_set(f, code, 0, STR_NONE);
	}
	b = buf_in(f->a, FAIL_TEXT_MAX);
	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	/* A cut sentence is still better than none. */
	return fail_set(f, code, 0, b.len > 0 ? buf_str(&b) : STR_NONE);
}

/* see err.h */
void
fail_clear(struct fail *f)
{
	fail_init(f, f->a);
}

/* see err.h */
struct str
fail_text(const struct fail *f)
{
	return f->what.p != NULL ? f->what : err_text(f->code);
}

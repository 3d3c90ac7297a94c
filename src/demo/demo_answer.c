/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operations of the demo account share: reading members of the
 * request, refusing in the service's words, paging tokens, times and ARNs.
 */
#include "demo/demo_answer.h"

#include <stdarg.h>

/* A page token is this and the number of the next entry. */
#define TOKEN_PREFIX "demo-page-"
#define MESSAGE_CAP ((size_t)1024)

/* see demo_answer.h */
void
demo_answer_error(struct answer *x, struct str code, struct str message)
{
	if (x->code.p == NULL) {
		x->status = 400;
		x->code = code;
		x->message = message;
	}
}

/* see demo_answer.h */
void
demo_answer_errorf(struct answer *x, struct str code, const char *fmt, ...)
{
	struct buf b = buf_in(x->arena, MESSAGE_CAP);
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	demo_answer_error(x, code, buf_str(&b));
}

/* see demo_answer.h */
bool
demo_answer_failed(const struct answer *x)
{
	return x->code.p != NULL;
}

/* see demo_answer.h */
void
demo_answer_add_time(struct answer *x, int64_t ms)
{
	char text[32];
	struct buf b = buf_fixed(text, sizeof(text));

	buf_add_i64(&b, ms / 1000);
	if (ms % 1000 != 0) {
		buf_add_byte(&b, '.');
		buf_add_padded(&b, (uint64_t)(ms % 1000), 3);
	}
	json_raw(x->out, buf_str(&b));
}

/* see demo_answer.h */
void
demo_answer_put_time(struct answer *x, struct str key, int64_t ms)
{
	json_key(x->out, key);
	demo_answer_add_time(x, ms);
}

/* see demo_answer.h */
int64_t
demo_answer_time(struct answer *x, struct str key, int64_t otherwise)
{
	const struct json *v = json_get_set(x->in, key);
	double s;

	if (v == NULL) {
		return otherwise;
	}
	if (!json_is(v, JSON_NUMBER) || !json_f64(v, &s) || s < 0 ||
	    s > 253402300799.0) {
		demo_answer_errorf(x, S("SerializationException"),
		    "%s must be a number of seconds", key);
		return otherwise;
	}
	return (int64_t)(s * 1000 + 0.5);
}

/* The member's name as validation sentences spell it: first letter small. */
static struct str
spelt(const struct answer *x, struct str key)
{
	struct buf b = buf_in(x->arena, 128);

	buf_add_byte(&b, str_lower_byte(key.p[0]));
	buf_add(&b, str_sub(key, 1, key.len));
	return buf_str(&b);
}

/* see demo_answer.h */
int64_t
demo_answer_i64(struct answer *x, struct str key, int64_t min, int64_t max,
    int64_t otherwise)
{
	const struct json *v = json_get_set(x->in, key);
	int64_t n;

	if (v == NULL) {
		return otherwise;
	}
	if (!json_is(v, JSON_NUMBER) ||
	    !json_i64(v, INT64_MIN, INT64_MAX, &n)) {
		demo_answer_errorf(x, S("SerializationException"),
		    "%s must be a whole number", key);
		return otherwise;
	}
	if (n < min || n > max) {
		demo_answer_errorf(x, S("ValidationException"),
		    "1 validation error detected: Value '%d' at '%s' failed to "
		    "satisfy constraint: Member must have value %s than or "
		    "equal to %d", n, spelt(x, key),
		    n < min ? S("greater") : S("less"), n < min ? min : max);
		return otherwise;
	}
	return n;
}

/* see demo_answer.h */
struct str
demo_answer_choice(struct answer *x, struct str key, struct str set)
{
	const struct json *v = json_get_set(x->in, key);
	struct str rest = set;

	if (v == NULL) {
		return STR_NONE;
	}
	while (rest.p != NULL) {
		if (str_eq(str_trim(str_cut(&rest, ',')), json_str(v))) {
			return json_str(v);
		}
	}
	demo_answer_errorf(x, S("ValidationException"),
	    "1 validation error detected: Value '%s' at '%s' failed to satisfy "
	    "constraint: Member must satisfy enum value set: [%s]",
	    str_sub(v->text, 0, 200), spelt(x, key), set);
	return STR_NONE;
}

/* see demo_answer.h */
bool
demo_answer_lists(const struct json *array, struct str word)
{
	const struct json *v = array == NULL ? NULL : array->child;

	for (; v != NULL; v = v->next) {
		if (json_is(v, JSON_STRING) && str_eq(v->text, word)) {
			return true;
		}
	}
	return false;
}

/* see demo_answer.h */
size_t
demo_answer_page(struct answer *x, struct str key, struct str code)
{
	const struct json *v = json_get_set(x->in, key);
	struct str token = json_str(v);
	uint64_t at = 0;

	if (v != NULL && (!str_starts(token, S(TOKEN_PREFIX)) ||
	    !str_u64(str_sub(token, sizeof(TOKEN_PREFIX) - 1, token.len),
	    INT32_MAX, &at))) {
		demo_answer_error(x, code, S("The specified nextToken is "
		    "invalid."));
	}
	return (size_t)at;
}

/* see demo_answer.h */
void
demo_answer_put_page(struct answer *x, struct str key, size_t at)
{
	char text[48];
	struct buf b = buf_fixed(text, sizeof(text));

	buf_add(&b, S(TOKEN_PREFIX));
	buf_add_u64(&b, at);
	json_put_string(x->out, key, buf_str(&b));
}

/* see demo_answer.h */
void
demo_answer_arn(const struct answer *x, struct buf *b, struct str service,
    struct str rest, struct str name)
{
	buf_addf(b, "arn:aws:%s:%s:" ACCOUNT_ID ":%s%s", service, x->region,
	    rest, name);
}

/* see demo_answer.h */
void
demo_answer_put_arn(struct answer *x, struct str key, struct str service,
    struct str rest, struct str name)
{
	struct buf b = buf_in(x->arena, MESSAGE_CAP);

	demo_answer_arn(x, &b, service, rest, name);
	json_put_string(x->out, key, buf_str(&b));
}

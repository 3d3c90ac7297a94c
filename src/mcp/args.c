/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments against the parameter table.
 *
 * The checked object is a copy of the levels that the table describes: their
 * nodes are new, what lies below is shared with the request's own tree. The
 * recursion follows the table, whose nesting is the program's own and at most
 * LEVEL_MAX.
 */
#include "mcp/args.h"

#include "base/timefmt.h"

#include "base/limits.h"

#define LEVEL_MAX 4U

/* The place of an argument, for sentences: dimensions[0].name. */
struct place {
	const struct place *above; /* NULL: an argument of the tool */
	struct str name;
	size_t index;              /* SIZE_MAX: not an element */
};

struct check {
	struct arena *a;
	struct fail *f;
};

static enum err check_object(struct check *k, const struct place *above,
    const struct param *params, size_t n, const struct json *given,
    struct json *out, unsigned level);

/* ---- sentences ---- */

static void
add_place(struct buf *b, const struct place *at)
{
	const struct place *chain[LEVEL_MAX * 2];
	size_t n = 0;

	for (; at != NULL; at = at->above) {
		MUST(n < LEVEL_MAX * 2);
		chain[n++] = at;
	}
	while (n-- > 0) {
		if (chain[n]->index != SIZE_MAX) {
			buf_add_byte(b, '[');
			buf_add_u64(b, chain[n]->index);
			buf_add_byte(b, ']');
			continue;
		}
		if (b->len > 0) {
			buf_add_byte(b, '.');
		}
		buf_add(b, chain[n]->name);
	}
}

/* "dimensions[0].name", shortened when a hostile name makes it long. */
static struct str
place_text(struct check *k, const struct place *at)
{
	struct buf b = buf_in(k->a, MCP_ECHO_MAX * LEVEL_MAX);

	add_place(&b, at);
	return buf_str(&b);
}

/* see args.h */
struct str
args_short(struct str s)
{
	size_t len = s.len < MCP_ECHO_MAX ? s.len : MCP_ECHO_MAX;

	while (len > 0 && len < s.len && (s.p[len] & 0xc0) == 0x80) {
		len--;
	}
	return str_sub(s, 0, len);
}

/* What came, in words: the string "x", the number 5, an array. */
static struct str
came(struct check *k, const struct json *v)
{
	struct buf b = buf_in(k->a, 256);
	struct str text = args_short(v->text);
	struct str dots = text.len < v->text.len ? S("...") : S("");

	switch (v->type) {
	case JSON_STRING:
		buf_addf(&b, "the string \"%s%s\"", text, dots);
		break;
	case JSON_NUMBER:
		buf_addf(&b, "the number %s%s", text, dots);
		break;
	case JSON_ARRAY:
		buf_addf(&b, "an array of %u", (uint64_t)v->n);
		break;
	case JSON_OBJECT:
		buf_add(&b, S("an object"));
		break;
	default:
		buf_add(&b, v->text); /* true, false, null */
		break;
	}
	return buf_str(&b);
}

static void
add_bounds(struct buf *b, const struct param *p, struct str before,
    struct str unit)
{
	if (p->min == 0 && p->max == 0) {
		return;
	}
	if (p->max == INT64_MAX) {
		buf_addf(b, "%sat least %d%s", before, p->min, unit);
	} else if (p->min == p->max) {
		buf_addf(b, "%sexactly %d%s", before, p->min, unit);
	} else {
		buf_addf(b, "%sfrom %d to %d%s", before, p->min, p->max, unit);
	}
}

static void
add_choices(struct buf *b, const struct param *p)
{
	for (size_t i = 0; i < p->choice_n; i++) {
		buf_addf(b, i == 0 ? "\"%s\"" : i + 1 < p->choice_n ?
		    ", \"%s\"" : " or \"%s\"", p->choices[i]);
	}
}

/* What is allowed, in words: an integer from 1 to 100. */
static struct str
allowed(struct check *k, const struct param *p)
{
	struct buf b = buf_in(k->a, FAIL_TEXT_MAX / 2);

	switch (p->type) {
	case PARAM_STRING:
		if (p->choice_n > 0) {
			add_choices(&b, p);
			break;
		}
		buf_add(&b, S("a string"));
		add_bounds(&b, p, S(" of "), S(" bytes"));
		break;
	case PARAM_INTEGER:
		buf_add(&b, S("an integer"));
		add_bounds(&b, p, S(" "), S(""));
		break;
	case PARAM_NUMBER:
		buf_add(&b, S("a number"));
		add_bounds(&b, p, S(" "), S(""));
		break;
	case PARAM_BOOLEAN:
		buf_add(&b, S("true or false"));
		break;
	case PARAM_TIME:
		buf_add(&b, S("a time as a string: ISO 8601, epoch seconds, "
		    "\"now\" or relative such as \"-3h\""));
		break;
	case PARAM_STRINGS:
		buf_add(&b, S("an array of strings"));
		if (p->choice_n > 0) {
			buf_add(&b, S(" out of "));
			add_choices(&b, p);
		}
		add_bounds(&b, p, S(", "), S(" of them"));
		break;
	case PARAM_OBJECTS:
		buf_add(&b, S("an array of objects"));
		add_bounds(&b, p, S(", "), S(" of them"));
		break;
	case PARAM_OBJECT:
		buf_add(&b, S("an object"));
		break;
	}
	return buf_str(&b);
}

static enum err
refuse(struct check *k, const struct place *at, const struct param *p,
    const struct json *v)
{
	return fail_setf(k->f, ERR_ARGUMENT,
	    "argument \"%s\" must be %s; it was %s", place_text(k, at),
	    allowed(k, p), came(k, v));
}

/* The name among n strings that is nearest to s, within a third of its
 * length; absent when none is. */
static struct str
nearest(struct str s, const struct str *names, size_t n)
{
	size_t best = s.len / 3 + 1;
	struct str hit = STR_NONE;

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(s, names[i]);

		if (d < best) {
			best = d;
			hit = names[i];
		}
	}
	return hit;
}

static enum err
refuse_choice(struct check *k, const struct place *at, const struct param *p,
    const struct json *v)
{
	struct str hit = nearest(v->text, p->choices, p->choice_n);

	if (hit.p == NULL) {
		return refuse(k, at, p, v);
	}
	return fail_setf(k->f, ERR_ARGUMENT, "argument \"%s\" must be %s; it "
	    "was %s; did you mean \"%s\"?", place_text(k, at), allowed(k, p),
	    came(k, v), hit);
}

static enum err
refuse_name(struct check *k, const struct place *above,
    const struct param *params, size_t n, struct str name)
{
	struct buf b = buf_in(k->a, FAIL_TEXT_MAX / 2);
	struct place at = { .above = above, .name = args_short(name),
	    .index = SIZE_MAX };
	struct str hit = STR_NONE;
	size_t best = name.len / 3 + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = str_distance(name, params[i].name);

		if (d < best) {
			best = d;
			hit = params[i].name;
		}
		buf_addf(&b, i == 0 ? "%s" : ", %s", params[i].name);
	}
	if (n == 0) {
		return fail_setf(k->f, ERR_ARGUMENT, "unknown argument \"%s\"; "
		    "there are no arguments here", place_text(k, &at));
	}
	if (hit.p == NULL) {
		return fail_setf(k->f, ERR_ARGUMENT, "unknown argument \"%s\"; "
		    "the arguments are: %s", place_text(k, &at), buf_str(&b));
	}
	return fail_setf(k->f, ERR_ARGUMENT, "unknown argument \"%s\"; did you "
	    "mean \"%s\"? The arguments are: %s", place_text(k, &at), hit,
	    buf_str(&b));
}

/* ---- values ---- */

static bool
within(const struct param *p, uint64_t v)
{
	return (p->min == 0 && p->max == 0) ||
	    (v <= (uint64_t)INT64_MAX && (int64_t)v >= p->min &&
	    (int64_t)v <= p->max);
}

static bool
is_choice(const struct param *p, struct str s)
{
	for (size_t i = 0; i < p->choice_n; i++) {
		if (str_eq(p->choices[i], s)) {
			return true;
		}
	}
	return p->choice_n == 0;
}

static enum err
check_string(struct check *k, const struct place *at, const struct param *p,
    const struct json *v)
{
	if (v->type != JSON_STRING) {
		return refuse(k, at, p, v);
	}
	if (!is_choice(p, v->text)) {
		return refuse_choice(k, at, p, v);
	}
	return within(p, v->text.len) ? ERR_OK : refuse(k, at, p, v);
}

static enum err
check_number(struct check *k, const struct place *at, const struct param *p,
    const struct json *v)
{
	bool bounded = p->min != 0 || p->max != 0;
	double d = 0;
	int64_t i;

	if (p->type == PARAM_INTEGER) {
		return json_i64(v, bounded ? p->min : INT64_MIN,
		    bounded ? p->max : INT64_MAX, &i) ? ERR_OK :
		    refuse(k, at, p, v);
	}
	if (!json_f64(v, &d) || (bounded &&
	    (d < (double)p->min || d > (double)p->max))) {
		return refuse(k, at, p, v);
	}
	return ERR_OK;
}

static struct json *
append(struct check *k, struct json *parent, struct json *tail)
{
	struct json *v = ARENA_NEW(k->a, struct json);

	if (v == NULL) {
		return NULL;
	}
	if (tail == NULL) {
		parent->child = v;
	} else {
		tail->next = v;
	}
	parent->n++;
	return v;
}

/* Elements of an array of strings or objects, copied to `out`. */
static enum err
check_elements(struct check *k, const struct place *above,
    const struct param *p, const struct json *given, struct json *out,
    unsigned level)
{
	struct json *tail = NULL;
	size_t i = 0;

	*out = (struct json){ .type = JSON_ARRAY, .key = p->name,
	    .pos = given->pos };
	for (const struct json *v = given->child; v != NULL; v = v->next) {
		struct place at = { .above = above, .index = i++ };
		/* The bounds of p count elements, not their bytes. */
		struct param one = { .type = PARAM_STRING,
		    .choices = p->choices, .choice_n = p->choice_n };
		enum err err;

		tail = append(k, out, tail);
		if (tail == NULL) {
			return ERR_NOMEM;
		}
		if (p->type == PARAM_STRINGS) {
			err = check_string(k, &at, &one, v);
			*tail = *v;
			tail->next = NULL;
		} else if (v->type != JSON_OBJECT) {
			one.type = PARAM_OBJECT;
			err = refuse(k, &at, &one, v);
		} else {
			err = check_object(k, &at, p->fields, p->field_n, v,
			    tail, level + 1);
		}
		if (err != ERR_OK) {
			return err;
		}
	}
	return ERR_OK;
}

static enum err
check_array(struct check *k, const struct place *at, const struct param *p,
    const struct json *v, struct json *out, unsigned level)
{
	struct json one = { .type = JSON_ARRAY, .n = 1 };
	struct json copy;

	if (p->type == PARAM_STRINGS && v->type == JSON_STRING) {
		copy = *v;
		copy.next = NULL;
		one.child = &copy;
		one.pos = v->pos;
		return within(p, 1) ? check_elements(k, at, p, &one, out,
		    level) : refuse(k, at, p, v);
	}
	if (v->type != JSON_ARRAY || !within(p, v->n)) {
		return refuse(k, at, p, v);
	}
	return check_elements(k, at, p, v, out, level);
}

/* Whether a tool can understand it, whatever the time is now: relative forms
 * are tried against a time far from both ends of the range. */
static bool
is_time(struct str text)
{
	int64_t ms;

	return timefmt_parse_when(text, TIMEFMT_MAX_MS / 2, &ms);
}

static enum err
check_value(struct check *k, const struct place *at, const struct param *p,
    const struct json *v, struct json *out, unsigned level)
{
	*out = *v;
	out->next = NULL;
	switch (p->type) {
	case PARAM_STRING:
		return check_string(k, at, p, v);
	case PARAM_INTEGER:
	case PARAM_NUMBER:
		return check_number(k, at, p, v);
	case PARAM_BOOLEAN:
		return v->type == JSON_BOOL ? ERR_OK : refuse(k, at, p, v);
	case PARAM_TIME:
		/* A number's raw text is what the string would have been. */
		out->type = JSON_STRING;
		return (v->type == JSON_STRING || v->type == JSON_NUMBER) &&
		    is_time(v->text) ? ERR_OK : refuse(k, at, p, v);
	case PARAM_STRINGS:
	case PARAM_OBJECTS:
		return check_array(k, at, p, v, out, level);
	case PARAM_OBJECT:
		if (v->type != JSON_OBJECT) {
			return refuse(k, at, p, v);
		}
		return check_object(k, at, p->fields, p->field_n, v, out,
		    level + 1);
	}
	return ERR_INTERNAL;
}

static const struct param *
find(const struct param *params, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(params[i].name, name)) {
			return &params[i];
		}
	}
	return NULL;
}

static enum err
check_required(struct check *k, const struct place *above,
    const struct param *params, size_t n, const struct json *out)
{
	for (size_t i = 0; i < n; i++) {
		struct place at = { .above = above, .name = params[i].name,
		    .index = SIZE_MAX };

		if (params[i].required &&
		    json_get(out, params[i].name) == NULL) {
			return fail_setf(k->f, ERR_ARGUMENT, "argument \"%s\" "
			    "is missing; it must be %s", place_text(k, &at),
			    allowed(k, &params[i]));
		}
	}
	return ERR_OK;
}

static enum err
check_object(struct check *k, const struct place *above,
    const struct param *params, size_t n, const struct json *given,
    struct json *out, unsigned level)
{
	struct json *tail = NULL;

	MUST(level < LEVEL_MAX);
	*out = (struct json){ .type = JSON_OBJECT, .key = given->key,
	    .pos = given->pos, .text = given->text };
	for (const struct json *v = given->child; v != NULL; v = v->next) {
		const struct param *p = find(params, n, v->key);
		struct place at = { .above = above, .name = v->key,
		    .index = SIZE_MAX };
		struct json *copy;
		enum err err;

		if (p == NULL) {
			return refuse_name(k, above, params, n, v->key);
		}
		if (v->type == JSON_NULL) {
			continue;
		}
		copy = append(k, out, tail);
		if (copy == NULL) {
			return ERR_NOMEM;
		}
		err = check_value(k, &at, p, v, copy, level);
		if (err != ERR_OK) {
			return err;
		}
		copy->key = v->key;
		tail = copy;
	}
	return check_required(k, above, params, n, out);
}

/* see args.h */
enum err
args_check(struct arena *a, const struct param *params, size_t param_n,
    const struct json *given, const struct json **out, struct fail *f)
{
	static const struct json none = { .type = JSON_OBJECT,
	    .text = STR_INIT("{}") };
	struct check k = { .a = a, .f = f };
	struct json *root = ARENA_NEW(a, struct json);

	if (root == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	*out = root;
	return check_object(&k, NULL, params, param_n,
	    given == NULL ? &none : given, root, 0);
}

/* ---- schema ---- */

static void schema_object(struct json_writer *w, const struct param *params,
    size_t n, unsigned level);

static void
schema_choices(struct json_writer *w, const struct param *p)
{
	if (p->choice_n == 0) {
		return;
	}
	json_key(w, S("enum"));
	json_begin_array(w);
	for (size_t i = 0; i < p->choice_n; i++) {
		json_string(w, p->choices[i]);
	}
	json_end_array(w);
}

static void
schema_bounds(struct json_writer *w, const struct param *p, struct str min,
    struct str max)
{
	if (p->min == 0 && p->max == 0) {
		return;
	}
	/* At least one goes without saying. */
	if (p->min < 0 || (p->min > 1 && p->min <= 1000)) {
		json_put_integer(w, min, p->min);
	}
	/* Larger ones are no help to a model. */
	if (p->max <= 1000) {
		json_put_integer(w, max, p->max);
	}
}

/* The members of a parameter's schema that depend on its type. */
static void
schema_type(struct json_writer *w, const struct param *p, unsigned level)
{
	switch (p->type) {
	case PARAM_STRING:
	case PARAM_TIME:
		json_put_string(w, S("type"), S("string"));
		schema_choices(w, p);
		break;
	case PARAM_INTEGER:
	case PARAM_NUMBER:
		json_put_string(w, S("type"), p->type == PARAM_INTEGER ?
		    S("integer") : S("number"));
		schema_bounds(w, p, S("minimum"), S("maximum"));
		break;
	case PARAM_BOOLEAN:
		json_put_string(w, S("type"), S("boolean"));
		break;
	case PARAM_STRINGS:
	case PARAM_OBJECTS:
		json_put_string(w, S("type"), S("array"));
		json_key(w, S("items"));
		if (p->type == PARAM_OBJECTS) {
			schema_object(w, p->fields, p->field_n, level + 1);
		} else {
			json_begin_object(w);
			json_put_string(w, S("type"), S("string"));
			schema_choices(w, p);
			json_end_object(w);
		}
		/* Its lower bound is not worth the bytes: an empty list that
		 * has to have entries is explained when it comes. */
		if (p->max != 0 && p->max <= 1000) {
			json_put_integer(w, S("maxItems"), p->max);
		}
		break;
	case PARAM_OBJECT:
		json_put_string(w, S("type"), S("object"));
		break;
	}
}

static void
schema_members(struct json_writer *w, const struct param *params, size_t n,
    unsigned level);

static void
schema_param(struct json_writer *w, const struct param *p, unsigned level)
{
	json_key(w, p->name);
	json_begin_object(w);
	schema_type(w, p, level);
	if (p->type == PARAM_OBJECT) {
		schema_members(w, p->fields, p->field_n, level + 1);
	}
	if (p->text.len > 0) {
		json_put_string(w, S("description"), p->text);
	}
	if (p->fallback != NULL) {
		json_put_raw(w, S("default"), str_from_z(p->fallback));
	}
	if (p->header != NULL) {
		json_put_string(w, S("x-mcp-header"),
		    str_from_z(p->header));
	}
	json_end_object(w);
}

/* "properties" and "required" of an object. */
static void
schema_members(struct json_writer *w, const struct param *params, size_t n,
    unsigned level)
{
	bool any = false;

	MUST(level < LEVEL_MAX);
	json_key(w, S("properties"));
	json_begin_object(w);
	for (size_t i = 0; i < n; i++) {
		schema_param(w, &params[i], level);
		any = any || params[i].required;
	}
	json_end_object(w);
	if (!any) {
		return;
	}
	json_key(w, S("required"));
	json_begin_array(w);
	for (size_t i = 0; i < n; i++) {
		if (params[i].required) {
			json_string(w, params[i].name);
		}
	}
	json_end_array(w);
}

static void
schema_object(struct json_writer *w, const struct param *params, size_t n,
    unsigned level)
{
	json_begin_object(w);
	json_put_string(w, S("type"), S("object"));
	schema_members(w, params, n, level);
	json_end_object(w);
}

/* see args.h */
void
args_schema(struct json_writer *w, const struct param *params, size_t param_n)
{
	schema_object(w, params, param_n, 0);
}

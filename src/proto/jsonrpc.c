/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC 2.0 envelopes. The order of the checks decides which error a
 * message with several faults gets: the id is read first, so that every later
 * error can echo it.
 */
#include "proto/jsonrpc.h"

static enum err
invalid(struct fail *f, const struct json *at, struct str what)
{
	return fail_set(f, ERR_RPC_INVALID, at->pos, what);
}

/* see jsonrpc.h */
bool
jsonrpc_id_ok(const struct json *v)
{
	if (json_is(v, JSON_STRING)) {
		return true;
	}
	if (!json_is(v, JSON_NUMBER)) {
		return false;
	}
	for (size_t i = v->text.p[0] == '-'; i < v->text.len; i++) {
		if (!str_is_digit(v->text.p[i])) {
			return false;
		}
	}
	return true;
}

static bool
is_response(const struct json *v)
{
	return json_get(v, S("method")) == NULL &&
	    (json_get(v, S("result")) != NULL ||
	    json_get(v, S("error")) != NULL);
}

/* see jsonrpc.h */
enum err
jsonrpc_classify(struct str in, const struct json *v, struct jsonrpc *out,
    struct fail *f)
{
	const struct json *id = json_get(v, S("id"));
	const struct json *version = json_get(v, S("jsonrpc"));
	const struct json *method = json_get(v, S("method"));
	const struct json *params = json_get_set(v, S("params"));

	*out = (struct jsonrpc){ .kind = JSONRPC_INVALID, .tree = v };
	if (v->type != JSON_OBJECT) {
		return invalid(f, v, S("a message is a JSON object"));
	}
	if (jsonrpc_id_ok(id)) {
		out->id = json_raw_text(in, id);
	}
	if (!str_eq(json_str(version), S("2.0"))) {
		return invalid(f, version == NULL ? v : version,
		    S("\"jsonrpc\" must be \"2.0\""));
	}
	if (is_response(v)) {
		out->kind = JSONRPC_RESPONSE;
		return ERR_OK;
	}
	if (id != NULL && out->id.p == NULL) {
		return invalid(f, id, S("an id is a string or an integer"));
	}
	if (!json_is(method, JSON_STRING)) {
		return invalid(f, method == NULL ? v : method,
		    S("\"method\" must be a string"));
	}
	if (params != NULL && params->type != JSON_OBJECT) {
		return invalid(f, params, S("\"params\" must be an object"));
	}
	out->method = method->text;
	out->params = params;
	out->kind = id == NULL ? JSONRPC_NOTIFICATION : JSONRPC_REQUEST;
	return ERR_OK;
}

/* see jsonrpc.h */
enum err
jsonrpc_read(struct arena *a, struct str in, struct jsonrpc *out,
    struct fail *f)
{
	struct json *v;
	enum err err;

	*out = (struct jsonrpc){ .kind = JSONRPC_INVALID };
	err = json_parse(a, in, JSON_REJECT_DUPLICATES, &v, f);
	if (err != ERR_OK) {
		return err;
	}
	if (v->type != JSON_ARRAY) {
		return jsonrpc_classify(in, v, out, f);
	}
	out->tree = v;
	if (v->n == 0) {
		return invalid(f, v, S("a batch has at least one message"));
	}
	out->kind = JSONRPC_BATCH;
	return ERR_OK;
}

/* see jsonrpc.h */
void
jsonrpc_begin_result(struct json_writer *w, struct str id)
{
	json_begin_object(w);
	json_put_raw(w, S("jsonrpc"), S("\"2.0\""));
	json_put_raw(w, S("id"), id);
	json_key(w, S("result"));
}

/* see jsonrpc.h */
void
jsonrpc_begin_notification(struct json_writer *w, struct str method)
{
	json_begin_object(w);
	json_put_raw(w, S("jsonrpc"), S("\"2.0\""));
	json_put_string(w, S("method"), method);
	json_key(w, S("params"));
}

/* see jsonrpc.h */
void
jsonrpc_end(struct json_writer *w)
{
	json_end_object(w);
}

/* see jsonrpc.h */
void
jsonrpc_begin_error(struct json_writer *w, struct str id, int code,
    struct str message)
{
	json_begin_object(w);
	json_put_raw(w, S("jsonrpc"), S("\"2.0\""));
	if (id.p != NULL) {
		json_put_raw(w, S("id"), id);
	}
	json_key(w, S("error"));
	json_begin_object(w);
	json_put_integer(w, S("code"), code);
	json_put_string(w, S("message"), message);
}

/* see jsonrpc.h */
void
jsonrpc_end_error(struct json_writer *w)
{
	json_end_object(w);
	json_end_object(w);
}

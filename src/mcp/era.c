/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder that tells the eras apart. The order of the checks is part of the
 * protocol: a header that contradicts the body is reported before a version
 * that we do not speak, so that a client behind a proxy of the older era falls
 * back instead of giving up.
 */
#include "mcp/era.h"

#include "base/enc.h"
#include "base/limits.h"
#include "base/num.h"
#include "mcp/args.h"

static const struct str legacy_versions[] = {
	STR_INIT("2025-11-25"), STR_INIT("2025-06-18"), STR_INIT("2025-03-26"),
	STR_INIT("2024-11-05"),
};

static const struct str level_names[TOOL_LEVEL_N] = {
	[TOOL_DEBUG] = STR_INIT("debug"),
	[TOOL_INFO] = STR_INIT("info"),
	[TOOL_NOTICE] = STR_INIT("notice"),
	[TOOL_WARNING] = STR_INIT("warning"),
	[TOOL_ERROR] = STR_INIT("error"),
	[TOOL_CRITICAL] = STR_INIT("critical"),
	[TOOL_ALERT] = STR_INIT("alert"),
	[TOOL_EMERGENCY] = STR_INIT("emergency"),
};

/* see era.h */
bool
era_is_legacy_version(struct str version)
{
	for (size_t i = 0; i < sizeof(legacy_versions) /
	    sizeof(legacy_versions[0]); i++) {
		if (str_eq(version, legacy_versions[i])) {
			return true;
		}
	}
	return false;
}

/* see era.h */
bool
era_level(struct str name, enum tool_level *out)
{
	for (unsigned i = 0; i < TOOL_LEVEL_N; i++) {
		if (str_eq(name, level_names[i])) {
			*out = (enum tool_level)i;
			return true;
		}
	}
	return false;
}

/* see era.h */
struct str
era_level_name(enum tool_level level)
{
	return level_names[level];
}

static const struct json *
meta_of(const struct jsonrpc *rpc)
{
	const struct json *meta = json_get(rpc->params, S("_meta"));

	return json_is(meta, JSON_OBJECT) ? meta : NULL;
}

/* see era.h */
bool
era_is_claimed(const struct jsonrpc *rpc)
{
	return json_get(meta_of(rpc), S(ERA_META "protocolVersion")) != NULL;
}

/* ---- headers ---- */

static struct str
header(const struct mcp_message *m, struct str name)
{
	return http1_header(m->headers, m->header_n, name);
}

static enum err
mismatch(struct fail *f, struct str name, struct str got, struct str want)
{
	return fail_setf(f, ERR_MCP_HEADER,
	    "header %s is \"%s\" but the body says \"%s\"", name,
	    args_short(got), args_short(want));
}

/* The header is there, once: two copies could be read differently by a proxy
 * and by us. */
static enum err
check_once(const struct mcp_message *m, struct str name, struct fail *f)
{
	size_t n = http1_header_n(m->headers, m->header_n, name);

	if (n == 1) {
		return ERR_OK;
	}
	return fail_setf(f, ERR_MCP_HEADER, n == 0 ?
	    "header %s is missing" : "header %s is there more than once",
	    args_short(name));
}

/* Takes the wrapping off a value that has both marks. */
static enum err
unwrap(const struct mcp_message *m, struct str name, struct str value,
    struct str *out, struct fail *f)
{
	struct str before = S("=?base64?");
	struct str after = S("?=");
	struct buf b;
	size_t pos;

	*out = value;
	if (value.len < before.len + after.len || !str_starts(value, before) ||
	    !str_ends(value, after)) {
		return ERR_OK;
	}
	b = buf_in(m->arena, HTTP_HEAD_MAX);
	if (!enc_base64_decode(&b, str_sub(value, before.len,
	    value.len - after.len)) || !json_utf8_ok(buf_str(&b), &pos)) {
		return fail_setf(f, ERR_MCP_HEADER, "header %s does not hold "
		    "base64 of UTF-8 text between its marks",
		    args_short(name));
	}
	*out = buf_str(&b);
	return ERR_OK;
}

/* Mcp-Name repeats the name or URI that the request is about. */
static enum err
check_name(const struct mcp_message *m, const struct jsonrpc *rpc,
    struct fail *f)
{
	struct str name = S("Mcp-Name");
	struct str want;
	struct str got;
	enum err err;

	if (str_eq(rpc->method, S("tools/call")) ||
	    str_eq(rpc->method, S("prompts/get"))) {
		want = json_str(json_get(rpc->params, S("name")));
	} else if (str_eq(rpc->method, S("resources/read"))) {
		want = json_str(json_get(rpc->params, S("uri")));
	} else {
		return ERR_OK;
	}
	err = check_once(m, name, f);
	if (err == ERR_OK) {
		err = unwrap(m, name, header(m, name), &got, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	/* A body without a name is refused for that, later. */
	if (want.p != NULL && !str_eq(got, want)) {
		return mismatch(f, name, got, want);
	}
	return ERR_OK;
}

/* ---- steps 6, 7 and 9 ---- */

static enum err
check_meta(const struct era *era, struct fail *f)
{
	const struct json *v;
	enum tool_level level;

	v = json_get(era->meta, S(ERA_META "protocolVersion"));
	if (!json_is(v, JSON_STRING)) {
		return fail_set(f, ERR_MCP_META, 0, S("_meta \"" ERA_META
		    "protocolVersion\" must be a string"));
	}
	v = json_get(era->meta, S(ERA_META "clientCapabilities"));
	if (!json_is(v, JSON_OBJECT)) {
		return fail_set(f, ERR_MCP_META, 0, S("_meta \"" ERA_META
		    "clientCapabilities\" is required and must be an object"));
	}
	v = json_get(era->meta, S(ERA_META "logLevel"));
	if (v != NULL && !era_level(json_str(v), &level)) {
		return fail_set(f, ERR_MCP_META, 0, S("_meta \"" ERA_META
		    "logLevel\" must be one of debug, info, notice, warning, "
		    "error, critical, alert, emergency"));
	}
	v = json_get(era->meta, S(ERA_META "clientInfo"));
	if (v != NULL && v->type != JSON_OBJECT) {
		return fail_set(f, ERR_MCP_META, 0, S("_meta \"" ERA_META
		    "clientInfo\" must be an object"));
	}
	return ERR_OK;
}

/* Step 7 up to the method. */
static enum err
check_modern(const struct mcp_message *m, const struct jsonrpc *rpc,
    const struct era *era, struct fail *f)
{
	struct str version_name = S("MCP-Protocol-Version");
	struct str method_name = S("Mcp-Method");
	struct str version = header(m, version_name);
	struct str method = header(m, method_name);
	enum err err = check_meta(era, f);

	if (err != ERR_OK) {
		return err;
	}
	if (version.p != NULL && !str_eq(version, era->version)) {
		return mismatch(f, version_name, version, era->version);
	}
	if (method.p != NULL && !str_eq(method, rpc->method)) {
		return mismatch(f, method_name, method, rpc->method);
	}
	if (!str_eq(era->version, S(ERA_MODERN))) {
		return fail_setf(f, ERR_MCP_VERSION, "protocol version \"%s\" "
		    "is not supported with _meta; supported: " ERA_MODERN,
		    args_short(era->version));
	}
	if (m->front != MCP_HTTP) {
		return ERR_OK;
	}
	err = check_once(m, version_name, f);
	if (err == ERR_OK) {
		err = check_once(m, method_name, f);
	}
	return err == ERR_OK ? check_name(m, rpc, f) : err;
}

/* Steps 6 b to e and 9: no claim in the body. */
static enum err
check_unclaimed(const struct mcp_message *m, const struct jsonrpc *rpc,
    struct fail *f)
{
	struct str version = header(m, S("MCP-Protocol-Version"));

	if (version.p == NULL || era_is_legacy_version(version)) {
		return ERR_OK;
	}
	if (!str_eq(version, S(ERA_MODERN))) {
		return fail_setf(f, ERR_RPC_INVALID, "header "
		    "MCP-Protocol-Version \"%s\" is not supported; supported: "
		    ERA_MODERN ", 2025-11-25, 2025-06-18, 2025-03-26, "
		    "2024-11-05", args_short(version));
	}
	if (rpc->kind == JSONRPC_NOTIFICATION) {
		return ERR_OK;
	}
	if (str_eq(rpc->method, S("initialize"))) {
		return fail_set(f, ERR_MCP_HEADER, 0, S("header "
		    "MCP-Protocol-Version is " ERA_MODERN ", which has no "
		    "initialize"));
	}
	return fail_set(f, ERR_MCP_META, 0, S("params._meta must have \""
	    ERA_META "protocolVersion\" (a string) and \"" ERA_META
	    "clientCapabilities\" (an object)"));
}

/* see era.h */
enum err
era_check(const struct mcp_message *m, const struct jsonrpc *rpc,
    struct era *out, struct fail *f)
{
	*out = (struct era){ .meta = meta_of(rpc),
	    .modern = m->front != MCP_EVENTS && era_is_claimed(rpc) };
	out->version = json_str(json_get(out->meta,
	    S(ERA_META "protocolVersion")));
	if (!out->modern) {
		return check_unclaimed(m, rpc, f);
	}
	/* What a modern notification must carry is left open; none is acted
	 * on, so all are taken. */
	return rpc->kind == JSONRPC_NOTIFICATION ? ERR_OK :
	    check_modern(m, rpc, out, f);
}

/* see era.h */
enum err
era_check_batch(const struct mcp_message *m, struct fail *f)
{
	struct str version = header(m, S("MCP-Protocol-Version"));
	bool ok = m->front == MCP_STDIO ?
	    m->session != NULL && m->session->batches :
	    version.p == NULL || str_eq(version, S(ERA_BATCHES));

	return ok ? ERR_OK : fail_set(f, ERR_RPC_INVALID, 0,
	    S("batches exist only in protocol version " ERA_BATCHES));
}

/* ---- Mcp-Param-* ---- */

/* The header's text means the same as the argument. */
static bool
same_value(struct str text, const struct json *v)
{
	double header_value, body_value;

	switch (v->type) {
	case JSON_STRING:
		return str_eq(text, v->text);
	case JSON_NUMBER:
		return num_parse(text, &header_value) &&
		    json_f64(v, &body_value) && header_value == body_value;
	case JSON_BOOL:
		return str_eq(text, v->text);
	default:
		/* No parameter with a header takes these: the argument is
		 * refused for its type. */
		return true;
	}
}

static enum err
check_param(const struct mcp_message *m, const struct param *p,
    const struct json *v, struct fail *f)
{
	struct str parts[] = { S("Mcp-Param-"),
		str_from_z(p->header) };
	struct str name = str_join(m->arena, parts, 2);
	struct str text;
	enum err err;

	if (name.p == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	err = check_once(m, name, f);
	if (err == ERR_OK) {
		err = unwrap(m, name, header(m, name), &text, f);
	}
	if (err != ERR_OK) {
		return err;
	}
	return same_value(text, v) ? ERR_OK : mismatch(f, name, text, v->text);
}

/* see era.h */
enum err
era_check_params(const struct mcp_message *m, const struct tool *tool,
    const struct json *arguments, struct fail *f)
{
	for (size_t i = 0; i < tool->param_n; i++) {
		const struct param *p = &tool->params[i];
		const struct json *v = json_get_set(arguments, p->name);
		enum err err;

		if (p->header == NULL || v == NULL) {
			continue;
		}
		err = check_param(m, p, v, f);
		if (err != ERR_OK) {
			return err;
		}
	}
	return ERR_OK;
}

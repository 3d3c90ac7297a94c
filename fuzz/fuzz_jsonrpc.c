/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a message to the engine, over HTTP with headers and over stdio:
 * the reply is one line of valid JSON or empty, the HTTP status is one of a
 * few, and a second run of the same message gives the same reply. The first
 * byte chooses front and headers.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "mcp/mcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static enum err
run(struct call *c)
{
	c->progress(c, tool_arg_f64(c, S("x")), 1, tool_arg_str(c, S("s")));
	json_begin_object(c->out);
	json_put_value(c->out, S("args"), c->args);
	json_end_object(c->out);
	return tool_arg_bool(c, S("fail")) ? ERR_TIMEOUT : ERR_OK;
}

static const struct str kinds[] = { STR_INIT("one"), STR_INIT("two") };
static const struct param fields[] = {
	{ .name = STR_INIT("name"), .type = PARAM_STRING, .required = true },
};
static const struct param params[] = {
	{ .name = STR_INIT("s"), .type = PARAM_STRING, .max = 20,
	    .header = "S" },
	{ .name = STR_INIT("k"), .type = PARAM_STRING, .choices = kinds,
	    .choice_n = 2, .fallback = "\"one\"" },
	{ .name = STR_INIT("i"), .type = PARAM_INTEGER, .min = 1, .max = 9 },
	{ .name = STR_INIT("x"), .type = PARAM_NUMBER },
	{ .name = STR_INIT("fail"), .type = PARAM_BOOLEAN },
	{ .name = STR_INIT("t"), .type = PARAM_TIME },
	{ .name = STR_INIT("l"), .type = PARAM_STRINGS },
	{ .name = STR_INIT("o"), .type = PARAM_OBJECTS, .fields = fields,
	    .field_n = 1 },
};
static const struct tool tool = { .name = STR_INIT("t"), .params = params,
    .param_n = 8, .flags = TOOL_LOCAL, .run = run };
static const struct tool *const tools[] = { &tool };

static enum err
read_resource(struct call *c, const struct resource_match *match)
{
	json_put_string(c->out, S("text"), match->uri);
	return ERR_OK;
}

static const struct resource_template templates[] = {
	{ .uri_template = STR_INIT("t://{a}/{b}.{c}"), .name = STR_INIT("x"),
	    .read = read_resource, .local = true },
};
static const struct mcp_config config = { .name = STR_INIT("f"),
    .version = STR_INIT("1"), .tools = tools, .tool_n = 1,
    .templates = templates, .template_n = 1, .flags = MCP_LOGGING };

static int64_t
mono_ms(void *ctx)
{
	(void)ctx;
	return 0;
}

/* Sends the message once; the reply in `a`. */
static struct str
send(const struct mcp *mcp, struct arena *a, unsigned how, struct str body)
{
	static const struct http1_header headers[] = {
		{ STR_INIT("MCP-Protocol-Version"), STR_INIT("2026-07-28") },
		{ STR_INIT("Mcp-Method"), STR_INIT("tools/call") },
		{ STR_INIT("Mcp-Name"), STR_INIT("=?base64?dA==?=") },
		{ STR_INIT("Mcp-Param-S"), STR_INIT("x") },
	};
	struct sys sys = { .mono_ms = mono_ms };
	struct mcp_session session = { .batches = (how & 2) != 0 };
	struct mcp_message m = { .arena = a, .sys = &sys, .body = body,
	    .front = (how & 1) != 0 ? MCP_STDIO : MCP_HTTP,
	    .session = (how & 1) != 0 ? &session : NULL,
	    .headers = headers, .header_n = (how >> 1) % 5 };
	struct json *v;
	struct fail f;

	if (mcp_begin(mcp, &m) != MCP_DONE) {
		abort(); /* all tools here are local */
	}
	fail_init(&f, a);
	if (m.http_status != 200 && m.http_status != 202 &&
	    m.http_status != 400 && m.http_status != 404 &&
	    m.http_status != 413) {
		abort();
	}
	if (m.reply.p != NULL && (json_parse(a, m.reply,
	    JSON_REJECT_DUPLICATES, &v, &f) != ERR_OK ||
	    memchr(m.reply.p, '\n', m.reply.len) != NULL)) {
		abort();
	}
	return m.reply;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena long_lived;
	static struct mcp *mcp;
	struct arena a, b;
	struct fail f;
	struct str body;

	if (mcp == NULL) {
		arena_init(&long_lived, MCP_LIST_MAX * 4);
		if (mcp_new(&mcp, &config, &long_lived, &f) != ERR_OK) {
			abort();
		}
	}
	if (len == 0) {
		return 0;
	}
	arena_init(&a, JOB_ARENA_CAP);
	arena_init(&b, JOB_ARENA_CAP);
	body = str_of((const char *)data + 1, len - 1);
	if (!str_eq(send(mcp, &a, data[0], body),
	    send(mcp, &b, data[0], body))) {
		abort();
	}
	arena_free(&a);
	arena_free(&b);
	return 0;
}

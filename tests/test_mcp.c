/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine as clients meet it: whole messages in, whole replies out, one
 * test for each row of the ladder that tells the eras apart.
 *
 * Messages are written with ' for ", so that they can be read. An answer is
 * "STATUS reply", "202" when there is none, on stdio "line reply" or "silent";
 * notes that were sent before it stand before it, one a line.
 */
#include "mcp/mcp.h"

#include <stdlib.h>

#include "fake_sys.h"
#include "test.h"

#define CAP ((size_t)64 * 1024 * 1024)

/* ---- what the engine under test serves ---- */

static enum err
run_echo(struct call *c)
{
	json_begin_object(c->out);
	json_put_string_or_null(c->out, S("text"), tool_arg_str(c, S("text")));
	json_put_integer(c->out, S("n"), tool_arg_i64(c, S("n")));
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
run_slow(struct call *c)
{
	c->progress(c, 0, 2, S("begun"));
	c->progress(c, 0, 2, S("not greater: not sent"));
	c->log(c, TOOL_DEBUG, S("detail"));
	c->log(c, TOOL_WARNING, S("careful"));
	c->progress(c, 1.5, 0, STR_NONE);
	c->aws_calls += 3;
	json_begin_object(c->out);
	json_put_boolean(c->out, S("aws"), c->aws != NULL);
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
run_fail(struct call *c)
{
	if (json_get(c->params, S("refuse")) != NULL) {
		return fail_set(c->fail, ERR_RPC_PARAMS, 0, S("refused"));
	}
	json_begin_object(c->out);
	json_key(c->out, S("half"));
	return fail_setf(c->fail, ERR_AWS_ACCESS, "AWS denied \"%s\"",
	    S("cloudwatch:ListMetrics"));
}

static enum err
run_raw(struct call *c)
{
	json_begin_object(c->out);
	json_put_raw(c->out, S("content"), S("[]"));
	json_end_object(c->out);
	return ERR_OK;
}

static enum err
run_big(struct call *c)
{
	json_begin_object(c->out);
	json_key(c->out, S("x"));
	json_begin_array(c->out);
	for (int i = 0; i < 1200000; i++) {
		json_string(c->out, S("0123456789"));
	}
	json_end_array(c->out);
	json_end_object(c->out);
	return ERR_OK;
}

static const struct param echo_params[] = {
	{ .name = STR_INIT("text"), .type = PARAM_STRING, .required = true,
	    .header = "Text" },
	{ .name = STR_INIT("n"), .type = PARAM_INTEGER,
	    .fallback = "7", .header = "N" },
	{ .name = STR_INIT("flag"), .type = PARAM_BOOLEAN,
	    .header = "Flag" },
};
static const struct tool echo = { .name = STR_INIT("echo"),
    .description = STR_INIT("Echoes"), .params = echo_params, .param_n = 3,
    .flags = TOOL_LOCAL | TOOL_READ_ONLY | TOOL_IDEMPOTENT,
    .output_schema = STR_INIT("{\"type\":\"object\"}"), .run = run_echo };
static const struct tool slow = { .name = STR_INIT("slow"),
    .title = STR_INIT("Slow one"), .description = STR_INIT("Waits"),
    .flags = TOOL_SLOW, .run = run_slow };
static const struct tool failing = { .name = STR_INIT("failing"),
    .description = STR_INIT("Fails"), .run = run_fail };
static const struct tool raw = { .name = STR_INIT("raw"),
    .description = STR_INIT("Raw"), .flags = TOOL_RAW_RESULT | TOOL_LOCAL,
    .input_schema = STR_INIT("{\"type\":\"object\",\"x\":1}"),
    .run = run_raw };
static const struct tool needy = { .name = STR_INIT("needy"),
    .description = STR_INIT("Needs"), .flags = TOOL_LOCAL,
    .needs = STR_INIT("sampling"), .run = run_echo,
    .params = echo_params, .param_n = 3 };
static const struct tool big = { .name = STR_INIT("big"),
    .description = STR_INIT("Big"), .run = run_big };
static const struct tool *const tools[] = {
	&echo, &slow, &failing, &raw, &needy, &big
};

static enum err
read_text(struct call *c, const struct resource_match *match)
{
	if (match->value_n == 0) {
		json_put_string(c->out, S("text"), S("hello"));
	} else if (str_eq(match->values[0], S("gone"))) {
		return ERR_MCP_RESOURCE;
	} else if (str_eq(match->values[0], S("broken"))) {
		return fail_set(c->fail, ERR_TIMEOUT, 0, S("it took long"));
	} else {
		json_put_string(c->out, S("text"), match->values[0]);
	}
	return ERR_OK;
}

static enum err
complete_id(struct completion *c)
{
	for (unsigned i = 0; i < 150; i++) {
		char *name = arena_alloc(c->call->arena, 8, 1);

		if (name == NULL) {
			return ERR_NOMEM;
		}
		name[0] = i % 2 == 0 ? 'A' : 'b';
		name[1] = (char)('0' + i % 10);
		prompt_complete(c, str_of(name, 2));
	}
	return ERR_OK;
}

static enum err
get_prompt(struct call *c)
{
	struct str who = json_get_str(c->args, S("who"), S("nobody"));

	if (str_eq(who, S("down"))) {
		return ERR_BUSY;
	}
	for (int i = 0; str_eq(who, S("everybody")) && i < 200000; i++) {
		prompt_text(c->out, S("user"), S("hello"));
	}
	prompt_text(c->out, S("user"), who);
	return ERR_OK;
}

static const struct resource resources[] = {
	{ .uri = STR_INIT("t://a"), .name = STR_INIT("a"),
	    .mime_type = STR_INIT("text/plain"), .local = true,
	    .read = read_text },
};
static const struct resource_template templates[] = {
	{ .uri_template = STR_INIT("t://x/{id}/data"), .name = STR_INIT("x"),
	    .read = read_text, .complete = complete_id, .local = true },
};
static const struct param prompt_args[] = {
	{ .name = STR_INIT("who"), .type = PARAM_STRING, .required = true,
	    .text = STR_INIT("Whom") },
};
static enum err
get_raw(struct call *c)
{
	json_begin_object(c->out);
	json_put_raw(c->out, S("messages"), S("[]"));
	json_end_object(c->out);
	c->result_type = S("special");
	return ERR_OK;
}

static const struct prompt prompts[] = {
	{ .name = STR_INIT("greet"), .description = STR_INIT("Greets"),
	    .args = prompt_args, .arg_n = 1, .local = true,
	    .get = get_prompt },
	{ .name = STR_INIT("raw_one"), .raw = true, .get = get_raw },
};

static const struct mcp_config everything = {
	.name = STR_INIT("srv"), .title = STR_INIT("Server"),
	.version = STR_INIT("1.0"), .instructions = STR_INIT("Ask."),
	.tools = tools, .tool_n = sizeof(tools) / sizeof(tools[0]),
	.resources = resources, .resource_n = 1,
	.templates = templates, .template_n = 1,
	.prompts = prompts, .prompt_n = 2,
	.flags = MCP_LOGGING | MCP_SUBSCRIBE,
};
static enum err
complete_who(struct completion *c)
{
	prompt_complete(c, S("you"));
	return ERR_OK;
}

/* One prompt that waits, and nothing else. */
static const struct prompt waiting_prompt[] = {
	{ .name = STR_INIT("wait"), .args = prompt_args, .arg_n = 1,
	    .get = get_prompt, .complete = complete_who },
};
static const struct mcp_config one_prompt = {
	.name = STR_INIT("srv"), .version = STR_INIT("1.0"),
	.prompts = waiting_prompt, .prompt_n = 1,
};
static const struct mcp_config tools_only = {
	.name = STR_INIT("srv"), .version = STR_INIT("1.0"),
	.tools = tools, .tool_n = 1,
};

/* ---- asking ---- */

static struct http1_header headers[16];
static size_t header_n;
static struct mcp_session session;
static struct mcp_message last; /* the message of the last question */
static bool takes_events = true;
static const struct mcp_config *serving = &everything;
static const struct mcp_gate *gate;
static void (*each)(struct mcp_message *m);

/* ' becomes "; the result is one of several rotating buffers. */
static struct str
q(const char *text)
{
	static char ring[6][65536];
	static unsigned turn;
	char *dst = ring[turn++ % 6];
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		dst[i] = text[i] == '\'' ? '"' : text[i];
	}
	return str_of(dst, len);
}

static void
with(const char *name, const char *value)
{
	headers[header_n++] = (struct http1_header){ str_from_z(name),
	    str_from_z(value) };
}

static bool
emit(struct mcp_message *m, struct str json)
{
	struct buf *notes = m->ctx;

	buf_add(notes, json);
	buf_add_byte(notes, '\n');
	return true;
}

static struct str
ask(enum mcp_front front, const char *body)
{
	static char log[1 << 20];
	static struct arena arena, long_lived;
	static struct fake_sys sys;
	struct buf b = buf_fixed(log, sizeof(log));
	struct mcp *mcp;
	struct fail f;
	enum mcp_verdict verdict;

	arena_free(&arena);
	arena_free(&long_lived);
	arena_init(&arena, CAP);
	arena_init(&long_lived, CAP);
	fake_sys_init(&sys);
	if (mcp_new(&mcp, serving, &long_lived, &f) != ERR_OK) {
		return S("no engine");
	}
	last = (struct mcp_message){ .front = front, .arena = &arena,
	    .sys = &sys.sys, .headers = headers, .header_n = header_n,
	    .session = front == MCP_STDIO ? &session : NULL, .body = q(body),
	    .emit = takes_events ? emit : NULL, .ctx = &b, .gate = gate,
	    .each = each };
	verdict = mcp_begin(mcp, &last);
	if (verdict == MCP_DEFER) {
		buf_add(&b, S("(deferred) "));
		mcp_run(mcp, &last);
	}
	header_n = 0;
	if (front == MCP_STDIO) {
		buf_add(&b, last.reply.p != NULL ? S("line") : S("silent"));
	} else {
		buf_add_u64(&b, (uint64_t)last.http_status);
	}
	if (last.reply.p != NULL) {
		buf_add_byte(&b, ' ');
		buf_add(&b, last.reply);
	}
	fake_sys_free(&sys);
	return buf_str(&b);
}

static struct str
post(const char *body)
{
	return ask(MCP_HTTP, body);
}

static struct str
line(const char *body)
{
	return ask(MCP_STDIO, body);
}

#define META_OF(version, caps) "'_meta':{'io.modelcontextprotocol/" \
	"protocolVersion':'" version "','io.modelcontextprotocol/" \
	"clientCapabilities':" caps "}"
#define META META_OF("2026-07-28", "{}")
#define REQ(method, params) "{'jsonrpc':'2.0','id':1,'method':'" method \
	"','params':{" params "}}"
#define ERR(code, text) "{'jsonrpc':'2.0','id':1,'error':{'code':" #code \
	",'message':'" text "'}}"
#define SRV "'_meta':{'io.modelcontextprotocol/serverInfo':{'name':'srv'," \
	"'title':'Server','version':'1.0'}}"

/* The headers of a good modern request. */
static void
modern(const char *method, const char *name)
{
	with("MCP-Protocol-Version", "2026-07-28");
	with("Mcp-Method", method);
	if (name != NULL) {
		with("Mcp-Name", name);
	}
}

static bool
starts(struct str got, const char *want)
{
	if (!str_starts(got, q(want))) {
		printf("    got %.*s\n", STR_ARG(got));
		return false;
	}
	return true;
}

static bool
has(struct str got, const char *want)
{
	struct str needle = q(want);

	if (str_find(got, needle, 0) == got.len) {
		printf("    got %.*s\n", STR_ARG(got));
		return false;
	}
	return true;
}

/* ---- step 5: the message itself ---- */

TEST(unparsable_json_is_400_with_the_position_and_without_id)
{
	CHECK_STR(post("{'jsonrpc':'2.0',"), q("400 {'jsonrpc':'2.0','error':{"
	    "'code':-32700,'message':'parse error at byte 17: expected a "
	    "member name in quotes'}}"));
	CHECK(starts(post("{'a':1,'a':2}"), "400 {'jsonrpc':'2.0','error':{"
	    "'code':-32700,'message':'parse error at byte 7: an object has "
	    "the same member twice'"));
	CHECK(starts(post("{'a':'\xff'}"), "400 {'jsonrpc':'2.0','error':{"
	    "'code':-32700,'message':'parse error at byte 6: "));
	CHECK(starts(post(""), "400 {'jsonrpc':'2.0','error':{'code':-32700"));
}

TEST(an_invalid_message_is_400_and_echoes_a_readable_id)
{
	CHECK_STR(post("7"), q("400 {'jsonrpc':'2.0','error':{'code':-32600,"
	    "'message':'a message is a JSON object'}}"));
	CHECK_STR(post("{'jsonrpc':'1.0','id':1,'method':'ping'}"), q("400 "
	    "{'jsonrpc':'2.0','id':1,'error':{'code':-32600,'message':"
	    "'invalid request at byte 11: \\'jsonrpc\\' must be \\'2.0\\''}}"));
	CHECK(starts(post("{'jsonrpc':'2.0','id':null,'method':'ping'}"),
	    "400 {'jsonrpc':'2.0','error':{'code':-32600"));
	CHECK(starts(post("{'jsonrpc':'2.0','id':1.5,'method':'ping'}"),
	    "400 {'jsonrpc':'2.0','error':{'code':-32600"));
	CHECK(starts(post("{'jsonrpc':'2.0','id':'x'}"),
	    "400 {'jsonrpc':'2.0','id':'x','error':{'code':-32600"));
	CHECK(starts(post("[]"), "400 {'jsonrpc':'2.0','error':{'code':-32600"
	    ));
}

TEST(ids_are_echoed_with_type_and_digits)
{
	CHECK_STR(post("{'jsonrpc':'2.0','id':0,'method':'ping'}"),
	    q("200 {'jsonrpc':'2.0','id':0,'result':{}}"));
	CHECK_STR(post("{'jsonrpc':'2.0','id':'0','method':'ping'}"),
	    q("200 {'jsonrpc':'2.0','id':'0','result':{}}"));
	CHECK_STR(post("{'jsonrpc':'2.0','id':98765432109876543210,'method':"
	    "'ping'}"), q("200 {'jsonrpc':'2.0','id':98765432109876543210,"
	    "'result':{}}"));
}

TEST(a_response_from_the_client_is_taken_and_ignored)
{
	CHECK_STR(post("{'jsonrpc':'2.0','id':5,'result':{}}"), S("202"));
	CHECK_STR(line("{'jsonrpc':'2.0','id':5,'result':{}}"), S("silent"));
}

/* ---- batches ---- */

#define PING(id) "{'jsonrpc':'2.0','id':" id ",'method':'ping'}"

TEST(a_legacy_batch_is_answered_in_order)
{
	CHECK_STR(post("[" PING("1") ",{'jsonrpc':'2.0','method':'n'}," PING(
	    "'b'") ",3]"), q("200 [{'jsonrpc':'2.0','id':1,'result':{}},{"
	    "'jsonrpc':'2.0','id':'b','result':{}},{'jsonrpc':'2.0','error':{"
	    "'code':-32600,'message':'invalid request at byte 116: a message "
	    "is a JSON object'}}]"));
}

TEST(a_batch_of_notifications_is_202)
{
	CHECK_STR(post("[{'jsonrpc':'2.0','method':'n'},{'jsonrpc':'2.0','id':"
	    "1,'result':{}}]"), S("202"));
}

TEST(a_batch_with_a_waiting_call_is_deferred_whole)
{
	takes_events = false;
	CHECK(starts(post("[" PING("1") "," REQ("tools/call", "'name':'slow'")
	    "]"), "(deferred) 200 [{'jsonrpc':'2.0','id':1,'result':{}},{"));
	takes_events = true;
	CHECK(last.rpc_id.p == NULL);
	CHECK_INT(last.log.aws_calls, 3);
}

TEST(initialize_inside_a_batch_is_refused)
{
	CHECK(has(post("[" REQ("initialize", "'protocolVersion':'2025-03-26'")
	    "]"), "'code':-32600,'message':'invalid request at byte 1: "
	    "initialize cannot be part of a batch'"));
}

TEST(a_batch_with_a_modern_element_is_400)
{
	CHECK(starts(post("[" PING("1") "," REQ("tools/list", META) "]"),
	    "400 {'jsonrpc':'2.0','error':{'code':-32600,'message':'invalid "
	    "request at byte 42: protocol version 2026-07-28 has no "
	    "batches'"));
}

TEST(batches_exist_only_in_one_version)
{
	with("MCP-Protocol-Version", "2025-03-26");
	CHECK(starts(post("[" PING("1") "]"), "200 ["));
	with("MCP-Protocol-Version", "2025-06-18");
	CHECK(starts(post("[" PING("1") "]"), "400 {'jsonrpc':'2.0','error':{"
	    "'code':-32600,'message':'batches exist only in protocol version "
	    "2025-03-26'"));
}

TEST(a_batch_has_at_most_32_messages)
{
	char text[40 * 64];
	struct buf b = buf_fixed(text, sizeof(text));

	for (int i = 0; i < 33; i++) {
		buf_add(&b, i == 0 ? S("[" PING("1")) : S("," PING("1")));
	}
	buf_add(&b, S("]\0"));
	CHECK(starts(post(text), "400 {'jsonrpc':'2.0','error':{'code':-32600,"
	    "'message':'a batch has at most 32 messages'"));
}

/* ---- step 6: which era ---- */

TEST(a_claim_in_the_body_makes_a_request_modern)
{
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", META)), "200 {'jsonrpc':'2.0','id'"
	    ":1,'result':{'resultType':'complete','tools':[{'name':'echo'"));
	CHECK(last.log.modern);
}

TEST(initialize_with_a_modern_header_is_a_mismatch)
{
	with("MCP-Protocol-Version", "2026-07-28");
	CHECK(starts(post(REQ("initialize", "'protocolVersion':'2025-11-25'")),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32020"));
}

TEST(a_modern_header_without_meta_names_the_missing_keys)
{
	with("MCP-Protocol-Version", "2026-07-28");
	CHECK_STR(post(REQ("tools/list", "")), q("400 " ERR(-32602,
	    "params._meta must have \\'io.modelcontextprotocol/"
	    "protocolVersion\\' (a string) and \\'io.modelcontextprotocol/"
	    "clientCapabilities\\' (an object)")));
	with("MCP-Protocol-Version", "2026-07-28");
	CHECK(starts(post("{'jsonrpc':'2.0','id':1,'method':'tools/list'}"),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
}

TEST(notifications_are_202_in_both_eras)
{
	CHECK_STR(post("{'jsonrpc':'2.0','method':'notifications/initialized'"
	    "}"), S("202"));
	with("MCP-Protocol-Version", "2025-11-25");
	CHECK_STR(post("{'jsonrpc':'2.0','method':'notifications/initialized'"
	    "}"), S("202"));
	with("MCP-Protocol-Version", "2026-07-28");
	CHECK_STR(post("{'jsonrpc':'2.0','method':'notifications/x'}"),
	    S("202"));
	CHECK_STR(post("{'jsonrpc':'2.0','method':'notifications/x','params':{"
	    META "}}"), S("202"));
	CHECK_STR(post("{'jsonrpc':'2.0','method':'notifications/cancelled',"
	    "'params':{'requestId':1}}"), S("202"));
	CHECK(last.cancel_id.p == NULL);
}

TEST(everything_else_is_legacy)
{
	CHECK(starts(post("{'jsonrpc':'2.0','id':1,'method':'tools/list'}"),
	    "200 {'jsonrpc':'2.0','id':1,'result':{'tools':[{'name':'echo'"));
	CHECK(!last.log.modern);
}

/* ---- step 7: modern checks, in their order ---- */

TEST(meta_members_are_checked_first)
{
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", "'_meta':{'io.modelcontextprotocol"
	    "/protocolVersion':7,'io.modelcontextprotocol/clientCapabilities'"
	    ":{}}")), "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", "'_meta':{'io.modelcontextprotocol"
	    "/protocolVersion':'2026-07-28'}")),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", META_OF("2026-07-28", "[]"))),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", META_OF("2026-07-28", "{},"
	    "'io.modelcontextprotocol/logLevel':'loud'"))),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", META_OF("2026-07-28", "{},"
	    "'io.modelcontextprotocol/clientInfo':'me'"))),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
	/* Even when the headers are wrong too. */
	with("MCP-Protocol-Version", "2025-11-25");
	CHECK(starts(post(REQ("tools/list", META_OF("2026-07-28", "1"))),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
}

TEST(a_version_header_that_differs_comes_before_an_unknown_version)
{
	with("MCP-Protocol-Version", "2026-07-28");
	with("Mcp-Method", "tools/list");
	CHECK_STR(post(REQ("tools/list", META_OF("v999.0.0", "{}"))),
	    q("400 " ERR(-32020, "header MCP-Protocol-Version is "
	    "\\'2026-07-28\\' but the body says \\'v999.0.0\\'")));
	with("MCP-Protocol-Version", "2025-11-25");
	CHECK(starts(post(REQ("tools/list", META)),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32020"));
}

TEST(a_method_header_that_differs_comes_before_an_unknown_version)
{
	with("MCP-Protocol-Version", "v9");
	with("Mcp-Method", "TOOLS/LIST");
	CHECK_STR(post(REQ("tools/list", META_OF("v9", "{}"))), q("400 " ERR(
	    -32020, "header Mcp-Method is \\'TOOLS/LIST\\' but the body says "
	    "\\'tools/list\\'")));
}

TEST(an_unknown_version_tells_the_supported_ones)
{
	with("MCP-Protocol-Version", "v999.0.0");
	CHECK_STR(post(REQ("tools/list", META_OF("v999.0.0", "{}"))),
	    q("400 {'jsonrpc':'2.0','id':1,'error':{'code':-32022,'message':"
	    "'protocol version \\'v999.0.0\\' is not supported with _meta; "
	    "supported: 2026-07-28','data':{'supported':['2026-07-28'],"
	    "'requested':'v999.0.0'}}}"));
	/* A legacy version has no _meta. */
	CHECK(starts(post(REQ("tools/list", META_OF("2025-11-25", "{}"))),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32022"));
}

TEST(missing_headers_come_after_the_version)
{
	CHECK_STR(post(REQ("tools/list", META)), q("400 " ERR(-32020,
	    "header MCP-Protocol-Version is missing")));
	with("mcp-protocol-version", "2026-07-28");
	CHECK_STR(post(REQ("tools/list", META)), q("400 " ERR(-32020,
	    "header Mcp-Method is missing")));
	with("MCP-PROTOCOL-VERSION", "2026-07-28");
	with("MCP-METHOD", "tools/list");
	CHECK(starts(post(REQ("tools/list", META)), "200 "));
}

TEST(repeated_headers_are_refused_even_when_equal)
{
	modern("tools/list", NULL);
	with("mcp-method", "tools/list");
	CHECK_STR(post(REQ("tools/list", META)), q("400 " ERR(-32020,
	    "header Mcp-Method is there more than once")));
}

TEST(mcp_name_repeats_the_name_or_the_uri)
{
	modern("tools/call", NULL);
	CHECK_STR(post(REQ("tools/call", "'name':'raw'," META)),
	    q("400 " ERR(-32020, "header Mcp-Name is missing")));
	modern("tools/call", "echo");
	CHECK_STR(post(REQ("tools/call", "'name':'raw'," META)),
	    q("400 " ERR(-32020, "header Mcp-Name is \\'echo\\' but the body "
	    "says \\'raw\\'")));
	modern("tools/call", "raw");
	CHECK_STR(post(REQ("tools/call", "'name':'raw'," META)), q("200 {"
	    "'jsonrpc':'2.0','id':1,'result':{'resultType':'complete',"
	    "'content':[]," SRV "}}"));
	modern("resources/read", "t://b");
	CHECK(starts(post(REQ("resources/read", "'uri':'t://a'," META)),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32020"));
	modern("prompts/get", NULL);
	CHECK(starts(post(REQ("prompts/get", "'name':'greet'," META)),
	    "400 {'jsonrpc':'2.0','id':1,'error':{'code':-32020"));
	modern("tools/call", "raw");
	CHECK(starts(post(REQ("tools/call", META)),
	    "200 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
}

TEST(mcp_name_may_be_wrapped_in_base64)
{
	modern("tools/call", "=?base64?cmF3?=");
	CHECK(starts(post(REQ("tools/call", "'name':'raw'," META)), "200 "));
	modern("tools/call", "=?base64?cmF3");
	CHECK(has(post(REQ("tools/call", "'name':'raw'," META)), "-32020"));
	modern("tools/call", "=?base64?cm F3?=");
	CHECK(has(post(REQ("tools/call", "'name':'raw'," META)), "does not "
	    "hold base64 of UTF-8 text"));
	modern("tools/call", "=?base64?/w==?=");
	CHECK(has(post(REQ("tools/call", "'name':'raw'," META)), "does not "
	    "hold base64 of UTF-8 text"));
}

TEST(methods_the_modern_era_lacks_are_404)
{
	static const char *const gone[] = { "initialize", "ping",
	    "logging/setLevel", "resources/subscribe",
	    "resources/unsubscribe", "unknown/method",
	    "subscriptions/listen" };

	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		char body[512];

		(void)snprintf(body, sizeof(body), "{'jsonrpc':'2.0','id':1,"
		    "'method':'%s','params':{" META "}}", gone[i]);
		modern(gone[i], NULL);
		CHECK(starts(post(body), "404 {'jsonrpc':'2.0','id':1,"
		    "'error':{'code':-32601"));
	}
}

TEST(a_missing_client_capability_is_named)
{
	modern("tools/call", "needy");
	CHECK_STR(post(REQ("tools/call", "'name':'needy'," META)),
	    q("400 {'jsonrpc':'2.0','id':1,'error':{'code':-32021,'message':"
	    "'the tool \\'needy\\' needs the client capability \\'sampling\\'"
	    "','data':{'requiredCapabilities':{'sampling':{}}}}}"));
	modern("tools/call", "needy");
	CHECK(starts(post(REQ("tools/call", "'name':'needy'," META_OF(
	    "2026-07-28", "{'sampling':{}}"))), "200 {'jsonrpc':'2.0','id':1,"
	    "'result'"));
	/* The legacy era declares capabilities once, and we keep nothing. */
	CHECK(starts(post(REQ("tools/call", "'name':'needy'")), "200 {"
	    "'jsonrpc':'2.0','id':1,'result'"));
}

#define ECHO(args) REQ("tools/call", "'name':'echo','arguments':{" args "}," \
	META)

TEST(param_headers_must_agree_with_the_arguments)
{
	modern("tools/call", "echo");
	CHECK_STR(post(ECHO("'text':'Hello'")), q("400 " ERR(-32020,
	    "header Mcp-Param-Text is missing")));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "Bye");
	CHECK_STR(post(ECHO("'text':'Hello'")), q("400 " ERR(-32020,
	    "header Mcp-Param-Text is \\'Bye\\' but the body says \\'Hello\\'"
	    )));
	modern("tools/call", "echo");
	with("mcp-param-text", "Hello");
	CHECK(starts(post(ECHO("'text':'Hello'")), "200 {'jsonrpc':'2.0','id':"
	    "1,'result'"));
}

TEST(param_headers_may_be_wrapped_and_are_decoded_strictly)
{
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "=?base64?SGVsbG8=?=");
	CHECK(starts(post(ECHO("'text':'Hello'")), "200 "));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "=?base64?SGVsbG8?=");
	CHECK(has(post(ECHO("'text':'Hello'")), "'code':-32020"));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "=?base64?SGVs!!!bG8=?=");
	CHECK(has(post(ECHO("'text':'Hello'")), "'code':-32020"));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "SGVsbG8=");
	CHECK(starts(post(ECHO("'text':'SGVsbG8='")), "200 "));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "=?base64?SGVsbG8=");
	CHECK(starts(post(ECHO("'text':'=?base64?SGVsbG8='")), "200 "));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "=?base64?=");
	CHECK(starts(post(ECHO("'text':'=?base64?='")), "200 "));
}

TEST(param_headers_compare_numbers_and_booleans_by_value)
{
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "x");
	with("Mcp-Param-N", "42.0");
	with("Mcp-Param-Flag", "true");
	CHECK(starts(post(ECHO("'text':'x','n':42,'flag':true")), "200 "));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "x");
	with("Mcp-Param-N", "43");
	CHECK(has(post(ECHO("'text':'x','n':42")), "'code':-32020"));
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "x");
	with("Mcp-Param-Flag", "True");
	CHECK(has(post(ECHO("'text':'x','flag':true")), "'code':-32020"));
}

TEST(param_headers_of_absent_arguments_are_ignored)
{
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "x");
	with("Mcp-Param-N", "5");
	with("Mcp-Param-Other", "5");
	CHECK(starts(post(ECHO("'text':'x','n':null")), "200 {'jsonrpc':'2.0',"
	    "'id':1,'result'"));
}

/* ---- step 8: modern results ---- */

TEST(discover_tells_everything_and_may_be_cached)
{
	modern("server/discover", NULL);
	CHECK_STR(post(REQ("server/discover", META)), q("200 {'jsonrpc':'2.0',"
	    "'id':1,'result':{'resultType':'complete','supportedVersions':["
	    "'2026-07-28'],'capabilities':{'tools':{},'resources':{},"
	    "'prompts':{},'completions':{},'logging':{}},'instructions':"
	    "'Ask.','ttlMs':300000,'cacheScope':'public'," SRV "}}"));
}

TEST(a_modern_result_has_its_type_and_the_server_info)
{
	modern("tools/call", "echo");
	with("Mcp-Param-Text", "x");
	CHECK_STR(post(ECHO("'text':'x'")), q("200 {'jsonrpc':'2.0','id':1,"
	    "'result':{'resultType':'complete','content':[{'type':'text',"
	    "'text':'{\\'text\\':\\'x\\',\\'n\\':7}'}],'structuredContent':{"
	    "'text':'x','n':7}," SRV "}}"));
}

TEST(modern_parameter_errors_are_200)
{
	modern("tools/call", "nope");
	CHECK_STR(post(REQ("tools/call", "'name':'nope'," META)),
	    q("200 " ERR(-32602, "unknown tool \\'nope\\'; tools/list names "
	    "those there are")));
	modern("tools/list", NULL);
	CHECK(starts(post(REQ("tools/list", "'cursor':'x'," META)), "200 {"
	    "'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
}

/* ---- a caller who may not do everything ---- */

static unsigned admitted_n;

static bool
offers_echo(void *ctx, const struct tool *tool)
{
	(void)ctx;
	return str_eq(tool->name, S("echo")) || str_eq(tool->name, S("raw"));
}

static enum err
admit_two(void *ctx, const struct tool *tool, struct fail *f)
{
	(void)ctx;
	return ++admitted_n <= 2 ? ERR_OK : fail_setf(f, ERR_AUTH_RATE,
	    "enough of %s", tool != NULL ? tool->name : S("that"));
}

TEST(a_gate_hides_tools_from_lists_and_calls)
{
	static const struct mcp_gate two = { NULL, offers_echo, admit_two };
	struct str whole = post(REQ("tools/list", ""));
	struct str some;

	gate = &two;
	admitted_n = 0;
	some = post(REQ("tools/list", ""));
	CHECK(some.len < whole.len && has(some, "'name':'echo'") &&
	    has(some, "'name':'raw'") && !has(some, "'name':'slow'"));
	modern("tools/list", NULL);
	CHECK(has(post(REQ("tools/list", META)), "}],'ttlMs':300000,"
	    "'cacheScope':'private'"));
	CHECK(has(post(REQ("tools/call", "'name':'slow'")), "'code':-32602,"
	    "'message':'the tool \\'slow\\' is not one that this caller may "
	    "use"));
	CHECK_INT(admitted_n, 0);
	gate = NULL;
}

TEST(a_gate_counts_calls_and_refuses_with_a_result)
{
	static const struct mcp_gate two = { NULL, NULL, admit_two };

	gate = &two;
	admitted_n = 0;
	for (int i = 0; i < 2; i++) {
		CHECK(has(post(REQ("tools/call", "'name':'echo','arguments':"
		    "{'text':'x'}")), "'structuredContent'"));
	}
	CHECK(has(post(REQ("tools/call", "'name':'slow'")), "200 {'jsonrpc':"
	    "'2.0','id':1,'result':{'content':[{'type':'text','text':'enough "
	    "of slow'}],'isError':true}}"));
	CHECK_INT(last.log.code, ERR_AUTH_RATE);
	modern("tools/list", NULL);
	CHECK(has(post(REQ("tools/list", META)), "'cacheScope':'public'"));
	gate = NULL;
}

TEST(a_completion_that_asks_is_counted_and_not_for_limited_callers)
{
	static const struct mcp_gate some = { NULL, offers_echo, admit_two };
	static const struct mcp_gate two = { NULL, NULL, admit_two };
	static const char who[] = REQ("completion/complete", "'ref':{'type':"
	    "'ref/prompt','name':'wait'},'argument':{'name':'who','value':"
	    "'y'}");

	serving = &one_prompt;
	CHECK(has(post(who), "(deferred) 200") && has(post(who), "['you']"));
	CHECK_STR(last.log.tool, S("completion/complete"));
	gate = &some;
	admitted_n = 0;
	CHECK(has(post(who), "'values':[]"));
	CHECK_INT(admitted_n, 0);
	gate = &two;
	CHECK(has(post(who), "['you']") && has(post(who), "['you']"));
	CHECK(has(post(who), "'values':[]"));
	CHECK_INT(admitted_n, 3);
	/* What asks nobody is open to all. */
	gate = &some;
	serving = &everything;
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/resource','uri':'t://x/{id}/data'},'argument':{'name':'id',"
	    "'value':''}")), "'hasMore':true"));
	gate = NULL;
}

static struct str called;

static void
note_call(struct mcp_message *m)
{
	struct str parts[] = { called, m->log.tool, S(" "),
	    err_name(m->log.code), S(";") };

	called = str_join(m->arena, parts, 5);
}

TEST(each_call_of_a_batch_is_told)
{
	each = note_call;
	called = S("");
	with("MCP-Protocol-Version", "2025-03-26");
	(void)post("[" REQ("tools/call", "'name':'slow'") ","
	    REQ("ping", "") "," REQ("tools/call", "'name':'echo'") ","
	    REQ("tools/call", "'name':'raw'") "]");
	CHECK_STR(called, S("slow OK;echo ARGUMENT;raw OK;"));
	called = S("");
	(void)post(REQ("tools/call", "'name':'slow'"));
	CHECK_STR(called, S(""));
	each = NULL;
}

TEST(modern_lists_and_reads_carry_cache_hints)
{
	modern("resources/list", NULL);
	CHECK_STR(post(REQ("resources/list", META)), q("200 {'jsonrpc':'2.0',"
	    "'id':1,'result':{'resultType':'complete','resources':[{'uri':"
	    "'t://a','name':'a','mimeType':'text/plain'}],'ttlMs':300000,"
	    "'cacheScope':'public'," SRV "}}"));
	modern("resources/templates/list", NULL);
	CHECK(has(post(REQ("resources/templates/list", META)),
	    "'resourceTemplates':[{'uriTemplate':'t://x/{id}/data','name':'x'}"
	    "],'ttlMs'"));
	modern("prompts/list", NULL);
	CHECK(has(post(REQ("prompts/list", META)), "'prompts':[{'name':'greet'"
	    ",'description':'Greets','arguments':[{'name':'who',"
	    "'description':'Whom','required':true}]},{'name':'raw_one'}],"
	    "'ttlMs'"));
	modern("resources/read", "t://a");
	CHECK_STR(post(REQ("resources/read", "'uri':'t://a'," META)),
	    q("200 {'jsonrpc':'2.0','id':1,'result':{'resultType':'complete',"
	    "'contents':[{'uri':'t://a','mimeType':'text/plain','text':"
	    "'hello'}],'ttlMs':0,'cacheScope':'private'," SRV "}}"));
}

TEST(a_closed_stream_cancels_a_modern_call_only)
{
	modern("tools/call", "slow");
	CHECK(starts(post(REQ("tools/call", "'name':'slow'," META)),
	    "(deferred) 200 "));
	CHECK(!last.survives_close);
	CHECK_STR(last.rpc_id, S("1"));
	CHECK(starts(post(REQ("tools/call", "'name':'slow'")), "(deferred) {"));
	CHECK(last.survives_close);
}

/* ---- step 9: legacy ---- */

TEST(a_legacy_version_header_must_be_known)
{
	with("MCP-Protocol-Version", "1999-01-01");
	CHECK(starts(post(REQ("tools/list", "")), "400 {'jsonrpc':'2.0','id':1"
	    ",'error':{'code':-32600,'message':'header MCP-Protocol-Version "
	    "\\'1999-01-01\\' is not supported"));
	with("MCP-Protocol-Version", "2024-11-05");
	CHECK(starts(post(REQ("tools/list", "")), "200 "));
	with("MCP-Protocol-Version", "2025-11-25");
	CHECK(starts(post(REQ("initialize", "'protocolVersion':'2025-06-18'")),
	    "200 {'jsonrpc':'2.0','id':1,'result':{'protocolVersion':"
	    "'2025-06-18'"));
}

TEST(initialize_answers_the_version_asked_for_or_our_latest)
{
	static const char *const rows[][2] = {
		{ "2024-11-05", "2024-11-05" }, { "2025-03-26", "2025-03-26" },
		{ "2025-06-18", "2025-06-18" }, { "2025-11-25", "2025-11-25" },
		{ "2026-07-28", "2025-11-25" }, { "garbage", "2025-11-25" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char body[256];
		char want[128];

		(void)snprintf(body, sizeof(body), REQ("initialize",
		    "'protocolVersion':'%s'"), rows[i][0]);
		(void)snprintf(want, sizeof(want), "200 {'jsonrpc':'2.0','id':"
		    "1,'result':{'protocolVersion':'%s'", rows[i][1]);
		CHECK(starts(post(body), want));
	}
	CHECK(starts(post(REQ("initialize", "")), "200 {'jsonrpc':'2.0','id':1"
	    ",'error':{'code':-32602"));
	CHECK(starts(post(REQ("initialize", "'protocolVersion':3")),
	    "200 {'jsonrpc':'2.0','id':1,'error':{'code':-32602"));
}

TEST(initialize_declares_what_is_served)
{
	CHECK_STR(post(REQ("initialize", "'protocolVersion':'2025-11-25'")),
	    q("200 {'jsonrpc':'2.0','id':1,'result':{'protocolVersion':"
	    "'2025-11-25','capabilities':{'tools':{},'resources':{'subscribe':"
	    "true},'prompts':{},'completions':{},'logging':{}},'serverInfo':{"
	    "'name':'srv','title':'Server','version':'1.0'},'instructions':"
	    "'Ask.'}}"));
	serving = &tools_only;
	CHECK_STR(post(REQ("initialize", "'protocolVersion':'2025-11-25'")),
	    q("200 {'jsonrpc':'2.0','id':1,'result':{'protocolVersion':"
	    "'2025-11-25','capabilities':{'tools':{}},'serverInfo':{'name':"
	    "'srv','version':'1.0'}}}"));
	serving = &everything;
}

TEST(legacy_results_have_no_modern_members)
{
	CHECK_STR(post(REQ("tools/call", "'name':'echo','arguments':{'text':"
	    "'x'}")), q("200 {'jsonrpc':'2.0','id':1,'result':{'content':[{"
	    "'type':'text','text':'{\\'text\\':\\'x\\',\\'n\\':7}'}],"
	    "'structuredContent':{'text':'x','n':7}}}"));
	CHECK_STR(post(REQ("resources/read", "'uri':'t://a'")), q("200 {"
	    "'jsonrpc':'2.0','id':1,'result':{'contents':[{'uri':'t://a',"
	    "'mimeType':'text/plain','text':'hello'}]}}"));
}

TEST(an_unknown_legacy_method_is_200_with_an_error)
{
	CHECK_STR(post(REQ("foo/bar", "")), q("200 " ERR(-32601,
	    "method \\'foo/bar\\' not found")));
	CHECK(has(post(REQ("server/discover", "")), "-32601"));
}

TEST(what_is_not_configured_does_not_exist)
{
	static const char *const absent[] = { "resources/list",
	    "resources/templates/list", "resources/read",
	    "resources/subscribe", "prompts/list", "prompts/get",
	    "completion/complete", "logging/setLevel", "tasks/list" };

	serving = &tools_only;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++) {
		char body[256];

		(void)snprintf(body, sizeof(body), "{'jsonrpc':'2.0','id':1,"
		    "'method':'%s'}", absent[i]);
		CHECK(has(post(body), "200 {'jsonrpc':'2.0','id':1,'error':{"
		    "'code':-32601"));
	}
	modern("prompts/list", NULL);
	CHECK(starts(post(REQ("prompts/list", META)), "404 {'jsonrpc':'2.0',"
	    "'id':1,'error':{'code':-32601"));
	serving = &everything;
}

/* ---- tools ---- */

TEST(the_list_has_schemas_and_hints)
{
	CHECK(has(post(REQ("tools/list", "")), "{'name':'echo','description':"
	    "'Echoes','inputSchema':{'type':'object','properties':{'text':{"
	    "'type':'string','x-mcp-header':'Text'},'n':{'type':'integer',"
	    "'default':7,'x-mcp-header':'N'},'flag':{'type':'boolean',"
	    "'x-mcp-header':'Flag'}},'required':['text']},'outputSchema':{"
	    "'type':'object'},'annotations':{'readOnlyHint':true,"
	    "'destructiveHint':false,'openWorldHint':false}}"));
	CHECK(has(post(REQ("tools/list", "'cursor':null")), "{'name':'slow',"
	    "'title':'Slow one','description':'Waits','inputSchema':{'type':"
	    "'object','properties':{}},'annotations':{'readOnlyHint':false,"
	    "'destructiveHint':false,'idempotentHint':false}}"));
	CHECK(has(post(REQ("tools/list", "'cursor':''")), "{'name':'raw',"
	    "'description':'Raw','inputSchema':{'type':'object','x':1}"));
}

TEST(a_malformed_call_is_a_protocol_error)
{
	CHECK(has(post(REQ("tools/call", "")), "200 {'jsonrpc':'2.0','id':1,"
	    "'error':{'code':-32602,'message':'params.name must be a string"));
	CHECK(has(post(REQ("tools/call", "'name':'echo','arguments':[]")),
	    "'code':-32602,'message':'params.arguments must be an object"));
	CHECK(has(post("{'jsonrpc':'2.0','id':1,'method':'tools/call'}"),
	    "'code':-32602"));
}

TEST(an_unknown_tool_names_the_nearest)
{
	CHECK_STR(post(REQ("tools/call", "'name':'ecco'")), q("200 " ERR(
	    -32602, "unknown tool \\'ecco\\'; did you mean \\'echo\\'?")));
}

TEST(a_bad_argument_is_a_result_with_a_sentence)
{
	CHECK_STR(post(REQ("tools/call", "'name':'echo','arguments':{'text':5"
	    "}")), q("200 {'jsonrpc':'2.0','id':1,'result':{'content':[{"
	    "'type':'text','text':'argument \\'text\\' must be a string; it "
	    "was the number 5'}],'isError':true}}"));
	CHECK(last.log.tool_error);
	CHECK(last.log.code == ERR_ARGUMENT);
	CHECK_STR(last.log.tool, S("echo"));
}

TEST(absent_and_null_arguments_are_an_empty_object)
{
	CHECK(has(post(REQ("tools/call", "'name':'raw'")), "'content':[]"));
	CHECK(has(post(REQ("tools/call", "'name':'raw','arguments':null")),
	    "'content':[]"));
}

TEST(a_failed_handler_is_a_sentence_without_structured_content)
{
	CHECK_STR(post(REQ("tools/call", "'name':'failing'")),
	    q("(deferred) 200 {'jsonrpc':'2.0','id':1,'result':{'content':[{"
	    "'type':'text','text':'AWS denied \\'cloudwatch:ListMetrics\\''}],"
	    "'isError':true}}"));
	CHECK(last.log.code == ERR_AWS_ACCESS);
}

TEST(a_handler_may_refuse_the_request_itself)
{
	CHECK_STR(post(REQ("tools/call", "'name':'failing','refuse':1")),
	    q("(deferred) 200 " ERR(-32602, "refused")));
}

TEST(a_result_that_is_too_large_says_what_to_do)
{
	CHECK_STR(post(REQ("tools/call", "'name':'big'")), q("(deferred) 200 {"
	    "'jsonrpc':'2.0','id':1,'result':{'content':[{'type':'text',"
	    "'text':'the result is larger than 8388608 bytes; ask for a "
	    "shorter time range, fewer items or fewer fields'}],'isError':true"
	    "}}"));
}

TEST(the_log_record_tells_what_happened)
{
	(void)post(REQ("tools/call", "'name':'slow'"));
	CHECK_STR(last.log.method, S("tools/call"));
	CHECK_STR(last.log.tool, S("slow"));
	CHECK_INT(last.log.aws_calls, 3);
	CHECK_INT(last.log.reply_len, last.reply.len);
	CHECK(!last.log.tool_error);
	CHECK(last.log.code == ERR_OK);
}

/* ---- progress and logging ---- */

TEST(progress_goes_only_to_who_asked_and_only_upwards)
{
	struct str got;

	serving = &tools_only; /* no logging here */
	CHECK(starts(post(REQ("tools/call", "'name':'slow','_meta':{"
	    "'progressToken':'t'}")), "200 {'jsonrpc':'2.0','id':1,'error'"));
	serving = &everything;
	got = post(REQ("tools/call", "'name':'slow','_meta':{'progressToken':"
	    "'t\\u0041'}"));
	CHECK(starts(got, "(deferred) {'jsonrpc':'2.0','method':"
	    "'notifications/progress','params':{'progressToken':'t\\u0041',"
	    "'progress':0,'total':2,'message':'begun'}}\n"
	    "{'jsonrpc':'2.0','method':'notifications/message','params':{"
	    "'level':'warning','data':'careful'}}\n"
	    "{'jsonrpc':'2.0','method':'notifications/progress','params':{"
	    "'progressToken':'t\\u0041','progress':1.5}}\n200 {"));
	modern("tools/call", "slow");
	CHECK(starts(post(REQ("tools/call", "'name':'slow'," META)),
	    "(deferred) 200 {"));
	takes_events = false;
	CHECK(starts(post(REQ("tools/call", "'name':'slow','_meta':{"
	    "'progressToken':5}")), "(deferred) 200 {"));
	takes_events = true;
}

TEST(modern_logging_needs_a_level_in_the_same_request)
{
	modern("tools/call", "slow");
	CHECK(starts(post(REQ("tools/call", "'name':'slow'," META_OF(
	    "2026-07-28", "{},'io.modelcontextprotocol/logLevel':'debug'"))),
	    "(deferred) {'jsonrpc':'2.0','method':'notifications/message',"
	    "'params':{'level':'debug','data':'detail'}}\n{"));
	modern("tools/call", "slow");
	CHECK(starts(post(REQ("tools/call", "'name':'slow'," META_OF(
	    "2026-07-28", "{},'io.modelcontextprotocol/logLevel':'error'"))),
	    "(deferred) 200 {"));
}

TEST(legacy_logging_has_a_level_per_process_on_stdio)
{
	CHECK_STR(line(REQ("logging/setLevel", "'level':'error'")),
	    q("line {'jsonrpc':'2.0','id':1,'result':{}}"));
	CHECK(starts(line(REQ("tools/call", "'name':'slow'")),
	    "(deferred) line {"));
	(void)line(REQ("logging/setLevel", "'level':'debug'"));
	CHECK(starts(line(REQ("tools/call", "'name':'slow'")),
	    "(deferred) {'jsonrpc':'2.0','method':'notifications/message',"
	    "'params':{'level':'debug'"));
	/* The modern era does not see it. */
	CHECK(starts(line(REQ("tools/call", "'name':'slow'," META)),
	    "(deferred) line {"));
	/* A new handshake starts afresh. */
	(void)line(REQ("initialize", "'protocolVersion':'2025-11-25'"));
	CHECK(!session.level_set);
	CHECK(has(line(REQ("logging/setLevel", "'level':'loud'")), "-32602"));
	CHECK_STR(post(REQ("logging/setLevel", "'level':'debug'")),
	    q("200 {'jsonrpc':'2.0','id':1,'result':{}}"));
}

/* ---- resources, prompts, completion ---- */

TEST(a_template_matches_and_decodes_its_variable)
{
	CHECK(has(post(REQ("resources/read", "'uri':'t://x/a%20b/data'")),
	    "'contents':[{'uri':'t://x/a%20b/data','text':'a b'}]"));
	CHECK(has(post(REQ("resources/read", "'uri':'t://x/a/b/data'")),
	    "'code':-32002"));
	CHECK(has(post(REQ("resources/read", "'uri':'t://x//data'")),
	    "'code':-32002"));
	CHECK(has(post(REQ("resources/read", "'uri':'t://x/a/data/'")),
	    "'code':-32002"));
	CHECK(has(post(REQ("resources/read", "'uri':'t://x/%zz/data'")),
	    "'code':-32002"));
	CHECK(has(post(REQ("resources/read", "'uri':5")), "'code':-32602"));
}

TEST(a_missing_resource_has_the_code_of_its_era)
{
	CHECK_STR(post(REQ("resources/read", "'uri':'t://zz'")), q("200 {"
	    "'jsonrpc':'2.0','id':1,'error':{'code':-32002,'message':'there "
	    "is no resource \\'t://zz\\'','data':{'uri':'t://zz'}}}"));
	modern("resources/read", "t://zz");
	CHECK_STR(post(REQ("resources/read", "'uri':'t://zz'," META)),
	    q("200 {'jsonrpc':'2.0','id':1,'error':{'code':-32602,'message':"
	    "'there is no resource \\'t://zz\\'','data':{'uri':'t://zz'}}}"));
	/* Also when only the handler knows. */
	CHECK(has(post(REQ("resources/read", "'uri':'t://x/gone/data'")),
	    "'code':-32002"));
	CHECK_STR(post(REQ("resources/read", "'uri':'t://x/broken/data'")),
	    q("200 " ERR(-32603, "it took long")));
}

TEST(legacy_subscriptions_are_acknowledged)
{
	CHECK_STR(post(REQ("resources/subscribe", "'uri':'t://a'")),
	    q("200 {'jsonrpc':'2.0','id':1,'result':{}}"));
	CHECK_STR(post(REQ("resources/unsubscribe", "'uri':'t://a'")),
	    q("200 {'jsonrpc':'2.0','id':1,'result':{}}"));
	CHECK(has(post(REQ("resources/subscribe", "'uri':'t://zz'")),
	    "-32002"));
	CHECK(has(post(REQ("resources/subscribe", "")), "-32602"));
}

TEST(prompts_are_filled_and_refused)
{
	CHECK_STR(post(REQ("prompts/get", "'name':'greet','arguments':{'who':"
	    "'you'}")), q("200 {'jsonrpc':'2.0','id':1,'result':{"
	    "'description':'Greets','messages':[{'role':'user','content':{"
	    "'type':'text','text':'you'}}]}}"));
	CHECK_STR(post(REQ("prompts/get", "'name':'great'")), q("200 " ERR(
	    -32602, "unknown prompt \\'great\\'; did you mean \\'greet\\'?"))
	    );
	CHECK(has(post(REQ("prompts/get", "'name':'zzzz'")), "-32602"));
	CHECK(has(post(REQ("prompts/get", "'name':'greet'")), "'code':-32602,"
	    "'message':'argument \\'who\\' is missing"));
	CHECK(has(post(REQ("prompts/get", "'name':'greet','arguments':{'who':"
	    "1}")), "'code':-32602"));
	CHECK(has(post(REQ("prompts/get", "'name':'greet','arguments':1")),
	    "'code':-32602"));
	CHECK(has(post(REQ("prompts/get", "")), "'code':-32602"));
	CHECK(has(post(REQ("prompts/get", "'name':'greet','arguments':{'who':"
	    "'down'}")), "'code':-32603"));
}

TEST(a_prompt_may_write_its_whole_result)
{
	modern("prompts/get", "raw_one");
	CHECK_STR(post(REQ("prompts/get", "'name':'raw_one'," META)),
	    q("(deferred) 200 {'jsonrpc':'2.0','id':1,'result':{'resultType':"
	    "'special','messages':[]," SRV "}}"));
}

TEST(completions_are_filtered_and_capped)
{
	struct str got = post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/resource','uri':'t://x/{id}/data'},'argument':{'name':'id',"
	    "'value':'a'}"));

	CHECK(has(got, "'completion':{'values':['A0','A2','A4'"));
	CHECK(has(got, "],'total':75,'hasMore':false}"));
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/resource','uri':'t://x/{id}/data'},'argument':{'name':'id',"
	    "'value':''}")), "],'total':150,'hasMore':true}"));
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':'ref/prompt',"
	    "'name':'greet'},'argument':{'name':'who','value':'a'}")),
	    "'values':[],'total':0,'hasMore':false"));
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/resource','uri':'t://a'},'argument':{'name':'x','value':''}"
	    )), "'values':[]"));
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/resource','uri':'t://zz'},'argument':{'name':'x','value':''}"
	    )), "-32602"));
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':'ref/prompt',"
	    "'name':'zz'},'argument':{'name':'x','value':''}")), "-32602"));
	CHECK(has(post(REQ("completion/complete", "'ref':{'type':'x'},"
	    "'argument':{'name':'x','value':''}")), "-32602"));
	CHECK(has(post(REQ("completion/complete", "'ref':{}")), "-32602"));
}

TEST(a_prompt_alone_declares_completion_and_may_wait)
{
	serving = &one_prompt;
	CHECK(has(post(REQ("initialize", "'protocolVersion':'2025-11-25'")),
	    "'capabilities':{'prompts':{},'completions':{}}"));
	CHECK(starts(post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/prompt','name':'wait'},'argument':{'name':'who','value':'Y'}"
	    )), "(deferred) 200 {'jsonrpc':'2.0','id':1,'result':{"
	    "'completion':{'values':['you'],'total':1,'hasMore':false}}}"));
	CHECK(starts(post(REQ("prompts/get", "'name':'wait','arguments':{"
	    "'who':'x'}")), "(deferred) 200 "));
	serving = &everything;
	CHECK(starts(post(REQ("completion/complete", "'ref':{'type':"
	    "'ref/resource','uri':'t://x/{id}/data'},'argument':{'name':'id',"
	    "'value':'zz'}")), "200 "));
}

TEST(a_prompt_that_is_too_large_is_our_trouble)
{
	CHECK(starts(post(REQ("prompts/get", "'name':'greet','arguments':{"
	    "'who':'everybody'}")), "200 {'jsonrpc':'2.0','id':1,'error':{"
	    "'code':-32603"));
}

/* ---- stdio (2.2) ---- */

TEST(an_unparsable_line_is_answered_and_the_pipe_lives)
{
	CHECK(starts(line("{nonsense"), "line {'jsonrpc':'2.0','error':{"
	    "'code':-32700"));
	CHECK_STR(line("  \r"), S("silent"));
	CHECK_STR(line(PING("1")), q("line {'jsonrpc':'2.0','id':1,'result':{}"
	    "}"));
}

TEST(a_line_with_a_batch_needs_the_version_that_has_them)
{
	session = (struct mcp_session){ 0 };
	CHECK(starts(line("[" PING("1") "]"), "line {'jsonrpc':'2.0','error':{"
	    "'code':-32600"));
	(void)line(REQ("initialize", "'protocolVersion':'2025-03-26'"));
	CHECK(starts(line("[" PING("1") "]"), "line [{"));
	(void)line(REQ("initialize", "'protocolVersion':'2025-11-25'"));
	CHECK(starts(line("[" PING("1") "]"), "line {"));
}

TEST(initialize_may_come_any_number_of_times)
{
	for (int i = 0; i < 3; i++) {
		CHECK(starts(line("{'jsonrpc':'2.0','id':0,'method':"
		    "'initialize','params':{'protocolVersion':'2024-11-05'}}"),
		    "line {'jsonrpc':'2.0','id':0,'result':{"
		    "'protocolVersion':'2024-11-05'"));
	}
}

TEST(both_eras_live_on_one_pipe_without_a_handshake)
{
	CHECK(starts(line(REQ("tools/list", META)), "line {'jsonrpc':'2.0',"
	    "'id':1,'result':{'resultType':'complete'"));
	CHECK(starts(line(REQ("tools/list", "")), "line {'jsonrpc':'2.0','id':"
	    "1,'result':{'tools'"));
	CHECK(starts(line(REQ("server/discover", META)), "line {'jsonrpc':"
	    "'2.0','id':1,'result':{'resultType'"));
	CHECK(starts(line(REQ("initialize", "'protocolVersion':'2025-11-25'")),
	    "line {'jsonrpc':'2.0','id':1,'result'"));
	CHECK(has(line(REQ("server/discover", "")), "-32601"));
}

TEST(modern_lines_are_checked_without_headers)
{
	CHECK(has(line(REQ("tools/list", META_OF("v9", "{}"))), "-32022"));
	CHECK(has(line(REQ("tools/list", META_OF("2026-07-28", "1"))),
	    "-32602"));
	CHECK(has(line(REQ("ping", META)), "-32601"));
	CHECK(has(line(REQ("tools/call", "'name':'needy'," META)), "-32021"));
	CHECK(starts(line(ECHO("'text':'x'")), "line {'jsonrpc':'2.0','id':1,"
	    "'result'"));
}

TEST(cancelled_names_the_call_by_its_raw_id)
{
	CHECK_STR(line("{'jsonrpc':'2.0','method':'notifications/cancelled',"
	    "'params':{'requestId':'a\\u0041'}}"), S("silent"));
	CHECK_STR(last.cancel_id, q("'a\\u0041'"));
	CHECK_STR(line("{'jsonrpc':'2.0','method':'notifications/cancelled',"
	    "'params':{'requestId':0," META "}}"), S("silent"));
	CHECK_STR(last.cancel_id, S("0"));
	CHECK_STR(line("{'jsonrpc':'2.0','method':'notifications/cancelled'}"),
	    S("silent"));
	CHECK(last.cancel_id.p == NULL);
}

TEST(other_notifications_are_silent)
{
	CHECK_STR(line("{'jsonrpc':'2.0','method':'notifications/whatever'}"),
	    S("silent"));
}

/* ---- outside the protocol ---- */

static struct str
direct(struct str name, const char *args, enum err *err, struct fail *f)
{
	static struct arena a, long_lived;
	static struct fake_sys sys;
	struct mcp_message m = { .arena = &a, .sys = &sys.sys };
	struct json *v = NULL;
	struct mcp *mcp;

	arena_free(&a);
	arena_free(&long_lived);
	arena_init(&a, CAP);
	arena_init(&long_lived, CAP);
	fake_sys_init(&sys);
	fail_init(f, &a);
	if (mcp_new(&mcp, &everything, &long_lived, f) != ERR_OK ||
	    (args != NULL && json_parse(&a, q(args), 0, &v, f) != ERR_OK)) {
		return S("broken test");
	}
	*err = mcp_call_tool(mcp, &m, name, v, f);
	fake_sys_free(&sys);
	return m.reply;
}

TEST(a_tool_can_be_called_without_an_envelope)
{
	struct fail f;
	enum err err;

	CHECK_STR(direct(S("echo"), "{'text':'x'}", &err, &f), q("{'content':["
	    "{'type':'text','text':'{\\'text\\':\\'x\\',\\'n\\':7}'}],"
	    "'structuredContent':{'text':'x','n':7}}"));
	CHECK(err == ERR_OK);
	CHECK(has(direct(S("echo"), NULL, &err, &f), "'isError':true"));
	CHECK(direct(S("ecko"), NULL, &err, &f).p == NULL);
	CHECK(err == ERR_RPC_PARAMS);
	CHECK_STR(fail_text(&f), S("unknown tool \"ecko\"; did you mean "
	    "\"echo\"?"));
	CHECK(direct(S("echo"), "[]", &err, &f).p == NULL);
	CHECK(err == ERR_RPC_PARAMS);
}

/* ---- memory ---- */

static bool
sweep(struct arena *a, void *ctx)
{
	static struct arena long_lived;
	struct fake_sys sys;
	struct mcp *mcp;
	struct fail f;
	struct mcp_message m = { .arena = a, .sys = &sys.sys,
	    .body = q(ctx) };

	arena_free(&long_lived);
	arena_init(&long_lived, CAP);
	fake_sys_init(&sys);
	if (mcp_new(&mcp, &everything, &long_lived, &f) == ERR_OK &&
	    mcp_begin(mcp, &m) == MCP_DEFER) {
		mcp_run(mcp, &m);
	}
	fake_sys_free(&sys);
	if (m.reply.p == NULL) {
		abort(); /* a reply is always left */
	}
	return !a->failed;
}

TEST(every_failing_allocation_still_leaves_a_reply)
{
	static char *const bodies[] = {
		REQ("tools/call", "'name':'echo','arguments':{'text':'\\n'}"),
		REQ("tools/call", "'name':'slow'"),
		REQ("tools/call", "'name':'echo','arguments':{'x':1}"),
		REQ("tools/list", ""),
		REQ("prompts/get", "'name':'greet','arguments':{'who':'x'}"),
		REQ("resources/read", "'uri':'t://x/%20/data'"),
		REQ("completion/complete", "'ref':{'type':'ref/resource','uri'"
		    ":'t://x/{id}/data'},'argument':{'name':'id','value':''}"),
		REQ("nope", ""),
		"[" PING("1") "," PING("2") "]",
		"{'x'",
	};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		CHECK(test_fail_sweep(sweep, bodies[i], CAP) > 1);
	}
}

static bool
sweep_new(struct arena *a, void *ctx)
{
	struct mcp *mcp;
	struct fail f;

	(void)ctx;
	fail_init(&f, NULL);
	return mcp_new(&mcp, &everything, a, &f) == ERR_OK;
}

TEST(an_engine_without_memory_is_an_orderly_error)
{
	CHECK(test_fail_sweep(sweep_new, NULL, CAP) > 5);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine: reads a message, lets the era and the method decide, and writes
 * the reply.
 *
 * A message becomes one item; a legacy batch becomes several. Items are routed
 * (era, method) and prepared (parameters) on the loop thread. If any of them
 * would wait, the whole message goes to a worker; else it is answered at once.
 * Whatever goes wrong, one of two replies always exists: an error that echoes
 * the id, or, when not even that fits into memory, a constant one.
 */
#include "mcp/mcp.h"

#include "base/limits.h"
#include "mcp/args.h"
#include "mcp/engine.h"
#include "mcp/list.h"
#include "mcp/method.h"

/* ---- replies ---- */

/* see engine.h */
void
mcp_begin_members(const struct mcp_item *item, struct json_writer *w,
    struct str result_type)
{
	json_begin_object(w);
	if (item->era.modern) {
		json_put_string(w, S("resultType"), result_type.p != NULL ?
		    result_type : S("complete"));
	}
}

/* see engine.h */
void
mcp_end_members(const struct mcp *mcp, const struct mcp_item *item,
    struct json_writer *w, int64_t ttl_ms)
{
	if (item->era.modern) {
		if (ttl_ms >= 0) {
			json_put_integer(w, S("ttlMs"), ttl_ms);
			json_put_string(w, S("cacheScope"), S("private"));
		}
		json_put_raw(w, S("_meta"), mcp->meta);
	}
	json_end_object(w);
}

/* The HTTP status of an error reply. The modern era maps some codes to 4xx;
 * what goes wrong behind the method is 200 in both, because clients take 5xx
 * for a broken connection. */
static int
status_of(const struct mcp_item *item, enum err code)
{
	if (item->rpc.kind != JSONRPC_REQUEST) {
		return err_http(code);
	}
	switch (code) {
	case ERR_RPC_METHOD:
		return item->era.modern ? 404 : 200;
	case ERR_RPC_INVALID:
	case ERR_MCP_META:
	case ERR_MCP_HEADER:
	case ERR_MCP_VERSION:
	case ERR_MCP_CAPABILITY:
		return 400;
	default:
		return 200;
	}
}

/* The JSON-RPC code. Once a request was read, what does not parse or is too
 * large is not the client's message but a handler's input or result. */
static int
code_of(const struct mcp_item *item, enum err code)
{
	int rpc = err_rpc(code);

	return item->rpc.kind == JSONRPC_REQUEST &&
	    (rpc == -32700 || code == ERR_LIMIT) ? -32603 : rpc;
}

/* The member `data` of errors that have one. */
static void
put_error_data(const struct mcp_item *item, struct json_writer *w)
{
	bool missing = item->missing_uri.p != NULL;

	if (item->fail.code != ERR_MCP_VERSION &&
	    item->fail.code != ERR_MCP_CAPABILITY && !missing) {
		return;
	}
	json_key(w, S("data"));
	json_begin_object(w);
	if (item->fail.code == ERR_MCP_VERSION) {
		json_put_raw(w, S("supported"), S("[\"" ERA_MODERN "\"]"));
		json_put_string(w, S("requested"), item->era.version);
	} else if (item->fail.code == ERR_MCP_CAPABILITY) {
		MUST(item->tool != NULL); /* only tools need some */
		json_key(w, S("requiredCapabilities"));
		json_begin_object(w);
		json_put_raw(w, item->tool->needs, S("{}"));
		json_end_object(w);
	} else {
		json_put_string(w, S("uri"), item->missing_uri);
	}
	json_end_object(w);
}

/* Errors in the message itself say where: the position is worth as much as
 * the sentence. */
static struct str
error_text(struct mcp_item *item)
{
	struct fail *f = &item->fail;
	bool parse = code_of(item, f->code) == -32700;
	struct buf b;

	if (!parse && (f->code != ERR_RPC_INVALID || f->pos == 0)) {
		return fail_text(f);
	}
	b = buf_in(item->m->arena, FAIL_TEXT_MAX);
	buf_addf(&b, parse ? "parse error at byte %u: %s" :
	    "invalid request at byte %u: %s", (uint64_t)f->pos, fail_text(f));
	return buf_ok(&b) ? buf_str(&b) : fail_text(f);
}

static void
write_refusal(struct mcp_item *item, struct json_writer *w)
{
	item->m->log.code = item->fail.code;
	jsonrpc_begin_error(w, item->rpc.id, code_of(item, item->fail.code),
	    error_text(item));
	put_error_data(item, w);
	jsonrpc_end_error(w);
}

/* Writes the response of one item, if it gets one. */
static void
answer(const struct mcp *mcp, struct mcp_item *item, struct json_writer *w)
{
	struct json_writer before = *w;
	size_t before_len = w->b->len;
	enum err err;

	if (item->fail.code != ERR_OK) {
		write_refusal(item, w);
		return;
	}
	if (item->method == NULL) {
		return;
	}
	jsonrpc_begin_result(w, item->rpc.id);
	err = item->method->write(mcp, item, w);
	if (err == ERR_OK && buf_ok(w->b)) {
		jsonrpc_end(w);
		return;
	}
	/* Start again with the reason. */
	(void)fail_set(&item->fail, err != ERR_OK ? err :
	    item->m->arena->failed ? ERR_NOMEM : ERR_LIMIT, 0, STR_NONE);
	*w = before;
	buf_cut(w->b, before_len);
	w->b->failed = false;
	write_refusal(item, w);
}

/* The same for one of a batch, whose calls share the message's log. */
static void
answer_each(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	struct mcp_log *l = &item->m->log;

	l->code = ERR_OK;
	l->region = l->account = STR_NONE;
	l->tool = item->tool != NULL ? item->tool->name :
	    item->complete != NULL && item->deferred ? item->method->name :
	    STR_NONE;
	answer(mcp, item, w);
	if (l->tool.p != NULL && item->m->each != NULL) {
		item->m->each(item->m);
	}
}

/* Makes the reply out of the items. */
static void
reply(const struct mcp *mcp, struct mcp_message *m)
{
	struct buf b = buf_in(m->arena, MCP_REPLY_MAX);
	struct json_writer w = json_writer(&b);
	size_t empty_len;

	if (m->batch) {
		json_begin_array(&w);
	}
	empty_len = b.len;
	for (size_t i = 0; i < m->item_n; i++) {
		if (m->batch) {
			answer_each(mcp, &m->items[i], &w);
		} else {
			answer(mcp, &m->items[i], &w);
		}
	}
	m->http_status = 200;
	if (b.len == empty_len && buf_ok(&b)) {
		m->http_status = 202; /* notifications and responses only */
		return;
	}
	if (m->batch) {
		json_end_array(&w);
	} else if (m->items[0].fail.code != ERR_OK) {
		m->http_status = status_of(&m->items[0],
		    m->items[0].fail.code);
	}
	m->reply = buf_str(&b);
	m->reply_buf = b;
	if (!buf_ok(&b)) {
		m->log.code = ERR_NOMEM;
		m->reply = S("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,"
		    "\"message\":\"the memory allowed for one request is used "
		    "up\"}}");
	}
	m->log.reply_len = m->reply.len;
}

/* ---- routing ---- */

/* A context in the message is nearer to the caller than the header's, which a
 * proxy may have put there. */
static void
take_trace(struct mcp_item *item)
{
	struct trace trace;

	if (trace_parse(json_get_str(item->era.meta, S("traceparent"),
	    STR_NONE), json_get_str(item->era.meta, S("tracestate"),
	    STR_NONE), &trace)) {
		item->m->trace = trace;
	}
}

/* Era, method, parameters. Afterwards the item is refused (fail), has nothing
 * to say (no method), or can be answered. */
static void
route(const struct mcp *mcp, struct mcp_item *item)
{
	struct mcp_message *m = item->m;

	if (item->rpc.kind == JSONRPC_RESPONSE) {
		return; /* we ask clients nothing, so it answers nothing */
	}
	if (era_check(m, &item->rpc, &item->era, &item->fail) != ERR_OK) {
		return;
	}
	m->log.method = item->rpc.method;
	m->log.modern = item->era.modern;
	take_trace(item);
	if (item->rpc.kind == JSONRPC_NOTIFICATION) {
		return;
	}
	item->method = method_find(mcp, item->rpc.method, item->era.modern);
	if (item->method == NULL) {
		(void)fail_setf(&item->fail, ERR_RPC_METHOD,
		    "method \"%s\" not found", args_short(item->rpc.method));
	} else if (m->batch && str_eq(item->rpc.method, S("initialize"))) {
		(void)fail_set(&item->fail, ERR_RPC_INVALID,
		    item->rpc.tree->pos,
		    S("initialize cannot be part of a batch"));
	} else if (item->method->prepare != NULL) {
		enum err err = item->method->prepare(mcp, item);

		(void)fail_set(&item->fail, err, 0, STR_NONE);
	}
	item->deferred = item->deferred && item->fail.code == ERR_OK;
}

/* notifications/cancelled on stdio and lasting streams. Over HTTP nobody's id
 * is his own, and a call is cancelled by closing it. */
static void
take_cancel(struct mcp_message *m, const struct jsonrpc *rpc)
{
	const struct json *id = json_get(rpc->params, S("requestId"));

	if (m->front != MCP_HTTP && rpc->kind == JSONRPC_NOTIFICATION &&
	    str_eq(rpc->method, S("notifications/cancelled")) &&
	    jsonrpc_id_ok(id)) {
		m->cancel_id = json_raw_text(m->body, id);
	}
}

static struct mcp_item *
new_items(struct mcp_message *m, size_t n)
{
	struct mcp_item *items = ARENA_ARRAY(m->arena, n, struct mcp_item);

	for (size_t i = 0; items != NULL && i < n; i++) {
		items[i].m = m;
		fail_init(&items[i].fail, m->arena);
	}
	return items;
}

/* Splits a batch into items; f tells why it is refused as a whole. */
static enum err
split_batch(struct mcp_message *m, const struct jsonrpc *batch,
    struct fail *f)
{
	const struct json *v = batch->tree->child;
	enum err err = ERR_OK;

	if (batch->tree->n > MCP_BATCH_MAX_N) {
		return fail_setf(f, ERR_RPC_INVALID,
		    "a batch has at most %u messages",
		    (uint64_t)MCP_BATCH_MAX_N);
	}
	m->items = new_items(m, batch->tree->n);
	if (m->items == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	m->batch = true;
	for (; v != NULL; v = v->next) {
		struct mcp_item *item = &m->items[m->item_n++];

		/* A message that is not one is answered in its place. */
		(void)!jsonrpc_classify(m->body, v, &item->rpc, &item->fail);
		if (era_is_claimed(&item->rpc)) {
			err = fail_set(f, ERR_RPC_INVALID, v->pos,
			    S("protocol version " ERA_MODERN " has no batches"
			    ));
		}
		take_cancel(m, &item->rpc);
	}
	return err != ERR_OK ? err : era_check_batch(m, f);
}

/* Reads m->body into items; on error there is one refused item, or none when
 * there is no memory even for that. */
static void
read_items(struct mcp_message *m)
{
	struct jsonrpc rpc;
	struct fail f;
	enum err err;

	fail_init(&f, m->arena);
	err = jsonrpc_read(m->arena, m->body, &rpc, &f);
	if (err == ERR_OK && rpc.kind == JSONRPC_BATCH) {
		err = split_batch(m, &rpc, &f);
		if (err == ERR_OK) {
			return;
		}
		m->batch = false;
		m->cancel_id = STR_NONE;
		rpc.kind = JSONRPC_INVALID;
	}
	m->items = new_items(m, 1);
	m->item_n = m->items != NULL;
	if (m->items == NULL) {
		return;
	}
	m->items[0].rpc = rpc;
	if (err != ERR_OK) {
		m->items[0].fail = f;
		m->items[0].fail.code = err;
	} else {
		take_cancel(m, &rpc);
	}
}

static bool
is_blank(struct str line)
{
	return str_trim_ws(line).len == 0;
}

static enum mcp_verdict
begin(const struct mcp *mcp, struct mcp_message *m)
{
	bool deferred = false;

	if (m->front == MCP_STDIO && is_blank(m->body)) {
		m->http_status = 202;
		return MCP_DONE;
	}
	read_items(m);
	for (size_t i = 0; i < m->item_n; i++) {
		if (m->items[i].fail.code == ERR_OK) {
			route(mcp, &m->items[i]);
		}
		deferred = deferred || m->items[i].deferred;
	}
	if (m->item_n == 0) {
		m->http_status = 503;
		m->log.code = ERR_NOMEM;
		m->reply = S("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,"
		    "\"message\":\"the memory allowed for one request is used "
		    "up\"}}");
		return MCP_DONE;
	}
	if (deferred) {
		m->rpc_id = m->batch ? STR_NONE : m->items[0].rpc.id;
		m->survives_close = !m->items[0].era.modern;
		return MCP_DEFER;
	}
	reply(mcp, m);
	return MCP_DONE;
}

/* ---- the interface ---- */

/* see mcp.h */
enum err
mcp_new(struct mcp **out, const struct mcp_config *config, struct arena *a,
    struct fail *f)
{
	struct mcp *mcp = ARENA_NEW(a, struct mcp);

	if (mcp == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	mcp->config = *config;
	*out = mcp;
	return list_render(mcp, a, f);
}

/* see mcp.h */
enum mcp_verdict
mcp_begin(const struct mcp *mcp, struct mcp_message *m)
{
	int64_t start_ms = m->sys->mono_ms(m->sys->ctx);
	enum mcp_verdict verdict = begin(mcp, m);

	m->log.duration_ms = m->sys->mono_ms(m->sys->ctx) - start_ms;
	return verdict;
}

/* see mcp.h */
void
mcp_run(const struct mcp *mcp, struct mcp_message *m)
{
	int64_t start_ms = m->sys->mono_ms(m->sys->ctx);

	reply(mcp, m);
	m->log.duration_ms = m->sys->mono_ms(m->sys->ctx) - start_ms;
}

/* see mcp.h */
struct str
mcp_tools_json(const struct mcp *mcp, const struct mcp_gate *gate,
    struct arena *a)
{
	struct buf b;
	struct json_writer w;

	if (gate == NULL || gate->offers == NULL) {
		return mcp->lists[ENGINE_TOOLS][0];
	}
	b = buf_in(a, MCP_LIST_MAX);
	w = json_writer(&b);
	list_tools(mcp, gate, false, &w);
	return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* see mcp.h */
const struct mcp_config *
mcp_config(const struct mcp *mcp)
{
	return &mcp->config;
}

/* see mcp.h */
enum err
mcp_call_tool(const struct mcp *mcp, struct mcp_message *m, struct str name,
    const struct json *arguments, struct fail *f)
{
	const struct method *method = method_find(mcp, S("tools/call"), false);
	struct json members[2] = {
		{ .type = JSON_STRING, .key = S("name"), .text = name },
		{ .type = JSON_OBJECT },
	};
	struct json params = { .type = JSON_OBJECT, .child = members, .n = 1 };
	struct buf b = buf_in(m->arena, MCP_REPLY_MAX);
	struct json_writer w = json_writer(&b);
	enum err err = ERR_NOMEM;

	if (method == NULL) {
		return fail_set(f, ERR_RPC_METHOD, 0, STR_NONE);
	}
	if (arguments != NULL) {
		members[1] = *arguments;
		members[1].key = S("arguments");
		members[1].next = NULL;
		members[0].next = &members[1];
		params.n = 2;
	}
	m->items = new_items(m, 1);
	if (m->items != NULL) {
		m->item_n = 1;
		m->items[0].rpc.params = &params;
		err = method->prepare(mcp, &m->items[0]);
		if (m->emit != NULL) {
			m->items[0].progress_token = S("0");
		}
		if (err == ERR_OK) {
			err = method->write(mcp, &m->items[0], &w);
		}
		if (err != ERR_OK) {
			*f = m->items[0].fail;
		} else if (!buf_ok(&b)) {
			err = ERR_NOMEM;
		}
		m->items[0].rpc.params = NULL; /* it was on this stack */
	}
	if (err != ERR_OK) {
		m->log.code = err;
		return fail_set(f, err, 0, STR_NONE);
	}
	m->http_status = 200;
	m->reply = buf_str(&b);
	m->log.method = S("tools/call");
	m->log.reply_len = m->reply.len;
	return ERR_OK;
}

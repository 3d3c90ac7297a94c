/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/call, and the notes that a running call sends.
 *
 * Two kinds of failure are kept apart. What the protocol forbids (no name, an
 * unknown tool, arguments that are not an object) is a JSON-RPC error. What a
 * model can mend (a wrong argument, an AWS error, too large a result) is a
 * result with isError and a sentence, because models see results, not errors.
 */
#include "mcp/call.h"

#include "base/limits.h"
#include "base/meter.h"
#include "mcp/args.h"

/* ---- notes to the client ---- */

/* One notification being made; it lives on the stack of the call. */
struct note {
	struct buf b;
	struct json_writer w;
	char text[MCP_NOTE_MAX];
};

static void
note_begin(struct note *n, struct str method)
{
	n->b = buf_fixed(n->text, sizeof(n->text));
	n->w = json_writer(&n->b);
	jsonrpc_begin_notification(&n->w, method);
	json_begin_object(&n->w);
}

/* A note that does not fit is dropped: it is a courtesy. */
static void
note_send(struct note *n, struct mcp_message *m)
{
	json_end_object(&n->w);
	jsonrpc_end(&n->w);
	if (buf_ok(&n->b)) {
		(void)m->emit(m, buf_str(&n->b));
	}
}

static void
progress(struct call *c, double done, double total, struct str message)
{
	struct mcp_item *item = c->progress_ctx;
	struct note n;

	if (item->progress_token.p == NULL || item->m->emit == NULL ||
	    sys_cancelled(c->cancel)) {
		return;
	}
	/* The protocol wants each value greater than the one before. */
	if (item->progress_begun && !(done > item->progress_last)) {
		return;
	}
	item->progress_begun = true;
	item->progress_last = done;
	note_begin(&n, S("notifications/progress"));
	json_put_raw(&n.w, S("progressToken"), item->progress_token);
	json_put_double(&n.w, S("progress"), done);
	if (total > 0) {
		json_put_double(&n.w, S("total"), total);
	}
	if (message.len > 0) {
		json_put_string(&n.w, S("message"), message);
	}
	note_send(&n, item->m);
}

static void
tell(struct call *c, enum tool_level level, struct str text)
{
	struct mcp_item *item = c->progress_ctx;
	struct note n;

	if (!item->log_on || level < item->log_level ||
	    item->m->emit == NULL || sys_cancelled(c->cancel)) {
		return;
	}
	note_begin(&n, S("notifications/message"));
	json_put_string(&n.w, S("level"), era_level_name(level));
	json_put_string(&n.w, S("data"), text);
	note_send(&n, item->m);
}

/* see call.h */
void
call_wishes(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *token = json_get(item->era.meta,
	    S("progressToken"));
	const struct mcp_session *session = item->m->session;

	if (jsonrpc_id_ok(token)) {
		item->progress_token = json_raw_text(item->m->body, token);
	}
	if ((mcp->config.flags & MCP_LOGGING) == 0) {
		return;
	}
	if (item->era.modern) {
		/* Without a level in this request nothing may be sent. */
		item->log_on = era_level(json_str(json_get(item->era.meta,
		    S(ERA_META "logLevel"))), &item->log_level);
	} else {
		item->log_on = true;
		item->log_level = session != NULL && session->level_set ?
		    session->level : TOOL_INFO;
	}
}

/* see call.h */
void
call_init(const struct mcp *mcp, struct call *c, struct mcp_item *item,
    struct json_writer *out)
{
	struct mcp_message *m = item->m;

	*c = (struct call){
		.tool = item->tool,
		.sys = m->sys,
		.aws = m->aws,
		.aws_caller = m->aws_caller,
		.number = m->number,
		.trace = &m->trace,
		.arena = m->arena,
		.args = item->args,
		.out = out,
		.fail = &item->fail,
		.deadline_ms = m->deadline_ms,
		.cancel = m->cancel,
		.progress = progress,
		.progress_ctx = item,
		.log = tell,
		.params = item->rpc.params,
		.tools = mcp->config.tools,
		.tool_n = mcp->config.tool_n,
	};
}

/* see call.h */
void
call_account(struct mcp_item *item, const struct call *c)
{
	item->m->log.aws_calls += c->aws_calls;
	if (c->region.p != NULL) {
		item->m->log.region = c->region;
	}
	if (c->account.p != NULL) {
		item->m->log.account = c->account;
	}
}

/* ---- tools/call ---- */

static enum err
unknown_tool(const struct mcp *mcp, struct mcp_item *item, struct str name)
{
	struct str near = tool_nearest(mcp->config.tools, mcp->config.tool_n,
	    name);

	if (near.p == NULL) {
		return fail_setf(&item->fail, ERR_RPC_PARAMS,
		    "unknown tool \"%s\"; tools/list names those there are",
		    args_short(name));
	}
	return fail_setf(&item->fail, ERR_RPC_PARAMS,
	    "unknown tool \"%s\"; did you mean \"%s\"?", args_short(name),
	    near);
}

/* Ladder step 7 from the client's capabilities on. */
static enum err
check_client(struct mcp_item *item, const struct json *arguments)
{
	const struct tool *t = item->tool;

	if (!item->era.modern) {
		return ERR_OK;
	}
	if (t->needs.p != NULL && json_get_set(json_get(item->era.meta,
	    S(ERA_META "clientCapabilities")), t->needs) == NULL) {
		return fail_setf(&item->fail, ERR_MCP_CAPABILITY, "the tool "
		    "\"%s\" needs the client capability \"%s\"", t->name,
		    t->needs);
	}
	return item->m->front == MCP_HTTP ?
	    era_check_params(item->m, t, arguments, &item->fail) : ERR_OK;
}

/* Whether the tool is there for this caller; the call is counted. */
static enum err
check_gate(struct mcp_item *item)
{
	const struct mcp_gate *gate = item->m->gate;

	if (gate == NULL) {
		return ERR_OK;
	}
	if (gate->offers != NULL && !gate->offers(gate->ctx, item->tool)) {
		return fail_setf(&item->fail, ERR_RPC_PARAMS, "the tool "
		    "\"%s\" is not one that this caller may use; tools/list "
		    "names those", item->tool->name);
	}
	return gate->admit(gate->ctx, item->tool, &item->bad_args);
}

/* see call.h */
enum err
call_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *name = json_get(item->rpc.params, S("name"));
	const struct json *arguments = json_get_set(item->rpc.params,
	    S("arguments"));
	enum err err;

	if (!json_is(name, JSON_STRING)) {
		return fail_set(&item->fail, ERR_RPC_PARAMS, 0,
		    S("params.name must be a string, the name of a tool"));
	}
	if (arguments != NULL && arguments->type != JSON_OBJECT) {
		return fail_set(&item->fail, ERR_RPC_PARAMS, arguments->pos,
		    S("params.arguments must be an object"));
	}
	item->tool = tool_find(mcp->config.tools, mcp->config.tool_n,
	    name->text);
	if (item->tool == NULL) {
		return unknown_tool(mcp, item, name->text);
	}
	item->m->log.tool = item->tool->name;
	err = check_client(item, arguments);
	if (err != ERR_OK) {
		return err;
	}
	fail_init(&item->bad_args, item->m->arena);
	err = check_gate(item);
	if (err != ERR_OK) {
		return item->bad_args.code == ERR_OK ? err : ERR_OK;
	}
	call_wishes(mcp, item);
	if (item->tool->input_schema.p != NULL && item->tool->param_n == 0) {
		/* A schema of its own: the handler looks for itself. */
		item->args = arguments;
		item->deferred = (item->tool->flags & TOOL_LOCAL) == 0;
		return ERR_OK;
	}
	err = args_check(item->m->arena, item->tool->params,
	    item->tool->param_n, arguments, &item->args, &item->bad_args);
	if (err == ERR_NOMEM) {
		return fail_set(&item->fail, err, 0, STR_NONE);
	}
	item->deferred = err == ERR_OK &&
	    (item->tool->flags & TOOL_LOCAL) == 0;
	return ERR_OK;
}

/* Writes a content block of text. */
static void
put_text(struct json_writer *w, struct str text)
{
	json_key(w, S("content"));
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, S("type"), S("text"));
	json_put_string(w, S("text"), text);
	json_end_object(w);
	json_end_array(w);
}

static void
write_error(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w, const struct fail *f)
{
	item->ended = f->code;
	item->m->log.tool_error = true;
	item->m->log.code = f->code;
	mcp_begin_members(item, w, STR_NONE);
	put_text(w, fail_text(f));
	json_put_boolean(w, S("isError"), true);
	mcp_end_members(mcp, item, w, -1);
}

/* A result that did not fit: say so, and what would help. */
static enum err
too_large(struct mcp_item *item)
{
	if (item->m->arena->failed) {
		return fail_set(&item->fail, ERR_NOMEM, 0, S("the result needs "
		    "more memory than one call may use; ask for a shorter time "
		    "range, fewer items or fewer fields"));
	}
	return fail_setf(&item->fail, ERR_LIMIT, "the result is larger than "
	    "%u bytes; ask for a shorter time range, fewer items or fewer "
	    "fields", (uint64_t)MCP_RESULT_MAX);
}

/* What a handler leaves in its arena and is needed after it. */
static void
keep_words(struct mcp_item *item, struct call *c)
{
	struct arena *a = item->m->arena;

	if (item->fail.what.p != NULL) {
		item->fail.what = str_dup(a, item->fail.what);
	}
	if (c->region.p != NULL) {
		c->region = str_dup(a, c->region);
	}
	if (c->account.p != NULL) {
		c->account = str_dup(a, c->account);
	}
	if (c->result_type.p != NULL) {
		c->result_type = str_dup(a, c->result_type);
	}
}

static enum err
write_result(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	struct buf out = buf_in(item->m->arena, MCP_RESULT_MAX);
	struct json_writer out_w = json_writer(&out);
	struct arena work;
	struct call c;
	enum err err;

	if (item->bad_args.code != ERR_OK) {
		write_error(mcp, item, w, &item->bad_args);
		return ERR_OK;
	}
	call_init(mcp, &c, item, &out_w);
	arena_child(&work, item->m->arena);
	if (item->deferred) {
		/* AWS's answers and their trees, which may be large, go before
		 * the reply is made of the result. */
		c.arena = &work;
	}
	err = item->tool->run(&c);
	keep_words(item, &c);
	arena_free(&work);
	call_account(item, &c);
	if (err == ERR_OK && !buf_ok(&out)) {
		err = too_large(item);
	}
	if (err == ERR_RPC_PARAMS) {
		/* The handler refuses the request as such. */
		return fail_set(&item->fail, err, 0, STR_NONE);
	}
	if (err != ERR_OK) {
		(void)fail_set(&item->fail, err, 0, STR_NONE);
		write_error(mcp, item, w, &item->fail);
		fail_clear(&item->fail);
		return ERR_OK;
	}
	/* The handler wrote exactly one object. */
	MUST(out_w.depth == 0 && out.len >= 2 && out.p[0] == '{');
	mcp_begin_members(item, w, c.result_type);
	if ((item->tool->flags & TOOL_RAW_RESULT) != 0) {
		json_members(w, buf_str(&out));
	} else {
		put_text(w, buf_str(&out));
		json_put_raw(w, S("structuredContent"), buf_str(&out));
	}
	mcp_end_members(mcp, item, w, -1);
	return ERR_OK;
}

/* One more call of the tool. */
static void
count(const struct mcp *mcp, const struct mcp_item *item, enum err err,
    int64_t ms)
{
	struct meter *m = item->m->meter;
	size_t i = 0;

	while (i < mcp->config.tool_n && mcp->config.tools[i] != item->tool) {
		i++;
	}
	if (i < METER_TOOL_N) {
		meter_add(&m->tools[i].outcomes[meter_outcome(err)]);
		meter_time(&m->tools[i].times, ms);
	}
}

/* see call.h */
enum err
call_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	const struct sys *sys = item->m->sys;
	int64_t start_ms;
	enum err err;

	if (item->m->meter == NULL) {
		return write_result(mcp, item, w);
	}
	start_ms = sys->mono_ms(sys->ctx);
	err = write_result(mcp, item, w);
	count(mcp, item, err != ERR_OK ? err : item->ended,
	    sys->mono_ms(sys->ctx) - start_ms);
	return err;
}

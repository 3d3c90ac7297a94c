/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each method's checks and its result, except tools/call (call.c). Lists are
 * served whole, in one page, so any cursor but an empty one is not ours.
 */
#include "mcp/method.h"

#include "base/limits.h"
#include "mcp/args.h"
#include "mcp/call.h"
#include "mcp/list.h"

static enum err
bad_params(struct mcp_item *item, struct str what)
{
	return fail_set(&item->fail, ERR_RPC_PARAMS, 0, what);
}

/* ---- handshake and lists ---- */

static enum err
initialize_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *v = json_get(item->rpc.params,
	    S("protocolVersion"));
	struct mcp_session *session = item->m->session;

	(void)mcp;
	if (!json_is(v, JSON_STRING)) {
		return bad_params(item,
		    S("params.protocolVersion must be a string"));
	}
	item->value = era_is_legacy_version(v->text) ? v->text :
	    S(ERA_LEGACY_LATEST);
	if (session != NULL) {
		*session = (struct mcp_session){
			.batches = str_eq(item->value, S(ERA_BATCHES)) };
	}
	return ERR_OK;
}

static enum err
initialize_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	json_begin_object(w);
	json_put_string(w, S("protocolVersion"), item->value);
	json_members(w, mcp->handshake);
	json_end_object(w);
	return ERR_OK;
}

static enum err
discover_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	(void)item;
	json_raw(w, mcp->discover);
	return ERR_OK;
}

/* ping, setLevel, subscribe: done when they are understood. */
static enum err
empty_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	(void)mcp;
	(void)item;
	json_raw(w, S("{}"));
	return ERR_OK;
}

static enum err
list_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *cursor = json_get_set(item->rpc.params,
	    S("cursor"));

	(void)mcp;
	if (cursor != NULL &&
	    (cursor->type != JSON_STRING || cursor->text.len > 0)) {
		return bad_params(item, S("params.cursor is not one of ours: "
		    "this list has one page"));
	}
	return ERR_OK;
}

static enum err
list_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	if (item->method->list == ENGINE_TOOLS) {
		list_tools(mcp, item->m->gate, item->era.modern, w);
	} else {
		json_raw(w, mcp->lists[item->method->list][item->era.modern]);
	}
	return ERR_OK;
}

/* ---- logging and subscriptions ---- */

static enum err
set_level_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	struct mcp_session *session = item->m->session;
	enum tool_level level;

	(void)mcp;
	if (!era_level(json_str(json_get(item->rpc.params, S("level"))),
	    &level)) {
		return bad_params(item, S("params.level must be one of debug, "
		    "info, notice, warning, error, critical, alert, emergency"
		    ));
	}
	if (session != NULL) {
		session->level_set = true;
		session->level = level;
	}
	return ERR_OK;
}

static enum err
not_found(struct mcp_item *item, struct str uri)
{
	item->missing_uri = uri;
	return fail_setf(&item->fail, item->era.modern ? ERR_RPC_PARAMS :
	    ERR_MCP_RESOURCE, "there is no resource \"%s\"", args_short(uri));
}

/* Finds what serves a URI; false: nothing does. */
static bool
find_resource(const struct mcp *mcp, struct mcp_item *item, struct str uri)
{
	const struct mcp_config *c = &mcp->config;

	for (size_t i = 0; i < c->resource_n; i++) {
		if (str_eq(c->resources[i].uri, uri)) {
			item->match = (struct resource_match){ .uri = uri };
			item->read = c->resources[i].read;
			item->mime_type = c->resources[i].mime_type;
			item->deferred = !c->resources[i].local;
			return true;
		}
	}
	for (size_t i = 0; i < c->template_n; i++) {
		if (resource_template_match(item->m->arena,
		    c->templates[i].uri_template, uri, &item->match)) {
			item->read = c->templates[i].read;
			item->mime_type = c->templates[i].mime_type;
			item->deferred = !c->templates[i].local;
			return true;
		}
	}
	return false;
}

static enum err
subscribe_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *uri = json_get(item->rpc.params, S("uri"));

	if (!json_is(uri, JSON_STRING)) {
		return bad_params(item, S("params.uri must be a string"));
	}
	if (!find_resource(mcp, item, uri->text)) {
		return not_found(item, uri->text);
	}
	item->deferred = false;
	return ERR_OK;
}

/* ---- resources/read ---- */

static enum err
read_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *uri = json_get(item->rpc.params, S("uri"));

	if (!json_is(uri, JSON_STRING)) {
		return bad_params(item, S("params.uri must be a string"));
	}
	if (!find_resource(mcp, item, uri->text)) {
		return not_found(item, uri->text);
	}
	call_wishes(mcp, item);
	return ERR_OK;
}

static enum err
read_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	struct call c;
	enum err err;

	call_init(mcp, &c, item, w);
	mcp_begin_members(item, w, STR_NONE);
	json_key(w, S("contents"));
	json_begin_array(w);
	json_begin_object(w);
	json_put_string(w, S("uri"), item->match.uri);
	if (item->mime_type.len > 0) {
		json_put_string(w, S("mimeType"), item->mime_type);
	}
	err = item->read(&c, &item->match);
	call_account(item, &c);
	if (err == ERR_MCP_RESOURCE) {
		fail_clear(&item->fail);
		return not_found(item, item->match.uri);
	}
	if (err != ERR_OK) {
		return fail_set(&item->fail, err, 0, STR_NONE);
	}
	json_end_object(w);
	json_end_array(w);
	/* What was read may depend on who reads: never for shared caches. */
	mcp_end_members(mcp, item, w, 0);
	return ERR_OK;
}

/* ---- prompts/get ---- */

static enum err
get_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	const struct mcp_config *c = &mcp->config;
	const struct json *name = json_get(item->rpc.params, S("name"));
	const struct json *arguments = json_get_set(item->rpc.params,
	    S("arguments"));
	enum err err;

	if (!json_is(name, JSON_STRING)) {
		return bad_params(item, S("params.name must be a string, the "
		    "name of a prompt"));
	}
	if (arguments != NULL && arguments->type != JSON_OBJECT) {
		return bad_params(item,
		    S("params.arguments must be an object"));
	}
	item->prompt = prompt_find(c->prompts, c->prompt_n, name->text);
	if (item->prompt == NULL) {
		struct str near = prompt_nearest(c->prompts, c->prompt_n,
		    name->text);

		return fail_setf(&item->fail, ERR_RPC_PARAMS, near.p == NULL ?
		    "unknown prompt \"%s\"" :
		    "unknown prompt \"%s\"; did you mean \"%s\"?",
		    args_short(name->text), near);
	}
	err = args_check(item->m->arena, item->prompt->args,
	    item->prompt->arg_n, arguments, &item->args, &item->fail);
	if (err == ERR_OK) {
		call_wishes(mcp, item);
		item->deferred = !item->prompt->local;
	}
	return err;
}

static enum err
get_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	struct buf out = buf_in(item->m->arena, MCP_RESULT_MAX);
	struct json_writer out_w = json_writer(&out);
	struct call c;
	enum err err;

	call_init(mcp, &c, item, &out_w);
	if (!item->prompt->raw) {
		json_begin_array(&out_w);
	}
	err = item->prompt->get(&c);
	call_account(item, &c);
	if (err == ERR_OK && !buf_ok(&out)) {
		err = ERR_LIMIT;
	}
	if (err != ERR_OK) {
		return fail_set(&item->fail, err, 0, STR_NONE);
	}
	mcp_begin_members(item, w, c.result_type);
	if (item->prompt->raw) {
		json_members(w, buf_str(&out));
	} else {
		json_end_array(&out_w);
		if (item->prompt->description.len > 0) {
			json_put_string(w, S("description"),
			    item->prompt->description);
		}
		json_put_raw(w, S("messages"), buf_str(&out));
	}
	mcp_end_members(mcp, item, w, -1);
	return ERR_OK;
}

/* ---- completion/complete ---- */

static enum err
complete_prompt(const struct mcp *mcp, struct mcp_item *item,
    struct str name)
{
	item->prompt = prompt_find(mcp->config.prompts, mcp->config.prompt_n,
	    name);
	if (item->prompt == NULL) {
		return fail_setf(&item->fail, ERR_RPC_PARAMS,
		    "params.ref names an unknown prompt \"%s\"",
		    args_short(name));
	}
	item->complete = item->prompt->complete;
	item->deferred = item->complete != NULL && !item->prompt->local;
	return ERR_OK;
}

static enum err
complete_resource(const struct mcp *mcp, struct mcp_item *item,
    struct str uri)
{
	for (size_t i = 0; i < mcp->config.template_n; i++) {
		const struct resource_template *t = &mcp->config.templates[i];

		if (!str_eq(t->uri_template, uri)) {
			continue;
		}
		if (resource_template_has(t->uri_template, item->argument)) {
			item->complete = t->complete;
			item->deferred = t->complete != NULL && !t->local;
		}
		return ERR_OK;
	}
	/* A fixed resource has nothing to complete, but it is known. */
	if (find_resource(mcp, item, uri)) {
		item->deferred = false;
		return ERR_OK;
	}
	return fail_setf(&item->fail, ERR_RPC_PARAMS,
	    "params.ref names an unknown resource template \"%s\"",
	    args_short(uri));
}

/* A completion that asks AWS counts as a call. For callers who are limited to
 * some tools it has no candidates: it would show what other tools read. */
static void
complete_gate(struct mcp_item *item)
{
	const struct mcp_gate *gate = item->m->gate;
	struct fail f;

	fail_init(&f, item->m->arena);
	if (gate != NULL && (gate->offers != NULL ||
	    gate->admit(gate->ctx, NULL, &f) != ERR_OK)) {
		item->complete = NULL;
		item->deferred = false;
		return;
	}
	item->m->log.tool = item->method->name;
}

static enum err
find_completion(const struct mcp *mcp, struct mcp_item *item)
{
	const struct json *ref = json_get(item->rpc.params, S("ref"));
	const struct json *argument = json_get(item->rpc.params,
	    S("argument"));
	struct str type = json_str(json_get(ref, S("type")));
	struct str name = json_str(json_get(ref, S("name")));
	struct str uri = json_str(json_get(ref, S("uri")));

	item->argument = json_str(json_get(argument, S("name")));
	item->value = json_str(json_get(argument, S("value")));
	if (item->argument.p == NULL || item->value.p == NULL) {
		return bad_params(item, S("params.argument must have the "
		    "strings name and value"));
	}
	if (str_eq(type, S("ref/prompt")) && name.p != NULL) {
		return complete_prompt(mcp, item, name);
	}
	if (str_eq(type, S("ref/resource")) && uri.p != NULL) {
		return complete_resource(mcp, item, uri);
	}
	return bad_params(item, S("params.ref must be {\"type\":\"ref/prompt\","
	    "\"name\":...} or {\"type\":\"ref/resource\",\"uri\":...}"));
}

static enum err
complete_prepare(const struct mcp *mcp, struct mcp_item *item)
{
	enum err err = find_completion(mcp, item);

	if (err == ERR_OK && item->deferred) {
		complete_gate(item);
	}
	return err;
}

static enum err
complete_write(const struct mcp *mcp, struct mcp_item *item,
    struct json_writer *w)
{
	struct completion *c = ARENA_NEW(item->m->arena, struct completion);
	struct call call;
	enum err err;

	if (c == NULL) {
		return fail_set(&item->fail, ERR_NOMEM, 0, STR_NONE);
	}
	call_init(mcp, &call, item, NULL);
	c->call = &call;
	c->argument = item->argument;
	c->value = item->value;
	c->context = json_get(json_get(item->rpc.params, S("context")),
	    S("arguments"));
	err = item->complete == NULL ? ERR_OK : item->complete(c);
	call_account(item, &call);
	if (err != ERR_OK) {
		return fail_set(&item->fail, err, 0, STR_NONE);
	}
	mcp_begin_members(item, w, STR_NONE);
	json_key(w, S("completion"));
	json_begin_object(w);
	json_key(w, S("values"));
	json_begin_array(w);
	for (size_t i = 0; i < c->n; i++) {
		json_string(w, c->values[i]);
	}
	json_end_array(w);
	json_put_integer(w, S("total"), (int64_t)c->total);
	json_put_boolean(w, S("hasMore"), c->total > c->n);
	json_end_object(w);
	mcp_end_members(mcp, item, w, -1);
	return ERR_OK;
}

/* ---- the table ---- */

static const struct method methods[] = {
	{ STR_INIT("tools/call"), METHOD_BOTH, METHOD_TOOLS, 0,
	    call_prepare, call_write },
	{ STR_INIT("tools/list"), METHOD_BOTH, METHOD_TOOLS, ENGINE_TOOLS,
	    list_prepare, list_write },
	{ STR_INIT("ping"), METHOD_LEGACY, METHOD_ALWAYS, 0,
	    NULL, empty_write },
	{ STR_INIT("initialize"), METHOD_LEGACY, METHOD_ALWAYS, 0,
	    initialize_prepare, initialize_write },
	{ STR_INIT("server/discover"), METHOD_MODERN, METHOD_ALWAYS, 0,
	    NULL, discover_write },
	{ STR_INIT("resources/list"), METHOD_BOTH, METHOD_RESOURCES,
	    ENGINE_RESOURCES, list_prepare, list_write },
	{ STR_INIT("resources/templates/list"), METHOD_BOTH,
	    METHOD_RESOURCES, ENGINE_TEMPLATES, list_prepare, list_write },
	{ STR_INIT("resources/read"), METHOD_BOTH, METHOD_RESOURCES, 0,
	    read_prepare, read_write },
	{ STR_INIT("resources/subscribe"), METHOD_LEGACY, METHOD_SUBSCRIBE,
	    0, subscribe_prepare, empty_write },
	{ STR_INIT("resources/unsubscribe"), METHOD_LEGACY, METHOD_SUBSCRIBE,
	    0, subscribe_prepare, empty_write },
	{ STR_INIT("prompts/list"), METHOD_BOTH, METHOD_PROMPTS,
	    ENGINE_PROMPTS, list_prepare, list_write },
	{ STR_INIT("prompts/get"), METHOD_BOTH, METHOD_PROMPTS, 0,
	    get_prepare, get_write },
	{ STR_INIT("completion/complete"), METHOD_BOTH, METHOD_COMPLETIONS,
	    0, complete_prepare, complete_write },
	{ STR_INIT("logging/setLevel"), METHOD_LEGACY, METHOD_LOGGING, 0,
	    set_level_prepare, empty_write },
};

static bool
is_served(const struct mcp_config *c, enum method_needs needs)
{
	bool resources = c->resource_n > 0 || c->template_n > 0;

	switch (needs) {
	case METHOD_ALWAYS:
		return true;
	case METHOD_TOOLS:
		return c->tool_n > 0;
	case METHOD_RESOURCES:
		return resources;
	case METHOD_PROMPTS:
		return c->prompt_n > 0;
	case METHOD_COMPLETIONS:
		return list_has_completions(c);
	case METHOD_LOGGING:
		return (c->flags & MCP_LOGGING) != 0;
	case METHOD_SUBSCRIBE:
		return resources && (c->flags & MCP_SUBSCRIBE) != 0;
	}
	return false;
}

/* see method.h */
const struct method *
method_find(const struct mcp *mcp, struct str name, bool modern)
{
	unsigned era = modern ? METHOD_MODERN : METHOD_LEGACY;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if ((methods[i].eras & era) != 0 &&
		    str_eq(methods[i].name, name)) {
			return is_served(&mcp->config, methods[i].needs) ?
			    &methods[i] : NULL;
		}
	}
	return NULL;
}

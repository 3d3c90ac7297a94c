/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables as JSON. tools/list is read by a language model at the start of
 * every conversation, so nothing is written that says nothing: no empty
 * members, no hints that equal what the others imply.
 */
#include "mcp/list.h"

#include "base/limits.h"
#include "mcp/args.h"

static void
put_if(struct json_writer *w, struct str key, struct str value)
{
	if (value.len > 0) {
		json_put_string(w, key, value);
	}
}

static void
put_annotations(struct json_writer *w, const struct tool *t)
{
	bool read_only = (t->flags & TOOL_READ_ONLY) != 0;

	json_key(w, S("annotations"));
	json_begin_object(w);
	json_put_boolean(w, S("readOnlyHint"), read_only);
	/* Nothing here deletes what a person made; the protocol's default is
	 * that it might. */
	json_put_boolean(w, S("destructiveHint"), false);
	if (!read_only) {
		json_put_boolean(w, S("idempotentHint"),
		    (t->flags & TOOL_IDEMPOTENT) != 0);
	}
	/* True is the protocol's default. */
	if ((t->flags & TOOL_LOCAL) != 0) {
		json_put_boolean(w, S("openWorldHint"), false);
	}
	json_end_object(w);
}

static void
put_tool(struct json_writer *w, const struct tool *t)
{
	json_begin_object(w);
	json_put_string(w, S("name"), t->name);
	put_if(w, S("title"), t->title);
	put_if(w, S("description"), t->description);
	json_key(w, S("inputSchema"));
	if (t->input_schema.p != NULL) {
		json_raw(w, t->input_schema);
	} else {
		args_schema(w, t->params, t->param_n);
	}
	if (t->output_schema.p != NULL) {
		json_put_raw(w, S("outputSchema"), t->output_schema);
	}
	put_annotations(w, t);
	json_end_object(w);
}

static void
put_resource(struct json_writer *w, struct str key, struct str uri,
    const struct resource *r)
{
	json_begin_object(w);
	json_put_string(w, key, uri);
	json_put_string(w, S("name"), r->name);
	put_if(w, S("title"), r->title);
	put_if(w, S("description"), r->description);
	put_if(w, S("mimeType"), r->mime_type);
	json_end_object(w);
}

static void
put_prompt(struct json_writer *w, const struct prompt *p)
{
	json_begin_object(w);
	json_put_string(w, S("name"), p->name);
	put_if(w, S("title"), p->title);
	put_if(w, S("description"), p->description);
	if (p->arg_n > 0) {
		json_key(w, S("arguments"));
		json_begin_array(w);
		for (size_t i = 0; i < p->arg_n; i++) {
			json_begin_object(w);
			json_put_string(w, S("name"), p->args[i].name);
			put_if(w, S("description"), p->args[i].text);
			if (p->args[i].required) {
				json_put_boolean(w, S("required"), true);
			}
			json_end_object(w);
		}
		json_end_array(w);
	}
	json_end_object(w);
}

/* The member of a list: its name and the array. */
static void
put_list(struct json_writer *w, const struct mcp *mcp, enum engine_list which)
{
	const struct mcp_config *c = &mcp->config;
	static const struct str keys[ENGINE_LIST_N] = {
		[ENGINE_TOOLS] = STR_INIT("tools"),
		[ENGINE_RESOURCES] = STR_INIT("resources"),
		[ENGINE_TEMPLATES] = STR_INIT("resourceTemplates"),
		[ENGINE_PROMPTS] = STR_INIT("prompts"),
	};

	json_key(w, keys[which]);
	json_begin_array(w);
	for (size_t i = 0; which == ENGINE_TOOLS && i < c->tool_n; i++) {
		size_t from = w->b->len;

		put_tool(w, c->tools[i]);
		/* Behind the comma; where it lies is known at the end. */
		mcp->tools[i].len = w->b->len - from - (i > 0 ? 1 : 0);
	}
	for (size_t i = 0; which == ENGINE_RESOURCES && i < c->resource_n;
	    i++) {
		put_resource(w, S("uri"), c->resources[i].uri,
		    &c->resources[i]);
	}
	for (size_t i = 0; which == ENGINE_TEMPLATES && i < c->template_n;
	    i++) {
		const struct resource_template *t = &c->templates[i];
		struct resource r = { .name = t->name, .title = t->title,
		    .description = t->description,
		    .mime_type = t->mime_type };

		if (!t->unlisted) {
			put_resource(w, S("uriTemplate"), t->uri_template,
			    &r);
		}
	}
	for (size_t i = 0; which == ENGINE_PROMPTS && i < c->prompt_n; i++) {
		put_prompt(w, &c->prompts[i]);
	}
	json_end_array(w);
}

/* see list.h */
bool
list_has_completions(const struct mcp_config *config)
{
	for (size_t i = 0; i < config->prompt_n; i++) {
		if (config->prompts[i].complete != NULL) {
			return true;
		}
	}
	for (size_t i = 0; i < config->template_n; i++) {
		if (config->templates[i].complete != NULL) {
			return true;
		}
	}
	return false;
}

/* Lists never change while the server runs: listChanged is never declared. */
static void
put_capabilities(struct json_writer *w, const struct mcp_config *c,
    bool modern)
{
	json_key(w, S("capabilities"));
	json_begin_object(w);
	if (c->tool_n > 0) {
		json_put_raw(w, S("tools"), S("{}"));
	}
	if (c->resource_n > 0 || c->template_n > 0) {
		/* The modern era subscribes by subscriptions/listen. */
		json_put_raw(w, S("resources"),
		    !modern && (c->flags & MCP_SUBSCRIBE) != 0 ?
		    S("{\"subscribe\":true}") : S("{}"));
	}
	if (c->prompt_n > 0) {
		json_put_raw(w, S("prompts"), S("{}"));
	}
	if (list_has_completions(c)) {
		json_put_raw(w, S("completions"), S("{}"));
	}
	if ((c->flags & MCP_LOGGING) != 0) {
		json_put_raw(w, S("logging"), S("{}"));
	}
	json_end_object(w);
}

static void
put_server_info(struct json_writer *w, const struct mcp_config *c,
    struct str key)
{
	json_key(w, key);
	json_begin_object(w);
	json_put_string(w, S("name"), c->name);
	put_if(w, S("title"), c->title);
	json_put_string(w, S("version"), c->version);
	json_end_object(w);
}

/* One rendered object. */
struct page {
	struct buf b;
	struct json_writer w;
};

static void
page_begin(struct page *p, struct arena *a)
{
	p->b = buf_in(a, MCP_LIST_MAX);
	p->w = json_writer(&p->b);
	json_begin_object(&p->w);
}

static enum err
page_end(struct page *p, struct str *out, struct arena *a, struct fail *f)
{
	json_end_object(&p->w);
	*out = buf_str(&p->b);
	if (buf_ok(&p->b)) {
		return ERR_OK;
	}
	return fail_set(f, a->failed ? ERR_NOMEM : ERR_LIMIT, 0,
	    S("a list is too large to be served in one page"));
}

/* What closes a modern result that may be cached, by whom scope says. */
static void
put_cache(struct json_writer *w, const struct mcp *mcp, struct str scope)
{
	json_put_integer(w, S("ttlMs"), ENGINE_LIST_TTL_MS);
	json_put_string(w, S("cacheScope"), scope);
	json_put_raw(w, S("_meta"), mcp->meta);
}

/* The entries of the tools, one behind the other in the legacy list. */
static void
find_tools(struct mcp *mcp)
{
	struct str list = mcp->lists[ENGINE_TOOLS][0];
	const char *at = list.p + str_find_byte(list, '[', 0) + 1;

	for (size_t i = 0; i < mcp->config.tool_n; i++) {
		mcp->tools[i].p = at;
		at += mcp->tools[i].len + 1;
	}
}

static enum err
render_lists(struct mcp *mcp, struct arena *a, struct fail *f)
{
	for (unsigned i = 0; i < (unsigned)ENGINE_LIST_N * 2; i++) {
		enum engine_list which = (enum engine_list)(i / 2);
		bool modern = i % 2 == 1;
		struct page p;
		enum err err;

		page_begin(&p, a);
		if (modern) {
			json_put_string(&p.w, S("resultType"), S("complete"));
		}
		put_list(&p.w, mcp, which);
		if (modern) {
			put_cache(&p.w, mcp, S("public"));
		}
		err = page_end(&p, &mcp->lists[which][modern], a, f);
		if (err != ERR_OK) {
			return err;
		}
	}
	find_tools(mcp);
	return ERR_OK;
}

static enum err
render_meta(struct mcp *mcp, struct arena *a, struct fail *f)
{
	struct page p;

	page_begin(&p, a);
	put_server_info(&p.w, &mcp->config, S(ERA_META "serverInfo"));
	return page_end(&p, &mcp->meta, a, f);
}

static enum err
render_discover(struct mcp *mcp, struct arena *a, struct fail *f)
{
	struct page p;

	page_begin(&p, a);
	json_put_string(&p.w, S("resultType"), S("complete"));
	/* Only what may be named in _meta: listing a legacy version would
	 * invite clients to put it there. */
	json_put_raw(&p.w, S("supportedVersions"), S("[\"" ERA_MODERN "\"]"));
	put_capabilities(&p.w, &mcp->config, true);
	put_if(&p.w, S("instructions"), mcp->config.instructions);
	put_cache(&p.w, mcp, S("public"));
	return page_end(&p, &mcp->discover, a, f);
}

static enum err
render_handshake(struct mcp *mcp, struct arena *a, struct fail *f)
{
	struct page p;

	page_begin(&p, a);
	put_capabilities(&p.w, &mcp->config, false);
	put_server_info(&p.w, &mcp->config, S("serverInfo"));
	put_if(&p.w, S("instructions"), mcp->config.instructions);
	return page_end(&p, &mcp->handshake, a, f);
}

/* see list.h */
void
list_tools(const struct mcp *mcp, const struct mcp_gate *gate, bool modern,
    struct json_writer *w)
{
	if (gate == NULL || gate->offers == NULL) {
		json_raw(w, mcp->lists[ENGINE_TOOLS][modern]);
		return;
	}
	json_begin_object(w);
	if (modern) {
		json_put_string(w, S("resultType"), S("complete"));
	}
	json_key(w, S("tools"));
	json_begin_array(w);
	for (size_t i = 0; i < mcp->config.tool_n; i++) {
		if (gate->offers(gate->ctx, mcp->config.tools[i])) {
			json_raw(w, mcp->tools[i]);
		}
	}
	json_end_array(w);
	if (modern) {
		put_cache(w, mcp, S("private"));
	}
	json_end_object(w);
}

/* see list.h */
enum err
list_render(struct mcp *mcp, struct arena *a, struct fail *f)
{
	enum err err = render_meta(mcp, a, f);

	mcp->tools = ARENA_ARRAY(a, mcp->config.tool_n, struct str);
	if (mcp->tools == NULL) {
		return fail_set(f, ERR_NOMEM, 0, STR_NONE);
	}
	if (err == ERR_OK) {
		err = render_lists(mcp, a, f);
	}
	if (err == ERR_OK) {
		err = render_discover(mcp, a, f);
	}
	return err == ERR_OK ? render_handshake(mcp, a, f) : err;
}

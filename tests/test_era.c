/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ladder alone: which code a combination of claim, version header and
 * method header gets. test_mcp.c has the same rows as whole messages.
 */
#include "mcp/era.h"

#include "test.h"

static struct arena arena;

/* The code of a message with these headers; absent ones are NULL. */
static enum err
code_of(const char *claim, const char *version, const char *method)
{
	struct http1_header headers[2];
	struct mcp_message m = { .front = MCP_HTTP, .arena = &arena,
	    .headers = headers };
	char body[512];
	struct jsonrpc rpc;
	struct era era;
	struct fail f;

	arena_free(&arena);
	arena_init(&arena, 65536);
	fail_init(&f, &arena);
	(void)snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"m\",\"params\":{%s%s%s}}",
	    claim == NULL ? "" : "\"_meta\":{\"" ERA_META
	    "clientCapabilities\":{},\"" ERA_META "protocolVersion\":\"",
	    claim == NULL ? "" : claim, claim == NULL ? "" : "\"}");
	if (version != NULL) {
		headers[m.header_n++] = (struct http1_header){
			S("MCP-Protocol-Version"), str_from_z(version) };
	}
	if (method != NULL) {
		headers[m.header_n++] = (struct http1_header){
			S("Mcp-Method"), str_from_z(method) };
	}
	if (jsonrpc_read(&arena, str_from_z(body), &rpc, &f) != ERR_OK) {
		return f.code;
	}
	return era_check(&m, &rpc, &era, &f);
}

TEST(every_combination_gets_its_code)
{
	static const struct {
		const char *claim, *version, *method;
		enum err want;
	} rows[] = {
		{ NULL, NULL, NULL, ERR_OK },
		{ NULL, NULL, "other", ERR_OK },
		{ NULL, "2025-06-18", NULL, ERR_OK },
		{ NULL, "2024-11-05", NULL, ERR_OK },
		{ NULL, "2026-07-28", NULL, ERR_MCP_META },
		{ NULL, "2026-07-28", "m", ERR_MCP_META },
		{ NULL, "v9", NULL, ERR_RPC_INVALID },
		{ NULL, "", NULL, ERR_RPC_INVALID },
		{ "2026-07-28", "2026-07-28", "m", ERR_OK },
		{ "2026-07-28", NULL, "m", ERR_MCP_HEADER },
		{ "2026-07-28", "2026-07-28", NULL, ERR_MCP_HEADER },
		{ "2026-07-28", "2026-07-28", "M", ERR_MCP_HEADER },
		{ "2026-07-28", "2025-11-25", "m", ERR_MCP_HEADER },
		{ "2026-07-28", "v9", "m", ERR_MCP_HEADER },
		{ "2025-11-25", "2025-11-25", "m", ERR_MCP_VERSION },
		{ "2025-11-25", NULL, NULL, ERR_MCP_VERSION },
		{ "v9", "v9", "m", ERR_MCP_VERSION },
		{ "v9", "2026-07-28", "m", ERR_MCP_HEADER },
		{ "v9", "v9", "M", ERR_MCP_HEADER },
		{ "", NULL, NULL, ERR_MCP_VERSION },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_STR(err_name(code_of(rows[i].claim, rows[i].version,
		    rows[i].method)), err_name(rows[i].want));
	}
	arena_free(&arena);
}

TEST(levels_have_the_names_of_rfc_5424)
{
	enum tool_level level;

	for (unsigned i = 0; i < TOOL_LEVEL_N; i++) {
		CHECK(era_level(era_level_name((enum tool_level)i), &level));
		CHECK_INT(level, i);
	}
	CHECK(!era_level(S("Info"), &level));
	CHECK(!era_level(STR_NONE, &level));
}

TEST(only_handshake_versions_are_legacy)
{
	CHECK(era_is_legacy_version(S("2025-03-26")));
	CHECK(!era_is_legacy_version(S(ERA_MODERN)));
	CHECK(!era_is_legacy_version(S("2024-10-07")));
	CHECK(!era_is_legacy_version(STR_NONE));
}

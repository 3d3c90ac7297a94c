/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What --demo prints when it serves: one screen that gets a client connected.
 */
#include "cli/cli.h"

/* see cli.h */
void
cli_banner(struct buf *out, struct str host, uint16_t port)
{
	struct buf url = buf_in(out->a, 512);
	bool v6;

	/* Any address: what people can type is loopback's. */
	if (host.len == 0 || str_eq(host, S("0.0.0.0")) ||
	    str_eq(host, S("::"))) {
		host = S("127.0.0.1");
	}
	v6 = str_find_byte(host, ':', 0) < host.len;
	buf_addf(&url, "http://%s%s%s:%u/mcp", v6 ? S("[") : S(""), host,
	    v6 ? S("]") : S(""), (uint64_t)port);
	buf_addf(out,
	    "cloudwatch-mcp serves the embedded demo account at %s\n"
	    "\n"
	    "Try it in a browser, %s, or:\n"
	    "    curl -s %s -H 'Content-Type: application/json' \\\n"
	    "      -d '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\","
	    "\"params\":\n"
	    "           {\"name\":\"get_active_alarms\"}}'\n"
	    "LibreChat (librechat.yaml; mcpSettings lets it reach a private "
	    "address):\n"
	    "    mcpServers:\n"
	    "      cloudwatch: {type: streamable-http, url: \"%s\",\n"
	    "                   requiresOAuth: false, timeout: 120000}\n"
	    "    mcpSettings:\n"
	    "      allowedAddresses: [\"%s:%u\"]\n"
	    "Cursor (.cursor/mcp.json):\n"
	    "    {\"mcpServers\": {\"cloudwatch\": {\"url\": \"%s\"}}}\n"
	    "Claude Code:\n"
	    "    claude mcp add --transport http cloudwatch %s\n"
	    "Claude Desktop (claude_desktop_config.json):\n"
	    "    {\"mcpServers\": {\"cloudwatch\": {\"command\":\n"
	    "      \"/path/to/cloudwatch-mcp\", \"args\": [\"--stdio\", "
	    "\"--demo\"]}}}\n"
	    "\n"
	    "Ask: \"What is wrong in this account, and since when?\" "
	    "Stop with Ctrl-C.\n",
	    buf_str(&url), str_sub(buf_str(&url), 0, url.len - 3),
	    buf_str(&url), buf_str(&url), host, (uint64_t)port,
	    buf_str(&url), buf_str(&url));
}

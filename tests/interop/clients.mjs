// SPDX-License-Identifier: Apache-2.0
//
// The official SDK clients against a running server:
//
//	node clients.mjs product|fixtures URL COMMAND [ARGUMENT...]
//
// Each of four clients (1.x; 2.x in its default mode, automatic, and pinned to
// the modern era) connects over HTTP to URL and over stdio to a process started
// from COMMAND, and does what hosts do. Prints one line for each and ends with
// "N passed, N failed".
import assert from 'node:assert/strict';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http1 }
	from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioClientTransport as Stdio1 }
	from '@modelcontextprotocol/sdk/client/stdio.js';
import { Client as Client2, StreamableHTTPClientTransport as Http2 }
	from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 }
	from '@modelcontextprotocol/client/stdio';

const [what, url, command, ...args] = process.argv.slice(2);
const me = { name: 'interop', version: '1.0.0' };
const modern = '2026-07-28';
const env = { ...process.env };

const clients = [
	{ name: 'SDK 1.x', make: () => new Client1(me), era: 'legacy',
		http: Http1, stdio: Stdio1 },
	{ name: 'SDK 2.x default', make: () => new Client2(me), era: 'legacy',
		http: Http2, stdio: Stdio2 },
	{ name: 'SDK 2.x auto', make: () => new Client2(me,
		{ versionNegotiation: { mode: 'auto' } }), era: 'modern',
		http: Http2, stdio: Stdio2 },
	{ name: 'SDK 2.x pinned', make: () => new Client2(me,
		{ versionNegotiation: { mode: { pin: modern } } }),
		era: 'modern', http: Http2, stdio: Stdio2 },
];

// A result's text is its structured content, when it has any.
function sameTwice(result) {
	assert.ok(!result.isError, result.content?.[0]?.text);
	assert.deepEqual(JSON.parse(result.content[0].text),
		result.structuredContent);
	return result.structuredContent;
}

async function rejects(promise, code) {
	await assert.rejects(promise, (e) => {
		assert.equal(e.code, code, `${e.code}: ${e.message}`);
		return true;
	});
}

async function product(client, era) {
	const { tools } = await client.listTools();
	const names = tools.map((t) => t.name);

	assert.match(client.getInstructions() ?? '', /\w/);
	assert.ok(client.getInstructions().length < 900);
	assert.ok(names.includes('whoami') && names.includes('list_metrics'));
	for (const t of tools) {
		assert.match(t.name, /^[a-z0-9_]{1,40}$/);
		assert.equal(t.inputSchema.type, 'object');
		assert.ok(t.description);
	}
	sameTwice(await client.callTool({ name: 'whoami', arguments: {} }));
	sameTwice(await client.callTool({ name: 'whoami',
		arguments: { region: null } }));
	sameTwice(await client.callTool({ name: 'get_active_alarms',
		arguments: { max_items: 3 } }));
	sameTwice(await client.callTool({ name: 'describe_log_groups',
		arguments: {} }));

	const bad = await client.callTool({ name: 'get_active_alarms',
		arguments: { max_item: 3 } });
	assert.equal(bad.isError, true);
	assert.equal(bad.structuredContent, undefined);
	assert.match(bad.content[0].text, /max_items/);
	await rejects(client.callTool({ name: 'who_am_i', arguments: {} }),
		-32602);
	// Several calls at once, and a ping between them.
	await Promise.all([
		client.callTool({ name: 'whoami', arguments: {} }),
		client.callTool({ name: 'get_active_alarms', arguments: {} }),
		era === 'legacy' ? client.ping() : client.discover(),
		client.callTool({ name: 'whoami', arguments: {} }),
	]);
}

async function fixtures(client, era) {
	const { tools } = await client.listTools();
	const seen = [];

	assert.ok(tools.length > 10);
	await client.callTool({ name: 'test_tool_with_progress',
		arguments: {} }, ...(client instanceof Client1 ? [undefined] : []),
		{ onprogress: (p) => seen.push(p.progress) });
	// The SDKs forget the last note when the result comes in the same read.
	assert.deepEqual(seen, [0, 50, 100].slice(0, Math.max(seen.length, 2)));
	const { resources } = await client.listResources();
	assert.equal(resources[0].uri, 'test://static-text');
	const read = await client.readResource({
		uri: 'test://template/a%20b/data' });
	assert.equal(JSON.parse(read.contents[0].text).id, 'a b');
	// SDK 2.x shows the code of the modern era in both.
	await rejects(client.readResource({ uri: 'test://nothing' }),
		client instanceof Client1 ? -32002 : -32602);
	const prompt = await client.getPrompt({
		name: 'test_prompt_with_arguments',
		arguments: { arg1: 'é', arg2: '2' } });
	assert.match(prompt.messages[0].content.text, /arg1='é'/);
	const done = await client.complete({ ref: { type: 'ref/prompt',
		name: 'test_prompt_with_arguments' },
		argument: { name: 'arg1', value: 'te' } });
	assert.deepEqual(done.completion.values, ['test1', 'test2']);
	const custom = await client.callTool({ name: 'test_custom_header',
		arguments: { region: 'Zürich', count: 3 } });
	assert.ok(!custom.isError);
	// Cancelled by the client: the server must take the next call.
	const stop = new AbortController();
	const call = client.callTool({ name: 'test_tool_with_progress',
		arguments: {} }, ...(client instanceof Client1 ? [undefined] : []),
		{ signal: stop.signal });
	setTimeout(() => stop.abort(), 20);
	await assert.rejects(call);
	const after = await client.callTool({ name: 'test_simple_text' });
	assert.equal(after.content.length, 1);
}

let passed = 0;
let failed = 0;

for (const c of clients) {
	for (const front of ['http', 'stdio']) {
		const client = c.make();
		const transport = front === 'http' ?
			new c.http(new URL(url)) :
			new c.stdio({ command, args, env, stderr: 'inherit' });

		try {
			await client.connect(transport);
			if (client.getProtocolEra) {
				assert.equal(client.getProtocolEra(), c.era);
			}
			await (what === 'product' ? product : fixtures)(client,
				c.era);
			passed++;
			console.log(`ok   ${what}: ${c.name}, ${front}`);
		} catch (e) {
			failed++;
			console.log(`FAIL ${what}: ${c.name}, ${front}: ` +
				`${e.stack ?? e}`);
		}
		await client.close().catch(() => {});
	}
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

// SPDX-License-Identifier: Apache-2.0
//
// The official SDK's client of the HTTP+SSE transport against a running
// fixture server:
//
//	node sse.mjs URL
//
// URL is that of the stream (/sse). Prints one line for each part and ends with
// "N passed, N failed".
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';

const url = new URL(process.argv[2]);
let passed = 0;
let failed = 0;

async function connect() {
	const client = new Client({ name: 'interop', version: '1.0.0' });

	await client.connect(new SSEClientTransport(url));
	return client;
}

async function part(name, test) {
	const client = await connect();

	try {
		await test(client);
		passed++;
		console.log(`ok   ${name}`);
	} catch (e) {
		failed++;
		console.log(`FAIL ${name}: ${e.stack ?? e}`);
	}
	await client.close().catch(() => {});
}

await part('initialize, list, call', async (client) => {
	assert.equal(client.getServerVersion().name, 'fixture-server');
	assert.ok((await client.listTools()).tools.length > 10);
	const { content } = await client.callTool({ name: 'test_simple_text' });
	assert.equal(content.length, 1);
	await client.ping();
	await assert.rejects(client.callTool({ name: 'no_such_tool' }),
		(e) => e.code === -32602);
});

await part('progress before the result', async (client) => {
	const seen = [];

	await client.callTool({ name: 'test_tool_with_progress',
		arguments: {} }, undefined,
		{ onprogress: (p) => seen.push(p.progress) });
	// The SDK forgets the last note when the result comes in the same read.
	assert.deepEqual(seen, [0, 50, 100].slice(0, Math.max(seen.length, 2)));
});

await part('cancel, and go on', async (client) => {
	const stop = new AbortController();
	const errors = [];
	const call = client.callTool({ name: 'test_tool_with_progress',
		arguments: {} }, undefined, { signal: stop.signal });

	// A response to a call that was cancelled would be an unknown id.
	client.onerror = (e) => errors.push(e);
	setTimeout(() => stop.abort(), 20);
	await assert.rejects(call);
	await new Promise((done) => setTimeout(done, 300));
	assert.equal((await client.callTool({ name: 'test_simple_text' }))
		.content.length, 1);
	assert.deepEqual(errors, []);
});

await part('many calls of many clients at once', async (client) => {
	const others = await Promise.all([...Array(20)].map(connect));
	const all = [client, ...others].flatMap((c) => [...Array(10)].map(() =>
		c.callTool({ name: 'test_simple_text' })));

	for (const r of await Promise.all(all)) {
		assert.equal(r.content[0].type, 'text');
	}
	await Promise.all(others.map((c) => c.close()));
});

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

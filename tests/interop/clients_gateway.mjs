// SPDX-License-Identifier: Apache-2.0
//
// supergateway in front of our standard input, in each of its modes, and
// behind our HTTP:
//
//	node clients_gateway.mjs PROGRAM MOVING_PAGE
//
// A client of the official SDK talks through it, several at once where the mode
// serves several. The page's own command for it is one of the modes. Ends with "N passed, N failed".
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport }
	from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioClientTransport }
	from '@modelcontextprotocol/sdk/client/stdio.js';
import { WebSocketClientTransport }
	from '@modelcontextprotocol/sdk/client/websocket.js';

const program = path.resolve(process.argv[2]);
const page = fs.readFileSync(process.argv[3], 'utf8');
const here = path.dirname(fileURLToPath(import.meta.url));
const gateway = `${here}/node_modules/supergateway/dist/index.js`;
const ours = `${program} --demo --stdio --log-level ERROR`;
const started = [];

function freePort() {
	return new Promise((resolve) => {
		const s = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = s.address();
			s.close(() => resolve(port));
		});
	});
}

function start(command, args) {
	started.push(spawn(command, args, { stdio: 'ignore', detached: true }));
}

async function listens(port) {
	for (let i = 0; i < 300; i++) {
		const up = await new Promise((resolve) => {
			const s = net.connect(port, '127.0.0.1')
				.on('connect', () => resolve(true))
				.on('error', () => resolve(false));
			s.on('close', () => {}).on('connect', () => s.destroy());
		});
		if (up) {
			return;
		}
		await new Promise((r) => setTimeout(r, 50));
	}
	throw new Error(`nothing listens on ${port}`);
}

async function use(transport) {
	const client = new Client({ name: 'gateway', version: '1' });

	await client.connect(transport);
	try {
		const { tools } = await client.listTools();
		assert.ok(tools.some((t) => t.name === 'investigate_alarm'));
		for (const [name, args] of [['whoami', {}],
			['get_active_alarms', { max_items: 2 }]]) {
			const result = await client.callTool({ name,
				arguments: args });
			assert.ok(!result.isError, result.content[0].text);
			assert.deepEqual(JSON.parse(result.content[0].text),
				result.structuredContent);
		}
		// One that takes its time, and others meanwhile.
		const [slow, quick] = await Promise.all([
			client.callTool({ name: 'investigate_alarm',
				arguments: { alarm_name: 'checkout-latency-p99' } }),
			client.callTool({ name: 'whoami', arguments: {} }),
		]);
		assert.ok(!slow.isError && !quick.isError);
	} finally {
		await client.close();
	}
}

// Modes that turn our standard streams into something else.
const fronts = [
	{ name: 'stdio to SSE', words: ['--outputTransport', 'sse'],
		at: (port) => new SSEClientTransport(
			new URL(`http://127.0.0.1:${port}/sse`)), clients: 1 },
	{ name: 'stdio to streamable HTTP, stateless',
		words: ['--outputTransport', 'streamableHttp'],
		at: (port) => new StreamableHTTPClientTransport(
			new URL(`http://127.0.0.1:${port}/mcp`)), clients: 3 },
	{ name: 'stdio to streamable HTTP, stateful',
		words: ['--outputTransport', 'streamableHttp', '--stateful'],
		at: (port) => new StreamableHTTPClientTransport(
			new URL(`http://127.0.0.1:${port}/mcp`)), clients: 3 },
	{ name: 'stdio to WebSocket', words: ['--outputTransport', 'ws'],
		at: (port) => new WebSocketClientTransport(
			new URL(`ws://127.0.0.1:${port}/message`)), clients: 1 },
];

async function front({ words, at, clients }) {
	const port = await freePort();

	start(process.execPath, [gateway, '--stdio', ours, '--port',
		String(port), '--logLevel', 'none', ...words]);
	await listens(port);
	await Promise.all(Array.from({ length: clients }, () => use(at(port))));
	// A second client after the first has gone.
	await use(at(port));
}

// The page's command, with what would be fetched and the port replaced.
async function asWritten() {
	const [, text] = /^```sh supergateway\n(.*)\n```$/m.exec(page);
	const { supergateway } = JSON.parse(fs.readFileSync(
		`${here}/package.json`)).dependencies;
	const port = await freePort();
	const npx = `npx -y supergateway@${supergateway}`;

	assert.ok(text.startsWith(npx) && text.endsWith('--port 8000'), text);
	start('sh', ['-c', text.replace(npx, `'${process.execPath}' '${gateway}'`)
		.replace('8000', port)
		.replace('cloudwatch-mcp --stdio', `${ours}`)]);
	await listens(port);
	await use(new SSEClientTransport(
		new URL(`http://127.0.0.1:${port}/sse`)));
}

async function behind(words) {
	const port = await freePort();

	start(program, ['--demo', '--port', String(port), '--log-level',
		'ERROR', '--legacy-sse']);
	await listens(port);
	await use(new StdioClientTransport({ command: process.execPath,
		args: [gateway, ...words(port), '--logLevel', 'none'],
		stderr: 'ignore' }));
}

let passed = 0;
let failed = 0;

async function test(name, run) {
	try {
		await run();
		passed++;
		console.log(`ok   supergateway, ${name}`);
	} catch (e) {
		failed++;
		console.log(`FAIL supergateway, ${name}: ${e.stack ?? e}`);
	}
}

for (const f of fronts) {
	await test(f.name, () => front(f));
}
await test('streamable HTTP to stdio', () => behind((port) =>
	['--streamableHttp', `http://127.0.0.1:${port}/mcp`]));
await test('SSE to stdio', () => behind((port) =>
	['--sse', `http://127.0.0.1:${port}/sse`]));
await test('as the page has it', asWritten);
for (const child of started) {
	try {
		process.kill(-child.pid);
	} catch {
		// It has ended by itself.
	}
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

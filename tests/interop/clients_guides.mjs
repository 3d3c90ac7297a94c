// SPDX-License-Identifier: Apache-2.0
//
// The client guides, run as they are written:
//
//	node clients_guides.mjs PROGRAM GUIDES_FOLDER SIGV4_PROXY
//
// Takes every fenced block out of deploy/clients/*.md. "sh server NAME" starts
// a server; "LANGUAGE CLIENT NAME" is a client's configuration, which is held
// against the client's schema and then connected with: the SDK's transports with
// exactly this command, address, headers and environment. Replaced are only the
// addresses, the program's place, the issuer of tokens, and the commands that
// would fetch packages. Ends with "N passed, N failed".
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as librechat from 'librechat-data-provider';
import YAML from 'yaml';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport }
	from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { StdioClientTransport }
	from '@modelcontextprotocol/sdk/client/stdio.js';

const [program, guides, sigv4Proxy] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'clients-guides.'));
const started = [];

// What stands in the guides for a server's address.
const ADDRESS = new RegExp('http://(127\\.0\\.0\\.1|' +
	'cloudwatch-mcp\\.observability\\.svc\\.cluster\\.local):3334', 'g');

function freePort() {
	return new Promise((resolve) => {
		const s = net.createServer().listen(0, '127.0.0.1', () => {
			const { port } = s.address();
			s.close(() => resolve(port));
		});
	});
}

function start(command, args, options) {
	const child = spawn(command, args,
		{ stdio: 'ignore', detached: true, ...options });
	started.push(child);
	return child;
}

async function answers(url) {
	for (let i = 0; i < 200; i++) {
		try {
			await fetch(url);
			return;
		} catch {
			await new Promise((r) => setTimeout(r, 50));
		}
	}
	throw new Error(`${url} does not answer`);
}

// ---- an issuer of OpenID tokens ----

const keys = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
let issuer;

function startIssuer() {
	const jwk = { ...keys.publicKey.export({ format: 'jwk' }), kid: 'one',
		alg: 'RS256', use: 'sig' };
	const server = http.createServer((request, response) => {
		response.setHeader('Content-Type', 'application/json');
		response.end(JSON.stringify(
			request.url.startsWith('/.well-known/') ?
			{ issuer, jwks_uri: `${issuer}/keys` } :
			{ keys: [jwk] }));
	});
	return new Promise((resolve) => server.listen(0, '127.0.0.1', () => {
		issuer = `http://127.0.0.1:${server.address().port}`;
		resolve(server);
	}));
}

function token(audience) {
	const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
	const now = Math.floor(Date.now() / 1000);
	const head = `${part({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${part({
		iss: issuer, aud: audience, sub: 'user-1', iat: now,
		exp: now + 600, email: 'user@example.com' })}`;
	return `${head}.${crypto.sign('sha256', Buffer.from(head),
		keys.privateKey).toString('base64url')}`;
}

// ---- guides ----

function blocks(file) {
	const text = fs.readFileSync(file, 'utf8');
	const found = [...text.matchAll(
		/^```(\w+) ([\w-]+) ([\w-]+)\n([\s\S]*?)^```$/gm)];
	assert.equal(found.length * 2, (text.match(/^```/gm) ?? []).length,
		`${file}: a block without a name`);
	return found.map(([, language, client, name, body]) =>
		({ language, client, name, body }));
}

// Runs a guide's commands; {port, secrets}.
async function serve(body) {
	const port = await freePort();
	const folder = fs.mkdtempSync(path.join(home, 'server.'));
	assert.match(body, /--port 3334$/m);
	start('sh', ['-e', '-c', body.replace('--port 3334', `--port ${port}`)
		.replace('https://login.example.com', issuer)], { cwd: folder,
		env: { PATH: `${home}/bin:${process.env.PATH}`, HOME: folder } });
	await answers(`http://127.0.0.1:${port}/health`);
	const read = (name) => fs.existsSync(`${folder}/${name}`) ?
		fs.readFileSync(`${folder}/${name}`, 'utf8').trim() : '';
	return { port, token: read('tokens').split(':')[1],
		secret: read('keys').split(':')[2],
		user: token(/AUTH_AUDIENCE=(\S+)/.exec(body)?.[1]) };
}

// ---- what clients read ----

function only(object, required, optional = []) {
	for (const key of required) {
		assert.ok(key in object, `${key} is missing`);
	}
	for (const key of Object.keys(object)) {
		assert.ok(required.includes(key) || optional.includes(key),
			`the client does not know ${key}`);
	}
}

function texts(object) {
	for (const value of Object.values(object ?? {})) {
		assert.equal(typeof value, 'string');
	}
}

// A server's entry: program or address, and how the client spells either.
function entry(server, { type, stdio, http: remote, more = [] }) {
	const local = 'command' in server;

	if (type) {
		assert.equal(server.type, local ? 'stdio' : 'http');
	}
	if (local) {
		only(server, ['command', 'args', ...(type ? ['type'] : [])],
			['env', ...more]);
		assert.ok(stdio && server.args.every((a) => typeof a === 'string'));
		texts(server.env);
	} else {
		assert.ok(remote, 'this client starts programs only');
		only(server, ['url', ...(type ? ['type'] : [])],
			['headers', ...more]);
		texts(server.headers);
	}
	return server;
}

function inMcpServers(rules) {
	return (body) => {
		const config = JSON.parse(body);

		only(config, ['mcpServers']);
		only(config.mcpServers, ['cloudwatch']);
		return entry(config.mcpServers.cloudwatch, rules);
	};
}

// LibreChat's own schema; what it does not know it drops.
function readLibrechat(body) {
	const config = YAML.parse(body);
	const read = librechat.configSchema.safeParse(config);
	const server = config.mcpServers.cloudwatch;

	assert.ok(read.success, JSON.stringify(read.error?.issues));
	assert.deepEqual(read.data.mcpServers, config.mcpServers);
	assert.deepEqual(read.data.mcpSettings.allowedAddresses,
		config.mcpSettings.allowedAddresses);
	only(config, ['version', 'mcpSettings', 'mcpServers']);
	only(config.mcpSettings, ['allowedAddresses']);
	// Otherwise LibreChat refuses the address, or tries to log in.
	assert.deepEqual(config.mcpSettings.allowedAddresses,
		[new URL(server.url).host]);
	assert.equal(server.requiresOAuth, false);
	return server;
}

function readHolmes(body) {
	const config = YAML.parse(body);
	const server = config.mcp_servers.cloudwatch;

	only(config, ['mcp_servers']);
	only(server, ['description', 'config'], ['llm_instructions']);
	only(server.config, ['url', 'mode', 'health_check_tool'],
		['headers', 'extra_headers', 'verify_ssl']);
	assert.ok(['streamable-http', 'sse'].includes(server.config.mode));
	// In the mode sse the client would append it.
	assert.equal(server.config.url.endsWith('/sse'),
		server.config.mode === 'sse');
	return { ...server.config, own: Object.keys(server.config.headers ?? {}),
		headers: { ...server.config.headers,
			...server.config.extra_headers } };
}

function readVscode(body) {
	const config = JSON.parse(body);

	only(config, ['servers'], ['inputs']);
	only(config.servers, ['cloudwatch']);
	const server = entry(config.servers.cloudwatch,
		{ type: true, stdio: true, http: true, more: ['envFile'] });
	for (const input of config.inputs ?? []) {
		only(input, ['type', 'id', 'description'], ['password']);
		assert.ok(body.includes(`\${input:${input.id}}`));
	}
	return server;
}

// For each client: how its document is read, and how it spells variables.
const environment = (text, env) => text
	.replace(/\$\{(\w+)(:-([^}]*))?\}/g, (_, n, d, v) => env[n] ?? v);
const clients = {
	librechat: { read: readLibrechat, fill: (text, env, user) => {
		Object.assign(process.env, env);
		return librechat.extractEnvVariable(text)
			.replace('{{LIBRECHAT_OPENID_ID_TOKEN}}', user);
	} },
	holmesgpt: { read: readHolmes, fill: (text, env, user) => text
		.replace(/\{\{ env\.(\w+) \}\}/g, (_, n) => env[n])
		.replace("{{ request_context.headers['X-User-Token'] }}", user) },
	cursor: { read: inMcpServers({ stdio: true, http: true }),
		fill: (text, env) => text.replace(/\$\{env:(\w+)\}/g,
			(_, n) => env[n]) },
	claude: { read: inMcpServers({ stdio: true }), fill: environment },
	'claude-code': { read: inMcpServers({ type: true, stdio: true,
		http: true }), fill: environment },
	vscode: { read: readVscode, fill: (text, env) => text.replace(
		'${input:cloudwatch-token}', env.CLOUDWATCH_MCP_TOKEN) },
	kiro: { read: inMcpServers({ stdio: true, http: true,
		more: ['disabled', 'autoApprove'] }), fill: environment },
	'mcp-remote': { read: inMcpServers({ stdio: true }),
		fill: (text) => text },
	'sigv4-proxy': { read: inMcpServers({ stdio: true }),
		fill: (text) => text },
};

// The program that stands in for one that would be fetched.
function command(server) {
	if (server.command === 'npx') {
		const version = JSON.parse(fs.readFileSync(
			`${here}/package.json`)).dependencies['mcp-remote'];
		assert.deepEqual(server.args.slice(0, 2),
			['-y', `mcp-remote@${version}`]);
		return [process.execPath,
			[`${here}/node_modules/mcp-remote/dist/proxy.js`,
				...server.args.slice(2)]];
	}
	if (server.command === 'uvx') {
		assert.equal(server.args[0], 'mcp-proxy-for-aws@latest');
		return ['python3', [sigv4Proxy, ...server.args.slice(1)]];
	}
	assert.equal(server.command, '/usr/local/bin/cloudwatch-mcp');
	return [program, server.args];
}

// ---- use ----

async function use(client) {
	const { tools, nextCursor } = await client.listTools();

	assert.equal(nextCursor, undefined);
	for (const t of tools) {
		assert.ok(`${t.name}_mcp_cloudwatch`.length <= 64, t.name);
		assert.equal(t.annotations.readOnlyHint, true);
	}
	await client.ping();
	for (const [name, args] of [['whoami', {}], ['get_active_alarms',
		{ max_items: 3, region: null }]]) {
		const result = await client.callTool({ name, arguments: args });

		assert.ok(!result.isError, result.content[0].text);
		assert.deepEqual(JSON.parse(result.content[0].text),
			result.structuredContent);
	}
	return tools;
}

async function connected(transport, then) {
	const client = new Client({ name: 'guides', version: '1' });

	await client.connect(transport);
	try {
		return await then(client);
	} finally {
		await client.close();
	}
}

// How LibreChat looks whether it has to log in: without credentials.
async function probe(url) {
	for (const init of [{ method: 'HEAD' }, { method: 'POST', body: '{}',
		headers: { 'Content-Type': 'application/json' } }]) {
		const answer = await fetch(url, init);

		assert.equal(answer.status, 401);
		assert.match(answer.headers.get('www-authenticate'), /^Bearer/);
	}
}

async function overHttp(kind, server, port) {
	const url = new URL(server.url.replace(ADDRESS,
		`http://127.0.0.1:${port}`));
	const Transport = server.mode === 'sse' ? SSEClientTransport :
		StreamableHTTPClientTransport;
	const make = (headers) => new Transport(url,
		{ requestInit: { headers } });

	assert.equal(url.port, String(port));
	if (kind === 'holmesgpt') {
		// Anew for each call; the health check with no arguments.
		await connected(make(server.headers), async (client) => {
			const { tools } = await client.listTools();
			assert.ok(tools.some((t) =>
				t.name === server.health_check_tool));
		});
		await connected(make(server.headers), async (client) => {
			const health = await client.callTool({
				name: server.health_check_tool, arguments: {} });
			assert.ok(!health.isError);
		});
	}
	await connected(make(server.headers), use);
	// What is sent where nobody asks: the health check at the start.
	for (const name of server.own ?? []) {
		await connected(make({ [name]: server.headers[name] }), use);
	}
	if (Object.keys(server.headers ?? {}).length > 0) {
		await assert.rejects(connected(make({}), use), { code: 401 });
		const wrong = Object.fromEntries(Object.entries(server.headers)
			.map(([n, v]) => [n, v.replace(/.{6}$/, 'AAAAAA')]));
		await assert.rejects(connected(make(wrong), use), { code: 401 });
		await probe(url);
	}
}

async function overStdio(server, port, secret) {
	const [file, args] = command(server);

	if (secret) {
		fs.appendFileSync(`${home}/.aws/credentials`, secret);
	}
	await connected(new StdioClientTransport({ command: file,
		args: args.map((a) => a.replace(ADDRESS,
			`http://127.0.0.1:${port}`)),
		env: server.env, stderr: 'ignore' }), use);
}

async function check(block, all) {
	const { read, fill } = clients[block.client];
	const server = read(block.body);
	const name = all.find((b) => b.client === 'server' &&
		b.name === block.name);
	const at = name ? await serve(name.body) : {};
	const env = { CLOUDWATCH_MCP_TOKEN: at.token };

	for (const part of ['headers', 'env']) {
		for (const [key, value] of Object.entries(server[part] ?? {})) {
			const filled = fill(value, env, at.user);
			assert.doesNotMatch(filled, /[{}]|undefined/);
			server[part][key] = filled.replace(
				'the-token-behind-remote:', at.token);
		}
	}
	if (server.url) {
		await overHttp(block.client, server, at.port);
		return;
	}
	const secret = all.find((b) => b.client === 'credentials')?.body
		.replace('the-secret-behind-the-second-colon', at.secret);
	await overStdio(server, at.port, secret);
}

// The path of a newcomer: what the demo prints, put into the clients.
async function demo() {
	const port = await freePort();
	const child = start(program, ['--demo', '--port', String(port)],
		{ stdio: ['ignore', 'pipe', 'ignore'] });
	let text = '';

	child.stdout.on('data', (data) => { text += data; });
	await answers(`http://127.0.0.1:${port}/health`);
	for (let i = 0; i < 100 && !text.includes('Ask:'); i++) {
		await new Promise((r) => setTimeout(r, 20));
	}
	// What is indented below a line that begins so.
	const below = (head) => new RegExp(
		`^${head}.*\n((?: {4}.*\n)+)`, 'm').exec(text)[1]
		.replace(/^ {4}/gm, '');
	const address = (server) => ({ ...server, url: server.url.replace(
		`http://127.0.0.1:${port}`, 'http://127.0.0.1:3334') });

	await overHttp('librechat', address(readLibrechat(
		`version: 1.3.0\n${below('LibreChat')}`)), port);
	await overHttp('cursor', address(clients.cursor.read(
		below('Cursor'))), port);
	const desktop = clients.claude.read(below('Claude Desktop'));
	assert.equal(desktop.command, '/path/to/cloudwatch-mcp');
	desktop.command = '/usr/local/bin/cloudwatch-mcp';
	await overStdio(desktop, port);
	assert.equal(below('Claude Code'), 'claude mcp add --transport http ' +
		`cloudwatch http://127.0.0.1:${port}/mcp\n`);
}

// ---- all of it ----

let passed = 0;
let failed = 0;

// Nobody's own files: a home with a profile that leads to the demo account.
process.env.HOME = home;
fs.mkdirSync(`${home}/bin`);
fs.symlinkSync(path.resolve(program), `${home}/bin/cloudwatch-mcp`);
fs.mkdirSync(`${home}/.aws`);
const endpoint = await freePort();
start(program, ['demo-endpoint', '--port', String(endpoint)]);
await answers(`http://127.0.0.1:${endpoint}/demo/stats`);
fs.writeFileSync(`${home}/.aws/config`,
	`[default]\nendpoint_url = http://127.0.0.1:${endpoint}\n`);
fs.writeFileSync(`${home}/.aws/credentials`, '[default]\n' +
	'aws_access_key_id = AKIDEMOREADER0000001\n' +
	'aws_secret_access_key = demo/secret/of/the/reader/key0000000001\n');
const issuing = await startIssuer();
const seen = new Set();

for (const file of fs.readdirSync(guides).filter((f) => f.endsWith('.md'))) {
	const all = blocks(path.join(guides, file));

	for (const block of all) {
		if (['server', 'credentials'].includes(block.client)) {
			continue;
		}
		seen.add(block.client);
		try {
			await check(block, all);
			passed++;
			console.log(`ok   ${file}: ${block.client} ${block.name}`);
		} catch (e) {
			failed++;
			console.log(`FAIL ${file}: ${block.client} ` +
				`${block.name}: ${e.stack ?? e}`);
		}
	}
}
try {
	await demo();
	passed++;
	console.log('ok   what the demo prints');
} catch (e) {
	failed++;
	console.log(`FAIL what the demo prints: ${e.stack ?? e}`);
}
for (const name of Object.keys(clients).filter((c) => !seen.has(c))) {
	failed++;
	console.log(`FAIL no guide for ${name}`);
}
issuing.close();
for (const child of started) {
	try {
		process.kill(-child.pid);
	} catch {
		// It has ended by itself.
	}
}
fs.rmSync(home, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

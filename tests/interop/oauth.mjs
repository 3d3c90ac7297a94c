// SPDX-License-Identifier: Apache-2.0
//
// The official SDK clients against a server that asks for tokens:
//
//	node oauth.mjs PROGRAM
//
// They know nothing but the URL of the server and a client id, and find the
// rest as the protocol has it: 401, protected resource metadata (RFC 9728),
// metadata of the authorization server (RFC 8414), code with PKCE (RFC 7636)
// and resource (RFC 8707), token, tools. The authorization server is the one
// below. Prints a line for each client and ends with "N passed, N failed".
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import http from 'node:http';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Http1 }
	from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UnauthorizedError as Unauthorized1 }
	from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as Client2, StreamableHTTPClientTransport as Http2,
	UnauthorizedError as Unauthorized2 } from '@modelcontextprotocol/client';

const [program] = process.argv.slice(2);
const clientId = 'librechat';
const redirect = 'http://127.0.0.1/callback';
const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa',
	{ modulusLength: 2048 });
const codes = new Map();
const seen = [];
let issuer;

const b64 = (v) => Buffer.from(v).toString('base64url');

function token(claims) {
	const now = Math.floor(Date.now() / 1000);
	const head = { alg: 'RS256', typ: 'at+jwt', kid: 'k' };
	const body = { iss: issuer, sub: 'ann', iat: now, exp: now + 300,
		...claims };
	const text = [head, body].map((p) => b64(JSON.stringify(p))).join('.');

	return `${text}.${crypto.sign('sha256', Buffer.from(text), privateKey)
		.toString('base64url')}`;
}

function answer(res, status, body) {
	res.writeHead(status, { 'Content-Type': 'application/json' });
	res.end(JSON.stringify(body));
}

async function form(req) {
	let text = '';

	for await (const piece of req) {
		text += piece;
	}
	return new URLSearchParams(text);
}

async function serve(req, res) {
	const url = new URL(req.url, issuer);

	seen.push(url.pathname);
	if (url.pathname === '/.well-known/oauth-authorization-server' ||
	    url.pathname === '/.well-known/openid-configuration') {
		return answer(res, 200, { issuer, jwks_uri: `${issuer}/keys`,
			authorization_endpoint: `${issuer}/authorize`,
			token_endpoint: `${issuer}/token`,
			response_types_supported: ['code'],
			grant_types_supported: ['authorization_code'],
			token_endpoint_auth_methods_supported: ['none'],
			code_challenge_methods_supported: ['S256'] });
	}
	if (url.pathname === '/keys') {
		return answer(res, 200, { keys: [{ kid: 'k', use: 'sig',
			alg: 'RS256', ...publicKey.export({ format: 'jwk' }) }] });
	}
	if (url.pathname === '/token') {
		const f = await form(req);
		const asked = codes.get(f.get('code'));

		codes.delete(f.get('code'));
		assert.equal(crypto.createHash('sha256')
			.update(f.get('code_verifier')).digest('base64url'),
		asked.get('code_challenge'));
		assert.equal(f.get('resource'), asked.get('resource'));
		return answer(res, 200, { token_type: 'Bearer', expires_in: 300,
			scope: asked.get('scope') ?? '', access_token: token({
				aud: asked.get('resource'),
				scope: asked.get('scope') ?? '' }) });
	}
	return answer(res, 404, {});
}

// What a host keeps for one server; the person at the browser always agrees.
class Provider {
	get redirectUrl() { return redirect; }
	get clientMetadata() {
		return { redirect_uris: [redirect], client_name: 'interop',
			token_endpoint_auth_method: 'none' };
	}
	clientInformation() { return { client_id: clientId, issuer }; }
	tokens() { return this.kept; }
	saveTokens(t) { this.kept = t; }
	saveCodeVerifier(v) { this.verifier = v; }
	codeVerifier() { return this.verifier; }
	redirectToAuthorization(url) {
		this.asked = url.searchParams;
		assert.equal(url.origin + url.pathname, `${issuer}/authorize`);
		assert.equal(this.asked.get('client_id'), clientId);
		this.code = crypto.randomUUID();
		codes.set(this.code, this.asked);
	}
}

async function start(env, port) {
	const child = spawn(program, ['--demo', '--port', String(port)], {
		env: { PATH: process.env.PATH, ...env },
		stdio: ['ignore', 'ignore', 'pipe'] });

	return new Promise((done, fail) => {
		let text = '';

		child.on('exit', () => fail(new Error(text)));
		child.stderr.on('data', (d) => {
			text += d;
			const m = /"event":"start".*?"port":(\d+)/.exec(text);

			if (m) {
				done({ child, port: m[1] });
			}
		});
	});
}

async function run(name, Client, Http, Unauthorized, url) {
	const provider = new Provider();
	const make = () => [new Client({ name: 'oauth', version: '1' }),
		new Http(new URL(url), { authProvider: provider })];
	let [client, transport] = make();

	await assert.rejects(client.connect(transport), Unauthorized);
	assert.equal(provider.asked.get('resource'), url);
	assert.equal(provider.asked.get('scope'), 'cw.read');
	assert.equal(provider.asked.get('code_challenge_method'), 'S256');
	await transport.finishAuth(provider.code);
	[client, transport] = make();
	await client.connect(transport);
	const { tools } = await client.listTools();
	const result = await client.callTool({ name: 'whoami', arguments: {} });

	assert.ok(tools.length > 30);
	assert.ok(!result.isError, result.content?.[0]?.text);
	// A token for another resource: the client is told to begin anew.
	provider.kept = { access_token: token({ aud: 'https://other',
		scope: 'cw.read' }), token_type: 'Bearer' };
	await assert.rejects(client.callTool({ name: 'whoami',
		arguments: {} }), Unauthorized);
	// One that lacks the scope: it is asked for.
	provider.asked = undefined;
	provider.kept = { access_token: token({ aud: url, scope: '' }),
		token_type: 'Bearer' };
	await client.callTool({ name: 'whoami', arguments: {} })
		.then(() => assert.fail('let in'), () => {});
	assert.equal(provider.asked?.get('scope'), 'cw.read');
	await client.close();
	console.log(`ok   ${name}`);
}

const idp = http.createServer((req, res) => serve(req, res).catch((e) => {
	console.error(e);
	answer(res, 500, {});
}));
await new Promise((done) => { idp.listen(0, '127.0.0.1', done); });
issuer = `http://127.0.0.1:${idp.address().port}`;

// The audience is our own URL, so the port has to be known before.
const probe = http.createServer();
await new Promise((done) => { probe.listen(0, '127.0.0.1', done); });
const { port } = probe.address();
await new Promise((done) => { probe.close(done); });
const url = `http://127.0.0.1:${port}/mcp`;
const server = await start({ AUTH_ISSUER: issuer, AUTH_AUDIENCE: url,
	AUTH_SCOPES: 'cw.read' }, port);
let passed = 0;
let failed = 0;

for (const [name, Client, Http, Unauthorized] of [
	['SDK 1.x', Client1, Http1, Unauthorized1],
	['SDK 2.x', Client2, Http2, Unauthorized2]]) {
	try {
		await run(name, Client, Http, Unauthorized, url);
		passed++;
	} catch (e) {
		failed++;
		console.log(`FAIL ${name}: ${e.stack}\n${seen.join(' ')}`);
	}
}
server.child.removeAllListeners('exit');
server.child.kill();
idp.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

// SPDX-License-Identifier: Apache-2.0
//
// The program under test, and a browser that looks at it.
//
// Every tab is watched: what the page writes to the console, what its policy
// forbids, and every request that leaves the server's origin fails the test in
// which it happens.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic',
	'--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync'];

export class World {
	constructor(program, browserPath) {
		this.program = program;
		this.browserPath = browserPath;
		this.folder = mkdtempSync(join(tmpdir(), 'cloudwatch-mcp-page.'));
		this.started = [];
	}

	async open() {
		this.browser = await chromium.launch({
			executablePath: this.browserPath, args: FLAGS });
		this.url = await this.serve({});
	}

	async close() {
		await this.browser?.close();
		this.started.forEach(p => p.kill());
		rmSync(this.folder, { recursive: true });
	}

	file(name, text) {
		const path = join(this.folder, name);

		writeFileSync(path, text, { mode: 0o600 });
		return path;
	}

	// Starts the program on a free port; its address, once it listens.
	serve(env, ...words) {
		const p = spawn(this.program, ['--port', '0', ...(words.length ?
		    words : ['--demo'])], { stdio: ['ignore', 'ignore', 'pipe'],
			env: { PATH: process.env.PATH, HOME: this.folder,
				AWS_EC2_METADATA_DISABLED: 'true', ...env } });

		this.started.push(p);
		return new Promise((resolve, reject) => {
			const lines = createInterface(p.stderr);

			lines.on('line', line => {
				if (line.includes('"event":"start"')) {
					resolve('http://127.0.0.1:' +
					    JSON.parse(line).port);
				}
			});
			p.on('exit', code => reject(Error(`exit ${code}`)));
		});
	}

	// A tab of its own, at a hash of the page; faults are collected in
	// tab.faults.
	async tab(hash = '', options = {}) {
		const { url = this.url, before, ...rest } = options;
		const context = await this.browser.newContext({
			viewport: { width: 1280, height: 900 }, ...rest });
		const page = await context.newPage();

		page.faults = [];
		page.posts = [];
		page.on('console', m => page.faults.push(m.text()));
		page.on('pageerror', e => page.faults.push(e.message));
		page.on('request', r => {
			if (!r.url().startsWith(url + '/') &&
			    !r.url().startsWith('data:')) {
				page.faults.push('asked ' + r.url());
			}
			if (r.method() == 'POST') {
				page.posts.push(r.postDataJSON());
			}
		});
		await page.addInitScript(() => {
			addEventListener('securitypolicyviolation', e =>
			    console.log('policy: ' + e.violatedDirective));
		});
		this.tabs.push(page);
		await before?.(page);
		await page.goto(url + '/' + hash);
		return page;
	}

	// What the server says to the same call, asked without a browser.
	async call(name, args) {
		const r = await fetch(this.url + '/mcp/tools/call', {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ name, arguments: args }) });

		return (await r.json()).structuredContent;
	}

	async run(tests, words) {
		let passed = 0;
		let failed = 0;

		for (const [name, test] of tests) {
			if (words.length && !words.some(w => name.includes(w))) {
				continue;
			}
			this.tabs = [];
			try {
				await test(this);
				for (const tab of this.tabs) {
					if (tab.faults.length) {
						throw Error(tab.faults.join('; '));
					}
				}
				passed++;
			} catch (e) {
				failed++;
				console.log(`FAIL ${name}: ${e.stack}`);
				await this.tabs.at(-1)?.screenshot({
					path: `build/page/failed-${failed}.png` })
				    .catch(() => {});
			}
			await Promise.all(this.tabs.map(t => t.context().close()));
		}
		console.log(`${passed} passed, ${failed} failed`);
		return failed || !passed ? 1 : 0;
	}
}

export function hashOf(tool, args) {
	return '#' + tool + '=' + encodeURIComponent(JSON.stringify(args));
}

// Presses Run and waits for the end of the call.
export async function run(tab) {
	await tab.click('button.act');
	await done(tab);
}

export function done(tab) {
	return tab.waitForFunction(() => /^(Answered|Refused|Cancelled|The server)/
	    .test(document.querySelector('main [role=status]').textContent));
}

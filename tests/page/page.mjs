// SPDX-License-Identifier: Apache-2.0
//
// page.mjs PROGRAM CHROMIUM [WORD...]: the page for people, used as people do.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { World, done, hashOf, run } from './world.mjs';

const DATABASE = [{ name: 'DBInstanceIdentifier', value: 'checkout-db' }];
const CONNECTIONS = { namespace: 'AWS/RDS',
	metric_name: 'DatabaseConnections', dimensions: DATABASE,
	statistics: ['Average', 'Maximum'], start_time: '-3h', period: 60 };

const tests = [];

function test(name, body) {
	tests.push([name, body]);
}

// Answers every tool call of the tab with this result.
function answering(result, status = 200) {
	return async page => page.route('**/mcp/tools/call', route =>
	    route.request().postDataJSON().name == 'whoami' ? route.continue() :
	    route.fulfill({ status, json: status == 200 ? {
		content: [{ type: 'text', text: JSON.stringify(result) }],
		structuredContent: result } : result }));
}

async function text(tab, selector) {
	return (await tab.locator(selector).first().innerText()).trim();
}

// What has the focus: its id, or its words.
function focus(tab) {
	return tab.evaluate(() => document.activeElement.id ||
	    document.activeElement.textContent);
}

// ---- what runs ----

test('the overview says what runs, as whom, and that AWS answers', async w => {
	const tab = await w.tab();
	const who = await w.call('whoami', {});

	await tab.getByText('AWS answers').waitFor();
	const state = await text(tab, '#state');

	assert.match(state, /demo account/);
	assert.match(state, new RegExp(who.account_id));
	assert.match(state, new RegExp(who.region));
	assert.match(state, /ready/);
	assert.match(state, /AWS answers, \d+ ms/);
	assert.match(await text(tab, 'main dl'), new RegExp(who.arn));
	assert.match(await text(tab, 'main'), new RegExp(
	    `claude mcp add --transport http cloudwatch ${w.url}/mcp`));
});

test('without credentials it says what the server said', async w => {
	const url = await w.serve({}, '--log-level', 'INFO');
	const tab = await w.tab('', { url, before: async page => {
		// The browser writes every 503 to the console.
		page.faults.push = () => 0;
	} });

	await tab.getByText('AWS does not answer').waitFor();
	assert.match(await text(tab, '#state'), /no credentials/);
	assert.match(await text(tab, 'main dl'), /AWS\s+▲?\s*\S.* no/s);
});

test('checking again asks again', async w => {
	const tab = await w.tab();

	await tab.getByText('AWS answers').waitFor();
	const before = tab.posts.length;

	await tab.click('text=Check again');
	await tab.waitForFunction(() => !document.querySelector('.row button')
	    .disabled);
	assert.equal(tab.posts.length, before + 1);
});

// ---- tools and forms ----

test('all tools are there, by family, and a search narrows them', async w => {
	const tab = await w.tab();
	const { tools } = await (await fetch(w.url + '/mcp/tools')).json();

	await tab.waitForSelector('nav li');
	assert.deepEqual((await tab.locator('nav li').allInnerTexts()).sort(),
	    tools.map(t => t.name).sort());
	const families = await tab.locator('nav h2').allInnerTexts();

	assert.ok(families.includes('alarms') && !families.includes('other'));
	await tab.fill('#search', 'SPARKLINES window');
	assert.deepEqual(await tab.locator('nav li').allInnerTexts(),
	    ['compare_metric_windows']);
	await tab.fill('#search', 'zzz');
	assert.match(await text(tab, '#list'), /No tool/);
});

test('every argument of every tool has a field with a name', async w => {
	const tab = await w.tab();
	const { tools } = await (await fetch(w.url + '/mcp/tools')).json();

	await tab.waitForSelector('nav li');
	for (const t of tools) {
		await tab.evaluate(name => location.hash = name, t.name);
		await tab.locator('h1 code', { hasText: t.name }).waitFor();
		const fields = await tab.evaluate(() =>
		    [...document.querySelectorAll('form .grid > *')].map(node => {
			const inputs = [...node.querySelectorAll(
			    'input, select, textarea')];

			return {
				name: (node.querySelector('legend') ||
				    node.querySelector('label')).textContent,
				labelled: inputs.length > 0 && inputs.every(i =>
				    i.labels.length == 1),
				required: inputs[0].required,
			};
		}));

		assert.deepEqual(fields.map(f => f.name.replace(' *', '')).sort(),
		    Object.keys(t.inputSchema.properties).sort(), t.name);
		for (const f of fields) {
			assert.ok(f.labelled, t.name + ' ' + f.name);
			assert.equal(f.required, (t.inputSchema.required || [])
			    .includes(f.name.replace(' *', '')), f.name);
		}
		assert.deepEqual(await tab.evaluate(() => {
			const ids = [...document.querySelectorAll('[id]')]
			    .map(e => e.id);

			return ids.filter((id, i) => ids.indexOf(id) != i);
		}), []);
	}
});

test('what is typed is what is sent', async w => {
	const tab = await w.tab('#describe_alarms');

	await tab.fill('#f-alarm_names', 'one\n\n two \n');
	await tab.selectOption('#f-state_value', 'ALARM');
	await tab.check('input[value=CompositeAlarm]');
	await tab.fill('#f-max_items', '7');
	await tab.click('summary');
	await tab.fill('#f-region', 'us-east-1');
	await run(tab);
	assert.deepEqual(tab.posts.at(-1), { name: 'describe_alarms',
		arguments: { alarm_names: ['one', 'two'], state_value: 'ALARM',
			alarm_types: ['CompositeAlarm'], max_items: 7,
			region: 'us-east-1' } });
	await tab.evaluate(() => location.hash = 'list_metrics');
	await tab.locator('h1 code', { hasText: 'list_metrics' }).waitFor();
	await tab.fill('#f-dimensions', 'A=b=c\nD');
	await tab.check('#f-recently_active');
	await run(tab);
	assert.deepEqual(tab.posts.at(-1).arguments, { dimensions:
	    [{ name: 'A', value: 'b=c' }, { name: 'D' }],
		recently_active: true });
});

test('an argument that has to be there is asked for', async w => {
	const tab = await w.tab('#get_alarm_history');

	await tab.click('button.act');
	assert.equal(await tab.evaluate(() => document.activeElement.id),
	    'f-alarm_name');
	assert.ok(!tab.posts.some(p => p.name == 'get_alarm_history'));
});

test('JSON that is none is shown before anything is sent', async w => {
	const tab = await w.tab('#get_metric_data');

	await tab.fill('#f-queries', '[{"id": ');
	await tab.click('button.act');
	assert.match(await text(tab, '[role=alert]'), /^queries is not JSON/);
	assert.ok(!tab.posts.some(p => p.name == 'get_metric_data'));
});

test('a link fills the form and sends nothing', async w => {
	const tab = await w.tab(hashOf('get_metric_statistics', CONNECTIONS));

	await tab.getByText('AWS answers').waitFor();
	assert.equal(await tab.inputValue('#f-dimensions'),
	    'DBInstanceIdentifier=checkout-db');
	assert.equal(await tab.inputValue('#f-statistics'),
	    'Average\nMaximum');
	assert.deepEqual(tab.posts.map(p => p.name), ['whoami']);
	await run(tab);
	assert.deepEqual(tab.posts.at(-1).arguments, CONNECTIONS);
	await tab.reload();
	await tab.waitForSelector('#f-period');
	assert.equal(await tab.inputValue('#f-period'), '60');
});

test('the copied curl line gives the same answer', async w => {
	const tab = await w.tab(hashOf('get_alarm_history', { alarm_name:
	    `it's "$(false)" \\ here` }), { permissions: ['clipboard-read',
		'clipboard-write'] });

	await tab.click('text=Copy as curl');
	await tab.getByText('Copied').waitFor();
	const line = await tab.evaluate(() => navigator.clipboard.readText());
	const answer = JSON.parse(execFileSync('sh', ['-c', line]));

	assert.equal(answer.isError, true);
	assert.ok(answer.content[0].text.includes(
	    `it's "$(false)" \\ here`));
});

test('copying works without a clipboard of https, and storage may be refused',
    async w => {
	const tab = await w.tab('#get_metric_data', { before: page =>
	    page.addInitScript(() => {
		const refuse = { get() {
			throw new DOMException('no', 'SecurityError');
		} };

		Object.defineProperty(navigator, 'clipboard', { value: null });
		Object.defineProperty(window, 'sessionStorage', refuse);
		Object.defineProperty(window, 'localStorage', refuse);
		addEventListener('copy', () => window.copied =
		    String(document.activeElement.value));
	}) });

	await tab.click('#theme');
	await tab.fill('#f-namespace', 'AWS/ECS');
	await tab.click('text=Copy as curl');
	await tab.getByText('Copied').waitFor();
	assert.match(await tab.evaluate(() => window.copied), /^curl .*AWS.ECS/);
	await tab.fill('#f-queries', '{');
	await tab.click('text=Copy link');
	await tab.getByText('queries is not JSON').waitFor();
});

test('a call can be cancelled', async w => {
	const tab = await w.tab(hashOf('live_tail', { seconds: 60, max_events:
	    1000, log_group_identifiers: ['/ecs/shop-prod/checkout'],
	    filter_pattern: 'neverthere' }));

	await tab.click('button.act');
	await tab.getByText('Running').waitFor();
	assert.equal(await tab.getAttribute('button.act', 'aria-disabled'),
	    'true');
	await tab.keyboard.press('Enter');
	assert.equal(tab.posts.filter(p => p.name == 'live_tail').length, 1);
	await tab.getByRole('button', { name: 'Cancel' }).click();
	await done(tab);
	assert.match(await text(tab, '[role=status]'), /^Cancelled/);
	assert.equal(await focus(tab), 'Run');
	await tab.keyboard.press('Enter');
	await tab.getByText('Running').waitFor();
	await tab.keyboard.press('Escape');
	await done(tab);
	assert.match(await text(tab, '[role=status]'), /^Cancelled/);
});

// ---- results ----

test('datapoints are drawn: every point, with axes and values', async w => {
	const tab = await w.tab(hashOf('get_metric_statistics', CONNECTIONS));

	await run(tab);
	await tab.waitForSelector('svg path');
	const points = Number(await tab.getAttribute('figure', 'data-points'));
	const rows = (await w.call('get_metric_statistics', CONNECTIONS))
	    .datapoints.length;

	// A minute may have passed between the two.
	assert.ok(Math.abs(points - 2 * rows) <= 2, `${points}, ${rows}`);
	const drawn = await tab.$$eval('svg path', paths => paths.map(p =>
	    p.getAttribute('d').match(/[ML]/g).length));

	assert.equal(drawn.reduce((a, b) => a + b), points);
	assert.deepEqual(await tab.locator('.key').allInnerTexts(),
	    ['Average', 'Maximum']);
	assert.match(await text(tab, 'figcaption'), /Count/);
	const labels = await tab.locator('svg text').allTextContents();

	assert.ok(labels.includes('200') && labels.includes('0'), labels);
	assert.ok(labels.filter(l => /^\d\d:\d\d$/.test(l)).length > 3);
	await tab.click('.key >> nth=0');
	assert.equal(await tab.locator('svg path').count(), 1);
});

test('lines of several metrics have one chart and their names', async w => {
	const args = { namespace: 'AWS/ECS', metric_name: 'CPUUtilization',
		group_by_dimension: 'ServiceName', period: 300,
		schema_dimension_keys: ['ClusterName', 'ServiceName'],
		start_time: '-3h' };
	const tab = await w.tab(hashOf('get_metric_data', args));

	await run(tab);
	await tab.waitForSelector('svg path');
	const { metricDataResults } = await w.call('get_metric_data', args);

	assert.equal(await tab.locator('figure').count(), 1);
	assert.deepEqual((await tab.locator('.key').allInnerTexts()).sort(),
	    metricDataResults.map(r => r.label).sort());
});

test('PromQL, log bins and compared windows are drawn, too', async w => {
	for (const [tool, args, lines] of [
		['execute_promql_range_query', { start: '-2h', end: 'now',
			query: 'histogram_avg({"CPUUtilization"})', step: '5m' },
		/checkout/],
		['execute_log_insights_query', { start_time: '-2h',
			end_time: 'now', log_group_names:
			['/ecs/shop-prod/checkout'],
			query_string: 'stats count(*) as n by bin(5m), level' },
		/INFO/],
		['compare_metric_windows', { ...CONNECTIONS, statistics:
			undefined, baselines: ['yesterday'] },
		/current\s.*yesterday/s],
	]) {
		const tab = await w.tab(hashOf(tool, args));

		await run(tab);
		await tab.waitForSelector('svg path');
		assert.match((await tab.locator('.key').allInnerTexts())
		    .join('\n'), lines, tool);
	}
});

const T = minute => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

test('changes of a level are drawn as steps', async w => {
	const tab = await w.tab('#list_metrics', { before: answering({
		change_points: [{ time: T(3), before: 1, after: 2 },
			{ time: T(50), before: 2, after: 1 }],
		metric_info: { time_range: { start: T(0), end: T(60) } } }) });

	await run(tab);
	assert.equal(await tab.locator('figure').count(), 1);
	const d = await tab.getAttribute('svg path', 'd');

	assert.match(d, /^M[^M]+$/);
	assert.equal(d.match(/L/g).length, 5);
});

test('a gap is not bridged, and a lone point is a dot', async w => {
	const minutes = [0, 1, 2, 3, 10, 20, 21];
	const tab = await w.tab('#list_metrics', { before: answering({
		datapoints: minutes.map(m => ({ timestamp: T(m), value: m })) }) });

	await run(tab);
	const d = await tab.waitForSelector('svg path')
	    .then(p => p.getAttribute('d'));

	assert.equal(d.match(/M/g).length, 3);
	assert.match(d, /M[\d. ]+h0M/);
});

test('what is no number is a gap', async w => {
	const tab = await w.tab('#list_metrics', { before: answering({
		result: [{ metric: { a: 'b' }, values: ['1', 'NaN', '2', '3',
			'+Inf', '4', '5'].map((v, m) => [T(m), v]) }] }) });

	await run(tab);
	assert.equal((await tab.getAttribute('svg path', 'd'))
	    .match(/M/g).length, 3);
	assert.equal(await tab.getAttribute('figure', 'data-points'), '5');
});

test('values are read by keyboard and by pointer', async w => {
	const tab = await w.tab('#list_metrics', { before: answering({
		datapoints: [5, 7, 6].map((v, m) => ({ timestamp: T(m),
			value: v })) }) });

	await run(tab);
	const chart = tab.getByRole('slider');

	await chart.press('Home');
	assert.match(await chart.getAttribute('aria-valuetext'),
	    /^1 Jan 00:00 UTC: value 5$/);
	await chart.press('ArrowRight');
	assert.match(await text(tab, 'figcaption'), /1 Jan 00:01 UTC/);
	assert.match(await text(tab, 'figure tbody tr'), /^value\s+7\s/);
	const box = await chart.boundingBox();

	await tab.mouse.move(box.x + box.width - 20, box.y + 50);
	assert.match(await text(tab, 'figure tbody tr'), /^value\s+6\s/);
});

test('rows are a table that can be sorted', async w => {
	const tab = await w.tab('#get_active_alarms');

	await run(tab);
	const names = () => tab.locator('table').first()
	    .locator('tbody td:first-child').allInnerTexts();
	const { metric_alarms } = await w.call('get_active_alarms', {});
	const sorted = metric_alarms.map(a => a.alarm_name)
	    .sort((a, b) => a.localeCompare(b));

	assert.equal((await names()).length, sorted.length);
	await tab.getByRole('button', { name: 'alarm_name' }).first().click();
	assert.deepEqual(await names(), sorted);
	assert.equal(await tab.getAttribute('th', 'aria-sort'), 'ascending');
	await tab.getByRole('button', { name: 'alarm_name' }).first().click();
	assert.deepEqual(await names(), sorted.reverse());
});

test('long tables begin with 100 rows', async w => {
	const tab = await w.tab('#list_metrics', { before: answering({
		metrics: Array.from({ length: 250 }, (_, n) => ({ n })) }) });

	await run(tab);
	assert.equal(await tab.locator('tbody tr').count(), 100);
	await tab.click('text=Show all 250 rows');
	assert.equal(await tab.locator('tbody tr').count(), 250);
});

test('what an answer names leads to the next call', async w => {
	const tab = await w.tab('#get_active_alarms');

	await run(tab);
	await tab.click('td a >> nth=0');
	await tab.locator('h1 code', { hasText: 'investigate_alarm' })
	    .waitFor();
	assert.notEqual(await tab.inputValue('#f-alarm_name'), '');
	await run(tab);
	await tab.locator('td a', { hasText: 'get_metric_data' }).first()
	    .click();
	await tab.locator('h1 code', { hasText: 'get_metric_data' }).waitFor();
	await tab.keyboard.press('Enter');
	await tab.waitForSelector('svg path');
	await tab.goBack();
	await tab.goBack();
	await tab.locator('h1 code', { hasText: 'investigate_alarm' })
	    .waitFor();
});

test('the JSON is there, whole', async w => {
	const tab = await w.tab('#list_dashboards', { permissions:
	    ['clipboard-read', 'clipboard-write'] });

	await run(tab);
	await tab.click('summary:text-is("JSON")');
	const want = await w.call('list_dashboards', {});

	assert.deepEqual(JSON.parse(await text(tab, 'main pre')), want);
	await tab.click('text=Copy JSON');
	await tab.getByText('Copied').waitFor();
	assert.deepEqual(JSON.parse(await tab.evaluate(() =>
	    navigator.clipboard.readText())), want);
});

// ---- errors ----

test('a refused call shows the sentence of the server', async w => {
	const tab = await w.tab(hashOf('get_alarm_history',
	    { alarm_name: 'nobody' }));

	await run(tab);
	assert.match(await text(tab, '[role=alert]'),
	    /^there is no alarm 'nobody' in region us-east-1/);
	assert.match(await text(tab, '[role=status]'), /^Refused after/);
});

test('a busy server, a foreign origin and a dead server are told apart',
    async w => {
	for (const [status, body, want] of [
		[503, { error: { message: 'too many calls wait' } },
			/too many calls wait/],
		[502, 'bad', /HTTP 502: "bad"/],
		[403, { error: { message: 'this Host or Origin is not allowed' } },
			/ALLOWED_ORIGINS=http:\/\/127/],
	]) {
		const tab = await w.tab('#list_dashboards', { before:
		    answering(body, status) });

		await run(tab);
		assert.match(await text(tab, '[role=alert]'), want);
		// The browser writes these to the console itself.
		tab.faults = tab.faults.filter(f => !/the server responded/
		    .test(f));
	}
	const tab = await w.tab('#list_dashboards', { before: async page =>
	    page.route('**/mcp/tools/call', r => r.abort()) });

	await run(tab);
	assert.match(await text(tab, '[role=alert]'),
	    /^The server does not answer/);
	tab.faults = tab.faults.filter(f => !/ERR_FAILED/.test(f));
});

// ---- hostile data ----

const EVIL = '<img src=x onerror="hit=1"><script>hit=1</script>' +
	'<svg onload=hit=1><a href="javascript:hit=1">x</a>';

async function harmless(tab) {
	assert.equal(await tab.evaluate(() => window.hit), undefined);
	assert.equal(await tab.locator('main :is(img, script, iframe)').count(),
	    0);
	assert.deepEqual(await tab.$$eval('main a', all => all.map(a =>
	    a.getAttribute('href')).filter(h => !h.startsWith('#'))), []);
}

test('markup in log lines, names and columns stays text', async w => {
	const tab = await w.tab('#list_metrics', { before: answering({
		message: EVIL, [EVIL]: EVIL, verdict: EVIL,
		events: [{ message: EVIL, [EVIL]: 1, '@ptr': EVIL,
			alarm_name: EVIL, tool: EVIL, arguments: { [EVIL]: 1 } },
		{ message: EVIL + EVIL, __proto__: null }],
		series: [{ label: EVIL, datapoints: [0, 1].map(m =>
		    ({ timestamp: T(m), [EVIL]: m, b: 2 })) }],
		deep: { a: { b: { c: [[EVIL]] } }, [EVIL]: [EVIL] } }) });

	await run(tab);
	for (let n = 0; n < 3; n++) {
		await tab.$$eval('main details:not([open]) summary', all =>
		    all.forEach(s => s.click()));
		await tab.waitForTimeout(50);
	}
	await harmless(tab);
	assert.ok((await text(tab, 'td')).includes('<img src=x onerror='));
	assert.equal(await text(tab, '.box'), EVIL);
	assert.ok((await text(tab, '.key')).startsWith('<img'));
});

test('markup that the server echoes, and in links, stays text', async w => {
	const tab = await w.tab(hashOf('get_alarm_history',
	    { alarm_name: EVIL, [EVIL]: EVIL, end_time: EVIL }));

	await run(tab);
	await harmless(tab);
	assert.ok((await text(tab, '[role=alert]')).includes('<img'));
	for (const hash of ['#' + EVIL, '#get_alarm_history=%', '#__proto__',
		'#get_alarm_history=[1]', '#get_alarm_history=null',
		'#describe_alarms=' + encodeURIComponent(JSON.stringify({
			alarm_names: 5, alarm_types: {}, max_items: [EVIL],
			state_value: { a: EVIL } }))]) {
		await tab.evaluate(h => location.hash = h, hash);
		await tab.waitForTimeout(30);
		await harmless(tab);
		assert.ok(await tab.locator('h1').count(), hash);
	}
});

test('answers of odd shapes are shown', async w => {
	let result;
	const tab = await w.tab('#list_metrics', { before: page => page.route(
	    '**/mcp/tools/call', r => r.fulfill({ json: result })) });

	for (const value of [{}, { a: [] }, { a: [null, 1, 'x', [], {}] },
		{ a: [{}, {}] }, { a: [[]] }, { a: [{ timestamp: T(0) }] },
		{ datapoints: [{ timestamp: T(0), value: 1e300 }] },
		{ datapoints: [{ timestamp: T(0), value: -5 },
			{ timestamp: T(1), value: null }] },
		{ result: [{ metric: {}, values: [[T(0), 'NaN'],
			[T(1), '+Inf']] }] },
		{ result: [{ metric: {}, values: [] }] }]) {
		result = { structuredContent: value };
		await run(tab);
		assert.match(await text(tab, '[role=status]'), /^Answered/);
		assert.equal(await tab.locator('main summary').last()
		    .innerText(), 'JSON', JSON.stringify(value));
	}
	result = { content: [{ type: 'text', text: 'plain words' }] };
	await run(tab);
	assert.equal(await text(tab, 'main pre'), 'plain words');
	result = { content: [{ type: 'image', mimeType: 'image/png', data:
	    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk' +
	    'YAAAAAYAAjCB0C8AAAAASUVORK5CYII=' }] };
	await run(tab);
	assert.equal(await tab.$eval('main img', i => i.decode().then(() =>
	    i.naturalWidth)), 1);
});

// ---- authentication ----

test('a server that knows its callers asks for a token', async w => {
	const url = await w.serve({ AUTH_TOKENS_FILE: w.file('tokens',
	    'alice:a-token-long-enough-to-be-one-0123456789\n') }, '--demo');
	const refused = page => {
		// The browser writes every 401 to the console.
		page.faults.push = m => /401/.test(m) ? 0 :
		    Array.prototype.push.call(page.faults, m);
	};
	const tab = await w.tab('', { url, before: refused });
	const sent = [];

	tab.on('request', r => sent.push([new URL(r.url()).pathname,
		r.headers().authorization]));
	await tab.fill('#token', 'wrong');
	await tab.keyboard.press('Enter');
	await tab.getByText('the token is not known').waitFor();
	await tab.fill('#token',
	    'a-token-long-enough-to-be-one-0123456789');
	await tab.click('text=Use');
	await tab.getByText('AWS answers').waitFor();
	assert.ok(sent.filter(([path]) => path.startsWith('/mcp/')).every(
	    ([, t]) => t.startsWith('Bearer ')));
	assert.ok(sent.filter(([path]) => !path.startsWith('/mcp/')).every(
	    ([, t]) => t === undefined));
	assert.equal(await tab.evaluate(() => JSON.stringify(sessionStorage) +
	    JSON.stringify(localStorage)), '{}{}');
	assert.ok(!(await tab.content()).includes('long-enough'));
	await tab.reload();
	await tab.fill('#token',
	    'a-token-long-enough-to-be-one-0123456789');
	await tab.check('input[type=checkbox]');
	await tab.click('text=Use');
	await tab.getByText('AWS answers').waitFor();
	await tab.reload();
	await tab.getByText('AWS answers').waitFor();
	assert.equal(await tab.evaluate(() => localStorage.length), 0);
});

// ---- how it looks and feels ----

test('everything goes by keyboard alone', async w => {
	const tab = await w.tab();
	const tabTo = async what => {
		for (let n = 0; n < 60; n++) {
			await tab.keyboard.press('Tab');
			if (await focus(tab) == what) {
				// What has the focus is seen to have it.
				assert.notEqual(await tab.evaluate(() =>
				    getComputedStyle(document.activeElement)
				    .outlineStyle), 'none', what);
				return;
			}
		}
		assert.fail('no way to ' + what);
	};

	await tab.getByText('AWS answers').waitFor();
	await tabTo('skip');
	await tab.keyboard.press('Enter');
	assert.equal(await focus(tab), 'main');
	await tab.evaluate(() => document.activeElement.blur());
	await tabTo('search');
	await tab.keyboard.type('statistics of one metric side');
	await tabTo('get_metric_statistics');
	await tab.keyboard.press('Enter');
	await tab.waitForSelector('#f-namespace');
	assert.equal(await focus(tab), 'main');
	await tabTo('f-namespace');
	await tab.keyboard.type('AWS/RDS');
	await tabTo('f-metric_name');
	await tab.keyboard.type('DatabaseConnections');
	await tabTo('f-dimensions');
	await tab.keyboard.type('DBInstanceIdentifier=checkout-db');
	await tab.keyboard.press('Control+Enter');
	await tab.waitForSelector('svg path');
	const reach = [];

	for (let n = 0; n < 25; n++) {
		await tab.keyboard.press('Tab');
		reach.push(await tab.evaluate(() =>
		    document.activeElement.getAttribute('role') ||
		    document.activeElement.className ||
		    document.activeElement.textContent));
	}
	for (const what of ['slider', 'scroll', 'key c0', 'JSON']) {
		assert.ok(reach.includes(what), what + ': ' + reach);
	}
});

test('the theme follows the system until it is chosen', async w => {
	const tab = await w.tab('', { colorScheme: 'dark' });
	const ground = () => tab.evaluate(() =>
	    getComputedStyle(document.body).backgroundColor);
	const dark = await ground();

	await tab.emulateMedia({ colorScheme: 'light' });
	assert.equal(await ground(), 'rgb(255, 255, 255)');
	assert.notEqual(dark, await ground());
	await tab.click('#theme');
	await tab.click('#theme');
	assert.equal(await text(tab, '#theme'), 'Theme: dark');
	assert.equal(await ground(), dark);
	await tab.reload();
	assert.equal(await ground(), dark);
	await tab.click('#theme');
	assert.equal(await ground(), 'rgb(255, 255, 255)');
});

// Every text against the ground behind it (WCAG 2.2, 1.4.3).
function weakTexts() {
	const canvas = document.createElement('canvas').getContext('2d',
	    { willReadFrequently: true });
	const rgba = color => {
		canvas.clearRect(0, 0, 1, 1);
		canvas.fillStyle = color;
		canvas.fillRect(0, 0, 1, 1);
		return [...canvas.getImageData(0, 0, 1, 1).data];
	};
	const light = c => c.slice(0, 3).map(v => v / 255).map(v =>
	    v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
	    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const ground = e => {
		for (; e; e = e.parentElement) {
			const c = rgba(getComputedStyle(e).backgroundColor);

			if (c[3] > 0) {
				return c;
			}
		}
		return rgba('Canvas');
	};
	const weak = new Set();
	const walk = document.createTreeWalker(document.body, 4);
	let texts = 0;

	for (let n = walk.nextNode(); n; n = walk.nextNode()) {
		const e = n.parentElement;

		if (!n.data.trim() || !e.checkVisibility() || e.closest('script') ||
		    e.disabled) {
			continue;
		}
		texts++;
		const style = getComputedStyle(e);
		const a = light(rgba(e instanceof SVGElement ? style.fill :
		    style.color));
		const b = light(ground(e));
		const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);

		if (contrast < 4.5) {
			weak.add(`${n.data.trim().slice(0, 30)} (${e.tagName} ` +
			    `${contrast.toFixed(2)})`);
		}
	}
	return [texts, ...weak];
}

test('text has contrast in light and dark', async w => {
	for (const colorScheme of ['light', 'dark']) {
		for (const hash of ['', hashOf('get_metric_statistics',
		    CONNECTIONS), hashOf('get_alarm_history', { alarm_name: 'x' }),
			hashOf('get_metric_data', { namespace: 'AWS/ECS',
				metric_name: 'CPUUtilization',
				group_by_dimension: 'ServiceName', period: 60,
				schema_dimension_keys: ['ClusterName',
					'ServiceName'], start_time: '-1d' })]) {
			const tab = await w.tab(hash, { colorScheme });

			await tab.getByText('AWS answers').waitFor();
			if (hash) {
				await run(tab);
			}
			const [texts, ...weak] = await tab.evaluate(weakTexts);

			assert.ok(texts > 50);
			assert.deepEqual(weak, [], colorScheme + hash);
		}
	}
});

test('a screen 360 pixels wide needs no sideways scrolling', async w => {
	const viewport = { width: 360, height: 740 };

	for (const hash of ['', hashOf('get_metric_statistics', CONNECTIONS),
		'#get_active_alarms', hashOf('investigate_alarm',
		    { alarm_name: 'checkout-latency-p99' }),
		'#describe_log_groups', hashOf('get_alarm_history',
		    { alarm_name: 'x'.repeat(200) })]) {
		const tab = await w.tab(hash, { viewport, hasTouch: true });

		await tab.getByText('AWS answers').waitFor();
		if (hash) {
			await run(tab);
		}
		assert.equal(await tab.evaluate(() =>
		    document.documentElement.scrollWidth), 360, hash);
	}
	const tab = await w.tab('', { viewport });

	await tab.getByText('AWS answers').waitFor();
	assert.ok(!await tab.isVisible('nav'));
	await tab.click('#menu');
	assert.equal(await tab.getAttribute('#menu', 'aria-expanded'), 'true');
	await tab.click('nav >> text=list_metrics');
	await tab.locator('h1 code', { hasText: 'list_metrics' }).waitFor();
	assert.ok(!await tab.isVisible('nav'));
});

test('nothing moves for who does not want it', async w => {
	const hang = page => page.route('**/mcp/tools/call', () => {});

	for (const [reducedMotion, want] of [['reduce', 'none'],
		['no-preference', 'busy']]) {
		const tab = await w.tab('#list_dashboards', { reducedMotion,
			before: hang });

		await tab.click('button.act');
		assert.equal(await tab.evaluate(() => getComputedStyle(
		    document.querySelector('.busy')).animationName), want);
	}
});

const [program, chromium, ...words] = process.argv.slice(2);
const world = new World(program, chromium);
let status = 1;

try {
	await world.open();
	status = await world.run(tests, words);
} catch (e) {
	console.log(e.stack);
	console.log('0 passed, 1 failed');
}
await world.close();
process.exit(status);

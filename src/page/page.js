// SPDX-License-Identifier: Apache-2.0
//
// The page for people: asks the server that it came from, and no other, and
// shows what comes back. Everything that AWS or a link says is hostile: it
// becomes text and attribute values here, never markup, and a link fills a form
// but does not send it, since calls can cost money.
//
// pack.c takes comments out by the line, so they stand on lines of their own.

const $ = id => document.getElementById(id);
const families = '@families'.split(';').map(f => f.split(' '));

// The tools as /mcp/tools has them, the token that calls carry, and the call
// that is running.
let tools = [];
let token = stored('sessionStorage', 'token');
let running;

// ---- small things ----

// An element: 'tag.class', properties (attributes where the name has a dash or
// is no property), children.
function el(tag, props, ...children) {
	const [name, ...classes] = tag.split('.');
	const e = document.createElement(name);

	e.className = classes.join(' ');
	for (const [key, value] of Object.entries(props || {})) {
		if (key in e && key != 'list') {
			e[key] = value;
		} else {
			e.setAttribute(key, value);
		}
	}
	e.append(...children.flat().filter(c => c != null));
	return e;
}

// Storage is a convenience: a browser may refuse it. Value '' removes.
function stored(area, key, value) {
	try {
		if (value === undefined) {
			return window[area].getItem(key) || '';
		}
		value ? window[area].setItem(key, value) :
		    window[area].removeItem(key);
	} catch {
		return '';
	}
}

function bytes(n) {
	let i = 0;

	for (; n >= 1000 && i < 5; i++) {
		n /= 1000;
	}
	return +n.toPrecision(3) + ' ' + ['B', 'kB', 'MB', 'GB', 'TB', 'PB'][i];
}

function number(n) {
	return Number.isInteger(n) ? String(n) : String(+n.toPrecision(6));
}

function isObject(v) {
	return v !== null && typeof v == 'object' && !Array.isArray(v);
}

function isRows(v) {
	return Array.isArray(v) && v.length > 0 && v.every(isObject);
}

// Without https there is no clipboard but the old one.
function oldCopy(place, value) {
	const area = el('textarea', { value });

	place.after(area);
	area.select();
	document.execCommand('copy');
	area.remove();
}

function copyButton(label, text) {
	const b = el('button', { type: 'button' }, label);

	b.onclick = async () => {
		let value;

		b.textContent = 'Copied';
		try {
			value = text();
			await navigator.clipboard.writeText(value);
		} catch (sentence) {
			if (value === undefined) {
				b.textContent = sentence;
			} else {
				oldCopy(b, value);
			}
		}
		setTimeout(() => b.textContent = label, 1500);
	};
	return b;
}

// ---- asking the server ----

// One request, relative to where the page came from. body: POST it. Never
// throws: `failed` says why there is no answer.
async function ask(path, body, signal) {
	const headers = { Accept: 'application/json' };
	const began = performance.now();

	if (body) {
		headers['Content-Type'] = 'application/json';
	}
	if (token && path.startsWith('mcp/')) {
		headers.Authorization = 'Bearer ' + token;
	}
	const answer = { status: 0, text: '', body: {} };

	try {
		const r = await fetch(path, { method: body ? 'POST' : 'GET',
		    headers, body: body && JSON.stringify(body), signal,
		    cache: 'no-store' });

		answer.status = r.status;
		answer.text = await r.text();
		answer.ms = Math.round(performance.now() - began);
	} catch (e) {
		answer.failed = signal?.aborted ? 'Cancelled.' :
		    `The server does not answer: ${e.message}.`;
		return answer;
	}
	try {
		answer.body = JSON.parse(answer.text) ?? {};
	} catch {
		// A proxy's page, perhaps: trouble() shows it.
	}
	return answer;
}

function call(name, args, signal) {
	return ask('mcp/tools/call', { name, arguments: args }, signal);
}

// What kept a request from being answered, in one sentence; '' when nothing.
function trouble(a) {
	const { body } = a;

	if (a.failed) {
		return a.failed;
	}
	if (a.status == 403) {
		return `${body.error?.message || 'Refused.'} For this page, ` +
		    `set CLOUDWATCH_MCP_ALLOWED_ORIGINS=${location.origin}`;
	}
	if (a.status != 200) {
		return body.error?.message ||
		    `The answer was HTTP ${a.status}` + (a.text ?
		    `: ${a.text.slice(0, 300)}` : '.');
	}
	return body.isError ? text(body) : '';
}

function text(result) {
	return (result.content || []).filter(c => c.type == 'text')
	    .map(c => c.text).join('\n');
}

function errorBox(...sentences) {
	return el('div.box.error', { role: 'alert' },
	    sentences.map(s => el('p', 0, s)));
}

// ---- links between calls ----

function hashOf(tool, args) {
	return '#' + tool + (args && Object.keys(args).length ?
	    '=' + encodeURIComponent(JSON.stringify(args)) : '');
}

// Where a member of a row leads: tool, and its arguments from value and row.
const ways = {
	alarm_name: ['investigate_alarm', v => ({ alarm_name: v })],
	turned_first: ['investigate_alarm', v => ({ alarm_name: v })],
	dashboard_name: ['get_dashboard', v => ({ dashboard_name: v })],
	rule_name: ['get_insight_rule_report', v => ({ rule_name: v })],
	logGroupName: ['search_log_events', v => ({ log_group_names: [v] })],
	log_group_name: ['search_log_events', v => ({ log_group_names: [v] })],
	logStreamName: ['get_log_events', (v, row) => ({
		log_group_name: row.logGroupName || shown.args.log_group_name,
		log_stream_name: v })],
	namespace: ['list_metrics', (v, row) => ({ namespace: v,
		metric_name: row.metric_name })],
	'@ptr': ['get_log_record', v => ({ log_record_pointer: v })],
	queryId: ['get_logs_insight_query_results', v => ({ query_id: v })],
	metric_name: ['get_metric_data', (v, row) => row.namespace && {
		namespace: row.namespace, metric_name: v,
		dimensions: row.dimensions, statistic: row.statistic }],
	tool: [0, (v, row) => row.arguments],
};

function wayFrom(key, value, row) {
	const [tool, make] = Object.hasOwn(ways, key) ? ways[key] : [];
	const args = make && typeof value == 'string' && make(value, row);
	const name = tool || value;

	if (!args || !tools.some(t => t.name == name)) {
		return value;
	}
	const { region, profile_name } = shown.args;

	return el('a', { href: hashOf(name, { region, profile_name,
	    ...args }) }, value);
}

// ---- values ----

// The answer in view: the arguments that led to it, and its unit.
let shown = { args: {} };

function ms(time) {
	return Date.parse(/Z|[+-]\d\d:?\d\d$/.test(time) ? time :
	    time.replace(' ', 'T') + 'Z');
}

function isTime(v) {
	return typeof v == 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(v);
}

function isNumber(v) {
	return typeof v == 'number' || (typeof v == 'string' &&
	    v.trim() && isFinite(v));
}

// The lines that an array draws, { label, points: [[ms, value]] }; none when it
// is no series. Pairs of time and value, or rows with a time, numbers, and at
// most few different words, which tell lines apart.
function linesOf(a) {
	const lines = new Map();
	const add = (label, time, value) => {
		if (!lines.has(label)) {
			lines.set(label, { label, points: [] });
		}
		// NaN and infinities of PromQL are gaps.
		if (isFinite(value)) {
			lines.get(label).points.push([ms(time), +value]);
		}
	};

	if (!Array.isArray(a) || !a.length) {
		return [];
	}
	if (a.every(p => Array.isArray(p) && p.length == 2 && isTime(p[0]))) {
		a.forEach(p => add('', ...p));
		return drawable(lines);
	}
	const time = isObject(a[0]) && Object.keys(a[0]).find(k =>
	    /^(time(stamp)?|bin\(.*|t)$/.test(k) && isTime(a[0][k]));

	if (!time || a.some(p => !isTime(p?.[time]))) {
		return [];
	}
	const keys = [...new Set(a.flatMap(Object.keys))]
	    .filter(k => k != time && !k.startsWith('_') && k != '@ptr');
	const numbers = keys.filter(k => a.every(p => p[k] == null ||
	    isNumber(p[k])));
	const words = keys.filter(k => !numbers.includes(k));
	const label = p => words.map(k => p[k]);

	// Two levels of a change are no lines: see chartOfChanges.
	if (!numbers.length || numbers.includes('before') ||
	    new Set(a.map(p => label(p).join())).size > 12) {
		return [];
	}
	for (const p of a) {
		for (const k of numbers) {
			if (p[k] != null) {
				add([...label(p), numbers.length > 1 ||
				    !words.length ? k : ''].filter(Boolean)
				    .join(' '), p[time], p[k]);
			}
		}
	}
	return drawable(lines);
}

function drawable(lines) {
	return [...lines.values()].filter(l => l.points.length);
}

// Names of rows that draw lines each: their label, or what differs.
function rowLabels(rows) {
	const words = rows.map(r => r.label ? { label: r.label } :
	    isRows(r.keys) ? Object.fromEntries(r.keys.map(k =>
	    [k.name, k.value])) : isObject(r.metric) ? r.metric : r);
	const keys = Object.keys(words[0]).filter(k =>
	    typeof words[0][k] == 'string' && (rows.length == 1 ||
	    words.some(w => w[k] != words[0][k])));

	return words.map(w => keys.map(k => w[k]).filter(Boolean).join(' '));
}

// One chart for all rows that have a series in the same member.
function chartOfRows(rows) {
	const member = Object.keys(rows[0]).find(k =>
	    rows.some(r => linesOf(r[k]).length));

	if (!member) {
		return null;
	}
	const labels = rowLabels(rows);

	return chart(rows.flatMap((r, i) => linesOf(r[member]).map(l => ({
		points: l.points,
		label: [labels[i], /^value$|^$/.test(l.label) ? '' : l.label]
		    .filter(Boolean).join(' ') || 'value' }))));
}

// compare_metric_windows: sparklines of one scale, laid over each other.
function chartOfSparks(o) {
	const { min, max } = o.sparkline_scale;
	const begin = Date.parse(o.current.start);

	return el('div', 0, el('p.dim', 0, 'Drawn from the sparklines (eight ' +
	    'heights), the baselines moved to the current window:'),
	    chart([o.current, ...o.baselines].filter(w => w.sparkline)
	    .map(w => ({
		label: w.baseline || 'current',
		points: [...w.sparkline].map((c, i, all) => [begin +
		    (Date.parse(w.end) - Date.parse(w.start)) * (i + .5) /
		    all.length, min + (max - min) *
		    (c.codePointAt() - 0x2581) / 7])
		    .filter(p => p[1] <= max * 1.01) }))));
}

// analyze_metric: the level between its changes.
function chartOfChanges(o) {
	const { start, end } = o.metric_info.time_range;
	const all = o.change_points;

	return el('div', 0, el('p.dim', 0, 'Level between the changes:'),
	    chart([{ label: 'level', solid: true, points: [
		[ms(start), all[0].before],
		...all.flatMap(c => [[ms(c.time), c.before],
			[ms(c.time), c.after]]),
		[ms(end), all.at(-1).after]] }]));
}

// A value inside a line or a table's cell.
function inline(v, key, row) {
	if (v == null) {
		return '';
	}
	if (typeof v == 'number') {
		return /bytes/i.test(key) && v >= 1000 ?
		    el('span', { title: v }, bytes(v)) : number(v);
	}
	if (typeof v != 'object') {
		return key == 'sparkline' ? el('span.spark', 0, v) :
		    wayFrom(key, String(v), row);
	}
	const items = Array.isArray(v) ? v : Object.entries(v);
	const plain = items.every(i => i === null || typeof i != 'object');

	if (!items.length) {
		return 'none';
	}
	if (isRows(v) && v.every(i => i.name && Object.keys(i).length < 3)) {
		return v.map(i => i.name + ('value' in i ? '=' + i.value : ''))
		    .join('\n');
	}
	if (Array.isArray(v) && plain && v.join().length < 400) {
		return v.join(v.join().length < 60 ? ', ' : '\n');
	}
	if (isObject(v) && items.length < 9 &&
	    items.every(([, i]) => i === null || typeof i != 'object')) {
		return items.map(([k, i]) => k + '=' + inline(i)).join(', ');
	}
	return later(Array.isArray(v) ? `${v.length} items` :
	    `${items.length} members`, () => block(v));
}

// Behind a summary, made when it is opened.
function later(summary, make) {
	const d = el('details', 0, el('summary', 0, summary));

	d.addEventListener('toggle', () => d.append(make()), { once: true });
	return d;
}

function table(rows) {
	const columns = [...new Set(rows.flatMap(Object.keys))]
	    .filter(k => rows.some(r => r[k] != null));
	const body = el('tbody');
	const more = el('button', { type: 'button' });
	const numeric = k => rows.every(r => r[k] == null || isNumber(r[k]));
	const kind = k => rows.some(r => String(r[k] ?? '').length > 60 &&
	    typeof r[k] == 'string') ? '.long' : numeric(k) ? '.num' :
	    rows.every(r => isTime(r[k])) ? '.time' :
	    k == 'sparkline' ? '.spark' : '';
	const kinds = columns.map(kind);
	let order = rows;
	let limit = 100;
	const fill = () => {
		body.replaceChildren(...order.slice(0, limit).map(r =>
		    el('tr', 0, columns.map((k, i) =>
		    el('td' + kinds[i], 0, inline(r[k], k, r))))));
		more.hidden = limit >= rows.length;
		more.textContent = `Show all ${rows.length} rows`;
	};
	const heads = columns.map((k, i) => {
		const th = el('th' + (kinds[i] == '.num' ? '.num' : ''),
		    { scope: 'col' }, el('button', { type: 'button' }, k));

		th.firstChild.onclick = () => {
			const down = th.ariaSort == 'ascending';

			heads.forEach(h => h.removeAttribute('aria-sort'));
			th.ariaSort = down ? 'descending' : 'ascending';
			order = rows.toSorted((a, b) => (down ? -1 : 1) *
			    compare(a[k], b[k]));
			fill();
		};
		return th;
	});

	more.onclick = () => {
		limit = Infinity;
		fill();
	};
	fill();
	return el('div', 0, el('div.scroll', { tabIndex: 0 }, el('table', 0,
	    el('thead', 0, el('tr', 0, heads)), body)), more);
}

function compare(a, b) {
	return isNumber(a) && isNumber(b) ? a - b :
	    String(a ?? '').localeCompare(String(b ?? ''));
}

// A value as a part of the page.
function block(v) {
	if (isRows(v)) {
		const lines = linesOf(v);
		const drawn = lines.some(l => l.points.length > 1);

		return drawn ? el('div', 0, chart(lines), later(
		    `${v.length} rows`, () => table(v))) :
		    el('div', 0, chartOfRows(v), table(v));
	}
	if (isObject(v)) {
		return members(v);
	}
	if (linesOf(v).length) {
		return table(v.map(([time, value]) => ({ time, value })));
	}
	return Array.isArray(v) ? el('ul.lines', 0, v.map(i =>
	    el('li', 0, inline(i)))) : el('p', 0, inline(v));
}

function fact(key, shape) {
	return el('div' + ((shape.textContent ?? shape).length > 60 ? '.wide' :
	    ''), 0, el('dt', 0, key), el('dd', 0, shape));
}

// An object: what is short first, then its parts under headings.
function members(o) {
	const facts = el('dl.flow');
	const parts = [];
	const box = el('div');

	if (o.sparkline_scale && o.current && isRows(o.baselines)) {
		box.append(chartOfSparks(o));
	}
	if (isRows(o.change_points) && o.metric_info?.time_range) {
		box.append(chartOfChanges(o));
	}
	for (const [key, v] of Object.entries(o)) {
		if (v == null || key == 'message' || key == 'messages' ||
		    key == 'has_more_results') {
			continue;
		}
		const long = isRows(v) || (Array.isArray(v) &&
		    v.join().length > 200);
		const shape = !long && inline(v, key, o);

		if (long || shape.tagName == 'DETAILS') {
			parts.push(el('h3', 0, key), el('div.part', 0,
			    block(v)));
		} else {
			facts.append(fact(key, shape));
		}
	}
	for (const m of [o.message ?? [], o.messages ?? []].flat()) {
		box.prepend(el('div.box' + (o.has_more_results ? '.more' : ''),
		    0, el('p', 0, inline(m))));
	}
	box.append(facts, ...parts);
	return box;
}

// ---- charts ----

const SVG = 'http://www.w3.org/2000/svg';
const minute = 60000;
const hour = 60 * minute;
const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880,
	10080, 43200].map(m => m * minute);
const clock = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC',
	hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC',
	day: 'numeric', month: 'short' });
const short = new Intl.NumberFormat('en', { notation: 'compact',
	maximumSignificantDigits: 4 });

function draw(parent, name, attributes, content) {
	const e = document.createElementNS(SVG, name);

	for (const [k, v] of Object.entries(attributes)) {
		e.setAttribute(k, v);
	}
	e.textContent = content ?? '';
	parent.append(e);
	return e;
}

// 1, 2 or 5 times a power of ten, not under x.
function niceStep(x) {
	const power = 10 ** Math.floor(Math.log10(x));

	return power * [1, 2, 5, 10].find(f => f * power >= x * .999);
}

// Usual distance of a line's points, ms: over one and a half is a gap.
function stepOf(points) {
	const steps = points.slice(1).map((p, i) => p[0] - points[i][0])
	    .sort((a, b) => a - b);

	return steps[(steps.length - 1) >> 1] || Infinity;
}

function pathOf({ points, solid }, x, y) {
	const step = solid ? Infinity : 1.5 * stepOf(points);

	return points.map(([t, v], i) => {
		const at = x(t).toFixed(1) + ' ' + y(v).toFixed(1);
		const begins = !i || t - points[i - 1][0] > step;

		// A point between two gaps is a dot.
		return begins ? `M${at}h0` : `L${at}`;
	}).join('');
}

function chart(lines) {
	const all = lines.length;

	lines = lines.slice(0, 40);
	lines.forEach(l => l.points.sort((a, b) => a[0] - b[0]));
	const times = [...new Set(lines.flatMap(l => l.points.map(p => p[0])))]
	    .sort((a, b) => a - b);
	const hidden = new Set();
	const svg = document.createElementNS(SVG, 'svg');
	const when = el('span');
	const head = el('th.num', { scope: 'col' });
	const cells = lines.map(() => el('td.num'));
	let cursor = -1;
	let geometry;
	const valueAt = l => l.points.find(p => p[0] == times[cursor])?.[1];
	const stamp = t => day.format(t) + ' ' + clock.format(t) + ' UTC';

	function point() {
		const { x, y, mark, height } = geometry;
		const t = times[cursor];

		mark.replaceChildren();
		when.textContent = cursor < 0 ? '' : stamp(t);
		head.textContent = cursor < 0 ? 'last' : clock.format(t);
		lines.forEach((l, i) => {
			const v = cursor < 0 ? l.points.at(-1)[1] : valueAt(l);

			cells[i].textContent = v == null ? '' : number(v);
		});
		if (cursor < 0) {
			return;
		}
		draw(mark, 'line', { class: 'cursor', x1: x(t), x2: x(t), y1: 8,
		    y2: height });
		lines.forEach((l, i) => {
			const v = valueAt(l);

			if (v != null && !hidden.has(i)) {
				draw(mark, 'circle', { class: 'c' + i % 8,
				    r: 3.5, cx: x(t), cy: y(v) });
			}
		});
		svg.setAttribute('aria-valuenow', cursor);
		svg.setAttribute('aria-valuetext', stamp(t) + ': ' +
		    lines.map(l => l.label + ' ' + (valueAt(l) == null ?
		    'no value' : number(valueAt(l)))).slice(0, 8).join(', '));
	}

	function redraw() {
		const width = figure.clientWidth;
		const height = 200;
		const seen = lines.filter((l, i) => !hidden.has(i));
		const values = seen.flatMap(l => l.points.map(p => p[1]))
		    .filter(isFinite);
		let low = values.reduce((a, b) => Math.min(a, b), Infinity);
		let high = values.reduce((a, b) => Math.max(a, b), -Infinity);

		if (!width || !values.length) {
			return;
		}
		// From zero, unless the line would lie flat far above it.
		if (low >= 0 && low < high * .6) {
			low = 0;
		}
		if (low == high) {
			high += Math.abs(high) || 1;
		}
		const step = niceStep((high - low) / 4);

		low = Math.floor(low / step + 1e-9) * step;
		high = Math.ceil(high / step - 1e-9) * step;
		const ticks = [];

		for (let v = low; v <= high + step / 2; v += step) {
			ticks.push(v);
		}
		const names = ticks.map(v => short.format(+v.toPrecision(9)));
		const left = 12 + 6.5 * Math.max(...names.map(n => n.length));
		const first = times[0];
		const extent = times.at(-1) - first || 1;
		const x = t => left + (t - first) / extent *
		    (width - left - 14);
		const y = v => height - (v - low) / (high - low) * (height - 8);

		svg.replaceChildren();
		svg.setAttribute('viewBox', `0 0 ${width} ${height + 22}`);
		svg.setAttribute('height', height + 22);
		ticks.forEach((v, i) => {
			draw(svg, 'line', { x1: left, x2: width - 8, y1: y(v),
			    y2: y(v) });
			draw(svg, 'text', { x: left - 6, y: y(v) + 4,
			    'text-anchor': 'end' }, names[i]);
		});
		drawTimes(svg, first, extent, x, width - left, height);
		lines.forEach((l, i) => hidden.has(i) || draw(svg, 'path', {
		    class: 'c' + i % 8 + (i < 8 ? '' : ' dash'),
		    d: pathOf(l, x, y) }));
		geometry = { x, y, height, mark: draw(svg, 'g', {}) };
		point();
	}

	function move(to) {
		cursor = Math.max(0, Math.min(times.length - 1, to));
		point();
	}

	const rows = lines.map((l, i) => {
		const values = l.points.map(p => p[1]);
		const key = el('button.key.c' + i % 8, { type: 'button',
		    'aria-pressed': true }, el('span', 0, l.label));

		key.onclick = () => {
			hidden.delete(i) || hidden.add(i);
			key.setAttribute('aria-pressed', !hidden.has(i));
			redraw();
		};
		return el('tr', 0, el('td', 0, key), cells[i], [
			values.reduce((a, b) => Math.min(a, b)),
			values.reduce((a, b) => a + b, 0) / values.length,
			values.reduce((a, b) => Math.max(a, b)),
		].map(v => el('td.num', 0, number(v))));
	});
	const count = lines.reduce((n, l) => n + l.points.length, 0);
	const figure = el('figure', 0,
	    el('figcaption', 0, el('span', 0, (shown.unit || '') +
	    (all > lines.length ? ` first ${lines.length} of ${all} series` :
	    '')), when), svg,
	    el('div.scroll', { tabIndex: 0 }, el('table', 0, el('thead', 0,
	    el('tr', 0, el('th', { scope: 'col' }, 'series'), head,
	    ['min', 'mean', 'max'].map(n => el('th.num', { scope: 'col' },
	    n)))),
	    el('tbody', 0, rows))));

	figure.dataset.points = count;
	for (const [k, v] of Object.entries({ tabindex: 0, role: 'slider',
	    'aria-valuemin': 0, 'aria-valuemax': times.length - 1,
	    'aria-valuenow': 0, 'aria-label': `Chart, ${lines.length} series, ${
	    count} points, ${stamp(times[0])} to ${stamp(times.at(-1))}; ` +
	    'arrow keys read the values' })) {
		svg.setAttribute(k, v);
	}
	svg.onpointermove = svg.onpointerdown = e => {
		const { x } = geometry;
		const [first] = times;
		const at = e.clientX - svg.getBoundingClientRect().left;
		const t = first + (at - x(first)) * 1e9 /
		    (x(first + 1e9) - x(first));
		const i = times.findIndex(n => n >= t);

		move(i < 0 ? times.length : i > 0 &&
		    t - times[i - 1] < times[i] - t ? i - 1 : i);
	};
	svg.onkeydown = e => {
		const to = { ArrowLeft: cursor - 1, ArrowRight: cursor + 1,
		    ArrowDown: cursor - 1, ArrowUp: cursor + 1,
		    PageDown: cursor - 10, PageUp: cursor + 10,
		    Home: 0, End: times.length }[e.key];

		if (to !== undefined) {
			e.preventDefault();
			move(to);
		}
	};
	new ResizeObserver(redraw).observe(figure);
	return figure;
}

function drawTimes(svg, first, extent, x, width, height) {
	const step = timeSteps.find(s => extent / s <= width / 75) ||
	    timeSteps.at(-1);
	let last;

	for (let t = Math.ceil(first / step) * step; t <= first + extent;
	    t += step) {
		const date = day.format(t);
		const name = step >= 24 * hour || (last && date != last) ?
		    date : clock.format(t);

		last = date;
		draw(svg, 'line', { x1: x(t), x2: x(t), y1: height,
		    y2: height + 4 });
		draw(svg, 'text', { x: x(t), y: height + 17,
		    'text-anchor': 'middle' }, name);
	}
}

// ---- forms ----

// One argument as a field: { node, read, fill }. read gives undefined for what
// the server shall choose, and throws a sentence when it cannot.
function field(name, schema, required) {
	const id = 'f-' + name;
	const { type, items = {} } = schema;
	const listOf = type == 'array' && (items.enum ? 'enum' :
	    items.type == 'string' ? 'lines' :
	    Object.keys(items.properties || {}).join() == 'name,value' ?
	    'pairs' : '');
	const fallback = schema.default === undefined ? '' :
	    'default ' + JSON.stringify(schema.default);
	const hint = text => [schema.description, text].filter(Boolean)
	    .join('; ');
	let input;
	let note = hint();
	let read;
	let fill = v => input.value = v;

	if (listOf == 'enum') {
		const boxes = items.enum.map(v => el('input', {
		    type: 'checkbox', value: v }));

		return {
			read: () => boxes.some(b => b.checked) ?
			    boxes.filter(b => b.checked).map(b => b.value) :
			    undefined,
			fill: v => boxes.forEach(b => b.checked =
			    [v].flat().includes(b.value)),
			node: el('fieldset', 0, el('legend', 0, name),
			    boxes.map(b => el('label', 0, b, b.value)),
			    el('small', 0, note)),
		};
	}
	if (type == 'boolean') {
		input = el('input', { type: 'checkbox', id,
		    checked: schema.default === true });
		return {
			read: () => input.checked == (schema.default === true) ?
			    undefined : input.checked,
			fill: v => input.checked = v === true,
			node: el('div', 0, el('label', 0, input, name),
			    el('small', 0, note)),
		};
	}
	if (schema.enum) {
		input = el('select', { id, required }, el('option',
		    { value: '' }, fallback), schema.enum.map(v =>
		    el('option', 0, v)));
		read = v => v;
	} else if (type == 'integer' || type == 'number') {
		input = el('input', { id, type: 'number', required,
		    step: type == 'integer' ? 1 : 'any',
		    min: schema.minimum ?? '', max: schema.maximum ?? '',
		    placeholder: fallback });
		note = hint(schema.maximum && `at most ${schema.maximum}`);
		read = Number;
	} else if (listOf == 'lines') {
		input = area(id, required, 1);
		note = hint('one a line');
		read = v => v.split('\n').map(l => l.trim()).filter(Boolean);
		fill = v => input.value = [v].flat().join('\n');
	} else if (listOf == 'pairs') {
		input = area(id, required, 2);
		note = hint('Name=Value, one a line');
		read = v => v.split('\n').filter(l => l.trim()).map(l => {
			const [, n, value] = l.trim().match(/^([^=]*)=?(.*)$/);

			return l.includes('=') ? { name: n.trim(),
			    value: value.trim() } : { name: n };
		});
		fill = v => input.value = [v].flat().map(d => d.name +
		    ('value' in d ? '=' + d.value : '')).join('\n');
	} else if (type == 'array' || type == 'object') {
		input = area(id, required, 3);
		note = hint('JSON');
		read = v => {
			try {
				return JSON.parse(v);
			} catch (e) {
				throw `${name} is not JSON: ${e.message}`;
			}
		};
		fill = v => input.value = JSON.stringify(v, null, 2);
	} else {
		const time = /^(start|end|time)$|_time$/.test(name);

		input = name == 'query_string' ? area(id, required, 2) :
		    el('input', { id, required, autocomplete: 'off',
		    spellcheck: false });
		input.placeholder = fallback || (time ? '-3h, -1d, now, ' +
		    new Date().toISOString().slice(0, 11) + '09:00Z' : '');
		if (time) {
			input.setAttribute('list', 'times');
		}
		read = v => v;
	}
	input.setAttribute('aria-describedby', id + '-note');
	return {
		read: () => input.value.trim() ? read(input.value) : undefined,
		fill,
		node: el(input.rows > 2 || /^query(_string)?$/.test(name) ?
		    'div.wide' : 'div', 0,
		    el('label', { htmlFor: id }, name, required ?
		    el('b', { title: 'required' }, ' *') : null), input,
		    el('small', { id: id + '-note' }, note)),
	};
}

function area(id, required, rows) {
	return el('textarea', { id, required, rows, spellcheck: false });
}

// ---- one tool ----

// Arguments that are the same everywhere: behind a summary.
const common = ['region', 'profile_name', 'max_bytes'];

function showTool(tool, args) {
	const schema = tool.inputSchema;
	const fields = Object.entries(schema.properties || {}).map(([n, s]) =>
	    [n, field(n, s, (schema.required || []).includes(n))]);
	const nodes = own => el('div.grid', 0, fields.filter(([n]) =>
	    common.includes(n) != own).map(([, f]) => f.node));
	const rest = el('details', 0, el('summary', 0,
	    'Region, profile, size of the answer'), nodes(false));
	const go = el('button.act', { title: 'Ctrl+Enter' }, 'Run');
	const stop = el('button', { type: 'button', disabled: true }, 'Cancel');
	const out = el('section', { 'aria-label': 'Result' });
	const state = el('p.dim', { role: 'status' });
	const unread = el('div');
	const read = () => Object.fromEntries(fields.map(([n, f]) =>
	    [n, f.read()]).filter(([, v]) => v !== undefined));
	const curl = () => `curl -sS ${new URL('mcp/tools/call', location)
	    .href.split('#')[0]} -H 'Content-Type: application/json'` +
	    (token ? ' -H "Authorization: Bearer $TOKEN"' : '') + ` -d '` +
	    JSON.stringify({ name: tool.name, arguments: read() })
	    .replaceAll(`'`, `'\\''`) + `'`;
	const form = el('form', 0, nodes(true), fields.some(([n]) =>
	    common.includes(n)) ? rest : null, el('div.row', 0, go, stop,
	    copyButton('Copy as curl', curl), copyButton('Copy link', () =>
	    location.href.split('#')[0] + hashOf(tool.name, read())), state));

	for (const [n, f] of fields) {
		if (args && args[n] != null) {
			f.fill(args[n]);
			rest.open ||= common.includes(n);
		}
	}
	form.onsubmit = e => {
		e.preventDefault();
		unread.replaceChildren();
		if (running) {
			return;
		}
		try {
			const values = read();

			history.pushState(null, '', hashOf(tool.name, values));
			run(tool, values, { go, stop, state, out });
		} catch (sentence) {
			unread.replaceChildren(errorBox(String(sentence)));
		}
	};
	form.onkeydown = e => {
		if (e.key == 'Enter' && (e.ctrlKey || e.metaKey)) {
			form.requestSubmit();
		} else if (e.key == 'Escape') {
			running?.abort();
		}
	};
	// What is not valid must be seen to be mended.
	rest.addEventListener('invalid', () => rest.open = true, true);
	$('main').replaceChildren(el('h1', 0, tool.title || tool.name,
	    el('code', 0, tool.name)), el('p', 0, tool.description), form,
	    el('datalist', { id: 'times' }, ['-15m', '-1h', '-3h', '-1d', '-7d',
	    'now'].map(value => el('option', { value }))), unread, out);
	document.title = tool.name + ' - cloudwatch-mcp';
	if (args) {
		go.focus();
	}
}

async function run(tool, args, { go, stop, state, out }) {
	const mine = running = new AbortController();
	const began = performance.now();
	const tick = el('span.busy', { ariaHidden: true });
	const timer = setInterval(() => tick.textContent = ' ' +
	    ((performance.now() - began) / 1000).toFixed(1) + ' s', 200);

	stop.onclick = () => mine.abort();
	// Not disabled: it would lose the focus.
	go.ariaDisabled = true;
	stop.disabled = false;
	state.replaceChildren('Running', tick);
	out.replaceChildren();
	const answer = await call(tool.name, args, mine.signal);

	clearInterval(timer);
	if (running == mine) {
		running = null;
	}
	go.ariaDisabled = false;
	if (document.activeElement == stop) {
		go.focus();
	}
	stop.disabled = true;
	if (!out.isConnected) {
		return;
	}
	const sentence = trouble(answer);

	state.textContent = answer.failed ? sentence : (sentence ? 'Refused' :
	    'Answered') + ` after ${answer.ms} ms, ${bytes(new Blob(
	    [answer.text]).size)}`;
	shown = { args };
	if (answer.status == 401) {
		out.append(signIn(sentence));
	} else if (sentence) {
		out.append(errorBox(...sentence.split('\n')));
	} else {
		showResult(answer, out);
	}
}

function showResult({ body, text: raw }, out) {
	let value = body.structuredContent;
	const words = text(body);

	if (!value) {
		try {
			value = JSON.parse(words);
		} catch {
			value = null;
		}
	}
	shown.unit = value?.unit;
	out.append(...(body.content || []).filter(c => c.type == 'image' &&
	    /^image\/(png|jpeg)$/.test(c.mimeType)).map(c => el('img', {
	    alt: words, src: `data:${c.mimeType};base64,${c.data}` })));
	if (isObject(value)) {
		if (value.has_more_results && !value.message &&
		    !value.messages?.length) {
			out.append(el('div.box.more', 0, el('p', 0,
			    'There is more than this answer holds.')));
		}
		out.append(members(value));
	} else {
		out.append(el('pre', 0, words));
	}
	const pretty = () => JSON.stringify(value ?? body, null, 2);
	const json = later('JSON', () => el('pre', { tabIndex: 0 }, pretty()));

	out.append(el('div.row', 0, copyButton('Copy JSON', pretty)), json);
}

// ---- who, where, how ----

function signIn(sentence) {
	const input = el('input', { id: 'token', type: 'password',
	    required: true, autocomplete: 'off' });
	const keep = el('input', { type: 'checkbox' });
	const form = el('form.box', 0, el('p', { role: 'alert' }, sentence),
	    el('label', { htmlFor: 'token' }, 'Bearer token'), input,
	    el('label', 0, keep, 'keep it until this tab is closed'),
	    el('div.row', 0, el('button.act', 0, 'Use')));

	form.onsubmit = e => {
		e.preventDefault();
		token = input.value.trim();
		stored('sessionStorage', 'token', keep.checked ? token : '');
		start();
	};
	return form;
}

// What is known of the server, in the order in which it is shown.
let state = {};

// Whether the server is ready and AWS answers, into the header and the
// overview.
async function check() {
	const good = (ok, ...words) => el(ok ? 'span.good' : 'span.bad', 0,
	    words.join(' '));
	const asks = tools.some(t => t.name == 'whoami');
	const [about, ready, who] = await Promise.all([ask(''), ask('ready'),
	    asks ? call('whoami', {}) : null]);
	const sentence = who && trouble(who);
	const me = !sentence && who?.body.structuredContent || {};

	state = {
		version: about.body.version +
		    (about.body.demo ? ', demo account' : ''),
		ready: good(ready.status == 200, ready.body.status ||
		    trouble(ready)),
		why: ready.body.detail,
		AWS: !asks ? 'not asked: whoami is not offered here' :
		    sentence ? good(false, sentence) :
		    good(true, 'answers after', who.ms, 'ms'),
		...me,
	};
	$('state').replaceChildren(...[state.version, me.account_id &&
	    `account ${me.account_id}`, me.region, good(ready.status == 200,
	    ready.body.status || 'not ready'), who && good(!sentence, sentence ?
	    'AWS does not answer' : `AWS answers, ${who.ms} ms`)]
	    .filter(Boolean).map(s => el('li', 0, s)));
}

const starts = [['get_active_alarms', 'what is wrong now'],
	['investigate_alarm', 'why an alarm went off'],
	['list_metrics', 'which metrics there are'],
	['describe_log_groups', 'which log groups there are'],
	['execute_log_insights_query', 'ask the logs'],
	['list_dashboards', 'what people look at']];

function showOverview() {
	const again = el('button', { type: 'button' }, 'Check again');
	const facts = el('dl');
	const url = new URL('mcp', location).href.split('#')[0];
	const json = o => JSON.stringify(o, null, 2);
	const head = token && { headers: { Authorization: 'Bearer TOKEN' } };
	const fill = () => facts.replaceChildren(...Object.entries(state)
	    .filter(([, v]) => v).map(([k, v]) => fact(k, v.cloneNode ?
	    v.cloneNode(true) : String(v))));
	const clients = [
		['Claude Code', 'claude mcp add --transport http cloudwatch ' +
		    url + (head ? ' --header "Authorization: Bearer TOKEN"' :
		    '')],
		['Cursor', json({ mcpServers: { cloudwatch: { url,
		    ...head } } })],
		['VS Code', json({ servers: { cloudwatch: { type: 'http', url,
		    ...head } } })],
		['LibreChat', 'mcpServers:\n  cloudwatch:\n' +
		    '    type: streamable-http\n    timeout: 120000\n' +
		    '    url: ' + url + (head ? '\n    headers:\n' +
		    '      Authorization: "Bearer TOKEN"' : '')],
	];

	again.onclick = async () => {
		again.disabled = true;
		await check();
		again.disabled = false;
		fill();
	};
	fill();
	document.title = 'cloudwatch-mcp';
	$('main').replaceChildren(
	    el('h1', 0, 'AWS CloudWatch for AI assistants'), facts,
	    el('div.row', 0, again), el('h2', 0, 'Begin with'),
	    el('ul.lines', 0, starts.filter(([n]) => tools.some(t =>
	    t.name == n)).map(([n, why]) => el('li', 0, el('a.mono',
	    { href: '#' + n }, n), ': ' + why))),
	    el('h2', 0, 'Connect a client'), el('div.grid.half', 0, clients.map(
	    ([n, s]) => el('div', 0, el('h3', 0, n), el('pre',
	    { tabIndex: 0 }, s), copyButton('Copy', () => s)))));
}

function showList() {
	const words = $('search').value.toLowerCase().split(/\s+/);
	const match = t => words.every(w => `${t.name} ${t.title} ${
	    t.description}`.toLowerCase().includes(w));
	const known = families.flat();
	const groups = [...families, ['other', ...tools.map(t => t.name)
	    .filter(n => !known.includes(n))]];
	const here = location.hash.slice(1).split('=')[0];

	$('list').replaceChildren(...groups.flatMap(([family, ...names]) => {
		const found = tools.filter(t => names.includes(t.name) &&
		    match(t));

		return found.length ? [el('h2', 0, family), el('ul', 0,
		    found.map(t => {
			const a = el('a', { href: '#' + t.name }, t.name);

			if (t.name == here) {
				a.setAttribute('aria-current', 'page');
			}
			return el('li', 0, a);
		}))] : [];
	}));
	if (!$('list').firstChild) {
		$('list').append(el('p.dim', 0, 'No tool has these words.'));
	}
}

function route() {
	const [name, text] = location.hash.slice(1).split('=');
	const tool = tools.find(t => t.name == name);
	let args;

	running?.abort();
	running = null;
	try {
		args = text && JSON.parse(decodeURIComponent(text));
	} catch {
		args = null;
	}
	menu(false);
	showList();
	tool ? showTool(tool, isObject(args) ? args : null) : showOverview();
	scrollTo(0, 0);
}

function menu(open) {
	$('tools').classList.toggle('open', open);
	$('menu').setAttribute('aria-expanded', open);
}

// ---- the frame ----

const themes = ['auto', 'light', 'dark'];

function theme(name) {
	document.documentElement.dataset.theme = name;
	$('theme').textContent = 'Theme: ' + name;
	stored('localStorage', 'theme', name == 'auto' ? '' : name);
}

async function start() {
	const a = await ask('mcp/tools');
	const sentence = trouble(a);

	if (sentence) {
		$('main').replaceChildren(el('h1', 0, a.status == 401 ?
		    'Who is asking?' : 'No tools'), a.status == 401 ?
		    signIn(sentence) : errorBox(sentence));
		$('token')?.focus();
		return;
	}
	tools = a.body.tools || [];
	route();
	await check();
	if (!location.hash.slice(1)) {
		showOverview();
	}
}

theme(stored('localStorage', 'theme') || 'auto');
$('theme').onclick = () => theme(themes[(themes.indexOf(
    document.documentElement.dataset.theme) + 1) % 3]);
$('menu').onclick = () => menu($('menu').ariaExpanded != 'true');
$('search').oninput = showList;
$('skip').onclick = e => {
	e.preventDefault();
	$('main').focus();
};
addEventListener('hashchange', () => {
	route();
	// Links that were in view are gone, and the focus with them.
	if (document.activeElement == document.body) {
		$('main').focus();
	}
});
start();

// SPDX-License-Identifier: Apache-2.0
//
// deploy/iam/terraform, read by Terraform's own HCL parser:
//
//	node terraform.mjs FOLDER
//
// Terraform itself is in no package here. What can be known without it: every
// file parses, every variable and resource that is named exists and every
// variable is used, the policy is a file of the folder above, and the trust is
// what the CloudFormation template has. Ends with "N passed, N failed".
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { parse } from '@cdktf/hcl2json';

const folder = process.argv[2];
const all = {};
const text = {};

function merge(into, from) {
	for (const [key, value] of Object.entries(from)) {
		if (Array.isArray(value) || !(key in into)) {
			assert.ok(!(key in into), `${key} stands twice`);
			into[key] = value;
		} else {
			merge(into[key], value);
		}
	}
}

const tests = {
	async 'every file parses'() {
		for (const file of fs.readdirSync(folder)) {
			text[file] = fs.readFileSync(`${folder}/${file}`, 'utf8');
			merge(all, await parse(file, text[file]));
			assert.ok(!/\t| $/m.test(text[file]), `${file}: layout`);
		}
		await assert.rejects(parse('x.tf', 'variable "a" {'));
	},
	'every variable exists and is used'() {
		const used = new Set([...Object.values(text).join('')
			.matchAll(/\bvar\.(\w+)/g)].map((m) => m[1]));
		const main = text['main.tf'];

		for (const name of Object.keys(all.variable)) {
			assert.ok(main.includes(`var.${name}`), `${name} unused`);
			assert.ok(all.variable[name][0].description, name);
		}
		assert.deepEqual([...used].sort(),
			Object.keys(all.variable).sort());
	},
	'every resource that is named exists'() {
		for (const [, type, name] of Object.values(text).join('')
			.matchAll(/(?<!data\.)\b(aws_\w+)\.(\w+)\./g)) {
			assert.ok(all.resource[type]?.[name], `${type}.${name}`);
		}
		for (const [, type, name] of Object.values(text).join('')
			.matchAll(/\bdata\.(aws_\w+)\.(\w+)\./g)) {
			assert.ok(all.data[type]?.[name], `${type}.${name}`);
		}
	},
	'the policy is a file of the folder above'() {
		const file = all.variable.policy_file[0].default;

		assert.equal(all.resource.aws_iam_role_policy.read_only[0].policy,
			'${file("${path.module}/../${var.policy_file}")}');
		assert.ok(fs.existsSync(`${folder}/../${file}`));
	},
	'the trust is that of the template'() {
		const [s] = all.data.aws_iam_policy_document.trust[0].statement;
		const template = JSON.parse(fs.readFileSync(
			`${folder}/../cross-account-role.template.json`));
		const [t] = template.Resources.Role.Properties
			.AssumeRolePolicyDocument.Statement;

		assert.deepEqual([s.sid, s.effect, s.actions],
			[t.Sid, t.Effect, [t.Action]]);
		assert.deepEqual(s.principals, [{ type: 'AWS',
			identifiers: ['${var.trusted_role_arn}'] }]);
		assert.equal(s.dynamic.condition[0].content[0].variable,
			'sts:ExternalId');
		assert.equal(all.resource.aws_iam_role.this[0]
			.max_session_duration, template.Resources.Role.Properties
			.MaxSessionDuration);
	},
};

let passed = 0;
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
	try {
		await test();
		passed++;
	} catch (e) {
		failed++;
		console.log(`FAIL ${name}: ${e.stack ?? e}`);
	}
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

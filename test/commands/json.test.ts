// SPDX-License-Identifier: MIT
// What --json writes is what docs/json says, of every program that only looks; those that touch are
// in test/lab/json.test.ts.

import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {bind, cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';
import {described, faultsOf, isAsDescribed} from '../helpers/schema.ts';

const drawing = `
	machine cpu=EPYC
	root-port
	  upstream
	    downstream acs=sv,rr,cr,uf
	      nvme cmb=16M
	    downstream acs=rr
	      ram 64M
	root-port
	  nic functions=2
	root-port
	  display
	root-port
	  edu
`;
const folder = mkdtempSync(join(tmpdir(), 'p2p-json-'));
test.after.always(() => rmSync(folder, {recursive: true}));
const expectations = join(folder, 'expect');
writeFileSync(expectations, '03:00.0 04:00.0 direct\n03:00.0 1234:5678 direct\n');

const lines: readonly (readonly string[])[] = [
	['p2p-list'],
	['p2p-list', '--all'],
	['p2p-list', '-o', '+ACS,ENGINE,ID,PATH,ROLE,SLOT,STATE,PHYSFN'],
	['p2p-topo'],
	['p2p-topo', '--route', '03:00.0', '04:00.0'],
	['p2p-check', '03:00.0', '04:00.0'],
	['p2p-check', '--fix', '03:00.0', '04:00.0'],
	['p2p-check', '--fix', '03:00.0', '06:00.0'],
	['p2p-check', '--matrix'],
	['p2p-check', '--matrix', '--summary'],
	['p2p-check', '--expect', expectations],
	['p2p-acs'],
	['p2p-acs', '--route', '03:00.0', '04:00.0', '--clear', 'rr', '--dry-run'],
	['p2p-bind', '--show', '03:00.0', '05:00.0'],
	['p2p-bind', '03:00.0', '--dry-run'],
	['p2p-bind', '03:00.0', '--persist', '--dry-run'],
];

for (const [program = '', ...words] of lines) {
	test(`${program} ${words.join(' ').replace(expectations, 'FILE')} --json is as described`, (t) => {
		const root = machine(t, drawing);
		bind(root, '0000:06:00.0', 'vfio-pci');
		isAsDescribed(t, program, run(program, '--sysroot', root, '--json', ...words).stdout);
	});
}

test('what cannot be told is described too, and so is a refusal', (t) => {
	const root = machine(t, drawing);
	cut(root, '0000:02:01.0');
	cut(root, '0000:03:00.0');
	for (const [program, ...words] of [['p2p-list'], ['p2p-check', '--matrix'], ['p2p-acs']] as const)
		isAsDescribed(t, program, run(program, '--sysroot', root, '--json', ...words).stdout);
	const refused = run('p2p-acs', '--sysroot', root, '--json', '02:01.0', '--clear=rr', '--dry-run');
	t.is(refused.status, 5);
	isAsDescribed(t, 'p2p-acs', refused.stdout);
});

test('two looks and what changed', (t) => {
	const [before, after] = [machine(t, drawing), machine(t, drawing.replace('acs=rr', 'acs=0'))];
	const {stdout, status} = run('p2p-check', '--diff', before, after, '--json');
	t.is(status, 1);
	isAsDescribed(t, 'p2p-check', stdout);
	cut(before, '0000:02:01.0');
	const less = run('p2p-check', '--diff', before, after, '--json');
	t.true(JSON.parse(less.stdout).missing.length > 0);
	isAsDescribed(t, 'p2p-check', less.stdout);
});

test('every program that answers in JSON is described', (t) => {
	const programs = readdirSync('bin').filter(
		(name) => /^p2p-\w+$/.test(name) && name !== 'p2p-lab',
	);
	t.deepEqual(
		programs.filter((name) => !described.includes(name)),
		[],
	);
});

test('what nobody has described is noticed', (t) => {
	const {stdout} = run(
		'p2p-check',
		'--sysroot',
		machine(t, drawing),
		'--json',
		'03:00.0',
		'04:00.0',
	);
	const answer = JSON.parse(stdout);
	t.is(faultsOf('p2p-check', answer), '');
	answer.pairs[0].kernel.more = 1;
	t.regex(faultsOf('p2p-check', answer), /kernel must NOT have unevaluated properties/);
	answer.pairs[0].kernel = {};
	t.regex(faultsOf('p2p-check', answer), /kernel must have required property 'mapType'/);
});

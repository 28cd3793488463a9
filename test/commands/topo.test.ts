// SPDX-License-Identifier: MIT
// p2p-topo: the tree, the way, and both as pictures.

import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {attribute, cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const drawing = `
	machine cpu=EPYC
	root-port acs=0
	  upstream
	    downstream acs=0
	      nvme cmb=16M
	    downstream acs=0
	      ram 64M
	root-port acs=rr,cr
	  function functions=8
	host-bridge domain=1
	  root-port acs=-
	    bridge
	      edu
`;

function topo(root: string, args: readonly string[], locale = 'C.UTF-8') {
	const {status, stdout, stderr} = spawnSync(
		process.execPath,
		['bin/p2p-topo', '--sysroot', root, ...args],
		{encoding: 'utf8', env: {...process.env, LC_ALL: locale}},
	);
	return {status, stdout, stderr};
}

/** The text with its columns one blank apart. */
const dense = (text: string) => text.replace(/(?<=[^│├└─\s]) {2,}(?=\S)/g, ' ');

test('the tree has a line for each function that matters, and for the ports above', (t) => {
	const {status, stdout} = topo(machine(t, drawing), []);
	t.is(status, 0);
	t.is(
		dense(stdout),
		`0000:00
├─00:01.0 root port no redirect
│ └─01:00.0 upstream port 16GT/s×16
│   ├─02:00.0 downstream port no redirect
│   │ └─03:00.0 nvme nvme0,nvme0n1 16GT/s×16 nvme, group 3, bar0 16K, bar2 16M, cmb 16M, p2pmem 16M
│   └─02:01.0 downstream port no redirect
│     └─04:00.0 ram group 5, bar0 256, bar2 64M
└─00:02.0 root port redirects requests and completions (RR CR)
  └─05:00.0 … 05:00.7 8 × 00ff00 16GT/s×16 group 7, bar0 1M
0001:00
└─00:01.0 root port no ACS
  └─01:00.0 bridge no ACS
    └─02:01.0 00ff00 group 9, bar0 1M

1 function that takes no part in transfers left out; --all shows everything
`,
	);
});

test('--all shows everything, one by one', (t) => {
	const {stdout} = topo(machine(t, drawing), ['--all']);
	t.regex(stdout, /00:00\.0 +host bridge/);
	t.regex(stdout, /05:00\.7/);
	t.notRegex(stdout, /left out/);
});

test('where the locale has no box characters the tree is drawn without', (t) => {
	const {stdout} = topo(machine(t, drawing), [], 'C');
	t.regex(stdout, /^\|-00:01\.0/m);
	t.notRegex(stdout, /[├└│]/);
});

test('what was not read is said', (t) => {
	const root = machine(t, drawing);
	cut(root, '0000:02:00.0');
	t.regex(topo(root, []).stdout, /02:00\.0 +downstream port +ACS not read/);
});

test('--route shows where requests turn', (t) => {
	const {status, stdout} = topo(machine(t, drawing), ['--route', 'nvme0', '04:00.0']);
	t.is(status, 0);
	t.is(
		dense(stdout),
		`direct: requests of 0000:03:00.0 turn at 0000:01:00.0 towards 0000:04:00.0, and nothing redirects them

0000:03:00.0 nvme nvme0,nvme0n1 client
  │ 16GT/s×16 the slowest link
0000:02:00.0 downstream port
  │
0000:01:00.0 upstream port requests turn here
  │
0000:02:01.0 downstream port
  │
0000:04:00.0 ram provider
`,
	);
});

test('--route goes through the root complex, and across domains', (t) => {
	const {status, stdout} = topo(machine(t, drawing), ['--route', '03:00.0', '0001:02:01.0']);
	t.is(status, 0);
	t.regex(stdout, /^through-root: /);
	t.regex(stdout, /0000:00:01\.0 +root port\n +│\n +root complex\n +│\n0001:00:01\.0 +root port/);
});

test('--route names who redirects, and its status is the verdict’s', (t) => {
	const root = machine(
		t,
		drawing.replace('cpu=EPYC', 'cpu=Nehalem').replace('acs=0\n\t      ram', 'acs=cr\n\t      ram'),
	);
	const {status, stdout} = topo(root, ['--route', '03:00.0', '04:00.0']);
	t.is(status, 1);
	t.regex(stdout, /0000:02:01\.0 +downstream port +sends to the root complex: completions \(CR\)/);
});

test('a function and itself is a way of one stop', (t) => {
	const {status, stdout} = topo(machine(t, drawing), ['--route', '03:00.0', '03:00.0']);
	t.is(status, 0);
	t.regex(stdout, /\n\n0000:03:00\.0 .*client, provider\n$/);
});

function picture(t: ExecutionContext, root: string, ...args: readonly string[]): string {
	const folder = mkdtempSync(join(tmpdir(), 'p2p-topo-'));
	t.teardown(() => rmSync(folder, {recursive: true}));
	const {status, stdout, stderr} = topo(root, [...args, join(folder, 'picture')]);
	t.is(status, 0, stderr);
	t.is(stdout, '');
	return readFileSync(join(folder, 'picture'), 'utf8');
}

test('the SVG is sound XML, whatever a driver calls itself', (t) => {
	const root = machine(t, drawing);
	attribute(root, '0000:03:00.0', 'power_state', 'D0');
	const folder = `${root}/sys/bus/pci/devices/0000:03:00.0`;
	spawnSync('ln', ['-sfn', '../../../bus/pci/drivers/<script>&"', `${folder}/driver`]);
	const svg = picture(t, root, '--svg');
	t.true(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"'));
	t.true(svg.includes('&lt;script&gt;&amp;&quot;'));
	t.false(svg.includes('<script'));
	t.deepEqual(unbalanced(svg), []);
});

test('the SVG marks the way', (t) => {
	const root = machine(t, drawing);
	t.false(picture(t, root, '--svg').includes('#1d4ed8'));
	const svg = picture(t, root, '--route', '03:00.0', '04:00.0', '--svg');
	t.is(svg.match(/<path[^>]*stroke="#1d4ed8"/g)?.length, 4);
	t.true(svg.includes('direct: requests of 0000:03:00.0'));
});

/** Tags that are opened and not closed, or the other way round. */
function unbalanced(xml: string): string[] {
	const open: string[] = [];
	for (const [, close, name = '', empty] of xml.matchAll(/<(\/?)([a-z]+)(?:\s[^<>]*?)?(\/?)>/g)) {
		if (empty) continue;
		if (!close) open.push(name);
		else if (open.at(-1) === name) open.pop();
		else return [`</${name}>`];
	}
	return open;
}

test('the DOT names each function once and quotes it', (t) => {
	const dot = topo(machine(t, drawing), ['--dot', '-']).stdout;
	t.true(dot.startsWith('graph p2p {\n'));
	t.is(dot.match(/^\t"0000:03:00\.0" \[label=/gm)?.length, 1);
	t.true(dot.includes('\t"0000:02:00.0" -- "0000:03:00.0" [label="16GT/s×16"];'));
});

test('--json has the records of p2p-list, one below the other', (t) => {
	const root = machine(t, drawing);
	const {roots} = JSON.parse(topo(root, ['--json']).stdout);
	const listed = JSON.parse(run('p2p-list', '--sysroot', root, '--json', '03:00.0').stdout);
	t.deepEqual(
		roots.map(({bus}: {bus: string}) => bus),
		['0000:00', '0001:00'],
	);
	const {below: _, alike: __, ...disk} = roots[0].functions[0].below[0].below[0].below[0];
	t.deepEqual(disk, listed.functions[0]);
});

test('p2p-list --tree draws the same tree in its own columns', (t) => {
	const {status, stdout} = run(
		'p2p-list',
		'--sysroot',
		machine(t, drawing),
		'-t',
		'-o',
		'FUNCTION,ROLE,ACS',
	);
	t.is(status, 0);
	t.regex(stdout, /^FUNCTION +ROLE +ACS$/m);
	t.regex(stdout, /^.{6}0000:02:00\.0 +downstream-port +0$/m);
});

for (const [args, says] of [
	[['--route', '03:00.0'], /--route needs CLIENT and PROVIDER/],
	[['03:00.0'], /extra operand: 03:00\.0/],
	[['--route', '03:00.0', '77:00.0'], /there is no function 0000:77:00\.0/],
	[['--svg', 'x', '--dot', 'y'], /--svg and --dot|--dot and --svg/],
	[['--svg', '/nonexistent/x'], /nonexistent/],
] as const) {
	test(`p2p-topo ${args.join(' ')} ends in 2 with an empty stdout`, (t) => {
		const {status, stdout, stderr} = topo(machine(t, drawing), args);
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, says);
	});
}

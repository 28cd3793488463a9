// SPDX-License-Identifier: MIT
// p2p-topo: the tree, the way, and both as pictures.

import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {bind, cut, machine} from '../helpers/machine.ts';
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
├─00:01.0 root port no redirect group 0
│ └─01:00.0 upstream port 16GT/s×16 group 1
│   ├─02:00.0 downstream port no redirect group 2
│   │ └─03:00.0 nvme nvme0,nvme0n1 16GT/s×16 nvme group 3 bar2, cmb, p2pmem 16M
│   └─02:01.0 downstream port no redirect group 4
│     └─04:00.0 ram group 5 bar2 64M
└─00:02.0 root port redirects RR CR group 6
  └─05:00.0 … 00.7 8 × 00ff00 16GT/s×16 group 7 bar0 1M
0001:00
└─00:01.0 root port no ACS group 8
  └─01:00.0 bridge 16GT/s×16 no ACS group 9
    └─02:01.0 00ff00 group 9 bar0 1M

RR CR EC: ACS sends requests, completions, or by egress control, up to the root complex
left out: 1 function that takes no part in transfers; neighbours of one kind share a line; --all shows everything
`,
	);
});

test('a tree of usual depth fits into 100 columns', (t) => {
	const {stdout} = topo(machine(t, drawing), []);
	const [tree = ''] = stdout.split('\n\n');
	t.deepEqual(
		tree.split('\n').filter((line) => line.length > 100),
		[],
	);
});

test('--all shows everything, one by one', (t) => {
	const {stdout} = topo(machine(t, drawing), ['--all']);
	t.regex(stdout, /00:00\.0 +host bridge/);
	t.regex(stdout, /05:00\.7/);
	t.notRegex(stdout, /left out/);
});

test('where the locale has no box characters the tree is drawn without', (t) => {
	for (const args of [[], ['--all'], ['--route', '03:00.0', '05:00.0']]) {
		const {stdout} = topo(machine(t, drawing), args, 'C');
		// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII.
		t.regex(stdout, /^[\x00-\x7f]+$/);
	}
	t.regex(topo(machine(t, drawing), [], 'C').stdout, /^\|-00:01\.0/m);
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
  │ 16GT/s×16 the slowest link: at most 26.5 GB/s
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
	t.regex(
		dense(stdout),
		/\n0000:00:01\.0 root port\n +│\n0000:00 root complex requests leave for 0001:00\n +│\n0001:00 root complex .*\n +│\n0001:00:01\.0 root port\n/,
	);
});

test('--route takes redirected requests up to the root complex and down again', (t) => {
	const root = machine(t, drawing.replace('acs=0\n\t      nvme', 'acs=rr\n\t      nvme'));
	const {stdout} = topo(root, ['--route', '03:00.0', '04:00.0']);
	const stops = stdout.split('\n').filter((line) => /^[0-9a-f]{4}:/.test(line));
	t.deepEqual(
		stops.map((line) => dense(line)),
		[
			'0000:03:00.0 nvme nvme0,nvme0n1 client',
			'0000:02:00.0 downstream port sends to the root complex: requests (RR)',
			'0000:01:00.0 upstream port',
			'0000:00:01.0 root port',
			'0000:00 root complex requests turn here',
			'0000:00:01.0 root port',
			'0000:01:00.0 upstream port',
			'0000:02:01.0 downstream port',
			'0000:04:00.0 ram provider',
		],
	);
});

test('--route of what nobody can tell ends in 5', (t) => {
	const root = machine(t, drawing);
	cut(root, '0000:02:00.0');
	const {status, stdout} = topo(root, ['--route', '03:00.0', '04:00.0']);
	t.is(status, 5);
	t.regex(stdout, /^unknown: /);
	t.regex(stdout, /0000:02:00\.0 +downstream port +ACS not read/);
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
	const file = join(folder, 'picture');
	const {status, stdout, stderr} = topo(root, [...args.slice(0, -1), `${args.at(-1)}=${file}`]);
	t.is(status, 0, stderr);
	t.is(stdout, '');
	return readFileSync(file, 'utf8');
}

const hostile = '<script>alert("&]]>\\")';

function withHostileDriver(t: ExecutionContext): string {
	const root = machine(t, drawing);
	bind(root, '0000:03:00.0', hostile);
	return root;
}

for (const args of [[], ['--all'], ['--route', '03:00.0', '0001:02:01.0']]) {
	test(`the SVG is sound XML, whatever a driver calls itself ${args.join(' ')}`, (t) => {
		const svg = picture(t, withHostileDriver(t), ...args, '--svg');
		t.true(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"'));
		t.true(svg.includes('&lt;script&gt;'));
		t.false(svg.includes('<script'));
		t.deepEqual(faultsOf(svg), []);
		t.notRegex(svg, /NaN|undefined|Infinity/);
	});
}

test('--svg and --dot alone write to stdout', (t) => {
	const root = machine(t, drawing);
	t.regex(topo(root, ['--svg']).stdout, /^<svg .*<\/svg>\n$/s);
	t.regex(topo(root, ['--dot']).stdout, /^graph p2p \{.*\}\n$/s);
});

test('the SVG marks the way with an arrow, and who is to blame', (t) => {
	const redirecting = drawing.replace('acs=0\n\t      nvme', 'acs=rr\n\t      nvme');
	t.false(picture(t, machine(t, drawing), '--svg').includes('marker-end'));
	const direct = picture(t, machine(t, drawing), '--route', '03:00.0', '04:00.0', '--svg');
	t.is(direct.match(/marker-end="url\(#arrow\)"/g)?.length, 1);
	t.true(direct.includes('direct: requests of 0000:03:00.0'));
	t.regex(direct, /<circle /);
	const detour = picture(t, machine(t, redirecting), '--route', '03:00.0', '04:00.0', '--svg');
	t.regex(detour, /stroke="#c2410c" stroke-width="2.2"/);
	t.notRegex(direct, /stroke="#c2410c" stroke-width="2.2"/);
});

/** What no XML parser would take: tags that do not pair, stray signs, attributes without quotes. */
function faultsOf(xml: string): string[] {
	const token = /<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>|[^<>&]+|&(?:amp|lt|gt|quot);/gy;
	const open: string[] = [];
	let end = 0;
	for (const [whole, close, name = '', , empty] of xml.matchAll(token)) {
		end += whole.length;
		if (name === '' || empty) continue;
		if (!close) open.push(name);
		else if (open.pop() !== name) return [`</${name}>`];
	}
	return end === xml.length ? open : [xml.slice(end, end + 60)];
}

test('the DOT names each function once and quotes it', (t) => {
	const {stdout} = topo(withHostileDriver(t), ['--dot']);
	t.is(stdout.match(/^\t"0000:03:00\.0" \[label=/gm)?.length, 1);
	t.true(stdout.includes('\t"0000:02:00.0" -- "0000:03:00.0" [label="16GT/s×16"];'));
	t.true(stdout.includes(hostile.replace(/[\\"]/g, '\\$&')));
	t.deepEqual(strayLines(stdout), []);
});

test('the DOT leads the way against the tree and with it', (t) => {
	const {stdout} = topo(machine(t, drawing), ['--route', '03:00.0', '0001:02:01.0', '--dot']);
	t.regex(stdout, /"0000:02:00\.0" -- "0000:03:00\.0" \[.*dir=back/);
	t.regex(stdout, /"root 0000:00" -- "root 0001:00" \[dir=forward/);
	t.regex(stdout, /"0001:01:00\.0" -- "0001:02:01\.0" \[.*dir=forward/);
	t.deepEqual(strayLines(stdout), []);
});

/** Lines between the braces that are no statement of the DOT language, as we write them. */
function strayLines(dot: string): string[] {
	const id = String.raw`(?:"(?:[^"\\]|\\.)*"|[#\w.]+)`;
	const list = String.raw`\[${id}=${id}(?:, ${id}=${id})*\]`;
	const cluster = String.raw`subgraph ${id} \{(?:${id}=${id}; )+${id}(?:; ${id})*\}`;
	const statement = new RegExp(String.raw`^\t(?:${id}(?: -- ${id})? ${list};|${cluster})$`);
	const lines = dot.trimEnd().split('\n');
	return lines.slice(1, -1).filter((line) => !statement.test(line));
}

type Record = {readonly bdf: string; readonly below: readonly Record[]};

test('--json has the records of p2p-list, one below the other', (t) => {
	const root = machine(t, drawing);
	const {version, roots, leftOut} = JSON.parse(topo(root, ['--json']).stdout);
	const listed = JSON.parse(run('p2p-list', '--sysroot', root, '--json', '--all').stdout);
	const records: Omit<Record, 'below'>[] = roots.flatMap(({functions}: {functions: Record[]}) =>
		functions.flatMap(flat),
	);
	t.is(version, 1);
	t.is(leftOut, 1);
	t.deepEqual(
		roots.map(({bus}: {bus: string}) => bus),
		['0000:00', '0001:00'],
	);
	t.deepEqual(
		records.sort((a, b) => (a.bdf < b.bdf ? -1 : 1)),
		listed.functions.filter(({bdf}: Record) => bdf !== '0000:00:00.0'),
	);
});

function flat({below, ...record}: Record): Omit<Record, 'below'>[] {
	return [record, ...below.flatMap(flat)];
}

test('--route --json has the pair of p2p-check', (t) => {
	const root = machine(t, drawing);
	const names = ['03:00.0', '04:00.0'];
	const {pair} = JSON.parse(topo(root, ['--json', '--route', ...names]).stdout);
	const {pairs} = JSON.parse(run('p2p-check', '--sysroot', root, '--json', ...names).stdout);
	t.deepEqual(pair, pairs[0]);
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

test('p2p-list --tree shows ACS on every port, and for scripts no branches', (t) => {
	const root = machine(t, drawing);
	t.regex(run('p2p-list', '--sysroot', root, '--tree').stdout, /^FUNCTION .* LINK +ACS +MEMORY/);
	const {stdout} = run('p2p-list', '--sysroot', root, '-tnr', '-o', 'FUNCTION,ACS', '03:00.0');
	t.is(stdout, '0000:00:01.0 0\n0000:01:00.0 -\n0000:02:00.0 0\n0000:03:00.0 -\n');
});

for (const [args, says] of [
	[['--route', '03:00.0'], /--route needs CLIENT and PROVIDER/],
	[['03:00.0'], /extra operand: 03:00\.0/],
	[['--route', '03:00.0', '77:00.0'], /there is no function 0000:77:00\.0/],
	[['--svg=x', '--dot=y'], /--svg and --dot|--dot and --svg/],
	[['--svg=/nonexistent/x'], /nonexistent/],
	[['--svg', 'x.svg'], /extra operand: x\.svg\n {2}Try: p2p-topo --svg=x\.svg/],
	[['--route', '03:00.0', '04:00.0', '05:00.0'], /extra operand: 05:00\.0/],
	[['--svg', '--json'], /--json|--svg/],
] as const) {
	test(`p2p-topo ${args.join(' ')} ends in 2 with an empty stdout`, (t) => {
		const {status, stdout, stderr} = topo(machine(t, drawing), args);
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, says);
	});
}

test('the picture in README.md is what p2p-topo draws', (t) => {
	const words = ['--from', 'lab/machines/acs.machine', '--route', '03:00.0', '04:00.0', '--svg'];
	t.is(run('p2p-topo', ...words).stdout, readFileSync('docs/route.svg', 'utf8'), words.join(' '));
});

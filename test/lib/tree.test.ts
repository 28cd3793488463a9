// SPDX-License-Identifier: MIT
// The tree as data: what hangs where, what is left out, what is folded.

import test, {type ExecutionContext} from 'ava';
import {native, type PciFunction} from '../../lib/native.ts';
import {cutLines} from '../../lib/topo-text.ts';
import {linkWords, nameOf, whatOf} from '../../lib/topo-words.ts';
import {type Node, type TreeOptions, treesOf, walk} from '../../lib/tree.ts';
import {attribute, machine, makeVirtual} from '../helpers/machine.ts';

async function functionsOf(root: string): Promise<readonly PciFunction[]> {
	return (await native.scan({root})).functions;
}

/** The tree as the names of its lines, indented. */
function shape(functions: readonly PciFunction[], options: TreeOptions): string[] {
	const lines = (nodes: readonly Node[], margin: string): string[] =>
		nodes.flatMap((node) => [margin + nameOf(node), ...lines(node.below, `${margin} `)]);
	return treesOf(functions, options).roots.flatMap(({bus, nodes}) => [bus, ...lines(nodes, ' ')]);
}

const folded = {isWhole: false, isFolded: true};

const gpu = 'function class=030200';

test('each root bus and each domain has a tree of its own', async (t) => {
	const functions = await functionsOf(
		machine(
			t,
			`root-port\n  nvme\nhost-bridge\n  root-port\n    nvme\nhost-bridge domain=1\n  ${gpu}`,
		),
	);
	t.deepEqual(shape(functions, folded), [
		'0000:00',
		...[' 00:01.0', '  01:00.0'],
		'0000:80',
		...[' 80:01.0', '  81:00.0'],
		'0001:00',
		' 00:01.0',
	]);
});

test('bridges that lead to nothing that matters are left out, and counted', async (t) => {
	const functions = await functionsOf(
		machine(t, 'root-port\n  upstream\n    downstream\nroot-port\n  bridge\n    nvme'),
	);
	t.deepEqual(shape(functions, folded), ['0000:00', ' 00:02.0', '  04:00.0', '   05:01.0']);
	t.deepEqual(treesOf(functions, folded).leftOut, {noPart: 4, unknown: 0});
	t.is(shape(functions, {isWhole: true}).length, 1 + functions.length);
});

test('where nothing matters everything is shown', async (t) => {
	const functions = await functionsOf(machine(t, 'root-port'));
	t.deepEqual(shape(functions, folded), ['0000:00', ' 00:00.0', ' 00:01.0']);
});

async function virtual(t: ExecutionContext, drawing: string): Promise<readonly PciFunction[]> {
	const root = machine(t, drawing);
	for (let i = 1; i < 8; i++) makeVirtual(root, `0000:01:00.${i}`, '0000:01:00.0');
	return functionsOf(root);
}

test('virtual functions of one kind are one, and the function behind them another', async (t) => {
	const functions = await virtual(t, 'root-port\n  nic functions=8');
	t.deepEqual(shape(functions, folded), [
		'0000:00',
		...[' 00:01.0', '  01:00.0', '  01:00.1 … 00.7'],
	]);
	const [, , last] = [...walk(treesOf(functions, folded).roots[0]?.nodes ?? [])];
	t.is(last && whatOf(last), '7 × network VF eth1 … eth7');
	t.is(shape(functions, {isWhole: true, isFolded: true}).length, 1 + functions.length);
	t.is(shape(functions, {isWhole: false}).length, 10);
});

test('what differs in driver, link or memory is not folded, nor what is asked for', async (t) => {
	const drawing = 'root-port\n  nic functions=8';
	const root = machine(t, drawing);
	attribute(root, '0000:01:00.4', 'current_link_width', '8');
	t.deepEqual(shape(await functionsOf(root), folded).slice(2), [
		...['  01:00.0 … 00.3', '  01:00.4', '  01:00.5 … 00.7'],
	]);
	const keep = ['0000:01:00.1'];
	t.deepEqual(shape(await functionsOf(machine(t, drawing)), {...folded, keep}).slice(2), [
		...['  01:00.0', '  01:00.1', '  01:00.2 … 00.7'],
	]);
});

const ports = (count: number) =>
	`root-port\n  upstream\n${`    downstream acs=0\n      ${gpu}\n`.repeat(count)}`;

test('whole branches are folded only where a tree is large', async (t) => {
	const few = await functionsOf(machine(t, ports(4)));
	t.is(shape(few, folded).length, 1 + 2 + 8);
	const many = await functionsOf(machine(t, ports(31).replaceAll('acs=0', 'acs=rr')));
	t.is(shape(many, folded).length, 1 + 2 + 62);
	const crowd = [...many, ...(await functionsOf(machine(t, `host-bridge domain=1\n  ${gpu}`)))];
	t.deepEqual(
		shape(
			crowd.filter(({role}) => role !== 'host-bridge'),
			folded,
		),
		[
			'0000:00',
			...[' 00:01.0', '  01:00.0', '   02:00.0 … 1e.0', '    03:00.0 … 21:00.0'],
			...['0001:00', ' 00:01.0'],
		],
	);
});

test('one branch of another ACS stands by itself', async (t) => {
	const drawing = ports(31).replace(`acs=0\n      ${gpu}\n`, `acs=rr\n      ${gpu}\n`);
	const functions = await functionsOf(machine(t, `${drawing}root-port\n  nvme\n`));
	t.deepEqual(shape(functions, folded).slice(3, 7), [
		...['   02:00.0', '    03:00.0', '   02:01.0 … 1e.0', '    04:00.0 … 21:00.0'],
	]);
});

test('below bridges that nobody has seen stands what they lead to', async (t) => {
	const functions = await functionsOf(machine(t, 'root-port\n  nvme'));
	const orphans = functions
		.filter(({role}) => role === 'endpoint')
		.map((it) => ({...it, parent: null, rootBus: ''}));
	t.deepEqual(shape(orphans, folded), ['', ' 01:00.0']);
});

test('a function of which nobody read the BARs is not taken for useless', async (t) => {
	const functions = await functionsOf(machine(t, 'root-port\n  nvme\nroot-port\n  edu'));
	const bare = functions.map((it) => ({...it, bars: [], hasResources: false}));
	t.deepEqual(shape(bare, folded), ['0000:00', ' 00:01.0', '  01:00.0']);
});

test('a link says only as much of its best as differs', async (t) => {
	const [it] = (await functionsOf(machine(t, 'root-port\n  nvme'))).slice(-1);
	if (it === undefined) return t.fail();
	const words = (speedGTs: number, width: number) =>
		linkWords({it: {...it, link: {speedGTs, width}}, below: [], more: []});
	t.is(words(16, 16), '16GT/s×16');
	t.is(words(16, 8), '16GT/s×8 of ×16');
	t.is(words(8, 16), '8GT/s×16 of 16GT/s');
	t.is(words(8, 4), '8GT/s×4 of 16GT/s×16');
});

test('lines are cut to a width, and colours count for nothing', (t) => {
	t.is(cutLines('12345678\n123', 5), '12345\n123');
	t.is(cutLines('\x1b[33m12345678\x1b[39m9', 5), '\x1b[33m12345\x1b[39m');
	t.is(cutLines('├─└─│', 2), '├─');
});

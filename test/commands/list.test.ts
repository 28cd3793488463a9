// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const drawn = (t: ExecutionContext) =>
	machine(
		t,
		`
		root-port link=8GT/s×4
		  nvme cmb=16M link=8GT/s×4
		root-port
		  ram 64M
		root-port acs=rr,cr
		  display
		`,
	);
const list = (t: ExecutionContext, ...args: readonly string[]) =>
	run('p2p-list', '--sysroot', drawn(t), ...args);

test('the functions that matter are listed, bridges are not', (t) => {
	const {status, stdout} = list(t);
	t.is(status, 0);
	const [heading = '', disk = '', ram = '', display = '', ...rest] = stdout.split('\n');
	t.regex(heading, /^FUNCTION +CLASS +NAME +DRIVER +GROUP +NUMA +LINK +MEMORY +CAN$/);
	t.regex(
		disk,
		/^0000:01:00\.0 +nvme +nvme0,nvme0n1 +nvme .* 8GT\/s×4 +bar0 16K, .*cmb 16M.* client,provider$/,
	);
	t.regex(ram, /^0000:02:00\.0 +ram +- +- .*bar2 64M +provider$/);
	t.regex(display, /^0000:03:00\.0 +display +card0 +bochs-drm/);
	t.deepEqual(rest, ['']);
});

test('--all lists everything', (t) => {
	t.is(list(t, '--all', '-n').stdout.trimEnd().split('\n').length, 7);
});

test('-o chooses columns, + adds to them, -n leaves the heading out', (t) => {
	t.is(list(t, '-n', '-o', 'function,id', '01:00.0').stdout, '0000:01:00.0  1b36:0010\n');
	t.regex(list(t, '-o', '+ENGINE', 'nvme0n1').stdout, /CAN +ENGINE\n.*nvme\n$/);
});

test('-r gives single spaces that a script can split', (t) => {
	const {stdout} = list(t, '-r', '-n', '-o', 'FUNCTION,MEMORY,NUMA', '01:00.0');
	t.regex(stdout, /^0000:01:00\.0 bar0\\x2016K,\S+ -\n$/);
});

test('ACS is shown as bits, as none, as no capability', (t) => {
	const {stdout} = list(t, '-a', '-n', '-r', '-o', 'FUNCTION,ACS');
	t.regex(stdout, /^0000:00:01\.0 sv,rr,cr,uf$/m);
	t.regex(stdout, /^0000:00:03\.0 rr,cr$/m);
	t.regex(stdout, /^0000:01:00\.0 -$/m);
});

test('--json gives whole records', (t) => {
	const answer = JSON.parse(list(t, '-J').stdout);
	t.is(answer.version, 1);
	t.is(answer.functions.length, 3);
	t.like(answer.functions[0], {
		bdf: '0000:01:00.0',
		class: 'nvme',
		engine: 'nvme',
		can: ['client', 'provider'],
		driver: 'nvme',
		hasAcs: false,
	});
});

test('--json with -o gives these columns as values', (t) => {
	const answer = JSON.parse(list(t, '-J', '-o', 'FUNCTION,GROUP', 'nvme0').stdout);
	t.deepEqual(answer.functions, [{function: '0000:01:00.0', group: answer.functions[0].group}]);
	t.is(typeof answer.functions[0].group, 'number');
});

test('an unknown column or function ends in 2 with an empty stdout', (t) => {
	for (const args of [['-o', 'COLOUR'], ['09:00.0'], ['-J', '09:00.0']]) {
		const {status, stdout, stderr} = list(t, ...args);
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, /^p2p-list: there is no /);
	}
});

test('without functions that matter there is a heading and no more', (t) => {
	const root = machine(t, 'root-port\n  bridge');
	const {status, stdout} = run('p2p-list', '--sysroot', root);
	t.is(status, 0);
	t.is(stdout.split('\n').length, 2);
});

test('what could not be read is said, and named in the answer', (t) => {
	const root = drawn(t);
	t.is(run('p2p-list', '--sysroot', root).stderr, '');
	cut(root, '0000:00:03.0');
	const {status, stderr} = run('p2p-list', '--sysroot', root);
	t.is(status, 0);
	t.regex(stderr, /^p2p-list: not seen: the ACS of 1 of 7 functions\n {2}Try: copy the tree again/);
	const {missing} = JSON.parse(run('p2p-list', '--sysroot', root, '--json').stdout);
	t.deepEqual(missing, ['0000:00:03.0 ACS']);
});

test("no other machine's capture takes the place that users believe", (t) => {
	const place = '/run/p2putils/machine.json';
	const {status, stdout, stderr} = list(t, '--capture', place);
	t.is(status, 2);
	t.is(stdout, '');
	t.regex(stderr, /is for the running machine alone/);
});

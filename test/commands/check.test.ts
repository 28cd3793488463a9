// SPDX-License-Identifier: MIT
import test, {type ExecutionContext} from 'ava';
import {cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const oneSwitch = (t: ExecutionContext, acs: string) =>
	machine(
		t,
		`
		machine cpu=EPYC
		root-port
		  upstream
		    downstream acs=${acs}
		      nvme
		    downstream acs=0
		      ram 64M
		`,
	);

test('direct ends in 0 and says so first', (t) => {
	const {status, stdout, stderr} = run(
		'p2p-check',
		'--sysroot',
		oneSwitch(t, '0'),
		'nvme0',
		'04:00.0',
	);
	t.is(status, 0);
	t.regex(stdout, /^direct: /);
	t.is(stderr, '');
});

test('through the root complex is a yes, unless direct is required', (t) => {
	const root = oneSwitch(t, 'rr');
	t.is(run('p2p-check', '--sysroot', root, 'nvme0', '04:00.0').status, 0);
	t.is(run('p2p-check', '--sysroot', root, '--require=direct', 'nvme0', '04:00.0').status, 1);
});

test('no ends in 1, with the answer on stdout', (t) => {
	const root = machine(t, 'machine cpu=Nehalem\nroot-port\n  nvme\nroot-port\n  ram 1M');
	const {status, stdout, stderr} = run('p2p-check', '--sysroot', root, '01:00.0', '02:00.0');
	t.is(status, 1);
	t.regex(stdout, /^no: 0000:01:00\.0 does not reach 0000:02:00\.0: they share no bridge/);
	t.is(stderr, '');
});

test('what could not be read ends in 5', (t) => {
	const root = oneSwitch(t, '0');
	cut(root, '0000:02:01.0');
	const {status, stdout} = run('p2p-check', '--sysroot', root, '--json', 'nvme0', '04:00.0');
	t.is(status, 5);
	t.deepEqual(JSON.parse(stdout).pairs[0].missing, ['0000:02:01.0 ACS']);
});

test('--json gives the documented object', (t) => {
	const root = oneSwitch(t, 'rr');
	const answer = JSON.parse(
		run('p2p-check', '--sysroot', root, '--json', 'nvme0', '04:00.0').stdout,
	);
	t.is(answer.version, 1);
	t.deepEqual(Object.keys(answer.machine).sort(), [
		'assumed',
		'bootParameters',
		'cpu',
		'guest',
		'iommu',
		'kernel',
		'reading',
		'source',
		'supply',
	]);
	t.like(answer.pairs[0], {
		client: '0000:03:00.0',
		provider: '0000:04:00.0',
		verdict: 'through-root',
		kernel: {mapType: 'thru-host-bridge', distance: 4, redirects: ['0000:02:00.0']},
		fabric: {request: 'redirected', completion: 'direct', turnsAt: '0000:01:00.0'},
		vfio: {ready: false, mechanism: 'sysfs'},
		missing: [],
	});
});

for (const [what, args, message] of [
	['an unknown function', ['09:00.0', '04:00.0'], /there is no function 0000:09:00\.0/],
	['what is no name', ['/dev/sda', '04:00.0'], /'\/dev\/sda' names no function/],
	['two names of nobody: the first', ['9:9', '1'], /^p2p-check: '9:9' names no function/],
	['one operand', ['04:00.0'], /missing operand/],
	['three operands', ['03:00.0', '04:00.0', '04:00.0'], /extra operand/],
	['a word for --require', ['--require=maybe', '03:00.0', '04:00.0'], /maybe/],
] as const) {
	test(`${what} ends in 2 with one sentence and nothing on stdout`, (t) => {
		const root = oneSwitch(t, '0');
		const {status, stdout, stderr} = run('p2p-check', '--json', '--sysroot', root, ...args);
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, message);
	});
}

test('a folder that is no machine ends in 2', (t) => {
	const {status, stderr} = run('p2p-check', '--sysroot', '/nonexistent', '01:00.0', '02:00.0');
	t.is(status, 2);
	t.regex(stderr, /there is no machine below \/nonexistent/);
});

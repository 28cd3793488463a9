// SPDX-License-Identifier: MIT
// The sentences: a word, a culprit, what to try; and none left over for codes of the core.

import {readdirSync, readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {describeError, describePair} from '../../lib/describe.ts';
import {native} from '../../lib/native.ts';
import {plain} from '../../lib/style.ts';
import {bind, cut, machine} from '../helpers/machine.ts';

async function say(root: string, client: string, provider: string): Promise<string> {
	const check = await native.check({root}, [[client, provider]]);
	const [pair] = check.pairs;
	return pair === undefined ? '' : describePair(check.machine, pair, plain);
}

const oneSwitch = (t: ExecutionContext, acs: string, cpu = 'Skylake-Server') =>
	machine(
		t,
		`
		machine cpu=${cpu}
		root-port
		  upstream
		    downstream acs=${acs}
		      nvme
		    downstream acs=${acs}
		      ram 64M
		`,
	);

test('direct names the bridge where requests turn', async (t) => {
	const text = await say(oneSwitch(t, '0'), '03:00.0', '04:00.0');
	t.regex(text, /^direct: requests of 0000:03:00\.0 turn at 0000:01:00\.0 towards 0000:04:00\.0/);
	t.regex(text, /^kernel {2}bus-addr, distance 4 \(Linux 7\.3\.4\+deb13-amd64\)$/m);
	t.notRegex(text, /p2p-acs/);
	t.notRegex(text, /works/);
});

test('a redirect is named with port, direction and bits, and how to clear it', async (t) => {
	const text = await say(oneSwitch(t, 'rr,cr', 'EPYC'), '03:00.0', '04:00.0');
	t.regex(text, /^through-root: .*0000:02:00\.0 redirects requests \(ACS RR\)/);
	t.regex(text, /p2p-acs --route 0000:03:00\.0 0000:04:00\.0 --clear rr,cr,ec /);
	t.regex(text, /pci=disable_acs_redir=0000:02:01\.0;0000:02:00\.0/);
});

test('a no names the host bridge', async (t) => {
	const text = await say(oneSwitch(t, 'rr'), '03:00.0', '04:00.0');
	t.regex(text, /^no: .* the kernel does not trust host bridge 8086:29c0/);
});

test('unknown names what was not read, and how to read it', async (t) => {
	const root = oneSwitch(t, '0');
	cut(root, '0000:02:00.0');
	const text = await say(root, '03:00.0', '04:00.0');
	t.regex(text, /^unknown: cannot tell .*not read: 0000:02:00\.0 ACS/);
	t.regex(text, /as root/);
});

test('VFIO says what to bind, and once it is done that it is ready', async (t) => {
	const root = oneSwitch(t, '0');
	t.regex(await say(root, '03:00.0', '04:00.0'), /Try: p2p-bind 0000:03:00\.0/);
	bind(root, '0000:03:00.0', 'vfio-pci');
	t.regex(await say(root, '03:00.0', '04:00.0'), /^vfio {4}ready: type1/m);
});

test('every code of the core has a sentence of its own', (t) => {
	const codes = new Set(nativeSources().flatMap((text) => codesOf(text)));
	const own = [...codes].filter((code) => code.includes('_'));
	t.true(own.length > 30);
	const bare = own.filter((code) => {
		const error = Object.assign(new Error('raw words'), {code, facts: {}});
		return describeError(error).message === 'raw words';
	});
	t.deepEqual(bare, []);
});

test('a system error keeps its reason and says who may', (t) => {
	const facts = {syscall: 'open', path: '/dev/vfio/7', reason: 'Permission denied'};
	const failure = describeError(Object.assign(new Error('x'), {code: 'EACCES', facts}));
	t.is(failure.message, '/dev/vfio/7: open: Permission denied');
	t.is(failure.status, 2);
	t.deepEqual(failure.hints, ['chown "$USER" /dev/vfio/7   as root']);
});

for (const [code, syscall, path, hint] of [
	['EACCES', 'open', '/dev/vfio/devices/vfio0', /^chown "\$USER" \/dev\/vfio\/devices\/vfio0 /],
	['EACCES', 'open', '/sys/devices/pci0/0000:04:00.0/resource2', /^p2p-bind 0000:04:00\.0 /],
] as const) {
	test(`${syscall} of ${path} that ends in ${code} says what would help`, (t) => {
		const facts = {syscall, path, reason: 'x'};
		const failure = describeError(Object.assign(new Error('x'), {code, facts}));
		t.regex(failure.hints[0] ?? '', hint);
	});
}

test('too little memory to lock: the number in words and in the unit of ulimit', (t) => {
	const facts = {needed: String(36 * 2 ** 20 - 1), limit: String(8 * 2 ** 20)};
	const {message, hints} = describeError(
		Object.assign(new Error('x'), {code: 'P2P_MEMLOCK', facts}),
	);
	t.is(message, '36 MiB of host memory have to be locked, and this user may lock 8 MiB');
	t.regex(hints[0] ?? '', /^ulimit -l 36864 /);
});

test('a refusal ends in 1, what cannot be told in 5', (t) => {
	const facts = {client: 'A', provider: 'B', verdict: 'no', redirects: 'P', hostBridge: '8086:1'};
	const refused = describeError(Object.assign(new Error('x'), {code: 'P2P_REFUSED', facts}));
	t.is(refused.status, 1);
	t.regex(refused.message, /^A does not reach B: P redirects .* host bridge 8086:1$/);
	const unknown = describeError(Object.assign(new Error('x'), {code: 'P2P_UNKNOWN', facts}));
	t.is(unknown.status, 5);
});

const notRead = {client: 'A', provider: 'B', missing: 'P ACS, Q ACS', supply: '/run/x'};
for (const [what, more, said] of [
	['there is no capture of root', {refusal: 'absent'}, 'only root may read the ACS of P, Q'],
	[
		'others can write it',
		{refusal: 'writable', detail: '/run'},
		'only root may read the ACS of P, Q; /run/x does not count: others than the superuser can write /run',
	],
	[
		'it lacks the function',
		{refusal: ''},
		'only root may read the ACS of P, Q; /run/x does not have that, or has it of another function',
	],
] as const) {
	test(`a user is told what only root may read, and both ways on: ${what}`, (t) => {
		const facts = {...notRead, ...more};
		const failure = describeError(Object.assign(new Error('x'), {code: 'P2P_UNKNOWN', facts}));
		t.is(failure.message, `cannot tell whether A reaches B: ${said}`);
		t.is(failure.status, 5);
		t.regex(
			failure.hints[0] ?? '',
			/^p2p-list --capture \/run\/p2putils\/machine\.json {3}as root/,
		);
		t.regex(failure.hints[1] ?? '', /^--allow unknown /);
	});
}

function nativeSources(): string[] {
	const files = readdirSync('native', {recursive: true, encoding: 'utf8'});
	return files
		.filter((file) => /^\w+\/\w+\.cpp$/.test(file))
		.map((file) => readFileSync(`native/${file}`, 'utf8'));
}

function codesOf(text: string): string[] {
	return [...text.matchAll(/Error\(\s*"([A-Z0-9_]+)"/g)].map(([, code = '']) => code);
}

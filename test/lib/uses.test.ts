// SPDX-License-Identifier: MIT
// Uses in words, and what ends them.

import {spawnSync} from 'node:child_process';
import test from 'ava';
import {describeUses, inOrderOfEnding, useHint, useText} from '../../lib/describe-uses.ts';
import type {Use} from '../../lib/native.ts';
import {run} from '../helpers/program.ts';

const device = '/dev/nvme0n1';

const cases: readonly [use: Use, text: string, hint: string][] = [
	[
		{code: 'held', device, holder: 'dm-0', kind: 'lvm', name: 'my--vg-data'},
		'/dev/nvme0n1 is held by LVM volume my--vg-data (dm-0)',
		'vgchange -an my-vg',
	],
	[
		{code: 'held', device, holder: 'dm-1', kind: 'crypt', name: 'secret'},
		'/dev/nvme0n1 is held by encrypted volume secret (dm-1)',
		'cryptsetup close secret',
	],
	[
		{code: 'held', device, holder: 'dm-2', kind: 'dm', name: 'top'},
		'/dev/nvme0n1 is held by dm-2, which is /dev/mapper/top',
		'dmsetup remove top',
	],
	[
		{code: 'held', device, holder: 'md127', kind: 'raid', name: 'raid1'},
		'/dev/nvme0n1 is held by RAID array md127 (raid1)',
		'mdadm --stop /dev/md127',
	],
	[
		{code: 'held', device, holder: 'loop0', kind: 'loop'},
		'/dev/nvme0n1 is held by loop0',
		'losetup -d /dev/loop0',
	],
	[
		{code: 'held', device, holder: 'bcache0', kind: 'bcache'},
		'/dev/nvme0n1 is held by bcache0',
		'lsblk /dev/nvme0n1   shows what stands on it',
	],
	[
		{code: 'network-up', interface: 'eth0', addresses: '10.0.0.2 fd00::2', default: 'yes'},
		'network interface eth0 is up: 10.0.0.2, fd00::2; the default route',
		'ip link set eth0 down',
	],
	[
		{code: 'network-held', interface: 'eth0', holder: 'bond0', kind: 'bond'},
		'network interface eth0 is part of bond bond0',
		'ip link set eth0 nomaster',
	],
	[
		{code: 'network-held', interface: 'eth0', holder: 'eth0.5', kind: 'vlan'},
		'network interface eth0 is part of VLAN eth0.5',
		'ip link delete eth0.5',
	],
	[
		{code: 'mounted', device, where: '/mnt/\u001b[2J'},
		'/dev/nvme0n1 is mounted at /mnt/?[2J',
		"umount '/mnt/?[2J'",
	],
];

for (const [use, text, hint] of cases) {
	test(`${use.code} ${use.kind ?? ''} is said so: ${text}`, (t) => {
		t.is(useText(use), text);
		t.is(useHint(use), hint);
	});
}

test('the way of this SSH session is said', (t) => {
	process.env.SSH_CONNECTION = '192.0.2.1 50000 10.0.0.2 22';
	t.teardown(() => delete process.env.SSH_CONNECTION);
	const use = {code: 'network-up', interface: 'eth0'};
	t.regex(useText({...use, addresses: '10.0.0.1 10.0.0.2'}), /; the way of this SSH session$/);
	t.notRegex(useText({...use, addresses: '10.0.0.1'}), /SSH/);
});

test('what stands on top is to be ended first', (t) => {
	const facts = [
		{code: 'held', device, holder: 'md0', kind: 'raid', name: 'raid1'},
		{code: 'held', device: '/dev/md0', holder: 'dm-0', kind: 'lvm', name: 'vg-root'},
		{code: 'mounted', device: '/dev/dm-0', where: '/srv'},
	];
	t.deepEqual(inOrderOfEnding(facts).map(useHint), [
		"umount '/srv'",
		'vgchange -an vg',
		'mdadm --stop /dev/md0',
	]);
	const flat = facts.flatMap((use, index) =>
		Object.entries(use).map(([name, fact]) => [`${index}.${name}`, fact]),
	);
	const {hints} = describeUses({uses: '3', ...Object.fromEntries(flat)});
	t.is(hints[0], "umount '/srv'");
});

const mistakes: readonly [args: readonly string[], says: RegExp][] = [
	[[], /^p2p-bind: missing operand: FUNCTION\n/],
	[['--group'], /^p2p-bind: missing operand: FUNCTION\n/],
	[['--show', '--restore', 'x'], /^p2p-bind: --show and --restore exclude each other\n/],
	[['--show', '--dry-run'], /^p2p-bind: --show and --dry-run exclude each other\n/],
	[['--restore', '--persist', 'x'], /^p2p-bind: --restore and --persist exclude/],
	[['--persist=always', 'x'], /^p2p-bind: .*--persist/],
];

for (const [args, says] of mistakes) {
	test(`p2p-bind ${args.join(' ')} is told what is wrong`, (t) => {
		const {status, stdout, stderr} = run('p2p-bind', ...args);
		t.is(status, 2);
		t.is(stdout, '');
		t.regex(stderr, says);
	});
}

test('what root is told to type ends at the name, whatever that is', (t) => {
	const name = "a'; touch X; '";
	for (const use of [
		{code: 'mounted', device, where: name},
		{code: 'held', device, holder: 'dm-0', kind: 'crypt', name},
	]) {
		const {stdout} = spawnSync('sh', ['-c', `printf '%s|' ${useHint(use)}`], {encoding: 'utf8'});
		t.is(stdout.split('|').at(-2), name);
	}
});

// SPDX-License-Identifier: MIT
// What p2p-bind would do, and what it shows, on drawn machines.

import {spawnSync} from 'node:child_process';
import {chmodSync, existsSync, mkdirSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {type BindOrder, type BindReport, native} from '../../lib/native.ts';
import {attribute, bind, file, folder, machine} from '../helpers/machine.ts';

const first = '0000:01:00.0';
const second = '0000:01:00.1';
const third = '0000:01:00.2';
const three = 'root-port\n  nvme functions=3\nroot-port\n  nvme\n';

test('without --group the others of the group are named, and stay', async (t) => {
	const {functions} = await dry(machine(t, three), {});
	t.deepEqual(bdfsOf(functions), [first]);
	t.like(functions, [
		{
			isViable: false,
			companions: [
				{bdf: second, driver: 'nvme', hinders: true, mayCome: true},
				{bdf: third, driver: 'nvme', hinders: true, mayCome: true},
			],
		},
	]);
});

test('--group takes them along, and makes the group viable', async (t) => {
	const {functions, commands} = await dry(machine(t, three), {group: true});
	t.deepEqual(bdfsOf(functions), [first, second, third]);
	t.true(functions.every(({isViable}) => isViable));
	t.is(commands.length, 9);
});

test('--group leaves what VFIO has already, and what nobody may have', async (t) => {
	const root = machine(t, three);
	bind(root, second, 'vfio-pci');
	bind(root, third, 'pci-stub');
	t.deepEqual(bdfsOf((await dry(root, {group: true})).functions), [first]);
});

test('--group takes a function without a driver along: one could come', async (t) => {
	const root = machine(t, three);
	bind(root, second, '');
	t.deepEqual(bdfsOf((await dry(root, {group: true})).functions), [first, second, third]);
});

test('--group never takes a bridge, of whatever sort', async (t) => {
	const root = machine(t, 'bridge\n  nvme\n  nvme\n');
	const [nvme = '', other = ''] = (await native.scan({root})).functions
		.filter(({role}) => role === 'endpoint' || role === 'rc-integrated')
		.filter(({driver}) => driver === 'nvme')
		.map(({bdf}) => bdf);
	t.deepEqual(bdfsOf((await dry(root, {functions: [nvme], group: true})).functions), [nvme, other]);

	const odd = machine(t, three);
	attribute(odd, second, 'class', '0x060100');
	bind(odd, second, 'lpc_ich');
	const {functions} = await dry(odd, {group: true});
	t.deepEqual(bdfsOf(functions), [first, third]);
	t.like(functions[0]?.companions[0], {bdf: second, hinders: true, mayCome: false});
});

test('one companion in use, and nothing would be touched', async (t) => {
	const root = machine(t, three);
	file(root, `${below(root, second)}/sriov_numvfs`, '2\n');
	t.is((await dry(root, {})).functions.length, 1);
	const error = await t.throwsAsync(dry(root, {group: true}));
	t.like(error, {code: 'P2P_IN_USE', facts: {'0.bdf': second, '0.code': 'vfs-enabled'}});
});

test('a rule names the function by its way and its ids, never by ids alone', async (t) => {
	const {rules} = await dry(machine(t, three), {persist: 'tell'});
	const [{path, text, isInstalled} = {path: '', text: '', isInstalled: true}] = rules;
	t.is(path, '/etc/udev/rules.d/70-p2p-bind-0000:00:01.0-00.0.rules');
	t.false(isInstalled);
	t.true(text.includes('DEVPATH=="/devices/pci0000:00/0000:00:01.0/0000:??:00.0"'), text);
	t.regex(text, /ATTR\{vendor\}=="0x1b36", ATTR\{device\}=="0x0010"/);
	t.regex(text, /ATTR\{driver_override\}="vfio-pci"/);
	t.regex(text, /^#driver=nvme$/m);
});

test('a function on a root bus keeps its number in the rule', async (t) => {
	const root = machine(t, 'nvme\n');
	const [{bdf = ''} = {}] = (await native.scan({root})).functions.filter(
		({driver}) => driver === 'nvme',
	);
	const {rules} = await dry(root, {functions: [bdf], persist: 'tell'});
	t.true(rules[0]?.text.includes(`DEVPATH=="/devices/pci0000:00/${bdf}"`), rules[0]?.text);
});

test('a VF keeps its bus number: it may share the place of its PF on another bus', async (t) => {
	const root = machine(t, three);
	symlinkSync(`../${first}`, join(folder(root, second), 'physfn'));
	const {rules} = await dry(root, {functions: [second], persist: 'tell'});
	t.true(rules[0]?.text.includes(`/0000:00:01.0/${second}"`), rules[0]?.text);
});

test('a dry run says how the rule is written, and writes nothing', async (t) => {
	const root = machine(t, three);
	const {commands, keeping, rules} = await dry(root, {persist: 'install'});
	t.is(commands.at(-1), keeping[0]);
	t.true(keeping[0]?.includes(`cat > ${rules[0]?.path} <<'EOF'\n${rules[0]?.text}EOF`));
	t.false(existsSync(join(root, 'etc')));
});

/** What the rule finds at a boot: files below the function, and of the whole machine (with a /). */
const guards: readonly (readonly [string, Readonly<Record<string, string>>, boolean])[] = [
	['nothing at all', {}, true],
	['a disk that nobody uses', {}, true],
	['a network without a carrier', {'net/eth0/carrier': '0\n'}, true],
	['a network with a carrier', {'net/eth0/carrier': '1\n'}, false],
	["virtio's network with a carrier", {'virtio0/net/eth0/carrier': '1\n'}, false],
	['a frame buffer', {'graphics/fb0/dev': '29:0\n'}, false],
	["virtio's frame buffer", {'virtio0/graphics/fb0/dev': '29:0\n'}, false],
	['a disk that is mounted', {'/proc/self/mountinfo': '22 1 259:0 / / rw - ext4 x rw\n'}, false],
	[
		'a partition that is mounted',
		{'/proc/self/mountinfo': '22 1 259:1 / / rw - ext4 x rw\n'},
		false,
	],
	[
		'a disk mounted by name',
		{'/proc/self/mountinfo': '22 1 0:9 / / rw - btrfs /dev/nvme0n1 rw\n'},
		false,
	],
	['swap', {'/proc/swaps': '/dev/nvme0n1p1 partition 8 0 -2\n'}, false],
	['a holder', {'/sys/class/block/nvme0n1/holders/dm-0': ''}, false],
	["a partition's holder", {'/sys/class/block/nvme0n1/nvme0n1p1/holders/md0': ''}, false],
	['a disk without a node yet', {'nvme/nvme0/nvme1n1/queue/x': ''}, false],
	['a disk that the kernel keeps for somebody', {'/busy': ''}, false],
];

for (const [what, files, isTaken] of guards) {
	test(`at a boot the rule ${isTaken ? 'takes a function with' : 'leaves its driver'} ${what}`, async (t) => {
		const root = machine(t, 'root-port\n  nvme\n');
		const {rules} = await dry(root, {persist: 'tell'});
		const [, script = ''] = /RUN\+="\/bin\/sh -c '(.*)'"/.exec(rules[0]?.text ?? '') ?? [];
		const path = `/devices/pci0000:00/0000:00:01.0/${first}`;
		const common = {
			'/proc/self/mountinfo': '',
			'/proc/swaps': '',
			'/sys/class/block/nvme0n1/dev': '259:0\n',
			'/sys/class/block/nvme0n1/nvme0n1p1/dev': '259:1\n',
			...(what === 'nothing at all' ? {} : {'nvme/nvme0/nvme0n1/queue/x': ''}),
		};
		for (const [name, text] of Object.entries({...common, ...files})) {
			const place = name.startsWith('/') ? name.slice(1) : `sys${path}/${name}`;
			file(root, place, text);
		}
		const command = script
			.replaceAll('/sbin/blockdev --rereadpt', `test ! -e ${root}/busy -a -n`)
			.replaceAll(/\/(sys|proc)\b/g, `${root}/$1`)
			.replaceAll('%p', path)
			.replaceAll('%k', first)
			.replaceAll('$$', '$');
		const {stderr} = spawnSync('/bin/sh', ['-c', command], {encoding: 'utf8'});
		t.is(stderr, '');
		t.is(existsSync(join(root, 'sys/bus/pci/drivers/nvme/unbind')), isTaken);
	});
}

test('a driver that knows its functions needs no rule', async (t) => {
	const root = machine(t, three);
	bind(root, first, 'vfio-pci');
	const error = await t.throwsAsync(dry(root, {driver: 'nvme', persist: 'tell'}));
	t.like(error, {code: 'P2P_NOT_KEPT', facts: {driver: 'nvme'}});
});

test('a look tells driver, group, companions and uses', async (t) => {
	const root = machine(t, three);
	file(root, `${below(root, first)}/sriov_numvfs`, '2\n');
	const {functions, seesProcesses} = await look(root, [first]);
	t.true(seesProcesses);
	t.like(functions, [
		{
			bdf: first,
			driver: 'nvme',
			driverOverride: null,
			names: ['nvme0', 'nvme0n1'],
			before: null,
			rule: null,
			isViable: false,
			uses: [{code: 'vfs-enabled', count: '2', bdf: first}],
		},
	]);
	t.deepEqual(
		functions[0]?.companions.map(({bdf}) => bdf),
		[second, third],
	);
	t.deepEqual(bdfsOf((await look(root, [first], true)).functions), [first, second, third]);
});

test('a rule is shown, and found when nothing is named', async (t) => {
	const root = machine(t, three);
	t.deepEqual((await look(root, [])).functions, []);
	const rule = await install(root);
	t.like((await look(root, [])).functions, [{bdf: first, rule: rule.path}]);
});

const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? test : test.skip;

asRoot('after a boot the rule says what was before, for the same function alone', async (t) => {
	const root = machine(t, three);
	await install(root);
	t.like((await look(root, [first])).functions, [{before: {driver: 'nvme'}}]);
	attribute(root, first, 'device', '0x0011');
	t.like((await look(root, [first])).functions, [{before: null}]);
});

asRoot('a rule that others can have written is not believed', async (t) => {
	const root = machine(t, three);
	const {path} = await install(root);
	for (const place of [path, '/etc/udev/rules.d', '/etc/udev']) {
		chmodSync(join(root, place), 0o777);
		t.like((await look(root, [first])).functions, [{before: null}], place);
		chmodSync(join(root, place), 0o755);
	}
	rmSync(join(root, path));
	file(root, '/elsewhere', '# Made by p2p-bind\n#driver=evil\n');
	symlinkSync(join(root, 'elsewhere'), join(root, path));
	t.like((await look(root, [first])).functions, [{before: null}]);
});

/** As `--persist=install` would have left it. */
async function install(root: string): Promise<{path: string}> {
	const {rules} = await dry(root, {persist: 'tell'});
	const [{path, text} = {path: '', text: ''}] = rules;
	file(root, path, text);
	return {path};
}

async function dry(root: string, order: Partial<BindOrder>): Promise<BindReport> {
	for (const driver of ['vfio-pci', 'nvme'])
		mkdirSync(join(root, 'sys/bus/pci/drivers', driver), {recursive: true});
	const defaults = {functions: [first], driver: 'vfio-pci', restore: false, dryRun: true};
	return native.bind({root, ...defaults, ...order} as BindOrder);
}

function look(root: string, functions: readonly string[], group = false) {
	return native.bindShow({root, functions, group});
}

function bdfsOf(functions: readonly {readonly bdf: string}[]): string[] {
	return functions.map(({bdf}) => bdf);
}

function below(root: string, bdf: string): string {
	return folder(root, bdf).slice(root.length);
}

test('a dry --restore makes nothing, also where nothing was changed', async (t) => {
	const root = machine(t, three);
	const order = {
		root,
		functions: [],
		driver: null,
		group: false,
		restore: true,
		dryRun: true,
		persist: null,
	};
	await t.throwsAsync(native.bind(order), {code: 'P2P_NOTHING_TO_RESTORE'});
	t.false(existsSync(join(root, 'run')));
});

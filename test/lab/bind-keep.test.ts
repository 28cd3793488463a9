// SPDX-License-Identifier: MIT
// What p2p-bind keeps, on a real kernel: rules that outlive a boot, records that outlive a crash, and
// what others may have put in their place.

import test from 'ava';
import type {Result} from '../../lab/boot.ts';
import {debianSource} from '../../lab/debian.ts';
import {udevLine} from '../../lab/udev.ts';
import {shows, strace, useLab} from '../helpers/lab.ts';

const records = '/run/p2putils/bind';
const rules = '/etc/udev/rules.d';

const lab = useLab(
	test,
	`
	root-port
	  disk: nvme size=64M
	root-port
	  other: nvme size=64M
	`,
);

const asBooted = 'nvme (null)';
const kept = 'vfio-pci vfio-pci';

test.serial.before('ext4 is loaded', async (t) => {
	t.is((await lab.run('/sbin/modprobe ext4')).status, 0);
});

test.serial.afterEach.always('everything is as before', async (t) => {
	const left = (await lab.run(`ls ${records}; ls ${rules}`)).stdout;
	const states = [await stateOf('disk'), await stateOf('other')];
	await lab.run(`p2p-bind --restore; rm -rf /run/p2putils ${rules}`);
	t.is(left, '');
	t.deepEqual(states, [asBooted, asBooted]);
});

test.serial(
	'--persist says what to type, and that does the same as --persist=install',
	async (t) => {
		const told = await bind('--persist $disk');
		t.regex(told.stdout, /^0000:\S+ {2}nvme -> vfio-pci .*\nmkdir -p \/etc\/udev\/rules\.d\n/);
		t.regex(told.stdout, /\n# or, with driverctl: driverctl set-override 0000:\S+ vfio-pci\n$/);
		t.is((await lab.run(`ls -A ${rules}`)).stdout, '');
		await lab.guest().run('sh', {stdin: told.stdout.slice(told.stdout.indexOf('\n') + 1)});
		const typed = await lab.run(`cat ${rules}/*`);

		const installed = await bind('--persist=install $disk');
		shows(t, installed, {status: 0, stderr: ''});
		t.regex(
			installed.stdout,
			/\n0000:\S+ {2}kept over a boot by \/etc\/udev\/rules\.d\/70-p2p-bind-/,
		);
		const written = await lab.run(`cat ${rules}/*; stat -c %U:%a ${rules}/*`);
		t.is(written.stdout, `${typed.stdout}root:644\n`);
		await bind('--restore $disk');
		t.is((await lab.run(`ls -A ${rules}`)).stdout, '');
	},
);

// udev comes out of Debian's package.
const lacking = debianSource() === undefined ? ' (no package sources of a Debian)' : '';
const udevTest = lacking === '' ? test.serial : test.skip;

udevTest(
	`after a boot the rule takes the function from its driver, and --restore leads back${lacking}`,
	async (t) => {
		await bind('--persist=install $disk');
		await reboot();
		t.is(await stateOf('disk'), asBooted);
		await applyRules();
		t.is(await stateOf('disk'), kept);
		t.is(await stateOf('other'), asBooted, 'the twin stays');
		t.regex(
			(await bind('--show')).stdout,
			/changed: before its driver was nvme .*\n.*kept over a boot/,
		);

		t.regex((await bind('--restore $disk')).stdout, / {2}vfio-pci -> nvme {2}/);
		await diskOf('disk');
	},
);

// Every guard is tried in test/native/bind.test.ts; these with udev and a kernel.
const usages: readonly (readonly [string, string, string])[] = [
	['is mounted', 'mkfs.ext4 -qF $d && /usr/bin/mount $d /mnt', 'umount /mnt'],
	['is swapped to', '/sbin/mkswap $d && /sbin/swapon $d', '/sbin/swapoff $d'],
];

for (const [what, use, end] of usages) {
	udevTest(`the rule leaves a disk to its driver that ${what}${lacking}`, async (t) => {
		await bind('--persist=install $disk');
		await reboot();
		const disk = `d=${await diskOf('disk')}`;
		t.is((await lab.run(`${disk}; ${use}`)).status, 0);
		await applyRules();
		t.is(await stateOf('disk'), 'nvme vfio-pci');
		t.is((await lab.run(`${disk}; ${end}`)).status, 0);
		await applyRules();
		t.is(await stateOf('disk'), kept);
		await bind('--restore $disk');
		await diskOf('disk');
	});
}

test.serial('the rule of a function that sits there no more can be removed', async (t) => {
	await bind('--persist=install $disk');
	await reboot();
	await lab.run(`sed -i 's/^#identity=./&x/' ${rules}/*`);
	t.regex((await bind('--show $disk')).stdout, /kept over a boot .*--restore/);
	shows(t, await bind('--restore $disk'), {status: 0, stderr: ''});
	t.is((await lab.run(`ls ${rules}`)).stdout, '');
	t.is(await stateOf('disk'), asBooted);
});

test.serial('of two rules that cannot both be written, the earlier one stands again', async (t) => {
	await bind('--driver none --persist=install $disk');
	const before = (await lab.run(`cat ${rules}/*`)).stdout;
	const result = await lab.run(
		`${strace} -e trace=renameat -e inject=renameat:error=ENOSPC:when=3 p2p-bind --persist=install $disk $other`,
	);
	shows(t, result, {status: 2, stdout: '', stderr: /No space left on device/});
	t.is((await lab.run(`cat ${rules}/*`)).stdout, before);
	await bind('--restore');
	await diskOf('disk');
	await diskOf('other');
});

udevTest(`--driver none is kept too${lacking}`, async (t) => {
	await bind('--driver none --persist=install $disk');
	await reboot();
	await applyRules();
	t.is(await stateOf('disk'), ' none');
	await bind('--restore $disk');
	await diskOf('disk');
});

test.serial("a file that is not p2p-bind's is left alone, and nothing is touched", async (t) => {
	const place = await placeOf('disk');
	await lab.run(`mkdir -p ${rules}; echo mine >${place}`);
	const foreign = /^p2p-bind: \/etc\/udev\/rules\.d\/\S+ was not made by p2p-bind/;
	shows(t, await bind('--persist=install $disk'), {status: 2, stdout: '', stderr: foreign});
	t.is((await lab.run(`cat ${place}`)).stdout, 'mine\n');
	t.is(await stateOf('disk'), asBooted);
	await lab.run(`rm ${place}`);
});

const traps: readonly (readonly [string, string])[] = [
	['a link in its place', 'ln -s /tmp/target $place'],
	['a link to one of its own', "echo '# Made by p2p-bind' >/tmp/target; ln -s /tmp/target $place"],
	["another user's file", "echo '# Made by p2p-bind' >$place; chown 65534 $place"],
	['a file that others can write', "echo '# Made by p2p-bind' >$place; chmod 666 $place"],
	['a folder that others can write', 'chmod 777 $rules'],
	['a link to a folder', 'mkdir /tmp/trap; rmdir $rules; ln -s /tmp/trap $rules'],
];

for (const [what, trap] of traps) {
	test.serial(`no rule is written through ${what}`, async (t) => {
		const names = `place=${await placeOf('disk')}; rules=${rules}`;
		await lab.run(`${names}; rm -rf $rules /tmp/target /tmp/trap; mkdir -p $rules; ${trap}`);
		const before = await lab.run(`ls -lR ${rules}/ /tmp/trap; cat /tmp/target`);
		shows(t, await bind('--persist=install $disk'), {
			status: 2,
			stdout: '',
			stderr: /^p2p-bind: \/etc\/udev\/rules\.d\S* is a link, or others can change it/,
		});
		const after = await lab.run(`ls -lR ${rules}/ /tmp/trap; cat /tmp/target`);
		t.is(after.stdout, before.stdout);
		t.is(await stateOf('disk'), asBooted);
		await lab.run(`rm -rf ${rules} /tmp/target /tmp/trap`);
	});
}

test.serial('where the rule cannot be written, the function goes back', async (t) => {
	const result = await lab.run(
		`${strace} -e trace=renameat -e inject=renameat:error=ENOSPC:when=2 p2p-bind --persist=install $disk`,
	);
	shows(t, result, {status: 2, stdout: '', stderr: /No space left on device/});
	t.is((await lab.run(`ls ${rules}`)).stdout, '');
	await diskOf('disk');
});

// Each is a system call of p2p-bind, and how it shows that it has come so far: then it is killed, and
// the call is never made.
const device = '/sys/bus/pci/devices/$disk';
const moments: readonly (readonly [string, call: string, path: string, isThere: string])[] = [
	['before the record stands', 'renameat', '', `[ -e ${records}/.$disk ]`],
	['between record and change', 'write', `-P ${device}/driver_override`, `[ -e ${records}/$disk ]`],
	[
		'between override and unbind',
		'write',
		`-P ${device}/driver/unbind`,
		`grep -q vfio ${device}/driver_override`,
	],
	[
		'without any driver',
		'write',
		'-P /sys/bus/pci/drivers/vfio-pci/bind',
		`[ ! -e ${device}/driver ]`,
	],
];

for (const [when, call, path, isThere] of moments) {
	test.serial(`killed ${when}: --restore leads back`, async (t) => {
		t.is((await kill('p2p-bind $disk', `-e trace=${call} ${path}`, call, isThere)).status, 137);
		const isKept = when !== 'before the record stands';
		shows(t, await bind('--restore $disk'), {status: isKept ? 0 : 2});
		await diskOf('disk');
		t.is(await stateOf('disk'), asBooted);
	});
}

test.serial('killed in the midst of --restore: the next one ends it', async (t) => {
	await bind('--persist=install $disk');
	const path = '-P /sys/bus/pci/drivers/nvme/bind';
	const gone = `[ ! -e ${device}/driver ]`;
	const killed = await kill('p2p-bind --restore $disk', `-e trace=write ${path}`, 'write', gone);
	t.is(killed.status, 137);
	t.is(await stateOf('disk'), ' (null)');
	t.is((await bind('--restore $disk')).status, 0);
	await diskOf('disk');
});

const forgeries: readonly (readonly [string, string])[] = [
	['is a link', 'mv $record /tmp/record; ln -s /tmp/record $record'],
	['belongs to another user', 'chown 65534 $record'],
	['others can write', 'chmod 666 $record'],
];

for (const [what, forge] of forgeries) {
	test.serial(`a record that ${what} is not believed`, async (t) => {
		await bind('$disk');
		const record = `record=${records}/$disk`;
		await lab.run(`${record}; ${forge}`);
		shows(t, await bind('--restore $disk'), {
			status: 2,
			stdout: '',
			stderr: /^p2p-bind: \/run\/p2putils\/bind\/\S+ is a link, or others can change it/,
		});
		t.is(await stateOf('disk'), kept);
		await lab.run(
			`${record}; [ -L $record ] && mv /tmp/record $record; chown 0 $record; chmod 600 $record`,
		);
		t.is((await bind('--restore $disk')).status, 0);
		await diskOf('disk');
	});
}

test.serial("another user's folder is not used", async (t) => {
	await lab.run('mkdir -p -m 755 /run/p2putils; chown 65534 /run/p2putils');
	const unsafe = /^p2p-bind: \/run\/p2putils is a link, or others can change it/;
	shows(t, await bind('$disk'), {status: 2, stdout: '', stderr: unsafe});
	await lab.run('rmdir /run/p2putils');
});

function bind(args: string): Promise<Result> {
	return lab.run(`p2p-bind ${args}`);
}

/** kill -9 in the midst of that system call, once the condition holds. */
function kill(command: string, trace: string, call: string, isThere: string): Promise<Result> {
	const steps = [
		`${strace} ${trace} -e inject=${call}:delay_enter=5s ${command} &`,
		`until ${isThere}; do sleep 0.1; done; sleep 0.5`,
		'kill -9 $(cat /proc/$!/task/$!/children); wait $!',
	];
	return lab.run(steps.join('\n'));
}

async function stateOf(label: string): Promise<string> {
	const folder = `/sys/bus/pci/devices/$${label}`;
	const {stdout} = await lab.run(
		`cd ${folder}; echo "$(basename "$(readlink driver)") $(cat driver_override)"`,
	);
	return stdout.trimEnd();
}

async function placeOf(label: string): Promise<string> {
	const {stdout} = await lab.run(`p2p-bind --dry-run --persist --json $${label}`);
	return JSON.parse(stdout).rules[0].path;
}

/** What a boot does: /run is empty, overrides are gone, each function has the driver that knows it. */
async function reboot(): Promise<void> {
	const folder = '/sys/bus/pci/devices/$disk';
	const lines = [
		'rm -r /run/p2putils',
		`echo >${folder}/driver_override`,
		`[ -e ${folder}/driver ] && echo $disk >${folder}/driver/unbind`,
		'echo $disk >/sys/bus/pci/drivers/nvme/bind',
	];
	await lab.run(lines.join('\n'));
	await diskOf('disk');
}

/** What udev does with the rules there are, for every function. */
async function applyRules(): Promise<void> {
	const {status, stderr} = await lab.run(await udevLine('/sys/bus/pci/devices/*'));
	if (status !== 0) throw new Error(stderr);
}

/** The disk of a controller; the kernel makes it some time after the driver has come. */
async function diskOf(label: string): Promise<string> {
	const folder = `/sys/bus/pci/devices/$${label}/nvme/nvme*/nvme*n1`;
	const {stdout} = await lab.run(
		`for i in $(seq 50); do [ -e ${folder} ] && break; sleep 0.1; done; basename ${folder}`,
	);
	return `/dev/${stdout.trim()}`;
}

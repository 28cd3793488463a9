// SPDX-License-Identifier: MIT
// p2p-bind on a real kernel. One machine for the file; every test leaves it as it found it.

import test from 'ava';
import type {Result} from '../../lab/boot.ts';
import {shows, useLab} from '../helpers/lab.ts';

const records = '/run/p2putils/bind';

const lab = useLab(
	test,
	`
	root-port
	  disk: nvme size=64M
	root-port
	  other: nvme size=64M
	root-port
	  mem: ram 16M
	above: root-port
	  pair: nvme size=16M functions=2
	`,
);

test.serial.before('file systems and block drivers are loaded', async (t) => {
	const {status, stderr} = await lab.run('/sbin/modprobe -a ext4 dm-mod loop');
	t.is(status, 0, stderr);
});

test.serial.afterEach.always('everything is as before', async (t) => {
	const {stdout} = await lab.run(`ls ${records} 2>/dev/null`);
	const states = await statesOf('disk', 'other', 'mem');
	await reset();
	t.is(stdout, '', 'no record is left');
	t.deepEqual(states, [asBooted, asBooted, {driver: '', override: '(null)'}]);
});

const asBooted = {driver: 'nvme', override: '(null)'};
const onVfio = {driver: 'vfio-pci', override: 'vfio-pci'};

test.serial('a disk goes to vfio-pci and comes back, and works again', async (t) => {
	await lab.run(`echo before | dd of=${await diskOf('disk')} conv=fsync`);
	const given = await bind('$disk');
	t.is(given.stderr, '');
	t.regex(given.stdout, new RegExp(`^${bdfOf('disk')} {2}nvme -> vfio-pci {2}group \\d+\\n$`));
	t.deepEqual(await stateOf('disk'), onVfio);

	const again = await bind('$disk');
	t.regex(again.stdout, / {2}already vfio-pci {2}/);

	const back = await bind('--restore $disk');
	t.regex(back.stdout, / {2}vfio-pci -> nvme {2}/);
	const read = await lab.run(`head -c 6 ${await diskOf('disk')}`);
	t.is(read.stdout, 'before');
});

test.serial('nothing to restore is said, with status 2', async (t) => {
	const result = await bind('--restore $disk');
	shows(t, result, {
		status: 2,
		stdout: '',
		stderr: /^p2p-bind: nothing to restore: .* has not changed 0000:/,
	});
});

test.serial('a dry run writes what a person would type, which does the same', async (t) => {
	const dry = await bind('--dry-run $disk');
	t.deepEqual(await stateOf('disk'), asBooted);
	await lab.guest().run('sh', {stdin: dry.stdout});
	t.deepEqual(await stateOf('disk'), onVfio);
	await reset();
	const real = await bind('--verbose $disk');
	t.is(real.stderr, dry.stdout);
	await bind('--restore $disk');
	await diskOf('disk');
});

test.serial('several functions go together; --json tells of each', async (t) => {
	const {stdout} = await bind('--json $disk $mem $disk');
	const {version, functions, commands} = JSON.parse(stdout);
	t.is(version, 1);
	t.like(functions, [
		{bdf: bdfOf('disk'), before: 'nvme', after: 'vfio-pci', isViable: true},
		{bdf: bdfOf('mem'), before: null, after: 'vfio-pci', isViable: true},
	]);
	t.is(commands.length, 5);
	t.deepEqual(await stateOf('mem'), onVfio);
	t.is((await bind('--restore $disk $mem')).status, 0);
	await diskOf('disk');
});

test.serial('a group that VFIO cannot use yet is a warning with the way out', async (t) => {
	const {status, stdout, stderr} = await bind('$pair');
	const second = bdfOf('pair').replace(/0$/, '1');
	t.is(status, 0);
	t.true(stdout.includes(`with ${second} (nvme)`), stdout);
	t.regex(
		stderr,
		/warning: VFIO cannot use IOMMU group \d+ yet: .*\.1 \(nvme\) in it must go too\n/,
	);
	t.regex(stderr, new RegExp(` {2}Try: p2p-bind ${second}\n`));
	const both = await bind(`$pair ${second}`);
	t.is(both.stderr, '');
	t.is((await bind(`--restore $pair ${second}`)).status, 0);
});

test.serial('--driver none leaves a disk without a driver', async (t) => {
	const {stdout} = await bind('--driver none $disk');
	t.regex(stdout, / {2}nvme -> none {2}/);
	t.like(await stateOf('disk'), {driver: ''});
	await bind('--restore $disk');
	await diskOf('disk');
});

type Case = {
	readonly use: (dev: string) => string;
	readonly end: (dev: string) => string;
	readonly says: RegExp;
};

// A zombie holds nothing, but waits for its parent; a file system ends a little after the last who
// used it.
const kill = () =>
	'kill $(cat /tmp/holder); while test -e /proc/$(cat /tmp/holder)/exe; do sleep 0.1; done; sleep 0.5';
const hold = (command: string) => `${command} >/dev/null 2>&1 & echo $! >/tmp/holder; sleep 0.3`;

const uses: Readonly<Record<string, Case>> = {
	'a mounted disk': {
		use: (dev) => `mkfs.ext4 -q ${dev} && /usr/bin/mount ${dev} /mnt`,
		end: () => 'umount /mnt',
		says: /\/dev\/nvme\dn1 is mounted at \/mnt/,
	},
	'a disk whose mount was detached but lives on': {
		use: (dev) =>
			`mkfs.ext4 -q ${dev} && /usr/bin/mount ${dev} /mnt || exit; cd /mnt; ${hold('sleep 60')}; cd /; umount -l /mnt`,
		end: kill,
		says: /the kernel keeps \/dev\/nvme\dn1 for somebody/,
	},
	'a disk that is mounted in another namespace': {
		use: (dev) => hold(`unshare -m sh -c '/usr/bin/mount ${dev} /srv && exec sleep 60'`),
		end: kill,
		says: /\/dev\/nvme\dn1 is mounted at \/srv/,
	},
	'a swap disk': {
		use: (dev) => `mkswap ${dev} && swapon ${dev}`,
		end: (dev) => `swapoff ${dev}`,
		says: /\/dev\/nvme\dn1 is swap/,
	},
	'a disk under a device mapper': {
		use: (dev) => `dmsetup create --noudevsync top --table '0 2048 linear ${dev} 0'`,
		end: () => 'dmsetup remove --noudevsync top',
		says: /\/dev\/nvme\dn1 is held by dm-0/,
	},
	'a disk under a loop device': {
		use: (dev) => `losetup /dev/loop0 ${dev}`,
		end: () => 'losetup -d /dev/loop0; sleep 0.3',
		says: /\/dev\/nvme\dn1 is held by loop0/,
	},
	'a disk that a process reads': {
		use: (dev) => hold(`sleep 60 <${dev}`),
		end: kill,
		says: /\/dev\/nvme\dn1 is open in process \d+ \(sleep\)/,
	},
	'a disk that a process has open by another name': {
		use: (dev) =>
			`mknod /tmp/node b $(tr : ' ' </sys/class/block/${dev.slice(5)}/dev); ${hold('sleep 60 </tmp/node')}`,
		end: () => `${kill()}; rm /tmp/node`,
		says: /\/dev\/nvme\dn1 is open in process \d+ \(sleep\)/,
	},
};

for (const [what, {use, end, says}] of Object.entries(uses)) {
	test.serial(`${what} is refused, and the function named with it is not touched`, async (t) => {
		const dev = await diskOf('other');
		const started = await lab.run(use(dev));
		t.is(started.status, 0, started.stderr);
		try {
			const result = await bind('$disk $other');
			shows(t, result, {status: 1, stdout: '', stderr: says});
			t.true(result.stderr.startsWith(`p2p-bind: ${bdfOf('other')} is in use: `));
			t.deepEqual(await stateOf('disk'), asBooted);
			t.deepEqual(await stateOf('other'), asBooted);
		} finally {
			await lab.run(end(dev));
		}
	});
}

test.serial(
	'a function that is open through VFIO is refused: the kernel would wait for ever',
	async (t) => {
		await bind('$mem');
		const group = 'basename $(readlink /sys/bus/pci/devices/$mem/iommu_group)';
		await lab.run(hold(`sleep 60 3<>/dev/vfio/$(${group})`));
		const result = await bind('--restore $mem');
		shows(t, result, {
			status: 1,
			stdout: '',
			stderr: /in use: \/dev\/vfio\/\d+ is open in process \d+ \(sleep\)/,
		});
		t.deepEqual(await stateOf('mem'), onVfio);
		await lab.run(kill());
		t.is((await bind('--restore $mem')).status, 0);
	},
);

test.serial('a bridge is refused', async (t) => {
	shows(t, await bind('$above'), {status: 1, stdout: '', stderr: /in use: it is a bridge/});
});

const mistakes: readonly [args: string, says: RegExp][] = [
	[
		'--driver no-such-driver $disk',
		/^p2p-bind: there is no driver 'no-such-driver', and no module/,
	],
	['--driver ../../../etc $disk', /^p2p-bind: there is no driver '..\/..\/..\/etc'/],
	['--driver=-r $disk', /^p2p-bind: there is no driver '-r'/],
	['$disk 0000:77:00.0', /^p2p-bind: there is no function 0000:77:00.0\n/],
	['$disk no/such/thing', /^p2p-bind: 'no\/such\/thing' names no function/],
	['', /^p2p-bind: missing operand/],
	['--restore --driver nvme $disk', /^p2p-bind: .* exclude each other\n/],
	['--sysroot / $disk', /^p2p-bind: --sysroot goes with --dry-run/],
];

for (const [args, says] of mistakes) {
	test.serial(`p2p-bind ${args}: one sentence, nothing changed`, async (t) => {
		shows(t, await bind(args), {status: 2, stdout: '', stderr: says});
	});
}

test.serial('an ordinary user changes nothing', async (t) => {
	const user = '/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups';
	const result = await lab.run(`${user} p2p-bind $disk`);
	shows(t, result, {status: 2, stdout: '', stderr: /^p2p-bind: only the superuser/});
});

test.serial('vfio-pci is loaded where it is missing', async (t) => {
	await lab.run('/sbin/modprobe -r vfio-pci');
	const dry = await bind('--dry-run $disk');
	t.true(dry.stdout.startsWith('modprobe vfio-pci\n'), dry.stdout);
	t.is((await lab.run('test -e /sys/bus/pci/drivers/vfio-pci')).status, 1);
	t.is((await bind('$disk')).status, 0);
	t.deepEqual(await stateOf('disk'), onVfio);
	await bind('--restore $disk');
	await diskOf('disk');
});

test.serial(
	'a driver that does not know the function gets none, and all are put back',
	async (t) => {
		await bind('$mem');
		const result = await bind('--verbose --driver nvme $disk $mem');
		shows(t, result, {status: 2, stdout: '', stderr: /^echo /});
		t.regex(
			result.stderr,
			/did not go to nvme: nvme does not know this function; all is as it was/,
		);
		t.deepEqual(await stateOf('mem'), onVfio);
		t.is((await bind('--restore $mem')).status, 0);
	},
);

test.serial('a change that was cut off anywhere is restored', async (t) => {
	const cuts = [
		'echo nvme >/dev/null',
		'echo > /sys/bus/pci/devices/$disk/driver_override',
		'echo $disk > /sys/bus/pci/devices/$disk/driver/unbind',
	];
	for (const cut of cuts) {
		await bind('$disk');
		await lab.run(cut);
		t.is((await bind('--restore $disk')).status, 0, cut);
		await diskOf('disk');
		t.deepEqual(await stateOf('disk'), asBooted, cut);
	}
});

test.serial('after kill -9 at any moment --restore leads back', async (t) => {
	const start = Date.now();
	await bind('$disk');
	const whole = (Date.now() - start) / 1000;
	await bind('--restore $disk');
	for (const part of [0.5, 0.7, 0.8, 0.85, 0.9, 0.95]) {
		await diskOf('disk');
		const delay = (whole * part).toFixed(2);
		await lab.run(`p2p-bind $disk >/dev/null & sleep ${delay}; kill -9 $!; wait`);
		const {status, stderr} = await bind('--restore $disk');
		t.regex(`${status} ${stderr}`, /^0 $|nothing to restore/);
		t.deepEqual(await stateOf('disk'), asBooted, `killed after ${delay} s`);
	}
});

test.serial('records are not written through a link that somebody made', async (t) => {
	const unsafe = /^p2p-bind: \/run\/p2putils is a link, or others can change it/;
	await lab.run(`rm -rf /run/p2putils; mkdir /tmp/trap; ln -s /tmp/trap /run/p2putils`);
	shows(t, await bind('$disk'), {status: 2, stdout: '', stderr: unsafe});
	t.is((await lab.run('ls /tmp/trap')).stdout, '');
	await lab.run('rm /run/p2putils; mkdir -m 777 /run/p2putils');
	shows(t, await bind('$disk'), {status: 2, stdout: '', stderr: unsafe});
	await lab.run('rmdir /run/p2putils /tmp/trap');
});

function bind(args: string): Promise<Result> {
	return lab.run(`p2p-bind ${args}`);
}

function bdfOf(label: string): string {
	return lab.guest().env[label] ?? '';
}

type State = {readonly driver: string; readonly override: string};

async function statesOf(...labels: readonly string[]): Promise<State[]> {
	const folders = labels.map((label) => `/sys/bus/pci/devices/${bdfOf(label)}`);
	const {stdout} = await lab.run(
		`for f in ${folders.join(' ')}; do basename "$(readlink $f/driver)"; cat $f/driver_override; done`,
	);
	const lines = stdout.split('\n');
	return labels.map((_, index) => ({
		driver: lines[2 * index] ?? '',
		override: lines[2 * index + 1] ?? '',
	}));
}

async function stateOf(label: string): Promise<State | undefined> {
	return (await statesOf(label))[0];
}

/** By hand, so that one test that fails does not bring down the others. */
async function reset(): Promise<void> {
	const drivers = Object.entries({disk: 'nvme', other: 'nvme', mem: ''}).map(
		([label, driver]) => `put $${label} ${driver}`,
	);
	const put = [
		'put() { cd /sys/bus/pci/devices/$1; echo > driver_override',
		'[ "$(basename "$(readlink driver)")" = "$2" ] && return',
		'[ -e driver ] && echo $1 > driver/unbind',
		'[ -z "$2" ] || echo $1 > /sys/bus/pci/drivers/$2/bind; }',
	];
	await lab.run([`rm -f ${records}/*`, ...put, ...drivers].join('\n'));
}

/** The disk of a controller; the kernel makes it some time after the driver has come. */
async function diskOf(label: string): Promise<string> {
	const folder = `/sys/bus/pci/devices/$${label}/nvme/nvme*/nvme*n1`;
	const {stdout} = await lab.run(
		`for i in $(seq 50); do [ -e ${folder} ] && break; sleep 0.1; done; basename ${folder}`,
	);
	return `/dev/${stdout.trim()}`;
}

// SPDX-License-Identifier: MIT
// p2p-acs on a real kernel. One machine for the file; every test leaves it as it found it.

import test from 'ava';
import type {Result} from '../../lab/boot.ts';
import {fillRandom, nodeOf, readAt, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;
const records = '/run/p2putils/acs';

const machine = `
	machine cpu=EPYC
	root-port
	  upstream
	    one: downstream acs=kernel
	      disk: nvme size=64M cmb=16M
	    two: downstream acs=kernel
	      mem: ram 64M
	    three: downstream acs=kernel
	      other: nvme size=64M
	    plain: downstream
	      more: ram 1M
	root-port
	  far: nvme size=16M
`;

const lab = useLab(test, machine);

/** SV, RR, CR and UF: what the kernel sets for the IOMMU. */
const asBooted = '001d';
const booted = [asBooted, asBooted, asBooted];

test.serial.afterEach.always('everything is as before', async (t) => {
	const {stdout} = await lab.run(stateLine);
	if (stdout !== stateAsBooted) await lab.run(reset);
	t.is(stdout, stateAsBooted);
});

/** Records, ports' registers and drivers. */
const stateLine = [
	`find ${records} /run/p2putils/bind -type f 2>/dev/null`,
	'for f in $one $two $three; do setpci -s $f ECAP_ACS+6.w; done',
	'for f in $disk $mem $other; do d=/sys/bus/pci/devices/$f/driver',
	'test -e $d && basename $(readlink $d) || echo none; done',
].join('\n');
const stateAsBooted = `${[...booted, 'nvme', 'none', 'nvme'].join('\n')}\n`;

/** By hand, so that one test that fails does not bring down the others. */
const reset = [
	`for f in $one $two $three; do setpci -s $f ECAP_ACS+6.w=${asBooted}; done; rm -f ${records}/*`,
	'mountpoint -q /mnt && umount /mnt',
	'for f in $disk $mem $other; do p2p-bind --restore $f; done',
].join('\n');

test.serial('the table says what the kernel set, why, and what p2p-acs did', async (t) => {
	const row = (it: string, bits: string, words: string, by: string) =>
		new RegExp(`^${bdfOf(it)} +downstream-port +${bits} +${words} +${by}$`, 'm');
	const whole = 'SV\\+ TB- RR\\+ CR\\+ UF\\+ DT-';
	const before = await acs('');
	shows(t, before, {status: 0, stderr: ''});
	t.regex(
		before.stdout,
		row('one', whole, 'requests and completions', 'the kernel, for the IOMMU'),
	);

	await acs('$one --clear rr');
	const after = await acs('');
	t.regex(
		after.stdout,
		row('one', 'SV\\+ TB- RR- CR\\+ UF\\+ DT-', 'completions', 'p2p-acs; was SV RR CR UF'),
	);
	t.regex(after.stdout, row('two', whole, 'requests and completions', 'the kernel, for the IOMMU'));
	await acs('--restore');

	await lab.run('setpci -s $one ECAP_ACS+6.w=0:4');
	t.regex((await acs('$one')).stdout, /changed since boot: RR cleared$/m);
	await lab.run('setpci -s $one ECAP_ACS+6.w=4:4');
});

test.serial('cleared on a route, the verdict is direct, and a copy goes that way', async (t) => {
	const copy = 'p2p-copy $disk/ns1 $mem/bar2 --length 4M --require direct --verify';
	await lab.run('p2p-bind $disk $mem');
	shows(t, await lab.run(copy), {status: 1, stdout: '', stderr: /only through the root complex/});

	const sent = fillRandom(lab.guest().image('disk'), 0, 4 * MiB);
	const cleared = await acs('--route $disk $mem --clear rr,cr,ec');
	const change = (it: string) => `${bdfOf(it)}  SV RR CR UF -> SV UF`;
	t.deepEqual(cleared.stdout.split('\n').slice(0, 4), [
		change('one'),
		change('two'),
		`${bdfOf('disk')} to ${bdfOf('mem')}  through-root -> direct`,
		'lasts until the port is reset or suspended; on the kernel command line from boot on:',
	]);
	t.deepEqual(await registers(), ['0011', '0011', asBooted]);
	t.regex((await lab.run('p2p-check $disk $mem')).stdout, /^direct: /);
	shows(t, await lab.run(copy), {status: 0, stderr: ''});
	t.true(readAt(lab.guest().image('mem', 'ram'), 0, 4 * MiB).equals(sent));

	const back = await acs('--restore');
	shows(t, back, {status: 0, stdout: /^0000:\S+ {2}SV UF -> SV RR CR UF\n0000:/});
	t.deepEqual(await registers(), booted);
	t.is((await lab.run(copy)).status, 1);
	await lab.run('p2p-bind --restore $disk $mem');
});

test.serial('the lines of p2p-check --fix, typed as they stand, make it direct', async (t) => {
	const fix = 'p2p-check --fix $disk $mem | sed -n "s/^ *p2p-acs/p2p-acs/p"';
	t.is((await lab.run(fix)).stdout.split('\n').length, 3);
	t.is((await lab.run(`(${fix}) | sh -e`)).status, 0);
	t.is((await lab.run('p2p-check --require direct $disk $mem')).status, 0);
	t.is((await acs('--restore $one $two')).status, 0);
});

test.serial('a dry run writes what a person would type, which does the same', async (t) => {
	const order = '$two $one --clear sv,rr --set dt';
	const dry = await acs(`${order} --dry-run`);
	t.deepEqual(await registers(), booted);
	await lab.guest().run('sh', {stdin: dry.stdout});
	t.deepEqual(await registers(), ['0058', '0058', asBooted]);
	await lab.run(reset);
	const real = await acs(`${order} --verbose`);
	t.true(dry.stdout.startsWith(real.stderr.split('p2p-acs: ')[0] ?? 'missing'), real.stderr);
	t.deepEqual(await registers(), ['0058', '0058', asBooted]);
	await acs('--restore');
});

test.serial('what was first comes back, whatever was done since', async (t) => {
	await lab.run('setpci -s $three ECAP_ACS+6.w=40:40');
	await acs('$three --clear rr,cr');
	await acs('$three --set rr --clear sv,dt');
	t.deepEqual((await registers())[2], '0014');
	await acs('--restore $three');
	t.deepEqual((await registers())[2], '005d');
	await lab.run('setpci -s $three ECAP_ACS+6.w=0:40');

	// Back by other options: then there is nothing to restore.
	await acs('$one --clear rr');
	await acs('$one --set rr');
	shows(t, await acs('--restore'), {status: 2, stdout: '', stderr: /^p2p-acs: nothing to restore/});
	shows(t, await acs('--restore $one'), {status: 2, stderr: /has not changed 0000:/});
});

test.serial(
	'bits above a function that a program holds through VFIO are never cleared',
	async (t) => {
		await lab.run('p2p-bind $disk $mem');
		const held = await lab.run(hold('p2p-map $disk $mem/bar2 -- sleep 60', 4));
		t.is(held.status, 0);
		for (const order of [
			'$two --clear rr',
			'$one --clear rr --in-use',
			'--route $disk $mem --clear cr',
		]) {
			shows(t, await acs(order), {
				status: 1,
				stdout: '',
				stderr:
					/(is|are) in use: \/dev\/vfio\/\d+ is open in process \d+ .*; with these bits clear the/,
			});
		}
		t.deepEqual(await registers(), booted);
		// Its neighbour's port is another matter.
		t.is((await acs('$three --clear rr')).status, 0);
		shows(t, await acs('$two --set dt'), {status: 1, stderr: /--in-use/});
		shows(t, await acs('$two --set dt --in-use'), {
			status: 0,
			stdout: /SV RR CR UF -> SV RR CR UF DT/,
		});
		// Going back clears a bit.
		shows(t, await acs('--restore --in-use'), {status: 1, stderr: /with these bits clear/});
		await lab.run(kill);
		t.is((await acs('--restore')).status, 0);
		await lab.run('p2p-bind --restore $disk $mem');
	},
);

test.serial('a holder whom /proc does not show is refused by the kernel', async (t) => {
	await lab.run('p2p-bind $mem');
	const group = '$(basename $(readlink /sys/bus/pci/devices/$mem/iommu_group))';
	await lab.run(hold(`sleep 60 3<>/dev/vfio/${group}`));
	const hidden = await lab.run(
		'unshare --pid --fork --mount-proc p2p-acs $two --clear rr --in-use',
	);
	shows(t, hidden, {status: 1, stdout: '', stderr: /\/dev\/vfio\/\d+ is open; with these bits/});
	t.deepEqual(await registers(), booted);
	await lab.run(kill);
	await lab.run('p2p-bind --restore $mem');
});

test.serial('a port above a mounted disk is changed at the word of the user only', async (t) => {
	const mount = `mkfs.ext4 -q ${nodeOf('other')} && /usr/bin/mount ${nodeOf('other')} /mnt`;
	await lab.run('/sbin/modprobe ext4');
	t.is((await lab.run(mount)).status, 0);
	shows(t, await acs('$three --clear rr'), {
		status: 1,
		stdout: '',
		stderr: /is mounted at \/mnt\n {2}Try: umount '\/mnt'\n {7}--in-use /,
	});
	t.is((await acs('$one --clear rr')).status, 0);
	t.is((await acs('$three --clear rr --in-use')).status, 0);
	shows(t, await acs('$three --rebind $other --set rr --in-use'), {
		status: 1,
		stderr: /^p2p-acs: 0000:\S+ is in use: .* is mounted at \/mnt/,
	});
	shows(t, await acs('--restore'), {status: 1, stderr: /is mounted at \/mnt/});
	t.is((await acs('--restore --in-use')).status, 0);
	// Detached, but alive in a process: only the kernel knows.
	await lab.run(`cd /mnt; ${hold('sleep 60')}; cd /; umount -l /mnt`);
	shows(t, await acs('$three --clear rr'), {status: 1, stderr: /the kernel keeps .* for somebody/});
	await lab.run(kill);
});

test.serial('a driver is bound anew as it was, and p2p-bind leads back from a crash', async (t) => {
	await lab.run('p2p-bind $mem');
	shows(t, await acs('--rebind $mem --rebind $disk'), {
		status: 0,
		stdout: `${bdfOf('mem')}  vfio-pci bound anew\n${bdfOf('disk')}  nvme bound anew\n`,
		stderr: '',
	});
	const override = await lab.run('cat /sys/bus/pci/devices/$mem/driver_override');
	t.is(override.stdout, 'vfio-pci\n');
	await lab.run('p2p-bind --restore $mem');
	shows(t, await acs('--rebind $mem'), {status: 2, stderr: /has no driver that could be bound/});
	shows(t, await acs('--rebind $one'), {status: 1, stderr: /it is a bridge/});

	const cut = strace('/sys/bus/pci/drivers/nvme/bind', 'write', 'signal=SIGKILL');
	await lab.run(`${cut} p2p-acs --rebind $disk`, patient);
	t.is((await lab.run('ls /sys/bus/pci/devices/$disk/driver')).status, 2);
	shows(t, await lab.run('p2p-bind --restore $disk'), {status: 0, stdout: /none -> nvme/});
	await lab.run(waitFor('disk'));
});

for (const {port, left} of [
	{port: 'one', left: booted},
	{port: 'two', left: ['0011', asBooted, asBooted]},
]) {
	test.serial(
		`killed as it is about to write to the ${port} of two ports: --restore`,
		async (t) => {
			const cut = strace(
				`/sys/bus/pci/devices/$${port}/config`,
				'pwrite64',
				'error=EIO:signal=SIGKILL',
			);
			await lab.run(`${cut} p2p-acs $one $two --clear rr,cr`, patient);
			t.deepEqual(await registers(), left, 'it got no further');
			const {stdout: kept} = await lab.run(`ls ${records}`);
			t.is(kept, `${bdfOf('one')}\n${bdfOf('two')}\n`, 'what was is written down first, of both');
			t.is((await acs('--restore')).status, 0);
			t.deepEqual(await registers(), booted);
		},
	);
}

test.serial('where the second port cannot be written the first is put back', async (t) => {
	const fail = strace('/sys/bus/pci/devices/$two/config', 'pwrite64', 'error=EIO');
	const result = await lab.run(`${fail} p2p-acs $one $two --clear rr,cr --verbose`, patient);
	shows(t, result, {
		status: 2,
		stdout: '',
		stderr:
			/^setpci -s .*\nsetpci -s .*=c:0c\np2p-acs: the ACS of .* cannot be written: .*Input.output error; all is as it was\n$/,
	});
	t.deepEqual(await registers(), booted);
	shows(t, await acs('--restore'), {status: 2, stderr: /nothing to restore/});
});

test.serial('a port that somebody else changes meanwhile is left to him', async (t) => {
	// Once the record of the second port stands, and before that port is looked at again.
	const slow =
		'strace -f --seccomp-bpf --quiet=all -o /dev/null -e trace=renameat -e inject=renameat:delay_exit=5s:when=2';
	const result = await lab.run(
		[
			`${slow} p2p-acs $one $two --clear rr,cr & until test -e ${records}/$two; do sleep 0.1; done`,
			'setpci -s $two ECAP_ACS+6.w=40:40; wait $!',
		].join('\n'),
		patient,
	);
	shows(t, result, {
		status: 2,
		stdout: '',
		stderr:
			/^p2p-acs: somebody else changed 0000:\S+ meanwhile: it has SV RR CR UF DT; all is as it was\n$/,
	});
	t.deepEqual(await registers(), [asBooted, '005d', asBooted]);
	await lab.run('setpci -s $two ECAP_ACS+6.w=0:40');
});

test.serial('two at once wait for each other', async (t) => {
	const both = await lab.run(
		'p2p-acs $one --clear rr & p2p-acs $one --clear cr; s=$?; wait $!; exit $((s + $?))',
	);
	t.is(both.status, 0, both.stderr);
	t.is((await registers())[0], '0011');
	await acs('--restore');
});

test.serial('records are not written through a link that somebody made', async (t) => {
	const unsafe = /^p2p-acs: \/run\/p2putils is a link, or others can change it/;
	await lab.run('mv /run/p2putils /run/aside; mkdir /tmp/trap; ln -s /tmp/trap /run/p2putils');
	shows(t, await acs('$one --clear rr'), {status: 2, stdout: '', stderr: unsafe});
	t.is((await lab.run('ls /tmp/trap')).stdout, '');
	await lab.run('rm /run/p2putils; mkdir -m 777 /run/p2putils');
	shows(t, await acs('$one --clear rr'), {status: 2, stdout: '', stderr: unsafe});
	await lab.run('rmdir /run/p2putils /tmp/trap; mv /run/aside /run/p2putils');
	t.deepEqual(await registers(), booted);
});

const mistakes: readonly (readonly [args: string, says: RegExp])[] = [
	['$plain --clear rr', /^p2p-acs: 0000:\S+ has no ACS: there is nothing to change/],
	['$one $mem --clear rr', /^p2p-acs: 0000:\S+ has no ACS/],
	['$one 0000:77:00.0 --clear rr', /^p2p-acs: there is no function 0000:77:00\.0/],
	['$one --set ec', /^p2p-acs: 0000:\S+ has no ACS bit EC; it has SV TB RR CR UF DT/],
	['--route $disk $far --clear rr', /share no bridge below the root complex/],
	['$one --clear rr --sysroot /', /^p2p-acs: --sysroot goes with --dry-run/],
];

for (const [args, says] of mistakes) {
	test.serial(`p2p-acs ${args}: one sentence, nothing changed`, async (t) => {
		shows(t, await acs(args), {status: 2, stdout: '', stderr: says});
		t.deepEqual(await registers(), booted);
	});
}

test.serial('an ordinary user sees the ports, not their bits, and changes nothing', async (t) => {
	const user = '/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups p2p-acs';
	shows(t, await lab.run(user), {
		status: 5,
		stdout: /downstream-port +not read +unknown/,
		stderr: /^p2p-acs: warning: the ACS of \d+ ports could not be read; as root it can\n$/,
	});
	shows(t, await lab.run(`${user} $one --clear rr`), {
		status: 2,
		stdout: '',
		stderr: 'p2p-acs: only the superuser may change ACS bits\n  Try: run it as root\n',
	});
	shows(t, await lab.run(`${user} $one --clear rr --dry-run`), {
		status: 5,
		stdout: '',
		stderr: /^p2p-acs: cannot tell: the ACS of 0000:\S+ could not be read/,
	});
});

function acs(args: string): Promise<Result> {
	return lab.run(`p2p-acs ${args}`);
}

function bdfOf(label: string): string {
	return lab.guest().env[label] ?? '';
}

const registersLine = 'for f in $one $two $three; do setpci -s $f ECAP_ACS+6.w; done';

/** The ACS control registers of the three ports. */
async function registers(): Promise<string[]> {
	return (await lab.run(registersLine)).stdout.trim().split('\n');
}

/** Under strace node takes its time to start. */
const patient = {timeoutMs: 400_000};

/** The first such call on this file goes wrong. */
function strace(file: string, call: string, how: string): string {
	// By seccomp-bpf it is ten times as fast, and delivers no signals.
	const fast = how.includes('signal') ? '' : '--seccomp-bpf';
	return `strace -f ${fast} --quiet=all -o /dev/null -P ${file} -e trace=${call} -e inject=${call}:${how}:when=1`;
}

function hold(command: string, seconds = 0.3): string {
	return `${command} >/dev/null 2>&1 & echo $! >/tmp/holder; sleep ${seconds}`;
}

const kill =
	'kill $(cat /tmp/holder); while test -e /proc/$(cat /tmp/holder)/exe; do sleep 0.1; done; sleep 0.5';

/** The disk of a controller comes some time after its driver. */
function waitFor(label: string): string {
	const disk = `/sys/bus/pci/devices/$${label}/nvme/nvme*/nvme*n1`;
	return `for i in $(seq 50); do [ -e ${disk} ] && break; sleep 0.1; done`;
}

test.serial('what root lent to users before a change of ports is gone after it', async (t) => {
	const file = '/run/p2putils/machine.json';
	shows(t, await lab.run(`p2p-list --capture ${file}`), {status: 0});
	await acs('$one --clear rr -n');
	shows(t, await lab.run(`ls ${file}`), {status: 0});
	shows(t, await acs('$one --clear rr'), {status: 0, stderr: /machine\.json told of the ports/});
	t.not((await lab.run(`ls ${file}`)).status, 0);
	await acs('--restore');
});

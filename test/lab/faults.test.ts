// SPDX-License-Identifier: MIT
// What users and machines do to a copy while it runs, and where there is little to run in. After
// each the machine is as usable as before, and nothing was lost in silence.

import {createHash} from 'node:crypto';
import test, {type ExecutionContext} from 'ava';
import {boot} from '../../lab/boot.ts';
import {
	fillRandom,
	nodeOf,
	readAt,
	shows,
	untilCopying,
	useLab,
	whileStopped,
} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	machine cpu=EPYC
	root-port
	  upstream
	    downstream
	      disk: nvme size=64M cmb=16M
	    downstream
	      other: nvme size=64M
	    downstream
	      mem: ram 64M
	    downstream
	      edu: edu
	root-port
	  pool: nvme size=64M cmb=16M
	root-port
	  kernels: nvme size=64M
	`,
);

test.serial.before('the disks go to vfio-pci', async (t) => {
	// What the firmware left on is not to look like a copy.
	const off = 'for f in $disk $other $edu $mem; do setpci -s $f COMMAND=0:4; done';
	const {status, stderr} = await lab.run(
		`/sbin/modprobe -a ext4 dm-mod loop; p2p-bind $disk $other $mem $edu && ${off}`,
	);
	t.is(status, 0, stderr);
});

async function stillWorks(t: ExecutionContext): Promise<void> {
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 4M --verify'), {status: 0});
	shows(
		t,
		await lab.run('p2p-copy $mem/bar2 $other/ns1 --length 4M --verify --overwrite-signature'),
		{
			status: 0,
		},
	);
}

test.serial(
	'signals at 54 random moments: the signal or success, and never Bus Master',
	async (t) => {
		t.timeout(600_000);
		// No copy from disk to disk through a CMB: QEMU does not drain requests that wait for another
		// function's registers when it resets a controller, and ends by SIGSEGV.
		const lines = [
			'$disk/ns1 $mem/bar2 --length 32M',
			'$mem/bar2 $disk/ns1 --length 32M --overwrite-signature --verify',
			'$disk/ns1 $other/ns1 --via $mem/bar2 --length 16M --overwrite-signature',
			'$mem/bar2 $mem/bar2+32M --engine $edu --length 64K',
			'$other/ns1 /tmp/signals --length 8M',
			'$disk/ns1 $mem/bar2 --length 8M --staged',
		];
		const words = lines.map((line) => `"${line}"`).join(' ');
		const {status, stdout, stderr} = await lab.run(
			`node build/ts/test/guest/signals.js 54 7 $disk,$other,$edu ${words}; rm -f /tmp/signals`,
			{timeoutMs: 560_000},
		);
		t.is(status, 0, stderr);
		const told = stdout.trim().split('\n');
		t.deepEqual(told.slice(0, -1), [], 'all others ended as they should');
		const endings = JSON.parse(told.at(-1) ?? '');
		t.log(endings);
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'])
			t.true((endings[signal] ?? 0) > 3, signal);
		await stillWorks(t);
	},
);

test.serial('two copies on one function: one is busy, the other complete', async (t) => {
	const sent = fillRandom(lab.guest().image('disk'), 0, 32 * MiB);
	await lab.slowDown('disk', 4 * MiB);
	const line = 'p2p-copy $disk/ns1 $mem/bar2 --length 32M --verify';
	const result = await lab.run(
		`${line} & p=$!; ${untilCopying}; ${whileStopped('p2p-copy $disk/ns1+1M $mem/bar2 --length 1M')}; wait $p; echo $s $?`,
	);
	await lab.slowDown('disk', 0);
	shows(t, result, {
		status: 0,
		stdout: '2 0\n',
		stderr: /^p2p-copy: 0000:\S+ is busy: \/dev\/vfio\/\S+ is open in process \d+ \(p2p-copy\)\n$/,
	});
	t.true(readAt(lab.guest().image('mem', 'ram'), 0, 32 * MiB).equals(sent));
});

test.serial("two copies through one disk's CMB: one after the other", async (t) => {
	await lab.slowDown('disk', 2 * MiB);
	const line = 'p2p-copy $disk/ns1 $other/ns1 --length 16M --overwrite-signature --verify';
	const second = 'p2p-copy $mem/bar2 $disk/cmb --length 1M --staged';
	const result = await lab.run(
		`${line} & p=$!; ${untilCopying}; ${whileStopped(second)}; wait $p; echo $s $?; ${second}`,
	);
	await lab.slowDown('disk', 0);
	shows(t, result, {status: 0, stdout: '2 0\n', stderr: /^p2p-copy: 0000:\S+ is busy: /});
});

test.serial("two copies through one pool of the kernel's go side by side", async (t) => {
	const copies = ['0', '32M'].map(
		(at) => `p2p-copy ${nodeOf('kernels')}+${at} /tmp/pool-${at} --via $pool --length 8M --verify`,
	);
	const result = await lab.run(
		`${copies[0]} & p=$!; ${copies[1]}; s=$?; wait $p; echo $s $?; rm /tmp/pool-*`,
	);
	shows(t, result, {status: 0, stdout: '0 0\n', stderr: ''});
});

test.serial(
	"the provider's driver is unbound by hand: the kernel waits for the copy",
	async (t) => {
		await lab.slowDown('disk', 8 * MiB);
		const unbind = 'echo $mem > /sys/bus/pci/devices/$mem/driver/unbind';
		const result = await lab.run(
			`p2p-copy $disk/ns1 $mem/bar2 --length 32M --verify & p=$!; ${untilCopying}; (${unbind}) & u=$!; wait $p; echo $?; wait $u; test -e /sys/bus/pci/devices/$mem/driver; echo $?`,
		);
		await lab.slowDown('disk', 0);
		shows(t, result, {status: 0, stdout: '0\n1\n', stderr: ''});
		shows(t, await lab.run('p2p-bind $mem'), {status: 0});
		await stillWorks(t);
	},
);

test.serial(
	'a provider without a driver gets one by hand in mid-copy: the bytes are right',
	async (t) => {
		await lab.run('p2p-bind $mem --driver none');
		await lab.slowDown('disk', 4 * MiB);
		const byHand =
			'echo vfio-pci >/sys/bus/pci/devices/$mem/driver_override; echo $mem >/sys/bus/pci/drivers_probe';
		const result = await lab.run(
			`p2p-copy $disk/ns1 $mem/bar2 --length 32M --verify & p=$!; ${untilCopying}; ${whileStopped('p2p-bind $mem')}; ${byHand}; wait $p; echo $s $?`,
		);
		await lab.slowDown('disk', 0);
		shows(t, result, {
			status: 0,
			stdout: '1 0\n',
			stderr: /^p2p-bind: \S+ is in use: \S+\/resource2 is open in process \d+ \(p2p-copy\)\n/,
		});
		await stillWorks(t);
	},
);

test.serial(
	'a file system that is full: where, how much is certain, and the rest unharmed',
	async (t) => {
		const sent = fillRandom(lab.guest().image('disk'), 0, 16 * MiB);
		await lab.run('mkdir -p /tmp/small; /usr/bin/mount -t tmpfs -o size=4M none /tmp/small');
		const lines = [
			'p2p-copy $disk/ns1 /tmp/small/out --length 16M --verify=none',
			'p2p-copy $disk/ns1 - --length 16M >/tmp/small/out',
		];
		for (const line of lines) {
			const result = await lab.run(line);
			shows(t, result, {
				status: 2,
				stdout: '',
				stderr:
					/: p?write at offset \d+ of the copy: No space left on device; the first \d+ bytes are moved\n$/,
			});
			const certain = Number(/first (\d+) bytes/.exec(result.stderr)?.[1]);
			t.true(certain > 0 && certain <= 4 * MiB, `${certain}`);
			const {stdout} = await lab.run(
				`head -c ${certain} /tmp/small/out | sha256sum; rm /tmp/small/out`,
			);
			t.is(stdout.slice(0, 64), sha256(sent.subarray(0, certain)));
		}
		shows(t, await lab.run('p2p-copy $disk/ns1 /dev/full --length 1M'), {
			status: 2,
			stdout: '',
			stderr: /No space left on device; nothing is moved/,
		});
		await lab.run('umount /tmp/small');
		await stillWorks(t);
	},
);

test.serial('a file that cannot be read on: where, and what is certain', async (t) => {
	const table = '"0 98304 error"';
	const make = [
		'dd if=/dev/zero of=/tmp/fs bs=1M count=48 2>/dev/null; losetup /dev/loop2 /tmp/fs',
		'dmsetup create --noudevsync bad --table "0 98304 linear /dev/loop2 0"; dmsetup mknodes',
		'mkfs.ext4 -q /dev/mapper/bad && /usr/bin/mount /dev/mapper/bad /mnt',
		'dd if=/dev/urandom of=/mnt/file bs=1M count=16 2>/dev/null; cp /mnt/file /tmp/whole',
		'sync; echo 3 >/proc/sys/vm/drop_caches; dd if=/mnt/file of=/dev/null bs=1M count=8 2>/dev/null',
		`dmsetup suspend --noudevsync bad; dmsetup reload bad --table ${table}; dmsetup resume --noudevsync bad`,
	];
	const made = await lab.run(make.join('; '));
	t.is(made.status, 0, made.stderr);
	for (const [line, said] of [
		['p2p-copy /mnt/file $mem/bar2 --verify=none', 'moved'],
		['p2p-copy /mnt/file $mem/bar2 --verify', 'proved'],
		['p2p-copy - $mem/bar2 --length 16M </mnt/file', 'moved'],
	] as const) {
		const result = await lab.run(line);
		shows(t, result, {
			status: 2,
			stdout: '',
			stderr: new RegExp(
				`: p?read at offset \\d+ of the copy: Input/output error; the first \\d+ bytes are ${said}\\n$`,
			),
		});
		const certain = Number(/first (\d+) bytes/.exec(result.stderr)?.[1]);
		t.true(certain >= 4 * MiB && certain < 16 * MiB, `${certain}`);
		const got = readAt(lab.guest().image('mem', 'ram'), 0, certain);
		const {stdout} = await lab.run(`head -c ${certain} /tmp/whole | sha256sum`);
		t.is(stdout.slice(0, 64), sha256(got));
	}
	await lab.run(
		'umount /mnt; dmsetup remove --noudevsync bad; losetup -d /dev/loop2; rm /tmp/fs /tmp/whole',
	);
	await stillWorks(t);
});

test.serial('a file that shrinks under the copy', async (t) => {
	await lab.run('dd if=/dev/urandom of=/tmp/shrinks bs=1M count=64 2>/dev/null');
	await lab.slowDown('other', 8 * MiB);
	const line = 'p2p-copy /tmp/shrinks $other/ns1 --overwrite-signature --verify=none';
	const result = await lab.run(
		`${line} & p=$!; ${untilCopying}; truncate -s 1M /tmp/shrinks; wait $p; s=$?; rm /tmp/shrinks; exit $s`,
	);
	await lab.slowDown('other', 0);
	shows(t, result, {
		status: 2,
		stdout: '',
		stderr: /it is shorter than it was; the first \d+ bytes/,
	});
});

test.serial('a kernel without VFIO', async (t) => {
	await lab.run(
		'p2p-bind --restore $disk $other $mem $edu; /sbin/modprobe -r vfio-pci vfio_iommu_type1 vfio; mkdir -p /etc/modprobe.d; for m in vfio-pci vfio_iommu_type1 vfio; do echo "install $m /bin/false"; done >/etc/modprobe.d/none.conf',
	);
	t.is((await lab.run('test -e /dev/vfio/vfio')).status, 1);
	shows(t, await lab.run('p2p-bind $disk'), {
		status: 2,
		stdout: '',
		stderr: /^p2p-bind: there is no driver 'vfio-pci', and no module of that name to load\n/,
	});
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2'), {
		status: 2,
		stdout: '',
		stderr: /not bound to vfio-pci/,
	});
	shows(t, await lab.run('p2p-check $disk $mem'), {
		status: 0,
		stdout: /not ready: vfio-pci is not loaded/,
	});
	shows(t, await lab.run('p2p-list'), {status: 0, stdout: /nvme/, stderr: ''});
	await lab.run('rm /etc/modprobe.d/none.conf; p2p-bind $disk $other $mem $edu');
	await stillWorks(t);
});

test.serial('a guest with little memory copies all the same', async (t) => {
	const guest = await boot(
		'root-port\n  upstream\n    downstream\n      disk: nvme size=64M\n    downstream\n      mem: ram 64M\n',
		{memory: '128M'},
	);
	try {
		shows(t, await guest.run('p2p-bind $disk $mem'), {status: 0});
		for (const line of [
			'p2p-copy $disk/ns1 $mem/bar2 --verify',
			'p2p-copy $disk/ns1 $mem/bar2 --staged --verify',
			'p2p-copy $disk/ns1 /dev/null',
		])
			shows(t, await guest.run(line, {timeoutMs: 120_000}), {status: 0, stderr: ''});
		t.notRegex(await guest.dmesg(), /Out of memory|oom-kill/);
	} finally {
		await guest.stop();
	}
});

function sha256(bytes: Buffer): string {
	return createHash('sha256').update(bytes).digest('hex');
}

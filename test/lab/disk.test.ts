// SPDX-License-Identifier: MIT
// p2p-disk: device memory as a block device that file systems live on, its ends, and what it is not.

import test from 'ava';
import {fillRandom, nodeOf, readAt, shows, useLab} from '../helpers/lab.ts';
import {isAsDescribed} from '../helpers/schema.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=16M cmb=16M
	    downstream
	      pm: nvme size=16M pmr=16M
	    downstream
	      mem: ram 32M
	    downstream
	      pool: nvme size=16M cmb=16M
	`,
	{nativeHotplug: true},
);
const MiB = 1 << 20;
const names = {bar: '$mem/bar2', cmb: '$disk/cmb', pmr: '$pm/pmr', half: '$mem/bar2+16M'};

test.serial.before('two controllers and the memory go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk $pm $mem');
	t.is(status, 0, stderr);
});

/** Serves in the background until the disk is there; $p is its pid, $P2P_DISK the disk. */
const serve = (words: string) =>
	`rm -f /tmp/out; p2p-disk ${words} >/tmp/out 2>/tmp/err & p=$!
	until grep -q ^end /tmp/out || ! kill -0 $p 2>/dev/null; do sleep 0.1; done
	P2P_DISK=$(sed -n 's/^disk *\\([^,]*\\),.*/\\1/p' /tmp/out)`;
const ended = 'wait $p; s=$?; cat /tmp/err >&2; exit $s';

for (const [driver, place] of [
	['ublk', names.bar],
	['ublk', names.cmb],
	['ublk', names.pmr],
	['nbd', names.half],
] as const) {
	test.serial(
		`a file system lives on ${place} by ${driver}, for one disk after another`,
		async (t) => {
			const disk = `p2p-disk ${place} --driver ${driver} --length 16M`;
			const made = await lab.run(
				`${disk} -- sh -c 'mkfs.ext4 -q $P2P_DISK && mount $P2P_DISK /mnt &&
				fio --name=v --directory=/mnt --size=4M --bs=4k-64k --rw=randwrite --verify=crc32c \
					--ioengine=psync --direct=1 --fsync=16 --minimal >/tmp/fio &&
				sha256sum /mnt/v* && umount /mnt'`,
			);
			shows(t, made, {status: 0, stdout: /^[0-9a-f]{64} {2}\/mnt\/v\.0\.0\n$/, stderr: ''});
			const again = await lab.run(
				`${disk} -- sh -c 'fsck.ext4 -fn $P2P_DISK >/tmp/fsck 2>&1 && mount $P2P_DISK /mnt && sha256sum /mnt/v*; umount /mnt'`,
			);
			shows(t, again, {status: 0, stdout: made.stdout, stderr: ''});
			t.is((await lab.run('ls /dev/ublkb* /dev/ublkc* /sys/block/nbd0/pid')).stdout, '');
		},
	);
}

test.serial(
	'the disk is the memory: what is written lies there, what lies there is read',
	async (t) => {
		const there = fillRandom(lab.guest().image('mem', 'ram'), 4 * MiB, MiB);
		const {status, stdout, stderr} = await lab.run(
			`head -c 1M /dev/urandom >/tmp/in && p2p-disk $mem/bar2+2M --length 8M -- sh -c '
			dd if=/tmp/in of=$P2P_DISK bs=64k seek=16 oflag=direct 2>/dev/null
			dd if=$P2P_DISK bs=1M skip=2 count=1 iflag=direct 2>/dev/null | sha256sum; sha256sum </tmp/in'`,
		);
		t.is(status, 0, stderr);
		const {createHash} = await import('node:crypto');
		const sum = (bytes: Buffer) => `${createHash('sha256').update(bytes).digest('hex')}  -\n`;
		t.is(stdout, sum(there) + sum(readAt(lab.guest().image('mem', 'ram'), 3 * MiB, MiB)));
	},
);

test.serial(
	'without COMMAND it says what it is, serves until a signal, and ends in 0',
	async (t) => {
		for (const signal of ['TERM', 'INT', 'HUP'])
			shows(
				t,
				await lab.run(`${serve('$mem/bar2 --length 1M')}
				blockdev --getsize64 $P2P_DISK; cat /tmp/out; kill -${signal} $p; ${ended}`),
				{
					status: 0,
					stdout:
						/^1048576\ndisk +\/dev\/ublkb0, 1048576 bytes \(1 MiB\), by ublk\nmemory +bar2\+0 of .*, through vfio\nmoved by +the CPU: .*EREMOTEIO.*\ndirectly +p2p-copy .*\nend .*\n$/,
					stderr: '',
				},
			);
	},
);

test.serial('told to stop before the disk is there, it leaves none', async (t) => {
	const line = `for d in 0.3 0.6 0.9 1.2; do
			p2p-disk $mem/bar2 >/dev/null 2>&1 & p=$!; sleep $d; kill $p; wait $p 2>/dev/null
		done; ls /dev/ublkb* 2>/dev/null; p2p-disk $mem/bar2 -- true && ls /dev/ublkb* /dev/ublkc*`;
	t.is((await lab.run(line)).stdout, '');
});

test.serial('where nobody takes what it says, it ends, and leaves no disk', async (t) => {
	const line = `p2p-disk $mem/bar2 >/dev/full; echo $?; p2p-disk $mem/bar2 | true; ls /dev/ublkb*`;
	const result = await lab.run(line, {timeoutMs: 30_000});
	t.false(result.timedOut);
	t.is(result.stdout, '2\n');
});

test.serial('--json and --json-file say the same in one object', async (t) => {
	const line = `p2p-disk $mem/bar2+1M --length 1M --read-only --json >/tmp/one & p=$!
		until grep -q } /tmp/one; do sleep 0.1; done; kill $p; wait $p
		p2p-disk $mem/bar2+1M --length 1M --read-only --json-file /tmp/two -- true
		cmp /tmp/one /tmp/two && cat /tmp/two`;
	const {status, stdout, stderr} = await lab.run(line);
	t.is(status, 0, stderr);
	isAsDescribed(t, 'p2p-disk', stdout);
	t.deepEqual(JSON.parse(stdout), {
		version: 1,
		provider: `${lab.guest().env.mem}/bar2+1M`,
		readOnly: true,
		path: '/dev/ublkb0',
		driver: 'ublk',
		function: lab.guest().env.mem,
		bar: 2,
		start: MiB,
		length: MiB,
		access: 'vfio',
	});
});

for (const driver of ['ublk', 'nbd'])
	test.serial(`a read-only disk by ${driver} takes no writes`, async (t) => {
		const {stdout} = await lab.run(
			`p2p-disk $mem/bar2 --length 1M --read-only --driver ${driver} -- sh -c 'blockdev --getro $P2P_DISK; dd if=/dev/zero of=$P2P_DISK bs=4k count=1 2>&1; exit 7'; echo $?`,
		);
		t.regex(stdout, /^1\ndd: .*not permitted\n(.*\n)*7\n$/);
	});

for (const driver of ['ublk', 'nbd'])
	test.serial(`by ${driver}: told to stop while it is mounted, it says so and waits`, async (t) => {
		const line = `${serve(`$mem/bar2 --length 16M --driver ${driver}`)}
			mkfs.ext4 -q $P2P_DISK && mount $P2P_DISK /mnt && echo kept >/mnt/file; kill $p
			until grep -q Try /tmp/err; do sleep 0.1; done; cat /mnt/file; umount /mnt; ${ended}`;
		shows(t, await lab.run(line), {
			status: 0,
			stdout: 'kept\n',
			stderr:
				/^p2p-disk: (\/dev\/\w+) stays until nobody has it: \1 is mounted at \/mnt\n {2}Try: umount '\/mnt'\n {7}Ctrl-C once more .*\n$/,
		});
	});

for (const driver of ['ublk', 'nbd']) {
	test.serial(`by ${driver}: what was written without a word of sync is there`, async (t) => {
		const disk = `p2p-disk $mem/bar2 --length 16M --driver ${driver}`;
		const line = `head -c 8M /dev/urandom >/tmp/in; ${disk} -- sh -c 'dd if=/tmp/in of=$P2P_DISK bs=1M 2>/dev/null'
			${disk} -- sh -c 'dd if=$P2P_DISK bs=1M count=8 iflag=direct 2>/dev/null' | cmp - /tmp/in`;
		shows(t, await lab.run(line), {status: 0, stdout: '', stderr: ''});
	});

	test.serial(`by ${driver}: a mount that no process sees keeps it`, async (t) => {
		const line = `${serve(`$mem/bar2 --length 16M --driver ${driver}`)}
			mkfs.ext4 -q $P2P_DISK; mkdir -p /run/spaces; mount --bind /run/spaces /run/spaces
			mount --make-private /run/spaces; touch /run/spaces/one
			unshare --mount=/run/spaces/one sh -c "mount $P2P_DISK /mnt && echo kept >/mnt/file"
			kill $p; until grep -q Try /tmp/err; do sleep 0.1; done
			nsenter --mount=/run/spaces/one sh -c 'cat /mnt/file; umount /mnt'; ${ended}`;
		const result = await lab.run(line);
		await lab.run('umount /run/spaces/one; rm /run/spaces/one; umount /run/spaces');
		shows(t, result, {
			status: 0,
			stdout: 'kept\n',
			stderr:
				/^p2p-disk: (\/dev\/\w+) stays until nobody has it: the kernel keeps \1 for somebody\n/,
		});
	});

	test.serial(`by ${driver}: signals are heard at full load`, async (t) => {
		const line = `${serve(`$mem/bar2 --length 16M --driver ${driver}`)}
			fio --name=l --filename=$P2P_DISK --rw=write --bs=1M --direct=1 --ioengine=libaio --iodepth=64 \
				--numjobs=3 --time_based --runtime=60 >/dev/null 2>&1 & f=$!
			sleep 3; kill $p; until grep -q Try /tmp/err; do sleep 0.1; done; kill $p; ${ended}`;
		const begun = Date.now();
		lab.expectInLog(/I\/O/);
		const {status, stderr} = await lab.run(line);
		t.is(status, 2, stderr);
		t.true(Date.now() - begun < 45_000);
		await lab.run('while pidof fio; do sleep 0.2; done');
	});
}

test.serial(
	'told once more it ends at once, says what that means, and what was synced is there',
	async (t) => {
		lab.expectInLog(/ublkb0|EXT4|JBD2|Buffer I\/O/);
		const line = `${serve('$mem/bar2 --length 16M')}
		mkfs.ext4 -q $P2P_DISK && mount $P2P_DISK /mnt && echo kept >/mnt/file && sync; kill $p
		until grep -q Try /tmp/err; do sleep 0.1; done; kill $p; wait $p; s=$?
		umount /mnt; tail -n 1 /tmp/err >&2; ls /dev/ublkb*
		p2p-disk $mem/bar2 --length 16M -- sh -c 'mount $P2P_DISK /mnt && cat /mnt/file; umount /mnt'; exit $s`;
		shows(t, await lab.run(line), {
			status: 2,
			stdout: 'kept\n',
			stderr: /p2p-disk: \/dev\/ublkb0 was removed while it was in use: .*\n/,
		});
	},
);

test.serial('COMMAND that leaves the disk mounted is waited for', async (t) => {
	const line = `p2p-disk $mem/bar2 --length 16M -- sh -c 'mkfs.ext4 -q $P2P_DISK && mount $P2P_DISK /mnt; exit 5' 2>/tmp/err & p=$!
		until grep -q Try /tmp/err; do sleep 0.1; done; umount /mnt; wait $p`;
	t.is((await lab.run(line)).status, 5);
});

for (const driver of ['ublk', 'nbd'])
	test.serial(
		`by ${driver}: killed at work, it leaves nothing that the next one minds`,
		async (t) => {
			lab.expectInLog(/ublkb0|nbd0|Buffer I\/O/);
			const line = `${serve(`$mem/bar2 --length 16M --driver ${driver}`)}
			dd if=/dev/zero of=$P2P_DISK bs=64k oflag=direct 2>/dev/null & sleep 0.2; kill -9 $p; wait
			p2p-disk $mem/bar2 --length 16M --driver ${driver} -- sh -c 'echo $P2P_DISK; dd if=$P2P_DISK bs=1M 2>/dev/null | wc -c'
			ls /dev/ublkb* /dev/ublkc*`;
			shows(t, await lab.run(line), {
				status: 2,
				stdout: `/dev/${driver === 'ublk' ? 'ublkb' : 'nbd'}0\n16777216\n`,
			});
		},
	);

test.serial('it is no way for other functions: the block layer refuses their memory', async (t) => {
	const pool = `echo 1 > /sys/bus/pci/devices/$pool/p2pmem/published`;
	const {stdout} = await lab.run(
		`(${pool}) 2>/dev/null; native/build/Release/p2pmem $pool ${nodeOf('pool')}; p2p-disk $mem/bar2 -- sh -c 'native/build/Release/p2pmem $pool $P2P_DISK'`,
	);
	t.is(stdout, 'ok\npread EREMOTEIO\n');
});

test.serial(
	'memory that does not answer is an I/O error, and none once it answers again',
	async (t) => {
		lab.expectInLog(/ublkb0|Buffer I\/O/);
		const read = 'dd if=$P2P_DISK of=/dev/null bs=64k count=1 iflag=direct 2>/dev/null; echo $?';
		const write = 'dd if=/tmp/in of=$P2P_DISK bs=64k count=1 oflag=direct 2>/dev/null; echo $?';
		const {stdout} = await lab.run(
			`${serve('$mem/bar2')}
		head -c 64k /dev/urandom >/tmp/in; c=$(setpci -s $mem COMMAND)
		setpci -s $mem COMMAND=0000:2; ${read}; ${write}; setpci -s $mem COMMAND=$c; ${write}; ${read}
		kill $p; ${ended}`,
		);
		t.is(stdout, '1\n1\n0\n0\n');
	},
);

const refused: ReadonlyArray<readonly [string, number, RegExp]> = [
	['', 2, /missing operand: PROVIDER/],
	['$mem', 2, /is no endpoint/],
	['$disk/ns1', 2, /is a disk already/],
	['./file', 2, /is a file/],
	['$mem/bar4', 2, /has no bar4/],
	['$mem/bar2+64M', 2, /lies outside/],
	['$mem/bar2+4', 2, /no multiple of 8/],
	['$mem/bar2 --length 64M', 2, /do not fit/],
	['$mem/bar2 --length 1000', 2, /no multiple of 512/],
	['$mem/bar2 --length 0', 2, /one block of 512 bytes/],
	['$mem/bar2 --driver loop', 2, /--driver: 'loop' is none of/],
	['$disk/bar0', 1, /may be registers|MSI-X/],
	['$mem/cmb', 2, /no NVMe|has no/],
	['$pool/cmb', 2, /not bound to vfio-pci|is mounted|in use/],
	['ff:00.0/bar0', 2, /no function/],
];
for (const [words, status, sentence] of refused)
	test.serial(`refused in one sentence: p2p-disk ${words}`, async (t) => {
		shows(t, await lab.run(`p2p-disk ${words} -- false; s=$?; [ $s = 125 ] && p2p-disk ${words}`), {
			status,
			stdout: '',
			stderr: sentence,
		});
		t.is((await lab.run('ls /dev/ublkb* /dev/ublkc*')).stdout, '');
	});

test.serial('an ordinary user is told what is missing', async (t) => {
	const {status, stderr} = await lab.run(`su -s /bin/sh nobody -c "bin/p2p-disk $mem/bar2"`);
	t.is(status, 2);
	t.regex(stderr, /^p2p-disk: .*denied/);
});

test.serial('a kernel without the driver is named', async (t) => {
	const line = `echo /bin/false >/proc/sys/kernel/modprobe; rmmod ublk_drv
		before=$(dmesg | grep -c resetting); p2p-disk $mem/bar2 --driver ublk; s=$?
		[ $before = $(dmesg | grep -c resetting) ] && echo untouched
		p2p-disk $mem/bar2 -- sh -c 'echo $P2P_DISK'; echo /sbin/modprobe >/proc/sys/kernel/modprobe; exit $s`;
	shows(t, await lab.run(line), {
		status: 2,
		stdout: 'untouched\n/dev/nbd0\n',
		stderr: /^p2p-disk: this kernel has no ublk .*\n {2}Try: --driver nbd\n$/,
	});
});

test.serial('the function is pulled: reads fail, and the disk ends in one sentence', async (t) => {
	lab.expectInLog(/ublkb0|Buffer I\/O|AER|pcieport/);
	const port = '$(basename $(dirname $(readlink -f /sys/bus/pci/devices/$mem)))';
	const line = `${serve('$mem/bar2')}
		setpci -s ${port} CAP_EXP+18.w=0700; dd if=$P2P_DISK of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null; echo $?
		${ended}`;
	const result = await lab.run(line);
	t.false(result.timedOut);
	shows(t, result, {status: 2, stdout: '1\n', stderr: /^p2p-disk: .* is gone/});
	t.is((await lab.run('ls /dev/ublkb*')).stdout, '');
});

// SPDX-License-Identifier: MIT
// What a copy, a mapping and a benchmark refuse or explain before they touch anything: disks that
// somebody needs, functions that another program has, memory that sleeps, limits and lockdown.

import test from 'ava';
import {nodeOf, shows, useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=16M
	    downstream
	      mem: ram 64M
	    downstream
	      sleeper: nvme size=16M
	root-port
	  used: nvme size=64M
	`,
);

const asUser = '/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs';
/** Ends what was started in the background, and waits until the kernel has seen it. */
const endHolder =
	'kill $(cat /tmp/holder); while test -e /proc/$(cat /tmp/holder)/exe; do sleep 0.1; done';

test.serial.before('the drivers stand ready', async (t) => {
	const {status, stderr} = await lab.run(
		'/sbin/modprobe -a ext4 dm-mod loop zram raid1 && p2p-bind $disk $mem && head -c 1M /dev/urandom >/tmp/file',
	);
	t.is(status, 0, stderr);
});

type Use = {readonly start: string; readonly end: string; readonly says: RegExp};

/** $used is the disk that the kernel keeps. */
const uses: Readonly<Record<string, Use>> = {
	mounted: {
		start: 'mkfs.ext4 -q $dev && /usr/bin/mount -r $dev /mnt',
		end: 'umount /mnt; wipefs -qa $dev',
		says: /is mounted at \/mnt/,
	},
	'under a partition that is mounted': {
		start:
			'printf "n\\np\\n1\\n\\n\\nw\\n" | busybox fdisk $dev; for i in $(seq 50); do [ -b "$dev"p1 ] && break; sleep 0.1; done; mkfs.ext4 -q "$dev"p1 && /usr/bin/mount -r "$dev"p1 /mnt',
		end: 'umount /mnt; wipefs -qaf $dev; /usr/sbin/blockdev --rereadpt $dev',
		says: /n1p1 is mounted at \/mnt/,
	},
	swap: {
		start: 'mkswap -q $dev && swapon $dev',
		end: 'swapoff $dev; wipefs -qa $dev',
		says: /is swap/,
	},
	'under device mapper': {
		start: `dmsetup create --noudevsync top --table "0 2048 linear $dev 0"`,
		end: 'dmsetup remove --noudevsync top',
		says: /is held by .*dm-0/,
	},
	'under a loop device': {
		start: 'losetup /dev/loop0 $dev',
		end: 'losetup -d /dev/loop0; sleep 0.5',
		says: /is held by .*loop0/,
	},
	'behind zram': {
		start: 'echo $dev > /sys/block/zram0/backing_dev',
		end: 'echo 1 > /sys/block/zram0/reset; sleep 0.5',
		says: /is held by .*zram0/,
	},
	'of a RAID': {
		start: [
			'echo md_top > /sys/module/md_mod/parameters/new_array',
			'cd /sys/block/md_top/md; echo none > metadata_version; echo raid1 > level; echo 2 > raid_disks',
			'cat /sys/class/block/$(basename $dev)/dev > new_dev',
		].join('; '),
		end: 'echo clear > /sys/block/md_top/md/array_state; sleep 0.5',
		says: /is held by .*md_top/,
	},
	"the journal of another disk's file system": {
		start: [
			'mke2fs -q -b 4096 -O journal_dev $dev && truncate -s 32M /tmp/fs && losetup /dev/loop1 /tmp/fs',
			'mkfs.ext4 -q -b 4096 -J device=$dev /dev/loop1 && /usr/bin/mount -r /dev/loop1 /mnt',
		].join(' && '),
		end: 'umount /mnt; losetup -d /dev/loop1; wipefs -qa $dev',
		says: /the kernel keeps \/dev\/nvme\dn1 for somebody/,
	},
	'opened by a process': {
		start: 'sleep 60 <$dev >/dev/null 2>&1 & echo $! >/tmp/holder; sleep 0.5',
		end: endHolder,
		says: /is open in process \d+ \(sleep\)/,
	},
	'kept by a process for itself alone': {
		start: `node -e "require('node:fs').openSync('$dev', 0x82); setInterval(() => {}, 1000)" >/dev/null 2>&1 & echo $! >/tmp/holder; sleep 2`,
		end: endHolder,
		says: /is open in process \d+ \(node\)/,
	},
};

for (const [how, {start, end, says}] of Object.entries(uses)) {
	test.serial(`a disk that is ${how} is not written`, async (t) => {
		const dev = `dev=${nodeOf('used')}`;
		const begun = await lab.run(`${dev}; ${start}`);
		t.is(begun.status, 0, begun.stderr);
		const sum = 'dd if=$dev bs=1M iflag=direct 2>/dev/null | md5sum';
		try {
			const before = await lab.run(`${dev}; ${sum}`);
			const copy = 'p2p-copy /tmp/file $dev --staged --overwrite-signature';
			shows(t, await lab.run(`${dev}; ${copy}`), {status: 1, stdout: '', stderr: says});
			t.is((await lab.run(`${dev}; ${sum}`)).stdout, before.stdout);
		} finally {
			await lab.run(`${dev}; ${end}`);
		}
	});
}

test.serial('the same disk is written once nobody has it', async (t) => {
	const copy = `p2p-copy /tmp/file ${nodeOf('used')} --staged --overwrite-signature --verify`;
	shows(t, await lab.run(copy), {status: 0, stderr: ''});
});

const programs = {
	'p2p-copy': 'p2p-copy $disk/ns1 $mem/bar2',
	'p2p-map': 'p2p-map $disk $mem/bar2',
	'p2p-bench': 'p2p-bench $disk/ns1 $mem/bar2+0',
};

/** Runs a line in the background while body runs; ends it whatever comes of that. */
const whileHeldBy = async (line: string, body: () => Promise<void>) => {
	await lab.run(`${line} >/dev/null 2>&1 & echo $! >/tmp/holder; sleep 4`);
	try {
		await body();
	} finally {
		await lab.run(endHolder);
	}
};

test.serial('a function that another program has: who it is, and the other goes on', async (t) => {
	await whileHeldBy('p2p-map $disk $mem/bar2 -- sleep 600', async () => {
		for (const [program, line] of Object.entries(programs)) {
			shows(t, await lab.run(line), {
				status: 2,
				stdout: '',
				stderr: new RegExp(
					`^${program}: 0000:\\S+ is busy: /dev/vfio/\\S+ is open in process \\d+ \\(p2p-map\\)\\n`,
				),
			});
		}
		await lab.run('chmod a+rw /dev/vfio/[0-9]*');
		shows(t, await lab.run(`${asUser} ${programs['p2p-copy']} --allow unknown`), {
			status: 2,
			stdout: '',
			stderr:
				/IOMMU group \d+ is open already, here or in another program\n {2}Try: run it as root/,
		});
		t.is((await lab.run('kill -0 $(cat /tmp/holder)')).status, 0);
	});
	shows(t, await lab.run(`sleep 1; ${programs['p2p-copy']} --verify`), {status: 0});
});

test.serial('a group that somebody holds without a function in it, as QEMU may', async (t) => {
	const group = '/dev/vfio/$(basename $(readlink /sys/bus/pci/devices/$disk/iommu_group))';
	await whileHeldBy(`sleep 600 3<>${group}`, async () => {
		shows(t, await lab.run(programs['p2p-copy']), {
			status: 2,
			stdout: '',
			stderr: /is busy: \/dev\/vfio\/\d+ is open in process \d+ \(sleep\)/,
		});
	});
});

test.serial('too little memory to lock: the number named is enough', async (t) => {
	await lab.run('chmod a+rw /dev/vfio/[0-9]*');
	const lines = [
		`${programs['p2p-copy']} --allow unknown --staged`,
		`${programs['p2p-copy']} --allow unknown --queues 4 --depth 256`,
		'p2p-copy $disk/ns1 /tmp/out-$$ --length 4M',
		`${programs['p2p-map']} --allow unknown --host-memory 3M -- true`,
		`${programs['p2p-bench']} --allow unknown --length 1M --time 50 --runs 1 --sizes 4K`,
	];
	for (const line of lines) {
		const short = await lab.run(`ulimit -l 64; ${asUser} ${line}`);
		const said = /have to be locked, and this user may lock 64 KiB\n {2}Try: ulimit -l (\d+)/;
		t.regex(short.stderr, said, line);
		const [, needed] = said.exec(short.stderr) ?? [];
		const raised = await lab.run(`ulimit -l ${needed}; ${asUser} ${line}`);
		t.is(raised.status, 0, `${line} with ${needed}: ${raised.stderr}`);
	}
});

test.serial('memory that sleeps is told from memory that answers', async (t) => {
	await lab.run('p2p-bind --driver none $sleeper; setpci -s $sleeper CAP_PM+4.b=3');
	for (const line of [
		'p2p-copy $disk/ns1 $sleeper/bar0+8K --length 4K --allow register-bar',
		'p2p-copy $sleeper/bar0 /tmp/word --length 4',
		'p2p-map $disk $sleeper/bar0',
	])
		shows(t, await lab.run(line), {
			status: 2,
			stdout: '',
			stderr: /the memory of \S+ does not answer: it sleeps in D3hot\n {2}Try: echo on/,
		});
	shows(t, await lab.run('p2p-check $disk $sleeper'), {
		stdout: /not ready: .* sleeps in D3hot/,
		status: 0,
	});
	// VFIO wakes what it opens.
	await lab.run('p2p-bind $sleeper');
	shows(t, await lab.run('p2p-copy $sleeper/ns1 $mem/bar2 --verify'), {status: 0});
});

test.serial(
	'a kernel in lockdown maps no BAR through sysfs, and VFIO is not concerned',
	async (t) => {
		await lab.run(
			'p2p-bind $mem --driver none; mount -t securityfs none /sys/kernel/security; echo integrity > /sys/kernel/security/lockdown',
		);
		for (const line of [
			programs['p2p-copy'],
			programs['p2p-map'],
			'p2p-copy $mem/bar2 /tmp/word --length 4',
		])
			shows(t, await lab.run(line), {
				status: 2,
				stdout: '',
				stderr:
					/nobody map a BAR through sysfs: it is locked down \(integrity\)\n {2}Try: p2p-bind/,
			});
		shows(t, await lab.run(`p2p-bind $mem && ${programs['p2p-copy']} --verify`), {status: 0});
	},
);

// SPDX-License-Identifier: MIT
// p2p-target: the kernel's own target set up with peer memory, hosts that connect and read what is
// on the disk, and nothing left when it is taken down.

import test from 'ava';
import {fillRandom, nodeOf, readAt, shows, useLab} from '../helpers/lab.ts';
import {isAsDescribed} from '../helpers/schema.ts';

const MiB = 1 << 20;
const lab = useLab(
	test,
	`
	machine iommu=intel kernel="iommu=pt"
	root-port
	  upstream
	    downstream
	      pool: nvme size=16M cmb=16M
	    downstream
	      disk: nvme size=16M
	    downstream
	      other: nvme size=16M
	`,
);

const nodes = `D=${nodeOf('disk')} O=${nodeOf('other')} P=${nodeOf('pool')};`;
const everything =
	'find /sys/kernel/config/nvmet -mindepth 2 | grep -v discovery; ls /run/p2putils/target';
const host = (n: number) =>
	`hostnqn=nqn.2014-08.org.example:h${n},hostid=00000000-0000-0000-0000-00000000000${n}`;

/** Connects; $C is the disk that the host got. */
const connect = (words: string) => `
	echo "${words}" >/dev/nvme-fabrics || exit 90
	for i in $(seq 50); do
		C=$(cd /sys/block && for d in nvme*n1; do case $(readlink $d) in */virtual/nvme-subsystem/*) echo /dev/$d;; esac; done)
		[ -b "$C" ] && break; sleep 0.1
	done`;
const disconnect = `
	for c in /sys/class/nvme/*; do
		[ $(cat $c/transport) = pcie ] || echo 1 >$c/delete_controller
	done; sync`;

test.serial.before('modules for hosts, an address, RDMA in software', async (t) => {
	const line = `for m in nvme-loop nvme-tcp nvme-rdma rdma_rxe dummy; do modprobe $m; done 2>/dev/null
		ip link set lo up; ip link show dummy0 >/dev/null 2>&1 || ip link add dummy0 type dummy
		ip link set dummy0 up; ip addr add 10.1.0.1/24 dev dummy0; rdma link add rxe0 type rxe netdev dummy0`;
	const {status, stderr} = await lab.run(line);
	t.is(status, 0, stderr);
});

for (const [transport, words, where] of [
	['loop', '-t loop', ''],
	['tcp', '-t tcp -a 127.0.0.1 --any-host', ',traddr=127.0.0.1,trsvcid=4420'],
	['rdma', '-a 10.1.0.1 --any-host', ',traddr=10.1.0.1,trsvcid=4420'],
] as const) {
	test.serial(
		`a host by ${transport} reads and writes the disk; then nothing is left`,
		async (t) => {
			const sent = fillRandom(lab.guest().image('disk'), MiB, 4 * MiB);
			const nqn = `nqn.2014-08.org.example:${transport}`;
			const line = `${nodes} p2p-target $D ${words} --nqn ${nqn} --via $pool || exit
			cat /sys/kernel/config/nvmet/subsystems/*/namespaces/1/p2pmem
			${connect(`transport=${transport}${where},nqn=${nqn},${host(1)}`)}
			dd if=$C bs=1M skip=1 count=4 iflag=direct 2>/dev/null | dd of=$C bs=1M seek=8 oflag=direct iflag=fullblock 2>/dev/null
			${disconnect}; p2p-target --remove; s=$?; ${everything}; exit $s`;
			const result = await lab.run(line);
			shows(t, result, {status: 0, stderr: ''});
			const reason = {
				loop: 'loop copies by the CPU; only RDMA moves peer memory',
				tcp: 'tcp copies by the CPU; only RDMA moves peer memory',
				rdma: 'rxe0 is RDMA in software: the CPU copies',
			}[transport];
			const [name, port, way, nvme, attribute, ...rest] = result.stdout.trimEnd().split('\n');
			t.is(name, nqn);
			t.regex(port ?? '', new RegExp(`^  ${transport}.* for any host$`));
			t.true(way?.includes(`through host memory: ${reason} (p2pmem `), way);
			t.regex(nvme ?? '', new RegExp(`^  nvme connect -t ${transport}.* -n ${nqn}$`));
			t.is(attribute, way?.slice(-13, -1));
			t.deepEqual(rest, []);
			t.true(readAt(lab.guest().image('disk'), 8 * MiB, 4 * MiB).equals(sent));
		},
	);
}

test.serial('two targets share a port; the last one takes it along', async (t) => {
	const line = `${nodes} p2p-target $D -t tcp -a 127.0.0.1 --host nqn.h --nqn nqn.a >/dev/null &&
		p2p-target $O -t tcp -a 127.0.0.1 --host nqn.h --nqn nqn.b >/dev/null
		ls /sys/kernel/config/nvmet/ports; p2p-target --remove nqn.a; ls /sys/kernel/config/nvmet/ports /sys/kernel/config/nvmet/hosts
		p2p-target --remove nqn.b; s=$?; ${everything}; exit $s`;
	const stdout =
		'1\n/sys/kernel/config/nvmet/hosts:\nnqn.h\n\n/sys/kernel/config/nvmet/ports:\n1\n';
	shows(t, await lab.run(line), {status: 0, stdout, stderr: ''});
});

test.serial('what the kernel refuses half-way leaves nothing', async (t) => {
	const line = `${nodes} p2p-target $O -t tcp -a 0.0.0.0 -s 4421 --any-host --nqn nqn.o >/dev/null
		p2p-target $D -t tcp -a 127.0.0.1 -s 4421 --any-host --nqn nqn.d -v; s=$?
		p2p-target | grep ^nqn; p2p-target --remove; ${everything}; exit $s`;
	shows(t, await lab.run(line), {
		status: 2,
		stdout: 'nqn.o\n',
		stderr: /^p2p-target: ln -s \S+ \S+: Address already in use\n {2}Try: dmesg .*\n$/,
	});
});

test.serial('killed at any moment it can be taken down', async (t) => {
	const line = `${nodes} for d in 0.1 0.2 0.25 0.3 0.35 0.4 0.5 0.7; do
			p2p-target $D -t tcp -a 127.0.0.1 --host nqn.h --nqn nqn.k >/dev/null 2>&1 & p=$!
			sleep $d; kill -9 $p 2>/dev/null; wait $p 2>/dev/null; p2p-target --remove || exit
		done; ${everything}`;
	shows(t, await lab.run(line), {status: 0, stdout: ''});
});

// Interrupted once its subsystem stands; now and then the steps behind that are faster than the signal.
test.serial('Ctrl-C half-way leaves nothing', async (t) => {
	const line = `${nodes} for i in $(seq 50); do
			p2p-target $D $O -t tcp -a 127.0.0.1 --host nqn.h --nqn nqn.i >/tmp/out 2>&1 & p=$!
			while [ ! -d /sys/kernel/config/nvmet/subsystems/nqn.i ] && kill -0 $p; do :; done
			kill -INT $p; wait $p 2>/dev/null; s=$?
			if [ $s = 0 ]; then grep -q ^nqn.i$ /tmp/out && p2p-target --remove nqn.i || exit 90
			else [ $s = 130 ] && [ ! -s /tmp/out ] || exit $s; u=$((u + 1)); fi
			[ -z "$(${everything})" ] || exit 91; [ "$u" = 4 ] && break
		done; echo $u`;
	shows(t, await lab.run(line), {status: 0, stdout: '4\n', stderr: ''});
});

test.serial('a signal that comes once all is done undoes nothing, and it is said', async (t) => {
	const line = `${nodes} for i in $(seq 8); do
			p2p-target $D -t loop --nqn nqn.i >/tmp/out & p=$!
			while [ ! -d /sys/kernel/config/nvmet/ports/1/subsystems/nqn.i ] && kill -0 $p; do :; done
			kill -INT $p; wait $p || exit; grep -q ^nqn.i$ /tmp/out || exit 90
			p2p-target --remove nqn.i || exit
		done; ${everything}`;
	shows(t, await lab.run(line), {status: 0, stdout: '', stderr: ''});
});

test.serial('whoever waits for another p2p-target can be interrupted', async (t) => {
	const line = `${nodes} mkdir -p /run/p2putils/target
		flock -o /run/p2putils/target sh -c 'p2p-target $0 -t tcp -a 127.0.0.1 --host nqn.h & p=$!
		until ls -l /proc/$p/fd | grep -q p2putils/target || ! kill -0 $p; do sleep 0.1; done
		kill -INT $p; wait $p' $D; echo $?; ${everything}`;
	shows(t, await lab.run(line), {status: 0, stdout: '130\n', stderr: ''});
});

test.serial('a disk that is over fabrics itself goes without, as the kernel has it', async (t) => {
	const nqn = 'nqn.2014-08.org.example:head';
	const line = `${nodes} p2p-target $D -t loop --nqn ${nqn} >/dev/null
		${connect(`transport=loop,nqn=${nqn},${host(2)}`)}
		p2p-target $C -t loop --nqn nqn.head --json; p2p-target --remove nqn.head
		p2p-target $C -t loop --nqn nqn.head --via $pool; echo $?
		S=/sys/kernel/config/nvmet/subsystems/nqn.head; mkdir -p $S/namespaces/1; cd $S/namespaces/1
		echo $C >device_path; echo $pool >p2pmem; (echo 1 >enable) 2>/dev/null; cat enable; cd /; dmesg | tail -5 | grep -o 'nvmet: peer-to-peer DMA is not supported'; rmdir $S/namespaces/1 $S
		${disconnect}; p2p-target --remove; ${everything}`;
	const {stdout, stderr} = await lab.run(line);
	const end = stdout.indexOf('\n}\n') + 3;
	t.like(JSON.parse(stdout.slice(0, end)).targets[0].namespaces[0], {
		provider: null,
		isPeer: false,
		reason: 'not-pci',
	});
	t.is(stdout.slice(end), '1\n0\nnvmet: peer-to-peer DMA is not supported\n');
	t.regex(stderr, /it is over fabrics itself: its driver takes no peer memory/);
});

test.serial('disks in use are refused, and targets of others are left alone', async (t) => {
	const line = `${nodes} mkfs.ext4 -q $O && mount $O /mnt
		p2p-target $O -t loop --nqn nqn.m; echo $?; umount /mnt
		p2p-target $D -t loop --nqn nqn.e >/dev/null; p2p-target $D -t loop; echo $?; p2p-target --remove
		S=/sys/kernel/config/nvmet/subsystems/nqn.f; mkdir -p $S/namespaces/1; echo $O >$S/namespaces/1/device_path
		p2p-target --remove nqn.f; echo $?; p2p-target --remove; p2p-target; rmdir $S/namespaces/1 $S
		p2p-target $D -t tcp -a 10.9.9.9 --any-host; echo $?
		p2p-target $D -a 127.0.0.1 --any-host; echo $?; ${everything}`;
	const {stdout, stderr} = await lab.run(line);
	t.is(
		stdout,
		`1\n1\n2\nnqn.f  (not by p2p-target)\n  no port  for no host\n  1  ${
			/\/dev\/nvme\dn1/.exec(stdout)?.[0]
		}  not enabled\n2\n2\n`,
	);
	t.regex(stderr, /is mounted at \/mnt/);
	t.regex(stderr, /is held by NVMe target nqn\.e\n {2}Try: p2p-target --show nqn\.e {3}shows/);
	t.regex(stderr, /nqn\.f was not made by p2p-target/);
	t.regex(stderr, /no interface of this machine has the address 10\.9\.9\.9/);
	t.regex(stderr, /no RDMA device listens at 127\.0\.0\.1/);
});

test.serial('users may look, and change nothing', async (t) => {
	const line = `${nodes} p2p-target $D -t loop --nqn nqn.u --json >/tmp/made
		su -s /bin/sh nobody -c 'bin/p2p-target && bin/p2p-target --remove'; s=$?
		p2p-target --json; p2p-target --remove; exit $s`;
	const {status, stdout, stderr} = await lab.run(line);
	t.is(status, 2);
	const text = stdout.slice(0, stdout.indexOf('{'));
	t.regex(text, /^nqn\.u\n {2}loop {2}for any host\n/);
	t.regex(stderr, /^p2p-target: only the superuser may change NVMe targets/);
	isAsDescribed(t, 'p2p-target', stdout.slice(text.length));
});

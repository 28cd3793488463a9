// SPDX-License-Identifier: MIT
// p2p-copy on a real kernel and emulated PCIe devices, with a translating IOMMU. The host looks at
// the disk images and at the memory behind the BAR from outside: a proof that owes nothing to ours.

import test from 'ava';
import {fillRandom, readAt, shows, untilCopying, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=96M namespaces=2 mdts=9
	    downstream
	      mem: ram 128M
	    downstream
	      disk4k: nvme size=96M lba=4096
	root-port
	  screen: display
	root-port
	  kernels: nvme size=64M
	root-port
	  far: ram 16M
	`,
);

test.serial.before('both disks go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk $disk4k');
	t.is(status, 0, stderr);
});

test.serial(
	'64 MiB from a namespace arrive in a driverless BAR at an odd offset, every byte',
	async (t) => {
		const sent = fillRandom(lab.guest().image('disk'), 1536, 64 * MiB);
		const result = await lab.run(
			'p2p-copy $disk/ns1+1536 $mem/bar2+0x1004 --length 64M --verify --json',
		);
		shows(t, result, {status: 0, stderr: ''});
		const {plan, result: done} = JSON.parse(result.stdout);
		t.is(plan.to.access, 'sysfs');
		t.is(done.verifiedBytes, 64 * MiB);
		// 2 MiB a request: its PRP list goes on over two pages.
		t.is(done.requestSize, 2 * MiB);
		t.true(readAt(lab.guest().image('mem', 'ram'), 0x1004, 64 * MiB).equals(sent));
	},
);

test.serial('64 MiB from a BAR arrive in the second namespace, every byte', async (t) => {
	const sent = fillRandom(lab.guest().image('mem', 'ram'), 0x2008, 64 * MiB);
	const result = await lab.run(
		'p2p-copy $mem/bar2+0x2008 $disk/ns2+2048 --length 64M --verify=full',
	);
	shows(t, result, {status: 0, stdout: '', stderr: ''});
	t.true(readAt(lab.guest().image('disk.2'), 2048, 64 * MiB).equals(sent));
});

test.serial('a namespace with 4096-byte blocks is read and written', async (t) => {
	const sent = fillRandom(lab.guest().image('disk4k'), 8192, 8 * MiB);
	shows(t, await lab.run('p2p-copy $disk4k/ns1+8K $mem/bar2 --length 8M --verify'), {status: 0});
	shows(t, await lab.run('p2p-copy $mem/bar2 $disk4k/ns1+32M --length 8M --verify'), {status: 0});
	t.true(readAt(lab.guest().image('disk4k'), 32 * MiB, 8 * MiB).equals(sent));
});

test.serial('a provider on vfio-pci works like one without a driver', async (t) => {
	shows(t, await lab.run('p2p-bind $mem'), {status: 0});
	const sent = fillRandom(lab.guest().image('disk'), 0, 4 * MiB);
	const result = await lab.run('p2p-copy $disk/ns1 $mem/bar2+4K --length 4M --verify --json');
	shows(t, result, {status: 0});
	t.is(JSON.parse(result.stdout).plan.to.access, 'vfio');
	t.true(readAt(lab.guest().image('mem', 'ram'), 4096, 4 * MiB).equals(sent));
	shows(t, await lab.run('p2p-bind --restore $mem'), {status: 0});
});

test.serial('a sampled copy says so, and --verify=none says that nothing is proved', async (t) => {
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 8M --progress'), {
		status: 0,
		stderr: /verify +equal, sampled/,
	});
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 8M --verify=none --progress'), {
		status: 0,
		stderr: /nothing is proved/,
	});
});

test.serial('--explain, --json and the summary tell the same story', async (t) => {
	const words = '$disk/ns1 $mem/bar2+8K --length 1M';
	const explained = JSON.parse((await lab.run(`p2p-copy ${words} --explain --json`)).stdout);
	const {stdout, stderr} = await lab.run(`p2p-copy ${words} --json --progress`);
	const done = JSON.parse(stdout);
	t.is(explained.result, null);
	t.deepEqual(explained.plan, done.plan);
	t.is(done.plan.addressKind, done.result.addressKind);
	t.is(done.plan.to.busAddress, done.result.iova);
	t.regex(stderr, new RegExp(`address +${done.result.iova} `));
	t.regex(stderr, /route +direct by .*\nkernel +bus-addr, distance 4\n/);
	const text = (await lab.run(`p2p-copy ${words} --explain`)).stdout;
	t.regex(text, /route +direct by .*\nkernel +bus-addr, distance 4\n/);
	t.true(text.includes(done.plan.to.busAddress));
});

test.serial('--explain changes nothing', async (t) => {
	const before = readAt(lab.guest().image('disk.2'), 0, 4096);
	shows(t, await lab.run('p2p-copy $mem/bar2 $disk/ns2 --length 4K --explain'), {status: 0});
	t.true(readAt(lab.guest().image('disk.2'), 0, 4096).equals(before));
});

const refusals: readonly [line: string, status: number, sentence: RegExp][] = [
	['p2p-copy 0000:7f:00.0/ns1 $mem/bar2', 2, /no function 0000:7f:00\.0/],
	['p2p-copy nonsense/ns1 $mem/bar2', 2, /nonsense/],
	['p2p-copy $disk $mem/bar2', 2, /nsN|barN/],
	['p2p-copy $disk/ns1 $mem/bar3', 2, /no bar3; it has bar0, bar2/],
	['p2p-copy $disk/ns1 $mem/bar9', 2, /bar9/],
	['p2p-copy $disk/ns1 0000:00:1f.2/bar4 --allow not-supported', 2, /I\/O/],
	['p2p-copy $disk/ns1 $far/bar2 --length 64M --allow not-supported', 2, /16 ?Mi?B|16777216/],
	['p2p-copy $disk/ns1 $mem/bar2+1G', 2, /outside/],
	['p2p-copy $disk/ns7 $mem/bar2 --length 4K', 2, /no namespace 7; it has ns1, ns2/],
	['p2p-copy $disk/ns1+100 $mem/bar2 --length 4K', 2, /512/],
	['p2p-copy $disk/ns1 $mem/bar2 --length 1000', 2, /512.*1024|1024.*512/s],
	['p2p-copy $disk4k/ns1+512 $mem/bar2 --length 4K', 2, /4096/],
	['p2p-copy $disk/ns1 $mem/bar2+2 --length 4K', 2, /multiple of 4/],
	['p2p-copy $kernels/ns1 $mem/bar2 --length 4K', 2, /vfio-pci[\s\S]*Try: p2p-bind/],
	['p2p-copy $disk/ns1 $kernels/bar0 --length 4K --allow not-supported', 2, /nvme/],
	['p2p-copy $disk/ns1 $mem/bar0 --length 512', 2, /largest length/],
	['p2p-copy $disk/ns1 $disk4k/bar0 --length 4K', 1, /register/],
	['p2p-copy $disk/ns1 $far/bar2 --length 4K', 1, /does not reach/],
	['p2p-copy $disk/ns1 $disk4k/ns1 --length 4K', 2, /neither controller has a CMB[\s\S]*--via/],
	['p2p-copy $disk/ns1 $disk4k/ns1 --via $mem --length 4K', 2, /p2pmem[\s\S]*Try: --via/],
	['p2p-copy $mem/bar2 $far/bar2 --length 4K', 2, /both ends are memory[\s\S]*--engine/],
	['p2p-copy $mem/bar2 $mem/bar2+1K --length 4K --staged', 2, /overlap/],
	['p2p-copy $disk/ns1 $disk/ns1+1M --length 4M --staged', 2, /overlap/],
	['p2p-copy $disk/cmb $mem/bar2 --length 4K --staged', 2, /no controller memory buffer/],
	['p2p-copy /etc/passwd ./x', 2, /cp\(1\)/],
	['p2p-copy /no/such/file $mem/bar2', 2, /no such file/i],
	['p2p-copy /tmp $mem/bar2', 2, /folder/],
	['p2p-copy /etc/passwd $disk/ns1 --overwrite-signature', 2, /512/],
	['p2p-copy $disk/ns1 $mem/bar2 --length 12Q3', 2, /12Q3/],
	['p2p-copy $disk/ns1', 2, /operand/],
	['p2p-copy --frobnicate', 2, /unrecognized option/],
];

for (const [line, status, sentence] of refusals) {
	test.serial(`refused with status ${status}: ${line}`, async (t) => {
		const result = await lab.run(line);
		shows(t, result, {status, stdout: '', stderr: sentence});
		t.regex(result.stderr, /^p2p-copy: [^\n]+\n( {2}Try: [^\n]+\n( {7}[^\n]+\n)*)?$/);
	});
}

test.serial('a refusal with status 1 is an answer under --json, trouble is none', async (t) => {
	const refused = await lab.run('p2p-copy $disk/ns1 $far/bar2 --length 4K --json');
	shows(t, refused, {status: 1, stderr: /does not reach/});
	const {version, failure} = JSON.parse(refused.stdout);
	t.is(version, 1);
	t.is(failure.code, 'P2P_REFUSED');
	t.true(refused.stderr.startsWith(`p2p-copy: ${failure.message}\n`));
	shows(t, await lab.run('p2p-copy $disk/ns7 $mem/bar2 --length 4K --json'), {
		status: 2,
		stdout: '',
	});
});

test.serial('a BAR whose memory decoding is off is refused and stays off', async (t) => {
	await lab.run('setpci -s $far COMMAND=0');
	const result = await lab.run('p2p-copy $disk/ns1 $far/bar2 --length 4K --allow not-supported');
	shows(t, result, {status: 2, stdout: '', stderr: /decod/});
	shows(t, await lab.run('setpci -s $far COMMAND'), {status: 0, stdout: '0000\n'});
	await lab.run('setpci -s $far COMMAND=2');
});

test.serial('an ordinary user without access to the group is told so', async (t) => {
	const user = 'setpriv --reuid 65534 --regid 65534 --clear-groups';
	const result = await lab.run(`${user} p2p-copy $disk/ns1 $mem/bar2 --length 4K`);
	t.true([2, 5].includes(result.status), result.stderr);
	shows(t, await lab.run(`${user} p2p-copy $disk/ns1 $mem/bar2 --length 4K --allow unknown`), {
		status: 2,
		stdout: '',
		stderr: /permission/i,
	});
});

test.serial('a namespace that the kernel has mounted is never touched', async (t) => {
	await lab.run(
		'd=$(basename /sys/bus/pci/devices/$kernels/nvme/nvme*/nvme*n1); mkfs.ext4 -q /dev/$d && mkdir -p /tmp/m && mount /dev/$d /tmp/m',
	);
	const result = await lab.run('p2p-copy $mem/bar2 $kernels/ns1 --length 4K --allow not-supported');
	shows(t, result, {status: 1, stdout: '', stderr: /mounted.*\/tmp\/m/});
	shows(t, await lab.run('p2p-bind $kernels'), {status: 1, stderr: /mounted.*\/tmp\/m/});
	await lab.run('umount /tmp/m');
});

test.serial('a destination that holds a file system needs --overwrite-signature', async (t) => {
	// The disk has just been formatted by the test above.
	shows(t, await lab.run('p2p-bind $kernels'), {status: 0});
	const before = readAt(lab.guest().image('kernels'), 0, MiB);
	const line = 'p2p-copy $mem/bar2 $kernels/ns1 --length 1M --allow not-supported';
	shows(t, await lab.run(line), {status: 1, stdout: '', stderr: /ext4/});
	t.true(readAt(lab.guest().image('kernels'), 0, MiB).equals(before));
	shows(t, await lab.run(`${line} --overwrite-signature`), {status: 0});
	t.false(readAt(lab.guest().image('kernels'), 0, MiB).equals(before));
	shows(t, await lab.run('p2p-bind --restore $kernels'), {status: 0});
});

test.serial('the second program on one function gets "busy"', async (t) => {
	const copy = 'p2p-copy $disk/ns1 $mem/bar2 --length 4K';
	const result = await lab.run(`p2p-map $disk $mem/bar2 -- ${copy}`);
	shows(t, result, {status: 2, stdout: '', stderr: /busy|in use/i});
});

test.serial('memory switched off in mid-copy ends in 3, not 0', async (t) => {
	await lab.slowDown('disk', 8 * MiB);
	const result = await lab.run(
		`p2p-copy $disk/ns1 $mem/bar2 --length 48M & ${untilCopying}; setpci -s $mem COMMAND=0; wait $!`,
	);
	shows(t, result, {status: 3, stdout: '', stderr: /wrong data/});
	await lab.run('setpci -s $mem COMMAND=2');
	await lab.slowDown('disk', 0);
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 8M --verify'), {status: 0});
});

test.serial('Ctrl-C in the middle gives everything back', async (t) => {
	await lab.slowDown('disk', 8 * MiB);
	const result = await lab.run(
		`p2p-copy $disk/ns1 $mem/bar2 --length 64M & ${untilCopying}; kill -INT $!; wait $!`,
	);
	t.is(result.status, 130, result.stderr);
	await lab.slowDown('disk', 0);
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 8M --verify'), {status: 0});
});

test.serial('after kill -9 the next copy works', async (t) => {
	await lab.slowDown('disk', 8 * MiB);
	await lab.run(`p2p-copy $disk/ns1 $mem/bar2 --length 64M & ${untilCopying}; kill -9 $!; wait $!`);
	await lab.slowDown('disk', 0);
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --length 8M --verify'), {status: 0});
});

for (const mode of ['full', 'sample']) {
	test.serial(
		`half of a window unmapped: --verify=${mode} sees what NVMe calls success`,
		async (t) => {
			lab.expectInLog(/DMAR/);
			const result = await lab.run(`native/build/Release/half_window $disk $mem 2 ${mode}`);
			shows(t, result, {
				status: 3,
				stdout: mode === 'full' ? /^unchanged at 33554432\n/ : /^unchanged at \d+\n/,
			});
		},
	);
}

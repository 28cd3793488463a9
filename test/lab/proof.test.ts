// SPDX-License-Identifier: MIT
// What a copy says of bytes that did not arrive, of what others noticed meanwhile, and of data of
// its own. QEMU's NVMe reports success for what the IOMMU refused: here every copy through the
// kernel's pool loses bytes, because QEMU's switch does not turn requests round (p2pmem-lost).

import test from 'ava';
import {fillRandom, readAt, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	machine iommu=intel
	root-port
	  upstream
	    downstream
	      a: nvme size=64M cmb=16M namespaces=2
	    downstream
	      b: nvme size=64M
	    downstream
	      mem: ram 64M
	    downstream
	      other: ram 64M
	    downstream
	      scripts: lsi
	`,
);

// Both disks are the kernel's at first: their nodes follow the order of the bdfs.
const A = '/dev/nvme0n1';
const B = '/dev/nvme1n1';

/** The IOMMU's driver writes ten lines in five seconds, then none: each test gets its own ten. */
const rest = () => lab.run('sleep 6');

test.serial('refused requests end in 3 where samples are right by chance', async (t) => {
	lab.expectInLog(/DMAR/);
	// Zeros on the disk, zeros in the pool: what is lost looks like what was sent.
	const line = `p2p-copy ${B} ${A}+8M --via $a --length 2M`;
	for (const verify of ['sample', 'none']) {
		const result = await lab.run(`${line} --verify=${verify} --json`);
		shows(t, result, {
			status: 3,
			stderr:
				/refused \d+ or more requests of 0000:04:00\.0.*not every byte[\s\S]*Seen: DMAR refused .*the first a write at 0x[0-9a-f]+\n/,
		});
		const {mismatch, witnesses} = JSON.parse(result.stdout).result;
		t.is(mismatch.kind, 'faulted');
		t.like(witnesses[0], {kind: 'iommu-fault', function: '0000:04:00.0', access: 'write'});
		await rest();
	}
});

test.serial('every byte compared: refused requests are a warning', async (t) => {
	lab.expectInLog(/DMAR/);
	const line = `p2p-copy ${B} ${A}+8M --via $a --length 2M --verify --json`;
	const result = await lab.run(line);
	shows(t, result, {
		status: 0,
		stderr:
			/^p2p-copy: warning: the IOMMU refused .*every byte was compared all the same, and is right\n$/,
	});
	const {mismatch, witnesses} = JSON.parse(result.stdout).result;
	t.is(mismatch, null);
	t.is(witnesses[0].kind, 'iommu-fault');
	await rest();
});

test.serial('what another run left is told by its seed', async (t) => {
	lab.expectInLog(/DMAR/);
	shows(t, await lab.run(`p2p-copy ${A}+0 /dev/nvme0n2 --via $a --length 2M --pattern=5`), {
		status: 0,
		stderr: '',
	});
	const result = await lab.run(`p2p-copy ${B}+0 ${A} --via $a --length 2M --pattern=6 --json`);
	shows(t, result, {status: 3, stderr: /stale: pattern of seed 5, .*\n {2}Seen: DMAR/});
	const {plan, result: done} = JSON.parse(result.stdout);
	t.is(plan.pattern, 6);
	t.like(done.mismatch, {kind: 'stale', seed: 5, offset: 0, length: 2 * MiB, isAtSource: false});
	await rest();
});

const disks: readonly (readonly [string, RegExp])[] = [
	['mkswap $B >/dev/null; swapon $B', /is swap/],
	['swapoff $B; modprobe dm-mod; echo 0 8192 linear $B 0 | dmsetup create held', /held by dm-0/],
	['dmsetup remove held; mkfs.ext4 -qF $B && mount $B /mnt', /mounted.*\/mnt/],
	['umount /mnt', /holds ext4[\s\S]*Try: --overwrite-signature/],
];

for (const [prepare, sentence] of disks) {
	test.serial(`a disk is not written after: ${prepare}`, async (t) => {
		await lab.run(`A=${A} B=${B}; ${prepare}`);
		const before = readAt(lab.guest().image('b'), 0, MiB);
		for (const ends of [`$mem/bar2 ${B}`, `${B}+0 ${A}`]) {
			const line = `p2p-copy ${ends} --staged --length 1M`;
			const isSource = ends.startsWith(B);
			shows(t, await lab.run(isSource ? `${line} --pattern` : line), {
				status: 1,
				stdout: '',
				stderr: sentence,
			});
		}
		t.true(readAt(lab.guest().image('b'), 0, MiB).equals(before));
	});
}

test.serial('two namespaces of one controller are two disks', async (t) => {
	const line = `p2p-copy ${A}+4M /dev/nvme0n2+4M --staged --length 1M --verify`;
	shows(t, await lab.run(line), {status: 0, stderr: ''});
});

test.serial('the disks go to vfio-pci', async (t) => {
	shows(t, await lab.run('wipefs -qa /dev/nvme1n1; p2p-bind $a $b $scripts'), {status: 0});
});

test.serial('a window half mapped: lucky samples do not end in 0', async (t) => {
	lab.expectInLog(/DMAR/);
	shows(t, await lab.run('native/build/Release/half_window $b $mem 2 lucky'), {
		status: 3,
		stdout: 'faulted at 0\n',
	});
});

test.serial('an AER counter that moves at the root port is told', async (t) => {
	lab.expectInLog(/AER/);
	await lab.slowDown('b', 16 * MiB);
	// struct aer_error_inj of the kernel: bus, device, function, then a correctable BadTLP.
	const bad = `'\\000\\001\\000\\000${'\\000'.repeat(4)}\\100${'\\000'.repeat(23)}'`;
	const result = await lab.run(
		`modprobe aer_inject; p2p-copy $b/ns1 $mem/bar2 --length 32M --json --progress & p=$!; while kill -0 $p 2>/dev/null; do printf ${bad} >/dev/aer_inject; sleep 0.3; done; wait $p`,
	);
	await lab.slowDown('b', 0);
	shows(t, result, {
		status: 0,
		stderr: /seen +\S+ counted correctable PCIe errors: BadTLP \+\d+\n/,
	});
	t.like(JSON.parse(result.stdout).result.witnesses[0], {
		kind: 'aer',
		severity: 'correctable',
		name: 'BadTLP',
	});
});

test.serial('data of our own: every byte, and another for each seed', async (t) => {
	fillRandom(lab.guest().image('mem', 'ram'), 0, 4 * MiB);
	const copied = async (seed: number) => {
		const line = `p2p-copy $mem/bar2+4K $other/bar2+8 --engine $scripts --length 2M --pattern=${seed}`;
		shows(t, await lab.run(`${line} --progress`), {
			status: 0,
			stderr: new RegExp(`pattern +seed ${seed};.*\nverify +equal, every byte`),
		});
		const sent = readAt(lab.guest().image('mem', 'ram'), 4096, 2 * MiB);
		t.true(readAt(lab.guest().image('other', 'ram'), 8, 2 * MiB).equals(sent));
		return sent;
	};
	const [one, two] = [await copied(1), await copied(2)];
	t.false(one.equals(two));
	t.true(one.includes(Buffer.alloc(8, 0xff)) && one.includes(Buffer.alloc(8)));
	t.true((await copied(1)).equals(one));
});

test.serial('data of our own goes into and out of a namespace', async (t) => {
	const first = await lab.run('p2p-copy $b/ns1+1M $mem/bar2 --length 8M --pattern --json');
	const second = await lab.run('p2p-copy $mem/bar2+0 $b/ns1+1M --length 8M --pattern --json');
	const seeds = [first, second].map((result) => {
		shows(t, result, {status: 0, stderr: ''});
		const {plan, result: done} = JSON.parse(result.stdout);
		t.is(plan.verify, 'full');
		t.is(done.verifiedBytes, 8 * MiB);
		t.deepEqual(done.witnesses, []);
		return plan.pattern;
	});
	t.not(seeds[0], seeds[1]);
});

test.serial('--explain tells of the pattern and writes none', async (t) => {
	const before = readAt(lab.guest().image('mem', 'ram'), 0, MiB);
	const line = 'p2p-copy $mem/bar2+0 $b/ns1 --length 1M --pattern=3 --explain';
	shows(t, await lab.run(line), {status: 0, stdout: /pattern +seed 3; FROM would be overwritten/});
	t.true(readAt(lab.guest().image('mem', 'ram'), 0, MiB).equals(before));
});

const own = '$mem/bar2+0 $other/bar2 --engine $scripts';
const refusals: readonly [line: string, status: number, sentence: RegExp][] = [
	['p2p-copy $mem/bar2 $b/ns1 --length 1M --pattern', 2, /name the range, .*\/bar2\+OFF/],
	[`p2p-copy ${own} --pattern`, 2, /--length/],
	[`p2p-copy ${own} --length 4K --pattern=4294967296`, 2, /no seed/],
	[`p2p-copy ${own} --length 4K --pattern --width 4`, 2, /exclude each other/],
	['p2p-copy ./x $other/bar2 --length 4K --pattern', 2, /no file or pipe/],
	['p2p-copy $mem/bar2+0 - --length 4K --pattern', 2, /cannot be a pipe/],
	['p2p-copy $scripts/bar1+0 /tmp/x --length 8 --pattern', 1, /registers/],
	[
		'p2p-copy $a/bar0+8K $mem/bar2 --length 4K --staged --pattern --allow register-bar',
		1,
		/MSI-X table/,
	],
	['p2p-copy $mem/bar2 $a/bar0+8K --length 4K --staged --allow register-bar', 1, /MSI-X table/],
	['p2p-copy $a/cmb $a/bar2+1K --length 4K --staged', 2, /overlap/],
	['p2p-copy $a/cmb+4K $a/cmb+6K --length 4K --staged', 2, /overlap/],
	['p2p-copy $a/cmb $mem/bar2 --length 17M --staged', 2, /memory of 16 MiB.*16777216/],
	['p2p-copy $mem/bar2 $b/ns1+1M --length 64M', 2, /namespace of 64 MiB.*66060288/],
	['p2p-copy $mem/bar2 $b/ns1+64M --length 4K', 2, /outside of the namespace/],
	['p2p-copy $b/ns1 $mem/bar2 --via $mem/bar2 --length 4K', 2, /--via is memory between/],
	['p2p-copy $b/ns1 $a/ns1 --via $mem/bar2 --staged --length 4K', 2, /--via is memory between/],
	['p2p-copy $b/ns1 $a/ns1 --via $b/ns1 --length 4K', 2, /'\S+' is a namespace/],
	['p2p-copy $b/ns1 $mem/bar2 --engine $scripts --length 4K', 2, /--engine carries/],
	['p2p-copy $mem/bar2 $other/bar2 --engine $mem --length 4K', 2, /no engine/],
	['p2p-copy $scripts/bar1 $other/bar2 --engine $scripts --length 64', 1, /registers/],
	// A BAR that takes no writes is no memory: nothing is copied to it, and nothing proved.
	['p2p-copy /etc/passwd $mem/bar0+64 --length 64 --allow register-bar', 3, /not memory/],
];

for (const [line, status, sentence] of refusals) {
	test.serial(`refused with status ${status}: ${line}`, async (t) => {
		const result = await lab.run(line);
		shows(t, result, {status, stdout: '', stderr: sentence});
		t.regex(result.stderr, /^p2p-copy: [^\n]+\n( {2}Try: [^\n]+\n( {7}[^\n]+\n)*)?$/);
	});
}

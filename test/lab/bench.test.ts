// SPDX-License-Identifier: MIT
// p2p-bench on emulated devices: what it measures is QEMU, that it measures is the point.

import {openSync, writeSync} from 'node:fs';
import test from 'ava';
import {fillRandom, readAt, shows, useLab} from '../helpers/lab.ts';
import {isAsDescribed} from '../helpers/schema.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=64M
	    downstream
	      mem: ram 64M
	    downstream
	      other: ram 16M
	    downstream
	      lsi: lsi
	root-port
	  far: ram 16M
	`,
);

test.serial.before('the disk and the engine go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk $lsi');
	t.is(status, 0, stderr);
});

test.serial('without operands it names the pairs and touches nothing', async (t) => {
	const before = readAt(lab.guest().image('mem', 'ram'), 0, MiB);
	const result = await lab.run('p2p-bench');
	shows(t, result, {status: 0, stderr: ''});
	t.regex(result.stdout, /^(p2p-bench \S+\/ns1 \S+\/bar2\+0\n){2}$/);
	shows(t, await lab.run('p2p-bench --matrix'), {
		status: 0,
		stdout: /^p2p-bench --matrix \S+\/bar2\+0 \S+\/bar2\+0\n$/,
	});
	t.true(readAt(lab.guest().image('mem', 'ram'), 0, MiB).equals(before));
});

test.serial('peer-to-peer, staged and the disk alone are measured in the range only', async (t) => {
	const beside = fillRandom(lab.guest().image('mem', 'ram'), 8 * MiB, MiB);
	const line = 'p2p-bench $disk/ns1 $mem/bar2+0 --length 8M --sizes 4K,128K --depths 1,8';
	const result = await lab.run(`${line} --time 50 --runs 2 --json --svg /tmp/plot.svg`);
	shows(t, result, {status: 0, stderr: ''});
	const [{plan, rows, samples}] = JSON.parse(result.stdout).pairs;
	t.is(plan.way, 'peer');
	t.is(samples.length, 2 * 2 * 2 * 3);
	for (const row of rows) {
		t.true(row.peer > 0 && row.staged > 0 && row.host > 0 && row.medianNs > 0);
		t.true(row.percentile99Ns >= row.medianNs);
		t.true(row.longestNs >= row.percentile99Ns && row.stagedLongestNs >= row.stagedMedianNs);
		t.true(row.peerCpuPerGB > 0 && row.stagedCpuPerGB > 0 && row.hostCpuPerGB > 0);
	}
	t.true(readAt(lab.guest().image('mem', 'ram'), 8 * MiB, MiB).equals(beside));
	shows(t, await lab.run('head -c 5 /tmp/plot.svg'), {status: 0, stdout: '<svg '});
	shows(t, await lab.run(`${line} --time 20 --runs 1`), {
		status: 0,
		stdout: /^\S+ → \S+: direct.*\n +SIZE +DEPTH/,
	});
});

test.serial(
	'a disk is overwritten where that was asked for, in the named range only',
	async (t) => {
		const {image} = lab.guest();
		const sent = fillRandom(image('mem', 'ram'), 0, 4 * MiB);
		const beside = fillRandom(image('disk'), 20 * MiB, MiB);
		const line = 'p2p-bench --write-disks $mem/bar2 $disk/ns1+16M --length 4M --sizes 4K,128K';
		const result = await lab.run(`${line} --depths 1,8 --time 30 --runs 1 --json`);
		shows(t, result, {status: 0, stderr: ''});
		const [{plan, rows}] = JSON.parse(result.stdout).pairs;
		t.is(plan.legs[0].direction, 'to-medium');
		for (const row of rows) t.true(row.peer > 0 && row.staged > 0 && row.host > 0);
		t.true(readAt(image('disk'), 20 * MiB, MiB).equals(beside));
		// The arms write different bytes; what copies did was right before anything was measured.
		shows(t, await lab.run('p2p-copy $mem/bar2 $disk/ns1+16M --length 4M --verify'), {status: 0});
		t.true(readAt(image('disk'), 16 * MiB, 4 * MiB).equals(sent));
	},
);

test.serial('a disk that holds a file system is not overwritten unasked', async (t) => {
	// The magic number of an ext4 superblock.
	const superblock = Buffer.alloc(1024);
	superblock.writeUInt16LE(0xef53, 0x38);
	superblock.writeUInt32LE(1, 0x4c);
	const disk = openSync(lab.guest().image('disk'), 'r+');
	writeSync(disk, superblock, 0, superblock.length, 1024);
	const line = 'p2p-bench --write-disks $mem/bar2 $disk/ns1+16M --length 1M --time 10 --runs 1';
	shows(t, await lab.run(line), {status: 1, stdout: '', stderr: /ext/});
	shows(t, await lab.run(`${line} --overwrite-signature`), {status: 0, stdout: /direct/});
	writeSync(disk, Buffer.alloc(1024), 0, 1024, 1024);
});

test.serial('an engine carries from memory to memory', async (t) => {
	const line = 'p2p-bench --engine $lsi $mem/bar2+1M $other/bar2+2M --length 1M --sizes 4K';
	const beside = fillRandom(lab.guest().image('other', 'ram'), 0, 2 * MiB);
	const sent = fillRandom(lab.guest().image('mem', 'ram'), MiB, MiB);
	const result = await lab.run(`${line} --depths 1 --time 30 --runs 1 --json`);
	shows(t, result, {status: 0, stderr: ''});
	const [{plan, rows}] = JSON.parse(result.stdout).pairs;
	t.deepEqual([plan.legs.length, rows.length, plan.legs[0].engine], [2, 1, 'lsi53c895a']);
	t.true(readAt(lab.guest().image('other', 'ram'), 0, 2 * MiB).equals(beside));
	t.true(readAt(lab.guest().image('mem', 'ram'), MiB, MiB).equals(sent));
});

test.serial('--matrix measures what the verdict allows and names what it refuses', async (t) => {
	const ranges = '$mem/bar2+0 $far/bar2+0 $other/bar2+0';
	const few = '--length 1M --sizes 4K --depths 4 --time 20 --runs 1';
	const result = await lab.run(`p2p-bench --matrix ${ranges} ${few} --json`);
	shows(t, result, {status: 0, stderr: ''});
	const {pairs} = JSON.parse(result.stdout);
	t.deepEqual(
		pairs.map(({provider, verdict, rows}: {provider: string; verdict: string; rows: []}) => [
			provider,
			verdict,
			rows.length,
		]),
		[
			[lab.guest().env.mem, 'direct', 1],
			[lab.guest().env.far, 'no', 0],
			[lab.guest().env.other, 'direct', 1],
		],
	);
	shows(t, await lab.run(`p2p-bench --matrix --write-disks $disk/ns1+8M ${ranges} ${few}`), {
		status: 0,
		stdout: /^disk → memory.*\n.*\n.* no .*\n\nmemory → disk, 4 KiB, 4 under way.*\n.*\n.* no /,
	});
});

const refusals: readonly (readonly [string, number, RegExp])[] = [
	['p2p-bench $disk/ns1', 2, /missing operand/],
	['p2p-bench $disk/ns1 $mem/bar2', 2, /bar2\+0/],
	['p2p-bench $mem/bar2+0 $disk/ns1', 2, /namespace.*--write-disks/],
	['p2p-bench $mem/bar2+0 $disk/ns1+0', 2, /namespace.*--write-disks/],
	['p2p-bench --write-disks $mem/bar2+0 $disk/ns1', 2, /ns1\+0/],
	['p2p-bench $disk/ns1 $disk/ns1+8M', 2, /memory/],
	['p2p-bench $mem/bar2+0 $other/bar2+0', 2, /--engine/],
	['p2p-bench --engine $lsi $disk/ns1 $mem/bar2+0', 2, /memory to memory/],
	['p2p-bench --matrix $disk/ns1', 2, /no memory/],
	['p2p-bench --matrix $mem/bar2', 2, /bar2\+0/],
	['p2p-bench --matrix --write-disks $mem/bar2+0', 2, /no disk that was not named/],
	['p2p-bench --matrix --write-disks $disk/ns1 $mem/bar2+0', 2, /ns1\+0/],
	['p2p-bench $disk/ns1 $far/bar2+0', 1, /does not reach/],
	['p2p-bench $disk/ns1 $mem/bar2+0 --length 1G', 2, /largest length/],
	['p2p-bench $disk/ns1 $mem/bar2+0 --sizes 1000', 2, /multiples of 512/],
	['p2p-bench $disk/ns1 $mem/bar2+0 --depths 0', 2, /1 to 256/],
];

for (const [line, status, sentence] of refusals) {
	test.serial(`refused with status ${status}: ${line}`, async (t) => {
		shows(t, await lab.run(line), {status, stdout: '', stderr: sentence});
	});
}

test.serial(
	"the CPU's loads are timed, and its stores only where that was asked for",
	async (t) => {
		const image = lab.guest().image('other', 'ram');
		const before = fillRandom(image, 0, MiB);
		const line = 'p2p-bench --loads $other/bar2 --length 64K --time 20 --runs 2';
		const kinds = async (words: string) => {
			const result = await lab.run(`${words} --json`);
			shows(t, result, {status: 0, stderr: ''});
			isAsDescribed(t, 'p2p-bench', result.stdout);
			const {loads, samples} = JSON.parse(result.stdout);
			t.is(samples.length, 2 * loads.length);
			for (const row of loads)
				t.true(row.medianNs > 0 && row.longestNs >= row.percentile99Ns && row.bytesPerSecond > 0);
			return loads.map(({kind, memory}: {kind: string; memory: string}) => `${memory} ${kind}`);
		};
		t.deepEqual(await kinds(line), [
			...['uncached load', 'uncached loads'],
			...['write-combining load', 'write-combining loads'],
		]);
		t.true(readAt(image, 0, MiB).equals(before));
		t.deepEqual(await kinds(line.replace('bar2', 'bar2+0')), [
			...['uncached load', 'uncached store-load', 'uncached loads', 'uncached stores'],
			...['write-combining load', 'write-combining store-load'],
			...['write-combining loads', 'write-combining stores'],
		]);
		t.false(readAt(image, 0, MiB).equals(before));
		t.true(readAt(image, 64 << 10, MiB - (64 << 10)).equals(before.subarray(64 << 10)));
		shows(t, await lab.run(line), {
			status: 0,
			stdout:
				/^\S+, through sysfs; a look at the clock takes \d+ ns of each\nWHAT .*\none load .*\nloads /,
			stderr: '',
		});
	},
);

test.serial(
	'memory that keeps what is written is sound, and the rest of it is left alone',
	async (t) => {
		const beside = fillRandom(lab.guest().image('other', 'ram'), 2 * MiB, MiB);
		shows(t, await lab.run('p2p-bench --check-memory $other/bar2+1M --length 1M'), {
			status: 0,
			stdout: /^\S+\/bar2\+1M: 1 MiB through sysfs kept 8 patterns \(walking one, .*random\) in/,
			stderr: '',
		});
		t.true(readAt(lab.guest().image('other', 'ram'), 2 * MiB, MiB).equals(beside));
		const {status, stdout} = await lab.run('p2p-bench --check-memory $other/bar2+0 --json');
		t.is(status, 0);
		isAsDescribed(t, 'p2p-bench', stdout);
		t.is(JSON.parse(stdout).memory.length, 16 * MiB);
	},
);

test.serial(
	'memory that somebody else writes is not, and the first wrong word is named',
	async (t) => {
		const line = `python3 -c '
import mmap, os
m = mmap.mmap(os.open("/sys/bus/pci/devices/'$other'/resource2", os.O_RDWR), 8192)
print(flush=True)
while True: m[4096:4104] = b"12345678"
' >/tmp/up & p=$!
		until [ -s /tmp/up ]; do sleep 0.1; done
		p2p-bench --check-memory $other/bar2+0 --length 1M --json >/tmp/json; s=$?; kill $p; cat /tmp/json; exit $s`;
		const result = await lab.run(line);
		shows(t, result, {
			status: 3,
			stderr:
				/^p2p-bench: \S+\/bar2\+0 does not keep what is written: \d+ words differ after "[^"]+", first at offset 4096 \(0x[0-9a-f]+ was written, 0x3837363534333231 is read\), in bits [0-9, -]+\n$/,
		});
		isAsDescribed(t, 'p2p-bench', result.stdout);
		t.is(JSON.parse(result.stdout).memory.faults.offset, 4096);
	},
);

const refusedAlone: ReadonlyArray<readonly [string, number, RegExp]> = [
	['--loads', 2, /missing operand/],
	['--loads $mem/bar2 $other/bar2', 2, /extra operand/],
	['--loads $disk/ns1', 2, /is a namespace/],
	['--loads --matrix $mem/bar2', 2, /exclude each other/],
	['--loads --check-memory $mem/bar2+0', 2, /exclude each other/],
	['--loads $mem/bar2 --length 1000', 2, /no multiple of 4096/],
	['--loads $disk/bar0', 1, /MSI-X|may be registers/],
	['--check-memory $mem/bar2', 2, /name the range that may be overwritten/],
	['--check-memory $lsi/bar1+0', 1, /may be registers/],
	['--check-memory $mem/bar2+64M', 2, /lies outside/],
	['--check-memory $mem/bar2+4', 2, /no multiple of 8/],
];
for (const [words, status, stderr] of refusedAlone)
	test.serial(`refused in one sentence: p2p-bench ${words}`, async (t) =>
		shows(t, await lab.run(`p2p-bench ${words}`), {status, stdout: '', stderr}),
	);

test.serial('memory that stops answering under a check is no memory fault', async (t) => {
	const line = `p2p-bench --check-memory $mem/bar2+0 --length 64M & p=$!; sleep 3
		c=$(setpci -s $mem COMMAND); setpci -s $mem COMMAND=0000:2; wait $p; s=$?; setpci -s $mem COMMAND=$c; exit $s`;
	shows(t, await lab.run(line), {status: 2, stdout: '', stderr: /answers nobody/});
});

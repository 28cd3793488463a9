// SPDX-License-Identifier: MIT
// CPU time of one request, ours beside what people use now: fio (io_uring, O_DIRECT) and dd, with the
// kernel's driver. One machine, two disks alike, everything in turn; medians over the rounds.

import {spawnSync} from 'node:child_process';
import {randomFillSync} from 'node:crypto';
import {writeFileSync} from 'node:fs';
import {boot, type Guest} from '../lab/boot.ts';
import type {Sample} from '../lib/native.ts';

const rounds = 5;
const ms = 200;
const sizes = [4096, 131072];
const depths = [1, 32];

const machine = `
machine iommu=intel kernel="iommu=pt"
root-port
  upstream
    downstream
      disk: nvme size=64M
    downstream
      kdisk: nvme size=64M
    downstream
      mem: ram 64M
    downstream
      cmb: nvme size=64M cmb=16M
    downstream
      kcmb: nvme size=64M cmb=16M
`;

// The node of the kernel's disk.
const node =
	'K=/dev/$(ls -d /sys/bus/pci/devices/$kdisk/nvme/nvme*/nvme*n1 | sed "s|.*/||;s|c[0-9]*n|n|");';
// Peer memory of the kernel's, beside it.
const pool = '/sys/bus/pci/devices/$kcmb/p2pmem/allocate';

/** What a request cost and how fast they came: nanoseconds of CPU time, bytes per second. */
type Cost = {readonly cpuNs: number; readonly rate: number; readonly busyNs?: number};
const costs = new Map<string, Cost[]>();

requireFio();
const guest = await boot(machine);
try {
	for (const label of ['disk', 'kdisk'])
		writeFileSync(guest.image(label), randomFillSync(Buffer.alloc(64 << 20)));
	await shell(guest, 'p2p-bind $disk $cmb');
	for (let round = 0; round < rounds; round++) await measureRound(guest);
} finally {
	await guest.stop();
}
show('disk → host memory', 'host', ['ours', 'fio', 'dd']);
show('disk → RAM-backed BAR; fio and the least that carries its bytes on', 'bar', ['ours', 'fio']);
show('disk → CMB; fio by p2pmem', 'cmb', ['ours', 'fio']);

async function measureRound(lab: Guest): Promise<void> {
	await ours(lab, '$mem/bar2+0', {peer: 'bar', host: 'host'});
	for (const size of sizes) {
		const carried = JSON.parse(await shell(lab, carryLine(size)));
		const carry = Math.min(carried.memcpyNs, carried.wordsNs);
		for (const depth of depths) {
			const cost = await fio(lab, size, depth, '');
			add('host', 'fio', size, depth, cost);
			const slower = 1e9 / (1e9 / (cost.rate / size) + carry);
			add('bar', 'fio', size, depth, {cpuNs: cost.cpuNs + carry, rate: slower * size});
		}
		add('host', 'dd', size, 1, await dd(lab, size));
	}
	await ours(lab, '$cmb/cmb+0', {peer: 'cmb'});
	for (const size of sizes)
		for (const depth of depths)
			add('cmb', 'fio', size, depth, await fio(lab, size, depth, `--mem=mmapshared:${pool}`));
}

/** targets: which arm of p2p-bench counts for what. */
async function ours(lab: Guest, memory: string, targets: Partial<Record<Sample['way'], string>>) {
	const shape = `--sizes ${sizes.join()} --depths ${depths.join()} --runs 1 --time ${ms}`;
	const answer = await shell(lab, `p2p-bench $disk/ns1 ${memory} --length 8M ${shape} --json`);
	for (const sample of JSON.parse(answer).pairs[0].samples as Sample[]) {
		const target = targets[sample.way];
		if (target === undefined) continue;
		const rate = (sample.bytes * 1e9) / sample.durationNs;
		add(target, 'ours', sample.size, sample.depth, {
			cpuNs: sample.cpuNs / sample.requests,
			busyNs: (sample.busyNs ?? 0) / sample.requests,
			rate,
		});
	}
}

// fio counts the CPU time of the thread that does the job, its start left out.
async function fio(lab: Guest, size: number, depth: number, more: string): Promise<Cost> {
	const job = `--ioengine=io_uring --direct=1 --rw=read --size=8M --bs=${size} --iodepth=${depth}`;
	const time = `--time_based --runtime=${ms}ms --ramp_time=30ms --thread`;
	const answer = await shell(
		lab,
		`${node} fio --name=read --filename=$K ${job} ${time} ${more} --output-format=json`,
	);
	const [{read, usr_cpu, sys_cpu, job_runtime}] = JSON.parse(
		answer.slice(answer.indexOf('{')),
	).jobs;
	const cpuNs = (((usr_cpu + sys_cpu) / 100) * job_runtime * 1e6) / read.total_ios;
	return {cpuNs, rate: read.bw_bytes};
}

// The difference of two lengths, which leaves out how dd starts.
async function dd(lab: Guest, size: number): Promise<Cost> {
	const long = size === 4096 ? 8192 : 512;
	const short = long / 8;
	const timed = (count: number) =>
		`time dd if=$K of=/dev/null iflag=direct bs=${size} count=${count} 2>/dev/null`;
	const answer = await shell(
		lab,
		`${node} bash -c 'K='$K'; TIMEFORMAT="%R %U %S"; ${timed(short)}; ${timed(long)}' 2>&1`,
	);
	const [[wall0 = 0, cpu0 = 0] = [], [wall1 = 0, cpu1 = 0] = []] = answer
		.trim()
		.split('\n')
		.map((line) => line.split(' ').map(Number))
		.map(([wall = 0, user = 0, system = 0]) => [wall, user + system]);
	return {
		cpuNs: ((cpu1 - cpu0) * 1e9) / (long - short),
		rate: ((long - short) * size) / (wall1 - wall0),
	};
}

function carryLine(size: number): string {
	// An odd number of pages apart, where an emulated CPU copies best.
	return `native/build/Release/carry /sys/bus/pci/devices/$mem/resource2 ${size} 1`;
}

async function shell(lab: Guest, line: string): Promise<string> {
	const {status, stdout, stderr} = await lab.run(line, {timeoutMs: 120_000});
	if (status !== 0) throw new Error(`${line}: ${stderr}`);
	return stdout;
}

function key(target: string, who: string, size: number, depth: number): string {
	return `${target} ${who} ${size} ${depth}`;
}

function add(target: string, who: string, size: number, depth: number, cost: Cost): void {
	const name = key(target, who, size, depth);
	costs.set(name, [...(costs.get(name) ?? []), cost]);
}

function show(title: string, target: string, who: readonly string[]): void {
	console.log(`\n${title}`);
	console.log(
		`    size depth ${who.map((name) => `${name} µs (at work)  MB/s`.padStart(24)).join('')}`,
	);
	for (const size of sizes)
		for (const depth of depths) {
			const cells = who.map((name) => cell(costs.get(key(target, name, size, depth)) ?? []));
			console.log(`${String(size).padStart(8)} ${String(depth).padStart(5)} ${cells.join('')}`);
		}
}

function cell(all: readonly Cost[]): string {
	if (all.length === 0) return '-'.padStart(24);
	const cpu = median(all.map(({cpuNs}) => cpuNs)) / 1e3;
	const rate = median(all.map((cost) => cost.rate)) / 1e6;
	const busy = median(all.map(({busyNs}) => busyNs ?? 0)) / 1e3;
	const ofIt = busy > 0 ? `(${busy.toFixed(1)})` : '';
	return `${cpu.toFixed(1).padStart(10)}${ofIt.padStart(8)}${rate.toFixed(0).padStart(6)}`;
}

function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function requireFio(): void {
	const has = () => spawnSync('fio', ['--version']).status === 0;
	if (has()) return;
	if (process.getuid?.() === 0) {
		const env = {...process.env, DEBIAN_FRONTEND: 'noninteractive'};
		spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', 'fio'], {env});
	}
	if (has()) return;
	console.error('bench: fio is missing; as root: apt-get install --no-install-recommends fio');
	process.exit(2);
}

// SPDX-License-Identifier: MIT
// What proof costs: the time of the copy beside that of poisoning, reading back and comparing, for
// sampled and for full verification, at two lengths; medians over the rounds. And CRC-32C beside
// memcpy, on this machine itself.

import {execFileSync} from 'node:child_process';
import {boot} from '../lab/boot.ts';

const rounds = 5;
const lengths = [64, 512];

const machine = `
root-port
  upstream
    downstream
      disk: nvme size=1G
    downstream
      mem: ram 512M
`;

const guest = await boot(machine, {memory: '2G'});
try {
	await timesOf('p2p-bind $disk');
	console.log('   MiB  verify  copy ms  proof ms  of the copy');
	for (const length of lengths) for (const verify of ['sample', 'full']) await show(length, verify);
} finally {
	await guest.stop();
}
console.log(execFileSync('native/build/Release/crc32c', ['speed'], {encoding: 'utf8'}));

async function show(length: number, verify: string): Promise<void> {
	const line = `p2p-copy $disk/ns1 $mem/bar2 --length ${length}M --verify=${verify} --json`;
	const all = [];
	for (let i = 0; i < rounds; i++) all.push(JSON.parse(await timesOf(line)).result);
	const copied = median(all.map(({durationNs}) => durationNs)) / 1e6;
	const proved = median(all.map(({verifyNs}) => verifyNs)) / 1e6;
	console.log(
		[
			...[String(length).padStart(6), verify.padStart(7), copied.toFixed(0).padStart(8)],
			...[proved.toFixed(2).padStart(9), `${((100 * proved) / copied).toFixed(0)}%`.padStart(12)],
		].join(' '),
	);
}

async function timesOf(line: string): Promise<string> {
	const {status, stdout, stderr} = await guest.run(line, {timeoutMs: 300_000});
	if (status !== 0) throw new Error(`${line}: ${stderr}`);
	return stdout;
}

function median(numbers: readonly number[]): number {
	const sorted = [...numbers].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

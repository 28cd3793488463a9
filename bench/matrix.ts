// SPDX-License-Identifier: MIT
// All pairs of ever larger machines: what the core takes, and what p2p-check --matrix takes as a
// whole. Every function stands behind a port of its own, so none shares another's fate.

import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {drawMachine} from '../lab/sysfs.ts';
import {native} from '../lib/native.ts';

const sizes = [512, 1024, 2048, 4096];
console.log('functions      pairs  fates  core ms  ns/pair  command s  peak MB');
for (const size of sizes) await measure(size);

async function measure(size: number): Promise<void> {
	const root = drawMachine(drawing(size));
	try {
		await measureMachine(root);
	} finally {
		rmSync(root, {recursive: true});
	}
}

async function measureMachine(root: string): Promise<void> {
	const source = await native.read({root});
	const {functions} = await native.scan(source);
	const ends = functions.filter(({role}) => role === 'endpoint').map(({bdf}) => bdf);

	const start = performance.now();
	const {fates} = await native.matrix(source, ends);
	const core = performance.now() - start;
	const {seconds, megabytes} = command(root, ends);
	console.log(
		[
			...[String(ends.length).padStart(9), String(ends.length ** 2).padStart(10)],
			...[String(fates.length).padStart(6), core.toFixed(0).padStart(8)],
			...[((core * 1e6) / ends.length ** 2).toFixed(1).padStart(8)],
			...[seconds.toFixed(2).padStart(10), megabytes.toFixed(0).padStart(8)],
		].join(' '),
	);
}

/** Domains of 128 functions: switches of 16 ports below one of 8, ACS mixed but always the same. */
function drawing(size: number): string {
	const lines = ['machine iommu=intel'];
	const acs = (i: number) => ['0', 'rr,cr', '-', 'rr'][(i * 7 + (i >> 3)) % 4];
	for (let i = 0; i < size; i++) {
		if (i % 128 === 0)
			lines.push(`host-bridge domain=${1 + i / 128}`, '  root-port', '    upstream');
		if (i % 16 === 0) lines.push(`      downstream acs=${acs(i >> 4)}`, '        upstream');
		lines.push(`          downstream acs=${acs(i)}`, '            function');
	}
	return lines.join('\n');
}

/** Wall time and peak memory of the whole command, its output thrown away. */
function command(root: string, ends: readonly string[]): {seconds: number; megabytes: number} {
	const report = 'process.on("exit", () => console.error("peak", process.resourceUsage().maxRSS))';
	const start = performance.now();
	const {stderr} = spawnSync(
		process.execPath,
		[
			...['--import', `data:text/javascript,${report}`, 'bin/p2p-check'],
			...['--sysroot', root, '--matrix', ...ends],
		],
		{stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8'},
	);
	const seconds = (performance.now() - start) / 1000;
	return {seconds, megabytes: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024};
}

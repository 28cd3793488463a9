// SPDX-License-Identifier: MIT
// How long programs take to start, beside a bare node: medians of rounds in which each is run once,
// in one run. NODE_EXTRA_CA_CERTS, where it is set, costs every start of node more than we do, and
// is taken out.

import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import {drawMachine} from '../lab/sysfs.ts';

const rounds = Number(process.argv[2] ?? 25);
const {NODE_EXTRA_CA_CERTS: _, ...env} = process.env;
const node = process.execPath;
/** Files only: how fast functions answer is theirs. */
const root = drawMachine(
	'root-port\n  upstream\n    downstream\n      nvme\n    downstream\n      ram 64M\n',
);

/** What is started, and the most that it may take, as a multiple of the first. */
const starts: readonly (readonly [string, readonly string[], number])[] = [
	['node -e 0', ['-e', '0'], 1],
	['p2p-list --version', ['bin/p2p-list', '--version'], 1.35],
	['p2p-list --help', ['bin/p2p-list', '--help'], 1.35],
	['p2p-copy --help', ['bin/p2p-copy', '--help'], 1.35],
	['p2p-list --raw', ['bin/p2p-list', '--raw', '--sysroot', root], 1.5],
	['p2p-list --json', ['bin/p2p-list', '--json', '--sysroot', root], 1.5],
	['p2p-list', ['bin/p2p-list', '--sysroot', root], 1.75],
];

const times = starts.map(() => [] as number[]);
for (let round = 0; round < rounds + 2; round++) {
	for (const [index, [, words]] of starts.entries()) {
		const begin = process.hrtime.bigint();
		spawnSync(node, words, {env, stdio: 'ignore'});
		// The first two find caches cold.
		if (round >= 2) times[index]?.push(Number(process.hrtime.bigint() - begin) / 1e6);
	}
}

const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0);
const [bare = 1] = medians;
for (const [index, [name, , most]] of starts.entries()) {
	const median = medians[index] ?? 0;
	const ratio = (median / bare).toFixed(2);
	console.log(`${name.padEnd(20)} ${median.toFixed(1).padStart(6)} ms  ${ratio}x  (aim ${most}x)`);
}
rmSync(root, {recursive: true});

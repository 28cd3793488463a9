// SPDX-License-Identifier: MIT
// Instructions that the loop takes for one request, counted by valgrind's callgrind against a model
// in memory (native/test/loop.cpp). Two numbers of requests are counted: their difference has no
// start-up in it. The figures of the last time stand in bench/loop.json.

import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {projectRoot} from '../lab/project.ts';

export type Loop = Readonly<Record<'4096' | '131072', number>>;

export const lastLoop: Loop = JSON.parse(
	readFileSync(join(projectRoot(), 'bench/loop.json'), 'utf8'),
);

/** By the size of a request in bytes. */
export function measureLoop(): Loop {
	return {'4096': perRequest(4096), '131072': perRequest(131072)};
}

// The program moves whole spans of 64 MiB.
const span = 64 << 20;

function perRequest(size: number): number {
	const few = Math.ceil(8192 / (span / size)) * (span / size);
	return Math.round((count(3 * few, size) - count(few, size)) / (2 * few));
}

function count(requests: number, size: number): number {
	const program = join(projectRoot(), 'native/build/Release/loop');
	const words = ['--tool=callgrind', '--callgrind-out-file=/dev/null', program];
	const {stderr} = spawn('valgrind', [...words, `${requests}`, `${size}`]);
	const [, counted = ''] = /Collected : (\d+)/.exec(stderr) ?? [];
	if (counted === '') throw new Error(`valgrind counted nothing: ${stderr}`);
	return Number(counted);
}

function spawn(file: string, words: readonly string[]): {stderr: string} {
	return {
		stderr: execFileSync('sh', ['-c', 'exec "$@" 2>&1 >/dev/null', 'sh', file, ...words], {
			encoding: 'utf8',
		}),
	};
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	const now = measureLoop();
	for (const size of ['4096', '131072'] as const)
		process.stdout.write(
			`${now[size]} instructions a request of ${size} bytes (last time ${lastLoop[size]})\n`,
		);
}

// SPDX-License-Identifier: MIT
// A program of the suite as a shell would start it.

import {spawnSync} from 'node:child_process';

export type Ending = {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
};

export function run(program: string, ...args: readonly string[]): Ending {
	const {status, stdout, stderr} = spawnSync(process.execPath, [`bin/${program}`, ...args], {
		encoding: 'utf8',
	});
	return {status, stdout, stderr};
}

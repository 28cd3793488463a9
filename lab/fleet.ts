// SPDX-License-Identifier: MIT
// What fleets already run, for the tests: promtool, Slurm and clush. Out of Debian's packages into the
// cache, where nobody starts their daemons.

import {join} from 'node:path';
import {olderPackages} from './debian.ts';

const packages = [
	'prometheus',
	'slurmctld',
	'slurmd',
	'slurm-client',
	'slurm-wlm-basic-plugins',
	'libhwloc15',
	'clustershell',
	'python3-clustershell',
];

/** Parts of them that nobody asks for, most of their bytes. */
const superfluous = ['usr/bin/prometheus', 'usr/share/prometheus', 'usr/share/doc'];

/** The folder that holds their usr; fetched first where the cache has none. */
export function fleetFolder(onProgress?: (text: string) => void): Promise<string> {
	return olderPackages('fleet', packages, onProgress, superfluous);
}

/** An environment in which they are found, and they their libraries; others' come behind. */
export function fleetEnvironment(folder: string): NodeJS.ProcessEnv {
	const path = ['usr/bin', 'usr/sbin'].map((part) => join(folder, part));
	const libraries = ['', 'slurm-wlm'].map((part) => join(librariesOf(folder), part));
	return {
		...process.env,
		PATH: [...path, process.env.PATH].join(':'),
		LD_LIBRARY_PATH: libraries.join(':'),
		PYTHONPATH: join(folder, 'usr/lib/python3/dist-packages'),
	};
}

export function librariesOf(folder: string): string {
	return join(folder, 'usr/lib/x86_64-linux-gnu');
}

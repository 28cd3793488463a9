// SPDX-License-Identifier: MIT
// Where the project's own files lie, from wherever the compiled code runs.

import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';

/** The folder that holds lab/guest/init: the root of the checkout or of the installed package. */
export function projectRoot(): string {
	let folder: string = import.meta.dirname;
	while (!existsSync(join(folder, 'lab', 'guest', 'init'))) {
		const above = dirname(folder);
		if (above === folder) throw new Error('lab/guest/init is missing from the installation');
		folder = above;
	}
	return folder;
}

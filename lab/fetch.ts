// SPDX-License-Identifier: MIT
// Fills the lab's cache, so that the first boot does not have to: the last step of lab/setup.sh.

import {getInitramfs} from './initramfs.ts';
import {getKernel} from './kernel.ts';
import {LabError} from './tool.ts';

try {
	await getInitramfs(await getKernel('debian', (text) => process.stderr.write(`setup: ${text}\n`)));
} catch (error) {
	if (!(error instanceof LabError)) throw error;
	process.stderr.write(`setup: ${error.message}\n`);
	for (const hint of error.hints) process.stderr.write(`  Try: ${hint}\n`);
	process.exitCode = 1;
}

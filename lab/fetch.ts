// SPDX-License-Identifier: MIT
// Fills the lab's cache, so that the first boot and the tests do not have to: the last step of
// lab/setup.sh.

import {debianSource} from './debian.ts';
import {fleetFolder} from './fleet.ts';
import {getInitramfs} from './initramfs.ts';
import {getKernel} from './kernel.ts';
import {LabError} from './tool.ts';
import {udevFolder} from './udev.ts';

const say = (text: string) => process.stderr.write(`setup: ${text}\n`);

try {
	await getInitramfs(await getKernel('debian', say));
	if (debianSource() !== undefined) {
		await fleetFolder(say);
		await udevFolder(say);
	}
} catch (error) {
	if (!(error instanceof LabError)) throw error;
	process.stderr.write(`setup: ${error.message}\n`);
	for (const hint of error.hints) process.stderr.write(`  Try: ${hint}\n`);
	process.exitCode = 1;
}

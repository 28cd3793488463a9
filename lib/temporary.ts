// SPDX-License-Identifier: MIT
// Folders of our own that last until what is in them has been read, and never longer than the process.

import {rmSync} from 'node:fs';

const folders = new Set<string>();

export function keepForNow(folder: string): string {
	if (folders.size === 0) process.on('exit', removeAll);
	folders.add(folder);
	return folder;
}

/** That, or the one that it lies in; others' folders stay. */
export function removeTemporary(path: string): void {
	for (const folder of folders) {
		if (path !== folder && !path.startsWith(`${folder}/`)) continue;
		rmSync(folder, {recursive: true, force: true});
		folders.delete(folder);
	}
	if (folders.size === 0) process.off('exit', removeAll);
}

function removeAll(): void {
	for (const folder of folders) rmSync(folder, {recursive: true, force: true});
}

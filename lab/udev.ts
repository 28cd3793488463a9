// SPDX-License-Identifier: MIT
// udev itself for the guest, which boots without: out of Debian's packages into the cache.

import {join} from 'node:path';
import {olderPackages} from './debian.ts';

const packages = ['udev', 'libsystemd-shared', 'libkmod2', 'libcap2', 'libacl1', 'libselinux1'];

/** The folder that holds their bin and lib; fetched first where the cache has none. */
export function udevFolder(onProgress?: (text: string) => void): Promise<string> {
	return olderPackages('udev', packages, onProgress);
}

/** A shell line that lets a new udevd handle an add event of these devices by the rules that there are. */
export async function udevLine(devices: string): Promise<string> {
	const folder = await udevFolder();
	const system = 'lib/x86_64-linux-gnu';
	const libraries = [system, `usr/${system}`, `usr/${system}/systemd`];
	const udevadm = join(folder, 'bin/udevadm');
	return [
		`export LD_LIBRARY_PATH=${libraries.map((path) => join(folder, path)).join(':')}`,
		// One program under two names; the package's link to it leads to the machine's own.
		`ln -sf ${udevadm} /run/systemd-udevd && /run/systemd-udevd --daemon`,
		`${udevadm} trigger --action=add ${devices}`,
		`${udevadm} settle --timeout=30`,
		`${udevadm} control --exit`,
	].join(' && ');
}

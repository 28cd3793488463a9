// SPDX-License-Identifier: MIT
// udev itself for the guest, which boots without: out of Debian's packages into the cache, always of
// the same release, whatever the machine is.

import {join} from 'node:path';
import {cached, cacheFolder} from './cache.ts';
import {debianSource, openArchive} from './debian.ts';
import {LabError} from './tool.ts';

const release = 'bookworm';
const packages = ['udev', 'libsystemd-shared', 'libkmod2', 'libcap2', 'libacl1', 'libselinux1'];

/** The folder that holds their bin and lib; fetched first where the cache has none. */
export function udevFolder(onProgress = (_text: string) => {}): Promise<string> {
	return cached(join(cacheFolder(), `udev-${release}`), async (empty) => {
		const source = debianSource();
		if (source === undefined) throw new LabError("udev comes from a Debian's sources");
		onProgress('fetching udev, once');
		const archive = await openArchive(empty, source, {suites: release, architecture: 'amd64'});
		return archive.unpack(packages);
	});
}

/** A shell line that lets a new udevd handle an add event of these devices by the rules that there are. */
export async function udevLine(devices: string): Promise<string> {
	const folder = await udevFolder();
	const libraries = ['lib', 'usr/lib', 'usr/lib/x86_64-linux-gnu/systemd'].map((part) =>
		join(folder, part.endsWith('lib') ? `${part}/x86_64-linux-gnu` : part),
	);
	const udevadm = join(folder, 'bin/udevadm');
	return [
		`export LD_LIBRARY_PATH=${libraries.join(':')}`,
		// One program under two names; the package's link to it leads to the machine's own.
		`ln -sf ${udevadm} /run/systemd-udevd && /run/systemd-udevd --daemon`,
		`${udevadm} trigger --action=add ${devices}`,
		`${udevadm} settle --timeout=30`,
		`${udevadm} control --exit`,
	].join(' && ');
}

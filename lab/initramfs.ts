// SPDX-License-Identifier: MIT
// The guest's first file system: busybox, the two scripts of lab/guest, and the modules that lead
// to the host's files and to the devices.

import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {cached, cacheFolder} from './cache.ts';
import {type Entry, packCpio} from './cpio.ts';
import type {Kernel} from './kernel.ts';
import {projectRoot} from './project.ts';
import {findTool, LabError, output} from './tool.ts';

/** The file for this kernel; another one is made when a script changes. */
export async function getInitramfs(kernel: Kernel): Promise<string> {
	const scripts = ['init', 'agent'].map((name) => ({
		path: name,
		mode: 0o755,
		data: readFileSync(join(projectRoot(), 'lab', 'guest', name)),
	}));
	const busybox = {path: 'bin/busybox', mode: 0o755, data: readFileSync(findBusybox())};
	const hash = createHash('sha256').update(kernel.release).update(JSON.stringify(stages));
	for (const {data} of [...scripts, busybox]) hash.update(data);
	const name = `initramfs-${hash.digest('hex').slice(0, 16)}`;
	return cached(join(cacheFolder(), name), async (folder) => {
		const file = join(folder, name);
		writeFileSync(file, packCpio([...folders, busybox, ...scripts, ...(await modules(kernel))]));
		return file;
	});
}

/**
 * Early: what the way to the host's files needs. Iommu: where the machine has that one, before any
 * driver that uses it. Late: what programs find loaded.
 */
const stages = {
	early: ['virtio_pci', 'virtio_console', '9pnet_virtio', '9p', 'overlay'],
	iommu: ['virtio_iommu'],
	late: ['vfio-pci', 'vfio_iommu_type1', 'nvme'],
};

const folders: Entry[] = ['bin', 'dev', 'proc', 'sys', 'host', 'over', 'new', 'modules'].map(
	(path) => ({path, mode: 0o40755, data: Buffer.alloc(0)}),
);

function findBusybox(): string {
	const busybox = findTool('busybox', 'busybox-static');
	if (!readFileSync(busybox).subarray(0, 4096).includes('/ld-')) return busybox;
	throw new LabError(`${busybox} is not statically linked`, ['apt-get install busybox-static']);
}

/** As a module or built in; Debian's 6.1 has neither. */
export async function hasVirtioIommu(kernel: Kernel): Promise<boolean> {
	return loadOrder(kernel, stages.iommu).then(
		() => true,
		() => false,
	);
}

async function modules(kernel: Kernel): Promise<Entry[]> {
	const loaded = new Set<string>();
	const entries: Entry[] = [];
	for (const [stage, wanted] of Object.entries(stages)) {
		const isSpare = stage === 'iommu' && !(await hasVirtioIommu(kernel));
		const files = isSpare
			? []
			: (await loadOrder(kernel, wanted)).filter((file) => !loaded.has(file));
		for (const file of files) {
			loaded.add(file);
			entries.push({path: `modules/${moduleName(file)}`, mode: 0o644, data: await unpack(file)});
		}
		const list = files.map((file) => `${moduleName(file)}\n`).join('');
		entries.push({path: `modules/${stage}`, mode: 0o644, data: Buffer.from(list)});
	}
	return entries;
}

async function loadOrder(kernel: Kernel, wanted: readonly string[]): Promise<string[]> {
	const files = new Set<string>();
	for (const name of wanted) {
		const options = ['-d', kernel.root, '-S', kernel.release, '--show-depends', name];
		const lines = (await output(findTool('modprobe', 'kmod'), options)).toString();
		for (const [, file] of lines.matchAll(/^insmod (\S+)/gm)) if (file) files.add(file);
	}
	return [...files];
}

/** As the kernel's parameters spell it. */
function moduleName(file: string): string {
	return `${basename(file)
		.replace(/\.ko.*/, '')
		.replaceAll('-', '_')}.ko`;
}

async function unpack(file: string): Promise<Buffer> {
	if (file.endsWith('.xz')) return output(findTool('xz', 'xz-utils'), ['-dc', file]);
	if (file.endsWith('.zst')) return output(findTool('zstd', 'zstd'), ['-dcq', file]);
	return file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file);
}

// SPDX-License-Identifier: MIT
// The guest's kernel: Debian's newest from the machine's own package sources, kept in the cache;
// on other distributions the running kernel.

import {
	copyFileSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from 'node:fs';
import {release} from 'node:os';
import {join} from 'node:path';
import {cached, cacheFolder} from './cache.ts';
import {debianSource, newest, openArchive} from './debian.ts';
import {findTool, LabError, output} from './tool.ts';
import {uncompressKernel} from './vmlinux.ts';

export type Kernel = {
	readonly release: string;
	/** The uncompressed kernel. */
	readonly image: string;
	/** The folder that holds lib/modules/RELEASE. */
	readonly root: string;
};

/** Debian's, or one of our own with iommufd, which Debian's has not. */
export type KernelName = 'debian' | 'iommufd';

/** The kernel of the cache; Debian's is fetched first where the cache is empty. */
export async function getKernel(
	name: KernelName = 'debian',
	onProgress = (_text: string) => {},
): Promise<Kernel> {
	if (name === 'iommufd') return kernelIn(iommufdFolder());
	return kernelIn(
		await cached(join(cacheFolder(), 'kernel'), (empty) => {
			onProgress('fetching the guest kernel, once');
			return fetchKernel(empty);
		}),
	);
}

/** Where `npm run test:iommufd` keeps the kernel that it builds. */
export function iommufdFolder(): string {
	return join(cacheFolder(), 'kernel-iommufd');
}

function kernelIn(folder: string): Kernel {
	if (!existsSync(folder))
		throw new LabError('the kernel with iommufd is not built yet', ['npm run test:iommufd']);
	const [version] = readdirSync(join(folder, 'lib', 'modules'));
	if (version === undefined) throw new LabError(`${folder} holds no kernel`, [`rm -r ${folder}`]);
	return {release: version, image: join(folder, 'vmlinux'), root: folder};
}

export function modulesFolder(kernel: Kernel): string {
	return join(kernel.root, 'lib', 'modules', kernel.release);
}

async function fetchKernel(folder: string): Promise<string> {
	const source = debianSource();
	const root = join(folder, 'kernel');
	mkdirSync(join(root, 'lib', 'modules'), {recursive: true});
	const vmlinuz = source ? await unpackDebian(folder, root, source) : copyRunning(root);
	writeFileSync(join(root, 'vmlinux'), await uncompressKernel(readFileSync(vmlinuz)));
	rmSync(vmlinuz);
	const [version = ''] = readdirSync(join(root, 'lib', 'modules'));
	await output(findTool('depmod', 'kmod'), ['-b', root, version]);
	return root;
}

async function unpackDebian(folder: string, root: string, source: string): Promise<string> {
	const archive = await openArchive(folder, source);
	const image = (await archive.depends(`linux-image-amd64/${newest}`)).find((name) =>
		/^linux-image-\d/.test(name),
	);
	if (!image) throw new LabError(`${source} offers no kernel in ${newest}`);
	const version = image.slice('linux-image-'.length);
	const parts = ['base', 'binary', 'modules'].map((part) => `linux-${part}-${version}`);
	const offered = (await archive.depends(image)).filter((name) => parts.includes(name));
	return keepKernel(await archive.unpack(offered.length > 0 ? offered : [image]), root, version);
}

function keepKernel(unpacked: string, root: string, version: string): string {
	const modules = ['usr/lib/modules', 'lib/modules']
		.map((path) => join(unpacked, path, version))
		.find((path) => existsSync(path));
	if (!modules) throw new LabError(`the packages of kernel ${version} hold no modules`);
	renameSync(modules, join(root, 'lib', 'modules', version));
	const places = [
		join(root, 'lib', 'modules', version, 'vmlinuz'),
		join(unpacked, 'boot', `vmlinuz-${version}`),
	];
	const image = places.find((path) => existsSync(path));
	if (!image) throw new LabError(`the packages of kernel ${version} hold no kernel`);
	return image;
}

function copyRunning(root: string): string {
	const version = release();
	const modules = ['/usr/lib/modules', '/lib/modules']
		.map((folder) => join(folder, version))
		.find((folder) => existsSync(folder));
	const image = [join(modules ?? '/', 'vmlinuz'), `/boot/vmlinuz-${version}`].find(isReadable);
	if (!modules || !image) {
		throw new LabError(
			`no kernel for the guest: this is not Debian, and /boot/vmlinuz-${version} with its modules cannot be read`,
			['chmod +r /boot/vmlinuz-$(uname -r)   as root, or install the kernel package'],
		);
	}
	copyTree(modules, join(root, 'lib', 'modules', version));
	copyFileSync(image, join(root, 'vmlinuz'));
	return join(root, 'vmlinuz');
}

function copyTree(from: string, to: string): void {
	mkdirSync(to, {recursive: true});
	for (const entry of readdirSync(from, {withFileTypes: true})) {
		const [source, target] = [join(from, entry.name), join(to, entry.name)];
		if (entry.isDirectory()) copyTree(source, target);
		else if (entry.isFile() && isReadable(source)) copyFileSync(source, target);
	}
}

function isReadable(file: string): boolean {
	try {
		statSync(file);
		readFileSync(file).subarray(0, 1);
		return true;
	} catch {
		return false;
	}
}

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
import {findTool, LabError, output} from './tool.ts';
import {uncompressKernel} from './vmlinux.ts';

export type Kernel = {
	readonly release: string;
	/** The uncompressed kernel. */
	readonly image: string;
	/** The folder that holds lib/modules/RELEASE. */
	readonly root: string;
};

/** The kernel of the cache, fetched first where the cache is empty. */
export async function getKernel(onProgress = (_text: string) => {}): Promise<Kernel> {
	const folder = await cached(join(cacheFolder(), 'kernel'), (empty) => {
		onProgress('fetching the guest kernel, once');
		return fetchKernel(empty);
	});
	const [version] = readdirSync(join(folder, 'lib', 'modules'));
	if (version === undefined) throw new LabError(`${folder} holds no kernel`, [`rm -r ${folder}`]);
	return {release: version, image: join(folder, 'vmlinux'), root: folder};
}

export function modulesFolder(kernel: Kernel): string {
	return join(kernel.root, 'lib', 'modules', kernel.release);
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const newest = 'trixie-backports';

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

/** The archive that the machine's own package sources name. */
function debianSource(): string | undefined {
	if (!existsSync(keyring)) return undefined;
	const parts = '/etc/apt/sources.list.d';
	const files = existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : [];
	const texts = [...files, '/etc/apt/sources.list']
		.filter((file) => existsSync(file))
		.map((file) => readFileSync(file, 'utf8'));
	const uris = texts.flatMap((text) => [
		...text.matchAll(/^(?:URIs:\s*|deb\s+(?:\[.*?\]\s+)?)(\S+)/gm),
	]);
	return uris.map(([, uri]) => uri).find((uri) => /\/debian\/?$/.test(uri ?? ''));
}

async function unpackDebian(folder: string, root: string, source: string): Promise<string> {
	const options = privateApt(folder, source);
	const get = findTool('apt-get', 'apt');
	const cache = findTool('apt-cache', 'apt');
	await output(get, [...options, '-q', 'update']);
	const depends = async (name: string) =>
		[...(await output(cache, [...options, 'depends', name])).toString().matchAll(/linux-\S+/g)].map(
			([found]) => found,
		);
	const image = (await depends(`linux-image-amd64/${newest}`)).find((name) =>
		/^linux-image-\d/.test(name),
	);
	if (!image) throw new LabError(`${source} offers no kernel in ${newest}`);
	const version = image.slice('linux-image-'.length);
	const parts = ['base', 'binary', 'modules'].map((part) => `linux-${part}-${version}`);
	const offered = (await depends(image)).filter((name) => parts.includes(name));
	const packages = offered.length > 0 ? offered : [image];
	await output(get, [...options, '-q', 'download', ...packages], folder);
	for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb'))) {
		await output(findTool('dpkg-deb', 'dpkg'), [
			'-x',
			join(folder, name),
			join(folder, 'unpacked'),
		]);
	}
	return keepKernel(join(folder, 'unpacked'), root, version);
}

/** Options that leave the system's own lists and settings alone. */
function privateApt(folder: string, source: string): string[] {
	const state = join(folder, 'apt');
	for (const part of ['parts', 'lists/partial', 'cache/archives/partial']) {
		mkdirSync(join(state, part), {recursive: true});
	}
	writeFileSync(
		join(state, 'parts', 'lab.sources'),
		`Types: deb\nURIs: ${source}\nSuites: ${newest} trixie\nComponents: main\nSigned-By: ${keyring}\n`,
	);
	const settings = {
		'Dir::Etc::SourceList': '/dev/null',
		'Dir::Etc::SourceParts': join(state, 'parts'),
		'Dir::State::Lists': join(state, 'lists'),
		'Dir::Cache': join(state, 'cache'),
		'Dir::Etc::Preferences': '/dev/null',
		'Dir::Etc::PreferencesParts': '/dev/null',
		'APT::Architecture': 'amd64',
		'APT::Sandbox::User': '',
	};
	return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
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

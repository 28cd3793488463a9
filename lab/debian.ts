// SPDX-License-Identifier: MIT
// Packages of another Debian from the machine's own package sources, without a change to its
// system: apt with lists and settings of its own.

import {existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {cached, cacheFolder} from './cache.ts';
import {findTool, LabError, output} from './tool.ts';

export const newest = 'trixie-backports';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

export type Archive = {
	/** The Linux packages that a package depends on. */
	depends(name: string): Promise<string[]>;
	/** Fetches packages and unpacks them into a folder, whose path comes back. */
	unpack(names: readonly string[]): Promise<string>;
};

/** The archive that the machine's own package sources name. */
export function debianSource(): string | undefined {
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

/** Whose packages: by default the newest that a virtual machine of this kind can use. */
export type Release = {readonly suites: string; readonly architecture: string};
const newestRelease: Release = {suites: `${newest} trixie`, architecture: 'amd64'};

/** folder: empty, for apt's own files, packages and what is in them. */
export async function openArchive(
	folder: string,
	source: string,
	release: Release = newestRelease,
): Promise<Archive> {
	const options = privateApt(folder, source, release);
	const get = findTool('apt-get', 'apt');
	const cache = findTool('apt-cache', 'apt');
	await output(get, [...options, '-q', 'update']);
	return {
		depends: async (name) =>
			[
				...(await output(cache, [...options, 'depends', name])).toString().matchAll(/linux-\S+/g),
			].map(([found]) => found),
		unpack: async (names) => {
			const unpacked = join(folder, 'unpacked');
			await output(get, [...options, '-q', 'download', ...names], folder);
			for (const name of readdirSync(folder).filter((file) => file.endsWith('.deb')))
				await output(findTool('dpkg-deb', 'dpkg'), ['-x', join(folder, name), unpacked]);
			return unpacked;
		},
	};
}

const oldest = 'bookworm';

/**
 * The folder in the cache that holds packages of an older release, unpacked; fetched first where it is
 * not there. Whatever the machine is, its libraries are young enough for them. superfluous: paths of
 * what nobody asks for.
 */
export function olderPackages(
	what: string,
	names: readonly string[],
	onProgress: (text: string) => void = () => {},
	superfluous: readonly string[] = [],
): Promise<string> {
	return cached(join(cacheFolder(), `${what}-${oldest}`), async (empty) => {
		const source = debianSource();
		if (source === undefined) throw new LabError(`${what} comes from a Debian's sources`);
		onProgress(`fetching ${what}, once`);
		const archive = await openArchive(empty, source, {suites: oldest, architecture: 'amd64'});
		const unpacked = await archive.unpack(names);
		for (const path of superfluous) rmSync(join(unpacked, path), {recursive: true, force: true});
		return unpacked;
	});
}

/** Options that leave the system's own lists and settings alone. */
function privateApt(folder: string, source: string, release: Release): string[] {
	const state = join(folder, 'apt');
	for (const part of ['parts', 'lists/partial', 'cache/archives/partial']) {
		mkdirSync(join(state, part), {recursive: true});
	}
	writeFileSync(
		join(state, 'parts', 'lab.sources'),
		`Types: deb\nURIs: ${source}\nSuites: ${release.suites}\nComponents: main\nSigned-By: ${keyring}\n`,
	);
	const settings = {
		'Dir::Etc::SourceList': '/dev/null',
		'Dir::Etc::SourceParts': join(state, 'parts'),
		'Dir::State::Lists': join(state, 'lists'),
		'Dir::Cache': join(state, 'cache'),
		'Dir::Etc::Preferences': '/dev/null',
		'Dir::Etc::PreferencesParts': '/dev/null',
		'APT::Architecture': release.architecture,
		'APT::Architectures': release.architecture,
		'APT::Sandbox::User': '',
	};
	return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

// SPDX-License-Identifier: MIT
// The native core for each architecture that a package serves: prebuilt/linux-ARCH/p2p.node. It
// speaks Node-API, so one serves every Node. This machine's own is the one the tests use; the other
// is cross-compiled, against libblkid from the machine's own package sources.

import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {debianSource, openArchive} from '../lab/debian.ts';
import {findTool, LabError} from '../lab/tool.ts';

type Target = {readonly arch: string; readonly debian: string; readonly triplet: string};

const targets: readonly Target[] = [
	{arch: 'x64', debian: 'amd64', triplet: 'x86_64-linux-gnu'},
	{arch: 'arm64', debian: 'arm64', triplet: 'aarch64-linux-gnu'},
];

/** EX_UNAVAILABLE: a tool or package is missing, and `npm test` goes on without it. */
const unavailable = 69;

/** Those named on the command line, or all. */
const names = process.argv.slice(2);

try {
	for (const target of targets.filter(({arch}) => names.length === 0 || names.includes(arch))) {
		const isOwn = target.arch === process.arch;
		const built = isOwn ? 'native/build/Release/p2p.node' : await crossCompile(target);
		const strip = isOwn ? 'strip' : findTool(`${target.triplet}-strip`, compilerOf(target));
		// Whole at once: somebody may be packing meanwhile.
		const stripped = `build/p2p.node.${process.pid}`;
		run(strip, ['--strip-unneeded', '-o', stripped, built]);
		mkdirSync(`prebuilt/linux-${target.arch}`, {recursive: true});
		renameSync(stripped, `prebuilt/linux-${target.arch}/p2p.node`);
	}
} catch (error) {
	if (!(error instanceof LabError)) throw error;
	process.stderr.write(`build:packages: ${error.message}\n`);
	for (const hint of error.hints) process.stderr.write(`  Try: ${hint}\n`);
	process.exitCode = unavailable;
}

function compilerOf({triplet}: Target): string {
	return `g++-${triplet.replace('_', '-')}`;
}

/** In a folder of links to the sources, since node-gyp builds beside binding.gyp. */
async function crossCompile(target: Target): Promise<string> {
	const tool = (name: string) => findTool(`${target.triplet}-${name}`, compilerOf(target));
	const libraries = await foreignLibraries(target);
	const folder = `build/cross/linux-${target.arch}`;
	mkdirSync(folder, {recursive: true});
	for (const name of readdirSync('native').filter((name) => name !== 'build')) {
		rmSync(join(folder, name), {force: true});
		symlinkSync(resolve('native', name), join(folder, name));
	}
	const env = {
		CC: tool('gcc'),
		CXX: tool('g++'),
		AR: tool('ar'),
		LINK: tool('g++'),
		CXXFLAGS: `-isystem ${libraries}/usr/include`,
		LDFLAGS: `-L${libraries}/usr/lib/${target.triplet} -L${libraries}/lib/${target.triplet}`,
	};
	const gyp = ['--loglevel=error', `--arch=${target.arch}`];
	run(
		process.execPath,
		['node_modules/node-gyp/bin/node-gyp.js', 'configure', '-C', folder, ...gyp],
		env,
	);
	run('make', ['-s', '-C', `${folder}/build`, '-j2', 'BUILDTYPE=Release', 'p2p'], env);
	return `${folder}/build/Release/p2p.node`;
}

/** Headers and library to link with, unpacked and never installed. */
async function foreignLibraries({debian}: Target): Promise<string> {
	const folder = resolve(`build/cross/${debian}`);
	const unpacked = join(folder, 'unpacked');
	if (existsSync(join(unpacked, 'usr'))) return unpacked;
	const source = debianSource();
	if (source === undefined)
		throw new LabError(
			`libblkid for ${debian} comes from Debian's packages, and this is no Debian`,
		);
	mkdirSync(folder, {recursive: true});
	const archive = await openArchive(folder, source, {suites: 'bookworm', architecture: debian});
	return archive.unpack(['libblkid-dev', 'libblkid1']);
}

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): void {
	const options = {encoding: 'utf8', env: {...process.env, ...env}} as const;
	const {status, stdout, stderr} = spawnSync(program, words, options);
	if (status !== 0) throw new Error(`${program} failed: ${stderr || stdout}`);
}

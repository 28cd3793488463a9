// SPDX-License-Identifier: MIT
// Builds the guest kernel of iommufd.config from Debian's newest kernel source and keeps it in the
// lab's cache: about ten minutes of two cores, once. The first step of `npm run test:iommufd`.

import {copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import {cached} from './cache.ts';
import {debianSource, newest, openArchive} from './debian.ts';
import {iommufdFolder} from './kernel.ts';
import {projectRoot} from './project.ts';
import {findTool, LabError, output} from './tool.ts';

const packages = ['flex', 'bison', 'bc', 'libelf-dev', 'libssl-dev'];

async function buildKernel(folder: string): Promise<string> {
	const source = debianSource();
	if (!source) throw new LabError("the kernel is built from Debian's source: this is no Debian");
	await installPackages();
	say('building a guest kernel with iommufd, once: about ten minutes');
	const archive = await openArchive(folder, source);
	const name = (await archive.depends(`linux-source/${newest}`)).find((it) =>
		/^linux-source-\d/.test(it),
	);
	if (!name) throw new LabError(`${source} offers no kernel source in ${newest}`);
	const sources = join(await archive.unpack([name]), 'usr', 'src');
	const [archiveFile = ''] = readdirSync(sources).filter((it) => it.startsWith(`${name}.tar`));
	await output(findTool('tar', 'tar'), ['xf', archiveFile], sources);
	return keep(await compile(join(sources, name)), join(folder, 'kernel'));
}

async function compile(tree: string): Promise<string> {
	const make = (...words: string[]) => output(findTool('make', 'make'), ['-s', ...words], tree);
	const fragment = join(projectRoot(), 'lab', 'iommufd.config');
	await make('tinyconfig');
	const merge = join('scripts', 'kconfig', 'merge_config.sh');
	await output(findTool('sh', 'dash'), [merge, '-m', '.config', fragment], tree);
	await make('olddefconfig');
	requireOptions(readFileSync(fragment, 'utf8'), readFileSync(join(tree, '.config'), 'utf8'));
	await make(`-j${availableParallelism()}`, 'vmlinux');
	await output(findTool('strip', 'binutils'), ['vmlinux'], tree);
	return tree;
}

/** A newer kernel may drop or rename an option: better said than found out. */
function requireOptions(wanted: string, made: string): void {
	const lines = new Set(made.split('\n'));
	const lost = wanted.split('\n').filter((line) => /^CONFIG_.*=y$/.test(line) && !lines.has(line));
	if (lost.length > 0) throw new LabError(`this kernel source does not take ${lost.join(', ')}`);
}

async function keep(tree: string, root: string): Promise<string> {
	const release = readFileSync(join(tree, 'include', 'config', 'kernel.release'), 'utf8').trim();
	const modules = join(root, 'lib', 'modules', release);
	mkdirSync(modules, {recursive: true});
	copyFileSync(join(tree, 'vmlinux'), join(root, 'vmlinux'));
	// What is built in, so that modprobe knows it.
	for (const list of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order'])
		if (existsSync(join(tree, list))) copyFileSync(join(tree, list), join(modules, list));
	await output(findTool('depmod', 'kmod'), ['-b', root, release]);
	return root;
}

async function installPackages(): Promise<void> {
	if (process.getuid?.() !== 0) {
		say(`needs these packages: ${packages.join(' ')}`);
		return;
	}
	const install = ['install', '-qq', '-y', '--no-install-recommends', ...packages];
	await output(findTool('apt-get', 'apt'), ['update', '-qq']);
	await output(findTool('apt-get', 'apt'), install);
}

function say(text: string): void {
	process.stderr.write(`build-kernel: ${text}\n`);
}

try {
	await cached(iommufdFolder(), buildKernel);
} catch (error) {
	if (!(error instanceof LabError)) throw error;
	say(error.message);
	process.exitCode = 1;
}

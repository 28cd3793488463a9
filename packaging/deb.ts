// SPDX-License-Identifier: MIT
// The Debian packages, build/deb/p2putils_VERSION_ARCH.deb: what `npm pack` would take, put where
// Debian looks for it.

import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {
	chmodSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';

const kinds = [
	{arch: 'x64', debian: 'amd64'},
	{arch: 'arm64', debian: 'arm64'},
] as const;
type Kind = (typeof kinds)[number];

const {version, bin, description} = JSON.parse(readFileSync('package.json', 'utf8'));
const programs = Object.keys(bin);
const maintainer = 'The p2putils authors <p2putils@localhost.localdomain>';
const home = 'usr/lib/p2putils';
const doc = 'usr/share/doc/p2putils';

process.umask(0o022);
process.env.SOURCE_DATE_EPOCH ??= lastChange();

/** Those named on the command line, or all. */
const names = process.argv.slice(2);
for (const kind of kinds.filter(({arch}) => names.length === 0 || names.includes(arch)))
	console.log(build(kind));

function build({arch, debian}: Kind): string {
	const root = `build/deb/${debian}`;
	rmSync(root, {recursive: true, force: true});
	for (const path of packedFiles()) {
		const [to, isPacked] = placeOf(path, arch) ?? [];
		if (to !== undefined) put(root, to, readFileSync(path), isPacked);
	}
	for (const program of programs) {
		chmodSync(join(root, home, 'bin', program), 0o755);
		link(root, `usr/bin/${program}`, `../lib/p2putils/bin/${program}`);
	}
	for (const program of programs.filter((name) => name !== 'p2p')) {
		link(root, `usr/share/bash-completion/completions/${program}`, 'p2p');
		link(root, `usr/share/fish/vendor_completions.d/${program}.fish`, 'p2p.fish');
	}
	const [rule = '', unit = ''] = examples();
	put(root, `${doc}/examples/70-p2putils.rules`, rule);
	put(root, `${doc}/examples/p2putils.service`, unit.replace('/usr/local/bin/', '/usr/bin/'));
	put(root, `${doc}/permissions.md`, readFileSync('docs/permissions.md'), true);
	put(root, `${doc}/changelog`, changelog(), true);
	put(root, `${doc}/copyright`, copyright());
	put(root, 'DEBIAN/md5sums', sums(root));
	put(root, 'DEBIAN/control', control(root, debian));

	const file = `build/deb/p2putils_${version}_${debian}.deb`;
	execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, file], {stdio: 'pipe'});
	return file;
}

function packedFiles(): string[] {
	const words = ['pack', '--dry-run', '--ignore-scripts', '--json'];
	const [{files}] = JSON.parse(execFileSync('npm', words, {encoding: 'utf8'}));
	return files.map(({path}: {path: string}) => path);
}

/** Where a file of the npm package goes, and whether it is packed there. */
function placeOf(path: string, arch: string): [to: string, isPacked?: boolean] | undefined {
	if (path.startsWith('man/')) return [`usr/share/man/man${path.at(-1)}/${path.slice(4)}`, true];
	if (path === 'build/completions/p2p.bash') return ['usr/share/bash-completion/completions/p2p'];
	if (path === 'build/completions/_p2p') return ['usr/share/zsh/vendor-completions/_p2p'];
	if (path === 'build/completions/p2p.fish')
		return ['usr/share/fish/vendor_completions.d/p2p.fish'];
	if (/^(README|CHANGELOG)\.md$/.test(path)) return [`${doc}/${path}`, true];
	if (path.startsWith('docs/')) return [`${doc}/${path.slice(5)}`];
	// What copyright has.
	if (path === 'LICENSE' || path === 'build/licences.txt') return undefined;
	if (path.startsWith('prebuilt/') && !path.includes(`-${arch}/`)) return undefined;
	return [`${home}/${path}`];
}

function put(root: string, path: string, data: string | Uint8Array, isPacked = false): void {
	const file = join(root, isPacked ? `${path}.gz` : path);
	mkdirSync(dirname(file), {recursive: true});
	writeFileSync(file, isPacked ? gzipSync(data, {level: 9}) : data, {mode: 0o644});
}

function link(root: string, path: string, target: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	symlinkSync(target, join(root, path));
}

/** The rule and the unit of docs/permissions.md. A package does not decide who may open devices. */
function examples(): string[] {
	const blocks = readFileSync('docs/permissions.md', 'utf8').matchAll(/^```\n(.*?)^```/gms);
	const texts = [...blocks].map(([, text = '']) => text);
	return ['SUBSYSTEM==', '[Unit]'].map((start) => {
		const text = texts.find((text) => text.startsWith(start));
		if (text === undefined) throw new Error(`docs/permissions.md has no block with ${start}`);
		return text;
	});
}

/** In seconds; the same sources give the same package. */
function lastChange(): string {
	try {
		return execFileSync('git', ['log', '-1', '--format=%at'], {encoding: 'utf8'}).trim();
	} catch {
		return String(Math.floor(statSync('CHANGELOG.md').mtimeMs / 1000));
	}
}

function changelog(): string {
	const date = new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000)
		.toUTCString()
		.replace('GMT', '+0000');
	return `p2putils (${version}) unstable; urgency=medium\n\n  * See CHANGELOG.md.gz.\n\n -- ${maintainer}  ${date}\n`;
}

function copyright(): string {
	const own = readFileSync('LICENSE', 'utf8');
	// Debian has that one in a place of its own.
	const others = readFileSync('build/licences.txt', 'utf8').replaceAll(
		/^( *Apache License\n).*?(?=^\S+ [\d.]+: )/gms,
		'$1See /usr/share/common-licenses/Apache-2.0.\n\n',
	);
	return [
		`p2putils\n\n${own}`,
		'p2p.node holds parts of the GNU C++ library: GPL-3+ with the GCC Runtime Library Exception\n3.1, which allows that under any terms; /usr/share/common-licenses/GPL-3.\n',
		`p2p.cjs and p2p.node hold parts of these:\n\n${others}`,
	].join('\n----\n\n');
}

function sums(root: string): string {
	const lines = filesBelow(root, '').map((path) => {
		const sum = createHash('md5')
			.update(readFileSync(join(root, path)))
			.digest('hex');
		return `${sum}  ${path}\n`;
	});
	return lines.join('');
}

/** Plain files only. */
function filesBelow(root: string, folder: string): string[] {
	return readdirSync(join(root, folder), {withFileTypes: true}).flatMap((entry) => {
		const path = join(folder, entry.name);
		if (entry.isDirectory()) return filesBelow(root, path);
		return entry.isFile() ? [path] : [];
	});
}

// glibc: the newest symbol version in p2p.node, which test/package.test.ts holds.
function control(root: string, debian: string): string {
	const size = filesBelow(root, 'usr').reduce(
		(sum, path) => sum + statSync(join(root, path)).size,
		0,
	);
	return `Package: p2putils
Version: ${version}
Architecture: ${debian}
Maintainer: ${maintainer}
Installed-Size: ${Math.ceil(size / 1024)}
Depends: nodejs (>= 20.19), libc6 (>= 2.34), libblkid1 (>= 2.30), libgcc-s1
Suggests: qemu-system-x86, busybox-static, kmod, xz-utils, zstd
Section: admin
Priority: optional
Description: ${description.split(':')[0]}
 Small programs that tell whether one PCI function can reach another's memory,
 why not and how to mend it; that map that memory; that move bytes straight
 from device to device, past the CPU and its RAM; and that prove that the bytes
 arrived. A virtual machine to try them in comes along.
`;
}

// SPDX-License-Identifier: MIT
// The house rules: who may include whom, and what only one room may touch.

import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';

/** Each folder of native/, and the folders that it may use besides itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
	sys: [],
	pci: ['sys'],
	route: ['pci', 'sys'],
	paper: ['pci'],
	bind: ['pci', 'sys'],
	acs: ['bind', 'route', 'pci', 'sys'],
	target: ['route', 'pci', 'sys'],
	vfio: ['pci', 'sys'],
	device: ['vfio', 'pci', 'sys'],
	transfer: ['route', 'device', 'vfio', 'pci', 'sys'],
	binding: ['transfer', 'acs', 'bind', 'target', 'route', 'paper', 'device', 'vfio', 'pci', 'sys'],
};

for (const [layer, below] of Object.entries(layers)) {
	test(`native/${layer} rests on ${below.join(', ') || 'nothing'}`, (t) => {
		const allowed = [layer, ...below];
		const foreign = sources(`native/${layer}`).flatMap((path) =>
			matches(path, /^#include "(\w+)\//gm).filter(({found}) => !allowed.includes(found)),
		);
		t.deepEqual(foreign, []);
	});
}

test('every folder of native is a layer', (t) => {
	const folders = readdirSync('native', {withFileTypes: true})
		.filter((entry) => entry.isDirectory() && !['build', 'test'].includes(entry.name))
		.map(({name}) => name);
	t.deepEqual(folders.sort(), Object.keys(layers).sort());
});

test('only the binding knows Node', (t) => {
	t.deepEqual(outside('binding', /#include <(napi|node|uv)[.\w]*>/g), []);
});

test('only native/sys calls the system', (t) => {
	// Not fcntl.h, which has the O_ flags that Fd::open() takes.
	const headers = /#include <(unistd\.h|dirent\.h|poll\.h|sys\/\w+\.h|filesystem|fstream)>/g;
	t.deepEqual(outside('sys', headers), []);
});

test('the core prints nothing and never ends the process', (t) => {
	const words = /\b(std::cout|std::cerr|printf|fprintf|puts|exit|abort|_exit)\s*[(<]/g;
	t.deepEqual(outside('', words), []);
});

for (const [module, home] of [
	['chalk', 'lib/style.ts'],
	['cli-table3', 'lib/table.ts'],
] as const) {
	test(`only ${home} uses ${module}`, (t) => {
		const use = new RegExp(`(?:from|import\\()\\s*'(${module})'`, 'g');
		const users = typescript().flatMap((path) => matches(path, use).map(() => path));
		t.deepEqual(users, [home]);
	});
}

test('only lib/native.ts loads the core', (t) => {
	const users = typescript().filter((path) => matches(path, /'[^']*(\.node)'/g).length > 0);
	t.deepEqual(users, ['lib/native.ts']);
});

test('commands do not lean on the lab, but for p2p-lab', (t) => {
	const users = sources('commands').filter(
		(path) => matches(path, /from '(\.\.\/lab\/)/g).length > 0,
	);
	t.deepEqual(
		users.filter((path) => path !== 'commands/lab.ts'),
		[],
	);
});

test('each source says its licence in its first line', (t) => {
	const all = [...Object.keys(layers).map((layer) => `native/${layer}`), 'lib', 'commands', 'lab'];
	const bare = all
		.flatMap(sources)
		.filter((path) => !readFileSync(path, 'utf8').startsWith('// SPDX-License-Identifier: MIT\n'));
	t.deepEqual(bare, []);
});

type Match = {readonly path: string; readonly found: string};

function sources(folder: string): string[] {
	return readdirSync(folder)
		.filter((name) => /\.(cpp|h|ts)$/.test(name))
		.map((name) => `${folder}/${name}`);
}

function typescript(): string[] {
	return ['commands', 'lib', 'lab'].flatMap(sources);
}

function matches(path: string, pattern: RegExp): Match[] {
	const text = readFileSync(path, 'utf8');
	return [...text.matchAll(pattern)].map(([, found = '']) => ({path, found}));
}

function outside(home: string, pattern: RegExp): Match[] {
	const rooms = Object.keys(layers).filter((layer) => layer !== home);
	return rooms
		.flatMap((room) => sources(`native/${room}`))
		.flatMap((path) => matches(path, pattern));
}

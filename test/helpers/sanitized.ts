// SPDX-License-Identifier: MIT
// Builds of the core with sanitizers, by clang, beside the one that is used: build/asan is a tree
// like this one whose addon and test programs have AddressSanitizer and UndefinedBehaviorSanitizer
// in them, so that the same tests run there; build/threads and build/fuzz hold programs.

import {execFileSync, spawnSync} from 'node:child_process';
import {
	cpSync,
	existsSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
} from 'node:fs';
import {join, resolve} from 'node:path';

export type Ran = {readonly status: number | null; readonly output: string};

const clang = 'clang++-19';
const tree = 'build/asan';
const objects = `${tree}/native/build/Release`;
/** What asks where it lies must lie there; the rest of the tree is linked to. */
const copied = ['bin', 'test', 'build/ts', 'build/p2p.cjs'];

/** Makes build/asan what this tree is now. */
export function buildTree(): void {
	mkdirSync(`${tree}/native`, {recursive: true});
	mkdirSync(`${tree}/build`, {recursive: true});
	for (const name of copied) {
		rmSync(join(tree, name), {recursive: true, force: true});
		cpSync(name, join(tree, name), {recursive: true});
	}
	for (const name of readdirSync('.').filter((it) => !it.startsWith('.'))) link(name);
	for (const name of readdirSync('native').filter((it) => it !== 'build')) link(`native/${name}`);
	makeObjects();
}

function link(name: string): void {
	if (!existsSync(join(tree, name))) symlinkSync(resolve(name), join(tree, name));
}

function makeObjects(): void {
	const env = {CC: 'clang-19', CXX: clang, LINK: clang};
	const there = ['-C', `${tree}/native`];
	for (const words of [
		['configure', ...there, '--', '-Dsanitize=1'],
		['build', ...there, '-j', 'max'],
	])
		must(run('node_modules/.bin/node-gyp', words, {env}));
}

/** Runs ava in build/asan: with the addon in node, or for programs that end by looking for leaks. */
export function runTests(files: readonly string[], {hasAddon}: {hasAddon: boolean}): Ran {
	const ava = resolve('node_modules/ava/entrypoints/cli.mjs');
	return run(process.execPath, [ava, '--concurrency', '2', ...files], {
		cwd: tree,
		// Node itself frees nothing at its end: nothing can be said of leaks there.
		env: hasAddon ? {LD_PRELOAD: runtime(), ASAN_OPTIONS: 'detect_leaks=0'} : {},
	});
}

/** An executable loads it when it starts; node is none of ours and has to be told. */
function runtime(): string {
	const arch = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
	const word = `-print-file-name=libclang_rt.asan-${arch}.so`;
	return execFileSync(clang, [word], {encoding: 'utf8'}).trim();
}

/** Rooms that a loop of requests goes through. */
const shared = /^(test|device\/nvme|device\/prp|transfer|sys)/;

/** Builds a test program for ThreadSanitizer, with what its includes lead to in those rooms. */
export function buildThreads(program: string): string {
	mkdirSync('build/threads', {recursive: true});
	const file = `build/threads/${program}`;
	const sources = [...reached(`test/${program}.cpp`)].map((name) => `native/${name}`);
	// What is only linked and never runs comes as it is.
	compile(['-fsanitize=thread', ...sources, 'native/build/Release/core.a', '-o', file]);
	return file;
}

/** The sources that belong to the headers that a source includes, and so on. */
function reached(source: string, seen = new Set<string>()): Set<string> {
	if (seen.has(source) || !shared.test(source) || !existsSync(`native/${source}`)) return seen;
	seen.add(source);
	for (const file of [source, source.replace(/cpp$/, 'h')]) {
		if (!existsSync(`native/${file}`)) continue;
		const text = readFileSync(`native/${file}`, 'utf8');
		for (const [, name] of text.matchAll(/^#include "(.+)\.h"/gm)) reached(`${name}.cpp`, seen);
	}
	return seen;
}

export const fuzzers = readdirSync('native/test')
	.filter((name) => /^fuzz_.*cpp$/.test(name))
	.map((name) => name.replace(/^fuzz_|\.cpp$/g, ''));

/** Builds a fuzzer from build/asan; its command line. */
export function buildFuzzer(name: string): string[] {
	const file = `build/fuzz/${name}`;
	const dictionary = `native/test/fuzz_${name}.dict`;
	mkdirSync('build/fuzz', {recursive: true});
	const sanitizers = '-fsanitize=fuzzer,address,undefined,float-cast-overflow';
	compile([
		sanitizers,
		'-fno-sanitize-recover=all',
		`native/test/fuzz_${name}.cpp`,
		`${objects}/core.a`,
		'-o',
		file,
	]);
	const words = ['-max_len=4096', '-artifact_prefix=build/fuzz/'];
	return [file, ...words, ...(existsSync(dictionary) ? [`-dict=${dictionary}`] : [])];
}

function compile(words: readonly string[]): void {
	const all = ['-std=c++20', '-O1', '-g1', '-iquote', 'native', ...words, '-lblkid'];
	must(run(clang, all));
}

function must({status, output}: Ran): void {
	if (status !== 0) throw new Error(output);
}

export function run(
	file: string,
	words: readonly string[],
	{cwd, env}: {cwd?: string; env?: Readonly<Record<string, string>>} = {},
): Ran {
	const {status, stdout, stderr, error} = spawnSync(file, words, {
		...(cwd === undefined ? {} : {cwd}),
		env: {...process.env, ...env},
		encoding: 'utf8',
		maxBuffer: 2 ** 28,
	});
	if (error !== undefined) throw error;
	return {status, output: stdout + stderr};
}

// SPDX-License-Identifier: MIT
// The manual pages are clean, tell of every option and no other, and what they show can be typed.

import {spawnSync} from 'node:child_process';
import {mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test from 'ava';
import type {CommandClass} from '../lib/base-command.ts';
import {columns} from '../lib/columns.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {flagsOf, optionRows} from '../lib/help.ts';
import {commands} from '../lib/main.ts';
import {examplesOf, optionsOf, read, statusesOf} from './helpers/man.ts';

const pages = readdirSync('man');

test('mandoc finds nothing to warn of', (t) => {
	const files = pages.map((page) => `man/${page}`);
	const {stdout, status} = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', ...files], {
		encoding: 'utf8',
	});
	t.deepEqual([stdout, status], ['', 0]);
});

test('package.json installs every page', (t) => {
	const {man, files} = JSON.parse(readFileSync('package.json', 'utf8'));
	const paths = pages.map((page) => `man/${page}`);
	t.deepEqual(man, paths);
	t.true(files.includes('man'));
});

for (const page of pages) {
	test(`${page} refers to pages that there are`, (t) => {
		const references = [...read(page).matchAll(/^\.Xr (p2p\S*) (\d)/gm)];
		const named = references.map(([, name, section]) => `${name}.${section}`);
		t.deepEqual(
			named.filter((name) => !pages.includes(name)),
			[],
		);
	});

	test(`${page} has lines to type, with options that there are`, async (t) => {
		const lines = examplesOf(page);
		t.true(lines.length >= 3);
		for (const line of lines) t.deepEqual(await unknownOptions(line), [], line);
	});
}

for (const [id, load] of Object.entries(commands)) {
	const page = `p2p-${id}.8`;

	test(`${page} has the options of p2p-${id}, all and no other`, async (t) => {
		const {default: Class} = await load();
		const options = optionRows(Class).map(([left]) => left.trim());
		t.deepEqual(optionsOf(page).sort(), options.sort());
	});

	test(`${page} has the defaults of p2p-${id}`, async (t) => {
		const defaults = defaultsOf((await load()).default);
		const isSaid = (word: string) => new RegExp(`\\b${word}\\b`).test(read(page));
		t.deepEqual(defaults.filter(isSaid), defaults);
	});

	test(`${page} has the sections that a reader looks for`, (t) => {
		for (const section of ['ENVIRONMENT', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO'])
			t.regex(read(page), new RegExp(`^\\.Sh ${section}$`, 'm'));
	});

	test(`${page} has exit statuses of p2p(7), those of env(1) where there is a COMMAND`, async (t) => {
		const {takesCommand} = (await load()).default;
		const statuses = statusesOf(page).filter((status) => id !== 'lab' || status !== 69);
		const known: readonly number[] = Object.values(ExitCode);
		t.deepEqual(
			statuses.filter((status) => !known.includes(status)),
			[],
		);
		t.true(statuses.includes(ExitCode.trouble));
		t.is(statuses.includes(ExitCode.ownFailure), takesCommand);
	});
}

test('p2p-list.8 has every column', (t) => {
	for (const column of Object.keys(columns))
		t.regex(read('p2p-list.8'), new RegExp(`^.It ${column}$`, 'm'));
});

test('p2p(7) has every exit status', (t) => {
	t.deepEqual(statusesOf('p2p.7'), Object.values(ExitCode));
});

test('one-liners of the README have options that there are', async (t) => {
	const lines = readFileSync('README.md', 'utf8').split('\n');
	for (const line of lines.filter((line) => /^(p2p-|lspci)/.test(line)))
		t.deepEqual(await unknownOptions(line), [], line);
});

const drawn = pages.flatMap((page) =>
	examplesOf(page)
		.filter((line) => /lab\/machines|^printf|--help|p2p-lab --json/.test(line))
		.map((line) => [page, line] as const),
);

for (const [page, line] of drawn) {
	test(`${page}: ${line}`, (t) => {
		const {status, stderr, stdout} = type(line);
		t.true([0, 1].includes(status ?? ExitCode.trouble), stderr);
		t.is(stderr, '');
		t.true(stdout !== '' || line.includes('>'));
	});
}

/** In a folder of its own, in which the drawings are. */
function type(line: string) {
	const cwd = mkdtempSync(join(tmpdir(), 'p2p-man-'));
	symlinkSync(resolve('lab'), join(cwd, 'lab'));
	const env = {...process.env, PATH: `${resolve('bin')}:${process.env.PATH}`};
	try {
		return spawnSync('bash', ['-o', 'pipefail', '-c', line], {cwd, env, encoding: 'utf8'});
	} finally {
		rmSync(cwd, {recursive: true});
	}
}

/** Long options behind the name of a program which that program does not have. */
async function unknownOptions(line: string): Promise<string[]> {
	const unknown: string[] = [];
	for (const [, id = '', words = ''] of line.matchAll(/\bp2p[- ](\w+)([^|;&]*)/g)) {
		const Class = (await commands[id]?.())?.default;
		const own = words.split(' -- ')[0] ?? '';
		const names = [...own.matchAll(/ --([a-z][\w-]*)/g)].map(([, name = '']) => name);
		unknown.push(...names.filter((name) => name !== 'help' && !(Class && flagsOf(Class)[name])));
	}
	return unknown;
}

/** Those that are numbers or sizes. */
function defaultsOf(Class: CommandClass): string[] {
	return optionRows(Class).flatMap(([, right]) => / \((\d\w*)\)$/.exec(right)?.[1] ?? []);
}

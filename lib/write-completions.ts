// SPDX-License-Identifier: MIT
// A step of the build: completions/ and the tables of all programs become build/completions/.

import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {machineNames} from '../lab/machines.ts';
import {type Program, programOf} from './completion.ts';
import {bashTables} from './completion-bash.ts';
import {fishEscape, fishTables} from './completion-fish.ts';
import {zshTables} from './completion-zsh.ts';
import {classNames} from './function.ts';
import {commands} from './main.ts';

const programs: readonly Program[] = await Promise.all(
	Object.entries(commands).map(async ([id, load]) =>
		programOf(id, (await load()).default, machineNames()),
	),
);
const finder = fill(read('functions.sh'), {classes: classCases()});

mkdirSync('build/completions', {recursive: true});
write('p2p.bash', fill(read('p2p.bash'), {'functions.sh': finder, tables: bashTables(programs)}));
write(
	'_p2p',
	fill(read('p2p.zsh'), {
		programs: ['p2p', ...programs.map(({id}) => `p2p-${id}`)].join(' '),
		'functions.sh': finder,
		tables: zshTables(programs),
	}),
);
write(
	'p2p.fish',
	fill(read('p2p.fish'), {'functions.sh': fishEscape(finder), tables: fishTables(programs)}),
);

function read(name: string): string {
	return readFileSync(`completions/${name}`, 'utf8').trimEnd();
}

function write(name: string, text: string): void {
	writeFileSync(`build/completions/${name}`, `${text}\n`);
}

/** #name# becomes the text of that name. */
function fill(text: string, parts: Readonly<Record<string, string>>): string {
	return text.replaceAll(/#([a-z.]+)#/g, (mark, name) => parts[name] ?? mark);
}

/** The longest codes first, as the first that matches counts. */
function classCases(): string {
	const codes = Object.entries(classNames).sort(([one], [two]) => two.length - one.length);
	return codes.map(([code, name]) => `0x${code}*) class=${name} ;;`).join('\n\t');
}

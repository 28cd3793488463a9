// SPDX-License-Identifier: MIT
// What the real shells offer for a command line, with what build/completions/ has.

import {spawnSync} from 'node:child_process';
import {resolve} from 'node:path';

export type Offer = {readonly word: string; readonly text: string};
export type Shell = 'bash' | 'zsh' | 'fish';

// bash would cut words at : and =; that is tested by itself.
const bash = `
	. build/completions/p2p.bash
	compopt() { :; }
	COMP_WORDBREAKS=$' \\t\\n'
	for line; do
		COMP_LINE=$line COMP_POINT=\${#line}
		_p2p
		printf '%s\\n' "LINE $line" "\${COMPREPLY[@]}"
	done`;

const fish = `
	source build/completions/p2p.fish
	for line in $argv
		echo LINE $line
		complete -C $line
	end`;

const commands: Readonly<Record<Shell, readonly string[]>> = {
	bash: ['bash', '--norc', '-c', bash, 'bash'],
	zsh: ['zsh', '-f', 'test/helpers/complete.zsh', 'build/completions'],
	fish: ['fish', '--no-config', '-c', fish],
};

/** One start of the shell for all lines; the offers of each. */
export function offers(shell: Shell, lines: readonly string[]): Map<string, readonly Offer[]> {
	const [file = '', ...words] = commands[shell];
	const env = {...process.env, PATH: `${resolve('bin')}:${process.env.PATH}`};
	const {stdout, stderr} = spawnSync(file, [...words, ...lines], {env, encoding: 'utf8'});
	if (stderr !== '') throw new Error(stderr);
	const blocks = stdout.split(/^LINE /m).slice(1);
	return new Map(
		blocks.map((block) => {
			const [line = '', ...found] = block.split('\n');
			return [line, found.filter((word) => word !== '').map(offerOf)];
		}),
	);
}

export function wordsOf(offers: readonly Offer[] | undefined): string[] {
	return (offers ?? []).map(({word}) => word).sort();
}

function offerOf(line: string): Offer {
	const [word = '', text = ''] = line.split('\t');
	return {word, text};
}

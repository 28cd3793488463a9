// SPDX-License-Identifier: MIT
// The way of every program: bin/p2p-copy -> main() -> commands/copy.ts -> lib/native.ts -> the
// core. Here the words of the command line become a command, and whatever it throws becomes a
// sentence on stderr and an exit status.

import {type CommandClass, StaticConfig} from './base-command.ts';
import {describeError} from './describe-error.ts';
import {ExitCode} from './exit-code.ts';
import {Failure} from './failure.ts';
import {normalise} from './gnu.ts';
import {helpText, type Row, suiteHelp} from './help.ts';
import {tell, write, writeAs} from './output.ts';
import {version} from './version.ts';

type Load = () => Promise<{default: CommandClass}>;

export const commands: Readonly<Record<string, Load>> = {
	acs: () => import('../commands/acs.ts'),
	bench: () => import('../commands/bench.ts'),
	bind: () => import('../commands/bind.ts'),
	check: () => import('../commands/check.ts'),
	copy: () => import('../commands/copy.ts'),
	disk: () => import('../commands/disk.ts'),
	lab: () => import('../commands/lab.ts'),
	list: () => import('../commands/list.ts'),
	map: () => import('../commands/map.ts'),
	target: () => import('../commands/target.ts'),
	topo: () => import('../commands/topo.ts'),
};

/** program: 'p2p-copy', or 'p2p' whose first word then names the command. */
export async function main(program: string, words: readonly string[]): Promise<void> {
	const isUmbrella = program === 'p2p';
	const id = isUmbrella ? (words[0] ?? '--help') : program.slice('p2p-'.length);
	const known = Object.hasOwn(commands, id);
	const name = isUmbrella && known ? `p2p ${id}` : program;
	let ownFailure: number = ExitCode.trouble;
	writeAs(name);

	try {
		const load = known ? commands[id] : undefined;
		if (load === undefined) {
			await umbrella(words);
			return;
		}
		const {default: Class} = await load();
		const [own, command] = splitAtCommand(isUmbrella ? words.slice(1) : words, Class);
		if (command.length > 0) ownFailure = ExitCode.ownFailure;
		process.exitCode = ExitCode.yes;
		await runCommand(Class, name, own, command);
	} catch (error) {
		const failure = await toFailure(error, name);
		tell(failureText(name, failure));
		process.exitCode =
			ownFailure === ExitCode.ownFailure && failure.status < ExitCode.ownFailure
				? ExitCode.ownFailure
				: failure.status;
	}
}

async function runCommand(
	Class: CommandClass,
	name: string,
	own: readonly string[],
	command: readonly string[],
): Promise<void> {
	requireUtf8([...own, ...command]);
	const words = normalise(own, Class);
	const options = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
	if (options.includes('--help') || options.includes('-h')) {
		write(helpText(Class, name));
		return;
	}
	if (asksVersion(options)) {
		await writeVersion(name, options);
		return;
	}
	const instance = new Class(words, new StaticConfig(name));
	instance.program = name;
	instance.command = command;
	try {
		await instance.run();
	} catch (error) {
		const failure = await toFailure(error, name);
		const isJson = options.some((word) => ['--json', '-J'].includes(word)) && command.length === 0;
		instance.answerFailure(failure, isJson);
		throw failure;
	}
}

/** Node puts U+FFFD for what is none: another file would be meant. */
function requireUtf8(words: readonly string[]): void {
	const odd = words.find((word) => word.includes('\ufffd'));
	if (odd !== undefined)
		throw new Failure(`'${odd}' is not UTF-8, and no other names can be passed on`);
}

const isShort = (letter: string) => (word: string) =>
	/^-[vV]+$/.test(word) && word.includes(letter);

function asksVersion(words: readonly string[]): boolean {
	return words.includes('--version') || words.some(isShort('V'));
}

async function writeVersion(name: string, words: readonly string[]): Promise<void> {
	write(`${name} (p2putils) ${version}\n`);
	if (!words.includes('--verbose') && !words.some(isShort('v'))) return;
	const {findInterfaces, interfacesText} = await import('./interfaces.ts');
	write(interfacesText(findInterfaces()));
}

// With `-- COMMAND` everything behind the first `--` belongs to COMMAND.
function splitAtCommand(words: readonly string[], Class: CommandClass): [string[], string[]] {
	const at = words.indexOf('--');
	if (at < 0 || !Class.takesCommand) return [[...words], []];
	return [words.slice(0, at), words.slice(at + 1)];
}

async function umbrella(words: readonly string[]): Promise<void> {
	const [word = '--help'] = words;
	if (['--help', '-h', 'help'].includes(word)) write(suiteHelp(await summaries()));
	else if (asksVersion(words) && word.startsWith('-')) await writeVersion('p2p', words);
	else {
		throw new Failure(`'${word}' is not a program of this suite`, {hints: ['p2p --help']});
	}
}

function summaries(): Promise<Row[]> {
	return Promise.all(
		Object.entries(commands).map(async ([id, load]): Promise<Row> => {
			const {summary = ''} = (await load()).default;
			return [`p2p-${id}`, summary];
		}),
	);
}

async function toFailure(error: unknown, name: string): Promise<Failure> {
	if (error instanceof Failure) return error;
	if (error instanceof Error && 'oclif' in error) {
		const missing = missingNames(error);
		const message = missing === '' ? tidyUsage(error.message) : `missing operand: ${missing}`;
		return new Failure(message, {hints: [`${name} --help`]});
	}
	return describeError(error);
}

/** Of oclif's RequiredArgsError; '' for every other. */
function missingNames(error: Error): string {
	if (!error.message.startsWith('Missing ') || !('args' in error)) return '';
	const args = error.args as readonly {name: string}[];
	return args.map(({name}) => name.toUpperCase()).join(', ');
}

// oclif's words for a bad command line, as getopt would say them.
function tidyUsage(message: string): string {
	const [first = message, second = ''] = message.split('\n');
	const option = /^Parsing (--[\w-]+)/.exec(first)?.[1];
	if (option !== undefined)
		return `${option}: ${lowerFirst(second.trim()).replace(/ but received: (.*)/, ", not '$1'")}`;
	const said = first.startsWith('The following error') ? second.trim() : first;
	return said
		.replace(
			/^(--[\w-]+?)(?:=\S*)? cannot also be provided when using (--[\w-]+)$/,
			'$1 and $2 exclude each other',
		)
		.replace(/^Expected --([\w-]+)=(\S*) to be one of: (.*)$/, "--$1: '$2' is none of $3")
		.replace(
			/^All of the following must be provided when using (--[\w-]+): (.*)$/,
			'$1 goes with $2',
		)
		.replace(/^Nonexistent flags?: /, 'unrecognized option: ')
		.replace(/^Unexpected arguments?: /, 'extra operand: ')
		.replace(/\.$/, '');
}

function lowerFirst(text: string): string {
	return text.charAt(0).toLowerCase() + text.slice(1);
}

function failureText(name: string, failure: Failure): string {
	const lines = [`${name}: ${failure.message}`];
	lines.push(...under('Seen', failure.seen), ...under('Try', failure.hints));
	return `${lines.join('\n').replaceAll(notForTerminals, '?')}\n`;
}

/** Control characters but for tabs and ends of lines: names may hold what a terminal would obey. */
const notForTerminals = /(?![\t\n])\p{Cc}/gu;

function under(word: string, texts: readonly string[]): string[] {
	return texts.map((text, i) => `  ${(i === 0 ? `${word}: ` : '').padEnd(word.length + 2)}${text}`);
}

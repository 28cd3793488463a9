// SPDX-License-Identifier: MIT
// What all programs share: --json, --sysroot, the answer's way to stdout, and the exit status.

import {openSync, writeFileSync} from 'node:fs';
import {Command} from '@oclif/core/command';
import {Config} from '@oclif/core/config';
import {boolean, string} from '@oclif/core/flags';
import {ExitCode, type ExitStatus} from './exit-code.ts';
import {Failure} from './failure.ts';
import {write} from './output.ts';

export type CommandClass = Pick<
	typeof BaseCommand,
	| 'args'
	| 'baseFlags'
	| 'examples'
	| 'flags'
	| 'operandKinds'
	| 'operandsUsage'
	| 'optionalValues'
	| 'summary'
	| 'takesCommand'
> &
	(new (
		argv: string[],
		config: Config,
	) => BaseCommand);

const sysroot = {
	helpValue: 'DIR',
	default: '',
	description: 'look at the machine whose sys/ and proc/ lie under DIR',
} as const;

/** Of programs that need the running machine, and refuse --sysroot with a sentence of their own. */
export const noSysroot = {sysroot: string({...sysroot, hidden: true})};

/** What a word names. A place is an endpoint or a file. */
export type Named = 'functions' | 'ports' | 'endpoints' | 'places' | 'files' | 'folders' | 'text';

export abstract class BaseCommand extends Command {
	static override baseFlags = {
		json: boolean({description: 'write the answer as one JSON object'}),
		sysroot: string(sysroot),
	};

	/** Is there `-- COMMAND` at the end of the command line? */
	static takesCommand = false;
	/** Options whose value may be left out, and what that means. */
	static optionalValues: Readonly<Record<string, string>> = {};
	/** The operands in the usage line, where the table of arguments does not say it well. */
	static operandsUsage: string | undefined;

	/** What each operand names, for completion; the last stands for all that follow. */
	static operandKinds: readonly Named[] = [];

	/** What the user called: 'p2p-copy' or 'p2p copy'. */
	program = '';
	/** The words behind `--`. */
	command: readonly string[] = [];

	/** Was there an answer? */
	isAnswered = false;
	#file: number | undefined;

	/** The answer, once: text for people, or the object under --json; and how the program ends. */
	protected answer(
		status: ExitStatus,
		answer: {readonly text: string; readonly json: unknown},
		isJson: boolean,
	): void {
		this.isAnswered = true;
		process.exitCode = status;
		const text = isJson ? jsonText(answer.json) : answer.text;
		if (text !== '') write(text);
		this.writeAnswerFile(answer.json, status);
	}

	/** For --json-file: opened, and emptied, before anything else is touched. */
	protected openAnswerFile(path: string | undefined): void {
		if (path === '-')
			throw new Failure('--json-file wants a file', {hints: ['--json   for standard output']});
		if (path !== undefined) this.#file = openSync(path, 'w');
	}

	/** Where one was opened. What is worse than a full disk is told first. */
	protected writeAnswerFile(json: unknown, status: ExitStatus = ExitCode.yes): void {
		if (this.#file === undefined) return;
		try {
			writeFileSync(this.#file, jsonText(json));
		} catch (error) {
			if (status === ExitCode.yes) throw error;
		}
	}

	/** A failure that is an answer too (all but trouble), where nothing else was answered. */
	answerFailure({code, message, seen, hints, facts, status}: Failure, isJson: boolean): void {
		if (this.isAnswered || status === ExitCode.trouble || status >= ExitCode.ownFailure) return;
		const json = {version: 1, failure: {code: code ?? null, message, seen, hints, facts}};
		this.answer(status, {text: '', json}, isJson);
	}
}

/** A Config that reads nothing: no package.json, no plug-ins, no theme (they cost 80 ms). */
export class StaticConfig extends Config {
	constructor(bin: string) {
		super({root: '/'});
		this.bin = bin;
		this.name = 'p2putils';
	}

	override async runHook(): Promise<never> {
		return {successes: [], failures: []} as never;
	}
}

function jsonText(json: unknown): string {
	return `${JSON.stringify(json, null, 2)}\n`;
}

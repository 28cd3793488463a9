// SPDX-License-Identifier: MIT
// What all programs share: --json, --sysroot, the answer's way to stdout, and the exit status.

import {Command} from '@oclif/core/command';
import {Config} from '@oclif/core/config';
import {boolean, string} from '@oclif/core/flags';
import type {ExitStatus} from './exit-code.ts';
import {write} from './output.ts';

export type CommandClass = Pick<
	typeof BaseCommand,
	| 'args'
	| 'baseFlags'
	| 'examples'
	| 'flags'
	| 'operandsUsage'
	| 'optionalValues'
	| 'summary'
	| 'takesCommand'
> &
	(new (
		argv: string[],
		config: Config,
	) => BaseCommand);

export abstract class BaseCommand extends Command {
	static override baseFlags = {
		json: boolean({description: 'write the answer as one JSON object'}),
		sysroot: string({
			helpValue: 'DIR',
			default: '',
			description: 'look at the machine whose sys/ and proc/ lie under DIR',
		}),
	};

	/** Is there `-- COMMAND` at the end of the command line? */
	static takesCommand = false;
	/** Options whose value may be left out, and what that means. */
	static optionalValues: Readonly<Record<string, string>> = {};
	/** The operands in the usage line, where the table of arguments does not say it well. */
	static operandsUsage: string | undefined;

	/** What the user called: 'p2p-copy' or 'p2p copy'. */
	program = '';
	/** The words behind `--`. */
	command: readonly string[] = [];

	/** Was there an answer? */
	isAnswered = false;

	/** The answer, once: text for people, or the object under --json; and how the program ends. */
	protected answer(
		status: ExitStatus,
		answer: {readonly text: string; readonly json: unknown},
		isJson: boolean,
	): void {
		this.isAnswered = true;
		write(isJson ? `${JSON.stringify(answer.json, null, 2)}\n` : answer.text);
		process.exitCode = status;
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

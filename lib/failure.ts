// SPDX-License-Identifier: MIT
// The end of a program that did not go well: a sentence for people, a hint where there is
// something to try, and the exit status. Thrown by TypeScript; errors of the core become one in
// lib/describe.ts.

import {ExitCode, type ExitStatus} from './exit-code.ts';

type Options = {
	readonly status?: ExitStatus;
	readonly code?: string;
	readonly facts?: Readonly<Record<string, string>>;
	readonly hints?: readonly string[];
	readonly seen?: readonly string[];
};

export class Failure extends Error {
	readonly status: ExitStatus;
	readonly code: string | undefined;
	readonly facts: Readonly<Record<string, string>>;
	readonly hints: readonly string[];
	readonly seen: readonly string[];

	/**
	 * code, facts: the core's, for programs that read the answer.
	 * hints: complete lines, each a command with a short reason after it. seen: what else was
	 * noticed, a line each.
	 */
	constructor(message: string, options: Options = {}) {
		super(message);
		this.status = options.status ?? ExitCode.trouble;
		this.code = options.code;
		this.facts = options.facts ?? {};
		this.hints = options.hints ?? [];
		this.seen = options.seen ?? [];
	}
}

// SPDX-License-Identifier: MIT
import {string} from '@oclif/core/args';
import {option} from '@oclif/core/flags';
import {BaseCommand} from '../lib/base-command.ts';
import {describePair} from '../lib/describe.ts';
import {ExitCode, type ExitStatus} from '../lib/exit-code.ts';
import {native, type VerdictWord} from '../lib/native.ts';
import {loadStyle} from '../lib/style.ts';

export default class Check extends BaseCommand {
	static override summary =
		"Tell whether one function can reach another's memory, by which way, and what stands between.";
	static override args = {
		client: string({
			required: true,
			ignoreStdin: true,
			description: 'function that issues the requests: 0000:03:00.0, 03:00.0, nvme0n1',
		}),
		provider: string({
			required: true,
			ignoreStdin: true,
			description: 'function whose memory they hit',
		}),
	};
	static override flags = {
		require: option({
			options: ['direct', 'any'] as const,
			default: 'any' as const,
			description:
				'what counts as yes: direct alone, or through the root complex too (the default)',
		})(),
	};
	static override examples = [
		'<%= program %> 03:00.0 04:00.0',
		'<%= program %> --require direct --json nvme0n1 card0',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Check);
		const check = await native.check({root: flags.sysroot}, args.client, args.provider);
		const [pair] = check.pairs;
		if (pair === undefined) throw new Error('the core gave no pair');

		const text = flags.json ? '' : describePair(check.machine, pair, await loadStyle());
		const status = statusOf(pair.verdict, flags.require);
		this.answer(status, {text, json: {version: 1, ...check}}, flags.json);
	}
}

function statusOf(verdict: VerdictWord, required: 'direct' | 'any'): ExitStatus {
	if (verdict === 'unknown') return ExitCode.cannotTell;
	const isYes = verdict === 'direct' || (verdict === 'through-root' && required === 'any');
	return isYes ? ExitCode.yes : ExitCode.no;
}

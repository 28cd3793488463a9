// SPDX-License-Identifier: MIT
// The library: what p2p-list, p2p-check and p2p-copy answer, as values, from the same core.

import {type CopyWords, copyOrder} from './copy-order.ts';
import {describeError} from './describe-error.ts';
import {Failure} from './failure.ts';
import {chooseFunctions} from './function.ts';
import {requireOptions, requireText, requireTexts} from './library-options.ts';
import {mismatchFailure} from './mismatch-text.ts';
import {
	type CopyReport,
	type Machine,
	native,
	type Pair,
	type PciFunction,
	type Progress,
} from './native.ts';
import {readSource} from './source.ts';
import {readRunning} from './supply.ts';

export type {CopyWords} from './copy-order.ts';
/**
 * Every error of this library: `message` is the sentence that the programs print, `status` the exit
 * status they end with (p2p(7)), `code` and `facts` say the same to a program, `hints` what to try.
 */
export {Failure} from './failure.ts';
export type {
	Bar,
	CopyEnd,
	CopyLeg,
	CopyPlan,
	CopyReport,
	CopyResult,
	Finding,
	Link,
	Machine,
	Mismatch,
	Pair,
	PciFunction,
	Progress,
	VerdictWord,
	Verify,
	Witness,
} from './native.ts';

export type MachineOptions = {
	/** A file that holds the machine, as --from takes it; the running machine if left out. */
	readonly from?: string;
	/** Judge as this kernel would: '6.12'. */
	readonly kernel?: string;
	/** Judge as on this CPU: 'zen', 'intel', 'other', 'AuthenticAMD:25'. */
	readonly cpu?: string;
};

export type ListOptions = Pick<MachineOptions, 'from'> & {
	/** Bridges and everything else too, not only functions that issue requests or offer memory. */
	readonly all?: boolean;
};

export type Listing = {readonly machine: Machine; readonly functions: readonly PciFunction[]};

/**
 * The functions that matter, as p2p-list(8) shows them. With names ('0000:03:00.0', '03:00.0',
 * 'nvme0n1', a kernel path, VENDOR:DEVICE@SLOT) only those. Changes nothing. Rejects with a Failure
 * where a name names no function or the file holds no machine.
 */
export async function list(
	names: readonly string[] = [],
	options: ListOptions = {},
): Promise<Listing> {
	return told(async () => {
		requireTexts('names', names);
		requireOptions('list', options);
		const {from, all = false} = options;
		const source = await readSource({sysroot: '', from});
		const {machine, functions} = await native.scan(source);
		return {machine, functions: await chooseFunctions(source, functions, names, all)};
	});
}

/**
 * The verdict of p2p-check(8): may the client's requests reach the provider's memory, by which way,
 * and what stands between. `verdict` 'unknown' is not 'no', and never yes. Changes nothing.
 */
export async function check(
	client: string,
	provider: string,
	options: MachineOptions = {},
): Promise<Pair> {
	return told(async () => {
		requireText('client', client);
		requireText('provider', provider);
		requireOptions('check', options);
		const source = await readSource({sysroot: '', ...options});
		const {pairs} = await native.check(source, [[client, provider]]);
		const [pair] = pairs;
		if (pair === undefined) throw new Error('the core gave no pair');
		return pair;
	});
}

export type CopyOptions = CopyWords & {
	/** Aborting it silences the functions at once; once all is undone the promise rejects with its reason. */
	readonly signal?: AbortSignal;
	/** Called a few times a second. What it throws ends the copy, which then rejects with that. */
	readonly onProgress?: (progress: Progress) => void;
};

/**
 * Copies as p2p-copy(8) does, with the same checks before and the same proof after: of samples, or of
 * every byte with `verify: 'full'`. Resolves when all bytes have been moved and nothing spoke against
 * them; rejects with a Failure otherwise, of status 3 where the data was wrong, with what is known of
 * it as its `cause`.
 *
 * @param from NAME/nsN[+OFF], NAME/barN[+OFF], NAME/cmb, NAME/pmr, /dev/nvmeXnY[+OFF], ./FILE[+OFF]
 * @param to the same; at least one of them is a function
 */
export async function copy(
	from: string,
	to: string,
	options: CopyOptions = {},
): Promise<CopyReport> {
	return told(async () => {
		requireText('from', from);
		requireText('to', to);
		requireOptions('copy', options);
		const {signal, onProgress, ...words} = options;
		const order = copyOrder(from, to, words);
		const source = await readRunning();
		signal?.throwIfAborted();
		let thrown: {readonly error: unknown} | undefined;
		const job = native.copy(source, order, (told) => {
			try {
				if ('phase' in told && thrown === undefined) onProgress?.(told);
			} catch (error) {
				thrown = {error};
				stop();
			}
		});
		const stop = () => job.stop();
		signal?.addEventListener('abort', stop, {once: true});
		try {
			const report = await job.result;
			if (thrown !== undefined) throw thrown.error;
			const failure = mismatchFailure(report);
			if (failure !== undefined) throw Object.assign(failure, {cause: report.result.mismatch});
			return report;
		} catch (error) {
			const isStopped = (error as {code?: unknown}).code === 'P2P_STOPPED';
			if (isStopped && thrown !== undefined) throw thrown.error;
			throw isStopped && signal?.aborted ? signal.reason : error;
		} finally {
			signal?.removeEventListener('abort', stop);
		}
	});
}

/** What the core throws, as the sentence that the programs would print. */
async function told<T>(work: () => Promise<T>): Promise<T> {
	try {
		return await work();
	} catch (error) {
		const isOurs = error instanceof Failure || !(error instanceof Error && 'facts' in error);
		throw isOurs ? error : describeError(error);
	}
}

// SPDX-License-Identifier: MIT
// Ctrl-C and the like: the first asks the job to end tidily, and the process then dies of the
// signal; the second makes the job skip every wait on the way. The third does not wait for the job.

import type {Job} from './native.ts';
import {dieOf} from './output.ts';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The job's result; where a signal came first, the end of the process after the job's own. */
export async function endBySignal<T>(job: Job<T>, settled: () => void): Promise<T> {
	const stopping = stopBySignal(job);

	try {
		const result = await job.result;
		if (stopping.by() === undefined) return result;
	} catch (error) {
		if (stopping.by() === undefined) throw error;
	} finally {
		settled();
		stopping.end();
	}
	return await die(stopping);
}

function die(stopping: Stopping): Promise<never> {
	dieOf(stopping.by() as NodeJS.Signals);
	return new Promise<never>(() => {});
}

/** The same for a job that a signal is the right end of: its result then too, unless there is none. */
export async function stoppedBySignal<T>(job: Job<T>, settled: () => void): Promise<T> {
	const stopping = stopBySignal(job);

	try {
		return await job.result;
	} catch (error) {
		if ((error as {code?: unknown}).code !== 'P2P_STOPPED') throw error;
	} finally {
		settled();
		stopping.end();
	}
	return await die(stopping);
}

/** The same for a job that is undone by a signal, or done: then that is said, whatever still comes. */
export async function undoneBySignal<T>(job: Job<T>): Promise<T> {
	const stopping = stopBySignal(job);

	try {
		return await job.result;
	} catch (error) {
		if ((error as {code?: unknown}).code !== 'P2P_STOPPED') throw error;
		return await die(stopping);
	}
}

/** by(): the signal that came first; end(): signals are what they were. */
export type Stopping = {by(): NodeJS.Signals | undefined; end(): void};

export const noStopping: Stopping = {by: () => undefined, end: () => {}};

/** Signals stop the job, until end(). */
export function stopBySignal(job: Job<unknown>): Stopping {
	let received: NodeJS.Signals | undefined;
	let count = 0;
	const onSignal = (signal: NodeJS.Signals) => {
		received ??= signal;
		count++;
		if (count > 2) dieOf(signal);
		else job.stop();
	};
	for (const signal of signals) process.on(signal, onSignal);

	return {
		by: () => received,
		end: () => {
			for (const signal of signals) process.off(signal, onSignal);
		},
	};
}

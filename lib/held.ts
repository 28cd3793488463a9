// SPDX-License-Identifier: MIT
// Work that tells when something is there and then holds it until it is stopped.

import type {Job} from './native.ts';

export type Held<Report> = {
	readonly report: Report;
	readonly job: Job<null>;
	close(): Promise<void>;
};

/** Once start() has called ready. */
export async function hold<Report>(
	start: (ready: (report: Report) => void) => Job<null>,
): Promise<Held<Report>> {
	let started: Job<null> | undefined;
	const report = await new Promise<Report>((ready, refused) => {
		started = start(ready);
		started.result.catch(refused);
	});
	const job = started as Job<null>;
	// The process waits for the work at its end, whoever ends it: a reader of stdout that has gone.
	process.once('exit', () => {
		job.stop();
		job.stop();
	});

	return {
		report,
		job,
		close: async () => {
			job.stop();
			await job.result;
		},
	};
}

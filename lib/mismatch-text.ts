// SPDX-License-Identifier: MIT
// What p2p-copy says of bytes that are not what they should be, and of what was seen meanwhile.

import {ExitCode} from './exit-code.ts';
import {Failure} from './failure.ts';
import type {CopyEnd, CopyPlan, CopyReport, Mismatch} from './native.ts';
import {bytes} from './units.ts';
import {faultText, witnessLines} from './witness-text.ts';

/** The ending of such a copy; undefined where all is well. */
export function mismatchFailure({plan, result}: CopyReport): Failure | undefined {
	const {mismatch, witnesses} = result;
	if (mismatch === null) return undefined;
	const seen = witnessLines(witnesses);
	if (mismatch.isSourceUnstable) {
		return new Failure(
			`the source changed under verification at byte ${mismatch.offset}: nothing is proved`,
			{status: ExitCode.cannotTell, seen},
		);
	}
	const hints = plan.legs
		.filter(({provider}) => provider !== null)
		.map((leg) => `p2p-check ${leg.client} ${leg.provider}   the route and its conditions`);
	if (mismatch.kind === 'faulted') {
		return new Failure(
			`${faultText(witnesses)}: not every byte can have arrived, ${plan.verify === 'none' ? 'and nothing was looked at' : 'though the samples are right'}`,
			{
				status: ExitCode.wrongData,
				seen,
				hints: ['--verify   compares every byte, and says which are missing', ...hints],
			},
		);
	}
	return new Failure(
		`wrong data at byte ${mismatch.offset}, ${bytes(mismatch.length)}: ${kindText(mismatch, plan)}${sourceText(mismatch, plan)}`,
		{status: ExitCode.wrongData, seen, hints},
	);
}

/** Every byte was compared and is right, and yet the IOMMU refused something. */
export function faultWarning({result}: CopyReport): string | undefined {
	const fault = result.mismatch === null ? faultText(result.witnesses) : undefined;
	return fault && `${fault}; every byte was compared all the same, and is right`;
}

function kindText(mismatch: Mismatch, plan: CopyPlan): string {
	const to = endName(plan.to);
	const memory = [plan.to, plan.from, plan.via].find((end) => end?.busAddress !== null);
	const texts: Readonly<Record<Mismatch['kind'], string>> = {
		'all-ones': `all ones, as a read that nobody answers gives: ${endName(memory ?? plan.from)} did not respond to memory requests`,
		unchanged: `unchanged: the writes never arrived at ${to}, though the device reported success`,
		zeros:
			'zeros, where the source has data: the reads were answered by nobody, or by an IOMMU fault',
		shifted: `${shiftText(mismatch)}: the device, or what splits its requests, counts addresses wrongly`,
		stale: staleText(mismatch),
		torn: `torn: what arrived and what stands unchanged meet at byte ${mismatch.boundary}: some writes of a request were dropped`,
		different: 'data of another origin: somebody else writes there, or the memory is damaged',
		'not-memory': 'what was written there beforehand does not read back: this is not memory',
		'memory-off': `${endName(memory ?? plan.to)} stopped decoding memory during the copy (its COMMAND register changed, or it is gone)`,
		guard: `bytes beside the destination in ${to} changed, which no copy may do`,
		faulted: '',
	};
	return texts[mismatch.kind];
}

function shiftText({by}: Mismatch): string {
	const far = Math.abs(by ?? 0);
	const exact = `${far} ${far === 1 ? 'byte' : 'bytes'}`;
	return `shifted by ${exact}, ${(by ?? 0) > 0 ? 'behind' : 'before'} where it belongs`;
}

function staleText({offset, by, seed}: Mismatch): string {
	if (seed !== null)
		return `stale: pattern of seed ${seed}, which another run left there: the writes never arrived`;
	return `stale: what belongs at byte ${offset - (by ?? 0)}: two requests changed places, or a slot between the devices was used again before it was free`;
}

function sourceText({isAtSource}: Mismatch, plan: CopyPlan): string {
	return isAtSource
		? `; ${endName(plan.from)} does not hold the pattern that was written there`
		: '';
}

function endName(end: CopyEnd): string {
	return end.function ?? end.path ?? 'the stream';
}

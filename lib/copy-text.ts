// SPDX-License-Identifier: MIT
// What p2p-copy says: before (--explain), after (the summary), and as JSON; all three from the
// same two objects.

import {ExitCode} from './exit-code.ts';
import {Failure} from './failure.ts';
import type {CopyPlan, CopyReport, CopyResult, Mismatch} from './native.ts';
import {bytes, rate} from './units.ts';

type Ends = {readonly from: string; readonly to: string};

export function copyJson(ends: Ends, plan: CopyPlan, result: CopyResult | null): unknown {
	return {version: 1, from: ends.from, to: ends.to, plan, result};
}

export function explainText(plan: CopyPlan): string {
	const length = plan.length === null ? 'all of FROM' : bytes(plan.length);
	return lines([
		['would move', `${length}, ${directionText(plan)}`],
		...routeRows(plan, plan.addressKind),
		['address', `${plan.busAddress} (${addressText(plan.addressKind)})`],
		['verify', plan.verify],
		['changes', 'nothing was touched: this is what p2p-copy would do'],
	]);
}

export function summaryText({plan, result}: CopyReport): string {
	const seconds = result.durationNs / 1e9;
	const perSecond = result.bytes / Math.max(seconds, 1e-9);
	return lines([
		[
			'moved',
			`${bytes(result.bytes)} in ${seconds.toFixed(2)} s, ${rate(perSecond)}, ${directionText(plan)}`,
		],
		...routeRows(plan, result.addressKind),
		['address', `${result.iova} (${addressText(result.addressKind)})`],
		[
			'requests',
			`${result.requests} of up to ${bytes(result.requestSize)}, ${result.queues} queues of ${result.depth}, ${result.blockSize}-byte blocks`,
		],
		['verify', verifyText(plan, result)],
	]);
}

/** The ending of a copy whose bytes are not what they should be; undefined where all is well. */
export function mismatchFailure({plan, result}: CopyReport): Failure | undefined {
	const {mismatch} = result;
	if (mismatch === null) return undefined;
	if (mismatch.isSourceUnstable) {
		return new Failure(
			`the source changed under verification at byte ${mismatch.offset}: nothing is proved`,
			{
				status: ExitCode.cannotTell,
			},
		);
	}
	return new Failure(
		`wrong data at byte ${mismatch.offset}, ${bytes(mismatch.length)}: ${kindText(mismatch, plan)}`,
		{
			status: ExitCode.wrongData,
			hints: [
				`p2p-check ${plan.client} ${plan.provider}   the route and its conditions`,
				"dmesg | grep -E 'DMAR|AMD-Vi|AER'   faults that the kernel saw meanwhile",
			],
		},
	);
}

function kindText({kind}: Mismatch, plan: CopyPlan): string {
	const reader = plan.direction === 'from-medium' ? plan.provider : plan.client;
	const texts: Readonly<Record<Mismatch['kind'], string>> = {
		'all-ones': `all ones, as a read that nobody answers gives: ${plan.provider} did not respond to memory requests`,
		unchanged: `unchanged: the writes never arrived at ${reader}, though the device reported success`,
		zeros:
			'zeros, where the source has data: the reads were answered by nobody, or by an IOMMU fault',
		shifted: 'the right data in the wrong place',
		torn: 'partly there, partly unchanged: some writes were dropped',
		different: 'data of another origin',
		'not-memory': 'what was written there beforehand does not read back: this is not memory',
		'memory-off': `${plan.provider} stopped decoding memory during the copy (its COMMAND register changed, or it is gone)`,
	};
	return texts[kind];
}

function directionText(plan: CopyPlan): string {
	return plan.direction === 'from-medium'
		? `${plan.client} reads its namespace and writes to ${plan.provider}`
		: `${plan.client} reads from ${plan.provider} and writes its namespace`;
}

function routeRows(plan: CopyPlan, addressKind: CopyPlan['addressKind']): [string, string][] {
	const {pair} = plan;
	const route = pair.fabric.route.length === 0 ? '' : ` by ${pair.fabric.route.join(', ')}`;
	const distance = pair.kernel.distance === null ? '' : `, distance ${pair.kernel.distance}`;
	const byIova =
		addressKind === 'iova' && pair.verdict === 'direct'
			? ' (this iova goes through the root complex)'
			: '';
	return [
		['route', `${pair.verdict}${route}${byIova}`],
		['kernel', `${pair.kernel.mapType}${distance}`],
		[
			'engine',
			`${plan.engine}, provider through ${plan.providerAccess}, mapped by ${plan.mechanism}`,
		],
	];
}

function addressText(kind: CopyPlan['addressKind']): string {
	return kind === 'bus-address' ? 'iova = bus address of the BAR' : 'an iova of its own';
}

function verifyText(plan: CopyPlan, result: CopyResult): string {
	if (plan.verify === 'none') return 'none: nothing is proved';
	const outcome = result.mismatch === null ? 'equal' : 'WRONG';
	const how = plan.verify === 'full' ? 'every byte' : 'sampled';
	return `${outcome}, ${how}: ${bytes(result.verifiedBytes)} compared in ${(result.verifyNs / 1e9).toFixed(2)} s`;
}

function lines(rows: readonly (readonly [string, string])[]): string {
	return rows.map(([name, text]) => `${name.padEnd(11)}${text}\n`).join('');
}

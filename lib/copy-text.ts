// SPDX-License-Identifier: MIT
// What p2p-copy says: before (--explain), after (the summary), and as JSON; all three from the
// same two objects.

import {frameRows, frameWay} from './frames-text.ts';
import type {CopyEnd, CopyLeg, CopyPlan, CopyReport, CopyResult, Frames} from './native.ts';
import {linkShare, slowestLink} from './progress.ts';
import {bytes, linkText, rate} from './units.ts';
import {witnessLines} from './witness-text.ts';

type Ends = {readonly from: string; readonly to: string};

export function copyJson(ends: Ends, plan: CopyPlan, result: CopyResult | null): unknown {
	return {version: 1, from: ends.from, to: ends.to, plan, result};
}

export function explainText(plan: CopyPlan): string {
	const length = plan.length === null ? allText(plan) : bytes(plan.length);
	return lines([
		['would move', `${length}, ${wayText(plan, null)}`],
		...legRows(plan, plan.addressKind),
		...addressRows(plan, memoryOf(plan)?.busAddress ?? null, plan.addressKind),
		...patternRows(plan, 'would be overwritten'),
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
			`${bytes(result.bytes)} in ${seconds.toFixed(2)} s, ${rate(perSecond)}, ${wayText(plan, result.frames)}`,
		],
		...frameRows(result),
		...legRows(plan, result.addressKind),
		...addressRows(plan, result.iova, result.addressKind),
		...linkRows(plan, perSecond),
		[
			'requests',
			`${result.requests} of up to ${bytes(result.requestSize)}, ${result.queues} queues of ${result.depth}, ${result.blockSize}-byte blocks`,
		],
		...patternRows(plan, 'was overwritten'),
		['verify', verifyText(plan, result)],
		...witnessLines(result.witnesses).map((line): [string, string] => ['seen', line]),
		...(result.isDeaf
			? [['not seen', "the IOMMU's refusals: this user may not read the kernel's log"] as const]
			: []),
	]);
}

function allText({from, frames}: CopyPlan): string {
	if (from.kind !== 'video') return 'all of FROM';
	return frames === null ? 'frames until it is told to stop, or TO is full' : `${frames} frames`;
}

/** The peer memory that functions reach into. */
function memoryOf(plan: CopyPlan): CopyEnd | null {
	if (plan.way !== 'peer') return null;
	return plan.via ?? (plan.to.kind === 'ns' ? plan.from : plan.to);
}

function wayText(plan: CopyPlan, frames: Frames | null): string {
	if (plan.from.kind === 'video') return frameWay(plan, frames);
	const staged = plan.legs.map(({client}) => client).join(' and ');
	if (plan.way === 'cpu') return 'carried by the CPU: not peer-to-peer';
	if (plan.way === 'staged') return `${staged} through host memory: not peer-to-peer`;
	const [first, second] = plan.legs;
	if (first === undefined) return '';
	if (second === undefined)
		return first.direction === 'from-medium'
			? `${first.client} reads its namespace and writes to ${first.provider}`
			: `${first.client} reads from ${first.provider} and writes its namespace`;
	return first.client === second.client && plan.via === null
		? `${first.client} reads from ${first.provider} and writes to ${second.provider}`
		: `${first.client} writes to ${first.provider}, ${second.client} reads from it`;
}

function legRows(plan: CopyPlan, addressKind: CopyPlan['addressKind']): [string, string][] {
	return plan.legs.flatMap((leg) => routeRows(plan, leg, addressKind));
}

function routeRows(
	plan: CopyPlan,
	{pair, engine}: CopyLeg,
	addressKind: CopyPlan['addressKind'],
): [string, string][] {
	if (pair === null) return [['engine', engine]];
	const route = pair.fabric.route.length === 0 ? '' : ` by ${pair.fabric.route.join(', ')}`;
	const distance = pair.kernel.distance === null ? '' : `, distance ${pair.kernel.distance}`;
	const byIova =
		addressKind === 'iova' && pair.verdict === 'direct'
			? ' (this iova goes through the root complex)'
			: '';
	const access = memoryOf(plan)?.access;
	const how =
		plan.mechanism === 'p2pmem'
			? `${engine}'s driver, memory by p2pmem`
			: `${engine}, provider through ${access}, mapped by ${plan.mechanism}`;
	return [
		['route', `${pair.verdict}${route}${byIova}`],
		['kernel', `${pair.kernel.mapType}${distance}`],
		['engine', how],
	];
}

function addressRows(
	plan: CopyPlan,
	address: string | null,
	kind: CopyPlan['addressKind'],
): [string, string][] {
	if (plan.way !== 'peer' || address === null) return [];
	return [['address', `${address} (${addressText(kind)})`]];
}

function linkRows(plan: CopyPlan, perSecond: number): [string, string][] {
	const link = slowestLink(plan);
	if (link === undefined) return [];
	const share = linkShare(plan, perSecond);
	const used =
		share === undefined ? 'which this went beyond: it is emulated' : `${share} of it used`;
	return [
		['link', `${linkText(link)} at ${link.bdf}, at most ${rate(link.bytesPerSecond)}, ${used}`],
	];
}

function addressText(kind: CopyPlan['addressKind']): string {
	return kind === 'bus-address' ? 'iova = bus address of the BAR' : 'an iova of its own';
}

function patternRows({pattern}: CopyPlan, what: string): [string, string][] {
	return pattern === null ? [] : [['pattern', `seed ${pattern}; FROM ${what} with it first`]];
}

function verifyText(plan: CopyPlan, result: CopyResult): string {
	if (plan.verify === 'none') return 'none: nothing is proved';
	const outcome = result.mismatch === null ? 'equal' : 'WRONG';
	const how = plan.verify === 'full' ? 'every byte' : 'sampled';
	const sum = result.crc32c === null ? '' : `, CRC-32C ${result.crc32c}`;
	return `${outcome}, ${how}: ${bytes(result.verifiedBytes)} compared in ${(result.verifyNs / 1e9).toFixed(2)} s${sum}`;
}

function lines(rows: readonly (readonly [string, string])[]): string {
	return rows.map(([name, text]) => `${name.padEnd(11)}${text}\n`).join('');
}

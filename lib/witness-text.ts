// SPDX-License-Identifier: MIT
// What others noticed during a copy, as sentences.

import type {Witness} from './native.ts';

/** One line for each; the IOMMU's refusals first. */
export function witnessLines(witnesses: readonly Witness[]): string[] {
	const lines = witnesses.map(witnessText);
	return lines.length <= most
		? lines
		: [...lines.slice(0, most), `and ${lines.length - most} more, see --json`];
}

/** Which of the copy's own functions had requests refused by the IOMMU, and how many were logged. */
export function faultText(witnesses: readonly Witness[]): string | undefined {
	const faults = witnesses.filter((witness) => witness.kind === 'iommu-fault');
	if (faults.length === 0) return undefined;
	const each = faults.map((fault) => `${times(fault.count)} of ${fault.function}`);
	return `the IOMMU refused ${each.join(' and ')} during the copy`;
}

const most = 8;

function witnessText(witness: Witness): string {
	switch (witness.kind) {
		case 'iommu-fault': {
			const access = witness.access === null ? 'an access' : `a ${witness.access}`;
			const place = witness.address === null ? '' : ` at ${witness.address}`;
			return `${witness.iommu} refused ${times(witness.count)} of ${witness.function}, the first ${access}${place}`;
		}
		case 'aer':
			return `${witness.function} counted ${witness.severity} PCIe errors: ${witness.name} +${witness.count}`;
		case 'nvme-error':
			return `${witness.function} logged ${witness.status}: block ${witness.lba} of namespace ${witness.nsid}, queue ${witness.queue}, command ${witness.command}`;
	}
}

// The kernel limits how many lines it writes.
function times(count: number): string {
	return count === 1 ? 'a request' : `${count} or more requests`;
}

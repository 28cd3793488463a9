// SPDX-License-Identifier: MIT
// What p2p-map says, and what COMMAND inherits from it.

import type {MapReport, ShareReport} from './native.ts';
import {bytes} from './units.ts';

/** Variables, and descriptors that become 3, 4, … of COMMAND. */
export type Inheritance = {
	readonly facts: Readonly<Record<string, string>>;
	readonly fds: readonly number[];
};

/** The client's VFIO device, the mapped stretch as a dma-buf, host memory: what there is of them. */
export function mappingInheritance(report: MapReport): Inheritance {
	const facts = {
		P2P_IOVA: report.iova,
		P2P_BUS_ADDRESS: report.busAddress,
		P2P_LENGTH: `${report.length}`,
	};
	const host =
		report.hostFd === null
			? {}
			: {P2P_HOST_IOVA: report.hostIova ?? '', P2P_HOST_LENGTH: `${report.hostLength}`};
	return inherit(
		{...facts, ...host},
		{
			P2P_CLIENT_FD: report.clientFd,
			P2P_DMABUF_FD: report.dmaBufFd,
			P2P_HOST_FD: report.hostFd,
		},
	);
}

export function shareInheritance(report: ShareReport): Inheritance {
	const facts = {
		P2P_LENGTH: `${report.length}`,
		P2P_DMABUF_OFFSET: '0',
		P2P_DMABUF_LENGTH: `${report.size}`,
		...(report.busAddress === null ? {} : {P2P_BUS_ADDRESS: report.busAddress}),
	};
	return inherit(facts, {P2P_DMABUF_FD: report.dmaBufFd, P2P_HOST_FD: report.hostFd});
}

function inherit(
	facts: Readonly<Record<string, string>>,
	descriptors: Readonly<Record<string, number | null>>,
): Inheritance {
	const open = Object.entries(descriptors).flatMap(([name, fd]) =>
		fd === null ? [] : [{name, fd}],
	);
	const numbers = open.map(({name}, index) => [name, `${index + 3}`]);
	return {facts: {...facts, ...Object.fromEntries(numbers)}, fds: open.map(({fd}) => fd)};
}

export function mappingText(report: MapReport): string {
	const kind =
		report.addressKind === 'bus-address' ? 'the bus address itself' : 'an address of its own';
	return lines([
		['iova', `${report.iova} (${kind})`],
		['bus address', report.busAddress],
		['length', lengthText(report.length)],
		['mechanism', `${report.mechanism}, provider through ${report.providerAccess}`],
		['route', report.pair.verdict],
		['dma-buf', report.dmaBufFd === null ? 'not exported' : 'exported as well (P2P_DMABUF_FD)'],
	]);
}

export function shareText(report: ShareReport): string {
	return lines([
		['dma-buf', `${lengthText(report.size)}, exported by ${report.exporter ?? 'the kernel'}`],
		memoryLine(report),
	]);
}

function memoryLine({busAddress, driver, function: bdf}: ShareReport): [string, string] {
	if (busAddress !== null) return ['bus address', busAddress];
	if (driver === null) return ['memory', 'host memory, a memfd (P2P_HOST_FD)'];
	return ['memory', `where ${driver} puts it, ${bdf ?? 'which drives no PCI function'}`];
}

function lengthText(length: number): string {
	return `${length} (${bytes(length)})`;
}

function lines(rows: readonly (readonly [string, string])[]): string {
	return rows.map(([name, text]) => `${name.padEnd(12)} ${text}\n`).join('');
}

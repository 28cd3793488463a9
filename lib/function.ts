// SPDX-License-Identifier: MIT
// What a function is, offers and can be: from its class code and BARs, without pci.ids.

import {native, type PciFunction, type Source} from './native.ts';
import {shortSize} from './units.ts';

export type Part = 'client' | 'provider';

/** Memory that a function offers to others. */
export type Memory = {
	readonly name: string;
	readonly size: number;
	/** Known to be memory; a BAR of another kind may be registers. */
	readonly isKnown: boolean;
};

export function className({classCode}: Pick<PciFunction, 'classCode'>): string {
	const code = classCode.toString(16).padStart(6, '0');
	const lengths = [6, 4, 2];
	const known = lengths.map((length) => classNames[code.slice(0, length)]).find(Boolean);
	return known ?? code;
}

export function memoryOf(it: PciFunction): Memory[] {
	const bars = it.bars
		.filter(({kind}) => kind === 'memory')
		.map((bar) => ({name: `bar${bar.index}`, size: bar.size, isKnown: isKnownMemory(it, bar)}));
	return [
		...bars,
		...(it.cmbSize ? [{name: 'cmb', size: it.cmbSize, isKnown: true}] : []),
		...(it.p2pmem ? [{name: 'p2pmem', size: it.p2pmem.size, isKnown: true}] : []),
	];
}

/** Without what is taken for registers. */
export function offeredBy(it: PciFunction): Memory[] {
	return memoryOf(it).filter(({isKnown, size}) => isKnown || size >= leastMemory);
}

/** With what the kernel keeps of it for HMM, which nobody else reaches. */
export function memoryText(it: PciFunction): string {
	const {devicePrivate: kept} = it;
	const offered = memoryOf(it).map(({name, size}) => `${name} ${shortSize(size)}`);
	const size = kept?.size ?? null;
	return [
		...offered,
		...(it.vram === null ? [] : [`vram ${shortSize(it.vram)}`]),
		...(kept === null ? [] : [`device-private ${size === null ? '?' : shortSize(size)}`]),
	].join(', ');
}

/** What the function can be in a transfer. */
export function partsOf(it: PciFunction): Part[] {
	if (!isEndpoint(it)) return [];
	const isProvider = offeredBy(it).length > 0;
	return [
		...(movesBytes(it) ? (['client'] as const) : []),
		...(isProvider ? (['provider'] as const) : []),
	];
}

/** Is it of a class that moves bytes, whatever is known of its BARs? */
export function movesBytesByClass({classCode}: PciFunction): boolean {
	return moving.includes(classCode >> 16) || classCode >> 8 === infiniband;
}

/** All that is known of it, for --json. */
export function recordOf(it: PciFunction): object {
	return {
		...it,
		class: className(it),
		engine: it.engine,
		memory: memoryOf(it),
		can: partsOf(it),
	};
}

/** Those of these names, each once; without a name those that matter, or all. */
export async function chooseFunctions(
	source: Source,
	functions: readonly PciFunction[],
	names: readonly string[],
	isAll: boolean,
): Promise<PciFunction[]> {
	return names.length > 0
		? functionsNamed(source, functions, names)
		: functions.filter((it) => isAll || partsOf(it).length > 0);
}

/** In the order of the names, of which one may mean several functions. */
export async function functionsNamed(
	source: Source,
	functions: readonly PciFunction[],
	names: readonly string[],
): Promise<PciFunction[]> {
	return functionsOf(functions, (await native.find(source, names)).flat());
}

/** Each once. */
export function functionsOf(
	functions: readonly PciFunction[],
	bdfs: readonly string[],
): PciFunction[] {
	return [...new Set(bdfs)].flatMap((bdf) => functions.find((it) => it.bdf === bdf) ?? []);
}

const MiB = 1024 ** 2;
/** Smaller BARs of unknown kind are taken for registers. */
const leastMemory = MiB;

/** By the first digits of the class code; the longest that matches counts. */
export const classNames: Readonly<Record<string, string>> = {
	'010802': 'nvme',
	'0100': 'scsi',
	'0101': 'ide',
	'0104': 'raid',
	'0106': 'sata',
	'0107': 'sas',
	'0108': 'nvm',
	'01': 'storage',
	'0207': 'infiniband',
	'02': 'network',
	'0300': 'vga',
	'0302': '3d',
	'03': 'display',
	'0400': 'video',
	'0403': 'audio',
	'04': 'multimedia',
	'0500': 'ram',
	'0502': 'cxl-memory',
	'05': 'memory',
	'0600': 'host-bridge',
	'0601': 'isa-bridge',
	'0604': 'bridge',
	'06': 'bridge',
	'07': 'communication',
	'0806': 'iommu',
	'08': 'system',
	'0b': 'processor',
	'0c03': 'usb',
	'0c05': 'smbus',
	'0c06': 'infiniband',
	'0c': 'serial-bus',
	'0d': 'wireless',
	'10': 'crypto',
	'11': 'signal',
	'12': 'accelerator',
	'13': 'instrumentation',
	ff: 'other',
};

/** Base classes whose functions read and write memory in bulk. */
const moving = [0x01, 0x02, 0x03, 0x04, 0x0b, 0x10, 0x11, 0x12, 0xff];

/** InfiniBand adapters once stood among the serial buses. */
const infiniband = 0x0c06;

function isEndpoint({role}: PciFunction): boolean {
	return role === 'endpoint' || role === 'rc-integrated';
}

function movesBytes(it: PciFunction): boolean {
	return movesBytesByClass(it) && it.bars.some(({kind}) => kind === 'memory');
}

// The same rule as that of the core's guard, and what the nvme driver tells.
function isKnownMemory(it: PciFunction, bar: PciFunction['bars'][number]): boolean {
	if (it.vendor === 0x1af4 && it.device === 0x1110) return bar.index === 2;
	const largest = Math.max(...it.bars.filter((b) => b.isPrefetchable).map(({size}) => size));
	return it.classCode >> 16 === 0x03 && bar.isPrefetchable && bar.size === largest;
}

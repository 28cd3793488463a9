// SPDX-License-Identifier: MIT
// A machine as one JSON file: docs/capture.md. What is read from such a file is looked at here,
// field by field, before the core sees it.

import {Failure} from './failure.ts';
import type {Capture} from './native.ts';

const version = 1;

/** The text of a capture file. */
export function captureText({machine, functions}: Capture): string {
	const {commandLine} = machine as {commandLine: string};
	const head = {
		capture: 'p2putils',
		version,
		machine: {...machine, commandLine: withoutSecrets(commandLine)},
	};
	const rows = functions.map((it) => `\t\t${JSON.stringify(it)}`).join(',\n');
	return `${JSON.stringify(head, null, '\t').slice(0, -2)},\n\t"functions": [\n${rows}\n\t]\n}\n`;
}

/** Reads such a text; name is for sentences. */
export function parseCapture(name: string, text: string): Capture {
	const value = parseJson(name, text);
	if (!isObject(value) || value.capture !== 'p2putils') {
		throw new Failure(`${name} is JSON, but no capture`, {
			hints: ['p2p-list --capture FILE   makes one'],
		});
	}
	if (value.version !== version) {
		throw new Failure(`${name} is a capture of version ${value.version}; this program reads 1`);
	}
	const complain = (where: string, wants: string): never => {
		throw new Failure(`${name} is no sound capture: ${where} is not ${wants}`);
	};
	if (!isObject(value.machine)) return complain('machine', 'an object');
	if (!Array.isArray(value.functions)) return complain('functions', 'a list');
	check(value.machine, machineFields, 'machine', complain);
	for (const [index, it] of value.functions.entries()) {
		const where = `functions[${index}]`;
		if (!isObject(it)) return complain(where, 'an object');
		check(it, functionFields, where, complain);
	}
	return value as Capture;
}

type Fields = Readonly<Record<string, Kind>>;
type Kind = {readonly wants: string; readonly accepts: (value: unknown) => boolean};
type Complain = (where: string, wants: string) => never;

const isObject = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

const matching = (pattern: RegExp, wants: string): Kind => ({
	wants,
	accepts: (value) => typeof value === 'string' && pattern.test(value),
});
const text = matching(/^\P{Cc}{0,65536}$/u, 'text');
const bdf = matching(/^[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]$/, 'a function');
const address = matching(/^0x[0-9a-f]{1,16}$/, 'an address');
const upTo = (largest: number, wants = `a whole number up to ${largest}`): Kind => ({
	wants,
	accepts: (value) => Number.isSafeInteger(value) && 0 <= Number(value) && Number(value) <= largest,
});
const byte = upTo(0xff);
const word = upTo(0xffff);
/** As the core counts what is no number of bytes. */
const number = upTo(0x7fffffff);
const size = upTo(Number.MAX_SAFE_INTEGER, 'a whole number');
const speed: Kind = {wants: 'a number', accepts: Number.isFinite};
const flag: Kind = {wants: 'true or false', accepts: (value) => typeof value === 'boolean'};
const orNull = ({wants, accepts}: Kind): Kind => ({
	wants: `${wants} or null`,
	accepts: (value) => value === null || value === undefined || accepts(value),
});
const objectOf = (fields: Fields): Kind => ({
	wants: `an object with ${Object.keys(fields).join(', ')}`,
	accepts: (value) =>
		isObject(value) && Object.entries(fields).every(([name, kind]) => kind.accepts(value[name])),
});
const listOf = (kind: Kind, most = 65536): Kind => ({
	wants: `a list, each ${kind.wants}`,
	accepts: (value) => Array.isArray(value) && value.length <= most && value.every(kind.accepts),
});

const machineFields: Fields = {
	kernel: orNull(text),
	cpuVendor: orNull(text),
	cpuFamily: orNull(number),
	cpu: orNull(text),
	commandLine: orNull(text),
	guest: orNull(text),
	bootId: orNull(text),
	iommu: orNull(flag),
	isLab: orNull(flag),
	hasVfioPci: orNull(flag),
	cutBuses: orNull(listOf(text)),
	assumed: orNull(listOf(text)),
};

const region = {start: orNull(address), kind: matching(/^(memory|io)$/, "'memory' or 'io'")};
const link = objectOf({speedGTs: orNull(speed), width: orNull(number)});

const functionFields: Fields = {
	bdf,
	path: text,
	rootBus: text,
	parent: orNull(bdf),
	physfn: orNull(bdf),
	vendor: word,
	device: word,
	subVendor: orNull(word),
	subDevice: orNull(word),
	classCode: upTo(0xffffff),
	revision: orNull(byte),
	driver: orNull(text),
	driverOverride: orNull(text),
	iommuGroup: orNull(number),
	numaNode: orNull(number),
	dmaBits: orNull(number),
	powerState: orNull(text),
	isEnabled: orNull(flag),
	config: matching(/^([0-9a-f]{2}|\.\.){0,4096}$/, "pairs of hexadecimal digits or '..'"),
	configSpace: orNull(upTo(4096)),
	hasResources: orNull(flag),
	bars: listOf(
		objectOf({
			...region,
			index: upTo(6),
			size,
			busAddress: orNull(address),
			is64: flag,
			isPrefetchable: flag,
			largest: orNull(size),
		}),
		6,
	),
	windows: listOf(objectOf({...region, end: address}), 8),
	reservedIovas: orNull(listOf(objectOf({start: address, end: address}))),
	apertureBits: orNull(number),
	link: orNull(link),
	maxLink: orNull(link),
	p2pmem: orNull(objectOf({size, available: size, isPublished: flag})),
	vram: orNull(size),
	visibleVram: orNull(size),
	devicePrivate: orNull(objectOf({size: orNull(size)})),
	names: listOf(text),
	cmbSize: orNull(size),
};

function check(
	value: Record<string, unknown>,
	fields: Fields,
	where: string,
	complain: Complain,
): void {
	for (const [name, kind] of Object.entries(fields)) {
		if (!kind.accepts(value[name])) complain(`${where}.${name}`, kind.wants);
	}
}

function parseJson(name: string, json: string): unknown {
	try {
		return JSON.parse(json);
	} catch (error) {
		throw new Failure(`${name} is no sound JSON: ${(error as Error).message}`);
	}
}

/** The parameters that bear on peer-to-peer; the others may name hosts, disks and keys. */
function withoutSecrets(commandLine: string): string {
	const words = commandLine.match(/(?:[^\s"]|"[^"]*")+/g) ?? [];
	return words.filter((word) => telling.test(word)).join(' ');
}

const telling =
	/^"?(pci|pcie\w*|iommu|\w*_iommu|iommu\.\w+|vfio\w*|iomem|intremap|nvme\w*|hugepages|default_hugepagesz|swiotlb|mce|lockdown|module\.sig_enforce)([.=]|"?$)/;

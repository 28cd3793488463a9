// SPDX-License-Identifier: MIT
// What a drawing may say: the kinds of functions, where each may stand, and its keys.

/** The drawing cannot be read or built; one sentence with the line it is about. */
export class DrawingError extends Error {
	constructor(line: number, problem: string) {
		super(`line ${line}: ${problem}`);
		this.name = 'DrawingError';
	}
}

export type Kind = {
	readonly role: 'host-bridge' | 'port' | 'endpoint';
	/** What may stand above it; `root` is the root bus. */
	readonly below: readonly string[];
	readonly keys: readonly string[];
	/** The size that follows the kind's name, as in `ram 64M`. */
	readonly sized?: boolean;
};

const anyPort = ['root-port', 'downstream'];
const anyBus = ['root', 'host-bridge', ...anyPort, 'bridge'];
const everywhere = ['acs', 'link'];
const nvmeKeys = ['size', 'lba', 'cmb', 'pmr', 'mdts', 'namespaces', 'sriov'];

export const kinds: Readonly<Record<string, Kind>> = {
	'host-bridge': {role: 'host-bridge', below: ['root'], keys: ['domain']},
	'root-port': {role: 'port', below: ['root', 'host-bridge'], keys: everywhere},
	upstream: {role: 'port', below: anyPort, keys: everywhere},
	downstream: {role: 'port', below: ['upstream'], keys: everywhere},
	bridge: {role: 'port', below: ['root', 'host-bridge', ...anyPort], keys: everywhere},
	nvme: endpoint(nvmeKeys),
	ram: {...endpoint([]), sized: true},
	display: endpoint([]),
	edu: endpoint([]),
	lsi: endpoint([]),
	nic: endpoint([]),
	function: endpoint(['id', 'class']),
};

const units = ['', 'K', 'M', 'G', 'T'];

/** Bytes of a size as coreutils writes it: `4096`, `64M`, `1GiB`, `1MB`, `0x1000`; undefined for anything else. */
export function parseSize(text: string): number | undefined {
	const bytes = /^0x[0-9a-f]+$/i.test(text) ? Number(text) : parseDecimal(text);
	return Number.isSafeInteger(bytes) ? bytes : undefined;
}

function parseDecimal(text: string): number | undefined {
	const [, digits, unit = '', suffix = ''] = /^(\d+)([KMGT]?)(iB|B)?$/i.exec(text) ?? [];
	if (digits === undefined || (unit === '' && suffix !== '')) return undefined;
	const base = suffix.toUpperCase() === 'B' ? 1000 : 1024;
	return Number(digits) * base ** units.indexOf(unit.toUpperCase());
}

const integer = (low: number, high: number) => (text: string) =>
	/^\d+$/.test(text) && Number(text) >= low && Number(text) <= high;

const size = (text: string) => (parseSize(text) ?? 0) > 0;

type Rule = {readonly accepts: (text: string) => boolean; readonly wants: string};

/** What the value of each key looks like. */
export const values: Readonly<Record<string, Rule>> = {
	acs: {
		accepts: (text) => /^(-|0|kernel|(sv|tb|rr|cr|uf|ec|dt)(,(sv|tb|rr|cr|uf|ec|dt))*)$/.test(text),
		wants: '`-`, `0`, `kernel` or a list of sv, tb, rr, cr, uf, ec, dt',
	},
	link: {
		accepts: (text) => /^(2\.5|5|8|16|32|64)GT\/s[×x](1|2|4|8|12|16|32)$/.test(text),
		wants: 'a speed and a width like `16GT/s×16`',
	},
	functions: {accepts: integer(1, 8), wants: 'a number from 1 to 8'},
	domain: {accepts: integer(0, 65535), wants: 'a number from 0 to 65535'},
	size: {accepts: size, wants: 'a size like `64M`'},
	cmb: {accepts: size, wants: 'a size like `16M`'},
	pmr: {accepts: size, wants: 'a size like `16M`'},
	lba: {accepts: (text) => text === '512' || text === '4096', wants: '512 or 4096'},
	mdts: {accepts: integer(0, 255), wants: "the controller's field, a number from 0 to 255"},
	namespaces: {accepts: integer(0, 256), wants: 'a number from 0 to 256'},
	sriov: {accepts: integer(1, 127), wants: 'a number of virtual functions from 1 to 127'},
	id: {
		accepts: (text) => /^[0-9a-f]{4}:[0-9a-f]{4}$/i.test(text),
		wants: 'vendor:device like `10ee:9038`',
	},
	class: {
		accepts: (text) => /^(0x)?[0-9a-f]{4}([0-9a-f]{2})?$/i.test(text),
		wants: 'a class code like `120000`',
	},
	cpu: {accepts: (text) => /^\S+$/.test(text), wants: 'a QEMU CPU model like `EPYC`'},
	iommu: {
		accepts: (text) => /^(intel|virtio|amd|none)$/.test(text),
		wants: 'intel, virtio, amd or none',
	},
	kernel: {accepts: () => true, wants: 'kernel parameters'},
};

function endpoint(keys: readonly string[]): Kind {
	return {role: 'endpoint', below: anyBus, keys: [...keys, 'functions', ...everywhere]};
}

// SPDX-License-Identifier: MIT
// QEMU's arguments for one drawn function.

import {acsBits, acsFlags} from './acs.ts';
import type {DrawnNode, Placed} from './drawing.ts';
import {DrawingError, kinds, parseSize} from './kinds.ts';

export type Disk = {readonly file: string; readonly snapshot: boolean};

/** A sector of 512 bytes on which reading or writing fails. */
export type Failing = {readonly sector: number; readonly on: 'read' | 'write'};

export type Surroundings = {
	readonly folder: string;
	readonly disks: Readonly<Record<string, Disk>>;
	readonly failing: Readonly<Record<string, Failing>>;
	readonly placed: readonly Placed[];
	readonly chassis: number;
};

export type Part = {
	readonly args: readonly string[];
	readonly images: readonly {readonly file: string; readonly size: number}[];
	/** The names by which the user may give image files. */
	readonly disks: readonly string[];
	readonly namespaces: number;
	/** The ACS control bits the port must have, for the kernel's config_acs. */
	readonly acs?: string;
};

export function partOf(placed: Placed, around: Surroundings): Part {
	const build = builders[placed.node.kind];
	if (!build)
		refuse(placed.node, `the lab cannot build \`${placed.node.kind}\`: it is for sysfs only`);
	refuseForeignKeys(placed.node);
	if (placed.rootBus !== 0 && !placed.parent && kinds[placed.node.kind]?.role === 'endpoint') {
		refuse(placed.node, 'QEMU wants a root port between a `host-bridge` and an endpoint');
	}
	return {images: [], disks: [], namespaces: 0, ...build(placed, around)};
}

/** QEMU's name for the function: no property of a device is called so, as a label may be. */
export function idOf(placed: Placed): string {
	return `drawn-${nameOf(placed)}`;
}

/** The name of its files, and its serial number: its label, or its kind and bdf. */
function nameOf({node, bdf, index}: Placed): string {
	if (node.label === undefined) return `${node.kind}-${bdf.replaceAll(':', '.')}`;
	return index === 0 ? node.label : `${node.label}_${index}`;
}

type Builder = (placed: Placed, around: Surroundings) => Partial<Part> & Pick<Part, 'args'>;

const defaultDiskSize = 64 * 1024 ** 2;

const builders: Readonly<Record<string, Builder>> = {
	'root-port': (placed, around) => rootPort(placed, around, placed.node.keys.acs ?? 'kernel'),
	upstream: (placed, around) => ({args: device('x3130-upstream', placed, around)}),
	downstream: (placed, around) => {
		const acs = placed.node.keys.acs ?? '-';
		// QEMU's downstream port has no ACS; a root port below an upstream port serves as one.
		return acs === '-'
			? {args: device('xio3130-downstream', placed, around, slot(around))}
			: rootPort(placed, around, acs);
	},
	bridge: (placed, around) => ({args: device('pcie-pci-bridge', placed, around)}),
	nvme,
	ram,
	display: (placed, around) => ({
		args: device('bochs-display', placed, around, {vgamem: '16M'}),
	}),
	edu: (placed, around) => ({
		args: device('edu', placed, around, {dma_mask: '0xffffffffffffffff'}),
	}),
	lsi: (placed, around) => ({args: device('lsi53c895a', placed, around)}),
	nic: (placed, around) => ({args: device('e1000e', placed, around)}),
};

function rootPort(placed: Placed, around: Surroundings, acs: string) {
	const bits = acsBits(acs);
	if (bits?.includes('ec'))
		refuse(placed.node, "QEMU's ports have no ACS egress control: `ec` is for sysfs only");
	const [speed, width] = placed.node.keys.link?.split(/GT\/s[×x]/) ?? [];
	const properties = {
		...slot(around),
		...(acs === '-' ? {'disable-acs': 'on'} : {}),
		...(speed === undefined ? {} : {'x-speed': speed.replace('.', '_'), 'x-width': `${width}`}),
	};
	return {
		args: device('pcie-root-port', placed, around, properties),
		...(bits === undefined ? {} : {acs: acsFlags(bits)}),
	};
}

function nvme(placed: Placed, around: Surroundings) {
	const {node} = placed;
	if (around.placed.find(({bdf}) => bdf === placed.parent)?.node.kind === 'bridge') {
		refuse(node, "QEMU's `nvme` does not fit a conventional bus");
	}
	const id = idOf(placed);
	const count = Number(node.keys.namespaces ?? 1);
	const size = parseSize(node.keys.size ?? '') ?? defaultDiskSize;
	const lba = node.keys.lba ?? '512';
	if (size % Number(lba) !== 0) refuse(node, `the size is not a multiple of ${lba} bytes`);
	const pmr =
		node.keys.pmr === undefined ? undefined : memory(placed, around, 'pmr', node.keys.pmr);
	const names = Array.from({length: count}, (_, index) =>
		index === 0 ? nameOf(placed) : `${nameOf(placed)}.${index + 1}`,
	);
	const controller = device('nvme', placed, around, {
		serial: nameOf(placed),
		...(node.keys.mdts === undefined ? {} : {mdts: node.keys.mdts}),
		...(node.keys.cmb === undefined ? {} : {cmb_size_mb: mebibytes(node, 'cmb')}),
		...(pmr === undefined ? {} : {pmrdev: pmr.id}),
		...virtualFunctions(node, id),
	});
	const namespaces = names.flatMap((name, index) => [
		...drive(name, around),
		'-device',
		`nvme-ns,bus=${id},drive=drive-${name},nsid=${index + 1},logical_block_size=${lba},physical_block_size=${lba}`,
	]);
	const own = names.filter((name) => around.disks[name] === undefined);
	return {
		args: [...(pmr?.args ?? []), ...subsystem(node, id), ...controller, ...namespaces],
		images: [
			...(pmr?.images ?? []),
			...own.map((name) => ({file: `${around.folder}/${name}.img`, size})),
		],
		disks: names,
		namespaces: count,
	};
}

function drive(name: string, {folder, disks, failing}: Surroundings): string[] {
	const {file, snapshot} = disks[name] ?? {file: `${folder}/${name}.img`, snapshot: false};
	const path = file.replaceAll(',', ',,');
	const options = `if=none,id=drive-${name},format=raw,${fileOptions(path, failing[name])},discard=unmap`;
	return ['-drive', `${options}${snapshot ? ',snapshot=on' : ''}`];
}

function fileOptions(path: string, failing: Failing | undefined): string {
	if (failing === undefined) return `file=${path}`;
	const inject = 'file.inject-error.0';
	return [
		`file.driver=blkdebug,file.image.driver=file,file.image.filename=${path}`,
		`${inject}.event=none,${inject}.iotype=${failing.on},${inject}.sector=${failing.sector}`,
		`${inject}.errno=5,${inject}.once=off`,
	].join(',');
}

function subsystem(node: DrawnNode, id: string): string[] {
	return node.keys.sriov === undefined ? [] : ['-device', `nvme-subsys,id=subsystem-${id}`];
}

/** The numbers of queues and vectors that QEMU wants for its virtual functions. */
function virtualFunctions(node: DrawnNode, id: string): Record<string, string> {
	const count = Number(node.keys.sriov ?? 0);
	if (count === 0) return {};
	return {
		subsys: `subsystem-${id}`,
		sriov_max_vfs: `${count}`,
		sriov_vq_flexible: `${2 * count}`,
		sriov_vi_flexible: `${count}`,
		max_ioqpairs: `${2 * count + 2}`,
		msix_qsize: `${count + 3}`,
	};
}

function ram(placed: Placed, around: Surroundings) {
	const {id, args, images} = memory(placed, around, 'ram', `${placed.node.size}`);
	return {args: [...args, ...device('ivshmem-plain', placed, around, {memdev: id})], images};
}

/** Memory of the host behind a BAR, in a file, so that it can be looked at from outside. */
function memory(placed: Placed, {folder}: Surroundings, use: string, text: string) {
	const size = parseSize(text) ?? 0;
	if (size < 4096 || !Number.isInteger(Math.log2(size))) {
		refuse(placed.node, `the size of a BAR is a power of two of at least 4K, not ${text}`);
	}
	const id = `memory-${idOf(placed)}`;
	const file = `${folder}/${nameOf(placed)}.${use}`;
	const path = file.replaceAll(',', ',,');
	return {
		id,
		args: ['-object', `memory-backend-file,id=${id},size=${size},mem-path=${path},share=on`],
		images: [{file, size}],
	};
}

function mebibytes(node: DrawnNode, key: string): string {
	const size = (parseSize(node.keys[key] ?? '') ?? 0) / 1024 ** 2;
	if (size < 1 || !Number.isInteger(Math.log2(size))) {
		refuse(node, `${key} is a power of two of at least 1M, not ${node.keys[key]}`);
	}
	return `${size}`;
}

function slot({chassis}: Surroundings): Record<string, string> {
	return {chassis: `${chassis}`, slot: `${chassis}`, port: `${chassis % 256}`};
}

function device(
	driver: string,
	placed: Placed,
	{placed: all}: Surroundings,
	properties: Readonly<Record<string, string>> = {},
): string[] {
	const above = all.find(({bdf}) => bdf === placed.parent);
	const rootBus = placed.rootBus === 0 ? 'pcie.0' : `root-${placed.rootBus}`;
	const [, address = ''] = /:(\w\w\.\w)$/.exec(placed.bdf) ?? [];
	const several = Number(placed.node.keys.functions ?? 1) > 1;
	const settings = {
		id: idOf(placed),
		bus: above ? idOf(above) : rootBus,
		addr: address,
		...(several ? {multifunction: 'on'} : {}),
		...properties,
	};
	const list = Object.entries(settings).map(([key, value]) => `,${key}=${value}`);
	return ['-device', `${driver}${list.join('')}`];
}

/** What a drawing may say but QEMU has no way to build. */
function refuseForeignKeys({kind, keys, line}: DrawnNode): void {
	const isRootPort = kind === 'root-port' || (kind === 'downstream' && (keys.acs ?? '-') !== '-');
	if (keys.link !== undefined && !isRootPort) {
		throw new DrawingError(
			line,
			`the lab cannot set the link of \`${kind}\`: only a root port's, or a downstream port's with acs=`,
		);
	}
	if ((keys.acs ?? '-') !== '-' && !isRootPort) {
		throw new DrawingError(
			line,
			`the lab cannot give \`${kind}\` ACS: only a root port or a downstream port`,
		);
	}
}

function refuse(node: DrawnNode, problem: string): never {
	throw new DrawingError(node.line, problem);
}

// SPDX-License-Identifier: MIT
// A drawing as a folder with sys/ and proc/ in it, for --sysroot: what the lab's QEMU machine of
// the same drawing would show, without booting it.

import {mkdirSync, mkdtempSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, relative} from 'node:path';
import {acsBits, acsFlags} from './acs.ts';
import {configSpace, type DrawnBar, expressType} from './config-space.ts';
import {type Drawing, type DrawnNode, type Placed, parseDrawing, place} from './drawing.ts';
import {parseSize} from './kinds.ts';

/** Writes the tree into a new temporary folder and returns that folder. */
export function drawMachine(text: string): string {
	const drawing = parseDrawing(text);
	const root = mkdtempSync(join(tmpdir(), 'p2p-machine-'));
	const placed = place(drawing);
	const byBdf = new Map(placed.map((it) => [it.bdf, it]));
	const byParent = groupByParent(placed);
	const tree: Tree = {
		root,
		drawing,
		above: ({parent = ''}) => byBdf.get(parent),
		below: (bdf = '') => byParent.get(bdf) ?? [],
		slots: new Map(placed.map(({bdf}, index) => [bdf, index + 1])),
		next: {memory: firstMemory, prefetch: firstPrefetch},
		counts: {nvme: 0, card: 0, eth: 0},
		groups: new Map(),
	};
	writeProc(tree);
	for (const folder of ['bus/pci/devices', 'bus/pci/drivers/vfio-pci', 'kernel/iommu_groups']) {
		mkdirSync(join(root, 'sys', folder), {recursive: true});
	}
	writeHostBridge(tree);
	numberGroups(tree, placed);
	for (const top of tree.below()) writeSubtree(tree, top);
	return root;
}

type Tree = {
	readonly root: string;
	readonly drawing: Drawing;
	/** The bridge above a function; undefined on a root bus. */
	readonly above: (placed: Placed) => Placed | undefined;
	/** What stands right below a bridge, or on the root buses. */
	readonly below: (bdf?: string) => readonly Placed[];
	/** Numbers of slots by the port's bdf, as the lab gives them. */
	readonly slots: ReadonlyMap<string, number>;
	readonly next: {memory: number; prefetch: number};
	readonly counts: Record<'nvme' | 'card' | 'eth', number>;
	readonly groups: Map<string, number>;
};

type Window = {readonly start: number; readonly end: number};

type Look = {
	readonly id: string;
	readonly classCode: number;
	readonly driver?: string;
	/** An Express function; else conventional, as QEMU's ivshmem and edu are. */
	readonly type?: number;
	readonly bars?: readonly Omit<DrawnBar, 'start'>[];
};

const MiB = 1024 ** 2;
const firstMemory = 0xc0000000;
const firstPrefetch = 0x4000000000;
const kernelRelease = '7.3.4+deb13-amd64';
/** What the kernel sets on a port where there is an IOMMU: SV, RR, CR and UF. */
const kernelAcs = ['sv', 'rr', 'cr', 'uf'];

const register = (index: number, size: number) => ({
	index,
	size,
	is64: true,
	isPrefetchable: false,
});
const memory = (index: number, size: number) => ({
	index,
	size,
	is64: true,
	isPrefetchable: true,
});

const looks: Readonly<Record<string, (node: DrawnNode) => Look>> = {
	'root-port': () => port('1b36:000c', expressType.rootPort),
	upstream: () => port('104c:8232', expressType.upstream),
	downstream: () => port('104c:8233', expressType.downstream),
	bridge: () => ({...port('1b36:000e', expressType.pciBridge), driver: ''}),
	nvme: ({keys}) => ({
		id: '1b36:0010',
		classCode: 0x010802,
		driver: 'nvme',
		type: expressType.endpoint,
		bars: [
			register(0, 16384),
			...(keys.cmb === undefined ? [] : [memory(2, sizeOf(keys.cmb))]),
			...(keys.pmr === undefined ? [] : [memory(4, sizeOf(keys.pmr))]),
		],
	}),
	ram: ({size = 0}) => ({
		id: '1af4:1110',
		classCode: 0x050000,
		bars: [{...register(0, 256), is64: false}, memory(2, size)],
	}),
	display: () => ({
		id: '1234:1111',
		classCode: 0x038000,
		driver: 'bochs-drm',
		type: expressType.endpoint,
		bars: [memory(0, 16 * MiB), register(2, 4096)],
	}),
	edu: () => ({
		id: '1234:11e8',
		classCode: 0x00ff00,
		bars: [{...register(0, MiB), is64: false}],
	}),
	lsi: () => ({
		id: '1000:0012',
		classCode: 0x010000,
		bars: [
			{...register(1, 1024), is64: false},
			{...register(2, 8192), is64: false},
		],
	}),
	nic: () => ({
		id: '8086:10d3',
		classCode: 0x020000,
		driver: 'e1000e',
		type: expressType.endpoint,
		bars: [register(0, 128 * 1024)],
	}),
	function: ({keys}) => ({
		id: keys.id ?? '1b36:0005',
		classCode: Number.parseInt((keys.class ?? '00ff00').replace(/^0x/, '').padEnd(6, '0'), 16),
		type: expressType.endpoint,
		bars: [memory(0, MiB)],
	}),
};

function port(id: string, type: number): Look {
	return {id, classCode: 0x060400, driver: 'pcieport', type};
}

function groupByParent(placed: readonly Placed[]): Map<string, Placed[]> {
	const groups = new Map<string, Placed[]>();
	for (const it of placed) {
		const key = it.parent ?? '';
		groups.set(key, [...(groups.get(key) ?? []), it]);
	}
	return groups;
}

function sizeOf(text: string): number {
	return parseSize(text) ?? 0;
}

function writeProc({root, drawing}: Tree): void {
	const cpu = drawing.cpu ?? 'max';
	const [vendor, family] = processorOf(cpu);
	const lines = ['processor\t: 0', `vendor_id\t: ${vendor}`, `cpu family\t: ${family}`];
	write(root, 'proc/cpuinfo', [...lines, `model name\t: ${cpu}`, 'flags\t\t: fpu', ''].join('\n'));
	write(root, 'proc/cmdline', `${drawing.kernelParameters}\n`);
	write(root, 'proc/sys/kernel/osrelease', `${kernelRelease}\n`);
	write(root, 'proc/version', `Linux version ${kernelRelease}\n`);
}

/** What QEMU's models say; its `max` calls itself AMD's, but of a family before Zen. */
function processorOf(model: string): [vendor: string, family: number] {
	if (/^EPYC-(Milan|Genoa)/.test(model)) return ['AuthenticAMD', 25];
	if (model.startsWith('EPYC')) return ['AuthenticAMD', 23];
	return model === 'max' ? ['AuthenticAMD', 6] : ['GenuineIntel', 6];
}

/** Function 00.0 of the first root bus; QEMU's further root buses have none. */
function writeHostBridge({root}: Tree): void {
	const folder = 'sys/devices/pci0000:00/0000:00:00.0';
	write(root, `${folder}/vendor`, '0x8086\n');
	write(root, `${folder}/device`, '0x29c0\n');
	write(root, `${folder}/class`, '0x060000\n');
	write(root, `${folder}/resource`, resourceText([], 13));
	const space = {vendor: 0x8086, device: 0x29c0, classCode: 0x060000, command: 0};
	write(
		root,
		`${folder}/config`,
		configSpace({...space, isMultiFunction: false, bars: [], port: 0}),
	);
	link(root, 'sys/bus/pci/devices/0000:00:00.0', folder);
}

// Depth first, so that what lies below a bridge is one range of addresses: its window.
function writeSubtree(tree: Tree, placed: Placed): void {
	const look = lookOf(tree, placed);
	const bars = (look.bars ?? []).map((bar) => ({...bar, start: allocate(tree, bar)}));
	alignToWindow(tree);
	const before = {...tree.next};
	for (const child of tree.below(placed.bdf)) writeSubtree(tree, child);
	alignToWindow(tree);
	const windows = (['memory', 'prefetch'] as const).map((pool) => ({
		start: before[pool],
		end: tree.next[pool] - 1,
	}));
	writeFunction(tree, placed, look, bars, placed.secondary === undefined ? undefined : windows);
}

function lookOf(tree: Tree, placed: Placed): Look {
	const {node, parent} = placed;
	const look = looks[node.kind]?.(node);
	if (look === undefined) throw new Error(`no look for ${node.kind}`);
	if (tree.above(placed)?.node.kind === 'bridge') return conventional(look);
	const isIntegrated = parent === undefined && look.type === expressType.endpoint;
	return isIntegrated ? {...look, type: expressType.integrated} : look;
}

function conventional({type: _, ...look}: Look): Look {
	return look;
}

function allocate({next}: Tree, bar: Omit<DrawnBar, 'start'>): number {
	const pool = bar.isPrefetchable ? 'prefetch' : 'memory';
	const step = Math.max(bar.size, 4096);
	const start = Math.ceil(next[pool] / step) * step;
	next[pool] = start + step;
	return start;
}

function alignToWindow({next}: Tree): void {
	next.memory = Math.ceil(next.memory / MiB) * MiB;
	next.prefetch = Math.ceil(next.prefetch / MiB) * MiB;
}

function writeFunction(
	tree: Tree,
	placed: Placed,
	look: Look,
	bars: readonly DrawnBar[],
	windows: readonly Window[] | undefined,
): void {
	const {root} = tree;
	const folder = folderOf(tree, placed);
	const [vendor = '', device = ''] = look.id.split(':');
	const attributes = {
		vendor: `0x${vendor}`,
		device: `0x${device}`,
		subsystem_vendor: '0x1af4',
		subsystem_device: '0x1100',
		class: `0x${look.classCode.toString(16).padStart(6, '0')}`,
		revision: '0x00',
		numa_node: '-1',
		power_state: 'D0',
		enable: look.driver ? '1' : '0',
		driver_override: '(null)',
	};
	for (const [name, value] of Object.entries(attributes))
		write(root, `${folder}/${name}`, `${value}\n`);
	write(root, `${folder}/resource`, resourceText(bars, 13, windows));
	write(root, `${folder}/config`, spaceOf(tree, placed, look, bars));
	writeLink(root, folder, placed, look);
	writeGroup(tree, placed, folder);
	if (look.driver) link(root, `${folder}/driver`, driverFolder(root, look.driver));
	writeNames(tree, placed, folder);
	link(root, `sys/bus/pci/devices/${placed.bdf}`, folder);
}

function folderOf(tree: Tree, placed: Placed): string {
	const steps: string[] = [];
	for (let at: Placed | undefined = placed; at; at = tree.above(at)) steps.unshift(at.bdf);
	const domain = placed.domain.toString(16).padStart(4, '0');
	const bus = placed.rootBus.toString(16).padStart(2, '0');
	return ['sys/devices', `pci${domain}:${bus}`, ...steps].join('/');
}

function spaceOf(tree: Tree, placed: Placed, look: Look, bars: readonly DrawnBar[]): Buffer {
	const {node, bdf, secondary, subordinate} = placed;
	const [vendor = 0, device = 0] = look.id.split(':').map((id) => Number.parseInt(id, 16));
	const [speed, width] = linkOf(node);
	const acs = acsOf(tree.drawing, node);
	const slot = hasSlot(look) ? tree.slots.get(bdf) : undefined;
	return configSpace({
		vendor,
		device,
		classCode: look.classCode,
		command: look.driver || secondary !== undefined ? 0x0006 : 0x0002,
		isMultiFunction: Number(node.keys.functions ?? 1) > 1,
		bars,
		speed,
		width,
		port: Number.parseInt(bdf.slice(-4, -2), 16),
		...(secondary === undefined ? {} : {buses: [secondary, subordinate ?? secondary] as const}),
		...(look.type === undefined ? {} : {type: look.type}),
		...(acs === undefined ? {} : {acs}),
		...(slot === undefined ? {} : {slot}),
	});
}

function hasSlot({type}: Look): boolean {
	return type === expressType.rootPort || type === expressType.downstream;
}

function acsOf({iommu}: Drawing, {kind, keys}: DrawnNode): number | undefined {
	const acs = keys.acs ?? (kind === 'root-port' ? 'kernel' : '-');
	if (acs === '-') return undefined;
	const bits = acs === 'kernel' ? (iommu === 'none' ? [] : kernelAcs) : (acsBits(acs) ?? []);
	return Number.parseInt(acsFlags(bits), 2);
}

function linkOf({keys}: DrawnNode): [speed: number, width: number] {
	const [speed, width] = keys.link?.split(/GT\/s[×x]/) ?? [];
	return [Number(speed ?? 16), Number(width ?? 16)];
}

function writeLink(root: string, folder: string, {node}: Placed, {type}: Look): void {
	if (type === undefined || type === expressType.integrated) return;
	const [speed, width] = linkOf(node);
	for (const when of ['current', 'max']) {
		write(root, `${folder}/${when}_link_speed`, `${speed.toFixed(1)} GT/s PCIe\n`);
		write(root, `${folder}/${when}_link_width`, `${width}\n`);
	}
}

// In the order of the drawing, as the kernel finds them.
function numberGroups(tree: Tree, placed: readonly Placed[]): void {
	for (const it of placed) {
		const key = groupKey(tree, it);
		if (!tree.groups.has(key)) tree.groups.set(key, tree.groups.size);
	}
}

function writeGroup(tree: Tree, placed: Placed, folder: string): void {
	if (tree.drawing.iommu === 'none') return;
	const group = `sys/kernel/iommu_groups/${tree.groups.get(groupKey(tree, placed))}`;
	mkdirSync(join(tree.root, group, 'devices'), {recursive: true});
	link(tree.root, `${folder}/iommu_group`, group);
	link(tree.root, `${group}/devices/${placed.bdf}`, folder);
}

// Functions of one device share a group, and so does all that stands on a conventional bus.
function groupKey(tree: Tree, placed: Placed): string {
	const above = tree.above(placed);
	return above?.node.kind === 'bridge' ? groupKey(tree, above) : placed.bdf.slice(0, -2);
}

function driverFolder(root: string, driver: string): string {
	const folder = `sys/bus/pci/drivers/${driver}`;
	mkdirSync(join(root, folder), {recursive: true});
	return folder;
}

function writeNames(tree: Tree, placed: Placed, folder: string): void {
	const {root, counts} = tree;
	const {node} = placed;
	if (node.kind === 'display') addClass(root, 'class/drm', `${folder}/drm/card${counts.card++}`);
	if (node.kind === 'nic') addClass(root, 'class/net', `${folder}/net/eth${counts.eth++}`);
	if (node.kind !== 'nvme') return;

	const name = `nvme${counts.nvme++}`;
	const controller = `${folder}/nvme/${name}`;
	addClass(root, 'class/nvme', controller);
	for (let id = 1; id <= Number(node.keys.namespaces ?? 1); id++) {
		addClass(root, 'block', `${controller}/${name}n${id}`);
	}
	if (node.keys.cmb !== undefined) writeCmb(root, folder, controller, sizeOf(node.keys.cmb));
}

function addClass(root: string, folder: string, target: string): void {
	mkdirSync(join(root, target), {recursive: true});
	link(root, `sys/${folder}/${target.slice(target.lastIndexOf('/') + 1)}`, target);
}

// CMBSZ counts in MiB here and allows queues, lists and data, as QEMU's does.
function writeCmb(root: string, folder: string, controller: string, size: number): void {
	write(root, `${controller}/cmbsz`, `${(size / MiB) * 4096 + 0x21d}\n`);
	write(root, `${folder}/p2pmem/size`, `${size}\n`);
	write(root, `${folder}/p2pmem/available`, `${size}\n`);
	write(root, `${folder}/p2pmem/published`, '1\n');
}

// Six BARs, the ROM and six of SR-IOV; for a bridge then I/O, memory, prefetchable and a spare.
function resourceText(
	bars: readonly DrawnBar[],
	lines: number,
	windows?: readonly Window[],
): string {
	const rows = Array.from({length: lines}, () => resourceLine(0, 0, 0));
	for (const {index, start, size, is64, isPrefetchable} of bars) {
		const flags = 0x40200 | (isPrefetchable ? 0x2000 : 0) | (is64 ? 0x100000 : 0);
		rows[index] = resourceLine(start, start + size - 1, flags);
	}
	if (windows === undefined) return rows.join('');
	const [plain, prefetch] = windows.map(({start, end}, index) =>
		end > start ? resourceLine(start, end, index === 0 ? 0x200 : 0x102201) : resourceLine(0, 0, 0),
	);
	return [...rows, resourceLine(0, 0, 0), plain, prefetch, resourceLine(0, 0, 0)].join('');
}

function resourceLine(...numbers: readonly number[]): string {
	return `${numbers.map((it) => `0x${it.toString(16).padStart(16, '0')}`).join(' ')}\n`;
}

function write(root: string, path: string, content: string | Buffer): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	writeFileSync(join(root, path), content);
}

function link(root: string, path: string, target: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	symlinkSync(relative(dirname(path), target), join(root, path));
}

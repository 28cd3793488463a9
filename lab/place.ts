// SPDX-License-Identifier: MIT
// Gives every drawn function its place: the bdf that firmware and kernel give it too.

import type {Drawing, DrawnNode} from './drawing.ts';
import {DrawingError, kinds} from './kinds.ts';

export type Placed = {
	readonly node: DrawnNode;
	readonly bdf: string;
	/** Which of the node's functions (`functions=N`) this is, from 0. */
	readonly index: number;
	/** The bdf of the bridge above; absent on a root bus. */
	readonly parent?: string;
	/** As the kernel's parameters name it, e.g. `0000:00:01.0/00.0/02.0`. */
	readonly path: string;
	readonly secondary?: number;
	readonly subordinate?: number;
	readonly domain: number;
	readonly rootBus: number;
};

/** All functions, depth first; buses are numbered in the same order, as firmware does it. */
export function place(drawing: Drawing): Placed[] {
	const isHostBridge = (node: DrawnNode) => node.kind === 'host-bridge';
	const hostBridges = drawing.nodes.filter(isHostBridge);
	const inFirstDomain = hostBridges.filter(({keys}) => domainOf(keys) === 0);
	const roots = [
		{domain: 0, bus: 0, nodes: drawing.nodes.filter((node) => !isHostBridge(node))},
		...hostBridges.map((node) => ({
			domain: domainOf(node.keys),
			bus: rootBusOf(node, inFirstDomain.indexOf(node)),
			nodes: node.children,
		})),
	];
	refuseSharedDomain(hostBridges);
	const crowded = inFirstDomain.length > 0;
	return roots.flatMap(({domain, bus, nodes}) => {
		const last =
			domain !== 0 || !crowded ? 0xff : bus === 0 ? firstExtraBus - 1 : bus + busesEach - 1;
		return placeRoot({domain, rootBus: bus, lastBus: last, busInUse: bus}, nodes);
	});
}

/** What each label stands for: its function, and `LABEL_N` for function N of several. */
export function labels(placed: readonly Placed[]): Record<string, string> {
	const result: Record<string, string> = {};
	for (const {node, bdf, index} of placed) {
		if (node.label !== undefined) result[index === 0 ? node.label : `${node.label}_${index}`] = bdf;
	}
	return result;
}

/** Device numbers on a root bus: 0 is the host bridge, the topmost are the machine's and the lab's own. */
const firstRootDevice = 1;
const lastRootDevice = 0x15;
const firstExtraBus = 0x80;
const busesEach = 0x20;
const mostExtraBuses = 4;

type Root = {
	readonly domain: number;
	readonly rootBus: number;
	readonly lastBus: number;
	busInUse: number;
};
type Above = {
	readonly bus: number;
	readonly kind: string;
	readonly bdf?: string;
	readonly path?: string;
};

function domainOf(keys: DrawnNode['keys']): number {
	return Number(keys.domain ?? 0);
}

function rootBusOf(node: DrawnNode, index: number): number {
	if (index >= mostExtraBuses) {
		throw new DrawingError(node.line, `a machine has room for ${mostExtraBuses} more root buses`);
	}
	return index < 0 ? 0 : firstExtraBus + index * busesEach;
}

function refuseSharedDomain(hostBridges: readonly DrawnNode[]): void {
	const seen = new Set<number>();
	for (const {keys, line} of hostBridges) {
		const domain = domainOf(keys);
		if (domain !== 0 && seen.has(domain)) {
			throw new DrawingError(line, `domain ${domain} already has its root bus`);
		}
		seen.add(domain);
	}
}

function placeRoot(root: Root, nodes: readonly DrawnNode[]): Placed[] {
	const spare = nodes[lastRootDevice - firstRootDevice + 1];
	if (spare)
		throw new DrawingError(spare.line, `a root bus has room for ${lastRootDevice} devices`);
	return placeBus(root, {bus: root.rootBus, kind: 'root'}, nodes);
}

function placeBus(root: Root, above: Above, nodes: readonly DrawnNode[]): Placed[] {
	const first = above.kind === 'root' ? firstRootDevice : above.kind === 'bridge' ? 1 : 0;
	return nodes.flatMap((node, index) => {
		const device = first + index;
		if (device > 31) throw new DrawingError(node.line, 'a bus has room for 32 devices');
		return kinds[node.kind]?.role === 'port'
			? placePort(root, above, node, device)
			: placeEndpoint(root, above, node, device);
	});
}

function placePort(root: Root, above: Above, node: DrawnNode, device: number): Placed[] {
	const secondary = ++root.busInUse;
	if (secondary > root.lastBus) {
		throw new DrawingError(node.line, 'there are more bridges than this root bus has bus numbers');
	}
	const here = locate(root, above, device, 0);
	const below = placeBus(root, {...here, bus: secondary, kind: node.kind}, node.children);
	const subordinate = root.busInUse;
	return [{...common(root, above, node, 0), ...here, secondary, subordinate}, ...below];
}

function placeEndpoint(root: Root, above: Above, node: DrawnNode, device: number): Placed[] {
	const count = Number(node.keys.functions ?? 1);
	return Array.from({length: count}, (_, index) => ({
		...common(root, above, node, index),
		...locate(root, above, device, index),
	}));
}

function common(root: Root, above: Above, node: DrawnNode, index: number) {
	return {
		node,
		index,
		...(above.bdf === undefined ? {} : {parent: above.bdf}),
		domain: root.domain,
		rootBus: root.rootBus,
	};
}

function locate(root: Root, above: Above, device: number, index: number) {
	const step = `${hex(device, 2)}.${index}`;
	const bdf = `${hex(root.domain, 4)}:${hex(above.bus, 2)}:${step}`;
	return {bdf, path: above.path === undefined ? bdf : `${above.path}/${step}`};
}

function hex(value: number, width: number): string {
	return value.toString(16).padStart(width, '0');
}

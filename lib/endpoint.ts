// SPDX-License-Identifier: MIT
// One end of a copy or mapping as a user names it: NAME/(nsN|barN|cmb|pmr)[+OFFSET].

import {existsSync, statSync} from 'node:fs';
import {Failure} from './failure.ts';
import type {Place} from './native.ts';
import {parseSize} from './units.ts';

export type EndpointKind = 'ns' | 'bar' | 'cmb' | 'pmr';

export type Endpoint = {
	/** A function as p2p-list names it: bdf, kernel path (with slashes of its own), kernel name. */
	readonly name: string;
	readonly kind: EndpointKind;
	/** N of nsN and barN; 0 of cmb and pmr. */
	readonly index: number;
	readonly offset: number;
};

/** Failure with status 2 for whatever is none. */
export function parseEndpoint(text: string): Endpoint {
	const [, place = '', offset] = /^([^+]*)(?:\+(.*))?$/s.exec(text) ?? [];
	const [, name, kind, digits = ''] = /^(.+)\/(ns|bar|cmb|pmr)(\d*)$/.exec(place) ?? [];
	if (name === undefined || isFile(text)) throw new Failure(problemOf(text));
	return {
		name,
		kind: kind as EndpointKind,
		index: indexOf(text, kind as EndpointKind, digits),
		offset: offset === undefined ? 0 : parseOffset(text, offset),
	};
}

/** What p2p-copy takes: an endpoint, a file (./NAME, /NAME, file:NAME; the first two with +OFFSET), -,
 * video:NODE, drm:NODE. */
export function parsePlace(text: string): Place {
	const [, scheme, node] = /^(video|drm):(.*)$/s.exec(text) ?? [];
	if (node !== undefined) return nodePlace(scheme as 'video' | 'drm', node);
	if (!isFile(text)) return parseEndpoint(text);
	if (text === '-') return {name: '', kind: 'stream', index: 0, offset: 0};
	if (text.startsWith('file:')) return filePlace(text.slice('file:'.length), 0);
	const [, path = '', offset] = /^(.*)\+(\w+)$/s.exec(text) ?? [];
	const bytes = offset === undefined ? undefined : sizeIfAny(offset);
	return bytes === undefined ? filePlace(text, 0) : filePlace(path, bytes);
}

function nodePlace(kind: 'video' | 'drm', node: string): Place {
	const example = kind === 'video' ? '/dev/video0' : '/dev/dri/card0';
	if (!node.startsWith('/'))
		throw new Failure(`'${kind}:${node}' names no device; ${kind}:${example} does`);
	if (!existsSync(node)) throw new Failure(`${node}: no such file`);
	return {name: node, kind, index: 0, offset: 0};
}

function sizeIfAny(text: string): number | undefined {
	try {
		return parseSize(text);
	} catch {
		return undefined;
	}
}

function filePlace(path: string, offset: number): Place {
	if (path === '') throw new Failure('file: needs a name behind it');
	const stat = statSync(path, {throwIfNoEntry: false});
	if (stat?.isDirectory()) throw new Failure(`${path} is a folder`);
	if (stat?.isBlockDevice()) {
		if (!/^\/dev\/nvme\d+n\d+$/.test(path))
			throw new Failure(`${path} is a block device, but no whole NVMe namespace (/dev/nvmeXnY)`);
		return {name: path, kind: 'block', index: 0, offset};
	}
	if (stat === undefined && path.startsWith('/dev/')) throw new Failure(`${path}: no such file`);
	const isStream = stat !== undefined && !stat.isFile();
	if (isStream && offset > 0) throw new Failure(`${path} is no regular file: it has no offsets`);
	return {name: path, kind: isStream ? 'stream' : 'file', index: 0, offset};
}

/** What --via takes: memory of a function, or a function by itself for its part in the kernel's pool. */
export function parseVia(text: string): Place {
	if (/\/(bar\d*|cmb|pmr|ns\d*)(\+.*)?$/.test(text) || isFile(text)) {
		const place = parseEndpoint(text);
		if (place.kind === 'ns') throw new Failure(`--via is memory: '${text}' is a namespace`);
		return place;
	}
	return {name: text, kind: 'p2pmem', index: 0, offset: 0};
}

/** The way it is typed. */
export function endpointText({name, kind, index, offset}: Endpoint): string {
	const place = kind === 'ns' || kind === 'bar' ? `${kind}${index}` : kind;
	return `${name}/${place}${offset === 0 ? '' : `+${offset}`}`;
}

const forms =
	'FUNCTION/nsN, FUNCTION/barN, FUNCTION/cmb or FUNCTION/pmr, with +OFFSET behind it or not';

function problemOf(text: string): string {
	if (text === '') return `an empty operand; an endpoint is ${forms}`;
	if (isFile(text)) return `'${text}' is a file; here an endpoint is ${forms}`;
	return `'${text}' is no endpoint; an endpoint is ${forms}`;
}

function isFile(text: string): boolean {
	return text === '-' || /^(\/|\.\/|file:)/.test(text);
}

function indexOf(text: string, kind: EndpointKind, digits: string): number {
	if (kind === 'cmb' || kind === 'pmr') {
		if (digits !== '') throw new Failure(`'${text}': a function has one ${kind}, without a number`);
		return 0;
	}
	const index = Number(digits);
	if (kind === 'ns' && (digits === '' || index < 1 || index > 0xfffffffe)) {
		throw new Failure(`'${text}': namespaces are numbered from 1, as in ns1`);
	}
	if (kind === 'bar' && (digits === '' || index > 5)) {
		throw new Failure(`'${text}': BARs are bar0 to bar5`);
	}
	return index;
}

function parseOffset(text: string, offset: string): number {
	try {
		return parseSize(offset);
	} catch {
		throw new Failure(`'${text}': '${offset}' is not an offset; offsets are 4096, 4K, 1M, 0x1000`);
	}
}

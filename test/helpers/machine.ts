// SPDX-License-Identifier: MIT
// Drawn machines for one test each, and what a test changes in them afterwards.

import {
	closeSync,
	mkdirSync,
	openSync,
	realpathSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
	writeSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {drawMachine} from '../../lab/sysfs.ts';
import {native, type Pair} from '../../lib/native.ts';

/** The root of a drawn machine; it goes when the test ends. */
export function machine(t: ExecutionContext, drawing: string): string {
	const root = drawMachine(drawing);
	t.teardown(() => rmSync(root, {recursive: true}));
	return root;
}

export async function verdict(root: string, client: string, provider: string): Promise<Pair> {
	const {pairs} = await native.check({root}, [[client, provider]]);
	const [pair] = pairs;
	if (pair === undefined) throw new Error('no pair');
	return pair;
}

/** Writes a file of the function's folder: `attribute(root, '0000:00:00.0', 'vendor', '0x8086')`. */
export function attribute(root: string, bdf: string, name: string, value: string): void {
	writeFileSync(join(folder(root, bdf), name), `${value}\n`);
}

/** Writes a file anywhere below the root. */
export function file(root: string, path: string, text: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	writeFileSync(join(root, path), text);
}

/** Overwrites bytes of configuration space. */
export function poke(root: string, bdf: string, offset: number, bytes: readonly number[]): void {
	const config = openSync(join(folder(root, bdf), 'config'), 'r+');
	writeSync(config, Buffer.from(bytes), 0, bytes.length, offset);
	closeSync(config);
}

/** Cuts configuration space as an unprivileged copy does. */
export function cut(root: string, bdf: string, length = 64): void {
	truncateSync(join(folder(root, bdf), 'config'), length);
}

/** Binds a function to a driver; '' leaves it without one. */
export function bind(root: string, bdf: string, driver: string): void {
	const link = join(folder(root, bdf), 'driver');
	rmSync(link, {force: true});
	if (driver !== '') symlinkSync(`../../../bus/pci/drivers/${driver}`, link);
}

export function makeVirtual(root: string, bdf: string, physfn: string): void {
	symlinkSync(`../${physfn}`, join(folder(root, bdf), 'physfn'));
}

/** What the first host bridge calls itself. */
export function hostBridge(root: string, id: string): void {
	const [vendor = '', device = ''] = id.split(':');
	attribute(root, '0000:00:00.0', 'vendor', `0x${vendor}`);
	attribute(root, '0000:00:00.0', 'device', `0x${device}`);
}

export function release(root: string, kernel: string): void {
	file(root, 'proc/sys/kernel/osrelease', `${kernel}\n`);
}

export function folder(root: string, bdf: string): string {
	return realpathSync(join(root, 'sys/bus/pci/devices', bdf));
}

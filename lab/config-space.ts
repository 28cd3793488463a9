// SPDX-License-Identifier: MIT
// Configuration space as a drawn function would show it, for the sysfs trees of tests.

/** Express port types, PCI_EXP_TYPE_* of the kernel. */
export const expressType = {
	endpoint: 0,
	rootPort: 4,
	upstream: 5,
	downstream: 6,
	pciBridge: 7,
	integrated: 9,
} as const;

export type DrawnBar = {
	readonly index: number;
	readonly size: number;
	readonly is64: boolean;
	readonly isPrefetchable: boolean;
	readonly start: number;
};

export type Space = {
	readonly vendor: number;
	readonly device: number;
	readonly classCode: number;
	readonly command: number;
	readonly isMultiFunction: boolean;
	readonly bars: readonly DrawnBar[];
	/** A bridge's bus numbers: secondary, subordinate. */
	readonly buses?: readonly [number, number];
	/** The Express type; absent on a conventional function, whose space ends at 256. */
	readonly type?: number;
	readonly speed?: number;
	readonly width?: number;
	/** The physical number of a port's slot. */
	readonly slot?: number;
	/** A switch port's number, as the egress control vector counts. */
	readonly port: number;
	/** ACS control; absent: no capability. */
	readonly acs?: number;
};

/** SV, TB, RR, CR, UF and DT, as QEMU's ports have them, and EC, which they have not. */
const acsCapability = 0x7f;
const express = 0x40;
const slotImplemented = 0x100;
const speeds = [2.5, 5, 8, 16, 32, 64];

export function configSpace(space: Space): Buffer {
	const isExtended = space.type !== undefined || space.acs !== undefined;
	const bytes = Buffer.alloc(isExtended ? 4096 : 256);
	writeHeader(bytes, space);
	space.bars.forEach((bar) => {
		writeBar(bytes, bar);
	});
	if (space.buses !== undefined) bytes.set(space.buses, 0x19);
	if (isExtended) writeExpress(bytes, space);
	if (space.acs !== undefined) writeAcs(bytes, space.acs);
	return bytes;
}

function writeHeader(bytes: Buffer, space: Space): void {
	bytes.writeUInt16LE(space.vendor, 0x00);
	bytes.writeUInt16LE(space.device, 0x02);
	bytes.writeUInt16LE(space.command, 0x04);
	bytes.writeUInt32LE(space.classCode * 256, 0x08);
	bytes.writeUInt8((space.buses ? 1 : 0) | (space.isMultiFunction ? 0x80 : 0), 0x0e);
}

function writeBar(bytes: Buffer, {index, start, is64, isPrefetchable}: DrawnBar): void {
	const flags = (is64 ? 4 : 0) | (isPrefetchable ? 8 : 0);
	bytes.writeUInt32LE((start % 2 ** 32) + flags, 0x10 + 4 * index);
	if (is64) bytes.writeUInt32LE(Math.floor(start / 2 ** 32), 0x14 + 4 * index);
}

function writeExpress(bytes: Buffer, {type = 0, speed = 0, width = 0, port, slot}: Space): void {
	const code = speeds.indexOf(speed) + 1;
	bytes.writeUInt16LE(0x10, 0x06);
	bytes.writeUInt8(express, 0x34);
	bytes.writeUInt16LE(0x0010, express);
	bytes.writeUInt16LE(2 | (type << 4), express + 0x02);
	bytes.writeUInt32LE(code + width * 16 + port * 2 ** 24, express + 0x0c);
	bytes.writeUInt16LE(code + width * 16, express + 0x12);
	if (slot === undefined) return;
	bytes.writeUInt16LE(2 | (type << 4) | slotImplemented, express + 0x02);
	bytes.writeUInt32LE(slot * 2 ** 19, express + 0x14);
}

function writeAcs(bytes: Buffer, control: number): void {
	bytes.writeUInt32LE(0x0001000d, 0x100);
	bytes.writeUInt16LE(acsCapability | (8 << 8), 0x104);
	bytes.writeUInt16LE(control, 0x106);
}

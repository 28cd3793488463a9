// SPDX-License-Identifier: MIT
// A guest must be the machine that was drawn, or nothing found in it can be trusted.

import {acsBits, acsNames} from './acs.ts';
import type {Placed} from './drawing.ts';
import {isControl} from './qemu.ts';
import type {Runner} from './run.ts';
import {LabError} from './tool.ts';
import type {GuestFunction} from './vm.ts';

/** The guest must hold exactly the functions that were drawn, each at its place. */
export function compareFunctions(
	functions: readonly GuestFunction[],
	placed: readonly Placed[],
): void {
	const found = new Map(
		functions
			.filter(({bdf, pciClass}) => !isControl(bdf, pciClass))
			.map(({bdf, pciClass}) => [bdf, pciClass]),
	);
	for (const {bdf, node} of placed) {
		const pciClass = found.get(bdf);
		if (pciClass === undefined) {
			throw new LabError(
				`the guest has no ${bdf}, where \`${node.kind}\` of line ${node.line} belongs`,
			);
		}
		if (!pciClass.startsWith(classes[node.kind] ?? '')) {
			throw new LabError(`the guest's ${bdf} has class ${pciClass}: it is no \`${node.kind}\``);
		}
		found.delete(bdf);
	}
	const [spare] = found.keys();
	if (spare) throw new LabError(`the guest has ${spare}, which the drawing does not`);
}

/** A kernel without the parameter config_acs would leave drawn bits out. */
export async function compareAcs(run: Runner['run'], placed: readonly Placed[]): Promise<void> {
	for (const {bdf, node} of placed) {
		const wanted = acsBits(node.keys.acs ?? 'kernel');
		if (!wanted) continue;
		const {stdoutBytes} = await run(['cat', `/sys/bus/pci/devices/${bdf}/config`]);
		const set = acsNames(acsControl(stdoutBytes) ?? 0);
		if (set.length !== wanted.length || !set.every((name) => wanted.includes(name))) {
			const words = (names: readonly string[]) => names.join(',') || '0';
			throw new LabError(`${bdf} has acs=${words(set)} in the guest, not acs=${words(wanted)}`);
		}
	}
}

const acsCapability = 0x000d;

function acsControl(config: Buffer): number | undefined {
	let offset = 0x100;
	while (offset >= 0x100 && offset + 8 <= config.length) {
		const header = config.readUInt32LE(offset);
		if ((header & 0xffff) === acsCapability) return config.readUInt16LE(offset + 6);
		offset = header >>> 20;
	}
	return undefined;
}

const classes: Readonly<Record<string, string>> = {
	'root-port': '0x0604',
	upstream: '0x0604',
	downstream: '0x0604',
	bridge: '0x0604',
	nvme: '0x0108',
	ram: '0x0500',
	display: '0x0380',
	edu: '0x00ff',
	lsi: '0x0100',
	nic: '0x0200',
};

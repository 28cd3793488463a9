// SPDX-License-Identifier: MIT
// Why a guest no longer answers, as far as QEMU shows it.

import {setTimeout} from 'node:timers/promises';
import {hmp, type Qmp} from './qmp.ts';
import {within} from './vm.ts';

/**
 * The sentence. Linux never halts within an interrupt: a processor that is halted, and whose local
 * APIC still has one in service, has got it from the emulator without its handler having run, and
 * will get no other.
 */
export async function whyHung(qmp: Qmp): Promise<string> {
	let lost: string | undefined;
	const look = async () => {
		const first = await lostInterrupt(qmp);
		await setTimeout(1000);
		if (first === (await lostInterrupt(qmp))) lost = first;
	};
	// QEMU may have ended, or answer as little as its guest.
	const looked = look().catch(() => {});
	await within(5000, looked);
	return `the guest no longer answers${lost ? `: the emulator lost ${lost}` : ''}`;
}

async function lostInterrupt(qmp: Qmp): Promise<string | undefined> {
	const registers = await hmp(qmp, 'info registers -a');
	return lostOne(registers, [await hmp(qmp, 'info lapic 0'), await hmp(qmp, 'info lapic 1')]);
}

/** From what QEMU's monitor prints: `info registers -a`, and `info lapic` of each processor. */
export function lostOne(registers: string, lapics: readonly string[]): string | undefined {
	const halted = [...registers.matchAll(/\bHLT=([01])\b/g)].map(([, digit]) => digit === '1');
	const vectors = lapics.map((lapic) => /^ISR\s+(\d+)/m.exec(lapic)?.[1]);
	const lost = vectors.findIndex((vector, index) => vector !== undefined && halted[index]);
	return lost < 0 ? undefined : `interrupt ${vectors[lost]} of processor ${lost}`;
}

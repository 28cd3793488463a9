// SPDX-License-Identifier: MIT
// Why a guest no longer answers, as far as QEMU shows it.

import {setTimeout} from 'node:timers/promises';
import type {Qmp} from './qmp.ts';

/**
 * The sentence. Linux never halts within an interrupt: a processor that is halted, and whose local
 * APIC still has one in service, has got it from the emulator without its handler having run, and
 * will get no other.
 */
export async function whyHung(qmp: Qmp): Promise<string> {
	const patience = setTimeout(5000, undefined, {ref: false});
	const lost = await Promise.race([lostForASecond(qmp).catch(() => undefined), patience]);
	return `the guest no longer answers${lost ? `: the emulator lost ${lost}` : ''}`;
}

async function lostForASecond(qmp: Qmp): Promise<string | undefined> {
	const first = await lostInterrupt(qmp);
	await setTimeout(1000);
	return first === (await lostInterrupt(qmp)) ? first : undefined;
}

async function lostInterrupt(qmp: Qmp): Promise<string | undefined> {
	const ask = async (text: string) =>
		`${await qmp('human-monitor-command', {'command-line': text})}`;
	const registers = await ask('info registers -a');
	return lostOne(registers, [await ask('info lapic 0'), await ask('info lapic 1')]);
}

/** From what QEMU's monitor prints: `info registers -a`, and `info lapic` of each processor. */
export function lostOne(registers: string, lapics: readonly string[]): string | undefined {
	const halted = [...registers.matchAll(/\bHLT=([01])\b/g)].map(([, digit]) => digit === '1');
	const vectors = lapics.map((lapic) => /^ISR\s+(\d+)/m.exec(lapic)?.[1]);
	const lost = vectors.findIndex((vector, index) => vector !== undefined && halted[index]);
	return lost < 0 ? undefined : `interrupt ${vectors[lost]} of processor ${lost}`;
}

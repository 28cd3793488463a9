// SPDX-License-Identifier: MIT
// The parameter by which the kernel sets ACS bits at every boot.

import {acsBits} from './acs-bits.ts';
import {parameterEntries} from './boot-parameters.ts';
import type {Machine} from './native.ts';

export type WantedAcs = {
	/** The kernel's path, which survives renumbering. */
	readonly path: string;
	readonly bits: readonly string[];
	readonly capability: readonly string[];
};

type Boot = Pick<Machine, 'kernel' | 'bootParameters'>;

/**
 * Every bit that a port has is said, for the kernel gives what is not said to the firmware; before
 * 6.11 only redirection can be turned off, and firmware has all other bits then. What the command
 * line says already comes after it, for the first that names a port counts. '' where the kernel
 * has no parameter that does it.
 */
export function bootParameter(
	ports: readonly WantedAcs[],
	{kernel, bootParameters}: Boot = {kernel: null, bootParameters: []},
): string {
	const isOld = isBefore611(kernel);
	const isRedirecting = ports.some(({bits}) => redirecting.some((bit) => bits.includes(bit)));
	if (ports.length === 0 || (isOld && isRedirecting)) return '';
	const option = isOld ? 'disable_acs_redir' : 'config_acs';
	const entries = ports.map((port) => (isOld ? port.path : `${rowOf(port)}@${port.path}`));
	const given = parameterEntries(bootParameters, option);
	const rest = given.filter((entry) => !ports.some(({path}) => entry.split('@').at(-1) === path));
	return `pci=${option}=${[...entries, ...rest].join(';')}`;
}

const redirecting = ['rr', 'cr', 'ec'];

/** config_acs came with Linux 6.11. */
function isBefore611(kernel: string | null): boolean {
	const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel ?? '') ?? [];
	return major !== undefined && (Number(major) < 6 || (major === '6' && Number(minor) < 11));
}

// Seven characters, DT EC UF CR RR TB SV from left to right.
function rowOf({bits, capability}: WantedAcs): string {
	return [...acsBits]
		.reverse()
		.map((bit) => (capability.includes(bit) ? (bits.includes(bit) ? '1' : '0') : 'x'))
		.join('');
}

// SPDX-License-Identifier: MIT
// The bits of an ACS control register, by the names that drawings use.

/** In the register's order, from bit 0. */
const names = ['sv', 'tb', 'rr', 'cr', 'uf', 'ec', 'dt'] as const;

/** The bits of an `acs=` key; undefined where the kernel decides or there is no capability. */
export function acsBits(acs: string): readonly string[] | undefined {
	if (acs === '-' || acs === 'kernel') return undefined;
	return acs === '0' ? [] : acs.split(',');
}

/** As the kernel's parameter config_acs wants them: one digit a bit, the highest first. */
export function acsFlags(bits: readonly string[]): string {
	return [...names]
		.reverse()
		.map((name) => (bits.includes(name) ? '1' : '0'))
		.join('');
}

/** The bits that are set in the register. */
export function acsNames(control: number): string[] {
	return names.filter((_, bit) => control & (1 << bit));
}

// SPDX-License-Identifier: MIT
// Machines drawn at random, the same ones for the same seed.

export type Random = (below: number) => number;

/** A linear congruential generator: numbers from 0 to below - 1. */
export function seeded(seed: number): Random {
	let state = seed * 2654435761;
	return (below) => {
		state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
		return Math.floor((state / 2 ** 32) * below);
	};
}

/** Two to four root ports with switches in switches, bridges, and ACS of all sorts. */
export function randomMachine(random: Random): string {
	const cpus = ['EPYC', 'EPYC-Genoa', 'Skylake-Server', 'max'];
	const lines = [`machine cpu=${pick(random, cpus)} iommu=${pick(random, ['intel', 'none'])}`];
	const roots = 2 + random(3);
	for (let i = 0; i < roots; i++) {
		if (i > 0 && random(4) === 0) {
			lines.push(`host-bridge${random(2) === 0 ? '' : ` domain=${i}`}`);
			lines.push(`  root-port ${acs(random)}`, ...below(random, 2));
		} else {
			lines.push(`root-port ${acs(random)}`, ...below(random, 1));
		}
	}
	if (random(2) === 0) lines.push('function');
	return lines.join('\n');
}

function below(random: Random, depth: number): string[] {
	const margin = '  '.repeat(depth);
	const kind = random(depth > 5 ? 3 : 6);
	if (kind === 0) return [`${margin}nvme`];
	if (kind === 1) return [`${margin}function functions=${1 + random(3)} ${acs(random)}`];
	if (kind === 2) return [`${margin}bridge`, `${margin}  edu`, `${margin}  edu`];
	const ports = 2 + random(2);
	return [
		`${margin}upstream`,
		...Array.from({length: ports}, () => [
			`${margin}  downstream ${acs(random)}`,
			...below(random, depth + 2),
		]).flat(),
	];
}

function acs(random: Random): string {
	const bits = ['sv', 'rr', 'cr', 'uf', 'ec', 'dt'].filter(() => random(4) === 0);
	return pick(random, ['acs=-', 'acs=0', `acs=${bits.join(',') || '0'}`, 'acs=kernel']);
}

function pick<T>(random: Random, items: readonly T[]): T {
	return items[random(items.length)] as T;
}

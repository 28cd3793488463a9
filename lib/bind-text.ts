// SPDX-License-Identifier: MIT
// What p2p-bind says of a change: a line a function, and what stands between the change and its
// purpose.

import type {BindCompanion, BindReport} from './native.ts';

type Bound = BindReport['functions'][number];

export function changeLine(bound: Bound): string {
	const [before, after] = [bound.before ?? 'none', bound.after ?? 'none'];
	const change = before === after ? `already ${after}` : `${before} -> ${after}`;
	return [bound.bdf, change, groupText(bound)].join('  ');
}

/** 'group 14 with 0000:03:00.1 (none)'. A bridge with its port driver is in nobody's way. */
export function groupText({
	iommuGroup,
	companions,
}: {
	readonly iommuGroup: number | null;
	readonly companions: readonly BindCompanion[];
}): string {
	if (iommuGroup === null) return 'no group';
	const others = companions
		.filter(({driver}) => driver !== 'pcieport')
		.map(({bdf, driver}) => `${bdf} (${driver ?? 'none'})`);
	return others.length === 0
		? `group ${iommuGroup}`
		: `group ${iommuGroup} with ${others.join(', ')}`;
}

/** The change itself was made all the same. */
export function warnings(program: string, {functions}: BindReport): string[] {
	const bound = functions.filter(({after}) => after?.includes('vfio'));
	const groups = new Map(bound.map((one) => [one.iommuGroup, one]));
	return [
		...bound
			.filter(({iommuGroup}) => iommuGroup === null)
			.flatMap(({bdf}) => [
				`${program}: warning: ${bdf} is in no IOMMU group, so VFIO cannot use it`,
				'  Try: turn the IOMMU on, in the firmware and with intel_iommu=on on the kernel command line',
			]),
		...[...groups.values()]
			.filter(({isViable}) => isViable === false)
			.flatMap((one) => notViable(program, one)),
	];
}

function notViable(program: string, {bdf, iommuGroup, companions}: Bound): string[] {
	const hindering = companions.filter(({hinders}) => hinders);
	const names = hindering.map((one) => `${one.bdf} (${one.driver})`).join(', ');
	const isSimple = hindering.every(({mayCome}) => mayCome);
	return [
		`${program}: warning: VFIO cannot use IOMMU group ${iommuGroup} yet: ${names} in it must go too`,
		`  Try: ${program} ${hindering.map((one) => one.bdf).join(' ')}`,
		...(isSimple ? [`       ${program} --group ${bdf}   takes the whole group along`] : []),
	];
}

/** Shell lines that make a change last; the second way is a comment. */
export function keepingText({keeping, rules}: BindReport, driver: string): string[] {
	const override = driver === '' ? 'none' : driver;
	return [
		...keeping,
		...rules.map(({bdf}) => `# or, with driverctl: driverctl set-override ${bdf} ${override}`),
	];
}

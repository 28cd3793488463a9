// SPDX-License-Identifier: MIT
// Changes of a machine in words, one to a line.

import type {Change, VerdictChange} from './machine-diff.ts';

export function changeText({function: name, what, before, after}: Change): string {
	const was = `${after}, was ${before}`;
	const texts: Readonly<Record<Change['what'], string>> = {
		gone: `is gone (${before})`,
		new: `is new (${after})`,
		bdf: `was ${before}: it got another number`,
		link: `its link trained at ${was}`,
		'max-link': `its link can do ${was}`,
		acs: acsText(before ?? '', after ?? ''),
		driver: `its driver is ${was}`,
		group: `its IOMMU group: ${was}`,
		memory: `its memory: ${was}`,
		kernel: `Linux ${was}`,
		cpu: `the CPU is ${was}`,
		iommu: `the IOMMU is ${was}`,
		'boot-parameters': `parameters of the kernel: '${after}', were '${before}'`,
	};
	return name === 'machine' ? texts[what] : `${name} ${texts[what]}`;
}

export function verdictChangeText({client, provider, before, after}: VerdictChange): string {
	return `${client} to ${provider} is ${after}, was ${before}`;
}

/** missing: one at least. */
export function missingText(missing: readonly VerdictChange[]): string {
	const [{client, provider} = {}] = missing;
	const others = missing.length - 1;
	const more = others === 0 ? '' : `, nor of ${others} other${others === 1 ? '' : 's'}`;
	return `what became of ${client} to ${provider} cannot be told${more}: a verdict is unknown`;
}

/** rr, cr and ec are those that turn peers' requests away. */
function acsText(before: string, after: string): string {
	const bits = (text: string) => text.split(',').filter((bit) => bit !== '0' && bit !== 'none');
	const [old, now] = [bits(before), bits(after)];
	const gained = now.filter((bit) => !old.includes(bit));
	const lost = old.filter((bit) => !now.includes(bit));
	const redirects = (list: readonly string[]) =>
		list.some((bit) => ['rr', 'cr', 'ec'].includes(bit));
	const parts = [
		...(gained.length > 0
			? [`gained ${redirects(gained) ? 'redirect' : 'ACS'} ${named(gained)}`]
			: []),
		...(lost.length > 0 ? [`lost ${redirects(lost) ? 'redirect' : 'ACS'} ${named(lost)}`] : []),
	];
	return parts.length > 0 ? parts.join(' and ') : `its ACS is ${after}, was ${before}`;
}

function named(bits: readonly string[]): string {
	return `(${bits.join(' ').toUpperCase()})`;
}

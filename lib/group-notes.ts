// SPDX-License-Identifier: MIT
// Where the kernel's IOMMU groups are not what the ports say.

import type {Groups} from './native.ts';

/** A line for each group that one of these functions is in and that the ports would form otherwise. */
export function groupNotes({differences}: Groups, functions: readonly string[]): string[] {
	return differences
		.filter(({kernel}) => kernel.some((bdf) => functions.includes(bdf)))
		.map(({group, kernel, predicted}) => {
			const others = predicted.map((members) => members.join(' ')).join(' | ');
			return (
				`IOMMU group ${group} holds ${kernel.join(' ')}; by the ACS that is set now it would be ${others}: ` +
				'ACS was changed since boot, or the kernel knows better of this hardware'
			);
		});
}

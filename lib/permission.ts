// SPDX-License-Identifier: MIT
// --require, --allow and --mechanism, alike in every program that moves or maps.

import {option, string} from '@oclif/core/flags';
import {Failure} from './failure.ts';
import type {Allowed} from './native.ts';

export const allowWords = ['not-supported', 'unknown', 'register-bar', 'driver-owned'] as const;

export const require = option({
	options: ['direct', 'any'] as const,
	default: 'any',
	description: 'refuse what is not direct, or what is not reachable (default)',
})();

export const allow = string({
	multiple: true,
	helpValue: 'WORD',
	description: `go beyond the check: ${allowWords.join(', ')}`,
});

export const mechanism = option({
	options: ['type1', 'iommufd'] as const,
	description: 'of VFIO; if left out, iommufd where it can be had',
})();

export function permission(required: string, words: readonly string[] = []): Allowed {
	const given = words.flatMap((word) => word.split(','));
	const unknown = given.find((word) => !allowWords.some((known) => known === word));
	if (unknown !== undefined) {
		throw new Failure(`--allow ${unknown}: no such word; there are ${allowWords.join(', ')}`);
	}
	return {
		requireDirect: required === 'direct',
		notSupported: given.includes('not-supported'),
		unknown: given.includes('unknown'),
		registerBar: given.includes('register-bar'),
		driverOwned: given.includes('driver-owned'),
	};
}

// SPDX-License-Identifier: MIT
// How far a program may go that moves or maps, and by which of VFIO: --require, --allow and
// --mechanism.

import {Failure} from './failure.ts';
import type {Allowed} from './native.ts';

export const requireWords = ['direct', 'any'] as const;
export const mechanismWords = ['type1', 'iommufd'] as const;
export const allowWords = ['not-supported', 'unknown', 'register-bar', 'driver-owned'] as const;

export type AllowWord = (typeof allowWords)[number];

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

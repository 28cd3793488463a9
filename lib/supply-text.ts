// SPDX-License-Identifier: MIT
// What is said of the superuser's capture, which lends other users what they may not read.

import type {Machine} from './native.ts';

/** Where the superuser leaves it. */
export const capturePlace = '/run/p2putils/machine.json';

export const captureHint = `p2p-list --capture ${capturePlace}   as root, once after each boot, for all users`;

/** Why the capture is not taken; detail is a path, or what is wrong with its text. */
export function refusalText(refusal: string, detail: string): string {
	const texts: Readonly<Record<string, string>> = {
		absent: 'there is none',
		closed: `${detail} may not be read by this user`,
		owner: `${detail} is not the superuser's`,
		writable: `others than the superuser can write ${detail}`,
		link: `${detail} is a link`,
		kind: `${detail} is of the wrong kind`,
		size: `${detail} is too long`,
		broken: detail,
		'other-boot': 'it is of another boot',
	};
	return texts[refusal] ?? refusal;
}

/** What the capture has to do with the verdicts; undefined where nothing was looked for or found. */
export function supplyLine({supply}: Pick<Machine, 'supply'>): string | undefined {
	if (supply === null || supply.refusal === 'absent') return undefined;
	return supply.refusal === null
		? `ports and ACS as root read them in this boot (${supply.path})`
		: `${supply.path} does not count: ${refusalText(supply.refusal, supply.detail ?? '')}`;
}

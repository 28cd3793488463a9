// SPDX-License-Identifier: MIT
// Options that several programs share, in the words of the parser.

import {option, string} from '@oclif/core/flags';
import {allowWords, mechanismWords, requireWords} from './permission.ts';

/** Options of programs that only look. */
export const fromFlag = {
	from: string({
		helpValue: 'FILE',
		exclusive: ['sysroot'],
		description:
			'the machine of FILE: a capture, lspci text, a sysfs tree or its tar, a drawing; - is stdin',
	}),
};

/** What the user says of the machine in its place. */
export const assumptionFlags = {
	kernel: string({
		helpValue: 'RELEASE',
		description: 'judge as this kernel would: 6.12, 7.1.4-amd64',
	}),
	cpu: string({
		helpValue: 'CPU',
		description: 'judge as on this CPU: zen, intel, other, or vendor_id:family as in /proc/cpuinfo',
	}),
};

// Alike in every program that moves or maps.

export const require = option({
	options: requireWords,
	default: 'any',
	description: 'refuse what is not direct, or what is not reachable (default)',
})();

export const allow = string({
	multiple: true,
	helpValue: 'WORD',
	description: `go beyond the check: ${allowWords.join(', ')}`,
});

export const mechanism = option({
	options: mechanismWords,
	description: 'of VFIO; if left out, iommufd where it can be had',
})();

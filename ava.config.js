// SPDX-License-Identifier: MIT
// Which tests ava runs: all but those that need a guest kernel of its own, or, for
// `npm run test:iommufd`, those and the copies over again on that kernel.

const again = ['kinds', 'map', 'share'].map((name) => `test/lab/${name}.test.ts`);
const isOwnKernel = process.env.P2P_LAB_KERNEL === 'iommufd';

export default {
	typescript: {compile: false, rewritePaths: {'test/': 'build/ts/test/'}},
	files: isOwnKernel
		? ['test/iommufd/*.test.ts', ...again]
		: ['test/**/*.test.ts', '!test/iommufd/**'],
	timeout: '10m',
};

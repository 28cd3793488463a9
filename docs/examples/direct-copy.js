// SPDX-License-Identifier: MIT
// Copies the beginning of a disk to the first memory that it reaches directly, and proves it:
//   node direct-copy.js 03:00.0

import {check, copy, Failure, list} from 'p2putils';

const [name = ''] = process.argv.slice(2);

try {
	const [disk] = (await list([name])).functions;
	for (const {bdf, bars} of (await list()).functions) {
		if (bdf === disk.bdf) continue;
		const bar = bars.find(({kind, size}) => kind === 'memory' && size >= 1 << 24);
		if (bar === undefined) continue;
		const {verdict, fabric} = await check(disk.bdf, bdf);
		console.log(`${bdf}: ${verdict}, by ${fabric.route.join(', ')}`);
		if (verdict !== 'direct') continue;
		const to = `${bdf}/bar${bar.index}`;
		const {result} = await copy(`${disk.bdf}/ns1`, to, {length: '16M', verify: 'full'});
		console.log(`${to}: ${result.bytes} bytes, CRC-32C ${result.crc32c}`);
		break;
	}
} catch (error) {
	if (!(error instanceof Failure)) throw error;
	console.error([error.message, ...error.hints].join('\n  Try: '));
	process.exitCode = error.status;
}

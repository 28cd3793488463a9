// SPDX-License-Identifier: MIT
// Controller memory buffers that QEMU has none of: for queues only, for one direction, in large
// units, at an offset, and nonsense.

import {execFileSync} from 'node:child_process';
import test from 'ava';

// CMBSZ: 31:12 size, 11:8 unit (4 KiB times 16 to the power of it), 4 WDS, 3 RDS, 2 LISTS, 1 CQS,
// 0 SQS. CMBLOC: 31:12 offset in those units, 2:0 BAR.
/** Of the BAR: 2 TiB. */
const large = '20000000000';

for (const [what, location, size, told, bar = large] of [
	['one page for all', '2', '101f', 'bar2+0 4096 data'],
	['queues only', '2', '1003', 'bar2+0 4096'],
	['read data only', '2', '100b', 'bar2+0 4096'],
	['write data only', '2', '1013', 'bar2+0 4096'],
	['at an offset, in units of 64 KiB', '3004', '2118', 'bar4+0x30000 131072 data'],
	['one unit of 64 GiB', '4', '1618', 'bar4+0 68719476736 data'],
	['a reserved unit', '4', '1718', 'none'],
	['more than the BAR has', '2', '401f', 'bar2+0 8192 data', '2000'],
	['at the end of the BAR', '2002', '201f', 'bar2+0x2000 4096 data', '3000'],
	['beyond the BAR', '2002', '101f', 'none', '2000'],
	['no size', '2', '1f', 'none'],
	['nobody answers', 'ffffffff', 'ffffffff', 'none'],
] as readonly (readonly [string, string, string, string, string?])[]) {
	test(what, (t) => {
		const program = 'native/build/Release/cmb';
		t.is(execFileSync(program, [location, size, bar], {encoding: 'utf8'}), `${told}\n`);
	});
}

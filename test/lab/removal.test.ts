// SPDX-License-Identifier: MIT
// A function that is pulled in the middle of a copy: one sentence, no hang, never success. QEMU's
// NVMe reports success for what it writes to memory that is gone.

import test from 'ava';
import {boot} from '../../lab/boot.ts';
import {kernel, shows, untilCopying} from '../helpers/lab.ts';

const drawing = `
	root-port
	  disk: nvme size=64M
	root-port
	  mem: ram 64M
`;

for (const [what, bus] of [
	['disk', 'the disk'],
	['mem', 'the memory'],
] as const) {
	test.serial(`${bus} is pulled: the copy ends soon, in one sentence, and not in 0`, async (t) => {
		const guest = await boot(drawing, {
			kernel,
			nativeHotplug: true,
			cpu: 'EPYC',
		});
		try {
			t.is((await guest.run('p2p-bind $disk')).status, 0);
			await guest.qmp('block_set_io_throttle', {
				device: 'drive-disk',
				bps: 4 << 20,
				...{bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0},
			});
			const port = `$(basename $(dirname $(readlink -f /sys/bus/pci/devices/$${what})))`;
			const line = `p2p-copy $disk/ns1 $mem/bar2 --length 48M & p=$!; ${untilCopying}; setpci -s ${port} CAP_EXP+18.w=0700; wait $p`;
			const result = await guest.run(line, {timeoutMs: 120_000});
			t.false(result.timedOut);
			shows(t, result, {
				status: 2,
				stdout: '',
				stderr: new RegExp(
					`^p2p-copy: ${guest.env[what]} is gone: [^\\n]*; nothing is moved for certain\\n`,
				),
			});
			shows(t, await guest.run('p2p-list --all'), {status: 0});
		} finally {
			await guest.stop();
		}
	});
}

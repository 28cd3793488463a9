// SPDX-License-Identifier: MIT
// Behind one switch the kernel hands out bus addresses. QEMU's switch does not turn requests round:
// they reach a translating IOMMU, which knows nothing of them, and are lost. NVMe calls it success.

import test from 'ava';
import {fillRandom, nodeOf, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	machine iommu=intel
	root-port
	  upstream
	    downstream
	      a: nvme size=64M cmb=16M
	    downstream
	      b: nvme size=64M
	`,
);

for (const verify of ['full', 'sample']) {
	test.serial(`bytes that the IOMMU drops are missed, --verify=${verify}`, async (t) => {
		lab.expectInLog(/DMAR/);
		fillRandom(lab.guest().image('b'), 0, 2 * MiB);
		const line = `p2p-copy ${nodeOf('b')} ${nodeOf('a')}+8M --via $a --length 2M --verify=${verify}`;
		shows(t, await lab.run(line), {status: 3, stdout: '', stderr: /wrong data at byte/});
	});
}

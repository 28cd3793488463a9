// SPDX-License-Identifier: MIT
// p2p-target where disks are heads of NVMe multipath: the kernel finds no peer memory for them.

import test from 'ava';
import {useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	machine kernel="nvme_core.multipath_always_on=Y"
	root-port
	  upstream
	    downstream
	      pool: nvme size=16M cmb=16M
	    downstream
	      disk: nvme size=16M
	`,
);

test.serial('the head of NVMe multipath goes without, as the kernel has it', async (t) => {
	const line = `
		D=$(cd /sys/bus/pci/devices/$disk/nvme/* && echo /dev/$(basename $PWD)n1)
		p2p-target $D -t loop --nqn nqn.head -v 2>&1 | grep '^  1'; p2p-target; p2p-target --remove
		p2p-target $D -t loop --require any; echo $?
		S=/sys/kernel/config/nvmet/subsystems/nqn.x; mkdir -p $S/namespaces/1; cd $S/namespaces/1
		echo $D >device_path; echo $pool >p2pmem; (echo 1 >enable) 2>/dev/null; cat enable
		cd /; rmdir $S/namespaces/1 $S; dmesg | grep -o 'cannot be used for peer-to-peer DMA as it is not a PCI device'`;
	const why =
		'it is the head of NVMe multipath, for which the kernel finds no peer memory (nvme_core.multipath=N)';
	const {stdout, stderr} = await lab.run(line);
	const device = /\/dev\/nvme\dn1/.exec(stdout)?.[0];
	t.is(
		stdout,
		`  1  ${device}  through host memory: ${why}
nqn.head
  loop  for any host
  1  ${device}  through host memory: p2pmem is off
1
0
cannot be used for peer-to-peer DMA as it is not a PCI device
`,
	);
	t.is(stderr, `p2p-target: data of ${device} would not go from peer to peer: ${why}\n`);
});

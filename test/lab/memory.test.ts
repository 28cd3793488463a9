// SPDX-License-Identifier: MIT
// A long copy needs no more memory than a short one: the peak of the whole process, as the kernel
// counts it, of copies that differ 32-fold and more.

import test from 'ava';
import {useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=1T
	    downstream
	      other: nvme size=1G
	    downstream
	      mem: ram 16M
	`,
);

const script = 'process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))';

test.serial.before('the disks go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run(
		`echo '${script}' > /tmp/peak.cjs && p2p-bind $disk $other`,
	);
	t.is(status, 0, stderr);
});

const copies: readonly (readonly [string, (bytes: number) => string])[] = [
	[
		'proved in full, through a ring',
		(bytes) => `p2p-copy $disk/ns1 $other/ns1 --via $mem/bar2 --length ${bytes} --verify`,
	],
	['into nothing', (bytes) => `p2p-copy $disk/ns1 /dev/null --length ${bytes} --verify=none`],
	['from a pipe', (bytes) => `head -c ${bytes} /dev/zero | p2p-copy - $other/ns1`],
];

for (const [name, line] of copies) {
	test.serial(`a copy ${name} needs no more memory for being long`, async (t) => {
		const short = await peak(line(8 << 20));
		const long = await peak(line(256 << 20));
		t.true(short > 0);
		t.true(long < short + (8 << 20), `${short} bytes grew to ${long}`);
	});
}

/** Bytes of the largest resident set of p2p-copy, which comes last in the line. */
async function peak(line: string): Promise<number> {
	const {status, stderr} = await lab.run(`export NODE_OPTIONS=--require=/tmp/peak.cjs; ${line}`);
	const [, kilobytes] = /peak (\d+)/.exec(stderr) ?? [];
	if (status !== 0 || kilobytes === undefined) throw new Error(stderr);
	return Number(kilobytes) * 1024;
}

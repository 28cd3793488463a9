// SPDX-License-Identifier: MIT
// What programs that touch devices write under --json is what docs/json says; metrics of a real
// machine are what Prometheus takes.

import test from 'ava';
import {useLab} from '../helpers/lab.ts';
import {promtool} from '../helpers/promtool.ts';
import {isAsDescribed} from '../helpers/schema.ts';

const lab = useLab(
	test,
	`
	machine cpu=EPYC
	root-port
	  upstream
	    downstream acs=rr
	      disk: nvme size=16M cmb=4M
	    downstream acs=0
	      mem: ram 16M
	    downstream acs=0
	      kernels: nvme size=16M
	`,
);

const lines: readonly (readonly [line: string, status?: number])[] = [
	['p2p-bind --show $disk $kernels'],
	['p2p-bind $disk $mem'],
	['p2p-bind --show'],
	['p2p-list'],
	['p2p-copy $disk/ns1 $mem/bar2 --explain'],
	['p2p-copy $disk/ns1 $mem/bar2 --verify'],
	['p2p-copy $disk/ns1 /tmp/out --length 1M'],
	['p2p-copy $mem/bar2 $disk/ns1 --length 1M --overwrite-signature --verify=none'],
	['p2p-copy /tmp/out $mem/bar0 --length 256', 1],
	['p2p-copy $disk/ns1 $mem/bar2 --require direct', 1],
	['p2p-map $disk $mem/bar2'],
	['p2p-map $disk $mem/bar2 --require direct', 1],
	['p2p-disk $disk/bar0', 1],
	['p2p-target', 0],
	['p2p-bench'],
	['p2p-bench $disk/ns1 $mem/bar2+0 --length 1M --sizes 4K --time 20 --runs 1'],
	['p2p-bench --matrix $mem/bar2+0 --length 1M --sizes 4K --time 20 --runs 1'],
	['p2p-acs --route $disk $mem --clear rr'],
	['p2p-acs --restore'],
	['p2p-bind --restore'],
];

for (const [line, status = 0] of lines) {
	test.serial(`${line} --json is as described`, async (t) => {
		const result = await lab.run(`${line} --json`);
		t.is(result.status, status, result.stderr);
		isAsDescribed(t, line.split(' ')[0] ?? '', result.stdout);
	});
}

test.serial('promtool has nothing against the metrics of a real machine', async (t) => {
	for (const [words, least] of [
		['--matrix', 6],
		['$disk $mem', 1],
		['--expect -', 1],
	] as const) {
		const line = `echo $disk $mem through-root | p2p-check ${words} --prometheus`;
		const {status, stdout, stderr} = await lab.run(line);
		t.is(status, 0, stderr);
		t.is(await promtool(stdout), '');
		t.true((stdout.match(/^p2putils_pair_info\{.*\} 1$/gm) ?? []).length >= least, stdout);
		t.regex(stdout, /^p2putils_check_timestamp_seconds \d{10}$/m);
	}
});

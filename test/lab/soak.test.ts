// SPDX-License-Identifier: MIT
// Random copies in one process of one guest: every one proved, the ends compared with a model from
// outside at last, and nothing grows. Short here; `npm run soak` does it for an hour.

import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import test from 'ava';
import {useLab} from '../helpers/lab.ts';

const seconds = Number(process.env.P2P_SOAK_SECONDS ?? 30);
const seed = Number(process.env.P2P_SOAK_SEED ?? 1);
const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=16M cmb=4M
	    downstream
	      other: nvme size=16M
	    downstream
	      mem: ram 16M
	    downstream
	      ring: ram 1M
	    downstream
	      edu: edu
	`,
);

test.serial(`${seconds} s of random copies, seed ${seed}`, async (t) => {
	t.timeout((seconds + 300) * 1000);
	const words = `${seconds} ${seed} $disk $other $mem $ring $edu`;
	const {status, stdout, stderr} = await lab.run(
		`p2p-bind $disk $other $mem $ring $edu >/dev/null && node --expose-gc build/ts/test/guest/soak.js ${words}`,
		{timeoutMs: (seconds + 240) * 1000},
	);
	t.is(status, 0, stderr);
	const {copies, bytes, warm, end, sums} = JSON.parse(stdout);
	t.log(`${copies} copies, ${bytes} bytes`, warm, end);
	t.is(end.files, warm.files, 'no descriptor is left');
	t.true(end.maps <= warm.maps + 8, 'no mapping is left');
	t.is(end.locked, 0, 'no memory is left locked');
	t.true(end.rss < warm.rss + 16 * MiB, `${warm.rss} bytes grew to ${end.rss}`);
	const inside = await lab.run(
		'p2p-copy $disk/cmb /tmp/cmb --verify && sha256sum </tmp/cmb && sha256sum </tmp/soak',
	);
	t.is(inside.stdout, `${sums.cmb}  -\n${sums.file}  -\n`, inside.stderr);
	for (const [label, kind] of [
		['disk', 'img'],
		['other', 'img'],
		['mem', 'ram'],
	] as const) {
		const image = readFileSync(lab.guest().image(label, kind));
		t.is(createHash('sha256').update(image).digest('hex'), sums[label], label);
	}
});

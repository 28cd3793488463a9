// SPDX-License-Identifier: MIT
// Device-private memory, which amdgpu, xe and nouveau take through HMM. No device of the lab has
// any: what their drivers leave in /proc/iomem (kernel/resource.c) is drawn here.

import test, {type ExecutionContext} from 'ava';
import {native} from '../../lib/native.ts';
import {bind, file, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const gpu = '0000:01:00.0';
const bars = `e0000000-efffffff : PCI Bus 0000:00
  e0000000-e0ffffff : PCI Bus 0000:01
    e0000000-e0ffffff : ${gpu}
`;
const kept = `fffc00000000-ffffffffffff : ${gpu}\n`;

function drawn(t: ExecutionContext, iomem: string, driver = 'amdgpu'): string {
	const root = machine(t, 'root-port\n  display\nroot-port\n  display\nroot-port\n  ram 16M');
	bind(root, gpu, driver);
	file(root, '/proc/iomem', `00001000-0009ffff : System RAM\n${iomem}`);
	return root;
}

async function keptOf(root: string): Promise<(number | null | undefined)[]> {
	const {functions} = await native.scan({root});
	return functions
		.filter(({role}) => role === 'endpoint')
		.map(({devicePrivate}) => devicePrivate?.size);
}

test('a region behind all that is decoded, in the name of a function, is its', async (t) => {
	const root = drawn(t, bars + kept);
	t.deepEqual(await keptOf(root), [16 * 2 ** 30, undefined, undefined]);
	t.regex(run('p2p-list', '--sysroot', root, gpu).stdout, /, device-private 16G /);
});

test('several regions count together', async (t) => {
	const more = `fff800000000-fffbffffffff : ${gpu}\n`;
	t.is((await keptOf(drawn(t, bars + more + kept)))[0], 32 * 2 ** 30);
});

test('a BAR is none, below a bus or without one', async (t) => {
	const root = drawn(t, bars);
	const {functions} = await native.scan({root});
	const bar = functions.find(({bdf}) => bdf === gpu)?.bars[0];
	t.truthy(bar?.size);
	const start = Number(bar?.start);
	const line = `${start.toString(16)}-${(start + (bar?.size ?? 0) - 1).toString(16)} : ${gpu}\n`;
	t.is((await keptOf(drawn(t, bars + line)))[0], undefined);
});

/** For who is not root. */
const hidden = (text: string) => text.replace(/^( *)[0-9a-f]+-[0-9a-f]+/gm, '$100000000-00000000');

test('it may be a BAR, where addresses are hidden and none is seen below a bus', async (t) => {
	t.is((await keptOf(drawn(t, hidden(kept))))[0], undefined);
	const others = bars.replace(gpu, '0000:02:00.0');
	t.is((await keptOf(drawn(t, hidden(others + kept))))[0], undefined);
	const region = 'fffffe000000-ffffffffffff : nouveau\n';
	t.is((await keptOf(drawn(t, hidden(region), 'nouveau')))[0], null);
});

test('who may not see addresses sees that there is some', async (t) => {
	const root = drawn(t, hidden(bars + kept));
	const {functions} = await native.scan({root});
	t.deepEqual(functions.find(({bdf}) => bdf === gpu)?.devicePrivate, {size: null});
	t.regex(run('p2p-list', '--sysroot', root, gpu).stdout, /, device-private \? /);
});

test("nouveau's is its only function's, and nobody's where there are two", async (t) => {
	const region = 'fffffe000000-ffffffffffff : nouveau\n';
	const root = drawn(t, bars + region, 'nouveau');
	t.is((await keptOf(root))[0], 2 ** 25);
	bind(root, '0000:02:00.0', 'nouveau');
	t.deepEqual(await keptOf(root), [undefined, undefined, undefined]);
});

test('a capture keeps it', (t) => {
	const root = drawn(t, bars + kept);
	const {stdout} = run('p2p-list', '--sysroot', root, '--capture', '-');
	file(root, '/capture.json', stdout);
	const again = run('p2p-list', '--from', `${root}/capture.json`, gpu);
	t.regex(again.stdout, /, device-private 16G /);
});

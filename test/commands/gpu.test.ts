// SPDX-License-Identifier: MIT
// GPUs with their own drivers, by what these leave in sysfs. The lab has none of them.

import test, {type ExecutionContext} from 'ava';
import {attribute, bind, file, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const [disk, gpu, far] = ['0000:03:00.0', '0000:04:00.0', '0000:05:00.0'];

function drawn(t: ExecutionContext, driver: string): string {
	const root = machine(
		t,
		`
		machine cpu=Nehalem
		root-port
		  upstream
		    downstream
		      nvme
		    downstream
		      display
		root-port
		  nvme
		`,
	);
	bind(root, gpu, driver);
	return root;
}

/** As amdgpu tells them. */
function vram(root: string, total: number, visible: number): void {
	attribute(root, gpu, 'mem_info_vram_total', `${total}`);
	attribute(root, gpu, 'mem_info_vis_vram_total', `${visible}`);
}

/** Without what is said of IOMMU groups: those of drawn machines do not follow their ACS. */
function notesOf(root: string, client: string): string[] {
	const {stdout} = run('p2p-check', '--sysroot', root, client, gpu, '--json');
	const {notes} = JSON.parse(stdout) as {notes: string[]};
	return notes.filter((note) => !note.startsWith('IOMMU group'));
}

for (const [driver, reached, refused] of [
	[
		'amdgpu',
		/straight to importers/,
		/hands 0000:04:00\.0's buffers out from host memory, in silence/,
	],
	[
		'xe',
		/peer memory to importers that follow its moves, host memory to those that pin$/,
		/and refuses those that cannot move/,
	],
	['i915', /not as peer memory, whatever the verdict/, /not as peer memory, whatever the verdict/],
	['nouveau', /from host memory alone/, /from host memory alone/],
	['nvidia', /decides by itself/, /decides by itself/],
] as const) {
	test(`what ${driver} makes of a verdict is a note`, (t) => {
		const root = drawn(t, driver);
		t.regex(notesOf(root, disk)[0] ?? '', reached);
		t.regex(notesOf(root, far)[0] ?? '', refused);
		const {stdout} = run('p2p-check', '--sysroot', root, disk, gpu);
		t.regex(stdout, new RegExp(`^(note)? {4,}.*${driver}`, 'm'));
	});
}

test('other drivers have none', (t) => {
	t.deepEqual(notesOf(drawn(t, 'bochs-drm'), disk), []);
});

test('memory that no BAR shows is said, and how to mend that', (t) => {
	const root = drawn(t, 'amdgpu');
	vram(root, 24 * 2 ** 30, 16 * 2 ** 20);
	t.regex(
		notesOf(root, disk)[1] ?? '',
		/^bar0 of 0000:04:00\.0 shows peers 16M of 24G: .*Resizable BAR/,
	);
	t.regex(run('p2p-list', '--sysroot', root, gpu).stdout, /bar0 16M, .*vram 24G /);
});

test('where all of it is visible, an APU included, there is nothing to mend', (t) => {
	const root = drawn(t, 'amdgpu');
	vram(root, 24 * 2 ** 30, 24 * 2 ** 30);
	attribute(root, gpu, 'resource0_resize', '0000000000004100');
	t.is(notesOf(root, disk).length, 1);
});

for (const driver of ['i915', 'nouveau']) {
	test(`a larger BAR would not help ${driver}`, (t) => {
		const root = drawn(t, driver);
		attribute(root, gpu, 'resource0_resize', '0000000000004100');
		t.is(notesOf(root, disk).length, 1);
	});
}

test('of xe the tiles tell', (t) => {
	const root = drawn(t, 'xe');
	for (const tile of [0, 1])
		file(
			root,
			`sys/bus/pci/devices/${gpu}/tile${tile}/physical_vram_size_bytes`,
			`${8 * 2 ** 30}\n`,
		);
	t.regex(notesOf(root, disk)[1] ?? '', /^bar0 of 0000:04:00\.0 shows peers 16M of 16G: /);
	t.regex(run('p2p-list', '--sysroot', root, gpu).stdout, /vram 16G /);
});

test('without such a driver what the BAR could have tells', (t) => {
	const root = drawn(t, 'xe');
	attribute(root, gpu, 'resource0_resize', '0000000000004100');
	t.regex(notesOf(root, disk)[1] ?? '', /^bar0 of 0000:04:00\.0 has 16M and could have 16G: /);
	const record = JSON.parse(run('p2p-list', '--sysroot', root, gpu, '--json').stdout);
	t.is(record.functions[0].bars[0].largest, 2 ** 34);
});

test('a capture keeps both', (t) => {
	const root = drawn(t, 'amdgpu');
	vram(root, 24 * 2 ** 30, 16 * 2 ** 20);
	run('p2p-list', '--sysroot', root, '--capture', `${root}/capture.json`);
	const {stdout} = run('p2p-check', '--from', `${root}/capture.json`, disk, gpu);
	t.regex(stdout, /shows peers 16M of 24G/);
	const again = run('p2p-list', '--from', `${root}/capture.json`, gpu, '--json').stdout;
	t.is(JSON.parse(again).functions[0].visibleVram, 16 * 2 ** 20);
});

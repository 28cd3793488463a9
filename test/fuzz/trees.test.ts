// SPDX-License-Identifier: MIT
// Copies of sysfs that somebody changed, and tars of them that came damaged.

import {spawnSync} from 'node:child_process';
import {
	existsSync,
	lstatSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {findRoot, isTar, unpackTar} from '../../lib/archive.ts';
import {parseCapture} from '../../lib/capture.ts';
import {
	askAll,
	damaged,
	everyRound,
	isMixed,
	noise,
	oddWords,
	pick,
	saysSo,
} from '../helpers/fuzz.ts';
import {machine} from '../helpers/machine.ts';
import {type Random, randomMachine, seeded} from '../helpers/random-machine.ts';

const devices = 'sys/bus/pci/devices';

/** A link to something else, or other bytes in a file; undo() puts it back. */
function change(random: Random, root: string): () => void {
	const folder = realpathSync(join(root, devices, pick(random, readdirSync(join(root, devices)))));
	const names = readdirSync(folder).filter((name) => !/^[0-9a-f]{4}:|^pci/.test(name));
	const name = pick(random, [...names, 'physfn', 'iommu_group', 'driver', 'numa_node', 'resource']);
	const path = join(folder, name);
	if (lstatSync(path, {throwIfNoEntry: false})?.isDirectory()) return () => {};
	const isLink = lstatSync(path, {throwIfNoEntry: false})?.isSymbolicLink() ?? false;
	const link = ['physfn', 'iommu_group', 'driver'].includes(name);
	const before = existsSync(path) && !isLink ? readFileSync(path) : undefined;
	if (link || isLink) {
		if (isLink) return () => {};
		symlinkSync(`../${pick(random, [...readdirSync(join(root, devices)), ...oddLinks])}`, path);
	} else writeFileSync(path, content(random, before ?? Buffer.from('0x0 0x0 0x0\n')));
	return () => {
		rmSync(path);
		if (before !== undefined) writeFileSync(path, before);
	};
}

const oddLinks = ['99999999999999999999', '-1', 'x', '.'];

function content(random: Random, before: Buffer): Buffer {
	const kinds = [
		() => damaged(random, before),
		() => noise(random),
		() => Buffer.from(pick(random, oddWords)),
		() => Buffer.concat([before, before]),
		() => Buffer.from('0x0000000000000000 0xffffffffffffffff 0x0000000000140204\n'.repeat(7)),
	];
	return pick(random, kinds)();
}

for (const shape of [4, 5, 6]) {
	test(`a copy of sysfs of machine ${shape} may hold anything`, async (t) => {
		const root = machine(t, randomMachine(seeded(shape)));
		const captures = await everyRound(25, async (random) => {
			const undo = Array.from({length: 1 + random(3)}, () => change(random, root));
			const text = await askAll({root});
			for (const one of undo.reverse()) one();
			return text;
		});
		// Whatever was read, the capture of it can be read too.
		const sound = captures.filter((text) => text !== undefined);
		t.true(sound.length > 0);
		for (const text of sound) t.notThrows(() => parseCapture('it', text));
	});
}

test('a tar may be damaged', async (t) => {
	const root = machine(t, 'root-port acs=rr\n  nvme\nroot-port\n  ram 1M');
	const tar = spawnSync('tar', ['-cf', '-', '-C', root, 'sys', 'proc'], {
		maxBuffer: 2 ** 26,
	}).stdout;
	const endings = await everyRound(40, async (random) => {
		let hurt: Buffer = tar;
		for (let hits = 1 + random(6); hits > 0; hits--) hurt = damaged(random, hurt);
		if (!isTar(hurt)) return false;
		return saysSo(async () => {
			const folder = await unpackTar('it', hurt);
			const found = findRoot(folder);
			if (found !== undefined) await askAll({root: found});
			rmSync(folder, {recursive: true});
		});
	});
	isMixed(t, endings);
});

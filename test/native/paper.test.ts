// SPDX-License-Identifier: MIT
// What lspci itself prints of drawn machines says of them what sysfs says; and no text, however
// damaged, brings the reader down or makes it slow.

import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {native, type Pair, type Scan} from '../../lib/native.ts';
import {attribute, machine} from '../helpers/machine.ts';
import {type Random, randomMachine, seeded} from '../helpers/random-machine.ts';

const forms: Readonly<Record<string, readonly string[]>> = {
	'all that there is': ['-Dnnvvvxxxx'],
	'hexadecimal alone': ['-xxxx'],
	words: ['-nnvvv'],
	'words and 256 bytes': ['-nnvv -xxx'],
	'a tree, names, and words': ['-tv', '-nn', '-Dnnvv'],
	'the same in many forms': ['-nn', '-tnnv', '-nnkv', '-nnvvv', '-nmm', '-nnvmm', '-nnvvvxxxx'],
};

async function printed(root: string, options: readonly string[]): Promise<string> {
	for (const {bdf} of (await native.scan({root})).functions) attribute(root, bdf, 'irq', '0');
	const outputs = options.map((option) => {
		const folder = `sysfs.path=${root}/sys/bus/pci`;
		const run = spawnSync('lspci', ['-O', folder, ...option.split(' ')], {
			encoding: 'utf8',
			maxBuffer: 2 ** 28,
		});
		return run.stdout;
	});
	const release = readFileSync(`${root}/proc/sys/kernel/osrelease`, 'utf8').trim();
	const processor = readFileSync(`${root}/proc/cpuinfo`, 'utf8');
	return `${outputs.join('\n')}\n${processor}\nLinux version ${release} (x)\n`;
}

/** What no text says of functions is left out. */
function facts({functions}: Scan) {
	return functions.map(
		({bdf, path, rootBus, parent, physfn, role, vendor, device, classCode, ...rest}) => {
			const {subVendor, subDevice, revision, driver, iommuGroup, numaNode, bars} = rest;
			const ids = {vendor, device, classCode, subVendor, subDevice, revision};
			return {bdf, path, rootBus, parent, physfn, role, ...ids, driver, iommuGroup, numaNode, bars};
		},
	);
}

function opinion({verdict, kernel, fabric, missing}: Pair) {
	return {verdict, kernel, fabric, missing};
}

const hasEgress = ({functions}: Scan) => functions.some(({acs}) => acs?.includes('ec'));

for (const [form, options] of Object.entries(forms)) {
	for (let seed = 1; seed <= 6; seed++) {
		test(`machine ${seed} as ${form} is the machine`, async (t) => {
			const root = machine(t, randomMachine(seeded(seed)));
			const text = Buffer.from(await printed(root, options));
			const there = await native.scan({root});
			const here = await native.scan({text, name: form});
			const isHex = options.some((option) => option.includes('xxxx'));

			t.is(here.machine.reading?.unread, 0);
			if (options[0] !== '-xxxx') t.deepEqual(facts(here), facts(there));
			t.deepEqual(
				here.functions.map(({acs}) => acs),
				there.functions.map(({acs}) => acs),
			);
			// Words do not show egress control vectors.
			if (isHex || !hasEgress(there)) await compareVerdicts(t, root, text, there);
		});
	}
}

async function compareVerdicts(t: ExecutionContext, root: string, text: Buffer, there: Scan) {
	const ends = there.functions.filter(({role}) => role === 'endpoint').map(({bdf}) => bdf);
	const pairs = ends
		.flatMap((client) => ends.map((provider) => [client, provider] as const))
		.slice(0, 100);
	const live = await native.check({root}, pairs);
	const paper = await native.check({text, name: 'paper'}, pairs);
	t.deepEqual(paper.pairs.map(opinion), live.pairs.map(opinion));
}

test('-v names capabilities and never makes a verdict of them', async (t) => {
	const root = machine(
		t,
		'root-port\n  upstream\n    downstream acs=0\n      nvme\n    downstream acs=0\n      ram 1M',
	);
	const text = Buffer.from(await printed(root, ['-Dnnv']));
	const {pairs} = await native.check({text, name: 'v'}, [['03:00.0', '04:00.0']]);
	t.is(pairs[0]?.verdict, 'unknown');
});

test('a capture of a text says what the text says', async (t) => {
	const drawing = 'machine cpu=Skylake-Server\nroot-port\n  function\nroot-port\n  function';
	const whole = await printed(machine(t, drawing), ['-nnvvv']);
	const excerpt = Buffer.from(whole.slice(whole.indexOf('PCI bridge') - 8));
	const {functions} = await native.scan({text: excerpt, name: 'text'});
	const ends = functions.filter(({role}) => role === 'endpoint').map(({bdf}) => bdf);
	const pairs = ends.flatMap((client) => ends.map((provider) => [client, provider] as const));
	const capture = JSON.parse(JSON.stringify(await native.capture({text: excerpt, name: 'text'})));
	const text = await native.check({text: excerpt, name: 'text'}, pairs);
	t.true(text.pairs.some(({missing}) => missing.includes('0000:00 host bridge')));
	t.deepEqual((await native.check({capture}, pairs)).pairs, text.pairs);
});

function damage(random: Random, text: string): string {
	const at = random(text.length);
	const length = random(40);
	const elsewhere = random(text.length);
	const kinds = [
		() => text.slice(0, at) + text.slice(at + length),
		() => text.slice(0, at) + text.slice(elsewhere, elsewhere + 10 * length) + text.slice(at),
		() => text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1),
		() => `${text.slice(0, at)}\n${text.slice(at)}`,
		() => text.slice(0, at).replace(/\n(?=[^\n]*$)/, ' ') + text.slice(at),
		() => text.slice(at) + text.slice(0, at),
	];
	return (kinds[random(kinds.length)] as () => string)();
}

test('damaged text is read', async (t) => {
	const random = seeded(7);
	const root = machine(
		t,
		'root-port acs=rr\n  upstream\n    downstream acs=rr,cr\n      nvme\n    downstream acs=rr,cr\n      ram 1M',
	);
	const whole = await printed(root, ['-t', '-nnvvvxxx']);
	for (let round = 0; round < 600; round++) {
		let text = whole;
		for (let hits = 1 + random(4); hits > 0; hits--) text = damage(random, text);
		const {functions} = await native.scan({text: Buffer.from(text, 'latin1'), name: 'damaged'});
		t.true(functions.length > 0);
	}
});

const large: readonly (readonly [string, () => Buffer])[] = [
	['16 MiB of noise', () => noise(2 ** 24)],
	['a line of 100 MB', () => Buffer.concat([Buffer.alloc(10 ** 8, 'a'), header])],
	[
		'100000 functions',
		() =>
			Buffer.from(
				bdfs(100_000)
					.map((bdf) => `${bdf} ISA bridge: x`)
					.join('\n'),
			),
	],
	[
		'one function 100000 times',
		() => Buffer.from('00:1f.0 ISA bridge: x\n\tControl: Mem+ BusMaster+\n'.repeat(100_000)),
	],
	[
		'100000 capabilities of one',
		() =>
			Buffer.concat([
				header,
				Buffer.from(
					bdfs(100_000)
						.map((_, i) => `\tCapabilities: [${((i * 4) & 0xfff).toString(16)} v1] x\n`)
						.join(''),
				),
			]),
	],
	[
		'a chain of bridges',
		() =>
			Buffer.from(
				bdfs(60_000)
					.map(
						(bdf, i) =>
							`${bdf} PCI bridge: x\n\tBus: primary=${(i & 255).toString(16)}, secondary=${((i + 1) & 255).toString(16)}, subordinate=ff\n`,
					)
					.join(''),
			),
	],
	[
		'a picture without end',
		() =>
			Buffer.concat([
				header,
				Buffer.from('-[0000:00]-+-00.0\n'),
				Buffer.from(`           ${'+-'.repeat(4000)}\n`.repeat(2000)),
			]),
	],
	[
		'a bridge 100000 times in a picture',
		() =>
			Buffer.from(
				`-[0000:00]-+-00.0\n${'           +-01.0-[01-ff]----00.0-[02]--+-00.0\n'.repeat(100_000)}`,
			),
	],
	['physical functions without end', () => physicalFunctions()],
];
const header = Buffer.from('\n00:1f.0 ISA bridge: Maker Thing\n');

function noise(size: number): Buffer {
	const random = seeded(1);
	const letters = ' \t\n\n:.[]-+|>0123456789abcdefCapabilities: [ACSCtl';
	const bytes = Buffer.alloc(size);
	for (let i = 0; i < size; i++) bytes[i] = letters.charCodeAt(random(letters.length));
	return Buffer.concat([bytes, header]);
}

function bdfs(count: number): string[] {
	const two = (it: number) => it.toString(16).padStart(2, '0');
	return Array.from({length: count}, (_, i) => {
		const domain = Math.floor(i / 8192);
		return `${two(domain >> 8)}${two(domain & 255)}:${two((i >> 5) & 255)}:${two(i & 31)}.0`;
	});
}

function physicalFunctions(): Buffer {
	const sriov = `\tControl: Mem+ BusMaster+
\tCapabilities: [40] Express (v2) Endpoint
\tCapabilities: [100 v1] Single Root I/O Virtualization (SR-IOV)
\t\tIOVCtl: Enable+ MSE+
\t\tInitial VFs: 65535, Number of VFs: 65535
\t\tVF offset: 1, stride: 1\n`;
	return Buffer.from(
		bdfs(20_000)
			.map((bdf) => `${bdf} 3D controller: x\n${sriov}\n`)
			.join(''),
	);
}

for (const [what, make] of large) {
	test.serial(`${what} is read in good time`, async (t) => {
		const text = make();
		const start = performance.now();
		const {functions} = await native.scan({text, name: what});
		t.true(functions.length > 0);
		t.true(performance.now() - start < 20_000, `${performance.now() - start} ms`);
	});
}

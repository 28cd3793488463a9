// SPDX-License-Identifier: MIT
// Drawings: what they may say, where their functions end up, and what QEMU is told.

import test from 'ava';
import {type Drawing, DrawingError, labels, parseDrawing, place} from '../../lab/drawing.ts';
import {findMachine, machineNames} from '../../lab/machines.ts';
import {describeMachine} from '../../lab/qemu.ts';

const oneSwitch = `
	machine cpu=EPYC iommu=none kernel="quiet a#b=c"   # first
	# a comment
	root-port
	  upstream
	    downstream acs=rr,cr
	      disk: nvme cmb=16M functions=2

	    downstream
	      mem: ram 64M
	root-port
		bridge
			edu
	host-bridge
	  root-port link=16GT/s×16
	    screen: display
`;

test('a drawing gives each function the bdf that firmware gives it', (t) => {
	const placed = place(parseDrawing(oneSwitch));
	t.deepEqual(
		placed.map(({bdf, node}) => `${bdf} ${node.kind}`),
		[
			'0000:00:01.0 root-port',
			'0000:01:00.0 upstream',
			'0000:02:00.0 downstream',
			'0000:03:00.0 nvme',
			'0000:03:00.1 nvme',
			'0000:02:01.0 downstream',
			'0000:04:00.0 ram',
			'0000:00:02.0 root-port',
			'0000:05:00.0 bridge',
			'0000:06:01.0 edu',
			'0000:80:01.0 root-port',
			'0000:81:00.0 display',
		],
	);
});

test('a placed function knows the bridge above it, its kernel path and its buses', (t) => {
	const [rootPort, , port, , nvme] = place(parseDrawing(oneSwitch));
	t.like(rootPort, {secondary: 1, subordinate: 4, rootBus: 0});
	t.like(port, {parent: '0000:01:00.0', path: '0000:00:01.0/00.0/00.0', secondary: 3});
	t.like(nvme, {parent: '0000:02:00.0', path: '0000:00:01.0/00.0/00.0/00.1'});
});

test('a label stands for its function, and with a number for the others of the device', (t) => {
	t.deepEqual(labels(place(parseDrawing(oneSwitch))), {
		disk: '0000:03:00.0',
		disk_1: '0000:03:00.1',
		mem: '0000:04:00.0',
		screen: '0000:81:00.0',
	});
});

test('the machine line sets CPU, IOMMU and kernel parameters', (t) => {
	t.like(parseDrawing(oneSwitch), {cpu: 'EPYC', iommu: 'none', kernelParameters: 'quiet a#b=c'});
	t.like(parseDrawing('edu'), {iommu: 'intel', kernelParameters: ''});
});

test('sizes are read as coreutils reads them', (t) => {
	const sizeOf = (text: string) => parseDrawing(`ram ${text}`).nodes[0]?.size;
	t.is(sizeOf('4096'), 4096);
	t.is(sizeOf('64M'), 64 * 1024 ** 2);
	t.is(sizeOf('1GiB'), 1024 ** 3);
	t.is(sizeOf('1MB'), 1e6);
	t.is(sizeOf('0x1000'), 4096);
});

test('a host bridge with a domain of its own starts at bus 0 there', (t) => {
	const placed = place(parseDrawing('host-bridge domain=2\n  root-port\n    ram 1M'));
	t.deepEqual(
		placed.map(({bdf}) => bdf),
		['0002:00:01.0', '0002:01:00.0'],
	);
});

const mistakes: [string, RegExp][] = [
	['foo', /^line 1: unknown kind `foo`$/],
	['root-port\n   nvme', /^line 2: indentation is two spaces or one tab a level$/],
	['root-port\n    nvme', /^line 2: indented more than one level/],
	['\n\nnvme foo=1', /^line 3: `nvme` has no key `foo`$/],
	['edu cmb=1M', /^line 1: `edu` has no key `cmb`$/],
	['nvme size=64Q', /^line 1: `size=64Q`: size is a size like `64M`$/],
	['nvme cmb=1M cmb=2M', /key `cmb` is given twice/],
	['nvme lba=1024', /lba is 512 or 4096/],
	['edu functions=9', /functions is a number from 1 to 8/],
	['root-port acs=xx', /acs is `-`, `0`, `kernel` or a list/],
	['ram', /`ram` needs a size/],
	['ram 3x', /`3x` is not a size/],
	['edu\n  nvme', /^line 2: `edu` is an endpoint: nothing can stand below it$/],
	['upstream', /`upstream` cannot stand on the root bus, only below `root-port`/],
	['root-port\n  downstream', /`downstream` cannot stand below `root-port`, only below `upstream`/],
	['root-port\n  upstream\n    nvme', /`nvme` cannot stand below `upstream`/],
	['root-port\n  edu\n  edu', /^line 3: a `root-port` leads to one device/],
	['a: edu\na: edu', /^line 2: label `a` is taken by line 1$/],
	['PATH: edu', /would hide an environment variable/],
	['1a: edu', /is not a shell variable's name/],
	['a:', /a label needs a kind after it/],
	['machine cpus=2', /`machine` has no key `cpus`/],
	['edu\nmachine', /the `machine` line comes first/],
	['machine kernel="a', /a quotation mark is not closed/],
];

for (const [drawing, sentence] of mistakes) {
	test(`a mistake is one sentence: ${sentence.source}`, (t) => {
		const error = t.throws(() => parseDrawing(drawing), {instanceOf: DrawingError});
		t.regex(error?.message ?? '', sentence);
	});
}

test('a root bus that is too full is refused', (t) => {
	t.throws(() => place(parseDrawing('edu\n'.repeat(22))), {
		message: /^line 22: a root bus has room/,
	});
});

test('a domain has one root bus', (t) => {
	const drawing = 'host-bridge domain=1\nhost-bridge domain=1';
	t.throws(() => place(parseDrawing(drawing)), {message: /^line 2: domain 1 already/});
});

const machineOf = (drawing: Drawing, options = {}) =>
	describeMachine(drawing, {
		folder: '/f,older',
		kernel: 'vmlinux',
		initramfs: 'initramfs',
		memory: '1G',
		cpu: 'max',
		iommu: drawing.iommu,
		kernelParameters: '',
		disks: {},
		failing: {},
		nativeHotplug: false,
		trace: [],
		...options,
	});

const argsOf = (drawing: string, options = {}) =>
	machineOf(parseDrawing(drawing), options).args.join(' ');

test('each drawn function becomes a QEMU device at its address', (t) => {
	const args = argsOf('root-port\n  disk: nvme cmb=16M mdts=5\nmem: ram 64M\nedu functions=2');
	t.regex(
		args,
		/pcie-root-port,id=drawn-root-port-0000\.00\.01\.0,bus=pcie\.0,addr=01\.0,chassis=1/,
	);
	t.regex(
		args,
		/nvme,id=drawn-disk,bus=drawn-root-port-0000\.00\.01\.0,addr=00\.0,serial=disk,mdts=5,cmb_size_mb=16/,
	);
	t.regex(args, /ivshmem-plain,id=drawn-mem,bus=pcie\.0,addr=02\.0,memdev=memory-drawn-mem/);
	t.regex(args, /edu,id=drawn-edu-0000\.00\.03\.1,bus=pcie\.0,addr=03\.1,multifunction=on/);
});

test('a namespace has its image, its block size and its name', (t) => {
	const {args, images} = machineOf(parseDrawing('disk: nvme size=32M lba=4096 namespaces=2'));
	t.deepEqual(images, [
		{file: '/f,older/disk.img', size: 32 * 1024 ** 2},
		{file: '/f,older/disk.2.img', size: 32 * 1024 ** 2},
	]);
	t.regex(args.join(' '), /file=\/f,,older\/disk\.2\.img/);
	t.regex(
		args.join(' '),
		/nvme-ns,bus=drawn-disk,drive=drive-disk\.2,nsid=2,logical_block_size=4096/,
	);
	t.regex(args.join(' '), /p2plab\.namespaces=2/);
});

test("the user's image is used as it is, or left alone with a snapshot", (t) => {
	const disks = {disk: {file: 'mine.img', snapshot: false}, 'disk.2': {file: 'x', snapshot: true}};
	const {args, images} = machineOf(parseDrawing('disk: nvme namespaces=2'), {disks});
	t.deepEqual(images, []);
	t.regex(args.join(' '), /file=mine\.img,discard=unmap -device/);
	t.regex(args.join(' '), /file=x,discard=unmap,snapshot=on/);
});

test('drawn ACS bits go to the kernel, and a downstream port with them is a root port', (t) => {
	const args = argsOf('root-port acs=0\n  upstream\n    downstream acs=rr,cr\n    downstream');
	t.regex(args, /pci=config_acs=0000000@0000:00:01\.0;0001100@0000:02:00\.0$/m);
	t.regex(args, /pcie-root-port,id=drawn-downstream-0000\.02\.00\.0/);
	t.regex(args, /xio3130-downstream,id=drawn-downstream-0000\.02\.01\.0/);
	t.regex(argsOf('root-port acs=-'), /disable-acs=on/);
	t.notRegex(argsOf('root-port acs=kernel'), /acs/);
});

test('the link of a root port is set', (t) => {
	t.regex(argsOf('root-port link=2.5GT/s×4'), /x-speed=2_5,x-width=4/);
});

test('the IOMMU is built as asked', (t) => {
	t.regex(argsOf('edu'), /intel-iommu,intremap=on.*intel_iommu=on iommu\.strict=1/);
	t.regex(argsOf('machine iommu=virtio'), /virtio-iommu-pci/);
	t.regex(argsOf('machine iommu=amd'), /amd-iommu/);
	t.notRegex(argsOf('machine iommu=none'), /-device \S*iommu/);
});

const refused: [string, RegExp][] = [
	['function id=10ee:9038', /the lab cannot build `function`/],
	['host-bridge domain=1', /`domain=` is for sysfs only/],
	['host-bridge\n  edu', /^line 2: QEMU wants a root port between/],
	['root-port acs=ec', /no ACS egress control/],
	['edu acs=rr', /cannot give `edu` ACS/],
	['root-port\n  upstream acs=rr', /cannot give `upstream` ACS/],
	['root-port\n  upstream\n    downstream link=8GT/s×4', /cannot set the link of `downstream`/],
	['ram 3M', /a power of two/],
	['nvme cmb=512K', /at least 1M/],
	['nvme size=1000', /not a multiple of 512/],
	['root-port\n  bridge\n    nvme', /^line 3: .*conventional/],
];

for (const [drawing, sentence] of refused) {
	test(`what QEMU cannot build is refused by name: ${sentence.source}`, (t) => {
		const error = t.throws(() => argsOf(drawing), {instanceOf: DrawingError});
		t.regex(error?.message ?? '', sentence);
	});
}

test('a disk that the machine does not have is refused', (t) => {
	const disks = {mem: {file: 'x', snapshot: false}};
	t.throws(() => argsOf('mem: ram 1M', {disks}), {message: /`mem` is not an nvme/});
	t.throws(() => argsOf('edu', {disks}), {message: /no label `mem`/});
});

for (const name of machineNames()) {
	test(`the ready machine ${name} can be built`, (t) => {
		t.notThrows(() => machineOf(findMachine(name)));
	});
}

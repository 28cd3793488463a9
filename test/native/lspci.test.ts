// SPDX-License-Identifier: MIT
// Machines out of lspci's text: every form of it, what mails do to it, and above all that what the
// text does not say is never taken for absent.

import test from 'ava';
import {native, type PciFunction, type Role, type Scan} from '../../lib/native.ts';

async function scan(text: string): Promise<Scan> {
	return native.scan({text: Buffer.from(text), name: 'a text'});
}

/** The functions of a text, by what stands behind their domain. */
async function read(text: string): Promise<Record<string, PciFunction>> {
	const {functions} = await scan(text);
	return Object.fromEntries(functions.map((it) => [it.bdf.replace(/^0000:/, ''), it]));
}

/** The only function of a text. */
async function one(text: string): Promise<PciFunction> {
	const {functions} = await scan(text);
	const [first] = functions;
	if (first === undefined || functions.length > 1) throw new Error(`${functions.length} of them`);
	return first;
}

async function verdict(text: string, client: string, provider: string) {
	const {pairs} = await native.check({text: Buffer.from(text), name: 'a text'}, [
		[client, provider],
	]);
	const [pair] = pairs;
	if (pair === undefined) throw new Error('no pair');
	return pair;
}

const flags = (names: string, set: string) =>
	names
		.split(' ')
		.map((name) => `${name}${set.split(',').includes(name) ? '+' : '-'}`)
		.join(' ');

const control = '	Control: I/O- Mem+ BusMaster+ SpecCycle- ParErr- DisINTx-\n';
const status = '	Status: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- INTx-\n';
const acsLine = (set: string) =>
	`		ACSCtl:	${flags('SrcValid TransBlk ReqRedir CmpltRedir UpstreamFwd EgressCtrl DirectTrans', set)}\n`;
const acs = (set: string, offset = '100') =>
	`	Capabilities: [${offset} v1] Access Control Services\n		ACSCap:	SrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+\n${acsLine(set)}`;

const driver = (name: string) => `	Kernel driver in use: ${name}\n`;
const express = (type: string, offset = '40') =>
	`	Capabilities: [${offset}] Express (v2) ${type}, MSI 00\n`;

/** A bridge as -vv has it. */
function bridge(
	bdf: string,
	type: string,
	buses: readonly [string, string, string],
	extended = '',
): string {
	const [primary, secondary, subordinate] = buses;
	return `${bdf} PCI bridge [0604]: Maker Port [10b5:8796] (rev ca) (prog-if 00 [Normal decode])
${control}${status}	Bus: primary=${primary}, secondary=${secondary}, subordinate=${subordinate}, sec-latency=0
${express(type)}${extended}${driver('pcieport')}
`;
}

/** An endpoint as -vv has it. */
function endpoint(bdf: string, extended = ''): string {
	return `${bdf} 3D controller [0302]: Maker Board [10de:2331] (rev a1)
${control}${status}	Region 0: Memory at 38${bdf.slice(0, 2)}0000000 (64-bit, prefetchable) [size=64M]
${express('Endpoint')}${extended}${driver('nvme')}
`;
}

const hostBridge = `00:00.0 Host bridge [0600]: Intel Corporation Sky Lake-E DMI3 Registers [8086:2020] (rev 07)
	Control: I/O- Mem- BusMaster- SpecCycle- ParErr- DisINTx-
	Status: Cap- 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- INTx-

`;

const aer = '	Capabilities: [100 v2] Advanced Error Reporting\n';

/** A switch with two endpoints; set: what its downstream ports redirect. */
const oneSwitch = (first = '', second = '') =>
	`${hostBridge}${[
		bridge('00:01.0', 'Root Port (Slot+)', ['00', '01', '04'], acs('')),
		bridge('01:00.0', 'Upstream Port', ['01', '02', '04'], aer),
		bridge('02:00.0', 'Downstream Port (Slot-)', ['02', '03', '03'], acs(first)),
		bridge('02:01.0', 'Downstream Port (Slot-)', ['02', '04', '04'], acs(second)),
		endpoint('03:00.0', aer),
		endpoint('04:00.0', aer),
	].join('')}`;

test('a switch on paper has its roles, paths and ACS bits', async (t) => {
	const machine = await read(oneSwitch('ReqRedir,CmpltRedir'));
	t.deepEqual(
		Object.values(machine).map(({path, role, rootBus}) => [path, role, rootBus]),
		[
			['0000:00:00.0', 'host-bridge', '0000:00'],
			['0000:00:01.0', 'root-port', '0000:00'],
			['0000:00:01.0/00.0', 'upstream-port', '0000:00'],
			['0000:00:01.0/00.0/00.0', 'downstream-port', '0000:00'],
			['0000:00:01.0/00.0/01.0', 'downstream-port', '0000:00'],
			['0000:00:01.0/00.0/00.0/00.0', 'endpoint', '0000:00'],
			['0000:00:01.0/00.0/01.0/00.0', 'endpoint', '0000:00'],
		],
	);
	t.deepEqual(machine['02:00.0']?.acs, ['rr', 'cr']);
	t.deepEqual(machine['02:01.0']?.acs, []);
	t.like(machine['03:00.0'], {hasAcs: false, driver: 'nvme'});
});

test('the verdict on paper is the verdict', async (t) => {
	t.is((await verdict(oneSwitch(), '03:00.0', '04:00.0')).verdict, 'direct');
	t.like(await verdict(oneSwitch('ReqRedir'), '03:00.0', '04:00.0'), {
		kernel: {redirects: ['0000:02:00.0']},
		fabric: {request: 'redirected'},
	});
});

const headers: readonly (readonly [string, Partial<PciFunction>])[] = [
	['00:1f.0 ISA bridge: Maker Thing (rev 02)', {classCode: 0x060100, revision: 2, vendor: 0}],
	['00:1f.0 ISA bridge [0601]: Maker Thing [8086:1c4b] (rev 02)', {vendor: 0x8086, device: 0x1c4b}],
	['00:1f.0 0601: 8086:1c4b (rev 02)', {classCode: 0x060100, vendor: 0x8086, device: 0x1c4b}],
	['00:1f.0 Class 0601: 8086:1c4b', {classCode: 0x060100, vendor: 0x8086}],
	['00:1f.0 Non-Volatile memory controller: Maker Disk', {classCode: 0x010802}],
	[
		'00:1f.0 VGA compatible controller [0300]: Maker [Fast] Board [10de:2331] (rev a1)',
		{device: 0x2331},
	],
	['00:1f.0 USB Controller: Maker (prog-if 30 [XHCI])', {classCode: 0x0c0330}],
	['00:1f.0 Unassigned class [ff00]: Maker Device 0d93', {classCode: 0xff0000, device: 0}],
	['00:1f.0 Host bridge: Intel Corporation Device 0d57', {vendor: 0x8086, device: 0x0d57}],
	['00:1f.0 Host bridge: Intel Corporation Sky Lake-E DMI3 Registers (rev 07)', {device: 0x2020}],
	[
		'00:1f.0 "ISA bridge" "Intel Corporation" "Device 1c4b" -r02 -p01 "" ""',
		{classCode: 0x060101, revision: 2, device: 0x1c4b},
	],
	['00:1f.0 "0601" "8086" "1c4b" -r02 "1043" "844d"', {vendor: 0x8086, subVendor: 0x1043}],
	[
		'Slot:	00:1f.0\nClass:	ISA bridge [0601]\nVendor:	Intel [8086]\nDevice:	Thing [1c4b]\nRev:	02\nDriver:	lpc_ich',
		{device: 0x1c4b, revision: 2, driver: 'lpc_ich'},
	],
];
for (const [text, facts] of headers) {
	test(`'${text.split('\n', 1)[0]}' is a function`, async (t) => {
		t.like(await one(`${text}\n`), {bdf: '0000:00:1f.0', ...facts});
	});
}

for (const text of [
	'01:00.0 is the board that fails',
	'01:00.0 GPU: it fails',
	'GPU 0000:01:00.0: fallen off the bus',
	'00:20.0 ISA bridge: no such device number',
	'100:00:00.0 ISA bridge: no such domain',
]) {
	test(`'${text}' is none`, async (t) => {
		await t.throwsAsync(scan(`${text}\n`), {code: 'P2P_NO_LSPCI'});
	});
}

test('domains have four to eight digits, or are not named', async (t) => {
	const {functions} = await scan(
		'00:1f.0 0601: 8086:1c4b\n0001:00:00.0 0601: 8086:1c4b\n10000:e0:06.0 0604: 8086:2030\n',
	);
	t.deepEqual(
		functions.map(({bdf}) => bdf),
		['0000:00:1f.0', '0001:00:00.0', '10000:e0:06.0'],
	);
});

test('a function that stands there three times is one, and what each place says counts', async (t) => {
	const text = `01:00.0 3D controller [0302]: Maker Board [10de:2331]

0000:01:00.0 3D controller: Maker Board (rev a1)
	Kernel driver in use: nvidia

${endpoint('01:00.0', acs('ReqRedir'))}`;
	const {machine} = await scan(text);
	t.is(machine.reading?.twice, 2);
	t.like(await one(text), {device: 0x2331, driver: 'nvme', acs: ['rr'], revision: 0xa1});
});

test('of a place with bits and one with names the bits count, in either order', async (t) => {
	const names = `01:00.0 3D controller: Maker Board
	Flags: bus master, fast devsel, latency 0
	Capabilities: [40] Express Endpoint, MSI 00
	Capabilities: [100] Access Control Services
	Kernel driver in use: nvidia

`;
	const bits = endpoint('01:00.0', acs('CmpltRedir'));
	t.deepEqual((await one(`${names}${bits}`)).acs, ['cr']);
	t.deepEqual((await one(`${bits}${names}`)).acs, ['cr']);
});

test('of two places with bits the later counts, and they do not mix', async (t) => {
	const before = endpoint('01:00.0', acs('ReqRedir,CmpltRedir'));
	const after = endpoint('01:00.0', acs('SrcValid'));
	t.deepEqual((await one(`${before}${after}`)).acs, ['sv']);
});

const hexRow = (offset: number, bytes: readonly number[]) => {
	const two = (it: number) => it.toString(16).padStart(2, '0');
	const row = Array.from({length: 16}, (_, i) => two(bytes[i] ?? 0));
	return `${two(offset)}: ${row.join(' ')}\n`;
};
/** A function's space in hexadecimal: Express at 0x40, and ACS with RR at 0x100 where it is so long. */
function hex(length: number): string {
	const rows: Record<number, readonly number[]> = {
		0: [0xb5, 0x10, 0x96, 0x87, 0x06, 0, 0x10, 0, 0xca, 0, 0x04, 0x06, 0, 0, 0x01],
		16: [0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x03, 0x03],
		48: [0, 0, 0, 0, 0x40],
		64: [0x10, 0, 0x62, 0],
		256: [0x0d, 0, 0x01, 0, 0x7f, 0, 0x04, 0],
	};
	return Array.from({length: length / 16}, (_, i) => hexRow(i * 16, rows[i * 16] ?? [])).join('');
}
const hexHeader = '02:00.0 PCI bridge: Maker Port\n';

test('4096 bytes of hexadecimal say all', async (t) => {
	t.like(await one(`${hexHeader}${hex(4096)}\n`), {acs: ['rr'], vendor: 0x10b5, configSize: 4096});
});

test('256 bytes of an Express function leave ACS unknown', async (t) => {
	t.like(await one(`${hexHeader}${hex(256)}\n`), {
		hasAcs: null,
		acs: null,
		role: 'downstream-port',
	});
});

test('256 bytes of a conventional function are all there is', async (t) => {
	const conventional = hex(256).replace('40: 10', '40: 09');
	t.like(await one(`${hexHeader}${conventional}\n`), {hasAcs: false});
});

test('64 bytes leave everything behind them unknown', async (t) => {
	t.like(await one(`${hexHeader}${hex(64)}\n`), {hasAcs: null, role: 'bridge'});
});

test('ACS in words counts beside 256 bytes', async (t) => {
	const words = bridge('02:00.0', 'Downstream Port (Slot-)', ['02', '03', '03'], acs('CmpltRedir'));
	t.deepEqual((await one(`${words.trimEnd()}\n${hex(256)}\n`)).acs, ['cr']);
});

test('4096 bytes count beside words, wherever they stand', async (t) => {
	const words = bridge('02:00.0', 'Downstream Port (Slot-)', ['02', '03', '03'], acs('CmpltRedir'));
	t.deepEqual((await one(`${words}${hexHeader}${hex(4096)}\n`)).acs, ['rr']);
});

test('hexadecimal that lost a row is unknown there', async (t) => {
	const rows = hex(4096).split('\n');
	rows.splice(16, 1);
	t.like(await one(`${hexHeader}${rows.join('\n')}\n`), {hasAcs: null});
});

test('hexadecimal that ends early is unknown behind', async (t) => {
	const {machine} = await scan(`${hexHeader}${hex(4096).slice(0, 5000)}`);
	t.truthy(machine);
	t.like(await one(`${hexHeader}${hex(240)}`), {hasAcs: null});
});

const silent = endpoint('03:00.0');
const absences: readonly (readonly [string, string, boolean | null])[] = [
	[
		'all was shown as root, and others have extended capabilities',
		`${bridge('02:00.0', 'Upstream Port', ['02', '03', '03'], aer)}${silent}`,
		false,
	],
	['nobody there shows extended capabilities', silent, null],
	['others do in another run', `${endpoint('04:00.0', aer)}and now\n\n${silent}`, null],
	['a list without it is whole', endpoint('03:00.0', aer), false],
	[
		'the list is whole, but -v names no bits',
		endpoint('03:00.0', aer).replace(
			/\tControl.*\n\tStatus.*\n/,
			'	Flags: bus master, fast devsel, latency 0\n',
		),
		false,
	],
	[
		'a person wrote behind the whole of it',
		`${endpoint('03:00.0', aer).trimEnd()}\nthat was all\n`,
		false,
	],
	[
		'a prompt stands behind the whole of it',
		`${endpoint('03:00.0', aer).split('\tKernel')[0]}root@host:~#\n`,
		false,
	],
	[
		'access is denied',
		`${endpoint('02:00.0', aer)}${silent.replace(/\tCapabilities.*/, '	Capabilities: <access denied>')}`,
		null,
	],
	['lines were snipped', endpoint('03:00.0', `${aer}	[...]\n`), null],
	['a person wrote in between', endpoint('03:00.0', `${aer}here I left something out\n`), null],
	['the text ends in the list', `${endpoint('03:00.0', aer).split('\tKernel')[0]}`, null],
	['the head of the list is missing', endpoint('03:00.0', aer.replace('100', '148')), null],
	[
		'lines were picked by grep',
		`03:00.0 3D controller: Maker Board\n${express('Endpoint')}${aer}`,
		null,
	],
	['only the first line is there', '03:00.0 3D controller: Maker Board\n', null],
];
for (const [when, text, hasAcs] of absences) {
	const word = hasAcs === false ? 'absent' : 'unknown';
	test(`ACS is ${word} where ${when}`, async (t) => {
		t.is((await read(text))['03:00.0']?.hasAcs, hasAcs);
	});
}

test('ACS by name alone is there, with bits that nobody knows', async (t) => {
	const text = endpoint('03:00.0', '	Capabilities: [100 v1] Access Control Services\n');
	t.like(await one(text), {hasAcs: null, acs: null});
});

test('a row of ACS flags that lost its end is unknown', async (t) => {
	const text = endpoint('03:00.0', acs('ReqRedir')).replace(
		/ UpstreamFwd. Egress.*\n\tKernel/,
		'\n\tKernel',
	);
	t.is((await one(text)).acs, null);
});

test('ACS lines without a function belong to none', async (t) => {
	const text = `03:00.0 3D controller: Maker Board\n${acsLine('ReqRedir')}${acsLine('CmpltRedir')}`;
	t.is((await one(text)).acs, null);
	const {machine} = await scan(
		`${endpoint('03:00.0', acs(''))}$ lspci -vvv | grep ACSCtl\n${acsLine('ReqRedir')}`,
	);
	t.is(machine.reading?.unread, 1);
});

test('a capability of no known name keeps its place in the list', async (t) => {
	const text = endpoint(
		'03:00.0',
		`	Capabilities: [100 v1] Frobnication <?>\n${acs('ReqRedir', '148')}`,
	);
	t.deepEqual((await one(text)).acs, ['rr']);
});

const breaks: Readonly<Record<string, (text: string) => string>> = {
	'quoted with >': (text) => text.replace(/^/gm, '> '),
	'quoted twice': (text) => text.replace(/^/gm, '>> '),
	'quoted with |': (text) => text.replace(/^/gm, '| '),
	'with CRLF': (text) => text.replaceAll('\n', '\r\n'),
	'with eight spaces for a tab': (text) => text.replaceAll('\t', '        '),
	'indented by four': (text) => text.replace(/^(?=.)/gm, '    '),
	'with non-breaking spaces': (text) => text.replaceAll('\t', '\u00a0\u00a0\u00a0'),
	'without any margin': (text) => text.replace(/^\t+/gm, ''),
	'broken behind CmpltRedir': (text) => text.replaceAll(/(CmpltRedir.) /g, '$1\n'),
	'broken behind CmpltRedir, quoted': (text) =>
		text.replaceAll(/(CmpltRedir.) /g, '$1\n').replace(/^/gm, '> '),
	'broken in the first line': (text) => text.replaceAll(' [10de:', '\n[10de:'),
	'broken before the size': (text) => text.replaceAll(' [size', '\n[size'),
	'broken in the name of a capability': (text) =>
		text.replaceAll('Access Control ', 'Access Control\n'),
	'broken behind the place of a capability': (text) => text.replaceAll('v1] ', 'v1]\n'),
	'in a fence': (text) => `Look:\n\`\`\`\n${text}\`\`\`\n`,
	'behind a prompt': (text) => `# lspci -nnvv\n${text}# \n`,
	'with complaints of lspci': (text) =>
		text.replaceAll('\tStatus:', 'pcilib: sysfs_read_vpd: read failed\n\tStatus:'),
	'behind a byte order mark': (text) => `\ufeff${text}`,
	'twice over': (text) => `${text}${text}`,
};
for (const [how, change] of Object.entries(breaks)) {
	test(`a text ${how} reads the same`, async (t) => {
		const text = oneSwitch('SrcValid,ReqRedir,CmpltRedir');
		t.deepEqual(await read(change(text)), await read(text));
	});
}

/** As mails do it: at the last blank that fits, the rest in the margin. */
function wrapped(text: string, width: number, mark = ''): string {
	const columns = (line: string) => line.replaceAll('\t', '        ').length + mark.length;
	const wrap = (line: string): string => {
		if (columns(line) <= width) return mark + line;
		let at = line.lastIndexOf(' ');
		while (at > 0 && columns(line.slice(0, at)) > width) at = line.lastIndexOf(' ', at - 1);
		if (line.slice(0, at).trim() === '') return mark + line;
		return `${mark}${line.slice(0, at)}\n${wrap(line.slice(at + 1))}`;
	};
	return text.split('\n').map(wrap).join('\n');
}

const detailed = oneSwitch('SrcValid,ReqRedir,CmpltRedir').replaceAll(
	aer,
	`${aer}		UESta:	DLP- SDES- TLP- FCP- CmpltTO- CmpltAbrt- UnxCmplt- RxOF- MalfTLP- ECRC- UnsupReq- ACSViol-
		LnkCap:	Port #4, Speed 16GT/s, Width x16, ASPM L0s L1, Exit Latency L0s <512ns, L1 <64us
			 Compliance Preset/De-emphasis: -6dB de-emphasis, 0dB preshoot, and what else there may be
		LnkSta2: Current De-emphasis Level: -6dB, EqualizationComplete+ EqualizationPhase1+
			 EqualizationPhase2+ EqualizationPhase3+ LinkEqualizationRequest-
		DevCap2: Completion Timeout: Range ABCD, TimeoutDis+ NROPrPrP- LTR+
			 10BitTagComp- 10BitTagReq- OBFF Via WAKE#, ExtFmt+ EETLPPrefix+, MaxEETLPPrefixes 1
`,
);
for (const width of [72, 76, 80]) {
	for (const mark of ['', '> ', '>> ']) {
		test(`a text wrapped at ${width} behind '${mark}' reads the same`, async (t) => {
			const text = wrapped(detailed, width, mark);
			t.not(text, detailed);
			t.deepEqual(await read(text), await read(detailed));
		});
	}
}

test('registers in words are registers', async (t) => {
	const text = `03:00.0 Ethernet controller [0200]: Maker Port [15b3:1017]
	Subsystem: Other Maker Board [15b3:0006]
${control}${status}	NUMA node: 1
	IOMMU group: 42
	Region 0: Memory at 38000000000 (64-bit, prefetchable) [size=32M]
	Region 2: Memory at <unassigned> (32-bit, non-prefetchable) [disabled] [size=1M]
	Region 4: I/O ports at e000 [size=256]
	Expansion ROM at 91000000 [disabled] [size=1M]
	Capabilities: [40] Power Management version 3
		Flags: PMEClk- DSI- D1- D2- AuxCurrent=0mA
		Status: D3 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-
	Capabilities: [60] Express (v2) Endpoint, IntMsgNum 0
		DevCap:	MaxPayload 512 bytes, PhantFunc 0
			ExtTag+ RBE+ FLReset+
		DevCtl:	CorrErr+ NonFatalErr+ FatalErr+ UnsupReq-
			RlxdOrd+ ExtTag+ PhantFunc- AuxPwr- NoSnoop+ FLReset-
			MaxPayload 256 bytes, MaxReadReq 4096 bytes
		LnkCap:	Port #0, Speed 16GT/s, Width x16, ASPM not supported
			ClockPM- Surprise- LLActRep- BwNot- ASPMOptComp+
		LnkSta:	Speed 8GT/s (downgraded), Width x4 (downgraded)
			TrErr- Train- SlotClk+ DLActive- BWMgmt- ABWMgmt-
	Kernel driver in use: mlx5_core

`;
	const it = await one(text);
	t.like(it, {
		numaNode: 1,
		iommuGroup: 42,
		powerState: 'D3hot',
		subVendor: 0x15b3,
		subDevice: 6,
		link: {speedGTs: 8, width: 4},
		maxLink: {speedGTs: 16, width: 16},
	});
	t.deepEqual(
		it.bars.map(({index, start, size, kind}) => [index, start, size, kind]),
		[
			[0, '0x38000000000', 32 * 1024 ** 2, 'memory'],
			[2, null, 1024 ** 2, 'memory'],
			[4, '0xe000', 256, 'io'],
		],
	);
});

test('-v has no numbers of regions, but what it has counts', async (t) => {
	const it = await one(`03:00.0 3D controller: Maker Board
	Flags: bus master, fast devsel, latency 0, IRQ 16, NUMA node 1, IOMMU group 7
	Memory at f4000000 (32-bit, non-prefetchable) [size=16M]
	Memory at 3f000000000 (64-bit, prefetchable) [size=64G]
	I/O ports at 2000 [size=128]
	Capabilities: <access denied>
	Kernel driver in use: nvidia

`);
	t.deepEqual(
		it.bars.map(({index, size}) => [index, size]),
		[
			[0, 16 * 1024 ** 2],
			[1, 64 * 1024 ** 3],
			[3, 128],
		],
	);
	t.like(it, {numaNode: 1, iommuGroup: 7});
});

test('Mem- is a condition', async (t) => {
	const text = oneSwitch().replace(/(04:00.0 [\s\S]*?)Mem\+/, '$1Mem-');
	const {fabric} = await verdict(text, '03:00.0', '04:00.0');
	t.true(fabric.conditions.some(({code, bdf}) => code === 'memory-off' && bdf === '0000:04:00.0'));
});

test('regions of virtual functions are not the function’s own', async (t) => {
	const sriov = `	Capabilities: [100 v1] Single Root I/O Virtualization (SR-IOV)
		IOVCap:	Migration- 10BitTagReq- IntMsgNum 0
		IOVCtl:	Enable+ Migration- Interrupt- MSE+ ARIHierarchy+
		Initial VFs: 4, Total VFs: 4, Number of VFs: 2, Function Dependency Link: 00
		VF offset: 2, stride: 1, Device ID: 1018
		Region 0: Memory at 00003a000000 (64-bit, prefetchable)
`;
	const {
		'03:00.0': physical,
		'03:00.2': second,
		'03:00.3': third,
		'03:00.4': fourth,
	} = await read(
		`${bridge('00:01.0', 'Root Port (Slot+)', ['00', '03', '03'])}${endpoint('03:00.0', sriov)}${endpoint('03:00.2')}${endpoint('03:00.3')}${endpoint('03:00.4')}`,
	);
	t.is(physical?.bars.length, 1);
	t.is(second?.physfn, '0000:03:00.0');
	t.is(third?.physfn, '0000:03:00.0');
	t.is(fourth?.physfn, null);
	t.like(third, {parent: '0000:00:01.0', path: '0000:00:01.0/00.3'});
});

test('a function that does not answer is gone', async (t) => {
	const text = oneSwitch().replace(
		/04:00.0 3D[\s\S]*$/,
		'04:00.0 3D controller [0302]: Maker Board [10de:2331] (rev ff) (prog-if ff)\n	!!! Unknown header type 7f\n\n',
	);
	const {fabric} = await verdict(text, '03:00.0', '04:00.0');
	t.true(fabric.conditions.some(({code}) => code === 'gone'));
});

const types: readonly (readonly [string, string, Role])[] = [
	['PCI bridge', 'Express (v2) Upstream Port, MSI 00', 'upstream-port'],
	['PCI bridge', 'Express (v2) Downstream Port (Slot+), MSI 00', 'downstream-port'],
	['PCI bridge', 'Express Root Port (Slot+) IRQ 0', 'root-port'],
	['PCI bridge', 'Express (v1) PCI/PCI-X Bridge, MSI 00', 'bridge'],
	['PCI bridge', 'Express (v2) PCI-Express to PCI/PCI-X Bridge, IntMsgNum 0', 'bridge'],
	['3D controller', 'Express (v2) Legacy Endpoint, MSI 00', 'endpoint'],
	['3D controller', 'Express (v2) Root Complex Integrated Endpoint, MSI 00', 'rc-integrated'],
];
for (const [kind, name, role] of types) {
	test(`'${name}' is ${role}`, async (t) => {
		const text = `05:00.0 ${kind}: Maker Thing\n${control}${status}	Capabilities: [40] ${name}\n${driver('x')}\n`;
		t.is((await one(text)).role, role);
	});
}

const tree = `-+-[0000:80]-+-00.0  Intel Corporation Device 0d57
 |           \\-01.0-[81]--
 +-[10000:e0]---06.0-[e1]----00.0  Maker Disk
 \\-[0000:00]-+-00.0  Intel Corporation Sky Lake-E DMI3 Registers
             +-01.0-[01-04]----00.0-[02-04]--+-00.0-[03]----00.0  Maker Board
             |                               \\-01.0-[04]--+-00.0  Maker Board
             |                                            \\-00.1  Maker Board
             \\-1f.0  Maker Thing
`;
const boxes = (text: string) =>
	text.replaceAll('-', '─').replaceAll('|', '│').replaceAll('\\', '└').replaceAll('+', '├');
for (const [how, text] of [
	['in plain characters', tree],
	['in box characters', boxes(tree)],
	['quoted', tree.replace(/^/gm, '> ')],
	['quoted with |', tree.replace(/^/gm, '| ')],
] as const) {
	test(`a tree ${how} says where functions stand`, async (t) => {
		const machine = await read(text);
		t.deepEqual(
			Object.values(machine).map(({bdf, path}) => [bdf, path]),
			[
				['0000:00:00.0', '0000:00:00.0'],
				['0000:00:01.0', '0000:00:01.0'],
				['0000:00:1f.0', '0000:00:1f.0'],
				['0000:01:00.0', '0000:00:01.0/00.0'],
				['0000:02:00.0', '0000:00:01.0/00.0/00.0'],
				['0000:02:01.0', '0000:00:01.0/00.0/01.0'],
				['0000:03:00.0', '0000:00:01.0/00.0/00.0/00.0'],
				['0000:04:00.0', '0000:00:01.0/00.0/01.0/00.0'],
				['0000:04:00.1', '0000:00:01.0/00.0/01.0/00.1'],
				['0000:80:00.0', '0000:80:00.0'],
				['0000:80:01.0', '0000:80:01.0'],
				['10000:e0:06.0', '10000:e0:06.0'],
				['10000:e1:00.0', '10000:e0:06.0/00.0'],
			],
		);
		t.like(machine['10000:e1:00.0'], {rootBus: '10000:e0', parent: '10000:e0:06.0'});
		t.like(machine['80:00.0'], {vendor: 0x8086, device: 0x0d57});
	});
}

test('a tree alone gives no verdict', async (t) => {
	t.is((await verdict(tree, '03:00.0', '04:00.0')).verdict, 'unknown');
});

test('the picture gives parents where the text has none', async (t) => {
	const text = oneSwitch().replace(/\tBus: .*\n/g, '');
	t.is((await read(text))['03:00.0']?.rootBus, '');
	t.is((await verdict(`${text}${tree}`, '03:00.0', '04:00.0')).verdict, 'direct');
});

test('old trees name no domain', async (t) => {
	const {'01:00.0': below} = await read('-[00]-+-00.0\n      \\-01.0-[01]----00.0\n');
	t.like(below, {rootBus: '0000:00', parent: '0000:00:01.0'});
});

const excerpts: readonly (readonly [string, string, string])[] = [
	['a lone endpoint', endpoint('03:00.0', aer), ''],
	['a lone function of bus 0', '00:02.0 3D controller: Maker Board\n', ''],
	[
		'a switch without its root port',
		bridge('02:00.0', 'Downstream Port (Slot-)', ['02', '03', '03'], acs('')),
		'',
	],
	['a root port', bridge('40:01.0', 'Root Port (Slot+)', ['40', '41', '41'], acs('')), '0000:40'],
	['a host bridge', '40:00.0 Host bridge: Maker Thing\n', '0000:40'],
];
for (const [what, text, rootBus] of excerpts) {
	test(`${what} ${rootBus === '' ? 'does not stand' : 'stands'} on a root bus`, async (t) => {
		t.is((await one(text)).rootBus, rootBus);
	});
}

test('an excerpt without bridges says what it lacks', async (t) => {
	const pair = await verdict(
		`${endpoint('03:00.0', aer)}${endpoint('04:00.0', aer)}`,
		'03:00.0',
		'04:00.0',
	);
	t.is(pair.verdict, 'unknown');
	t.true(pair.missing.includes('0000:03:00.0 bridges above'));
});

test('an excerpt does not take its first function for the host bridge', async (t) => {
	const text = `${bridge('00:02.0', 'Root Port (Slot+)', ['00', '03', '03'], acs(''))}${bridge('00:03.0', 'Root Port (Slot+)', ['00', '04', '04'], acs(''))}${endpoint('03:00.0', aer)}${endpoint('04:00.0', aer)}vendor_id : GenuineIntel\ncpu family : 6\nLinux version 6.8.0 (x)\n`;
	const pair = await verdict(text, '03:00.0', '04:00.0');
	t.is(pair.verdict, 'unknown');
	t.deepEqual(pair.missing, ['0000:00 host bridge']);
});

test('a host bridge without numbers is neither listed nor not', async (t) => {
	const text = `${oneSwitch('ReqRedir')}Linux version 6.8.0 (x)\n`.replace(
		/Intel Corporation Sky.*/,
		'Intel Corporation Some Host Bridge',
	);
	t.like(await verdict(text, '03:00.0', '04:00.0'), {
		verdict: 'unknown',
		missing: ['0000:00:00.0 vendor and device'],
	});
});

test('bridges that cannot be read are not taken for conventional', async (t) => {
	const text = oneSwitch()
		.replace(
			/(\tCapabilities: \[40\].*\n)(\tCapabilities.*\n(\t\t.*\n)*)?/g,
			'	Capabilities: <access denied>\n',
		)
		.replaceAll(driver('pcieport'), '');
	const {verdict: word, fabric} = await verdict(text, '03:00.0', '04:00.0');
	t.is(word, 'unknown');
	t.is(fabric.request, 'unknown');
});

test('the computer around is read where the text has it', async (t) => {
	const {machine} = await scan(`${hostBridge}processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 25
model name	: Some EPYC
flags		: fpu vme hypervisor sse

vendor_id	: Other
[    0.000000] Linux version 6.8.0-40-generic (buildd@host) #40-Ubuntu SMP
[    0.000000] Command line: BOOT_IMAGE=/vmlinuz ro pci=noacs iommu=pt
[    0.400000] AMD-Vi: Interrupt remapping enabled
`);
	t.like(machine, {
		kernel: '6.8.0-40-generic',
		cpu: 'Some EPYC',
		guest: 'hypervisor',
		iommu: true,
		assumed: [],
		bootParameters: ['pci=noacs'],
	});
});

for (const [line, kernel] of [
	['Linux host 6.8.0-40-generic #40-Ubuntu SMP x86_64 GNU/Linux', '6.8.0-40-generic'],
	['uname: Linux host 5.15.0 #1 SMP', '5.15.0'],
	['Platform: x86_64, Arch: x86_64(Linux 6.8.0-64-generic)', '6.8.0-64-generic'],
	['Linux 6.8 is what I run on it', null],
] as const) {
	test(`'${line}' ${kernel === null ? 'names no release' : `names ${kernel}`}`, async (t) => {
		t.is((await scan(`${hostBridge}${line}\n`)).machine.kernel, kernel);
	});
}

test('groups of the kernel’s own messages count', async (t) => {
	const {machine, functions} = await scan(
		`${hostBridge}[    1.2] pci 0000:00:00.0: Adding to iommu group 3\n`,
	);
	t.is(functions[0]?.iommuGroup, 3);
	t.is(machine.iommu, true);
});

for (const line of [
	'iommu: Default domain type: Translated',
	'AMD-Vi: AMD IOMMUv2 functionality not available on this system',
]) {
	test(`'${line}' is no IOMMU`, async (t) => {
		t.is((await scan(`${hostBridge}${line}\n`)).machine.iommu, null);
	});
}

for (const [line, cpu] of [
	['00:00.0 Host bridge [0600]: Intel Corporation Thing [8086:2020]', 'Intel'],
	['00:00.0 Host bridge: Intel Corporation Some Host Bridge', 'Intel'],
	['40:00.0 Host bridge: Advanced Micro Devices, Inc. [AMD] Device 14a4', 'AMD, Zen or later'],
	['00:00.0 Host bridge: Advanced Micro Devices, Inc. [AMD] Device 1410', null],
	['00:00.0 Host bridge [0600]: Maker Thing [1def:e100]', null],
] as const) {
	test(`'${line}' means ${cpu ?? 'no processor that is known'}`, async (t) => {
		const {machine} = await scan(`${line}\n`);
		t.is(machine.cpu, cpu);
		t.deepEqual(machine.assumed, cpu === null ? [] : ['cpu']);
	});
}

test('lines that mean nothing are counted', async (t) => {
	const {machine} = await scan(`Dear all,\n\n${endpoint('03:00.0', aer)}Best regards\n`);
	t.is(machine.reading?.unread, 2);
	t.is((await scan(oneSwitch())).machine.reading?.unread, 0);
});

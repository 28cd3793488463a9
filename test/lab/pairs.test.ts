// SPDX-License-Identifier: MIT
// Every pair of a machine, asked of the running kernel itself: a return probe on
// calc_map_type_and_dist(), provoked by I/O from each provider's memory to each client's disk. The
// same machine read from lspci's text, from a capture and from its drawing must say the same.

import {rmSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {boot, type Guest} from '../../lab/boot.ts';
import {drawMachine} from '../../lab/sysfs.ts';
import {type Check, native, type Pair} from '../../lib/native.ts';

const leaf = 'nvme size=16M cmb=16M';
const machines: Readonly<Record<string, string>> = {
	'nested switches, IOMMU, AMD': `
		machine cpu=EPYC
		root-port
		  upstream
		    downstream
		      ${leaf}
		    downstream acs=rr
		      ${leaf}
		    downstream acs=0
		      upstream
		        downstream acs=cr
		          ${leaf}
		        downstream
		          ${leaf}
		root-port acs=0
		  ${leaf} functions=2
	`,
	'two root buses, no IOMMU': `
		machine cpu=max iommu=none
		root-port
		  upstream
		    downstream acs=sv,uf
		      ${leaf}
		    downstream acs=rr,cr
		      ${leaf}
		host-bridge
		  root-port
		    ${leaf}
		root-port acs=cr
		  ${leaf} functions=2
	`,
	'disks on the root bus, IOMMU': `
		machine cpu=max
		${leaf}
		root-port
		  ${leaf} functions=3
		root-port acs=rr,cr
		  upstream
		    downstream
		      ${leaf}
	`,
};

for (const [name, indented] of Object.entries(machines)) {
	const drawing = indented.replaceAll(/^\t\t/gm, '').trim();
	test.serial(`${name}: every pair is judged as the kernel judges it`, async (t) => {
		const guest = await boot(drawing);
		try {
			const disks = await disksOf(guest);
			const live = await judge(guest, disks);
			await compareWithKernel(t, guest, disks, live);
			await compareGroups(t, guest);
			await compareWithLspci(t, guest, live);
			await compareWithCapture(t, guest, live);
			compareWithDrawing(t, drawing, live, await judgeDrawing(drawing, disks));
		} finally {
			await guest.stop();
		}
	});
}

async function disksOf(guest: Guest): Promise<string[]> {
	const {stdout} = await guest.run('ls -d /sys/bus/pci/drivers/nvme/0*');
	return stdout
		.trim()
		.split('\n')
		.map((path) => path.slice(path.lastIndexOf('/') + 1));
}

async function judge(guest: Guest, disks: readonly string[]): Promise<Check> {
	const {stdout, stderr} = await guest.run(`p2p-check --matrix --json ${disks.join(' ')}`);
	if (stdout === '') throw new Error(stderr);
	return JSON.parse(stdout) as Check;
}

const names: Readonly<Record<string, string>> = {
	'0x2': 'not-supported',
	'0x3': 'bus-addr',
	'0x4': 'thru-host-bridge',
};

async function compareWithKernel(
	t: ExecutionContext,
	guest: Guest,
	disks: readonly string[],
	{pairs}: Check,
): Promise<void> {
	// The entry's arguments are seen in the return probe: dist is the third.
	const {stdout} = await guest.run(
		`cd /sys/kernel/tracing
		echo 'r:verdict calc_map_type_and_dist type=$retval:x32 dist=+0($arg3):s32' >kprobe_events
		echo 1 >events/kprobes/verdict/enable
		for provider in ${disks.join(' ')}; do for client in ${disks.join(' ')}; do
			disk=/dev/$(ls /sys/bus/pci/devices/$client/nvme/nvme*/ | grep -m1 '^nvme.*n1$' | sed 's/c[0-9]*n/n/')
			[ $client = $provider ] && continue
			echo "pair $client $provider" >trace_marker
			dmesg -C
			${process.cwd()}/native/build/Release/p2pmem $provider $disk >/dev/null 2>&1
			dmesg | sed -n "s/.*\\(ACS redirect is\\|to disable ACS\\|Host bridge not\\|cannot be used for\\)/log $client $provider \\1/p"
		done; done
		cat trace`,
		{timeoutMs: 120_000},
	);
	const said = new Map<string, {mapType: string | undefined; distance: number}>();
	const logged = new Map<string, string[]>();
	let asked = '';
	for (const line of stdout.split('\n')) {
		asked = /tracing_mark_write: pair (.*)/.exec(line)?.[1] ?? asked;
		const [, pair = '', message] = /^log (\S+ \S+) (.*)$/.exec(line) ?? [];
		if (message !== undefined) logged.set(pair, [...(logged.get(pair) ?? []), message]);
		const [, type = '', distance] = /verdict:.* type=(\w+) dist=(-?\d+)/.exec(line) ?? [];
		if (type !== '') said.set(asked, {mapType: names[type], distance: Number(distance)});
	}
	t.is(said.size, disks.length * (disks.length - 1), 'the kernel was asked for every pair');
	for (const {client, provider, kernel} of pairs) {
		const {mapType, distance, log} = kernel;
		const pair = `${client} ${provider}`;
		t.deepEqual({mapType, distance}, said.get(pair), pair);
		t.deepEqual(log, logged.get(pair) ?? [], pair);
	}
}

/** Every group of the kernel is the one that the ports give; the lab's own functions as well. */
async function compareGroups(t: ExecutionContext, guest: Guest): Promise<void> {
	const {stdout} = await guest.run('p2p-list --capture -');
	const {functions, differences} = await native.groups({capture: JSON.parse(stdout)});
	t.deepEqual(differences, []);
	for (const {bdf, kernel, predicted} of functions) t.is(kernel === null, predicted === null, bdf);
}

async function compareWithLspci(t: ExecutionContext, guest: Guest, live: Check): Promise<void> {
	const {stdout} = await guest.run('lspci -Dnnvvvxxxx');
	const {kernel, cpu} = live.machine;
	const vendor =
		cpu?.includes('AMD') || cpu?.includes('EPYC') || cpu?.includes('QEMU') ? 'AuthenticAMD' : '';
	t.not(vendor, '', `${cpu}`);
	for (const text of [stdout, withoutHex(stdout)]) {
		const paper = await native.check(
			{
				...{text: Buffer.from(text), name: 'lspci'},
				...{kernel: kernel ?? '', cpu: {vendor, family: cpu?.includes('EPYC') ? 23 : 6}},
			},
			live.pairs.map(({client, provider}) => [client, provider] as const),
		);
		t.deepEqual(paper.pairs.map(opinions), live.pairs.map(opinions));
	}
}

/** As lspci -vvv without -xxxx would have it. */
function withoutHex(text: string): string {
	return text.replaceAll(/^[0-9a-f]{2,3}:( [0-9a-f]{2}){16}\n/gm, '');
}

async function compareWithCapture(t: ExecutionContext, guest: Guest, live: Check): Promise<void> {
	const {stdout} = await guest.run('p2p-list --capture -');
	const paper = await native.check(
		{capture: JSON.parse(stdout)},
		live.pairs.map(({client, provider}) => [client, provider] as const),
	);
	t.deepEqual(paper.pairs, live.pairs);
}

async function judgeDrawing(drawing: string, disks: readonly string[]): Promise<readonly Pair[]> {
	const root = drawMachine(drawing);
	try {
		const asked = disks.flatMap((client) =>
			disks.filter((it) => it !== client).map((provider) => [client, provider] as const),
		);
		return (await native.check({root}, asked)).pairs;
	} finally {
		rmSync(root, {recursive: true});
	}
}

function compareWithDrawing(
	t: ExecutionContext,
	drawing: string,
	{pairs}: Check,
	drawn: readonly Pair[],
): void {
	t.deepEqual(drawn.map(opinions), pairs.map(opinions), drawing);
}

/** What depends on the tree alone. */
function opinions({client, provider, verdict, kernel, fabric}: Pair): object {
	const {request, completion, turnsAt, culprits, route} = fabric;
	return {client, provider, verdict, kernel, request, completion, turnsAt, culprits, route};
}

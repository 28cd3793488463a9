// SPDX-License-Identifier: MIT
// Verdicts as sentences: a word, the culprit, the three opinions, and what to try. What goes wrong
// is in describe-error.ts.

import type {Finding, Machine, Pair, Scan} from './native.ts';
import type {Style} from './style.ts';
import {captureHint, supplyLine} from './supply-text.ts';
import {bytes, linkText, rate} from './units.ts';

export {describeError} from './describe-error.ts';

export type PairText = {
	/** What is wrong with the command line of the machine's kernel. */
	readonly notes?: readonly string[];
	/** What takes the place of the hints. */
	readonly fix?: string;
};

/** The answer of p2p-check for one pair. */
export function describePair(
	machine: Machine,
	pair: Pair,
	style: Style,
	{notes = [], fix}: PairText = {},
): string {
	const opinions = [
		...rows('kernel', [
			...kernelLines(machine, pair),
			...pair.kernel.log.map((it) => `logs "${it}"`),
		]),
		...rows('fabric', fabricLines(machine, pair)),
		...rows('vfio', vfioLines(pair)),
		...rows('machine', machineLines(machine)),
		...rows('note', notes),
	];
	const hints = fix === undefined ? hintsFor(machine, pair) : [];
	return [
		`${style.word(pair.verdict)}: ${headline(machine, pair)}`,
		'',
		...opinions,
		...(hints.length === 0
			? []
			: ['', ...hints.map((hint, i) => (i === 0 ? 'Try: ' : '     ') + hint)]),
		...(fix === undefined ? [] : ['', fix.trimEnd()]),
		'',
	].join('\n');
}

/** Which machine that was, where it is not simply the running one, and who read it. */
export function machineLines(machine: Machine): string[] {
	const {source, kernel, cpu, assumed, reading} = machine;
	const supply = supplyLine(machine);
	const supplied = supply === undefined ? [] : [supply];
	const mark = (name: string) => (assumed.includes(name) ? ' (assumed)' : '');
	const parts = [
		`Linux ${kernel ?? 'of unknown release, taken for 4.20 or later'}${mark('kernel')}`,
		`CPU ${cpu ?? 'unknown'}${mark('cpu')}`,
		...(reading === null ? [] : [readingText(reading)]),
	];
	if (source === 'live' && assumed.length === 0) return supplied;
	return [`${sources[source]}: ${parts.join(', ')}`, ...supplied];
}

const sources: Readonly<Record<Machine['source'], string>> = {
	live: 'this one',
	sysroot: 'a copy of sysfs',
	capture: 'a capture',
	lspci: 'the text of lspci',
};

function readingText({lines, unread, twice}: NonNullable<Machine['reading']>): string {
	const doubles = twice === 0 ? '' : `, ${twice} functions stood there more than once`;
	return `${unread} of ${lines} lines meant nothing to this program${doubles}`;
}

/** One sentence with the culprit; its word stands in front of it. */
export function headline(machine: Machine, pair: Pair): string {
	const {client, provider, verdict, fabric, missing} = pair;
	switch (verdict) {
		case 'direct':
			return client === provider
				? `${client} reaches its own memory, and nothing redirects it`
				: `requests of ${client} turn at ${fabric.turnsAt} towards ${provider}, and nothing redirects them`;
		case 'through-root':
			return `${client} reaches ${provider} by way of the root complex: ${detour(pair)}`;
		case 'no':
			return `${client} does not reach ${provider}: ${obstacle(machine, pair)}`;
		case 'unknown':
			return `cannot tell whether ${client} reaches ${provider}: not read: ${missing.join(', ')}`;
	}
}

const bitNames: Readonly<Record<string, string>> = {
	rr: 'requests',
	cr: 'completions',
	ec: 'requests by egress control',
};

function rows(name: string, lines: readonly string[]): string[] {
	return lines.map((line, index) => `${(index === 0 ? name : '').padEnd(8)}${line}`);
}

function detour({kernel, fabric}: Pair): string {
	if (kernel.redirects.length > 0) return redirecting(kernel.redirects, fabric.culprits);
	return 'they share no bridge below it';
}

function obstacle(machine: Machine, {kernel, fabric}: Pair): string {
	if (fabric.request === 'blocked') {
		return `${fabric.culprits.map(({bdf}) => bdf).join(', ')} blocks its requests (ACS EC)`;
	}
	const way =
		kernel.redirects.length > 0
			? redirecting(kernel.redirects, fabric.culprits)
			: 'they share no bridge below the root complex';
	if (kernel.hostBridge !== null) {
		return `${way}, and the kernel does not trust host bridge ${kernel.hostBridge} to forward it`;
	}
	return `Linux ${machine.kernel} has no PCI peer-to-peer support`;
}

// '0000:02:00.0 redirects requests and completions (ACS RR CR)'. The bits are known of the ports
// where the route turns; the kernel counts others as well.
function redirecting(redirects: readonly string[], culprits: Pair['fabric']['culprits']): string {
	const parts = redirects.map((bdf) => {
		const bits = culprits.find((culprit) => culprit.bdf === bdf)?.bits ?? [];
		if (bits.length === 0) return `${bdf} has ACS redirect set`;
		const what = bits.map((bit) => bitNames[bit] ?? bit).join(' and ');
		return `${bdf} redirects ${what} (ACS ${bits.join(' ').toUpperCase()})`;
	});
	return parts.join(', ');
}

function kernelLines(machine: Machine, {kernel}: Pair): string[] {
	const {mapType, distance, redirects, hostBridge} = kernel;
	const parts = [
		mapType,
		...(distance === null ? [] : [`distance ${distance}`]),
		...(redirects.length === 0 ? [] : [`redirect at ${redirects.join(', ')}`]),
		...(hostBridge === null ? [] : [`host bridge ${hostBridge} is not in its list`]),
	];
	return [`${parts.join(', ')} (Linux ${machine.kernel ?? 'of unknown release'})`];
}

function fabricLines(machine: Machine, pair: Pair): string[] {
	const {request, completion, turnsAt, culprits, route, link, conditions} = pair.fabric;
	const at = turnsAt === null ? '' : `, where the routes part: below ${turnsAt}`;
	const bits = culprits.map((it) => `${it.bdf} ACS ${it.bits.join(' ').toUpperCase()}`);
	const isVirtual = machine.guest !== null && request === 'unknown' && turnsAt === null;
	return [
		isVirtual
			? `unknown: the ports of a guest (${machine.guest}) are not the hardware's`
			: `requests ${request}, completions ${completion}${at}`,
		...(bits.length === 0 ? [] : [`culprit ${bits.join(', ')}`]),
		...(route.length === 0 ? [] : [`route ${route.join(' ')}`]),
		...(link === null ? [] : [linkLine(link)]),
		...conditions.map(conditionText),
	];
}

function linkLine(link: NonNullable<Pair['fabric']['link']>): string {
	const {bdf, payload, bytesPerSecond} = link;
	return `slowest link ${linkText(link)} at ${bdf}: at most ${rate(bytesPerSecond)} with ${payload}-byte packets`;
}

function conditionText(finding: Finding): string {
	const {code, bdf, state, now, max, port, bytes, receiver, limit} = finding;
	const {bits, bar, provider, address} = finding;
	const texts: Readonly<Record<string, string>> = {
		gone: `${bdf} does not answer: its configuration space reads all ones`,
		'd-state': `${bdf} sleeps in ${state}`,
		'link-below-max': `${bdf} runs its link at ${now} of ${max}`,
		'link-below-card': `${bdf} runs its link at ${now} of ${max}: ${port} gives no more`,
		'payload-mismatch': `${bdf} sends up to ${bytes} bytes a packet, ${receiver} takes ${limit}: longer ones are malformed there`,
		'beyond-reach': `${bdf} emits ${bits}-bit addresses, BAR ${bar} of ${provider} ends at ${address}`,
		'bus-master-off': `${bdf} has Bus Master off: it issues and forwards nothing until a driver turns it on`,
		'memory-off': `${bdf} has Memory off: it answers nothing until a driver turns it on`,
		'not-assigned': `${bdf} has BARs without an address`,
		'no-memory': `${bdf} has no memory BAR`,
	};
	return texts[code] ?? code;
}

function vfioLines({vfio}: Pair): string[] {
	const limits = vfio.limits.map(limitText);
	if (vfio.ready === null) return ['unknown: nothing tells whether there is an IOMMU'];
	if (!vfio.ready) {
		// Both ends may be in one group.
		const [first = '', ...more] = new Set(vfio.blockers.map(blockerText));
		return [`not ready: ${first}`, ...more.map((line) => `           ${line}`), ...limits];
	}
	const how = vfio.mechanism === 'sysfs' ? "the provider's BAR by sysfs" : 'both ends on vfio-pci';
	return [`ready: type1, ${how}`, ...limits];
}

function limitText({code, bdf, bar, bits, address, bytes: limit}: Finding): string {
	const apart = 'it would be mapped at another address, which no switch turns';
	const texts: Readonly<Record<string, string>> = {
		'beyond-aperture': `BAR ${bar} of ${bdf} ends at ${address}, beyond the ${bits} bits of the client's IOMMU: ${apart}`,
		'reserved-iova': `BAR ${bar} of ${bdf} meets a range that the client's IOMMU keeps, at ${address}: ${apart}`,
		'not-mappable': `BAR ${bar} of ${bdf} shares its page and cannot be mapped`,
		memlock: `this user may pin ${bytes(Number(limit))} of host memory (ulimit -l); a BAR does not count`,
	};
	return texts[code] ?? code;
}

function blockerText({code, bdf, driver, group, members, path, asleep, state}: Finding): string {
	const owner = driver === '' ? 'has no driver' : `is bound to ${driver}`;
	const texts: Readonly<Record<string, string>> = {
		'no-iommu': 'the IOMMU is off',
		'no-group': `${bdf} is in no IOMMU group`,
		'no-vfio-pci': 'vfio-pci is not loaded',
		'client-driver': `${bdf} ${owner}, not vfio-pci`,
		'provider-driver': `${bdf} is bound to ${driver}, which keeps its memory`,
		'group-not-viable': `IOMMU group ${group} of ${bdf} also holds ${members}`,
		'group-permission': `${path} may not be opened by this user`,
		'no-bar': `${bdf} has no memory BAR with an address`,
		asleep: `the memory of ${bdf} does not answer: ${asleep} sleeps in ${state}`,
	};
	return texts[code] ?? code;
}

function hintsFor(machine: Machine, pair: Pair): string[] {
	return [...verdictHints(machine, pair), ...new Set(pair.vfio.blockers.flatMap(blockerHints))];
}

function verdictHints(machine: Machine, pair: Pair): string[] {
	const {verdict, kernel, missing, client, provider} = pair;
	if (verdict === 'unknown') return unknownHints(machine, missing);
	if (verdict === 'direct' || kernel.redirects.length === 0) return [];
	return [
		`p2p-acs --route ${client} ${provider} --clear rr,cr,ec   until ports are reset; --restore: back`,
		`p2p-check --fix ${client} ${provider}   the smallest change, the verdict after it and its price`,
		`pci=disable_acs_redir=${kernel.redirects.join(';')}   the same from boot, on the kernel command line`,
		'either weakens the isolation between the functions below',
	];
}

function unknownHints({source, guest}: Machine, missing: readonly string[]): string[] {
	if (guest !== null && missing.some((name) => name.includes('guest'))) {
		return ['p2p-check on the host, which sees the hardware'];
	}
	return missing.some((name) => name.endsWith(' ACS')) ? privilegeHints('p2p-check', source) : [];
}

/** Where ACS could not be read. */
export function privilegeHints(program: string, source: Machine['source']): string[] {
	const hints = {
		live: `sudo ${program} …   only root sees more than 64 bytes of configuration space`,
		sysroot: 'copy the tree again as root: its configuration space is cut short',
		capture: 'p2p-list --capture FILE   again as root: its configuration space is cut short',
		lspci: 'lspci -Dnnvvvxxxx   as root on that machine gives all that is needed',
	};
	return source === 'live' ? [hints.live, captureHint] : [hints[source]];
}

/** What an unprivileged reader did not get; the text of lspci has its own ways to leave ACS out. */
export function unseenText(program: string, scan: Scan): string {
	const {machine} = scan;
	const names = namesUnseen(scan);
	if (names.length === 0 || machine.source === 'lspci') return '';
	const [first = '', ...more] = privilegeHints(program, machine.source);
	const why = supplyLine(machine);
	return [
		`${program}: not seen: the ACS of ${names.length} of ${scan.functions.length} functions`,
		...(why === undefined ? [] : [`  Seen: ${why}`]),
		`  Try: ${first}`,
		...more.map((hint) => `       ${hint}`),
		'',
	].join('\n');
}

export function namesUnseen({functions}: Scan): string[] {
	return functions.filter(({acs}) => acs === null).map(({bdf}) => bdf);
}

function blockerHints({code, bdf, asleep}: Finding): string[] {
	const hints: Readonly<Record<string, string>> = {
		'no-iommu': 'intel_iommu=on on the kernel command line, and VT-d or AMD-Vi on in the firmware',
		'no-vfio-pci': 'modprobe vfio-pci',
		'client-driver': `p2p-bind ${bdf}   gives it to vfio-pci`,
		'provider-driver': `p2p-bind ${bdf}   gives it to vfio-pci`,
		'group-not-viable': `p2p-bind --group ${bdf}   takes the others along`,
		'group-permission': 'sudo, or chown of the group node',
		asleep: `echo on > /sys/bus/pci/devices/${asleep}/power/control`,
	};
	const hint = hints[code];
	return hint === undefined ? [] : [hint];
}

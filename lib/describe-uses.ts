// SPDX-License-Identifier: MIT
// Who uses a function or a disk, and how to end that: the sentence of P2P_IN_USE, whose facts
// hold any number of uses ('uses' of them, with '0.code', '0.device' …; native/pci/usage.h).

type Facts = Readonly<Record<string, string>>;
type Sentence = {readonly text: string; readonly hints: readonly string[]};

export function describeUses(facts: Facts, state = 'in use'): Sentence {
	const uses = Array.from({length: Number(facts.uses)}, (_, index) => useAt(facts, index));
	const subjects = distinct(uses.map(({bdf, device}) => bdf ?? device ?? ''));
	const texts = distinct(uses.map(useText));
	const more = texts.length > most ? [`and ${texts.length - most} more`] : [];
	const verb = subjects.length === 1 ? 'is' : 'are';
	return {
		text: `${subjects.join(', ')} ${verb} ${state}: ${[...texts.slice(0, most), ...more].join('; ')}`,
		hints: distinct(uses.flatMap(useHint)).slice(0, most),
	};
}

const most = 4;

function useAt(facts: Facts, index: number): Facts {
	const prefix = `${index}.`;
	const own = Object.entries(facts).filter(([name]) => name.startsWith(prefix));
	return Object.fromEntries(own.map(([name, fact]) => [name.slice(prefix.length), plain(fact)]));
}

// Mount points and names of processes are other people's text.
function plain(text: string): string {
	return text.replaceAll(/\p{Cc}/gu, '?');
}

function distinct(list: readonly string[]): string[] {
	return [...new Set(list)];
}

function useText({
	code = '',
	device,
	where,
	holder,
	interface: name,
	count,
	...facts
}: Facts): string {
	const process = facts.pid === undefined ? '' : ` in process ${facts.pid} (${facts.command})`;
	const texts: Facts = {
		mounted: `${device} is mounted at ${where}`,
		swap: `${device} is swap`,
		held: `${device} is held by ${holder}`,
		claimed: `the kernel keeps ${device} for somebody`,
		open: `${device} is open${process}`,
		'vfio-open': `${device} is open${process}`,
		'network-up': `network interface ${name} is up`,
		'network-elsewhere': 'its network interface is in another network namespace',
		display: 'it shows the console',
		'vfs-enabled': `${count} virtual functions of it are enabled`,
		bridge: 'it is a bridge, which what lies below it needs',
	};
	return texts[code] ?? code;
}

function useHint({code = '', bdf, device, where, interface: name}: Facts): string[] {
	const hints: Facts = {
		mounted: `umount '${where}'`,
		swap: `swapoff ${device}`,
		held: `lsblk ${device}   shows what stands on it`,
		claimed: `fuser -vm ${device}   shows who keeps what was mounted from it busy`,
		open: `fuser -v ${device}   shows who has it open`,
		'network-up': `ip link set ${name} down`,
		display: 'echo 0 > /sys/class/vtconsole/vtcon1/bind   takes the console off it',
		'vfs-enabled': `echo 0 > /sys/bus/pci/devices/${bdf}/sriov_numvfs`,
	};
	return hints[code] === undefined ? [] : [hints[code]];
}

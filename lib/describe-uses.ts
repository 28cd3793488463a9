// SPDX-License-Identifier: MIT
// Who uses a function or a disk, and how to end that: the sentence of P2P_IN_USE, whose facts
// hold any number of uses ('uses' of them, with '0.code', '0.device' …; native/pci/usage.h), and of
// each use by itself.

import type {Use} from './native.ts';
import {sshAddress} from './ssh.ts';

type Facts = Readonly<Record<string, string>>;
type Sentence = {readonly text: string; readonly hints: readonly string[]};

export function describeUses(facts: Facts, state = 'in use'): Sentence {
	const uses = Array.from({length: Number(facts.uses)}, (_, index) => useAt(facts, index));
	const subjects = distinct(uses.map(({bdf, device}) => bdf ?? device ?? ''));
	const texts = distinct(uses.map(useText));
	const more = texts.length > most ? [`and ${texts.length - most} more`] : [];
	const verb = subjects.length === 1 ? 'is' : 'are';
	// Of a disk by itself each sentence says which it is.
	const who = uses.every(({bdf}) => bdf === undefined)
		? ''
		: `${subjects.join(', ')} ${verb} ${state}: `;
	return {
		text: `${who}${[...texts.slice(0, most), ...more].join('; ')}`,
		hints: distinct(inOrderOfEnding(uses).map(useHint))
			.filter((hint) => hint !== '')
			.slice(0, most),
	};
}

/** What stands on others ends first: mounts before volumes, volumes before what they stand on. */
export function inOrderOfEnding(uses: readonly Use[]): Use[] {
	const isBelow = ({code}: Use) => code === 'held' || code === 'network-held';
	return [...uses.filter((use) => !isBelow(use)), ...uses.filter(isBelow).reverse()];
}

export function useText(use: Use): string {
	const {code = '', device, where, interface: name, count, command, pid} = plainFacts(use);
	const process = pid === undefined ? '' : ` in process ${pid} (${command})`;
	const texts: Facts = {
		mounted: `${device} is mounted at ${where}`,
		swap: `${device} is swap`,
		held: `${device} is held by ${holderText(plainFacts(use))}`,
		claimed: `the kernel keeps ${device} for somebody`,
		open: `${device} is open${process}`,
		'vfio-open': `${device} is open${process}`,
		'network-up': `network interface ${name} is up${networkText(use)}`,
		'network-held': `network interface ${name} is part of ${partText(plainFacts(use))}`,
		'network-elsewhere': 'its network interface is in another network namespace',
		display: 'it shows the console',
		'vfs-enabled': `${count} virtual functions of it are enabled`,
		bridge: 'it is a bridge, which what lies below it needs',
	};
	return texts[code] ?? code;
}

/** A command that ends the use, or shows more of it; '' where there is none. */
export function useHint(use: Use): string {
	const {code = '', bdf, device, where, interface: name, holder, kind} = plainFacts(use);
	const hints: Facts = {
		mounted: `umount '${where?.replaceAll("'", "'\\''")}'`,
		swap: `swapoff ${device}`,
		held: holderHint(plainFacts(use)),
		claimed: `fuser -vm ${device}   shows who keeps what was mounted from it busy`,
		open: `fuser -v ${device}   shows who has it open`,
		'network-up': `ip link set ${name} down`,
		'network-held': kind === 'vlan' ? `ip link delete ${holder}` : `ip link set ${name} nomaster`,
		display:
			'echo 0 > /sys/class/vtconsole/vtconN/bind   takes the console off it; grep . /sys/class/vtconsole/*/name',
		'vfs-enabled': `echo 0 > /sys/bus/pci/devices/${bdf}/sriov_numvfs`,
	};
	return hints[code] ?? '';
}

const most = 4;

function useAt(facts: Facts, index: number): Use {
	const prefix = `${index}.`;
	const own = Object.entries(facts).filter(([name]) => name.startsWith(prefix));
	return Object.fromEntries(own.map(([name, fact]) => [name.slice(prefix.length), fact]));
}

// Mount points and names of processes are other people's text.
function plainFacts(use: Use): Use {
	return Object.fromEntries(
		Object.entries(use).map(([name, fact]) => [name, fact.replaceAll(/\p{Cc}/gu, '?')]),
	);
}

function distinct(list: readonly string[]): string[] {
	return [...new Set(list)];
}

function holderText({holder = '', kind = '', name}: Use): string {
	const words: Facts = {
		lvm: `LVM volume ${name} (${holder})`,
		crypt: `encrypted volume ${name} (${holder})`,
		multipath: `multipath device ${name} (${holder})`,
		dm: `${holder}, which is /dev/mapper/${name}`,
		raid: `RAID array ${holder} (${name})`,
		nvmet: `NVMe target ${name}`,
	};
	return words[kind] ?? holder;
}

function holderHint({device, holder, kind = '', name = ''}: Use): string {
	const hints: Facts = {
		lvm: `vgchange -an ${word(volumeGroup(name))}`,
		crypt: `cryptsetup close ${word(name)}`,
		multipath: `multipath -f ${word(name)}`,
		dm: `dmsetup remove ${word(name)}`,
		raid: `mdadm --stop /dev/${holder}`,
		loop: `losetup -d /dev/${holder}`,
		nvmet: `p2p-target --show ${word(name)}   shows what else it exports, and to whom`,
	};
	return hints[kind] ?? `lsblk ${device}   shows what stands on it`;
}

/** For a shell; names are other people's text. */
function word(name: string): string {
	return /^[\w.+:@-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

/** Device-mapper names are VG-LV, with hyphens of either name doubled. */
function volumeGroup(name: string): string {
	const [, group = name] = /^((?:[^-]|--)+)-(?!-)/.exec(name) ?? [];
	return group.replaceAll('--', '-');
}

function networkText(use: Use): string {
	const {addresses = '', default: isDefault} = use;
	const isSession = addresses !== '' && addresses.split(' ').includes(sshAddress());
	const notes = [
		...(addresses === '' ? [] : [addresses.replaceAll(' ', ', ')]),
		...(isDefault === undefined ? [] : ['the default route']),
		...(isSession ? ['the way of this SSH session'] : []),
	];
	return notes.length === 0 ? '' : `: ${notes.join('; ')}`;
}

function partText({holder, kind}: Use): string {
	return kind === undefined ? `${holder}` : `${kind === 'vlan' ? 'VLAN' : kind} ${holder}`;
}

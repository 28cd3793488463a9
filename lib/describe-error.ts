// SPDX-License-Identifier: MIT
// Errors of the core and of the system as a sentence and something to try. A new code gets one
// entry here.

import {describeUses} from './describe-uses.ts';
import {statusOf} from './exit-code.ts';
import {Failure} from './failure.ts';
import {reasonOf} from './file.ts';
import {captureHint, refusalText} from './supply-text.ts';
import {reasonText} from './target-text.ts';
import {bytes} from './units.ts';

/** The core's errors arrive as Error with a string `code` and an object `facts`. */
export function describeError(error: unknown): Failure {
	if (!(error instanceof Error)) return new Failure(String(error));
	const {code, path, syscall} = error as NodeJS.ErrnoException;
	if (typeof code !== 'string')
		return new Failure(`internal error: ${error.stack ?? error.message}`);
	if (syscall !== undefined)
		return new Failure([...(path ? [path] : []), reasonOf(error)].join(': '), {code});
	const {facts: given = {}} = error as {facts?: Facts};
	const facts = knownFacts(given, error.message);
	const sentence = describe(code, facts, error.message);
	return new Failure(sentence.text, {
		status: statusOf(code),
		code,
		facts: given,
		hints: sentence.hints ?? [],
		seen:
			facts.faults === ''
				? []
				: [
						`the IOMMU refused requests of ${facts.faultFunction} meanwhile (${facts.faults} logged)`,
					],
	});
}

type Facts = Readonly<Record<string, string>>;
type Sentence = {readonly text: string; readonly hints?: readonly string[]};
type Describe = (facts: Required<KnownFacts>) => Sentence;
type KnownFacts = Readonly<Record<FactName, string>>;

const factNames = [
	...['bdf', 'bar', 'driver', 'group', 'members', 'name', 'root', 'path', 'syscall', 'reason'],
	...['client', 'provider', 'verdict', 'redirects', 'hostBridge', 'missing', 'what', 'where'],
	...['size', 'offset', 'length', 'largest', 'value', 'unit', 'below', 'above', 'signatures'],
	...['nsid', 'has', 'status', 'operation', 'lba', 'kind', 'command', 'message', 'uses'],
	...[
		'needed',
		'limit',
		'asleep',
		'state',
		'bits',
		'wanted',
		'got',
		'level',
		'secureBoot',
		'commands',
	],
	...['errno', 'left', 'moved', 'id', 'option', 'faults', 'faultFunction'],
	...['done', 'certain', 'proved', 'supply', 'refusal', 'detail', 'nqn', 'address', 'device'],
	...['network', 'rdma', 'transport', 'asked', 'offers'],
] as const;
type FactName = (typeof factNames)[number];

const bind = (bdf: string) => `p2p-bind ${bdf}   gives it to vfio-pci`;
const iommuHint =
	'boot with intel_iommu=on (AMD: on by default) and turn VT-d or AMD-Vi on in the firmware';

const sentences: Readonly<Record<string, Describe>> = {
	P2P_BAD_NAME: ({name}) => ({
		text: `'${name}' names no function; names are 0000:03:00.0, 03:00.0, 00:01.0/00.0/02.0, nvme0n1, 1b36:0010 or 1b36:0010@3`,
		hints: ['p2p-list   the functions that matter'],
	}),
	P2P_NO_FUNCTION: ({name}) => ({
		text: `there is no function ${name}`,
		hints: ['p2p-list --all   every function of this machine'],
	}),
	P2P_SEVERAL: ({name, has}) => ({
		text: `${name} names ${has.split(', ').length} functions: ${has}`,
	}),
	P2P_UNREAD_SLOT: ({name, bdf}) => ({
		text: `cannot tell which function is ${name}: not read: which slot ${bdf} sits in`,
	}),
	P2P_NO_MACHINE: ({root}) => ({
		text: `there is no machine below ${root}: sys/bus/pci/devices is missing`,
	}),
	P2P_NO_LSPCI: ({name}) => ({
		text: `${name} holds no PCI function: it is no capture, no drawing, no sysfs tree and no output of lspci`,
		hints: ['lspci -Dnnvvvxxxx >FILE   as root on that machine', 'p2p-list --capture FILE'],
	}),
	P2P_REFUSED: refused,
	P2P_UNKNOWN: unknown,
	P2P_NOT_BOUND: ({bdf, driver}) => ({
		text: `${bdf} is not bound to vfio-pci: ${driverText(driver)}`,
		hints: [bind(bdf)],
	}),
	P2P_PROVIDER_DRIVER: ({bdf, driver}) => ({
		text: `the memory of ${bdf} belongs to its driver ${driver}`,
		hints: [bind(bdf), `p2p-bind ${bdf} --driver none   leaves it without a driver`],
	}),
	P2P_CLAIMED: ({bdf, bar}) => ({
		text: `the kernel lets nobody map BAR ${bar} of ${bdf}: a driver has claimed it`,
		hints: [bind(bdf), 'iomem=relaxed   on the kernel command line allows it'],
	}),
	P2P_BUSY: (facts) =>
		busy(facts, `BAR ${facts.bar} of ${facts.bdf} is in use by another program of this suite`),
	P2P_ASLEEP: ({bdf, asleep, state}) => ({
		text: `the memory of ${bdf} does not answer: ${asleep === bdf ? 'it' : `${asleep} above it`} sleeps in ${state}`,
		hints: [
			`echo on > /sys/bus/pci/devices/${asleep}/power/control   wakes what the kernel put to sleep`,
			`p2p-bind ${bdf}   VFIO wakes it`,
		],
	}),
	P2P_IN_USE: (facts) => describeUses(facts),
	P2P_NO_DISK_DRIVER: ({driver, reason}) => ({
		text:
			reason === 'io_uring'
				? 'ublk needs io_uring, which is turned off here (sysctl kernel.io_uring_disabled)'
				: reason === 'old'
					? "this kernel's ublk is older than that of Linux 6.4"
					: driver === 'ublk'
						? 'this kernel has no ublk (ublk_drv, CONFIG_BLK_DEV_UBLK)'
						: 'this kernel has no nbd device that is free (nbd, CONFIG_BLK_DEV_NBD)',
		hints: driver === 'ublk' ? ['--driver nbd'] : ['modprobe nbd nbds_max=64'],
	}),
	P2P_DISK_ENDED: ({path}) => ({
		text: `the kernel has removed ${path}: somebody else ended it`,
	}),
	P2P_DISK_CUT: ({path}) => ({
		text: `${path} was removed while it was in use: what had not been written by then is lost`,
	}),
	P2P_NO_BAR: ({bdf, bar, has}) => ({
		text: `${bdf} has no bar${bar}${has === '' ? '' : `; it has ${has}`}`,
		hints: [showBars(bdf)],
	}),
	P2P_BAR_IO: ({bdf, bar}) => ({
		text: `BAR ${bar} of ${bdf} is I/O ports, not memory`,
		hints: [showBars(bdf)],
	}),
	P2P_BAR_DISABLED: ({bdf, bar}) => ({
		text: `BAR ${bar} of ${bdf} answers nobody: memory decoding is off or no address is assigned`,
		hints: [`echo 1 > /sys/bus/pci/devices/${bdf}/enable   where it has no driver`, bind(bdf)],
	}),
	P2P_RANGE: ({where, offset, length, size, largest}) => ({
		text:
			largest === '0'
				? `offset ${offset} lies outside of ${where}, which has ${bytes(Number(size))}`
				: `${bytes(Number(length))} at offset ${offset} do not fit into ${where} of ${bytes(Number(size))}; the largest length there is ${largest}`,
	}),
	P2P_UNALIGNED: ({what, value, unit, below, above}) => ({
		text: `${what} is ${value}, which is no multiple of ${unit}; ${below === '0' ? `${above} is` : `${below} and ${above} are`}`,
	}),
	P2P_MSIX: ({bdf, bar}) => ({
		text: `the range holds the MSI-X table of ${bdf} (BAR ${bar}): never written`,
	}),
	P2P_UNKNOWN_MSIX: ({bdf}) => ({
		text: `cannot tell where the MSI-X table of ${bdf} lies: its configuration space could not be read`,
		hints: ['run it as root'],
	}),
	P2P_REGISTER_BAR: ({bdf, bar}) => ({
		text: `BAR ${bar} of ${bdf} may be registers rather than memory`,
		hints: ['--allow register-bar   if you know that it is memory'],
	}),
	P2P_SIGNATURE: ({signatures}) => ({
		text: `the namespace holds ${signatures}`,
		hints: ['--overwrite-signature   if it may go'],
	}),
	P2P_KINDS: ({kind}) =>
		kind === 'video' || kind === 'screen'
			? {
					text:
						kind === 'video'
							? 'a capture card is read, not written: it is FROM'
							: 'a display shows the frames of a capture card: drm: is TO, and FROM is video:',
				}
			: kind === 'block'
				? {
						text: "the kernel's driver reaches no BAR, only its own p2pmem: a disk that it has is copied to a disk that it has, or to a file",
						hints: [
							'p2p-bind DISK   then DISK/nsN reaches a BAR',
							'--staged         through host memory',
						],
					}
				: kind === 'file'
					? {text: 'both ends are files: that is cp(1)'}
					: {
							text: 'both ends are memory: somebody has to carry the bytes',
							hints: [
								'--engine FUNCTION   a DMA engine; p2p-list -o +ENGINE shows which there are',
								'--staged            the CPU carries them',
							],
						},
	P2P_ENGINE: ({bdf, status, message}) => ({text: `${bdf}: ${message} (${status})`}),
	P2P_WIDTH: () => ({
		text: '--width is for loads and stores by the CPU: one end is a BAR, the other a file or -',
	}),
	P2P_NO_P2PMEM: ({bdf}) => ({
		text:
			bdf === ''
				? 'no function offers p2pmem that both disks may reach'
				: `${bdf} offers no p2pmem`,
		hints: ['p2p-list       which functions offer it', '--staged       through host memory'],
	}),
	P2P_NO_BLOCK: ({path}) => ({text: `${path} is no block device`}),
	P2P_BENCH_SIZE: ({size, unit, largest}) => ({
		text: `requests of ${size} bytes do not go: they are multiples of ${unit}, up to ${largest}`,
	}),
	P2P_BENCH_WRONG: ({kind}) => ({
		text: `the bytes do not arrive (${kind}): there is nothing to measure`,
		hints: ['p2p-copy FROM TO --verify   says more'],
	}),
	P2P_NO_DMABUF: ({bdf, bar}) => ({
		text: `the kernel does not export BAR ${bar} of ${bdf} as a dma-buf: that takes Linux 6.19 or newer with CONFIG_VFIO_PCI_DMABUF`,
		hints: ['uname -r', '--mechanism type1   maps it for another function without one'],
	}),
	P2P_NO_UDMABUF: () => ({
		text: 'the kernel makes no dma-buf of host memory: there is no /dev/udmabuf (CONFIG_UDMABUF)',
	}),
	P2P_VIA: ({name}) => ({
		text: `--via ${name}: a function by itself stands for its p2pmem, which only disks of the kernel reach`,
		hints: [`--via ${name}/barN, ${name}/cmb or ${name}/pmr`],
	}),
	P2P_UNUSED: ({option}) => ({
		text: /^--(frames|format|frame-size)$/.test(option)
			? `${option} is about a capture card: FROM is none (video:/dev/videoN)`
			: /^--(length|pattern|width)$/.test(option)
				? `${option} is about bytes: a capture card gives frames (--frames N)`
				: option === '--via'
					? '--via is memory between two disks: between these two, or with --staged, there is none'
					: '--engine carries from memory to memory: not between these two, nor with --staged',
	}),
	P2P_NO_RING: () => ({
		text: 'two namespaces need memory between them, and neither controller has a CMB',
		hints: ['--via NAME/barN   memory of another function', '--staged          host memory'],
	}),
	P2P_NO_CMB: ({bdf, kind}) => ({
		text: `${bdf} has no ${kind === 'cmb' ? 'controller memory buffer' : 'persistent memory region'}`,
		hints: ['--via NAME/barN   memory of another function', showBars(bdf)],
	}),
	P2P_CMB_QUEUES: ({bdf, kind}) => ({
		text: `the ${kind.toUpperCase()} of ${bdf} is not for data: it takes no reads or no writes (RDS, WDS)`,
	}),
	P2P_OVERLAP: () => ({text: 'source and destination overlap'}),
	P2P_STREAM_SHORT: ({moved, length}) => ({
		text: `the stream ended after ${moved} bytes of ${length}; those are moved`,
	}),
	P2P_STREAM_LONG: ({length}) => ({
		text: `the stream holds more than the ${length} bytes that fit; those are moved`,
	}),
	P2P_NO_ENGINE: ({bdf}) => ({
		text: `${bdf} has no engine that this suite can drive`,
		hints: ['p2p-list -o +ENGINE   shows which have'],
	}),
	P2P_NO_NAMESPACE: ({bdf, nsid, has}) => ({
		text: `${bdf} has no namespace ${nsid}${has === '' ? '' : `; it has ${has}`}`,
	}),
	P2P_STOPPED: () => ({text: 'interrupted'}),
	P2P_TIMEOUT: timedOut,
	P2P_GONE: (facts) => ({
		text: `${facts.bdf} is gone: it does not answer any more${certainText(facts)}`,
		hints: ['dmesg | tail   often says why', 'p2p-list --all   what is there now'],
	}),
	NVME_WILD: ({id}) => ({
		text: `the controller completed a command that was never given (id ${id}): it cannot be believed`,
	}),
	NVME_DEAD: ({bdf, message}) => ({text: `${bdf}: ${message}`}),
	NVME_FORMAT: ({bdf, message}) => ({text: `${bdf}: this suite cannot use it: ${message}`}),
	NVME_FATAL: (facts) => ({text: `${facts.bdf}: ${facts.message}${certainText(facts)}`}),
	NVME_STATUS: (facts) => ({
		text: `${facts.bdf}: ${commandText(facts)} failed: ${facts.status}${certainText(facts)}`,
	}),
	VFIO_NOT_LOADED: () => ({text: 'VFIO is not loaded', hints: ['modprobe vfio-pci']}),
	VFIO_NO_TYPE1: () => ({
		text: 'the VFIO driver for this IOMMU is not loaded',
		hints: ['modprobe vfio_iommu_type1'],
	}),
	VFIO_NO_IOMMU: ({bdf}) => ({
		text: `${bdf} is in no IOMMU group: the IOMMU is off`,
		hints: [iommuHint],
	}),
	VFIO_NOT_VIABLE: ({bdf, group, members}) => ({
		text: `VFIO cannot use IOMMU group ${group} yet: ${members || 'other functions in it have drivers'}`,
		hints: [
			'p2p-list --all -o FUNCTION,DRIVER,GROUP',
			`p2p-bind --group ${bdf || 'FUNCTION'}   takes the others along`,
		],
	}),
	VFIO_NO_IOMMUFD: noIommufd,
	VFIO_BUSY: (facts) =>
		busy(
			facts,
			`${facts.bdf} is busy: IOMMU group ${facts.group} is open already, here or in another program`,
		),
	P2P_MEMORY: ({needed, limit}) => ({
		text: `${bytes(Number(needed))} of host memory were asked for, and ${bytes(Number(limit))} are available`,
	}),
	P2P_MEMLOCK: ({needed, limit}) => {
		const kibibytes = Math.ceil(Number(needed) / 2 ** 20) * 1024;
		return {
			text: `${bytes(kibibytes * 1024)} of host memory have to be locked, and this user may lock ${bytes(Number(limit))}`,
			hints: [
				`ulimit -l ${kibibytes}   where the hard limit is not lower`,
				`USER - memlock ${kibibytes}   in /etc/security/limits.conf; in a unit LimitMEMLOCK=${kibibytes}K`,
			],
		};
	},
	VFIO_NO_INTERRUPT_REMAPPING: ({group}) => ({
		text: `the kernel refuses IOMMU group ${group}: there is no interrupt remapping`,
		hints: ['modprobe vfio_iommu_type1 allow_unsafe_interrupts=1   if its functions are trusted'],
	}),
	VFIO_NO_MMAP: ({bdf, bar}) => ({text: `BAR ${bar} of ${bdf} cannot be mapped`}),
	VFIO_NO_IOVA: ({size}) => ({
		text: `no ${bytes(Number(size))} of IO addresses are free outside of bridge windows and reserved ranges`,
	}),
	P2P_WORK_BUSY: ({name}) => ({text: `another ${name} is at work`}),
	P2P_BIND_FAILED: bindFailed,
	P2P_NO_DRIVER: ({driver}) => ({
		text: `there is no driver '${driver}', and no module of that name to load`,
	}),
	P2P_NOTHING_TO_RESTORE: ({bdf, name}) => ({
		text:
			bdf === ''
				? `nothing to restore: ${name} has changed none of these`
				: `nothing to restore: ${name || 'p2p-bind'} has not changed ${bdf}`,
	}),
	P2P_NOT_ROOT: ({what}) => ({
		text: `only the superuser may change ${what || 'drivers'}`,
		hints: ['run it as root'],
	}),
	P2P_NOT_DRIVEN: ({bdf}) => ({text: `${bdf} has no driver that could be bound anew`}),
	P2P_NOT_NAMESPACE: ({name}) => ({
		text: `${name} is no NVMe namespace of the kernel's; those are /dev/nvme0n1, nvme0n1`,
		hints: ['p2p-list   the functions that matter, and their names'],
	}),
	P2P_TARGET_EXISTS: ({nqn}) => ({
		text: `${nqn} is exported already`,
		hints: [`p2p-target --show ${nqn}`],
	}),
	P2P_NO_TARGET: ({nqn}) => ({
		text: `there is no target ${nqn}`,
		hints: ['p2p-target   those that there are'],
	}),
	P2P_NOT_OURS: ({nqn}) => ({
		text: `${nqn} was not made by p2p-target, which takes down its own only`,
		hints: ['nvmetcli   takes down others'],
	}),
	P2P_NO_ADDRESS: ({address}) => ({
		text: `no interface of this machine has the address ${address}`,
		hints: ['ip address   those that there are'],
	}),
	P2P_NO_RDMA: ({address}) => ({
		text: `no RDMA device listens at ${address}`,
		hints: ['rdma link   those that there are', '--transport tcp   goes through host memory'],
	}),
	P2P_NO_DRM: ({path, reason}) => ({
		text:
			{
				node: `${path} is no node of a display driver; those are /dev/dri/card0`,
				render: `${path} makes no buffers: a render node; the card's own node does`,
				size: `a buffer of ${path} has less than 4 GiB`,
				dumb: `the driver of ${path} makes no buffers without commands of its own`,
				screen: `${path} shows nothing: no display is connected to it`,
				master: `${path} belongs to another program: a desktop shows its pictures there`,
				format: `the display of ${path} does not take these pixels`,
			}[reason] ?? `the driver of ${path} exports no buffers (PRIME)`,
	}),
	P2P_NO_VIDEO: ({path, reason}) => ({
		text:
			{
				node: `${path} is no node of a capture card; those are /dev/video0`,
				capture: `${path} gives no pictures: it is not for capture`,
				planes: `${path} gives its pictures only in planes apart (the multi-planar interface), which p2p-copy does not take`,
				streaming: `${path} gives its pictures only by read(2), without numbers: what is dropped could not be told`,
			}[reason] ?? `the driver of ${path} has no buffers for frames`,
		hints:
			reason === 'node' || reason === 'capture'
				? ['v4l2-ctl --list-devices   the cards, and their nodes']
				: [],
	}),
	P2P_VIDEO_FORMAT: ({path, reason, asked, offers}) => ({
		text:
			{
				format: `${path} gives no ${asked}; it gives ${offers}`,
				size: `${path} gives no frames of ${asked}; the next that it gives is ${offers}`,
				fields: `${path} gives half frames, one after the other (V4L2_FIELD_ALTERNATE), which p2p-copy does not put together`,
				compressed: `${path} compresses its frames (${asked}), so that each has another size; p2p-copy moves frames of one size`,
			}[reason] ??
			`${path} and the display have no format in common${asked === '' ? '' : ` that is ${asked}`}${offers === '' ? '' : `: the card gives ${offers}`}`,
		hints: ['--format FOURCC', '--frame-size WIDTHxHEIGHT'],
	}),
	P2P_NOT_PEER: notPeer,
	P2P_UNKNOWN_PEER: notPeer,
	P2P_TARGET_FAILED: ({command, reason, left}) => ({
		text: `${command}: ${reason}${left === '' ? '' : '; what could not be undone is left'}`,
		hints: ['dmesg   the kernel says more', ...left.split('\n').filter((line) => line !== '')],
	}),
	P2P_NO_ACS: ({bdf, client, provider}) => ({
		text:
			bdf === ''
				? `no port on the way from ${client} to ${provider} has ACS: none of them redirects`
				: `${bdf} has no ACS: there is nothing to change`,
		hints: ['p2p-acs   which functions have'],
	}),
	P2P_ACS_UNREAD: ({bdf}) => ({
		text: `cannot tell: the ACS of ${bdf} could not be read`,
		hints: ['run it as root'],
	}),
	P2P_ACS_SHIFTED: ({bdf}) => ({
		text: `${bdf} has its ACS register where neither Linux nor this program writes it (Intel 100 and 200 series)`,
	}),
	P2P_ACS_NO_BIT: ({bdf, bits, has}) => ({
		text: `${bdf} has no ACS bit ${letters(bits)}; it has ${letters(has)}`,
	}),
	P2P_ACS_NO_WAY: ({client, provider}) => ({
		text: `${client} and ${provider} share no bridge below the root complex: no port can turn what they send`,
		hints: [`p2p-check ${client} ${provider}   by which way they reach each other`],
	}),
	P2P_ACS_VFIO: (facts) => {
		const {text} = describeUses(facts);
		return {
			text: `${text}; with these bits clear the addresses that its user chose would reach its neighbours`,
			hints: ['end that program first   no option goes beyond this'],
		};
	},
	P2P_ACS_IN_USE: (facts) => {
		const {text, hints} = describeUses(facts);
		return {text, hints: [...hints, '--in-use   changes the port all the same']};
	},
	P2P_ACS_FAILED: acsFailed,
	P2P_LOCKDOWN: lockedDown,
	P2P_UNSAFE_FOLDER: ({path}) => ({
		text: `${path} is a link, or others can change it: what it says cannot be trusted`,
	}),
	P2P_FOREIGN_FILE: ({path}) => ({
		text: `${path} was not made by p2p-bind, and is left as it is`,
		hints: [`mv ${path} ${path}.old   if it may go`],
	}),
	P2P_NOT_KEPT: ({driver}) => ({
		text: `${driver} finds its functions by itself: no rule can keep one for it`,
		hints: ['p2p-bind --restore FUNCTION   removes a rule that keeps it for another driver'],
	}),
	P2P_NOT_OWNED: ({path, reason}) => ({
		text: `what it says cannot be trusted: ${refusalText(reason, path)}`,
	}),
};

/** Of errors that have a sentence of their own. */
export const codes: readonly string[] = Object.keys(sentences);

function describe(code: string, facts: KnownFacts, message: string): Sentence {
	if (Object.hasOwn(sentences, code)) return sentences[code]?.(facts) ?? {text: message};
	return facts.syscall === '' ? {text: message} : systemError(code, facts);
}

function systemError(code: string, facts: KnownFacts): Sentence {
	const {syscall, path, reason, offset} = facts;
	const place = offset === '' ? '' : ` at offset ${offset} of the copy`;
	const text = `${path}: ${syscall}${place}: ${reason || code}${certainText(facts)}`;
	if (code !== 'EACCES' && code !== 'EPERM') return {text};
	if (/^\/dev\/vfio\/(\d+|devices\/\w+)$/.test(path))
		return {text, hints: [`chown "$USER" ${path}   as root`]};
	const bdf = /([\da-f:.]+)\/resource\d$/.exec(path)?.[1];
	const bound = bdf === undefined ? [] : [`p2p-bind ${bdf}   as root: then its VFIO node will do`];
	return {text, hints: [...bound, 'run it as root']};
}

// Whoever has it open is named where he can be seen.
function busy(facts: KnownFacts, text: string): Sentence {
	if (facts.uses !== '0') return describeUses(facts, 'busy');
	return {text, hints: ['run it as root: it says then who that is']};
}

function noIommufd({what, bdf}: KnownFacts): Sentence {
	const type1 = '--mechanism type1   goes by IOMMU groups, as every kernel does';
	switch (what) {
		case 'no-device':
			return {
				text: 'there is no iommufd here: /dev/iommu is missing or not for this user (CONFIG_IOMMUFD)',
				hints: [type1],
			};
		case 'no-cdev':
			return {
				text: `${bdf} has no character device of VFIO to open: it is not on vfio-pci, or the kernel lacks CONFIG_VFIO_DEVICE_CDEV`,
				hints: [bind(bdf), type1],
			};
		default:
			return {
				text: `iommufd maps a BAR only as vfio-pci exports it, and ${bdf} is not on vfio-pci`,
				hints: [bind(bdf), type1],
			};
	}
}

// An NVMe command, by its place on the disk and in the copy.
function commandText({operation, lba, nsid, offset}: KnownFacts): string {
	if (nsid === '' || nsid === '0') return operation;
	const place = offset === '' ? '' : `, offset ${offset} of the copy,`;
	return `${operation} at block ${lba} of namespace ${nsid}${place}`;
}

function certainText({certain, proved}: KnownFacts): string {
	if (certain === '') return '';
	const how = proved === 'yes' ? 'proved' : 'moved';
	return `; ${certain === '0' ? `nothing is ${how} for certain` : `the first ${certain} bytes are ${how}`}`;
}

function timedOut(facts: KnownFacts): Sentence {
	if (facts.what === 'a frame')
		return {
			text: `${facts.path} gave no frame in time`,
			hints: ['--timeout SECONDS   where its signal only starts late'],
		};
	const who = facts.bdf === '' ? '' : `${facts.bdf}: `;
	const what = facts.operation === '' ? facts.what : commandText(facts);
	const consequences: Readonly<Record<string, string>> = {
		aborted: ' and was aborted',
		reset: ' and could not be aborted: the controller was reset',
		'function-reset': ' and the controller hung: the function was reset',
		nothing: ' and the controller hung: not even a reset helped',
	};
	return {
		text: `${who}${what} did not end in time${consequences[facts.done] ?? ''}${certainText(facts)}`,
		hints: facts.operation === '' ? [] : ['--timeout SECONDS   where the device is only slow'],
	};
}

const atYourWord = '--allow unknown   at your word; a copy compares every byte then';

function unknown(facts: KnownFacts): Sentence {
	const {client, provider, missing, supply} = facts;
	const text = `cannot tell whether ${client} reaches ${provider}: `;
	const names = missing.split(', ');
	if (supply === '' || !names.every((name) => name.endsWith(' ACS')))
		return {
			text: `${text}not read: ${missing}`,
			hints: [`p2p-check ${client} ${provider}   run as root`, atYourWord],
		};
	const functions = names.map((name) => name.slice(0, -' ACS'.length)).join(', ');
	return {
		text: `${text}only root may read the ACS of ${functions}${unsupplied(facts)}`,
		hints: [captureHint, atYourWord],
	};
}

// Why the superuser's capture did not help; that there is none needs no words.
function unsupplied({supply, refusal, detail}: KnownFacts): string {
	if (refusal === 'absent') return '';
	return refusal === ''
		? `; ${supply} does not have that, or has it of another function`
		: `; ${supply} does not count: ${refusalText(refusal, detail)}`;
}

function refused({client, provider, verdict, redirects, hostBridge}: KnownFacts): Sentence {
	const hints = [`p2p-check ${client} ${provider}   the whole reason, and what to do`];
	if (verdict === 'through-root') {
		const why = redirects === '' ? '' : `: ${redirects} redirects`;
		return {text: `${client} reaches ${provider} only through the root complex${why}`, hints};
	}
	const reasons = [
		...(redirects === '' ? [] : [`${redirects} redirects to the root complex`]),
		...(hostBridge === '' ? [] : [`the kernel does not trust host bridge ${hostBridge}`]),
	];
	const why = reasons.length === 0 ? '' : `: ${reasons.join(' and ')}`;
	return {
		text: `${client} does not reach ${provider}${why}`,
		hints: [...hints, '--allow not-supported   at your word'],
	};
}

// Everything that had been done is undone by now, or `left` says what is not.
function bindFailed({bdf, driver, reason, errno, left}: KnownFacts): Sentence {
	const what = driver === '' ? 'could not be freed of its driver' : `did not go to ${driver}`;
	const known = errno === 'ENODEV' ? `${driver} does not know this function` : reason;
	const why = known === '' ? '' : `: ${known}`;
	const now = left === '' ? 'all is as it was' : `not undone: ${left.replaceAll('\n', '; ')}`;
	return {
		text: `${bdf} ${what}${why}; ${now}`,
		hints: [
			'dmesg | tail   often says why',
			...(left === '' ? [] : [`p2p-bind --restore ${bdf}   tries again`]),
		],
	};
}

function acsFailed({bdf, reason, wanted, got, left}: KnownFacts): Sentence {
	const texts: Readonly<Record<string, string>> = {
		changed: `somebody else changed ${bdf} meanwhile: it has ${letters(got)}`,
		kept: `${bdf} did not take ${letters(wanted)}: it has ${letters(got)}`,
	};
	const what = texts[reason] ?? `the ACS of ${bdf} cannot be written: ${reason}`;
	return {
		text: `${what}; ${left === '' ? 'all is as it was' : `not undone: ${left.replaceAll('\n', '; ')}`}`,
		hints: left === '' ? [] : ['p2p-acs --restore   tries again'],
	};
}

function lockedDown({what, level, secureBoot}: KnownFacts): Sentence {
	const why = secureBoot === '' ? '' : ', as Secure Boot makes it';
	const isBar = what === 'bar';
	return {
		text: `the kernel lets nobody ${isBar ? 'map a BAR through sysfs' : 'write configuration space'}: it is locked down (${level || 'lockdown'}${why})`,
		hints: [
			isBar
				? 'p2p-bind FUNCTION   gives it to vfio-pci, which may'
				: '--dry-run   shows the boot parameter, by which the kernel itself does it',
			secureBoot === ''
				? 'boot without lockdown= on the kernel command line'
				: "turn Secure Boot off in the firmware's setup",
		],
	};
}

/** 'rr,cr' as 'RR CR'. */
function letters(bits: string): string {
	return bits === '' ? 'none' : bits.replaceAll(',', ' ').toUpperCase();
}

function driverText(driver: string): string {
	return driver === '' ? 'it has no driver' : `its driver is ${driver}`;
}

function showBars(bdf: string): string {
	return `p2p-list ${bdf} -o FUNCTION,MEMORY   what it has`;
}

function knownFacts(given: Facts, message: string): KnownFacts {
	const known = factNames.map((name) => [name, given[name] ?? '']);
	return {...Object.fromEntries(known), ...given, message};
}

function notPeer({device, reason, ...facts}: Required<KnownFacts>): Sentence {
	const given = Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== ''));
	const what =
		reason === 'not-direct'
			? 'would go from peer to peer, but not direct'
			: 'would not go from peer to peer';
	return {text: `data of ${device} ${what}: ${reasonText(reason, given)}`};
}

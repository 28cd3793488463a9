// SPDX-License-Identifier: MIT
// Loads the native core and gives it types: the only file that does. 64-bit addresses are strings
// '0x…', sizes are integers in bytes, what is not known is null.

import {existsSync, readdirSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import {Failure} from './failure.ts';

export type Bar = {
	readonly index: number;
	readonly start: string | null;
	readonly busAddress: string | null;
	readonly size: number;
	readonly kind: 'memory' | 'io';
	readonly is64: boolean;
	readonly isPrefetchable: boolean;
	/** Bytes that it could have (Resizable BAR), of displays and accelerators; null: not told. */
	readonly largest: number | null;
};

export type Link = {readonly speedGTs: number | null; readonly width: number | null};

export type Role =
	| 'endpoint'
	| 'root-port'
	| 'upstream-port'
	| 'downstream-port'
	| 'bridge'
	| 'rc-integrated'
	| 'host-bridge';

export type PciFunction = {
	readonly bdf: string;
	readonly path: string;
	readonly rootBus: string;
	readonly parent: string | null;
	readonly physfn: string | null;
	/** Physical number of the slot that it sits in. */
	readonly slot: number | null;
	readonly role: Role;
	readonly vendor: number;
	readonly device: number;
	readonly subVendor: number;
	readonly subDevice: number;
	readonly classCode: number;
	/** The engine by which this suite drives it. */
	readonly engine: string | null;
	readonly revision: number;
	readonly driver: string | null;
	readonly driverOverride: string | null;
	readonly iommuGroup: number | null;
	readonly numaNode: number | null;
	/** Width of the addresses that its driver lets it emit. */
	readonly dmaBits: number | null;
	readonly powerState: string | null;
	readonly isEnabled: boolean;
	readonly configSize: number;
	/** False where nobody said which BARs there are. */
	readonly hasResources: boolean;
	readonly bars: readonly Bar[];
	readonly link: Link;
	readonly maxLink: Link;
	/** ACS control bits that are set ('sv', 'tb', 'rr', 'cr', 'uf', 'ec', 'dt'); null: not read; [] with hasAcs false: no capability. */
	readonly acs: readonly string[] | null;
	readonly hasAcs: boolean | null;
	/** The bits that its ACS capability has. */
	readonly acsCapability: readonly string[] | null;
	/** An old Intel root port: its ACS control register lies elsewhere, and acs tells nothing. */
	readonly isAcsShifted: boolean;
	readonly p2pmem: {
		readonly size: number;
		readonly available: number;
		readonly isPublished: boolean;
	} | null;
	/** Bytes of memory of its own, where its driver tells (amdgpu, xe). */
	readonly vram: number | null;
	/** Of those, what peers see through a BAR. */
	readonly visibleVram: number | null;
	/** Pages of its memory that HMM moves programs' data into; size in bytes, null: not for this user. */
	readonly devicePrivate: {readonly size: number | null} | null;
	readonly cmbSize: number | null;
	readonly names: readonly string[];
};

export type Machine = {
	readonly source: 'live' | 'sysroot' | 'capture' | 'lspci';
	readonly kernel: string | null;
	readonly cpu: string | null;
	readonly guest: string | null;
	readonly iommu: boolean | null;
	/** What nobody read but the user or the reader of a dump assumed: 'kernel', 'cpu'. */
	readonly assumed: readonly string[];
	/** What became of the lines of a text. */
	readonly reading: {
		readonly lines: number;
		readonly unread: number;
		readonly twice: number;
	} | null;
	/** pci=… and the like of its command line. */
	readonly bootParameters: readonly string[];
	/** The superuser's capture, looked for where this user may not read all; refusal null: it counts. */
	readonly supply: {
		readonly path: string;
		readonly refusal: string | null;
		readonly detail: string | null;
	} | null;
};

export type VerdictWord = 'direct' | 'through-root' | 'no' | 'unknown';
export type Turn = 'direct' | 'redirected' | 'blocked' | 'through-root' | 'unknown';
/** A coded finding with its facts; describe.ts has the sentences. */
export type Finding = {readonly code: string} & Readonly<Record<string, string>>;

export type Pair = {
	readonly client: string;
	readonly provider: string;
	readonly verdict: VerdictWord;
	readonly kernel: {
		readonly mapType: 'bus-addr' | 'thru-host-bridge' | 'not-supported' | 'unknown';
		readonly distance: number | null;
		readonly redirects: readonly string[];
		readonly hostBridge: string | null;
		/** What the kernel's log says of this pair, to be looked for in dmesg. */
		readonly log: readonly string[];
	};
	readonly fabric: {
		readonly request: Turn;
		readonly completion: Turn;
		readonly turnsAt: string | null;
		readonly culprits: readonly {readonly bdf: string; readonly bits: readonly string[]}[];
		readonly route: readonly string[];
		readonly conditions: readonly Finding[];
		/** The slowest link of the route, named after the function below it; bytes a second of payload. */
		readonly link:
			| (Link & {
					readonly bdf: string;
					readonly payload: number;
					readonly bytesPerSecond: number;
			  })
			| null;
	};
	readonly vfio: {
		readonly ready: boolean | null;
		readonly mechanism: 'type1' | 'iommufd' | 'sysfs' | null;
		readonly blockers: readonly Finding[];
		readonly limits: readonly Finding[];
	};
	readonly missing: readonly string[];
};

export type Scan = {readonly machine: Machine; readonly functions: readonly PciFunction[]};
export type Check = {readonly machine: Machine; readonly pairs: readonly Pair[]};

export type Allowed = {
	readonly requireDirect?: boolean;
	readonly notSupported?: boolean;
	readonly unknown?: boolean;
	readonly registerBar?: boolean;
	readonly driverOwned?: boolean;
};

/** One end of a copy, as the user named it. offset in bytes. */
export type Place = {
	/** A function; a path of a file, stream, capture card or display; '' is standard input or output. */
	readonly name: string;
	readonly kind: PlaceKind;
	readonly index: number;
	readonly offset: number;
};

export type PlaceKind =
	| 'ns'
	| 'bar'
	| 'cmb'
	| 'pmr'
	| 'file'
	| 'stream'
	| 'block'
	| 'p2pmem'
	| 'video'
	| 'drm';

export type Verify = 'full' | 'sample' | 'none';

/** How functions are opened and memory is mapped for them. */
export type Mechanism = 'type1' | 'iommufd';

/** What a capture card is asked for; '' and 0: as it has it. */
export type Pictures = {
	/** FOURCC as 'YUYV'. */
	readonly format: string;
	readonly width: number;
	readonly height: number;
	/** 0: until a stop is asked for, or TO is full. */
	readonly frames: number;
};

export type CopyOrder = {
	readonly from: Place;
	readonly to: Place;
	/** Memory between two namespaces. */
	readonly via: Place | null;
	/** A function that carries bytes from memory to memory; '' none. */
	readonly engine: string;
	readonly staged: boolean;
	/** Bytes of each load and store that the CPU makes in a BAR; 0: as is best for memory. */
	readonly width: number;
	readonly length: number | null;
	readonly verify: Verify;
	/** Seed of a pattern that FROM is overwritten with first; below 2^32. */
	readonly pattern: number | null;
	readonly allowed: Allowed;
	/** Of VFIO; '' the best that there is. */
	readonly mechanism: Mechanism | '';
	readonly overwriteSignature: boolean;
	readonly pictures: Pictures;
	readonly queues: number;
	readonly depth: number;
	readonly timeoutNs: number;
};

export type Progress = {
	readonly phase: 'check' | 'copy' | 'fill' | 'verify';
	readonly bytes: number;
	/** 0: not known, a stream. */
	readonly total: number;
};

/** What a copy is going to do, decided from sysfs alone before anything is touched. */
export type CopyPlan = {
	/** Straight between functions; through host memory; carried by the CPU. */
	readonly way: 'peer' | 'staged' | 'cpu';
	readonly from: CopyEnd;
	readonly to: CopyEnd;
	/** Peer memory between two namespaces. */
	readonly via: CopyEnd | null;
	/** What functions do; the source's first. */
	readonly legs: readonly CopyLeg[];
	readonly mechanism: Mechanism | 'p2pmem' | null;
	/** How functions are opened, peer memory or not; null where none is. */
	readonly space: Mechanism | null;
	readonly addressKind: 'bus-address' | 'iova' | null;
	/** null: the whole of FROM. */
	readonly length: number | null;
	/** Of a capture card; null: until it is told to stop, or TO is full. */
	readonly frames: number | null;
	readonly verify: Verify;
	/** Seed of the data of our own that is copied. */
	readonly pattern: number | null;
};

export type CopyEnd = {
	readonly kind: PlaceKind;
	readonly function: string | null;
	readonly path: string | null;
	readonly index: number;
	readonly offset: number;
	readonly access: 'vfio' | 'sysfs' | 'p2pmem' | null;
	readonly busAddress: string | null;
};

/** A function that issues requests; into host memory where there is no provider. */
export type CopyLeg = {
	readonly client: string;
	readonly engine: string;
	readonly direction: 'from-medium' | 'to-medium';
	readonly provider: string | null;
	readonly pair: Pair | null;
};

/** What it did. Sizes in bytes, times in nanoseconds. */
export type CopyResult = {
	/** Of peer memory; null where there was none. */
	readonly addressKind: 'bus-address' | 'iova' | null;
	readonly iova: string | null;
	readonly blockSize: number;
	readonly requestSize: number;
	readonly queues: number;
	readonly depth: number;
	readonly length: number;
	readonly bytes: number;
	readonly requests: number;
	readonly durationNs: number;
	readonly verifiedBytes: number;
	readonly verifyNs: number;
	/** CRC-32C of all bytes, where all were compared. */
	readonly crc32c: string | null;
	readonly mismatch: Mismatch | null;
	/** What others noticed meanwhile. */
	readonly witnesses: readonly Witness[];
	/** This user may not read the kernel's log: what the IOMMU refused is not among them. */
	readonly isDeaf: boolean;
	/** Of a capture card; null of everything else. */
	readonly frames: Frames | null;
};

/** What came of a capture. Sizes in bytes, times in nanoseconds. */
export type Frames = {
	readonly format: string;
	readonly width: number;
	readonly height: number;
	/** From one row to the next, and of a frame. */
	readonly pitch: number;
	readonly size: number;
	/** From one frame to the next, where they lie. */
	readonly stride: number;
	/** Where the card writes: ours by its address, another driver's, its driver's own. */
	readonly memory: 'userptr' | 'dmabuf' | 'mmap';
	readonly count: number;
	/** For want of a buffer, by gaps in their numbers. */
	readonly dropped: number;
	/** Marked by the driver, or short. */
	readonly damaged: number;
	/** From the first to the last. */
	readonly durationNs: number;
};

export type CopyReport = {readonly plan: CopyPlan; readonly result: CopyResult};

export type Mismatch = {
	readonly offset: number;
	readonly length: number;
	readonly kind:
		| 'all-ones'
		| 'unchanged'
		| 'zeros'
		| 'shifted'
		| 'stale'
		| 'torn'
		| 'different'
		| 'not-memory'
		| 'memory-off'
		| 'guard'
		| 'faulted';
	/** The source gave two different answers: nothing is proved. */
	readonly isSourceUnstable: boolean;
	/** With a pattern: FROM holds it no more either. */
	readonly isAtSource: boolean;
	/** 'shifted', 'stale': bytes by which the data stands behind its place (negative: before it). */
	readonly by: number | null;
	/** 'torn': where what arrived and what did not meet, bytes from the start of the copy. */
	readonly boundary: number | null;
	/** 'stale': of the pattern that the data is of. */
	readonly seed: number | null;
};

/** A request that the IOMMU refused, an AER counter that moved, an entry of an NVMe error log. */
export type Witness =
	| {
			readonly kind: 'iommu-fault';
			readonly function: string;
			readonly iommu: string;
			/** Lines of the kernel's log, which it limits. */
			readonly count: number;
			/** Of the first one. */
			readonly access: 'read' | 'write' | null;
			readonly address: string | null;
	  }
	| {
			readonly kind: 'aer';
			readonly function: string;
			readonly severity: 'correctable' | 'nonfatal' | 'fatal';
			readonly name: string;
			readonly count: number;
	  }
	| {
			readonly kind: 'nvme-error';
			readonly function: string;
			readonly count: number;
			readonly status: string;
			readonly lba: number;
			readonly nsid: number;
			readonly queue: number;
			readonly command: number;
	  };

export type BenchOrder = {
	/** A namespace or memory, which is read. */
	readonly from: Place;
	/** Memory or, where FROM is such, a namespace, which is overwritten. */
	readonly to: Place;
	/** A function that carries from memory to memory; ''. */
	readonly engine: string;
	readonly overwriteSignature: boolean;
	readonly length: number;
	readonly sizes: readonly number[];
	readonly depths: readonly number[];
	readonly runs: number;
	readonly durationNs: number;
	readonly allowed: Allowed;
};

/** One run of p2p-bench. Sizes in bytes, times in nanoseconds. */
export type Sample = {
	/** host: the client and host memory alone, nobody copying. */
	readonly way: 'peer' | 'staged' | 'host';
	readonly size: number;
	readonly depth: number;
	readonly run: number;
	readonly bytes: number;
	readonly requests: number;
	readonly durationNs: number;
	/** Of the thread, which looks for completions all the time. */
	readonly cpuNs: number;
	/** Of the turns that handed something over or found something; null: staged. */
	readonly busyNs: number | null;
	/** From start to completion; null where too few requests finished for it. */
	readonly medianNs: number | null;
	readonly percentile99Ns: number | null;
	readonly percentile999Ns: number | null;
	readonly longestNs: number | null;
};

export type LoadOrder = {
	readonly memory: Place;
	/** Bytes that are used; 0: 16 MiB, or what there is. */
	readonly length: number;
	/** Stores as well. */
	readonly isWritten: boolean;
	readonly runs: number;
	readonly durationNs: number;
	readonly allowed: Allowed;
};

/** One run of p2p-bench --loads: the CPU's loads and stores of 8 bytes, or of 4096 word after word. */
export type LoadSample = {
	readonly kind: 'load' | 'store-load' | 'loads' | 'stores';
	readonly memory: 'uncached' | 'write-combining';
	readonly access: 'vfio' | 'sysfs';
	readonly size: number;
	readonly count: number;
	readonly durationNs: number;
	/** What a look at the clock takes, in each of the latencies. */
	readonly clockNs: number;
	readonly medianNs: number;
	readonly percentile99Ns: number;
	readonly longestNs: number;
};

export type CheckOrder = {
	readonly memory: Place;
	readonly length: number;
	readonly seed: number;
	readonly allowed: Allowed;
};

export type MemoryCheck = {
	readonly length: number;
	readonly access: 'vfio' | 'sysfs';
	/** That were tried, in order; the last one showed the faults. */
	readonly patterns: readonly string[];
	readonly faults: {
		readonly pattern: string;
		/** Of the first wrong word, from the place's offset on. */
		readonly offset: number;
		readonly wrote: string;
		readonly read: string;
		/** Wrong words of 8 bytes. */
		readonly count: number;
		/** That differed in any of them. */
		readonly bits: string;
	} | null;
	readonly durationNs: number;
};

export type MapOrder = {
	readonly client: string;
	readonly provider: string;
	readonly bar: number;
	readonly offset: number;
	readonly length: number | null;
	readonly hostMemory: number;
	readonly allowed: Allowed;
	readonly mechanism: Mechanism | '';
};

export type MapReport = {
	readonly pair: Pair;
	readonly mechanism: Mechanism;
	readonly providerAccess: 'vfio' | 'sysfs';
	readonly addressKind: 'bus-address' | 'iova';
	readonly iova: string;
	readonly busAddress: string;
	readonly length: number;
	readonly clientFd: number;
	/** The mapped stretch as a dma-buf; null where it cannot be exported. */
	readonly dmaBufFd: number | null;
	readonly hostFd: number | null;
	readonly hostIova: string | null;
	readonly hostLength: number | null;
};

export type ShareOrder = {
	/** '': new host memory, or a card's. */
	readonly provider: string;
	/** A node of DRM, /dev/dri/card0; '' for none. */
	readonly card: string;
	readonly bar: number;
	readonly offset: number;
	/** null: to the end of the BAR. */
	readonly length: number | null;
};

/** Memory as a dma-buf. */
export type ShareReport = {
	readonly dmaBufFd: number;
	/** Bytes, whole pages. */
	readonly size: number;
	/** The module that made it: 'vfio_pci_core', 'udmabuf'. */
	readonly exporter: string | null;
	readonly length: number;
	readonly busAddress: string | null;
	/** Of a card: its driver, and its function where it has one. */
	readonly driver: string | null;
	readonly function: string | null;
	/** The memfd of host memory. */
	readonly hostFd: number | null;
};

export type DiskDriver = 'ublk' | 'nbd';

export type DiskOrder = {
	/** A BAR, CMB or PMR. */
	readonly memory: Place;
	/** Whole 512-byte blocks; null: to the end of the memory. */
	readonly length: number | null;
	readonly readOnly: boolean;
	/** '': nbd only where the kernel has no ublk. */
	readonly driver: DiskDriver | '';
	readonly allowed: Allowed;
};

/** A block device whose bytes are memory of a function. */
export type DiskReport = {
	readonly path: string;
	readonly driver: DiskDriver;
	readonly function: string;
	readonly bar: number;
	/** Where in the BAR it starts. */
	readonly start: number;
	readonly length: number;
	readonly access: 'vfio' | 'sysfs';
	/** Who keeps it from ending; empty while nobody has asked for that. */
	readonly uses: readonly Use[];
};

export type BindOrder = {
	/** With restore, none: all that were changed. */
	readonly functions: readonly string[];
	/** A driver to bind to, '' to leave without one; null with restore. */
	readonly driver: string | null;
	/** Companions of the IOMMU group go along. */
	readonly group?: boolean;
	readonly restore: boolean;
	readonly dryRun: boolean;
	/** A udev rule that does the same at each boot: told, or installed too. */
	readonly persist?: 'tell' | 'install' | null;
};

/** Another function of the same IOMMU group. */
export type BindCompanion = {
	readonly bdf: string;
	readonly driver: string | null;
	/** With its driver VFIO cannot open the group. */
	readonly hinders: boolean;
	/** No bridge: --group takes it along. */
	readonly mayCome: boolean;
};

export type BindReport = {
	readonly functions: readonly {
		readonly bdf: string;
		readonly before: string | null;
		readonly after: string | null;
		readonly iommuGroup: number | null;
		/** May VFIO open the group afterwards? */
		readonly isViable: boolean | null;
		readonly companions: readonly BindCompanion[];
	}[];
	readonly rules: readonly {
		readonly bdf: string;
		readonly path: string;
		readonly text: string;
		readonly isInstalled: boolean;
	}[];
	/** What installs the rules, as the shell lines a person would type. */
	readonly keeping: readonly string[];
	/** What was changed, in the same form. */
	readonly commands: readonly string[];
};

export type TargetOrder = {
	/** '' or the --sysroot folder. */
	readonly root: string;
	readonly nqn: string;
	readonly namespaces: readonly string[];
	readonly transport: 'rdma' | 'tcp' | 'loop';
	/** '' with loop, as service. */
	readonly address: string;
	readonly service: string;
	/** A provider, 'none', or '' for the nearest. */
	readonly via: string;
	readonly hosts: readonly string[];
	/** Any host may connect. */
	readonly isForAll: boolean;
	readonly require: 'direct' | 'any' | '';
	readonly dryRun: boolean;
};

export type TargetNamespace = {
	readonly nsid: number;
	readonly device: string;
	readonly isEnabled: boolean;
	/** Whose memory the kernel is told to use; null: nobody's. */
	readonly provider: string | null;
	/** Will data go from peer to peer? null: cannot be told. */
	readonly isPeer: boolean | null;
	/** A code of native/target/peer.h; null where data goes from peer to peer. */
	readonly reason: string | null;
	readonly facts: Readonly<Record<string, string>>;
};

export type TargetPort = {
	readonly id: string;
	readonly transport: string;
	readonly address: string | null;
	readonly service: string | null;
};

export type Target = {
	readonly nqn: string;
	/** Made by p2p-target; null where this user may not know. */
	readonly isOurs: boolean | null;
	readonly isForAll: boolean;
	readonly hosts: readonly string[];
	readonly ports: readonly TargetPort[];
	readonly namespaces: readonly TargetNamespace[];
};

export type TargetReport = Target & {readonly commands: readonly string[]};

type BindState = {readonly driver: string | null; readonly driverOverride: string | null};

/** What breaks if a function changes hands: a code and its facts (native/pci/use.h). */
export type Use = Readonly<Record<string, string>>;

export type BindShown = BindState & {
	readonly bdf: string;
	readonly classCode: number;
	readonly names: readonly string[];
	/** Before p2p-bind changed it first. */
	readonly before: BindState | null;
	/** The udev rule of p2p-bind's that keeps it. */
	readonly rule: string | null;
	readonly iommuGroup: number | null;
	/** May VFIO open the group as it is now? */
	readonly isViable: boolean | null;
	readonly companions: readonly BindCompanion[];
	readonly uses: readonly Use[];
};

export type BindView = {
	readonly functions: readonly BindShown[];
	/** Those of other users too, and what they have mounted elsewhere. */
	readonly seesProcesses: boolean;
	readonly seesRecords: boolean;
};

export type AcsOrder = {
	readonly root: string;
	/** By name; with restore, none: all that were changed. */
	readonly ports: readonly string[];
	/** Client and provider: the ports between them. Empty: none. */
	readonly route: readonly string[];
	/** Bits: 'rr', 'cr' … */
	readonly clear: readonly string[];
	readonly set: readonly string[];
	readonly restore: boolean;
	/** Functions whose driver is bound anew. */
	readonly rebind: readonly string[];
	/** Also where functions below the ports are in use. */
	readonly inUse: boolean;
	readonly dryRun: boolean;
};

export type AcsReport = {
	readonly ports: readonly {
		readonly bdf: string;
		readonly before: readonly string[];
		readonly after: readonly string[];
		readonly capability: readonly string[];
	}[];
	readonly rebound: readonly {readonly bdf: string; readonly driver: string}[];
	/** Providers whose verdict in the kernel may be of before the change. */
	readonly stale: readonly {readonly bdf: string; readonly driver: string}[];
	/** The kernel's groups that are no longer what the ports would give. */
	readonly groups: Groups['differences'];
	/** The ports are a guest's, not the hardware. */
	readonly isGuest: boolean;
	readonly commands: readonly string[];
};

/** What p2p-acs has written down of a port before it changed it. */
export type AcsKept = {readonly bdf: string; readonly acs: readonly string[]};

/**
 * A piece of work under way. The first stop() silences the functions at once and asks the work to
 * end tidily, the second to wait for nothing more; result settles at the end.
 */
export type Job<T> = {readonly result: Promise<T>; stop(): void};

/**
 * Where a machine comes from: a folder with sys/ and proc/ in it ('' for the running machine), the
 * text of lspci, or a capture; and what the user says in place of what it says itself.
 */
export type Source =
	/** whole: all of the configuration space, not only what bears on peer-to-peer. */
	(
		| {readonly root: string; readonly whole?: boolean}
		| {readonly text: Buffer; readonly name: string}
		| {readonly capture: unknown}
		| Read
	) & {
		readonly kernel?: string;
		readonly cpu?: {readonly vendor: string; readonly family: number};
	};

/**
 * A machine that has been read already: whoever asks again need not read it again. isCut: of some
 * function not all could be read.
 */
export type Read = {readonly machine: object; readonly isCut: boolean};

/** A capture of the same machine by somebody who may read more, or why there is none to be had. */
export type Supply = {
	readonly path: string;
	/** A code; '' where it counts. */
	readonly refusal: string;
	/** The path to blame, or what is wrong with the text. */
	readonly detail: string;
	readonly capture: Capture | null;
};

export type Matrix = {
	/** A letter for each pair, client by client: d direct, r through the root complex, n no, ? unknown. */
	readonly words: Buffer;
	/** Functions that share a fate, by their places in the list that was asked for. */
	readonly fates: readonly (readonly number[])[];
};

export type Fix = {
	readonly machine: Machine;
	readonly before: Pair;
	/** Computed on a copy of the machine with the changes in it. */
	readonly after: Pair;
	readonly changes: readonly {
		readonly bdf: string;
		readonly clear: readonly string[];
		/** The same bits as they stand in the control register. */
		readonly mask: number;
	}[];
	/** Functions that would share an IOMMU group then and do not now; null where that cannot be told. */
	readonly merged: readonly (readonly string[])[] | null;
	readonly obstacle: 'no-common-bridge' | 'not-read' | 'guest' | null;
};

/** IOMMU groups: the kernel's, and those that the ports as they are now would give. */
export type Groups = {
	readonly functions: readonly {
		readonly bdf: string;
		readonly kernel: number | null;
		/** Groups counted from 0; null where that cannot be told. */
		readonly predicted: number | null;
	}[];
	readonly differences: readonly {
		readonly group: number;
		readonly kernel: readonly string[];
		readonly predicted: readonly (readonly string[])[];
	}[];
};

/** The whole machine; docs/capture.md. */
export type Capture = {readonly machine: object; readonly functions: readonly object[]};

export type Native = {
	read(source: Source): Promise<Read>;
	/** What this user may not read, from a capture of the same boot. */
	supply(source: Read, supply: Supply): Read;
	/** A file at the end of steps that nobody but owner can have written. */
	readOwned(base: string, steps: readonly string[], owner: number): Promise<string>;
	scan(source: Source): Promise<Scan>;
	/** Bdfs of what each name means, one at least. */
	find(source: Source, names: readonly string[]): Promise<string[][]>;
	capture(source: Source): Promise<Capture>;
	check(source: Source, pairs: readonly (readonly [string, string])[]): Promise<Check>;
	matrix(source: Source, functions: readonly string[]): Promise<Matrix>;
	fix(source: Source, client: string, provider: string): Promise<Fix>;
	groups(source: Source): Promise<Groups>;
	plan(source: Read, order: CopyOrder): Promise<CopyPlan>;
	/** Tells first what it is going to do, then how far it is. */
	copy(
		source: Read,
		order: CopyOrder,
		onTold: (told: CopyPlan | Progress) => void,
	): Job<CopyReport>;
	bench(source: Read, order: BenchOrder, onSample: (sample: Sample) => void): Job<CopyPlan>;
	measureLoads(source: Read, order: LoadOrder, onSample: (sample: LoadSample) => void): Job<null>;
	checkMemory(
		source: Read,
		order: CheckOrder,
		onProgress: (progress: Progress) => void,
	): Job<MemoryCheck>;
	/** Calls onReady once the memory is mapped and holds it until stop(). */
	map(source: Read, order: MapOrder, onReady: (report: MapReport) => void): Job<null>;
	/** Calls onReady once the dma-buf is there and holds it until stop(). */
	share(order: ShareOrder, onReady: (report: ShareReport) => void): Job<null>;
	/** Calls onTold once the disk is there, and when its end waits for others; serves it until stop(). */
	serve(source: Read, order: DiskOrder, onTold: (disk: DiskReport) => void): Job<null>;
	bind(order: BindOrder): Promise<BindReport>;
	/** No functions: all that p2p-bind has changed. */
	bindShow(order: {
		readonly root: string;
		readonly functions: readonly string[];
		readonly group: boolean;
	}): Promise<BindView>;
	acs(order: AcsOrder): Promise<AcsReport>;
	/** Ports that p2p-acs has changed; empty where this user may not know. */
	acsKept(source: Source): Promise<readonly AcsKept[]>;
	/** stop() before all is done undoes it. */
	setUpTarget(order: TargetOrder): Job<TargetReport>;
	/** No names: all that the kernel has. */
	showTargets(root: string, nqns: readonly string[]): Promise<readonly Target[]>;
	/** No names: all that p2p-target made. The commands that were run. */
	takeDownTargets(
		root: string,
		nqns: readonly string[],
		dryRun: boolean,
	): Promise<readonly string[]>;
};

const buildHint = 'npm run setup   in a checkout of the sources builds one for this machine';

export const native: Native = load();

function load(): Native {
	const kind = `${process.platform}-${process.arch}`;
	const root = ownRoot(import.meta.dirname);
	// What this checkout has built stands before what a package brought along.
	const addon = ['native/build/Release/p2p.node', `prebuilt/${kind}/p2p.node`]
		.map((path) => join(root, path))
		.find((path) => existsSync(path));
	if (addon === undefined) {
		const others = join(root, 'prebuilt');
		const kinds = existsSync(others) ? `, only for ${readdirSync(others).join(' and ')}` : '';
		throw new Failure(`there is no native core for ${kind} here${kinds}`, {hints: [buildHint]});
	}
	try {
		return createRequire(import.meta.url)(addon) as Native;
	} catch (error) {
		const [reason] = String((error as Error).message).split('\n');
		throw new Failure(`the native core does not load: ${reason}`, {hints: [buildHint]});
	}
}

/** The folder of the package that this file is of: what lies above it belongs to others. */
function ownRoot(folder: string): string {
	const above = dirname(folder);
	return above === folder || existsSync(join(folder, 'package.json')) ? folder : ownRoot(above);
}

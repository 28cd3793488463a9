// SPDX-License-Identifier: MIT
// docs/messages.md: the sentences in which programs end badly. Those of the core have facts of an
// example in them; those of the sources above it stand as they are written there.

import {readdirSync, readFileSync} from 'node:fs';
import {codes, describeError} from './describe-error.ts';
import type {Failure} from './failure.ts';
import {mismatchFailure} from './mismatch-text.ts';
import type {CopyEnd, CopyPlan, CopyResult, Mismatch} from './native.ts';

type Facts = Readonly<Record<string, string>>;

export function messagesText(): string {
	return [
		'# Messages',
		'',
		'The sentences in which programs end badly. Written by `npm run docs:messages`.',
		'',
		'## What stands in the way',
		'',
		'With facts of an example. Under `--json` the code and the facts stand in `failure`.',
		'',
		...codes.flatMap((code) =>
			(variants[code] ?? [{}]).map((facts) => item(failureOf(code, facts), `\`${code}\``)),
		),
		'',
		'## What the system says',
		'',
		...systemErrors.map(([code, facts]) => item(failureOf(code, facts), `\`${code}\``)),
		'',
		'## Data that is wrong',
		'',
		...mismatches.map((mismatch) => item(mismatchOf(mismatch), mismatch.kind)),
		'',
		'## Command lines and files',
		'',
		'Status 2, nothing has been touched. What was typed or found stands for `…`.',
		'',
		...folders.flatMap((folder) => sourceSentences(folder).map((text) => `- ${escaped(text)}`)),
		'',
	].join('\n');
}

/** Of sources; what a lab says of its tools and its guest belongs to a run, not to a command line. */
const folders = ['commands', 'lib'];
/** Their sentences stand above. */
const listed = ['describe-error.ts', 'mismatch-text.ts'];

/** The literal texts of failures that are made there, each once. */
function sourceSentences(folder: string): readonly string[] {
	const texts = readdirSync(folder)
		.filter((name) => name.endsWith('.ts') && !listed.includes(name))
		.sort()
		.flatMap((name) => {
			const source = withoutFacts(readFileSync(`${folder}/${name}`, 'utf8'));
			return [...source.matchAll(/new Failure\(\s*(['"`])(.+?)\1/gs)];
		});
	return [...new Set(texts.map(([, , text = '']) => text))];
}

/** `${name}` becomes `…`, from the inside out. */
function withoutFacts(source: string): string {
	const shorter = source.replaceAll(/\$\{[^{}]*\}/g, '…');
	return shorter === source ? source : withoutFacts(shorter);
}

function item(failure: Failure, name: string): string {
	const hints = failure.hints.map((hint) => `  - Try: ${codeSpan(hint)}`);
	return [`- ${name}, status ${failure.status}: ${escaped(failure.message)}`, ...hints].join('\n');
}

/** The command of a hint as code, the reason behind it as it is; some are no commands. */
function codeSpan(hint: string): string {
	if (/^(run|boot|turn|end) /.test(hint)) return escaped(hint);
	const [command = '', ...reason] = hint.split(/ {3,}/);
	return [`\`${command}\``, ...reason.map(escaped)].join(' ');
}

function escaped(text: string): string {
	return text.replaceAll(/[<>*_|]/g, '\\$&');
}

function failureOf(code: string, facts: Facts): Failure {
	const {message = 'it answers nonsense', ...others} = facts;
	return describeError(Object.assign(new Error(message), {code, facts: {...example, ...others}}));
}

const example: Facts = {
	...{bdf: '0000:03:00.0', client: '0000:03:00.0', provider: '0000:04:00.0', bar: '2'},
	...{driver: 'nvme', group: '7', name: '03:00.9', root: '/tmp/machine', path: '/dev/nvme0n1'},
	...{size: '67108864', offset: '4096', length: '1048576', largest: '63M', value: '513'},
	...{unit: '512', below: '512', above: '1024', nsid: '1', lba: '8', operation: 'read'},
	...{id: '513', what: 'the length', where: '0000:04:00.0 BAR 2', status: 'Data Transfer Error'},
	...{moved: '524288', certain: '524288', signatures: "an ext4 file system ('data')"},
	...{bits: 'rr', has: 'rr,cr', wanted: 'sv', got: 'sv,rr', reason: 'Permission denied', left: ''},
	...{asleep: '0000:04:00.0', state: 'D3hot', needed: '33554432', limit: '8388608'},
	...{option: '--via', members: '0000:03:00.1 is bound to nvme', missing: '0000:02:00.0 ACS'},
	...{verdict: 'not-supported', redirects: '0000:02:00.0', hostBridge: '8086:29c0'},
	...{
		level: 'integrity',
		secureBoot: 'yes',
		uses: '1',
		'0.code': 'mounted',
		'0.device': '/dev/nvme0n1',
	},
	...{nqn: 'nqn.2014-08.org.example:disk', address: '10.0.0.1', device: '/dev/nvme0n1'},
	...{network: '0000:05:00.0', rdma: 'rxe0', transport: 'tcp'},
	...{'0.where': '/srv', '0.bdf': '0000:03:00.0', kind: 'cmb', done: 'aborted', faults: ''},
};

/** Errors with more than one sentence. */
const variants: Readonly<Record<string, readonly Facts[]>> = {
	P2P_REFUSED: [{}, {verdict: 'through-root'}],
	P2P_KINDS: [{kind: 'block'}, {kind: 'file'}, {kind: 'memory'}, {kind: 'video'}, {kind: 'screen'}],
	P2P_BUSY: [
		{'0.code': 'open', '0.device': '/sys/…/resource2', '0.pid': '4711', '0.command': 'p2p-copy'},
		{uses: '0'},
	],
	VFIO_BUSY: [
		{
			'0.code': 'vfio-open',
			'0.device': '/dev/vfio/7',
			'0.pid': '4711',
			'0.command': 'qemu-system-x86',
		},
		{uses: '0'},
	],
	VFIO_NO_IOMMUFD: [{what: 'no-device'}, {what: 'no-cdev'}, {what: 'no-export'}],
	P2P_UNUSED: [{}, {option: '--engine'}, {option: '--frames'}, {option: '--length'}],
	P2P_NO_CMB: [{}, {kind: 'pmr'}],
	P2P_TIMEOUT: [
		...['aborted', 'reset', 'function-reset', 'nothing'].map((done) => ({done})),
		{what: 'a frame', path: '/dev/video0'},
	],
	P2P_NOTHING_TO_RESTORE: [{name: 'p2p-bind'}, {bdf: '', name: 'p2p-bind'}],
	P2P_NO_ACS: [{}, {bdf: ''}],
	P2P_BIND_FAILED: [
		{driver: 'vfio-pci'},
		{driver: ''},
		{driver: 'nvme', errno: 'ENODEV', left: '0000:03:00.0 has no driver'},
	],
	P2P_ACS_FAILED: [{reason: 'changed'}, {reason: 'kept'}, {}],
	P2P_ACS_VFIO: [
		{
			'0.code': 'vfio-open',
			'0.device': '/dev/vfio/7',
			'0.pid': '4711',
			'0.command': 'qemu-system-x86',
		},
	],
	P2P_LOCKDOWN: [{}, {what: 'bar', secureBoot: ''}],
	P2P_UNKNOWN: [{}, {supply: '/run/p2putils/machine.json', refusal: 'other-boot'}],
	P2P_BENCH_WRONG: [{kind: 'zeros'}],
	P2P_WORK_BUSY: [{name: 'p2p-acs'}],
	P2P_NOT_ROOT: [{what: ''}, {what: 'ACS bits'}],
	P2P_NOT_OWNED: [{reason: 'writable', path: '/run/p2putils/machine.json'}],
	P2P_NO_DRIVER: [{driver: 'vfio-pcl'}],
	P2P_NOT_KEPT: [{driver: 'nvme'}],
	P2P_VIA: [{name: '05:00.0'}],
	P2P_BENCH_SIZE: [{size: '1000', largest: '131072'}],
	P2P_NO_P2PMEM: [{}, {bdf: ''}],
	P2P_NO_NAMESPACE: [{nsid: '9', has: '1, 2'}],
	P2P_NOT_NAMESPACE: [{name: 'sda'}],
	P2P_NO_DISK_DRIVER: [
		{driver: 'ublk'},
		{driver: 'nbd'},
		{driver: 'ublk', reason: 'io_uring'},
		{driver: 'ublk', reason: 'old'},
	],
	P2P_NO_VIDEO: ['node', 'capture', 'planes', 'streaming', 'memory'].map((reason) => ({
		path: '/dev/video0',
		reason,
	})),
	P2P_VIDEO_FORMAT: [
		{reason: 'format', asked: 'NV12', offers: 'YUYV, RGB3'},
		{reason: 'size', asked: '641x360', offers: '640x360'},
		{reason: 'compressed', asked: 'MJPG', offers: 'MJPG, YUYV'},
		{reason: 'fields', asked: 'YUYV', offers: ''},
		{reason: 'screen', asked: '', offers: 'YUYV, NV12'},
		{reason: 'screen', asked: 'NV12', offers: ''},
	].map((facts) => ({path: '/dev/video0', ...facts})),
	P2P_NO_DRM: ['node', 'render', 'size', 'dumb', 'prime', 'screen', 'master', 'format'].map(
		(reason) => ({
			path: '/dev/dri/card0',
			reason,
		}),
	),
	P2P_NOT_PEER: [{reason: 'no-provider'}, {reason: 'software-rdma'}, {reason: 'not-direct'}],
	P2P_UNKNOWN_PEER: [{reason: 'network-unknown'}],
	P2P_TARGET_FAILED: [
		{command: 'ln -s …', left: ''},
		{command: 'ln -s …', left: 'rmdir /sys/kernel/config/nvmet/ports/1'},
	],
	P2P_NO_BAR: [{bar: '5', has: 'bar0, bar2'}],
	P2P_BAD_NAME: [{name: '3:0'}],
	P2P_SEVERAL: [{name: '1b36:0010', has: '0000:03:00.0, 0000:04:00.0'}],
	P2P_UNREAD_SLOT: [{name: '1b36:0010@3'}],
	P2P_NO_LSPCI: [{name: 'report.txt'}],
	P2P_FOREIGN_FILE: [{path: '/etc/udev/rules.d/70-p2p-bind-0000:00:01.0-00.0.rules'}],
	P2P_UNSAFE_FOLDER: [{path: '/run/p2putils'}],
	NVME_DEAD: [{message: 'the controller gave up while it started'}],
	NVME_FATAL: [{message: 'the controller has given up (CSTS.CFS)'}],
	NVME_FORMAT: [{message: 'namespace 1 has metadata between its blocks'}],
	P2P_ENGINE: [{message: 'the SCRIPTS processor stopped', status: 'DSTAT 64'}],
};

const systemErrors: readonly (readonly [string, Facts])[] = [
	['ENOSPC', {path: './image', syscall: 'pwrite', reason: 'No space left on device'}],
	['EACCES', {path: '/dev/vfio/7', syscall: 'open', offset: '', certain: ''}],
	[
		'EACCES',
		{path: '/sys/bus/pci/devices/0000:04:00.0/resource2', syscall: 'open', offset: '', certain: ''},
	],
];

const mismatches: readonly Mismatch[] = (
	[
		'all-ones',
		'unchanged',
		'zeros',
		'shifted',
		'stale',
		'torn',
		'different',
		'not-memory',
		'memory-off',
		'guard',
	] as const
).map((kind) => ({
	...{kind, offset: 8192, length: 4096, isSourceUnstable: false, isAtSource: false},
	...{by: 512, boundary: 12288, seed: kind === 'stale' ? 7 : null},
}));

function mismatchOf(mismatch: Mismatch): Failure {
	const end = (bdf: string, busAddress: string | null) =>
		({function: bdf, path: null, busAddress}) as unknown as CopyEnd;
	const [client, provider] = [example.client ?? '', example.provider ?? ''];
	const plan = {
		from: end(client, null),
		to: end(provider, '0xc0000000'),
		legs: [{client, provider}],
	} as unknown as CopyPlan;
	const result = {mismatch, witnesses: []} as unknown as CopyResult;
	const failure = mismatchFailure({plan, result});
	if (failure === undefined) throw new Error('a mismatch is a failure');
	return failure;
}

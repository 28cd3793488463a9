// SPDX-License-Identifier: MIT
// One guest for a whole test file: booted before the first test, stopped after the last, and after
// each test its kernel log is read for what no test may cause.

import {randomFillSync} from 'node:crypto';
import {openSync, readSync, writeSync} from 'node:fs';
import type {ExecutionContext, TestFn} from 'ava';
import {type BootOptions, boot, type Guest, type Result, type RunOptions} from '../../lab/boot.ts';
import {cacheFolder} from '../../lab/cache.ts';
import type {KernelName} from '../../lab/kernel.ts';

export type Lab = {
	/** The guest, once a test runs. */
	guest(): Guest;
	/** Runs a shell line; `$disk` and the like are the drawing's labels. */
	run(line: string, options?: RunOptions): Promise<Result>;
	/** Allows lines of that sort in the kernel log of the running test: it causes them on purpose. */
	expectInLog(pattern: RegExp): void;
	/** Throttles a disk of the drawing to so many bytes a second; 0: no limit. */
	slowDown(label: string, bytesPerSecond: number): Promise<void>;
};

/** `npm run test:iommufd` runs the same tests on a kernel that has it. */
export const kernel: KernelName = process.env.P2P_LAB_KERNEL === 'iommufd' ? 'iommufd' : 'debian';

/** The host's /tmp, which guests see, may hold any name; the project, or what it keeps, may lie there too. */
const emptyTmp = [
	'mkdir /run/tmp && mount --bind /tmp /run/tmp && mount -t tmpfs -o mode=1777 tmp /tmp',
	...[process.cwd(), cacheFolder()]
		.filter((path) => path.startsWith('/tmp/'))
		.map((path) => `mkdir -p "${path}" && mount --bind "/run${path}" "${path}"`),
].join(' && ');

const alarming = /DMAR: \[|AMD-Vi: Event|AER:|\bBUG\b|Oops|general protection|WARNING: CPU/;

export function useLab(test: TestFn<unknown>, drawing: string, options: BootOptions = {}): Lab {
	let guest: Guest | undefined;
	let seen = 0;
	let expected: RegExp | undefined;
	const lab: Lab = {
		guest: () => {
			if (guest === undefined) throw new Error('the lab is not up');
			return guest;
		},
		run: (line, options) => lab.guest().run(line, {timeoutMs: 120_000, ...options}),
		expectInLog: (pattern) => {
			expected = pattern;
		},
		slowDown: async (label, bytesPerSecond) => {
			const none = {bps_rd: 0, bps_wr: 0, iops: 0, iops_rd: 0, iops_wr: 0};
			const limit = {device: `drive-${label}`, bps: bytesPerSecond, ...none};
			await lab.guest().qmp('block_set_io_throttle', limit);
		},
	};

	test.serial.before('the lab boots', async () => {
		guest = await boot(drawing, {kernel, ...options});
		const {status, stderr} = await guest.run(emptyTmp, {timeoutMs: 30_000});
		if (status !== 0) throw new Error(`no /tmp for tests: ${stderr}`);
		seen = (await guest.dmesg()).split('\n').length;
	});
	test.afterEach.always('the kernel log is quiet', async (t) => {
		if (guest === undefined) return;
		const lines = (await guest.dmesg()).split('\n');
		const bad = lines
			.slice(seen - 1)
			.filter((line) => alarming.test(line) && !(expected?.test(line) ?? false));
		seen = lines.length;
		expected = undefined;
		t.deepEqual(bad, []);
	});
	test.after.always('the lab ends', async () => guest?.stop());
	return lab;
}

/** Status and the two outputs of a program, so that a failing test shows all three. */
export function shows(
	t: ExecutionContext,
	result: Result,
	expected: {status: number; stdout?: RegExp | string; stderr?: RegExp | string},
): void {
	const {status, stdout, stderr} = result;
	t.is(status, expected.status, `stdout: ${stdout}\nstderr: ${stderr}`);
	for (const [text, wanted] of [
		[stdout, expected.stdout],
		[stderr, expected.stderr],
	] as const) {
		if (typeof wanted === 'string') t.is(text, wanted);
		else if (wanted !== undefined) t.regex(text, wanted);
	}
}

/**
 * A shell line that ends in the midst of a copy from or to a slow disk: its requests are waited for
 * by interrupt then, which the kernel shows.
 */
export const untilCopying = 'until grep -q vfio-msix /proc/interrupts; do sleep 0.1; done; sleep 1';

/** A line of shell: `line` while the program of pid $p stands still in its work; its status is $s. */
export const whileStopped = (line: string) => `kill -STOP $p; ${line}; s=$?; kill -CONT $p`;

/** strace without a trace, for its `-e inject=`; only what is traced stops the program. */
export const strace = 'strace -f --seccomp-bpf --quiet=all -o /dev/null';

/** A shell word: the block device of an NVMe function that the kernel drives. */
export function nodeOf(label: string): string {
	return `$(ls /sys/bus/pci/devices/$${label}/nvme/nvme*/ | grep -m1 "^nvme.*n1$" | sed "s|c[0-9]*n|n|;s|^|/dev/|")`;
}

/** Random bytes into a file on the host (a disk image behind the guest's back). */
export function fillRandom(file: string, offset: number, length: number): Buffer {
	const bytes = randomFillSync(Buffer.alloc(length));
	writeSync(openSync(file, 'r+'), bytes, 0, length, offset);
	return bytes;
}

/** What stands in a file on the host. */
export function readAt(file: string, offset: number, length: number): Buffer {
	const bytes = Buffer.alloc(length);
	readSync(openSync(file, 'r'), bytes, 0, length, offset);
	return bytes;
}

// SPDX-License-Identifier: MIT
// Takes the uncompressed kernel out of a vmlinuz: QEMU starts it several seconds sooner.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {gunzipSync} from 'node:zlib';
import {findTool, LabError} from './tool.ts';

/** The ELF file inside an x86 bzImage (the kernel's Documentation/arch/x86/boot.rst names the fields). */
export async function uncompressKernel(vmlinuz: Buffer): Promise<Buffer> {
	if (vmlinuz.subarray(0, 4).equals(elf)) return vmlinuz;
	if (vmlinuz.toString('latin1', 0x202, 0x206) !== 'HdrS') throw new LabError('not a Linux kernel');
	const start = ((vmlinuz[0x1f1] || 4) + 1) * 512 + vmlinuz.readUInt32LE(0x248);
	const payload = vmlinuz.subarray(start, start + vmlinuz.readUInt32LE(0x24c));
	const kernel = await uncompress(payload);
	if (kernel.subarray(0, 4).equals(elf)) return kernel;
	throw new LabError('the kernel image holds no ELF file');
}

const elf = Buffer.from('\x7fELF', 'latin1');

const formats = [
	{magic: '28b52ffd', tool: 'zstd', debianPackage: 'zstd'},
	{magic: 'fd377a58', tool: 'xz', debianPackage: 'xz-utils'},
	{magic: '5d0000', tool: 'xz', debianPackage: 'xz-utils'},
	{magic: '02214c18', tool: 'lz4', debianPackage: 'lz4'},
	{magic: '425a68', tool: 'bzip2', debianPackage: 'bzip2'},
] as const;

async function uncompress(payload: Buffer): Promise<Buffer> {
	const magic = payload.toString('hex', 0, 4);
	if (magic.startsWith('1f8b')) return gunzipSync(payload);
	const format = formats.find((known) => magic.startsWith(known.magic));
	if (!format) throw new LabError(`the kernel is compressed in an unknown way (${magic})`);
	// Four bytes behind the compressed data hold the uncompressed size.
	return filter(findTool(format.tool, format.debianPackage), payload.subarray(0, -4));
}

async function filter(tool: string, input: Buffer): Promise<Buffer> {
	const child = spawn(tool, ['-dc'], {stdio: ['pipe', 'pipe', 'inherit']});
	const chunks: Buffer[] = [];
	child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
	child.stdin.on('error', () => {}).end(input);
	await once(child, 'close');
	return Buffer.concat(chunks);
}

// SPDX-License-Identifier: MIT
// Which interfaces of the kernel are there, for `--version -v`: read from sysfs, procfs and the
// kernel's configuration. Nothing is opened that could load a module or wake a device.

import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {machine, release} from 'node:os';
import {gunzipSync} from 'node:zlib';

type Answer = 'no' | 'unknown' | 'yes';
export type Interface = {readonly name: string; readonly answer: Answer; readonly why: string};

/** root: the folder with sys/ and proc/ in it; '' for the running machine. */
export function findInterfaces(root = '', kernel = release()): Interface[] {
	const facts = {root, config: configOf(root, kernel)};
	return [
		iommu(root),
		driver(facts, 'VFIO type1', '/sys/module/vfio_iommu_type1', 'VFIO_IOMMU_TYPE1'),
		driver(facts, 'VFIO iommufd', '/sys/class/misc/iommu', 'IOMMUFD'),
		driver(facts, 'vfio-pci', '/sys/bus/pci/drivers/vfio-pci', 'VFIO_PCI'),
		builtIn(facts, 'dma-buf of vfio-pci', 'VFIO_PCI_DMABUF'),
		p2pdma(facts),
		uring(facts),
		driver(facts, 'udmabuf', '/sys/class/misc/udmabuf', 'UDMABUF'),
		driver(facts, 'ublk', '/sys/class/misc/ublk-control', 'BLK_DEV_UBLK'),
		driver(facts, 'nbd', '/sys/block/nbd0', 'BLK_DEV_NBD'),
		lockdown(root),
	];
}

export function interfacesText(interfaces: readonly Interface[]): string {
	const rows = [
		['kernel', `${release()} ${machine()}`],
		['Node', `${process.version}, Node-API ${process.versions.napi}`],
		...interfaces.map(({name, answer, why}) => [name, why === '' ? answer : `${answer} (${why})`]),
	];
	const width = Math.max(...rows.map(([name = '']) => name.length));
	return rows.map(([name = '', text]) => `  ${name.padEnd(width)}  ${text}\n`).join('');
}

type Facts = {readonly root: string; readonly config: string | undefined};

/** undefined: nobody says. What is not in a configuration is not set. */
function setting({config}: Facts, option: string): string | undefined {
	if (config === undefined) return undefined;
	return new RegExp(`^CONFIG_${option}=(\\w+)$`, 'm').exec(config)?.[1] ?? 'n';
}

/** What shows itself in sysfs once it is there. */
function driver(facts: Facts, name: string, path: string, option: string): Interface {
	if (existsSync(facts.root + path)) return {name, answer: 'yes', why: ''};
	if (!existsSync(`${facts.root}/sys/module`)) return {name, answer: 'unknown', why: 'no sysfs'};
	const why: Readonly<Record<string, string>> = {
		y: 'the kernel has it, and it is not at work',
		m: 'its module is not loaded',
		n: `the kernel is built without CONFIG_${option}`,
	};
	return {name, answer: 'no', why: why[setting(facts, option) ?? ''] ?? 'not loaded'};
}

/** What shows itself nowhere: the kernel was built with it or not. */
function builtIn(facts: Facts, name: string, option: string): Interface {
	const value = setting(facts, option);
	if (value === undefined) return {name, answer: 'unknown', why: 'no kernel configuration to read'};
	const isThere = value !== 'n';
	const why = isThere ? '' : `the kernel is built without CONFIG_${option}`;
	return {name, answer: isThere ? 'yes' : 'no', why};
}

function p2pdma(facts: Facts): Interface {
	const devices = entries(`${facts.root}/sys/bus/pci/devices`) ?? [];
	const pools = devices.filter((bdf) =>
		existsSync(`${facts.root}/sys/bus/pci/devices/${bdf}/p2pmem`),
	);
	const offer = pools.length === 0 ? 'no function offers p2pmem' : `p2pmem: ${pools.join(', ')}`;
	if (pools.length > 0) return {name: 'P2PDMA', answer: 'yes', why: offer};
	const found = builtIn(facts, 'P2PDMA', 'PCI_P2PDMA');
	return found.answer === 'yes' ? {...found, why: offer} : found;
}

function uring(facts: Facts): Interface {
	const found = builtIn(facts, 'io_uring', 'IO_URING');
	const path = '/proc/sys/kernel/io_uring_disabled';
	const level = text(facts.root + path);
	if (level === '2') return {...found, answer: 'no', why: 'kernel.io_uring_disabled is 2'};
	if (level === '1')
		return {...found, answer: 'yes', why: 'kernel.io_uring_disabled is 1: not for all'};
	// Only a kernel with io_uring has that file.
	return level === '0' ? {...found, answer: 'yes', why: ''} : found;
}

function iommu(root: string): Interface {
	const name = 'IOMMU';
	const units = entries(`${root}/sys/class/iommu`);
	if (units === undefined) {
		const isKnown = existsSync(`${root}/sys/class`);
		return {name, answer: isKnown ? 'no' : 'unknown', why: isKnown ? '' : 'no sysfs'};
	}
	const groups = entries(`${root}/sys/kernel/iommu_groups`)?.length ?? 0;
	if (units.length === 0) return {name, answer: 'no', why: 'none is on'};
	return {name, answer: 'yes', why: `${units.sort().join(', ')}; ${groups} groups`};
}

function lockdown(root: string): Interface {
	const name = 'lockdown';
	const words = text(`${root}/sys/kernel/security/lockdown`);
	const level = /\[(\w+)\]/.exec(words ?? '')?.[1];
	if (level === undefined)
		return {name, answer: 'unknown', why: 'no /sys/kernel/security/lockdown to read'};
	return {name, answer: level === 'none' ? 'no' : 'yes', why: level === 'none' ? '' : level};
}

function configOf(root: string, kernel: string): string | undefined {
	const places = [`/boot/config-${kernel}`, `/lib/modules/${kernel}/config`];
	const found = places.map((path) => text(root + path)).find((found) => found !== undefined);
	if (found !== undefined) return found;
	try {
		return gunzipSync(readFileSync(`${root}/proc/config.gz`)).toString();
	} catch {
		return undefined;
	}
}

function text(path: string): string | undefined {
	try {
		return readFileSync(path, 'utf8').trim();
	} catch {
		return undefined;
	}
}

function entries(path: string): string[] | undefined {
	try {
		return readdirSync(path);
	} catch {
		return undefined;
	}
}

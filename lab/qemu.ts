// SPDX-License-Identifier: MIT
// Turns a drawing into QEMU's arguments. Nothing here touches the machine.

import type {Drawing, DrawnNode, Iommu, Placed} from './drawing.ts';
import {labels, place} from './drawing.ts';
import {DrawingError} from './kinds.ts';
import {type Disk, type Failing, type Part, partOf} from './parts.ts';
import {LabError} from './tool.ts';

export type {Disk, Failing} from './parts.ts';

export type MachineOptions = {
	/** Sockets, images and the console's text lie here. */
	readonly folder: string;
	readonly kernel: string;
	readonly initramfs: string;
	/** Bytes of memory, as QEMU's -m takes it. */
	readonly memory: string;
	readonly cpu: string;
	readonly iommu: Iommu;
	readonly kernelParameters: string;
	/** The user's own image files, by label. */
	readonly disks: Readonly<Record<string, Disk>>;
	readonly failing: Readonly<Record<string, Failing>>;
	/** Not by ACPI, QEMU's default. */
	readonly nativeHotplug: boolean;
	/** Patterns of QEMU's -trace. */
	readonly trace: readonly string[];
};

/** A file that must exist, at this size, before QEMU starts. */
export type Image = {readonly file: string; readonly size: number};

export type Machine = {readonly args: readonly string[]; readonly images: readonly Image[]};

/** The machine of a drawing; what QEMU cannot build is a DrawingError. */
export function describeMachine(drawing: Drawing, options: MachineOptions): Machine {
	const placed = place(drawing);
	const parts = placed.map((it, index) => partOf(it, {...options, placed, chassis: index + 1}));
	refuseUnknownDisks(placed, parts, options.disks);
	const args = [
		...base(options),
		...iommuArgs(options.iommu),
		...control(options.folder),
		...hostBridges(drawing.nodes),
		...parts.flatMap((part) => part.args),
		...(options.iommu === 'amd' ? ['-device', 'amd-iommu'] : []),
		...options.trace.flatMap((pattern) => ['-trace', pattern]),
		'-append',
		kernelParameters(placed, parts, options),
	];
	return {args, images: parts.flatMap((part) => part.images)};
}

/** The lab's own functions, which no drawing holds: found here and nowhere else. */
export function isControl(bdf: string, pciClass: string): boolean {
	return /^0000:00:(00|1[6-9a-f])\./.test(bdf) || pciClass === '0x080600';
}

const addresses = {serial: '1b.0', files: '1c.0', iommu: '1d.0', firstHostBridge: 0x16};

function base({folder, kernel, initramfs, memory, cpu, nativeHotplug}: MachineOptions): string[] {
	return [
		['-nodefaults', '-no-user-config', '-no-reboot'],
		['-display', 'none', '-vga', 'none'],
		['-machine', 'q35', '-accel', 'tcg,thread=multi', '-smp', '2', '-m', memory, '-cpu', cpu],
		['-smbios', 'type=1,product=p2p-lab'],
		['-kernel', kernel, '-initrd', initramfs],
		['-serial', `file:${doubleCommas(folder)}/console`],
		// Option ROMs would cost seconds at boot.
		...['bochs-display', 'e1000e'].map((driver) => ['-global', `${driver}.romfile=`]),
		nativeHotplug ? ['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'] : [],
	].flat();
}

function iommuArgs(iommu: Iommu): string[] {
	switch (iommu) {
		case 'intel':
			return ['-device', 'intel-iommu,intremap=on,caching-mode=on'];
		case 'virtio':
			return ['-device', `virtio-iommu-pci,bus=pcie.0,addr=${addresses.iommu}`];
		default:
			return [];
	}
}

/** The lines between host and guest, and the host's files. */
function control(folder: string): string[] {
	const socket = (name: string) =>
		`socket,id=lab-${name},path=${doubleCommas(folder)}/${name}${name === 'input' ? ',server=on,wait=off' : ''}`;
	const lines = ['control', 'stdout', 'stderr', 'input'];
	return [
		...['qmp', 'console0', ...lines].flatMap((name) => ['-chardev', socket(name)]),
		...['-mon', 'chardev=lab-qmp,mode=control'],
		...['-device', `virtio-serial-pci,id=lab-serial,bus=pcie.0,addr=${addresses.serial}`],
		...['-device', 'virtconsole,bus=lab-serial.0,nr=0,chardev=lab-console0'],
		...lines.flatMap((name, index) => [
			'-device',
			`virtserialport,bus=lab-serial.0,nr=${index + 1},chardev=lab-${name},name=p2plab.${name}`,
		]),
		...['-fsdev', 'local,id=lab-root,path=/,security_model=none,readonly=on,multidevs=remap'],
		...[
			'-device',
			`virtio-9p-pci,fsdev=lab-root,mount_tag=root,bus=pcie.0,addr=${addresses.files}`,
		],
	];
}

function hostBridges(nodes: readonly DrawnNode[]): string[] {
	return nodes
		.filter(({kind}) => kind === 'host-bridge')
		.flatMap((node, index) => {
			if (Number(node.keys.domain ?? 0) !== 0) {
				throw new DrawingError(node.line, 'QEMU has one domain: `domain=` is for sysfs only');
			}
			const bus = 0x80 + index * 0x20;
			const device = (addresses.firstHostBridge + index).toString(16);
			return ['-device', `pxb-pcie,id=root-${bus},bus_nr=${bus},bus=pcie.0,addr=${device}.0`];
		});
}

function kernelParameters(
	placed: readonly Placed[],
	parts: readonly Part[],
	options: MachineOptions,
): string {
	const namespaces = parts.reduce((sum, part) => sum + part.namespaces, 0);
	const acs = placed.flatMap((it, index) => {
		const bits = parts[index]?.acs;
		return bits === undefined ? [] : `${bits}@${it.bdf}`;
	});
	return [
		'console=ttyS0 panic=-1 quiet random.trust_cpu=on',
		{
			intel: 'intel_iommu=on iommu.strict=1',
			virtio: 'iommu.strict=1 vfio_iommu_type1.allow_unsafe_interrupts=1',
			amd: 'iommu=pt',
			none: 'intel_iommu=off',
		}[options.iommu],
		`p2plab.iommu=${options.iommu} p2plab.namespaces=${namespaces}`,
		...(acs.length > 0 ? [`pci=config_acs=${acs.join(';')}`] : []),
		options.kernelParameters,
	]
		.join(' ')
		.trim();
}

function refuseUnknownDisks(
	placed: readonly Placed[],
	parts: readonly Part[],
	disks: MachineOptions['disks'],
): void {
	const known = parts.flatMap((part) => part.disks);
	for (const name of Object.keys(disks)) {
		if (known.includes(name)) continue;
		const where = labels(placed)[name] ? `\`${name}\` is not an nvme` : `no label \`${name}\``;
		throw new LabError(`the machine has no disk \`${name}\`: ${where}`);
	}
}

/** In QEMU's option lists a comma is written twice. */
function doubleCommas(path: string): string {
	return path.replaceAll(',', ',,');
}

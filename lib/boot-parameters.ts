// SPDX-License-Identifier: MIT
// What is wrong with the pci= parameters of a kernel command line: words that Linux does not know,
// functions that do not exist or have no ACS, commas where semicolons belong. The options are those
// of Documentation/admin-guide/kernel-parameters.txt and drivers/pci/pci.c of Linux 7.3.

import {acsBits} from './acs-bits.ts';
import type {PciFunction} from './native.ts';

/** One sentence for each mistake. */
export function parameterNotes(
	parameters: readonly string[],
	functions: readonly PciFunction[],
): string[] {
	return parameters.flatMap((parameter) =>
		parameter.startsWith('pci=')
			? pciNotes(parameter.slice('pci='.length), functions)
			: [
					`${parameter} comes from a patch that Linux does not have; with it IOMMU groups tell nothing`,
				],
	);
}

/** What the kernel does with ACS bits of a function at boot, by the parameter that says so. */
export type AcsParameter = {
	readonly option: 'config_acs' | 'disable_acs_redir';
	readonly set: readonly string[];
	readonly clear: readonly string[];
};

/** The parameter that the kernel went by for this function; config_acs stands above the other. */
export function acsParameter(
	parameters: readonly string[],
	it: PciFunction,
): AcsParameter | undefined {
	const [config] = parameterEntries(parameters, 'config_acs').flatMap((entry) => {
		const [bits = '', name = ''] = splitOnce(entry, '@');
		return namesFunction(it, name) ? [bits] : [];
	});
	if (config !== undefined) {
		return {option: 'config_acs', set: bitsOf(config, '1'), clear: bitsOf(config, '0')};
	}
	const isNamed = parameterEntries(parameters, 'disable_acs_redir').some((name) =>
		namesFunction(it, name),
	);
	return isNamed ? {option: 'disable_acs_redir', set: [], clear: ['rr', 'cr', 'ec']} : undefined;
}

/** What stands between the semicolons; a later pci= replaces the list of one before. */
export function parameterEntries(parameters: readonly string[], option: string): string[] {
	const lists = parameters
		.filter((parameter) => parameter.startsWith('pci='))
		.flatMap((parameter) => optionsOf(parameter.slice('pci='.length)))
		.map((word) => splitOnce(word, '='))
		.flatMap(([name, list]) => (name === option ? [list] : []));
	return entriesOf(lists.at(-1));
}

function namesFunction(it: PciFunction, name: string): boolean {
	return functionForm.test(name) && matches(it, name);
}

// The last digit is bit 0.
function bitsOf(row: string, digit: string): string[] {
	const digits = [...row].reverse();
	return acsBits.filter((_, bit) => digits[bit] === digit);
}

const flags = [
	...['off', 'bios', 'nobios', 'conf1', 'conf2', 'noaer', 'nodomains', 'nommconf', 'nomsi'],
	...['check_enable_amd_mmconf', 'noioapicquirk', 'ioapicreroute', 'noioapicreroute', 'biosirq'],
	...['rom', 'norom', 'nobar', 'assign-busses', 'usepirqmask', 'noacpi', 'use_crs', 'nocrs'],
	...['use_e820', 'no_e820', 'routeirq', 'skip_isa_align', 'noearly', 'earlydump', 'bfsort'],
	...['nobfsort', 'realloc', 'noari', 'noats', 'pcie_bus_tune_off', 'pcie_bus_safe'],
	...['pcie_bus_perf', 'pcie_bus_peer2peer', 'pcie_scan_all', 'force_floating'],
	...['big_root_window', 'nomio', 'norid', 'notph', 'irqmask', 'pirqaddr', 'lastbus'],
	...['cbiosize', 'cbmemsize', 'resource_alignment', 'ecrc', 'hpbussize', 'hpiosize'],
	...['hpmmiosize', 'hpmmioprefsize', 'hpmemsize'],
];

function pciNotes(value: string, functions: readonly PciFunction[]): string[] {
	return optionsOf(value).flatMap((option) => {
		const [name = '', list] = splitOnce(option, '=');
		if (name === 'disable_acs_redir') return namesNotes(name, entriesOf(list), functions);
		if (name === 'config_acs') return configNotes(entriesOf(list), functions);
		if (flags.includes(name) || name === '') return [];
		return [unknownOption(option, value)];
	});
}

/** Options are separated by commas; only resource_alignment and config_acs may hold some. */
function optionsOf(value: string): string[] {
	return value.split(',').map((option) => option.trim());
}

function unknownOption(option: string, value: string): string {
	const isFunction = functionForm.test(option) || option.includes('@');
	if (isFunction && /(disable_acs_redir|config_acs)=/.test(value)) {
		return `pci=: '${option}' behind a comma is read as an option of its own: functions are separated by semicolons`;
	}
	return option === 'noacs'
		? `pci=noacs is no option of Linux and does nothing; pci=disable_acs_redir=FUNCTION;… is`
		: `pci=${option} is no option of Linux`;
}

const functionForm =
	/^([0-9a-f]{1,8}:)?[0-9a-f]{1,2}:[01]?[0-9a-f]\.[0-7](\/[01]?[0-9a-f]\.[0-7])*$|^pci:/i;

function entriesOf(list: string | undefined): string[] {
	return (list ?? '').split(';').filter((entry) => entry !== '');
}

function configNotes(entries: readonly string[], functions: readonly PciFunction[]): string[] {
	return entries.flatMap((entry) => {
		const [bits = '', name] = splitOnce(entry, '@');
		if (name === undefined) return [`pci=config_acs: '${entry}' names no function behind an @`];
		if (!/^[01x]{1,7}$/i.test(bits)) {
			return [`pci=config_acs: '${bits}' is no row of at most seven 0, 1 and x`];
		}
		return namesNotes('config_acs', [name], functions);
	});
}

function namesNotes(
	option: string,
	names: readonly string[],
	functions: readonly PciFunction[],
): string[] {
	return names.flatMap((name) => {
		if (!functionForm.test(name)) return [`pci=${option}: '${name}' names no function`];
		const found = functions.filter((it) => matches(it, name));
		if (found.length === 0) return [`pci=${option}: there is no function ${name}`];
		if (found.some(({hasAcs}) => hasAcs !== false)) return [];
		return [`pci=${option}: ${name} has no ACS, so nothing is changed there`];
	});
}

// As pci_dev_str_match(): a bdf, a path of devices, or pci:VENDOR:DEVICE with 0 for any.
function matches(it: PciFunction, name: string): boolean {
	if (name.startsWith('pci:')) {
		const ids = name
			.slice('pci:'.length)
			.split(':')
			.map((id) => Number.parseInt(id, 16));
		const own = [it.vendor, it.device, it.subVendor, it.subDevice];
		return ids.every((id, index) => id === 0 || id === own[index]);
	}
	const whole = padded(name);
	return it.bdf === whole || it.path === whole;
}

// '0:1.0/0.0' as '0000:00:01.0/00.0'.
function padded(name: string): string {
	const [first = '', ...rest] = name.toLowerCase().split('/');
	const parts = first.split(':');
	const [device = '', bus = '0', domain = '0'] = parts.reverse();
	const step = (text: string) => text.padStart(4, '0');
	return [
		`${domain.padStart(4, '0')}:${bus.padStart(2, '0')}:${step(device)}`,
		...rest.map(step),
	].join('/');
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
	const at = text.indexOf(separator);
	return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

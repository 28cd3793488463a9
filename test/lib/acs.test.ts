// SPDX-License-Identifier: MIT
// Who set which bits, and the boot parameter that sets them again.

import test, {type ExecutionContext} from 'ava';
import {parseBits, signsText} from '../../lib/acs-bits.ts';
import {bootParameter} from '../../lib/acs-boot.ts';
import {type Why, whyOf} from '../../lib/acs-why.ts';
import {native} from '../../lib/native.ts';
import {cut, machine} from '../helpers/machine.ts';

const port = '0000:00:01.0';

async function why(t: ExecutionContext, drawing: string, before?: readonly string[]): Promise<Why> {
	const {machine: about, functions} = await native.scan({root: machine(t, drawing)});
	const it = functions.find(({bdf}) => bdf === port);
	if (it === undefined) throw new Error('no port');
	return whyOf(it, about, before);
}

const reasons: readonly (readonly [drawing: string, why: Why])[] = [
	['root-port', {code: 'iommu'}],
	['machine iommu=none\nroot-port', {code: 'firmware'}],
	['root-port acs=sv,uf', {code: 'changed', set: [], cleared: ['rr', 'cr']}],
	['root-port acs=sv,rr,cr,uf,ec', {code: 'iommu'}],
	['root-port acs=-', {code: 'unknown'}],
	[
		'machine kernel="pci=disable_acs_redir=00:01.0"\nroot-port acs=0',
		{code: 'parameter', parameter: 'pci=disable_acs_redir'},
	],
	[
		'machine kernel="pci=disable_acs_redir=00:01.0"\nroot-port acs=rr',
		{code: 'changed', set: ['rr'], cleared: []},
	],
	['machine kernel="pci=disable_acs_redir=00:02.0"\nroot-port', {code: 'iommu'}],
	[
		'machine kernel="pci=config_acs=xx0x1xx@pci:1b36:000c"\nroot-port acs=rr',
		{code: 'parameter', parameter: 'pci=config_acs'},
	],
	[
		'machine kernel="pci=config_acs=0000000@00:01.0;1111111@00:01.0"\nroot-port acs=0',
		{code: 'parameter', parameter: 'pci=config_acs'},
	],
	[
		'machine kernel="pci=config_acs=11@00:01.0,disable_acs_redir=00:01.0"\nroot-port acs=sv',
		{code: 'changed', set: [], cleared: ['tb']},
	],
	[
		'machine kernel="pci=config_acs=1111111@00:01.0 pci=config_acs=0@00:01.0"\nroot-port acs=0',
		{code: 'parameter', parameter: 'pci=config_acs'},
	],
];

for (const [drawing, reason] of reasons) {
	test(`${drawing.replaceAll('\n', ', ')}: ${reason.code}`, async (t) => {
		t.deepEqual(await why(t, drawing), reason);
	});
}

test('what p2p-acs wrote down stands above all guesses', async (t) => {
	t.deepEqual(await why(t, 'root-port acs=0', ['rr']), {code: 'kept', before: ['rr']});
});

test('a port that was not read is not guessed about', async (t) => {
	const root = machine(t, 'root-port');
	cut(root, port);
	const {machine: about, functions} = await native.scan({root});
	const it = functions.find(({bdf}) => bdf === port);
	t.deepEqual(it && whyOf(it, about), {code: 'unknown'});
	t.is(it?.acsCapability, null);
});

const qemu = ['sv', 'tb', 'rr', 'cr', 'uf', 'dt'];
const path = '0000:00:01.0/00.0/00.0';

test('the boot parameter says every bit that the port has, and no other', (t) => {
	const ports = [
		{path, bits: ['sv', 'uf'], capability: qemu},
		{path: '0000:00:02.0', bits: ['dt'], capability: ['rr', 'cr', 'dt']},
	];
	t.is(bootParameter(ports), `pci=config_acs=0x10001@${path};1xx00xx@0000:00:02.0`);
	t.is(bootParameter([]), '');
});

test('the boot parameter keeps what the command line has for other ports', (t) => {
	const ports = [{path, bits: [], capability: qemu}];
	const bootParameters = [`pci=noats,config_acs=1@0000:00:03.0;1111111@${path}`];
	t.is(
		bootParameter(ports, {kernel: '7.3.4', bootParameters}),
		`pci=config_acs=0x00000@${path};1@0000:00:03.0`,
	);
});

test('a kernel before 6.11 can only be told not to redirect', (t) => {
	const clear = [{path, bits: ['sv'], capability: qemu}];
	const redirecting = [{path, bits: ['cr'], capability: qemu}];
	const bootParameters = ['pci=disable_acs_redir=0000:00:03.0'];
	const old = {kernel: '6.10.11-amd64', bootParameters};
	t.is(bootParameter(clear, old), `pci=disable_acs_redir=${path};0000:00:03.0`);
	t.is(bootParameter(redirecting, old), '');
	t.regex(bootParameter(redirecting, {kernel: '6.11', bootParameters}), /^pci=config_acs=/);
});

test('bits are letters, in any order and case', (t) => {
	t.deepEqual(parseBits('--clear', 'CR,rr'), ['rr', 'cr']);
	t.is(signsText(['rr'], ['rr', 'cr']), 'RR+ CR-');
	for (const text of ['', 'rr,', 'r', 'rr cr']) t.throws(() => parseBits('--clear', text));
});

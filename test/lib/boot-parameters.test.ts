// SPDX-License-Identifier: MIT
import test from 'ava';
import {parameterNotes} from '../../lib/boot-parameters.ts';
import {native} from '../../lib/native.ts';
import {machine} from '../helpers/machine.ts';

const drawing =
	'root-port acs=rr\n  upstream\n    downstream acs=rr\n      nvme\nroot-port acs=-\n  nvme';

const cases: readonly (readonly [parameter: string, note: RegExp | null])[] = [
	['pci=noacs', /pci=noacs is no option of Linux and does nothing/],
	['pci=nommconf,noats', null],
	['pci=realloc=on,hpbussize=10', null],
	['pci=resource_alignment=20@0000:01:00.0', null],
	['pci=acs_off', /^pci=acs_off is no option of Linux$/],
	['pci=disable_acs_redir=0000:02:00.0', null],
	['pci=disable_acs_redir=02:00.0;00:01.0', null],
	['pci=disable_acs_redir=00:01.0/00.0/00.0', null],
	['pci=disable_acs_redir=0:1.0/0.0', /0:1\.0\/0\.0 has no ACS, so nothing is changed there/],
	['pci=disable_acs_redir=pci:104c:8233', null],
	['pci=disable_acs_redir=pci:0:0', null],
	['pci=disable_acs_redir=pci:dead:beef', /there is no function pci:dead:beef/],
	['pci=disable_acs_redir=0000:09:00.0', /there is no function 0000:09:00\.0/],
	['pci=disable_acs_redir=0000:00:02.0', /0000:00:02\.0 has no ACS/],
	['pci=disable_acs_redir=nvme0', /'nvme0' names no function/],
	['pci=disable_acs_redir=02:00.0,00:01.0', /'00:01\.0' behind a comma is read as an option/],
	['pci=config_acs=xxx00xx@0000:02:00.0', null],
	['pci=config_acs=0000000000@02:00.0', /'0000000000' is no row of at most seven/],
	['pci=config_acs=2@02:00.0', /'2' is no row/],
	['pci=config_acs=xxx00xx', /'xxx00xx' names no function behind an @/],
	['pcie_acs_override=downstream', /comes from a patch that Linux does not have/],
];

for (const [parameter, note] of cases) {
	test(`${parameter} is ${note === null ? 'sound' : 'said to be wrong'}`, async (t) => {
		const {functions} = await native.scan({root: machine(t, drawing)});
		const notes = parameterNotes([parameter], functions);
		if (note === null) t.deepEqual(notes, []);
		else t.regex(notes.join('\n'), note);
	});
}

test('what a command line holds besides is not looked at, nor told', async (t) => {
	const root = machine(t, `machine kernel="root=/dev/sda1 quiet pci=noats"\n${drawing}`);
	const {machine: about} = await native.scan({root});
	t.deepEqual(about.bootParameters, ['pci=noats']);
});

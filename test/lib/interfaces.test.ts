// SPDX-License-Identifier: MIT
// What `--version -v` says of a kernel, on folders that look like one.

import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {release, tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {findInterfaces} from '../../lib/interfaces.ts';
import {run} from '../helpers/program.ts';

const config = 'CONFIG_VFIO_IOMMU_TYPE1=m\nCONFIG_PCI_P2PDMA=y\n# CONFIG_UDMABUF is not set\n';

function found(t: ExecutionContext, files: Readonly<Record<string, string>>, name: string): string {
	const root = mkdtempSync(join(tmpdir(), 'p2p-kernel-'));
	t.teardown(() => rmSync(root, {recursive: true}));
	for (const [path, text] of Object.entries(files)) {
		mkdirSync(join(root, dirname(path)), {recursive: true});
		writeFileSync(join(root, path), text);
	}
	const interfaces = findInterfaces(root, '7.3');
	const {answer, why} = interfaces.find((one) => one.name === name) ?? {answer: 'none', why: ''};
	return why === '' ? answer : `${answer} (${why})`;
}

const sysfs = {'sys/module/kernel/x': '', 'sys/class/mem/x': ''};
const configured = {...sysfs, 'boot/config-7.3': config};
const noConfig = 'no kernel configuration to read';

const kernels: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
	['VFIO type1', {...sysfs, 'sys/module/vfio_iommu_type1/x': ''}, 'yes'],
	['VFIO type1', configured, 'no (its module is not loaded)'],
	['VFIO type1', {...configured, 'dev/vfio/vfio': ''}, 'no (its module is not loaded)'],
	['VFIO type1', sysfs, 'no (not loaded)'],
	['VFIO type1', {}, 'unknown (no sysfs)'],
	['udmabuf', configured, 'no (the kernel is built without CONFIG_UDMABUF)'],
	['P2PDMA', configured, 'yes (no function offers p2pmem)'],
	['P2PDMA', sysfs, `unknown (${noConfig})`],
	['P2PDMA', {'sys/bus/pci/devices/0000:03:00.0/p2pmem/size': '1'}, 'yes (p2pmem: 0000:03:00.0)'],
	['io_uring', sysfs, `unknown (${noConfig})`],
	['io_uring', {'proc/sys/kernel/io_uring_disabled': '0\n'}, 'yes'],
	['io_uring', {'proc/sys/kernel/io_uring_disabled': '2\n'}, 'no (kernel.io_uring_disabled is 2)'],
	['IOMMU', {}, 'unknown (no sysfs)'],
	['IOMMU', sysfs, 'no'],
	[
		'IOMMU',
		{'sys/class/iommu/dmar0': '', 'sys/kernel/iommu_groups/7': ''},
		'yes (dmar0; 1 groups)',
	],
	['lockdown', {'sys/kernel/security/lockdown': '[none] integrity\n'}, 'no'],
	['lockdown', {'sys/kernel/security/lockdown': 'none [integrity]\n'}, 'yes (integrity)'],
];

for (const [name, files, answer] of kernels) {
	test(`${name} is ${answer} with ${Object.keys(files).join(', ') || 'nothing to read'}`, (t) => {
		t.is(found(t, files, name), answer);
	});
}

for (const words of [['--version', '-v'], ['-vV'], ['-V', '--verbose']]) {
	test(`${words.join(' ')} names the kernel and its interfaces behind the version`, (t) => {
		for (const program of ['p2p', 'p2p-list', 'p2p-bind']) {
			const {status, stdout, stderr} = run(program, ...words);
			t.deepEqual([status, stderr], [0, '']);
			const [first = '', ...rows] = stdout.trimEnd().split('\n');
			t.regex(first, new RegExp(`^${program} \\(p2putils\\) \\d`));
			t.true(rows[0]?.includes(release()));
			t.regex(stdout, /^ {2}Node +v[\d.]+, Node-API \d+$/m);
			for (const row of rows.slice(2)) t.regex(row, /^ {2}\S.* {2}(yes|no|unknown)( \(.+\))?$/);
		}
	});
}

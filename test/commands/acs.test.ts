// SPDX-License-Identifier: MIT
import {symlinkSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {cut, file, folder, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const [client, provider] = ['0000:03:00.0', '0000:04:00.0'];
const [first, second] = ['0000:02:00.0', '0000:02:01.0'];

const oneSwitch = (t: ExecutionContext, words = '') =>
	machine(
		t,
		`
		machine cpu=EPYC ${words}
		root-port
		  upstream
		    downstream acs=sv,rr,cr,uf
		      nvme cmb=16M
		    downstream acs=rr
		      ram 64M
		`,
	);

const acs = (root: string, ...words: readonly string[]) =>
	run('p2p-acs', '--sysroot', root, ...words);

test('without options: each port with ACS, its bits in letters and in words, and who set them', (t) => {
	const {status, stdout, stderr} = acs(oneSwitch(t));
	t.is(status, 0);
	t.is(stderr, '');
	const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
	t.deepEqual(rows.slice(0, 4), [
		['PORT', 'KIND', 'ACS', 'REDIRECTS', 'SET BY'],
		[
			'0000:00:01.0',
			'root-port',
			'SV+ TB- RR+ CR+ UF+ EC- DT-',
			'requests and completions',
			'the kernel, for the IOMMU',
		],
		[
			first,
			'downstream-port',
			'SV+ TB- RR+ CR+ UF+ EC- DT-',
			'requests and completions',
			'the kernel, for the IOMMU',
		],
		[
			second,
			'downstream-port',
			'SV- TB- RR+ CR- UF- EC- DT-',
			'requests',
			'changed since boot: SV CR UF cleared',
		],
	]);
	t.regex(stdout, /RR request redirect, CR completion redirect, EC egress control/);
});

test('a named function without ACS has none, and that is no trouble', (t) => {
	const {status, stdout} = acs(oneSwitch(t), client);
	t.is(status, 0);
	t.regex(stdout, /^0000:03:00\.0 {2}endpoint {2}none {2}- /m);
});

test('a machine without ACS says so', (t) => {
	t.is(acs(machine(t, 'root-port acs=-\n  nvme')).stdout, 'no function has ACS\n');
});

test('--route shows the ports on the way only', (t) => {
	const {stdout} = acs(oneSwitch(t), '--route', 'nvme0', provider);
	t.deepEqual([...stdout.matchAll(/^0000:\S+/gm)].flat(), [first, second]);
});

test('what was not read is not taken for clear: status 5', (t) => {
	const root = oneSwitch(t);
	cut(root, second);
	const {status, stdout, stderr} = acs(root);
	t.is(status, 5);
	t.regex(stdout, /^0000:02:01\.0 +downstream-port +not read +unknown +-$/m);
	t.is(stderr, 'p2p-acs: warning: the ACS of 1 port could not be read; as root it can\n');
	t.is(acs(root, first).status, 0);
});

test('mistakes in boot parameters are told', (t) => {
	const root = oneSwitch(
		t,
		'kernel="pci=disable_acs_redir=0000:77:00.0 pcie_acs_override=downstream"',
	);
	const {status, stderr} = acs(root);
	t.is(status, 0);
	t.regex(stderr, /warning: pci=disable_acs_redir: there is no function 0000:77:00\.0\n/);
	t.regex(stderr, /warning: pcie_acs_override=downstream comes from a patch/);
});

test('--json gives the documented object', (t) => {
	const answer = JSON.parse(acs(oneSwitch(t), '--json', second).stdout);
	t.deepEqual(Object.keys(answer), ['version', 'machine', 'ports', 'notes']);
	t.deepEqual(answer.ports, [
		{
			bdf: second,
			path: '0000:00:01.0/00.0/01.0',
			role: 'downstream-port',
			iommuGroup: answer.ports[0].iommuGroup,
			hasAcs: true,
			acs: ['rr'],
			acsCapability: ['sv', 'tb', 'rr', 'cr', 'uf', 'ec', 'dt'],
			isAcsShifted: false,
			setBy: {code: 'changed', set: [], cleared: ['sv', 'cr', 'uf']},
		},
	]);
});

test('the lines of p2p-check --fix are lines that work', (t) => {
	const root = oneSwitch(t);
	const fix = run('p2p-check', '--sysroot', root, '--fix', client, provider).stdout;
	const lines = [...fix.matchAll(/^ +p2p-acs (.*)$/gm)].map(([, words = '']) => words.split(' '));
	const setpci = [...fix.matchAll(/^ +(setpci .*)$/gm)].map(([, line]) => line);
	const boot = /pci=config_acs=\S+/.exec(fix)?.[0] ?? '';
	t.is(lines.length, 2);
	const outputs = lines.map((words) => acs(root, ...words, '--dry-run'));
	for (const {status} of outputs) t.is(status, 0);
	t.deepEqual(
		outputs.map(({stdout}) => stdout.split('\n')[0]),
		setpci,
	);
	for (const {stdout} of outputs) {
		const entry = /config_acs=(\S+)/.exec(stdout)?.[1] ?? 'missing';
		t.true(boot.includes(entry), `${entry} in ${boot}`);
	}
});

test('a dry run writes a script, and warns of what the change does not change', (t) => {
	const root = oneSwitch(t);
	const words = ['--route', client, provider, '--clear', 'rr,cr,ec', '--dry-run'];
	const {status, stdout, stderr} = acs(root, ...words);
	t.is(status, 0);
	t.is(
		stdout,
		[
			`setpci -s ${first} ECAP_ACS+6.w=0:0c`,
			`setpci -s ${second} ECAP_ACS+6.w=0:04`,
			'# or from boot on: pci=config_acs=0010001@0000:00:01.0/00.0/00.0;0000000@0000:00:01.0/00.0/01.0',
			'',
		].join('\n'),
	);
	t.regex(
		stderr,
		/^p2p-acs: warning: the kernel keeps its old verdict about the memory of 0000:03/,
	);
	t.regex(stderr, / {2}Try: p2p-acs --rebind 0000:03:00\.0 /);
	const json = JSON.parse(acs(root, ...words, '--json').stdout);
	t.deepEqual(Object.keys(json), [
		...[
			'version',
			'dryRun',
			'ports',
			'rebound',
			'stale',
			'groups',
			'isGuest',
			'commands',
			'verdicts',
			'boot',
		],
	]);
	t.is(json.boot, stdout.split('\n')[2]?.slice('# or from boot on: '.length));
});

const mistakes: readonly (readonly [args: readonly string[], says: RegExp])[] = [
	[['--clear', 'rr'], /^p2p-acs: missing operand: PORT\n/],
	[[first, '--clear', 'xx'], /^p2p-acs: --clear: there is no ACS bit 'xx'; there are sv, tb/],
	[[first, '--clear', ''], /^p2p-acs: --clear: there is no ACS bit ''/],
	[[first, '--clear', 'rr', '--set', 'rr,sv'], /^p2p-acs: rr cannot be both set and clear/],
	[[first, '--clear', 'rr', '--restore'], /^p2p-acs: --restore excludes --clear/],
	[['--route', client], /^p2p-acs: --route needs CLIENT and PROVIDER/],
	[['--route', client, provider, first], /^p2p-acs: extra operand: 0000:02:00\.0/],
	[[client, '--clear', 'rr', '-n'], /^p2p-acs: 0000:03:00\.0 has no ACS: there is nothing/],
	[['09:00.0'], /^p2p-acs: there is no function 0000:09:00\.0/],
	[['09:00.0', '--clear', 'rr', '-n'], /^p2p-acs: there is no function 0000:09:00\.0/],
	[['no/such', '--clear', 'rr', '-n'], /^p2p-acs: 'no\/such' names no function/],
	[['--in-use'], /^p2p-acs: --in-use goes with --clear, --set/],
	[['--rebind', provider, '-n'], /^p2p-acs: 0000:04:00\.0 has no driver that could be bound/],
	[[first, '--rebind', client, '-n'], /^p2p-acs: 0000:02:00\.0: what is to be done with it/],
];

for (const [args, says] of mistakes) {
	test(`p2p-acs ${args.join(' ')}: one sentence, status 2, nothing on stdout`, (t) => {
		const {status, stdout, stderr} = acs(oneSwitch(t), '--json', ...args, ...dryFor(args));
		t.is(status, 2, stderr);
		t.is(stdout, '');
		t.regex(stderr, says);
	});
}

test('another machine is looked at, never changed', (t) => {
	const root = oneSwitch(t);
	t.regex(acs(root, first, '--clear', 'rr').stderr, /^p2p-acs: --sysroot goes with --dry-run/);
	const from = run('p2p-acs', '--from', root, first, '--clear', 'rr', '--dry-run');
	t.is(from.status, 2);
	t.regex(from.stderr, /^p2p-acs: --from is for looking/);
});

test('an open VFIO group below the port is status 1, and no option goes beyond it', (t) => {
	const root = oneSwitch(t);
	symlinkSync(join(root, 'sys/bus/pci/drivers/vfio-pci'), join(folder(root, provider), 'driver'));
	const number = JSON.parse(acs(root, '--json', provider).stdout).ports[0].iommuGroup;
	file(root, `sys/class/vfio/${number}/dev`, '511:0\n');
	file(root, 'proc/42/comm', 'qemu-system-x86\n');
	file(root, 'proc/42/fd/.keep', '');
	symlinkSync(`/dev/vfio/${number}`, join(root, 'proc/42/fd/3'));
	for (const more of [[], ['--in-use']]) {
		const {status, stdout, stderr} = acs(root, second, '--clear', 'rr', '-n', ...more);
		t.is(status, 1);
		t.is(stdout, '');
		t.regex(
			stderr,
			/^p2p-acs: 0000:04:00\.0 is in use: \/dev\/vfio\/\d+ is open in process 42 \(qemu-system-x86\); with these bits/,
		);
		t.notRegex(stderr, /--in-use/);
	}
});

/** What gets as far as the machine needs it, for only a dry run may change a drawn one. */
function dryFor(args: readonly string[]): string[] {
	const isChange = ['--clear', '--restore', '--rebind'].some((option) => args.includes(option));
	return isChange && !args.includes('-n') ? ['-n'] : [];
}

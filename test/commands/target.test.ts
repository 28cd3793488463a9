// SPDX-License-Identifier: MIT
// p2p-target on drawn machines: whose memory, and whether data would go from peer to peer. The lab
// has no RDMA hardware; what a host adapter's driver shows in sysfs is drawn here.

import {mkdirSync, realpathSync, symlinkSync} from 'node:fs';
import {dirname, join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {file, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';

const switched = `
	root-port
	  upstream
	    downstream
	      nvme cmb=16M
	    downstream
	      nvme
	    downstream
	      nic
	root-port
	  nvme cmb=16M
	root-port
	  nic
`;
const [pool, near, far] = ['0000:03:00.0', '0000:05:00.0', '0000:07:00.0'];

/** An RDMA device below a function, with the files that its driver makes; '' below none. */
function rdma(root: string, bdf: string, name: string, files: readonly string[]): void {
	const folder =
		bdf === ''
			? join(root, 'sys/devices/virtual')
			: realpathSync(join(root, 'sys/bus/pci/devices', bdf));
	const device = join(folder, 'infiniband', name);
	mkdirSync(device, {recursive: true});
	for (const one of files) file(root, `${device.slice(root.length)}/${one}`, 'x\n');
	link(root, `sys/class/infiniband/${name}`, device);
}

function link(root: string, path: string, to: string): void {
	mkdirSync(dirname(join(root, path)), {recursive: true});
	symlinkSync(to, join(root, path));
}

const words = ['nvme1n1', '-a', '10.0.0.1', '--any-host', '--nqn', 'nqn.x', '--dry-run'];
const target = (root: string, ...more: readonly string[]) =>
	run('p2p-target', '--sysroot', root, ...words, ...more);

function foreseen(root: string, ...more: readonly string[]) {
	const {stdout} = target(root, '--json', ...more);
	return JSON.parse(stdout).targets[0].namespaces[0];
}

function adapter(t: ExecutionContext, bdf: string, files: readonly string[] = ['hca_type']) {
	const root = realpathSync(machine(t, switched));
	rdma(root, bdf, 'mlx5_0', files);
	return root;
}

test('data goes from peer to peer between a disk and an RDMA adapter below one switch', (t) => {
	const root = adapter(t, near);
	const {provider, isPeer, reason} = foreseen(root);
	t.deepEqual([provider, isPeer, reason], [pool, true, null]);
	const {status, stdout} = target(root, '--require', 'direct');
	t.is(status, 0);
	t.deepEqual(stdout.split('\n').slice(3, 8), [
		'echo 1 > /sys/kernel/config/nvmet/subsystems/nqn.x/attr_allow_any_host',
		'mkdir /sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1',
		'echo /dev/nvme1n1 > /sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/device_path',
		`echo ${pool} > /sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/p2pmem`,
		'echo 1 > /sys/kernel/config/nvmet/subsystems/nqn.x/namespaces/1/enable',
	]);
});

test('an adapter out of reach is named, and the memory near the disk is kept', (t) => {
	const root = adapter(t, far);
	const {provider, isPeer, reason, facts} = foreseen(root);
	t.deepEqual([provider, isPeer, reason], [pool, false, 'network-unreachable']);
	t.is(facts.network, far);
	const {status, stdout, stderr} = target(root, '--require', 'any');
	t.deepEqual([status, stdout], [1, '']);
	t.regex(stderr, /would not go from peer to peer: 0000:07:00\.0 does not reach 0000:03:00\.0\n$/);
});

test('an adapter that only the root complex leads to is peer, but not direct', (t) => {
	const root = realpathSync(machine(t, `\n\tmachine cpu=EPYC${switched}`));
	rdma(root, far, 'mlx5_0', ['hca_type']);
	t.is(target(root, '--require', 'any').status, 0);
	const {status, stdout, stderr} = target(root, '--require', 'direct');
	t.deepEqual([status, stdout], [1, '']);
	t.regex(
		stderr,
		/, but not direct: 0000:07:00\.0 or its controller reaches 0000:03:00\.0 through the root complex alone\n$/,
	);
});

for (const [what, bdf, files] of [
	['rxe on an adapter', near, ['hca_type', 'parent']],
	['rxe below no bus', '', ['node_desc']],
] as const) {
	test(`${what} has no DMA of its own`, (t) => {
		const root = adapter(t, bdf, files);
		t.like(foreseen(root), {isPeer: false, reason: 'software-rdma', provider: pool});
		t.is(target(root, '--require', 'any').status, 1);
	});
}

test('what sysfs does not tell is neither yes nor no', (t) => {
	const root = adapter(t, near, ['fw_ver']);
	t.like(foreseen(root), {isPeer: null, reason: 'rdma-unknown'});
	const {status, stdout} = target(root, '--require', 'any');
	t.deepEqual([status, stdout], [5, '']);
});

test('of two adapters at an address of another machine neither is guessed', (t) => {
	const root = adapter(t, near);
	rdma(root, far, 'mlx5_1', ['hca_type']);
	t.like(foreseen(root), {isPeer: null, reason: 'rdma-unknown'});
});

test('TCP and loop copy by the CPU, whatever the verdict', (t) => {
	const root = adapter(t, near);
	t.like(foreseen(root, '-t', 'tcp'), {isPeer: false, reason: 'transport', provider: pool});
});

test('whose memory can be said, and nobody’s', (t) => {
	const root = adapter(t, near);
	t.like(foreseen(root, '--via', 'none'), {isPeer: false, reason: 'off', provider: null});
	t.like(foreseen(root, '--via', 'nvme0'), {isPeer: true, provider: pool});
	for (const [via, sentence] of [
		['nvme1', /0000:04:00\.0 has published no peer memory/],
		['nvme2', /its controller does not reach 0000:06:00\.0/],
	] as const) {
		const {status, stderr} = target(root, '--via', via);
		t.is(status, 1);
		t.regex(stderr, sentence);
	}
});

test('the head of NVMe multipath has no memory near to it', (t) => {
	const root = adapter(t, near);
	const head = join(root, 'sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme9n1');
	mkdirSync(head, {recursive: true});
	link(root, 'sys/block/nvme9n1', head);
	file(root, 'sys/class/nvme/nvme0/transport', 'pcie\n');
	symlinkSync(join(root, 'sys/class/nvme/nvme0'), join(head, '../nvme0'));
	const line = ['nvme9n1', '-a', '10.0.0.1', '--any-host', '-n'];
	const {stdout} = run('p2p-target', '--sysroot', root, ...line, '--json');
	t.like(JSON.parse(stdout).targets[0].namespaces[0], {isPeer: false, reason: 'multipath'});
	t.is(run('p2p-target', '--sysroot', root, ...line, '--via', 'nvme0').status, 1);
});

test('what a machine exports is shown, with the way of its data by rdma', (t) => {
	const root = adapter(t, near);
	const nvmet = '/sys/kernel/config/nvmet';
	const values = {
		'subsystems/nqn.y/attr_allow_any_host': '0',
		'subsystems/nqn.y/allowed_hosts/nqn.h': '',
		'subsystems/nqn.y/namespaces/10/enable': '0',
		'subsystems/nqn.y/namespaces/10/device_path': '/dev/sda',
		'subsystems/nqn.y/namespaces/2/enable': '1',
		'subsystems/nqn.y/namespaces/2/device_path': '/dev/nvme1n1',
		'subsystems/nqn.y/namespaces/2/p2pmem': pool,
		'ports/3/addr_trtype': 'tcp',
		'ports/3/addr_traddr': '10.0.0.1',
		'ports/3/addr_trsvcid': '4420',
		'ports/7/addr_trtype': 'rdma',
		'ports/7/addr_traddr': 'fd00::1',
		'ports/7/addr_trsvcid': '4420',
	};
	for (const [path, value] of Object.entries(values)) file(root, `${nvmet}/${path}`, `${value}\n`);
	for (const port of [3, 7])
		link(root, `${nvmet}/ports/${port}/subsystems/nqn.y`, join(root, nvmet, 'subsystems/nqn.y'));
	const {status, stdout} = run('p2p-target', '--sysroot', root);
	t.is(status, 0);
	t.is(
		stdout.replace('  (not by p2p-target)', ''),
		`nqn.y
  tcp 10.0.0.1:4420, rdma [fd00::1]:4420  for nqn.h
  2  /dev/nvme1n1  peer to peer, through memory of ${pool}
  10  /dev/sda  not enabled
`,
	);
});

for (const [line, sentence] of [
	['nvme7n1 -t loop -n', /nvme7n1 is no NVMe namespace/],
	['/dev/sda -t loop -n', /\/dev\/sda is no NVMe namespace/],
	['nvme1n1', /nobody could connect\n {2}Try: --host NQN/],
	['nvme1n1 --any-host', /missing option: --traddr/],
	['nvme1n1 --any-host -a host.example', /'host\.example' is no IPv4 or IPv6 address/],
	['nvme1n1 --any-host -a 10.0.0.1 -s 70000', /'70000' is no port/],
	['nvme1n1 -t loop -a 10.0.0.1', /loop has no address/],
	['nvme1n1 -t loop --nqn ../../x', /'\.\.\/\.\.\/x' is no NQN/],
	['nvme1n1 -t loop --nqn nqn.2014-08.org.nvmexpress.discovery', /is the kernel's own/],
	['nvme1n1 /dev/nvme1n1 -t loop', /\/dev\/nvme1n1 is named twice/],
	['nvme1n1 -t loop --via none --require any', /--require and --via none exclude each other/],
	['nvme1n1 --host nqn.h --any-host -a 10.0.0.1', /--host and --any-host exclude each other/],
	['--show --remove', /--show and --remove exclude each other/],
	['--remove -t tcp', /--remove and --transport exclude each other/],
	['--show nqn.z', /there is no target nqn\.z/],
] as const) {
	test(`refused in one sentence: p2p-target ${line}`, (t) => {
		const root = machine(t, switched);
		const sysroot = line.includes(' -n') || line.includes('nqn.z') ? ['--sysroot', root] : [];
		const {status, stdout, stderr} = run('p2p-target', ...sysroot, ...line.split(' '));
		t.deepEqual([status, stdout], [2, '']);
		t.regex(stderr, sentence);
	});
}

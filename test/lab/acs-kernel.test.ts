// SPDX-License-Identifier: MIT
// What the kernel does and does not notice of p2p-acs: its verdicts, its groups, the next boot, and
// lockdown.

import test, {type ExecutionContext} from 'ava';
import {boot, type Result} from '../../lab/boot.ts';
import {fillRandom, nodeOf, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;
const records = '/run/p2putils/acs';

const machine = `
	machine cpu=EPYC
	root-port
	  upstream
	    one: downstream acs=kernel
	      disk: nvme size=64M cmb=16M
	    two: downstream acs=kernel
	      mem: ram 16M
	    three: downstream acs=kernel
	      other: nvme size=64M
`;

const lab = useLab(test, machine);

test.serial(
	"the kernel's own copies follow its old verdict until the provider's driver is bound anew",
	async (t) => {
		lab.expectInLog(/DMAR/);
		const line = `p2p-copy ${nodeOf('other')} ${nodeOf('disk')}+8M --via $disk --length 1M --verify`;
		// New data each time: the CMB still holds what went through it before.
		const copy = async () => {
			fillRandom(lab.guest().image('other'), 0, MiB);
			return (await lab.run(line)).status;
		};
		await lab.run(waitFor('disk'));
		t.is(await copy(), 0, 'as booted: up to the IOMMU and back');

		const cleared = await acs('--route $other $disk --clear rr,cr');
		t.regex(
			cleared.stderr,
			/the kernel keeps its old verdict about the memory of 0000:\S+ until nvme/,
		);
		t.true(cleared.stderr.includes(`  Try: p2p-acs --rebind ${bdfOf('disk')} `), cleared.stderr);
		t.is(await copy(), 0, 'still by the IOMMU, as the kernel had decided');

		shows(t, await acs('--rebind $disk'), {status: 0, stderr: ''});
		await lab.run(waitFor('disk'));
		// QEMU's switch cannot turn requests round: the new verdict shows by their loss.
		t.is(await copy(), 3, 'bus addresses now');

		t.regex((await acs('--restore')).stderr, /keeps its old verdict/);
		t.is(await copy(), 3, 'silently wrong by the stale verdict; p2p-copy sees it');

		await acs('--rebind $disk');
		await lab.run(waitFor('disk'));
		t.is(await copy(), 0, 'as booted again');
	},
);

test.serial('ports and driver change together: no warning is left', async (t) => {
	const {stderr, stdout} = await acs('--route $other $disk --clear rr,cr --rebind $disk');
	t.notRegex(stderr, /old verdict/);
	t.regex(stdout, /nvme bound anew\n/);
	await lab.run(waitFor('disk'));
	await acs('--restore --rebind $disk');
	await lab.run(waitFor('disk'));
});

test.serial('groups are what was warned of once functions are removed and rescanned', async (t) => {
	const group = async (it: string) =>
		(await lab.run(`basename $(readlink /sys/bus/pci/devices/$${it}/iommu_group)`)).stdout;
	const again =
		'echo 1 > /sys/bus/pci/devices/$mem/remove; echo 1 > /sys/bus/pci/rescan; sleep 0.5';
	const {stderr} = await acs('$two --clear rr,cr');
	t.true(stderr.includes(`${bdfOf('two')} ${bdfOf('mem')}`), stderr);
	t.regex(stderr, /will not change until what is below the ports is removed and rescanned/);
	t.not(await group('mem'), await group('two'));
	await lab.run(again);
	t.is(await group('mem'), await group('two'));

	await acs('--restore');
	await lab.run(again);
	t.not(await group('mem'), await group('two'));
});

test.serial('the boot parameter gives the same bits at the next boot', async (t) => {
	const {stdout} = await acs('--route $disk $mem --clear rr,cr --dry-run');
	const kernelParameters = /pci=config_acs=\S+/.exec(stdout)?.[0] ?? '';
	t.is((await acs('--route $disk $mem --clear rr,cr')).status, 0);
	const {stdout: now} = await lab.run(registers);
	await acs('--restore');

	const guest = await boot(machine, {kernelParameters});
	t.teardown(() => guest.stop());
	const {stdout: then} = await guest.run(registers);
	t.is(then, now);
	t.regex((await guest.run('p2p-check $disk $mem')).stdout, /^direct: /);
	const table = await guest.run('p2p-acs --route $disk $mem');
	t.is(table.stdout.match(/the kernel, by pci=config_acs/g)?.length, 2, table.stdout);
	await lockedDown(t, guest.run);
});

/** In a guest of its own: nothing leads back from it. */
async function lockedDown(
	t: ExecutionContext,
	run: (line: string) => Promise<Result>,
): Promise<void> {
	await run(
		'mount -t securityfs none /sys/kernel/security; echo integrity > /sys/kernel/security/lockdown',
	);
	const refused = await run('p2p-acs $three --clear rr');
	shows(t, refused, {
		status: 2,
		stdout: '',
		stderr:
			/^p2p-acs: the kernel lets nobody write configuration space: it is locked down \(integrity\)\n {2}Try: --dry-run /,
	});
	const variable = 'SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';
	await run(
		[
			'mount -t tmpfs none /sys/firmware; mkdir -p /sys/firmware/efi/efivars',
			`printf '\\006\\000\\000\\000\\001' >/sys/firmware/efi/efivars/${variable}`,
		].join('\n'),
	);
	shows(t, await run('p2p-acs $three --clear rr'), {
		status: 2,
		stderr: /locked down \(integrity, as Secure Boot makes it\)\n.*\n.*turn Secure Boot off/,
	});
	await run('umount /sys/firmware /sys/kernel/security');
	shows(t, await run('p2p-acs $three --clear rr'), {
		status: 2,
		stdout: '',
		stderr: /it is locked down/,
	});
	t.is((await run(`ls ${records}`)).stdout, '');
	shows(t, await run('p2p-acs $three --clear rr --dry-run'), {
		status: 0,
		stdout: /^# or from boot on: pci=config_acs=/m,
	});
}

function acs(args: string): Promise<Result> {
	return lab.run(`p2p-acs ${args}`);
}

function bdfOf(label: string): string {
	return lab.guest().env[label] ?? '';
}

const registers = 'for f in $one $two $three; do setpci -s $f ECAP_ACS+6.w; done';

/** The disk of a controller comes some time after its driver. */
function waitFor(label: string): string {
	const disk = `/sys/bus/pci/devices/$${label}/nvme/nvme*/nvme*n1`;
	return `for i in $(seq 50); do [ -e ${disk} ] && break; sleep 0.1; done`;
}

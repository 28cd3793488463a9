// SPDX-License-Identifier: MIT
// An ordinary user who was given the VFIO groups of both ends: what he can do, what he is told that
// he cannot see, and whose word on it counts.

import test from 'ava';
import {shows, useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream acs=0
	      disk: nvme size=16M
	    downstream acs=0
	      mem: ram 16M
	`,
);

/** Not busybox's own setpriv, which changes no user. */
const asUser = '/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs';
const place = '/run/p2putils/machine.json';
const copy = 'p2p-copy $disk/ns1 $mem/bar2 --length 1M';
const bothHints =
	/Try: p2p-list --capture \/run\/p2putils\/machine\.json .*as root[\s\S]*--allow unknown/;

test.serial('without the group nodes a user is told which, and who gives them', async (t) => {
	shows(t, await lab.run('p2p-bind $disk $mem'), {status: 0});
	shows(t, await lab.run(`${asUser} ${copy} --allow unknown`), {
		status: 2,
		stdout: '',
		stderr: /\/dev\/vfio\/\d+: open: Permission denied[\s\S]*chown "\$USER" \/dev\/vfio\/\d+/,
	});
	await lab.run('chown 65534 /dev/vfio/[0-9]*');
});

test.serial('without a capture a user cannot tell, and is told both ways on', async (t) => {
	for (const line of [copy, 'p2p-map $disk $mem/bar2']) {
		shows(t, await lab.run(`${asUser} ${line}`), {status: 5, stdout: '', stderr: bothHints});
	}
	const {stderr} = await lab.run(`${asUser} ${copy}`);
	t.regex(
		stderr,
		/^p2p-copy: cannot tell whether .* only root may read the ACS of 0000:02:01\.0, 0000:[^;]*\n/,
	);
});

test.serial('at his word he copies and maps, and every byte is compared', async (t) => {
	const result = await lab.run(`${asUser} ${copy} --allow unknown --json`);
	shows(t, result, {status: 0, stderr: ''});
	const {plan, result: done} = JSON.parse(result.stdout);
	t.is(plan.legs[0].pair.verdict, 'unknown');
	t.is(done.verifiedBytes, 1 << 20);
	t.true(done.isDeaf);
	const map = `${asUser} p2p-map $disk $mem/bar2 --allow unknown -- sh -c 'echo $P2P_IOVA; id -u'`;
	shows(t, await lab.run(map), {status: 0, stdout: /^0x[0-9a-f]+\n65534\n$/, stderr: ''});
});

test.serial(
	'a copy through host memory says what it lacks, and goes once it may lock that',
	async (t) => {
		const line = `${asUser} ${copy} --staged`;
		const short = await lab.run(`ulimit -l 8192; ${line}`);
		shows(t, short, {status: 2, stdout: '', stderr: /36 MiB of host memory have to be locked/});
		shows(t, await lab.run(`ulimit -l 36864; ${line}`), {status: 0, stderr: ''});
		// Nothing may be lost to a copy that cannot be.
		const kept = `echo precious >/tmp/kept && chmod a+w /tmp/kept`;
		const away = `${asUser} p2p-copy $disk/ns1 /tmp/kept --length 1M`;
		const refused = await lab.run(`${kept}; ulimit -l 8192; ${away}; cat /tmp/kept; exit 7`);
		shows(t, refused, {status: 7, stdout: 'precious\n', stderr: /have to be locked/});
	},
);

test.serial('p2p-list and p2p-check say what they could not see', async (t) => {
	shows(t, await lab.run(`${asUser} p2p-list`), {
		status: 0,
		stdout: /nvme/,
		stderr: /^p2p-list: not seen: the ACS of \d+ of \d+ functions\n[\s\S]*p2p-list --capture/,
	});
	const listed = JSON.parse((await lab.run(`${asUser} p2p-list --json`)).stdout);
	t.true(listed.missing.includes('0000:02:00.0 ACS'));
	shows(t, await lab.run(`${asUser} p2p-check $disk $mem`), {
		status: 5,
		stdout: /^unknown: .*not read: 0000:02:01\.0 ACS[\s\S]*sudo p2p-check[\s\S]*--capture \/run/,
	});
	shows(t, await lab.run('p2p-list'), {status: 0, stderr: ''});
});

test.serial("a user cannot speak in root's place", async (t) => {
	const result = await lab.run(`${asUser} p2p-list --capture ${place}`);
	shows(t, result, {status: 2, stdout: '', stderr: /superuser's word[\s\S]*sudo p2p-list/});
	t.is((await lab.run(`test -e ${place}`)).status, 1);
	// Nor by his folder, nor by his environment.
	const forged = '/tmp/forged/run/p2putils';
	await lab.run(
		`mkdir -p ${forged}; p2p-list --capture ${forged}/machine.json; chown -R 65534 /tmp/forged`,
	);
	const env = 'HOME=/tmp/forged XDG_RUNTIME_DIR=/tmp/forged/run TMPDIR=/tmp/forged/run';
	const line = `cd /tmp/forged/run/p2putils && env ${env} ${asUser} ${copy}`;
	shows(t, await lab.run(line), {status: 5, stdout: '', stderr: bothHints});
});

test.serial("root's capture of this boot gives a user the verdict that root has", async (t) => {
	shows(t, await lab.run(`umask 077; p2p-list --capture ${place}`), {
		status: 0,
		stdout: '',
		stderr: '',
	});
	t.is((await lab.run(`stat -c '%u %a' ${place}`)).stdout, '0 644\n');
	const check = 'p2p-check $disk $mem --json';
	const [own, root] = [await lab.run(`${asUser} ${check}`), await lab.run(check)];
	shows(t, own, {status: 0, stderr: ''});
	const [answer, wanted] = [JSON.parse(own.stdout), JSON.parse(root.stdout)];
	t.is(answer.pairs[0].verdict, 'direct');
	t.deepEqual(answer.pairs[0].kernel, wanted.pairs[0].kernel);
	t.deepEqual(answer.pairs[0].fabric, wanted.pairs[0].fabric);
	t.deepEqual(answer.machine.supply, {path: place, refusal: null, detail: null});
	t.is(wanted.machine.supply, null);
	shows(t, await lab.run(`${asUser} ${copy} --verify --progress`), {
		status: 0,
		stdout: '',
		stderr: /^not seen +the IOMMU's refusals/m,
	});
	t.false(JSON.parse((await lab.run(`${copy} --json`)).stdout).result.isDeaf);
	shows(t, await lab.run(`${asUser} p2p-map $disk $mem/bar2`), {
		status: 0,
		stdout: /route +direct/,
	});
	shows(t, await lab.run(`${asUser} p2p-list -o ACS -n`), {status: 0, stderr: ''});
	await lab.run(`cp ${place} /run/sound.json`);
});

test.serial('what changes after the capture is seen: a driver', async (t) => {
	await lab.run('p2p-bind $mem --restore');
	shows(t, await lab.run(`${asUser} p2p-check $disk $mem`), {status: 0, stdout: /0000:04:00\.0/});
	const {pairs} = JSON.parse((await lab.run(`${asUser} p2p-check $disk $mem --json`)).stdout);
	t.is(pairs[0].vfio.mechanism, 'sysfs');
	await lab.run('p2p-bind $mem; chown 65534 /dev/vfio/[0-9]*');
});

/** What spoils the capture, and what is then said of it. */
const spoilt: readonly (readonly [string, string, RegExp])[] = [
	['belongs to somebody else', `chown 65534 ${place}`, /machine\.json is not the superuser's/],
	[
		'its group can write',
		`chmod g+w ${place}`,
		/others than the superuser can write .*machine\.json/,
	],
	['all can write', `chmod o+w ${place}`, /others than the superuser can write .*machine\.json/],
	['is a link', `mv ${place} /run/real; ln -s /run/real ${place}`, /machine\.json is a link/],
	[
		'is of another boot',
		`sed -i 's/"bootId": "........-/"bootId": "00000000-/' ${place}`,
		/another boot/,
	],
	['is cut short', `truncate -s 2000 ${place}`, /no sound JSON/],
	[
		'lies in a folder that others can write',
		'chmod 777 /run/p2putils',
		/can write \/run\/p2putils/,
	],
	[
		"lies in somebody else's folder",
		'chown 65534 /run/p2putils',
		/p2putils is not the superuser's/,
	],
];

test.serial.afterEach.always('the capture is sound again', async () => {
	const folder = 'chown 0 /run/p2putils; chmod 755 /run/p2putils';
	const file = `rm -f ${place}; cp /run/sound.json ${place}; chmod 644 ${place}`;
	await lab.run(`[ -e /run/sound.json ] || exit 0; ${folder}; ${file}`);
});

for (const [what, how, said] of spoilt) {
	test.serial(`a capture that ${what} does not count`, async (t) => {
		shows(t, await lab.run(`${how} && ${asUser} ${copy}`), {status: 5, stderr: said});
	});
}

test.serial('root is told of a place where no user would believe the capture', async (t) => {
	const line = `chmod 777 /run/p2putils; p2p-list --capture ${place}`;
	shows(t, await lab.run(line), {status: 2, stderr: /no program will believe .*can write \/run/});
});

test.serial('a sound capture counts again', async (t) => {
	shows(t, await lab.run(`${asUser} ${copy}`), {status: 0, stderr: ''});
});

test.serial('nothing of the suite is setuid', async (t) => {
	const {stdout} = await lab.run('find bin build native/build/Release -perm /6000 | head');
	t.is(stdout, '');
});

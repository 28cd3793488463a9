// SPDX-License-Identifier: MIT
// The Debian package in a guest whose root can be written: installed by dpkg, used from /usr/bin,
// removed again.

import {execFileSync, spawnSync} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {resolve} from 'node:path';
import baseTest from 'ava';
import {shows, useLab} from '../helpers/lab.ts';

const isDebian = spawnSync('dpkg-deb', ['--version']).status === 0;
const name = 'the Debian package installs, copies by peer-to-peer and goes without a trace';

if (isDebian) packageTest();
else baseTest.skip(`${name} (dpkg is not installed)`, () => {});

function packageTest(): void {
	const test = baseTest.serial;
	const {run} = useLab(
		baseTest,
		`
		root-port
		  upstream
		    downstream
		      disk: nvme size=16M
		    downstream
		      mem: ram 16M
		`,
	);
	// Of other packages: to index all of the machine's manual pages takes minutes in a guest.
	const noTriggers = '--no-triggers';
	const steps = 'set -e; cd /; PATH=/usr/sbin:/usr/bin:/sbin:/bin';

	test.before('the package is built', () => {
		for (const script of ['prebuilt', 'deb'])
			execFileSync(process.execPath, [`build/ts/packaging/${script}.js`, process.arch]);
	});

	test('dpkg installs it with what it asks for', async (t) => {
		const debian = {x64: 'amd64', arm64: 'arm64'}[process.arch as 'arm64' | 'x64'];
		const file = `${resolve('build/deb')}/p2putils_*_${debian}.deb`;
		// Node may have come by another way than a package.
		const force = '$(dpkg -s nodejs >/dev/null 2>&1 || echo --force-depends)';
		const found = await run(`${steps}; dpkg ${noTriggers} ${force} -i ${file}; dpkg -s p2putils`);
		shows(t, found, {status: 0, stdout: /^Status: install ok installed$/m});
		shows(t, await run(`${steps}; readlink -f /usr/bin/p2p-copy`), {
			status: 0,
			stdout: '/usr/lib/p2putils/bin/p2p-copy\n',
		});
	});

	test('what it installed answers, has pages and completion', async (t) => {
		shows(t, await run(`${steps}; p2p-list --version`), {status: 0, stdout: /^p2p-list \(p2p/});
		shows(t, await run(`${steps}; p2p list $disk $mem`), {status: 0, stdout: /nvme[\s\S]*ram/});
		shows(t, await run(`${steps}; p2p-check $disk $mem`), {stdout: /^direct: /, status: 0});
		const pages = 'for page in /usr/share/man/man[78]/p2p*; do zcat $page | head -n 3; done';
		t.is((await run(pages)).stdout.match(/^\.Dt P2P/gm)?.length, readdirSync('man').length);
		const completed = await run(
			`bash -c '. /usr/share/bash-completion/completions/p2p-check; complete -p p2p-copy'`,
		);
		shows(t, completed, {status: 0, stdout: /-F _p2p p2p-copy/});
	});

	test('--version -v tells what this kernel has', async (t) => {
		const found = await run(`${steps}; p2p --version -v`);
		shows(t, found, {status: 0, stdout: /^ {2}IOMMU +yes \(.*dmar0/m});
		for (const row of [/VFIO type1 +yes$/m, /vfio-pci +yes$/m, /P2PDMA +(yes|unknown)/m])
			t.regex(found.stdout, row);
	});

	test('its p2p-copy compares every byte that it moved', async (t) => {
		shows(t, await run(`${steps}; p2p-bind $disk`), {status: 0});
		const found = await run(`${steps}; p2p-copy $disk/ns1 $mem/bar2 --length 8M --verify --json`);
		t.is(found.status, 0, found.stderr);
		t.is(JSON.parse(found.stdout).result.verifiedBytes, 8 << 20);
		shows(t, await run(`${steps}; p2p-bind --restore`), {status: 0});
	});

	test('it opens no device to anybody', async (t) => {
		const found = await run(
			`${steps}; dpkg -L p2putils | grep -E "udev|systemd|/etc|sbin" || true`,
		);
		shows(t, found, {status: 0, stdout: ''});
		const rule = await run('cat /usr/share/doc/p2putils/examples/70-p2putils.rules');
		shows(t, rule, {status: 0, stdout: /^SUBSYSTEM=="vfio", .*GROUP="p2p"/});
	});

	test('dpkg removes it without a trace', async (t) => {
		const list = 'dpkg -L p2putils >/tmp/p2p-files';
		const purge = `dpkg ${noTriggers} -P p2putils >/dev/null`;
		const left = 'while read f; do [ -d "$f" ] || [ ! -e "$f" ] || echo "$f"; done </tmp/p2p-files';
		const found = await run(`${steps}; ${list}; ${purge}; ${left}`);
		shows(t, found, {status: 0, stdout: ''});
		shows(t, await run('ls -d /usr/lib/p2putils /usr/share/doc/p2putils'), {status: 2});
		shows(t, await run('dpkg -s p2putils'), {status: 1});
	});
}

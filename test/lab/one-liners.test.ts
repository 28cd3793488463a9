// SPDX-License-Identifier: MIT
// The one-liners of README.md and p2p(7), one after the other, as they stand there.

import {readFileSync} from 'node:fs';
import test from 'ava';
import {shows, useLab} from '../helpers/lab.ts';
import {examplesOf} from '../helpers/man.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream acs=rr,cr,uf
	      disk: nvme size=64M
	    downstream acs=rr,cr,uf
	      mem: ram 64M
	`,
);

/** Line by line as in README.md: the status, and what is on standard output. */
const answers: readonly (readonly [number, RegExp])[] = [
	[0, /^0000:03:00\.0 .*nvme.*\n(.*\n)*0000:04:00\.0 .*bar2 64M /m],
	[1, /^no: .*0000:02:00\.0 redirects requests[\s\S]*Try: p2p-acs --route/],
	[0, /0000:02:00\.0[\s\S]*0000:02:01\.0/],
	[0, /^0000:03:00\.0 0000:04:00\.0$/m],
	[5, /^\d+ 0000:03:00\.0 +\?\.D$/m],
	[1, /0000:02:00\.0.*redirect/],
	[0, /^ok 1 - .*direct\n[\s\S]*$/m],
	[0, /^0000:03:00\.0 +nvme -> vfio-pci/],
	[0, /^$/],
	[0, /^0x[0-9a-f]+\n$/],
];

const lines = oneLiners();

function oneLiners(): string[] {
	const [, block = ''] =
		/^## Ten one-liners\n\n```\n([\s\S]*?)```/m.exec(readFileSync('README.md', 'utf8')) ?? [];
	return block.trim().split('\n');
}

test('README.md has ten of them, p2p(7) the same', (t) => {
	t.is(lines.length, answers.length);
	const typed = lines.map((line) => line.replace(/ +# .*/, ''));
	t.deepEqual(
		examplesOf('p2p.7').filter((line) => typed.includes(line)),
		typed,
	);
});

test.serial.before('the files that they name are there', async (t) => {
	const {status, stderr} = await lab.run(
		'p2p-list --capture before.json && echo 03:00.0 04:00.0 direct >node.expect',
		{cwd: '/tmp'},
	);
	t.is(status, 0, stderr);
});

for (const [index, line] of lines.entries()) {
	test.serial(line, async (t) => {
		const [status = -1, stdout = /^\b$/] = answers[index] ?? [];
		shows(t, await lab.run(line, {cwd: '/tmp'}), {status, stdout, stderr: ''});
	});
}

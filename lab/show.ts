// SPDX-License-Identifier: MIT
// `npm start`: a machine with a switch, an NVMe disk and a display; a picture that lies on the disk
// is copied straight into the display's memory, proved, and photographed.

import {mkdirSync, openSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {boot, type Guest, LabError} from './boot.ts';
import {drawPicture, pictureSize} from './picture.ts';
import {projectRoot} from './project.ts';

const drawing = `
root-port
  upstream
    downstream
      disk: nvme size=64M
    downstream
      screen: display
root-port
  far: nvme size=64M cmb=16M
`;

const screenshot = 'build/p2p.png';

try {
	await show();
} catch (error) {
	if (!(error instanceof LabError)) throw error;
	process.stderr.write(`npm start: ${error.message}\n`);
	process.exitCode = 1;
}

async function show(): Promise<void> {
	say('This machine is only looked at; what moves bytes runs in a virtual one.');
	say('Booting a machine with a PCIe switch, an NVMe disk, a display and an IOMMU …');
	const guest = await boot(drawing, {cwd: projectRoot()});
	try {
		writeSync(openSync(guest.image('disk'), 'r+'), drawPicture());
		await step(
			guest,
			'p2p-bind $disk',
			'the disk goes to vfio-pci, so that a program can drive it',
		);
		await step(guest, 'p2p-list', 'the functions that matter, and what they offer');
		await step(guest, 'p2p-check $disk $screen', "may the disk write into the display's memory?");
		await step(guest, 'p2p-check $far $screen', 'and the disk on the other root port?', [1]);
		await step(
			guest,
			`p2p-copy $disk/ns1 $screen/bar0 --length ${pictureSize} --verify --progress`,
			'the picture goes from disk to display, past the CPU and its memory',
		);
		mkdirSync(join(projectRoot(), 'build'), {recursive: true});
		await guest.screenshot(join(projectRoot(), screenshot), 'screen');
	} finally {
		await guest.stop();
	}
	say(`\nThe display as the virtual machine shows it: ${screenshot}`);
	say(
		'Every byte of it came by peer-to-peer DMA and was compared with the disk. Now try your own:',
	);
	say("  p2p-lab -- sh -c 'p2p-list && p2p-check $disk $mem'");
	say('  p2p-list                 the functions of this machine (reads only)');
}

async function step(
	guest: Guest,
	line: string,
	why: string,
	expected: readonly number[] = [0],
): Promise<void> {
	const shown = line.replaceAll(/\$(\w+)/g, (_, label: string) => guest.env[label] ?? label);
	say(`\n# ${why}\n$ ${shown}`);
	const {status} = await guest.run(line, {
		onStdout: (data) => process.stdout.write(data),
		onStderr: (data) => process.stdout.write(data),
	});
	if (!expected.includes(status)) throw new LabError(`${shown} ended with status ${status}`);
}

function say(text: string): void {
	process.stdout.write(`${text}\n`);
}

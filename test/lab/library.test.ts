// SPDX-License-Identifier: MIT
// The library where there are devices: the example of docs/, and a copy that is aborted.

import test from 'ava';
import {shows, useLab} from '../helpers/lab.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=64M
	    downstream
	      mem: ram 64M
	`,
);

test.serial(
	'docs/examples/direct-copy.js copies what it finds, and says what is missing',
	async (t) => {
		shows(t, await lab.run('node docs/examples/direct-copy.js $disk'), {
			status: 2,
			stdout: /^0000:04:00\.0: direct, by 0000:02:00\.0, 0000:01:00\.0, 0000:02:01\.0\n$/,
			stderr: /is not bound to vfio-pci.*\n {2}Try: p2p-bind /,
		});
		await lab.run('p2p-bind $disk');
		shows(t, await lab.run('node docs/examples/direct-copy.js $disk'), {
			status: 0,
			stdout: /\n0000:04:00\.0\/bar2: 16777216 bytes, CRC-32C 0x[0-9a-f]{8}\n$/,
			stderr: '',
		});
	},
);

test.serial('what a listener throws ends the copy and comes out of it', async (t) => {
	const program = `
		import {copy} from 'p2putils';
		const onProgress = () => { throw new Error('no more'); };
		const work = copy(process.env.disk + '/ns1', process.env.mem + '/bar2', {onProgress});
		await work.then(() => console.log('all'), (error) => console.log(error.message));
	`;
	const result = await lab.guest().run(['node', '--input-type=module', '-e', program]);
	shows(t, result, {status: 0, stdout: 'no more\n', stderr: ''});
});

test.serial('a signal that aborts ends the copy, and Bus Master with it', async (t) => {
	const program = `
		import {copy} from 'p2putils';
		const end = new AbortController();
		const told = [];
		const onProgress = ({bytes}) => { told.push(bytes); if (bytes > 0) end.abort(new Error('enough')); };
		const work = copy(process.env.disk + '/ns1', process.env.mem + '/bar2', {signal: end.signal, onProgress});
		await work.then(() => console.log('all'), (error) => console.log(error.message, told.length > 0));
	`;
	await lab.slowDown('disk', 8 << 20);
	const result = await lab.guest().run(['node', '--input-type=module', '-e', program]);
	await lab.slowDown('disk', 0);
	shows(t, result, {status: 0, stdout: 'enough true\n', stderr: ''});
	const {stdout} = await lab.run('setpci -s $disk COMMAND');
	t.is(Number.parseInt(stdout, 16) & 4, 0);
	shows(t, await lab.run('p2p-copy $disk/ns1 $mem/bar2 --verify'), {status: 0});
});

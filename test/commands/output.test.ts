// SPDX-License-Identifier: MIT
// Standard output that ends early, is full, closed, or is taken slowly.

import {spawnSync} from 'node:child_process';
import test, {type ExecutionContext} from 'ava';
import {machine} from '../helpers/machine.ts';

/** More than a pipe holds. */
const large = Array.from({length: 18}, () => 'root-port\n  function functions=8\n').join('');

function bash(t: ExecutionContext, line: string) {
	const env = {...process.env, root: machine(t, large), node: process.execPath};
	return spawnSync('bash', ['-c', line], {encoding: 'utf8', env});
}

const list = '"$node" bin/p2p-list --all --json --sysroot "$root"';

test('all of it goes through a pipe', (t) => {
	const {stdout} = bash(t, `${list} | cat`);
	t.true(stdout.length > 100_000);
	t.true(JSON.parse(stdout).functions.length > 150);
});

test('a reader that goes away ends the program as SIGPIPE does', (t) => {
	const {stdout, stderr} = bash(t, `${list} | head -c 1; echo " \${PIPESTATUS[0]}"`);
	t.is(stdout, '{ 141\n');
	t.is(stderr, '');
});

test('a full disk is said, and is trouble', (t) => {
	const {status, stderr} = bash(t, `${list} >/dev/full`);
	t.is(status, 2);
	t.regex(stderr, /^p2p-list: write error: no space left on device\n$/);
});

test('standard output that nobody wants is no error', (t) => {
	// As node's and Python's own null devices are: open to read and write.
	for (const streams of ['>/dev/null', '<>/dev/null 1>&0', '1<>/dev/null'])
		t.is(bash(t, `${list} ${streams}`).status, 0, streams);
});

test('names with control characters do not reach the terminal as they are', (t) => {
	const {stderr} = bash(t, `"$node" bin/p2p-list --sysroot "$root" $'\\e[2Jnvme'`);
	t.regex(stderr, /^p2p-list: '\?\[2Jnvme' names no function;/);
});

test('a name that is not UTF-8 is refused: another would be meant', (t) => {
	const {status, stderr} = bash(t, `"$node" bin/p2p-list --from $'na\\xff.json'`);
	t.is(status, 2);
	t.is(stderr, "p2p-list: 'na\ufffd.json' is not UTF-8, and no other names can be passed on\n");
});

test('a file that never ends, or cannot be made, is said by name', (t) => {
	const endless = bash(t, `"$node" bin/p2p-list --from /dev/zero`);
	t.is(endless.status, 2);
	t.is(endless.stderr, 'p2p-list: /dev/zero is longer than any machine on paper (1 GiB)\n');
	const place = bash(t, `"$node" bin/p2p-list --sysroot "$root" --capture /nowhere/x`);
	t.is(place.status, 2);
	t.is(place.stderr, 'p2p-list: /nowhere/x: no such file or directory\n');
});

test('a closed standard error keeps nothing from its answer', (t) => {
	const {status, stdout} = bash(t, `${list} 2>&- | tail -c 2; exit "\${PIPESTATUS[0]}"`);
	t.is(status, 0);
	t.is(stdout, '}\n');
});

test('a pipe that does not block, with a slow reader, gets all of it', (t) => {
	const reader = `
import os, subprocess, sys, time
r, w = os.pipe()
os.set_blocking(w, False)
program = subprocess.Popen(sys.argv[1:], stdout=w)
os.close(w)
time.sleep(1)
print(len(os.fdopen(r, 'rb').read()), program.wait())
`;
	const words = list.replaceAll('"', '').replace('$node', '"$node"').replace('$root', '"$root"');
	const {stdout, stderr} = bash(t, `python3 -c "${reader}" ${words}; ${list} | wc -c`);
	const [slow, all] = stdout.trim().split('\n');
	t.is(slow, `${all} 0`, stderr);
});

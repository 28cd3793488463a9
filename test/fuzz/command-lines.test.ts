// SPDX-License-Identifier: MIT
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {projectRoot} from '../../lab/project.ts';
import {rounds, seed} from '../helpers/fuzz.ts';
import {machine} from '../helpers/machine.ts';

test('whatever the words, a program ends with a status and a sentence', (t) => {
	const root = machine(t, 'root-port acs=rr\n  nvme cmb=1M\nroot-port\n  ram 1M');
	const cwd = mkdtempSync(join(tmpdir(), 'p2p-test-'));
	t.teardown(() => rmSync(cwd, {recursive: true}));
	const program = join(projectRoot(), 'build/ts/test/helpers/command-lines.js');
	const {status, stderr} = spawnSync(
		process.execPath,
		[program, root, `${seed}`, `${rounds(600)}`],
		{cwd, encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe']},
	);
	t.is(status, 0, stderr);
});

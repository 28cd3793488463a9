// SPDX-License-Identifier: MIT
// What bash, zsh and fish offer, asked of these shells themselves; no function of this machine counts.

import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {drawMachine} from '../lab/sysfs.ts';
import {valuesByName} from '../lib/completion.ts';
import {flagsOf} from '../lib/help.ts';
import {commands} from '../lib/main.ts';
import {type Offer, offers, type Shell, wordsOf} from './helpers/complete.ts';

const root = drawMachine(readFileSync('lab/machines/default.machine', 'utf8'));
test.after.always(() => rmSync(root, {recursive: true}));

const machine = 'lab/machines/acs.machine';
const functions = [3, 4, 5, 6, 7].map((bus) => `0000:0${bus}:00.0`);
const bars = ['04:00.0/bar0', '04:00.0/bar2'];

const cases: Readonly<Record<string, readonly string[]>> = {
	'p2p ch': ['check'],
	'p2p ': Object.keys(commands),
	'p2p check --fi': ['--fix'],
	'p2p-copy --over': ['--overwrite-signature'],
	'p2p-copy --verify=': ['--verify=full', '--verify=sample', '--verify=none'],
	'p2p-copy --mechanism ': ['type1', 'iommufd'],
	'p2p-copy --json --width ': ['1', '2', '4', '8'],
	'p2p-acs --clear=rr,c': ['--clear=rr,cr'],
	'p2p-list -o PATH,AC': ['PATH,ACS'],
	'p2p-copy --allow register-bar,driver': ['register-bar,driver-owned'],
	'p2p-lab --machine=two-r': ['--machine=two-roots'],
	'p2p-lab -- p2p-che': ['p2p-check'],
	'p2p-check --kernel ': [],
	[`p2p-check --sysroot ${root} `]: functions,
	[`p2p-check --sysroot=${root} 03`]: ['03:00.0'],
	[`p2p check --sysroot ${root} 03:00.0 04:`]: ['04:00.0'],
	[`p2p-list --sysroot ${root} card`]: ['card0'],
	[`p2p-acs --sysroot ${root} 02:`]: ['02:00.0', '02:01.0'],
	[`p2p-acs --sysroot ${root} --rebind=03`]: ['--rebind=03:00.0'],
	[`p2p-check --from ${machine} 03`]: ['03:00.0'],
	[`p2p-copy --sysroot=${root} 04`]: ['04:00.0/'],
	[`p2p-copy --sysroot=${root} 04:00.0/`]: bars,
	[`p2p-copy --sysroot=${root} --via=04:00.0/bar2`]: ['--via=04:00.0/bar2'],
	[`p2p-copy --sysroot=${root} nvme0n1/b`]: ['nvme0n1/bar0', 'nvme0n1/bar2'],
	[`p2p-copy --sysroot=${root} 03:00.0/n`]: ['03:00.0/ns1'],
	[`p2p-map --sysroot=${root} 03:00.0 04:00.0/`]: bars,
};

for (const shell of ['bash', 'zsh', 'fish'] as const) {
	const found = new Map<string, readonly Offer[]>();

	test.before(`${shell} is asked`, () => {
		for (const [line, words] of offers(shell, [...Object.keys(cases), 'p2p-bench --s']))
			found.set(line, words);
	});

	for (const [line, words] of Object.entries(cases)) {
		test(`${shell} offers what can follow ${line.replace(root, 'DIR')}`, (t) => {
			t.deepEqual(wordsOf(found.get(line)), [...words].sort());
		});
	}

	test(`${shell} offers options by what they begin with`, (t) => {
		const options = wordsOf(found.get('p2p-bench --s')).map((word) => word.replace('=', ''));
		t.deepEqual([...new Set(options)], ['--sizes', '--svg']);
	});

	test(`${shell} reads its file without a word`, (t) => {
		const file = shell === 'zsh' ? '_p2p' : `p2p.${shell}`;
		const {status, stderr} = spawnSync(shell, ['-n', `build/completions/${file}`], {
			encoding: 'utf8',
		});
		t.deepEqual([status, stderr], [0, '']);
	});
}

for (const shell of ['zsh', 'fish'] satisfies Shell[]) {
	test(`${shell} says what a function, a BAR, an option and a program is`, (t) => {
		const lines = [
			`p2p-check --sysroot ${root} 03`,
			`p2p-copy --sysroot ${root} 04:00.0/bar2`,
			'p2p-check --fi',
			'p2p cop',
		];
		const texts = [...offers(shell, lines).values()].map(([first]) => first?.text ?? '');
		const expected = [/nvme/, /64M, prefetchable/, /the smallest change/, /Move bytes/];
		t.is(texts.length, expected.length);
		for (const [index, pattern] of expected.entries()) t.regex(texts[index] ?? '', pattern);
	});
}

test('bash replaces only what is behind the last : and =', (t) => {
	t.deepEqual(completedByBash(`p2p-check --sysroot ${root} 03:0`), ['00.0']);
	t.deepEqual(completedByBash(`p2p-copy --sysroot=${root} --via=04:00.0/bar2`), ['00.0/bar2']);
	t.deepEqual(completedByBash('p2p-copy --verify=f'), ['full']);
});

test('bash leaves files to readline, and endpoints without a blank behind them', (t) => {
	t.deepEqual(completedByBash('p2p-copy ./READ'), ['compopt -o default']);
	t.deepEqual(completedByBash('p2p-check --from '), ['compopt -o default']);
	t.deepEqual(completedByBash(`p2p-copy --sysroot=${root} 04`), ['compopt -o nospace', '04:00.0/']);
});

test('bash in a terminal completes a name in two steps', (t) => {
	const typed = `. build/completions/p2p.bash\np2p-check() { echo "GOT<$*>"; }\n`;
	const line = `p2p-check --sysroot ${root} 03:\t 0000:04\t\nexit\n`;
	const {stdout} = spawnSync('script', ['-qec', 'bash --norc -i', '/dev/null'], {
		input: typed + line,
		env: {...process.env, TERM: 'dumb'},
		encoding: 'utf8',
		timeout: 60_000,
	});
	t.true(stdout.includes(`GOT<--sysroot ${root} 03:00.0 0000:04:00.0>`), stdout);
});

for (const [id, load] of Object.entries(commands)) {
	test(`p2p-${id} has no option whose value is not known to completion`, async (t) => {
		const {default: Class} = await load();
		const unknown = Object.entries(flagsOf(Class)).filter(
			([, flag]) =>
				flag.type === 'option' && !flag.options && !valuesByName[String(flag.helpValue)],
		);
		t.deepEqual(unknown, []);
	});

	test(`bash offers every option of p2p-${id} that --help has`, async (t) => {
		const flags = Object.entries(flagsOf((await load()).default));
		const shown = flags.filter(([, flag]) => !flag.hidden).map(([name]) => name);
		const line = `p2p-${id} --`;
		const words = wordsOf(offers('bash', [line]).get(line)).map((word) => word.replace('=', ''));
		const expected = [...shown, 'help', 'version'].map((name) => `--${name}`).sort();
		t.deepEqual([...new Set(words)].sort(), expected);
	});
}

/** With the word breaks that bash has by default. */
function completedByBash(line: string): string[] {
	const script = `
		. build/completions/p2p.bash
		compopt() { echo "compopt $*"; }
		COMP_LINE=$1 COMP_POINT=\${#1}
		_p2p
		((\${#COMPREPLY[@]} == 0)) || printf '%s\\n' "\${COMPREPLY[@]}"`;
	const breaks = "COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'\n";
	const {stdout} = spawnSync('bash', ['--norc', '-c', breaks + script, 'bash', line], {
		encoding: 'utf8',
	});
	return stdout.split('\n').filter(Boolean);
}

test('no shell runs what stands on the line or in a copy of sysfs', (t) => {
	const hostile = drawMachine('root-port\n  ram 1M\n');
	const trap = join(hostile, 'trap');
	const resource = `0x1000 x[$(touch\${IFS}${trap})] 0x200\n`;
	writeFileSync(join(hostile, 'sys/bus/pci/devices/0000:01:00.0/resource'), resource);
	const lines = [
		`p2p-copy --sysroot=${hostile} 01:00.0/`,
		`p2p-check $(touch\${IFS}${trap}) `,
		`p2p $(touch\${IFS}${trap}) `,
		`p2p-check --from=$(touch\${IFS}${trap}) 0`,
	];
	// As of bash 5.1, which looked at subscripts twice.
	const script = [
		'BASH_COMPAT=5.1; . build/completions/p2p.bash',
		...lines.map(
			(line) => `COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(\${COMP_LINE}); _p2p`,
		),
	].join('\n');
	const {stderr} = spawnSync('bash', ['-c', script], {encoding: 'utf8'});
	offers('zsh', lines.slice(0, 1));
	offers('fish', lines.slice(0, 1));
	t.false(existsSync(trap), stderr);
	rmSync(hostile, {recursive: true});
});

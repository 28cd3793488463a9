// SPDX-License-Identifier: MIT
// The lines of docs/fleets.md do what it says, with the tools that they are for.

import {spawnSync} from 'node:child_process';
import {
	cpSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {fleetEnvironment, fleetFolder} from '../lab/fleet.ts';
import {drawMachine} from '../lab/sysfs.ts';
import {cut} from './helpers/machine.ts';
import {run} from './helpers/program.ts';
import {promtool} from './helpers/promtool.ts';
import {startSlurm} from './helpers/slurm.ts';

const page = readFileSync('docs/fleets.md', 'utf8');
const drawing = (acs: string) => `
	machine cpu=EPYC
	root-port
	  upstream
	    downstream acs=${acs}
	      nvme
	    downstream acs=${acs}
	      ram 64M
	root-port
	  nic
`;
const expected = '03:00.0 04:00.0 direct\n';
const features = '/etc/kubernetes/node-feature-discovery/features.d';
const textfiles = '/var/lib/prometheus/node-exporter';

/** A node, its p2p-check and its files; OF_NODE says which machine it is. */
class Site {
	readonly folder: string;

	constructor(t: ExecutionContext, machines: Readonly<Record<string, string>>) {
		this.folder = mkdtempSync(join(tmpdir(), 'p2p-fleets-'));
		t.teardown(() => rmSync(this.folder, {recursive: true, force: true}));
		for (const name of ['bin', 'etc', 'features', 'textfiles']) mkdirSync(this.path(name));
		writeFileSync(this.path('etc/expect'), expected);
		for (const [name, text] of Object.entries(machines)) this.#draw(t, name, text);
		const program = `${process.execPath} ${resolve('bin/p2p-check')}`;
		this.program('p2p-check', `exec ${program} --sysroot ${this.folder}/\${OF_NODE:-node1} "$@"`);
	}

	path(name: string): string {
		return join(this.folder, name);
	}

	program(name: string, text: string): string {
		writeFileSync(this.path(`bin/${name}`), `#!/bin/sh\n${text}\n`, {mode: 0o755});
		return this.path(`bin/${name}`);
	}

	/** The machine of that name becomes this one. */
	become(name: string): void {
		const [now, next] = [this.path('node1'), this.path(name)];
		rmSync(now);
		symlinkSync(realpathSync(next), now);
	}

	#draw(t: ExecutionContext, name: string, text: string): void {
		const root = drawMachine(text);
		t.teardown(() => rmSync(root, {recursive: true}));
		symlinkSync(root, this.path(name));
	}

	async environment(): Promise<NodeJS.ProcessEnv> {
		const env = fleetEnvironment(await fleetFolder());
		return {...env, PATH: `${this.path('bin')}:${env.PATH}`};
	}

	/** A block of the page as it stands there, but for the folders. */
	async type(block: string) {
		const line = block
			.replaceAll('/etc/p2putils', this.path('etc'))
			.replaceAll(features, this.path('features'))
			.replaceAll(textfiles, this.path('textfiles'));
		const env = await this.environment();
		return spawnSync('sh', ['-c', line], {cwd: this.folder, env, encoding: 'utf8'});
	}
}

/** The literal blocks of a sort below a heading. */
function blocks(heading: string, sort: string): string[] {
	const [, text = ''] = new RegExp(`^#+ ${heading}\n(.*?)(?=^#|(?![^]))`, 'ms').exec(page) ?? [];
	return [...text.matchAll(new RegExp(`^\`\`\`${sort}\n(.*?)^\`\`\``, 'gms'))].map(
		([, block = '']) => block,
	);
}

test('every block of a shell is typed by a test', (t) => {
	const headings = ['Fleets', 'Prometheus', 'Kubernetes', 'All nodes at once'];
	const known = headings.flatMap((heading) => blocks(heading, 'sh'));
	t.deepEqual(
		known,
		[...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, it]) => it),
	);
	t.is(known.length, 5);
});

test('what a good machine says is a file of expectations, which it meets', async (t) => {
	const site = new Site(t, {node1: drawing('0'), worse: drawing('rr')});
	const {stderr} = await site.type(blocks('Fleets', 'sh')[0] ?? '');
	t.is(stderr, '');
	const ends = () =>
		run('p2p-check', '--sysroot', site.path('node1'), '--expect', site.path('expect'));
	t.regex(ends().stdout, /^6 of 6 as expected$/m);
	t.is(ends().status, 0);
	site.become('worse');
	t.is(ends().status, 1);
});

test('what a good machine cannot tell is not expected of others', async (t) => {
	const site = new Site(t, {node1: drawing('0')});
	cut(realpathSync(site.path('node1')), '0000:02:01.0');
	t.is((await site.type(blocks('Fleets', 'sh')[0] ?? '')).stderr, '');
	const root = site.path('node1');
	const {status, stdout} = run('p2p-check', '--sysroot', root, '--expect', site.path('expect'));
	t.regex(stdout, /^([1-5]) of \1 as expected$/m);
	t.is(status, 0);
});

test('node_exporter finds metrics, also of what is not as expected, and none after trouble', async (t) => {
	const site = new Site(t, {node1: drawing('0'), worse: drawing('rr')});
	const [block = ''] = blocks('Prometheus', 'sh');
	const file = site.path('textfiles/p2putils.prom');
	for (const [node, value] of [
		['node1', 1],
		['worse', 0],
	] as const) {
		if (node !== 'node1') site.become(node);
		t.is((await site.type(block)).status, 0);
		const metrics = readFileSync(file, 'utf8');
		t.is(await promtool(metrics), '');
		t.true(metrics.includes(`,state="met"} ${value}\n`), metrics);
	}
	writeFileSync(site.path('etc/expect'), 'nonsense\n');
	t.regex((await site.type(block)).stderr, /a line is CLIENT PROVIDER WORD/);
	t.deepEqual(readdirSync(site.path('textfiles')), []);
});

test('alerts fire where they should, by promtool', async (t) => {
	const site = new Site(t, {});
	const rules = blocks('Prometheus', 'yaml').join('').replaceAll(/^/gm, '  ');
	const write = (text: string) =>
		writeFileSync(site.path('rules'), `groups:\n- name: p2p\n  rules:\n${text}`);
	write(rules);
	cpSync('test/helpers/fleets.rules', site.path('test'));
	const env = await site.environment();
	const ask = () =>
		spawnSync('promtool', ['test', 'rules', 'test'], {cwd: site.folder, env, encoding: 'utf8'});
	t.is(ask().status, 0, ask().stdout + ask().stderr);
	write(rules.replace('== 0', '== 7'));
	t.is(ask().status, 1);
});

/** Of Node Feature Discovery's input format and of Kubernetes' labels. */
const label = /^feature\.node\.kubernetes\.io\/([\w.-]+)=([\w.-]*)$/;
const part = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;

test('labels are such as Kubernetes takes, and go where nothing can be said', async (t) => {
	const site = new Site(t, {node1: drawing('0'), worse: drawing('rr')});
	const [block = ''] = blocks('Kubernetes', 'sh');
	const labels = async () => {
		const {status, stderr} = await site.type(block);
		t.is(status, 0, stderr);
		t.deepEqual(readdirSync(site.path('features')), ['p2putils']);
		const lines = readFileSync(site.path('features/p2putils'), 'utf8').split('\n').slice(0, -1);
		return lines.map((line) => {
			const [, name = '', value = ''] = label.exec(line) ?? [];
			t.regex(name, part, line);
			t.regex(value, part, line);
			return `${name}=${value}`;
		});
	};
	t.deepEqual(await labels(), [
		'p2putils-as-expected=yes',
		'p2putils-pairs.direct=2',
		'p2putils-pairs.through-root=4',
	]);
	site.become('worse');
	t.deepEqual(await labels(), ['p2putils-as-expected=no', 'p2putils-pairs.through-root=6']);
	rmSync(site.path('etc/expect'));
	t.deepEqual(await labels(), ['p2putils-pairs.through-root=6']);
});

test('clush puts equal answers together and ends with the worst status', async (t) => {
	const site = new Site(t, {node1: drawing('0'), node2: drawing('0'), node3: drawing('rr')});
	const good = run('p2p-list', '--sysroot', site.path('node1'), '--capture', '-').stdout;
	writeFileSync(site.path('etc/good.json'), good);
	// Its worker exec starts on this machine what ssh would start on the nodes.
	const local = (line: string) =>
		line.replace('clush', 'clush -R exec').replace('p2p-check', 'OF_NODE=%h p2p-check');
	const [expect = '', diff = ''] = blocks('All nodes at once', 'sh');
	const judged = await site.type(local(expect));
	t.is(judged.status, 1, judged.stderr);
	t.regex(
		judged.stdout,
		/^node\[1-2\] \(2\)\n-+\nok .*\n\n1 of 1 as expected\n-+\nnode3\n-+\nNO /m,
	);
	const compared = await site.type(local(diff));
	t.is(compared.status, 1, compared.stderr);
	t.regex(compared.stdout, /^-+\nnode3\n-+\n0000:02:00\.0 gained redirect/);
});

test('slurmd drains a node that is not as expected, and leaves other reasons alone', async (t) => {
	const site = new Site(t, {node1: drawing('0'), worse: drawing('rr'), better: drawing('0')});
	const health = resolve('docs/examples/slurm-health');
	const slurm = await startSlurm(t, site.folder, (env) => {
		const {PATH, LD_LIBRARY_PATH, SLURM_CONF} = env;
		const variables = {PATH: `${site.path('bin')}:${PATH}`, LD_LIBRARY_PATH, SLURM_CONF};
		const lines = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
		return site.program(
			'health',
			[
				...lines,
				`echo >>${site.path('asked')}`,
				`exec ${health} --expect ${site.path('etc/expect')}`,
			].join('\n'),
		);
	});
	const asked = () => readFileSync(site.path('asked'), 'utf8').length;
	const untilAsked = async () => {
		const before = asked();
		while (asked() < before + 2) await slurm.until(/./);
	};

	await slurm.until(/^idle none$/);
	await untilAsked();
	t.is(await slurm.until(/./), 'idle none');

	site.become('worse');
	t.regex(
		await slurm.until(/^drained/),
		/^drained p2p-check: 03:00\.0 04:00\.0 direct: through-root: .*0000:02:0[01]\.0/,
	);
	slurm.run('scontrol', 'update', 'NodeName=node1', 'State=DRAIN', 'Reason=new disk');
	await untilAsked();
	t.is(await slurm.until(/./), 'drained new disk');

	site.become('better');
	slurm.run('scontrol', 'update', 'NodeName=node1', 'State=RESUME');
	await slurm.until(/^idle none$/);
	writeFileSync(site.path('etc/expect'), 'nonsense\n');
	await untilAsked();
	t.is(await slurm.until(/./), 'idle none');
	t.regex(slurm.log(), /rc:2 output:p2p-check: \S+:1: a line is CLIENT PROVIDER WORD/);
});

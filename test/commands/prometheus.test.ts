// SPDX-License-Identifier: MIT
// p2p-check --prometheus: metrics that Prometheus' promtool takes; a lab's are in test/lab/json.test.ts.

import {mkdtempSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {attribute, cut, machine} from '../helpers/machine.ts';
import {run} from '../helpers/program.ts';
import {promtool} from '../helpers/promtool.ts';

const drawing = `
	machine cpu=EPYC
	root-port
	  upstream
	    downstream acs=0
	      nvme
	    downstream acs=0
	      ram 64M
	root-port
	  nic
`;

function fileOf(text: string): string {
	const file = join(mkdtempSync(join(tmpdir(), 'p2p-prometheus-')), 'expect');
	writeFileSync(file, text);
	return file;
}

/** The samples, which promtool has nothing against. */
async function metricsOf(
	t: ExecutionContext,
	root: string,
	status: number,
	...words: readonly string[]
): Promise<string[]> {
	const answer = run('p2p-check', '--sysroot', root, '--prometheus', ...words);
	t.is(answer.status, status, answer.stderr);
	t.is(answer.stderr, '');
	t.is(await promtool(answer.stdout), '');
	const samples = answer.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
	const series = samples.map((line) => line.replace(/ \S+$/, ''));
	t.deepEqual(series, [...new Set(series)]);
	return samples;
}

test('a pair: its verdict, its slowest link in bytes a second, and when that was', async (t) => {
	const before = Math.floor(Date.now() / 1000);
	const [info, link, time, ...more] = await metricsOf(
		t,
		machine(t, drawing),
		0,
		'03:00.0',
		'04:00.0',
	);
	const pair = 'client="0000:03:00.0",provider="0000:04:00.0"';
	t.is(info, `p2putils_pair_info{${pair},verdict="direct"} 1`);
	const [name, rate] = link?.split(' ') ?? [];
	t.is(name, `p2putils_pair_bottleneck_bytes_per_second{${pair}}`);
	t.true(Number(rate) > 1e9 && Number.isInteger(Number(rate)), rate);
	const [, seconds] = /^p2putils_check_timestamp_seconds (\d+)$/.exec(time ?? '') ?? [];
	t.true(Number(seconds) >= before && Number(seconds) <= Date.now() / 1000, time);
	t.deepEqual(more, []);
});

test('a matrix: each pair of endpoints once, whatever names were given', async (t) => {
	const root = machine(t, drawing);
	const pairs = (lines: readonly string[]) =>
		lines.filter((line) => line.startsWith('p2putils_pair_info'));
	t.is(pairs(await metricsOf(t, root, 0, '--matrix')).length, 6);
	const named = await metricsOf(t, root, 0, '--matrix', 'nvme0', '03:00.0', '0000:04:00.0');
	t.is(pairs(named).length, 2);
});

test('expectations: one state of three, a line that stands there twice counts once', async (t) => {
	const file = fileOf('03:00.0 04:00.0 direct\nnvme0 eth0 direct\n03:00.0 04:00.0 direct\n');
	const lines = await metricsOf(t, machine(t, drawing), 1, '--expect', file);
	t.deepEqual(
		lines.filter((line) => line.startsWith('p2putils_expectation_state')),
		[
			'client="03:00.0",provider="04:00.0",expected="direct",state="met"} 1',
			'client="03:00.0",provider="04:00.0",expected="direct",state="unmet"} 0',
			'client="03:00.0",provider="04:00.0",expected="direct",state="unknown"} 0',
			'client="nvme0",provider="eth0",expected="direct",state="met"} 0',
			'client="nvme0",provider="eth0",expected="direct",state="unmet"} 1',
			'client="nvme0",provider="eth0",expected="direct",state="unknown"} 0',
		].map((line) => `p2putils_expectation_state{${line}`),
	);
	t.is(lines.filter((line) => line.startsWith('p2putils_pair_info')).length, 2);
});

test('what cannot be told is a state of its own, and a rate that is not known is left out', async (t) => {
	const root = machine(t, drawing);
	cut(root, '0000:02:01.0');
	const [info, rate] = await metricsOf(t, root, 5, '03:00.0', '04:00.0');
	t.regex(info ?? '', /,verdict="unknown"\} 1$/);
	t.regex(rate ?? '', /^p2putils_pair_bottleneck/);
	const lines = await metricsOf(t, root, 5, '--expect', fileOf('03:00.0 04:00.0 direct\n'));
	t.deepEqual(
		lines.slice(0, 3).map((line) => line.replace(/.*state=/, '')),
		['"met"} 0', '"unmet"} 0', '"unknown"} 1'],
	);
	for (const bdf of ['00:01.0', '01:00.0', '02:00.0', '02:01.0', '03:00.0', '04:00.0'])
		attribute(root, `0000:${bdf}`, 'current_link_speed', 'Unknown');
	const rates = (await metricsOf(t, root, 5, '03:00.0', '04:00.0')).slice(1, -1);
	t.deepEqual(rates, []);
});

test('names that need it are escaped; a function that is not there has no pair', async (t) => {
	const file = fileOf('a"b\\c 04:00.0 direct\n');
	const [met, unmet, ...more] = await metricsOf(t, machine(t, drawing), 1, '--expect', file);
	t.true(met?.endsWith('{client="a\\"b\\\\c",provider="04:00.0",expected="direct",state="met"} 0'));
	t.true(unmet?.endsWith('state="unmet"} 1'));
	t.is(more.length, 2);
});

test('promtool finds what is wrong', async (t) => {
	t.regex(await promtool('p2putils_pair_info{client="a\n'), /^1: /);
	t.regex(await promtool('p2putilsTotal 1\n'), /^3: .*no help text/s);
});

test('trouble leaves nothing to be taken for metrics', (t) => {
	const root = machine(t, drawing);
	for (const words of [
		['03:00.0', '0f:00.0'],
		['--matrix', '0f:00.0'],
		['--expect', '/nope'],
		['--json', '03:00.0', '04:00.0'],
		['--tap', '--expect', fileOf('a b direct\n')],
		['--fix', '03:00.0', '04:00.0'],
	]) {
		const {status, stdout} = run('p2p-check', '--sysroot', root, '--prometheus', ...words);
		t.deepEqual([status, stdout], [2, ''], words.join(' '));
	}
});

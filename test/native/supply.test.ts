// SPDX-License-Identifier: MIT
// What a user may not read, lent by the superuser's capture: what is taken from it, and when
// nothing is.

import {execFileSync} from 'node:child_process';
import {chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {type Capture, native, type Read} from '../../lib/native.ts';
import {file, machine} from '../helpers/machine.ts';

const [client, provider] = ['0000:03:00.0', '0000:04:00.0'];

type Row = Record<string, unknown> & {bdf: string; config: string};
type Paper = {machine: Record<string, unknown>; functions: Row[]};

/** A switch as the superuser captures it. */
async function whole(t: ExecutionContext, acs = '0'): Promise<Paper> {
	const root = machine(
		t,
		`
		machine cpu=EPYC
		root-port
		  upstream
		    downstream acs=${acs}
		      nvme
		    downstream acs=${acs}
		      ram 64M
		`,
	);
	file(root, 'proc/sys/kernel/random/boot_id', '6f9619ff-8b86-d011-b42d-00c04fc964ff\n');
	return structuredClone(await native.capture({root})) as Paper;
}

/** The same as a user sees it: the header of configuration space. */
function cut(paper: Paper): Paper {
	const {functions, ...rest} = structuredClone(paper);
	return {...rest, functions: functions.map((it) => ({...it, config: it.config.slice(0, 128)}))};
}

async function supplied(seen: Paper, capture: Paper): Promise<Read> {
	const source = await native.read({capture: seen});
	const rest = {path: '/run/x', refusal: '', detail: ''};
	return native.supply(source, {...rest, capture: capture as Capture});
}

async function verdictOf(source: Read) {
	const {machine: about, pairs} = await native.check(source, [[client, provider]]);
	return {
		word: pairs[0]?.verdict,
		missing: pairs[0]?.missing,
		supply: about.supply,
		pair: pairs[0],
	};
}

function rowOf(paper: Paper, bdf: string): Row {
	const row = paper.functions.find((it) => it.bdf === bdf);
	if (row === undefined) throw new Error(`no ${bdf}`);
	return row;
}

for (const [acs, word] of [
	['0', 'direct'],
	['rr', 'through-root'],
] as const) {
	test(`a capture of the same boot makes an unknown ${word}`, async (t) => {
		const all = await whole(t, acs);
		const source = await native.read({capture: cut(all)});
		t.true(source.isCut);
		t.is((await verdictOf(source)).word, 'unknown');
		const {word: now, missing, supply} = await verdictOf(await supplied(cut(all), all));
		t.is(now, word);
		t.deepEqual(missing, []);
		t.deepEqual(supply, {path: '/run/x', refusal: null, detail: null});
	});
}

test('of ports the configuration space is lent, of other functions nothing but ACS', async (t) => {
	const all = await whole(t);
	const {functions} = await native.scan(await supplied(cut(all), all));
	const sizes = Object.fromEntries(functions.map((it) => [it.bdf, it.configSize]));
	t.is(sizes['0000:02:00.0'], 4096);
	t.is(sizes[client], 64);
	t.is(functions.find(({bdf}) => bdf === client)?.hasAcs, false);
});

test('what this user reads himself stays as he reads it', async (t) => {
	const all = await whole(t);
	const seen = cut(all);
	Object.assign(rowOf(seen, client), {driver: 'vfio-pci', iommuGroup: 7});
	Object.assign(rowOf(all, client), {driver: 'nvme', iommuGroup: 8});
	const port = rowOf(seen, '0000:02:00.0');
	// COMMAND, at 4: neither Memory nor Bus Master.
	port.config = `${port.config.slice(0, 8)}0000${port.config.slice(12)}`;
	const source = await supplied(seen, all);

	const {functions} = await native.scan(source);
	const it = functions.find(({bdf}) => bdf === client);
	t.is(it?.driver, 'vfio-pci');
	t.is(it?.iommuGroup, 7);
	const {pair} = await verdictOf(source);
	t.true(pair?.fabric.conditions.some(({code, bdf}) => code === 'memory-off' && bdf === port.bdf));
});

for (const [what, boots] of [
	['of another boot', ['a', 'b']],
	['of no boot that is known', ['a', null]],
	['where this boot is not known', [null, 'a']],
	['where no boot is known', [null, null]],
] as const) {
	test(`a capture ${what} lends nothing`, async (t) => {
		const all = await whole(t);
		const seen = cut(all);
		seen.machine.bootId = boots[0];
		all.machine.bootId = boots[1];
		const {word, supply} = await verdictOf(await supplied(seen, all));
		t.is(word, 'unknown');
		t.is(supply?.refusal, 'other-boot');
	});
}

// Bus numbers stand at 0x18, as six digits from 48 on.
for (const [what, change] of [
	['of another kind', (row: Row) => ({device: (row.device as number) + 1})],
	['of another maker', () => ({subVendor: 0x1234})],
	['with other buses behind it', (row: Row) => ({config: withByte(row.config, 0x19, '77')})],
	['elsewhere in the tree', () => ({path: '0000:00:05.0/00.0/00.0'})],
] as const) {
	test(`a port that was one ${what} at the time gets nothing`, async (t) => {
		const all = await whole(t);
		const seen = cut(all);
		const port = rowOf(all, '0000:02:00.0');
		Object.assign(port, change(port));
		const {word, missing} = await verdictOf(await supplied(seen, all));
		t.is(word, 'unknown');
		t.deepEqual(missing, ['0000:02:00.0 ACS']);
	});
}

function withByte(config: string, offset: number, digits: string): string {
	return config.slice(0, 2 * offset) + digits + config.slice(2 * offset + 2);
}

const me = process.getuid?.() ?? 0;
const steps = ['p2putils', 'machine.json'];

/** A folder of this user's with a file at the end of steps. */
function owned(t: ExecutionContext): string {
	const base = mkdtempSync(join(tmpdir(), 'p2p-test-'));
	t.teardown(() => rmSync(base, {recursive: true}));
	mkdirSync(join(base, 'p2putils'));
	chmodSync(join(base, 'p2putils'), 0o755);
	writeFileSync(join(base, ...steps), 'words');
	chmodSync(join(base, ...steps), 0o644);
	return base;
}

test('a file that nobody else can have written is read', async (t) => {
	t.is(await native.readOwned(owned(t), steps, me), 'words');
});

for (const [what, reason, spoil] of [
	['a file that its group can write', 'writable', (base) => chmodSync(join(base, ...steps), 0o664)],
	['a file that all can write', 'writable', (base) => chmodSync(join(base, ...steps), 0o646)],
	[
		'a folder that its group can write',
		'writable',
		(base) => chmodSync(join(base, 'p2putils'), 0o775),
	],
	['a base that others can write', 'writable', (base) => chmodSync(base, 0o777)],
	['a file that is a link', 'link', (base) => relink(base, steps)],
	['a folder that is a link', 'link', (base) => relink(base, ['p2putils'])],
	['a pipe', 'kind', (base) => makePipe(join(base, ...steps))],
	[
		'a folder in the place of the file',
		'kind',
		(base) => {
			rmSync(join(base, ...steps));
			mkdirSync(join(base, ...steps));
		},
	],
] as readonly [string, string, (base: string) => void][]) {
	test(`${what} is not believed`, async (t) => {
		const base = owned(t);
		spoil(base);
		const error = await t.throwsAsync(native.readOwned(base, steps, me));
		t.like(error, {code: 'P2P_NOT_OWNED', facts: {reason}});
	});
}

test("another user's word is not believed", async (t) => {
	const error = await t.throwsAsync(native.readOwned(owned(t), steps, me + 1));
	t.like(error, {code: 'P2P_NOT_OWNED', facts: {reason: 'owner'}});
});

test('what is not there is not there', async (t) => {
	const error = await t.throwsAsync(native.readOwned(owned(t), ['p2putils', 'other'], me));
	t.like(error, {code: 'ENOENT'});
});

/** The same thing under another name, and a link in its place. */
function relink(base: string, names: readonly string[]): void {
	const place = join(base, ...names);
	execFileSync('mv', [place, `${place}.real`]);
	symlinkSync(`${place}.real`, place);
}

function makePipe(place: string): void {
	rmSync(place);
	execFileSync('mkfifo', [place]);
	chmodSync(place, 0o644);
}

// SPDX-License-Identifier: MIT
// --help is for one look: it fits a terminal.
import test from 'ava';
import {helpText, suiteHelp} from '../../lib/help.ts';
import {commands} from '../../lib/main.ts';

for (const [id, load] of Object.entries(commands)) {
	test(`p2p-${id} --help has at most 40 lines of 100 columns`, async (t) => {
		const lines = helpText((await load()).default, `p2p-${id}`).split('\n');
		t.true(lines.length - 1 <= 40, `${lines.length - 1}`);
		t.deepEqual(
			lines.filter((line) => line.length > 100),
			[],
		);
	});

	test(`p2p-${id} --help shows what it is for, and lines to type`, async (t) => {
		const text = helpText((await load()).default, `p2p-${id}`);
		t.regex(text, /\n\n[A-Z][^\n]+\.\n\n/);
		t.regex(text, new RegExp(`EXAMPLES\n(.*\n)* .*p2p-${id}`));
	});
}

test('defaults stand behind what they are for', async (t) => {
	const copy = (await commands.copy?.())?.default;
	t.truthy(copy && helpText(copy, 'p2p-copy').includes('requests under way per queue (64)'));
});

test('the umbrella gives each program a line', (t) => {
	const text = suiteHelp([['p2p-list', 'List.']]);
	t.regex(text, /^ {2}p2p-list {2}List\.$/m);
});

// SPDX-License-Identifier: MIT
import {readFileSync} from 'node:fs';
import test from 'ava';
import {codes} from '../../lib/describe-error.ts';
import {messagesText} from '../../lib/messages.ts';

test('docs/messages.md is what the programs say', (t) => {
	t.is(readFileSync('docs/messages.md', 'utf8'), messagesText(), 'npm run docs:messages writes it');
});

test('they are made alike: no capital, no full stop, hints with three blanks before the reason', (t) => {
	const lines = messagesText().split('\n');
	const sentences = lines.filter((line) => /^- .*, status \d/.test(line));
	t.true(sentences.length >= codes.length);
	for (const line of sentences) {
		t.regex(line, /, status \d: ([^A-Z]|BAR|VFIO|IOMMU)/);
		t.notRegex(line, /[.!]$|undefined|NaN|: :/);
	}
	for (const line of lines.filter((one) => one.startsWith('  - Try:')))
		t.regex(line, /^ {2}- Try: (`[^` ][^`]*`|(run|boot|turn|end) )[^.]*[^.]?/);
});

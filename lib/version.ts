// SPDX-License-Identifier: MIT
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

// The bundle lies one folder below package.json, the modules two.
export const version = readVersion(['..', '../../..']);

function readVersion(ways: readonly string[]): string {
	for (const way of ways) {
		try {
			const text = readFileSync(join(import.meta.dirname, way, 'package.json'), 'utf8');
			return (JSON.parse(text) as {version: string}).version;
		} catch {}
	}
	return 'unknown';
}

// SPDX-License-Identifier: MIT
// Files that users name.

import {readFileSync, type Stats, statSync} from 'node:fs';
import {getSystemErrorMap} from 'node:util';
import {Failure} from './failure.ts';

/** 'no space left on device', of an error that node made of the system's. */
export function reasonOf({errno, message}: NodeJS.ErrnoException): string {
	return getSystemErrorMap().get(errno ?? 0)?.[1] ?? message;
}

/** Failure where there is none. */
export function statOf(file: string): Stats {
	try {
		return statSync(file);
	} catch (error) {
		const {code} = error as NodeJS.ErrnoException;
		throw new Failure(`${file}: ${code === 'ENOENT' ? 'no such file' : reasonOf(error as Error)}`);
	}
}

/** What a text file holds; - is standard input. Failure where it is none. */
export function readTextFile(file: string): string {
	if (file === '-') return readFileSync(0, 'utf8');
	if (statOf(file).isDirectory()) throw new Failure(`${file} is a folder`);
	try {
		return readFileSync(file, 'utf8');
	} catch (error) {
		throw new Failure(`${file}: ${reasonOf(error as Error)}`);
	}
}

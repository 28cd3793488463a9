// SPDX-License-Identifier: MIT
// The ready drawings that come with the lab, and those in the user's own files.

import {existsSync, readdirSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {type Drawing, DrawingError, parseDrawing} from './drawing.ts';
import {projectRoot} from './project.ts';
import {LabError} from './tool.ts';

/** The drawing in lab/machines with this name, or the one in this file. */
export function findMachine(nameOrFile: string): Drawing {
	const ready = join(machinesFolder(), `${nameOrFile}.machine`);
	const file = /^[\w-]+$/.test(nameOrFile) && existsSync(ready) ? ready : nameOrFile;
	if (!existsSync(file)) {
		throw new LabError(`${nameOrFile}: no such machine or file`, [
			`--machine=${machineNames().join('|')}   or the name of a file with a drawing`,
		]);
	}
	if (statSync(file).isDirectory()) throw new LabError(`${file} is a folder`);
	try {
		return parseDrawing(readFileSync(file, 'utf8'));
	} catch (error) {
		throw error instanceof DrawingError ? new LabError(`${file}: ${error.message}`) : error;
	}
}

export function machineNames(): string[] {
	return readdirSync(machinesFolder())
		.filter((name) => name.endsWith('.machine'))
		.map((name) => name.slice(0, -'.machine'.length))
		.sort();
}

function machinesFolder(): string {
	return join(projectRoot(), 'lab', 'machines');
}

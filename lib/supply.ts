// SPDX-License-Identifier: MIT
// The running machine as this user may see it. The kernel shows configuration space beyond the
// header, and so the ports' ACS, to the superuser alone. A capture that the superuser left at one
// place during this boot lends it to everybody else; nothing else is believed.

import {
	chmodSync,
	closeSync,
	existsSync,
	fchmodSync,
	mkdirSync,
	openSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import {parseCapture} from './capture.ts';
import {Failure} from './failure.ts';
import {native, type Read, type Supply} from './native.ts';
import {capturePlace, refusalText} from './supply-text.ts';

const steps = capturePlace.split('/').slice(1);
/** Whose capture counts. */
const superuser = 0;

export async function readRunning(): Promise<Read> {
	const source = await native.read({root: ''});
	return source.isCut ? native.supply(source, await findSupply()) : source;
}

/** Leaves a capture for other users, whatever the umask. */
export async function leaveCapture(text: string): Promise<void> {
	if (process.geteuid?.() !== superuser)
		throw new Failure(`${capturePlace} is the superuser's word to everybody else`, {
			hints: [`sudo p2p-list --capture ${capturePlace}`],
		});
	const folder = capturePlace.slice(0, capturePlace.lastIndexOf('/'));
	if (mkdirSync(folder, {recursive: true}) !== undefined) chmodSync(folder, 0o755);
	const draft = `${capturePlace}.new`;
	rmSync(draft, {force: true});
	const file = openSync(draft, 'wx', 0o644);
	writeFileSync(file, text);
	fchmodSync(file, 0o644);
	closeSync(file);
	renameSync(draft, capturePlace);
	const {refusal, detail} = await findSupply();
	if (refusal !== '')
		throw new Failure(`no program will believe ${capturePlace}: ${refusalText(refusal, detail)}`);
}

/** Where ports were changed what it says of them is old. Was there one? */
export function dropCapture(): boolean {
	if (!existsSync(capturePlace)) return false;
	rmSync(capturePlace);
	return true;
}

async function findSupply(): Promise<Supply> {
	const refused = (refusal: string, detail = ''): Supply => ({
		...{path: capturePlace, refusal, detail, capture: null},
	});
	let text: string;
	try {
		text = await native.readOwned('/', steps, superuser);
	} catch (error) {
		const {code, facts = {}} = error as {code?: string; facts?: Readonly<Record<string, string>>};
		if (code === 'P2P_NOT_OWNED') return refused(facts.reason ?? '', facts.path);
		if (code === 'ENOENT') return refused('absent');
		if (code === 'EACCES') return refused('closed', facts.path);
		throw error;
	}
	try {
		return {...refused(''), capture: parseCapture('it', text)};
	} catch (error) {
		if (!(error instanceof Failure)) throw error;
		return refused('broken', error.message);
	}
}

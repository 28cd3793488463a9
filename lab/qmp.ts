// SPDX-License-Identifier: MIT
// QEMU's control protocol: one command at a time, its answer or its error.

import type {Socket} from 'node:net';
import {onLine} from './lines.ts';

export type Qmp = (command: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;

type Waiting = {resolve(value: unknown): void; reject(error: Error): void};
type Reply = {readonly return?: unknown; readonly error?: {readonly desc: string}};

export function openQmp(socket: Socket): Qmp {
	const waiting: Waiting[] = [];
	onLine(socket, (line) => {
		const reply = JSON.parse(line) as Reply;
		if (reply.error) waiting.shift()?.reject(new Error(`QEMU: ${reply.error.desc}`));
		else if ('return' in reply) waiting.shift()?.resolve(reply.return);
	});
	socket.on('close', () => {
		for (const {reject} of waiting.splice(0)) reject(new Error('QEMU has ended'));
	});
	const send: Qmp = (command, args) =>
		new Promise((resolve, reject) => {
			if (socket.destroyed) reject(new Error('QEMU has ended'));
			waiting.push({resolve, reject});
			socket.write(`${JSON.stringify({execute: command, ...(args ? {arguments: args} : {})})}\n`);
		});
	const ready = send('qmp_capabilities');
	ready.catch(() => {});
	return async (command, args) => {
		await ready;
		return send(command, args);
	};
}

/** The answer of QEMU's monitor for people. */
export async function hmp(qmp: Qmp, text: string): Promise<string> {
	return `${await qmp('human-monitor-command', {'command-line': text})}`;
}

// SPDX-License-Identifier: MIT
// The host's ends of the lines to a guest.

import {once} from 'node:events';
import {connect, createServer, type Socket} from 'node:net';

export type Listener = {readonly connection: Promise<Socket>; close(): void};

/** Listens for the one connection that QEMU makes. */
export async function listen(path: string): Promise<Listener> {
	const server = createServer({allowHalfOpen: true});
	server.listen(path);
	await once(server, 'listening');
	const connection = new Promise<Socket>((resolve) => {
		server.once('connection', (socket) => {
			server.close();
			socket.on('error', () => {});
			resolve(socket);
		});
	});
	return {connection, close: () => server.close()};
}

export async function dial(path: string): Promise<Socket> {
	const socket = connect({path, allowHalfOpen: true});
	await once(socket, 'connect');
	socket.on('error', () => {});
	return socket;
}

/** Calls back for every whole line. */
export function onLine(socket: Socket, callback: (line: string) => void): void {
	let rest = '';
	socket.setEncoding('utf8');
	socket.on('data', (text: string) => {
		const lines = `${rest}${text}`.split('\n');
		rest = lines.pop() ?? '';
		for (const line of lines) callback(line.replace(/\r$/, ''));
	});
}

/** Passes on what comes before the token; nothing that could be its beginning is passed on early. */
export function untilToken(token: Buffer, onData: (data: Buffer) => void, onEnd: () => void) {
	let held: Buffer = Buffer.alloc(0);
	return (chunk: Buffer): void => {
		const data = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
		const at = data.indexOf(token);
		const passed = at < 0 ? data.length - overlap(data, token) : at;
		held = data.subarray(passed);
		if (passed > 0) onData(data.subarray(0, passed));
		if (at >= 0) onEnd();
	};
}

/** How many bytes at the end of the data are the beginning of the token. */
function overlap(data: Buffer, token: Buffer): number {
	let length = Math.min(data.length, token.length - 1);
	while (length > 0 && !data.subarray(-length).equals(token.subarray(0, length))) length--;
	return length;
}

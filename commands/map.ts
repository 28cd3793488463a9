// SPDX-License-Identifier: MIT
// p2p-map: a provider's memory in the client's IOMMU address space, or memory as a dma-buf, held
// while COMMAND runs.

import {string} from '@oclif/core/args';
import {boolean, string as option} from '@oclif/core/flags';
import {BaseCommand, type Named, noSysroot} from '../lib/base-command.ts';
import {runCommand} from '../lib/child.ts';
import {type Endpoint, parseEndpoint} from '../lib/endpoint.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {allow, mechanism, require} from '../lib/flags.ts';
import {type Held, hold} from '../lib/held.ts';
import {
	type Inheritance,
	mappingInheritance,
	mappingText,
	shareInheritance,
	shareText,
} from '../lib/map-text.ts';
import {type MapReport, native, type ShareReport} from '../lib/native.ts';
import {permission} from '../lib/permission.ts';
import {readRunning} from '../lib/supply.ts';
import {parseSize} from '../lib/units.ts';

export default class MapCommand extends BaseCommand {
	static override summary =
		"Map a provider's memory for a client while COMMAND runs, or make it a dma-buf.";
	static override operandsUsage =
		'CLIENT PROVIDER | --dma-buf PROVIDER|drm:NODE | --userptr  [-- COMMAND…]';
	static override operandKinds: readonly Named[] = ['functions', 'endpoints'];
	static override args = {
		operand: string({
			multiple: true,
			ignoreStdin: true,
			description:
				'CLIENT, on vfio-pci, will issue the requests; PROVIDER is the memory, NAME/barN[+OFF]; NODE is /dev/dri/cardN',
		}),
	};
	static override flags = {
		length: option({
			helpValue: 'SIZE',
			description: 'bytes to map; if left out, to the end of the BAR',
		}),
		'dma-buf': boolean({
			description: 'without a client: the provider as a dma-buf (P2P_DMABUF_FD)',
		}),
		userptr: boolean({
			description: 'without both: new host memory as a dma-buf, and P2P_HOST_FD',
		}),
		'host-memory': option({
			helpValue: 'SIZE',
			description: 'with a client: map that much host memory as well (P2P_HOST_FD)',
		}),
		'json-file': option({
			helpValue: 'FILE',
			description: 'with -- COMMAND: write the facts to FILE as JSON',
		}),
		require,
		allow,
		mechanism,
		...noSysroot,
	};
	static override takesCommand = true;
	static override examples = [
		'<%= program %> 03:00.0 04:00.0/bar2',
		"<%= program %> 03:00.0 04:00.0/bar2 -- sh -c 'echo $P2P_IOVA'",
		'<%= program %> --dma-buf 04:00.0/bar2+1M --length 16M -- ./importer',
		'<%= program %> --dma-buf drm:/dev/dri/card0 --length 8M -- ./importer',
		'<%= program %> --userptr --length 1M -- ./importer',
	];

	async run(): Promise<void> {
		const {argv, flags} = await this.parse(MapCommand);
		this.openAnswerFile(flags['json-file']);
		if (flags.sysroot !== '')
			throw new Failure('a mapping needs the running machine, not --sysroot');
		const words = argv as string[];
		const isShare = flags['dma-buf'] || flags.userptr;
		if (flags['dma-buf'] && flags.userptr)
			throw new Failure('--dma-buf and --userptr exclude each other');
		if (isShare && flags['host-memory'] !== undefined)
			throw new Failure('--host-memory goes with a client');
		requireOperands(words, flags.userptr ? [] : flags['dma-buf'] ? ['PROVIDER'] : undefined);
		const length = flags.length === undefined ? null : parseSize(flags.length);
		if (flags.userptr && !length) throw new Failure('--userptr goes with --length SIZE');

		if (isShare) {
			const card = cardOf(words[0] ?? '');
			if (card !== '' && !length) throw new Failure('drm: goes with --length SIZE');
			const place = flags.userptr || card !== '' ? noPlace : parseBar(words[0] ?? '');
			const {name, index, offset} = place;
			const held = await hold<ShareReport>((ready) =>
				native.share({provider: name, card, bar: index, offset, length}, ready),
			);
			const json = {version: 1, provider: words[0] ?? null, ...held.report};
			await this.finish(held, json, shareText(held.report), shareInheritance(held.report), flags);
			return;
		}
		const [client = '', provider = ''] = words;
		const {name, index, offset} = parseBar(provider);
		const source = await readRunning();
		const held = await hold<MapReport>((ready) =>
			native.map(
				source,
				{
					client,
					provider: name,
					bar: index,
					offset,
					length,
					hostMemory: flags['host-memory'] === undefined ? 0 : parseSize(flags['host-memory']),
					allowed: permission(flags.require, flags.allow),
					mechanism: flags.mechanism ?? '',
				},
				ready,
			),
		);
		const json = {version: 1, client, provider, ...held.report};
		await this.finish(held, json, mappingText(held.report), mappingInheritance(held.report), flags);
	}

	/** COMMAND runs while it is held; without one it is shown and let go. */
	private async finish(
		held: Held<unknown>,
		json: unknown,
		text: string,
		{facts, fds}: Inheritance,
		flags: {readonly json: boolean},
	): Promise<void> {
		if (this.command.length === 0) {
			await held.close();
			this.answer(ExitCode.yes, {text, json}, flags.json);
			return;
		}
		this.writeAnswerFile(json);
		const status = await runCommand(this.program, this.command, facts, fds);
		await held.close();
		process.exitCode = status;
	}
}

const noPlace = {name: '', index: 0, offset: 0};

/** '' where the words name none. */
function cardOf(text: string): string {
	if (!text.startsWith('drm:')) return '';
	const path = text.slice('drm:'.length);
	if (!path.startsWith('/'))
		throw new Failure(`'${text}' is no card; a card is drm:/dev/dri/card0`);
	return path;
}

function parseBar(text: string): Endpoint {
	const endpoint = parseEndpoint(text);
	if (endpoint.kind !== 'bar')
		throw new Failure(`${text}: the provider's memory is named NAME/barN[+OFF]`);
	return endpoint;
}

function requireOperands(words: readonly string[], names = ['CLIENT', 'PROVIDER']): void {
	const missing = names[words.length];
	const extra = words[names.length];
	if (missing !== undefined) throw new Failure(`missing operand: ${missing}`);
	if (extra !== undefined) throw new Failure(`extra operand: ${extra}`);
}

// SPDX-License-Identifier: MIT
// p2p-map: a provider's memory in the client's IOMMU address space, held while COMMAND runs.

import {writeFileSync} from 'node:fs';
import {string} from '@oclif/core/args';
import {string as option} from '@oclif/core/flags';
import {BaseCommand} from '../lib/base-command.ts';
import {runCommand} from '../lib/child.ts';
import {parseEndpoint} from '../lib/endpoint.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {type Job, type MapOrder, type MapReport, native} from '../lib/native.ts';
import {allow, permission, require} from '../lib/permission.ts';
import {bytes, parseSize} from '../lib/units.ts';

export default class MapCommand extends BaseCommand {
	static override summary = "Map a provider's memory into the client's IOMMU address space.";
	static override args = {
		client: string({
			required: true,
			ignoreStdin: true,
			description: 'function that will issue requests; on vfio-pci',
		}),
		provider: string({required: true, ignoreStdin: true, description: 'NAME/barN[+OFF]'}),
	};
	static override flags = {
		length: option({
			helpValue: 'SIZE',
			description: 'bytes to map; to the end of the BAR if left out',
		}),
		'host-memory': option({
			helpValue: 'SIZE',
			description: 'map that much host memory as well (P2P_HOST_FD)',
		}),
		'json-file': option({
			helpValue: 'FILE',
			description: 'with -- COMMAND: write the facts to FILE as JSON',
		}),
		require,
		allow,
	};
	static override takesCommand = true;
	static override examples = [
		'<%= program %> 03:00.0 04:00.0/bar2',
		"<%= program %> 03:00.0 04:00.0/bar2 -- sh -c 'echo $P2P_IOVA'",
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(MapCommand);
		if (flags.sysroot !== '')
			throw new Failure('a mapping needs the running machine, not --sysroot');
		const endpoint = parseEndpoint(args.provider);
		if (endpoint.kind !== 'bar')
			throw new Failure(`${args.provider}: the provider's memory is named NAME/barN[+OFF]`);
		const mapping = await open({
			client: args.client,
			provider: endpoint.name,
			bar: endpoint.index,
			offset: endpoint.offset,
			length: flags.length === undefined ? null : parseSize(flags.length),
			hostMemory: flags['host-memory'] === undefined ? 0 : parseSize(flags['host-memory']),
			allowed: permission(flags.require, flags.allow),
		});
		const json = {version: 1, client: args.client, provider: args.provider, ...mapping.report};

		if (this.command.length === 0) {
			await mapping.close();
			this.answer(ExitCode.yes, {text: text(mapping.report), json}, flags.json);
			return;
		}
		if (flags['json-file'] !== undefined)
			writeFileSync(flags['json-file'], `${JSON.stringify(json, null, 2)}\n`);
		const status = await runCommand(this.program, this.command, ...inheritance(mapping.report));
		await mapping.close();
		process.exitCode = status;
	}
}

type Mapping = {readonly report: MapReport; close(): Promise<void>};

async function open(order: MapOrder): Promise<Mapping> {
	let job: Job<null> | undefined;
	const report = await new Promise<MapReport>((ready, refused) => {
		job = native.map(order, ready);
		job.result.catch(refused);
	});

	return {
		report,
		close: async () => {
			job?.stop();
			await job?.result;
		},
	};
}

// COMMAND finds the client's VFIO device at descriptor 3, host memory at 4.
function inheritance(report: MapReport): [Record<string, string>, number[]] {
	const facts = {
		P2P_IOVA: report.iova,
		P2P_BUS_ADDRESS: report.busAddress,
		P2P_LENGTH: String(report.length),
		P2P_CLIENT_FD: '3',
	};
	if (report.hostFd === null) return [facts, [report.clientFd]];
	const host = {
		P2P_HOST_FD: '4',
		P2P_HOST_IOVA: report.hostIova ?? '',
		P2P_HOST_LENGTH: String(report.hostLength),
	};
	return [{...facts, ...host}, [report.clientFd, report.hostFd]];
}

function text(report: MapReport): string {
	const kind =
		report.addressKind === 'bus-address' ? 'the bus address itself' : 'an address of its own';
	return [
		`iova         ${report.iova} (${kind})`,
		`bus address  ${report.busAddress}`,
		`length       ${report.length} (${bytes(report.length)})`,
		`mechanism    ${report.mechanism}, provider through ${report.providerAccess}`,
		`route        ${report.pair.verdict}`,
		'',
	].join('\n');
}

// SPDX-License-Identifier: MIT
// p2p-target: NVMe namespaces over fabrics with peer memory behind them: set up, shown, taken down.

import {randomUUID} from 'node:crypto';
import {isIP} from 'node:net';
import {string as operand} from '@oclif/core/args';
import {boolean, option, string} from '@oclif/core/flags';
import {BaseCommand, type Named} from '../lib/base-command.ts';
import {ExitCode} from '../lib/exit-code.ts';
import {Failure} from '../lib/failure.ts';
import {native, type TargetOrder} from '../lib/native.ts';
import {tell} from '../lib/output.ts';
import {requireWords} from '../lib/permission.ts';
import {undoneBySignal} from '../lib/signals.ts';
import {connectLine, targetLines} from '../lib/target-text.ts';

export default class Target extends BaseCommand {
	static override summary =
		'Export NVMe namespaces over fabrics, with peer memory where that goes; show; take down.';
	static override operandsUsage = '[NAMESPACE…] | --show [NQN…] | --remove [NQN…]';
	static override operandKinds: readonly Named[] = ['files'];
	static override args = {
		operand: operand({
			multiple: true,
			ignoreStdin: true,
			description: '/dev/nvme0n1 or nvme0n1; with --show and --remove the names of subsystems',
		}),
	};
	static override flags = {
		show: boolean({description: 'show targets, and how their data goes (without operands too)'}),
		remove: boolean({description: 'take down targets that p2p-target made, all if none is named'}),
		transport: option({
			char: 't',
			options: ['rdma', 'tcp', 'loop'] as const,
			description: 'of the fabric; only rdma moves peer memory (default)',
		})(),
		traddr: string({
			char: 'a',
			helpValue: 'ADDRESS',
			description: 'address of this machine to listen at; not with loop',
		}),
		trsvcid: string({char: 's', helpValue: 'PORT', description: 'port there; 4420 if left out'}),
		nqn: string({
			helpValue: 'NQN',
			description: 'name of the subsystem; if left out, one with a random UUID',
		}),
		via: string({
			helpValue: 'PROVIDER',
			description: "whose peer memory; 'none' for host memory; if left out, the nearest",
		}),
		host: string({
			multiple: true,
			helpValue: 'NQN',
			description: 'a host that may connect',
		}),
		'any-host': boolean({description: 'any host that reaches the address may connect'}),
		require: option({
			options: requireWords,
			description: 'refuse what would not go from peer to peer, or not directly',
		})(),
		'dry-run': boolean({char: 'n', description: 'write the commands, change nothing'}),
		verbose: boolean({char: 'v', description: 'write the commands to stderr'}),
	};
	static override examples = [
		'<%= program %> nvme0n1 -a 10.0.0.1 --any-host',
		'<%= program %> nvme0n1 nvme1n1 -a 10.0.0.1 --via nvme0 --require any --any-host',
		'<%= program %> nvme0n1 -t loop --nqn nqn.2014-08.org.example:disk',
		'<%= program %>                what is exported, and how its data goes',
		'<%= program %> --remove       take down all that this program made',
	];

	async run(): Promise<void> {
		const {args, flags} = await this.parse(Target);
		const names = args.operand ?? [];
		requireAlone(flags);
		if (flags.remove) await this.#remove(names, flags);
		else if (flags.show || names.length === 0) await this.#show(names, flags);
		else await this.#setUp(names, flags);
	}

	async #setUp(namespaces: readonly string[], flags: Flags): Promise<void> {
		const order = orderOf(namespaces, flags);
		const {commands, ...target} = await undoneBySignal(native.setUpTarget(order));
		if (flags.verbose && !order.dryRun) tell(lines(commands));
		const connect = target.ports.map((port) => connectLine(target.nqn, port));
		const text = order.dryRun
			? lines(commands)
			: lines([...targetLines(target), ...connect.map((line) => `  ${line}`)]);
		const json = {version: 1, dryRun: order.dryRun, targets: [target], commands};
		this.answer(ExitCode.yes, {text, json}, flags.json);
	}

	async #show(nqns: readonly string[], flags: Flags): Promise<void> {
		const targets = await native.showTargets(flags.sysroot, nqns.map(requireNqn));
		const text = lines(targets.flatMap(targetLines));
		const json = {version: 1, dryRun: false, targets, commands: []};
		this.answer(ExitCode.yes, {text, json}, flags.json);
	}

	async #remove(nqns: readonly string[], flags: Flags): Promise<void> {
		const {sysroot, 'dry-run': dryRun = false, verbose} = flags;
		if (sysroot !== '') throw new Failure('--sysroot does not go with --remove');
		const commands = await native.takeDownTargets('', nqns.map(requireNqn), dryRun);
		if (verbose && !dryRun) tell(lines(commands));
		const json = {version: 1, dryRun, targets: [], commands};
		this.answer(ExitCode.yes, {text: dryRun ? lines(commands) : '', json}, flags.json);
	}
}

type Flags = {
	readonly show: boolean;
	readonly remove: boolean;
	readonly transport?: TargetOrder['transport'] | undefined;
	readonly traddr?: string | undefined;
	readonly trsvcid?: string | undefined;
	readonly nqn?: string | undefined;
	readonly via?: string | undefined;
	readonly host?: readonly string[] | undefined;
	readonly 'any-host': boolean;
	readonly require?: 'direct' | 'any' | undefined;
	readonly 'dry-run': boolean;
	readonly verbose: boolean;
	readonly json: boolean;
	readonly sysroot: string;
};

const ofSetUp = ['transport', 'traddr', 'trsvcid', 'nqn', 'via', 'host', 'require'] as const;

function requireAlone(flags: Flags): void {
	if (flags.show && flags.remove) throw new Failure('--show and --remove exclude each other');
	const other = flags.show ? '--show' : flags.remove ? '--remove' : undefined;
	const given = [
		...ofSetUp.filter((name) => flags[name] !== undefined),
		...(flags['any-host'] ? ['any-host'] : []),
		...(flags.show && flags['dry-run'] ? ['dry-run'] : []),
	];
	if (other !== undefined && given[0] !== undefined)
		throw new Failure(`${other} and --${given[0]} exclude each other`);
}

function orderOf(namespaces: readonly string[], flags: Flags): TargetOrder {
	const {transport = 'rdma', via = '', require = ''} = flags;
	const dryRun = flags['dry-run'] === true;
	if (flags.sysroot !== '' && !dryRun)
		throw new Failure('--sysroot goes with --dry-run: only this machine can be changed');
	const twice = namespaces.find((name, index) => namespaces.map(base).indexOf(base(name)) < index);
	if (twice !== undefined) throw new Failure(`${twice} is named twice`);
	if (require !== '' && via === 'none')
		throw new Failure('--require and --via none exclude each other');
	const hosts = (flags.host ?? []).map(requireNqn);
	if (hosts.length > 0 && flags['any-host'])
		throw new Failure('--host and --any-host exclude each other');
	// Only this machine's superuser connects by loop.
	const isForAll = flags['any-host'] || (transport === 'loop' && hosts.length === 0);
	if (!isForAll && hosts.length === 0)
		throw new Failure('nobody could connect', {
			hints: ['--host NQN   a host that may', '--any-host   any that reaches the address'],
		});
	return {
		root: flags.sysroot,
		nqn: requireNqn(flags.nqn ?? `nqn.2014-08.org.nvmexpress:uuid:${randomUUID()}`),
		namespaces,
		transport,
		...listening(transport, flags),
		via,
		hosts: [...new Set(hosts)],
		isForAll,
		require,
		dryRun,
	};
}

function base(name: string): string {
	return name.replace(/^\/dev\//, '');
}

function listening(
	transport: TargetOrder['transport'],
	{traddr, trsvcid}: Flags,
): {address: string; service: string} {
	if (transport === 'loop') {
		const given = traddr === undefined ? trsvcid : traddr;
		if (given !== undefined) throw new Failure('loop has no address and no port');
		return {address: '', service: ''};
	}
	if (traddr === undefined) throw new Failure('missing option: --traddr, where to listen');
	if (isIP(traddr) === 0) throw new Failure(`'${traddr}' is no IPv4 or IPv6 address`);
	const port = trsvcid ?? '4420';
	if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535)
		throw new Failure(`'${port}' is no port; ports are 1 to 65535`);
	return {address: traddr, service: port};
}

/** NVMe Base Specification, 4.7: NVMe Qualified Names, here without what a path cannot hold. */
function requireNqn(text: string): string {
	if (!/^nqn\.[0-9A-Za-z.:_-]+$/.test(text) || text.length > 223)
		throw new Failure(
			`'${text}' is no NQN; an NQN is nqn.2014-08.org.example:name, of at most 223 characters`,
		);
	if (text === 'nqn.2014-08.org.nvmexpress.discovery')
		throw new Failure(`${text} is the kernel's own`);
	return text;
}

function lines(list: readonly string[]): string {
	return list.map((text) => `${text}\n`).join('');
}

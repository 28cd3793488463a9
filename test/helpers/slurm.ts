// SPDX-License-Identifier: MIT
// A real slurmctld and a real slurmd as a cluster of one node, below a folder of its own: no munge, no
// cgroups, no name to look up, ports that were free. Both end with the test, and by themselves if
// nobody ends them.

import {type ChildProcess, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, mkdirSync, openSync, readFileSync, writeFileSync} from 'node:fs';
import {type AddressInfo, createServer} from 'node:net';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import type {ExecutionContext} from 'ava';
import {fleetEnvironment, fleetFolder, librariesOf} from '../../lab/fleet.ts';

export type Slurm = {
	/** Runs scontrol or sinfo. */
	run(...words: readonly string[]): string;
	/** Waits until state and reason of the node are so, and returns them. */
	until(pattern: RegExp): Promise<string>;
	/** What slurmd has logged. */
	log(): string;
};

/** The program that looks after the node's health is called each second. */
export async function startSlurm(
	t: ExecutionContext,
	folder: string,
	health: (environment: NodeJS.ProcessEnv) => string,
): Promise<Slurm> {
	const tools = await fleetFolder();
	const file = join(folder, 'slurm.conf');
	const env: NodeJS.ProcessEnv = {...fleetEnvironment(tools), SLURM_CONF: file};
	const log = join(folder, 'slurmd.log');
	writeFileSync(file, await configuration(folder, tools, health(env)));

	const stepd = join(tools, 'usr/sbin/slurmstepd-wlm');
	const daemons = [
		start(join(folder, 'slurmctld.log'), env, ['slurmctld-wlm', '-D']),
		start(log, env, ['slurmd-wlm', '-D', '-d', stepd, '-N', 'node1']),
	];
	t.teardown(async () => {
		for (const daemon of daemons) await end(daemon);
	});

	const run = (...words: readonly string[]) => {
		const [program = '', ...args] = words;
		const {stdout, stderr} = spawnSync(program, args, {env, encoding: 'utf8', timeout: 20_000});
		return stdout + stderr;
	};
	const until = async (pattern: RegExp) => {
		let state = '';
		for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(200)) {
			state = run('sinfo', '-h', '-N', '-o', '%T %E').trim();
			if (pattern.test(state)) return state;
		}
		throw new Error(`the node stays '${state}', not ${pattern}: ${readFileSync(log, 'utf8')}`);
	};
	return {run, until, log: () => readFileSync(log, 'utf8')};
}

const patienceMs = 60_000;

async function configuration(folder: string, tools: string, health: string): Promise<string> {
	for (const name of ['state', 'spool']) mkdirSync(join(folder, name));
	const [control = 0, node = 0] = await freePorts();
	const user = userInfo().username;
	return [
		'ClusterName=test',
		'SlurmctldHost=localhost(127.0.0.1)',
		'NodeName=node1 NodeHostname=localhost NodeAddr=127.0.0.1 State=UNKNOWN',
		'PartitionName=all Nodes=ALL Default=YES State=UP',
		`SlurmctldPort=${control}`,
		`SlurmdPort=${node}`,
		`SlurmUser=${user}`,
		`SlurmdUser=${user}`,
		'AuthType=auth/none',
		'CredType=cred/none',
		'ProctrackType=proctrack/linuxproc',
		'TaskPlugin=task/none',
		`PluginDir=${join(librariesOf(tools), 'slurm-wlm')}`,
		`StateSaveLocation=${join(folder, 'state')}`,
		`SlurmdSpoolDir=${join(folder, 'spool')}`,
		`SlurmctldPidFile=${join(folder, 'slurmctld.pid')}`,
		`SlurmdPidFile=${join(folder, 'slurmd.pid')}`,
		`HealthCheckProgram=${health}`,
		'HealthCheckInterval=1',
		'',
	].join('\n');
}

async function freePorts(): Promise<number[]> {
	const servers = [createServer(), createServer()];
	const ports: number[] = [];
	for (const server of servers) {
		await once(server.listen(0, '127.0.0.1'), 'listening');
		ports.push((server.address() as AddressInfo).port);
	}
	for (const server of servers) server.close();
	return ports;
}

function start(log: string, env: NodeJS.ProcessEnv, words: readonly string[]): ChildProcess {
	const out = openSync(log, 'w');
	const daemon = spawn('timeout', ['--kill-after=5', '300', ...words], {
		env,
		stdio: ['ignore', out, out],
	});
	closeSync(out);
	return daemon;
}

async function end(daemon: ChildProcess): Promise<void> {
	if (daemon.exitCode !== null || daemon.signalCode !== null) return;
	const ended = once(daemon, 'exit');
	daemon.kill();
	await ended;
}

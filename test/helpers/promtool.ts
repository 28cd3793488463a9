// SPDX-License-Identifier: MIT
// Prometheus' own word on metrics.

import {spawnSync} from 'node:child_process';
import {fleetEnvironment, fleetFolder} from '../../lab/fleet.ts';

/** What it finds wrong with the text; '' nothing. */
export async function promtool(metrics: string): Promise<string> {
	const {status, stdout, stderr} = spawnSync('promtool', ['check', 'metrics'], {
		env: fleetEnvironment(await fleetFolder()),
		input: metrics,
		encoding: 'utf8',
	});
	return status === 0 ? '' : `${status}: ${stdout}${stderr}`;
}

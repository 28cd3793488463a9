// SPDX-License-Identifier: MIT
// What p2p-copy says of a capture card's frames: how they went, how many, and which are missing.

import {ExitCode} from './exit-code.ts';
import {Failure} from './failure.ts';
import type {CopyPlan, CopyReport, Frames} from './native.ts';

/** frames: null before the card was asked. */
export function frameWay(plan: CopyPlan, frames: Frames | null): string {
	const [leg] = plan.legs;
	const reader = leg === undefined ? 'the CPU' : leg.client;
	const from = "carried by the CPU out of the driver's memory";
	if (plan.to.kind === 'drm')
		return {
			mmap: 'rows carried by the CPU: the drivers share no buffers',
			userptr: '',
			dmabuf: "straight into the display's own buffers (dma-buf)",
			'': "into the display's buffers, straight where the drivers share them",
		}[frames?.memory ?? ''];
	if (plan.to.busAddress !== null || plan.to.access !== null)
		return 'carried by the CPU: no capture driver is sent into memory of another function';
	if (frames?.memory === 'mmap')
		return `${from}: it took no other${leg === undefined ? '' : `; then by ${reader}`}`;
	const way = `into host memory that ${reader} reads them from`;
	return frames === null ? `${way}, or ${from} where it takes no other` : `${way} (userptr)`;
}

export function frameRows({frames}: {readonly frames: Frames | null}): [string, string][] {
	if (frames === null) return [];
	const {count, width, height, format, dropped, damaged, durationNs} = frames;
	const rate =
		count > 1 && durationNs > 0
			? `, ${(((count - 1) * 1e9) / durationNs).toFixed(2)} a second`
			: '';
	const pad = frames.stride - frames.size;
	return [
		[
			'frames',
			`${count} of ${width}x${height} ${format}${rate}; ${dropped} dropped, ${damaged} damaged`,
		],
		...(pad > 0
			? [
					[
						'stride',
						`${frames.stride} bytes from one frame to the next: ${frames.size} and ${pad} of padding`,
					] as [string, string],
				]
			: []),
	];
}

/** The ending of a capture with frames missing; undefined where there are none. */
export function missingFrames({result: {frames}}: CopyReport): Failure | undefined {
	if (frames === null || frames.dropped + frames.damaged === 0) return undefined;
	const {count, dropped, damaged} = frames;
	const texts = [
		...(dropped > 0
			? [
					`${dropped} of ${count + dropped} frames were dropped by the card, as gaps in its numbers say`,
				]
			: []),
		...(damaged > 0
			? [`${damaged} of ${count} frames are damaged or short, says the card's driver`]
			: []),
	];
	return new Failure(texts.join('; '), {
		status: ExitCode.no,
		hints: dropped > 0 ? ['--frame-size, --format   fewer bytes a second'] : [],
	});
}

// SPDX-License-Identifier: MIT
import test from 'ava';
import {frameRows, missingFrames} from '../../lib/frames-text.ts';
import type {CopyReport, Frames} from '../../lib/native.ts';

const frames: Frames = {
	...{format: 'YUYV', width: 640, height: 360, pitch: 1280, size: 460_800, stride: 460_800},
	...{memory: 'userptr', count: 31, dropped: 0, damaged: 0, durationNs: 1e9},
};

function reportOf(some: Partial<Frames>): CopyReport {
	return {result: {frames: {...frames, ...some}}} as unknown as CopyReport;
}

test('frames are told with their rate, and with padding where there is some', (t) => {
	t.deepEqual(frameRows({frames}), [
		['frames', '31 of 640x360 YUYV, 30.00 a second; 0 dropped, 0 damaged'],
	]);
	t.deepEqual(frameRows({frames: {...frames, count: 1, durationNs: 0, stride: 462_848}}), [
		['frames', '1 of 640x360 YUYV; 0 dropped, 0 damaged'],
		['stride', '462848 bytes from one frame to the next: 460800 and 2048 of padding'],
	]);
	t.deepEqual(frameRows({frames: null}), []);
});

test('frames that are missing end a copy in 1', (t) => {
	t.is(missingFrames(reportOf({})), undefined);
	t.is(missingFrames({result: {frames: null}} as unknown as CopyReport), undefined);
	const dropped = missingFrames(reportOf({dropped: 3}));
	t.is(dropped?.message, '3 of 34 frames were dropped by the card, as gaps in its numbers say');
	t.is(dropped?.status, 1);
	const both = missingFrames(reportOf({dropped: 1, damaged: 2}));
	t.regex(both?.message ?? '', /; 2 of 31 frames are damaged or short, says the card's driver$/);
});

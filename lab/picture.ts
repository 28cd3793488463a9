// SPDX-License-Identifier: MIT
// The test picture of `npm start`: colour bars above a gradient, and a frame that shows at once
// where a line is missing or shifted. As a display wants it: rows of blue, green, red, unused.

import {defaultMode} from './display.ts';

const {width, height} = defaultMode;
const bars = [0xffffff, 0xffff00, 0x00ffff, 0x00ff00, 0xff00ff, 0xff0000, 0x0000ff, 0x101010];

/** Bytes. */
export const pictureSize = width * height * 4;

export function drawPicture(): Buffer {
	const picture = Buffer.alloc(pictureSize);
	for (let y = 0; y < height; y++) {
		for (let x = 0; x < width; x++) picture.writeUInt32LE(colourAt(x, y), (y * width + x) * 4);
	}
	return picture;
}

function colourAt(x: number, y: number): number {
	const isFrame = x < 4 || y < 4 || x >= width - 4 || y >= height - 4;
	if (isFrame) return 0xff8800;
	if (y < (height * 2) / 3) return bars[Math.floor((x * bars.length) / width)] ?? 0;
	const grey = Math.floor((x * 256) / width);
	const stripe = (x + y) % 64 < 32 ? 0 : 0x20;
	return (Math.min(255, grey + stripe) << 16) | (grey << 8) | (255 - grey);
}

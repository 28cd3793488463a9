// SPDX-License-Identifier: MIT
// Sets the mode of a `display` from inside the guest, through its DISPI registers.

export type Mode = {readonly width: number; readonly height: number};

export const defaultMode: Mode = {width: 1024, height: 768};

/** A shell script for the guest: 32 bits a pixel (BGRX), the picture starting at BAR 0's first byte. */
export function modeScript(bdf: string, {width, height}: Mode): string {
	const registers = [
		[dispi.enable, 0],
		[dispi.xres, width],
		[dispi.yres, height],
		[dispi.bpp, 32],
		[dispi.bank, 0],
		[dispi.virtWidth, width],
		[dispi.xOffset, 0],
		[dispi.yOffset, 0],
		[dispi.enable, enabled | linearFrameBuffer],
	];
	const writes = registers.map(
		([register = 0, value = 0]) =>
			`$b devmem $((base + ${dispi.start + 2 * register})) 16 ${value} || exit 1`,
	);
	return [
		'b=/run/p2p-lab/busybox',
		`{ read -r _ && read -r _ && read -r base _; } </sys/bus/pci/devices/${bdf}/resource`,
		...writes,
	].join('\n');
}

/** Register numbers of the Bochs display interface; 16 bits each, in BAR 2 from `start`. */
const dispi = {
	start: 0x500,
	xres: 1,
	yres: 2,
	bpp: 3,
	enable: 4,
	bank: 5,
	virtWidth: 6,
	xOffset: 8,
	yOffset: 9,
};
const enabled = 0x01;
const linearFrameBuffer = 0x40;

// SPDX-License-Identifier: MIT
// p2p-copy from a capture card: the kernel's own, vivid, whose driver draws colour bars into
// whatever memory it is given.

import {readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Result} from '../../lab/boot.ts';
import {shows, useLab} from '../helpers/lab.ts';
import {isAsDescribed} from '../helpers/schema.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=128M
	    downstream
	      large: nvme size=64M lba=4096
	    downstream
	      kept: nvme size=64M
	    downstream
	      mem: ram 32M
	root-port
	  screen: display
	`,
);

const [width, height] = [640, 360];
const size = `--frame-size ${width}x${height}`;
const rgb = `${size} --format RGB3`;
const rgbBytes = width * height * 3;

/** 75 % colour bars, as vivid draws them unless it is told otherwise (V4L2's test pattern 0). */
const bars = 'bfbfbf bfbf00 00bfbf 00bf00 bf00bf bf0000 0000bf 000000';

test.serial.before('a capture card, a display, functions for VFIO', async (t) => {
	const line = 'modprobe vivid n_devs=2 && modprobe bochs && p2p-bind $disk $large $mem';
	const {status, stderr} = await lab.run(line);
	t.is(status, 0, stderr);
});

/** The middle of each bar in a row below vivid's letters, of each frame in the guest's file. */
async function barsOf(file: string, frames: number): Promise<string[]> {
	const row = 300;
	const script = `
import sys
with open("${file}", "rb") as f:
    for frame in range(${frames}):
        f.seek(frame * ${rgbBytes} + ${row * width * 3})
        line = f.read(${width * 3})
        print(*(line[3 * x:3 * x + 3].hex() for x in range(${width / 16}, ${width}, ${width / 8})))
`;
	const {stdout} = await lab.run(`/usr/bin/python3 - <<'END'${script}END`);
	return stdout.trim().split('\n');
}

/** The pictures are the test pattern, and no two the same: vivid writes the time on each. */
async function isTestPattern(t: ExecutionContext, file: string, frames: number): Promise<void> {
	t.deepEqual(
		await barsOf(file, frames),
		Array.from({length: frames}, () => bars),
	);
	const line = `cd /tmp && split -b ${rgbBytes} ${file} part. && md5sum part.* | cut -c1-32 | sort -u | wc -l; rm part.*`;
	t.is((await lab.run(line)).stdout, `${frames}\n`);
}

/** A busy machine can have vivid itself be late, which it says of: frames are missing then, no others wrong. */
function isDone(t: ExecutionContext, {status, stderr}: Result, says = /^/): void {
	const isLate = status === 1 && / frames were dropped by the card/.test(stderr);
	t.true(status === 0 || isLate, `${status}: ${stderr}`);
	t.regex(stderr, says);
}

async function jsonOf(t: ExecutionContext, line: string) {
	const result = await lab.run(`${line} --json`);
	isDone(t, result);
	const {stdout} = result;
	isAsDescribed(t, 'p2p-copy', stdout);
	return JSON.parse(stdout);
}

test.serial('frames go to a namespace through memory that both reach', async (t) => {
	const {plan, result} = await jsonOf(
		t,
		`p2p-copy video:/dev/video0 $disk/ns1+4K ${rgb} --frames 6 --verify`,
	);
	t.is(plan.way, 'staged');
	t.like(result.frames, {
		...{format: 'RGB3', width, height, size: rgbBytes, stride: rgbBytes},
		...{memory: 'userptr', count: 6, damaged: 0},
	});
	t.is(result.bytes, 6 * rgbBytes);
	t.is(result.verifiedBytes, result.bytes);
	t.is(rgbBytes % result.requestSize, 0);
	await lab.run(`p2p-copy $disk/ns1+4K /tmp/frames --length ${6 * rgbBytes}`);
	await isTestPattern(t, '/tmp/frames', 6);
	t.is((await lab.run(crcScript('/tmp/frames'))).stdout, `${result.crc32c}\n`);
});

/** CRC-32C of a file, by the definition. */
function crcScript(file: string): string {
	const script = `
table = []
for n in range(256):
    for _ in range(8):
        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
    table.append(n)
crc = 0xffffffff
for byte in open("${file}", "rb").read():
    crc = crc >> 8 ^ table[(crc ^ byte) & 0xff]
print(hex(crc ^ 0xffffffff))
`;
	return `/usr/bin/python3 - <<'END'${script}END`;
}

test.serial('a frame that is no whole blocks is padded, and said to be', async (t) => {
	const yuyv = width * height * 2;
	const {result} = await jsonOf(
		t,
		`p2p-copy video:/dev/video0 $large/ns1 ${size} --format YUYV --frames 3 --verify`,
	);
	t.not(yuyv % 4096, 0);
	t.like(result.frames, {size: yuyv, count: 3});
	t.is(result.frames.stride % 4096, 0);
	t.true(result.frames.stride - yuyv < 2 * 4096);
	isDone(
		t,
		await lab.run(
			`p2p-copy video:/dev/video0 $large/ns1 ${size} --format YUYV --frames 1 --progress`,
		),
		/^stride +462848 bytes .*: 460800 and 2048 of padding$/m,
	);
});

test.serial('to a disk under its own driver, a file and a pipe', async (t) => {
	const kept = '$(basename /sys/bus/pci/devices/$kept/nvme/nvme*/nvme*n1)';
	isDone(
		t,
		await lab.run(`p2p-copy video:/dev/video0 /dev/${kept} ${rgb} --frames 3 --verify --progress`),
		/moved +\S+ MiB .* into host memory that \S+ reads them from \(userptr\)/,
	);
	await lab.run(`head -c ${3 * rgbBytes} /dev/${kept} >/tmp/frames`);
	await isTestPattern(t, '/tmp/frames', 3);
	const toFile = await lab.run(`p2p-copy video:/dev/video0 /tmp/file ${rgb} --frames 3 --verify`);
	isDone(t, toFile);
	t.is(toFile.stdout, '');
	await isTestPattern(t, '/tmp/file', 3);
	await lab.run(`p2p-copy video:/dev/video0 - ${rgb} --frames 3 | cat >/tmp/frames`);
	await isTestPattern(t, '/tmp/frames', 3);
});

test.serial('to a BAR the CPU carries, and it is said why', async (t) => {
	isDone(
		t,
		await lab.run(`p2p-copy video:/dev/video0 $mem/bar2+1M ${rgb} --frames 20 --verify --progress`),
		/carried by the CPU: no capture driver is sent into memory of another function/,
	);
	await lab.run(`p2p-copy $mem/bar2+1M /tmp/frames --length ${20 * rgbBytes}`);
	await isTestPattern(t, '/tmp/frames', 20);
});

/** Ends by a signal once some frames are there. */
const stopped = (signal: string, words: string, out = '/dev/null') =>
	`rm -f /tmp/told; p2p-copy video:/dev/video0 ${words} --progress >${out} 2>/tmp/told & p=$!
	until grep -q '^copy.* [1-9][.0-9]* MiB' /tmp/told; do sleep 0.2; done; kill -${signal} $p; wait $p`;
const ended = 's=$?; cat /tmp/told >&2; exit $s';

test.serial('without a number of frames it fills a BAR, or ends when it is told to', async (t) => {
	const {result} = await jsonOf(
		t,
		`p2p-copy video:/dev/video0 $mem/bar2+28M ${size} --format XR24`,
	);
	t.is(result.frames.count, Math.floor((4 << 20) / (width * height * 4)));
	isDone(t, await lab.run(`${stopped('INT', `/tmp/file ${rgb} --json`, '/tmp/json')}; ${ended}`));
	const {frames} = JSON.parse((await lab.run('cat /tmp/json')).stdout).result;
	t.true(frames.count >= 1, `${frames.count}`);
	t.is((await lab.run('stat -c %s /tmp/file')).stdout, `${frames.count * rgbBytes}\n`);
	await isTestPattern(t, '/tmp/file', frames.count);
	isDone(
		t,
		await lab.run(`${stopped('TERM', `$disk/ns1 ${rgb} --verify`)}; ${ended}`),
		/^frames +\d+ of .*\nengine.*\nrequests.*\nverify +equal, every byte/m,
	);
	const counted = await lab.run(`${stopped('INT', `/tmp/file ${rgb} --frames 1000`)}; ${ended}`);
	shows(t, counted, {status: 130});
	const piped =
		'{ p2p-copy video:/dev/video0 -; echo $? >/tmp/status; } | head -c 200000 | wc -c; cat /tmp/status';
	shows(t, await lab.run(piped), {status: 0, stdout: '200000\n141\n', stderr: ''});
});

test.serial('what a slow reader makes the card drop is counted', async (t) => {
	const line = `{ p2p-copy video:/dev/video0 - ${rgb} --frames 30 --json-file /tmp/json; echo $? >/tmp/status; } | { sleep 7; cat >/tmp/frames; }`;
	shows(t, await lab.run(line), {
		status: 0,
		stderr:
			/^p2p-copy: (\d+) of (\d+) frames were dropped by the card, as gaps in its numbers say\n/,
	});
	t.is((await lab.run('cat /tmp/status')).stdout, '1\n');
	const {frames} = JSON.parse((await lab.run('cat /tmp/json')).stdout).result;
	t.is(frames.count, 30);
	t.true(frames.dropped >= 5, `${frames.dropped}`);
	await isTestPattern(t, '/tmp/frames', 30);
	// vivid gives 5 frames a second: the time that they took says the same.
	t.true(Math.abs(frames.durationNs / 200e6 - (29 + frames.dropped)) < 2, JSON.stringify(frames));
});

type Colour = readonly [number, number, number];

/** A picture of the screen: QEMU's own format is PPM. */
async function screenNow(): Promise<(x: number, y: number) => Colour> {
	const file = join(tmpdir(), `p2p-capture-${process.pid}.ppm`);
	await lab.guest().qmp('screendump', {filename: file});
	const data = readFileSync(file);
	rmSync(file);
	const [head = '', columns = ''] =
		/^P6\n(\d+) \d+\n255\n/.exec(data.toString('latin1', 0, 32)) ?? [];
	return (x, y) => {
		const at = head.length + 3 * (y * Number(columns) + x);
		return [data[at] ?? -1, data[at + 1] ?? -1, data[at + 2] ?? -1];
	};
}

async function barsOnScreen(): Promise<string> {
	const colourAt = await screenNow();
	return Array.from({length: 8}, (_, i) =>
		Buffer.from(colourAt((width / 8) * i + width / 16, 300)).toString('hex'),
	).join(' ');
}

test.serial('a display shows them out of buffers that the card writes to', async (t) => {
	const before = await barsOnScreen();
	t.not(before, bars);
	await lab.run(
		`p2p-copy video:/dev/video0 drm:/dev/dri/card0 ${size} --progress 2>/tmp/told & echo $! >/tmp/pid; until grep -q ^copy /tmp/told; do sleep 0.2; done; sleep 1`,
	);
	t.is(await barsOnScreen(), bars);
	const busy = await lab.run(`p2p-copy video:/dev/video0 /tmp/x --frames 1`);
	shows(t, busy, {status: 1, stderr: /^p2p-copy: \/dev\/video0 is open\n/});
	const second = 'p2p-copy video:/dev/video4 drm:/dev/dri/card0 --frames 1';
	shows(t, await lab.run(second), {
		status: 2,
		stderr: /card0 belongs to another program: a desktop shows its pictures there/,
	});
	await lab.run('kill -INT $(cat /tmp/pid); until grep -q ^verify /tmp/told; do sleep 0.2; done');
	t.regex(
		(await lab.run('cat /tmp/told')).stdout,
		/straight into the display's own buffers \(dma-buf\)\nframes +\d+ of 640x360 XR24/,
	);
	t.is(await barsOnScreen(), before);
});

test.serial('what cannot be is said, and nothing is changed', async (t) => {
	const cases: [string, number, RegExp][] = [
		['video:/dev/video0 ./x --format MJPG --frames 1', 2, /video0 gives no MJPG; it gives YUYV, /],
		['video:/dev/video0 ./x --frame-size 641x360', 2, /no frames of 641x360; the next .* 640x360/],
		['video:/dev/video0 drm:/dev/dri/card0 --format YUYV', 2, /does not take these pixels/],
		['video:/dev/video0 drm:/dev/dri/card0 --format NV12', 2, /no format in common that is NV12/],
		['video:/dev/video1 ./x', 2, /video1 gives no pictures: it is not for capture/],
		['video:/dev/null ./x', 2, /null is no node of a capture card/],
		['video:/dev/video0 drm:/dev/null', 2, /null is no node of a display driver/],
		['video:/dev/video0 $mem/bar2 --frames 1000', 2, /do not fit into the BAR/],
		['video:/dev/video0 ./x --frames 4294967296', 2, /less than or equal to 2147483647/],
		['video:/dev/video0 $disk/ns1+1 --frames 1', 2, /no multiple of 512/],
	];
	for (const [words, status, stderr] of cases)
		shows(t, await lab.run(`p2p-copy ${words}`), {status, stdout: '', stderr});
	t.is((await lab.run('test -e x')).status, 1);
	const shown =
		'cat /sys/class/video4linux/video0/name; p2p-copy video:/dev/video0 - --frames 1 | wc -c';
	t.is((await lab.run(shown)).stdout, `vivid-000-vid-cap\n${320 * 240 * 2}\n`);
});

/** The card's input and format by V4L2's own calls; prints width, height, FOURCC, field, pitch. */
const settings = `
import fcntl, struct, sys
card = open("/dev/video0", "rb+", buffering=0)
source, *wanted = map(int, sys.argv[1:])
fcntl.ioctl(card, 0xc0045627, struct.pack("I", source))  # VIDIOC_S_INPUT
form = bytearray(208)
struct.pack_into("I", form, 0, 1)
fcntl.ioctl(card, 0xc0d05604, form)  # VIDIOC_G_FMT
if wanted:
    width, height, field = wanted
    struct.pack_into("IIIIII", form, 8, width, height, 0x56595559, field, 0, 0)
    fcntl.ioctl(card, 0xc0d05605, form)  # VIDIOC_S_FMT
print(*struct.unpack_from("IIIII", form, 8))
`;

test.serial('half frames are refused, and what the card was set to comes back', async (t) => {
	const set = '/usr/bin/python3 /tmp/settings.py';
	const alternate = '720 288 1448695129 7 1440\n';
	await lab.run(`cat >/tmp/settings.py <<'END'${settings}END`);
	t.is((await lab.run(`${set} 1 720 288 7`)).stdout, alternate);
	shows(t, await lab.run('p2p-copy video:/dev/video0 ./x --frames 1'), {
		status: 2,
		stderr: /gives half frames, one after the other \(V4L2_FIELD_ALTERNATE\)/,
	});
	isDone(t, await lab.run('p2p-copy video:/dev/video0 ./x --frames 2 --frame-size 720x576'));
	t.is((await lab.run(`${set} 1`)).stdout, alternate);
	t.is((await lab.run(`${set} 0`)).status, 0);
});

test.serial('a format that another program sets meanwhile ends it', async (t) => {
	const line = `(while :; do for s in '320 240' '640 360'; do /usr/bin/python3 /tmp/settings.py 0 $s 1; done; done) >/dev/null 2>&1 & p=$!
		for n in 1 2 3 4 5 6; do rm -f /tmp/json; p2p-copy video:/dev/video0 $disk/ns1 --frames 2 --frame-size 320x240 --json-file /tmp/json >/dev/null 2>&1
		echo $? $(tr -d ' \n' </tmp/json | grep -o '"width":[0-9]*'); done; kill $p`;
	const ends = (await lab.run(line)).stdout.trim().split('\n');
	t.is(ends.length, 6);
	for (const end of ends) t.regex(end, /^([01] "width":320|1)$/);
	t.is((await lab.run('/usr/bin/python3 /tmp/settings.py 0 320 240 1')).status, 0);
});

test.serial('a driver that takes no memory of others is served by the CPU', async (t) => {
	t.is((await lab.run('rmmod vivid && modprobe vivid allocators=1')).status, 0);
	const {result} = await jsonOf(
		t,
		`p2p-copy video:/dev/video0 $disk/ns1 ${rgb} --frames 10 --verify`,
	);
	t.like(result.frames, {memory: 'mmap', count: 10});
	await lab.run(`p2p-copy $disk/ns1 /tmp/frames --length ${10 * rgbBytes}`);
	await isTestPattern(t, '/tmp/frames', 10);
	await lab.run(
		`p2p-copy video:/dev/video0 drm:/dev/dri/card0 ${size} --progress 2>/tmp/told & echo $! >/tmp/pid; until grep -q ^copy /tmp/told; do sleep 0.2; done; sleep 1`,
	);
	t.is(await barsOnScreen(), bars);
	await lab.run('kill -INT $(cat /tmp/pid); until grep -q ^verify /tmp/told; do sleep 0.2; done');
	t.regex((await lab.run('cat /tmp/told')).stdout, /rows carried by the CPU: the drivers share no/);
});

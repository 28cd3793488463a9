// SPDX-License-Identifier: MIT
import test from 'ava';
import {endpointText, parseEndpoint, parsePlace} from '../../lib/endpoint.ts';
import {Failure} from '../../lib/failure.ts';

for (const [text, name, kind, index, offset] of [
	['0000:03:00.0/ns1', '0000:03:00.0', 'ns', 1, 0],
	['03:00.0/bar2+1M', '03:00.0', 'bar', 2, 2 ** 20],
	['nvme0n1/cmb+0x1000', 'nvme0n1', 'cmb', 0, 4096],
	['00:01.0/00.0/02.0/bar0', '00:01.0/00.0/02.0', 'bar', 0, 0],
	['card0/pmr', 'card0', 'pmr', 0, 0],
] as const) {
	test(`${text} is read`, (t) => {
		t.deepEqual(parseEndpoint(text), {name, kind, index, offset});
	});
}

test('a disk that is not there is no file to be made', (t) => {
	for (const name of ['/dev/nvme77n1', '/dev/nvme77n1+4K'])
		t.throws(() => parsePlace(name), {instanceOf: Failure, message: '/dev/nvme77n1: no such file'});
});

test('a capture card and a display are named by their nodes', (t) => {
	t.deepEqual(parsePlace('video:/dev/null'), {
		...{name: '/dev/null', kind: 'video', index: 0, offset: 0},
	});
	t.is(parsePlace('drm:/dev/null').kind, 'drm');
	for (const [text, message] of [
		['video:', "'video:' names no device; video:/dev/video0 does"],
		['drm:card0', "'drm:card0' names no device; drm:/dev/dri/card0 does"],
		['video:/dev/video77', '/dev/video77: no such file'],
	] as const)
		t.throws(() => parsePlace(text), {instanceOf: Failure, message});
});

test('an endpoint is written the way it is typed', (t) => {
	t.is(endpointText(parseEndpoint('03:00.0/bar2+4096')), '03:00.0/bar2+4096');
	t.is(endpointText(parseEndpoint('nvme0/cmb')), 'nvme0/cmb');
});

for (const [text, message] of [
	['', /empty operand/],
	['03:00.0', /no endpoint/],
	['03:00.0/bra2', /no endpoint/],
	['03:00.0/bar6', /bar0 to bar5/],
	['03:00.0/bar', /bar0 to bar5/],
	['03:00.0/ns0', /from 1/],
	['03:00.0/ns', /from 1/],
	['03:00.0/cmb1', /one cmb/],
	['03:00.0/bar2+', /not an offset/],
	['03:00.0/bar2+1X', /'1X' is not an offset/],
	['/dev/nvme0n1', /is a file/],
	['./image/ns1', /is a file/],
	['-', /is a file/],
] as const) {
	test(`'${text}' is refused with a reason`, (t) => {
		const error = t.throws(() => parseEndpoint(text), {instanceOf: Failure, message});
		t.is(error.status, 2);
	});
}

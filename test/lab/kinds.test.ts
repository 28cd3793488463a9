// SPDX-License-Identifier: MIT
// Every kind of copy between namespaces, memory, files and pipes, with the host looking at both
// ends from outside.

import {createHash} from 'node:crypto';
import test from 'ava';
import {fillRandom, kernel, readAt, shows, useLab} from '../helpers/lab.ts';

const MiB = 1 << 20;

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      a: nvme size=64M cmb=16M namespaces=2
	    downstream
	      b: nvme size=64M mdts=5
	    downstream
	      mem: ram 64M
	    downstream
	      other: ram 64M
	    downstream
	      p: nvme size=64M pmr=16M
	    downstream
	      scripts: lsi
	    downstream
	      teacher: edu
	    downstream
	      adapter: nic
	`,
);

test.serial.before('the disks go to vfio-pci', async (t) => {
	// iommufd reaches a BAR only as vfio-pci exports it.
	const memory = kernel === 'iommufd' ? '$mem $other' : '';
	const {status, stderr} = await lab.run(`p2p-bind $a $b $p $scripts $teacher $adapter ${memory}`);
	t.is(status, 0, stderr);
});

const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function copies(t: Parameters<typeof shows>[0], line: string) {
	const result = await lab.run(`p2p-copy ${line} --verify --json`);
	shows(t, result, {status: 0, stderr: ''});
	const copied = JSON.parse(result.stdout);
	const {space} = copied.plan;
	if (space !== null) t.is(space, kernel === 'iommufd' ? 'iommufd' : 'type1');
	return copied;
}

test.serial('namespace to namespace by way of a BAR, reads and writes at once', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), MiB, 24 * MiB);
	const {plan, result} = await copies(t, '$a/ns1+1M $b/ns1+2M --via $mem/bar2 --length 24M');
	t.is(plan.way, 'peer');
	t.deepEqual(
		plan.legs.map(({direction}: {direction: string}) => direction),
		['from-medium', 'to-medium'],
	);
	t.is(result.addressKind, 'bus-address');
	t.true(readAt(lab.guest().image('b'), 2 * MiB, 24 * MiB).equals(sent));
});

test.serial("namespace to namespace by way of the source's own CMB", async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 0, 2 * MiB);
	const {plan} = await copies(t, '$a/ns1 $b/ns1+32M --length 2M');
	t.is(plan.via.kind, 'cmb');
	t.is(plan.via.function, plan.legs[0].client);
	t.true(readAt(lab.guest().image('b'), 32 * MiB, 2 * MiB).equals(sent));
});

test.serial('an address that somebody left in the CMB counts for nothing', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 16 * MiB, MiB);
	// CBA 0, where host memory will lie, with CMSE and CRE (NVMe Base Specification 2.0, 3.1.3.20).
	const leave = "printf '\\3\\0\\0\\0' | p2p-copy - $a/bar0+0x50 --width 4 --length 4";
	const read = 'p2p-copy $a/bar0+0x50 - --length 4 | od -An -tx1';
	t.is((await lab.run(`${leave}; ${read}`)).stdout.trim(), '03 00 00 00');
	await copies(t, '$a/ns1+16M $a/cmb+1M --length 1M --staged');
	await copies(t, '$a/cmb+1M $mem/bar2+1M --length 1M --engine $teacher');
	t.true(readAt(lab.guest().image('mem', 'ram'), MiB, MiB).equals(sent));
	t.is((await lab.run(read)).stdout.trim(), '01 00 00 00');
	// And a copy by its own reach leaves none.
	await copies(t, '$a/ns1+16M $a/cmb --length 1M');
	t.is((await lab.run(read)).stdout.trim(), '01 00 00 00');
});

test.serial('one namespace to another of the same controller', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 8 * MiB, 4 * MiB);
	await copies(t, '$a/ns1+8M $a/ns2+512 --via $mem/bar2+64K --length 4M');
	t.true(readAt(lab.guest().image('a.2'), 512, 4 * MiB).equals(sent));
});

test.serial('a ring of two requests is enough', async (t) => {
	const sent = fillRandom(lab.guest().image('b'), 0, MiB + 512);
	const line = '$b/ns1 $a/ns1+40M --via $mem/bar2+67100672 --length 1049088';
	const {result} = await copies(t, line);
	t.is(result.requestSize, 4096);
	t.true(readAt(lab.guest().image('a'), 40 * MiB, MiB + 512).equals(sent));
});

test.serial('namespace to namespace through host memory says so', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 0, 16 * MiB);
	const line = 'p2p-copy $a/ns1 $b/ns1 --staged --length 16M --verify --progress';
	shows(t, await lab.run(line), {status: 0, stderr: /through host memory: not peer-to-peer/});
	t.true(readAt(lab.guest().image('b'), 0, 16 * MiB).equals(sent));
});

test.serial('the staged copy of a namespace to a BAR and back', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 4096, 8 * MiB);
	const {plan} = await copies(t, '$a/ns1+4K $mem/bar2+0x1004 --staged --length 8M');
	t.is(plan.way, 'staged');
	t.true(readAt(lab.guest().image('mem', 'ram'), 0x1004, 8 * MiB).equals(sent));
	await copies(t, '$mem/bar2+0x1004 $b/ns1 --staged --length 8M');
	t.true(readAt(lab.guest().image('b'), 0, 8 * MiB).equals(sent));
});

test.serial('BAR to BAR by the CPU, at odd offsets', async (t) => {
	const sent = fillRandom(lab.guest().image('mem', 'ram'), 3, MiB + 5);
	const {plan} = await copies(t, '$mem/bar2+3 $other/bar2+10 --staged --length 1048581');
	t.is(plan.way, 'cpu');
	t.true(readAt(lab.guest().image('other', 'ram'), 10, MiB + 5).equals(sent));
});

test.serial('BAR to BAR by a SCSI controller that runs SCRIPTS', async (t) => {
	const sent = fillRandom(lab.guest().image('mem', 'ram'), 4100, 48 * MiB);
	const line = '$mem/bar2+4100 $other/bar2+8 --engine $scripts --length 48M';
	const {plan, result} = await copies(t, line);
	t.is(plan.way, 'peer');
	t.is(plan.legs[0].engine, 'lsi53c895a');
	t.is(plan.legs[0].client, plan.legs[1].client);
	t.is(result.verifiedBytes, 48 * MiB);
	t.true(readAt(lab.guest().image('other', 'ram'), 8, 48 * MiB).equals(sent));
});

test.serial('BAR to BAR by a network adapter that sends to itself', async (t) => {
	const sent = fillRandom(lab.guest().image('mem', 'ram'), 4100, 24 * MiB + 12);
	const line = `$mem/bar2+4100 $other/bar2+8 --engine $adapter --length ${24 * MiB + 12}`;
	const {plan, result} = await copies(t, line);
	t.is(plan.legs[0].engine, 'i82574');
	t.is(result.addressKind, 'bus-address');
	t.is(result.verifiedBytes, sent.length);
	t.true(readAt(lab.guest().image('other', 'ram'), 8, sent.length).equals(sent));
});

test.serial('nothing of a frame but its payload lands in memory', async (t) => {
	for (const length of [4, 8188, 8192, 8196, MiB - 4, MiB + 4]) {
		const ram = lab.guest().image('other', 'ram');
		const around = fillRandom(ram, 0, 2 * MiB);
		const sent = fillRandom(lab.guest().image('mem', 'ram'), 0, length);
		await copies(t, `$mem/bar2 $other/bar2+4096 --engine $adapter --length ${length}`);
		sent.copy(around, 4096);
		t.true(readAt(ram, 0, 2 * MiB).equals(around), `${length}`);
	}
});

test.serial("BAR to BAR by QEMU's teaching device", async (t) => {
	const sent = fillRandom(lab.guest().image('other', 'ram'), 64, 10_000);
	await copies(t, '$other/bar2+64 $mem/bar2+4 --engine $teacher --length 10000');
	t.true(readAt(lab.guest().image('mem', 'ram'), 4, 10_000).equals(sent));
});

test.serial('a function that is no memory engine is refused as one', async (t) => {
	shows(t, await lab.run('p2p-copy $mem/bar2 $other/bar2 --engine $a --length 4K'), {
		status: 2,
		stdout: '',
		stderr: /no engine/,
	});
	shows(t, await lab.run('p2p-copy $mem/bar2 $other/bar2+2 --engine $scripts --length 4K'), {
		status: 2,
		stdout: '',
		stderr: /multiple of 4/,
	});
});

test.serial('registers are loaded and stored at the width that was asked for', async (t) => {
	// edu: identification at 0, a register that answers with the complement at 4.
	shows(t, await lab.run("p2p-copy --length 4 $teacher/bar0 - | od -An -tx4 | tr -d ' '"), {
		status: 0,
		stdout: '010000ed\n',
	});
	const line =
		"printf '\\1\\2\\3\\4' | p2p-copy --width 4 --length 4 - $teacher/bar0+4 && p2p-copy --width 4 --length 4 $teacher/bar0+4 - | od -An -tx4 | tr -d ' '";
	shows(t, await lab.run(line), {status: 0, stdout: 'fbfcfdfe\n'});
	shows(t, await lab.run('p2p-copy --width 8 --length 4 $teacher/bar0 -'), {
		status: 2,
		stdout: '',
		stderr: /multiple of 8/,
	});
	shows(t, await lab.run('p2p-copy --length 16 $teacher/bar0 -'), {
		status: 1,
		stdout: '',
		stderr: /registers/,
	});
	shows(t, await lab.run('p2p-copy --width 4 --length 4K $a/ns1 $mem/bar2'), {
		status: 2,
		stdout: '',
		stderr: /--width is for/,
	});
});

test.serial('a CMB is written and read by another controller', async (t) => {
	const sent = fillRandom(lab.guest().image('b'), 0, MiB);
	await copies(t, '$b/ns1 $a/cmb+8K --length 1M');
	await copies(t, '$a/cmb+8K $b/ns1+48M --length 1M');
	t.true(readAt(lab.guest().image('b'), 48 * MiB, MiB).equals(sent));
});

test.serial('a persistent memory region is written and read', async (t) => {
	const sent = fillRandom(lab.guest().image('b'), 0, 8 * MiB);
	await copies(t, '$b/ns1 $p/pmr+4K --length 8M');
	await copies(t, '$p/pmr+4K $b/ns1+16M --length 8M');
	t.true(readAt(lab.guest().image('b'), 16 * MiB, 8 * MiB).equals(sent));
});

test.serial('a namespace is saved to a file and loaded from it', async (t) => {
	const sent = fillRandom(lab.guest().image('a'), 512, 8 * MiB);
	const {plan} = await copies(t, '$a/ns1+512 /tmp/saved --length 8M');
	t.is(plan.way, 'staged');
	shows(t, await lab.run('sha256sum </tmp/saved'), {status: 0, stdout: `${sha(sent)}  -\n`});
	await copies(t, '/tmp/saved $b/ns1+1M');
	t.true(readAt(lab.guest().image('b'), MiB, 8 * MiB).equals(sent));
});

test.serial(
	'a BAR is saved to a file and loaded from it, at odd offsets and lengths',
	async (t) => {
		const sent = fillRandom(lab.guest().image('mem', 'ram'), 7, 100_001);
		await copies(t, '$mem/bar2+7 /tmp/part+3 --length 100001');
		await copies(t, '/tmp/part+3 $other/bar2+1');
		t.true(readAt(lab.guest().image('other', 'ram'), 1, 100_001).equals(sent));
	},
);

test.serial(
	'a new file holds just what was copied; +OFF leaves the rest of an old one',
	async (t) => {
		await lab.run('seq 100000 >/tmp/old');
		shows(t, await lab.run('p2p-copy $mem/bar2 /tmp/old+16 --length 16'), {status: 0});
		shows(t, await lab.run('stat -c %s /tmp/old'), {status: 0, stdout: '588895\n'});
		shows(t, await lab.run('p2p-copy $mem/bar2 /tmp/old --length 16; stat -c %s /tmp/old'), {
			status: 0,
			stdout: '16\n',
		});
	},
);

test.serial('a pipe is loaded into a namespace and into a BAR, to its end', async (t) => {
	const line = 'head -c 3145728 /dev/urandom | tee /tmp/stream | p2p-copy';
	shows(t, await lab.run(`${line} - $b/ns1+4K --verify && sha256sum </tmp/stream`), {
		status: 0,
		stdout: /^/,
		stderr: '',
	});
	const sum = async () => (await lab.run('sha256sum </tmp/stream')).stdout.slice(0, 64);
	t.is(sha(readAt(lab.guest().image('b'), 4096, 3 * MiB)), await sum());
	shows(t, await lab.run(`${line} - $mem/bar2+5 --verify`), {status: 0, stdout: '', stderr: ''});
	t.is(sha(readAt(lab.guest().image('mem', 'ram'), 5, 3 * MiB)), await sum());
});

test.serial('a namespace and a BAR go down a pipe', async (t) => {
	const disk = fillRandom(lab.guest().image('a'), 0, 4 * MiB);
	shows(t, await lab.run('p2p-copy $a/ns1 - --length 4M | sha256sum'), {
		status: 0,
		stdout: `${sha(disk)}  -\n`,
	});
	const ram = fillRandom(lab.guest().image('mem', 'ram'), 1, 1001);
	shows(t, await lab.run('p2p-copy $mem/bar2+1 - --length 1001 --json-file /tmp/a | sha256sum'), {
		status: 0,
		stdout: `${sha(ram)}  -\n`,
	});
	t.is(JSON.parse((await lab.run('cat /tmp/a')).stdout).result.bytes, 1001);
});

test.serial('the file of the answer is not that of the data, and never an old one', async (t) => {
	const line = 'p2p-copy $mem/bar2 /tmp/data --length 4K --json-file';
	shows(t, await lab.run(`${line} /tmp/../tmp/data`), {status: 2, stderr: /data and the answer/});
	shows(t, await lab.run(`${line} /no/such/folder`), {status: 2, stderr: /no such file/i});
	shows(t, await lab.run(`${line} -`), {status: 2, stderr: /Try: --json /});
	t.is((await lab.run('ls /tmp/data')).status, 2);
	await lab.run('echo old >/tmp/a');
	shows(t, await lab.run('p2p-copy $a/ns1 $b/bar0 --length 4K --json-file /tmp/a'), {status: 1});
	t.is(JSON.parse((await lab.run('cat /tmp/a')).stdout).failure.code, 'P2P_REGISTER_BAR');
});

test.serial('a stream is never cut short in silence', async (t) => {
	shows(t, await lab.run('printf hello | p2p-copy - $mem/bar2 --length 1K'), {
		status: 2,
		stdout: '',
		stderr: /ended after 5 bytes of 1024/,
	});
	shows(t, await lab.run('printf hello | p2p-copy - $mem/bar2+67108860'), {
		status: 2,
		stdout: '',
		stderr: /more than the 4 bytes that fit/,
	});
	shows(t, await lab.run('printf hello | p2p-copy - $b/ns1 --overwrite-signature'), {
		status: 2,
		stdout: '',
		stderr: /multiple of 512/,
	});
});

test.serial('what lies behind the end of a stream stays as it is', async (t) => {
	const ram = fillRandom(lab.guest().image('mem', 'ram'), 0, 64 * MiB);
	shows(t, await lab.run('printf hello | p2p-copy - $mem/bar2 --verify'), {status: 0, stderr: ''});
	const now = readAt(lab.guest().image('mem', 'ram'), 0, 64 * MiB);
	t.is(now.toString('latin1', 0, 5), 'hello');
	t.true(now.subarray(5).equals(ram.subarray(5)));
});

test.serial('a refused copy neither makes nor empties a file', async (t) => {
	await lab.run('echo old >/tmp/kept');
	for (const file of ['/tmp/kept', '/tmp/never']) {
		const line = `p2p-copy $teacher/bar0 ${file} --length 64`;
		shows(t, await lab.run(line), {status: 1, stdout: '', stderr: /registers/});
	}
	shows(t, await lab.run('cat /tmp/kept; ls /tmp/never'), {status: 2, stdout: 'old\n'});
});

test.serial('a full disk and a closed pipe end in one sentence', async (t) => {
	shows(t, await lab.run('p2p-copy $mem/bar2 /dev/full --length 1M'), {
		status: 2,
		stdout: '',
		stderr: /^p2p-copy: [^\n]*[Nn]o space[^\n]*\n$/,
	});
	const closed = await lab.run('p2p-copy $mem/bar2 - | head -c 1 | wc -c');
	shows(t, closed, {status: 0, stdout: '1\n'});
});

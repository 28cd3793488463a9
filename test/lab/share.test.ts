// SPDX-License-Identifier: MIT
// p2p-map --dma-buf and --userptr: memory by a descriptor that COMMAND inherits, as its kernel sees
// it.

import test from 'ava';
import {shows, useLab} from '../helpers/lab.ts';
import {isAsDescribed} from '../helpers/schema.ts';

const lab = useLab(
	test,
	`
	root-port
	  upstream
	    downstream
	      disk: nvme size=16M
	    downstream
	      mem: ram 16M
	    downstream
	      bare: ram 16M
	    downstream
	      screen: display
	`,
);

test.serial.before('disk and memory go to vfio-pci', async (t) => {
	const {status, stderr} = await lab.run('p2p-bind $disk $mem');
	t.is(status, 0, stderr);
});

test.serial('a BAR becomes a dma-buf that COMMAND inherits, and it says how much', async (t) => {
	const command =
		'echo $P2P_LENGTH $P2P_DMABUF_OFFSET $P2P_DMABUF_LENGTH $P2P_BUS_ADDRESS; cat /proc/self/fdinfo/$P2P_DMABUF_FD; exit 7';
	const line = `p2p-map --dma-buf $mem/bar2+1M --length 2M --json-file /tmp/facts -- sh -c '${command}'`;
	const {status, stdout, stderr} = await lab.run(line);
	t.is(status, 7, stderr);
	const facts = JSON.parse((await lab.run('cat /tmp/facts')).stdout);
	t.regex(stdout, new RegExp(`^2097152 0 2097152 ${facts.busAddress}\n`));
	t.regex(stdout, /^size:\s+2097152$/m);
	t.regex(stdout, /^exp_name:\s+vfio_pci_core$/m);
	t.is(facts.size, 2 << 20);
	t.is(facts.exporter, 'vfio_pci_core');
});

test.serial('without COMMAND the size and the exporter are shown', async (t) => {
	shows(t, await lab.run('p2p-map --dma-buf $mem/bar2'), {
		status: 0,
		stdout: /^dma-buf +16777216 \(16 MiB\), exported by vfio_pci_core\nbus address +0x\w+\n$/,
		stderr: '',
	});
});

test.serial('a mapping for a client hands the same stretch on as a dma-buf', async (t) => {
	const command = 'grep -E "size|exp_name" /proc/self/fdinfo/$P2P_DMABUF_FD';
	shows(t, await lab.run(`p2p-map $disk $mem/bar2 --length 1M -- sh -c '${command}'`), {
		status: 0,
		stdout: /^size:\s+1048576\nexp_name:\s+vfio_pci_core\n$/,
	});
	shows(
		t,
		await lab.run("p2p-map $disk $bare/bar2 -- sh -c 'printenv P2P_DMABUF_FD || echo none'"),
		{
			status: 0,
			stdout: 'none\n',
		},
	);
});

test.serial('host memory becomes a dma-buf: what one side writes the other reads', async (t) => {
	const script = `
import mmap, os
size = int(os.environ["P2P_DMABUF_LENGTH"])
host = mmap.mmap(int(os.environ["P2P_HOST_FD"]), size)
shared = mmap.mmap(int(os.environ["P2P_DMABUF_FD"]), size, offset=int(os.environ["P2P_DMABUF_OFFSET"]))
host[4999:5003] = b"peer"
print(os.environ["P2P_LENGTH"], size, shared[4999:5003].decode())
`;
	const line = `cat >/tmp/import.py <<'END'${script}END\np2p-map --userptr --length 5003 -- /usr/bin/python3 /tmp/import.py`;
	shows(t, await lab.run(line), {status: 0, stdout: '5003 8192 peer\n', stderr: ''});
	shows(t, await lab.run('p2p-map --userptr --length 1M'), {
		status: 0,
		stdout: /^dma-buf +1048576 \(1 MiB\), exported by udmabuf\nmemory +host memory/,
	});
});

/** $V is vgem's card, $B that of the display. */
const cards = `for m in vgem bochs; do modprobe $m; done 2>/dev/null
	for c in card0 card1; do case $(readlink /sys/class/drm/$c) in *vgem*) V=/dev/dri/$c ;; *) B=/dev/dri/$c ;; esac; done;`;

test.serial(
	'a display driver exports a buffer; another takes it, and sees the same bytes',
	async (t) => {
		const script = `
import fcntl, mmap, os, struct, sys
size = int(os.environ["P2P_DMABUF_LENGTH"])
mine = int(os.environ["P2P_DMABUF_FD"])
pixels = mmap.mmap(mine, size)
pixels[4999:5003] = b"peer"
other = os.open(sys.argv[1], os.O_RDWR)
handle, _, _ = struct.unpack("IIi", fcntl.ioctl(other, 0xc00c642e, struct.pack("IIi", 0, 0, mine)))
again = struct.unpack("IIi", fcntl.ioctl(other, 0xc00c642d, struct.pack("IIi", handle, os.O_RDWR, -1)))[2]
print(os.environ["P2P_LENGTH"], size, mmap.mmap(again, size)[4999:5003].decode())
`;
		const line = `${cards} cat >/tmp/import.py <<'END'${script}END
		p2p-map --dma-buf drm:$B --length 5003 --json-file /tmp/facts -- /usr/bin/python3 /tmp/import.py $V; s=$?; cat /tmp/facts; exit $s`;
		const {status, stdout, stderr} = await lab.run(line);
		t.is(status, 0, stderr);
		t.is(stdout.slice(0, stdout.indexOf('\n')), '5003 8192 peer');
		const facts = JSON.parse(stdout.slice(stdout.indexOf('{')));
		const screen = (await lab.run('echo $screen')).stdout.trim();
		t.like(facts, {driver: 'bochs-drm', function: screen, size: 8192, busAddress: null});
		isAsDescribed(t, 'p2p-map', JSON.stringify(facts));
	},
);

test.serial('memory of a driver without a PCI function is said to be that', async (t) => {
	shows(t, await lab.run(`${cards} p2p-map --dma-buf drm:$V --length 1M`), {
		status: 0,
		stdout:
			/^dma-buf +1048576 \(1 MiB\), exported by \w+\nmemory +where vgem puts it, which drives no PCI function\n$/,
		stderr: '',
	});
	shows(t, await lab.run(`${cards} p2p-map --dma-buf drm:$V`), {status: 2, stderr: /--length/});
	shows(t, await lab.run(`${cards} p2p-map --dma-buf drm:$V --length 4G`), {
		status: 2,
		stderr: /a buffer of \/dev\/dri\/card\d has less than 4 GiB/,
	});
	const render = `${cards} p2p-map --dma-buf drm:/dev/dri/renderD128 --length 4K`;
	shows(t, await lab.run(render), {
		status: 2,
		stderr: /renderD128 makes no buffers: a render node/,
	});
	shows(t, await lab.run('p2p-map --dma-buf drm:/dev/null --length 4K'), {
		status: 2,
		stderr: /\/dev\/null is no node of a display driver/,
	});
	shows(t, await lab.run('p2p-map --dma-buf drm:/dev/dri/card99 --length 4K'), {
		status: 2,
		stderr: /card99: .*no such/i,
	});
});

const refusals: readonly (readonly [string, number, RegExp])[] = [
	['p2p-map --dma-buf $bare/bar2', 2, /not bound to vfio-pci.*\n.*p2p-bind/],
	['p2p-map --dma-buf $mem/bar2+3', 2, /4096/],
	['p2p-map --dma-buf $mem/bar2 --length 5000', 2, /4096/],
	['p2p-map --dma-buf $mem/bar2+8M --length 9M', 2, /largest length there is 8388608/],
	['p2p-map --dma-buf $mem/bar1', 2, /no bar1; it has/],
	['p2p-map --dma-buf $mem/ns1', 2, /NAME\/barN/],
	['p2p-map --dma-buf', 2, /missing operand: PROVIDER/],
	['p2p-map --dma-buf $disk $mem/bar2', 2, /extra operand/],
	['p2p-map --userptr', 2, /--length/],
	['p2p-map --userptr --length 0', 2, /--length/],
	['p2p-map --userptr --length 100G', 2, /100 GiB of host memory were asked for/],
	['p2p-map --userptr --length 4K $mem/bar2', 2, /extra operand/],
	['p2p-map --userptr --dma-buf $mem/bar2 --length 4K', 2, /exclude each other/],
	['p2p-map $disk', 2, /missing operand: PROVIDER/],
	['p2p-map $disk $bare/bar2 --mechanism iommufd', 2, /iommufd[\s\S]*--mechanism type1/],
];

for (const [line, status, sentence] of refusals) {
	test.serial(`refused with status ${status}: ${line}`, async (t) => {
		shows(t, await lab.run(line), {status, stdout: '', stderr: sentence});
	});
}

// SPDX-License-Identifier: MIT
// What p2p-target says of targets: a line a namespace, and why data goes by which way.

import type {Target, TargetNamespace, TargetPort} from './native.ts';

type Facts = Readonly<Record<string, string>>;

/** Why data does not go from peer to peer, or cannot be told to; a code of native/target/peer.h or target.h. */
export function reasonText(reason: string, facts: Facts): string {
	const {provider, network, rdma = 'the RDMA device', transport} = facts;
	const texts: Readonly<Record<string, string>> = {
		off: 'p2pmem is off',
		'not-pci': 'it is over fabrics itself: its driver takes no peer memory',
		multipath:
			'it is the head of NVMe multipath, for which the kernel finds no peer memory (nvme_core.multipath=N)',
		'no-provider':
			provider === undefined
				? 'no function has published peer memory'
				: `${provider} has published no peer memory`,
		'namespace-unreachable':
			provider === undefined
				? 'its controller reaches no published peer memory'
				: `its controller does not reach ${provider}`,
		'namespace-unknown': `whether its controller reaches ${provider} cannot be told`,
		transport: `${transport} copies by the CPU; only RDMA moves peer memory`,
		'no-rdma': 'there is no RDMA device',
		'software-rdma': `${rdma} is RDMA in software: the CPU copies`,
		'rdma-unknown': `whether ${rdma} has DMA of its own cannot be told`,
		'network-unreachable': `${network} does not reach ${provider}`,
		'not-direct': `${network} or its controller reaches ${provider} through the root complex alone`,
		'network-unknown': `whether ${network} reaches ${provider} cannot be told`,
	};
	return texts[reason] ?? reason;
}

/** 'peer to peer by 03:00.0' or 'through host memory: WHY'. */
export function wayText({isPeer, provider, reason, facts}: TargetNamespace): string {
	if (isPeer === true) return `peer to peer, through memory of ${provider}`;
	const why = reasonText(reason ?? '', facts);
	const way = isPeer === null ? 'cannot tell' : 'through host memory';
	return provider === null ? `${way}: ${why}` : `${way}: ${why} (p2pmem ${provider})`;
}

export function portText({transport, address, service}: TargetPort): string {
	if (address === null) return transport;
	const host = address.includes(':') ? `[${address}]` : address;
	return `${transport} ${host}:${service}`;
}

function hostsText({isForAll, hosts}: Target): string {
	if (isForAll) return 'any host';
	return hosts.length === 0 ? 'no host' : hosts.join(', ');
}

export function targetLines(target: Target): string[] {
	const {nqn, ports, namespaces, isOurs} = target;
	return [
		isOurs === false ? `${nqn}  (not by p2p-target)` : nqn,
		`  ${ports.length === 0 ? 'no port' : ports.map(portText).join(', ')}  for ${hostsText(target)}`,
		...namespaces.map(
			(one) => `  ${one.nsid}  ${one.device}  ${one.isEnabled ? wayText(one) : 'not enabled'}`,
		),
	];
}

/** What a host types (nvme-cli). */
export function connectLine(nqn: string, {transport, address, service}: TargetPort): string {
	const where = address === null ? '' : ` -a ${address} -s ${service}`;
	return `nvme connect -t ${transport}${where} -n ${nqn}`;
}

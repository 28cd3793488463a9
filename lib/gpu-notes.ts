// SPDX-License-Identifier: MIT
// What the driver of a display or accelerator makes of the verdict on its memory, which it asks the
// kernel for by itself, and how much of that memory peers could see. By Linux 7.3.

import type {Pair, PciFunction} from './native.ts';
import {shortSize} from './units.ts';

type Note = (it: PciFunction, isRefused: boolean) => string;

// drivers/gpu/drm: amd/amdgpu/amdgpu_dma_buf.c, xe/xe_dma_buf.c, i915/gem/i915_gem_dmabuf.c,
// nouveau/nouveau_prime.c.
const byDriver: Readonly<Record<string, Note>> = {
	amdgpu: ({bdf}, isRefused) =>
		isRefused
			? `amdgpu does not fail for that: it hands ${bdf}'s buffers out from host memory, in silence`
			: `amdgpu exports ${bdf}'s memory as dma-bufs, straight to importers that take peer memory`,
	xe: ({bdf}, isRefused) =>
		isRefused
			? `xe does not fail for that: it moves ${bdf}'s buffers to host memory, and refuses those that cannot move`
			: `xe exports ${bdf}'s buffers as dma-bufs: peer memory to importers that follow its moves, host memory to those that pin`,
	i915: ({bdf}) => `i915 exports ${bdf}'s buffers, but not as peer memory, whatever the verdict`,
	nouveau: ({bdf}) =>
		`nouveau exports ${bdf}'s buffers from host memory alone, whatever the verdict`,
	nvidia: ({bdf}) =>
		`nvidia's driver decides by itself whether peers reach ${bdf} (nvidia-smi topo -p2p r); what ports and root complex do holds for it too`,
};

/** Drivers that export no peer memory, whatever a BAR shows. */
const withoutPeers: ReadonlySet<string> = new Set(['i915', 'nouveau']);

/** Of the provider's memory, as its driver and its BARs have it. */
export function gpuNotes(functions: readonly PciFunction[], pair: Pair): string[] {
	const provider = functions.find(({bdf}) => bdf === pair.provider);
	if (provider === undefined) return [];
	const note = byDriver[provider.driver ?? ''];
	const isRefused = pair.kernel.mapType === 'not-supported';
	const isTold = note !== undefined && pair.kernel.mapType !== 'unknown';
	return [...(isTold ? [note(provider, isRefused)] : []), ...windowNote(provider)];
}

/** Is the largest BAR a window on more? */
function windowNote({bdf, bars, driver, vram, visibleVram}: PciFunction): string[] {
	const [bar] = bars.filter(({kind}) => kind === 'memory').sort((a, b) => b.size - a.size);
	if (bar === undefined || withoutPeers.has(driver ?? '')) return [];
	// What the driver says counts: an APU's memory is all visible, however small its BAR. xe does not say
	// what is, but all of it is in one BAR.
	const visible = visibleVram ?? (driver === 'xe' ? bar.size : vram);
	const [shown, whole] = vram === null ? [bar.size, bar.largest ?? 0] : [visible ?? vram, vram];
	if (whole <= shown) return [];
	const what =
		vram === null
			? `bar${bar.index} of ${bdf} has ${shortSize(shown)} and could have ${shortSize(whole)}`
			: `bar${bar.index} of ${bdf} shows peers ${shortSize(shown)} of ${shortSize(whole)}`;
	return [`${what}: turn on Resizable BAR and decoding above 4G in the firmware`];
}

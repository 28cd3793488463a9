// SPDX-License-Identifier: MIT
// Reads what kernels and controllers wrote about errors: lines of four IOMMU drivers, records of
// the log, counters, pages of an NVMe error log. Prints how many readings were right; ends with 1
// at the first wrong one.

#include "transfer/witness.h"
#include "device/nvme_errors.h"
#include "sys/kernel_log.h"
#include "transfer/fault.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>

static unsigned right = 0;

static bool is(const std::string &what, const std::string &got, const std::string &expected)
{
	if (got != expected) {
		printf("%s: '%s', expected '%s'\n", what.c_str(), got.c_str(), expected.c_str());
		return false;
	}
	right++;
	return true;
}

static std::string text(const std::vector<transfer::Fault> &faults)
{
	std::string all;
	for (const auto &fault : faults) {
		char address[20];
		snprintf(address, sizeof address, "%#" PRIx64, fault.address.value_or(0));
		all += fault.iommu + " " + fault.function.name() +
		       (fault.hasDomain ? "" : " no domain") +
		       (!fault.isWrite   ? " access "
			: *fault.isWrite ? " write "
					 : " read ") +
		       address + ";";
	}
	return all;
}

static bool readsFaults()
{
	const std::vector<std::pair<std::vector<std::string>, const char *>> logs{
		{{"DMAR: DRHD: handling fault status reg 2",
		  "DMAR: [DMA Write NO_PASID] Request device [0000:04:00.0] fault addr 0xfc020000 "
		  "[fault reason 0x05] PTE Write access is not set"},
		 "DMAR 0000:04:00.0 write 0xfc020000;"},
		{{"DMAR: [DMA Read] Request device [3b:00.1] fault addr f4000000 [fault reason 06] "
		  "PTE Read access is not set"},
		 "DMAR 0000:3b:00.1 no domain read 0xf4000000;"},
		{{"DMAR: [INTR-REMAP] Request device [f0:1f.7] fault index 0x0 [fault reason "
		  "0x26]"},
		 ""},
		{{"AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:03:00.0 domain=0x000a "
		  "address=0xfc020000 flags=0x0020]"},
		 "AMD-Vi 0000:03:00.0 write 0xfc020000;"},
		{{"vfio-pci 0001:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000f "
		  "address=0x1000 flags=0x0000]"},
		 "AMD-Vi 0001:41:00.0 read 0x1000;"},
		{{"arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: 0000:03:00.0 sid: "
		  "0x300 ssid: 0x0 iova: 0xfc020000 ipa: 0x0"},
		 "arm-smmu-v3 0000:03:00.0 access 0xfc020000;"},
		{{"arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:",
		  "arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0000030100000010",
		  "arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0000020000000000",
		  "arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x00000000fc020000",
		  "arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0000000000000000"},
		 "arm-smmu-v3 0000:03:00.1 no domain access 0xfc020000;"},
		{{"arm-smmu-v3 arm-smmu-v3.0.auto: event 0x10 received:", "something else"}, ""},
		{{"virtio_iommu virtio0: page fault from EP 768 at 0xfc020000 [W]"},
		 "virtio-iommu 0000:03:00.0 write 0xfc020000;"},
		{{"DMAR: [DMA Write] Request device [zz:00.0] fault addr 0x1000"}, ""},
		{{"DMAR: [DMA ", "AMD-Vi: Event logged [IO_PAGE_FAULT", " fault from EP ", ""}, ""},
	};
	for (const auto &[lines, expected] : logs)
		if (!is(lines.back(), text(transfer::faultsIn(lines)), expected))
			return false;
	return true;
}

static bool readsRecords()
{
	return is("kernel", sys::kernelText("4,812,99,-;DMAR: x\n SUBSYSTEM=pci\n"), "DMAR: x") &&
	       is("program", sys::kernelText("12,812,99,-;DMAR: x\n"), "") &&
	       is("nothing", sys::kernelText(""), "") && is("cut", sys::kernelText("4,812;x"), "x");
}

static bool readsCounters()
{
	std::string all;
	for (const auto &[name, count] :
	     transfer::aerCounts("RxErr 0\nBadTLP 3\nUnknown Bit [5] 7\nTOTAL_ERR_COR 10\nodd\n"))
		all += name + "=" + std::to_string(count) + " ";
	return is("counters", all, "BadTLP=3 RxErr=0 Unknown Bit [5]=7 ");
}

static bool readsErrors()
{
	std::vector<std::byte> page(4 * 64 + 10, std::byte{0});
	const auto put = [&](size_t at, auto value) {
		std::memcpy(page.data() + at, &value, sizeof value);
	};
	put(0, uint64_t{9});
	put(8, uint16_t{2});
	put(10, uint16_t{17});
	put(12, static_cast<uint16_t>(0x281 << 1 | 1)); // Unrecovered Read Error, phase 1
	put(16, uint64_t{123456789012});
	put(24, uint32_t{1});
	put(64, uint64_t{8});   // before
	put(128, uint64_t{0});  // not used
	put(192, ~uint64_t{0}); // nobody wrote it
	std::string all;
	for (const auto &error : device::nvme::errorsIn(page, 8))
		all += std::to_string(error.count) + " " + error.status + " queue " +
		       std::to_string(error.queue) + " command " + std::to_string(error.command) +
		       " lba " + std::to_string(error.lba) + " ns" + std::to_string(error.nsid);
	return is("errors", all,
		  "9 Unrecovered Read Error queue 2 command 17 lba 123456789012 ns1");
}

int main()
{
	if (!readsFaults() || !readsRecords() || !readsCounters() || !readsErrors())
		return 1;
	printf("%u readings\n", right);
	return 0;
}

// SPDX-License-Identifier: MIT
#include "paper/lspci.h"

#include "paper/details.h"
#include "paper/header.h"
#include "paper/surroundings.h"
#include "paper/tree.h"
#include "paper/words.h"
#include "pci/function.h"

#include <algorithm>
#include <linux/pci_regs.h>

namespace paper
{

// Longer lines are nobody's: what stands behind is not looked at.
constexpr size_t longest = 8192;
constexpr size_t mostFunctions = 65536;

class Reader
{
public:
	explicit Reader(pci::Machine &machine) : machine_(machine) {}

	void read(std::string_view line);
	Records records;
	Tree tree;
	pci::Reading reading;

private:
	bool readHex(std::string_view line);
	void open(const pci::Bdf &bdf, std::string_view line);

	pci::Machine &machine_;
	Record *open_ = nullptr;
	std::optional<Details> details_;
};

// Quotes of mails and tables of Markdown.
static std::string_view withoutQuotes(std::string_view line)
{
	while (!line.empty()) {
		const size_t at = line.find_first_not_of(blanks);
		if (at == std::string_view::npos || line[at] != '>')
			break;
		line.remove_prefix(at + 1);
	}
	return line;
}

static bool isIndented(std::string_view line)
{
	return !line.empty() && blanks.find(line[0]) != std::string_view::npos;
}

void Reader::read(std::string_view raw)
{
	auto line = withoutQuotes(raw.substr(0, std::min(raw.size(), longest)));
	if (trimmed(line).empty()) {
		return;
	}
	reading.lines++;
	if (tree.read(line))
		return;
	if (line.starts_with("| "))
		line.remove_prefix(2);
	if (const auto bdf = headerOf(line)) {
		open(*bdf, line);
		return;
	}
	if (open_ && (readHex(trimmed(line)) || details_->read(line)))
		return;
	if (readSurroundings(line, machine_))
		return;
	// lspci's own words that decide nothing here stand indented below their function.
	if (!open_ || !isIndented(line)) {
		reading.unread++;
		open_ = isIndented(line) ? open_ : nullptr;
	}
}

void Reader::open(const pci::Bdf &bdf, std::string_view line)
{
	if (records.size() >= mostFunctions && !records.contains(bdf)) {
		open_ = nullptr;
		reading.unread++;
		return;
	}
	reading.twice += records.contains(bdf);
	open_ = &records[bdf];
	open_->function.bdf = bdf;
	readHeader(line, *open_);
	details_.emplace(*open_);
}

// '40: 0d 80 00 00 …', sixteen bytes.
bool Reader::readHex(std::string_view line)
{
	const size_t colon = line.find(':');
	if (colon < 2 || colon > 3 || line.size() < colon + 2 + 16 * 3 - 1)
		return false;
	const auto offset = numberAt(line.substr(0, colon), 16);
	if (!offset || *offset % 16 != 0 || *offset >= PCI_CFG_SPACE_EXP_SIZE)
		return false;
	std::string bytes;
	for (size_t i = 0; i < 16; i++) {
		const auto digits = line.substr(colon + 2 + 3 * i, 2);
		if (digits.size() < 2 || !isHexDigit(digits[0]) || !isHexDigit(digits[1]) ||
		    line[colon + 1 + 3 * i] != ' ')
			return false;
		bytes += static_cast<char>(numberAt(digits, 16).value_or(0));
	}
	// In order, or it is the same function again.
	if (*offset == open_->hex.size())
		open_->hex += bytes;
	return true;
}

static void readFromHex(Record &record)
{
	auto &function = record.function;
	const auto &config = function.config;
	function.vendor = config.u16(PCI_VENDOR_ID).value_or(function.vendor);
	function.device = config.u16(PCI_DEVICE_ID).value_or(function.device);
	if (const auto high = config.u16(PCI_CLASS_DEVICE))
		function.classCode = uint32_t{*high} << 8 |
				     config.u8(PCI_CLASS_PROG).value_or(function.classCode & 0xff);
	const bool leads = function.classCode >> 8 == 0x0604 || function.classCode >> 8 == 0x0607;
	if (leads && !record.secondary) {
		record.secondary = config.u8(PCI_SECONDARY_BUS);
		record.subordinate = config.u8(PCI_SUBORDINATE_BUS);
	}
	pci::completeLinks(function);
	function.hasResources = record.hasBars;
}

using Parents = std::map<Bus, pci::Bdf>;

static Parents parentsOf(const Records &records)
{
	Parents parents;
	for (const auto &[bdf, record] : records)
		if (record.secondary.value_or(0) != 0)
			parents.emplace(Bus{bdf.domain, *record.secondary}, bdf);
	return parents;
}

static bool isRootKind(const pci::Function &function)
{
	const auto express = function.config.capability(PCI_CAP_ID_EXP);
	const auto flags = function.config.u16(express.offset + size_t{PCI_EXP_FLAGS});
	if (function.classCode >> 8 == 0x0600 && function.classCode != 0)
		return true;
	if (express.seen != pci::Seen::yes || !flags)
		return false;
	const int type = (*flags & PCI_EXP_FLAGS_TYPE) >> 4;
	return type == PCI_EXP_TYPE_ROOT_PORT || type == PCI_EXP_TYPE_RC_END ||
	       type == PCI_EXP_TYPE_RC_EC;
}

// No bridge leads to bus 0. Another bus without a bridge is a root only where something says so:
// what stands on the bus of a piece of a dump may have lost its bridge.
static std::set<Bus> rootsOf(const Records &records, const Tree &tree, const Parents &parents)
{
	std::set<Bus> roots = tree.roots;
	for (const auto &[bdf, record] : records) {
		const Bus bus{bdf.domain, bdf.bus};
		if (bdf.bus == 0 || (!parents.contains(bus) && isRootKind(record.function)))
			roots.insert(bus);
	}
	return roots;
}

static std::string rootName(const Bus &bus)
{
	return pci::Bdf{bus.first, bus.second, 0, 0}.name().substr(
		0, pci::Bdf{bus.first, bus.second, 0, 0}.name().rfind(':'));
}

static void placeInTree(pci::Function &function, const Parents &parents, const std::set<Bus> &roots)
{
	std::vector<pci::Bdf> chain{function.bdf};
	for (auto at = parents.find({function.bdf.domain, function.bdf.bus});
	     at != parents.end() && chain.size() < 256 && at->second != chain.back();
	     at = parents.find({at->second.domain, at->second.bus}))
		chain.push_back(at->second);
	if (chain.size() > 1)
		function.parent = chain[1];
	const auto &top = chain.back();
	function.path = top.name();
	for (size_t i = chain.size() - 1; i-- > 0;)
		function.path += "/" + chain[i].name().substr(chain[i].name().size() - 4);
	if (roots.contains({top.domain, top.bus}) && chain.size() < 256)
		function.rootBus = rootName({top.domain, top.bus});
}

// Numbers as the SR-IOV capability counts them: offset and stride in routing identifiers.
static void findVirtualFunctions(Records &records)
{
	for (const auto &[bdf, record] : records) {
		const auto &config = record.function.config;
		const auto sriov = config.extended(PCI_EXT_CAP_ID_SRIOV);
		if (sriov.seen != pci::Seen::yes)
			continue;
		const unsigned count = config.u16(sriov.offset + PCI_SRIOV_NUM_VF).value_or(0);
		const unsigned offset = config.u16(sriov.offset + PCI_SRIOV_VF_OFFSET).value_or(0);
		const unsigned stride = config.u16(sriov.offset + PCI_SRIOV_VF_STRIDE).value_or(0);
		const unsigned own = bdf.bus << 8 | bdf.device << 3 | bdf.function;
		for (unsigned i = 0; i < count && offset != 0; i++) {
			const unsigned id = own + offset + i * stride;
			const pci::Bdf name{bdf.domain, static_cast<uint8_t>(id >> 8),
					    static_cast<uint8_t>(id >> 3 & 0x1f),
					    static_cast<uint8_t>(id & 7)};
			if (const auto virtualOne = records.find(name);
			    id <= 0xffff && name != bdf && virtualOne != records.end())
				virtualOne->second.function.physfn = bdf;
		}
	}
}

static void finish(Reader &reader, pci::Machine &machine)
{
	auto &records = reader.records;
	reader.tree.complete(records);
	const bool seesExtended = std::ranges::any_of(
		records, [](const auto &entry) { return !entry.second.extended.empty(); });
	for (auto &[bdf, record] : records) {
		buildConfig(record, seesExtended);
		readFromHex(record);
	}
	findVirtualFunctions(records);
	const auto parents = parentsOf(records);
	const auto roots = rootsOf(records, reader.tree, parents);
	for (auto &[bdf, record] : records) {
		placeInTree(record.function, parents, roots);
		if (record.function.iommuGroup)
			machine.hasIommu = true;
		machine.functions.push_back(std::move(record.function));
	}
}

pci::Machine readLspci(std::string_view text)
{
	pci::Machine machine;
	Reader reader(machine);

	machine.source = "lspci";
	while (!text.empty()) {
		const size_t end = std::min(text.find('\n'), text.size());
		reader.read(text.substr(0, end));
		text.remove_prefix(std::min(end + 1, text.size()));
	}
	finish(reader, machine);
	machine.reading = reader.reading;
	machine.finish();
	assumeProcessor(machine);
	return machine;
}

}

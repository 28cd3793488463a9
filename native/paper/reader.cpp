// SPDX-License-Identifier: MIT
#include "paper/reader.h"

#include "paper/header.h"
#include "paper/hex.h"
#include "paper/marks.h"
#include "paper/words.h"

#include <array>
#include <linux/pci_regs.h>

namespace paper
{

constexpr size_t mostFunctions = 65536;
constexpr size_t longestItem = 4096;
// Fewer functions from 00:00.0 on may be a choice; a run that goes on so long is no excerpt.
constexpr size_t wholeListing = 8;

// 'Slot: 0000:03:00.0' of -vmm, 'Device: …' of -vm.
static std::optional<pci::Bdf> keyedBdf(std::string_view text)
{
	for (const std::string_view key : {"Slot: ", "Device: "})
		if (text.starts_with(key))
			return pci::Bdf::parse(text.substr(key.size()));
	return std::nullopt;
}

void Reader::read(const Line &line)
{
	if (line.text.empty() && !line.isTooLong) {
		endItem();
		isPaused_ = true;
		tree.end();
		return;
	}
	reading.lines++;
	take(line);
	lastWidth_ = line.width;
}

void Reader::take(const Line &line)
{
	if (line.isTooLong) {
		readForeign(line);
	} else if (tree.read(line.drawn)) {
		close(true);
		endSection();
	} else if (const auto bdf = headerOf(line.text)) {
		open(*bdf, line, false);
	} else if (const auto keyed = keyedBdf(line.text)) {
		open(*keyed, line, true);
	} else if (isCommand(line.text)) {
		close(true);
		endSection();
	} else if (!isComplaint(line.text) && !(block_ && readInside(line))) {
		readForeign(line);
	}
}

// -x shows 64 bytes, or the 128 of a CardBus bridge; -xxx 256; -xxxx 4096.
static bool endsWhole(size_t rows)
{
	return rows == 4 || rows == 8 || rows == 16 || rows == 256;
}

void Reader::end(bool isShort)
{
	const bool wasOpen = block_ && !isPaused_;
	if (block_) {
		endItem();
		const auto &record = block_->record;
		const bool isEnded = isPaused_ || block_->sawKernel || endsWhole(record.rows);
		reading.isCut = wasOpen && (isShort || !isEnded) &&
				(record.detail > Detail::name || record.rows > 0);
		close(isPaused_);
	}
	endSection();
}

void Reader::open(const pci::Bdf &bdf, const Line &line, bool isKeyed)
{
	close(true);
	if (section_.functions > 0 && bdf <= section_.last)
		endSection();
	block_.emplace();
	block_->bdf = bdf;
	block_->indent = line.indent;
	block_->isKeyed = isKeyed;
	if (!isKeyed) {
		item_ = line.text;
		isHeader_ = true;
	}
	isPaused_ = false;
}

void Reader::close(bool isEnded)
{
	if (!block_)
		return;
	endItem();
	closeBlock(*block_, isEnded);
	addToSection(*block_);
	if (const auto known = records.find(block_->bdf); known != records.end()) {
		reading.twice++;
		merge(known->second, std::move(block_->record));
	} else if (records.size() < mostFunctions) {
		records.emplace(block_->bdf, std::move(block_->record));
	} else {
		reading.unread++;
	}
	block_.reset();
}

void Reader::addToSection(const Block &block)
{
	const auto &record = block.record;
	if (section_.functions++ == 0)
		section_.first = block.bdf;
	section_.last = block.bdf;
	const bool isShown = !record.extended.headings.empty();
	section_.showsExtended |= isShown || record.rows > PCI_CFG_SPACE_SIZE / 16;
	if (!isShown && record.standard.isWhole && record.detail == Detail::all)
		section_.silent.push_back(block.bdf);
}

void Reader::endSection()
{
	if (section_.showsExtended)
		for (const auto &bdf : section_.silent)
			if (const auto found = records.find(bdf); found != records.end())
				found->second.lacksExtended = true;
	isWholeListing |= section_.functions >= wholeListing && section_.first == pci::Bdf{};
	section_ = {};
}

bool Reader::readInside(const Line &line)
{
	const bool isInside = line.indent > block_->indent;
	const Keyword *keyword = block_->isKeyed ? keyOf(line.text) : fieldOf(line.text);
	if (!keyword && !block_->isKeyed)
		keyword = capabilityOf(line.text);
	if (readHex(line.text)) {
		isPaused_ = false;
		return true;
	}
	if (isPaused_ && !isInside)
		return false;
	if (keyword) {
		startItem(line, keyword);
		isPaused_ = false;
		return true;
	}
	if (isPaused_ || isSnip(line.text))
		return false;
	return readRest(line);
}

void Reader::append(std::string_view text)
{
	if (!item_.empty() && item_.size() + text.size() < longestItem)
		item_.append(" ").append(text);
}

// Lines in the margin that a mail put there, and those that nobody reads.
bool Reader::readRest(const Line &line)
{
	constexpr size_t longestRest = 40;
	const bool isInside = line.indent > block_->indent;
	const bool wraps = !isInside && isWrapped(lastWidth_, line.text);
	if (isHeader_ && (endsHeader(line.text) || (wraps && line.text.size() < longestRest))) {
		append(line.text);
		return true;
	}
	const bool isBody = block_->record.detail > Detail::name && block_->record.rows == 0;
	if (isBody && !isInside && (wraps || goesOn(item_, line.text))) {
		append(line.text);
		return true;
	}
	const bool isOther = isBody && startsOther(line.text) && (isInside || block_->isFlat);
	if (!isInside && !isOther)
		return false;
	if (isOther || isHeader_)
		endItem();
	else
		append(line.text);
	return true;
}

bool Reader::readHex(std::string_view text)
{
	const auto row = rowOf(text);
	if (!row)
		return false;
	endItem();
	auto &config = block_->record.hex;
	block_->record.rows += !config.u8(row->offset);
	for (size_t i = 0; i < row->bytes.size(); i++)
		config.setU8(row->offset + i, row->bytes[i]);
	return true;
}

void Reader::startItem(const Line &line, const Keyword *keyword)
{
	endItem();
	item_ = line.text;
	keyword_ = keyword;
	block_->isFlat |= line.indent <= block_->indent;
}

void Reader::endItem()
{
	if (block_ && isHeader_)
		readHeader(item_, block_->record);
	else if (block_ && keyword_)
		keyword_->read(*block_, item_);
	isHeader_ = false;
	keyword_ = nullptr;
	item_.clear();
}

// A foreign line in the midst of a function stands where lines were left out, or was printed
// between them by others.
void Reader::readForeign(const Line &line)
{
	endItem();
	if (block_ && (isPaused_ || block_->sawKernel || block_->record.rows > 0)) {
		close(true);
		endSection();
	}
	if (block_) {
		block_->isCut = true;
		block_->at = {};
	}
	if (line.isTooLong || !readSurroundings(line.text, machine_, around)) {
		reading.unread++;
		if (!block_)
			endSection();
	}
}

}

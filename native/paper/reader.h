// SPDX-License-Identifier: MIT
// Line by line through a text: which function a line belongs to, what a mail has broken in two, and
// where one run of lspci ends and another begins.
#pragma once

#include "paper/block.h"
#include "paper/lines.h"
#include "paper/surroundings.h"
#include "paper/tree.h"

#include <string>

namespace paper
{

class Reader
{
public:
	explicit Reader(pci::Machine &machine) : machine_(machine) {}

	void read(const Line &line);
	// isShort: the last line has no end.
	void end(bool isShort);

	Records records;
	Tree tree;
	Surroundings around;
	pci::Reading reading;
	// One run listed all from 0000:00:00.0 on: what it left out does not exist.
	bool isWholeListing = false;

private:
	// Functions that one run of lspci printed one after another.
	struct Section {
		size_t functions = 0;
		pci::Bdf first, last;
		bool showsExtended = false;
		std::vector<pci::Bdf> silent; // all of theirs was shown, but nothing extended
	};

	void take(const Line &line);
	void open(const pci::Bdf &bdf, const Line &line, bool isKeyed);
	void close(bool isEnded);
	void endSection();
	void addToSection(const Block &block);

	bool readInside(const Line &line);
	bool readRest(const Line &line);
	void append(std::string_view text);
	bool readHex(std::string_view text);
	void startItem(const Line &line, const Keyword *keyword);
	void endItem();
	void readForeign(const Line &line);

	pci::Machine &machine_;
	Section section_;
	std::optional<Block> block_;
	bool isPaused_ = false; // a blank line came
	bool isHeader_ = false; // the item is the block's first line
	size_t lastWidth_ = 0;  // of the line before
	std::string item_;
	const Keyword *keyword_ = nullptr;
};

}

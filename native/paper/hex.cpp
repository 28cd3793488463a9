// SPDX-License-Identifier: MIT
#include "paper/hex.h"

#include "paper/words.h"

#include <linux/pci_regs.h>

namespace paper
{

std::optional<Row> rowOf(std::string_view text)
{
	Row row;
	const size_t length = row.bytes.size();
	const size_t colon = text.find(':');
	if (colon < 2 || colon > 3 || text.size() != colon + 1 + length * 3)
		return std::nullopt;
	const auto offset = numberAt(text.substr(0, colon), 16);
	if (!offset || *offset % length != 0 || *offset >= PCI_CFG_SPACE_EXP_SIZE)
		return std::nullopt;
	row.offset = *offset;
	for (size_t i = 0; i < length; i++) {
		const auto digits = text.substr(colon + 1 + 3 * i, 3);
		if (digits[0] != ' ' || !isHexDigit(digits[1]) || !isHexDigit(digits[2]))
			return std::nullopt;
		row.bytes[i] = static_cast<uint8_t>(*numberAt(digits, 16));
	}
	return row;
}

}

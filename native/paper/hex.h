// SPDX-License-Identifier: MIT
// A row of configuration space as lspci -x prints it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace paper
{

struct Row {
	size_t offset = 0;
	std::array<uint8_t, 16> bytes{};
};

// '40: 0d 80 00 00 …', sixteen bytes; nullopt for any other line.
std::optional<Row> rowOf(std::string_view text);

}

// SPDX-License-Identifier: MIT
// A number out of a structure that a device wrote.
#pragma once

#include <cstddef>
#include <cstring>

namespace device
{

template <class T> T field(const std::byte *data, size_t offset)
{
	T value;
	std::memcpy(&value, data + offset, sizeof value);
	return value;
}

}

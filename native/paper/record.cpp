// SPDX-License-Identifier: MIT
#include "paper/record.h"

#include <utility>

namespace paper
{

static int rank(const List &list)
{
	if (list.headings.empty())
		return list.isWhole ? 1 : 0;
	return 2 + 2 * list.hasDetails + list.isWhole;
}

static bool isBetter(const List &first, const List &second)
{
	return rank(first) >= rank(second);
}

template <class T> static void fillIn(std::optional<T> &field, const std::optional<T> &other)
{
	if (!field)
		field = other;
}

static void fillIn(Header &header, const Header &other)
{
	for (size_t i = 0; i < header.bytes.size(); i++)
		if (!header.has(i) && other.has(i))
			header.set(i, 1, other.bytes[i]);
}

// better keeps what it has and takes from other what it lacks.
static void fillIn(Record &better, Record &&other)
{
	fillIn(better.vendor, other.vendor);
	fillIn(better.device, other.device);
	fillIn(better.subVendor, other.subVendor);
	fillIn(better.subDevice, other.subDevice);
	fillIn(better.classCode, other.classCode);
	fillIn(better.interface, other.interface);
	fillIn(better.revision, other.revision);
	fillIn(better.iommuGroup, other.iommuGroup);
	fillIn(better.numaNode, other.numaNode);
	if (better.driver.empty())
		better.driver = std::move(other.driver);
	if (better.bars.empty()) {
		better.bars = std::move(other.bars);
		better.hasBarNumbers = other.hasBarNumbers;
	}
	fillIn(better.header, other.header);
	if (!isBetter(better.standard, other.standard))
		better.standard = std::move(other.standard);
	if (!isBetter(better.extended, other.extended))
		better.extended = std::move(other.extended);
	if (other.rows > better.rows) {
		better.hex = std::move(other.hex);
		better.rows = other.rows;
	}
	better.lacksExtended |= other.lacksExtended;
	better.isDenied |= other.isDenied;
}

void merge(Record &into, Record &&from)
{
	if (from.detail >= into.detail)
		std::swap(into, from);
	fillIn(into, std::move(from));
}

}

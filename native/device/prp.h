// SPDX-License-Identifier: MIT
// Physical Region Pages for one stretch of iova space, prepared once: a request anywhere in it
// needs two numbers and no list of its own (NVM Express Base Specification 2.0, 4.1.1).
#pragma once

#include <cstddef>
#include <cstdint>

namespace device::nvme
{

// Where the entries of a list lie: 511 to a page, and in the last slot of each page the way to
// the next. A controller that finds just one entry left at the last slot takes that slot for data,
// so that a request whose list would end so needs the same entries at other slots: there are two
// copies, shifted against each other, and never both end so.
class PrpLayout
{
public:
	static constexpr uint64_t page = 4096;

	// start, length: the stretch in iova space, in bytes.
	PrpLayout(uint64_t start, uint64_t length);

	// Bytes that the list takes.
	uint64_t size() const { return 2 * copyPages_ * page; }
	// Fills the list; listIova is the address of its first byte.
	void fill(uint64_t *entries, uint64_t listIova) const;

	struct Pointers {
		uint64_t prp1 = 0;
		uint64_t prp2 = 0;
	};
	// For length bytes from offset on; offset a multiple of 4.
	Pointers at(uint64_t offset, size_t length, uint64_t listIova) const;

private:
	uint64_t slot(unsigned copy, uint64_t index) const;

	uint64_t start_;
	uint64_t firstPage_;
	uint64_t count_;
	uint64_t copyPages_;
};

}

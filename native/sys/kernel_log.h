// SPDX-License-Identifier: MIT
// What the kernel logs from now on: /dev/kmsg, from its end (Documentation/ABI/testing/dev-kmsg).
#pragma once

#include "sys/fd.h"

#include <string>
#include <vector>

namespace sys
{

class KernelLog
{
public:
	// Where it may not be read (kernel.dmesg_restrict), it stays silent.
	KernelLog();

	bool isOpen() const { return file_.isOpen(); }

	// The lines that came since; of the kernel itself, not what programs wrote there. At most
	// mostLines of them. Control characters stand as '\x09', as the kernel gives them.
	std::vector<std::string> news() const;

	static constexpr size_t mostLines = 10'000;

private:
	Fd file_;
};

// The text of a record, 'PRIORITY,SEQUENCE,TIME,FLAGS;TEXT\n…'; '' where a program wrote it.
std::string kernelText(const std::string &record);

}

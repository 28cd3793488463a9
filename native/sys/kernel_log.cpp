// SPDX-License-Identifier: MIT
#include "sys/kernel_log.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace sys
{

KernelLog::KernelLog() : file_(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), "/dev/kmsg")
{
	if (file_.isOpen())
		::lseek(file_.number(), 0, SEEK_END);
}

std::vector<std::string> KernelLog::news() const
{
	std::vector<std::string> lines;
	char record[8192]; // no record is longer

	for (size_t i = 0; file_.isOpen() && i < mostLines; i++) {
		const ssize_t got = ::read(file_.number(), record, sizeof record);
		// EPIPE: what was next has been overwritten; the read after it goes on behind that.
		if (got < 0 && errno == EPIPE)
			continue;
		if (got <= 0)
			break;
		auto text = kernelText({record, static_cast<size_t>(got)});
		if (!text.empty())
			lines.push_back(std::move(text));
	}
	return lines;
}

std::string kernelText(const std::string &record)
{
	constexpr unsigned long facilityShift = 3; // syslog(2)
	const auto start = record.find(';');
	if (start == std::string::npos ||
	    std::strtoul(record.c_str(), nullptr, 10) >> facilityShift)
		return "";
	const auto end = record.find('\n', start);
	return record.substr(start + 1, end == std::string::npos ? end : end - start - 1);
}

}

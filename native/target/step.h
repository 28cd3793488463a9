// SPDX-License-Identifier: MIT
// One change in nvmet's configfs, and how it is taken back (drivers/nvme/target/configfs.c).
#pragma once

#include <string>
#include <vector>

namespace target
{

// Below the root folder of the machine.
constexpr const char *nvmetFolder = "/sys/kernel/config/nvmet";

struct Step {
	enum class Sort { folder, value, link } sort;
	std::string path;
	std::string value{}; // what is written, or where the link leads; a folder has none

	bool operator==(const Step &) const = default;
};

using Steps = std::vector<Step>;

// As the shell line that a person would type.
std::string commandOf(const Step &step);
std::string undoingOf(const Step &step); // '' where nothing has to be done

// Error P2P_TARGET_FAILED {command, errno, reason}.
void take(const std::string &root, const Step &step);
// What is not there any more, and folders that others have come to use, are left alone. Error as
// above. False where there was nothing to be done.
bool takeBack(const std::string &root, const Step &step);

// For a file that outlives this process: a line each.
std::string toText(const Steps &steps);
Steps fromText(const std::string &text);

}

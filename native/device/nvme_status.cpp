// SPDX-License-Identifier: MIT
#include "device/nvme_status.h"

#include <cstdio>
#include <map>

namespace device::nvme
{

static const std::map<unsigned, const char *> names = {
	{0x000, "Successful Completion"},
	{0x001, "Invalid Command Opcode"},
	{0x002, "Invalid Field in Command"},
	{0x003, "Command ID Conflict"},
	{0x004, "Data Transfer Error"},
	{0x005, "Commands Aborted due to Power Loss Notification"},
	{0x006, "Internal Error"},
	{0x007, "Command Abort Requested"},
	{0x008, "Command Aborted due to SQ Deletion"},
	{0x00b, "Invalid Namespace or Format"},
	{0x00c, "Command Sequence Error"},
	{0x00d, "Invalid SGL Segment Descriptor"},
	{0x00f, "Data SGL Length Invalid"},
	{0x012, "Invalid Use of Controller Memory Buffer"},
	{0x013, "PRP Offset Invalid"},
	{0x015, "Operation Denied"},
	{0x018, "Keep Alive Timer Expired"},
	{0x01c, "Sanitize Failed"},
	{0x01d, "Sanitize In Progress"},
	{0x020, "Namespace is Write Protected"},
	{0x022, "Transient Transport Error"},
	{0x024, "Admin Command Media Not Ready"},
	{0x080, "LBA Out of Range"},
	{0x081, "Capacity Exceeded"},
	{0x082, "Namespace Not Ready"},
	{0x083, "Reservation Conflict"},
	{0x084, "Format In Progress"},
	{0x100, "Completion Queue Invalid"},
	{0x101, "Invalid Queue Identifier"},
	{0x102, "Invalid Queue Size"},
	{0x103, "Abort Command Limit Exceeded"},
	{0x108, "Invalid Interrupt Vector"},
	{0x10c, "Invalid Queue Deletion"},
	{0x180, "Conflicting Attributes"},
	{0x181, "Invalid Protection Information"},
	{0x182, "Attempted Write to Read Only Range"},
	{0x280, "Write Fault"},
	{0x281, "Unrecovered Read Error"},
	{0x282, "End-to-end Guard Check Error"},
	{0x283, "End-to-end Application Tag Check Error"},
	{0x284, "End-to-end Reference Tag Check Error"},
	{0x285, "Compare Failure"},
	{0x286, "Access Denied"},
	{0x287, "Deallocated or Unwritten Logical Block"},
	{0x300, "Internal Path Error"},
	{0x302, "Asymmetric Access Inaccessible"},
	{0x360, "Controller Pathing Error"},
	{0x370, "Host Pathing Error"},
	{0x371, "Command Aborted By Host"},
};

std::string statusName(uint8_t type, uint8_t code)
{
	const auto found = names.find(static_cast<unsigned>(type << 8 | code));
	if (found != names.end())
		return found->second;

	char text[32];
	snprintf(text, sizeof text, "status %xh:%02xh", type, code);
	return text;
}

static const char *operation(uint16_t queueId, uint8_t opcode)
{
	if (queueId == 0)
		return "an administrative command";
	return opcode == READ ? "Read" : opcode == WRITE ? "Write" : "Flush";
}

sys::Error::Facts commandFacts(const std::string &controller, const QueuePair &queue, unsigned id)
{
	const auto &slot = queue.slot(id);
	return {{"bdf", controller},
		{"operation", operation(queue.id(), slot.opcode)},
		{"lba", std::to_string(slot.lba)},
		{"nsid", std::to_string(slot.nsid)},
		{"tag", std::to_string(slot.tag)}};
}

sys::Error statusError(const std::string &controller, const QueuePair &queue,
		       const Completion &completion)
{
	const auto code = static_cast<uint8_t>(completion.status >> 1);
	const auto type = static_cast<uint8_t>(completion.status >> 9 & 7);
	auto facts = commandFacts(controller, queue, completion.id);

	facts.insert({{"status", statusName(type, code)},
		      {"type", std::to_string(type)},
		      {"statusCode", std::to_string(code)}});
	return sys::Error("NVME_STATUS", statusName(type, code), facts);
}

}

// SPDX-License-Identifier: MIT
#include "transfer/serve.h"

#include "pci/usage.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/served_disk.h"
#include "sys/signal.h"
#include "sys/words.h"
#include "transfer/cpu_memory.h"
#include "transfer/ends.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <thread>
#include <utility>

namespace transfer
{

using sys::Ask;
using sys::Error;

static constexpr uint64_t second = 1'000'000'000;

namespace
{

// The memory as what the disk's requests are about.
class Platter
{
public:
	Platter(const HeldMemory &memory, uint64_t length)
	    : memory_(memory), bytes_(memory.bytes(length))
	{
	}

	int answer(const Ask &ask) noexcept;

private:
	int read(const Ask &ask) const;
	int write(const Ask &ask) const;
	int flush() const;

	const HeldMemory &memory_;
	std::span<std::byte> bytes_;
};

}

int Platter::answer(const Ask &ask) noexcept
{
	try {
		if (ask.offset > bytes_.size() || ask.bytes.size() > bytes_.size() - ask.offset)
			return EINVAL;
		if (ask.sort == Ask::Sort::flush)
			return flush();
		return ask.sort == Ask::Sort::read ? read(ask) : write(ask);
	} catch (const Error &) {
		return EIO;
	}
}

// A function that is gone or decodes nothing gives ones, without a word; some emulators zeros.
static bool isSuspect(std::span<const std::byte> bytes)
{
	const auto isAll = [&](std::byte value) {
		return std::ranges::all_of(bytes, [&](std::byte byte) { return byte == value; });
	};
	return isAll(std::byte{0xff}) || isAll(std::byte{0});
}

int Platter::read(const Ask &ask) const
{
	sys::copyWords(ask.bytes.data(), bytes_.data() + ask.offset, ask.bytes.size());
	return isSuspect(ask.bytes.last(sizeof(uint64_t))) && !memory_.isAlive() ? EIO : 0;
}

// And takes whatever is written. To read the end of it again pushes the rest ahead of it, and
// shows that somebody was there.
int Platter::write(const Ask &ask) const
{
	auto *place = bytes_.data() + ask.offset;
	std::byte last[sizeof(uint64_t)];

	sys::copyWords(place, ask.bytes.data(), ask.bytes.size());
	sys::copyWords(last, place + ask.bytes.size() - sizeof last, sizeof last);
	const bool isKept = std::ranges::equal(last, ask.bytes.last(sizeof last));
	return isKept && (!isSuspect(last) || memory_.isAlive()) ? 0 : EIO;
}

int Platter::flush() const
{
	return memory_.persist() && memory_.isAlive() ? 0 : EIO;
}

static std::string chooseDriver(const std::string &asked)
{
	try {
		if (asked != "nbd") {
			sys::requireUblk();
			return "ublk";
		}
	} catch (const Error &error) {
		if (error.code != "P2P_NO_DISK_DRIVER" || asked == "ublk")
			throw;
	}
	sys::requireNbd();
	return "nbd";
}

// Who has the disk, this process aside.
static pci::Uses usesOf(const std::string &path)
{
	auto uses = pci::usesOfBlock("", sys::baseName(path));
	const auto own = std::to_string(sys::processId());
	std::erase_if(uses, [&](const pci::Use &use) {
		const auto pid = use.facts.find("pid");
		return pid != use.facts.end() && pid->second == own;
	});
	return uses;
}

namespace
{

// The last question to a disk that nobody seems to have. What has it without leaving a trace in
// /proc keeps it to itself, as a mount in a namespace that no process is in; and what was written
// through the kernel's pages has to be on it. A thread of its own: it waits for the disk, which is
// served meanwhile.
class Farewell
{
public:
	~Farewell()
	{
		if (thread_.joinable())
			thread_.join();
	}

	void begin(const std::string &path)
	{
		thread_ = std::thread([this, path] {
			try {
				sys::Fd::open(path, O_RDONLY | O_EXCL).flush();
			} catch (const Error &error) {
				error_ = error;
			}
			isDone_ = true;
		});
	}

	bool isBegun() const { return thread_.joinable(); }
	bool isDone() const { return isDone_; }
	// What stood against it; from then on it can be begun again.
	std::optional<Error> finish()
	{
		thread_.join();
		isDone_ = false;
		return std::exchange(error_, std::nullopt);
	}

private:
	std::thread thread_;
	std::atomic<bool> isDone_ = false;
	std::optional<Error> error_;
};

// The end of a disk: not before everybody has let go of it, or at once.
class Ending
{
public:
	// farewell: outlives the disk.
	Ending(Disk disk, Farewell &farewell, const sys::Stop &stop,
	       const std::function<void(Disk)> &tell)
	    : disk_(std::move(disk)), farewell_(farewell), stop_(stop), tell_(tell)
	{
	}

	// Errors P2P_DISK_CUT; errno's name where what was written did not get to the memory.
	bool isDue()
	{
		constexpr uint64_t pause = 100'000'000; // ns: a look goes through all of /proc
		if (!stop_.asked.stop_requested())
			return false;
		if (farewell_.isDone())
			return isFree(farewell_.finish());
		if (sys::now() < nextLook_)
			return false;
		nextLook_ = sys::now() + pause;
		if (farewell_.isBegun())
			return isWaiting({});
		auto uses = usesOf(disk_.path);
		if (!uses.empty()) {
			claimedSince_.reset();
			return isWaiting(std::move(uses));
		}
		farewell_.begin(disk_.path);
		return false;
	}

private:
	bool isFree(const std::optional<Error> &error)
	{
		if (error && error->code != "EBUSY")
			throw *error;
		if (!error)
			return true;
		// A mount that has just gone keeps the disk a little longer than it shows.
		if (!claimedSince_)
			claimedSince_ = sys::now();
		const bool isLasting = sys::now() - *claimedSince_ > second;
		return isWaiting(isLasting ? pci::Uses{{"claimed", {{"device", disk_.path}}}}
					   : pci::Uses{});
	}

	// False. uses: nothing where that is not known yet.
	bool isWaiting(pci::Uses uses)
	{
		if (stop_.hurried.stop_requested())
			throw Error("P2P_DISK_CUT", disk_.path + " was in use",
				    {{"path", disk_.path}});
		if (!uses.empty() && uses != disk_.uses) {
			disk_.uses = std::move(uses);
			tell_(disk_);
		}
		return false;
	}

	Disk disk_;
	Farewell &farewell_;
	const sys::Stop &stop_;
	const std::function<void(Disk)> &tell_;
	uint64_t nextLook_ = 0;
	std::optional<uint64_t> claimedSince_;
};

}

void serve(const pci::Machine &machine, const DiskOrder &order, const sys::Stop &stop,
	   const std::function<void(Disk)> &tell)
{
	// Looks only: to hold the memory resets its function, and nothing may be refused then that
	// could be before.
	findMemory(machine, order.memory, order.permission, order.length.value_or(1));
	const auto driver = chooseDriver(order.driver);
	const CpuMemory memory(
		machine, order.memory, order.permission,
		{.length = order.length.value_or(0), .unit = sys::DiskShape::blockSize});
	const uint64_t length = memory.bytes().size();

	// Declared before the disk, whose end may still ask for bytes, and has others stop waiting.
	Platter platter(memory.held(), length);
	Farewell farewell;
	const auto counter = sys::makeCounter();
	const std::stop_callback onStop(stop.asked, [&] { sys::raise(counter); });
	const std::stop_callback onHurry(stop.hurried, [&] { sys::raise(counter); });
	const sys::DiskShape shape{.size = length, .isReadOnly = order.isReadOnly};
	const auto answer = [&](const Ask &ask) { return platter.answer(ask); };
	const auto disk =
		driver == "ublk" ? sys::serveByUblk(shape, answer) : sys::serveByNbd(shape, answer);
	const Disk facts{.path = disk->path(),
			 .driver = driver,
			 .function = memory.held().function().bdf.name(),
			 .bar = memory.held().barIndex(),
			 .start = memory.held().start(),
			 .length = length,
			 .access = memory.access()};
	Ending ending(facts, farewell, stop, tell);

	tell(facts);
	uint64_t looked = sys::now();
	while (!ending.isDue()) {
		const bool isEnding = stop.asked.stop_requested();
		if (!disk->serve(counter, isEnding ? 100 : 1000))
			throw Error("P2P_DISK_ENDED", disk->path() + " has ended",
				    {{"path", disk->path()}});
		if (sys::now() - looked > second) {
			memory.held().requireThere();
			looked = sys::now();
		}
	}
}

}

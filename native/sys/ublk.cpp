// SPDX-License-Identifier: MIT
// A disk by way of ublk (Documentation/block/ublk.rst): commands to /dev/ublk-control make it,
// requests come through a ring on /dev/ublkcN, one command under way for each that may be asked.
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/served_disk.h"
#include "sys/signal.h"
#include "sys/ublk_uapi.h"
#include "sys/uring.h"

#include <bit>
#include <cerrno>
#include <fcntl.h>
#include <optional>

namespace sys
{

using namespace uapi;

static constexpr unsigned depth = 32;
static constexpr uint32_t largest = 256 << 10; // bytes of one request
static constexpr uint64_t second = 1'000'000'000, forever = UINT64_MAX / 2;

// What serverFlags says of ours: the upper half that it is one of ours, the lower half whose.
static constexpr uint64_t mark = 0x70327064; // 'p2pd'

template <class T> static std::span<const std::byte> factsOf(const T &command)
{
	return std::as_bytes(std::span(&command, 1));
}

static UblkControl about(uint32_t device)
{
	return {.device = device};
}

template <class T> static UblkControl about(uint32_t device, T &facts)
{
	return {.device = device,
		.length = sizeof facts,
		.address = reinterpret_cast<uintptr_t>(&facts)};
}

namespace
{

class UblkDisk : public ServedDisk
{
public:
	UblkDisk(const DiskShape &shape, Answer answer);
	~UblkDisk() override;

	const std::string &path() const override { return path_; }
	bool serve(const Fd &counter, int timeout) override;

private:
	void removeOrphans();
	void addDevice();
	void setParameters(const DiskShape &shape);
	void openQueue();
	void remove();
	void deleteDevice(uint32_t device);
	int control(uint32_t number, const UblkControl &command, uint64_t patience);
	void require(uint32_t number, const UblkControl &command, const char *name);
	void take(const Uring::Completion &completion);
	int answer(unsigned tag);
	void fetchNext(uint32_t number, unsigned tag, int result);
	std::byte *bufferOf(uint64_t tag) const { return buffers_.data() + tag * largest; }
	void work(int timeout, const Fd *counter);

	Answer answer_;
	Fd control_;
	UblkDevice info_{};
	std::string path_;
	Fd queue_;
	View asks_, buffers_;
	Uring ring_{2 * depth, Uring::Requests::wide};
	uint64_t controlTag_ = depth;   // tags of requests are below
	std::optional<int> controlled_; // what the last command came to
	unsigned fetching_ = 0;         // requests that the driver may still give us
};

}

static Fd openControl()
{
	const std::string path = "/dev/ublk-control";
	if (!exists(path))
		loadModule("ublk_drv");
	if (!exists(path))
		throw Error("P2P_NO_DISK_DRIVER", "no ublk", {{"driver", "ublk"}});
	return Fd::open(path, O_RDWR);
}

// A command that lacks its facts is refused as such by a driver that knows it. Those before Linux
// 6.4 have the node, and other numbers of commands.
static bool isUnderstood(const Fd &control)
{
	Uring ring(2, Uring::Requests::wide);
	const UblkControl command{};
	const uint64_t end = now() + second;

	ring.pushCommand(control.number(), UBLK_ADD_DEV, factsOf(command), 0);
	ring.submit();
	while (now() < end) {
		if (const auto completion = ring.pop())
			return completion->result == -EINVAL;
		const Signal signal{ring.fd()};
		waitFor({&signal, 1}, 10);
	}
	return false;
}

void requireUblk()
{
	const auto control = openControl();
	const char *reason = "old";
	try {
		if (isUnderstood(control))
			return;
	} catch (const Error &) {
		reason = "io_uring";
	}
	throw Error("P2P_NO_DISK_DRIVER", "no ublk for us",
		    {{"driver", "ublk"}, {"reason", reason}});
}

UblkDisk::UblkDisk(const DiskShape &shape, Answer answer)
    : answer_(std::move(answer)), control_(openControl())
{
	removeOrphans();
	addDevice();
	try {
		setParameters(shape);
		openQueue();
		auto command = about(info_.device);
		command.data[0] = static_cast<uint64_t>(processId());
		// The kernel looks for partitions meanwhile: it asks, and is answered.
		require(UBLK_START_DEV, command, "UBLK_CMD_START_DEV");
	} catch (const Error &) {
		remove();
		throw;
	}
	path_ = "/dev/ublkb" + std::to_string(info_.device);
}

UblkDisk::~UblkDisk()
{
	remove();
}

void UblkDisk::remove()
{
	// Whoever has it open is brought to write down what it holds: that is answered too.
	control(UBLK_STOP_DEV, about(info_.device), forever);
	asks_ = View();
	queue_ = Fd();
	deleteDevice(info_.device);
}

// The younger command does not wait for the last who has the node open.
void UblkDisk::deleteDevice(uint32_t device)
{
	const int done = control(UBLK_DEL_DEV_ASYNC, about(device), second);
	if (done < 0 && done != -ENODEV && done != -ETIME)
		control(UBLK_DEL_DEV, about(device), second);
}

// A server that was killed leaves the number behind, and /dev/ublkcN. A disk that is alive is left
// alone, whatever we know of its server: it may be in a namespace of its own.
void UblkDisk::removeOrphans()
{
	const std::string prefix = "ublkc";
	for (const auto &name : list("/sys/class/ublk-char")) {
		const auto device =
			static_cast<uint32_t>(std::stoul("0" + name.substr(prefix.size())));
		UblkDevice info{};
		const bool isOurs = control(UBLK_GET_DEV_INFO, about(device, info), forever) == 0 &&
				    info.serverFlags >> 32 == mark;
		const auto server = static_cast<int>(info.serverFlags & UINT32_MAX);
		if (isOurs && info.state == UBLK_DEAD && !isRunning(server))
			deleteDevice(device);
	}
}

void UblkDisk::addDevice()
{
	info_.depth = depth;
	info_.largest = largest;
	info_.serverFlags = mark << 32 | static_cast<uint32_t>(processId());
	require(UBLK_ADD_DEV, about(info_.device, info_), "UBLK_CMD_ADD_DEV");
}

void UblkDisk::setParameters(const DiskShape &shape)
{
	constexpr auto blockShift = static_cast<uint8_t>(std::countr_zero(DiskShape::blockSize));
	UblkParameters parameters{.attributes = UBLK_ATTR_VOLATILE_CACHE |
						(shape.isReadOnly ? UBLK_ATTR_READ_ONLY : 0u),
				  .logicalShift = blockShift,
				  .physicalShift = 12,
				  .optimalShift = 12,
				  .leastShift = blockShift,
				  .mostSectors = largest >> blockShift,
				  .sectors = shape.size >> blockShift};
	require(UBLK_SET_PARAMS, about(info_.device, parameters), "UBLK_CMD_SET_PARAMS");
}

void UblkDisk::openQueue()
{
	queue_ = Fd::open("/dev/ublkc" + std::to_string(info_.device), O_RDWR);
	const size_t size = depth * sizeof(UblkAsk);
	asks_ = View::ofFileToRead(queue_, 0, (size + pageSize() - 1) / pageSize() * pageSize());
	buffers_ = View::ofMemory(size_t{depth} * largest);
	for (unsigned tag = 0; tag < depth; tag++)
		fetchNext(UBLK_FETCH, tag, 0);
}

// Error where the driver refuses.
void UblkDisk::require(uint32_t number, const UblkControl &command, const char *name)
{
	const int done = control(number, command, forever);
	if (done >= 0)
		return;
	errno = -done;
	throw Error::fromErrno(name, control_.path());
}

// What the driver says, or -ETIME. Meanwhile the disk is served.
int UblkDisk::control(uint32_t number, const UblkControl &command, uint64_t patience)
{
	const uint64_t end = now() + patience;

	controlled_.reset();
	ring_.pushCommand(control_.number(), number, factsOf(command), ++controlTag_);
	while (!controlled_ && now() < end)
		work(100, nullptr);
	return controlled_.value_or(-ETIME);
}

void UblkDisk::work(int timeout, const Fd *counter)
{
	bool isIdle = true;

	ring_.submit();
	while (const auto completion = ring_.pop()) {
		take(*completion);
		isIdle = false;
	}
	ring_.submit();
	const Signal signals[] = {{ring_.fd(), Signal::Sort::readable},
				  {counter ? counter->number() : -1, Signal::Sort::counter}};
	if (isIdle)
		waitFor(signals, timeout);
}

bool UblkDisk::serve(const Fd &counter, int timeout)
{
	work(timeout, &counter);
	return fetching_ > 0;
}

void UblkDisk::take(const Uring::Completion &completion)
{
	if (completion.tag >= depth) {
		if (completion.tag == controlTag_)
			controlled_ = completion.result;
		return;
	}
	fetching_--;
	// Anything else is the end: UBLK_IO_RES_ABORT.
	const auto tag = static_cast<unsigned>(completion.tag);
	if (completion.result == 0)
		fetchNext(UBLK_COMMIT_AND_FETCH, tag, answer(tag));
}

// Bytes, or -errno.
int UblkDisk::answer(unsigned tag)
{
	const auto ask = reinterpret_cast<const UblkAsk *>(asks_.data())[tag];
	const uint64_t length = uint64_t{ask.sectors} * 512;
	const uint64_t offset = ask.start * 512;
	const std::span bytes(bufferOf(tag), length);
	int trouble = EOPNOTSUPP;

	switch (ask.operation) {
	case UBLK_OP_READ:
		trouble = answer_({Ask::Sort::read, offset, bytes});
		break;
	case UBLK_OP_WRITE:
		trouble = answer_({Ask::Sort::write, offset, bytes});
		break;
	case UBLK_OP_FLUSH:
		trouble = answer_({.sort = Ask::Sort::flush});
		break;
	default:
		break;
	}
	return trouble ? -trouble : static_cast<int>(length);
}

void UblkDisk::fetchNext(uint32_t number, unsigned tag, int result)
{
	const UblkIo command{.tag = static_cast<uint16_t>(tag),
			     .result = result,
			     .address = reinterpret_cast<uintptr_t>(bufferOf(tag))};
	ring_.pushCommand(queue_.number(), number, factsOf(command), tag);
	fetching_++;
}

std::unique_ptr<ServedDisk> serveByUblk(const DiskShape &shape, Answer answer)
{
	return std::make_unique<UblkDisk>(shape, std::move(answer));
}

}

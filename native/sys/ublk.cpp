// SPDX-License-Identifier: MIT
// A disk by way of ublk (Documentation/block/ublk.rst): commands to /dev/ublk-control make it,
// requests come through a ring on /dev/ublkcN, one command under way for each that may be asked.
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/served_disk.h"
#include "sys/signal.h"
#include "sys/uring.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <linux/ublk_cmd.h>
#include <optional>

namespace sys
{

// Commands as the driver knows them from Linux 6.4 on; a kernel can be without those before.
static constexpr uint32_t getInfo = _IOR('u', UBLK_CMD_GET_DEV_INFO, ublksrv_ctrl_cmd);
static constexpr uint32_t add = _IOWR('u', UBLK_CMD_ADD_DEV, ublksrv_ctrl_cmd);
static constexpr uint32_t remove = _IOWR('u', UBLK_CMD_DEL_DEV, ublksrv_ctrl_cmd);
static constexpr uint32_t removeLater = _IOR('u', 0x14, ublksrv_ctrl_cmd); // DEL_DEV_ASYNC, 6.9
static constexpr uint32_t start = _IOWR('u', UBLK_CMD_START_DEV, ublksrv_ctrl_cmd);
static constexpr uint32_t stop = _IOWR('u', UBLK_CMD_STOP_DEV, ublksrv_ctrl_cmd);
static constexpr uint32_t setParameters = _IOWR('u', UBLK_CMD_SET_PARAMS, ublksrv_ctrl_cmd);
static constexpr uint32_t fetch = _IOWR('u', UBLK_IO_FETCH_REQ, ublksrv_io_cmd);
static constexpr uint32_t commit = _IOWR('u', UBLK_IO_COMMIT_AND_FETCH_REQ, ublksrv_io_cmd);

static constexpr unsigned depth = 32;
static constexpr uint32_t largest = 256 << 10; // bytes of one request
static constexpr uint64_t second = 1'000'000'000, forever = UINT64_MAX / 2;

// What ublksrv_flags, which the driver keeps for servers, says of ours: the upper half that it is
// one of ours, the lower half whose.
static constexpr uint64_t mark = 0x70327064; // 'p2pd'

template <class T> static std::span<const std::byte> factsOf(const T &command)
{
	return std::as_bytes(std::span(&command, 1));
}

static ublksrv_ctrl_cmd about(uint32_t device)
{
	ublksrv_ctrl_cmd command{};
	command.dev_id = device;
	command.queue_id = UINT16_MAX; // none
	return command;
}

template <class T> static ublksrv_ctrl_cmd about(uint32_t device, T &facts)
{
	auto command = about(device);
	command.addr = reinterpret_cast<uintptr_t>(&facts);
	command.len = sizeof facts;
	return command;
}

namespace
{

class UblkDisk : public ServedDisk
{
public:
	UblkDisk(const DiskShape &shape, Answer answer);
	~UblkDisk() override;

	const char *driver() const override { return "ublk"; }
	const std::string &path() const override { return path_; }
	bool serve(const Fd &counter, int timeout) override;

private:
	void removeOrphans();
	void addDevice(const DiskShape &shape);
	void openQueue();
	int control(uint32_t number, const ublksrv_ctrl_cmd &command, uint64_t patience);
	void require(uint32_t number, const ublksrv_ctrl_cmd &command, const char *name);
	void take(const Uring::Completion &completion);
	int answer(unsigned tag);
	void fetchNext(uint32_t number, unsigned tag, int result);
	std::byte *bufferOf(uint64_t tag) const { return buffers_.data() + tag * largest; }
	void work(int timeout, const Fd *counter);

	Answer answer_;
	Fd control_;
	ublksrv_ctrl_dev_info info_{};
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

UblkDisk::UblkDisk(const DiskShape &shape, Answer answer)
    : answer_(std::move(answer)), control_(openControl())
{
	removeOrphans();
	addDevice(shape);
	try {
		openQueue();
		auto command = about(info_.dev_id);
		command.data[0] = static_cast<uint64_t>(processId());
		// The kernel looks for partitions meanwhile: it asks, and is answered.
		require(start, command, "UBLK_CMD_START_DEV");
	} catch (const Error &) {
		control(remove, about(info_.dev_id), second);
		throw;
	}
	path_ = "/dev/ublkb" + std::to_string(info_.dev_id);
}

UblkDisk::~UblkDisk()
{
	// Whoever has it open is brought to write down what it holds: that is answered too.
	control(stop, about(info_.dev_id), forever);
	asks_ = View();
	queue_ = Fd();
	if (control(removeLater, about(info_.dev_id), second) == -EOPNOTSUPP)
		control(remove, about(info_.dev_id), second);
}

// A server that was killed leaves the number behind, and /dev/ublkcN.
void UblkDisk::removeOrphans()
{
	const std::string prefix = "ublkc";
	for (const auto &name : list("/sys/class/ublk-char")) {
		const auto device =
			static_cast<uint32_t>(std::stoul("0" + name.substr(prefix.size())));
		ublksrv_ctrl_dev_info info{};
		const bool isOurs = control(getInfo, about(device, info), forever) == 0 &&
				    info.ublksrv_flags >> 32 == mark;
		if (!isOurs || isRunning(static_cast<int>(info.ublksrv_flags & UINT32_MAX)))
			continue;
		control(stop, about(device), second);
		control(removeLater, about(device), second);
	}
}

void UblkDisk::addDevice(const DiskShape &shape)
{
	info_.nr_hw_queues = 1;
	info_.queue_depth = depth;
	info_.max_io_buf_bytes = largest;
	info_.dev_id = UINT32_MAX; // any
	info_.ublksrv_flags = mark << 32 | static_cast<uint32_t>(processId());
	require(add, about(UINT32_MAX, info_), "UBLK_CMD_ADD_DEV");

	ublk_params parameters{};
	constexpr auto blockShift = static_cast<uint8_t>(std::countr_zero(DiskShape::blockSize));
	parameters.len = sizeof parameters;
	parameters.types = UBLK_PARAM_TYPE_BASIC;
	parameters.basic = {.attrs = UBLK_ATTR_VOLATILE_CACHE |
				     (shape.isReadOnly ? UBLK_ATTR_READ_ONLY : 0u),
			    .logical_bs_shift = blockShift,
			    .physical_bs_shift = 12,
			    .io_opt_shift = 12,
			    .io_min_shift = blockShift,
			    .max_sectors = largest >> blockShift,
			    .chunk_sectors = 0,
			    .dev_sectors = shape.size >> blockShift,
			    .virt_boundary_mask = 0};
	const int done = control(setParameters, about(info_.dev_id, parameters), forever);
	if (done < 0) {
		control(remove, about(info_.dev_id), second);
		errno = -done;
		throw Error::fromErrno("UBLK_CMD_SET_PARAMS", control_.path());
	}
}

void UblkDisk::openQueue()
{
	queue_ = Fd::open("/dev/ublkc" + std::to_string(info_.dev_id), O_RDWR);
	const size_t size = depth * sizeof(ublksrv_io_desc);
	asks_ = View::ofFileToRead(queue_, UBLKSRV_CMD_BUF_OFFSET,
				   (size + pageSize() - 1) / pageSize() * pageSize());
	buffers_ = View::ofMemory(size_t{depth} * largest);
	for (unsigned tag = 0; tag < depth; tag++)
		fetchNext(fetch, tag, 0);
}

// Error where the driver refuses.
void UblkDisk::require(uint32_t number, const ublksrv_ctrl_cmd &command, const char *name)
{
	const int done = control(number, command, forever);
	if (done >= 0)
		return;
	errno = -done;
	throw Error::fromErrno(name, control_.path());
}

// What the driver says, or -ETIME. Meanwhile the disk is served.
int UblkDisk::control(uint32_t number, const ublksrv_ctrl_cmd &command, uint64_t patience)
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
	if (completion.result == UBLK_IO_RES_OK)
		fetchNext(commit, tag, answer(tag));
}

// Bytes, or -errno.
int UblkDisk::answer(unsigned tag)
{
	const auto ask = reinterpret_cast<const ublksrv_io_desc *>(asks_.data())[tag];
	const uint64_t length = uint64_t{ask.nr_sectors} * 512;
	const uint64_t offset = ask.start_sector * 512;
	const std::span bytes(bufferOf(tag), length);
	int trouble = EOPNOTSUPP;

	switch (ublksrv_get_op(&ask)) {
	case UBLK_IO_OP_READ:
		trouble = answer_({Ask::Sort::read, offset, bytes});
		break;
	case UBLK_IO_OP_WRITE:
		trouble = answer_({Ask::Sort::write, offset, bytes});
		break;
	case UBLK_IO_OP_FLUSH:
		trouble = answer_({.sort = Ask::Sort::flush});
		break;
	default:
		break;
	}
	return trouble ? -trouble : static_cast<int>(length);
}

void UblkDisk::fetchNext(uint32_t number, unsigned tag, int result)
{
	const ublksrv_io_cmd command{.q_id = 0,
				     .tag = static_cast<uint16_t>(tag),
				     .result = result,
				     .addr = reinterpret_cast<uintptr_t>(bufferOf(tag))};
	ring_.pushCommand(queue_.number(), number, factsOf(command), tag);
	fetching_++;
}

std::unique_ptr<ServedDisk> serveByUblk(const DiskShape &shape, Answer answer)
{
	return std::make_unique<UblkDisk>(shape, std::move(answer));
}

}

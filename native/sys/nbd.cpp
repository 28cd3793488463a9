// SPDX-License-Identifier: MIT
// A disk by way of the network block device: its requests come through one of two sockets, as
// structs of linux/nbd.h, and a thread of ours stands in NBD_DO_IT for as long as there is a disk.
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/served_disk.h"
#include "sys/signal.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/nbd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace sys
{

// Both ends of a connection that stays in this process.
static std::pair<Fd, Fd> socketPair()
{
	int ends[2] = {-1, -1};
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair", "nbd");
	return {Fd(ends[0], "nbd"), Fd(ends[1], "nbd")};
}

// Everything, or false where the other side has gone.
static bool receiveAll(const Fd &socket, std::span<std::byte> into)
{
	while (!into.empty()) {
		const ssize_t done = recv(socket.number(), into.data(), into.size(), 0);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		into = into.subspan(static_cast<size_t>(done));
	}
	return true;
}

static bool sendAll(const Fd &socket, std::span<const std::byte> from)
{
	while (!from.empty()) {
		const ssize_t done = send(socket.number(), from.data(), from.size(), MSG_NOSIGNAL);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		from = from.subspan(static_cast<size_t>(done));
	}
	return true;
}

// On the wire the most significant byte comes first.
template <class T> static T bigEndian(T value)
{
	if constexpr (std::endian::native == std::endian::big)
		return value;
	else if constexpr (sizeof(T) == 8)
		return __builtin_bswap64(value);
	else
		return __builtin_bswap32(value);
}

namespace
{

class NbdDisk : public ServedDisk
{
public:
	NbdDisk(const DiskShape &shape, Answer answer);
	~NbdDisk() override;

	const std::string &path() const override { return device_.path(); }
	bool serve(const Fd &counter, int timeout) override;

private:
	void takeFree(const Fd &socket);
	void setShape(const DiskShape &shape);
	void waitUntilThere();
	bool serveOne();
	void end() noexcept;

	Answer answer_;
	Fd socket_;
	Fd device_;
	std::vector<std::byte> buffer_;
	std::atomic<bool> isOver_ = false;
	std::thread kernel_;
};

}

NbdDisk::NbdDisk(const DiskShape &shape, Answer answer) : answer_(std::move(answer))
{
	auto [ours, theirs] = socketPair();
	socket_ = std::move(ours);
	takeFree(theirs);
	setShape(shape);
	kernel_ = std::thread([this] {
		// A signal would end the disk, and is for others.
		sigset_t all;
		sigfillset(&all);
		pthread_sigmask(SIG_BLOCK, &all, nullptr);
		device_.tryIoctl(NBD_DO_IT, nullptr);
		isOver_ = true;
		shutdown(socket_.number(), SHUT_RDWR);
	});
	try {
		waitUntilThere();
	} catch (const Error &) {
		end();
		throw;
	}
}

NbdDisk::~NbdDisk()
{
	end();
}

void NbdDisk::end() noexcept
{
	// It is said over the socket, which may be full of requests that nobody takes any more.
	constexpr unsigned patience = 200; // ms
	std::atomic<bool> isSaid = false;
	std::thread teller([&] {
		device_.tryIoctl(NBD_DISCONNECT, nullptr);
		isSaid = true;
	});
	for (unsigned i = 0; i < patience && !isSaid; i++)
		pause(1'000'000);
	shutdown(socket_.number(), SHUT_RDWR);
	teller.join();
	kernel_.join();
	device_.tryIoctl(NBD_CLEAR_SOCK, nullptr);
	// Partitions that were found go when it is opened without a size.
	try {
		Fd::open(path(), O_RDONLY);
	} catch (const Error &) {
	}
}

void requireNbd()
{
	const std::string first = "/dev/nbd0";
	if (!exists(first))
		loadModule("nbd");
	if (!exists(first))
		throw Error("P2P_NO_DISK_DRIVER", "no nbd", {{"driver", "nbd"}});
	if (!isAccessible(first))
		throw Error::fromErrno("open", first);
}

// The first device that nobody has: whoever gives it a socket first has it.
void NbdDisk::takeFree(const Fd &socket)
{
	for (int number = 0; exists("/dev/nbd" + std::to_string(number)); number++) {
		const auto name = "nbd" + std::to_string(number);
		if (exists("/sys/block/" + name + "/pid"))
			continue;
		auto device = Fd::open("/dev/" + name, O_RDWR);
		if (::ioctl(device.number(), NBD_SET_SOCK, socket.number()) == 0) {
			device_ = std::move(device);
			return;
		}
	}
	throw Error("P2P_NO_DISK_DRIVER", "no nbd", {{"driver", "nbd"}});
}

void NbdDisk::setShape(const DiskShape &shape)
{
	unsigned long flags = NBD_FLAG_HAS_FLAGS | NBD_FLAG_SEND_FLUSH;
	if (shape.isReadOnly)
		flags |= NBD_FLAG_READ_ONLY;
	device_.ioctl(NBD_SET_BLKSIZE, DiskShape::blockSize, "NBD_SET_BLKSIZE");
	device_.ioctl(NBD_SET_SIZE_BLOCKS, shape.size / DiskShape::blockSize,
		      "NBD_SET_SIZE_BLOCKS");
	device_.ioctl(NBD_SET_FLAGS, flags, "NBD_SET_FLAGS");
}

void NbdDisk::waitUntilThere()
{
	const auto folder = "/sys/block/" + baseName(path());
	const auto isThere = [&] {
		return exists(folder + "/pid") && readText(folder + "/size").value_or("0") != "0";
	};
	const auto never = makeCounter();
	while (!isThere() && serve(never, 1)) {
	}
	if (isOver_)
		throw Error("P2P_DISK_ENDED", path() + " has ended", {{"path", path()}});
}

bool NbdDisk::serve(const Fd &counter, int timeout)
{
	const Signal signals[] = {{socket_.number(), Signal::Sort::readable},
				  {counter.number(), Signal::Sort::counter}};
	pollfd one{.fd = socket_.number(), .events = POLLIN, .revents = 0};

	// So many that whoever serves has a look at other things under any load.
	constexpr int mostAtOnce = 32;

	waitFor(signals, timeout);
	for (int i = 0; i < mostAtOnce && !isOver_ && ::poll(&one, 1, 0) > 0; i++)
		if (!serveOne())
			return false;
	return !isOver_;
}

bool NbdDisk::serveOne()
{
	nbd_request request{};
	if (!receiveAll(socket_, std::as_writable_bytes(std::span(&request, 1))))
		return false;
	const uint32_t command = bigEndian(request.type) & 0xffff;
	const uint32_t length = bigEndian(request.len);
	const bool hasBytes = command == NBD_CMD_READ || command == NBD_CMD_WRITE;

	if (command == NBD_CMD_DISC || bigEndian(request.magic) != NBD_REQUEST_MAGIC)
		return false;
	if (hasBytes)
		buffer_.resize(std::max<size_t>(buffer_.size(), length));
	const std::span bytes(buffer_.data(), hasBytes ? length : 0);
	if (command == NBD_CMD_WRITE && !receiveAll(socket_, bytes))
		return false;

	uint64_t offset = 0;
	std::memcpy(&offset, &request.from, sizeof offset);
	const auto sort = command == NBD_CMD_READ    ? Ask::Sort::read
			  : command == NBD_CMD_WRITE ? Ask::Sort::write
						     : Ask::Sort::flush;
	const bool isKnown = hasBytes || command == NBD_CMD_FLUSH;
	const int trouble = isKnown ? answer_({sort, bigEndian(offset), bytes}) : EINVAL;

	nbd_reply reply{};
	reply.magic = bigEndian<uint32_t>(NBD_REPLY_MAGIC);
	reply.error = bigEndian(static_cast<uint32_t>(trouble));
	std::memcpy(reply.handle, request.handle, sizeof reply.handle);
	return sendAll(socket_, std::as_bytes(std::span(&reply, 1))) &&
	       (command != NBD_CMD_READ || trouble != 0 || sendAll(socket_, bytes));
}

std::unique_ptr<ServedDisk> serveByNbd(const DiskShape &shape, Answer answer)
{
	return std::make_unique<NbdDisk>(shape, std::move(answer));
}

}

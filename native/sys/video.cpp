// SPDX-License-Identifier: MIT
#include "sys/video.h"

#include "sys/error.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <span>

namespace sys
{

static constexpr uint32_t capture = V4L2_BUF_TYPE_VIDEO_CAPTURE;

static Error none(const Fd &fd, const char *reason)
{
	return Error("P2P_NO_VIDEO", fd.path() + " gives no pictures",
		     {{"path", fd.path()}, {"reason", reason}});
}

static constexpr uint32_t bigEndian = uint32_t{1} << 31; // v4l2_fourcc_be()

static std::string nameOf(uint32_t code)
{
	std::string name;
	for (int i = 0; i < 4; i++)
		name += static_cast<char>(code >> (8 * i) & 0x7f);
	name.resize(name.find_last_not_of(' ') + 1);
	return name + (code & bigEndian ? "-BE" : "");
}

// 'Y16' is 'Y16 '.
static uint32_t codeOf(std::string name)
{
	uint32_t code = 0;
	if (name.ends_with("-BE")) {
		name.resize(name.size() - 3);
		code = bigEndian;
	}
	for (size_t i = 0; i < 4; i++)
		code |= uint32_t{i < name.size() ? static_cast<unsigned char>(name[i])
						 : static_cast<unsigned char>(' ')}
			<< (8 * i);
	return code;
}

static void requireCapture(const Fd &fd)
{
	v4l2_capability found{};
	if (fd.tryIoctl(VIDIOC_QUERYCAP, &found) < 0)
		throw none(fd, "node");
	const uint32_t can =
		found.capabilities & V4L2_CAP_DEVICE_CAPS ? found.device_caps : found.capabilities;
	if (!(can & V4L2_CAP_VIDEO_CAPTURE))
		throw none(fd, can & V4L2_CAP_VIDEO_CAPTURE_MPLANE ? "planes" : "capture");
	if (!(can & V4L2_CAP_STREAMING))
		throw none(fd, "streaming");
}

static VideoFormat read(const v4l2_format &format)
{
	const auto &pix = format.fmt.pix;
	return {.fourcc = nameOf(pix.pixelformat),
		.width = pix.width,
		.height = pix.height,
		.pitch = pix.bytesperline,
		.size = pix.sizeimage};
}

static v4l2_format formatOf(const Fd &fd)
{
	v4l2_format format{};
	format.type = capture;
	fd.ioctl(VIDIOC_G_FMT, &format, "VIDIOC_G_FMT");
	return format;
}

// Sizes are the driver's to find where they depend on what was asked for.
static v4l2_format set(const Fd &fd, const VideoFormat &wish)
{
	auto format = formatOf(fd);
	auto &pix = format.fmt.pix;

	if (!wish.fourcc.empty())
		pix.pixelformat = codeOf(wish.fourcc);
	if (wish.width) {
		pix.width = wish.width;
		pix.height = wish.height;
		pix.field = V4L2_FIELD_ANY;
	}
	pix.bytesperline = wish.pitch;
	pix.sizeimage = 0;
	fd.ioctl(VIDIOC_S_FMT, &format, "VIDIOC_S_FMT");
	return format;
}

Video::Video(const std::string &path) : fd_(Fd::open(path, O_RDWR | O_NONBLOCK))
{
	requireCapture(fd_);
	format_ = read(formatOf(fd_));
}

Video::~Video()
{
	stop();
	reserve(sort_, 0);
	// Where it is gone, or another program's now, there is nothing to be done.
	if (!found_.empty())
		fd_.tryIoctl(VIDIOC_S_FMT, found_.data());
}

static std::vector<v4l2_fmtdesc> formatsOf(const Fd &fd)
{
	constexpr uint32_t most = 256; // a driver may never say that it has no more
	std::vector<v4l2_fmtdesc> all;
	while (all.size() < most) {
		v4l2_fmtdesc description{};
		description.index = static_cast<uint32_t>(all.size());
		description.type = capture;
		if (fd.tryIoctl(VIDIOC_ENUM_FMT, &description) < 0)
			break;
		all.push_back(description);
	}
	return all;
}

static std::string offersOf(const Fd &fd)
{
	std::string all;
	for (const auto &format : formatsOf(fd))
		all += (all.empty() ? "" : ", ") + nameOf(format.pixelformat);
	return all;
}

static bool isCompressed(const Fd &fd, const std::string &fourcc)
{
	return std::ranges::any_of(formatsOf(fd), [&](const v4l2_fmtdesc &format) {
		return nameOf(format.pixelformat) == fourcc &&
		       (format.flags & V4L2_FMT_FLAG_COMPRESSED) != 0;
	});
}

static std::string sizeText(const VideoFormat &format)
{
	return std::to_string(format.width) + "x" + std::to_string(format.height);
}

void Video::choose(const VideoFormat &wish)
{
	const auto refuse = [&](const char *reason, const std::string &asked,
				const std::string &has) {
		return Error(
			"P2P_VIDEO_FORMAT", path() + " gives no such pictures",
			{{"path", path()}, {"reason", reason}, {"asked", asked}, {"offers", has}});
	};
	if (found_.empty()) {
		const auto found = formatOf(fd_);
		const auto bytes = std::as_bytes(std::span(&found, 1));
		found_.assign(bytes.begin(), bytes.end());
	}
	v4l2_format chosen{};
	try {
		chosen = set(fd_, wish);
	} catch (const Error &error) {
		// Most drivers take the nearest instead.
		throw error.code == "EINVAL" ? refuse("format", wish.fourcc, offersOf(fd_)) : error;
	}
	format_ = read(chosen);
	if (!wish.fourcc.empty() && format_.fourcc != wish.fourcc)
		throw refuse("format", wish.fourcc, offersOf(fd_));
	if (wish.width && (format_.width != wish.width || format_.height != wish.height))
		throw refuse("size", sizeText(wish), sizeText(format_));
	if (isCompressed(fd_, format_.fourcc))
		throw refuse("compressed", format_.fourcc, offersOf(fd_));
	if (chosen.fmt.pix.field == V4L2_FIELD_ALTERNATE)
		throw refuse("fields", format_.fourcc, "");
}

static uint32_t codeOf(VideoMemory sort)
{
	switch (sort) {
	case VideoMemory::userptr:
		return V4L2_MEMORY_USERPTR;
	case VideoMemory::dmabuf:
		return V4L2_MEMORY_DMABUF;
	case VideoMemory::mmap:
		break;
	}
	return V4L2_MEMORY_MMAP;
}

static v4l2_buffer bufferOf(VideoMemory sort, unsigned index = 0)
{
	v4l2_buffer buffer{};
	buffer.index = index;
	buffer.type = capture;
	buffer.memory = codeOf(sort);
	return buffer;
}

unsigned Video::reserve(VideoMemory sort, unsigned count)
{
	v4l2_requestbuffers request{};

	views_.clear();
	request.count = count;
	request.type = capture;
	request.memory = codeOf(sort);
	if (fd_.tryIoctl(VIDIOC_REQBUFS, &request) < 0) {
		if (errno == EBUSY && count > 0)
			throw Error::fromErrno("VIDIOC_REQBUFS", path());
		return 0;
	}
	sort_ = sort;
	if (request.count > 0)
		requireFormat();
	for (unsigned i = 0; sort == VideoMemory::mmap && i < request.count; i++) {
		auto buffer = bufferOf(sort, i);
		fd_.ioctl(VIDIOC_QUERYBUF, &buffer, "VIDIOC_QUERYBUF");
		if (buffer.length < format_.size)
			return 0;
		views_.push_back(View::ofFile(fd_, buffer.m.offset, buffer.length));
	}
	return request.count;
}

void Video::takeOwnMemory(unsigned count)
{
	constexpr unsigned least = 2; // one is filled while the other is emptied
	const unsigned granted = reserve(VideoMemory::mmap, count);
	if (granted < least)
		throw none(fd_, "memory");
	for (unsigned i = 0; i < granted; i++)
		queue(i);
}

void Video::requireFormat() const
{
	const auto now = read(formatOf(fd_));
	if (now.fourcc == format_.fourcc && now.width == format_.width &&
	    now.height == format_.height && now.pitch == format_.pitch && now.size == format_.size)
		return;
	errno = EBUSY;
	throw Error::fromErrno("VIDIOC_G_FMT", path());
}

void Video::queue(unsigned index, std::span<std::byte> into) const
{
	auto buffer = bufferOf(sort_, index);
	if (sort_ == VideoMemory::userptr) {
		buffer.m.userptr = reinterpret_cast<unsigned long>(into.data());
		buffer.length = static_cast<uint32_t>(into.size());
	}
	fd_.ioctl(VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

void Video::queue(unsigned index, int descriptor) const
{
	auto buffer = bufferOf(sort_, index);
	buffer.m.fd = descriptor;
	fd_.ioctl(VIDIOC_QBUF, &buffer, "VIDIOC_QBUF");
}

void Video::start()
{
	int type = capture;
	fd_.ioctl(VIDIOC_STREAMON, &type, "VIDIOC_STREAMON");
	isRunning_ = true;
}

void Video::stop() noexcept
{
	int type = capture;
	if (isRunning_)
		fd_.tryIoctl(VIDIOC_STREAMOFF, &type);
	isRunning_ = false;
}

std::optional<VideoFrame> Video::take() const
{
	constexpr uint64_t second = 1'000'000'000, microsecond = 1'000;
	// A driver may ask for more room than the picture takes.
	const uint64_t rows =
		std::min<uint64_t>(format_.size, uint64_t{format_.pitch} * format_.height);
	auto buffer = bufferOf(sort_);
	if (fd_.tryIoctl(VIDIOC_DQBUF, &buffer) < 0) {
		if (errno == EAGAIN)
			return std::nullopt;
		throw Error::fromErrno("VIDIOC_DQBUF", path());
	}
	return VideoFrame{.buffer = buffer.index,
			  .sequence = buffer.sequence,
			  .time = static_cast<uint64_t>(buffer.timestamp.tv_sec) * second +
				  static_cast<uint64_t>(buffer.timestamp.tv_usec) * microsecond,
			  .isDamaged = (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0 ||
				       buffer.bytesused < rows};
}

}

// SPDX-License-Identifier: MIT
#include "sys/screen.h"

#include "sys/clock.h"
#include "sys/drm.h"
#include "sys/error.h"
#include "sys/signal.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace sys
{

static uint64_t addressOf(const void *memory)
{
	return reinterpret_cast<uintptr_t>(memory);
}

// A list of the card's, in two steps: how long it is, and what is in it. It may have grown in
// between.
static std::vector<uint32_t> listOf(const Fd &card, uint64_t drm::Resources::*list,
				    uint32_t drm::Resources::*count)
{
	drm::Resources known;
	if (card.tryIoctl(drm::MODE_GETRESOURCES, &known) < 0)
		throw noDrm(card, errno == ENOTTY || errno == EINVAL ? "node" : "screen");
	std::vector<uint32_t> numbers(known.*count);
	drm::Resources asked;
	asked.*list = addressOf(numbers.data());
	asked.*count = known.*count;
	card.ioctl(drm::MODE_GETRESOURCES, &asked, "DRM_IOCTL_MODE_GETRESOURCES");
	numbers.resize(std::min(known.*count, asked.*count));
	return numbers;
}

namespace
{

struct Display {
	drm::Connector connector;
	drm::Mode mode; // the first is the one that the display likes best
	std::vector<uint32_t> encoders;
};

}

static std::optional<Display> displayOf(const Fd &card, uint32_t number)
{
	drm::Connector known{.connector = number};
	if (card.tryIoctl(drm::MODE_GETCONNECTOR, &known) < 0 ||
	    known.connection != drm::CONNECTED || known.modeCount == 0)
		return std::nullopt;
	std::vector<drm::Mode> modes(known.modeCount);
	std::vector<uint32_t> encoders(known.encoderCount);
	drm::Connector asked{.encoders = addressOf(encoders.data()),
			     .modes = addressOf(modes.data()),
			     .modeCount = known.modeCount,
			     .encoderCount = known.encoderCount,
			     .connector = number};
	card.ioctl(drm::MODE_GETCONNECTOR, &asked, "DRM_IOCTL_MODE_GETCONNECTOR");
	return Display{asked, modes.front(), encoders};
}

Screen::Screen(const std::string &path) : card_(Fd::open(path, O_RDWR | O_NONBLOCK))
{
	choose();
}

static drm::Encoder encoderOf(const Fd &card, uint32_t number)
{
	drm::Encoder encoder{.encoder = number};
	if (card.tryIoctl(drm::MODE_GETENCODER, &encoder) < 0)
		return {};
	return encoder;
}

static drm::Crtc crtcOf(const Fd &card, uint32_t number)
{
	drm::Crtc crtc{.crtc = number};
	card.ioctl(drm::MODE_GETCRTC, &crtc, "DRM_IOCTL_MODE_GETCRTC");
	return crtc;
}

// A display that shows something, with the others that show the same.
bool Screen::takeLit(const std::vector<uint32_t> &connectors)
{
	for (const uint32_t number : connectors) {
		const auto display = displayOf(card_, number);
		const uint32_t crtc =
			display ? encoderOf(card_, display->connector.encoder).crtc : 0;
		if (!crtc || (found_.crtc && found_.crtc != crtc))
			continue;
		const auto found = crtcOf(card_, crtc);
		if (!found.isModeValid)
			continue;
		found_ = found;
		mode_ = found.mode;
		connectors_.push_back(number);
	}
	return !connectors_.empty();
}

// One that is dark, by means that no other display has.
bool Screen::takeDark(const std::vector<uint32_t> &connectors, const std::vector<uint32_t> &crtcs)
{
	for (const uint32_t number : connectors) {
		const auto display = displayOf(card_, number);
		if (!display)
			continue;
		for (const uint32_t encoder : display->encoders) {
			const uint32_t possible = encoderOf(card_, encoder).possible;
			for (size_t i = 0; i < crtcs.size() && i < 32; i++) {
				const auto found = crtcOf(card_, crtcs[i]);
				if (!(possible >> i & 1) || found.isModeValid)
					continue;
				found_ = found;
				mode_ = display->mode;
				connectors_ = {number};
				return true;
			}
		}
	}
	return false;
}

void Screen::choose()
{
	using drm::Resources;
	const auto connectors = listOf(card_, &Resources::connectors, &Resources::connectorCount);
	const auto crtcs = listOf(card_, &Resources::crtcs, &Resources::crtcCount);
	if (!takeLit(connectors) && !takeDark(connectors, crtcs))
		throw noDrm(card_, "screen");
}

void Screen::make(unsigned count, uint32_t fourcc, unsigned bits, uint32_t width, uint32_t height)
{
	width = std::max<uint32_t>(width, mode_.width);
	height = std::max<uint32_t>(height, mode_.height);
	for (unsigned i = 0; i < count; i++) {
		drm::CreateDumb dumb{.height = height, .width = width, .bitsPerPixel = bits};
		if (card_.tryIoctl(drm::MODE_CREATE_DUMB, &dumb) < 0) {
			if (errno == ENOSYS || errno == EOPNOTSUPP)
				throw noDrm(card_, "dumb");
			throw Error::fromErrno("DRM_IOCTL_MODE_CREATE_DUMB", card_.path());
		}
		buffers_.push_back({.handle = dumb.handle, .pitch = dumb.pitch, .size = dumb.size});
		drm::Framebuffer framebuffer{.width = width, .height = height, .fourcc = fourcc};
		framebuffer.handles[0] = dumb.handle;
		framebuffer.pitches[0] = dumb.pitch;
		if (card_.tryIoctl(drm::MODE_ADDFB2, &framebuffer) < 0)
			throw noDrm(card_, "format");
		buffers_.back().framebuffer = framebuffer.framebuffer;
	}
}

Screen::~Screen()
{
	if (isLit_ && (!found_.isModeValid || light(found_) < 0))
		light({.crtc = found_.crtc});
	for (auto &buffer : buffers_) {
		drm::DestroyDumb dumb{.handle = buffer.handle};
		card_.tryIoctl(drm::MODE_RMFB, &buffer.framebuffer);
		card_.tryIoctl(drm::MODE_DESTROY_DUMB, &dumb);
	}
}

DmaBuf Screen::exported(unsigned buffer) const
{
	return exportBuffer(card_, buffers_[buffer].handle);
}

std::span<std::byte> Screen::bytes(unsigned index)
{
	auto &buffer = buffers_[index];
	if (buffer.view.size() == 0) {
		drm::MapDumb map{.handle = buffer.handle};
		card_.ioctl(drm::MODE_MAP_DUMB, &map, "DRM_IOCTL_MODE_MAP_DUMB");
		buffer.view = View::ofFile(card_, map.offset, buffer.size);
	}
	return buffer.view.bytes();
}

int Screen::light(const drm::Crtc &wanted) const
{
	drm::Crtc crtc = wanted;
	crtc.connectors = crtc.isModeValid ? addressOf(connectors_.data()) : 0;
	crtc.connectorCount = crtc.isModeValid ? static_cast<uint32_t>(connectors_.size()) : 0;
	return card_.tryIoctl(drm::MODE_SETCRTC, &crtc);
}

// False where the driver has no such thing.
bool Screen::flip(uint32_t framebuffer) const
{
	constexpr uint64_t longest = 1'000'000'000;
	drm::PageFlip flip{
		.crtc = found_.crtc, .framebuffer = framebuffer, .flags = drm::PAGE_FLIP_EVENT};
	if (card_.tryIoctl(drm::MODE_PAGE_FLIP, &flip) < 0)
		return false;
	drm::FlipEvent event;
	const uint64_t start = now();
	while (::read(card_.number(), &event, sizeof event) < 0) {
		if (now() - start > longest)
			throw Error("P2P_TIMEOUT", "the display does not say that it shows it",
				    {{"what", "a flip"}, {"path", card_.path()}});
		const Signal signal{card_.number()};
		waitFor({&signal, 1}, 20);
	}
	return true;
}

void Screen::show(unsigned index)
{
	const uint32_t framebuffer = buffers_[index].framebuffer;
	if (isLit_ && flip(framebuffer))
		return;
	if (light({.crtc = found_.crtc,
		   .framebuffer = framebuffer,
		   .isModeValid = 1,
		   .mode = mode_}) < 0)
		throw errno == EACCES ? noDrm(card_, "master")
				      : Error::fromErrno("DRM_IOCTL_MODE_SETCRTC", card_.path());
	isLit_ = true;
}

}

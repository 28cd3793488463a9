// SPDX-License-Identifier: MIT
#include "transfer/show.h"

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/screen.h"
#include "sys/signal.h"
#include "sys/words.h"

#include <algorithm>
#include <array>

namespace transfer
{

using sys::Error;
using sys::VideoMemory;

namespace
{

// What both kinds of driver know, under the names of each: include/uapi/linux/videodev2.h and
// drm_fourcc.h.
struct Shared {
	const char *ofCard;
	uint32_t ofScreen;
	unsigned bits;
};

}

static constexpr uint32_t code(const char (&name)[5])
{
	uint32_t value = 0;
	for (int i = 3; i >= 0; i--)
		value = value << 8 | static_cast<unsigned char>(name[i]);
	return value;
}

// The first three are the same bytes; most displays have these four.
static constexpr std::array<Shared, 6> sharedFormats{{{"XR24", code("XR24"), 32},
						      {"AR24", code("XR24"), 32},
						      {"BGR4", code("XR24"), 32},
						      {"RGBP", code("RG16"), 16},
						      {"YUYV", code("YUYV"), 16},
						      {"UYVY", code("UYVY"), 16}}};
static constexpr size_t usual = 4;

// The card gives what was asked for, or the first of the usual that it has.
static Shared agree(sys::Video &video, sys::VideoFormat wish)
{
	std::optional<Error> refusal;
	const bool isAsked = !wish.fourcc.empty();

	for (size_t i = 0; i < (isAsked ? sharedFormats.size() : usual); i++) {
		const auto &shared = sharedFormats[i];
		if (isAsked && wish.fourcc != shared.ofCard)
			continue;
		try {
			wish.fourcc = shared.ofCard;
			video.choose(wish);
			return shared;
		} catch (const Error &error) {
			const bool isFormat = error.code == "P2P_VIDEO_FORMAT" &&
					      error.facts.at("reason") == "format";
			if (isAsked || !isFormat)
				throw;
			refusal = error;
		}
	}
	const std::string asked = isAsked ? wish.fourcc : "";
	throw Error("P2P_VIDEO_FORMAT", "no format in common",
		    {{"path", video.path()},
		     {"reason", "screen"},
		     {"asked", asked},
		     {"offers", refusal ? refusal->facts.at("offers") : ""}});
}

namespace
{

class Show
{
public:
	Show(const Plan &plan, const sys::Stop &stop, const std::function<void(Progress)> &tell)
	    : order_(plan.order), stop_(stop), tell_(tell), video_(plan.from.place.name),
	      shared_(agree(video_, order_.pictures.format)), screen_(plan.to.place.name)
	{
		const auto &format = video_.format();
		screen_.make(buffers, shared_.ofScreen, shared_.bits, format.width, format.height);
		if (!imports())
			video_.takeOwnMemory(buffers);
		frames_.format = video_.format();
		frames_.format.size = format.width * shared_.bits / 8 * format.height;
		frames_.stride = frames_.format.size;
	}

	device::Frames work()
	{
		uint64_t since = sys::now();

		video_.start();
		while (!isOver()) {
			if (order_.pictures.count > 0)
				sys::checkStop(stop_);
			if (const auto frame = video_.take()) {
				put(*frame);
				since = sys::now();
				continue;
			}
			if (sys::now() - since > order_.timeoutNs)
				throw Error("P2P_TIMEOUT", "no frame came in time",
					    {{"what", "a frame"}, {"path", video_.path()}});
			const sys::Signal signal{video_.number()};
			sys::waitFor({&signal, 1}, 20);
		}
		video_.stop();
		if (frames_.count == 0)
			sys::checkStop(stop_);
		return frames_;
	}

private:
	static constexpr unsigned buffers = 6;

	bool isOver() const
	{
		const uint64_t count = order_.pictures.count;
		return count ? frames_.count == count : stop_.asked.stop_requested();
	}

	// Are the display's own buffers what the card writes to?
	bool imports()
	{
		auto wish = video_.format();
		wish.pitch = screen_.pitch();
		try {
			video_.choose(wish);
			if (video_.format().pitch != screen_.pitch())
				return false;
			for (unsigned i = 0; i < buffers; i++)
				dmaBufs_.push_back(screen_.exported(i));
			if (video_.reserve(VideoMemory::dmabuf, buffers) != buffers)
				return false;
			for (unsigned i = 0; i < buffers; i++)
				video_.queue(i, dmaBufs_[i].number());
		} catch (const Error &) {
			return false;
		}
		frames_.memory = VideoMemory::dmabuf;
		return true;
	}

	void put(const sys::VideoFrame &frame)
	{
		if (frames_.memory == VideoMemory::dmabuf) {
			screen_.show(frame.buffer);
			if (shown_ && *shown_ != frame.buffer)
				video_.queue(*shown_, dmaBufs_[*shown_].number());
			shown_ = frame.buffer;
		} else {
			shown_ = shown_ ? 1 - *shown_ : 0;
			carry(frame.buffer, *shown_);
			video_.queue(frame.buffer);
			screen_.show(*shown_);
		}
		frames_.add(frame);
		const uint64_t size = frames_.format.size;
		tell_({"copy", frames_.count * size, order_.pictures.count * size});
	}

	void carry(unsigned from, unsigned to)
	{
		const auto &format = video_.format();
		const size_t row = size_t{format.width} * shared_.bits / 8;
		const auto source = video_.bytes(from);
		const auto target = screen_.bytes(to);
		for (size_t y = 0; y < format.height; y++)
			sys::copyWords(target.data() + y * screen_.pitch(),
				       source.data() + y * format.pitch, row);
	}

	const Order &order_;
	const sys::Stop &stop_;
	const std::function<void(Progress)> &tell_;
	sys::Video video_;
	Shared shared_;
	sys::Screen screen_;
	std::vector<sys::DmaBuf> dmaBufs_;
	std::optional<unsigned> shown_;
	device::Frames frames_;
};

}

Report show(const pci::Machine &, const Plan &plan, const sys::Stop &stop,
	    const std::function<void(Progress)> &tell)
{
	const uint64_t start = sys::now();
	auto frames = device::unlessBusy(plan.from.place.name,
					 [&] { return Show(plan, stop, tell).work(); });
	Report report{.copyNs = sys::now() - start};
	report.bytes = report.length = frames.count * frames.format.size;
	report.requestSize = frames.stride;
	report.requests = frames.count;
	report.queues = report.depth = 1;
	report.blockSize = 1;
	report.frames = std::move(frames);
	return report;
}

}

// SPDX-License-Identifier: MIT
// A capture card that its own driver has (V4L2), as a medium: a stream of frames, all of one size.
// The card writes them into the memory that requests point at where its driver takes that by its
// address; else the CPU carries them there from memory of the driver's.
#pragma once

#include "device/client.h"
#include "pci/usage.h"
#include "sys/error.h"
#include "sys/video.h"

#include <vector>

namespace device
{

// What came of it.
struct Frames {
	sys::VideoFormat format{};
	uint64_t stride = 0; // bytes from one frame to the next, where they lie
	sys::VideoMemory memory = sys::VideoMemory::mmap; // and the CPU carries them out of that
	uint64_t count = 0;
	uint64_t dropped = 0;  // by the card, for want of a buffer: gaps in its sequence numbers
	uint64_t damaged = 0;  // marked by its driver, or shorter than a frame
	uint64_t duration = 0; // from the first to the last; nanoseconds

	void add(const sys::VideoFrame &frame);

private:
	uint64_t firstTime_ = 0;
	uint32_t sequence_ = 0;
};

// A card that another program has going refuses whatever would change it: Error P2P_IN_USE.
template <class Work> auto unlessBusy(const std::string &path, Work work)
{
	try {
		return work();
	} catch (const sys::Error &error) {
		throw error.code == "EBUSY" ? pci::inUse({{"open", {{"device", path}}}}) : error;
	}
}

class Video : public Client
{
public:
	// Frames that are under way at once at most, and at least.
	static constexpr unsigned mostFrames = 16, leastFrames = 4;

	// wish: as of sys::Video::choose(). count: frames; 0: until a stop is asked for. isPeer:
	// the memory is another function's, into which no card is sent without a verdict. Errors of
	// sys::Video; P2P_IN_USE where another program has the card.
	Video(const std::string &path, const sys::VideoFormat &wish, uint64_t count, bool isPeer);

	std::string engine() const override { return "v4l2"; }
	size_t blockSize() const override { return 1; }
	uint64_t mediumSize() const override { return streamSize; }
	size_t maxTransfer() const override { return frames_.stride; }
	unsigned depth() const override { return mostFrames; }

	const sys::VideoFormat &format() const { return video_.format(); }
	// Bytes from one frame to the next, in the medium as in memory. Requests have to divide it
	// evenly and to come in order.
	void setStride(size_t stride) { frames_.stride = stride; }
	uint64_t count() const { return count_; }
	// Frames that there is room for, or that were asked for: more will not be.
	void expect(uint64_t most) { most_ = most; }
	// What ends frames without a count.
	void endWhen(std::stop_token asked) { stop_ = std::move(asked); }
	// The sums (CRC-32C) of frames are to be kept, for the proof: of each of so many, and of
	// the last that is expected. Summing costs CPU.
	void keepSums(uint64_t ofEach) { sumEach_ = ofEach; }
	bool isSummed(uint64_t number) const
	{
		return sumEach_ > 0 && (number % sumEach_ == 0 || number + 1 == most_);
	}
	const std::vector<uint32_t> &sums() const { return sums_; }
	const Frames &frames() const { return frames_; }

	// Whole frames lie in it, a stride from one another.
	Target prepare(const Memory &memory) override;
	bool start(const Request &request) override;
	size_t poll(std::span<uint32_t> finished) override;
	std::optional<sys::Signal> signal() override;
	// Error P2P_TIMEOUT where no frame has come for the limit.
	void check() override;
	std::optional<uint64_t> end() const override { return end_; }
	void shutDown() override { video_.stop(); }

private:
	// A frame's place in memory, and the requests that it is.
	struct Place {
		std::byte *memory = nullptr;
		std::vector<uint32_t> tags{};
		bool isAsked = false; // all its requests have come, and no frame yet
		uint64_t number = 0;  // of the frame that is to come
	};

	// Where the CPU carries, places are filled in turn.
	Place &next() { return places_[frames_.count % places_.size()]; }
	bool isCarried() const { return frames_.memory == sys::VideoMemory::mmap; }
	bool takesAddress(std::span<std::byte> memory);
	std::span<std::byte> spare(unsigned index) const;
	void askFor(unsigned index);
	void askForSpares();
	void accept(const sys::VideoFrame &frame);
	void endIfAsked();

	// Beyond what is asked for: most drivers give a frame only while they have others to fill.
	static constexpr unsigned spareFrames = 3;

	sys::View spares_;
	sys::Video video_;
	uint64_t count_;
	uint64_t most_ = UINT64_MAX;
	bool isPeer_;
	uint64_t sumEach_ = 0; // 0: none
	std::vector<Place> places_;
	uint64_t handedOver_ = 0;    // frames whose requests have all come
	std::vector<uint32_t> done_; // tags that poll() has not given yet
	size_t given_ = 0;
	bool isRunning_ = false;
	uint64_t waitingSince_ = 0;
	std::vector<uint32_t> sums_;
	Frames frames_;
	std::stop_token stop_;
	std::optional<uint64_t> end_;
};

}

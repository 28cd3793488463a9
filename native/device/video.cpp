// SPDX-License-Identifier: MIT
#include "device/video.h"

#include "sys/clock.h"
#include "sys/crc32c.h"
#include "sys/error.h"
#include "sys/words.h"

#include <algorithm>

namespace device
{

using sys::Error;
using sys::VideoMemory;

void Frames::add(const sys::VideoFrame &frame)
{
	if (count++ == 0)
		firstTime_ = frame.time;
	else if (static_cast<int32_t>(frame.sequence - sequence_) > 0) // some do not count
		dropped += frame.sequence - sequence_ - 1;
	sequence_ = frame.sequence;
	damaged += frame.isDamaged ? 1 : 0;
	duration = frame.time > firstTime_ ? frame.time - firstTime_ : 0; // clocks are set
}

Video::Video(const std::string &path, const sys::VideoFormat &wish, uint64_t count, bool isPeer)
    : video_(path), count_(count), isPeer_(isPeer)
{
	unlessBusy(path, [&] { video_.choose(wish); });
	frames_.format = video_.format();
	frames_.stride = video_.format().size;
}

// The kernel looks at the memory when a buffer is handed over, not before; and one may be as a card
// wants it, in one piece, where others are not.
bool Video::takesAddress(std::span<std::byte> memory)
{
	const auto places = static_cast<unsigned>(places_.size());
	const auto count = places + spareFrames;
	if (isPeer_ || video_.reserve(VideoMemory::userptr, count) < count)
		return false;
	spares_ = sys::View::ofMemory(spareFrames * frames_.stride);
	try {
		for (unsigned i = 0; i < places; i++)
			video_.queue(i, memory.subspan(i * frames_.stride, frames_.stride));
		for (unsigned i = 0; i < spareFrames; i++)
			video_.queue(places + i, spare(i));
	} catch (const Error &) {
		return false;
	}
	return video_.reserve(VideoMemory::userptr, count) >= count;
}

std::span<std::byte> Video::spare(unsigned index) const
{
	return spares_.bytes().subspan(index * frames_.stride, frames_.stride);
}

Target Video::prepare(const Memory &memory)
{
	const auto target = Client::prepare(memory);
	const auto fitting = memory.bytes.size() / frames_.stride;

	places_.resize(std::clamp<size_t>(fitting, 1, mostFrames));
	unlessBusy(video_.path(), [&] {
		if (takesAddress(memory.bytes))
			frames_.memory = VideoMemory::userptr;
		else
			video_.takeOwnMemory(leastFrames);
	});
	return target;
}

bool Video::start(const Request &request)
{
	const auto index = static_cast<unsigned>(handedOver_ % places_.size());
	auto &place = places_[index];
	if (place.isAsked || end_)
		return false;
	if (request.medium % frames_.stride == 0) {
		place.memory = targetOf(request).bytes.data() + request.offset;
		place.tags.clear();
	}
	place.tags.push_back(request.tag);
	if ((request.medium + request.length) % frames_.stride == 0)
		askFor(index);
	return true;
}

void Video::askFor(unsigned index)
{
	auto &place = places_[index];
	place.isAsked = true;
	place.number = handedOver_++;
	if (sumEach_ > 0)
		sums_.resize(handedOver_);
	if (!isCarried())
		video_.queue(index, {place.memory, frames_.stride});
	if (handedOver_ == most_ && !isCarried())
		askForSpares();
}

void Video::askForSpares()
{
	for (unsigned i = 0; i < spareFrames; i++)
		video_.queue(static_cast<unsigned>(places_.size()) + i, spare(i));
}

size_t Video::poll(std::span<uint32_t> finished)
{
	if (!isRunning_ && handedOver_ > 0) {
		unlessBusy(video_.path(), [&] { video_.start(); });
		isRunning_ = true;
		waitingSince_ = sys::now();
	}
	endIfAsked();
	while (isRunning_ && !end_ && done_.size() - given_ < finished.size() &&
	       (!isCarried() || next().isAsked)) {
		const auto frame = video_.take();
		if (!frame)
			break;
		accept(*frame);
	}
	const size_t count = std::min(done_.size() - given_, finished.size());
	std::copy_n(done_.begin() + static_cast<ptrdiff_t>(given_), count, finished.begin());
	given_ += count;
	if (given_ == done_.size()) {
		done_.clear();
		given_ = 0;
	}
	return count;
}

void Video::accept(const sys::VideoFrame &frame)
{
	const bool isSpare = !isCarried() && frame.buffer >= places_.size();
	if (isSpare || frames_.count == most_)
		return;
	auto &place = isCarried() ? next() : places_[frame.buffer];

	std::span bytes(place.memory, video_.format().size);
	if (isCarried()) {
		bytes = video_.bytes(frame.buffer).first(video_.format().size);
		sys::copyWords(place.memory, bytes.data(), bytes.size());
	}
	if (isSummed(place.number))
		sums_[place.number] = sys::crc32c(bytes);
	if (isCarried())
		video_.queue(frame.buffer);
	place.isAsked = false;
	done_.insert(done_.end(), place.tags.begin(), place.tags.end());
	frames_.add(frame);
	waitingSince_ = sys::now();
}

void Video::endIfAsked()
{
	if (count_ == 0 && !end_ && stop_.stop_requested())
		end_ = frames_.count * frames_.stride;
}

// Without a buffer the kernel calls the descriptor ready, for an error.
std::optional<sys::Signal> Video::signal()
{
	const bool isAsked = std::ranges::any_of(places_, &Place::isAsked);
	if (!isRunning_ || !isAsked)
		return sys::Signal{};
	return sys::Signal{video_.number()};
}

void Video::check()
{
	if (std::ranges::none_of(places_, &Place::isAsked))
		waitingSince_ = sys::now();
	else if (isRunning_ && sys::now() - waitingSince_ > limits().timeoutNs)
		throw Error("P2P_TIMEOUT", "no frame came in time",
			    {{"what", "a frame"}, {"path", video_.path()}});
}

}

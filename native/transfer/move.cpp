// SPDX-License-Identifier: MIT
#include "transfer/move.h"

#include "sys/clock.h"
#include "sys/error.h"
#include "transfer/guard.h"

#include <algorithm>
#include <array>
#include <vector>

namespace transfer
{

using device::Client;
using device::Direction;
using sys::Error;

static constexpr uint64_t tellEvery = 100'000'000;
static constexpr size_t mostAtOnce = 256;
static constexpr size_t mostSlots = 4096;

namespace
{

// Patience and progress: what every loop has besides its requests.
class Beat
{
public:
	explicit Beat(const Pace &pace) : pace_(pace), patience_(pace.timeoutNs) {}

	// What is under way then is the client's to end, which is not long.
	void checkStop() const
	{
		if (pace_.stop.stop_requested())
			throw Error("P2P_STOPPED", "interrupted");
	}

	// After each look: did something finish, and is any device at work?
	void turn(bool isProgress, uint64_t doneBytes, uint64_t underWay)
	{
		if (isProgress) {
			patience_.renew();
			tell(doneBytes);
		} else if (!patience_.turn()) {
			// People and pipes take as long as they like.
			if (underWay > 0)
				throw Error("P2P_TIMEOUT", "no request finished in time",
					    {{"what", "a request"},
					     {"underWay", std::to_string(underWay)}});
			patience_.renew();
		}
	}

private:
	void tell(uint64_t doneBytes)
	{
		if (!pace_.tell)
			return;
		const uint64_t time = sys::now();
		if (time - told_ < tellEvery)
			return;
		told_ = time;
		pace_.tell(doneBytes);
	}

	const Pace &pace_;
	sys::Patience patience_;
	uint64_t told_ = 0;
};

bool isStream(const Client &client)
{
	return client.mediumSize() == device::streamSize;
}

// A length that a stream may turn out to cut.
uint64_t lengthLeft(const Client &client, uint64_t start, uint64_t length)
{
	const auto end = client.end();
	return end ? std::min(length, *end - start) : length;
}

// One client between its medium and one piece of memory.
class Move
{
public:
	Move(Client &client, const Span &span, const Pace &pace)
	    : client_(client), span_(span), pace_(pace), beat_(pace)
	{
	}

	Moved finish()
	{
		while (finished_ < total()) {
			beat_.checkStop();
			fill();
			const size_t count = client_.poll(tags_);
			finished_ += count;
			beat_.turn(count > 0, std::min(finished_ * pace_.requestSize, length()),
				   isStream(client_) ? 0 : started_ - finished_);
		}
		return {length(), finished_};
	}

private:
	uint64_t length() const { return lengthLeft(client_, span_.medium, span_.length); }
	uint64_t total() const { return (length() + pace_.requestSize - 1) / pace_.requestSize; }

	void fill()
	{
		while (started_ < total()) {
			const uint64_t at = started_ * pace_.requestSize;
			const auto size = std::min<uint64_t>(pace_.requestSize, span_.length - at);
			if (!client_.start({.direction = span_.direction,
					    .medium = span_.medium + at,
					    .target = span_.target,
					    .offset = span_.offset + at,
					    .length = size}))
				return;
			started_++;
		}
	}

	Client &client_;
	const Span &span_;
	const Pace &pace_;
	Beat beat_;
	std::array<uint32_t, mostAtOnce> tags_{};
	uint64_t started_ = 0;
	uint64_t finished_ = 0;
};

// Two clients and the slots between them. Chunk n lies in slot n modulo their number; chunks are
// filled and emptied in order, and finish in any.
class Relay
{
public:
	Relay(Client &source, Client &sink, const Ring &ring, const Stretch &stretch,
	      const Pace &pace)
	    : source_(source), sink_(sink), ring_(ring), stretch_(stretch), pace_(pace),
	      beat_(pace), slots_(std::clamp<uint64_t>(ring.size / pace.requestSize, 1, mostSlots))
	{
	}

	Moved finish()
	{
		while (emptied_ < total()) {
			beat_.checkStop();
			fill();
			const bool isFilled = collect(source_, Slot::full, filled_);
			// A sink may take its time: the source is busy meanwhile.
			fill();
			empty();
			const bool isEmptied = collect(sink_, Slot::free, emptied_);
			beat_.turn(isFilled || isEmptied,
				   std::min(emptied_ * pace_.requestSize, length()), underWay());
		}
		return {length(), filled_ + emptied_};
	}

private:
	enum class Slot : uint8_t { free, busy, full };

	uint64_t length() const { return lengthLeft(source_, stretch_.from, stretch_.length); }
	uint64_t total() const { return (length() + pace_.requestSize - 1) / pace_.requestSize; }
	size_t slotOf(uint64_t chunk) const { return chunk % slots_.size(); }

	uint64_t underWay() const
	{
		return (isStream(source_) ? 0 : filling_ - filled_) +
		       (isStream(sink_) ? 0 : emptying_ - emptied_);
	}

	device::Request request(Direction direction, uint64_t chunk) const
	{
		const uint64_t at = chunk * pace_.requestSize;
		const bool isFill = direction == Direction::fromMedium;
		return {.direction = direction,
			.medium = (isFill ? stretch_.from : stretch_.to) + at,
			.target = isFill ? ring_.ofSource : ring_.ofSink,
			.offset = slotOf(chunk) * pace_.requestSize,
			.length = std::min<uint64_t>(pace_.requestSize,
						     (isFill ? stretch_.length : length()) - at),
			.tag = static_cast<uint32_t>(slotOf(chunk))};
	}

	void fill()
	{
		while (filling_ < total() && filling_ - filled_ < pace_.underWay &&
		       slots_[slotOf(filling_)] == Slot::free &&
		       source_.start(request(Direction::fromMedium, filling_))) {
			slots_[slotOf(filling_)] = Slot::busy;
			filling_++;
		}
	}

	void empty()
	{
		while (emptying_ < std::min(filling_, total()) &&
		       slots_[slotOf(emptying_)] == Slot::full) {
			const auto next = request(Direction::toMedium, emptying_);
			requireMultiple("the length of the stream", stretch_.to + next.length,
					sink_.blockSize());
			if (!sink_.start(next))
				return;
			slots_[slotOf(emptying_)] = Slot::busy;
			emptying_++;
		}
	}

	bool collect(Client &client, Slot state, uint64_t &counter)
	{
		const size_t count = client.poll(tags_);
		for (size_t i = 0; i < count; i++)
			slots_[tags_[i]] = state;
		counter += count;
		return count > 0;
	}

	Client &source_;
	Client &sink_;
	const Ring &ring_;
	const Stretch &stretch_;
	const Pace &pace_;
	Beat beat_;
	std::vector<Slot> slots_;
	std::array<uint32_t, mostAtOnce> tags_{};
	uint64_t filling_ = 0, filled_ = 0;
	uint64_t emptying_ = 0, emptied_ = 0;
};

}

Leave::Leave(std::span<const route::Clearance> clearances)
{
	if (clearances.empty())
		throw Error("P2P_REFUSED", "nobody gave leave");
}

Moved move(const Leave &, Client &client, const Span &span, const Pace &pace)
{
	return Move(client, span, pace).finish();
}

Moved relay(const Leave &, Client &source, Client &sink, const Ring &ring, const Stretch &stretch,
	    const Pace &pace)
{
	return Relay(source, sink, ring, stretch, pace).finish();
}

void run(Client &client, const Span &span)
{
	const Pace pace{.requestSize = client.maxTransfer()};
	Move(client, span, pace).finish();
}

}

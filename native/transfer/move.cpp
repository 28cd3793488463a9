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

static constexpr uint64_t second = 1'000'000'000;
static constexpr uint64_t settleTimeout = 2 * second;
static constexpr size_t mostAtOnce = 256;

namespace
{

// Work after an error: what can still end well, does. Whatever else goes wrong is not the news.
// look: did anything finish?
void settle(const Pace &pace, std::initializer_list<Client *> clients,
	    const std::function<bool()> &look)
{
	sys::Patience patience(settleTimeout, pace.stop);
	const auto isBusy = [](const Client *client) { return client->underWay() > 0; };
	bool isProgress = true;

	while (isProgress || std::ranges::any_of(clients, isBusy))
		try {
			if (!isProgress && !patience.turn())
				return;
			isProgress = false;
			isProgress = look();
		} catch (const Error &error) {
			if (error.code == "P2P_STOPPED")
				return;
		}
}

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

// numberOf: of the request that a tag belongs to.
void addFacts(Error &error, uint64_t size, uint64_t certain,
	      const std::function<uint64_t(uint32_t)> &numberOf)
{
	error.facts["certain"] = std::to_string(certain * size);
	const auto tag = error.facts.find("tag");
	if (tag == error.facts.end())
		return;
	const auto number = numberOf(static_cast<uint32_t>(std::stoul(tag->second)));
	error.facts["offset"] = std::to_string(number * size);
	error.facts.erase(tag);
}

// One client between its medium and one piece of memory. The tag of a request is its number.
class Move
{
public:
	Move(Client &client, const Span &span, const Pace &pace)
	    : client_(client), span_(span), pace_(pace), beat_(pace, {&client})
	{
	}

	Moved work()
	{
		while (finished_ < total()) {
			sys::checkStop(pace_.stop);
			fill();
			const bool isProgress = collect();
			beat_.turn(isProgress, std::min(finished_ * pace_.requestSize, length()),
				   isStream(client_) ? 0 : started_ - finished_);
		}
		return {length(), finished_};
	}

	// Where it went wrong, and up to where everything has finished.
	void explain(Error &error)
	{
		settle(pace_, {&client_}, [this] { return collect(); });
		const auto numberOf = [this](uint32_t tag) {
			return started_ - static_cast<uint32_t>(started_ - tag);
		};
		uint64_t certain = finished_;
		const auto unfinished = client_.unfinished();
		if (!unfinished.empty())
			certain = started_;
		for (const uint32_t tag : unfinished)
			certain = std::min(certain, numberOf(tag));
		addFacts(error, pace_.requestSize, certain, numberOf);
	}

private:
	uint64_t length() const { return lengthLeft(client_, span_.medium, span_.length); }
	uint64_t total() const { return (length() + pace_.requestSize - 1) / pace_.requestSize; }

	bool collect()
	{
		const size_t count = client_.poll(tags_);
		finished_ += count;
		return count > 0;
	}

	void fill()
	{
		while (started_ < total()) {
			const uint64_t at = started_ * pace_.requestSize;
			const auto size = std::min<uint64_t>(pace_.requestSize, span_.length - at);
			if (!client_.start({.direction = span_.direction,
					    .medium = span_.medium + at,
					    .target = span_.target,
					    .offset = span_.offset + at,
					    .length = size,
					    .tag = static_cast<uint32_t>(started_)}))
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
	      beat_(pace, {&source, &sink}),
	      slots_(std::clamp<uint64_t>(ring.size / pace.requestSize, 1, mostSlots))
	{
	}

	Moved work()
	{
		while (emptied_ < total()) {
			sys::checkStop(pace_.stop);
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

	// What was read before the error is written; nothing more is read.
	void explain(Error &error)
	{
		const bool isSource = asked_ == &source_;
		settle(pace_, {&source_, &sink_}, [this] { return collectAll(); });
		uint64_t certain = emptied_;
		const auto unfinished = sink_.unfinished();
		if (!unfinished.empty())
			certain = emptying_;
		for (const uint32_t slot : unfinished)
			certain = std::min(certain, chunkIn(slot, emptying_));
		addFacts(error, pace_.requestSize, certain, [&](uint32_t slot) {
			return chunkIn(slot, isSource ? filling_ : emptying_);
		});
	}

private:
	enum class Slot : uint8_t { free, busy, full };

	uint64_t length() const { return lengthLeft(source_, stretch_.from, stretch_.length); }
	uint64_t total() const { return (length() + pace_.requestSize - 1) / pace_.requestSize; }
	size_t slotOf(uint64_t chunk) const { return chunk % slots_.size(); }
	// The last chunk before end in that slot.
	uint64_t chunkIn(uint32_t slot, uint64_t end) const
	{
		return end - 1 - (end - 1 - slot) % slots_.size();
	}

	// Each end by itself: an error of one is not to stop the other.
	bool collectAll()
	{
		bool isProgress = false;
		for (auto *client : {&source_, &sink_})
			try {
				isProgress |= client == &source_
						      ? collect(source_, Slot::full, filled_)
						      : collect(sink_, Slot::free, emptied_);
			} catch (const Error &) {
			}
		const uint64_t before = emptying_;
		empty();
		return isProgress || emptying_ > before;
	}

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
			// No words are made for requests that are right.
			if ((stretch_.to + next.length) % sink_.blockSize() != 0)
				requireMultiple("the length of the stream",
						stretch_.to + next.length, sink_.blockSize());
			asked_ = &sink_;
			if (!sink_.start(next))
				return;
			slots_[slotOf(emptying_)] = Slot::busy;
			emptying_++;
		}
	}

	bool collect(Client &client, Slot state, uint64_t &counter)
	{
		asked_ = &client;
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
	const Client *asked_ = nullptr; // the last that was
	std::vector<Slot> slots_;
	std::array<uint32_t, mostAtOnce> tags_{};
	uint64_t filling_ = 0, filled_ = 0;
	uint64_t emptying_ = 0, emptied_ = 0;
};

// What was stopped needs no explanation.
template <class Work> Moved finish(Work work)
{
	try {
		return work.work();
	} catch (Error &error) {
		if (error.code != "P2P_STOPPED")
			work.explain(error);
		throw;
	}
}

}

Leave::Leave(std::span<const route::Clearance> clearances)
{
	if (clearances.empty())
		throw Error("P2P_REFUSED", "nobody gave leave");
}

Moved move(const Leave &, Client &client, const Span &span, const Pace &pace)
{
	return finish(Move(client, span, pace));
}

Moved relay(const Leave &, Client &source, Client &sink, const Ring &ring, const Stretch &stretch,
	    const Pace &pace)
{
	return finish(Relay(source, sink, ring, stretch, pace));
}

Errand::Errand(Client &client, const std::vector<Span> &spans) : client_(client)
{
	// What finishes must be its own.
	if (client.underWay() > 0)
		throw Error("P2P_TIMEOUT", "requests before this have not finished",
			    {{"what", "a request"}});
	for (const auto &span : spans)
		for (uint64_t at = 0; at < span.length; at += client.maxTransfer())
			requests_.push_back(
				{.direction = span.direction,
				 .medium = span.medium + at,
				 .target = span.target,
				 .offset = span.offset + at,
				 .length = std::min(span.length - at, client.maxTransfer())});
}

Errand::~Errand()
{
	if (finished_ == started_)
		return;
	const Pace pace{.stop = client_.limits().stop};
	settle(pace, {&client_}, [this] { return collect() > 0; });
}

size_t Errand::collect()
{
	std::array<uint32_t, mostAtOnce> tags;
	const size_t count = client_.poll(tags);
	finished_ += count;
	return count;
}

bool Errand::turn()
{
	while (started_ < requests_.size() && client_.start(requests_[started_]))
		started_++;
	try {
		return collect() > 0;
	} catch (Error &error) {
		// Nobody else knows our requests.
		error.facts.erase("tag");
		throw;
	}
}

void Errand::finish()
{
	const auto &limits = client_.limits();
	const Pace pace{.timeoutNs = limits.timeoutNs, .stop = limits.stop};
	Beat beat(pace, {&client_});

	while (finished_ < requests_.size()) {
		sys::checkStop(pace.stop);
		const bool isProgress = turn();
		beat.turn(isProgress, 0, isStream(client_) ? 0 : started_ - finished_);
	}
}

}

// SPDX-License-Identifier: MIT
#include "transfer/move.h"

#include "sys/clock.h"
#include "sys/error.h"

#include <algorithm>

namespace transfer
{

using sys::Error;

static constexpr uint64_t tellEvery = 100'000'000;

namespace
{

// One run of the loop: what was started, what came back, when that was last told.
class Run
{
public:
	Run(device::Client &client, const Span &span, const Pace &pace)
	    : client_(client), span_(span), pace_(pace)
	{
	}

	uint64_t finish()
	{
		sys::Patience patience(pace_.timeoutNs);

		while (finished_ < total()) {
			// What is under way then is the client's to end, which is not long.
			if (pace_.stop.stop_requested())
				throw Error("P2P_STOPPED", "interrupted");
			fill();
			if (const unsigned count = client_.poll()) {
				finished_ += count;
				patience.renew();
				tell();
			} else if (!patience.turn()) {
				throw Error("P2P_TIMEOUT", "no request finished in time",
					    {{"what", "a request"},
					     {"underWay", std::to_string(started_ - finished_)}});
			}
		}
		return total();
	}

private:
	uint64_t total() const
	{
		return (span_.length + pace_.requestSize - 1) / pace_.requestSize;
	}

	void fill()
	{
		while (started_ < total()) {
			const uint64_t at = started_ * pace_.requestSize;
			const auto length =
				std::min<uint64_t>(pace_.requestSize, span_.length - at);
			if (!client_.start({span_.direction, span_.medium + at, span_.target,
					    span_.offset + at, length}))
				return;
			started_++;
		}
	}

	void tell()
	{
		if (!pace_.tell)
			return;
		const uint64_t time = sys::now();
		if (time - told_ < tellEvery)
			return;
		told_ = time;
		pace_.tell(std::min(finished_ * pace_.requestSize, span_.length));
	}

	device::Client &client_;
	const Span &span_;
	const Pace &pace_;
	uint64_t started_ = 0;
	uint64_t finished_ = 0;
	uint64_t told_ = 0;
};

}

uint64_t move(const route::Clearance &, device::Client &client, const Span &span, const Pace &pace)
{
	return Run(client, span, pace).finish();
}

void run(device::Client &client, const Span &span)
{
	const Pace pace{.requestSize = client.maxTransfer()};
	Run(client, span, pace).finish();
}

}

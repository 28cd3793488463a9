// SPDX-License-Identifier: MIT
#include "device/file.h"

#include "sys/error.h"
#include "sys/words.h"

#include <algorithm>
#include <cstring>

namespace device
{

using sys::Error;

File::File(sys::Fd fd, uint64_t size, size_t most) : fd_(std::move(fd)), size_(size), buffer_(most)
{
}

bool File::start(const Request &request)
{
	if (request_)
		return false;
	request_ = request;
	done_ = 0;
	isFinished_ = false;
	if (request.direction == Direction::toMedium) {
		const auto &memory = targetOf(request);
		sys::copyWords(buffer_.data(), memory.bytes.data() + request.offset, request.length,
			       memory.width);
	}
	return true;
}

// As far as the file goes without waiting for a stream.
void File::advance()
{
	const auto &request = *request_;
	const std::span part = std::span(buffer_).first(request.length);

	if (!isStream()) {
		if (request.direction == Direction::fromMedium)
			fd_.readAt(request.medium, part);
		else
			fd_.writeAt(request.medium, part);
		done_ = request.length;
	} else if (request.direction == Direction::fromMedium) {
		readMore(part.subspan(done_));
	} else {
		done_ += fd_.writeSome(part.subspan(done_)).value_or(0);
	}
	isFinished_ = done_ == request.length || end_;
}

void File::readMore(std::span<std::byte> into)
{
	const auto got = fd_.readSome(into);
	if (!got)
		return;
	remember(into.first(*got));
	done_ += *got;
	if (*got == 0)
		end_ = request_->medium + done_;
}

void File::remember(std::span<const std::byte> bytes)
{
	uint64_t at = request_->medium + done_;
	while (!past_.empty() && !bytes.empty()) {
		const size_t place = at % past_.size();
		const size_t count = std::min(bytes.size(), past_.size() - place);
		std::memcpy(past_.data() + place, bytes.data(), count);
		bytes = bytes.subspan(count);
		at += count;
	}
}

size_t File::poll(std::span<uint32_t> finished)
{
	if (!request_ || finished.empty())
		return 0;
	try {
		advance();
	} catch (Error &error) {
		error.facts["tag"] = std::to_string(request_->tag);
		request_.reset();
		throw;
	}
	if (!isFinished_)
		return 0;
	if (request_->direction == Direction::fromMedium) {
		const auto &memory = targetOf(*request_);
		sys::copyWords(memory.bytes.data() + request_->offset, buffer_.data(), done_,
			       memory.width);
	}
	finished[0] = request_->tag;
	request_.reset();
	return 1;
}

// A file answers at once.
std::optional<sys::Signal> File::signal()
{
	using Sort = sys::Signal::Sort;
	if (!request_ || !isStream())
		return sys::Signal{};
	const bool isRead = request_->direction == Direction::fromMedium;
	return sys::Signal{fd_.number(), isRead ? Sort::readable : Sort::writable};
}

std::optional<bool> File::isMore() const
{
	std::byte next{};
	if (end_)
		return false;
	const auto got = fd_.readSome({&next, 1});
	return got ? std::optional(*got > 0) : std::nullopt;
}

void File::flush()
{
	fd_.flush();
}

}

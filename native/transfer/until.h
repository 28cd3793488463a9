// SPDX-License-Identifier: MIT
// Holding what is held until somebody asks for the end.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace transfer
{

inline void holdUntil(std::stop_token stop)
{
	std::mutex mutex;
	std::condition_variable_any ended;
	std::unique_lock lock(mutex);

	ended.wait(lock, stop, [] { return false; });
}

}

// SPDX-License-Identifier: MIT
// For the lab: a copy of so many bytes, as p2p-copy makes it, whose calls are counted: of malloc
// and its like and of pthread_mutex_lock here, system calls by strace around it. Prints requests,
// allocations, locks, and the milliseconds of the copy.
//
// usage: fast_path LENGTH CLIENT/NSID PROVIDER/BAR [SINK/NSID]

#include "pci/machine.h"
#include "sys/error.h"
#include "transfer/copy.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <pthread.h>
#include <string>

static std::atomic<unsigned long> allocations, locks;

// These stand before the C library's.
extern "C" {
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	allocations++;
	return __libc_realloc(old, size);
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	using Lock = int (*)(pthread_mutex_t *);
	static const auto real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
	locks++;
	return real(mutex);
}
}

using transfer::Place;
using transfer::PlaceKind;

static Place placeOf(const std::string &word, PlaceKind kind)
{
	const size_t slash = word.find('/');
	return {.kind = kind,
		.name = word.substr(0, slash),
		.index = std::stoi(word.substr(slash + 1))};
}

static int run(int count, char **words)
{
	const auto memory = placeOf(words[2], PlaceKind::bar);
	transfer::Order order;
	order.from = placeOf(words[1], PlaceKind::nameSpace);
	order.to = memory;
	if (count == 4) {
		order.to = placeOf(words[3], PlaceKind::nameSpace);
		order.via = memory;
	}
	order.length = std::stoull(words[0]);
	order.verify = transfer::Verify::none;
	order.overwriteSignature = true;

	const auto machine = pci::Machine::scan("");
	const auto plan = transfer::plan(machine, order);
	const auto report = transfer::copy(machine, plan, {}, [](const transfer::Progress &) {});
	printf("%llu %lu %lu %llu\n", static_cast<unsigned long long>(report.requests),
	       allocations.load(), locks.load(),
	       static_cast<unsigned long long>(report.copyNs / 1'000'000));
	return 0;
}

int main(int count, char **words)
{
	if (count != 4 && count != 5)
		return 2;
	try {
		return run(count - 1, words + 1);
	} catch (const sys::Error &error) {
		fprintf(stderr, "%s: %s\n", error.code.c_str(), error.what());
		return 2;
	}
}

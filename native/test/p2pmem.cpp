// SPDX-License-Identifier: MIT
// For the lab: asks the kernel for its verdict in the only way it offers, by O_DIRECT I/O of one
// function's block device into memory of another's p2pmem. Prints 'ok' or the errno's name.
//
// usage: p2pmem PROVIDER BLOCKDEVICE

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

static int fail(const char *what)
{
	printf("%s %s\n", what, strerrorname_np(errno));
	return 1;
}

int main(int count, char **words)
{
	if (count != 3)
		return 2;
	const auto pool = "/sys/bus/pci/devices/" + std::string(words[1]) + "/p2pmem/allocate";
	const int memory = open(pool.c_str(), O_RDWR);
	if (memory < 0)
		return fail("open");
	void *page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (page == MAP_FAILED)
		return fail("mmap");

	const int disk = open(words[2], O_RDONLY | O_DIRECT);
	if (disk < 0)
		return fail("open");
	const ssize_t got = pread(disk, page, 4096, 0);
	if (got != 4096)
		return fail("pread");
	puts("ok");
	return 0;
}

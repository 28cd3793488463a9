// SPDX-License-Identifier: MIT
#include "sys/process.h"

#include "sys/file.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/capability.h>
#include <memory>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sys
{

bool isRoot()
{
	return geteuid() == 0;
}

// The number behind a name in a file of procfs; nullopt where there is none of that name.
static std::optional<uint64_t> numberIn(const std::string &file, const std::string &name, int base)
{
	const auto text = readText(file).value_or("");
	const size_t at = text.find("\n" + name + ":");
	if (at == std::string::npos)
		return std::nullopt;
	return strtoull(text.c_str() + at + name.size() + 2, nullptr, base);
}

static uint64_t statusOf(const std::string &name, int base)
{
	return numberIn("/proc/self/status", name, base).value_or(0);
}

static bool mayLockAll()
{
	return (statusOf("CapEff", 16) >> CAP_IPC_LOCK & 1) != 0;
}

uint64_t lockedBytes()
{
	return (statusOf("VmLck", 10) + statusOf("VmPin", 10)) * 1024;
}

std::optional<uint64_t> lockableBytes()
{
	rlimit limit{};
	if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
	    mayLockAll())
		return std::nullopt;
	return limit.rlim_cur;
}

std::optional<uint64_t> availableBytes()
{
	const auto kibibytes = numberIn("/proc/meminfo", "MemAvailable", 10);
	return kibibytes ? std::optional(*kibibytes * 1024) : std::nullopt;
}

int processId()
{
	return getpid();
}

bool isRunning(int processId)
{
	return kill(processId, 0) == 0 || errno == EPERM;
}

static int wait(pid_t child)
{
	int status = 0;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run(const std::vector<std::string> &words)
{
	std::vector<char *> arguments;
	for (const auto &word : words)
		arguments.push_back(const_cast<char *>(word.c_str()));
	arguments.push_back(nullptr);

	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);

	char *environment[] = {nullptr};
	pid_t child = 0;
	const int error =
		posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environment);
	posix_spawn_file_actions_destroy(&actions);
	return error ? 127 : wait(child);
}

bool loadModule(const std::string &name, bool isDry)
{
	// Where the kernel itself finds modprobe: no search path can lead elsewhere.
	const auto path = readText("/proc/sys/kernel/modprobe").value_or("");
	std::vector<std::string> words{path.empty() ? "/sbin/modprobe" : path, "-q"};
	if (isDry)
		words.push_back("-n");
	words.push_back(name);
	return run(words) == 0;
}

}

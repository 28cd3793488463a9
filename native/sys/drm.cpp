// SPDX-License-Identifier: MIT
#include "sys/drm.h"

#include "sys/drm_uapi.h"
#include "sys/error.h"
#include "sys/file.h"

#include <cerrno>
#include <fcntl.h>
#include <limits>

namespace sys
{

Error noDrm(const Fd &card, const char *reason)
{
	return Error("P2P_NO_DRM", card.path() + " is none for this",
		     {{"path", card.path()}, {"reason", reason}});
}

static std::string driverOf(const Fd &card)
{
	char name[64] = {};
	drm::Version version{.nameLength = sizeof name - 1, .name = name};
	if (card.tryIoctl(drm::VERSION, &version) < 0)
		throw noDrm(card, "node");
	return name;
}

static uint64_t capability(const Fd &card, uint64_t which)
{
	drm::Capability asked{.capability = which};
	return card.tryIoctl(drm::GET_CAP, &asked) < 0 ? 0 : asked.value;
}

static uint32_t create(const Fd &card, uint64_t size)
{
	// A page a row: drivers keep such a pitch as it is.
	constexpr uint64_t width = 1024, bytesPerPixel = 4, row = width * bytesPerPixel;
	const uint64_t rows = (size + row - 1) / row;
	// The kernel counts its bytes in 32 bits (drm_mode_create_dumb() of drm_dumb_buffers.c).
	if (rows > std::numeric_limits<uint32_t>::max() / row)
		throw noDrm(card, "size");
	drm::CreateDumb dumb{.height = static_cast<uint32_t>(rows),
			     .width = width,
			     .bitsPerPixel = 8 * bytesPerPixel};
	if (card.tryIoctl(drm::MODE_CREATE_DUMB, &dumb) < 0) {
		if (errno == EACCES)
			throw noDrm(card, "render");
		if (errno == ENOSYS || errno == EOPNOTSUPP)
			throw noDrm(card, "dumb");
		throw Error::fromErrno("DRM_IOCTL_MODE_CREATE_DUMB", card.path());
	}
	return dumb.handle;
}

DrmBuffer::DrmBuffer(const std::string &path, uint64_t size)
    : card_(Fd::open(path, O_RDWR)), driver_(driverOf(card_))
{
	// Not CAP_DUMB_BUFFER: a driver that shows nothing (vgem) denies it, and makes them.
	if (!(capability(card_, drm::CAP_PRIME) & drm::PRIME_CAP_EXPORT))
		throw noDrm(card_, "prime");
	handle_ = create(card_, size);
}

DrmBuffer::~DrmBuffer()
{
	drm::DestroyDumb dumb{.handle = handle_};
	card_.tryIoctl(drm::MODE_DESTROY_DUMB, &dumb);
}

DmaBuf exportBuffer(const Fd &card, uint32_t handle)
{
	drm::Prime prime{.handle = handle, .flags = O_CLOEXEC | O_RDWR};
	card.ioctl(drm::PRIME_HANDLE_TO_FD, &prime, "DRM_IOCTL_PRIME_HANDLE_TO_FD");
	return DmaBuf(Fd(prime.fd, "dma-buf"));
}

DmaBuf DrmBuffer::exported() const
{
	return exportBuffer(card_, handle_);
}

std::string deviceOfDrm(const std::string &path)
{
	return realPath("/sys/class/drm/" + baseName(path) + "/device").value_or("");
}

}

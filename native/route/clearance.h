// SPDX-License-Identifier: MIT
// Leave to move bytes along a route. Only clear() makes one, and every transfer asks for one, so
// no code path can start a transfer without the check.
#pragma once

#include "route/verdict.h"

namespace route
{

// What the user asked for and allowed by name.
struct Allowed {
	bool requireDirect = false; // --require direct
	bool notSupported = false;  // --allow not-supported
	bool unknown = false;       // --allow unknown
};

class Clearance
{
public:
	const Verdict &verdict() const { return verdict_; }

private:
	explicit Clearance(Verdict verdict) : verdict_(std::move(verdict)) {}
	friend Clearance clear(Verdict verdict, const Allowed &allowed);

	Verdict verdict_;
};

// Would clear() give leave?
bool isCleared(const Verdict &verdict, const Allowed &allowed);

// Throws Error P2P_REFUSED unless the verdict meets what is required or the user allowed more by
// name; P2P_UNKNOWN where the verdict is unknown and that was not allowed.
// Facts: client, provider, verdict.
Clearance clear(Verdict verdict, const Allowed &allowed);

}

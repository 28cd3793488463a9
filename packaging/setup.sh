#!/bin/sh
# SPDX-License-Identifier: MIT
# What making and testing packages needs besides lab/setup.sh: the compiler for the other
# architecture, and what runs its programs here. Without them the other architecture is left out.
set -eu
cd "$(dirname "$0")/.."

case $(uname -m) in
aarch64) packages='g++-x86-64-linux-gnu' ;;
*) packages='g++-aarch64-linux-gnu qemu-user-static' ;;
esac

# shellcheck disable=SC2086
if command -v apt-get >/dev/null && ! dpkg-query -W $packages >/dev/null 2>&1; then
	if [ "$(id -u)" -eq 0 ]; then
		echo "setup: installing $packages" >&2
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq >/dev/null
		apt-get install -qq -y --no-install-recommends $packages >/dev/null
	else
		echo "setup: for packages; run as root: apt-get install --no-install-recommends $packages" >&2
	fi
fi
exec sh lab/setup.sh

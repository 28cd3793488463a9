#!/bin/sh
# SPDX-License-Identifier: MIT
# What making packages needs besides lab/setup.sh: the compiler for the other architecture.
set -eu
cd "$(dirname "$0")/.."

case $(uname -m) in
aarch64) compiler=g++-x86-64-linux-gnu tool=x86_64-linux-gnu-g++ ;;
*) compiler=g++-aarch64-linux-gnu tool=aarch64-linux-gnu-g++ ;;
esac

if ! command -v "$tool" >/dev/null; then
	if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
		echo "build:packages: $tool is missing; as root: apt-get install $compiler" >&2
		exit 1
	fi
	echo "setup: installing $compiler" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null
	apt-get install -qq -y --no-install-recommends "$compiler" >/dev/null
fi
exec sh lab/setup.sh

#!/bin/sh
# Everything this tree needs on this machine: system packages, node modules, the build, and the
# lab's kernel. Quiet and quick where all is there already.
set -eu
cd "$(dirname "$0")/.."

packages='g++ make python3 libblkid-dev clang-format-19 clang-19 libclang-rt-19-dev qemu-system-x86 busybox-static kmod pciutils strace valgrind xz-utils zstd mandoc jq zsh fish e2fsprogs fio iproute2'

say() { printf '%s\n' "$*" >&2; }

missing() {
	for package in $packages; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			printf '%s ' "$package"
	done
}

install_packages() {
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		say "setup: not a Debian system; make sure that these are installed, by your system's names: $packages"
		return
	fi
	wanted=$(missing)
	[ -z "$wanted" ] && return
	if [ "$(id -u)" -ne 0 ]; then
		say "setup: packages are missing; run as root: apt-get install --no-install-recommends $wanted"
		exit 1
	fi
	say "setup: installing $wanted"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq >/dev/null
	# shellcheck disable=SC2086
	apt-get install -qq -y --no-install-recommends $wanted >/dev/null
}

# The lock file's copy in node_modules tells what was installed.
install_modules() {
	stamp=node_modules/.p2putils-lock
	cmp -s package-lock.json "$stamp" && return
	say 'setup: installing node modules'
	npm ci --no-audit --no-fund --loglevel=error >/dev/null
	cp package-lock.json "$stamp"
}

build() {
	say 'setup: building'
	npm run --silent build
}

install_packages
install_modules
build
node build/ts/lab/fetch.js

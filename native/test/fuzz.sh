#!/bin/sh
# SPDX-License-Identifier: MIT
# Fuzzes what reads other people's bytes: native/test/fuzz.sh [RUNS] [SEEDS…]. Needs clang with
# libFuzzer (Debian: clang-19 libclang-rt-19-dev). Stands outside npm test. CLANG and TARGETS choose
# another compiler and one of the two.
set -e
cd "$(dirname "$0")/.."
runs=${1:-10000000}
[ $# -gt 0 ] && shift
folder=../build/fuzz
for target in ${TARGETS:-config lspci}; do
	mkdir -p "$folder/$target"
	"${CLANG:-clang++-19}" -std=c++20 -O2 -g -iquote . -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=undefined -o "$folder/fuzz_$target" "test/fuzz_$target.cpp" \
		pci/config.cpp pci/acs.cpp pci/bdf.cpp pci/machine.cpp pci/function.cpp \
		pci/names.cpp pci/platform.cpp pci/resource.cpp paper/*.cpp route/*.cpp sys/error.cpp \
		sys/file.cpp sys/fd.cpp sys/process.cpp
	words=''
	[ -f "test/fuzz_$target.dict" ] && words="-dict=test/fuzz_$target.dict"
	# shellcheck disable=SC2086
	"$folder/fuzz_$target" -runs="$runs" -max_len=4096 -print_final_stats=1 $words \
		"$folder/$target" "$@"
done

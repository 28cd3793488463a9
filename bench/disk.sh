#!/bin/sh
# In the lab: fio on the same memory as a disk by ublk and by nbd, and beside them the kernel's own
# disk of host memory (brd). `npm run bench:disk`.
set -eu

measure() { # NAME DISK BYTES DEPTH DIRECTION
	fio --name=b --filename="$2" --direct=1 --ioengine=io_uring --bs="$3" --iodepth="$4" --rw="$5" \
		--size=48M --time_based --runtime=2 --output-format=json 2>/dev/null |
		jq -r --arg shape "$1 $3 depth $4 $5" '[.jobs[0].read, .jobs[0].write] | max_by(.bw_bytes) |
			"\($shape): \(.bw_bytes / 1e6 | floor) MB/s, median \(.clat_ns.percentile["50.000000"] / 1000 | floor) us"'
}

all() { # NAME DISK
	for direction in randread randwrite; do
		for shape in "4k 1" "4k 32" "128k 1" "128k 8"; do
			# shellcheck disable=SC2086
			measure "$1" "$2" $shape $direction
		done
	done
}

if [ $# -eq 2 ]; then
	all "$1" "$2"
	exit
fi
p2p-bind "$mem"
modprobe brd rd_nr=1 rd_size=65536
for driver in ublk nbd; do
	p2p-disk --driver $driver "$mem/bar2" -- sh -c "sh bench/disk.sh $driver \$P2P_DISK"
done
all brd /dev/ram0

#!/bin/sh
# In the lab: frames of the kernel's own capture card to a disk and to a file, by p2p-copy and by
# v4l2-ctl in turns; what each takes of the CPU. The card draws its frames by the CPU too, which is in
# nobody's sum. `npm run bench:capture`, after `apt-get install v4l-utils`.

frames=40
[ -x /usr/bin/v4l2-ctl ] || { echo 'capture.sh: v4l2-ctl is missing: apt-get install v4l-utils' >&2; exit 2; }
modprobe vivid || exit 2
disk=/dev/$(basename "/sys/bus/pci/devices/$disk"/nvme/nvme*/nvme*n1)
v4l2-ctl -d0 --set-fmt-video=width=1920,height=1080,pixelformat=RGB3 --set-parm=30

measure() { # NAME COMMAND…
	name=$1
	shift
	{ time -p "$@" >/dev/null; } 2>/tmp/time
	echo "$name: $(awk '/^(user|sys)/ { sum += $2 } /^p2p-copy:.* dropped/ { lost = ", " $2 " frames dropped" }
		END { printf "%.2f s of CPU%s", sum, lost }' /tmp/time)"
}

for run in 1 2 3; do
	for to in "$disk" /tmp/frames; do
		measure "p2p-copy to $to" p2p-copy video:/dev/video0 "$to" --frames $frames --verify=none
		measure "p2p-copy --verify to $to" p2p-copy video:/dev/video0 "$to" --frames $frames --verify
		measure "v4l2-ctl to $to" v4l2-ctl -d0 --stream-mmap --stream-count=$frames --stream-to="$to"
	done
done

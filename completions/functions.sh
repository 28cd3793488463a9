# What is begun on a command line, as functions and endpoints of this machine: a line each, a tab,
# and what it is. Plain sh and builtins alone, so that it is the same and quick in every shell.

# __p2p_find functions|ports|endpoints WORD [WORDS OF THE COMMAND LINE...]
__p2p_find() {
	local kind=$1 word=$2 root='' from=''
	shift 2
	while [ $# -gt 0 ]; do
		case $1 in
		--sysroot=*) root=${1#*=} ;;
		--from=*) from=${1#*=} ;;
		--sysroot) root=${2-} ;;
		--from) from=${2-} ;;
		esac
		shift
	done
	local devices=$root/sys/bus/pci/devices

	case $word in
	*/*) __p2p_parts ;;
	*) if [ -n "$from" ]; then __p2p_paper; else __p2p_functions; fi ;;
	esac
}

__p2p_functions() {
	local folder code class line driver
	for folder in "$devices"/*; do
		[ -r "$folder/class" ] && read -r code <"$folder/class" || continue
		[ "$kind" = ports ] || case $code in 0x06*) continue ;; esac
		__p2p_class "$code"
		driver=''
		if [ -r "$folder/uevent" ]; then
			while read -r line; do
				case $line in DRIVER=*) driver=" ${line#DRIVER=}" ;; esac
			done <"$folder/uevent"
		fi
		__p2p_offer "${folder##*/}" "$class$driver"
		case $word in [a-z]*) __p2p_names ;; esac
	done
}

# A function of a machine on paper is asked of p2p-list.
__p2p_paper() {
	local bdf class driver
	[ -r "$from" ] || return 0
	p2p-list --all -nr -o FUNCTION,CLASS,DRIVER --from "$from" 2>/dev/null |
		while read -r bdf class driver; do
			[ "$kind" = ports ] || case $class in *bridge) continue ;; esac
			[ "$driver" = - ] && driver='' || driver=" $driver"
			__p2p_offer "$bdf" "$class$driver"
		done
}

# By its whole name, or without the domain, whichever was begun.
__p2p_offer() {
	local end=''
	[ "$kind" = endpoints ] && end=/
	case $1 in
	"$word"*) printf '%s\t%s\n' "$1$end" "$2" && return ;;
	esac
	case ${1#0000:} in
	"$word"*) printf '%s\t%s\n' "${1#0000:}$end" "$2" ;;
	esac
}

# What the kernel calls it.
__p2p_names() {
	local name
	for name in "$folder"/nvme/nvme* "$folder"/nvme/nvme*/nvme*n* "$folder"/drm/card*; do
		[ -e "$name" ] || continue
		case ${name##*/} in *-*) continue ;; esac
		__p2p_offer "${name##*/}" "${folder##*/} $class"
	done
}

# NAME/: its namespaces and memory.
__p2p_parts() {
	local name=${word%%/*} folder code start end flags index=0
	for folder in "$devices/$name" "$devices/0000:$name" \
		"$devices"/*/nvme/"$name" "$devices"/*/nvme/*/"$name" "$devices"/*/drm/"$name"; do
		[ -e "$folder" ] && break
	done
	folder=${folder%%/nvme/*}
	folder=${folder%%/drm/*}
	[ -r "$folder/resource" ] && read -r code <"$folder/class" || return 0
	case $code in
	0x0108*)
		__p2p_part ns1 'namespace'
		__p2p_part cmb 'controller memory buffer, if it has one'
		__p2p_part pmr 'persistent memory region, if it has one'
		;;
	esac
	while read -r start end flags; do
		# A copy of sysfs may hold anything, and arithmetic runs what it is given.
		case $start$end$flags in
		'' | *[!0-9a-fx]*) start=0 end=0 flags=0 ;;
		esac
		[ "$index" -le 5 ] && [ $(($flags & 0x200)) -ne 0 ] && [ $(($end)) -ne 0 ] &&
			__p2p_part "bar$index" "$(__p2p_size $(($end - $start + 1)) $(($flags & 0x2000)))"
		index=$((index + 1))
	done <"$folder/resource"
}

__p2p_part() {
	case $name/$1 in
	"$word"*) printf '%s\t%s\n' "$name/$1" "$2" ;;
	esac
}

__p2p_size() {
	local size=$1 unit='' next
	for next in K M G T; do
		[ "$size" -ge 1024 ] && [ $((size % 1024)) -eq 0 ] || break
		size=$((size / 1024)) unit=$next
	done
	[ "$2" -eq 0 ] && next='' || next=', prefetchable'
	printf '%s\n' "$size$unit$next"
}

__p2p_class() {
	case $1 in
	#classes#
	*) class=$1 ;;
	esac
}

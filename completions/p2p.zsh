#compdef #programs#
# SPDX-License-Identifier: MIT
# Completion of p2putils for zsh. Use: as _p2p in a folder of $fpath, before compinit.

_p2p_lines() {
	emulate -L sh
#functions.sh#
	__p2p_find "$@"
}

_p2p_offer() {
	local line
	local -a names texts
	for line in "${(@f)$(_p2p_lines ${1/places/endpoints} "$PREFIX" "${(@)words}")}"; do
		[[ -n $line ]] || continue
		names+=("${line%%$'\t'*}")
		texts+=("${line%%$'\t'*}  ${line#*$'\t'}")
	done
	if (( $#names )); then
		if [[ $names[1] == */ ]]; then compadd -l -S '' -d texts -a names
		else compadd -l -d texts -a names
		fi
	fi
	if [[ $1 == places ]]; then _files; fi
}

_p2p_machines() {
	_alternative "machines:machine:($*)" 'files:drawing:_files'
}

_p2p() {
	local program=${service#p2p-} at
	if [[ $service == p2p ]]; then
		if (( CURRENT == 2 )); then
			_p2p_programs
			return
		fi
		program=$words[2]
		shift words
		(( CURRENT-- ))
	fi
	at=${words[(i)--]}
	if (( at < CURRENT )); then
		shift $at words
		(( CURRENT -= at ))
		_normal
		return
	fi
	_p2p_options $program
}

#tables#

_p2p "$@"

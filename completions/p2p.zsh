#compdef #programs#
# SPDX-License-Identifier: MIT
# Completion of p2putils for zsh. Use: as _p2p in a folder of $fpath, before compinit.

__p2p_load() {
	emulate -L sh
#functions.sh#
}

_p2p_offer() {
	local line
	local -a names texts
	for line in "${(@f)$(emulate sh; __p2p_load; __p2p_find ${1/places/endpoints} "$PREFIX" "${(@)words}")}"; do
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

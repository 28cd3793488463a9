# SPDX-License-Identifier: MIT
# Completion of p2putils for bash. Use: source it, from ~/.bashrc for instance.

#functions.sh#

#tables#

_p2p() {
	local -a words
	local program operands=0 i
	COMPREPLY=()
	_p2p_words
	program=${words[0]##*/}
	if [[ $program == p2p ]]; then
		if ((${#words[@]} == 2)); then
			_p2p_reply "${words[1]}" "${!_p2p_options[@]}"
			return
		fi
		words=("${words[@]:1}")
		program=${words[0]}
	fi
	program=${program#p2p-}
	# No -v: before bash 5.2 it would run what stands in the subscript.
	[[ -n ${_p2p_options[$program]+x} ]] || return 0

	local last=$((${#words[@]} - 1))
	for ((i = 1; i < last; i++)); do
		if [[ ${words[i]} == -- ]]; then
			_p2p_command $((last - i))
			return
		elif _p2p_takes_next "${words[i]}"; then
			((i++))
		elif [[ ${words[i]} != -?* ]]; then
			((operands++))
		fi
	done
	_p2p_word "${words[last]}" "${words[last - 1]}"
}

# bash cuts COMP_WORDS at : and =; these are the words as they were typed, up to the cursor.
_p2p_words() {
	local line=${COMP_LINE:0:COMP_POINT}
	read -a words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=('')
	return 0
}

# Is the value of this option the next word?
_p2p_takes_next() {
	[[ -n ${_p2p_values[$program $1]+x} && -z ${_p2p_optional[$program $1]+x} ]]
}

_p2p_word() {
	local word=$1 before=$2
	if [[ $word == --*=* ]]; then
		_p2p_value "${_p2p_values[$program ${word%%=*}]}" "${word#*=}" "${word%%=*}="
	elif _p2p_takes_next "$before"; then
		_p2p_value "${_p2p_values[$program $before]}" "$word" ''
	elif [[ $word == -* ]]; then
		_p2p_reply "$word" ${_p2p_options[$program]}
		[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace
	else
		local -a kinds=(${_p2p_operands[$program]})
		((operands < ${#kinds[@]})) || operands=$((${#kinds[@]} - 1))
		((operands >= 0)) && _p2p_value "${kinds[operands]}" "$word" ''
	fi
	return 0
}

# _p2p_value KIND TYPED BEFORE: what is behind BEFORE, which is '--option=' or nothing.
_p2p_value() {
	local typed=$2 before=$3
	local kind=${1%% *}
	local -a choice=(${1#"$kind"})
	case $kind in
	words) _p2p_reply "$before$typed" "${choice[@]/#/$before}" ;;
	list)
		local done=$before${typed%"${typed##*[,+]}"}
		_p2p_reply "$before$typed" "${choice[@]/#/$done}"
		compopt -o nospace
		;;
	machines)
		_p2p_reply "$before$typed" "${choice[@]/#/$before}"
		((${#COMPREPLY[@]})) || compopt -o default
		;;
	files) compopt -o default ;;
	folders) compopt -o default -o dirnames ;;
	functions | ports | endpoints | places) _p2p_found "$kind" "$typed" "$before" ;;
	esac
}

_p2p_found() {
	local kind=${1/places/endpoints} line
	local -a found=()
	if [[ $1 != places || $2 != [-./~]* ]]; then
		while IFS=$'\t' read -r line _; do
			found+=("$3$line")
		done < <(__p2p_find "$kind" "$2" "${words[@]}")
	fi
	_p2p_reply "$3$2" "${found[@]}"
	[[ ${COMPREPLY[0]-} == */ ]] && compopt -o nospace
	((${#COMPREPLY[@]})) || [[ $1 != places ]] || compopt -o default
}

# _p2p_reply TYPED CANDIDATES...: those that begin so, without what readline does not replace.
_p2p_reply() {
	local typed=$1 breaks=${COMP_WORDBREAKS//[^:=]/} kept='' word
	shift
	[[ $breaks ]] && kept=${typed%"${typed##*[$breaks]}"}
	for word; do
		[[ $word == "$typed"* ]] && COMPREPLY+=("${word#"$kept"}")
	done
}

# Behind -- is a command line of its own.
_p2p_command() {
	if (($1 == 1)); then
		COMPREPLY=($(compgen -c -- "${words[-1]}"))
	fi
	compopt -o default
}

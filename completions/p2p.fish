# SPDX-License-Identifier: MIT
# Completion of p2putils for fish. Use: as a file in ~/.config/fish/conf.d.

set -g __p2p_functions '#functions.sh#
__p2p_find "$@"'

function __p2p_find
	set -l word (string replace -r -- '^--[^=]*=' '' (commandline -ct))
	sh -c $__p2p_functions p2p $argv[1] "$word" (commandline -opc)
end

function __p2p_list
	set -l word (string replace -r -- '^--[^=]*=' '' (commandline -ct))
	set -l before (string match -r -- '^(.*[,+])?' "$word")[1]
	printf '%s\n' $before$argv
end

# Is the word a part of the command line behind --?
function __p2p_is_command
	contains -- -- (commandline -opc)
end

# The words from the Nth on, as a command line of their own that begins with BEFORE.
function __p2p_from
	set -l words (commandline -opc)
	set -e words[1..$argv[1]]
	complete -C "$argv[2]"(string join ' ' -- (string escape -- $words) (commandline -ct))
end

function __p2p_command
	__p2p_from (contains -i -- -- (commandline -opc)) ''
end

function __p2p_umbrella
	__p2p_from 1 p2p-
end

#tables#

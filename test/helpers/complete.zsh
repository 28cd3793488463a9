# What zsh offers for each command line that is given: a line per match, and its description.
# zsh -f complete.zsh FOLDER LINE...   The folder holds _p2p. An interactive zsh in a pseudo-terminal
# reads this file too, then gets the line and a tab; its compadd writes matches down.

if [[ $1 != inside ]]; then
	zmodload zsh/zpty
	folder=$1
	for line in "${@[2,-1]}"; do
		zpty z zsh -f -i
		zpty -w z "source ${(q)0:A} inside ${(q)folder}"
		zpty -r z reply $'*READY\r\n*'
		zpty -w -n z "$line"$'\t'
		zpty -r z reply '*FINISHED*'
		print -r - "LINE $line"
		print -r - "$reply" | tr -d '\r' | grep '^MATCH ' | cut -d' ' -f2-
		zpty -d z
	done
	return 0
fi

PROMPT=
fpath=($2 $fpath)
autoload -Uz compinit
compinit -u -D
bindkey '^I' complete-word
begin() { print }
finish() { print FINISHED; exit }
compprefuncs=(begin)
comppostfuncs=(finish)

compadd() {
	if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
		builtin compadd "$@"
		return
	fi
	local -a __hits __texts
	local at=${@[(i)-*d]} i
	(( at < $# )) && __texts=("${(@P)@[at + 1]}")
	builtin compadd -A __hits -D __texts "$@"
	for (( i = 1; i <= $#__hits; i++ )) print -r - "MATCH $IPREFIX$__hits[i]	$__texts[i]"
}
print -r - READY

#compdef paydirt
# The words are those of bash's completion (paydirt.bash), which bash runs; files are zsh's own.
local offered
offered=$(bash -c '. "$0"; COMP_CWORD=$1 COMP_WORDS=("${@:2}"); _paydirt_words; files=$?
    printf "%s\n" "${COMPREPLY[@]}"; exit $files' @PD_BASH_COMPLETION@/paydirt $((CURRENT - 1)) "${(@Q)words}" 2>/dev/null)
local files=$?
compadd -- ${(f)offered}
((files)) || _files

# Completion for bash, and for zsh, which has it run by bash (paydirt.zsh). The words are the program's own: its tables print --help, which is read here.
_paydirt_listed() { # of the lines below "NAME:" the first words
    awk -v head="$1" '$0 ~ "^" head "( \\[.*)?:$" { on = 1; next } /^[^ ]|^$/ { on = 0 } on && /^  [^ ]/ { print $1 }'
}

_paydirt_values() { # what may follow OPTION; $2: the command's help
    case $1 in
    --model) _paydirt_listed models <<<"$2" ;;
    --strategy | --strategies) _paydirt_listed strategies <<<"$2" ;;
    --metrics | --best) _paydirt_listed metrics <<<"$2" ;;
    --data) "${COMP_WORDS[0]}" data list 2>/dev/null | awk '{ print $1 }' ;;
    --recipe) "${COMP_WORDS[0]}" recipes 2>/dev/null | awk '{ print $1 }' ;;
    esac
}

_paydirt_offer() { # each line of $1 that begins with $2
    local word
    while IFS= read -r word; do
        [[ -n $word && $word == "$2"* ]] && COMPREPLY+=("$word")
    done <<<"$1"
}

_paydirt_words() { # fills COMPREPLY; whether files may stand there, too
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=("${COMP_WORDS[1]}") help
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _paydirt_offer "$("${COMP_WORDS[0]}" --help 2>/dev/null | _paydirt_listed commands)" "$word"
        return 1
    fi
    if [[ ${command[0]} == data && $COMP_CWORD == 2 && $word != -* ]]; then
        _paydirt_offer "$("${COMP_WORDS[0]}" data --help 2>/dev/null |
            sed -n 's/^\(usage:\|      \) paydirt data \([a-z]*\) .*/\2/p')" "$word"
        return 1
    fi
    [[ ${command[0]} == data && $COMP_CWORD != 2 ]] && command+=("${COMP_WORDS[2]}")
    help=$("${COMP_WORDS[0]}" "${command[@]}" --help 2>/dev/null)
    if [[ $word == -* ]]; then
        _paydirt_offer "$(_paydirt_listed options <<<"$help")" "$word"
        return 1
    fi
    _paydirt_offer "$(_paydirt_values "$before" "$help")" "$word"
    [[ ${command[0]} == reproduce ]] && _paydirt_offer "$("${COMP_WORDS[0]}" reproduce 2>/dev/null | awk '{ print $1 }')" "$word"
    [[ ${command[*]} == "data "* ]] && _paydirt_offer "$(_paydirt_values --data)" "$word"
    [[ $before != --@(model|strategy|metrics|best) ]]
}

_paydirt() {
    local file
    _paydirt_words || return 0
    while IFS= read -r file; do # run folders, data, tables
        COMPREPLY+=("$file")
    done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
}

complete -o filenames -F _paydirt paydirt

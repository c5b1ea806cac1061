# zsh -f tab.zsh FUNCTIONS OUT LINE...: appends each line to OUT as TAB completes it in an interactive zsh, with
# FUNCTIONS/_paydirt
zmodload zsh/zpty
where=$1 out=$2
shift 2
: >$out
zpty -b shell zsh -f -i
zpty -w shell "fpath=(${(q)where} \$fpath); unsetopt beep; autoload -Uz compinit; compinit -u -D"
zpty -w shell "say() { print -r -- \"\$BUFFER\" >>${(q)out}; BUFFER= }; zle -N say; bindkey '^X' say"
for ((i = 1; i <= $#; i++)); do
    zpty -w -n shell "${(P)i}"$'\t\x18'
    for ((tries = 0; tries < 400 && $(wc -l <$out) < i; tries++)); do
        zpty -r -t shell ignored # or its terminal fills
        sleep 0.05
    done
done
zpty -d shell

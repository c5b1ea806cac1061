#compdef paydirt
# zsh takes bash's completion (paydirt.bash) as it is.
autoload -Uz bashcompinit && bashcompinit
source @PD_BASH_COMPLETION@/paydirt

#!/bin/sh
# install.sh SOURCE BUILD: installs into a folder of its own, looks at what is there as other programs do, removes it again
set -eu
source=$1 build=$2
wrong() { echo "install.sh: $*" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
manifest=$build/install_manifest.txt
cp "$manifest" "$scratch/manifest" 2>/dev/null || : # whoever installed this build may want to uninstall it
mkdir "$scratch/root"
DESTDIR=$scratch/root cmake --install "$build" --prefix /opt/p >/dev/null
at=$scratch/root/opt/p
pc=$(find "$at" -name paydirt.pc)
libs=${pc%/pkgconfig/*}
export PKG_CONFIG_PATH="${pc%/*}" LD_LIBRARY_PATH="$libs" OMP_WAIT_POLICY=passive
strict='-Wall -Wextra -Wpedantic -Werror'

# The shared library shows what the public headers declare, as a compiler sees it, and nothing else.
for header in "$at"/include/paydirt/*.h; do
    cc -std=c11 $strict -I"$at/include" -x c -fsyntax-only "$header" || wrong "$header is no C by itself"
    if command -v c++ >/dev/null; then
        c++ $strict -I"$at/include" -x c++ -fsyntax-only "$header" || wrong "$header is no C++ by itself"
    fi
    cc -std=c11 -I"$at/include" -E -P "$header"
done | grep -v '^typedef' | grep -oE '\bpd_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$scratch/declared"
nm -D --defined-only "$libs/libpaydirt.so" | awk '{ print $3 }' | sort -u >"$scratch/exported"
diff "$scratch/declared" "$scratch/exported" >&2 || wrong "< is declared, > is exported"

# Programs of others: pkg-config alone.
version=$("$at/bin/paydirt" --version | sed -n '1s/paydirt //p')
[ "$(pkg-config --modversion paydirt)" = "$version" ] || wrong "paydirt.pc is not of version $version"
for example in "$source"/doc/examples/*.c; do
    cc -std=c11 $strict "$example" -o "$scratch/$(basename "$example" .c)" $(pkg-config --cflags --libs paydirt) ||
        wrong "$example: cc"
done
(cd "$scratch" && ./strategy) | grep -q 'rows 2 and 1' || wrong "strategy: the shared library"
mkdir "$scratch/static" && mv "$libs"/libpaydirt.so* "$scratch/static/"
cc -std=c11 "$source/doc/examples/strategy.c" -o "$scratch/strategy" $(pkg-config --static --cflags --libs paydirt) ||
    wrong "strategy: libpaydirt.a"
(cd "$scratch" && ./strategy) | grep -q 'rows 2 and 1' || wrong "strategy: the static library"
mv "$scratch"/static/* "$libs/"

# Every option that --help has is in the manual page and in bash's completion.
completion=$at/share/bash-completion/completions/paydirt
completed() { # the words before the one that is completed, and that
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _paydirt; printf "%s\n" "${COMPREPLY[@]}"' \
        "$completion" "$at/bin/paydirt" "$@"
}
bash -n "$completion"
for page in "$at"/share/man/man1/*.1; do
    if command -v groff >/dev/null; then
        said=$(groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null) && [ -z "$said" ] || wrong "$page: $said"
    fi
    words=$(basename "$page" .1 | sed 's/^paydirt//; s/-/ /g')
    [ -n "$words" ] || continue
    completed $words - >"$scratch/offered"
    "$at/bin/paydirt" $words --help | sed -n 's/^  \(--*[a-z0-9-]*\).*/\1/p' | while read -r option; do
        grep -qxF -e "$option" "$scratch/offered" || wrong "$words $option: not completed"
        grep -qF -e ".B $(echo "$option" | sed 's/-/\\-/g')" "$page" || wrong "$words $option: not in $page"
    done
done
for command in $("$at/bin/paydirt" --help | sed -n '/^commands:/,/^$/s/^  \([^ ]*\).*/\1/p'); do
    [ -f "$at/share/man/man1/paydirt-$command.1" ] || wrong "paydirt-$command.1: not found"
done
[ "$(completed tr)" = train ] || wrong "paydirt tr<TAB>: $(completed tr)"
[ "$(completed train --mo)" = --model ] || wrong "paydirt train --mo<TAB>: $(completed train --mo)"
[ "$(completed train --model info)" = infogan ] || wrong "--model info<TAB>"
[ "$(completed train --data fmn)" = fmnist ] || wrong "--data fmn<TAB>"
[ "$(completed select --strategy small)" = small-margin ] || wrong "--strategy small<TAB>"
completed train --recipe gold-active-f | grep -qx gold-active-fmnist || wrong "--recipe gold-active-f<TAB>"
mkdir "$scratch/a run"
[ "$(cd "$scratch" && completed eval a)" = "a run" ] || wrong "eval a<TAB>: a folder"

"$source/tools/uninstall" "$build" "$scratch/root"
[ -z "$(find "$scratch/root" ! -type d)" ] || wrong "left: $(find "$scratch/root" ! -type d)"
[ ! -e "$at/include/paydirt" ] || wrong "left: $at/include/paydirt"
[ ! -f "$scratch/manifest" ] || cp "$scratch/manifest" "$manifest"

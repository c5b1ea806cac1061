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

# The shared library shows what the public headers declare, as a compiler sees it, and nothing else; the core's has the
# names of whole headers.
exported() { nm -D --defined-only "$libs/$1" | awk '{ print $3 }' | sort -u; }
exported libpaydirt-core.so >"$scratch/core"
for header in "$at"/include/paydirt/*.h; do
    cc -std=c11 $strict -I"$at/include" -x c -fsyntax-only "$header" || wrong "$header is no C by itself"
    if command -v c++ >/dev/null; then
        c++ -std=c++98 $strict -I"$at/include" -x c++ -fsyntax-only "$header" || wrong "$header is no C++98 by itself"
    fi
    cc -std=c11 -I"$at/include" -E "$header" | awk -v own="\"$header\"" '/^# / { on = $3 == own } on && !/^(# |typedef)/' |
        grep -oE '\bpd_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$scratch/names"
    cat "$scratch/names" >>"$scratch/names-of-all"
    case $(comm -12 "$scratch/names" "$scratch/core" | wc -l) in
    0 | "$(wc -l <"$scratch/names")") ;;
    *) wrong "$header: a part of it is in libpaydirt-core: $(comm -12 "$scratch/names" "$scratch/core")" ;;
    esac
done
sort -u "$scratch/names-of-all" >"$scratch/declared"
exported libpaydirt.so | diff "$scratch/declared" - >&2 || wrong "< is declared, > is exported"
comm -13 "$scratch/declared" "$scratch/core" | grep . >&2 && wrong "libpaydirt-core.so exports what is not declared"
grep -qx pd_select_top "$scratch/core" || wrong "libpaydirt-core.so has no pd_select_top"

# No library is looked for in the current folder: that may be data from elsewhere.
for file in "$build/paydirt" "$build"/lib*.so "$at/bin/paydirt" "$libs"/lib*.so; do
    readelf -d "$file" | sed -n 's/.*(R.*PATH).*\[\(.*\)\]/:\1:/p' | grep -E '::|:[^/$:]' >&2 &&
        wrong "$file looks for libraries in the current folder"
done

# Programs of others: pkg-config alone, in C and C++; then the same with the .a alone. Some need the core alone.
version=$("$at/bin/paydirt" --version | sed -n '1s/paydirt //p')
link() { # LIBRARY EXAMPLE pkg-config's option...
    library=$1 example=$2
    shift 2
    [ "$(pkg-config --modversion "$library")" = "$version" ] || wrong "$library.pc is not of version $version"
    set -- $(pkg-config "$@" --cflags --libs "$library")
    if command -v c++ >/dev/null; then
        c++ -std=c++20 $strict -Wno-missing-field-initializers -x c++ "$source/doc/examples/$example.c" -x none \
            -o "$scratch/$example-c++" "$@" || wrong "$example.c: c++ with $library"
    fi
    cc -std=c11 $strict "$source/doc/examples/$example.c" -o "$scratch/$example" "$@" || wrong "$example.c: cc with $library"
}
runs() { # EXAMPLE WORDS: it prints them
    for program in "$1" "$1-c++"; do
        [ ! -e "$scratch/$program" ] || "$scratch/$program" | grep -q "$2" || wrong "$program does not print '$2'"
    done
}
lean() { # FILE: of oneDNN and what a compiler brings
    more=$(readelf -d "$1" | sed -n 's/.*(NEEDED).*\[lib\(.*\)\.so.*/\1/p' | grep -vxE 'paydirt-core|blas|dnnl|g?omp|m|mvec|c|stdc\+\+|gcc_s|pthread') || return 0
    wrong "$1 needs" $more
}
lean "$libs/libpaydirt-core.so"
for how in "" --static; do
    for example in "$source"/doc/examples/*.c; do
        link paydirt "$(basename "$example" .c)" $how
    done
    runs strategy 'rows 2 and 1'
    for example in strategy select; do
        link paydirt-core $example $how
        lean "$scratch/$example"
    done
    runs strategy 'rows 2 and 1'
    runs select 'image 1'
    if [ -z "$how" ]; then
        mkdir "$scratch/shared" && mv "$libs"/libpaydirt*.so* "$scratch/shared/"
    fi
done
mv "$scratch"/shared/* "$libs/"

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

if command -v zsh >/dev/null; then
    mkdir "$scratch/functions"
    printf 'paydirt %s\n' train 'train --model' 'train --model infogan' 'data show' 'train --data fmnist' 'eval a\ run/' >"$scratch/wanted"
    sed "s|/opt/p/|$at/|" "$at/share/zsh/site-functions/_paydirt" >"$scratch/functions/_paydirt"
    (cd "$scratch" && PATH=$at/bin:$PATH zsh -f "$source/test/regress/tab.zsh" functions tabbed 'paydirt tr' 'paydirt train --mo' \
        'paydirt train --model info' 'paydirt data sh' 'paydirt train --data fmn' 'paydirt eval a')
    sed 's/ *$//' "$scratch/tabbed" | diff - "$scratch/wanted" >&2 || wrong "zsh: < is what TAB makes of a line"
else
    echo "zsh is not there: its completion was not tried"
fi

"$source/tools/uninstall" "$build" "$scratch/root"
[ -z "$(find "$scratch/root" ! -type d)" ] || wrong "left: $(find "$scratch/root" ! -type d)"
[ ! -e "$at/include/paydirt" ] || wrong "left: $at/include/paydirt"
[ ! -f "$scratch/manifest" ] || cp "$scratch/manifest" "$manifest"

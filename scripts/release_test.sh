#!/usr/bin/env bash
# A release of one target, made twice in two places, is the same to the byte; it
# is static and stripped, says its version, and everything in it is listed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d "${TMPDIR:-/tmp}/cordon-release-XXXXXX")
trap 'rm -rf "$work"' EXIT
fail() { printf 'release_test: %s\n' "$*" >&2; exit 1; }

target=$(go env GOOS)/$(go env GOARCH)
program=cordon_${target%/*}_${target#*/}
mkdir "$work/elsewhere"
tar cf - --exclude ./.git --exclude ./dist --exclude ./bin --exclude node_modules . | tar xf - -C "$work/elsewhere"
export VERSION=v0.0.1-test
DIST=$work/one scripts/release.sh "$target" >/dev/null
DIST=$work/two "$work/elsewhere/scripts/release.sh" "$target" >/dev/null
diff -r "$work/one" "$work/two" >/dev/null || fail "two runs differ: $(diff -rq "$work/one" "$work/two" | head -n 3)"

[[ $("$work/one/$program" version) == "cordon $VERSION" ]] || fail "it does not say its version"
if command -v readelf >/dev/null && [[ $target == linux/* ]]; then
    [[ $(readelf -d "$work/one/$program") != *NEEDED* ]] || fail "it needs shared libraries"
    [[ $(readelf -S "$work/one/$program") != *.symtab* ]] || fail "it is not stripped"
fi
if grep -aqF "$work" "$work/two/$program"; then fail "it names the folder it was built in"; fi
(cd "$work/one" && sha256sum -c --quiet SHA256SUMS) || fail "a sum is wrong"
[[ $(wc -l <"$work/one/SHA256SUMS") == $(($(find "$work/one" -type f | wc -l) - 1)) ]] || fail "a file is not listed"
for file in "$program.cdx.json" completions/cordon.{bash,zsh,fish,powershell} man/man1/cordon{,-plan-contain,-policy}.1 man/fr/man1/cordon.1 man/zh_CN/man1/cordon.1; do
    [[ -s $work/one/$file ]] || fail "$file is missing or empty"
done
grep -q '"name": "github.com/spf13/cobra"' "$work/one/$program.cdx.json" || fail "the list of parts lacks cobra"
bash -n "$work/one/completions/cordon.bash" || fail "the completion for bash is broken"
# A folder that is no release's is not emptied.
mkdir "$work/mine" && echo precious >"$work/mine/file"
if DIST=$work/mine scripts/release.sh "$target" >/dev/null 2>&1; then fail "a folder of somebody else's was taken"; fi
[[ -s $work/mine/file ]] || fail "a file of somebody else's is gone"

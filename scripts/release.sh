#!/usr/bin/env bash
# Builds a release into dist/: a static stripped program for every target, what
# each is built of (CycloneDX), man pages, shell completions, and SHA256SUMS over
# all of it. The same commit and the same Go give the same bytes, wherever the
# tree lies. Needs no network once the modules are there.
#
#   scripts/release.sh [OS/ARCH…]      all six targets without an argument
#
# DIST is where to write; VERSION what to call it, otherwise "git describe".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64)
dist=${DIST:-dist}
version=${VERSION:-$(git describe --tags --always --dirty)}
# Whoever builds may have settings of his own; a release has none.
export CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off GOAMD64=v1 GOARM64=v8.0
unset GOEXPERIMENT

[[ $version =~ ^[A-Za-z0-9._+-]+$ ]] || { printf 'release: %q is no version\n' "$version" >&2; exit 2; }
if [[ -e $dist && -n $(ls -A "$dist") && ! -e $dist/SHA256SUMS ]]; then
    printf 'release: %s is no folder of an earlier release: name another, or empty it\n' "$dist" >&2
    exit 2
fi
rm -rf "$dist"
mkdir -p "$dist"

for target in "${targets[@]}"; do
    os=${target%/*} arch=${target#*/} ending=
    [[ $os == windows ]] && ending=.exe
    program=$dist/cordon_${os}_${arch}$ending
    printf '%s\n' "$program"
    GOOS=$os GOARCH=$arch scripts/build.sh "$program" "-s -w -X cordon/internal/face/cli.Version=$version"
    go run ./cmd/sbom "$program" "$version" >"$dist/cordon_${os}_${arch}.cdx.json"
done
# The flags of build.sh, or every client would be compiled once more.
go run -trimpath -gcflags 'github.com/aws/...=-l' ./cmd/manual "$version" "$dist"
cp LICENSE "$dist/LICENSE"

(cd "$dist" && find . -type f ! -name 'SHA256SUMS*' | LC_ALL=C sort | sed 's|^\./||' | while read -r file; do
    if command -v sha256sum >/dev/null; then sha256sum "$file"; else shasum -a 256 "$file"; fi
done >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
printf '%s of %s: %s files\n' "$dist" "$version" "$(wc -l <"$dist/SHA256SUMS" | tr -d ' ')"

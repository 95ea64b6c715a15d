#!/usr/bin/env bash
# git-secrets-peer.sh: prints the path of the original git-secrets 1.3.0, for the
# tests that compare with it. It is taken from the machine, else from Debian's
# package, which is kept in the user's cache and never in this repository. Where it
# cannot be had, that is said, and the answer is 1.
set -euo pipefail

original() { [[ -x $1 ]] && [[ $(head -c 64 "$1" | tr -d '\0') == '#!'*bash* ]] && grep -q 'prepare_commit_msg_hook' "$1"; }

installed=$(command -v git-secrets || true)
if [[ -n $installed ]] && original "$installed"; then
    printf '%s\n' "$installed"
    exit 0
fi
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/cordon/git-secrets-1.3.0
if original "$cache/usr/bin/git-secrets"; then
    printf '%s\n' "$cache/usr/bin/git-secrets"
    exit 0
fi
for tool in apt-get dpkg-deb; do
    command -v $tool >/dev/null || { echo "the original git-secrets is not here, and there is no $tool to fetch it" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if ! (cd "$work" && apt-get download git-secrets >/dev/null 2>&1); then
    echo "the original git-secrets is not here, and apt-get cannot download it" >&2
    exit 1
fi
dpkg-deb -x "$work"/git-secrets_1.3.0*.deb "$work/x" || { echo "Debian's git-secrets is not 1.3.0" >&2; exit 1; }
mkdir -p "$cache"
cp -R "$work/x/." "$cache/"
original "$cache/usr/bin/git-secrets" || { echo "what Debian gave is not the original git-secrets" >&2; exit 1; }
printf '%s\n' "$cache/usr/bin/git-secrets"

#!/usr/bin/env bash
# bench-pre-commit.sh [GIT-SECRETS]: processor time of the pre-commit hook over one
# staged file among 300, beside git diff-index alone. Last line:
#   bench-pre-commit: diff_index_ms=… hook_ms=… beyond_ms=…
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
program=${1:-}
if [[ -z $program ]]; then
    scripts/build.sh "$work/git-secrets"
    program=$work/git-secrets
fi
program=$(realpath -s "$program")
export HOME=$work GIT_CONFIG_NOSYSTEM=1
mkdir "$work/repo"
cd "$work/repo"
git init -q .
git config user.name a
git config user.email a@example.org
for i in $(seq 300); do seq "$i" 400 >"f$i"; done
git add .
git commit -qm files
"$program" --register-aws >/dev/null
seq 5 600 >f7
git add f7

# cpu COMMAND…: milliseconds of processor time, the middle of 41 runs.
cpu() {
    local TIMEFORMAT='%U %S'
    for _ in $(seq 41); do
        { time "$@" >/dev/null 2>&1; } 2>&1 | awk '{ print 1000 * ($1 + $2) }'
    done | sort -n | sed -n 21p
}
alone=$(cpu git diff-index --diff-filter ACMU --name-only --cached HEAD --)
hook=$(cpu "$program" --pre_commit_hook)
awk -v a="$alone" -v h="$hook" 'BEGIN {
    printf "bench-pre-commit: diff_index_ms=%.1f hook_ms=%.1f beyond_ms=%.1f\n", a, h, h - a
    exit h - a > 15
}'

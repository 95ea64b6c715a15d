#!/usr/bin/env bash
# soak.sh COUNT FUZZTIME: every test COUNT times, raced and shuffled, then every
# fuzz test for FUZZTIME.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
count=${1:-10} fuzz=${2:-60s}

# Kills at every journal line of the whole plan, and other long loops.
CORDON_SOAK=1 go test -timeout=180m ./internal/engine
CORDON_SOAK=1 go test -timeout=60m ./internal/detect/sigma
CORDON_TRAIL_KILLS=100 go test -run 'Kill' -timeout=60m ./internal/trail
go test -race -shuffle=on -count="$count" -timeout=180m ./...
grep -rlE '^func Fuzz' --include='*_test.go' internal cmd | while read -r file; do
    for name in $(grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | sed 's/^func //'); do
        printf '== %s %s\n' "$(dirname "$file")" "$name"
        go test -run='^$' -fuzz="^$name\$" -fuzztime="$fuzz" "./$(dirname "$file")"
    done
done

#!/usr/bin/env bash
# bench-triage.sh [FLAGS]: measure what a look at a whole account costs
# (cmd/triagebench -h). The last line is for whoever compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
mkdir -p bin
go build -trimpath -o bin/triagebench ./cmd/triagebench
exec bin/triagebench "$@"

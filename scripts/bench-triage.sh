#!/usr/bin/env bash
# bench-triage.sh [FLAGS]: measure what a look at a whole account costs
# (cmd/triagebench -h). The last line is for whoever compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
mkdir -p bin
# As it is shipped: scripts/build.sh says why.
CGO_ENABLED=0 go build -trimpath -buildvcs=false -gcflags 'github.com/aws/...=-l' -o bin/triagebench ./cmd/triagebench
exec bin/triagebench "$@"

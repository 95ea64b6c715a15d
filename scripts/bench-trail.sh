#!/usr/bin/env bash
# bench-trail.sh [FLAGS]: measure the trail's store (cmd/trailbench -h). The last
# line is for whoever compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
mkdir -p bin
go build -trimpath -o bin/trailbench ./cmd/trailbench
exec bin/trailbench "$@"

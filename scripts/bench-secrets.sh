#!/usr/bin/env bash
# bench-secrets.sh [FLAGS]: measure what scanning a history costs
# (cmd/secretsbench -h). The last line is for whoever compares.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec </dev/null
mkdir -p bin
CGO_ENABLED=0 go build -trimpath -o bin/secretsbench ./cmd/secretsbench
exec bin/secretsbench "$@"

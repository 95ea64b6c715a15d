#!/usr/bin/env bash
# Builds cordon as it is shipped: static, without paths of this machine. Inlining
# inside the SDK and its generated clients makes the program 10 MB larger and
# nothing faster: what they do is wait for AWS. What writes screens waits for who
# reads them.
#   scripts/build.sh OUTPUT [linker flags]
set -euo pipefail
case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CGO_ENABLED=0 go build -trimpath -buildvcs=false -gcflags 'github.com/aws/...=-l' -gcflags 'cordon/internal/report=-l' -ldflags "${2--s -w}" -o "$out" ./cmd/cordon

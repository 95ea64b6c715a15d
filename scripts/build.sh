#!/usr/bin/env bash
# Builds cordon as it is shipped: static, without paths of this machine. Inlining
# inside the SDK's generated clients makes the program 10 MB larger and nothing
# faster: what they do is wait for AWS.
#   scripts/build.sh OUTPUT [linker flags]
set -euo pipefail
case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CGO_ENABLED=0 go build -trimpath -buildvcs=false -gcflags 'github.com/aws/aws-sdk-go-v2/service/...=-l' -ldflags "${2--s -w}" -o "$out" ./cmd/cordon

#!/usr/bin/env bash
# Builds cordon as it is shipped: static, without paths of this machine. Inlining
# inside the SDK and its generated clients makes the program 10 MB larger and
# nothing faster: what they do is wait for AWS. What writes screens waits for who
# reads them, and what puts the others together is in no loop that counts. In
# small packages the same makes the program larger.
#   scripts/build.sh OUTPUT [linker flags]
set -euo pipefail
case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."
flags=()
for packages in github.com/aws/... github.com/spf13/... go.yaml.in/... golang.org/x/text/... cordon/internal/{report,engine,face/cli,checks,plan,gate,policy,bill,evidence,trail/source,lineage}; do
    flags+=(-gcflags "$packages=-l")
done
CGO_ENABLED=0 go build -trimpath -buildvcs=false "${flags[@]}" -ldflags "${2--s -w}" -o "$out" ./cmd/cordon

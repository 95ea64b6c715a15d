#!/usr/bin/env bash
# Nothing is piped into "grep -q": it leaves at the first hit, and under pipefail
# the writer that it leaves behind makes a hit look like none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if grep -nE '\|[[:space:]]*grep (-[[:alpha:]]+ )*-[[:alpha:]]*q' scripts/*.sh .ci/run; then
    echo "pipes_test: these can miss what is there" >&2
    exit 1
fi

#!/usr/bin/env bash
# The SQL of package question, held against what runs it: Trino's grammar (Node,
# dt-sql-parser) and an SQL engine over our own export (DuckDB, which needs a C
# compiler). Both come from registries and stay out of the product; where one
# cannot be had, its part says so and is skipped. CORDON_REQUIRE_SQL=1 makes
# that a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export GOFLAGS="${GOFLAGS:--mod=readonly}"

# lack REASON: the part cannot be run here.
lack() {
    if [[ ${CORDON_REQUIRE_SQL:-} == 1 ]]; then
        printf 'cannot run: %s\n' "$1" >&2
        exit 1
    fi
    printf 'skipped: %s\n' "$1"
}

# said COMMAND…: its output is shown only where it fails.
said() {
    local out
    out=$("$@" 2>&1) || { printf '%s\n' "$out" | tail -5; return 1; }
}

grammar() {
    printf -- '-- under the grammars of Trino and Hive\n'
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        lack "there is no Node here"
        return
    fi
    if ! cmp -s test/trino/package-lock.json test/trino/node_modules/.installed; then
        if ! said npm --prefix test/trino ci --no-audit --no-fund --ignore-scripts; then
            lack "dt-sql-parser cannot be had"
            return
        fi
        cp test/trino/package-lock.json test/trino/node_modules/.installed
    fi
    CORDON_REQUIRE_SQL=1 go test -count=1 ./test/trino
}

engine() {
    printf -- '-- in DuckDB, over the export\n'
    if [[ $(go env CGO_ENABLED) != 1 ]] || ! command -v "$(go env CC)" >/dev/null; then
        lack "DuckDB needs a C compiler"
        return
    fi
    if ! (cd test/duckdb && said go mod download github.com/duckdb/duckdb-go/v2 github.com/duckdb/duckdb-go-bindings "github.com/duckdb/duckdb-go-bindings/lib/$(go env GOOS)-$(go env GOARCH)"); then
        lack "duckdb-go cannot be had"
        return
    fi
    # A clean checkout knows nothing of what cordon itself needs.
    (cd test/duckdb && go test -count=1 -timeout 20m .)
}

grammar
engine
